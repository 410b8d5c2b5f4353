//! The POP3 conversation of a persona (RFC 1939, RFC 2449, RFC 5034), without any time in it.

use super::gate::Gate;
use super::mailbox::Mailbox;
use crate::Rng;
use crate::event::{Reason, Totals, What};
use crate::persona::pop3::Persona;
use chrono::{DateTime, FixedOffset};
use std::time::Duration;

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

/// Everything that a conversation is decided by, besides what the peer says.
pub struct Policy {
    pub persona: &'static Persona,
    pub hostname: String,
    pub gate: Box<dyn Gate>,
    pub mailboxes: Box<Mailboxes>,
    /// What the log may have of a password, and in which form.
    pub passwords: Box<dyn Fn(&[u8]) -> Option<crate::event::Plain>>,
}

/// One conversation.
pub struct Dialogue {
    policy: Policy,
}

impl Dialogue {
    pub fn new(policy: Policy) -> Self {
        Dialogue { policy }
    }

    /// The greeting.
    pub fn banner(&mut self, _moment: &mut Moment<'_>) -> Reply {
        unimplemented!()
    }

    /// Hears a command, or a line of an AUTH exchange.
    pub fn command(&mut self, _line: &[u8], _moment: &mut Moment<'_>) -> Reply {
        unimplemented!()
    }

    /// The same for a line of which only the beginning was kept.
    pub fn overlong(&mut self, _line: &[u8], _moment: &mut Moment<'_>) -> Reply {
        unimplemented!()
    }

    /// What it says to a peer that was silent for [`Dialogue::idle_limit`], or stayed too long.
    pub fn timeout(&mut self) -> Reply {
        unimplemented!()
    }

    /// How long it lets a peer be silent now.
    pub fn idle_limit(&self) -> Duration {
        unimplemented!()
    }

    /// Whether the next line is an answer in an AUTH exchange, and no command.
    pub fn in_exchange(&self) -> bool {
        unimplemented!()
    }

    /// Whether somebody is logged in.
    pub fn is_open(&self) -> bool {
        unimplemented!()
    }

    /// One more line, with CR LF, for a list of capabilities that does not end; `nth` counts them. Short,
    /// without a dot, different from its neighbours.
    pub fn capability(&self, _nth: u32, _rng: &mut Rng) -> Vec<u8> {
        unimplemented!()
    }

    pub fn persona(&self) -> &'static Persona {
        self.policy.persona
    }

    /// What the log should still have when the peer is gone.
    pub fn abandon(&mut self) -> Vec<What> {
        Vec::new()
    }

    /// What the `end` event counts.
    pub fn totals(&self) -> Totals {
        Totals::default()
    }
}

/// What a persona says instead of its greeting when it has too many connections already.
pub fn busy(_persona: &Persona, _hostname: &str) -> Vec<u8> {
    unimplemented!()
}
