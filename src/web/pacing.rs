//! How slowly pages come: the numbers of the tarpit, and the tables that are shipped.
//!
//! A crawler leaves when it hears nothing for some seconds, and stays with what seems to be a slow line. So
//! the head comes soon, and the page behind it in random pieces after random pauses, none of them long: but
//! not short either, because waking up is all that a held connection costs.

use crate::Rng;
use crate::pace::Range;
use std::time::Duration;

/// The pacing of one profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pacing {
    /// How long the peer waits for the first bytes.
    pub first_byte: Range,
    /// How long a page takes, from the request to its last byte: the home page the shorter times, ...
    pub page_time: Range,
    /// ... and the longest ones a page that is so many links away from it.
    pub levels: u32,
    /// The pauses inside of an answer.
    pub gap: Range,
    /// How long a file takes that is no page, such as a style sheet or `robots.txt`.
    pub file_time: Range,
    /// How long any other answer takes: a redirection, an error, nothing new.
    pub other_time: Range,
}

/// A shipped pacing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// The ordinary one.
    Day,
    /// Nearly as long as a crawler bears.
    Night,
    /// As a busy server at the other end of the world.
    Gentle,
}

/// Which part of `page_time` is open to chance on each level, in per cent.
const CHANCE: u32 = 40;

impl Pacing {
    /// How long a page takes that is so many links away from the home page.
    pub fn time_of(&self, depth: u32, rng: &mut Rng) -> Duration {
        let Range { from, to } = self.page_time;
        let all = to.saturating_sub(from);
        let level = depth.min(self.levels);
        let least = from + all * (100 - CHANCE) / 100 * level / self.levels.max(1);
        Range { from: least, to: (least + all * CHANCE / 100).min(to) }.draw(rng)
    }
}

impl Pace {
    /// The numbers of this table.
    pub fn pacing(self) -> Pacing {
        let day = Pacing {
            first_byte: Range::ms(1_000, 1_900),
            page_time: Range::ms(10_000, 60_000),
            levels: 5,
            gap: Range::ms(1_500, 4_900),
            file_time: Range::ms(3_000, 8_000),
            other_time: Range::ms(2_000, 4_000),
        };
        match self {
            Pace::Day => day,
            Pace::Night => Pacing {
                page_time: Range::ms(25_000, 60_000),
                levels: 3,
                gap: Range::ms(2_500, 4_900),
                file_time: Range::ms(5_000, 12_000),
                ..day
            },
            Pace::Gentle => Pacing {
                first_byte: Range::ms(100, 400),
                page_time: Range::ms(1_000, 4_000),
                gap: Range::ms(50, 500),
                file_time: Range::ms(300, 900),
                other_time: Range::ms(100, 400),
                ..day
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng as _;

    #[test]
    fn the_shipped_numbers_keep_what_the_manual_promises() {
        for pace in [Pace::Day, Pace::Night, Pace::Gentle] {
            let pacing = pace.pacing();
            assert!(pacing.first_byte.to < Duration::from_secs(2), "{pace:?}");
            assert!(pacing.gap.to < Duration::from_secs(5) && pacing.gap.from < pacing.gap.to, "{pace:?}");
            assert!(pacing.page_time.to <= Duration::from_secs(60), "{pace:?}");
        }
        assert!(Pace::Day.pacing().page_time.from >= Duration::from_secs(10));
    }

    #[test]
    fn deeper_pages_take_longer_and_none_too_long() {
        let mut rng = Rng::seed_from_u64(1);
        let pacing = Pace::Day.pacing();
        let mut before = Duration::ZERO;
        for depth in 0..=pacing.levels {
            let times: Vec<_> = (0..1_000).map(|_| pacing.time_of(depth, &mut rng)).collect();
            let Range { from, to } = pacing.page_time;
            assert!(times.iter().all(|time| (from..=to).contains(time)));
            let mean = times.iter().sum::<Duration>() / 1_000;
            assert!(mean > before + Duration::from_secs(3), "{depth}: {mean:?} after {before:?}");
            before = mean;
        }
        let deepest = pacing.time_of(u32::MAX, &mut rng);
        assert!(deepest >= Duration::from_secs(40) && deepest <= Duration::from_secs(60));
        let even = Pacing { page_time: Range::ms(5_000, 5_000), levels: 0, ..pacing };
        assert_eq!(even.time_of(7, &mut rng), Duration::from_secs(5));
    }
}
