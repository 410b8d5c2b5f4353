//! One sign at a time; whole conversations are in `tests/kind.rs`.

use super::*;
use proptest::prelude::*;

const VERBS: &[&str] = &["HELO", "MAIL", "QUIT", "HELP"];

fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// A line that came whole at this time, to a peer that waited.
fn whole(at: u64) -> Arrival {
    Arrival { first: ms(at), last: ms(at), reads: 1, ..Arrival::default() }
}

/// A line of so many keys.
fn typed(at: u64, keys: u32, quickest: u64, slowest: u64) -> Arrival {
    let last = ms(at) + ms((quickest + slowest) / 2) * keys;
    let (quickest, slowest) = (ms(quickest), ms(slowest));
    Arrival { last, reads: keys + 1, keystrokes: keys, quickest, slowest, ..whole(at) }
}

#[test]
fn nothing_is_known_at_first() {
    assert_eq!(Watch::new().kind(), Kind::Unknown);
    assert_eq!(Watch::new().evidence(), "");
}

#[test]
fn two_lines_of_keys_are_a_person_and_an_even_rhythm_is_none() {
    let (mut hand, mut program) = (Watch::new(), Watch::new());
    for at in [2_000, 9_000] {
        for (watch, slowest) in [(&mut hand, 700), (&mut program, 101)] {
            watch.replied(ms(at - 1_500));
            watch.heard(&typed(at, 8, 90, slowest), Ending::CrLf, said(b"HELO me", VERBS));
        }
    }
    assert_eq!((hand.kind(), program.kind()), (Kind::Human, Kind::Program));
    assert_eq!(program.evidence(), "dribble:2");
}

#[test]
fn who_replies_fast_stays_a_program_whatever_else_it_does() {
    let mut watch = Watch::new();
    for at in (1_000..60_000).step_by(1_000) {
        watch.replied(ms(at));
        let said = said(b"hlep\x08\x08\x08elp me : a@b ", VERBS);
        watch.heard(&Arrival { telnet: 1, ..whole(at + 10) }, Ending::Lf, said);
        assert_ne!(watch.kind(), Kind::Human, "{}", watch.evidence());
    }
    assert_eq!(watch.kind(), Kind::Program);
}

#[test]
fn one_quick_answer_can_be_taken_back() {
    let mut watch = Watch::new();
    let lines: [&[u8]; 4] = [b"helo me", b"mail from: a@b.example", b"hlep", b"help"];
    for (line, (replied, at)) in lines.iter().zip([(500, 520), (900, 4_100), (5_000, 6_900), (7_500, 9_000)])
    {
        watch.replied(ms(replied));
        watch.heard(&whole(at), Ending::CrLf, said(line, VERBS));
    }
    assert_eq!(watch.kind(), Kind::Human, "{}", watch.evidence());
    assert!(watch.evidence().contains("fast"));
}

#[test]
fn who_interrupts_an_endless_reply_is_not_a_program_for_that() {
    let mut watch = Watch::new();
    for at in [9_000, 21_000, 33_000, 52_000, 90_000, 91_500] {
        watch.heard(&whole(at), Ending::CrLf, said(b"QUIT", VERBS));
    }
    assert_eq!(watch.kind(), Kind::Unknown);
    assert_eq!(watch.evidence(), "early:6");
}

#[test]
fn a_visit_without_a_word_is_a_scanner_if_it_is_short() {
    for (at, kind) in [(900, Kind::Program), (60_000, Kind::Unknown)] {
        let mut watch = Watch::new();
        watch.ended(ms(at), Reason::Hangup);
        assert_eq!(watch.kind(), kind);
    }
}

proptest! {
    /// Whatever comes, in whatever order of times, there is a verdict and a word for the log.
    #[test]
    fn anything_can_come(
        lines in prop::collection::vec(
            (any::<[Duration; 5]>(), any::<[u32; 3]>(), any::<bool>(), any::<Vec<u8>>(), 0..4),
            0..60,
        ),
    ) {
        let mut watch = Watch::new();
        for ([first, last, quickest, slowest, replied], [reads, keystrokes, telnet], early, text, what) in lines {
            let arrival =
                Arrival { first, last, reads, keystrokes, quickest, slowest, early, followed: early, telnet };
            match what {
                0 => watch.replied(replied),
                1 => watch.text(&arrival, &text),
                2 => watch.heard(&arrival, Ending::Lf, answer(&text)),
                _ => watch.heard(&arrival, Ending::CrLf, said(&text, VERBS)),
            }
            let evidence = watch.evidence();
            prop_assert!(evidence.len() <= EVIDENCE);
            prop_assert!(evidence.bytes().all(|b| b.is_ascii_alphanumeric() || b == b':' || b == b','));
            prop_assert!(matches!(watch.kind(), Kind::Unknown | Kind::Program | Kind::Human));
        }
    }
}
