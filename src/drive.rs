//! The one loop that carries out an engine's turns, until the conversation is over.
//!
//! The loop owns what every protocol shares: deadlines, `speedup`, the `still` and `end` events, and
//! the arithmetic of how long the peer was really there. It speaks to the peer through a [`Wire`]:
//! [`crate::conn::Conn`] in production, a script with a fake clock in tests.

use crate::clock::Clock;
use crate::engine::{Engine, Heard, Line, Mode, Now, Then};
use crate::event::{Ended, Plain, Reason, Seconds, What};
use crate::lines::Taken;
use std::cell::Cell;
use std::time::Duration;

/// A long hold says that it still lasts this often, in tarpit time.
pub const STILL: Duration = Duration::from_secs(600);

/// When the peer has closed its side while our reply is not complete, the next piece goes out this
/// soon: its kernel's answer tells whether anybody still reads.
const PROBE: Duration = Duration::from_secs(1);

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
    /// The peer has closed its side and was probed for it.
    probed: bool,
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
        Drive { wire, clock, speedup, log, probed: false }
    }

    /// Carries out the whole conversation and logs its `end`. `first` is logged once the peer has
    /// been answered, before anything else.
    pub fn run(&mut self, engine: &mut dyn Engine, first: impl IntoIterator<Item = What>) -> Reason {
        let mut text = Vec::new();
        let mut still = self.real(STILL);
        let mut turn = engine.hear(Heard::Connect, self.now());
        turn.notes.splice(0..0, first);
        // Whether the reply that is being given is complete, and when its last piece went out.
        let (mut complete, mut said) = (false, Duration::ZERO);
        loop {
            if !turn.say.is_empty() {
                self.wire.say(&turn.say);
                (complete, said) = (false, self.clock.elapsed());
            }
            turn.notes.drain(..).for_each(&mut self.log);
            self.progress(engine);
            match turn.then {
                Then::Close(reason) => {
                    self.wire.close();
                    return self.end(engine, reason, None);
                }
                Then::Listen(..) if !complete => {
                    self.wire.replied(self.clock.elapsed());
                    complete = true;
                }
                // A reply that begins with silence.
                Then::Pause(_) | Then::Drip(_) if complete => {
                    (complete, said) = (false, self.clock.elapsed());
                }
                Then::Listen(..) | Then::Pause(_) | Then::Drip(_) => {}
            }
            turn = match self.wait(engine, turn.then, &mut still, &mut text) {
                Waited::Line(taken) => engine.hear(heard(&text, taken), self.now()),
                Waited::Silence => engine.hear(Heard::Silence, self.now()),
                Waited::Hangup => engine.hear(Heard::Hangup, self.now()),
                Waited::Gone(reason) => return self.end(engine, reason, (!complete).then_some(said)),
            };
        }
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
        loop {
            match self.wire.wait(mode, until.min(*still), text) {
                Came::Line(taken) => return Waited::Line(taken),
                Came::Time if self.clock.elapsed() >= until => return Waited::Silence,
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

    /// Logs the `end`. `said` is when our last piece went out if our reply was not complete.
    fn end(&mut self, engine: &mut dyn Engine, reason: Reason, said: Option<Duration>) -> Reason {
        let held = self.wire.last_seen();
        engine.sent(self.wire.counts().1);
        engine.ended(held, reason).drain(..).for_each(&mut self.log);
        let (bytes_in, bytes_out) = self.wire.counts();
        let (kind, evidence) = engine.kind();
        let gaveup = said.filter(|_| reason == Reason::Hangup).map(|said| held.saturating_sub(said));
        let ended = Ended {
            held: Seconds::new(held),
            bytes_in,
            bytes_out,
            stage: engine.stage().into(),
            reason,
            kind,
            evidence: Plain::from(evidence.as_str()),
            gaveup: gaveup.map(Seconds::new),
            profile: engine.profile().into(),
            totals: engine.totals(),
        };
        (self.log)(ended.into());
        reason
    }
}

fn heard(text: &[u8], taken: Taken) -> Heard<'_> {
    let line = Line { text, ending: taken.ending, arrival: taken.arrival };
    if taken.overlong { Heard::Overlong(line) } else { Heard::Line(line) }
}
