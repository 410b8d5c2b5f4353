//! The secret of an installation, and what follows from it.
//!
//! Whatever must be the same on every visit, different on every installation, and unknown to those
//! who read our source is a keyed hash: HMAC-SHA256 (RFC 2104) of a purpose and the parts that it
//! depends on.

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

/// The secret of this installation.
#[derive(Clone, PartialEq, Eq)]
pub struct Key(Vec<u8>);

impl Key {
    pub fn new(secret: impl Into<Vec<u8>>) -> Self {
        Key(secret.into())
    }

    /// The hash of these parts for this purpose. Each part is counted, so that no other parts have the
    /// same bytes, and two purposes have nothing in common.
    pub fn mac(&self, purpose: &str, parts: &[&[u8]]) -> [u8; 32] {
        // HMAC takes keys of any length; the error is for other algorithms.
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&self.0) else { return [0; 32] };
        for part in std::iter::once(purpose.as_bytes()).chain(parts.iter().copied()) {
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part);
        }
        mac.finalize().into_bytes().into()
    }

    /// The same as a number.
    pub fn number(&self, purpose: &str, parts: &[&[u8]]) -> u64 {
        let [a, b, c, d, e, f, g, h, ..] = self.mac(purpose, parts);
        u64::from_be_bytes([a, b, c, d, e, f, g, h])
    }

    /// The bytes of the secret.
    pub fn secret(&self) -> &[u8] {
        &self.0
    }
}

/// A key is never shown.
impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Key(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    #[test]
    fn it_is_hmac_sha256_of_counted_parts() {
        // printf '\0\0\0\0\0\0\0\2up\0\0\0\0\0\0\0\1a' | openssl dgst -sha256 -hmac secret
        let mac = Key::new("secret").mac("up", &[b"a"]);
        assert_eq!(hex(&mac), "9b5997889d20b20403f58f457649077762513f9b43cb5db9e4964765c22d1a73");
    }

    #[test]
    fn parts_purposes_and_secrets_are_told_apart() {
        let key = Key::new("secret");
        let all = [
            key.mac("a", &[b"bc", b"d"]),
            key.mac("a", &[b"b", b"cd"]),
            key.mac("a", &[b"bcd"]),
            key.mac("ab", &[b"c", b"d"]),
            Key::new("secrets").mac("a", &[b"bc", b"d"]),
        ];
        for (at, one) in all.iter().enumerate() {
            assert!(all.iter().skip(at + 1).all(|other| one != other));
        }
        assert_eq!(format!("{key:?}"), "Key(..)");
    }
}
