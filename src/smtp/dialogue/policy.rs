//! What the operator decided, as far as the dialogue has to know it.

use std::net::IpAddr;

use super::message::Keep;
use crate::persona::smtp::Persona;
use crate::receipt::Issued;

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

/// What the operator decided.
pub struct Policy {
    /// Whom we pretend to be.
    pub persona: &'static Persona,
    /// Our name, as replies show it.
    pub hostname: String,
    /// Our domains, in any case.
    pub domains: Vec<String>,
    /// Who is accepted at RCPT.
    pub recipients: Recipients,
    /// Whether `<>` is accepted at MAIL.
    pub null_sender: NullSender,
    /// What is said after the final dot, unless the peer is taken for a person.
    pub verdict: MessageVerdict,
    /// The most bytes of a message that are kept, and what SIZE announces.
    pub max_message: u64,
    /// AUTH succeeds at this try; 0 is never.
    pub auth_after: u32,
    /// The same while the peer is taken for a person.
    pub human_auth_after: u32,
    /// The peer's address, as replies show it.
    pub peer: Option<IpAddr>,
    /// Knows the addresses that are ours.
    pub issued: Box<dyn Issued>,
    /// Takes the messages.
    pub keep: Box<dyn Keep>,
}
