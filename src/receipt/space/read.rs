//! A local part as it is matched with the forms.

use super::{INITIALS, MAIDEN};
use crate::names::{self, FAMILY_TIERS, Name, Names};

/// The names in a local part that are in lists: whether it is a family name, where it begins, how long it
/// is, and which one. No name is in two lists, so this is what would be found.
#[derive(Debug, Clone, Copy, Default)]
pub struct Known([Option<(bool, usize, usize, Name)>; 3]);

impl Known {
    pub fn push(&mut self, family: bool, at: std::ops::Range<usize>, name: Name) {
        let is_listed = !family || name.tier < FAMILY_TIERS - 1;
        if let Some(free) = self.0.iter_mut().find(|known| known.is_none()).filter(|_| is_listed) {
            *free = Some((family, at.start, at.len(), name));
        }
    }

    fn get(&self, family: bool, start: usize, length: usize) -> Option<Name> {
        let mut known = self.0.iter().flatten();
        known.find_map(|&(is_family, at, long, name)| {
            ((is_family, at, long) == (family, start, length)).then_some(name)
        })
    }

    /// Whether this family name of a local part is among them.
    pub fn has_family(&self, local: &str, family: &str) -> bool {
        let mut known = self.0.iter().flatten();
        known.any(|&(is_family, at, length, _)| is_family && local.get(at..at + length) == Some(family))
    }
}

/// No pattern is longer.
const PATTERN: usize = 5;

/// A local part as it is matched with patterns.
pub struct Read<'n> {
    names: &'static Names,
    /// All of it but the number.
    name: &'n [u8],
    /// What is known of it before.
    known: Known,
    pub given: usize,
    pub family: usize,
    /// Where a second given name is looked for.
    seconds: &'static [usize],
    /// What was found for each symbol of the pattern.
    pub digits: [u64; PATTERN],
    /// What was found at the beginning and at the end, by its length: most patterns ask for the same.
    givens: [Sought; names::LONGEST + 1],
    families: [Sought; names::LONGEST + 1],
}

/// What is known of a name that was asked for, if it was.
type Sought = Option<Option<Name>>;

impl<'n> Read<'n> {
    pub fn new(names: &'static Names, name: &'n [u8], known: Known) -> Self {
        let sought = [None; names::LONGEST + 1];
        let (seconds, digits) = (names::seconds(None), [0; PATTERN]);
        Read { names, name, known, given: 0, family: 0, seconds, digits, givens: sought, families: sought }
    }

    /// Whether it is what the symbols of a pattern say.
    pub fn is(&mut self, symbols: &[u8]) -> bool {
        (self.given, self.family, self.seconds) = (0, 0, names::seconds(None));
        self.matches(0, symbols, self.name)
    }

    /// Whether `text` can be what the symbols say; `depth` symbols have been read.
    fn matches(&mut self, depth: usize, symbols: &[u8], text: &'n [u8]) -> bool {
        let Some((&symbol, symbols)) = symbols.split_first() else { return text.is_empty() };
        let longest = match symbol {
            b'.' | b'i' => 1,
            // A name ends where the next dot is, or somewhere before what has no dot.
            _ => text.iter().position(|&byte| byte == b'.').unwrap_or(text.len()),
        };
        let range = match (symbol, symbols.first()) {
            (b'.' | b'i', _) => 1..=1,
            (_, None | Some(b'.')) if longest > names::LONGEST => return false,
            (_, None | Some(b'.')) => longest..=longest,
            (_, Some(_)) => 1..=longest.min(names::LONGEST),
        };
        if let (b'F', [b'.', b'G', ..]) = (symbol, symbols) {
            // That it is no given name is known at once; a family name is looked for in many lists.
            let given = text.split(|&byte| byte == b'.').nth(1).unwrap_or_default();
            if !self.names.may_be_given(given) {
                return false;
            }
        }
        range.rev().any(|length| {
            let Some((part, rest)) = text.split_at_checked(length) else { return false };
            let Some(digit) = self.digit(symbol, part, text.len()) else { return false };
            if let Some(place) = self.digits.get_mut(depth) {
                *place = digit;
            }
            self.matches(depth + 1, symbols, rest)
        })
    }

    /// Which one of what a symbol can be this part is, with which the last `left` letters begin.
    fn digit(&mut self, symbol: u8, part: &[u8], left: usize) -> Option<u64> {
        let (names, start) = (self.names, self.name.len() - left);
        let known = |family| self.known.get(family, start, part.len());
        let at = match symbol {
            b'G' => {
                let find = || known(false).or_else(|| names.find_given(part));
                let begins = left == self.name.len();
                let name = sought(self.givens.get_mut(part.len()).filter(|_| begins), find)?;
                self.given = name.tier;
                self.seconds = names::seconds(Some(name.tier));
                name.at
            }
            b'F' => {
                let find = || known(true).or_else(|| names.find_family(part));
                let ends = left == part.len();
                let name = sought(self.families.get_mut(part.len()).filter(|_| ends), find)?;
                self.family = name.tier;
                name.at
            }
            b'M' => {
                let name = known(false).or_else(|| names.find_given_in(self.seconds, part))?;
                together(name, self.seconds, |tier| names.givens(tier))?
            }
            b'N' => {
                let name = known(true).or_else(|| names.find_family_in(&MAIDEN, part))?;
                together(name, &MAIDEN, |tier| names.families(tier))?
            }
            b'i' => INITIALS.iter().position(|initial| part == [*initial])?,
            _ => (part == [symbol]).then_some(0)?,
        };
        u64::try_from(at).ok()
    }
}

/// What was found before, or is found now.
fn sought(known: Option<&mut Sought>, find: impl FnOnce() -> Option<Name>) -> Option<Name> {
    match known {
        Some(known) => *known.get_or_insert_with(find),
        None => find(),
    }
}

/// The number of a name among those of several tiers, if it is of one of them.
fn together(name: Name, tiers: &[usize], count: impl Fn(usize) -> usize) -> Option<usize> {
    let before = tiers.iter().position(|&tier| tier == name.tier)?;
    Some(tiers.iter().take(before).map(|&tier| count(tier)).sum::<usize>() + name.at)
}

/// The name that has this number among those of several tiers.
pub fn apart(mut at: usize, tiers: &[usize], count: impl Fn(usize) -> usize) -> Name {
    for &tier in tiers {
        if at < count(tier) {
            return Name { tier, at };
        }
        at -= count(tier);
    }
    // Not reached: the number was made for these tiers. This tier has no names.
    Name { tier: usize::MAX, at }
}
