//! The argument of MAIL and RCPT (RFC 5321 4.1.2), read as leniently or as strictly as a persona does.
//!
//! Reading never fails: what is wrong with a path is said as a [`PathFault`], and whether that
//! matters is for the checks of the persona to say.

use super::PathFault;

/// A path with its parameters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route<'l> {
    /// The path as it was typed, with its angle brackets if it had them.
    pub path: &'l [u8],
    /// The address in it, without brackets and without a source route.
    pub address: &'l [u8],
    /// What is wrong with it.
    pub fault: Option<PathFault>,
    /// What follows the path.
    pub parameters: &'l [u8],
    /// The words of the persona for what is wrong, if it has its own for each case.
    pub complaint: Vec<u8>,
}

impl<'l> Route<'l> {
    /// The words behind the path.
    pub fn words(&self) -> impl Iterator<Item = &'l [u8]> + use<'l> {
        self.parameters.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty())
    }

    /// The parameters, each with the value behind its `=`.
    pub fn parameters(&self) -> impl Iterator<Item = (&'l [u8], Option<&'l [u8]>)> + use<'l> {
        self.words().map(split_parameter)
    }

    /// The value of SIZE (RFC 1870); a number that is too large for us is the largest.
    pub fn size(&self) -> Option<u64> {
        let (_, value) = self.parameters().find(|(name, _)| name.eq_ignore_ascii_case(b"SIZE"))?;
        let digits = value.filter(|v| !v.is_empty() && v.iter().all(u8::is_ascii_digit))?;
        Some(std::str::from_utf8(digits).ok()?.parse().unwrap_or(u64::MAX))
    }

    /// The part of the address before the last `@`.
    pub fn local(&self) -> &'l [u8] {
        let at = self.address.iter().rposition(|&b| b == b'@');
        self.address.get(..at.unwrap_or(self.address.len())).unwrap_or_default()
    }

    /// The part of the address behind the last `@`.
    pub fn domain(&self) -> Option<&'l [u8]> {
        let at = self.address.iter().rposition(|&b| b == b'@')?;
        self.address.get(at + 1..)
    }

    /// Whether the path is `<>`.
    pub fn is_null(&self) -> bool {
        self.path.starts_with(b"<") && self.path.ends_with(b">") && self.address.is_empty()
    }
}

/// Splits a parameter at its `=`.
pub fn split_parameter(word: &[u8]) -> (&[u8], Option<&[u8]>) {
    match word.iter().position(|&b| b == b'=') {
        Some(at) => (word.get(..at).unwrap_or_default(), word.get(at + 1..)),
        None => (word, None),
    }
}

/// Reads a path as most servers do: with or without brackets, with a source route, quoted or not.
/// `text` is what follows `FROM:` or `TO:`.
pub fn lenient(text: &[u8]) -> Route<'_> {
    let text = text.trim_ascii_start();
    let (length, closed) = path_length(text);
    let (path, behind) = text.split_at(length);
    let mut address = path.trim_ascii();
    if !address.starts_with(b"<") {
        address = address.strip_suffix(b">").unwrap_or(address);
    }
    while let Some(inside) = address.strip_prefix(b"<") {
        address = inside.strip_suffix(b">").unwrap_or(inside).trim_ascii();
    }
    let address = without_route(address);
    let fault = match () {
        () if !closed => Some(PathFault::Unclosed),
        () if behind.first().is_some_and(|b| !b.is_ascii_whitespace()) => Some(PathFault::Trailing),
        () => address_fault(address),
    };
    Route { path, address, fault, parameters: behind.trim_ascii(), complaint: Vec::new() }
}

/// How many bytes of `text` are the path, and whether brackets and quotes are closed. Quotes and
/// backslashes hide brackets and blanks.
fn path_length(text: &[u8]) -> (usize, bool) {
    let (mut open, mut quoted, mut escaped) = (0usize, false, false);
    for (at, &byte) in text.iter().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => quoted = !quoted,
            _ if quoted => {}
            b'<' if open > 0 || at == 0 => open += 1,
            b'>' if open == 1 => return (at + 1, true),
            b'>' if open > 1 => open -= 1,
            _ if open == 0 && byte.is_ascii_whitespace() => return (at, true),
            _ => {}
        }
    }
    (text.len(), open == 0 && !quoted)
}

/// Takes `@one,@two:` away (RFC 5321 appendix C).
fn without_route(address: &[u8]) -> &[u8] {
    if !address.starts_with(b"@") {
        return address;
    }
    let colon = address.iter().position(|&b| b == b':');
    colon.and_then(|at| address.get(at + 1..)).unwrap_or(address)
}

fn address_fault(address: &[u8]) -> Option<PathFault> {
    if address.is_empty() {
        return None;
    }
    let at = address.iter().rposition(|&b| b == b'@');
    let (local, rest) = address.split_at(at.unwrap_or(address.len()));
    if !is_local(local) {
        return Some(PathFault::BadCharacter);
    }
    match rest.strip_prefix(b"@") {
        None => Some(PathFault::NoDomain),
        Some(domain) if !is_domain(domain) => Some(PathFault::BadDomain),
        Some(_) if local.is_empty() => Some(PathFault::NoLocal),
        Some(_) => None,
    }
}

/// Whether nothing in a local part would have to be quoted and is not.
fn is_local(text: &[u8]) -> bool {
    let mut quoted = false;
    let mut escaped = false;
    for &byte in text {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => quoted = !quoted,
            _ if quoted => {}
            b' ' | b',' | b';' | b'[' | b']' | b'<' | b'>' | 0..=0x1f | 0x7f => return false,
            _ => {}
        }
    }
    !quoted
}

/// Whether this can be the name of a host (RFC 1035 with underscores, and a final dot), or an
/// address in brackets.
pub fn is_domain(text: &[u8]) -> bool {
    if let Some(inside) = text.strip_prefix(b"[") {
        return inside.strip_suffix(b"]").is_some_and(is_literal);
    }
    let text = text.strip_suffix(b".").unwrap_or(text);
    text.len() <= 255
        && text.split(|&b| b == b'.').all(|label| {
            (1..=63).contains(&label.len())
                && !label.starts_with(b"-")
                && !label.ends_with(b"-")
                && label.iter().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(b))
        })
}

/// Whether this is what can stand in the brackets of an address literal (RFC 5321 4.1.3).
pub fn is_literal(inside: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(inside) else {
        return false;
    };
    match text.get(..5) {
        Some(tag) if tag.eq_ignore_ascii_case("IPv6:") => {
            text.get(5..).is_some_and(|a| a.parse::<std::net::Ipv6Addr>().is_ok())
        }
        _ => text.parse::<std::net::Ipv4Addr>().is_ok(),
    }
}
