//! AUTH (RFC 5034), from the command to the verdict.

use super::line::Command;
use super::{Dialogue, Fault, LONGEST_KEPT, Moment, Reading, Reply, Stage};
use crate::event::{Plain, Verdict, What};
use crate::persona::pop3::Malformed;
use crate::persona::text::Values;
use crate::pop3::gate::Method;
use crate::sasl::{Exchange, Mechanism, Step, encode};
use rand::RngExt as _;

impl Dialogue {
    pub(super) fn auth(&mut self, command: &Command<'_>, moment: &mut Moment<'_>) -> (Reply, Fault) {
        let sasl = &self.persona().sasl;
        let (word, initial) = command.mechanism();
        if word.is_empty() {
            return match sasl.list {
                Some(head) => {
                    let names = sasl.mechanisms.iter().map(|m| m.as_str().as_bytes().to_vec()).collect();
                    (self.list(head, &command.values(), names, Stage::Other), Fault::Fine)
                }
                None => (self.reply(self.state().unknown, &command.values(), Stage::Other), Fault::Unknown),
            };
        }
        let Some(mechanism) = Mechanism::read(word, sasl.mechanisms) else {
            return (self.reply(sasl.unknown, &command.values(), Stage::Auth), Fault::Other);
        };
        let empty = &b""[..];
        let initial = initial.map(|initial| if initial == b"=" { empty } else { initial });
        let (exchange, step) = Exchange::begin(mechanism, initial);
        let reply = match step {
            Step::NotBase64 => self.aborted(sasl.initial, &exchange),
            step => self.auth_step(exchange, step, b"", moment),
        };
        (reply, Fault::Fine)
    }

    /// Hears a line of an exchange.
    pub(super) fn auth_answer(
        &mut self,
        mut exchange: Exchange,
        line: &[u8],
        moment: &mut Moment<'_>,
    ) -> Reply {
        let step = match exchange.answer(line) {
            // It becomes an empty name, and the next line decides.
            Step::NotBase64 if self.persona().sasl.lenient && asks_name(&exchange) => exchange.answer(b""),
            step => step,
        };
        self.auth_step(exchange, step, line, moment)
    }

    fn auth_step(&mut self, exchange: Exchange, step: Step, line: &[u8], moment: &mut Moment<'_>) -> Reply {
        let sasl = &self.persona().sasl;
        let mechanism = exchange.mechanism;
        let challenge = match step {
            Step::AskUser => b"+ VXNlcm5hbWU6".to_vec(),
            Step::AskPassword => b"+ UGFzc3dvcmQ6".to_vec(),
            Step::AskAll => b"+ ".to_vec(),
            Step::Challenge => {
                let (number, time) = (moment.rng.random_range(1_000..u32::MAX), moment.wall.timestamp());
                let text = format!("<{number}.{time}@{}>", self.policy.hostname);
                [b"+ ".as_slice(), encode(text.as_bytes()).as_bytes()].concat()
            }
            Step::Complete { user, password } => {
                return self.log_in(&user, &password, Method::Sasl(mechanism), sasl.refused, moment);
            }
            Step::Malformed => {
                return match sasl.malformed {
                    Malformed::Wrong => self.log_in(b"", b"", Method::Sasl(mechanism), sasl.refused, moment),
                    Malformed::Aborted(text) => self.aborted(text, &exchange),
                };
            }
            Step::Cancelled => return self.aborted(sasl.cancelled, &exchange),
            Step::NotBase64 => {
                let digits = line.iter().all(|b| b.is_ascii_alphanumeric() || b"+/=".contains(b));
                return self.aborted(if digits { sasl.length } else { sasl.characters }, &exchange);
            }
        };
        self.reading = Reading::Auth(exchange);
        Reply::new(crate::persona::text::wire(&challenge), Stage::Auth)
    }

    /// The exchange is over, and no password was told.
    fn aborted(&mut self, text: &str, exchange: &Exchange) -> Reply {
        let mut reply = self.reply(text, &Values::default(), Stage::Auth);
        let user = exchange.user();
        reply.notes.extend(self.note(What::Login {
            user: Plain::from_peer(user.get(..LONGEST_KEPT).unwrap_or(user)),
            method: Method::Sasl(exchange.mechanism).as_str().into(),
            verdict: Verdict::Abort,
            password: None,
            visit: None,
        }));
        reply
    }
}

/// Whether the line that was not base64 was the name of LOGIN.
fn asks_name(exchange: &Exchange) -> bool {
    exchange.mechanism == Mechanism::Login && !exchange.has_user()
}
