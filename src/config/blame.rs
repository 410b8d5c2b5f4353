//! Which file, line and key, or which flag, a value came from; and the errors that say so.

use std::error::Error as _;
use std::path::{Path, PathBuf};

use clap::error::{ContextKind, ContextValue, ErrorKind};

use super::Failure;
use super::file::{Fault, Setting, Within};
use super::near::hint;

/// Where the values come from.
#[derive(Debug, Default)]
pub struct Origins {
    path: PathBuf,
    settings: Vec<Setting>,
    /// The keys that the command line gives.
    pub(super) given: Vec<String>,
    /// The keys of the file whose values were wrong, and so are not what the operator meant.
    wrong: Vec<String>,
}

impl Origins {
    pub(super) fn of_file(path: &Path, settings: Vec<Setting>, wrong: Vec<String>) -> Self {
        Origins { path: path.to_owned(), settings, given: Vec::new(), wrong }
    }

    /// The line of the file that gives this key its value.
    pub(super) fn line(&self, key: &str) -> Option<usize> {
        self.settings.iter().find(|setting| setting.key == key).map(|setting| setting.line)
    }

    /// The file's settings as flags.
    pub(super) fn flags(&self, command: &clap::Command) -> impl Iterator<Item = String> {
        self.settings.iter().flat_map(|setting| setting.flags(command))
    }

    /// `FILE:LINE: key` or `--flag`, or nothing for a default.
    pub fn place(&self, key: &str) -> Option<String> {
        if let Some(line) = self.line(key) {
            return Some(format!("{}:{line}: {key}", self.path.display()));
        }
        self.given.iter().any(|given| given == key).then(|| flag(key))
    }

    /// An error about values that do not go together, told of the first of these keys that is not
    /// a default. It is no error yet if one of them has to be written anew anyway.
    pub fn blame(&self, keys: &[&str], text: impl std::fmt::Display) -> Failure {
        if keys.iter().any(|key| self.wrong.iter().any(|wrong| wrong == key)) {
            return Failure::default();
        }
        let place = keys.iter().find_map(|key| self.place(key));
        Failure::new(format_args!("{}: {text}", place.as_deref().unwrap_or(keys[0])))
    }

    /// Takes the value out that clap complains of, if it is the file's, and says what is wrong with it.
    pub(super) fn take_out(&mut self, error: &clap::Error, command: &clap::Command) -> Option<Vec<Fault>> {
        let (subject, reason) = reason(error, command);
        let key = subject.strip_prefix("--")?.replace('-', "_");
        let at = self.settings.iter().position(|setting| setting.key == key)?;
        let within = error.source().and_then(|source| source.downcast_ref::<Within>());
        let value = text(error, ContextKind::InvalidValue).unwrap_or_default();
        let value = self.settings[at].take_out(&value);
        if value.is_none() || self.settings[at].values.is_empty() {
            let gone = self.settings.remove(at);
            self.wrong.push(gone.key.clone());
            return Some(gone.faults(value.as_ref(), within, &reason));
        }
        self.wrong.push(key);
        Some(self.settings[at].faults(value.as_ref(), within, &reason))
    }
}

/// The flag of a key.
pub(super) fn flag(key: &str) -> String {
    format!("--{}", key.replace('_', "-"))
}

/// Puts clap's error about a command line into our words.
pub fn explain(error: &clap::Error, command: &clap::Command, args: &[std::ffi::OsString]) -> Failure {
    let (subject, reason) = reason(error, scope(command, args));
    Failure::new(format_args!("{subject}: {reason}"))
}

/// The command that is asked for, whose options may follow; else the program itself.
fn scope<'c>(command: &'c clap::Command, args: &[std::ffi::OsString]) -> &'c clap::Command {
    let asked = args.iter().skip(1).find_map(|arg| command.find_subcommand(arg));
    asked.unwrap_or(command)
}

/// The flag or the word that is wrong, and why. What might be meant is looked for in this command.
pub(super) fn reason(error: &clap::Error, command: &clap::Command) -> (String, String) {
    let subject =
        text(error, ContextKind::InvalidArg).or_else(|| text(error, ContextKind::InvalidSubcommand));
    // Clap shows an option with its value's name: `--slots <N>`.
    let subject = match subject.unwrap_or_default() {
        subject if subject.starts_with("--") => {
            subject.split([' ', '=']).next().unwrap_or_default().to_owned()
        }
        subject => subject,
    };
    let value = text(error, ContextKind::InvalidValue).unwrap_or_default();
    let reason = match error.kind() {
        ErrorKind::UnknownArgument if subject.starts_with('-') => no_option(&subject, command),
        ErrorKind::UnknownArgument | ErrorKind::InvalidSubcommand => nothing_else(&subject, command),
        ErrorKind::ArgumentConflict => "is given more than once".to_owned(),
        ErrorKind::InvalidValue if value.is_empty() => "needs a value".to_owned(),
        ErrorKind::InvalidValue => {
            let words = match error.get(ContextKind::ValidValue) {
                Some(ContextValue::Strings(words)) => words.as_slice(),
                _ => &[],
            };
            format!("{value:?} is not one of {}{}", words.join(", "), hint(&value, words))
        }
        ErrorKind::MissingRequiredArgument => "is missing".to_owned(),
        ErrorKind::TooManyValues => "takes no value".to_owned(),
        ErrorKind::InvalidUtf8 => "is not UTF-8".to_owned(),
        _ => match error.source() {
            Some(source) => source.to_string(),
            None => error.kind().to_string(),
        },
    };
    match subject.is_empty() {
        true => ("the command line".to_owned(), reason),
        false => (subject, reason),
    }
}

/// That a flag is none of this command's.
fn no_option(flag: &str, command: &clap::Command) -> String {
    let long =
        |arg: &clap::Arg| arg.get_long().filter(|_| !arg.is_hide_set()).map(|long| format!("--{long}"));
    // A single letter has no likeness to anything.
    let known = command.get_arguments().filter_map(long).filter(|_| flag.starts_with("--"));
    format!("there is no such option{}", hint(flag, known))
}

/// That a word is nothing that the program knows: no command, or no place for it.
fn nothing_else(word: &str, command: &clap::Command) -> String {
    let commands: Vec<&str> = command.get_subcommands().map(clap::Command::get_name).collect();
    match commands.is_empty() {
        true => format!("is not an option, and {} takes nothing else", command.get_name()),
        false => {
            format!("there is no such command; there are {}{}", commands.join(", "), hint(word, commands))
        }
    }
}

fn text(error: &clap::Error, kind: ContextKind) -> Option<String> {
    match error.get(kind)? {
        ContextValue::String(text) => Some(text.clone()),
        ContextValue::Strings(texts) => Some(texts.join(", ")),
        _ => None,
    }
}
