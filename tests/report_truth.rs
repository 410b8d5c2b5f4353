//! The report against what the generator knows, and the generator against what it promises.

use std::collections::{BTreeMap, BTreeSet};

use sundew::report::fold::{Fold, Period};
use sundew::report::intake::Intake;
use sundew::report::stamp::Stamps;
use sundew::report::summary::{By, Service, Settings};
use sundew::report::zone::Zone;
use sundew::report::{Net, Summary, relay};

use crate::loggen::form::Form;
use crate::loggen::truth::Truth;
use crate::loggen::{Plan, grosse};

/// A log in memory.
fn log(plan: &Plan, form: Form) -> (Vec<u8>, Truth) {
    let mut log = Vec::new();
    let truth = plan.write(form, &mut log).unwrap();
    (log, truth)
}

#[test]
fn the_generator_repeats_itself_and_has_something_of_everything() {
    let short = Plan { weeks: 0.1, ..Plan::new(5) };
    let again = log(&short, Form::Rfc3339).0;
    assert!(log(&short, Form::Rfc3339).0 == again, "another log from the same seed");
    assert!(log(&Plan { seed: 6, ..short }, Form::Rfc3339).0 != again, "the seed changes nothing");

    let plan = Plan { weeks: 3.0, machines: 1, visitors: 9_000, ..Plan::new(5) };
    let truth = log(&plan, Form::Rfc3339).1;
    let smtp = &truth.programs["smtarpit"];
    let (total, week) = (truth.total("smtarpit"), 7 * 86_400_000);
    assert_eq!(smtp.most, 35, "the slots are full at times");
    assert!(total.refused > 100 && smtp.killed > 10, "{total:?}");
    assert!(smtp.weeks.values().any(|facts| facts.longest_ms > week), "nobody stays longer than a week");
    assert!(smtp.weeks.values().all(|facts| facts.held_ms <= 35 * week), "more than there is room for");
    let ones = smtp.sources.values().filter(|seen| seen.hits == 1).count();
    assert!(ones * 2 > smtp.sources.len(), "most come once: {ones} of {}", smtp.sources.len());
    let most = smtp.sources.values().map(|seen| seen.hits).max();
    assert!(most > Some(200), "some come often: {most:?}");
    assert!(smtp.weekdays[4] > smtp.weekdays[0] * 6 / 5, "a rhythm: {:?}", smtp.weekdays);
    assert!(truth.receipts.values().any(|back| back.delay.is_some() && back.networks.len() > 1));
    assert!(truth.foreign > 0 && truth.programs.len() == 3);
}

#[test]
fn the_generator_makes_grosses_six_weeks() {
    let truth = grosse::write(Form::Rfc3339, std::io::sink()).unwrap();
    let smtp = &truth.programs["smtarpit"];
    assert_eq!(smtp.weeks.len(), 6);
    for (row, week) in grosse::WEEKS.iter().zip(smtp.weeks.values()) {
        let made = [week.held_ms / 1_000, week.longest_ms / 3_600_000, week.hits, week.null_from, week.rcpts];
        let his = [row.seconds, row.longest, row.hits, row.null_from, row.rcpts];
        assert_eq!(made, his, "{}", row.monday);
        assert_eq!(row.seconds / 3_600, row.hours, "{}", row.monday);
    }
    let percent = smtp.weekdays.map(|hits| (hits * 200 / smtp.hits).div_ceil(2));
    assert_eq!(percent, grosse::WEEKDAYS);
    assert!(smtp.most <= grosse::LANES);
}

/// The report of a log, after everything in it.
fn report(log: &[u8]) -> Summary {
    let settings = Settings {
        by: By::Week,
        week_start: chrono::Weekday::Mon,
        zone: "UTC".to_owned(),
        slots: 35,
        total: 40,
        top: 10,
        masked: false,
    };
    let mut fold = Fold::new(Zone::utc(), settings, Period::default());
    let mut progress = || ();
    let now = 1_800_000_000;
    let input = relay::count(&mut fold, |relay| {
        let mut intake = Intake::new(relay, &mut progress);
        intake.read(log, Stamps::new(Zone::utc(), now)).unwrap();
        intake.input
    });
    fold.finish(now, input)
}

#[test]
fn the_report_is_the_truth() {
    let plan = Plan { weeks: 3.0, visitors: 3_000, whole_seconds: true, ..Plan::new(11) };
    let (log, truth) = log(&plan, Form::Rfc3339);
    let summary = report(&log);
    assert_eq!((summary.input.events, summary.input.foreign), (truth.events, truth.foreign));
    assert_eq!((summary.input.unparsed, summary.input.duplicates), (0, 0));
    assert_eq!(summary.services.len(), 3);

    for (program, facts) in &truth.programs {
        let service = Service::ALL.into_iter().find(|service| service.as_str() == *program).unwrap();
        let report = summary.service(service).unwrap();
        for week in &report.weeks {
            let truth = facts.weeks.get(&week.start.timestamp()).copied().unwrap_or_default();
            let it = &week.tally;
            let [ours, theirs] = [
                [
                    it.held_ms,
                    it.longest_ms,
                    it.hits,
                    it.refused,
                    it.mails,
                    it.null_from,
                    it.rcpts,
                    it.logins,
                    it.pages,
                ],
                [
                    truth.held_ms,
                    truth.longest_ms,
                    truth.hits,
                    truth.refused,
                    truth.mails,
                    truth.null_from,
                    truth.rcpts,
                    truth.logins,
                    truth.pages,
                ],
            ];
            assert_eq!(ours, theirs, "{program} {}", week.name);
        }
        let hits: u64 = report.weeks.iter().map(|week| week.tally.hits).sum();
        assert_eq!((hits, report.total.hits), (facts.hits, facts.hits), "a week is missing");
        assert_eq!(report.weekdays(), facts.weekdays);
        assert_eq!(report.day_hours(), facts.hours);
        assert_eq!(
            (report.killed + report.open, report.total.holds.len()),
            (facts.killed, facts.hits),
            "{program}"
        );
        assert_eq!(u64::from(report.processes.most), facts.most as u64, "{program}");
    }
}

#[test]
fn the_report_knows_every_source() {
    let (log, truth) =
        log(&Plan { weeks: 2.0, visitors: 2_000, whole_seconds: true, ..Plan::new(12) }, Form::Rfc3339);
    let summary = report(&log);
    let mut sources: BTreeMap<Net, (u64, u64, u64)> = BTreeMap::new();
    for (ip, seen) in truth.programs.values().flat_map(|facts| &facts.sources) {
        let source = sources.entry(Net::host(*ip)).or_default();
        *source = (source.0 + seen.hits, source.1 + seen.mails, source.2 + seen.held_ms);
    }
    let reported =
        summary.sources.iter().map(|source| (source.net, (source.all_hits(), source.mails, source.held_ms)));
    assert_eq!(reported.collect::<BTreeMap<_, _>>(), sources);

    let mails: Vec<u64> = sources.values().map(|&(_, mails, _)| mails).filter(|&mails| mails > 0).collect();
    assert_eq!(summary.mails.addresses, mails.len() as u64);
    assert_eq!(summary.mails.ones, mails.iter().filter(|&&mails| mails == 1).count() as u64);
    assert_eq!(Some(&summary.mails.largest), mails.iter().max());
    let networks: BTreeSet<Net> = sources.keys().map(|net| net.network()).collect();
    assert_eq!(summary.networks.len(), networks.len());
}

#[test]
fn the_report_follows_addresses_from_the_harvest_to_the_spam() {
    let (log, truth) =
        log(&Plan { weeks: 5.0, visitors: 2_000, whole_seconds: true, ..Plan::new(13) }, Form::Rfc3339);
    let harvest = report(&log).harvest;
    assert_eq!(harvest.visits, truth.shown.len() as u64);
    let mails: u64 = truth.receipts.values().map(|back| back.mails).sum();
    assert!(truth.receipts.len() > 300 && mails > 1_000, "{} addresses, {mails} mails", truth.receipts.len());
    assert_eq!(harvest.receipts.len(), truth.receipts.len());
    for receipt in &harvest.receipts {
        let back = &truth.receipts[&receipt.receipt];
        let delay = back.delay.map(|delay| u64::try_from(delay / 1_000_000).unwrap());
        assert_eq!((receipt.mails, receipt.delay), (back.mails, delay), "{}", receipt.receipt);
        assert_eq!(receipt.networks, back.networks.len() as u64, "{}", receipt.receipt);
        assert_eq!(receipt.first_mail.timestamp(), back.first / 1_000_000, "{}", receipt.receipt);
    }
    let known = truth.receipts.values().filter(|back| back.delay.is_some()).count();
    assert_eq!(harvest.delays.len(), known as u64);
}
