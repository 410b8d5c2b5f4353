//! Qpopper 4.0, with the texts of its program; the table of its commands is that of older ones.

use super::{
    Argument, Cr, Does, Failure, Form, Limits, Login, MORE, Mail, Malformed, Name, Nul, Numbers, Persona,
    Reading, Sasl, State, Top, Verb, verb,
};
use std::time::Duration;

const UNKNOWN: &str = "-ERR Unknown command: \"{small}\".";
const SIGNING_OFF: &str = "+OK Pop server at {host} signing off.";
const INCORRECT: &str = "-ERR [AUTH] Password supplied for \"{user}\" is incorrect.";
const TIMEOUT: &str = "-ERR POP timeout from {host}\n+OK Pop server at {host} signing off.";
const NONE: &str = "-ERR Message {n} does not exist.";
const DELETED: &str = "-ERR Message {n} has been deleted.";
const DELETED_NOW: &str = "+OK Message {n} has been deleted.";

const CAPABILITIES: &[&str] = &[
    "TOP",
    "USER",
    "LOGIN-DELAY 0",
    "EXPIRE 0",
    "UIDL",
    "RESP-CODES",
    "AUTH-RESP-CODE",
    "X-MANGLE",
    "X-MACRO",
    "X-LOCALTIME {date}",
    "IMPLEMENTATION Qpopper-version-4.0.9",
];

/// A verb with so many words behind it.
const fn words(word: &'static str, does: Does, least: usize, most: usize) -> Verb {
    let argument = Argument::Words {
        least,
        most,
        few: "-ERR Too few arguments for the {small} command.",
        many: "-ERR Too many arguments for the {small} command.",
    };
    Verb { word, does, argument }
}

/// What it does not know now.
const fn not_now(word: &'static str) -> Verb {
    verb(word, Does::Say(UNKNOWN))
}

const NUMBERS: Numbers = Numbers {
    reading: Reading::Loose,
    missing: NONE,
    invalid: NONE,
    too_large: NONE,
    huge: NONE,
    noise: NONE,
    zero: NONE,
    none: NONE,
    deleted: DELETED,
};

pub(super) static QPOPPER: Persona = Persona {
    name: Name::Qpopper,
    banner: "+OK Qpopper (version 4.0.9) at {host} starting.  {stamp}",
    capa: "+OK Capability list follows",
    busy: "-ERR [SYS/TEMP] POP server at {host} is too busy; please try again later.",
    before: State {
        verbs: &[
            words("CAPA", Does::Capa, 0, 0),
            words("USER", Does::User, 1, 1),
            words("PASS", Does::Pass, 1, usize::MAX),
            words("APOP", Does::Apop, 2, 2),
            words("AUTH", Does::Auth, 0, 2),
            words("STLS", Does::Stls("-ERR Command not enabled"), 0, 0),
            words("QUIT", Does::Quit, 0, 0),
        ],
        unknown: UNKNOWN,
        empty: "",
        capabilities: CAPABILITIES,
        idle: Duration::from_secs(120),
        idle_text: Some(TIMEOUT),
        patience: None,
        longest: None,
        cr: Cr::Kept,
        quit: SIGNING_OFF,
    },
    named: &[not_now("USER"), not_now("APOP"), not_now("AUTH"), not_now("STLS")],
    after: State {
        verbs: &[
            words("CAPA", Does::Capa, 0, 0),
            words("STAT", Does::Stat, 0, 0),
            words("LIST", Does::List, 0, 1),
            words("UIDL", Does::Uidl, 0, 1),
            words("TOP", Does::Top, 2, 2),
            words("RETR", Does::Retr, 1, 1),
            words("DELE", Does::Dele, 1, 1),
            words("RSET", Does::Rset, 0, 0),
            words("NOOP", Does::Say("+OK no big woop"), 0, 0),
            words("LAST", Does::Last, 0, 0),
            // Its subcommands would send mail.
            words("XTND", Does::Say("-ERR Unknown command: \"{small} {argument}\"."), 1, usize::MAX),
            words("QUIT", Does::Quit, 0, 0),
        ],
        unknown: UNKNOWN,
        empty: "",
        capabilities: CAPABILITIES,
        idle: Duration::from_secs(120),
        idle_text: Some(TIMEOUT),
        patience: None,
        longest: None,
        cr: Cr::Kept,
        quit: SIGNING_OFF,
    },
    limits: Limits { before: None, errors: None },
    form: Form {
        leading: true,
        blanks: b" \t\r\x0b\x0c",
        trailing: true,
        nul: Nul::Ends,
        eight_bit: None,
        dangling: None,
    },
    login: Login {
        user: "+OK Password required for {user}.",
        verbatim: false,
        no_user: UNKNOWN,
        accepted: "+OK {user} has {count} visible messages (0 hidden) in {octets} octets.",
        refused: INCORRECT,
        apop_form: INCORRECT,
        apop_refused: INCORRECT,
        forgets_user: true,
        closes: Some((1, SIGNING_OFF)),
    },
    sasl: Sasl {
        mechanisms: &[],
        hidden: &[],
        challenge: "",
        list: Some("+OK Supported SASL mechanisms:\nX-NONE-SO-USE-APOP-OR-STLS"),
        unknown: "-ERR Unknown authentication mechanism: {n}",
        skips_blanks: true,
        accepted: "",
        refused: INCORRECT,
        cancelled: "",
        star: false,
        no_initial: None,
        initial: "",
        length: "",
        characters: "",
        malformed: Malformed::Wrong,
        digest_malformed: Malformed::Wrong,
        asks: false,
        needs_name: false,
        lenient: false,
        longest: None,
        long_initial: false,
        idle_text: None,
    },
    mail: Mail {
        stat: "+OK {count} {octets}",
        list: "+OK {count} visible messages ({octets} octets)",
        list_one: "+OK {n} {octets}",
        uidl: "+OK uidl command accepted.",
        uidl_one: "+OK {n} {uid}",
        uid: "{uid}",
        top: "+OK Message follows",
        retr: "+OK {octets} octets",
        dele: DELETED_NOW,
        dele_again: true,
        rset: "+OK Maildrop has {count} messages ({octets} octets)",
        last: "+OK {n} is the last message seen.",
        quit_deleted: SIGNING_OFF,
    },
    numbers: NUMBERS,
    uidl: Numbers {
        zero: "-ERR Parameter must be a number between 1 and {total}",
        none: "-ERR Message {n} out of range.",
        deleted: "-ERR Message {n} has been marked for deletion.",
        ..NUMBERS
    },
    top: Top {
        message: NUMBERS,
        blank: false,
        lines_first: false,
        missing: NONE,
        invalid: NONE,
        huge: NONE,
        noise: NONE,
    },
    // It thinks over a wrong password for as long as it was told to when it was built, and closes.
    failure: Failure { pause: Duration::from_secs(10), penalties: &[] },
    more: MORE,
};
