//! The only place that asks what time it is.
//!
//! Everything else is told: engines through [`crate::engine::Now`], the driver through [`Clock`].
//! A [`Fake`] clock moves when a test says so, which makes thirty days of tarpit a matter of
//! milliseconds.

use chrono::{DateTime, FixedOffset, Local, TimeDelta};
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

/// The machine's clock.
pub struct System {
    began: Instant,
}

impl System {
    /// Starts counting now.
    #[expect(clippy::disallowed_methods, reason = "this is the place")]
    pub fn start() -> Self {
        System { began: Instant::now() }
    }
}

impl Clock for System {
    fn elapsed(&self) -> Duration {
        self.began.elapsed()
    }

    #[expect(clippy::disallowed_methods, reason = "this is the place")]
    fn wall(&self) -> DateTime<FixedOffset> {
        Local::now().fixed_offset()
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
