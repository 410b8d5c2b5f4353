//! What was held, and when: the totals, the weeks, days and hours, and the processes over time.

use super::chart::{Drawing, Ink};
use super::figures::{bytes, change, count, maybe_time, none, percent, share, time, time_ms, whole};
use super::graphs::{self, DAYS};
use super::markup::{Align, Markup, Table};
use crate::report::Summary;
use crate::report::summary::{By, Service, ServiceFacts, Span, Tally, folded, rounded};

/// A graph with its key and its words.
pub fn figure(page: &mut Markup, drawing: &Drawing, keys: &[(Ink, String)], words: &str) {
    if drawing.as_str().is_empty() {
        return;
    }
    page.raw("<figure>").drawing(drawing).raw("<figcaption>");
    for (ink, name) in keys {
        page.raw("<span class=\"key\" style=\"").raw(ink.variable()).raw("\">").text(name).raw("</span> ");
    }
    page.text(words).raw("</figcaption></figure>\n");
}

/// What is worth knowing at once, and what is wrong first.
pub fn overview(page: &mut Markup, summary: &Summary) {
    let input = &summary.input;
    let killed: u64 = summary.services.iter().map(|facts| facts.killed).sum();
    let mut wrong: Vec<String> = Vec::new();
    for trouble in &summary.errors {
        let times =
            if trouble.count == 1 { "once".to_owned() } else { format!("{} times", whole(trouble.count)) };
        let last = trouble.last.format("%Y-%m-%d %H:%M");
        wrong.push(format!("{}: {} ({times}, last {last})", trouble.service.title(), trouble.what));
    }
    if input.unparsed > 0 {
        wrong.push(format!("{} of ours could not be read.", count(input.unparsed, "line")));
    }
    wrong.extend(summary.doubts());
    if killed > 0 {
        wrong.push(format!(
            "{} without an end in the log: killed, and counted as far as known.",
            count(killed, "conversation")
        ));
    }
    if !wrong.is_empty() {
        page.raw("<div class=\"warn\">");
        for line in wrong {
            page.paragraph(line);
        }
        page.raw("</div>\n");
    }

    let sum = |of: fn(&ServiceFacts) -> u64| summary.services.iter().map(of).sum::<u64>();
    let longest = summary.services.iter().map(|facts| facts.total.longest_ms).max().unwrap_or(0);
    let cards = [
        (time_ms(sum(|facts| facts.total.held_ms)), "of the senders\u{2019} time held"),
        (whole(sum(|facts| facts.total.hits)), "connections held"),
        (time_ms(longest), "the longest"),
        (whole(sum(|facts| facts.total.refused)), "turned away"),
        (whole(summary.sources.len() as u64), "addresses came"),
        (whole(summary.harvest.receipts.len() as u64), "of our addresses came back as mail"),
    ];
    page.raw("<ul class=\"cards\">\n");
    for (number, what) in cards {
        page.raw("<li><b>").text(number).raw("</b><span>").text(what).raw("</span></li>\n");
    }
    page.raw("</ul>\n");
}

/// The main table of each service.
pub fn spans(page: &mut Markup, summary: &Summary) {
    let title = match summary.settings.by {
        By::Week => "Breakdown by week",
        By::Day => "Breakdown by day",
        By::Month => "Breakdown by month",
    };
    page.section("spans", title);
    for facts in &summary.services {
        page.heading(facts.service.title());
        let spans = facts.spans(summary.settings.by);
        page.table(&table(summary, facts, spans));
        if spans.len() > 2 {
            let drawing = graphs::spans(spans, &summary.settings);
            figure(page, &drawing, &[], "Time held, in per cent of what all slots could have held.");
        }
        extras(page, facts);
    }
}

/// Words under a table: what does not belong to a span.
fn extras(page: &mut Markup, facts: &ServiceFacts) {
    let mut said = Vec::new();
    if facts.open > 0 {
        said.push(format!("{} still open when the log ended", whole(facts.open)));
    }
    if let Some(rate) = facts.total.bytes_per_hour() {
        said.push(format!("{} sent for each hour held", bytes(rate)));
    }
    if facts.total.made > 0 {
        let taken = share(facts.total.bytes_out.min(facts.total.made), facts.total.made);
        said.push(format!("{} of what the pages have was taken", percent(taken)));
    }
    if !said.is_empty() {
        page.raw("<p class=\"sub\">").text(said.join(" \u{b7} ")).raw("</p>\n");
    }
}

/// A column, and what stands in it.
type Counted = (&'static str, fn(&Tally) -> u64);

/// The columns that differ: what each service counts.
fn counted(service: Service) -> [Counted; 2] {
    match service {
        Service::Smtarpit => [("Mail from:<>", |tally| tally.null_from), ("Rcpt to", |tally| tally.rcpts)],
        Service::Tarpop => [("Tries to log in", |tally| tally.logins), ("Mails read", |tally| tally.retrs)],
        Service::Sundew => [("Pages", |tally| tally.pages), ("Addresses shown", |tally| tally.addresses)],
    }
}

/// The original's columns first, then what it lacked.
fn table(summary: &Summary, facts: &ServiceFacts, spans: &[Span]) -> Table {
    let settings = &summary.settings;
    let [(first, of_first), (second, of_second)] = counted(facts.service);
    let name = match settings.by {
        By::Week => "Week starting",
        By::Day => "Day",
        By::Month => "Month",
    };
    let mut table = Table::new(&[
        (name, Align::Word),
        ("Total seconds", Align::Number),
        ("Total hours", Align::Number),
        ("Longest (hours)", Align::Number),
        ("Hits", Align::Number),
        (first, Align::Number),
        (second, Align::Number),
        ("Of the possible", Align::Number),
        ("Median", Align::Number),
        ("p90", Align::Number),
        ("p99", Align::Number),
        ("Refused", Align::Number),
        ("Seconds, change", Align::Number),
        ("Hits, change", Align::Number),
    ]);
    let row = |name: String, tally: &Tally, share: Option<f64>, before: Option<&Tally>| {
        let change = |of: fn(&Tally) -> u64| before.map_or_else(none, |before| change(of(before), of(tally)));
        vec![
            name,
            whole(tally.seconds()),
            whole(tally.held_ms / 3_600_000),
            whole(tally.longest_ms / 3_600_000),
            whole(tally.hits),
            whole(of_first(tally)),
            whole(of_second(tally)),
            share.map_or_else(none, percent),
            maybe_time(tally.holds.quantile(0.5)),
            maybe_time(tally.holds.quantile(0.9)),
            maybe_time(tally.holds.quantile(0.99)),
            whole(tally.refused),
            change(Tally::seconds),
            change(|tally| tally.hits),
        ]
    };
    let mut before = facts.before.as_ref();
    for some in folded(spans) {
        let before_it = before.map(|span| &span.tally);
        let [first, .., last] = some else {
            for span in some {
                table.push(row(span.name.clone(), &span.tally, span.share(settings.slots), before_it));
            }
            before = some.last();
            continue;
        };
        let name = format!("{} to {}: nothing", first.name, last.name);
        table.push(row(name, &first.tally, first.share(settings.slots), before_it));
        before = Some(last);
    }
    if spans.len() > 1 {
        let possible: u64 = spans.iter().map(|span| span.possible(settings.slots)).sum();
        let share = (possible > 0).then(|| share(rounded(facts.total.held_ms, 1000), possible));
        table.foot(row("All".to_owned(), &facts.total, share, None));
    }
    table
}

/// Day of week and hour of day.
pub fn days(page: &mut Markup, summary: &Summary) {
    page.section("days", "Day of week and hour of day");
    let mut table = Table::new(&[
        ("Per cent of hits", Align::Word),
        (DAYS[day(summary, 0)], Align::Number),
        (DAYS[day(summary, 1)], Align::Number),
        (DAYS[day(summary, 2)], Align::Number),
        (DAYS[day(summary, 3)], Align::Number),
        (DAYS[day(summary, 4)], Align::Number),
        (DAYS[day(summary, 5)], Align::Number),
        (DAYS[day(summary, 6)], Align::Number),
    ]);
    for facts in summary.services.iter().filter(|facts| facts.total.hits > 0) {
        let hits = facts.weekdays();
        let cells = graphs::days(&summary.settings)
            .map(|day| format!("{:.0}", share(hits[day], facts.total.hits) * 100.0));
        table.push([facts.service.title().to_owned()].into_iter().chain(cells).collect());
    }
    page.table(&table);
    for facts in summary.services.iter().filter(|facts| facts.total.hits > 0) {
        page.heading(facts.service.title()).raw("<div class=\"two\">");
        figure(
            page,
            &graphs::weekdays(facts.weekdays(), &summary.settings),
            &[],
            "Per cent of hits by day of week.",
        );
        figure(
            page,
            &graphs::hours(facts.day_hours()),
            &[],
            &format!("Per cent of hits by hour of day ({}).", summary.settings.zone),
        );
        page.raw("</div>");
        let words = "Hits by day of week and hour of day: the stronger the colour, the more.";
        figure(page, &graphs::heat(&facts.hours, &summary.settings), &[], words);
    }
}

fn day(summary: &Summary, nth: usize) -> usize {
    graphs::days(&summary.settings).nth(nth).unwrap_or(0)
}

/// How many processes there were, over time.
pub fn processes(page: &mut Markup, summary: &Summary) {
    let settings = &summary.settings;
    page.section("processes", "Process count over time");
    for facts in summary.services.iter().filter(|facts| !facts.processes.points.is_empty()) {
        page.heading(facts.service.title());
        let keys = [
            (Ink::OneSoft, "tarpitted, at most".to_owned()),
            (Ink::One, "tarpitted, mean".to_owned()),
            (Ink::Two, "politely refused".to_owned()),
        ];
        let most = match facts.processes.most_at {
            Some(at) => format!(
                "At most {} at once, first on {}.",
                facts.processes.most,
                at.format("%Y-%m-%d at %H:%M")
            ),
            None => String::new(),
        };
        let words = format!("Lines at {} slots and {} processes. {most}", settings.slots, settings.total);
        figure(page, &graphs::processes(&facts.processes, settings), &keys, &words);
        let refused: u64 = facts.refusals.iter().map(|(_, count)| count).sum();
        if refused > 0 {
            let whys: Vec<String> =
                facts.refusals.iter().map(|(why, count)| format!("{why} {}", whole(*count))).collect();
            page.raw("<p class=\"sub\">")
                .text(format_args!("Refused: {} ({})", whole(refused), whys.join(", ")))
                .raw("</p>\n");
        }
        let full = facts.processes.points.iter().filter(|point| point.most >= settings.slots).count();
        if full > 0 && settings.slots > 0 {
            let points = facts.processes.points.len();
            let step = time(facts.processes.step.into());
            page.raw("<p class=\"sub\">")
                .text(format_args!(
                    "All slots were taken at some moment in {} of the stretches of {step}.",
                    percent(share(full as u64, points as u64))
                ))
                .raw("</p>\n");
        }
    }
}
