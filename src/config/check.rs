//! `--check`: the effective configuration as a file that can be read again.

use clap::parser::ValueSource;
use clap::{Arg, ArgMatches, Command};
use std::fmt::Write as _;

use super::file::{self, quote};
use super::{NOT_KEYS, Origins, is_common};

/// Writes the configuration: common keys, the program's table, then its tables of tables.
pub(super) fn show(
    command: &Command,
    matches: &ArgMatches,
    origins: &Origins,
    table: &str,
    warnings: &[String],
) -> String {
    let mut out = String::new();
    for warning in warnings {
        // Values may hold anything; a comment is one line.
        let _ = writeln!(out, "# warning: {}", super::Failure::new(warning));
    }
    let keys = || command.get_arguments().filter(|arg| !NOT_KEYS.contains(&arg.get_id().as_str()));
    for arg in keys().filter(|arg| is_common(arg)) {
        line(&mut out, arg, matches, origins);
    }
    let _ = writeln!(out, "\n[{table}]");
    for arg in keys().filter(|arg| !is_common(arg) && !is_table(arg)) {
        line(&mut out, arg, matches, origins);
    }
    for arg in keys().filter(is_table) {
        let key = arg.get_id().as_str();
        for value in values(arg, matches) {
            let _ = writeln!(out, "\n[[{table}.{key}]] # {}", origin(arg, matches, origins));
            for (key, value) in file::inline(&value).unwrap_or_default() {
                let _ = writeln!(out, "{key} = {}", toml(&value));
            }
        }
    }
    out
}

/// Whether the option is a table in the file, `[[program.option]]`.
fn is_table(arg: &&Arg) -> bool {
    arg.get_id() == "profile"
}

fn line(out: &mut String, arg: &Arg, matches: &ArgMatches, origins: &Origins) {
    let key = arg.get_id().as_str();
    let values = values(arg, matches);
    let value = match (arg.get_action(), values.as_slice()) {
        (clap::ArgAction::Append, values) => {
            format!("[{}]", values.iter().map(|value| quote(value)).collect::<Vec<_>>().join(", "))
        }
        (clap::ArgAction::SetTrue, _) => matches.get_flag(key).to_string(),
        (_, [value]) => toml(value),
        _ => {
            let _ = writeln!(out, "# {key} is not set");
            return;
        }
    };
    let _ = writeln!(out, "{key} = {value} # {}", origin(arg, matches, origins));
}

fn values(arg: &Arg, matches: &ArgMatches) -> Vec<String> {
    let raw = matches.get_raw(arg.get_id().as_str()).into_iter().flatten();
    raw.map(|value| value.to_string_lossy().into_owned()).collect()
}

fn origin(arg: &Arg, matches: &ArgMatches, origins: &Origins) -> String {
    let key = arg.get_id().as_str();
    match (origins.place(key), matches.value_source(key)) {
        (Some(place), _) => super::Failure::new(place).to_string(),
        (None, Some(ValueSource::CommandLine)) => "the name of this machine".to_owned(),
        (None, _) => "default".to_owned(),
    }
}

/// A value as TOML has it: whole numbers bare, anything else quoted.
pub fn toml(value: &str) -> String {
    let is_number = value.len() <= 18
        && value.bytes().all(|b| b.is_ascii_digit())
        && (value == "0" || !value.starts_with('0'));
    match is_number && !value.is_empty() {
        true => value.to_owned(),
        false => quote(value),
    }
}
