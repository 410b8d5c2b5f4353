//! What a request gets: the persona's tables, carried out in the order in which servers look at a request.

use super::conditions::{self, Outcome};
use super::head::Head;
use super::host::Host;
use super::line::Version;
use super::reply::{About, Speaker};
use super::target::{self, Target};
use super::{Policy, body, date};
use crate::event::{Plain, What};
use crate::persona::http::{Absolute, Continues, Does, Persona, Wrong};
use crate::web::{Document, Found, Shown};
use chrono::{DateTime, FixedOffset};
use std::borrow::Cow;

/// A whole answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    pub code: u16,
    /// The status line and the fields, with the empty line; nothing in HTTP/0.9.
    pub head: Vec<u8>,
    pub body: Vec<u8>,
    pub served: Option<Served>,
}

/// What the body of an answer is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Served {
    /// How many links from the home page it is away.
    pub depth: u32,
    pub shown: Option<Shown>,
}

impl Answer {
    /// The event of it.
    pub fn event(&self, head: &Head) -> What {
        let shown = self.served.and_then(|served| served.shown);
        What::Page {
            method: Plain::from_peer(head.line.method.get(..LONGEST_METHOD).unwrap_or(&head.line.method)),
            host: Plain::from_peer(&head.field("host").unwrap_or_default()),
            path: Plain::from_peer(head.asked()),
            status: u64::from(self.code),
            agent: Plain::from_peer(&head.field("user-agent").unwrap_or_default()),
            bytes: self.body.len() as u64,
            addresses: shown.map(|shown| u64::from(shown.addresses)),
            season: shown.map(|shown| u64::from(shown.season)),
            visit: shown.map(|shown| Plain::from(format!("{:05x}", shown.visit).as_str())),
        }
    }
}

/// How much of a method is logged; none that is known is longer.
const LONGEST_METHOD: usize = 32;

/// What is said before an answer to a peer that waits with its body.
const CONTINUE: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";

/// The server in front of us, if there is one: what it is called, and how it is reached.
#[derive(Default, Clone, Copy)]
pub struct Front<'m> {
    pub server: Option<&'m str>,
    pub scheme: Option<&'m str>,
}

/// Answers a request.
pub fn answer(policy: &Policy, head: &Head, wall: DateTime<FixedOffset>) -> Answer {
    answer_as(Front::default(), policy, head, wall)
}

/// The same behind another server.
pub fn answer_as(front: Front<'_>, policy: &Policy, head: &Head, wall: DateTime<FixedOffset>) -> Answer {
    let agent = head.field("user-agent").unwrap_or_default();
    let expect = head.field("expect").unwrap_or_default();
    let persona = policy.persona;
    let version = match head.line.version {
        Version::Is(1, 0) | Version::Unknown if persona.line.same_version => "1.0",
        _ => "1.1",
    };
    let nobody = Speaker::new(persona, &policy.hostname, wall);
    let speaker = Speaker {
        server: front.server.unwrap_or(nobody.server),
        scheme: front.scheme.unwrap_or(nobody.scheme),
        version,
        simple: head.line.version == Version::Simple,
        only_head: head.line.method == b"HEAD",
        agent: &agent,
        method: &head.line.method,
        expect: &expect,
        ..nobody
    };
    let host = match head.wrong {
        Some(wrong) => Err(wrong),
        None => target::read(persona, &head.line.method, &head.line.target)
            .and_then(|target| Ok((host(persona, head, &target)?, target))),
    };
    match host {
        // Even then the page names the server as the request does, if it could be its name.
        Err(wrong) => {
            let host = target::named(&head.line.method, &head.line.target)
                .map(Cow::Borrowed)
                .or_else(|| head.field("host"))
                .filter(|_| head.wrong.is_none())
                .and_then(|name| Host::read(persona.hosts.form, &name));
            failure(&Speaker { host: host.as_ref(), ..speaker }, persona, wrong)
        }
        Ok((host, target)) => {
            let speaker = Speaker { host: host.as_ref(), ..speaker };
            Visit { policy, head, target: &target, speaker, wall }.answer()
        }
    }
}

fn failure(speaker: &Speaker<'_>, persona: &Persona, wrong: Wrong) -> Answer {
    let (head, body) = speaker.error(wrong);
    Answer { code: persona.error(wrong).code, head, body, served: None }
}

/// The host that a request is for.
fn host(persona: &Persona, head: &Head, target: &Target) -> Result<Option<Host>, Wrong> {
    let form = &persona.hosts;
    let read = |value: &[u8]| Host::read(form.form, value).ok_or(Wrong::Malformed);
    let named = head.field("host");
    let modern = head.line.version.is_modern();
    let named: Option<Cow<'_, [u8]>> = match (named, &target.host) {
        (None, None) if modern => return Err(Wrong::Malformed),
        (None, Some(_)) if modern && !form.from_target => return Err(Wrong::Malformed),
        (Some(name), _) if name.is_empty() && (modern || !form.empty) => return Err(Wrong::Malformed),
        (named, _) => named.filter(|name| !name.is_empty()),
    };
    match (&target.host, named) {
        (Some(ours), Some(name)) if form.must_agree && !ours.eq_ignore_ascii_case(&name) => {
            Err(Wrong::Malformed)
        }
        (Some(ours), name) => {
            if let Some(name) = name.filter(|_| persona.targets.absolute != Absolute::Overrides) {
                read(&name)?;
            }
            read(ours).map(Some)
        }
        (None, Some(name)) => read(&name).map(Some),
        (None, None) => Ok(None),
    }
}

/// A request whose target and host are known.
struct Visit<'v> {
    policy: &'v Policy,
    head: &'v Head,
    target: &'v Target,
    speaker: Speaker<'v>,
    wall: DateTime<FixedOffset>,
}

impl Visit<'_> {
    fn answer(&self) -> Answer {
        let persona = self.policy.persona;
        let bodies = &persona.bodies;
        let has_body = match body::check(persona, self.head) {
            Ok(has_body) => has_body,
            Err(wrong) => return self.failure(wrong),
        };
        let waits = self.speaker.expect.eq_ignore_ascii_case(b"100-continue");
        if bodies.expectations && !self.speaker.expect.is_empty() && !waits {
            return self.failure(Wrong::Unexpected);
        }
        if body::is_too_large(persona, self.head) {
            return self.failure(Wrong::BodyTooLarge);
        }
        let mut answer = self.found();
        let continues = match bodies.continues {
            Continues::Body => has_body,
            Continues::Document => matches!(answer.code, 200 | 304),
            Continues::Never => false,
        };
        if waits && continues && self.head.line.version.is_modern() {
            answer.head.splice(0..0, CONTINUE.iter().copied());
        }
        answer
    }

    fn failure(&self, wrong: Wrong) -> Answer {
        failure(&self.speaker, self.policy.persona, wrong)
    }

    /// Looks for what the request is for, and does with it what its method says.
    fn found(&self) -> Answer {
        let persona = self.policy.persona;
        let method = persona.method(&self.head.line.method);
        if self.target.all {
            return self.bare(200, "OK", persona.heads.all_options, About::default());
        }
        let find = |path: &str| {
            let host = self.speaker.host.and_then(Host::named).unwrap_or_default();
            self.policy.content.find(host, path)
        };
        let (found, does) = match (method.any, &self.target.path) {
            (Some(does), _) => (Found::Missing, does),
            (None, Some(path)) => {
                if self.target.below.as_ref().is_some_and(|below| find(below) != Found::Missing) {
                    return self.failure(Wrong::Forbidden);
                }
                let found = find(path);
                let does = match &found {
                    Found::Document(_) => method.document,
                    Found::Directory => method.directory,
                    Found::Missing => method.missing,
                };
                (found, does)
            }
            (None, None) => (Found::Missing, method.missing),
        };
        match (does, found) {
            (Does::Serve, Found::Document(document)) => self.document(*document),
            (Does::Redirect, Found::Directory) => self.redirect(),
            (Does::Options, found) => {
                let media = match found {
                    Found::Document(document) => Some((persona.types)(document.media)),
                    _ => None,
                };
                let about = About { media, ..About::default() };
                self.bare(200, "OK", persona.heads.options, about)
            }
            (Does::RefuseAll, _) => {
                let (head, body) = self.speaker.error_with(Wrong::NotAllowed, persona.heads.refused_all);
                Answer { code: persona.error(Wrong::NotAllowed).code, head, body, served: None }
            }
            (Does::Refuse(Wrong::NotImplemented), _) => {
                let (head, body) = self.speaker.error_with(Wrong::NotImplemented, persona.heads.refused);
                Answer { code: persona.error(Wrong::NotImplemented).code, head, body, served: None }
            }
            (Does::Refuse(wrong), _) => self.failure(wrong),
            (Does::Serve | Does::Redirect, _) => self.failure(Wrong::Missing),
        }
    }

    /// A head and nothing else.
    fn bare(&self, code: u16, reason: &str, head: &str, about: About<'_>) -> Answer {
        let head = self.speaker.head(code, reason, head, about);
        Answer { code, head, body: Vec::new(), served: None }
    }

    fn document(&self, document: Document) -> Answer {
        let persona = self.policy.persona;
        let etag = conditions::etag(persona.etag, &document);
        let modified = date::imf(&document.modified);
        let about = About {
            length: Some(document.body.len()),
            etag: Some(&etag),
            modified: Some(&modified),
            media: Some((persona.types)(document.media)),
            location: None,
        };
        let now = self.wall.to_utc();
        match conditions::outcome(&persona.conditions, self.head, &etag, document.modified, now) {
            Outcome::Unchanged => {
                let head = self.speaker.head(304, "Not Modified", persona.heads.unchanged, about);
                Answer { code: 304, head, body: Vec::new(), served: None }
            }
            Outcome::Failed => match persona.heads.unfulfilled {
                Some(template) => {
                    let length = about.length.filter(|_| self.speaker.only_head);
                    let about = About { length: Some(length.unwrap_or_default()), ..about };
                    let error = persona.error(Wrong::Unfulfilled);
                    let head = self.speaker.head(error.code, error.reason, template, about);
                    Answer { code: error.code, head, body: Vec::new(), served: None }
                }
                None => self.failure(Wrong::Unfulfilled),
            },
            Outcome::Go => {
                let head = self.speaker.head(200, "OK", persona.heads.document, about);
                let served = Served { depth: document.depth, shown: document.shown };
                let served = (!self.speaker.only_head).then_some(served);
                Answer { code: 200, head, body: self.speaker.body(document.body), served }
            }
        }
    }

    /// Leads to the same path with a slash behind it.
    fn redirect(&self) -> Answer {
        let persona = self.policy.persona;
        let form = &persona.location;
        let mut location = String::new();
        if form.absolute {
            let host = self.speaker.host.filter(|host| host.plain);
            let port = match form.own_port {
                true => Some(self.policy.port),
                false => host.and_then(|host| host.port),
            };
            location.push_str(self.speaker.scheme);
            location.push_str("://");
            location.push_str(host.map_or(self.speaker.hostname, |host| &host.name));
            let usual = if self.speaker.scheme == "https" { 443 } else { 80 };
            if let Some(port) = port.filter(|port| *port != usual) {
                location.push_str(&format!(":{port}"));
            }
        }
        encode(
            self.target.path.as_deref().unwrap_or_default().as_bytes(),
            b"/-._~!$&'()*+,;=:@",
            &mut location,
        );
        location.push('/');
        if let Some(query) = &self.target.query {
            location.push('?');
            match form.normal_query {
                true => normal_query(query, &mut location),
                // Everything that can be seen, which is all that a request line may have but high bytes.
                false => encode(query, b" !\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~", &mut location),
            }
        }
        let page = form.page.map(|page| self.speaker.page(page, None, &location)).unwrap_or_default();
        let length = self.speaker.length(page.len());
        let about = About { length, location: Some(&location), ..About::default() };
        let head = self.speaker.head(301, "Moved Permanently", persona.heads.redirect, about);
        Answer { code: 301, head, body: self.speaker.body(page), served: None }
    }
}

/// Writes bytes as a part of a URI: letters, digits and `kept` as they are, the rest escaped.
fn encode(bytes: &[u8], kept: &[u8], to: &mut String) {
    for &byte in bytes {
        match byte.is_ascii_alphanumeric() || kept.contains(&byte) {
            true => to.push(char::from(byte)),
            false => to.push_str(&format!("%{byte:02X}")),
        }
    }
}

/// Writes a query in its normal form (RFC 3986 6.2.2): unreserved characters as they are, all others that
/// came as escapes as escapes.
fn normal_query(query: &[u8], to: &mut String) {
    let mut bytes = query.iter().copied();
    while let Some(byte) = bytes.next() {
        let mut ahead = bytes.clone();
        let digit = |byte: Option<u8>| char::from(byte?).to_digit(16);
        let escape = (byte == b'%').then(|| digit(ahead.next()).zip(digit(ahead.next()))).flatten();
        match escape {
            Some((high, low)) => {
                bytes = ahead;
                encode(&[u8::try_from(high * 16 + low).unwrap_or_default()], b"-._~", to);
            }
            None => encode(&[byte], b"-._~!$&'()*+,;=:@/?[]", to),
        }
    }
}
