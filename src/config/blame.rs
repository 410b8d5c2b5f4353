//! Which file, line and key, or which flag, a value came from; and the errors that say so.

use std::error::Error as _;
use std::path::{Path, PathBuf};

use clap::error::{ContextKind, ContextValue, ErrorKind};

use super::Failure;
use super::file::{Setting, Within};

/// Where the values come from.
#[derive(Debug, Default)]
pub struct Origins {
    path: PathBuf,
    settings: Vec<Setting>,
    /// The keys that the command line gives.
    pub(super) given: Vec<String>,
}

impl Origins {
    pub(super) fn of_file(path: &Path, settings: Vec<Setting>) -> Self {
        Origins { path: path.to_owned(), settings, given: Vec::new() }
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
    /// a default.
    pub fn blame(&self, keys: &[&str], text: impl std::fmt::Display) -> Failure {
        let place = keys.iter().find_map(|key| self.place(key));
        Failure::new(format_args!("{}: {text}", place.as_deref().unwrap_or(keys[0])))
    }

    /// Puts clap's error into our words, with the place of the culprit.
    pub(super) fn explain(&self, error: &clap::Error) -> Failure {
        let (subject, reason) = reason(error);
        let Some(key) = subject.strip_prefix("--").map(|name| name.replace('-', "_")) else {
            return Failure::new(format_args!("{subject}: {reason}"));
        };
        let value = text(error, ContextKind::InvalidValue).unwrap_or_default();
        let within = error.source().and_then(|source| source.downcast_ref::<Within>());
        let setting = self.settings.iter().find(|setting| setting.key == key);
        let Some(setting) = setting else {
            return Failure::new(format_args!("{subject}: {reason}"));
        };
        let line = setting.line_of(&value, within);
        Failure::new(format_args!("{}:{line}: {key}: {reason}", self.path.display()))
    }
}

/// The flag of a key.
pub(super) fn flag(key: &str) -> String {
    format!("--{}", key.replace('_', "-"))
}

/// The flag or the word that is wrong, and why.
pub(super) fn reason(error: &clap::Error) -> (String, String) {
    let subject = text(error, ContextKind::InvalidArg).unwrap_or_default();
    // Clap shows an option with its value's name: `--slots <N>`.
    let subject = match subject.starts_with("--") {
        true => subject.split([' ', '=']).next().unwrap_or_default().to_owned(),
        false => subject,
    };
    let value = text(error, ContextKind::InvalidValue).unwrap_or_default();
    let reason = match error.kind() {
        ErrorKind::UnknownArgument => match text(error, ContextKind::SuggestedArg) {
            Some(near) if subject.starts_with('-') => format!("there is no such option; {near} is one"),
            _ if subject.starts_with('-') => "there is no such option".to_owned(),
            _ => "is not an option, and this program takes nothing else".to_owned(),
        },
        ErrorKind::ArgumentConflict => "is given more than once".to_owned(),
        ErrorKind::InvalidValue if value.is_empty() => "needs a value".to_owned(),
        ErrorKind::InvalidValue => {
            format!("{value:?} is not one of {}", text(error, ContextKind::ValidValue).unwrap_or_default())
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

fn text(error: &clap::Error, kind: ContextKind) -> Option<String> {
    match error.get(kind)? {
        ContextValue::String(text) => Some(text.clone()),
        ContextValue::Strings(texts) => Some(texts.join(", ")),
        _ => None,
    }
}
