//! What the report knows in the end: everything that any of its forms shows.
//!
//! Moments are in the report's time zone. Sums over a span of time have the seconds of a connection in
//! the spans in which they passed; it is a hit in the span in which it began, and its whole length
//! belongs to the distribution, and to the longest, of the span in which it ended. With `--mask` no
//! address in here has a host part any more.

use super::{Net, holds::Holds};
use crate::event::{Kind, Plain, Reason, Tool, Why};
use crate::receipt::Style;
use chrono::{DateTime, FixedOffset, Weekday};
use std::collections::BTreeMap;

/// A moment in the report's time zone.
pub type Moment = DateTime<FixedOffset>;

/// The whole report.
#[derive(Debug, Clone, PartialEq)]
pub struct Summary {
    /// When the report was made.
    pub made: Moment,
    /// From when to when it reports: what was asked for, else from the first event to the last. `None`
    /// if nothing was asked for and there is no event.
    pub period: Option<(Moment, Moment)>,
    /// From the first event to the last, whatever was asked for.
    pub log: Option<(Moment, Moment)>,
    pub settings: Settings,
    pub input: Input,
    pub far_off: Option<FarOff>,
    /// The services that the log has, in the order of [`Service::ALL`].
    pub services: Vec<ServiceFacts>,
    pub mails: MailsPerAddress,
    /// Every source of the period, the longest held first.
    pub sources: Vec<Source>,
    /// The same by /24 and /48.
    pub networks: Vec<Source>,
    pub harvest: Harvest,
    /// What went wrong on our side: the last texts, the newest first, with how often each came.
    pub errors: Vec<Trouble>,
}

/// What was asked for and decides what is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    pub by: By,
    pub week_start: Weekday,
    /// The name of the time zone: `UTC`, `+02:00` or `Europe/Berlin`.
    pub zone: String,
    /// How many connections are held at once, for the share of what is possible.
    pub slots: u32,
    /// How many processes there are at all.
    pub total: u32,
    /// How many rows a list of the most has.
    pub top: usize,
    pub masked: bool,
}

/// What the main table goes by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum By {
    Week,
    Day,
    Month,
}

/// What was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Input {
    pub files: u64,
    pub bytes: u64,
    pub lines: u64,
    /// Lines of ours that were counted.
    pub events: u64,
    /// Lines of other programs.
    pub foreign: u64,
    /// Lines of ours that could not be read.
    pub unparsed: u64,
    /// Lines that were there before.
    pub duplicates: u64,
    /// Lines of ours without a stamp, which count at the time that the name of their connection has in it.
    pub undated: u64,
    /// Lines of ours without a stamp whose name has none; these are among those that could not be read.
    pub undatable: u64,
}

/// Lines that are set aside, since they are more than a year from all others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FarOff {
    pub lines: u64,
    /// The earliest of them: when, and whose it is.
    pub at: Moment,
    pub service: Service,
    pub peer: Option<Net>,
}

/// The programs whose lines are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Service {
    Smtarpit,
    Tarpop,
    Sundew,
}

impl Service {
    pub const ALL: [Service; 3] = [Service::Smtarpit, Service::Tarpop, Service::Sundew];

    /// The program's name, as in the log.
    pub fn as_str(self) -> &'static str {
        match self {
            Service::Smtarpit => "smtarpit",
            Service::Tarpop => "tarpop",
            Service::Sundew => "sundew",
        }
    }

    /// The program's name, as in a heading.
    pub fn title(self) -> &'static str {
        match self {
            Service::Smtarpit => "SMTarPit",
            Service::Tarpop => "TarPop",
            Service::Sundew => "Sundew",
        }
    }

    /// Its place in [`Service::ALL`].
    pub fn index(self) -> usize {
        self as usize
    }
}

impl std::fmt::Display for Service {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.as_str())
    }
}

/// What there is to say of one program.
#[derive(Debug, Clone, PartialEq)]
pub struct ServiceFacts {
    pub service: Service,
    /// The whole period.
    pub total: Tally,
    /// Without gaps, the oldest first; the first and the last may be cut by the period.
    pub weeks: Vec<Span>,
    pub days: Vec<Span>,
    pub months: Vec<Span>,
    /// The span of [`Settings::by`] before the first, if the log has it: to compare with.
    pub before: Option<Span>,
    /// Hits by day of week, Monday first, and hour of day.
    pub hours: [[u64; 24]; 7],
    pub processes: Processes,
    /// Where conversations end, and why: the most frequent first.
    pub stages: Vec<Share<Plain>>,
    pub reasons: Vec<Share<Reason>>,
    pub refusals: Vec<(Why, u64)>,
    /// Man or machine.
    pub kinds: Vec<Share<Kind>>,
    pub tools: Vec<Share<Tool>>,
    pub profiles: Vec<ProfileFacts>,
    /// How long, in whole seconds, our last pause had lasted when peers left, and how many left then.
    pub gaveup: BTreeMap<u32, u64>,
    /// The names that were tried most, up to a number.
    pub users: Vec<(Plain, u64)>,
    /// Connections that were open when the log ended, and those whose process was killed: what is
    /// known of them is counted as held.
    pub open: u64,
    pub killed: u64,
}

/// Sums over a span of time.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tally {
    /// Connections that got a slot and began in this span.
    pub hits: u64,
    pub refused: u64,
    /// Milliseconds of this span for which connections were held.
    pub held_ms: u64,
    /// The longest hold that ended in this span, in milliseconds.
    pub longest_ms: u64,
    /// The holds that ended in this span.
    pub holds: Holds,
    pub bytes_in: u64,
    pub bytes_out: u64,
    /// How many bytes the answers have in full, where that was known.
    pub made: u64,
    pub commands: u64,
    pub mails: u64,
    pub null_from: u64,
    pub rcpts: u64,
    pub auths: u64,
    pub messages: u64,
    pub logins: u64,
    pub retrs: u64,
    pub pages: u64,
    /// Addresses on the pages that were shown.
    pub addresses: u64,
}

/// A week, a day or a month.
#[derive(Debug, Clone, PartialEq)]
pub struct Span {
    /// Its first moment, and the one after its last; cut by the period that was asked for.
    pub start: Moment,
    pub end: Moment,
    /// Its first day, or the month: `2026-11-23`, `2026-11`.
    pub name: String,
    pub tally: Tally,
}

impl Span {
    /// How many seconds could have been held in it.
    pub fn possible(&self, slots: u32) -> u64 {
        u64::try_from((self.end - self.start).num_seconds()).unwrap_or(0) * u64::from(slots)
    }

    /// The share of that which was held, from 0 to 1; `None` without slots.
    pub fn share(&self, slots: u32) -> Option<f64> {
        let possible = self.possible(slots);
        (possible > 0).then(|| self.tally.held_ms as f64 / 1000.0 / possible as f64)
    }
}

/// How many processes there were, over time.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Processes {
    /// How long each point stands for, in seconds.
    pub step: u32,
    /// Without gaps.
    pub points: Vec<Point>,
    /// The most that were held at once, and when first.
    pub most: u32,
    pub most_at: Option<Moment>,
}

/// The processes from one moment to the next point.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    pub at: Moment,
    /// The most and the least that were held at once, and the mean.
    pub most: u32,
    pub least: u32,
    pub mean: f64,
    /// The most processes at once, with those that turn callers away; as large as `most` at least.
    pub busy: u32,
    /// How many were refused.
    pub refused: u64,
}

/// Something counted, with the connections and the time that belong to it.
#[derive(Debug, Clone, PartialEq)]
pub struct Share<T> {
    pub what: T,
    pub connections: u64,
    pub held_ms: u64,
}

/// How a pacing profile holds.
#[derive(Debug, Clone, PartialEq)]
pub struct ProfileFacts {
    pub name: Plain,
    pub connections: u64,
    pub held_ms: u64,
    pub longest_ms: u64,
    pub holds: Holds,
    /// Connections and their milliseconds by the hour of the day in which they began.
    pub hours: [(u64, u64); 24],
}

/// How many mails each address sent: MAIL commands of SMTP.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct MailsPerAddress {
    pub mails: u64,
    /// Addresses that sent any.
    pub addresses: u64,
    /// Addresses that sent one.
    pub ones: u64,
    /// The largest number from one address.
    pub largest: u64,
    /// Number of mails, and how many addresses sent so many.
    pub spread: BTreeMap<u64, u64>,
}

/// An address, or a network, and what it did in the period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Source {
    pub net: Net,
    /// How many addresses it is.
    pub addresses: u64,
    pub first: Moment,
    pub last: Moment,
    /// Hits at each service, in the order of [`Service::ALL`].
    pub hits: [u64; 3],
    pub refused: u64,
    pub held_ms: u64,
    pub longest_ms: u64,
    pub mails: u64,
    /// Mails without a sender, MAIL FROM:<>.
    pub null_from: u64,
    pub auths: u64,
    pub rcpts: u64,
    pub logins: u64,
    pub pages: u64,
}

impl Source {
    /// Hits at all services.
    pub fn all_hits(&self) -> u64 {
        self.hits.iter().sum()
    }

    /// How many services it came to.
    pub fn services(&self) -> usize {
        self.hits.iter().filter(|hits| **hits > 0).count()
    }
}

/// From the harvest to the spam: what was shown, and what came back.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Harvest {
    /// Pages and mailboxes that showed addresses to a visitor.
    pub visits: u64,
    /// Addresses that came back in RCPT in the period, the newest first mail first.
    pub receipts: Vec<ReceiptFacts>,
    /// The delays of all of these that are known, in whole seconds.
    pub delays: Holds,
    /// The networks whose addresses came back, the most mails first.
    pub harvesters: Vec<Harvester>,
    /// The oldest first.
    pub seasons: Vec<Season>,
    /// What was used of each way to show an address: receipts and mails.
    pub styles: Vec<(Style, u64, u64)>,
}

/// An address that was issued and used.
#[derive(Debug, Clone, PartialEq)]
pub struct ReceiptFacts {
    /// As in the log: `s3.mailto.0a3f1.2`.
    pub receipt: String,
    pub season: u8,
    pub style: Style,
    /// When it was first shown and to whom; unknown if the log does not go back so far, and for
    /// addresses that everybody is shown.
    pub shown: Option<Shown>,
    pub first_mail: Moment,
    pub last_mail: Moment,
    /// From the first showing to the first mail, in seconds.
    pub delay: Option<u64>,
    /// RCPT commands with it.
    pub mails: u64,
    /// Networks that sent them.
    pub networks: u64,
}

/// A showing of addresses.
#[derive(Debug, Clone, PartialEq)]
pub struct Shown {
    pub at: Moment,
    pub to: Net,
    /// Where: Sundew's page, or TarPop's mailbox.
    pub service: Service,
    /// The path, or the user name.
    pub place: Plain,
    pub agent: Plain,
}

/// A network that was shown addresses which came back.
#[derive(Debug, Clone, PartialEq)]
pub struct Harvester {
    pub net: Net,
    pub agent: Plain,
    pub first: Moment,
    pub last: Moment,
    /// Pages and mailboxes that it was shown.
    pub visits: u64,
    /// Addresses of its own that came back.
    pub receipts: u64,
    pub mails: u64,
    /// From its first visit to the first mail, in seconds.
    pub delay: Option<u64>,
}

/// A season of addresses.
#[derive(Debug, Clone, PartialEq)]
pub struct Season {
    pub season: u8,
    /// When its addresses were first and last shown.
    pub shown: Option<(Moment, Moment)>,
    pub visits: u64,
    /// Addresses that came back, their mails, and from when to when.
    pub receipts: u64,
    pub mails: u64,
    pub used: Option<(Moment, Moment)>,
    /// Mails in each of the weeks of [`ServiceFacts::weeks`].
    pub weekly: Vec<u64>,
}

/// An error of ours.
#[derive(Debug, Clone, PartialEq)]
pub struct Trouble {
    pub service: Service,
    pub what: Plain,
    pub count: u64,
    pub last: Moment,
}

impl Summary {
    /// What there is of a service.
    pub fn service(&self, service: Service) -> Option<&ServiceFacts> {
        self.services.iter().find(|facts| facts.service == service)
    }

    /// Networks that came to more than one service, the longest held first.
    pub fn at_several(&self) -> impl Iterator<Item = &Source> {
        self.networks.iter().filter(|network| network.services() > 1)
    }
}

impl ServiceFacts {
    /// The spans that the main table has.
    pub fn spans(&self, by: By) -> &[Span] {
        match by {
            By::Week => &self.weeks,
            By::Day => &self.days,
            By::Month => &self.months,
        }
    }

    /// Hits by day of week, Monday first.
    pub fn weekdays(&self) -> [u64; 7] {
        self.hours.map(|hours| hours.iter().sum())
    }

    /// Hits by hour of day.
    pub fn day_hours(&self) -> [u64; 24] {
        std::array::from_fn(|hour| self.hours.iter().map(|day| day[hour]).sum())
    }
}

/// The spans one by one, but those in which nothing was together, if they are three or more in a row.
pub fn folded(spans: &[Span]) -> impl Iterator<Item = &[Span]> {
    let is_empty = |span: &Span| span.tally == Tally::default();
    spans
        .chunk_by(move |a, b| is_empty(a) && is_empty(b))
        .flat_map(|some| some.chunks(if some.len() < 3 { 1 } else { some.len() }))
}

impl Tally {
    /// Adds a span that follows.
    pub fn merge(&mut self, other: &Tally) {
        self.hits += other.hits;
        self.refused += other.refused;
        self.held_ms += other.held_ms;
        self.longest_ms = self.longest_ms.max(other.longest_ms);
        self.holds.merge(&other.holds);
        self.bytes_in = self.bytes_in.saturating_add(other.bytes_in);
        self.bytes_out = self.bytes_out.saturating_add(other.bytes_out);
        self.made = self.made.saturating_add(other.made);
        self.commands = self.commands.saturating_add(other.commands);
        self.mails = self.mails.saturating_add(other.mails);
        self.null_from = self.null_from.saturating_add(other.null_from);
        self.rcpts = self.rcpts.saturating_add(other.rcpts);
        self.auths = self.auths.saturating_add(other.auths);
        self.messages = self.messages.saturating_add(other.messages);
        self.logins = self.logins.saturating_add(other.logins);
        self.retrs = self.retrs.saturating_add(other.retrs);
        self.pages = self.pages.saturating_add(other.pages);
        self.addresses = self.addresses.saturating_add(other.addresses);
    }

    /// Whole seconds held, as the tables have them.
    pub fn seconds(&self) -> u64 {
        rounded(self.held_ms, 1000)
    }

    /// Bytes that we sent for each hour held.
    pub fn bytes_per_hour(&self) -> Option<f64> {
        (self.held_ms > 0).then(|| self.bytes_out as f64 * 3_600_000.0 / self.held_ms as f64)
    }
}

/// A quotient to the nearest whole number.
pub fn rounded(number: u64, by: u64) -> u64 {
    number / by + u64::from(number % by * 2 >= by)
}
