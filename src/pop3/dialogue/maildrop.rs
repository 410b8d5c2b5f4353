//! The mailbox of a session: what is marked as deleted, and the commands that look at messages.

use super::line::Command;
use super::numbers::{self, Then, Wrong};
use super::{Dialogue, Fault, Reply, Stage};
use crate::event::What;
use crate::persona::pop3::Does;
use crate::persona::text::{self, Values};
use crate::pop3::mailbox::Mailbox;

/// A mailbox during one session (RFC 1939 5).
pub struct Maildrop {
    mailbox: Mailbox,
    deleted: Vec<bool>,
    /// The highest message that was read or deleted, from 1; 0 if none was.
    last: usize,
}

impl Maildrop {
    pub fn new(mailbox: Mailbox) -> Self {
        let deleted = vec![false; mailbox.len()];
        Maildrop { mailbox, deleted, last: 0 }
    }

    /// Whether anything is marked.
    pub fn has_deleted(&self) -> bool {
        self.deleted.contains(&true)
    }

    /// How many messages there are, with those that are marked.
    pub fn len(&self) -> usize {
        self.deleted.len()
    }

    /// How many messages are not marked, and how many octets they have.
    pub fn totals(&self) -> (usize, u64) {
        let sizes = self.kept().map(|at| self.mailbox.size(at));
        sizes.fold((0, 0), |(count, octets), size| (count + 1, octets + size))
    }

    /// The messages that are not marked, from 0.
    fn kept(&self) -> impl Iterator<Item = usize> + '_ {
        self.deleted.iter().enumerate().filter(|(_, deleted)| !**deleted).map(|(at, _)| at)
    }
}

impl Dialogue {
    pub(super) fn mail(&mut self, does: Does, command: &Command<'_>) -> (Reply, Fault) {
        let mail = &self.persona().mail;
        let every = command.argument().is_empty();
        match does {
            Does::Stat => self.said(mail.stat, command, Stage::List),
            Does::List if every => (self.every(mail.list, "{n} {octets}"), Fault::Fine),
            Does::Uidl if every => (self.every(mail.uidl, "{n} {uid}"), Fault::Fine),
            Does::Last => {
                let last = self.maildrop.as_ref().map_or(0, |maildrop| maildrop.last).to_string();
                let values = Values::default().with("n", last.as_bytes());
                (self.reply(mail.last, &values, Stage::List), Fault::Fine)
            }
            Does::Rset => {
                if let Some(maildrop) = &mut self.maildrop {
                    maildrop.deleted.fill(false);
                    maildrop.last = 0;
                }
                self.said(mail.rset, command, Stage::Other)
            }
            does => self.one(does, command).unwrap_or_else(|wrong| {
                let n = wrong.n.to_string();
                let values = command.values().with("n", n.as_bytes()).with("rest", wrong.rest);
                (self.reply(wrong.text, &values, Stage::Other), wrong.fault)
            }),
        }
    }

    /// A command about one message.
    fn one<'c>(&mut self, does: Does, command: &Command<'c>) -> Result<(Reply, Fault), Wrong<'c>> {
        let (mail, top) = (&self.persona().mail, &self.persona().top);
        let (numbers, then) = match does {
            Does::Top if top.blank => (&top.message, Then::Blank),
            Does::Top => (&top.message, Then::Anything),
            Does::Uidl => (&self.persona().uidl, Then::Nothing),
            _ => (&self.persona().numbers, Then::Nothing),
        };
        let (number, rest) = numbers::message(command.argument(), numbers, then)?;
        let lines = || match does {
            Does::Top => numbers::lines(rest, top, numbers.reading),
            _ => Ok(0),
        };
        if top.lines_first {
            lines()?;
        }
        let wrong = |text| Wrong { text, n: number, rest: &[], fault: Fault::Refused };
        let at = usize::try_from(number).ok().and_then(|number| number.checked_sub(1));
        let marked = |at| Some((at, self.maildrop.as_ref()?.deleted.get(at).copied()?));
        let Some((at, deleted)) = at.and_then(marked) else { return Err(wrong(numbers.none)) };
        if deleted && !(does == Does::Dele && mail.dele_again) {
            return Err(wrong(numbers.deleted));
        }
        let lines = lines()?;
        let reply = match does {
            Does::List => self.about(at, mail.list_one, Stage::List),
            Does::Uidl => self.about(at, mail.uidl_one, Stage::List),
            Does::Dele => {
                if let Some(maildrop) = &mut self.maildrop {
                    maildrop.deleted.get_mut(at).into_iter().for_each(|mark| *mark = true);
                    maildrop.last = maildrop.last.max(at + 1);
                }
                self.about(at, mail.dele, Stage::Other)
            }
            Does::Top => self.message(at, mail.top, Some(lines)),
            _ => self.message(at, mail.retr, None),
        };
        Ok((reply, Fault::Fine))
    }

    /// A line for every message.
    fn every(&self, head: &str, line: &str) -> Reply {
        let kept: Vec<usize> = self.maildrop.iter().flat_map(Maildrop::kept).collect();
        let lines = kept.into_iter().map(|at| self.told(at, line)).collect();
        self.list(head, &Values::default(), lines, Stage::List)
    }

    /// A reply about one message.
    fn about(&self, at: usize, text: &str, stage: Stage) -> Reply {
        Reply::new(text::wire(&self.told(at, text)), stage)
    }

    /// A text in which something is told of a message.
    fn told(&self, at: usize, text: &str) -> Vec<u8> {
        let Some(maildrop) = &self.maildrop else { return Vec::new() };
        let (n, octets) = ((at + 1).to_string(), maildrop.mailbox.size(at).to_string());
        let whole = maildrop.mailbox.uid(at);
        let part = |range: std::ops::Range<usize>| {
            whole
                .get(range)
                .and_then(|digits| u32::from_str_radix(digits, 16).ok())
                .unwrap_or_default()
                .to_string()
        };
        let (serial, validity) = (part(0..8), part(8..16));
        let uid = text::fill(self.persona().mail.uid, |word| match word {
            "serial" => Some(serial.as_bytes()),
            "validity" => Some(validity.as_bytes()),
            _ => Some(whole.as_bytes()),
        });
        let values =
            Values::default().with("n", n.as_bytes()).with("octets", octets.as_bytes()).with("uid", &uid);
        self.expand(text, &values)
    }

    /// A message, or its beginning: the header and so many lines (RFC 1939 7).
    fn message(&mut self, at: usize, head: &str, lines: Option<u64>) -> Reply {
        let text = self.maildrop.as_ref().map(|maildrop| maildrop.mailbox.text(at)).unwrap_or_default();
        let mut reply = self.about(at, head, Stage::Retr);
        stuff(&mut reply.text, &text, lines);
        reply.text.extend_from_slice(b".\r\n");
        if lines.is_none() {
            self.counts.retrs += 1;
            if let Some(maildrop) = &mut self.maildrop {
                maildrop.last = maildrop.last.max(at + 1);
            }
            let number = u64::try_from(at + 1).unwrap_or_default();
            let bytes = u64::try_from(reply.text.len()).unwrap_or_default();
            reply.notes.extend(self.note(What::Retr { number, bytes }));
        }
        reply
    }
}

/// Adds a message, or its header and so many lines, with a dot before each that begins a line (RFC 1939 3).
pub(super) fn stuff(out: &mut Vec<u8>, text: &[u8], lines: Option<u64>) {
    let (mut inside, mut left) = (false, lines);
    for line in text.split_inclusive(|&b| b == b'\n') {
        if inside {
            match &mut left {
                Some(0) => break,
                Some(left) => *left -= 1,
                None => {}
            }
        }
        inside |= line == b"\r\n";
        if line.starts_with(b".") {
            out.push(b'.');
        }
        out.extend_from_slice(line);
    }
}
