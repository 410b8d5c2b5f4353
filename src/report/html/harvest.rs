//! From the harvest to the spam: which of the addresses that were shown came back, when, and through whom.

use super::chart::Ink;
use super::figures::{count, none, percent, share, time, whole};
use super::graphs;
use super::held::figure;
use super::markup::{Align, Markup, Table};
use crate::report::Summary;
use crate::report::summary::{Moment, Season, Service};

/// The whole part.
pub fn harvest(page: &mut Markup, summary: &Summary) {
    let harvest = &summary.harvest;
    page.section("harvest", "From harvest to spam");
    if harvest.visits == 0 && harvest.receipts.is_empty() {
        page.paragraph("No address was shown in this time, and none came back.");
        return;
    }
    let mails: u64 = harvest.receipts.iter().map(|receipt| receipt.mails).sum();
    page.paragraph(format_args!(
        "{} saw addresses of their own. Of our addresses {} came back, in {}.",
        count(harvest.visits, "visit"),
        whole(harvest.receipts.len() as u64),
        count(mails, "mail")
    ));
    delays(page, summary);
    harvesters(page, summary);
    receipts(page, summary);
    seasons(page, summary);
    styles(page, summary);
}

fn delays(page: &mut Markup, summary: &Summary) {
    let delays = &summary.harvest.delays;
    if delays.is_empty() {
        return;
    }
    const WITHIN: [(u32, &str); 6] = [
        (3_600, "an hour"),
        (86_400, "a day"),
        (604_800, "a week"),
        (30 * 86_400, "30 days"),
        (90 * 86_400, "90 days"),
        (365 * 86_400, "a year"),
    ];
    page.heading("How long until the first mail");
    let mut table = Table::new(&[
        ("First mail within", Align::Word),
        ("Addresses", Align::Number),
        ("Share", Align::Number),
        ("", Align::Bar),
    ]);
    for (seconds, name) in WITHIN {
        let came = delays.up_to(seconds);
        let part = share(came, delays.len());
        table.push(vec![name.to_owned(), whole(came), percent(part), format!("{:.1}", part * 100.0)]);
    }
    page.raw("<div class=\"two\">").table(&table);
    figure(
        page,
        &graphs::delays(delays),
        &[],
        "The part of the addresses whose first mail came within so long, logarithmic.",
    );
    page.raw("</div>");
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "seconds")]
    let quantile = |part| delays.quantile(part).map_or_else(none, |seconds| time(seconds as u64));
    page.raw("<p class=\"sub\">")
        .text(format_args!("Half within {}, nine of ten within {}.", quantile(0.5), quantile(0.9)))
        .raw("</p>\n");
}

fn harvesters(page: &mut Markup, summary: &Summary) {
    let harvest = &summary.harvest;
    if harvest.harvesters.is_empty() {
        return;
    }
    let top = summary.settings.top;
    let mut table = Table::new(&[
        ("Network", Align::Word),
        ("Mails", Align::Number),
        ("Addresses", Align::Number),
        ("Visits", Align::Number),
        ("First mail after", Align::Number),
        ("First visit", Align::Word),
        ("Last visit", Align::Word),
        ("Says it is", Align::Long),
    ]);
    for harvester in harvest.harvesters.iter().take(top) {
        table.push(vec![
            harvester.net.to_string(),
            whole(harvester.mails),
            whole(harvester.receipts),
            whole(harvester.visits),
            harvester.delay.map_or_else(none, time),
            day(harvester.first),
            day(harvester.last),
            Some(harvester.agent.to_string()).filter(|agent| !agent.is_empty()).unwrap_or_else(none),
        ]);
    }
    let all = whole(harvest.harvesters.len() as u64);
    page.heading("Harvesters");
    page.table(&table.caption(format!(
        "Who was shown what came back: {} of {all}.",
        whole(top.min(harvest.harvesters.len()) as u64)
    )));
}

fn receipts(page: &mut Markup, summary: &Summary) {
    let harvest = &summary.harvest;
    let top = summary.settings.top;
    let mut most: Vec<_> = harvest.receipts.iter().collect();
    most.sort_by(|a, b| b.mails.cmp(&a.mails).then_with(|| a.receipt.cmp(&b.receipt)));
    if most.is_empty() {
        return;
    }
    let mut table = Table::new(&[
        ("Receipt", Align::Word),
        ("Mails", Align::Number),
        ("Networks", Align::Number),
        ("First mail", Align::Word),
        ("Last mail", Align::Word),
        ("After", Align::Number),
        ("Shown", Align::Word),
        ("To", Align::Word),
        ("Where", Align::Text),
    ]);
    for receipt in most.iter().take(top) {
        let shown = receipt.shown.as_ref();
        table.push(vec![
            receipt.receipt.clone(),
            whole(receipt.mails),
            whole(receipt.networks),
            day(receipt.first_mail),
            day(receipt.last_mail),
            receipt.delay.map_or_else(none, time),
            shown.map_or_else(none, |shown| day(shown.at)),
            shown.map_or_else(none, |shown| shown.to.to_string()),
            shown.map_or_else(none, |shown| match shown.service {
                Service::Tarpop => format!("mailbox of {}", shown.place),
                _ => shown.place.to_string(),
            }),
        ]);
    }
    let (shown, all) = (most.len().min(top) as u64, whole(most.len() as u64));
    page.heading("Addresses that came back");
    page.table(&table.caption(format!("Most mailed to: {} of {all}.", whole(shown))));
}

fn seasons(page: &mut Markup, summary: &Summary) {
    let harvest = &summary.harvest;
    if harvest.seasons.is_empty() {
        return;
    }
    page.heading("Season by season");
    let mut table = Table::new(&[
        ("Season", Align::Number),
        ("Shown", Align::Word),
        ("Visits", Align::Number),
        ("Addresses back", Align::Number),
        ("Mails", Align::Number),
        ("Mailed to", Align::Word),
        ("Best week", Align::Number),
        ("Last whole week", Align::Number),
    ]);
    for season in &harvest.seasons {
        table.push(vec![
            season.season.to_string(),
            season.shown.map_or_else(none, dates),
            whole(season.visits),
            whole(season.receipts),
            whole(season.mails),
            season.used.map_or_else(none, dates),
            whole(season.weekly.iter().copied().max().unwrap_or(0)),
            last_whole_week(summary, season).map_or_else(none, whole),
        ]);
    }
    page.table(&table);
    let weeks = summary.service(Service::Smtarpit).map_or(&[][..], |facts| &facts.weeks);
    if weeks.len() > 1 {
        let keys: Vec<(Ink, String)> = graphs::drawn(&harvest.seasons)
            .map(|(season, ink)| (ink, format!("season {}", season.season)))
            .collect();
        let drawing = graphs::seasons(&harvest.seasons, weeks, &summary.settings);
        figure(page, &drawing, &keys, "Mails to the addresses of each season, week by week.");
    }
    // The season that is shown now is the newest that was shown at all.
    if let Some(season) = harvest.seasons.iter().rev().find(|season| season.shown.is_some())
        && let Some(last) = last_whole_week(summary, season)
        && let Some(best) = season.weekly.iter().copied().max().filter(|&best| best >= 10)
    {
        let part = share(last, best);
        let then = if part < 0.5 { "it may be time to re-seed" } else { "it does its work" };
        page.paragraph(format_args!(
            "Season {} had {} mails in the last whole week, {} of its best: {then}.",
            season.season,
            whole(last),
            percent(part)
        ));
    }
}

/// The mails of the last week that is not cut by the end of the period.
fn last_whole_week(summary: &Summary, season: &Season) -> Option<u64> {
    let weeks = &summary.service(Service::Smtarpit)?.weeks;
    let whole = |span: &crate::report::summary::Span| (span.end - span.start).num_hours() >= 7 * 24 - 1;
    let last = summary.period?.1;
    let at = weeks.iter().rposition(|week| whole(week) && week.end <= last)?;
    season.weekly.get(at).copied()
}

fn styles(page: &mut Markup, summary: &Summary) {
    let all: u64 = summary.harvest.styles.iter().map(|(_, _, mails)| mails).sum();
    if all == 0 {
        return;
    }
    page.heading("By how the address was shown");
    let mut table = Table::new(&[
        ("Shown as", Align::Word),
        ("Addresses", Align::Number),
        ("Mails", Align::Number),
        ("", Align::Bar),
    ]);
    for (style, addresses, mails) in &summary.harvest.styles {
        let part = share(*mails, all) * 100.0;
        table.push(vec![style.as_str().to_owned(), whole(*addresses), whole(*mails), format!("{part:.1}")]);
    }
    page.table(&table);
}

fn day(at: Moment) -> String {
    at.format("%Y-%m-%d").to_string()
}

fn dates((from, to): (Moment, Moment)) -> String {
    let (from, to) = (day(from), day(to));
    if from == to { from } else { format!("{from} to {to}") }
}
