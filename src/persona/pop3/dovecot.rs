//! Dovecot 2.3, as its makers ship it and as Debian and Ubuntu do: compared with a real 2.3.19.

use super::{
    Counts, Cr, Does, Failure, Form, Limits, Login, Longest, MORE, Mail, Malformed, Name, Nul, Numbers, Part,
    Patience, Persona, Reading, Sasl, State, Top, Verb, verb,
};
use crate::sasl::Mechanism;
use std::time::Duration;

pub(super) static DOVECOT: Persona = persona(Name::Dovecot, "+OK Dovecot ready.");
pub(super) static DEBIAN: Persona = persona(Name::Debian, "+OK Dovecot (Debian) ready.");
pub(super) static UBUNTU: Persona = persona(Name::Ubuntu, "+OK Dovecot (Ubuntu) ready.");

/// `auth_failure_delay` is 2 s; then the penalty of the network (anvil), up to 15 s.
const FAILURE: Failure = Failure {
    pause: Duration::from_secs(2),
    penalties: &[
        Duration::ZERO,
        Duration::from_secs(4),
        Duration::from_secs(8),
        Duration::from_secs(15),
        Duration::from_secs(15),
    ],
};

const BEFORE: &[Verb] = &[
    verb("CAPA", Does::Capa),
    verb("USER", Does::User),
    verb("PASS", Does::Pass),
    verb("AUTH", Does::Auth),
    verb("APOP", Does::Say("-ERR APOP not enabled.")),
    verb("STLS", Does::Stls("-ERR TLS support isn't enabled.")),
    verb("XCLIENT", Does::Say(STRANGER)),
    verb("XOIP", Does::Say(STRANGER)),
    verb("QUIT", Does::Quit),
];

/// Proxies tell it with these commands for whom they speak.
const STRANGER: &str = "+OK You are not from trusted IP - ignoring";

const AFTER: &[Verb] = &[
    verb("CAPA", Does::Capa),
    verb("STAT", Does::Stat),
    verb("LIST", Does::List),
    verb("UIDL", Does::Uidl),
    verb("TOP", Does::Top),
    verb("RETR", Does::Retr),
    verb("DELE", Does::Dele),
    verb("RSET", Does::Rset),
    verb("NOOP", Does::Say("+OK")),
    verb("QUIT", Does::Quit),
];

const NUMBERS: Numbers = Numbers {
    reading: Reading::Strict,
    missing: "-ERR Invalid message number: ",
    invalid: "-ERR Invalid message number: {rest}",
    too_large: "-ERR Message number too large: {rest}",
    huge: "-ERR Message number too large: {rest}",
    noise: "-ERR Noise after message number: {rest}",
    zero: "-ERR There's no message {n}.",
    none: "-ERR There's no message {n}.",
    deleted: "-ERR Message is deleted.",
};

const fn persona(name: Name, banner: &'static str) -> Persona {
    Persona {
        name,
        banner,
        capa: "+OK",
        busy: "-ERR [SYS/TEMP] Service temporarily not available",
        before: State {
            verbs: BEFORE,
            unknown: "-ERR Unknown command.",
            empty: "-ERR Unknown command.",
            capabilities: &[
                "CAPA",
                "TOP",
                "UIDL",
                "RESP-CODES",
                "PIPELINING",
                "AUTH-RESP-CODE",
                "USER",
                "SASL {mechanisms}",
            ],
            idle: Duration::from_secs(180),
            idle_text: Some("-ERR Disconnected for inactivity."),
            patience: Some(Patience {
                most: 3,
                text: "-ERR Too many invalid bad commands.",
                instead: None,
                counts: Counts::Unknown,
                in_a_row: true,
            }),
            // The command leaves the buffer before the rest of the line must fit into it.
            longest: Some(Longest {
                bytes: 1_025,
                of: Part::Behind(8),
                text: "-ERR Input buffer full, aborting",
            }),
            cr: Cr::Skipped,
            quit: "+OK Logging out",
        },
        named: &[],
        after: State {
            verbs: AFTER,
            unknown: "-ERR Unknown command: {word}",
            empty: "-ERR Unknown command.",
            capabilities: &["CAPA", "TOP", "UIDL", "RESP-CODES", "PIPELINING", "AUTH-RESP-CODE"],
            idle: Duration::from_secs(600),
            idle_text: Some("-ERR Disconnected for inactivity."),
            patience: Some(Patience {
                most: 21,
                text: "-ERR Too many bad commands.",
                instead: None,
                counts: Counts::All,
                in_a_row: true,
            }),
            longest: Some(Longest { bytes: 2_047, of: Part::Line, text: "-ERR Input line too long." }),
            cr: Cr::Kept,
            quit: "+OK Logging out.",
        },
        limits: Limits { before: None, errors: None },
        form: Form {
            leading: false,
            blanks: b" ",
            trailing: false,
            nul: Nul::Ends,
            eight_bit: None,
            dangling: None,
        },
        login: Login {
            user: "+OK",
            verbatim: true,
            no_user: "-ERR No username given.",
            accepted: "+OK Logged in.",
            refused: "-ERR [AUTH] Authentication failed.",
            apop_form: "-ERR APOP not enabled.",
            apop_refused: "-ERR APOP not enabled.",
            forgets_user: true,
            closes: None,
        },
        sasl: Sasl {
            mechanisms: &[Mechanism::Plain, Mechanism::Login],
            hidden: &[],
            challenge: "",
            list: Some("+OK"),
            unknown: "-ERR [AUTH] Unsupported authentication mechanism.",
            skips_blanks: false,
            accepted: "+OK Logged in.",
            refused: "-ERR [AUTH] Authentication failed.",
            cancelled: "-ERR Authentication aborted by client.",
            star: false,
            no_initial: None,
            initial: "-ERR [AUTH] Invalid base64 data in initial response",
            length: "-ERR [AUTH] Invalid base64 data in continued response",
            characters: "-ERR [AUTH] Invalid base64 in response",
            malformed: Malformed::Wrong,
            digest_malformed: Malformed::Wrong,
            asks: true,
            needs_name: true,
            lenient: false,
            longest: Some(Longest { bytes: 8_192, of: Part::Line, text: "" }),
            long_initial: true,
            idle_text: Some("-ERR Disconnected for inactivity during authentication."),
        },
        mail: Mail {
            stat: "+OK {count} {octets}",
            list: "+OK {count} messages:",
            list_one: "+OK {n} {octets}",
            uidl: "+OK",
            uidl_one: "+OK {n} {uid}",
            uid: "{uid}",
            top: "+OK",
            retr: "+OK {octets} octets",
            dele: "+OK Marked to be deleted.",
            dele_again: false,
            rset: "+OK",
            last: "",
            quit_deleted: "+OK Logging out, messages deleted.",
        },
        numbers: NUMBERS,
        uidl: NUMBERS,
        top: Top {
            message: NUMBERS,
            blank: true,
            lines_first: false,
            missing: "-ERR Invalid size: ",
            invalid: "-ERR Invalid size: {rest}",
            huge: "-ERR Size too large: {rest}",
            noise: "-ERR Noise after size: {rest}",
        },
        failure: FAILURE,
        more: MORE,
    }
}
