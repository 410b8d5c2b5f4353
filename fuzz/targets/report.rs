//! The report: a log may hold anything. No form of the report breaks, nothing of the log reaches a
//! terminal as it is, and a line is an event to the report if and only if it is one.

#![no_main]

use chrono::Weekday;
use libfuzzer_sys::fuzz_target;
use sundew::event::Event;
use sundew::report::fold::{Fold, Period};
use sundew::report::heard::{Details, Heard, Reader};
use sundew::report::intake::Intake;
use sundew::report::relay;
use sundew::report::stamp::Stamps;
use sundew::report::summary::{By, Settings};
use sundew::report::zone::Zone;
use sundew::report::{csv, json, prometheus, text};

/// 26 November 2026.
const NOW: i64 = 1_795_651_200;

fuzz_target!(|data: &[u8]| {
    for line in data.split(|byte| *byte == b'\n') {
        let message = line.splitn(2, |byte| *byte == b'\t').next().unwrap_or_default();
        let event = String::from_utf8_lossy(message).parse::<Event>();
        let mut heard = Heard::default();
        let id = Reader::default().read(message, &mut heard, &mut Details::default());
        assert_eq!(id.is_some(), event.is_ok(), "{:?}", String::from_utf8_lossy(message));
        if let Ok(event) = event {
            assert_eq!(heard.whose.peer, event.peer.map(|peer| peer.to_canonical()));
        }
    }
    let settings = Settings {
        by: By::Month,
        week_start: Weekday::Mon,
        zone: "UTC".to_owned(),
        slots: 35,
        total: 40,
        top: 10,
        masked: data.len() % 2 == 1,
    };
    let period = Period { from: (data.first() == Some(&b'2')).then_some(NOW - 86_400), to: None };
    let mut fold = Fold::new(Zone::utc(), settings, period);
    let mut idle = || {};
    let input = relay::count(&mut fold, |relay| {
        let mut intake = Intake::new(relay, &mut idle);
        assert!(intake.read(data, Stamps::new(Zone::utc(), NOW)).is_ok());
        intake.input
    });
    let summary = fold.finish(NOW, input);
    let input = &summary.input;
    assert_eq!(input.lines, input.events + input.duplicates + input.unparsed + input.foreign);
    for form in
        [text::render(&summary), json::render(&summary), csv::render(&summary), prometheus::render(&summary)]
    {
        assert!(form.bytes().all(|byte| matches!(byte, b' '..=b'~' | b'\n' | b'\r')));
    }
});
