//! The process count over time, drawn with letters.

use super::{WIDTH, day, line, minute};
use crate::report::Summary;
use crate::report::summary::Processes;

/// The drawing, without its labels.
const COLUMNS: usize = 70;
const ROWS: u64 = 14;
/// The labels, unless a number is wider.
const LABELS: usize = 6;

/// Draws how many were tarpitted, `#`, and politely refused, `+`, with lines at the two limits.
pub fn render(out: &mut String, processes: &Processes, summary: &Summary) {
    let points = &processes.points;
    let (Some(first), Some(last)) = (points.first(), points.last()) else { return };
    let (slots, total) = (u64::from(summary.settings.slots), u64::from(summary.settings.total));
    let largest = points.iter().map(|point| u64::from(point.most.max(point.busy))).max().unwrap_or(0);
    let labels = largest.max(total).to_string().len().max(LABELS);
    let room = COLUMNS.min(WIDTH - labels - 2);
    // Every point is in one column, or each of a few in as many as fit, whatever their numbers are.
    let columns = match points.len() {
        few if few < room => room / few.max(1) * few,
        _ => room,
    };
    let column = |at: usize| {
        let from = at * points.len() / columns;
        let to = ((at + 1) * points.len() / columns).max(from + 1);
        let points = points.get(from..to).unwrap_or_default();
        let most = points.iter().map(|point| point.most).max().unwrap_or(0);
        (u64::from(most), u64::from(points.iter().map(|point| point.busy).max().unwrap_or(0)))
    };
    let drawn: Vec<(u64, u64)> = (0..columns).map(column).collect();
    let most = drawn.iter().map(|(_, busy)| *busy).max().unwrap_or(0);
    // A quiet time is seen on its own scale, a busy one below the limits.
    let top = if most * 3 < slots { most.max(1) } else { most.max(total) };
    let rows = ROWS.min(top);
    for row in (1..=rows).rev() {
        // A row stands for the numbers from here up to the row above.
        let from = (row * top).div_ceil(rows).min(top);
        let below = ((row - 1) * top).div_ceil(rows);
        let limit = [slots, total].into_iter().any(|limit| below < limit && limit <= from && limit <= top);
        let cell = |(held, busy): &(u64, u64)| match () {
            () if *held > below => '#',
            () if *busy > below => '+',
            () if limit => '-',
            () => ' ',
        };
        let label = [total, slots].into_iter().find(|limit| below < *limit && *limit <= from).unwrap_or(from);
        let text: String = drawn.iter().map(cell).collect();
        line(out, format_args!("{label:>labels$} |{text}").to_string().trim_end());
    }
    line(out, format_args!("{:>labels$} +{}", 0, "-".repeat(columns)));
    let (first, last) = match (last.at - first.at).num_days() {
        0 => (minute(first.at), last.at.format("%H:%M").to_string()),
        _ => (day(first.at), day(last.at)),
    };
    match columns > first.len() + last.len() {
        true => {
            let (indent, width) = (labels + 2, columns - first.len());
            line(out, format_args!("{:indent$}{first}{last:>width$}", ""));
        }
        false => line(out, format_args!("{:indent$}{first}", "", indent = labels + 2)),
    }
    if let Some(at) = processes.most_at {
        line(out, "");
        line(
            out,
            format_args!(
                " # held, + turned away; the most held at once: {}, on {}",
                processes.most,
                minute(at)
            ),
        );
    }
}
