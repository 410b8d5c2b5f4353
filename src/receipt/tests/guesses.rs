//! What is invented is no receipt, and what is a receipt does not look like one.

#![allow(clippy::disallowed_macros, reason = "what is measured is reported on stdout")]

use super::*;
use std::collections::{BTreeMap, HashMap, HashSet};

/// What may be asked of our servers without having been issued.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Invented {
    /// Drawn as ours are, by somebody who has our program but not the secret.
    AsOurs(Language),
    /// Our lists and forms, all equally.
    OurLists(Language),
    /// As those who try names make them: common names in the common forms.
    Dictionary(Language),
    Role,
    Random,
}

const INVENTED: [Invented; 11] = [
    Invented::AsOurs(Language::English),
    Invented::AsOurs(Language::German),
    Invented::AsOurs(Language::French),
    Invented::OurLists(Language::English),
    Invented::OurLists(Language::German),
    Invented::OurLists(Language::French),
    Invented::Dictionary(Language::English),
    Invented::Dictionary(Language::German),
    Invented::Dictionary(Language::French),
    Invented::Role,
    Invented::Random,
];

const ROLES: [&str; 24] = [
    "info",
    "sales",
    "admin",
    "support",
    "contact",
    "office",
    "mail",
    "postmaster",
    "webmaster",
    "hostmaster",
    "abuse",
    "billing",
    "jobs",
    "hr",
    "marketing",
    "service",
    "help",
    "news",
    "press",
    "root",
    "test",
    "user",
    "accounts",
    "enquiries",
];

fn invent(kind: Invented, rng: &mut Rng) -> String {
    match kind {
        Invented::AsOurs(language) => {
            let space = space::of(language);
            let (cell, _) = space.cell(rng.random_range(0..RECEIPTS));
            space.spell(Place { cell, at: rng.random_range(0..space.size(cell)) }).local
        }
        Invented::OurLists(language) => {
            let space = space::of(language);
            let cell = space::Cell::drawn(rng);
            space.spell(Place { cell, at: rng.random_range(0..space.size(cell)) }).local
        }
        Invented::Dictionary(language) => {
            let names = language.names();
            let tiers = [0, 0, 1, 3, 3, 4];
            let given = &names.given[tiers[rng.random_range(0..tiers.len())]];
            let given = given.get(rng.random_range(0..given.len()));
            let family = &names.family[rng.random_range(0..2)];
            let family = family.get(rng.random_range(0..family.len()));
            let (g, f) = (&given[..1], &family[..1]);
            let name = match rng.random_range(0..9) {
                0 => given.to_owned(),
                1 => family.to_owned(),
                2 | 3 => format!("{given}.{family}"),
                4 => format!("{g}{family}"),
                5 => format!("{g}.{family}"),
                6 => format!("{given}{family}"),
                7 => format!("{given}{f}"),
                _ => format!("{family}.{given}"),
            };
            match rng.random_range(0..6) {
                0..3 => name,
                3 => format!("{name}{}", rng.random_range(1..100)),
                4 => format!("{name}{}", rng.random_range(1940..2010)),
                _ => format!("{name}{}", rng.random_range(1..1000)),
            }
        }
        Invented::Role => match rng.random_range(0..3) {
            0 => ROLES[rng.random_range(0..ROLES.len())].to_owned(),
            1 => format!("{}{}", ROLES[rng.random_range(0..ROLES.len())], rng.random_range(0..10_000)),
            _ => format!(
                "{}.{}",
                ROLES[rng.random_range(0..ROLES.len())],
                names::ENGLISH.family[2].get(rng.random_range(0..50_000))
            ),
        },
        Invented::Random => (0..rng.random_range(3..20))
            .map(|_| char::from(b"aaabcdeeefghiiijklmnooopqrstuuvwxyz..0123456789"[rng.random_range(0..47)]))
            .collect(),
    }
}

/// With `SUNDEW_TRIES=10000000 cargo test --release --lib receipt -- --nocapture` it is ten millions.
#[test]
fn what_is_invented_is_hardly_ever_taken_for_ours() {
    let tries: u32 = std::env::var("SUNDEW_TRIES").ok().and_then(|text| text.parse().ok()).unwrap_or(120_000);
    let threads = 2;
    let count = |seed| {
        let maker = english(b"secret");
        let mut rng = Rng::seed_from_u64(seed);
        let mut taken = HashMap::new();
        for kind in INVENTED {
            // Each only once: those who try names have few, and one that is ours would count often.
            let mut tried = HashSet::new();
            let each = tries / threads / u32::try_from(INVENTED.len()).unwrap();
            let locals =
                (0..each).map(|_| invent(kind, &mut rng)).filter(|local| tried.insert(local.clone()));
            let hits = locals.filter(|local| maker.recognise(local.as_bytes()).is_some()).count();
            taken.insert(kind, (u32::try_from(hits).unwrap(), u32::try_from(tried.len()).unwrap()));
        }
        taken
    };
    let counts: Vec<_> = std::thread::scope(|scope| {
        let running: Vec<_> = (0..threads).map(|seed| scope.spawn(move || count(seed.into()))).collect();
        running.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let mut all = (0, 0);
    for kind in INVENTED {
        let (taken, tried) =
            counts.iter().map(|count| count[&kind]).fold((0, 0), |a, b| (a.0 + b.0, a.1 + b.1));
        println!("{kind:?}: {taken} of {tried}");
        all = (all.0 + taken, all.1 + tried);
        // One in 8,000 at most is meant, and a little more where it could be of several languages. The test
        // allows for chance, which is much with so few.
        assert!(taken < tried / 4_000 + 6, "{kind:?}: {taken} of {tried}");
    }
    println!("all: {} of {}", all.0, all.1);
    assert!(all.0 < all.1 / 8_000 + 8, "{all:?}");
}

/// Tells two kinds of text apart by their trigrams, as naive Bayes does, having learnt from the first
/// half of each; the area under the ROC curve for the second half: 0.5 is chance.
fn told_apart(one: &[String], other: &[String]) -> f64 {
    let grams = |text: &str| {
        let padded: Vec<u8> = [b"^^", text.as_bytes(), b"$"].concat();
        padded.windows(3).map(|gram| [gram[0], gram[1], gram[2]]).collect::<Vec<_>>()
    };
    let learn = |texts: &[String]| {
        let mut counts = BTreeMap::<[u8; 3], f64>::new();
        for gram in texts.iter().flat_map(|text| grams(text)) {
            *counts.entry(gram).or_default() += 1.0;
        }
        let sum: f64 = counts.values().sum();
        (counts, sum)
    };
    let ((one, one_rest), (other, other_rest)) =
        (one.split_at(one.len() / 2), other.split_at(other.len() / 2));
    let ((one, one_sum), (other, other_sum)) = (learn(one), learn(other));
    let score = |text: &String| -> f64 {
        let of = |counts: &BTreeMap<_, f64>, sum: f64, gram| {
            ((counts.get(gram).copied().unwrap_or_default() + 0.5) / (sum + 5_000.0)).ln()
        };
        grams(text).iter().map(|gram| of(&one, one_sum, gram) - of(&other, other_sum, gram)).sum()
    };
    let mut scores: Vec<(f64, bool)> = one_rest.iter().map(|text| (score(text), true)).collect();
    scores.extend(other_rest.iter().map(|text| (score(text), false)));
    scores.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (mut below, mut pairs) = (0.0, 0.0);
    for (_, is_one) in &scores {
        if *is_one {
            pairs += below;
        } else {
            below += 1.0;
        }
    }
    pairs / (below * (scores.len() as f64 - below))
}

#[test]
fn cast_and_receipts_cannot_be_told_apart() {
    for language in Language::ALL {
        let people = |secret: &[u8], style: Option<Style>, seed| -> Vec<String> {
            let (maker, mut rng) = (Maker::new(secret, language), Rng::seed_from_u64(seed));
            std::iter::repeat_with(|| {
                let receipt = drawn(&mut rng);
                maker.person(&Receipt { season: 2, style: style.unwrap_or(receipt.style), ..receipt }).local
            })
            .take(3_500)
            .collect()
        };
        let cast = people(b"a", Some(Style::Cast), 1);
        let receipts = people(b"a", Some(Style::Mailto), 2);
        let elsewhere = people(b"b", None, 3);
        for (what, other) in [("receipts", &receipts), ("another installation", &elsewhere)] {
            let area = told_apart(&cast, other);
            println!("{language:?}: cast and {what}: AUC {area:.3}");
            assert!((0.45..0.55).contains(&area), "{language:?}: cast and {what}: {area}");
        }
        // The same classifier does tell what is different.
        let mut rng = Rng::seed_from_u64(4);
        let dictionary: Vec<String> =
            std::iter::repeat_with(|| invent(Invented::Dictionary(language), &mut rng)).take(3_500).collect();
        assert!(told_apart(&cast, &dictionary) > 0.8);
    }
}
