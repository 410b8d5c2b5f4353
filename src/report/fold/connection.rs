//! One connection, as far as lines of it have come, in whatever order they came.

use hashbrown::{HashMap, HashSet};
use std::hash::BuildHasherDefault;
use std::net::IpAddr;

use super::Hashed;
use crate::report::heard::{End, LONGEST_MS, Said};
use crate::report::relay::Told;
use crate::report::summary::{Service, Tally};

/// What is known of a connection of which more may come.
#[derive(Debug, Clone)]
pub struct Connection {
    pub service: Service,
    pub peer: Option<IpAddr>,
    /// When it began, in seconds, if its `connect` was there.
    pub start: Option<i64>,
    /// The first line that was there, in seconds.
    pub first: i64,
    /// The last line, in seconds.
    pub last: i64,
    /// What was said, by which a line that comes again is known.
    lines: Lines,
    /// The last that it said of its hold, when that was, and how many bytes had gone out.
    pub still: Option<(u64, i64, u64)>,
    /// When the peer did something last, in seconds.
    pub active: i64,
    /// What was counted so far; and what of it is in the period.
    pub all: Counts,
    pub within: Counts,
    pub ended: Option<Ended>,
    /// Nothing that counts is missing any more.
    pub whole: bool,
}

/// Keys of lines.
type Lines = HashSet<u64, BuildHasherDefault<Hashed>>;

/// Most connections have fewer lines; what had room for more gives it back.
const USUAL_LINES: usize = 512;

/// The `end` of a connection.
#[derive(Debug, Clone, Copy)]
pub struct Ended {
    /// In seconds.
    pub at: i64,
    pub end: End,
    /// Where its stage and its profile are counted.
    pub places: (usize, usize),
}

/// What events of a connection count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts(pub [u32; 8]);

/// The places in [`Counts`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    Mails,
    NullFrom,
    Rcpts,
    Auths,
    Messages,
    Logins,
    Retrs,
    Pages,
}

pub const PLACES: [Place; 8] = [
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
    pub fn of(self, tally: &mut Tally) -> &mut u64 {
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
    pub fn total(self, end: &End) -> Option<u64> {
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

/// How far the end of a hold may seem to be behind the `end`, for stamps are cut to seconds.
const SLACK_MS: u64 = 2_000;

impl Connection {
    /// One of which this moment's line is the first that comes.
    pub fn unseen(service: Service, peer: Option<IpAddr>, at: i64) -> Self {
        Connection {
            service,
            peer,
            start: None,
            first: at,
            last: at,
            lines: Lines::default(),
            still: None,
            active: i64::MIN,
            all: Counts::default(),
            within: Counts::default(),
            ended: None,
            whole: false,
        }
    }

    /// Takes a line; false if it was there before. What tells lines of one moment apart is what they say.
    pub fn hears(&mut self, told: &Told) -> bool {
        let at = told.micros.div_euclid(1_000_000);
        let again = match told.heard.said {
            // There is one of each.
            Said::Connect => self.start.replace(at.min(self.start.unwrap_or(at))).is_some(),
            Said::End(_) => self.ended.is_some(),
            // There may be many of these, and each says another time.
            Said::Still { held_ms, .. } => !self.lines.insert(mixed(!held_ms)),
            _ => {
                !self.lines.insert(mixed(told.micros.cast_unsigned().rotate_left(32) ^ u64::from(told.hash)))
            }
        };
        if again {
            return false;
        }
        self.first = self.first.min(at);
        self.last = self.last.max(at);
        match told.heard.said {
            Said::Still { held_ms, bytes_out } => {
                let now = (held_ms, at, bytes_out.unwrap_or(0));
                self.still = self.still.max(Some(now));
            }
            _ => self.active = self.active.max(at),
        }
        true
    }

    /// Whether `connect` and `end` were there, and all that the end has counted; true once only.
    pub fn becomes_whole(&mut self) -> bool {
        let Some(Ended { end, .. }) = &self.ended else { return false };
        let seen = |place: &Place| u64::from(self.all.0[*place as usize]);
        let all = PLACES.iter().all(|place| place.total(end).is_none_or(|total| total <= seen(place)));
        let becomes = !self.whole && all && self.start.is_some();
        self.whole |= becomes;
        becomes
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
    pub fn began(&self, held_ms: u64, at: i64) -> i64 {
        let held = i64::try_from(held_ms.min(LONGEST_MS) / 1000).unwrap_or(0);
        self.start.unwrap_or_else(|| self.first.min(at - held))
    }

    /// What is believed of a hold of which was told at a moment.
    pub fn believed(&self, held_ms: u64, at: i64) -> u64 {
        let passed = self.start.map(|start| u64::try_from(at - start).unwrap_or(0) * 1000 + SLACK_MS);
        held_ms.min(passed.unwrap_or(LONGEST_MS)).min(LONGEST_MS)
    }
}

/// A number that is spread over all bits.
fn mixed(number: u64) -> u64 {
    number.wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(32)
}

/// The connections of which more may come, each in a place that the next one takes over.
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
    pub fn insert(&mut self, name: u64, mut connection: Connection) -> usize {
        let place = self.free.pop().unwrap_or(self.connections.len());
        match self.connections.get_mut(place) {
            Some(free) => {
                // The room for lines is used again.
                connection.lines = std::mem::take(&mut free.lines);
                *free = connection;
            }
            None => self.connections.push(connection),
        }
        self.places.insert(name, place);
        place
    }

    pub fn remove(&mut self, name: u64) -> Option<Connection> {
        let place = self.places.remove(&name)?;
        self.free.push(place);
        let connection = self.connections.get_mut(place)?;
        connection.lines.clear();
        if connection.lines.capacity() > USUAL_LINES {
            connection.lines = Lines::default();
        }
        let lines = std::mem::take(&mut connection.lines);
        let gone = connection.clone();
        connection.lines = lines;
        Some(gone)
    }

    /// The names of those that have ended, and of which something is missing.
    pub fn lacking(&mut self) -> Vec<u64> {
        let lacks = |place: &usize| {
            let connection = self.connections.get(*place);
            connection.is_some_and(|connection| connection.ended.is_some() && !connection.whole)
        };
        self.places.iter().filter(|(_, place)| lacks(place)).map(|(name, _)| *name).collect()
    }

    /// All of them, in the order in which they came.
    pub fn drain(self) -> impl Iterator<Item = Connection> {
        let mut places: Vec<usize> = self.places.into_values().collect();
        places.sort_unstable();
        places.into_iter().filter_map(move |place| self.connections.get(place).cloned())
    }
}
