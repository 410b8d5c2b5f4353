//! The only place that asks what time it is.
//!
//! Everything else is told: engines through [`crate::engine::Now`], the driver through [`Clock`].
//! A [`Fake`] clock moves when a test says so, which makes thirty days of tarpit a matter of
//! milliseconds.

use chrono::{DateTime, FixedOffset, Local, Offset as _, TimeDelta, TimeZone as _, Utc};
use std::cell::Cell;
use std::rc::Rc;
use std::time::{Duration, Instant};

/// Tells the time since the connection began, and the wall clock.
pub trait Clock {
    /// Since the connection began; never goes back.
    fn elapsed(&self) -> Duration;
    /// The wall clock with the local offset from UTC.
    fn wall(&self) -> DateTime<FixedOffset>;
}

/// The machine's clock. Clones began at the same moment.
#[derive(Clone)]
pub struct System {
    began: Instant,
    /// The local offsets from UTC in seconds, each from a moment on, if they were kept.
    offsets: Vec<(i64, i32)>,
}

/// How far ahead [`System::keep_zone`] looks; no peer has stayed longer.
const DAYS_AHEAD: i64 = 400;
const DAY: i64 = 86_400;

impl System {
    /// Starts counting now.
    #[expect(clippy::disallowed_methods, reason = "this is the place")]
    pub fn start() -> Self {
        System { began: Instant::now(), offsets: Vec::new() }
    }

    /// Keeps the local time zone's offsets for the next 400 days. After chroot(2) its file is out
    /// of reach and the C library and chrono alike would silently go on in UTC.
    pub fn keep_zone(&mut self) {
        let now = self.wall().timestamp();
        let mut offsets = vec![(now, offset(now))];
        for day in 0..DAYS_AHEAD {
            let (mut before, mut after) = (now + day * DAY, now + (day + 1) * DAY);
            if offset(before) == offset(after) {
                continue;
            }
            while after - before > 1 {
                let middle = before + (after - before) / 2;
                if offset(middle) == offset(before) { before = middle } else { after = middle }
            }
            offsets.push((after, offset(after)));
        }
        self.offsets = offsets;
    }
}

/// The local offset from UTC at a moment, in seconds.
fn offset(moment: i64) -> i32 {
    let utc = DateTime::from_timestamp(moment, 0).unwrap_or_default();
    Local.offset_from_utc_datetime(&utc.naive_utc()).fix().local_minus_utc()
}

impl Clock for System {
    fn elapsed(&self) -> Duration {
        self.began.elapsed()
    }

    #[expect(clippy::disallowed_methods, reason = "this is the place")]
    fn wall(&self) -> DateTime<FixedOffset> {
        if self.offsets.is_empty() {
            return Local::now().fixed_offset();
        }
        let utc = Utc::now();
        let kept = self.offsets.iter().rev().find(|(from, _)| *from <= utc.timestamp());
        let east = kept.or(self.offsets.first()).map_or(0, |(_, east)| *east);
        FixedOffset::east_opt(east).map_or(utc.fixed_offset(), |zone| utc.with_timezone(&zone))
    }
}

/// A clock that stands still until it is moved. Clones share the time.
#[derive(Clone)]
pub struct Fake {
    elapsed: Rc<Cell<Duration>>,
    began: DateTime<FixedOffset>,
}

impl Fake {
    /// A clock whose connection begins at this moment of the wall clock.
    pub fn at(began: DateTime<FixedOffset>) -> Self {
        Fake { elapsed: Rc::default(), began }
    }

    /// Lets time pass.
    pub fn advance(&self, by: Duration) {
        self.elapsed.set(self.elapsed.get() + by);
    }
}

impl Clock for Fake {
    fn elapsed(&self) -> Duration {
        self.elapsed.get()
    }

    fn wall(&self) -> DateTime<FixedOffset> {
        self.began + TimeDelta::from_std(self.elapsed.get()).unwrap_or(TimeDelta::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kept_zone_tells_the_same_time() {
        let mut kept = System::start();
        let live = kept.wall();
        kept.keep_zone();
        assert_eq!(kept.wall().offset(), live.offset());
        let apart = kept.wall() - live;
        assert!(apart < TimeDelta::minutes(1), "{apart}");
        assert!(kept.offsets.windows(2).all(|pair| pair[0].0 < pair[1].0 && pair[0].1 != pair[1].1));
    }

    #[test]
    fn a_fake_clock_moves_both_times() {
        let began = DateTime::parse_from_rfc3339("2026-11-23T23:59:00+01:00").unwrap();
        let clock = Fake::at(began);
        clock.clone().advance(Duration::from_secs(90));
        assert_eq!(clock.elapsed(), Duration::from_secs(90));
        assert_eq!(clock.wall().to_rfc3339(), "2026-11-24T00:00:30+01:00");
    }
}
