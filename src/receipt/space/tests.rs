//! Every place is a local part and every local part has one place, in every language.

use super::*;
use std::collections::BTreeMap;

#[test]
fn every_number_is_written_and_read() {
    for (kind, number) in ALL_NUMBERS.into_iter().enumerate() {
        for at in 0..numbers(number) {
            let mut text = String::new();
            push_number(Some(number), at, &mut text);
            assert_eq!(read_number(text.as_bytes()), Some((kind, at)), "{text}");
        }
    }
    for other in
        ["0", "00", "09", "099", "1301", "0230", "0100", "1949", "2010", "12345", "010149", "1234567"]
    {
        assert_eq!(read_number(other.as_bytes()), None, "{other}");
    }
}

#[test]
fn places_are_written_and_read() {
    for space in Language::ALL.map(of) {
        // How many numbers were tried, and how many are a local part of their own: by the form and by how
        // common the names are, whatever the number behind them is.
        let mut own = BTreeMap::<_, (u64, u64)>::new();
        for number in 0..CELLS {
            let cell = Cell::numbered(number);
            assert_eq!(cell.number(), number);
            let (receipts, size) = (space.receipts(cell), space.size(cell));
            if receipts.is_empty() {
                continue;
            }
            assert!(u64::from(receipts.end - receipts.start) <= size / SPARSE);
            let tries = 80;
            for step in 0..tries {
                let place = Place { cell, at: size / tries * step + step * 7919 % (size / tries) };
                let spelt = space.spell(place);
                let found = space.place(spelt.local.as_bytes());
                let (tried, same) = own.entry((cell.form, cell.family)).or_default();
                *tried += 1;
                *same += u64::from(found == Some(place));
                assert!((7..=40).contains(&spelt.local.len()), "{}", spelt.local);
            }
        }
        // The others can be read in two ways and belong to the first, or are not there.
        for ((form, family), (tried, same)) in own {
            assert!(tried >= 80 && same * 100 > tried * 64, "{same} of {tried}: {form} {family}");
        }
    }
}

#[test]
fn a_common_name_is_met_more_often_than_a_rare_one() {
    for language in Language::ALL {
        let (names, space) = (language.names(), of(language));
        // The receipts of all cells whose names are of a tier, for each thousand names of it.
        let each = |tier: usize, of: fn(Cell) -> usize, names: usize| {
            let cells = (0..CELLS).map(Cell::numbered).filter(|&cell| of(cell) == tier);
            let receipts = cells.map(|cell| space.receipts(cell)).map(|range| range.end - range.start);
            receipts.sum::<u32>() / u32::try_from(names).unwrap()
        };
        let family = |tier| each(tier, |cell| cell.family, names.families(tier));
        let families: Vec<u32> = (0..FAMILY_TIERS).map(family).collect();
        assert!(families[0] > 2 * families[1] && families.is_sorted_by(|a, b| a > b), "{families:?}");
        let given = |tier| each(tier, |cell| cell.given, names.givens(tier));
        let givens: Vec<u32> = (0..GIVEN_TIERS).map(given).collect();
        let (women, men) = givens.split_at(GIVEN_TIERS / 2);
        assert!(women.is_sorted_by(|a, b| a > b) && men.is_sorted_by(|a, b| a > b), "{givens:?}");
    }
}

#[test]
fn the_longest_names_make_no_local_part_that_is_too_long() {
    for names in Language::ALL.map(Language::names) {
        let longest = |lists: &[names::List]| {
            let all = lists.iter().flat_map(|list| (0..list.len()).map(|at| list.get(at).len()));
            all.max().unwrap_or_default()
        };
        let given = longest(&names.given);
        let second = longest(&names.given[..2]).max(longest(&names.given[3..5]));
        let maiden = longest(&names.family[..2]);
        let composed =
            longest(std::slice::from_ref(&names.roots)) + longest(std::slice::from_ref(&names.endings));
        let family = longest(&names.family).max(composed);
        assert!(
            given + second.max(maiden) + family + "..99".len() <= 40,
            "{given} {second} {maiden} {family}"
        );
    }
}
