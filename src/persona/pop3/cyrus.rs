//! Cyrus 2.5 on Debian, with the texts of its pop3d; 3.6 says the same, but nmap does not know its name.

use super::{
    Cr, Does, Failure, Form, Limits, Login, MORE, Mail, Malformed, Name, Nul, Numbers, Persona, Reading,
    Sasl, State, Top, alone, verb, with,
};
use crate::sasl::Mechanism;
use std::time::Duration;

const EXTRA: &str = "-ERR Unexpected extra argument";
const MISSING: &str = "-ERR Missing argument";
const UNKNOWN: &str = "-ERR Unrecognized command";
const NONE: &str = "-ERR No such message";
const LINES: &str = "-ERR Invalid number of lines";
const PASS_NEXT: &str = "-ERR [AUTH] Must give PASS command";
/// What its SASL library says of a response that it cannot use.
const PROTOCOL: &str = "-ERR [AUTH] authenticating: bad protocol / cancel";
const FAILED: &str = "-ERR [AUTH] authenticating: authentication failure";
const READY: &str = "+OK Mailbox locked and ready SESSIONID=<{host}-{session}>";
const IMPLEMENTATION: &str = "IMPLEMENTATION Cyrus POP3 v2.5.10-Debian-2.5.10-3";

const NUMBERS: Numbers = Numbers {
    reading: Reading::Strict,
    missing: MISSING,
    invalid: "-ERR Not a number",
    too_large: "-ERR Not a number",
    huge: "-ERR Not a number",
    noise: EXTRA,
    zero: NONE,
    none: NONE,
    deleted: NONE,
};

pub(super) static CYRUS: Persona = Persona {
    name: Name::Cyrus,
    banner: "+OK {host} Cyrus POP3 v2.5.10-Debian-2.5.10-3 server ready {stamp}",
    capa: "+OK List of capabilities follows",
    busy: "-ERR [SYS/TEMP] Too many open connections",
    before: State {
        verbs: &[
            alone("CAPA", Does::Capa, EXTRA),
            with("USER", Does::User, MISSING),
            with("PASS", Does::Pass, MISSING),
            with("APOP", Does::Apop, MISSING),
            verb("AUTH", Does::Auth),
            verb("STLS", Does::Stls(UNKNOWN)),
            alone("QUIT", Does::Quit, EXTRA),
        ],
        unknown: UNKNOWN,
        empty: UNKNOWN,
        capabilities: &[
            "SASL {mechanisms}",
            "EXPIRE NEVER",
            "LOGIN-DELAY 0",
            "TOP",
            "UIDL",
            "PIPELINING",
            "RESP-CODES",
            "AUTH-RESP-CODE",
            "USER",
            IMPLEMENTATION,
        ],
        idle: Duration::from_secs(600),
        idle_text: None,
        patience: None,
        longest: None,
        cr: Cr::Kept,
        quit: "+OK",
    },
    named: &[with("USER", Does::Say(PASS_NEXT), MISSING), with("APOP", Does::Say(PASS_NEXT), MISSING)],
    after: State {
        verbs: &[
            alone("CAPA", Does::Capa, EXTRA),
            alone("STAT", Does::Stat, EXTRA),
            verb("LIST", Does::List),
            verb("UIDL", Does::Uidl),
            with("TOP", Does::Top, MISSING),
            with("RETR", Does::Retr, MISSING),
            with("DELE", Does::Dele, MISSING),
            alone("RSET", Does::Rset, EXTRA),
            alone("NOOP", Does::Say("+OK"), EXTRA),
            alone("QUIT", Does::Quit, EXTRA),
        ],
        unknown: UNKNOWN,
        empty: UNKNOWN,
        capabilities: &[
            "EXPIRE NEVER",
            "LOGIN-DELAY 0",
            "TOP",
            "UIDL",
            "PIPELINING",
            "RESP-CODES",
            "AUTH-RESP-CODE",
            IMPLEMENTATION,
        ],
        idle: Duration::from_secs(600),
        idle_text: None,
        patience: None,
        longest: None,
        cr: Cr::Kept,
        quit: "+OK",
    },
    limits: Limits { before: None, errors: None },
    form: Form {
        leading: false,
        blanks: b" \t\r\x0b\x0c",
        trailing: false,
        nul: Nul::Ends,
        eight_bit: None,
        dangling: Some("-ERR Syntax error"),
    },
    login: Login {
        user: "+OK Name is a valid mailbox",
        verbatim: false,
        no_user: "-ERR [AUTH] Must give USER command",
        accepted: READY,
        refused: "-ERR [AUTH] Invalid login",
        apop_form: PROTOCOL,
        apop_refused: FAILED,
        forgets_user: true,
        closes: None,
    },
    sasl: Sasl {
        mechanisms: &[Mechanism::CramMd5, Mechanism::Plain, Mechanism::Login],
        hidden: &[],
        challenge: "<{number}.{time}@{host}>",
        list: Some("+OK List of supported mechanisms follows"),
        unknown: "-ERR [AUTH] authenticating: no mechanism available",
        skips_blanks: true,
        accepted: READY,
        refused: FAILED,
        cancelled: "-ERR [AUTH] Client canceled authentication",
        star: true,
        no_initial: None,
        initial: PROTOCOL,
        length: PROTOCOL,
        characters: PROTOCOL,
        malformed: Malformed::Aborted(PROTOCOL),
        digest_malformed: Malformed::Aborted(PROTOCOL),
        asks: true,
        needs_name: false,
        lenient: false,
        longest: None,
        long_initial: false,
        idle_text: None,
    },
    mail: Mail {
        stat: "+OK {count} {octets}",
        list: "+OK scan listing follows",
        list_one: "+OK {n} {octets}",
        uidl: "+OK unique-id listing follows",
        uidl_one: "+OK {n} {uid}",
        uid: "{validity}.{serial}",
        top: "+OK Message follows",
        retr: "+OK Message follows",
        dele: "+OK message deleted",
        dele_again: false,
        rset: "+OK",
        last: "",
        quit_deleted: "+OK",
    },
    numbers: NUMBERS,
    uidl: NUMBERS,
    top: Top {
        message: Numbers { invalid: MISSING, too_large: MISSING, huge: MISSING, ..NUMBERS },
        blank: false,
        lines_first: true,
        missing: MISSING,
        invalid: LINES,
        huge: LINES,
        noise: EXTRA,
    },
    failure: Failure { pause: Duration::from_secs(3), penalties: &[] },
    more: MORE,
};
