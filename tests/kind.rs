//! Man or machine, proven on recorded and constructed conversations of known class.
//!
//! `tests/conversations/*.txt` hold one conversation each. The first line says what the peer was,
//! `human` or `program`, and whether the conversation was `recorded` or `constructed`; lines that
//! begin with `#` say how. Every other line is a time in milliseconds since the connection, and
//! then one of
//!
//! - `S 250 2.1.0 Ok`: the last line of a reply of ours was complete;
//! - `C EHLO x\r\n`: one read brought these bytes (`\r`, `\n`, `\\`, `\x7f` stand for bytes);
//! - `end`: the peer closed, or we did after QUIT.
//!
//! The lines and the facts of their arrival are made of the reads by the reader that production
//! uses.

use rand::{RngExt, SeedableRng, rngs::StdRng};
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use std::time::Duration;

use sundew::engine::{Ending, Mode};
use sundew::event::{Kind, Reason};
use sundew::kind::{self, Watch};
use sundew::lines::Lines;

const VERBS: &[&str] = &[
    "HELO", "EHLO", "LHLO", "MAIL", "RCPT", "DATA", "BDAT", "RSET", "NOOP", "QUIT", "VRFY", "EXPN", "HELP",
    "AUTH", "STARTTLS", "ETRN", "TURN",
];

/// A command line this far into the conversation, or further, must not be misjudged.
const SETTLED: usize = 3;

#[derive(Clone)]
struct Conversation {
    name: String,
    class: Kind,
    steps: Vec<(Duration, Step)>,
}

#[derive(Clone)]
enum Step {
    Replied(Expects),
    Read(Vec<u8>),
    End,
}

/// What our reply asks for.
#[derive(Clone, Copy, PartialEq)]
enum Expects {
    Command,
    Answer,
    Text,
    Nothing,
}

/// What the watch said.
struct Verdicts {
    /// After each line of the peer.
    lines: Vec<Kind>,
    end: Kind,
    evidence: String,
}

impl Verdicts {
    /// Everything that the watch said once it had heard enough, and at the end.
    fn settled(&self) -> impl Iterator<Item = Kind> {
        self.lines.iter().skip(SETTLED - 1).copied().chain([self.end])
    }
}

fn conversations() -> Vec<Conversation> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/conversations");
    let mut paths: Vec<_> = dir
        .read_dir()
        .expect("the conversations are in the source tree")
        .map(|entry| entry.expect("the directory can be read").path())
        .filter(|path| path.extension().is_some_and(|ext| ext == "txt"))
        .collect();
    paths.sort();
    paths.iter().map(|path| read(path)).collect()
}

fn read(path: &Path) -> Conversation {
    let name = path.file_stem().expect("it ends in .txt").to_string_lossy().into_owned();
    let text = std::fs::read_to_string(path).expect("a conversation is text");
    let mut lines = text.lines();
    let class = match lines.next() {
        Some("human, recorded" | "human, constructed") => Kind::Human,
        Some("program, recorded" | "program, constructed") => Kind::Program,
        other => panic!("{name}: {other:?} is no class"),
    };
    let steps = lines
        .filter(|line| !line.starts_with('#'))
        .map(|line| step(line).unwrap_or_else(|| panic!("{name}: {line:?} is no step")))
        .collect();
    Conversation { name, class, steps }
}

fn step(line: &str) -> Option<(Duration, Step)> {
    let (time, rest) = line.trim_start().split_once(' ')?;
    let time = Duration::from_millis(time.parse().ok()?);
    let step = match rest.split_once(' ').unwrap_or((rest, "")) {
        ("S", reply) => Step::Replied(match reply.get(..3)? {
            "354" => Expects::Text,
            "334" => Expects::Answer,
            "221" | "421" => Expects::Nothing,
            _ => Expects::Command,
        }),
        ("C", bytes) => Step::Read(unescape(bytes)?),
        ("end", "") => Step::End,
        _ => return None,
    };
    Some((time, step))
}

fn unescape(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match (byte, byte == b'\\') {
            (plain, false) => plain,
            (_, true) => match rest.next()? {
                b'r' => b'\r',
                b'n' => b'\n',
                b'\\' => b'\\',
                b'x' => {
                    let digits = [rest.next()?, rest.next()?];
                    u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()?
                }
                _ => return None,
            },
        });
    }
    Some(bytes)
}

/// Plays the conversation to a watch as the session does: lines wait while a reply of ours is not
/// complete, and come at the end if it never is.
fn replay(conversation: &Conversation) -> Verdicts {
    let mut player = Player {
        lines: Lines::new(),
        watch: Watch::new(),
        expects: Expects::Nothing,
        quit: false,
        verdicts: Vec::new(),
    };
    for (at, step) in &conversation.steps {
        match step {
            Step::Replied(expects) => {
                player.lines.replied(*at);
                player.watch.replied(*at);
                player.expects = *expects;
                player.take();
            }
            Step::Read(bytes) => {
                assert!(bytes.len() <= player.lines.room(), "{}: a read too large", conversation.name);
                player.lines.feed(bytes, *at);
                player.take();
            }
            Step::End => player.end(*at),
        }
    }
    Verdicts { lines: player.verdicts, end: player.watch.kind(), evidence: player.watch.evidence() }
}

struct Player {
    lines: Lines,
    watch: Watch,
    expects: Expects,
    quit: bool,
    verdicts: Vec<Kind>,
}

impl Player {
    fn take(&mut self) {
        let mut text = Vec::new();
        while self.expects != Expects::Nothing {
            let mode = if self.expects == Expects::Text { Mode::Text } else { Mode::Commands };
            let Some(taken) = self.lines.next(mode, &mut text) else { return };
            if self.expects != Expects::Text {
                let said = match self.expects {
                    Expects::Answer => kind::answer(&text),
                    _ => kind::said(&text, VERBS),
                };
                self.quit = said.quit;
                self.watch.heard(&taken.arrival, taken.ending, said);
                self.verdicts.push(self.watch.kind());
                self.expects = Expects::Nothing;
            } else {
                self.watch.text(&taken.arrival, &text);
                if text == b"." && taken.ending != Ending::Cut {
                    self.expects = Expects::Nothing;
                }
            }
        }
    }

    /// What the peer said into a reply that never ended is heard too.
    fn end(&mut self, at: Duration) {
        let before = self.verdicts.len();
        while self.lines.pending() {
            self.expects = Expects::Command;
            self.take();
            if self.expects == Expects::Command {
                break;
            }
        }
        assert!(self.verdicts.len() < before + 50, "endless");
        self.watch.ended(at, if self.quit { Reason::Quit } else { Reason::Hangup });
    }
}

/// The mistakes that must not happen: a person taken for a program once there was something to go
/// by, a program taken for a person.
fn mistake(conversation: &Conversation, verdicts: &Verdicts) -> bool {
    verdicts.settled().any(|kind| kind != conversation.class && kind != Kind::Unknown)
}

fn fail(conversation: &Conversation, verdicts: &Verdicts, how: &str) -> String {
    format!(
        "{} {how}: {:?}, then {:?} ({})\n",
        conversation.name, verdicts.lines, verdicts.end, verdicts.evidence
    )
}

/// The confusion matrix, as a table for people.
fn matrix(results: &[(&Conversation, Verdicts)]) -> String {
    let count = |class: Kind, verdict: Kind| {
        results.iter().filter(|(c, v)| c.class == class && v.end == verdict).count()
    };
    let mut table = String::from("\nconversations     taken for: human  unknown  program\n");
    for class in [Kind::Human, Kind::Program] {
        let [human, unknown, program] =
            [Kind::Human, Kind::Unknown, Kind::Program].map(|verdict| count(class, verdict));
        let _ = writeln!(table, "{class:<26} {human:>5} {unknown:>8} {program:>8}");
    }
    for (conversation, verdicts) in results.iter().filter(|(c, v)| v.end == Kind::Unknown && c.class != v.end)
    {
        let _ = writeln!(table, "  not recognised: {} ({})", conversation.name, verdicts.evidence);
    }
    table
}

#[test]
fn people_and_programs_are_told_apart() {
    let conversations = conversations();
    assert!(conversations.len() >= 30, "only {} conversations", conversations.len());
    let results: Vec<_> = conversations.iter().map(|c| (c, replay(c))).collect();
    // Straight to stdout, past the capture: the matrix belongs to the output of every run.
    let table = matrix(&results);
    std::io::stdout().write_all(table.as_bytes()).expect("stdout is open");

    let wrong: String =
        results.iter().filter(|(c, v)| mistake(c, v)).map(|(c, v)| fail(c, v, "is misjudged")).collect();
    assert!(wrong.is_empty(), "{wrong}");
    let right = results.iter().filter(|(c, v)| v.end == c.class).count();
    assert!(right * 10 >= results.len() * 9, "only {right} of {} are recognised\n{table}", results.len());
}

#[test]
fn other_timing_makes_no_mistakes() {
    let mut rng = StdRng::seed_from_u64(7);
    let conversations = conversations();
    let mut wrong = String::new();
    for round in 0..100 {
        for conversation in &conversations {
            let jittered = stretched(conversation, |gap| gap.mul_f64(rng.random_range(0.7..1.3)));
            let verdicts = replay(&jittered);
            if mistake(&jittered, &verdicts) {
                wrong += &fail(&jittered, &verdicts, &format!("in round {round}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn a_slow_network_makes_no_mistakes() {
    let mut wrong = String::new();
    for delay in [50, 150, 300, 600].map(Duration::from_millis) {
        for conversation in &conversations() {
            let far = far_away(conversation, delay);
            let verdicts = replay(&far);
            if mistake(&far, &verdicts) {
                wrong += &fail(&far, &verdicts, &format!("{delay:?} away"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

/// The conversation with every gap changed.
fn stretched(conversation: &Conversation, mut change: impl FnMut(Duration) -> Duration) -> Conversation {
    let mut far = conversation.clone();
    let (mut before, mut now) = (Duration::ZERO, Duration::ZERO);
    for (at, _) in &mut far.steps {
        now += change(at.saturating_sub(before));
        before = std::mem::replace(at, now);
    }
    far
}

/// The conversation as it would be with a network that takes this long there and back: whatever
/// answers a reply of ours comes that much later, and so does everything after it.
fn far_away(conversation: &Conversation, delay: Duration) -> Conversation {
    let mut far = conversation.clone();
    let (mut late, mut after_reply) = (Duration::ZERO, true);
    for (at, step) in &mut far.steps {
        let reply = matches!(step, Step::Replied(_));
        late += if after_reply && !reply { delay } else { Duration::ZERO };
        after_reply = reply;
        *at += late;
    }
    far
}
