//! How slowly a reply leaves: ranges to draw pauses from, tables of growing pauses, and profiles by
//! time of day.
//!
//! A fixed delay is a fingerprint (bots have been seen to leave endlessh at exactly twice its
//! delay), so every pause here is drawn from a range. What is particular to one protocol, as the
//! stage at which SMTP holds, is in that protocol's own `pacing` module.

use chrono::{DateTime, Datelike, FixedOffset, Timelike, Weekday};
use rand::RngExt as _;
use std::fmt::{self, Display};
use std::str::FromStr;
use std::time::Duration;

/// A range of time from which a pause is drawn; in text, seconds: `0.3-3`, or one number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Range {
    pub from: Duration,
    pub to: Duration,
}

impl Range {
    /// From and to in milliseconds, for tables.
    pub const fn ms(from: u64, to: u64) -> Self {
        Range { from: Duration::from_millis(from), to: Duration::from_millis(to) }
    }

    /// A time between the two ends, both included.
    pub fn draw(self, rng: &mut crate::Rng) -> Duration {
        let (from, to) = (millis(self.from), millis(self.to));
        Duration::from_millis(rng.random_range(from..=to.max(from)))
    }

    /// The same range with nothing in it longer than `most`.
    pub fn capped(self, most: Duration) -> Self {
        Range { from: self.from.min(most), to: self.to.min(most) }
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

impl Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.from == self.to {
            return write!(f, "{}", self.from.as_secs_f64());
        }
        write!(f, "{}-{}", self.from.as_secs_f64(), self.to.as_secs_f64())
    }
}

impl FromStr for Range {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (from, to) = text.split_once('-').unwrap_or((text, text));
        let range = Range { from: seconds(from)?, to: seconds(to)? };
        if range.from > range.to {
            return Err(format!("\"{text}\" ends before it begins"));
        }
        Ok(range)
    }
}

/// Reads a number of seconds, with decimals if need be, of at most a year.
pub fn seconds(text: &str) -> Result<Duration, String> {
    let wrong = || format!("\"{text}\" is not a number of seconds");
    let digits = text.trim();
    if !digits.bytes().all(|b| b.is_ascii_digit() || b == b'.') {
        return Err(wrong());
    }
    let number: f64 = digits.parse().map_err(|_| wrong())?;
    if number > 31_536_000.0 {
        return Err(format!("\"{text}\" is more than a year"));
    }
    Ok(Duration::from_millis((number * 1000.0).round() as u64))
}

/// Pauses that grow while the peer stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Steps {
    /// Each row holds until that much time has gone by since the slow reply began.
    pub rows: &'static [(Duration, Range)],
    /// After the rows, pauses are drawn from this per cent of `max_pause` up to all of it.
    pub tail: u32,
}

impl Steps {
    /// The next pause, `since` the slow reply began, and never longer than `max_pause`.
    pub fn pause(self, since: Duration, max_pause: Duration, rng: &mut crate::Rng) -> Duration {
        let row = self.rows.iter().find(|(until, _)| since < *until);
        let tail = Range { from: max_pause * self.tail / 100, to: max_pause };
        row.map_or(tail, |(_, range)| range.capped(max_pause)).draw(rng)
    }
}

/// When a profile applies.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct When {
    /// Empty means the whole day.
    pub hours: Hours,
    pub days: Days,
}

impl When {
    /// Whether it applies at this moment. Hours that cross midnight belong to the day on which
    /// they begin.
    pub fn applies(&self, wall: DateTime<FixedOffset>) -> bool {
        let minute = u16::try_from(wall.hour() * 60 + wall.minute()).unwrap_or(0);
        let today = wall.weekday();
        if self.hours.0.is_empty() {
            return self.days.has(today);
        }
        self.hours.0.iter().any(|&(from, to)| match from < to {
            true => (from..to).contains(&minute) && self.days.has(today),
            false => (minute >= from && self.days.has(today)) || (minute < to && self.days.has(today.pred())),
        })
    }
}

/// Parts of the day, in minutes since midnight; in text `22:00-06:30`, several with commas.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Hours(Vec<(u16, u16)>);

impl FromStr for Hours {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("\"{text}\" is not like \"22:00-06:30\"");
        let spans = text.split(',').map(|span| {
            let (from, to) = span.trim().split_once('-')?;
            let (from, to) = (minute(from)?, minute(to)?);
            // A span of no length would read as the whole day to some and as nothing to others.
            (from != to && from < 1440).then_some((from, to))
        });
        spans.collect::<Option<Vec<_>>>().map(Hours).ok_or_else(wrong)
    }
}

fn minute(text: &str) -> Option<u16> {
    let (hour, minute) = text.trim().split_once(':')?;
    let number =
        |t: &str| (t.len() <= 2 && t.bytes().all(|b| b.is_ascii_digit())).then(|| t.parse::<u16>().ok())?;
    let (hour, minute) = (number(hour)?, number(minute)?);
    let all = hour * 60 + minute;
    (minute < 60 && all <= 1440).then_some(all)
}

impl Display for Hours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, (from, to)) in self.0.iter().enumerate() {
            let comma = if at == 0 { "" } else { "," };
            write!(f, "{comma}{:02}:{:02}-{:02}:{:02}", from / 60, from % 60, to / 60, to % 60)?;
        }
        Ok(())
    }
}

/// Days of the week; in text `Mon-Fri`, `Sat,Sun`, `Fri-Mon`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Days([bool; 7]);

const DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

impl Days {
    fn has(self, day: Weekday) -> bool {
        self.0[day.num_days_from_monday() as usize]
    }
}

impl Default for Days {
    /// Every day.
    fn default() -> Self {
        Days([true; 7])
    }
}

impl FromStr for Days {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let day = |name: &str| {
            let name = name.trim();
            DAYS.iter()
                .position(|day| day.eq_ignore_ascii_case(name))
                .ok_or_else(|| format!("\"{name}\" is not one of {}", DAYS.join(" ")))
        };
        let mut days = [false; 7];
        for span in text.split(',') {
            let (from, to) = span.split_once('-').unwrap_or((span, span));
            let (from, to) = (day(from)?, day(to)?);
            let count = (to + 7 - from) % 7;
            (from..=from + count).for_each(|at| days[at % 7] = true);
        }
        Ok(Days(days))
    }
}

impl Display for Days {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = DAYS.iter().zip(self.0).filter(|(_, on)| *on).map(|(day, _)| *day).collect();
        f.write_str(&names.join(","))
    }
}

/// The pacing of a program: the ordinary one, and those that take its place at certain times.
#[derive(Debug, Clone, PartialEq)]
pub struct Schedule<P> {
    /// The name of the ordinary pacing, as the log shows it.
    pub name: String,
    pub ordinary: P,
    pub profiles: Vec<Profile<P>>,
}

/// A pacing for certain times.
#[derive(Debug, Clone, PartialEq)]
pub struct Profile<P> {
    pub name: String,
    pub when: When,
    pub pacing: P,
}

impl<P> Schedule<P> {
    /// The pacing that applies at this moment, with its name: the first profile that fits.
    pub fn at(&self, wall: DateTime<FixedOffset>) -> (&str, &P) {
        self.profiles
            .iter()
            .find(|profile| profile.when.applies(wall))
            .map_or((&self.name, &self.ordinary), |profile| (&profile.name, &profile.pacing))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng as _;

    fn at(text: &str) -> DateTime<FixedOffset> {
        DateTime::parse_from_rfc3339(text).unwrap()
    }

    #[test]
    fn a_range_reads_what_it_shows() {
        for text in ["0.3-3", "2", "0", "0.2-1.8", "0.125-50"] {
            assert_eq!(text.parse::<Range>().unwrap().to_string(), text);
        }
        for text in ["", "-", "3-1", "soon", "1e3", "-1", "1-", "inf", "nan", "99999999", "."] {
            assert!(text.parse::<Range>().is_err(), "{text}");
        }
    }

    #[test]
    fn draws_stay_inside_and_differ() {
        let mut rng = crate::Rng::seed_from_u64(1);
        let range = Range::ms(2000, 6000);
        let draws: Vec<_> = (0..1000).map(|_| range.draw(&mut rng)).collect();
        assert!(draws.iter().all(|d| *d >= range.from && *d <= range.to));
        assert!(draws.windows(2).filter(|w| w[0] == w[1]).count() < 10);
        assert_eq!(Range::ms(5, 5).draw(&mut rng), Duration::from_millis(5));
    }

    #[test]
    fn pauses_grow_and_respect_the_longest() {
        let mut rng = crate::Rng::seed_from_u64(1);
        const ROWS: &[(Duration, Range)] = &[(Duration::from_secs(30), Range::ms(2_000, 6_000))];
        let steps = Steps { rows: ROWS, tail: 50 };
        let minute = Duration::from_secs(60);
        for _ in 0..100 {
            let early = steps.pause(Duration::ZERO, minute, &mut rng);
            assert!((2..=6).contains(&early.as_secs()), "{early:?}");
            let late = steps.pause(Duration::from_secs(30), minute, &mut rng);
            assert!((30..=60).contains(&late.as_secs()), "{late:?}");
            assert_eq!(steps.pause(Duration::ZERO, Duration::from_secs(1), &mut rng), Duration::from_secs(1));
        }
    }

    #[test]
    fn hours_cross_midnight_and_belong_to_the_day_they_begin_on() {
        let when = When { hours: "22:00-06:30".parse().unwrap(), days: "Fri".parse().unwrap() };
        let friday = "2026-11-27";
        let saturday = "2026-11-28";
        assert!(!when.applies(at(&format!("{friday}T05:00:00+01:00"))));
        assert!(!when.applies(at(&format!("{friday}T21:59:59+01:00"))));
        assert!(when.applies(at(&format!("{friday}T22:00:00+01:00"))));
        assert!(when.applies(at(&format!("{saturday}T06:29:59+01:00"))));
        assert!(!when.applies(at(&format!("{saturday}T06:30:00+01:00"))));
        assert!(!when.applies(at(&format!("{saturday}T22:30:00+01:00"))));
    }

    #[test]
    fn hours_and_days_read_what_they_show() {
        for text in ["22:00-06:30", "00:00-24:00", "08:00-12:00,13:00-17:30"] {
            assert_eq!(text.parse::<Hours>().unwrap().to_string(), text);
        }
        for text in ["", "8-9", "24:00-01:00", "08:00-08:00", "08:60-09:00", "25:00-26:00", "+8:00-09:00"] {
            assert!(text.parse::<Hours>().is_err(), "{text}");
        }
        assert_eq!("Fri-Mon".parse::<Days>().unwrap().to_string(), "Mon,Fri,Sat,Sun");
        assert_eq!("mon-fri".parse::<Days>().unwrap().to_string(), "Mon,Tue,Wed,Thu,Fri");
        assert!("Mon-Tag".parse::<Days>().is_err());
    }

    #[test]
    fn the_first_profile_that_fits_wins() {
        let profile = |name: &str, hours: &str| Profile {
            name: name.into(),
            when: When { hours: hours.parse().unwrap(), days: Days::default() },
            pacing: name.len(),
        };
        let schedule = Schedule {
            name: "day".into(),
            ordinary: 0,
            profiles: vec![profile("lunch", "12:00-13:00"), profile("office", "08:00-18:00")],
        };
        assert_eq!(schedule.at(at("2026-11-23T12:30:00Z")), ("lunch", &5));
        assert_eq!(schedule.at(at("2026-11-23T13:00:00Z")), ("office", &6));
        assert_eq!(schedule.at(at("2026-11-23T18:00:00Z")), ("day", &0));
    }
}
