//! Dovecot 2.3, as its makers ship it and as Debian and Ubuntu do: compared with a real 2.3.19.

use super::{
    Does, Failure, Form, Login, MORE, Mail, Malformed, Name, Nul, Numbers, Patience, Persona, Sasl, State,
    Verb, verb,
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
    verb("QUIT", Does::Quit),
];

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
                unknown_only: true,
            }),
            longest: Some((1_024, "-ERR Input buffer full, aborting")),
            quit: "+OK Logging out",
        },
        after: State {
            verbs: AFTER,
            unknown: "-ERR Unknown command: {word}",
            empty: "-ERR Unknown command.",
            capabilities: &["CAPA", "TOP", "UIDL", "RESP-CODES", "PIPELINING", "AUTH-RESP-CODE"],
            idle: Duration::from_secs(600),
            idle_text: Some("-ERR Disconnected for inactivity."),
            patience: Some(Patience { most: 21, text: "-ERR Too many bad commands.", unknown_only: false }),
            longest: Some((8_192, "-ERR Input line too long.")),
            quit: "+OK Logging out.",
        },
        form: Form { leading: false, tabs: false, trailing: false, nul: Nul::Ends },
        login: Login {
            user: "+OK",
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
            list: Some("+OK"),
            unknown: "-ERR [AUTH] Unsupported authentication mechanism.",
            cancelled: "-ERR Authentication aborted by client.",
            initial: "-ERR [AUTH] Invalid base64 data in initial response",
            length: "-ERR [AUTH] Invalid base64 data in continued response",
            characters: "-ERR [AUTH] Invalid base64 in response",
            malformed: Malformed::Wrong,
            refused: "-ERR [AUTH] Authentication failed.",
            lenient: false,
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
            rset: "+OK",
            last: "",
            quit_deleted: "+OK Logging out, messages deleted.",
        },
        numbers: Numbers {
            lenient: false,
            missing: "-ERR Invalid message number: ",
            invalid: "-ERR Invalid message number: {argument}",
            too_large: "-ERR Message number too large: {argument}",
            noise: "-ERR Noise after message number: {rest}",
            none: "-ERR There's no message {n}.",
            deleted: "-ERR Message is deleted.",
            lines_missing: "-ERR Noise after message number: ",
            lines_invalid: "-ERR Invalid size: {rest}",
            lines_too_large: "-ERR Size too large: {rest}",
            lines_noise: "-ERR Noise after size: {rest}",
        },
        failure: FAILURE,
        more: MORE,
    }
}
