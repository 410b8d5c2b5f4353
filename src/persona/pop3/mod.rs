//! POP3 servers as tables: greeting, capabilities, the reply to every command, delays and limits.
//!
//! A persona is data; [`crate::pop3::dialogue`] carries the tables out and knows none of the names. A
//! test runs `dovecot` and `courier` against the real servers, reply by reply. The texts of Cyrus are
//! those in its program, the others come from what nmap knows and what clients report.
//!
//! A text is one reply without its line endings; lines are separated by `\n`. Words in braces are
//! filled in by the dialogue; [`WORDS`] lists them.

mod courier;
mod cyrus;
mod dovecot;
mod exchange;
mod qpopper;

use crate::sasl::Mechanism;
use std::time::Duration;

/// What braces in a text may hold.
pub const WORDS: &[&str] = &[
    "argument", // What follows the command.
    "count",    // How many messages are not marked as deleted...
    "host",
    "lines",
    "mechanisms",
    "n",
    "octets", // ... how many octets they have; or this message.
    "rest",   // What follows a number and should not.
    "serial", // The unique-id in its two parts, as numbers, and whole.
    "session",
    "stamp", // An APOP stamp, with its brackets (RFC 1939 7).
    "uid",
    "user",
    "validity",
    "word", // The command in capitals.
];

/// The servers that we can pretend to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Name {
    #[default]
    Dovecot,
    Debian,
    Ubuntu,
    Courier,
    Cyrus,
    Qpopper,
    Exchange,
}

impl Name {
    pub const ALL: &'static [Name] = &[
        Name::Dovecot,
        Name::Debian,
        Name::Ubuntu,
        Name::Courier,
        Name::Cyrus,
        Name::Qpopper,
        Name::Exchange,
    ];

    /// The word for it in the configuration and in the log.
    pub fn as_str(self) -> &'static str {
        match self {
            Name::Dovecot => "dovecot",
            Name::Debian => "dovecot-debian",
            Name::Ubuntu => "dovecot-ubuntu",
            Name::Courier => "courier",
            Name::Cyrus => "cyrus",
            Name::Qpopper => "qpopper",
            Name::Exchange => "exchange",
        }
    }

    /// Its tables.
    pub fn persona(self) -> &'static Persona {
        match self {
            Name::Dovecot => &dovecot::DOVECOT,
            Name::Debian => &dovecot::DEBIAN,
            Name::Ubuntu => &dovecot::UBUNTU,
            Name::Courier => &courier::COURIER,
            Name::Cyrus => &cyrus::CYRUS,
            Name::Qpopper => &qpopper::QPOPPER,
            Name::Exchange => &exchange::EXCHANGE,
        }
    }
}

/// One server: all that distinguishes it from the others.
pub struct Persona {
    pub name: Name,
    pub banner: &'static str,
    /// The first line of the reply to CAPA.
    pub capa: &'static str,
    /// What it says instead of the greeting when it has too many connections already.
    pub busy: &'static str,
    /// The commands before the login, and what it answers to any other.
    pub before: State,
    /// The same after it.
    pub after: State,
    pub form: Form,
    pub login: Login,
    pub sasl: Sasl,
    pub mail: Mail,
    pub numbers: Numbers,
    pub failure: Failure,
    /// More lines that a list of capabilities could have, for one that does not end; no dots.
    pub more: &'static [&'static str],
}

/// What a server knows in one of the two states (RFC 1939 3).
pub struct State {
    pub verbs: &'static [Verb],
    pub unknown: &'static str,
    /// What it answers to a line that begins with a blank, or has nothing in it.
    pub empty: &'static str,
    /// The lines of CAPA between the first and the dot.
    pub capabilities: &'static [&'static str],
    /// How long it lets a peer be silent, and what it says then.
    pub idle: Duration,
    pub idle_text: Option<&'static str>,
    /// How many mistakes it forgives.
    pub patience: Option<Patience>,
    /// From how many bytes on a line is too long, and what it says before it closes then.
    pub longest: Option<(usize, &'static str)>,
    pub quit: &'static str,
}

/// When a server loses its patience.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// At this mistake in a row it closes.
    pub most: u32,
    /// What it says after the reply to that.
    pub text: &'static str,
    /// Only unknown commands count, not every reply that begins with `-ERR`.
    pub unknown_only: bool,
}

/// A command.
pub struct Verb {
    pub word: &'static str,
    pub does: Does,
    pub argument: Argument,
}

/// What a command does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Does {
    Capa,
    User,
    Pass,
    Apop,
    Auth,
    Quit,
    Stat,
    List,
    Uidl,
    Top,
    Retr,
    Dele,
    Rset,
    Last,
    /// Says this, whatever the argument is, and nothing else.
    Say(&'static str),
    /// The same for STLS, where TLS would come in.
    Stls(&'static str),
}

/// What a command demands of its argument before anything else is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Argument {
    Any,
    /// It must have one, or this is said.
    Needed(&'static str),
    /// It must have none.
    Refused(&'static str),
}

/// How a line is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Form {
    /// Blanks before the command are skipped.
    pub leading: bool,
    /// A tab is a blank.
    pub tabs: bool,
    /// Blanks at the end are no part of the argument.
    pub trailing: bool,
    pub nul: Nul,
}

/// What a server makes of a NUL in a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Nul {
    /// The line ends there.
    Ends,
    /// The line ends there, and the next one is taken for its rest: it has no reply of its own.
    Swallows,
}

/// Texts of USER, PASS and APOP.
pub struct Login {
    pub user: &'static str,
    pub no_user: &'static str,
    pub accepted: &'static str,
    pub refused: &'static str,
    /// APOP with one word, and with a digest that is wrong.
    pub apop_form: &'static str,
    pub apop_refused: &'static str,
    /// After a wrong password the name must be told again.
    pub forgets_user: bool,
    /// It says this after a wrong password, and closes.
    pub closes: Option<&'static str>,
}

/// Texts of AUTH (RFC 5034).
pub struct Sasl {
    pub mechanisms: &'static [Mechanism],
    /// What AUTH alone says before the list of mechanisms; without a text it says `unknown`.
    pub list: Option<&'static str>,
    pub unknown: &'static str,
    pub cancelled: &'static str,
    /// An initial response, and a later one, that is not base64: with a wrong length, and with wrong
    /// characters.
    pub initial: &'static str,
    pub length: &'static str,
    pub characters: &'static str,
    /// It was base64, but not what the mechanism demands.
    pub malformed: Malformed,
    pub refused: &'static str,
    /// Whatever is sent counts as base64.
    pub lenient: bool,
}

/// What a response is that is not what its mechanism demands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Malformed {
    /// A wrong password.
    Wrong,
    /// No try at all; this is said at once.
    Aborted(&'static str),
}

/// Texts of the commands that need a login.
pub struct Mail {
    pub stat: &'static str,
    pub list: &'static str,
    pub list_one: &'static str,
    pub uidl: &'static str,
    pub uidl_one: &'static str,
    /// A unique-id.
    pub uid: &'static str,
    pub top: &'static str,
    pub retr: &'static str,
    pub dele: &'static str,
    pub rset: &'static str,
    pub last: &'static str,
    /// QUIT when messages are deleted by it.
    pub quit_deleted: &'static str,
}

/// How numbers are read, and what is said of wrong ones.
pub struct Numbers {
    /// Whatever follows the digits does not matter, and what has none is 0.
    pub lenient: bool,
    pub missing: &'static str,
    pub invalid: &'static str,
    pub too_large: &'static str,
    pub noise: &'static str,
    pub none: &'static str,
    pub deleted: &'static str,
    /// The same for the number of lines of TOP.
    pub lines_missing: &'static str,
    pub lines_invalid: &'static str,
    pub lines_too_large: &'static str,
    pub lines_noise: &'static str,
}

/// How long it lets a peer wait whose password was wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Failure {
    /// After every wrong password.
    pub pause: Duration,
    /// On top of it, by the number of failures shortly before; the last one holds for all that follow.
    pub penalties: &'static [Duration],
}

/// A verb whose argument is looked at by what it does, if at all.
const fn verb(word: &'static str, does: Does) -> Verb {
    Verb { word, does, argument: Argument::Any }
}

/// A verb that needs an argument.
const fn with(word: &'static str, does: Does, missing: &'static str) -> Verb {
    Verb { word, does, argument: Argument::Needed(missing) }
}

/// A verb that must not have one.
const fn alone(word: &'static str, does: Does, extra: &'static str) -> Verb {
    Verb { word, does, argument: Argument::Refused(extra) }
}

/// Lines that many servers could have in a list of capabilities (RFC 2449 6 and later ones).
const MORE: &[&str] = &[
    "EXPIRE NEVER",
    "EXPIRE 30",
    "LOGIN-DELAY 0",
    "LOGIN-DELAY 10 USER",
    "RESP-CODES",
    "AUTH-RESP-CODE",
    "PIPELINING",
    "UIDL",
    "TOP",
    "LANG",
    "UTF8 USER",
    "X-MANGLE",
    "X-MACRO",
    "X-LOCALTIME",
    "X-REALM",
    "X-UNIX-UID",
    "X-QUOTA",
    "X-CLIENT-ID",
    "XTND",
    "XSENDER",
    "XVERSION",
];
