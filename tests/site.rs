//! A whole site as `sundew generate` writes it: every link, every address, the HTML itself, and what those
//! who harvest addresses find in it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use regex::Regex;

use crate::harness::browser;
use crate::harness::{Dir, Ran, SUNDEW, need, run};

/// A look at one page as a browser parses it.
mod parsed;

use parsed::Parsed;

const SECRET: &str = "a secret for the tests of sites";

/// A directory with a secret, and a site in it.
struct Made {
    dir: Dir,
    site: PathBuf,
}

/// How long a command may take, on a machine with much else to do.
const SOON: Duration = Duration::from_secs(120);

fn sundew(dir: &Dir, args: &[&str]) -> Ran {
    let secret = dir.path("secret");
    if !secret.exists() {
        dir.write("secret", SECRET);
    }
    let config = dir.path("sundew.toml");
    if !config.exists() {
        dir.write("sundew.toml", format!("secret_file = {secret:?}\ndomains = [\"example.net\"]\n"));
    }
    run(Command::new(SUNDEW).args(args).arg("--config").arg(config), SOON)
}

fn generated(args: &[&str]) -> Made {
    let dir = Dir::new();
    let site = dir.path("site");
    let ran = sundew(&dir, &[&["generate", site.to_str().unwrap()], args].concat());
    assert_eq!(ran.status, Some(0), "{}", ran.stderr);
    assert_eq!(ran.stderr, "", "there is no bar where there is no terminal");
    Made { dir, site }
}

/// All files below a directory, by their paths from there.
fn files(dir: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut all = BTreeMap::new();
    let mut left = vec![dir.to_owned()];
    while let Some(at) = left.pop() {
        for entry in fs::read_dir(at).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => left.push(path),
                false => {
                    let name = path.strip_prefix(dir).unwrap().to_str().unwrap().to_owned();
                    all.insert(name, fs::read(&path).unwrap());
                }
            }
        }
    }
    all
}

fn pages(files: &BTreeMap<String, Vec<u8>>) -> Vec<(&str, &str)> {
    let is_page = |name: &&String| name.ends_with(".html") || name.ends_with(".htm");
    files
        .keys()
        .filter(is_page)
        .map(|name| (name.as_str(), std::str::from_utf8(&files[name]).expect("UTF-8")))
        .collect()
}

#[test]
fn every_page_is_html5_without_an_error() {
    for language in ["en", "de", "fr"] {
        let made = generated(&["--pages", "150", "--language", language]);
        let files = files(&made.site);
        let pages = pages(&files);
        assert_eq!(pages.len(), 150);
        for (name, text) in pages {
            let parsed = Parsed::of(text);
            assert_eq!(parsed.errors, Vec::<String>::new(), "{name}");
            assert_eq!(parsed.attribute("html", "lang"), [language], "{name}");
            assert_eq!(parsed.count("h1"), 1, "{name}");
            assert_eq!(parsed.count("main"), 1, "{name}");
            assert!(parsed.text_of("title").trim().len() > 3, "{name}");
            assert_eq!(parsed.without("img", "alt"), 0, "{name}");
            let ids = parsed.attribute("*", "id");
            assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len(), "{name}");
            assert!(!text.contains("{") || parsed.count("style") > 0, "{name}: a text was not filled in");
        }
    }
}

#[test]
fn every_link_leads_to_a_file_and_every_file_is_linked_to() {
    let made = generated(&["--pages", "400"]);
    let files = files(&made.site);
    let mut linked =
        BTreeSet::from(["index.html".to_owned(), "robots.txt".to_owned(), "sitemap.xml".to_owned()]);
    for (name, text) in pages(&files) {
        let parsed = Parsed::of(text);
        let links = [parsed.attribute("a", "href"), parsed.attribute("link", "href")].concat();
        for link in links.iter().filter(|link| !link.starts_with("mailto:")) {
            let target = resolve(name, link);
            assert!(files.contains_key(&target), "{name} links to {link}, which is {target}");
            linked.insert(target);
        }
        // Neither a program nor a search is behind such a path, as harvesters would suspect.
        assert!(!name.contains("cgi") && !name.contains('?'), "{name}");
    }
    let all: BTreeSet<String> = files.keys().cloned().collect();
    assert_eq!(all.difference(&linked).collect::<Vec<_>>(), Vec::<&String>::new());
}

/// The file behind a relative link.
fn resolve(page: &str, link: &str) -> String {
    let mut segments: Vec<&str> = page.split('/').collect();
    segments.pop();
    for segment in link.split('/') {
        match segment {
            ".." => assert!(segments.pop().is_some(), "{page}: {link} leads out of the site"),
            "." | "" => {}
            segment => segments.push(segment),
        }
    }
    if link.ends_with('/') || link.is_empty() {
        segments.push("index.html");
    }
    segments.join("/")
}

/// The patterns that harvesters are known to look for, with how they clean a page before it.
const HARVESTERS: [(&str, &str); 3] = [
    ("the usual one", r"[a-zA-Z0-9._%+-]+@[a-zA-Z0-9.-]+\.[A-Za-z]{2,}"),
    ("word characters", r"[\w.]+@[\w.]+"),
    ("links only", r#"mailto:([^"'>?\s]+@[^"'>?\s]+)"#),
];

#[test]
fn harvesters_find_addresses_that_all_look_real() {
    let made = generated(&["--pages", "300", "--contacts", "3-12"]);
    let files = files(&made.site);
    let valid = Regex::new(r"^[a-z][a-z0-9]*(\.[a-z0-9]+)*@example\.net$").unwrap();
    for (which, pattern) in HARVESTERS {
        let pattern = Regex::new(pattern).unwrap();
        let mut all = BTreeSet::new();
        for (name, text) in pages(&files) {
            let found: BTreeSet<String> = pattern
                .captures_iter(text)
                .map(|found| found.get(1).or(found.get(0)).unwrap().as_str().to_owned())
                .collect();
            assert!(found.len() <= 12, "{which}: {name}: {found:?}");
            for address in &found {
                assert!(valid.is_match(address), "{which}: {name}: {address}");
                let local = address.split('@').next().unwrap();
                assert!((5..=40).contains(&local.len()), "{address}");
                for word in ["spam", "trap", "honey", "abuse", "noreply", "test", "admin", "sundew"] {
                    assert!(!local.contains(word), "{address}");
                }
            }
            all.extend(found);
        }
        // Some are shown as entities or in words, and the organisation's own people on several pages.
        let least = if which == "links only" { 300 } else { 500 };
        assert!(all.len() > least, "{which}: only {}", all.len());
    }
}

#[test]
fn a_browser_shows_the_addresses_that_bytes_do_not() {
    let made = generated(&["--pages", "200", "--contacts", "8"]);
    let files = files(&made.site);
    let address = Regex::new(r"[a-z0-9.]+@example\.net").unwrap();
    let spelled = Regex::new(r"[a-z0-9.]+ ?\W?at\W? ?example ?\W?dot\W? ?net").unwrap();
    let (mut bytes, mut shown, mut words) = (0, 0, 0);
    for (_, text) in pages(&files) {
        let parsed = Parsed::of(text);
        let read = [parsed.text_of("body"), parsed.attribute("a", "href").join(" ")].concat();
        let count = |text: &str| {
            address.find_iter(text).map(|found| found.as_str().to_owned()).collect::<BTreeSet<_>>().len()
        };
        bytes += count(text);
        shown += count(&read);
        words += spelled.find_iter(&parsed.text_of("body")).count();
    }
    assert!(shown > bytes && (shown - bytes) * 4 < bytes, "{shown} addresses are shown, {bytes} as they are");
    assert!(words * 20 > bytes && words * 5 < bytes, "{words} addresses in words, {bytes} as they are");
}

/// The commonest of all: the text of a page without its tags, and a pattern.
#[test]
fn addresses_stand_apart_from_what_is_beside_them() {
    let address = Regex::new(HARVESTERS[0].1).unwrap();
    let found =
        |text: &str| address.find_iter(text).map(|found| found.as_str().to_owned()).collect::<Vec<_>>();
    for language in ["en", "de", "fr"] {
        let (mut shown, mut right) = (0, 0);
        for secret in ["one", "two", "three", "four"] {
            let dir = Dir::new();
            dir.write("secret", format!("the secret of site number {secret}"));
            let site = dir.path("site");
            let ran =
                sundew(&dir, &["generate", site.to_str().unwrap(), "--pages", "90", "--language", language]);
            assert_eq!(ran.status, Some(0), "{}", ran.stderr);
            for (name, text) in pages(&files(&site)) {
                let texts = Parsed::of(text).texts_of("html");
                let mut left = found(&texts.concat());
                for address in texts.iter().flat_map(|text| found(text)) {
                    assert!(address.ends_with("@example.net"), "{name}: {address}");
                    shown += 1;
                    if let Some(at) = left.iter().position(|found| *found == address) {
                        left.swap_remove(at);
                        right += 1;
                    }
                }
            }
        }
        assert!(shown > 1_500 && right * 100 >= shown * 98, "{language}: {right} of {shown} come out right");
    }
}

#[test]
fn the_same_configuration_gives_the_same_bytes_and_another_secret_others() {
    let made = generated(&["--pages", "120"]);
    let before = files(&made.site);
    let again = sundew(&made.dir, &["generate", made.site.to_str().unwrap(), "--pages", "120"]);
    assert_eq!(again.status, Some(0), "{}", again.stderr);
    assert_eq!(files(&made.site), before);

    made.dir.write("secret", "another secret, as long as the first");
    sundew(&made.dir, &["generate", made.site.to_str().unwrap(), "--pages", "120"]);
    let other = files(&made.site);
    let common: Vec<_> = other.iter().filter(|(name, bytes)| before.get(*name) == Some(*bytes)).collect();
    assert!(
        common.iter().all(|(name, _)| *name == "robots.txt"),
        "{:?}",
        common.iter().map(|(name, _)| name).collect::<Vec<_>>()
    );
    assert!(
        fs::read_dir(made.dir.path("")).unwrap().all(|entry| !entry
            .unwrap()
            .file_name()
            .to_str()
            .unwrap()
            .ends_with(".new"))
    );
}

#[test]
fn dates_move_with_the_calendar_and_pages_keep_theirs() {
    let dir = Dir::new();
    let at = |date: &str| {
        let site = dir.path(date);
        let ran = sundew(&dir, &["generate", site.to_str().unwrap(), "--date", date, "--pages", "300"]);
        assert_eq!(ran.status, Some(0), "{}", ran.stderr);
        files(&site)
    };
    let (monday, sunday, spring) = (at("2026-11-23"), at("2026-11-29"), at("2027-03-01"));
    assert_eq!(monday, sunday, "a site changes on Mondays only");
    let news =
        |files: &BTreeMap<String, Vec<u8>>| files.keys().filter(|name| name.contains("/2027/")).count();
    assert_eq!(news(&monday), 0);
    assert!(news(&spring) > 5);
    let kept = monday.keys().filter(|name| spring.contains_key(*name)).count();
    assert!(kept * 10 > monday.len() * 8, "{kept} of {} pages are there in spring", monday.len());
}

#[test]
fn the_first_of_january_changes_nothing_that_was_there() {
    let dir = Dir::new();
    for language in ["en", "de", "fr"] {
        let at = |date: &str| {
            let site = dir.path(&format!("{language}-{date}"));
            let args = ["generate", site.to_str().unwrap(), "--date", date, "--language", language];
            let ran = sundew(&dir, &[&args[..], &["--pages", "1000"]].concat());
            assert_eq!(ran.status, Some(0), "{}", ran.stderr);
            files(&site)
        };
        let (before, after) = (at("2026-12-28"), at("2027-01-11"));
        let (before, after) = (pages(&before), pages(&after));
        assert_eq!((before.len(), after.len()), (1_000, 1_000));
        let after: BTreeMap<_, _> = after.into_iter().collect();
        let (mut changed, mut gone) = (Vec::new(), Vec::new());
        for (name, text) in before {
            match after.get(name) {
                None => gone.push(name),
                Some(&now) if now != text => changed.push(name),
                Some(_) => {}
            }
        }
        // The newest and the oldest of each of five sections have another neighbour, and the home page, six
        // pages of links and those of the years say what is new.
        assert!(changed.len() <= 5 * 2 + 1 + 6 + 4 * 2, "{language}: {} change: {changed:?}", changed.len());
        assert!(gone.len() <= 20, "{language}: {} are gone: {gone:?}", gone.len());
    }
}

#[test]
fn nothing_is_replaced_that_was_not_made_here() {
    let dir = Dir::new();
    let mine = dir.write("mine/thesis.html", "years of work");
    for place in ["mine", "mine/thesis.html", "not/there/at/all"] {
        let ran = sundew(&dir, &["generate", dir.path(place).to_str().unwrap(), "--pages", "20"]);
        assert_eq!((ran.status, ran.stdout.as_str()), (Some(100), ""), "{place}");
        assert!(ran.stderr.contains(place), "{}", ran.stderr);
    }
    assert_eq!(fs::read_to_string(&mine).unwrap(), "years of work");

    // A directory that was made here, and then another one in its place.
    let site = dir.path("site");
    let args = ["generate", site.to_str().unwrap(), "--pages", "20"];
    assert_eq!(sundew(&dir, &args).status, Some(0));
    fs::rename(&site, dir.path("elsewhere")).unwrap();
    dir.write("site/thesis.html", "years of work");
    assert_eq!(sundew(&dir, &args).status, Some(100));
    assert_eq!(fs::read_to_string(dir.path("site/thesis.html")).unwrap(), "years of work");

    fs::remove_dir_all(&site).unwrap();
    fs::create_dir(&site).unwrap();
    assert_eq!(sundew(&dir, &args).status, Some(0), "an empty directory is free");
    let endless = sundew(&dir, &["generate", site.to_str().unwrap(), "--pages", "0"]);
    assert_eq!(endless.status, Some(100));
    assert!(endless.stderr.contains("pages"), "{}", endless.stderr);
}

#[test]
fn a_name_with_markup_is_only_a_name() {
    let name = "Smith & Sons <script>alert(1)</script> \"Ltd\"";
    let made = generated(&["--pages", "40", "--company", name]);
    let files = files(&made.site);
    let home = Parsed::of(std::str::from_utf8(&files["index.html"]).unwrap());
    assert!(home.errors.is_empty() && home.text_of("body").contains(name), "{}", home.text_of("body"));
    assert!(pages(&files).iter().all(|(_, text)| Parsed::of(text).count("script") == 0));
}

#[test]
fn seasons_are_listed_with_what_is_due() {
    let dir = Dir::new();
    let list = |seasons: &str| {
        let secret = dir.write("secret", SECRET);
        dir.write("sundew.toml", format!("secret_file = {secret:?}\ndomains = [\"example.net\"]\n{seasons}"));
        sundew(&dir, &["seasons"])
    };
    let none = list("");
    assert_eq!(none.status, Some(0));
    assert!(none.stdout.contains("example.net") && none.stdout.contains("shown now"), "{}", none.stdout);

    let text = list(
        "[[season]]\ndomain = \"old.example\"\nfrom = 2020-01-01\nuntil = 2020-06-30\n\
         [[season]]\ndomain = \"new.example\"\nfrom = \"2020-07-01\"\nuntil = \"2020-12-31\"\nnumber = 9\n",
    )
    .stdout;
    let row =
        |domain: &str| text.lines().find(|line| line.contains(domain)).unwrap_or_else(|| panic!("{text}"));
    assert!(row("old.example").trim_start().starts_with("1 ") && row("old.example").ends_with("recognised"));
    assert!(row("new.example").trim_start().starts_with("9 ") && row("new.example").ends_with("overdue"));
    assert!(text.contains("Due: season 9 should have ended on 2020-12-31"), "{text}");

    let next = list("[[season]]\ndomain = \"far.example\"\nfrom = 2999-01-01\n").stdout;
    assert!(next.contains("to come") && next.contains("Next: season 1 at far.example"), "{next}");

    for (wrong, why) in [
        ("[[season]]\ndomain = \"a.example\"\n", "from"),
        ("[[season]]\ndomain = \"a.example\"\nfrom = 2026-02-30\n", "invalid date"),
        ("[[season]]\ndomain = \"a.example\"\nfrom = \"2026-02-30\"\n", "is not a day such as"),
        ("[[season]]\ndomain = \"a.example\"\nfrom = 2026-02-03\nuntil = 2026-01-01\n", "is before from"),
        ("[[season]]\ndomain = \"a.example\"\nfrom = 2026-02-03\ncolour = 1\n", "colour"),
        (
            "[[season]]\ndomain = \"a.example\"\nfrom = 2026-02-03\nnumber = 2\n\
             [[season]]\ndomain = \"b.example\"\nfrom = 2026-03-03\n",
            "two seasons have the number 2",
        ),
        ("[[season]]\ndomain = \"a.example\"\nfrom = 2026-02-03\nnumber = 64\n", "64"),
    ] {
        let ran = list(wrong);
        assert_eq!(ran.status, Some(100), "{wrong}");
        assert!(ran.stderr.contains(why) && ran.stderr.contains("sundew.toml:"), "{}", ran.stderr);
    }
}

#[test]
fn links_lead_to_the_site_and_one_pixel_has_the_colour_of_the_page() {
    let dir = Dir::new();
    let text = sundew(&dir, &["link", "--background", "#faf0e6"]).stdout;
    let html: Vec<&str> = text.lines().filter(|line| line.starts_with('<')).collect();
    assert_eq!(html.len(), 3, "{text}");
    for line in &html {
        let page = format!("<!DOCTYPE html><html lang=en><title>x</title><body><p>{line}</p></body></html>");
        let parsed = Parsed::of(&page);
        assert_eq!(parsed.errors, Vec::<String>::new(), "{line}");
        let links = parsed.attribute("a", "href");
        match line.starts_with("<script") {
            // A program that reads HTML sees no link; one that reads bytes does.
            true => assert!(links.is_empty() && line.contains("href=\"http://www.example.net/\"")),
            false => assert_eq!(links, ["http://www.example.net/"]),
        }
    }
    assert!(html[0].contains("%FA%F0%E6") && !html[0].contains("nofollow") && html[1].contains("nofollow"));
    let to = sundew(&dir, &["link", "--to", "https://www.example.org/a/"]).stdout;
    assert_eq!(to.matches("\"https://www.example.org/a/\"").count(), 3);
    let wrong = sundew(&dir, &["link", "--to", "javascript:alert(1)"]);
    assert_eq!((wrong.status, wrong.stdout.as_str()), (Some(100), ""));
}

#[test]
fn check_warns_of_a_robots_txt_that_says_something_else() {
    let dir = Dir::new();
    let open = dir.write("open.txt", "User-agent: *\nDisallow:\n");
    let shut = dir.write("shut.txt", "User-agent: *\nDisallow: /\n");
    let warned = |robots: &str, file: &Path| {
        let ran = sundew(&dir, &["--check", "--robots", robots, "--robots-txt", file.to_str().unwrap()]);
        assert_eq!(ran.status, Some(0), "{}", ran.stderr);
        ran.stdout.lines().any(|line| line.starts_with("# warning: robots_txt:"))
    };
    assert!(warned("disallow", &open) && warned("allow", &shut));
    assert!(!warned("allow", &open) && !warned("disallow", &shut));
    assert!(warned("disallow", &dir.path("none.txt")));
}

/// The pictures are kept in `target/screenshots`, for people to look at.
#[test]
fn pages_look_right_on_a_desk_and_on_a_phone() {
    for language in ["en", "de", "fr"] {
        let made = generated(&["--pages", "120", "--language", language]);
        let files = files(&made.site);
        let sheet = files.keys().find(|name| name.ends_with(".css")).unwrap();
        let css = (sheet.as_str(), std::str::from_utf8(&files[sheet]).unwrap());
        let all = pages(&files);
        let longest = all.iter().max_by_key(|(_, text)| text.len()).unwrap();
        let home = all.iter().find(|(name, _)| *name == "index.html").unwrap();
        for (name, text) in [home, longest].into_iter().take(if language == "en" { 2 } else { 1 }) {
            let url = format!("file://{}", made.site.join(name).display());
            let which = if *name == "index.html" { "home" } else { "long" };
            for (device, width, height) in [("desk", 1280, 1600), ("phone", 390, 2400)] {
                let name = format!("site-{language}-{which}-{device}");
                // One colour alone would take a few kilobytes.
                assert!(fs::metadata(browser::picture(&url, &name, width, height)).unwrap().len() > 25_000);
            }
            let shown = browser::width_of(&text.replace("../", ""), &[css], 390);
            assert!(shown <= 390, "{name} is {shown} pixels wide on a phone");
        }
    }
}

#[test]
fn a_terminal_sees_how_far_it_is() {
    let dir = Dir::new();
    dir.write("secret", SECRET);
    let config = dir.write("sundew.toml", format!("secret_file = {:?}\n", dir.path("secret")));
    let command = format!(
        "{SUNDEW} generate {} --pages 4000 --config {}",
        dir.path("site").display(),
        config.display()
    );
    let ran = run(Command::new(need("script")).args(["-qec", &command, "/dev/null"]), SOON);
    let bar = Regex::new(r"\d+/40\d\d files, \d+s left").unwrap();
    assert!(bar.find_iter(&ran.stdout).count() > 1, "{}", ran.stdout);
}
