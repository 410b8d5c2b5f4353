//! `sundew whence`: whose address it is, and where it was shown.

use crate::config::Sundew;
use crate::event::{Event, Plain, What};
use crate::receipt::{Maker, Receipt, Style};
use crate::report::heard::{Details, Heard};
use crate::report::intake::{Intake, Takes};
use crate::report::net::Net;
use crate::report::source::Logs;
use crate::report::summary::Service;
use crate::season::{Season, Seasons};
use crate::start::Outcome;
use chrono::{DateTime, FixedOffset, TimeZone as _};
use memchr::memmem;
use std::fmt::Write as _;
use std::path::PathBuf;

/// Says what an address tells by itself, and what the logs tell of it.
pub fn whence(
    config: &Sundew,
    seasons: &Seasons,
    address: &str,
    logs: &[PathBuf],
    now: DateTime<FixedOffset>,
) -> Outcome {
    let address = address.trim().trim_start_matches('<').trim_end_matches('>');
    let address = address.strip_prefix("mailto:").unwrap_or(address);
    let (local, domain) = match address.rsplit_once('@') {
        Some((local, domain)) => (local, Some(domain)),
        None => (address, None),
    };
    let no = |why: &str| Outcome::No(format!("{} is not ours: {why}.\n", plain(address)));
    let Some(receipt) =
        Maker::new(config.common.key().secret(), config.site.language).recognise(local.as_bytes())
    else {
        return no("this secret never made it");
    };
    let season = seasons.numbered(receipt.season);
    let ours = config.common.all_domains();
    let is_ours = |domain: &str| {
        let is = |other: &str| other.eq_ignore_ascii_case(domain);
        ours.iter().any(|other| is(other)) || season.is_some_and(|season| is(&season.domain))
    };
    if !ours.is_empty() && !domain.is_none_or(is_ours) {
        return no("the local part is one of ours, but not the domain");
    }
    let mut out = format!("{} is ours.\n", plain(address));
    row(&mut out, "season", &of(season, receipt.season));
    row(&mut out, "style", shown(receipt.style));
    row(&mut out, "receipt", &receipt.to_string());
    if logs.is_empty() {
        return Outcome::Done(out);
    }
    let visit = format!("{:05x}", receipt.visit);
    let mut search =
        Search { receipt, visit, zone: *now.offset(), shown: Vec::new(), more: 0, heard: Default::default() };
    if let Err(failure) = search.read(logs, now.timestamp()) {
        return Outcome::Failed(failure);
    }
    for shown in &search.shown {
        row(&mut out, "shown", shown);
    }
    match (search.shown.len(), search.more) {
        (0, _) if receipt.style == Style::Cast => {
            row(&mut out, "shown", "on every page that names this person")
        }
        (0, _) => row(&mut out, "shown", "not in these logs"),
        (_, 0) => {}
        (_, more) => row(&mut out, "shown", &format!("{more} times more")),
    }
    Outcome::Done(out)
}

/// Looks for those whom an address was shown to.
struct Search {
    receipt: Receipt,
    /// What names its visit in the log.
    visit: String,
    zone: FixedOffset,
    shown: Vec<String>,
    /// How many there are besides.
    more: u64,
    /// What the report would read of an event.
    heard: (Heard, Details),
}

/// So many are told one by one; the same page may be shown to the same network for years.
const TOLD: usize = 20;

impl Search {
    /// Reads logs of any form that the report reads.
    fn read(&mut self, logs: &[PathBuf], now: i64) -> Result<(), String> {
        let logs = Logs::look(logs, now).map_err(|(path, error)| format!("{}: {error}", path.display()))?;
        match logs.read(&mut Intake::new(self, &mut || {})).into_iter().next() {
            Some(complaint) => Err(complaint),
            None => Ok(()),
        }
    }

    /// What an event says of the address, if it was shown there.
    fn told(&self, event: &Event) -> Option<String> {
        let named = |shown: &Option<Plain>| shown.as_ref().is_some_and(|shown| shown.as_str() == self.visit);
        match &event.what {
            What::Page { host, path, agent, season, visit, .. }
                if named(visit)
                    && *season == Some(self.receipt.season.into())
                    && is_of_a_page(self.receipt.style) =>
            {
                Some(format!("on {host}{path}, agent \"{agent}\""))
            }
            What::Login { user, visit, .. } if named(visit) && self.receipt.style == Style::Mailbox => {
                Some(format!("in the mailbox of {user}"))
            }
            _ => None,
        }
    }
}

/// Whether addresses of this style are on pages, for one network alone.
fn is_of_a_page(style: Style) -> bool {
    !matches!(style, Style::Mailbox | Style::Cast)
}

impl Takes for Search {
    fn next(&mut self) -> (&mut Heard, &mut Details) {
        (&mut self.heard.0, &mut self.heard.1)
    }

    fn take(&mut self, micros: i64, _: Service, message: &[u8]) {
        // Few lines have it, and to read one whole takes long.
        if memmem::find(message, self.visit.as_bytes()).is_none() {
            return;
        }
        let event = std::str::from_utf8(message).ok().and_then(|text| text.parse::<Event>().ok());
        if let Some(event) = event
            && let Some(told) = self.told(&event)
        {
            let to = match event.peer {
                Some(peer) => format!("{} ({peer})", Net::around(peer.to_canonical())),
                None => "an unknown network".to_owned(),
            };
            let time =
                self.zone.timestamp_micros(micros).single().map(|time| time.format("%Y-%m-%dT%H:%M:%S%:z"));
            let time = time.map(|time| time.to_string()).unwrap_or_default();
            match self.shown.len() < TOLD {
                true => self.shown.push(format!("{time} to {to} {told}")),
                false => self.more += 1,
            }
        }
    }
}

fn row(out: &mut String, name: &str, value: &str) {
    let _ = writeln!(out, "{name:>8}  {value}");
}

/// A season in words.
fn of(season: Option<&Season>, number: u8) -> String {
    let Some(season) = season else { return format!("{number}, which the configuration has no more") };
    let from = season.from.map(|from| format!(" from {from}")).unwrap_or_default();
    let until = season.until.map(|until| format!(" until {until}")).unwrap_or_default();
    format!("{number}, {}{from}{until}", season.domain)
}

/// A style in words.
fn shown(style: Style) -> &'static str {
    match style {
        Style::Mailto => "mailto: in a link of a page",
        Style::Text => "text: as plain text on a page",
        Style::Entity => "entity: with its characters as entities, on a page",
        Style::Spelled => "spelled: as \"name at domain dot tld\" on a page",
        Style::Mailbox => "mailbox: in a message of tarpop",
        Style::Cast => "cast: one of the organisation's own people, whom every visitor sees",
    }
}

/// What the operator typed, for the terminal.
fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '?' } else { c }).take(320).collect()
}
