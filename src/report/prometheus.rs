//! The report for the textfile collector of node_exporter (text format 0.0.4).
//!
//! Labels are closed sets of ours: programs, reasons, kinds. No address, name or path is ever one, since
//! each would make a series that never ends. The counters cover the logs that were given, so they fall when
//! the oldest of these is rotated away; that is what Prometheus takes for a restart.

use std::fmt::{Display, Write as _};

use super::Summary;
use super::summary::ServiceFacts;

/// The upper ends of the histogram, in seconds.
const BUCKETS: [u32; 12] = [1, 5, 15, 60, 300, 900, 3600, 14_400, 43_200, 86_400, 259_200, 604_800];

/// The metrics.
pub fn render(summary: &Summary) -> String {
    let mut out = String::new();
    let all = &summary.services;
    for (name, help, count) in COUNTERS {
        family(&mut out, name, "counter", help);
        for facts in all {
            sample(&mut out, name, &[("service", facts.service.as_str())], count(facts));
        }
    }
    family(&mut out, "sundew_held_seconds_total", "counter", "Seconds for which connections were held.");
    for facts in all {
        sample(&mut out, "sundew_held_seconds_total", &labels(facts), seconds(facts.total.held_ms));
    }
    histogram(&mut out, all);
    let name = "sundew_ended_total";
    family(&mut out, name, "counter", "Connections that have ended, by reason.");
    for facts in all {
        for share in &facts.reasons {
            let labels = [("service", facts.service.as_str()), ("reason", share.what.as_str())];
            sample(&mut out, name, &labels, share.connections);
        }
    }
    let name = "sundew_kind_total";
    family(&mut out, name, "counter", "Connections that have ended, by what the peer seems to be.");
    for facts in all {
        for share in &facts.kinds {
            let labels = [("service", facts.service.as_str()), ("kind", share.what.as_str())];
            sample(&mut out, name, &labels, share.connections);
        }
    }
    let name = "sundew_refused_total";
    family(&mut out, name, "counter", "Callers turned away, by why.");
    for facts in all {
        for (why, count) in &facts.refusals {
            sample(&mut out, name, &[("service", facts.service.as_str()), ("why", why.as_str())], count);
        }
    }
    for (name, help, gauge) in GAUGES {
        family(&mut out, name, "gauge", help);
        for facts in all {
            sample(&mut out, name, &labels(facts), gauge(facts));
        }
    }
    for (name, kind, help, value) in [
        ("sundew_sources", "gauge", "Addresses that came.", sources(summary)),
        ("sundew_visits_total", "counter", "Visits that were shown addresses.", summary.harvest.visits),
        (
            "sundew_receipts_used",
            "gauge",
            "Issued addresses that came back.",
            summary.harvest.receipts.len() as u64,
        ),
        ("sundew_log_events_total", "counter", "Lines that were counted.", summary.input.events),
        (
            "sundew_log_unparsed_total",
            "counter",
            "Lines of ours that could not be read.",
            summary.input.unparsed,
        ),
    ] {
        family(&mut out, name, kind, help);
        sample(&mut out, name, &[], value);
    }
    let name = "sundew_report_last_success_timestamp_seconds";
    family(&mut out, name, "gauge", "When this was written.");
    sample(&mut out, name, &[], summary.made.timestamp());
    out
}

/// A metric that each program has.
type Metric = (&'static str, &'static str, fn(&ServiceFacts) -> u64);

const COUNTERS: [Metric; 12] = [
    ("sundew_connections_total", "Connections that were held.", |facts| facts.total.hits),
    ("sundew_mails_total", "MAIL commands.", |facts| facts.total.mails),
    ("sundew_null_mails_total", "MAIL commands with an empty sender.", |facts| facts.total.null_from),
    ("sundew_rcpts_total", "RCPT commands.", |facts| facts.total.rcpts),
    ("sundew_auths_total", "Tries to log in by AUTH of SMTP.", |facts| facts.total.auths),
    ("sundew_messages_total", "Messages that were read to their end.", |facts| facts.total.messages),
    ("sundew_logins_total", "Tries to log in to a mailbox.", |facts| facts.total.logins),
    ("sundew_retrieved_total", "Messages of mailboxes that were sent.", |facts| facts.total.retrs),
    ("sundew_pages_total", "Web requests that were answered.", |facts| facts.total.pages),
    ("sundew_received_bytes_total", "Bytes from peers.", |facts| facts.total.bytes_in),
    ("sundew_sent_bytes_total", "Bytes to peers.", |facts| facts.total.bytes_out),
    ("sundew_killed_total", "Connections whose process was killed.", |facts| facts.killed),
];

const GAUGES: [Metric; 2] = [
    ("sundew_open", "Connections that were held when the log ended.", |facts| facts.open),
    ("sundew_held_at_once_max", "The most connections that were held at once.", |facts| {
        u64::from(facts.processes.most)
    }),
];

fn labels(facts: &ServiceFacts) -> [(&'static str, &'static str); 1] {
    [("service", facts.service.as_str())]
}

fn sources(summary: &Summary) -> u64 {
    summary.sources.iter().map(|source| source.addresses).sum()
}

fn histogram(out: &mut String, all: &[ServiceFacts]) {
    let name = "sundew_hold_seconds";
    family(out, name, "histogram", "How long connections were held that have ended.");
    for facts in all {
        let service = facts.service.as_str();
        let holds = &facts.total.holds;
        for top in BUCKETS {
            // Holds are counted in whole seconds: what is just over the edge is not below it.
            let labels = [("service", service), ("le", &top.to_string())];
            sample(out, &format!("{name}_bucket"), &labels, holds.up_to(top - 1));
        }
        sample(out, &format!("{name}_bucket"), &[("service", service), ("le", "+Inf")], holds.len());
        // The exact time, which the steps of the distribution do not have.
        sample(out, &format!("{name}_sum"), &[("service", service)], seconds(facts.total.held_ms));
        sample(out, &format!("{name}_count"), &[("service", service)], holds.len());
    }
}

fn family(out: &mut String, name: &str, kind: &str, help: &str) {
    let _ = writeln!(out, "# HELP {name} {help}\n# TYPE {name} {kind}");
}

fn sample(out: &mut String, name: &str, labels: &[(&str, &str)], value: impl Display) {
    let labels: Vec<String> = labels.iter().map(|(label, value)| format!("{label}=\"{value}\"")).collect();
    let labels = if labels.is_empty() { String::new() } else { format!("{{{}}}", labels.join(",")) };
    let _ = writeln!(out, "{name}{labels} {value}");
}

fn seconds(ms: u64) -> String {
    format!("{}.{:03}", ms / 1000, ms % 1000)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    #[test]
    fn nothing_that_a_peer_chooses_is_a_label() {
        let text = render(&sample::summary());
        for hostile in ["script", "192.0.2", "2001:db8", "<x>", "harvest>", "anna"] {
            assert!(!text.contains(hostile), "{hostile}");
        }
        assert!(text.contains("sundew_connections_total{service=\"smtarpit\"} 50\n"));
    }

    #[test]
    fn a_histogram_counts_up() {
        let text = render(&sample::summary());
        let buckets =
            text.lines().filter(|line| line.starts_with("sundew_hold_seconds_bucket{service=\"tarpop\""));
        let counts: Vec<u64> =
            buckets.map(|line| line.rsplit(' ').next().unwrap().parse().unwrap()).collect();
        assert_eq!(counts.len(), BUCKETS.len() + 1);
        assert!(counts.is_sorted() && counts.last() == Some(&50), "{counts:?}");
    }
}
