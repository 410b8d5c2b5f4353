//! The topics: long pages, each with others below it.

use super::Writer;
use crate::web::site::language::list;
use crate::web::site::map::{Map, Page};
use std::fmt::Write as _;

impl Writer<'_> {
    pub(super) fn topics(&mut self) {
        self.prose();
        self.prose();
        self.contents(None);
        self.prose();
    }

    /// Links to what is below a topic, or at the top.
    fn contents(&mut self, topic: Option<u64>) {
        let below: Vec<Page> = self.site.map.below(topic).map(Page::Topic).collect();
        if below.is_empty() {
            return;
        }
        self.heading_of(2, list::LABEL_CONTENTS);
        self.listing(&below, &mut Self::tease);
    }

    pub(super) fn topic(&mut self, topic: u64) {
        let lead = self.site.look.class.lead;
        let _ = write!(self.out, "<p class=\"{lead}\">");
        self.say(list::OPENING);
        self.push(" ");
        self.say(list::SENTENCE);
        self.push("</p>\n");
        if self.site.look.contacts_first {
            self.enquiries();
        }
        let contents_first = self.site.keyed.below("contents first", 0, 2) == 0;
        if contents_first {
            self.contents(Some(topic));
        }
        // Each heading once.
        let sections = self.dice.of(4..=8);
        for at in self.some_of(list::HEADING, sections) {
            let heading = self.entry(list::HEADING, at);
            self.heading(2, &heading);
            for _ in 0..self.dice.of(2..=4) {
                self.prose();
            }
            match self.dice.below(6) {
                0 => self.points(),
                1 => self.figures(),
                2 if self.scene.people.len() > self.next + 1 => {
                    if let Some(contact) = self.next() {
                        self.push("<p>");
                        self.say(list::ENQUIRIES_LEAD);
                        self.push(" ");
                        self.name(&contact);
                        let _ = write!(self.out, " ({}), ", contact.title);
                        self.address(&contact, None);
                        self.push("</p>\n");
                    }
                }
                _ => {}
            }
        }
        self.paragraph(list::CLOSING, 2);
        if !contents_first {
            self.contents(Some(topic));
        }
        self.beside(topic);
    }

    /// Links to some of the topics beside this one.
    fn beside(&mut self, topic: u64) {
        let mut others: Vec<Page> =
            self.site.map.below(Map::above(topic)).filter(|&other| other != topic).map(Page::Topic).collect();
        self.dice.shuffle(&mut others);
        others.truncate(3);
        if others.is_empty() {
            return;
        }
        self.heading_of(2, list::LABEL_RELATED);
        self.push("<p>");
        for (at, page) in others.into_iter().enumerate() {
            if at > 0 {
                self.push("<br>\n");
            }
            self.mention(page);
        }
        self.push("</p>\n");
    }
}
