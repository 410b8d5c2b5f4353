//! A keyed permutation of the numbers below any size.
//!
//! A Feistel network over two digits of nearly equal size (as in NIST SP 800-38G, with SHA-256 for the
//! rounds): without the key, where a number goes looks like chance; with it, the way back is as short.

use sha2::{Digest as _, Sha256};

/// As many as FF3 has.
const ROUNDS: u8 = 8;

/// The permutation.
pub struct Permutation<'k> {
    key: &'k [u8; 32],
    /// Permutations of one key with different tweaks have nothing in common.
    tweak: u32,
    size: u64,
    /// A number is `high * low_size + low`.
    high_size: u64,
    low_size: u64,
}

impl<'k> Permutation<'k> {
    /// Of the numbers below `size`, which is not 0 and below 2^62.
    pub fn new(key: &'k [u8; 32], tweak: u32, size: u64) -> Self {
        let size = size.max(1);
        let high_size = size.isqrt() + 1;
        Permutation { key, tweak, size, high_size, low_size: size.div_ceil(high_size) }
    }

    /// Where a number goes.
    pub fn forward(&self, number: u64) -> u64 {
        self.walk(number, |permutation, (mut high, mut low)| {
            for round in 0..ROUNDS {
                if round % 2 == 0 {
                    high = (high + permutation.round(round, low) % permutation.high_size)
                        % permutation.high_size;
                } else {
                    low =
                        (low + permutation.round(round, high) % permutation.low_size) % permutation.low_size;
                }
            }
            (high, low)
        })
    }

    /// Where it came from.
    pub fn backward(&self, number: u64) -> u64 {
        self.walk(number, |permutation, (mut high, mut low)| {
            for round in (0..ROUNDS).rev() {
                if round % 2 == 0 {
                    let sum = permutation.round(round, low) % permutation.high_size;
                    high = (high + permutation.high_size - sum) % permutation.high_size;
                } else {
                    let sum = permutation.round(round, high) % permutation.low_size;
                    low = (low + permutation.low_size - sum) % permutation.low_size;
                }
            }
            (high, low)
        })
    }

    /// The two digits make a few numbers more than there are: a number that goes to one of these goes on
    /// from there. It comes back at last, because it came from below `size` itself.
    fn walk(&self, number: u64, step: impl Fn(&Self, (u64, u64)) -> (u64, u64)) -> u64 {
        let mut number = number % self.size;
        loop {
            let (high, low) = step(self, (number / self.low_size, number % self.low_size));
            number = high * self.low_size + low;
            if number < self.size {
                return number;
            }
        }
    }

    /// All of this is one block of SHA-256, and always of the same length.
    fn round(&self, round: u8, digit: u64) -> u64 {
        let mut hash = Sha256::new();
        hash.update(self.key);
        hash.update(self.tweak.to_be_bytes());
        hash.update([round]);
        hash.update(digit.to_be_bytes());
        let [a, b, c, d, e, f, g, h, ..] = <[u8; 32]>::from(hash.finalize());
        u64::from_be_bytes([a, b, c, d, e, f, g, h])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_number_goes_to_another_and_comes_back() {
        for size in [1, 2, 3, 5, 10, 99, 100, 101, 1000] {
            let permutation = Permutation::new(&[7; 32], 3, size);
            let there: BTreeSet<u64> = (0..size).map(|number| permutation.forward(number)).collect();
            assert_eq!(there, (0..size).collect(), "{size}");
            assert!((0..size).all(|number| permutation.backward(permutation.forward(number)) == number));
        }
        let size = 3 << 30;
        let permutation = Permutation::new(&[7; 32], 3, size);
        for number in [0, 1, size / 2, size - 1] {
            let there = permutation.forward(number);
            assert!(there < size && permutation.backward(there) == number);
        }
    }

    #[test]
    fn key_tweak_and_number_all_matter() {
        let at = |key, tweak, number| Permutation::new(&[key; 32], tweak, 1 << 40).forward(number);
        let all: BTreeSet<u64> = [at(1, 1, 1), at(2, 1, 1), at(1, 2, 1), at(1, 1, 2)].into();
        assert_eq!(all.len(), 4);
        // Neighbours are far from each other.
        assert!(at(1, 1, 1).abs_diff(at(1, 1, 2)) > 1 << 20);
    }
}
