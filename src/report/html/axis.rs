//! Axes: where a value stands, and which numbers stand beside it.

use crate::report::summary::Moment;
use chrono::{Datelike, Days, Months, NaiveDateTime, NaiveTime, TimeDelta, TimeZone, Timelike, Weekday};
use plotters::coord::ranged1d::{KeyPointHint, NoDefaultFormatting, Ranged, ValueFormatter};
use std::ops::Range;

/// An axis with its marks.
#[derive(Debug, Clone, PartialEq)]
pub struct Axis {
    from: f64,
    to: f64,
    log: bool,
    /// Whether a line goes from each mark across the graph.
    ruled: bool,
    marks: Vec<(f64, String)>,
}

impl Axis {
    /// Marks that are given.
    pub fn marked(from: f64, to: f64, marks: Vec<(f64, String)>) -> Self {
        Axis { from, to: if to > from { to } else { from + 1.0 }, log: false, ruled: true, marks }
    }

    /// From nothing to at least `most`, with about `count` round numbers.
    pub fn amount(most: f64, count: usize, name: impl Fn(f64) -> String) -> Self {
        let most = if most.is_finite() && most > 0.0 { most } else { 1.0 };
        let raw = most / count.max(1) as f64;
        let power = 10_f64.powf(raw.log10().floor());
        let step =
            [1.0, 2.0, 5.0, 10.0].map(|times| times * power).into_iter().find(|&step| step >= raw * 0.999);
        let step = step.unwrap_or(raw);
        let mut marks = Vec::new();
        let mut at = 0.0;
        while at <= most * 1.001 {
            marks.push((at, name(at)));
            at += step;
        }
        Axis::marked(0.0, most * 1.02, marks)
    }

    /// The same for numbers that are counted: no mark between two whole numbers.
    pub fn count_of(most: u64, count: usize) -> Self {
        let most = most.max(1);
        let count = usize::try_from(most).map_or(count, |most| most.min(count));
        Axis::amount(most as f64, count, super::figures::short)
    }

    /// Logarithmic from 1, with a mark at each power of ten, and at 2 and 5 times that if there are few.
    pub fn powers(most: u64) -> Self {
        let top = most.max(2).ilog10() + 1;
        let times: &[f64] = if top > 2 { &[1.0] } else { &[1.0, 2.0, 5.0] };
        let marks = (0..=top).map(|power| 10_f64.powf(f64::from(power)));
        let marks = marks
            .flat_map(|power| times.iter().map(move |times| times * power))
            .map(|at| (at, super::figures::short(at)))
            .collect();
        Axis { from: 0.7, to: most.max(2) as f64 * 1.5, log: true, ruled: true, marks }.within()
    }

    /// Logarithmic in time, both ends in seconds.
    pub fn durations(from: f64, to: f64, room: usize) -> Self {
        const MARKS: [(f64, &str); 14] = [
            (1.0, "1 s"),
            (5.0, "5 s"),
            (10.0, "10 s"),
            (30.0, "30 s"),
            (60.0, "1 min"),
            (300.0, "5 min"),
            (600.0, "10 min"),
            (3_600.0, "1 h"),
            (21_600.0, "6 h"),
            (86_400.0, "1 d"),
            (604_800.0, "1 w"),
            (2_592_000.0, "30 d"),
            (15_552_000.0, "180 d"),
            (63_072_000.0, "2 y"),
        ];
        let from = from.max(0.5);
        let to = if to > from * 2.0 { to } else { from * 2.0 };
        // Those that would stand on each other's feet are left out.
        let apart = (to / from).ln() / room.max(1) as f64;
        let mut marks: Vec<(f64, String)> = Vec::new();
        for (at, name) in MARKS {
            let free = marks.last().is_none_or(|(last, _)| (at / last).ln() >= apart);
            if (from..=to).contains(&at) && free {
                marks.push((at, name.to_owned()));
            }
        }
        Axis { from, to, log: true, ruled: true, marks }
    }

    /// Dates, at most so many, in seconds since 1970.
    pub fn dates(from: Moment, to: Moment, week_start: Weekday, room: usize) -> Self {
        let length = to - from;
        let (step, pattern) = Step::fitting(length, room);
        let mut marks = Vec::new();
        let mut at = step.first(from.naive_local(), week_start);
        while let Some(now) = at.filter(|now| *now <= to.naive_local()) {
            if let Some(mark) = from.timezone().from_local_datetime(&now).earliest()
                && mark >= from
            {
                marks.push((seconds(mark), mark.format(pattern).to_string()));
            }
            at = step.next(now);
        }
        Axis::marked(seconds(from), seconds(to), marks)
    }

    fn within(mut self) -> Self {
        let range = self.from..=self.to;
        self.marks.retain(|(at, _)| range.contains(at));
        self
    }

    /// Without lines across the graph.
    pub fn bare(mut self) -> Self {
        self.ruled = false;
        self
    }

    pub fn is_ruled(&self) -> bool {
        self.ruled
    }

    pub fn count(&self) -> usize {
        self.marks.len().max(1)
    }

    pub fn from(&self) -> f64 {
        self.from
    }

    pub fn to(&self) -> f64 {
        self.to
    }
}

/// A moment on an axis of dates.
pub fn seconds(at: Moment) -> f64 {
    at.timestamp() as f64
}

/// What lies between two marks of an axis of dates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Minutes(u32),
    Hours(u32),
    Days(u32),
    Weeks(u32),
    Months(u32),
}

impl Step {
    /// The smallest that has room, and how its marks are written.
    fn fitting(length: TimeDelta, room: usize) -> (Step, &'static str) {
        const HOUR: i64 = 60;
        const STEPS: [(Step, i64, &str); 16] = [
            (Step::Minutes(1), 1, "%H:%M"),
            (Step::Minutes(5), 5, "%H:%M"),
            (Step::Minutes(15), 15, "%H:%M"),
            (Step::Hours(1), HOUR, "%H:%M"),
            (Step::Hours(3), 3 * HOUR, "%H:%M"),
            (Step::Hours(6), 6 * HOUR, "%H:%M"),
            (Step::Days(1), 24 * HOUR, "%-d %b"),
            (Step::Days(2), 48 * HOUR, "%-d %b"),
            (Step::Weeks(1), 168 * HOUR, "%-d %b"),
            (Step::Weeks(2), 336 * HOUR, "%-d %b"),
            (Step::Weeks(4), 672 * HOUR, "%-d %b"),
            (Step::Months(2), 1_460 * HOUR, "%b %Y"),
            (Step::Months(3), 2_190 * HOUR, "%b %Y"),
            (Step::Months(6), 4_380 * HOUR, "%b %Y"),
            (Step::Months(12), 8_760 * HOUR, "%Y"),
            (Step::Months(60), 43_800 * HOUR, "%Y"),
        ];
        let room = i64::try_from(room.max(1)).unwrap_or(1);
        let fits = STEPS.iter().find(|(_, minutes, _)| length.num_minutes() / minutes < room);
        fits.map_or((Step::Months(240), "%Y"), |&(step, _, pattern)| (step, pattern))
    }

    /// The last mark before or at a moment.
    fn first(self, from: NaiveDateTime, week_start: Weekday) -> Option<NaiveDateTime> {
        let day = from.date().and_time(NaiveTime::MIN);
        match self {
            Step::Minutes(_) => from.date().and_hms_opt(from.hour(), 0, 0),
            Step::Hours(_) => Some(day),
            Step::Days(days) => {
                day.checked_sub_days(Days::new(u64::from(day.num_days_from_ce().unsigned_abs() % days)))
            }
            Step::Weeks(_) => day.checked_sub_days(Days::new(day.weekday().days_since(week_start).into())),
            Step::Months(months) => {
                let first = day.with_day(1)?;
                if months >= 12 {
                    let years = i32::try_from(months / 12).unwrap_or(1);
                    return first.with_month(1)?.with_year(day.year() - day.year().rem_euclid(years));
                }
                first.checked_sub_months(Months::new(first.month0() % months))
            }
        }
    }

    fn next(self, from: NaiveDateTime) -> Option<NaiveDateTime> {
        match self {
            Step::Minutes(minutes) => from.checked_add_signed(TimeDelta::minutes(minutes.into())),
            Step::Hours(hours) => from.checked_add_signed(TimeDelta::hours(hours.into())),
            Step::Days(days) => from.checked_add_days(Days::new(days.into())),
            Step::Weeks(weeks) => from.checked_add_days(Days::new(u64::from(weeks) * 7)),
            Step::Months(months) => from.checked_add_months(Months::new(months)),
        }
    }
}

impl Ranged for Axis {
    type FormatOption = NoDefaultFormatting;
    type ValueType = f64;

    fn map(&self, value: &f64, (from, to): (i32, i32)) -> i32 {
        let part = match self.log {
            true => (value.max(self.from) / self.from).ln() / (self.to / self.from).ln(),
            false => (value - self.from) / (self.to - self.from),
        };
        #[expect(clippy::cast_possible_truncation, reason = "a pixel of the frame")]
        let offset = (part.clamp(0.0, 1.0) * f64::from(to - from)).round() as i32;
        from + offset
    }

    fn key_points<Hint: KeyPointHint>(&self, _: Hint) -> Vec<f64> {
        self.marks.iter().map(|&(at, _)| at).collect()
    }

    fn range(&self) -> Range<f64> {
        self.from..self.to
    }
}

impl ValueFormatter<f64> for Axis {
    fn format_ext(&self, value: &f64) -> String {
        self.marks.iter().find(|(at, _)| at == value).map(|(_, name)| name.clone()).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample::at;

    fn names(axis: &Axis) -> Vec<&str> {
        axis.marks.iter().map(|(_, name)| name.as_str()).collect()
    }

    #[test]
    fn amounts_have_round_marks() {
        assert_eq!(names(&Axis::count_of(40, 5)), ["0", "10", "20", "30", "40"]);
        assert_eq!(names(&Axis::count_of(1, 5)), ["0", "1"]);
        assert_eq!(names(&Axis::count_of(0, 5)), ["0", "1"]);
        assert_eq!(names(&Axis::count_of(2_100_000, 5)), ["0", "500k", "1M", "1.5M", "2M"]);
        assert_eq!(names(&Axis::powers(2_146)), ["1", "10", "100", "1k"]);
        assert_eq!(names(&Axis::powers(3)), ["1", "2"]);
        assert_eq!(names(&Axis::powers(12)), ["1", "2", "5", "10"]);
    }

    #[test]
    fn dates_have_as_many_marks_as_have_room() {
        let dates = |from: &str, to: &str, room| {
            let axis = Axis::dates(at(from), at(to), Weekday::Mon, room);
            names(&axis).join(" ")
        };
        let start = "2026-11-16T00:00:00+00:00";
        assert_eq!(dates("2026-11-16T05:38:20+00:00", "2026-11-16T05:41:00+00:00", 6), "05:39 05:40 05:41");
        assert_eq!(dates(start, "2026-11-16T12:00:00+00:00", 6), "00:00 03:00 06:00 09:00 12:00");
        assert_eq!(dates(start, "2026-11-20T00:00:00+00:00", 9), "16 Nov 17 Nov 18 Nov 19 Nov 20 Nov");
        assert_eq!(dates("2026-11-18T00:00:00+00:00", "2026-12-09T00:00:00+00:00", 5), "23 Nov 30 Nov 7 Dec");
        assert_eq!(dates(start, "2028-11-16T00:00:00+00:00", 5), "Jan 2027 Jul 2027 Jan 2028 Jul 2028");
        // A period of no length, and one longer than any log.
        assert_eq!(dates(start, start, 5), "00:00");
        assert!(!dates("1970-01-01T00:00:00+00:00", "9999-01-01T00:00:00+00:00", 5).is_empty());
    }
}
