//! The same for a web server that asks for one page at a time (RFC 3875): its environment in, the answer for
//! it out. Pure.
//!
//! The site is at the root of a virtual host, and everything that is asked for there is asked of us. What
//! that is says `REQUEST_URI`, which Apache, nginx with fcgiwrap and lighttpd all set as it came; only where
//! the program is called by its own path, `PATH_INFO` says it. Nothing else of the path counts, and no file is
//! opened because of it.
//!
//! **Errors.** Not every web server shows its own page when a program says 404. So the answer has the page
//! that this server would show: which one it is says `SERVER_SOFTWARE`, and so does the product at the foot.

use crate::persona::http::{Name, Persona};
use crate::web::Content;
use crate::web::http::answer::{Answer, Front, answer_as};
use crate::web::http::head::Head;
use crate::web::http::{self, Policy};
use chrono::{DateTime, FixedOffset};

/// The fields of a request that matter, and the variables in which they come.
const FIELDS: &[(&str, &str)] = &[
    ("host", "HTTP_HOST"),
    ("user-agent", "HTTP_USER_AGENT"),
    ("content-length", "CONTENT_LENGTH"),
    ("if-match", "HTTP_IF_MATCH"),
    ("if-none-match", "HTTP_IF_NONE_MATCH"),
    ("if-modified-since", "HTTP_IF_MODIFIED_SINCE"),
    ("if-unmodified-since", "HTTP_IF_UNMODIFIED_SINCE"),
    ("accept", "HTTP_ACCEPT"),
    ("accept-language", "HTTP_ACCEPT_LANGUAGE"),
    ("accept-encoding", "HTTP_ACCEPT_ENCODING"),
];

/// The fields of an answer that the web server does not write itself.
const OURS: &[&str] =
    &["Allow", "Content-Length", "Content-Type", "ETag", "Last-Modified", "Location", "Retry-After"];

/// No variable is read further.
const LONGEST: usize = 8 * 1024;

/// A request, as a web server tells it.
#[derive(Debug, Clone)]
pub struct Request {
    head: Head,
    name: Name,
    software: Option<String>,
    server: Option<String>,
    port: u16,
    https: bool,
}

impl Request {
    /// Reads a request from the environment; `None` if that is not one of a web server.
    pub fn read(variable: impl Fn(&str) -> Option<Vec<u8>>) -> Option<Self> {
        let get = |name: &str| {
            variable(name).map(|mut value| {
                value.truncate(LONGEST);
                value
            })
        };
        get("GATEWAY_INTERFACE").filter(|value| value.starts_with(b"CGI/"))?;
        let method = get("REQUEST_METHOD")?;
        let mut head = Head::of(method, target(&get));
        for (name, variable) in FIELDS {
            if let Some(value) = get(variable).filter(|value| !value.is_empty()) {
                head.add(name, value);
            }
        }
        let software = get("SERVER_SOFTWARE").filter(|text| is_product(text));
        let software = software.and_then(|text| String::from_utf8(text).ok());
        let is =
            |part: &str| software.as_ref().is_some_and(|text| text.to_ascii_lowercase().starts_with(part));
        let name = Name::ALL.iter().find(|name| is(name.as_str()));
        let number = |text: Vec<u8>| std::str::from_utf8(&text).ok()?.parse().ok();
        let https = get("HTTPS").is_some_and(|text| text.eq_ignore_ascii_case(b"on"))
            || get("REQUEST_SCHEME").is_some_and(|text| text == b"https");
        let server = get("SERVER_NAME").filter(|text| !text.is_empty() && text.iter().all(is_in_host));
        Some(Request {
            head,
            name: name.copied().unwrap_or_default(),
            software,
            server: server.and_then(|text| String::from_utf8(text).ok()),
            port: get("SERVER_PORT").and_then(number).unwrap_or(if https { 443 } else { 80 }),
            https,
        })
    }

    /// What it asks for.
    pub fn into_head(self) -> Head {
        self.head
    }

    /// What the web server is like.
    pub fn persona(&self) -> &'static Persona {
        self.name.persona()
    }
}

/// The path and the query that were asked for.
fn target(get: &impl Fn(&str) -> Option<Vec<u8>>) -> Vec<u8> {
    let info = get("PATH_INFO").filter(|path| path.starts_with(b"/"));
    let script = get("SCRIPT_NAME").unwrap_or_default();
    let asked = get("REQUEST_URI").filter(|target| !target.is_empty());
    let query = get("QUERY_STRING").filter(|query| !query.is_empty());
    let with_query = |path: Vec<u8>| match &query {
        Some(query) => [escaped(&path).as_slice(), b"?", query].concat(),
        None => escaped(&path),
    };
    match (asked, info) {
        // Called by its own path: what is behind that is the page.
        (Some(asked), Some(info)) if !script.is_empty() && asked.starts_with(&[&*script, b"/"].concat()) => {
            let behind = asked.get(script.len()..).unwrap_or_default();
            if behind.is_empty() { with_query(info) } else { behind.to_vec() }
        }
        (Some(asked), _) => asked,
        (None, Some(info)) => with_query(info),
        (None, None) => with_query(if script.starts_with(b"/") { script } else { b"/".to_vec() }),
    }
}

/// A path that was decoded, as a target again.
fn escaped(path: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(path.len());
    for &byte in path {
        match byte {
            b'!'..=b'~' if !b"%?#".contains(&byte) => out.push(byte),
            _ => out.extend_from_slice(format!("%{byte:02X}").as_bytes()),
        }
    }
    out
}

fn is_product(text: &[u8]) -> bool {
    text.len() <= 200 && !text.is_empty() && text.iter().all(|byte| (b' '..=b'~').contains(byte))
}

fn is_in_host(byte: &u8) -> bool {
    byte.is_ascii_alphanumeric() || b".-_:[]".contains(byte)
}

/// Answers a request, in the form that a web server takes. The host that it has for itself is `hostname` if the
/// web server names none.
pub fn answer(
    content: Box<dyn Content>,
    hostname: &str,
    request: &Request,
    wall: DateTime<FixedOffset>,
) -> Answer {
    let hostname = request.server.as_deref().unwrap_or(hostname);
    let policy =
        Policy { persona: request.persona(), hostname: hostname.to_owned(), port: request.port, content };
    let front = Front { server: request.software.as_deref(), scheme: Some(request.scheme()) };
    let answer = answer_as(front, &policy, &request.head, wall);
    Answer { head: request.told(&answer.head, hostname), ..answer }
}

/// The complete answer to a visitor for whom there is no room.
pub fn busy(request: &Request, hostname: &str, wall: DateTime<FixedOffset>) -> Vec<u8> {
    let hostname = request.server.as_deref().unwrap_or(hostname);
    let (head, body) = http::turned_away(request.persona(), hostname, request.port, wall);
    [request.told(&head, hostname), body].concat()
}

impl Request {
    fn scheme(&self) -> &'static str {
        if self.https { "https" } else { "http" }
    }

    /// A head as a web server takes it: without what it writes itself.
    fn told(&self, head: &[u8], hostname: &str) -> Vec<u8> {
        let head = String::from_utf8_lossy(head);
        let mut lines = head.lines();
        let status =
            lines.next().and_then(|line| line.split_once(' ')).map_or("500 Error", |(_, status)| status);
        let mut out = format!("Status: {status}\r\n");
        for (name, value) in lines.filter_map(|line| line.split_once(": ")) {
            if !OURS.contains(&name) {
                continue;
            }
            // A path alone would have the web server answer in our place, from its own files.
            let local = name == "Location" && value.starts_with('/');
            let host = self.head.field("host").filter(|host| local && host.iter().all(is_in_host));
            let scheme = self.scheme();
            out.push_str(&match (local, host) {
                (false, _) => format!("{name}: {value}\r\n"),
                (true, Some(host)) => {
                    format!("{name}: {scheme}://{}{value}\r\n", String::from_utf8_lossy(&host))
                }
                (true, None) => format!("{name}: {scheme}://{hostname}{value}\r\n"),
            });
        }
        out.push_str("\r\n");
        out.into_bytes()
    }
}

#[cfg(test)]
mod tests;
