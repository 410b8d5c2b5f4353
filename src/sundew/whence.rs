//! `sundew whence`: whose address it is, and where it was shown.

use crate::config::Sundew;
use crate::receipt::{Maker, Style};
use crate::season::{Season, Seasons};
use crate::start::Outcome;
use std::fmt::Write as _;
use std::path::PathBuf;

/// Says what an address tells by itself, and what the logs tell of it.
pub fn whence(config: &Sundew, seasons: &Seasons, address: &str, logs: &[PathBuf]) -> Outcome {
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
    let _ = logs;
    Outcome::Done(out)
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
