//! The request line (RFC 9112 3): its three parts, and whether they have the form that a persona takes.

use crate::persona::http::{Blanks, Form, Persona, Versions, Wrong};

/// A request line.
#[derive(Debug, Default, Clone)]
pub struct Line {
    pub method: Vec<u8>,
    pub target: Vec<u8>,
    pub version: Version,
}

/// The version of a request.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub enum Version {
    /// Not known, or not yet.
    #[default]
    Unknown,
    /// 0.9: a request without a version, answered without a head.
    Simple,
    Is(u32, u32),
}

impl Version {
    /// Whether it has what came with 1.1.
    pub fn is_modern(self) -> bool {
        matches!(self, Version::Is(major, minor) if (major, minor) >= (1, 1))
    }
}

/// Reads a request line as far as it can be read.
pub fn read(persona: &'static Persona, text: &[u8]) -> (Line, Option<Wrong>) {
    let form = &persona.line;
    let Some((method, target, version)) = split(form.blanks, text) else {
        return (Line::default(), Some(Wrong::Malformed));
    };
    let mut line = Line { method: method.to_vec(), target: target.to_vec(), version: Version::Unknown };
    let wrong = match version {
        Some(version) => match self::version(form.versions, version) {
            Ok((major, minor)) => {
                line.version = Version::Is(major, minor);
                None
            }
            Err(wrong) => Some(wrong),
        },
        None if !form.simple || !plain(target) || !target.starts_with(b"/") => Some(Wrong::Malformed),
        None if method == b"GET" => {
            line.version = Version::Simple;
            None
        }
        None => {
            // It knows what the peer speaks before it knows that it may not say this.
            if form.blanks == Blanks::Many && has_form(form.method, method) {
                line.version = Version::Simple;
            }
            Some(Wrong::Malformed)
        }
    };
    let unknown = || {
        let any = persona.unknown.any.is_some() && persona.method(method).word.is_empty();
        any.then_some(Wrong::NotImplemented)
    };
    let malformed = || {
        // Where a target is looked at as it comes, it must begin as one.
        let begins = target.first().is_some_and(|byte| *byte == b'/' || byte.is_ascii_alphabetic());
        let wrong = !has_form(form.method, method)
            || target.is_empty()
            || !plain(target)
            || (form.blanks == Blanks::Many && !begins);
        wrong.then_some(Wrong::Malformed)
    };
    // The form of the method and the target comes before the version, unless the version is looked for first.
    let wrong = match form.blanks {
        Blanks::Outer => wrong.or_else(unknown).or_else(malformed),
        Blanks::One | Blanks::Many => malformed().or(wrong).or_else(unknown),
    };
    if wrong == Some(Wrong::Malformed) && version.is_some() && form.blanks != Blanks::Outer {
        line.version = Version::Unknown;
    }
    (line, wrong)
}

/// Method, target, and version if there is one.
type Parts<'t> = (&'t [u8], &'t [u8], Option<&'t [u8]>);

fn split(blanks: Blanks, text: &[u8]) -> Option<Parts<'_>> {
    let blank = |byte: &u8| *byte == b' ';
    let first = text.iter().position(blank)?;
    let (method, rest) = (text.get(..first)?, text.get(first + 1..)?);
    match blanks {
        Blanks::One => {
            let mut parts = rest.split(blank);
            let (target, version) = (parts.next()?, parts.next());
            let strange = parts.next().is_some() || target.is_empty() || version == Some(b"");
            (!strange).then_some((method, target, version))
        }
        Blanks::Many => {
            let mut parts = rest.split(blank).filter(|part| !part.is_empty());
            let (target, version) = (parts.next()?, parts.next());
            parts.next().is_none().then_some((method, target, version))
        }
        Blanks::Outer => {
            let last = text.iter().rposition(blank)?;
            let target = text.get(first + 1..last).unwrap_or_default();
            Some((method, target, text.get(last + 1..)))
        }
    }
}

/// Neither control characters nor DEL.
fn plain(target: &[u8]) -> bool {
    !target.iter().any(u8::is_ascii_control)
}

fn has_form(form: Form, method: &[u8]) -> bool {
    match form {
        Form::Any => true,
        Form::Token => !method.is_empty() && method.iter().all(|&byte| is_token(byte)),
        Form::Capitals => {
            let capital = |byte: &u8| byte.is_ascii_uppercase() || matches!(byte, b'-' | b'_');
            !method.is_empty() && method.iter().all(capital)
        }
    }
}

/// The characters of a token (RFC 9110 5.6.2).
pub fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

fn version(versions: Versions, text: &[u8]) -> Result<(u32, u32), Wrong> {
    let rest = text.strip_prefix(b"HTTP/").ok_or(Wrong::Malformed)?;
    if versions == Versions::Two {
        return match rest {
            b"1.1" => Ok((1, 1)),
            b"1.0" => Ok((1, 0)),
            _ if rest.starts_with(b"1.1") || rest.starts_with(b"1.0") => Err(Wrong::Malformed),
            _ => Err(Wrong::Version),
        };
    }
    let most = if versions == Versions::Digits { 1 } else { 3 };
    let dot = rest.iter().position(|&byte| byte == b'.').ok_or(Wrong::Malformed)?;
    let number = |digits: Option<&[u8]>| {
        let digits = digits.filter(|digits| (1..=most).contains(&digits.len()))?;
        digits
            .iter()
            .try_fold(0u32, |sum, byte| byte.is_ascii_digit().then(|| sum * 10 + u32::from(byte - b'0')))
    };
    let (major, minor) = (number(rest.get(..dot)), number(rest.get(dot + 1..)));
    match (major, minor) {
        (Some(0) | None, _) | (_, None) => Err(Wrong::Malformed),
        (Some(_), _) if rest.starts_with(b"0") => Err(Wrong::Malformed),
        (Some(2..), _) if versions == Versions::Numbers => Err(Wrong::Version),
        (Some(major), Some(minor)) => Ok((major, minor)),
    }
}
