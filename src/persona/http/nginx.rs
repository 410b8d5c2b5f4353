//! nginx on Debian: compared with a real 1.22.1.

use super::{
    Absolute, Blanks, Bodies, Conditions, Continues, Does, Error, Etag, Fields, Form, Heads, HostForm, Hosts,
    Limits, Location, Method, Name, Names, Padding, Patience, Persona, RequestLine, Since, Targets, Versions,
    Wrong, error, method, refused,
};
use crate::web::Media;
use std::time::Duration;

/// The fields that every answer begins with.
macro_rules! head {
    ($rest:literal) => {
        concat!("Server: {server}\nDate: {date}\n", $rest)
    };
}

const ERROR: &str = head!("Content-Type: text/html\nContent-Length: {length}\nConnection: close");

const PAGE: &str = "<html>\r\n<head><title>{code} {title}</title></head>\r\n<body>\r\n\
    <center><h1>{code} {heading}</h1></center>\r\n{text}<hr><center>{server}</center>\r\n\
    </body>\r\n</html>\r\n";

const REDIRECT: &str = "<html>\r\n<head><title>301 Moved Permanently</title></head>\r\n<body>\r\n\
    <center><h1>301 Moved Permanently</h1></center>\r\n<hr><center>{server}</center>\r\n\
    </body>\r\n</html>\r\n";

/// One line of what it puts below its pages.
macro_rules! padding {
    () => {
        "<!-- a padding to disable MSIE and Chrome friendly error page -->\r\n"
    };
}

const PADDING: Padding = Padding {
    text: concat!(padding!(), padding!(), padding!(), padding!(), padding!(), padding!()),
    agents: &["MSIE ", "Chrome/"],
};

/// What is said of a field or a head that is too long.
const fn too_large(wrong: Wrong) -> Error {
    Error {
        wrong,
        code: 400,
        reason: "Bad Request",
        title: "Request Header Or Cookie Too Large",
        heading: "Bad Request",
        text: "<center>Request Header Or Cookie Too Large</center>\r\n",
    }
}

const ERRORS: &[Error] = &[
    error(Wrong::Malformed, 400, "Bad Request", ""),
    too_large(Wrong::FieldTooLong),
    too_large(Wrong::TooManyFields),
    too_large(Wrong::HeadTooLarge),
    error(Wrong::Missing, 404, "Not Found", ""),
    error(Wrong::NotAllowed, 405, "Not Allowed", ""),
    error(Wrong::Unfulfilled, 412, "Precondition Failed", ""),
    error(Wrong::BodyTooLarge, 413, "Request Entity Too Large", ""),
    error(Wrong::LineTooLong, 414, "Request-URI Too Large", ""),
    error(Wrong::NotImplemented, 501, "Not Implemented", ""),
    error(Wrong::Busy, 503, "Service Temporarily Unavailable", ""),
    error(Wrong::Version, 505, "HTTP Version Not Supported", ""),
];

const NOT_ALLOWED: Does = Does::Refuse(Wrong::NotAllowed);
const MISSING: Does = Does::Refuse(Wrong::Missing);

const METHODS: &[Method] = &[
    method("GET", Does::Serve, Does::Redirect, MISSING),
    method("HEAD", Does::Serve, Does::Redirect, MISSING),
    method("POST", NOT_ALLOWED, Does::Redirect, MISSING),
    refused("TRACE", NOT_ALLOWED),
    refused("CONNECT", NOT_ALLOWED),
];

pub(super) static NGINX: Persona = Persona {
    name: Name::Nginx,
    server: "nginx/1.22.1",
    limits: Limits {
        line: 8190,
        field: 8190,
        merged: None,
        fields: 1000,
        head: 33_300,
        line_wrong: Wrong::LineTooLong,
        field_wrong: Wrong::FieldTooLong,
        head_wrong: Wrong::HeadTooLarge,
        waits_for_end: false,
        empty_lines: usize::MAX,
        patience: Patience {
            first: Duration::from_secs(60),
            per_byte: Duration::ZERO,
            most: Duration::from_secs(60),
            says: None,
            says_at_end: None,
        },
    },
    line: RequestLine {
        blanks: Blanks::Many,
        method: Form::Capitals,
        versions: Versions::Numbers,
        simple: true,
        at_once: true,
        same_version: false,
        bare_lf: true,
    },
    fields: Fields {
        name: Names::Ignored,
        controls: false,
        two_crs: true,
        folds: false,
        only_sp: true,
        unique: &[
            "host",
            "content-length",
            "transfer-encoding",
            "if-modified-since",
            "if-unmodified-since",
            "if-match",
            "if-none-match",
            "if-range",
            "expect",
            "authorization",
        ],
        same: &[],
        first: &[],
    },
    hosts: Hosts { form: HostForm::Any, empty: false, from_target: false, must_agree: false },
    targets: Targets {
        absolute: Absolute::AnyScheme,
        asterisk: false,
        connect: Wrong::Malformed,
        bare_query: false,
        no_fragment: false,
        bad_escape: Some(Wrong::Malformed),
        nul_escape: Wrong::Malformed,
        control_escape: None,
        slash_escape: None,
        above_root: false,
        longest: None,
    },
    bodies: Bodies {
        empty_length: false,
        empty_coding: false,
        coding: Wrong::NotImplemented,
        more_codings: false,
        exclusive: true,
        largest: Some(1 << 20),
        with_get: true,
        post_needs: false,
        expectations: false,
        continues: Continues::Document,
    },
    conditions: Conditions {
        matches: true,
        strict_unmodified: true,
        since: Since::Exact,
        both: true,
        trailing: true,
        star_in_list: false,
    },
    methods: METHODS,
    unknown: method("", NOT_ALLOWED, NOT_ALLOWED, MISSING),
    heads: Heads {
        document: head!(
            "Content-Type: {type}\nContent-Length: {length}\nLast-Modified: {modified}\n\
             Connection: close\nETag: {etag}"
        ),
        unchanged: head!("Last-Modified: {modified}\nConnection: close\nETag: {etag}"),
        redirect: head!(
            "Content-Type: text/html\nContent-Length: {length}\nLocation: {location}\nConnection: close"
        ),
        // It answers OPTIONS with an error.
        options: ERROR,
        all_options: ERROR,
        error: ERROR,
        refused: ERROR,
        refused_all: ERROR,
        unfulfilled: None,
        too_large: ERROR,
        busy: head!(
            "Content-Type: text/html\nContent-Length: {length}\nConnection: close\nRetry-After: {retry}"
        ),
        head_length: true,
    },
    page: PAGE,
    padding: Some(PADDING),
    errors: ERRORS,
    location: Location { absolute: true, own_port: true, normal_query: false, page: Some(REDIRECT) },
    etag: Etag::TimeSize,
    types: |media| match media {
        Media::Html => "text/html",
        Media::Css => "text/css",
        Media::Text => "text/plain",
        Media::Xml => "text/xml",
        Media::Svg => "image/svg+xml",
    },
};
