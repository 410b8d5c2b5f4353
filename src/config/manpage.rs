//! Manual pages and the example configuration, out of the definitions.
//!
//! A page is a template in `src/config/manpage/`, mdoc(7) written by hand, in which a line such as
//! `@OPTIONS@` stands for what the code knows better. `tests/docs.rs` compares the results with the
//! files in the repository, or writes them when the environment has `UPDATE=1`. No program calls
//! this module, so the linker leaves it out of all of them.

use clap::{Arg, ArgAction, Command, CommandFactory as _, ValueEnum as _};
use std::fmt::Write as _;
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use super::{NOT_KEYS, Options, Pacing, Pop3Pacing, Program, Report, Smtarpit, TABLES, Tarpop};
use crate::config;
use crate::event::{Event, Kind, Plain, Reason, Seconds, Tool, Totals, Verdict, What};
use crate::run::options as run;

/// Where each manual page is in the repository, and its text.
pub fn pages() -> [(&'static str, String); 5] {
    let smtarpit = config::command::<Smtarpit>();
    let tarpop = config::command::<Tarpop>();
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
            "man/sundew.toml.5",
            fill(
                file,
                "sundew.toml.5.in",
                &[
                    ("TABLES", enumerate(tables.into_iter(), "and")),
                    ("COMMON", keys(&smtarpit, true, none)),
                    ("SMTARPIT", keys(&smtarpit, false, usual::<Pacing>)),
                    ("TARPOP", keys(&tarpop, false, usual::<Pop3Pacing>)),
                    ("REPORT", keys(&report, false, none)),
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
            match value_name(arg) {
                Some(name) => _ = writeln!(out, " Ar {name}"),
                None => out.push('\n'),
            }
            describe(&mut out, arg, usual);
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

/// The keys of the file: those at its top, or those of the program's table.
fn keys(command: &Command, common: bool, usual: Usual) -> String {
    let mut out = String::from(".Bl -tag -width Ds\n");
    for arg in key_args(command).filter(|arg| config::is_common(arg) == common) {
        let name = value_name(arg).unwrap_or("true | false");
        let _ = match arg.get_action() {
            ArgAction::Append => writeln!(out, ".It Cm {} No = Op Ar {name} , No ...", arg.get_id()),
            _ => writeln!(out, ".It Cm {} No = Ar {name}", arg.get_id()),
        };
        describe(&mut out, arg, usual);
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

/// The help of an option, its words and its default.
fn describe(out: &mut String, arg: &Arg, usual: Usual) {
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
    if let Some(default) = default(arg) {
        let _ = writeln!(out, "The default is\n.Ql {default} .");
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
    let long = arg.get_long_help().or(arg.get_help()).map(ToString::to_string).unwrap_or_default();
    match long.split_once("\n\n") {
        Some((first, rest)) => format!("{}\n\n{rest}", sentence(first)),
        None => sentence(&long),
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
        for line in words.split_inclusive(". ") {
            if line.starts_with(['.', '\'']) {
                out.push_str("\\&");
            }
            out.push_str(line.trim_end());
            out.push('\n');
        }
    }
    out
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

/// The events of programs that have the same protocol.
const SMTP_EVENTS: &[&str] =
    &["connect", "refuse", "helo", "mail", "rcpt", "auth", "message", "still", "end", "error"];
const POP3_EVENTS: &[&str] = &["connect", "refuse", "login", "retr", "still", "end", "error"];

/// The words that can begin a line of the log, with their keys.
fn events(words: &[&str]) -> String {
    let mut out = String::from(".Bl -tag -width connect\n");
    for (word, keys) in What::WORDS.iter().filter(|(word, _)| words.contains(word)) {
        let _ = write!(out, ".It Cm {word}\n{}", text(meaning(word)));
        let _ = writeln!(
            out,
            "Its keys are\n{} .",
            enumerate(keys.iter().map(|key| format!(".Cm {key}")), "and").trim_end()
        );
    }
    out.push_str(".El\n");
    out
}

/// What happened when the log has this word.
fn meaning(word: &str) -> &'static str {
    match word {
        "connect" => "A slot was taken and the conversation begins.",
        "refuse" => "The caller was turned away without a conversation.",
        "helo" => "The client gave its name.",
        "mail" => "A sender was given, and this was said to it.",
        "rcpt" => "A recipient was given. A receipt is there when the address is one that Sundew issued.",
        "auth" => "A try to log in is over. The password is not kept.",
        "message" => "A message was read to its end, or broken off.",
        "login" => "A try to log in to a mailbox is over.",
        "retr" => "A message of the mailbox was sent.",
        "still" => "The caller is still held; written every ten minutes.",
        "end" => "The conversation is over; written always, also when the program is told to stop.",
        "error" => "Something is wrong on our side. The peer knows nothing of it.",
        _ => panic!("the event {word} needs a sentence for the manual"),
    }
}

/// What a reason means. A new one does not compile without its sentence.
fn because(reason: Reason) -> &'static str {
    match reason {
        Reason::Quit => "The client said QUIT and had its answer.",
        Reason::Hangup => "The client closed the connection.",
        Reason::Timeout => "The client said nothing for as long as such a server waits.",
        Reason::Ghost => "The client was gone without a word.",
        Reason::Signal => "The program was told to stop.",
        Reason::Limit => "The client went beyond a limit of such a server, as that of wrong commands.",
        Reason::Refused => "There was no slot.",
        Reason::Error => "Something went wrong on our side.",
    }
}

/// Lines of a log, written by the code that writes them.
fn example_events(examples: [What; 2]) -> String {
    let peer = Some(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 77)));
    examples.map(|what| Event { id: Plain::from("1a2b3c"), peer, what }.to_string()).join("\n")
}

fn rcpt() -> What {
    What::Rcpt { to: Plain::from("anna@example.org"), verdict: Verdict::Accept, receipt: None }
}

fn login() -> What {
    What::Login {
        user: Plain::from("admin"),
        method: Plain::from("USER"),
        verdict: Verdict::Reject,
        password: Some(Plain::from("hash:5f0c1b7e22d94a10")),
        visit: None,
    }
}

fn smtp_end() -> (&'static str, Kind, &'static str, Totals) {
    let totals = Totals { commands: 3, mails: Some(1), rcpts: Some(1), ..Totals::default() };
    ("rcpt", Kind::Program, "pregreet,fast:3", totals)
}

fn pop3_end() -> (&'static str, Kind, &'static str, Totals) {
    let totals = Totals { commands: 9, logins: Some(4), tool: Some(Tool::Medusa), ..Totals::default() };
    ("login", Kind::Program, "stls-first,fast:8", totals)
}

fn end((stage, kind, evidence, totals): (&str, Kind, &str, Totals)) -> What {
    What::End {
        held: Seconds::new(Duration::from_secs(86_312)),
        bytes_in: 81,
        bytes_out: 2_104,
        stage: Plain::from(stage),
        reason: Reason::Hangup,
        kind,
        evidence: Plain::from(evidence),
        gaveup: Some(Seconds::new(Duration::from_millis(12_400))),
        profile: Plain::from("day"),
        commands: totals.commands,
        mails: totals.mails,
        null_from: totals.null_from,
        rcpts: totals.rcpts,
        auths: totals.auths,
        messages: totals.messages,
        logins: totals.logins,
        retrs: totals.retrs,
        pages: totals.pages,
        made: totals.made,
        tool: totals.tool,
    }
}

/// The example configuration, `contrib/sundew.toml`: every key with its default, all commented out.
pub fn example() -> String {
    let smtarpit = config::command::<Smtarpit>();
    let mut out = String::from(
        "# The configuration of Sundew, /etc/sundew.toml. What is commented out is the default, or an example\n\
         # where the text says that there is none. sundew.toml(5) explains every key. After a change, run\n\
         # \"smtarpit --check\" or \"tarpop --check\"; the next connection uses it.\n",
    );
    // Every program counts its own slots, so this one stands in the tables.
    let shared = |arg: &&Arg| config::is_common(arg) && arg.get_id() != LOCK_DIR;
    key_args(&smtarpit).filter(shared).for_each(|arg| example_key(&mut out, arg, none));
    example_table::<Smtarpit>(&mut out, usual::<Pacing>);
    example_table::<Tarpop>(&mut out, usual::<Pop3Pacing>);
    example_table::<Report>(&mut out, none);
    out
}

/// The one common key whose default is another one for each program.
const LOCK_DIR: &str = "lock_dir";

/// The table of one program.
fn example_table<P: Program>(out: &mut String, usual: Usual) {
    let command = config::command::<P>();
    let table = P::TABLE;
    let _ = writeln!(out, "\n[{table}]");
    let own = || key_args(&command).filter(|arg| !config::is_common(arg) || arg.get_id() == LOCK_DIR);
    own().filter(|arg| arg.get_id() != "profile").for_each(|arg| example_key(out, arg, usual));
    own().filter(|arg| arg.get_id() == "profile").for_each(|arg| {
        let help = sentence(&arg.get_help().map(ToString::to_string).unwrap_or_default());
        let _ = write!(
            out,
            "\n# {help} Any of the pacing keys may follow; the first profile that applies wins.\n\
             #[[{table}.profile]]\n#name = \"night\"\n#hours = \"22:00-06:30\"\n#days = \"Mon-Fri\"\n#pace = \"night\"\n"
        );
    });
}

fn example_key(out: &mut String, arg: &Arg, usual: Usual) {
    let key = arg.get_id().as_str();
    let help = sentence(&arg.get_help().map(ToString::to_string).unwrap_or_default());
    let words: Vec<_> = arg.get_possible_values().iter().map(|word| word.get_name().to_owned()).collect();
    let words = match words.is_empty() {
        true => String::new(),
        false => format!(" One of: {}.", words.join(", ")),
    };
    let day = usual(key);
    let given = default(arg).or(day.as_deref());
    let (value, remark) = match (given, sample(key)) {
        (Some(default), _) => (config::toml(default), ""),
        (None, Some((value, remark))) => (value.to_owned(), remark),
        (None, None) if matches!(arg.get_action(), ArgAction::Append) => ("[]".to_owned(), ""),
        (None, None) => panic!("{key} needs a sample for the example configuration"),
    };
    let _ = writeln!(out, "\n# {help}{words}{remark}\n#{key} = {value}");
}

/// What to show for a key without a default, with a remark.
fn sample(key: &str) -> Option<(&'static str, &'static str)> {
    Some(match key {
        "hostname" => ("\"mx.example.org\"", " The default is the name of this machine."),
        "domains" => ("[\"example.org\"]", " By default every domain is taken for ours."),
        "secret_file" => ("\"/etc/sundew/secret\"", " Without it the secret is the id of this machine."),
        "allow" => ("[\"192.0.2.0/24\", \"2001:db8::/32\"]", " There are none by default."),
        "chroot" => ("\"/var/lib/sundew\"", " There is no default."),
        "user" => ("\"sundew\"", " There is no default."),
        "seed" => ("1", " There is no default."),
        "state_dir" => ("\"/var/lib/sundew/tarpop\"", " The default is the directory networks in lock_dir."),
        "spool" => ("\"/var/lib/sundew/spool\"", " There is no default."),
        "mask" => ("false", ""),
        "title" => ("\"mx.example.org\"", ""),
        "pace" => ("\"day\"", " The keys below are shown as this table has them."),
        _ => return None,
    })
}
