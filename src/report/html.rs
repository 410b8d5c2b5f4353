//! The report as one page that needs nothing else.
//!
//! One file: no script, no image, no font and no style from anywhere, so that it can be mailed, kept and
//! opened without a network. It is light or dark as its reader likes it, prints on A4, and is read on a
//! telephone as well. Everything that comes out of the log is text: see [`markup`].
//!
//! - [`held`], [`who`] and [`harvest`]: the parts of the page, in this order;
//! - [`graphs`]: what is drawn; [`chart`] and [`axis`]: in what frame; [`figures`]: how numbers are written.

mod axis;
mod chart;
mod figures;
mod graphs;
mod harvest;
mod held;
mod markup;
mod who;

use super::Summary;
use super::summary::Input;
use figures::{bytes, count, whole};
use markup::Markup;

/// What the page is to look like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Looks {
    /// The name of the honeypot, for the heading.
    pub title: String,
}

/// The anchor, the name in the list at the top, and who writes it.
type Part = (&'static str, &'static str, fn(&mut Markup, &Summary));

/// The parts of the page, in their order.
const PARTS: [Part; 8] = [
    ("spans", "Weeks", held::spans),
    ("days", "Days and hours", held::days),
    ("processes", "Processes", held::processes),
    ("mails", "Mails per address", who::mails),
    ("sources", "Sources", who::sources),
    ("conversations", "Conversations", who::conversations),
    ("harvest", "Harvest to spam", harvest::harvest),
    ("several", "At several services", who::several),
];

/// The page.
pub fn render(summary: &Summary, looks: &Looks) -> String {
    let mut page = Markup::default();
    page.raw("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n")
        .raw("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n")
        // A browser that is told so fetches nothing and runs nothing, whatever the page has.
        .raw("<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n")
        .raw("<meta name=\"robots\" content=\"noindex\">\n<title>")
        .text(&looks.title)
        .raw("</title>\n<style>\n")
        .raw(include_str!("html/style.css"))
        .raw("</style>\n</head>\n<body>\n<header><h1>")
        .text(&looks.title)
        .raw("</h1>\n<p class=\"sub\">");
    match summary.period {
        Some((from, to)) => {
            let pattern = "%a %-d %b %Y %H:%M";
            page.text(format_args!(
                "{} to {} ({})",
                from.format(pattern),
                to.format(pattern),
                summary.settings.zone
            ));
        }
        None => drop(page.text("No event, so no time.")),
    }
    page.raw("</p></header>\n<main>\n");
    held::overview(&mut page, summary);
    if summary.services.is_empty() {
        nothing(&mut page, &summary.input);
    } else {
        page.raw("<nav>");
        for (anchor, name, _) in PARTS {
            page.raw("<a href=\"#").raw(anchor).raw("\">").raw(name).raw("</a> ");
        }
        page.raw("</nav>\n");
        for (_, _, part) in PARTS {
            part(&mut page, summary);
        }
    }
    page.raw("</main>\n");
    foot(&mut page, summary);
    page.raw("</body>\n</html>\n");
    page.finish()
}

/// What is said when there is nothing to say.
fn nothing(page: &mut Markup, input: &Input) {
    page.raw("<h2>Nothing yet</h2>\n");
    match input.lines {
        0 => page.paragraph("The log is empty."),
        lines => page.paragraph(format_args!(
            "None of the {} lines that were read is a line of smtarpit, tarpop or sundew in this time.",
            whole(lines)
        )),
    };
    page.paragraph("If somebody has been held, look whether this is the file that syslog writes the programs\u{2019} lines to.");
}

fn foot(page: &mut Markup, summary: &Summary) {
    let input = &summary.input;
    page.raw("<footer>\n<p>").text(format_args!(
        "Made on {} by tarpit-report out of {} ({}) in {}: {}, {} of other programs, {} that could not be read, {} that came twice.",
        summary.made.format("%Y-%m-%d %H:%M"),
        count(input.lines, "line"),
        bytes(input.bytes as f64),
        count(input.files, "file"),
        count(input.events, "event"),
        count(input.foreign, "line"),
        whole(input.unparsed),
        whole(input.duplicates),
    ));
    if summary.settings.masked {
        page.raw(" Addresses are shown without their host part.");
    }
    page.raw("</p>\n</footer>\n");
}

#[cfg(test)]
mod tests;
