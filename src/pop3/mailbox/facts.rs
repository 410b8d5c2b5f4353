//! What a conversation is about: its kind, and what its sentences say.

use super::people::{self, Office};
use super::{pick, words};
use crate::Rng;
use chrono::{Datelike as _, NaiveDate};
use rand::RngExt as _;

/// The kinds of conversations; a number chooses one of the texts of that kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Question,
    Notice(usize),
    Minutes,
    Machine(usize),
    Secret(usize),
    Forward,
    StaffList,
    Invitation,
}

/// What the sentences of one conversation are about.
pub struct Facts {
    pub goods: &'static str,
    pub work: &'static str,
    pub place: &'static str,
    pub day: &'static str,
    pub month: &'static str,
    pub number: u32,
    pub count: u32,
    pub amounts: [String; 2],
    pub colleague: usize,
    pub stranger: usize,
    pub code: String,
    pub password: String,
    pub iban: String,
}

impl Kind {
    /// Draws a kind; on weekends mostly machines write.
    pub fn draw(weekend: bool, rng: &mut Rng) -> Self {
        let machine = Kind::Machine(rng.random_range(0..words::MACHINES.len()));
        if weekend && rng.random_range(0..3) > 0 {
            return machine;
        }
        match rng.random_range(0..100) {
            0..48 => Kind::Question,
            48..60 => Kind::Notice(rng.random_range(0..words::NOTICES.len())),
            60..66 => Kind::Minutes,
            66..82 => machine,
            82..86 => Kind::Secret(rng.random_range(0..words::SECRETS.len())),
            86..93 => Kind::Forward,
            93..95 => Kind::StaffList,
            _ => Kind::Invitation,
        }
    }
}

impl Facts {
    /// Draws what a conversation that this member began is about.
    pub fn draw(from: usize, day: NaiveDate, office: &Office, rng: &mut Rng) -> Self {
        let trade = office.trade;
        let colleagues = office.staff.len().max(2);
        let strangers = people::STRANGERS as usize;
        let mut amount = || {
            let (units, cents) = (rng.random_range(40..6_800), rng.random_range(0..20) * 5);
            match units {
                1_000.. => format!("{},{:03}.{cents:02} EUR", units / 1_000, units % 1_000),
                _ => format!("{units}.{cents:02} EUR"),
            }
        };
        let amounts = [amount(), amount()];
        let word = |rng: &mut Rng| {
            let all = [
                "Kettle", "Harbour", "Maple", "Copper", "Window", "Garden", "Ladder", "Velvet", "Anchor",
                "Pepper",
            ];
            all[rng.random_range(0..all.len())]
        };
        let (first, second) = (word(rng), word(rng));
        Facts {
            goods: pick(trade.goods, rng).unwrap_or_default(),
            work: pick(trade.work, rng).unwrap_or_default(),
            place: pick(trade.places, rng).unwrap_or_default(),
            day: pick(words::DAYS, rng).unwrap_or_default(),
            month: words::MONTHS.get(day.month0() as usize).copied().unwrap_or_default(),
            number: rng.random_range(11_000..68_000),
            count: rng.random_range(2..29),
            amounts,
            colleague: (from + rng.random_range(1..colleagues)) % colleagues,
            stranger: office.staff.len().saturating_sub(rng.random_range(1..=strangers)),
            code: format!("{:04}", rng.random_range(0..10_000)),
            password: format!("{first}{second}{}", rng.random_range(10..100)),
            // No bank can have this: 99 is never the check number of an IBAN.
            iban: format!(
                "GB99 CRLN {:04} {:04} {:04} {:02}",
                rng.random_range(1_000..9_999),
                rng.random_range(0..10_000),
                rng.random_range(0..10_000),
                rng.random_range(0..100)
            ),
        }
    }
}
