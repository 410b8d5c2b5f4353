//! What the report hears of an event: [`Reader::read`] takes exactly the lines that
//! [`Event::from_str`](crate::event::Event) takes, and hands out what is counted of them.
//!
//! Millions of these go from one thread to another, so an event is small and owns nothing: what is long is in the
//! [`Details`] of many.

use super::fields::{Fields, Key, Text};
use super::quick;
use super::receipts;
use super::whose::{Known, Whose};
use crate::event::{Kind, NotAnEvent, Reason, Tool, Verdict, Why};
use crate::receipt::Receipt;

/// An event of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Heard {
    pub whose: Whose,
    pub said: Said,
}

impl Heard {
    /// How many microseconds after the beginning of its connection it was written, as far as it says so itself.
    pub fn passed(&self, details: &Details) -> i64 {
        let held_ms = match self.said {
            Said::Still { held_ms, .. } => held_ms,
            Said::End(nth) => details.ended(nth).map_or(0, |end| end.held_ms),
            _ => 0,
        };
        i64::try_from(held_ms.min(LONGEST_MS)).unwrap_or(0) * 1000
    }
}

/// No peer has stayed longer, and a log that says so is wrong.
pub const LONGEST_MS: u64 = 366 * 86_400_000;

/// What is counted of each event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Said {
    #[default]
    Connect,
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
        receipt: Option<Receipt>,
    },
    Auth {
        user: Word,
    },
    Message,
    Login {
        user: Word,
        visit: Option<u32>,
    },
    Retr,
    Page {
        path: Word,
        agent: Word,
        addresses: u64,
        season: Option<u8>,
        visit: Option<u32>,
    },
    Still {
        held_ms: u64,
        bytes_out: Option<u64>,
    },
    /// Which one of the ends in the details.
    End(u32),
    Error {
        what: Word,
    },
}

/// The end of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct End {
    pub held_ms: u64,
    pub bytes_in: u64,
    pub bytes_out: u64,
    pub stage: Word,
    pub reason: Reason,
    pub kind: Kind,
    pub gaveup_ms: Option<u64>,
    pub profile: Word,
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

/// A value that was copied to the details.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Word {
    start: u32,
    length: u32,
}

/// What events say at length.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Details {
    text: Vec<u8>,
    ends: Vec<End>,
    /// How much of both belongs to events that were taken.
    kept: (usize, usize),
}

impl Details {
    /// Forgets what the last event said, unless that was taken.
    pub fn forget(&mut self) {
        self.text.truncate(self.kept.0);
        self.ends.truncate(self.kept.1);
    }

    /// The last event was taken.
    pub fn keep(&mut self) {
        self.kept = (self.text.len(), self.ends.len());
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.kept = (0, 0);
        self.forget();
    }

    pub fn word(&mut self, text: Text<'_>) -> Word {
        let start = self.text.len();
        text.copy_to(&mut self.text);
        // As long as a few lines.
        let short = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        Word { start: short(start), length: short(self.text.len() - start) }
    }

    /// What was said, with what other details have of it copied to these.
    pub fn adopt(&mut self, said: Said, from: &Details) -> Said {
        let mut word = |word: Word| self.word(Text::unescaped(from.bytes(word)));
        match said {
            Said::Auth { user } => Said::Auth { user: word(user) },
            Said::Login { user, visit } => Said::Login { user: word(user), visit },
            Said::Error { what } => Said::Error { what: word(what) },
            Said::Page { path, agent, addresses, season, visit } => {
                Said::Page { path: word(path), agent: word(agent), addresses, season, visit }
            }
            Said::End(nth) => match from.ended(nth) {
                Some(end) => {
                    let (stage, profile) = (word(end.stage), word(end.profile));
                    self.end(End { stage, profile, ..*end })
                }
                None => said,
            },
            said => said,
        }
    }

    pub fn end(&mut self, end: End) -> Said {
        self.ends.push(end);
        Said::End(u32::try_from(self.ends.len() - 1).unwrap_or(u32::MAX))
    }

    /// The value.
    pub fn bytes(&self, word: Word) -> &[u8] {
        self.text
            .get(word.start as usize..)
            .and_then(|text| text.get(..word.length as usize))
            .unwrap_or_default()
    }

    pub fn ended(&self, nth: u32) -> Option<&End> {
        self.ends.get(nth as usize)
    }
}

/// Reads lines, of any number of streams.
#[derive(Default)]
pub struct Reader {
    known: Known,
}

impl Reader {
    /// Reads what follows the tag; returns the connection's name as it is written. What is read is written to
    /// where it will stay, since it is not so small that copying it costs nothing.
    #[inline]
    pub fn read<'l>(&mut self, line: &'l [u8], heard: &mut Heard, details: &mut Details) -> Option<&'l [u8]> {
        details.forget();
        quick::read(line, &mut self.known, heard, details).or_else(|| {
            details.forget();
            self.read_any(line, heard, details).ok()
        })
    }

    /// Reads a line that is not quite as our programs write it.
    #[cold]
    fn read_any<'l>(
        &self,
        line: &'l [u8],
        heard: &mut Heard,
        details: &mut Details,
    ) -> Result<&'l [u8], NotAnEvent> {
        let space = line.iter().position(|byte| *byte == b' ').unwrap_or(line.len());
        let (word, rest) = line.split_at(space);
        let said = READERS.iter().find(|(known, _)| known.as_bytes() == word);
        let (_, said) = said.ok_or(NotAnEvent::Word)?;
        let fields = Fields::cut(rest)?;
        let id = fields.plain(Key::Id)?;
        let peer = fields.address_if(Key::Peer)?.map(|peer| peer.to_canonical());
        *heard = Heard { whose: self.known.read(id, peer), said: said(&fields, details)? };
        Ok(id.raw())
    }
}

type Says = for<'f, 'l, 'd> fn(&'f Fields<'l>, &'d mut Details) -> Result<Said, NotAnEvent>;

/// The words that can begin a line, the frequent ones first. What is not counted is read all the same,
/// because a line with it broken is no event.
const READERS: &[(&str, Says)] = &[
    ("rcpt", |fields, _| {
        fields.plain(Key::To)?;
        fields.word::<Verdict>(Key::Verdict)?;
        let receipt = fields.plain_if(Key::Receipt)?;
        Ok(Said::Rcpt { receipt: receipt.and_then(|text| receipts::read(text.raw())) })
    }),
    ("mail", |fields, _| {
        let null = fields.plain(Key::From)?.bytes().is_empty();
        fields.word::<Verdict>(Key::Verdict)?;
        Ok(Said::Mail { null })
    }),
    ("connect", |fields, _| {
        for (key, most) in [(Key::Port, U16), (Key::Lport, U16)] {
            fields.number_if(key, most)?;
        }
        fields.address_if(Key::Local)?;
        fields.number(Key::Slot, U32)?;
        fields.plain(Key::Profile)?;
        fields.plain(Key::Persona)?;
        fields.number(Key::Busy, U32)?;
        Ok(Said::Connect)
    }),
    ("end", |fields, details| {
        fields.plain(Key::Evidence)?;
        fields.millis_if(Key::Waited)?;
        fields.number_if(Key::Unlogged, U64)?;
        let end = End {
            held_ms: fields.millis(Key::Held)?,
            bytes_in: fields.number(Key::In, U64)?,
            bytes_out: fields.number(Key::Out, U64)?,
            stage: details.word(fields.plain(Key::Stage)?),
            reason: fields.word(Key::Reason)?,
            kind: fields.word(Key::Kind)?,
            gaveup_ms: fields.millis_if(Key::Gaveup)?,
            profile: details.word(fields.plain(Key::Profile)?),
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
        };
        Ok(details.end(end))
    }),
    ("helo", |fields, _| {
        fields.plain(Key::Verb)?;
        fields.plain(Key::Name)?;
        Ok(Said::Helo)
    }),
    ("refuse", |fields, _| {
        Ok(Said::Refuse { why: fields.word(Key::Why)?, busy: small(fields.number(Key::Busy, U32)?) })
    }),
    ("still", |fields, _| {
        fields.plain(Key::Stage)?;
        fields.plain(Key::Profile)?;
        fields.number_if(Key::Made, U64)?;
        Ok(Said::Still { held_ms: fields.millis(Key::Held)?, bytes_out: fields.number_if(Key::Out, U64)? })
    }),
    ("login", |fields, details| {
        fields.plain(Key::Method)?;
        fields.word::<Verdict>(Key::Verdict)?;
        fields.plain_if(Key::Password)?;
        let visit = fields.plain_if(Key::Visit)?.and_then(|visit| receipts::visit(visit.raw()));
        Ok(Said::Login { user: details.word(fields.plain(Key::User)?), visit })
    }),
    ("page", |fields, details| {
        for key in [Key::Method, Key::Host] {
            fields.plain(key)?;
        }
        for key in [Key::Status, Key::Bytes] {
            fields.number(key, U64)?;
        }
        Ok(Said::Page {
            path: details.word(fields.plain(Key::Path)?),
            agent: details.word(fields.plain(Key::Agent)?),
            addresses: fields.number_if(Key::Addresses, U64)?.unwrap_or(0),
            season: fields.number_if(Key::Season, U64)?.and_then(|season| u8::try_from(season).ok()),
            visit: fields.plain_if(Key::Visit)?.and_then(|visit| receipts::visit(visit.raw())),
        })
    }),
    ("auth", |fields, details| {
        fields.plain(Key::Method)?;
        fields.word::<Verdict>(Key::Verdict)?;
        Ok(Said::Auth { user: details.word(fields.plain(Key::User)?) })
    }),
    ("message", |fields, _| {
        fields.number(Key::Bytes, U64)?;
        fields.plain(Key::Sha256)?;
        fields.word::<Verdict>(Key::Verdict)?;
        fields.plain_if(Key::Stored)?;
        Ok(Said::Message)
    }),
    ("retr", |fields, _| {
        fields.number(Key::Number, U64)?;
        fields.number(Key::Bytes, U64)?;
        Ok(Said::Retr)
    }),
    ("error", |fields, details| Ok(Said::Error { what: details.word(fields.plain(Key::What)?) })),
];

const U16: u64 = u16::MAX as u64;
const U32: u64 = u32::MAX as u64;
const U64: u64 = u64::MAX;

fn small(number: u64) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests;
