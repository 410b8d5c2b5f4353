//! How the page is written: what is ours goes in as it is, everything else is escaped.
//!
//! Only text that is part of the program can be markup, because [`Markup::raw`] takes nothing else;
//! what comes out of a log has no way into the page but through [`Markup::text`].

use std::fmt::{self, Display, Write as _};

/// A page, or a part of one.
#[derive(Debug, Default)]
pub struct Markup(String);

impl Markup {
    /// Markup of ours.
    pub fn raw(&mut self, html: &'static str) -> &mut Self {
        self.0.push_str(html);
        self
    }

    /// Text, escaped.
    pub fn text(&mut self, text: impl Display) -> &mut Self {
        // Writing into a string cannot fail.
        let _ = write!(Escaped(&mut self.0), "{text}");
        self
    }

    pub fn paragraph(&mut self, text: impl Display) -> &mut Self {
        self.raw("<p>").text(text).raw("</p>\n")
    }

    pub fn heading(&mut self, text: impl Display) -> &mut Self {
        self.raw("<h3>").text(text).raw("</h3>\n")
    }

    /// A part of the page, with its anchor.
    pub fn section(&mut self, id: &'static str, title: &'static str) -> &mut Self {
        self.raw("<h2 id=\"").raw(id).raw("\">").raw(title).raw("</h2>\n")
    }

    /// What [`chart`](super::chart) has drawn; its texts are escaped there.
    pub fn drawing(&mut self, drawing: &super::chart::Drawing) -> &mut Self {
        self.0.push_str(drawing.as_str());
        self
    }

    pub fn table(&mut self, table: &Table) -> &mut Self {
        if !table.caption.is_empty() {
            self.raw("<p class=\"above\">").text(&table.caption).raw("</p>\n");
        }
        self.raw("<div class=\"scroll\"><table>");
        self.raw("<thead><tr>");
        for column in &table.columns {
            self.raw("<th scope=\"col\" class=\"").raw(column.align.class());
            // A browser would break such a name behind its colon.
            self.raw(if column.title.contains(':') { " w\">" } else { "\">" });
            self.text(column.title).raw("</th>");
        }
        self.raw("</tr></thead>\n<tbody>\n");
        for row in &table.rows {
            self.row(&table.columns, row);
        }
        self.raw("</tbody>");
        if !table.foot.is_empty() {
            self.raw("<tfoot>\n").row(&table.columns, &table.foot).raw("</tfoot>");
        }
        self.raw("</table></div>\n")
    }

    fn row(&mut self, columns: &[Column], cells: &[String]) -> &mut Self {
        self.raw("<tr>");
        for (column, cell) in columns.iter().zip(cells) {
            self.raw("<td class=\"").raw(column.align.class()).raw("\">");
            match column.align {
                Align::Bar => self.raw("<span class=\"bar\" style=\"width:").text(cell).raw("%\"></span>"),
                _ => self.text(cell),
            };
            self.raw("</td>");
        }
        self.raw("</tr>\n")
    }

    pub fn finish(self) -> String {
        self.0
    }
}

/// Writes what it is given with every character that means something in HTML replaced, and those that
/// show nothing or turn the reading direction made visible.
struct Escaped<'m>(&'m mut String);

impl fmt::Write for Escaped<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for c in text.chars() {
            match c {
                '&' => self.0.push_str("&amp;"),
                '<' => self.0.push_str("&lt;"),
                '>' => self.0.push_str("&gt;"),
                '"' => self.0.push_str("&quot;"),
                '\'' => self.0.push_str("&#39;"),
                c if c.is_control() || is_direction(c) => self.0.push('\u{fffd}'),
                c => self.0.push(c),
            }
        }
        Ok(())
    }
}

/// The characters that change the direction of what follows (Unicode UAX 9).
fn is_direction(c: char) -> bool {
    matches!(c, '\u{061c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// How a column stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Align {
    /// A text, broken anywhere if it is long.
    Text,
    /// A text that is long as a rule.
    Long,
    /// A word that is not broken.
    Word,
    Number,
    /// A number of per cent, drawn.
    Bar,
}

impl Align {
    fn class(self) -> &'static str {
        match self {
            Align::Text => "t",
            Align::Long => "l",
            Align::Word => "w",
            Align::Number => "n",
            Align::Bar => "b",
        }
    }
}

#[derive(Debug)]
struct Column {
    title: &'static str,
    align: Align,
}

/// A table. A cell is text, whatever it is.
#[derive(Debug, Default)]
pub struct Table {
    caption: String,
    columns: Vec<Column>,
    rows: Vec<Vec<String>>,
    foot: Vec<String>,
}

impl Table {
    pub fn new(columns: &[(&'static str, Align)]) -> Self {
        let columns = columns.iter().map(|&(title, align)| Column { title, align }).collect();
        Table { columns, ..Table::default() }
    }

    pub fn caption(mut self, caption: impl Into<String>) -> Self {
        self.caption = caption.into();
        self
    }

    pub fn push(&mut self, row: Vec<String>) {
        self.rows.push(row);
    }

    /// The sums, under a line.
    pub fn foot(&mut self, row: Vec<String>) {
        self.foot = row;
    }

    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_means_something_in_html_is_escaped() {
        let mut page = Markup::default();
        page.text("<b a=\"1\" b='2'>&amp;</b>\n\u{202e}\u{1b}[31mé");
        let text = "&lt;b a=&quot;1&quot; b=&#39;2&#39;&gt;&amp;amp;&lt;/b&gt;\u{fffd}\u{fffd}\u{fffd}[31mé";
        assert_eq!(page.finish(), text);
    }

    #[test]
    fn a_cell_is_text_whatever_it_is() {
        let mut table = Table::new(&[("a", Align::Text), ("b", Align::Bar)]).caption("<c>");
        table.push(vec!["<td>".to_owned(), "\"><script>".to_owned()]);
        let mut page = Markup::default();
        page.table(&table);
        let html = page.finish();
        assert!(
            !html.contains("<c>") && !html.contains("<script") && html.matches("<td").count() == 2,
            "{html}"
        );
    }
}
