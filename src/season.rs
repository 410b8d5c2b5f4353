//! Seasons: from when until when addresses of which domain are shown.
//!
//! A harvested address is of use to a spammer for some months, so the operator re-seeds: with a new season
//! come another domain, other people and another site. What was shown before stays recognisable, because the
//! number of its season is a part of every address ([`crate::receipt`]).

use crate::receipt::Receipt;
use chrono::NaiveDate;

/// A season.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Season {
    /// 0 to 63, written into every address. The one that there is without any seasons is 0.
    pub number: u8,
    /// The domain of its addresses.
    pub domain: String,
    /// The host of its web site.
    pub site: String,
    /// Its first day; `None` is since ever.
    pub from: Option<NaiveDate>,
    /// Its last day; `None` is until the next one.
    pub until: Option<NaiveDate>,
}

/// The highest number of a season.
pub const LAST: u8 = Receipt::SEASONS - 1;

/// How long addresses of a season are shown before new ones bring more: the original advises six months.
pub const ADVISED_DAYS: u64 = 183;

/// What a season is on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// It has not begun.
    Next,
    /// Its addresses are shown.
    Now,
    /// Its last day is over, but its addresses are shown still, since no other season has begun.
    Overdue,
    /// Its addresses are recognised, but not shown on the site of today any more.
    Past,
}

/// The seasons of an installation, in the order in which they begin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seasons {
    /// What holds before the first one begins.
    before: Season,
    rest: Vec<Season>,
}

impl Seasons {
    /// `before` is what holds without any.
    pub fn new(before: Season, mut rest: Vec<Season>) -> Self {
        rest.sort_by_key(|season| season.from);
        Seasons { before, rest }
    }

    /// The season whose addresses are shown on a day: the last that has begun, even if it should be over.
    pub fn on(&self, day: NaiveDate) -> &Season {
        self.begun(day).last().unwrap_or(&self.before)
    }

    fn begun(&self, day: NaiveDate) -> impl DoubleEndedIterator<Item = &Season> {
        self.rest.iter().filter(move |season| season.from.is_none_or(|from| from <= day))
    }

    /// The season whose site a host is. The sites of past seasons stay, for those who come back to them; any
    /// other host has the site of today, as a server's first virtual host has.
    pub fn of_host(&self, host: &str, day: NaiveDate) -> &Season {
        let is_site = |season: &&Season| {
            host.eq_ignore_ascii_case(&season.site) || host.eq_ignore_ascii_case(&season.domain)
        };
        let now = self.on(day);
        match is_site(&now) {
            true => now,
            false => self.begun(day).rfind(is_site).unwrap_or(now),
        }
    }

    /// The season of this number.
    pub fn numbered(&self, number: u8) -> Option<&Season> {
        self.all().find(|season| season.number == number)
    }

    /// All of them. What there is without any comes only if there are none.
    pub fn all(&self) -> impl Iterator<Item = &Season> {
        let before = self.rest.is_empty().then_some(&self.before);
        before.into_iter().chain(&self.rest)
    }

    /// What a season is on a day.
    pub fn state(&self, season: &Season, day: NaiveDate) -> State {
        let over = season.until.is_some_and(|until| until < day);
        match self.on(day) == season {
            true if over => State::Overdue,
            true => State::Now,
            false if season.from.is_some_and(|from| from > day) => State::Next,
            false => State::Past,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn season(number: u8, domain: &str, from: Option<&str>, until: Option<&str>) -> Season {
        let (from, until) = (from.map(day), until.map(day));
        Season { number, domain: domain.into(), site: format!("www.{domain}"), from, until }
    }

    fn seasons() -> Seasons {
        let rest = vec![
            season(2, "b.example", Some("2026-07-01"), Some("2026-12-31")),
            season(1, "a.example", Some("2026-01-01"), Some("2026-06-30")),
            season(3, "c.example", Some("2027-03-01"), None),
        ];
        Seasons::new(season(0, "old.example", None, None), rest)
    }

    #[test]
    fn the_last_season_that_has_begun_is_shown() {
        for (date, number) in [
            ("2025-12-31", 0),
            ("2026-01-01", 1),
            ("2026-06-30", 1),
            ("2026-07-01", 2),
            ("2027-02-28", 2),
            ("2027-03-01", 3),
            ("2040-01-01", 3),
        ] {
            assert_eq!(seasons().on(day(date)).number, number, "{date}");
        }
        assert_eq!(
            Seasons::new(season(0, "x.example", None, None), Vec::new()).on(day("2026-01-01")).number,
            0
        );
    }

    #[test]
    fn the_site_of_a_past_season_stays_and_that_of_a_later_one_is_unknown() {
        let seasons = seasons();
        let number = |host| seasons.of_host(host, day("2026-08-01")).number;
        assert_eq!(number("www.a.example"), 1);
        assert_eq!(number("A.EXAMPLE"), 1);
        assert_eq!(number("www.b.example"), 2);
        assert_eq!(number("www.c.example"), 2);
        assert_eq!((number("192.0.2.1"), number("")), (2, 2));
    }

    #[test]
    fn every_season_has_a_state() {
        let seasons = seasons();
        let states = |date| seasons.all().map(|season| seasons.state(season, day(date))).collect::<Vec<_>>();
        assert_eq!(states("2026-08-01"), [State::Past, State::Now, State::Next]);
        assert_eq!(states("2027-01-05"), [State::Past, State::Overdue, State::Next]);
        assert_eq!(states("2025-01-01"), [State::Next, State::Next, State::Next]);
        assert_eq!(seasons.numbered(2).map(|season| season.domain.as_str()), Some("b.example"));
        assert_eq!(seasons.numbered(9), None);
    }
}
