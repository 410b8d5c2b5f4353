//! The forms of a list. Everything in them is ours: addresses, numbers and the name of the list, which
//! was looked at when it was given.

use super::{ListFormat, ListOptions};
use crate::report::summary::{Service, Source, rounded};
use chrono::{SecondsFormat, Utc};
use std::fmt::Write as _;

/// Writes a list.
pub fn list(entries: &[Source], options: &ListOptions) -> String {
    let mut out = String::new();
    // Writing into a string cannot fail.
    let _ = match options.format {
        ListFormat::Plain => plain(&mut out, entries),
        ListFormat::Rbldnsd => rbldnsd(&mut out, entries, options),
        ListFormat::Nftables => nftables(&mut out, entries, options),
        ListFormat::Ipset => ipset(&mut out, entries, options),
        ListFormat::Spamd => spamd(&mut out, entries, options),
        ListFormat::Abuseipdb => abuseipdb(&mut out, entries),
        ListFormat::Csv => csv(&mut out, entries),
    };
    out
}

type Written = std::fmt::Result;

fn is_v4(entry: &&Source) -> bool {
    entry.net.address().is_ipv4()
}

/// The entries of the two families.
fn families(entries: &[Source]) -> [Vec<&Source>; 2] {
    let (v4, v6) = entries.iter().partition(is_v4);
    [v4, v6]
}

/// A comment for whoever finds the file.
fn head(out: &mut String, entries: &[Source], options: &ListOptions, how: &str) -> Written {
    let made = options.now.with_timezone(&Utc).to_rfc3339_opts(SecondsFormat::Secs, true);
    let entries = so_many(entries.len() as u64, "entry", "entries");
    writeln!(out, "# {entries}, made by tarpit-report on {made}.\n# {how}")
}

fn plain(out: &mut String, entries: &[Source]) -> Written {
    entries.iter().try_for_each(|entry| writeln!(out, "{}", entry.net))
}

/// What an entry did, in one line.
fn story(entry: &Source) -> String {
    let seconds = rounded(entry.held_ms, 1000);
    let hits = so_many(entry.all_hits(), "connection", "connections");
    let mut said = format!("held {seconds} s in {hits} by a tarpit");
    let did = [
        (entry.mails, "mail", "mails"),
        (entry.logins, "try to log in", "tries to log in"),
        (entry.pages, "page", "pages"),
    ];
    for (count, one, more) in did.into_iter().filter(|(count, ..)| *count > 0) {
        let _ = write!(said, ", {}", so_many(count, one, more));
    }
    said
}

fn so_many(count: u64, one: &str, more: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { more })
}

/// Both families in one file, as a dataset of the type `combined`. rbldnsd answers no more when the list
/// is too old.
fn rbldnsd(out: &mut String, entries: &[Source], options: &ListOptions) -> Written {
    let how = format!(
        "rbldnsd -b ADDRESS/PORT ZONE:combined:FILE, with the name of the zone, as {}.example.org.",
        options.name
    );
    head(out, entries, options, &how)?;
    let made = options.now.with_timezone(&Utc).format("%Y:%m:%d:%H:%M:%S");
    writeln!(out, "$TIMESTAMP {made} +{}s", expire(options, i64::MAX))?;
    for (entries, kind) in families(entries).iter().zip(["ip4trie:v4", "ip6trie:v6"]) {
        writeln!(out, "$DATASET {kind} @\n:127.0.0.2:$ was held by a tarpit")?;
        for entry in entries {
            let last = entry.last.with_timezone(&Utc).format("%Y-%m-%d");
            writeln!(out, "{} :127.0.0.2:{}, last on {last}", entry.net, story(entry))?;
        }
    }
    Ok(())
}

/// What nft does with a file is done as a whole or not at all. The sets stay, so that rules that look into
/// them stay as well.
fn nftables(out: &mut String, entries: &[Source], options: &ListOptions) -> Written {
    let name = &options.name;
    head(
        out,
        entries,
        options,
        "nft -f FILE. It fills two sets; what is done with who is in them is up to rules such as",
    )?;
    writeln!(out, "#   add chain inet {name} input {{ type filter hook input priority filter; }}")?;
    for (family, number) in [("ip", 4), ("ip6", 6)] {
        writeln!(out, "#   add rule inet {name} input {family} saddr @{name}{number} tcp dport 25 drop")?;
    }
    writeln!(out, "add table inet {name}")?;
    for (entries, (number, kind)) in families(entries).iter().zip([(4, "ipv4_addr"), (6, "ipv6_addr")]) {
        let timeout = expire(options, i64::MAX);
        let set = format!("inet {name} {name}{number}");
        writeln!(out, "add set {set} {{ type {kind}; flags interval, timeout; }}\nflush set {set}")?;
        for part in entries.chunks(1_000) {
            writeln!(out, "add element {set} {{")?;
            part.iter().try_for_each(|entry| writeln!(out, "\t{} timeout {timeout}s,", entry.net))?;
            writeln!(out, "}}")?;
        }
    }
    Ok(())
}

/// The longest time that ipset knows, in seconds.
const IPSET_LONGEST: i64 = 2_147_483;

/// A new set is filled and takes the place of the old one at once. All its parameters are the same on
/// every day, because a set that exists with others cannot be created again.
fn ipset(out: &mut String, entries: &[Source], options: &ListOptions) -> Written {
    head(out, entries, options, "ipset -exist restore < FILE")?;
    let timeout = expire(options, IPSET_LONGEST);
    for (entries, (number, family)) in families(entries).iter().zip([(4, "inet"), (6, "inet6")]) {
        let set = format!("{}{number}", options.name);
        for set in [&set, &format!("{set}n")] {
            writeln!(out, "create {set} hash:net family {family} hashsize 1024 maxelem 1048576 timeout 0")?;
        }
        writeln!(out, "flush {set}n")?;
        entries.iter().try_for_each(|entry| writeln!(out, "add {set}n {} timeout {timeout}", entry.net))?;
        writeln!(out, "swap {set}n {set}\ndestroy {set}n")?;
    }
    Ok(())
}

/// How long an entry stays, in seconds.
fn expire(options: &ListOptions, most: i64) -> i64 {
    options.expire.num_seconds().clamp(1, most)
}

/// spamd knows IPv4 only.
fn spamd(out: &mut String, entries: &[Source], options: &ListOptions) -> Written {
    let how = format!(
        "In spamd.conf: {}:black:msg=\"Your address %A came to a spam trap\":method=file:file=FILE:",
        options.name
    );
    let v4: Vec<Source> = entries.iter().filter(is_v4).copied().collect();
    head(out, &v4, options, &how)?;
    plain(out, &v4)
}

/// The categories of AbuseIPDB: e-mail spam, brute force, bad web bot, port scan.
const CATEGORIES: [(Service, u8); 3] =
    [(Service::Smtarpit, 11), (Service::Tarpop, 18), (Service::Sundew, 19)];
const PORT_SCAN: u8 = 14;

/// The longest comment that AbuseIPDB takes, in bytes.
const COMMENT: usize = 1024;

/// What it did decides the categories; who did nothing after the banner has only looked for ports.
fn abuseipdb(out: &mut String, entries: &[Source]) -> Written {
    writeln!(out, "IP,Categories,ReportDate,Comment")?;
    for entry in entries {
        let did = [entry.mails + entry.rcpts, entry.logins, entry.pages];
        let did = CATEGORIES.iter().zip(did).filter(|(_, count)| *count > 0);
        let mut categories: Vec<String> = did.map(|((_, category), _)| category.to_string()).collect();
        if categories.is_empty() {
            categories.push(PORT_SCAN.to_string());
        }
        let mut comment = story(entry);
        // All of it is ASCII, so it can be cut anywhere.
        comment.truncate(COMMENT);
        let date = entry.last.to_rfc3339_opts(SecondsFormat::Secs, false);
        writeln!(out, "{},\"{}\",{date},\"{comment}\"", entry.net.address(), categories.join(","))?;
    }
    Ok(())
}

fn csv(out: &mut String, entries: &[Source]) -> Written {
    out.push_str("network,addresses,first,last");
    for service in Service::ALL {
        write!(out, ",{}", service.as_str())?;
    }
    out.push_str(",refused,held_seconds,longest_seconds,mails,rcpts,logins,pages\n");
    for entry in entries {
        let [first, last] =
            [entry.first, entry.last].map(|at| at.to_rfc3339_opts(SecondsFormat::Secs, false));
        write!(out, "{},{},{first},{last}", entry.net, entry.addresses)?;
        entry.hits.iter().try_for_each(|hits| write!(out, ",{hits}"))?;
        let [held, longest] = [entry.held_ms, entry.longest_ms].map(|ms| rounded(ms, 1000));
        let Source { refused, mails, rcpts, logins, pages, .. } = entry;
        writeln!(out, ",{refused},{held},{longest},{mails},{rcpts},{logins},{pages}")?;
    }
    Ok(())
}
