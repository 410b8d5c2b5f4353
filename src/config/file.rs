//! The configuration file: TOML in, settings with their lines out.
//!
//! Common keys stand at the top, each program has a table. Tables of other programs of the suite are
//! skipped, so that one file serves them all; anything else that is unknown is an error.

use std::fmt::{self, Display};
use std::io::Read as _;
use std::path::Path;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::{Failure, NOT_KEYS, TABLES, blame, common, is_common, value};

/// A larger file than this is not a configuration.
const LARGEST: u64 = 1 << 20;

/// One key of the file.
#[derive(Debug, Clone, PartialEq)]
pub struct Setting {
    /// The key, which is also the id of the clap argument.
    pub key: String,
    /// Its line, from 1.
    pub line: usize,
    /// One value; any number for a list.
    pub values: Vec<Value>,
}

/// One value, as a flag would have it.
#[derive(Debug, Clone, PartialEq)]
pub struct Value {
    pub text: String,
    pub line: usize,
    /// The keys of a table, with their lines.
    inside: Vec<(String, usize)>,
}

/// What is wrong with a table that is one value, and which key of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Within {
    pub key: Option<String>,
    pub text: String,
}

impl Display for Within {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.key {
            Some(key) => write!(f, "{key}: {}", self.text),
            None => f.write_str(&self.text),
        }
    }
}

impl std::error::Error for Within {}

impl Setting {
    /// The setting as flags: `--key=value`, once for each value.
    pub(super) fn flags(&self, command: &clap::Command) -> impl Iterator<Item = String> {
        let flag = blame::flag(&self.key);
        let takes_value = option(command, &self.key).is_none_or(|arg| arg.get_action().takes_values());
        self.values.iter().filter_map(move |value| match takes_value {
            true => Some(format!("{flag}={}", value.text)),
            false => (value.text == "true").then(|| flag.clone()),
        })
    }

    /// The line of the value that clap complains about, or of the key inside of it.
    pub(super) fn line_of(&self, text: &str, within: Option<&Within>) -> usize {
        let Some(value) = self.values.iter().find(|v| v.text == text || v.text.split(',').any(|p| p == text))
        else {
            return self.line;
        };
        let key = within.and_then(|within| within.key.as_ref());
        let inside = value.inside.iter().find(|(name, _)| Some(name) == key);
        inside.map_or(value.line, |(_, line)| *line)
    }
}

/// Reads the file; `None` if there is none of this name.
pub(super) fn load(path: &Path) -> Result<Option<String>, Failure> {
    let fail = |why: &dyn Display| Err(Failure::new(format_args!("{}: {why}", path.display())));
    let file = match std::fs::File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return fail(&value::without_code(&error)),
    };
    let mut bytes = Vec::new();
    if let Err(error) = file.take(LARGEST + 1).read_to_end(&mut bytes) {
        return fail(&value::without_code(&error));
    }
    if bytes.len() as u64 > LARGEST {
        return fail(&"is larger than 1 MB");
    }
    match String::from_utf8(bytes) {
        Ok(text) => Ok(Some(text)),
        Err(_) => fail(&"is not UTF-8"),
    }
}

/// Reads the text of a file for the program whose table is `table` and whose options are `command`.
/// The program's own table comes after the common keys and takes their place.
pub fn read(text: &str, path: &Path, table: &str, command: &clap::Command) -> Result<Vec<Setting>, Failure> {
    let at = |offset: usize| text.bytes().take(offset).filter(|byte| *byte == b'\n').count() + 1;
    let fail =
        |line: usize, why: &dyn Display| Failure::new(format_args!("{}:{line}: {why}", path.display()));
    let top = DeTable::parse(text)
        .map_err(|error| fail(at(error.span().map_or(0, |span| span.start)), &error.message()))?;
    let mut settings: Vec<Setting> = Vec::new();
    let mut own = None;
    for (key, value) in in_order(top.get_ref()) {
        let line = at(key.span().start);
        let name = key.get_ref().as_ref();
        if let (true, DeValue::Table(inside)) = (TABLES.contains(&name), value.get_ref()) {
            own = own.or((name == table).then_some(inside));
            continue;
        }
        match option(command, name) {
            _ if TABLES.contains(&name) => {
                return Err(fail(line, &format_args!("{name}: must be a table, [{name}]")));
            }
            Some(arg) if is_common(arg) => {
                settings.push(setting(name, value, arg, &at).map_err(|(line, why)| fail(line, &why))?);
            }
            Some(_) => return Err(fail(line, &format_args!("{name}: belongs in the table [{table}]"))),
            // Not every program has all of the common keys.
            None if common::has(name) => continue,
            None if matches!(value.get_ref(), DeValue::Table(_)) => {
                return Err(fail(line, &format_args!("[{name}]: there is no such table")));
            }
            None => return Err(fail(line, &format_args!("{name}: there is no such key"))),
        }
    }
    for (key, value) in own.map(in_order).unwrap_or_default() {
        let name = key.get_ref().as_ref();
        let Some(arg) = option(command, name) else {
            return Err(fail(at(key.span().start), &format_args!("{table}.{name}: there is no such key")));
        };
        let new = setting(name, value, arg, &at).map_err(|(line, why)| fail(line, &why))?;
        settings.retain(|old| old.key != new.key);
        settings.push(new);
    }
    Ok(settings)
}

/// The entries as they stand in the file; the table has them by name.
fn in_order<'a, 'i>(
    table: &'a DeTable<'i>,
) -> Vec<(&'a Spanned<std::borrow::Cow<'i, str>>, &'a Spanned<DeValue<'i>>)> {
    let mut entries: Vec<_> = table.iter().collect();
    entries.sort_by_key(|(key, _)| key.span().start);
    entries
}

/// The option of this name, if it can be a key of the file.
fn option<'c>(command: &'c clap::Command, key: &str) -> Option<&'c clap::Arg> {
    command.get_arguments().find(|arg| arg.get_id() == key && !NOT_KEYS.contains(&key))
}

type Wrong = (usize, String);

fn setting(
    key: &str,
    value: &Spanned<DeValue>,
    arg: &clap::Arg,
    at: &dyn Fn(usize) -> usize,
) -> Result<Setting, Wrong> {
    let line = at(value.span().start);
    let is_list = matches!(arg.get_action(), clap::ArgAction::Append);
    let is_flag = !arg.get_action().takes_values();
    let values = match value.get_ref() {
        DeValue::Array(values) if is_list => {
            values.iter().map(|value| scalar(value, at, is_flag)).collect::<Result<Vec<_>, _>>()
        }
        _ => scalar(value, at, is_flag).map(|value| vec![value]),
    };
    let values = values.map_err(|(line, why)| (line, format!("{key}: {why}")))?;
    Ok(Setting { key: key.to_owned(), line, values })
}

fn scalar(value: &Spanned<DeValue>, at: &dyn Fn(usize) -> usize, is_flag: bool) -> Result<Value, Wrong> {
    let line = at(value.span().start);
    let mut inside = Vec::new();
    let text = match value.get_ref() {
        DeValue::Boolean(yes) if is_flag => yes.to_string(),
        _ if is_flag => return Err((line, "must be true or false".to_owned())),
        DeValue::Table(table) => {
            let mut fields = Vec::new();
            for (key, value) in in_order(table) {
                let name = key.get_ref().as_ref();
                let text = within(value.get_ref())
                    .map_err(|why| (at(key.span().start), format!("{name}: {why}")))?;
                fields.push(format!("{} = {}", quote(name), quote(&text)));
                inside.push((name.to_owned(), at(key.span().start)));
            }
            format!("{{ {} }}", fields.join(", "))
        }
        value => plain(value).map_err(|why| (line, why.to_owned()))?,
    };
    Ok(Value { text, line, inside })
}

/// The text that a flag would have for this value.
fn plain(value: &DeValue) -> Result<String, &'static str> {
    Ok(match value {
        DeValue::String(text) => text.to_string(),
        DeValue::Integer(number) if number.radix() == 10 => number.as_str().to_owned(),
        DeValue::Integer(_) => return Err("must be a decimal number"),
        DeValue::Float(number) => number.as_str().to_owned(),
        DeValue::Boolean(_) => return Err("true and false are no values for it"),
        DeValue::Datetime(_) => return Err("a date or a time needs quotes"),
        DeValue::Array(_) => return Err("a list is not expected here"),
        DeValue::Table(_) => return Err("a table is not expected here"),
    })
}

/// The same for a value in a table, where there are days.
fn within(value: &DeValue) -> Result<String, &'static str> {
    match value {
        DeValue::Datetime(date) => Ok(date.to_string()),
        value => plain(value),
    }
}

/// The entries of an inline table such as `{ name = "night", max_pause = 120 }`, in their order.
pub(super) fn inline(text: &str) -> Result<Vec<(String, String)>, Within> {
    let wrong = |key: Option<&str>, text: &str| Within { key: key.map(str::to_owned), text: text.to_owned() };
    let no_table = || wrong(None, "must be a table such as { name = \"night\", hours = \"22:00-06:30\" }");
    if !text.trim_start().starts_with('{') {
        // The parser would complain about the number or date that it takes the word for.
        return Err(no_table());
    }
    let value = DeValue::parse(text).map_err(|error| wrong(None, error.message()))?;
    let DeValue::Table(table) = value.get_ref() else { return Err(no_table()) };
    let entries = in_order(table).into_iter().map(|(key, value)| {
        let name = key.get_ref().as_ref();
        let text = within(value.get_ref()).map_err(|why| wrong(Some(name), why))?;
        Ok((name.to_owned(), text))
    });
    entries.collect()
}

/// A string as TOML has it between double quotes.
pub(super) fn quote(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            c if c.is_control() => quoted.push_str(&format!("\\u{:04X}", u32::from(c))),
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}
