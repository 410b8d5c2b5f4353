//! HTML, as text that grows: escaping, and the ways in which an address is shown.

use crate::receipt::Style;
use std::fmt::Write as _;

/// Appends text in such a way that it is text in HTML and in attributes between double quotes.
pub fn escape(text: &str, to: &mut String) {
    for c in text.chars() {
        match c {
            '&' => to.push_str("&amp;"),
            '<' => to.push_str("&lt;"),
            '>' => to.push_str("&gt;"),
            '"' => to.push_str("&quot;"),
            c => to.push(c),
        }
    }
}

/// The same as a text of its own.
pub fn escaped(text: &str) -> String {
    let mut to = String::with_capacity(text.len() + 8);
    escape(text, &mut to);
    to
}

/// How an address is written out.
pub struct Address<'a> {
    pub local: &'a str,
    pub domain: &'a str,
    /// How `@` and the dots of the domain are said in the style [`Style::Spelled`].
    pub at: &'a str,
    pub dot: &'a str,
    /// The text of a link; the address itself if there is none.
    pub text: Option<&'a str>,
}

impl Address<'_> {
    /// Appends the address in a style. Those that are not styles of pages are written as text.
    pub fn write(&self, style: Style, to: &mut String) {
        let Address { local, domain, .. } = self;
        match style {
            Style::Mailto => {
                let _ = write!(to, "<a href=\"mailto:{local}@{domain}\">");
                match self.text {
                    Some(text) => to.push_str(text),
                    None => {
                        let _ = write!(to, "{local}@{domain}");
                    }
                }
                to.push_str("</a>");
            }
            Style::Entity => {
                to.push_str("<a href=\"");
                entities("mailto:", to);
                self.entities(to);
                to.push_str("\">");
                self.entities(to);
                to.push_str("</a>");
            }
            Style::Spelled => {
                to.push_str(local);
                to.push_str(self.at);
                for (at, label) in domain.split('.').enumerate() {
                    if at > 0 {
                        to.push_str(self.dot);
                    }
                    to.push_str(label);
                }
            }
            Style::Text | Style::Mailbox | Style::Cast => {
                let _ = write!(to, "{local}@{domain}");
            }
        }
    }

    fn entities(&self, to: &mut String) {
        entities(self.local, to);
        entities("@", to);
        entities(self.domain, to);
    }
}

/// Every character as its number.
fn entities(text: &str, to: &mut String) {
    for c in text.chars() {
        let _ = write!(to, "&#{};", u32::from(c));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_stays_text() {
        assert_eq!(escaped("<a href=\"x\">R&D</a> 'ü'"), "&lt;a href=&quot;x&quot;&gt;R&amp;D&lt;/a&gt; 'ü'");
    }

    #[test]
    fn an_address_is_written_in_every_style() {
        let address = Address { local: "a.b", domain: "x.org", at: " at ", dot: " dot ", text: Some("Anna") };
        let written = |style| {
            let mut to = String::new();
            address.write(style, &mut to);
            to
        };
        assert_eq!(written(Style::Mailto), "<a href=\"mailto:a.b@x.org\">Anna</a>");
        assert_eq!(written(Style::Text), "a.b@x.org");
        assert_eq!(written(Style::Spelled), "a.b at x dot org");
        let entity = written(Style::Entity);
        assert!(!entity.contains('@') && entity.matches("&#64;").count() == 2, "{entity}");
    }
}
