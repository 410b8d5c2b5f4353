//! One connection, from its first line to its end.

use hashbrown::HashMap;
use std::hash::BuildHasherDefault;
use std::net::IpAddr;

use super::{Fold, Hashed};
use crate::report::heard::{Details, End, Said};
use crate::report::summary::{Service, Tally};

/// What is known of a connection that has not ended.
#[derive(Debug, Clone, Copy)]
pub struct Connection {
    pub service: Service,
    pub peer: Option<IpAddr>,
    /// When it began, in seconds, if its `connect` was there.
    start: Option<i64>,
    /// The first line that was there.
    first: i64,
    /// The last line, in microseconds, and hashes of those that were written then.
    pub last: i64,
    said: [u32; SAID],
    saids: usize,
    /// The last that it said of its hold, and when that was.
    still: Option<(u64, i64)>,
    /// When the peer did something last, in seconds.
    active: i64,
    bytes_out: u64,
    /// What was counted so far; and what of it is in the period.
    all: Counts,
    within: Counts,
}

/// How many lines of one moment are known again.
const SAID: usize = 8;

/// What events of a connection count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts([u32; 8]);

/// The places in [`Counts`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Mails,
    NullFrom,
    Rcpts,
    Auths,
    Messages,
    Logins,
    Retrs,
    Pages,
}

const PLACES: [Place; 8] = [
    Place::Mails,
    Place::NullFrom,
    Place::Rcpts,
    Place::Auths,
    Place::Messages,
    Place::Logins,
    Place::Retrs,
    Place::Pages,
];

impl Place {
    fn of(self, tally: &mut Tally) -> &mut u64 {
        match self {
            Place::Mails => &mut tally.mails,
            Place::NullFrom => &mut tally.null_from,
            Place::Rcpts => &mut tally.rcpts,
            Place::Auths => &mut tally.auths,
            Place::Messages => &mut tally.messages,
            Place::Logins => &mut tally.logins,
            Place::Retrs => &mut tally.retrs,
            Place::Pages => &mut tally.pages,
        }
    }

    /// What the end says that there were.
    fn total(self, end: &End) -> Option<u64> {
        match self {
            Place::Mails => end.mails,
            Place::NullFrom => end.null_from,
            Place::Rcpts => end.rcpts,
            Place::Auths => end.auths,
            Place::Messages => end.messages,
            Place::Logins => end.logins,
            Place::Retrs => end.retrs,
            Place::Pages => end.pages,
        }
    }
}

/// No peer has stayed longer, and a log that says so is wrong.
const LONGEST_MS: u64 = 366 * 86_400_000;

/// How far the end of a hold may seem to be behind the `end`, for stamps are cut to seconds.
const SLACK_MS: u64 = 2_000;

/// How long after its last line a connection may be open without saying `still`, which it does every ten
/// minutes; in seconds.
const QUIET: i64 = 660;

impl Connection {
    /// One of which this moment's line is the first.
    pub fn unseen(service: Service, peer: Option<IpAddr>, at: i64) -> Self {
        Connection {
            service,
            peer,
            start: None,
            first: at,
            last: i64::MIN,
            said: [0; SAID],
            saids: 0,
            still: None,
            active: at,
            bytes_out: 0,
            all: Counts::default(),
            within: Counts::default(),
        }
    }

    /// Whether a line was not there before. Those of a connection are in order.
    pub fn is_new(&mut self, micros: i64, said: &Said, hash: u32) -> bool {
        if let Said::Connect = said {
            let new = self.start.is_none();
            self.start.get_or_insert(micros.div_euclid(1_000_000));
            self.last = self.last.max(micros);
            return new;
        }
        let again = |known: &Self| match said {
            Said::Still { held_ms, .. } => known.still.is_some_and(|(last, _)| last == *held_ms),
            _ => known.said[..known.saids.min(SAID)].contains(&hash),
        };
        if micros < self.last || (micros == self.last && again(self)) {
            return false;
        }
        if micros > self.last {
            (self.last, self.saids) = (micros, 0);
        }
        if !matches!(said, Said::Still { .. }) {
            self.said[self.saids % SAID] = hash;
            self.saids += 1;
            self.active = micros.div_euclid(1_000_000);
        }
        true
    }

    /// Counts what was said, for itself; returns how to count it for its day.
    pub fn count(&mut self, said: &Said, within: bool) -> Option<impl FnOnce(&mut Tally) + use<>> {
        let (places, addresses): (&'static [Place], u64) = match said {
            Said::Mail { null: true } => (&[Place::Mails, Place::NullFrom], 0),
            Said::Mail { null: false } => (&[Place::Mails], 0),
            Said::Rcpt { .. } => (&[Place::Rcpts], 0),
            Said::Auth { .. } => (&[Place::Auths], 0),
            Said::Message => (&[Place::Messages], 0),
            Said::Login { .. } => (&[Place::Logins], 0),
            Said::Retr => (&[Place::Retrs], 0),
            Said::Page { addresses, .. } => (&[Place::Pages], *addresses),
            Said::Still { held_ms, bytes_out } => {
                self.still = Some((*held_ms, self.last.div_euclid(1_000_000)));
                self.bytes_out = bytes_out.unwrap_or(self.bytes_out);
                return None;
            }
            _ => return None,
        };
        for place in places {
            self.all.0[*place as usize] += 1;
            self.within.0[*place as usize] += u32::from(within);
        }
        Some(move |tally: &mut Tally| {
            for place in places {
                *place.of(tally) += 1;
            }
            tally.addresses = tally.addresses.saturating_add(addresses);
        })
    }

    /// When it began, as far as that can be known from a hold of which was told at a moment.
    fn began(&self, held_ms: u64, at: i64) -> i64 {
        let held = i64::try_from(held_ms.min(LONGEST_MS) / 1000).unwrap_or(0);
        self.start.unwrap_or_else(|| self.first.min(at - held))
    }

    /// What is believed of a hold of which was told at a moment.
    fn believed(&self, held_ms: u64, at: i64) -> u64 {
        let passed = self.start.map(|start| u64::try_from(at - start).unwrap_or(0) * 1000 + SLACK_MS);
        held_ms.min(passed.unwrap_or(LONGEST_MS)).min(LONGEST_MS)
    }
}

/// The connections that have not ended, each in a place that the next one takes over.
#[derive(Default)]
pub struct Open {
    places: HashMap<u64, usize, BuildHasherDefault<Hashed>>,
    connections: Vec<Connection>,
    free: Vec<usize>,
}

impl Open {
    /// Where the connection of this name is, if it is open.
    #[inline]
    pub fn place(&self, name: u64) -> Option<usize> {
        self.places.get(&name).copied()
    }

    #[inline]
    pub fn at(&mut self, place: usize) -> Option<&mut Connection> {
        self.connections.get_mut(place)
    }

    /// Returns where it is.
    pub fn insert(&mut self, name: u64, connection: Connection) -> usize {
        let place = self.free.pop().unwrap_or(self.connections.len());
        match self.connections.get_mut(place) {
            Some(free) => *free = connection,
            None => self.connections.push(connection),
        }
        self.places.insert(name, place);
        place
    }

    pub fn remove(&mut self, name: u64) -> Option<Connection> {
        let place = self.places.remove(&name)?;
        self.free.push(place);
        self.connections.get(place).copied()
    }

    /// All of them, the order in which they came.
    pub fn drain(self) -> impl Iterator<Item = Connection> {
        let mut places: Vec<usize> = self.places.into_values().collect();
        places.sort_unstable();
        places.into_iter().filter_map(move |place| self.connections.get(place).copied())
    }
}

impl Fold {
    /// Counts a connection that has ended.
    pub(super) fn end(&mut self, mut connection: Connection, at: i64, end: &End, details: &Details) {
        let service = connection.service;
        let within = self.period.contains(at);
        let held_ms = connection.believed(end.held_ms, at);
        let start = connection.began(held_ms, at);
        // What the log did not show of what the end has counted belongs to the end.
        for place in PLACES {
            let Some(total) = place.total(end) else { continue };
            let seen = u64::from(connection.all.0[place as usize]);
            let (more, less) = (total.saturating_sub(seen), seen.saturating_sub(total));
            if more | less != 0 {
                self.tally(at, service, |tally| {
                    let count = place.of(tally);
                    *count = count.saturating_add(more).saturating_sub(less);
                });
            }
            if within {
                let count = &mut connection.within.0[place as usize];
                let now = u64::from(*count).saturating_add(more).saturating_sub(less);
                *count = u32::try_from(now).unwrap_or(u32::MAX);
            }
        }
        self.tally(at, service, |tally| {
            tally.bytes_in = tally.bytes_in.saturating_add(end.bytes_in);
            tally.bytes_out = tally.bytes_out.saturating_add(end.bytes_out);
            tally.made = tally.made.saturating_add(end.made.unwrap_or(0));
            tally.commands = tally.commands.saturating_add(end.commands);
        });
        let hour = self.zone.second(start) / 3600;
        let facts = &mut self.services[service.index()];
        if within {
            facts.end(end, details, held_ms, usize::try_from(hour).unwrap_or(0));
        }
        facts.processes.present(start, at.max(start));
        self.close(&connection, start, held_ms, at, true);
    }

    /// Counts a connection that never said its end; true if it is open still.
    pub(super) fn unended(&mut self, connection: &Connection, log_end: i64) -> bool {
        let service = connection.service;
        let last = connection.last.div_euclid(1_000_000).max(connection.first);
        let (still_ms, told) = connection.still.unwrap_or((0, connection.first));
        let still_ms = connection.believed(still_ms, told);
        let start = connection.began(still_ms, told);
        let active = u64::try_from(connection.active - start).unwrap_or(0).saturating_mul(1000);
        let held_ms = still_ms.max(active).min(LONGEST_MS);
        let open = log_end - last <= QUIET;
        let until = if open { log_end + 1 } else { last };
        self.services[service.index()].processes.present(start, until);
        self.tally(last, service, |tally| {
            tally.bytes_out = tally.bytes_out.saturating_add(connection.bytes_out);
        });
        if self.period.contains(last) {
            let facts = &mut self.services[service.index()];
            facts.open += u64::from(open);
            facts.killed += u64::from(!open);
        }
        self.close(connection, start, held_ms, last, !open);
        open
    }

    /// What both kinds of end have in common.
    fn close(&mut self, connection: &Connection, start: i64, held_ms: u64, at: i64, ended: bool) {
        let service = connection.service;
        if connection.start.is_none() {
            self.hit(start, service);
        }
        self.days.hold(&self.zone, start, held_ms, service);
        if ended {
            let over = (start + i64::try_from(held_ms / 1000).unwrap_or(0)).min(at.max(start));
            self.tally(over, service, |tally| {
                tally.longest_ms = tally.longest_ms.max(held_ms);
                tally.holds.add(held_ms / 1000);
            });
        }
        let Some(peer) = connection.peer else { return };
        let (from, to) = self.period.cut(start, start + i64::try_from(held_ms.div_ceil(1000)).unwrap_or(0));
        let hit = self.period.contains(start);
        if !hit && from >= to && connection.within == Counts::default() {
            return;
        }
        let part = u64::try_from(to - from).unwrap_or(0).saturating_mul(1000).min(held_ms);
        let source = self.sources.of(peer, from);
        source.seen(to.max(from));
        source.hits[service.index()] += u32::from(hit);
        source.held_ms = source.held_ms.saturating_add(part);
        if ended && self.period.contains(at) {
            source.longest_ms = source.longest_ms.max(held_ms);
        }
        for (count, place) in [
            (&mut source.mails, Place::Mails),
            (&mut source.rcpts, Place::Rcpts),
            (&mut source.logins, Place::Logins),
            (&mut source.pages, Place::Pages),
        ] {
            *count = count.saturating_add(connection.within.0[place as usize]);
        }
    }
}
