//! What the text of an option means, where the type itself does not say it.

use std::fmt::{self, Display};
use std::path::{Component, Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use clap::ValueEnum;

use super::{blame, file, near};
use crate::pace::{self, Range};

/// Gives enums the words that an option can have, each with its part of a sentence for the manual.
/// The engines know nothing of it.
macro_rules! words {
    ($($name:ident { $($variant:ident $word:literal $help:literal),* $(,)? })*) => { $(
        impl clap::ValueEnum for $name {
            fn value_variants<'a>() -> &'a [Self] {
                &[$($name::$variant),*]
            }

            fn to_possible_value(&self) -> Option<clap::builder::PossibleValue> {
                #[allow(unreachable_patterns, reason = "some enums have values that are no words")]
                let (word, help): (&str, &str) = match self { $($name::$variant => ($word, $help),)* _ => return None };
                let value = clap::builder::PossibleValue::new(word);
                Some(if help.is_empty() { value } else { value.help(help) })
            }
        }
    )* };
}

pub(super) use words;

/// The word of a value, as the configuration has it.
pub fn word(value: &impl ValueEnum) -> String {
    value.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
}

/// A number of bytes; in text with k, M or G for multiples of 1024.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bytes(pub u64);

impl FromStr for Bytes {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("{text:?} is not a size such as 500k or 10M");
        let (digits, shift) = match text.as_bytes().split_last() {
            Some((b'k' | b'K', digits)) => (digits, 10),
            Some((b'm' | b'M', digits)) => (digits, 20),
            Some((b'g' | b'G', digits)) => (digits, 30),
            _ => (text.as_bytes(), 0),
        };
        if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
            return Err(wrong());
        }
        let number: u64 = text[..digits.len()].parse().map_err(|_| wrong())?;
        number.checked_mul(1 << shift).filter(|bytes| *bytes <= 1 << 50).map(Bytes).ok_or_else(wrong)
    }
}

impl Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (shift, unit) = [(30, "G"), (20, "M"), (10, "k")]
            .into_iter()
            .find(|(shift, _)| self.0 != 0 && self.0.trailing_zeros() >= *shift)
            .unwrap_or((0, ""));
        write!(f, "{}{unit}", self.0 >> shift)
    }
}

/// Reads a whole number between two limits, both included.
pub(super) fn number<T: FromStr + PartialOrd + Copy + Display>(
    least: T,
    most: T,
) -> impl Fn(&str) -> Result<T, String> + Clone {
    move |text| {
        let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        let number = digits.then(|| text.parse().ok()).flatten();
        number
            .filter(|number| (least..=most).contains(number))
            .ok_or_else(|| format!("{text:?} is not a whole number from {least} to {most}"))
    }
}

/// A range of time with an upper limit.
pub(super) fn range(text: &str, most: Duration) -> Result<Range, String> {
    let range: Range = text.parse()?;
    match range.to <= most {
        true => Ok(range),
        false => Err(format!("{text:?} is more than {} seconds", most.as_secs())),
    }
}

/// The longest pause that there may be.
pub(super) fn max_pause(text: &str) -> Result<Duration, String> {
    let pause = pace::seconds(text)?;
    match (Duration::from_secs(1)..=Duration::from_secs(3600)).contains(&pause) {
        true => Ok(pause),
        false => Err(format!("{text:?} is not between 1 and 3600 seconds")),
    }
}

/// A domain name, in lower case: what may stand in a banner.
pub(super) fn domain(text: &str) -> Result<String, String> {
    let label = |label: &str| {
        let inner = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
        (1..=63).contains(&label.len())
            && label.bytes().all(inner)
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    match text.len() <= 253 && text.split('.').all(label) {
        true => Ok(text.to_ascii_lowercase()),
        false => Err(format!("{text:?} is not a domain name")),
    }
}

/// A day, as ISO 8601 has it.
pub(super) fn date(text: &str) -> Result<chrono::NaiveDate, String> {
    let digits = text.len() == 10 && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    let date = digits.then(|| text.parse().ok()).flatten();
    date.ok_or_else(|| format!("{text:?} is not a day such as 2026-11-01"))
}

/// A path from the root: the super-server decides what a relative one would mean.
pub(super) fn path(text: &str) -> Result<PathBuf, String> {
    let path = Path::new(text);
    let plain = path.components().all(|part| matches!(part, Component::RootDir | Component::Normal(_)));
    match path.is_absolute() && plain {
        true => Ok(path.to_owned()),
        false => Err(format!("{text:?} is not a path that begins with / and has no .. in it")),
    }
}

/// The name of this machine, if it can stand in a banner.
pub fn nodename() -> String {
    let name = nix::unistd::gethostname().ok().and_then(|name| name.into_string().ok());
    name.and_then(|name| domain(&name).ok()).unwrap_or_else(|| "localhost".to_owned())
}

/// Reads an inline table whose keys are the flags of `P`.
pub(super) fn table<P: clap::Parser>(text: &str) -> Result<P, file::Within> {
    let mut entries = file::inline(text)?;
    let command = P::command();
    let mut wrong = file::Within::default();
    entries.retain(|(key, _)| {
        let is_known = has_option(&command, key);
        if !is_known {
            let known = command.get_arguments().map(|arg| arg.get_id().as_str());
            wrong.and(Some(key.clone()), format!("there is no such key{}", near::hint(key, known)));
        }
        is_known
    });
    // Each round finds one thing that is wrong, and goes on without it.
    loop {
        let flags = entries.iter().map(|(key, text)| format!("{}={text}", blame::flag(key)));
        let error = match P::try_parse_from(flags) {
            Ok(table) if wrong.is_empty() => return Ok(table),
            Ok(_) => return Err(wrong),
            Err(error) => error,
        };
        let (subject, text) = blame::reason(&error, &command);
        let key = subject.strip_prefix("--").map(|flag| flag.replace('-', "_"));
        let at = entries.iter().position(|(name, _)| Some(name) == key.as_ref());
        // What was taken out is missing now, but that is no mistake of its own.
        if !key.as_ref().is_some_and(|key| wrong.has(key)) {
            wrong.and(key, text);
        }
        match at {
            Some(at) => drop(entries.remove(at)),
            None => return Err(wrong),
        }
    }
}

/// Whether a program has this option.
pub(super) fn has_option(command: &clap::Command, key: &str) -> bool {
    command.get_arguments().any(|arg| arg.get_id() == key)
}

/// Why nothing can be written to a directory, or nothing if it can. One that is not there is made
/// when it is needed, if the nearest one above it allows that.
pub(super) fn unwritable(dir: &Path) -> Option<String> {
    let show = dir.display();
    match std::fs::metadata(dir) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => dir.parent().and_then(unwritable),
        Err(error) => Some(format!("{show}: {}", without_code(&error))),
        Ok(meta) if !meta.is_dir() => Some(format!("{show} is not a directory")),
        Ok(_) => nix::unistd::access(dir, nix::unistd::AccessFlags::W_OK | nix::unistd::AccessFlags::X_OK)
            .err()
            .map(|_| format!("{show} is not writable")),
    }
}

/// The system's text for an error, without the number that Rust adds.
pub(super) fn without_code(error: &std::io::Error) -> String {
    let text = error.to_string();
    match text.split_once(" (os error") {
        Some((text, _)) => text.to_owned(),
        None => text,
    }
}
