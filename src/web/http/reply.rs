//! Heads and pages, filled in: what came from a request is escaped, here and nowhere else.

use super::host::Host;
use crate::persona::http::{Error, Persona, Wrong};
use crate::web::http::date;
use chrono::{DateTime, FixedOffset};
use std::borrow::Cow;

/// The port of a request that names none.
const PORT: u16 = 80;

/// What an answer knows of its request and of us.
#[derive(Clone, Copy)]
pub struct Speaker<'s> {
    pub persona: &'static Persona,
    pub hostname: &'s str,
    /// The product, and the scheme by which it is reached.
    pub server: &'s str,
    pub scheme: &'s str,
    pub wall: DateTime<FixedOffset>,
    /// The version that the answer has.
    pub version: &'static str,
    /// HTTP/0.9: there is no head.
    pub simple: bool,
    /// HEAD: there is nothing else.
    pub only_head: bool,
    pub host: Option<&'s Host>,
    pub agent: &'s [u8],
    pub method: &'s [u8],
    pub expect: &'s [u8],
    pub retry: Option<&'s str>,
}

/// What a head is about besides.
#[derive(Default, Clone, Copy)]
pub struct About<'a> {
    pub length: Option<usize>,
    pub etag: Option<&'a str>,
    pub modified: Option<&'a str>,
    pub media: Option<&'a str>,
    pub location: Option<&'a str>,
}

impl<'s> Speaker<'s> {
    /// An answer to nobody in particular.
    pub fn new(persona: &'static Persona, hostname: &'s str, wall: DateTime<FixedOffset>) -> Self {
        Speaker {
            persona,
            hostname,
            server: persona.server,
            scheme: "http",
            wall,
            version: if persona.line.same_version { "1.0" } else { "1.1" },
            simple: false,
            only_head: false,
            host: None,
            agent: b"",
            method: b"",
            expect: b"",
            retry: None,
        }
    }

    /// A head with its status line; nothing for a peer that knows no heads.
    pub fn head(&self, code: u16, reason: &str, template: &str, about: About<'_>) -> Vec<u8> {
        if self.simple {
            return Vec::new();
        }
        let date = date::imf(&self.wall);
        let length = about.length.map(|length| length.to_string());
        let value = |word: &str| match word {
            "date" => Some(date.as_str()),
            "length" => length.as_deref(),
            "etag" => about.etag,
            "modified" => about.modified,
            "type" => about.media,
            "location" => about.location,
            "retry" => self.retry,
            "server" => Some(self.server),
            _ => None,
        };
        let mut out = format!("HTTP/{} {code} {reason}\r\n", self.version).into_bytes();
        for line in template.lines() {
            let value = |word: &str| value(word).map(|text| Cow::Owned(visible(text.as_bytes())));
            if let Some(line) = fill(line, value) {
                out.extend_from_slice(&line);
                out.extend_from_slice(b"\r\n");
            }
        }
        out.extend_from_slice(b"\r\n");
        out
    }

    /// A page of the persona's own.
    pub fn page(&self, template: &str, error: Option<&Error>, location: &str) -> Vec<u8> {
        let host = self.host.filter(|host| host.plain);
        let name = host.map_or(self.hostname, |host| &host.name);
        let port = host.and_then(|host| host.port).unwrap_or(PORT).to_string();
        let code = error.map(|error| error.code.to_string()).unwrap_or_default();
        let value = |word: &str| {
            Some(Cow::Owned(match word {
                // An address has its brackets only in a link.
                "host" => escaped(name.trim_matches(['[', ']']).as_bytes()),
                "port" => port.as_bytes().to_vec(),
                "code" => code.as_bytes().to_vec(),
                "method" => escaped(self.method),
                "expect" => escaped(self.expect),
                "location" => escaped(location.as_bytes()),
                "server" => escaped(self.server.as_bytes()),
                _ => Vec::new(),
            }))
        };
        let text = |text: &str| Some(Cow::Owned(fill(text, value).unwrap_or_default()));
        let whole = fill(template, |word| match (word, error) {
            ("title", Some(error)) => text(error.title),
            ("heading", Some(error)) => text(error.heading),
            ("text", Some(error)) => text(error.text),
            _ => value(word),
        });
        let mut page = whole.unwrap_or_default();
        if let Some(padding) = self.persona.padding.as_ref().filter(|_| error.is_some() && !self.simple) {
            let has = |part: &str| self.agent.windows(part.len()).any(|window| window == part.as_bytes());
            if padding.agents.iter().any(|part| has(part)) {
                page.extend_from_slice(padding.text.as_bytes());
            }
        }
        page
    }

    /// The head and the page of an error.
    pub fn error(&self, wrong: Wrong) -> (Vec<u8>, Vec<u8>) {
        let heads = &self.persona.heads;
        self.error_with(
            wrong,
            match wrong {
                Wrong::NotAllowed => heads.refused,
                Wrong::BodyTooLarge => heads.too_large,
                Wrong::Busy => heads.busy,
                _ => heads.error,
            },
        )
    }

    /// The same with another head.
    pub fn error_with(&self, wrong: Wrong, head: &str) -> (Vec<u8>, Vec<u8>) {
        let error = self.persona.error(wrong);
        let page = self.page(self.persona.page, Some(error), "");
        let about = About { length: self.length(page.len()), ..About::default() };
        (self.head(error.code, error.reason, head, about), self.body(page))
    }

    /// What Content-Length says of a page that is no document.
    pub fn length(&self, length: usize) -> Option<usize> {
        let told = self.persona.heads.head_length && length > 0;
        (told || !self.only_head).then_some(length)
    }

    /// What of a body is sent.
    pub fn body(&self, body: Vec<u8>) -> Vec<u8> {
        if self.only_head { Vec::new() } else { body }
    }
}

/// Puts values in place of the words in braces; `None` if one of them has none.
fn fill<'v>(text: &str, value: impl Fn(&str) -> Option<Cow<'v, [u8]>>) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len() + 64);
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        out.extend_from_slice(before.as_bytes());
        let (word, behind) = after.split_once('}').unwrap_or((after, ""));
        out.extend_from_slice(&value(word)?);
        rest = behind;
    }
    out.extend_from_slice(rest.as_bytes());
    Some(out)
}

/// A text for a head: what is not visible is escaped as in a URI.
fn visible(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    for &byte in text {
        match byte {
            b' '..=b'~' => out.push(byte),
            _ => out.extend_from_slice(format!("%{byte:02X}").as_bytes()),
        }
    }
    out
}

/// A text for a page.
fn escaped(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    for &byte in text {
        match byte {
            b'&' => out.extend_from_slice(b"&amp;"),
            b'<' => out.extend_from_slice(b"&lt;"),
            b'>' => out.extend_from_slice(b"&gt;"),
            b'"' => out.extend_from_slice(b"&quot;"),
            b' '..=b'~' => out.push(byte),
            _ => out.push(b'?'),
        }
    }
    out
}
