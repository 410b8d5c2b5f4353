//! HTML, as text that grows: escaping, and the ways in which an address is shown.

use crate::receipt::Style;

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

/// Appends these texts: what has the machinery of formats behind it takes several times as long.
pub fn push(to: &mut String, texts: &[&str]) {
    texts.iter().for_each(|text| to.push_str(text));
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
                push(to, &["<a href=\"mailto:", local, "@", domain, "\">"]);
                match self.text {
                    Some(text) => to.push_str(text),
                    None => push(to, &[local, "@", domain]),
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
            Style::Text | Style::Mailbox | Style::Cast => push(to, &[local, "@", domain]),
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
        // Most characters of an address are letters, whose numbers have two or three digits.
        let number = u32::from(c);
        to.push_str("&#");
        match number {
            10..1000 => {
                let digits = [number / 100, number / 10 % 10, number % 10];
                let digits = digits.into_iter().skip(usize::from(number < 100));
                to.extend(digits.filter_map(|digit| char::from_digit(digit, 10)));
            }
            _ => to.push_str(&number.to_string()),
        }
        to.push(';');
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
