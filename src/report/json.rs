//! The report as JSON (RFC 8259), for programs.
//!
//! `version` changes when something that was there means something else or is gone; more may come at any
//! time. Lists of the most are cut at `--top`. Moments are RFC 3339, lengths of time are in seconds.

use std::collections::BTreeMap;
use std::fmt::{Display, Write as _};

use super::Summary;
use super::holds::Holds;
use super::summary::{
    FarOff, Harvest, MailsPerAddress, Moment, Processes, ProfileFacts, ServiceFacts, Share, Source, Span,
    Tally,
};

/// What `version` says.
pub const VERSION: u32 = 1;

/// The report.
pub fn render(summary: &Summary) -> String {
    let top = summary.settings.top;
    let mut root = Object::new();
    root.number("version", VERSION);
    root.moment("made", summary.made);
    root.value(
        "period",
        &summary.period.map_or_else(null, |(from, to)| {
            let mut period = Object::new();
            period.moment("from", from);
            period.moment("to", to);
            period.end()
        }),
    );
    root.value("settings", &{
        let settings = &summary.settings;
        let mut object = Object::new();
        object.text("by", by(settings.by));
        object.text("week_start", settings.week_start);
        object.text("timezone", &settings.zone);
        object.number("slots", settings.slots);
        object.number("total", settings.total);
        object.number("top", settings.top);
        object.number("masked", settings.masked);
        object.end()
    });
    root.value("input", &{
        let mut object = Object::new();
        object.number("events", summary.input.events);
        object.number("duplicates", summary.input.duplicates);
        object.number("unparsed", summary.input.unparsed);
        object.number("foreign", summary.input.foreign);
        object.number("undated", summary.input.undated);
        object.value("far_off", &summary.far_off.map_or_else(null, far_off));
        object.end()
    });
    root.value("services", &array(summary.services.iter().map(|facts| service(facts, summary))));
    root.value("mails_per_address", &mails(&summary.mails));
    root.number("addresses", summary.sources.iter().map(|source| source.addresses).sum::<u64>());
    root.value("sources", &array(summary.sources.iter().take(top).map(source)));
    root.value("networks", &array(summary.networks.iter().take(top).map(source)));
    root.value("networks_at_several_services", &array(summary.at_several().take(top).map(source)));
    root.value("harvest", &harvest(&summary.harvest, top));
    root.value(
        "errors",
        &array(summary.errors.iter().take(top).map(|error| {
            let mut object = Object::new();
            object.text("service", error.service.as_str());
            object.text("what", &error.what);
            object.number("count", error.count);
            object.moment("last", error.last);
            object.end()
        })),
    );
    root.end() + "\n"
}

fn far_off(far: FarOff) -> String {
    let mut object = Object::new();
    object.number("lines", far.lines);
    object.moment("first", far.at);
    object.text("service", far.service.as_str());
    match far.peer {
        Some(peer) => object.text("peer", peer),
        None => object.value("peer", &null()),
    }
    object.end()
}

fn by(by: super::summary::By) -> &'static str {
    match by {
        super::summary::By::Week => "week",
        super::summary::By::Day => "day",
        super::summary::By::Month => "month",
    }
}

fn service(facts: &ServiceFacts, summary: &Summary) -> String {
    let top = summary.settings.top;
    let spans = |spans: &[Span]| array(spans.iter().map(|one| span(one, summary.settings.slots)));
    let mut object = Object::new();
    object.text("service", facts.service.as_str());
    object.value("total", &tally(&facts.total));
    object.value("weeks", &spans(&facts.weeks));
    object.value("days", &spans(&facts.days));
    object.value("months", &spans(&facts.months));
    object.value(
        "before",
        &facts.before.as_ref().map_or_else(null, |before| span(before, summary.settings.slots)),
    );
    object.value("hits_by_weekday", &array(facts.weekdays().iter()));
    object.value("hits_by_hour", &array(facts.day_hours().iter()));
    object.value("hits_by_weekday_and_hour", &array(facts.hours.iter().map(|day| array(day.iter()))));
    object.value("processes", &processes(&facts.processes));
    object.value("stages", &shares(&facts.stages));
    object.value("reasons", &shares(&facts.reasons));
    object.value("refusals", &counts("why", facts.refusals.iter().map(|(why, count)| (why, *count))));
    object.value("kinds", &shares(&facts.kinds));
    object.value("tools", &shares(&facts.tools));
    object.value("profiles", &array(facts.profiles.iter().map(profile)));
    object.value("gaveup", &pairs("seconds", "connections", &facts.gaveup));
    object.value("users", &counts("name", facts.users.iter().take(top).map(|(name, count)| (name, *count))));
    object.number("open", facts.open);
    object.number("killed", facts.killed);
    object.end()
}

fn span(span: &Span, slots: u32) -> String {
    let mut object = Object::new();
    object.text("name", &span.name);
    object.moment("start", span.start);
    object.moment("end", span.end);
    object.number("possible_seconds", span.possible(slots));
    object.value("share", &span.share(slots).map_or_else(null, |share| format!("{share:.6}")));
    tally_into(&mut object, &span.tally);
    object.end()
}

fn tally(tally: &Tally) -> String {
    let mut object = Object::new();
    tally_into(&mut object, tally);
    object.end()
}

fn tally_into(object: &mut Object, tally: &Tally) {
    object.value("held", &seconds(tally.held_ms));
    object.value("longest", &seconds(tally.longest_ms));
    quantiles(object, &tally.holds);
    for (name, number) in [
        ("hits", tally.hits),
        ("refused", tally.refused),
        ("mails", tally.mails),
        ("null_from", tally.null_from),
        ("rcpts", tally.rcpts),
        ("auths", tally.auths),
        ("messages", tally.messages),
        ("logins", tally.logins),
        ("retrs", tally.retrs),
        ("pages", tally.pages),
        ("addresses", tally.addresses),
        ("commands", tally.commands),
        ("bytes_in", tally.bytes_in),
        ("bytes_out", tally.bytes_out),
        ("bytes_made", tally.made),
    ] {
        object.number(name, number);
    }
    let per_hour = tally.bytes_per_hour();
    object.value("bytes_per_hour_held", &per_hour.map_or_else(null, |bytes| format!("{bytes:.1}")));
}

fn quantiles(object: &mut Object, holds: &Holds) {
    for (name, part) in [("median", 0.5), ("p90", 0.9), ("p99", 0.99)] {
        object.value(name, &holds.quantile(part).map_or_else(null, |seconds| seconds.to_string()));
    }
}

fn processes(processes: &Processes) -> String {
    let mut object = Object::new();
    object.number("step", processes.step);
    object.number("most", processes.most);
    object.value("most_at", &processes.most_at.map_or_else(null, moment));
    object.value(
        "points",
        &array(processes.points.iter().map(|point| {
            let mut object = Object::new();
            object.moment("at", point.at);
            object.number("most", point.most);
            object.number("least", point.least);
            object.value("mean", &format!("{:.2}", point.mean));
            object.number("busy", point.busy);
            object.number("refused", point.refused);
            object.end()
        })),
    );
    object.end()
}

fn shares<T: Display>(shares: &[Share<T>]) -> String {
    array(shares.iter().map(|share| {
        let mut object = Object::new();
        object.text("what", &share.what);
        object.number("connections", share.connections);
        object.value("held", &seconds(share.held_ms));
        object.end()
    }))
}

fn counts<T: Display>(name: &str, rows: impl Iterator<Item = (T, u64)>) -> String {
    array(rows.map(|(what, count)| {
        let mut object = Object::new();
        object.text(name, what);
        object.number("count", count);
        object.end()
    }))
}

fn pairs<K: Display>(key: &str, value: &str, rows: &BTreeMap<K, u64>) -> String {
    array(rows.iter().map(|(what, count)| {
        let mut object = Object::new();
        object.number(key, what);
        object.number(value, count);
        object.end()
    }))
}

fn profile(profile: &ProfileFacts) -> String {
    let mut object = Object::new();
    object.text("name", &profile.name);
    object.number("connections", profile.connections);
    object.value("held", &seconds(profile.held_ms));
    object.value("longest", &seconds(profile.longest_ms));
    quantiles(&mut object, &profile.holds);
    object.value(
        "by_hour",
        &array(profile.hours.iter().map(|(connections, held_ms)| {
            let mut object = Object::new();
            object.number("connections", connections);
            object.value("held", &seconds(*held_ms));
            object.end()
        })),
    );
    object.end()
}

fn mails(facts: &MailsPerAddress) -> String {
    let mut object = Object::new();
    object.number("mails", facts.mails);
    object.number("addresses", facts.addresses);
    object.number("one_mail", facts.ones);
    object.number("largest", facts.largest);
    object.value("spread", &pairs("mails", "addresses", &facts.spread));
    object.end()
}

fn source(source: &Source) -> String {
    let mut object = Object::new();
    object.text("net", source.net);
    object.number("addresses", source.addresses);
    object.moment("first", source.first);
    object.moment("last", source.last);
    object.value("held", &seconds(source.held_ms));
    object.value("longest", &seconds(source.longest_ms));
    object.value("hits", &{
        let mut object = Object::new();
        for service in super::summary::Service::ALL {
            object.number(service.as_str(), source.hits[service.index()]);
        }
        object.end()
    });
    for (name, number) in [
        ("refused", source.refused),
        ("mails", source.mails),
        ("rcpts", source.rcpts),
        ("logins", source.logins),
        ("pages", source.pages),
    ] {
        object.number(name, number);
    }
    object.end()
}

fn harvest(harvest: &Harvest, top: usize) -> String {
    let mut object = Object::new();
    object.number("visits", harvest.visits);
    object.number("receipts_used", harvest.receipts.len());
    object.value("delay", &{
        let mut object = Object::new();
        object.number("known", harvest.delays.len());
        quantiles(&mut object, &harvest.delays);
        object.end()
    });
    object.value(
        "styles",
        &array(harvest.styles.iter().map(|(style, receipts, mails)| {
            let mut object = Object::new();
            object.text("style", style.as_str());
            object.number("receipts", receipts);
            object.number("mails", mails);
            object.end()
        })),
    );
    object.value(
        "harvesters",
        &array(harvest.harvesters.iter().take(top).map(|harvester| {
            let mut object = Object::new();
            object.text("net", harvester.net);
            object.text("agent", &harvester.agent);
            object.moment("first", harvester.first);
            object.moment("last", harvester.last);
            object.number("visits", harvester.visits);
            object.number("receipts", harvester.receipts);
            object.number("mails", harvester.mails);
            object.value("delay", &optional(harvester.delay));
            object.end()
        })),
    );
    object.value(
        "receipts",
        &array(harvest.receipts.iter().take(top).map(|receipt| {
            let mut object = Object::new();
            object.text("receipt", &receipt.receipt);
            object.text("style", receipt.style.as_str());
            object.number("season", receipt.season);
            object.value(
                "shown",
                &receipt.shown.as_ref().map_or_else(null, |shown| {
                    let mut object = Object::new();
                    object.moment("at", shown.at);
                    object.text("to", shown.to);
                    object.text("service", shown.service.as_str());
                    object.text("place", &shown.place);
                    object.text("agent", &shown.agent);
                    object.end()
                }),
            );
            object.moment("first_mail", receipt.first_mail);
            object.moment("last_mail", receipt.last_mail);
            object.value("delay", &optional(receipt.delay));
            object.number("mails", receipt.mails);
            object.number("networks", receipt.networks);
            object.end()
        })),
    );
    object.value(
        "seasons",
        &array(harvest.seasons.iter().map(|season| {
            let range = |range: Option<(Moment, Moment)>| {
                range.map_or_else(null, |(first, last)| array([moment(first), moment(last)].iter()))
            };
            let mut object = Object::new();
            object.number("season", season.season);
            object.value("shown", &range(season.shown));
            object.number("visits", season.visits);
            object.number("receipts", season.receipts);
            object.number("mails", season.mails);
            object.value("used", &range(season.used));
            object.value("mails_by_week", &array(season.weekly.iter()));
            object.end()
        })),
    );
    object.end()
}

/// An object that is being written.
struct Object(String);

impl Object {
    fn new() -> Self {
        Object("{".to_owned())
    }

    /// Adds what is JSON already.
    fn value(&mut self, name: &str, json: &str) {
        let comma = if self.0.len() > 1 { "," } else { "" };
        let _ = write!(self.0, "{comma}\"{name}\":{json}");
    }

    fn number(&mut self, name: &str, number: impl Display) {
        self.value(name, &number.to_string());
    }

    fn text(&mut self, name: &str, text: impl Display) {
        self.value(name, &quote(&text.to_string()));
    }

    fn moment(&mut self, name: &str, at: Moment) {
        self.value(name, &moment(at));
    }

    fn end(mut self) -> String {
        self.0.push('}');
        self.0
    }
}

fn array(rows: impl Iterator<Item = impl Display>) -> String {
    let mut out = "[".to_owned();
    for (at, row) in rows.enumerate() {
        let _ = write!(out, "{}{row}", if at > 0 { "," } else { "" });
    }
    out.push(']');
    out
}

fn null() -> String {
    "null".to_owned()
}

fn optional(number: Option<u64>) -> String {
    number.map_or_else(null, |number| number.to_string())
}

fn moment(at: Moment) -> String {
    quote(&at.to_rfc3339())
}

/// Milliseconds as seconds, without idle decimals.
fn seconds(ms: u64) -> String {
    match ms % 1000 {
        0 => (ms / 1000).to_string(),
        part => format!("{}.{part:03}", ms / 1000).trim_end_matches('0').to_owned(),
    }
}

/// A string, in ASCII whatever it holds.
fn quote(text: &str) -> String {
    let mut out = "\"".to_owned();
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            ' '..='~' => out.push(c),
            _ => c.encode_utf16(&mut [0; 2]).iter().for_each(|unit| _ = write!(out, "\\u{unit:04x}")),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    #[test]
    fn the_version_comes_first() {
        assert!(render(&sample::summary()).starts_with("{\"version\":1,"));
        assert!(render(&sample::empty()).contains("\"period\":null"));
    }

    #[test]
    fn nothing_of_a_peer_leaves_its_quotes() {
        assert_eq!(quote("a\"b\\\u{1b}\u{1f600}"), r#""a\"b\\\u001b\ud83d\ude00""#);
        let text = render(&sample::summary());
        assert!(text.bytes().all(|byte| matches!(byte, b' '..=b'~' | b'\n')));
        assert!(text.contains(r#"{"name":"<script>alert(1)</script>","count":3}"#));
    }

    #[test]
    fn seconds_have_no_idle_decimals() {
        assert_eq!([0, 1000, 1500, 1].map(seconds), ["0", "1", "1.5", "0.001"]);
    }
}
