//! From events to a [`Summary`](super::Summary): pure, one event at a time.
//!
//! Time is counted in whole seconds, which is what every kind of log has. A connection is known by its
//! name, its peer and its service, so lines of several machines may be mixed, in any order, and a log may be
//! given twice. What is open remembers a hash of each line, by which it is known when it comes again; of what is
//! closed the name stays, as a hash of 8 bytes, about 14 bytes in the table. What counts each line adds, or is
//! the least or the most of something, so that no order gives another report.

mod aside;
mod build;
mod closing;
mod connection;
mod crossing;
mod days;
mod harvest;
mod processes;
mod service;
mod source;
mod table;

use hashbrown::{DefaultHashBuilder, HashSet};
use std::collections::VecDeque;
use std::hash::{BuildHasher, BuildHasherDefault, Hasher};
use std::net::IpAddr;

use super::heard::{Details, Said};
use super::relay::Told;
use super::summary::{Input, Service, Settings, Tally};
use super::whose::Whose;
use super::zone::{self, Zone};
use crate::event::{Plain, Why};
use aside::Aside;
use connection::{Connection, Ended, Open};
use days::Days;
use harvest::HarvestFold;
use service::ServiceFold;
use source::Sources;

/// From which moment on, and before which, things are counted; in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Period {
    pub from: Option<i64>,
    pub to: Option<i64>,
}

impl Period {
    pub fn contains(&self, at: i64) -> bool {
        self.from.is_none_or(|from| from <= at) && self.to.is_none_or(|to| at < to)
    }

    /// The part of a stretch of time that is in the period.
    pub fn cut(&self, from: i64, to: i64) -> (i64, i64) {
        let from = self.from.map_or(from, |first| from.max(first));
        (from, self.to.map_or(to, |end| to.min(end)).max(from))
    }
}

/// Everything that is counted.
pub struct Fold {
    zone: Zone,
    settings: Settings,
    period: Period,
    hasher: DefaultHashBuilder,
    /// Connections of which more may come, and the names of all. These are many and far away in memory, so
    /// each is looked for once, when the connection is first heard of.
    open: Open,
    /// Those of which nothing is missing, in the order in which that became so; and how many of the others
    /// have ended.
    whole: VecDeque<u64>,
    lacking: usize,
    known: HashSet<u64, BuildHasherDefault<Hashed>>,
    days: Days,
    services: [ServiceFold; 3],
    sources: Sources,
    harvest: HarvestFold,
    troubles: Vec<(Service, Plain, u64, i64)>,
    /// The first and the last moment of all events; what is far from these waits aside.
    seen: Option<(i64, i64)>,
    aside: Aside,
    /// How many events there were, and how many of these more than once.
    events: u64,
    duplicates: u64,
}

/// Whether an event was counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Taken {
    Counted,
    /// It was there before.
    Duplicate,
}

/// The most errors of ours that are kept apart.
const TROUBLES: usize = 64;

impl Fold {
    pub fn new(zone: Zone, settings: Settings, period: Period) -> Self {
        let before = period.from.map(|from| {
            let first = zone::first(zone.day(from), settings.by, settings.week_start);
            let before = zone::first(first - 1, settings.by, settings.week_start);
            zone.start(before)..zone.start(first)
        });
        Fold {
            days: Days::new(period, before),
            zone,
            settings,
            period,
            hasher: DefaultHashBuilder::default(),
            open: Open::default(),
            known: HashSet::default(),
            whole: VecDeque::new(),
            lacking: 0,
            services: Default::default(),
            sources: Sources::default(),
            harvest: HarvestFold::default(),
            troubles: Vec::new(),
            seen: None,
            aside: Aside::default(),
            events: 0,
            duplicates: 0,
        }
    }

    /// Looks at what these events are going to change. The tables are far larger than the processor's caches; now
    /// what is needed of them comes for many events at a time, and not for one after the other.
    pub fn look_ahead(&self, events: &[Told]) {
        let look = |told: &Told| {
            let Whose { name, peer } = told.heard.whose;
            match told.heard.said {
                Said::Connect | Said::Refuse { .. } => self.known.contains(&named(told.service, name)).into(),
                Said::End(_) => peer.map_or(0, |peer| self.sources.look(peer)),
                ref said => self.harvest.look(said),
            }
        };
        std::hint::black_box(events.iter().map(look).fold(0, u64::wrapping_add));
    }

    /// Takes an event, which has left something in the details.
    pub fn take(&mut self, told: &Told, details: &Details) {
        let at = told.micros.div_euclid(1_000_000);
        match self.seen {
            Some((first, last)) if aside::is_near(at, (first, last)) => {
                self.seen = Some((first.min(at), last.max(at)));
                self.count(told, at, details);
            }
            _ => self.put_aside(told, details),
        }
    }

    fn count(&mut self, told: &Told, at: i64, details: &Details) {
        let service = told.service;
        let name = named(service, told.heard.whose.name);
        let taken = match told.heard.said {
            Said::Refuse { why, busy } => self.refused(told, at, name, (why, busy)),
            Said::Error { what } => self.trouble(told, at, harvest::plain(details.bytes(what)), name),
            _ => self.heard(told, at, name, details),
        };
        match taken {
            Taken::Duplicate => self.duplicates += 1,
            Taken::Counted => {
                self.events += 1;
                self.services[service.index()].seen = true;
            }
        }
    }

    fn refused(&mut self, told: &Told, at: i64, name: u64, (why, busy): (Why, u32)) -> Taken {
        if !self.known.insert(name) {
            return Taken::Duplicate;
        }
        self.services[told.service.index()].processes.refuse(at, busy);
        self.tally(at, told.service, |tally| tally.refused += 1);
        if self.period.contains(at) {
            self.services[told.service.index()].refuse(why);
            if let Some(peer) = told.heard.whose.peer {
                self.sources.of(peer, at).refused += 1;
            }
        }
        Taken::Counted
    }

    /// Counts what a connection says.
    fn heard(&mut self, told: &Told, at: i64, name: u64, details: &Details) -> Taken {
        let Told { service, heard, .. } = told;
        let (service, said, within) = (*service, &heard.said, self.period.contains(at));
        let place = match self.open.place(name) {
            Some(place) => place,
            // Whoever is known and not open is counted.
            None if !self.known.insert(name) => return Taken::Duplicate,
            None => self.open.insert(name, Connection::unseen(service, heard.whose.peer, at)),
        };
        let Some(connection) = self.open.at(place) else { return Taken::Duplicate };
        if !connection.hears(told) {
            return Taken::Duplicate;
        }
        let counted = connection.count(said, within);
        if let Said::End(nth) = *said
            && let Some(end) = details.ended(nth)
        {
            let places = self.services[service.index()].places(end, details);
            connection.ended = Some(Ended { at, end: *end, places });
            self.lacking += 1;
        }
        if connection.ended.is_some() {
            self.settle(place, name);
        }
        if let Some(count) = counted {
            self.tally(at, service, |tally| count(tally));
        }
        match said {
            Said::Auth { user } | Said::Login { user, .. } if within => {
                self.services[service.index()].users.add(details.bytes(*user));
            }
            _ => {}
        }
        self.harvest.take(at, heard, details, within, &self.zone);
        Taken::Counted
    }

    /// Counts a hit.
    fn hit(&mut self, at: i64, service: Service) {
        self.tally(at, service, |tally| tally.hits += 1);
        if self.period.contains(at) {
            let weekday = usize::try_from((self.zone.day(at) + THURSDAY).rem_euclid(7)).unwrap_or(0);
            let hour = usize::try_from(self.zone.second(at) / 3600).unwrap_or(0);
            self.services[service.index()].hours[weekday][hour] += 1;
        }
    }

    fn tally(&mut self, at: i64, service: Service, count: impl FnOnce(&mut Tally)) {
        if let Some(tally) = self.days.at(&self.zone, at, service) {
            count(tally);
        }
    }

    fn trouble(&mut self, told: &Told, at: i64, what: Plain, name: u64) -> Taken {
        let service = told.service;
        // An error may come before the connection and after its end, and has no order of its own.
        if !self.known.insert(self.hasher.hash_one((name, told.micros, &what))) {
            return Taken::Duplicate;
        }
        if self.period.contains(at) {
            let room = self.troubles.len() < TROUBLES;
            match self.troubles.iter_mut().find(|(s, w, ..)| (*s, w) == (service, &what)) {
                Some((_, _, count, last)) => (*count, *last) = (*count + 1, at.max(*last)),
                None if room => self.troubles.push((service, what, 1, at)),
                None => {}
            }
        }
        Taken::Counted
    }

    /// The report, made at a moment.
    pub fn finish(mut self, made: i64, mut input: Input) -> super::Summary {
        self.decide();
        (input.events, input.duplicates) = (self.events, self.duplicates);
        build::build(self, made, input)
    }
}

/// Each service names its connections as it likes.
fn named(service: Service, name: u64) -> u64 {
    name.wrapping_add(service.index() as u64)
}

/// 1 January 1970 was one, and weeks are counted from Monday.
const THURSDAY: i64 = 3;

/// An address as a number; that of IPv4 is mapped.
fn bits(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(v4) => v4.to_ipv6_mapped().to_bits(),
        IpAddr::V6(v6) => v6.to_bits(),
    }
}

/// For keys that are hashes already.
#[derive(Default)]
struct Hashed(u64);

impl Hasher for Hashed {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u64(&mut self, number: u64) {
        self.0 = number;
    }
}

#[cfg(test)]
mod tests;
