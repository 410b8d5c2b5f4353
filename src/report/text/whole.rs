//! What all programs have in common: who came, and the way from the harvest to the spam.

use super::table;
use super::{bar, counted, day, heading, length, length_ms, line, optional, percent, thousands};
use crate::report::Summary;
use crate::report::summary::{Harvest, Harvester, MailsPerAddress, Service, Source};

pub fn render(out: &mut String, summary: &Summary) {
    let top = summary.settings.top;
    mails(out, &summary.mails);
    if !summary.networks.is_empty() {
        heading(out, "Networks held longest");
        sources(out, summary.networks.iter().take(top));
    }
    if summary.at_several().next().is_some() {
        heading(out, "Networks that came to more than one program");
        sources(out, summary.at_several().take(top));
    }
    if summary.services.len() > 1 || !summary.harvest.receipts.is_empty() {
        harvest(out, &summary.harvest, top);
    }
    let input = &summary.input;
    line(out, "");
    line(
        out,
        format_args!(
            "{}, {} of them ours; {} came twice, {} could not be read.",
            counted(input.lines, "line", "lines"),
            thousands(input.events + input.duplicates + input.unparsed),
            thousands(input.duplicates),
            thousands(input.unparsed),
        ),
    );
}

/// How many mails each address sent.
fn mails(out: &mut String, facts: &MailsPerAddress) {
    if facts.mails == 0 {
        return;
    }
    heading(out, "Mails per address");
    line(out, format_args!(" {:>12}  attempts to send mail", thousands(facts.mails)));
    line(out, format_args!(" {:>12}  addresses that made them", thousands(facts.addresses)));
    line(
        out,
        format_args!(
            " {:>12}  addresses made one: {} % of addresses, {} % of mail",
            thousands(facts.ones),
            percent(facts.ones, facts.addresses),
            percent(facts.ones, facts.mails)
        ),
    );
    line(out, format_args!(" {:>12}  is the largest number from one address", thousands(facts.largest)));
    line(out, "");
    // Both axes are logarithmic: each row has twice the mails, each further column more addresses.
    let mut rows: Vec<(u64, u64, u64, u64)> = Vec::new();
    for (mails, addresses) in &facts.spread {
        let from = 1 << mails.ilog2();
        match rows.last_mut().filter(|row| row.0 == from) {
            Some(row) => {
                (row.2, row.3) = (row.2 + addresses, row.3.saturating_add(mails.saturating_mul(*addresses)))
            }
            None => {
                rows.push((from, from.saturating_mul(2) - 1, *addresses, mails.saturating_mul(*addresses)))
            }
        }
    }
    let most = rows.iter().map(|row| row.2).max().unwrap_or(1) as f64;
    let rows = rows.into_iter().map(|(from, to, addresses, mails)| {
        let range =
            if from == to { thousands(from) } else { format!("{}-{}", thousands(from), thousands(to)) };
        let length = (addresses as f64 + 1.0).ln() / (most + 1.0).ln() * 40.0;
        vec![range, thousands(addresses), percent(mails, facts.mails), bar(length as u64, 40, 40)]
    });
    table::write(out, &["mails", "addresses", "per cent|of mail", "<(logarithmic)"], rows);
}

fn sources<'s>(out: &mut String, sources: impl Iterator<Item = &'s Source>) {
    let rows = sources.map(|source| {
        let [smtp, pop3, web] = source.hits;
        vec![
            source.net.to_string(),
            length_ms(source.held_ms),
            thousands(smtp),
            thousands(pop3),
            thousands(web),
            thousands(source.mails),
            thousands(source.refused),
            day(source.last),
        ]
    });
    let headings =
        ["<network", "held", "hits|smtp", "hits|pop3", "hits|web", "mails", "refused", "last|seen"];
    table::write(out, &headings, rows);
}

/// From the harvest to the spam.
fn harvest(out: &mut String, harvest: &Harvest, top: usize) {
    heading(out, "From the harvest to the spam");
    let receipts = harvest.receipts.len() as u64;
    line(out, format_args!(" {:>10}  visits were shown addresses", thousands(harvest.visits)));
    line(out, format_args!(" {:>10}  addresses came back in RCPT", thousands(receipts)));
    let known = harvest.delays.len();
    if known > 0 {
        line(
            out,
            format_args!(
                " {:>10}  known delays to the first mail: median {}, 90 % below {}",
                thousands(known),
                optional(harvest.delays.quantile(0.5)),
                optional(harvest.delays.quantile(0.9))
            ),
        );
        delays(out, harvest);
    }
    if !harvest.harvesters.is_empty() {
        heading(out, "Harvesters whose addresses were used");
        let rows = harvest.harvesters.iter().take(top).map(|harvester| {
            vec![
                harvester.net.to_string(),
                day(harvester.first),
                thousands(harvester.visits),
                thousands(harvester.receipts),
                thousands(harvester.mails),
                optional(harvester.delay.map(|delay| delay as f64)),
                agent(harvester),
            ]
        });
        let headings =
            ["<network", "first|visit", "visits", "addresses|used", "mails", "first|mail after", "~agent"];
        table::write(out, &headings, rows);
    }
    if !harvest.receipts.is_empty() {
        heading(out, "Addresses used last");
        let rows = harvest.receipts.iter().take(top).map(|receipt| {
            let shown = receipt.shown.as_ref();
            let place = |service: Service| if service == Service::Tarpop { "mailbox" } else { "page" };
            vec![
                receipt.receipt.clone(),
                shown.map_or_else(
                    || "-".to_owned(),
                    |shown| format!("{} {}", day(shown.at), place(shown.service)),
                ),
                shown.map_or_else(|| "-".to_owned(), |shown| shown.to.to_string()),
                receipt.delay.map_or_else(|| "-".to_owned(), |delay| length(delay as f64)),
                thousands(receipt.mails),
                thousands(receipt.networks),
            ]
        });
        table::write(out, &["<receipt", "<shown", "~to", "delay", "mails", "networks"], rows);
        heading(out, "Ways to show an address, by what came back");
        let rows = harvest.styles.iter().map(|(style, receipts, mails)| {
            vec![style.as_str().to_owned(), thousands(*receipts), thousands(*mails)]
        });
        table::write(out, &["<way", "addresses", "mails"], rows);
    }
    if !harvest.seasons.is_empty() {
        heading(out, "Seasons of the pages");
        let rows = harvest.seasons.iter().map(|season| {
            let date = |date: Option<_>| date.map_or_else(|| "-".to_owned(), day);
            let latest = season.weekly.iter().rev().take(4).sum::<u64>();
            vec![
                season.season.to_string(),
                date(season.shown.map(|(first, _)| first)),
                date(season.shown.map(|(_, last)| last)),
                thousands(season.visits),
                thousands(season.receipts),
                thousands(season.mails),
                thousands(latest),
                date(season.used.map(|(_, last)| last)),
            ]
        });
        let headings = [
            "season",
            "shown|from",
            "shown|to",
            "visits",
            "addresses|used",
            "mails",
            "last 4|weeks",
            "last|mail",
        ];
        table::write(out, &headings, rows);
    }
}

/// What it says that it is; whoever reads a mailbox says nothing.
fn agent(harvester: &Harvester) -> String {
    match harvester.agent.as_str() {
        "" => "-".to_owned(),
        agent => agent.to_owned(),
    }
}

/// How the delays are distributed.
fn delays(out: &mut String, harvest: &Harvest) {
    const HOUR: u32 = 3600;
    const DAY: u32 = 24 * HOUR;
    const STEPS: [(&str, u32); 8] = [
        ("less than an hour", HOUR),
        ("1 to 6 hours", 6 * HOUR),
        ("6 to 24 hours", DAY),
        ("1 to 3 days", 3 * DAY),
        ("3 to 7 days", 7 * DAY),
        ("1 to 2 weeks", 14 * DAY),
        ("2 to 4 weeks", 28 * DAY),
        ("4 to 12 weeks", 84 * DAY),
    ];
    let all = harvest.delays.len();
    let mut before = 0;
    let mut rows: Vec<(&str, u64)> = Vec::new();
    for (name, seconds) in STEPS {
        let now = harvest.delays.up_to(seconds);
        rows.push((name, now - before));
        before = now;
    }
    rows.push(("more", all - before));
    let most = rows.iter().map(|(_, count)| *count).max().unwrap_or(0);
    line(out, "");
    let rows = rows.iter().map(|(name, count)| {
        vec![(*name).to_owned(), thousands(*count), percent(*count, all), bar(*count, most, 36)]
    });
    table::write(out, &["<first mail after", "addresses", "per cent", "<"], rows);
}
