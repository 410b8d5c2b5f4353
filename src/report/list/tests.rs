//! Who is listed, and who never is.

use super::*;
use crate::report::sample;
use proptest::prelude::*;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

fn options(format: ListFormat) -> ListOptions {
    ListOptions {
        format,
        min_held: 0,
        min_hits: 1,
        window: None,
        expire: TimeDelta::days(7),
        aggregate: None,
        exclude: Vec::new(),
        name: "tarpit".to_owned(),
        now: sample::at("2026-11-30T06:00:00+01:00"),
    }
}

/// A summary with these addresses: hours held, hits, and on which day of November last.
fn summary(rows: &[(&str, u64, u64, u32)]) -> Summary {
    let model = sample::summary().sources[0];
    let sources = rows.iter().map(|&(address, hours, hits, day)| Source {
        net: Net::host(address.parse().unwrap()),
        held_ms: hours * 3_600_000,
        hits: [hits, 0, 0],
        last: sample::at(&format!("2026-11-{day:02}T12:00:00+00:00")),
        ..model
    });
    Summary { sources: sources.collect(), ..sample::empty() }
}

fn plain(rows: &[(&str, u64, u64, u32)], change: impl Fn(&mut ListOptions)) -> Vec<String> {
    let mut options = options(ListFormat::Plain);
    change(&mut options);
    render(&summary(rows), &options).lines().map(str::to_owned).collect()
}

#[test]
fn thresholds_and_window_decide_who_is_listed() {
    let rows = [
        ("8.8.4.1", 10, 1, 29),
        ("8.8.4.2", 1, 9, 29),
        ("8.8.4.3", 10, 9, 2),
        ("2a00::1", 10, 9, 29),
        ("8.8.4.4", 9, 0, 29),
    ];
    assert_eq!(plain(&rows, |_| ()), ["8.8.4.1", "8.8.4.2", "8.8.4.3", "2a00::1"]);
    assert_eq!(plain(&rows, |options| options.min_hits = 9), ["8.8.4.2", "8.8.4.3", "2a00::1"]);
    assert_eq!(plain(&rows, |options| options.min_held = 36_000), ["8.8.4.1", "8.8.4.3", "2a00::1"]);
    assert_eq!(
        plain(&rows, |options| options.window = Some(TimeDelta::days(3))),
        ["8.8.4.1", "8.8.4.2", "2a00::1"]
    );
    assert!(plain(&[], |_| ()).is_empty());
}

#[test]
fn addresses_that_cannot_be_strangers_are_never_listed() {
    for address in [
        "127.0.0.1",
        "10.1.2.3",
        "172.31.0.1",
        "192.168.1.1",
        "100.127.0.1",
        "169.254.1.1",
        "0.0.0.0",
        "192.0.2.7",
        "198.51.100.1",
        "203.0.113.9",
        "224.0.0.1",
        "255.255.255.255",
        "::1",
        "::",
        "::ffff:10.0.0.1",
        "fe80::1",
        "fd12::1",
        "ff02::1",
        "2001:db8::1",
        "3fff::1",
        "2001::1",
        "2002:a00:1::1",
    ] {
        assert!(plain(&[(address, 100, 100, 29)], |_| ()).is_empty(), "{address}");
    }
    // A mapped address is the IPv4 address.
    assert_eq!(plain(&[("::ffff:8.8.8.8", 1, 1, 29)], |_| ()), ["8.8.8.8"]);
}

#[test]
fn an_excluded_network_is_never_listed() {
    let rows = [("8.8.4.1", 1, 1, 29), ("8.8.4.200", 1, 1, 29), ("2a00:1::1", 1, 1, 29)];
    let exclude = |options: &mut ListOptions| {
        options.exclude = ["8.8.4.128/25", "2a00:1::/32"].map(|n| n.parse().unwrap()).to_vec()
    };
    assert_eq!(plain(&rows, exclude), ["8.8.4.1"]);
}

#[test]
fn neighbours_become_their_network() {
    let rows = [
        ("8.8.4.1", 1, 1, 29),
        ("8.8.4.2", 1, 1, 29),
        ("8.8.5.1", 1, 1, 29),
        ("2a00:1:2:3::1", 1, 1, 29),
        ("2a00:1:2:4::1", 1, 1, 29),
    ];
    let two = |options: &mut ListOptions| options.aggregate = Some(2);
    assert_eq!(plain(&rows, two), ["8.8.4.0/24", "8.8.5.1", "2a00:1:2::/48"]);
    assert_eq!(
        plain(&rows, |options| options.aggregate = Some(1)),
        ["8.8.4.0/24", "8.8.5.1", "2a00:1:2::/48"]
    );
    assert_eq!(plain(&rows, |options| options.aggregate = Some(3)).len(), 5);
    // Who must not be listed keeps the whole network from it.
    let own = |options: &mut ListOptions| {
        (options.aggregate, options.exclude) = (Some(2), vec!["8.8.4.77".parse().unwrap()])
    };
    assert_eq!(plain(&rows, own), ["8.8.4.1", "8.8.4.2", "8.8.5.1", "2a00:1:2::/48"]);
}

#[test]
fn abuseipdb_gets_what_each_address_did() {
    let mut summary = summary(&[("8.8.4.1", 1, 1, 29), ("8.8.4.2", 1, 1, 29), ("8.8.4.3", 1, 1, 29)]);
    for (source, [mails, rcpts, logins, pages]) in
        summary.sources.iter_mut().zip([[2, 2, 0, 0], [0, 0, 0, 0], [1, 1, 5, 7]])
    {
        (source.mails, source.rcpts, source.logins, source.pages) = (mails, rcpts, logins, pages);
    }
    let options = ListOptions { aggregate: Some(2), ..options(ListFormat::Abuseipdb) };
    assert_eq!(
        render(&summary, &options),
        "IP,Categories,ReportDate,Comment\n\
         8.8.4.1,\"11\",2026-11-29T12:00:00+00:00,\"held 3600 s in 1 connection by a tarpit, 2 mails\"\n\
         8.8.4.2,\"14\",2026-11-29T12:00:00+00:00,\"held 3600 s in 1 connection by a tarpit\"\n\
         8.8.4.3,\"11,18,19\",2026-11-29T12:00:00+00:00,\
         \"held 3600 s in 1 connection by a tarpit, 1 mail, 5 tries to log in, 7 pages\"\n"
    );
}

#[test]
fn every_form_is_as_documented() {
    let summary = summary(&[("8.8.4.1", 1, 1, 29), ("2a00:1::1", 2, 3, 29)]);
    let made = |format| render(&summary, &options(format));
    let rbldnsd = made(ListFormat::Rbldnsd);
    assert!(
        rbldnsd.contains("\n$TIMESTAMP 2026:11:30:05:00:00 +604800s\n$DATASET ip4trie:v4 @\n"),
        "{rbldnsd}"
    );
    let csv = made(ListFormat::Csv);
    assert!(
        csv.contains(
            "\n8.8.4.1,1,2026-11-16T08:00:00+00:00,2026-11-29T12:00:00+00:00,1,0,0,1,3600,450000,30,60,0,2\n"
        ),
        "{csv}"
    );
    let spamd = made(ListFormat::Spamd);
    assert!(spamd.ends_with("\n8.8.4.1\n") && spamd.starts_with("# 1 entry,"), "{spamd}");
    let mut long = options(ListFormat::Ipset);
    long.expire = TimeDelta::days(3_650);
    assert!(render(&summary, &long).contains("add tarpit4n 8.8.4.1 timeout 2147483\n"));
}

proptest! {
    #[test]
    fn nothing_is_listed_that_must_not_be(
        v4 in proptest::collection::vec(any::<u32>(), 0..40),
        v6 in proptest::collection::vec(any::<u128>(), 0..20),
        aggregate in proptest::option::of(1_u64..4),
        excluded in any::<u32>(),
        bits in 0_u8..=32,
    ) {
        let addresses = v4.into_iter().map(|v4| IpAddr::from(Ipv4Addr::from_bits(v4)));
        let addresses = addresses.chain(v6.into_iter().map(|v6| Ipv6Addr::from_bits(v6).into()));
        let model = sample::summary().sources[0];
        let sources = addresses.map(|address| Source { net: Net::host(address), ..model }).collect();
        let summary = Summary { sources, ..sample::empty() };
        let excluded = Net::cut(Ipv4Addr::from_bits(excluded).into(), (bits, 0));
        let exclude: Network = excluded.to_string().parse().unwrap();
        let options = ListOptions { aggregate, exclude: vec![exclude], ..options(ListFormat::Plain) };
        for entry in entries(&summary, &options) {
            prop_assert!(!exclude.touches(entry.net.address(), entry.net.bits()));
            for network in never::networks() {
                prop_assert!(!network.touches(entry.net.address(), entry.net.bits()), "{} {network}", entry.net);
            }
        }
    }
}
