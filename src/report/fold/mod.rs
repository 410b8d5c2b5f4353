//! From events to a [`Summary`](super::Summary): pure, one event at a time.
//!
//! Time is counted in whole seconds, which is what every kind of log has. A connection is known by its
//! name, its peer and its service, so lines of several machines may be mixed and a log may be given
//! twice: each stays known by a hash of 8 bytes, about 14 bytes in the table, and what is open
//! remembers its last moment and what was said in it.

mod build;
mod connection;
mod crossing;
mod days;
mod harvest;
mod processes;
mod service;
mod source;
mod table;

use hashbrown::{DefaultHashBuilder, HashSet};
use std::hash::{BuildHasher, BuildHasherDefault, Hasher};
use std::net::IpAddr;

use super::heard::{Heard, Said};
use super::summary::{Input, Service, Settings, Tally};
use super::zone::{self, Zone};
use crate::event::Plain;
use connection::{Connection, Open};
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
    /// Connections that have not ended, and the names of all. These are many and far away in memory, so
    /// each is looked for once, when the connection is first heard of.
    open: Open,
    known: HashSet<u64, BuildHasherDefault<Hashed>>,
    days: Days,
    services: [ServiceFold; 3],
    sources: Sources,
    harvest: HarvestFold,
    troubles: Vec<(Service, Plain, u64, i64)>,
    /// The first and the last moment of all events.
    seen: Option<(i64, i64)>,
}

/// Whether an event was counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
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
            services: Default::default(),
            sources: Sources::default(),
            harvest: HarvestFold::default(),
            troubles: Vec::new(),
            seen: None,
        }
    }

    /// Counts an event that was written at a moment, in microseconds. `message` is its line.
    pub fn take(&mut self, micros: i64, service: Service, heard: &Heard<'_>, message: &[u8]) -> Taken {
        let at = micros.div_euclid(1_000_000);
        let name = self.name(service, heard);
        let taken = match &heard.said {
            Said::End(end) => {
                let mut connection = match self.open.remove(name) {
                    Some(connection) => connection,
                    None if !self.known.insert(name) => return Taken::Duplicate,
                    None => Connection::unseen(service, heard.peer, at),
                };
                connection.last = connection.last.max(micros);
                self.end(connection, at, end);
                Taken::Counted
            }
            Said::Refuse { why, busy } => {
                if !self.known.insert(name) {
                    return Taken::Duplicate;
                }
                self.services[service.index()].processes.refuse(at, *busy);
                self.tally(at, service, |tally| tally.refused += 1);
                if self.period.contains(at) {
                    self.services[service.index()].refuse(*why);
                    if let Some(peer) = heard.peer {
                        self.sources.of(peer, at).refused += 1;
                    }
                }
                Taken::Counted
            }
            said => self.during(micros, name, service, heard, said, message),
        };
        if taken == Taken::Counted {
            let (first, last) = self.seen.unwrap_or((at, at));
            self.seen = Some((first.min(at), last.max(at)));
            self.services[service.index()].seen = true;
        }
        taken
    }

    /// Counts what is said between the beginning and the end.
    fn during(
        &mut self,
        micros: i64,
        name: u64,
        service: Service,
        heard: &Heard<'_>,
        said: &Said<'_>,
        message: &[u8],
    ) -> Taken {
        let at = micros.div_euclid(1_000_000);
        if let Said::Error { what } = said {
            return self.trouble(at, service, what.plain(), name);
        }
        let place = match self.open.place(name) {
            Some(place) => place,
            // Whoever is known and not open has ended.
            None if !self.known.insert(name) => return Taken::Duplicate,
            None => self.open.insert(name, Connection::unseen(service, heard.peer, at)),
        };
        let hash = || u32::try_from(self.hasher.hash_one(message) >> 32).unwrap_or(0);
        let known = self.open.at(place);
        let Some(connection) = known.and_then(|known| known.is_new(micros, said, hash).then_some(known))
        else {
            return Taken::Duplicate;
        };
        let counted = connection.count(said, self.period.contains(at));
        if let Said::Connect { .. } = said {
            self.hit(at, service);
        }
        if let Some(count) = counted {
            self.tally(at, service, |tally| count(tally));
        }
        match said {
            Said::Auth { user } | Said::Login { user, .. } if self.period.contains(at) => {
                self.services[service.index()].users.add(&user.bytes());
            }
            _ => {}
        }
        self.harvest.take(at, heard, self.period.contains(at), &self.zone);
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

    fn trouble(&mut self, at: i64, service: Service, what: Plain, name: u64) -> Taken {
        // An error may come before the connection and after its end, and has no order of its own.
        if !self.known.insert(self.hasher.hash_one((name, at, &what))) {
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

    fn name(&self, service: Service, heard: &Heard<'_>) -> u64 {
        let peer = heard.peer.map(bits).unwrap_or_default();
        self.hasher.hash_one((heard.id.raw(), peer, service.index()))
    }

    /// The report, made at a moment.
    pub fn finish(self, made: i64, input: Input) -> super::Summary {
        build::build(self, made, input)
    }
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
