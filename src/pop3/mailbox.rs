//! The mailbox behind the one password that works: ordinary mail, made on the fly.
//!
//! Nothing is stored. On every day some conversations begin, as a keyed hash of the user's name and of
//! the day decides, and each has its messages over the days that follow. A mailbox is what of these
//! arrived in the last weeks, so the next visit finds the same messages, those that came since, and
//! no longer the oldest. [`thread`] says what is written, [`people`] by whom, [`mime`] in which form,
//! [`words`] has the sentences.
//!
//! All addresses are the operator's own: those of the [`Cast`], and of machines in the same domain.

mod facts;
mod mime;
mod people;
mod thread;
mod words;

use crate::Rng;
use crate::key::Key;
use chrono::{DateTime, Datelike as _, Duration, FixedOffset, NaiveDate};
use people::Office;
use rand::{RngExt as _, SeedableRng as _};
use thread::Thread;

/// A correspondent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    pub given: String,
    pub family: String,
    /// `local@domain`.
    pub address: String,
}

/// Where correspondents come from: the same number is always the same person.
pub trait Cast {
    /// The people of the organisation, from 0.
    fn colleague(&self, number: u32) -> Person;
    /// People who are shown to this network only, from 0 to 7: who writes to them has read this mailbox.
    fn stranger(&self, number: u32) -> Person;
}

/// What a mailbox is made of.
pub struct Origin<'o> {
    /// All choices follow from it and the user's name.
    pub key: &'o Key,
    /// Who has logged in, as the peer wrote it.
    pub user: &'o [u8],
    /// The domain of the mailbox.
    pub domain: &'o str,
    /// The name of the server, for Received lines.
    pub hostname: &'o str,
    pub wall: DateTime<FixedOffset>,
    pub cast: &'o dyn Cast,
}

/// The fewest and the most messages that there are.
pub const FEWEST: usize = 20;
pub const MOST: usize = 200;

/// A mailbox as it is at the moment of the login; nothing changes in it until the next.
pub struct Mailbox {
    office: Office,
    validity: u32,
    messages: Vec<Message>,
}

/// What is needed to write a message again.
struct Message {
    seed: [u8; 32],
    began: NaiveDate,
    nth: usize,
    arrived: DateTime<FixedOffset>,
    serial: u32,
    size: u32,
}

/// The first day on which anybody here had mail; unique-ids count from it.
fn first_day() -> NaiveDate {
    NaiveDate::from_ymd_opt(2019, 1, 1).unwrap_or_default()
}

/// A conversation is over after so many days.
const LONGEST_THREAD: i64 = 6;

/// The most messages that arrive on a day.
const MOST_A_DAY: usize = 16;

impl Mailbox {
    /// The mailbox of a user.
    pub fn of(origin: &Origin<'_>) -> Self {
        let office = Office::new(origin);
        let mut rng = seeded(origin.key, "mailbox", &[office.owner_address().as_bytes()]);
        let weeks = rng.random_range(4..9);
        let busy = rng.random_range(6..22);
        let validity = rng.random_range(1_546_300_800..1_609_459_200);
        let mut mailbox = Mailbox { office, validity, messages: Vec::new() };
        let today = origin.wall.date_naive();
        let mut days = weeks * 7;
        // Somebody who hears from few keeps what there is for longer.
        loop {
            mailbox.messages = mailbox.arrived(origin, today, days, busy);
            if mailbox.messages.len() >= FEWEST || days > 1_000 {
                break;
            }
            days *= 2;
        }
        let surplus = mailbox.messages.len().saturating_sub(MOST);
        mailbox.messages.drain(..surplus);
        for at in 0..mailbox.messages.len() {
            let size = u32::try_from(mailbox.text(at).len()).unwrap_or(u32::MAX);
            if let Some(message) = mailbox.messages.get_mut(at) {
                message.size = size;
            }
        }
        mailbox
    }

    /// What arrived in the last days up to now, the oldest first.
    fn arrived(&self, origin: &Origin<'_>, today: NaiveDate, days: i64, busy: u32) -> Vec<Message> {
        let mut messages = Vec::new();
        let from = today - Duration::days(days);
        for ago in (0..=days + LONGEST_THREAD).rev() {
            let day = today - Duration::days(ago);
            let number = day.num_days_from_ce().to_be_bytes();
            let mut rng = seeded(origin.key, "day", &[self.office.owner_address().as_bytes(), &number]);
            for _ in 0..thread::begun(day, busy, &mut rng) {
                let seed: [u8; 32] = rng.random();
                let thread = Thread::new(seed, day, &self.office, origin.wall.offset());
                let times = thread.times().into_iter().enumerate();
                messages.extend(times.map(|(nth, arrived)| Message {
                    seed,
                    began: day,
                    nth,
                    arrived,
                    serial: 0,
                    size: 0,
                }));
            }
        }
        messages.sort_by_key(|message| (message.arrived, message.seed, message.nth));
        number_days(&mut messages);
        messages.retain(|message| {
            message.serial > 0 && message.arrived <= origin.wall && message.arrived.date_naive() >= from
        });
        messages
    }

    /// How many messages there are.
    pub fn len(&self) -> usize {
        self.messages.len()
    }

    pub fn is_empty(&self) -> bool {
        self.messages.is_empty()
    }

    /// Octets of message `at`, from 0, with CR LF and before dots are stuffed (RFC 1939 11).
    pub fn size(&self, at: usize) -> u64 {
        self.messages.get(at).map_or(0, |message| u64::from(message.size))
    }

    /// The unique-id of message `at` (RFC 1939 7), the same on every visit: its number and the number of
    /// the mailbox, eight hexadecimal digits each.
    pub fn uid(&self, at: usize) -> String {
        let serial = self.messages.get(at).map_or(0, |message| message.serial);
        format!("{serial:08x}{:08x}", self.validity)
    }

    /// The whole message `at`: lines that end with CR LF, exactly [`Mailbox::size`] octets.
    pub fn text(&self, at: usize) -> Vec<u8> {
        let Some(message) = self.messages.get(at) else { return Vec::new() };
        let offset = *message.arrived.offset();
        let thread = Thread::new(message.seed, message.began, &self.office, &offset);
        mime::write(&thread.letter(message.nth, &self.office), &self.office)
    }
}

/// Gives each message its number: by its day and its place in it. Those beyond the most of a day get none.
fn number_days(messages: &mut [Message]) {
    let mut place = 0;
    let mut day = NaiveDate::MIN;
    for message in messages {
        let arrived = message.arrived.date_naive();
        place = if arrived == day { place + 1 } else { 0 };
        day = arrived;
        let since = usize::try_from((arrived - first_day()).num_days()).unwrap_or_default();
        let serial = u32::try_from(since * MOST_A_DAY + place + 1).unwrap_or_default();
        message.serial = if place < MOST_A_DAY { serial } else { 0 };
    }
}

/// A generator for one purpose.
fn seeded(key: &Key, purpose: &str, parts: &[&[u8]]) -> Rng {
    Rng::from_seed(key.mac(purpose, parts))
}

/// One of these.
fn pick<'a, T: ?Sized>(all: &[&'a T], rng: &mut Rng) -> Option<&'a T> {
    all.get(rng.random_range(0..all.len().max(1))).copied()
}

#[cfg(test)]
mod tests;
