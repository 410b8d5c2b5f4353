//! Cyrus 2.5 on Debian, with the texts of the pop3d of Cyrus.

use super::{
    Does, Failure, Form, Login, MORE, Mail, Malformed, Name, Nul, Numbers, Persona, Sasl, State, alone, verb,
    with,
};
use crate::sasl::Mechanism;
use std::time::Duration;

const EXTRA: &str = "-ERR Unexpected extra argument";
const MISSING: &str = "-ERR Missing argument";
const UNKNOWN: &str = "-ERR Unrecognized command";
const SYNTAX: &str = "-ERR Syntax error";

const CAPABILITIES: &[&str] = &[
    "SASL {mechanisms}",
    "EXPIRE NEVER",
    "LOGIN-DELAY 0",
    "TOP",
    "UIDL",
    "PIPELINING",
    "RESP-CODES",
    "AUTH-RESP-CODE",
    "USER",
    "IMPLEMENTATION Cyrus POP3 v2.5.10-Debian-2.5.10-3",
];

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
        capabilities: CAPABILITIES,
        idle: Duration::from_secs(600),
        idle_text: None,
        patience: None,
        longest: None,
        quit: "+OK",
    },
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
        capabilities: CAPABILITIES,
        idle: Duration::from_secs(600),
        idle_text: None,
        patience: None,
        longest: None,
        quit: "+OK",
    },
    form: Form { leading: false, tabs: false, trailing: true, nul: Nul::Ends },
    login: Login {
        user: "+OK Name is a valid mailbox",
        no_user: "-ERR [AUTH] Must give USER command",
        accepted: "+OK Mailbox locked and ready SESSIONID=<{session}>",
        refused: "-ERR [AUTH] Invalid login",
        apop_form: MISSING,
        apop_refused: "-ERR [AUTH] authenticating: authentication failure",
        forgets_user: true,
        closes: None,
    },
    sasl: Sasl {
        mechanisms: &[Mechanism::CramMd5, Mechanism::Plain, Mechanism::Login],
        list: Some("+OK List of supported mechanisms follows"),
        unknown: "-ERR [AUTH] authenticating: no mechanism available",
        cancelled: "-ERR [AUTH] Client canceled authentication",
        initial: "-ERR [AUTH] authenticating: bad protocol / cancel",
        length: "-ERR [AUTH] Error reading client response: cannot decode base64",
        characters: "-ERR [AUTH] Error reading client response: cannot decode base64",
        malformed: Malformed::Aborted("-ERR [AUTH] authenticating: bad protocol / cancel"),
        refused: "-ERR [AUTH] authenticating: authentication failure",
        lenient: false,
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
        rset: "+OK",
        last: "",
        quit_deleted: "+OK",
    },
    numbers: Numbers {
        lenient: false,
        missing: MISSING,
        invalid: SYNTAX,
        too_large: "-ERR No such message",
        noise: EXTRA,
        none: "-ERR No such message",
        deleted: "-ERR No such message",
        lines_missing: MISSING,
        lines_invalid: "-ERR Invalid number of lines",
        lines_too_large: "-ERR Invalid number of lines",
        lines_noise: EXTRA,
    },
    failure: Failure { pause: Duration::from_secs(3), penalties: &[] },
    more: MORE,
};
