//! Man or machine: what the timing and the manners of the peer say about it.
//!
//! A [`Watch`] is told when each reply of ours was complete ([`Watch::replied`]), which commands came
//! ([`Watch::heard`]), which lines of a message ([`Watch::text`]), and how it ended
//! ([`Watch::ended`]). It knows no protocol, no clock and no randomness, and it keeps counts and
//! running statistics only, so a million lines cost no more than one.
//!
//! Every sign is worth points: for a person ([`HUMAN`] and more), for a program ([`PROGRAM`] and
//! less). The two mistakes differ in price: a spammer's program taken for a person is let go at
//! human speed, a person taken for nobody in particular only waits. So what a person does counts
//! only on lines that came as a person could have sent them, and anything between the two
//! thresholds is `Unknown`; from [`LEANING`] on it is at least answered like a person.
//!
//! | word | points | what was seen |
//! |---|---|---|
//! | `keys` | 3 a line, 9 at most | a line came key by key, at the uneven rhythm of a hand |
//! | `edit` | 4 | backspace, DEL, ^U, ^W or a cursor key in a line |
//! | `telnet` | 3 | telnet negotiation around text |
//! | `typo` | 3 a line, 6 at most | a word close to a verb, but none |
//! | `text` | 5 | a message came line by line, the long lines after longer pauses |
//! | `help` | 3 | HELP was asked for |
//! | `think` | 1 a line, 2 at most | a second or more after our reply, long enough to type the line, irregularly |
//! | `pace` | 2 | long lines took longer than short ones, at the speed of typing |
//! | `sloppy` | 1 a manner, 3 at most | `mail from:` in lower case; blanks and brackets as they come; verbs in both cases |
//! | `lf` | 1 | lines that end with a bare LF |
//! | `odd` | 1 a line, 2 at most | a word that is no verb at all |
//! | `pregreet` | -5 | the first line came within a second of the connection, before the banner |
//! | `binary` | -5 | bytes that no terminal sends |
//! | `fast` | -3 a line | a line within 50 ms of our reply |
//! | `dribble` | -3 a line | a line came byte by byte at a constant rhythm |
//! | `pipelining` | -3 a line | a command right behind another |
//! | `bulk` | -3 | a message came all at once |
//! | `prompt` | -2 a line | a line so soon after our reply that nobody can have read and typed |
//! | `early` | -1 a line after the first, -3 at most | a whole line before our reply was complete |
//! | `even` | -2 to -8 | pauses of one length |
//! | `clock` | -4 to -8 | pauses that differ by whole seconds, as those of `sleep` do |
//! | `brief` | -4 | gone within three seconds without a word |
//! | `noquit` | -1 | gone without QUIT |

mod said;
mod signs;
mod spread;

use std::time::Duration;

use crate::engine::{Arrival, Ending};
use crate::event::{Kind, Reason};
pub use said::{Case, Said, Word, answer, distance, said};
use signs::{Sign, Signs};
use spread::{Pair, Phase, Spread};

/// From this many points on, the peer is a person.
pub const HUMAN: i32 = 6;

/// From this many points on, an unknown peer is answered like a person.
pub const LEANING: i32 = 4;

/// At this many points or fewer, the peer is a program.
pub const PROGRAM: i32 = -4;

/// The longest evidence, in bytes.
pub const EVIDENCE: usize = 200;

/// No hand is quicker than this after a reply; lines closer than this were sent together.
const FAST: Duration = Duration::from_millis(50);

/// Nobody reads a reply and types a line in this time; a program at the other end of the world does.
const PROMPT: Duration = Duration::from_millis(700);

/// What reading a reply takes the quickest reader.
const READ: Duration = Duration::from_millis(250);

/// What one key takes the quickest typist.
const KEY: Duration = Duration::from_millis(45);

/// The shortest pause that can be thought. Clearly more than any network takes.
const THINK: Duration = Duration::from_secs(1);

/// The shortest pause between the lines of a message that somebody types.
const ENTER: Duration = Duration::from_millis(300);

/// After a longer pause somebody came back: it says nothing about how it types.
const AWAY: Duration = Duration::from_secs(60);

/// Who speaks first this soon did not look whether anybody was there.
const PREGREET: Duration = Duration::from_secs(1);

/// Who leaves this soon came to see whether the port is open.
const BRIEF: Duration = Duration::from_secs(3);

/// Pauses that deviate less than this, relative to their mean, come from a `sleep` nearby.
const EXACT: f64 = 0.03;

/// Pauses that deviate less than this, relative to their mean, come from a `sleep`.
const CONSTANT: f64 = 0.08;

/// Pauses that deviate less than this may come from a `sleep` with a little randomness, or from a
/// network. A person seldom is that even.
const STEADY: f64 = 0.2;

/// How alike the fractions of a second must be for a clock to be behind the pauses.
const IN_PHASE: f64 = 0.99;

/// The correlation between the length of a line and the pause before it that typing leaves.
const TYPED: f64 = 0.75;

/// The same for the few short lines of a message.
const WROTE: f64 = 0.6;

/// Seconds that a key takes, by the slope of the pauses over the lengths of the lines.
const SPEED: std::ops::Range<f64> = 0.07..0.8;

/// Watches one conversation.
#[derive(Debug, Clone, Default)]
pub struct Watch {
    signs: Signs,
    lines: u32,
    quit: bool,
    /// When our last reply was complete, until a line answers it.
    replied: Option<Duration>,
    /// When the last line was complete; zero, the connection, before the first.
    previous: Duration,
    /// Verbs in upper and in lower case so far.
    cases: [bool; 2],
    /// Length of the line against seconds before it, for lines of messages that may be typed...
    written: Pair,
    /// ... and how many came right behind another.
    poured: u32,
    /// Seconds from the end of our reply to the line, and from line to line.
    reactions: Pauses,
    intervals: Pauses,
    /// Length of the line against seconds after our reply.
    typing: Pair,
}

/// Pauses of one sort.
#[derive(Debug, Clone, Default)]
struct Pauses {
    spread: Spread,
    phase: Phase,
}

/// How a line came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Manner {
    /// Key by key, or a few keys at a time over a slow network.
    Keys,
    /// Whole, or in the few pieces that a network makes of it.
    Whole,
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
        let manner = Manner::of(arrival);
        // The first key is no line yet, and negotiation may come long before the line it is counted with.
        let whole = manner == Manner::Whole && arrival.telnet == 0;
        let came = if whole { arrival.first } else { arrival.last };
        let since_line = came.saturating_sub(self.previous);
        let reaction = self.reaction(arrival, came);
        let first = self.lines == 0;
        self.lines = self.lines.saturating_add(1);
        self.previous = arrival.last;
        self.quit = said.quit;

        let possible = match manner {
            Manner::Keys => self.see_keys(arrival, said.len),
            Manner::Whole => self.see_whole(first, since_line, reaction, said.len),
        };
        self.signs.see(Sign::Binary, said.binary);
        if !first && since_line >= FAST {
            self.intervals.add(since_line);
        }
        if let Some(pause) = reaction.filter(|pause| (FAST..AWAY).contains(pause)) {
            self.reactions.add(pause);
            self.typing.add(f64::from(said.len), pause.as_secs_f64());
            self.signs.see(Sign::Think, possible && pause >= THINK.max(KEY.saturating_mul(said.len)));
        }
        if possible && !said.binary {
            self.see_manners(ending, said);
            self.signs.see(Sign::Telnet, arrival.telnet > 0);
        }
    }

    /// A line of a message came, or a part of one, or the final dot.
    pub fn text(&mut self, arrival: &Arrival, text: &[u8]) {
        let first = self.replied.is_some();
        let reaction = self.reaction(arrival, arrival.first);
        let since_line = arrival.first.saturating_sub(self.previous);
        self.previous = arrival.last;
        let pause = if first { reaction.unwrap_or_default() } else { since_line };
        if first {
            self.signs.see(Sign::Fast, reaction.is_some_and(|pause| pause < FAST));
        }
        if pause >= FAST {
            self.intervals.add(since_line);
        }
        // A long line that comes slowly is a slow network.
        let length = u32::try_from(text.len()).unwrap_or(u32::MAX);
        let by_hand = Manner::of(arrival) == Manner::Keys || pause >= ENTER.max(KEY.saturating_mul(length));
        if by_hand && pause < AWAY {
            self.written.add(f64::from(length), pause.as_secs_f64());
        }
        self.poured = self.poured.saturating_add(u32::from(!first && pause < FAST));
    }

    /// The conversation is over, at this time, real, since the connection.
    pub fn ended(&mut self, at: Duration, reason: Reason) {
        if reason == Reason::Hangup {
            self.signs.see(Sign::Brief, self.lines == 0 && at < BRIEF);
            self.signs.see(Sign::NoQuit, self.lines > 0 && !self.quit);
        }
    }

    /// What the peer seems to be, by all that was seen so far.
    pub fn kind(&self) -> Kind {
        match self.score() {
            i32::MIN..=PROGRAM => Kind::Program,
            HUMAN.. => Kind::Human,
            _ => Kind::Unknown,
        }
    }

    /// Whether a peer of unknown kind should have the benefit of the doubt. Someone who types whole
    /// lines at telnet is at this point after two commands, and would leave at the third if its
    /// reply never came; spam software, which answers at once, is far below.
    pub fn leaning(&self) -> bool {
        self.score() >= LEANING
    }

    /// Whether a line came key by key, and nothing else says that a program did it. Where a reply costs
    /// half a minute, the first such line is reason enough to answer sooner.
    pub fn typed(&self) -> bool {
        self.signs.count(Sign::Keys) > 0 && self.score() > 0
    }

    fn score(&self) -> i32 {
        self.words().iter().map(|word| word.points).sum()
    }

    /// Why: words of the table above, with `:count` where they are counted and the count is more
    /// than one, the most telling first, as many as fit into [`EVIDENCE`]; empty when nothing was seen.
    pub fn evidence(&self) -> String {
        let mut words = self.words();
        words.retain(|word| word.points != 0);
        words.sort_by_key(|word| -word.points.abs());
        let mut text = String::new();
        for word in words.iter().map(ToString::to_string) {
            if text.len() + word.len() < EVIDENCE {
                let comma = if text.is_empty() { "" } else { "," };
                text += comma;
                text += &word;
            }
        }
        text
    }

    /// How long after our reply it came; `None` if it did not wait for one.
    fn reaction(&mut self, arrival: &Arrival, came: Duration) -> Option<Duration> {
        let replied = self.replied.take()?;
        // What was early may have been negotiation only.
        let waited = !arrival.early || (arrival.telnet > 0 && came >= replied);
        waited.then(|| came.saturating_sub(replied))
    }

    /// A line that came key by key. Returns whether a hand can have typed it.
    fn see_keys(&mut self, arrival: &Arrival, len: u32) -> bool {
        let (quickest, slowest) = (arrival.quickest.as_secs_f64(), arrival.slowest.as_secs_f64());
        let enough = arrival.keystrokes >= 4;
        // Among a few gaps of a hand two or three may well be alike.
        let most = if arrival.keystrokes >= 8 { 2.0 } else { 1.5 };
        let alike = enough && slowest < quickest * most;
        let uneven = enough && slowest > quickest * 2.5;
        // A slow network puts several keys into a segment and sends segments evenly.
        let single = arrival.reads > len;
        self.signs.see(Sign::Keys, uneven);
        self.signs.see(Sign::Dribble, alike && single);
        !alike
    }

    /// A line that came whole. Returns whether a person can have sent it.
    fn see_whole(&mut self, first: bool, since_line: Duration, reaction: Option<Duration>, len: u32) -> bool {
        let typing = KEY.saturating_mul(len);
        let Some(pause) = reaction else {
            let together = !first && since_line < FAST;
            let pregreet = first && since_line < PREGREET;
            self.signs.see(Sign::Pipelining, together);
            self.signs.see(Sign::Pregreet, pregreet);
            self.signs.see(Sign::Early, !together && !pregreet);
            return !together && !pregreet && since_line >= THINK.max(typing);
        };
        let fast = pause < FAST;
        let prompt = !fast && pause < PROMPT.min(READ + typing);
        self.signs.see(Sign::Fast, fast);
        self.signs.see(Sign::Prompt, prompt);
        !fast && !prompt
    }

    /// What only a person does, on a line that a person can have sent.
    fn see_manners(&mut self, ending: Ending, said: Said) {
        self.signs.see(Sign::Edit, said.edited);
        self.signs.see(Sign::Typo, said.word == Word::Typo);
        self.signs.see(Sign::Odd, said.word == Word::Unknown);
        self.signs.see(Sign::Help, said.help);
        self.signs.see(Sign::Lf, ending == Ending::Lf);
        self.signs.see(Sign::Casual, said.casual);
        self.signs.see(Sign::Loose, said.loose);
        match said.case {
            Case::Upper => self.cases[0] = true,
            Case::Lower => self.cases[1] = true,
            Case::Mixed => self.cases = [true, true],
            Case::None => {}
        }
    }

    /// Every word of the evidence with its points.
    fn words(&self) -> Vec<signs::Seen> {
        let both_cases = u32::from(self.cases == [true, true]);
        let manners = [self.signs.count(Sign::Casual), self.signs.count(Sign::Loose), both_cases];
        let manners = manners.iter().map(|count| i32::from(*count > 0)).sum();
        let yes = |word, points, seen| signs::Seen { word, count: 1, points: if seen { points } else { 0 } };
        let mut words = self.signs.words(self.irregular());
        words.extend([
            yes("sloppy", manners, true),
            yes("pace", 2, self.paced()),
            yes("text", 5, self.wrote()),
            yes("bulk", -3, self.poured >= 2 && self.poured > self.written.count().saturating_mul(2)),
            yes("even", -self.worst(Pauses::even), true),
            yes("clock", -self.worst(Pauses::clock), true),
        ]);
        words
    }

    /// A program that waits now and then is no thinker.
    fn irregular(&self) -> bool {
        self.reactions.spread.count() >= 2 && self.reactions.spread.deviation() >= STEADY && self.hasty() < 2
    }

    fn hasty(&self) -> u32 {
        self.signs.count(Sign::Prompt).saturating_add(self.signs.count(Sign::Fast))
    }

    /// A script with a pause after each line has the same for the short and for the long ones.
    fn wrote(&self) -> bool {
        self.written.count() >= 3 && self.written.count() > self.poured && self.written.correlation() >= WROTE
    }

    fn paced(&self) -> bool {
        self.hasty() == 0
            && self.typing.count() >= 5
            && self.typing.correlation() >= TYPED
            && SPEED.contains(&self.typing.slope())
    }

    /// The larger value of the reactions, and of the intervals for a script that does not listen.
    /// Where a hand was seen at the keys, evenness is chance.
    fn worst(&self, measure: fn(&Pauses) -> i32) -> i32 {
        match self.signs.count(Sign::Keys) {
            0 => measure(&self.reactions).max(measure(&self.intervals)),
            _ => 0,
        }
    }
}

impl Manner {
    fn of(arrival: &Arrival) -> Self {
        let keys = arrival.keystrokes >= 3 && arrival.keystrokes.saturating_mul(2) >= arrival.reads;
        if arrival.reads >= 4 && keys { Manner::Keys } else { Manner::Whole }
    }
}

impl Pauses {
    fn add(&mut self, pause: Duration) {
        self.spread.add(pause.as_secs_f64());
        self.phase.add(pause.as_secs_f64());
    }

    /// How much it says that they are of one length.
    fn even(&self) -> i32 {
        // Three pauses of a person are alike by chance once in a while, four or five hardly ever
        // to a thirtieth.
        match (self.spread.count(), self.spread.deviation()) {
            (8.., ..CONSTANT) => 8,
            (6.., ..CONSTANT) | (4.., ..EXACT) => 5,
            (6.., ..STEADY) => 4,
            (3.., ..CONSTANT) => 3,
            (4.., ..STEADY) => 2,
            _ => 0,
        }
    }

    /// How much it says that they are of whole seconds, or whole seconds and the same network.
    fn clock(&self) -> i32 {
        if self.phase.concentration() < IN_PHASE || self.spread.mean() < THINK.as_secs_f64() {
            return 0;
        }
        match self.phase.count() {
            8.. => 8,
            4.. => 4,
            _ => 0,
        }
    }
}

#[cfg(test)]
mod tests;
