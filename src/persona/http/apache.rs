//! Apache 2.4 on Debian: compared with a real 2.4.71.

use super::{
    Absolute, Blanks, Bodies, Conditions, Continues, Does, Error, Etag, Fields, Form, Heads, HostForm, Hosts,
    Limits, Location, MOST, Method, Name, Names, Patience, Persona, RequestLine, Since, Targets, Versions,
    Wrong, error, method, refused,
};
use crate::web::Media;
use std::time::Duration;

/// A page of its own, with this between the heading and the foot.
macro_rules! page {
    ($title:literal, $heading:literal, $text:literal) => {
        concat!(
            "<!DOCTYPE HTML PUBLIC \"-//W3C//DTD HTML 4.01//EN\" \"http://www.w3.org/TR/html4/strict.dtd\">\n\
             <html><head>\n<title>",
            $title,
            "</title>\n</head><body>\n<h1>",
            $heading,
            "</h1>\n",
            $text,
            "<hr>\n<address>{server} Server at {host} Port {port}</address>\n</body></html>\n"
        )
    };
}

/// The fields that every answer begins with.
macro_rules! head {
    ($rest:literal) => {
        concat!("Date: {date}\nServer: {server}\n", $rest)
    };
}

const MALFORMED: &str = "<p>Your browser sent a request that this server could not understand.<br />\n</p>\n";

const FIELD_TOO_LONG: &str = "<p>Your browser sent a request that this server could not understand.<br />\n\
    Size of a request header field exceeds server limit.</p>\n";

const TOO_MANY_FIELDS: &str = "<p>Your browser sent a request that this server could not understand.<br />\n\
    The number of request header fields exceeds this server's limit.</p>\n";

const BUSY: &str = "<p>The server is temporarily unable to service your\nrequest due to maintenance downtime or \
    capacity\nproblems. Please try again later.</p>\n";

const TOO_LARGE: &str = "The requested resource does not allow request data with {method} requests, or the \
    amount of data provided in\nthe request exceeds the capacity limit.\n";

const UNEXPECTED: &str = "<p>The expectation given in the Expect request-header\nfield could not be met by this \
    server.\nThe client sent<pre>\n    Expect: {expect}\n</pre>\n</p><p>Only the 100-continue expectation is \
    supported.</p>\n";

const ERRORS: &[Error] = &[
    error(Wrong::Malformed, 400, "Bad Request", MALFORMED),
    error(Wrong::FieldTooLong, 400, "Bad Request", FIELD_TOO_LONG),
    error(Wrong::HeadTooLarge, 400, "Bad Request", FIELD_TOO_LONG),
    error(Wrong::TooManyFields, 400, "Bad Request", TOO_MANY_FIELDS),
    error(Wrong::Forbidden, 403, "Forbidden", "<p>You don't have permission to access this resource.</p>\n"),
    error(Wrong::Missing, 404, "Not Found", "<p>The requested URL was not found on this server.</p>\n"),
    error(
        Wrong::NotAllowed,
        405,
        "Method Not Allowed",
        "<p>The requested method {method} is not allowed for this URL.</p>\n",
    ),
    error(
        Wrong::Timeout,
        408,
        "Request Timeout",
        "<p>Server timeout waiting for the HTTP request from the client.</p>\n",
    ),
    error(Wrong::Unfulfilled, 412, "Precondition Failed", ""),
    error(Wrong::BodyTooLarge, 413, "Request Entity Too Large", TOO_LARGE),
    error(
        Wrong::LineTooLong,
        414,
        "Request-URI Too Long",
        "<p>The requested URL's length exceeds the capacity\nlimit for this server.<br />\n</p>\n",
    ),
    error(Wrong::Unexpected, 417, "Expectation Failed", UNEXPECTED),
    error(
        Wrong::NotImplemented,
        501,
        "Not Implemented",
        "<p>{method} not supported for current URL.<br />\n</p>\n",
    ),
    error(Wrong::Busy, 503, "Service Unavailable", BUSY),
];

/// A method that it knows from somewhere else.
const fn elsewhere(word: &'static str) -> Method {
    method(word, Does::Refuse(Wrong::NotAllowed), Does::Redirect, Does::Refuse(Wrong::NotAllowed))
}

const METHODS: &[Method] = &[
    method("GET", Does::Serve, Does::Redirect, Does::Refuse(Wrong::Missing)),
    method("HEAD", Does::Serve, Does::Redirect, Does::Refuse(Wrong::Missing)),
    method("POST", Does::Serve, Does::Redirect, Does::Refuse(Wrong::Missing)),
    method("OPTIONS", Does::Options, Does::Redirect, Does::Options),
    refused("TRACE", Does::RefuseAll),
    elsewhere("PUT"),
    elsewhere("DELETE"),
    refused("CONNECT", Does::Refuse(Wrong::Malformed)),
    elsewhere("PATCH"),
    elsewhere("PROPFIND"),
    elsewhere("PROPPATCH"),
    elsewhere("MKCOL"),
    elsewhere("COPY"),
    elsewhere("MOVE"),
    elsewhere("LOCK"),
    elsewhere("UNLOCK"),
    elsewhere("VERSION-CONTROL"),
    elsewhere("CHECKOUT"),
    elsewhere("UNCHECKOUT"),
    elsewhere("CHECKIN"),
    elsewhere("UPDATE"),
    elsewhere("LABEL"),
    elsewhere("REPORT"),
    elsewhere("MKWORKSPACE"),
    elsewhere("MKACTIVITY"),
    elsewhere("BASELINE-CONTROL"),
    elsewhere("MERGE"),
];

pub(super) static APACHE: Persona = Persona {
    name: Name::Apache,
    server: "Apache/2.4.71 (Debian)",
    limits: Limits {
        line: 8191,
        field: 8191,
        merged: Some(8190),
        fields: 100,
        head: MOST,
        line_wrong: Wrong::LineTooLong,
        field_wrong: Wrong::FieldTooLong,
        head_wrong: Wrong::HeadTooLarge,
        waits_for_end: true,
        empty_lines: 10,
        patience: Patience {
            first: Duration::from_secs(20),
            per_byte: Duration::from_millis(2),
            most: Duration::from_secs(40),
            says: Some(Wrong::Timeout),
            says_at_end: Some(Wrong::Malformed),
        },
    },
    line: RequestLine {
        blanks: Blanks::One,
        method: Form::Token,
        versions: Versions::Digits,
        simple: true,
        at_once: true,
        same_version: false,
        bare_lf: false,
    },
    fields: Fields {
        name: Names::Strict,
        controls: true,
        two_crs: false,
        folds: true,
        only_sp: false,
        unique: &["host", "content-length"],
        same: &[],
        first: &[],
    },
    hosts: Hosts { form: HostForm::Loose, empty: true, from_target: false, must_agree: false },
    targets: Targets {
        absolute: Absolute::Overrides,
        asterisk: true,
        connect: Wrong::NotAllowed,
        bare_query: true,
        no_fragment: true,
        bad_escape: Some(Wrong::Malformed),
        nul_escape: Wrong::Missing,
        control_escape: None,
        slash_escape: Some(Wrong::Missing),
        above_root: false,
        longest: Some((4081, 256)),
    },
    bodies: Bodies {
        empty_length: false,
        empty_coding: false,
        coding: Wrong::Malformed,
        more_codings: true,
        exclusive: false,
        largest: Some(1 << 30),
        with_get: true,
        post_needs: false,
        expectations: true,
        continues: Continues::Body,
    },
    conditions: Conditions {
        matches: true,
        strict_unmodified: false,
        since: Since::NotFuture,
        both: true,
        trailing: true,
        star_in_list: true,
    },
    methods: METHODS,
    unknown: method(
        "",
        Does::Refuse(Wrong::NotImplemented),
        Does::Redirect,
        Does::Refuse(Wrong::NotImplemented),
    ),
    heads: Heads {
        document: head!(
            "Last-Modified: {modified}\nETag: {etag}\nAccept-Ranges: none\nContent-Length: {length}\n\
             Connection: close\nContent-Type: {type}"
        ),
        unchanged: head!("Last-Modified: {modified}\nETag: {etag}\nAccept-Ranges: none\nConnection: close"),
        redirect: head!(
            "Location: {location}\nContent-Length: {length}\nConnection: close\n\
             Content-Type: text/html; charset=iso-8859-1"
        ),
        options: head!(
            "Allow: GET,POST,OPTIONS,HEAD\nContent-Length: 0\nConnection: close\nContent-Type: {type}"
        ),
        all_options: head!("Content-Length: 0\nConnection: close"),
        error: head!(
            "Content-Length: {length}\nConnection: close\nContent-Type: text/html; charset=iso-8859-1"
        ),
        refused: head!(
            "Allow: GET,POST,OPTIONS,HEAD\nContent-Length: {length}\nConnection: close\n\
             Content-Type: text/html; charset=iso-8859-1"
        ),
        refused_all: head!(
            "Allow: \nContent-Length: {length}\nConnection: close\n\
             Content-Type: text/html; charset=iso-8859-1"
        ),
        unfulfilled: Some(head!(
            "Last-Modified: {modified}\nETag: {etag}\nAccept-Ranges: none\nContent-Length: {length}\n\
             Connection: close\nContent-Type: {type}"
        )),
        too_large: head!("Connection: close\nContent-Type: text/html; charset=iso-8859-1"),
        busy: head!(
            "Retry-After: {retry}\nContent-Length: {length}\nConnection: close\n\
             Content-Type: text/html; charset=iso-8859-1"
        ),
        head_length: false,
    },
    page: page!("{code} {title}", "{heading}", "{text}"),
    padding: None,
    errors: ERRORS,
    location: Location {
        absolute: true,
        own_port: false,
        normal_query: false,
        page: Some(page!(
            "301 Moved Permanently",
            "Moved Permanently",
            "<p>The document has moved <a href=\"{location}\">here</a>.</p>\n"
        )),
    },
    etag: Etag::SizeTime,
    types: |media| match media {
        Media::Html => "text/html",
        Media::Css => "text/css",
        Media::Text => "text/plain",
        Media::Xml => "application/xml",
        Media::Svg => "image/svg+xml",
    },
};
