//! The personas against the servers they imitate: the same conversations with a real Postfix, a real
//! Exim and ours, reply by reply. [`LEFT_OUT`] is what differs on purpose.

/// A real Exim, one process for each connection.
mod exim;

/// A real Postfix with its own configuration, and the AUTH server that it asks.
mod postfix;

/// SMTP replies, and what is different in them each time.
mod replies;

use std::net::SocketAddr;
use std::process::Command;

use crate::harness::inetd::{on, serve};
use crate::harness::talk::Talk;
use crate::harness::transcript::compare;
use crate::harness::{Dir, SMTARPIT, leaves_root, must, need};
use replies::SMTP;

/// The name that all the servers have.
const HOST: &str = "mx.example.net";

/// The domain that they take mail for.
const DOMAIN: &str = "trap.example";

/// The largest message that they announce.
const SIZE: &str = "100000";

/// What the real servers offer to EHLO and we leave out: all of these would let a client say more
/// with fewer round trips, or need TLS. Nothing else differs but queue ids and dates.
const LEFT_OUT: &[&str] = &["PIPELINING", "PIPECONNECT", "CHUNKING", "SMTPUTF8", "PRDR", "STARTTLS"];

/// Where all the connections of the tests come from.
const ALL: &str = "127.0.0.0/8";

#[test]
fn postfix_says_what_the_real_one_says() {
    let real = postfix::Postfix::start();
    let ours = Ours::start("postfix", &["--allow", ALL]);
    compare_offers(real.open_address, ours.address);
    compare("postfix", &["both.txt", "postfix.txt"], &SMTP, real.address, ours.address);
    let ours = Ours::start("postfix", &["--allow", ALL, "--auth-after", "3"]);
    compare("postfix with AUTH", &["auth.txt"], &SMTP, real.address, ours.address);
    // 300 s of silence, divided as the real server's.
    let ours = Ours::start("postfix", &["--allow", ALL, "--speedup", "300"]);
    compare_silence(real.hasty_address, ours.address);
}

#[test]
fn exim_says_what_the_real_one_says() {
    let real = exim::Exim::start();
    let ours = Ours::start("exim", &["--allow", ALL]);
    compare_offers(real.open_address, ours.address);
    compare("exim", &["both.txt", "exim.txt"], &SMTP, real.address, ours.address);
    let ours = Ours::start("exim", &["--allow", ALL, "--auth-after", "3"]);
    compare("exim with AUTH", &["auth.txt"], &SMTP, real.address, ours.address);
    // 300 s of silence, divided as the real server's.
    let ours = Ours::start("exim", &["--allow", ALL, "--speedup", "300"]);
    compare_silence(real.hasty_address, ours.address);
}

#[test]
fn nmap_names_every_persona() {
    let nmap = need("nmap");
    let personas = [
        ("postfix", "Postfix smtpd"),
        ("exim", "Exim smtpd 4.96"),
        ("sendmail", "Sendmail 8.17.1"),
        ("exchange", "Microsoft Exchange smtpd"),
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
            let mut command = Command::new(SMTARPIT);
            command
                .args(["--persona", persona, "--hostname", HOST, "--domains", DOMAIN])
                .args(["--null-sender", "accept", "--verdict", "accept", "--max-message", SIZE])
                .args(more)
                .args(["--log", "stderr", "--lock-dir"])
                .arg(&locks)
                .args(leaves_root());
            on(socket, &mut command)
        });
        Ours { address, _dir: dir }
    }
}

/// Compares what a silent peer hears, before any command and inside a body.
fn compare_silence(real: SocketAddr, ours: SocketAddr) {
    let body = ["EHLO client.example", "MAIL FROM:<a@b.example>", "RCPT TO:<x@trap.example>", "DATA"];
    for lines in [&[][..], &body] {
        let last_words = |address| {
            let mut talk = Talk::to(address);
            talk.reply();
            for line in lines {
                talk.ask(line);
            }
            String::from_utf8(talk.rest()).expect("a server speaks ASCII")
        };
        let words = last_words(real);
        assert!(words.starts_with("421"), "{words:?}");
        assert_eq!(words, last_words(ours));
    }
}

/// Compares the answers to EHLO, with a real server that has nothing switched off.
fn compare_offers(real: SocketAddr, ours: SocketAddr) {
    let offers = |address| -> Vec<String> {
        let mut talk = Talk::to(address);
        talk.reply();
        talk.ask("EHLO client.example").lines().map(|line| line[4..].to_owned()).collect()
    };
    let (real, ours) = (offers(real), offers(ours));
    let left: Vec<&String> = real.iter().filter(|line| !LEFT_OUT.contains(&line.as_str())).collect();
    assert_eq!(left, ours.iter().collect::<Vec<_>>());
    assert!(
        real.iter().any(|line| line == "PIPELINING"),
        "the real server has something switched off: {real:?}"
    );
}
