use super::*;

#[test]
fn every_receipt_comes_back() {
    let maker = Maker::new(b"secret");
    for visit in 0..60 {
        let receipt = Receipt { season: 1, style: Style::Text, visit, nth: 3 };
        assert_eq!(maker.recognise(maker.person(&receipt).local.as_bytes()), Some(receipt));
    }
}
