//! The manners of one line, whatever the protocol.

/// The longest word that is compared with the verbs; none of any protocol is longer.
const LONGEST: usize = 16;

/// What a line says about who wrote it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Said {
    /// Bytes of the line as it was sent.
    pub len: u32,
    /// What its first word is.
    pub word: Word,
    /// The first word is HELP.
    pub help: bool,
    /// The first word is QUIT.
    pub quit: bool,
    /// The case of the first word, if it is a verb or close to one.
    pub case: Case,
    /// Backspace, DEL, ^U, ^W, or an escape as cursor keys send, in a line that is text otherwise.
    pub edited: bool,
    /// Bytes that no terminal sends.
    pub binary: bool,
    /// A keyword of two words is all in lower case, as in `mail from:`. Libraries that write verbs in
    /// lower case write `mail FROM:`.
    pub casual: bool,
    /// Blanks before the verb, at the end, around the colon or doubled; an address behind a colon
    /// without its brackets.
    pub loose: bool,
}

/// What the first word of a line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Word {
    /// A verb of the protocol, in any case.
    Known,
    /// None, but a slip of the finger away from one.
    Typo,
    /// Neither.
    Unknown,
    /// There is none: the line is empty, not text, or no command ([`answer`]).
    None,
}

/// The case of a verb.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Case {
    Upper,
    Lower,
    Mixed,
    /// There was no verb to speak of.
    None,
}

/// Judges a command line. `verbs` are all verbs of the protocol in upper case, also those that are
/// not offered: they are no slips.
pub fn said(text: &[u8], verbs: &[&str]) -> Said {
    let kept = erase(text);
    let line = kept.as_slice();
    let start = line.iter().position(|b| !b.is_ascii_whitespace());
    let body = &line[start.unwrap_or(line.len())..];
    let end = body.iter().position(u8::is_ascii_whitespace);
    let (verb, rest) = body.split_at(end.unwrap_or(body.len()));
    let is = |name: &str| verb.eq_ignore_ascii_case(name.as_bytes());
    let word = judge(verb, verbs);
    Said {
        word,
        case: if matches!(word, Word::Known | Word::Typo) { case(verb) } else { Case::None },
        help: is("HELP"),
        quit: is("QUIT"),
        casual: casual(body),
        loose: start.is_some_and(|at| at > 0) || loose(rest),
        ..answer(text)
    }
}

/// Judges a line that is no command, such as a name or a password that was asked for.
pub fn answer(text: &[u8]) -> Said {
    let editing = |b: &u8| matches!(b, 0x08 | 0x15 | 0x17 | 0x1b | 0x7f);
    let binary = binary(text);
    Said {
        len: u32::try_from(text.len()).unwrap_or(u32::MAX),
        word: Word::None,
        help: false,
        quit: false,
        case: Case::None,
        edited: !binary && text.iter().any(editing),
        binary,
        casual: false,
        loose: false,
    }
}

/// Whether there are bytes that come neither from keys nor in UTF-8.
fn binary(text: &[u8]) -> bool {
    // ^C and ^D are pressed in despair; NUL follows CR in telnet's character mode.
    let key = |b: u8| matches!(b, 0x03 | 0x04 | 0x08 | b'\t' | b'\r' | 0x15 | 0x17 | 0x1b | 0x20..);
    let after_cr = |at: usize| at > 0 && text[at - 1] == b'\r';
    let strange = text.iter().enumerate().any(|(at, &b)| !(key(b) || b == 0 && after_cr(at)));
    strange || std::str::from_utf8(text).is_err()
}

fn case(verb: &[u8]) -> Case {
    let lower = verb.iter().any(u8::is_ascii_lowercase);
    match (lower, verb.iter().any(u8::is_ascii_uppercase)) {
        (false, true) => Case::Upper,
        (true, false) => Case::Lower,
        (true, true) => Case::Mixed,
        (false, false) => Case::None,
    }
}

/// The beginning of the line as it looks after backspaces and DELs.
fn erase(text: &[u8]) -> Vec<u8> {
    let mut kept = Vec::new();
    for &byte in text.iter().take(512) {
        match byte {
            0x08 | 0x7f => {
                kept.pop();
            }
            _ => kept.push(byte),
        }
    }
    kept
}

fn judge(word: &[u8], verbs: &[&str]) -> Word {
    let letters = word.iter().take_while(|b| b.is_ascii_alphabetic()).count();
    if word.is_empty() || !word.iter().all(u8::is_ascii_graphic) {
        return Word::None;
    }
    let verb = &word[..letters];
    if verbs.iter().any(|known| word.eq_ignore_ascii_case(known.as_bytes())) {
        return Word::Known;
    }
    let slip = |known: &&str| {
        let known = known.as_bytes();
        // `MAILFROM:<...>` lacks a blank, `QUIT.` has a key too many.
        let glued = word.len() > known.len() && word[..known.len()].eq_ignore_ascii_case(known);
        // Half of a word of four letters is not a slip but another word.
        let most = if known.len() > 5 { 2 } else { 1 };
        glued || (verb.len() <= LONGEST && letters > 1 && distance(verb, known) <= most)
    };
    if verbs.iter().any(slip) { Word::Typo } else { Word::Unknown }
}

/// How many slips (a key more, less, wrong, or two exchanged) lead from one word to the other,
/// without regard to case.
pub fn distance(one: &[u8], other: &[u8]) -> usize {
    let mut before: Vec<usize> = Vec::new();
    let mut above: Vec<usize> = (0..=other.len()).collect();
    for (i, a) in one.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, b) in other.iter().enumerate() {
            let same = a.eq_ignore_ascii_case(b);
            let mut least = (above[j] + usize::from(!same)).min(above[j + 1] + 1).min(row[j] + 1);
            let exchanged =
                i > 0 && j > 0 && a.eq_ignore_ascii_case(&other[j - 1]) && one[i - 1].eq_ignore_ascii_case(b);
            if exchanged {
                least = least.min(before[j - 1] + 1);
            }
            row.push(least);
        }
        before = std::mem::replace(&mut above, row);
    }
    above[other.len()]
}

/// Whether the words before the first colon are several and in lower case throughout.
fn casual(line: &[u8]) -> bool {
    let Some(colon) = line.iter().position(|b| *b == b':') else {
        return false;
    };
    let keyword = line[..colon].trim_ascii();
    keyword.contains(&b' ') && keyword.iter().all(|b| b.is_ascii_lowercase() || *b == b' ')
}

/// Whether what follows the verb is spelt as it came.
fn loose(rest: &[u8]) -> bool {
    let doubled = rest.windows(2).any(|pair| pair == b"  ");
    let trailing = rest.last() == Some(&b' ');
    let colon = rest.iter().position(|b| *b == b':');
    let spaced = colon.is_some_and(|at| {
        let before = at.checked_sub(1).and_then(|i| rest.get(i));
        before == Some(&b' ') || rest.get(at + 1) == Some(&b' ')
    });
    let bare = colon.is_some() && rest.contains(&b'@') && !rest.contains(&b'<');
    doubled || trailing || spaced || bare
}

#[cfg(test)]
mod tests {
    use super::*;

    const VERBS: &[&str] = &[
        "HELO", "EHLO", "MAIL", "RCPT", "DATA", "RSET", "NOOP", "QUIT", "VRFY", "EXPN", "HELP", "AUTH",
        "STARTTLS",
    ];

    fn word(text: &str) -> Word {
        said(text.as_bytes(), VERBS).word
    }

    #[test]
    fn verbs_are_known_in_any_case() {
        for text in ["EHLO x", "ehlo x", "Mail From:<>", "quit", "  noop"] {
            assert_eq!(word(text), Word::Known, "{text}");
        }
    }

    #[test]
    fn slips_are_told_from_other_words() {
        for text in
            ["EHOL x", "hello x", "mial from:<>", "RCTP TO:<a@b>", "QUITT", "MAILFROM:<a@b>", "startls"]
        {
            assert_eq!(word(text), Word::Typo, "{text}");
        }
        for text in ["USER joe", "GET / HTTP/1.0", "BDAT 4 LAST", "XCLIENT", "hi", "ls", "Subject: x"] {
            assert_eq!(word(text), Word::Unknown, "{text}");
        }
        for text in ["", "   ", "\x16\x03\x01", "\u{e9}hlo"] {
            assert_eq!(word(text), Word::None, "{text:?}");
        }
    }

    #[test]
    fn corrected_slips_are_editing() {
        let fixed = said(b"EHOL\x08\x08LO x", VERBS);
        assert!(fixed.edited);
        assert_eq!(fixed.word, Word::Known);
        assert!(said(b"EHLO x\x1b[D", VERBS).edited);
        let tls = said(b"\x16\x03\x01\x08\x00", VERBS);
        assert!(tls.binary && !tls.edited, "TLS is not typed");
        assert!(!said("EHLO f\u{fc}r\r\0".as_bytes(), VERBS).binary);
    }

    #[test]
    fn manners() {
        let sloppy = said(b"mail from: joe@example.org", VERBS);
        assert!(sloppy.casual && sloppy.loose);
        let library = said(b"mail FROM:<joe@example.org>", VERBS);
        assert!(!library.casual && !library.loose);
        let proper = said(b"RCPT TO:<joe@example.org>", VERBS);
        assert!(!proper.casual && !proper.loose);
        assert!(said(b"EHLO  x", VERBS).loose);
        assert!(said(b"EHLO x ", VERBS).loose);
        assert!(!said(b"EHLO [IPv6:::1]", VERBS).loose);
    }

    #[test]
    fn case_is_that_of_the_verb() {
        for (text, case) in [("EHLO x", Case::Upper), ("mail FROM:<>", Case::Lower), ("Quti", Case::Mixed)] {
            assert_eq!(said(text.as_bytes(), VERBS).case, case, "{text}");
        }
        assert_eq!(said(b"cXVp", VERBS).case, Case::None);
    }

    #[test]
    fn answers_are_not_judged_as_commands() {
        let secret = answer(b"cXVpdA==");
        assert_eq!((secret.word, secret.quit, secret.edited), (Word::None, false, false));
        assert!(answer(b"c\x7fXV").edited);
    }

    #[test]
    fn distances() {
        assert_eq!(distance(b"", b"NOOP"), 4);
        assert_eq!(distance(b"noop", b"NOOP"), 0);
        assert_eq!(distance(b"onop", b"NOOP"), 1);
        assert_eq!(distance(b"STARTLS", b"STARTTLS"), 1);
    }
}
