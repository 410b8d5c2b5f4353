//! What all pages of a site have: their beginning, the ways to other pages, and their end.

use super::Writer;
use crate::web::site::Robots;
use crate::web::site::language::list;
use crate::web::site::map::Page;
use chrono::Datelike as _;
use std::fmt::Write as _;

impl Writer<'_> {
    /// The beginning of the page, up to its title.
    pub(super) fn begin(&mut self) {
        let site = self.site;
        let class = &site.look.class;
        let company = &site.organisation.company;
        self.push("<!DOCTYPE html>\n<html lang=\"");
        self.say(list::HTML_LANG);
        let title = match self.page {
            Page::Home => company.clone(),
            _ => format!("{} - {company}", self.title),
        };
        let _ = write!(
            self.out,
            "\">\n<head>\n<meta charset=\"utf-8\">\n<title>{title}</title>\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
        );
        if site.plan.robots == Robots::Disallow {
            self.push("<meta name=\"robots\" content=\"noindex, nofollow\">\n");
        }
        let sheet = self.relative(&format!("/{}.css", site.look.sheet));
        let _ = write!(
            self.out,
            "<link rel=\"stylesheet\" href=\"{sheet}\">\n</head>\n<body>\n<div class=\"{}\">\n<header class=\"{}\">\n",
            class.page, class.head
        );
        let home = self.relative("/");
        let _ = write!(
            self.out,
            "<a class=\"{}\" href=\"{home}\">{company}</a>\n<p class=\"{}\">{}</p>\n</header>\n<div class=\"{}\">\n",
            class.brand, class.tagline, site.organisation.tagline, class.columns
        );
        self.navigation();
        self.push("<main>\n");
        if site.look.crumbs {
            self.crumbs();
        }
        let title = self.title.clone();
        self.heading(1, &title);
    }

    pub(super) fn navigation(&mut self) {
        let class = self.site.look.class.navigation;
        let _ = writeln!(self.out, "<nav class=\"{class}\">\n<ul>");
        let mut pages: Vec<Page> = self.site.map.fixed().collect();
        // Home first and the rest in an order of the site's own.
        if let Some(rest) = pages.get_mut(1..) {
            self.site.keyed.dice("navigation", 0).shuffle(rest);
        }
        for page in pages {
            let (href, title) = (self.href(page), self.title_of(page));
            let here = if page == self.page { " aria-current=\"page\"" } else { "" };
            self.put(&["<li><a href=\"", &href, "\"", here, ">", &title, "</a></li>\n"]);
        }
        self.push("</ul>\n</nav>\n");
    }

    pub(super) fn crumbs(&mut self) {
        let above: Vec<Page> =
            std::iter::successors(self.site.map.parent(self.page), |&page| self.site.map.parent(page))
                .collect();
        if above.is_empty() {
            return;
        }
        let class = self.site.look.class.crumbs;
        let _ = write!(self.out, "<p class=\"{class}\">");
        self.label(list::LABEL_BREADCRUMB);
        self.colon(" ");
        // Of a long way only the beginning and the end.
        let skipped = above.len().saturating_sub(5);
        for (at, &page) in above.iter().enumerate().rev() {
            if skipped > 0 && (4..4 + skipped).contains(&at) {
                if at == 4 {
                    self.push("&hellip; &rsaquo; ");
                }
                continue;
            }
            self.mention(page);
            self.push(" &rsaquo; ");
        }
        let title = self.title.clone();
        let _ = writeln!(self.out, "{title}</p>");
    }

    /// The end of the page.
    pub(super) fn end(&mut self) {
        let site = self.site;
        self.enquiries();
        let _ = write!(self.out, "</main>\n</div>\n<footer class=\"{}\">\n<p>", site.look.class.foot);
        self.label(list::LABEL_UPDATED);
        self.colon(" ");
        let modified = self.modified.date_naive();
        self.date(modified);
        let organisation = &site.organisation;
        let _ = write!(
            self.out,
            "</p>\n<p>&copy; {} {}, {}, {}. ",
            modified.year(),
            organisation.company,
            organisation.street,
            organisation.place
        );
        self.label(list::LABEL_RIGHTS);
        self.push("</p>\n</footer>\n</div>\n</body>\n</html>\n");
    }
}
