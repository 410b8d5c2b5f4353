//! Which pages a site has, and at which paths.
//!
//! A path is made of words, and says of itself that it is one of ours: the words of a page's name are a number
//! (first word, second word), and of all these numbers only those few are pages that the key chose. The words
//! are ordinary ones, so a valid path looks like any, and an invented one, even out of our own words, leads
//! nowhere. A person's page is named after the address, which is a [receipt](crate::receipt) and says so
//! itself. Nothing is stored, and no page is looked for: a path is read from left to right.
//!
//! There are as many pages as the operator wants. The fixed ones come first, then departments, their teams and
//! people, then what is dated; all the others are topics, a tree in which every page has [`Map::CHILDREN`]
//! below it as long as there are any left. Without a limit the tree has no end.

mod path;

use super::calendar::{Calendar, Section};
use super::dice::Keyed;
use super::language::{Part, Tables, parts};
use crate::receipt::{Maker, Receipt, Style};
use chrono::Datelike as _;

/// A page of a site.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Page {
    Home,
    Contact,
    Staff,
    About,
    Departments,
    /// The newest pages of a section.
    Index(Section),
    /// The top of the tree of topics.
    Topics,
    /// A department, by its place among them.
    Department(u32),
    Team(u32),
    Person(u32),
    /// All pages of a section of one year.
    Year(Section, i32),
    /// One page of a section, by its number in the [`Calendar`].
    Item(Section, u32),
    /// A topic: those at the top are the first [`Map::CHILDREN`].
    Topic(u64),
}

/// The pages that every site has if it is large enough, the most important ones first.
const FIXED: [Page; 11] = [
    Page::Home,
    Page::Contact,
    Page::Staff,
    Page::About,
    Page::Departments,
    Page::Index(Section::News),
    Page::Topics,
    Page::Index(Section::List),
    Page::Index(Section::Minutes),
    Page::Index(Section::Newsletter),
    Page::Index(Section::Guestbook),
];

/// People who lead the organisation.
pub const LEADERS: u32 = 5;

/// How many people a team has.
pub const TEAM: u32 = 8;

/// The fewest departments that there are, with pages or without.
const DEPARTMENTS: u32 = 4;

/// How many pages there are of each kind.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Extent {
    fixed: usize,
    departments: u32,
    teams: u32,
    persons: u32,
    items: [u32; Section::ALL.len()],
    /// How many pages there are for the years, and in the guest book in place of years that there are not: what
    /// is dated is as much in every week, so that nothing else has to make room.
    years: u32,
    topics: u64,
}

/// The pages of a site.
pub struct Map {
    keyed: Keyed,
    tables: &'static Tables,
    calendar: Calendar,
    extent: Extent,
    words: Words,
    /// The numbers that the organisation's people have among all people that there could be.
    first_person: u32,
}

/// The words in paths that are chosen once.
struct Words {
    contact: &'static str,
    staff: &'static str,
    about: &'static str,
    departments: &'static str,
    topics: &'static str,
    sections: [&'static str; Section::ALL.len()],
    /// What pages end in.
    ending: &'static str,
    /// The departments, in our order.
    department: Vec<Part>,
}

/// What a path leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    Page(Page),
    /// The path with a slash behind it is a page.
    WithSlash,
    Nowhere,
}

impl Map {
    /// How many topics are below each.
    pub const CHILDREN: u64 = 8;

    /// People that there could be, as [`Receipt`]s of the style [`Style::Cast`].
    const PEOPLE: u32 = Receipt::VISITS * Receipt::EACH as u32;

    /// `pages` is how many there are; 0 is no limit.
    pub fn new(keyed: Keyed, tables: &'static Tables, calendar: Calendar, pages: u64) -> Self {
        let word = |list: usize, purpose: &str| {
            let words = tables.parts(list);
            words.get(keyed.below(purpose, 0, words.len())).map_or("", |(word, _)| *word)
        };
        let all = tables.parts(parts::DEPARTMENT);
        let words = Words {
            contact: word(parts::PATH_CONTACT, "contact"),
            staff: word(parts::PATH_STAFF, "staff"),
            about: word(parts::PATH_ABOUT, "about"),
            departments: word(parts::PATH_DEPARTMENTS, "departments"),
            topics: word(parts::PATH_TOPICS, "topics"),
            sections: [
                word(parts::PATH_NEWS, "news"),
                word(parts::PATH_LIST, "list"),
                word(parts::PATH_MINUTES, "minutes"),
                word(parts::PATH_NEWSLETTER, "newsletter"),
                word(parts::PATH_GUESTBOOK, "guestbook"),
            ],
            ending: if keyed.below("ending", 0, 5) == 0 { ".htm" } else { ".html" },
            department: keyed
                .order("departments", all.len())
                .into_iter()
                .filter_map(|at| all.get(at).copied())
                .collect(),
        };
        let first_person = u32::try_from(keyed.below("people", 0, Self::PEOPLE as usize)).unwrap_or_default();
        let mut map = Map { keyed, tables, calendar, extent: Extent::of(pages), words, first_person };
        let years: usize = Section::ALL.iter().map(|&section| map.years(section).len()).sum();
        let spare = map.extent.years.saturating_sub(u32::try_from(years).unwrap_or_default());
        let [.., guests] = &mut map.extent.items;
        *guests += spare;
        map
    }

    /// How many pages there are, or a number that nobody will ever reach.
    pub fn count(&self) -> u64 {
        let extent = &self.extent;
        let items: u64 = extent.items.iter().map(|&items| u64::from(items)).sum();
        let years: usize = Section::ALL.iter().map(|&section| self.years(section).len()).sum();
        let people = extent.departments + extent.teams + extent.persons;
        (extent.fixed + years) as u64 + u64::from(people) + items + extent.topics
    }

    /// The pages in an order in which each comes after one that links to it, without the topics.
    fn others(&self) -> impl Iterator<Item = Page> {
        let extent = &self.extent;
        let dated = Section::ALL.iter().flat_map(|&section| {
            let years = self.years(section).into_iter().map(move |year| Page::Year(section, year));
            years.chain(self.items(section).map(move |n| Page::Item(section, n)))
        });
        FIXED
            .into_iter()
            .take(extent.fixed)
            .chain((0..extent.departments).map(Page::Department))
            .chain((0..extent.teams).map(Page::Team))
            .chain((0..extent.persons).map(Page::Person))
            .chain(dated)
    }

    /// All pages; without a limit there is no end of them.
    pub fn all(&self) -> impl Iterator<Item = Page> {
        self.others().chain((0..self.extent.topics).map(Page::Topic))
    }

    /// The pages that every site has, as far as there are so many.
    pub fn fixed(&self) -> impl Iterator<Item = Page> + use<> {
        FIXED.into_iter().take(self.extent.fixed)
    }

    /// Whether there is such a page.
    pub fn has(&self, page: Page) -> bool {
        let extent = &self.extent;
        match page {
            Page::Department(at) => at < extent.departments,
            Page::Team(at) => at < extent.teams,
            Page::Person(at) => at < extent.persons,
            Page::Year(section, year) => self.years(section).contains(&year),
            Page::Item(section, n) => self.is_kept(section, n),
            Page::Topic(at) => at < extent.topics,
            fixed => FIXED.iter().take(extent.fixed).any(|&there| there == fixed),
        }
    }

    /// The calendar by which what is dated has its dates.
    pub fn calendar(&self) -> &Calendar {
        &self.calendar
    }

    /// How many departments there are, with pages or without.
    pub fn departments(&self) -> u32 {
        self.extent.departments.max(DEPARTMENTS)
    }

    /// How many teams there are.
    pub fn teams(&self) -> u32 {
        self.extent.teams
    }

    /// The name of a department.
    pub fn department(&self, at: u32) -> Part {
        let department = &self.words.department;
        department.get(at as usize % department.len().max(1)).copied().unwrap_or_default()
    }

    /// The department that a team belongs to.
    pub fn department_of(&self, team: u32) -> u32 {
        team % self.departments()
    }

    /// The teams of a department.
    pub fn teams_of(&self, department: u32) -> impl Iterator<Item = u32> {
        (department..self.extent.teams).step_by(self.departments() as usize)
    }

    /// How many people there are, with pages or without: those who lead, then the heads of the departments,
    /// then the teams.
    pub fn people(&self) -> u32 {
        LEADERS + self.departments() + self.extent.teams * TEAM
    }

    /// The people of a team.
    pub fn team(&self, team: u32) -> std::ops::Range<u32> {
        let first = LEADERS + self.departments() + team * TEAM;
        first..first + TEAM
    }

    /// The team that somebody belongs to.
    pub fn team_of(&self, person: u32) -> Option<u32> {
        Some(person.checked_sub(LEADERS + self.departments())? / TEAM)
    }

    /// What the address of one of our people is a receipt for.
    pub fn receipt(&self, season: u8, person: u32) -> Receipt {
        let number = (self.first_person + person) % Self::PEOPLE;
        let each = u32::from(Receipt::EACH);
        let nth = u8::try_from(number % each).unwrap_or_default();
        Receipt { season, style: Style::Cast, visit: number / each, nth }
    }

    /// Which of our people has this address.
    fn person(&self, maker: &Maker, season: u8, local: &str) -> Option<u32> {
        let (language, receipt) = maker.read(local.as_bytes())?;
        let number = receipt.visit * u32::from(Receipt::EACH) + u32::from(receipt.nth);
        let person = (number + Self::PEOPLE - self.first_person) % Self::PEOPLE;
        (language == maker.language() && receipt == self.receipt(season, person)).then_some(person)
    }

    /// The numbers of the pages of a section.
    pub fn items(&self, section: Section) -> impl DoubleEndedIterator<Item = u32> + use<> {
        let newest = self.calendar.newest(section);
        let count = self.kept(section);
        newest + 1 - count..newest + 1
    }

    fn kept(&self, section: Section) -> u32 {
        let at = Section::ALL.iter().position(|&other| other == section);
        let kept = at.and_then(|at| self.extent.items.get(at)).copied().unwrap_or_default();
        kept.min(self.calendar.newest(section) + 1)
    }

    fn is_kept(&self, section: Section, n: u32) -> bool {
        let newest = self.calendar.newest(section);
        n <= newest && newest - n < self.kept(section)
    }

    /// How many pages the index of a section links to itself.
    pub const NEWEST: u32 = 12;

    /// The years for which a section has a page, the newest first.
    pub fn years(&self, section: Section) -> Vec<i32> {
        let mut items = self.items(section);
        let (oldest, newest) = match (items.next(), items.next_back()) {
            (Some(oldest), Some(newest)) if section.has_years() && self.kept(section) > Self::NEWEST => {
                (oldest, newest)
            }
            _ => return Vec::new(),
        };
        let year = |n| self.calendar.day(section, n).year();
        (year(oldest)..=year(newest)).rev().collect()
    }

    /// The numbers of the pages of one year of a section.
    pub fn items_of(&self, section: Section, year: i32) -> impl DoubleEndedIterator<Item = u32> + use<> {
        let (first, next) =
            (self.calendar.first_of(section, year), self.calendar.first_of(section, year + 1));
        let kept = self.items(section);
        let (from, until) = kept.size_hint().1.map_or((0, 0), |count| {
            let newest = self.calendar.newest(section);
            (newest + 1 - u32::try_from(count).unwrap_or_default(), newest + 1)
        });
        first.max(from)..next.min(until)
    }

    /// The topic above one, if it is none of those at the top.
    pub fn above(topic: u64) -> Option<u64> {
        (topic / Self::CHILDREN).checked_sub(1)
    }

    /// The topics below one, or those at the top.
    pub fn below(&self, topic: Option<u64>) -> std::ops::Range<u64> {
        let group = topic.map_or(Some(0), |topic| topic.checked_add(1));
        let first = group.and_then(|group| group.checked_mul(Self::CHILDREN)).unwrap_or(self.extent.topics);
        first.min(self.extent.topics)..first.saturating_add(Self::CHILDREN).min(self.extent.topics)
    }

    fn is_leaf(&self, topic: u64) -> bool {
        self.below(Some(topic)).is_empty()
    }

    /// How many links a page is away from the home page.
    pub fn depth(&self, page: Page) -> u32 {
        match page {
            Page::Home => 0,
            Page::Department(_) | Page::Year(..) => 2,
            Page::Team(_) | Page::Item(..) | Page::Person(_) => 3,
            Page::Topic(topic) => {
                2 + u32::try_from(
                    std::iter::successors(Self::above(topic), |&topic| Self::above(topic)).count(),
                )
                .unwrap_or_default()
            }
            _ => 1,
        }
    }

    /// The page above another one, as a reader sees it.
    pub fn parent(&self, page: Page) -> Option<Page> {
        Some(match page {
            Page::Home => return None,
            Page::Department(_) => Page::Departments,
            Page::Team(team) => Page::Department(self.department_of(team)),
            Page::Person(_) => Page::Staff,
            Page::Year(section, _) => Page::Index(section),
            Page::Item(section, n) => {
                let year = Page::Year(section, self.calendar.day(section, n).year());
                if self.has(year) { year } else { Page::Index(section) }
            }
            Page::Topic(topic) => Self::above(topic).map_or(Page::Topics, Page::Topic),
            _ => Page::Home,
        })
    }

    /// A number for each page, by which what is said on it is chosen. It stays the same while the calendar
    /// goes on, and the first million are different ones.
    pub fn number(&self, page: Page) -> u64 {
        let section =
            |section: Section| Section::ALL.iter().position(|&other| other == section).unwrap_or(0) as u64;
        match page {
            Page::Department(at) => 32 + u64::from(at),
            Page::Team(at) => 256 + u64::from(at),
            Page::Person(at) => 4_096 + u64::from(at),
            Page::Year(of, year) => 64 + section(of) * 32 + u64::from(year.unsigned_abs() % 32),
            Page::Item(of, n) => 8_192 + section(of) * 4_096 + u64::from(n % 4_096),
            Page::Topic(topic) => 32_768 + topic,
            fixed => FIXED.iter().position(|&other| other == fixed).unwrap_or(0) as u64,
        }
    }
}

impl Extent {
    /// Of so many pages; 0 is no limit. The topics are what is left, and counted by the map.
    fn of(pages: u64) -> Self {
        let pages = if pages == 0 { u64::MAX >> 2 } else { pages };
        let fixed = FIXED.len().min(usize::try_from(pages).unwrap_or(FIXED.len()));
        let rest = pages - fixed as u64;
        let share = |part: u64, most: u32| u32::try_from(rest / part).unwrap_or(most).min(most);
        let departments = share(60, 10) + share(2, DEPARTMENTS);
        let teams = if departments < DEPARTMENTS { 0 } else { share(40, 250) };
        let people = LEADERS + departments.max(DEPARTMENTS) + teams * TEAM;
        let persons = share(5, people);
        let items = Section::ALL.map(|section| match section {
            _ if fixed < FIXED.len() => 0,
            Section::Guestbook => share(40, section.most()),
            _ => share(14, section.most()),
        });
        let years = Section::ALL.iter().zip(items).map(|(section, items)| most_years(*section, items)).sum();
        let others: u32 = departments + teams + persons + items.iter().sum::<u32>() + years;
        let topics = rest.saturating_sub(others.into());
        Extent { fixed, departments, teams, persons, items, years, topics }
    }
}

/// How many years so many pages of a section may be of.
fn most_years(section: Section, items: u32) -> u32 {
    match section.has_years() && items > Map::NEWEST {
        // The first and the last day of a time may both be in a year of their own.
        true => items * section.interval() / 365 + 2,
        false => 0,
    }
}

#[cfg(test)]
mod tests;
