//! That nothing is read otherwise than by `Event::from_str`.

use super::*;
use crate::event::tests::{plain, what};
use crate::event::{Event, Plain, Seconds, What};
use proptest::prelude::*;
use std::net::IpAddr;
use std::time::Duration;

fn millis(seconds: Seconds) -> u64 {
    u64::try_from(seconds.duration().as_millis()).unwrap_or(u64::MAX)
}

/// What a visit or a receipt is, if it is one at all.
fn read_if<T>(text: &Option<Plain>, read: fn(&[u8]) -> Option<T>) -> Option<T> {
    text.as_ref().and_then(|text| read(text.as_str().as_bytes()))
}

/// Holds what was heard against the event that was read.
fn same(said: &Said, details: &Details, what: &What) -> bool {
    let is = |word: Word, text: &Plain| details.bytes(word) == text.as_str().as_bytes();
    match (said, what) {
        (Said::Connect, What::Connect { .. }) => true,
        (Said::Refuse { why, busy }, What::Refuse { why: w, busy: b }) => (why, busy) == (w, b),
        (Said::Helo, What::Helo { .. }) => true,
        (Said::Mail { null }, What::Mail { from, .. }) => *null == from.as_str().is_empty(),
        (Said::Rcpt { receipt }, What::Rcpt { receipt: r, .. }) => *receipt == read_if(r, receipts::read),
        (Said::Auth { user }, What::Auth { user: u, .. }) => is(*user, u),
        (Said::Message, What::Message { .. }) | (Said::Retr, What::Retr { .. }) => true,
        (Said::Login { user, visit }, What::Login { user: u, visit: v, .. }) => {
            is(*user, u) && *visit == read_if(v, receipts::visit)
        }
        (
            Said::Page { path, agent, addresses, season, visit },
            What::Page { path: p, agent: a, addresses: n, season: s, visit: v, .. },
        ) => {
            is(*path, p)
                && is(*agent, a)
                && *addresses == n.unwrap_or(0)
                && *season == s.and_then(|season| u8::try_from(season).ok())
                && *visit == read_if(v, receipts::visit)
        }
        (Said::Still { held_ms, bytes_out }, What::Still { held, bytes_out: out, .. }) => {
            *held_ms == millis(*held) && bytes_out == out
        }
        (Said::Error { what }, What::Error { what: w }) => is(*what, w),
        (Said::End(nth), What::End { .. }) => {
            details.ended(*nth).is_some_and(|end| same_end(end, details, what))
        }
        _ => false,
    }
}

fn same_end(end: &End, details: &Details, what: &What) -> bool {
    let plain = |word| Plain::from_log(details.bytes(word)).unwrap();
    // What no table shows is read and not kept.
    let What::End { evidence, waited, unlogged, .. } = what.clone() else { return false };
    let again = What::End {
        held: Seconds::new(Duration::from_millis(end.held_ms)),
        bytes_in: end.bytes_in,
        bytes_out: end.bytes_out,
        stage: plain(end.stage),
        reason: end.reason,
        kind: end.kind,
        evidence,
        gaveup: end.gaveup_ms.map(|ms| Seconds::new(Duration::from_millis(ms))),
        waited,
        profile: plain(end.profile),
        commands: end.commands,
        mails: end.mails,
        null_from: end.null_from,
        rcpts: end.rcpts,
        auths: end.auths,
        messages: end.messages,
        logins: end.logins,
        retrs: end.retrs,
        pages: end.pages,
        made: end.made,
        unlogged,
        tool: end.tool,
    };
    again == *what
}

fn check(line: &[u8]) -> Result<(), TestCaseError> {
    let text = String::from_utf8_lossy(line);
    let mut reader = Reader::default();
    for _ in 0..2 {
        // What is known from the first time is the same the second time.
        let mut quick = (Heard::default(), Details::default());
        let mut other = quick.clone();
        if let Some(id) = quick::read(line, &mut reader.known, &mut quick.0, &mut quick.1) {
            prop_assert_eq!(Some(id), reader.read_any(line, &mut other.0, &mut other.1).ok());
            prop_assert_eq!(quick, other);
        }
    }
    let (mut heard, mut details) = (Heard::default(), Details::default());
    match (reader.read(line, &mut heard, &mut details), text.parse::<Event>()) {
        (Some(id), Ok(event)) => {
            prop_assert!(id == event.id.as_str().as_bytes() || id.contains(&b'\\'));
            prop_assert_eq!(heard.whose.peer, event.peer.map(|peer| peer.to_canonical()));
            prop_assert!(same(&heard.said, &details, &event.what), "{heard:?} {event:?}");
        }
        (None, Err(_)) => {}
        (heard, event) => prop_assert!(false, "{text}\n{heard:?}\n{event:?}"),
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn what_an_event_shows_is_heard(id in plain(), peer in any::<Option<IpAddr>>(), what in what()) {
        check(Event { id, peer, what }.to_string().as_bytes())?;
    }

    #[test]
    fn a_changed_line_is_taken_by_both_or_by_none(
        id in plain(), peer in any::<Option<IpAddr>>(), what in what(),
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..3_u8), 1..4),
    ) {
        let mut line = Event { id, peer, what }.to_string().into_bytes();
        for (at, byte, how) in changes {
            let at = at.index(line.len());
            let byte = if byte & 0x80 == 0 { b"\\\"= +.09-az:\xc3"[usize::from(byte) % 13] } else { byte };
            match how {
                0 => line[at] = byte,
                1 => line.insert(at, byte),
                _ => line.truncate(at.max(1)),
            }
        }
        check(&line)?;
    }
}

#[test]
fn every_event_is_heard() {
    let words: Vec<_> = READERS.iter().map(|(word, _)| *word).collect();
    assert_eq!(words.len(), What::WORDS.len());
    assert!(What::WORDS.iter().all(|(word, _)| words.contains(word)));
}

#[test]
fn what_is_unusual_is_read_alike() {
    for line in [
        "retr id=1 number=+5 bytes=\"1\\2\"",
        "retr id=1 number=5 number=x bytes=1",
        "retr id=1 number=5bytes=1",
        "retr id=\"1\"number=5 bytes=1",
        "retr  id=1   number=5  bytes=1  ",
        "retr id= number=5 bytes=1",
        "retr id=\"\\",
        "retr id=\"1 2\" peer=192.0.2 number=5 bytes=1",
        "retr id=1 peer=::ffff:192.0.2.7 number=18446744073709551615 bytes=18446744073709551616",
        "retr",
        "retr ",
        "error id=1 what=\u{e9}",
        "error id=1 what=fine colour=\u{e9}",
        "still id=1 held=.5 stage=a profile=b",
        "still id=1 held=1. stage=a profile=b",
        "still id=1 held=1.5 stage=a profile=b",
        "still id=1 held=\"18446744073709551615\" stage=a profile=b",
    ] {
        check(line.as_bytes()).unwrap();
    }
}
