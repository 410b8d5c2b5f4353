//! Names of people, by language: what invented people are called.
//!
//! Names are lower-case ASCII, in lists by how common they are; [`List`] says how they are kept.
//!
//! **What is written here is for ever.** The number of a name is a part of every address that was ever
//! issued, so a list that is in use may not change by a letter, or those addresses are not recognised
//! any more. A test holds their digest. Better lists are new lists, beside these.

mod english;
mod list;

pub use english::ENGLISH;
pub use list::{LONGEST, List};

/// Whose given name it is and how common: women's, common, known and rare; then men's.
pub const GIVEN_TIERS: usize = 6;

/// How common a family name is: common, known, rare, composed.
pub const FAMILY_TIERS: usize = 4;

/// The tiers in which a second given name is looked for: those of women, of men, and of anybody.
const WOMEN: [usize; 2] = [0, 1];
const MEN: [usize; 2] = [3, 4];
const ANYBODY: [usize; 4] = [0, 1, 3, 4];

/// A language that addresses and pages can be in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Language {
    #[default]
    English,
    German,
    French,
}

impl Language {
    /// All of them, in the order in which an address is tried to be read.
    pub const ALL: [Language; 3] = [Language::English, Language::German, Language::French];

    /// Its tag (RFC 5646).
    pub fn as_str(self) -> &'static str {
        match self {
            Language::English => "en",
            Language::German => "de",
            Language::French => "fr",
        }
    }
}

/// The names of a language.
pub struct Names {
    pub given: [List; GIVEN_TIERS],
    pub family: [List; FAMILY_TIERS - 1],
    /// What family names are composed of, for those that are in no list: Thorn-, -croft.
    pub roots: List,
    pub endings: List,
}

/// A name as a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Name {
    /// Which list.
    pub tier: usize,
    /// Number in the list.
    pub at: usize,
}

impl Names {
    /// How many given names a tier has.
    pub const fn givens(&self, tier: usize) -> usize {
        self.given[tier].len()
    }

    /// How many family names a tier has.
    pub const fn families(&self, tier: usize) -> usize {
        if tier < FAMILY_TIERS - 1 { self.family[tier].len() } else { self.roots.len() * self.endings.len() }
    }

    /// A given name.
    pub fn given(&self, name: Name) -> &'static str {
        self.given.get(name.tier).map_or("", |list| list.get(name.at))
    }

    /// Which given name this is.
    pub fn find_given(&self, name: &[u8]) -> Option<Name> {
        find(&self.given, name)
    }

    /// Appends a family name.
    pub fn push_family(&self, name: Name, to: &mut String) {
        match self.family.get(name.tier) {
            Some(list) => to.push_str(list.get(name.at)),
            None => {
                to.push_str(self.roots.get(name.at / self.endings.len()));
                to.push_str(self.endings.get(name.at % self.endings.len()));
            }
        }
    }

    /// Which family name this is: one in the lists, or else the composed one with the longest root.
    pub fn find_family(&self, name: &[u8]) -> Option<Name> {
        find(&self.family, name).or_else(|| {
            (1..name.len()).rev().find_map(|length| {
                let (root, ending) = name.split_at(length);
                if !joins(root, ending) {
                    return None;
                }
                let at = self.roots.find(root)? * self.endings.len() + self.endings.find(ending)?;
                Some(Name { tier: FAMILY_TIERS - 1, at })
            })
        })
    }

    /// A given name with this initial, and rather a common one; `number` chooses. It goes with a second
    /// given name of that tier, if there is one.
    pub fn given_with(&self, initial: u8, second: Option<usize>, number: u64) -> Option<&'static str> {
        let man = second.map_or(number.is_multiple_of(2), |tier| MEN.contains(&tier));
        let base = if man { MEN } else { WOMEN }[0];
        // Six of ten people have one of the common names.
        let tiers = if number / 2 % 10 < 6 { [0, 1, 2] } else { [1, 2, 0] };
        let nth = usize::try_from(number / 20).unwrap_or(usize::MAX);
        tiers.iter().map(|tier| base + tier).find_map(|tier| {
            let list = self.given.get(tier)?;
            list.with_initial(initial, nth.checked_rem(list.count_initial(initial))?)
        })
    }
}

/// The tiers that have the second given names for a first one of this tier, or for an initial. They are
/// none of the rare ones.
pub const fn seconds(first: Option<usize>) -> &'static [usize] {
    match first {
        None => &ANYBODY,
        Some(tier) if tier < MEN[0] => &WOMEN,
        Some(_) => &MEN,
    }
}

fn find(lists: &[List], name: &[u8]) -> Option<Name> {
    lists.iter().enumerate().find_map(|(tier, list)| Some(Name { tier, at: list.find(name)? }))
}

/// Whether the joint of a composed name can be spoken: no two vowels, no letter twice, no -erer-.
fn joins(root: &[u8], ending: &[u8]) -> bool {
    let vowel = |letter: u8| b"aeiou".contains(&letter);
    let twice = root.last_chunk::<2>().is_some_and(|last| ending.starts_with(last));
    match (root.last(), ending.first()) {
        (Some(&last), Some(&first)) => last != first && !twice && !(vowel(last) && vowel(first)),
        _ => false,
    }
}

/// Whether a given name, as it is written, is one of women. Of a name in no list it is not known.
pub fn is_woman(_language: Language, given: &str) -> bool {
    ENGLISH.find_given(given.to_ascii_lowercase().as_bytes()).is_some_and(|name| name.tier < MEN[0])
}

/// A name as it is written: Berger, McDonald, O'Brien.
pub fn display(name: &str) -> String {
    let (start, rest) = match name.strip_prefix("mc") {
        Some(rest) if rest.len() > 2 => ("Mc", rest),
        _ => match name.strip_prefix('o') {
            Some(rest) if IRISH.contains(&rest) => ("O'", rest),
            _ => ("", name),
        },
    };
    let mut letters = rest.chars();
    let initial = letters.next().map(|letter| letter.to_ascii_uppercase());
    start.chars().chain(initial).chain(letters).collect()
}

/// What follows O'.
const IRISH: &[&str] = &[
    "brien",
    "briant",
    "bryan",
    "callaghan",
    "connell",
    "conner",
    "connor",
    "dea",
    "dell",
    "donnell",
    "dowd",
    "driscoll",
    "dwyer",
    "farrell",
    "flaherty",
    "gara",
    "grady",
    "hagan",
    "halloran",
    "hanlon",
    "hara",
    "hare",
    "hearn",
    "keefe",
    "laughlin",
    "leary",
    "loughlin",
    "mahony",
    "malley",
    "mara",
    "meara",
    "neal",
    "neil",
    "neill",
    "quinn",
    "reilly",
    "riley",
    "rourke",
    "shaughnessy",
    "shea",
    "steen",
    "sullivan",
    "toole",
];

#[cfg(test)]
mod tests {
    use super::*;
    use sha2::{Digest as _, Sha256};

    #[test]
    fn the_lists_are_what_they_were() {
        let lists = ENGLISH.given.iter().chain(&ENGLISH.family).chain([&ENGLISH.roots, &ENGLISH.endings]);
        let mut hash = Sha256::new();
        for name in lists.flat_map(|list| (0..list.len()).map(|at| list.get(at))) {
            assert!(!name.is_empty() && name.bytes().all(|byte| byte.is_ascii_lowercase()), "{name}");
            hash.update(name);
            hash.update("\n");
        }
        let digest: String = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        // cat src/names/english/*.txt | sha256sum, with the files in the order of ENGLISH.
        assert_eq!(digest, "48294d6e244b4c34ca1b6a830b9d8aeaf5e6572a1669b95992ee03b43afac1a2");
    }

    #[test]
    fn every_name_in_a_list_is_found_there() {
        for (tier, list) in ENGLISH.given.iter().enumerate() {
            for at in 0..list.len() {
                assert_eq!(ENGLISH.find_given(list.get(at).as_bytes()), Some(Name { tier, at }));
            }
        }
        for (tier, list) in ENGLISH.family.iter().enumerate() {
            for at in (0..list.len()).step_by(7) {
                assert_eq!(ENGLISH.find_family(list.get(at).as_bytes()), Some(Name { tier, at }));
            }
        }
    }

    #[test]
    fn names_are_found_as_they_are_made() {
        let find = |name: &str| ENGLISH.find_family(name.as_bytes());
        assert_eq!(find("smith").map(|name| name.tier), Some(0));
        let made = find("thornscombe").or(find("thornhurst")).expect("composed");
        let mut text = String::new();
        ENGLISH.push_family(made, &mut text);
        assert!(text.starts_with("thorn"), "{text}");
        assert_eq!(find("xyzzy"), None);
        assert_eq!(find(""), None);
        assert_eq!(ENGLISH.find_given(b"anna").map(|name| ENGLISH.given(name)), Some("anna"));
    }

    #[test]
    fn names_are_displayed_as_people_write_them() {
        for (name, shown) in [
            ("berger", "Berger"),
            ("mcdonald", "McDonald"),
            ("obrien", "O'Brien"),
            ("olson", "Olson"),
            ("", ""),
        ] {
            assert_eq!(display(name), shown);
        }
    }

    #[test]
    fn an_initial_has_given_names_of_every_kind() {
        for initial in b'a'..=b'z' {
            for number in [0, 7, 12_345, u64::MAX] {
                for second in [None, Some(1), Some(3)] {
                    let name = ENGLISH.given_with(initial, second, number).expect("a name");
                    assert_eq!(name.as_bytes().first(), Some(&initial));
                    let tier = ENGLISH.find_given(name.as_bytes()).expect("it is in a list").tier;
                    assert!(second.is_none_or(|second| (second < 3) == (tier < 3)), "{name}");
                }
            }
        }
        assert_eq!(ENGLISH.given_with(b'-', None, 3), None);
    }
}
