//! What a protocol engine is: it hears what the peer did and answers what to say, and how to wait.
//!
//! Engines are pure. They open nothing, read nothing, wait for nothing, cannot fail and do not know
//! the time unless they are told. [`crate::drive`] carries out their turns, over a socket or, in
//! tests, over a script, where thirty days pass in milliseconds.

use chrono::{DateTime, FixedOffset};
use std::time::Duration;

use crate::event::{Kind, Reason, Totals, What};

/// What the peer did since our last turn.
#[derive(Debug, Clone, Copy)]
pub enum Heard<'a> {
    /// The connection is there; nobody has spoken yet.
    Connect,
    /// One line without its ending; in [`Mode::Text`] possibly a part of one ([`Ending::Cut`]).
    Line(Line<'a>),
    /// A command line longer than the reader keeps; its beginning is here, the rest is gone.
    Overlong(Line<'a>),
    /// The wait that the last turn asked for is over and no line came.
    Silence,
    /// The peer closed its side and everything it sent has been heard, a last line without an ending
    /// too ([`Ending::Cut`]). What the engine still says is sent if the peer still reads.
    Hangup,
}

/// A line from the peer, with the facts about its arrival that tell a person from a program.
#[derive(Debug, Clone, Copy)]
pub struct Line<'a> {
    /// The bytes without the line ending. Telnet negotiation is already taken out in [`Mode::Commands`].
    pub text: &'a [u8],
    pub ending: Ending,
    pub arrival: Arrival,
}

/// How a line ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// CR LF, as RFC 5321 2.3.8 demands.
    CrLf,
    /// A bare LF, as `nc` sends when a person types.
    Lf,
    /// No ending yet: a part of a long line of text, or what was left when the peer closed. That is no
    /// command: every server that we know carries out none before its end was there.
    Cut,
}

/// When and in what pieces a line came. Times are real (not divided by `speedup`), since the
/// connection began.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Arrival {
    /// When its first byte was read.
    pub first: Duration,
    /// When its last byte was read.
    pub last: Duration,
    /// How many reads brought it.
    pub reads: u32,
    /// How many of its bytes came alone or in twos after a gap of 30 ms to 3 s, as typed keys do.
    pub keystrokes: u32,
    /// The shortest and the longest of the gaps before those bytes; zero when there are none.
    pub quickest: Duration,
    pub slowest: Duration,
    /// Whether its first byte was there before our last reply was complete: the peer did not wait.
    pub early: bool,
    /// Whether more bytes of the peer already wait behind it.
    pub followed: bool,
    /// How many telnet commands (IAC, RFC 854) were taken out of it or came just before it.
    pub telnet: u32,
}

/// The ways of reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Lines that end with CR LF or LF; telnet negotiation is answered and taken out.
    Commands,
    /// A message body: every byte counts, long lines come in parts.
    Text,
    /// A message body, read through the smallest receive window that the kernel grants.
    Narrow,
}

/// One turn of ours: say this, then do that.
#[derive(Debug, Clone, PartialEq)]
pub struct Turn {
    /// The bytes to send now, in one write; may be empty.
    pub say: Vec<u8>,
    pub then: Then,
    /// What the log should have of this turn.
    pub notes: Vec<What>,
}

/// What to do when the bytes are out. The durations are pauses of the tarpit: `speedup` divides them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Then {
    /// Our reply is complete: wait for a line, at most this long.
    Listen(Mode, Duration),
    /// Our reply is not complete: go on after this pause. Lines that come meanwhile stay queued.
    Pause(Duration),
    /// Our reply is not complete and may never be: go on after this pause, or when a line comes. Of many
    /// lines that come at once the driver lets only so many through each second.
    Drip(Duration),
    /// It is over.
    Close(Reason),
}

/// The moment at which an engine is asked.
#[derive(Debug, Clone, Copy)]
pub struct Now {
    /// Since the connection began, in tarpit time: real time multiplied by `speedup`.
    pub since: Duration,
    /// Since the connection began, in real time, to compare with [`Arrival`].
    pub real: Duration,
    /// The wall clock, for dates in replies and for profiles by time of day.
    pub wall: DateTime<FixedOffset>,
}

/// One side of a conversation.
pub trait Engine {
    /// Hears what the peer did and takes the next turn.
    fn hear(&mut self, heard: Heard<'_>, now: Now) -> Turn;
    /// Learns how many bytes of what was said have gone out since the conversation began: after each turn, and
    /// once more before [`Engine::ended`].
    fn sent(&mut self, _bytes: u64) {}
    /// Learns that the conversation is over, at `at` (real time since it began), and says what the
    /// log should still have before the `end`.
    fn ended(&mut self, at: Duration, reason: Reason) -> Vec<What>;
    /// Where the conversation is, as the log names it (`banner`, `rcpt`, `retr`, ...).
    fn stage(&self) -> &'static str;
    /// The name of the pacing profile that applies.
    fn profile(&self) -> &str;
    /// What the peer seems to be, and why: words with commas between them.
    fn kind(&self) -> (Kind, String);
    /// What the `end` event counts.
    fn totals(&self) -> Totals;
}

impl Turn {
    /// Says something and does `then`, with nothing for the log.
    pub fn new(say: impl Into<Vec<u8>>, then: Then) -> Self {
        Turn { say: say.into(), then, notes: Vec::new() }
    }
}
