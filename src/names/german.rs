//! German names.
//!
//! Given names are those of the German, Austrian, Swiss and Liechtenstein lists of the packages `faker`
//! (Python) and `@faker-js/faker` (JavaScript), both under the MIT licence: common are those that everybody
//! knows, known those in most of the lists, rare the others (`NOTICE` has their notices, and
//! `contrib/names/make` compares the lists with them). Family names are those of the same lists and
//! those that look German, by their letters and endings, among the names of the census of the United States of
//! 1990 and of the names given in France from 1891 to 2000 (INSEE, in the public domain), which have
//! many that left for there. The roots of composed family names are words that German names of places begin
//! with, and what is met before at least two of the endings in the names of the lists. Those of one or two
//! letters are left out, and those with a word in them that would have an address thrown out of a spammer's
//! list.

use super::{Filter, GIVEN_TIERS, List, Names, Written};

const GIVEN: [List; GIVEN_TIERS] = [
    List::new(include_str!("german/women_common.txt")),
    List::new(include_str!("german/women_known.txt")),
    List::new(include_str!("german/women_rare.txt")),
    List::new(include_str!("german/men_common.txt")),
    List::new(include_str!("german/men_known.txt")),
    List::new(include_str!("german/men_rare.txt")),
];

/// The names.
pub static GERMAN: Names = Names {
    given: GIVEN,
    filter: Filter::new(&GIVEN),
    family: [
        List::new(include_str!("german/family_common.txt")),
        List::new(include_str!("german/family_known.txt")),
        List::new(include_str!("german/family_rare.txt")),
    ],
    roots: List::new(include_str!("german/family_roots.txt")),
    endings: List::new(include_str!("german/family_endings.txt")),
    written: Written(include_str!("german/written.txt")),
    between: "-",
    give_away: &["arsch", "fick", "hure", "nutte", "falle", "kack", "hitler"],
};
