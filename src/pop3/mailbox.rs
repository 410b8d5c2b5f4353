//! The mailbox behind the one password that works: ordinary mail, made on the fly.

use chrono::{DateTime, FixedOffset};

/// A correspondent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    pub given: String,
    pub family: String,
    /// `local@domain`.
    pub address: String,
}

/// Where correspondents come from: the same number is always the same person.
pub trait Cast {
    /// The people of the organisation, from 0.
    fn colleague(&self, number: u32) -> Person;
    /// People who are shown to this network only, from 0: who writes to them has read this mailbox.
    fn stranger(&self, number: u32) -> Person;
}

/// What a mailbox is made of.
pub struct Origin<'o> {
    /// All choices follow from it and the user's name.
    pub key: &'o [u8],
    /// Who has logged in, as the peer wrote it.
    pub user: &'o [u8],
    /// The domain of the mailbox.
    pub domain: &'o str,
    /// The name of the server, for Received lines.
    pub hostname: &'o str,
    pub wall: DateTime<FixedOffset>,
    pub cast: &'o dyn Cast,
}

/// A mailbox as it is at the moment of the login; nothing changes in it until the next.
pub struct Mailbox {
    messages: Vec<Message>,
}

struct Message {
    text: Vec<u8>,
}

impl Mailbox {
    /// The mailbox of a user.
    pub fn of(_origin: &Origin<'_>) -> Self {
        Mailbox { messages: Vec::new() }
    }

    /// How many messages there are.
    pub fn len(&self) -> usize {
        self.messages.len()
    }

    pub fn is_empty(&self) -> bool {
        self.messages.is_empty()
    }

    /// Octets of message `at`, from 0, with CR LF and before dots are stuffed (RFC 1939 11).
    pub fn size(&self, at: usize) -> u64 {
        self.messages.get(at).map_or(0, |message| message.text.len() as u64)
    }

    /// The unique-id of message `at` (RFC 1939 7): 1 to 70 characters 0x21 to 0x7e, the same on every visit.
    pub fn uid(&self, at: usize) -> String {
        format!("{at}")
    }

    /// The whole message `at`: lines that end with CR LF, exactly [`Mailbox::size`] octets.
    pub fn text(&self, at: usize) -> Vec<u8> {
        self.messages.get(at).map(|message| message.text.clone()).unwrap_or_default()
    }
}
