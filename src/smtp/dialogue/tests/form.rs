//! Whatever comes, a reply has the form of one; and the tables are sound.

use super::*;
use crate::persona::smtp::WORDS;
use rand::RngExt as _;

/// Fails unless this is one or more replies of RFC 5321 4.2: each line ended by CR LF, at most 512
/// bytes, printable, three digits and a blank or a dash, one code for all lines of a reply.
fn check_form(text: &[u8]) {
    let shown = String::from_utf8_lossy(text);
    let body = text.strip_suffix(b"\r\n").unwrap_or_else(|| panic!("no CR LF: {shown:?}"));
    let mut open: Option<&[u8]> = None;
    for line in body.split(|&b| b == b'\n') {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        assert!(line.len() <= 510, "too long: {shown:?}");
        assert!(line.iter().all(|b| matches!(b, 0x20..=0x7e | b'\t')), "not plain: {shown:?}");
        let (code, rest) = line.split_at_checked(3).unwrap_or_else(|| panic!("no code: {shown:?}"));
        assert!(code.iter().all(u8::is_ascii_digit), "no code: {shown:?}");
        assert!(open.is_none_or(|open| open == code), "two codes: {shown:?}");
        open = match rest.first() {
            Some(b'-') => Some(code),
            Some(b' ') => None,
            _ => panic!("neither blank nor dash: {shown:?}"),
        };
    }
    assert!(open.is_none(), "not complete: {shown:?}");
    assert_eq!(
        text.iter().filter(|&&b| b == b'\n').count(),
        text.windows(2).filter(|pair| pair == b"\r\n").count()
    );
}

/// A line of noise: sometimes bytes, sometimes what a broken mail program could say.
fn noise(rng: &mut Rng) -> Vec<u8> {
    const PARTS: &[&str] = &[
        "EHLO",
        "HELO",
        "MAIL",
        "RCPT",
        "DATA",
        "AUTH",
        "QUIT",
        "RSET",
        "VRFY",
        "HELP",
        "NOOP",
        "ETRN",
        " ",
        " ",
        ":",
        "<",
        ">",
        "@",
        "FROM:",
        "TO:",
        "LOGIN",
        "PLAIN",
        "SIZE=",
        "9999999999999999999999",
        "BODY=8BITMIME",
        "\"",
        "\\",
        ".",
        "a",
        "trap.example",
        "(",
        ")",
        "[",
        "]",
        "=",
        "*",
        "dXNlcg==",
        "\t",
        "{host}",
        "{",
        "}",
        "%",
        "-",
        "250-",
        "é",
    ];
    if rng.random_bool(0.2) {
        let length = rng.random_range(0..3000);
        return (0..length).map(|_| rng.random::<u8>()).collect();
    }
    let count = rng.random_range(0..12);
    let part = |_| PARTS[rng.random_range(0..PARTS.len())].as_bytes().to_vec();
    (0..count).flat_map(part).collect()
}

#[test]
fn noise_is_answered_in_form() {
    for (seed, name) in (0..40u64).flat_map(|seed| Name::ALL.iter().map(move |name| (seed, *name))) {
        let mut noisy = Rng::seed_from_u64(seed);
        let mut paper = Paper::of(name);
        paper.honeypot = seed % 3 == 0;
        for nth in 0..200 {
            let (line, ending) = match nth % 7 {
                0 => (b"MAIL FROM:<a@b.example>".to_vec(), Ending::CrLf),
                1 => (b"RCPT TO:<x@trap.example>".to_vec(), Ending::Lf),
                5 if paper.next == Next::Text => (b".".to_vec(), Ending::CrLf),
                _ => (noise(&mut noisy), Ending::CrLf),
            };
            let Some(reply) = paper.hear(&line, ending) else {
                continue;
            };
            check_form(&reply.text);
            if let Next::Close(_) = reply.next {
                paper = Paper::of(name);
                continue;
            }
            let more = paper.dialogue.continuation(&reply.text, nth, &mut noisy);
            assert!(more.len() < 500);
            check_form(
                &[more.as_slice(), reply.text.rsplit(|&b| b == b'\n').nth(1).unwrap(), b"\n"].concat(),
            );
        }
    }
}

#[test]
fn an_endless_reply_is_varied() {
    for name in Name::ALL {
        let mut paper = Paper::of(*name);
        let mut rng = Rng::seed_from_u64(7);
        paper.say("EHLO client.example");
        paper.say("MAIL FROM:<a@b.example>");
        for line in ["NOOP", "EHLO client.example", "RCPT TO:<x@trap.example>", "DATA"] {
            let reply = paper.say(line) + "\r\n";
            let lines: Vec<Vec<u8>> =
                (0..200).map(|nth| paper.dialogue.continuation(reply.as_bytes(), nth, &mut rng)).collect();
            assert!(lines.windows(2).all(|pair| pair[0] != pair[1]), "{name}: {line}");
            assert!(lines.iter().all(|next| next.starts_with(&reply.as_bytes()[..3]) && next[3] == b'-'));
        }
    }
}

#[test]
fn the_tables_are_sound() {
    for name in Name::ALL {
        let persona = name.persona();
        assert_eq!(persona.name, *name);
        assert_eq!(name.as_str().parse(), Ok(*name));
        let mut texts = vec![persona.banner, persona.busy, persona.timeout, persona.text_timeout];
        texts.extend([persona.unknown, persona.empty]);
        texts.extend(persona.overlong.iter().chain(&persona.nul));
        texts.extend(persona.forbidden.iter().map(|f| f.reply));
        let auth = &persona.auth;
        texts.extend([auth.success, auth.failure, auth.not_base64, auth.malformed, auth.cancelled]);
        let body = &persona.body;
        texts.extend([body.accepted, body.rejected, body.deferred, body.too_big]);
        for verb in persona.verbs {
            texts.extend(verb.checks.iter().map(|check| check.reply));
            if verb.does != Action::Login {
                texts.push(verb.reply);
            }
            assert!(std::ptr::eq(persona.verb(verb.word.to_lowercase().as_bytes()).unwrap(), verb));
        }
        for text in texts {
            for line in text.lines() {
                let code = line.get(..3).unwrap_or_default();
                assert!(code.parse::<u16>().is_ok_and(|code| (200..600).contains(&code)), "{name}: {text:?}");
            }
            let words = text.split('{').skip(1).map(|part| part.split('}').next().unwrap_or_default());
            for word in words {
                assert!(WORDS.contains(&word), "{name}: {{{word}}} in {text:?}");
            }
        }
    }
}
