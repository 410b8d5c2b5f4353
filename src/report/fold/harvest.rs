//! The way from the harvest to the spam: which addresses were shown to whom, and which came back.

use hashbrown::{DefaultHashBuilder, HashMap, HashSet};
use std::hash::{BuildHasher, BuildHasherDefault};
use std::net::IpAddr;

use super::Hashed;
use super::table::Table;
use crate::event::Plain;
use crate::receipt::{Receipt, Style};
use crate::report::Net;
use crate::report::heard::{Details, Heard, Said};
use crate::report::summary::Service;
use crate::report::zone::Zone;

/// What names a showing: Sundew's season, or none for a mailbox of TarPop, and the visit.
pub type Place = (Option<u8>, u32);

/// A showing of addresses that are one network's own.
#[derive(Debug, Clone)]
pub struct Showing {
    pub first: i64,
    pub last: i64,
    /// In the period.
    pub times: u64,
    pub to: Option<IpAddr>,
    texts: Texts,
}

/// Where a place begins, how long it is, also with the agent behind it, and how long both may be.
#[derive(Debug, Clone, Copy)]
struct Texts {
    start: usize,
    name: usize,
    length: usize,
    room: usize,
}

impl Texts {
    /// In the place of others if there is room, or else where there is room for any.
    fn write(texts: &mut Vec<u8>, known: Option<Texts>, name: &[u8], agent: &[u8]) -> Self {
        let length = name.len() + agent.len();
        let (start, room) = match known {
            Some(known) if length <= known.room => (known.start, known.room),
            Some(_) => (texts.len(), 2 * Plain::LONGEST),
            None => (texts.len(), length),
        };
        if start == texts.len() {
            texts.resize(start + room, 0);
        }
        texts[start..start + name.len()].copy_from_slice(name);
        texts[start + name.len()..start + length].copy_from_slice(agent);
        Texts { start, name: name.len(), length, room }
    }

    /// The place and the agent.
    fn read(self, texts: &[u8]) -> (&[u8], &[u8]) {
        texts[self.start..self.start + self.length].split_at(self.name)
    }
}

impl Showing {
    pub fn service(place: &Place) -> Service {
        if place.0.is_some() { Service::Sundew } else { Service::Tarpop }
    }
}

/// What stood in a log, as text.
pub fn plain(text: &[u8]) -> Plain {
    Plain::from_log(text).unwrap_or_default()
}

/// An address that came back.
#[derive(Debug, Clone, Copy)]
pub struct Used {
    /// Ever.
    pub first: i64,
    /// In the period, if there are mails.
    pub last: i64,
    pub mails: u64,
    /// How many networks sent these.
    pub networks: u32,
}

/// What is known of harvests.
#[derive(Default)]
pub struct HarvestFold {
    pub showings: Table<Place, Showing>,
    /// What the showings say, one after the other.
    texts: Vec<u8>,
    pub used: Table<Receipt, Used>,
    /// Hashes of the receipts with each of their networks.
    networks: HashSet<u64, BuildHasherDefault<Hashed>>,
    hasher: DefaultHashBuilder,
    /// Mails by season and day, in the period.
    pub daily: HashMap<(u8, i64), u64>,
}

/// More senders of one address are not told apart.
const NETWORKS: u32 = 1024;

impl HarvestFold {
    /// Reads what is there of an event that is going to be taken.
    pub fn look(&self, said: &Said) -> u64 {
        match *said {
            Said::Rcpt { receipt: Some(receipt) } => self.used.get(&receipt).map_or(0, |used| used.mails),
            Said::Page { season: Some(season), visit: Some(visit), .. } => {
                self.showings.get(&(Some(season), visit)).map_or(0, |showing| showing.times)
            }
            _ => 0,
        }
    }

    /// Takes an event, if it has to do with harvests.
    pub fn take(&mut self, at: i64, heard: &Heard, details: &Details, within: bool, zone: &Zone) {
        let peer = heard.whose.peer;
        match heard.said {
            Said::Rcpt { receipt: Some(receipt) } => self.mail(at, receipt, peer, within, zone),
            Said::Page { season: Some(season), visit: Some(visit), path, agent, .. } => {
                let texts = (details.bytes(path), details.bytes(agent));
                self.show(at, (Some(season), visit), peer, within, texts);
            }
            Said::Login { visit: Some(visit), user } => {
                self.show(at, (None, visit), peer, within, (details.bytes(user), b""));
            }
            _ => {}
        }
    }

    fn show(
        &mut self,
        at: i64,
        place: Place,
        to: Option<IpAddr>,
        within: bool,
        (name, agent): (&[u8], &[u8]),
    ) {
        let HarvestFold { showings, texts, .. } = self;
        let new =
            || Showing { first: at, last: at, times: 0, to, texts: Texts::write(texts, None, name, agent) };
        let showing = showings.entry(place, new);
        // Of two in one second it is the same that counts as the first, in whatever order they come.
        let known = showing.texts.read(&self.texts);
        if (at, to, name, agent) < (showing.first, showing.to, known.0, known.1) {
            (showing.first, showing.to) = (at, to);
            showing.texts = Texts::write(&mut self.texts, Some(showing.texts), name, agent);
        }
        showing.last = showing.last.max(at);
        showing.times += u64::from(within);
    }

    /// The path, or the user name.
    pub fn place(&self, showing: &Showing) -> &[u8] {
        showing.texts.read(&self.texts).0
    }

    pub fn agent(&self, showing: &Showing) -> Plain {
        plain(showing.texts.read(&self.texts).1)
    }

    fn mail(&mut self, at: i64, receipt: Receipt, from: Option<IpAddr>, within: bool, zone: &Zone) {
        let used = self.used.entry(receipt, || Used { first: at, last: i64::MIN, mails: 0, networks: 0 });
        used.first = used.first.min(at);
        if within {
            used.last = used.last.max(at);
            used.mails += 1;
            if let Some(from) = from.map(Net::around)
                && used.networks < NETWORKS
                && self.networks.insert(self.hasher.hash_one((receipt, from)))
            {
                used.networks += 1;
            }
            if receipt.style != Style::Mailbox {
                *self.daily.entry((receipt.season, zone.day(at))).or_default() += 1;
            }
        }
    }

    /// The showing of a receipt, if it was to one network alone.
    pub fn showing(&self, receipt: &Receipt) -> Option<(Place, &Showing)> {
        let place = match receipt.style {
            Style::Cast => return None,
            Style::Mailbox => (None, receipt.visit),
            _ => (Some(receipt.season), receipt.visit),
        };
        self.showings.get(&place).map(|showing| (place, showing))
    }
}
