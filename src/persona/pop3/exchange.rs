//! Microsoft Exchange 2016 with plain logins and without a certificate, by what it is known to say.

use super::{
    Argument, Counts, Cr, Does, Failure, Form, Limits, Login, Longest, MORE, Mail, Malformed, Name, Nul,
    Numbers, Part, Patience, Persona, Reading, Sasl, State, Top, Verb, alone, verb, with,
};
use crate::sasl::Mechanism;
use std::time::Duration;

const STATE: &str = "-ERR Command is not valid in this state.";
const ARGUMENT: &str = "-ERR Protocol error. 14";
const ARGUMENTS: &str = "-ERR Protocol error. 16";
const UNKNOWN: &str = "-ERR Protocol error. 19";
const RANGE: &str = "-ERR The specified message is out of range.";
const FAILED: &str = "-ERR Authentication failure: unknown user name or bad password.";
const SIGNING_OFF: &str = "+OK Microsoft Exchange Server 2016 POP3 server signing off.";
/// It stands behind the reply without an `-ERR` of its own.
const CLOSED: &str = "Connection is closed. 21";

const CAPABILITIES: &[&str] = &["TOP", "UIDL", "SASL {mechanisms}", "USER"];

/// A verb with so many words behind it.
const fn words(word: &'static str, does: Does, least: usize, most: usize) -> Verb {
    Verb { word, does, argument: Argument::Words { least, most, few: ARGUMENTS, many: ARGUMENTS } }
}

/// What it knows, but not now.
const fn not_now(word: &'static str) -> Verb {
    verb(word, Does::Say(STATE))
}

const PATIENCE: Option<Patience> = Some(Patience {
    most: 3,
    text: CLOSED,
    instead: Some("-ERR Protocol error. 20"),
    counts: Counts::Misuse,
    in_a_row: false,
});

const LONGEST: Longest =
    Longest { bytes: 512, of: Part::Line, text: "-ERR Protocol error. Connection is closed. 10" };

const NUMBERS: Numbers = Numbers {
    reading: Reading::Strict,
    missing: ARGUMENTS,
    invalid: ARGUMENT,
    too_large: ARGUMENT,
    huge: ARGUMENT,
    noise: ARGUMENT,
    zero: ARGUMENT,
    none: RANGE,
    deleted: "-ERR The requested message is no longer available; it may have been deleted.",
};

pub(super) static EXCHANGE: Persona = Persona {
    name: Name::Exchange,
    banner: "+OK The Microsoft Exchange POP3 service is ready.",
    capa: "+OK",
    busy: "-ERR [SYS/TEMP] Connection refused",
    before: State {
        verbs: &[
            alone("CAPA", Does::Capa, ARGUMENTS),
            with("USER", Does::User, ARGUMENTS),
            verb("PASS", Does::Pass),
            verb("AUTH", Does::Auth),
            verb("STLS", Does::Stls(STATE)),
            not_now("STAT"),
            not_now("LIST"),
            not_now("UIDL"),
            not_now("TOP"),
            not_now("RETR"),
            not_now("DELE"),
            not_now("RSET"),
            not_now("NOOP"),
            alone("QUIT", Does::Quit, ARGUMENTS),
        ],
        unknown: UNKNOWN,
        empty: UNKNOWN,
        capabilities: CAPABILITIES,
        idle: Duration::from_secs(60),
        idle_text: Some("-ERR Connection is closed. 12"),
        patience: PATIENCE,
        longest: Some(LONGEST),
        cr: Cr::Kept,
        quit: SIGNING_OFF,
    },
    named: &[not_now("USER"), not_now("AUTH")],
    after: State {
        verbs: &[
            alone("CAPA", Does::Capa, ARGUMENTS),
            alone("STAT", Does::Stat, ARGUMENTS),
            words("LIST", Does::List, 0, 1),
            words("UIDL", Does::Uidl, 0, 1),
            words("TOP", Does::Top, 2, 2),
            words("RETR", Does::Retr, 1, 1),
            words("DELE", Does::Dele, 1, 1),
            alone("RSET", Does::Rset, ARGUMENTS),
            alone("NOOP", Does::Say("+OK"), ARGUMENTS),
            not_now("USER"),
            not_now("PASS"),
            not_now("AUTH"),
            not_now("STLS"),
            alone("QUIT", Does::Quit, ARGUMENTS),
        ],
        unknown: UNKNOWN,
        empty: UNKNOWN,
        capabilities: CAPABILITIES,
        idle: Duration::from_secs(1_800),
        idle_text: Some("-ERR Connection is closed. 12"),
        patience: PATIENCE,
        longest: Some(LONGEST),
        cr: Cr::Kept,
        quit: SIGNING_OFF,
    },
    limits: Limits { before: Some(9), errors: Some(10) },
    form: Form {
        leading: false,
        blanks: b" \t",
        trailing: true,
        nul: Nul::Ends,
        eight_bit: Some("-ERR Protocol error. 17"),
        dangling: None,
    },
    login: Login {
        user: "+OK",
        verbatim: true,
        no_user: STATE,
        accepted: "+OK User successfully logged on.",
        refused: "-ERR Logon failure: unknown user name or bad password.",
        apop_form: UNKNOWN,
        apop_refused: UNKNOWN,
        forgets_user: true,
        // It closes after some; that it is the fourth is our guess.
        closes: Some((4, CLOSED)),
    },
    sasl: Sasl {
        mechanisms: &[Mechanism::Plain],
        hidden: &[],
        challenge: "",
        list: Some("+OK"),
        unknown: ARGUMENT,
        skips_blanks: true,
        accepted: "+OK User successfully authenticated.",
        refused: FAILED,
        cancelled: "-ERR The AUTH protocol exchange was canceled by the client.",
        star: true,
        no_initial: Some(ARGUMENTS),
        initial: FAILED,
        length: FAILED,
        characters: FAILED,
        malformed: Malformed::Wrong,
        digest_malformed: Malformed::Wrong,
        asks: false,
        needs_name: false,
        lenient: false,
        longest: Some(Longest { bytes: 4_096, ..LONGEST }),
        long_initial: false,
        idle_text: None,
    },
    mail: Mail {
        stat: "+OK {count} {octets}",
        list: "+OK {count} {octets}",
        list_one: "+OK {n} {octets}",
        uidl: "+OK",
        uidl_one: "+OK {n} {uid}",
        uid: "{serial}",
        top: "+OK",
        retr: "+OK",
        dele: "+OK",
        dele_again: false,
        rset: "+OK",
        last: "",
        quit_deleted: SIGNING_OFF,
    },
    numbers: NUMBERS,
    uidl: NUMBERS,
    top: Top {
        message: NUMBERS,
        blank: true,
        lines_first: true,
        missing: ARGUMENTS,
        invalid: ARGUMENT,
        huge: ARGUMENT,
        noise: ARGUMENT,
    },
    failure: Failure { pause: Duration::from_secs(5), penalties: &[] },
    more: MORE,
};
