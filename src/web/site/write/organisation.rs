//! The pages about the organisation itself and its people.

use super::Writer;
use crate::web::site::calendar::Section;
use crate::web::site::language::list;
use crate::web::site::map::{LEADERS, Page};
use std::fmt::Write as _;

/// How much is told of the past: not all of what there is in the tables, which every other site has as well.
const HISTORY: usize = 9;

impl Writer<'_> {
    pub(super) fn home(&mut self) {
        let lead = self.site.look.class.lead;
        let _ = write!(self.out, "<p class=\"{lead}\">");
        for (nth, at) in self.some_of(list::HOME_LEAD, 2).into_iter().enumerate() {
            if nth > 0 {
                self.push(" ");
            }
            let lead = self.fact(list::HOME_LEAD, 0, at);
            self.push(&lead);
        }
        self.push("</p>\n");
        if self.site.look.contacts_first {
            self.enquiries();
        }
        let mut blocks = [0, 1, 2];
        self.site.keyed.dice("home", 0).shuffle(&mut blocks);
        for block in blocks {
            match block {
                0 => self.newest_of(Section::News, 4),
                1 => {
                    self.heading_of(2, list::LABEL_ABOUT);
                    let history = self.history(3);
                    self.facts(list::ABOUT_HISTORY, 0, history);
                    self.prose();
                }
                _ => {
                    let topics: Vec<Page> = self.site.map.below(None).take(5).map(Page::Topic).collect();
                    if !topics.is_empty() {
                        self.heading_of(2, list::LABEL_RELATED);
                        self.listing(&topics, &mut Self::tease);
                    }
                    self.prose();
                }
            }
        }
    }

    /// The newest pages of a section, with a link to the others.
    fn newest_of(&mut self, section: Section, count: usize) {
        let items: Vec<Page> =
            self.site.map.items(section).rev().take(count).map(|n| Page::Item(section, n)).collect();
        if items.is_empty() {
            return;
        }
        self.heading_of(2, super::section_label(section));
        self.listing(&items, &mut |writer, page| writer.dated(page));
        let more = self.labelled(list::LABEL_MORE);
        self.push("<p>");
        self.link(Page::Index(section), &more);
        self.push("</p>\n");
    }

    pub(super) fn about(&mut self) {
        let mut history = self.history(HISTORY);
        let later = history.split_off(history.len().min(2 + self.site.keyed.below("history", 0, 3)));
        self.facts(list::ABOUT_HISTORY, 0, history);
        self.prose();
        self.facts(list::ABOUT_HISTORY, 0, later);
        self.prose();
        self.heading_of(2, list::LABEL_MANAGEMENT);
        self.contacts();
        self.heading(2, &self.site.organisation.town.clone());
        self.prose();
        self.figures();
    }

    /// So much of what is told of the past, in the order of time.
    fn history(&self, count: usize) -> Vec<usize> {
        let mut history = self.site.keyed.order("history", self.site.tables.count(list::ABOUT_HISTORY));
        history.truncate(count);
        history.sort_unstable();
        history
    }

    pub(super) fn contact(&mut self) {
        self.paragraph(list::CONTACT_LEAD, 2);
        let organisation = &self.site.organisation;
        let address = format!(
            "<address>{}<br>\n{}<br>\n{}</address>\n",
            organisation.company, organisation.street, organisation.place
        );
        self.heading_of(2, list::LABEL_ADDRESS);
        self.push(&address);
        self.push("<p>");
        self.label(list::LABEL_PHONE);
        self.colon(" ");
        let _ = writeln!(self.out, "{}<br>", self.site.organisation.phone);
        self.label(list::LABEL_HOURS);
        self.colon(" ");
        self.label(list::TEXT_HOURS);
        self.push("</p>\n");
        self.heading_of(2, list::LABEL_STAFF);
        self.contacts();
        self.prose();
    }

    pub(super) fn staff(&mut self) {
        self.paragraph(list::STAFF_LEAD, 1);
        self.contacts();
        self.heading_of(2, list::LABEL_DEPARTMENTS);
        self.all_departments();
        // Those whose address is no secret have a page of their own.
        let number = self.site.map.people();
        let pages: Vec<Page> = (LEADERS..number)
            .map(Page::Person)
            .take_while(|&page| self.site.map.has(page))
            .take(12)
            .collect();
        if !pages.is_empty() {
            self.heading_of(2, list::LABEL_PAGES);
            self.push("<p>");
            for (at, page) in pages.into_iter().enumerate() {
                if at > 0 {
                    self.push(", ");
                }
                if let Page::Person(number) = page {
                    let contact = self.site.member(number);
                    self.name(&contact);
                }
            }
            self.push("</p>\n");
        }
    }

    pub(super) fn departments(&mut self) {
        self.prose();
        self.all_departments();
        self.prose();
    }

    fn all_departments(&mut self) {
        let count = self.site.map.departments();
        let pages: Vec<Page> = (0..count).map(Page::Department).collect();
        self.listing(&pages, &mut |writer, page| {
            if let Page::Department(at) = page {
                let ours = std::mem::replace(&mut writer.scene.department, at);
                writer.any_fact(list::DEPARTMENT_INTRO, at);
                writer.scene.department = ours;
            }
        });
    }

    pub(super) fn department(&mut self, at: u32) {
        let intro = self.some_of(list::DEPARTMENT_INTRO, 3);
        self.facts(list::DEPARTMENT_INTRO, at, intro);
        if self.site.look.contacts_first {
            self.enquiries();
        }
        let teams: Vec<Page> = self.site.map.teams_of(at).map(Page::Team).collect();
        if !teams.is_empty() {
            self.heading_of(2, list::LABEL_TEAMS);
            self.listing(&teams, &mut |writer, page| {
                if let Page::Team(team) = page {
                    let ours = writer.scene.team.replace(team);
                    writer.any_fact(list::TEAM_INTRO, team);
                    writer.scene.team = ours;
                }
            });
        }
        self.prose();
        self.points();
        self.figures();
    }

    pub(super) fn team(&mut self, team: u32) {
        let intro = self.some_of(list::TEAM_INTRO, 2);
        self.facts(list::TEAM_INTRO, team, intro);
        self.heading_of(2, list::LABEL_STAFF);
        self.contacts();
        self.heading_of(2, list::LABEL_ACTIONS);
        self.prose();
        self.points();
        let department = self.site.map.department_of(team);
        self.push("<p>");
        self.label(list::LABEL_DEPARTMENT);
        self.colon(" ");
        self.mention(Page::Department(department));
        self.push("</p>\n");
    }

    pub(super) fn person(&mut self, number: u32) {
        let Some(contact) = self.next() else { return };
        self.portrait(&contact);
        let site = self.site;
        self.push("\n<dl>\n<dt>");
        self.label(list::LABEL_TITLE);
        let _ = write!(self.out, "</dt>\n<dd>{}</dd>\n<dt>", contact.title);
        self.label(list::LABEL_DEPARTMENT);
        self.push("</dt>\n<dd>");
        self.mention(Page::Department(contact.department));
        self.push("</dd>\n");
        if let Some(team) = site.map.team_of(number) {
            self.push("<dt>");
            self.label(list::LABEL_TEAM);
            self.push("</dt>\n<dd>");
            self.mention(Page::Team(team));
            self.push("</dd>\n");
        }
        self.push("<dt>");
        self.label(list::LABEL_EMAIL);
        self.push("</dt>\n<dd>");
        self.address(&contact, None);
        self.push("</dd>\n<dt>");
        self.label(list::LABEL_ROOM);
        let room = site.keyed.dice("room", number.into()).of(1..=340);
        let _ = write!(self.out, "</dt>\n<dd>{room}</dd>\n</dl>\n<p>");
        self.phone(&contact);
        self.push("</p>\n");
        // What is told of somebody is told of that one alone.
        let others = std::mem::replace(&mut self.scene.people, vec![contact]);
        self.scene.department = self.scene.people.first().map_or(0, |contact| contact.department);
        // It begins with the beginning, and goes on in the order of the list.
        let count = self.dice.of(3..=4);
        let mut bio = self.some_of(list::PERSON_BIO, count);
        bio.sort_unstable();
        if let Some(first) = bio.first_mut() {
            *first = 0;
        }
        self.facts(list::PERSON_BIO, number, bio);
        self.scene.people = others;
        self.prose();
        self.heading_of(2, list::LABEL_COLLEAGUES);
        self.contacts();
    }
}
