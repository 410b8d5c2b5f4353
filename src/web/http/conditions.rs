//! Whether a document has changed for the peer (RFC 9110 13): entity tags and dates.

use super::date;
use super::head::Head;
use crate::persona::http::{Conditions, Etag, Since};
use crate::web::Document;
use chrono::{DateTime, TimeDelta, Utc};
use siphasher::sip::SipHasher13;
use std::hash::Hasher as _;

/// The entity tag of a document in the persona's form: the same as long as the document is.
///
/// Documents that differ have different tags where the form has room for it: a file's time has microseconds,
/// and what nobody can know of a file is as good for what nobody can know of ours.
pub fn etag(form: Etag, document: &Document) -> String {
    let (size, time) = (document.body.len(), document.modified.timestamp());
    let mut hasher = SipHasher13::new();
    hasher.write(&document.body);
    hasher.write_i64(time);
    let hash = hasher.finish();
    match form {
        Etag::SizeTime => {
            let part = i64::try_from(hash % 1_000_000).unwrap_or_default();
            format!("\"{size:x}-{:x}\"", time.saturating_mul(1_000_000).saturating_add(part))
        }
        Etag::TimeSize => format!("\"{time:x}-{size:x}\""),
        Etag::Number => format!("\"{}\"", hash >> 32),
    }
}

/// What the conditions of a request come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// They hold, or there are none.
    Go,
    /// 304.
    Unchanged,
    /// 412.
    Failed,
}

/// Tries the conditions of a request for a document.
pub fn outcome(
    form: &Conditions,
    head: &Head,
    etag: &str,
    modified: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Outcome {
    let tags =
        |name: &str, weak: bool| head.field(name).map(|list| is_listed(&list, etag, weak, form.star_in_list));
    if form.matches {
        let late = head.field("if-unmodified-since").map(|text| match date::read(&text, form.trailing) {
            Some(date) => modified > date,
            None => form.strict_unmodified,
        });
        if tags("if-match", false) == Some(false) || late == Some(true) {
            return Outcome::Failed;
        }
    }
    let get = matches!(head.line.method.as_slice(), b"GET" | b"HEAD");
    let same = tags("if-none-match", true);
    if same == Some(true) && !get {
        return Outcome::Failed;
    }
    let since = head.field("if-modified-since").and_then(|text| {
        let date = date::read(&text, form.trailing);
        Some(match form.since {
            Since::Exact => date == Some(modified),
            Since::NotFuture => date? >= modified && date? <= now + TimeDelta::seconds(1),
            Since::Any => date? >= modified,
        })
    });
    let unchanged = match (same, since) {
        (Some(same), Some(since)) if form.both => same && since,
        (Some(same), _) => same,
        (None, since) => since == Some(true),
    };
    if unchanged && get { Outcome::Unchanged } else { Outcome::Go }
}

/// Whether a list of entity tags has this one. A weak one is only compared if `weak` says so.
fn is_listed(list: &[u8], etag: &str, weak: bool, star_in_list: bool) -> bool {
    if list == b"*" {
        return true;
    }
    list.split(|&byte| byte == b',').map(<[u8]>::trim_ascii).any(|one| {
        let strong = one.strip_prefix(b"W/").filter(|_| weak).unwrap_or(one);
        strong == etag.as_bytes() || (one == b"*" && star_in_list)
    })
}
