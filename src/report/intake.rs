//! Reads streams line by line, hands what is ours to whoever takes events, and counts what it reads.
//!
//! Memory is one buffer. A longer line than that is skipped, and counted as one that cannot be read if
//! it begins as one of ours.

use std::io::{self, Read, Write};

use memchr::memchr;

use super::heard::{Details, Heard, Reader};
use super::journal::Entry;
use super::line::{self, Cut};
use super::stamp::{Stamp, Stamps};
use super::summary::{Input, Service};

/// The longest line, and the most that is read at once: as much as stays in the processor's cache.
const BUFFER: usize = 1 << 18;
/// The buffer grows up to this for a longer line.
const LONGEST: usize = 1 << 20;

/// So much tells what kind of stream it is.
const FIRST: usize = 512;

/// Takes events.
pub trait Takes {
    /// Where the next event goes, and what it says at length.
    fn next(&mut self) -> (&mut Heard, &mut Details);

    /// It went there. It was written at this time in microseconds since 1970; `message` is its text.
    fn take(&mut self, micros: i64, service: Service, message: &[u8]);

    /// A stream is over.
    fn over(&mut self) {}
}

/// Takes lines.
pub struct Intake<'f, T> {
    taker: &'f mut T,
    reader: Reader,
    pub input: Input,
    /// Where lines of ours go that cannot be read.
    pub unparsed: Option<Box<dyn Write + 'f>>,
    /// Is told each time something was read.
    pub progress: &'f mut dyn FnMut(),
}

impl<'f, T: Takes> Intake<'f, T> {
    pub fn new(taker: &'f mut T, progress: &'f mut dyn FnMut()) -> Self {
        Intake { taker, reader: Reader::default(), input: Input::default(), unparsed: None, progress }
    }

    /// Reads a stream to its end; what was read before an error counts.
    pub fn read(&mut self, mut source: impl Read, mut stamps: Stamps) -> io::Result<()> {
        self.input.files += 1;
        let mut buffer = vec![0; BUFFER];
        let mut filled = 0;
        let mut export: Option<Export> = None;
        // The rest of a line that was too long is skipped.
        let mut skipping = false;
        let mut first = true;
        let result = loop {
            let read = match source.read(&mut buffer[filled..]) {
                Ok(0) => break Ok(()),
                Ok(read) => read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => break Err(error),
            };
            self.input.bytes += read as u64;
            filled += read;
            if first {
                // The first bytes may come alone.
                if filled < FIRST && memchr(b'\n', &buffer[..filled]).is_none() {
                    continue;
                }
                first = false;
                export = is_export(&buffer[..filled]).then(Export::default);
            }
            let done = match &mut export {
                Some(export) => self.export(&buffer[..filled], export, &mut stamps),
                None => self.lines(&buffer[..filled], &mut skipping, &mut stamps),
            };
            buffer.copy_within(done..filled, 0);
            filled -= done;
            if filled == buffer.len() {
                match buffer.len() < LONGEST {
                    true => buffer.resize(buffer.len() * 2, 0),
                    false => {
                        if !std::mem::replace(&mut skipping, true) {
                            self.overlong(&buffer, &mut stamps);
                        }
                        filled = 0;
                    }
                }
            }
            (self.progress)();
        };
        let rest = &buffer[..filled];
        match &mut export {
            Some(export) => {
                let done = self.export(rest, export, &mut stamps);
                export.line(&rest[done..]);
                self.entry(&export.entry, &mut stamps);
            }
            None if !skipping && !rest.is_empty() => self.line(rest, &mut stamps),
            None => {}
        }
        self.taker.over();
        result
    }

    /// Takes all whole lines; returns how many bytes they are.
    fn lines(&mut self, text: &[u8], skipping: &mut bool, stamps: &mut Stamps) -> usize {
        let mut at = 0;
        while let Some(length) = memchr(b'\n', &text[at..]) {
            let line = &text[at..at + length];
            at += length + 1;
            if !std::mem::take(skipping) {
                match line::usual(line, stamps) {
                    Some(cut) => self.cut(cut, line, stamps),
                    None => self.line(line, stamps),
                }
            }
        }
        at
    }

    fn line(&mut self, line: &[u8], stamps: &mut Stamps) {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.first() == Some(&b'{') {
            let mut entry = Entry::default();
            return match entry.json(line) {
                true => self.entry(&entry, stamps),
                false => {
                    self.input.lines += 1;
                    self.input.foreign += 1;
                }
            };
        }
        let cut = line::cut(line, stamps);
        self.cut(cut, line, stamps);
    }

    /// Takes an entry of the journal.
    fn entry(&mut self, entry: &Entry, stamps: &mut Stamps) {
        if !entry.is_empty() {
            self.cut(entry.cut(), entry.message(), stamps);
        }
    }

    fn cut(&mut self, cut: Cut<'_>, line: &[u8], stamps: &mut Stamps) {
        self.input.lines += 1;
        match cut {
            Cut::Foreign => self.input.foreign += 1,
            Cut::Ours { stamp, service, message } => {
                if !self.ours(stamp, service, message, stamps) {
                    self.broken(line);
                }
            }
            Cut::Broken => self.broken(line),
        }
    }

    /// Takes a line of ours; false if it cannot be read.
    fn ours(&mut self, stamp: Stamp, service: Service, message: &[u8], stamps: &mut Stamps) -> bool {
        let message = message.trim_ascii_end();
        let (heard, details) = self.taker.next();
        let Some(id) = self.reader.read(message, heard, details) else { return false };
        let Some(mut micros) = stamps.moment(stamp, id) else {
            self.input.undatable += 1;
            return false;
        };
        if stamp == Stamp::Missing {
            self.input.undated += 1;
            micros += heard.passed(details);
        }
        self.taker.take(micros, service, message);
        true
    }

    #[cold]
    fn broken(&mut self, line: &[u8]) {
        self.input.unparsed += 1;
        if let Some(file) = &mut self.unparsed {
            let mut text = Vec::with_capacity(line.len() + 1);
            for &byte in line {
                match byte {
                    b' '..=b'~' => text.push(byte),
                    _ => _ = write!(text, "\\x{byte:02x}"),
                }
            }
            text.push(b'\n');
            let _ = file.write_all(&text);
        }
    }

    /// A line of which only the beginning is in the buffer.
    #[cold]
    fn overlong(&mut self, begin: &[u8], stamps: &mut Stamps) {
        let begin = &begin[..begin.len().min(1 << 12)];
        self.input.lines += 1;
        match line::cut(begin, stamps) {
            Cut::Foreign => self.input.foreign += 1,
            _ => self.broken(begin),
        }
    }

    /// Takes all whole fields of an export of the journal; returns how many bytes they are.
    fn export(&mut self, text: &[u8], export: &mut Export, stamps: &mut Stamps) -> usize {
        let mut at = 0;
        loop {
            match export.next(&text[at..]) {
                Next::More => return at,
                Next::Field(length) => at += length,
                Next::Entry(length) => {
                    at += length;
                    self.entry(&export.entry, stamps);
                    export.entry.clear();
                }
            }
        }
    }
}

/// Whether a stream is what `journalctl -o export` writes: its first line is such a field.
fn is_export(text: &[u8]) -> bool {
    let end = text.iter().position(|byte| !matches!(byte, b'A'..=b'Z' | b'0'..=b'9' | b'_'));
    text.starts_with(b"__") && end.is_some_and(|end| text[end] == b'=')
}

/// Where we are in an export.
#[derive(Default)]
struct Export {
    entry: Entry,
    /// So many bytes of a large value are skipped.
    skip: u64,
}

enum Next {
    /// The field is not whole yet.
    More,
    /// A field of so many bytes was taken.
    Field(usize),
    /// So many bytes end the entry.
    Entry(usize),
}

/// A larger value is skipped; no message of ours is so long.
const LARGE: u64 = 1 << 16;

impl Export {
    fn next(&mut self, text: &[u8]) -> Next {
        if self.skip > 0 {
            let skipped = usize::try_from(self.skip).unwrap_or(usize::MAX).min(text.len());
            self.skip -= skipped as u64;
            return if skipped == 0 { Next::More } else { Next::Field(skipped) };
        }
        let Some(end) = memchr(b'\n', text) else { return Next::More };
        let line = &text[..end];
        if line.is_empty() {
            return Next::Entry(1);
        }
        if line.contains(&b'=') {
            self.line(line);
            return Next::Field(end + 1);
        }
        // A name alone: the value follows with its length before it, and a newline behind it.
        let Some((length, rest)) = text[end + 1..].split_first_chunk::<8>() else { return Next::More };
        let length = u64::from_le_bytes(*length);
        if length > LARGE {
            self.skip = length.saturating_add(1);
            return Next::Field(end + 9);
        }
        let length = usize::try_from(length).unwrap_or(0);
        match rest.get(..length).filter(|_| rest.len() > length) {
            Some(value) => {
                self.entry.field(line, value);
                Next::Field(end + 9 + length + 1)
            }
            None => Next::More,
        }
    }

    /// Takes a field that is text.
    fn line(&mut self, line: &[u8]) {
        if let Some(equals) = memchr(b'=', line) {
            self.entry.field(&line[..equals], &line[equals + 1..]);
        }
    }
}
