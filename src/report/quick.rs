//! Reads a line that is exactly as a program of ours writes it, which nearly every line is.
//!
//! The keys come in their order, each with one space before it, and nothing else does. Whatever is
//! otherwise is `None` here, which says nothing of the line: [`Fields`](super::fields::Fields) then
//! decides. So this can be simple where that must be complete.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use super::fields::Text;
use super::heard::{End, Heard, Said};
use crate::event::Plain;

/// Reads the line if it is as usual.
pub fn read(line: &[u8]) -> Option<Heard<'_>> {
    let space = line.iter().position(|byte| *byte == b' ')?;
    let (word, rest) = line.split_at(space);
    let mut scan = Scan { rest };
    let id = scan.plain(b" id=")?;
    let peer = scan.address_if(b" peer=")?;
    let said = said(word, &mut scan)?;
    scan.rest.is_empty().then_some(Heard { id, peer, said })
}

fn said<'l>(word: &[u8], scan: &mut Scan<'l>) -> Option<Said<'l>> {
    Some(match word {
        b"rcpt" => {
            scan.plain(b" to=")?;
            scan.verdict()?;
            Said::Rcpt { receipt: scan.plain_if(b" receipt=")? }
        }
        b"mail" => {
            let null = scan.plain(b" from=")?.raw().is_empty();
            scan.verdict()?;
            Said::Mail { null }
        }
        b"helo" => {
            scan.plain(b" verb=")?;
            scan.plain(b" name=")?;
            Said::Helo
        }
        b"connect" => {
            scan.number_if(b" port=").filter(|port| port.is_none_or(|port| port <= 65_535))?;
            scan.address_if(b" local=")?;
            scan.number_if(b" lport=").filter(|port| port.is_none_or(|port| port <= 65_535))?;
            scan.small(b" slot=")?;
            let busy = scan.small(b" busy=")?;
            scan.plain(b" profile=")?;
            scan.plain(b" persona=")?;
            Said::Connect { busy }
        }
        b"end" => Said::End(Box::new(end(scan)?)),
        b"refuse" => {
            let why = scan.word(b" why=")?;
            Said::Refuse { why, busy: scan.small(b" busy=")? }
        }
        b"still" => {
            let held_ms = scan.millis(b" held=")?;
            scan.plain(b" stage=")?;
            scan.plain(b" profile=")?;
            scan.number_if(b" made=")?;
            Said::Still { held_ms, bytes_out: scan.number_if(b" out=")? }
        }
        b"login" => {
            let user = scan.plain(b" user=")?;
            scan.plain(b" method=")?;
            scan.verdict()?;
            scan.plain_if(b" password=")?;
            Said::Login { user, visit: scan.plain_if(b" visit=")? }
        }
        b"message" => {
            scan.number(b" bytes=")?;
            scan.plain(b" sha256=")?;
            scan.verdict()?;
            scan.plain_if(b" stored=")?;
            Said::Message
        }
        b"auth" => {
            let user = scan.plain(b" user=")?;
            scan.plain(b" method=")?;
            scan.verdict()?;
            Said::Auth { user }
        }
        b"retr" => {
            scan.number(b" number=")?;
            scan.number(b" bytes=")?;
            Said::Retr
        }
        b"page" => {
            scan.plain(b" method=")?;
            scan.plain(b" host=")?;
            let path = scan.plain(b" path=")?;
            scan.number(b" status=")?;
            let agent = scan.plain(b" agent=")?;
            scan.number(b" bytes=")?;
            let addresses = scan.number_if(b" addresses=")?.unwrap_or(0);
            let season = scan.number_if(b" season=")?;
            Said::Page { path, agent, addresses, season, visit: scan.plain_if(b" visit=")? }
        }
        _ => return None,
    })
}

fn end<'l>(scan: &mut Scan<'l>) -> Option<End<'l>> {
    let held_ms = scan.millis(b" held=")?;
    let bytes_in = scan.number(b" in=")?;
    let bytes_out = scan.number(b" out=")?;
    let stage = scan.plain(b" stage=")?;
    let reason = scan.word(b" reason=")?;
    let kind = scan.word(b" kind=")?;
    scan.plain(b" evidence=")?;
    Some(End {
        held_ms,
        bytes_in,
        bytes_out,
        stage,
        reason,
        kind,
        gaveup_ms: scan.millis_if(b" gaveup=")?,
        profile: scan.plain(b" profile=")?,
        commands: scan.number(b" commands=")?,
        mails: scan.number_if(b" mails=")?,
        null_from: scan.number_if(b" null_from=")?,
        rcpts: scan.number_if(b" rcpts=")?,
        auths: scan.number_if(b" auths=")?,
        messages: scan.number_if(b" messages=")?,
        logins: scan.number_if(b" logins=")?,
        retrs: scan.number_if(b" retrs=")?,
        pages: scan.number_if(b" pages=")?,
        made: scan.number_if(b" made=")?,
        tool: if scan.rest.is_empty() { None } else { Some(scan.word(b" tool=")?) },
    })
}

/// Goes over the line. Each step takes a key, which begins with its space, and its value. What takes a key
/// is always inlined, so that a key is compared as a number and not as a string.
struct Scan<'l> {
    rest: &'l [u8],
}

impl<'l> Scan<'l> {
    #[inline(always)]
    fn key(&mut self, key: &[u8]) -> Option<()> {
        self.rest = self.rest.strip_prefix(key)?;
        Some(())
    }

    /// The key may be missing; then what comes must be another.
    #[inline(always)]
    fn if_there<T>(&mut self, key: &[u8], read: impl FnOnce(&mut Self) -> Option<T>) -> Option<Option<T>> {
        match self.rest.strip_prefix(key) {
            None => Some(None),
            Some(rest) => {
                self.rest = rest;
                read(self).map(Some)
            }
        }
    }

    /// Printable text, with quotes or without.
    #[inline(always)]
    fn plain(&mut self, key: &[u8]) -> Option<Text<'l>> {
        self.key(key)?;
        self.text().map(Text::unescaped)
    }

    #[inline(always)]
    fn plain_if(&mut self, key: &[u8]) -> Option<Option<Text<'l>>> {
        self.if_there(key, |scan| scan.text().map(Text::unescaped))
    }

    /// As bytes, which two registers can hold.
    fn text(&mut self) -> Option<&'l [u8]> {
        let text = self.rest;
        if let [b'"', inner @ ..] = text {
            let length = until(inner, |word| not_within(word, b' ') | equal(word, b'"') | equal(word, b'\\'));
            // A backslash is left to others.
            if inner.get(length) != Some(&b'"') || length > Plain::LONGEST {
                return None;
            }
            self.rest = &inner[length + 1..];
            return Some(&inner[..length]);
        }
        let length = until(text, |word| not_within(word, b'!'));
        let (value, rest) = text.split_at(length);
        if length > Plain::LONGEST || rest.first().is_some_and(|byte| *byte != b' ') {
            return None;
        }
        self.rest = rest;
        Some(value)
    }

    /// Up to the next space.
    fn bare(&mut self) -> &'l [u8] {
        let length = until(self.rest, |word| equal(word, b' '));
        let (value, rest) = self.rest.split_at(length);
        self.rest = rest;
        value
    }

    #[inline(always)]
    fn number(&mut self, key: &[u8]) -> Option<u64> {
        self.key(key)?;
        self.digits()
    }

    #[inline(always)]
    fn number_if(&mut self, key: &[u8]) -> Option<Option<u64>> {
        self.if_there(key, Self::digits)
    }

    #[inline(always)]
    fn small(&mut self, key: &[u8]) -> Option<u32> {
        self.number(key).and_then(|number| u32::try_from(number).ok())
    }

    /// Digits up to a space; so few that they are a number whatever they are.
    fn digits(&mut self) -> Option<u64> {
        let (number, length) = leading(self.rest)?;
        self.rest = &self.rest[length..];
        matches!(self.rest.first(), None | Some(b' ')).then_some(number)
    }

    #[inline(always)]
    fn millis(&mut self, key: &[u8]) -> Option<u64> {
        self.key(key)?;
        self.time()
    }

    #[inline(always)]
    fn millis_if(&mut self, key: &[u8]) -> Option<Option<u64>> {
        self.if_there(key, Self::time)
    }

    fn time(&mut self) -> Option<u64> {
        let (whole, length) = leading(self.rest).filter(|(_, length)| *length <= 12)?;
        let rest = &self.rest[length..];
        let [b'.', rest @ ..] = rest else {
            self.rest = rest;
            return matches!(rest.first(), None | Some(b' ')).then_some(whole * 1000);
        };
        let (part, length) = leading(rest).filter(|(_, length)| *length <= 3)?;
        self.rest = &rest[length..];
        let part = part * [0, 100, 10, 1][length];
        matches!(self.rest.first(), None | Some(b' ')).then_some(whole * 1000 + part)
    }

    /// One of a closed set of words.
    #[inline(always)]
    fn word<T: FromStr>(&mut self, key: &[u8]) -> Option<T> {
        self.key(key)?;
        std::str::from_utf8(self.bare()).ok()?.parse().ok()
    }

    #[inline(always)]
    fn verdict(&mut self) -> Option<()> {
        self.key(b" verdict=")?;
        match self.bare() {
            b"accept" | b"reject" | b"tempfail" | b"abort" => Some(()),
            _ => None,
        }
    }

    #[inline(always)]
    fn address_if(&mut self, key: &[u8]) -> Option<Option<IpAddr>> {
        self.if_there(key, |scan| scan.address())
    }

    #[inline(always)]
    fn address(&mut self) -> Option<IpAddr> {
        match dotted(self.rest) {
            Some((address, length)) => {
                self.rest = &self.rest[length..];
                Some(IpAddr::V4(address))
            }
            None => match colons(self.rest) {
                Some((address, length)) => {
                    self.rest = &self.rest[length..];
                    Some(IpAddr::V6(address).to_canonical())
                }
                None => self.other_address(),
            },
        }
    }

    #[cold]
    fn other_address(&mut self) -> Option<IpAddr> {
        let address: IpAddr = std::str::from_utf8(self.bare()).ok()?.parse().ok()?;
        Some(address.to_canonical())
    }
}

/// An IPv4 address up to a space, and its length; what is unusual is left to the standard library.
#[inline(always)]
fn dotted(text: &[u8]) -> Option<(Ipv4Addr, usize)> {
    // The longest, and the space behind it. What is not there is as good as one.
    let mut window = [b' '; 16];
    match text.first_chunk() {
        Some(whole) => window = *whole,
        None => window[..text.len()].copy_from_slice(text),
    }
    let digit = |at: usize| Some(u32::from(window[at % 16].wrapping_sub(b'0'))).filter(|digit| *digit <= 9);
    let (mut bits, mut at) = (0, 0);
    for end in *b"... " {
        let mut octet = digit(at)?;
        at += 1;
        if let Some(next) = digit(at) {
            if octet == 0 {
                return None;
            }
            octet = octet * 10 + next;
            at += 1;
        }
        if let Some(next) = digit(at).filter(|_| octet > 9) {
            octet = octet * 10 + next;
            at += 1;
        }
        if octet > 255 || window[at % 16] != end {
            return None;
        }
        bits = bits << 8 | octet;
        at += 1;
    }
    Some((Ipv4Addr::from_bits(bits), at - 1))
}

/// An IPv6 address of hexadecimal groups likewise.
#[inline(never)]
fn colons(text: &[u8]) -> Option<(Ipv6Addr, usize)> {
    let mut groups = [0; 8];
    let (mut count, mut gap, mut at) = (0, None, 0);
    if text.starts_with(b"::") {
        (gap, at) = (Some(0), 2);
    }
    loop {
        let begin = at;
        let mut group = 0;
        while let Some(digit) = text.get(at).and_then(|byte| char::from(*byte).to_digit(16)) {
            group = group << 4 | digit;
            at += 1;
            if at - begin > 4 {
                return None;
            }
        }
        let over = matches!(text.get(at), None | Some(b' '));
        if at == begin {
            // Nothing follows two colons.
            match over && gap == Some(count) {
                true => break,
                false => return None,
            }
        }
        *groups.get_mut(count)? = u16::try_from(group).ok()?;
        count += 1;
        if over {
            break;
        }
        if text.get(at) != Some(&b':') {
            return None;
        }
        at += 1;
        if text.get(at) == Some(&b':') {
            if gap.replace(count).is_some() {
                return None;
            }
            at += 1;
        }
    }
    match gap {
        None if count == 8 => {}
        // Two colons are one group at least.
        Some(gap) if count < 8 => {
            groups.copy_within(gap..count, 8 - (count - gap));
            groups[gap..8 - (count - gap)].fill(0);
        }
        _ => return None,
    }
    Some((groups.into(), at))
}

/// The number at the beginning, and how many digits it has: at most 18.
#[inline]
fn leading(text: &[u8]) -> Option<(u64, usize)> {
    let mut number = 0;
    let mut length = 0;
    while let Some(byte) = text.get(length) {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            break;
        }
        number = number * 10 + u64::from(digit);
        length += 1;
        if length > 18 {
            return None;
        }
    }
    (length > 0).then_some((number, length))
}

/// Where the first byte is that `find` marks by its top bit; looks at eight at once. What it marks behind the
/// first one may be wrong.
#[inline(always)]
fn until(text: &[u8], find: impl Fn(u64) -> u64) -> usize {
    let place = |word: u64| (find(word) & TOPS).trailing_zeros() as usize / 8;
    let mut at = 0;
    while let Some(word) = text.get(at..).and_then(|text| text.first_chunk::<8>()) {
        let found = place(u64::from_le_bytes(*word));
        if found < 8 {
            return at + found;
        }
        at += 8;
    }
    // What is missing of the last eight is nought.
    let rest = text.len() - at;
    let word = match text.last_chunk::<8>() {
        Some(_) if rest == 0 => return at,
        Some(last) => u64::from_le_bytes(*last) >> (8 * (8 - rest)),
        None => text.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte)),
    };
    at + place(word).min(rest)
}

const ONES: u64 = u64::from_ne_bytes([1; 8]);
const TOPS: u64 = u64::from_ne_bytes([0x80; 8]);

/// Marks the bytes that are below this one, or above `~`.
#[inline(always)]
fn not_within(word: u64, least: u8) -> u64 {
    (word.wrapping_sub(ONES * u64::from(least)) & !word) | word.wrapping_add(ONES) | word
}

/// Marks the bytes that are this one.
#[inline(always)]
fn equal(word: u64, byte: u8) -> u64 {
    let word = word ^ (ONES * u64::from(byte));
    word.wrapping_sub(ONES) & !word
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Verdict;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn addresses_are_what_the_standard_library_takes_for_one(
            some in any::<std::net::Ipv6Addr>(), sparse in proptest::array::uniform8(prop_oneof![0..2_u16, any::<u16>()]),
            forged in "[0-9a-fA-F]{0,5}(:{1,3}[0-9a-g]{0,5}){0,9}(:[0-9.]{7,9})?", v4 in "[0-9]{1,3}(\\.[0-9]{0,4}){2,4}",
        ) {
            let sparse = Ipv6Addr::from(sparse);
            for text in [some.to_string(), sparse.to_string(), forged, v4] {
                let line = format!("{text} held=1");
                let mut scan = Scan { rest: line.as_bytes() };
                let read = scan.address();
                prop_assert_eq!(read, text.parse().ok().map(|address: IpAddr| address.to_canonical()), "{}", text);
                prop_assert!(read.is_none() || scan.rest == b" held=1");
            }
        }

        #[test]
        fn what_ends_a_text_is_found_wherever_it_is(
            text in proptest::collection::vec(prop_oneof![20 => b' '..=b'~', 1 => any::<u8>()], 0..40),
        ) {
            let place = |ends: fn(&u8) -> bool| text.iter().position(ends).unwrap_or(text.len());
            prop_assert_eq!(until(&text, |word| equal(word, b' ')), place(|byte| *byte == b' '));
            prop_assert_eq!(until(&text, |word| not_within(word, b'!')), place(|byte| !matches!(byte, b'!'..=b'~')));
            prop_assert_eq!(
                until(&text, |word| not_within(word, b' ') | equal(word, b'"') | equal(word, b'\\')),
                place(|byte| !matches!(byte, b' '..=b'~') || matches!(byte, b'"' | b'\\')),
            );
        }
    }

    #[test]
    fn every_verdict_is_known() {
        for verdict in Verdict::ALL {
            let line = format!("mail id=1 from=a verdict={verdict}");
            assert!(read(line.as_bytes()).is_some(), "{line}");
        }
    }

    #[test]
    fn usual_lines_are_read_here() {
        for line in [
            "connect id=a1 peer=192.0.2.7 port=2500 local=192.0.2.1 lport=25 slot=1 busy=1 profile=day persona=postfix",
            "rcpt id=a1 peer=2001:db8::1 to=\"a b\" verdict=accept receipt=s3.mailto.0a3f1.2",
            "end id=a1 peer=192.0.2.7 held=51.25 in=60 out=412 stage=login reason=quit kind=program \
             evidence=user,quit gaveup=3 profile=night commands=7 logins=3 retrs=0 tool=hydra",
            "refuse id=a1 peer=192.0.2.7 why=slots busy=36",
            "still id=a1 peer=192.0.2.7 held=600 stage=data profile=day",
            "message id=a1 peer=192.0.2.7 bytes=12 sha256=00ff verdict=tempfail",
            "auth id=a1 peer=192.0.2.7 user=bob method=PLAIN verdict=reject",
            "retr id=a1 peer=192.0.2.7 number=1 bytes=700",
        ] {
            assert!(read(line.as_bytes()).is_some(), "{line}");
        }
        assert!(read(b"refuse id=a1 why=slots busy=36 colour=blue").is_none());
    }
}
