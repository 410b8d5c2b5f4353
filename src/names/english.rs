//! English names.
//!
//! Given and family names are those of the census of the United States of 1990 and the order of their
//! frequency there, without those of one or two letters and those with a word in them that would have an
//! address thrown out of a spammer's list. Roots and endings of composed family names are cut from family
//! names of English places: a root is there if at least three endings are met with it.

use super::{List, Names};

/// The names.
pub static ENGLISH: Names = Names {
    given: [
        List::new(include_str!("english/given_common.txt")),
        List::new(include_str!("english/given_known.txt")),
        List::new(include_str!("english/given_rare.txt")),
    ],
    family: [
        List::new(include_str!("english/family_common.txt")),
        List::new(include_str!("english/family_known.txt")),
        List::new(include_str!("english/family_rare.txt")),
    ],
    roots: List::new(include_str!("english/family_roots.txt")),
    endings: List::new(include_str!("english/family_endings.txt")),
};
