//! What there is to say of one program.

use std::fmt::Display;

use chrono::{Datelike as _, Weekday};

use super::table;
use super::{bar, graph, heading, length, length_ms, line, optional, percent, thousands};
use crate::report::Summary;
use crate::report::summary::{By, Service, ServiceFacts, Share, Span, Tally, folded};

pub fn render(out: &mut String, facts: &ServiceFacts, summary: &Summary) {
    let title = facts.service.title();
    line(out, "");
    line(out, format_args!("{title}\n{}", "=".repeat(title.len())));
    breakdown(out, facts, summary);
    comparison(out, facts, summary);
    rhythm(out, facts);
    heading(out, "Process count");
    graph::render(out, &facts.processes, summary);
    whereabouts(out, facts);
    gaveup(out, facts, summary);
    who(out, facts, summary);
    profiles(out, facts);
}

/// A count that belongs to a service, with its heading.
type Column = (&'static str, fn(&Tally) -> u64);

/// What is counted besides hits: by service.
fn columns(service: Service) -> [Column; 2] {
    match service {
        Service::Smtarpit => [("mail|from:<>", |tally| tally.null_from), ("rcpt|to", |tally| tally.rcpts)],
        Service::Tarpop => {
            [("tries to|log in", |tally| tally.logins), ("messages|read", |tally| tally.retrs)]
        }
        Service::Sundew => [("pages", |tally| tally.pages), ("addresses|shown", |tally| tally.addresses)],
    }
}

/// The table that this report is about.
fn breakdown(out: &mut String, facts: &ServiceFacts, summary: &Summary) {
    let by = summary.settings.by;
    let (word, first) = match by {
        By::Week => ("week", "<week|starting"),
        By::Day => ("day", "<day"),
        By::Month => ("month", "<month"),
    };
    heading(out, format_args!("Breakdown by {word}"));
    let [third, fourth] = columns(facts.service);
    let row = |name: String, tally: &Tally| {
        let longest = tally.longest_ms / 3_600_000;
        vec![
            name,
            thousands(tally.seconds()),
            thousands(tally.held_ms / 3_600_000),
            thousands(longest),
            tally.hits.to_string(),
            thousands((third.1)(tally)),
            thousands((fourth.1)(tally)),
        ]
    };
    let spans = facts.spans(by);
    let rows = folded(spans).map(|some| match some {
        [span] => row(name(span, by), &span.tally),
        _ => row(nothing(some, by), &Tally::default()),
    });
    let mut rows: Vec<_> = rows.collect();
    if spans.len() > 1 {
        rows.push(row("all".to_owned(), &facts.total));
    }
    let headings = [first, "total|seconds", "total|hours", "longest|(hours)", "hits", third.0, fourth.0];
    table::write(out, &headings, rows);
}

/// What spans are called in which nothing was.
fn nothing(spans: &[Span], by: By) -> String {
    let what = match by {
        By::Week => "weeks",
        By::Day => "days",
        By::Month => "months",
    };
    format!("{} {what}", thousands(spans.len() as u64))
}

/// What a span is called in the tables.
fn name(span: &Span, by: By) -> String {
    match by {
        By::Month => span.start.format("%b %Y").to_string(),
        _ => short(span),
    }
}

/// The first day of a span that the period may have cut.
fn short(span: &Span) -> String {
    let whole = chrono::NaiveDate::parse_from_str(&span.name, "%Y-%m-%d");
    let date = whole.unwrap_or_else(|_| span.start.date_naive());
    format!("{} {}", date.day(), date.format("%b %Y"))
}

/// The same spans, with what can be compared.
fn comparison(out: &mut String, facts: &ServiceFacts, summary: &Summary) {
    let by = summary.settings.by;
    line(out, "");
    let spans = facts.spans(by);
    let mut before = facts.before.as_ref();
    let rows = folded(spans).filter_map(|some| {
        let (span, before) = (some.first()?, std::mem::replace(&mut before, some.last()));
        let tally = &span.tally;
        let share = span.share(summary.settings.slots);
        Some(vec![
            if some.len() > 1 { nothing(some, by) } else { name(span, by) },
            share.map_or_else(|| "-".to_owned(), |share| format!("{:.1}", share * 100.0)),
            optional(tally.holds.quantile(0.5)),
            optional(tally.holds.quantile(0.9)),
            optional(tally.holds.quantile(0.99)),
            tally.bytes_per_hour().map_or_else(|| "-".to_owned(), |bytes| thousands(bytes.round() as u64)),
            thousands(tally.refused),
            change(before.map(|before| before.tally.held_ms), tally.held_ms),
        ])
    });
    let first = match by {
        By::Week => "<week|starting",
        By::Day => "<day",
        By::Month => "<month",
    };
    let headings = [
        first,
        "per cent|of slots",
        "median|hold",
        "90 %|below",
        "99 %|below",
        "bytes|per hour",
        "refused",
        "seconds|changed",
    ];
    table::write(out, &headings, rows);
    if facts.open + facts.killed > 0 {
        line(out, "");
        let (open, killed) = (thousands(facts.open), thousands(facts.killed));
        line(
            out,
            format_args!(
                " {open} held still at the end of the log; {killed} killed, known up to their last word."
            ),
        );
    }
}

/// By how many per cent it is more than before.
fn change(before: Option<u64>, now: u64) -> String {
    match before {
        None | Some(0) => "-".to_owned(),
        Some(before) => format!("{:+.0} %", (now as f64 / before as f64 - 1.0) * 100.0),
    }
}

/// Days of the week and hours of the day.
fn rhythm(out: &mut String, facts: &ServiceFacts) {
    let days = facts.weekdays();
    let hours = facts.day_hours();
    let all: u64 = days.iter().sum();
    heading(out, "Day of week, per cent of hits");
    let most = days.iter().copied().max().unwrap_or(0);
    let mut day = Weekday::Mon;
    for hits in days {
        line(
            out,
            format_args!(" {day}  {:>3}  {}", percent(hits, all), bar(hits, most, 60)).to_string().trim_end(),
        );
        day = day.succ();
    }
    heading(out, "Hour of day, per cent of hits");
    let most = hours.iter().copied().max().unwrap_or(0);
    for (hour, hits) in hours.iter().enumerate() {
        let share = if all == 0 { 0.0 } else { *hits as f64 * 100.0 / all as f64 };
        line(out, format_args!(" {hour:02}  {share:>4.1}  {}", bar(*hits, most, 60)).to_string().trim_end());
    }
}

fn shares<T: Display>(out: &mut String, what: &str, shares: &[Share<T>], limit: usize) {
    let all: u64 = shares.iter().map(|share| share.connections).sum();
    let held: u64 = shares.iter().map(|share| share.held_ms).sum();
    let rows = shares.iter().take(limit).map(|share| {
        vec![
            share.what.to_string(),
            thousands(share.connections),
            percent(share.connections, all),
            length_ms(share.held_ms),
            percent(share.held_ms, held),
            length_ms(share.held_ms / share.connections.max(1)),
        ]
    });
    table::write(out, &[what, "connections", "per cent", "held", "per cent", "each"], rows);
}

/// Where conversations end, and why.
fn whereabouts(out: &mut String, facts: &ServiceFacts) {
    if !facts.stages.is_empty() {
        heading(out, "Where conversations end");
        shares(out, "~stage", &facts.stages, 20);
        heading(out, "Why conversations end");
        shares(out, "<reason", &facts.reasons, 20);
    }
    if !facts.refusals.is_empty() {
        heading(out, "Why callers were turned away");
        let rows = facts.refusals.iter().map(|(why, count)| vec![why.to_string(), thousands(*count)]);
        table::write(out, &["<why", "callers"], rows);
    }
}

/// How long the last silence was when peers left: the peaks are what their software waits.
fn gaveup(out: &mut String, facts: &ServiceFacts, summary: &Summary) {
    let all: u64 = facts.gaveup.values().sum();
    if all == 0 {
        return;
    }
    let near = |seconds: u32| facts.gaveup.range(seconds.saturating_sub(2)..=seconds.saturating_add(2));
    let mut peaks: Vec<(u32, u64)> = facts
        .gaveup
        .iter()
        .map(|(seconds, count)| (*seconds, *count))
        .filter(|(seconds, count)| {
            near(*seconds).all(|(other, more)| more < count || (more == count && other >= seconds))
        })
        .collect();
    peaks.sort_by_key(|(seconds, count)| (std::cmp::Reverse(*count), *seconds));
    peaks.truncate(summary.settings.top);
    heading(out, format_args!("Patience: after which pause {} gave up; peaks", thousands(all)));
    let most = peaks.first().map_or(0, |(_, count)| *count);
    let rows = peaks.iter().map(|(seconds, count)| {
        vec![thousands(u64::from(*seconds)), thousands(*count), percent(*count, all), bar(*count, most, 40)]
    });
    table::write(out, &["seconds", "connections", "per cent", "<"], rows);
}

/// Man or machine, which tools, which names.
fn who(out: &mut String, facts: &ServiceFacts, summary: &Summary) {
    if !facts.kinds.is_empty() {
        heading(out, "Man or machine");
        shares(out, "<kind", &facts.kinds, 10);
    }
    if !facts.tools.is_empty() {
        heading(out, "Tools that were recognised");
        shares(out, "<tool", &facts.tools, 20);
    }
    if !facts.users.is_empty() {
        heading(out, "User names tried most");
        let rows = facts.users.iter().take(summary.settings.top);
        table::write(
            out,
            &["~name", "times"],
            rows.map(|(name, count)| vec![name.to_string(), thousands(*count)]),
        );
    }
}

/// What each pacing profile holds.
fn profiles(out: &mut String, facts: &ServiceFacts) {
    if facts.profiles.is_empty() {
        return;
    }
    heading(out, "Profiles compared");
    let rows = facts.profiles.iter().map(|profile| {
        vec![
            profile.name.to_string(),
            thousands(profile.connections),
            length_ms(profile.held_ms),
            length_ms(profile.held_ms / profile.connections.max(1)),
            optional(profile.holds.quantile(0.5)),
            optional(profile.holds.quantile(0.9)),
            length_ms(profile.longest_ms),
        ]
    });
    table::write(out, &["~profile", "connections", "held", "each", "median", "90 % below", "longest"], rows);
    heading(out, "Mean hold by the hour in which it began");
    // As many as fit beside each other.
    let some = || facts.profiles.iter().take(5);
    let mut headings = vec!["<hour".to_owned()];
    headings.extend(some().map(|profile| profile.name.to_string().chars().take(12).collect()));
    let headings: Vec<&str> = headings.iter().map(String::as_str).collect();
    // An hour in which nobody came says nothing.
    let came = |hour: &usize| some().any(|profile| profile.hours[*hour].0 > 0);
    let rows = (0..24).filter(came).map(|hour: usize| {
        let means = some().map(|profile| match profile.hours[hour] {
            (0, _) => "-".to_owned(),
            (connections, held_ms) => length(held_ms as f64 / 1000.0 / connections as f64),
        });
        std::iter::once(format!("{hour:02}")).chain(means).collect()
    });
    table::write(out, &headings, rows);
}
