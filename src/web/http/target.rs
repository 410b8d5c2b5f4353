//! The target of a request (RFC 9112 3.2): which path it means, on which host.

use crate::persona::http::{Absolute, Persona, Targets, Wrong};

/// What a request is for.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Target {
    /// The path, decoded and without `.`, `..` and empty segments; `None` if nothing can be there.
    pub path: Option<String>,
    /// The query as it came.
    pub query: Option<Vec<u8>>,
    /// The host of an absolute target, with its port.
    pub host: Option<Vec<u8>>,
    /// It is `*`.
    pub all: bool,
    /// The path up to a name that is too long for a file.
    pub below: Option<String>,
}

/// Reads a target as the persona does.
pub fn read(persona: &Persona, method: &[u8], target: &[u8]) -> Result<Target, Wrong> {
    let form = &persona.targets;
    if target == b"*" {
        let all = form.asterisk && method == b"OPTIONS";
        return if all { Ok(Target { all, ..Target::default() }) } else { Err(Wrong::Malformed) };
    }
    if method == b"CONNECT" && !target.starts_with(b"/") {
        return Err(form.connect);
    }
    let (host, rest) = authority(form, target)?;
    let rest = match rest.iter().position(|&byte| byte == b'#') {
        Some(_) if form.no_fragment => return Err(Wrong::Malformed),
        Some(at) => rest.get(..at).unwrap_or_default(),
        None => rest,
    };
    let (path, query) = match rest.iter().position(|&byte| byte == b'?') {
        Some(at) => (rest.get(..at).unwrap_or_default(), rest.get(at + 1..)),
        None => (rest, None),
    };
    let path = match path {
        b"" if host.is_some() || form.bare_query => b"/",
        _ if path.starts_with(b"/") => path,
        _ => return Err(Wrong::Malformed),
    };
    if let Some(wrong) = form.control_escape
        && query.is_some_and(|query| escapes(query).any(|byte| byte.is_ascii_control()))
    {
        return Err(wrong);
    }
    let path = decoded(form, path)?;
    let (path, below) = normal(form, &path)?;
    Ok(Target {
        path: String::from_utf8(path).ok(),
        query: query.map(<[u8]>::to_vec),
        host: host.map(<[u8]>::to_vec),
        all: false,
        below,
    })
}

/// The host that a target names, wherever it may stand.
pub fn named<'t>(method: &[u8], target: &'t [u8]) -> Option<&'t [u8]> {
    if method == b"CONNECT" && !target.starts_with(b"/") {
        return Some(target);
    }
    let scheme = b"http://";
    let rest = target.get(scheme.len()..)?;
    let absolute = target.get(..scheme.len())?.eq_ignore_ascii_case(scheme);
    let end = rest.iter().position(|byte| matches!(byte, b'/' | b'?' | b'#')).unwrap_or(rest.len());
    rest.get(..end).filter(|_| absolute)
}

/// The host of an absolute target if that matters, and what follows it.
fn authority<'t>(form: &Targets, target: &'t [u8]) -> Result<(Option<&'t [u8]>, &'t [u8]), Wrong> {
    if target.starts_with(b"/") {
        return Ok((None, target));
    }
    let scheme = target.iter().take_while(|byte| byte.is_ascii_alphabetic()).count();
    let Some(rest) = target.get(scheme..).and_then(|rest| rest.strip_prefix(b"://")) else {
        return Ok((None, target));
    };
    let is = |name: &str| target.get(..scheme).is_some_and(|word| word.eq_ignore_ascii_case(name.as_bytes()));
    let known = scheme > 0 && (form.absolute == Absolute::AnyScheme || is("http") || is("https"));
    let end = rest.iter().position(|byte| matches!(byte, b'/' | b'?' | b'#')).unwrap_or(rest.len());
    let (host, path) = rest.split_at(end);
    let needs_path = form.absolute == Absolute::WithPath && !path.starts_with(b"/");
    let strange = |byte: &u8| !(byte.is_ascii_alphanumeric() || b".-_:[]".contains(byte));
    if !known || host.is_empty() || needs_path || host.iter().any(strange) {
        return Err(Wrong::Malformed);
    }
    match form.absolute {
        Absolute::Overrides if is("https") => Ok((None, if path.is_empty() { b"/" } else { path })),
        _ => Ok((Some(host), path)),
    }
}

/// The bytes that escapes stand for.
fn escapes(text: &[u8]) -> impl Iterator<Item = u8> {
    let at = |at: usize| text.get(at).copied();
    (0..text.len()).filter(move |&i| at(i) == Some(b'%')).filter_map(move |i| pair(at(i + 1), at(i + 2)))
}

fn pair(high: Option<u8>, low: Option<u8>) -> Option<u8> {
    let digit = |byte: Option<u8>| char::from(byte?).to_digit(16);
    u8::try_from(digit(high)? * 16 + digit(low)?).ok()
}

fn decoded(form: &Targets, path: &[u8]) -> Result<Vec<u8>, Wrong> {
    let mut out = Vec::with_capacity(path.len());
    let mut later = None;
    let mut bytes = path.iter().copied();
    while let Some(byte) = bytes.next() {
        if byte != b'%' {
            out.push(byte);
            continue;
        }
        let mut ahead = bytes.clone();
        match (pair(ahead.next(), ahead.next()), form.bad_escape) {
            (None, Some(wrong)) => return Err(wrong),
            (None, None) => out.push(byte),
            (Some(byte), _) => {
                bytes = ahead;
                let wrong = match byte {
                    0 => Some(form.nul_escape),
                    b'/' => form.slash_escape,
                    _ if byte.is_ascii_control() => form.control_escape,
                    _ => None,
                };
                later = later.or(wrong);
                out.push(byte);
            }
        }
    }
    // What is no path at all is worse than one that leads nowhere.
    later.map_or(Ok(out), Err)
}

/// Takes out `.`, `..` and empty segments, and says what stands before a name that is too long.
fn normal(form: &Targets, path: &[u8]) -> Result<(Vec<u8>, Option<String>), Wrong> {
    let mut kept: Vec<&[u8]> = Vec::new();
    let mut folder = true;
    for segment in path.split(|&byte| byte == b'/') {
        folder = matches!(segment, b"" | b"." | b"..");
        match segment {
            b"" | b"." => {}
            b".." => {
                if kept.pop().is_none() && !form.above_root {
                    return Err(Wrong::Malformed);
                }
            }
            _ => kept.push(segment),
        }
    }
    let joined = |kept: &[&[u8]], folder: bool| {
        let mut path: Vec<u8> = kept.iter().flat_map(|segment| [b"/".as_slice(), segment].concat()).collect();
        if folder {
            path.push(b'/');
        }
        path
    };
    let whole = joined(&kept, folder);
    let Some((path, name)) = form.longest else { return Ok((whole, None)) };
    if whole.len() >= path {
        return Err(Wrong::Forbidden);
    }
    let long = kept.iter().position(|segment| segment.len() >= name);
    let below = long.and_then(|at| String::from_utf8(joined(kept.get(..at)?, true)).ok());
    Ok((whole, below))
}
