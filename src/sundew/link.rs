//! `sundew link`: what to put into a real page, so that harvesters come.

use crate::config::Colour;
use std::fmt::Write as _;

/// A link, with what it does and what may come of it.
struct Link {
    heading: &'static str,
    explained: &'static str,
    html: String,
}

/// The links to this URL, for a page with this background.
pub fn links(url: &str, background: Colour) -> String {
    let pixel =
        format!("<img src=\"{}\" width=\"1\" height=\"1\" alt=\"\" style=\"border:0\">", picture(background));
    let links = [
        Link {
            heading: "A picture of one pixel in the colour of the page",
            explained: "Put it anywhere into a page. People do not see it, and every program that follows \
                        links does, search engines too; many harvesters find their pages through them. \
                        Search engines may take a hidden link for deceit and rank the page that it is on lower, \
                        so use it on pages that need no rank. With a screen reader or the tab key a person \
                        may come upon it.",
            html: format!("<a href=\"{url}\" tabindex=\"-1\" aria-hidden=\"true\">{pixel}</a>"),
        },
        Link {
            heading: "The same, not to be followed by search engines",
            explained: "Search engines that keep to rel=\"nofollow\" neither follow it nor blame the page for it. \
                        Harvesters that come by themselves do follow it; those who only ask search engines \
                        never hear of it. Set robots = \"disallow\" with it, for the search engines that do \
                        not keep to it.",
            html: format!(
                "<a href=\"{url}\" rel=\"nofollow\" tabindex=\"-1\" aria-hidden=\"true\">{pixel}</a>"
            ),
        },
        Link {
            heading: "Only for programs that look for addresses and links with patterns",
            explained: "A browser, a search engine and every program that reads HTML take it for a script of \
                        a kind that they do not know, and skip it. There is hardly a risk, and it finds the \
                        fewest: harvesters that search the bytes of a page.",
            html: format!("<script type=\"ignore\"><a href=\"{url}\">contact</a></script>"),
        },
    ];
    let mut out = String::new();
    for (at, link) in links.iter().enumerate() {
        let _ = writeln!(out, "{}. {}\n", at + 1, link.heading);
        for line in wrapped(link.explained, 76) {
            let _ = writeln!(out, "   {line}");
        }
        let _ = writeln!(out, "\n{}\n", link.html);
    }
    out
}

/// A picture of one pixel, in the page itself (RFC 2397), so that no request tells of it.
fn picture(Colour([red, green, blue]): Colour) -> String {
    // GIF89a: a screen of 1 by 1 with two colours, one image, its only pixel the first colour.
    let mut bytes = b"GIF89a\x01\0\x01\0\x80\0\0".to_vec();
    bytes.extend_from_slice(&[red, green, blue, 0, 0, 0]);
    bytes.extend_from_slice(b"\x2c\0\0\0\0\x01\0\x01\0\0\x02\x02\x44\x01\0\x3b");
    let mut url = String::from("data:image/gif,");
    for byte in bytes {
        let _ = match byte.is_ascii_alphanumeric() {
            true => write!(url, "{}", char::from(byte)),
            false => write!(url, "%{byte:02X}"),
        };
    }
    url
}

/// Lines of at most so many characters.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.len() + 1 + word.len() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_three_links_and_none_gives_itself_away() {
        let text = links("http://www.example.org/", Colour([0xfa, 0xf0, 0xe6]));
        let html: Vec<_> = text.lines().filter(|line| line.starts_with('<')).collect();
        assert_eq!(html.len(), 3);
        for line in html {
            assert!(line.contains("http://www.example.org/"));
            for word in ["sundew", "honey", "trap", "spam", "harvest", "bot"] {
                assert!(!line.contains(word), "{line}");
            }
        }
        assert_eq!(text.matches("<a ").count(), 3);
        assert_eq!(text.matches("rel=\"nofollow\"").count(), 2, "one of them is in a sentence");
        assert!(text.lines().all(|line| line.starts_with('<') || line.len() < 81));
    }

    #[test]
    fn the_picture_has_the_colour() {
        let url = picture(Colour([0x12, 0x34, 0xff]));
        assert!(url.starts_with("data:image/gif,GIF89a%01%00%01%00%80%00%00%124%FF%00%00%00%2C"), "{url}");
    }
}
