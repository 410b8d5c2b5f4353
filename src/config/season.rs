//! The seasons, as the configuration has them: `[[season]]`.

use super::common::Common;
use super::{Failure, Origins, file, value};
use crate::season::{LAST, Season, Seasons};
use chrono::NaiveDate;
use clap::Parser;

/// A season as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    number: Option<u8>,
    domain: String,
    site: Option<String>,
    from: NaiveDate,
    until: Option<NaiveDate>,
}

/// The keys of a season; it exists to be parsed.
#[derive(Parser)]
#[command(name = "season", no_binary_name = true, disable_help_flag = true)]
struct Keys {
    #[arg(long, value_parser = value::number(0, LAST))]
    number: Option<u8>,
    #[arg(long, value_parser = value::domain)]
    domain: String,
    #[arg(long, value_parser = value::domain)]
    site: Option<String>,
    #[arg(long, value_parser = value::date)]
    from: NaiveDate,
    #[arg(long, value_parser = value::date)]
    until: Option<NaiveDate>,
}

/// Reads a season from an inline table.
pub(super) fn read(text: &str) -> Result<Written, file::Within> {
    let Keys { number, domain, site, from, until } = value::table(text)?;
    match until.is_some_and(|until| until < from) {
        true => Err(file::Within::key("until", "is before from")),
        false => Ok(Written { number, domain, site, from, until }),
    }
}

impl Common {
    /// The seasons, each with its number: its place among them, from 1, if it has none of its own.
    pub fn seasons(&self) -> Seasons {
        self.seasons_at(None)
    }

    /// The same, with the host that the web site has without seasons.
    pub fn seasons_at(&self, site: Option<&str>) -> Seasons {
        let domain = self.domain().to_owned();
        let site = site.map_or_else(|| format!("www.{domain}"), str::to_owned);
        let before = Season { number: 0, site, domain, from: None, until: None };
        let numbered = self.season.iter().enumerate().map(|(at, written)| Season {
            number: number(at, written),
            domain: written.domain.clone(),
            site: written.site.clone().unwrap_or_else(|| format!("www.{}", written.domain)),
            from: Some(written.from),
            until: written.until,
        });
        Seasons::new(before, numbered.collect())
    }

    /// The domain of addresses without seasons: the first of ours, else the one that this machine is in, else
    /// one that is nobody's (RFC 2606 3).
    pub fn domain(&self) -> &str {
        let parent = self.hostname.split_once('.').map(|(_, parent)| parent);
        let own = match parent {
            Some(parent) if parent.contains('.') => parent,
            Some(_) => &self.hostname,
            None => "example.org",
        };
        self.domains.first().map_or(own, String::as_str)
    }

    /// All domains that are ours, those of the seasons included; none if every domain is.
    pub fn all_domains(&self) -> Vec<String> {
        let mut all = self.domains.clone();
        if !all.is_empty() {
            for written in &self.season {
                if !all.contains(&written.domain) {
                    all.push(written.domain.clone());
                }
            }
        }
        all
    }

    /// Looks for two seasons of the same number.
    pub(super) fn fit_seasons(&self, origins: &Origins) -> Result<(), Failure> {
        let numbers: Vec<u8> =
            self.season.iter().enumerate().map(|(at, written)| number(at, written)).collect();
        let twice = numbers.iter().enumerate().find(|(at, number)| numbers[..*at].contains(number));
        match twice {
            Some((_, number)) => {
                Err(origins.blame(&["season"], format_args!("two seasons have the number {number}")))
            }
            None if self.season.len() > usize::from(LAST) => {
                Err(origins.blame(&["season"], format_args!("there can be {LAST} seasons at most")))
            }
            None => Ok(()),
        }
    }
}

fn number(at: usize, written: &Written) -> u8 {
    written.number.unwrap_or_else(|| u8::try_from(at + 1).unwrap_or(LAST))
}
