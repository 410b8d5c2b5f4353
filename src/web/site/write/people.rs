//! The people on a page: whose addresses it shows, and how.

use super::Writer;
use crate::names;
use crate::receipt::{Receipt, Style};
use crate::web::site::html::Address;
use crate::web::site::language::list;
use crate::web::site::look::People;
use crate::web::site::map::{LEADERS, Page};
use crate::web::site::{Contact, Scene, portrait, style};
use std::fmt::Write as _;

/// Of how many addresses one is for the visitor alone.
const STRANGERS: u32 = 3;

impl Writer<'_> {
    /// Chooses whose addresses the page shows.
    pub(super) fn invite(&mut self, visit: u32) {
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
        self.scene.people = contacts;
    }

    /// The name of somebody, as a link if there is a page.
    pub(super) fn name(&mut self, contact: &Contact) {
        match contact.number.map(Page::Person).filter(|&page| self.site.map.has(page) && page != self.page) {
            Some(page) => {
                let path = self.site.map.path(page, &|_| contact.local.clone());
                let href = self.relative(&path);
                self.put(&["<a href=\"", &href, "\">", &contact.name, "</a>"]);
            }
            None => self.push(&contact.name),
        }
    }

    /// The next of those whose addresses must be shown.
    pub(super) fn next(&mut self) -> Option<Contact> {
        let contact = self.scene.people.get(self.next).cloned()?;
        self.next += 1;
        Some(contact)
    }

    /// Shows the address of somebody.
    pub(super) fn address(&mut self, contact: &Contact, text: Option<&str>) {
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
    pub(super) fn portrait(&mut self, contact: &Contact) {
        let site = self.site;
        let woman = names::is_woman(site.plan.language, &contact.given);
        let people = vec![contact.clone()];
        let scene = Scene { people, ..Scene::of(site, contact.department, None) };
        let mut dice = site.keyed.dice(&contact.local, 0);
        let mut label = String::new();
        site.tables.say(list::LABEL_PORTRAIT, &scene, &mut dice, &mut label);
        portrait::draw(&label, woman, site.look.class.portrait, &mut dice, &mut self.out);
    }

    /// All whose addresses have not been shown yet.
    pub(super) fn contacts(&mut self) {
        let rest: Vec<Contact> = self.scene.people.get(self.next..).unwrap_or_default().to_vec();
        self.next = self.scene.people.len();
        if rest.is_empty() {
            return;
        }
        let (people, person) = (self.site.look.class.people, self.site.look.class.person);
        match self.site.look.people {
            People::Cards => {
                let _ = writeln!(self.out, "<div class=\"{people}\">");
                for contact in &rest {
                    self.put(&["<div class=\"", person, "\">"]);
                    self.portrait(contact);
                    self.push("\n<div><p><strong>");
                    self.name(contact);
                    self.put(&["</strong></p>\n<p>", &contact.title, "</p>\n<p>"]);
                    self.address(contact, None);
                    self.push("</p>\n<p>");
                    self.phone(contact);
                    self.push("</p>\n</div>\n</div>\n");
                }
                self.push("</div>\n");
            }
            People::Table => {
                let _ = write!(self.out, "<table class=\"{people}\">\n<tr>");
                for label in [list::LABEL_NAME, list::LABEL_TITLE, list::LABEL_EMAIL, list::LABEL_PHONE] {
                    self.push("<th scope=\"col\">");
                    self.label(label);
                    self.push("</th>\n");
                }
                self.push("</tr>\n");
                for contact in &rest {
                    self.push("<tr><td>");
                    self.name(contact);
                    self.put(&["</td>\n<td>", &contact.title, "</td>\n<td>"]);
                    self.address(contact, None);
                    self.push("</td>\n<td>");
                    self.number(contact);
                    self.push("</td>\n</tr>\n");
                }
                self.push("</table>\n");
            }
            People::List => {
                let _ = writeln!(self.out, "<ul class=\"{people}\">");
                for contact in &rest {
                    self.put(&["<li class=\"", person, "\"><div><strong>"]);
                    self.name(contact);
                    self.put(&["</strong>, ", &contact.title, "<br>\n"]);
                    self.address(contact, None);
                    self.push("<br>\n");
                    self.phone(contact);
                    self.push("</div>\n</li>\n");
                }
                self.push("</ul>\n");
            }
        }
    }

    pub(super) fn phone(&mut self, contact: &Contact) {
        self.label(list::LABEL_PHONE);
        self.out.push(' ');
        self.number(contact);
    }

    pub(super) fn number(&mut self, contact: &Contact) {
        let site = self.site;
        let mut dice = site.keyed.dice(&contact.local, 1);
        site.tables.say(list::PHONE, &site.organisation, &mut dice, &mut self.out);
    }

    /// The block of those to ask.
    pub(super) fn enquiries(&mut self) {
        if self.next < self.scene.people.len() {
            self.heading_of(2, list::LABEL_ENQUIRIES);
            self.paragraph(list::ENQUIRIES_LEAD, 1);
            self.contacts();
        }
    }
}
