//! The space of local parts: which forms there are, how many local parts of each, and how often each
//! form is used.
//!
//! A cell of the space is one form with one number behind it and with names as common as each other. Its
//! local parts are numbered, and text and number are made from each other without a table. How many
//! receipts lie in a cell is fixed here once ([`Space::new`]), at compile time.

use self::read::{Known, Read, apart};
use super::{Receipt, Style};
use crate::names::{self, FAMILY_TIERS, GIVEN_TIERS, Language, Name, Names};

mod read;

/// How many receipts there are: seasons, styles, numbers on a page, visits.
pub const RECEIPTS: u32 =
    Receipt::SEASONS as u32 * Style::ALL.len() as u32 * Receipt::EACH as u32 * Receipt::VISITS;

/// At most one of so many numbers of any cell is a receipt. More than six of ten numbers are a local part
/// of their own, so that whoever makes up local parts, and of whatever form, hits a receipt with one of
/// 8,000 at most.
const SPARSE: u64 = 12_500;

/// A form as people make it. G is a given name, M a second one, N a maiden name or the first half of a
/// double one (neither M nor N is rare), F a family name, i an initial, and a dot a dot; then how often it
/// is met with each kind of number behind it.
struct Form {
    pattern: &'static str,
    weights: [u64; NUMBERS],
}

const fn form(pattern: &'static str, weights: [u64; NUMBERS]) -> Form {
    Form { pattern, weights }
}

/// What the numbers behind a name are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Number {
    None,
    /// 1 to 9.
    One,
    /// 10 to 99: mostly years of birth.
    Two,
    /// 1950 to 2009.
    Year,
    /// 100 to 999.
    Three,
    /// A day as month and day, 0101 to 1231.
    Day,
    /// A date as month, day and year, from 1950 to 1999.
    Date,
}

const NUMBERS: usize = 7;
const ALL_NUMBERS: [Number; NUMBERS] =
    [Number::None, Number::One, Number::Two, Number::Year, Number::Three, Number::Day, Number::Date];

/// The forms. Those that have room for next to no receipts, such as `a.berger` and `anna.berger`, are
/// left out; of the others [`Space::new`] finds out how much they can take. The order decides which one a
/// local part is of when it could be of two.
const FORMS: [Form; 16] = [
    //                none one  two year three day date
    form("G.M.F", [14, 1, 4, 0, 0, 0, 0]),
    form("G.N.F", [26, 0, 2, 0, 0, 0, 0]),
    form("G.NF", [8, 0, 1, 0, 0, 0, 0]),
    form("i.M.F", [0, 0, 4, 0, 0, 0, 0]),
    form("G.i.F", [10, 4, 9, 5, 4, 0, 0]),
    form("F.G.i", [4, 0, 3, 0, 0, 0, 0]),
    form("i.i.F", [0, 0, 0, 0, 3, 0, 1]),
    form("G.F", [0, 0, 20, 10, 6, 4, 2]),
    form("F.G", [0, 0, 6, 0, 2, 1, 0]),
    form("i.F", [0, 0, 0, 0, 0, 0, 4]),
    form("GF", [0, 0, 16, 8, 4, 3, 1]),
    form("iF", [0, 0, 0, 0, 0, 0, 4]),
    form("Fi", [0, 0, 0, 0, 0, 0, 2]),
    form("iiF", [0, 0, 0, 0, 3, 0, 1]),
    form("GMF", [5, 0, 1, 0, 0, 0, 0]),
    form("GiF", [4, 0, 4, 3, 2, 0, 0]),
];

/// How often names of each tier are met, in percent. A common name is met far more often than a rare one,
/// though less so than in life: half of all people would share so few names that these tell nothing.
const GIVEN_WEIGHTS: [u64; GIVEN_TIERS] = [13, 24, 15, 14, 20, 14];
const FAMILY_WEIGHTS: [u64; FAMILY_TIERS] = [14, 30, 36, 20];

/// The German lists have fewer rare names than known ones.
const GERMAN_FAMILY_WEIGHTS: [u64; FAMILY_TIERS] = [16, 46, 14, 24];

/// The tiers of maiden names.
const MAIDEN: [usize; 2] = [0, 1];

/// Initials that are not rare.
const INITIALS: &[u8; 20] = b"abcdefghijklmnprstvw";

const CELLS: usize = FORMS.len() * NUMBERS * GIVEN_TIERS * FAMILY_TIERS;

/// A cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cell {
    form: usize,
    number: usize,
    given: usize,
    family: usize,
}

/// A local part as a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    pub cell: Cell,
    /// Number in the cell.
    pub at: u64,
}

/// What is in a local part.
#[derive(Debug, Clone, Default)]
pub struct Spelt {
    pub local: String,
    /// The given name, or the initial of it.
    pub given: String,
    /// A second given name.
    pub middle: String,
    /// A maiden name.
    pub maiden: String,
    pub family: String,
    /// What needs not be looked for when it is read again.
    known: Known,
}

/// The local parts of a language.
pub struct Space {
    pub names: &'static Names,
    /// How many receipts lie before each cell.
    starts: [u32; CELLS + 1],
    /// The letters that are second after each first one in what gives an address away, as bits.
    openings: [u32; 26],
}

static ENGLISH: Space = Space::new(&names::ENGLISH, &FAMILY_WEIGHTS);
static GERMAN: Space = Space::new(&names::GERMAN, &GERMAN_FAMILY_WEIGHTS);
static FRENCH: Space = Space::new(&names::FRENCH, &FAMILY_WEIGHTS);

/// The space of the names of a language.
pub fn of(language: Language) -> &'static Space {
    match language {
        Language::English => &ENGLISH,
        Language::German => &GERMAN,
        Language::French => &FRENCH,
    }
}

impl Cell {
    const fn numbered(number: usize) -> Self {
        Cell {
            form: number / FAMILY_TIERS / GIVEN_TIERS / NUMBERS,
            number: number / FAMILY_TIERS / GIVEN_TIERS % NUMBERS,
            given: number / FAMILY_TIERS % GIVEN_TIERS,
            family: number % FAMILY_TIERS,
        }
    }

    /// The tiers of the second given names.
    const fn seconds(self) -> &'static [usize] {
        names::seconds(if has_given(self.form) { Some(self.given) } else { None })
    }

    /// The number of the cell, below a few thousand.
    pub fn number(self) -> usize {
        ((self.form * NUMBERS + self.number) * GIVEN_TIERS + self.given) * FAMILY_TIERS + self.family
    }
}

impl Spelt {
    /// Whether the family name is in no list.
    pub fn is_composed(&self) -> bool {
        !self.known.has_family(&self.local, &self.family)
    }
}

impl Space {
    /// Shares the receipts out to the cells.
    ///
    /// Each cell gets what its weights give it, but no more than its local parts allow; what one cannot
    /// take goes to the others by their weights, until all that is left fits.
    const fn new(names: &'static Names, families: &[u64; FAMILY_TIERS]) -> Self {
        let openings = openings(names.give_away, openings(GIVE_AWAY, [0; 26]));
        let space = Space { names, starts: [0; CELLS + 1], openings };
        let mut weights = [0; CELLS];
        let mut limits = [0; CELLS];
        let mut cell = 0;
        while cell < CELLS {
            let is = Cell::numbered(cell);
            weights[cell] = FORMS[is.form].weights[is.number] * families[is.family];
            // A form without a given name has one cell where the others have one for each tier.
            weights[cell] *= match (has_given(is.form), is.given) {
                (true, tier) => GIVEN_WEIGHTS[tier],
                (false, 0) => 100,
                (false, _) => 0,
            };
            limits[cell] = space.size(is) / SPARSE;
            cell += 1;
        }

        let mut shares = [0; CELLS];
        let mut left = RECEIPTS as u64;
        let mut full = false;
        while !full {
            full = true;
            let (mut sum, mut cell) = (0, 0);
            while cell < CELLS {
                sum += weights[cell];
                cell += 1;
            }
            let (mut given, mut cell) = (0, 0);
            while cell < CELLS {
                if weights[cell] > 0 && left * weights[cell] / sum > limits[cell] {
                    shares[cell] = limits[cell];
                    given += limits[cell];
                    weights[cell] = 0;
                    full = false;
                }
                cell += 1;
            }
            if full {
                // All that remain fit. What rounding leaves goes to the last of them.
                let (mut cell, mut rest, mut last) = (0, left, 0);
                while cell < CELLS {
                    if weights[cell] > 0 {
                        shares[cell] = left * weights[cell] / sum;
                        rest -= shares[cell];
                        last = cell;
                    }
                    cell += 1;
                }
                shares[last] += rest;
            }
            left -= given;
        }

        let mut starts = [0; CELLS + 1];
        let mut cell = 0;
        while cell < CELLS {
            // Together they are RECEIPTS, which is a u32.
            starts[cell + 1] = starts[cell] + shares[cell] as u32;
            cell += 1;
        }
        assert!(starts[CELLS] == RECEIPTS, "every receipt has its place");
        Space { names, starts, openings }
    }

    /// The cell of a receipt below [`RECEIPTS`], and its number there.
    pub fn cell(&self, receipt: u32) -> (Cell, u32) {
        let cell = self.starts.partition_point(|&start| start <= receipt).saturating_sub(1);
        (Cell::numbered(cell), receipt - self.starts.get(cell).copied().unwrap_or_default())
    }

    /// The receipts that are in a cell.
    pub fn receipts(&self, cell: Cell) -> std::ops::Range<u32> {
        match self.starts.get(cell.number()..) {
            Some([start, end, ..]) => *start..*end,
            _ => 0..0,
        }
    }

    /// How many local parts a cell has.
    pub const fn size(&self, cell: Cell) -> u64 {
        let pattern = FORMS[cell.form].pattern.as_bytes();
        let (mut size, mut symbol) = (numbers(ALL_NUMBERS[cell.number]), 0);
        while symbol < pattern.len() {
            size *= self.radix(cell, pattern[symbol]);
            symbol += 1;
        }
        size
    }

    /// How many things a symbol of a pattern can be.
    const fn radix(&self, cell: Cell, symbol: u8) -> u64 {
        match symbol {
            b'G' => self.names.givens(cell.given) as u64,
            b'F' => self.names.families(cell.family) as u64,
            b'M' => {
                let (tiers, mut sum, mut at) = (cell.seconds(), 0, 0);
                while at < tiers.len() {
                    sum += self.names.givens(tiers[at]);
                    at += 1;
                }
                sum as u64
            }
            b'N' => (self.names.families(MAIDEN[0]) + self.names.families(MAIDEN[1])) as u64,
            b'i' => INITIALS.len() as u64,
            _ => 1,
        }
    }

    /// The local part at a place, and what is in it.
    pub fn spell(&self, place: Place) -> Spelt {
        let mut spelt = Spelt::default();
        let pattern = FORMS.get(place.cell.form).map_or("", |form| form.pattern);
        let mut rest = place.at;
        for symbol in pattern.bytes() {
            let radix = self.radix(place.cell, symbol);
            // All lists have fewer names than usize has numbers.
            let at = (rest % radix) as usize;
            rest /= radix;
            let before = spelt.local.len();
            match symbol {
                b'G' | b'M' => {
                    let name = match symbol {
                        b'G' => Name { tier: place.cell.given, at },
                        _ => apart(at, place.cell.seconds(), |tier| self.names.givens(tier)),
                    };
                    spelt.local.push_str(self.names.given(name));
                    spelt.known.push(matches!(symbol, b'F' | b'N'), before..spelt.local.len(), name);
                }
                b'F' | b'N' => {
                    let name = match symbol {
                        b'F' => Name { tier: place.cell.family, at },
                        _ => apart(at, &MAIDEN, |tier| self.names.families(tier)),
                    };
                    self.names.push_family(name, &mut spelt.local);
                    spelt.known.push(matches!(symbol, b'F' | b'N'), before..spelt.local.len(), name);
                }
                b'i' => spelt.local.extend(INITIALS.get(at).map(|&initial| char::from(initial))),
                _ => spelt.local.push(char::from(symbol)),
            }
            let part = spelt.local.get(before..).unwrap_or_default().to_owned();
            match symbol {
                b'G' => spelt.given = part,
                // The first of two initials is the given name's.
                b'i' if spelt.given.is_empty() => spelt.given = part,
                b'M' => spelt.middle = part,
                b'N' => spelt.maiden = part,
                b'F' => spelt.family = part,
                _ => {}
            }
        }
        push_number(ALL_NUMBERS.get(place.cell.number).copied(), rest, &mut spelt.local);
        spelt
    }

    /// The place of a local part in small letters: the first that it can be at, so that each has one at
    /// most.
    pub fn place(&self, local: &[u8]) -> Option<Place> {
        self.place_of(local, Known::default())
    }

    /// Whether what is spelt so is at this place, and at none before.
    pub fn is_at(&self, spelt: &Spelt, place: Place) -> bool {
        self.place_of(spelt.local.as_bytes(), spelt.known) == Some(place)
    }

    fn place_of(&self, local: &[u8], known: Known) -> Option<Place> {
        let end = local.iter().rposition(|byte| !byte.is_ascii_digit())? + 1;
        let (name, digits) = local.split_at(end);
        let (number, last) = read_number(digits)?;
        let dots = |text: &[u8]| text.iter().filter(|&&byte| byte == b'.').count();
        let has = dots(name);
        let mut read = Read::new(self.names, name, known);
        let place = FORMS.iter().enumerate().find_map(|(form, Form { pattern, weights })| {
            if *weights.get(number)? == 0 || dots(pattern.as_bytes()) != has {
                return None;
            }
            if !read.is(pattern.as_bytes()) {
                return None;
            }
            let cell = Cell { form, number, given: read.given, family: read.family };
            let symbols = pattern.bytes().zip(read.digits);
            let at = symbols.rev().fold(last, |at, (symbol, digit)| at * self.radix(cell, symbol) + digit);
            Some(Place { cell, at })
        })?;
        (!self.gives_away(name)).then_some(place)
    }

    /// Whether two names that are joined make a word that gives the address away.
    fn gives_away(&self, name: &[u8]) -> bool {
        let letter = |byte: u8| usize::from(byte.wrapping_sub(b'a'));
        let opens = |pair: &[u8]| match *pair {
            [first, second] => self
                .openings
                .get(letter(first))
                .is_some_and(|&seconds| letter(second) < 26 && seconds >> letter(second) & 1 == 1),
            _ => false,
        };
        let begins = |at: usize| {
            let mut words = GIVE_AWAY.iter().chain(self.names.give_away);
            name.get(at..).is_some_and(|rest| words.any(|word| rest.starts_with(word.as_bytes())))
        };
        name.windows(2).enumerate().any(|(at, pair)| opens(pair) && begins(at))
    }
}

const fn has_given(form: usize) -> bool {
    let pattern = FORMS[form].pattern.as_bytes();
    let mut symbol = 0;
    while symbol < pattern.len() {
        if pattern[symbol] == b'G' {
            return true;
        }
        symbol += 1;
    }
    false
}

/// How many numbers of a kind there are.
const fn numbers(number: Number) -> u64 {
    match number {
        Number::None => 1,
        Number::One => 9,
        Number::Two => 90,
        Number::Year => 60,
        Number::Three => 900,
        Number::Day => DAYS,
        Number::Date => DAYS * 50,
    }
}

/// The days of the months, and of the year.
const MONTHS: [u64; 12] = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
const DAYS: u64 = 366;

fn push_number(number: Option<Number>, at: u64, to: &mut String) {
    match number {
        None | Some(Number::None) => {}
        Some(Number::One) => to.push_str(&(1 + at).to_string()),
        Some(Number::Two) => to.push_str(&(10 + at).to_string()),
        Some(Number::Year) => to.push_str(&(1950 + at).to_string()),
        Some(Number::Three) => to.push_str(&(100 + at).to_string()),
        Some(Number::Day) => to.push_str(&day(at)),
        Some(Number::Date) => {
            to.push_str(&day(at % DAYS));
            to.push_str(&(50 + at / DAYS).to_string());
        }
    }
}

/// A day of the year as four digits.
fn day(mut at: u64) -> String {
    let mut month = 1;
    for days in MONTHS {
        if at < days {
            break;
        }
        at -= days;
        month += 1;
    }
    format!("{month:02}{:02}", at + 1)
}

/// The kind of these digits, and which one of it they are.
fn read_number(digits: &[u8]) -> Option<(usize, u64)> {
    let value = digits.iter().take(6).fold(0, |value, digit| value * 10 + u64::from(digit - b'0'));
    let (number, at) = match digits.len() {
        0 => (Number::None, Some(0)),
        1 => (Number::One, value.checked_sub(1)),
        2 => (Number::Two, value.checked_sub(10)),
        3 => (Number::Three, value.checked_sub(100)),
        4 if value < 1950 => (Number::Day, read_day(value)),
        4 => (Number::Year, Some(value - 1950).filter(|&year| year < 60)),
        6 => (Number::Date, read_date(value)),
        _ => return None,
    };
    Some((ALL_NUMBERS.iter().position(|&other| other == number)?, at?))
}

fn read_day(value: u64) -> Option<u64> {
    let (month, day) = (usize::try_from(value / 100).ok()?.checked_sub(1)?, (value % 100).checked_sub(1)?);
    let days = MONTHS.get(month).filter(|&&days| day < days);
    days.map(|_| MONTHS.iter().take(month).sum::<u64>() + day)
}

fn read_date(value: u64) -> Option<u64> {
    Some(read_day(value / 100)? + (value % 100).checked_sub(50)? * DAYS)
}

/// What those who sell lists throw addresses out for, where two names that are joined make it.
const GIVE_AWAY: &[&str] = &[
    "spam", "trap", "honey", "abuse", "reply", "test", "admin", "root", "master", "fake", "junk", "null",
    "fuck", "shit", "cunt", "cock", "dick", "porn", "sex", "piss", "anus", "slut", "whore", "penis", "rape",
    "nazi",
];

/// Adds the first two letters of these words.
const fn openings(words: &[&str], mut openings: [u32; 26]) -> [u32; 26] {
    let mut at = 0;
    while at < words.len() {
        let word = words[at].as_bytes();
        openings[(word[0] - b'a') as usize] |= 1 << (word[1] - b'a');
        at += 1;
    }
    openings
}

#[cfg(test)]
impl Cell {
    /// Any cell at all.
    pub fn drawn(rng: &mut crate::Rng) -> Self {
        Cell::numbered(rand::RngExt::random_range(rng, 0..CELLS))
    }
}

#[cfg(test)]
mod tests;
