//! The SMTP tarpit under the driver: whatever a peer does and whenever, the conversation goes on in
//! lines that a client can read, and ends with one `end`.
//!
//! The first bytes choose policy, pacing and the sizes of pieces and pauses; the rest is what the peer
//! sends, as it is or folded into the protocol's alphabet.

#![no_main]

mod common;

use chrono::DateTime;
use libfuzzer_sys::fuzz_target;
use rand::SeedableRng;
use std::time::Duration;
use sundew::Rng;
use sundew::clock::{Clock, Fake};
use sundew::drive::Drive;
use sundew::event::What;
use sundew::pace::Schedule;
use sundew::script::{Act, Script};
use sundew::smtp::dialogue::{Dialogue, Stage};
use sundew::smtp::pacing::{Hold, HoldAt, Pace, Pacing};
use sundew::smtp::session::Session;

const STAGES: [Stage; 8] =
    [Stage::Banner, Stage::Helo, Stage::Auth, Stage::Mail, Stage::Rcpt, Stage::Data, Stage::Dot, Stage::Quit];

fuzz_target!(|data: &[u8]| {
    let [choice, how, pieces, pause, rest @ ..] = data else { return };
    let bytes = common::fold(rest, how & 1 == 1);
    let hold = [Hold::Auto, Hold::Endless, Hold::Edge, Hold::Auto][usize::from(how >> 1 & 3)];
    let hold_at = match how >> 1 & 3 {
        3 => HoldAt::Auto,
        _ => HoldAt::Stage(STAGES[usize::from(how >> 3 & 7)]),
    };
    let pacing = Pacing { hold, hold_at, ..Pace::Day.pacing() };
    let schedule = Schedule { name: "day".into(), ordinary: pacing, profiles: Vec::new() };
    let last = [Act::Reset, Act::Close, Act::Vanish, Act::Signal][usize::from(how >> 6)].clone();

    // Pieces of 1 to 256 bytes, each some time after the one before; then two hours of patience.
    let mut queue: Vec<Vec<u8>> =
        bytes.chunks(usize::from(*pieces) + 1).take(400).map(<[u8]>::to_vec).collect();
    queue.reverse();
    let gap = Duration::from_millis(u64::from(*pause) * u64::from(*pause));
    let end = Duration::from_secs(7200) + gap * 400;
    let mut next = gap;
    let mut over = false;
    let peer = move |_: &[u8], now: Duration| match queue.pop() {
        Some(piece) => {
            next = next.max(now) + gap;
            Some((next, Act::Send(piece)))
        }
        None if over => Some((end * 2, Act::Reset)),
        None => {
            over = true;
            Some((end.max(now), last.clone()))
        }
    };

    let clock = Fake::at(DateTime::UNIX_EPOCH.fixed_offset());
    let dialogue = Dialogue::new(common::policy(*choice));
    let mut session = Session::new(dialogue, schedule, false, clock.wall(), Rng::seed_from_u64(1));
    let mut wire = Script::new(clock.clone(), peer);
    let mut ends = 0;
    let mut log = |what: What| ends += usize::from(matches!(what, What::End { .. }));
    Drive::new(&mut wire, &clock, 1.0, &mut log).run(&mut session, []);
    assert_eq!(ends, 1);
    for line in wire.said.split(|&byte| byte == b'\n') {
        assert!(line.len() <= 1_200, "{}", line.escape_ascii());
    }
});
