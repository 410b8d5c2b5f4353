//! Web servers: what each accepts, and what its answers look like byte for byte.
//!
//! A persona is data; [`crate::web::http`] carries it out and knows none of the names. A test runs all of
//! them against the real servers, request by request. Each is the server as Debian sets it up, for a
//! directory of files, with requests for ranges switched off (`MaxRanges none`, `max_ranges 0`,
//! `server.range-requests`), without HTTP/2 and without keep-alive.
//!
//! A head is lines of `Name: value`; words in braces are filled in, and a line whose word has no value is
//! left out. [`WORDS`] lists them. A page is HTML: what is filled in there is escaped.

mod apache;
mod lighttpd;
mod nginx;

use crate::web::Media;
use std::time::Duration;

/// What braces in a head or on a page may hold.
pub const WORDS: &[&str] = &[
    "code", "date", // The time of day (RFC 9110 5.6.7).
    "etag", "expect", // The field Expect of the request.
    "heading", "host", // The name and the port by which the request calls the server.
    "length", "location", "method", "modified", "port",
    "retry", // After how many seconds there may be room.
    "server", "text", "title", "type",
];

/// The servers that we can pretend to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Name {
    #[default]
    Apache,
    Nginx,
    Lighttpd,
}

impl Name {
    pub const ALL: &'static [Name] = &[Name::Apache, Name::Nginx, Name::Lighttpd];

    /// The word for it in the configuration and in the log.
    pub fn as_str(self) -> &'static str {
        match self {
            Name::Apache => "apache",
            Name::Nginx => "nginx",
            Name::Lighttpd => "lighttpd",
        }
    }

    /// Its tables.
    pub fn persona(self) -> &'static Persona {
        match self {
            Name::Apache => &apache::APACHE,
            Name::Nginx => &nginx::NGINX,
            Name::Lighttpd => &lighttpd::LIGHTTPD,
        }
    }
}

/// One server: all that distinguishes it from the others.
pub struct Persona {
    pub name: Name,
    /// The product, as it names itself.
    pub server: &'static str,
    pub limits: Limits,
    pub line: RequestLine,
    pub fields: Fields,
    pub hosts: Hosts,
    pub targets: Targets,
    pub bodies: Bodies,
    pub conditions: Conditions,
    pub methods: &'static [Method],
    /// Any other method.
    pub unknown: Method,
    pub heads: Heads,
    /// The page of an error, and what is put below it for browsers that would show their own.
    pub page: &'static str,
    pub padding: Option<Padding>,
    pub errors: &'static [Error],
    pub location: Location,
    pub etag: Etag,
    /// The values of Content-Type.
    pub types: fn(Media) -> &'static str,
}

/// What can be wrong with a request, as far as answers differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Wrong {
    Malformed,
    Forbidden,
    Missing,
    NotAllowed,
    Timeout,
    LengthRequired,
    Unfulfilled,
    BodyTooLarge,
    LineTooLong,
    Unexpected,
    FieldTooLong,
    TooManyFields,
    HeadTooLarge,
    NotImplemented,
    Busy,
    Version,
}

/// How an error is told.
pub struct Error {
    pub wrong: Wrong,
    pub code: u16,
    pub reason: &'static str,
    /// What stands on the page: `{title}`, `{heading}` and `{text}` of [`Persona::page`].
    pub title: &'static str,
    pub heading: &'static str,
    pub text: &'static str,
}

/// How much of a request a server reads, and how long it waits.
pub struct Limits {
    /// The longest request line and the longest line of a field, without their endings.
    pub line: usize,
    pub field: usize,
    /// The longest value of all fields of one name together.
    pub merged: Option<usize>,
    pub fields: usize,
    /// All of the head with its endings; never more than [`MOST`].
    pub head: usize,
    /// What is wrong with a line that is too long, a field that is, and a head that is.
    pub line_wrong: Wrong,
    pub field_wrong: Wrong,
    pub head_wrong: Wrong,
    /// A request line that is too long is only answered when it ends.
    pub waits_for_end: bool,
    /// How many empty lines may come before the request.
    pub empty_lines: usize,
    pub patience: Patience,
}

/// No head has more bytes, whatever the server would read.
pub const MOST: usize = 32 * 1024 + 1024;

/// How long a server waits for the whole head.
pub struct Patience {
    pub first: Duration,
    /// Each byte lets it wait so much longer, ...
    pub per_byte: Duration,
    /// ... up to this.
    pub most: Duration,
    /// What it says to a peer that has sent a request line and not the rest; without it nothing.
    pub says: Option<Wrong>,
    /// The same when the peer closes its side there.
    pub says_at_end: Option<Wrong>,
}

/// How a request line is read (RFC 9112 3).
pub struct RequestLine {
    pub blanks: Blanks,
    pub method: Form,
    pub versions: Versions,
    /// Requests without a version, of HTTP/0.9, are answered without a head.
    pub simple: bool,
    /// It is judged as soon as it ends, and not when the whole head is there.
    pub at_once: bool,
    /// The answer has the version of the request; as long as that is not known, 1.0.
    pub same_version: bool,
    /// A line may end with LF alone.
    pub bare_lf: bool,
}

/// What stands between the parts of a request line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Blanks {
    /// One blank.
    One,
    /// One or more, and some at the end.
    Many,
    /// What is before the first blank is the method and behind the last one the version; what is between
    /// them may have blanks.
    Outer,
}

/// The characters of a method.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    Token,
    /// Capital letters, `-` and `_`.
    Capitals,
    Any,
}

/// The versions that a server takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Versions {
    /// Two digits, of which the first is not 0.
    Digits,
    /// Two numbers, of which the first is 1; larger ones are not supported.
    Numbers,
    /// 1.0 and 1.1; others are not supported.
    Two,
}

/// How fields are read (RFC 9112 5).
pub struct Fields {
    /// What a server makes of a name that is no token, and of a line without a colon.
    pub name: Names,
    /// The control characters that no value may have, besides NUL and CR.
    pub controls: bool,
    /// A CR may stand before the CR LF.
    pub two_crs: bool,
    /// A line that begins with a blank belongs to the field before it.
    pub folds: bool,
    /// Blanks around a value are SP only.
    pub only_sp: bool,
    /// Fields that must not come twice, ...
    pub unique: &'static [&'static str],
    /// ... those that may if both say the same, ...
    pub same: &'static [&'static str],
    /// ... and those of which the first counts.
    pub first: &'static [&'static str],
}

/// What becomes of a strange field name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Names {
    /// The request is malformed.
    Strict,
    /// The field is not there, unless there are blanks or control characters in the name.
    Ignored,
}

/// Which values of Host a server takes (RFC 9112 3.2).
pub struct Hosts {
    pub form: HostForm,
    /// HTTP/1.0 may have an empty one.
    pub empty: bool,
    /// The host of an absolute target stands in for one that is missing, ...
    pub from_target: bool,
    /// ... and must be the same as one that is not.
    pub must_agree: bool,
}

/// The form of a host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HostForm {
    /// Letters, digits, `-`, `_` and dots; a port if there is a colon.
    Loose,
    /// Without `_`, each label with a letter or digit at both ends; the port may be missing.
    Strict,
    /// Anything but blanks, slashes and two dots in a row; what follows a colon does not matter.
    Any,
}

/// How a target becomes a path (RFC 9112 3.2, RFC 3986 5.2.4 and 6.2.2).
pub struct Targets {
    pub absolute: Absolute,
    /// `OPTIONS *`; and what is wrong with CONNECT and an authority.
    pub asterisk: bool,
    pub connect: Wrong,
    /// A target may begin with its query.
    pub bare_query: bool,
    /// A `#` is wrong; otherwise it ends the target.
    pub no_fragment: bool,
    /// What is wrong with an escape without two digits; without a word it stays as it is.
    pub bad_escape: Option<Wrong>,
    /// What is wrong with `%00`, and with escapes of other control characters, also in the query.
    pub nul_escape: Wrong,
    pub control_escape: Option<Wrong>,
    /// What is wrong with `%2f`; otherwise it is a slash.
    pub slash_escape: Option<Wrong>,
    /// `..` may lead above the root.
    pub above_root: bool,
    /// From how many bytes on a path, and a name in it, is one that the file system does not have.
    pub longest: Option<(usize, usize)>,
}

/// What a server makes of an absolute target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Absolute {
    /// `http` leads to the host that it names; `https` is as if it had only its path.
    Overrides,
    /// The same with any scheme.
    AnyScheme,
    /// `http` and `https`, with a path.
    WithPath,
}

/// What a server makes of a body (RFC 9112 6). We never read one.
pub struct Bodies {
    /// Content-Length may be empty, or Transfer-Encoding may.
    pub empty_length: bool,
    pub empty_coding: bool,
    /// What is wrong with a coding that is not chunked; and whether others may come before it.
    pub coding: Wrong,
    pub more_codings: bool,
    /// Both a length and a coding, or a coding in HTTP/1.0, are wrong.
    pub exclusive: bool,
    /// What is larger is too large.
    pub largest: Option<u64>,
    /// Whether GET and HEAD may have one.
    pub with_get: bool,
    /// POST needs a length.
    pub post_needs: bool,
    /// An expectation that is not `100-continue` is wrong.
    pub expectations: bool,
    pub continues: Continues,
}

/// When a server says `100 Continue` before its answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Continues {
    /// If there is a body and the request is not malformed.
    Body,
    /// If it answers with a document.
    Document,
    Never,
}

/// How a server heeds the fields that make a request conditional (RFC 9110 13).
pub struct Conditions {
    /// It knows If-Match and If-Unmodified-Since.
    pub matches: bool,
    /// If-Unmodified-Since that is no date does not hold.
    pub strict_unmodified: bool,
    pub since: Since,
    /// If there are both, both If-None-Match and If-Modified-Since must say that nothing changed.
    pub both: bool,
    /// Something may follow a date.
    pub trailing: bool,
    /// `*` may be one of several.
    pub star_in_list: bool,
}

/// When nothing has changed since a date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Since {
    /// The date is the one that we gave.
    Exact,
    /// It is not earlier; one that is still to come says nothing.
    NotFuture,
    Any,
}

/// What a server does when it hears a method, by what is at the path.
#[derive(Debug, Clone, Copy)]
pub struct Method {
    pub word: &'static str,
    pub document: Does,
    pub directory: Does,
    pub missing: Does,
    /// It is answered by this whatever the target is, if that is set.
    pub any: Option<Does>,
}

/// What it does then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Does {
    Serve,
    Redirect,
    Options,
    Refuse(Wrong),
    /// Refuses with an empty list of what is allowed.
    RefuseAll,
}

/// The heads of answers, below the status line.
pub struct Heads {
    pub document: &'static str,
    /// 304.
    pub unchanged: &'static str,
    pub redirect: &'static str,
    pub options: &'static str,
    /// `OPTIONS *`.
    pub all_options: &'static str,
    pub error: &'static str,
    /// 405, and 501 for a method.
    pub refused: &'static str,
    pub refused_all: &'static str,
    /// 412, when it has no page: then what it says has this head.
    pub unfulfilled: Option<&'static str>,
    /// 413.
    pub too_large: &'static str,
    pub busy: &'static str,
    /// HEAD of a page that is no document has a Content-Length.
    pub head_length: bool,
}

/// Bytes that make a page long enough for some browsers.
pub struct Padding {
    pub text: &'static str,
    /// Parts of the names of these browsers.
    pub agents: &'static [&'static str],
}

/// Where a redirection leads.
pub struct Location {
    /// It has the server's name and port, ...
    pub absolute: bool,
    /// ... the port that we listen on, and not the one that the request names.
    pub own_port: bool,
    /// The query is written anew.
    pub normal_query: bool,
    /// The page, if it is not that of errors; `None` for an empty one.
    pub page: Option<&'static str>,
}

/// What an entity tag is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Etag {
    /// The size and the time in microseconds, in hexadecimal.
    SizeTime,
    /// The time in seconds and the size, in hexadecimal.
    TimeSize,
    /// A number of 32 bits.
    Number,
}

impl Persona {
    /// How it tells this error.
    pub fn error(&self, wrong: Wrong) -> &'static Error {
        static ANY: Error = error(Wrong::Malformed, 400, "Bad Request", "");
        let malformed = || self.errors.iter().find(|error| error.wrong == Wrong::Malformed);
        self.errors.iter().find(|error| error.wrong == wrong).or_else(malformed).unwrap_or(&ANY)
    }

    /// What it does with a method; words are compared as they are.
    pub fn method(&'static self, word: &[u8]) -> &'static Method {
        self.methods.iter().find(|method| method.word.as_bytes() == word).unwrap_or(&self.unknown)
    }
}

/// An error whose page has nothing but its reason, and this text.
const fn error(wrong: Wrong, code: u16, reason: &'static str, text: &'static str) -> Error {
    Error { wrong, code, reason, title: reason, heading: reason, text }
}

/// A method with what it does to a document, a directory without its slash, and nothing.
const fn method(word: &'static str, document: Does, directory: Does, missing: Does) -> Method {
    Method { word, document, directory, missing, any: None }
}

/// A method that is refused whatever it is for.
const fn refused(word: &'static str, how: Does) -> Method {
    Method { word, document: how, directory: how, missing: how, any: Some(how) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_in_braces_has_a_value() {
        for persona in Name::ALL.iter().map(|name| name.persona()) {
            let heads = &persona.heads;
            let texts = [
                heads.document,
                heads.unchanged,
                heads.redirect,
                heads.options,
                heads.all_options,
                heads.error,
                heads.refused,
                heads.refused_all,
                heads.unfulfilled.unwrap_or_default(),
                heads.too_large,
                heads.busy,
                persona.page,
                persona.location.page.unwrap_or_default(),
            ];
            let errors = persona.errors.iter().flat_map(|error| [error.title, error.heading, error.text]);
            for text in texts.into_iter().chain(errors) {
                for word in text.split('{').skip(1).filter_map(|rest| rest.split_once('}')) {
                    assert!(WORDS.contains(&word.0), "{}: {text:?}", persona.name.as_str());
                }
            }
            assert!(persona.limits.head <= MOST && persona.limits.line < persona.limits.head);
        }
    }

    #[test]
    fn every_persona_has_a_page_when_it_is_busy() {
        for name in Name::ALL {
            assert_eq!(name.persona().error(Wrong::Busy).code, 503);
            assert_eq!(name.persona().error(Wrong::Missing).code, 404);
        }
    }
}
