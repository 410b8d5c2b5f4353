//! Who is let in: nobody but the one pair of name and password that a network has earned.

use crate::sasl::Mechanism;
use chrono::{DateTime, FixedOffset};

/// How a login was tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// USER and PASS.
    Pass,
    Apop,
    Sasl(Mechanism),
}

/// One try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Try<'t> {
    pub user: &'t [u8],
    /// The password; with APOP and CRAM-MD5 the digest of one.
    pub password: &'t [u8],
    pub method: Method,
}

/// What becomes of a try.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Judged {
    pub accepted: bool,
    /// How many failures of the same network came shortly before this one.
    pub failures: u32,
    /// Names the mailbox of this network in the addresses that it shows; only with `accepted`.
    pub visit: Option<u32>,
}

/// Decides.
pub trait Gate {
    /// Judges a try, at this moment.
    fn judge(&mut self, tried: Try<'_>, wall: DateTime<FixedOffset>) -> Judged;
}

/// Lets nobody in.
pub struct Closed;

impl Gate for Closed {
    fn judge(&mut self, _tried: Try<'_>, _wall: DateTime<FixedOffset>) -> Judged {
        Judged::default()
    }
}

impl Method {
    /// The word for it in the log.
    pub fn as_str(self) -> &'static str {
        match self {
            Method::Pass => "USER",
            Method::Apop => "APOP",
            Method::Sasl(mechanism) => mechanism.as_str(),
        }
    }
}
