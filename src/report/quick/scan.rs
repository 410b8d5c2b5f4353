//! Goes over a line whose marks are known.

use std::net::IpAddr;
use std::ops::Range;
use std::str::FromStr;

use memchr::memchr2;

use super::marks::Marks;
use crate::event::Plain;
use crate::report::fields::Text;
use crate::report::number::{dotted, millis, number};
use crate::report::whose::{Known, Whose};

/// A place in a line. Each step takes a key, which begins with its space, and its value. What takes a key is
/// always inlined, so that a key is compared as a number and not as a string.
pub struct Scan<'l, 'm> {
    line: &'l [u8],
    marks: &'m Marks,
    at: usize,
}

impl<'l, 'm> Scan<'l, 'm> {
    pub fn new(line: &'l [u8], marks: &'m Marks) -> Self {
        Scan { line, marks, at: 0 }
    }

    /// Nothing is left.
    pub fn is_over(&self) -> bool {
        self.at == self.line.len()
    }

    #[inline(always)]
    fn has(&self, key: &[u8]) -> bool {
        self.line.get(self.at..).is_some_and(|rest| rest.starts_with(key))
    }

    #[inline(always)]
    fn key(&mut self, key: &[u8]) -> Option<()> {
        self.has(key).then(|| self.at += key.len())
    }

    /// The key may be missing; then what comes must be another.
    #[inline(always)]
    fn if_there<T>(&mut self, key: &[u8], read: impl FnOnce(&mut Self) -> Option<T>) -> Option<Option<T>> {
        match self.key(key) {
            None => Some(None),
            Some(()) => read(self).map(Some),
        }
    }

    /// Where a value is that ends at the next space.
    #[inline(always)]
    fn place(&mut self) -> Range<usize> {
        let start = self.at;
        self.at = self.marks.space(start);
        start..self.at
    }

    /// What stands before the next space.
    #[inline(always)]
    pub fn value(&mut self) -> &'l [u8] {
        let place = self.place();
        self.between(place).unwrap_or_default()
    }

    /// Two comparisons are less work than those of a range, of which any end may be wrong.
    #[inline(always)]
    fn between(&self, place: Range<usize>) -> Option<&'l [u8]> {
        self.line.get(..place.end)?.get(place.start..)
    }

    /// The name of the connection, and who is at its other end.
    #[inline(always)]
    pub fn whose(&mut self, known: &mut Known) -> Option<(Text<'l>, Whose)> {
        let start = self.at;
        let id = self.plain(b" id=")?;
        if self.key(b" peer=").is_none() {
            return Some((id, known.read(id, None)));
        }
        let place = self.place();
        let peer = || self.address_in(place.clone());
        let bare = self.line.get(start + 4) != Some(&b'"');
        let whose = match bare {
            true => known.written(self.between(start..place.end)?, id, peer)?,
            false => known.read(id, peer().map(|(peer, _)| peer)),
        };
        Some((id, whose))
    }

    /// Printable text, with quotes or without.
    #[inline(always)]
    pub fn plain(&mut self, key: &[u8]) -> Option<Text<'l>> {
        self.key(key)?;
        self.text()
    }

    #[inline(always)]
    pub fn plain_if(&mut self, key: &[u8]) -> Option<Option<Text<'l>>> {
        self.if_there(key, Self::text)
    }

    #[inline(always)]
    fn text(&mut self) -> Option<Text<'l>> {
        let text = match self.line.get(self.at) {
            Some(b'"') => {
                let rest = self.line.get(self.at + 1..)?;
                let length = memchr2(b'"', b'\\', rest)?;
                // What is escaped is left to others.
                self.at += length + 2;
                rest.get(..length).filter(|_| rest.get(length) == Some(&b'"'))?
            }
            _ => self.value(),
        };
        (text.len() <= Plain::LONGEST).then(|| Text::unescaped(text))
    }

    #[inline(always)]
    pub fn number(&mut self, key: &[u8]) -> Option<u64> {
        self.key(key)?;
        self.digits()
    }

    #[inline(always)]
    pub fn number_if(&mut self, key: &[u8]) -> Option<Option<u64>> {
        self.if_there(key, Self::digits)
    }

    #[inline(always)]
    pub fn small(&mut self, key: &[u8]) -> Option<u32> {
        self.number(key).and_then(|number| u32::try_from(number).ok())
    }

    #[inline(always)]
    fn digits(&mut self) -> Option<u64> {
        let place = self.place();
        number(self.line, place)
    }

    #[inline(always)]
    pub fn millis(&mut self, key: &[u8]) -> Option<u64> {
        self.key(key)?;
        self.time()
    }

    #[inline(always)]
    pub fn millis_if(&mut self, key: &[u8]) -> Option<Option<u64>> {
        self.if_there(key, Self::time)
    }

    #[inline(always)]
    fn time(&mut self) -> Option<u64> {
        let place = self.place();
        millis(self.line, place)
    }

    /// One of a closed set of words.
    #[inline(always)]
    pub fn word<T: FromStr>(&mut self, key: &[u8]) -> Option<T> {
        self.key(key)?;
        std::str::from_utf8(self.value()).ok()?.parse().ok()
    }

    #[inline(always)]
    pub fn verdict(&mut self) -> Option<()> {
        self.key(b" verdict=")?;
        match self.value() {
            b"accept" | b"reject" | b"tempfail" | b"abort" => Some(()),
            _ => None,
        }
    }

    #[inline(always)]
    pub fn address_if(&mut self, key: &[u8]) -> Option<Option<IpAddr>> {
        self.if_there(key, Self::address)
    }

    #[inline(always)]
    fn address(&mut self) -> Option<IpAddr> {
        let place = self.place();
        self.address_in(place).map(|(address, _)| address)
    }

    /// An address, and whether it is written as we write it.
    #[inline(always)]
    fn address_in(&self, place: Range<usize>) -> Option<(IpAddr, bool)> {
        match dotted(self.line, place.clone()) {
            Some(address) => Some((IpAddr::V4(address), true)),
            None => other(self.between(place)?),
        }
    }
}

#[inline(never)]
fn other(text: &[u8]) -> Option<(IpAddr, bool)> {
    let address: IpAddr = std::str::from_utf8(text).ok()?.parse().ok()?;
    let address = address.to_canonical();
    Some((address, address.to_string().as_bytes() == text))
}
