//! Dates as HTTP has them (RFC 9110 5.6.7).

use chrono::{DateTime, NaiveDate, TimeZone, Utc};

/// The form in which dates are sent.
pub fn imf<Z: TimeZone>(at: &DateTime<Z>) -> String {
    at.to_utc().format("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// The longest text that can be a date.
const LONGEST: usize = 64;

/// Reads any of the three forms. Which day of the week it is does not matter; `trailing` allows something
/// behind the date.
pub fn read(text: &[u8], trailing: bool) -> Option<DateTime<Utc>> {
    let text = text.get(..LONGEST).unwrap_or(text);
    let text = String::from_utf8_lossy(text).replace([',', '-'], " ");
    let mut words = text.split_ascii_whitespace().skip(1);
    let (one, two) = (words.next()?, words.next()?);
    let (day, month, year, time) = match one.as_bytes().first()?.is_ascii_digit() {
        true => (one, two, words.next()?, words.next()?),
        // The form of asctime has the year at the end.
        false => {
            let (time, year) = (words.next()?, words.next()?);
            (two, one, year, time)
        }
    };
    let rest = words.next();
    let complete = matches!(rest, None | Some("GMT")) && words.next().is_none();
    if !complete && !trailing {
        return None;
    }
    let month =
        MONTHS.iter().zip(1..).find_map(|(name, at)| name.eq_ignore_ascii_case(month).then_some(at))?;
    let year = match (number(year, 4)?, year.len()) {
        (short, ..=2) if short < 70 => 2000 + short,
        (short, ..=2) => 1900 + short,
        (year, _) => year,
    };
    let mut parts = time.split(':').map(|part| number(part, 2));
    let (hour, minute, second) = (parts.next()??, parts.next()??, parts.next()??);
    let date = NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, month, number(day, 2)?)?;
    Some(date.and_hms_opt(hour, minute, second.min(59))?.and_utc())
}

fn number(text: &str, most: usize) -> Option<u32> {
    let digits = text.len() <= most && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_three_forms_are_the_same_moment() {
        let at = DateTime::parse_from_rfc3339("2026-03-01T10:20:30Z").unwrap().to_utc();
        assert_eq!(imf(&at), "Sun, 01 Mar 2026 10:20:30 GMT");
        for text in
            ["Sun, 01 Mar 2026 10:20:30 GMT", "Sunday, 01-Mar-26 10:20:30 GMT", "Sun Mar  1 10:20:30 2026"]
        {
            assert_eq!(read(text.as_bytes(), false), Some(at), "{text}");
        }
        let longer = b"Sun, 01 Mar 2026 10:20:30 GMT; length=52";
        assert_eq!(read(longer, true), Some(at));
        assert_eq!(read(longer, false), None);
        for text in ["", "yesterday", "Sun, 32 Mar 2026 10:20:30 GMT", "Sun, 01 Mar 2026 25:20:30 GMT", "a b"]
        {
            assert_eq!(read(text.as_bytes(), true), None, "{text}");
        }
    }
}
