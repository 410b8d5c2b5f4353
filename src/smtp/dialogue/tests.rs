use super::*;
use crate::persona::Name;
use chrono::DateTime;
use rand::SeedableRng as _;

pub(super) fn policy(name: Name) -> Policy {
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

/// A conversation on paper: lines of ours go in, what the persona says is compared.
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

    /// Says a line; the reply, without the last CR LF.
    fn say(&mut self, line: &str) -> String {
        let mut moment = Moment {
            wall: DateTime::parse_from_rfc3339("2026-11-23T12:00:00+01:00").unwrap(),
            rng: &mut self.rng,
            honeypot: self.honeypot,
        };
        let reply = match self.next {
            Next::Text => self.dialogue.text(line.as_bytes(), Ending::CrLf, &mut moment),
            _ => Some(self.dialogue.command(line.as_bytes(), Ending::CrLf, &mut moment)),
        };
        let Some(reply) = reply else {
            return String::new();
        };
        self.next = reply.next;
        self.notes.extend(reply.notes);
        let text = String::from_utf8(reply.text).unwrap();
        text.strip_suffix("\r\n").unwrap().to_owned()
    }
}

#[test]
fn postfix_takes_a_message_and_asks_to_come_back() {
    let mut paper = Paper::new(policy(Name::Postfix));
    assert_eq!(paper.say("helo there"), "250 mx.example.net");
    assert_eq!(paper.say("MAIL FROM:<a@b.example> SIZE=10"), "250 2.1.0 Ok");
    assert_eq!(paper.say("RCPT TO:<x@trap.example>"), "250 2.1.5 Ok");
    assert!(paper.say("DATA").starts_with("354 "));
    assert_eq!(paper.next, Next::Text);
    assert_eq!(paper.say("..one"), "");
    assert!(paper.say(".").starts_with("451 4.7.1 "));
    assert_eq!(paper.say("QUIT"), "221 2.0.0 Bye");
    assert_eq!(paper.next, Next::Close(Reason::Quit));
    let words: Vec<_> = paper.notes.iter().map(What::word).collect();
    assert_eq!(words, ["helo", "mail", "rcpt", "message"]);
    let What::Message { bytes, sha256, .. } = &paper.notes[3] else { panic!("not a message") };
    assert_eq!(*bytes, 6);
    // printf '.one\r\n' | sha256sum
    assert_eq!(sha256.as_str(), "8346efa8874f2095b302cabf0dac868e447be256ab297864e6f43a6e40ba5263");
}
