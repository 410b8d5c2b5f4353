//! Who came: mails per address, the top sources, where conversations end, what the peers are.

use super::chart::Ink;
use super::figures::{brief_ms, maybe_time, none, percent, share, time, time_ms, whole};
use super::graphs;
use super::held::figure;
use super::markup::{Align, Markup, Table};
use crate::report::Summary;
use crate::report::summary::{Service, ServiceFacts, Share, Source};
use std::collections::BTreeMap;
use std::fmt::Display;

/// How many mails each address sent.
pub fn mails(page: &mut Markup, summary: &Summary) {
    let mails = &summary.mails;
    page.section("mails", "Mails per address");
    if mails.addresses == 0 {
        page.paragraph("Nobody sent mail.");
        return;
    }
    let mut table = Table::new(&[
        ("", Align::Word),
        ("", Align::Number),
        ("Of addresses", Align::Number),
        ("Of mail", Align::Number),
    ]);
    let mut row = |name: &str, number, parts: [Option<f64>; 2]| {
        let [addresses, mail] = parts.map(|part| part.map_or_else(String::new, percent));
        table.push(vec![name.to_owned(), whole(number), addresses, mail]);
    };
    row("Mails", mails.mails, [None, None]);
    row("Addresses", mails.addresses, [None, None]);
    let ones = [share(mails.ones, mails.addresses), share(mails.ones, mails.mails)];
    row("With one mail", mails.ones, ones.map(Some));
    row("Largest from one", mails.largest, [None, Some(share(mails.largest, mails.mails))]);
    page.table(&table);
    let words =
        "Down: how many addresses sent so many mails. Across: mails from one address. Both logarithmic.";
    figure(page, &graphs::mails(&mails.spread), &[], words);
}

/// The sources that were held longest, as addresses and as networks.
pub fn sources(page: &mut Markup, summary: &Summary) {
    page.section("sources", "Top sources");
    let top = summary.settings.top;
    for (caption, sources) in
        [("By address", &summary.sources), ("By network: /24 of IPv4, /48 of IPv6", &summary.networks)]
    {
        let networks = sources.iter().any(|source| source.addresses > 1 || !source.net.is_host());
        let mut rows = table(networks).caption(format!(
            "{caption}: {} of {}, the longest held first.",
            whole(sources.len().min(top) as u64),
            whole(sources.len() as u64)
        ));
        for source in sources.iter().take(top) {
            rows.push(row(source, networks));
        }
        if !rows.is_empty() {
            page.table(&rows);
        }
    }
}

fn table(networks: bool) -> Table {
    let first = if networks { "Network" } else { "Address" };
    let columns = [
        (first, Align::Word),
        ("Addresses", Align::Number),
        ("Held", Align::Number),
        ("Longest", Align::Number),
        (Service::Smtarpit.title(), Align::Number),
        (Service::Tarpop.title(), Align::Number),
        (Service::Sundew.title(), Align::Number),
        ("Refused", Align::Number),
        ("Mails", Align::Number),
        ("Tries", Align::Number),
        ("Pages", Align::Number),
        ("First seen", Align::Word),
        ("Last seen", Align::Word),
    ];
    let kept: Vec<_> = columns
        .into_iter()
        .enumerate()
        .filter(|(at, _)| networks || *at != 1)
        .map(|(_, column)| column)
        .collect();
    Table::new(&kept)
}

fn row(source: &Source, networks: bool) -> Vec<String> {
    let [smtp, pop3, web] = source.hits.map(zero_as_dash);
    let mut row = vec![source.net.to_string()];
    if networks {
        row.push(whole(source.addresses));
    }
    row.extend([
        brief_ms(source.held_ms),
        brief_ms(source.longest_ms),
        smtp,
        pop3,
        web,
        zero_as_dash(source.refused),
        zero_as_dash(source.mails),
        zero_as_dash(source.logins),
        zero_as_dash(source.pages),
        source.first.format("%Y-%m-%d").to_string(),
        source.last.format("%Y-%m-%d").to_string(),
    ]);
    row
}

fn zero_as_dash(number: u64) -> String {
    if number == 0 { none() } else { whole(number) }
}

/// Networks that came to more than one service.
pub fn several(page: &mut Markup, summary: &Summary) {
    page.section("several", "Networks at more than one service");
    let count = summary.at_several().count();
    if count == 0 {
        page.paragraph("No network came to more than one service.");
        return;
    }
    let top = summary.settings.top;
    let caption =
        format!("{} of {}, the longest held first.", whole(count.min(top) as u64), whole(count as u64));
    let mut rows = table(true).caption(caption);
    for source in summary.at_several().take(top) {
        rows.push(row(source, true));
    }
    page.table(&rows);
}

/// Where conversations end, and who was at the other end.
pub fn conversations(page: &mut Markup, summary: &Summary) {
    page.section("conversations", "Where conversations end, and what the peers are");
    for facts in summary.services.iter().filter(|facts| facts.total.hits > 0) {
        page.heading(facts.service.title());
        page.raw("<div class=\"two\">");
        shares(page, "Stage", &facts.stages, summary.settings.top);
        shares(page, "Reason", &facts.reasons, summary.settings.top);
        shares(page, "Man or machine", &facts.kinds, summary.settings.top);
        shares(page, "Tool", &facts.tools, summary.settings.top);
        users(page, facts, summary.settings.top);
        page.raw("</div>");
        patience(page, facts);
        profiles(page, facts);
    }
}

fn shares<T: Display>(page: &mut Markup, what: &'static str, shares: &[Share<T>], top: usize) {
    let all: u64 = shares.iter().map(|row| row.connections).sum();
    if all == 0 {
        return;
    }
    let mut table = Table::new(&[
        (what, Align::Text),
        ("Connections", Align::Number),
        ("Share", Align::Number),
        ("", Align::Bar),
        ("Mean hold", Align::Number),
    ]);
    for row in shares.iter().take(top) {
        let part = share(row.connections, all);
        table.push(vec![
            row.what.to_string(),
            whole(row.connections),
            percent(part),
            format!("{:.1}", part * 100.0),
            brief_ms(row.held_ms / row.connections.max(1)),
        ]);
    }
    page.table(&table);
}

fn users(page: &mut Markup, facts: &ServiceFacts, top: usize) {
    let Some(most) = facts.users.iter().map(|(_, count)| *count).max() else { return };
    let mut table = Table::new(&[("User name", Align::Text), ("Tries", Align::Number), ("", Align::Bar)]);
    for (user, count) in facts.users.iter().take(top) {
        table.push(vec![user.to_string(), whole(*count), format!("{:.1}", share(*count, most) * 100.0)]);
    }
    page.table(&table);
}

/// How long peers wait for us before they leave, which tells their software.
fn patience(page: &mut Markup, facts: &ServiceFacts) {
    let all: u64 = facts.gaveup.values().sum();
    if all == 0 {
        return;
    }
    let peaks = peaks(&facts.gaveup);
    let words = "How long our last pause had lasted when peers left, and how many left in that second. Peaks are the fingerprints of their software.";
    figure(page, &graphs::gaveup(&facts.gaveup, &peaks), &[], words);
    let mut table = Table::new(&[
        ("Peers that leave after", Align::Word),
        ("Connections", Align::Number),
        ("Share", Align::Number),
    ]);
    for (seconds, count) in peaks {
        table.push(vec![time(seconds.into()), whole(count), percent(share(count, all))]);
    }
    if !table.is_empty() {
        page.table(&table);
    }
}

/// The seconds around which many more left than a little before and after, the highest first, each with
/// all who left within five per cent of it.
pub fn peaks(counts: &BTreeMap<u32, u64>) -> Vec<(u32, u64)> {
    const MOST: usize = 10;
    let all: u64 = counts.values().sum();
    // How many there are at most so far from a second, and in how many seconds.
    let around = |at: u32, far: u32| {
        let (from, to) = (at.saturating_sub(far), at.saturating_add(far));
        let count: u64 = counts.range(from..=to).map(|(_, count)| count).sum();
        (count, f64::from(to - from) + 1.0)
    };
    let mut order: Vec<(u32, u64)> = counts.iter().map(|(&at, &count)| (at, count)).collect();
    order.sort_by_key(|&(at, count)| (std::cmp::Reverse(count), at));
    let mut peaks: Vec<(u32, u64)> = Vec::new();
    for (at, _) in order {
        let near = (at / 5).max(2);
        if peaks.len() == MOST || peaks.iter().any(|&(peak, _)| peak.abs_diff(at) <= near) {
            continue;
        }
        let (sum, seconds) = around(at, (at / 20).max(1));
        let (wide, all_seconds) = around(at, (at / 3).max(3));
        let usual = (wide - sum) as f64 / (all_seconds - seconds).max(1.0) * seconds;
        if sum * 50 >= all && sum as f64 >= usual * 3.0 {
            peaks.push((at, sum));
        }
    }
    peaks.sort_by_key(|&(at, count)| (std::cmp::Reverse(count), at));
    peaks
}

fn profiles(page: &mut Markup, facts: &ServiceFacts) {
    if facts.profiles.len() < 2 {
        return;
    }
    let mut table = Table::new(&[
        ("Profile", Align::Text),
        ("Connections", Align::Number),
        ("Held", Align::Number),
        ("Mean", Align::Number),
        ("Median", Align::Number),
        ("p90", Align::Number),
        ("Longest", Align::Number),
    ]);
    for profile in &facts.profiles {
        table.push(vec![
            profile.name.to_string(),
            whole(profile.connections),
            time_ms(profile.held_ms),
            time_ms(profile.held_ms / profile.connections.max(1)),
            maybe_time(profile.holds.quantile(0.5)),
            maybe_time(profile.holds.quantile(0.9)),
            time_ms(profile.longest_ms),
        ]);
    }
    page.table(&table);
    let keys: Vec<(Ink, String)> =
        facts.profiles.iter().zip(Ink::LINES).map(|(profile, ink)| (ink, profile.name.to_string())).collect();
    let words = "Mean hold in minutes by the hour of day in which the connection began.";
    figure(page, &graphs::profiles(&facts.profiles), &keys, words);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn peaks_stand_out_of_what_is_around_them() {
        let mut counts: BTreeMap<u32, u64> = (1..1_000).map(|second| (second, 2)).collect();
        counts.insert(30, 500);
        counts.insert(31, 100);
        counts.insert(300, 250);
        let found: Vec<u32> = peaks(&counts).into_iter().map(|(at, _)| at).collect();
        assert_eq!(found, [30, 300]);
        assert!(peaks(&(1..1_000).map(|second| (second, 9)).collect()).is_empty());
        assert!(peaks(&BTreeMap::new()).is_empty());
        assert_eq!(peaks(&[(u32::MAX, 3), (0, 3)].into()).len(), 2);
    }
}
