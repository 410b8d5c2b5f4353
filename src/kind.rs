//! Man or machine: what the timing and the manners of the peer say about it.
//!
//! A [`Watch`] is told when each reply of ours was complete ([`Watch::replied`]), what came
//! ([`Watch::heard`], command lines only, not the text of a message) and how it ended
//! ([`Watch::ended`]). It knows no protocol, no clock and no randomness, and it keeps counts and
//! running statistics only, so a million lines cost no more than one.
//!
//! Every sign is worth points: for a person ([`HUMAN`] and more), for a program ([`PROGRAM`] and
//! less). The two mistakes differ in price: a spammer's program taken for a person is let go at
//! human speed, a person taken for nobody in particular only waits. So what a person does counts
//! only on lines that arrive as a person could have sent them, and anything between the two
//! thresholds is `Unknown`.
//!
//! | word | points | what was seen |
//! |---|---|---|
//! | `keys` | 3 a line, 9 at most | a line came key by key, and not at the constant rhythm of a program |
//! | `edit` | 4 | backspace, DEL or a cursor key in a line |
//! | `telnet` | 3 | telnet negotiation |
//! | `typo` | 3 a line, 6 at most | a word close to a verb, but none |
//! | `help` | 2 | HELP was asked for |
//! | `think` | 1 a line, 2 at most | a second or more after our reply, long enough to type the line, irregularly |
//! | `pace` | 2 | long lines took longer than short ones, as typing does |
//! | `sloppy` | 1 a manner, 2 at most | `mail from:` in lower case; blanks and brackets as they come |
//! | `lf` | 1 | lines that end with a bare LF |
//! | `odd` | 1 | a word that is no verb at all |
//! | `pregreet` | -5 | the first line came within a second of the connection, before the banner |
//! | `fast` | -4 a line | a line within 50 ms of our reply |
//! | `pipelining` | -3 a line | a line right behind another |
//! | `early` | -1 a line | a whole line before our reply was complete |
//! | `prompt` | -1 a line | a whole line within 700 ms of our reply: no time to read and type |
//! | `even` | -2 to -5 | pauses of one length |
//! | `brief` | -4 | gone within two seconds without a word |
//! | `noquit` | -1 | gone without QUIT |

mod said;
mod spread;

use std::time::Duration;

use crate::engine::{Arrival, Ending};
use crate::event::{Kind, Reason};
pub use said::{Said, Word, answer, said};
use spread::{Pair, Spread};

/// From this many points on, the peer is a person.
pub const HUMAN: i32 = 6;

/// At this many points or fewer, the peer is a program.
pub const PROGRAM: i32 = -4;

/// No hand is quicker than this after a reply.
const FAST: Duration = Duration::from_millis(50);

/// Nobody reads a reply and types a line in this time; a program far away (two satellites) does.
const PROMPT: Duration = Duration::from_millis(700);

/// The shortest pause that can be thought. Clearly more than any network takes.
const THINK: Duration = Duration::from_secs(1);

/// What one key takes the quickest typist, in a line that is sent whole.
const KEY: Duration = Duration::from_millis(50);

/// Lines closer together than this were sent together.
const TOGETHER: Duration = Duration::from_millis(50);

/// Who speaks first this soon did not look whether anybody was there.
const PREGREET: Duration = Duration::from_secs(1);

/// Who leaves this soon came to see whether the port is open.
const BRIEF: Duration = Duration::from_secs(2);

/// Pauses that deviate less than this, relative to their mean, come from a `sleep`.
const CONSTANT: f64 = 0.08;

/// Pauses that deviate less than this may come from a `sleep` with a little randomness, or from a
/// network. A person seldom is that even.
const STEADY: f64 = 0.2;

/// Typing speeds, line by line, that deviate less than this come from a program that dribbles.
const DRIBBLE: f64 = 0.06;

/// The correlation between the length of a line and the pause before it that typing leaves.
const TYPED: f64 = 0.6;

/// The words of the evidence that are counted line by line.
#[derive(Clone, Copy)]
enum Sign {
    Keys,
    Edit,
    Telnet,
    Typo,
    Help,
    Think,
    Casual,
    Loose,
    Lf,
    Odd,
    Pregreet,
    Fast,
    Pipelining,
    Early,
    Prompt,
    Brief,
    NoQuit,
}

const SIGNS: usize = Sign::NoQuit as usize + 1;

/// Watches one conversation.
#[derive(Debug, Clone, Default)]
pub struct Watch {
    counts: [u32; SIGNS],
    lines: u32,
    quit: bool,
    /// When our last reply was complete, until a line answers it.
    replied: Option<Duration>,
    /// When the last line was complete; zero, the connection, before the first.
    previous: Duration,
    /// Seconds from the end of our reply to the line.
    reactions: Spread,
    /// Seconds from line to line.
    intervals: Spread,
    /// Seconds from key to key, one mean for each typed line.
    rhythm: Spread,
    /// Length of the line against seconds after our reply, for lines that may have been typed.
    typing: Pair,
}

impl Watch {
    /// Begins to watch, at the moment of the connection.
    pub fn new() -> Self {
        Watch::default()
    }

    /// Our reply is complete: its last byte was written at this time, real, since the connection.
    pub fn replied(&mut self, at: Duration) {
        self.replied = Some(at);
    }

    /// A command line came, in the order of arrival, also when it was overlong or nonsense.
    pub fn heard(&mut self, arrival: &Arrival, ending: Ending, said: Said) {
        let typed = arrival.keystrokes >= 3 && arrival.keystrokes.saturating_mul(2) >= said.len;
        // Negotiation may come long before the line it is counted with.
        let came = if typed || arrival.telnet > 0 { arrival.last } else { arrival.first };
        let since_line = came.saturating_sub(self.previous);
        let answered = self.replied.take();
        let first = self.lines == 0;
        // A line that comes while a reply never ends did not wait for it either.
        let early = arrival.early || answered.is_none();
        self.lines = self.lines.saturating_add(1);
        let reaction = answered.filter(|_| !early).map(|at| came.saturating_sub(at));
        self.previous = arrival.last;
        self.quit = said.quit;

        let possible = if typed {
            self.see_typing(arrival);
            true
        } else {
            self.see_whole(first, early && arrival.telnet == 0, since_line, reaction, said.len)
        };
        self.intervals.add(since_line.as_secs_f64());
        if let Some(reaction) = reaction {
            self.reactions.add(reaction.as_secs_f64());
            let needed = THINK.max(KEY.saturating_mul(said.len));
            if possible && reaction >= needed {
                self.see(Sign::Think, true);
                self.typing.add(f64::from(said.len), reaction.as_secs_f64());
            }
        }
        // What only a person does counts only where a person could have done it.
        if possible {
            self.see(Sign::Edit, said.edited);
            self.see(Sign::Telnet, arrival.telnet > 0);
            self.see(Sign::Typo, said.word == Word::Typo);
            self.see(Sign::Odd, said.word == Word::Unknown);
            self.see(Sign::Help, said.help);
            self.see(Sign::Casual, said.casual);
            self.see(Sign::Loose, said.loose);
            self.see(Sign::Lf, ending == Ending::Lf);
        }
    }

    /// The conversation is over, at this time, real, since the connection.
    pub fn ended(&mut self, at: Duration, reason: Reason) {
        if reason != Reason::Hangup {
            return;
        }
        self.see(Sign::Brief, self.lines == 0 && at < BRIEF);
        self.see(Sign::NoQuit, self.lines > 0 && !self.quit);
    }

    /// What the peer seems to be, by all that was seen so far.
    pub fn kind(&self) -> Kind {
        match self.points().iter().map(|(_, _, points)| points).sum() {
            i32::MIN..=PROGRAM => Kind::Program,
            HUMAN.. => Kind::Human,
            _ => Kind::Unknown,
        }
    }

    /// Why: words of the table above, with `:count` where it is more than one, the most telling
    /// first; empty when nothing was seen. At most 200 bytes.
    pub fn evidence(&self) -> String {
        let mut seen = self.points();
        seen.retain(|(_, _, points)| *points != 0);
        seen.sort_by_key(|(_, _, points)| -points.abs());
        let words: Vec<String> = seen
            .iter()
            .map(|(word, count, _)| match count {
                0 | 1 => (*word).to_owned(),
                _ => format!("{word}:{count}"),
            })
            .collect();
        words.join(",")
    }

    /// A line that came key by key.
    fn see_typing(&mut self, arrival: &Arrival) {
        self.see(Sign::Keys, true);
        let time = arrival.last.saturating_sub(arrival.first).as_secs_f64();
        let gaps = f64::from(arrival.reads.saturating_sub(1).max(1));
        self.rhythm.add(time / gaps);
    }

    /// A line that came whole, or in the few pieces that a network makes of it. Returns whether a
    /// person can have sent it.
    fn see_whole(
        &mut self,
        first: bool,
        early: bool,
        since_line: Duration,
        reaction: Option<Duration>,
        len: u32,
    ) -> bool {
        let together = !first && since_line < TOGETHER;
        let pregreet = first && early && since_line < PREGREET;
        let fast = !together && reaction.is_some_and(|time| time < FAST);
        let prompt = !together && !fast && len >= 4 && reaction.is_some_and(|time| time < PROMPT);
        self.see(Sign::Pregreet, pregreet);
        self.see(Sign::Pipelining, together);
        self.see(Sign::Early, early && !pregreet && !together);
        self.see(Sign::Fast, fast);
        self.see(Sign::Prompt, prompt);
        !(early || together || fast || prompt)
    }

    fn see(&mut self, sign: Sign, seen: bool) {
        let count = &mut self.counts[sign as usize];
        *count = count.saturating_add(u32::from(seen));
    }

    fn count(&self, sign: Sign) -> u32 {
        self.counts[sign as usize]
    }

    /// Each word of the evidence with its count and its points.
    fn points(&self) -> Vec<(&'static str, u32, i32)> {
        let counted = |word, sign, each: i32, most: u32| {
            let count = self.count(sign);
            let counts = i32::try_from(count.min(most)).unwrap_or(i32::MAX);
            (word, count, each.saturating_mul(counts))
        };
        let sloppy = self.count(Sign::Casual).max(self.count(Sign::Loose));
        let manners = [Sign::Casual, Sign::Loose].map(|sign| i32::from(self.count(sign) > 0));
        let even = self.even();
        vec![
            counted("keys", Sign::Keys, self.worth_of_keys(), 3),
            counted("edit", Sign::Edit, 4, 1),
            counted("telnet", Sign::Telnet, 3, 1),
            counted("typo", Sign::Typo, 3, 2),
            counted("help", Sign::Help, 2, 1),
            counted("think", Sign::Think, i32::from(self.irregular()), 2),
            ("pace", 1, if self.paced() { 2 } else { 0 }),
            ("sloppy", sloppy, manners.iter().sum()),
            counted("lf", Sign::Lf, 1, 1),
            counted("odd", Sign::Odd, 1, 1),
            counted("pregreet", Sign::Pregreet, -5, 1),
            counted("fast", Sign::Fast, -4, 100),
            counted("pipelining", Sign::Pipelining, -3, 100),
            counted("early", Sign::Early, -1, 100),
            counted("prompt", Sign::Prompt, -1, 100),
            ("even", 1, -even),
            counted("brief", Sign::Brief, -4, 1),
            counted("noquit", Sign::NoQuit, -1, 1),
        ]
    }

    /// A program that sends a byte at a time does so at one speed.
    fn worth_of_keys(&self) -> i32 {
        if self.rhythm.count() >= 2 && self.rhythm.deviation() < DRIBBLE { 0 } else { 3 }
    }

    fn irregular(&self) -> bool {
        self.reactions.count() >= 2 && self.reactions.deviation() >= STEADY
    }

    /// Whether the pauses grow with the length of the lines, in a conversation without haste.
    fn paced(&self) -> bool {
        self.count(Sign::Prompt) + self.count(Sign::Fast) == 0
            && self.typing.count() >= 4
            && self.typing.correlation() >= TYPED
    }

    /// How much the evenness of the pauses says, between our replies and the lines or between the
    /// lines themselves, for a script that does not listen. Typed lines have pauses inside.
    fn even(&self) -> i32 {
        if self.count(Sign::Keys) > 0 {
            return 0;
        }
        [&self.reactions, &self.intervals]
            .into_iter()
            .filter(|pauses| pauses.mean() >= FAST.as_secs_f64())
            .map(|pauses| match (pauses.count(), pauses.deviation()) {
                (4.., ..CONSTANT) => 5,
                (3, ..CONSTANT) => 3,
                (6.., ..STEADY) => 4,
                (4.., ..STEADY) => 2,
                _ => 0,
            })
            .max()
            .unwrap_or(0)
    }
}
