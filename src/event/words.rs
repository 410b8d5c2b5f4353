//! The closed sets of words that a log line may have.

use super::{Field, NotAnEvent};
use std::fmt::{self, Display};
use std::str::FromStr;

/// One of a closed set of words.
pub trait OneOf: Sized {
    /// The one that is written so in a log.
    fn read(text: &[u8]) -> Option<Self>;
}

/// Declares a closed set of words.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident $word:literal),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum $name { $($(#[$vdoc])* $variant),* }
        impl $name {
            pub const ALL: &'static [$name] = &[$($name::$variant),*];
            pub fn as_str(self) -> &'static str { match self { $($name::$variant => $word),* } }
        }
        impl Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { f.write_str(self.as_str()) }
        }
        impl OneOf for $name {
            fn read(text: &[u8]) -> Option<Self> {
                // A pattern would be compared byte by byte.
                $(if text == $word.as_bytes() { return Some($name::$variant); })*
                None
            }
        }
        impl FromStr for $name {
            type Err = NotAnEvent;
            fn from_str(s: &str) -> Result<Self, NotAnEvent> { OneOf::read(s.as_bytes()).ok_or(NotAnEvent::Value) }
        }
        impl Field for $name {
            fn write(&self, key: &str, out: &mut fmt::Formatter<'_>) -> fmt::Result { write!(out, " {key}={self}") }
            fn read(text: Option<&str>) -> Option<Self> { text?.parse().ok() }
        }
    };
}

words! {
    /// Why a conversation ended.
    Reason {
        /// The peer said QUIT, or asked for a page, and had its answer.
        Quit "quit",
        /// The peer closed or reset the connection.
        Hangup "hangup",
        /// The peer said nothing for as long as the persona waits.
        Timeout "timeout",
        /// The peer was gone without a word: no ACK came any more.
        Ghost "ghost",
        /// SIGTERM or another signal that ends a process reached us.
        Signal "signal",
        /// The persona closes for too many errors, or a limit of ours was reached.
        Limit "limit",
        /// The conversation was a refusal.
        Refused "refused",
        /// Something is wrong on our side.
        Error "error",
    }
}

words! {
    /// What the peer seems to be.
    Kind {
        Unknown "unknown",
        Program "program",
        Human "human",
        /// In an `allow` network.
        Allowed "allowed",
    }
}

words! {
    /// Why a connection was refused.
    Why {
        /// The tarpit's slots are taken; one of the polite ones was left.
        Slots "slots",
        /// More than `total` processes: closed without a word.
        Total "total",
        /// Its network has `per_source` connections already.
        PerSource "per-source",
        /// The lock directory cannot be used.
        Locks "locks",
        /// The operator has turned everything off.
        Off "off",
        /// What may go out on one day has gone out.
        Bytes "bytes-per-day",
        /// Our configuration is wrong.
        Config "config",
    }
}

words! {
    /// Which software asks a mailbox for its passwords or its mail.
    Tool {
        Unknown "unknown",
        /// THC Hydra.
        Hydra "hydra",
        /// Medusa by Foofus.
        Medusa "medusa",
        /// Ncrack of the nmap project.
        Ncrack "ncrack",
        /// Nmap: its version detection or a script.
        Nmap "nmap",
        /// A script that sends USER and PASS and looks at nothing else, as Metasploit's does.
        Script "script",
        /// Somebody at telnet.
        Person "person",
        /// A program that reads mail.
        Mail "mail",
    }
}

words! {
    /// What the peer was told.
    Verdict { Accept "accept", Reject "reject", Tempfail "tempfail", Abort "abort" }
}
