//! Lists of those who came, for firewalls and block lists.

use super::Summary;
use super::summary::Moment;
use crate::config::Network;
use chrono::TimeDelta;

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

/// The list.
pub fn render(_summary: &Summary, _options: &ListOptions) -> String {
    String::new()
}
