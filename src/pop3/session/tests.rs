//! Whole conversations under the fake clock.

use super::*;
use crate::clock::{Clock as _, Fake};
use crate::drive::Drive;
use crate::event::Verdict;
use crate::key::Key;
use crate::pace::{Profile, When};
use crate::persona::pop3::Name;
use crate::pop3::dialogue::Policy;
use crate::pop3::gate::{Gate, Judged, Try};
use crate::pop3::mailbox::{Cast, Mailbox, Origin, Person};
use crate::pop3::pacing::Pace;
use crate::script::{Act, Peer, Script, Timetable};
use rand::SeedableRng as _;

const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(86_400);

/// Lets in who says `right`, and counts the failures before.
struct Right(u32);

impl Gate for Right {
    fn judge(&mut self, tried: Try<'_>, _wall: DateTime<FixedOffset>) -> Judged {
        let accepted = tried.password == b"right";
        self.0 += u32::from(!accepted);
        Judged { accepted, failures: self.0.saturating_sub(1), visit: accepted.then_some(7) }
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

fn policy(name: Name) -> Policy {
    Policy {
        persona: name.persona(),
        hostname: "mx.trap.example".into(),
        gate: Box::new(Right(0)),
        mailboxes: Box::new(|user, _, wall| {
            let key = Key::new("a secret of the test");
            let (domain, hostname) = ("trap.example", "mx.trap.example");
            Mailbox::of(&Origin { key: &key, user, domain, hostname, wall, cast: &Nobody })
        }),
        passwords: Box::new(|_| None),
    }
}

/// How long a peer stays that says nothing more: not so long that the persona closes.
const AWHILE: Duration = Duration::from_secs(170);

/// A peer that says its next line when a reply to the last one is there, some time later.
struct Client {
    lines: Vec<String>,
    pause: Duration,
    /// What it does at this time, or when it has nothing more to say and has had its last reply for a while.
    last: (Duration, Act),
    said: usize,
    heard: usize,
}

impl Client {
    fn new(lines: &[&str], pause: Duration, last: (Duration, Act)) -> Self {
        Client {
            lines: lines.iter().map(|line| format!("{line}\r\n")).collect(),
            pause,
            last,
            said: 0,
            heard: 0,
        }
    }
}

impl Peer for Client {
    fn next(&mut self, heard: &[u8], now: Duration) -> Option<(Duration, Act)> {
        // What it asked for may be a list: that ends with a dot.
        let list = self.said.checked_sub(1).and_then(|at| self.lines.get(at)).is_some_and(|line| {
            ["CAPA", "RETR", "LIST", "UIDL"].iter().any(|verb| line.starts_with(verb))
                && !line.starts_with("LIST 1")
        });
        let fresh = heard.get(self.heard..).unwrap_or_default();
        let complete = match list && fresh.starts_with(b"+OK") {
            true => fresh.ends_with(b"\r\n.\r\n"),
            false => fresh.ends_with(b"\r\n"),
        };
        match self.lines.get(self.said) {
            Some(line) if complete => {
                self.said += 1;
                self.heard = heard.len();
                Some((now + self.pause, Act::Send(line.clone().into_bytes())))
            }
            None if complete => Some((now + AWHILE, self.last.1.clone())),
            _ => Some(self.last.clone()),
        }
    }
}

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

    /// When each write was, and what it was.
    fn writes(&self) -> Vec<(Duration, String)> {
        let mut at = 0;
        let write = |(when, bytes): &(Duration, usize)| {
            let text = String::from_utf8_lossy(&self.said[at..at + bytes]).into_owned();
            at += bytes;
            (*when, text)
        };
        self.pieces.iter().map(write).collect()
    }

    fn end(&self) -> &What {
        assert_eq!(self.events.iter().filter(|what| matches!(what, What::End { .. })).count(), 1);
        self.events.last().expect("an end")
    }

    fn logins(&self) -> usize {
        self.events.iter().filter(|what| matches!(what, What::Login { .. })).count()
    }
}

struct Case {
    name: Name,
    pacing: Pacing,
    profiles: Vec<Profile<Pacing>>,
    allowed: bool,
    guessing: bool,
    speedup: f64,
    seed: u64,
}

fn case(pace: Pace) -> Case {
    let pacing = pace.pacing();
    Case {
        name: Name::Dovecot,
        pacing,
        profiles: Vec::new(),
        allowed: false,
        guessing: false,
        speedup: 1.0,
        seed: 1,
    }
}

impl Case {
    fn run(self, peer: impl Peer) -> Went {
        let clock = Fake::at(DateTime::parse_from_rfc3339("2026-11-24T12:00:00Z").unwrap());
        let schedule = Schedule { name: "day".into(), ordinary: self.pacing, profiles: self.profiles };
        let dialogue = Dialogue::new(policy(self.name));
        let rng = Rng::seed_from_u64(self.seed);
        let mut session = Session::new(dialogue, schedule, self.allowed, self.guessing, clock.wall(), rng);
        let mut wire = Script::new(clock.clone(), peer);
        let mut events = Vec::new();
        Drive::new(&mut wire, &clock, self.speedup, &mut |what| events.push(what)).run(&mut session, []);
        Went { said: wire.said, pieces: wire.pieces, events }
    }
}

const GUESSES: &[&str] = &["USER bob", "PASS a", "USER bob", "PASS b", "USER bob", "PASS c"];
const QUICK: Duration = Duration::from_millis(5);

#[test]
fn every_reply_is_silence_and_then_one_write() {
    for seed in 0..40 {
        let went = Case { seed, ..case(Pace::Day) }.run(Client::new(GUESSES, QUICK, (HOUR, Act::Reset)));
        let writes = went.writes();
        assert_eq!(writes.len(), 1 + GUESSES.len(), "{writes:?}");
        assert!(writes.iter().all(|(_, text)| text.ends_with("\r\n") && text.matches("\r\n").count() == 1));
        assert!(writes[0].0 < Duration::from_secs(6), "nmap finds no service after {:?}", writes[0].0);
        for pair in writes.windows(2) {
            let wait = pair[1].0 - pair[0].0 - QUICK;
            assert!((16.0..=19.0).contains(&wait.as_secs_f64()), "{wait:?} before {:?}", pair[1].1);
        }
    }
}

#[test]
fn three_passwords_take_longer_than_fifty_seconds() {
    let went = case(Pace::Day).run(Client::new(GUESSES, QUICK, (Duration::from_secs(200), Act::Reset)));
    assert_eq!(went.logins(), 3);
    assert!(went.pieces.last().unwrap().0 > Duration::from_secs(90));
}

#[test]
fn natural_delays_are_those_of_the_real_server() {
    let gentle =
        Case { pacing: Pacing { delay: Delay::Natural, ..Pace::Gentle.pacing() }, ..case(Pace::Gentle) };
    let went = gentle.run(Client::new(&[GUESSES, GUESSES].concat(), QUICK, (HOUR, Act::Reset)));
    let writes = went.writes();
    let waits: Vec<u64> =
        writes.windows(2).skip(1).step_by(2).map(|pair| (pair[1].0 - pair[0].0).as_secs()).collect();
    assert_eq!(waits, [2, 6, 10, 17, 17, 17]);
}

#[test]
fn a_recognised_tool_waits_as_long_as_it_bears() {
    let night = case(Pace::Night);
    let medusa = &["STLS", "USER bob", "PASS a"];
    let went = night.run(Client::new(medusa, QUICK, (HOUR, Act::Reset)));
    let writes = went.writes();
    let waits: Vec<f64> = writes.windows(2).map(|pair| (pair[1].0 - pair[0].0).as_secs_f64()).collect();
    assert!((17.0..20.0).contains(&waits[1]) && (17.0..20.0).contains(&waits[2]), "{waits:?}");
    let hydra = &["AUTH LOGIN", "Ym9i", "eA==", "AUTH LOGIN", "Ym9i", "eQ=="];
    let went = case(Pace::Night).run(Client::new(hydra, Duration::from_millis(100), (HOUR, Act::Reset)));
    let writes = went.writes();
    let last = writes.last().unwrap().0 - writes[writes.len() - 2].0;
    assert!((28.0..32.0).contains(&last.as_secs_f64()), "{last:?}");
    assert!(matches!(went.end(), What::End { tool: Some(Tool::Hydra), .. }), "{:?}", went.end());
}

#[test]
fn days_of_a_list_without_an_end() {
    let pacing = Pacing { capa_size: 1 << 30, capa_time: 10 * DAY, ..Pace::Day.pacing() };
    let guessing = Case { guessing: true, pacing, ..case(Pace::Day) };
    let went = guessing.run(Client::new(&["CAPA"], QUICK, (3 * DAY, Act::Reset)));
    let writes = went.writes();
    assert!(went.text().starts_with("+OK Dovecot ready.\r\n+OK\r\nCAPA\r\nTOP\r\n"));
    assert!(!went.text().contains("\r\n.\r\n"));
    let lines: Vec<&(Duration, String)> = writes.iter().skip(2).collect();
    assert!(lines.len() > 40_000, "{}", lines.len());
    assert!(lines.iter().all(|(_, line)| line.ends_with("\r\n") && line.len() < 60 && !line.contains('.')));
    assert!(writes[1..].windows(2).all(|pair| pair[1].0 - pair[0].0 <= Duration::from_secs(8)));
    assert!(lines.windows(2).all(|pair| pair[0].1 != pair[1].1), "no line twice in a row");
    let stills = went.events.iter().filter(|what| matches!(what, What::Still { .. })).count();
    assert!(stills > 400, "{stills}");
    assert!(matches!(went.end(), What::End { reason: Reason::Hangup, .. }));
}

#[test]
fn a_list_without_an_end_has_a_limit_and_the_conversation_goes_on() {
    for pacing in [
        Pacing { capa_size: 500, endless_capa: EndlessCapa::Always, ..Pace::Day.pacing() },
        Pacing {
            capa_time: Duration::from_secs(300),
            endless_capa: EndlessCapa::Always,
            ..Pace::Day.pacing()
        },
    ] {
        let went = Case { pacing, ..case(Pace::Day) }.run(Client::new(
            &["CAPA", "USER bob", "PASS a"],
            QUICK,
            (HOUR, Act::Reset),
        ));
        assert!(went.text().contains("\r\n.\r\n+OK\r\n-ERR [AUTH] "), "{}", went.text());
        assert!(went.text().len() < 1_200);
    }
}

#[test]
fn the_list_ends_for_everyone_else() {
    let ends = |case: Case, lines: &[&str]| {
        let went = case.run(Client::new(lines, QUICK, (HOUR, Act::Reset)));
        went.text().contains("SASL PLAIN LOGIN\r\n.\r\n")
    };
    let guessing = |pace| Case { guessing: true, ..case(pace) };
    assert!(ends(case(Pace::Day), &["CAPA"]), "a network that has not guessed");
    assert!(ends(guessing(Pace::Gentle), &["CAPA"]), "never");
    assert!(ends(guessing(Pace::Day), &["STLS", "CAPA"]), "not the first command");
    assert!(ends(Case { allowed: true, ..guessing(Pace::Day) }, &["CAPA"]), "an allowed network");
    assert!(!ends(guessing(Pace::Day), &["CAPA"]));
}

#[test]
fn a_message_comes_in_whole_lines_like_over_a_slow_line() {
    let went = case(Pace::Day).run(Client::new(
        &["USER bob", "PASS right", "RETR 1", "QUIT"],
        QUICK,
        (DAY, Act::Reset),
    ));
    let writes = went.writes();
    let parts: Vec<&(Duration, String)> = writes.iter().skip(3).take(writes.len() - 4).collect();
    assert!(parts.len() >= 2 && parts[0].1.starts_with("+OK "), "{parts:?}");
    assert!(parts.iter().all(|(_, text)| text.ends_with("\r\n")));
    assert!(parts.windows(2).all(|pair| pair[1].0 - pair[0].0 >= Duration::from_millis(300)));
    let sent: usize = parts.iter().map(|(_, text)| text.len()).sum();
    let retr = went.events.iter().find(|what| matches!(what, What::Retr { .. }));
    assert_eq!(retr, Some(&What::Retr { number: 1, bytes: sent as u64 }));
    assert!(matches!(
        went.end(),
        What::End { reason: Reason::Quit, retrs: Some(1), tool: Some(Tool::Mail), .. }
    ));
}

#[test]
fn who_reads_on_waits_longer_and_longer() {
    let lines: Vec<String> = ["USER bob".to_owned(), "PASS right".to_owned()]
        .into_iter()
        .chain((0..100).map(|nth| format!("RETR {}", 1 + nth % 20)))
        .collect();
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    let went = case(Pace::Day).run(Client::new(&lines, QUICK, (30 * DAY, Act::Reset)));
    let retrs = went.events.iter().filter(|what| matches!(what, What::Retr { .. })).count();
    assert_eq!(retrs, 100);
    let writes = went.writes();
    let since = writes[2].0;
    let pause = |from: Duration, to: Duration| {
        let inside = writes.windows(2).skip(2).filter(|pair| (from..to).contains(&(pair[0].0 - since)));
        let pauses: Vec<f64> = inside.map(|pair| (pair[1].0 - pair[0].0).as_secs_f64()).collect();
        pauses.iter().sum::<f64>() / pauses.len() as f64
    };
    let (first, later) =
        (pause(Duration::ZERO, Duration::from_secs(60)), pause(Duration::from_secs(700), 4 * HOUR));
    assert!(later > 3.0 * first, "{first} then {later}");
    let longest = writes.windows(2).map(|pair| pair[1].0 - pair[0].0).max().unwrap();
    assert!(longest <= Duration::from_secs(25), "{longest:?}");
}

#[test]
fn a_message_that_is_left_is_counted_as_far_as_it_came() {
    let went = case(Pace::Day).run(Client::new(
        &["USER bob", "PASS right", "RETR 1"],
        QUICK,
        (Duration::from_secs(46), Act::Reset),
    ));
    let all: usize = went.pieces.iter().map(|(_, bytes)| bytes).sum();
    let before = went.writes().iter().take(3).map(|(_, text)| text.len()).sum::<usize>();
    let retr: Vec<&What> = went.events.iter().filter(|what| matches!(what, What::Retr { .. })).collect();
    if all > before {
        assert_eq!(retr, [&What::Retr { number: 1, bytes: (all - before) as u64 }]);
    }
}

#[test]
fn an_allowed_network_has_a_quick_and_polite_conversation() {
    let allowed = Case { allowed: true, guessing: true, ..case(Pace::Day) };
    let went = allowed.run(Client::new(
        &["CAPA", "USER bob", "PASS a", "USER bob", "PASS right", "RETR 1", "QUIT"],
        QUICK,
        (HOUR, Act::Reset),
    ));
    assert_eq!(went.pieces.len(), 8, "one write for each reply");
    assert!(went.pieces.last().unwrap().0 < Duration::from_secs(1));
    assert!(matches!(went.end(), What::End { kind: Kind::Allowed, reason: Reason::Quit, .. }));
}

/// Types a line key by key, as a hand does.
fn typed(lines: &[&str]) -> impl Peer + use<> {
    let mut keys: Vec<(Duration, Vec<u8>)> = Vec::new();
    for (nth, line) in lines.iter().enumerate() {
        let bytes: Vec<u8> = format!("{line}\r\n").into_bytes();
        for (at, chunk) in bytes.chunks(1).enumerate() {
            let pause = if at == 0 { 2_100 + nth as u64 * 700 } else { 90 + (at as u64 * 67) % 260 };
            keys.push((Duration::from_millis(pause), chunk.to_vec()));
        }
    }
    keys.reverse();
    let mut next: Option<(Duration, Vec<u8>)> = None;
    let mut complete = 0;
    move |heard: &[u8], now: Duration| {
        let line_is_out = keys.last().is_some_and(|(pause, _)| *pause >= Duration::from_secs(2));
        let replies = heard.iter().filter(|&&byte| byte == b'\n').count();
        if next.is_none() && line_is_out && replies <= complete {
            return Some((now + HOUR, Act::Reset));
        }
        let (at, bytes) = next.take().or_else(|| keys.pop().map(|(pause, bytes)| (now + pause, bytes)))?;
        complete += usize::from(bytes == b"\n");
        Some((at.max(now), Act::Send(bytes)))
    }
}

#[test]
fn who_types_waits_as_long_as_for_the_real_server() {
    let went =
        case(Pace::Day).run(typed(&["user admin", "pass letmein", "user admin", "pass 12345678", "quit"]));
    let What::End { kind, tool, reason, .. } = went.end() else { unreachable!("it is an end") };
    assert_eq!((*kind, *tool, *reason), (Kind::Human, Some(Tool::Person), Reason::Quit), "{:?}", went.end());
    let writes = went.writes();
    let last = &writes[writes.len() - 2];
    assert!(last.1.starts_with("-ERR"), "{writes:?}");
    assert_eq!(went.logins(), 2);
    // Lines were complete before these; the failures wait 2 s, then 6 s, and a person's pause.
    let longest = writes.windows(2).map(|pair| pair[1].0 - pair[0].0).max().unwrap();
    assert!(longest < Duration::from_secs(16), "{writes:?}");
}

#[test]
fn speedup_divides_pauses() {
    let went = Case { speedup: 100.0, ..case(Pace::Day) }.run(Client::new(
        GUESSES,
        Duration::ZERO,
        (HOUR, Act::Reset),
    ));
    let last = went.pieces[GUESSES.len()].0;
    assert!(last > Duration::from_millis(900) && last < Duration::from_millis(1_200), "{last:?}");
}

#[test]
fn a_session_follows_the_clock_across_a_boundary() {
    let when = When { hours: "12:01-13:00".parse().unwrap(), ..When::default() };
    let slow = Pacing { login_time: Range::ms(300_000, 300_000), ..Pace::Day.pacing() };
    let profiles = vec![Profile { name: "lunch".into(), when, pacing: slow }];
    let went = Case { profiles, ..case(Pace::Day) }.run(Client::new(GUESSES, QUICK, (HOUR, Act::Reset)));
    let What::End { profile, .. } = went.end() else { unreachable!("it is an end") };
    assert_eq!(profile.as_str(), "lunch");
    let waits: Vec<u64> = went.pieces.windows(2).map(|pair| (pair[1].0 - pair[0].0).as_secs()).collect();
    assert!(waits[0] < 20 && waits[waits.len() - 1] == 300, "{waits:?}");
}

#[test]
fn bytes_cut_anywhere_give_the_same_conversation() {
    let all = b"CAPA\r\nuser bob\r\nPASS a b\r\nAUTH PLAIN\r\nAGJvYgByaWdodA==\r\nSTAT\r\nDELE 1\r\nLIST 1\r\nRSET\r\nNOOP\nQUIT\r\n";
    let go = |cut: usize| {
        let mut parts = vec![all[cut..].to_vec(), all[..cut].to_vec()];
        let peer = move |_: &[u8], now: Duration| match parts.pop() {
            Some(part) => Some((now + Duration::from_millis(1), Act::Send(part))),
            None => Some((2 * HOUR, Act::Reset)),
        };
        let went = Case { allowed: true, ..case(Pace::Day) }.run(peer);
        let events: Vec<String> = went
            .events
            .iter()
            .filter(|what| !matches!(what, What::End { .. }))
            .map(|what| format!("{what:?}"))
            .collect();
        (went.said, events)
    };
    let whole = go(0);
    assert!(
        String::from_utf8_lossy(&whole.0).ends_with("+OK\r\n+OK Logging out.\r\n"),
        "{}",
        String::from_utf8_lossy(&whole.0)
    );
    assert!((1..all.len()).all(|cut| go(cut) == whole));
}

#[test]
fn a_silent_peer_hears_the_persona_and_is_closed() {
    let silent = |_: &[u8], _: Duration| Some((HOUR, Act::Reset));
    let went = case(Pace::Day).run(silent);
    assert!(went.text().ends_with("-ERR Disconnected for inactivity.\r\n"));
    assert!(matches!(went.end(), What::End { reason: Reason::Timeout, .. }));
    let went = Case { name: Name::Courier, ..case(Pace::Day) }.run(silent);
    assert_eq!(went.text(), "+OK Hello there.\r\n");
}

#[test]
fn the_give_up_time_is_that_of_the_last_pause() {
    let went = case(Pace::Day).run(Client::new(&["USER bob"], QUICK, (Duration::from_secs(12), Act::Reset)));
    let What::End { gaveup: Some(gaveup), stage, .. } = went.end() else { panic!("{:?}", went.end()) };
    assert_eq!(stage.as_str(), "user");
    assert!((9..12).contains(&gaveup.duration().as_secs()), "{gaveup}");
}

#[test]
fn a_thousand_commands_at_once_are_answered_one_after_the_other() {
    let flood = "NOOP\r\nUSER a\r\nPASS b\r\n".repeat(400);
    let mut parts = vec![flood.into_bytes()];
    let peer = move |_: &[u8], now: Duration| match parts.pop() {
        Some(part) => Some((now, Act::Send(part))),
        None => Some((DAY, Act::Reset)),
    };
    let went = case(Pace::Day).run(peer);
    let failed = went
        .events
        .iter()
        .filter(|what| matches!(what, What::Login { verdict: Verdict::Reject, .. }))
        .count();
    assert!(failed > 50, "{failed}");
    assert!(went.writes().iter().all(|(_, text)| text.matches("\r\n").count() == 1));
}

#[test]
fn a_command_without_an_ending_is_none() {
    let run = |cut: &'static str| {
        case(Pace::Day).run(Timetable::new(vec![
            (Duration::from_secs(30), Act::Send(b"USER bob\r\n".to_vec())),
            (Duration::from_secs(60), Act::Send(cut.into())),
            (Duration::from_secs(60), Act::Close),
        ]))
    };
    let (went, clean) = (run("QUIT"), run(""));
    assert_eq!(went.text(), clean.text());
    let What::End { commands, bytes_in, reason, .. } = went.end() else { panic!("{:?}", went.end()) };
    assert_eq!((*commands, *bytes_in, *reason), (1, 14, Reason::Hangup));
}
