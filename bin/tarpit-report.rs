//! `tarpit-report`: tables, graphs and lists out of what the tarpits log. See [`sundew::report`].

use std::process::ExitCode;

fn main() -> ExitCode {
    sundew::report::run::start()
}
