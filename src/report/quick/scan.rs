//! Goes over a line whose marks are known.

use std::net::IpAddr;
use std::ops::Range;

use memchr::memchr2;

use super::marks::Marks;
use crate::event::{OneOf, Plain};
use crate::report::fields::Text;
use crate::report::number::{colons, dotted, millis, number};
use crate::report::whose::{Known, Whose};

/// A place in a line. Each step takes a key, which begins with its space, and its value. What takes a key is
/// always inlined, so that a key is compared as a number and not as a string.
pub struct Scan<'l, 'm> {
    line: &'l [u8],
    marks: &'m Marks,
    /// What of the line is not read yet.
    rest: &'l [u8],
}

impl<'l, 'm> Scan<'l, 'm> {
    pub fn new(line: &'l [u8], marks: &'m Marks) -> Self {
        Scan { line, marks, rest: line }
    }

    /// Nothing is left.
    pub fn is_over(&self) -> bool {
        self.rest.is_empty()
    }

    #[inline(always)]
    fn at(&self) -> usize {
        self.line.len() - self.rest.len()
    }

    #[inline(always)]
    fn key(&mut self, key: &[u8]) -> Option<()> {
        self.rest = self.rest.strip_prefix(key)?;
        Some(())
    }

    /// The key may be missing; then what comes must be another.
    #[inline(always)]
    fn if_there<T>(&mut self, key: &[u8], read: impl FnOnce(&mut Self) -> Option<T>) -> Option<Option<T>> {
        match self.key(key) {
            None => Some(None),
            Some(()) => read(self).map(Some),
        }
    }

    /// What stands before the next space.
    #[inline(always)]
    pub fn value(&mut self) -> &'l [u8] {
        let at = self.at();
        let (value, rest) = self.rest.split_at(self.marks.space(at) - at);
        self.rest = rest;
        value
    }

    /// Where that is.
    #[inline(always)]
    fn place(&mut self) -> Range<usize> {
        let start = self.at();
        self.value();
        start..self.at()
    }

    /// Whose event it is; returns the connection's name as it is written.
    #[inline(always)]
    pub fn whose(&mut self, known: &mut Known, whose: &mut Whose) -> Option<&'l [u8]> {
        let (start, bytes) = (self.at(), self.rest);
        let id = self.plain(b" id=")?;
        if self.key(b" peer=").is_none() {
            *whose = known.read(id, None);
            return Some(id.raw());
        }
        let place = self.place();
        let peer = || self.address_in(place.clone());
        match bytes.get(4) {
            Some(b'"') => *whose = known.read(id, Some(peer()?.0)),
            _ => known.written(bytes.get(..place.end - start)?, id, peer, whose)?,
        }
        Some(id.raw())
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
        let text = match self.rest {
            [b'"', rest @ ..] => {
                let (text, rest) = rest.split_at_checked(memchr2(b'"', b'\\', rest)?)?;
                // What is escaped is left to others.
                self.rest = rest.strip_prefix(b"\"")?;
                text
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
    pub fn word<T: OneOf>(&mut self, key: &[u8]) -> Option<T> {
        self.key(key)?;
        T::read(self.value())
    }

    #[inline(always)]
    pub fn verdict(&mut self) -> Option<()> {
        self.key(b" verdict=")?;
        let value = self.value();
        let known = value == b"accept" || value == b"reject" || value == b"tempfail" || value == b"abort";
        known.then_some(())
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
            None => other(self.line.get(place)?),
        }
    }
}

#[inline(never)]
fn other(text: &[u8]) -> Option<(IpAddr, bool)> {
    if let Some((address, usual)) = colons(text) {
        let canonical = IpAddr::V6(address).to_canonical();
        return Some((canonical, usual && canonical.is_ipv6()));
    }
    let address: IpAddr = std::str::from_utf8(text).ok()?.parse().ok()?;
    Some((address.to_canonical(), false))
}
