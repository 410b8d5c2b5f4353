//! The numbers in commands: of messages, and of lines.

use crate::persona::pop3::Numbers;

/// What a number turned out to be, or the text that says what is wrong with it.
pub type Read<'a, T> = Result<(T, &'a [u8]), Wrong<'a>>;

/// What is wrong with a number.
#[derive(Debug, PartialEq, Eq)]
pub struct Wrong<'a> {
    pub text: &'static str,
    /// For the words `{n}` and `{rest}` of the text.
    pub n: &'a [u8],
    pub rest: &'a [u8],
}

/// What may follow the number of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Then {
    Nothing,
    /// A blank and another number.
    Lines,
}

/// Reads the number of a message, which may be one that there is not: 0 is none in any mailbox.
pub fn message<'a>(argument: &'a [u8], numbers: &Numbers, then: Then) -> Read<'a, usize> {
    let (digits, rest) = digits(argument);
    let wrong = |text| Err(Wrong { text, n: digits, rest });
    if argument.is_empty() {
        return wrong(numbers.missing);
    }
    if numbers.lenient {
        return Ok((value(digits).unwrap_or(0), rest));
    }
    if digits.is_empty() {
        return wrong(numbers.invalid);
    }
    let Some(number) = value(digits) else {
        return wrong(numbers.too_large);
    };
    match then {
        Then::Nothing if !rest.is_empty() => wrong(numbers.noise),
        Then::Lines if rest.is_empty() => wrong(numbers.lines_missing),
        Then::Lines if !rest.starts_with(b" ") => wrong(numbers.noise),
        Then::Nothing | Then::Lines => Ok((number, rest)),
    }
}

/// Reads the number of lines behind the number of a message.
pub fn lines<'a>(rest: &'a [u8], numbers: &Numbers) -> Read<'a, usize> {
    let rest = rest.trim_ascii_start();
    let (digits, behind) = digits(rest);
    let wrong = |text| Err(Wrong { text, n: digits, rest: behind });
    if rest.is_empty() {
        return wrong(numbers.lines_missing);
    }
    if numbers.lenient {
        // A negative number is a very large one.
        let all = rest.starts_with(b"-");
        return Ok((if all { usize::MAX } else { value(digits).unwrap_or(0) }, behind));
    }
    if digits.is_empty() {
        return Err(Wrong { text: numbers.lines_invalid, n: digits, rest });
    }
    let Some(number) = value(digits) else {
        return Err(Wrong { text: numbers.lines_too_large, n: digits, rest });
    };
    match behind.is_empty() {
        true => Ok((number, behind)),
        false => wrong(numbers.lines_noise),
    }
}

fn digits(text: &[u8]) -> (&[u8], &[u8]) {
    text.split_at(text.iter().position(|b| !b.is_ascii_digit()).unwrap_or(text.len()))
}

/// As a C program with 32 bits has it.
fn value(digits: &[u8]) -> Option<usize> {
    let number: u32 = std::str::from_utf8(digits).ok()?.parse().ok()?;
    usize::try_from(number).ok()
}
