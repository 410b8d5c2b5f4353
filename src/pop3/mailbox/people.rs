//! Who writes: the owner, the staff with their titles and their software, and the machines.

use super::{Origin, Person, pick, seeded, words};
use crate::key::Key;
use rand::RngExt as _;

/// How many colleagues an owner hears from.
const STAFF: u32 = 22;

/// How many people are shown to this network only.
pub const STRANGERS: u32 = 6;

/// The place where the owner of the mailbox works.
pub struct Office {
    pub owner: Member,
    /// Colleagues, and behind them those who are shown to this network only.
    pub staff: Vec<Member>,
    pub domain: String,
    pub hostname: String,
    pub name: String,
    pub trade: &'static words::Trade,
}

/// Somebody with an address.
#[derive(Debug, Clone)]
pub struct Member {
    pub person: Person,
    pub title: &'static str,
    pub department: &'static str,
    pub extension: u32,
    pub mailer: Mailer,
    /// How the signature begins, and whether there is one.
    pub sign: Sign,
    /// The last byte of the address of their machine.
    pub desk: u8,
}

/// The software that somebody writes with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mailer {
    Outlook,
    Thunderbird,
    Apple,
    Roundcube,
    /// A machine that sends mail by itself.
    Script,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sign {
    Full,
    Short,
    Name,
}

impl Office {
    pub fn new(origin: &Origin<'_>) -> Self {
        let mut rng = seeded(origin.key, "office", &[origin.domain.as_bytes()]);
        let trade = pick(words::TRADES, &mut rng).unwrap_or(words::TRADES[0]);
        let colleagues = (0..STAFF).map(|number| origin.cast.colleague(number));
        let strangers = (0..STRANGERS).map(|number| origin.cast.stranger(number));
        let staff = colleagues.chain(strangers).map(|person| Member::new(person, origin.key)).collect();
        let label = origin.domain.split('.').next().unwrap_or_default();
        Office {
            owner: Member::new(owner(origin), origin.key),
            staff,
            domain: origin.domain.to_owned(),
            hostname: origin.hostname.to_owned(),
            name: capital(label),
            trade,
        }
    }

    pub fn owner_address(&self) -> &str {
        &self.owner.person.address
    }

    /// A member of the staff, by a number of any size.
    pub fn member(&self, number: usize) -> &Member {
        self.staff.get(number % self.staff.len().max(1)).unwrap_or(&self.owner)
    }

    /// A machine in the same domain.
    pub fn machine(&self, name: &str, display: &str) -> Member {
        Member {
            person: Person {
                given: display.to_owned(),
                family: String::new(),
                address: format!("{name}@{}", self.domain),
            },
            title: "",
            department: "",
            extension: 0,
            mailer: Mailer::Script,
            sign: Sign::Name,
            desk: 7,
        }
    }
}

impl Member {
    fn new(person: Person, key: &Key) -> Self {
        let mut rng = seeded(key, "member", &[person.address.as_bytes()]);
        let (department, titles) = *pick(words::DEPARTMENTS, &mut rng).unwrap_or(words::DEPARTMENTS[0]);
        let mailers =
            [Mailer::Outlook, Mailer::Outlook, Mailer::Thunderbird, Mailer::Apple, Mailer::Roundcube];
        let signs = [Sign::Full, Sign::Full, Sign::Short, Sign::Name];
        Member {
            person,
            title: pick(titles, &mut rng).unwrap_or("Assistant"),
            department,
            extension: rng.random_range(200..790),
            mailer: mailers[rng.random_range(0..mailers.len())],
            sign: signs[rng.random_range(0..signs.len())],
            desk: rng.random_range(20..240),
        }
    }

    /// The name as it stands before the address.
    pub fn display(&self) -> String {
        match self.person.family.is_empty() {
            true => self.person.given.clone(),
            false => format!("{} {}", self.person.given, self.person.family),
        }
    }

    /// Lines below a letter.
    pub fn signature(&self, office: &Office) -> Vec<String> {
        let name = self.display();
        match self.sign {
            _ if self.mailer == Mailer::Script => Vec::new(),
            Sign::Name => vec![self.person.given.clone()],
            Sign::Short => vec![
                self.person.given.clone(),
                String::new(),
                format!("-- {}, ext. {}", name, self.extension),
            ],
            Sign::Full => vec![
                self.person.given.clone(),
                String::new(),
                "-- ".to_owned(),
                name,
                format!("{}, {}", self.title, self.department),
                format!("{} | ext. {}", office.name, self.extension),
                self.person.address.clone(),
            ],
        }
    }
}

/// The owner, as far as the name of the login tells who that is.
fn owner(origin: &Origin<'_>) -> Person {
    let text: String =
        origin.user.iter().take(64).map(|&byte| char::from(byte).to_ascii_lowercase()).collect();
    let local = text.split('@').next().unwrap_or_default();
    let local: String =
        local.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-')).collect();
    let mut local = local.trim_matches(['.', '-', '_']).to_owned();
    while local.contains("..") {
        local = local.replace("..", ".");
    }
    if local.is_empty() {
        local = "mail".to_owned();
    }
    let mut parts = local.split(['.', '_', '-']).filter(|part| part.chars().all(|c| c.is_ascii_alphabetic()));
    let given = parts.next().map(capital).unwrap_or_else(|| capital(&local));
    let family = parts.next_back().map(capital).unwrap_or_default();
    Person { given, family, address: format!("{local}@{}", origin.domain) }
}

fn capital(word: &str) -> String {
    let mut chars = word.chars();
    chars.next().map(|first| first.to_ascii_uppercase().to_string() + chars.as_str()).unwrap_or_default()
}
