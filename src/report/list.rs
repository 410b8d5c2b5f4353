//! Lists of those who came, for firewalls and block lists.
//!
//! Who is listed is decided here, and [`write`] writes it in the form of whoever reads it. What can never
//! be a stranger is in [`never`], and is not listed whatever the log says: a log may be wrong, and a list
//! that has the operator's own network in it does more harm than all spam.

use super::summary::{Moment, Source};
use super::{Net, Summary};
use crate::config::Network;
use chrono::TimeDelta;
use std::collections::{BTreeMap, BTreeSet};

pub mod never;
mod write;

/// What a list is to be.
#[derive(Debug, Clone)]
pub struct ListOptions {
    pub format: ListFormat,
    /// Whole seconds held, and hits, that a source needs to be listed.
    pub min_held: u64,
    pub min_hits: u64,
    /// Only those who came in this time before `now`.
    pub window: Option<TimeDelta>,
    /// How long an entry stays, where the format can say so.
    pub expire: TimeDelta,
    /// Whole networks, /24 and /48, in place of addresses, from this many listed addresses on.
    pub aggregate: Option<u64>,
    /// Networks that are never listed: those of the exclusion file and those of `allow`.
    pub exclude: Vec<Network>,
    /// The zone of a DNS list, the name of a set or table.
    pub name: String,
    pub now: Moment,
}

/// The form of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ListFormat {
    Plain,
    Rbldnsd,
    Nftables,
    Ipset,
    Spamd,
    Abuseipdb,
    Csv,
}

impl ListFormat {
    /// Whether an entry can be a network; AbuseIPDB knows addresses only.
    fn has_networks(self) -> bool {
        self != ListFormat::Abuseipdb
    }
}

/// The list.
pub fn render(summary: &Summary, options: &ListOptions) -> String {
    write::list(&entries(summary, options), options)
}

/// Who is listed, in the order of the addresses, IPv4 first, so that lists of different days can be
/// compared.
fn entries(summary: &Summary, options: &ListOptions) -> Vec<Source> {
    let servers = summary.sources.iter().filter(|source| only_returns_mail(source));
    let servers = servers.flat_map(|source| [source.net, source.net.network()]).collect();
    let guard = Guard { never: never::networks(), exclude: &options.exclude, servers };
    let since = options.window.and_then(|window| options.now.checked_sub_signed(window));
    let came = |source: &Source| {
        source.held_ms / 1000 >= options.min_held
            && source.all_hits() >= options.min_hits
            && since.is_none_or(|since| source.last >= since)
    };
    let listed = summary.sources.iter().filter(|source| came(source) && guard.allows(source.net)).copied();
    let mut entries = match options.aggregate {
        Some(least) if options.format.has_networks() => aggregate(listed, least, &guard),
        _ => listed.collect(),
    };
    entries.sort_by_key(|entry| entry.net);
    entries
}

/// Whether a source only said `MAIL FROM:<>`, as a mail server does that returns what was sent to it in our name,
/// or asks whether our address exists.
fn only_returns_mail(source: &Source) -> bool {
    let Source { hits: [_, pop3, web], mails, null_from, auths, logins, pages, .. } = *source;
    mails > 0 && null_from >= mails && auths == 0 && pop3 + web + logins + pages == 0
}

/// Puts the addresses of one network together if there are so many of them, and if nobody in the network
/// must be left out.
fn aggregate(listed: impl Iterator<Item = Source>, least: u64, guard: &Guard) -> Vec<Source> {
    let mut networks: BTreeMap<Net, Vec<Source>> = BTreeMap::new();
    for source in listed {
        networks.entry(source.net.network()).or_default().push(source);
    }
    let mut entries = Vec::new();
    for (network, sources) in networks {
        // One address alone is no reason to list its neighbours.
        let many = sources.len() as u64 >= least.max(2) && guard.allows(network);
        match sources.iter().copied().reduce(together).filter(|_| many) {
            Some(sum) => entries.push(Source { net: network, ..sum }),
            None => entries.extend(sources),
        }
    }
    entries
}

/// What two addresses did.
fn together(a: Source, b: Source) -> Source {
    Source {
        net: a.net,
        addresses: a.addresses + b.addresses,
        first: a.first.min(b.first),
        last: a.last.max(b.last),
        hits: std::array::from_fn(|at| a.hits[at] + b.hits[at]),
        refused: a.refused + b.refused,
        held_ms: a.held_ms + b.held_ms,
        longest_ms: a.longest_ms.max(b.longest_ms),
        mails: a.mails + b.mails,
        null_from: a.null_from + b.null_from,
        auths: a.auths + b.auths,
        rcpts: a.rcpts + b.rcpts,
        logins: a.logins + b.logins,
        pages: a.pages + b.pages,
    }
}

/// What may not be listed.
struct Guard<'o> {
    never: Vec<Network>,
    exclude: &'o [Network],
    /// Addresses of mail servers that returned something, and their networks.
    servers: BTreeSet<Net>,
}

impl Guard<'_> {
    fn allows(&self, net: Net) -> bool {
        let touches = |network: &Network| network.touches(net.address(), net.bits());
        never::may_be_a_stranger(net.address())
            && !self.never.iter().chain(self.exclude).any(touches)
            && !self.servers.contains(&net)
    }
}

#[cfg(test)]
mod tests;
