//! What the status line counts.

use std::collections::HashMap;
use std::fmt::{self, Display};
use std::time::Duration;

use super::show::Time;
use crate::event::What;

/// Counts connections by their events. `K` names a connection.
#[derive(Debug)]
pub struct Tally<K> {
    slots: u64,
    /// Who is held now, since when.
    held: HashMap<K, Duration>,
    /// The time of those who have left.
    done: Duration,
    longest: Duration,
    connections: u64,
    refused: u64,
}

/// The counts at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Count {
    pub held: usize,
    pub slots: u64,
    pub time: Duration,
    pub longest: Duration,
    pub connections: u64,
    pub refused: u64,
}

impl<K: std::hash::Hash + Eq> Tally<K> {
    pub fn new(slots: u64) -> Self {
        Tally {
            slots,
            held: HashMap::new(),
            done: Duration::ZERO,
            longest: Duration::ZERO,
            connections: 0,
            refused: 0,
        }
    }

    /// Counts an event that came now. A held time is believed only up to the time that has passed.
    pub fn event(&mut self, who: K, what: &What, now: Duration) {
        match what {
            What::Connect { .. } => {
                self.connections = self.connections.saturating_add(1);
                self.held.insert(who, now);
            }
            What::Refuse { .. } => self.refused = self.refused.saturating_add(1),
            What::End { held, .. } => {
                if let Some(since) = self.held.remove(&who) {
                    self.add(held.duration().min(now.saturating_sub(since)));
                }
            }
            _ => {}
        }
    }

    /// Forgets a connection whose program has ended; true if it never said its `end`.
    pub fn gone(&mut self, who: &K, now: Duration) -> bool {
        let since = self.held.remove(who);
        if let Some(since) = since {
            self.add(now.saturating_sub(since));
        }
        since.is_some()
    }

    pub fn count(&self, now: Duration) -> Count {
        let present = self.held.values().map(|&since| now.saturating_sub(since));
        Count {
            held: self.held.len(),
            slots: self.slots,
            time: present.clone().fold(self.done, Duration::saturating_add),
            longest: present.fold(self.longest, Duration::max),
            connections: self.connections,
            refused: self.refused,
        }
    }

    fn add(&mut self, time: Duration) {
        self.done = self.done.saturating_add(time);
        self.longest = self.longest.max(time);
    }
}

impl Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Count { held, slots, time, refused, .. } = self;
        write!(f, "{held} of {slots} held now, {} held so far, {refused} refused", Time(*time))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Event;

    const CONNECT: &str = "connect id=1 slot=1 busy=1 profile=day persona=postfix";

    fn what(line: &str) -> What {
        line.parse::<Event>().unwrap().what
    }

    fn end(held: u64) -> What {
        what(&format!(
            "end id=1 held={held} in=0 out=0 stage=rcpt reason=quit kind=program evidence=\"\" profile=day commands=3"
        ))
    }

    fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn counts_who_is_held_and_for_how_long() {
        let mut tally = Tally::new(35);
        tally.event("a", &what(CONNECT), at(0));
        tally.event("b", &what(CONNECT), at(10));
        tally.event("c", &what("refuse id=1 why=slots busy=35"), at(11));
        assert_eq!(tally.count(at(20)).to_string(), "2 of 35 held now, 30 s held so far, 1 refused");
        tally.event("a", &end(15), at(20));
        let count = tally.count(at(20));
        assert_eq!((count.held, count.time, count.longest, count.connections), (1, at(25), at(15), 2));
    }

    #[test]
    fn a_program_that_was_killed_is_not_held_for_ever() {
        let mut tally = Tally::new(35);
        tally.event("a", &what(CONNECT), at(0));
        assert!(tally.gone(&"a", at(5)));
        assert!(!tally.gone(&"a", at(9)));
        assert_eq!(tally.count(at(9)).time, at(5));
    }

    #[test]
    fn no_time_is_counted_that_has_not_passed() {
        let mut tally = Tally::new(35);
        tally.event("x", &end(1_000_000), at(1));
        tally.event("a", &what(CONNECT), at(1));
        tally.event("a", &end(u64::MAX), at(3));
        tally.event("a", &end(9), at(3));
        assert_eq!(tally.count(at(3)).time, at(2));
    }
}
