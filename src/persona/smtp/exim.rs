//! Exim 4.96 as Debian builds it, with AUTH for all. Proven against the real one.

use chrono::{DateTime, FixedOffset};
use rand::RngExt as _;
use std::time::Duration;

use super::words::*;
use super::{exim_path, rfc5322};
use crate::Rng;

#[rustfmt::skip]
pub(super) static EXIM: Persona = Persona {
    name: Name::Exim,
    banner: "220 {host} ESMTP Exim 4.96 {date}",
    teaser: Teaser::Line,
    busy: "421 Too many concurrent SMTP connections; please try again later.",
    timeout: "421 {host}: SMTP command timeout - closing connection",
    text_timeout: "421 {host} SMTP incoming data timeout - closing connection.",
    idle: Duration::from_secs(300),
    verbs: &[
        verb("HELO", Helo, "250 {host} Hello {name} [{peer}]", Idle::Again, &[
            check(BadName, Syntax, "501 Syntactically invalid HELO argument(s)"),
        ]),
        verb("EHLO", Ehlo, "250-{host} Hello {name} [{peer}]\n250-SIZE {size}\n250-8BITMIME\n\
                            250-AUTH PLAIN LOGIN\n250 HELP", Idle::Again, &[
            check(BadName, Syntax, "501 Syntactically invalid EHLO argument(s)"),
        ]),
        verb("MAIL", Mail, "250 OK", Idle::No, &[
            check(NoKeyword, Unknown, "500 unrecognized command"),
            check(NotGreeted, Order, "503 HELO or EHLO required"),
            check(InMail, Order, "503 sender already given"),
            check(NoPath, Syntax, "501 MAIL must have an address operand"),
            check(BadValue("BODY"), Syntax, "501 invalid data for BODY"),
            check(Path(PathFault::NoDomain), Syntax, "501 {path}: sender address must contain a domain"),
            check(BadPath, Syntax, "501 {complaint}"),
            check(TooBig, Denied, "552 Message size exceeds maximum permitted"),
            check(NullSender, Denied, "550 Administrative prohibition"),
        ]),
        verb("RCPT", Rcpt, "250 Accepted", Idle::No, &[
            check(NoKeyword, Unknown, "500 unrecognized command"),
            check(NoMail, Order, "503 sender not yet given"),
            check(NoPath, Syntax, "501 RCPT must have an address operand"),
            check(Path(PathFault::NoDomain), Syntax, "501 {path}: recipient address must contain a domain"),
            check(BadPath, Syntax, "501 {complaint}"),
            check(TooManyRecipients, Denied, "452 too many recipients"),
            check(Relay, Denied, "550 relay not permitted"),
            check(UnknownUser, Denied, "550 Unrouteable address"),
        ]),
        verb("DATA", Data, "354 Enter message, ending with \".\" on a line by itself", Idle::No, &[
            check(Argument, Syntax, "501 unexpected argument data"),
            check(AllRefused, Order, "503-All RCPT commands were rejected with this error:
503-{refusal}
\
                                      503 valid RCPT command must precede DATA"),
            check(NoRecipient, Order, "503 valid RCPT command must precede DATA"),
        ]),
        verb("AUTH", Login, "", Idle::Again, &[
            check(NotExtended, Order, "503 AUTH command used when not advertised"),
            check(Authenticated, Order, "503 already authenticated"),
            check(InMail, Order, "503 not permitted in mail transaction"),
            check(UnknownMechanism, Order, "504 {mechanism} authentication mechanism not supported"),
        ]),
        verb("RSET", Reset, "250 Reset OK", Idle::Again, &[
            check(Argument, Syntax, "501 unexpected argument data"),
        ]),
        verb("NOOP", Say, "250 OK", Idle::Yes, &[]),
        verb("VRFY", Say, "252 Administrative prohibition", Idle::Yes, &[
            check(NoArgument, Denied, "501 empty address"),
            check(Path(PathFault::NoDomain), Denied, "501 {path}: recipient address must contain a domain"),
        ]),
        verb("EXPN", Say, "550 Administrative prohibition", Idle::Yes, &[]),
        verb("ETRN", Say, "458 Administrative prohibition", Idle::Yes, &[
            check(InMail, Order, "503 ETRN is not permitted inside a transaction"),
        ]),
        verb("STARTTLS", Say, "503 STARTTLS command used when not advertised", Idle::Again, &[
            check(Argument, Syntax, "501 unexpected argument data"),
            check(Always, Order, "503 STARTTLS command used when not advertised"),
        ]),
        verb("BDAT", Say, "503 BDAT command used when CHUNKING not advertised", Idle::No, &[
            check(Always, Order, "503 BDAT command used when CHUNKING not advertised"),
        ]),
        verb("HELP", Say, "214-Commands supported:
214 AUTH HELO EHLO MAIL RCPT DATA BDAT NOOP QUIT RSET HELP", Idle::Yes, &[]),
        verb("QUIT", Quit, "221 {host} closing connection", Idle::No, &[
            check(Argument, Syntax, "501 unexpected argument data"),
        ]),
    ],
    unknown: "500 unrecognized command",
    empty: "500 unrecognized command",
    nul: Some("501 NUL characters are not allowed in SMTP commands"),
    blanks: Blanks::OneSpace,
    sender: exim_path::sender,
    recipient: exim_path::recipient,
    mail_parameters: &["SIZE", "BODY", "AUTH", "RET", "ENVID"],
    rcpt_parameters: &[],
    forbidden: None,
    overlong: Some("500 unrecognized command"),
    line_limit: 16384,
    limits: &[
        Limit {
            faults: &[Chatter],
            forgiven: 0,
            free: 10,
            farewell: "554 Too many nonmail commands",
            form: Farewell::Instead,
        },
        Limit {
            faults: &[Unknown],
            forgiven: 3,
            free: 0,
            farewell: "500 Too many unrecognized commands",
            form: Farewell::Instead,
        },
        Limit {
            faults: &[Unknown, Syntax, Order],
            forgiven: 3,
            free: 0,
            farewell: "{code} Too many syntax or protocol errors",
            form: Farewell::Joined,
        },
    ],
    recipients: 1000,
    bare_local: false,
    routing: b"",
    forgives: false,
    strict_dot: true,
    auth: AuthTexts {
        success: "235 Authentication succeeded",
        failure: "535 Incorrect authentication data",
        not_base64: "501 Invalid base64 data",
        malformed: "535 Incorrect authentication data",
        cancelled: "501 Authentication cancelled",
        equals_is_empty: true,
    },
    body: BodyTexts {
        accepted: "250 OK id={id}",
        rejected: "550 Administrative prohibition",
        deferred: "451 Temporary local problem - please try later",
        too_big: "552 Message size exceeds maximum permitted",
    },
    queue_id,
    date: rfc5322,
    waits: &[
        Wait { replies: &["250 HELP"], texts: &[
            "8BITMIME",
            "DSN",
            "ETRN",
            "VRFY",
            "EXPN",
            "XSTATS",
            "LIMITS MAILMAX={n}00 RCPTMAX=50000",
        ] },
        Wait { replies: &["220"], texts: &[
            "{host} ESMTP Exim 4.96",
            "{host} verifying the calling host [{peer}]",
            "{host} looking up [{peer}]",
        ] },
        Wait { replies: &["2"], texts: &[
            "{host} verifying <{to}>",
            "{host} callout in progress",
            "{host} verification of <{to}> pending",
            "{host} router lookup deferred, trying the next host",
            "{host} retry {n} of the callout",
        ] },
        Wait { replies: &[""], texts: &[
            "{host} request is being processed",
            "{host} lookup in progress",
            "{host} retry {n} of the lookup",
        ] },
    ],
};

/// Seconds, process and fraction of a second, each in base 62.
fn queue_id(rng: &mut Rng, at: &DateTime<FixedOffset>) -> String {
    let seconds = u64::try_from(at.timestamp()).unwrap_or(0);
    let process = rng.random_range(2_000..4_000_000u64);
    let fraction = rng.random_range(0..2_000u64);
    format!("{}-{}-{}", base62(seconds, 6), base62(process, 6), base62(fraction, 2))
}

/// The last `width` digits of a number in base 62.
fn base62(mut number: u64, width: usize) -> String {
    const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let mut text = vec![b'0'; width];
    for place in text.iter_mut().rev() {
        *place = DIGITS[(number % 62) as usize];
        number /= 62;
    }
    text.into_iter().map(char::from).collect()
}
