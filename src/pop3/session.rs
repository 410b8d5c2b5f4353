//! The tarpit around the dialogue: an [`Engine`] that decides how long a reply waits.
//!
//! A reply is silence and then one write. Two things come in parts, each part whole lines in one
//! write: a message, which a slow line could bring, and a list of capabilities that does not end.

use crate::Rng;
use crate::engine::{Ending, Engine, Heard, Line, Mode, Now, Then, Turn};
use crate::event::{Kind, Reason, Tool, Totals, What};
use crate::kind::{self, Watch};
use crate::pace::{Range, Schedule};
use crate::pop3::dialogue::{Dialogue, Moment, Next, Reply, Stage};
use crate::pop3::pacing::{Delay, EndlessCapa, Pacing, bears, natural};
use crate::pop3::tool::Spotter;
use chrono::{DateTime, FixedOffset};
use std::time::Duration;

/// Every verb of POP3 and its extensions, also those that no persona offers: a client that tries one
/// makes no typing error.
const VERBS: &[&str] = &[
    "APOP", "AUTH", "CAPA", "DELE", "HELP", "LANG", "LAST", "LIST", "NOOP", "PASS", "QUIT", "RETR", "RSET",
    "STAT", "STLS", "TOP", "UIDL", "USER", "UTF8", "XTND",
];

/// A part of a message has at least this many bytes, and ends with the line that makes it so many.
const PART: usize = 512;

/// The silence before a reply that is no progress.
const TRIFLE: Range = Range::ms(100, 600);

/// A pause shorter than this is no pause.
const BREATH: Duration = Duration::from_millis(20);

/// One POP3 conversation.
pub struct Session {
    dialogue: Dialogue,
    schedule: Schedule<Pacing>,
    rng: Rng,
    /// In an `allow` network.
    allowed: bool,
    /// The network has guessed passwords lately.
    guessing: bool,
    watch: Watch,
    spotter: Spotter,
    speech: Option<Speech>,
    /// When the first message was asked for, in tarpit time.
    reading_since: Option<Duration>,
    stage: Stage,
    profile: String,
}

/// A reply that is not complete.
enum Speech {
    /// All of it comes after the silence.
    Later(Reply),
    /// A message, of which so many bytes are out.
    Message { reply: Reply, said: usize, briskly: bool },
    /// A list of capabilities: how many lines were made up, how many bytes it has, since when.
    Capa { nth: u32, bytes: u64, since: Duration },
}

impl Session {
    /// A conversation that has not begun; `wall` decides which profile it begins with.
    pub fn new(
        dialogue: Dialogue,
        schedule: Schedule<Pacing>,
        allowed: bool,
        guessing: bool,
        wall: DateTime<FixedOffset>,
        rng: Rng,
    ) -> Self {
        Session {
            dialogue,
            profile: schedule.at(wall).0.to_owned(),
            schedule,
            rng,
            allowed,
            guessing,
            watch: Watch::new(),
            spotter: Spotter::default(),
            speech: None,
            reading_since: None,
            stage: Stage::Banner,
        }
    }

    fn class(&self) -> Kind {
        if self.allowed { Kind::Allowed } else { self.watch.kind() }
    }

    /// Who is taken for a person, or leans that way.
    fn is_person(&self) -> bool {
        self.watch.leaning() || self.watch.typed()
    }

    /// The pacing that applies now.
    fn pacing(&mut self, now: Now) -> Pacing {
        let (name, pacing) = self.schedule.at(now.wall);
        if self.profile != name {
            self.profile = name.to_owned();
        }
        *pacing
    }

    fn command(&mut self, line: Line<'_>, overlong: bool, now: Now) -> Turn {
        let in_exchange = self.dialogue.in_exchange();
        let said = match in_exchange {
            true => kind::answer(line.text),
            false => kind::said(line.text, VERBS),
        };
        self.watch.heard(&line.arrival, line.ending, said);
        self.spotter.heard(line.text, &line.arrival, in_exchange);
        let mut moment = Moment { wall: now.wall, rng: &mut self.rng };
        let reply = match overlong {
            true => self.dialogue.overlong(line.text, &mut moment),
            false => self.dialogue.command(line.text, &mut moment),
        };
        self.answer(reply, now)
    }

    /// Begins to give a reply: with silence.
    fn answer(&mut self, mut reply: Reply, now: Now) -> Turn {
        let pacing = self.pacing(now);
        // A command that may come at any time is no progress.
        if reply.stage != Stage::Other {
            self.stage = reply.stage;
        }
        if let Some(login) = reply.login {
            self.spotter.tried(login.accepted);
        }
        let mut notes = std::mem::take(&mut reply.notes);
        if reply.stage == Stage::Retr {
            // What of the message was sent is known when it was.
            (reply.notes, notes) = notes.into_iter().partition(|note| matches!(note, What::Retr { .. }));
        }
        let pause = self.pause(&pacing, &reply);
        let turn = if pause < BREATH {
            self.say(reply, now)
        } else {
            self.speech = Some(Speech::Later(reply));
            Turn::new(Vec::new(), Then::Pause(pause))
        };
        notes.extend(turn.notes);
        Turn { notes, ..turn }
    }

    /// How long the silence before a reply is.
    fn pause(&mut self, pacing: &Pacing, reply: &Reply) -> Duration {
        if self.allowed {
            return Duration::ZERO;
        }
        if reply.stage == Stage::Banner {
            return pacing.greet_pause.draw(&mut self.rng);
        }
        let refused = reply.login.filter(|login| !login.accepted);
        let natural =
            refused.map_or(Duration::ZERO, |login| natural(&self.dialogue.persona().failure, login.failures));
        if self.is_person() {
            return pacing.human.draw(&mut self.rng) + natural;
        }
        let tool = match pacing.delay {
            Delay::Tool => bears(self.tool()),
            Delay::Sticky | Delay::Natural => None,
        };
        let range = match (reply.stage, tool) {
            (Stage::Login, Some(bears)) => bears.login,
            (Stage::User | Stage::Auth, Some(bears)) => bears.user,
            // Nobody is held by these, and nmap looks for the reply to empty lines to tell one server
            // from another; it waits 5 s for two of them.
            (Stage::Other, _) => TRIFLE,
            (Stage::Login | Stage::User | Stage::Auth, None) if pacing.delay != Delay::Natural => {
                pacing.login_time
            }
            _ => pacing.reply_time,
        };
        match pacing.delay {
            Delay::Natural => natural + range.draw(&mut self.rng),
            Delay::Sticky | Delay::Tool => range.draw(&mut self.rng),
        }
    }

    /// Gives a reply, or the first part of it.
    fn say(&mut self, mut reply: Reply, now: Now) -> Turn {
        if reply.stage == Stage::Retr && reply.text.len() > reply.head && !self.allowed {
            let since = *self.reading_since.get_or_insert(now.since);
            let briskly = self.is_person();
            return self.part(reply, 0, briskly, now.since.saturating_sub(since), now);
        }
        if reply.stage == Stage::Capa && self.is_endless(now) {
            self.spotter.baited();
            let list = reply.text.strip_suffix(b".\r\n").unwrap_or(&reply.text).to_vec();
            self.speech = Some(Speech::Capa { nth: 0, bytes: list.len() as u64, since: now.since });
            let pause = self.pacing(now).capa_pause.draw(&mut self.rng);
            return Turn::new(list, Then::Pause(pause));
        }
        let text = std::mem::take(&mut reply.text);
        self.complete(text, reply, now)
    }

    /// Whether this list of capabilities, which was asked for, does not end.
    fn is_endless(&mut self, now: Now) -> bool {
        let wanted = match self.pacing(now).endless_capa {
            EndlessCapa::Always => true,
            EndlessCapa::Guessing => self.guessing,
            EndlessCapa::Never => false,
        };
        wanted && self.spotter.capa_first() && !self.allowed && !self.is_person()
    }

    /// Says the next part of a message, some time after the first was asked for.
    fn part(&mut self, mut reply: Reply, said: usize, briskly: bool, since: Duration, now: Now) -> Turn {
        let rest = reply.text.get(said..).unwrap_or_default();
        let end = rest.iter().skip(PART - 1).position(|&byte| byte == b'\n').map(|at| at + PART);
        let part = rest.get(..end.unwrap_or(rest.len())).unwrap_or(rest).to_vec();
        let said = said + part.len();
        if said >= reply.text.len() {
            let notes = std::mem::take(&mut reply.notes);
            return Turn { notes, ..self.complete(part, reply, now) };
        }
        let pacing = self.pacing(now);
        let since = if briskly { Duration::ZERO } else { since };
        let pause = pacing.steps.pause(since, pacing.max_pause, &mut self.rng);
        self.speech = Some(Speech::Message { reply, said, briskly });
        Turn::new(part, Then::Pause(pause))
    }

    /// One more line of a list that does not end, or its end.
    fn capability(&mut self, nth: u32, bytes: u64, since: Duration, now: Now) -> Turn {
        let pacing = self.pacing(now);
        if bytes >= pacing.capa_size || now.since.saturating_sub(since) >= pacing.capa_time {
            self.replied(now);
            return Turn::new(*b".\r\n", self.listen());
        }
        let line = self.dialogue.capability(nth, &mut self.rng);
        let bytes = bytes + line.len() as u64;
        self.speech = Some(Speech::Capa { nth: nth.saturating_add(1), bytes, since });
        Turn::new(line, Then::Pause(pacing.capa_pause.draw(&mut self.rng)))
    }

    /// Says the rest of a reply.
    fn complete(&mut self, text: Vec<u8>, reply: Reply, now: Now) -> Turn {
        self.replied(now);
        let then = match reply.next {
            Next::Close(reason) => Then::Close(reason),
            Next::Command => self.listen(),
        };
        Turn { say: text, then, notes: reply.notes }
    }

    fn replied(&mut self, now: Now) {
        self.watch.replied(now.real);
        self.spotter.replied(now.real);
    }

    /// Waits for the peer as long as the persona would.
    fn listen(&self) -> Then {
        Then::Listen(Mode::Commands, self.dialogue.idle_limit())
    }

    fn tool(&self) -> Tool {
        self.spotter.tool(self.watch.kind())
    }
}

impl Engine for Session {
    fn hear(&mut self, heard: Heard<'_>, now: Now) -> Turn {
        match heard {
            Heard::Connect => {
                let banner = self.dialogue.banner(&mut Moment { wall: now.wall, rng: &mut self.rng });
                self.answer(banner, now)
            }
            // What was left of a command when the peer closed its side is none.
            Heard::Line(line) | Heard::Overlong(line) if line.ending == Ending::Cut => {
                self.watch.heard(&line.arrival, line.ending, kind::said(line.text, VERBS));
                Turn::new(Vec::new(), self.listen())
            }
            Heard::Line(line) => self.command(line, false, now),
            Heard::Overlong(line) => self.command(line, true, now),
            Heard::Silence => match self.speech.take() {
                Some(Speech::Later(reply)) => self.say(reply, now),
                Some(Speech::Message { reply, said, briskly }) => {
                    let since =
                        self.reading_since.map_or(Duration::ZERO, |since| now.since.saturating_sub(since));
                    self.part(reply, said, briskly, since, now)
                }
                Some(Speech::Capa { nth, bytes, since }) => self.capability(nth, bytes, since, now),
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
        self.spotter.ended();
        let mut notes = Vec::new();
        if let Some(Speech::Message { reply, said, .. }) = self.speech.take() {
            let sent = said as u64;
            notes.extend(reply.notes.into_iter().map(|note| match note {
                What::Retr { number, .. } => What::Retr { number, bytes: sent },
                other => other,
            }));
        }
        notes
    }

    fn stage(&self) -> &'static str {
        self.stage.as_str()
    }

    fn profile(&self) -> &str {
        &self.profile
    }

    fn kind(&self) -> (Kind, String) {
        let manners = self.watch.evidence();
        let evidence = match (self.spotter.evidence(), manners) {
            (tool, manners) if tool.is_empty() => manners,
            (tool, manners) if manners.is_empty() => tool,
            (tool, manners) => format!("{tool},{manners}"),
        };
        (self.class(), evidence)
    }

    fn totals(&self) -> Totals {
        Totals { tool: Some(self.tool()), ..self.dialogue.totals() }
    }
}

#[cfg(test)]
mod tests;
