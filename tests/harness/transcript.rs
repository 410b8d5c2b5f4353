//! Conversations, read from `tests/transcripts`, and had with two servers that must say the same.

use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::thread;

use super::{PATIENCE, shipped};

/// How the replies of a protocol are read and compared.
pub struct Protocol {
    /// Whether what was heard so far, which ends with a line's end, is the whole reply to this line.
    pub is_whole: fn(line: &[u8], heard: &[u8]) -> bool,
    /// Makes the same what is different each time.
    pub plain: fn(&str) -> String,
    /// Whether the replies to this line differ on purpose.
    pub is_left_out: fn(&str) -> bool,
}

/// What a client says in one connection. `tests/transcripts/README` has the notation.
pub struct Conversation {
    pub name: String,
    lines: Vec<String>,
    /// Whether everything up to the server's close is read.
    to_the_end: bool,
}

/// Reads a file of `tests/transcripts`.
pub fn conversations(file: &str) -> Vec<Conversation> {
    let mut all: Vec<Conversation> = Vec::new();
    for line in shipped(&format!("tests/transcripts/{file}")).lines() {
        if let Some(name) = line.strip_prefix("# ") {
            all.push(Conversation { name: format!("{file}: {name}"), lines: Vec::new(), to_the_end: false });
            continue;
        }
        let last = all.last_mut().expect("a conversation begins with its name");
        match line {
            r"\end" => last.to_the_end = true,
            line => last.lines.push(line.to_owned()),
        }
    }
    all
}

/// How many conversations are had at once with a server: most of the time it thinks over passwords.
const AT_ONCE: usize = 20;

/// Has every conversation of these files with both servers and reports all differences at once.
pub fn compare(name: &str, files: &[&str], protocol: &Protocol, real: SocketAddr, ours: SocketAddr) {
    let all: Vec<Conversation> = files.iter().flat_map(|file| conversations(file)).collect();
    let with_both = |some: &[Conversation]| {
        thread::scope(|scope| {
            let begin = |one| {
                [real, ours].map(|server| scope.spawn(move || Conversation::with(one, server, protocol)))
            };
            let running: Vec<_> = some.iter().map(begin).collect();
            running.into_iter().map(|pair| pair.map(|one| one.join().unwrap())).collect::<Vec<_>>()
        })
    };
    let pairs: Vec<_> = all.chunks(AT_ONCE).flat_map(with_both).collect();
    let mut wrong = String::new();
    let mut lines = 0;
    for (conversation, [real, ours]) in all.iter().zip(&pairs) {
        lines += real.len();
        for at in 0..real.len().max(ours.len()) {
            let (real, ours) = (real.get(at), ours.get(at));
            let line = real.or(ours).map_or("", |(line, _)| line);
            if (real == ours) == (protocol.is_left_out)(line) {
                let reply = |said: Option<&(String, String)>| said.map(|(_, reply)| reply.clone());
                wrong.push_str(&format!(
                    "{}: {line:?}\n  real: {:?}\n  ours: {:?}\n",
                    conversation.name,
                    reply(real),
                    reply(ours),
                ));
            }
        }
    }
    println!("{name}: {lines} replies in {} conversations", all.len());
    assert!(wrong.is_empty(), "{name} differs:\n{wrong}");
    assert!(lines >= 20, "only {lines} lines are compared");
}

impl Conversation {
    /// Has it with a server: each line with its reply, beginning with the banner, and at last what
    /// came unasked before the close. A server that has closed says `(closed)`.
    pub fn with(&self, server: SocketAddr, protocol: &Protocol) -> Vec<(String, String)> {
        let mut stream = TcpStream::connect(server).expect("connect");
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let mut replies = BufReader::new(stream.try_clone().unwrap());
        let mut reply = |line: &[u8]| (protocol.plain)(&reply(&mut replies, line, protocol, &self.name));
        let mut said = vec![("(banner)".to_owned(), reply(b""))];
        let mut body = false;
        for line in &self.lines {
            let bytes = bytes(line);
            // A server that closed without reading this resets the connection, but what it said
            // before can still be read.
            let _ = stream.write_all(&[bytes.as_slice(), b"\r\n"].concat());
            if body && line != "." {
                continue;
            }
            let reply = reply(&bytes);
            // SMTP hears a message now; no reply of POP3 begins so.
            body = reply.starts_with("354");
            let closed = reply == CLOSED;
            said.push((line.clone(), reply));
            if closed {
                return said;
            }
        }
        if self.to_the_end {
            let _ = stream.shutdown(Shutdown::Write);
            let mut rest = Vec::new();
            let _ = replies.read_to_end(&mut rest);
            said.push(("(end)".to_owned(), (protocol.plain)(&text(&rest))));
        }
        said
    }
}

/// The reply of a server that has closed.
const CLOSED: &str = "(closed)";

/// Reads one reply, all its lines.
fn reply(from: &mut impl BufRead, line: &[u8], protocol: &Protocol, name: &str) -> String {
    let mut heard = Vec::new();
    loop {
        match from.read_until(b'\n', &mut heard) {
            Ok(0) => break,
            Ok(_) if heard.ends_with(b"\n") && (protocol.is_whole)(line, &heard) => break,
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::ConnectionReset => break,
            Err(error) => panic!("{name}: {error}; heard {:?} to {:?}", text(&heard), text(line)),
        }
    }
    if heard.is_empty() { CLOSED.to_owned() } else { text(&heard) }
}

/// Every byte as the character of this number, so that different bytes are never the same text.
fn text(bytes: &[u8]) -> String {
    bytes.iter().copied().map(char::from).collect()
}

/// The bytes of a line in the notation of the transcripts.
fn bytes(line: &str) -> Vec<u8> {
    let mut out = Vec::new();
    let mut rest = line;
    while let Some((before, escape)) = rest.split_once('\\') {
        out.extend_from_slice(before.as_bytes());
        rest = match escape.split_at(1) {
            (".", after) => after,
            ("x", after) => {
                let (hex, after) = after.split_at(2);
                out.push(u8::from_str_radix(hex, 16).expect("two digits"));
                after
            }
            ("{", after) => {
                let (inside, after) = after.split_once('}').expect("a closing brace");
                let (count, byte) = inside.split_at(inside.len() - 1);
                out.extend(byte.repeat(count.parse().expect("a number")).bytes());
                after
            }
            (other, after) => {
                out.extend_from_slice(other.as_bytes());
                after
            }
        };
    }
    out.extend_from_slice(rest.as_bytes());
    out
}
