//! What every site must be: the same on every visit, another one elsewhere, and full of addresses.

use super::*;
use crate::receipt::{Issued as _, Receipts};
use std::collections::{BTreeMap, BTreeSet};

pub(super) fn plan(secret: &str, pages: u64) -> Plan {
    plan_in(Language::English, secret, pages)
}

fn plan_in(language: Language, secret: &str, pages: u64) -> Plan {
    Plan {
        key: Key::new(secret),
        season: 2,
        begins: Some("2026-09-01".parse().unwrap()),
        host: "www.example.org".to_owned(),
        domain: "example.org".to_owned(),
        company: None,
        language,
        pages,
        contacts: 3..=12,
        robots: Robots::Allow,
        today: "2026-11-24".parse().unwrap(),
    }
}

/// What was dated stays as it is.
mod past;

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
    for (words, sign) in [(&["at", "arobase"][..], "@"), (&["dot", "punkt", "point"], ".")] {
        for word in words {
            for spelled in [format!(" {word} "), format!(" [{word}] "), format!(" ({word}) ")] {
                text = text.replace(&spelled, sign);
            }
        }
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
    for language in Language::ALL {
        let [site, again] = [(); 2].map(|()| Site::new(plan_in(language, "a", 160)));
        for page in site.map().all() {
            assert_eq!(site.document(page, NETWORK), again.document(page, NETWORK));
        }
        // Another network sees the same page with other addresses on it, and nothing else that is different.
        let (mine, yours) = (html(&site, Page::Contact, NETWORK), html(&site, Page::Contact, OTHER));
        let (mine, yours): (BTreeSet<_>, BTreeSet<_>) =
            (harvest(&mine).into_iter().collect(), harvest(&yours).into_iter().collect());
        assert!(mine != yours && mine.intersection(&yours).count() >= 2, "{mine:?} {yours:?}");
    }
}

#[test]
fn another_secret_season_or_host_is_another_site() {
    let page = |plan: Plan| html(&Site::new(plan), Page::Home, NETWORK);
    let base = page(plan("a", 300));
    assert_ne!(base, page(plan("b", 300)));
    assert_ne!(base, page(Plan { season: 3, ..plan("a", 300) }));
    assert_ne!(base, page(Plan { host: "example.net".to_owned(), ..plan("a", 300) }));
    assert_ne!(base, page(plan_in(Language::German, "a", 300)));
}

#[test]
fn every_page_shows_its_addresses_and_says_how_many() {
    Language::ALL.into_iter().for_each(shows_its_addresses);
}

fn shows_its_addresses(language: Language) {
    let site = Site::new(plan_in(language, "addresses", 400));
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
    assert!(strangers > 600 && cast > strangers, "{cast} {strangers}");
}

#[test]
fn somebody_is_the_same_on_every_page() {
    for language in Language::ALL {
        let site = Site::new(plan_in(language, "cast", 700));
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
    Language::ALL.into_iter().for_each(links_to_every_page);
}

fn links_to_every_page(language: Language) {
    let site = Site::new(plan_in(language, "links", 300));
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
    for (language, pages) in
        Language::ALL.into_iter().flat_map(|language| [1, 2, 11, 12, 0].map(|pages| (language, pages)))
    {
        let site = Site::new(plan_in(language, "small", pages));
        for page in site.map().all().take(100) {
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

#[test]
fn pages_say_in_which_language_they_are_and_are_in_it() {
    for (language, tag, words, others) in [
        (Language::English, "en", [" the ", " and ", " for ", " of ", " in ", " to "], [" und ", " les "]),
        (Language::German, "de", [" die ", " und ", " für ", " der ", " das ", " von "], [" the ", " les "]),
        (Language::French, "fr", [" les ", " et ", " pour ", " le ", " des ", " du "], [" the ", " und "]),
    ] {
        let site = Site::new(plan_in(language, "tongues", 120));
        for page in site.map().all() {
            // It is UTF-8, or this fails, and says so.
            let html = html(&site, page, NETWORK);
            let head = format!("<!DOCTYPE html>\n<html lang=\"{tag}\">\n<head>\n<meta charset=\"utf-8\">\n");
            assert!(html.starts_with(&head), "{html:.200}");
            assert_eq!(language.as_str(), tag);
            assert!(words.iter().any(|word| html.contains(word)), "{page:?}: {html}");
            assert!(!others.iter().any(|word| html.contains(word)), "{page:?}: {html}");
        }
        assert!(site.map().all().all(|page| site.path(page).is_ascii()));
    }
}

#[test]
fn what_is_told_of_the_organisation_is_told_in_the_same_words_everywhere() {
    for language in Language::ALL {
        let site = Site::new(plan_in(language, "facts", 500));
        let page = |page| html(&site, page, NETWORK);
        let sentences = |text: &str| {
            text.trim().trim_end_matches('.').split(". ").map(str::to_owned).collect::<BTreeSet<_>>()
        };
        // Of a department there are a few sentences, three of which are on its own page.
        let lists = [Page::Staff, Page::Departments].map(page);
        for at in 0..site.map().departments() {
            let own = page(Page::Department(at));
            let text = own.split("</h1>\n<p>").nth(1).and_then(|rest| rest.split("</p>").next()).unwrap();
            let mut told = sentences(text);
            assert_eq!(told.len(), 3, "{text}");
            let link = format!("{}/\"", site.map().department(at).0);
            for list in &lists {
                let entry = list.split("<main>").nth(1).unwrap().split(&link).last().unwrap();
                let entry = entry.split("</a>").nth(1).unwrap();
                told.extend(sentences(entry.trim_start_matches("</dt>\n<dd>").split('<').next().unwrap()));
            }
            assert!(told.len() <= site.tables.count(list::DEPARTMENT_INTRO), "{told:?}");
        }
        // What the home page tells of the past is also on the page about it.
        let paragraphs = |html: &str| {
            html.split("<p>")
                .skip(1)
                .map(|text| sentences(text.split('<').next().unwrap()))
                .collect::<Vec<_>>()
        };
        let about: BTreeSet<_> = paragraphs(&page(Page::About)).into_iter().flatten().collect();
        let home = paragraphs(&page(Page::Home));
        assert!(home.iter().any(|told| told.len() == 3 && told.is_subset(&about)), "{home:?}\n{about:?}");
    }
}

/// Hashes of all runs of six words in the prose of a site, with every number as the same word.
fn runs(site: &Site) -> BTreeSet<u64> {
    use std::hash::{BuildHasher as _, BuildHasherDefault, DefaultHasher};
    let hasher = BuildHasherDefault::<DefaultHasher>::default();
    let mut runs = BTreeSet::new();
    for page in site.map().all() {
        let html = html(site, page, NETWORK);
        let main = html.split("<main>").nth(1).and_then(|rest| rest.split("</main>").next()).unwrap();
        for text in main.split('<').filter_map(|part| part.split_once('>')).map(|(_, text)| text) {
            let words: Vec<String> = text
                .split_whitespace()
                .map(|word| match word.starts_with(|c: char| c.is_ascii_digit()) {
                    true => "0".to_owned(),
                    false => word.to_lowercase(),
                })
                .collect();
            runs.extend(words.windows(6).map(|run| hasher.hash_one(run)));
        }
    }
    runs
}

#[test]
fn two_sites_have_few_words_in_common() {
    for language in Language::ALL {
        let sites: Vec<_> =
            (0..12).map(|at| runs(&Site::new(plan_in(language, &format!("site {at}"), 60)))).collect();
        let mut shares = Vec::new();
        for (at, one) in sites.iter().enumerate() {
            for other in &sites[at + 1..] {
                let common = one.intersection(other).count();
                shares.push(common as f64 / one.len().min(other.len()) as f64);
            }
        }
        let mean = shares.iter().sum::<f64>() / shares.len() as f64;
        let most = shares.iter().fold(0.0, |most: f64, &share| most.max(share));
        // With one list for all it was a quarter of the words, and more than a third at worst.
        assert!(mean < 0.08 && most < 0.16, "{language:?}: {mean:.4} {most:.4}");
    }
}
