//! How the text looks.

use super::*;
use crate::report::sample;

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
