//! Conversations on paper. `postfix` and `exim` are also compared with the real servers, in
//! `tests/real_servers.rs`; here is what cannot be compared there, and the other two.

mod bodies;
mod form;

use super::*;
use crate::persona::smtp::Name;
use crate::receipt::{Issued, NoneIssued};
use chrono::DateTime;
use rand::SeedableRng as _;

fn policy(name: Name) -> Policy {
    Policy {
        persona: name.persona(),
        hostname: "mx.example.net".into(),
        domains: vec!["trap.example".into()],
        recipients: Recipients::Domain,
        null_sender: NullSender::Accept,
        verdict: MessageVerdict::Tempfail,
        max_message: 1_000_000,
        auth_after: 0,
        human_auth_after: 2,
        peer: Some("192.0.2.7".parse().unwrap()),
        issued: Box::new(NoneIssued),
        keep: Box::new(message::Forget),
    }
}

/// A conversation in which no time passes.
struct Paper {
    dialogue: Dialogue,
    rng: Rng,
    honeypot: bool,
    next: Next,
    notes: Vec<What>,
}

impl Paper {
    fn new(policy: Policy) -> Self {
        Paper {
            dialogue: Dialogue::new(policy),
            rng: Rng::seed_from_u64(1),
            honeypot: false,
            next: Next::Command,
            notes: Vec::new(),
        }
    }

    fn of(name: Name) -> Self {
        Paper::new(policy(name))
    }

    /// Takes bytes as a line; `None` inside a body.
    fn hear(&mut self, line: &[u8], ending: Ending) -> Option<Reply> {
        let mut moment = Moment { wall: wall(), rng: &mut self.rng, honeypot: self.honeypot };
        let reply = match self.next {
            Next::Text => self.dialogue.text(line, ending, &mut moment)?,
            _ => self.dialogue.command(line, &mut moment),
        };
        self.next = reply.next;
        self.notes.extend(reply.notes.clone());
        Some(reply)
    }

    /// Says a line; the reply, without the last CR LF.
    fn say(&mut self, line: &str) -> String {
        let Some(reply) = self.hear(line.as_bytes(), Ending::CrLf) else {
            return String::new();
        };
        String::from_utf8(reply.text).unwrap().trim_end_matches("\r\n").replace("\r\n", "\n")
    }

    /// Has a whole conversation: lines that begin with a digit are what must be answered.
    fn play(&mut self, script: &str) {
        let mut said = String::new();
        let mut heard = String::new();
        for line in script.lines().map(str::trim).filter(|line| !line.is_empty()) {
            if line.as_bytes()[0].is_ascii_digit() {
                let (first, rest) = heard.split_once('\n').unwrap_or((&heard, ""));
                assert_eq!(first, line, "after {said:?}");
                heard = rest.to_owned();
            } else {
                assert_eq!(heard, "", "after {said:?}");
                said = line.to_owned();
                heard = self.say(line);
            }
        }
        assert_eq!(heard, "", "after {said:?}");
    }

    fn words(&self) -> Vec<String> {
        let verdict = |what: &What| match what {
            What::Mail { verdict, .. }
            | What::Rcpt { verdict, .. }
            | What::Auth { verdict, .. }
            | What::Message { verdict, .. } => format!("{} {verdict}", what.word()),
            what => what.word().to_owned(),
        };
        self.notes.iter().map(verdict).collect()
    }
}

fn wall() -> DateTime<FixedOffset> {
    DateTime::parse_from_rfc3339("2026-11-03T12:00:00+01:00").unwrap()
}

#[test]
fn sendmail_takes_a_message() {
    let mut paper = Paper::of(Name::Sendmail);
    paper.play(
        r#"EHLO client.example
           250-mx.example.net Hello [192.0.2.7], pleased to meet you
           250-ENHANCEDSTATUSCODES
           250-8BITMIME
           250-SIZE 1000000
           250-DSN
           250-ETRN
           250-AUTH LOGIN PLAIN
           250-DELIVERBY
           250 HELP
           RCPT TO:<x@trap.example>
           503 5.0.0 Need MAIL before RCPT
           MAIL FROM:<a@b.example> BY=120;R
           250 2.1.0 <a@b.example>... Sender ok
           RCPT TO:<x@other.example>
           550 5.7.1 <x@other.example>... Relaying denied
           RCPT TO:<x@trap.example>
           250 2.1.5 <x@trap.example>... Recipient ok
           DATA
           354 Enter mail, end with "." on a line by itself
           hello
           .
           451 4.3.2 Please try again later
           foo bar
           500 5.5.1 Command unrecognized: "foo bar"
           QUIT
           221 2.0.0 mx.example.net closing connection"#,
    );
    assert_eq!(paper.words(), ["helo", "mail accept", "rcpt reject", "rcpt accept", "message tempfail"]);
}

#[test]
fn sendmail_loses_its_patience_with_the_26th_bad_command() {
    let mut paper = Paper::of(Name::Sendmail);
    for _ in 0..25 {
        assert_eq!(paper.say("FOO"), "500 5.5.1 Command unrecognized: \"FOO\"");
    }
    assert_eq!(paper.say("FOO"), "421 4.7.0 mx.example.net Too many bad commands; closing connection");
    assert_eq!(paper.next, Next::Close(Reason::Limit));
    assert_eq!(
        Paper::of(Name::Sendmail).say("GET / HTTP/1.0"),
        "421 4.7.0 mx.example.net Rejecting open proxy [192.0.2.7]"
    );
}

#[test]
fn exchange_takes_a_message() {
    let mut paper = Paper::of(Name::Exchange);
    paper.play(
        "MAIL FROM:<a@b.example>
         503 5.5.2 Send hello first
         EHLO client.example
         250-mx.example.net Hello [192.0.2.7]
         250-SIZE 1000000
         250-DSN
         250-ENHANCEDSTATUSCODES
         250-AUTH LOGIN PLAIN
         250 8BITMIME
         RCPT TO:<x@trap.example>
         503 5.5.2 Need mail command
         MAIL FROM:<a@b.example>
         250 2.1.0 Sender OK
         RCPT TO:<x@other.example>
         550 5.7.54 SMTP; Unable to relay recipient in non-accepted domain
         RCPT TO:<x@trap.example>
         250 2.1.5 Recipient OK
         DATA
         354 Start mail input; end with <CRLF>.<CRLF>
         hello
         .
         452 4.3.1 Insufficient system resources
         HELP
         214-This server supports the following commands:
         214 HELO EHLO STARTTLS RCPT DATA RSET MAIL QUIT HELP AUTH BDAT
         AUTH LOGIN
         334 VXNlcm5hbWU6
         dXNlcg==
         334 UGFzc3dvcmQ6
         d3Jvbmc=
         535 5.7.3 Authentication unsuccessful
         QUIT
         221 2.0.0 Service closing transmission channel",
    );
}

#[test]
fn the_log_has_the_user_and_never_the_password() {
    for login in [&["AUTH LOGIN", "dXNlcg==", "c2VjcmV0"][..], &["AUTH PLAIN AHVzZXIAc2VjcmV0"]] {
        let mut paper = Paper::of(Name::Postfix);
        for line in login {
            paper.say(line);
        }
        let [What::Auth { user, verdict: Verdict::Reject, .. }] = &paper.notes[..] else {
            panic!("{:?}", paper.notes)
        };
        assert_eq!(user.as_str(), "user");
        assert!(!format!("{:?}", paper.notes).contains("secret"));
    }
}

#[test]
fn auth_succeeds_at_the_try_that_the_policy_says() {
    let login = "AUTH PLAIN AHVzZXIAc2VjcmV0";
    let mut paper = Paper::new(Policy { auth_after: 3, ..policy(Name::Postfix) });
    let codes: Vec<String> = (0..3).map(|_| paper.say(login)[..3].to_owned()).collect();
    assert_eq!(codes, ["535", "535", "235"]);
    let mut paper = Paper::of(Name::Postfix);
    assert!((0..19).all(|_| paper.say(login).starts_with("535")), "0 is never");
}

#[test]
fn a_person_finds_an_open_relay() {
    let mut paper = Paper::of(Name::Exim);
    paper.honeypot = true;
    for (line, code) in [
        ("EHLO me", "250"),
        ("AUTH PLAIN AHVzZXIAc2VjcmV0", "535"),
        ("AUTH PLAIN AHVzZXIAc2VjcmV0", "235"),
        ("MAIL FROM:<a@b.example>", "250"),
        ("RCPT TO:<test@other.example>", "250"),
        ("DATA", "354"),
        ("", ""),
        (".", "250 OK id="),
    ] {
        let reply = paper.say(line);
        assert!(reply.starts_with(code), "{line}: {reply}");
    }
    assert_eq!(
        paper.words(),
        ["helo", "auth reject", "auth accept", "mail accept", "rcpt accept", "message accept"]
    );
}

#[test]
fn the_null_sender_is_refused_in_the_words_of_the_persona_and_counted() {
    for (name, reply) in [
        (Name::Postfix, "554 5.7.1 <>: Sender address rejected: Access denied"),
        (Name::Exim, "550 Administrative prohibition"),
        (Name::Sendmail, "550 5.7.1 <>... Access denied"),
        (Name::Exchange, "554 5.1.0 Sender denied"),
    ] {
        let mut paper = Paper::new(Policy { null_sender: NullSender::Refuse, ..policy(name) });
        paper.say("EHLO client.example");
        assert_eq!(paper.say("MAIL FROM:<>"), reply);
        assert!(paper.say("MAIL FROM:<a@b.example>").starts_with("250"));
        let totals = paper.dialogue.totals();
        assert_eq!((totals.mails, totals.null_from), (Some(2), Some(1)));
        assert_eq!(paper.words(), ["helo", "mail reject", "mail accept"]);
    }
}

struct Only(&'static [u8]);

impl Issued for Only {
    fn receipt(&self, address: &[u8]) -> Option<Plain> {
        (address == self.0).then(|| "20261103-7".into())
    }
}

#[test]
fn only_issued_addresses_are_accepted_if_the_policy_says_so() {
    let issued = Policy {
        recipients: Recipients::Issued,
        issued: Box::new(Only(b"k3x@trap.example")),
        ..policy(Name::Postfix)
    };
    let mut paper = Paper::new(issued);
    paper.play(
        "MAIL FROM:<a@b.example>
         250 2.1.0 Ok
         RCPT TO:<info@trap.example>
         550 5.1.1 <info@trap.example>: Recipient address rejected: User unknown in local recipient table
         RCPT TO:<k3x@other.example>
         454 4.7.1 <k3x@other.example>: Relay access denied
         RCPT TO:<k3x@trap.example>
         250 2.1.5 Ok",
    );
    let What::Rcpt { receipt, verdict: Verdict::Accept, .. } = &paper.notes[3] else {
        panic!("{:?}", paper.notes)
    };
    assert_eq!(receipt.as_ref().map(Plain::as_str), Some("20261103-7"));
}

#[test]
fn without_a_domain_what_was_issued_is_accepted_at_any() {
    let issued = Policy {
        recipients: Recipients::Issued,
        domains: Vec::new(),
        issued: Box::new(Only(b"k3x@trap.example")),
        ..policy(Name::Postfix)
    };
    Paper::new(issued).play(
        "MAIL FROM:<a@b.example>
         250 2.1.0 Ok
         RCPT TO:<info@trap.example>
         550 5.1.1 <info@trap.example>: Recipient address rejected: User unknown in local recipient table
         RCPT TO:<k3x@trap.example>
         250 2.1.5 Ok",
    );
}

#[test]
fn recipients_are_bounded() {
    for name in Name::ALL {
        let mut paper = Paper::of(*name);
        paper.say("EHLO client.example");
        paper.say("MAIL FROM:<a@b.example>");
        let most = name.persona().recipients;
        for _ in 0..most {
            assert!(paper.say("RCPT TO:<x@trap.example>").starts_with("250"));
        }
        assert!(paper.say("RCPT TO:<x@trap.example>").starts_with("452"), "{name}");
    }
}

#[test]
fn a_silent_peer_hears_the_persona() {
    let mut paper = Paper::of(Name::Exim);
    let reply = paper.dialogue.timeout();
    assert_eq!(reply.text, b"421 mx.example.net: SMTP command timeout - closing connection\r\n");
    assert_eq!(reply.next, Next::Close(Reason::Timeout));
    for line in ["EHLO x", "MAIL FROM:<a@b.example>", "RCPT TO:<x@trap.example>", "DATA"] {
        paper.say(line);
    }
    assert!(paper.dialogue.timeout().text.starts_with(b"421 mx.example.net SMTP incoming data timeout"));
}

#[test]
fn greetings_and_refusals_are_the_persona_s() {
    let mut rng = Rng::seed_from_u64(1);
    for (name, banner, first) in [
        (
            Name::Postfix,
            "220 mx.example.net ESMTP Postfix (Debian/GNU)\r\n",
            "220-mx.example.net ESMTP Postfix (Debian/GNU)\r\n",
        ),
        (
            Name::Exim,
            "220 mx.example.net ESMTP Exim 4.96 Tue, 03 Nov 2026 12:00:00 +0100\r\n",
            "220-mx.example.net ESMTP Exim 4.96 Tue, 03 Nov 2026 12:00:00 +0100\r\n",
        ),
        (
            Name::Sendmail,
            "220 mx.example.net ESMTP Sendmail 8.17.1/8.17.1; Tue, 3 Nov 2026 12:00:00 +0100\r\n",
            "220-mx.example.net ESMTP Sendmail 8.17.1/8.17.1; Tue, 3 Nov 2026 12:00:00 +0100\r\n",
        ),
        (
            Name::Exchange,
            "220 mx.example.net Microsoft ESMTP MAIL Service ready at Tue, 3 Nov 2026 12:00:00 +0100\r\n",
            "220 mx.example.net Microsoft ESMTP MAIL Service ready at ",
        ),
    ] {
        let mut paper = Paper::of(name);
        let reply = paper.dialogue.banner(&Moment { wall: wall(), rng: &mut rng, honeypot: false });
        assert_eq!(String::from_utf8_lossy(&reply.text), banner);
        let (teaser, rest) = paper.dialogue.teaser(&reply.text, false);
        assert_eq!(String::from_utf8_lossy(&teaser), first);
        assert!([teaser, rest].concat().ends_with(b" +0100\r\n") || name == Name::Postfix);
        assert!(paper.dialogue.teaser(&reply.text, true).0.starts_with(b"220-mx.example.net "));
        let busy = busy(name.persona(), "mx.example.net");
        assert!(busy.starts_with(b"421 ") && busy.ends_with(b"\r\n"));
    }
}
