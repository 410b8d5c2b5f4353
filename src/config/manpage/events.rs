//! What the manuals say of events: their keys, their meaning, and an example of each kind.

use std::fmt::Write as _;
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use super::{enumerate, text};
use crate::event::{Ended, Event, Kind, Plain, Reason, Seconds, Tool, Totals, Verdict, What};

/// The events of programs that have the same protocol.
pub(super) const SMTP_EVENTS: &[&str] =
    &["connect", "refuse", "helo", "mail", "rcpt", "auth", "message", "still", "end", "error"];
pub(super) const WEB_EVENTS: &[&str] = &["connect", "refuse", "page", "still", "end", "error"];
pub(super) const POP3_EVENTS: &[&str] = &["connect", "refuse", "login", "retr", "still", "end", "error"];

/// The words that can begin a line of the log, with their keys.
pub(super) fn events(words: &[&str]) -> String {
    let mut out = String::from(".Bl -tag -width connect\n");
    for (word, keys) in What::WORDS.iter().filter(|(word, _)| words.contains(word)) {
        let _ = write!(out, ".It Cm {word}\n{}", text(meaning(word)));
        let own: Vec<&str> =
            keys.iter().copied().filter(|key| counts(key).is_none_or(|of| words.contains(&of))).collect();
        let _ = writeln!(
            out,
            "Its keys are\n{} .",
            enumerate(own.iter().map(|key| format!(".Cm {key}")), "and").trim_end()
        );
    }
    out.push_str(".El\n");
    out
}

/// Which event a key of `end` counts, if it is a sum of some; programs without that event never have it.
fn counts(key: &str) -> Option<&'static str> {
    Some(match key {
        "mails" | "null_from" => "mail",
        "rcpts" => "rcpt",
        "auths" => "auth",
        "messages" => "message",
        "logins" | "tool" => "login",
        "retrs" => "retr",
        "pages" | "made" => "page",
        _ => return None,
    })
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
        "page" => "A request was answered, or the answer has begun.",
        "still" => "The caller is still held; written every ten minutes.",
        "end" => "The conversation is over; written always, also when the program is told to stop.",
        "error" => "Something is wrong on our side. The peer knows nothing of it.",
        _ => panic!("the event {word} needs a sentence for the manual"),
    }
}

/// What a reason means. A new one does not compile without its sentence.
pub(super) fn because(reason: Reason) -> &'static str {
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
pub(super) fn example_events(examples: [What; 2]) -> String {
    let peer = Some(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 77)));
    examples.map(|what| Event { id: Plain::from("1a2b3c"), peer, what }.to_string()).join("\n")
}

pub(super) fn rcpt() -> What {
    What::Rcpt { to: Plain::from("anna@example.org"), verdict: Verdict::Accept, receipt: None }
}

pub(super) fn login() -> What {
    What::Login {
        user: Plain::from("admin"),
        method: Plain::from("USER"),
        verdict: Verdict::Reject,
        password: Some(Plain::from("hash:5f0c1b7e22d94a10")),
        visit: None,
    }
}

pub(super) fn page() -> What {
    What::Page {
        method: Plain::from("GET"),
        host: Plain::from("www.example.org"),
        path: Plain::from("/staff/"),
        status: 200,
        agent: Plain::from("Mozilla/4.0"),
        bytes: 9_126,
        addresses: Some(6),
        season: Some(1),
        visit: Some(Plain::from("0a3f1")),
    }
}

pub(super) fn web_end() -> (&'static str, Kind, &'static str, Totals) {
    let totals = Totals { commands: 1, pages: Some(1), made: Some(9_391), ..Totals::default() };
    ("page", Kind::Program, "get", totals)
}

pub(super) fn smtp_end() -> (&'static str, Kind, &'static str, Totals) {
    let totals = Totals { commands: 3, mails: Some(1), rcpts: Some(1), ..Totals::default() };
    ("rcpt", Kind::Program, "pregreet,fast:3", totals)
}

pub(super) fn pop3_end() -> (&'static str, Kind, &'static str, Totals) {
    let totals = Totals { commands: 9, logins: Some(4), tool: Some(Tool::Medusa), ..Totals::default() };
    ("login", Kind::Program, "stls-first,fast:8", totals)
}

pub(super) fn end((stage, kind, evidence, totals): (&str, Kind, &str, Totals)) -> What {
    Ended {
        held: Seconds::new(Duration::from_secs(86_312)),
        bytes_in: 81,
        bytes_out: 2_104,
        stage: Plain::from(stage),
        reason: Reason::Hangup,
        kind,
        evidence: Plain::from(evidence),
        gaveup: Some(Seconds::new(Duration::from_millis(12_400))),
        waited: Some(Seconds::new(Duration::from_millis(86_240_100))),
        profile: Plain::from("day"),
        totals,
        unlogged: None,
    }
    .into()
}
