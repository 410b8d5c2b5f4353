//! The words of made-up organisations, in each language: tables of texts out of which pages are put together.
//!
//! `language/english.txt` and its siblings are the data; `build.rs` turns them into the tables below, and
//! refuses a file in which something is missing. In a file a line `@name` begins a list, and the lines after
//! it are its entries. In an entry
//!
//! - `{name}` stands for any entry of that list, `{^name}` for one with its first letter in upper case, and
//!   `{name.text}` for the text of a part;
//! - if there is no list `name` but there are `name.0`, `name.1` and so on, the one of the organisation's
//!   trade is meant;
//! - `{a|b|c}` is one of these, `{#3-40}` a number, and `{$name}` something that the program knows.
//!
//! A list whose entries are all of the form `slug=text` has parts: what stands in a path, and what people read.
//! A language is added by writing such a file and naming it in `build.rs` and [`tables`].

use super::dice::{Dice, Keyed};
use crate::names::Language;

include!(concat!(env!("OUT_DIR"), "/language.rs"));

/// All that is written in one language.
pub struct Tables {
    /// Lists of texts, by their numbers in [`list`].
    lists: &'static [&'static [&'static [Piece]]],
    /// Lists of parts, by their numbers in [`parts`].
    parts: &'static [&'static [Part]],
}

/// What stands in a path, and what people read.
pub type Part = (&'static str, &'static str);

/// A piece of a text.
#[derive(Debug, Clone, Copy)]
pub enum Piece {
    Text(&'static str),
    /// An entry of a list; with a capital letter.
    List(usize, bool),
    /// An entry of the list of our trade, the first of these lists being that of the first trade.
    Own(usize, bool),
    /// The text of a part.
    Part(usize),
    Choice(&'static [&'static str]),
    Number(u32, u32),
    Known(Known),
}

/// What a text may say that is not in the tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Known {
    Company,
    Short,
    /// What it deals with, as a part of its name.
    Trade,
    Town,
    Founded,
    Department,
    Team,
    /// The full name of somebody who is on the page.
    Person,
    /// That person's given name.
    Given,
    /// What the page is about, inside of a sentence, and at the beginning of one.
    Subject,
    SubjectCapital,
    Family,
    Other,
    Day,
    Month,
    Year,
}

/// Knows what the tables do not.
pub trait Knows {
    /// Appends it.
    fn say(&self, known: Known, dice: &mut Dice, to: &mut String);
    /// The number of the organisation's trade.
    fn trade(&self) -> usize;
    /// What it uses of a list that has so many entries.
    fn share(&self, _list: usize, count: usize) -> Share {
        Share::whole(count)
    }
}

/// What one organisation uses of a list: of a long one only half of the entries, some of them rather than others,
/// so that it has a manner of its own, and says little in the words of another.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Share {
    start: usize,
    step: usize,
    /// The entries that there are, and how many of them are used.
    all: usize,
    used: usize,
}

impl Share {
    /// A list with more entries than this is long.
    const SHORT: usize = 12;

    /// All of a list, in its order.
    pub fn whole(all: usize) -> Self {
        Share { start: 0, step: 1, all, used: all }
    }

    /// Half of a long list: the first half of a walk that begins somewhere and goes on in steps after which it
    /// has been everywhere.
    fn of(all: usize, keyed: &Keyed, list: usize) -> Self {
        if all <= Self::SHORT {
            return Share::whole(all);
        }
        let common = |mut a: usize, mut b: usize| {
            while b > 0 {
                (a, b) = (b, a % b);
            }
            a
        };
        let mut step = 2 + keyed.below("step", list as u64, all - 2);
        while common(step, all) > 1 {
            step += 1;
        }
        Share { start: keyed.below("start", list as u64, all), step, all, used: all.div_ceil(2) }
    }

    /// How many entries are used.
    pub fn count(&self) -> usize {
        self.used
    }

    /// One of them; the first ones are those that are liked most.
    pub fn nth(&self, nth: usize) -> usize {
        (self.start + nth * self.step) % self.all.max(1)
    }

    /// All of them, those that are liked most first.
    pub fn all(self) -> impl Iterator<Item = usize> {
        (0..self.count()).map(move |nth| self.nth(nth))
    }

    /// Whether all entries are used, none rather than another.
    fn is_whole(&self) -> bool {
        self.used == self.all
    }

    /// One of `left` entries that are left, each as likely in a whole list, else the first ones more than the last.
    pub fn choose(&self, left: usize, dice: &mut Dice) -> usize {
        let one = dice.below(left);
        if self.is_whole() { one } else { one.min(dice.below(left)) }
    }
}

/// How deep lists may be in lists. None of ours comes near it; it keeps a file that turns in a circle from
/// doing so for ever.
const DEEPEST: usize = 8;

impl Tables {
    /// The entries of a list, as many as there are.
    pub fn count(&self, list: usize) -> usize {
        self.lists.get(list).map_or(0, |entries| entries.len())
    }

    /// What a site uses of each list.
    pub fn shares(&self, keyed: &Keyed) -> Vec<Share> {
        let lists = self.lists.iter().enumerate();
        lists.map(|(list, entries)| Share::of(entries.len(), keyed, list)).collect()
    }

    /// The parts of a list.
    pub fn parts(&self, list: usize) -> &'static [Part] {
        self.parts.get(list).copied().unwrap_or_default()
    }

    /// Appends any entry of a list.
    pub fn say(&self, list: usize, knows: &dyn Knows, dice: &mut Dice, to: &mut String) {
        let share = knows.share(list, self.count(list));
        let at = share.nth(share.choose(share.count(), dice));
        self.entry(list, at, knows, dice, to);
    }

    /// Appends one entry of a list.
    pub fn entry(&self, list: usize, at: usize, knows: &dyn Knows, dice: &mut Dice, to: &mut String) {
        self.expand(list, at, knows, dice, to, 0);
    }

    fn expand(
        &self,
        list: usize,
        at: usize,
        knows: &dyn Knows,
        dice: &mut Dice,
        to: &mut String,
        depth: usize,
    ) {
        let entry = self.lists.get(list).and_then(|entries| entries.get(at)).copied().unwrap_or_default();
        // What the last one of the same list was: nobody says "rope and rope".
        let mut last = None;
        let mut other = |list: usize, dice: &mut Dice| {
            let share = knows.share(list, self.count(list));
            let mut nth = share.choose(share.count(), dice);
            if last == Some((list, nth)) {
                nth = (nth + 1) % share.count().max(1);
            }
            last = Some((list, nth));
            share.nth(nth)
        };
        for piece in entry.iter().filter(|_| depth < DEEPEST) {
            let before = to.len();
            match *piece {
                Piece::Text(text) => to.push_str(text),
                Piece::List(list, _) => {
                    let at = other(list, dice);
                    self.expand(list, at, knows, dice, to, depth + 1);
                }
                Piece::Own(first, _) => {
                    let list = first + knows.trade();
                    let at = other(list, dice);
                    self.expand(list, at, knows, dice, to, depth + 1);
                }
                Piece::Part(list) => to.push_str(dice.pick(self.parts(list)).map_or("", |(_, text)| text)),
                Piece::Choice(choices) => to.push_str(dice.pick(choices).copied().unwrap_or_default()),
                Piece::Number(from, until) => {
                    use std::fmt::Write as _;
                    let _ = write!(to, "{}", dice.of(from..=until));
                }
                Piece::Known(known) => knows.say(known, dice, to),
            }
            if let Piece::List(_, true) | Piece::Own(_, true) = *piece {
                capitalise(to, before);
            }
        }
    }
}

/// Puts the letter that stands at `at` into upper case.
pub fn capitalise(text: &mut String, at: usize) {
    let Some(first) = text.get(at..).and_then(|rest| rest.chars().next()) else { return };
    if first.is_lowercase() {
        let upper: String = first.to_uppercase().collect();
        text.replace_range(at..at + first.len_utf8(), &upper);
    }
}

/// The tables of a language.
pub fn tables(language: Language) -> &'static Tables {
    match language {
        Language::English => &ENGLISH,
        Language::German => &GERMAN,
        Language::French => &FRENCH,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Nobody;

    impl Knows for Nobody {
        fn say(&self, known: Known, _: &mut Dice, to: &mut String) {
            to.push_str(&format!("<{known:?}>"));
        }

        fn trade(&self) -> usize {
            9
        }
    }

    #[test]
    fn every_entry_of_every_language_can_be_said() {
        for language in Language::ALL {
            let tables = tables(language);
            let mut dice = Keyed::new([3; 32]).dice("said", 0);
            for (list, entries) in tables.lists.iter().enumerate() {
                for at in 0..entries.len() {
                    let mut text = String::new();
                    tables.entry(list, at, &Nobody, &mut dice, &mut text);
                    assert!(
                        !text.trim().is_empty() && !text.contains(['{', '}', '|']),
                        "{language:?}: {text:?}"
                    );
                }
            }
        }
    }

    #[test]
    fn a_site_uses_half_of_a_long_list_and_each_site_another_half() {
        let mut seen = std::collections::BTreeMap::<usize, usize>::new();
        for key in 0..200 {
            let share = Share::of(90, &Keyed::new([key; 32]), 7);
            let mut used: Vec<usize> = (0..share.count()).map(|nth| share.nth(nth)).collect();
            used.sort_unstable();
            used.dedup();
            assert_eq!(used.len(), 45, "{key}: every entry once");
            used.into_iter().for_each(|at| *seen.entry(at).or_default() += 1);
        }
        assert!(seen.len() == 90 && seen.values().all(|times| (50..150).contains(times)), "{seen:?}");
        // What is liked most comes first in the walk.
        let share = Share::of(91, &Keyed::new([1; 32]), 7);
        let mut dice = Keyed::new([1; 32]).dice("liked", 0);
        let early = (0..1_000).filter(|_| share.choose(share.count(), &mut dice) < share.count() / 2).count();
        assert!((650..850).contains(&early), "{early}");
        // Of a short list everything is used, in its order.
        let short = Share::of(Share::SHORT, &Keyed::new([1; 32]), 7);
        assert!((0..short.count()).all(|nth| short.nth(nth) == nth) && short.count() == Share::SHORT);
        assert_eq!((Share::whole(0).count(), Share::whole(0).nth(0)), (0, 0));
    }

    #[test]
    fn every_language_has_the_lists_of_the_first() {
        let lists = |text: &'static str| -> std::collections::BTreeSet<&str> {
            text.lines().filter_map(|line| line.strip_prefix('@')).collect()
        };
        let [english, german, french] = [
            include_str!("language/english.txt"),
            include_str!("language/german.txt"),
            include_str!("language/french.txt"),
        ]
        .map(lists);
        for other in [german, french] {
            assert!(other.is_superset(&english), "{:?}", english.difference(&other).collect::<Vec<_>>());
        }
        let counts = Language::ALL.map(tables).map(|tables| {
            assert_eq!(tables.parts.len(), ENGLISH.parts.len());
            tables.lists.len()
        });
        assert!(counts.iter().all(|&count| count >= ENGLISH.lists.len()), "{counts:?}");
    }

    #[test]
    fn titles_have_enough_room_for_the_pages_of_a_year() {
        use parts::{GUESTBOOK_FIRST, LIST_FIRST, MINUTES_FIRST, NEWS_FIRST, NEWSLETTER_FIRST, TOPIC_FIRST};
        use parts::{
            GUESTBOOK_SECOND, LIST_SECOND, MINUTES_SECOND, NEWS_SECOND, NEWSLETTER_SECOND, TOPIC_SECOND,
        };
        for language in Language::ALL {
            let tables = tables(language);
            for (first, second, room) in [
                (TOPIC_FIRST, TOPIC_SECOND, 1_000),
                (NEWS_FIRST, NEWS_SECOND, 600),
                (MINUTES_FIRST, MINUTES_SECOND, 200),
                (NEWSLETTER_FIRST, NEWSLETTER_SECOND, 200),
                (LIST_FIRST, LIST_SECOND, 250),
                (GUESTBOOK_FIRST, GUESTBOOK_SECOND, 100),
            ] {
                let size = tables.parts(first).len() * tables.parts(second).len();
                assert!(size >= room, "{language:?}: {size}");
            }
        }
    }

    #[test]
    fn months_days_and_trades_are_complete() {
        for language in Language::ALL {
            let tables = tables(language);
            let counts = [list::MONTH, list::FORMAT_DAY, list::TRADE].map(|list| tables.count(list));
            assert_eq!(counts, [12, 31, 10], "{language:?}");
            assert!(tables.count(list::TITLE_TOP) >= crate::web::site::map::LEADERS as usize);
        }
    }

    #[test]
    fn a_capital_letter_may_be_longer_than_its_small_one() {
        for (text, at, capital) in
            [("über", 0, "Über"), ("a b", 2, "a B"), ("", 0, ""), ("é", 0, "É"), ("7a", 0, "7a")]
        {
            let mut text = text.to_owned();
            capitalise(&mut text, at);
            assert_eq!(text, capital);
        }
    }
}
