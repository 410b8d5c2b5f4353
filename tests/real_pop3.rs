//! The POP3 personas against the servers they imitate: the same conversations with a real Dovecot, a
//! real Courier and ours, reply by reply, over the same messages. [`LEFT_OUT`] is what differs on
//! purpose.

/// A real Courier, one process for each connection.
mod courier;

/// A real Dovecot with its own configuration.
mod dovecot;

/// A mailbox of ours as the Maildir of a real server.
mod maildir;

use std::net::SocketAddr;
use std::panic::{self, AssertUnwindSafe};
use std::process::Command;

use sundew::sasl;

use crate::harness::inetd::{on, serve};
use crate::harness::transcript::{Protocol, compare};
use crate::harness::{Dir, TARPOP, leaves_root, must, need};
use maildir::Mailbox;

/// The name that all the servers have.
const HOST: &str = "mail.example.net";

/// The one login that succeeds, base64 in the transcripts.
const USER: &str = "bob";
const PASSWORD: &str = "right";

/// Where all the connections of the tests come from.
const ALL: &str = "127.0.0.0/8";

/// What a client can say that is answered otherwise on purpose, and why. Besides, ours echoes no more than
/// [`LONGEST_ECHO`] bytes, with `?` for what is not printable; it reads what a client sends together with
/// its login, which Courier forgets; and it has at the next visit what was deleted.
const LEFT_OUT: &[(&str, &str)] = &[
    (r"\xffX", "a byte 0xff begins a command of telnet, which is no part of the line for us"),
    (r"NOOP\xff", "the same"),
    ("TOP 1 18446744073709551615", "the real Dovecot takes this number for its own sign of a whole message"),
    ("AUTH PLAIN eABib2IAcmlnaHQ=", "ours asks no further who may act for whom"),
];

/// Errors are compared up to here.
const LONGEST_ECHO: usize = 320;

const POP3: Protocol = Protocol { is_whole, plain, is_left_out };

#[test]
fn dovecot_says_what_the_real_one_says() {
    with_mailbox("dovecot-debian", |mailbox, ours| {
        let real = dovecot::Dovecot::start(mailbox, None);
        compare("dovecot-debian", &["pop3-both.txt", "pop3-dovecot.txt"], &POP3, real.address, ours);
        compare_deletion(real.address, ours, mailbox);
    });
    with_mailbox("dovecot", |mailbox, ours| {
        let real = dovecot::Dovecot::start(mailbox, Some("Dovecot ready."));
        compare("dovecot", &["pop3-both.txt"], &POP3, real.address, ours);
    });
}

#[test]
fn courier_says_what_the_real_one_says() {
    with_mailbox("courier", |mailbox, ours| {
        let real = courier::Courier::start(mailbox);
        compare("courier", &["pop3-both.txt", "pop3-courier.txt"], &POP3, real.address, ours);
        compare_deletion(real.address, ours, mailbox);
    });
}

/// Compares a session that deletes messages; then they are gone from the real mailbox, and there again
/// in ours.
fn compare_deletion(real: SocketAddr, ours: SocketAddr, mailbox: &Mailbox) {
    compare("deletion", &["pop3-delete.txt"], &POP3, real, ours);
    assert_eq!(Mailbox::of(real).len(), mailbox.len() - 3);
    assert_eq!(Mailbox::of(ours).len(), mailbox.len());
}

/// Has ours let in one pair of name and password, and hands out what is in its mailbox then. Mail arrives
/// there by the clock: if it does meanwhile, this is done again.
fn with_mailbox(persona: &'static str, test: impl Fn(&Mailbox, SocketAddr)) {
    let ours = Ours::start(persona, &["--allow", ALL, "--accept-after", "1"]);
    loop {
        let mailbox = Mailbox::of(ours.address);
        let result = panic::catch_unwind(AssertUnwindSafe(|| test(&mailbox, ours.address)));
        match result {
            Err(_) if Mailbox::of(ours.address) != mailbox => {}
            Err(panic) => panic::resume_unwind(panic),
            Ok(()) => return,
        }
    }
}

#[test]
fn nmap_names_every_persona() {
    let personas = [
        ("dovecot", "Dovecot pop3d"),
        ("dovecot-debian", "Dovecot pop3d"),
        ("dovecot-ubuntu", "Dovecot pop3d"),
        ("courier", "Courier pop3d"),
        ("cyrus", "Cyrus pop3d"),
        ("qpopper", "Qpopper pop3d"),
        ("exchange", "Microsoft Exchange"),
    ];
    // At once, and with the pauses of the tarpit.
    let servers: Vec<(Ours, &str)> = [&["--allow", ALL][..], &[]]
        .into_iter()
        .flat_map(|more| personas.map(|(persona, service)| (Ours::start(persona, more), service)))
        .collect();
    let ports: Vec<String> = servers.iter().map(|(ours, _)| ours.port()).collect();
    let found = nmap(&["-sV", "-p", &ports.join(",")]);
    for (port, (_, service)) in ports.iter().zip(&servers) {
        let line = found.lines().find(|line| line.starts_with(&format!("{port}/tcp")));
        assert!(line.is_some_and(|line| line.contains(service)), "no {service} on {port}:\n{found}");
    }
}

#[test]
fn nmap_lists_the_capabilities() {
    let ours = Ours::start("dovecot", &[]);
    let found = nmap(&["-sV", "--script", "pop3-capabilities", "-p", &ours.port()]);
    assert_eq!(capabilities(&found), OFFERS, "{found}");
}

/// All that `-sC` does with a POP3 server, quickly: `pop3-ntlm-info` alone waits for the answer to AUTH as
/// long as everybody who guesses.
#[test]
fn the_scripts_of_nmap_find_capabilities_and_no_ntlm() {
    let ours = Ours::start("dovecot", &["--speedup", "10"]);
    let found = nmap(&["-sV", "-sC", "-p", &ours.port()]);
    assert!(found.contains("Dovecot pop3d") && !found.contains("pop3-ntlm-info"), "{found}");
    assert_eq!(capabilities(&found), OFFERS, "{found}");
}

/// What a Dovecot without TLS offers, as nmap prints it.
const OFFERS: &[&str] =
    &["AUTH-RESP-CODE", "CAPA", "LOGIN)", "PIPELINING", "RESP-CODES", "SASL(PLAIN", "TOP", "UIDL", "USER"];

/// The words that nmap has found, which it shuffles.
fn capabilities(found: &str) -> Vec<&str> {
    let line = found.lines().find_map(|line| line.split_once("pop3-capabilities: "));
    let mut words: Vec<&str> = line.unwrap_or_else(|| panic!("{found}")).1.split(' ').collect();
    words.sort_unstable();
    words
}

fn nmap(options: &[&str]) -> String {
    let output = must(Command::new(need("nmap")).args(["-Pn", "-n"]).args(options).arg("127.0.0.1"));
    String::from_utf8_lossy(&output.stdout).into_owned()
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
            command.args(["--persona", persona, "--hostname", HOST, "--slots", "500", "--total", "500"]);
            command.args(more);
            command.args(["--log", "stderr", "--lock-dir"]).arg(&locks).args(leaves_root());
            on(socket, &mut command)
        });
        Ours { address, _dir: dir }
    }

    fn port(&self) -> String {
        self.address.port().to_string()
    }
}

/// A reply has one line, or it is a list or a message and ends with a dot (RFC 1939 3).
fn is_whole(line: &[u8], heard: &[u8]) -> bool {
    let line = line.split(|&b| b == 0).next().unwrap_or_default();
    let mut words = line.trim_ascii_start().split(|&b| b == b' ');
    let mut verb = words.next().unwrap_or_default().to_ascii_uppercase();
    verb.retain(|&b| b != b'\r');
    let long = match verb.as_slice() {
        b"CAPA" | b"RETR" | b"TOP" => true,
        b"LIST" | b"UIDL" => words.all(<[u8]>::is_empty),
        b"AUTH" => heard.starts_with(b"+OK\r\n"),
        _ => false,
    };
    !long || !heard.starts_with(b"+OK") || heard.ends_with(b"\r\n.\r\n")
}

/// The reply with the number in a challenge of CRAM-MD5 left out, and errors as ours says them: with `?`
/// for what is not printable.
fn plain(reply: &str) -> String {
    reply.split("\r\n").map(plain_line).collect::<Vec<String>>().join("\r\n")
}

fn plain_line(line: &str) -> String {
    if line.starts_with("-ERR") {
        let shown = |c: char| if (' '..='~').contains(&c) { c } else { '?' };
        return line.chars().take(LONGEST_ECHO).map(shown).collect();
    }
    let challenge = line.strip_prefix("+ ").and_then(|text| sasl::decode(text.as_bytes()));
    match challenge.and_then(|challenge| String::from_utf8(challenge).ok()) {
        Some(challenge) if challenge.starts_with('<') => {
            let (number, host) = challenge.split_once('@').expect("a number at a host");
            format!(
                "+ <{}@{host}",
                number[1..].replace(|c: char| c.is_ascii_hexdigit() && !c.is_lowercase(), "#")
            )
        }
        _ => line.to_owned(),
    }
}

fn is_left_out(line: &str) -> bool {
    LEFT_OUT.iter().any(|(left_out, _)| *left_out == line)
}
