//! How many processes there were, from when they came and went.
//!
//! Each coming and going is kept, by the hour, in 4 bytes: only when all is read is it known who was
//! there before the log began.

use hashbrown::HashMap;

use crate::report::summary::{Point, Processes};
use crate::report::zone::Zone;

const HOUR: i64 = 3600;

/// Comings and goings.
#[derive(Default)]
pub struct ProcessFold {
    /// By hour: the second in it, and by how many there are more.
    hours: HashMap<i64, Vec<(u16, i16)>>,
    /// By minute: how many were refused, and the most processes that those saw.
    refusals: HashMap<i64, (u32, u32)>,
}

/// How many points there are at most, and what one may stand for.
const POINTS: i64 = 720;
const STEPS: [i64; 10] = [60, 300, 600, 1800, 3600, 7200, 21_600, 43_200, 86_400, 604_800];

impl ProcessFold {
    /// A process was there.
    pub fn present(&mut self, from: i64, to: i64) {
        if from < to {
            self.change(from, 1);
            self.change(to, -1);
        }
    }

    fn change(&mut self, at: i64, by: i16) {
        let second = u16::try_from(at.rem_euclid(HOUR)).unwrap_or(0);
        self.hours.entry(at.div_euclid(HOUR)).or_default().push((second, by));
    }

    /// A process turned somebody away, as one of so many.
    pub fn refuse(&mut self, at: i64, busy: u32) {
        let minute = self.refusals.entry(at.div_euclid(60)).or_default();
        *minute = (minute.0.saturating_add(1), minute.1.max(busy));
    }

    /// The processes over a stretch of time.
    pub fn over(self, from: i64, to: i64, zone: &Zone) -> Processes {
        let step = STEPS.into_iter().find(|step| (to - from) / step < POINTS).unwrap_or((to - from) / POINTS);
        let count = (to - from).max(1).div_euclid(step) + i64::from((to - from).rem_euclid(step) != 0);
        let start = |point: i64| from + point * step;
        let mut points: Vec<Point> = (0..count.clamp(1, POINTS + 1))
            .map(|point| Point {
                at: zone.moment(start(point)),
                most: 0,
                least: 0,
                mean: 0.0,
                busy: 0,
                refused: 0,
            })
            .collect();
        let mut sweep = Sweep { from, to, step, level: 0, since: from, most: 0, most_at: None };

        let mut hours: Vec<_> = self.hours.into_iter().collect();
        hours.sort_unstable_by_key(|(hour, _)| *hour);
        let mut begun = false;
        for (hour, mut changes) in hours {
            changes.sort_unstable();
            for same in changes.chunk_by(|a, b| a.0 == b.0) {
                let at = hour * HOUR + i64::from(same[0].0);
                let by: i64 = same.iter().map(|(_, by)| i64::from(*by)).sum();
                if at >= from && !begun {
                    begun = true;
                    sweep.begin(&mut points);
                }
                match begun {
                    true => sweep.change(at.min(to), by, &mut points),
                    false => sweep.level += by,
                }
            }
        }
        if !begun {
            sweep.begin(&mut points);
        }
        sweep.fill(to, &mut points);
        for (minute, (refused, busy)) in self.refusals {
            let at = minute * 60;
            // A minute may begin before the first point.
            if at + 59 >= from
                && at < to
                && let Ok(place) = usize::try_from((at - from).max(0) / step)
                && let Some(point) = points.get_mut(place)
            {
                point.refused += u64::from(refused);
                point.busy = point.busy.max(busy);
            }
        }
        for point in &mut points {
            point.busy = point.busy.max(point.most);
        }
        Processes {
            step: u32::try_from(step).unwrap_or(u32::MAX),
            points,
            most: u32::try_from(sweep.most).unwrap_or(0),
            most_at: sweep.most_at.map(|at| zone.moment(at)),
        }
    }
}

/// Goes over the changes in their order.
struct Sweep {
    from: i64,
    to: i64,
    step: i64,
    level: i64,
    /// Since when the level is what it is.
    since: i64,
    most: i64,
    most_at: Option<i64>,
}

impl Sweep {
    /// Those who were there before the first point.
    fn begin(&mut self, points: &mut [Point]) {
        if let Some(point) = points.first_mut() {
            let level = u32::try_from(self.level).unwrap_or(0);
            (point.most, point.least) = (level, level);
        }
        if self.level > 0 {
            (self.most, self.most_at) = (self.level, Some(self.from));
        }
    }

    fn change(&mut self, at: i64, by: i64, points: &mut [Point]) {
        self.fill(at, points);
        self.level += by;
        if at >= self.to {
            return;
        }
        let place = usize::try_from((at - self.from) / self.step).unwrap_or(0);
        let first = (at - self.from) % self.step == 0;
        if let Some(point) = points.get_mut(place) {
            let level = u32::try_from(self.level).unwrap_or(0);
            // At its first moment a point has the new level only.
            point.most = if first { level } else { point.most.max(level) };
            point.least = if first { level } else { point.least.min(level) };
        }
        if self.level > self.most {
            (self.most, self.most_at) = (self.level, Some(at));
        }
    }

    /// The level holds until a moment.
    fn fill(&mut self, until: i64, points: &mut [Point]) {
        let level = u32::try_from(self.level).unwrap_or(0);
        while self.since < until {
            let place = (self.since - self.from) / self.step;
            let next = (self.from + (place + 1) * self.step).min(self.to);
            let end = next.min(until);
            let width = next - (self.from + place * self.step);
            if let Some(point) = usize::try_from(place).ok().and_then(|place| points.get_mut(place)) {
                point.mean += f64::from(level) * (end - self.since) as f64 / width.max(1) as f64;
            }
            self.since = end;
            if end == next
                && end < self.to
                && let Some(point) = usize::try_from(place + 1).ok().and_then(|place| points.get_mut(place))
            {
                (point.most, point.least) = (level, level);
            }
        }
    }
}
