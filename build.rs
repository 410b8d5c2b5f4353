//! Turns the language files of the web side into tables, so that no process has to read them: one page is
//! all that most processes ever write.
//!
//! What a language file may have is said in `src/web/site/language.rs`. A file that breaks a rule breaks the
//! build, with its name and the list.

// What a build script prints is read by cargo and never by a peer.
#![allow(clippy::disallowed_macros)]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs};

/// The files, the one that every other one must have the lists of first.
const LANGUAGES: [&str; 3] = ["english", "german", "french"];

/// What `{$name}` may name, as the variants of `language::Known`.
const KNOWN: &[(&str, &str)] = &[
    ("company", "Company"),
    ("short", "Short"),
    ("trade", "Trade"),
    ("town", "Town"),
    ("founded", "Founded"),
    ("department", "Department"),
    ("team", "Team"),
    ("person", "Person"),
    ("person.given", "Given"),
    ("subject", "Subject"),
    ("subject.cap", "SubjectCapital"),
    ("family", "Family"),
    ("other", "Other"),
    ("day", "Day"),
    ("month", "Month"),
    ("year", "Year"),
];

type Lists = BTreeMap<String, Vec<String>>;

fn main() {
    let dir = Path::new("src/web/site/language");
    let read = |name: &str| {
        let path = dir.join(format!("{name}.txt"));
        println!("cargo::rerun-if-changed={}", path.display());
        let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        lists(name, &text)
    };
    println!("cargo::rerun-if-changed=build.rs");
    let files = LANGUAGES.map(read);
    let mut out = String::new();
    names(&files[0], &mut out);
    for (language, lists) in LANGUAGES.iter().zip(&files) {
        table(language, lists, &files[0], &mut out);
    }
    let target = env::var("OUT_DIR").expect("cargo sets it");
    fs::write(Path::new(&target).join("language.rs"), out).expect("OUT_DIR can be written to");
}

fn lists(file: &str, text: &str) -> Lists {
    let mut lists = Lists::new();
    let mut current = None;
    for line in text.lines() {
        if let Some(name) = line.strip_prefix('@') {
            let name = name.trim().to_owned();
            assert!(lists.insert(name.clone(), Vec::new()).is_none(), "{file}: @{name} is there twice");
            current = Some(name);
        } else if !line.trim().is_empty() && !line.starts_with('#') {
            let name = current.as_ref().unwrap_or_else(|| panic!("{file}: {line:?} is in no list"));
            // A blank at the beginning of a line counts, as before "at" and "dot". What stands only in paths
            // is a part without a text.
            let end = if name.starts_with("path.") { "=" } else { "" };
            lists.get_mut(name).expect("it was inserted").push(line.trim_end().to_owned() + end);
        }
    }
    lists
}

/// The parts of `slug=text`, if that is what an entry is.
fn part(entry: &str) -> Option<(&str, &str)> {
    let (slug, text) = entry.split_once('=')?;
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (!slug.is_empty() && slug.bytes().all(plain)).then_some((slug, text))
}

fn is_parts(entries: &[String]) -> bool {
    entries.iter().all(|entry| part(entry).is_some())
}

/// Numbers for the lists that the program asks for by name.
fn names(lists: &Lists, out: &mut String) {
    let constant = |name: &str| name.replace(['.', '-'], "_").to_uppercase();
    for (module, parts) in [("list", false), ("parts", true)] {
        let _ =
            writeln!(out, "/// Numbers of lists.\n#[allow(missing_docs, dead_code)]\npub mod {module} {{");
        for (at, (name, _)) in lists.iter().filter(|(_, entries)| is_parts(entries) == parts).enumerate() {
            let _ = writeln!(out, "    pub const {}: usize = {at};", constant(name));
        }
        let _ = writeln!(out, "}}");
    }
}

fn table(language: &str, lists: &Lists, model: &Lists, out: &mut String) {
    // The lists of the model come first and in its order, so that a number means the same everywhere.
    let mut order: Vec<&String> = model.keys().collect();
    for name in &order {
        let there = lists.get(*name).unwrap_or_else(|| panic!("{language}: @{name} is missing"));
        assert!(!there.is_empty(), "{language}: @{name} is empty");
        assert_eq!(
            is_parts(there),
            is_parts(&model[*name]),
            "{language}: @{name} has entries of another kind"
        );
    }
    order.extend(lists.keys().filter(|name| !model.contains_key(*name)));
    let (parts, plain): (Vec<&String>, Vec<&String>) =
        order.into_iter().partition(|name| is_parts(&lists[*name]));
    let book = Book { language, lists, parts: &parts, plain: &plain };

    let _ = writeln!(out, "pub static {}: Tables = Tables {{\n    lists: &[", language.to_uppercase());
    for name in &plain {
        let _ = writeln!(out, "        // {name}\n        &[");
        for entry in &lists[*name] {
            let _ = writeln!(out, "            &[{}],", book.pieces(name, entry));
        }
        let _ = writeln!(out, "        ],");
    }
    let _ = writeln!(out, "    ],\n    parts: &[");
    for name in &parts {
        let entries: Vec<_> = lists[*name].iter().filter_map(|entry| part(entry)).collect();
        for (at, (slug, text)) in entries.iter().enumerate() {
            assert!(
                !entries[..at].iter().any(|(other, _)| other == slug),
                "{language}: @{name} has {slug} twice"
            );
            assert!(
                !name.ends_with(".first") || !slug.contains('-'),
                "{language}: @{name}: {slug} has a hyphen"
            );
            book.check(name, text);
        }
        let _ = writeln!(out, "        // {name}\n        &{entries:?},");
    }
    let _ = writeln!(out, "    ],\n}};");
}

struct Book<'b> {
    language: &'b str,
    lists: &'b Lists,
    parts: &'b [&'b String],
    plain: &'b [&'b String],
}

impl Book<'_> {
    /// An entry as an array of `language::Piece`.
    fn pieces(&self, list: &str, entry: &str) -> String {
        let mut out = String::new();
        let mut rest = entry;
        while let Some((before, after)) = rest.split_once('{') {
            self.text(list, before, &mut out);
            let (inner, after) = after
                .split_once('}')
                .unwrap_or_else(|| panic!("{}: @{list}: {entry:?} is not closed", self.language));
            let _ = write!(out, "Piece::{}, ", self.piece(list, inner));
            rest = after;
        }
        self.text(list, rest, &mut out);
        out
    }

    fn text(&self, list: &str, text: &str, out: &mut String) {
        self.check(list, text);
        if !text.is_empty() {
            let _ = write!(out, "Piece::Text({text:?}), ");
        }
    }

    /// Texts go into pages as they are, so they may have nothing that HTML takes for something else. Only the
    /// name of the organisation is escaped on its way.
    fn check(&self, list: &str, text: &str) {
        let special = |c: char| matches!(c, '<' | '>' | '"' | '}') || (c == '&' && list != "organisation");
        assert!(!text.contains(special), "{}: @{list}: {text:?} is not plain", self.language);
    }

    fn piece(&self, list: &str, inner: &str) -> String {
        let wrong = |why: &str| -> ! { panic!("{}: @{list}: {{{inner}}} {why}", self.language) };
        if let Some(name) = inner.strip_prefix('$') {
            let known = KNOWN.iter().find(|(known, _)| *known == name);
            return match known {
                Some((_, variant)) => format!("Known(Known::{variant})"),
                None => wrong("is not known"),
            };
        }
        if let Some((from, to)) = inner.strip_prefix('#').and_then(|range| range.split_once('-')) {
            return match (from.parse::<u32>(), to.parse::<u32>()) {
                (Ok(from), Ok(to)) if from < to => format!("Number({from}, {to})"),
                _ => wrong("is no range"),
            };
        }
        if inner.contains('|') {
            let choices: Vec<&str> = inner.split('|').collect();
            choices.iter().for_each(|choice| self.check(list, choice));
            return format!("Choice(&{choices:?})");
        }
        let (capital, name) = inner.strip_prefix('^').map_or((false, inner), |name| (true, name));
        if let Some(at) =
            name.strip_suffix(".text").and_then(|name| self.parts.iter().position(|part| *part == name))
        {
            return format!("Part({at})");
        }
        if let Some(at) = self.plain.iter().position(|plain| *plain == name) {
            return format!("List({at}, {capital})");
        }
        // A list for each trade: they follow each other, ten at most, so that their order is that of numbers.
        let own = |trade: usize| self.plain.iter().position(|plain| **plain == format!("{name}.{trade}"));
        let trades = self.lists.get("trade").map_or(0, Vec::len);
        match own(0) {
            Some(first) if trades <= 10 && (0..trades).all(|trade| own(trade) == Some(first + trade)) => {
                format!("Own({first}, {capital})")
            }
            _ => wrong("is no list"),
        }
    }
}
