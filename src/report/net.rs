//! Networks as the report counts them: an IPv4 /24, an IPv6 /48, or one address.

use std::fmt::{self, Display};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// An address and how many of its bits count; the others are nought. A v4-mapped address is IPv4.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Net {
    address: IpAddr,
    bits: u8,
}

impl Net {
    /// How many bits of an address name the network that its holder is taken to have.
    pub const NETWORK: (u8, u8) = (24, 48);

    /// One address.
    pub fn host(address: IpAddr) -> Self {
        let address = address.to_canonical();
        Net { address, bits: if address.is_ipv4() { 32 } else { 128 } }
    }

    /// The /24 or /48 of an address.
    pub fn around(address: IpAddr) -> Self {
        Net::cut(address, Net::NETWORK)
    }

    /// The network of an address with so many bits, for IPv4 and for IPv6.
    pub fn cut(address: IpAddr, bits: (u8, u8)) -> Self {
        match address.to_canonical() {
            IpAddr::V4(v4) => {
                let bits = bits.0.min(32);
                let mask = u32::MAX.checked_shl(32 - u32::from(bits)).unwrap_or(0);
                Net { address: Ipv4Addr::from_bits(v4.to_bits() & mask).into(), bits }
            }
            IpAddr::V6(v6) => {
                let bits = bits.1.min(128);
                let mask = u128::MAX.checked_shl(128 - u32::from(bits)).unwrap_or(0);
                Net { address: Ipv6Addr::from_bits(v6.to_bits() & mask).into(), bits }
            }
        }
    }

    /// The first address.
    pub fn address(self) -> IpAddr {
        self.address
    }

    pub fn bits(self) -> u8 {
        self.bits
    }

    /// Whether it is one address.
    pub fn is_host(self) -> bool {
        self.bits == if self.address.is_ipv4() { 32 } else { 128 }
    }

    /// The /24 or /48 that it is part of.
    pub fn network(self) -> Self {
        let (v4, v6) = Net::NETWORK;
        Net::cut(self.address, (v4.min(self.bits), v6.min(self.bits)))
    }
}

/// `192.0.2.7` for one address, `192.0.2.0/24` for a network.
impl Display for Net {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.is_host() {
            true => f.pad(&self.address.to_string()),
            false => f.pad(&format!("{}/{}", self.address, self.bits)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn around(address: &str) -> String {
        Net::around(address.parse().unwrap()).to_string()
    }

    #[test]
    fn a_network_is_a_24_or_a_48() {
        assert_eq!(around("192.0.2.77"), "192.0.2.0/24");
        assert_eq!(around("2001:db8:1:2::3"), "2001:db8:1::/48");
        assert_eq!(around("::ffff:192.0.2.77"), "192.0.2.0/24");
    }

    #[test]
    fn one_address_is_shown_without_bits() {
        assert_eq!(Net::host("::ffff:192.0.2.77".parse().unwrap()).to_string(), "192.0.2.77");
        assert_eq!(Net::host("2001:db8::1".parse().unwrap()).to_string(), "2001:db8::1");
        assert!(!Net::cut("192.0.2.1".parse().unwrap(), (0, 0)).is_host());
    }
}
