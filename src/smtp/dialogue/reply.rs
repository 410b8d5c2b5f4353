//! A reply on the wire (RFC 5321 4.2): filled in, made plain, cut to length, ended with CR LF.

/// The longest line of a reply without CR LF: RFC 5321 4.5.3.1.5 allows 512 with it.
const LONGEST_LINE: usize = 498;

/// The longest value that is put into a reply, in bytes.
const LONGEST_VALUE: usize = 320;

/// Values for the words of a text.
#[derive(Debug, Clone, Default)]
pub struct Values<'v>(Vec<(&'static str, &'v [u8])>);

impl<'v> Values<'v> {
    /// The same, and this one.
    pub fn with(mut self, word: &'static str, value: &'v [u8]) -> Self {
        self.0.push((word, value));
        self
    }

    /// The value of this word.
    pub fn of(&self, word: &str) -> Option<&'v [u8]> {
        self.0.iter().find(|(w, _)| *w == word).map(|(_, v)| *v)
    }
}

/// Puts values in place of the `{words}` of a text, with `?` for what is not printable ASCII. A
/// word without a value stays empty.
pub fn fill<'v>(text: &str, value: impl Fn(&str) -> Option<&'v [u8]>) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len() + 64);
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        out.extend_from_slice(before.as_bytes());
        let (word, behind) = after.split_once('}').unwrap_or((after, ""));
        let value = value(word).unwrap_or_default().iter().take(LONGEST_VALUE);
        out.extend(value.map(|&byte| match byte {
            0x20..=0x7e => byte,
            _ => b'?',
        }));
        rest = behind;
    }
    out.extend_from_slice(rest.as_bytes());
    out
}

/// Ends each line with CR LF and cuts those that are too long.
pub fn wire(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len() + 16);
    for line in text.split(|&b| b == b'\n') {
        out.extend_from_slice(line.get(..LONGEST_LINE).unwrap_or(line));
        out.extend_from_slice(b"\r\n");
    }
    out
}

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
