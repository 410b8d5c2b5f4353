//! The POP3 personas against the servers they imitate: the same conversations with a real Dovecot, a
//! real Courier and ours, reply by reply, over the same mailbox. [`plain`] has all that may differ.

/// A real Courier, one process for each connection, and the AUTH daemon that it asks.
mod courier;

/// A real Dovecot with its own configuration.
mod dovecot;

use std::io::{BufRead, BufReader, ErrorKind, Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use crate::harness::talk::Talk;
use crate::harness::{Dir, PATIENCE, TARPOP, must, need};
use crate::real_servers::transcript::{Conversation, bytes, conversations};
use crate::real_servers::{on, serve};

const HOST: &str = "mx.example.net";

/// Where all the connections of the tests come from.
const ALL: &str = "127.0.0.0/8";

#[test]
fn dovecot_says_what_the_real_one_says() {
    let ours = Ours::start("dovecot-debian", &["--allow", ALL, "--accept-after", "1"]);
    let mail = ours.earn();
    let real = dovecot::Dovecot::start(&mail);
    compare("dovecot", "pop3-dovecot.txt", real.address, ours.address);
}

#[test]
fn courier_says_what_the_real_one_says() {
    let ours = Ours::start("courier", &["--allow", ALL, "--accept-after", "1"]);
    let mail = ours.earn();
    let real = courier::Courier::start(&mail);
    compare("courier", "pop3-courier.txt", real.address, ours.address);
}

#[test]
fn nmap_names_every_persona() {
    let nmap = need("nmap");
    let personas = [
        ("dovecot", "Dovecot pop3d"),
        ("dovecot-debian", "Dovecot pop3d"),
        ("dovecot-ubuntu", "Dovecot pop3d"),
        ("courier", "Courier pop3d"),
        ("cyrus", "Cyrus pop3d"),
        ("qpopper", "Qpopper pop3d"),
        ("exchange", "Microsoft Exchange"),
    ];
    // At once, and with the greeting of the tarpit.
    let servers: Vec<(Ours, &str)> = [&["--allow", ALL][..], &[]]
        .into_iter()
        .flat_map(|more| personas.map(|(persona, service)| (Ours::start(persona, more), service)))
        .collect();
    let ports: Vec<String> = servers.iter().map(|(ours, _)| ours.address.port().to_string()).collect();
    let output = must(Command::new(nmap).args(["-Pn", "-n", "-sV", "-p", &ports.join(","), "127.0.0.1"]));
    let found = String::from_utf8_lossy(&output.stdout);
    for (port, (_, service)) in ports.iter().zip(&servers) {
        let line = found.lines().find(|line| line.starts_with(&format!("{port}/tcp")));
        assert!(line.is_some_and(|line| line.contains(service)), "no {service} on {port}:\n{found}");
    }
}

#[test]
fn nmap_scripts_see_the_capabilities() {
    let ours = Ours::start("dovecot", &["--speedup", "10"]);
    let port = ours.address.port().to_string();
    let output = must(Command::new(need("nmap")).args(["-Pn", "-n", "-sV", "-sC", "-p", &port, "127.0.0.1"]));
    let found = String::from_utf8_lossy(&output.stdout);
    assert!(found.contains("Dovecot pop3d"), "{found}");
    let line =
        found.lines().find(|line| line.contains("pop3-capabilities: ")).unwrap_or_else(|| panic!("{found}"));
    for word in
        ["CAPA", "TOP", "UIDL", "RESP-CODES", "PIPELINING", "AUTH-RESP-CODE", "USER", "SASL(PLAIN LOGIN)"]
    {
        assert!(line.contains(word), "{word} in {line}");
    }
}

/// Ours, started for each connection as inetd would start it.
struct Ours {
    address: SocketAddr,
    _dir: Dir,
}

impl Ours {
    fn start(persona: &'static str, more: &'static [&'static str]) -> Self {
        let dir = Dir::new();
        let locks = dir.make("locks");
        let address = serve(move |socket| {
            let mut command = Command::new(TARPOP);
            command
                .args(["--persona", persona, "--hostname", HOST, "--domains", "example.net"])
                .args(more)
                .args(["--log", "stderr", "--lock-dir"])
                .arg(&locks);
            on(socket, &mut command)
        });
        Ours { address, _dir: dir }
    }

    /// Earns the pair of the transcripts, and reads the whole mailbox.
    fn earn(&self) -> Vec<String> {
        let mut talk = Talk::to(self.address);
        talk.line();
        assert!(talk.asks("USER bob").starts_with("+OK"));
        let reply = talk.asks("PASS right");
        assert!(reply.starts_with("+OK"), "{reply}");
        let stat = talk.asks("STAT");
        let count: usize = stat.split(' ').nth(1).unwrap().parse().unwrap();
        let mail = (1..=count).map(|number| {
            assert!(talk.asks(&format!("RETR {number}")).starts_with("+OK"));
            let lines = talk.listing();
            let unstuffed = lines.iter().map(|line| line.strip_prefix('.').unwrap_or(line));
            unstuffed.flat_map(|line| [line, "\n"]).collect()
        });
        let mail: Vec<String> = mail.collect();
        assert!(mail.len() >= 20, "{stat}");
        mail
    }
}

/// Writes a mailbox as a Maildir, which servers read in the order of the names.
fn maildir(dir: &Path, mail: &[String]) {
    for sub in ["cur", "new", "tmp"] {
        std::fs::create_dir_all(dir.join(sub)).unwrap();
    }
    for (at, text) in mail.iter().enumerate() {
        std::fs::write(dir.join(format!("new/{}.M1P1.{HOST}", 1_600_000_000 + at)), text).unwrap();
    }
}

/// Has every conversation with both servers and reports all differences at once.
fn compare(name: &str, file: &str, real: SocketAddr, ours: SocketAddr) {
    let all = conversations(file);
    let (mut wrong, mut lines) = (String::new(), 0);
    // The real servers take their time over wrong passwords, so all conversations are had at once, but for
    // one that deletes: what is gone there is back at the next visit here.
    let (last, first): (Vec<_>, Vec<_>) = all.iter().partition(|one| one.name.ends_with("deletes"));
    let mut had = at_once(&first, real, ours);
    had.extend(at_once(&last, real, ours));
    for (conversation, real, ours) in had {
        lines += real.len();
        for at in 0..real.len().max(ours.len()) {
            let (real, ours) = (real.get(at), ours.get(at));
            if real != ours {
                let line = real.or(ours).map_or("", |(line, _)| line);
                wrong.push_str(&format!(
                    "{}: {line:?}\n  real: {:?}\n  ours: {:?}\n",
                    conversation.name,
                    real.map(|(_, reply)| reply),
                    ours.map(|(_, reply)| reply)
                ));
            }
        }
    }
    assert!(lines >= 60, "only {lines} replies are compared");
    println!("{name}: {lines} replies in {} conversations", all.len());
    assert!(wrong.is_empty(), "{name} differs:\n{wrong}");
}

/// A conversation, and what each of the two servers said.
type Had<'c> = (&'c Conversation, Vec<(String, String)>, Vec<(String, String)>);

fn at_once<'c>(all: &[&'c Conversation], real: SocketAddr, ours: SocketAddr) -> Vec<Had<'c>> {
    std::thread::scope(|scope| {
        let begin =
            |one: &&'c Conversation| (*one, scope.spawn(|| has(one, real)), scope.spawn(|| has(one, ours)));
        let threads: Vec<_> = all.iter().map(begin).collect();
        let end =
            threads.into_iter().map(|(one, real, ours)| (one, real.join().unwrap(), ours.join().unwrap()));
        end.collect()
    })
}

/// Has a conversation: each line with its reply, and what came unasked before the close.
fn has(conversation: &Conversation, server: SocketAddr) -> Vec<(String, String)> {
    let mut stream = TcpStream::connect(server).expect("connect");
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut replies = BufReader::new(stream.try_clone().unwrap());
    let mut said = vec![("(greeting)".to_owned(), plain("", &reply(&mut replies, "")))];
    for line in &conversation.lines {
        // A server that closed without reading this resets the connection, but what it said before can
        // still be read.
        let _ = stream.write_all(&[bytes(line).as_slice(), b"\r\n"].concat());
        let reply = plain(line, &reply(&mut replies, line));
        let closed = reply == "(closed)";
        said.push((line.clone(), reply));
        if closed {
            return said;
        }
    }
    if conversation.to_the_end {
        let _ = stream.shutdown(Shutdown::Write);
        let mut rest = Vec::new();
        let _ = replies.read_to_end(&mut rest);
        said.push(("(end)".to_owned(), plain("", &String::from_utf8_lossy(&rest))));
    }
    said
}

/// Reads one reply, up to its dot if the command has a list or a message for an answer.
fn reply(from: &mut impl BufRead, line: &str) -> String {
    let line = line.trim_start_matches(r"\.").trim_end_matches(r"\.").trim().to_ascii_uppercase();
    let mut words = line.split_whitespace();
    let (verb, argument) = (words.next().unwrap_or_default(), words.next());
    let many = match verb {
        "CAPA" | "RETR" | "TOP" => true,
        "LIST" | "UIDL" => argument.is_none() && !line.contains("\\X"),
        "AUTH" => argument.is_none() || line.starts_with("AUTH  "),
        _ => false,
    };
    let mut reply = Vec::new();
    loop {
        let start = reply.len();
        match from.read_until(b'\n', &mut reply) {
            Ok(0) => break,
            Ok(_) if many && reply.starts_with(b"+OK") && reply.get(start..) != Some(b".\r\n") => {}
            Ok(_) => break,
            Err(error) if error.kind() == ErrorKind::ConnectionReset => break,
            Err(error) => panic!("{line:?}: {error}; heard {:?}", String::from_utf8_lossy(&reply)),
        }
    }
    if reply.is_empty() { "(closed)".to_owned() } else { String::from_utf8_lossy(&reply).into_owned() }
}

/// The reply with what may differ made the same: unique-ids, whose form is the server's own but not their
/// numbers, and bytes that are not printable, of which ours repeats none.
fn plain(line: &str, reply: &str) -> String {
    let uidl = line.to_ascii_uppercase().starts_with("UIDL");
    let mut text = String::new();
    for line in reply.replace("\r\n", "\n").lines() {
        let shown = match line.rsplit_once(' ') {
            Some((before, uid)) if uidl && uid.len() == 16 && u64::from_str_radix(uid, 16).is_ok() => {
                format!("{before} (16 digits)")
            }
            Some((before, uid)) if uidl && uid.starts_with("UID") && uid.contains('-') => {
                format!("{before} (UIDn-n)")
            }
            _ => line.chars().map(|c| if (' '..='~').contains(&c) { c } else { '?' }).collect(),
        };
        text.push_str(&shown);
        text.push('\n');
    }
    text.trim_end_matches('\n').to_owned()
}

/// Waits until somebody listens there.
fn listens(address: SocketAddr) -> bool {
    TcpStream::connect_timeout(&address, Duration::from_millis(200)).is_ok()
}
