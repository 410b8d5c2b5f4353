//! POP3 servers as tables: greeting, capabilities, the reply to every command, delays and limits.
//!
//! A persona is data; [`crate::pop3::dialogue`] carries the tables out and knows none of the names. A
//! test runs `dovecot` and `courier` against the real servers, reply by reply. The others say what their
//! programs say, as far as these can be read.
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
    "date",     // The time of day (RFC 5322 3.3).
    "host",
    "mechanisms",
    "n",      // The number of a message, or the mechanism that was asked for.
    "nonce",  // 32 hexadecimal digits that nobody can guess.
    "number", // Digits that nobody can guess.
    "octets", // ... how many octets they have; or this message.
    "rest",   // What was to be a number and is not, or what follows one and should not.
    "serial", // The unique-id in its two parts, as numbers, and whole.
    "session",
    "small", // The command in small letters.
    "stamp", // An APOP stamp, with its brackets (RFC 1939 7).
    "time",  // The time of day in seconds (RFC 2195).
    "total", // How many messages there are, with those that are marked.
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
    /// Those that are others as long as USER has given a name.
    pub named: &'static [Verb],
    /// The same after the login.
    pub after: State,
    pub limits: Limits,
    pub form: Form,
    pub login: Login,
    pub sasl: Sasl,
    pub mail: Mail,
    /// How LIST, RETR and DELE read the number of a message; how UIDL does, and TOP.
    pub numbers: Numbers,
    pub uidl: Numbers,
    pub top: Top,
    pub failure: Failure,
    /// More lines that a list of capabilities could have, for one that does not end; no dots.
    pub more: &'static [&'static str],
}

/// What a server knows in one of the two states (RFC 1939 3).
pub struct State {
    pub verbs: &'static [Verb],
    pub unknown: &'static str,
    /// What it answers to a line that begins with a blank, or has nothing in it; without a text nothing.
    pub empty: &'static str,
    /// The lines of CAPA between the first and the dot.
    pub capabilities: &'static [&'static str],
    /// How long it lets a peer be silent, and what it says then.
    pub idle: Duration,
    pub idle_text: Option<&'static str>,
    /// How many mistakes it forgives.
    pub patience: Option<Patience>,
    pub longest: Option<Longest>,
    pub cr: Cr,
    pub quit: &'static str,
}

/// What a server makes of a CR that does not end the line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cr {
    /// It is a byte as any other.
    Kept,
    /// Inside of a command it is not there.
    Skipped,
    /// It ends a name and a password, if it does not come first.
    Ends,
}

/// When a server loses its patience.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// At this mistake it closes.
    pub most: u32,
    /// What it says behind the reply to that.
    pub text: &'static str,
    /// What it says in place of that reply, if the mistake is an unknown command.
    pub instead: Option<&'static str>,
    pub counts: Counts,
    /// Mistakes count only as long as nothing else comes between them.
    pub in_a_row: bool,
}

/// Which mistakes count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counts {
    /// Commands that there are not.
    Unknown,
    /// These, and what is not allowed here or has the wrong arguments.
    Misuse,
    /// Everything that is answered with `-ERR`.
    All,
}

/// When a line is too long.
#[derive(Debug, Clone, Copy)]
pub struct Longest {
    /// From how many bytes on.
    pub bytes: usize,
    pub of: Part,
    /// What it says before it closes then; without a text nothing.
    pub text: &'static str,
}

/// The part of a line that is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    Line,
    /// What follows the command; of a long word so many bytes are the command.
    Behind(usize),
}

/// After the reply to how many commands a server closes without a word, in one conversation.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Commands without a login.
    pub before: Option<u32>,
    /// Replies that begin with `-ERR`.
    pub errors: Option<u32>,
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
    /// It must be so many words.
    Words {
        least: usize,
        most: usize,
        few: &'static str,
        many: &'static str,
    },
}

/// How a line is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Form {
    /// Blanks before the command are skipped.
    pub leading: bool,
    /// The bytes that are blanks.
    pub blanks: &'static [u8],
    /// Blanks at the end are no part of the argument.
    pub trailing: bool,
    pub nul: Nul,
    /// What it says of bytes that are not ASCII; PASS may have them.
    pub eight_bit: Option<&'static str>,
    /// What it says of a command with blanks behind it and nothing else; AUTH may have them.
    pub dangling: Option<&'static str>,
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
    /// The blanks around a name belong to it, but for the one after USER.
    pub verbatim: bool,
    pub no_user: &'static str,
    pub accepted: &'static str,
    pub refused: &'static str,
    /// APOP with one word, and with a digest that is wrong.
    pub apop_form: &'static str,
    pub apop_refused: &'static str,
    /// After a wrong password the name must be told again.
    pub forgets_user: bool,
    /// At which login that fails it closes, and what it says behind the reply.
    pub closes: Option<(u32, &'static str)>,
}

/// Texts of AUTH (RFC 5034).
pub struct Sasl {
    pub mechanisms: &'static [Mechanism],
    /// Mechanisms that it knows and does not speak of.
    pub hidden: &'static [Mechanism],
    /// The challenge of CRAM-MD5 (RFC 2195).
    pub challenge: &'static str,
    /// What AUTH alone says before the list of mechanisms; without a text it says `unknown`.
    pub list: Option<&'static str>,
    pub unknown: &'static str,
    /// Blanks before the mechanism are skipped.
    pub skips_blanks: bool,
    pub accepted: &'static str,
    pub refused: &'static str,
    pub cancelled: &'static str,
    /// Whatever begins with `*` cancels.
    pub star: bool,
    /// What it says of an initial response, if it takes none.
    pub no_initial: Option<&'static str>,
    /// An initial response, and a later one, that is not base64: with a wrong length, and with wrong
    /// characters.
    pub initial: &'static str,
    pub length: &'static str,
    pub characters: &'static str,
    /// It was base64, but not what the mechanism demands.
    pub malformed: Malformed,
    pub digest_malformed: Malformed,
    /// LOGIN asks for the name even if there was an initial response, but an empty one.
    pub asks: bool,
    /// LOGIN does not ask for the password of an empty name: it was wrong already.
    pub needs_name: bool,
    /// One or two bytes that are not base64 do no harm at the end of a response, and a second word none at
    /// all; of a name of LOGIN that is wrong even then it says so only after the password.
    pub lenient: bool,
    /// When a response is too long; and whether AUTH itself may be as long as a response.
    pub longest: Option<Longest>,
    pub long_initial: bool,
    /// What it says to a peer that is silent inside of an exchange, if it is not the same as outside.
    pub idle_text: Option<&'static str>,
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
    /// DELE of a message that is marked already does it once more.
    pub dele_again: bool,
    pub rset: &'static str,
    pub last: &'static str,
    /// QUIT when messages are deleted by it.
    pub quit_deleted: &'static str,
}

/// How the number of a message is read, and what is said of wrong ones.
#[derive(Debug, Clone, Copy)]
pub struct Numbers {
    pub reading: Reading,
    pub missing: &'static str,
    pub invalid: &'static str,
    /// More than 32 bits hold, and more than 64 bits.
    pub too_large: &'static str,
    pub huge: &'static str,
    /// Something follows that should not.
    pub noise: &'static str,
    pub zero: &'static str,
    pub none: &'static str,
    pub deleted: &'static str,
}

/// How digits become a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reading {
    Strict,
    /// As `atoi` does: whatever follows the digits does not matter, and what has none is 0.
    Loose,
}

/// The two numbers of TOP: of the message, and of lines.
#[derive(Debug, Clone, Copy)]
pub struct Top {
    pub message: Numbers,
    /// A blank must stand between them.
    pub blank: bool,
    /// The lines are looked at before the message is.
    pub lines_first: bool,
    pub missing: &'static str,
    pub invalid: &'static str,
    pub huge: &'static str,
    pub noise: &'static str,
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
