//! A log whose totals are those of the six weeks that Paul Grosse published in 2005.
//!
//! What he did not publish is made up: when in a day somebody came, who it was, and how long each was
//! held. Nobody is held beyond the end of a week here, so that each week has exactly its own seconds. Two
//! of his weeks have more than 35 could hold, so 40 are held at once.

use std::collections::BinaryHeap;
use std::io::{self, Write};
use std::time::Duration;

use sundew::event::{Ended, Event, Kind, Reason, Seconds, Totals, Verdict, What};

use super::crowd::{Crowd, Source};
use super::dice::Dice;
use super::form::{Form, Line, Writer};
use super::truth::Truth;
use super::{Pending, SECOND, talk};

/// One of his weeks: seconds, the longest in hours, hits, mail from:<>, rcpt to.
pub struct Row {
    pub monday: &'static str,
    pub seconds: u64,
    pub hours: u64,
    pub longest: u64,
    pub hits: u64,
    pub null_from: u64,
    pub rcpts: u64,
}

const fn row(monday: &'static str, seconds: u64, hours: u64, longest: u64, rest: [u64; 3]) -> Row {
    let [hits, null_from, rcpts] = rest;
    Row { monday, seconds, hours, longest, hits, null_from, rcpts }
}

pub const WEEKS: [Row; 6] = [
    row("2005-04-04", 16_465_660, 4_573, 43, [4_023, 9, 2_690]),
    row("2005-04-11", 19_115_812, 5_309, 43, [8_536, 42, 1_875]),
    row("2005-04-18", 16_942_413, 4_706, 60, [6_843, 105, 1_822]),
    row("2005-04-25", 20_109_432, 5_585, 39, [8_045, 554, 990]),
    row("2005-05-02", 24_162_991, 6_711, 49, [14_144, 2_821, 416]),
    row("2005-05-09", 22_759_262, 6_322, 119, [12_576, 1_250, 1_031]),
];

/// Per cent of hits, Monday first.
pub const WEEKDAYS: [u64; 7] = [10, 12, 12, 15, 20, 19, 12];

/// How many are held at once.
pub const LANES: usize = 40;

const DAY: u64 = 86_400;
const WEEK: u64 = 7 * DAY;

/// Writes the log.
pub fn write(form: Form, out: impl Write) -> io::Result<Truth> {
    let mut maker =
        Maker { dice: Dice::new(2005), crowd: Crowd::new(Dice::new(4)), lines: BinaryHeap::new(), nth: 0 };
    let mut truth = Truth::default();
    let mut writer = Writer::new(form, out);
    for week in &WEEKS {
        maker.week(week);
        while let Some(next) = maker.lines.pop() {
            truth.event(next.at, "smtarpit", &next.what);
            let text = next.what.to_string();
            writer.line(&Line {
                at: next.at,
                host: "tarpit",
                program: "smtarpit",
                pid: next.pid,
                text: &text,
            })?;
        }
    }
    writer.finish()?;
    truth.finish();
    Ok(truth)
}

/// One stay: the lane is the slot.
#[derive(Clone, Copy)]
struct Stay {
    lane: usize,
    /// From when, and until when there is room, both from the beginning of the week.
    from: u64,
    room: u64,
    held: u64,
}

struct Maker {
    dice: Dice,
    crowd: Crowd,
    lines: BinaryHeap<Pending>,
    nth: u64,
}

impl Maker {
    fn week(&mut self, week: &Row) {
        let monday: chrono::NaiveDate = week.monday.parse().expect("it is a date");
        let monday = monday.and_time(chrono::NaiveTime::MIN).and_utc().timestamp();
        let stays = self.stays(week);
        let mails = self.spread(week.null_from, stays.len());
        let rcpts = self.spread(week.rcpts, stays.len());
        for ((stay, null_from), rcpts) in stays.iter().zip(mails).zip(rcpts) {
            let source = self.crowd.next();
            self.talk(monday * SECOND, stay, &source, null_from, rcpts);
        }
    }

    /// Who is held when, so that all sums are right.
    fn stays(&mut self, week: &Row) -> Vec<Stay> {
        let longest = week.longest * 3_600 + self.dice.between(60, 1_500);
        // The longest has the first lane from Monday morning on, or as late as it can be.
        let alone = self.dice.between(DAY / 3, (WEEK - longest - 1).min(2 * DAY));
        let mut taken = vec![std::collections::BTreeSet::new(); LANES];
        for (lane, starts) in taken.iter_mut().enumerate() {
            starts.insert(lane as u64 / 3);
        }
        taken[0].insert(alone);
        let mut days = shares(week.hits, &WEEKDAYS);
        days[0] -= LANES as u64;
        days[usize::try_from(alone / DAY).unwrap_or_default()] -= 1;
        for (day, &hits) in (0..).zip(&days) {
            let mut left = hits;
            while left > 0 {
                let lane = self.dice.below(LANES);
                let from = day * DAY + self.afternoon();
                // Each has two seconds at least, one of them to change places.
                let free = !taken[lane].range(from - 2.min(from)..=from + 2).any(|_| true);
                let alone = lane == 0 && (alone..alone + longest + 2).contains(&from);
                if free && !alone {
                    taken[lane].insert(from);
                    left -= 1;
                }
            }
        }
        let mut stays = Vec::new();
        for (lane, starts) in taken.iter().enumerate() {
            let ends = starts.iter().skip(1).copied().chain([WEEK]);
            for (&from, next) in starts.iter().zip(ends) {
                stays.push(Stay { lane, from, room: next - from - 1, held: 0 });
            }
        }
        let is_longest = |stay: &Stay| stay.lane == 0 && stay.from == alone;
        let room: u64 = stays.iter().filter(|stay| !is_longest(stay)).map(|stay| stay.room).sum();
        let wanted = week.seconds - longest;
        let part = wanted as f64 / room as f64;
        assert!(part <= 1.0, "{}: there is not so much room", week.monday);
        for stay in &mut stays {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "rounded down")]
            let share = (stay.room as f64 * part) as u64;
            stay.held = if is_longest(stay) { longest } else { share };
        }
        let mut left = week.seconds - stays.iter().map(|stay| stay.held).sum::<u64>();
        while left > 0 {
            for stay in stays.iter_mut().filter(|stay| !is_longest(stay)) {
                let more = u64::from(left > 0 && stay.held < stay.room);
                stay.held += more;
                left -= more;
            }
        }
        assert!(stays.iter().filter(|stay| stay.held >= longest).count() == 1, "{}", week.monday);
        stays.sort_by_key(|stay| stay.from);
        stays
    }

    /// A second of a day, more often in the afternoon.
    fn afternoon(&mut self) -> u64 {
        loop {
            let second = self.dice.between(0, DAY - 1);
            let hour = second as f64 / 3_600.0;
            if self.dice.chance(0.6 + 0.4 * ((hour - 15.0) / 24.0 * std::f64::consts::TAU).cos()) {
                return second;
            }
        }
    }

    /// So many, each to somebody.
    fn spread(&mut self, count: u64, among: usize) -> Vec<u64> {
        let mut out = vec![0; among];
        for _ in 0..count {
            out[self.dice.below(among)] += 1;
        }
        out
    }

    fn talk(&mut self, monday: i64, stay: &Stay, source: &Source, null_from: u64, rcpts: u64) {
        let from = monday + i64::try_from(stay.from).unwrap_or_default() * SECOND;
        let pid = u32::try_from(1_000 + self.nth % 31_000).unwrap_or_default();
        let id = talk::id(from, pid);
        let lane = u32::try_from(stay.lane + 1).unwrap_or_default();
        let (_, verb, name, evidence) = talk::BOTS[source.bot];
        let mut note = |after: u64, what: What| {
            self.nth += 1;
            let at = from + i64::try_from(after).unwrap_or_default() * SECOND;
            let what = Event { id: id.as_str().into(), peer: Some(source.ip), what };
            self.lines.push(Pending { at, nth: self.nth, place: 0, pid, what: Box::new(what) });
        };
        note(
            0,
            What::Connect {
                port: Some(4_000),
                local: None,
                lport: Some(25),
                slot: lane,
                busy: lane,
                profile: "day".into(),
                persona: "sendmail".into(),
            },
        );
        note(0, What::Helo { verb: verb.into(), name: name.into() });
        // Who has somebody to write to and no empty sender has one that is not empty.
        let mails = null_from.max(u64::from(rcpts > 0));
        for nth in 0..mails {
            let from = if nth < null_from { "" } else { "sales@example.net" };
            note(stay.held.min(1), What::Mail { from: from.into(), verdict: Verdict::Accept });
        }
        for _ in 0..rcpts {
            note(
                stay.held.min(1),
                What::Rcpt { to: "anna@example.org".into(), verdict: Verdict::Accept, receipt: None },
            );
        }
        let stage = if rcpts > 0 {
            "rcpt"
        } else if mails > 0 {
            "mail"
        } else {
            "helo"
        };
        let held = |seconds: u64| Seconds::new(Duration::from_secs(seconds));
        for at in (600..stay.held).step_by(600) {
            let what = What::Still {
                held: held(at),
                stage: stage.into(),
                profile: "day".into(),
                made: None,
                bytes_out: Some(at / 12),
            };
            note(at, what);
        }
        note(
            stay.held,
            Ended {
                held: held(stay.held),
                bytes_in: 20 * (2 + mails + rcpts),
                bytes_out: 120 + stay.held / 12,
                stage: stage.into(),
                reason: Reason::Hangup,
                kind: Kind::Program,
                evidence: evidence.into(),
                gaveup: Some(held(stay.held.min([10, 30, 60, 120, 300, 600][source.bot]))),
                waited: None,
                unlogged: None,
                profile: "day".into(),
                totals: Totals {
                    commands: 1 + mails + rcpts,
                    mails: Some(mails),
                    null_from: Some(null_from),
                    rcpts: Some(rcpts),
                    ..Totals::default()
                },
            }
            .into(),
        );
    }
}

/// Shares a number out by per cent, the largest rest first.
fn shares(number: u64, percents: &[u64; 7]) -> [u64; 7] {
    let mut out = percents.map(|percent| number * percent / 100);
    let mut order: Vec<usize> = (0..7).collect();
    order.sort_by_key(|&day| std::cmp::Reverse(number * percents[day] % 100));
    let left = number - out.iter().sum::<u64>();
    for &day in order.iter().take(usize::try_from(left).unwrap_or_default()) {
        out[day] += 1;
    }
    out
}
