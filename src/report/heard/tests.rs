//! That nothing is read otherwise than by `Event::from_str`.

use super::*;
use crate::event::tests::{plain, what};
use crate::event::{Event, Plain, Seconds, What};
use proptest::prelude::*;
use std::time::Duration;

fn millis(seconds: Seconds) -> u64 {
    u64::try_from(seconds.duration().as_millis()).unwrap_or(u64::MAX)
}

fn plain_if(text: Option<Text<'_>>) -> Option<Plain> {
    text.map(|text| text.plain())
}

/// Holds what was heard against the event that was read.
fn same(said: &Said<'_>, what: &What) -> bool {
    match (said, what) {
        (Said::Connect { busy }, What::Connect { busy: b, .. }) => busy == b,
        (Said::Refuse { why, busy }, What::Refuse { why: w, busy: b }) => (why, busy) == (w, b),
        (Said::Helo, What::Helo { .. }) => true,
        (Said::Mail { null }, What::Mail { from, .. }) => *null == from.as_str().is_empty(),
        (Said::Rcpt { receipt }, What::Rcpt { receipt: r, .. }) => plain_if(*receipt) == *r,
        (Said::Auth { user }, What::Auth { user: u, .. }) => user.plain() == *u,
        (Said::Message, What::Message { .. }) | (Said::Retr, What::Retr { .. }) => true,
        (Said::Login { user, visit }, What::Login { user: u, visit: v, .. }) => {
            user.plain() == *u && plain_if(*visit) == *v
        }
        (
            Said::Page { path, agent, addresses, season, visit },
            What::Page { path: p, agent: a, addresses: n, season: s, visit: v, .. },
        ) => {
            path.plain() == *p
                && agent.plain() == *a
                && *addresses == n.unwrap_or(0)
                && season == s
                && plain_if(*visit) == *v
        }
        (Said::Still { held_ms, bytes_out }, What::Still { held, bytes_out: out, .. }) => {
            *held_ms == millis(*held) && bytes_out == out
        }
        (Said::Error { what }, What::Error { what: w }) => what.plain() == *w,
        (Said::End(end), What::End { .. }) => same_end(end, what),
        _ => false,
    }
}

fn same_end(end: &End<'_>, what: &What) -> bool {
    let again = What::End {
        held: Seconds::new(Duration::from_millis(end.held_ms)),
        bytes_in: end.bytes_in,
        bytes_out: end.bytes_out,
        stage: end.stage.plain(),
        reason: end.reason,
        kind: end.kind,
        evidence: match what {
            What::End { evidence, .. } => evidence.clone(),
            _ => Plain::default(),
        },
        gaveup: end.gaveup_ms.map(|ms| Seconds::new(Duration::from_millis(ms))),
        profile: end.profile.plain(),
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
        tool: end.tool,
    };
    again == *what
}

fn check(line: &[u8]) -> Result<(), TestCaseError> {
    let text = String::from_utf8_lossy(line);
    if let Some(quick) = quick::read(line) {
        prop_assert_eq!(Ok(quick), Heard::read_any(line));
    }
    match (Heard::read(line), text.parse::<Event>()) {
        (Ok(heard), Ok(event)) => {
            prop_assert_eq!(heard.id.plain(), event.id.clone());
            prop_assert_eq!(heard.peer, event.peer.map(|peer| peer.to_canonical()));
            prop_assert!(same(&heard.said, &event.what), "{heard:?} {event:?}");
        }
        (Err(_), Err(_)) => {}
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
