//! What the dialogue answers: a text, and what comes next.

use crate::event::{Reason, What};

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

impl Reply {
    /// A reply that a command may follow.
    pub(super) fn new(text: Vec<u8>, stage: Stage) -> Self {
        let head = text.iter().position(|&b| b == b'\n').map_or(text.len(), |at| at + 1);
        Reply { text, head, stage, login: None, next: Next::Command, notes: Vec::new() }
    }
}
