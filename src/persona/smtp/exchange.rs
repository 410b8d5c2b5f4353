//! Microsoft Exchange 2016 and 2019, the receive connector that takes mail from outside, from
//! documentation and published transcripts.

use chrono::{DateTime, FixedOffset};
use rand::RngExt as _;
use std::time::Duration;

use super::path;
use super::words::*;
use crate::Rng;

#[rustfmt::skip]
pub(super) static EXCHANGE: Persona = Persona {
    name: Name::Exchange,
    banner: "220 {host} Microsoft ESMTP MAIL Service ready at {date}",
    teaser: Teaser::Until(" ready at "),
    busy: "421 4.3.2 The maximum number of concurrent connections has exceeded a limit, closing transmission channel",
    timeout: "421 4.4.1 Connection timed out",
    text_timeout: "421 4.4.1 Connection timed out",
    idle: Duration::from_secs(300),
    verbs: &[
        verb("HELO", Helo, "250 {host} Hello [{peer}]", Idle::No, &[
            check(NoArgument, Syntax, "501 5.5.4 Invalid domain name"),
        ]),
        verb("EHLO", Ehlo, "250-{host} Hello [{peer}]\n250-SIZE {size}\n250-DSN\n\
                            250-ENHANCEDSTATUSCODES\n250-AUTH LOGIN PLAIN\n250 8BITMIME", Idle::No, &[
            check(NoArgument, Syntax, "501 5.5.4 Invalid domain name"),
        ]),
        verb("MAIL", Mail, "250 2.1.0 Sender OK", Idle::No, &[
            check(NotGreeted, Order, "503 5.5.2 Send hello first"),
            check(InMail, Order, "503 5.5.2 Sender already specified"),
            check(NoKeyword, Syntax, "501 5.5.4 Invalid arguments"),
            check(NoPath, Syntax, "501 5.5.4 Invalid arguments"),
            check(BadPath, Syntax, "501 5.1.7 Invalid address"),
            check(NoValue, Syntax, "501 5.5.4 Invalid arguments"),
            check(BadValue("SIZE"), Syntax, "501 5.5.4 Invalid arguments"),
            check(BadValue("BODY"), Syntax, "501 5.5.4 Invalid arguments"),
            check(BadValue("RET"), Syntax, "501 5.5.4 Invalid arguments"),
            check(BadValue("ENVID"), Syntax, "501 5.5.4 Invalid arguments"),
            check(UnknownParameter, Syntax, "501 5.5.4 Unrecognized parameter"),
            check(TooBig, Denied, "552 5.3.4 Message size exceeds fixed maximum message size"),
            check(NullSender, Denied, "554 5.1.0 Sender denied"),
        ]),
        verb("RCPT", Rcpt, "250 2.1.5 Recipient OK", Idle::No, &[
            check(NotGreeted, Order, "503 5.5.2 Send hello first"),
            check(NoMail, Order, "503 5.5.2 Need mail command"),
            check(NoKeyword, Syntax, "501 5.5.4 Invalid arguments"),
            check(NoPath, Syntax, "501 5.5.4 Invalid arguments"),
            check(NullPath, Syntax, "501 5.1.3 Invalid address"),
            check(BadPath, Syntax, "501 5.1.3 Invalid address"),
            check(NoValue, Syntax, "501 5.5.4 Invalid arguments"),
            check(BadValue("NOTIFY"), Syntax, "501 5.5.4 Invalid arguments"),
            check(BadValue("ORCPT"), Syntax, "501 5.5.4 Invalid arguments"),
            check(UnknownParameter, Syntax, "501 5.5.4 Unrecognized parameter"),
            check(TooManyRecipients, Denied, "452 4.5.3 Too many recipients"),
            check(Relay, Denied, "550 5.7.54 SMTP; Unable to relay recipient in non-accepted domain"),
            check(UnknownUser, Denied, "550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient {to} not found by SMTP address lookup"),
        ]),
        verb("DATA", Data, "354 Start mail input; end with <CRLF>.<CRLF>", Idle::No, &[
            check(NotGreeted, Order, "503 5.5.2 Send hello first"),
            check(NoMail, Order, "503 5.5.2 Need mail command"),
            check(NoRecipient, Order, "503 5.5.2 Need rcpt command"),
            check(Argument, Syntax, "501 5.5.4 Invalid arguments"),
        ]),
        verb("AUTH", Login, "", Idle::No, &[
            check(NotExtended, Order, "503 5.5.2 Send hello first"),
            check(Authenticated, Order, "503 5.5.2 Already authenticated"),
            check(InMail, Order, "503 5.5.2 Bad sequence of commands"),
            check(UnknownMechanism, Syntax, "504 5.7.4 Unrecognized authentication type"),
        ]),
        verb("RSET", Reset, "250 2.0.0 Resetting", Idle::No, &[
            check(Argument, Syntax, "501 5.5.4 Invalid arguments"),
        ]),
        verb("NOOP", Say, "250 2.0.0 OK", Idle::No, &[]),
        verb("VRFY", Say, "252 2.1.5 Cannot VRFY user", Idle::No, &[]),
        verb("EXPN", Say, "502 5.3.3 Command not implemented", Idle::No, &[]),
        verb("TURN", Say, "502 5.3.3 Command not implemented", Idle::No, &[]),
        verb("ETRN", Say, "502 5.3.3 Command not implemented", Idle::No, &[]),
        verb("HELP", Say, "214-This server supports the following commands:\n\
                           214 HELO EHLO STARTTLS RCPT DATA RSET MAIL QUIT HELP AUTH BDAT", Idle::No, &[]),
        verb("QUIT", Quit, "221 2.0.0 Service closing transmission channel", Idle::No, &[]),
    ],
    unknown: "500 5.3.3 Unrecognized command",
    empty: "500 5.3.3 Unrecognized command",
    nul: None,
    blanks: Blanks::Any,
    sender: path::lenient,
    recipient: path::lenient,
    mail_parameters: &["SIZE", "BODY", "AUTH", "RET", "ENVID"],
    rcpt_parameters: &["NOTIFY", "ORCPT"],
    forbidden: None,
    overlong: Some("500 5.5.2 Command too long"),
    line_limit: 2048,
    limits: &[
        Limit {
            faults: &[Unknown, Syntax, Order],
            forgiven: 5,
            free: 0,
            farewell: "421 4.7.0 Too many errors on this connection, closing transmission channel",
            form: Farewell::Behind,
        },
    ],
    recipients: 200,
    bare_local: false,
    routing: b"",
    forgives: true,
    strict_dot: true,
    auth: AuthTexts {
        success: "235 2.7.0 Authentication successful",
        failure: "535 5.7.3 Authentication unsuccessful",
        not_base64: "501 5.5.4 Invalid arguments",
        malformed: "535 5.7.3 Authentication unsuccessful",
        cancelled: "501 5.7.0 Authentication cancelled",
        equals_is_empty: false,
    },
    body: BodyTexts {
        accepted: "250 2.6.0 <{id}@{host}> [InternalId={serial}, Hostname={host}] Queued mail for delivery",
        rejected: "550 5.7.1 Message rejected as spam by Content Filtering.",
        deferred: "452 4.3.1 Insufficient system resources",
        too_big: "552 5.3.4 Message size exceeds fixed maximum message size",
    },
    queue_id,
    date,
    waits: &[
        Wait { replies: &["250 8BITMIME"], texts: &[
            "XRDST",
            "XSHADOWREQUEST",
            "XSHADOW",
            "DSN",
            "ENHANCEDSTATUSCODES",
            "X-ANONYMOUSTLS",
            "XEXCH50",
        ] },
        Wait { replies: &["220"], texts: &[
            "{host} Microsoft ESMTP MAIL Service",
            "{host} connection from [{peer}]",
        ] },
        Wait { replies: &["2"], texts: &[
            "{host} Proxy target pending",
            "{host} resolving recipient {to}",
            "{host} directory lookup {n} in progress",
            "{host} waiting for agent Recipient Filter Agent",
            "{host} delayed by back pressure",
        ] },
        Wait { replies: &[""], texts: &[
            "{host} delayed by back pressure",
            "{host} waiting for mailbox transport, attempt {n}",
        ] },
    ],
};

/// A GUID without hyphens, as in the Message-ID that the server adds.
fn queue_id(rng: &mut Rng, _at: &DateTime<FixedOffset>) -> String {
    format!("{:032x}", rng.random::<u128>())
}

/// Like RFC 5322 without a leading zero, as .NET's `r` pattern with an offset gives it.
fn date(at: &DateTime<FixedOffset>) -> String {
    at.format("%a, %-d %b %Y %H:%M:%S %z").to_string()
}
