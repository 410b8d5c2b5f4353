//! Who is let in: nobody but the one pair of name and password that a network has earned.

use crate::event::Plain;
use crate::key::Key;
use crate::memory::{Memory, Rules};
use crate::sasl::Mechanism;
use chrono::{DateTime, FixedOffset};
use std::time::Duration;

/// How a login was tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// USER and PASS.
    Pass,
    Apop,
    Sasl(Mechanism),
}

/// One try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Try<'t> {
    pub user: &'t [u8],
    /// The password; with APOP and CRAM-MD5 the digest of one.
    pub password: &'t [u8],
    pub method: Method,
}

/// What becomes of a try.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Judged {
    pub accepted: bool,
    /// How many failures of the same network came shortly before this one.
    pub failures: u32,
    /// Names the mailbox of this network in the addresses that it shows; only with `accepted`.
    pub visit: Option<u32>,
}

/// Decides.
pub trait Gate {
    /// Judges a try, at this moment.
    fn judge(&mut self, tried: Try<'_>, wall: DateTime<FixedOffset>) -> Judged;
}

/// After so much quiet Dovecot forgets the failures of a network.
pub const QUIET: Duration = Duration::from_secs(29);

/// Lets in the pair that the network has earned.
pub struct Earned {
    pub memory: Memory,
    pub key: Key,
    /// The network, as [`crate::peer::network`] has it.
    pub network: [u8; 8],
    pub rules: Rules,
}

impl Gate for Earned {
    fn judge(&mut self, tried: Try<'_>, wall: DateTime<FixedOffset>) -> Judged {
        let digest = matches!(tried.method, Method::Apop | Method::Sasl(Mechanism::CramMd5));
        let known = !digest && !tried.user.is_empty() && !tried.password.is_empty();
        let pair = known.then(|| {
            let [half @ .., _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _] =
                self.key.mac("pair", &[&self.network, tried.user, tried.password]);
            half
        });
        let judgement = self.memory.judge(pair, self.rules, wall.timestamp());
        let visit = judgement.accepted.then(|| visit(&self.key, &self.network, tried.user));
        Judged { accepted: judgement.accepted, failures: judgement.failures, visit }
    }
}

/// How many bits name a visit.
const VISIT_BITS: u32 = 20;

/// What names a network's visits to a mailbox in the addresses that it finds there.
fn visit(key: &Key, network: &[u8], user: &[u8]) -> u32 {
    u32::try_from(key.number("visit", &[network, user]) >> (u64::BITS - VISIT_BITS)).unwrap_or_default()
}

/// At which different try the network earns a pair: a number from the range, the same on every visit.
pub fn earns_at(key: &Key, network: &[u8], from: u32, to: u32) -> u32 {
    let span = u64::from(to.saturating_sub(from)) + 1;
    from + u32::try_from(key.number("after", &[network]) % span).unwrap_or_default()
}

/// What the log may have of a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Passwords {
    /// A keyed hash.
    Hash,
    Nothing,
    Clear,
    /// How many bytes it has.
    Length,
}

impl Passwords {
    /// The password as the log may have it.
    pub fn show(self, key: &Key, password: &[u8]) -> Option<Plain> {
        let text = match self {
            Passwords::Nothing => return None,
            Passwords::Clear => return Some(Plain::from_peer(&[b"clear:", password].concat())),
            Passwords::Length => format!("length:{}", password.len()),
            Passwords::Hash => format!("hash:{:016x}", key.number("password", &[password])),
        };
        Some(Plain::from(text.as_str()))
    }
}

impl Method {
    /// The word for it in the log.
    pub fn as_str(self) -> &'static str {
        match self {
            Method::Pass => "USER",
            Method::Apop => "APOP",
            Method::Sasl(mechanism) => mechanism.as_str(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wall() -> DateTime<FixedOffset> {
        DateTime::UNIX_EPOCH.fixed_offset()
    }

    #[test]
    fn each_network_has_a_number_of_its_own_in_the_range() {
        let key = Key::new("a secret");
        let drawn: Vec<u32> = (0..200u8).map(|number| earns_at(&key, &[number], 3, 9)).collect();
        assert!((3..=9).all(|wanted| drawn.contains(&wanted)));
        assert!(drawn.iter().all(|number| (3..=9).contains(number)));
        assert_eq!(drawn, (0..200u8).map(|number| earns_at(&key, &[number], 3, 9)).collect::<Vec<_>>());
        assert_eq!(earns_at(&key, b"any", 0, 0), 0);
    }

    #[test]
    fn passwords_are_shown_as_the_operator_wants() {
        let (key, other) = (Key::new("a secret"), Key::new("another secret"));
        let show = |how: Passwords, key: &Key| how.show(key, b"hunter2\\\xff").map(|text| text.to_string());
        assert_eq!(show(Passwords::Nothing, &key), None);
        assert_eq!(show(Passwords::Length, &key).as_deref(), Some("length:9"));
        assert_eq!(show(Passwords::Clear, &key).as_deref(), Some("clear:hunter2\\\\\\xff"));
        let hash = show(Passwords::Hash, &key).unwrap();
        assert!(hash.starts_with("hash:") && !hash.contains("hunter"), "{hash}");
        assert_eq!(Some(hash.clone()), show(Passwords::Hash, &key));
        assert_ne!(Some(hash), show(Passwords::Hash, &other));
    }

    #[test]
    fn what_has_no_password_in_it_is_never_let_in() {
        let key = Key::new("a secret");
        let rules = Rules { after: 1, quiet: QUIET };
        let memory = Memory::alone();
        let mut gate = Earned { memory, key, network: [0; 8], rules };
        for (user, password, method) in [
            (&b""[..], &b"x"[..], Method::Pass),
            (b"x", b"", Method::Pass),
            (b"x", b"00", Method::Apop),
            (b"x", b"00", Method::Sasl(Mechanism::CramMd5)),
        ] {
            assert!(!gate.judge(Try { user, password, method }, wall()).accepted);
        }
    }
}
