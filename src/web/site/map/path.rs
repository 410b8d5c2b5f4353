//! The paths of pages: names that are made of words, and the way back from a path to its page.

use super::{Map, Page, Place};
use crate::receipt::Maker;
use crate::web::site::calendar::Section;
use crate::web::site::language::{Part, parts};
use chrono::Datelike as _;

impl Map {
    /// The words of which the names of pages below another are made.
    fn names(&self, group: Group) -> Names {
        let (first, second) = match group {
            Group::Teams(_) => (parts::TEAM_FIRST, parts::TEAM_SECOND),
            Group::Topics(_) => (parts::TOPIC_FIRST, parts::TOPIC_SECOND),
            Group::Items(Section::News, _) => (parts::NEWS_FIRST, parts::NEWS_SECOND),
            Group::Items(Section::List, _) => (parts::LIST_FIRST, parts::LIST_SECOND),
            Group::Items(Section::Minutes, _) => (parts::MINUTES_FIRST, parts::MINUTES_SECOND),
            Group::Items(Section::Newsletter, _) => (parts::NEWSLETTER_FIRST, parts::NEWSLETTER_SECOND),
            Group::Items(Section::Guestbook, _) => (parts::GUESTBOOK_FIRST, parts::GUESTBOOK_SECOND),
        };
        let (first, second) = (self.tables.parts(first), self.tables.parts(second));
        let size = (first.len() * second.len()).max(1) as u64;
        let (purpose, number) = match group {
            Group::Teams(department) => ("names of teams", u64::from(department)),
            Group::Topics(above) => ("names of topics", above.map_or(u64::MAX, |above| above)),
            Group::Items(section, year) => {
                ("names of items", self.number(Page::Index(section)) << 32 | u64::from(year.unsigned_abs()))
            }
        };
        let start = self.keyed.number(purpose, number);
        // Steps without a common divisor come back to the start only after all others.
        let step = start % size;
        let step = (step..).find(|step| gcd(*step, size) == 1).unwrap_or(1);
        Names { first, second, size, start: (start >> 32) % size, step }
    }

    /// The group of pages that have their names together, and which of it a page is.
    fn group(&self, page: Page) -> Option<(Group, u64)> {
        Some(match page {
            Page::Team(team) => {
                let department = self.department_of(team);
                (Group::Teams(department), u64::from(team / self.departments()))
            }
            Page::Item(section, n) if section.has_years() => {
                let year = self.calendar.day(section, n).year();
                (Group::Items(section, year), u64::from(n - self.calendar.first_of(section, year)))
            }
            Page::Item(section, n) => (Group::Items(section, 0), u64::from(n)),
            Page::Topic(topic) => (Group::Topics(Self::above(topic)), topic % Self::CHILDREN),
            _ => return None,
        })
    }

    /// The name of a page that has one of its own: a team, an item, a topic.
    pub fn name(&self, page: Page) -> [Part; 2] {
        self.group(page).map_or_else(Default::default, |(group, nth)| self.names(group).name(nth))
    }

    /// The path of a page. `local` tells the address of a person.
    pub fn path(&self, page: Page, local: &dyn Fn(u32) -> String) -> String {
        let words = &self.words;
        let ending = words.ending;
        let named = |above: String, page: Page| {
            let [(first, _), (second, _)] = self.name(page);
            [&above, first, "-", second].concat()
        };
        match page {
            Page::Home => "/".to_owned(),
            Page::Contact => ["/", words.contact, ending].concat(),
            Page::About => ["/", words.about, ending].concat(),
            Page::Staff => ["/", words.staff, "/"].concat(),
            Page::Departments => ["/", words.departments, "/"].concat(),
            Page::Topics => ["/", words.topics, "/"].concat(),
            Page::Index(section) => ["/", self.section(section), "/"].concat(),
            Page::Department(at) => ["/", words.departments, "/", self.department(at).0, "/"].concat(),
            Page::Team(team) => {
                named(self.path(Page::Department(self.department_of(team)), local), page) + ending
            }
            Page::Person(person) => ["/", words.staff, "/", &local(person), ending].concat(),
            Page::Year(section, year) => format!("/{}/{year}/", self.section(section)),
            Page::Item(section, n) if section.has_years() => {
                let year = self.calendar.day(section, n).year();
                named(format!("/{}/{year}/", self.section(section)), page) + ending
            }
            Page::Item(section, _) => named(["/", self.section(section), "/"].concat(), page) + ending,
            Page::Topic(topic) => {
                let above = Self::above(topic).map_or(Page::Topics, Page::Topic);
                let end = if self.is_leaf(topic) { ending } else { "/" };
                named(self.path(above, local), page) + end
            }
        }
    }

    fn section(&self, section: Section) -> &'static str {
        let at = Section::ALL.iter().position(|&other| other == section);
        at.and_then(|at| self.words.sections.get(at)).copied().unwrap_or_default()
    }

    /// What a path leads to. A directory has its page under the name `index.html` too, as on any server.
    pub fn find(&self, path: &str, maker: &Maker, season: u8) -> Place {
        let Some(path) = path.strip_prefix('/') else { return Place::Nowhere };
        let directory = |path: &str| self.directory(path);
        let page = match path.rsplit_once('/') {
            Some((above, "")) => directory(above),
            None if path.is_empty() => Some(Page::Home),
            Some((above, "index.html")) => directory(above),
            None if path == "index.html" => Some(Page::Home),
            _ => self.file(path, maker, season),
        };
        match page {
            Some(page) if self.has(page) => Place::Page(page),
            None if directory(path).is_some_and(|page| self.has(page)) => Place::WithSlash,
            _ => Place::Nowhere,
        }
    }

    /// The page of a directory, whether it is there or not; without the slash at the end.
    fn directory(&self, path: &str) -> Option<Page> {
        let words = &self.words;
        let (top, rest) = path.split_once('/').map_or((path, None), |(top, rest)| (top, Some(rest)));
        let section = Section::ALL.into_iter().find(|&section| self.section(section) == top);
        match (rest, section) {
            (None, Some(section)) => Some(Page::Index(section)),
            (None, None) if top == words.staff => Some(Page::Staff),
            (None, None) if top == words.departments => Some(Page::Departments),
            (None, None) if top == words.topics => Some(Page::Topics),
            (Some(rest), Some(section)) if rest.len() == 4 && section.has_years() => {
                let year: i32 = rest.parse().ok().filter(|year: &i32| year.to_string() == rest)?;
                Some(Page::Year(section, year))
            }
            (Some(rest), None) if top == words.departments => {
                let at = words.department.iter().position(|(slug, _)| *slug == rest)?;
                Some(Page::Department(u32::try_from(at).ok()?))
            }
            (Some(rest), None) if top == words.topics => {
                let topic = self.topic(rest).filter(|&topic| !self.is_leaf(topic))?;
                Some(Page::Topic(topic))
            }
            _ => None,
        }
    }

    /// The page that is a file, whether it is there or not.
    fn file(&self, path: &str, maker: &Maker, season: u8) -> Option<Page> {
        let words = &self.words;
        let path = path.strip_suffix(words.ending)?;
        let Some((above, name)) = path.rsplit_once('/') else {
            return match path {
                _ if path == words.contact => Some(Page::Contact),
                _ if path == words.about => Some(Page::About),
                _ => None,
            };
        };
        match self.directory(above)? {
            Page::Staff => self.person(maker, season, name).map(Page::Person).filter(|_| is_plain(name)),
            Page::Department(at) => {
                let nth = self.names(Group::Teams(at)).find(name, self.teams_of(at).count() as u64)?;
                Some(Page::Team(at + u32::try_from(nth).ok()? * self.departments()))
            }
            Page::Index(section) if !section.has_years() => {
                let items = self.items(section);
                let names = self.names(Group::Items(section, 0));
                let number = names.number(name)?;
                items.into_iter().find(|&n| names.at(n.into()) == number).map(|n| Page::Item(section, n))
            }
            // There are items of a year even where the years have no pages.
            Page::Year(section, year) => {
                let first = self.calendar.first_of(section, year);
                let count = self.calendar.first_of(section, year + 1).saturating_sub(first);
                let nth = self.names(Group::Items(section, year)).find(name, count.into())?;
                Some(Page::Item(section, first + u32::try_from(nth).ok()?))
            }
            Page::Topics | Page::Topic(_) => {
                let (_, topic) = path.split_once('/')?;
                self.topic(topic).filter(|&topic| self.is_leaf(topic)).map(Page::Topic)
            }
            _ => None,
        }
    }

    /// The topic of this path, which there may not be.
    fn topic(&self, path: &str) -> Option<u64> {
        let mut above = None;
        for name in path.split('/') {
            let nth = self.names(Group::Topics(above)).find(name, Self::CHILDREN)?;
            let group = above.map_or(Some(0), |above: u64| above.checked_add(1))?;
            above = Some(group.checked_mul(Self::CHILDREN)?.checked_add(nth)?);
        }
        above.filter(|&topic| topic < self.extent.topics)
    }
}

/// Whether an address stands in a path as we write it, since [`Maker::recognise`] takes others for it.
fn is_plain(local: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'.';
    local.bytes().all(plain) && !local.starts_with('.') && !local.ends_with('.')
}

/// Pages whose names are chosen together, so that no two are the same.
#[derive(Debug, Clone, Copy)]
enum Group {
    Teams(u32),
    Topics(Option<u64>),
    Items(Section, i32),
}

/// The names of the pages of a group: of all pairs of words those that the key chose.
struct Names {
    first: &'static [Part],
    second: &'static [Part],
    size: u64,
    start: u64,
    step: u64,
}

impl Names {
    /// The number of the name of the nth page.
    fn at(&self, nth: u64) -> u64 {
        // Two lists have far fewer pairs of words than u32 has numbers.
        (self.start + nth % self.size * self.step) % self.size
    }

    fn name(&self, nth: u64) -> [Part; 2] {
        let number = usize::try_from(self.at(nth)).unwrap_or_default();
        let width = self.second.len().max(1);
        [self.first.get(number / width), self.second.get(number % width)]
            .map(|part| part.copied().unwrap_or_default())
    }

    /// The number of a name; the first word has no hyphen.
    fn number(&self, name: &str) -> Option<u64> {
        let (first, second) = name.split_once('-')?;
        let place = |parts: &[Part], slug: &str| parts.iter().position(|(other, _)| *other == slug);
        Some((place(self.first, first)? * self.second.len() + place(self.second, second)?) as u64)
    }

    /// Which of the first `count` pages has this name.
    fn find(&self, name: &str, count: u64) -> Option<u64> {
        let number = self.number(name)?;
        (0..count.min(self.size)).find(|&nth| self.at(nth) == number)
    }
}

fn gcd(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { gcd(b, a % b) }
}
