//! Makes logs as the programs would have written them, and says what is true about them.
//!
//! For the benchmark and the tests of the report, which compare what it says with the [`Truth`] and not
//! with itself. The same [`Plan`] makes the same log, byte for byte. It is as real as the report can tell:
//! a rhythm of week and day, sources of which most come once and some come thousands of times, holds from
//! seconds to weeks, processes that are killed and leave only their `still` lines, polite refusals when all
//! slots are taken, addresses that come back as mail long after they were shown, several machines, and the
//! lines of other programs between ours. Lines come in the order of time, and only what is open is kept in
//! memory.
//!
//! - [`dice`]: how chance is distributed; [`crowd`]: who comes; [`talk`]: what one of them does;
//! - [`form`]: how syslog, journal and multilog write a line; [`truth`]: the totals;
//! - [`grosse`]: a log with the totals of the six weeks that Paul Grosse published in 2005.

// Not everyone who includes it uses everything.
#![allow(dead_code)]

pub mod crowd;
pub mod dice;
pub mod form;
pub mod grosse;
pub mod talk;
pub mod truth;

use std::collections::BinaryHeap;
use std::io::{self, Write};
use std::net::IpAddr;

use chrono::{DateTime, Utc};
use sundew::event::{Event, What, Why};

use crowd::{Crowd, Source};
use dice::Dice;
use form::{Form, Line, Writer};
use talk::{Harvest, Talk};
use truth::Truth;

pub const SECOND: i64 = 1_000_000;
pub const DAY: i64 = 86_400 * SECOND;
pub const WEEK: i64 = 7 * DAY;

/// The three programs that hold somebody.
pub const PROGRAMS: [&str; 3] = ["smtarpit", "tarpop", "sundew"];

/// What to make.
#[derive(Debug, Clone)]
pub struct Plan {
    pub seed: u64,
    pub start: DateTime<Utc>,
    /// How long somebody comes; what is open then is still written to its end.
    pub weeks: f64,
    pub machines: usize,
    /// Who comes to one machine's smtarpit in a week; to tarpop comes a fifth of that, to sundew a quarter.
    pub visitors: u32,
    pub slots: u32,
    pub total: u32,
    /// The part of all conversations that has no `end`.
    pub killed: f64,
    /// How many lines of other programs come for each of ours.
    pub foreign: f64,
    /// All times are whole seconds, so that forms without fractions lose nothing.
    pub whole_seconds: bool,
    /// Nobody new comes after so many events.
    pub events: u64,
}

impl Plan {
    /// A small log that has something of everything.
    pub fn new(seed: u64) -> Self {
        let start = "2026-10-05T00:00:00Z".parse().expect("it is a time");
        Plan {
            seed,
            start,
            weeks: 6.0,
            machines: 2,
            visitors: 8_000,
            slots: 35,
            total: 40,
            killed: 0.005,
            foreign: 0.05,
            whole_seconds: false,
            events: u64::MAX,
        }
    }

    /// Writes the log in one form.
    pub fn write(&self, form: Form, out: impl Write) -> io::Result<Truth> {
        let mut writer = Writer::new(form, out);
        let truth = self.make(&mut |line| writer.line(line))?;
        writer.finish()?;
        Ok(truth)
    }

    /// Makes the log and hands on one line after the other.
    pub fn make(&self, each: &mut dyn FnMut(&Line) -> io::Result<()>) -> io::Result<Truth> {
        Maker::new(self).run(each)
    }
}

/// A line that is to be written at its time.
struct Pending {
    at: i64,
    /// Keeps lines of the same moment in the order in which they were made.
    nth: u64,
    place: usize,
    pid: u32,
    what: Box<Event>,
}

impl PartialEq for Pending {
    fn eq(&self, other: &Self) -> bool {
        (self.at, self.nth) == (other.at, other.nth)
    }
}

impl Eq for Pending {}

impl PartialOrd for Pending {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Pending {
    /// The earliest is the greatest, because the heap hands out the greatest.
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (other.at, other.nth).cmp(&(self.at, self.nth))
    }
}

/// One program on one machine.
struct Place {
    host: String,
    program: usize,
    /// When each of those in a slot leaves, and each of those that are refused.
    tarpitted: Vec<i64>,
    refused: Vec<i64>,
    next: i64,
}

struct Maker<'p> {
    plan: &'p Plan,
    dice: Dice,
    crowd: [Crowd; 3],
    harvest: Harvest,
    places: Vec<Place>,
    pending: BinaryHeap<Pending>,
    nth: u64,
    pid: u32,
    truth: Truth,
    text: String,
}

impl<'p> Maker<'p> {
    fn new(plan: &'p Plan) -> Self {
        let mut dice = Dice::new(plan.seed);
        let start = plan.start.timestamp_micros();
        let mut places = Vec::new();
        for machine in 0..plan.machines {
            for program in 0..PROGRAMS.len() {
                let host = format!("{}{}", ["mx", "mail", "pit", "trap"][machine % 4], machine + 1);
                places.push(Place { host, program, tarpitted: Vec::new(), refused: Vec::new(), next: start });
            }
        }
        let crowd = [0, 1, 2].map(|_| Crowd::new(dice.fork()));
        let harvest = Harvest::new(dice.fork());
        let mut maker = Maker {
            plan,
            dice,
            crowd,
            harvest,
            places,
            pending: BinaryHeap::new(),
            nth: 0,
            pid: 1_000,
            truth: Truth::default(),
            text: String::new(),
        };
        for place in 0..maker.places.len() {
            maker.places[place].next = maker.arrival(place, start);
        }
        maker
    }

    fn run(mut self, each: &mut dyn FnMut(&Line) -> io::Result<()>) -> io::Result<Truth> {
        #[expect(clippy::cast_possible_truncation, reason = "weeks are few")]
        let last = self.plan.start.timestamp_micros() + (self.plan.weeks * WEEK as f64) as i64;
        while let Some(place) = (0..self.places.len()).min_by_key(|&place| self.places[place].next) {
            let at = self.places[place].next;
            if at >= last || self.truth.events >= self.plan.events {
                break;
            }
            while self.pending.peek().is_some_and(|first| first.at <= at) {
                self.emit(each)?;
            }
            self.visit(place, at);
            self.places[place].next = self.arrival(place, at);
        }
        while !self.pending.is_empty() {
            self.emit(each)?;
        }
        self.truth.finish();
        Ok(self.truth)
    }

    /// When the next one comes to a place: a Poisson process whose rate follows week and day.
    fn arrival(&mut self, place: usize, from: i64) -> i64 {
        let program = self.places[place].program;
        let each = f64::from(self.plan.visitors) * [1.0, 0.2, 0.25][program];
        let mut at = from;
        loop {
            at += self.dice.micros(self.dice_mean(each));
            if self.dice.chance(rhythm(at) / BUSIEST) {
                return if self.plan.whole_seconds { at - at.rem_euclid(SECOND) + SECOND } else { at };
            }
        }
    }

    /// The mean distance of candidates at the busiest time, in seconds.
    fn dice_mean(&self, each_week: f64) -> f64 {
        604_800.0 / (each_week * BUSIEST)
    }

    fn visit(&mut self, place: usize, at: i64) {
        let program = self.places[place].program;
        self.pid = if self.pid >= 4_000_000 { 1_000 } else { self.pid + 1 };
        let pid = self.pid;
        let source = self.crowd[program].next();
        let id = talk::id(at, pid);
        let there = &mut self.places[place];
        there.tarpitted.retain(|&leaves| leaves > at);
        there.refused.retain(|&leaves| leaves > at);
        let held = u32::try_from(there.tarpitted.len()).unwrap_or(u32::MAX);
        let busy = held + u32::try_from(there.refused.len()).unwrap_or(u32::MAX);
        if held >= self.plan.slots {
            let full = busy >= self.plan.total;
            let why = if full { Why::Total } else { Why::Slots };
            if !full {
                there.refused.push(at + SECOND / 2);
            }
            let what = What::Refuse { why, busy: if full { busy } else { busy + 1 } };
            self.push(place, pid, at, Event { id: id.as_str().into(), peer: Some(source.ip), what });
            return;
        }
        let mut talk = Talk::new(&mut self.dice, &source, at, self.plan.whole_seconds);
        match program {
            0 => talk.smtp(held + 1, &mut self.harvest),
            1 => talk.pop3(held + 1, &mut self.harvest),
            _ => talk.web(held + 1, &mut self.harvest),
        }
        if talk.dice.chance(self.plan.killed) {
            talk.kill();
        }
        let (lines, leaves) = talk.done();
        self.places[place].tarpitted.push(leaves);
        self.script(place, pid, &id, &source, lines);
    }

    fn script(&mut self, place: usize, pid: u32, id: &str, source: &Source, lines: Vec<(i64, What)>) {
        for (at, what) in lines {
            self.push(place, pid, at, Event { id: id.into(), peer: Some(source.ip), what });
        }
    }

    fn push(&mut self, place: usize, pid: u32, at: i64, what: Event) {
        self.nth += 1;
        self.pending.push(Pending { at, nth: self.nth, place, pid, what: Box::new(what) });
    }

    fn emit(&mut self, each: &mut dyn FnMut(&Line) -> io::Result<()>) -> io::Result<()> {
        let Some(next) = self.pending.pop() else { return Ok(()) };
        let place = &self.places[next.place];
        self.truth.event(next.at, PROGRAMS[place.program], &next.what);
        self.text.clear();
        std::fmt::Write::write_fmt(&mut self.text, format_args!("{}", next.what))
            .map_err(io::Error::other)?;
        let program = PROGRAMS[place.program];
        each(&Line { at: next.at, host: &place.host, program, pid: next.pid, text: &self.text })?;
        if self.dice.chance(self.plan.foreign) {
            self.truth.foreign += 1;
            let (program, text) = talk::foreign(&mut self.dice, next.nth);
            each(&Line { at: next.at, host: &place.host, program, pid: next.pid, text: &text })?;
        }
        Ok(())
    }
}

/// The most that [`rhythm`] can be.
const BUSIEST: f64 = 2.6;

/// How busy a time is, one on average: more on Friday and Saturday, more in the afternoon (UTC).
fn rhythm(at: i64) -> f64 {
    const DAYS: [f64; 7] = [0.70, 0.84, 0.84, 1.05, 1.40, 1.33, 0.84];
    let days = at.div_euclid(DAY);
    // 1 January 1970 was a Thursday.
    let weekday = usize::try_from((days + 3).rem_euclid(7)).unwrap_or_default();
    let hour = at.rem_euclid(DAY) as f64 / (3_600.0 * SECOND as f64);
    let day = 1.0 + 0.6 * ((hour - 15.0) / 24.0 * std::f64::consts::TAU).cos();
    DAYS[weekday] * day
}

/// Which /24 or /48 an address is in.
pub fn network(ip: IpAddr) -> IpAddr {
    match ip {
        IpAddr::V4(ip) => IpAddr::from([ip.octets()[0], ip.octets()[1], ip.octets()[2], 0]),
        IpAddr::V6(ip) => {
            let [a, b, c, ..] = ip.segments();
            IpAddr::from([a, b, c, 0, 0, 0, 0, 0])
        }
    }
}
