//! The program `tarpop`: its configuration, made into a conversation.

use crate::config::{Common, LogLike, Tarpop};
use crate::engine::Engine;
use crate::event::{Plain, Why};
use crate::key::Key;
use crate::memory::{Memory, Rules};
use crate::names::Language;
use crate::peer::{self, Ends};
use crate::persona::pop3 as persona;
use crate::pop3::dialogue::{self, Dialogue, Mailboxes, Policy};
use crate::pop3::dovecot_log::{self, DovecotLog};
use crate::pop3::gate::{self, Earned};
use crate::pop3::mailbox::{Cast, Mailbox, Origin, Person};
use crate::pop3::session::Session;
use crate::receipt::{self, Maker, Receipt, Style};
use crate::start::{Before, Circumstances, Mirror, Pit, complain};
use std::time::Duration;

/// A network that guessed passwords this lately is still guessing.
const LATELY: Duration = Duration::from_secs(86_400);

impl Pit for Tarpop {
    const TAG: &'static str = "tarpop";

    fn common(&self) -> &Common {
        &self.common
    }

    fn persona(&self) -> &'static str {
        self.mailbox.persona.as_str()
    }

    fn busy(&self, _ends: &Ends) -> Vec<u8> {
        dialogue::busy(self.mailbox.persona.persona(), &self.common.hostname)
    }

    fn sorry(hostname: &str, _ends: &Ends) -> Vec<u8> {
        dialogue::busy(persona::Name::default().persona(), hostname)
    }

    fn mirror(&self, ends: &Ends, id: &Plain) -> Option<Mirror> {
        match self.mailbox.log_like {
            LogLike::Nothing => None,
            LogLike::Dovecot => {
                let mut log = DovecotLog::new(*ends, id.to_string());
                Some(Box::new(move |what, at| log.line(what, at).map(|line| (dovecot_log::TAG, line))))
            }
        }
    }

    type Opened = Memory;

    fn open(&self, with: &Before<'_>) -> Result<Memory, Why> {
        let memory = Memory::open(&self.state_dir(), with.key, with.ends.peer).unwrap_or_else(|failure| {
            complain(&format!("state_dir: {failure}"));
            Memory::alone()
        });
        Ok(memory.telling(complain))
    }

    fn engine(&self, memory: Memory, with: Circumstances) -> Box<dyn Engine> {
        let guessing = memory.is_guessing(with.wall.timestamp(), LATELY);
        let network = peer::network(with.ends.peer);
        let range = self.mailbox.accept_after;
        let after = gate::earns_at(&with.key, &network, range.from, range.to);
        let gate =
            Earned { memory, key: with.key.clone(), network, rules: Rules { after, quiet: gate::QUIET } };
        let (passwords, key) = (self.mailbox.passwords, with.key.clone());
        let policy = Policy {
            persona: self.mailbox.persona.persona(),
            hostname: self.common.hostname.clone(),
            gate: Box::new(gate),
            mailboxes: mailboxes(&self.common, with.key),
            passwords: Box::new(move |password| passwords.show(&key, password)),
        };
        let schedule = self.schedule();
        Box::new(Session::new(Dialogue::new(policy), schedule, with.allowed, guessing, with.wall, with.rng))
    }
}

/// Makes the mailboxes of this installation.
fn mailboxes(common: &Common, key: Key) -> Box<Mailboxes> {
    let (hostname, seasons) = (common.hostname.clone(), common.seasons());
    let maker = Maker::new(key.secret(), Language::English);
    Box::new(move |user, visit, wall| {
        let season = seasons.on(wall.date_naive());
        let (number, domain) = (season.number, season.domain.as_str());
        let cast = Staff { maker: &maker, season: number, visit: visit.unwrap_or_default(), domain };
        Mailbox::of(&Origin { key: &key, user, domain, hostname: &hostname, wall, cast: &cast })
    })
}

/// People who have receipts for addresses.
struct Staff<'s> {
    maker: &'s Maker,
    season: u8,
    visit: u32,
    domain: &'s str,
}

impl Staff<'_> {
    fn person(&self, receipt: &Receipt) -> Person {
        let receipt::Person { given, family, local } = self.maker.person(receipt);
        Person { given, family, address: format!("{local}@{}", self.domain) }
    }
}

impl Cast for Staff<'_> {
    fn colleague(&self, number: u32) -> Person {
        self.person(&Receipt {
            season: self.season,
            style: Style::Cast,
            visit: number % Receipt::VISITS,
            nth: 0,
        })
    }

    fn stranger(&self, number: u32) -> Person {
        let nth = u8::try_from(number).unwrap_or_default() % Receipt::EACH;
        self.person(&Receipt { season: self.season, style: Style::Mailbox, visit: self.visit, nth })
    }
}
