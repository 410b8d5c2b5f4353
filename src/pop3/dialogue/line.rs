//! A command line, taken apart as the persona takes it.

use crate::persona::pop3::{Form, Nul};
use crate::persona::text::Values;

/// A command and what follows it.
pub struct Command<'l> {
    /// The first word as it was sent, and in capitals.
    word: &'l [u8],
    capitals: Vec<u8>,
    /// Everything behind the one blank after it.
    rest: &'l [u8],
    form: Form,
}

impl<'l> Command<'l> {
    /// Reads a line. The error is what comes before a NUL that takes the next line for its rest.
    pub fn read(line: &'l [u8], form: Form) -> Result<Self, &'l [u8]> {
        let line = match line.iter().position(|&b| b == 0) {
            Some(at) => {
                let before = line.get(..at).unwrap_or_default();
                match form.nul {
                    Nul::Ends => before,
                    Nul::Swallows => return Err(before),
                }
            }
            None => line,
        };
        let blank = |b: &u8| is_blank(*b, form);
        let start = if form.leading { line.iter().position(|b| !blank(b)).unwrap_or(line.len()) } else { 0 };
        let line = line.get(start..).unwrap_or_default();
        let (word, rest) = line.split_at(line.iter().position(blank).unwrap_or(line.len()));
        let rest = rest.get(1..).unwrap_or_default();
        Ok(Command { word, capitals: word.to_ascii_uppercase(), rest, form })
    }

    /// Whether it is this one, in any case.
    pub fn is(&self, word: &str) -> bool {
        self.word.eq_ignore_ascii_case(word.as_bytes())
    }

    /// What follows the command, without blanks before it, and as the persona has it without those
    /// behind it.
    pub fn argument(&self) -> &'l [u8] {
        let blank = |b: &u8| is_blank(*b, self.form);
        let start = self.rest.iter().position(|b| !blank(b)).unwrap_or(self.rest.len());
        let rest = self.rest.get(start..).unwrap_or_default();
        match self.form.trailing {
            false => rest,
            true => {
                rest.get(..rest.iter().rposition(|b| !blank(b)).map_or(0, |at| at + 1)).unwrap_or_default()
            }
        }
    }

    /// What follows PASS: its blanks belong to the password (RFC 1939 7).
    pub fn password(&self) -> &'l [u8] {
        self.rest
    }

    /// What follows AUTH: the mechanism, and the initial response if there is one.
    pub fn mechanism(&self) -> (&'l [u8], Option<&'l [u8]>) {
        let argument = if self.form.leading { self.argument() } else { self.rest };
        let end = argument.iter().position(|&b| b == b' ').unwrap_or(argument.len());
        let (word, initial) = argument.split_at(end);
        (word, initial.get(1..).filter(|initial| !initial.is_empty()))
    }

    /// What a text can say of it.
    pub fn values(&self) -> Values<'_> {
        Values::default().with("word", &self.capitals).with("argument", self.argument())
    }
}

fn is_blank(byte: u8, form: Form) -> bool {
    byte == b' ' || (form.tabs && byte == b'\t')
}
