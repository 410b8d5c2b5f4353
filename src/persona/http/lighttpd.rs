//! lighttpd on Debian: compared with a real 1.4.69.

use super::{
    Absolute, Blanks, Bodies, Conditions, Continues, Does, Error, Etag, Fields, Form, Heads, HostForm, Hosts,
    Limits, Location, Method, Name, Names, Patience, Persona, RequestLine, Since, Targets, Versions, Wrong,
    error, method, refused,
};
use crate::web::Media;
use std::time::Duration;

/// The fields that every answer ends with.
macro_rules! head {
    ($first:literal) => {
        concat!($first, "Connection: close\nDate: {date}\nServer: {server}")
    };
}

const ERROR: &str = head!("Content-Type: text/html\nContent-Length: {length}\n");

const PAGE: &str = "<?xml version=\"1.0\" encoding=\"iso-8859-1\"?>\n\
    <!DOCTYPE html PUBLIC \"-//W3C//DTD XHTML 1.0 Transitional//EN\"\n         \
    \"http://www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd\">\n\
    <html xmlns=\"http://www.w3.org/1999/xhtml\" xml:lang=\"en\" lang=\"en\">\n <head>\n  \
    <title>{code} {title}</title>\n </head>\n <body>\n  <h1>{code} {heading}</h1>\n </body>\n</html>\n";

const ERRORS: &[Error] = &[
    error(Wrong::Malformed, 400, "Bad Request", ""),
    error(Wrong::Missing, 404, "Not Found", ""),
    error(Wrong::NotAllowed, 405, "Method Not Allowed", ""),
    error(Wrong::LengthRequired, 411, "Length Required", ""),
    error(Wrong::Unfulfilled, 412, "Precondition Failed", ""),
    error(Wrong::HeadTooLarge, 431, "Request Header Fields Too Large", ""),
    error(Wrong::NotImplemented, 501, "Not Implemented", ""),
    error(Wrong::Busy, 503, "Service Unavailable", ""),
    error(Wrong::Version, 505, "HTTP Version Not Supported", ""),
];

const MISSING: Does = Does::Refuse(Wrong::Missing);

/// A method that it knows and has no module for.
const fn elsewhere(word: &'static str) -> Method {
    method(word, Does::Refuse(Wrong::NotImplemented), Does::Redirect, MISSING)
}

const METHODS: &[Method] = &[
    method("GET", Does::Serve, Does::Redirect, MISSING),
    method("HEAD", Does::Serve, Does::Redirect, MISSING),
    method("POST", Does::Serve, Does::Redirect, MISSING),
    method("OPTIONS", Does::Options, Does::Redirect, MISSING),
    refused("CONNECT", Does::Refuse(Wrong::NotAllowed)),
    elsewhere("PUT"),
    elsewhere("DELETE"),
    elsewhere("TRACE"),
    elsewhere("ACL"),
    elsewhere("BASELINE-CONTROL"),
    elsewhere("BIND"),
    elsewhere("CHECKIN"),
    elsewhere("CHECKOUT"),
    elsewhere("COPY"),
    elsewhere("LABEL"),
    elsewhere("LINK"),
    elsewhere("LOCK"),
    elsewhere("MERGE"),
    elsewhere("MKACTIVITY"),
    elsewhere("MKCALENDAR"),
    elsewhere("MKCOL"),
    elsewhere("MKREDIRECTREF"),
    elsewhere("MKWORKSPACE"),
    elsewhere("MOVE"),
    elsewhere("ORDERPATCH"),
    elsewhere("PATCH"),
    elsewhere("PROPFIND"),
    elsewhere("PROPPATCH"),
    elsewhere("REBIND"),
    elsewhere("REPORT"),
    elsewhere("SEARCH"),
    elsewhere("UNBIND"),
    elsewhere("UNCHECKOUT"),
    elsewhere("UNLINK"),
    elsewhere("UNLOCK"),
    elsewhere("UPDATE"),
    elsewhere("UPDATEREDIRECTREF"),
    elsewhere("VERSION-CONTROL"),
];

pub(super) static LIGHTTPD: Persona = Persona {
    name: Name::Lighttpd,
    server: "lighttpd/1.4.69",
    limits: Limits {
        line: 8191,
        field: 8191,
        merged: None,
        fields: 8192,
        head: 8192,
        line_wrong: Wrong::HeadTooLarge,
        field_wrong: Wrong::HeadTooLarge,
        head_wrong: Wrong::HeadTooLarge,
        waits_for_end: false,
        empty_lines: 0,
        patience: Patience {
            first: Duration::from_secs(60),
            per_byte: Duration::from_secs(1),
            most: Duration::from_secs(300),
            says: None,
            says_at_end: None,
        },
    },
    line: RequestLine {
        blanks: Blanks::Outer,
        method: Form::Any,
        versions: Versions::Two,
        simple: false,
        at_once: false,
        same_version: true,
        bare_lf: false,
    },
    fields: Fields {
        name: Names::Strict,
        controls: true,
        two_crs: false,
        folds: true,
        only_sp: false,
        unique: &["content-length", "transfer-encoding", "content-type"],
        same: &["host", "if-modified-since"],
        first: &["if-none-match"],
    },
    hosts: Hosts { form: HostForm::Strict, empty: true, from_target: true, must_agree: true },
    targets: Targets {
        absolute: Absolute::WithPath,
        asterisk: true,
        connect: Wrong::Malformed,
        bare_query: false,
        no_fragment: false,
        bad_escape: None,
        nul_escape: Wrong::Malformed,
        control_escape: Some(Wrong::Malformed),
        slash_escape: None,
        above_root: true,
        longest: None,
    },
    bodies: Bodies {
        empty_length: true,
        empty_coding: true,
        coding: Wrong::NotImplemented,
        more_codings: false,
        exclusive: true,
        largest: None,
        with_get: false,
        post_needs: true,
        expectations: false,
        continues: Continues::Never,
    },
    conditions: Conditions {
        matches: false,
        strict_unmodified: false,
        since: Since::Any,
        both: false,
        trailing: false,
        star_in_list: true,
    },
    methods: METHODS,
    unknown: refused("", Does::Refuse(Wrong::NotImplemented)),
    heads: Heads {
        document: head!(
            "Content-Type: {type}\nETag: {etag}\nLast-Modified: {modified}\nContent-Length: {length}\n"
        ),
        unchanged: head!("Content-Type: {type}\nETag: {etag}\nLast-Modified: {modified}\n"),
        redirect: head!("Location: {location}\nContent-Length: {length}\n"),
        options: head!("Allow: OPTIONS, GET, HEAD, POST\nContent-Length: 0\n"),
        all_options: head!("Allow: OPTIONS, GET, HEAD, POST\nContent-Length: 0\n"),
        error: ERROR,
        refused: ERROR,
        refused_all: ERROR,
        unfulfilled: None,
        too_large: ERROR,
        busy: head!("Retry-After: {retry}\nContent-Type: text/html\nContent-Length: {length}\n"),
        head_length: true,
    },
    page: PAGE,
    padding: None,
    errors: ERRORS,
    location: Location { absolute: false, own_port: false, normal_query: true, page: None },
    etag: Etag::Number,
    types: |media| match media {
        Media::Html => "text/html",
        Media::Css => "text/css;charset=utf-8",
        Media::Text => "text/plain;charset=utf-8",
        Media::Xml => "application/xml",
        Media::Svg => "image/svg+xml",
    },
};
