//! Conversations on paper. `dovecot` and `courier` are also compared with the real servers, in
//! `tests/real_pop3.rs`; here is what cannot be compared there, and the other three.

mod limits;
mod logins;
mod mail;
mod tables;

use super::*;
use crate::key::Key;
use crate::persona::pop3::Name;
use crate::pop3::gate::Gate;
use crate::pop3::gate::Judged;
use crate::pop3::mailbox::Mailbox;
use crate::pop3::mailbox::{Cast, Origin, Person};
use rand::SeedableRng as _;
use std::cell::Cell;
use std::rc::Rc;

/// Lets in who says `right`, with a name, and counts the failures before.
struct Right(u32);

impl Gate for Right {
    fn judge(&mut self, tried: Try<'_>, _wall: DateTime<FixedOffset>) -> Judged {
        let accepted = tried.password == b"right" && !tried.user.is_empty();
        let failures = self.0;
        self.0 += u32::from(!accepted);
        Judged { accepted, failures, visit: accepted.then_some(0xabc) }
    }
}

struct Nobody;

impl Cast for Nobody {
    fn colleague(&self, number: u32) -> Person {
        Person { given: "Anna".into(), family: "Berger".into(), address: format!("a{number}@trap.example") }
    }

    fn stranger(&self, number: u32) -> Person {
        self.colleague(100 + number)
    }
}

/// The mailbox that every login opens.
fn mailbox() -> Mailbox {
    let key = Key::new("a secret of the test");
    let (domain, hostname) = ("trap.example", "mx.trap.example");
    Mailbox::of(&Origin { key: &key, user: b"bob", domain, hostname, wall: wall(), cast: &Nobody })
}

fn wall() -> DateTime<FixedOffset> {
    DateTime::parse_from_rfc3339("2026-11-03T12:00:00+01:00").unwrap()
}

/// A conversation in which no time passes.
struct Paper {
    dialogue: Dialogue,
    rng: Rng,
    banner: Reply,
    next: Next,
    notes: Vec<What>,
    login: Option<Login>,
    /// How many mailboxes were opened.
    opened: Rc<Cell<u32>>,
}

impl Paper {
    fn of(name: Name) -> Self {
        let opened = Rc::new(Cell::new(0));
        let count = Rc::clone(&opened);
        let policy = Policy {
            persona: name.persona(),
            hostname: "mx.trap.example".into(),
            gate: Box::new(Right(0)),
            mailboxes: Box::new(move |_, visit, _| {
                assert_eq!(visit, Some(0xabc));
                count.set(count.get() + 1);
                mailbox()
            }),
            passwords: Box::new(|password| Some(Plain::from_peer(password))),
        };
        let (mut dialogue, mut rng) = (Dialogue::new(policy), Rng::seed_from_u64(1));
        let banner = dialogue.banner(&mut Moment { wall: wall(), rng: &mut rng });
        Paper { dialogue, rng, banner, next: Next::Command, notes: Vec::new(), login: None, opened }
    }

    /// One that is logged in.
    fn inside(name: Name) -> Self {
        let mut paper = Paper::of(name);
        paper.say("USER bob");
        assert!(paper.say("PASS right").starts_with("+OK"), "{name:?}");
        assert!(paper.dialogue.maildrop.is_some(), "{name:?}");
        paper
    }

    fn hear(&mut self, line: &[u8]) -> Reply {
        assert_eq!(self.next, Next::Command, "it has closed before {:?}", String::from_utf8_lossy(line));
        let reply = self.dialogue.command(line, &mut Moment { wall: wall(), rng: &mut self.rng });
        let first = reply.text.iter().position(|&b| b == b'\n').map_or(0, |at| at + 1);
        assert_eq!(reply.head, first, "after {:?}", String::from_utf8_lossy(line));
        self.next = reply.next;
        self.login = reply.login;
        self.notes.extend(reply.notes.clone());
        reply
    }

    /// Says a line; the reply, without the last CR LF.
    fn say(&mut self, line: &str) -> String {
        self.send(line.as_bytes())
    }

    fn send(&mut self, line: &[u8]) -> String {
        let text = String::from_utf8(self.hear(line).text).unwrap();
        text.strip_suffix("\r\n").unwrap_or(&text).replace("\r\n", "\n")
    }

    /// Has a whole conversation: lines with `>` are said, the others are what must be answered. A line
    /// `...` is any number of lines up to a dot.
    fn play(&mut self, script: &str) {
        let (mut said, mut heard) = (String::new(), String::new());
        for line in script.lines().map(str::trim_start).filter(|line| !line.is_empty()) {
            if let Some(command) = line.strip_prefix('>') {
                assert_eq!(heard, "", "after {said:?}");
                said = command.strip_prefix(' ').unwrap_or(command).to_owned();
                heard = self.say(&said);
            } else if line == "..." {
                let (_, rest) = heard.split_once("\n.").unwrap_or_else(|| panic!("{heard:?} after {said:?}"));
                heard = format!(".{rest}");
            } else {
                let (first, rest) = heard.split_once('\n').unwrap_or((&heard, ""));
                assert_eq!(first, line, "after {said:?}");
                heard = rest.to_owned();
            }
        }
        assert_eq!(heard, "", "after {said:?}");
    }

    /// What the log has of the logins: user, method, verdict, password, visit.
    fn logins(&self) -> Vec<String> {
        let shown = |what: &What| match what {
            What::Login { user, method, verdict, password, visit } => {
                let or = |text: &Option<Plain>| text.as_ref().map_or("-".to_owned(), Plain::to_string);
                Some(format!("{user} {method} {verdict} {} {}", or(password), or(visit)))
            }
            _ => None,
        };
        self.notes.iter().filter_map(shown).collect()
    }
}

#[test]
fn each_greets_as_it_is_known() {
    let greeting = |name| String::from_utf8(Paper::of(name).banner.text).unwrap();
    assert_eq!(greeting(Name::Dovecot), "+OK Dovecot ready.\r\n");
    assert_eq!(greeting(Name::Debian), "+OK Dovecot (Debian) ready.\r\n");
    assert_eq!(greeting(Name::Ubuntu), "+OK Dovecot (Ubuntu) ready.\r\n");
    assert_eq!(greeting(Name::Courier), "+OK Hello there.\r\n");
    assert_eq!(greeting(Name::Exchange), "+OK The Microsoft Exchange POP3 service is ready.\r\n");
    for (name, head) in [
        (Name::Cyrus, "+OK mx.trap.example Cyrus POP3 v2.5.10-Debian-2.5.10-3 server ready <"),
        (Name::Qpopper, "+OK Qpopper (version 4.0.9) at mx.trap.example starting.  <"),
    ] {
        let greeting = greeting(name);
        let stamp = greeting.strip_prefix(head).and_then(|rest| rest.strip_suffix("@mx.trap.example>\r\n"));
        let (pid, time) =
            stamp.and_then(|stamp| stamp.split_once('.')).unwrap_or_else(|| panic!("{greeting}"));
        assert!(pid.parse::<u32>().is_ok(), "{greeting}");
        assert_eq!(time.parse(), Ok(wall().timestamp()), "{greeting}");
    }
}

#[test]
fn dovecot_in_its_two_states() {
    let mut paper = Paper::of(Name::Dovecot);
    paper.play(
        "> CAPA
         +OK
         CAPA
         TOP
         UIDL
         RESP-CODES
         PIPELINING
         AUTH-RESP-CODE
         USER
         SASL PLAIN LOGIN
         .
         > STLS
         -ERR TLS support isn't enabled.
         > APOP bob 0123456789abcdef0123456789abcdef
         -ERR APOP not enabled.
         > XCLIENT ADDR=192.0.2.1
         +OK You are not from trusted IP - ignoring
         > STAT
         -ERR Unknown command.
         > HELP
         -ERR Unknown command.
         > PASS right
         -ERR No username given.
         > USER bob
         +OK
         > PASS wrong
         -ERR [AUTH] Authentication failed.
         > PASS right
         -ERR No username given.
         > USER bob
         +OK
         > PASS right
         +OK Logged in.
         > CAPA
         +OK
         CAPA
         TOP
         UIDL
         RESP-CODES
         PIPELINING
         AUTH-RESP-CODE
         .
         > user bob
         -ERR Unknown command: USER
         > XTND
         -ERR Unknown command: XTND
         > NOOP
         +OK
         > QUIT
         +OK Logging out.",
    );
    assert_eq!(paper.next, Next::Close(Reason::Quit));
    assert_eq!(paper.opened.get(), 1);
}

#[test]
fn courier_in_its_two_states() {
    let mut paper = Paper::of(Name::Courier);
    paper.play(
        "> CAPA
         +OK Here's what I can do:
         SASL PLAIN LOGIN
         TOP
         USER
         LOGIN-DELAY 10
         PIPELINING
         UIDL
         UTF8 USER
         IMPLEMENTATION Courier Mail Server
         .
         > STLS
         -ERR TLS support not available.
         > STAT
         -ERR Invalid command.
         > AUTH
         -ERR Invalid command.
         > PASS right
         -ERR USER/PASS required.
         > USER
         -ERR Invalid command.
         > USER bob
         +OK Password required.
         > PASS wrong
         -ERR Login failed.
         > PASS right
         +OK logged in.
         > USER bob
         -ERR Invalid command.
         > NOOP
         +OK Yup.
         > QUIT
         +OK Bye-bye.",
    );
    assert_eq!(paper.next, Next::Close(Reason::Quit));
}

#[test]
fn cyrus_in_its_three_states() {
    let mut paper = Paper::of(Name::Cyrus);
    paper.play(
        "> CAPA
         +OK List of capabilities follows
         SASL CRAM-MD5 PLAIN LOGIN
         EXPIRE NEVER
         LOGIN-DELAY 0
         TOP
         UIDL
         PIPELINING
         RESP-CODES
         AUTH-RESP-CODE
         USER
         IMPLEMENTATION Cyrus POP3 v2.5.10-Debian-2.5.10-3
         .
         > CAPA x
         -ERR Unexpected extra argument
         > STLS
         -ERR Unrecognized command
         > STAT
         -ERR Unrecognized command
         > USER
         -ERR Missing argument
         > PASS right
         -ERR [AUTH] Must give USER command
         > APOP bob
         -ERR [AUTH] authenticating: bad protocol / cancel
         > APOP bob 0123456789abcdef0123456789abcdef
         -ERR [AUTH] authenticating: authentication failure
         > USER bob
         +OK Name is a valid mailbox
         > USER bob
         -ERR [AUTH] Must give PASS command
         > APOP bob 0123456789abcdef0123456789abcdef
         -ERR [AUTH] Must give PASS command
         > PASS
         -ERR Missing argument
         > PASS wrong
         -ERR [AUTH] Invalid login
         > USER bob
         +OK Name is a valid mailbox",
    );
    let reply = paper.say("PASS right");
    let head = format!("+OK Mailbox locked and ready SESSIONID=<mx.trap.example-{}-", wall().timestamp());
    assert!(reply.starts_with(&head) && reply.ends_with('>'), "{reply}");
    paper.play(
        "> CAPA
         +OK List of capabilities follows
         EXPIRE NEVER
         LOGIN-DELAY 0
         TOP
         UIDL
         PIPELINING
         RESP-CODES
         AUTH-RESP-CODE
         IMPLEMENTATION Cyrus POP3 v2.5.10-Debian-2.5.10-3
         .
         > AUTH
         -ERR Unrecognized command
         > LAST
         -ERR Unrecognized command
         > QUIT now
         -ERR Unexpected extra argument
         > QUIT
         +OK",
    );
    // A blank and nothing behind it; only AUTH may have that.
    let mut paper = Paper::of(Name::Cyrus);
    assert_eq!(paper.send(b"CAPA "), "-ERR Syntax error");
    assert_eq!(paper.send(b"USER \t "), "-ERR Syntax error");
    assert_eq!(paper.send(b"FOO "), "-ERR Syntax error");
    assert_eq!(paper.send(b"AUTH "), "+OK List of supported mechanisms follows\nCRAM-MD5\nPLAIN\nLOGIN\n.");
    assert_eq!(paper.send(b" CAPA"), "-ERR Unrecognized command");
    assert_eq!(paper.send(b""), "-ERR Unrecognized command");
}

#[test]
fn qpopper_in_its_three_states() {
    let mut paper = Paper::of(Name::Qpopper);
    paper.play(
        "> CAPA
         +OK Capability list follows
         TOP
         USER
         LOGIN-DELAY 0
         EXPIRE 0
         UIDL
         RESP-CODES
         AUTH-RESP-CODE
         X-MANGLE
         X-MACRO
         X-LOCALTIME Tue, 03 Nov 2026 12:00:00 +0100
         IMPLEMENTATION Qpopper-version-4.0.9
         .
         > AUTH
         +OK Supported SASL mechanisms:
         X-NONE-SO-USE-APOP-OR-STLS
         .
         > AUTH PLAIN
         -ERR Unknown authentication mechanism: PLAIN
         > STLS
         -ERR Command not enabled
         > PASS right
         -ERR Unknown command: \"pass\".
         > STAT
         -ERR Unknown command: \"stat\".
         > USER
         -ERR Too few arguments for the user command.
         > USER bob joe
         -ERR Too many arguments for the user command.
         > USER bob
         +OK Password required for bob.
         > USER joe
         -ERR Unknown command: \"user\".
         > CAPA
         ...
         .
         > PASS
         -ERR Too few arguments for the pass command.",
    );
    let (count, octets) = totals();
    let reply = paper.say("PASS right");
    assert_eq!(reply, format!("+OK bob has {count} visible messages (0 hidden) in {octets} octets."));
    paper.play(
        "> USER bob
         -ERR Unknown command: \"user\".
         > XTND XMIT
         -ERR Unknown command: \"xtnd XMIT\".
         > NOOP
         +OK no big woop
         > QUIT
         +OK Pop server at mx.trap.example signing off.",
    );
    // Nothing at all is answered to an empty line.
    let mut paper = Paper::of(Name::Qpopper);
    assert_eq!(paper.hear(b"").text, b"");
    assert_eq!(paper.hear(b" \t").text, b"");
    assert_eq!(paper.next, Next::Command);
}

#[test]
fn exchange_in_its_three_states() {
    let mut paper = Paper::of(Name::Exchange);
    paper.play(
        "> CAPA
         +OK
         TOP
         UIDL
         SASL PLAIN
         USER
         .
         > AUTH
         +OK
         PLAIN
         .
         > STAT
         -ERR Command is not valid in this state.
         > USER
         -ERR Protocol error. 16
         > USER bob
         +OK
         > PASS wrong
         -ERR Logon failure: unknown user name or bad password.
         > USER bob
         +OK
         > PASS right
         +OK User successfully logged on.
         > NOOP
         +OK
         > QUIT
         +OK Microsoft Exchange Server 2016 POP3 server signing off.",
    );
    let mut paper = Paper::of(Name::Exchange);
    paper.play(
        "> USER bob
         +OK
         > USER joe
         -ERR Command is not valid in this state.
         > AUTH PLAIN
         -ERR Command is not valid in this state.
         > PASS right
         +OK User successfully logged on.",
    );
}

/// How many messages there are, and how many octets they have.
fn totals() -> (usize, u64) {
    let mailbox = mailbox();
    (mailbox.len(), (0..mailbox.len()).map(|at| mailbox.size(at)).sum())
}
