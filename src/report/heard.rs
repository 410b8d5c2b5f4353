//! What the report hears of an event: [`Heard::read`] takes exactly the lines that
//! [`Event::from_str`](crate::event::Event) takes, and hands out what is counted of them, borrowed from
//! the line.

use std::net::IpAddr;

use super::fields::{Fields, Key, Text};
use super::quick;
use crate::event::{Kind, NotAnEvent, Reason, Tool, Verdict, Why};

/// An event of a connection.
#[derive(Debug, Clone, PartialEq)]
pub struct Heard<'l> {
    pub id: Text<'l>,
    pub peer: Option<IpAddr>,
    pub said: Said<'l>,
}

/// What is counted of each event.
#[derive(Debug, Clone, PartialEq)]
pub enum Said<'l> {
    Connect {
        busy: u32,
    },
    Refuse {
        why: Why,
        busy: u32,
    },
    Helo,
    Mail {
        /// The address is empty: MAIL FROM:<>.
        null: bool,
    },
    Rcpt {
        receipt: Option<Text<'l>>,
    },
    Auth {
        user: Text<'l>,
    },
    Message,
    Login {
        user: Text<'l>,
        visit: Option<Text<'l>>,
    },
    Retr,
    Page {
        path: Text<'l>,
        agent: Text<'l>,
        addresses: u64,
        season: Option<u64>,
        visit: Option<Text<'l>>,
    },
    Still {
        held_ms: u64,
        bytes_out: Option<u64>,
    },
    /// In a box, since most lines are no ends and what is made of them should be small.
    End(Box<End<'l>>),
    Error {
        what: Text<'l>,
    },
}

/// The end of a connection.
#[derive(Debug, Clone, PartialEq)]
pub struct End<'l> {
    pub held_ms: u64,
    pub bytes_in: u64,
    pub bytes_out: u64,
    pub stage: Text<'l>,
    pub reason: Reason,
    pub kind: Kind,
    pub gaveup_ms: Option<u64>,
    pub profile: Text<'l>,
    pub commands: u64,
    pub mails: Option<u64>,
    pub null_from: Option<u64>,
    pub rcpts: Option<u64>,
    pub auths: Option<u64>,
    pub messages: Option<u64>,
    pub logins: Option<u64>,
    pub retrs: Option<u64>,
    pub pages: Option<u64>,
    pub made: Option<u64>,
    pub tool: Option<Tool>,
}

impl<'l> Heard<'l> {
    /// Reads what follows the tag.
    #[inline]
    pub fn read(line: &'l [u8]) -> Result<Self, NotAnEvent> {
        match quick::read(line) {
            Some(heard) => Ok(heard),
            None => Heard::read_any(line),
        }
    }

    /// Reads a line that is not quite as our programs write it.
    #[cold]
    fn read_any(line: &'l [u8]) -> Result<Self, NotAnEvent> {
        let space = line.iter().position(|byte| *byte == b' ').unwrap_or(line.len());
        let (word, rest) = line.split_at(space);
        let said = READERS.iter().find(|(known, _)| known.as_bytes() == word);
        let (_, said) = said.ok_or(NotAnEvent::Word)?;
        let fields = Fields::cut(rest)?;
        Ok(Heard {
            id: fields.plain(Key::Id)?,
            peer: fields.address_if(Key::Peer)?.map(|peer| peer.to_canonical()),
            said: said(&fields)?,
        })
    }
}

type Reader = for<'f, 'l> fn(&'f Fields<'l>) -> Result<Said<'l>, NotAnEvent>;

/// The words that can begin a line, the frequent ones first. What is not counted is read all the same,
/// because a line with it broken is no event.
const READERS: &[(&str, Reader)] = &[
    ("rcpt", |fields| {
        fields.plain(Key::To)?;
        fields.word::<Verdict>(Key::Verdict)?;
        Ok(Said::Rcpt { receipt: fields.plain_if(Key::Receipt)? })
    }),
    ("mail", |fields| {
        let null = fields.plain(Key::From)?.bytes().is_empty();
        fields.word::<Verdict>(Key::Verdict)?;
        Ok(Said::Mail { null })
    }),
    ("connect", |fields| {
        for (key, most) in [(Key::Port, U16), (Key::Lport, U16)] {
            fields.number_if(key, most)?;
        }
        fields.address_if(Key::Local)?;
        fields.number(Key::Slot, U32)?;
        fields.plain(Key::Profile)?;
        fields.plain(Key::Persona)?;
        Ok(Said::Connect { busy: small(fields.number(Key::Busy, U32)?) })
    }),
    ("end", |fields| {
        fields.plain(Key::Evidence)?;
        Ok(Said::End(Box::new(End {
            held_ms: fields.millis(Key::Held)?,
            bytes_in: fields.number(Key::In, U64)?,
            bytes_out: fields.number(Key::Out, U64)?,
            stage: fields.plain(Key::Stage)?,
            reason: fields.word(Key::Reason)?,
            kind: fields.word(Key::Kind)?,
            gaveup_ms: fields.millis_if(Key::Gaveup)?,
            profile: fields.plain(Key::Profile)?,
            commands: fields.number(Key::Commands, U64)?,
            mails: fields.number_if(Key::Mails, U64)?,
            null_from: fields.number_if(Key::NullFrom, U64)?,
            rcpts: fields.number_if(Key::Rcpts, U64)?,
            auths: fields.number_if(Key::Auths, U64)?,
            messages: fields.number_if(Key::Messages, U64)?,
            logins: fields.number_if(Key::Logins, U64)?,
            retrs: fields.number_if(Key::Retrs, U64)?,
            pages: fields.number_if(Key::Pages, U64)?,
            made: fields.number_if(Key::Made, U64)?,
            tool: fields.word_if(Key::Tool)?,
        })))
    }),
    ("helo", |fields| {
        fields.plain(Key::Verb)?;
        fields.plain(Key::Name)?;
        Ok(Said::Helo)
    }),
    ("refuse", |fields| {
        Ok(Said::Refuse { why: fields.word(Key::Why)?, busy: small(fields.number(Key::Busy, U32)?) })
    }),
    ("still", |fields| {
        fields.plain(Key::Stage)?;
        fields.plain(Key::Profile)?;
        fields.number_if(Key::Made, U64)?;
        Ok(Said::Still { held_ms: fields.millis(Key::Held)?, bytes_out: fields.number_if(Key::Out, U64)? })
    }),
    ("login", |fields| {
        fields.plain(Key::Method)?;
        fields.word::<Verdict>(Key::Verdict)?;
        fields.plain_if(Key::Password)?;
        Ok(Said::Login { user: fields.plain(Key::User)?, visit: fields.plain_if(Key::Visit)? })
    }),
    ("page", |fields| {
        for key in [Key::Method, Key::Host] {
            fields.plain(key)?;
        }
        for key in [Key::Status, Key::Bytes] {
            fields.number(key, U64)?;
        }
        Ok(Said::Page {
            path: fields.plain(Key::Path)?,
            agent: fields.plain(Key::Agent)?,
            addresses: fields.number_if(Key::Addresses, U64)?.unwrap_or(0),
            season: fields.number_if(Key::Season, U64)?,
            visit: fields.plain_if(Key::Visit)?,
        })
    }),
    ("auth", |fields| {
        fields.plain(Key::Method)?;
        fields.word::<Verdict>(Key::Verdict)?;
        Ok(Said::Auth { user: fields.plain(Key::User)? })
    }),
    ("message", |fields| {
        fields.number(Key::Bytes, U64)?;
        fields.plain(Key::Sha256)?;
        fields.word::<Verdict>(Key::Verdict)?;
        fields.plain_if(Key::Stored)?;
        Ok(Said::Message)
    }),
    ("retr", |fields| {
        fields.number(Key::Number, U64)?;
        fields.number(Key::Bytes, U64)?;
        Ok(Said::Retr)
    }),
    ("error", |fields| Ok(Said::Error { what: fields.plain(Key::What)? })),
];

const U16: u64 = u16::MAX as u64;
const U32: u64 = u32::MAX as u64;
const U64: u64 = u64::MAX;

fn small(number: u64) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests;
