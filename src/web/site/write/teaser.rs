//! What is said of a page where there is a link to it. It belongs to that page: the newest piece of news has the same
//! words when it is the fourth one, and changes nothing else of the pages that link to it.

use super::{SENTENCE, Writer};
use crate::web::site::Scene;
use crate::web::site::calendar::Section;
use crate::web::site::language::list;
use crate::web::site::map::Page;
use chrono::Datelike as _;

impl Writer<'_> {
    /// Appends the teaser of a page.
    pub(super) fn tease(&mut self, page: Page) {
        let teaser = self.teaser(page);
        self.push(&teaser);
    }

    /// What is said of a page where there is a link to it: a sentence that belongs to that page, in the same words
    /// wherever it is said, whoever is on the page with the link.
    pub(super) fn teaser(&mut self, page: Page) -> String {
        let site = self.site;
        let mut dice = site.keyed.dice("teaser", site.map.number(page));
        let mut scene = Scene::of(site, dice.of(0..=site.map.departments() - 1), None);
        scene.subject = self.subject_of(page);
        let list = match page {
            Page::Item(section, n) => {
                scene.year = site.map.calendar().day(section, n).year();
                list_of(section)
            }
            _ => list::SENTENCE,
        };
        let share = site.shares.get(list).copied().unwrap_or_default();
        // Neighbours stand together in a list, so they have one after the other.
        let nth = site.map.number(page) % share.count().max(1) as u64;
        let at = share.nth(usize::try_from(nth).unwrap_or_default());
        if list == list::SENTENCE {
            let left = self.unsaid.entry(list).or_insert_with(|| share.all().collect());
            left.retain(|&unsaid| unsaid != at);
        }
        let mut text = String::with_capacity(SENTENCE);
        site.tables.entry(list, at, &scene, &mut dice, &mut text);
        text
    }
}

/// What the teasers of a section say. None of these lists is one that prose is made of: what is new on a page of
/// links changes nothing else of it.
fn list_of(section: Section) -> usize {
    match section {
        Section::News => list::OPENING,
        Section::List => list::MAIL_LINE,
        Section::Minutes => list::MINUTES_TEXT,
        Section::Newsletter => list::HEADING,
        Section::Guestbook => list::GUESTBOOK_ENTRY,
    }
}
