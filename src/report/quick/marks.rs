//! Where a line has its spaces: all of them are found at once, sixteen bytes at a time, so that what reads the
//! line does not look for the end of anything.

use crate::report::number::equal;

/// Longer lines are left to others.
pub const LONGEST: usize = 64 * WORDS - 1;
const WORDS: usize = 8;

/// So many bytes are looked at together, and so many of these make a word of the marks.
const LANES: usize = 16;
const CHUNKS: usize = 64 / LANES;

/// A bit for each byte of a line, the lowest for the first.
pub struct Marks([u64; WORDS]);

impl Marks {
    /// The marks of a line that is printable, and neither too long nor too short.
    #[inline]
    pub fn of(line: &[u8]) -> Option<Self> {
        let last = line.last_chunk::<LANES>().filter(|_| line.len() <= LONGEST)?;
        let mut marks = Marks([0; WORDS]);
        let mut above = 0;
        let mut look = |chunk: &[u8; LANES]| {
            above = chunk.iter().fold(above, |most: u8, byte| most.max(byte.wrapping_sub(b' ')));
            u64::from(equal(chunk, b' '))
        };
        let (words, rest) = line.as_chunks::<64>();
        for (word, mark) in words.iter().zip(&mut marks.0) {
            let (chunks, _) = word.as_chunks::<LANES>();
            *mark = chunks.iter().rev().fold(0, |sum, chunk| sum << LANES | look(chunk));
        }
        let (chunks, _) = rest.as_chunks::<LANES>();
        let mark = &mut marks.0[words.len() % WORDS];
        for (chunk, at) in chunks.iter().zip(0..CHUNKS) {
            *mark |= look(chunk) << (at * LANES);
        }
        // What is left are the last bytes of a chunk that begins before it.
        let left = line.len() % LANES;
        *mark |= look(last) >> (LANES - left) << (rest.len() - left);
        // The end of the line is that of its last value.
        *mark |= 1 << rest.len();
        (above <= b'~' - b' ').then_some(marks)
    }

    /// The next space, or else the end of the line.
    #[inline(always)]
    pub fn space(&self, from: usize) -> usize {
        let bits = self.0[from / 64 % WORDS] >> (from % 64);
        if bits != 0 {
            return from + bits.trailing_zeros() as usize;
        }
        let mut word = from / 64 + 1;
        let bits = loop {
            match self.0.get(word) {
                Some(0) => word += 1,
                Some(bits) => break *bits,
                None => break 1,
            }
        };
        64 * word + bits.trailing_zeros() as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn marks_are_where_the_bytes_are(
            line in proptest::collection::vec(prop_oneof![9 => b'!'..=b'~', 2 => Just(b' ')], 0..600),
            from in 0..=LONGEST,
        ) {
            let marks = Marks::of(&line);
            prop_assert_eq!(marks.is_some(), (LANES..=LONGEST).contains(&line.len()));
            if let Some(marks) = marks {
                let place = line.iter().skip(from).position(|byte| *byte == b' ').map(|at| at + from);
                prop_assert!(from > line.len() || marks.space(from) == place.unwrap_or(line.len()));
            }
        }

        #[test]
        fn one_unusual_byte_is_enough(length in LANES..=LONGEST, at in any::<prop::sample::Index>(), byte in any::<u8>()) {
            let mut line = vec![b'a'; length];
            line[at.index(length)] = byte;
            prop_assert_eq!(Marks::of(&line).is_some(), matches!(byte, b' '..=b'~'));
        }
    }
}
