//! Choices that are made once for ever: keyed hashes, and the dice that they throw.
//!
//! Whatever a page shows follows from a key, a purpose and a few numbers, so that every process shows the
//! same without knowing of the others. What may be guessed here is how a page looks, which anybody sees who
//! asks for it; the addresses, whose secret matters, come from [`crate::receipt`]. So speed decides:
//! SipHash and xoshiro256++, some nanoseconds each.

use rand::rngs::Xoshiro256PlusPlus;
use rand::{Rng as _, SeedableRng as _};
use siphasher::sip::SipHasher13;
use std::hash::Hasher as _;
use std::ops::RangeInclusive;

/// A key from which choices follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Keyed {
    key: [u8; 16],
}

impl Keyed {
    /// Of a hash, whose first half it uses.
    pub fn new(hash: [u8; 32]) -> Self {
        let mut key = [0; 16];
        key.iter_mut().zip(hash).for_each(|(to, from)| *to = from);
        Keyed { key }
    }

    /// What follows for this purpose from this number.
    pub fn number(&self, purpose: &str, number: u64) -> u64 {
        let mut hasher = SipHasher13::new_with_key(&self.key);
        hasher.write(purpose.as_bytes());
        hasher.write_u8(0xff);
        hasher.write_u64(number);
        hasher.finish()
    }

    /// One below `size`, as likely as each other; 0 if there is none.
    pub fn below(&self, purpose: &str, number: u64, size: usize) -> usize {
        scale(self.number(purpose, number), size)
    }

    /// Dice for many choices.
    pub fn dice(&self, purpose: &str, number: u64) -> Dice {
        Dice(Xoshiro256PlusPlus::seed_from_u64(self.number(purpose, number)))
    }

    /// The numbers below `size` in an order of this key's.
    pub fn order(&self, purpose: &str, size: usize) -> Vec<usize> {
        let mut order: Vec<usize> = (0..size).collect();
        self.dice(purpose, 0).shuffle(&mut order);
        order
    }
}

/// A number of 64 bits as one below `size`.
fn scale(number: u64, size: usize) -> usize {
    usize::try_from((u128::from(number) * size as u128) >> 64).unwrap_or_default()
}

/// Throws that follow from a key.
pub struct Dice(Xoshiro256PlusPlus);

impl Dice {
    /// One below `size`; 0 if there is none.
    pub fn below(&mut self, size: usize) -> usize {
        scale(self.0.next_u64(), size)
    }

    /// One of these.
    pub fn pick<'a, T>(&mut self, from: &'a [T]) -> Option<&'a T> {
        from.get(self.below(from.len()))
    }

    /// One of a range.
    pub fn of(&mut self, range: RangeInclusive<u32>) -> u32 {
        let span = range.end().saturating_sub(*range.start()) as usize + 1;
        range.start() + u32::try_from(self.below(span)).unwrap_or_default()
    }

    /// Whether something happens that happens in so many of a hundred cases.
    pub fn percent(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    /// Puts these into another order.
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.below(last + 1));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn choices_follow_from_key_purpose_and_number_alone() {
        let key = Keyed::new([7; 32]);
        assert_eq!(key.number("a", 1), Keyed::new([7; 32]).number("a", 1));
        let all =
            [key.number("a", 1), key.number("a", 2), key.number("b", 1), Keyed::new([8; 32]).number("a", 1)];
        for (at, one) in all.iter().enumerate() {
            assert!(!all[at + 1..].contains(one));
        }
    }

    #[test]
    fn dice_reach_every_side_and_no_other() {
        let mut dice = Keyed::new([1; 32]).dice("sides", 0);
        let mut seen = [0; 6];
        (0..600).for_each(|_| seen[dice.below(6)] += 1);
        assert!(seen.iter().all(|&times| times > 60), "{seen:?}");
        assert!((0..100).map(|_| dice.of(3..=5)).all(|side| (3..=5).contains(&side)));
        assert_eq!((dice.below(0), dice.pick::<u8>(&[])), (0, None));
        let mut order = Keyed::new([1; 32]).order("order", 20);
        assert_ne!(order, (0..20).collect::<Vec<_>>());
        order.sort_unstable();
        assert_eq!(order, (0..20).collect::<Vec<_>>());
    }
}
