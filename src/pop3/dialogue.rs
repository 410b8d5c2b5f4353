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
mod policy;
mod reply;

use super::gate::{Method, Try};
use crate::Rng;
use crate::event::{Plain, Reason, Totals, Verdict, What};
use crate::persona::pop3::{Argument, Counts, Cr, Does, Longest, Part, Persona, State, Verb};
use crate::persona::text::{self, Values};
use crate::sasl::Exchange;
use chrono::{DateTime, FixedOffset};
use line::Command;
use maildrop::Maildrop;
pub use policy::{Mailboxes, Passwords, Policy};
use rand::RngExt as _;
pub use reply::{Login, Next, Reply, Stage};
use std::time::Duration;

/// The longest name and the longest password kept, in bytes; longer ones are cut.
const LONGEST_KEPT: usize = 512;

/// The most events of one conversation; a peer that goes on is counted, but no longer logged.
const MOST_NOTES: u32 = 2000;

/// The moment at which the dialogue is asked.
pub struct Moment<'m> {
    pub wall: DateTime<FixedOffset>,
    /// For what differs from one reply to the next: APOP stamps, session ids.
    pub rng: &'m mut Rng,
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
    /// Mistakes, as the persona's patience counts them.
    mistakes: u32,
    /// Logins that failed or were given up.
    failed: u32,
    /// Replies to commands that began with `-ERR`.
    errors: u32,
    counts: Counted,
    noted: u32,
}

/// What the next line is.
enum Reading {
    Command,
    /// A line of this exchange; whether it will fail, whatever comes.
    Auth(Exchange, bool),
    /// The rest of this line, of which a NUL hid the end.
    Rest(Vec<u8>),
}

#[derive(Default)]
struct Counted {
    commands: u64,
    logins: u64,
    retrs: u64,
}

/// How a command went, as the persona's patience sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    Fine,
    /// Neither well nor badly.
    Neither,
    /// It was understood and refused.
    Refused,
    /// It is not allowed here, or its arguments are wrong.
    Misuse,
    /// A command that there is not.
    Unknown,
}

/// What is said of a login that succeeds, and of one that does not.
#[derive(Debug, Clone, Copy)]
struct Told {
    accepted: &'static str,
    refused: &'static str,
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
            failed: 0,
            errors: 0,
            counts: Counted::default(),
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
            Reading::Auth(exchange, doomed) => self.auth_answer(exchange, doomed, line, moment),
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
        let inside = self.persona().sasl.idle_text.filter(|_| self.in_exchange());
        let text = inside.or(self.state().idle_text).unwrap_or_default();
        let mut reply = self.reply(text, &Values::default(), Stage::Other);
        reply.next = Next::Close(Reason::Timeout);
        reply
    }

    /// How long it lets a peer be silent now.
    pub fn idle_limit(&self) -> Duration {
        self.state().idle
    }

    /// Whether the next line is an answer in an AUTH exchange, and no command.
    pub fn in_exchange(&self) -> bool {
        matches!(self.reading, Reading::Auth(..))
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
        let (state, sasl) = (self.state(), &self.persona().sasl);
        let whole = if state.cr == Cr::Skipped { line::without_cr(line) } else { line.into() };
        let line = whole.as_ref();
        let command = match Command::read(line, self.persona().form, state.cr) {
            Ok(command) => command,
            Err(first) => {
                self.reading = Reading::Rest(first.iter().copied().take(LONGEST_KEPT).collect());
                return Reply::new(Vec::new(), Stage::Other);
            }
        };
        self.counts.commands += 1;
        let named = if self.user.is_some() { self.persona().named } else { &[] };
        let verb = named.iter().chain(state.verbs).find(|verb| command.is(verb.word));
        let response = sasl.long_initial && verb.is_some_and(|verb| verb.does == Does::Auth);
        let longest = if response { sasl.longest } else { state.longest };
        if let Some(reply) = self.too_long(line, command.behind(), longest) {
            return reply;
        }
        let (reply, fault) = match (verb, self.misuse(line, &command, verb)) {
            (_, Some(text)) => (self.reply(text, &command.values(), Stage::Other), Fault::Misuse),
            (Some(verb), None) => self.act(verb.does, &command, moment),
            (None, None) => {
                let text = if command.is("") { state.empty } else { state.unknown };
                (self.reply(text, &command.values(), Stage::Other), Fault::Unknown)
            }
        };
        self.judge(reply, fault)
    }

    /// The reply to a line that is too long, if it is; `behind` of its bytes come after the command.
    fn too_long(&self, line: &[u8], behind: usize, longest: Option<Longest>) -> Option<Reply> {
        let longest = longest?;
        let word = line.len().saturating_sub(behind);
        let measured = match longest.of {
            Part::Line => line.len(),
            Part::Behind(most) if word > most + 1 => line.len() - most,
            Part::Behind(_) => behind,
        };
        (measured >= longest.bytes).then(|| {
            let mut reply = self.reply(longest.text, &Values::default(), Stage::Other);
            reply.next = Next::Close(Reason::Limit);
            reply
        })
    }

    /// What is said of a command that is written in a wrong way, before anything else is looked at.
    fn misuse(&self, line: &[u8], command: &Command<'_>, verb: Option<&Verb>) -> Option<&'static str> {
        let form = self.persona().form;
        let does = verb.map(|verb| verb.does);
        if !line.is_ascii() && !command.is("PASS") && form.eight_bit.is_some() {
            return form.eight_bit;
        }
        let argument = match does {
            Some(Does::Pass) => command.verbatim(),
            Some(Does::User) => self.name(command),
            _ => command.argument(),
        };
        if command.has_blank() && argument.is_empty() && does != Some(Does::Auth) && form.dangling.is_some() {
            return form.dangling;
        }
        match verb?.argument {
            Argument::Any => None,
            Argument::Needed(text) => argument.is_empty().then_some(text),
            Argument::Refused(text) => (!argument.is_empty()).then_some(text),
            Argument::Words { least, most, few, many } => {
                let words = match does {
                    Some(Does::Pass) => usize::from(!argument.is_empty()),
                    _ => command.words().count(),
                };
                (words < least).then_some(few).or((words > most).then_some(many))
            }
        }
    }

    fn act(&mut self, does: Does, command: &Command<'_>, moment: &mut Moment<'_>) -> (Reply, Fault) {
        let state = self.state();
        match does {
            Does::Capa => (self.capa(moment), Fault::Fine),
            Does::Say(text) => self.said(text, command, Stage::Other),
            Does::Stls(text) => self.said(text, command, Stage::Stls),
            Does::User => {
                let user: Vec<u8> = self.name(command).iter().copied().take(LONGEST_KEPT).collect();
                let values = command.values().with("user", &user);
                let reply = self.reply(self.persona().login.user, &values, Stage::User);
                self.user = Some(user);
                (reply, Fault::Fine)
            }
            Does::Pass => self.pass(command, moment),
            Does::Apop => self.apop(command, moment),
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
        let fault = if text.starts_with("-ERR") { Fault::Misuse } else { Fault::Fine };
        (self.reply(text, &command.values(), stage), fault)
    }

    /// The name that follows USER.
    fn name<'l>(&self, command: &Command<'l>) -> &'l [u8] {
        if self.persona().login.verbatim { command.verbatim() } else { command.argument() }
    }

    fn capa(&self, moment: &Moment<'_>) -> Reply {
        let date = moment.wall.format("%a, %d %b %Y %H:%M:%S %z").to_string();
        let values = Values::default().with("date", date.as_bytes());
        let lines = self.state().capabilities.iter().filter(|line| {
            // A server without mechanisms does not speak of them.
            !line.contains("{mechanisms}") || !self.persona().sasl.mechanisms.is_empty()
        });
        let lines: Vec<Vec<u8>> = lines.map(|line| self.expand(line, &values)).collect();
        self.list(self.persona().capa, &Values::default(), lines, Stage::Capa)
    }

    fn pass(&mut self, command: &Command<'_>, moment: &mut Moment<'_>) -> (Reply, Fault) {
        let login = &self.persona().login;
        let Some(user) = self.user.clone() else {
            return (self.reply(login.no_user, &command.values(), Stage::Other), Fault::Misuse);
        };
        if login.forgets_user {
            self.user = None;
        }
        let told = Told { accepted: login.accepted, refused: login.refused };
        self.log_in(&user, command.verbatim(), Method::Pass, told, moment)
    }

    fn apop(&mut self, command: &Command<'_>, moment: &mut Moment<'_>) -> (Reply, Fault) {
        let login = &self.persona().login;
        let mut words = command.words();
        match (words.next(), words.next(), words.next()) {
            (Some(user), Some(digest), None) => {
                let user: Vec<u8> = user.iter().copied().take(LONGEST_KEPT).collect();
                let told = Told { accepted: login.accepted, refused: login.apop_refused };
                self.log_in(&user, digest, Method::Apop, told, moment)
            }
            _ => (self.reply(login.apop_form, &command.values(), Stage::Other), Fault::Misuse),
        }
    }

    /// Judges a login, and opens the mailbox if it is the one that succeeds.
    fn log_in(
        &mut self,
        user: &[u8],
        password: &[u8],
        method: Method,
        told: Told,
        moment: &mut Moment<'_>,
    ) -> (Reply, Fault) {
        let password = password.get(..LONGEST_KEPT).unwrap_or(password);
        let judged = self.policy.gate.judge(Try { user, password, method }, moment.wall);
        self.counts.logins += 1;
        if judged.accepted {
            self.maildrop = Some(Maildrop::new((self.policy.mailboxes)(user, judged.visit, moment.wall)));
            self.user = None;
            // Another program goes on from here, except where mistakes are never forgiven.
            if self.persona().before.patience.is_none_or(|patience| patience.in_a_row) {
                self.mistakes = 0;
            }
        }
        let (pid, number) = (moment.rng.random_range(1_000..100_000), moment.rng.random::<u64>());
        let session = format!("{}-{pid}-1-{number}", moment.wall.timestamp());
        let text = if judged.accepted { told.accepted } else { told.refused };
        let values = Values::default().with("user", user).with("session", session.as_bytes());
        let mut reply = self.reply(text, &values, Stage::Login);
        if !judged.accepted {
            self.failed(&mut reply);
        }
        reply.login = Some(Login { accepted: judged.accepted, failures: judged.failures });
        reply.notes.extend(self.note(What::Login {
            user: Plain::from_peer(user),
            method: method.as_str().into(),
            verdict: if judged.accepted { Verdict::Accept } else { Verdict::Reject },
            password: (self.policy.passwords)(password),
            visit: judged.visit.map(|visit| Plain::from(format!("{visit:05x}").as_str())),
        }));
        (reply, if judged.accepted { Fault::Fine } else { Fault::Refused })
    }

    /// Counts a login that failed, and adds the persona's last words when there were too many.
    fn failed(&mut self, reply: &mut Reply) {
        self.failed = self.failed.saturating_add(1);
        if let Some((most, text)) = self.persona().login.closes
            && self.failed >= most
        {
            reply.text.extend(self.reply(text, &Values::default(), reply.stage).text);
            reply.next = Next::Close(Reason::Limit);
        }
    }

    /// Counts mistakes, and adds the persona's last words when there are too many.
    fn judge(&mut self, mut reply: Reply, fault: Fault) -> Reply {
        if let Some(patience) = self.state().patience {
            let counted = match patience.counts {
                Counts::Unknown => fault == Fault::Unknown,
                Counts::Misuse => matches!(fault, Fault::Unknown | Fault::Misuse),
                Counts::All => matches!(fault, Fault::Unknown | Fault::Misuse | Fault::Refused),
            };
            if counted {
                self.mistakes = self.mistakes.saturating_add(1);
            } else if patience.in_a_row && fault != Fault::Neither {
                self.mistakes = 0;
            }
            if counted && self.mistakes >= patience.most {
                match patience.instead.filter(|_| fault == Fault::Unknown) {
                    Some(text) => reply = self.reply(text, &Values::default(), reply.stage),
                    None => {
                        let last = self.reply(patience.text, &Values::default(), reply.stage);
                        reply.text.extend(last.text);
                    }
                }
                reply.next = Next::Close(Reason::Limit);
            }
        }
        let limits = self.persona().limits;
        self.errors = self.errors.saturating_add(u32::from(reply.text.starts_with(b"-ERR")));
        let without = self.maildrop.is_none()
            && limits.before.is_some_and(|most| self.counts.commands >= u64::from(most));
        let errors = limits.errors.is_some_and(|most| self.errors >= most);
        if (without || errors) && reply.next == Next::Command {
            self.reading = Reading::Command;
            reply.next = Next::Close(Reason::Limit);
        }
        reply
    }

    /// A reply of this text, or none at all if it is empty.
    fn reply(&self, text: &str, values: &Values<'_>, stage: Stage) -> Reply {
        match text {
            "" => Reply::new(Vec::new(), stage),
            text => Reply::new(text::wire(&self.expand(text, values)), stage),
        }
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
        let (count, octets) = self.maildrop.as_ref().map_or((0, 0), Maildrop::totals);
        let total = self.maildrop.as_ref().map_or(0, Maildrop::len).to_string();
        let (count, octets) = (count.to_string(), octets.to_string());
        text::fill(text, |word| match word {
            "host" => Some(self.policy.hostname.as_bytes()),
            "stamp" => Some(self.stamp.as_bytes()),
            "mechanisms" => Some(mechanisms.as_bytes()),
            "count" => Some(count.as_bytes()),
            "total" => Some(total.as_bytes()),
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
