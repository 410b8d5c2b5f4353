//! What each address did.

use std::net::{IpAddr, Ipv6Addr};

use super::bits;
use super::table::Table;

/// An address and what it did in the period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SourceFold {
    pub first: i64,
    pub last: i64,
    pub hits: [u32; 3],
    pub refused: u32,
    pub held_ms: u64,
    pub longest_ms: u64,
    pub mails: u64,
    pub rcpts: u64,
    pub logins: u64,
    pub pages: u64,
}

impl SourceFold {
    /// It was there at this moment.
    pub fn seen(&mut self, at: i64) {
        self.first = self.first.min(at);
        self.last = self.last.max(at);
    }

    /// Adds another address of the same network.
    pub fn merge(&mut self, other: &SourceFold) {
        self.first = self.first.min(other.first);
        self.last = self.last.max(other.last);
        for (hits, more) in self.hits.iter_mut().zip(other.hits) {
            *hits = hits.saturating_add(more);
        }
        self.refused = self.refused.saturating_add(other.refused);
        self.held_ms = self.held_ms.saturating_add(other.held_ms);
        self.longest_ms = self.longest_ms.max(other.longest_ms);
        self.mails = self.mails.saturating_add(other.mails);
        self.rcpts = self.rcpts.saturating_add(other.rcpts);
        self.logins = self.logins.saturating_add(other.logins);
        self.pages = self.pages.saturating_add(other.pages);
    }
}

/// All addresses.
#[derive(Default)]
pub struct Sources(Table<u128, SourceFold>);

impl Sources {
    /// The one that was there at this moment.
    pub fn of(&mut self, peer: IpAddr, at: i64) -> &mut SourceFold {
        let source = self.0.entry(bits(peer), || SourceFold {
            first: at,
            last: at,
            hits: [0; 3],
            refused: 0,
            held_ms: 0,
            longest_ms: 0,
            mails: 0,
            rcpts: 0,
            logins: 0,
            pages: 0,
        });
        source.seen(at);
        source
    }

    pub fn iter(&self) -> impl Iterator<Item = (IpAddr, &SourceFold)> {
        self.0.iter().map(|(bits, source)| (Ipv6Addr::from_bits(*bits).to_canonical(), source))
    }
}
