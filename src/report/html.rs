//! The report as one page that needs nothing else.

use super::Summary;

/// What the page is to look like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Looks {
    /// The name of the honeypot, for the heading.
    pub title: String,
}

/// The page.
pub fn render(_summary: &Summary, _looks: &Looks) -> String {
    String::new()
}
