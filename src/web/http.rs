//! HTTP (RFC 9110 and 9112): lines of a request in, the whole answer out. Pure, and the persona's tables
//! carried out.
//!
//! - [`head`] puts the head of a request together, with a limit on everything; [`line`] and [`fields`] read
//!   what is in it, [`host`] and [`target`] say what it is for, and [`body`] what else would come.
//! - [`answer`](mod@answer) decides; [`conditions`] and [`date`] tell whether anything has changed; [`reply`]
//!   writes heads and pages.
//!
//! **Promises.** There is one answer for each connection, and no second request is ever looked at. A body is
//! never read: the answer does not wait for it. Ranges are refused: the answer has all of the document.
//! Whatever of a request is shown again is escaped, on a page and in a head; a name that could be no host's
//! is never shown. What the path says becomes a name for [`Content`], never for a file.

pub mod answer;
mod body;
mod conditions;
pub mod date;
mod fields;
pub mod head;
mod host;
pub mod line;
mod reply;
mod target;

#[cfg(test)]
pub(in crate::web) mod tests;

use crate::persona::http::{Persona, Wrong};
use crate::web::Content;
use chrono::{DateTime, FixedOffset};

pub use conditions::etag;

/// What the operator has decided.
pub struct Policy {
    pub persona: &'static Persona,
    /// The name that the server has for itself.
    pub hostname: String,
    /// The port at which visitors reach it.
    pub port: u16,
    pub content: Box<dyn Content>,
}

/// After how many seconds a visitor for whom there was no room may try again.
const RETRY_AFTER: &str = "120";

/// The complete answer to a visitor for whom there is no room, whatever it asks for. Its request is not read,
/// so the page names the site and the port at which it is.
pub fn busy(persona: &'static Persona, site: &str, port: u16, wall: DateTime<FixedOffset>) -> Vec<u8> {
    let (head, body) = turned_away(persona, site, port, wall);
    [head, body].concat()
}

/// The same, head and body.
pub(super) fn turned_away(
    persona: &'static Persona,
    site: &str,
    port: u16,
    wall: DateTime<FixedOffset>,
) -> (Vec<u8>, Vec<u8>) {
    let host = host::Host { name: site.to_owned(), port: Some(port), plain: true };
    let nobody = reply::Speaker::new(persona, site, wall);
    reply::Speaker { retry: Some(RETRY_AFTER), host: Some(&host), ..nobody }.error(Wrong::Busy)
}
