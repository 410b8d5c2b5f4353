//! A command line, taken apart: its words, its path and its parameters (RFC 5321 4.1).
//!
//! Nothing is refused here. What is wrong with a path is said as a [`PathFault`]; whether that
//! matters is for the persona to say.

use crate::persona::PathFault;

/// A line split behind its first word. Blanks around both parts are gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Command<'l> {
    pub word: &'l [u8],
    pub argument: &'l [u8],
}

impl<'l> Command<'l> {
    /// Splits at the first space or tab.
    pub fn split(line: &'l [u8]) -> Self {
        let line = line.trim_ascii();
        let end = line.iter().position(|b| b.is_ascii_whitespace());
        let (word, rest) = line.split_at(end.unwrap_or(line.len()));
        Command { word, argument: rest.trim_ascii() }
    }

    /// The words of the argument.
    pub fn words(&self) -> impl Iterator<Item = &'l [u8]> {
        words(self.argument)
    }
}

/// The argument of MAIL or RCPT.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Route<'l> {
    /// The path as it was typed, with its angle brackets if it had them.
    pub path: &'l [u8],
    /// The address in it, without brackets and without a source route.
    pub address: &'l [u8],
    pub fault: Option<PathFault>,
    /// What follows the path.
    pub parameters: &'l [u8],
}

impl<'l> Route<'l> {
    /// Reads what follows `keyword` (`FROM:` or `TO:`, in any case); `None` when it is not there.
    pub fn read(argument: &'l [u8], keyword: &str) -> Option<Self> {
        let (head, rest) = argument.split_at_checked(keyword.len())?;
        if !head.eq_ignore_ascii_case(keyword.as_bytes()) {
            return None;
        }
        let rest = rest.trim_ascii_start();
        let (length, closed) = path_length(rest);
        let (path, behind) = rest.split_at(length);
        let inside = match path.strip_prefix(b"<") {
            Some(open) => open.strip_suffix(b">").unwrap_or(open),
            None => path,
        };
        let address = without_route(inside);
        let mut fault = address_fault(address);
        if behind.first().is_some_and(|b| !b.is_ascii_whitespace()) {
            fault = Some(PathFault::Trailing);
        }
        if !closed {
            fault = Some(PathFault::Unclosed);
        }
        Some(Route { path, address, fault, parameters: behind.trim_ascii() })
    }

    /// The parameters, each with the value behind its `=`.
    pub fn parameters(&self) -> impl Iterator<Item = (&'l [u8], Option<&'l [u8]>)> {
        words(self.parameters).map(|word| match word.iter().position(|&b| b == b'=') {
            Some(at) => (&word[..at], Some(&word[at + 1..])),
            None => (word, None),
        })
    }

    /// The words behind the path.
    pub fn words(&self) -> impl Iterator<Item = &'l [u8]> {
        words(self.parameters)
    }

    /// The value of SIZE (RFC 1870), if it is a number.
    pub fn size(&self) -> Option<u64> {
        let (_, value) = self.parameters().find(|(name, _)| name.eq_ignore_ascii_case(b"SIZE"))?;
        number(value?)
    }

    /// The part behind the last `@`.
    pub fn domain(&self) -> Option<&'l [u8]> {
        let at = self.address.iter().rposition(|&b| b == b'@')?;
        self.address.get(at + 1..)
    }

    /// Whether the path is `<>`.
    pub fn is_null(&self) -> bool {
        self.path.starts_with(b"<") && self.address.is_empty()
    }
}

/// The parameters of MAIL and RCPT that we know, each with the extension that it belongs to.
pub const PARAMETERS: &[(&str, &str)] = &[
    ("SIZE", "SIZE"),
    ("BY", "DELIVERBY"),
    ("BODY", "8BITMIME"),
    ("AUTH", "AUTH"),
    ("RET", "DSN"),
    ("ENVID", "DSN"),
    ("NOTIFY", "DSN"),
    ("ORCPT", "DSN"),
];

/// Whether this parameter has that name and a value that it cannot have.
pub fn bad_value(name: &str, (keyword, value): (&[u8], Option<&[u8]>)) -> bool {
    if !keyword.eq_ignore_ascii_case(name.as_bytes()) {
        return false;
    }
    let Some(value) = value else {
        return true;
    };
    let one_of = |words: &[&str]| words.iter().any(|word| word.as_bytes().eq_ignore_ascii_case(value));
    match name {
        "SIZE" => number(value).is_none(),
        "BODY" => !one_of(&["7BIT", "8BITMIME"]),
        "RET" => !one_of(&["FULL", "HDRS"]),
        "ORCPT" => !value.contains(&b';'),
        "NOTIFY" => {
            let known = ["NEVER", "SUCCESS", "FAILURE", "DELAY"];
            !value
                .split(|&b| b == b',')
                .all(|word| known.iter().any(|k| k.as_bytes().eq_ignore_ascii_case(word)))
        }
        _ => value.is_empty(),
    }
}

/// Whether a word looks like the name of a header field, as when a body is sent without DATA.
pub fn is_header(word: &[u8]) -> bool {
    word.split_last().is_some_and(|(&last, name)| {
        last == b':' && !name.is_empty() && name.iter().all(|b| matches!(b, 0x21..=0x7e))
    })
}

fn number(text: &[u8]) -> Option<u64> {
    std::str::from_utf8(text).ok()?.parse().ok()
}

fn words(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty())
}

/// How many bytes of `text` are the path, and whether its `<` is closed. Quotes and backslashes
/// hide brackets and blanks.
fn path_length(text: &[u8]) -> (usize, bool) {
    let bracket = text.first() == Some(&b'<');
    let (mut quoted, mut escaped) = (false, false);
    for (at, &byte) in text.iter().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => quoted = !quoted,
            _ if quoted => {}
            b'>' if bracket => return (at + 1, true),
            _ if !bracket && byte.is_ascii_whitespace() => return (at, true),
            _ => {}
        }
    }
    (text.len(), !bracket)
}

/// Takes `@one,@two:` away (RFC 5321 appendix C).
fn without_route(address: &[u8]) -> &[u8] {
    if !address.starts_with(b"@") {
        return address;
    }
    match address.iter().position(|&b| b == b':') {
        Some(at) => &address[at + 1..],
        None => address,
    }
}

fn address_fault(address: &[u8]) -> Option<PathFault> {
    if address.is_empty() {
        return None;
    }
    let (local, domain) = match address.iter().rposition(|&b| b == b'@') {
        Some(at) => (&address[..at], Some(&address[at + 1..])),
        None => (address, None),
    };
    if !is_local(local) && !local.is_empty() {
        return Some(PathFault::BadCharacter);
    }
    match domain {
        None => Some(PathFault::NoDomain),
        Some(_) if local.is_empty() => Some(PathFault::NoLocal),
        Some(domain) if !is_domain(domain) => Some(PathFault::BadDomain),
        Some(_) => None,
    }
}

/// Whether this is a Local-part: a dot-string or a quoted string.
fn is_local(text: &[u8]) -> bool {
    if let Some(inside) = text.strip_prefix(b"\"").and_then(|t| t.strip_suffix(b"\"")) {
        return inside.iter().all(|b| matches!(b, 0x20..=0x7e));
    }
    text.iter().all(|b| matches!(b, 0x21..=0x7e | 0x80..) && !b"()<>@,;:\\\"[]".contains(b))
}

/// Whether this can be the name of a host, or an address in brackets.
pub fn is_domain(text: &[u8]) -> bool {
    if let Some(inside) = text.strip_prefix(b"[").and_then(|t| t.strip_suffix(b"]")) {
        return !inside.is_empty() && inside.iter().all(|b| b.is_ascii_alphanumeric() || b".:-".contains(b));
    }
    !text.is_empty()
        && text.split(|&b| b == b'.').all(|label| {
            !label.is_empty() && label.iter().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(b))
        })
}
