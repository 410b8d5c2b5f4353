//! What the checks of a persona look at.

use super::command;
use super::envelope::Refusals;
use super::login::OFFERED;
use super::{Asked, Dialogue, Moment, NullSender, Recipients};
use crate::persona::smtp::path::{self, Route};
use crate::persona::smtp::{Action, When};
use crate::sasl::Mechanism;

impl Dialogue {
    /// Whether this check objects to what was asked.
    pub(super) fn objects(&self, when: When, asked: &Asked<'_>, moment: &Moment<'_>) -> bool {
        let argument = asked.command.argument;
        let route = asked.route.as_ref();
        match when {
            When::Always => true,
            When::NotGreeted => self.greeting.is_none(),
            When::NotExtended => !self.greeting.as_ref().is_some_and(|g| g.extended),
            When::NoArgument => argument.is_empty(),
            When::Argument => !argument.is_empty(),
            When::MoreWords(most) => asked.command.words().count() > most,
            When::BadName => !is_plain_name(argument),
            When::NoKeyword => route.is_none(),
            When::NoPath => route.is_some_and(|r| r.path.is_empty() && r.parameters.is_empty()),
            When::NullPath => route.is_some_and(Route::is_null),
            When::Path(fault) => route.is_some_and(|r| r.fault == Some(fault)),
            When::BadPath => route.is_some_and(|r| r.fault.is_some()),
            When::UnknownParameter => self.parameters(asked).any(|p| p.doubt == Doubt::Unknown),
            When::NoValue => self.parameters(asked).any(|p| p.doubt == Doubt::NoValue),
            When::BadValue(name) => {
                let named = |p: &Parameter<'_>| p.name.eq_ignore_ascii_case(name.as_bytes());
                self.parameters(asked).any(|p| p.doubt == Doubt::BadValue && named(&p))
            }
            When::TooBig => route.and_then(Route::size).is_some_and(|size| size > self.policy.max_message),
            When::Huge => route.and_then(Route::size) == Some(u64::MAX),
            When::InMail => self.envelope.is_some(),
            When::NoMail => self.envelope.is_none(),
            When::NoRecipient => self.envelope.as_ref().is_none_or(|e| e.to.is_empty()),
            When::AllRefused => matches!(self.refusals, Refusals::Same(_)),
            When::TooManyRecipients => self
                .envelope
                .as_ref()
                .is_some_and(|e| u32::try_from(e.to.len()).unwrap_or(u32::MAX) >= self.persona().recipients),
            When::NullSender => {
                self.policy.null_sender == NullSender::Refuse && route.is_some_and(Route::is_null)
            }
            When::Relay => route.is_some_and(|r| {
                !moment.honeypot
                    && !self.authenticated
                    && self.policy.recipients != Recipients::Any
                    && !self.ours(r)
            }),
            When::UnknownUser => route.is_some_and(|r| {
                !moment.honeypot
                    && self.policy.recipients == Recipients::Issued
                    && self.ours(r)
                    && self.policy.issued.receipt(r.address).is_none()
            }),
            When::Authenticated => self.authenticated,
            When::UnknownMechanism => {
                asked.command.words().next().is_none_or(|word| Mechanism::read(word, OFFERED).is_none())
            }
        }
    }

    /// Whether the recipient is at a domain of ours, which is any if none is named, and not routed on from
    /// there.
    pub(super) fn ours(&self, route: &Route<'_>) -> bool {
        let persona = self.persona();
        if !route.local().starts_with(b"\"") && route.local().iter().any(|b| persona.routing.contains(b)) {
            return false;
        }
        let Some(domain) = route.domain() else {
            return persona.bare_local;
        };
        let domain = domain.strip_suffix(b".").unwrap_or(domain);
        let domains = &self.policy.domains;
        domains.is_empty() || domains.iter().any(|ours| ours.as_bytes().eq_ignore_ascii_case(domain))
    }

    /// The parameters of MAIL or RCPT, each with what is doubtful about it.
    pub(super) fn parameters<'l>(&self, asked: &Asked<'l>) -> impl Iterator<Item = Parameter<'l>> + use<'l> {
        let persona = self.persona();
        let known = match asked.does {
            Some(Action::Mail) => persona.mail_parameters,
            _ => persona.rcpt_parameters,
        };
        let words = asked.route.iter().flat_map(Route::words);
        let words: Vec<&'l [u8]> = words.collect();
        words.into_iter().map(move |word| {
            let (name, value) = path::split_parameter(word);
            let found = known.iter().find(|k| k.as_bytes().eq_ignore_ascii_case(name));
            let doubt = match (found, value) {
                (None, _) => Doubt::Unknown,
                (Some(_), None) => Doubt::NoValue,
                (Some(known), Some(value)) if command::is_bad(known, value) => Doubt::BadValue,
                _ => Doubt::None,
            };
            Parameter { word, name, value: value.unwrap_or_default(), doubt }
        })
    }
}

/// A parameter of MAIL or RCPT.
pub(super) struct Parameter<'l> {
    pub word: &'l [u8],
    pub name: &'l [u8],
    pub value: &'l [u8],
    pub doubt: Doubt,
}

/// What is doubtful about a parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Doubt {
    None,
    Unknown,
    NoValue,
    BadValue,
}

/// Whether this is letters, digits, dots and hyphens, or an address in brackets.
fn is_plain_name(name: &[u8]) -> bool {
    if let Some(inside) = name.strip_prefix(b"[") {
        return inside.strip_suffix(b"]").is_some_and(path::is_literal);
    }
    !name.is_empty() && name.iter().all(|b| b.is_ascii_alphanumeric() || b".-".contains(b))
}
