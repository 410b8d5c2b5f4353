//! What is counted, and where: each test is a log of a few lines.

use super::*;
use crate::report::intake::Intake;
use crate::report::relay;
use crate::report::stamp::Stamps;
use crate::report::summary::{By, ServiceFacts, Summary};
use chrono::{DateTime, Weekday};

fn settings() -> Settings {
    Settings {
        by: By::Week,
        week_start: Weekday::Mon,
        zone: "UTC".to_owned(),
        slots: 35,
        total: 40,
        top: 10,
        masked: false,
    }
}

fn at(text: &str) -> i64 {
    DateTime::parse_from_rfc3339(text).unwrap().timestamp()
}

/// Reads logs one after the other, in UTC.
fn read(logs: &[&str], settings: Settings, period: Period) -> Summary {
    let mut fold = Fold::new(Zone::utc(), settings, period);
    let mut idle = || {};
    let input = relay::count(&mut fold, |relay| {
        let mut intake = Intake::new(relay, &mut idle);
        for log in logs {
            let text: Vec<&str> = log.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
            let stamps = Stamps::new(Zone::utc(), at("2026-12-31T00:00:00Z"));
            intake.read((text.join("\n") + "\n").as_bytes(), stamps).unwrap();
        }
        intake.input
    });
    fold.finish(at("2026-12-31T00:00:00Z"), input)
}

fn summary(log: &str) -> Summary {
    read(&[log], settings(), Period::default())
}

fn smtp(summary: &Summary) -> &ServiceFacts {
    summary.service(Service::Smtarpit).unwrap()
}

/// Week, held seconds, longest seconds, hits, mails, rcpts.
fn weeks(facts: &ServiceFacts) -> Vec<(&str, u64, u64, u64, u64, u64)> {
    let row = |span: &crate::report::summary::Span| {
        let tally = &span.tally;
        (tally.held_ms / 1000, tally.longest_ms / 1000, tally.hits, tally.mails, tally.rcpts)
    };
    let rows = facts.weeks.iter().map(|span| (span.name.as_str(), row(span)));
    rows.map(|(name, (held, longest, hits, mails, rcpts))| (name, held, longest, hits, mails, rcpts))
        .collect()
}

const END: &str = "stage=rcpt reason=hangup kind=program evidence=fast gaveup=30.2 profile=day commands=3";

const TWO_WEEKS: &str = "
    2026-11-22T23:00:00Z mx smtarpit[1]: connect id=a peer=192.0.2.7 slot=1 busy=1 profile=day persona=postfix
    2026-11-22T23:10:00Z mx smtarpit[1]: mail id=a peer=192.0.2.7 from=\"\" verdict=accept
    2026-11-23T00:10:00Z mx smtarpit[1]: rcpt id=a peer=192.0.2.7 to=a@b verdict=accept
    2026-11-23T01:30:00Z mx smtarpit[1]: end id=a peer=192.0.2.7 held=9000 in=10 out=400 END mails=1 null_from=1 rcpts=1
";

fn log(text: &str) -> String {
    text.replace("END", END)
}

#[test]
fn seconds_are_split_at_the_week_and_the_longest_is_where_it_ends() {
    let summary = summary(&log(TWO_WEEKS));
    let facts = smtp(&summary);
    assert_eq!(weeks(facts), [("2026-11-16", 3600, 0, 1, 1, 0), ("2026-11-23", 5400, 9000, 0, 0, 1)]);
    assert_eq!(facts.total.null_from, 1);
    assert_eq!(facts.weekdays(), [0, 0, 0, 0, 0, 0, 1]);
    assert_eq!(facts.day_hours()[23], 1);
    assert_eq!(facts.gaveup, [(30, 1)].into());
    assert_eq!(summary.sources[0].held_ms, 9_000_000);
    assert_eq!((summary.mails.addresses, summary.mails.ones, summary.mails.largest), (1, 1, 1));
}

#[test]
fn a_connection_of_which_only_the_end_is_there_is_known_from_it() {
    let text = log(TWO_WEEKS);
    let whole = summary(&text);
    let end: String = text.lines().filter(|line| line.contains(": end ")).collect();
    let part = summary(&end);
    assert_eq!(
        weeks(smtp(&part)),
        [("2026-11-16", 3600, 0, 1, 0, 0), ("2026-11-23", 5400, 9000, 0, 1, 1)],
        "what the log did not show is counted where the end counts it"
    );
    assert_eq!(smtp(&part).hours, smtp(&whole).hours);
}

#[test]
fn what_comes_twice_counts_once() {
    let text = log(TWO_WEEKS);
    let once = summary(&text);
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    let first = lines[..2].join("\n");
    let doubled: String = lines.iter().map(|line| format!("{line}\n{line}\n")).collect();
    for logs in [&[text.as_str(), &text][..], &[&first, &first, &text], &[&first, &text, &text], &[&doubled]]
    {
        let twice = read(logs, settings(), Period::default());
        assert_eq!(twice.input.events, once.input.events);
        assert_eq!(twice.input.duplicates + twice.input.events, twice.input.lines);
        assert_eq!(Summary { input: once.input, ..twice }, once);
    }
}

#[test]
fn two_connections_of_one_name_are_two_if_they_are_of_two_peers_or_programs() {
    let text = log("
        2026-11-23T00:00:00Z mx1 smtarpit[1]: end id=a peer=192.0.2.7 held=5 in=1 out=1 END
        2026-11-23T00:00:00Z mx2 smtarpit[1]: end id=a peer=192.0.2.8 held=5 in=1 out=1 END
        2026-11-23T00:00:00Z mx2 tarpop[1]: end id=a peer=192.0.2.8 held=5 in=1 out=1 END
    ");
    let summary = summary(&text);
    assert_eq!((summary.input.events, summary.input.duplicates), (3, 0));
    assert_eq!(summary.networks[0].services(), 2);
    assert_eq!((summary.networks[0].addresses, summary.at_several().count()), (2, 1));
}

#[test]
fn a_killed_process_is_known_up_to_its_last_word() {
    let text = log("
        2026-11-23T00:00:00Z mx smtarpit[1]: connect id=a peer=192.0.2.7 slot=1 busy=1 profile=day persona=exim
        2026-11-23T00:10:00Z mx smtarpit[1]: still id=a peer=192.0.2.7 held=590 stage=rcpt profile=day out=77
        2026-11-23T00:20:00Z mx smtarpit[1]: still id=a peer=192.0.2.7 held=1190.5 stage=rcpt profile=day out=99
        2026-11-23T06:00:00Z mx smtarpit[2]: connect id=b peer=192.0.2.8 slot=1 busy=1 profile=day persona=exim
        2026-11-23T06:05:00Z mx smtarpit[2]: helo id=b peer=192.0.2.8 verb=EHLO name=x
        2026-11-23T06:09:00Z mx smtarpit[3]: refuse id=c peer=192.0.2.9 why=slots busy=36
    ");
    let summary = summary(&text);
    let facts = smtp(&summary);
    assert_eq!((facts.killed, facts.open), (1, 1));
    assert_eq!(facts.total.held_ms, 1_190_500 + 300_000);
    assert_eq!(facts.total.longest_ms, 1_190_500, "who is held still has not ended");
    assert_eq!((facts.total.bytes_out, facts.total.refused), (99, 1));
    let points = &facts.processes.points;
    assert_eq!(points.first().map(|point| (point.most, point.least)), Some((1, 1)));
    assert_eq!(points.last().map(|point| (point.most, point.busy, point.refused)), Some((1, 36, 1)));
    assert_eq!(points[30].most, 0, "nobody was there in between");
}

#[test]
fn nothing_that_a_log_says_of_a_hold_is_longer_than_what_passed() {
    let text = log("
        2026-11-23T00:00:00Z mx smtarpit[1]: connect id=a peer=192.0.2.7 slot=1 busy=1 profile=day persona=exim
        2026-11-23T00:00:10Z mx smtarpit[1]: end id=a peer=192.0.2.7 held=18446744073709551615 in=18446744073709551615 out=18446744073709551615 END mails=18446744073709551615
        2026-11-23T00:00:10Z mx smtarpit[1]: end id=b peer=192.0.2.7 held=18446744073709551615 in=18446744073709551615 out=1 END mails=18446744073709551615 rcpts=18446744073709551615
    ");
    let facts = summary(&text);
    let facts = smtp(&facts);
    assert!(facts.total.held_ms <= 12_000 + 366 * 86_400_000, "{}", facts.total.held_ms);
    assert_eq!(facts.total.bytes_in, u64::MAX);
}

#[test]
fn a_period_cuts_what_is_outside_and_keeps_the_span_before_to_compare() {
    let period = Period { from: Some(at("2026-11-23T00:00:00Z")), to: Some(at("2026-11-23T01:00:00Z")) };
    let summary = read(&[&log(TWO_WEEKS)], settings(), period);
    let facts = smtp(&summary);
    assert_eq!(weeks(facts), [("2026-11-23", 3600, 0, 0, 0, 1)]);
    assert_eq!(facts.weeks[0].possible(35), 35 * 3600);
    let before = facts.before.as_ref().unwrap();
    assert_eq!((before.name.as_str(), before.tally.held_ms, before.tally.hits), ("2026-11-16", 3_600_000, 1));
    assert_eq!((summary.sources[0].held_ms, summary.sources[0].all_hits()), (3_600_000, 0));
    assert_eq!(summary.mails.mails, 0, "the mail was before");
}

#[test]
fn a_harvest_is_joined_with_its_spam() {
    let text = log("
        2026-11-01T00:00:00Z web sundew[1]: page id=p peer=203.0.113.9 method=GET host=h path=/a status=200 agent=\"Bot/1 <x>\" bytes=9 addresses=12 season=3 visit=0a3f1
        2026-11-02T00:00:00Z web sundew[1]: page id=q peer=203.0.113.9 method=GET host=h path=/b status=200 agent=Bot/2 bytes=9 addresses=12 season=3 visit=0a3f1
        2026-11-03T00:00:00Z mx tarpop[2]: login id=t peer=198.51.100.3 user=bob method=PLAIN verdict=accept visit=00001
        2026-11-05T00:00:00Z mx smtarpit[1]: rcpt id=a peer=192.0.2.7 to=a@b verdict=accept receipt=s3.mailto.0a3f1.2
        2026-11-06T00:00:00Z mx smtarpit[1]: rcpt id=b peer=192.0.2.8 to=a@b verdict=accept receipt=s3.mailto.0a3f1.2
        2026-11-07T00:00:00Z mx smtarpit[1]: rcpt id=c peer=192.0.9.8 to=a@b verdict=accept receipt=s3.mailto.0a3f1.2
        2026-11-08T00:00:00Z mx smtarpit[1]: rcpt id=d peer=192.0.9.8 to=c@b verdict=accept receipt=s0.mailbox.00001.0
        2026-11-09T00:00:00Z mx smtarpit[1]: rcpt id=e peer=192.0.9.8 to=d@b verdict=accept receipt=s3.cast.00001.0
    ");
    let summary = summary(&text);
    let harvest = &summary.harvest;
    assert_eq!((harvest.visits, harvest.receipts.len(), harvest.delays.len()), (3, 3, 2));
    let spam = harvest.receipts.iter().find(|receipt| receipt.receipt == "s3.mailto.0a3f1.2").unwrap();
    assert_eq!((spam.mails, spam.networks, spam.delay), (3, 2, Some(4 * 86_400)));
    let shown = spam.shown.as_ref().unwrap();
    assert_eq!((shown.to.to_string().as_str(), shown.place.as_str()), ("203.0.113.9", "/a"));
    let stolen = harvest.receipts.iter().find(|receipt| receipt.receipt == "s0.mailbox.00001.0").unwrap();
    assert_eq!(
        stolen.shown.as_ref().map(|shown| (shown.service, shown.place.as_str())),
        Some((Service::Tarpop, "bob"))
    );
    let cast = harvest.receipts.iter().find(|receipt| receipt.receipt == "s3.cast.00001.0").unwrap();
    assert_eq!((&cast.shown, cast.delay), (&None, None));
    let harvester = &harvest.harvesters[0];
    assert_eq!(
        (harvester.net.to_string().as_str(), harvester.visits, harvester.mails),
        ("203.0.113.0/24", 2, 3)
    );
    assert_eq!(harvest.seasons.len(), 1);
    assert_eq!((harvest.seasons[0].season, harvest.seasons[0].mails), (3, 4));
    assert_eq!(harvest.seasons[0].weekly.iter().sum::<u64>(), 4);
}

#[test]
fn a_mask_leaves_no_host_anywhere() {
    let masked = Settings { masked: true, ..settings() };
    let summary = read(&[&log(TWO_WEEKS)], masked, Period::default());
    assert_eq!(summary.sources[0].net.to_string(), "192.0.2.0/24");
    assert!(!crate::report::json::render(&summary).contains("192.0.2.7"));
}

#[test]
fn errors_of_ours_are_told_apart_and_counted() {
    let text = "
        2026-11-23T00:00:00Z mx smtarpit[1]: error id=a what=\"no lock\"
        2026-11-23T00:00:00Z mx smtarpit[1]: error id=a what=\"no lock\"
        2026-11-23T00:00:01Z mx smtarpit[1]: error id=b what=\"no lock\"
    ";
    let summary = summary(text);
    assert_eq!((summary.errors.len(), summary.errors[0].count, summary.input.duplicates), (1, 2, 1));
}

#[test]
fn the_process_count_is_exact() {
    let mut processes = processes::ProcessFold::default();
    let day = at("2026-11-23T00:00:00Z");
    // One from before, one within a point, two at once, one who comes when another leaves.
    for (from, to) in [(-100, 90), (130, 150), (140, 200), (200, 260)] {
        processes.present(day + from, day + to);
    }
    processes.refuse(day + 145, 40);
    let shown = processes.over(day, day + 300, &Zone::utc());
    let points: Vec<_> = shown.points.iter().map(|point| (point.most, point.least, point.mean)).collect();
    assert_eq!(shown.step, 60);
    let near = |value: f64| (value * 60.0).round();
    let seconds: Vec<_> = points.iter().map(|(most, least, mean)| (*most, *least, near(*mean))).collect();
    assert_eq!(seconds, [(1, 1, 60.0), (1, 0, 30.0), (2, 0, 60.0), (1, 1, 60.0), (1, 0, 20.0)]);
    assert_eq!((shown.most, shown.most_at.map(|at| at.timestamp() - day)), (2, Some(140)));
    assert_eq!(shown.points[2].busy, 40);
}

/// Logs of every kind, out of which others are made.
const SEEDS: [&[u8]; 4] = [
    include_bytes!("../../../fuzz/seeds/report/rfc3339"),
    include_bytes!("../../../fuzz/seeds/report/mixed"),
    include_bytes!("../../../fuzz/seeds/report/json"),
    include_bytes!("../../../fuzz/seeds/report/export"),
];

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(300))]

    #[test]
    fn any_log_is_a_report(
        seeds in proptest::collection::vec(0..SEEDS.len(), 1..4),
        changes in proptest::collection::vec((proptest::prelude::any::<proptest::sample::Index>(), proptest::prelude::any::<u8>(), 0..4_u8), 0..12),
    ) {
        let mut log: Vec<u8> = seeds.iter().flat_map(|seed| SEEDS[*seed]).copied().collect();
        for (at, byte, how) in changes {
            let at = at.index(log.len().max(1)).min(log.len().saturating_sub(1));
            match how {
                _ if log.is_empty() => log.push(byte),
                0 => log[at] = byte,
                1 => log.insert(at, b"0129 \"=\\\n"[usize::from(byte) % 9]),
                2 => drop(log.remove(at)),
                _ => log.extend_from_within(at..(at + usize::from(byte)).min(log.len())),
            }
        }
        let period = Period { from: log.len().is_multiple_of(2).then_some(at("2026-11-25T00:00:00Z")), to: None };
        let mut fold = Fold::new(Zone::utc(), settings(), period);
        let mut idle = || {};
        let input = relay::count(&mut fold, |relay| {
            let mut intake = Intake::new(relay, &mut idle);
            intake.read(log.as_slice(), Stamps::new(Zone::utc(), at("2026-12-31T00:00:00Z"))).unwrap();
            intake.input
        });
        let summary = fold.finish(at("2026-12-31T00:00:00Z"), input);
        let input = &summary.input;
        let far = summary.far_off.map_or(0, |far| far.lines);
        proptest::prop_assert_eq!(input.lines, input.events + input.duplicates + input.unparsed + input.foreign + far);
        for form in [
            crate::report::text::render(&summary),
            crate::report::json::render(&summary),
            crate::report::csv::render(&summary),
            crate::report::prometheus::render(&summary),
        ] {
            proptest::prop_assert!(form.bytes().all(|byte| matches!(byte, b' '..=b'~' | b'\n' | b'\r')));
        }
    }
}

#[test]
fn more_connections_than_wait_for_their_beginning_are_counted_once_each() {
    let lines: String = (0..70_000)
        .map(|nth| {
            format!(
                "2026-11-23T{:02}:{:02}:{:02}Z mx smtarpit[1]: end id=a{nth} peer=192.0.2.{} held=10 in=1 out=1 {END} rcpts=2\n",
                nth / 3600, nth / 60 % 60, nth % 60, nth % 7
            )
        })
        .collect();
    let summary = read(&[&lines, &lines], settings(), Period::default());
    assert_eq!((summary.input.events, summary.input.duplicates), (70_000, 70_000));
    let total = &smtp(&summary).total;
    assert_eq!((total.hits, total.held_ms, total.rcpts), (70_000, 700_000_000, 140_000));
}

#[test]
fn what_differs_counts_and_what_is_the_same_does_not_in_whatever_order() {
    let text = log("
        2026-11-23T00:00:09Z mx smtarpit[1]: end id=a peer=192.0.2.7 held=9 in=1 out=1 END mails=2 rcpts=3
        2026-11-23T00:00:05Z mx smtarpit[1]: rcpt id=a peer=192.0.2.7 to=b@b verdict=accept
        2026-11-23T00:00:05Z mx smtarpit[1]: rcpt id=a peer=192.0.2.7 to=a@b verdict=accept
        2026-11-23T00:00:05Z mx smtarpit[1]: rcpt id=a peer=192.0.2.7 to=a@b verdict=accept
        2026-11-23T00:00:06Z mx smtarpit[1]: rcpt id=a peer=192.0.2.7 to=a@b verdict=accept
        2026-11-23T00:00:04Z mx smtarpit[1]: mail id=a peer=192.0.2.7 from=b verdict=accept
        2026-11-23T00:00:03Z mx smtarpit[1]: mail id=a peer=192.0.2.7 from=b verdict=accept
        2026-11-23T00:00:00Z mx smtarpit[1]: connect id=a peer=192.0.2.7 slot=1 busy=1 profile=day persona=exim
        2026-11-23T00:00:01Z mx smtarpit[1]: helo id=a peer=192.0.2.7 verb=EHLO name=x
        2026-11-23T00:00:01Z mx smtarpit[1]: helo id=a peer=192.0.2.7 verb=EHLO name=x
    ");
    let summary = summary(&text);
    assert_eq!((summary.input.events, summary.input.duplicates), (8, 2));
    assert_eq!(weeks(smtp(&summary)), [("2026-11-23", 9, 9, 1, 2, 3)]);
}
