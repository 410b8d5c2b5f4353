//! Conversations on paper. `postfix` and `exim` are also compared with the real servers, in
//! `tests/real_servers.rs`; here is what cannot be compared there, and the other two.

use super::*;
use crate::persona::{Name, WORDS};
use chrono::DateTime;
use rand::SeedableRng as _;
use std::cell::RefCell;
use std::rc::Rc;

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
            _ => self.dialogue.command(line, ending, &mut moment),
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

#[derive(Clone, Default)]
struct Kept(Rc<RefCell<Vec<String>>>);

impl message::Keep for Kept {
    fn begin(&mut self, envelope: &Envelope) {
        let to = envelope.to.iter().map(|to| String::from_utf8_lossy(to).into_owned());
        let to: Vec<String> = to.collect();
        self.add(format!("{} to {}", String::from_utf8_lossy(&envelope.from), to.join(",")));
    }

    fn part(&mut self, bytes: &[u8]) {
        let last = self.0.borrow_mut().pop().unwrap_or_default();
        self.add(last + &String::from_utf8_lossy(bytes));
    }

    fn end(&mut self) -> Option<String> {
        Some("the-name".to_owned())
    }

    fn abandon(&mut self) {
        self.add("abandoned".to_owned());
    }
}

impl Kept {
    fn add(&self, what: String) {
        self.0.borrow_mut().push(what);
    }
}

fn with_body(max_message: u64) -> (Paper, Kept) {
    let kept = Kept::default();
    let mut paper = Paper::new(Policy { keep: Box::new(kept.clone()), max_message, ..policy(Name::Postfix) });
    for line in ["MAIL FROM:<a@b.example>", "RCPT TO:<x@trap.example>", "RCPT TO:<y@trap.example>", "DATA"] {
        paper.say(line);
    }
    assert_eq!(paper.next, Next::Text);
    (paper, kept)
}

#[test]
fn a_body_is_kept_and_hashed_without_its_dots() {
    let (mut paper, kept) = with_body(1000);
    for (part, ending) in [
        ("..one", Ending::CrLf),
        ("a long li", Ending::Cut),
        (".ne", Ending::Cut),
        ("", Ending::CrLf),
        (".", Ending::Cut),
        ("x", Ending::Lf),
    ] {
        assert_eq!(paper.hear(part.as_bytes(), ending), None);
    }
    assert!(paper.say(".").starts_with("451"));
    assert_eq!(
        *kept.0.borrow(),
        ["a@b.example to x@trap.example,y@trap.example.one\r\na long li.ne\r\nx\n".to_owned()]
    );
    let Some(What::Message { bytes, sha256, stored, .. }) = paper.notes.last() else {
        panic!("{:?}", paper.notes)
    };
    assert_eq!(*bytes, 22);
    // printf '.one\r\na long li.ne\r\nx\n' | sha256sum
    assert_eq!(sha256.as_str(), "b7a3176c3ad5d9812861fee7b3018670e4782ac8dcc76f48e3250c906dfbbc5d");
    assert_eq!(stored.as_ref().map(Plain::as_str), Some("the-name"));
}

#[test]
fn a_body_beyond_the_cap_is_counted_and_not_kept() {
    let (mut paper, kept) = with_body(10);
    for _ in 0..5 {
        paper.say("12345678");
    }
    assert_eq!(paper.say("."), "552 5.3.4 Error: message file too big");
    assert_eq!(*kept.0.borrow(), ["a@b.example to x@trap.example,y@trap.example12345678\r\n", "abandoned"]);
    let Some(What::Message { bytes: 50, verdict: Verdict::Reject, stored: None, .. }) = paper.notes.last()
    else {
        panic!("{:?}", paper.notes)
    };
}

#[test]
fn a_body_without_an_end_is_logged_as_such() {
    let (mut paper, kept) = with_body(1000);
    paper.say("half a");
    let notes = paper.dialogue.abandon();
    let [What::Message { bytes: 8, verdict: Verdict::Abort, stored: None, .. }] = &notes[..] else {
        panic!("{notes:?}")
    };
    assert_eq!(kept.0.borrow().last().map(String::as_str), Some("abandoned"));
    assert_eq!(paper.dialogue.abandon(), []);
}

#[test]
fn a_dot_ends_a_body_as_the_persona_reads_it() {
    let ends = |name, lines: &[(&str, Ending)]| {
        let mut paper = Paper::of(name);
        for line in ["EHLO x", "MAIL FROM:<a@b.example>", "RCPT TO:<x@trap.example>", "DATA"] {
            paper.say(line);
        }
        lines.iter().any(|(line, ending)| paper.hear(line.as_bytes(), *ending).is_some())
    };
    use Ending::{CrLf, Lf};
    for name in Name::ALL {
        assert!(ends(*name, &[("a", CrLf), (".", CrLf)]), "{name}");
        assert!(ends(*name, &[("a", Lf), (".", Lf)]), "{name}: a person with nc");
        assert!(!ends(*name, &[("a", CrLf), ("..", CrLf), (". ", CrLf), ("x.", CrLf)]), "{name}");
    }
    let mixed = &[("a", CrLf), ("b", Lf), (".", CrLf)];
    assert!(ends(Name::Postfix, mixed) && !ends(Name::Exim, mixed));
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
    assert!(paper.dialogue.timeout().text.starts_with(b"421 mx.example.net: SMTP incoming data timeout"));
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

/// Fails unless this is one or more replies of RFC 5321 4.2: each line ended by CR LF, at most 512
/// bytes, printable, three digits and a blank or a dash, one code for all lines of a reply.
fn check_form(text: &[u8]) {
    let shown = String::from_utf8_lossy(text);
    let body = text.strip_suffix(b"\r\n").unwrap_or_else(|| panic!("no CR LF: {shown:?}"));
    let mut open: Option<&[u8]> = None;
    for line in body.split(|&b| b == b'\n') {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        assert!(line.len() <= 510, "too long: {shown:?}");
        assert!(line.iter().all(|b| matches!(b, 0x20..=0x7e | b'\t')), "not plain: {shown:?}");
        let (code, rest) = line.split_at_checked(3).unwrap_or_else(|| panic!("no code: {shown:?}"));
        assert!(code.iter().all(u8::is_ascii_digit), "no code: {shown:?}");
        assert!(open.is_none_or(|open| open == code), "two codes: {shown:?}");
        open = match rest.first() {
            Some(b'-') => Some(code),
            Some(b' ') => None,
            _ => panic!("neither blank nor dash: {shown:?}"),
        };
    }
    assert!(open.is_none(), "not complete: {shown:?}");
    assert_eq!(
        text.iter().filter(|&&b| b == b'\n').count(),
        text.windows(2).filter(|pair| pair == b"\r\n").count()
    );
}

/// A line of noise: sometimes bytes, sometimes what a broken mail program could say.
fn noise(rng: &mut Rng) -> Vec<u8> {
    const PARTS: &[&str] = &[
        "EHLO",
        "HELO",
        "MAIL",
        "RCPT",
        "DATA",
        "AUTH",
        "QUIT",
        "RSET",
        "VRFY",
        "HELP",
        "NOOP",
        "ETRN",
        " ",
        " ",
        ":",
        "<",
        ">",
        "@",
        "FROM:",
        "TO:",
        "LOGIN",
        "PLAIN",
        "SIZE=",
        "9999999999999999999999",
        "BODY=8BITMIME",
        "\"",
        "\\",
        ".",
        "a",
        "trap.example",
        "(",
        ")",
        "[",
        "]",
        "=",
        "*",
        "dXNlcg==",
        "\t",
        "{host}",
        "{",
        "}",
        "%",
        "-",
        "250-",
        "é",
    ];
    if rng.random_bool(0.2) {
        let length = rng.random_range(0..3000);
        return (0..length).map(|_| rng.random::<u8>()).collect();
    }
    let count = rng.random_range(0..12);
    let part = |_| PARTS[rng.random_range(0..PARTS.len())].as_bytes().to_vec();
    (0..count).flat_map(part).collect()
}

#[test]
fn noise_is_answered_in_form() {
    for (seed, name) in (0..40u64).flat_map(|seed| Name::ALL.iter().map(move |name| (seed, *name))) {
        let mut noisy = Rng::seed_from_u64(seed);
        let mut paper = Paper::of(name);
        paper.honeypot = seed % 3 == 0;
        for nth in 0..200 {
            let (line, ending) = match nth % 7 {
                0 => (b"MAIL FROM:<a@b.example>".to_vec(), Ending::CrLf),
                1 => (b"RCPT TO:<x@trap.example>".to_vec(), Ending::Lf),
                5 if paper.next == Next::Text => (b".".to_vec(), Ending::CrLf),
                _ => (noise(&mut noisy), Ending::CrLf),
            };
            let Some(reply) = paper.hear(&line, ending) else {
                continue;
            };
            check_form(&reply.text);
            if let Next::Close(_) = reply.next {
                paper = Paper::of(name);
                continue;
            }
            let more = paper.dialogue.continuation(&reply.text, nth, &mut noisy);
            assert!(more.len() < 500);
            check_form(
                &[more.as_slice(), reply.text.rsplit(|&b| b == b'\n').nth(1).unwrap(), b"\n"].concat(),
            );
        }
    }
}

#[test]
fn an_endless_reply_is_varied() {
    for name in Name::ALL {
        let mut paper = Paper::of(*name);
        let mut rng = Rng::seed_from_u64(7);
        paper.say("EHLO client.example");
        paper.say("MAIL FROM:<a@b.example>");
        for line in ["NOOP", "EHLO client.example", "RCPT TO:<x@trap.example>", "DATA"] {
            let reply = paper.say(line) + "\r\n";
            let lines: Vec<Vec<u8>> =
                (0..200).map(|nth| paper.dialogue.continuation(reply.as_bytes(), nth, &mut rng)).collect();
            assert!(lines.windows(2).all(|pair| pair[0] != pair[1]), "{name}: {line}");
            assert!(lines.iter().all(|next| next.starts_with(&reply.as_bytes()[..3]) && next[3] == b'-'));
        }
    }
}

#[test]
fn the_tables_are_sound() {
    for name in Name::ALL {
        let persona = name.persona();
        assert_eq!(persona.name, *name);
        assert_eq!(name.as_str().parse(), Ok(*name));
        let mut texts = vec![persona.banner, persona.busy, persona.timeout, persona.text_timeout];
        texts.extend([persona.unknown, persona.empty]);
        texts.extend(persona.overlong.iter().chain(&persona.nul));
        texts.extend(persona.forbidden.iter().map(|f| f.reply));
        let auth = &persona.auth;
        texts.extend([auth.success, auth.failure, auth.not_base64, auth.malformed, auth.cancelled]);
        let body = &persona.body;
        texts.extend([body.accepted, body.rejected, body.deferred, body.too_big]);
        for verb in persona.verbs {
            texts.extend(verb.checks.iter().map(|check| check.reply));
            if verb.does != Action::Login {
                texts.push(verb.reply);
            }
            assert!(std::ptr::eq(persona.verb(verb.word.to_lowercase().as_bytes()).unwrap(), verb));
        }
        for text in texts {
            for line in text.lines() {
                let code = line.get(..3).unwrap_or_default();
                assert!(code.parse::<u16>().is_ok_and(|code| (200..600).contains(&code)), "{name}: {text:?}");
            }
            let words = text.split('{').skip(1).map(|part| part.split('}').next().unwrap_or_default());
            for word in words {
                assert!(WORDS.contains(&word), "{name}: {{{word}}} in {text:?}");
            }
        }
    }
}
