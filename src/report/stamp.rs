//! When a line was written: the stamps of syslog, the journal and multilog.
//!
//! A stamp without a year or a zone is in this machine's time zone. Its year is the one that fits best
//! of what is known: the connection's name, which has the moment of its first event in it; the stamps
//! before; and when the file was last written.

use chrono::{Datelike as _, NaiveDate};

use super::number;
use super::zone::{self, Zone, date};

/// What stands before a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stamp {
    /// Microseconds since 1970.
    At(i64),
    /// RFC 3164: month, day, and seconds since midnight on a clock of this machine's zone.
    Yearless { month: u32, day: u32, second: i64 },
    /// None at all.
    Missing,
}

const MICROS: i64 = 1_000_000;
const DAY: i64 = 86_400;

/// The moments that are believed, in seconds: from 1990 to 2100.
const BELIEVED: std::ops::Range<i64> = 631_152_000..4_102_444_800;

/// TAI64 counts from here, and TAI was 10 seconds ahead of UTC then; multilog knows no leap seconds.
const TAI64: u64 = (1 << 62) + 10;

/// Reads stamps; each stream has its own.
#[derive(Debug, Clone)]
pub struct Stamps {
    zone: Zone,
    /// When the stream was last written, in seconds.
    written: i64,
    /// The last moment that was told, in microseconds.
    last: Option<i64>,
    /// The last date that was read, and its seconds.
    date: ([u8; 10], i64),
    /// The last date, hour and minute that were read, and their seconds: the next line is most often of
    /// the same.
    minute: ([u8; 16], i64),
    /// The last offset that was read, as `+01:00`, and its seconds.
    east: ([u8; 6], i64),
    /// How often the year will turn.
    turns: i32,
}

impl Stamps {
    /// For a stream that was last written at this moment.
    pub fn new(zone: Zone, written: i64) -> Self {
        Stamps {
            zone,
            written,
            last: None,
            date: ([0; 10], 0),
            minute: ([0; 16], 0),
            east: ([0; 6], 0),
            turns: 0,
        }
    }

    /// What stands at the beginning of a line, and what follows it.
    #[inline]
    pub fn read<'l>(&mut self, line: &'l [u8]) -> Option<(Stamp, &'l [u8])> {
        match line.first()? {
            b'0'..=b'9' => self.rfc3339(line),
            b'@' => tai64n(line),
            _ => rfc3164(line),
        }
    }

    /// Reads what rsyslog writes, `2026-11-26T04:07:35.123456+01:00`, if minute and offset are those of the
    /// line before.
    #[inline(always)]
    pub fn usual<'l>(&self, line: &'l [u8]) -> Option<(i64, &'l [u8])> {
        let (stamp, rest) = line.split_first_chunk::<32>()?;
        let (minute, clock) = stamp.split_first_chunk::<16>()?;
        let [b':', _, _, b'.', _, _, _, _, _, _, east @ ..] = clock else { return None };
        if *minute != self.minute.0 || *east != self.east.0 {
            return None;
        }
        let second = digits(stamp, 17..19).filter(|second| *second < 60)?;
        let seconds = self.minute.1 + second - self.east.1;
        let micros = seconds * MICROS + digits(stamp, 20..26)?;
        BELIEVED.contains(&seconds).then_some((micros, rest))
    }

    fn rfc3339<'l>(&mut self, line: &'l [u8]) -> Option<(Stamp, &'l [u8])> {
        let (minute, rest) = line.split_first_chunk::<16>()?;
        let ([colon, tens, ones], mut rest) = rest.split_first_chunk::<3>()?;
        let second = two(*tens, *ones).filter(|second| *colon == b':' && *second <= 60)?;
        if self.minute.0 != *minute {
            self.minute = (*minute, self.minute(minute)?);
        }
        // A leap second counts as the one before.
        let second = self.minute.1 + second.min(59);
        let mut micros = 0;
        if let [b'.' | b',', fraction @ ..] = rest {
            let mut unit = MICROS / 10;
            let mut digits = 0;
            while let Some(digit) = fraction.get(digits).filter(|byte| byte.is_ascii_digit()) {
                micros += i64::from(digit - b'0') * unit;
                unit /= 10;
                digits += 1;
            }
            rest = &fraction[digits..];
        }
        let (seconds, rest) = match rest {
            [b'Z' | b'z', rest @ ..] => (second, rest),
            [sign @ (b'+' | b'-'), a, b, b':', c, d, rest @ ..]
            | [sign @ (b'+' | b'-'), a, b, c, d, rest @ ..] => {
                let east = two(*a, *b)? * 3600 + two(*c, *d)? * 60;
                let east = if *sign == b'+' { east } else { -east };
                self.east = ([*sign, *a, *b, b':', *c, *d], east);
                (second - east, rest)
            }
            _ => (self.zone.moment_of(second), rest),
        };
        BELIEVED.contains(&seconds).then_some((Stamp::At(seconds * MICROS + micros), rest))
    }

    /// The seconds of `2026-11-26T04:12`.
    #[cold]
    fn minute(&mut self, text: &[u8; 16]) -> Option<i64> {
        let (date, clock) = text.split_first_chunk::<10>()?;
        if self.date.0 != *date {
            self.date = (*date, self.midnight(date)?);
        }
        let [b'T' | b't' | b' ', a, b, b':', c, d] = *clock else { return None };
        Some(self.date.1 + time(&[a, b, b':', c, d, b':', b'0', b'0'])?)
    }

    /// The seconds at which a date begins, in UTC.
    fn midnight(&self, date: &[u8; 10]) -> Option<i64> {
        let [a, b, c, d, b'-', e, f, b'-', g, h] = *date else { return None };
        let year = i32::try_from(two(a, b)? * 100 + two(c, d)?).ok()?;
        let month = u32::try_from(two(e, f)?).ok()?;
        let day = u32::try_from(two(g, h)?).ok()?;
        Some(zone::number(NaiveDate::from_ymd_opt(year, month, day)?) * DAY)
    }

    /// The moment of an event, in microseconds, of the connection that is called `id`.
    pub fn moment(&mut self, stamp: Stamp, id: &[u8]) -> Option<i64> {
        let moment = match stamp {
            Stamp::At(micros) => micros,
            Stamp::Yearless { month, day, second } => self.with_year(month, day, second, id)? * MICROS,
            Stamp::Missing => named(id)?,
        };
        self.last = Some(moment);
        Some(moment)
    }

    fn with_year(&self, month: u32, day: u32, second: i64, id: &[u8]) -> Option<i64> {
        let last = self.last.map(|micros| micros.div_euclid(MICROS));
        let in_year = |year: i32| {
            let date = NaiveDate::from_ymd_opt(year, month, day)?;
            Some(self.zone.moment_of(zone::number(date) * DAY + second))
        };
        if let Some(last) = last
            && let Some(moment) = in_year(date(last.div_euclid(DAY)).year())
            && (last - DAY..last + DAY).contains(&moment)
        {
            return Some(moment);
        }
        let newest = self.written + SLACK;
        let this = i32::try_from(1970 + newest / 31_556_952).ok()?;
        // The latest that is not in the future; 29 February may be 8 years ago.
        let not_later =
            |newest: i64| (this - 9..=this + 1).rev().filter_map(in_year).find(|moment| *moment <= newest);
        let begun = named(id).map(|micros| micros / MICROS);
        let of_name = begun.and_then(|begun| {
            let near = begun - SLACK..begun + 7 * DAY;
            let year = i32::try_from(1970 + begun / 31_556_952).ok()?;
            (year - 1..=year + 1)
                .filter_map(in_year)
                .find(|moment| near.contains(moment) && *moment <= newest)
        });
        // Lines are in order, but for some that come late.
        let after = last.and_then(|last| {
            let year = i32::try_from(1970 + last / 31_556_952).ok()?;
            let mut years = (year - 1..=year + 8).filter_map(in_year);
            years.find(|moment| *moment >= last - LATE && *moment <= newest)
        });
        let first = || {
            // The stream begins as many years before its last line as its stamps turn.
            let latest = not_later(newest)?;
            let turned = self.turns
                - i32::from(date(latest.div_euclid(DAY)).year() < date(self.written.div_euclid(DAY)).year());
            not_later(latest - i64::from(turned.max(0)) * 31_556_952 + SLACK)
        };
        of_name.or(after).or_else(first)
    }

    /// Tells how often the stamps of the stream, which have no year, go from December to January.
    pub fn expect_turns(&mut self, turns: i32) {
        self.turns = turns.clamp(0, 50);
    }
}

/// How far clocks may be apart: a day and a half, since zones may differ too.
const SLACK: i64 = DAY + DAY / 2;
/// How late a line may come.
const LATE: i64 = 31 * DAY;

/// The microseconds at which the connection of this name began, if they are in the name: its first
/// ten digits of base 36, as `start` makes it.
fn named(id: &[u8]) -> Option<i64> {
    let digits = id.get(..10).filter(|_| id.len() > 10)?;
    let micros = digits.iter().try_fold(0_i64, |sum, digit| {
        let digit = char::from(*digit).to_digit(36).filter(|_| !digit.is_ascii_uppercase())?;
        Some(sum * 36 + i64::from(digit))
    })?;
    BELIEVED.contains(&(micros / MICROS)).then_some(micros)
}

fn tai64n(line: &[u8]) -> Option<(Stamp, &[u8])> {
    let (digits, rest) = line.strip_prefix(b"@")?.split_first_chunk::<24>()?;
    let hex = |digits: &[u8]| {
        digits
            .iter()
            .try_fold(0_u64, |sum, digit| Some(sum << 4 | u64::from(char::from(*digit).to_digit(16)?)))
    };
    let seconds = i64::try_from(hex(&digits[..16])?.checked_sub(TAI64)?).ok()?;
    let nanos = i64::try_from(hex(&digits[16..])?).ok().filter(|nanos| *nanos < 1_000_000_000)?;
    BELIEVED.contains(&seconds).then(|| (Stamp::At(seconds * MICROS + nanos / 1000), rest))
}

fn rfc3164(line: &[u8]) -> Option<(Stamp, &[u8])> {
    let (stamp, rest) = line.split_first_chunk::<15>()?;
    let month = MONTHS.iter().zip(1..).find_map(|(name, month)| (stamp[..3] == **name).then_some(month))?;
    if stamp[3] != b' ' || stamp[6] != b' ' {
        return None;
    }
    let tens = if stamp[4] == b' ' { b'0' } else { stamp[4] };
    let day = u32::try_from(two(tens, stamp[5])?).ok()?;
    Some((Stamp::Yearless { month, day, second: time(&stamp[7..])? }, rest))
}

const MONTHS: [&[u8; 3]; 12] =
    [b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec"];

/// The seconds of `hh:mm:ss`.
#[inline]
fn time(text: &[u8]) -> Option<i64> {
    let [a, b, b':', c, d, b':', e, f] = *text else { return None };
    let (hour, minute, second) = (two(a, b)?, two(c, d)?, two(e, f)?);
    // A leap second counts as the one before.
    (hour < 24 && minute < 60 && second <= 60).then_some(hour * 3600 + minute * 60 + second.min(59))
}

#[inline]
fn two(tens: u8, ones: u8) -> Option<i64> {
    (tens.is_ascii_digit() && ones.is_ascii_digit())
        .then(|| i64::from(tens - b'0') * 10 + i64::from(ones - b'0'))
}

/// The number that these digits are.
#[inline(always)]
fn digits(text: &[u8], place: std::ops::Range<usize>) -> Option<i64> {
    number::number(text, place).map(u64::cast_signed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::DateTime;

    fn at(text: &str) -> i64 {
        DateTime::parse_from_rfc3339(text).unwrap().timestamp()
    }

    /// Reads stamps of a file in UTC that was last written at `written`.
    fn moments(written: &str, stamps: &[&str]) -> Vec<String> {
        let mut reader = Stamps::new(Zone::utc(), at(written));
        let read = |stamp: &&str| {
            let (stamp, rest) = reader.read(stamp.as_bytes()).unwrap();
            assert_eq!(rest, b"");
            let micros = reader.moment(stamp, b"1").unwrap();
            DateTime::from_timestamp_micros(micros).unwrap().to_rfc3339()
        };
        stamps.iter().map(read).collect()
    }

    #[test]
    fn stamps_are_read() {
        let shown = moments(
            "2026-11-26T00:00:00Z",
            &[
                "2026-11-26T04:12:29.123456+01:00",
                "2026-11-26T04:12:29-0130",
                "2026-11-26T04:12:29Z",
                "2026-11-26 04:12:29.5",
                "Nov 25 04:12:29",
                "Nov  5 04:12:29",
                "@400000006926c86d0754d4c0",
            ],
        );
        assert_eq!(shown[0], "2026-11-26T03:12:29.123456+00:00");
        assert_eq!(shown[1], "2026-11-26T05:42:29+00:00");
        assert_eq!(shown[2], "2026-11-26T04:12:29+00:00");
        assert_eq!(shown[3], "2026-11-26T04:12:29.500+00:00");
        assert_eq!(shown[4], "2026-11-25T04:12:29+00:00");
        assert_eq!(shown[5], "2026-11-05T04:12:29+00:00");
        assert_eq!(shown[6], "2025-11-26T09:29:07.123+00:00");
    }

    proptest::proptest! {
        #[test]
        fn a_stamp_is_read_alike_after_any_other(
            before in "2026-11-2[0-9][Tx]0[0-9]:[0-6][0-9]:[0-6][0-9][.,x][0-9:x]{5,7}([+-]0[0-2]:?[03]0|Z)",
            stamp in "2026-11-2[0-9][Tx]0[0-9]:[0-6][0-9]:[0-6][0-9][.,x][0-9:x]{5,7}([+-]0[0-2]:?[03]0|Z)",
        ) {
            let mut reader = Stamps::new(Zone::utc(), 1_800_000_000);
            let alone = reader.clone().read(stamp.as_bytes()).map(|(stamp, rest)| (stamp, rest.len()));
            for text in [&before, &stamp, &stamp] {
                reader.read(text.as_bytes());
            }
            let after = reader.read(stamp.as_bytes()).map(|(stamp, rest)| (stamp, rest.len()));
            proptest::prop_assert_eq!(alone, after);
        }
    }

    #[test]
    fn the_year_turns_at_new_year_whichever_way_lines_come() {
        let shown = moments(
            "2027-01-02T00:00:00Z",
            &["Nov 30 12:00:00", "Dec 31 23:59:59", "Jan  1 00:00:00", "Dec 31 23:59:58", "Jan  1 00:00:01"],
        );
        let years: Vec<&str> = shown.iter().map(|shown| &shown[..4]).collect();
        assert_eq!(years, ["2026", "2026", "2027", "2026", "2027"]);
    }

    #[test]
    fn a_leap_day_is_in_a_leap_year() {
        assert_eq!(moments("2026-11-26T00:00:00Z", &["Feb 29 12:00:00"]), ["2024-02-29T12:00:00+00:00"]);
        assert_eq!(
            moments("2024-03-02T00:00:00Z", &["Feb 28 12:00:00", "Feb 29 12:00:00", "Mar  1 12:00:00"]),
            ["2024-02-28T12:00:00+00:00", "2024-02-29T12:00:00+00:00", "2024-03-01T12:00:00+00:00"]
        );
    }

    #[test]
    fn a_file_of_more_than_a_year_is_read_from_its_beginning() {
        let mut reader = Stamps::new(Zone::utc(), at("2027-03-01T00:00:00Z"));
        reader.expect_turns(2);
        let mut read = |text: &str| {
            let (stamp, _) = reader.read(text.as_bytes()).unwrap();
            DateTime::from_timestamp_micros(reader.moment(stamp, b"1").unwrap()).unwrap().to_rfc3339()
        };
        assert!(read("Nov  1 00:00:00").starts_with("2025"));
        assert!(read("Jan 15 00:00:00").starts_with("2026"));
        assert!(read("May 15 00:00:00").starts_with("2026"));
        assert!(read("Dec 15 00:00:00").starts_with("2026"));
        assert!(read("Feb 15 00:00:00").starts_with("2027"));
    }

    #[test]
    fn a_name_tells_the_year_of_its_connection() {
        let began = DateTime::parse_from_rfc3339("2024-12-31T23:59:50Z").unwrap();
        let mut micros = began.timestamp_micros();
        let mut id = Vec::new();
        while micros > 0 {
            id.insert(0, std::char::from_digit((micros % 36) as u32, 36).unwrap() as u8);
            micros /= 36;
        }
        id.extend(b"1f3");
        let mut reader = Stamps::new(Zone::utc(), at("2026-11-26T00:00:00Z"));
        let (stamp, _) = reader.read(b"Jan  1 00:00:09").unwrap();
        assert_eq!(reader.moment(stamp, &id), Some(at("2025-01-01T00:00:09Z") * MICROS));
        assert_eq!(reader.moment(Stamp::Missing, &id), Some(began.timestamp_micros()));
        assert_eq!(reader.moment(Stamp::Missing, b"1"), None);
    }

    #[test]
    fn what_is_no_stamp_is_none() {
        let mut reader = Stamps::new(Zone::utc(), 0);
        for text in [
            "",
            "2026",
            "2026-13-01T00:00:00Z",
            "2026-02-30T00:00:00Z",
            "2026-01-01T24:00:00Z",
            "9999-01-01T00:00:00Z",
            "2026-01-01X00:00:00Z",
            "0001-01-01T00:00:00Z",
            "@4000",
            "@ffffffffffffffffffffffff",
            "@7fffffffffffffff00000000",
            "Nov 26",
            "Nov x6 00:00:00",
            "nov 26 00:00:00",
            "\u{e9}\u{e9}\u{e9} 26 00:00:00",
        ] {
            assert_eq!(reader.read(text.as_bytes()).map(|(stamp, _)| stamp), None, "{text}");
        }
    }
}
