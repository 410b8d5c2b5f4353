//! What is never listed, because nobody out there can have such an address.

use crate::config::Network;
use std::net::IpAddr;

/// The special-purpose networks (RFC 6890 and the registries of IANA): in a list they could only be the
/// operator's own.
pub const NETWORKS: &[&str] = &[
    "0.0.0.0/8",
    // Private (RFC 1918), and shared by a carrier's customers (RFC 6598).
    "10.0.0.0/8",
    "172.16.0.0/12",
    "192.168.0.0/16",
    "100.64.0.0/10",
    // Loopback and link-local.
    "127.0.0.0/8",
    "169.254.0.0/16",
    // Protocols, relays and measurement.
    "192.0.0.0/24",
    "192.88.99.0/24",
    "198.18.0.0/15",
    // Documentation.
    "192.0.2.0/24",
    "198.51.100.0/24",
    "203.0.113.0/24",
    // Multicast, reserved and broadcast.
    "224.0.0.0/4",
    "240.0.0.0/4",
    // Of what is global in IPv6: protocols with Teredo, and documentation.
    "2001::/23",
    "2001:db8::/32",
    "3fff::/20",
];

/// The only part of IPv6 that is given to anybody (RFC 4291 2.4). Loopback, link-local, unique local,
/// multicast and mapped addresses are outside of it.
const GLOBAL: &str = "2000::/3";

/// In a 6to4 address (RFC 3056) the IPv4 address stands behind these bits.
const SIX_TO_FOUR: u16 = 0x2002;

/// The networks that are never listed.
pub fn networks() -> Vec<Network> {
    NETWORKS.iter().filter_map(|network| network.parse().ok()).collect()
}

/// Whether an address may be somebody's at all, besides what [`NETWORKS`] has.
pub fn may_be_a_stranger(address: IpAddr) -> bool {
    let IpAddr::V6(v6) = address.to_canonical() else { return true };
    let global = GLOBAL.parse().is_ok_and(|global: Network| global.contains(address));
    let [first, high, low, ..] = v6.segments();
    let [a, b] = high.to_be_bytes();
    let [c, d] = low.to_be_bytes();
    let inner = IpAddr::from([a, b, c, d]);
    global && !(first == SIX_TO_FOUR && networks().iter().any(|network| network.contains(inner)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_network_of_the_table_can_be_read() {
        assert_eq!(networks().len(), NETWORKS.len());
    }

    #[test]
    fn what_is_not_global_is_nobodys() {
        for address in
            ["::1", "::", "fe80::1", "fd00::1", "ff02::1", "64:ff9b::1", "2002:c0a8:101::1", "2002:7f00:1::"]
        {
            assert!(!may_be_a_stranger(address.parse().unwrap()), "{address}");
        }
        for address in ["2a00:1450::1", "2002:808:808::1", "8.8.8.8", "::ffff:8.8.8.8"] {
            assert!(may_be_a_stranger(address.parse().unwrap()), "{address}");
        }
    }
}
