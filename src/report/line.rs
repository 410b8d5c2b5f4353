//! Whose line it is, and what stands behind its tag.

use memchr::memmem;

use super::stamp::{Stamp, Stamps};
use super::summary::Service;

/// What a line of a log is to us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cut<'l> {
    /// One of our programs wrote it.
    Ours { stamp: Stamp, service: Service, message: &'l [u8] },
    /// Another program wrote it, or nobody can say who.
    Foreign,
    /// It has our tag, and something before it that is no header.
    Broken,
}

/// Takes a line of ours apart that is as rsyslog writes it, which most are; whatever else it is, [`cut`] tells.
#[inline(always)]
pub fn usual<'l>(line: &'l [u8], stamps: &Stamps) -> Option<Cut<'l>> {
    let (micros, rest) = stamps.usual(line)?;
    let rest = rest.strip_prefix(b" ")?;
    // A line without a host may begin with a tag of ours.
    if matches!(rest, [b's' | b't', ..]) && tagged(rest).is_some() {
        return None;
    }
    let (service, message) = tagged(rest.get(before_space(rest)? + 1..)?)?;
    Some(Cut::Ours { stamp: Stamp::At(micros), service, message })
}

/// Takes a line apart: `stamp host tag[pid]: message`, with or without host and pid, and for what
/// comes from stderr without a stamp.
#[inline(always)]
pub fn cut<'l>(line: &'l [u8], stamps: &mut Stamps) -> Cut<'l> {
    let line = priority(line);
    match stamps.read(line) {
        Some((stamp, [b' ', rest @ ..])) => {
            let rest = rest.trim_ascii_start();
            let named = tagged(rest).or_else(|| {
                let host = before_space(rest)?;
                tagged(rest.get(host..)?.trim_ascii_start())
            });
            named.map_or(Cut::Foreign, |(service, message)| Cut::Ours { stamp, service, message })
        }
        _ => match tagged(line) {
            Some((service, message)) => Cut::Ours { stamp: Stamp::Missing, service, message },
            None => foreign_or_broken(line),
        },
    }
}

/// Skips a `<22>` that syslogd did not take away.
fn priority(line: &[u8]) -> &[u8] {
    match line {
        [b'<', a, b'>', rest @ ..] if a.is_ascii_digit() => rest,
        [b'<', a, b, b'>', rest @ ..] if a.is_ascii_digit() && b.is_ascii_digit() => rest,
        [b'<', a, b, c, b'>', rest @ ..] if [a, b, c].iter().all(|digit| digit.is_ascii_digit()) => rest,
        _ => line,
    }
}

/// Reads `tag: ` or `tag[pid]: `.
#[inline(always)]
fn tagged(text: &[u8]) -> Option<(Service, &[u8])> {
    let (service, rest) = if let Some(rest) = text.strip_prefix(b"smtarpit") {
        (Service::Smtarpit, rest)
    } else if let Some(rest) = text.strip_prefix(b"sundew") {
        (Service::Sundew, rest)
    } else {
        (Service::Tarpop, text.strip_prefix(b"tarpop")?)
    };
    let rest = match rest {
        [b'[', rest @ ..] => rest.get(digits(rest)?..)?.strip_prefix(b"]")?,
        rest => rest,
    };
    Some((service, rest.strip_prefix(b": ")?))
}

/// How much stands before the first space.
#[inline]
fn before_space(text: &[u8]) -> Option<usize> {
    first(text, |word| {
        let word = word ^ u64::from_ne_bytes([b' '; 8]);
        word.wrapping_sub(u64::from_ne_bytes([1; 8])) & !word
    })
    .or_else(|| text.iter().position(|byte| *byte == b' '))
}

/// How many digits stand before anything else.
#[inline]
fn digits(text: &[u8]) -> Option<usize> {
    first(text, |word| {
        let word = word ^ u64::from_ne_bytes([b'0'; 8]);
        word.wrapping_add(u64::from_ne_bytes([0x7f - 9; 8])) | word
    })
    .or_else(|| text.iter().position(|byte| !byte.is_ascii_digit()))
}

/// Which of the first eight bytes is the first whose top bit is set once all are changed together.
#[inline]
fn first(text: &[u8], change: impl Fn(u64) -> u64) -> Option<usize> {
    let found = change(u64::from_le_bytes(*text.first_chunk()?)) & u64::from_ne_bytes([0x80; 8]);
    (found != 0).then(|| found.trailing_zeros() as usize / 8)
}

/// The service of this name.
pub fn service(tag: &[u8]) -> Option<Service> {
    Service::ALL.into_iter().find(|service| service.as_str().as_bytes() == tag)
}

/// A line without a header that we know is not ours, unless it says so.
#[cold]
fn foreign_or_broken(line: &[u8]) -> Cut<'_> {
    let tags: [&[u8]; 3] = [b" smtarpit[", b" tarpop[", b" sundew["];
    match tags.iter().any(|tag| memmem::find(line, tag).is_some()) {
        true => Cut::Broken,
        false => Cut::Foreign,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::zone::Zone;

    fn cut_of(line: &str) -> Cut<'_> {
        cut(line.as_bytes(), &mut Stamps::new(Zone::utc(), 1_800_000_000))
    }

    #[test]
    fn our_lines_are_found_in_every_kind_of_log() {
        for line in [
            "2026-11-26T04:12:29.123456+01:00 mx smtarpit[12]: helo id=1",
            "2026-11-26T04:12:29+0100 mx smtarpit[12]: helo id=1",
            "Nov 26 04:12:29 mx smtarpit[12]: helo id=1",
            "<22>Nov 26 04:12:29 mx smtarpit: helo id=1",
            "@400000006926c86d0754d4c0 smtarpit[12]: helo id=1",
            "2026-11-26T04:12:29Z smtarpit[12]: helo id=1",
            "smtarpit[12]: helo id=1",
        ] {
            let Cut::Ours { service: Service::Smtarpit, message: b"helo id=1", .. } = cut_of(line) else {
                panic!("{line}: {:?}", cut_of(line));
            };
        }
    }

    #[test]
    fn other_lines_are_not() {
        for line in [
            "",
            "2026-11-26T04:12:29Z mx postfix/smtpd[12]: connect from smtarpit[12]: x",
            "2026-11-26T04:12:29Z mx smtarpit2[12]: helo id=1",
            "2026-11-26T04:12:29Z mx smtarpit[1x]: helo id=1",
            "2026-11-26T04:12:29Z",
            "2026-11-26T04:12:29Z mx",
            "-- Boot 1234 --",
        ] {
            assert_eq!(cut_of(line), Cut::Foreign, "{line}");
        }
        assert_eq!(cut_of("2026-11-26T04:72:29Z mx smtarpit[12]: helo id=1"), Cut::Broken);
    }
}
