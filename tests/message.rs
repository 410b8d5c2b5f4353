//! A message over a real connection: how it is slowed down, counted, held at its end, and kept.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::process::Command;
use std::time::Duration;

use sha2::{Digest as _, Sha256};
use sundew::event::{Verdict, What};

use crate::harness::servers::{Server, Setup, Super};
use crate::harness::talk::Talk;
use crate::harness::{must, need, need_root, until};

/// Goes as far as the go-ahead for the message.
fn begin(server: &Server) -> Talk {
    let mut talk = server.talk();
    talk.reply();
    for line in ["EHLO x.example", "MAIL FROM:<a@x.example>", "RCPT TO:<b@example.org>"] {
        assert!(talk.ask(line).starts_with("250"), "{line}");
    }
    assert!(talk.ask("DATA").starts_with("354"));
    talk
}

/// A message with every kind of line that the protocol makes special, and as it is without that.
fn message() -> (String, String) {
    let text = |dot: &str| {
        format!(
            "Subject: hello\r\nFrom: a@x.example\r\n\r\n{dot}.\r\n{dot}.dot\r\n\r\n{}\r\n",
            "long ".repeat(2000)
        )
    };
    (text("."), text(""))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn the_final_dot_is_held_and_the_window_is_narrow() {
    let config = "speedup = 200\n[smtarpit]\nhold_at = \"dot\"\nhold = \"endless\"";
    let server = Setup::under(Super::Xinetd).config(config).start();
    let port = server.address.port();
    let ss = need("ss");
    let room = || {
        // skmem:(r0,rb2304,t0,...): rb is the size of the receive buffer.
        let filter = format!("( sport = :{port} )");
        let output = must(Command::new(&ss).args(["-Htmn", "state", "established", &filter]));
        let text = String::from_utf8(output.stdout).unwrap();
        let (_, rest) = text.split_once(",rb").unwrap_or_else(|| panic!("{text}"));
        let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
        digits.parse::<u32>().unwrap()
    };
    let mut talk = begin(&server);
    until("a narrow window", || (room() < 5000).then_some(()));

    let (sent, body) = message();
    talk.send(&sent);
    talk.say(".");
    let event = server.log.wait("message", |event| event.what.word() == "message");
    let What::Message { bytes, sha256, verdict, stored } = &event.what else {
        unreachable!("asked for a message")
    };
    assert_eq!(*bytes, body.len() as u64);
    assert_eq!(sha256.as_str(), hex(&Sha256::digest(&body)));
    assert_eq!((*verdict, stored), (Verdict::Tempfail, &None));
    // Ten minutes of the tarpit, in which the reply does not end.
    talk.hear("451-");
    assert!(!talk.closes_within(Duration::from_secs(3)));
    let said = String::from_utf8(talk.unread().to_vec()).unwrap();
    assert!(!said.is_empty() && !said.contains("\r\n451 "), "{said:?}");
}

#[test]
fn the_spool_keeps_what_was_sent() {
    need_root("the spool is inside of a new root directory");
    let setup = Setup::under(Super::Xinetd);
    let jail = setup.dir().make("jail");
    let spool = setup.dir().make("jail/mail");
    std::os::unix::fs::chown(&spool, Some(nobody()), None).unwrap();
    let config = format!(
        "speedup = 500\nchroot = {jail:?}\nuser = \"nobody\"\n[smtarpit]\nhold_at = \"quit\"\n\
         verdict = \"accept\"\nspool = {spool:?}"
    );
    let server = setup.config(&config).start();
    let mut talk = begin(&server);
    let (sent, body) = message();
    talk.send(&sent);
    assert!(talk.ask(".").starts_with("250"));
    let event = server.log.wait("message", |event| event.what.word() == "message");
    let What::Message { stored: Some(name), verdict: Verdict::Accept, .. } = &event.what else {
        panic!("{event}")
    };
    let kept = fs::read_to_string(spool.join("new").join(name.as_str())).unwrap();
    assert!(kept.ends_with(&body) || kept.ends_with(&body.replace("\r\n", "\n")), "{kept}");
    // Nothing half-written stays behind, and nobody else may read it.
    assert_eq!(fs::read_dir(spool.join("tmp")).unwrap().count(), 0);
    let file = fs::metadata(spool.join("new").join(name.as_str())).unwrap();
    assert_eq!((file.uid(), file.mode() & 0o007), (nobody(), 0));
}

#[test]
fn a_message_beyond_the_limit_is_counted_and_not_kept() {
    let setup = Setup::under(Super::Xinetd);
    let spool = setup.dir().make("mail");
    let config =
        format!("speedup = 500\n[smtarpit]\nhold_at = \"quit\"\nmax_message = \"2k\"\nspool = {spool:?}");
    let server = setup.config(&config).start();
    let mut talk = begin(&server);
    // No more, because it goes through a window of a kilobyte or two.
    let text = format!("{}\r\n", "x".repeat(510)).repeat(32);
    talk.send(&text);
    let reply = talk.ask(".");
    assert!(reply.starts_with(['4', '5']), "{reply}");
    let event = server.log.wait("message", |event| event.what.word() == "message");
    let What::Message { bytes, stored, .. } = &event.what else { unreachable!("asked for a message") };
    assert_eq!((*bytes, stored), (text.len() as u64, &None));
    let files = |part: &str| fs::read_dir(spool.join(part)).map_or(0, Iterator::count);
    assert_eq!((files("new"), files("tmp")), (0, 0));
}

fn nobody() -> u32 {
    nix::unistd::User::from_name("nobody").unwrap().expect("every Linux has nobody").uid.as_raw()
}
