//! A keyed permutation of the numbers below any size.
//!
//! A Feistel network over two digits of nearly equal size (as in NIST SP 800-38G, with a keyed hash of the
//! caller's for the rounds, such as [`hashed`]): without the key, where a number goes looks like chance; with
//! it, the way back is as short.

use sha2::block_api::compress256;

/// As many as FF3 has.
const ROUNDS: u8 = 8;

/// The permutation; `F` hashes the number of a round and a digit.
pub struct Permutation<F> {
    hash: F,
    size: u64,
    /// A number is `high * low_size + low`.
    high_size: u64,
    low_size: u64,
}

/// SHA-256 for the rounds. Permutations of one key with different tweaks have nothing in common.
pub fn hashed(key: &[u8; 32], tweak: u32) -> impl Fn(u8, u64) -> u64 {
    // Key, tweak, round and digit, and what SHA-256 puts behind a message of 45 bytes.
    let mut block = [0; 64];
    block[..32].copy_from_slice(key);
    block[32..36].copy_from_slice(&tweak.to_be_bytes());
    block[45] = 0x80;
    block[56..].copy_from_slice(&(45 * 8_u64).to_be_bytes());
    move |round, digit| {
        let mut block = block;
        block[36] = round;
        block[37..45].copy_from_slice(&digit.to_be_bytes());
        head(&block)
    }
}

/// The state that SHA-256 begins with (FIPS 180-4 5.3.3).
const START: [u32; 8] =
    [0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19];

/// The first eight bytes of the SHA-256 of a message of one block, which has behind it what SHA-256 puts
/// there. Some dozens of blocks make an address, so none of them is copied into a buffer first.
fn head(block: &[u8; 64]) -> u64 {
    let mut state = START;
    compress256(&mut state, std::slice::from_ref(block));
    u64::from(state[0]) << 32 | u64::from(state[1])
}

impl<F: Fn(u8, u64) -> u64> Permutation<F> {
    /// Of the numbers below `size`, which is not 0 and below 2^62.
    pub fn new(size: u64, hash: F) -> Self {
        let size = size.max(1);
        let high_size = size.isqrt() + 1;
        Permutation { hash, size, high_size, low_size: size.div_ceil(high_size) }
    }

    /// Where a number goes.
    pub fn forward(&self, number: u64) -> u64 {
        self.walk(number, |permutation, (mut high, mut low)| {
            for round in 0..ROUNDS {
                if round % 2 == 0 {
                    high += (permutation.hash)(round, low) % permutation.high_size;
                    high -= if high < permutation.high_size { 0 } else { permutation.high_size };
                } else {
                    low += (permutation.hash)(round, high) % permutation.low_size;
                    low -= if low < permutation.low_size { 0 } else { permutation.low_size };
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
                    let sum = (permutation.hash)(round, low) % permutation.high_size;
                    high = if high < sum { high + permutation.high_size - sum } else { high - sum };
                } else {
                    let sum = (permutation.hash)(round, high) % permutation.low_size;
                    low = if low < sum { low + permutation.low_size - sum } else { low - sum };
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
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn the_rounds_are_hashed_with_sha_256() {
        use sha2::{Digest as _, Sha256};
        let key: [u8; 32] = std::array::from_fn(|at| at as u8 * 7);
        for (tweak, round, digit) in [(0, 0, 0), (3, 7, 12_345), (u32::MAX, 1, u64::MAX)] {
            let mut message = key.to_vec();
            message.extend(u32::to_be_bytes(tweak));
            message.push(round);
            message.extend(u64::to_be_bytes(digit));
            let hash: [u8; 32] = Sha256::digest(&message).into();
            assert_eq!(hashed(&key, tweak)(round, digit), u64::from_be_bytes(*hash.first_chunk().unwrap()));
        }
    }

    #[test]
    fn every_number_goes_to_another_and_comes_back() {
        for size in [1, 2, 3, 5, 10, 99, 100, 101, 1000] {
            let permutation = Permutation::new(size, hashed(&[7; 32], 3));
            let there: BTreeSet<u64> = (0..size).map(|number| permutation.forward(number)).collect();
            assert_eq!(there, (0..size).collect(), "{size}");
            assert!((0..size).all(|number| permutation.backward(permutation.forward(number)) == number));
        }
        let size = 3 << 30;
        let permutation = Permutation::new(size, hashed(&[7; 32], 3));
        for number in [0, 1, size / 2, size - 1] {
            let there = permutation.forward(number);
            assert!(there < size && permutation.backward(there) == number);
        }
    }

    #[test]
    fn key_tweak_and_number_all_matter() {
        let at = |key, tweak, number| Permutation::new(1 << 40, hashed(&[key; 32], tweak)).forward(number);
        let all: BTreeSet<u64> = [at(1, 1, 1), at(2, 1, 1), at(1, 2, 1), at(1, 1, 2)].into();
        assert_eq!(all.len(), 4);
        // Neighbours are far from each other.
        assert!(at(1, 1, 1).abs_diff(at(1, 1, 2)) > 1 << 20);
    }
}
