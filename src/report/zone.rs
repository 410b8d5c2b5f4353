//! Time zones and the days in them.
//!
//! Rules come from the system's zone files. Offsets change at whole quarters of an hour of UTC, so the
//! last quarter that was asked for is kept: the next event is most often in the same.

use chrono::{DateTime, Datelike as _, FixedOffset, NaiveDate, TimeDelta, Weekday};
use std::str::FromStr;
use std::sync::atomic::{AtomicI64, Ordering::Relaxed};

use super::summary::{By, Moment};

/// A time zone.
#[derive(Debug)]
pub struct Zone {
    name: String,
    rules: tz::TimeZone,
    /// A quarter of an hour since 1970 and, in the lower half, the offset in it, in seconds east of UTC: one number,
    /// so that threads can share it.
    last: AtomicI64,
}

impl Clone for Zone {
    fn clone(&self) -> Self {
        Zone::new(&self.name, self.rules.clone())
    }
}

impl PartialEq for Zone {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

const QUARTER: i64 = 900;
const DAY: i64 = 86_400;

/// Where zone files are.
const DIRECTORIES: &[&str] =
    &["/usr/share/zoneinfo", "/share/zoneinfo", "/etc/zoneinfo", "/usr/share/lib/zoneinfo"];

impl Zone {
    fn new(name: &str, rules: tz::TimeZone) -> Self {
        Zone { name: name.to_owned(), rules, last: AtomicI64::new(i64::MIN) }
    }

    pub fn utc() -> Self {
        Zone::new("UTC", tz::TimeZone::utc())
    }

    /// The zone of this machine, or of `TZ` in the environment; UTC if neither can be told.
    pub fn local(variable: Option<&str>) -> Self {
        match variable {
            Some("") => Zone::utc(),
            Some(name) => name.parse().unwrap_or_else(|_| Zone::utc()),
            None => {
                tz::TimeZone::local().map_or_else(|_| Zone::utc(), |rules| Zone::new("local time", rules))
            }
        }
    }

    /// What it is called.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Seconds east of UTC at a moment.
    pub fn offset(&self, moment: i64) -> i32 {
        let quarter = moment.div_euclid(QUARTER);
        let last = self.last.load(Relaxed);
        if last >> 32 == quarter {
            return last as i32;
        }
        let offset = self.rules.find_local_time_type(quarter * QUARTER).map_or(0, |kind| kind.ut_offset());
        // Others are no moments of a log.
        if (0..1 << 31).contains(&quarter) {
            self.last.store(quarter << 32 | i64::from(offset as u32), Relaxed);
        }
        offset
    }

    /// A moment as the zone has it.
    pub fn moment(&self, moment: i64) -> Moment {
        let utc = DateTime::from_timestamp(moment, 0).unwrap_or_default();
        let zone = FixedOffset::east_opt(self.offset(moment));
        zone.map_or(utc.fixed_offset(), |zone| utc.with_timezone(&zone))
    }

    /// The day in which a moment is, counted from 1 January 1970.
    pub fn day(&self, moment: i64) -> i64 {
        (moment + i64::from(self.offset(moment))).div_euclid(DAY)
    }

    /// The seconds since the day's midnight on the clock.
    pub fn second(&self, moment: i64) -> i64 {
        (moment + i64::from(self.offset(moment))).rem_euclid(DAY)
    }

    /// The first moment of a day.
    pub fn start(&self, day: i64) -> i64 {
        self.moment_of(day * DAY)
    }

    /// The moment at which clocks show this many seconds since 1970. Of two the first; if clocks leave
    /// it out, the one at which they do.
    pub fn moment_of(&self, clock: i64) -> i64 {
        let (before, after) = (self.offset(clock - DAY), self.offset(clock + DAY));
        let first = clock - i64::from(before);
        let second = clock - i64::from(after);
        match (self.offset(first) == before, self.offset(second) == after) {
            (true, _) => first,
            (_, true) => second,
            // Left out: the transition is between the two readings, at whole quarters.
            _ => {
                let (from, to) = (first.min(second), first.max(second));
                let quarters = from.div_euclid(QUARTER)..=to.div_euclid(QUARTER);
                let mut starts = quarters.map(|quarter| quarter * QUARTER);
                starts.find(|start| self.offset(*start) == after).unwrap_or(second)
            }
        }
    }
}

impl FromStr for Zone {
    type Err = String;

    /// `UTC`, `+02:00`, `Europe/Berlin` or `local`.
    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("{text:?} is no time zone such as local, UTC, +02:00 or Europe/Berlin");
        match text.as_bytes() {
            b"local" => Ok(Zone::local(std::env::var("TZ").ok().as_deref())),
            b"UTC" | b"utc" | b"Z" => Ok(Zone::utc()),
            [b'+' | b'-', ..] => {
                let offset = DateTime::parse_from_rfc3339(&format!("2000-01-01T00:00:00{text}"));
                let seconds = offset.map_err(|_| wrong())?.offset().local_minus_utc();
                Ok(Zone::new(text, tz::TimeZone::fixed(seconds).map_err(|_| wrong())?))
            }
            _ => {
                // Only names of files below the directories: no path, no rules in POSIX form.
                let name = text.strip_prefix(':').unwrap_or(text);
                let fits = |b: u8| b.is_ascii_alphanumeric() || b"/_+-".contains(&b);
                if name.is_empty() || name.starts_with('/') || !name.bytes().all(fits) {
                    return Err(wrong());
                }
                let read = DIRECTORIES.iter().find_map(|dir| std::fs::read(format!("{dir}/{name}")).ok());
                let rules = tz::TimeZone::from_tz_data(&read.ok_or_else(wrong)?).map_err(|_| wrong())?;
                Ok(Zone::new(name, rules))
            }
        }
    }
}

/// The date of a day.
pub fn date(day: i64) -> NaiveDate {
    let days = TimeDelta::try_days(day).unwrap_or_default();
    NaiveDate::default().checked_add_signed(days).unwrap_or_default()
}

/// The number of a date.
pub fn number(date: NaiveDate) -> i64 {
    (date - NaiveDate::default()).num_days()
}

/// The first day of the week, or of the month, in which a day is; or the day.
pub fn first(day: i64, by: By, week_start: Weekday) -> i64 {
    let date = date(day);
    match by {
        By::Day => day,
        By::Week => day - i64::from(date.weekday().days_since(week_start)),
        By::Month => day - i64::from(date.day0()),
    }
}

/// The first day of the span after the one that begins with this day.
pub fn next(first: i64, by: By) -> i64 {
    match by {
        By::Day => first + 1,
        By::Week => first + 7,
        By::Month => {
            let date = date(first);
            let next = match date.month() {
                12 => NaiveDate::from_ymd_opt(date.year() + 1, 1, 1),
                month => NaiveDate::from_ymd_opt(date.year(), month + 1, 1),
            };
            next.map_or(first + 28, number)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> i64 {
        DateTime::parse_from_rfc3339(text).unwrap().timestamp()
    }

    #[test]
    fn zones_are_read() {
        for text in ["UTC", "+02:00", "-11:30", "Europe/Berlin", "America/Argentina/Ushuaia"] {
            assert_eq!(text.parse::<Zone>().unwrap().name(), text);
        }
        for text in
            ["", "Atlantis", "../../etc/passwd", "/etc/localtime", "+2", "+25:00", "CET-1CEST,M3.5.0,M10.5.0"]
        {
            assert!(text.parse::<Zone>().is_err(), "{text}");
        }
    }

    #[test]
    fn days_begin_at_midnight_on_the_clock() {
        let berlin: Zone = "Europe/Berlin".parse().unwrap();
        let day = number(NaiveDate::from_ymd_opt(2026, 10, 25).unwrap());
        assert_eq!(berlin.start(day), at("2026-10-25T00:00:00+02:00"));
        assert_eq!(berlin.start(day + 1), at("2026-10-26T00:00:00+01:00"));
        assert_eq!(berlin.start(day + 1) - berlin.start(day), 25 * 3600);
        assert_eq!(berlin.day(at("2026-10-25T23:59:59+01:00")), day);
        assert_eq!(berlin.second(at("2026-10-25T23:59:59+01:00")), DAY - 1);
        // Here the clocks leave midnight out.
        let cairo: Zone = "Africa/Cairo".parse().unwrap();
        let day = number(NaiveDate::from_ymd_opt(2024, 4, 26).unwrap());
        assert_eq!(cairo.start(day), at("2024-04-26T01:00:00+03:00"));
        assert_eq!(cairo.day(cairo.start(day)), day);
        assert_eq!(cairo.day(cairo.start(day) - 1), day - 1);
    }

    #[test]
    fn weeks_and_months_have_their_first_days() {
        let day = |text: &str| number(text.parse().unwrap());
        assert_eq!(first(day("2026-11-26"), By::Week, Weekday::Mon), day("2026-11-23"));
        assert_eq!(first(day("2026-11-26"), By::Week, Weekday::Sun), day("2026-11-22"));
        assert_eq!(first(day("2024-02-29"), By::Month, Weekday::Mon), day("2024-02-01"));
        assert_eq!(next(day("2024-02-01"), By::Month), day("2024-03-01"));
        assert_eq!(next(day("2026-12-01"), By::Month), day("2027-01-01"));
    }
}
