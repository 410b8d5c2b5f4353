//! `smtarpit`: one SMTP conversation on fd 0 and 1.

use std::process::ExitCode;

fn main() -> ExitCode {
    sundew::start::start::<sundew::config::Smtarpit>()
}
