//! The texts of the server that we pretend to be, as tables.
//!
//! A persona is data: what each command checks and in which order, what it answers, how many
//! mistakes it forgives and how it says good-bye. [`crate::smtp::dialogue`] carries the tables out
//! and knows none of the names. A test runs the `postfix` and the `exim` table against the real
//! servers, reply by reply.
//!
//! A text is one reply without its line endings; lines are separated by `\n`. Words in braces are
//! filled in by the dialogue; [`WORDS`] lists them.

mod exchange;
mod exim;
mod exim_path;
pub mod path;
mod postfix;
mod sendmail;

use chrono::{DateTime, FixedOffset};
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use crate::Rng;
use path::Route;

/// What braces in a text may hold.
pub const WORDS: &[&str] = &[
    "argument",
    "bytes",
    "code",
    "complaint",
    "date",
    "from",
    "host",
    "id",
    "line",
    "mechanism",
    "n",
    "name",
    "parameter",
    "path",
    "peer",
    "refusal",
    "serial",
    "size",
    "step",
    "to",
    "value",
    "word",
];

/// The servers that we can pretend to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Name {
    #[default]
    Postfix,
    Exim,
    Sendmail,
    Exchange,
}

impl Name {
    pub const ALL: &'static [Name] = &[Name::Postfix, Name::Exim, Name::Sendmail, Name::Exchange];

    /// The word for it in the configuration and in the log.
    pub fn as_str(self) -> &'static str {
        match self {
            Name::Postfix => "postfix",
            Name::Exim => "exim",
            Name::Sendmail => "sendmail",
            Name::Exchange => "exchange",
        }
    }

    /// Its tables.
    pub fn persona(self) -> &'static Persona {
        match self {
            Name::Postfix => &postfix::POSTFIX,
            Name::Exim => &exim::EXIM,
            Name::Sendmail => &sendmail::SENDMAIL,
            Name::Exchange => &exchange::EXCHANGE,
        }
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Name {
    type Err = NotAPersona;

    fn from_str(text: &str) -> Result<Self, NotAPersona> {
        let found = Name::ALL.iter().find(|name| name.as_str() == text);
        found.copied().ok_or(NotAPersona)
    }
}

/// The text names no persona of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotAPersona;

impl fmt::Display for NotAPersona {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a persona; there are ")?;
        for (nth, name) in Name::ALL.iter().enumerate() {
            let gap = if nth == 0 { "" } else { ", " };
            write!(f, "{gap}{name}")?;
        }
        Ok(())
    }
}

impl std::error::Error for NotAPersona {}

/// One server: all that distinguishes it from the others.
pub struct Persona {
    /// How the configuration and the log call it.
    pub name: Name,
    /// The greeting, with its code.
    pub banner: &'static str,
    /// How the greeting begins when it takes its time.
    pub teaser: Teaser,
    /// What it says instead of the greeting when it has too many connections already.
    pub busy: &'static str,
    /// What it says to a peer that is silent.
    pub timeout: &'static str,
    /// What it says to one that is silent in the middle of a message.
    pub text_timeout: &'static str,
    /// How long it lets a peer be silent.
    pub idle: Duration,
    /// The commands it knows.
    pub verbs: &'static [Verb],
    /// What it answers to any other.
    pub unknown: &'static str,
    /// What it answers to a line with nothing in it.
    pub empty: &'static str,
    /// What it answers to a line with a NUL in it; without a text the line ends there.
    pub nul: Option<&'static str>,
    /// How it separates a verb from what follows.
    pub blanks: Blanks,
    /// How it reads what follows `FROM:`.
    pub sender: fn(&[u8]) -> Route<'_>,
    /// How it reads what follows `TO:`.
    pub recipient: fn(&[u8]) -> Route<'_>,
    /// The parameters of MAIL that it knows.
    pub mail_parameters: &'static [&'static str],
    /// The parameters of RCPT that it knows.
    pub rcpt_parameters: &'static [&'static str],
    /// What ends the connection at once, if anything does.
    pub forbidden: Option<Forbidden>,
    /// What it answers to a command line longer than [`Persona::line_limit`]; without a text the
    /// line is cut there and obeyed.
    pub overlong: Option<&'static str>,
    /// The longest command line it reads, in bytes.
    pub line_limit: usize,
    /// When it loses its patience; the first limit that is reached counts.
    pub limits: &'static [Limit],
    /// The most recipients of one message.
    pub recipients: u32,
    /// Whether a recipient without a domain is at a domain of ours.
    pub bare_local: bool,
    /// Characters that make a local part a route to elsewhere, which is relaying.
    pub routing: &'static [u8],
    /// Whether an accepted message makes up for all mistakes.
    pub forgives: bool,
    /// Whether a body whose first line ended in CR LF can only end in CR LF `.` CR LF.
    pub strict_dot: bool,
    /// How it conducts AUTH.
    pub auth: AuthTexts,
    /// What it says after the final dot.
    pub body: BodyTexts,
    /// Makes the id under which it queues a message.
    pub queue_id: fn(&mut Rng, &DateTime<FixedOffset>) -> String,
    /// How it writes a date.
    pub date: fn(&DateTime<FixedOffset>) -> String,
    /// What stands in the lines before the last of a reply that takes its time. The first that fits
    /// counts.
    pub waits: &'static [Wait],
}

/// A command: its checks in their order, then what it does.
pub struct Verb {
    /// In capitals; a peer may write it in any case.
    pub word: &'static str,
    /// What happens when no check objects.
    pub does: Action,
    /// The answer when no check objects.
    pub reply: &'static str,
    /// Whether it counts as a command that moves no mail.
    pub idle: Idle,
    /// The first that objects gives the reply, and nothing else happens.
    pub checks: &'static [Check],
}

/// An objection to a command.
pub struct Check {
    /// When it objects.
    pub when: When,
    /// As what that counts against the peer.
    pub fault: Fault,
    /// The answer.
    pub reply: &'static str,
}

/// What goes out first of a greeting that takes its time. Scanners look at nothing but this, so it
/// must look like the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Teaser {
    /// The whole line with the dash that promises another, `220-`, as Postfix's postscreen does it.
    Line,
    /// The line up to and with this text, for servers that never greet in two lines.
    Until(&'static str),
}

/// What can stand between a verb and its argument.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Blanks {
    /// Any blanks, and before the verb too.
    Any,
    /// One space.
    OneSpace,
}

/// Whether a verb counts as one that moves no mail; too many of these are a fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Idle {
    No,
    /// From the second time on.
    Again,
    Yes,
}

/// What a command does when no check objects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    Helo,
    Ehlo,
    Mail,
    Rcpt,
    Data,
    Login,
    Reset,
    Quit,
    /// Nothing but its reply.
    Say,
    /// Its reply, and then the connection is closed.
    Hang,
}

/// What a check looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    Always,
    /// No HELO or EHLO yet.
    NotGreeted,
    /// No EHLO yet, or a HELO since.
    NotExtended,
    NoArgument,
    /// There is an argument.
    Argument,
    /// The argument has more than this many words.
    MoreWords(usize),
    /// The argument is neither letters, digits, dots and hyphens nor an address in brackets.
    BadName,
    /// The argument does not begin with `FROM:` or `TO:`.
    NoKeyword,
    /// There is nothing behind `FROM:` or `TO:`.
    NoPath,
    /// The path is `<>`.
    NullPath,
    /// The path is wrong in this way.
    Path(PathFault),
    /// The path is wrong in any way.
    BadPath,
    /// A parameter that the persona does not know.
    UnknownParameter,
    /// A parameter that demands a value has none.
    NoValue,
    /// The value of this parameter is wrong.
    BadValue(&'static str),
    /// SIZE announces more than we take.
    TooBig,
    /// SIZE announces more than a number can hold.
    Huge,
    /// MAIL was accepted and its message is not complete.
    InMail,
    NoMail,
    NoRecipient,
    /// Every RCPT was turned away, and all with the same reply.
    AllRefused,
    TooManyRecipients,
    /// Policy: the sender is `<>` and we refuse that.
    NullSender,
    /// Policy: the recipient is at none of our domains.
    Relay,
    /// Policy: the recipient is at a domain of ours, and nobody.
    UnknownUser,
    /// AUTH has succeeded already.
    Authenticated,
    /// AUTH with a mechanism that is not offered.
    UnknownMechanism,
}

/// How a path can be wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PathFault {
    /// `<` without `>`.
    Unclosed,
    /// Something follows the `>` without a space.
    Trailing,
    /// There is no `@`.
    NoDomain,
    /// There is nothing before the `@`.
    NoLocal,
    /// There is nothing behind the `@`, or it is no name of a host.
    BadDomain,
    /// The domain is an address in brackets, which the persona does not take.
    NoLiteral,
    /// Two `@`, a space, a control or another character that must be quoted.
    BadCharacter,
}

/// What a reply says about the peer's manners; the persona counts these.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// None.
    Fine,
    /// A command that does not exist.
    Unknown,
    /// A command that cannot be understood.
    Syntax,
    /// A command at the wrong time.
    Order,
    /// A sender or recipient that is not wanted.
    Denied,
    /// A password that is wrong, or an AUTH that came to nothing.
    Password,
    /// A command that moves no mail, one more than is tolerated; see [`Verb::idle`].
    Chatter,
}

/// How many mistakes are too many.
pub struct Limit {
    /// Which count.
    pub faults: &'static [Fault],
    /// So many are forgiven; the next one ends the connection.
    pub forgiven: u32,
    /// How many commands that move no mail are free before they count as [`Fault::Chatter`].
    pub free: u32,
    /// The last words.
    pub farewell: &'static str,
    /// Where they stand.
    pub form: Farewell,
}

/// How the last words stand to the reply to the last mistake.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Farewell {
    /// They are a reply of their own behind it.
    Behind,
    /// They are its last line, under its code.
    Joined,
    /// They replace it.
    Instead,
}

/// Words that no mail program says.
pub struct Forbidden {
    /// First words of a line, in capitals; a peer may write them in any case.
    pub words: &'static [&'static str],
    /// Whether a first word that ends in a colon, as in the header of a message, is one too.
    pub headers: bool,
    /// Whether a first word that does not begin with a letter is one too.
    pub not_letters: bool,
    /// Whether this applies to the first command only.
    pub first_only: bool,
    /// The last words.
    pub reply: &'static str,
}

/// The texts of AUTH (RFC 4954).
pub struct AuthTexts {
    /// The peer is let in.
    pub success: &'static str,
    /// The password is wrong.
    pub failure: &'static str,
    /// What the peer sent is not base64.
    pub not_base64: &'static str,
    /// It is base64, but not what the mechanism demands.
    pub malformed: &'static str,
    /// The peer sent `*`.
    pub cancelled: &'static str,
    /// Whether an initial response of `=` is an empty one, as RFC 4954 4 says.
    pub equals_is_empty: bool,
}

/// The texts after a message.
pub struct BodyTexts {
    /// It is queued under `{id}`.
    pub accepted: &'static str,
    /// It is not wanted.
    pub rejected: &'static str,
    /// The peer shall come again with it.
    pub deferred: &'static str,
    /// It is larger than SIZE announced.
    pub too_big: &'static str,
}

/// Texts for the lines of a reply that takes its time, without code and dash. Those that name the
/// recipient are left out before there is one.
pub struct Wait {
    /// How the last line of the reply begins; an empty text fits all.
    pub replies: &'static [&'static str],
    /// At least two, since none stands twice in a row.
    pub texts: &'static [&'static str],
}

impl Persona {
    /// The verb that begins a command, in any case.
    pub fn verb(&self, word: &[u8]) -> Option<&'static Verb> {
        let verbs: &'static [Verb] = self.verbs;
        verbs.iter().find(|verb| verb.word.as_bytes().eq_ignore_ascii_case(word))
    }
}

const fn check(when: When, fault: Fault, reply: &'static str) -> Check {
    Check { when, fault, reply }
}

const fn verb(
    word: &'static str,
    does: Action,
    reply: &'static str,
    idle: Idle,
    checks: &'static [Check],
) -> Verb {
    Verb { word, does, reply, idle, checks }
}

/// What the tables are written with.
mod words {
    pub(super) use super::Action::*;
    pub(super) use super::Fault::*;
    pub(super) use super::When::*;
    pub(super) use super::{
        AuthTexts, Blanks, BodyTexts, Farewell, Forbidden, Idle, Limit, Name, PathFault, Persona, Teaser,
        Wait, check, verb,
    };
}

/// The date of RFC 5322 with the offset in digits.
fn rfc5322(at: &DateTime<FixedOffset>) -> String {
    at.format("%a, %d %b %Y %H:%M:%S %z").to_string()
}
