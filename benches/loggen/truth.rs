//! What is true of a log: counted from what was made and never from what was written.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::IpAddr;

use sundew::event::{Event, What};

use super::{DAY, SECOND, WEEK, network};

/// The totals of a log, by program.
#[derive(Debug, Default)]
pub struct Truth {
    pub events: u64,
    /// Lines of other programs.
    pub foreign: u64,
    pub programs: BTreeMap<&'static str, Facts>,
    /// Visits that were shown addresses: by the name of the visit.
    pub shown: BTreeMap<String, Visit>,
    /// Addresses that came back, as in the log: `s3.mailto.0a3f1.2`.
    pub receipts: BTreeMap<String, Back>,
    open: HashMap<String, Open>,
    spans: BTreeMap<&'static str, Vec<(i64, i64)>>,
}

/// What is true of one program on all machines.
#[derive(Debug, Default)]
pub struct Facts {
    /// By the first moment of the week, Monday in UTC, in seconds since 1970.
    pub weeks: BTreeMap<i64, Week>,
    pub hits: u64,
    pub ended: u64,
    /// Connections without an `end`.
    pub killed: u64,
    /// Hits, Monday first.
    pub weekdays: [u64; 7],
    pub hours: [u64; 24],
    pub sources: BTreeMap<IpAddr, Seen>,
    /// The most processes that held somebody at the same time, on all machines together.
    pub most: usize,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Week {
    /// What of all holds lies in it.
    pub held_ms: u64,
    /// Of the holds that end in it.
    pub longest_ms: u64,
    pub hits: u64,
    pub refused: u64,
    pub mails: u64,
    pub null_from: u64,
    pub rcpts: u64,
    pub logins: u64,
    pub pages: u64,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Seen {
    pub hits: u64,
    pub mails: u64,
    pub held_ms: u64,
}

#[derive(Debug, Clone)]
pub struct Visit {
    /// Microseconds since 1970.
    pub at: i64,
    pub to: IpAddr,
}

#[derive(Debug, Default)]
pub struct Back {
    pub mails: u64,
    pub first: i64,
    pub networks: BTreeSet<IpAddr>,
    /// From when it was shown to the first mail, in microseconds.
    pub delay: Option<i64>,
}

#[derive(Debug)]
struct Open {
    program: &'static str,
    ip: IpAddr,
    began: i64,
    /// The last moment the peer is known to have been there.
    known: i64,
}

impl Truth {
    /// Notes an event that is written.
    pub(super) fn event(&mut self, at: i64, program: &'static str, event: &Event) {
        self.events += 1;
        let ip = event.peer.expect("every peer of the generator has an address");
        let facts = self.programs.entry(program).or_default();
        let week = facts.weeks.entry(week_of(at)).or_default();
        let seen = facts.sources.entry(ip).or_default();
        let id = event.id.as_str();
        match &event.what {
            What::Connect { .. } => {
                week.hits += 1;
                seen.hits += 1;
                facts.hits += 1;
                facts.weekdays[index((at.div_euclid(DAY) + 3).rem_euclid(7))] += 1;
                facts.hours[index(at.rem_euclid(DAY) / (3_600 * SECOND))] += 1;
                self.open.insert(id.to_owned(), Open { program, ip, began: at, known: at });
            }
            What::Refuse { .. } => week.refused += 1,
            What::Mail { from, .. } => {
                week.mails += 1;
                seen.mails += 1;
                week.null_from += u64::from(from.as_str().is_empty());
            }
            What::Rcpt { receipt, .. } => {
                week.rcpts += 1;
                if let Some(receipt) = receipt {
                    self.came_back(at, ip, receipt.as_str());
                }
            }
            What::Login { visit, .. } => {
                week.logins += 1;
                self.was_shown(at, ip, visit.as_ref().map(|visit| visit.as_str()));
            }
            What::Page { visit, .. } => {
                week.pages += 1;
                self.was_shown(at, ip, visit.as_ref().map(|visit| visit.as_str()));
            }
            _ => {}
        }
        match &event.what {
            What::End { held, .. } => {
                if let Some(open) = self.open.remove(id) {
                    let held = i64::try_from(held.duration().as_micros()).expect("no age of the world");
                    self.held(&open, open.began + held, Some(at));
                }
            }
            What::Still { held, .. } => {
                let held = i64::try_from(held.duration().as_micros()).expect("no age of the world");
                if let Some(open) = self.open.get_mut(id) {
                    open.known = open.known.max(open.began + held);
                }
            }
            _ => {
                if let Some(open) = self.open.get_mut(id) {
                    open.known = at;
                }
            }
        }
    }

    /// Closes what never ended.
    pub(super) fn finish(&mut self) {
        for open in std::mem::take(&mut self.open).into_values() {
            self.held(&open, open.known, None);
        }
        for (program, mut spans) in std::mem::take(&mut self.spans) {
            // At the same moment one who leaves comes before one who comes.
            let mut edges: Vec<(i64, i64)> =
                spans.drain(..).flat_map(|(from, to)| [(from, 1), (to, -1)]).collect();
            edges.sort_unstable();
            let (mut now, mut most) = (0, 0);
            for (_, change) in edges {
                now += change;
                most = most.max(now);
            }
            self.programs.entry(program).or_default().most = usize::try_from(most).unwrap_or_default();
        }
    }

    /// Counts what a process held until it was left, and the process until its `end`.
    fn held(&mut self, open: &Open, until: i64, end: Option<i64>) {
        let facts = self.programs.entry(open.program).or_default();
        let ms = |micros: i64| u64::try_from(micros.max(0) / 1_000).unwrap_or_default();
        let mut from = open.began;
        while from < until {
            let week = week_of(from);
            let next = ((week * SECOND) + WEEK).min(until);
            facts.weeks.entry(week).or_default().held_ms += ms(next - from);
            from = next;
        }
        let last = facts.weeks.entry(week_of(until)).or_default();
        last.longest_ms = last.longest_ms.max(ms(until - open.began));
        facts.sources.entry(open.ip).or_default().held_ms += ms(until - open.began);
        match end {
            Some(_) => facts.ended += 1,
            None => facts.killed += 1,
        }
        self.spans.entry(open.program).or_default().push((open.began, end.unwrap_or(until)));
    }

    fn was_shown(&mut self, at: i64, to: IpAddr, visit: Option<&str>) {
        if let Some(visit) = visit {
            self.shown.entry(visit.to_owned()).or_insert(Visit { at, to });
        }
    }

    fn came_back(&mut self, at: i64, from: IpAddr, receipt: &str) {
        let shown = receipt.split('.').nth(2).and_then(|visit| self.shown.get(visit)).map(|visit| visit.at);
        let everybodys = receipt.contains(".cast.");
        let back = self.receipts.entry(receipt.to_owned()).or_insert_with(|| Back {
            first: at,
            delay: shown.filter(|_| !everybodys).map(|shown| at - shown),
            ..Back::default()
        });
        back.mails += 1;
        back.networks.insert(network(from));
    }

    /// The sum of all weeks of a program.
    pub fn total(&self, program: &str) -> Week {
        let weeks = self.programs.get(program).into_iter().flat_map(|facts| facts.weeks.values());
        weeks.fold(Week::default(), |sum, week| Week {
            held_ms: sum.held_ms + week.held_ms,
            longest_ms: sum.longest_ms.max(week.longest_ms),
            hits: sum.hits + week.hits,
            refused: sum.refused + week.refused,
            mails: sum.mails + week.mails,
            null_from: sum.null_from + week.null_from,
            rcpts: sum.rcpts + week.rcpts,
            logins: sum.logins + week.logins,
            pages: sum.pages + week.pages,
        })
    }
}

/// For people who look at a log that was made.
impl std::fmt::Display for Truth {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "{} events, {} lines of other programs", self.events, self.foreign)?;
        for (program, facts) in &self.programs {
            writeln!(
                f,
                "{program}: {} sources, at most {} at once, {} killed",
                facts.sources.len(),
                facts.most,
                facts.killed
            )?;
            for (start, week) in &facts.weeks {
                let day = chrono::DateTime::from_timestamp(*start, 0).unwrap_or_default().format("%Y-%m-%d");
                writeln!(
                    f,
                    "{day} {:>12} s longest {:>8} s {:>7} hits {:>6} refused {:>7} mails {:>6} null {:>7} rcpts",
                    week.held_ms / 1_000,
                    week.longest_ms / 1_000,
                    week.hits,
                    week.refused,
                    week.mails,
                    week.null_from,
                    week.rcpts,
                )?;
            }
        }
        writeln!(f, "{} visits shown, {} addresses came back", self.shown.len(), self.receipts.len())
    }
}

/// The first second of the Monday before.
pub fn week_of(at: i64) -> i64 {
    // 5 January 1970 was a Monday.
    let monday = 4 * DAY;
    (at - (at - monday).rem_euclid(WEEK)).div_euclid(SECOND)
}

fn index(number: i64) -> usize {
    usize::try_from(number).unwrap_or_default()
}
