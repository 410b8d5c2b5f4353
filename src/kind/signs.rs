//! The signs that are counted line by line, and what each is worth.

use std::fmt::{self, Display};

/// Something that one line showed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sign {
    Keys,
    Edit,
    Telnet,
    Typo,
    Help,
    Think,
    /// Lower case in a keyword of two words; with [`Sign::Loose`] this is `sloppy`.
    Casual,
    /// Blanks and brackets as they come.
    Loose,
    Lf,
    Odd,
    Pregreet,
    Binary,
    Dribble,
    Fast,
    Pipelining,
    Early,
    Prompt,
    Brief,
    NoQuit,
}

/// What a sign is worth.
struct Worth {
    sign: Sign,
    word: &'static str,
    /// For each line that showed it...
    points: i32,
    /// ... after so many that are no wonder...
    free: u32,
    /// ... and up to so many.
    most: u32,
}

const fn worth(sign: Sign, word: &'static str, points: i32, free: u32, most: u32) -> Worth {
    Worth { sign, word, points, free, most }
}

/// A program that shows a sign line after line is surer to be one each time, up to a limit that is
/// beyond everything a person can show.
const OFTEN: u32 = 100;

const WORTHS: &[Worth] = &[
    worth(Sign::Keys, "keys", 3, 0, 3),
    worth(Sign::Edit, "edit", 4, 0, 1),
    worth(Sign::Telnet, "telnet", 3, 0, 1),
    worth(Sign::Typo, "typo", 3, 0, 2),
    worth(Sign::Help, "help", 3, 0, 1),
    worth(Sign::Lf, "lf", 1, 0, 1),
    worth(Sign::Odd, "odd", 1, 0, 2),
    worth(Sign::Think, "think", 1, 0, 2),
    worth(Sign::Pregreet, "pregreet", -5, 0, 1),
    worth(Sign::Binary, "binary", -5, 0, 1),
    worth(Sign::Dribble, "dribble", -3, 0, OFTEN),
    worth(Sign::Fast, "fast", -3, 0, OFTEN),
    worth(Sign::Pipelining, "pipelining", -3, 0, OFTEN),
    worth(Sign::Prompt, "prompt", -2, 0, OFTEN),
    worth(Sign::Early, "early", -1, 1, 3),
    worth(Sign::Brief, "brief", -4, 0, 1),
    worth(Sign::NoQuit, "noquit", -1, 0, 1),
];

/// How often each sign was seen.
#[derive(Debug, Clone, Default)]
pub struct Signs([u32; Sign::NoQuit as usize + 1]);

/// A word of the evidence.
#[derive(Debug, Clone, Copy)]
pub struct Seen {
    pub word: &'static str,
    pub count: u32,
    pub points: i32,
}

impl Signs {
    /// Counts the sign, if it was seen.
    pub fn see(&mut self, sign: Sign, seen: bool) {
        let count = &mut self.0[sign as usize];
        *count = count.saturating_add(u32::from(seen));
    }

    pub fn count(&self, sign: Sign) -> u32 {
        self.0[sign as usize]
    }

    /// Every sign that is worth points by itself. Pauses are thoughts only if they are `irregular`.
    pub fn words(&self, irregular: bool) -> Vec<Seen> {
        let seen = |worth: &Worth| {
            let count = self.count(worth.sign);
            let counted = i32::try_from(count.saturating_sub(worth.free).min(worth.most)).unwrap_or(i32::MAX);
            let points = if worth.sign == Sign::Think && !irregular { 0 } else { worth.points };
            Seen { word: worth.word, count, points: points.saturating_mul(counted) }
        };
        WORTHS.iter().map(seen).collect()
    }
}

impl Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word)?;
        if self.count > 1 { write!(f, ":{}", self.count) } else { Ok(()) }
    }
}
