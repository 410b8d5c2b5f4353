//! The tarpit around the dialogue: an [`Engine`] that decides how slowly a reply leaves.
//!
//! The [`Dialogue`] says what, [`Watch`] says to whom, [`decide`] says how slowly, and a [`Speech`]
//! cuts the reply into steps. A program is dripped at; a person gets whole lines after human pauses;
//! an `allow` network gets plain answers at once.

use crate::Rng;
use crate::engine::{Ending, Engine, Heard, Line, Mode, Now, Then, Turn};
use crate::event::{Kind, Reason, Totals, What};
use crate::kind::{self, Watch};
use crate::pace::Schedule;
use crate::smtp::dialogue::{Dialogue, Moment, Next, Reply, Stage};
use crate::smtp::hold::{Dialect, Slow, decide, reached};
use crate::smtp::pacing::Pacing;
use crate::smtp::speech::{Manner, Speech, Step};
use chrono::{DateTime, FixedOffset};
use std::time::Duration;

/// Every verb of SMTP and its extensions, also those that no persona offers: a client that tries
/// one makes no typing error.
const VERBS: &[&str] = &[
    "AUTH", "BDAT", "DATA", "EHLO", "ETRN", "EXPN", "HELO", "HELP", "LHLO", "MAIL", "NOOP", "QUIT", "RCPT",
    "RSET", "STARTTLS", "TURN", "VRFY",
];

/// One SMTP conversation.
pub struct Session {
    dialogue: Dialogue,
    schedule: Schedule<Pacing>,
    rng: Rng,
    /// In an `allow` network.
    allowed: bool,
    watch: Watch,
    dialect: Dialect,
    speech: Option<Speech>,
    /// The conversation has come as far as `hold_at`, so all replies that follow are held.
    held: bool,
    /// The next lines are a message.
    text: bool,
    stage: Stage,
    profile: String,
}

impl Session {
    /// A conversation that has not begun; `wall` decides which profile it begins with.
    pub fn new(
        dialogue: Dialogue,
        schedule: Schedule<Pacing>,
        allowed: bool,
        wall: DateTime<FixedOffset>,
        rng: Rng,
    ) -> Self {
        Session {
            dialogue,
            profile: schedule.at(wall).0.to_owned(),
            schedule,
            rng,
            allowed,
            watch: Watch::new(),
            dialect: Dialect::default(),
            speech: None,
            held: false,
            text: false,
            stage: Stage::Banner,
        }
    }

    fn class(&self) -> Kind {
        if self.allowed { Kind::Allowed } else { self.watch.kind() }
    }

    /// The pacing that applies now.
    fn pacing(&mut self, now: Now) -> Pacing {
        let (name, pacing) = self.schedule.at(now.wall);
        if self.profile != name {
            self.profile = name.to_owned();
        }
        *pacing
    }

    /// Hears a command; if it interrupts a reply, what the peer has read of it ends its line.
    fn command(&mut self, line: Line<'_>, overlong: bool, now: Now) -> Turn {
        let said = match self.dialogue.in_exchange() {
            true => kind::answer(line.text),
            false => kind::said(line.text, VERBS),
        };
        self.watch.heard(&line.arrival, line.ending, said);
        self.dialect.command(line.text);
        let honeypot = self.class() == Kind::Human;
        let mut moment = Moment { wall: now.wall, rng: &mut self.rng, honeypot };
        let reply = match overlong {
            true => self.dialogue.overlong(line.text, &mut moment),
            false => self.dialogue.command(line.text, &mut moment),
        };
        let broken = self.speech.take().is_some_and(|speech| speech.inside_line());
        let turn = self.answer(reply, now);
        if broken { Turn { say: [b"\r\n".to_vec(), turn.say].concat(), ..turn } } else { turn }
    }

    /// Hears what was left of a command when the peer closed its side: a reply goes on, but not at once,
    /// as if it were an answer.
    fn fragment(&mut self, line: Line<'_>) -> Turn {
        self.watch.heard(&line.arrival, line.ending, kind::said(line.text, VERBS));
        let then = if self.speech.is_some() { Then::Drip(Duration::from_secs(1)) } else { self.listen() };
        Turn::new(Vec::new(), then)
    }

    /// Hears a part of a message.
    fn message(&mut self, line: Line<'_>, now: Now) -> Turn {
        self.watch.text(&line.arrival, line.text);
        self.dialect.text(line.text);
        // A message that comes before its 354 is complete takes the place of that.
        self.speech = None;
        let honeypot = self.class() == Kind::Human;
        let mut moment = Moment { wall: now.wall, rng: &mut self.rng, honeypot };
        match self.dialogue.text(line.text, line.ending, &mut moment) {
            Some(reply) => self.answer(reply, now),
            None => Turn::new(Vec::new(), self.listen()),
        }
    }

    /// Begins to give a reply.
    fn answer(&mut self, reply: Reply, now: Now) -> Turn {
        let pacing = self.pacing(now);
        // A command that may come at any time is no progress.
        if reply.stage != Stage::Other {
            self.stage = reply.stage;
        }
        self.text = reply.next == Next::Text;
        let manner = match self.manner(&pacing, reply.stage) {
            // A question of an AUTH exchange is one line (RFC 4954 4); its verdict can be endless.
            Manner::Endless if reply.text.starts_with(b"334") => {
                Manner::Pieces(pacing.reply_time.draw(&mut self.rng))
            }
            manner => manner,
        };
        let mut speech = match (reply.stage, manner) {
            (Stage::Banner, Manner::Pieces(_) | Manner::Endless) => {
                let pause = pacing.greet_pause.draw(&mut self.rng);
                let parts = self.dialogue.teaser(&reply.text, manner == Manner::Endless);
                Speech::greeting(parts, reply.next, manner, pause, now.since)
            }
            (_, manner) => Speech::new(reply.text, reply.next, manner, now.since),
        };
        let dialogue = &self.dialogue;
        let step = speech
            .begin(&pacing, &mut self.rng, &mut |reply, nth, rng| dialogue.continuation(reply, nth, rng));
        let turn = self.carry_out(speech, step, now);
        Turn { notes: reply.notes, ..turn }
    }

    /// How a reply leaves.
    fn manner(&mut self, pacing: &Pacing, stage: Stage) -> Manner {
        if self.allowed {
            return Manner::Whole(Duration::ZERO);
        }
        // Who is taken for a person leans that way too.
        if self.watch.leaning() {
            return Manner::Whole(pacing.human.draw(&mut self.rng));
        }
        self.held |= reached(stage, pacing.hold_at);
        match decide(pacing, self.dialect, stage, self.held) {
            Slow::Briefly if stage == Stage::Banner => Manner::Pieces(pacing.banner_time.draw(&mut self.rng)),
            Slow::Briefly => Manner::Pieces(pacing.reply_time.draw(&mut self.rng)),
            Slow::Until(time) => Manner::Pieces(time),
            Slow::Endless => Manner::Endless,
        }
    }

    /// Goes on with a reply after a pause.
    fn go_on(&mut self, mut speech: Speech, now: Now) -> Turn {
        let pacing = self.pacing(now);
        let dialogue = &self.dialogue;
        let step = speech.step(now.since, &pacing, &mut self.rng, &mut |reply, nth, rng| {
            dialogue.continuation(reply, nth, rng)
        });
        self.carry_out(speech, step, now)
    }

    fn carry_out(&mut self, speech: Speech, step: Step, now: Now) -> Turn {
        match step {
            Step::More(say, pause) => {
                let then = if speech.endless() { Then::Drip(pause) } else { Then::Pause(pause) };
                self.speech = Some(speech);
                Turn::new(say, then)
            }
            Step::Done(say) => {
                self.watch.replied(now.real);
                match speech.next {
                    Next::Close(reason) => Turn::new(say, Then::Close(reason)),
                    Next::Command | Next::Text => Turn::new(say, self.listen()),
                }
            }
        }
    }

    /// Waits for the peer as long as the persona would.
    fn listen(&self) -> Then {
        let mode = match (self.text, self.class()) {
            (false, _) => Mode::Commands,
            (true, Kind::Program | Kind::Unknown) => Mode::Narrow,
            (true, Kind::Human | Kind::Allowed) => Mode::Text,
        };
        Then::Listen(mode, self.dialogue.idle_limit())
    }
}

impl Engine for Session {
    fn hear(&mut self, heard: Heard<'_>, now: Now) -> Turn {
        match heard {
            Heard::Connect => {
                let moment = Moment { wall: now.wall, rng: &mut self.rng, honeypot: false };
                let banner = self.dialogue.banner(&moment);
                self.answer(banner, now)
            }
            Heard::Line(line) | Heard::Overlong(line) if self.text => self.message(line, now),
            Heard::Line(line) | Heard::Overlong(line) if line.ending == Ending::Cut => self.fragment(line),
            Heard::Line(line) => self.command(line, false, now),
            Heard::Overlong(line) => self.command(line, true, now),
            Heard::Silence => match self.speech.take() {
                Some(speech) => self.go_on(speech, now),
                None => {
                    let reply = self.dialogue.timeout();
                    Turn { say: reply.text, then: Then::Close(Reason::Timeout), notes: reply.notes }
                }
            },
            Heard::Hangup => Turn::new(Vec::new(), Then::Close(Reason::Hangup)),
        }
    }

    fn ended(&mut self, at: Duration, reason: Reason) -> Vec<What> {
        self.watch.ended(at, reason);
        self.dialogue.abandon()
    }

    fn stage(&self) -> &'static str {
        self.stage.as_str()
    }

    fn profile(&self) -> &str {
        &self.profile
    }

    fn kind(&self) -> (Kind, String) {
        (self.class(), self.watch.evidence())
    }

    fn totals(&self) -> Totals {
        self.dialogue.totals()
    }
}

#[cfg(test)]
mod tests;
