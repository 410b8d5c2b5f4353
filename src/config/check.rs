//! `--check`: the effective configuration as a file that can be read again.

use clap::parser::ValueSource;
use clap::{Arg, ArgAction, ArgMatches, Command};
use std::fmt::Write as _;
use std::path::Path;

use super::file::{self, quote};
use super::{NOT_KEYS, Origins, Program, is_common};

/// Writes the configuration: common keys, the program's table, then its tables of tables.
pub(super) fn show<P: Program>(
    program: &P,
    command: &Command,
    matches: &ArgMatches,
    origins: &Origins,
    root: Option<&Path>,
) -> String {
    let table = P::TABLE;
    let source = Source { matches, origins, implied: &|key| program.implied(key) };
    let mut out = String::new();
    for warning in program.warnings() {
        // Values may hold anything; a comment is one line.
        let _ = writeln!(out, "# warning: {}", super::Failure::new(warning));
    }
    for told in root.map(|root| program.under(root)).unwrap_or_default() {
        let _ = writeln!(out, "# {}", super::Failure::new(told));
    }
    let keys = || command.get_arguments().filter(|arg| !NOT_KEYS.contains(&arg.get_id().as_str()));
    for arg in keys().filter(|arg| is_common(arg) && !is_table(arg)) {
        line(&mut out, arg, &source);
    }
    let _ = writeln!(out, "\n[{table}]");
    for arg in keys().filter(|arg| !is_common(arg) && !is_table(arg)) {
        line(&mut out, arg, &source);
    }
    for arg in keys().filter(is_table) {
        let key = arg.get_id().as_str();
        let name = if is_common(arg) { key.to_owned() } else { format!("{table}.{key}") };
        for value in source.values(arg) {
            let _ = writeln!(out, "\n[[{name}]] # {}", source.origin(arg));
            for (key, value) in file::inline(&value).unwrap_or_default() {
                let _ = writeln!(out, "{key} = {}", toml(&value));
            }
        }
    }
    out
}

/// Whether the option is a table in the file, `[[program.option]]`, or for every program `[[option]]`.
fn is_table(arg: &&Arg) -> bool {
    super::IN_TABLES.iter().any(|id| arg.get_id() == *id)
}

/// Where values come from.
struct Source<'a> {
    matches: &'a ArgMatches,
    origins: &'a Origins,
    implied: &'a dyn Fn(&str) -> Option<(String, &'static str)>,
}

impl Source<'_> {
    /// The values as they were written.
    fn values(&self, arg: &Arg) -> Vec<String> {
        let raw = self.matches.get_raw(arg.get_id().as_str()).into_iter().flatten();
        raw.map(|value| value.to_string_lossy().into_owned()).collect()
    }

    fn origin(&self, arg: &Arg) -> String {
        let key = arg.get_id().as_str();
        match (self.origins.place(key), self.matches.value_source(key)) {
            (Some(place), _) => super::Failure::new(place).to_string(),
            (None, Some(ValueSource::CommandLine)) => "the name of this machine".to_owned(),
            (None, _) => "default".to_owned(),
        }
    }
}

fn line(out: &mut String, arg: &Arg, source: &Source) {
    let key = arg.get_id().as_str();
    let values = source.values(arg);
    let value = match (arg.get_action(), values.as_slice()) {
        (ArgAction::Append, values) => {
            format!("[{}]", values.iter().map(|value| quote(value)).collect::<Vec<_>>().join(", "))
        }
        (ArgAction::SetTrue, _) => source.matches.get_flag(key).to_string(),
        (_, [value]) => toml(value),
        // What follows from another key stays a comment: written out, it would hold in profiles too.
        _ => {
            let _ = match (source.implied)(key) {
                Some((value, by)) => writeln!(out, "# {key} = {value} # by {by}"),
                None => writeln!(out, "# {key} is not set"),
            };
            return;
        }
    };
    let _ = writeln!(out, "{key} = {value} # {}", source.origin(arg));
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
