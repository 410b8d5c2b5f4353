//! The tarpit around the answer: an [`Engine`] that takes one request and gives one answer, slowly.
//!
//! The head comes after a second or two, the body behind it in pieces. When the last byte is due is drawn
//! when the answer begins, and each piece is as large as what is left makes it, so that a page takes the same
//! time whether it has two kilobytes or two hundred.

mod visitor;

use crate::Rng;
use crate::engine::{Engine, Heard, Line, Mode, Now, Then, Turn};
use crate::event::{Kind, Reason, Totals, What};
use crate::kind::{self, Watch};
use crate::pace::{Range, Schedule};
use crate::persona::http::Wrong;
use crate::web::Meter;
use crate::web::cgi::Request;
use crate::web::http::Policy;
use crate::web::http::answer::{Answer, answer};
use crate::web::http::head::Reader;
use crate::web::pacing::Pacing;
use chrono::{DateTime, FixedOffset};
use rand::RngExt as _;
use std::time::Duration;

/// No piece has more bytes: what the kernel takes at once from a slow peer.
const PIECE: usize = 16 * 1024;

/// The size of a piece for who is not held, and the pause behind it.
const FAST_PIECE: usize = 32 * 1024;
const FAST: Duration = Duration::from_millis(100);

/// No pause inside of an answer is longer, whatever is configured.
const LONGEST_GAP: Duration = Duration::from_secs(5);

/// So much is told to the meter at once: an answer of the ordinary size when it is complete or broken off, so that
/// nothing counts of it that the visitor did not take; and of a large one no process that is killed loses more.
const METERED: u64 = 64 * 1024;

/// What is due this soon is due now.
const BREATH: Duration = Duration::from_millis(20);

/// One HTTP conversation: a request and its answer.
pub struct Session {
    /// Gone when the answer is made: what made it is not needed any more.
    policy: Option<Policy>,
    schedule: Schedule<Pacing>,
    rng: Rng,
    treatment: Treatment,
    reader: Reader,
    watch: Watch,
    stage: Stage,
    speech: Option<Speech>,
    /// The answer, if it was made before the conversation began.
    ready: Option<Answer>,
    profile: String,
    totals: Totals,
    meter: Option<Meter>,
    /// Bytes that have gone out, and those of them that the meter knows.
    sent: u64,
    metered: u64,
}

/// How a visitor is treated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Treatment {
    /// It is in an `allow` network.
    pub allowed: bool,
    /// It is not held.
    pub fast: bool,
}

/// How far the conversation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Request,
    Head,
    Page,
    Done,
}

/// An answer that is not complete.
struct Speech {
    bytes: Vec<u8>,
    said: usize,
    /// How much of it is the head, which comes in one piece.
    head: usize,
    /// When its last byte is due, in tarpit time.
    until: Duration,
    /// What the log should have when it begins.
    event: Option<What>,
    reason: Reason,
}

impl Session {
    /// A conversation that has not begun; `wall` decides which profile it begins with.
    pub fn new(
        policy: Policy,
        schedule: Schedule<Pacing>,
        allowed: bool,
        wall: DateTime<FixedOffset>,
        rng: Rng,
    ) -> Self {
        let reader = Reader::new(policy.persona);
        let treatment = Treatment { allowed, fast: allowed };
        Session { policy: Some(policy), ..Self::with(reader, schedule, treatment, wall, rng) }
    }

    /// One for a web server, whose request was answered already.
    pub fn answering(
        request: Request,
        answer: Answer,
        schedule: Schedule<Pacing>,
        treatment: Treatment,
        wall: DateTime<FixedOffset>,
        rng: Rng,
    ) -> Self {
        let reader = Reader::having(request.persona(), request.into_head());
        Session { ready: Some(answer), ..Self::with(reader, schedule, treatment, wall, rng) }
    }

    /// One that has no answer yet, and nothing to make one of.
    fn with(
        reader: Reader,
        schedule: Schedule<Pacing>,
        treatment: Treatment,
        wall: DateTime<FixedOffset>,
        rng: Rng,
    ) -> Self {
        Session {
            policy: None,
            profile: schedule.at(wall).0.to_owned(),
            schedule,
            rng,
            treatment,
            reader,
            watch: Watch::new(),
            stage: Stage::Request,
            speech: None,
            ready: None,
            totals: Totals { pages: Some(0), ..Totals::default() },
            meter: None,
            sent: 0,
            metered: 0,
        }
    }

    /// The same with somebody who counts what goes out.
    pub fn metered(self, meter: Meter) -> Self {
        Session { meter: Some(meter), ..self }
    }

    /// Tells the meter what it does not know yet.
    fn tell_meter(&mut self) {
        let more = self.sent.saturating_sub(self.metered);
        if let Some(meter) = self.meter.as_mut().filter(|_| more > 0) {
            self.metered = self.sent;
            meter(more);
        }
    }

    /// The pacing that applies now.
    fn pacing(&mut self, now: Now) -> Pacing {
        let (name, pacing) = self.schedule.at(now.wall);
        if self.profile != name {
            self.profile = name.to_owned();
        }
        *pacing
    }

    fn line(&mut self, line: Line<'_>, now: Now) -> Turn {
        let said = match self.reader.heard() {
            false => kind::said(line.text, visitor::METHODS),
            true => kind::answer(line.text),
        };
        self.watch.heard(&line.arrival, line.ending, said);
        match self.reader.hear(line.text, line.ending) {
            true => self.answer(now),
            false => self.listen(now),
        }
    }

    /// Waits for the rest of the head as long as the persona would.
    fn listen(&mut self, now: Now) -> Turn {
        let left = self.reader.patience().saturating_sub(now.since);
        match left.is_zero() {
            true => self.give_up(false, now),
            false => Turn::new(Vec::new(), Then::Listen(Mode::Text, left)),
        }
    }

    /// No more of the head will come.
    fn give_up(&mut self, closed: bool, now: Now) -> Turn {
        let reason = if closed { Reason::Hangup } else { Reason::Timeout };
        let Some(wrong) = self.reader.unfinished(closed) else {
            return Turn::new(Vec::new(), Then::Close(reason));
        };
        let mut head = self.reader.head().clone();
        head.wrong.get_or_insert(wrong);
        let Some(policy) = self.policy.take() else {
            return Turn::new(Vec::new(), Then::Close(reason));
        };
        let answer = answer(&policy, &head, now.wall);
        let event = answer.event(&head);
        self.count(&answer);
        self.stage = Stage::Done;
        Turn { say: [answer.head, answer.body].concat(), then: Then::Close(reason), notes: vec![event] }
    }

    fn count(&mut self, answer: &Answer) {
        self.totals.commands = 1;
        self.totals.pages = Some(1);
        self.totals.made = Some((answer.head.len() + answer.body.len()) as u64);
    }

    /// Makes the answer, and begins to give it.
    fn answer(&mut self, now: Now) -> Turn {
        let Some(policy) = self.policy.take() else {
            return Turn::new(Vec::new(), Then::Close(Reason::Error));
        };
        let head = self.reader.head();
        let reason = match head.wrong {
            Some(Wrong::LineTooLong | Wrong::FieldTooLong | Wrong::TooManyFields | Wrong::HeadTooLarge) => {
                Reason::Limit
            }
            _ => Reason::Quit,
        };
        let answer = answer(&policy, head, now.wall);
        self.begin(answer, reason, now)
    }

    /// Begins to give an answer.
    fn begin(&mut self, answer: Answer, reason: Reason, now: Now) -> Turn {
        let event = answer.event(self.reader.head());
        self.count(&answer);
        let pacing = self.pacing(now);
        let time = match answer.served {
            Some(served) if served.shown.is_some() => pacing.time_of(served.depth, &mut self.rng),
            Some(_) => pacing.file_time.draw(&mut self.rng),
            None => pacing.other_time.draw(&mut self.rng),
        };
        // Half of the longest pause for each byte: not even a short body has a longer one.
        let bytes = u32::try_from(answer.body.len()).unwrap_or(u32::MAX);
        let time = time.min((gaps(&pacing).to / 2).saturating_mul(bytes));
        let first = pacing.first_byte.draw(&mut self.rng);
        self.speech = Some(Speech {
            // In HTTP/0.9 the first bytes are those of the body.
            head: answer.head.len().max(answer.body.len().min(1)),
            bytes: [answer.head, answer.body].concat(),
            said: 0,
            until: now.since + time.max(first),
            event: Some(event),
            reason,
        });
        self.stage = Stage::Head;
        match self.treatment.fast {
            true => self.say(now),
            false => Turn::new(Vec::new(), Then::Pause(first)),
        }
    }

    /// Says the next piece.
    fn say(&mut self, now: Now) -> Turn {
        let pacing = self.pacing(now);
        let Some(mut speech) = self.speech.take() else {
            return Turn::new(Vec::new(), Then::Close(Reason::Error));
        };
        let notes: Vec<What> = speech.event.take().into_iter().collect();
        let left = speech.until.saturating_sub(now.since);
        let rest = speech.bytes.len().saturating_sub(speech.said);
        let (size, pause) = match self.treatment.fast {
            true => (FAST_PIECE, FAST),
            false if speech.said == 0 => (speech.head, next_gap(&pacing, rest, left, &mut self.rng)),
            false => {
                let pause = next_gap(&pacing, rest, left, &mut self.rng);
                (share(rest, pause, left, &mut self.rng), pause)
            }
        };
        let over = left < BREATH && !self.treatment.fast;
        let size = if over { rest } else { size.min(rest) };
        let end = speech.said.saturating_add(size);
        let piece = speech.bytes.get(speech.said..end).unwrap_or_default().to_vec();
        speech.said = end;
        if end >= speech.bytes.len() {
            self.stage = Stage::Done;
            return Turn { say: piece, then: Then::Close(speech.reason), notes };
        }
        self.stage = Stage::Page;
        self.speech = Some(speech);
        Turn { say: piece, then: Then::Pause(pause), notes }
    }
}

/// The pauses inside of an answer.
fn gaps(pacing: &Pacing) -> Range {
    pacing.gap.capped(LONGEST_GAP)
}

/// The pause before the next piece, when so much is left of the answer and of its time.
fn next_gap(pacing: &Pacing, rest: usize, left: Duration, rng: &mut Rng) -> Duration {
    let range = gaps(pacing);
    // Of much, a little comes more often.
    let often = u32::try_from(rest.div_ceil(PIECE)).unwrap_or(u32::MAX).max(1);
    let range = range.capped((left / often).max(BREATH));
    if left <= range.to {
        return left;
    }
    let gap = range.draw(rng);
    // Nothing is left so late that another pause would have no room.
    if left.saturating_sub(gap) < range.from { left / 2 } else { gap }
}

/// How much of the rest goes out before this pause: as much as the pause takes of the time, more or less.
fn share(rest: usize, pause: Duration, left: Duration, rng: &mut Rng) -> usize {
    let part = pause.as_secs_f64() / (left + pause).as_secs_f64().max(0.001);
    let chance = f64::from(rng.random_range(40..=160u32)) / 100.0;
    let size = (rest as f64 * part * chance) as usize;
    // The last byte comes last.
    size.clamp(1, rest.saturating_sub(1).max(1)).min(PIECE)
}

impl Engine for Session {
    fn hear(&mut self, heard: Heard<'_>, now: Now) -> Turn {
        match (heard, self.stage) {
            (Heard::Connect, _) => match self.ready.take() {
                Some(answer) => self.begin(answer, Reason::Quit, now),
                None => self.listen(now),
            },
            (Heard::Line(line) | Heard::Overlong(line), Stage::Request) => self.line(line, now),
            (Heard::Silence, Stage::Request) => self.give_up(false, now),
            (Heard::Hangup, Stage::Request) => self.give_up(true, now),
            (Heard::Hangup, _) => Turn::new(Vec::new(), Then::Close(Reason::Hangup)),
            (Heard::Silence | Heard::Line(_) | Heard::Overlong(_), _) => self.say(now),
        }
    }

    fn sent(&mut self, bytes: u64) {
        self.sent = bytes;
        if self.stage == Stage::Done || bytes.saturating_sub(self.metered) >= METERED {
            self.tell_meter();
        }
    }

    fn ended(&mut self, at: Duration, reason: Reason) -> Vec<What> {
        self.tell_meter();
        self.watch.ended(at, reason);
        // It left before the answer began: what it asked for is known all the same.
        self.speech.take().and_then(|speech| speech.event).into_iter().collect()
    }

    fn stage(&self) -> &'static str {
        match self.stage {
            Stage::Request => "request",
            Stage::Head => "head",
            Stage::Page => "page",
            Stage::Done => "done",
        }
    }

    fn profile(&self) -> &str {
        &self.profile
    }

    fn kind(&self) -> (Kind, String) {
        let request = visitor::evidence(self.reader.head());
        // Every program speaks first here, and says all at once: only what a person does tells something.
        let by_hand = self.watch.kind() == Kind::Human || self.watch.typed();
        let manners = if by_hand { self.watch.evidence() } else { String::new() };
        let both = [request, manners];
        let evidence: Vec<&str> = both.iter().map(String::as_str).filter(|part| !part.is_empty()).collect();
        let kind = match self.watch.kind() {
            _ if self.treatment.allowed => Kind::Allowed,
            Kind::Unknown if by_hand => Kind::Human,
            Kind::Unknown if self.reader.heard() => Kind::Program,
            kind => kind,
        };
        (kind, evidence.join(","))
    }

    fn totals(&self) -> Totals {
        self.totals.clone()
    }
}

#[cfg(test)]
mod tests;
