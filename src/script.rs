//! A peer made of a script, with a clock that jumps: for tests, benchmarks and fuzzing.
//!
//! It stands in for [`crate::conn::Conn`] under [`crate::drive`], so that thirty days of a
//! conversation pass in milliseconds and every byte can be counted.

use crate::clock::{Clock as _, Fake};
use crate::drive::{Came, Wire};
use crate::engine::Mode;
use crate::event::Reason;
use crate::lines::Lines;
use std::time::Duration;

/// What a scripted peer does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    Send(Vec<u8>),
    /// Closes its side but still reads.
    Close,
    /// Closes for good.
    Reset,
    /// Vanishes: no packet comes any more.
    Vanish,
    /// Not the peer: SIGTERM.
    Signal,
}

/// Decides what the peer does next and when (real time since the connection began), from what it
/// has been sent so far. `None` means that it waits for more.
pub trait Peer {
    fn next(&mut self, heard: &[u8], now: Duration) -> Option<(Duration, Act)>;
}

impl<F: FnMut(&[u8], Duration) -> Option<(Duration, Act)>> Peer for F {
    fn next(&mut self, heard: &[u8], now: Duration) -> Option<(Duration, Act)> {
        self(heard, now)
    }
}

/// A peer that says the next of its lines each time a reply is complete, after `pause`, and then
/// does the last act at its time.
pub struct Lockstep {
    pub lines: Vec<Vec<u8>>,
    pub pause: Duration,
    pub last: (Duration, Act),
    said: usize,
    /// How much of what was heard has been looked at, and how many replies in it were complete.
    looked: usize,
    replies: usize,
}

impl Lockstep {
    /// `lines` without their endings.
    pub fn new(lines: &[&str], pause: Duration, last: (Duration, Act)) -> Self {
        let lines = lines.iter().map(|line| format!("{line}\r\n").into_bytes()).collect();
        Lockstep { lines, pause, last, said: 0, looked: 0, replies: 0 }
    }
}

impl Peer for Lockstep {
    fn next(&mut self, heard: &[u8], now: Duration) -> Option<(Duration, Act)> {
        let fresh = heard.get(self.looked..).unwrap_or_default();
        for line in fresh.split_inclusive(|&byte| byte == b'\n').filter(|line| line.ends_with(b"\n")) {
            self.looked += line.len();
            self.replies += usize::from(line.get(3) == Some(&b' '));
        }
        match self.lines.get(self.said) {
            Some(line) if self.replies > self.said => {
                self.said += 1;
                Some((now + self.pause, Act::Send(line.clone())))
            }
            _ => Some(self.last.clone()),
        }
    }
}

/// A peer that does each act at its time, whatever it hears; times never go back.
pub struct Timetable {
    acts: std::iter::Peekable<std::vec::IntoIter<(Duration, Act)>>,
    /// The first of them was told; it is done when its time has come.
    told: bool,
}

impl Timetable {
    pub fn new(acts: Vec<(Duration, Act)>) -> Self {
        Timetable { acts: acts.into_iter().peekable(), told: false }
    }
}

impl Peer for Timetable {
    fn next(&mut self, _heard: &[u8], now: Duration) -> Option<(Duration, Act)> {
        let told = self.told;
        self.acts.next_if(|(at, _)| told && *at <= now);
        self.told = true;
        self.acts.peek().cloned()
    }
}

/// The wire to a scripted peer.
pub struct Script<P> {
    clock: Fake,
    lines: Lines,
    peer: P,
    /// Everything that was said, and when each piece was.
    pub said: Vec<u8>,
    pub pieces: Vec<(Duration, usize)>,
    read: u64,
    closed: Option<Duration>,
    told: bool,
    gone: Option<(Reason, Duration)>,
    seen: Duration,
}

impl<P: Peer> Script<P> {
    pub fn new(clock: Fake, peer: P) -> Self {
        Script {
            clock,
            lines: Lines::new(),
            peer,
            said: Vec::new(),
            pieces: Vec::new(),
            read: 0,
            closed: None,
            told: false,
            gone: None,
            seen: Duration::ZERO,
        }
    }

    fn act(&mut self, act: Act) -> Option<Came> {
        let now = self.clock.elapsed();
        match act {
            Act::Send(bytes) => {
                self.read += bytes.len() as u64;
                for piece in bytes.chunks(crate::lines::QUEUE) {
                    self.lines.feed(piece, now);
                }
            }
            Act::Close => self.closed = Some(now),
            Act::Reset => self.gone = Some((Reason::Hangup, now)),
            Act::Vanish => self.gone = Some((Reason::Ghost, self.seen)),
            Act::Signal => return Some(Came::Signal),
        }
        self.seen = now;
        None
    }
}

impl<P: Peer> Wire for Script<P> {
    fn say(&mut self, bytes: &[u8]) {
        self.said.extend_from_slice(bytes);
        self.pieces.push((self.clock.elapsed(), bytes.len()));
    }

    fn replied(&mut self, at: Duration) {
        self.lines.replied(at);
    }

    fn wait(&mut self, want: Option<Mode>, until: Duration, line: &mut Vec<u8>) -> Came {
        loop {
            let next = want.and_then(|mode| self.lines.next(mode, line));
            let rest = || want.and(self.closed).and_then(|_| self.lines.rest(line));
            if let Some(taken) = next.or_else(rest) {
                return Came::Line(taken);
            }
            let answers = self.lines.take_answers();
            if !answers.is_empty() {
                self.say(&answers);
            }
            if let Some((reason, _)) = self.gone {
                return Came::Gone(reason);
            }
            if self.closed.is_some() && (want.is_some() || !self.told) {
                self.told = true;
                return Came::Closed;
            }
            let now = self.clock.elapsed();
            let next = self.peer.next(&self.said, now).filter(|_| self.closed.is_none());
            match next {
                Some((at, act)) if at <= until => {
                    self.clock.advance(at.saturating_sub(now));
                    if let Some(came) = self.act(act) {
                        return came;
                    }
                }
                _ => {
                    self.clock.advance(until.saturating_sub(now));
                    self.seen = self.clock.elapsed();
                    return Came::Time;
                }
            }
        }
    }

    fn close(&mut self) {}

    fn last_seen(&mut self) -> Duration {
        match (self.gone, self.closed) {
            (Some((_, seen)), _) => seen,
            (None, Some(closed)) => closed,
            (None, None) => self.seen,
        }
    }

    fn counts(&self) -> (u64, u64) {
        (self.read, self.said.len() as u64)
    }
}
