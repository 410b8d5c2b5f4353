//! The head of a request, put together line by line: as far as it can be read, or what is wrong with it.

use super::fields::{self, Field};
use super::line::{self, Line, Version};
use crate::engine::Ending;
use crate::persona::http::{MOST, Persona, Wrong};
use std::borrow::Cow;
use std::time::Duration;

/// What was read of a request.
#[derive(Debug, Default, Clone)]
pub struct Head {
    /// The request line as it came, or its beginning.
    pub first: Vec<u8>,
    pub line: Line,
    pub(super) fields: Vec<Field>,
    pub wrong: Option<Wrong>,
}

impl Head {
    /// A request that somebody else has read.
    pub fn of(method: Vec<u8>, target: Vec<u8>) -> Self {
        let first = [&method, b" ".as_slice(), &target].concat();
        let line = Line { method, target, version: Version::Is(1, 0) };
        Head { first, line, ..Head::default() }
    }

    /// Adds a field of such a request; its name is in small letters.
    pub fn add(&mut self, name: &str, value: Vec<u8>) {
        self.fields.push(Field::new(name, value));
    }

    /// The value of all fields of this name, which is in small letters.
    pub fn field(&self, name: &str) -> Option<Cow<'_, [u8]>> {
        let mut found = self.fields.iter().filter(|field| field.name == name.as_bytes());
        let first = found.next()?;
        let mut value = Cow::Borrowed(first.value.as_slice());
        for more in found {
            let value = value.to_mut();
            value.extend_from_slice(b", ");
            value.extend_from_slice(&more.value);
        }
        Some(value)
    }

    /// What the log should have for the path: what was asked for, or what came in its place.
    pub fn asked(&self) -> &[u8] {
        if self.line.target.is_empty() { &self.first } else { &self.line.target }
    }
}

/// Reads one head.
pub struct Reader {
    persona: &'static Persona,
    head: Head,
    /// The line that is being read, or its beginning, and how long it is.
    text: Vec<u8>,
    length: usize,
    /// How much of the head was read, with line endings, and how many empty lines came before it.
    total: usize,
    empty: usize,
    /// The request line is there.
    begun: bool,
    whole: bool,
}

impl Reader {
    pub fn new(persona: &'static Persona) -> Self {
        Reader {
            persona,
            head: Head::default(),
            text: Vec::new(),
            length: 0,
            total: 0,
            empty: 0,
            begun: false,
            whole: false,
        }
    }

    /// One whose head somebody else has read.
    pub fn having(persona: &'static Persona, head: Head) -> Self {
        Reader { head, total: 1, begun: true, whole: true, ..Reader::new(persona) }
    }

    /// Takes a line, or a part of one, and says whether the head can be answered now.
    pub fn hear(&mut self, text: &[u8], ending: Ending) -> bool {
        if self.whole {
            return true;
        }
        let limits = &self.persona.limits;
        let limit = if self.begun { limits.field } else { limits.line };
        let room = limit.saturating_add(1).saturating_sub(self.text.len());
        self.text.extend_from_slice(text.get(..room).unwrap_or(text));
        self.length = self.length.saturating_add(text.len());
        let end = match ending {
            Ending::CrLf => 2,
            Ending::Lf => 1,
            Ending::Cut => 0,
        };
        self.total = self.total.saturating_add(text.len() + end);
        let endless = !self.begun && limits.waits_for_end && ending == Ending::Cut;
        if !endless && self.length > limit {
            let wrong = if self.begun { limits.field_wrong } else { limits.line_wrong };
            return self.give_up(wrong);
        }
        if !endless && self.total > limits.head.min(MOST) {
            return self.give_up(limits.head_wrong);
        }
        if ending == Ending::Cut {
            return false;
        }
        let mut line = std::mem::take(&mut self.text);
        self.length = 0;
        self.whole = match self.begun {
            false => self.begin(&mut line, ending),
            true => self.field(&line, ending),
        };
        // The buffer is used again for the next line.
        line.clear();
        self.text = line;
        self.whole
    }

    /// How long the peer may take from the connection on, for what it has sent.
    pub fn patience(&self) -> Duration {
        let patience = &self.persona.limits.patience;
        let bytes = u32::try_from(self.total).unwrap_or(u32::MAX);
        patience.first.saturating_add(patience.per_byte.saturating_mul(bytes)).min(patience.most)
    }

    /// What the persona says to a peer that sends no more, because it waits or because it has closed its
    /// side: only if it has begun.
    pub fn unfinished(&self, closed: bool) -> Option<Wrong> {
        let patience = &self.persona.limits.patience;
        self.begun.then_some(if closed { patience.says_at_end } else { patience.says }).flatten()
    }

    /// Whether anything came.
    pub fn heard(&self) -> bool {
        self.total > 0
    }

    pub fn head(&self) -> &Head {
        &self.head
    }

    /// Nothing more of this head is read.
    fn give_up(&mut self, wrong: Wrong) -> bool {
        if !self.begun {
            self.head.first = std::mem::take(&mut self.text);
        }
        // A server that reads the whole head first has not looked at its version yet.
        if !self.persona.line.at_once {
            self.head.line.version = Version::Unknown;
        }
        self.text = Vec::new();
        self.head.wrong = Some(wrong);
        self.whole = true;
        true
    }

    /// Notes the first thing that is wrong, and says whether it is told at once.
    fn wrong(&mut self, wrong: Wrong) -> bool {
        self.head.wrong.get_or_insert(wrong);
        self.persona.line.at_once
    }

    /// The request line.
    fn begin(&mut self, text: &mut Vec<u8>, ending: Ending) -> bool {
        let form = &self.persona.line;
        let bare = ending == Ending::Lf && !form.bare_lf;
        if text.is_empty() && !bare {
            self.empty = self.empty.saturating_add(1);
            if self.empty <= self.persona.limits.empty_lines {
                return false;
            }
            self.head.wrong = Some(Wrong::Malformed);
            return true;
        }
        self.begun = true;
        self.head.first = std::mem::take(text);
        if bare {
            return self.wrong(Wrong::Malformed) || self.head.first.is_empty();
        }
        let (line, wrong) = line::read(self.persona, &self.head.first);
        self.head.line = line;
        match wrong {
            Some(wrong) => self.wrong(wrong),
            None => self.head.line.version == Version::Simple,
        }
    }

    /// A line of a field, or the empty line behind them.
    fn field(&mut self, text: &[u8], ending: Ending) -> bool {
        let persona = self.persona;
        if text.is_empty() {
            if ending == Ending::Lf && !persona.line.bare_lf {
                self.wrong(Wrong::Malformed);
            }
            self.finish();
            return true;
        }
        if ending == Ending::Lf && !persona.line.bare_lf {
            return self.wrong(Wrong::Malformed);
        }
        let read = match text.first() {
            Some(b' ' | b'\t') => fields::fold(persona, &mut self.head.fields, text),
            _ => fields::add(persona, &mut self.head.fields, text),
        };
        match read {
            Err(wrong) => self.wrong(wrong),
            Ok(()) if self.head.fields.len() > persona.limits.fields => {
                self.head.wrong.get_or_insert(Wrong::TooManyFields);
                true
            }
            Ok(()) => false,
        }
    }

    /// What can only be judged when all fields are there.
    fn finish(&mut self) {
        let limits = &self.persona.limits;
        let Some(merged) = limits.merged.filter(|_| self.head.wrong.is_none()) else { return };
        let mut names: Vec<(&[u8], usize)> = Vec::new();
        for field in &self.head.fields {
            match names.iter_mut().find(|(name, _)| *name == field.name) {
                Some((_, length)) => *length += 2 + field.value.len(),
                None => names.push((&field.name, field.value.len())),
            }
        }
        if names.iter().any(|(_, length)| *length > merged) {
            self.head.wrong = Some(limits.field_wrong);
        }
    }
}
