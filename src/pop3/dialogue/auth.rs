//! AUTH (RFC 5034), from the command to the verdict.

use super::line::Command;
use super::{Dialogue, Fault, LONGEST_KEPT, Moment, Reading, Reply, Stage, Told};
use crate::event::{Plain, Verdict, What};
use crate::persona::pop3::Malformed;
use crate::persona::text::Values;
use crate::pop3::gate::Method;
use crate::sasl::{Exchange, Mechanism, Step, encode};
use rand::RngExt as _;

impl Dialogue {
    pub(super) fn auth(&mut self, command: &Command<'_>, moment: &mut Moment<'_>) -> (Reply, Fault) {
        let sasl = &self.persona().sasl;
        let (word, initial) = command.mechanism(sasl.skips_blanks);
        if word.is_empty() {
            return match sasl.list {
                Some(head) => {
                    let names = sasl.mechanisms.iter().map(|m| m.as_str().as_bytes().to_vec()).collect();
                    (self.list(head, &command.values(), names, Stage::Other), Fault::Neither)
                }
                None => (self.reply(self.state().unknown, &command.values(), Stage::Other), Fault::Unknown),
            };
        }
        if let Some(text) = sasl.no_initial.filter(|_| initial.is_some()) {
            return (self.reply(text, &command.values(), Stage::Auth), Fault::Misuse);
        }
        let known = Mechanism::read(word, sasl.mechanisms).or_else(|| Mechanism::read(word, sasl.hidden));
        let Some(mechanism) = known else {
            return (
                self.reply(sasl.unknown, &command.values().with("n", word), Stage::Auth),
                Fault::Neither,
            );
        };
        let empty = &b""[..];
        let initial = initial.map(|initial| if initial == b"=" { empty } else { initial });
        let asks = sasl.asks && mechanism == Mechanism::Login;
        let initial = initial.filter(|initial| !(asks && initial.is_empty()));
        let response = initial.map(|initial| match sasl.lenient {
            true => lenient(initial.split(|&b| b == b' ').next().unwrap_or_default()),
            false => initial,
        });
        let (exchange, step) = Exchange::begin(mechanism, response);
        let reply = match step {
            Step::NotBase64 if sasl.lenient && asks_name(&exchange) => self.go_on_doomed(exchange, moment),
            Step::NotBase64 | Step::Cancelled => self.aborted(sasl.initial, &exchange),
            step => self.auth_step(exchange, false, step, b"", moment),
        };
        (reply, Fault::Neither)
    }

    /// Hears a line of an exchange.
    pub(super) fn auth_answer(
        &mut self,
        mut exchange: Exchange,
        doomed: bool,
        line: &[u8],
        moment: &mut Moment<'_>,
    ) -> Reply {
        let sasl = &self.persona().sasl;
        if let Some(reply) = self.too_long(line, line.len(), sasl.longest) {
            return reply;
        }
        let response = if sasl.lenient && line != b"*" { lenient(line) } else { line };
        let step = match exchange.answer(response) {
            _ if sasl.star && line.starts_with(b"*") => Step::Cancelled,
            Step::NotBase64 if sasl.lenient && asks_name(&exchange) => {
                return self.go_on_doomed(exchange, moment);
            }
            Step::Complete { .. } if doomed => Step::NotBase64,
            step => step,
        };
        self.auth_step(exchange, doomed, step, line, moment)
    }

    /// It goes on as with an empty name, but the password decides nothing.
    fn go_on_doomed(&mut self, mut exchange: Exchange, moment: &mut Moment<'_>) -> Reply {
        let step = exchange.answer(b"");
        self.auth_step(exchange, true, step, b"", moment)
    }

    fn auth_step(
        &mut self,
        exchange: Exchange,
        doomed: bool,
        step: Step,
        line: &[u8],
        moment: &mut Moment<'_>,
    ) -> Reply {
        let sasl = &self.persona().sasl;
        let mechanism = exchange.mechanism;
        let told = Told { accepted: sasl.accepted, refused: sasl.refused };
        let user = exchange.user();
        if step == Step::AskPassword && sasl.needs_name && (user.is_empty() || user.contains(&0)) {
            return self.log_in(b"", b"", Method::Sasl(mechanism), told, moment).0;
        }
        let challenge = match step {
            Step::AskUser => b"+ VXNlcm5hbWU6".to_vec(),
            Step::AskPassword => b"+ UGFzc3dvcmQ6".to_vec(),
            Step::AskAll => b"+ ".to_vec(),
            Step::Challenge => {
                let (number, time) = (moment.rng.random_range(1_000..u32::MAX), moment.wall.timestamp());
                let nonce = format!("{:032X}", moment.rng.random::<u128>());
                let (number, time) = (number.to_string(), time.to_string());
                let values = Values::default()
                    .with("number", number.as_bytes())
                    .with("time", time.as_bytes())
                    .with("nonce", nonce.as_bytes());
                [b"+ ".as_slice(), encode(&self.expand(sasl.challenge, &values)).as_bytes()].concat()
            }
            Step::Complete { user, password } => {
                return self.log_in(&user, &password, Method::Sasl(mechanism), told, moment).0;
            }
            Step::Malformed => {
                let digest = mechanism == Mechanism::CramMd5;
                return match if digest { sasl.digest_malformed } else { sasl.malformed } {
                    Malformed::Wrong => self.log_in(b"", b"", Method::Sasl(mechanism), told, moment).0,
                    Malformed::Aborted(text) => self.aborted(text, &exchange),
                };
            }
            Step::Cancelled => return self.aborted(sasl.cancelled, &exchange),
            Step::NotBase64 => {
                let digits = line.iter().all(|&b| is_base64(b));
                return self.aborted(if digits { sasl.length } else { sasl.characters }, &exchange);
            }
        };
        self.reading = Reading::Auth(exchange, doomed);
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
        self.failed(&mut reply);
        reply
    }
}

fn is_base64(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"+/=".contains(&byte)
}

/// A response without what follows its digits and their padding, if that is too short to matter.
fn lenient(response: &[u8]) -> &[u8] {
    let end = response.iter().position(|&b| !is_base64(b) || b == b'=').unwrap_or(response.len());
    let (digits, behind) = response.split_at(end);
    let padding = behind.iter().take_while(|&&b| b == b'=').count();
    match behind.len() {
        0..3 => response.get(..digits.len() + padding).unwrap_or(response),
        _ => response,
    }
}

/// Whether the line that was not base64 was the name of LOGIN.
fn asks_name(exchange: &Exchange) -> bool {
    exchange.mechanism == Mechanism::Login && !exchange.has_user()
}
