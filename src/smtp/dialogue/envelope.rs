//! From MAIL to the verdict on the message.

use rand::RngExt as _;

use super::message::{Envelope, Whole};
use super::{Asked, Dialogue, MessageVerdict, Moment, Next, Reading, Reply, Stage, kept};
use crate::event::{Plain, Verdict, What};
use crate::persona::smtp::{Action, Check, Fault, Verb};
use crate::persona::text::Values;

/// The RCPT commands that were turned away since MAIL.
pub(super) enum Refusals {
    None,
    /// All with this reply.
    Same(Vec<u8>),
    Mixed,
}

impl Refusals {
    /// One more. A refusal by policy is remembered without its code.
    pub(super) fn add(&mut self, fault: Fault, reply: &[u8]) {
        let reply = reply.strip_suffix(b"\r\n").unwrap_or(reply);
        let kept = match fault {
            Fault::Denied => reply.get(4..).unwrap_or_default(),
            _ => reply,
        };
        *self = match std::mem::replace(self, Refusals::Mixed) {
            Refusals::None => Refusals::Same(kept.to_vec()),
            Refusals::Same(first) if first == kept => Refusals::Same(first),
            _ => Refusals::Mixed,
        };
    }
}

impl Dialogue {
    pub(super) fn mail(&mut self, asked: &Asked<'_>) -> Option<What> {
        let route = asked.route.as_ref()?;
        self.refusals = Refusals::None;
        self.counts.mails += 1;
        self.counts.null_from += u64::from(route.is_null());
        self.envelope = Some(Envelope {
            helo: self.greeting.as_ref().map_or_else(Vec::new, |g| g.name.clone()),
            from: kept(route.address),
            to: Vec::new(),
        });
        Some(What::Mail { from: Plain::from_peer(route.address), verdict: Verdict::Accept })
    }

    pub(super) fn rcpt(&mut self, asked: &Asked<'_>) -> Option<What> {
        let route = asked.route.as_ref()?;
        self.counts.rcpts += 1;
        if let Some(envelope) = &mut self.envelope {
            envelope.to.push(kept(route.address));
        }
        Some(What::Rcpt {
            to: Plain::from_peer(route.address),
            verdict: Verdict::Accept,
            receipt: self.policy.issued.receipt(route.address),
        })
    }

    /// The event for a sender or recipient that was turned away by policy.
    pub(super) fn refusal(&mut self, verb: &Verb, check: &Check, asked: &Asked<'_>) -> Option<What> {
        let route = asked.route.as_ref()?;
        let verdict = match check.reply.as_bytes().first() {
            Some(b'4') => Verdict::Tempfail,
            _ => Verdict::Reject,
        };
        let address = Plain::from_peer(route.address);
        match verb.does {
            Action::Mail if check.fault == Fault::Denied => {
                self.counts.mails += 1;
                self.counts.null_from += u64::from(route.is_null());
                self.note(What::Mail { from: address, verdict })
            }
            Action::Rcpt if check.fault == Fault::Denied => {
                self.counts.rcpts += 1;
                let receipt = self.policy.issued.receipt(route.address);
                self.note(What::Rcpt { to: address, verdict, receipt })
            }
            _ => None,
        }
    }

    pub(super) fn dot(&mut self, whole: &Whole, moment: &mut Moment<'_>) -> Reply {
        self.reading = Reading::Commands;
        self.counts.messages += 1;
        let body = &self.persona().body;
        let wanted = match moment.honeypot {
            true => MessageVerdict::Accept,
            false => self.policy.verdict,
        };
        let (text, verdict) = match wanted {
            _ if whole.too_big => (body.too_big, Verdict::Reject),
            MessageVerdict::Accept => (body.accepted, Verdict::Accept),
            MessageVerdict::Reject => (body.rejected, Verdict::Reject),
            MessageVerdict::Tempfail => (body.deferred, Verdict::Tempfail),
        };
        let stored = match whole.too_big {
            true => {
                self.policy.keep.abandon();
                None
            }
            false => self.policy.keep.end(),
        };
        let id = (self.persona().queue_id)(moment.rng, &moment.wall);
        let bytes = whole.bytes.to_string();
        let serial = moment.rng.random_range(1u64 << 32..1 << 44).to_string();
        let values = Values::default()
            .with("serial", serial.as_bytes())
            .with("id", id.as_bytes())
            .with("bytes", bytes.as_bytes());
        let mut reply = Reply::new(self.say(text, &values), Stage::Dot, Next::Command);
        reply.notes.extend(self.note(What::Message {
            bytes: whole.bytes,
            sha256: whole.sha256.as_str().into(),
            verdict,
            stored: stored.as_deref().map(Plain::from),
        }));
        self.reset();
        self.patience.message(self.persona(), verdict == Verdict::Accept);
        reply
    }
}
