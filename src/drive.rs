//! The one loop that carries out an engine's turns, until the conversation is over.
//!
//! The loop owns what every protocol shares: deadlines, `speedup`, the `still` and `end` events, and
//! the arithmetic of how long the peer was really there. It speaks to the peer through a [`Wire`]:
//! [`crate::conn::Conn`] in production, a script with a fake clock in tests.

use crate::clock::Clock;
use crate::engine::{Ending, Engine, Heard, Line, Mode, Now, Then};
use crate::event::{Ended, Plain, Reason, Seconds, What};
use crate::lines::Taken;
use crate::rate::Rate;
use std::cell::Cell;
use std::time::Duration;

/// A long hold says that it still lasts this often, in tarpit time.
pub const STILL: Duration = Duration::from_secs(600);

/// When the peer has closed its side while our reply is not complete, the next piece goes out this
/// soon: its kernel's answer tells whether anybody still reads.
const PROBE: Duration = Duration::from_secs(1);

/// How many lines of a peer may interrupt a reply that drips, and how long it takes until there may be one
/// more, in tarpit time. What a client sends at once without waiting fits; a flood stays in the kernel.
const INTERRUPTIONS: (u32, Duration) = (100, Duration::from_millis(50));

/// How many events one connection may write besides `still` and `end`, whatever its peer does.
pub const EVENTS: u64 = 200;

/// The other end, as the loop sees it. Times are real, since the connection began.
pub trait Wire {
    /// Sends bytes, or keeps them until the peer takes them.
    fn say(&mut self, bytes: &[u8]);
    /// Notes that our reply is complete.
    fn replied(&mut self, at: Duration);
    /// Waits until `until` at most. A line is taken into `line` only if `want` names a mode.
    fn wait(&mut self, want: Option<Mode>, until: Duration, line: &mut Vec<u8>) -> Came;
    /// Says goodbye: what was said still reaches a peer that reads.
    fn close(&mut self);
    /// The last moment at which the peer is known to have been there.
    fn last_seen(&mut self) -> Duration;
    /// Bytes read from the peer and bytes it was sent.
    fn counts(&self) -> (u64, u64);
}

/// What ended a wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Came {
    /// A line, in the buffer.
    Line(Taken),
    /// `until` was reached.
    Time,
    /// The peer has closed its side: told once while nobody asks for lines, and for ever when
    /// lines are asked for and all that it sent have been taken.
    Closed,
    /// The connection is gone.
    Gone(Reason),
    /// A signal asks us to end.
    Signal,
}

/// How to carry out a conversation.
pub struct Drive<'a, W, C> {
    wire: &'a mut W,
    clock: &'a C,
    /// Every pause is divided by this.
    speedup: f64,
    log: &'a mut dyn FnMut(What),
    /// How many events were logged, and how many were not because there were too many.
    logged: u64,
    unlogged: u64,
    /// The peer has closed its side and was probed for it.
    probed: bool,
    interruptions: Rate,
    /// Our last pieces, the newest first. A peer that has closed its side left before those which went out
    /// to see whether it still reads.
    pieces: [Piece; PIECES],
}

/// More pieces are not out before the first brings an answer.
const PIECES: usize = 8;

/// A piece of a reply that was not complete with it, or the silence that a reply began with.
#[derive(Debug, Clone, Copy, Default)]
struct Piece {
    /// When the reply began.
    began: Duration,
    /// When the piece went out.
    said: Duration,
}

/// How far the conversation is.
#[derive(Debug, Clone, Copy, Default)]
pub struct Progress {
    pub held: Duration,
    pub bytes_in: u64,
    pub bytes_out: u64,
    pub stage: &'static str,
}

thread_local! {
    /// What the panic hook, which can reach nothing else, writes into the `end` event.
    pub static PROGRESS: Cell<Progress> = Cell::default();
}

/// What ended all the waits of one turn.
enum Waited {
    Line(Taken),
    Silence,
    Hangup,
    Gone(Reason),
}

impl<'a, W: Wire, C: Clock> Drive<'a, W, C> {
    /// A conversation on this wire that has not begun; `log` takes its events as they happen.
    pub fn new(wire: &'a mut W, clock: &'a C, speedup: f64, log: &'a mut dyn FnMut(What)) -> Self {
        let (burst, each) = INTERRUPTIONS;
        Drive {
            wire,
            clock,
            speedup,
            log,
            logged: 0,
            unlogged: 0,
            probed: false,
            interruptions: Rate::new(burst, each.div_f64(speedup)),
            pieces: [Piece::default(); PIECES],
        }
    }

    /// Carries out the whole conversation and logs its `end`. `first` is logged once the peer has
    /// been answered, before anything else.
    pub fn run(&mut self, engine: &mut dyn Engine, first: impl IntoIterator<Item = What>) -> Reason {
        let mut text = Vec::new();
        let mut still = self.real(STILL);
        let mut turn = engine.hear(Heard::Connect, self.now());
        turn.notes.splice(0..0, first);
        // Whether the reply that is being given is complete, and when it began.
        let (mut complete, mut began) = (false, Duration::ZERO);
        loop {
            if !turn.say.is_empty() {
                self.wire.say(&turn.say);
            }
            // A reply may begin with silence.
            let silence = complete && matches!(turn.then, Then::Pause(_) | Then::Drip(_));
            if !turn.say.is_empty() || silence {
                complete = false;
                self.piece(began);
            }
            turn.notes.drain(..).for_each(|what| self.note(what));
            self.progress(engine);
            match turn.then {
                Then::Close(reason) => {
                    self.wire.close();
                    return self.end(engine, reason, true);
                }
                Then::Listen(..) if !complete => {
                    self.wire.replied(self.clock.elapsed());
                    complete = true;
                }
                Then::Listen(..) | Then::Pause(_) | Then::Drip(_) => {}
            }
            turn = match self.wait(engine, turn.then, &mut still, &mut text) {
                Waited::Line(taken) => {
                    // What was left when the peer closed is no command, so it begins no reply.
                    if taken.ending != Ending::Cut {
                        began = self.clock.elapsed();
                    }
                    engine.hear(heard(&text, taken), self.now())
                }
                Waited::Silence => engine.hear(Heard::Silence, self.now()),
                Waited::Hangup => engine.hear(Heard::Hangup, self.now()),
                Waited::Gone(reason) => return self.end(engine, reason, complete),
            };
        }
    }

    /// Notes that a piece of the reply that began then went out.
    fn piece(&mut self, began: Duration) {
        self.pieces.rotate_right(1);
        let [newest, ..] = &mut self.pieces;
        *newest = Piece { began, said: self.clock.elapsed() };
    }

    /// Logs an event, unless the peer has made us write so many already.
    fn note(&mut self, what: What) {
        if self.logged < EVENTS {
            self.logged += 1;
            return (self.log)(what);
        }
        if self.unlogged == 0 {
            let what = format!("this connection has written {EVENTS} events: the rest is counted in its end");
            (self.log)(What::Error { what: Plain::from(what.as_str()) });
        }
        self.unlogged += 1;
    }

    /// Waits as `then` says, and writes the `still` events that fall due meanwhile.
    fn wait(&mut self, engine: &dyn Engine, then: Then, still: &mut Duration, text: &mut Vec<u8>) -> Waited {
        let (mut mode, pause) = match then {
            Then::Listen(mode, pause) => (Some(mode), pause),
            Then::Drip(pause) => (Some(Mode::Commands), pause),
            Then::Pause(pause) => (None, pause),
            Then::Close(reason) => return Waited::Gone(reason),
        };
        let mut until = self.clock.elapsed().saturating_add(self.real(pause));
        let drips = matches!(then, Then::Drip(_));
        loop {
            let now = self.clock.elapsed();
            // Lines wait where they are while there were too many.
            let (taken, wake) = match drips && mode.is_some() && !self.interruptions.ready(now) {
                true => (None, until.min(self.interruptions.next())),
                false => (mode, until),
            };
            match self.wire.wait(taken, wake.min(*still), text) {
                Came::Line(taken) => {
                    if drips {
                        self.interruptions.take(now);
                    }
                    return Waited::Line(taken);
                }
                Came::Time if self.clock.elapsed() >= until => return Waited::Silence,
                Came::Time if self.clock.elapsed() < *still => {}
                Came::Time => {
                    *still = self.clock.elapsed().saturating_add(self.real(STILL));
                    self.still(engine);
                }
                Came::Closed if matches!(then, Then::Listen(..)) => return Waited::Hangup,
                Came::Closed => {
                    mode = None;
                    if !std::mem::replace(&mut self.probed, true) {
                        until = until.min(self.clock.elapsed() + PROBE);
                    }
                }
                Came::Gone(reason) => return Waited::Gone(reason),
                Came::Signal => return Waited::Gone(Reason::Signal),
            }
        }
    }

    fn now(&self) -> Now {
        let real = self.clock.elapsed();
        Now { since: real.mul_f64(self.speedup), real, wall: self.clock.wall() }
    }

    /// A pause of the tarpit in real time.
    fn real(&self, pause: Duration) -> Duration {
        pause.div_f64(self.speedup)
    }

    fn still(&mut self, engine: &dyn Engine) {
        let held = Seconds::new(self.wire.last_seen());
        let (_, bytes_out) = self.wire.counts();
        (self.log)(What::Still {
            held,
            stage: engine.stage().into(),
            profile: engine.profile().into(),
            made: engine.totals().made,
            bytes_out: Some(bytes_out),
        });
    }

    /// Keeps what a panic's last words need.
    fn progress(&self, engine: &mut dyn Engine) {
        let (bytes_in, bytes_out) = self.wire.counts();
        engine.sent(bytes_out);
        PROGRESS.set(Progress { held: self.clock.elapsed(), bytes_in, bytes_out, stage: engine.stage() });
    }

    /// Logs the `end`; `complete` says whether our reply was.
    fn end(&mut self, engine: &mut dyn Engine, reason: Reason, complete: bool) -> Reason {
        let held = self.wire.last_seen();
        engine.sent(self.wire.counts().1);
        engine.ended(held, reason).drain(..).for_each(|what| self.note(what));
        let (bytes_in, bytes_out) = self.wire.counts();
        let (kind, evidence) = engine.kind();
        let left = reason == Reason::Hangup && !complete;
        let piece = self.pieces.iter().find(|piece| left && piece.said <= held);
        let since = |then: Duration| Seconds::new(held.saturating_sub(then));
        let ended = Ended {
            held: Seconds::new(held),
            bytes_in,
            bytes_out,
            stage: engine.stage().into(),
            reason,
            kind,
            evidence: Plain::from(evidence.as_str()),
            gaveup: piece.map(|piece| since(piece.said)),
            waited: piece.map(|piece| since(piece.began)),
            profile: engine.profile().into(),
            totals: engine.totals(),
            unlogged: Some(self.unlogged).filter(|unlogged| *unlogged > 0),
        };
        (self.log)(ended.into());
        reason
    }
}

fn heard(text: &[u8], taken: Taken) -> Heard<'_> {
    let line = Line { text, ending: taken.ending, arrival: taken.arrival };
    if taken.overlong { Heard::Overlong(line) } else { Heard::Line(line) }
}

#[cfg(test)]
mod tests;
