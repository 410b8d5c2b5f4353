//! What the persona says: its texts filled in, greetings and replies that take their time.

use rand::RngExt as _;

use super::checks::Doubt;
use super::envelope::Refusals;
use super::reply;
use super::{Asked, Dialogue, Moment, Next, Reply, Stage};
use crate::Rng;
use crate::persona::smtp::{Persona, Teaser, Wait};
use crate::persona::text::{self, Values};

impl Dialogue {
    /// The greeting, complete.
    pub fn banner(&mut self, moment: &Moment<'_>) -> Reply {
        let date = (self.persona().date)(&moment.wall);
        let text = self.say(self.persona().banner, &Values::default().with("date", date.as_bytes()));
        Reply::new(text, Stage::Banner, Next::Command)
    }

    /// Splits a greeting that takes its time into what goes out first and what follows. One that is
    /// never complete must have more than one line, whatever the persona.
    pub fn teaser(&self, banner: &[u8], endless: bool) -> (Vec<u8>, Vec<u8>) {
        match self.persona().teaser {
            teaser if endless || teaser == Teaser::Line => {
                let end = banner.iter().position(|&b| b == b'\n').map_or(banner.len(), |at| at + 1);
                let mut first = banner.get(..end).unwrap_or_default().to_vec();
                reply::join(&mut first);
                (first, banner.to_vec())
            }
            Teaser::Line => (Vec::new(), banner.to_vec()),
            Teaser::Until(text) => {
                let found = banner.windows(text.len()).position(|part| part == text.as_bytes());
                let (first, rest) = banner.split_at(found.map_or(0, |at| at + text.len()));
                (first.to_vec(), rest.to_vec())
            }
        }
    }

    /// One more line, `CODE-...` with CR LF and under 500 bytes, that can stand before the last
    /// line of `reply` in a reply that takes its time; `nth` counts them.
    pub fn continuation(&self, reply: &[u8], nth: u32, rng: &mut Rng) -> Vec<u8> {
        let mut lines = reply.split(|&b| b == b'\n').filter(|line| line.len() >= 4);
        let last = lines.next_back().unwrap_or(b"250 ");
        let code = last.get(..3).unwrap_or(b"250");
        let fits = |wait: &&Wait| wait.replies.iter().any(|start| last.starts_with(start.as_bytes()));
        let known = self.envelope.as_ref().is_some_and(|e| !e.to.is_empty());
        let texts = self.persona().waits.iter().find(fits).map_or(&[][..], |wait| wait.texts);
        let texts: Vec<&str> = texts.iter().copied().filter(|text| known || !text.contains("{to}")).collect();
        // Neighbours come from different halves, so that no line stands twice in a row.
        let (even, odd) = texts.split_at(texts.len().div_ceil(2));
        let half = if nth.is_multiple_of(2) || odd.is_empty() { even } else { odd };
        let text = half.get(rng.random_range(0..half.len().max(1))).copied().unwrap_or("");
        let count = nth.saturating_add(rng.random_range(1..7)).to_string();
        let id = format!("{:X}", rng.random_range(0x10_0000_0000u64..0xff_ffff_ffff));
        let values = Values::default().with("n", count.as_bytes()).with("id", id.as_bytes());
        let mut line = code.to_vec();
        line.push(b'-');
        if let Some(enhanced) = reply::enhanced_code(last) {
            line.extend_from_slice(enhanced);
            line.push(b' ');
        }
        line.extend_from_slice(&self.expand(text, &values));
        text::wire(&line)
    }

    pub(super) fn values<'l>(&'l self, asked: &'l Asked<'_>) -> Values<'l> {
        let mut values = Values::default()
            .with("line", asked.line)
            .with("word", asked.command.word)
            .with("argument", asked.command.argument)
            .with("mechanism", asked.command.words().next().unwrap_or_default());
        if let Refusals::Same(refusal) = &self.refusals {
            values = values.with("refusal", refusal);
        }
        let Some(route) = &asked.route else {
            return values;
        };
        if let Some(doubtful) = self.parameters(asked).find(|p| p.doubt != Doubt::None) {
            values = values.with("parameter", doubtful.word).with("value", doubtful.value);
        }
        values
            .with("path", route.path)
            .with("to", route.address)
            .with("from", route.address)
            .with("complaint", &route.complaint)
    }

    /// A reply of this text, ready for the wire.
    pub(super) fn say(&self, text: &str, values: &Values<'_>) -> Vec<u8> {
        text::wire(&self.expand(text, values))
    }

    pub(super) fn expand(&self, text: &str, values: &Values<'_>) -> Vec<u8> {
        let size = self.policy.max_message.to_string();
        let peer = self.policy.peer.map(|peer| peer.to_string());
        let name = self.greeting.as_ref().map(|g| g.name.as_slice());
        let last = self.envelope.as_ref().and_then(|e| e.to.last());
        text::fill(text, |word| match word {
            "host" => Some(self.policy.hostname.as_bytes()),
            "size" => Some(size.as_bytes()),
            "peer" => peer.as_deref().map(str::as_bytes),
            "name" => name,
            "to" => values.of("to").or(last.map(Vec::as_slice)),
            word => values.of(word),
        })
    }
}

/// What a persona says instead of its greeting when it has too many connections already.
pub fn busy(persona: &Persona, hostname: &str) -> Vec<u8> {
    text::wire(&text::fill(persona.busy, |word| match word {
        "host" => Some(hostname.as_bytes()),
        _ => None,
    }))
}
