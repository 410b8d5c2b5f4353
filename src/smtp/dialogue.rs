//! The SMTP conversation of a persona (RFC 5321), without any time in it.
//!
//! A [`Dialogue`] hears one line at a time and answers with one complete [`Reply`]; how slowly that
//! leaves is [`super::session`]'s business. What is checked, in which order, and in which words is
//! in the tables of [`crate::persona`]; this module carries them out and holds the state: greeting,
//! envelope, AUTH exchange, body, and the counts.
//!
//! Nothing here fails, and nothing a peer sends makes it grow: names and addresses are cut, the
//! recipients have the persona's limit, a body is hashed and handed on, not collected.

mod auth;
mod checks;
mod command;
mod login;
pub mod message;
mod patience;
mod policy;
mod reply;

use chrono::{DateTime, FixedOffset};
use rand::RngExt as _;
use std::time::Duration;

use crate::Rng;
use crate::engine::Ending;
use crate::event::{Plain, Reason, Totals, Verdict, What};
use crate::persona::path::Route;
use crate::persona::{Action, Check, Farewell, Fault, Persona, Teaser, Verb, Wait};
use auth::Exchange;
use checks::Doubt;
use command::Command;
use message::Envelope;
use patience::Patience;
pub use policy::{Issued, MessageVerdict, NoneIssued, NullSender, Policy, Recipients};
use reply::Values;

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
    pub stage: Stage,
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
    pub wall: DateTime<FixedOffset>,
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

/// The RCPT commands that were turned away since MAIL.
enum Refusals {
    None,
    /// All with this reply.
    Same(Vec<u8>),
    Mixed,
}

impl Refusals {
    /// One more. A refusal by policy is remembered without its code.
    fn add(&mut self, fault: Fault, reply: &[u8]) {
        let reply = reply.strip_suffix(b"\r\n").unwrap_or(reply);
        let kept = match fault {
            Fault::Denied => reply.get(4..).unwrap_or_default(),
            _ => reply,
        };
        *self = match std::mem::replace(self, Refusals::Mixed) {
            Refusals::None => Refusals::Same(kept.to_vec()),
            Refusals::Same(first) if first == kept => Refusals::Same(first),
            _ => Refusals::Mixed,
        };
    }
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

    /// The greeting, complete.
    pub fn banner(&mut self, moment: &Moment<'_>) -> Reply {
        let date = (self.persona().date)(&moment.wall);
        let text = self.say(self.persona().banner, &Values::default().with("date", date.as_bytes()));
        Reply::new(text, Stage::Banner, Next::Command)
    }

    /// Splits a greeting that takes its time into what goes out first and what follows. One that is
    /// never complete must have more than one line, whatever the persona.
    pub fn teaser(&self, banner: &[u8], endless: bool) -> (Vec<u8>, Vec<u8>) {
        match self.persona().teaser {
            teaser if endless || teaser == Teaser::Line => {
                let end = banner.iter().position(|&b| b == b'\n').map_or(banner.len(), |at| at + 1);
                let mut first = banner.get(..end).unwrap_or_default().to_vec();
                reply::join(&mut first);
                (first, banner.to_vec())
            }
            Teaser::Line => (Vec::new(), banner.to_vec()),
            Teaser::Until(text) => {
                let found = banner.windows(text.len()).position(|part| part == text.as_bytes());
                let (first, rest) = banner.split_at(found.map_or(0, |at| at + text.len()));
                (first.to_vec(), rest.to_vec())
            }
        }
    }

    /// Hears a command, or a line of an AUTH exchange.
    pub fn command(&mut self, line: &[u8], _ending: Ending, moment: &mut Moment<'_>) -> Reply {
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
        if matches!(self.reading, Reading::Auth(_)) {
            return self.command(b"*", Ending::CrLf, moment);
        }
        self.counts.commands += 1;
        self.cut(line, moment)
    }

    /// Hears a line of the body, or a part of one. A reply comes at the final dot.
    pub fn text(&mut self, part: &[u8], ending: Ending, moment: &mut Moment<'_>) -> Option<Reply> {
        let Reading::Text(body) = &mut self.reading else {
            return Some(self.command(part, ending, moment));
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

    /// One more line, `CODE-...` with CR LF and under 500 bytes, that can stand before the last
    /// line of `reply` in a reply that takes its time; `nth` counts them.
    pub fn continuation(&self, reply: &[u8], nth: u32, rng: &mut Rng) -> Vec<u8> {
        let mut lines = reply.split(|&b| b == b'\n').filter(|line| line.len() >= 4);
        let last = lines.next_back().unwrap_or(b"250 ");
        let code = last.get(..3).unwrap_or(b"250");
        let fits = |wait: &&Wait| wait.replies.iter().any(|start| last.starts_with(start.as_bytes()));
        let known = self.envelope.as_ref().is_some_and(|e| !e.to.is_empty());
        let texts = self.persona().waits.iter().find(fits).map_or(&[][..], |wait| wait.texts);
        let texts: Vec<&str> = texts.iter().copied().filter(|text| known || !text.contains("{to}")).collect();
        // Neighbours come from different halves, so that no line stands twice in a row.
        let (even, odd) = texts.split_at(texts.len().div_ceil(2));
        let half = if nth.is_multiple_of(2) || odd.is_empty() { even } else { odd };
        let text = half.get(rng.random_range(0..half.len().max(1))).copied().unwrap_or("");
        let count = nth.saturating_add(rng.random_range(1..7)).to_string();
        let id = format!("{:X}", rng.random_range(0x10_0000_0000u64..0xff_ffff_ffff));
        let values = Values::default().with("n", count.as_bytes()).with("id", id.as_bytes());
        let mut line = code.to_vec();
        line.push(b'-');
        if let Some(enhanced) = reply::enhanced_code(last) {
            line.extend_from_slice(enhanced);
            line.push(b' ');
        }
        line.extend_from_slice(&self.expand(text, &values));
        reply::wire(&line)
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
            logins: None,
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

    fn mail(&mut self, asked: &Asked<'_>) -> Option<What> {
        let route = asked.route.as_ref()?;
        self.refusals = Refusals::None;
        self.counts.mails += 1;
        self.counts.null_from += u64::from(route.is_null());
        self.envelope = Some(Envelope {
            helo: self.greeting.as_ref().map_or_else(Vec::new, |g| g.name.clone()),
            from: kept(route.address),
            to: Vec::new(),
        });
        Some(What::Mail { from: Plain::from_peer(route.address), verdict: Verdict::Accept })
    }

    fn rcpt(&mut self, asked: &Asked<'_>) -> Option<What> {
        let route = asked.route.as_ref()?;
        self.counts.rcpts += 1;
        if let Some(envelope) = &mut self.envelope {
            envelope.to.push(kept(route.address));
        }
        Some(What::Rcpt {
            to: Plain::from_peer(route.address),
            verdict: Verdict::Accept,
            receipt: self.policy.issued.receipt(route.address),
        })
    }

    /// The event for a sender or recipient that was turned away by policy.
    fn refusal(&mut self, verb: &Verb, check: &Check, asked: &Asked<'_>) -> Option<What> {
        let route = asked.route.as_ref()?;
        let verdict = match check.reply.as_bytes().first() {
            Some(b'4') => Verdict::Tempfail,
            _ => Verdict::Reject,
        };
        let address = Plain::from_peer(route.address);
        match verb.does {
            Action::Mail if check.fault == Fault::Denied => {
                self.counts.mails += 1;
                self.counts.null_from += u64::from(route.is_null());
                self.note(What::Mail { from: address, verdict })
            }
            Action::Rcpt if check.fault == Fault::Denied => {
                self.counts.rcpts += 1;
                let receipt = self.policy.issued.receipt(route.address);
                self.note(What::Rcpt { to: address, verdict, receipt })
            }
            _ => None,
        }
    }

    fn dot(&mut self, whole: &message::Whole, moment: &mut Moment<'_>) -> Reply {
        self.reading = Reading::Commands;
        self.counts.messages += 1;
        let body = &self.persona().body;
        let wanted = match moment.honeypot {
            true => MessageVerdict::Accept,
            false => self.policy.verdict,
        };
        let (text, verdict) = match wanted {
            _ if whole.too_big => (body.too_big, Verdict::Reject),
            MessageVerdict::Accept => (body.accepted, Verdict::Accept),
            MessageVerdict::Reject => (body.rejected, Verdict::Reject),
            MessageVerdict::Tempfail => (body.deferred, Verdict::Tempfail),
        };
        let stored = match whole.too_big {
            true => {
                self.policy.keep.abandon();
                None
            }
            false => self.policy.keep.end(),
        };
        let id = (self.persona().queue_id)(moment.rng, &moment.wall);
        let bytes = whole.bytes.to_string();
        let serial = moment.rng.random_range(1u64 << 32..1 << 44).to_string();
        let values = Values::default()
            .with("serial", serial.as_bytes())
            .with("id", id.as_bytes())
            .with("bytes", bytes.as_bytes());
        let mut reply = Reply::new(self.say(text, &values), Stage::Dot, Next::Command);
        reply.notes.extend(self.note(What::Message {
            bytes: whole.bytes,
            sha256: whole.sha256.as_str().into(),
            verdict,
            stored: stored.as_deref().map(Plain::from),
        }));
        self.reset();
        self.patience.message(self.persona(), verdict == Verdict::Accept);
        reply
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

    fn values<'l>(&'l self, asked: &'l Asked<'_>) -> Values<'l> {
        let mut values = Values::default()
            .with("line", asked.line)
            .with("word", asked.command.word)
            .with("argument", asked.command.argument)
            .with("mechanism", asked.command.words().next().unwrap_or_default());
        if let Refusals::Same(refusal) = &self.refusals {
            values = values.with("refusal", refusal);
        }
        let Some(route) = &asked.route else {
            return values;
        };
        if let Some(doubtful) = self.parameters(asked).find(|p| p.doubt != Doubt::None) {
            values = values.with("parameter", doubtful.word).with("value", doubtful.value);
        }
        values
            .with("path", route.path)
            .with("to", route.address)
            .with("from", route.address)
            .with("complaint", &route.complaint)
    }

    /// A reply of this text, ready for the wire.
    fn say(&self, text: &str, values: &Values<'_>) -> Vec<u8> {
        reply::wire(&self.expand(text, values))
    }

    fn expand(&self, text: &str, values: &Values<'_>) -> Vec<u8> {
        let size = self.policy.max_message.to_string();
        let peer = self.policy.peer.map(|peer| peer.to_string());
        let name = self.greeting.as_ref().map(|g| g.name.as_slice());
        let last = self.envelope.as_ref().and_then(|e| e.to.last());
        reply::fill(text, |word| match word {
            "host" => Some(self.policy.hostname.as_bytes()),
            "size" => Some(size.as_bytes()),
            "peer" => peer.as_deref().map(str::as_bytes),
            "name" => name,
            "to" => values.of("to").or(last.map(Vec::as_slice)),
            word => values.of(word),
        })
    }
}

impl Reply {
    fn new(text: Vec<u8>, stage: Stage, next: Next) -> Self {
        Reply { text, stage, next, notes: Vec::new() }
    }
}

/// What a persona says instead of its greeting when it has too many connections already.
pub fn busy(persona: &Persona, hostname: &str) -> Vec<u8> {
    reply::wire(&reply::fill(persona.busy, |word| match word {
        "host" => Some(hostname.as_bytes()),
        _ => None,
    }))
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
