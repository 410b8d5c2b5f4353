//! The SMTP dialogue: every persona answers every line with complete, plausible replies.
//!
//! The first byte chooses the policy. The second says whether the rest is taken as it is or folded
//! into the protocol's alphabet, in which one byte is a whole command or a piece of one: random bytes
//! hardly ever get as far as DATA otherwise.

#![no_main]

use chrono::DateTime;
use libfuzzer_sys::fuzz_target;
use rand::SeedableRng;
use sundew::Rng;
use sundew::engine::{Ending, Mode};
use sundew::lines::{Lines, QUEUE};
use sundew::persona::Name;
use sundew::smtp::dialogue::message::Forget;
use sundew::smtp::dialogue::{
    Dialogue, MessageVerdict, Moment, Next, NoneIssued, NullSender, Policy, Recipients, Reply,
};

const ALPHABET: &[&[u8]] = &[
    b"HELO a\r\n",
    b"EHLO b.example\r\n",
    b"EHLO\r\n",
    b"MAIL FROM:<a@example.net>\r\n",
    b"MAIL FROM:<>\r\n",
    b"MAIL FROM:<a@example.net> SIZE=",
    b"BODY=8BITMIME",
    b"AUTH=<>",
    b"RCPT TO:<b@example.org>\r\n",
    b"RCPT TO:<b@example.com>\r\n",
    b"RCPT TO:",
    b"DATA\r\n",
    b".\r\n",
    b"..\r\n",
    b".\n",
    b"\r.\r",
    b"QUIT\r\n",
    b"RSET\r\n",
    b"NOOP\r\n",
    b"VRFY root\r\n",
    b"EXPN list\r\n",
    b"HELP\r\n",
    b"HELP mail\r\n",
    b"AUTH LOGIN\r\n",
    b"AUTH PLAIN\r\n",
    b"AUTH PLAIN AGEAYg==\r\n",
    b"AUTH CRAM-MD5\r\n",
    b"dXNlcg==\r\n",
    b"=\r\n",
    b"*\r\n",
    b"STARTTLS\r\n",
    b"GET / HTTP/1.1\r\n",
    b"\x00",
    b"\xff\xfd\x01",
    b"\x80",
    b" ",
    b"\t",
    b"<",
    b">",
    b"@",
    b":",
    b"\"",
    b"\\",
    b",",
    b";",
    b"(",
    b")",
    b"[127.0.0.1]",
    b"[IPv6:::1]",
    b"%",
    b"!",
    b"a",
    b"MAIL",
    b"FROM:",
    b"-1",
    b"99999999999999999999",
    b"\r\n",
    b"\n",
    b"\r",
    b"helo",
    b"mail from:",
    b"=41",
    b"example.org",
    b"aaaaaaaaaaaaaaaa",
];

fn check(reply: &Reply) {
    let text = reply.text.as_slice();
    if text.is_empty() {
        assert!(matches!(reply.next, Next::Close(_)), "silence before {:?}", reply.next);
        return;
    }
    assert!(text.ends_with(b"\r\n") && text.len() < 20_000, "{}", text.escape_ascii());
    for line in text.split_inclusive(|&byte| byte == b'\n') {
        let line = line.strip_suffix(b"\r\n").expect("no bare LF");
        assert!(line.len() >= 3 && line[..3].iter().all(u8::is_ascii_digit), "{}", line.escape_ascii());
        assert!(matches!(line.get(3), None | Some(b' ' | b'-')), "{}", line.escape_ascii());
        // RFC 5321 4.5.3.1.5; echoed input must not make a line longer.
        assert!(
            line.len() <= 1_200 && !line.contains(&b'\r') && !line.contains(&0),
            "{}",
            line.escape_ascii()
        );
    }
}

fn policy(choice: u8) -> Policy {
    let name = Name::ALL[usize::from(choice) % Name::ALL.len()];
    Policy {
        persona: name.persona(),
        hostname: "mx.example.org".into(),
        domains: vec!["example.org".into()],
        recipients: [Recipients::Domain, Recipients::Any, Recipients::Issued][usize::from(choice >> 2) % 3],
        null_sender: [NullSender::Refuse, NullSender::Accept][usize::from(choice >> 4 & 1)],
        verdict: [MessageVerdict::Tempfail, MessageVerdict::Reject, MessageVerdict::Accept]
            [usize::from(choice >> 5) % 3],
        max_message: 1_000,
        auth_after: u32::from(choice >> 6 & 1),
        human_auth_after: 2,
        peer: None,
        issued: Box::new(NoneIssued),
        keep: Box::new(Forget),
    }
}

fuzz_target!(|data: &[u8]| {
    let [choice, folded, rest @ ..] = data else { return };
    let bytes: Vec<u8> = match folded % 2 {
        0 => rest.to_vec(),
        _ => rest.iter().flat_map(|&byte| ALPHABET[usize::from(byte) % ALPHABET.len()]).copied().collect(),
    };
    let mut dialogue = Dialogue::new(policy(*choice));
    let mut rng = Rng::seed_from_u64(1);
    let wall = DateTime::UNIX_EPOCH.fixed_offset();
    let honeypot = folded & 2 != 0;
    check(&dialogue.banner(&Moment { wall, rng: &mut rng, honeypot }));

    let (mut reader, mut line) = (Lines::new(), Vec::new());
    let mut mode = Mode::Commands;
    for piece in bytes.chunks(QUEUE) {
        reader.feed(piece, std::time::Duration::ZERO);
        while let Some(taken) = reader.next(mode, &mut line) {
            let moment = &mut Moment { wall, rng: &mut rng, honeypot };
            let reply = match (mode, taken.overlong) {
                (Mode::Text, _) => dialogue.text(&line, taken.ending, moment),
                (_, true) => Some(dialogue.overlong(&line, moment)),
                (_, false) => Some(dialogue.command(&line, taken.ending, moment)),
            };
            let Some(reply) = reply else { continue };
            check(&reply);
            let more = dialogue.continuation(&reply.text, 3, &mut rng);
            assert!(
                more.len() < 500 && more.ends_with(b"\r\n") && more.get(3) == Some(&b'-'),
                "{}",
                more.escape_ascii()
            );
            mode = match reply.next {
                Next::Command => Mode::Commands,
                Next::Text => Mode::Text,
                Next::Close(_) => return,
            };
        }
    }
    check(&dialogue.timeout());
    if reader.rest(&mut line).is_some() && mode == Mode::Text {
        let moment = &mut Moment { wall, rng: &mut rng, honeypot };
        let _ = dialogue.text(&line, Ending::Cut, moment);
    }
    assert!(dialogue.abandon().len() <= 1);
});
