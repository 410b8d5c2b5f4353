//! The POP3 tarpit under the driver: whatever a peer does and whenever, each reply is whole lines, and
//! the conversation ends with one `end`.
//!
//! The first bytes choose persona, pacing and the sizes of pieces and pauses; the rest is what the peer
//! sends, as it is or folded into the protocol's alphabet. Every fourth login succeeds.

#![no_main]

use chrono::{DateTime, FixedOffset};
use libfuzzer_sys::fuzz_target;
use rand::SeedableRng;
use std::time::Duration;
use sundew::Rng;
use sundew::clock::{Clock, Fake};
use sundew::drive::Drive;
use sundew::event::{Plain, What};
use sundew::key::Key;
use sundew::pace::Schedule;
use sundew::persona::pop3::Name;
use sundew::pop3::dialogue::{Dialogue, Policy};
use sundew::pop3::gate::{Gate, Judged, Try};
use sundew::pop3::mailbox::{Cast, Mailbox, Origin, Person};
use sundew::pop3::pacing::{Delay, EndlessCapa, Pace, Pacing};
use sundew::pop3::session::Session;
use sundew::script::{Act, Script};

const ALPHABET: &[&[u8]] = &[
    b"CAPA\r\n",
    b"STLS\r\n",
    b"USER anna\r\n",
    b"USER \r\n",
    b"PASS secret\r\n",
    b"PASS \r\n",
    b"APOP anna 0123456789abcdef\r\n",
    b"AUTH\r\n",
    b"AUTH PLAIN\r\n",
    b"AUTH PLAIN AGFubmEAc2VjcmV0\r\n",
    b"AUTH LOGIN\r\n",
    b"AUTH CRAM-MD5\r\n",
    b"AUTH NTLM\r\n",
    b"YW5uYQ==\r\n",
    b"YQ=\r\n",
    b"*\r\n",
    b"STAT\r\n",
    b"LIST\r\n",
    b"LIST 1\r\n",
    b"UIDL\r\n",
    b"UIDL 999\r\n",
    b"RETR 1\r\n",
    b"RETR 20\r\n",
    b"TOP 1 1\r\n",
    b"TOP 2 99999999999\r\n",
    b"DELE 1\r\n",
    b"DELE 2\r\n",
    b"RSET\r\n",
    b"LAST\r\n",
    b"NOOP\r\n",
    b"QUIT\r\n",
    b"HELP\r\n",
    b"\r\n",
    b"\n",
    b" ",
    b"\t",
    b"\x00",
    b"\xff\xfd\x01",
    b"\x80",
    b"-1",
    b"18446744073709551616",
    b"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    b"{user}",
    b"RETR ",
    b"TOP ",
    b"%",
    b".\r\n",
    b"..\r\n",
];

struct Fourth(u32);

impl Gate for Fourth {
    fn judge(&mut self, _tried: Try<'_>, _wall: DateTime<FixedOffset>) -> Judged {
        self.0 += 1;
        let accepted = self.0.is_multiple_of(4);
        Judged { accepted, failures: self.0, visit: accepted.then_some(self.0) }
    }
}

struct Staff;

impl Cast for Staff {
    fn colleague(&self, number: u32) -> Person {
        Person { given: "Anna".into(), family: "Berger".into(), address: format!("a{number}@trap.example") }
    }

    fn stranger(&self, number: u32) -> Person {
        self.colleague(100 + number)
    }
}

fuzz_target!(|data: &[u8]| {
    let [choice, how, pieces, pause, rest @ ..] = data else { return };
    let bytes: Vec<u8> = match how & 1 {
        0 => rest.to_vec(),
        _ => rest.iter().flat_map(|&byte| ALPHABET[usize::from(byte) % ALPHABET.len()]).copied().collect(),
    };
    let persona = Name::ALL[usize::from(*choice) % Name::ALL.len()].persona();
    let delay = [Delay::Sticky, Delay::Natural, Delay::Tool, Delay::Sticky][usize::from(how >> 1 & 3)];
    let endless_capa = [EndlessCapa::Guessing, EndlessCapa::Always][usize::from(how >> 3 & 1)];
    let pacing = Pacing { delay, endless_capa, capa_size: 2_000, ..Pace::Day.pacing() };
    let schedule = Schedule { name: "day".into(), ordinary: pacing, profiles: Vec::new() };
    let last = [Act::Reset, Act::Close, Act::Vanish, Act::Signal][usize::from(how >> 6)].clone();

    // Pieces of 1 to 256 bytes, each some time after the one before; then two hours of patience.
    let mut queue: Vec<Vec<u8>> =
        bytes.chunks(usize::from(*pieces) + 1).take(200).map(<[u8]>::to_vec).collect();
    queue.reverse();
    let gap = Duration::from_millis(u64::from(*pause) * u64::from(*pause));
    let end = Duration::from_secs(7200) + gap * 200;
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

    let clock = Fake::at(DateTime::UNIX_EPOCH.fixed_offset() + chrono::TimeDelta::days(20_800));
    let key = Key::new("a key of the fuzzer");
    let policy = Policy {
        persona,
        hostname: "mx.trap.example".into(),
        gate: Box::new(Fourth(0)),
        mailboxes: Box::new(move |user, _, wall| {
            let (domain, hostname) = ("trap.example", "mx.trap.example");
            Mailbox::of(&Origin { key: &key, user, domain, hostname, wall, cast: &Staff })
        }),
        passwords: Box::new(|password| Some(Plain::from_peer(password))),
    };
    let guessing = how & 16 == 16;
    let rng = Rng::seed_from_u64(1);
    let mut session = Session::new(Dialogue::new(policy), schedule, false, guessing, clock.wall(), rng);
    let mut wire = Script::new(clock.clone(), peer);
    let mut ends = 0;
    let mut log = |what: What| ends += usize::from(matches!(what, What::End { .. }));
    Drive::new(&mut wire, &clock, 1.0, &mut log).run(&mut session, []);
    assert_eq!(ends, 1);
    let mut at = 0;
    for (_, bytes) in &wire.pieces {
        let piece = &wire.said[at..at + bytes];
        at += bytes;
        // The answers to telnet negotiation stand alone.
        assert!(piece.ends_with(b"\r\n") || piece.starts_with(b"\xff"), "{}", piece.escape_ascii());
        assert!(piece.split(|&byte| byte == b'\n').all(|line| line.len() <= 1_000));
    }
});
