//! The configuration file: TOML in, settings with their lines out.
//!
//! Common keys stand at the top, each program has a table. Tables of other programs of the suite are
//! skipped, so that one file serves them all; anything else that is unknown is an error.

use std::fmt::{self, Display};
use std::io::Read as _;
use std::path::Path;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::near::hint;
use super::{Failure, NOT_KEYS, TABLES, blame, common, is_common, near, value};

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

/// Something that is wrong in a line of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// From 1.
    pub line: usize,
    /// The key and what is wrong with it.
    pub text: String,
}

/// What is wrong with a table that is one value: with which key of it, or with the whole.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Within(Vec<(Option<String>, String)>);

impl Within {
    /// Something is wrong with one key.
    pub(super) fn key(key: &str, text: impl Into<String>) -> Self {
        Within(vec![(Some(key.to_owned()), text.into())])
    }

    /// The table is wrong as a whole.
    fn whole(text: impl Into<String>) -> Self {
        Within(vec![(None, text.into())])
    }

    /// Something else is wrong as well.
    pub(super) fn and(&mut self, key: Option<String>, text: String) {
        self.0.push((key, text));
    }

    /// Whether something is wrong with this key.
    pub(super) fn has(&self, key: &str) -> bool {
        self.0.iter().any(|(wrong, _)| wrong.as_deref() == Some(key))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn texts(&self) -> impl Iterator<Item = (Option<&str>, String)> {
        self.0.iter().map(|(key, text)| match key {
            Some(key) => (Some(key.as_str()), format!("{key}: {text}")),
            None => (None, text.clone()),
        })
    }
}

impl Display for Within {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let texts: Vec<String> = self.texts().map(|(_, text)| text).collect();
        f.write_str(&texts.join("; "))
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

    /// Takes out the value that clap complains about.
    pub(super) fn take_out(&mut self, text: &str) -> Option<Value> {
        let is_wrong = |value: &Value| value.text == text || value.text.split(',').any(|part| part == text);
        let at = self.values.iter().position(is_wrong)?;
        Some(self.values.remove(at))
    }

    /// What is wrong with this value of the setting, each with its line.
    pub(super) fn faults(&self, value: Option<&Value>, within: Option<&Within>, reason: &str) -> Vec<Fault> {
        let line = value.map_or(self.line, |value| value.line);
        let fault = |line: usize, text: &str| Fault { line, text: format!("{}: {text}", self.key) };
        let Some(within) = within else { return vec![fault(line, reason)] };
        let faults = within.texts().map(|(key, text)| {
            let inside =
                value.and_then(|value| value.inside.iter().find(|(name, _)| Some(name.as_str()) == key));
            fault(inside.map_or(line, |(_, line)| *line), &text)
        });
        faults.collect()
    }
}

/// What a file says, for one program.
#[derive(Debug, Default)]
pub struct Content {
    pub settings: Vec<Setting>,
    /// What is wrong with it so far; the values are looked at later.
    pub faults: Vec<Fault>,
    /// The keys that were probably meant where something is wrong.
    pub meant: Vec<String>,
    /// It is no TOML, so that what follows the first fault of the form may be missing.
    pub is_cut: bool,
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
pub fn read(text: &str, table: &str, command: &clap::Command) -> Content {
    let at = |offset: usize| text.bytes().take(offset).filter(|byte| *byte == b'\n').count() + 1;
    let (top, errors) = DeTable::parse_recoverable(text);
    let mut reader = Reader { at: &at, table, command, content: Content::default() };
    reader.top(top.get_ref());
    let Content { mut settings, mut faults, meant, .. } = reader.content;
    let broken = errors.iter().map(|error| Fault {
        line: at(error.span().map_or(0, |span| span.start)),
        text: error.message().to_owned(),
    });
    let mut broken: Vec<Fault> = broken.collect();
    broken.sort_by_key(|fault| fault.line);
    // One thing that is wrong in a line is often several to the parser, and whatever follows may be what it
    // made of it.
    broken.dedup_by_key(|fault| fault.line);
    if let Some(Fault { line: first, .. }) = broken.first() {
        settings.retain(|setting| setting.line < *first);
        faults.retain(|fault| fault.line < *first);
    }
    let is_cut = !broken.is_empty();
    faults.extend(broken);
    Content { settings, faults, meant, is_cut }
}

/// A file that is being read.
struct Reader<'r> {
    /// The line of a byte.
    at: &'r dyn Fn(usize) -> usize,
    table: &'r str,
    command: &'r clap::Command,
    content: Content,
}

impl Reader<'_> {
    fn top(&mut self, top: &DeTable<'_>) {
        let mut own = None;
        for (key, value) in in_order(top) {
            let line = (self.at)(key.span().start);
            let name = key.get_ref().as_ref();
            if let (true, DeValue::Table(inside)) = (TABLES.contains(&name), value.get_ref()) {
                own = own.or((name == self.table).then_some(inside));
                continue;
            }
            match option(self.command, name) {
                _ if TABLES.contains(&name) => self.fault(line, format!("{name}: must be a table, [{name}]")),
                Some(arg) if is_common(arg) => self.setting(name, value, arg),
                Some(_) => {
                    self.content.meant.push(name.to_owned());
                    self.fault(line, format!("{name}: belongs in the table [{}]", self.table));
                }
                // Not every program has all of the common keys.
                None if common::has(name) => {}
                None if matches!(value.get_ref(), DeValue::Table(_)) => {
                    let known = TABLES.iter().map(|table| format!("[{table}]"));
                    self.fault(
                        line,
                        format!("[{name}]: there is no such table{}", hint(&format!("[{name}]"), known)),
                    );
                }
                None => self.unknown(line, name, name),
            }
        }
        for (key, value) in own.map(in_order).unwrap_or_default() {
            let name = key.get_ref().as_ref();
            match option(self.command, name) {
                None => self.unknown((self.at)(key.span().start), &format!("{}.{name}", self.table), name),
                Some(arg) => {
                    self.content.settings.retain(|old| old.key != name);
                    self.setting(name, value, arg);
                }
            }
        }
    }

    fn fault(&mut self, line: usize, text: String) {
        self.content.faults.push(Fault { line, text });
    }

    /// There is no such key, but perhaps one that is called almost so.
    fn unknown(&mut self, line: usize, shown: &str, name: &str) {
        let known = || keys(self.command).map(|arg| arg.get_id().as_str());
        self.content.meant.extend(near::nearest(name, known()).map(str::to_owned));
        self.fault(line, format!("{shown}: there is no such key{}", hint(name, known())));
    }

    fn setting(&mut self, key: &str, value: &Spanned<DeValue<'_>>, arg: &clap::Arg) {
        let is_list = matches!(arg.get_action(), clap::ArgAction::Append);
        let is_flag = !arg.get_action().takes_values();
        let read: Vec<Result<Value, Vec<Wrong>>> = match value.get_ref() {
            DeValue::Array(values) if is_list => {
                values.iter().map(|value| scalar(value, self.at, is_flag)).collect()
            }
            _ => vec![scalar(value, self.at, is_flag)],
        };
        let (mut values, mut is_wrong) = (Vec::new(), false);
        for one in read {
            match one {
                Ok(value) => values.push(value),
                Err(wrong) => {
                    is_wrong = true;
                    wrong.into_iter().for_each(|(line, why)| self.fault(line, format!("{key}: {why}")));
                }
            }
        }
        if is_wrong {
            self.content.meant.push(key.to_owned());
        }
        if !is_wrong || !values.is_empty() {
            let line = (self.at)(value.span().start);
            self.content.settings.push(Setting { key: key.to_owned(), line, values });
        }
    }
}

/// The entries as they stand in the file; the table has them by name.
fn in_order<'a, 'i>(
    table: &'a DeTable<'i>,
) -> Vec<(&'a Spanned<std::borrow::Cow<'i, str>>, &'a Spanned<DeValue<'i>>)> {
    let mut entries: Vec<_> = table.iter().collect();
    entries.sort_by_key(|(key, _)| key.span().start);
    entries
}

/// The options that can be keys of the file.
fn keys(command: &clap::Command) -> impl Iterator<Item = &clap::Arg> {
    command.get_arguments().filter(|arg| !NOT_KEYS.contains(&arg.get_id().as_str()) && !arg.is_hide_set())
}

/// The option of this name, if it can be a key of the file.
fn option<'c>(command: &'c clap::Command, key: &str) -> Option<&'c clap::Arg> {
    command.get_arguments().find(|arg| arg.get_id() == key && !NOT_KEYS.contains(&key))
}

/// The line, and what is wrong there.
type Wrong = (usize, String);

fn scalar(value: &Spanned<DeValue>, at: &dyn Fn(usize) -> usize, is_flag: bool) -> Result<Value, Vec<Wrong>> {
    let line = at(value.span().start);
    let mut inside = Vec::new();
    let text = match value.get_ref() {
        DeValue::Boolean(yes) if is_flag => yes.to_string(),
        _ if is_flag => return Err(vec![(line, "must be true or false".to_owned())]),
        DeValue::Table(table) => {
            let (mut fields, mut wrong) = (Vec::new(), Vec::new());
            for (key, value) in in_order(table) {
                let (name, line) = (key.get_ref().as_ref(), at(key.span().start));
                match within(value.get_ref()) {
                    Ok(text) => fields.push(format!("{} = {}", quote(name), quote(&text))),
                    Err(why) => wrong.push((line, format!("{name}: {why}"))),
                }
                inside.push((name.to_owned(), line));
            }
            if !wrong.is_empty() {
                return Err(wrong);
            }
            format!("{{ {} }}", fields.join(", "))
        }
        value => plain(value).map_err(|why| vec![(line, why.to_owned())])?,
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
    let no_table = || Within::whole("must be a table such as { name = \"night\", hours = \"22:00-06:30\" }");
    if !text.trim_start().starts_with('{') {
        // The parser would complain about the number or date that it takes the word for.
        return Err(no_table());
    }
    let value = DeValue::parse(text).map_err(|error| Within::whole(error.message()))?;
    let DeValue::Table(table) = value.get_ref() else { return Err(no_table()) };
    let entries = in_order(table).into_iter().map(|(key, value)| {
        let name = key.get_ref().as_ref();
        let text = within(value.get_ref()).map_err(|why| Within::key(name, why))?;
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
