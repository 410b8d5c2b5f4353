//! Numbers and addresses that stand in a line, without a look at one digit after the other: how long they are
//! is known, and what differs from line to line is then no branch that a processor has to guess.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::ops::Range;

/// A bit for each of sixteen bytes, the lowest for the first, where it is this byte.
#[inline(always)]
pub fn equal(bytes: &[u8; 16], byte: u8) -> u32 {
    bytes.iter().rev().fold(0, |bits, each| bits << 1 | u32::from(*each == byte))
}

/// The number that these bytes of a line are: from 1 to 18 digits.
#[inline(always)]
pub fn number(line: &[u8], place: Range<usize>) -> Option<u64> {
    let length = place.len();
    if (1..=8).contains(&length)
        && let Some(word) = before(line, place.end)
    {
        return eight(word, length);
    }
    longer(line.get(place)?)
}

/// A longer number, or one at the very beginning of the line.
#[cold]
fn longer(digits: &[u8]) -> Option<u64> {
    if !(1..=18).contains(&digits.len()) {
        return None;
    }
    digits.iter().try_fold(0, |sum, byte| byte.is_ascii_digit().then(|| sum * 10 + u64::from(byte - b'0')))
}

/// The eight bytes before a place.
#[inline(always)]
fn before(line: &[u8], end: usize) -> Option<u64> {
    line.get(..end)?.last_chunk().map(|bytes| u64::from_le_bytes(*bytes))
}

/// The number that the last of eight bytes are, so many of them.
#[inline(always)]
fn eight(word: u64, length: usize) -> Option<u64> {
    let others = 8 * (8 - length as u32 % 9);
    let digits = (word ^ ZEROS).unbounded_shr(others).unbounded_shl(others);
    if (digits.wrapping_add(ABOVE) | digits) & TOPS != 0 {
        return None;
    }
    // Neighbours are put together: digits to pairs, these to fours, and these to the whole.
    let pairs = (digits * 10 + (digits >> 8)) & 0x00ff_00ff_00ff_00ff;
    let fours = (pairs * 100 + (pairs >> 16)) & 0x0000_ffff_0000_ffff;
    Some((fours * 10_000 + (fours >> 32)) & 0xffff_ffff)
}

/// Bytes of the digit 0; with these added, what is above nine reaches the top bit.
const ZEROS: u64 = u64::from_ne_bytes([b'0'; 8]);
const ABOVE: u64 = u64::from_ne_bytes([0x7f - 9; 8]);
const TOPS: u64 = u64::from_ne_bytes([0x80; 8]);

/// Milliseconds, of seconds with up to three decimals.
#[inline(always)]
pub fn millis(line: &[u8], place: Range<usize>) -> Option<u64> {
    let end = place.end;
    let digit = |byte: u8| byte.is_ascii_digit().then(|| u64::from(byte - b'0'));
    let (end, part) = match line.get(place.clone())? {
        [.., b'.', a, b, c] => (end - 4, digit(*a)? * 100 + digit(*b)? * 10 + digit(*c)?),
        [.., b'.', a, b] => (end - 3, digit(*a)? * 100 + digit(*b)? * 10),
        [.., b'.', a] => (end - 2, digit(*a)? * 100),
        _ => (end, 0),
    };
    let whole = number(line, place.start..end).filter(|_| end - place.start <= 12)?;
    Some(whole * 1000 + part)
}

/// The IPv4 address that these bytes are, if it is written as usual, and so much stands before and behind it
/// that an octet's four last bytes are there and the longest address would be.
#[inline(always)]
pub fn dotted(line: &[u8], place: Range<usize>) -> Option<Ipv4Addr> {
    let around = line.get(place.start.checked_sub(4)?..)?.first_chunk::<20>()?;
    let window = *around.last_chunk::<16>()?;
    let length = place.len().min(16) as u32;
    let dots = equal(&window, b'.');
    let mut ends = dots & ((1 << length) - 1) | 1 << length;
    let (mut start, mut address, mut wrong) = (0, 0, 0);
    for _ in 0..4 {
        let end = ends.trailing_zeros() & 15;
        ends &= ends.wrapping_sub(1);
        let length = end.wrapping_sub(start) & 15;
        start = end + 1;
        let [a, b, c, d] = [0, 1, 2, 3].map(|at| around[end as usize + at]);
        let others = 32_u32.wrapping_sub(8 * length) & 31;
        let digits = (u32::from_le_bytes([a, b, c, d]) ^ ZEROS as u32) >> others << others;
        let octet = (digits >> 8 & 0xff) * 100 + (digits >> 16 & 0xff) * 10 + (digits >> 24);
        wrong |= (digits.wrapping_add(ABOVE as u32) | digits) & TOPS as u32;
        // No octet is empty, too long, too large, or has a nought before it.
        wrong |= u32::from(octet.wrapping_sub(LEAST[length as usize]) > MOST[length as usize]);
        address = address << 8 | octet & 0xff;
    }
    // There were three dots, and the address ends where it should.
    (wrong == 0 && ends == 0 && start == length + 1).then(|| Ipv4Addr::from_bits(address))
}

/// The least octet of so many digits, and how far the largest is above it; of most lengths there is none.
const LEAST: [u32; 16] = {
    let mut least = [u32::MAX; 16];
    (least[1], least[2], least[3]) = (0, 10, 100);
    least
};
const MOST: [u32; 16] = {
    let mut most = [0; 16];
    (most[1], most[2], most[3]) = (9, 89, 155);
    most
};

/// The IPv6 address of hexadecimal groups that a text is, and whether it is written as RFC 5952 recommends, which
/// is how we write it.
#[inline(never)]
pub fn colons(text: &[u8]) -> Option<(Ipv6Addr, bool)> {
    let mut groups = [0; 8];
    let (mut count, mut gap, mut at) = (0, None, 0);
    let mut usual = true;
    if text.starts_with(b"::") {
        (gap, at) = (Some(0), 2);
    }
    loop {
        let begin = at;
        let mut group = 0;
        while let Some(byte) = text.get(at) {
            let digit = match byte {
                b'0'..=b'9' => byte - b'0',
                b'a'..=b'f' => byte - b'a' + 10,
                b'A'..=b'F' => {
                    usual = false;
                    byte - b'A' + 10
                }
                _ => break,
            };
            usual &= at == begin || group != 0;
            group = group << 4 | u32::from(digit);
            at += 1;
            if at - begin > 4 {
                return None;
            }
        }
        let over = at == text.len();
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
    let left_out = match gap {
        None if count == 8 => None,
        // Two colons are one group at least.
        Some(gap) if count < 8 => {
            let length = 8 - count;
            groups.copy_within(gap..count, gap + length);
            groups[gap..gap + length].fill(0);
            Some((gap, length))
        }
        _ => return None,
    };
    Some((groups.into(), usual && left_out == longest(&groups)))
}

/// Where the first of the longest runs of noughts is, and how long it is: what two colons stand for.
fn longest(groups: &[u16; 8]) -> Option<(usize, usize)> {
    let mut longest = None;
    let mut at = 0;
    for same in groups.chunk_by(|a, b| a == b) {
        if same[0] == 0 && same.len() > longest.map_or(1, |(_, length)| length) {
            longest = Some((at, same.len()));
        }
        at += same.len();
    }
    longest
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn address(text: &str) -> Option<Ipv4Addr> {
        let line = format!(" peer={text} held=1 stage=data");
        dotted(line.as_bytes(), 6..6 + text.len())
    }

    proptest! {
        #[test]
        fn addresses_are_what_the_standard_library_takes_for_one(
            forged in "[0-9]{0,4}([.:/][0-9]{0,4}){2,4}", usual in any::<Ipv4Addr>(),
        ) {
            for text in [forged, usual.to_string()] {
                prop_assert_eq!(address(&text), text.parse().ok(), "{}", text);
            }
        }

        #[test]
        fn groups_are_what_the_standard_library_takes_for_them(
            some in any::<Ipv6Addr>(), sparse in proptest::array::uniform8(prop_oneof![3 => 0..2_u16, 1 => any::<u16>()]),
            forged in "[0-9a-fA-F]{0,5}(:{1,3}[0-9a-g]{0,5}){0,9}", full in any::<bool>(),
        ) {
            let sparse = Ipv6Addr::from(sparse);
            let written = match full {
                true => sparse.segments().map(|group| format!("{group:x}")).join(":"),
                false => sparse.to_string(),
            };
            for text in [some.to_string(), written, forged] {
                let read: Option<Ipv6Addr> = text.parse().ok().filter(|_| !text.contains('.'));
                prop_assert_eq!(colons(text.as_bytes()), read.map(|read| (read, read.to_string() == text)), "{}", text);
            }
        }

        #[test]
        fn a_number_is_what_the_standard_library_takes_for_one(
            text in prop_oneof!["[0-9]{0,20}", "[0-9]{0,6}[ -~\u{e9}][0-9]{0,6}"], before in "[ -~]{0,9}",
        ) {
            let line = format!("{before}{text} ");
            let read = number(line.as_bytes(), before.len()..before.len() + text.len());
            let plain = text.bytes().all(|byte| byte.is_ascii_digit()) && text.len() <= 18;
            prop_assert_eq!(read, text.parse().ok().filter(|_| plain));
        }

        #[test]
        fn decimals_are_thousandths(whole in 0..999_999_999_999_u64, part in "(\\.[0-9]{0,4})?") {
            let line = format!(" held={whole}{part}");
            let digits = part.trim_start_matches('.');
            let read = format!("{digits:0<3}").parse::<u64>().ok().map(|part| whole * 1000 + part);
            let usual = digits.len() <= 3 && part != ".";
            prop_assert_eq!(millis(line.as_bytes(), 6..line.len()), read.filter(|_| usual));
        }
    }
}
