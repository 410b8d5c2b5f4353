//! The pages that have a date: news, minutes, newsletters, the archive of a mailing list, the guest book.

use super::Writer;
use crate::web::site::Contact;
use crate::web::site::calendar::Section;
use crate::web::site::language::{self, list};
use crate::web::site::map::{Map, Page};
use chrono::{Days, NaiveDate};
use std::fmt::Write as _;

impl Writer<'_> {
    /// The date of a page, and what it begins with.
    pub(super) fn dated(&mut self, page: Page) {
        if let Page::Item(section, n) = page {
            let day = self.site.map.calendar().day(section, n);
            self.date(day);
            self.push(" ");
            self.tease(page);
        }
    }

    pub(super) fn index(&mut self, section: Section) {
        self.prose();
        let items: Vec<Page> = self
            .site
            .map
            .items(section)
            .rev()
            .take(Map::NEWEST as usize)
            .map(|n| Page::Item(section, n))
            .collect();
        self.listing(&items, &mut |writer, page| writer.dated(page));
        let years = self.site.map.years(section);
        if !years.is_empty() {
            self.heading_of(2, list::LABEL_YEAR);
            self.push("<p>");
            for (at, year) in years.into_iter().enumerate() {
                if at > 0 {
                    self.push(" | ");
                }
                self.link(Page::Year(section, year), &year.to_string());
            }
            self.push("</p>\n");
        }
    }

    pub(super) fn year(&mut self, section: Section, year: i32) {
        let items: Vec<Page> =
            self.site.map.items_of(section, year).rev().map(|n| Page::Item(section, n)).collect();
        self.listing(&items, &mut |writer, page| {
            if let Page::Item(section, n) = page {
                let day = writer.site.map.calendar().day(section, n);
                writer.date(day);
            }
        });
        self.prose();
    }

    pub(super) fn item(&mut self, section: Section, n: u32) {
        let day = self.site.map.calendar().day(section, n);
        match section {
            Section::News => self.news(day, n),
            Section::Minutes => self.minutes(day),
            Section::Newsletter => self.newsletter(day),
            Section::List => self.thread(day),
            Section::Guestbook => self.guests(day),
        }
        self.neighbours(section, n);
    }

    /// Links to the pages before and after one.
    fn neighbours(&mut self, section: Section, n: u32) {
        let near = [(n.checked_sub(1), list::LABEL_OLDER), (n.checked_add(1), list::LABEL_NEWER)];
        let links: Vec<(Page, usize)> = near
            .into_iter()
            .filter_map(|(n, label)| Some((Page::Item(section, n?), label)))
            .filter(|&(page, _)| self.site.map.has(page))
            .collect();
        if links.is_empty() {
            return;
        }
        self.push("<p>");
        for (at, (page, label)) in links.into_iter().enumerate() {
            if at > 0 {
                self.push("<br>\n");
            }
            self.label(label);
            self.colon(" ");
            self.mention(page);
        }
        self.push("</p>\n");
    }

    fn byline(&mut self, day: NaiveDate) {
        self.push("<p>");
        self.date(day);
        if let Some(author) = self.next() {
            self.scene.speaker = Some(author.name.clone());
            self.push(" &middot; ");
            self.label(list::LABEL_AUTHOR);
            self.push(" ");
            self.name(&author);
            self.push(", ");
            self.address(&author, None);
        }
        self.push("</p>\n");
    }

    fn news(&mut self, day: NaiveDate, n: u32) {
        self.byline(day);
        let lead = self.site.look.class.lead;
        let teaser = self.teaser(Page::Item(Section::News, n));
        self.put(&["<p class=\"", lead, "\">", &teaser, "</p>\n"]);
        for _ in 0..self.dice.of(3..=6) {
            self.prose();
        }
        match self.dice.below(3) {
            0 => self.points(),
            1 => self.figures(),
            _ => self.prose(),
        }
        self.paragraph(list::CLOSING, 2);
    }

    fn minutes(&mut self, day: NaiveDate) {
        self.push("<p>");
        self.date(day);
        self.push("</p>\n<p><strong>");
        self.label(list::LABEL_PRESENT);
        self.colon("</strong> ");
        let names: Vec<_> = self.scene.people.iter().map(|contact| contact.name.clone()).collect();
        self.push(&names.join(", "));
        self.push("</p>\n");
        let count = self.dice.of(4..=7);
        // They are taken in the order in which they are in the list, from what is left to other business.
        let mut items = self.some_of(list::MINUTES_ITEM, count);
        items.sort_unstable();
        for (number, at) in (1..).zip(items) {
            let item = self.entry(list::MINUTES_ITEM, at);
            self.heading(2, &format!("{number}. {item}"));
            for _ in 0..self.dice.of(1..=2) {
                let count = self.dice.of(2..=4);
                self.paragraph(list::MINUTES_TEXT, count);
            }
        }
        self.heading_of(2, list::LABEL_ACTIONS);
        self.push("<table>\n<tr>");
        for label in [list::LABEL_ACTION, list::LABEL_OWNER, list::LABEL_DUE] {
            self.push("<th scope=\"col\">");
            self.label(label);
            self.push("</th>\n");
        }
        self.push("</tr>\n");
        for _ in 0..self.dice.of(2..=4) {
            let Some(owner) = self.next() else { break };
            self.push("<tr><td>");
            let at = self.out.len();
            self.say(list::THING);
            language::capitalise(&mut self.out, at);
            self.push("</td>\n<td>");
            self.name(&owner);
            self.push("<br>\n");
            self.address(&owner, None);
            self.push("</td>\n<td>");
            let due = day.checked_add_days(Days::new(self.dice.of(7..=60).into())).unwrap_or(day);
            self.date(due);
            self.push("</td>\n</tr>\n");
        }
        self.push("</table>\n");
    }

    fn newsletter(&mut self, day: NaiveDate) {
        self.push("<p>");
        self.date(day);
        if let Some(editor) = self.next() {
            self.push(" &middot; ");
            self.label(list::LABEL_EDITOR);
            self.colon(" ");
            self.name(&editor);
            self.push(" (");
            self.address(&editor, None);
            self.push(")");
        }
        self.push("</p>\n");
        let count = self.dice.of(4..=6);
        for at in self.some_of(list::HEADING, count) {
            let heading = self.entry(list::HEADING, at);
            self.heading(2, &heading);
            let is_signed = self.dice.percent(40) && self.scene.people.len() > self.next + 2;
            let author = if is_signed { self.next() } else { None };
            self.scene.speaker = author.as_ref().map(|author| author.name.clone());
            for _ in 0..self.dice.of(1..=3) {
                self.prose();
            }
            if let Some(author) = author {
                self.signature(&author);
            }
        }
        self.scene.speaker = None;
        self.points();
    }

    /// Who wrote this, with the address.
    fn signature(&mut self, author: &Contact) {
        self.push("<p><em>");
        self.name(author);
        self.push("</em> ");
        self.address(author, None);
        self.push("</p>\n");
    }

    /// A discussion on the mailing list. Its day is that of the last letter: what is there is never added to.
    fn thread(&mut self, day: NaiveDate) {
        let entry = self.site.look.class.entry;
        let mut said: Option<String> = None;
        let letters = self.scene.people.len().saturating_sub(self.next);
        let pauses: Vec<u32> = (1..letters).map(|_| self.dice.of(0..=1)).collect();
        let whole: u32 = pauses.iter().sum();
        let mut at = day.checked_sub_days(Days::new(whole.into())).unwrap_or(day);
        let mut pauses = pauses.into_iter();
        let mut before = String::new();
        while let Some(author) = self.next() {
            self.scene.speaker = Some(author.name.clone());
            let _ = write!(self.out, "<article class=\"{entry}\">\n<p><strong>");
            self.label(list::LABEL_FROM);
            self.colon("</strong> ");
            self.name(&author);
            self.push(" &lt;");
            self.address(&author, None);
            self.push("&gt;<br>\n<strong>");
            self.label(list::LABEL_DATE);
            self.colon("</strong> ");
            self.date(at);
            self.push("<br>\n<strong>");
            self.label(list::LABEL_SUBJECT);
            let title = self.title.clone();
            self.colon("</strong> ");
            let _ = write!(self.out, "{title}</p>\n<p>");
            self.say(list::MAIL_GREETING);
            self.push("</p>\n");
            if let Some(said) = &said {
                let _ = write!(self.out, "<p>{before} ");
                self.label(list::LABEL_WROTE);
                self.colon("</p>");
                let _ = write!(self.out, "\n<blockquote><p>{said}</p>\n</blockquote>\n");
            }
            let mut text = String::new();
            for _ in 0..self.dice.of(2..=4) {
                if !text.is_empty() {
                    text.push(' ');
                }
                text += &self.saying(list::MAIL_LINE);
            }
            let _ = write!(self.out, "<p>{text}</p>\n<p>");
            self.say(list::MAIL_CLOSING);
            let _ = write!(self.out, "<br>\n{}</p>\n</article>\n", author.name);
            said = Some(text);
            before = author.name;
            at = at.checked_add_days(Days::new(pauses.next().unwrap_or_default().into())).unwrap_or(at);
        }
        self.scene.speaker = None;
    }

    fn guests(&mut self, day: NaiveDate) {
        let entry = self.site.look.class.entry;
        let mut at = day;
        while let Some(guest) = self.next() {
            self.scene.speaker = Some(guest.name.clone());
            let _ = write!(self.out, "<div class=\"{entry}\">\n<p><strong>");
            self.push(&guest.name.clone());
            self.push("</strong> (");
            self.address(&guest, None);
            self.push("), ");
            self.date(at);
            self.push("</p>\n");
            let count = self.dice.of(1..=2);
            self.paragraph(list::GUESTBOOK_ENTRY, count);
            self.push("</div>\n");
            at = at.checked_sub_days(Days::new(self.dice.of(1..=5).into())).unwrap_or(at);
        }
        self.scene.speaker = None;
    }
}
