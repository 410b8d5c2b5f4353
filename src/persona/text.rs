//! A reply on the wire (RFC 5321 4.2, RFC 1939 3): filled in, made plain, cut to length, ended with
//! CR LF.

/// The longest line of a reply without CR LF: RFC 5321 4.5.3.1.5 and RFC 1939 3 allow 512 with it.
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
