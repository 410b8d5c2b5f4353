//! Receipts and visits as they stand in a line.

use crate::receipt::{Receipt, Style};

/// Reads `s3.mailto.0a3f1.2`, as [`Receipt`] writes it.
pub fn read(text: &[u8]) -> Option<Receipt> {
    let mut parts = text.strip_prefix(b"s")?.split(|byte| *byte == b'.');
    let season = match *parts.next()? {
        [ones] => digit(ones)?,
        [b'1'..=b'9', _] if text.len() > 2 => digit(text[1])? * 10 + digit(text[2])?,
        _ => return None,
    };
    let name = parts.next()?;
    let style = Style::ALL.into_iter().find(|style| style.as_str().as_bytes() == name)?;
    let visit = visit(parts.next()?)?;
    let [nth] = *parts.next()? else { return None };
    let nth = digit(nth)?;
    let sound = season < Receipt::SEASONS && nth < Receipt::EACH && parts.next().is_none();
    sound.then_some(Receipt { season, style, visit, nth })
}

fn digit(byte: u8) -> Option<u8> {
    byte.is_ascii_digit().then(|| byte - b'0')
}

/// A visit: five digits.
pub fn visit(digits: &[u8]) -> Option<u32> {
    let digits: &[u8; 5] = digits.try_into().ok()?;
    digits.iter().try_fold(0, |sum, digit| match digit {
        b'0'..=b'9' => Some(sum << 4 | u32::from(digit - b'0')),
        b'a'..=b'f' => Some(sum << 4 | u32::from(digit - b'a' + 10)),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn receipts_are_read_as_they_are_written(
            season in 0..64_u8, style in proptest::sample::select(Style::ALL.to_vec()), visit in 0..1_u32 << 20, nth in 0..8_u8,
        ) {
            let receipt = Receipt { season, style, visit, nth };
            prop_assert_eq!(read(receipt.to_string().as_bytes()), Some(receipt));
        }

        #[test]
        fn what_is_no_receipt_is_none(text in "s?[0-9+]{0,3}\\.(mailto|cast|x)\\.[0-9a-gA]{4,6}\\.[0-9]{0,2}") {
            prop_assert_eq!(read(text.as_bytes()), text.parse().ok());
        }
    }
}
