//! Cuts a line of ours into its fields without copying it.
//!
//! What is a field and what is not is as [`Event::from_str`](crate::event::Event) has it; a test holds
//! the two together. Each byte is looked at once, and each key becomes a number.

use std::borrow::Cow;
use std::net::IpAddr;
use std::str::FromStr;

use crate::event::{NotAnEvent, Plain};

/// A value as it stands in the line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Text<'l> {
    /// Without the quotes around it.
    raw: &'l [u8],
    /// There are backslashes in it that are not part of the value.
    escaped: bool,
}

impl<'l> Text<'l> {
    /// A value that is as it stands there.
    pub fn unescaped(raw: &'l [u8]) -> Self {
        Text { raw, escaped: false }
    }

    /// The value.
    pub fn bytes(&self) -> Cow<'l, [u8]> {
        if !self.escaped {
            return Cow::Borrowed(self.raw);
        }
        let mut value = Vec::with_capacity(self.raw.len());
        self.copy_to(&mut value);
        Cow::Owned(value)
    }

    /// Appends the value.
    pub fn copy_to(&self, text: &mut Vec<u8>) {
        if !self.escaped {
            return text.extend_from_slice(self.raw);
        }
        let mut bytes = self.raw.iter();
        while let Some(&byte) = bytes.next() {
            match byte {
                b'\\' => text.extend(bytes.next()),
                _ => text.push(byte),
            }
        }
    }

    /// The value as it is written: what is the same is written in the same way.
    pub fn raw(&self) -> &'l [u8] {
        self.raw
    }

    fn is_plain(&self) -> bool {
        let printable = |bytes: &[u8]| bytes.iter().all(|byte| matches!(byte, 0x20..=0x7e));
        match self.escaped {
            // Escapes only make the value shorter, and are printable themselves.
            true => printable(self.raw) && self.bytes().len() <= Plain::LONGEST,
            false => self.raw.len() <= Plain::LONGEST && printable(self.raw),
        }
    }

    /// Calls `read` with the value if that is UTF-8.
    fn with<T>(&self, read: impl FnOnce(&str) -> Option<T>) -> Option<T> {
        read(std::str::from_utf8(&self.bytes()).ok()?)
    }
}

/// Declares the keys; [`key`] finds one by its word.
macro_rules! keys {
    ($($name:ident $word:literal),* $(,)?) => {
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Key { $($name),* }

        const KEYS: usize = [$($word),*].len();

        #[expect(non_upper_case_globals, reason = "the same names as the variants")]
        fn key(word: &[u8]) -> Option<Key> {
            $(const $name: &[u8] = $word.as_bytes();)*
            match word { $($name => Some(Key::$name),)* _ => None }
        }

        #[cfg(test)]
        pub const WORDS: &[&str] = &[$($word),*];
    };
}

keys! {
    Id "id", Peer "peer", Port "port", Local "local", Lport "lport", Slot "slot", Busy "busy",
    Profile "profile", Persona "persona", Why "why", Verb "verb", Name "name", From "from",
    Verdict "verdict", To "to", Receipt "receipt", User "user", Method "method", Bytes "bytes",
    Sha256 "sha256", Stored "stored", Password "password", Visit "visit", Number "number",
    Host "host", Path "path", Status "status", Agent "agent", Addresses "addresses", Season "season",
    Held "held", Stage "stage", Made "made", In "in", Out "out", Reason "reason", Kind "kind",
    Evidence "evidence", Gaveup "gaveup", Commands "commands", Mails "mails", NullFrom "null_from",
    Rcpts "rcpts", Auths "auths", Messages "messages", Logins "logins", Retrs "retrs", Pages "pages",
    Tool "tool", What "what", Waited "waited", Unlogged "unlogged",
}

// Each has a bit of `Fields::there`.
const _: () = assert!(KEYS <= 64);

/// The fields of a line; of a key that comes twice the first.
pub struct Fields<'l> {
    there: u64,
    values: [Text<'l>; KEYS],
}

impl<'l> Fields<'l> {
    /// Cuts what follows the first word of a line.
    pub fn cut(rest: &'l [u8]) -> Result<Self, NotAnEvent> {
        let mut fields = Fields { there: 0, values: [Text { raw: &[], escaped: false }; KEYS] };
        let mut at = 0;
        loop {
            while rest.get(at) == Some(&b' ') {
                at += 1;
            }
            if at == rest.len() {
                return Ok(fields);
            }
            let start = at;
            while rest.get(at).is_some_and(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || *b == b'_') {
                at += 1;
            }
            if at == start || rest.get(at) != Some(&b'=') {
                return Err(NotAnEvent::Form);
            }
            let key = key(&rest[start..at]);
            at += 1;
            let text = match rest.get(at) {
                Some(b'"') => {
                    let text = quoted(&rest[at + 1..])?;
                    at += text.raw.len() + 2;
                    text
                }
                _ => {
                    let start = at;
                    while rest.get(at).is_some_and(|b| *b != b' ') {
                        at += 1;
                    }
                    Text { raw: &rest[start..at], escaped: false }
                }
            };
            if let Some(key) = key
                && fields.there & (1 << key as u64) == 0
            {
                fields.there |= 1 << key as u64;
                fields.values[key as usize] = text;
            }
        }
    }

    /// The value of a key that may not be there.
    pub fn maybe(&self, key: Key) -> Option<Text<'l>> {
        (self.there & (1 << key as u64) != 0).then(|| self.values[key as usize])
    }

    fn must<T>(&self, key: Key, read: impl FnOnce(Text<'l>) -> Option<T>) -> Result<T, NotAnEvent> {
        self.maybe(key).and_then(read).ok_or(NotAnEvent::Key(""))
    }

    fn may<T>(&self, key: Key, read: impl FnOnce(Text<'l>) -> Option<T>) -> Result<Option<T>, NotAnEvent> {
        self.maybe(key).map(|text| read(text).ok_or(NotAnEvent::Key(""))).transpose()
    }

    /// Printable text.
    pub fn plain(&self, key: Key) -> Result<Text<'l>, NotAnEvent> {
        self.must(key, plain)
    }

    pub fn plain_if(&self, key: Key) -> Result<Option<Text<'l>>, NotAnEvent> {
        self.may(key, plain)
    }

    /// A whole number up to a limit.
    pub fn number(&self, key: Key, most: u64) -> Result<u64, NotAnEvent> {
        self.must(key, |text| number(text, most))
    }

    pub fn number_if(&self, key: Key, most: u64) -> Result<Option<u64>, NotAnEvent> {
        self.may(key, |text| number(text, most))
    }

    /// A length of time, in milliseconds.
    pub fn millis(&self, key: Key) -> Result<u64, NotAnEvent> {
        self.must(key, millis)
    }

    pub fn millis_if(&self, key: Key) -> Result<Option<u64>, NotAnEvent> {
        self.may(key, millis)
    }

    pub fn address_if(&self, key: Key) -> Result<Option<IpAddr>, NotAnEvent> {
        self.may(key, address)
    }

    /// One of a closed set of words.
    pub fn word<T: FromStr>(&self, key: Key) -> Result<T, NotAnEvent> {
        self.must(key, |text| text.with(|text| text.parse().ok()))
    }

    pub fn word_if<T: FromStr>(&self, key: Key) -> Result<Option<T>, NotAnEvent> {
        self.may(key, |text| text.with(|text| text.parse().ok()))
    }
}

/// Cuts at the closing quote.
fn quoted(rest: &[u8]) -> Result<Text<'_>, NotAnEvent> {
    let mut escaped = false;
    let mut at = 0;
    loop {
        match rest.get(at) {
            None => return Err(NotAnEvent::Form),
            Some(b'"') => return Ok(Text { raw: &rest[..at], escaped }),
            Some(b'\\') => {
                escaped = true;
                at += 2;
            }
            Some(_) => at += 1,
        }
    }
}

fn plain(text: Text<'_>) -> Option<Text<'_>> {
    text.is_plain().then_some(text)
}

/// Reads a number as Rust does, which takes a plus sign.
fn number(text: Text<'_>, most: u64) -> Option<u64> {
    let bytes = text.bytes();
    let digits = bytes.strip_prefix(b"+").unwrap_or(&bytes);
    decimal(digits).filter(|number| *number <= most)
}

fn decimal(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() {
        return None;
    }
    digits.iter().try_fold(0_u64, |sum, digit| {
        let digit = digit.is_ascii_digit().then(|| u64::from(digit - b'0'))?;
        sum.checked_mul(10)?.checked_add(digit)
    })
}

/// As [`Seconds`](crate::event::Seconds) has it; what is too long for milliseconds is as long as can be.
fn millis(text: Text<'_>) -> Option<u64> {
    let bytes = text.bytes();
    let (whole, part) = match bytes.iter().position(|byte| *byte == b'.') {
        Some(dot) => (&bytes[..dot], Some(&bytes[dot + 1..])),
        None => (&bytes[..], None),
    };
    let part = match part {
        None => 0,
        Some(part) => decimal(part).filter(|_| part.len() <= 3)? * [0, 100, 10, 1][part.len().min(3)],
    };
    Some(decimal(whole)?.saturating_mul(1000).saturating_add(part))
}

fn address(text: Text<'_>) -> Option<IpAddr> {
    text.with(|text| text.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::What;

    #[test]
    fn every_key_of_every_event_is_known() {
        for (word, keys) in What::WORDS {
            for key in *keys {
                assert!(WORDS.contains(key), "{key} of {word}");
            }
        }
        assert!(WORDS.iter().zip(0..).all(|(word, at)| key(word.as_bytes()).unwrap() as usize == at));
    }
}
