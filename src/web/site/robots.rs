//! What robots are told: `robots.txt` (RFC 9309) and the site map (sitemaps.org).

use super::map::Page;
use super::{Document, Media, Site};
use std::fmt::Write as _;

/// Whether search engines may read the site. Many harvesters work through them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Robots {
    #[default]
    Allow,
    Disallow,
}

/// How many pages one file of the site map has. The protocol allows 50,000, but a file should be made as
/// quickly as a page.
const EACH: usize = 500;

/// How many files a site map has at most.
const FILES: usize = 100;

const HEAD: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
const SCHEMA: &str = "xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\"";

/// The files, by their paths.
pub(super) fn files(site: &Site) -> Vec<String> {
    let mut files = vec!["/robots.txt".to_owned()];
    if site.plan.robots == Robots::Allow {
        files.push("/sitemap.xml".to_owned());
        if parts(site) > 1 {
            files.extend((1..=parts(site)).map(|part| format!("/sitemap-{part}.xml")));
        }
    }
    files
}

/// One of them.
pub(super) fn file(site: &Site, path: &str) -> Option<Document> {
    let allowed = site.plan.robots == Robots::Allow;
    let (body, media) = match path {
        "/robots.txt" => (robots(site), Media::Text),
        "/sitemap.xml" if allowed && parts(site) > 1 => (index(site), Media::Xml),
        "/sitemap.xml" if allowed => (pages(site, 0), Media::Xml),
        _ if allowed => {
            let number = path.strip_prefix("/sitemap-")?.strip_suffix(".xml")?;
            let part: usize = number.parse().ok().filter(|part: &usize| part.to_string() == number)?;
            if part == 0 || part > parts(site) || parts(site) < 2 {
                return None;
            }
            (pages(site, part - 1), Media::Xml)
        }
        _ => return None,
    };
    let calendar = site.map.calendar();
    let modified = match media {
        Media::Text => calendar.changed(0),
        _ => calendar.edition().and_time(chrono::NaiveTime::MIN).and_utc(),
    };
    Some(Document { body: body.into_bytes(), media, modified, depth: 1, shown: None })
}

fn robots(site: &Site) -> String {
    match site.plan.robots {
        Robots::Allow => {
            format!("User-agent: *\nDisallow:\n\nSitemap: http://{}/sitemap.xml\n", site.plan.host)
        }
        Robots::Disallow => "User-agent: *\nDisallow: /\n".to_owned(),
    }
}

/// How many files the pages need.
fn parts(site: &Site) -> usize {
    usize::try_from(site.map.count()).unwrap_or(usize::MAX).div_ceil(EACH).min(FILES)
}

fn index(site: &Site) -> String {
    let mut out = format!("{HEAD}<sitemapindex {SCHEMA}>\n");
    for part in 1..=parts(site) {
        let _ = writeln!(out, "<sitemap><loc>http://{}/sitemap-{part}.xml</loc></sitemap>", site.plan.host);
    }
    out.push_str("</sitemapindex>\n");
    out
}

fn pages(site: &Site, part: usize) -> String {
    let mut out = format!("{HEAD}<urlset {SCHEMA}>\n");
    for page in site.map.all().skip(part * EACH).take(EACH) {
        let _ = write!(out, "<url><loc>http://{}{}</loc>", site.plan.host, site.path(page));
        if let Page::Item(section, n) = page {
            let _ = write!(out, "<lastmod>{}</lastmod>", site.map.calendar().day(section, n));
        }
        out.push_str("</url>\n");
    }
    out.push_str("</urlset>\n");
    out
}

/// Whether a robots.txt tells every robot that it may read nothing (RFC 9309 2.2).
pub fn forbids_all(text: &str) -> bool {
    let (mut applies, mut in_rules, mut forbidden, mut allowed) = (false, false, false, false);
    for line in text.trim_start_matches('\u{feff}').lines() {
        let line = line.split('#').next().unwrap_or_default();
        let Some((key, value)) = line.split_once(':').map(|(key, value)| (key.trim(), value.trim())) else {
            continue;
        };
        match key.to_ascii_lowercase().as_str() {
            "user-agent" => {
                // Rules end a group, so a name after them begins another one.
                applies = (applies && !in_rules) || value == "*";
                in_rules = false;
            }
            "disallow" => {
                in_rules = true;
                forbidden |= applies && matches!(value, "/" | "/*");
            }
            "allow" => {
                in_rules = true;
                allowed |= applies && !value.is_empty();
            }
            _ => {}
        }
    }
    forbidden && !allowed
}

#[cfg(test)]
mod tests {
    use super::forbids_all;

    #[test]
    fn what_forbids_everything_to_everybody_is_told_from_the_rest() {
        for text in [
            "User-agent: *\nDisallow: /\n",
            "\u{feff}user-AGENT : * # all\r\nDISALLOW:/\r\n",
            "User-agent: a\nAllow: /\n\nUser-agent: b\nUser-agent: *\nDisallow: /*\n",
            "User-agent: *\nDisallow: /x\nUser-agent: a\nAllow: /\nUser-agent: *\nDisallow: /",
        ] {
            assert!(forbids_all(text), "{text}");
        }
        for text in [
            "",
            "User-agent: *\nDisallow:\n",
            "User-agent: a\nDisallow: /\n",
            "User-agent: *\nDisallow: /private\n",
            "User-agent: *\nDisallow: /\nAllow: /pub\n",
            "User-agent: *\nDisallow: /x\nUser-agent: a\nDisallow: /\n",
            "Disallow: /",
            "# User-agent: *\n# Disallow: /",
        ] {
            assert!(!forbids_all(text), "{text}");
        }
    }
}
