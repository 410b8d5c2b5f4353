//! What holds for every text of every table, and for every reply to whatever is sent.

use super::*;
use crate::persona::pop3::{Malformed, Numbers, WORDS};
use proptest::collection::vec;
use proptest::prelude::{ProptestConfig, Strategy, any, prop_assert, prop_oneof, proptest};
use proptest::sample::select;
use std::collections::BTreeSet;

/// Every text of a persona but those that are not replies: capabilities, unique-ids and challenges.
fn texts(persona: &'static Persona) -> Vec<&'static str> {
    let Persona { login, sasl, mail, top, .. } = persona;
    let mut texts = vec![persona.banner, persona.capa, persona.busy];
    for state in [&persona.before, &persona.after] {
        texts.extend([state.unknown, state.empty, state.quit]);
        texts.extend(state.idle_text);
        texts.extend(state.longest.map(|longest| longest.text));
        texts.extend(state.patience.and_then(|patience| patience.instead));
    }
    for verb in persona.before.verbs.iter().chain(persona.named).chain(persona.after.verbs) {
        match verb.does {
            Does::Say(text) | Does::Stls(text) => texts.push(text),
            _ => {}
        }
        match verb.argument {
            Argument::Any => {}
            Argument::Needed(text) | Argument::Refused(text) => texts.push(text),
            Argument::Words { few, many, .. } => texts.extend([few, many]),
        }
    }
    texts.extend([login.user, login.no_user, login.accepted, login.refused]);
    texts.extend([login.apop_form, login.apop_refused]);
    texts.extend([sasl.unknown, sasl.accepted, sasl.refused, sasl.cancelled]);
    texts.extend([sasl.initial, sasl.length, sasl.characters]);
    texts.extend([sasl.list, sasl.no_initial, sasl.idle_text].into_iter().flatten());
    texts.extend(sasl.longest.map(|longest| longest.text));
    for malformed in [sasl.malformed, sasl.digest_malformed] {
        if let Malformed::Aborted(text) = malformed {
            texts.push(text);
        }
    }
    texts.extend([mail.stat, mail.list, mail.list_one, mail.uidl, mail.uidl_one, mail.top, mail.retr]);
    texts.extend([mail.dele, mail.rset, mail.last, mail.quit_deleted]);
    for numbers in [&persona.numbers, &persona.uidl, &top.message] {
        let Numbers { missing, invalid, too_large, huge, noise, zero, none, deleted, .. } = *numbers;
        texts.extend([missing, invalid, too_large, huge, noise, zero, none, deleted]);
    }
    texts.extend([top.missing, top.invalid, top.huge, top.noise]);
    texts.retain(|text| !text.is_empty());
    texts
}

#[test]
fn every_text_is_a_reply() {
    for name in Name::ALL {
        for text in texts(name.persona()) {
            assert!(text.starts_with("+OK") || text.starts_with("-ERR"), "{name:?}: {text}");
            assert!(text.lines().all(|line| line.len() < 200), "{name:?}: {text}");
        }
    }
}

#[test]
fn every_text_is_plain_and_its_words_are_known() {
    let mut used = BTreeSet::new();
    for name in Name::ALL {
        let persona = name.persona();
        let mut all = texts(persona);
        all.extend(persona.before.capabilities.iter().chain(persona.after.capabilities));
        all.extend([persona.mail.uid, persona.sasl.challenge]);
        all.extend(persona.login.closes.map(|(_, text)| text));
        all.extend([&persona.before, &persona.after].map(|state| state.patience.map_or("", |p| p.text)));
        for text in all {
            assert!(text.bytes().all(|b| (b' '..=b'~').contains(&b) || b == b'\n'), "{name:?}: {text:?}");
            for word in text.split('{').skip(1) {
                let (word, _) = word.split_once('}').unwrap_or_else(|| panic!("{name:?}: {text}"));
                assert!(WORDS.contains(&word), "{name:?}: {word} in {text}");
                used.insert(word);
            }
        }
    }
    let unused: Vec<_> = WORDS.iter().filter(|word| !used.contains(**word)).collect();
    assert!(unused.is_empty(), "{unused:?}");
}

#[test]
fn every_persona_knows_what_it_must() {
    for name in Name::ALL {
        let persona = name.persona();
        let knows = |verbs: &[Verb], word: &str| verbs.iter().any(|verb| verb.word == word);
        for word in ["USER", "PASS", "CAPA", "AUTH", "STLS", "QUIT"] {
            assert!(knows(persona.before.verbs, word), "{name:?} {word}");
        }
        for word in ["CAPA", "STAT", "LIST", "UIDL", "TOP", "RETR", "DELE", "RSET", "NOOP", "QUIT"] {
            assert!(knows(persona.after.verbs, word), "{name:?} {word}");
        }
        for verbs in [persona.before.verbs, persona.named, persona.after.verbs] {
            let words: BTreeSet<_> = verbs.iter().map(|verb| verb.word).collect();
            assert_eq!(words.len(), verbs.len(), "{name:?} has a verb twice");
            assert!(
                words.iter().all(|word| word.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit()))
            );
        }
        assert!(busy(persona, "mx.trap.example").starts_with(b"-ERR [SYS/TEMP] "), "{name:?}");
        assert!(busy(persona, "mx.trap.example").ends_with(b"\r\n"), "{name:?}");
    }
}

#[test]
fn dovecot_thinks_longer_and_longer() {
    let failure = Name::Dovecot.persona().failure;
    let penalties: Vec<u64> = failure.penalties.iter().map(Duration::as_secs).collect();
    assert_eq!((failure.pause.as_secs(), penalties), (2, vec![0, 4, 8, 15, 15]));
    assert_eq!(Name::Courier.persona().failure.pause.as_secs(), 5);
    assert!(Name::ALL.iter().all(|name| name.persona().failure.pause >= Duration::from_secs(2)));
}

#[test]
fn capabilities_without_end() {
    for name in Name::ALL {
        let dialogue = Paper::of(*name).dialogue;
        let mut rng = Rng::seed_from_u64(7);
        let lines: Vec<_> = (0..10_000).map(|nth| dialogue.capability(nth, &mut rng)).collect();
        for line in &lines {
            let text = line.strip_suffix(b"\r\n").unwrap();
            assert!((3..=40).contains(&text.len()), "{name:?}");
            assert!(text.iter().all(|b| b.is_ascii_alphanumeric() || b" -/".contains(b)), "{name:?}");
        }
        assert!(lines.windows(2).all(|two| two[0] != two[1]), "{name:?}");
        let different: BTreeSet<_> = lines.iter().collect();
        assert!(different.len() > 1_000, "{name:?}: {}", different.len());
        assert!(!dialogue.capability(u32::MAX, &mut rng).is_empty());
    }
}

/// Lines as they come, and such as come close to something.
fn lines() -> impl Strategy<Value = Vec<Vec<u8>>> {
    let verb = select(
        &[
            "USER", "PASS", "APOP", "AUTH", "CAPA", "STLS", "STAT", "LIST", "UIDL", "TOP", "RETR", "DELE",
            "RSET", "NOOP", "LAST", "XTND", "quit x", "",
        ][..],
    );
    let blank = select(&[" ", "", "\0", "  "][..]);
    let byte = || any::<u8>().prop_filter("no part of a line", |b| *b != b'\n');
    let argument = prop_oneof![
        vec(byte(), 0..40),
        "[ \t\r]{0,2}-?[0-9]{0,21}[ x]?-?[0-9]{0,21}".prop_map(String::into_bytes),
        "(PLAIN|LOGIN|CRAM-MD5)( [A-Za-z0-9=*!]{0,12})?".prop_map(String::into_bytes),
        "[{]?(word|n|argument|host)[}]?".prop_map(String::into_bytes),
        vec(byte(), 300..3_000),
    ];
    let line = (verb, blank, argument)
        .prop_map(|(verb, blank, argument)| [verb.as_bytes(), blank.as_bytes(), &argument].concat());
    vec(prop_oneof![4 => line, 1 => vec(byte(), 0..60)], 1..25)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn replies_are_lines_whatever_is_sent(lines in lines(), inside: bool, at in 0..Name::ALL.len()) {
        let name = Name::ALL[at];
        let mut paper = if inside { Paper::inside(name) } else { Paper::of(name) };
        for line in lines {
            if paper.next != Next::Command {
                break;
            }
            let reply = paper.hear(&line);
            let message = reply.stage == Stage::Retr;
            prop_assert!(reply.text.is_empty() || reply.text.ends_with(b"\r\n"));
            let answered: Vec<&[u8]> = reply.text.split_inclusive(|&b| b == b'\n').collect();
            for (at, text) in answered.iter().enumerate() {
                if message && at > 0 {
                    continue;
                }
                prop_assert!(text.ends_with(b"\r\n") && text.len() <= 512);
                let text = &text[..text.len() - 2];
                prop_assert!(text.iter().all(|b| (b' '..=b'~').contains(b)), "{:?}", text);
            }
            prop_assert!(reply.notes.len() <= 1);
        }
    }
}
