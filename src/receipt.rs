//! Which addresses are ours: issued by Sundew, recognised by the servers that mail for them reaches.
//!
//! An address that Sundew or tarpop shows to a visitor is a receipt: it says of itself, with the secret
//! alone and nothing stored, that we made it, and when, how and for whom it was shown. It is also the
//! name of somebody who might exist, because what looks like a code is thrown out of a spammer's list.
//!
//! **What is encoded.** 31.6 bits: the season (6 bits), the style in which the address was shown (6
//! styles, 2.6 bits), the visit, which names the visitor's network and the page (20 bits), and which
//! address of that page it is (3 bits). All 3·2^30 of them are receipts. The made-up organisation's own
//! people are receipts as well, of the style [`Style::Cast`], made in the same way: without the secret
//! nobody can tell what a visitor alone was shown from what everybody is shown.
//!
//! **In how many bits.** 45 at least. There are no check bits that could be seen: that a local part is one
//! of the few that are receipts is the check. In every form ([`space`] has them) at most one local part of
//! 8,000 is a receipt, which is 13 bits, so whoever makes local parts up, and in whatever form, has no
//! better chance than that. Measured with nine million in all, of all languages together, it is one of 17,000 for
//! who draws them exactly as we do (one of 16,000 in French, where it is most), and one of 31,000 for who tries
//! common names in the common forms; role names and random letters never were one.
//!
//! **Why such names.** As people are named, a plain `anna.berger` tells 20 bits, and 30 if all names were
//! equally common. There are more receipts than that, so an address must have more in it than a given
//! and a family name: a second given name, a maiden name, an initial and a year. Forms that have no room,
//! such as `aberger`, are used only with a date behind them, or not at all; so the first guesses of those
//! who try names are never taken for ours. The other forms, and common and rare names, are met as often
//! as in life as far as there is room for it. There are fewer German names than others, so more German addresses
//! have a number behind them.
//!
//! **How.** A keyed [`permutation`] scatters the receipts, so that nothing of what they say shows. Each
//! form, with names as common as each other, has a part of the scattered numbers; that is how it is
//! chosen. A second permutation, of all local parts of that form, says which one it is. All of it runs
//! backwards: a local part is a receipt if the way back leads into that part of the numbers. What could be
//! read in two ways belongs to the first, and the other takes its next local part ([`HOMES`]), so that no
//! two receipts ever have the same address.
//!
//! **Languages.** Each language has receipts of its own, out of its own names and with a key of its own; the
//! secret recognises all of them. If two languages made the same address, it would be that of the first of
//! [`Language::ALL`]: the other takes its next local part here, too. So whatever languages come later, what was
//! issued stays what it was.
//!
//! There are only small letters, digits and dots in an address, because harvesters fold letters and cut
//! at the first `-`, `+` or `_`.
//!
//! **What is issued is issued for ever.** Names, forms and weights may not be changed; a test holds some
//! addresses to be sure.

use crate::event::Plain;
use crate::key::Key;
use crate::names::{self, Language};
use permutation::{Permutation, hashed};
use siphasher::sip::SipHasher13;
use space::{Place, RECEIPTS, Space, Spelt};
use std::fmt;
use std::hash::Hasher as _;
use std::str::FromStr;
use std::sync::OnceLock;

pub mod permutation;
mod space;

/// Knows the addresses that Sundew issued.
pub trait Issued {
    /// What the log should say of this address, if it is one of them.
    fn receipt(&self, address: &[u8]) -> Option<Plain>;
}

/// Knows none.
pub struct NoneIssued;

impl Issued for NoneIssued {
    fn receipt(&self, _address: &[u8]) -> Option<Plain> {
        None
    }
}

/// Knows those that a secret made at our domains.
pub struct Receipts {
    pub maker: Maker,
    /// If there are none, any domain is ours.
    pub domains: Vec<String>,
}

impl Issued for Receipts {
    fn receipt(&self, address: &[u8]) -> Option<Plain> {
        let at = address.iter().rposition(|&byte| byte == b'@')?;
        let (local, domain) = (address.get(..at)?, address.get(at + 1..)?);
        let domain = domain.strip_suffix(b".").unwrap_or(domain);
        let ours = |ours: &String| ours.as_bytes().eq_ignore_ascii_case(domain);
        if !self.domains.is_empty() && !self.domains.iter().any(ours) {
            return None;
        }
        self.maker.recognise(local).map(|receipt| Plain::from(receipt.to_string().as_str()))
    }
}

/// How an address was shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Style {
    /// In a `mailto:` link.
    Mailto,
    /// As plain text.
    Text,
    /// With its characters as entities.
    Entity,
    /// "name at domain dot tld".
    Spelled,
    /// In a mailbox of tarpop.
    Mailbox,
    /// As that of one of the made-up organisation's people, who have the same address everywhere:
    /// `visit` and `nth` number them.
    Cast,
}

impl Style {
    /// All of them, in an order that is for ever.
    pub const ALL: [Style; 6] =
        [Style::Mailto, Style::Text, Style::Entity, Style::Spelled, Style::Mailbox, Style::Cast];

    /// The name in the log.
    pub fn as_str(self) -> &'static str {
        match self {
            Style::Mailto => "mailto",
            Style::Text => "text",
            Style::Entity => "entity",
            Style::Spelled => "spelled",
            Style::Mailbox => "mailbox",
            Style::Cast => "cast",
        }
    }
}

/// What an address says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Receipt {
    /// 0 to 63.
    pub season: u8,
    pub style: Style,
    /// 20 bits that name who was shown the address, and where.
    pub visit: u32,
    /// Which of the addresses that were shown there, 0 to 7.
    pub nth: u8,
}

impl Receipt {
    pub const SEASONS: u8 = 64;
    pub const VISITS: u32 = 1 << 20;
    pub const EACH: u8 = 8;
    const STYLES: u32 = Style::ALL.len() as u32;

    /// As a number below [`RECEIPTS`]; of what is too large the lower bits.
    fn number(self) -> u32 {
        let style = Style::ALL.iter().zip(0..).find_map(|(&style, at)| (style == self.style).then_some(at));
        let shown = u32::from(self.season % Self::SEASONS) * Self::STYLES + style.unwrap_or_default();
        (shown * u32::from(Self::EACH) + u32::from(self.nth % Self::EACH)) * Self::VISITS
            + self.visit % Self::VISITS
    }

    fn numbered(number: u32) -> Option<Self> {
        let (rest, visit) = (number / Self::VISITS, number % Self::VISITS);
        let (rest, nth) = (rest / u32::from(Self::EACH), rest % u32::from(Self::EACH));
        let style = *Style::ALL.get(usize::try_from(rest % Self::STYLES).ok()?)?;
        Some(Receipt {
            season: u8::try_from(rest / Self::STYLES).ok()?,
            style,
            visit,
            nth: u8::try_from(nth).ok()?,
        })
    }
}

/// As one word: `s3.mailto.0a3f1.2`.
impl fmt::Display for Receipt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "s{}.{}.{:05x}.{}", self.season, self.style.as_str(), self.visit, self.nth)
    }
}

/// No receipt is written like this.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoReceipt;

impl FromStr for Receipt {
    type Err = NoReceipt;

    fn from_str(text: &str) -> Result<Self, NoReceipt> {
        let read = || {
            let mut parts = text.split('.');
            let mut next = || parts.next();
            let season = next()?.strip_prefix('s')?.parse().ok()?;
            let name = next()?;
            let style = Style::ALL.into_iter().find(|style| style.as_str() == name)?;
            let visit = u32::from_str_radix(next()?, 16).ok()?;
            let receipt = Receipt { season, style, visit, nth: next()?.parse().ok()? };
            let sound = season < Self::SEASONS && visit < Self::VISITS && receipt.nth < Self::EACH;
            // What is written in another way, as with a sign, was not written here.
            (sound && receipt.to_string() == text).then_some(receipt)
        };
        read().ok_or(NoReceipt)
    }
}

/// Somebody who does not exist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// As people write it: `Anna`, or `Anna Louise`.
    pub given: String,
    /// `Berger`, `Hoffman Berger` or `Hoffman-Berger`.
    pub family: String,
    /// The local part of the address.
    pub local: String,
}

/// Makes receipts of one language, and recognises those of every language.
#[derive(Clone)]
pub struct Maker {
    language: Language,
    /// By their places in [`Language::ALL`].
    tongues: [Tongue; Language::ALL.len()],
}

/// The receipts of a language.
#[derive(Clone)]
struct Tongue {
    language: Language,
    secret: Key,
    /// Made when it is needed: most processes need that of one language, or none.
    key: OnceLock<[u8; 32]>,
    space: &'static Space,
}

/// A receipt whose local part could be read in another way takes the next of so many. In no form more than
/// half can, so that none of all receipts runs out of them.
const HOMES: u64 = 32;

/// The permutation of all receipts; those of the cells have the cell's number.
const ALL: u32 = u32::MAX;

/// No local part of ours is shorter or longer. Most of those that are tried are: for them not even the
/// lists of names are looked into.
const SHORTEST: usize = 7;
const LONGEST: usize = 40;

impl Maker {
    /// For this secret; what it makes is in this language.
    pub fn new(secret: &[u8], language: Language) -> Self {
        let secret = Key::new(secret);
        let tongue = |language: Language| Tongue {
            language,
            secret: secret.clone(),
            key: OnceLock::new(),
            space: space::of(language),
        };
        Maker { language, tongues: Language::ALL.map(tongue) }
    }

    /// Who has the address that is this receipt.
    pub fn person(&self, receipt: &Receipt) -> Person {
        let (before, tongue) = self.tongue();
        let number = tongue.all().forward(receipt.number().into());
        let (cell, at) = tongue.space.cell(u32::try_from(number).unwrap_or_default());
        let mut homes = (0..HOMES).map(|home| tongue.home(cell, at, home));
        let spelt = homes.find_map(|(place, spelt)| tongue.is_at(&spelt, place, before).then_some(spelt));
        tongue.introduce(spelt.unwrap_or_else(|| tongue.home(cell, at, 0).1))
    }

    /// The receipt that a local part is, if it is one, of whatever language.
    pub fn recognise(&self, local: &[u8]) -> Option<Receipt> {
        self.read(local).map(|(_, receipt)| receipt)
    }

    /// The receipt that a local part is, and its language.
    pub fn read(&self, local: &[u8]) -> Option<(Language, Receipt)> {
        read(&self.tongues, &plain(local)?)
    }

    /// The language of what it makes.
    pub fn language(&self) -> Language {
        self.language
    }

    /// The language of what it makes, and those to which an address belongs rather.
    fn tongue(&self) -> (&[Tongue], &Tongue) {
        let at = self.tongues.iter().position(|tongue| tongue.language == self.language).unwrap_or_default();
        let (before, rest) = self.tongues.split_at(at);
        (before, rest.first().unwrap_or(&self.tongues[0]))
    }
}

/// The receipt that a local part is in the first of these languages in which it is one.
fn read(tongues: &[Tongue], local: &[u8]) -> Option<(Language, Receipt)> {
    let mut each = tongues.iter().enumerate();
    each.find_map(|(at, tongue)| {
        let receipt = tongue.read(local, tongues.get(..at)?)?;
        Some((tongue.language, receipt))
    })
}

impl Tongue {
    /// The receipt that a local part is which is none in the languages before.
    fn read(&self, local: &[u8], before: &[Tongue]) -> Option<Receipt> {
        let place = self.space.place(local)?;
        let range = self.space.receipts(place.cell);
        let count = u64::from(range.end - range.start);
        let position = self.permutation(place.cell).backward(place.at);
        let home = position.checked_div(count).filter(|&home| home < HOMES)?;
        let at = u32::try_from(position % count).ok()?;
        // It lives here only if it could not live at any home before.
        let mut homes = (0..home).map(|home| self.home(place.cell, at, home));
        if homes.any(|(place, spelt)| self.is_at(&spelt, place, before)) {
            return None;
        }
        Receipt::numbered(u32::try_from(self.all().backward(u64::from(range.start + at))).ok()?)
    }

    /// One of the places for what is number `at` in a cell, and what is there.
    fn home(&self, cell: space::Cell, at: u32, home: u64) -> (Place, Spelt) {
        let range = self.space.receipts(cell);
        let position = home * u64::from(range.end - range.start) + u64::from(at);
        let place = Place { cell, at: self.permutation(cell).forward(position) };
        (place, self.space.spell(place))
    }

    /// Whether what is spelt so is read as that place, and as nothing else.
    fn is_at(&self, spelt: &Spelt, place: Place, before: &[Tongue]) -> bool {
        self.space.is_at(spelt, place) && read(before, spelt.local.as_bytes()).is_none()
    }

    fn key(&self) -> &[u8; 32] {
        self.key.get_or_init(|| self.secret.mac("receipt", &[self.language.name().as_bytes()]))
    }

    /// The permutation of all receipts.
    fn all(&self) -> Permutation<impl Fn(u8, u64) -> u64> {
        Permutation::new(u64::from(RECEIPTS), hashed(self.key(), ALL))
    }

    fn permutation(&self, cell: space::Cell) -> Permutation<impl Fn(u8, u64) -> u64> {
        let tweak = u32::try_from(cell.number()).unwrap_or_default();
        Permutation::new(self.space.size(cell), hashed(self.key(), tweak))
    }

    /// Says the names as people say them. What the local part does not tell, the key does.
    fn introduce(&self, spelt: Spelt) -> Person {
        let given = match spelt.given.as_bytes() {
            [initial] => {
                let number = hashed_text(self.key(), &spelt.local);
                let second = self.space.names.find_given(spelt.middle.as_bytes()).map(|second| second.tier);
                self.space.names.given_with(*initial, second, number).unwrap_or(&spelt.given)
            }
            _ => &spelt.given,
        };
        let double = spelt.local.contains(&[&*spelt.maiden, &*spelt.family].concat());
        let between = if double { "-" } else { self.space.names.between };
        let listed = |name: &str| names::display_listed(self.language, name);
        let family = match spelt.is_composed() {
            true => names::display(self.language, &spelt.family),
            false => listed(&spelt.family),
        };
        Person {
            given: both(listed(given), " ", &listed(&spelt.middle)),
            family: both(listed(&spelt.maiden), between, &family),
            local: spelt.local,
        }
    }
}

/// Two names, or the one that there is.
fn both(mut first: String, between: &str, second: &str) -> String {
    if !first.is_empty() && !second.is_empty() {
        first.push_str(between);
    }
    first.push_str(second);
    first
}

/// A text as a number, for what nobody needs to keep secret.
fn hashed_text(key: &[u8; 32], text: &str) -> u64 {
    let mut hasher = key.first_chunk().map_or_else(SipHasher13::new, SipHasher13::new_with_key);
    hasher.write(text.as_bytes());
    hasher.finish()
}

/// A local part as it was before harvesters and mail programs had it: without quotes, without what was
/// added after a sign, in small letters.
fn plain(local: &[u8]) -> Option<Vec<u8>> {
    let local = local.trim_ascii();
    let local = local.strip_prefix(b"\"").and_then(|local| local.strip_suffix(b"\"")).unwrap_or(local);
    let local = local.split(|byte| b"-+_".contains(byte)).next()?;
    let from = local.iter().position(|&byte| byte != b'.')?;
    let to = local.iter().rposition(|&byte| byte != b'.')?;
    let local = local.get(from..=to).filter(|local| (SHORTEST..=LONGEST).contains(&local.len()))?;
    Some(local.to_ascii_lowercase())
}

#[cfg(test)]
mod tests;
