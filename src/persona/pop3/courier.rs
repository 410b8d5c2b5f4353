//! Courier 1.0 on Debian: compared with a real 1.0.16.

use super::{
    Does, Failure, Form, Login, MORE, Mail, Malformed, Name, Nul, Numbers, Persona, Sasl, State, verb, with,
};
use crate::sasl::Mechanism;
use std::time::Duration;

const INVALID: &str = "-ERR Invalid command.";
const NUMBER: &str = "-ERR Invalid message number.";

const CAPABILITIES: &[&str] = &[
    "SASL {mechanisms}",
    "TOP",
    "USER",
    "LOGIN-DELAY 10",
    "PIPELINING",
    "UIDL",
    "UTF8 USER",
    "IMPLEMENTATION Courier Mail Server",
];

pub(super) static COURIER: Persona = Persona {
    name: Name::Courier,
    banner: "+OK Hello there.",
    capa: "+OK Here's what I can do:",
    busy: "-ERR [SYS/TEMP] Temporary problem, please try again later",
    before: State {
        verbs: &[
            verb("CAPA", Does::Capa),
            with("USER", Does::User, INVALID),
            with("PASS", Does::Pass, "-ERR USER/PASS required."),
            verb("AUTH", Does::Auth),
            verb("STLS", Does::Stls("-ERR TLS support not available.")),
            verb("UTF8", Does::Say("+OK UTF8 enabled")),
            verb("QUIT", Does::Quit),
        ],
        unknown: INVALID,
        empty: INVALID,
        capabilities: CAPABILITIES,
        // One alarm for all that is said before the login.
        idle: Duration::from_secs(60),
        idle_text: None,
        patience: None,
        longest: None,
        quit: "+OK Better luck next time.",
    },
    after: State {
        verbs: &[
            verb("CAPA", Does::Capa),
            verb("STAT", Does::Stat),
            verb("LIST", Does::List),
            verb("UIDL", Does::Uidl),
            verb("TOP", Does::Top),
            verb("RETR", Does::Retr),
            verb("DELE", Does::Dele),
            verb("RSET", Does::Rset),
            verb("NOOP", Does::Say("+OK Yup.")),
            verb("UTF8", Does::Say("+OK UTF8 enabled")),
            verb("QUIT", Does::Quit),
        ],
        unknown: INVALID,
        empty: INVALID,
        capabilities: CAPABILITIES,
        idle: Duration::from_secs(300),
        idle_text: None,
        patience: None,
        longest: None,
        quit: "+OK Bye-bye.",
    },
    form: Form { leading: true, tabs: true, trailing: true, nul: Nul::Swallows },
    login: Login {
        user: "+OK Password required.",
        no_user: "-ERR USER/PASS required.",
        accepted: "+OK logged in.",
        refused: "-ERR Login failed.",
        apop_form: INVALID,
        apop_refused: INVALID,
        forgets_user: false,
        closes: None,
    },
    sasl: Sasl {
        mechanisms: &[Mechanism::Plain, Mechanism::Login],
        list: None,
        unknown: "-ERR Authentication failed.",
        cancelled: "-ERR Authentication aborted.",
        initial: "-ERR Authentication aborted.",
        length: "-ERR Authentication aborted.",
        characters: "-ERR Authentication aborted.",
        malformed: Malformed::Aborted("-ERR Authentication aborted."),
        refused: "-ERR Authentication failed.",
        lenient: true,
    },
    mail: Mail {
        stat: "+OK {count} {octets}",
        list: "+OK POP3 clients that break here, they violate STD53.",
        list_one: "+OK {n} {octets}",
        uidl: "+OK",
        uidl_one: "+OK {n} {uid}",
        uid: "UID{serial}-{validity}",
        top: "+OK headers follow.",
        retr: "+OK {octets} octets follow.",
        dele: "+OK Deleted.",
        rset: "+OK Resurrected.",
        last: "",
        quit_deleted: "+OK Bye-bye.",
    },
    numbers: Numbers {
        lenient: true,
        missing: NUMBER,
        invalid: NUMBER,
        too_large: NUMBER,
        noise: NUMBER,
        none: NUMBER,
        deleted: NUMBER,
        lines_missing: INVALID,
        lines_invalid: INVALID,
        lines_too_large: INVALID,
        lines_noise: INVALID,
    },
    failure: Failure { pause: Duration::from_secs(5), penalties: &[] },
    more: MORE,
};
