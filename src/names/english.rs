//! English names.
//!
//! Given and family names are those of the census of the United States of 1990, in the order of their
//! frequency there: of women and of men each 150 are common, 1,000 and 350 known, of family names 1,000
//! and 12,000. The rare given names have those of a list of 2018 as well. `NOTICE` says whose these are, and
//! `contrib/names/make` makes the lists again. Those of one or two letters are left out, and those with a word in them that would have an
//! address thrown out of a spammer's list. The roots and endings of composed family names are cut from
//! names of English places: a root is there if at least three of the endings are met with it.

use super::{Filter, GIVEN_TIERS, List, Names, Written};

const GIVEN: [List; GIVEN_TIERS] = [
    List::new(include_str!("english/women_common.txt")),
    List::new(include_str!("english/women_known.txt")),
    List::new(include_str!("english/women_rare.txt")),
    List::new(include_str!("english/men_common.txt")),
    List::new(include_str!("english/men_known.txt")),
    List::new(include_str!("english/men_rare.txt")),
];

/// The names.
pub static ENGLISH: Names = Names {
    given: GIVEN,
    filter: Filter::new(&GIVEN),
    family: [
        List::new(include_str!("english/family_common.txt")),
        List::new(include_str!("english/family_known.txt")),
        List::new(include_str!("english/family_rare.txt")),
    ],
    roots: List::new(include_str!("english/family_roots.txt")),
    endings: List::new(include_str!("english/family_endings.txt")),
    written: Written(""),
    between: " ",
    give_away: &[],
};
