//! What each address did.

use std::cmp::Reverse;
use std::net::{IpAddr, Ipv6Addr};

use super::bits;
use super::table::Table;
use crate::report::Net;
use crate::report::summary::Source;
use crate::report::zone::Zone;

/// What an address did in the period. These are many and far apart in memory, so each is small.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SourceFold {
    /// In seconds.
    first: u32,
    last: u32,
    pub hits: [u32; 3],
    pub refused: u32,
    pub held_ms: u64,
    pub longest_ms: u64,
    pub mails: u32,
    pub null_from: u32,
    pub auths: u32,
    pub rcpts: u32,
    pub logins: u32,
    pub pages: u32,
}

/// Moments that are believed are before 2106, and none of ours was before 1970.
fn short(at: i64) -> u32 {
    u32::try_from(at.max(0)).unwrap_or(u32::MAX)
}

impl SourceFold {
    /// It was there at this moment.
    pub fn seen(&mut self, at: i64) {
        self.first = self.first.min(short(at));
        self.last = self.last.max(short(at));
    }
}

impl Source {
    /// What one address did.
    fn of(net: Net, source: &SourceFold, zone: &Zone) -> Self {
        Source {
            net,
            addresses: 1,
            first: zone.moment(source.first.into()),
            last: zone.moment(source.last.into()),
            hits: source.hits.map(u64::from),
            refused: source.refused.into(),
            held_ms: source.held_ms,
            longest_ms: source.longest_ms,
            mails: source.mails.into(),
            null_from: source.null_from.into(),
            auths: source.auths.into(),
            rcpts: source.rcpts.into(),
            logins: source.logins.into(),
            pages: source.pages.into(),
        }
    }

    /// Adds another of the same network.
    fn add(&mut self, other: Source) {
        self.addresses += other.addresses;
        self.first = self.first.min(other.first);
        self.last = self.last.max(other.last);
        for (hits, more) in self.hits.iter_mut().zip(other.hits) {
            *hits += more;
        }
        self.refused += other.refused;
        self.held_ms = self.held_ms.saturating_add(other.held_ms);
        self.longest_ms = self.longest_ms.max(other.longest_ms);
        self.mails += other.mails;
        self.null_from += other.null_from;
        self.auths += other.auths;
        self.rcpts += other.rcpts;
        self.logins += other.logins;
        self.pages += other.pages;
    }
}

/// All addresses.
#[derive(Default)]
pub struct Sources(Table<u128, SourceFold>);

impl Sources {
    /// The one that was there at this moment.
    pub fn of(&mut self, peer: IpAddr, at: i64) -> &mut SourceFold {
        let source = self.0.entry(bits(peer), || SourceFold {
            first: short(at),
            last: short(at),
            hits: [0; 3],
            refused: 0,
            held_ms: 0,
            longest_ms: 0,
            mails: 0,
            null_from: 0,
            auths: 0,
            rcpts: 0,
            logins: 0,
            pages: 0,
        });
        source.seen(at);
        source
    }

    /// Reads what is there of it.
    pub fn look(&self, peer: IpAddr) -> u64 {
        self.0.get(&bits(peer)).map_or(0, |source| source.held_ms)
    }

    pub fn values(&self) -> impl Iterator<Item = &SourceFold> {
        self.0.values()
    }

    /// All of them, the longest held first; what is equal is in the order of addresses.
    pub fn hosts(&self, zone: &Zone) -> Vec<Source> {
        let address = |bits: &u128| Net::host(Ipv6Addr::from_bits(*bits).into());
        // They are many: only what they are sorted by is moved.
        let order = |source: &SourceFold| {
            Reverse((source.held_ms, source.hits.map(u64::from).iter().sum(), u64::from(source.refused)))
        };
        let mut all: Vec<(Order, &u128, &SourceFold)> =
            self.0.iter().map(|(bits, source)| (order(source), bits, source)).collect();
        all.sort_unstable_by(|(a, a_bits, _), (b, b_bits, _)| {
            a.cmp(b).then_with(|| address(a_bits).cmp(&address(b_bits)))
        });
        all.into_iter().map(|(_, bits, source)| Source::of(address(bits), source, zone)).collect()
    }

    /// Their networks, likewise.
    pub fn networks(&self, zone: &Zone) -> Vec<Source> {
        let network = |bits: &u128| Net::around(Ipv6Addr::from_bits(*bits).into());
        let mut all: Vec<(u128, Net, &SourceFold)> = self
            .0
            .iter()
            .map(|(bits, source)| (network(bits), source))
            .map(|(net, source)| (bits(net.address()), net, source))
            .collect();
        all.sort_unstable_by_key(|(bits, ..)| *bits);
        let sum = |same: &[(u128, Net, &SourceFold)]| {
            let each = same.iter().map(|(_, net, source)| Source::of(*net, source, zone));
            each.reduce(|mut sum, source| {
                sum.add(source);
                sum
            })
        };
        let sums: Vec<Source> = all.chunk_by(|a, b| a.0 == b.0).filter_map(sum).collect();
        let mut places: Vec<(Order, Net, usize)> = sums
            .iter()
            .zip(0..)
            .map(|(sum, place)| (Reverse((sum.held_ms, sum.all_hits(), sum.refused)), sum.net, place))
            .collect();
        places.sort_unstable();
        places.into_iter().filter_map(|(.., place)| sums.get(place).copied()).collect()
    }
}

/// Held, hits, refused.
type Order = Reverse<(u64, u64, u64)>;
