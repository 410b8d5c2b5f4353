//! The graphs: what each shows and how it is drawn.

use super::axis::{Axis, seconds};
use super::chart::{Drawing, Ink, Size, draw};
use super::figures::{percent, share, short};
use crate::report::holds::Holds;
use crate::report::summary::{Point, Processes, ProfileFacts, Season, Settings, Span};
use std::collections::BTreeMap;

/// The days of the week, Monday first.
pub const DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

/// The days in the report's order, with their place in [`DAYS`].
pub fn days(settings: &Settings) -> impl Iterator<Item = usize> {
    let first = settings.week_start.num_days_from_monday() as usize;
    (0..7).map(move |day| (first + day) % 7)
}

/// Processes over time: those that are held, those that are turned away, and the two limits.
pub fn processes(facts: &Processes, settings: &Settings) -> Drawing {
    let (Some(first), Some(last)) = (facts.points.first(), facts.points.last()) else {
        return Drawing::default();
    };
    let end = last.at + chrono::TimeDelta::seconds(i64::from(facts.step.max(1)));
    let most = facts.points.iter().map(|point| point.busy).max().unwrap_or(0).max(settings.total);
    let axes = |size: Size| {
        let dates = Axis::dates(first.at, end, settings.week_start, size.room(56));
        (dates, Axis::count_of(u64::from(most) + u64::from(most) / 12 + 1, 5))
    };
    draw("Processes over time", 260, axes, |frame| {
        // One point for every two pixels at most.
        let each = facts.points.len().div_ceil(frame.size.room(2));
        let columns: Vec<(f64, f64, Point)> = facts
            .points
            .chunks(each.max(1))
            .filter_map(|part| {
                let head = *part.first()?;
                let mean = part.iter().map(|point| point.mean).sum::<f64>() / part.len() as f64;
                let most = |of: fn(&Point) -> u32| part.iter().map(of).max().unwrap_or(0);
                let point = Point { most: most(|p| p.most), busy: most(|p| p.busy), mean, ..head };
                let length = f64::from(facts.step) * part.len() as f64;
                Some((seconds(head.at), (seconds(head.at) + length).min(seconds(end)), point))
            })
            .collect();
        let steps = |of: fn(&Point) -> f64| -> Vec<(f64, f64)> {
            columns.iter().flat_map(|(from, to, point)| [(*from, of(point)), (*to, of(point))]).collect()
        };
        frame.area(Ink::Two, steps(|point| f64::from(point.busy.max(point.most))))?;
        frame.area(Ink::OneSoft, steps(|point| f64::from(point.most)))?;
        frame.line(Ink::One, 3, steps(|point| point.mean))?;
        for limit in [settings.slots, settings.total] {
            frame.level(Ink::Text, f64::from(limit), &limit.to_string())?;
        }
        Ok(())
    })
}

/// Bars side by side, each with what it is.
fn bars(
    label: &'static str,
    values: &[(String, f64)],
    every: usize,
    name: fn(f64) -> String,
    above: bool,
) -> Drawing {
    let most = values.iter().map(|&(_, value)| value).fold(0.0, f64::max);
    let axes = |size: Size| {
        let every = if size.room(24) < values.len() / every.max(1) { every * 2 } else { every };
        let marks = values.iter().enumerate().step_by(every.max(1));
        let marks = marks.map(|(at, (name, _))| (at as f64 + 0.5, name.clone())).collect();
        let room = if above { most * 1.12 } else { most };
        (Axis::marked(0.0, values.len() as f64, marks), Axis::amount(room, 4, name))
    };
    draw(label, 200, axes, |frame| {
        for (at, (_, value)) in values.iter().enumerate() {
            let at = at as f64;
            frame.block(Ink::One, 1.0, [(at + 0.12, 0.0), (at + 0.88, *value)])?;
            if above {
                frame.note(Ink::Text, (at + 0.5, *value), name(*value))?;
            }
        }
        Ok(())
    })
}

/// Per cent of hits by day of week.
pub fn weekdays(hits: [u64; 7], settings: &Settings) -> Drawing {
    let all = hits.iter().sum();
    let values: Vec<_> = days(settings).map(|day| (DAYS[day].to_owned(), share(hits[day], all))).collect();
    bars("Per cent of hits by day of week", &values, 1, |part| format!("{:.0} %", part * 100.0), true)
}

/// Hits by hour of day.
pub fn hours(hits: [u64; 24]) -> Drawing {
    let all = hits.iter().sum();
    let values: Vec<_> =
        (0..).zip(hits).map(|(hour, hits): (u32, u64)| (hour.to_string(), share(hits, all))).collect();
    bars("Per cent of hits by hour of day", &values, 3, |part| percent(part).replace(".0 ", " "), false)
}

/// Held per cent of the possible, span by span.
pub fn spans(spans: &[Span], settings: &Settings) -> Drawing {
    let (Some(first), Some(last)) = (spans.first(), spans.last()) else { return Drawing::default() };
    let value = |span: &Span| span.share(settings.slots).unwrap_or(0.0);
    let most = spans.iter().map(value).fold(0.0, f64::max);
    // What is nearly full is shown beside what would be full.
    let most = if most > 0.4 { most.max(1.0) } else { most };
    let axes = |size: Size| {
        let dates = Axis::dates(first.start, last.end, settings.week_start, size.room(56));
        (dates, Axis::amount(most, 4, |part| format!("{:.0} %", part * 100.0)))
    };
    draw("Time held, per cent of the possible", 180, axes, |frame| {
        for span in spans {
            let (from, to) = (seconds(span.start), seconds(span.end));
            let gap = (to - from) * 0.08;
            frame.block(Ink::One, 1.0, [(from + gap, 0.0), (to - gap, value(span))])?;
        }
        Ok(())
    })
}

/// Day of week by hour of day, the darker the more hits.
pub fn heat(hits: &[[u64; 24]; 7], settings: &Settings) -> Drawing {
    let most = hits.iter().flatten().copied().max().unwrap_or(0).max(1);
    let order: Vec<usize> = days(settings).collect();
    let axes = |_: Size| {
        let hours = (0_u32..=24).step_by(3).map(|hour| (f64::from(hour), hour.to_string())).collect();
        let rows = order.iter().enumerate().map(|(row, &day)| (6.5 - row as f64, DAYS[day].to_owned()));
        (Axis::marked(0.0, 24.0, hours), Axis::marked(0.0, 7.0, rows.collect()).bare())
    };
    draw("Hits by day of week and hour of day", 200, axes, |frame| {
        for (row, &day) in order.iter().enumerate() {
            for (hour, &hits) in hits[day].iter().enumerate().filter(|(_, hits)| **hits > 0) {
                let (x, y) = (hour as f64, 6.0 - row as f64);
                let strength = (0.12 + 0.88 * share(hits, most)).min(1.0);
                frame.block(Ink::One, strength, [(x + 0.04, y + 0.05), (x + 0.96, y + 0.95)])?;
            }
        }
        Ok(())
    })
}

/// Addresses against mails, both logarithmic.
pub fn mails(spread: &BTreeMap<u64, u64>) -> Drawing {
    let (Some(&largest), Some(&most)) = (spread.keys().next_back(), spread.values().max()) else {
        return Drawing::default();
    };
    draw(
        "Addresses against mails per address",
        300,
        |_| (Axis::powers(largest), Axis::powers(most)),
        |frame| {
            frame.dots(Ink::One, spread.iter().map(|(&mails, &addresses)| (mails as f64, addresses as f64)))
        },
    )
}

/// How long our last pause had lasted when peers left.
pub fn gaveup(counts: &BTreeMap<u32, u64>, peaks: &[(u32, u64)]) -> Drawing {
    /// The first second of a step, and its length: one below 50, and between two and four per cent above.
    /// A step is as high as its highest second, so that longer steps are not higher.
    fn step(seconds: u32) -> (u32, u32) {
        let length = 1 << (seconds / 25).max(1).ilog2();
        (seconds / length * length, length)
    }
    let Some(&last) = counts.keys().next_back() else { return Drawing::default() };
    let mut steps: BTreeMap<(u32, u32), u64> = BTreeMap::new();
    for (&seconds, count) in counts {
        let highest = steps.entry(step(seconds)).or_default();
        *highest = (*highest).max(*count);
    }
    let most = steps.values().copied().max().unwrap_or(1) as f64;
    let (from, to) = (1.0, (f64::from(last) * 1.3).max(60.0));
    let axes =
        |size: Size| (Axis::durations(from * 0.9, to, size.room(56)), Axis::amount(most * 1.12, 4, short));
    draw("How long peers waited before they left", 220, axes, |frame| {
        for (&(at, length), &count) in &steps {
            let (at, length) = (f64::from(at).max(0.9), f64::from(length));
            frame.block(Ink::One, 1.0, [(at, 0.0), (at + length * 0.85, count as f64)])?;
        }
        for &(second, _) in peaks.iter().take(if frame.size.room(56) < 8 { 4 } else { 8 }) {
            let (from, length) = step(second);
            let at = f64::from(from) + f64::from(length) / 2.0;
            let height = steps.get(&(from, length)).copied().unwrap_or(0) as f64;
            frame.note(Ink::Text, (at, height), super::figures::time(second.into()))?;
        }
        Ok(())
    })
}

/// Which part of the delays is at most so long.
pub fn delays(delays: &Holds) -> Drawing {
    let Some(last) = delays.steps().map(|(_, to, _)| to).last() else { return Drawing::default() };
    let all = delays.len();
    let from = delays.steps().next().map_or(1, |(from, ..)| from.max(1));
    let (from, to) = (f64::from(from) * 0.7, f64::from(last) * 1.3);
    let axes = |size: Size| {
        (
            Axis::durations(from, to, size.room(52)),
            Axis::amount(1.0, 4, |part| format!("{:.0} %", part * 100.0)),
        )
    };
    draw("Delay from the harvest to the first mail", 220, axes, |frame| {
        let mut sum = 0;
        let mut points = vec![(from, 0.0)];
        for (_, until, count) in delays.steps() {
            points.push((f64::from(until), share(sum, all)));
            sum += count;
            points.push((f64::from(until), share(sum, all)));
        }
        points.push((to, 1.0));
        frame.area(Ink::OneSoft, points.clone())?;
        frame.line(Ink::One, 4, points)
    })
}

/// The seasons that are drawn: the newest.
pub fn drawn(seasons: &[Season]) -> impl Iterator<Item = (&Season, Ink)> {
    seasons.iter().rev().filter(|season| season.mails > 0).zip(Ink::LINES)
}

/// Mails to each season's addresses, week by week.
pub fn seasons(seasons: &[Season], weeks: &[Span], settings: &Settings) -> Drawing {
    let (Some(first), Some(last)) = (weeks.first(), weeks.last()) else { return Drawing::default() };
    let most = drawn(seasons).filter_map(|(season, _)| season.weekly.iter().max()).max();
    let Some(&most) = most else { return Drawing::default() };
    let axes = |size: Size| {
        (Axis::dates(first.start, last.end, settings.week_start, size.room(56)), Axis::count_of(most, 4))
    };
    draw("Mails to the addresses of each season by week", 220, axes, |frame| {
        for (season, ink) in drawn(seasons) {
            let points: Vec<_> = season
                .weekly
                .iter()
                .zip(weeks)
                .flat_map(|(&mails, week)| {
                    [(seconds(week.start), mails as f64), (seconds(week.end), mails as f64)]
                })
                .collect();
            frame.line(ink, 4, points)?;
        }
        Ok(())
    })
}

/// The mean hold of each profile by the hour in which the connection began.
pub fn profiles(profiles: &[ProfileFacts]) -> Drawing {
    let mean = |&(connections, ms): &(u64, u64)| {
        (connections > 0).then(|| ms as f64 / 60_000.0 / connections as f64)
    };
    let drawn = || profiles.iter().zip(Ink::LINES);
    let most = drawn().flat_map(|(profile, _)| profile.hours.iter().filter_map(mean)).fold(0.0, f64::max);
    if most <= 0.0 {
        return Drawing::default();
    }
    let axes = |size: Size| {
        let hours = (0_u32..=24).step_by(if size.room(40) < 9 { 6 } else { 3 });
        let hours = hours.map(|hour| (f64::from(hour), hour.to_string())).collect();
        (Axis::marked(0.0, 24.0, hours), Axis::amount(most, 4, short))
    };
    draw("Mean hold of each profile by hour of day", 200, axes, |frame| {
        for (profile, ink) in drawn() {
            // A profile that does not apply at an hour leaves a gap.
            let mut run = Vec::new();
            for (hour, cell) in profile.hours.iter().enumerate() {
                match mean(cell) {
                    Some(minutes) => run.extend([(hour as f64, minutes), (hour as f64 + 1.0, minutes)]),
                    None => frame.line(ink, 4, std::mem::take(&mut run))?,
                }
            }
            frame.line(ink, 4, run)?;
        }
        Ok(())
    })
}
