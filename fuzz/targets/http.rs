//! The web tarpit under the driver: whatever a visitor sends and however it is cut, there is at most one
//! answer, it is whole and well formed, and the conversation ends with one `end`.
//!
//! The first bytes choose persona, pacing and the sizes of pieces and pauses; the rest is what the visitor
//! sends, as it is or folded into the protocol's alphabet. What a web server's environment may hold is tried
//! with the same bytes.

#![no_main]

use chrono::DateTime;
use libfuzzer_sys::fuzz_target;
use rand::SeedableRng;
use std::time::Duration;
use sundew::Rng;
use sundew::clock::{Clock, Fake};
use sundew::drive::Drive;
use sundew::event::What;
use sundew::pace::Schedule;
use sundew::persona::http::Name;
use sundew::script::{Act, Script};
use sundew::web::http::Policy;
use sundew::web::pacing::Pace;
use sundew::web::session::Session;
use sundew::web::{Content, Document, Found, Media, Shown, cgi};

const ALPHABET: &[&[u8]] = &[
    b"GET / HTTP/1.1\r\n",
    b"GET /team/a.html HTTP/1.1\r\n",
    b"GET /team HTTP/1.0\r\n",
    b"HEAD /team/a.html HTTP/1.1\r\n",
    b"POST /team/a.html HTTP/1.1\r\n",
    b"OPTIONS * HTTP/1.1\r\n",
    b"GET http://www.trap.example/team HTTP/1.1\r\n",
    b"GET /team\r\n",
    b"GET ",
    b"TRACE ",
    b"/team",
    b"/team/a.html",
    b"/nope",
    b"?x=1",
    b"%00",
    b"%2f",
    b"%2e%2e/",
    b"%zz",
    b"../",
    b"//",
    b"#",
    b" HTTP/1.1",
    b" HTTP/1.0",
    b" HTTP/2.0",
    b"\r\n",
    b"\r\n\r\n",
    b"\n",
    b"\r",
    b" ",
    b"\t",
    b"\x00",
    b"\xff",
    b"\x7f",
    b"Host: www.trap.example\r\n",
    b"Host: ",
    b"Host: [::1]:80\r\n",
    b"Host: a_b.example:99999\r\n",
    b"User-Agent: Mozilla/5.0 Chrome/1\r\n",
    b"Content-Length: 3\r\n",
    b"Content-Length: ",
    b"Transfer-Encoding: chunked\r\n",
    b"Transfer-Encoding: ",
    b"Expect: 100-continue\r\n",
    b"Expect: <b>\r\n",
    b"If-None-Match: *\r\n",
    b"If-None-Match: \"x\", W/\"y\"\r\n",
    b"If-Match: \"x\"\r\n",
    b"If-Modified-Since: Sun, 01 Mar 2026 10:20:30 GMT\r\n",
    b"If-Modified-Since: Sunday, 01-Mar-26 10:20:30 GMT\r\n",
    b"If-Unmodified-Since: Sun Mar  1 10:20:30 2026\r\n",
    b"X: ",
    b": ",
    b"<script>",
    b"\"",
    b"&",
    b"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    b"99999999999999999999",
];

/// A site of two paths.
struct Pages(usize);

impl Content for Pages {
    fn find(&self, host: &str, path: &str) -> Found {
        assert!(host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_".contains(&byte)));
        assert!(path.starts_with('/') && !path.contains("//") && !path.split('/').any(|part| part == ".."));
        match path {
            "/" | "/team/" | "/team/a.html" => Found::Document(Box::new(Document {
                body: vec![b'x'; self.0],
                media: Media::Html,
                modified: DateTime::UNIX_EPOCH + chrono::TimeDelta::days(20_513),
                depth: 2,
                shown: Some(Shown { addresses: 3, season: 1, visit: 77 }),
            })),
            "/team" => Found::Directory,
            _ => Found::Missing,
        }
    }
}

/// A head has a status line and fields in ASCII, and the whole of what its length says behind it.
fn check(said: &[u8]) {
    let said = said.strip_prefix(b"HTTP/1.1 100 Continue\r\n\r\n").unwrap_or(said);
    if !said.starts_with(b"HTTP/1.") {
        // HTTP/0.9, or nothing.
        assert!(said.is_empty() || said.starts_with(b"x") || said.starts_with(b"<"));
        return;
    }
    let end = said.windows(4).position(|window| window == b"\r\n\r\n").expect("an empty line");
    let (head, body) = (&said[..end], &said[end + 4..]);
    assert!(head.iter().all(|byte| matches!(byte, b' '..=b'~' | b'\r' | b'\n')), "{}", head.escape_ascii());
    let head = std::str::from_utf8(head).unwrap();
    for line in head.split("\r\n").skip(1) {
        let (name, value) = line.split_once(": ").expect("a field has a colon");
        let known = name.bytes().all(|byte| byte.is_ascii_alphabetic() || byte == b'-');
        assert!(known && !value.contains(['\r', '\n']), "{line:?}");
        if name == "Content-Length" && !body.is_empty() {
            assert_eq!(value, body.len().to_string());
        }
    }
    assert!(!body.windows(8).any(|window| window == b"<script>"));
}

fuzz_target!(|data: &[u8]| {
    let [choice, how, pieces, pause, rest @ ..] = data else { return };
    let bytes: Vec<u8> = match how & 1 {
        0 => rest.to_vec(),
        _ => rest.iter().flat_map(|&byte| ALPHABET[usize::from(byte) % ALPHABET.len()]).copied().collect(),
    };
    let name = Name::ALL[usize::from(*choice) % Name::ALL.len()];
    let ordinary = [Pace::Day, Pace::Night, Pace::Gentle, Pace::Day][usize::from(how >> 1 & 3)].pacing();
    let schedule = Schedule { name: "day".into(), ordinary, profiles: Vec::new() };
    let allowed = how & 8 == 8;
    let length = [0, 1, 700, 40_000][usize::from(how >> 4 & 3)];
    let last = [Act::Reset, Act::Close, Act::Vanish, Act::Signal][usize::from(how >> 6)].clone();

    // Pieces of 1 to 256 bytes, each some time after the one before; then ten minutes of patience.
    let mut queue: Vec<Vec<u8>> =
        bytes.chunks(usize::from(*pieces) + 1).take(400).map(<[u8]>::to_vec).collect();
    queue.reverse();
    let gap = Duration::from_millis(u64::from(*pause));
    let end = Duration::from_secs(600) + gap * 400;
    let mut next = gap;
    let peer = move |_: &[u8], now: Duration| match queue.pop() {
        Some(piece) => {
            next = next.max(now) + gap;
            Some((next, Act::Send(piece)))
        }
        None => Some((end.max(now + gap), last.clone())),
    };

    let clock = Fake::at(DateTime::UNIX_EPOCH.fixed_offset() + chrono::TimeDelta::days(20_800));
    let policy = Policy {
        persona: name.persona(),
        hostname: "www.trap.example".into(),
        port: 80,
        content: Box::new(Pages(length)),
    };
    let mut session = Session::new(policy, schedule, allowed, clock.wall(), Rng::seed_from_u64(1));
    let mut wire = Script::new(clock.clone(), peer);
    let (mut ends, mut pages, mut quit) = (0, 0, false);
    let mut log = |what: What| match what {
        What::End { reason, .. } => {
            ends += 1;
            quit = reason == sundew::event::Reason::Quit;
        }
        What::Page { .. } => pages += 1,
        _ => {}
    };
    Drive::new(&mut wire, &clock, 1.0, &mut log).run(&mut session, []);
    assert!(ends == 1 && pages <= 1);
    assert!(wire.pieces.windows(2).all(|two| two[1].0 - two[0].0 <= Duration::from_secs(5)));
    if quit {
        check(&wire.said);
    }

    // The same bytes as the lines of an environment.
    let mut lines = bytes.split(|&byte| byte == b'\n').cycle();
    let mut values: Vec<(String, Vec<u8>)> = Vec::new();
    for variable in
        ["REQUEST_URI", "HTTP_HOST", "PATH_INFO", "SCRIPT_NAME", "SERVER_SOFTWARE", "QUERY_STRING"]
    {
        values.push((variable.into(), lines.next().unwrap_or_default().to_vec()));
    }
    let variable = |name: &str| match name {
        "GATEWAY_INTERFACE" => Some(b"CGI/1.1".to_vec()),
        "REQUEST_METHOD" => Some(b"GET".to_vec()),
        _ => values.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone()),
    };
    if let Some(request) = cgi::Request::read(variable) {
        let reply = cgi::answer(Box::new(Pages(700)), "www.trap.example", &request, clock.wall());
        let text = String::from_utf8_lossy(&[reply.head, reply.body].concat()).into_owned();
        let (head, body) = text.split_once("\r\n\r\n").expect("an empty line");
        assert!(head.starts_with("Status: ") && head.is_ascii() && !body.contains("<script>"));
    }
});
