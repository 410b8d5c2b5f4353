//! Receipts: any local part is judged, what is recognised is what was made, and what is made is
//! recognised, whatever the secret.
//!
//! The first byte is how many of the next are the secret; what is left is a receipt and a local part.

#![no_main]

use libfuzzer_sys::fuzz_target;
use sundew::names::Language;
use sundew::receipt::{Maker, Receipt, Style};

fuzz_target!(|data: &[u8]| {
    let [length, rest @ ..] = data else { return };
    let Some((secret, rest)) = rest.split_at_checked(usize::from(*length % 33)) else { return };
    let [season, style, nth, a, b, c, local @ ..] = rest else { return };
    // The upper bits of what needs only three of them are the language.
    let language = Language::ALL[usize::from(*nth >> 3) % Language::ALL.len()];
    let maker = Maker::new(secret, language);
    let receipt = Receipt {
        season: season % Receipt::SEASONS,
        style: Style::ALL[usize::from(*style) % Style::ALL.len()],
        visit: u32::from_be_bytes([0, *a, *b, *c]) % Receipt::VISITS,
        nth: nth % Receipt::EACH,
    };
    let person = maker.person(&receipt);
    assert!(person.local.len() <= 40 && !person.given.is_empty() && !person.family.is_empty(), "{person:?}");
    assert_eq!(maker.read(person.local.as_bytes()), Some((language, receipt)), "{person:?}");
    assert_eq!(receipt.to_string().parse(), Ok(receipt));

    if let Some((language, receipt)) = maker.read(local) {
        let made = Maker::new(secret, language).person(&receipt).local;
        let small = local.to_ascii_lowercase();
        assert!(small.windows(made.len()).any(|part| part == made.as_bytes()), "{made}");
    }
    if let Ok(receipt) = String::from_utf8_lossy(local).parse::<Receipt>() {
        assert_eq!(receipt.to_string().as_bytes(), local);
    }
});
