//! What is on each kind of page.
//!
//! A [`Writer`] has the frame that all pages of a site have, and the blocks of which they are made; the pages
//! are in [`organisation`], [`dated`] and [`topics`].

use super::calendar::Section;
use super::dice::Dice;
use super::html::Address;
use super::language::list;
use super::look::{Listing, People};
use super::map::{LEADERS, Page};
use super::{Contact, Robots, Scene, Site, portrait, style};
use crate::names;
use crate::receipt::{Receipt, Style};
use chrono::{DateTime, Datelike as _, NaiveDate, Utc};
use std::fmt::Write as _;

mod dated;
mod organisation;
mod topics;

/// Of how many addresses one is for the visitor alone.
const STRANGERS: u32 = 3;

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
    /// Those whose addresses this page shows, and how many of them it has shown.
    people: Vec<Contact>,
    next: usize,
    shown: u32,
    title: String,
    /// The title as it stands inside of a sentence.
    subject: String,
    department: u32,
    team: Option<u32>,
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
            people: Vec::new(),
            next: 0,
            shown: 0,
            title: String::new(),
            subject: String::new(),
            department,
            team,
            modified: writer_date(site, page),
            dice,
        };
        writer.invite(visit);
        writer.title = writer.title_of(page);
        let lowered = writer.labelled(list::FORMAT_INSIDE) == "lower";
        writer.subject = match page {
            Page::Item(..) | Page::Topic(_) if lowered => lower(&writer.title),
            _ => writer.title.clone(),
        };
        writer
    }

    /// Chooses whose addresses the page shows.
    fn invite(&mut self, visit: u32) {
        let site = self.site;
        let map = &site.map;
        let count = self.dice.of(site.plan.contacts.clone());
        let strangers = (count / STRANGERS).clamp(1, u32::from(Receipt::EACH)).min(count);
        let wanted = (count - strangers) as usize;
        let heads = LEADERS..LEADERS + map.departments();
        let mut numbers: Vec<u32> = match self.page {
            Page::Home | Page::About => (0..LEADERS).collect(),
            Page::Contact => heads.collect(),
            Page::Staff => (0..LEADERS).chain(heads).collect(),
            Page::Department(at) => {
                let teams = map.teams_of(at).map(|team| map.team(team).start);
                [LEADERS + at].into_iter().chain(teams).collect()
            }
            Page::Team(team) => map.team(team).collect(),
            Page::Person(person) => {
                let team = map.team_of(person).map_or(heads, |team| map.team(team));
                [person].into_iter().chain(team.filter(|&other| other != person)).collect()
            }
            _ => Vec::new(),
        };
        numbers.truncate(wanted);
        let people = map.people();
        // In a small organisation everybody may be there already.
        let mut tries = 0;
        while numbers.len() < wanted && tries < 8 * wanted {
            tries += 1;
            let number = self.dice.of(0..=people - 1);
            if !numbers.contains(&number) {
                numbers.push(number);
            }
        }
        let mut contacts: Vec<Contact> = numbers.into_iter().map(|number| site.member(number)).collect();
        for contact in &mut contacts {
            contact.style = style(&mut self.dice);
        }
        for nth in 0..u8::try_from(strangers).unwrap_or(Receipt::EACH) {
            let shown = style(&mut self.dice);
            contacts.push(site.stranger(visit, nth, shown));
        }
        // Whom the page is about stays where he is.
        let fixed = usize::from(matches!(self.page, Page::Person(_) | Page::Department(_)));
        if let Some(others) = contacts.get_mut(fixed..) {
            self.dice.shuffle(others);
        }
        self.people = contacts;
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

    /// Appends any entry of a list.
    fn say(&mut self, list: usize) {
        let scene = Scene {
            site: self.site,
            department: self.department,
            team: self.team,
            subject: &self.subject,
            people: &self.people,
        };
        self.site.tables.say(list, &scene, &mut self.dice, &mut self.out);
    }

    /// One entry of a list.
    fn entry(&mut self, list: usize, at: usize) -> String {
        let scene = Scene {
            site: self.site,
            department: self.department,
            team: self.team,
            subject: &self.subject,
            people: &self.people,
        };
        let mut text = String::new();
        self.site.tables.entry(list, at, &scene, &mut self.dice, &mut text);
        text
    }

    /// Any entry of a list.
    fn saying(&mut self, list: usize) -> String {
        let at = self.out.len();
        self.say(list);
        self.out.split_off(at)
    }

    /// What a site calls something on all of its pages.
    fn label(&mut self, list: usize) {
        let site = self.site;
        let at = site.keyed.below("label", list as u64, site.tables.count(list));
        let scene =
            Scene { site, department: self.department, team: self.team, subject: &self.subject, people: &[] };
        site.tables.entry(list, at, &scene, &mut self.dice, &mut self.out);
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

    /// What a page is called.
    fn title_of(&mut self, page: Page) -> String {
        let named = |writer: &Self, page| {
            let [(_, first), (_, second)] = writer.site.map.name(page);
            format!("{first}{second}")
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
            Page::Person(person) => match self.people.first() {
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
            (up, path) => format!("{up}{path}"),
        }
    }

    fn link(&mut self, page: Page, text: &str) {
        let href = self.href(page);
        let _ = write!(self.out, "<a href=\"{href}\">{text}</a>");
    }

    /// A link to a page with its title, if there is the page.
    fn mention(&mut self, page: Page) {
        let title = self.title_of(page);
        match self.site.map.has(page) {
            true => self.link(page, &title),
            false => self.push(&title),
        }
    }

    /// The name of somebody, as a link if there is a page.
    fn name(&mut self, contact: &Contact) {
        match contact.number.map(Page::Person).filter(|&page| self.site.map.has(page) && page != self.page) {
            Some(page) => {
                let path = self.site.map.path(page, &|_| contact.local.clone());
                let href = self.relative(&path);
                let _ = write!(self.out, "<a href=\"{href}\">{}</a>", contact.name);
            }
            None => self.push(&contact.name),
        }
    }

    /// The next of those whose addresses must be shown.
    fn next(&mut self) -> Option<Contact> {
        let contact = self.people.get(self.next).cloned()?;
        self.next += 1;
        Some(contact)
    }

    /// Shows the address of somebody.
    fn address(&mut self, contact: &Contact, text: Option<&str>) {
        let site = self.site;
        let one_of = |list: usize| {
            let at = site.keyed.below("spelled", 0, site.tables.count(list));
            let mut text = String::new();
            site.tables.entry(list, at, &site.organisation, &mut site.keyed.dice("spelled", 0), &mut text);
            text
        };
        let (at, dot) = match contact.style {
            Style::Spelled => (one_of(list::SPELLED_AT) + " ", one_of(list::SPELLED_DOT) + " "),
            _ => Default::default(),
        };
        let address = Address { local: &contact.local, domain: &site.plan.domain, at: &at, dot: &dot, text };
        address.write(contact.style, &mut self.out);
        self.shown += 1;
    }

    /// A portrait of somebody, the same on every page.
    fn portrait(&mut self, contact: &Contact) {
        let site = self.site;
        let woman = names::is_woman(site.plan.language, &contact.given);
        let person = [contact.clone()];
        let scene = Scene { site, department: contact.department, team: None, subject: "", people: &person };
        let mut dice = site.keyed.dice(&contact.local, 0);
        let mut label = String::new();
        site.tables.say(list::LABEL_PORTRAIT, &scene, &mut dice, &mut label);
        portrait::draw(&label, woman, site.look.class.portrait, &mut dice, &mut self.out);
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
        let mut order: Vec<usize> = (0..self.site.tables.count(list)).collect();
        self.dice.shuffle(&mut order);
        order.iter().copied().cycle().take(count as usize).collect()
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
        let ours = std::mem::replace(&mut self.dice, dice);
        let text = self.entry(list, at);
        self.dice = ours;
        text
    }

    /// Appends any one of the facts of a list.
    fn any_fact(&mut self, list: usize, number: u32) {
        let at = self.dice.below(self.site.tables.count(list));
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
            let _ = writeln!(self.out, "<li>{item}</li>");
        }
        let _ = writeln!(self.out, "</{kind}>");
    }

    /// A table of numbers.
    fn figures(&mut self) {
        let periods = self.site.tables.count(list::TABLE_PERIOD);
        self.push("<table>\n<tr><th scope=\"col\">");
        self.label(list::LABEL_MEASURE);
        self.push("</th>");
        let scene = Scene { site: self.site, department: 0, team: None, subject: "", people: &[] };
        for period in 0..periods {
            self.out.push_str("<th scope=\"col\">");
            self.site.tables.entry(list::TABLE_PERIOD, period, &scene, &mut self.dice, &mut self.out);
            self.out.push_str("</th>");
        }
        self.push("</tr>\n");
        let count = self.dice.of(3..=5);
        for at in self.some_of(list::TABLE_MEASURE, count) {
            let measure = self.entry(list::TABLE_MEASURE, at);
            let _ = write!(self.out, "<tr><td>{measure}</td>");
            for _ in 0..periods {
                let number = self.dice.of(4..=980);
                let _ = write!(self.out, "<td>{number}</td>");
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
    fn written(&mut self, day: NaiveDate) -> String {
        let dated = Dated { site: self.site, day };
        let mut text = String::new();
        self.site.tables.say(list::FORMAT_DATE, &dated, &mut self.dice, &mut text);
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
            true => ("dl", "<dt>", "</dt><dd>", "</dd>\n"),
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

    /// All whose addresses have not been shown yet.
    fn contacts(&mut self) {
        let rest: Vec<Contact> = self.people.get(self.next..).unwrap_or_default().to_vec();
        self.next = self.people.len();
        if rest.is_empty() {
            return;
        }
        let (people, person) = (self.site.look.class.people, self.site.look.class.person);
        match self.site.look.people {
            People::Cards => {
                let _ = writeln!(self.out, "<div class=\"{people}\">");
                for contact in &rest {
                    let _ = write!(self.out, "<div class=\"{person}\">");
                    self.portrait(contact);
                    self.push("<div><p><strong>");
                    self.name(contact);
                    let _ = write!(self.out, "</strong></p><p>{}</p><p>", contact.title);
                    self.address(contact, None);
                    self.push("</p><p>");
                    self.phone(contact);
                    self.push("</p></div></div>\n");
                }
                self.push("</div>\n");
            }
            People::Table => {
                let _ = write!(self.out, "<table class=\"{people}\">\n<tr>");
                for label in [list::LABEL_NAME, list::LABEL_TITLE, list::LABEL_EMAIL, list::LABEL_PHONE] {
                    self.push("<th scope=\"col\">");
                    self.label(label);
                    self.push("</th>");
                }
                self.push("</tr>\n");
                for contact in &rest {
                    self.push("<tr><td>");
                    self.name(contact);
                    let _ = write!(self.out, "</td><td>{}</td><td>", contact.title);
                    self.address(contact, None);
                    self.push("</td><td>");
                    self.number(contact);
                    self.push("</td></tr>\n");
                }
                self.push("</table>\n");
            }
            People::List => {
                let _ = writeln!(self.out, "<ul class=\"{people}\">");
                for contact in &rest {
                    let _ = write!(self.out, "<li class=\"{person}\"><div><strong>");
                    self.name(contact);
                    let _ = write!(self.out, "</strong>, {}<br>", contact.title);
                    self.address(contact, None);
                    self.push("<br>");
                    self.phone(contact);
                    self.push("</div></li>\n");
                }
                self.push("</ul>\n");
            }
        }
    }

    fn phone(&mut self, contact: &Contact) {
        self.label(list::LABEL_PHONE);
        self.out.push(' ');
        self.number(contact);
    }

    fn number(&mut self, contact: &Contact) {
        let site = self.site;
        let mut dice = site.keyed.dice(&contact.local, 1);
        site.tables.say(list::PHONE, &site.organisation, &mut dice, &mut self.out);
    }

    /// The block of those to ask.
    fn enquiries(&mut self) {
        if self.next < self.people.len() {
            self.heading_of(2, list::LABEL_ENQUIRIES);
            self.paragraph(list::ENQUIRIES_LEAD, 1);
            self.contacts();
        }
    }

    /// The beginning of the page, up to its title.
    fn begin(&mut self) {
        let site = self.site;
        let class = &site.look.class;
        let company = &site.organisation.company;
        self.push("<!DOCTYPE html>\n<html lang=\"");
        self.say(list::HTML_LANG);
        let title = match self.page {
            Page::Home => company.clone(),
            _ => format!("{} - {company}", self.title),
        };
        let _ = write!(
            self.out,
            "\">\n<head>\n<meta charset=\"utf-8\">\n<title>{title}</title>\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
        );
        if site.plan.robots == Robots::Disallow {
            self.push("<meta name=\"robots\" content=\"noindex, nofollow\">\n");
        }
        let sheet = self.relative(&format!("/{}.css", site.look.sheet));
        let _ = write!(
            self.out,
            "<link rel=\"stylesheet\" href=\"{sheet}\">\n</head>\n<body>\n<div class=\"{}\">\n<header class=\"{}\">\n",
            class.page, class.head
        );
        let home = self.relative("/");
        let _ = write!(
            self.out,
            "<a class=\"{}\" href=\"{home}\">{company}</a>\n<p class=\"{}\">{}</p>\n</header>\n<div class=\"{}\">\n",
            class.brand, class.tagline, site.organisation.tagline, class.columns
        );
        self.navigation();
        self.push("<main>\n");
        if site.look.crumbs {
            self.crumbs();
        }
        let title = self.title.clone();
        self.heading(1, &title);
    }

    fn navigation(&mut self) {
        let class = self.site.look.class.navigation;
        let _ = writeln!(self.out, "<nav class=\"{class}\">\n<ul>");
        let mut pages: Vec<Page> = self.site.map.fixed().collect();
        // Home first and the rest in an order of the site's own.
        if let Some(rest) = pages.get_mut(1..) {
            self.site.keyed.dice("navigation", 0).shuffle(rest);
        }
        for page in pages {
            let (href, title) = (self.href(page), self.title_of(page));
            let here = if page == self.page { " aria-current=\"page\"" } else { "" };
            let _ = writeln!(self.out, "<li><a href=\"{href}\"{here}>{title}</a></li>");
        }
        self.push("</ul>\n</nav>\n");
    }

    fn crumbs(&mut self) {
        let above: Vec<Page> =
            std::iter::successors(self.site.map.parent(self.page), |&page| self.site.map.parent(page))
                .collect();
        if above.is_empty() {
            return;
        }
        let class = self.site.look.class.crumbs;
        let _ = write!(self.out, "<p class=\"{class}\">");
        self.label(list::LABEL_BREADCRUMB);
        self.colon(" ");
        // Of a long way only the beginning and the end.
        let skipped = above.len().saturating_sub(5);
        for (at, &page) in above.iter().enumerate().rev() {
            if skipped > 0 && (4..4 + skipped).contains(&at) {
                if at == 4 {
                    self.push("&hellip; &rsaquo; ");
                }
                continue;
            }
            self.mention(page);
            self.push(" &rsaquo; ");
        }
        let title = self.title.clone();
        let _ = writeln!(self.out, "{title}</p>");
    }

    /// The end of the page.
    fn end(&mut self) {
        let site = self.site;
        self.enquiries();
        let _ = write!(self.out, "</main>\n</div>\n<footer class=\"{}\">\n<p>", site.look.class.foot);
        self.label(list::LABEL_UPDATED);
        self.colon(" ");
        let modified = self.modified.date_naive();
        self.date(modified);
        let organisation = &site.organisation;
        let _ = write!(
            self.out,
            "</p>\n<p>&copy; {} {}, {}, {}. ",
            modified.year(),
            organisation.company,
            organisation.street,
            organisation.place
        );
        self.label(list::LABEL_RIGHTS);
        self.push("</p>\n</footer>\n</div>\n</body>\n</html>\n");
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
