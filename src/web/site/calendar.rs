//! When what was written: the dates of a site, which move with the calendar.
//!
//! A site is as it was on the last Monday, so that for a week each path has the same bytes. What an
//! organisation writes regularly is numbered from [`EPOCH`] on: number n of a section has its day in the n-th
//! of its intervals, today as in ten years, so a page keeps its date and its path. Only the newest are there.
//!
//! What has a date never changes again: whatever is on a page follows from its own day or from [`Calendar::told`],
//! never from today.

use super::dice::Keyed;
use chrono::{DateTime, Datelike as _, Days, NaiveDate, NaiveTime, TimeDelta, Utc, Weekday};

/// What an organisation writes regularly.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Section {
    News,
    List,
    Minutes,
    Newsletter,
    Guestbook,
}

impl Section {
    pub const ALL: [Section; 5] =
        [Section::News, Section::List, Section::Minutes, Section::Newsletter, Section::Guestbook];

    /// In which numbers of days it has one new page.
    pub fn interval(self) -> u32 {
        match self {
            Section::News => 9,
            Section::List => 4,
            Section::Minutes => 30,
            Section::Newsletter => 31,
            Section::Guestbook => 45,
        }
    }

    /// How many of its pages are kept at most.
    pub fn most(self) -> u32 {
        match self {
            Section::News => 200,
            Section::List => 400,
            Section::Minutes | Section::Newsletter => 60,
            Section::Guestbook => 12,
        }
    }

    /// Whether its pages are sorted by year.
    pub fn has_years(self) -> bool {
        self != Section::Guestbook
    }
}

/// A Monday before the first page of all.
const EPOCH: NaiveDate = NaiveDate::from_ymd_opt(2000, 1, 3).expect("it is in every calendar");

/// Before the first day on which a site without a season may have been made, and within how many days.
const MADE: NaiveDate = NaiveDate::from_ymd_opt(2023, 1, 1).expect("it is in every calendar");
const MADE_WITHIN: usize = 1_095;

/// The dates of a site.
#[derive(Debug, Clone, Copy)]
pub struct Calendar {
    keyed: Keyed,
    /// The Monday on which the site was last worked on.
    edition: NaiveDate,
    /// When the season began, or the site was made.
    begins: NaiveDate,
}

impl Calendar {
    /// Of a site as it is on this day, in a season that began on that one. Without a season it was made on a day
    /// that stays the same for ever, as the day of a season does.
    pub fn new(keyed: Keyed, today: NaiveDate, begins: Option<NaiveDate>) -> Self {
        let edition = today.week(Weekday::Mon).checked_first_day().unwrap_or(today).max(EPOCH);
        let made = Days::new(keyed.below("made", 0, MADE_WITHIN) as u64);
        let made = MADE.checked_add_days(made).unwrap_or(MADE);
        // Only where the clock is wrong it is later than now.
        let begins = begins.filter(|&day| day <= edition).unwrap_or(made).clamp(EPOCH, edition);
        Calendar { keyed, edition, begins }
    }

    /// The year from which all is told that has no date of its own.
    pub fn told(&self) -> i32 {
        self.begins.year()
    }

    pub fn edition(&self) -> NaiveDate {
        self.edition
    }

    /// The day of number `n` of a section.
    pub fn day(&self, section: Section, n: u32) -> NaiveDate {
        let interval = u64::from(section.interval());
        let purpose = match section {
            Section::News => "day of news",
            Section::List => "day on the list",
            Section::Minutes => "day of a meeting",
            Section::Newsletter => "day of a newsletter",
            Section::Guestbook => "day of a guest",
        };
        let within = self.keyed.below(purpose, n.into(), usize::try_from(interval).unwrap_or(1)) as u64;
        EPOCH.checked_add_days(Days::new(u64::from(n) * interval + within)).unwrap_or(self.edition)
    }

    /// The newest number of a section: what was written until the Sunday before the edition.
    pub fn newest(&self, section: Section) -> u32 {
        let n = self.interval_of(section, self.edition);
        if self.day(section, n) < self.edition { n } else { n.saturating_sub(1) }
    }

    /// The oldest number of a section in this year or a later one.
    pub fn first_of(&self, section: Section, year: i32) -> u32 {
        let start = NaiveDate::from_ymd_opt(year, 1, 1).unwrap_or(EPOCH).max(EPOCH);
        let n = self.interval_of(section, start);
        if self.day(section, n).year() < year { n + 1 } else { n }
    }

    fn interval_of(&self, section: Section, day: NaiveDate) -> u32 {
        let days = u64::try_from((day - EPOCH).num_days()).unwrap_or_default();
        u32::try_from(days / u64::from(section.interval())).unwrap_or_default()
    }

    /// When something of this day was put on the site: in office hours. Every page is older than the edition.
    pub fn published(&self, day: NaiveDate, number: u64) -> DateTime<Utc> {
        let seconds = 8 * 3600 + self.keyed.below("second of the day", number, 9 * 3600);
        day.and_time(NaiveTime::MIN).and_utc()
            + TimeDelta::seconds(i64::try_from(seconds).unwrap_or_default())
    }

    /// When a page that has no date of its own was last changed: at some time of the year before the season.
    pub fn changed(&self, number: u64) -> DateTime<Utc> {
        let ago = 1 + self.keyed.below("days before the season", number, 360) as u64;
        self.published(self.begins.checked_sub_days(Days::new(ago)).unwrap_or(EPOCH), number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn on(today: &str) -> Calendar {
        Calendar::new(Keyed::new([9; 32]), day(today), None)
    }

    #[test]
    fn a_page_keeps_its_date_and_new_ones_come() {
        let (now, later) = (on("2026-11-24"), on("2027-02-03"));
        for section in Section::ALL {
            let newest = now.newest(section);
            for n in newest - 20..=newest {
                assert_eq!(now.day(section, n), later.day(section, n));
                let number = u64::from(n);
                let published = |calendar: &Calendar| calendar.published(calendar.day(section, n), number);
                assert_eq!(published(&now), published(&later));
                assert!(now.day(section, n) < now.day(section, n + 1));
            }
            assert!(
                now.day(section, newest) < now.edition() && now.day(section, newest + 1) >= now.edition()
            );
            assert!(later.newest(section) > newest, "{section:?}");
        }
    }

    #[test]
    fn a_week_has_one_edition() {
        let monday = on("2026-11-23");
        assert_eq!(monday.edition(), day("2026-11-23"));
        assert!((23..=29).all(|date| on(&format!("2026-11-{date}")).edition() == monday.edition()));
        assert_ne!(on("2026-11-30").edition(), monday.edition());
    }

    #[test]
    fn a_year_begins_with_its_first_page() {
        let calendar = on("2026-11-24");
        for section in Section::ALL {
            for year in 2015..=2026 {
                let first = calendar.first_of(section, year);
                assert_eq!(calendar.day(section, first).year(), year);
                assert!(calendar.day(section, first - 1).year() < year);
            }
        }
    }

    #[test]
    fn nothing_was_published_later_than_now() {
        for (today, begins) in
            [("2026-11-23", Some("2026-11-23")), ("2026-11-24", None), ("2026-11-24", Some("2030-01-01"))]
        {
            let calendar = Calendar::new(Keyed::new([9; 32]), day(today), begins.map(day));
            let now = day(today).and_time(NaiveTime::MIN).and_utc();
            for number in 0..500 {
                assert!(calendar.changed(number) <= now);
            }
            for section in Section::ALL {
                assert!(calendar.published(calendar.day(section, calendar.newest(section)), 7) <= now);
            }
        }
        // A clock that was never set gives a site, too.
        assert_eq!(on("1970-01-01").edition(), EPOCH);
    }
}
