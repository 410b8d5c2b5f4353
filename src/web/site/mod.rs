//! The web site of an organisation that does not exist: every page of it, made when it is asked for.
//!
//! All that a page says follows from a key, which follows from the secret, the season and the host; from its
//! path; from the week ([`calendar`]); and, for a few of its addresses, from the network that asks. Nothing is
//! stored, and no two installations have a page, a style sheet or a path in common.
//!
//! - [`map`]: which pages there are and where; [`calendar`]: when they were written;
//! - [`language`]: the words; [`look`], [`portrait`] and [`html`]: what they look like;
//! - [`write`](mod@write): what is on each kind of page; [`dice`]: how anything is chosen.
//!
//! **Addresses.** A page shows as many as the operator wants. Two of three are those of the organisation's own
//! people, who have the same name, address, title and department wherever they appear. The others are made
//! for the visitor's network and this page: [`Site::visit`] says how they are numbered. All are made by
//! [`Maker`], shown in the same ways and in one order, so that nothing tells the one from the other.

pub mod calendar;
pub mod dice;
pub mod html;
pub mod language;
pub mod look;
pub mod map;
pub mod portrait;
mod robots;
mod write;

use self::calendar::Calendar;
use self::dice::{Dice, Keyed};
use self::language::{Known, Knows, Share, Tables, list, parts};
use self::look::Look;
use self::map::{LEADERS, Map, Page, Place};
use super::{Document, Found, Media, Shown};
use crate::key::Key;
use crate::names::{self, Language, Name};
use crate::receipt::permutation::Permutation;
use crate::receipt::{Maker, Receipt, Style};
use chrono::NaiveDate;
use std::ops::RangeInclusive;

pub use robots::{Robots, forbids_all};

/// What the operator has decided, and the day.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The secret of the installation.
    pub key: Key,
    pub season: u8,
    /// When the season began, if there are seasons.
    pub begins: Option<NaiveDate>,
    /// The host whose site this is.
    pub host: String,
    /// The domain of the addresses.
    pub domain: String,
    /// The name of the organisation, if it is not made up too.
    pub company: Option<String>,
    pub language: Language,
    /// How many pages there are; 0 for no limit.
    pub pages: u64,
    /// How many addresses a page shows.
    pub contacts: RangeInclusive<u32>,
    pub robots: Robots,
    pub today: NaiveDate,
}

/// A site.
pub struct Site {
    plan: Plan,
    keyed: Keyed,
    maker: Maker,
    tables: &'static Tables,
    /// What it uses of each list of texts.
    shares: Vec<Share>,
    map: Map,
    look: Look,
    organisation: Organisation,
}

/// The organisation whose site it is. The texts are HTML already.
struct Organisation {
    company: String,
    /// Its town, and the year in which it began.
    town: String,
    founded: String,
    trade: usize,
    street: String,
    /// The town as it stands in an address.
    place: String,
    phone: String,
    tagline: String,
}

/// Somebody on a page, with the address that is shown there.
#[derive(Debug, Clone)]
struct Contact {
    name: String,
    given: String,
    local: String,
    title: String,
    department: u32,
    /// Which of the organisation's own people it is.
    number: Option<u32>,
    /// How the address is shown.
    style: Style,
}

/// Room for a title.
const TITLE: usize = 64;

/// A network, as [`crate::peer::network`] has it; nobody's for a site that lies somewhere as files.
pub type Network = [u8; 8];

impl Site {
    pub fn new(plan: Plan) -> Self {
        let root = plan.key.mac("site", &[&[plan.season], plan.host.as_bytes()]);
        let keyed = Keyed::new(root);
        let tables = language::tables(plan.language);
        let maker = Maker::new(plan.key.secret(), plan.language);
        let calendar = Calendar::new(keyed, plan.today, plan.begins);
        let map = Map::new(keyed, tables, calendar, plan.pages);
        let look = Look::new(&keyed, tables.parts(parts::PATH_STYLE));
        let organisation = Organisation::new(&plan, &keyed, tables);
        let shares = tables.shares(&keyed);
        Site { keyed, maker, tables, shares, map, look, organisation, plan }
    }

    pub fn map(&self) -> &Map {
        &self.map
    }

    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// The path of a page.
    pub fn path(&self, page: Page) -> String {
        self.map.path(page, &|person| self.local(person))
    }

    fn local(&self, person: u32) -> String {
        self.maker.person(&self.map.receipt(self.plan.season, person)).local
    }

    /// What names the addresses that a page shows to a network alone: a number of 20 bits, which for the first
    /// million pages of a site are different ones.
    pub fn visit(&self, page: Page, network: Option<Network>) -> u32 {
        let number = self.map.number(page) % u64::from(Receipt::VISITS);
        let visit = self.visits(network).forward(number);
        u32::try_from(visit).unwrap_or_default()
    }

    /// The page that shows this visit to a network, if it is among the first million.
    pub fn visited(&self, visit: u32, network: Option<Network>) -> Option<Page> {
        let number = self.visits(network).backward(visit.into());
        self.map.all().take(Receipt::VISITS as usize).find(|&page| self.map.number(page) == number)
    }

    /// How the pages are scattered over the visits of a network.
    fn visits(&self, network: Option<Network>) -> Permutation<impl Fn(u8, u64) -> u64> {
        let network = self.keyed.number("network", u64::from_be_bytes(network.unwrap_or_default()));
        let digits = move |round, digit| network ^ u64::from(round) << 56 ^ digit;
        let keyed = self.keyed;
        Permutation::new(Receipt::VISITS.into(), move |round, digit| {
            keyed.number("visits", digits(round, digit))
        })
    }

    /// What is at a path, for a network.
    pub fn find(&self, path: &str, network: Option<Network>) -> Found {
        if let Some(document) = self.file(path) {
            return Found::Document(Box::new(document));
        }
        match self.map.find(path, &self.maker, self.plan.season) {
            Place::Page(page) => Found::Document(Box::new(self.document(page, network))),
            Place::WithSlash => Found::Directory,
            Place::Nowhere => Found::Missing,
        }
    }

    /// A page, for a network.
    pub fn document(&self, page: Page, network: Option<Network>) -> Document {
        let visit = self.visit(page, network);
        let (body, addresses, modified) = write::page(self, page, visit);
        Document {
            body: body.into_bytes(),
            media: Media::Html,
            modified,
            depth: self.map.depth(page),
            shown: Some(Shown { addresses, season: self.plan.season, visit }),
        }
    }

    /// The files that are no pages.
    pub fn files(&self) -> Vec<String> {
        let sheet = format!("/{}.css", self.look.sheet);
        [sheet].into_iter().chain(robots::files(self)).collect()
    }

    fn file(&self, path: &str) -> Option<Document> {
        let name = path.strip_prefix('/').and_then(|name| name.strip_suffix(".css"));
        if name == Some(self.look.sheet) {
            return Some(Document {
                body: self.look.css().into_bytes(),
                media: Media::Css,
                modified: self.map.calendar().changed(1),
                depth: 1,
                shown: None,
            });
        }
        robots::file(self, path)
    }

    /// One of the organisation's own people.
    fn member(&self, number: u32) -> Contact {
        let person = self.maker.person(&self.map.receipt(self.plan.season, number));
        let heads = LEADERS..LEADERS + self.map.departments();
        let team = self.map.team_of(number);
        let department = match team {
            Some(team) => self.map.department_of(team),
            None if heads.contains(&number) => number - LEADERS,
            None => 0,
        };
        let mut dice = self.keyed.dice("member", number.into());
        let scene = Scene::of(self, department, team);
        let mut title = String::with_capacity(TITLE);
        match team {
            Some(team) if self.map.team(team).start == number => {
                self.tables.say(list::TITLE_DEPUTY, &scene, &mut dice, &mut title);
            }
            Some(_) => self.tables.say(list::TITLE_STAFF, &scene, &mut dice, &mut title),
            None if heads.contains(&number) => {
                self.tables.say(list::TITLE_HEAD, &scene, &mut dice, &mut title)
            }
            None => {
                let titles = self.keyed.order("leaders", self.tables.count(list::TITLE_TOP));
                let at = titles.get(number as usize).copied().unwrap_or_default();
                self.tables.entry(list::TITLE_TOP, at, &scene, &mut dice, &mut title);
            }
        }
        Contact {
            name: [&person.given, " ", &person.family].concat(),
            given: first_name(&person.given),
            local: person.local,
            title,
            department,
            number: Some(number),
            style: style(&mut dice),
        }
    }

    /// Somebody whom only one network sees, on one page.
    fn stranger(&self, visit: u32, nth: u8, style: Style) -> Contact {
        let person = self.maker.person(&Receipt { season: self.plan.season, style, visit, nth });
        let mut dice = self.keyed.dice("stranger", u64::from(visit) << 8 | u64::from(nth));
        let department = dice.of(0..=self.map.departments() - 1);
        let scene = Scene::of(self, department, None);
        let mut title = String::with_capacity(TITLE);
        self.tables.say(list::TITLE_STAFF, &scene, &mut dice, &mut title);
        Contact {
            name: [&person.given, " ", &person.family].concat(),
            given: first_name(&person.given),
            local: person.local,
            title,
            department,
            number: None,
            style,
        }
    }
}

/// How an address is shown: mostly so that every harvester finds it, sometimes so that only a clever one does.
fn style(dice: &mut Dice) -> Style {
    match dice.below(100) {
        0..50 => Style::Mailto,
        50..82 => Style::Text,
        82..92 => Style::Entity,
        _ => Style::Spelled,
    }
}

/// What somebody is called in a sentence.
fn first_name(given: &str) -> String {
    given.split(' ').next().unwrap_or(given).to_owned()
}

impl Organisation {
    fn new(plan: &Plan, keyed: &Keyed, tables: &'static Tables) -> Self {
        let trade = keyed.below("trade", 0, tables.count(list::TRADE));
        let mut founders = Founders { tables, families: Vec::new(), town: String::new(), trade };
        let mut dice = keyed.dice("organisation", 0);
        for _ in 0..2 {
            // The founders have names that many people have.
            let (names, tier) = (plan.language.names(), dice.below(2));
            let mut family = String::new();
            names.push_family(Name { tier, at: dice.below(names.families(tier)) }, &mut family);
            founders.families.push(names::display(plan.language, &family));
        }
        let mut say = |list, founders: &Founders| {
            let mut text = String::new();
            tables.say(list, founders, &mut dice, &mut text);
            text
        };
        founders.town = say(list::TOWN, &founders);
        let company = match &plan.company {
            Some(company) => company.clone(),
            None => say(list::ORGANISATION, &founders),
        };
        let [street, phone, place] =
            [list::STREET, list::PHONE, list::FORMAT_PLACE].map(|list| say(list, &founders));
        let founded = keyed.dice("founded", 0).of(1886..=1979).to_string();
        let mut organisation = Organisation {
            company: html::escaped(&company),
            town: founders.town.clone(),
            founded,
            trade,
            street,
            place,
            phone,
            tagline: String::new(),
        };
        let mut tagline = String::new();
        tables.say(list::HOME_TAGLINE, &organisation, &mut keyed.dice("tagline", 0), &mut tagline);
        organisation.tagline = tagline;
        organisation
    }
}

/// What the texts may say of an organisation that has no name yet.
struct Founders {
    tables: &'static Tables,
    families: Vec<String>,
    town: String,
    trade: usize,
}

impl Knows for Founders {
    fn say(&self, known: Known, dice: &mut Dice, to: &mut String) {
        if known == Known::Trade {
            return self.tables.entry(list::TRADE, self.trade, self, dice, to);
        }
        let family = |at: usize| self.families.get(at).map_or("", String::as_str);
        to.push_str(match known {
            Known::Family => family(0),
            Known::Other => family(1),
            Known::Town => &self.town,
            _ => "",
        });
    }

    fn trade(&self) -> usize {
        self.trade
    }
}

impl Knows for Organisation {
    fn say(&self, known: Known, _: &mut Dice, to: &mut String) {
        to.push_str(match known {
            Known::Company | Known::Short => &self.company,
            Known::Town => &self.town,
            Known::Founded => &self.founded,
            _ => "",
        });
    }

    fn trade(&self) -> usize {
        self.trade
    }
}

/// What the texts of a page may say.
struct Scene<'s> {
    site: &'s Site,
    department: u32,
    team: Option<u32>,
    /// What the page is about, as it stands inside of a sentence.
    subject: String,
    /// Who may be named. If nobody is there, anyone of the organisation is.
    people: Vec<Contact>,
    /// Whose words these are: nobody speaks of himself by his name.
    speaker: Option<String>,
    /// The year in which this was written; what is told of the past lies before it.
    year: i32,
}

impl<'s> Scene<'s> {
    /// Nothing but the place in the organisation.
    fn of(site: &'s Site, department: u32, team: Option<u32>) -> Self {
        let year = site.map.calendar().told();
        Scene { site, department, team, subject: String::new(), people: Vec::new(), speaker: None, year }
    }

    /// Somebody to be named in the sentence at the end of this text.
    fn name(&self, dice: &mut Dice, text: &str) -> String {
        // Nobody is named twice in one sentence.
        let sentence =
            text.get(text.rfind(['.', '?', '!', '>']).map_or(0, |end| end + 1)..).unwrap_or_default();
        let may_be = |name: &String| !sentence.contains(name) && self.speaker.as_ref() != Some(name);
        let first = dice.below(self.people.len());
        let (before, from) = self.people.split_at(first.min(self.people.len()));
        let present = from.iter().chain(before).map(|contact| &contact.name).find(|name| may_be(name));
        present.cloned().unwrap_or_else(|| {
            let all = self.site.map.people();
            let first = dice.of(0..=all - 1);
            let mut others = (first..first + all).map(|number| self.site.member(number % all).name);
            others.find(|name| may_be(name)).unwrap_or_default()
        })
    }
}

impl Knows for Scene<'_> {
    fn say(&self, known: Known, dice: &mut Dice, to: &mut String) {
        let site = self.site;
        match known {
            Known::Department => to.push_str(site.map.department(self.department).1),
            Known::Team => match self.team {
                Some(team) => site.map.name(Page::Team(team)).iter().for_each(|(_, text)| to.push_str(text)),
                None => to.push_str(site.map.department(self.department).1),
            },
            Known::Person => {
                let name = self.name(dice, to);
                to.push_str(&name);
            }
            Known::Given => to.push_str(self.people.first().map_or("", |contact| &contact.given)),
            Known::Subject => to.push_str(&self.subject),
            Known::SubjectCapital => {
                let at = to.len();
                to.push_str(&self.subject);
                language::capitalise(to, at);
            }
            Known::Month => {
                let month = dice.below(12);
                site.tables.entry(list::MONTH, month, self, dice, to);
            }
            Known::Year => {
                use std::fmt::Write as _;
                let _ = write!(to, "{}", self.year - i32::try_from(dice.below(9)).unwrap_or_default() - 1);
            }
            known => site.organisation.say(known, dice, to),
        }
    }

    fn trade(&self) -> usize {
        self.site.organisation.trade
    }

    fn share(&self, list: usize, count: usize) -> Share {
        self.site.shares.get(list).copied().unwrap_or_else(|| Share::whole(count))
    }
}

#[cfg(test)]
mod tests;
