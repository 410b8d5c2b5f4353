//! What a page costs: CPU for 30 kB of it, made as a process of its own makes it, from the secret on.
//!
//! `cargo bench --bench page [PAGES]`; the target is at most 0.1 ms for 30 kB. The numbers are CPU time, so
//! that other work on the machine hardly changes them.

#![allow(clippy::disallowed_methods, clippy::disallowed_macros, reason = "a benchmark measures and prints")]

use nix::sys::resource::{UsageWho, getrusage};
use std::time::Duration;
use sundew::key::Key;
use sundew::names::Language;
use sundew::web::site::{Network, Plan, Robots, Site};

/// The page that DESIGN.md speaks of.
const PAGE: f64 = 30_000.0;

const TARGET_MS: f64 = 0.1;

fn plan(language: Language) -> Plan {
    Plan {
        key: Key::new("a secret for the benchmark"),
        season: 1,
        begins: None,
        host: "www.example.org".to_owned(),
        domain: "example.org".to_owned(),
        company: None,
        language,
        pages: 0,
        contacts: 4..=10,
        robots: Robots::Allow,
        today: "2026-11-26".parse().expect("a day"),
    }
}

fn cpu() -> Duration {
    let usage = getrusage(UsageWho::RUSAGE_SELF).expect("getrusage");
    let time = |value: nix::sys::time::TimeVal| {
        Duration::new(u64::try_from(value.tv_sec()).unwrap_or(0), 0)
            + Duration::from_micros(u64::try_from(value.tv_usec()).unwrap_or(0))
    };
    time(usage.user_time()) + time(usage.system_time())
}

fn main() {
    let pages = std::env::args().skip(1).find_map(|arg| arg.parse().ok()).unwrap_or(20_000_usize);
    println!(
        "{:<10} {:>8} {:>12} {:>14} {:>16}",
        "language", "pages", "mean size", "ms each", "ms for 30 kB"
    );
    for language in Language::ALL {
        let all: Vec<_> = Site::new(plan(language)).map().all().take(pages).collect();
        let (mut bytes, began) = (0, cpu());
        for (number, page) in all.iter().enumerate() {
            // Each request is a process of its own, so each page begins with the site.
            let network: Network = (number as u64).to_be_bytes();
            bytes += Site::new(plan(language)).document(*page, Some(network)).body.len();
        }
        let each = (cpu() - began).as_secs_f64() * 1e3 / all.len() as f64;
        let size = bytes as f64 / all.len() as f64;
        let whole = each * PAGE / size;
        let met = if whole <= TARGET_MS { "MET" } else { "MISSED" };
        println!(
            "{:<10} {:>8} {:>9.1} kB {each:>14.4} {whole:>16.4} {met}",
            language.as_str(),
            all.len(),
            size / 1e3
        );
    }
}
