//! French names.
//!
//! They are those of people born in France (INSEE, in the public domain, as in the Python package `prenoms`; see `NOTICE`),
//! in the order of their frequency: given names of those born from 1941 on, of women 150 common, 850
//! known and 2,000 rare ones, of men 150, 500 and 1,750; family names of those born from 1891 to 2000, 1,000,
//! 12,000 and 60,000. Those of one or two letters are left out, and those with a word in them that would have
//! an address thrown out of a spammer's list. The roots of composed family names are cut from all family
//! names: a root is there if at least nine of the endings are met with it.

use super::{Filter, GIVEN_TIERS, List, Names, Written};

const GIVEN: [List; GIVEN_TIERS] = [
    List::new(include_str!("french/women_common.txt")),
    List::new(include_str!("french/women_known.txt")),
    List::new(include_str!("french/women_rare.txt")),
    List::new(include_str!("french/men_common.txt")),
    List::new(include_str!("french/men_known.txt")),
    List::new(include_str!("french/men_rare.txt")),
];

/// The names.
pub static FRENCH: Names = Names {
    given: GIVEN,
    filter: Filter::new(&GIVEN),
    family: [
        List::new(include_str!("french/family_common.txt")),
        List::new(include_str!("french/family_known.txt")),
        List::new(include_str!("french/family_rare.txt")),
    ],
    roots: List::new(include_str!("french/family_roots.txt")),
    endings: List::new(include_str!("french/family_endings.txt")),
    written: Written(include_str!("french/written.txt")),
    between: " ",
    give_away: &["merde", "bite", "pute", "salope", "encul", "couill", "piege", "negre", "hitler"],
};
