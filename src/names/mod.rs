//! Names of people, by language: what invented people are called.
//!
//! Names are lower-case ASCII, as in an address (mueller, francois), in lists by how common they are;
//! [`List`] says how they are kept. [`display`] says how people write them: Müller, François.
//!
//! **What is written here is for ever.** The number of a name is a part of every address that was ever
//! issued, so a list that is in use may not change by a letter, or those addresses are not recognised
//! any more. A test holds their digest. Better lists are new lists, beside these.

mod english;
mod french;
mod german;
mod list;
mod written;

pub use english::ENGLISH;
pub use french::FRENCH;
pub use german::GERMAN;
use list::word;
pub use list::{Filter, LONGEST, List};
pub use written::{Written, display, display_listed, folded};

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

    /// Its English name, in small letters.
    pub const fn name(self) -> &'static str {
        match self {
            Language::English => "english",
            Language::German => "german",
            Language::French => "french",
        }
    }

    /// Its names.
    pub const fn names(self) -> &'static Names {
        match self {
            Language::English => &ENGLISH,
            Language::German => &GERMAN,
            Language::French => &FRENCH,
        }
    }
}

/// The names of a language.
pub struct Names {
    pub given: [List; GIVEN_TIERS],
    /// Of the given names.
    pub filter: Filter,
    pub family: [List; FAMILY_TIERS - 1],
    /// What family names are composed of, for those that are in no list: Thorn-, -croft.
    pub roots: List,
    pub endings: List,
    /// How those are written that are not written as they stand in an address.
    pub written: Written,
    /// What stands between the two family names of somebody who has two.
    pub between: &'static str,
    /// What no two names that are joined may make, beside what no name of any language may have in it.
    pub give_away: &'static [&'static str],
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
        self.find_given_in(&[0, 1, 2, 3, 4, 5], name)
    }

    /// Which given name of these tiers this is. No name is in two.
    pub fn find_given_in(&self, tiers: &[usize], name: &[u8]) -> Option<Name> {
        let word = word(name);
        if self.filter.may_have(word) { find(&self.given, tiers, name.len(), word) } else { None }
    }

    /// Whether this may be a given name; of most that are none it is known to be none.
    pub fn may_be_given(&self, name: &[u8]) -> bool {
        self.filter.may_have(word(name))
    }

    /// Which family name of these tiers this is, which are tiers of lists.
    pub fn find_family_in(&self, tiers: &[usize], name: &[u8]) -> Option<Name> {
        find(&self.family, tiers, name.len(), word(name))
    }

    /// Appends a family name.
    pub fn push_family(&self, name: Name, to: &mut String) {
        match self.family.get(name.tier) {
            Some(list) => to.push_str(list.get(name.at)),
            None => {
                to.push_str(self.root(name));
                to.push_str(self.endings.get(name.at % self.endings.len()));
            }
        }
    }

    /// The root of a composed family name.
    fn root(&self, name: Name) -> &'static str {
        self.roots.get(name.at / self.endings.len())
    }

    /// Which family name this is: one in the lists, or else the composed one with the longest root.
    pub fn find_family(&self, name: &[u8]) -> Option<Name> {
        self.find_family_in(&[0, 1, 2], name).or_else(|| {
            (1..name.len()).rev().find_map(|length| {
                let (root, ending) = name.split_at(length);
                // There are few endings, so this is what most parts of names are not.
                let ending_at = self.endings.find(ending)?;
                if !joins(root, ending) {
                    return None;
                }
                let at = self.roots.find(root)? * self.endings.len() + ending_at;
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

fn find(lists: &[List], tiers: &[usize], length: usize, word: u128) -> Option<Name> {
    tiers.iter().find_map(|&tier| Some(Name { tier, at: lists.get(tier)?.find_word(length, word)? }))
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
pub fn is_woman(language: Language, given: &str) -> bool {
    let given = folded(language, given);
    language.names().find_given(given.as_bytes()).is_some_and(|name| name.tier < MEN[0])
}

#[cfg(test)]
mod tests {
    use super::*;
    use sha2::{Digest as _, Sha256};

    /// What is issued is recognised for as long as these are the same.
    const DIGESTS: [(Language, &str); 3] = [
        // cat src/names/english/*.txt | sha256sum, with the files in the order of ENGLISH; and so on.
        (Language::English, "48294d6e244b4c34ca1b6a830b9d8aeaf5e6572a1669b95992ee03b43afac1a2"),
        (Language::German, "71e38493e30a63230d6fc00f04f151de01b1c83fceeb397c7de7a7b19f5d99a3"),
        (Language::French, "126fba9406b9cbe5fb65b33d61354605e1597cf67ff14179c6479a84822351b4"),
    ];

    fn lists(names: &Names) -> impl Iterator<Item = &List> {
        names.given.iter().chain(&names.family).chain([&names.roots, &names.endings])
    }

    #[test]
    fn the_lists_are_what_they_were() {
        for (language, digest) in DIGESTS {
            let mut hash = Sha256::new();
            for name in lists(language.names()).flat_map(|list| (0..list.len()).map(|at| list.get(at))) {
                assert!(!name.is_empty() && name.bytes().all(|byte| byte.is_ascii_lowercase()), "{name}");
                hash.update(name);
                hash.update("\n");
            }
            let found: String = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
            assert_eq!(found, digest, "{language:?}");
        }
    }

    #[test]
    fn every_name_in_a_list_is_found_there() {
        for language in Language::ALL {
            let names = language.names();
            for (tier, list) in names.given.iter().enumerate() {
                for at in 0..list.len() {
                    let name = list.get(at);
                    assert_eq!(names.find_given(name.as_bytes()), Some(Name { tier, at }), "{name}");
                }
            }
            for (tier, list) in names.family.iter().enumerate() {
                for at in (0..list.len()).step_by(7) {
                    let name = list.get(at);
                    assert_eq!(names.find_family(name.as_bytes()), Some(Name { tier, at }), "{name}");
                }
            }
        }
    }

    #[test]
    fn women_have_names_of_women_in_every_language() {
        for (language, women, men) in [
            (Language::English, ["Mary", "Linda"], ["John", "Michael"]),
            (Language::German, ["Andrea", "Bärbel"], ["Jürgen", "Kai"]),
            (Language::French, ["Hélène", "Anne-Marie"], ["Jean", "François"]),
        ] {
            assert!(women.iter().all(|given| is_woman(language, given)), "{language:?}");
            assert!(!men.iter().any(|given| is_woman(language, given)), "{language:?}");
            assert!(!is_woman(language, "Xyzzy") && !is_woman(language, ""), "{language:?}");
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
    fn an_initial_has_given_names_of_every_kind() {
        for language in Language::ALL {
            let names = language.names();
            // Of a rare initial there is nobody in some languages.
            for initial in *b"abcdefghijklmnprstvw" {
                for number in [0, 7, 12_345, u64::MAX] {
                    for second in [None, Some(1), Some(3)] {
                        let name = names.given_with(initial, second, number).expect("a name");
                        assert_eq!(name.as_bytes().first(), Some(&initial));
                        let tier = names.find_given(name.as_bytes()).expect("it is in a list").tier;
                        assert!(second.is_none_or(|second| (second < 3) == (tier < 3)), "{name}");
                    }
                }
            }
            assert_eq!(names.given_with(b'-', None, 3), None);
        }
    }
}
