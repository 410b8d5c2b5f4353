//! How often something may be done that costs us: so many times at once, then one by one.
//!
//! Pure: it is told the time. What a peer can make us do as fast as it likes goes through one of these,
//! so that it costs a bounded part of a core, while what an honest peer does in a burst goes through at once.

use std::time::Duration;

/// A store of turns that refills with time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// How long a turn takes to come back.
    each: Duration,
    /// How long all of them but one take.
    burst: Duration,
    /// When every turn will be back.
    full: Duration,
}

impl Rate {
    /// `burst` turns at once, and another one after each such time.
    pub fn new(burst: u32, each: Duration) -> Self {
        Rate { each, burst: each.saturating_mul(burst.saturating_sub(1)), full: Duration::ZERO }
    }

    /// When there is a turn: now, if that is in the past.
    pub fn next(&self) -> Duration {
        self.full.saturating_sub(self.burst)
    }

    /// Whether there is a turn now.
    pub fn ready(&self, now: Duration) -> bool {
        self.next() <= now
    }

    /// Uses up a turn.
    pub fn take(&mut self, now: Duration) {
        self.full = self.full.max(now).saturating_add(self.each);
    }

    /// Gives a turn back that turned out to be no burden.
    pub fn refund(&mut self) {
        self.full = self.full.saturating_sub(self.each);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_goes_through_and_then_one_by_one() {
        let ms = Duration::from_millis;
        let mut rate = Rate::new(3, ms(100));
        let start = ms(5_000);
        for _ in 0..3 {
            assert!(rate.ready(start));
            rate.take(start);
        }
        assert!(!rate.ready(start));
        assert_eq!(rate.next(), start + ms(100));
        rate.take(start + ms(100));
        assert_eq!(rate.next(), start + ms(200));
        rate.refund();
        assert!(rate.ready(start + ms(100)));
        // What was not used for long is not saved up beyond the burst.
        let later = start + ms(60_000);
        let taken = (0..10)
            .take_while(|_| {
                rate.ready(later) && {
                    rate.take(later);
                    true
                }
            })
            .count();
        assert_eq!(taken, 3);
    }

    #[test]
    fn in_the_long_run_it_is_so_many_each_second() {
        let mut rate = Rate::new(10, Duration::from_millis(50));
        let asked = (0..100_000).map(Duration::from_millis);
        let taken = asked
            .filter(|now| {
                rate.ready(*now) && {
                    rate.take(*now);
                    true
                }
            })
            .count();
        assert_eq!(taken, 10 + 100 * 20 - 1);
    }
}
