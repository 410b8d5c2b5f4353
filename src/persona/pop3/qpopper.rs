//! Qpopper 4.0, by what nmap knows and what clients report of it.

use super::{
    Does, Failure, Form, Login, MORE, Mail, Malformed, Name, Nul, Numbers, Patience, Persona, Sasl, State,
    Verb, alone, verb, with,
};
use std::time::Duration;

const UNKNOWN: &str = "-ERR Unknown command: \"{word}\".";
const FEW: &str = "-ERR Too few arguments for the {word} command.";
const MANY: &str = "-ERR Too many arguments for the {word} command.";
const SIGNING_OFF: &str = "+OK Pop server at {host} signing off.";

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
    "IMPLEMENTATION Qpopper-version-4.0.9",
];

const BEFORE: &[Verb] = &[
    alone("CAPA", Does::Capa, MANY),
    with("USER", Does::User, FEW),
    with("PASS", Does::Pass, FEW),
    with("APOP", Does::Apop, FEW),
    verb("STLS", Does::Stls("-ERR Command not supported.")),
    verb("AUTH", Does::Say("-ERR Unknown command: \"auth\".")),
    alone("QUIT", Does::Quit, MANY),
];

pub(super) static QPOPPER: Persona = Persona {
    name: Name::Qpopper,
    banner: "+OK Qpopper (version 4.0.9) at {host} starting.  {stamp}",
    capa: "+OK Capability list follows",
    busy: "-ERR [SYS/TEMP] POP server at {host} is too busy; please try again later.",
    before: State {
        verbs: BEFORE,
        unknown: UNKNOWN,
        empty: UNKNOWN,
        capabilities: CAPABILITIES,
        idle: Duration::from_secs(120),
        idle_text: Some("-ERR POP timeout from {host}\n+OK Pop server at {host} signing off."),
        patience: Some(Patience { most: 10, text: SIGNING_OFF, unknown_only: true }),
        longest: None,
        quit: SIGNING_OFF,
    },
    after: State {
        verbs: &[
            alone("CAPA", Does::Capa, MANY),
            alone("STAT", Does::Stat, MANY),
            verb("LIST", Does::List),
            verb("UIDL", Does::Uidl),
            with("TOP", Does::Top, FEW),
            with("RETR", Does::Retr, FEW),
            with("DELE", Does::Dele, FEW),
            alone("RSET", Does::Rset, MANY),
            alone("NOOP", Does::Say("+OK"), MANY),
            alone("LAST", Does::Last, MANY),
            alone("QUIT", Does::Quit, MANY),
        ],
        unknown: UNKNOWN,
        empty: UNKNOWN,
        capabilities: CAPABILITIES,
        idle: Duration::from_secs(120),
        idle_text: Some("-ERR POP timeout from {host}\n+OK Pop server at {host} signing off."),
        patience: Some(Patience { most: 10, text: SIGNING_OFF, unknown_only: true }),
        longest: None,
        quit: SIGNING_OFF,
    },
    form: Form { leading: true, tabs: true, trailing: true, nul: Nul::Ends },
    login: Login {
        user: "+OK Password required for {user}.",
        no_user: "-ERR Unknown command: \"pass\".",
        accepted: "+OK {user} has {count} visible messages (0 hidden) in {octets} octets.",
        refused: "-ERR [AUTH] Password supplied for \"{user}\" is incorrect.",
        apop_form: FEW,
        apop_refused: "-ERR [AUTH] Password supplied for \"{user}\" is incorrect.",
        forgets_user: true,
        closes: Some(SIGNING_OFF),
    },
    sasl: Sasl {
        mechanisms: &[],
        list: None,
        unknown: UNKNOWN,
        cancelled: UNKNOWN,
        initial: UNKNOWN,
        length: UNKNOWN,
        characters: UNKNOWN,
        malformed: Malformed::Aborted(UNKNOWN),
        refused: UNKNOWN,
        lenient: false,
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
        dele: "+OK Message {n} has been deleted.",
        rset: "+OK Maildrop has {count} messages ({octets} octets)",
        last: "+OK {n} is the last message seen.",
        quit_deleted: SIGNING_OFF,
    },
    numbers: Numbers {
        lenient: true,
        missing: FEW,
        invalid: "-ERR Message {n} does not exist.",
        too_large: "-ERR Message {n} does not exist.",
        noise: MANY,
        none: "-ERR Message {n} does not exist.",
        deleted: "-ERR Message {n} has been marked for deletion.",
        lines_missing: FEW,
        lines_invalid: "-ERR Bad number of lines.",
        lines_too_large: "-ERR Bad number of lines.",
        lines_noise: MANY,
    },
    // It thinks over a wrong password for as long as it was told to when it was built, and closes.
    failure: Failure { pause: Duration::from_secs(10), penalties: &[] },
    more: MORE,
};
