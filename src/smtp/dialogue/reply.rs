//! What is special about replies of SMTP (RFC 5321 4.2): a code before every line.

/// Makes the last line of a reply one that another line follows.
pub fn join(text: &mut [u8]) {
    let body = text.strip_suffix(b"\r\n").unwrap_or(text);
    let start = body.iter().rposition(|&b| b == b'\n').map_or(0, |at| at + 1);
    if let Some(gap) = text.get_mut(start + 3) {
        *gap = b'-';
    }
}

/// The enhanced status code (RFC 3463) that a line of a reply has behind its code.
pub fn enhanced_code(line: &[u8]) -> Option<&[u8]> {
    let word = line.get(4..)?.split(u8::is_ascii_whitespace).next()?;
    let mut parts = word.split(|&b| b == b'.');
    let number = |part: Option<&[u8]>| {
        part.is_some_and(|p| !p.is_empty() && p.len() <= 3 && p.iter().all(u8::is_ascii_digit))
    };
    let three = number(parts.next()) && number(parts.next()) && number(parts.next());
    (three && parts.next().is_none()).then_some(word)
}
