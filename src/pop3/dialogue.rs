//! The POP3 conversation of a persona (RFC 1939, RFC 2449, RFC 5034), without any time in it.
//!
//! A [`Dialogue`] hears one line at a time and answers with one complete [`Reply`]; how long that waits is
//! [`super::session`]'s business. What is known, demanded and said is in the tables of
//! [`crate::persona::pop3`]; this module carries them out and holds the state: who has given a name, an
//! exchange of AUTH, the mailbox and what of it is marked as deleted.
//!
//! Nothing here fails, and nothing a peer sends makes it grow.

mod auth;
mod line;
mod maildrop;
mod numbers;

use super::gate::{Gate, Method, Try};
use super::mailbox::Mailbox;
use crate::Rng;
use crate::event::{Plain, Reason, Totals, Verdict, What};
use crate::persona::pop3::{Argument, Does, Persona, State};
use crate::persona::text::{self, Values};
use crate::sasl::Exchange;
use chrono::{DateTime, FixedOffset};
use line::Command;
use maildrop::Maildrop;
use rand::RngExt as _;
use std::time::Duration;

/// The longest name and the longest password kept, in bytes; longer ones are cut.
const LONGEST_KEPT: usize = 512;

/// The most events of one conversation; a peer that goes on is counted, but no longer logged.
const MOST_NOTES: u32 = 2000;

/// Where in the conversation a reply stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    Banner,
    Capa,
    Stls,
    User,
    /// PASS, APOP and the end of AUTH: a login was tried.
    Login,
    /// AUTH up to its last line.
    Auth,
    /// STAT, LIST, UIDL, LAST.
    List,
    /// RETR and TOP.
    Retr,
    Quit,
    /// Any other command.
    Other,
}

impl Stage {
    /// The word for it in the log.
    pub fn as_str(self) -> &'static str {
        match self {
            Stage::Banner => "banner",
            Stage::Capa => "capa",
            Stage::Stls => "stls",
            Stage::User => "user",
            Stage::Login => "login",
            Stage::Auth => "auth",
            Stage::List => "list",
            Stage::Retr => "retr",
            Stage::Quit => "quit",
            Stage::Other => "command",
        }
    }
}

/// What to say, and what comes next.
#[derive(Debug, Clone, PartialEq)]
pub struct Reply {
    /// Complete, with CR LF, maybe many lines.
    pub text: Vec<u8>,
    /// How many bytes of it are the first line; what follows is a list or a message.
    pub head: usize,
    /// What it answers.
    pub stage: Stage,
    /// A login was tried: whether it was let in, and the failures before.
    pub login: Option<Login>,
    pub next: Next,
    /// What the log should have of it.
    pub notes: Vec<What>,
}

/// The outcome of a login.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Login {
    pub accepted: bool,
    pub failures: u32,
}

/// What the persona expects after a reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// A command, or a line of an AUTH exchange.
    Command,
    /// Nothing: it closes.
    Close(Reason),
}

/// The moment at which the dialogue is asked.
pub struct Moment<'m> {
    pub wall: DateTime<FixedOffset>,
    /// For what differs from one reply to the next: APOP stamps, session ids.
    pub rng: &'m mut Rng,
}

/// Makes the mailbox of a user who was let in, with the visit that the gate named.
pub type Mailboxes = dyn Fn(&[u8], Option<u32>, DateTime<FixedOffset>) -> Mailbox;

/// Makes what the log may have of a password.
pub type Passwords = dyn Fn(&[u8]) -> Option<Plain>;

/// Everything that a conversation is decided by, besides what the peer says.
pub struct Policy {
    pub persona: &'static Persona,
    pub hostname: String,
    pub gate: Box<dyn Gate>,
    pub mailboxes: Box<Mailboxes>,
    /// What the log may have of a password, and in which form.
    pub passwords: Box<Passwords>,
}

/// One conversation.
pub struct Dialogue {
    policy: Policy,
    reading: Reading,
    /// The name that USER gave.
    user: Option<Vec<u8>>,
    /// There from the login on.
    maildrop: Option<Maildrop>,
    /// The APOP stamp of the greeting (RFC 1939 7), with its brackets.
    stamp: String,
    /// Mistakes in a row.
    mistakes: u32,
    counts: Counts,
    noted: u32,
}

/// What the next line is.
enum Reading {
    Command,
    Auth(Exchange),
    /// The rest of this line, of which a NUL hid the end.
    Rest(Vec<u8>),
}

#[derive(Default)]
struct Counts {
    commands: u64,
    logins: u64,
    retrs: u64,
}

/// How a command went, as the persona's patience sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    Fine,
    /// A command that there is not.
    Unknown,
    /// Any other mistake.
    Other,
}

impl Dialogue {
    pub fn new(policy: Policy) -> Self {
        Dialogue {
            policy,
            reading: Reading::Command,
            user: None,
            maildrop: None,
            stamp: String::new(),
            mistakes: 0,
            counts: Counts::default(),
            noted: 0,
        }
    }

    /// The greeting.
    pub fn banner(&mut self, moment: &mut Moment<'_>) -> Reply {
        let serial = moment.rng.random_range(1_000..65_536);
        self.stamp = format!("<{serial}.{}@{}>", moment.wall.timestamp(), self.policy.hostname);
        self.reply(self.persona().banner, &Values::default(), Stage::Banner)
    }

    /// Hears a command, or a line of an AUTH exchange.
    pub fn command(&mut self, line: &[u8], moment: &mut Moment<'_>) -> Reply {
        match std::mem::replace(&mut self.reading, Reading::Command) {
            Reading::Auth(exchange) => self.auth_answer(exchange, line, moment),
            Reading::Rest(first) => self.obey(&first, moment),
            Reading::Command => self.obey(line, moment),
        }
    }

    /// The same for a line of which only the beginning was kept.
    pub fn overlong(&mut self, line: &[u8], moment: &mut Moment<'_>) -> Reply {
        self.command(line, moment)
    }

    /// What it says to a peer that was silent for [`Dialogue::idle_limit`].
    pub fn timeout(&mut self) -> Reply {
        let text = self.state().idle_text.unwrap_or_default();
        let mut reply = self.reply(text, &Values::default(), Stage::Other);
        if text.is_empty() {
            reply.text.clear();
        }
        reply.next = Next::Close(Reason::Timeout);
        reply
    }

    /// How long it lets a peer be silent now.
    pub fn idle_limit(&self) -> Duration {
        self.state().idle
    }

    /// Whether the next line is an answer in an AUTH exchange, and no command.
    pub fn in_exchange(&self) -> bool {
        matches!(self.reading, Reading::Auth(_))
    }

    /// One more line, with CR LF, for a list of capabilities that does not end; `nth` counts them. Short,
    /// without a dot, different from its neighbours.
    pub fn capability(&self, nth: u32, rng: &mut Rng) -> Vec<u8> {
        // Neighbours come from different halves, so that no line stands twice in a row.
        let half = |all: &'static [&'static str], rng: &mut Rng| {
            let (even, odd) = all.split_at(all.len() / 2);
            let half = if nth.is_multiple_of(2) { even } else { odd };
            half.get(rng.random_range(0..half.len().max(1))).copied().unwrap_or("X-NONE")
        };
        let line = match rng.random_range(0..3) {
            0 => half(self.persona().more, rng).to_owned(),
            1 => format!("X-{}-{}", half(PARTS, rng), half(PARTS, rng)),
            _ => format!("X-{} {}", half(PARTS, rng), rng.random_range(1..600)),
        };
        text::wire(line.as_bytes())
    }

    pub fn persona(&self) -> &'static Persona {
        self.policy.persona
    }

    /// What the `end` event counts.
    pub fn totals(&self) -> Totals {
        Totals {
            commands: self.counts.commands,
            logins: Some(self.counts.logins),
            retrs: Some(self.counts.retrs),
            ..Totals::default()
        }
    }

    fn state(&self) -> &'static State {
        match self.maildrop {
            None => &self.persona().before,
            Some(_) => &self.persona().after,
        }
    }

    /// Obeys a command.
    fn obey(&mut self, line: &[u8], moment: &mut Moment<'_>) -> Reply {
        let state = self.state();
        self.counts.commands += 1;
        if let Some((_, text)) = state.longest.filter(|(longest, _)| line.len() >= *longest) {
            let mut reply = self.reply(text, &Values::default(), Stage::Other);
            reply.next = Next::Close(Reason::Limit);
            return reply;
        }
        let form = self.persona().form;
        let command = match Command::read(line, form) {
            Ok(command) => command,
            Err(first) => {
                self.reading = Reading::Rest(first.iter().copied().take(LONGEST_KEPT).collect());
                return Reply::new(Vec::new(), Stage::Other);
            }
        };
        let verb = state.verbs.iter().find(|verb| command.is(verb.word));
        let (reply, fault) = match verb.map(|verb| (verb.does, verb.argument)) {
            None => {
                let text = if command.is("") { state.empty } else { state.unknown };
                (self.reply(text, &command.values(), Stage::Other), Fault::Unknown)
            }
            Some((_, Argument::Needed(text))) if command.argument().is_empty() => {
                (self.reply(text, &command.values(), Stage::Other), Fault::Other)
            }
            Some((_, Argument::Refused(text))) if !command.argument().is_empty() => {
                (self.reply(text, &command.values(), Stage::Other), Fault::Other)
            }
            Some((does, _)) => self.act(does, &command, moment),
        };
        self.judge(reply, fault)
    }

    fn act(&mut self, does: Does, command: &Command<'_>, moment: &mut Moment<'_>) -> (Reply, Fault) {
        let state = self.state();
        match does {
            Does::Capa => (self.capa(), Fault::Fine),
            Does::Say(text) => self.said(text, command, Stage::Other),
            Does::Stls(text) => self.said(text, command, Stage::Stls),
            Does::User => {
                self.user = Some(command.argument().iter().copied().take(LONGEST_KEPT).collect());
                self.said(self.persona().login.user, command, Stage::User)
            }
            Does::Pass => (self.pass(command, moment), Fault::Fine),
            Does::Apop => (self.apop(command, moment), Fault::Fine),
            Does::Auth => self.auth(command, moment),
            Does::Quit => {
                let deleted = self.maildrop.as_ref().is_some_and(Maildrop::has_deleted);
                let text = if deleted { self.persona().mail.quit_deleted } else { state.quit };
                let mut reply = self.reply(text, &command.values(), Stage::Quit);
                reply.next = Next::Close(Reason::Quit);
                (reply, Fault::Fine)
            }
            Does::Stat
            | Does::List
            | Does::Uidl
            | Does::Top
            | Does::Retr
            | Does::Dele
            | Does::Rset
            | Does::Last => self.mail(does, command),
        }
    }

    /// A reply that is in the table; one that begins with `-ERR` is a mistake of the peer.
    fn said(&self, text: &str, command: &Command<'_>, stage: Stage) -> (Reply, Fault) {
        let fault = if text.starts_with("-ERR") { Fault::Other } else { Fault::Fine };
        (self.reply(text, &command.values(), stage), fault)
    }

    fn capa(&self) -> Reply {
        let lines = self.state().capabilities.iter().filter(|line| {
            // A server without mechanisms does not speak of them.
            !line.contains("{mechanisms}") || !self.persona().sasl.mechanisms.is_empty()
        });
        let lines: Vec<Vec<u8>> = lines.map(|line| self.expand(line, &Values::default())).collect();
        self.list(self.persona().capa, &Values::default(), lines, Stage::Capa)
    }

    fn pass(&mut self, command: &Command<'_>, moment: &mut Moment<'_>) -> Reply {
        let login = &self.persona().login;
        let Some(user) = self.user.clone() else {
            return self.reply(login.no_user, &command.values(), Stage::Other);
        };
        if login.forgets_user {
            self.user = None;
        }
        self.log_in(&user, command.password(), Method::Pass, login.refused, moment)
    }

    fn apop(&mut self, command: &Command<'_>, moment: &mut Moment<'_>) -> Reply {
        let login = &self.persona().login;
        let mut words = command.argument().split(|&b| b == b' ').filter(|word| !word.is_empty());
        match (words.next(), words.next(), words.next()) {
            (Some(user), Some(digest), None) => {
                let user: Vec<u8> = user.iter().copied().take(LONGEST_KEPT).collect();
                self.log_in(&user, digest, Method::Apop, login.apop_refused, moment)
            }
            _ => self.reply(login.apop_form, &command.values(), Stage::Other),
        }
    }

    /// Judges a login, and opens the mailbox if it is the one that succeeds.
    fn log_in(
        &mut self,
        user: &[u8],
        password: &[u8],
        method: Method,
        refused: &str,
        moment: &mut Moment<'_>,
    ) -> Reply {
        let password = password.get(..LONGEST_KEPT).unwrap_or(password);
        let judged = self.policy.gate.judge(Try { user, password, method }, moment.wall);
        self.counts.logins += 1;
        let login = &self.persona().login;
        if judged.accepted {
            self.maildrop = Some(Maildrop::new((self.policy.mailboxes)(user, judged.visit, moment.wall)));
            self.user = None;
        }
        let session = format!("{}-{}", moment.wall.timestamp(), moment.rng.random_range(1_000..100_000));
        let text = if judged.accepted { login.accepted } else { refused };
        let values = Values::default().with("user", user).with("session", session.as_bytes());
        let mut reply = self.reply(text, &values, Stage::Login);
        if let (false, Some(text)) = (judged.accepted, login.closes) {
            reply.text.extend(self.reply(text, &values, Stage::Login).text);
            reply.next = Next::Close(Reason::Limit);
        }
        reply.login = Some(Login { accepted: judged.accepted, failures: judged.failures });
        reply.notes.extend(self.note(What::Login {
            user: Plain::from_peer(user),
            method: method.as_str().into(),
            verdict: if judged.accepted { Verdict::Accept } else { Verdict::Reject },
            password: (self.policy.passwords)(password),
            visit: judged.visit.map(|visit| Plain::from(format!("{visit:05x}").as_str())),
        }));
        reply
    }

    /// Counts mistakes in a row, and adds the persona's last words when there are too many.
    fn judge(&mut self, mut reply: Reply, fault: Fault) -> Reply {
        let counted = match (fault, self.state().patience) {
            (Fault::Fine, _) => {
                self.mistakes = 0;
                return reply;
            }
            (Fault::Unknown, Some(patience)) => patience,
            (Fault::Other, Some(patience)) if !patience.unknown_only => patience,
            (Fault::Unknown | Fault::Other, _) => return reply,
        };
        self.mistakes = self.mistakes.saturating_add(1);
        if self.mistakes >= counted.most {
            reply.text.extend(self.reply(counted.text, &Values::default(), reply.stage).text);
            reply.next = Next::Close(Reason::Limit);
        }
        reply
    }

    /// A reply of this text.
    fn reply(&self, text: &str, values: &Values<'_>, stage: Stage) -> Reply {
        Reply::new(text::wire(&self.expand(text, values)), stage)
    }

    /// A reply of this text with lines behind it, and the dot that ends them (RFC 1939 3).
    fn list(&self, head: &str, values: &Values<'_>, lines: Vec<Vec<u8>>, stage: Stage) -> Reply {
        let mut reply = self.reply(head, values, stage);
        lines.iter().for_each(|line| reply.text.extend(text::wire(line)));
        reply.text.extend_from_slice(b".\r\n");
        reply
    }

    fn expand(&self, text: &str, values: &Values<'_>) -> Vec<u8> {
        let mechanisms: Vec<_> = self.persona().sasl.mechanisms.iter().map(|m| m.as_str()).collect();
        let mechanisms = mechanisms.join(" ");
        let totals = self.maildrop.as_ref().map(Maildrop::totals);
        let (count, octets) = totals.map_or((0, 0), |totals| totals);
        let (count, octets) = (count.to_string(), octets.to_string());
        text::fill(text, |word| match word {
            "host" => Some(self.policy.hostname.as_bytes()),
            "stamp" => Some(self.stamp.as_bytes()),
            "mechanisms" => Some(mechanisms.as_bytes()),
            "count" => Some(count.as_bytes()),
            "octets" => values.of(word).or(Some(octets.as_bytes())),
            word => values.of(word),
        })
    }

    /// An event for the log, if there were not too many already.
    fn note(&mut self, what: What) -> Option<What> {
        self.noted = self.noted.saturating_add(1);
        (self.noted <= MOST_NOTES).then_some(what)
    }
}

impl Reply {
    fn new(text: Vec<u8>, stage: Stage) -> Self {
        let head = text.iter().position(|&b| b == b'\n').map_or(text.len(), |at| at + 1);
        Reply { text, head, stage, login: None, next: Next::Command, notes: Vec::new() }
    }
}

/// What names of private extensions are made of.
const PARTS: &[&str] = &[
    "AUTH", "BATCH", "CACHE", "CLIENT", "DELAY", "EXPUNGE", "FILTER", "FOLDER", "HEADER", "INDEX", "LIMIT",
    "LOCK", "MAILBOX", "NOTIFY", "PROXY", "QUOTA", "REALM", "RETAIN", "SESSION", "SIZE", "STATUS", "SYNC",
    "TRACE", "VERSION",
];

/// What a persona says instead of its greeting when it has too many connections already.
pub fn busy(persona: &Persona, hostname: &str) -> Vec<u8> {
    text::wire(&text::fill(persona.busy, |word| match word {
        "host" => Some(hostname.as_bytes()),
        _ => None,
    }))
}

#[cfg(test)]
mod tests;
