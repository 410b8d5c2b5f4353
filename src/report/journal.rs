//! What `journalctl -o json` and `-o export` write, as far as we need it.
//!
//! The fields that count are `SYSLOG_IDENTIFIER`, `MESSAGE` and when: the program's own stamp if it
//! gave one, else the journal's. Text that is not UTF-8 comes as an array of numbers in JSON, and with
//! its length before it in an export.

use super::line::{self, Cut};
use super::stamp::Stamp;
use super::summary::Service;

/// An entry, as far as it was read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Entry {
    service: Option<Service>,
    realtime: Option<i64>,
    source: Option<i64>,
    message: Vec<u8>,
    has_message: bool,
    /// Any field was there.
    begun: bool,
}

/// A longer message is not ours.
const LONGEST: usize = 1 << 16;

impl Entry {
    /// Forgets what was read.
    pub fn clear(&mut self) {
        let mut message = std::mem::take(&mut self.message);
        message.clear();
        *self = Entry { message, ..Entry::default() };
    }

    /// Whether nothing was read.
    pub fn is_empty(&self) -> bool {
        !self.begun
    }

    /// The message, whatever it is.
    pub fn message(&self) -> &[u8] {
        &self.message
    }

    /// Takes a field.
    pub fn field(&mut self, name: &[u8], value: &[u8]) {
        self.begun = true;
        match name {
            b"SYSLOG_IDENTIFIER" => self.service = line::service(value),
            b"__REALTIME_TIMESTAMP" => self.realtime = number(value),
            b"_SOURCE_REALTIME_TIMESTAMP" => self.source = number(value),
            b"MESSAGE" => {
                self.message.clear();
                self.message.extend_from_slice(&value[..value.len().min(LONGEST)]);
                self.has_message = true;
            }
            _ => {}
        }
    }

    /// What the entry is to us.
    pub fn cut(&self) -> Cut<'_> {
        match (self.service, self.source.or(self.realtime)) {
            (None, _) => Cut::Foreign,
            (Some(service), Some(micros)) if self.has_message => {
                Cut::Ours { stamp: Stamp::At(micros), service, message: &self.message }
            }
            (Some(_), _) => Cut::Broken,
        }
    }

    /// Reads a line of JSON; false if it is no object of fields.
    pub fn json(&mut self, line: &[u8]) -> bool {
        self.clear();
        self.begun = true;
        let mut json = Json { rest: line };
        let mut name = Vec::new();
        let mut value = Vec::new();
        json.expect(b'{').is_some()
            && loop {
                if json.expect(b'}').is_some() {
                    break true;
                }
                if json.string(&mut name).is_none() || json.expect(b':').is_none() {
                    break false;
                }
                // Fields that nobody asks for are only skipped.
                let wanted = NAMES.contains(&name.as_slice());
                if json.value(wanted.then_some(&mut value)).is_none() {
                    break false;
                }
                if wanted {
                    self.field(&name, &value);
                }
                if json.expect(b',').is_none() && json.peek() != Some(b'}') {
                    break false;
                }
            }
    }
}

const NAMES: [&[u8]; 4] =
    [b"SYSLOG_IDENTIFIER", b"__REALTIME_TIMESTAMP", b"_SOURCE_REALTIME_TIMESTAMP", b"MESSAGE"];

fn number(text: &[u8]) -> Option<i64> {
    let micros: i64 = std::str::from_utf8(text).ok()?.parse().ok()?;
    (631_152_000_000_000..4_102_444_800_000_000).contains(&micros).then_some(micros)
}

/// Reads JSON from front to back.
struct Json<'l> {
    rest: &'l [u8],
}

impl Json<'_> {
    fn peek(&mut self) -> Option<u8> {
        self.rest = self.rest.trim_ascii_start();
        self.rest.first().copied()
    }

    fn expect(&mut self, byte: u8) -> Option<()> {
        (self.peek()? == byte).then(|| self.rest = &self.rest[1..])
    }

    /// Reads a string, its escapes undone; a surrogate becomes a question mark, which no line of ours has
    /// where it counts.
    fn string(&mut self, out: &mut Vec<u8>) -> Option<()> {
        self.expect(b'"')?;
        out.clear();
        loop {
            let stop = self.rest.iter().position(|byte| matches!(byte, b'"' | b'\\'))?;
            out.extend_from_slice(&self.rest[..stop]);
            let (found, rest) = self.rest[stop..].split_first()?;
            self.rest = rest;
            if *found == b'"' {
                return Some(());
            }
            let (escape, rest) = self.rest.split_first()?;
            self.rest = rest;
            match escape {
                b'n' => out.push(b'\n'),
                b't' => out.push(b'\t'),
                b'r' => out.push(b'\r'),
                b'b' => out.push(8),
                b'f' => out.push(12),
                b'u' => {
                    let (hex, rest) = self.rest.split_first_chunk::<4>()?;
                    self.rest = rest;
                    let code = u32::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok()?;
                    let c = char::from_u32(code).unwrap_or('?');
                    out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
                }
                plain => out.push(*plain),
            }
        }
    }

    /// Reads a value: a string, an array of bytes, or the last string of an array of strings; anything
    /// else is skipped.
    fn value(&mut self, out: Option<&mut Vec<u8>>) -> Option<()> {
        let mut nowhere = Vec::new();
        let out = out.unwrap_or(&mut nowhere);
        match self.peek()? {
            b'"' => self.string(out),
            b'[' => {
                self.expect(b'[')?;
                out.clear();
                while self.expect(b']').is_none() {
                    match self.peek()? {
                        b'"' => self.string(out)?,
                        b'[' => self.bytes(out)?,
                        _ => out.push(u8::try_from(self.integer()?).ok()?),
                    }
                    if self.expect(b',').is_none() && self.peek()? != b']' {
                        return None;
                    }
                }
                Some(())
            }
            b'{' => None,
            _ => {
                out.clear();
                let end = self.rest.iter().position(|byte| matches!(byte, b',' | b'}'))?;
                out.extend_from_slice(self.rest[..end].trim_ascii());
                self.rest = &self.rest[end..];
                Some(())
            }
        }
    }

    /// Reads an array of numbers inside of another.
    fn bytes(&mut self, out: &mut Vec<u8>) -> Option<()> {
        self.expect(b'[')?;
        out.clear();
        while self.expect(b']').is_none() {
            out.push(u8::try_from(self.integer()?).ok()?);
            if self.expect(b',').is_none() && self.peek()? != b']' {
                return None;
            }
        }
        Some(())
    }

    fn integer(&mut self) -> Option<u32> {
        self.peek()?;
        let end = self.rest.iter().position(|byte| !byte.is_ascii_digit())?;
        let number = std::str::from_utf8(&self.rest[..end]).ok()?.parse().ok()?;
        self.rest = &self.rest[end..];
        Some(number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_read_from_json() {
        let mut entry = Entry::default();
        let line = r#"{"__CURSOR":"s=1;i=2","PRIORITY":"6", "_SOURCE_REALTIME_TIMESTAMP":"1764130349123456",
            "__REALTIME_TIMESTAMP":"1764130349999999","SYSLOG_IDENTIFIER":"tarpop","X":null,"Y":["a","b"],
            "MESSAGE":"login id=1 user=\"a\\\\x00\u0041\""}"#;
        assert!(entry.json(line.as_bytes()));
        let Cut::Ours { stamp: Stamp::At(1_764_130_349_123_456), service: Service::Tarpop, message } =
            entry.cut()
        else {
            panic!("{entry:?}");
        };
        assert_eq!(message, br#"login id=1 user="a\\x00A""#);
    }

    #[test]
    fn text_that_is_no_text_comes_as_numbers() {
        let mut entry = Entry::default();
        let line = br#"{"SYSLOG_IDENTIFIER":"smtarpit","__REALTIME_TIMESTAMP":"1764130349123456","MESSAGE":[104,105,255]}"#;
        assert!(entry.json(line));
        assert!(matches!(entry.cut(), Cut::Ours { message: b"hi\xff", .. }));
    }

    #[test]
    fn what_is_broken_breaks_nothing() {
        let mut entry = Entry::default();
        for line in [
            "{",
            "{}",
            "{\"MESSAGE\"",
            "{\"MESSAGE\":",
            "{\"MESSAGE\":\"\\u12",
            "{\"MESSAGE\":[1,",
            "{\"a\":{\"b\":1}}",
            "{\"MESSAGE\":[999]}",
            "{\"MESSAGE\":[[1],[2]]}",
            "{\"SYSLOG_IDENTIFIER\":\"smtarpit\"}",
            "{\"a\" 1}",
        ] {
            let _ = entry.json(line.as_bytes());
            assert!(!matches!(entry.cut(), Cut::Ours { .. }), "{line}");
        }
    }
}
