//! Whole conversations under the fake clock.

use super::*;
use crate::clock::{Clock as _, Fake};
use crate::drive::Drive;
use crate::pace::{Profile, When};
use crate::persona::http::Name;
use crate::script::{Act, Peer, Script};
use crate::web::http::tests::Documents;
use crate::web::pacing::Pace;
use rand::SeedableRng as _;
use std::cell::RefCell;
use std::rc::Rc;

const REQUEST: &str = "GET /team/a.html HTTP/1.1\r\nHost: www.trap.example\r\nUser-Agent: curl/7.88.1\r\n\
    Accept: */*\r\n\r\n";

/// How a conversation went.
struct Went {
    said: Vec<u8>,
    pieces: Vec<(Duration, usize)>,
    events: Vec<What>,
    /// What the meter was told.
    metered: Vec<u64>,
}

impl Went {
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.said).into_owned()
    }

    fn body(&self) -> &[u8] {
        let end = self.said.windows(4).position(|window| window == b"\r\n\r\n").expect("a head");
        &self.said[end + 4..]
    }

    fn page(&self) -> &What {
        self.events.iter().find(|what| matches!(what, What::Page { .. })).expect("a page event")
    }

    fn reason(&self) -> Reason {
        match self.events.last() {
            Some(What::End { reason, .. }) => *reason,
            other => panic!("no end but {other:?}"),
        }
    }

    /// When the first and the last byte came, and the longest silence between two pieces.
    fn times(&self) -> (Duration, Duration, Duration) {
        let first = self.pieces.first().expect("a piece").0;
        let gaps = self.pieces.windows(2).map(|two| two[1].0 - two[0].0);
        (first, self.pieces.last().expect("a piece").0, gaps.max().unwrap_or_default())
    }
}

/// What a peer does, each at its time, and whether the first of them was told already.
struct Acts(Vec<(Duration, Act)>, bool);

impl Peer for Acts {
    fn next(&mut self, _heard: &[u8], now: Duration) -> Option<(Duration, Act)> {
        if self.1 && self.0.first().is_some_and(|(at, _)| *at <= now) {
            self.0.remove(0);
        }
        self.1 = true;
        self.0.first().cloned()
    }
}

fn sends(text: impl AsRef<[u8]>) -> Acts {
    Acts(vec![(Duration::from_millis(5), Act::Send(text.as_ref().to_vec()))], false)
}

struct Setup {
    name: Name,
    pacing: Pacing,
    allowed: bool,
    seed: u64,
    documents: Documents,
}

impl Default for Setup {
    fn default() -> Self {
        let documents = Documents { length: 20_000, depth: 1 };
        Setup { name: Name::Apache, pacing: Pace::Day.pacing(), allowed: false, seed: 1, documents }
    }
}

impl Setup {
    fn with(self, peer: impl Peer) -> Went {
        let schedule = Schedule { name: "day".into(), ordinary: self.pacing, profiles: Vec::new() };
        self.by(schedule, peer)
    }

    fn by(self, schedule: Schedule<Pacing>, peer: impl Peer) -> Went {
        let began = DateTime::parse_from_rfc3339("2026-11-26T12:00:00+01:00").unwrap();
        let clock = Fake::at(began);
        let policy = Policy {
            persona: self.name.persona(),
            hostname: "www.trap.example".into(),
            port: 80,
            content: Box::new(self.documents),
        };
        let rng = Rng::seed_from_u64(self.seed);
        let metered = Rc::new(RefCell::new(Vec::new()));
        let meter = metered.clone();
        let mut session = Session::new(policy, schedule, self.allowed, clock.wall(), rng)
            .metered(Box::new(move |bytes| meter.borrow_mut().push(bytes)));
        let mut wire = Script::new(clock.clone(), peer);
        let mut events = Vec::new();
        Drive::new(&mut wire, &clock, 1.0, &mut |what| events.push(what)).run(&mut session, []);
        Went { said: wire.said, pieces: wire.pieces, events, metered: metered.take() }
    }
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

#[test]
fn a_page_begins_within_two_seconds_and_is_complete_within_a_minute() {
    for length in [300, 2_000, 20_000, 200_000] {
        for (depth, seed) in (0..8).flat_map(|depth| (0..6).map(move |seed| (depth, seed))) {
            let documents = Documents { length, depth };
            let went = Setup { documents, seed, ..Setup::default() }.with(sends(REQUEST));
            let (first, last, gap) = went.times();
            let case = format!("{length} bytes, level {depth}: {first:?}, {last:?}, {gap:?}");
            assert!(first >= seconds(1) && first <= seconds(2), "{case}");
            assert!(last >= seconds(10) && last <= seconds(61), "{case}");
            assert!(gap <= seconds(5), "{case}");
            assert_eq!(went.body(), documents.page(), "{case}");
            assert_eq!(went.reason(), Reason::Quit);
            assert!(went.pieces.len() >= 4, "{case}: {} pieces", went.pieces.len());
            assert!(went.pieces.iter().all(|(_, size)| *size > 0 && *size <= PIECE), "{case}");
        }
    }
}

#[test]
fn no_rhythm_is_constant() {
    let went = Setup::default().with(sends(REQUEST));
    let mut gaps: Vec<Duration> = went.pieces.windows(2).map(|two| two[1].0 - two[0].0).collect();
    let mut sizes: Vec<usize> = went.pieces.iter().map(|(_, size)| *size).collect();
    let (pauses, pieces) = (gaps.len(), sizes.len());
    gaps.sort_unstable();
    gaps.dedup();
    sizes.sort_unstable();
    sizes.dedup();
    assert!(gaps.len() + 1 >= pauses && sizes.len() + 2 >= pieces, "{gaps:?} {sizes:?}");
    let again = Setup { seed: 2, ..Setup::default() }.with(sends(REQUEST));
    assert_ne!(again.pieces, went.pieces);
    assert_eq!(again.said, went.said);
}

#[test]
fn deeper_pages_take_longer() {
    let mean = |depth| {
        let times = (0..30).map(|seed| {
            let documents = Documents { length: 9_000, depth };
            Setup { documents, seed, ..Setup::default() }.with(sends(REQUEST)).times().1
        });
        times.sum::<Duration>() / 30
    };
    let (home, second, deep) = (mean(0), mean(2), mean(9));
    assert!(home + seconds(5) < second && second + seconds(5) < deep, "{home:?} {second:?} {deep:?}");
}

#[test]
fn errors_and_heads_are_short() {
    for request in [
        "GET /nope HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /team HTTP/1.1\r\nHost: a\r\n\r\n",
        "HEAD /team/a.html HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /team/a.html HTTP/1.1\r\nHost: a\r\nIf-None-Match: *\r\n\r\n",
        "nonsense\r\n\r\n",
    ] {
        for seed in 0..20 {
            let went = Setup { seed, ..Setup::default() }.with(sends(request));
            let (first, last, _) = went.times();
            assert!(first >= seconds(1) && first <= seconds(2) && last <= seconds(5), "{request:?} {last:?}");
        }
    }
    let style = Setup::default().with(sends("GET /style.css HTTP/1.1\r\nHost: a\r\n\r\n"));
    assert!(style.times().1 <= seconds(10));
}

#[test]
fn an_allowed_network_gets_all_of_it_at_once() {
    let documents = Documents { length: 200_000, depth: 3 };
    let went = Setup { allowed: true, documents, ..Setup::default() }.with(sends(REQUEST));
    assert!(went.times().1 <= seconds(2), "{:?}", went.times());
    assert_eq!(went.body(), documents.page());
    let What::End { kind: Kind::Allowed, .. } = went.events.last().unwrap() else { panic!("not allowed") };
}

#[test]
fn bytes_cut_anywhere_have_the_same_answer() {
    let whole = Setup { allowed: true, ..Setup::default() }.with(sends(REQUEST));
    for size in 1..REQUEST.len() {
        let pieces = REQUEST.as_bytes().chunks(size).zip(1..);
        let acts = pieces.map(|(piece, nth)| (Duration::from_millis(nth * 3), Act::Send(piece.to_vec())));
        let went = Setup { allowed: true, ..Setup::default() }.with(Acts(acts.collect(), false));
        let date = |text: String| text.lines().filter(|line| !line.starts_with("Date")).collect::<String>();
        assert_eq!(date(went.text()), date(whole.text()), "in pieces of {size}");
        assert_eq!(went.page(), whole.page());
    }
}

#[test]
fn the_log_has_the_page_when_it_begins_and_its_end() {
    let went = Setup::default().with(sends(REQUEST));
    let What::Page { method, host, path, status, agent, bytes, addresses, season, visit } = went.page()
    else {
        panic!("no page")
    };
    assert_eq!((method.as_str(), host.as_str(), path.as_str()), ("GET", "www.trap.example", "/team/a.html"));
    assert_eq!((*status, *bytes, agent.as_str()), (200, 20_000, "curl/7.88.1"));
    assert_eq!((*addresses, *season), (Some(7), Some(3)));
    assert_eq!(visit.as_ref().map(|visit| visit.as_str()), Some("0beef"));
    let What::End { pages, made, kind, evidence, stage, .. } = went.events.last().unwrap() else {
        panic!("no end")
    };
    assert_eq!((*pages, *made, stage.as_str()), (Some(1), Some(went.said.len() as u64), "done"));
    assert_eq!(
        (*kind, evidence.as_str().starts_with("get,http-1.1,curl")),
        (Kind::Program, true),
        "{evidence}"
    );
}

#[test]
fn who_leaves_early_is_logged_with_what_it_asked_for() {
    let acts =
        vec![(Duration::from_millis(5), Act::Send(REQUEST.into())), (Duration::from_secs(7), Act::Reset)];
    let went = Setup::default().with(Acts(acts, false));
    let What::End { reason, gaveup, stage, made, bytes_out, .. } = went.events.last().unwrap() else {
        panic!("no end")
    };
    assert_eq!((*reason, stage.as_str()), (Reason::Hangup, "page"));
    assert!(gaveup.is_some() && *bytes_out > 200 && *made > Some(*bytes_out));
    let before =
        vec![(Duration::from_millis(5), Act::Send(REQUEST.into())), (Duration::from_millis(500), Act::Reset)];
    let went = Setup::default().with(Acts(before, false));
    assert!(went.said.is_empty());
    assert!(matches!(went.page(), What::Page { status: 200, .. }));
}

#[test]
fn what_counts_is_what_went_out() {
    // The whole answer at once when it is complete.
    let went = Setup::default().with(sends(REQUEST));
    assert_eq!(went.metered, [went.said.len() as u64]);
    for (leaves, some) in [(seconds(7), true), (Duration::from_millis(500), false)] {
        let acts = vec![(Duration::from_millis(5), Act::Send(REQUEST.into())), (leaves, Act::Reset)];
        let went = Setup::default().with(Acts(acts, false));
        assert_eq!(went.metered.iter().sum::<u64>(), went.said.len() as u64);
        assert_eq!((!went.said.is_empty(), went.said.len() < 20_000), (some, true));
    }
    // Of a large one no more than a part is not counted at any time.
    let documents = Documents { length: 400_000, depth: 1 };
    let acts = vec![(Duration::from_millis(5), Act::Send(REQUEST.into())), (seconds(10), Act::Signal)];
    let killed = Setup { documents, ..Setup::default() }.with(Acts(acts, false));
    let went = Setup { documents, ..Setup::default() }.with(sends(REQUEST));
    assert_eq!(went.metered.iter().sum::<u64>(), went.said.len() as u64);
    assert!(
        went.metered.len() > 4 && went.metered.iter().all(|&bytes| bytes < 2 * METERED),
        "{:?}",
        went.metered
    );
    assert!(killed.metered.iter().sum::<u64>() == killed.said.len() as u64 && !killed.said.is_empty());
}

#[test]
fn who_only_stops_sending_gets_the_whole_page() {
    let acts =
        vec![(Duration::from_millis(5), Act::Send(REQUEST.into())), (Duration::from_millis(6), Act::Close)];
    let went = Setup::default().with(Acts(acts, false));
    assert_eq!(went.body(), Documents { length: 20_000, depth: 1 }.page());
    assert_eq!(went.reason(), Reason::Quit);
}

#[test]
fn a_head_that_never_ends_does() {
    for (name, most, says) in
        [(Name::Apache, 41, Some("408")), (Name::Nginx, 61, None), (Name::Lighttpd, 301, None)]
    {
        // A field every three seconds, for ever.
        let mut nth = 0;
        let peer = move |_: &[u8], now: Duration| {
            nth += 1;
            let line = if nth == 1 { "GET / HTTP/1.1\r\n".to_owned() } else { format!("X-{nth}: a\r\n") };
            Some((now + seconds(3), Act::Send(line.into_bytes())))
        };
        let went = Setup { name, ..Setup::default() }.with(peer);
        let What::End { held, .. } = went.events.last().unwrap() else { panic!("no end") };
        assert_eq!(went.reason(), Reason::Timeout, "{name:?}");
        assert!(held.duration() <= seconds(most), "{name:?}: {held}");
        match says {
            Some(code) => assert!(went.text().starts_with(&format!("HTTP/1.1 {code} ")), "{}", went.text()),
            None => assert_eq!(went.said, b""),
        }
    }
    // Nobody says anything at all.
    let went = Setup::default().with(Acts(Vec::new(), false));
    assert_eq!((went.reason(), went.said.len()), (Reason::Timeout, 0));
    assert!(!went.events.iter().any(|what| matches!(what, What::Page { .. })));
}

#[test]
fn a_million_fields_are_not_kept() {
    for name in Name::ALL {
        let mut nth = 0;
        let peer = move |_: &[u8], now: Duration| {
            nth += 1;
            let bytes = if nth == 1 { b"GET / HTTP/1.1\r\n".to_vec() } else { b"X: a\r\n".repeat(680) };
            // What is sent while nobody listens would be kept by the script, so the time goes on.
            Some((now + Duration::from_millis(100), Act::Send(bytes)))
        };
        let went = Setup { name: *name, ..Setup::default() }.with(peer);
        assert_eq!(went.reason(), Reason::Limit, "{name:?}");
        assert!(went.text().contains(" 400 Bad Request") || went.text().contains(" 431 "), "{}", went.text());
    }
}

#[test]
fn a_line_that_never_ends_does() {
    for name in Name::ALL {
        let peer = move |_: &[u8], now: Duration| Some((now + seconds(1), Act::Send(b"a".repeat(4_000))));
        let went = Setup { name: *name, ..Setup::default() }.with(peer);
        assert!(matches!(went.reason(), Reason::Limit | Reason::Timeout), "{name:?}");
        let What::End { held, .. } = went.events.last().unwrap() else { panic!("no end") };
        assert!(held.duration() <= seconds(60));
    }
}

#[test]
fn a_second_request_is_not_answered() {
    let went = Setup { allowed: true, ..Setup::default() }.with(sends(REQUEST.repeat(3)));
    assert_eq!(went.text().matches("HTTP/1.1 200 OK").count(), 1);
    assert!(went.text().contains("\r\nConnection: close\r\n"));
}

#[test]
fn somebody_at_telnet_is_a_person_and_a_program_is_none() {
    // Keys at the pace of a hand.
    let mut acts = Vec::new();
    let mut at = Duration::from_secs(3);
    for (nth, key) in "GET /team/a.html HTTP/1.0\r\n".bytes().chain(*b"\r\n").enumerate() {
        at += Duration::from_millis(90 + (nth as u64 * 61) % 170);
        acts.push((at, Act::Send(vec![key])));
    }
    let went = Setup { name: Name::Nginx, ..Setup::default() }.with(Acts(acts, false));
    let What::End { kind, evidence, .. } = went.events.last().unwrap() else { panic!("no end") };
    assert_eq!(*kind, Kind::Human, "{evidence}");
    assert!(went.text().starts_with("HTTP/1.1 200 OK"));
    let went = Setup::default().with(sends(REQUEST));
    assert!(matches!(went.events.last(), Some(What::End { kind: Kind::Program, .. })));
}

#[test]
fn a_profile_changes_the_pacing() {
    let profile = Profile {
        name: "lunch".into(),
        when: When { hours: "11:00-13:00".parse().unwrap(), ..When::default() },
        pacing: Pace::Gentle.pacing(),
    };
    let ordinary = Pace::Night.pacing();
    let schedule = Schedule { name: "night".into(), ordinary, profiles: vec![profile] };
    let went = Setup::default().by(schedule, sends(REQUEST));
    assert!(went.times().1 <= seconds(5));
    assert!(matches!(went.events.last(), Some(What::End { profile, .. }) if profile.as_str() == "lunch"));
}

#[test]
fn whatever_is_configured_no_pause_is_long_and_every_answer_ends() {
    let odd = [Range::ms(0, 0), Range::ms(1, 1), Range::ms(60_000, 90_000), Range::ms(5_000, 5_000)];
    for (gap, page_time) in odd.into_iter().flat_map(|gap| odd.map(|time| (gap, time))) {
        let pacing = Pacing { gap, page_time, ..Pace::Day.pacing() };
        let went = Setup { pacing, ..Setup::default() }.with(sends(REQUEST));
        let (_, last, longest) = went.times();
        assert!(longest <= LONGEST_GAP && last <= seconds(95), "{gap} {page_time}: {longest:?} {last:?}");
        assert_eq!(went.body().len(), 20_000);
    }
}
