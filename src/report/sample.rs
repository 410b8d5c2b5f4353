//! A small summary for the tests of what is rendered from one: two weeks of three services.

use super::holds::Holds;
use super::summary::*;
use super::{Net, Summary};
use crate::event::{Kind, Plain, Reason, Tool, Why};
use crate::receipt::Style;
use chrono::{DateTime, TimeDelta, Weekday};

/// A moment of the sample, which is in UTC.
pub fn at(text: &str) -> Moment {
    DateTime::parse_from_rfc3339(text).unwrap()
}

/// Nothing at all: an empty log.
pub fn empty() -> Summary {
    Summary {
        made: at("2026-11-30T06:00:00+00:00"),
        period: None,
        log: None,
        far_off: None,
        settings: settings(),
        input: Input::default(),
        services: Vec::new(),
        mails: MailsPerAddress::default(),
        sources: Vec::new(),
        networks: Vec::new(),
        harvest: Harvest::default(),
        errors: Vec::new(),
    }
}

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

/// Two weeks, from 16 to 30 November 2026, with something everywhere, and hostile texts where a peer
/// chooses them.
pub fn summary() -> Summary {
    let sources = vec![
        source("192.0.2.7", [40, 0, 2], 900_000, 30),
        source("2001:db8:7::25", [3, 5, 0], 86_400, 1),
        source("198.51.100.200", [0, 9, 0], 1200, 0),
    ];
    let network = |source: &Source| Source { net: source.net.network(), ..*source };
    Summary {
        period: Some((at("2026-11-16T00:00:00+00:00"), at("2026-11-30T00:00:00+00:00"))),
        input: Input {
            files: 2,
            bytes: 40_000,
            lines: 210,
            events: 180,
            foreign: 25,
            unparsed: 2,
            duplicates: 3,
            undated: 0,
            undatable: 0,
        },
        services: Service::ALL.map(service).to_vec(),
        mails: MailsPerAddress {
            mails: 31,
            addresses: 2,
            ones: 1,
            largest: 30,
            spread: [(1, 1), (30, 1)].into(),
        },
        networks: sources.iter().map(network).collect(),
        sources,
        harvest: harvest(),
        errors: vec![Trouble {
            service: Service::Smtarpit,
            what: "spool: <b>No space left</b>".into(),
            count: 2,
            last: at("2026-11-20T03:04:05+00:00"),
        }],
        ..empty()
    }
}

fn source(address: &str, hits: [u64; 3], seconds: u64, mails: u64) -> Source {
    Source {
        net: Net::host(address.parse().unwrap()),
        addresses: 1,
        first: at("2026-11-16T08:00:00+00:00"),
        last: at("2026-11-29T20:00:00+00:00"),
        hits,
        refused: 1,
        held_ms: seconds * 1000,
        longest_ms: seconds * 500,
        mails,
        null_from: 0,
        auths: 0,
        rcpts: mails * 2,
        logins: hits[1] * 3,
        pages: hits[2],
    }
}

fn tally(hits: u64, seconds: u64) -> Tally {
    let mut holds = Holds::default();
    (1..=hits).for_each(|hit| holds.add(seconds / hits.max(1) * 2 * hit / (hits + 1)));
    Tally {
        hits,
        refused: 2,
        held_ms: seconds * 1000,
        longest_ms: seconds * 500,
        holds,
        bytes_in: hits * 200,
        bytes_out: hits * 900,
        made: hits * 1000,
        commands: hits * 6,
        mails: hits / 2,
        null_from: hits / 10,
        rcpts: hits,
        auths: 1,
        messages: 2,
        logins: 3,
        retrs: 4,
        pages: 5,
        addresses: 6,
    }
}

fn span(start: &str, days: i64, name: &str, tally: Tally) -> Span {
    let start = at(start);
    Span { start, end: start + TimeDelta::days(days), name: name.to_owned(), tally }
}

fn service(service: Service) -> ServiceFacts {
    let weeks = vec![
        span("2026-11-16T00:00:00+00:00", 7, "2026-11-16", tally(20, 400_000)),
        span("2026-11-23T00:00:00+00:00", 7, "2026-11-23", tally(30, 586_400)),
    ];
    let mut total = weeks[0].tally.clone();
    total.merge(&weeks[1].tally);
    let days = (0..14).map(|day| {
        let start = at("2026-11-16T00:00:00+00:00") + TimeDelta::days(day);
        let name = start.format("%Y-%m-%d").to_string();
        Span {
            start,
            end: start + TimeDelta::days(1),
            name,
            tally: tally(2 + day.unsigned_abs() % 3, 60_000),
        }
    });
    let mut hours = [[0; 24]; 7];
    for (day, row) in hours.iter_mut().enumerate() {
        for (hour, cell) in row.iter_mut().enumerate() {
            *cell = u64::from((day * 5 + hour * 3) % 7 == 0);
        }
    }
    let points = (0..14 * 24).map(|hour: i64| {
        let most = u32::try_from(hour % 37).unwrap().min(35);
        Point {
            at: at("2026-11-16T00:00:00+00:00") + TimeDelta::hours(hour),
            most,
            least: most / 2,
            mean: f64::from(most) * 0.7,
            busy: if most == 35 { 38 } else { most },
            refused: u64::from(most == 35) * 3,
        }
    });
    let share = |held: u64, connections: u64| (connections, held * 1000);
    ServiceFacts {
        service,
        total,
        days: days.collect(),
        months: vec![span("2026-11-01T00:00:00+00:00", 30, "2026-11", tally(50, 986_400))],
        before: Some(span("2026-11-09T00:00:00+00:00", 7, "2026-11-09", tally(10, 200_000))),
        weeks,
        hours,
        processes: Processes {
            step: 3600,
            points: points.collect(),
            most: 35,
            most_at: Some(at("2026-11-17T11:00:00+00:00")),
        },
        stages: shares([
            ("rcpt", share(900_000, 30)),
            ("data", share(80_000, 12)),
            ("<x>&\"'", share(6_400, 8)),
        ]),
        reasons: shares([(Reason::Hangup, share(900_000, 41)), (Reason::Quit, share(86_400, 9))]),
        refusals: vec![(Why::Slots, 3), (Why::PerSource, 1)],
        kinds: shares([(Kind::Program, share(980_000, 48)), (Kind::Human, share(6_400, 2))]),
        tools: match service {
            Service::Tarpop => shares([(Tool::Hydra, share(9000, 4)), (Tool::Script, share(500, 2))]),
            _ => Vec::new(),
        },
        profiles: vec![profile("day", 400_000), profile("night", 586_400)],
        gaveup: [(10, 3), (30, 17), (31, 2), (300, 9)].into(),
        users: vec![("admin".into(), 12), ("<script>alert(1)</script>".into(), 3)],
        open: 2,
        killed: 1,
    }
}

fn shares<T, const N: usize, W: Into<T>>(rows: [(W, (u64, u64)); N]) -> Vec<Share<T>> {
    let rows = rows.into_iter();
    rows.map(|(what, (connections, held_ms))| Share { what: what.into(), connections, held_ms }).collect()
}

fn profile(name: &str, seconds: u64) -> ProfileFacts {
    let tally = tally(25, seconds);
    ProfileFacts {
        name: name.into(),
        connections: 25,
        held_ms: tally.held_ms,
        longest_ms: tally.longest_ms,
        holds: tally.holds,
        hours: std::array::from_fn(|hour| (1, hour as u64 * 60_000)),
    }
}

fn harvest() -> Harvest {
    let shown = Shown {
        at: at("2026-11-16T09:00:00+00:00"),
        to: Net::around("203.0.113.9".parse().unwrap()),
        service: Service::Sundew,
        place: "/people/<i>anna</i>.html".into(),
        agent: Plain::from("Mozilla/5.0 (\"&<harvest>)"),
    };
    let mut delays = Holds::default();
    delays.add(3 * 86_400);
    let first_mail = at("2026-11-19T09:00:00+00:00");
    let last_mail = at("2026-11-28T09:00:00+00:00");
    let receipt = |text: &str, style: Style, shown: Option<Shown>| ReceiptFacts {
        receipt: text.to_owned(),
        season: 3,
        style,
        delay: shown.as_ref().map(|_| 3 * 86_400),
        shown,
        first_mail,
        last_mail,
        mails: 14,
        networks: 5,
    };
    Harvest {
        visits: 12,
        receipts: vec![
            receipt("s3.mailto.0a3f1.2", Style::Mailto, Some(shown.clone())),
            receipt("s3.cast.00001.0", Style::Cast, None),
        ],
        delays,
        harvesters: vec![Harvester {
            net: shown.to,
            agent: shown.agent.clone(),
            first: shown.at,
            last: shown.at,
            visits: 3,
            receipts: 1,
            mails: 14,
            delay: Some(3 * 86_400),
        }],
        seasons: vec![
            Season {
                season: 2,
                shown: None,
                visits: 0,
                receipts: 0,
                mails: 0,
                used: None,
                weekly: vec![0, 0],
            },
            Season {
                season: 3,
                shown: Some((shown.at, last_mail)),
                visits: 12,
                receipts: 2,
                mails: 28,
                used: Some((first_mail, last_mail)),
                weekly: vec![8, 20],
            },
        ],
        styles: vec![(Style::Mailto, 1, 14), (Style::Cast, 1, 14)],
    }
}

#[test]
fn the_sample_has_what_the_tables_need() {
    let summary = summary();
    assert_eq!(summary.services.len(), 3);
    assert_eq!(summary.at_several().count(), 2);
    let smtp = summary.service(Service::Smtarpit).unwrap();
    assert_eq!(smtp.spans(By::Week).len(), 2);
    assert_eq!(smtp.weeks[0].possible(35), 21_168_000);
    assert_eq!(smtp.weekdays().iter().sum::<u64>(), smtp.day_hours().iter().sum::<u64>());
}
