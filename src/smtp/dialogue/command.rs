//! A command line, taken apart: its first word and the rest.

use crate::persona::smtp::Blanks;

/// A line split behind its first word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Command<'l> {
    pub word: &'l [u8],
    /// What follows, without blanks around it.
    pub argument: &'l [u8],
    /// What follows behind one blank, as MAIL and RCPT of a strict persona read it.
    pub rest: &'l [u8],
}

impl<'l> Command<'l> {
    /// Splits as the persona does.
    pub fn split(line: &'l [u8], blanks: Blanks) -> Self {
        let (line, end) = match blanks {
            Blanks::Any => {
                let line = line.trim_ascii();
                (line, line.iter().position(u8::is_ascii_whitespace))
            }
            Blanks::OneSpace => {
                let line = line.trim_ascii_end();
                (line, line.iter().position(|&b| b == b' '))
            }
        };
        let (word, rest) = line.split_at(end.unwrap_or(line.len()));
        let rest = match blanks {
            Blanks::Any => rest.trim_ascii(),
            Blanks::OneSpace => rest.get(1..).unwrap_or_default(),
        };
        Command { word, argument: rest.trim_ascii(), rest }
    }

    /// The words of the argument.
    pub fn words(&self) -> impl Iterator<Item = &'l [u8]> + use<'l> {
        self.argument.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty())
    }

    /// What follows `keyword` (`FROM:` or `TO:`, in any case); `None` when it is not there.
    pub fn behind(&self, keyword: &str) -> Option<&'l [u8]> {
        let (head, rest) = self.rest.split_at_checked(keyword.len())?;
        head.eq_ignore_ascii_case(keyword.as_bytes()).then_some(rest)
    }

    /// Whether the first word looks like a field of a header, as when a body is sent without DATA.
    pub fn is_header(&self) -> bool {
        let name = self.word.split(|&b| b == b':').next().unwrap_or_default();
        name.len() < self.word.len() && !name.is_empty() && name.iter().all(|b| matches!(b, 0x21..=0x7e))
    }
}

/// Whether a parameter of MAIL or RCPT cannot have this value.
pub fn is_bad(name: &str, value: &[u8]) -> bool {
    let one_of =
        |words: &[&str], value: &[u8]| words.iter().any(|word| word.as_bytes().eq_ignore_ascii_case(value));
    match name {
        "SIZE" => value.is_empty() || !value.iter().all(u8::is_ascii_digit),
        "BODY" => !one_of(&["7BIT", "8BITMIME"], value),
        "RET" => !one_of(&["FULL", "HDRS"], value),
        "ORCPT" => !value.contains(&b';'),
        "NOTIFY" => {
            let known = ["NEVER", "SUCCESS", "FAILURE", "DELAY"];
            !value.split(|&b| b == b',').all(|word| one_of(&known, word))
        }
        "AUTH" => false,
        _ => value.is_empty(),
    }
}
