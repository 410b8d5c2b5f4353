//! Microsoft Exchange 2010 and later, by what nmap knows and what clients report of it.

use super::{
    Does, Failure, Form, Login, MORE, Mail, Malformed, Name, Nul, Numbers, Patience, Persona, Sasl, State,
    alone, verb, with,
};
use crate::sasl::Mechanism;
use std::time::Duration;

const STATE: &str = "-ERR Command is not valid in this state.";
const ARGUMENTS: &str = "-ERR Invalid arguments.";
const CLOSED: &str = "-ERR Protocol error. Connection is closed. 10";

const CAPABILITIES: &[&str] = &["TOP", "UIDL", "SASL {mechanisms}", "USER"];

pub(super) static EXCHANGE: Persona = Persona {
    name: Name::Exchange,
    banner: "+OK The Microsoft Exchange POP3 service is ready.",
    capa: "+OK",
    busy: "-ERR [SYS/TEMP] Connection refused. Too many connections.",
    before: State {
        verbs: &[
            alone("CAPA", Does::Capa, ARGUMENTS),
            with("USER", Does::User, ARGUMENTS),
            verb("PASS", Does::Pass),
            verb("AUTH", Does::Auth),
            verb("STLS", Does::Stls(STATE)),
            alone("QUIT", Does::Quit, ARGUMENTS),
        ],
        unknown: STATE,
        empty: STATE,
        capabilities: CAPABILITIES,
        idle: Duration::from_secs(60),
        idle_text: Some("-ERR Connection is closed. 14"),
        patience: Some(Patience { most: 4, text: CLOSED, unknown_only: true }),
        longest: Some((512, CLOSED)),
        quit: "+OK Microsoft Exchange Server POP3 server signing off.",
    },
    after: State {
        verbs: &[
            alone("CAPA", Does::Capa, ARGUMENTS),
            alone("STAT", Does::Stat, ARGUMENTS),
            verb("LIST", Does::List),
            verb("UIDL", Does::Uidl),
            with("TOP", Does::Top, ARGUMENTS),
            with("RETR", Does::Retr, ARGUMENTS),
            with("DELE", Does::Dele, ARGUMENTS),
            alone("RSET", Does::Rset, ARGUMENTS),
            alone("NOOP", Does::Say("+OK"), ARGUMENTS),
            alone("QUIT", Does::Quit, ARGUMENTS),
        ],
        unknown: STATE,
        empty: STATE,
        capabilities: CAPABILITIES,
        idle: Duration::from_secs(1_800),
        idle_text: Some("-ERR Connection is closed. 15"),
        patience: Some(Patience { most: 4, text: CLOSED, unknown_only: true }),
        longest: Some((512, CLOSED)),
        quit: "+OK Microsoft Exchange Server POP3 server signing off.",
    },
    form: Form { leading: false, tabs: false, trailing: true, nul: Nul::Ends },
    login: Login {
        user: "+OK",
        no_user: STATE,
        accepted: "+OK User successfully logged on.",
        refused: "-ERR Logon failure: unknown user name or bad password.",
        apop_form: STATE,
        apop_refused: STATE,
        forgets_user: true,
        closes: None,
    },
    sasl: Sasl {
        mechanisms: &[Mechanism::Plain],
        list: Some("+OK"),
        unknown: "-ERR Unsupported authentication mechanism.",
        cancelled: "-ERR The AUTH protocol exchange was canceled by the client.",
        initial: ARGUMENTS,
        length: ARGUMENTS,
        characters: ARGUMENTS,
        malformed: Malformed::Wrong,
        refused: "-ERR Logon failure: unknown user name or bad password.",
        lenient: false,
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
        rset: "+OK",
        last: "",
        quit_deleted: "+OK Microsoft Exchange Server POP3 server signing off.",
    },
    numbers: Numbers {
        lenient: false,
        missing: ARGUMENTS,
        invalid: ARGUMENTS,
        too_large: "-ERR The specified message is out of range.",
        noise: ARGUMENTS,
        none: "-ERR The specified message is out of range.",
        deleted: "-ERR The specified message has been deleted.",
        lines_missing: ARGUMENTS,
        lines_invalid: ARGUMENTS,
        lines_too_large: ARGUMENTS,
        lines_noise: ARGUMENTS,
    },
    failure: Failure { pause: Duration::from_secs(5), penalties: &[] },
    more: MORE,
};
