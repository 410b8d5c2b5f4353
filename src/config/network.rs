//! Networks of peers: `192.0.2.0/24`, `2001:db8::/32`, or one address.

use std::fmt::{self, Display};
use std::net::IpAddr;
use std::str::FromStr;

/// A network, IPv4 or IPv6. A v4-mapped IPv6 network is the IPv4 network that it stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    /// How many bits of the address count.
    bits: u32,
}

impl Network {
    /// Whether this address is in the network; a v4-mapped one counts as the IPv4 address.
    pub fn contains(&self, peer: IpAddr) -> bool {
        match (self.address, peer.to_canonical()) {
            (IpAddr::V4(ours), IpAddr::V4(peer)) => {
                same(u128::from(ours.to_bits()) << 96, u128::from(peer.to_bits()) << 96, self.bits)
            }
            (IpAddr::V6(ours), IpAddr::V6(peer)) => same(ours.to_bits(), peer.to_bits(), self.bits),
            _ => false,
        }
    }

    /// Whether any address is both in this network and in the one with so many bits of an address.
    pub fn touches(&self, address: IpAddr, bits: u8) -> bool {
        let other = Network { address: address.to_canonical(), bits: bits.into() };
        match self.bits < other.bits {
            true => self.contains(other.address),
            false => other.contains(self.address),
        }
    }
}

/// Whether the first bits of two numbers are the same.
fn same(a: u128, b: u128, bits: u32) -> bool {
    (a ^ b) & mask(bits) == 0
}

fn mask(bits: u32) -> u128 {
    u128::MAX.checked_shl(128 - bits.min(128)).unwrap_or(0)
}

/// How many bits come before the IPv4 address in a v4-mapped one (RFC 4291 2.5.5.2).
const MAPPED: u32 = 96;

impl FromStr for Network {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("{text:?} is not a network such as 192.0.2.0/24 or 2001:db8::/32");
        let (address, bits) = text.split_once('/').map_or((text, None), |(a, b)| (a, Some(b)));
        let address: IpAddr = address.parse().map_err(|_| wrong())?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let bits = match bits {
            None => most,
            Some(bits) if bits.bytes().all(|b| b.is_ascii_digit()) => bits.parse().map_err(|_| wrong())?,
            Some(_) => return Err(wrong()),
        };
        if bits > most {
            return Err(wrong());
        }
        let (wide, shift) = match address {
            IpAddr::V4(v4) => (u128::from(v4.to_bits()), 96),
            IpAddr::V6(v6) => (v6.to_bits(), 0),
        };
        if (wide << shift) & !mask(bits) != 0 {
            // Cutting the address silently would allow more than the operator may have meant.
            return Err(format!("{text:?} has bits set beyond the first {bits}"));
        }
        match address {
            IpAddr::V6(v6) if bits >= MAPPED && v6.to_ipv4_mapped().is_some() => {
                Ok(Network { address: address.to_canonical(), bits: bits - MAPPED })
            }
            _ => Ok(Network { address, bits }),
        }
    }
}

impl Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.bits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv6Addr;

    fn has(network: &str, peer: &str) -> bool {
        network.parse::<Network>().unwrap().contains(peer.parse().unwrap())
    }

    #[test]
    fn networks_contain_their_addresses() {
        assert!(has("192.0.2.0/24", "192.0.2.255"));
        assert!(!has("192.0.2.0/24", "192.0.3.0"));
        assert!(has("192.0.2.7", "192.0.2.7"));
        assert!(!has("192.0.2.7", "192.0.2.6"));
        assert!(has("0.0.0.0/0", "255.255.255.255"));
        assert!(!has("0.0.0.0/0", "::1"));
        assert!(has("2001:db8::/32", "2001:db8:ffff::1"));
        assert!(!has("2001:db8::/32", "2001:db9::1"));
        assert!(has("::/0", "2001:db8::1"));
        assert!(has("::1", "::1"));
    }

    #[test]
    fn networks_touch_when_one_is_in_the_other() {
        let touches = |network: &str, address: &str, bits| {
            network.parse::<Network>().unwrap().touches(address.parse().unwrap(), bits)
        };
        assert!(touches("192.0.2.7", "192.0.2.0", 24) && touches("192.0.2.0/24", "192.0.2.7", 32));
        assert!(!touches("192.0.3.0/24", "192.0.2.0", 24) && !touches("::/0", "192.0.2.0", 24));
        assert!(touches("2001:db8::/32", "2001:db8:7::", 48) && !touches("2001:db9::1", "2001:db8::", 32));
    }

    #[test]
    fn mapped_addresses_are_ipv4() {
        assert!(has("192.0.2.0/24", "::ffff:192.0.2.1"));
        assert!(has("::ffff:192.0.2.0/120", "192.0.2.1"));
        assert!(has("::ffff:0.0.0.0/96", "192.0.2.1"));
        assert!(!has("::/0", "192.0.2.1"));
    }

    #[test]
    fn what_is_no_network_is_refused() {
        let error = |text: &str| text.parse::<Network>().unwrap_err();
        for text in [
            "",
            "localhost",
            "192.0.2",
            "192.0.2.0/33",
            "192.0.2.0/",
            "192.0.2.0/+8",
            "::/129",
            "::/-1",
            "1.2.3.4/8/8",
        ] {
            assert_eq!(
                error(text),
                format!("{text:?} is not a network such as 192.0.2.0/24 or 2001:db8::/32")
            );
        }
        assert_eq!(error("192.0.2.1/24"), "\"192.0.2.1/24\" has bits set beyond the first 24");
        assert_eq!(error("2001:db8::1/64"), "\"2001:db8::1/64\" has bits set beyond the first 64");
    }

    #[test]
    fn a_network_reads_what_it_shows() {
        for text in ["192.0.2.0/24", "0.0.0.0/0", "2001:db8::/32", "::1/128"] {
            assert_eq!(text.parse::<Network>().unwrap().to_string(), text);
        }
        let v6: Network = "::/0".parse().unwrap();
        assert_eq!(v6.address, IpAddr::V6(Ipv6Addr::UNSPECIFIED));
    }
}
