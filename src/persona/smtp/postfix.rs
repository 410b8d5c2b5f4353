//! Postfix 3.7 as Debian configures it, with AUTH through Dovecot. Proven against the real one.

use chrono::{DateTime, FixedOffset, Timelike};
use rand::RngExt as _;
use std::time::Duration;

use super::words::*;
use super::{path, rfc5322};
use crate::Rng;

#[rustfmt::skip]
pub(super) static POSTFIX: Persona = Persona {
    name: Name::Postfix,
    banner: "220 {host} ESMTP Postfix (Debian/GNU)",
    teaser: Teaser::Line,
    busy: "421 4.3.2 All server ports are busy",
    timeout: "421 4.4.2 {host} Error: timeout exceeded",
    text_timeout: "421 4.4.2 {host} Error: timeout exceeded",
    idle: Duration::from_secs(300),
    verbs: &[
        verb("HELO", Helo, "250 {host}", Idle::No, &[check(NoArgument, Syntax, "501 Syntax: HELO hostname")]),
        verb("EHLO", Ehlo, "250-{host}\n250-SIZE {size}\n250-VRFY\n250-ETRN\n250-AUTH PLAIN LOGIN\n\
                    250-ENHANCEDSTATUSCODES\n250-8BITMIME\n250 DSN", Idle::No, &[check(NoArgument, Syntax, "501 Syntax: EHLO hostname")]),
        verb("MAIL", Mail, "250 2.1.0 Ok", Idle::No, &[
            check(InMail, Order, "503 5.5.1 Error: nested MAIL command"),
            check(NoKeyword, Syntax, "501 5.5.4 Syntax: MAIL FROM:<address>"),
            check(NoPath, Syntax, "501 5.5.4 Syntax: MAIL FROM:<address>"),
            check(Path(PathFault::Unclosed), Syntax, "501 5.1.7 Bad sender address syntax"),
            check(Path(PathFault::Trailing), Syntax, "501 5.1.7 Bad sender address syntax"),
            check(Path(PathFault::BadCharacter), Syntax, "501 5.1.7 Bad sender address syntax"),
            check(Path(PathFault::BadDomain), Syntax, "501 5.1.7 Bad sender address syntax"),
            check(NoValue, Syntax, "555 5.5.4 Unsupported option: {parameter}"),
            check(BadValue("BODY"), Syntax, "555 5.5.4 Unsupported option: {parameter}"),
            check(BadValue("SIZE"), Syntax, "501 5.5.4 Bad message size syntax"),
            check(BadValue("RET"), Syntax, "501 5.5.4 Bad RET parameter syntax"),
            check(BadValue("ENVID"), Syntax, "501 5.5.4 Bad ENVID parameter syntax"),
            check(UnknownParameter, Syntax, "555 5.5.4 Unsupported option: {parameter}"),
            check(Huge, Denied, "552 5.3.4 Message size exceeds file system imposed limit"),
            check(TooBig, Denied, "552 5.3.4 Message size exceeds fixed limit"),
            check(NullSender, Denied, "554 5.7.1 <>: Sender address rejected: Access denied"),
        ]),
        verb("RCPT", Rcpt, "250 2.1.5 Ok", Idle::No, &[
            check(NoMail, Order, "503 5.5.1 Error: need MAIL command"),
            check(NoKeyword, Syntax, "501 5.5.4 Syntax: RCPT TO:<address>"),
            check(NoPath, Syntax, "501 5.5.4 Syntax: RCPT TO:<address>"),
            check(NullPath, Syntax, "501 5.1.3 Bad recipient address syntax"),
            check(Path(PathFault::Unclosed), Syntax, "501 5.1.3 Bad recipient address syntax"),
            check(Path(PathFault::Trailing), Syntax, "501 5.1.3 Bad recipient address syntax"),
            check(Path(PathFault::BadCharacter), Syntax, "501 5.1.3 Bad recipient address syntax"),
            check(Path(PathFault::BadDomain), Syntax, "501 5.1.3 Bad recipient address syntax"),
            check(BadValue("NOTIFY"), Syntax, "501 5.5.4 Error: Bad NOTIFY parameter syntax"),
            check(BadValue("ORCPT"), Syntax, "501 5.5.4 Error: Bad ORCPT parameter syntax"),
            check(NoValue, Syntax, "555 5.5.4 Unsupported option: {parameter}"),
            check(UnknownParameter, Syntax, "555 5.5.4 Unsupported option: {parameter}"),
            check(TooManyRecipients, Denied, "452 4.5.3 Error: too many recipients"),
            check(Relay, Denied, "454 4.7.1 <{to}>: Relay access denied"),
            check(UnknownUser, Denied, "550 5.1.1 <{to}>: Recipient address rejected: User unknown in local recipient table"),
        ]),
        verb("DATA", Data, "354 End data with <CR><LF>.<CR><LF>", Idle::No, &[
            check(NoMail, Order, "503 5.5.1 Error: need RCPT command"),
            check(NoRecipient, Order, "554 5.5.1 Error: no valid recipients"),
            check(Argument, Syntax, "501 5.5.4 Syntax: DATA"),
        ]),
        verb("AUTH", Login, "", Idle::No, &[
            check(InMail, Order, "503 5.5.1 Error: MAIL transaction in progress"),
            check(Authenticated, Order, "503 5.5.1 Error: already authenticated"),
            check(NoArgument, Syntax, "501 5.5.4 Syntax: AUTH mechanism"),
            check(MoreWords(2), Syntax, "501 5.5.4 Syntax: AUTH mechanism"),
            check(UnknownMechanism, Password, "535 5.7.8 Error: authentication failed: Invalid authentication mechanism"),
        ]),
        verb("RSET", Reset, "250 2.0.0 Ok", Idle::Yes, &[check(Argument, Syntax, "501 5.5.4 Syntax: RSET")]),
        verb("NOOP", Say, "250 2.0.0 Ok", Idle::Yes, &[]),
        verb("VRFY", Say, "252 2.0.0 {argument}", Idle::Yes, &[
            check(NoArgument, Syntax, "501 5.5.4 Syntax: VRFY address"),
            check(Relay, Denied, "454 4.7.1 <{to}>: Relay access denied"),
            check(UnknownUser, Denied, "550 5.1.1 <{to}>: Recipient address rejected: User unknown in local recipient table"),
        ]),
        verb("ETRN", Say, "459 <{argument}>: service unavailable", Idle::Yes, &[
            check(InMail, Order, "503 Error: MAIL transaction in progress"),
            check(NoArgument, Syntax, "500 Syntax: ETRN domain"),
        ]),
        verb("STARTTLS", Say, "502 5.5.1 Error: command not implemented", Idle::No, &[
            check(Argument, Syntax, "501 5.5.4 Syntax: STARTTLS"),
        ]),
        verb("BDAT", Hang, "521 5.5.1 Error: command not implemented", Idle::No, &[]),
        verb("XCLIENT", Say, "550 5.7.0 Error: insufficient authorization", Idle::No, &[]),
        verb("XFORWARD", Say, "550 5.7.0 Error: insufficient authorization", Idle::No, &[]),
        verb("QUIT", Quit, "221 2.0.0 Bye", Idle::No, &[]),
    ],
    unknown: "500 5.5.2 Error: command not recognized",
    empty: "500 5.5.2 Error: bad syntax",
    nul: None,
    blanks: Blanks::Any,
    sender: path::lenient,
    recipient: path::lenient,
    mail_parameters: &["SIZE", "BODY", "AUTH", "RET", "ENVID"],
    rcpt_parameters: &["NOTIFY", "ORCPT"],
    forbidden: Some(Forbidden {
        words: &["CONNECT", "GET", "POST"],
        headers: true,
        not_letters: true,
        first_only: false,
        reply: "221 2.7.0 Error: I can break rules, too. Goodbye.",
    }),
    overlong: None,
    line_limit: 2048,
    limits: &[Limit {
        faults: &[
            Unknown,
            Syntax,
            Order,
            Denied,
            Password,
            Chatter,
        ],
        forgiven: 19,
        free: 100,
        farewell: "421 4.7.0 {host} Error: too many errors",
        form: Farewell::Behind,
    }],
    recipients: 1000,
    bare_local: true,
    routing: b"%!@",
    forgives: true,
    strict_dot: false,
    auth: AuthTexts {
        success: "235 2.7.0 Authentication successful",
        failure: "535 5.7.8 Error: authentication failed: (reason unavailable)",
        not_base64: "535 5.7.8 Error: authentication failed: Invalid base64 data in {step} response",
        malformed: "535 5.7.8 Error: authentication failed: (reason unavailable)",
        cancelled: "501 5.7.0 Authentication aborted",
        equals_is_empty: false,
    },
    body: BodyTexts {
        accepted: "250 2.0.0 Ok: queued as {id}",
        rejected: "550 5.7.1 Command rejected",
        deferred: "451 4.7.1 Service unavailable - try again later",
        too_big: "552 5.3.4 Error: message file too big",
    },
    queue_id,
    date: rfc5322,
    waits: &[
        Wait { replies: &["250 DSN"], texts: &[
            "XVERP",
            "XFORWARD NAME ADDR PROTO HELO SOURCE PORT IDENT",
            "XCLIENT NAME ADDR PROTO HELO LOGIN",
            "VRFY",
            "ETRN",
            "DSN",
            "8BITMIME",
            "ENHANCEDSTATUSCODES",
        ] },
        Wait { replies: &["220"],
            texts: &[
                "{host} ESMTP Postfix (Debian/GNU)",
                "{host} checking access for [{peer}]",
                "{host} waiting for policy service",
            ],
        },
        Wait { replies: &["2"],
            texts: &[
                "Ok: recipient address verification in progress",
                "Ok: waiting for policy service private/policy",
                "Ok: probe {id} queued, delivery status pending",
                "Ok: address probe {id}: active",
                "Ok: lookup of transport for <{to}> in progress",
                "Ok: proxymap: {n} requests pending",
                "Ok: verify: cache refresh for <{to}>",
            ],
        },
        Wait { replies: &[""],
            texts: &[
                "{host} waiting for policy service private/policy",
                "{host} request {id} is in progress",
                "{host} {n} requests pending",
            ],
        },
    ],
};

/// The short form: microseconds, then the inode of the queue file, both in hexadecimal.
fn queue_id(rng: &mut Rng, at: &DateTime<FixedOffset>) -> String {
    let inode: u32 = rng.random_range(0x20_000..0x1f_ffff);
    let micros = at.nanosecond() / 1000 % 1_000_000;
    format!("{micros:05X}{inode:X}")
}
