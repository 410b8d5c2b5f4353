//! Manual pages and the example configuration, out of the definitions.
//!
//! A page is a template in `src/config/manpage/`, mdoc(7) written by hand, in which a line such as
//! `@OPTIONS@` stands for what the code knows better. `tests/docs.rs` compares the results with the
//! files in the repository, or writes them when the environment has `UPDATE=1`. No program calls
//! this module, so the linker leaves it out of all of them.

use clap::{Arg, ArgAction, Command, CommandFactory as _, ValueEnum as _};
use std::fmt::Write as _;

use super::{NOT_KEYS, Options, Pacing, Pop3Pacing, Report, Smtarpit, Sundew, TABLES, Tarpop, WebPacing};
use crate::config;
use crate::event::{Kind, Reason, What};
use crate::run::options as run;
use events::{
    POP3_EVENTS, SMTP_EVENTS, WEB_EVENTS, because, end, events, example_events, login, page, pop3_end, rcpt,
    smtp_end, web_end,
};

mod events;
mod example;

pub use example::example;

/// Where each manual page is in the repository, and its text.
pub fn pages() -> [(&'static str, String); 6] {
    let smtarpit = config::command::<Smtarpit>();
    let tarpop = config::command::<Tarpop>();
    let sundew = config::command::<Sundew>();
    let report = config::command::<Report>();
    let list = report.find_subcommand("list").cloned().unwrap_or_default();
    let file = include_str!("manpage/sundew.toml.5.in");
    let tables: Vec<_> = TABLES.iter().map(|table| format!(".Ql [{table}]")).collect();
    [
        (
            "man/smtarpit.8",
            fill(
                include_str!("manpage/smtarpit.8.in"),
                "smtarpit.8.in",
                &program::<Pacing>(&smtarpit, SMTP_EVENTS, [rcpt(), end(smtp_end())]),
            ),
        ),
        (
            "man/tarpop.8",
            fill(
                include_str!("manpage/tarpop.8.in"),
                "tarpop.8.in",
                &program::<Pop3Pacing>(&tarpop, POP3_EVENTS, [login(), end(pop3_end())]),
            ),
        ),
        (
            "man/sundew.8",
            fill(
                include_str!("manpage/sundew.8.in"),
                "sundew.8.in",
                &[
                    &program::<WebPacing>(&sundew, WEB_EVENTS, [page(), end(web_end())])[..],
                    &[("SYNOPSES", synopses(&sundew)), ("COMMANDS", commands(&sundew))],
                ]
                .concat(),
            ),
        ),
        (
            "man/sundew.toml.5",
            fill(
                file,
                "sundew.toml.5.in",
                &[
                    ("TABLES", enumerate(tables.into_iter(), "and")),
                    ("COMMON", keys(&[&smtarpit, &tarpop, &sundew], true, none)),
                    ("SMTARPIT", keys(&[&smtarpit], false, usual::<Pacing>)),
                    ("TARPOP", keys(&[&tarpop], false, usual::<Pop3Pacing>)),
                    ("SUNDEW", keys(&[&sundew], false, usual::<WebPacing>)),
                    ("REPORT", keys(&[&report], false, none)),
                ],
            ),
        ),
        (
            "man/tarpit-run.8",
            fill(
                include_str!("manpage/tarpit-run.8.in"),
                "tarpit-run.8.in",
                &[("OPTIONS", options(&run::Options::command(), none))],
            ),
        ),
        (
            "man/tarpit-report.8",
            fill(
                include_str!("manpage/tarpit-report.8.in"),
                "tarpit-report.8.in",
                &[("OPTIONS", options(&report, none)), ("LIST", options(&list, none))],
            ),
        ),
    ]
}

/// What a key has in the table of a program that is in force when nobody chooses another.
type Usual = fn(&str) -> Option<String>;

fn none(_key: &str) -> Option<String> {
    None
}

fn usual<O: Options>(key: &str) -> Option<String> {
    O::Table::value_variants().first().and_then(|table| O::number(&O::numbers(*table), key))
}

/// The parts of the page of a program that serves connections.
fn program<O: Options>(
    command: &Command,
    words: &[&str],
    examples: [What; 2],
) -> [(&'static str, String); 6] {
    [
        ("OPTIONS", options(command, usual::<O>)),
        ("PACES", paces::<O>(command)),
        ("EVENT_EXAMPLE", example_events(examples)),
        ("EVENTS", events(words)),
        ("REASONS", list(Reason::ALL.iter().map(|reason| (reason.as_str(), because(*reason))))),
        ("KINDS", enumerate(Kind::ALL.iter().map(|kind| format!(".Cm {kind}")), "or")),
    ]
}

/// Puts the parts into a template. A mark that ends in a comma or full stop hands it to the last
/// macro of its part.
fn fill(template: &str, name: &str, parts: &[(&str, String)]) -> String {
    let mut page = format!(
        ".\\\" Made by tests/docs.rs from src/config/manpage/{name} and the definitions in src/config;\n\
         .\\\" UPDATE=1 cargo test docs makes it again.\n"
    );
    for line in template.lines() {
        let mark = line.strip_prefix('@').and_then(|rest| rest.split_once('@'));
        match mark.and_then(|(mark, after)| parts.iter().find(|(name, _)| *name == mark).zip(Some(after))) {
            Some(((_, part), "")) => page.push_str(part.trim_end()),
            Some(((_, part), after)) => _ = write!(page, "{} {after}", part.trim_end()),
            None => page.push_str(line),
        }
        page.push('\n');
    }
    page
}

/// The options by their headings, as clap shows them in `--help`.
fn options(command: &Command, usual: Usual) -> String {
    let mut out = String::new();
    for heading in headings(command) {
        let _ = writeln!(out, ".Ss {heading}\n.Bl -tag -width Ds");
        let shown = |arg: &&Arg| {
            arg.get_help_heading() == Some(heading) && !arg.is_positional() && !arg.is_hide_set()
        };
        for arg in command.get_arguments().filter(shown) {
            let _ = write!(out, ".It Fl -{}", arg.get_long().unwrap_or_default().replace('-', "\\-"));
            if let Some(short) = arg.get_short() {
                let _ = write!(out, " , Fl {short}");
            }
            match value_name(arg) {
                Some(name) => _ = writeln!(out, " Ar {name}"),
                None => out.push('\n'),
            }
            describe(&mut out, arg, &[command], usual);
        }
        if heading == RUN {
            // Clap adds these to every program, so they are no part of a definition.
            out.push_str(".It Fl -help , Fl h\nPrint all options, or with\n.Fl h\na summary.\n");
            out.push_str(".It Fl -version , Fl V\nPrint the version.\n");
        }
        out.push_str(".El\n");
    }
    out
}

/// The commands of a program, as they are called.
fn synopses(command: &Command) -> String {
    let mut out = String::new();
    for command in command.get_subcommands() {
        let _ = writeln!(out, ".Nm\n.Cm {}{}", command.get_name(), arguments(command));
    }
    out
}

fn arguments(command: &Command) -> String {
    let mut out = String::new();
    for arg in command.get_arguments().filter(|arg| !NOT_KEYS.contains(&arg.get_id().as_str())) {
        let name = value_name(arg).unwrap_or_default();
        let _ = match arg.get_long() {
            Some(long) => write!(out, "\n.Op Fl -{} Ar {name}", long.replace('-', "\\-")),
            None => write!(out, "\n.Ar {name}"),
        };
    }
    out
}

/// What each command does.
fn commands(command: &Command) -> String {
    let mut out = String::from(".Bl -tag -width Ds\n");
    for command in command.get_subcommands() {
        let about =
            command.get_long_about().or(command.get_about()).map(ToString::to_string).unwrap_or_default();
        let _ = write!(out, ".It Cm {}\n{}", command.get_name(), text(&paragraphs(&about)));
        out.push_str(".Bl -tag -width Ds\n");
        for arg in command.get_arguments().filter(|arg| !NOT_KEYS.contains(&arg.get_id().as_str())) {
            let name = value_name(arg).unwrap_or_default();
            let _ = match arg.get_long() {
                Some(long) => writeln!(out, ".It Fl -{} Ar {name}", long.replace('-', "\\-")),
                None => writeln!(out, ".It Ar {name}"),
            };
            describe(&mut out, arg, &[command], none);
        }
        out.push_str(".El\n");
    }
    out.push_str(".El\n");
    // A command without arguments of its own has no list of them.
    out.replace(".Bl -tag -width Ds\n.El\n", "")
}

/// The heading of the flags that are no keys.
const RUN: &str = "Options for this run only";

fn headings(command: &Command) -> Vec<&str> {
    let mut headings = Vec::new();
    for heading in command.get_arguments().filter_map(Arg::get_help_heading) {
        if !headings.contains(&heading) {
            headings.push(heading);
        }
    }
    headings
}

/// The keys of the file: those at its top, which all these programs have, or those of a program's table.
fn keys(commands: &[&Command], common: bool, usual: Usual) -> String {
    let mut out = String::from(".Bl -tag -width Ds\n");
    for arg in commands
        .iter()
        .take(1)
        .flat_map(|command| key_args(command))
        .filter(|arg| config::is_common(arg) == common)
    {
        let name = value_name(arg).unwrap_or("true | false");
        let _ = match arg.get_action() {
            ArgAction::Append => writeln!(out, ".It Cm {} No = Op Ar {name} , No ...", arg.get_id()),
            _ => writeln!(out, ".It Cm {} No = Ar {name}", arg.get_id()),
        };
        describe(&mut out, arg, commands, usual);
    }
    out.push_str(".El\n");
    out
}

fn key_args(command: &Command) -> impl Iterator<Item = &Arg> {
    command.get_arguments().filter(|arg| !NOT_KEYS.contains(&arg.get_id().as_str()))
}

fn value_name(arg: &Arg) -> Option<&str> {
    let takes_value = arg.get_action().takes_values();
    arg.get_value_names().filter(|_| takes_value)?.first().map(|name| name.as_str())
}

/// The help of an option, its words and its default in each of these programs.
fn describe(out: &mut String, arg: &Arg, commands: &[&Command], usual: Usual) {
    out.push_str(&text(&help(arg)));
    let words: Vec<_> =
        arg.get_possible_values().into_iter().filter(|word| word.get_help().is_some()).collect();
    if !words.is_empty() && !arg.is_hide_possible_values_set() && arg.get_action().takes_values() {
        out.push_str(".Bl -tag -width tempfail -compact\n");
        for word in words {
            let help = word.get_help().map(ToString::to_string).unwrap_or_default();
            let _ = write!(out, ".It Cm {}\n{}", word.get_name(), text(&sentence(&help)));
        }
        out.push_str(".El\n");
    }
    let same = commands
        .iter()
        .flat_map(|command| command.get_arguments())
        .filter(|other| other.get_id() == arg.get_id());
    let mut defaults: Vec<&str> = same.filter_map(default).collect();
    defaults.dedup();
    if !defaults.is_empty() {
        let all = enumerate(defaults.iter().map(|default| format!(".Ql {default}")), "or");
        let whose = if defaults.len() > 1 { " the program's own:" } else { "" };
        let _ = writeln!(out, "The default is{whose}\n{} .", all.trim_end());
    }
    if let Some(day) = usual(arg.get_id().as_str()) {
        let _ = writeln!(out, "The table\n.Cm day\nhas\n.Ql {day} .");
    }
}

/// The default that is part of the definition.
fn default(arg: &Arg) -> Option<&str> {
    arg.get_default_values().first().filter(|_| arg.get_action().takes_values())?.to_str()
}

/// The whole help, with the full stop that clap takes from the first line.
fn help(arg: &Arg) -> String {
    paragraphs(&arg.get_long_help().or(arg.get_help()).map(ToString::to_string).unwrap_or_default())
}

fn paragraphs(long: &str) -> String {
    match long.split_once("\n\n") {
        Some((first, rest)) => format!("{}\n\n{rest}", sentence(first)),
        None => sentence(long),
    }
}

fn sentence(text: &str) -> String {
    let mut chars = text.trim_end_matches('.').chars();
    chars.next().map(|first| format!("{}{}.", first.to_uppercase(), chars.as_str())).unwrap_or_default()
}

/// Text for mdoc: each sentence on a line of its own, nothing that looks like a macro.
fn text(text: &str) -> String {
    let mut out = String::new();
    for (at, paragraph) in text.split("\n\n").enumerate() {
        // The first sentence and what follows belong together more than paragraphs do.
        if at > 1 {
            out.push_str(".Pp\n");
        }
        let words = paragraph.split_whitespace().collect::<Vec<_>>().join(" ").replace('\\', "\\e");
        for line in sentences(&words) {
            if line.starts_with(['.', '\'']) {
                out.push_str("\\&");
            }
            out.push_str(line.trim_end());
            out.push('\n');
        }
    }
    out
}

/// Abbreviations that no sentence of ours ends with; after what ends a line, there are two spaces.
const ABBREVIATIONS: [&str; 4] = ["e.g. ", "i.e. ", "etc. ", "www. "];

/// The sentences of a paragraph.
fn sentences(text: &str) -> Vec<&str> {
    let mut sentences = Vec::new();
    let mut begin = 0;
    for (at, end) in text.match_indices(". ") {
        let next = at + end.len();
        if !ABBREVIATIONS.iter().any(|abbreviation| text[..next].ends_with(abbreviation)) {
            sentences.push(&text[begin..next]);
            begin = next;
        }
    }
    sentences.push(&text[begin..]);
    sentences
}

/// A list of words with a sentence each.
fn list<'a>(rows: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    let mut out = String::from(".Bl -tag -width message -compact\n");
    for (word, meaning) in rows {
        let _ = write!(out, ".It Cm {word}\n{}", text(meaning));
    }
    out.push_str(".El\n");
    out
}

/// Macros one after the other: commas between them, a word before the last.
fn enumerate(macros: impl ExactSizeIterator<Item = String>, last: &str) -> String {
    let count = macros.len();
    let mut out = String::new();
    for (at, line) in macros.enumerate() {
        if at > 0 && at + 1 == count {
            let _ = writeln!(out, "{last}");
        }
        let _ = writeln!(out, "{line}{}", if at + 2 < count { " ," } else { "" });
    }
    out
}

/// The shipped tables side by side.
fn paces<O: Options>(command: &Command) -> String {
    let tables = O::Table::value_variants();
    let mut out =
        String::from(".Bl -column \"endless_capa\" \"guessing__\" \"guessing__\" \"guessing\"\n.It Sy key");
    tables.iter().for_each(|table| _ = write!(out, " Ta Sy {}", config::word(table)));
    for key in key_args(command).map(|arg| arg.get_id().as_str()) {
        let numbers: Vec<_> = tables.iter().filter_map(|table| O::number(&O::numbers(*table), key)).collect();
        if !numbers.is_empty() {
            let _ = write!(out, "\n.It Cm {key} Ta {}", numbers.join(" Ta "));
        }
    }
    out.push_str("\n.El\n");
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(path: &str) -> String {
        pages().into_iter().find_map(|(name, page)| (name == path).then_some(page)).unwrap()
    }

    #[test]
    fn no_line_ends_in_the_middle_of_a_sentence_with_a_full_stop() {
        // troff sets two spaces after it, as after a sentence.
        for (path, page) in pages() {
            for line in page.lines().filter(|line| !line.starts_with(".\\\"")) {
                let ends = ABBREVIATIONS.iter().any(|word| format!("{line} ").ends_with(word));
                assert!(!ends, "{path}: {line}");
            }
        }
        assert!(page("man/tarpit-run.8").contains("Where to listen, e.g. 0.0.0.0:25 or"));
        assert!(page("man/sundew.8").contains("The default is www. and the domain of the addresses."));
    }

    #[test]
    fn every_program_has_its_own_lock_dir() {
        let own = ".Ql /run/sundew/smtarpit ,\n.Ql /run/sundew/tarpop\nor\n.Ql /run/sundew/sundew .\n";
        assert!(page("man/sundew.toml.5").contains(&format!("The default is the program's own:\n{own}")));
        assert!(page("man/tarpop.8").contains("The default is\n.Ql /run/sundew/tarpop .\n"));
    }

    #[test]
    fn an_end_has_the_keys_of_its_program_only() {
        let own = [
            ("man/smtarpit.8", &["mails", "null_from", "rcpts", "auths", "messages"][..]),
            ("man/tarpop.8", &["logins", "retrs", "tool"]),
            ("man/sundew.8", &["pages", "made"]),
        ];
        let words = What::WORDS.iter().find(|(word, _)| *word == "end").unwrap().1;
        let general = [
            "held", "in", "out", "stage", "reason", "kind", "evidence", "gaveup", "waited", "profile",
            "commands", "unlogged",
        ];
        for key in words {
            let owners = own.iter().filter(|(_, keys)| keys.contains(key)).count();
            assert!(owners == 1 || general.contains(key), "{key}: is it in the manuals that it belongs to?");
        }
        for (path, keys) in own {
            let page = page(path);
            let (_, end) = page.split_once(".It Cm end\n").unwrap();
            let (_, listed) = end.split_once("Its keys are\n").unwrap();
            let (listed, _) = listed.split_once(" .\n").unwrap();
            let listed: Vec<&str> = listed
                .lines()
                .filter_map(|line| line.strip_prefix(".Cm "))
                .map(|key| key.trim_end_matches(" ,"))
                .collect();
            for (_, others) in own {
                for key in others {
                    assert_eq!(listed.contains(key), keys.contains(key), "{path}: {key} in {listed:?}");
                }
            }
        }
    }
}
