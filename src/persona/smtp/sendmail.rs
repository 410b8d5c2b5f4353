//! Sendmail 8.17 with the privacy options that Red Hat sets, from its source and documentation.

use chrono::{DateTime, Datelike, FixedOffset, Timelike};
use rand::RngExt as _;
use std::time::Duration;

use super::path;
use super::words::*;
use crate::Rng;

#[rustfmt::skip]
pub(super) static SENDMAIL: Persona = Persona {
    name: Name::Sendmail,
    banner: "220 {host} ESMTP Sendmail 8.17.1/8.17.1; {date}",
    teaser: Teaser::Line,
    busy: "421 4.3.2 Too many open connections.",
    timeout: "421 4.4.1 {host} Lost input channel from [{peer}]",
    text_timeout: "451 4.4.1 timeout waiting for input during message collect",
    idle: Duration::from_secs(3600),
    verbs: &[
        verb("HELO", Helo, "250 {host} Hello [{peer}], pleased to meet you", Idle::No, &[
            check(NoArgument, Syntax, "501 5.0.0 HELO requires domain address"),
        ]),
        verb("EHLO", Ehlo, "250-{host} Hello [{peer}], pleased to meet you\n250-ENHANCEDSTATUSCODES\n\
                            250-8BITMIME\n250-SIZE {size}\n250-DSN\n250-ETRN\n250-AUTH LOGIN PLAIN\n\
                            250-DELIVERBY\n250 HELP", Idle::No, &[
            check(NoArgument, Syntax, "501 5.0.0 EHLO requires domain address"),
        ]),
        verb("MAIL", Mail, "250 2.1.0 {path}... Sender ok", Idle::No, &[
            check(InMail, Order, "503 5.5.0 Sender already specified"),
            check(NoKeyword, Syntax, "501 5.5.2 Syntax error in parameters scanning \"{argument}\""),
            check(NoPath, Syntax, "501 5.5.2 Syntax error in parameters scanning \"{argument}\""),
            check(Path(PathFault::Unclosed), Syntax, "553 5.0.0 {path}... Unbalanced '<'"),
            check(Path(PathFault::NoDomain), Syntax, "553 5.5.4 {path}... Domain name required for sender address {from}"),
            check(Path(PathFault::NoLocal), Syntax, "553 5.1.3 {path}... User address required"),
            check(Path(PathFault::BadDomain), Syntax, "553 5.1.3 {path}... Hostname required"),
            check(BadPath, Syntax, "553 5.1.0 {path}... Colon illegal in host name part"),
            check(NoValue, Syntax, "501 5.5.2 {parameter} requires a value"),
            check(BadValue("SIZE"), Syntax, "501 5.5.4 Bad value for parameter SIZE"),
            check(BadValue("BODY"), Syntax, "501 5.5.4 Unknown BODY type {value}"),
            check(BadValue("RET"), Syntax, "501 5.5.2 Bad argument \"{value}\" to RET"),
            check(BadValue("ENVID"), Syntax, "501 5.5.2 ENVID requires a value"),
            check(UnknownParameter, Syntax, "555 5.5.4 {parameter} parameter unrecognized"),
            check(TooBig, Denied, "552 5.3.4 Message is too large; {size} bytes max"),
            check(NullSender, Denied, "550 5.7.1 <>... Access denied"),
        ]),
        verb("RCPT", Rcpt, "250 2.1.5 {path}... Recipient ok", Idle::No, &[
            check(NoMail, Order, "503 5.0.0 Need MAIL before RCPT"),
            check(NoKeyword, Syntax, "501 5.5.2 Syntax error in parameters scanning \"{argument}\""),
            check(NoPath, Syntax, "501 5.5.2 Syntax error in parameters scanning \"{argument}\""),
            check(TooManyRecipients, Denied, "452 4.5.3 Too many recipients"),
            check(NullPath, Syntax, "553 5.0.0 <>... User address required"),
            check(Path(PathFault::Unclosed), Syntax, "553 5.0.0 {path}... Unbalanced '<'"),
            check(Path(PathFault::NoLocal), Syntax, "553 5.1.3 {path}... User address required"),
            check(Path(PathFault::BadDomain), Syntax, "553 5.1.3 {path}... Hostname required"),
            check(Path(PathFault::BadCharacter), Syntax, "553 5.1.3 {path}... Invalid route address"),
            check(Path(PathFault::Trailing), Syntax, "553 5.1.3 {path}... Invalid route address"),
            check(NoValue, Syntax, "501 5.5.2 {parameter} requires a value"),
            check(BadValue("NOTIFY"), Syntax, "501 5.5.4 Bad argument \"{value}\"  to NOTIFY"),
            check(BadValue("ORCPT"), Syntax, "501 5.5.4 Syntax error in ORCPT parameter value"),
            check(UnknownParameter, Syntax, "555 5.5.4 {parameter} parameter unrecognized"),
            check(Relay, Denied, "550 5.7.1 {path}... Relaying denied"),
            check(UnknownUser, Denied, "550 5.1.1 {path}... User unknown"),
        ]),
        verb("DATA", Data, "354 Enter mail, end with \".\" on a line by itself", Idle::No, &[
            check(NoMail, Order, "503 5.0.0 Need MAIL command"),
            check(NoRecipient, Order, "503 5.0.0 Need RCPT (recipient)"),
        ]),
        verb("AUTH", Login, "", Idle::No, &[
            check(Authenticated, Order, "503 5.5.0 Already Authenticated"),
            check(InMail, Order, "503 5.5.0 AUTH not permitted during a mail transaction"),
            check(NoArgument, Syntax, "501 5.5.2 AUTH mechanism must be specified"),
            check(UnknownMechanism, Syntax, "504 5.3.3 AUTH mechanism {mechanism} not available"),
        ]),
        verb("RSET", Reset, "250 2.0.0 Reset state", Idle::No, &[]),
        verb("NOOP", Say, "250 2.0.0 OK", Idle::No, &[]),
        verb("VRFY", Say, "252 2.5.2 Cannot VRFY user; try RCPT to attempt delivery (or try finger)", Idle::No, &[]),
        verb("EXPN", Say, "502 5.7.0 Sorry, we do not allow this operation", Idle::No, &[]),
        verb("VERB", Say, "502 5.7.0 Verbose unavailable", Idle::No, &[]),
        verb("ETRN", Say, "250 2.0.0 Queuing for node {argument} started", Idle::No, &[
            check(NoArgument, Syntax, "500 5.5.2 Parameter required"),
        ]),
        verb("HELP", Say, "214-2.0.0 This is sendmail\n214-2.0.0 Topics:\n\
                           214-2.0.0 \tHELO\tEHLO\tMAIL\tRCPT\tDATA\n\
                           214-2.0.0 \tRSET\tNOOP\tQUIT\tHELP\tVRFY\n\
                           214-2.0.0 \tEXPN\tVERB\tETRN\tDSN\tAUTH\n\
                           214-2.0.0 \tSTARTTLS\n\
                           214-2.0.0 For more info use \"HELP <topic>\".\n\
                           214-2.0.0 To report bugs in the implementation see\n\
                           214-2.0.0 \thttp://www.sendmail.org/email-addresses.html\n\
                           214-2.0.0 For local information send email to Postmaster at your site.\n\
                           214 2.0.0 End of HELP info", Idle::No, &[
            check(Argument, Fine, "504 5.3.0 HELP topic \"{argument}\" unknown"),
        ]),
        verb("QUIT", Quit, "221 2.0.0 {host} closing connection", Idle::No, &[]),
    ],
    unknown: "500 5.5.1 Command unrecognized: \"{line}\"",
    empty: "500 5.5.1 Command unrecognized: \"\"",
    nul: None,
    blanks: Blanks::Any,
    sender: path::lenient,
    recipient: path::lenient,
    mail_parameters: &["SIZE", "BODY", "AUTH", "RET", "ENVID", "BY"],
    rcpt_parameters: &["NOTIFY", "ORCPT"],
    forbidden: Some(Forbidden {
        words: &["GET", "POST", "CONNECT", "USER"],
        headers: false,
        not_letters: false,
        first_only: true,
        reply: "421 4.7.0 {host} Rejecting open proxy [{peer}]",
    }),
    overlong: Some("500 5.5.2 Line too long"),
    line_limit: 2048,
    limits: &[
        Limit {
            faults: &[Unknown],
            forgiven: 25,
            free: 0,
            farewell: "421 4.7.0 {host} Too many bad commands; closing connection",
            form: Farewell::Instead,
        },
    ],
    recipients: 1000,
    bare_local: true,
    routing: b"%!@",
    forgives: false,
    strict_dot: false,
    auth: AuthTexts {
        success: "235 2.0.0 OK Authenticated",
        failure: "535 5.7.0 authentication failed",
        not_base64: "501 5.5.4 cannot decode AUTH parameter",
        malformed: "535 5.7.0 authentication failed",
        cancelled: "501 5.0.0 AUTH aborted",
        equals_is_empty: true,
    },
    body: BodyTexts {
        accepted: "250 2.0.0 {id} Message accepted for delivery",
        rejected: "550 5.7.1 Command rejected",
        deferred: "451 4.3.2 Please try again later",
        too_big: "552 5.2.3 Message exceeds maximum fixed size ({size})",
    },
    queue_id,
    date,
    waits: &[
        Wait { replies: &["250 HELP"], texts: &[
            "EXPN",
            "VERB",
            "8BITMIME",
            "DSN",
            "ETRN",
            "XUSR",
            "NO-SOLICITING",
            "ENHANCEDSTATUSCODES",
        ] },
        Wait { replies: &["220"], texts: &[
            "{host} ESMTP Sendmail 8.17.1/8.17.1",
            "{host} checking [{peer}]",
            "{host} load average is high, please wait",
        ] },
        Wait { replies: &["2"], texts: &[
            "<{to}>... Recipient ok (will queue)",
            "<{to}>... Deferred: waiting for name server",
            "<{to}>... map lookup in progress",
            "{id} queued, {n} in queue",
        ] },
        Wait { replies: &[""], texts: &[
            "{host} load average is high, please wait",
            "{id} in progress",
            "{host} waiting for name server",
        ] },
    ],
};

/// Year modulo 60, month, day, hour, minute and second, a digit of base 60 each, a sequence of two
/// digits, then the process.
fn queue_id(rng: &mut Rng, at: &DateTime<FixedOffset>) -> String {
    const DIGITS: &[u8; 60] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwx";
    let digit = |number: u32| char::from(DIGITS[(number % 60) as usize]);
    let at = at.naive_utc();
    let mut id: String = [
        at.year().unsigned_abs().wrapping_sub(1900),
        at.month0(),
        at.day(),
        at.hour(),
        at.minute(),
        at.second(),
        rng.random_range(0..60),
        rng.random_range(0..60),
    ]
    .map(digit)
    .iter()
    .collect();
    id.push_str(&format!("{:06}", rng.random_range(1_000..999_999)));
    id
}

/// Like RFC 5322, but UTC is `GMT`.
fn date(at: &DateTime<FixedOffset>) -> String {
    match at.offset().local_minus_utc() {
        0 => at.format("%a, %-d %b %Y %H:%M:%S GMT").to_string(),
        _ => at.format("%a, %-d %b %Y %H:%M:%S %z").to_string(),
    }
}
