//! Paths lead to the pages that have them, and nothing else leads anywhere.

use super::*;
use crate::names::Language;
use crate::web::site::language::tables;
use std::collections::{BTreeMap, BTreeSet};

const SEASON: u8 = 3;

fn map(seed: u8, pages: u64, today: &str) -> Map {
    map_in(Language::English, seed, pages, today)
}

fn map_in(language: Language, seed: u8, pages: u64, today: &str) -> Map {
    let keyed = Keyed::new([seed; 32]);
    let calendar = Calendar::new(keyed, today.parse().unwrap(), None);
    Map::new(keyed, tables(language), calendar, pages)
}

fn maker() -> Maker {
    Maker::new(b"the secret of a test", Language::English)
}

fn path(map: &Map, page: Page) -> String {
    map.path(page, &|person| maker().person(&map.receipt(SEASON, person)).local)
}

fn find(map: &Map, path: &str) -> Place {
    map.find(path, &maker(), SEASON)
}

#[test]
fn there_are_as_many_pages_as_were_asked_for() {
    for pages in [1, 2, 5, 10, 11, 12, 15, 20, 35, 60, 100, 181, 250, 500, 1_000, 4_321, 10_000] {
        for seed in [1, 2] {
            let map = map(seed, pages, "2026-11-24");
            assert_eq!(map.count(), pages);
            assert_eq!(map.all().count() as u64, pages);
            assert!(map.all().all(|page| map.has(page)));
        }
    }
}

#[test]
fn every_page_is_found_at_its_path_and_has_its_own() {
    for (language, seed, pages) in [
        (Language::English, 1, 7),
        (Language::English, 2, 60),
        (Language::English, 3, 400),
        (Language::English, 4, 3_000),
        (Language::German, 5, 2_000),
        (Language::French, 6, 2_000),
    ] {
        let map = map_in(language, seed, pages, "2026-11-24");
        let mut paths = BTreeMap::new();
        for page in map.all() {
            let path = path(&map, page);
            assert_eq!(find(&map, &path), Place::Page(page), "{path}");
            assert!(!path.contains(['?', ' ', '_']) && !path.contains("//"), "{path}");
            assert_eq!(paths.insert(path.clone(), page), None, "{path}");
            if let Some(directory) = path.strip_suffix('/').filter(|directory| !directory.is_empty()) {
                assert_eq!(find(&map, directory), Place::WithSlash, "{directory}");
                assert_eq!(find(&map, &format!("{path}index.html")), Place::Page(page));
            } else if path != "/" {
                assert_eq!(find(&map, &format!("{path}/")), Place::Nowhere, "{path}");
            }
        }
    }
}

#[test]
fn without_a_limit_the_tree_has_no_end() {
    let map = map(5, 0, "2026-11-24");
    let mut topic = None;
    for depth in 0..18 {
        let below = map.below(topic);
        assert_eq!(below.end - below.start, Map::CHILDREN);
        topic = Some(below.start + depth % Map::CHILDREN);
        let page = Page::Topic(topic.unwrap());
        assert_eq!(find(&map, &path(&map, page)), Place::Page(page));
        assert_eq!(u64::from(map.depth(page)), depth + 2);
    }
}

#[test]
fn the_last_page_of_an_endless_tree_ends() {
    let map = map(5, 0, "2026-11-24");
    let last = map.extent.topics - 1;
    assert!(map.below(Some(last)).is_empty() && map.below(Some(u64::MAX)).is_empty());
    assert_eq!(find(&map, &path(&map, Page::Topic(last))), Place::Page(Page::Topic(last)));
}

/// Paths made out of our own words in our own forms, as by somebody who has read this.
#[test]
fn invented_paths_lead_nowhere() {
    for language in Language::ALL {
        let map = map_in(language, 6, 1_500, "2026-11-24");
        lead_nowhere(&map);
    }
}

fn lead_nowhere(map: &Map) {
    let all: BTreeSet<String> = map.all().map(|page| path(map, page)).collect();
    let (mut tried, mut found) = (0, 0);
    for known in &all {
        let Some((above, file)) = known.trim_end_matches('/').rsplit_once('/') else { continue };
        let (stem, ending) = file.split_once('.').map_or((file, ""), |(stem, _)| (stem, map.words.ending));
        let Some((first, second)) = stem.split_once('-') else { continue };
        for (other, _) in
            map.tables.parts(parts::TOPIC_FIRST).iter().chain(map.tables.parts(parts::NEWS_FIRST))
        {
            let invented = format!("{above}/{other}-{second}{ending}");
            if *other != first && !all.contains(&invented) {
                tried += 1;
                found += u32::from(find(map, &invented) != Place::Nowhere);
            }
        }
        for invented in [
            format!("{above}/{first}{ending}"),
            format!("{above}/{second}-{first}{ending}"),
            format!("{above}/x{stem}{ending}"),
            format!("{above}/{stem}-2{ending}"),
            format!("{above}/{stem}.php"),
            format!("{above}/{stem}/{stem}{ending}"),
            known.to_uppercase(),
        ] {
            assert_eq!(find(map, &invented), Place::Nowhere, "{invented}");
        }
    }
    assert!(tried > 8_000, "{tried}");
    assert_eq!(found, 0, "of {tried}");
}

#[test]
fn other_texts_lead_nowhere() {
    let map = map(6, 500, "2026-11-24");
    let long = format!("/{}", "a-b/".repeat(5_000));
    let staff = format!("/{}/anna.berger{}", map.words.staff, map.words.ending);
    for text in [
        "",
        "x",
        "//",
        "/favicon.ico",
        "/index.php",
        "/admin/",
        "/wp-login.php",
        "/index.html/",
        "/a/b/c",
        &long,
        &staff,
        "/../",
        "/%2e",
    ] {
        assert_eq!(find(&map, text), Place::Nowhere, "{text}");
    }
    assert_eq!(find(&map, "/"), Place::Page(Page::Home));
    assert_eq!(find(&map, "/index.html"), Place::Page(Page::Home));
}

#[test]
fn a_person_is_found_at_one_path_only() {
    let map = map(6, 500, "2026-11-24");
    let there = path(&map, Page::Person(3));
    assert_eq!(find(&map, &there), Place::Page(Page::Person(3)));
    let file = there.rsplit_once('/').unwrap().1;
    for other in
        [there.to_uppercase(), there.replace(file, &format!(".{file}")), there.replace(".htm", "-x.htm")]
    {
        assert_eq!(find(&map, &other), Place::Nowhere, "{other}");
    }
    // Of the same secret, but of another season.
    assert_eq!(map.find(&there, &maker(), SEASON + 1), Place::Nowhere);
    // The same receipt in another language is the address of nobody here.
    let german = Maker::new(b"the secret of a test", Language::German);
    let other = map.path(Page::Person(3), &|person| german.person(&map.receipt(SEASON, person)).local);
    assert_eq!(
        (find(&map, &other), map.find(&other, &german, SEASON)),
        (Place::Nowhere, Place::Page(Page::Person(3)))
    );
}

#[test]
fn pages_keep_their_paths_while_the_calendar_goes_on() {
    let (now, later) = (map(7, 900, "2026-11-24"), map(7, 900, "2027-01-20"));
    let paths = |map: &Map| map.all().map(|page| (path(map, page), page)).collect::<BTreeMap<_, _>>();
    let (now, later) = (paths(&now), paths(&later));
    let gone: Vec<_> = now.keys().filter(|path| !later.contains_key(*path)).collect();
    assert!(!gone.is_empty() && gone.len() < 60, "{gone:?}");
    assert!(now.iter().all(|(path, page)| later.get(path).is_none_or(|other| other == page)));
}

#[test]
fn numbers_of_pages_are_different() {
    let map = map(8, 20_000, "2026-11-24");
    let numbers: BTreeSet<u64> = map.all().map(|page| map.number(page)).collect();
    assert_eq!(numbers.len(), 20_000);
}

#[test]
fn sites_have_no_paths_in_common_but_short_ones() {
    Language::ALL.into_iter().for_each(have_no_paths_in_common);
}

fn have_no_paths_in_common(language: Language) {
    let paths = |seed| {
        let map = map_in(language, seed, 1_000, "2026-11-24");
        map.all()
            .map(|page| path(&map, page))
            .filter(|path| path.matches('-').count() > 0)
            .collect::<BTreeSet<_>>()
    };
    let all: Vec<_> = (11..23).map(paths).collect();
    let shares: Vec<f64> = all
        .iter()
        .enumerate()
        .flat_map(|(at, one)| all.iter().skip(at + 1).map(move |other| (one, other)))
        .map(|(one, other)| one.intersection(other).count() as f64 / one.len() as f64)
        .collect();
    let mean = shares.iter().sum::<f64>() / shares.len() as f64;
    let most = shares.iter().copied().fold(0.0, f64::max);
    // Two sites that call a section the same have some of its pages in common.
    assert!(mean < 0.02 && most < 0.08, "{mean} {most}");
}

#[test]
fn the_words_at_the_top_are_different_in_every_language() {
    for language in Language::ALL {
        let lists = [
            parts::PATH_ABOUT,
            parts::PATH_CONTACT,
            parts::PATH_STAFF,
            parts::PATH_DEPARTMENTS,
            parts::PATH_NEWS,
            parts::PATH_MINUTES,
            parts::PATH_NEWSLETTER,
            parts::PATH_LIST,
            parts::PATH_GUESTBOOK,
            parts::PATH_TOPICS,
        ];
        let words: Vec<&str> =
            lists.iter().flat_map(|&list| tables(language).parts(list)).map(|(word, _)| *word).collect();
        assert_eq!(words.iter().collect::<BTreeSet<_>>().len(), words.len(), "{words:?}");
    }
}
