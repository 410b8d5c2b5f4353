//! AUTH, from the command to the verdict.

use super::{Asked, Dialogue, Moment, Next, Reading, Reply, Stage};
use crate::event::{Plain, Verdict, What};
use crate::persona::smtp::Fault;
use crate::persona::text::Values;
use crate::sasl::{Exchange, Mechanism, Step};

/// What every persona offers.
pub(super) const OFFERED: &[Mechanism] = &[Mechanism::Login, Mechanism::Plain];

impl Dialogue {
    pub(super) fn auth(&mut self, asked: &Asked<'_>, moment: &mut Moment<'_>) -> Reply {
        let word = asked.command.words().next().unwrap_or_default();
        let mechanism = Mechanism::read(word, OFFERED).unwrap_or(Mechanism::Plain);
        let initial = asked.command.argument.get(word.len()..).unwrap_or_default().trim_ascii();
        let initial = match initial {
            b"" => None,
            b"=" if self.persona().auth.equals_is_empty => Some(&b""[..]),
            initial => Some(initial),
        };
        let (exchange, step) = Exchange::begin(mechanism, initial);
        self.auth_step(exchange, step, "initial", moment)
    }

    pub(super) fn auth_step(
        &mut self,
        exchange: Exchange,
        step: Step,
        which: &str,
        moment: &mut Moment<'_>,
    ) -> Reply {
        let auth = &self.persona().auth;
        let challenge = match step {
            Step::AskUser => Some("334 VXNlcm5hbWU6"),
            Step::AskPassword => Some("334 UGFzc3dvcmQ6"),
            Step::AskAll => Some("334 "),
            _ => None,
        };
        if let Some(challenge) = challenge {
            self.reading = Reading::Auth(exchange);
            let text = self.say(challenge, &Values::default());
            return Reply::new(text, Stage::Auth, Next::Command);
        }
        let (text, verdict, user) = match step {
            Step::Complete { user, password: _ } => {
                self.counts.auths += 1;
                if self.lets_in(moment) {
                    self.authenticated = true;
                    (auth.success, Verdict::Accept, user)
                } else {
                    (auth.failure, Verdict::Reject, user)
                }
            }
            Step::Cancelled => (auth.cancelled, Verdict::Abort, exchange.user().to_vec()),
            Step::NotBase64 => (auth.not_base64, Verdict::Abort, exchange.user().to_vec()),
            _ => (auth.malformed, Verdict::Abort, exchange.user().to_vec()),
        };
        let text = self.say(text, &Values::default().with("step", which.as_bytes()));
        let mut reply = Reply::new(text, Stage::Auth, Next::Command);
        reply.notes.extend(self.note(What::Auth {
            user: Plain::from_peer(&user),
            method: exchange.mechanism.as_str().into(),
            verdict,
        }));
        let fault = match verdict {
            Verdict::Accept => Fault::Fine,
            _ => Fault::Password,
        };
        self.judge(fault, reply)
    }

    /// Whether this try of AUTH is the one that succeeds.
    fn lets_in(&self, moment: &Moment<'_>) -> bool {
        let after = match moment.honeypot {
            true => self.policy.human_auth_after,
            false => self.policy.auth_after,
        };
        after > 0 && self.counts.auths >= u64::from(after)
    }
}
