//! The line in both directions, and that nothing of a peer gets into it as it came.

use super::*;
use proptest::prelude::*;

/// Any text that the log can have.
pub(crate) fn plain() -> impl Strategy<Value = Plain> {
    prop_oneof![
        proptest::collection::vec(any::<u8>(), 0..400).prop_map(|bytes| Plain::from_peer(&bytes)),
        "[ \"\\\\=a-z]{0,20}".prop_map(|text| Plain::from(text.as_str())),
    ]
}

fn seconds() -> impl Strategy<Value = Seconds> {
    any::<u32>().prop_map(|millis| Seconds::new(Duration::from_millis(millis.into())))
}

fn maybe<T: std::fmt::Debug + Clone>(some: impl Strategy<Value = T>) -> impl Strategy<Value = Option<T>> {
    proptest::option::of(some)
}

fn verdict() -> impl Strategy<Value = Verdict> {
    proptest::sample::select(Verdict::ALL)
}

prop_compose! {
    fn end()(
        (held, gaveup, waited) in (seconds(), maybe(seconds()), maybe(seconds())),
        (bytes_in, bytes_out, commands) in any::<(u64, u64, u64)>(),
        (stage, evidence, profile) in (plain(), plain(), plain()),
        reason in proptest::sample::select(Reason::ALL),
        kind in proptest::sample::select(Kind::ALL),
        (mails, null_from, rcpts) in any::<(Option<u64>, Option<u64>, Option<u64>)>(),
        (auths, messages, logins, retrs) in any::<(Option<u64>, Option<u64>, Option<u64>, Option<u64>)>(),
        (pages, made, unlogged) in any::<(Option<u64>, Option<u64>, Option<u64>)>(),
        tool in maybe(proptest::sample::select(Tool::ALL)),
    ) -> What {
        What::End {
            held, bytes_in, bytes_out, stage, reason, kind, evidence, gaveup, waited, profile, commands,
            mails, null_from, rcpts, auths, messages, logins, retrs, pages, made, unlogged, tool,
        }
    }
}

prop_compose! {
    fn page()(
        (method, host, path, agent) in (plain(), plain(), plain(), plain()),
        (status, bytes) in any::<(u64, u64)>(),
        (addresses, season) in any::<(Option<u64>, Option<u64>)>(),
        visit in maybe(plain()),
    ) -> What {
        What::Page { method, host, path, status, agent, bytes, addresses, season, visit }
    }
}

/// Any event.
pub(crate) fn what() -> impl Strategy<Value = What> {
    let addresses = (any::<Option<u16>>(), any::<Option<IpAddr>>(), any::<Option<u16>>());
    let connect = (addresses, any::<(u32, u32)>(), plain(), plain());
    prop_oneof![
        connect.prop_map(|((port, local, lport), (slot, busy), profile, persona)| {
            What::Connect { port, local, lport, slot, busy, profile, persona }
        }),
        (proptest::sample::select(Why::ALL), any::<u32>()).prop_map(|(why, busy)| What::Refuse { why, busy }),
        (plain(), plain()).prop_map(|(verb, name)| What::Helo { verb, name }),
        (plain(), verdict()).prop_map(|(from, verdict)| What::Mail { from, verdict }),
        (plain(), verdict(), maybe(plain())).prop_map(|(to, verdict, receipt)| What::Rcpt {
            to,
            verdict,
            receipt
        }),
        (plain(), plain(), verdict()).prop_map(|(user, method, verdict)| What::Auth {
            user,
            method,
            verdict
        }),
        (any::<u64>(), plain(), verdict(), maybe(plain()))
            .prop_map(|(bytes, sha256, verdict, stored)| What::Message { bytes, sha256, verdict, stored }),
        (plain(), plain(), verdict(), maybe(plain()), maybe(plain())).prop_map(
            |(user, method, verdict, password, visit)| What::Login { user, method, verdict, password, visit }
        ),
        any::<(u64, u64)>().prop_map(|(number, bytes)| What::Retr { number, bytes }),
        page(),
        (seconds(), plain(), plain(), any::<(Option<u64>, Option<u64>)>()).prop_map(
            |(held, stage, profile, (made, bytes_out))| What::Still { held, stage, profile, made, bytes_out }
        ),
        end(),
        plain().prop_map(|what| What::Error { what }),
    ]
}

proptest! {
    #[test]
    fn what_is_shown_is_read_as_the_same(id in plain(), peer in any::<Option<IpAddr>>(), what in what()) {
        let event = Event { id, peer, what };
        let line = event.to_string();
        prop_assert!(line.bytes().all(|byte| matches!(byte, 0x20..=0x7e)), "{line:?}");
        prop_assert_eq!(line.parse(), Ok(event), "{}", line);
    }

    #[test]
    fn any_text_is_an_event_or_none(text in ".{0,300}", word in proptest::sample::select(What::WORDS)) {
        let _ = text.parse::<Event>();
        let _ = format!("{} {text}", word.0).parse::<Event>();
    }
}

#[test]
fn a_line_is_as_documented() {
    let event = Event {
        id: "a1".into(),
        peer: Some("192.0.2.7".parse().unwrap()),
        what: What::Mail { from: Plain::from_peer(b"a \"b\\c\"\r\n\xff%s"), verdict: Verdict::Accept },
    };
    let line = r#"mail id=a1 peer=192.0.2.7 from="a \"b\\\\c\"\\x0d\\x0a\\xff%s" verdict=accept"#;
    assert_eq!(event.to_string(), line);
    assert_eq!(line.parse(), Ok(event));
}

#[test]
fn a_newer_key_is_skipped_and_a_broken_line_is_named() {
    let line = "refuse id=a peer=::1 why=slots busy=40 colour=\"dark blue\"";
    let what = What::Refuse { why: Why::Slots, busy: 40 };
    assert_eq!(line.parse::<Event>().map(|event| event.what), Ok(what));
    for (line, why) in [
        ("", NotAnEvent::Word),
        ("refused id=a", NotAnEvent::Word),
        ("refuse id=a why=slots", NotAnEvent::Key("busy")),
        ("refuse id=a why=often busy=1", NotAnEvent::Key("why")),
        ("refuse why=slots busy=1", NotAnEvent::Key("id")),
        ("refuse id=a peer=nobody why=slots busy=1", NotAnEvent::Key("peer")),
        ("refuse id=\"a why=slots busy=1", NotAnEvent::Form),
        ("refuse id=a why", NotAnEvent::Form),
        ("refuse id=a Why=slots busy=1", NotAnEvent::Form),
        ("refuse id=a why=slots busy=99999999999", NotAnEvent::Key("busy")),
    ] {
        assert_eq!(line.parse::<Event>(), Err(why), "{line}");
    }
}

#[test]
fn what_a_peer_sent_is_cut_and_says_so() {
    let long = Plain::from_peer(&[0; 1000]);
    assert!(long.as_str().len() <= Plain::LONGEST && long.as_str().ends_with("\\x00..."), "{long}");
    let short = Plain::from_peer(b"mx.example.org");
    assert_eq!(short.as_str(), "mx.example.org");
}

#[test]
fn seconds_have_no_idle_decimals() {
    for (millis, text) in [(0, "0"), (12_000, "12"), (350, "0.35"), (20_022, "20.022"), (1, "0.001")] {
        let seconds = Seconds::new(Duration::from_millis(millis));
        assert_eq!(seconds.to_string(), text);
        assert_eq!(text.parse(), Ok(seconds));
    }
    for text in ["", ".", "1.", "1.2345", "-1", "1e3", "99999999999999999999"] {
        assert!(text.parse::<Seconds>().is_err(), "{text}");
    }
}
