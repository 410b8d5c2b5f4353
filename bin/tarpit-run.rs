//! `tarpit-run`: tries the suite without a super-server. See [`sundew::run`].

use std::process::ExitCode;

fn main() -> ExitCode {
    sundew::run::start()
}
