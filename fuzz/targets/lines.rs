//! The line reader: the same bytes give the same lines however they are cut, nothing is lost, and
//! no line is longer than the reader promises.

#![no_main]

use std::time::Duration;

use libfuzzer_sys::fuzz_target;
use sundew::engine::{Ending, Mode};
use sundew::lines::{KEEP, Lines, PART, QUEUE};

/// The lines of these bytes; `cuts` says how many come with each read, `modes` how each line is read.
fn lines(mut bytes: &[u8], cuts: &[u8], modes: u8) -> Vec<(Vec<u8>, Ending, bool)> {
    let mut reader = Lines::new();
    let (mut all, mut line) = (Vec::new(), Vec::new());
    let mode = |count: usize| if modes >> (count % 8) & 1 == 0 { Mode::Commands } else { Mode::Text };
    let mut cuts = cuts.iter().cycle();
    let mut at = Duration::ZERO;
    while !bytes.is_empty() {
        let cut = cuts.next().map_or(QUEUE, |&cut| usize::from(cut) + 1);
        let (now, later) = bytes.split_at(cut.min(reader.room()).min(bytes.len()));
        reader.feed(now, at);
        bytes = later;
        at += Duration::from_millis(40);
        while let Some(taken) = reader.next(mode(all.len()), &mut line) {
            let longest = if mode(all.len()) == Mode::Text { PART.max(KEEP) } else { KEEP };
            assert!(line.len() <= longest && !line.contains(&b'\n'));
            assert!(!taken.overlong || line.len() == KEEP);
            assert!(taken.arrival.first <= taken.arrival.last && taken.arrival.last <= at);
            all.push((line.clone(), taken.ending, taken.overlong));
        }
        assert_eq!(reader.room(), QUEUE, "whatever is no line yet is in the line, not in the queue");
    }
    assert!(reader.take_answers().len() < 128);
    if let Some(taken) = reader.rest(&mut line) {
        all.push((line.clone(), taken.ending, taken.overlong));
    }
    all
}

fuzz_target!(|data: &[u8]| {
    let [modes, count, rest @ ..] = data else { return };
    let Some((cuts, bytes)) = rest.split_at_checked(usize::from(count % 16)) else { return };
    let whole = lines(bytes, &[], *modes);
    assert_eq!(lines(bytes, cuts, *modes), whole);
    assert_eq!(lines(bytes, &[0], *modes), whole);
    if *modes == 0xff {
        let kept: usize = whole.iter().map(|(line, ..)| line.len()).sum();
        let endings = |ending| whole.iter().filter(|line| line.1 == ending).count();
        assert_eq!(kept + endings(Ending::Lf) + 2 * endings(Ending::CrLf), bytes.len(), "text loses nothing");
    }
});
