//! How chance is distributed.

use rand::{RngExt as _, SeedableRng as _};
use sundew::Rng;

use super::SECOND;

pub struct Dice(Rng);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Dice(Rng::seed_from_u64(seed))
    }

    /// Another one, so that what one part draws does not change what another draws.
    pub fn fork(&mut self) -> Self {
        Dice::new(self.0.random())
    }

    pub fn chance(&mut self, part: f64) -> bool {
        self.0.random::<f64>() < part
    }

    /// From 0 to below one.
    pub fn part(&mut self) -> f64 {
        self.0.random()
    }

    pub fn below(&mut self, limit: usize) -> usize {
        self.0.random_range(0..limit.max(1))
    }

    pub fn number(&mut self) -> u64 {
        self.0.random()
    }

    pub fn between(&mut self, from: u64, to: u64) -> u64 {
        self.0.random_range(from..=to)
    }

    pub fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len())]
    }

    /// One of the rows, as often as its weight says.
    pub fn weighted<'a, T>(&mut self, rows: &'a [(f64, T)]) -> &'a T {
        let mut at = self.part() * rows.iter().map(|(weight, _)| weight).sum::<f64>();
        for (weight, row) in rows {
            at -= weight;
            if at < 0.0 {
                return row;
            }
        }
        &rows[rows.len() - 1].1
    }

    /// Exponential.
    pub fn wait(&mut self, mean: f64) -> f64 {
        -mean * (1.0 - self.part()).ln()
    }

    /// The same in microseconds, one at least.
    #[expect(clippy::cast_possible_truncation, reason = "a wait is far below the end of time")]
    pub fn micros(&mut self, mean: f64) -> i64 {
        ((self.wait(mean) * SECOND as f64) as i64).max(1)
    }

    /// Log-normal, by its median and its spread in natural logarithms.
    pub fn long_tail(&mut self, median: f64, spread: f64) -> f64 {
        let radius = (-2.0 * (1.0 - self.part()).ln()).sqrt();
        median * (spread * radius * (self.part() * std::f64::consts::TAU).cos()).exp()
    }

    /// How many, with a tail like one over the power: most are 1.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "cut to the most")]
    pub fn power(&mut self, power: f64, most: u32) -> u32 {
        let drawn = (1.0 - self.part()).powf(-1.0 / power);
        (drawn as u32).clamp(1, most)
    }
}
