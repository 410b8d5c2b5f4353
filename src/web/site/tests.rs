//! What every site must be: the same on every visit, another one elsewhere, and full of addresses.

use super::*;
use crate::receipt::{Issued as _, Receipts};
use std::collections::{BTreeMap, BTreeSet};

pub(super) fn plan(secret: &str, pages: u64) -> Plan {
    Plan {
        key: Key::new(secret),
        season: 2,
        begins: Some("2026-09-01".parse().unwrap()),
        host: "www.example.org".to_owned(),
        domain: "example.org".to_owned(),
        company: None,
        language: Language::English,
        pages,
        contacts: 3..=12,
        robots: Robots::Allow,
        today: "2026-11-24".parse().unwrap(),
    }
}

const NETWORK: Option<Network> = Some([127, 0, 0, 0, 0, 0, 0, 0]);
const OTHER: Option<Network> = Some([192, 0, 2, 0, 0, 0, 0, 0]);

fn html(site: &Site, page: Page, network: Option<Network>) -> String {
    String::from_utf8(site.document(page, network).body).expect("HTML is text")
}

/// The addresses that a harvester finds that knows about entities, and about "at" and "dot".
fn harvest(html: &str) -> Vec<String> {
    let mut text = String::new();
    let mut rest = html;
    while let Some((before, after)) = rest.split_once("&#") {
        text.push_str(before);
        let (number, after) = after.split_once(';').expect("an entity ends");
        text.push(char::from_u32(number.parse().expect("a number")).expect("a character"));
        rest = after;
    }
    text.push_str(rest);
    for (spelled, sign) in
        [(" at ", "@"), (" [at] ", "@"), (" (at) ", "@"), (" dot ", "."), (" [dot] ", "."), (" (dot) ", ".")]
    {
        text = text.replace(spelled, sign);
    }
    let part = |c: char| c.is_ascii_alphanumeric() || c == '.';
    let found = text.match_indices("@example.org").map(|(at, _)| {
        let from = text[..at].rfind(|c| !part(c)).map_or(0, |before| before + 1);
        text[from..at].to_owned() + "@example.org"
    });
    found.collect()
}

#[test]
fn a_page_is_the_same_on_every_visit_from_a_network() {
    let (site, again) = (Site::new(plan("a", 300)), Site::new(plan("a", 300)));
    for page in site.map().all() {
        assert_eq!(site.document(page, NETWORK), again.document(page, NETWORK));
    }
    // Another network sees the same page with other addresses on it, and nothing else that is different.
    let (mine, yours) = (html(&site, Page::Contact, NETWORK), html(&site, Page::Contact, OTHER));
    let (mine, yours): (BTreeSet<_>, BTreeSet<_>) =
        (harvest(&mine).into_iter().collect(), harvest(&yours).into_iter().collect());
    assert!(mine != yours && mine.intersection(&yours).count() >= 2, "{mine:?} {yours:?}");
}

#[test]
fn another_secret_season_or_host_is_another_site() {
    let page = |plan: Plan| html(&Site::new(plan), Page::Home, NETWORK);
    let base = page(plan("a", 300));
    assert_ne!(base, page(plan("b", 300)));
    assert_ne!(base, page(Plan { season: 3, ..plan("a", 300) }));
    assert_ne!(base, page(Plan { host: "example.net".to_owned(), ..plan("a", 300) }));
}

#[test]
fn every_page_shows_its_addresses_and_says_how_many() {
    let site = Site::new(plan("addresses", 700));
    let receipts = Receipts {
        maker: Maker::new(b"addresses", Language::English),
        domains: vec!["example.org".to_owned()],
    };
    let mut all: BTreeMap<String, String> = BTreeMap::new();
    let (mut cast, mut strangers) = (0, 0);
    for page in site.map().all() {
        let document = site.document(page, NETWORK);
        let html = String::from_utf8(document.body).unwrap();
        let found: BTreeSet<String> = harvest(&html).into_iter().collect();
        let shown = document.shown.unwrap();
        assert_eq!(found.len() as u32, shown.addresses, "{page:?}: {found:?}\n{html}");
        assert!((3..=12).contains(&found.len()), "{page:?}: {found:?}");
        let names: BTreeSet<_> = harvest(&html).into_iter().collect();
        assert_eq!(names, found);
        for address in found {
            let receipt =
                receipts.receipt(address.as_bytes()).unwrap_or_else(|| panic!("{address}")).to_string();
            let receipt: Receipt = receipt.parse().unwrap();
            assert_eq!(receipt.season, 2);
            if receipt.style == Style::Cast {
                cast += 1;
            } else {
                strangers += 1;
                assert_eq!(receipt.visit, shown.visit);
                // What only this network sees is on this page alone.
                let before = all.insert(address.clone(), format!("{page:?}"));
                assert_eq!(before, None, "{address}");
            }
        }
    }
    assert!(strangers > 1_200 && cast > strangers, "{cast} {strangers}");
}

#[test]
fn somebody_is_the_same_on_every_page() {
    let site = Site::new(plan("cast", 700));
    let mut addresses: BTreeMap<String, u32> = BTreeMap::new();
    for number in 0..site.map().people() {
        let member = site.member(number);
        assert!(!member.title.is_empty() && member.department < site.map().departments());
        assert_eq!(addresses.insert(member.local, number), None);
    }
    // Where a table names somebody, the position and the address are those of the person's own page.
    let person = Page::Person(7);
    let member = site.member(7);
    let own = html(&site, person, NETWORK);
    assert!(own.contains(&member.name) && own.contains(&format!("<dd>{}</dd>", member.title)), "{own}");
}

#[test]
fn a_visit_is_resolved_to_its_page() {
    let site = Site::new(plan("visits", 700));
    for page in site.map().all().step_by(37) {
        assert_eq!(site.visited(site.visit(page, None), None), Some(page));
        assert_ne!(site.visit(page, NETWORK), site.visit(page, OTHER));
    }
}

#[test]
fn links_lead_to_pages_and_every_page_is_linked_to() {
    let site = Site::new(plan("links", 500));
    let mut reached: BTreeSet<String> = BTreeSet::from(["/".to_owned()]);
    let mut waiting = vec!["/".to_owned()];
    while let Some(path) = waiting.pop() {
        let Found::Document(document) = site.find(&path, NETWORK) else { panic!("{path} is no page") };
        let html = String::from_utf8(document.body).unwrap();
        for (at, _) in html.match_indices(" href=\"") {
            let href = html[at + 7..].split('"').next().unwrap();
            if href.starts_with("mailto:") || href.starts_with("&#") {
                continue;
            }
            let mut base: Vec<&str> = path.split('/').collect();
            base.pop();
            for part in href.split('/') {
                match part {
                    ".." => _ = base.pop(),
                    "." => {}
                    part => base.push(part),
                }
            }
            let mut target = base.join("/");
            if href.ends_with("..") || href == "./" {
                target.push('/');
            }
            let target = if target.is_empty() { "/".to_owned() } else { target.replace("//", "/") };
            if reached.insert(target.clone()) {
                waiting.push(target.clone());
            }
        }
        if path.ends_with(".css") {
            continue;
        }
    }
    let missing: Vec<_> =
        site.map().all().map(|page| site.path(page)).filter(|path| !reached.contains(path)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn robots_are_told_what_the_operator_wants() {
    let body = |plan: Plan, path: &str| match Site::new(plan).find(path, None) {
        Found::Document(document) => Some(String::from_utf8(document.body).unwrap()),
        _ => None,
    };
    let closed = || Plan { robots: Robots::Disallow, ..plan("robots", 100) };
    assert_eq!(body(closed(), "/robots.txt").unwrap(), "User-agent: *\nDisallow: /\n");
    assert!(body(closed(), "/").unwrap().contains("<meta name=\"robots\" content=\"noindex, nofollow\">"));
    assert_eq!(body(closed(), "/sitemap.xml"), None);
    let open = body(plan("robots", 100), "/robots.txt").unwrap();
    assert!(
        open.contains("Disallow:\n") && open.contains("Sitemap: http://www.example.org/sitemap.xml"),
        "{open}"
    );
    assert!(!body(plan("robots", 100), "/").unwrap().contains("noindex"));
    assert_eq!(body(plan("robots", 100), "/sitemap.xml").unwrap().matches("<loc>").count(), 100);
    assert!(body(plan("robots", 1_200), "/sitemap.xml").unwrap().contains("/sitemap-3.xml"));
    assert_eq!(body(plan("robots", 1_200), "/sitemap-3.xml").unwrap().matches("<loc>").count(), 200);
    for path in ["/sitemap-4.xml", "/sitemap-0.xml", "/sitemap-03.xml", "/sitemap-.xml"] {
        assert_eq!(body(plan("robots", 1_200), path), None, "{path}");
    }
    assert!(body(plan("robots", 0), "/sitemap-100.xml").unwrap().contains("<loc>"));
}

#[test]
fn a_small_site_and_one_without_end_are_sites() {
    for pages in [1, 2, 11, 12, 0] {
        let site = Site::new(plan("small", pages));
        for page in site.map().all().take(400) {
            let html = html(&site, page, NETWORK);
            assert!(html.ends_with("</html>\n"), "{page:?}");
        }
    }
}

#[test]
fn the_name_of_the_organisation_is_only_text() {
    let company = Some("<script>\"R&D\"</script>".to_owned());
    let site = Site::new(Plan { company, ..plan("name", 30) });
    let html = html(&site, Page::Home, NETWORK);
    assert!(html.contains("&lt;script&gt;&quot;R&amp;D&quot;&lt;/script&gt;") && !html.contains("<script>"));
}
