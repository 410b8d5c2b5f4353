//! Events that are far from all others: what a machine wrote while its clock was wrong.
//!
//! One such line would stretch the report over decades in which nothing was. So whatever is more than a year from
//! all that was counted waits here, until there is enough of it to be believed, or all is read. What is then still
//! alone is set aside for good, and the report says so.

use super::Fold;
use crate::report::Net;
use crate::report::heard::Details;
use crate::report::relay::Told;
use crate::report::summary::FarOff;
use crate::report::zone::Zone;

/// How far it is, in seconds.
const FAR: i64 = 366 * 86_400;

/// So many events of one time are believed whatever there is besides.
const MANY: usize = 128;

/// Of fewer than this it is not known who is far from whom.
const FEW: usize = 4;

/// One in so many is too few.
const PART: usize = 32;

/// What waits.
#[derive(Default)]
pub struct Aside {
    /// In the order in which they came; `None` is where a log was over.
    events: Vec<Option<Told>>,
    details: Details,
    /// How many there were when it was last looked whether there are enough.
    looked: usize,
}

/// Whether a moment is near to a stretch of time.
pub fn is_near(at: i64, (first, last): (i64, i64)) -> bool {
    (first - FAR..=last + FAR).contains(&at)
}

fn second(told: &Told) -> i64 {
    told.micros.div_euclid(1_000_000)
}

impl Fold {
    #[cold]
    pub(super) fn put_aside(&mut self, told: &Told, details: &Details) {
        self.wait(told, details);
        if self.aside.events.len() >= self.aside.looked + 2 * MANY {
            self.believe(MANY);
        }
    }

    /// A log is over.
    pub fn pause(&mut self) {
        self.close_whole();
        if !self.aside.events.is_empty() {
            self.aside.events.push(None);
        }
    }

    fn wait(&mut self, told: &Told, details: &Details) {
        let Aside { events, details: own, .. } = &mut self.aside;
        let mut told = *told;
        told.heard.said = own.adopt(told.heard.said, details);
        own.keep();
        events.push(Some(told));
    }

    /// All is read: counts what is believed of what waits.
    pub(super) fn decide(&mut self) {
        let all = self.eras().iter().map(|era| era.2).max().unwrap_or(0).max(self.events as usize);
        let least = if all < FEW { 1 } else { (all / PART).clamp(2, MANY) };
        self.believe(least);
    }

    /// The stretches of time of what waits: from when to when, and how many events.
    fn eras(&self) -> Vec<(i64, i64, usize)> {
        let mut moments: Vec<i64> = self.aside.events.iter().flatten().map(second).collect();
        moments.sort_unstable();
        let eras = moments.chunk_by(|a, b| b - a <= FAR);
        eras.filter_map(|era| Some((*era.first()?, *era.last()?, era.len()))).collect()
    }

    /// Counts the events of every time that has so many of them, and what lies between such times.
    fn believe(&mut self, least: usize) {
        for (first, last, events) in self.eras() {
            if events >= least {
                let (from, to) = self.seen.unwrap_or((first, last));
                self.seen = Some((from.min(first), to.max(last)));
            }
        }
        let Aside { events, details, .. } = std::mem::take(&mut self.aside);
        for told in events {
            match (told, self.seen) {
                (None, _) => self.pause(),
                (Some(told), Some(seen)) if is_near(second(&told), seen) => self.take(&told, &details),
                (Some(told), _) => self.wait(&told, &details),
            }
        }
        self.aside.looked = self.aside.events.len();
    }

    /// What stays aside.
    pub(super) fn far_off(&self, masked: bool, zone: &Zone) -> Option<FarOff> {
        let far = || self.aside.events.iter().flatten();
        let first = far().min_by_key(|told| (told.micros, told.service, told.heard.whose.peer))?;
        let net = if masked { Net::around } else { Net::host };
        Some(FarOff {
            lines: far().count() as u64,
            at: zone.moment(second(first)),
            service: first.service,
            peer: first.heard.whose.peer.map(net),
        })
    }
}
