//! What is on each kind of page.
//!
//! A [`Writer`] has the blocks of which pages are made; the [`frame`] that all of them have, and their [`people`],
//! are beside it, with the [`teaser`] of what is linked to, and the pages in [`organisation`], [`dated`] and
//! [`topics`].

use super::calendar::Section;
use super::dice::Dice;
use super::html;
use super::language::list;
use super::look::Listing;
use super::map::Page;
use super::{Scene, Site};
use chrono::{DateTime, Datelike as _, NaiveDate, Utc};
use std::collections::BTreeMap;
use std::fmt::Write as _;

mod dated;
mod frame;
mod organisation;
mod people;
mod teaser;
mod topics;

/// Room for a sentence.
const SENTENCE: usize = 256;

/// Writes a page. Returns its HTML, how many addresses it shows, and when it was last changed.
pub(super) fn page(site: &Site, page: Page, visit: u32) -> (String, u32, DateTime<Utc>) {
    let mut writer = Writer::new(site, page, visit);
    writer.write();
    (writer.out, writer.shown, writer.modified)
}

/// A page that is being written.
struct Writer<'s> {
    site: &'s Site,
    page: Page,
    dice: Dice,
    out: String,
    /// What leads from this page to the top of the site.
    up: String,
    /// What its texts may say. The people of it are those whose addresses this page shows; so many of them it
    /// has shown.
    scene: Scene<'s>,
    next: usize,
    shown: u32,
    /// What was not said on this page yet: lists, and the entries of ours that are left.
    unsaid: BTreeMap<usize, Vec<usize>>,
    title: String,
    modified: DateTime<Utc>,
}

impl<'s> Writer<'s> {
    fn new(site: &'s Site, page: Page, visit: u32) -> Self {
        let map = &site.map;
        let number = map.number(page);
        let mut dice = site.keyed.dice("page", number);
        let (department, team) = match page {
            Page::Department(at) => (at, None),
            Page::Team(team) => (map.department_of(team), Some(team)),
            _ => (dice.of(0..=map.departments() - 1), None),
        };
        // How long a path is does not depend on whose page it is.
        let path = map.path(page, &|_| String::new());
        let depth = path.matches('/').count().saturating_sub(1);
        let mut writer = Writer {
            site,
            page,
            out: String::with_capacity(32 * 1024),
            up: "../".repeat(depth),
            scene: Scene::of(site, department, team),
            next: 0,
            shown: 0,
            unsaid: BTreeMap::new(),
            title: String::new(),
            modified: writer_date(site, page),
            dice,
        };
        writer.invite(visit);
        writer.title = writer.title_of(page);
        writer.scene.subject = writer.subject_of(page);
        writer.scene.year = match page {
            Page::Item(section, n) => map.calendar().day(section, n).year(),
            Page::Year(_, year) => year,
            _ => writer.scene.year,
        };
        writer
    }

    /// What a page is about, as it stands inside of a sentence.
    fn subject_of(&mut self, page: Page) -> String {
        match page {
            Page::Home | Page::About | Page::Contact | Page::Staff => self.site.organisation.company.clone(),
            Page::Item(..) | Page::Topic(_) if self.labelled(list::FORMAT_INSIDE) == "lower" => {
                lower(&self.title_of(page))
            }
            _ => self.title_of(page),
        }
    }

    fn write(&mut self) {
        self.begin();
        match self.page {
            Page::Home => self.home(),
            Page::About => self.about(),
            Page::Contact => self.contact(),
            Page::Staff => self.staff(),
            Page::Departments => self.departments(),
            Page::Department(at) => self.department(at),
            Page::Team(team) => self.team(team),
            Page::Person(person) => self.person(person),
            Page::Index(section) => self.index(section),
            Page::Year(section, year) => self.year(section, year),
            Page::Item(section, n) => self.item(section, n),
            Page::Topics => self.topics(),
            Page::Topic(topic) => self.topic(topic),
        }
        self.end();
    }

    /// Any of our entries of a list, and one that the page does not have yet as long as there is one.
    fn any(&mut self, list: usize) -> usize {
        let share = self.site.shares.get(list).copied().unwrap_or_default();
        let left = self.unsaid.entry(list).or_default();
        if left.is_empty() {
            left.extend(share.all());
        }
        let at = share.choose(left.len(), &mut self.dice);
        if at < left.len() { left.remove(at) } else { 0 }
    }

    /// Appends any entry of a list.
    fn say(&mut self, list: usize) {
        let at = self.any(list);
        self.site.tables.entry(list, at, &self.scene, &mut self.dice, &mut self.out);
    }

    /// One entry of a list.
    fn entry(&mut self, list: usize, at: usize) -> String {
        let mut text = String::with_capacity(SENTENCE);
        self.site.tables.entry(list, at, &self.scene, &mut self.dice, &mut text);
        text
    }

    /// The same as a text of its own.
    fn saying(&mut self, list: usize) -> String {
        let at = self.out.len();
        self.say(list);
        self.out.split_off(at)
    }

    /// What a site calls something on all of its pages.
    fn label(&mut self, list: usize) {
        let site = self.site;
        let at = site.keyed.below("label", list as u64, site.tables.count(list));
        site.tables.entry(list, at, &self.scene, &mut self.dice, &mut self.out);
    }

    fn labelled(&mut self, list: usize) -> String {
        let at = self.out.len();
        self.label(list);
        self.out.split_off(at)
    }

    /// What stands behind a label, and then this.
    fn colon(&mut self, then: &str) {
        self.label(list::FORMAT_COLON);
        self.push(then);
    }

    fn push(&mut self, html: &str) {
        self.out.push_str(html);
    }

    fn put(&mut self, html: &[&str]) {
        html::push(&mut self.out, html);
    }

    /// What a page is called.
    fn title_of(&mut self, page: Page) -> String {
        let named = |writer: &Self, page| {
            let [(_, first), (_, second)] = writer.site.map.name(page);
            [first, second].concat()
        };
        match page {
            Page::Home => self.labelled(list::LABEL_HOME),
            Page::About => self.labelled(list::LABEL_ABOUT),
            Page::Contact => self.labelled(list::LABEL_CONTACT),
            Page::Staff => self.labelled(list::LABEL_STAFF),
            Page::Departments => self.labelled(list::LABEL_DEPARTMENTS),
            Page::Topics => self.labelled(list::LABEL_TOPICS),
            Page::Index(section) => self.labelled(section_label(section)),
            Page::Department(at) => self.site.map.department(at).1.to_owned(),
            Page::Person(person) => match self.scene.people.first() {
                Some(contact) if contact.number == Some(person) => contact.name.clone(),
                _ => self.site.member(person).name,
            },
            Page::Year(section, year) => format!("{} {year}", self.labelled(section_label(section))),
            Page::Team(_) | Page::Item(..) | Page::Topic(_) => named(self, page),
        }
    }

    /// Where a page is, seen from this one.
    fn href(&self, page: Page) -> String {
        self.relative(&self.site.path(page))
    }

    fn relative(&self, path: &str) -> String {
        match (self.up.as_str(), path.strip_prefix('/').unwrap_or(path)) {
            ("", "") => "./".to_owned(),
            (up, path) => [up, path].concat(),
        }
    }

    fn link(&mut self, page: Page, text: &str) {
        let href = self.href(page);
        self.put(&["<a href=\"", &href, "\">", text, "</a>"]);
    }

    /// A link to a page with its title, if there is the page.
    fn mention(&mut self, page: Page) {
        let title = self.title_of(page);
        match self.site.map.has(page) {
            true => self.link(page, &title),
            false => self.push(&title),
        }
    }

    fn heading(&mut self, level: u8, text: &str) {
        let _ = writeln!(self.out, "<h{level}>{text}</h{level}>");
    }

    fn heading_of(&mut self, level: u8, list: usize) {
        let text = self.labelled(list);
        self.heading(level, &text);
    }

    /// So many entries of a list, each once as long as there are any left.
    fn some_of(&mut self, list: usize, count: u32) -> Vec<usize> {
        (0..count).map(|_| self.any(list)).collect()
    }

    /// A paragraph of so many entries of a list.
    fn paragraph(&mut self, list: usize, count: u32) {
        let entries = self.some_of(list, count);
        self.sentences(entries, |writer, at| writer.entry(list, at));
    }

    /// A paragraph of what is told of something that has this number: it is told in the same words, and with the
    /// same figures, wherever it is told.
    fn facts(&mut self, list: usize, number: u32, entries: impl IntoIterator<Item = usize>) {
        self.sentences(entries, |writer, at| writer.fact(list, number, at));
    }

    fn sentences(
        &mut self,
        entries: impl IntoIterator<Item = usize>,
        mut say: impl FnMut(&mut Self, usize) -> String,
    ) {
        self.push("<p>");
        for (nth, at) in entries.into_iter().enumerate() {
            if nth > 0 {
                self.push(" ");
            }
            let sentence = say(self, at);
            self.push(&sentence);
        }
        self.push("</p>\n");
    }

    /// One of the facts of a list.
    fn fact(&mut self, list: usize, number: u32, at: usize) -> String {
        let dice = self.site.keyed.dice("fact", (u64::from(number) << 16) + ((list << 8) + at) as u64);
        let year = std::mem::replace(&mut self.scene.year, self.site.map.calendar().told());
        let ours = std::mem::replace(&mut self.dice, dice);
        let text = self.entry(list, at);
        (self.dice, self.scene.year) = (ours, year);
        text
    }

    /// Appends any one of the facts of a list.
    fn any_fact(&mut self, list: usize, number: u32) {
        let at = self.any(list);
        let text = self.fact(list, number, at);
        self.push(&text);
    }

    /// A paragraph of the ordinary kind.
    fn prose(&mut self) {
        let count = self.dice.of(3..=6);
        self.paragraph(list::SENTENCE, count);
    }

    /// A list of points, as there is in many texts.
    fn points(&mut self) {
        self.paragraph(list::LIST_INTRO, 1);
        let kind = if self.dice.percent(30) { "ol" } else { "ul" };
        let _ = writeln!(self.out, "<{kind}>");
        let count = self.dice.of(3..=6);
        for at in self.some_of(list::LIST_ITEM, count) {
            let item = self.entry(list::LIST_ITEM, at);
            self.put(&["<li>", &item, "</li>\n"]);
        }
        let _ = writeln!(self.out, "</{kind}>");
    }

    /// A table of numbers.
    fn figures(&mut self) {
        let periods = self.site.tables.count(list::TABLE_PERIOD);
        self.push("<table>\n<tr><th scope=\"col\">");
        self.label(list::LABEL_MEASURE);
        self.push("</th>\n");
        for period in 0..periods {
            self.out.push_str("<th scope=\"col\">");
            self.site.tables.entry(list::TABLE_PERIOD, period, &self.scene, &mut self.dice, &mut self.out);
            self.out.push_str("</th>\n");
        }
        self.push("</tr>\n");
        let count = self.dice.of(3..=5);
        for at in self.some_of(list::TABLE_MEASURE, count) {
            let measure = self.entry(list::TABLE_MEASURE, at);
            let _ = writeln!(self.out, "<tr><td>{measure}</td>");
            for _ in 0..periods {
                let number = self.dice.of(4..=980);
                let _ = writeln!(self.out, "<td>{number}</td>");
            }
            self.push("</tr>\n");
        }
        self.push("</table>\n");
    }

    fn date(&mut self, day: NaiveDate) {
        let text = self.written(day);
        let class = self.site.look.class.date;
        let _ = write!(self.out, "<time class=\"{class}\" datetime=\"{day}\">{text}</time>");
    }

    /// A date as people write it.
    fn written(&self, day: NaiveDate) -> String {
        let site = self.site;
        let mut text = String::new();
        let mut dice = site.keyed.dice("date", u64::from(day.num_days_from_ce().unsigned_abs()));
        site.tables.say(list::FORMAT_DATE, &Dated { site, day }, &mut dice, &mut text);
        text
    }

    /// Links to pages, each with what `more` says of it.
    fn listing(&mut self, pages: &[Page], more: &mut dyn FnMut(&mut Self, Page)) {
        if pages.is_empty() {
            return;
        }
        let class = self.site.look.class.listing;
        let definitions = self.site.look.listing == Listing::Definitions;
        let (outer, first, second, end) = match definitions {
            true => ("dl", "<dt>", "</dt>\n<dd>", "</dd>\n"),
            false => ("ul", "<li>", " ", "</li>\n"),
        };
        let _ = writeln!(self.out, "<{outer} class=\"{class}\">");
        for &page in pages {
            self.push(first);
            self.mention(page);
            self.push(second);
            more(self, page);
            self.push(end);
        }
        let _ = writeln!(self.out, "</{outer}>");
    }
}

/// When a page was last changed.
fn writer_date(site: &Site, page: Page) -> DateTime<Utc> {
    let calendar = site.map.calendar();
    let number = site.map.number(page);
    let of_item = |section: Section, n: u32| {
        let item = site.map.number(Page::Item(section, n));
        calendar.published(calendar.day(section, n), item)
    };
    let newest = |section: Section| site.map.items(section).next_back().map(|n| of_item(section, n));
    match page {
        Page::Item(section, n) => of_item(section, n),
        Page::Index(section) => newest(section).unwrap_or_else(|| calendar.changed(number)),
        Page::Year(section, year) => {
            let last = site.map.items_of(section, year).next_back().map(|n| of_item(section, n));
            last.unwrap_or_else(|| calendar.changed(number))
        }
        Page::Home => newest(Section::News).unwrap_or_else(|| calendar.changed(number)),
        _ => calendar.changed(number),
    }
}

/// What a section is called.
fn section_label(section: Section) -> usize {
    match section {
        Section::News => list::LABEL_NEWS,
        Section::List => list::LABEL_LIST,
        Section::Minutes => list::LABEL_MINUTES,
        Section::Newsletter => list::LABEL_NEWSLETTER,
        Section::Guestbook => list::LABEL_GUESTBOOK,
    }
}

/// A title with a small letter, as in some languages it stands inside of a sentence.
fn lower(title: &str) -> String {
    let mut letters = title.chars();
    match letters.next() {
        Some(first) => first.to_lowercase().chain(letters).collect(),
        None => String::new(),
    }
}

/// A day, for the form in which a language writes dates.
struct Dated<'s> {
    site: &'s Site,
    day: NaiveDate,
}

impl super::Knows for Dated<'_> {
    fn say(&self, known: super::Known, dice: &mut Dice, to: &mut String) {
        use super::Known;
        let _ = match known {
            Known::Day => {
                let day = self.day.day0() as usize;
                self.site.tables.entry(list::FORMAT_DAY, day, self, dice, to);
                Ok(())
            }
            Known::Year => write!(to, "{}", self.day.year()),
            Known::Month => {
                let month = self.day.month0() as usize;
                self.site.tables.entry(list::MONTH, month, self, dice, to);
                Ok(())
            }
            _ => Ok(()),
        };
    }

    fn trade(&self) -> usize {
        0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::site::tests::plan;
    use std::collections::BTreeSet;

    #[test]
    fn a_page_says_nothing_twice_before_it_has_said_everything() {
        let site = Site::new(plan("said", 300));
        let mut writer = Writer::new(&site, Page::Topic(3), 0);
        for list in [list::SENTENCE, list::CLOSING, list::HOME_LEAD, list::LABEL_CONTACT] {
            let all = site.tables.count(list);
            let used = site.shares[list].count();
            // As paragraphs, points and single sentences are mixed.
            let mut said: Vec<usize> = (0..used / 2).map(|_| writer.any(list)).collect();
            said.extend(writer.some_of(list, u32::try_from(used - used / 2).unwrap()));
            let different: BTreeSet<usize> = said.iter().copied().collect();
            assert_eq!((different.len(), said.len()), (used, used));
            assert!(used == all || used == all.div_ceil(2), "{used} of {all}");
            // After that it begins again, with nothing that is not its own.
            assert!(different.contains(&writer.any(list)));
        }
    }
}
