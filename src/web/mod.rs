//! The web side, pure: requests in, pages of a made-up organisation out.
//!
//! - [`Content`] is what a web server needs to know of a site: what is at a path; [`site`] is such a one.
//! - [`http`] reads requests and makes the answers that a persona would give; [`session`] gives them as
//!   slowly as [`pacing`] says, to one visitor on a connection of its own.
//! - [`cgi`] does the same for a web server that asks for one page at a time.

pub mod cgi;
pub mod http;
pub mod pacing;
pub mod session;
pub mod site;

use chrono::{DateTime, Utc};

/// What is at the paths of a site.
pub trait Content {
    /// What is at this path: without its query, decoded, without `.`, `..` and empty segments, and
    /// beginning with a slash. The host is in small letters and without a port; it is empty if none was
    /// named, or nothing that could be a host's name.
    fn find(&self, host: &str, path: &str) -> Found;
}

/// Learns how many bytes have gone out since it was last told.
pub type Meter = Box<dyn FnMut(u64)>;

/// What a path leads to.
#[derive(Debug, Clone, PartialEq)]
pub enum Found {
    Document(Box<Document>),
    /// The same path with a slash behind it is a page, so that is where a server sends the visitor.
    Directory,
    Missing,
}

/// What a server would take for a file.
#[derive(Debug, Clone, PartialEq)]
pub struct Document {
    pub body: Vec<u8>,
    /// The media type, without parameters.
    pub media: Media,
    /// When it was last changed, in whole seconds.
    pub modified: DateTime<Utc>,
    /// How many links from the home page it is away.
    pub depth: u32,
    /// What the log says of it, if it shows addresses.
    pub shown: Option<Shown>,
}

/// The addresses on a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shown {
    /// How many there are.
    pub addresses: u32,
    pub season: u8,
    /// What names those among them that are for this visitor's network alone, as in
    /// [`Receipt::visit`](crate::receipt::Receipt::visit).
    pub visit: u32,
}

/// The media types that a site has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Media {
    Html,
    Css,
    Text,
    Xml,
    Svg,
}
