//! How the text looks.

use super::*;
use crate::event::Plain;
use crate::report::sample;
use crate::report::summary::{Point, Share, Tally};
use proptest::prelude::*;

#[test]
fn it_fits_80_columns_and_is_plain() {
    for summary in [sample::summary(), sample::empty()] {
        let text = render(&summary);
        for line in text.lines() {
            assert!(line.len() < 80, "{line}");
            assert!(line.bytes().all(|byte| matches!(byte, b' '..=b'~')), "{line}");
            assert_eq!(line, line.trim_end());
        }
    }
}

#[test]
fn it_says_so_when_there_is_nothing() {
    assert!(render(&sample::empty()).contains("There is no line of smtarpit, tarpop or sundew"));
}

#[test]
fn the_first_table_is_the_breakdown() {
    let text = render(&sample::summary());
    let table: Vec<&str> =
        text.lines().skip_while(|line| !line.contains("Breakdown by week")).skip(2).take(5).collect();
    assert_eq!(
        table.join("\n"),
        " week           total  total  longest           mail  rcpt
 starting     seconds  hours  (hours)  hits  from:<>    to
 16 Nov 2026  400,000    111       55    20        2    20
 23 Nov 2026  586,400    162       81    30        3    30
 all          986,400    274       81    50        5    50"
    );
}

#[test]
fn numbers_and_times_are_read_at_a_glance() {
    assert_eq!([0, 999, 1000, 16_465_660].map(thousands), ["0", "999", "1,000", "16,465,660"]);
    assert_eq!([0.0, 0.04, 0.42, 9.96, 59.4].map(length), ["0s", "0s", "0.4s", "10s", "59s"]);
    assert_eq!([60.0, 3600.0, 90_000.0].map(length), ["1m00s", "1h00m", "1d01h"]);
    assert_eq!(percent(1, 8), "13");
    assert_eq!(percent(1, 0), "-");
    assert_eq!([0, 1, 50, 100].map(|part| bar(part, 100, 10).len()), [0, 1, 5, 10]);
}

/// Numbers of every size.
fn number() -> impl Strategy<Value = u64> {
    (any::<u64>(), 0..64_u32).prop_map(|(number, shift)| number >> shift)
}

/// What is counted by lines, of which no log has more.
fn count() -> impl Strategy<Value = u64> {
    number().prop_map(|number| number >> 16)
}

fn name() -> impl Strategy<Value = Plain> {
    "[ -~]{0,300}".prop_map(|text| text.as_str().into())
}

fn change(tally: &mut Tally, large: u64, lines: u64) {
    (tally.hits, tally.refused) = (lines, lines);
    (tally.held_ms, tally.longest_ms) = (lines, lines);
    for sum in [
        &mut tally.bytes_in,
        &mut tally.bytes_out,
        &mut tally.made,
        &mut tally.commands,
        &mut tally.mails,
        &mut tally.null_from,
        &mut tally.rcpts,
        &mut tally.auths,
        &mut tally.messages,
        &mut tally.logins,
        &mut tally.retrs,
        &mut tally.pages,
        &mut tally.addresses,
    ] {
        *sum = large;
    }
    tally.holds.add(large);
}

/// The sample with other numbers and names in place of its own.
fn any_summary() -> impl Strategy<Value = Summary> {
    let numbers = proptest::collection::vec(number(), 8);
    let counts = proptest::collection::vec(count(), 8);
    let names = proptest::collection::vec(name(), 8);
    let limits = (0..=100_000_u32, 1..=100_000_u32, 1..40_usize);
    let zone = "([A-Z][a-z]{2,20}/){1,3}[A-Z][a-z]{2,30}";
    (numbers, counts, names, limits, zone, 0..3_usize).prop_map(
        |(numbers, counts, names, limits, zone, by)| {
            use crate::report::summary::By;
            let mut summary = sample::summary();
            let n = |at: usize| numbers[at % numbers.len()];
            let c = |at: usize| counts[at % counts.len()];
            (summary.settings.slots, summary.settings.total, summary.settings.top) = limits;
            (summary.settings.zone, summary.settings.by) = (zone, [By::Week, By::Day, By::Month][by]);
            (summary.input.lines, summary.input.unparsed, summary.input.duplicates) = (c(0), c(1), c(2));
            for (at, error) in summary.errors.iter_mut().enumerate() {
                (error.what, error.count) = (names[at % names.len()].clone(), c(at));
            }
            for facts in &mut summary.services {
                change(&mut facts.total, n(0), c(0));
                facts.before.iter_mut().for_each(|span| change(&mut span.tally, n(1), 1));
                for spans in [&mut facts.weeks, &mut facts.days, &mut facts.months] {
                    for (at, span) in spans.iter_mut().enumerate() {
                        change(&mut span.tally, n(at), c(at));
                    }
                }
                facts.hours = std::array::from_fn(|day| std::array::from_fn(|hour| c(day + hour)));
                facts.stages = std::iter::zip(&names, &counts)
                    .map(|(name, count)| Share { what: name.clone(), connections: *count, held_ms: *count })
                    .collect();
                facts.reasons.iter_mut().for_each(|share| (share.connections, share.held_ms) = (c(3), c(4)));
                facts.kinds.iter_mut().for_each(|share| (share.connections, share.held_ms) = (c(5), c(6)));
                facts.tools.iter_mut().for_each(|share| (share.connections, share.held_ms) = (c(7), c(0)));
                facts.refusals.iter_mut().for_each(|(_, count)| *count = n(2));
                facts.gaveup.values_mut().for_each(|count| *count = c(1));
                facts.users =
                    std::iter::zip(&names, &numbers).map(|(name, count)| (name.clone(), *count)).collect();
                for (at, profile) in facts.profiles.iter_mut().enumerate() {
                    (profile.name, profile.connections) = (names[at % names.len()].clone(), n(at));
                    (profile.held_ms, profile.longest_ms) = (n(at + 1), n(at + 2));
                    profile.hours = std::array::from_fn(|hour| (c(hour), n(hour)));
                }
                let more = facts.profiles.clone();
                facts.profiles.extend(more.into_iter().cycle().take(4));
                (facts.open, facts.killed) = (c(1), c(2));
                for (at, point) in facts.processes.points.iter_mut().enumerate() {
                    let small = |number: u64| u32::try_from(number >> 32).unwrap();
                    *point = Point { most: small(n(at)), busy: small(n(at + 1)), refused: c(at), ..*point };
                }
                facts.processes.most = u32::try_from(n(0) >> 32).unwrap();
            }
            let mails = &mut summary.mails;
            (mails.mails, mails.addresses, mails.ones, mails.largest) = (n(0), c(1), c(2), n(3));
            mails.spread = std::iter::zip(&numbers, &counts)
                .map(|(mails, addresses)| ((*mails).max(1), *addresses))
                .collect();
            for source in summary.networks.iter_mut().chain(&mut summary.sources) {
                (source.hits, source.refused) = ([c(1), c(2), c(3)], c(4));
                (source.held_ms, source.longest_ms, source.mails) = (n(5), n(6), n(7));
            }
            let harvest = &mut summary.harvest;
            harvest.visits = c(0);
            harvest.delays.add(n(1));
            for harvester in &mut harvest.harvesters {
                harvester.agent = names[0].clone();
                (harvester.visits, harvester.receipts, harvester.mails) = (n(1), n(2), n(3));
                harvester.delay = Some(n(4));
            }
            for receipt in &mut harvest.receipts {
                (receipt.delay, receipt.mails, receipt.networks) = (Some(n(1)), n(2), n(3));
            }
            harvest.styles.iter_mut().for_each(|(_, receipts, mails)| (*receipts, *mails) = (n(1), n(2)));
            for season in &mut harvest.seasons {
                (season.visits, season.receipts, season.mails) = (n(0), n(1), n(2));
                season.weekly.iter_mut().for_each(|mails| *mails = c(0));
            }
            summary
        },
    )
}

proptest! {
    #[test]
    fn no_line_is_wider_than_the_page_whatever_is_in_it(summary in any_summary()) {
        let text = render(&summary);
        for line in text.lines() {
            prop_assert!(line.len() <= WIDTH, "{} columns: {line}", line.len());
            prop_assert!(line.bytes().all(|byte| matches!(byte, b' '..=b'~')), "{line}");
        }
    }
}

#[test]
fn a_line_that_is_too_long_goes_on_below() {
    let mut out = String::new();
    line(&mut out, format_args!("  {} {}", "a".repeat(70), "b".repeat(90)));
    let (a, b, c) = ("a".repeat(70), "b".repeat(77), "b".repeat(13));
    assert_eq!(out, format!("  {a}\n  {b}\n  {c}\n"));
}
