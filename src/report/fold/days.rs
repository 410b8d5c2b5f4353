//! Sums by day, out of which weeks and months are made.

use hashbrown::HashMap;
use std::ops::Range;

use super::Period;
use crate::report::summary::{Service, Tally};
use crate::report::zone::Zone;

/// The sums of one day, by service.
pub type Day = [Tally; 3];

/// A span and its sums.
pub type Before = (Range<i64>, Day);

/// The days of the period, and one sum of the span before it.
pub struct Days {
    period: Period,
    before: Option<Range<i64>>,
    before_sums: Day,
    days: Vec<(i64, Day)>,
    places: HashMap<i64, usize>,
    /// Where the last one is, and from when to when it lasts.
    last: (usize, Range<i64>),
}

impl Days {
    pub fn new(period: Period, before: Option<Range<i64>>) -> Self {
        Days {
            period,
            before,
            before_sums: Day::default(),
            days: Vec::new(),
            places: HashMap::default(),
            last: (0, 0..0),
        }
    }

    /// The sums to which a moment belongs.
    pub fn at(&mut self, zone: &Zone, at: i64, service: Service) -> Option<&mut Tally> {
        if !self.period.contains(at) {
            let before = self.before.as_ref().is_some_and(|before| before.contains(&at));
            return before.then(|| &mut self.before_sums[service.index()]);
        }
        if !self.last.1.contains(&at) {
            let day = zone.day(at);
            let place = *self.places.entry(day).or_insert_with(|| {
                self.days.push((day, Day::default()));
                self.days.len() - 1
            });
            self.last = (place, zone.start(day)..zone.start(day + 1));
        }
        self.days.get_mut(self.last.0).map(|(_, day)| &mut day[service.index()])
    }

    /// Counts a hold on the days over which it lasted.
    pub fn hold(&mut self, zone: &Zone, start: i64, held_ms: u64, service: Service) {
        let mut at = start;
        let mut left = held_ms;
        while left > 0 {
            // Where sums change: at midnight, and at the ends of the period.
            let mut until = match self.last.1.contains(&at) {
                true => self.last.1.end,
                false => zone.start(zone.day(at) + 1),
            };
            for edge in [self.period.from, self.period.to].into_iter().flatten() {
                if at < edge {
                    until = until.min(edge);
                }
            }
            let part = u64::try_from(until - at).unwrap_or(0).saturating_mul(1000).clamp(1, left);
            if let Some(tally) = self.at(zone, at, service) {
                tally.held_ms += part;
            }
            left -= part;
            at = until.max(at + 1);
        }
    }

    /// The days in their order, and the sums of the span before with when that was.
    pub fn sorted(mut self) -> (Vec<(i64, Day)>, Option<Before>) {
        self.days.sort_by_key(|(day, _)| *day);
        (self.days, self.before.map(|before| (before, self.before_sums)))
    }
}
