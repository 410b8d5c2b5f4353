//! The numbers in commands: of messages, and of lines.

use super::Fault;
use crate::persona::pop3::{Numbers, Reading, Top};

/// What is wrong with a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wrong<'a> {
    pub text: &'static str,
    /// For the words `{n}` and `{rest}` of the text.
    pub n: i64,
    pub rest: &'a [u8],
    pub fault: Fault,
}

/// What may follow the number of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Then {
    Nothing,
    /// A blank, and anything behind it.
    Blank,
    Anything,
}

/// Reads the number of a message, which may be one that there is not; what follows it comes with it.
pub fn message<'a>(argument: &'a [u8], numbers: &Numbers, then: Then) -> Result<(i64, &'a [u8]), Wrong<'a>> {
    let wrong = |text, n, rest| Err(Wrong { text, n, rest, fault: Fault::Misuse });
    if argument.is_empty() {
        return wrong(numbers.missing, 0, argument);
    }
    let (digits, behind) = digits(argument);
    let (number, behind) = match (numbers.reading, value(digits)) {
        (Reading::Loose, _) => (loose(argument), after_word(argument)),
        (Reading::Strict, _) if digits.is_empty() => return wrong(numbers.invalid, 0, argument),
        (Reading::Strict, None) => return wrong(numbers.huge, 0, argument),
        (Reading::Strict, Some(number)) => match u32::try_from(number) {
            Ok(number) => (i64::from(number), behind),
            Err(_) => return wrong(numbers.too_large, 0, behind),
        },
    };
    let noise = match then {
        _ if numbers.reading == Reading::Loose => false,
        Then::Nothing => !behind.is_empty(),
        Then::Blank => !behind.starts_with(b" "),
        Then::Anything => false,
    };
    match (noise, number) {
        (true, number) => wrong(numbers.noise, number, behind),
        (false, 0) => wrong(numbers.zero, 0, behind),
        (false, number) => Ok((number, behind)),
    }
}

/// Reads the number of lines that follows the number of a message.
pub fn lines<'a>(rest: &'a [u8], top: &Top, reading: Reading) -> Result<u64, Wrong<'a>> {
    let rest = rest.trim_ascii_start();
    let wrong = |text, rest| Err(Wrong { text, n: 0, rest, fault: Fault::Misuse });
    if rest.is_empty() {
        return wrong(top.missing, rest);
    }
    if reading == Reading::Loose {
        // A negative number is a very large one.
        return Ok(u64::try_from(loose(rest)).unwrap_or(u64::MAX));
    }
    let (digits, behind) = digits(rest);
    match value(digits) {
        _ if digits.is_empty() => wrong(top.invalid, rest),
        None => wrong(top.huge, rest),
        Some(_) if !behind.is_empty() => wrong(top.noise, behind),
        Some(number) => Ok(number),
    }
}

fn digits(text: &[u8]) -> (&[u8], &[u8]) {
    text.split_at(text.iter().position(|b| !b.is_ascii_digit()).unwrap_or(text.len()))
}

fn value(digits: &[u8]) -> Option<u64> {
    std::str::from_utf8(digits).ok()?.parse().ok()
}

fn after_word(text: &[u8]) -> &[u8] {
    let end = text.iter().position(|b| b.is_ascii_whitespace()).unwrap_or(text.len());
    text.get(end..).unwrap_or_default()
}

/// What `atoi` makes of a text: a number that is too large loses its upper half.
fn loose(text: &[u8]) -> i64 {
    let start = text.iter().position(|b| !b" \t\r\x0b\x0c".contains(b)).unwrap_or(text.len());
    let text = text.get(start..).unwrap_or_default();
    let (negative, text) = match text.split_first() {
        Some((b'-', rest)) => (true, rest),
        Some((b'+', rest)) => (false, rest),
        _ => (false, text),
    };
    let (digits, _) = digits(text);
    let most = if digits.is_empty() { 0 } else { i64::MAX };
    let number = value(digits).and_then(|number| i64::try_from(number).ok()).unwrap_or(most);
    let [a, b, c, d, ..] = (if negative { -number } else { number }).to_le_bytes();
    i64::from(i32::from_le_bytes([a, b, c, d]))
}
