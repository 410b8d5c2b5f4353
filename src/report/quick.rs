//! Reads a line that is exactly as a program of ours writes it, which nearly every line is.
//!
//! The keys come in their order, each with one space before it, and nothing else does. Whatever is
//! otherwise is `None` here, which says nothing of the line: [`Fields`](super::fields::Fields) then
//! decides. So this can be simple where that must be complete.

use std::net::{IpAddr, Ipv4Addr};
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
        self.text()
    }

    #[inline(always)]
    fn plain_if(&mut self, key: &[u8]) -> Option<Option<Text<'l>>> {
        self.if_there(key, Self::text)
    }

    fn text(&mut self) -> Option<Text<'l>> {
        let text = self.rest;
        if let [b'"', inner @ ..] = text {
            let length =
                inner.iter().position(|byte| !matches!(byte, b' '..=b'!' | b'#'..=b'[' | b']'..=b'~'))?;
            // A backslash is left to others.
            if inner[length] != b'"' || length > Plain::LONGEST {
                return None;
            }
            self.rest = &inner[length + 1..];
            return Some(Text::unescaped(&inner[..length]));
        }
        let length = text.iter().position(|byte| !matches!(byte, b'!'..=b'~')).unwrap_or(text.len());
        let (value, rest) = text.split_at(length);
        if length > Plain::LONGEST || rest.first().is_some_and(|byte| *byte != b' ') {
            return None;
        }
        self.rest = rest;
        Some(Text::unescaped(value))
    }

    /// Up to the next space.
    fn bare(&mut self) -> &'l [u8] {
        let length = self.rest.iter().position(|byte| *byte == b' ').unwrap_or(self.rest.len());
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
        self.if_there(key, Self::address)
    }

    fn address(&mut self) -> Option<IpAddr> {
        let mut rest = self.rest;
        let mut bits = 0_u32;
        for octet in 0..4 {
            if octet > 0 {
                rest = rest.strip_prefix(b".")?;
            }
            let Some((number, length)) = leading(rest).filter(|(number, length)| {
                *number <= 255 && (*length == 1 || (*length <= 3 && rest.first() != Some(&b'0')))
            }) else {
                return self.other_address();
            };
            bits = bits << 8 | u32::try_from(number).ok()?;
            rest = &rest[length..];
            if octet == 0 && rest.first() != Some(&b'.') {
                return self.other_address();
            }
        }
        self.rest = rest;
        matches!(rest.first(), None | Some(b' ')).then_some(IpAddr::V4(Ipv4Addr::from_bits(bits)))
    }

    fn other_address(&mut self) -> Option<IpAddr> {
        let address: IpAddr = std::str::from_utf8(self.bare()).ok()?.parse().ok()?;
        Some(address.to_canonical())
    }
}

/// The number at the beginning, and how many digits it has: at most 18.
fn leading(text: &[u8]) -> Option<(u64, usize)> {
    let mut number = 0;
    let mut length = 0;
    for byte in text {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Verdict;

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
        ] {
            assert!(read(line.as_bytes()).is_some(), "{line}");
        }
        assert!(read(b"refuse id=a1 why=slots busy=36 colour=blue").is_none());
    }
}
