//! The loop with an engine that only does what a test says.

use super::*;
use crate::clock::Fake;
use crate::engine::Turn;
use crate::event::{Kind, Totals, Verdict};
use crate::script::{Act, Script, Timetable};
use chrono::DateTime;

/// Does the same thing whatever it hears.
struct Always {
    then: Then,
    /// Whether a line is worth an event.
    logs: bool,
    /// When lines came.
    lines: Vec<Duration>,
    last: Option<Ending>,
}

impl Always {
    fn new(then: Then, logs: bool) -> Self {
        Always { then, logs, lines: Vec::new(), last: None }
    }
}

impl Engine for Always {
    fn hear(&mut self, heard: Heard<'_>, now: Now) -> Turn {
        let mut turn = Turn::new(*b"x", self.then);
        match heard {
            Heard::Line(line) | Heard::Overlong(line) => {
                self.lines.push(now.real);
                self.last = Some(line.ending);
                let mail = What::Mail { from: Plain::from_peer(line.text), verdict: Verdict::Accept };
                turn.notes.extend(self.logs.then_some(mail));
            }
            Heard::Hangup => turn.then = Then::Close(Reason::Hangup),
            Heard::Connect | Heard::Silence => {}
        }
        turn
    }

    fn ended(&mut self, _at: Duration, _reason: Reason) -> Vec<What> {
        Vec::new()
    }

    fn stage(&self) -> &'static str {
        "rcpt"
    }

    fn profile(&self) -> &str {
        "day"
    }

    fn kind(&self) -> (Kind, String) {
        (Kind::Unknown, String::new())
    }

    fn totals(&self) -> Totals {
        Totals::default()
    }
}

/// A peer that does these things at these seconds.
fn run(engine: &mut Always, acts: Vec<(u64, Act)>) -> Vec<What> {
    let clock = Fake::at(DateTime::UNIX_EPOCH.fixed_offset());
    let acts = acts.into_iter().map(|(at, act)| (Duration::from_secs(at), act)).collect();
    let mut wire = Script::new(clock.clone(), Timetable::new(acts));
    let mut events = Vec::new();
    Drive::new(&mut wire, &clock, 1.0, &mut |what| events.push(what)).run(engine, []);
    events
}

fn lines(count: usize) -> Act {
    Act::Send(b"\n".repeat(count))
}

#[test]
fn a_flood_interrupts_a_reply_only_so_often() {
    let mut engine = Always::new(Then::Drip(Duration::from_secs(3600)), false);
    run(&mut engine, vec![(1, lines(100_000)), (61, Act::Signal)]);
    let heard = engine.lines.len();
    assert!((100 + 60 * 20 - 1..=100 + 60 * 20 + 1).contains(&heard), "{heard} in a minute");
    // A minute of quiet makes room for what a client sends at once.
    let second = |at: u64| engine.lines.iter().filter(|line| line.as_secs() == at).count();
    assert_eq!((second(1), second(30)), (100 + 20, 20));
}

#[test]
fn a_reply_that_is_complete_is_answered_as_fast_as_lines_come() {
    let mut engine = Always::new(Then::Listen(Mode::Commands, Duration::from_secs(3600)), false);
    run(&mut engine, vec![(1, lines(100_000)), (2, Act::Signal)]);
    assert_eq!(engine.lines.len(), 100_000);
}

#[test]
fn a_connection_writes_only_so_many_events_and_says_so() {
    let mut engine = Always::new(Then::Listen(Mode::Commands, Duration::from_secs(3600)), true);
    let events = run(&mut engine, vec![(1, lines(5_000)), (3_000, Act::Signal)]);
    let count = |word: &str| events.iter().filter(|what| what.word() == word).count();
    assert_eq!((count("mail"), count("error"), count("still"), count("end")), (200, 1, 4, 1));
    let Some(What::End { unlogged, .. }) = events.last() else { panic!("no end") };
    assert_eq!(*unlogged, Some(4_800));

    let mut engine = Always::new(Then::Listen(Mode::Commands, Duration::from_secs(3600)), true);
    let events = run(&mut engine, vec![(1, lines(200)), (3_000, Act::Signal)]);
    assert_eq!(events.iter().filter(|what| what.word() == "error").count(), 0);
    assert!(matches!(events.last(), Some(What::End { unlogged: None, .. })));
}

#[test]
fn what_a_peer_leaves_without_an_ending_is_heard() {
    for mode in [Mode::Commands, Mode::Text, Mode::Narrow] {
        let mut engine = Always::new(Then::Listen(mode, Duration::from_secs(3600)), true);
        let events = run(&mut engine, vec![(1, Act::Send(b"one\r\ntwo".to_vec())), (2, Act::Close)]);
        let heard: Vec<String> = events
            .iter()
            .filter_map(|what| match what {
                What::Mail { from, .. } => Some(from.to_string()),
                _ => None,
            })
            .collect();
        assert_eq!(heard, ["one", "two"], "{mode:?}");
        assert_eq!(engine.last, Some(Ending::Cut));
        assert!(matches!(events.last(), Some(What::End { reason: Reason::Hangup, .. })));
    }
}
