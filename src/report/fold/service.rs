//! What is counted for each program.

use hashbrown::HashMap;
use std::collections::BTreeMap;

use super::processes::ProcessFold;
use crate::event::{Kind, Plain, Reason, Tool, Why};
use crate::report::heard::{Details, End};
use crate::report::holds::Holds;
use crate::report::summary::{ProfileFacts, Share};

/// The counts of a program.
#[derive(Default)]
pub struct ServiceFold {
    /// Anything at all was heard of it.
    pub seen: bool,
    pub hours: [[u64; 24]; 7],
    pub processes: ProcessFold,
    stages: Named<(u64, u64)>,
    profiles: Named<ProfileFold>,
    reasons: BTreeMap<Reason, (u64, u64)>,
    kinds: BTreeMap<Kind, (u64, u64)>,
    tools: BTreeMap<Tool, (u64, u64)>,
    refusals: BTreeMap<Why, u64>,
    gaveup: HashMap<u32, u64>,
    pub users: Names,
    pub open: u64,
    pub killed: u64,
}

#[derive(Default)]
struct ProfileFold {
    connections: u64,
    held_ms: u64,
    longest_ms: u64,
    holds: Holds,
    hours: [(u64, u64); 24],
}

/// A peer that waits longer gave up after this many seconds, for the histogram.
const PATIENT: u32 = 86_400;

impl ServiceFold {
    pub fn refuse(&mut self, why: Why) {
        *self.refusals.entry(why).or_default() += 1;
    }

    /// Where the stage and the profile of an end are counted.
    pub fn places(&mut self, end: &End, details: &Details) -> (usize, usize) {
        (self.stages.place(details.bytes(end.stage)), self.profiles.place(details.bytes(end.profile)))
    }

    /// Counts the end of a connection that began in this hour of the day.
    pub fn end(&mut self, end: &End, (stage, profile): (usize, usize), held_ms: u64, hour: usize) {
        let add = |sum: &mut (u64, u64)| *sum = (sum.0 + 1, sum.1.saturating_add(held_ms));
        if let Some(stage) = self.stages.at(stage) {
            add(stage);
        }
        add(self.reasons.entry(end.reason).or_default());
        add(self.kinds.entry(end.kind).or_default());
        if let Some(tool) = end.tool {
            add(self.tools.entry(tool).or_default());
        }
        if let Some(gaveup) = end.gaveup_ms {
            let seconds = u32::try_from((gaveup.saturating_add(500)) / 1000).unwrap_or(PATIENT).min(PATIENT);
            *self.gaveup.entry(seconds).or_default() += 1;
        }
        let Some(profile) = self.profiles.at(profile) else { return };
        profile.connections += 1;
        profile.held_ms = profile.held_ms.saturating_add(held_ms);
        profile.longest_ms = profile.longest_ms.max(held_ms);
        profile.holds.add(held_ms / 1000);
        if let Some(hour) = profile.hours.get_mut(hour) {
            add(hour);
        }
    }

    pub fn stages(&mut self) -> Vec<Share<Plain>> {
        let stages = std::mem::take(&mut self.stages.0).into_iter();
        shares(stages.filter(|(_, sum)| sum.0 > 0).map(|(name, sum)| (text(&name), sum)))
    }

    pub fn reasons(&self) -> Vec<Share<Reason>> {
        shares(self.reasons.iter().map(|(reason, sum)| (*reason, *sum)))
    }

    pub fn kinds(&self) -> Vec<Share<Kind>> {
        shares(self.kinds.iter().map(|(kind, sum)| (*kind, *sum)))
    }

    pub fn tools(&self) -> Vec<Share<Tool>> {
        shares(self.tools.iter().map(|(tool, sum)| (*tool, *sum)))
    }

    pub fn refusals(&self) -> Vec<(Why, u64)> {
        self.refusals.iter().map(|(why, count)| (*why, *count)).collect()
    }

    pub fn gaveup(&self) -> BTreeMap<u32, u64> {
        self.gaveup.iter().map(|(seconds, count)| (*seconds, *count)).collect()
    }

    pub fn profiles(&mut self) -> Vec<ProfileFacts> {
        let profiles = std::mem::take(&mut self.profiles.0).into_iter();
        let profiles = profiles.filter(|(_, profile)| profile.connections > 0);
        let mut facts: Vec<_> = profiles
            .map(|(name, profile)| ProfileFacts {
                name: text(&name),
                connections: profile.connections,
                held_ms: profile.held_ms,
                longest_ms: profile.longest_ms,
                holds: profile.holds,
                hours: profile.hours,
            })
            .collect();
        facts.sort_by(|a, b| (b.held_ms, &a.name).cmp(&(a.held_ms, &b.name)));
        facts
    }
}

/// The most frequent first.
fn shares<T: Ord>(sums: impl Iterator<Item = (T, (u64, u64))>) -> Vec<Share<T>> {
    let mut shares: Vec<_> =
        sums.map(|(what, (connections, held_ms))| Share { what, connections, held_ms }).collect();
    shares.sort_by(|a, b| b.connections.cmp(&a.connections).then_with(|| a.what.cmp(&b.what)));
    shares
}

fn text(bytes: &[u8]) -> Plain {
    Plain::from_log(bytes).unwrap_or_default()
}

/// A few names that we choose ourselves; whoever forges others finds them counted together.
#[derive(Default)]
struct Named<T>(Vec<(Box<[u8]>, T)>);

const NAMES: usize = 64;
const OTHER: &[u8] = b"other";

impl<T: Default> Named<T> {
    fn place(&mut self, name: &[u8]) -> usize {
        let name = if self.0.len() < NAMES || self.0.iter().any(|(known, _)| **known == *name) {
            name
        } else {
            OTHER
        };
        self.0.iter().position(|(known, _)| **known == *name).unwrap_or_else(|| {
            self.0.push((name.into(), T::default()));
            self.0.len() - 1
        })
    }

    fn at(&mut self, place: usize) -> Option<&mut T> {
        self.0.get_mut(place).map(|(_, counted)| counted)
    }
}

/// Names that peers choose: the most frequent of them, however many there are.
#[derive(Default)]
pub struct Names(HashMap<Box<[u8]>, u64>);

/// How many names are kept. When there are more, those that came least are forgotten.
const KEPT: usize = 1 << 16;

impl Names {
    pub fn add(&mut self, name: &[u8]) {
        if let Some(count) = self.0.get_mut(name) {
            *count += 1;
            return;
        }
        let mut least = 1;
        while self.0.len() >= KEPT {
            self.0.retain(|_, count| *count > least);
            least *= 2;
        }
        self.0.insert(name.into(), 1);
    }

    /// The most frequent, so many of them.
    pub fn most(&self, number: usize) -> Vec<(Plain, u64)> {
        let mut names: Vec<_> = self.0.iter().collect();
        names.sort_unstable_by(|a, b| b.1.cmp(a.1).then_with(|| a.0.cmp(b.0)));
        names.truncate(number);
        names.into_iter().map(|(name, count)| (text(name), *count)).collect()
    }
}
