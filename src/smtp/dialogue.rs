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
mod command;
pub mod message;
mod reply;

use chrono::{DateTime, FixedOffset};
use rand::RngExt as _;
use std::net::IpAddr;
use std::time::Duration;

use crate::Rng;
use crate::engine::Ending;
use crate::event::{Plain, Reason, Totals, Verdict, What};
use crate::persona::{Action, Check, Farewell, Fault, Idle, Persona, Verb, When};
use auth::{Exchange, Mechanism, Step};
use command::{Command, Route};
use message::{Envelope, Keep};
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

/// Which recipients are accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Recipients {
    /// Anybody at one of our domains.
    #[default]
    Domain,
    /// Anybody.
    Any,
    /// Addresses that Sundew issued.
    Issued,
}

/// What to do with `MAIL FROM:<>`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum NullSender {
    #[default]
    Refuse,
    Accept,
}

/// What to say after the final dot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum MessageVerdict {
    /// Try again later: no honest mail is lost, and the peer comes back.
    #[default]
    Tempfail,
    Reject,
    Accept,
}

/// Knows the addresses that Sundew issued.
pub trait Issued {
    /// What the log should say of this address, if it is one of them.
    fn receipt(&self, address: &[u8]) -> Option<Plain>;
}

/// Knows none.
pub struct NoneIssued;

impl Issued for NoneIssued {
    fn receipt(&self, _address: &[u8]) -> Option<Plain> {
        None
    }
}

/// What the operator decided.
pub struct Policy {
    pub persona: &'static Persona,
    pub hostname: String,
    /// Our domains, in any case.
    pub domains: Vec<String>,
    pub recipients: Recipients,
    pub null_sender: NullSender,
    pub verdict: MessageVerdict,
    /// The most bytes of a message that are kept, and what SIZE announces.
    pub max_message: u64,
    /// AUTH succeeds at this try; 0 is never.
    pub auth_after: u32,
    /// The same while the peer is taken for a person.
    pub human_auth_after: u32,
    pub peer: Option<IpAddr>,
    pub issued: Box<dyn Issued>,
    pub keep: Box<dyn Keep>,
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
    faults: Faults,
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

/// How often the peer did wrong, for [`crate::persona::Limit`].
#[derive(Default)]
struct Faults {
    seen: Vec<(Fault, u32)>,
    /// Commands that moved no mail.
    idle: u32,
    /// The verbs used since the last message.
    said: Vec<&'static str>,
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
            faults: Faults::default(),
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

    /// Hears a command, or a line of an AUTH exchange.
    pub fn command(&mut self, line: &[u8], _ending: Ending, moment: &mut Moment<'_>) -> Reply {
        if let Reading::Auth(mut exchange) = std::mem::replace(&mut self.reading, Reading::Commands) {
            let step = exchange.answer(line.trim_ascii());
            return self.auth_step(exchange, step, moment);
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
        let waits = self.persona().waits;
        let fits = |codes: &&[&str]| codes.iter().any(|c| code.starts_with(c.as_bytes()));
        let texts = waits.iter().find(|wait| fits(&wait.codes)).map_or(&[][..], |w| w.texts);
        let text = match texts.len() {
            0 => "",
            many => {
                let at = rng.random_range(0..many);
                texts.get(at).copied().unwrap_or("")
            }
        };
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
            Some(text) => {
                let reply = Reply::new(self.say(text, &Values::default()), Stage::Other, Next::Command);
                self.judge(Fault::Syntax, reply)
            }
            None => self.obey(line.get(..persona.line_limit).unwrap_or(line), moment),
        }
    }

    fn obey(&mut self, line: &[u8], moment: &mut Moment<'_>) -> Reply {
        let command = Command::split(line);
        let verb = self.persona().verb(command.word);
        let keyword = match verb.map(|verb| verb.does) {
            Some(Action::Mail) => "FROM:",
            _ => "TO:",
        };
        let asked = Asked { line, command, route: Route::read(command.argument, keyword) };
        let Some(verb) = verb else {
            return self.unknown(&asked);
        };
        let chatter = self.chatters(verb);
        let at_once = |limit: &crate::persona::Limit| {
            limit.form == Farewell::Instead && limit.faults.contains(&Fault::Chatter)
        };
        if chatter && self.persona().limits.iter().any(at_once) {
            let reply = Reply::new(Vec::new(), stage(verb.does), Next::Command);
            return self.judge(Fault::Chatter, reply);
        }
        let objection = verb.checks.iter().find(|check| self.objects(check.when, &asked, moment));
        if let Some(check) = objection {
            let values = self.values(&asked);
            let text = self.say(check.reply, &values);
            let mut reply = Reply::new(text, stage(verb.does), Next::Command);
            reply.notes.extend(self.refusal(verb, check, &asked));
            return self.judge(check.fault, reply);
        }
        let reply = self.act(verb, &asked, moment);
        match chatter {
            true => self.judge(Fault::Chatter, reply),
            false => reply,
        }
    }

    fn unknown(&mut self, asked: &Asked<'_>) -> Reply {
        let persona = self.persona();
        let word = asked.command.word;
        if let Some(forbidden) = &persona.forbidden {
            let early = !forbidden.first_only || self.counts.commands <= 1;
            let listed = forbidden.words.iter().any(|known| known.as_bytes().eq_ignore_ascii_case(word));
            let header = forbidden.headers && command::is_header(word);
            if early && (listed || header) {
                let text = self.say(forbidden.reply, &self.values(asked));
                return Reply::new(text, Stage::Other, Next::Close(Reason::Limit));
            }
        }
        let text = self.say(persona.unknown, &self.values(asked));
        let reply = Reply::new(text, Stage::Other, Next::Command);
        self.judge(Fault::Unknown, reply)
    }

    /// Whether this check objects to what was asked.
    fn objects(&self, when: When, asked: &Asked<'_>, moment: &Moment<'_>) -> bool {
        let argument = asked.command.argument;
        let route = asked.route.as_ref();
        match when {
            When::Always => true,
            When::NotGreeted => self.greeting.is_none(),
            When::NotExtended => !self.greeting.as_ref().is_some_and(|g| g.extended),
            When::NoArgument => argument.is_empty(),
            When::Argument => !argument.is_empty(),
            When::MoreWords(most) => asked.command.words().count() > most,
            When::BadName => !command::is_domain(argument),
            When::NoKeyword => route.is_none(),
            When::NoPath => route.is_some_and(|r| r.path.is_empty()),
            When::NullPath => route.is_some_and(Route::is_null),
            When::Path(fault) => route.is_some_and(|r| r.fault == Some(fault)),
            When::BadPath => route.is_some_and(|r| r.fault.is_some()),
            When::UnknownParameter => route.is_some_and(|r| self.unknown_parameter(r).is_some()),
            When::BadValue(name) => {
                route.is_some_and(|r| r.parameters().any(|p| command::bad_value(name, p)))
            }
            When::TooBig => route.and_then(|r| r.size()).is_some_and(|size| size > self.policy.max_message),
            When::InMail => self.envelope.is_some(),
            When::NoMail => self.envelope.is_none(),
            When::NoRecipient => self.envelope.as_ref().is_none_or(|e| e.to.is_empty()),
            When::TooManyRecipients => self
                .envelope
                .as_ref()
                .is_some_and(|e| u32::try_from(e.to.len()).unwrap_or(u32::MAX) >= self.persona().recipients),
            When::NullSender => {
                self.policy.null_sender == NullSender::Refuse && route.is_some_and(Route::is_null)
            }
            When::Relay => route.is_some_and(|r| {
                !moment.honeypot
                    && !self.authenticated
                    && self.policy.recipients != Recipients::Any
                    && !self.ours(r)
            }),
            When::UnknownUser => route.is_some_and(|r| {
                !moment.honeypot
                    && self.policy.recipients == Recipients::Issued
                    && self.ours(r)
                    && self.policy.issued.receipt(r.address).is_none()
            }),
            When::Authenticated => self.authenticated,
            When::UnknownMechanism => {
                asked.command.words().next().is_none_or(|word| Mechanism::read(word).is_none())
            }
        }
    }

    /// Whether the recipient is at a domain of ours.
    fn ours(&self, route: &Route<'_>) -> bool {
        match route.domain() {
            None => self.persona().bare_local,
            Some(domain) => {
                self.policy.domains.iter().any(|ours| ours.as_bytes().eq_ignore_ascii_case(domain))
            }
        }
    }

    fn unknown_parameter<'l>(&self, route: &Route<'l>) -> Option<&'l [u8]> {
        route.words().find(|word| {
            let keyword = word.split(|&b| b == b'=').next().unwrap_or_default();
            !command::PARAMETERS
                .iter()
                .filter(|(_, extension)| self.persona().offers(extension))
                .any(|(known, _)| known.as_bytes().eq_ignore_ascii_case(keyword))
        })
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
        }
        let text = self.say(verb.reply, &self.values(asked));
        let mut reply = Reply::new(text, stage(verb.does), next);
        reply.notes.extend(note.and_then(|note| self.note(note)));
        reply
    }

    fn reset(&mut self) {
        self.envelope = None;
    }

    fn mail(&mut self, asked: &Asked<'_>) -> Option<What> {
        let route = asked.route?;
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
        let route = asked.route?;
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
        let route = asked.route?;
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

    fn auth(&mut self, asked: &Asked<'_>, moment: &mut Moment<'_>) -> Reply {
        let mut words = asked.command.words();
        let mechanism = words.next().and_then(Mechanism::read);
        let mechanism = mechanism.unwrap_or(Mechanism::Plain);
        let (exchange, step) = Exchange::begin(mechanism, words.next());
        self.auth_step(exchange, step, moment)
    }

    fn auth_step(&mut self, exchange: Exchange, step: Step, moment: &mut Moment<'_>) -> Reply {
        let auth = &self.persona().auth;
        let challenge = match step {
            Step::AskUser => Some("334 VXNlcm5hbWU6"),
            Step::AskPassword => Some("334 UGFzc3dvcmQ6"),
            Step::AskAll => Some(auth.plain),
            _ => None,
        };
        if let Some(challenge) = challenge {
            self.reading = Reading::Auth(exchange);
            let text = self.say(challenge, &Values::default());
            return Reply::new(text, Stage::Auth, Next::Command);
        }
        let (text, verdict, user) = match step {
            Step::Complete { user } => {
                self.counts.auths += 1;
                if self.lets_in(moment) {
                    self.authenticated = true;
                    (auth.success, Verdict::Accept, user)
                } else {
                    (auth.failure, Verdict::Reject, user)
                }
            }
            Step::Cancelled => (auth.cancelled, Verdict::Abort, exchange.user().to_vec()),
            Step::NotBase64 => (auth.not_base64, Verdict::Abort, exchange.user().to_vec()),
            _ => (auth.malformed, Verdict::Abort, exchange.user().to_vec()),
        };
        let reason: &[u8] = match exchange.mechanism {
            Mechanism::Login => b"UGFzc3dvcmQ6",
            Mechanism::Plain => b"",
        };
        let text = self.say(text, &Values::default().with("reason", reason));
        let mut reply = Reply::new(text, Stage::Auth, Next::Command);
        reply.notes.extend(self.note(What::Auth {
            user: Plain::from_peer(&user),
            method: exchange.mechanism.as_str().into(),
            verdict,
        }));
        let fault = match verdict {
            Verdict::Accept => Fault::Fine,
            _ => Fault::Password,
        };
        self.judge(fault, reply)
    }

    /// Whether this try of AUTH is the one that succeeds.
    fn lets_in(&self, moment: &Moment<'_>) -> bool {
        let after = match moment.honeypot {
            true => self.policy.human_auth_after,
            false => self.policy.auth_after,
        };
        after > 0 && self.counts.auths >= u64::from(after)
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
        if verdict == Verdict::Accept {
            self.faults = Faults::default();
        }
        reply
    }

    /// Counts a command that moves no mail, and says whether it is one too many.
    fn chatters(&mut self, verb: &'static Verb) -> bool {
        let again = self.faults.said.contains(&verb.word);
        if !again {
            self.faults.said.push(verb.word);
        }
        let counts = match verb.idle {
            Idle::No => false,
            Idle::Again => again,
            Idle::Yes => true,
        };
        if !counts {
            return false;
        }
        self.faults.idle = self.faults.idle.saturating_add(1);
        let limits = self.persona().limits;
        limits.iter().any(|limit| limit.faults.contains(&Fault::Chatter) && self.faults.idle > limit.free)
    }

    /// Counts a fault, and ends the conversation if it was one too many.
    fn judge(&mut self, fault: Fault, mut reply: Reply) -> Reply {
        if fault == Fault::Fine {
            return reply;
        }
        match self.faults.seen.iter_mut().find(|(f, _)| *f == fault) {
            Some((_, count)) => *count = count.saturating_add(1),
            None => self.faults.seen.push((fault, 1)),
        }
        let count = |faults: &[Fault]| {
            let of = self.faults.seen.iter().filter(|(f, _)| faults.contains(f));
            of.fold(0u32, |sum, (_, n)| sum.saturating_add(*n))
        };
        let limit = self
            .persona()
            .limits
            .iter()
            .find(|limit| limit.faults.contains(&fault) && count(limit.faults) > limit.forgiven);
        let Some(limit) = limit else {
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

    fn values<'l>(&self, asked: &Asked<'l>) -> Values<'l> {
        let mut values = Values::default()
            .with("line", asked.line)
            .with("word", asked.command.word)
            .with("argument", asked.command.argument);
        if let Some(route) = asked.route {
            let wrong = route.parameters().find(|&(name, value)| {
                command::PARAMETERS.iter().any(|(known, _)| command::bad_value(known, (name, value)))
            });
            values = values
                .with("value", wrong.and_then(|(_, value)| value).unwrap_or_default())
                .with("path", route.path)
                .with("to", route.address)
                .with("from", route.address)
                .with("parameter", self.unknown_parameter(&route).unwrap_or_default());
        }
        values
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
        Action::Reset | Action::Say => Stage::Other,
    }
}

fn kept(text: &[u8]) -> Vec<u8> {
    text.iter().copied().take(LONGEST_KEPT).collect()
}

#[cfg(test)]
mod tests;
