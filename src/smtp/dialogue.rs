//! The SMTP conversation of a persona (RFC 5321), without any time in it.

/// Where the conversation is: what the reply that is being given answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    Banner,
    Helo,
    Auth,
    Mail,
    Rcpt,
    Data,
    Dot,
    Quit,
    Other,
}
