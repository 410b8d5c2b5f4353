//! The body of a message: dot-stuffing undone, bytes counted and hashed, kept if somebody keeps it.

use sha2::{Digest as _, Sha256};
use std::fmt::Write as _;

use crate::engine::Ending;

/// Who and where to, as the peer said it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Envelope {
    /// The HELO or EHLO name.
    pub helo: Vec<u8>,
    /// Without angle brackets; empty for `<>`.
    pub from: Vec<u8>,
    /// The accepted recipients, at most the persona's limit.
    pub to: Vec<Vec<u8>>,
}

/// Keeps messages. The dialogue cannot fail, so neither can this: one that cannot keep a message
/// says so by returning no name.
pub trait Keep {
    /// A message begins.
    fn begin(&mut self, envelope: &Envelope);
    /// The next bytes of its body, line endings as they came, dot-stuffing undone. At most
    /// [`super::Policy::max_message`] bytes of one message come.
    fn part(&mut self, bytes: &[u8]);
    /// It is complete. Returns its name, if it was kept.
    fn end(&mut self) -> Option<String>;
    /// It will not be completed, or is too big.
    fn abandon(&mut self);
}

/// Keeps nothing.
pub struct Forget;

impl Keep for Forget {
    fn begin(&mut self, _envelope: &Envelope) {}
    fn part(&mut self, _bytes: &[u8]) {}
    fn end(&mut self) -> Option<String> {
        None
    }
    fn abandon(&mut self) {}
}

/// A body being read.
pub struct Body {
    hash: Sha256,
    bytes: u64,
    max: u64,
    place: Place,
    /// Whether only CR LF `.` CR LF ends it; decided by the first line.
    strict: Strict,
    last: Ending,
}

/// Where in a line the next byte stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Start,
    /// Behind a dot at the start of the line.
    Dot,
    Middle,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Strict {
    No,
    Undecided,
    Yes,
}

/// A body that was read to its dot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Whole {
    /// Bytes of the body without the final dot, dot-stuffing undone, kept or not.
    pub bytes: u64,
    /// SHA-256 of all of them, in hexadecimal.
    pub sha256: String,
    /// It is larger than what is kept.
    pub too_big: bool,
}

impl Body {
    /// `max` is how many bytes are kept; `strict_dot` is [`crate::persona::smtp::Persona::strict_dot`].
    pub fn new(max: u64, strict_dot: bool) -> Self {
        Body {
            hash: Sha256::new(),
            bytes: 0,
            max,
            place: Place::Start,
            strict: if strict_dot { Strict::Undecided } else { Strict::No },
            last: Ending::CrLf,
        }
    }

    /// Bytes so far.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Takes a line, or a part of one when `ending` is [`Ending::Cut`]. `Some` at the final dot.
    pub fn take(&mut self, part: &[u8], ending: Ending, keep: &mut dyn Keep) -> Option<Whole> {
        let mut part = part;
        if self.place == Place::Start
            && let Some(rest) = part.strip_prefix(b".")
        {
            self.place = Place::Dot;
            part = rest;
        }
        if !part.is_empty() {
            self.place = Place::Middle;
        }
        if ending == Ending::Cut {
            self.add(part, keep);
            return None;
        }
        if self.place == Place::Dot && self.ends(ending) {
            return Some(self.end());
        }
        if self.strict == Strict::Undecided {
            self.strict = if ending == Ending::CrLf { Strict::Yes } else { Strict::No };
        }
        self.add(part, keep);
        let end: &[u8] = if ending == Ending::CrLf { b"\r\n" } else { b"\n" };
        self.add(end, keep);
        self.place = Place::Start;
        self.last = ending;
        None
    }

    /// All that was read until now.
    pub fn end(&self) -> Whole {
        let mut sha256 = String::with_capacity(64);
        for byte in self.hash.clone().finalize() {
            let _ = write!(sha256, "{byte:02x}");
        }
        Whole { bytes: self.bytes, sha256, too_big: self.bytes > self.max }
    }

    fn ends(&self, ending: Ending) -> bool {
        self.strict != Strict::Yes || (ending == Ending::CrLf && self.last == Ending::CrLf)
    }

    fn add(&mut self, bytes: &[u8], keep: &mut dyn Keep) {
        self.hash.update(bytes);
        let left = self.max.saturating_sub(self.bytes);
        let kept = usize::try_from(left).map_or(bytes.len(), |left| left.min(bytes.len()));
        keep.part(&bytes[..kept]);
        self.bytes = self.bytes.saturating_add(bytes.len() as u64);
    }
}
