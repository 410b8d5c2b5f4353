//! A command line, taken apart as the persona takes it.

use crate::persona::pop3::{Cr, Form, Nul};
use crate::persona::text::Values;
use std::borrow::Cow;

/// A command and what follows it.
pub struct Command<'l> {
    /// The first word as it was sent, and in capitals.
    word: &'l [u8],
    capitals: Vec<u8>,
    small: Vec<u8>,
    /// Everything behind the one blank after it, if there is one.
    rest: &'l [u8],
    blank: bool,
    form: Form,
    cr: Cr,
}

impl<'l> Command<'l> {
    /// Reads a line. The error is what comes before a NUL that takes the next line for its rest.
    pub fn read(line: &'l [u8], form: Form, cr: Cr) -> Result<Self, &'l [u8]> {
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
        let (blank, rest) = (!rest.is_empty(), rest.get(1..).unwrap_or_default());
        let (capitals, small) = (word.to_ascii_uppercase(), word.to_ascii_lowercase());
        Ok(Command { word, capitals, small, rest, blank, form, cr })
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

    /// The words of the argument.
    pub fn words(&self) -> impl Iterator<Item = &'l [u8]> + use<'l> {
        let form = self.form;
        self.argument().split(move |&b| is_blank(b, form)).filter(|word| !word.is_empty())
    }

    /// Whether a blank follows the command.
    pub fn has_blank(&self) -> bool {
        self.blank
    }

    /// How many bytes follow the command and its blank.
    pub fn behind(&self) -> usize {
        self.rest.len()
    }

    /// What follows PASS: its blanks belong to the password (RFC 1939 7).
    pub fn verbatim(&self) -> &'l [u8] {
        if self.cr != Cr::Ends {
            return self.rest;
        }
        let start = self.rest.iter().position(|&b| b != b'\r').unwrap_or(self.rest.len());
        let rest = self.rest.get(start..).unwrap_or_default();
        rest.split(|&b| b == b'\r').next().unwrap_or_default()
    }

    /// What follows AUTH: the mechanism, and the initial response if there is one.
    pub fn mechanism(&self, skips_blanks: bool) -> (&'l [u8], Option<&'l [u8]>) {
        let blank = |b: &u8| is_blank(*b, self.form);
        let argument = if skips_blanks { self.argument() } else { self.rest };
        let (word, rest) = argument.split_at(argument.iter().position(blank).unwrap_or(argument.len()));
        let initial = rest.get(1..).filter(|initial| !initial.is_empty());
        (word, initial.map(<[u8]>::trim_ascii))
    }

    /// What a text can say of it.
    pub fn values(&self) -> Values<'_> {
        Values::default()
            .with("word", &self.capitals)
            .with("small", &self.small)
            .with("argument", self.argument())
    }
}

fn is_blank(byte: u8, form: Form) -> bool {
    form.blanks.contains(&byte)
}

/// The line without the CRs in its command.
pub fn without_cr(line: &[u8]) -> Cow<'_, [u8]> {
    let end = line.iter().position(|&b| b == b' ' || b == 0).unwrap_or(line.len());
    let (word, rest) = line.split_at(end);
    match word.contains(&b'\r') {
        true => Cow::Owned(word.iter().filter(|&&b| b != b'\r').chain(rest).copied().collect()),
        false => Cow::Borrowed(line),
    }
}
