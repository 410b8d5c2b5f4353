//! The main table as comma-separated values (RFC 4180): a row for each span and program.

use super::Summary;
use super::summary::Tally;

/// A column of counts.
type Count = (&'static str, fn(&Tally) -> u64);

const COUNTS: [Count; 16] = [
    ("hits", |tally| tally.hits),
    ("refused", |tally| tally.refused),
    ("mails", |tally| tally.mails),
    ("null_from", |tally| tally.null_from),
    ("rcpts", |tally| tally.rcpts),
    ("auths", |tally| tally.auths),
    ("messages", |tally| tally.messages),
    ("logins", |tally| tally.logins),
    ("retrs", |tally| tally.retrs),
    ("pages", |tally| tally.pages),
    ("addresses", |tally| tally.addresses),
    ("commands", |tally| tally.commands),
    ("bytes_in", |tally| tally.bytes_in),
    ("bytes_out", |tally| tally.bytes_out),
    ("bytes_made", |tally| tally.made),
    ("ended", |tally| tally.holds.len()),
];

/// The table, by week, day or month. Times are in seconds.
pub fn render(summary: &Summary) -> String {
    let mut out = String::from("program,start,end,held,longest,share,median,p90,p99");
    for (name, _) in COUNTS {
        out.push(',');
        out.push_str(name);
    }
    out.push_str("\r\n");
    for facts in &summary.services {
        for span in facts.spans(summary.settings.by) {
            let tally = &span.tally;
            let seconds = |ms: u64| format!("{}.{:03}", ms / 1000, ms % 1000);
            let optional = |number: Option<f64>| number.map_or_else(String::new, |number| number.to_string());
            let share = span.share(summary.settings.slots).map(|share| format!("{share:.6}"));
            let mut cells = vec![
                facts.service.to_string(),
                span.start.to_rfc3339(),
                span.end.to_rfc3339(),
                seconds(tally.held_ms),
                seconds(tally.longest_ms),
                share.unwrap_or_default(),
            ];
            cells.extend([0.5, 0.9, 0.99].map(|part| optional(tally.holds.quantile(part))));
            cells.extend(COUNTS.map(|(_, count)| count(tally).to_string()));
            out.push_str(&cells.join(","));
            out.push_str("\r\n");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    #[test]
    fn every_row_has_every_column() {
        let text = render(&sample::summary());
        let widths: Vec<usize> = text.lines().map(|line| line.split(',').count()).collect();
        assert_eq!(widths, [25; 7]);
        assert!(text.contains(
            "\r\nsmtarpit,2026-11-16T00:00:00+00:00,2026-11-23T00:00:00+00:00,400000.000,200000.000,"
        ));
        assert_eq!(render(&sample::empty()).lines().count(), 1);
    }
}
