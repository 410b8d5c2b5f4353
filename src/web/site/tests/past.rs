//! What has a date never changes again, whatever day it is; and the rest changes for a reason.

use super::*;
use crate::web::site::calendar::Section;
use chrono::{Datelike as _, Days};
use proptest::prelude::*;

fn on(language: Language, secret: &str, begins: Option<&str>, pages: u64, today: NaiveDate) -> Site {
    let begins = begins.map(|day| day.parse().unwrap());
    Site::new(Plan { begins, today, ..plan_in(language, secret, pages) })
}

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// A page with its path and its time, but for the links to the pages before and after it: those come and go.
fn lasting(site: &Site, page: Page) -> (String, String, chrono::DateTime<chrono::Utc>) {
    let document = site.document(page, NETWORK);
    let html = String::from_utf8(document.body).unwrap();
    let label = |list: usize| {
        let at = site.keyed.below("label", list as u64, site.tables.count(list));
        let mut text = String::new();
        let scene = Scene::of(site, 0, None);
        site.tables.entry(list, at, &scene, &mut site.keyed.dice("test", 0), &mut text);
        text
    };
    let labels = [list::LABEL_OLDER, list::LABEL_NEWER].map(label);
    let leads = |line: &str| {
        let line = line.trim_start_matches("<p>");
        line.contains("<a href=") && labels.iter().any(|label| line.starts_with(label.as_str()))
    };
    let kept: Vec<&str> = html.lines().filter(|line| !leads(line)).collect();
    let links = html.lines().count() - kept.len();
    if let Page::Item(section, _) = page {
        // The only one of a small site has none.
        let alone =
            site.map().all().filter(|other| matches!(other, Page::Item(of, _) if *of == section)).count()
                == 1;
        let fits = if alone { links == 0 } else { (1..=2).contains(&links) };
        assert!(fits, "{page:?}: {links} neighbours");
    }
    (site.path(page), kept.join("\n"), document.modified)
}

/// The pages that have a date, and those of years that have all their pages.
fn dated(site: &Site) -> Vec<Page> {
    let map = site.map();
    let whole = |section: Section, year: i32| {
        let years = map.years(section);
        years.first() != Some(&year) && years.last() != Some(&year)
    };
    map.all()
        .filter(|&page| match page {
            Page::Item(..) => true,
            Page::Year(section, year) => whole(section, year),
            _ => false,
        })
        .collect()
}

/// The pages that have no date at all, and nothing on them that has one.
fn undated(site: &Site) -> Vec<Page> {
    let new = |page: &Page| matches!(page, Page::Home | Page::Index(_) | Page::Year(..) | Page::Item(..));
    site.map().all().filter(|page| !new(page)).collect()
}

#[test]
fn for_two_years_of_mondays_nothing_changes_that_has_a_date() {
    for (language, secret, begins) in [
        (Language::English, "past", None),
        (Language::English, "weeks", Some("2026-11-30")),
        (Language::German, "past", Some("2026-09-01")),
        (Language::French, "past", None),
    ] {
        let mut seen = BTreeMap::new();
        let mut others = None;
        let mut compared = 0;
        for week in 0..=105_u32 {
            let site = on(language, secret, begins, 260, day("2026-11-30") + Days::new(u64::from(week) * 7));
            assert_eq!(site.map().count(), 260, "{week}");
            let undated = undated(&site);
            assert_eq!(others.get_or_insert_with(|| undated.clone()), &undated, "{week}");
            // All of them around both New Years and sometimes, in other weeks a part of them.
            let all = [0, 5, 6, 57, 58, 105].contains(&week);
            let looked_at =
                |page: &Page| all || (site.map().number(*page) + u64::from(week)).is_multiple_of(29);
            for page in dated(&site).into_iter().chain(undated).filter(looked_at) {
                let now = lasting(&site, page);
                let then = seen.entry(page).or_insert_with(|| now.clone());
                assert_eq!(then, &now, "{language:?} {secret}: {page:?} in week {week}");
                compared += 1;
            }
        }
        assert!(compared > 1_500, "{compared}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 8,
        failure_persistence: None,
        rng_seed: proptest::test_runner::RngSeed::Fixed(1),
        ..ProptestConfig::default()
    })]

    #[test]
    fn two_days_show_the_same_past(
        secret in "[a-z]{8}",
        language in 0..Language::ALL.len(),
        pages in prop::sample::select(vec![30_u64, 140, 420]),
        first in 0..700_u64,
        later in 1..400_u64,
        season in prop::option::of(0..600_u64),
    ) {
        let first = day("2026-07-01") + Days::new(first);
        let begins = season.map(|ago| (first - Days::new(ago)).to_string());
        let site = |day| on(Language::ALL[language], &secret, begins.as_deref(), pages, day);
        let (then, now) = (site(first), site(first + Days::new(later)));
        prop_assert_eq!((then.map().count(), now.map().count()), (pages, pages));
        prop_assert_eq!(undated(&then), undated(&now));
        let there: BTreeSet<Page> = dated(&now).into_iter().collect();
        let both = dated(&then).into_iter().filter(|page| there.contains(page)).chain(undated(&now));
        for page in both {
            prop_assert_eq!(lasting(&then, page), lasting(&now, page), "{:?}", page);
        }
    }
}

/// The news on the home page and on its own page of links: what each link is followed by.
fn teasers(site: &Site, page: Page) -> Vec<(Page, String)> {
    let html = html(site, page, NETWORK);
    let items = site.map().items(Section::News).map(|n| Page::Item(Section::News, n));
    let told = items.filter_map(|item| {
        let path = site.path(item);
        // A relative link ends as the path does.
        let after = html
            .split("<main>")
            .nth(1)?
            .split(&format!("{path}\">"))
            .nth(1)
            .or_else(|| html.split(&format!("\"{}\">", path.trim_start_matches('/'))).nth(1))?;
        let entry = after.split("</li>").next()?.split("</dd>").next()?;
        Some((item, entry.to_owned()))
    });
    told.collect()
}

#[test]
fn a_teaser_belongs_to_its_news_and_the_rest_of_the_home_page_stays() {
    for language in Language::ALL {
        let mut told: BTreeMap<Page, String> = BTreeMap::new();
        let mut rest = None;
        let mut counted = 0;
        for week in 0..60 {
            let site = on(language, "teasers", None, 300, day("2026-11-30") + Days::new(week * 7));
            let (home, index) = (teasers(&site, Page::Home), teasers(&site, Page::Index(Section::News)));
            assert_eq!((home.len(), index.len()), (4, Map::NEWEST as usize), "{language:?}");
            for (item, teaser) in home.into_iter().chain(index) {
                counted += 1;
                assert!(teaser.len() > 100, "{teaser}");
                let before = told.entry(item).or_insert_with(|| teaser.clone());
                assert_eq!(before, &teaser, "{language:?}: {item:?} in week {week}");
                // It is what the page itself begins with.
                let text = teaser.rsplit("</time> ").next().unwrap();
                assert!(html(&site, item, NETWORK).contains(&format!("\">{text}</p>")), "{text}");
            }
            let home = html(&site, Page::Home, NETWORK);
            let news = site.path(Page::Index(Section::News));
            let dated = |line: &str| {
                line.contains("<time")
                    || line.contains("&copy;")
                    || line.contains(&format!("{}2", &news[1..]))
            };
            let now: Vec<String> = home.lines().filter(|line| !dated(line)).map(str::to_owned).collect();
            assert_eq!(rest.get_or_insert_with(|| now.clone()), &now, "{language:?} in week {week}");
        }
        assert!(told.len() > 50 && counted == 60 * 16, "{} {counted}", told.len());
        // The newest are not told in the same words one after the other.
        let different: BTreeSet<&str> =
            told.values().map(|teaser| teaser.rsplit("</time> ").next().unwrap()).collect();
        assert!(different.len() + 2 >= told.len(), "{} of {}", different.len(), told.len());
    }
}

#[test]
fn what_is_told_of_earlier_years_lies_before_the_page() {
    for language in Language::ALL {
        let site = on(language, "earlier", None, 400, day("2027-03-01"));
        let mut years = 0;
        for page in site.map().all() {
            let Page::Item(section, n) = page else { continue };
            let own = site.map().calendar().day(section, n).year();
            let html = html(&site, page, NETWORK);
            let main = html.split("<main>").nth(1).unwrap().split("</main>").next().unwrap();
            for text in main.split('<').filter_map(|part| part.split_once('>')).map(|(_, text)| text) {
                for word in text.split(|c: char| !c.is_ascii_alphanumeric()) {
                    let year =
                        word.parse().ok().filter(|year| word.len() == 4 && (2000..2100).contains(year));
                    let Some(year) = year else { continue };
                    years += 1;
                    // An action may be due in the year after its meeting.
                    assert!(year <= own + 1, "{page:?} of {own} speaks of {year}: {text}");
                    assert!(year <= own || section == Section::Minutes, "{page:?} of {own}: {text}");
                }
            }
        }
        assert!(years > 100, "{language:?}: {years}");
    }
}

#[test]
fn nobody_who_writes_speaks_of_himself_by_name() {
    for language in Language::ALL {
        let (mut letters, mut named) = (0, 0);
        for secret in ["third", "person", "writes"] {
            let site = on(language, secret, None, 600, day("2026-11-30"));
            let names: Vec<String> =
                (0..site.map().people()).map(|number| site.member(number).name).collect();
            for n in site.map().items(Section::List) {
                let html = html(&site, Page::Item(Section::List, n), NETWORK);
                for article in html.split("<article").skip(1) {
                    let (letter, _) = article.split_once("</article>").unwrap();
                    let (text, signed) =
                        letter.trim_end().trim_end_matches("</p>").rsplit_once("<br>\n").unwrap();
                    // Its own words are those behind the head and what it quotes.
                    let body = text.rsplit("</strong> ").next().unwrap().split_once("</p>").unwrap().1;
                    let own = body.rsplit("</blockquote>").next().unwrap();
                    assert!(!own.contains(signed), "{signed}: {own}");
                    letters += 1;
                    named += usize::from(names.iter().any(|name| own.contains(name.as_str())));
                }
            }
            for n in site.map().items(Section::Guestbook) {
                let html = html(&site, Page::Item(Section::Guestbook, n), NETWORK);
                for entry in html.split("<main>").nth(1).unwrap().split("\n<p><strong>").skip(1) {
                    let (guest, text) = entry.split_once("</strong>").unwrap();
                    let (text, _) = text.split_once("</div>").unwrap();
                    assert!(!text.contains(guest), "{guest}: {text}");
                }
            }
        }
        // Others are spoken of.
        assert!(letters > 500 && named * 5 > letters, "{language:?}: {named} of {letters}");
    }
}

#[test]
fn addresses_of_pages_that_are_gone_are_still_ours() {
    let then = on(Language::English, "gone", None, 200, day("2026-11-30"));
    let now = on(Language::English, "gone", None, 200, day("2028-11-30"));
    let receipts =
        Receipts { maker: Maker::new(b"gone", Language::English), domains: vec!["example.org".to_owned()] };
    let mut gone = 0;
    for page in dated(&then).into_iter().filter(|&page| !now.map().has(page)) {
        let document = then.document(page, NETWORK);
        for address in harvest(std::str::from_utf8(&document.body).unwrap()) {
            let receipt = receipts.receipt(address.as_bytes()).expect("it was issued");
            let receipt: Receipt = receipt.to_string().parse().unwrap();
            assert!(receipt.style == Style::Cast || receipt.visit == document.shown.unwrap().visit);
            gone += 1;
        }
    }
    assert!(gone > 100, "{gone}");
}
