//! A list of names in the order of their length and then of the alphabet, one a line.
//!
//! Names of one length are records of one size, so that the list is read where it lies in the program:
//! a name by its number without looking for it, the number of a name by a binary search in the few pages
//! of its length. Nothing is built at start-up, and what nobody asks for is never touched.

use std::ops::Range;

/// No name is longer.
pub const LONGEST: usize = 14;

/// The list.
pub struct List {
    text: &'static str,
    /// Where the names of each length begin; one more, so that each has an end.
    groups: [Group; LONGEST + 2],
    /// Among those of each length, the first that begins with each letter or a later one; one more here, too.
    initials: [[u32; LETTERS + 1]; LONGEST + 1],
}

const LETTERS: usize = 26;

#[derive(Clone, Copy)]
struct Group {
    /// Offset in the text.
    start: usize,
    /// Number of the first name.
    first: usize,
}

impl List {
    /// Finds where the lengths begin. Only for constants: it fails on a list that is out of order.
    pub const fn new(text: &'static str) -> Self {
        let bytes = text.as_bytes();
        let mut groups = [Group { start: 0, first: 0 }; LONGEST + 2];
        let mut initials = [[0; LETTERS + 1]; LONGEST + 1];
        let (mut start, mut first, mut length) = (0, 0, 1);
        while length <= LONGEST {
            groups[length] = Group { start, first };
            let mut letter = 0;
            while start + length < bytes.len() && bytes[start + length] == b'\n' {
                while letter <= (bytes[start] - b'a') as usize {
                    // No list has more names than u32 has numbers.
                    initials[length][letter] = first as u32;
                    letter += 1;
                }
                start += length + 1;
                first += 1;
            }
            while letter <= LETTERS {
                initials[length][letter] = first as u32;
                letter += 1;
            }
            length += 1;
        }
        groups[length] = Group { start, first };
        assert!(start == bytes.len(), "names are sorted by length");
        List { text, groups, initials }
    }

    /// How many names there are.
    pub const fn len(&self) -> usize {
        self.groups[LONGEST + 1].first
    }

    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The name with this number, or none.
    pub fn get(&self, at: usize) -> &'static str {
        let length = self.groups.partition_point(|group| group.first <= at).saturating_sub(1);
        self.groups.get(length).map_or("", |group| self.record(length, *group, at))
    }

    /// The number of a name.
    pub fn find(&self, name: &[u8]) -> Option<usize> {
        // In short lists there are names of few lengths.
        let (_, numbers) = self.group(name.len())?;
        if numbers.is_empty() { None } else { self.find_word(name.len(), word(name)) }
    }

    /// The number of a name of this length, which is this [`word`].
    pub fn find_word(&self, length: usize, name: u128) -> Option<usize> {
        let (group, _) = self.group(length)?;
        let [initial, ..] = name.to_be_bytes();
        let Range { start: mut low, end } = self.initials(length, initial);
        // The first that is not before is one of the `count` from `low` on, or the one behind them. Both
        // halves are gone into without a branch, which nobody could foretell.
        let mut count = end - low;
        while count > 0 {
            let half = count / 2;
            let above = usize::from(self.word(length, group, low + half) < name);
            low += above * (half + 1);
            count = half - above * usize::from(count.is_multiple_of(2));
        }
        (low < end && self.word(length, group, low) == name).then_some(low)
    }

    /// How many names begin with a letter.
    pub fn count_initial(&self, initial: u8) -> usize {
        (1..=LONGEST).map(|length| self.initials(length, initial).len()).sum()
    }

    /// The name that is number `nth` among those that begin with a letter.
    pub fn with_initial(&self, initial: u8, mut nth: usize) -> Option<&'static str> {
        for length in 1..=LONGEST {
            let range = self.initials(length, initial);
            if nth < range.len() {
                return Some(self.get(range.start + nth));
            }
            nth -= range.len();
        }
        None
    }

    /// The numbers of the names of a length that begin with a letter.
    fn initials(&self, length: usize, initial: u8) -> Range<usize> {
        let letter = usize::from(initial.wrapping_sub(b'a'));
        match self.initials.get(length).and_then(|initials| initials.get(letter..)) {
            // They were usize.
            Some([from, until, ..]) => *from as usize..*until as usize,
            _ => 0..0,
        }
    }

    /// The names of a length.
    fn group(&self, length: usize) -> Option<(Group, Range<usize>)> {
        let [group, next] = *self.groups.get(length..)?.first_chunk()?;
        Some((group, group.first..next.first))
    }

    /// A name of that group.
    fn record(&self, length: usize, group: Group, at: usize) -> &'static str {
        let start = group.start + (at - group.first) * (length + 1);
        self.text.get(start..start + length).unwrap_or_default()
    }

    /// A name of that group as a [`word`].
    fn word(&self, length: usize, group: Group, at: usize) -> u128 {
        let start = group.start + (at - group.first) * (length + 1);
        let rest = self.text.as_bytes().get(start..).unwrap_or_default();
        match rest.first_chunk() {
            // What follows the name in the list is cut off.
            Some(chunk) => u128::from_be_bytes(*chunk) & !(u128::MAX >> (8 * length)),
            None => word(rest.get(..length).unwrap_or(rest)),
        }
    }
}

/// The letters of a name as a number, of which the first letters weigh most: to compare numbers takes a
/// step, to compare texts many. There are no more than 16 in it.
pub const fn word(name: &[u8]) -> u128 {
    let (mut word, mut at) = (0, 0);
    while at < name.len() && at < 16 {
        word = word << 8 | name[at] as u128;
        at += 1;
    }
    // Of no letters the number is 0, however far they were moved.
    word << ((8 * (16 - at)) % 128)
}

/// A filter of names: most of what is not in it is known not to be by looking at two bits.
pub struct Filter([u64; Filter::WORDS]);

impl Filter {
    const WORDS: usize = 512;

    /// With the names of these lists. Only for constants.
    pub const fn new(lists: &[List]) -> Self {
        let (mut bits, mut list) = ([0; Filter::WORDS], 0);
        while list < lists.len() {
            let text = lists[list].text.as_bytes();
            let (mut name, mut at) = (0, 0);
            let mut length = 0;
            while at < text.len() {
                if text[at] == b'\n' {
                    let places = Self::places(name << (8 * (16 - length)));
                    bits[places[0] / 64] |= 1 << (places[0] % 64);
                    bits[places[1] / 64] |= 1 << (places[1] % 64);
                    (name, length) = (0, 0);
                } else {
                    name = name << 8 | text[at] as u128;
                    length += 1;
                }
                at += 1;
            }
            list += 1;
        }
        Filter(bits)
    }

    /// Whether this [`word`] may be a name in the lists.
    pub fn may_have(&self, name: u128) -> bool {
        let is_set = |at: usize| self.0.get(at / 64).is_some_and(|bits| bits >> (at % 64) & 1 == 1);
        Self::places(name).into_iter().all(is_set)
    }

    const fn places(name: u128) -> [usize; 2] {
        let [high, low] = [(name >> 64) as u64, name as u64];
        let hash = (high ^ low.rotate_left(29)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        [(hash >> 49) as usize, (hash >> 34) as usize % (Filter::WORDS * 64)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    static LIST: List = List::new("al\nbo\nann\nbob\nbon\nanna\n");

    #[test]
    fn every_name_has_a_number_and_every_number_a_name() {
        let names = ["al", "bo", "ann", "bob", "bon", "anna"];
        assert_eq!(LIST.len(), names.len());
        for (at, name) in names.iter().enumerate() {
            assert_eq!(LIST.get(at), *name);
            assert_eq!(LIST.find(name.as_bytes()), Some(at));
        }
        assert_eq!(LIST.get(names.len()), "");
        for other in ["", "a", "an", "boc", "boo", "zz", "anna\n", "bonbon", "aaaaaaaaaaaaaaaaaaaaaaaaa"] {
            assert_eq!(LIST.find(other.as_bytes()), None, "{other}");
        }
    }

    #[test]
    fn names_are_found_by_their_initial() {
        let of = |initial| (0..).map_while(|nth| LIST.with_initial(initial, nth)).collect::<Vec<_>>();
        assert_eq!(of(b'a'), ["al", "ann", "anna"]);
        assert_eq!(of(b'b'), ["bo", "bob", "bon"]);
        assert_eq!(LIST.count_initial(b'b'), 3);
        assert!(of(b'c').is_empty() && of(b'`').is_empty());
    }
}
