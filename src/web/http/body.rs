//! What a head says of the body behind it (RFC 9112 6). None is ever read; but what cannot be right is told,
//! because requests that two servers understand differently are how one is smuggled behind another.

use super::head::Head;
use crate::persona::http::{Persona, Wrong};

/// Whether there is a body, or what is wrong with what is said of it.
pub fn check(persona: &Persona, head: &Head) -> Result<bool, Wrong> {
    let form = &persona.bodies;
    let coding = head.field("transfer-encoding");
    let coding = coding.filter(|coding| !(form.empty_coding && coding.is_empty()));
    let chunked = match coding {
        Some(_) if form.exclusive && !head.line.version.is_modern() => return Err(Wrong::Malformed),
        Some(coding) => {
            let last = coding.rsplit(|&byte| byte == b',').next().unwrap_or_default().trim_ascii();
            let whole = if form.more_codings { last } else { coding.trim_ascii() };
            if !whole.eq_ignore_ascii_case(b"chunked") {
                return Err(form.coding);
            }
            true
        }
        None => false,
    };
    let length = match head.field("content-length") {
        Some(_) if chunked && form.exclusive => return Err(Wrong::Malformed),
        Some(_) if chunked => None,
        Some(length) if length.is_empty() && form.empty_length => None,
        Some(length) => Some(number(&length).ok_or(Wrong::Malformed)?),
        None => None,
    };
    let body = chunked || length.is_some_and(|length| length > 0);
    let get = matches!(head.line.method.as_slice(), b"GET" | b"HEAD");
    if body && get && !form.with_get {
        return Err(Wrong::Malformed);
    }
    if form.post_needs && head.line.method == b"POST" && !chunked && length.is_none() {
        return Err(Wrong::LengthRequired);
    }
    Ok(body)
}

/// Whether it says that more would come than the persona takes.
pub fn is_too_large(persona: &Persona, head: &Head) -> bool {
    let length = head.field("content-length").and_then(|length| number(&length));
    persona.bodies.largest.zip(length).is_some_and(|(largest, length)| length > largest)
}

/// Digits that are a number of 63 bits.
fn number(text: &[u8]) -> Option<u64> {
    let digits = !text.is_empty() && text.iter().all(u8::is_ascii_digit);
    let number = digits.then(|| std::str::from_utf8(text).ok()?.parse::<u64>().ok()).flatten();
    number.filter(|number| i64::try_from(*number).is_ok())
}
