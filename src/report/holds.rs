//! How long connections were held, as a distribution that can be added to another.
//!
//! Seconds are counted one by one up to [`FINE`], and in [`FINE`] / 2 steps for each doubling above, so
//! that a quantile is wrong by less than one per cent whatever the number of connections, and a
//! distribution takes 9 kB at most.

/// Below this each second is counted by itself.
const FINE: u32 = 128;
const FINE_BITS: u32 = FINE.trailing_zeros();
/// How many steps there are for each doubling.
const STEPS: u32 = FINE / 2;

/// A distribution of lengths of time.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Holds {
    counts: Vec<u32>,
    total: u64,
}

impl Holds {
    /// Counts a hold of this many whole seconds.
    pub fn add(&mut self, seconds: u64) {
        let at = step(u32::try_from(seconds).unwrap_or(u32::MAX));
        if self.counts.len() <= at {
            self.counts.resize(at + 1, 0);
        }
        if let Some(count) = self.counts.get_mut(at) {
            *count = count.saturating_add(1);
        }
        self.total += 1;
    }

    /// Adds another distribution.
    pub fn merge(&mut self, other: &Holds) {
        if self.counts.len() < other.counts.len() {
            self.counts.resize(other.counts.len(), 0);
        }
        for (count, more) in self.counts.iter_mut().zip(&other.counts) {
            *count = count.saturating_add(*more);
        }
        self.total += other.total;
    }

    /// How many there are.
    pub fn len(&self) -> u64 {
        self.total
    }

    pub fn is_empty(&self) -> bool {
        self.total == 0
    }

    /// The seconds below which this part of the holds is, from 0 to 1; `None` if there are no holds.
    pub fn quantile(&self, part: f64) -> Option<f64> {
        if self.total == 0 {
            return None;
        }
        // The smallest hold that at least this part of all holds does not exceed.
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count, within it")]
        let rank = ((part * self.total as f64).ceil() as u64).clamp(1, self.total);
        let mut seen = 0;
        self.steps().find_map(|(from, to, count)| {
            seen += count;
            (seen >= rank).then(|| f64::from(from) + f64::from(to - from - 1) / 2.0)
        })
    }

    /// How many holds are of at most this many seconds; exact below [`FINE`] and at whole steps above.
    pub fn up_to(&self, seconds: u32) -> u64 {
        let last = step(seconds);
        self.counts.iter().take(last + 1).map(|count| u64::from(*count)).sum()
    }

    /// The steps that are not empty: seconds from, up to but not including, and how many.
    pub fn steps(&self) -> impl Iterator<Item = (u32, u32, u64)> + '_ {
        let filled = self.counts.iter().zip(0_u32..).filter(|(count, _)| **count > 0);
        filled.map(|(count, at)| (first(at), first(at + 1), u64::from(*count)))
    }
}

/// In which step a number of seconds is.
fn step(seconds: u32) -> usize {
    let at = match seconds.checked_ilog2() {
        Some(top) if top >= FINE_BITS => {
            let shift = top - (FINE_BITS - 1);
            shift * STEPS + (seconds >> shift)
        }
        _ => seconds,
    };
    at as usize
}

/// The first second of a step.
fn first(at: u32) -> u32 {
    if at < FINE {
        return at;
    }
    let shift = at / STEPS - 1;
    u32::try_from(u64::from(STEPS + at % STEPS) << shift).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn holds(seconds: impl IntoIterator<Item = u64>) -> Holds {
        let mut holds = Holds::default();
        seconds.into_iter().for_each(|seconds| holds.add(seconds));
        holds
    }

    #[test]
    fn short_holds_are_exact() {
        let holds = holds(0..=100);
        assert_eq!(holds.quantile(0.5), Some(50.0));
        assert_eq!(holds.quantile(0.9), Some(90.0));
        assert_eq!(holds.quantile(1.0), Some(100.0));
        assert_eq!(holds.up_to(9), 10);
        assert_eq!(Holds::default().quantile(0.5), None);
    }

    #[test]
    fn distributions_add_up() {
        let mut sum = holds([1, 2, 3]);
        sum.merge(&holds([100_000, 2]));
        assert_eq!(sum, holds([1, 2, 2, 3, 100_000]));
        assert_eq!(sum.len(), 5);
    }

    proptest! {
        #[test]
        fn a_quantile_is_wrong_by_less_than_one_per_cent(mut seconds in proptest::collection::vec(0_u64..5_000_000, 1..200), part in 0.0..1.0_f64) {
            let shown = holds(seconds.iter().copied()).quantile(part).unwrap();
            seconds.sort_unstable();
            let rank = ((part * seconds.len() as f64).ceil() as usize).clamp(1, seconds.len());
            let truth = seconds[rank - 1] as f64;
            prop_assert!((shown - truth).abs() <= truth * 0.01, "{shown} for {truth}");
        }

        #[test]
        fn steps_follow_each_other(seconds in any::<u32>()) {
            let at = step(seconds) as u32;
            prop_assert!(first(at) <= seconds && (seconds < first(at + 1) || first(at + 1) == u32::MAX));
        }
    }
}
