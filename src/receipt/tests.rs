use super::*;
use crate::Rng;
use proptest::prelude::*;
use rand::SeedableRng as _;
use std::collections::BTreeSet;

mod guesses;

fn receipt() -> impl Strategy<Value = Receipt> {
    let style = proptest::sample::select(&Style::ALL[..]);
    (0..Receipt::SEASONS, style, 0..Receipt::VISITS, 0..Receipt::EACH)
        .prop_map(|(season, style, visit, nth)| Receipt { season, style, visit, nth })
}

fn language() -> impl Strategy<Value = Language> {
    proptest::sample::select(&Language::ALL[..])
}

/// For what is the same in all languages.
fn english(secret: &[u8]) -> Maker {
    Maker::new(secret, Language::English)
}

fn drawn(rng: &mut Rng) -> Receipt {
    Receipt::numbered(rng.random_range(0..RECEIPTS)).expect("all numbers below are receipts")
}

proptest! {
    #[test]
    fn every_receipt_comes_back(secret: Vec<u8>, receipt in receipt(), language in language()) {
        let maker = Maker::new(&secret, language);
        let person = maker.person(&receipt);
        prop_assert_eq!(maker.recognise(person.local.as_bytes()), Some(receipt), "{:?}", person);
        prop_assert_eq!(maker.read(person.local.as_bytes()), Some((language, receipt)), "{:?}", person);
        // The secret alone recognises it, whatever else is made with it.
        for other in Language::ALL {
            let other = Maker::new(&secret, other);
            prop_assert_eq!(other.recognise(person.local.as_bytes()), Some(receipt), "{:?}", person);
        }
        prop_assert_eq!(maker.person(&receipt), person);
    }

    #[test]
    fn every_address_is_one_that_people_have(
        secret: Vec<u8>, receipt in receipt(), language in language()
    ) {
        let Person { given, family, local } = Maker::new(&secret, language).person(&receipt);
        prop_assert!((SHORTEST..=LONGEST).contains(&local.len()), "{}", local);
        prop_assert!(local.starts_with(|first: char| first.is_ascii_lowercase()), "{}", local);
        prop_assert!(local.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'.')), "{}", local);
        prop_assert!(!local.contains("..") && !local.ends_with('.'), "{}", local);
        // What is displayed and what is in the address are of the same person.
        prop_assert!(given.starts_with(char::is_uppercase), "{}", given);
        prop_assert!(family.starts_with(char::is_uppercase), "{}", family);
        let [given, family] = [given, family].map(|name| names::folded(language, &name));
        let names = local.trim_end_matches(|last: char| last.is_ascii_digit());
        let parts: Vec<_> = names.split('.').collect();
        if parts.len() > 1 {
            for part in parts.iter().filter(|part| part.len() > 1) {
                prop_assert!(given.contains(part) || family.contains(part), "{}: {} {}", local, given, family);
            }
        } else {
            let last = names.ends_with(&family) || names[..names.len() - 1].ends_with(&family);
            prop_assert!(last && names.contains(&given[..1]), "{}: {} {}", local, given, family);
        }
    }

    #[test]
    fn what_is_shown_of_a_receipt_is_read(receipt in receipt()) {
        let text = receipt.to_string();
        prop_assert_eq!(text.parse(), Ok(receipt));
        prop_assert!(text.len() <= 22 && !text.contains(|c: char| c.is_whitespace() || c == '"'));
    }

    #[test]
    fn nothing_else_is_read_as_a_receipt(text in "s[0-9+]{1,3}\\.(mailto|text|cast|x)\\.[0-9a-fA-F+]{4,6}\\.[0-9+]{1,2}") {
        if let Ok(receipt) = text.parse::<Receipt>() {
            prop_assert_eq!(receipt.to_string(), text);
        }
    }

    #[test]
    fn mail_and_harvesters_may_change_an_address_a_little(
        receipt in receipt(), upper: u64, cut in "[-+_][ -~]{0,9}", dots in "\\.{0,3}"
    ) {
        let maker = english(b"secret");
        let local = maker.person(&receipt).local;
        let folded: String = local
            .chars()
            .enumerate()
            .map(|(at, c)| if upper >> (at % 64) & 1 == 1 { c.to_ascii_uppercase() } else { c })
            .collect();
        for changed in [
            folded.clone(),
            format!("{folded}{cut}"),
            format!("{dots}{folded}{dots}"),
            format!("\"{folded}\""),
            format!("\"{folded}{dots}\""),
            format!(" {folded} "),
        ] {
            prop_assert_eq!(maker.recognise(changed.as_bytes()), Some(receipt), "{}", changed);
        }
    }

    #[test]
    fn any_bytes_are_judged(local in proptest::collection::vec(any::<u8>(), 0..80)) {
        let maker = english(b"secret");
        if let Some(receipt) = maker.recognise(&local) {
            let person = maker.person(&receipt);
            prop_assert_eq!(Some(person.local.into_bytes()), plain(&local));
        }
    }
}

#[test]
fn the_largest_and_the_smallest_come_back() {
    let maker = english(b"");
    for season in [0, 63] {
        for style in Style::ALL {
            for (visit, nth) in [(0, 0), (Receipt::VISITS - 1, 7)] {
                let receipt = Receipt { season, style, visit, nth };
                assert_eq!(maker.recognise(maker.person(&receipt).local.as_bytes()), Some(receipt));
            }
        }
    }
    // What is too large loses its upper bits, rather than anything else.
    let large = Receipt { season: 64, style: Style::Cast, visit: Receipt::VISITS + 5, nth: 9 };
    let small = Receipt { season: 0, style: Style::Cast, visit: 5, nth: 1 };
    assert_eq!(maker.person(&large), maker.person(&small));
}

#[test]
fn no_two_receipts_have_the_same_address() {
    let mut rng = Rng::seed_from_u64(1);
    let near = (0..4_000).filter_map(|number| Receipt::numbered(number * 3));
    let far = std::iter::repeat_with(|| drawn(&mut rng)).take(4_000);
    let receipts: BTreeSet<u32> = near.chain(far).map(Receipt::number).collect();
    let makers = Language::ALL.map(|language| Maker::new(b"secret", language));
    let locals: BTreeSet<String> = receipts
        .iter()
        .filter_map(|&number| Receipt::numbered(number))
        .flat_map(|receipt| makers.iter().map(move |maker| maker.person(&receipt).local))
        .collect();
    assert_eq!(locals.len(), receipts.len() * makers.len());
}

/// Where two languages would make the same address, it is that of the first, and the other has another one.
/// It is a rare case: these were found among some millions.
#[test]
fn an_address_that_two_languages_could_make_belongs_to_the_first() {
    for (language, receipt, local, first, theirs) in [
        (Language::German, "s0.mailto.46bc0.1", "lskastein071050", Language::English, "s32.text.36dd2.1"),
        (
            Language::French,
            "s0.mailto.868d7.0",
            "gaylord.g.brillon26",
            Language::English,
            "s9.mailto.a456b.0",
        ),
        (Language::French, "s0.mailto.7674d.0", "stevenkloster062691", Language::German, "s9.text.bd3dc.2"),
    ] {
        let maker = Maker::new(b"secret", language);
        let (receipt, theirs): (Receipt, Receipt) = (receipt.parse().unwrap(), theirs.parse().unwrap());
        // Without the other languages it would be there.
        let (_, tongue) = maker.tongue();
        assert_eq!(tongue.read(local.as_bytes(), &[]), Some(receipt), "{local}");
        assert_eq!(maker.read(local.as_bytes()), Some((first, theirs)), "{local}");
        assert_eq!(Maker::new(b"secret", first).person(&theirs).local, local);
        let moved = maker.person(&receipt).local;
        assert_ne!(moved, local);
        assert_eq!(maker.read(moved.as_bytes()), Some((language, receipt)), "{moved}");
    }
}

#[test]
fn another_secret_makes_others_and_recognises_none_of_these() {
    let (ours, theirs) = (english(b"ours"), english(b"theirs"));
    let receipts = (0..500).filter_map(Receipt::numbered);
    let taken = receipts
        .filter(|receipt| {
            let person = ours.person(receipt);
            assert_ne!(person, theirs.person(receipt));
            theirs.recognise(person.local.as_bytes()).is_some()
        })
        .count();
    assert!(taken <= 2, "{taken} of 500");
}

#[test]
fn hostile_local_parts_are_judged_at_once() {
    let maker = english(b"secret");
    let local = maker.person(&Receipt { season: 1, style: Style::Text, visit: 7, nth: 0 }).local;
    let many = |part: &str| part.repeat((1 << 20) / part.len());
    for hostile in [
        String::new(),
        many("a"),
        many("."),
        many("0"),
        many("\""),
        many("ann"),
        many("a."),
        many(&local),
        format!("{local}{}", many("1")),
        format!("{}{local}", many("x")),
        "\"".to_owned(),
        "\"\"".to_owned(),
        "-".to_owned(),
        "123".to_owned(),
        "....".to_owned(),
        format!("{local}\0"),
        format!("{local}é"),
        "än.berger84".to_owned(),
    ] {
        assert_eq!(maker.recognise(hostile.as_bytes()), None, "{:.40}", hostile);
    }
    assert_eq!(maker.recognise(&[0xff; 30]), None);
    // Only what is behind the sign is long.
    assert!(maker.recognise(format!("{local}+{}", many("x")).as_bytes()).is_some());
}

#[test]
fn names_and_addresses_give_nothing_away() {
    let words = ["spam", "trap", "honey", "abuse", "reply", "test", "admin", "fuck", "sex"];
    let mut rng = Rng::seed_from_u64(2);
    for maker in Language::ALL.map(|language| Maker::new(b"secret", language)) {
        for _ in 0..2_000 {
            let person = maker.person(&drawn(&mut rng));
            assert!(words.iter().all(|word| !person.local.contains(word)), "{}", person.local);
        }
    }
}

#[test]
fn a_page_of_neighbours_looks_as_mixed_as_any() {
    // Neither the visit nor the number on the page shows in the form of an address.
    let maker = english(b"secret");
    let forms: BTreeSet<usize> = (0..8)
        .map(|nth| maker.person(&Receipt { season: 0, style: Style::Text, visit: 0, nth }).local)
        .map(|local| space::of(Language::English).place(local.as_bytes()).unwrap().cell.number())
        .collect();
    assert!(forms.len() >= 6, "{forms:?}");
}

#[test]
fn only_addresses_at_our_domains_are_receipts() {
    let receipt = Receipt { season: 3, style: Style::Mailto, visit: 0x0a3f1, nth: 2 };
    let maker = english(b"secret");
    let local = maker.person(&receipt).local;
    let at = |domains: &[&str], address: &str| {
        let domains = domains.iter().map(|&domain| domain.to_owned()).collect();
        let receipts = Receipts { maker: maker.clone(), domains };
        receipts.receipt(address.as_bytes()).map(|plain| plain.as_str().to_owned())
    };
    let ours = ["example.org", "example.net"];
    let shown = Some("s3.mailto.0a3f1.2".to_owned());
    assert_eq!(at(&ours, &format!("{local}@example.org")), shown);
    assert_eq!(at(&ours, &format!("{}@EXAMPLE.NET", local.to_uppercase())), shown);
    assert_eq!(at(&ours, &format!("\"{local}\"@example.org.")), shown);
    assert_eq!(at(&[], &format!("{local}@example.com")), shown);
    for other in [
        format!("{local}@example.com"),
        format!("{local}@"),
        local.clone(),
        format!("x{local}@example.org"),
        "@example.org".to_owned(),
        "@".to_owned(),
        String::new(),
    ] {
        assert_eq!(at(&ours, &other), None, "{other}");
    }
}

/// Addresses that were issued are recognised for ever: if this test fails, they would not be any more.
#[test]
fn what_was_issued_once_is_issued_still() {
    for (language, issued) in [
        (Language::English, ISSUED),
        (Language::German, ISSUED_IN_GERMAN),
        (Language::French, ISSUED_IN_FRENCH),
    ] {
        let maker = Maker::new(b"a secret of sixteen bytes or more", language);
        for (word, local) in issued {
            let receipt: Receipt = word.parse().unwrap();
            assert_eq!(maker.person(&receipt).local, local, "{word}");
            assert_eq!(maker.recognise(local.as_bytes()), Some(receipt), "{local}");
        }
    }
}

type Issues = [(&'static str, &'static str); 8];

const ISSUED: Issues = [
    ("s0.mailto.00000.0", "lamonica.boucherreber"),
    ("s0.text.00001.1", "xia.delma.knupp32"),
    ("s1.entity.0a3f1.2", "ron.lorenzo.straus70"),
    ("s2.spelled.12345.3", "tho.i.peck953"),
    ("s7.mailbox.fffff.4", "kattie.brincott0503"),
    ("s31.cast.00007.5", "marcus.alina.c81"),
    ("s62.cast.80000.6", "sherry.maude.snowerley14"),
    ("s63.mailto.fffff.7", "shenita.weedenramsmore"),
];

const ISSUED_IN_GERMAN: Issues = [
    ("s0.mailto.00000.0", "damiano.g.feig840"),
    ("s0.text.00001.1", "hansjuerg.mohring.kallweiler55"),
    ("s1.entity.0a3f1.2", "lucherbstkerner040281"),
    ("s2.spelled.12345.3", "mette.wechterhallstock"),
    ("s7.mailbox.fffff.4", "hansmartingkleiser1987"),
    ("s31.cast.00007.5", "selena.gahring081659"),
    ("s62.cast.80000.6", "jane.neubig.haeusler52"),
    ("s63.mailto.fffff.7", "sabinemiriamstuder96"),
];

const ISSUED_IN_FRENCH: Issues = [
    ("s0.mailto.00000.0", "henry.lecardonnel.troubat"),
    ("s0.text.00001.1", "ferdinand.m.boinac1951"),
    ("s1.entity.0a3f1.2", "mariececile.villemisson311"),
    ("s2.spelled.12345.3", "seher.m.danelle98"),
    ("s7.mailbox.fffff.4", "ericka.rulland042877"),
    ("s31.cast.00007.5", "edgar.averty.desmaisons"),
    ("s62.cast.80000.6", "albert.flavien.battelot"),
    ("s63.mailto.fffff.7", "hicham.d.fenech608"),
];
