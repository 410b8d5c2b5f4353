//! The SMTP dialogue: every persona answers every line with complete, plausible replies.
//!
//! The first byte chooses the policy. The second says whether the rest is taken as it is or folded
//! into the protocol's alphabet, in which one byte is a whole command or a piece of one: random bytes
//! hardly ever get as far as DATA otherwise.

#![no_main]

mod common;

use chrono::DateTime;
use libfuzzer_sys::fuzz_target;
use rand::SeedableRng;
use sundew::Rng;
use sundew::engine::{Ending, Mode};
use sundew::lines::{Lines, QUEUE};
use sundew::smtp::dialogue::{Dialogue, Moment, Next, Reply};

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

fuzz_target!(|data: &[u8]| {
    let [choice, folded, rest @ ..] = data else { return };
    let bytes = common::fold(rest, folded % 2 == 1);
    let mut dialogue = Dialogue::new(common::policy(*choice));
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
                (_, false) => Some(dialogue.command(&line, moment)),
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
