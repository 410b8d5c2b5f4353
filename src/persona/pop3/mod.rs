//! POP3 servers as tables: greeting, capabilities, the reply to every command, delays and limits.

use std::time::Duration;

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
        &STUB
    }
}

static STUB: Persona = Persona { failure: Failure { pause: Duration::ZERO, penalties: &[] } };

/// One server.
pub struct Persona {
    pub failure: Failure,
}

/// How long it lets a peer wait whose password was wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Failure {
    /// After every wrong password.
    pub pause: Duration,
    /// On top of it, by the number of failures shortly before; the last one holds for all that follow.
    pub penalties: &'static [Duration],
}
