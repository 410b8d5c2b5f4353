//! The host that a request is for (RFC 9110 7.2).

use crate::persona::http::HostForm;
use std::net::Ipv6Addr;

/// A host as a request names it, in small letters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Host {
    pub name: String,
    pub port: Option<u16>,
    /// It could be the name of a host, or an address.
    pub plain: bool,
}

impl Host {
    /// Reads a name with or without a port; `None` if the persona would not take it.
    pub fn read(form: HostForm, value: &[u8]) -> Option<Self> {
        let lower = value.to_ascii_lowercase();
        let (name, port) = split(&lower);
        let literal = name.strip_prefix(b"[").and_then(|name| name.strip_suffix(b"]"));
        let literal = literal.and_then(|name| std::str::from_utf8(name).ok()?.parse::<Ipv6Addr>().ok());
        let name = if form == HostForm::Any || literal.is_none() {
            name.strip_suffix(b".").unwrap_or(name)
        } else {
            name
        };
        let number = port.and_then(number);
        let fine = match form {
            HostForm::Any => is_anything(name) && !has_two_dots(&lower),
            HostForm::Loose => {
                port.is_none_or(|_| number.is_some())
                    && (literal.is_some() || (is_plain(name) && is_no_half_address(name)))
            }
            HostForm::Strict => {
                port.is_none_or(|port| port.is_empty() || number.is_some())
                    && (literal.is_some() || is_strict(name))
            }
        };
        let plain = literal.is_some() || is_plain(name);
        let name = String::from_utf8_lossy(name).into_owned();
        fine.then_some(Host { name, port: number, plain })
    }

    /// Its name, if that could be a host's.
    pub fn named(&self) -> Option<&str> {
        (self.plain && !self.name.starts_with('[')).then_some(self.name.as_str())
    }
}

/// What is before the colon, and what is behind it.
fn split(value: &[u8]) -> (&[u8], Option<&[u8]>) {
    let start = match value.first() {
        Some(b'[') => value.iter().position(|&byte| byte == b']').unwrap_or(value.len()),
        _ => 0,
    };
    let colon = value.iter().skip(start).position(|&byte| byte == b':').map(|at| at + start);
    match colon {
        Some(colon) => (value.get(..colon).unwrap_or_default(), value.get(colon + 1..)),
        None => (value, None),
    }
}

fn number(port: &[u8]) -> Option<u16> {
    let digits = port.iter().all(u8::is_ascii_digit);
    digits.then(|| std::str::from_utf8(port).ok()?.parse().ok()).flatten().filter(|port| *port > 0)
}

fn is_anything(name: &[u8]) -> bool {
    let strange = |byte: &u8| *byte <= b' ' || matches!(byte, b'/' | 0x7f);
    !name.is_empty() && !name.iter().any(strange)
}

fn is_plain(name: &[u8]) -> bool {
    let known = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    !name.is_empty() && name != b"." && !has_two_dots(name) && name.iter().all(known)
}

fn has_two_dots(name: &[u8]) -> bool {
    name.windows(2).any(|two| two == b"..")
}

fn is_strict(name: &[u8]) -> bool {
    let ends = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    let known = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'-';
    let label = |label: &[u8]| ends(label.first()) && ends(label.last()) && label.iter().all(known);
    name.split(|&byte| byte == b'.').all(label) && is_no_half_address(name)
}

/// Digits and dots only have four parts.
fn is_no_half_address(name: &[u8]) -> bool {
    let dots = name.iter().filter(|&&byte| byte == b'.').count();
    dots == 0 || dots == 3 || !name.iter().all(|byte| byte.is_ascii_digit() || *byte == b'.')
}
