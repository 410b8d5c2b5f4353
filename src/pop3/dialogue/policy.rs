//! What decides a conversation besides the peer.

use crate::event::Plain;
use crate::persona::pop3::Persona;
use crate::pop3::gate::Gate;
use crate::pop3::mailbox::Mailbox;
use chrono::{DateTime, FixedOffset};

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
