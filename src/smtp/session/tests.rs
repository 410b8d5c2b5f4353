//! Whole conversations under the fake clock.

use super::*;
use crate::clock::{Clock as _, Fake};
use crate::drive::Drive;
use crate::event::What;
use crate::pace::{Profile, When};
use crate::persona::smtp::Name;
use crate::receipt::NoneIssued;
use crate::script::{Act, Lockstep, Peer, Script, Timetable};
use crate::smtp::dialogue::message::Forget;
use crate::smtp::dialogue::{MessageVerdict, NullSender, Policy, Recipients};
use crate::smtp::pacing::{Hold, HoldAt, Pace};
use rand::SeedableRng as _;

const DAY: Duration = Duration::from_secs(86_400);
const BOT: &[&str] = &["EHLO [192.0.2.7]", "MAIL FROM:<a@b.example>", "RCPT TO:<c@honey.example>"];

/// How a conversation went.
struct Went {
    said: Vec<u8>,
    pieces: Vec<(Duration, usize)>,
    events: Vec<What>,
}

impl Went {
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.said).into_owned()
    }

    /// Seconds held, bytes in and out, reason, of the `end`, which is the last event and the only one.
    fn end(&self) -> (Duration, u64, u64, Reason) {
        let ends = self.events.iter().filter(|what| matches!(what, What::End { .. })).count();
        assert_eq!(ends, 1);
        match self.events.last() {
            Some(What::End { held, bytes_in, bytes_out, reason, .. }) => {
                (held.duration(), *bytes_in, *bytes_out, *reason)
            }
            other => panic!("{other:?} is last"),
        }
    }

    /// The pauses between pieces.
    fn pauses(&self) -> Vec<Duration> {
        self.pieces.windows(2).map(|pair| pair[1].0 - pair[0].0).collect()
    }
}

fn policy() -> Policy {
    Policy {
        persona: Name::Postfix.persona(),
        hostname: "mx.honey.example".into(),
        domains: vec!["honey.example".into()],
        recipients: Recipients::Domain,
        null_sender: NullSender::Refuse,
        verdict: MessageVerdict::Tempfail,
        max_message: 1 << 20,
        auth_after: 0,
        human_auth_after: 3,
        peer: Some("192.0.2.7".parse().unwrap()),
        issued: Box::new(NoneIssued),
        keep: Box::new(Forget),
    }
}

fn schedule(pacing: Pacing) -> Schedule<Pacing> {
    Schedule { name: "day".into(), ordinary: pacing, profiles: Vec::new() }
}

fn run(seed: u64, schedule: Schedule<Pacing>, allowed: bool, speedup: f64, peer: impl Peer) -> Went {
    let clock = Fake::at(DateTime::parse_from_rfc3339("2026-11-23T12:00:00Z").unwrap());
    let rng = Rng::seed_from_u64(seed);
    let mut session = Session::new(Dialogue::new(policy()), schedule, allowed, clock.wall(), rng);
    let mut wire = Script::new(clock.clone(), peer);
    let mut events = Vec::new();
    Drive::new(&mut wire, &clock, speedup, &mut |what| events.push(what)).run(&mut session, []);
    Went { said: wire.said, pieces: wire.pieces, events }
}

fn lockstep(lines: &[&str], last: (Duration, Act)) -> Lockstep {
    Lockstep::new(lines, Duration::from_millis(5), last)
}

#[test]
fn thirty_days_are_counted_to_the_byte() {
    let went = run(1, schedule(Pace::Day.pacing()), false, 1.0, lockstep(BOT, (30 * DAY, Act::Reset)));
    let (held, bytes_in, bytes_out, reason) = went.end();
    assert_eq!((held, reason), (30 * DAY, Reason::Hangup));
    assert_eq!(bytes_in, BOT.iter().map(|line| line.len() as u64 + 2).sum::<u64>());
    assert_eq!(bytes_out, went.said.len() as u64);
    // Pauses of 25 to 50 s with one byte each: 30 days divided by their mean, give or take 2 %.
    let expected = (30 * DAY).as_secs_f64() / 37.5;
    let share = went.said.len() as f64 / expected;
    assert!((0.98..1.02).contains(&share), "{bytes_out} bytes, {expected} expected");
    let stills = went.events.iter().filter(|what| matches!(what, What::Still { .. })).count();
    assert_eq!(stills, 30 * 24 * 6 - 1);
    let again = run(1, schedule(Pace::Day.pacing()), false, 1.0, lockstep(BOT, (30 * DAY, Act::Reset)));
    assert_eq!(again.said, went.said, "the same seed gives the same run");
}

#[test]
fn an_endless_reply_is_one_that_a_client_can_read() {
    let went = run(2, schedule(Pace::Day.pacing()), false, 1.0, lockstep(BOT, (3 * DAY, Act::Reset)));
    let text = went.text();
    let held: Vec<&str> = text.lines().skip_while(|line| !line.starts_with("250-2.1.5")).collect();
    assert!(held.len() > 10, "{held:?}");
    for line in &held[..held.len() - 1] {
        assert!(line.starts_with("250-") && line.len() < 500, "{line}");
    }
    let distinct: std::collections::BTreeSet<_> = held.iter().collect();
    assert!(distinct.len() >= 6, "{held:?}");
    assert!(held.windows(2).all(|pair| pair[0] != pair[1]), "{held:?}");
}

#[test]
fn the_pauses_are_as_promised() {
    for seed in 0..50 {
        let went = run(seed, schedule(Pace::Day.pacing()), false, 1.0, lockstep(BOT, (DAY, Act::Reset)));
        let (teaser, first) = went.pieces[0];
        assert!(teaser <= Duration::from_secs(2), "teaser after {teaser:?}");
        assert!(went.said[..first].starts_with(b"220-") && went.said[..first].ends_with(b"\r\n"));
        let text = went.text();
        let banner = text.find("\r\n220 ").and_then(|at| text[at + 2..].find("\r\n").map(|end| at + end + 4));
        let mut sum = 0;
        let complete = went.pieces.iter().find(|(_, bytes)| {
            sum += bytes;
            sum >= banner.unwrap()
        });
        assert!(complete.unwrap().0 <= Duration::from_secs(20), "banner complete at {complete:?}");
        let before = text.find("\r\n250 2.1.0 Ok\r\n").unwrap() + "\r\n250 2.1.0 Ok\r\n".len();
        let mut sum = 0;
        let held = went.pieces.iter().skip_while(|(_, bytes)| {
            sum += bytes;
            sum <= before
        });
        let held: Vec<_> = held.map(|(at, _)| *at).collect();
        for pair in held.windows(2) {
            let (since, pause) = (pair[0] - held[0], pair[1] - pair[0]);
            // The hold began a pause before its first byte.
            let (least, most) = match since.as_secs() {
                0..20 => (2, 6),
                20..590 => (2, 25),
                590..610 => (2, 50),
                _ => (25, 50),
            };
            let secs = pause.as_secs_f64();
            assert!(secs >= f64::from(least) && secs <= f64::from(most), "a pause of {secs} s at {since:?}");
        }
        let even = went.pauses().windows(2).filter(|pair| pair[0] == pair[1]).count();
        assert!(even * 50 < went.pieces.len(), "{even} of {} pauses repeat", went.pieces.len());
    }
}

#[test]
fn every_shipped_pace_keeps_the_banner_inside_twenty_seconds() {
    for pace in [Pace::Day, Pace::Night, Pace::Gentle] {
        let Pacing { greet_pause, banner_time, reply_time, .. } = pace.pacing();
        assert!(greet_pause.to <= Duration::from_secs(2), "{pace:?}");
        assert!(banner_time.to <= Duration::from_secs(20), "{pace:?}");
        assert!(reply_time.to < Duration::from_secs(30), "{pace:?}: swaks leaves at 30 s");
    }
}

#[test]
fn edge_completes_every_reply_below_the_limit() {
    let pacing = Pacing { hold: Hold::Edge, ..Pace::Day.pacing() };
    let lines = [BOT, &["DATA", "Subject: x\r\n\r\nx\r\n.", "QUIT"]].concat();
    let went = run(3, schedule(pacing), false, 1.0, lockstep(&lines, (DAY, Act::Reset)));
    let (held, .., reason) = went.end();
    assert_eq!(reason, Reason::Quit);
    // EHLO, MAIL, RCPT and QUIT 255 s each, DATA 102 s, the dot 510 s, and the banner.
    let expected = 4 * 255 + 102 + 510;
    assert!((expected..expected + 21).contains(&held.as_secs()), "{held:?}");
    assert!(went.pauses().iter().all(|pause| *pause <= Duration::from_secs(51)), "{:?}", went.pauses());
}

#[test]
fn what_a_client_does_at_its_limit_is_another_round_trip() {
    let acts = [
        (Duration::from_secs(400), Act::Send(b"DATA\r\n".to_vec())),
        (Duration::from_secs(600), Act::Send(b"Subject: x\r\n\r\nx\r\n.\r\n".to_vec())),
        (Duration::from_secs(1800), Act::Send(b"QUIT\r\n".to_vec())),
        (Duration::from_secs(9000), Act::Reset),
    ];
    let mut bot = lockstep(BOT, (DAY, Act::Reset));
    let peer = move |heard: &[u8], now: Duration| match bot.next(heard, now) {
        Some((_, Act::Reset)) => acts.iter().find(|(at, _)| *at > now).cloned(),
        next => next,
    };
    let went = run(4, schedule(Pace::Day.pacing()), false, 1.0, peer);
    let text = went.text();
    assert!(text.contains("\r\n354 "), "{text}");
    let stages: Vec<_> = went.events.iter().map(What::word).filter(|word| *word != "still").collect();
    assert_eq!(stages, ["helo", "mail", "rcpt", "message", "end"]);
    let (held, .., reason) = went.end();
    assert_eq!((held, reason), (Duration::from_secs(9000), Reason::Hangup));
    assert!(text.rsplit("\r\n").next().unwrap().starts_with("221-"), "{text}");
}

#[test]
fn a_message_that_does_not_wait_for_its_354_is_a_message() {
    let pacing = Pacing { hold: Hold::Endless, hold_at: HoldAt::Stage(Stage::Data), ..Pace::Day.pacing() };
    let mut bot = lockstep(&[BOT, &["DATA"]].concat(), (DAY, Act::Reset));
    let message = (Duration::from_secs(600), Act::Send(b"Subject: x\r\n\r\nx\r\n.\r\n".to_vec()));
    let peer = move |heard: &[u8], now: Duration| match bot.next(heard, now) {
        Some((_, Act::Reset)) if now < message.0 => Some(message.clone()),
        next => next,
    };
    let went = run(14, schedule(pacing), false, 1.0, peer);
    let messages: Vec<_> = went.events.iter().filter(|what| matches!(what, What::Message { .. })).collect();
    assert!(matches!(messages[..], [What::Message { bytes: 17, .. }]), "{messages:?}");
    assert!(went.text().rsplit("\r\n").nth(1).unwrap().starts_with("451-"), "{}", went.text());
}

#[test]
fn who_types_like_a_person_gets_an_answer() {
    let typed =
        [("helo there", 2300), ("mail from: me@example.com", 3800), ("rcpt to: you@honey.example", 3100)];
    let (mut said, mut replies) = (0, 0);
    let mut due = None;
    let peer = move |heard: &[u8], now: Duration| {
        let lines = heard.split_inclusive(|&byte| byte == b'\n').filter(|line| line.ends_with(b"\n"));
        let complete = lines.filter(|line| line.get(3) == Some(&b' ')).count();
        if complete > replies {
            replies = complete;
            due = typed.get(said).map(|(_, pause)| now + Duration::from_millis(*pause));
        }
        match due.filter(|at| *at >= now) {
            Some(at) => {
                due = None;
                said += 1;
                Some((at, Act::Send(format!("{}\r\n", typed[said - 1].0).into_bytes())))
            }
            None => Some((Duration::from_secs(3600), Act::Reset)),
        }
    };
    let went = run(13, schedule(Pace::Day.pacing()), false, 1.0, peer);
    assert!(went.text().contains("\r\n250 2.1.5 Ok\r\n"), "{}", went.text());
    let went = run(13, schedule(Pace::Day.pacing()), false, 1.0, lockstep(BOT, (DAY, Act::Reset)));
    assert!(!went.text().contains("\r\n250 2.1.5 Ok\r\n"), "{}", went.text());
}

#[test]
fn any_stage_can_be_held() {
    let lines = [
        "EHLO [192.0.2.7]",
        "AUTH LOGIN",
        "YQ==",
        "Yg==",
        "MAIL FROM:<a@b.example>",
        BOT[2],
        "DATA",
        "x\r\n.",
        "QUIT",
    ];
    for (hold_at, code, events) in [
        (Stage::Banner, "220-", 0),
        (Stage::Helo, "250-", 1),
        (Stage::Auth, "535-", 2),
        (Stage::Mail, "250-", 3),
        (Stage::Rcpt, "250-", 4),
        (Stage::Data, "354-", 4),
        (Stage::Dot, "451-", 5),
        (Stage::Quit, "221-", 5),
    ] {
        let pacing = Pacing { hold: Hold::Endless, hold_at: HoldAt::Stage(hold_at), ..Pace::Day.pacing() };
        let went = run(12, schedule(pacing), false, 1.0, lockstep(&lines, (DAY, Act::Reset)));
        assert_eq!(went.end().0, DAY, "{hold_at:?}");
        let text = went.text();
        let last = text.lines().rev().nth(1).unwrap();
        assert!(last.starts_with(code), "{hold_at:?}: {last}");
        let noted: Vec<_> = went.events.iter().filter(|what| !matches!(what, What::Still { .. })).collect();
        assert_eq!(noted.len(), events + 1, "{hold_at:?}: {noted:?}");
    }
}

#[test]
fn a_stage_that_is_named_is_where_postfix_is_held() {
    let lines = [
        "EHLO client.example.net",
        "MAIL FROM:<a@b.example> SIZE=312",
        "RCPT TO:<b@honey.example> ORCPT=rfc822;b@honey.example",
        "DATA",
        "Received: by client.example.net (Postfix, from userid 0)\r\n\r\nx\r\n.",
        "QUIT",
    ];
    for (hold_at, code) in [(Stage::Data, "354-"), (Stage::Dot, "451-"), (Stage::Quit, "221-")] {
        let pacing = Pacing { hold_at: HoldAt::Stage(hold_at), ..Pace::Day.pacing() };
        let went = run(15, schedule(pacing), false, 1.0, lockstep(&lines, (DAY, Act::Reset)));
        let text = went.text();
        let (before, _) =
            text.split_once(&format!("\r\n{code}")).unwrap_or_else(|| panic!("{hold_at:?}: {text}"));
        let mut said = 0;
        let begins = went.pieces.iter().find(|(_, bytes)| {
            said += bytes;
            said > before.len()
        });
        let begins = begins.unwrap().0;
        // A banner and at most five replies, of 22 s each.
        assert!(begins < Duration::from_secs(20 + 5 * 22 + 30), "{hold_at:?} begins at {begins:?}");
        assert_eq!(went.end().0, DAY, "{hold_at:?}");
        let Some(What::End { stage, .. }) = went.events.last() else { panic!("{:?}", went.events) };
        assert_eq!(stage.as_str(), hold_at.as_str());
    }
}

#[test]
fn speedup_divides_pauses_and_the_log_has_real_seconds() {
    let went = run(5, schedule(Pace::Day.pacing()), false, 60.0, lockstep(BOT, (DAY / 60, Act::Reset)));
    assert_eq!(went.end().0, DAY / 60);
    assert!(went.pauses().iter().all(|pause| *pause < Duration::from_secs(1)));
    let slow = run(5, schedule(Pace::Day.pacing()), false, 1.0, lockstep(BOT, (DAY, Act::Reset)));
    let ratio = went.said.len() as f64 / slow.said.len() as f64;
    assert!((0.95..1.05).contains(&ratio), "{ratio}");
}

#[test]
fn an_allowed_network_has_a_quick_and_polite_conversation() {
    let lines = [BOT, &["DATA", "Subject: x\r\n\r\nx\r\n.", "QUIT"]].concat();
    let went = run(6, schedule(Pace::Day.pacing()), true, 1.0, lockstep(&lines, (DAY, Act::Reset)));
    let (held, .., reason) = went.end();
    assert_eq!(reason, Reason::Quit);
    assert!(held < Duration::from_secs(1), "{held:?}");
    assert!(went.text().starts_with("220 "), "no teaser: {}", went.text());
}

#[test]
fn a_session_follows_the_clock_across_a_boundary() {
    let night = Profile {
        name: "night".into(),
        when: When { hours: "14:00-15:00".parse().unwrap(), ..When::default() },
        pacing: Pacing { max_pause: Duration::from_secs(300), ..Pace::Night.pacing() },
    };
    let schedule = Schedule { profiles: vec![night], ..schedule(Pace::Day.pacing()) };
    let went = run(7, schedule, false, 1.0, lockstep(BOT, (Duration::from_secs(4 * 3600), Act::Reset)));
    let profiles: Vec<_> = went
        .events
        .iter()
        .filter_map(|what| match what {
            What::Still { profile, .. } => Some(profile.as_str().to_owned()),
            _ => None,
        })
        .collect();
    assert!(profiles[..11].iter().all(|name| name == "day"), "{profiles:?}");
    assert!(profiles[12..17].iter().all(|name| name == "night"), "{profiles:?}");
    assert!(profiles[18..].iter().all(|name| name == "day"), "{profiles:?}");
    let hour = |from: u64| {
        let within = went.pieces.iter().filter(|(at, _)| (from..from + 3600).contains(&at.as_secs()));
        within.count()
    };
    assert!(hour(2 * 3600) * 3 < hour(3600), "{} in the night, {} before", hour(2 * 3600), hour(3600));
}

#[test]
fn bytes_cut_anywhere_give_the_same_conversation() {
    let script = b"EHLO [192.0.2.7]\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<c@honey.example>\r\nDATA\r\n\
        Subject: x\r\n\r\n..x\r\n.\r\nNOOP\nAUTH LOGIN\r\n*\r\nBOGUS\r\nQUIT\r\n";
    let all = |size: usize| {
        let mut pieces: Vec<Vec<u8>> = script.chunks(size).map(<[u8]>::to_vec).collect();
        pieces.reverse();
        let peer = move |_: &[u8], now: Duration| match pieces.pop() {
            Some(piece) => Some((now, Act::Send(piece))),
            None => Some((DAY, Act::Reset)),
        };
        let pacing = Pacing { hold: Hold::Edge, ..Pace::Day.pacing() };
        let went = run(8, schedule(pacing), false, 1.0, peer);
        (went.said, went.pieces, went.events)
    };
    let whole = all(script.len());
    assert!(whole.0.windows(4).any(|part| part == b"221 "), "{}", String::from_utf8_lossy(&whole.0));
    for size in 1..script.len() {
        assert_eq!(all(size), whole, "in pieces of {size}");
    }
}

#[test]
fn a_signal_ends_with_an_end_and_a_ghost_is_not_counted() {
    let at = Duration::from_secs(5000);
    let went = run(9, schedule(Pace::Day.pacing()), false, 1.0, lockstep(BOT, (at, Act::Signal)));
    assert_eq!(went.end().3, Reason::Signal);
    let went = run(9, schedule(Pace::Day.pacing()), false, 1.0, lockstep(BOT, (at, Act::Vanish)));
    let (held, .., reason) = went.end();
    assert_eq!(reason, Reason::Ghost);
    assert!(held < at && held > at - Duration::from_secs(60), "{held:?}");
}

#[test]
fn the_give_up_time_is_that_of_the_last_pause() {
    let at = Duration::from_secs(5000);
    let went = run(10, schedule(Pace::Day.pacing()), false, 1.0, lockstep(BOT, (at, Act::Reset)));
    let last = went.pieces.last().unwrap().0;
    match went.events.last() {
        Some(What::End { gaveup: Some(gaveup), .. }) => assert_eq!(gaveup.duration(), at - last),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_silent_peer_is_told_so_and_closed() {
    let went = run(11, schedule(Pace::Day.pacing()), false, 1.0, lockstep(&[], (DAY, Act::Reset)));
    let (held, .., reason) = went.end();
    assert_eq!(reason, Reason::Timeout);
    assert!((300..330).contains(&held.as_secs()), "{held:?}");
    assert!(went.text().contains("\r\n421 "), "{}", went.text());
}

#[test]
fn a_command_without_an_ending_is_none() {
    for cut in ["QUIT", "DATA", "NOOP\0", "\x16\x03\x01"] {
        let run = |cut: &'static str| {
            let mut bot = lockstep(BOT, (DAY, Act::Reset));
            let (at, left) = (Duration::from_secs(300), Act::Send(cut.into()));
            let mut last = Timetable::new(vec![(at, left), (at, Act::Close)]);
            let peer = move |heard: &[u8], now: Duration| match bot.next(heard, now) {
                // It says nothing more, leaves something behind and closes its side.
                Some((_, Act::Reset)) => last.next(heard, now),
                other => other,
            };
            self::run(11, schedule(Pace::Gentle.pacing()), false, 1.0, peer)
        };
        let (went, clean) = (run(cut), run(""));
        assert_eq!(went.text(), clean.text(), "{cut:?}");
        assert_eq!(went.end().3, Reason::Hangup, "{cut:?}");
        let commands = |went: &Went| match went.events.last() {
            Some(What::End { commands, .. }) => *commands,
            other => panic!("{other:?}"),
        };
        assert_eq!(commands(&went), 3, "{cut:?}");
        assert_eq!(went.end().1, clean.end().1 + cut.len() as u64, "{cut:?}");
    }
}

#[test]
fn the_last_bytes_of_a_message_count() {
    let message = ["EHLO a", "MAIL FROM:<a@b.example>", "RCPT TO:<c@honey.example>", "DATA", "Subject: x"];
    let text = message.join("\r\n") + "\r\n\r\nthe last line";
    let acts = vec![(Duration::ZERO, Act::Send(text.into_bytes())), (Duration::from_secs(2), Act::Close)];
    let went = run(12, schedule(Pace::Day.pacing()), true, 1.0, Timetable::new(acts));
    let bytes = went.events.iter().find_map(|what| match what {
        What::Message { bytes, verdict, .. } => Some((*bytes, *verdict)),
        _ => None,
    });
    let body = "Subject: x\r\n\r\nthe last line".len() as u64;
    assert_eq!(bytes, Some((body, crate::event::Verdict::Abort)), "{:?}", went.events);
}
