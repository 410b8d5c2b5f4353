use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};

use crate::harness::{PATIENCE, shipped};

/// What a client says in one connection. `tests/transcripts/README` has the notation.
pub struct Conversation {
    pub name: String,
    pub lines: Vec<String>,
    /// Whether everything up to the server's close is read.
    pub to_the_end: bool,
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

impl Conversation {
    /// Has it with a server: each line with its reply, beginning with the banner, and at last what
    /// came unasked before the close. A server that has closed says `(closed)`.
    pub fn with(&self, server: SocketAddr) -> Vec<(String, String)> {
        let mut stream = TcpStream::connect(server).expect("connect");
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let mut replies = BufReader::new(stream.try_clone().unwrap());
        let mut said = vec![("(banner)".to_owned(), plain(&reply(&mut replies)))];
        let mut body = false;
        for line in &self.lines {
            // A server that closed without reading this resets the connection, but what it said
            // before can still be read.
            let _ = stream.write_all(&[bytes(line).as_slice(), b"\r\n"].concat());
            if body && line != "." {
                continue;
            }
            let reply = plain(&reply(&mut replies));
            body = reply.starts_with("354");
            let closed = reply == "(closed)";
            said.push((line.clone(), reply));
            if closed {
                return said;
            }
        }
        if self.to_the_end {
            let _ = stream.shutdown(Shutdown::Write);
            let mut rest = Vec::new();
            let _ = replies.read_to_end(&mut rest);
            said.push(("(end)".to_owned(), plain(&String::from_utf8_lossy(&rest))));
        }
        said
    }
}

/// Reads one reply, all its lines.
fn reply(from: &mut impl BufRead) -> String {
    let mut reply = Vec::new();
    loop {
        let start = reply.len();
        match from.read_until(b'\n', &mut reply) {
            Ok(0) => break,
            Ok(_) if reply.get(start + 3) == Some(&b'-') => {}
            Ok(_) => break,
            Err(error) if error.kind() == ErrorKind::ConnectionReset => break,
            Err(error) => panic!("{error}; heard {:?}", String::from_utf8_lossy(&reply)),
        }
    }
    if reply.is_empty() { "(closed)".to_owned() } else { String::from_utf8_lossy(&reply).into_owned() }
}

/// The bytes of a line in the notation of the transcripts.
pub fn bytes(line: &str) -> Vec<u8> {
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

/// The reply with what is different each time made the same: queue ids, and the date of a banner.
fn plain(reply: &str) -> String {
    let mut text = String::new();
    for (nth, line) in reply.lines().enumerate() {
        if nth > 0 {
            text.push('\n');
        }
        let line = match line.split_once("queued as ") {
            Some((before, _)) => format!("{before}queued as (id)"),
            None => line.to_owned(),
        };
        let line = match line.split_once(" id=") {
            Some((before, id)) if id.len() == "1abcde-000abc-1a".len() => format!("{before} id=(id)"),
            _ => line,
        };
        let line = match line.split_once("ESMTP Exim 4.96 ") {
            Some((before, date)) if chrono::DateTime::parse_from_rfc2822(date).is_ok() => {
                format!("{before}ESMTP Exim 4.96 (date)")
            }
            _ => line,
        };
        text.push_str(&line);
    }
    text
}
