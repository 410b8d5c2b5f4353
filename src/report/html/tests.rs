//! The page on paper: complete, closed, and nothing of a peer in it as it came.

use super::*;
use crate::report::sample;
use crate::report::summary::By;

fn page(summary: &Summary) -> String {
    render(summary, &Looks { title: "Tarpit <of> \"Ours\" & mine".to_owned() })
}

/// Every element that is opened is closed, in its order.
fn balanced(html: &str) {
    const VOID: [&str; 2] = ["meta", "!DOCTYPE"];
    let mut open: Vec<&str> = Vec::new();
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        let tag = &rest[at + 1..at + rest[at..].find('>').expect("every < has its >")];
        rest = &rest[at + 1 + tag.len()..];
        let name = tag.split([' ', '/', '\n']).find(|part| !part.is_empty()).unwrap_or_default();
        match () {
            () if tag.starts_with('/') => assert_eq!(open.pop(), Some(name), "{name} closes another one"),
            () if tag.ends_with('/') || VOID.contains(&name) => {}
            () => open.push(name),
        }
    }
    assert!(open.is_empty(), "left open: {open:?}");
}

#[test]
fn every_part_is_there_and_every_element_closed() {
    let html = page(&sample::summary());
    balanced(&html);
    let mut at = 0;
    for (anchor, ..) in PARTS {
        let here =
            html.find(&format!("<h2 id=\"{anchor}\">")).unwrap_or_else(|| panic!("{anchor} is missing"));
        assert!(here > at, "{anchor} is not in its place");
        at = here;
    }
    // The original's columns come first and in its order.
    let heads: Vec<&str> = html
        .split("<th scope=\"col\" class=\"")
        .skip(1)
        .take(7)
        .filter_map(|head| head.split(['>', '<']).nth(1))
        .collect();
    let his = [
        "Week starting",
        "Total seconds",
        "Total hours",
        "Longest (hours)",
        "Hits",
        "Mail from:&lt;&gt;",
        "Rcpt to",
    ];
    assert_eq!(heads, his);
    assert!(
        html.contains("<td class=\"w\">2026-11-23</td><td class=\"n\">586,400</td><td class=\"n\">162</td>"),
        "{html}"
    );
}

#[test]
fn nothing_of_a_peer_is_markup() {
    let html = page(&sample::summary());
    for text in ["<script", "<b>No space", "<i>anna", "<x>", "<harvest>", "<of>"] {
        assert!(!html.contains(text), "{text}");
    }
    assert!(html.contains("&lt;script&gt;alert(1)&lt;/script&gt;"));
    assert!(html.contains("&lt;i&gt;anna&lt;/i&gt;"));
}

#[test]
fn the_page_asks_for_nothing() {
    let html = page(&sample::summary());
    for word in [
        "src=",
        "href=\"h",
        "url(",
        "@import",
        "<link",
        "<img",
        "<iframe",
        "<object",
        "onload",
        "javascript:",
        "<use",
        "<image",
    ] {
        assert!(!html.contains(word), "{word}");
    }
    // What names the kind of the drawings is no address.
    assert_eq!(
        html.matches("http").count(),
        html.matches("xmlns=\"http://www.w3.org/2000/svg\"").count() + html.matches("http-equiv").count()
    );
}

#[test]
fn no_data_is_said_gracefully() {
    let html = page(&sample::empty());
    balanced(&html);
    assert!(html.contains("The log is empty.") && !html.contains("NaN") && !html.contains("inf"));
    // All services, and nothing happened.
    let mut summary = sample::summary();
    for facts in &mut summary.services {
        *facts = crate::report::summary::ServiceFacts {
            service: facts.service,
            total: Default::default(),
            weeks: Vec::new(),
            days: Vec::new(),
            months: Vec::new(),
            before: None,
            hours: [[0; 24]; 7],
            processes: Default::default(),
            stages: Vec::new(),
            reasons: Vec::new(),
            refusals: Vec::new(),
            kinds: Vec::new(),
            tools: Vec::new(),
            profiles: Vec::new(),
            gaveup: Default::default(),
            users: Vec::new(),
            open: 0,
            killed: 0,
        };
    }
    summary.sources.clear();
    summary.networks.clear();
    summary.mails = Default::default();
    summary.harvest = sample::empty().harvest;
    let html = page(&summary);
    balanced(&html);
    assert!(!html.contains("NaN") && !html.contains("inf"));
}

#[test]
fn days_and_months_have_their_tables_too() {
    for (by, first) in [(By::Day, "2026-11-17"), (By::Month, "2026-11")] {
        let mut summary = sample::summary();
        summary.settings.by = by;
        assert!(page(&summary).contains(&format!("<td class=\"w\">{first}</td>")));
    }
}
