//! The report against what the generator knows, and the generator against what it promises.

use crate::loggen::form::Form;
use crate::loggen::{Plan, grosse};

/// A log in memory.
fn log(plan: &Plan, form: Form) -> (Vec<u8>, crate::loggen::truth::Truth) {
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
