//! Requests and their answers, without time.

use super::answer::{Answer, answer};
use super::head::Reader;
use super::*;
use crate::engine::Mode;
use crate::lines::{Lines, QUEUE};
use crate::persona::http::Name;
use crate::web::{Document, Found, Media, Shown};
use std::time::Duration;

/// A site of some paths, whose page has any length and depth.
#[derive(Debug, Clone, Copy)]
pub struct Documents {
    pub length: usize,
    pub depth: u32,
}

impl Documents {
    /// The body of the page.
    pub fn page(self) -> Vec<u8> {
        (0..self.length).map(|at| b"<p>The quick brown fox.</p>\n"[at % 28]).collect()
    }

    fn document(self, body: Vec<u8>, media: Media, shown: bool) -> Found {
        Found::Document(Box::new(Document {
            body,
            media,
            modified: DateTime::parse_from_rfc3339("2026-03-01T10:20:30Z").unwrap().to_utc(),
            depth: self.depth,
            shown: shown.then_some(Shown { addresses: 7, season: 3, visit: 0xbeef }),
        }))
    }
}

impl Content for Documents {
    fn find(&self, host: &str, path: &str) -> Found {
        assert!(path.starts_with('/') && !path.contains("//") && !path.contains("/../"), "{path:?}");
        assert!(!host.contains(':') && host == host.to_lowercase(), "{host:?}");
        match path {
            "/" | "/team/" | "/team/a.html" => self.document(self.page(), Media::Html, true),
            "/style.css" => self.document(b"body { margin: 0 }\n".to_vec(), Media::Css, false),
            "/host" => self.document(host.as_bytes().to_vec(), Media::Text, false),
            "/team" => Found::Directory,
            _ => Found::Missing,
        }
    }
}

fn policy(name: Name) -> Policy {
    Policy {
        persona: name.persona(),
        hostname: "www.trap.example".into(),
        port: 80,
        content: Box::new(Documents { length: 100, depth: 1 }),
    }
}

fn noon() -> DateTime<FixedOffset> {
    DateTime::parse_from_rfc3339("2026-11-26T12:00:00+01:00").unwrap()
}

/// The answer of a persona to these bytes, if they come to one.
fn asked(name: Name, bytes: &[u8]) -> Option<Answer> {
    let policy = policy(name);
    let mut reader = Reader::new(policy.persona);
    let mut lines = Lines::new();
    let mut line = Vec::new();
    for piece in bytes.chunks(QUEUE) {
        lines.feed(piece, Duration::ZERO);
        while let Some(taken) = lines.next(Mode::Text, &mut line) {
            if reader.hear(&line, taken.ending) {
                return Some(answer(&policy, reader.head(), noon()));
            }
        }
    }
    None
}

fn get(name: Name, path: &str, fields: &str) -> Answer {
    let request = format!("GET {path} HTTP/1.1\r\nHost: www.trap.example\r\n{fields}\r\n");
    asked(name, request.as_bytes()).expect("an answer")
}

fn text(answer: &Answer) -> String {
    String::from_utf8_lossy(&[answer.head.as_slice(), &answer.body].concat()).into_owned()
}

/// The value of a field of an answer.
fn field(answer: &Answer, name: &str) -> Option<String> {
    let head = String::from_utf8_lossy(&answer.head).into_owned();
    let found = head.lines().filter_map(|line| line.split_once(": ")).find(|(field, _)| *field == name);
    found.map(|(_, value)| value.to_owned())
}

#[test]
fn a_document_that_has_not_changed_is_not_sent_again() {
    for &name in Name::ALL {
        let first = get(name, "/team/a.html", "");
        let (tag, date) = (field(&first, "ETag").unwrap(), field(&first, "Last-Modified").unwrap());
        assert_eq!((first.code, first.body.len()), (200, 100));
        assert_eq!(date, "Sun, 01 Mar 2026 10:20:30 GMT");
        for fields in [
            format!("If-None-Match: {tag}\r\n"),
            format!("If-None-Match: W/{tag}\r\n"),
            format!("If-None-Match: \"x\", {tag}\r\n"),
            format!("If-Modified-Since: {date}\r\n"),
            format!("If-None-Match: {tag}\r\nIf-Modified-Since: {date}\r\n"),
        ] {
            let again = get(name, "/team/a.html", &fields);
            assert_eq!((again.code, again.body.len()), (304, 0), "{name:?} {fields}");
            assert_eq!(field(&again, "ETag").as_ref(), Some(&tag), "the tag is the same on every visit");
        }
        assert_eq!(get(name, "/team/a.html", "If-None-Match: \"other\"\r\n").code, 200);
        let failed = get(name, "/team/a.html", "If-Match: \"other\"\r\n").code;
        assert_eq!(failed, if name == Name::Lighttpd { 200 } else { 412 }, "{name:?}");
    }
}

#[test]
fn documents_that_differ_have_different_tags() {
    let at = DateTime::parse_from_rfc3339("2026-03-01T10:20:30Z").unwrap().to_utc();
    let document =
        |body: &str| Document { body: body.into(), media: Media::Html, modified: at, depth: 0, shown: None };
    for form in [crate::persona::http::Etag::SizeTime, crate::persona::http::Etag::Number] {
        assert_ne!(etag(form, &document("one")), etag(form, &document("two")));
        assert_eq!(etag(form, &document("one")), etag(form, &document("one")));
    }
    assert_eq!(etag(crate::persona::http::Etag::TimeSize, &document("one")), "\"69a412ee-3\"");
}

#[test]
fn what_a_request_says_is_escaped_wherever_it_is_said_again() {
    const TAG: &str = "<script>alert(1)</script>";
    for &name in Name::ALL {
        for request in [
            format!("GET /{TAG} HTTP/1.1\r\nHost: www.trap.example\r\n\r\n"),
            format!("GET /team?{TAG}\" HTTP/1.1\r\nHost: www.trap.example\r\n\r\n"),
            format!("GET /team HTTP/1.1\r\nHost: {TAG}\r\n\r\n"),
            format!("GET /nope HTTP/1.1\r\nHost: {TAG}\r\n\r\n"),
            format!("GET http://{TAG}/team HTTP/1.1\r\nHost: a\r\n\r\n"),
            format!("{TAG} /team HTTP/1.1\r\nHost: a\r\n\r\n"),
            format!("GET /team/a.html HTTP/1.1\r\nHost: a\r\nExpect: {TAG}\r\n\r\n"),
            format!("GET /team/a.html HTTP/1.1\r\nHost: a\r\n{TAG}: {TAG}\r\n\r\n"),
            format!("GET /team/a.html HTTP/1.1\r\nHost: a\r\nUser-Agent: Chrome/{TAG}\r\n\r\n"),
            format!("{TAG}\r\n\r\n"),
        ] {
            let answer = asked(name, request.as_bytes()).expect("an answer");
            let body = String::from_utf8_lossy(&answer.body).into_owned();
            assert!(!body.contains("<script"), "{name:?} {request:?}: {body}");
        }
    }
}

#[test]
fn a_redirection_has_no_host_that_could_be_none_and_no_second_line() {
    for &name in Name::ALL {
        for host in ["a\"b", "<b>", "a,b", "a%0d%0ab", "\u{e9}"] {
            let request = format!("GET /team?x%0d%0aSet-Cookie:a HTTP/1.1\r\nHost: {host}\r\n\r\n");
            let answer = asked(name, request.as_bytes()).expect("an answer");
            let location = field(&answer, "Location");
            let ours = ["http://www.trap.example/team/?", "/team/?"];
            assert!(
                location.is_none_or(|text| ours.iter().any(|start| text.starts_with(start))),
                "{name:?} {host:?}: {}",
                text(&answer)
            );
            assert!(field(&answer, "Set-Cookie").is_none());
        }
    }
}

#[test]
fn the_content_is_asked_with_a_plain_host() {
    for (host, found) in [
        ("WWW.Trap.Example", "www.trap.example"),
        ("www.trap.example:8025", "www.trap.example"),
        ("www.trap.example.", "www.trap.example"),
        ("127.0.0.1", "127.0.0.1"),
        ("[::1]:80", ""),
    ] {
        let request = format!("GET /host HTTP/1.1\r\nHost: {host}\r\n\r\n");
        for &name in Name::ALL {
            let answer = asked(name, request.as_bytes()).expect("an answer");
            assert_eq!(String::from_utf8_lossy(&answer.body), found, "{name:?} {host}");
        }
    }
    let none = asked(Name::Apache, b"GET /host HTTP/1.0\r\n\r\n").unwrap();
    assert_eq!(none.body, b"");
    assert_eq!(asked(Name::Nginx, b"GET /host HTTP/1.1\r\nHost: a&b\r\n\r\n").unwrap().body, b"");
}

#[test]
fn no_path_leads_out_of_the_site() {
    for &name in Name::ALL {
        for path in [
            "/../../etc/passwd",
            "/%2e%2e/%2e%2e/etc/passwd",
            "/..%2f..%2fetc/passwd",
            "/team/..%5c..%5cetc",
            "/team/%2e%2e%2f%2e%2e%2fetc/passwd",
            "//etc/passwd",
            "/team/a.html%00.png",
            "/./.././../etc/passwd",
        ] {
            let code = get(name, path, "").code;
            assert!(matches!(code, 400 | 404), "{name:?} {path}: {code}");
        }
    }
}

#[test]
fn a_busy_server_says_so_in_one_complete_answer() {
    for name in Name::ALL {
        let whole = String::from_utf8(busy(name.persona(), "www.trap.example", 8025, noon())).unwrap();
        let (head, body) = whole.split_once("\r\n\r\n").unwrap();
        // Apache's page says where it is.
        if let Some((_, place)) = body.split_once(" Server at ") {
            assert!(place.starts_with("www.trap.example Port 8025<"), "{body}");
        }
        assert_eq!(body.contains(" Server at "), *name == Name::Apache, "{body}");
        assert!(
            head.contains(" 503 ") && head.contains("\r\nRetry-After: 120\r\n")
                || head.ends_with("Retry-After: 120")
        );
        assert!(head.contains(&format!("\r\nContent-Length: {}", body.len())), "{head}");
        assert!(head.contains("Date: Thu, 26 Nov 2026 11:00:00 GMT") && head.contains("Connection: close"));
    }
}

/// What every answer is like, whatever was asked.
fn check(name: Name, bytes: &[u8], answer: &Answer) {
    let shown = || format!("{name:?}: {} -> {}", bytes.escape_ascii(), text(answer));
    if answer.head.is_empty() {
        assert!(!answer.body.is_empty(), "{}", shown());
        return;
    }
    let head = answer.head.strip_prefix(b"HTTP/1.1 100 Continue\r\n\r\n").unwrap_or(&answer.head);
    let head = std::str::from_utf8(head).expect("a head is ASCII");
    assert!(head.ends_with("\r\n\r\n") && head.matches("\r\n\r\n").count() == 1, "{}", shown());
    assert!(head.starts_with(&format!("HTTP/1.1 {} ", answer.code)) || head.starts_with("HTTP/1.0 "));
    assert!(head.bytes().all(|byte| matches!(byte, b' '..=b'~' | b'\r' | b'\n')), "{}", shown());
    for line in head.trim_end().split("\r\n").skip(1) {
        let (field, value) = line.split_once(": ").unwrap_or_else(|| panic!("{line:?} in {}", shown()));
        assert!(!field.is_empty() && !value.contains(['\r', '\n']), "{}", shown());
        let has_body = !answer.body.is_empty();
        if field == "Content-Length" && has_body {
            assert_eq!(value, answer.body.len().to_string(), "{}", shown());
        }
    }
    for field in ["Date", "Server", "Connection"] {
        assert_eq!(head.matches(&format!("\r\n{field}: ")).count(), 1, "{}", shown());
    }
}

mod properties {
    use super::*;
    use proptest::prelude::*;

    /// What requests are made of.
    const WORDS: &[&str] = &[
        "GET",
        "HEAD",
        "POST",
        "OPTIONS",
        "TRACE",
        "CONNECT",
        " ",
        "  ",
        "/",
        "/team",
        "/team/a.html",
        "/nope",
        "*",
        "http://",
        "www.trap.example",
        ":80",
        "?x=1",
        "#f",
        "%00",
        "%2f",
        "%2e%2e",
        "%zz",
        "..",
        "//",
        "\r\n",
        "\r\n\r\n",
        "\n",
        "\r",
        "\0",
        "\t",
        "HTTP/1.1",
        "HTTP/1.0",
        "HTTP/2.0",
        "HTTP/",
        "Host: ",
        "Host",
        "Content-Length: ",
        "Transfer-Encoding: chunked",
        "Expect: 100-continue",
        "Expect: x",
        "If-None-Match: *",
        "If-Match: \"x\"",
        "If-Modified-Since: Sun, 01 Mar 2026 10:20:30 GMT",
        "If-Unmodified-Since: x",
        "User-Agent: Chrome/1",
        "3",
        "-1",
        "99999999999999999999",
        "<b>",
        "\"",
        "&",
        "\u{e9}",
        "\u{7f}",
        "a",
        ":",
        "[::1]",
    ];

    fn soup() -> impl Strategy<Value = Vec<u8>> {
        let word = prop_oneof![
            8 => proptest::sample::select(WORDS).prop_map(|word| word.as_bytes().to_vec()),
            1 => proptest::collection::vec(any::<u8>(), 1..6),
            1 => (0usize..9_000).prop_map(|count| b"a".repeat(count)),
        ];
        proptest::collection::vec(word, 0..40).prop_map(|words| words.concat())
    }

    /// A request that begins as one should.
    fn request() -> impl Strategy<Value = Vec<u8>> {
        soup().prop_map(|rest| [b"GET /team/a.html HTTP/1.1\r\nHost: a\r\n".as_slice(), &rest].concat())
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

        #[test]
        fn every_answer_to_anything_is_well_formed(bytes in prop_oneof![soup(), request()]) {
            for &name in Name::ALL {
                let bytes = [bytes.as_slice(), b"\r\n\r\n"].concat();
                if let Some(answer) = asked(name, &bytes) {
                    check(name, &bytes, &answer);
                }
            }
        }

        #[test]
        fn every_path_is_plain_and_every_query_harmless(path in "/[ -~]{0,60}", query in "[ -~]{0,40}") {
            for &name in Name::ALL {
                let request = format!("GET {path}?{query} HTTP/1.1\r\nHost: www.trap.example\r\n\r\n");
                let answer = asked(name, request.as_bytes()).expect("an answer");
                check(name, request.as_bytes(), &answer);
            }
        }

        #[test]
        fn every_host_is_plain_or_refused(host in "[!-~]{0,40}") {
            for &name in Name::ALL {
                let request = format!("GET /team HTTP/1.1\r\nHost: {host}\r\n\r\n");
                let answer = asked(name, request.as_bytes()).expect("an answer");
                check(name, request.as_bytes(), &answer);
            }
        }
    }
}
