//! The SMTP conversation of a persona (RFC 5321), without any time in it.
//!
//! A [`Dialogue`] hears one line at a time and answers with one complete [`Reply`]; how slowly that
//! leaves is [`super::session`]'s business. What is checked, in which order, and in which words is
//! in the tables of [`crate::persona`]; this module carries them out and holds the state: greeting,
//! envelope, AUTH exchange, body, and the counts.
//!
//! Nothing here fails, and nothing a peer sends makes it grow: names and addresses are cut, the
//! recipients have the persona's limit, a body is hashed and handed on, not collected.

mod checks;
mod command;
mod envelope;
mod login;
pub mod message;
mod patience;
mod policy;
mod reply;
mod texts;

use chrono::{DateTime, FixedOffset};
use std::time::Duration;

use crate::Rng;
use crate::engine::Ending;
use crate::event::{Plain, Reason, Totals, Verdict, What};
use crate::persona::smtp::path::Route;
use crate::persona::smtp::{Action, Farewell, Fault, Persona, Verb};
use crate::persona::text::Values;
use crate::sasl::Exchange;
use command::Command;
use envelope::Refusals;
use message::Envelope;
use patience::Patience;
pub use policy::{MessageVerdict, NullSender, Policy, Recipients};
pub use texts::busy;

/// The longest name or address kept, in bytes. RFC 5321 4.5.3.1.3 allows 256.
const LONGEST_KEPT: usize = 512;

/// The most events of one conversation; a peer that goes on is counted, but no longer logged.
const MOST_NOTES: u32 = 2000;

/// Where in the conversation a reply stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    Banner,
    Helo,
    Auth,
    Mail,
    Rcpt,
    Data,
    Dot,
    Quit,
    /// Any other command.
    Other,
}

impl Stage {
    /// The word for it in the configuration and in the log.
    pub fn as_str(self) -> &'static str {
        match self {
            Stage::Banner => "banner",
            Stage::Helo => "helo",
            Stage::Auth => "auth",
            Stage::Mail => "mail",
            Stage::Rcpt => "rcpt",
            Stage::Data => "data",
            Stage::Dot => "dot",
            Stage::Quit => "quit",
            Stage::Other => "command",
        }
    }
}

/// What to say, and what comes next.
#[derive(Debug, Clone, PartialEq)]
pub struct Reply {
    /// Complete, with CR LF, maybe several lines, and two replies when the persona loses its patience.
    pub text: Vec<u8>,
    /// What it answers.
    pub stage: Stage,
    /// What comes after it.
    pub next: Next,
    /// What the log should have of it.
    pub notes: Vec<What>,
}

/// What the persona expects after a reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// A command, or a line of an AUTH exchange.
    Command,
    /// The body of a message, for [`Dialogue::text`].
    Text,
    /// Nothing: it closes.
    Close(Reason),
}

/// The moment at which the dialogue is asked.
pub struct Moment<'m> {
    /// For the dates and queue ids in replies.
    pub wall: DateTime<FixedOffset>,
    /// For what differs from one reply to the next.
    pub rng: &'m mut Rng,
    /// The peer is taken for a person: relaying seems to work, AUTH succeeds after some tries,
    /// messages are queued.
    pub honeypot: bool,
}

/// One conversation.
pub struct Dialogue {
    policy: Policy,
    greeting: Option<Greeting>,
    /// There from MAIL to the final dot or a reset.
    envelope: Option<Envelope>,
    reading: Reading,
    authenticated: bool,
    refusals: Refusals,
    patience: Patience,
    counts: Counts,
    /// How many events were noted.
    noted: u32,
}

struct Greeting {
    name: Vec<u8>,
    extended: bool,
}

/// What the next line is.
enum Reading {
    Commands,
    Auth(Exchange),
    Text(message::Body),
}

#[derive(Default)]
struct Counts {
    commands: u64,
    mails: u64,
    null_from: u64,
    rcpts: u64,
    auths: u64,
    messages: u64,
}

/// A command with what was read out of it.
struct Asked<'l> {
    line: &'l [u8],
    command: Command<'l>,
    does: Option<Action>,
    /// What follows `FROM:` or `TO:`; for verbs without these, the whole argument.
    route: Option<Route<'l>>,
}

impl Dialogue {
    /// A conversation in which nothing has been said.
    pub fn new(policy: Policy) -> Self {
        Dialogue {
            policy,
            greeting: None,
            envelope: None,
            reading: Reading::Commands,
            authenticated: false,
            refusals: Refusals::None,
            patience: Patience::default(),
            counts: Counts::default(),
            noted: 0,
        }
    }

    /// Hears a command, or a line of an AUTH exchange.
    pub fn command(&mut self, line: &[u8], moment: &mut Moment<'_>) -> Reply {
        if let Reading::Auth(mut exchange) = std::mem::replace(&mut self.reading, Reading::Commands) {
            let step = exchange.answer(line.trim_ascii());
            return self.auth_step(exchange, step, "continued", moment);
        }
        self.counts.commands += 1;
        let persona = self.persona();
        if line.len() > persona.line_limit {
            return self.cut(line, moment);
        }
        self.obey(line, moment)
    }

    /// Hears the beginning of a line that was too long for the reader.
    pub fn overlong(&mut self, line: &[u8], moment: &mut Moment<'_>) -> Reply {
        // No answer of an AUTH exchange is so long: whoever sends this has lost the thread.
        if matches!(self.reading, Reading::Auth(_)) {
            return self.command(b"*", moment);
        }
        self.counts.commands += 1;
        self.cut(line, moment)
    }

    /// Hears a line of the body, or a part of one. A reply comes at the final dot.
    pub fn text(&mut self, part: &[u8], ending: Ending, moment: &mut Moment<'_>) -> Option<Reply> {
        let Reading::Text(body) = &mut self.reading else {
            return Some(self.command(part, moment));
        };
        let whole = body.take(part, ending, self.policy.keep.as_mut())?;
        Some(self.dot(&whole, moment))
    }

    /// What the persona says to a peer that has been silent for [`Dialogue::idle_limit`].
    pub fn timeout(&self) -> Reply {
        let text = match self.reading {
            Reading::Text(_) => self.persona().text_timeout,
            _ => self.persona().timeout,
        };
        let text = self.say(text, &Values::default());
        Reply::new(text, Stage::Other, Next::Close(Reason::Timeout))
    }

    /// How long the persona lets a peer be silent.
    pub fn idle_limit(&self) -> Duration {
        self.persona().idle
    }

    /// The peer is gone: gives up what was not complete, and says what the log should have of it.
    pub fn abandon(&mut self) -> Vec<What> {
        match std::mem::replace(&mut self.reading, Reading::Commands) {
            Reading::Commands => Vec::new(),
            Reading::Auth(exchange) => self
                .note(What::Auth {
                    user: Plain::from_peer(exchange.user()),
                    method: exchange.mechanism.as_str().into(),
                    verdict: Verdict::Abort,
                })
                .into_iter()
                .collect(),
            Reading::Text(body) => {
                self.policy.keep.abandon();
                let whole = body.end();
                // A peer that left before its 354 was complete has begun no message.
                if whole.bytes == 0 {
                    return Vec::new();
                }
                self.note(What::Message {
                    bytes: whole.bytes,
                    sha256: whole.sha256.as_str().into(),
                    verdict: Verdict::Abort,
                    stored: None,
                })
                .into_iter()
                .collect()
            }
        }
    }

    /// What the `end` event counts.
    pub fn totals(&self) -> Totals {
        Totals {
            commands: self.counts.commands,
            mails: Some(self.counts.mails),
            null_from: Some(self.counts.null_from),
            rcpts: Some(self.counts.rcpts),
            auths: Some(self.counts.auths),
            messages: Some(self.counts.messages),
            ..Totals::default()
        }
    }

    /// Whether the next line belongs to an AUTH exchange, and is no command.
    pub fn in_exchange(&self) -> bool {
        matches!(self.reading, Reading::Auth(_))
    }

    /// The persona.
    pub fn persona(&self) -> &'static Persona {
        self.policy.persona
    }

    fn cut(&mut self, line: &[u8], moment: &mut Moment<'_>) -> Reply {
        let persona = self.persona();
        match persona.overlong {
            Some(text) => self.object(text, Fault::Syntax),
            None => self.obey(line.get(..persona.line_limit).unwrap_or(line), moment),
        }
    }

    fn obey(&mut self, line: &[u8], moment: &mut Moment<'_>) -> Reply {
        let persona = self.persona();
        let line = match (persona.nul, line.iter().position(|&b| b == 0)) {
            (Some(text), Some(_)) => return self.object(text, Fault::Syntax),
            (None, Some(at)) => line.get(..at).unwrap_or_default(),
            (_, None) => line,
        };
        let command = Command::split(line, persona.blanks);
        let verb = persona.verb(command.word);
        let does = verb.map(|verb| verb.does);
        let route = match does {
            Some(Action::Mail) => command.behind("FROM:").map(persona.sender),
            Some(Action::Rcpt) => command.behind("TO:").map(persona.recipient),
            _ => Some((persona.recipient)(command.argument)),
        };
        let asked = Asked { line, command, does, route };
        let Some(verb) = verb else {
            return self.unknown(&asked);
        };
        let chatter = self.patience.chatter(persona, verb);
        if chatter.is_some_and(|limit| limit.form == Farewell::Instead) {
            let reply = Reply::new(Vec::new(), stage(verb.does), Next::Command);
            return self.judge(Fault::Chatter, reply);
        }
        let objection = verb.checks.iter().find(|check| self.objects(check.when, &asked, moment));
        if let Some(check) = objection {
            let text = self.say(check.reply, &self.values(&asked));
            if verb.does == Action::Rcpt {
                self.refusals.add(check.fault, &text);
            }
            let mut reply = Reply::new(text, stage(verb.does), Next::Command);
            reply.notes.extend(self.refusal(verb, check, &asked));
            return self.judge(check.fault, reply);
        }
        let reply = self.act(verb, &asked, moment);
        match chatter {
            Some(_) => self.judge(Fault::Chatter, reply),
            None => reply,
        }
    }

    fn object(&mut self, text: &str, fault: Fault) -> Reply {
        let reply = Reply::new(self.say(text, &Values::default()), Stage::Other, Next::Command);
        self.judge(fault, reply)
    }

    fn unknown(&mut self, asked: &Asked<'_>) -> Reply {
        let persona = self.persona();
        let word = asked.command.word;
        if word.is_empty() && asked.command.argument.is_empty() {
            return self.object(persona.empty, Fault::Unknown);
        }
        if let Some(forbidden) = &persona.forbidden {
            let listed = forbidden.words.iter().any(|known| known.as_bytes().eq_ignore_ascii_case(word));
            let header = forbidden.headers && asked.command.is_header();
            let strange = forbidden.not_letters && !word.first().is_some_and(u8::is_ascii_alphabetic);
            let in_time = !forbidden.first_only || self.counts.commands <= 1;
            if in_time && (listed || header || strange) {
                let text = self.say(forbidden.reply, &self.values(asked));
                return Reply::new(text, Stage::Other, Next::Close(Reason::Limit));
            }
        }
        let text = self.say(persona.unknown, &self.values(asked));
        let reply = Reply::new(text, Stage::Other, Next::Command);
        self.judge(Fault::Unknown, reply)
    }

    /// Does what the command asks for, and answers.
    fn act(&mut self, verb: &Verb, asked: &Asked<'_>, moment: &mut Moment<'_>) -> Reply {
        let mut next = Next::Command;
        let mut note = None;
        match verb.does {
            Action::Helo | Action::Ehlo => {
                self.reset();
                let name = kept(asked.command.argument);
                note = Some(What::Helo { verb: verb.word.into(), name: Plain::from_peer(&name) });
                self.greeting = Some(Greeting { name, extended: verb.does == Action::Ehlo });
            }
            Action::Mail => note = self.mail(asked),
            Action::Rcpt => note = self.rcpt(asked),
            Action::Data => {
                next = Next::Text;
                let body = message::Body::new(self.policy.max_message, self.persona().strict_dot);
                if let Some(envelope) = &self.envelope {
                    self.policy.keep.begin(envelope);
                }
                self.reading = Reading::Text(body);
            }
            Action::Login => return self.auth(asked, moment),
            Action::Reset => self.reset(),
            Action::Quit => next = Next::Close(Reason::Quit),
            Action::Say => {}
            Action::Hang => next = Next::Close(Reason::Limit),
        }
        let text = self.say(verb.reply, &self.values(asked));
        let mut reply = Reply::new(text, stage(verb.does), next);
        reply.notes.extend(note.and_then(|note| self.note(note)));
        reply
    }

    fn reset(&mut self) {
        self.envelope = None;
        self.refusals = Refusals::None;
    }

    /// Counts a fault, and ends the conversation if it was one too many.
    fn judge(&mut self, fault: Fault, mut reply: Reply) -> Reply {
        let Some(limit) = self.patience.fault(self.persona(), fault) else {
            return reply;
        };
        let code = reply.text.get(..3).unwrap_or_default().to_vec();
        let last = self.say(limit.farewell, &Values::default().with("code", &code));
        match limit.form {
            Farewell::Behind => reply.text.extend_from_slice(&last),
            Farewell::Joined => {
                reply::join(&mut reply.text);
                reply.text.extend_from_slice(&last);
            }
            Farewell::Instead => reply.text = last,
        }
        reply.next = Next::Close(Reason::Limit);
        reply
    }

    fn note(&mut self, what: What) -> Option<What> {
        self.noted = self.noted.saturating_add(1);
        (self.noted <= MOST_NOTES).then_some(what)
    }
}

impl Reply {
    fn new(text: Vec<u8>, stage: Stage, next: Next) -> Self {
        Reply { text, stage, next, notes: Vec::new() }
    }
}

fn stage(does: Action) -> Stage {
    match does {
        Action::Helo | Action::Ehlo => Stage::Helo,
        Action::Mail => Stage::Mail,
        Action::Rcpt => Stage::Rcpt,
        Action::Data => Stage::Data,
        Action::Login => Stage::Auth,
        Action::Quit => Stage::Quit,
        Action::Reset | Action::Say | Action::Hang => Stage::Other,
    }
}

fn kept(text: &[u8]) -> Vec<u8> {
    text.iter().copied().take(LONGEST_KEPT).collect()
}

#[cfg(test)]
mod tests;
