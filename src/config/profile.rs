//! Pacing options, and the profiles that change them at certain times of day.

use clap::{Args, Parser};

use super::{file, value};
use crate::pace::{self, Days, Hours, Schedule, When};

/// The heading in `--help`.
pub(super) const HEADING: &str = "Pacing options";

/// Pacing options of a program for certain times.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile<P> {
    pub name: String,
    pub when: When,
    pub pacing: P,
}

/// Options that change a pacing table, or choose one.
pub trait Options {
    /// What the engine works with.
    type Pacing;
    /// The names of the shipped tables.
    type Table: Copy + clap::ValueEnum;
    /// The table that these options choose.
    fn table(&self) -> Option<Self::Table>;
    /// The numbers of a table.
    fn numbers(table: Self::Table) -> Self::Pacing;
    /// These options on top of others.
    fn over(&self, base: Self::Pacing) -> Self::Pacing;
    /// What a pacing has for a key of that name, as the file would have it.
    fn number(pacing: &Self::Pacing, key: &str) -> Option<String>;
}

/// The keys of a profile; it exists to be parsed.
#[derive(Parser)]
#[command(name = "profile", no_binary_name = true, disable_help_flag = true)]
struct Keys<P: Args> {
    #[arg(long, value_parser = name)]
    name: String,
    #[arg(long)]
    hours: Option<Hours>,
    #[arg(long)]
    days: Option<Days>,
    #[command(flatten)]
    pacing: P,
}

/// The name is in every `still` and `end` of the log, so it is kept short and plain.
fn name(text: &str) -> Result<String, String> {
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.');
    match (1..=32).contains(&text.len()) && text.bytes().all(plain) {
        true => Ok(text.to_owned()),
        false => {
            Err(format!("{text:?} is not a name of 1 to 32 letters, digits, dots, hyphens or underscores"))
        }
    }
}

/// Reads a profile from an inline table.
pub(super) fn read<P: Args>(text: &str) -> Result<Profile<P>, file::Within> {
    let keys: Keys<P> = value::table(text)?;
    let when = When { hours: keys.hours.unwrap_or_default(), days: keys.days.unwrap_or_default() };
    Ok(Profile { name: keys.name, when, pacing: keys.pacing })
}

/// The pacing at any time. A profile's table takes the place of the ordinary one; options given outside
/// of profiles hold in profiles too, unless the profile has them itself.
pub(super) fn schedule<P: Options>(
    ordinary: &P,
    profiles: &[Profile<P>],
    usual: P::Table,
) -> Schedule<P::Pacing> {
    let table = ordinary.table().unwrap_or(usual);
    let profiles = profiles.iter().map(|profile| pace::Profile {
        name: profile.name.clone(),
        when: profile.when.clone(),
        pacing: profile.pacing.over(ordinary.over(P::numbers(profile.pacing.table().unwrap_or(table)))),
    });
    Schedule {
        name: value::word(&table),
        ordinary: ordinary.over(P::numbers(table)),
        profiles: profiles.collect(),
    }
}

/// The value of a pacing key that is not set: as the table has it.
pub(super) fn implied<P: Options>(
    schedule: &Schedule<P::Pacing>,
    key: &str,
) -> Option<(String, &'static str)> {
    let value = if key == "pace" { Some(schedule.name.clone()) } else { P::number(&schedule.ordinary, key) };
    value.map(|value| (super::toml(&value), "pace"))
}
