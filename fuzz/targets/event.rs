//! The log line: any text is an event or none, what is shown of an event is read as the same event,
//! and nothing of a peer gets into the log as it came.

#![no_main]

use libfuzzer_sys::fuzz_target;
use sundew::event::{Event, Plain, Verdict, What};

fn same_again(event: &Event) {
    let line = event.to_string();
    assert!(line.bytes().all(|byte| matches!(byte, 0x20..=0x7e)), "{line:?}");
    assert_eq!(line.parse().as_ref(), Ok(event), "{line}");
}

fuzz_target!(|data: &[u8]| {
    if let Ok(event) = String::from_utf8_lossy(data).parse::<Event>() {
        same_again(&event);
    }
    let plain = Plain::from_peer(data);
    assert!(plain.as_str().len() <= Plain::LONGEST);
    assert!(plain.as_str().bytes().all(|byte| matches!(byte, 0x20..=0x7e)));
    let what = What::Mail { from: plain, verdict: Verdict::Accept };
    same_again(&Event { id: "1.2".into(), peer: None, what });
});
