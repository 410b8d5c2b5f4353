//! The report in 80 columns, for a terminal and for mail.
//!
//! It is printable ASCII: what came from a peer has been made plain before it was logged, and is held to
//! that again when it is read.

mod graph;
mod service;
mod table;
mod whole;

use std::fmt::Display;

use super::Summary;
use super::summary::Moment;

/// How wide it is.
const WIDTH: usize = 79;

/// The report.
pub fn render(summary: &Summary) -> String {
    let mut out = String::new();
    head(&mut out, summary);
    for facts in &summary.services {
        service::render(&mut out, facts, summary);
    }
    whole::render(&mut out, summary);
    out
}

/// What it is about, and whatever is wrong.
fn head(out: &mut String, summary: &Summary) {
    let zone = &summary.settings.zone;
    match summary.period {
        Some((from, to)) => {
            line(out, format_args!("Tarpit report, {} to {} ({zone})", minute(from), minute(to)));
        }
        None => line(out, "Tarpit report"),
    }
    if summary.services.is_empty() {
        line(out, "");
        line(out, "There is no line of smtarpit, tarpop or sundew in this log.");
    }
    let input = &summary.input;
    if input.unparsed > 0 {
        line(out, "");
        let lines =
            counted(input.unparsed, "line of ours could not be read", "lines of ours could not be read");
        line(out, format_args!("{lines}; --unparsed FILE shows them."));
    }
    for doubt in summary.doubts() {
        line(out, "");
        line(out, doubt);
    }
    if !summary.errors.is_empty() {
        heading(out, "Errors of ours");
        let rows = summary.errors.iter().take(summary.settings.top).map(|error| {
            vec![
                minute(error.last),
                error.service.to_string(),
                thousands(error.count),
                error.what.to_string(),
            ]
        });
        table::write(out, &["<last", "<program", "times", "~what"], rows);
    }
}

/// A line, or as many as it takes: what does not fit goes on below, at a space.
fn line(out: &mut String, text: impl Display) {
    for text in text.to_string().split('\n') {
        let mut rest = text;
        let indent = (rest.len() - rest.trim_start().len()).min(WIDTH / 2);
        let mut room = WIDTH;
        while let Some((most, _)) = rest.char_indices().nth(room) {
            let space = match rest[most..].starts_with(' ') {
                true => Some(most),
                false => rest[..most].rfind(' ').filter(|space| !rest[..*space].trim().is_empty()),
            };
            let (begin, more) = rest.split_at(space.unwrap_or(most));
            out.push_str(begin.trim_end());
            out.push('\n');
            out.push_str(&" ".repeat(indent));
            (rest, room) = (more.trim_start(), WIDTH - indent);
        }
        out.push_str(rest);
        out.push('\n');
    }
}

fn heading(out: &mut String, text: impl Display) {
    line(out, "");
    line(out, text);
    line(out, "");
}

/// A number with commas.
fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() * 4 / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

fn counted(number: u64, one: &str, more: &str) -> String {
    format!("{} {}", thousands(number), if number == 1 { one } else { more })
}

/// A part of a whole in per cent, to the nearest whole number; halves up.
fn percent(part: u64, whole: u64) -> String {
    match whole {
        0 => "-".to_owned(),
        _ => ((u128::from(part) * 200 / u128::from(whole)).div_ceil(2)).to_string(),
    }
}

/// A length of time in its two largest units; what is short has a decimal.
fn length(seconds: f64) -> String {
    let tenths = (seconds.max(0.0) * 10.0).round();
    if tenths < 100.0 && tenths % 10.0 != 0.0 {
        return format!("{:.1}s", tenths / 10.0);
    }
    let seconds = seconds.max(0.0).round() as u64;
    let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86_400);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds}s"),
        (0, 0, _) => format!("{minutes}m{:02}s", seconds % 60),
        (0, _, _) => format!("{hours}h{:02}m", minutes % 60),
        _ => format!("{days}d{:02}h", hours % 24),
    }
}

/// Milliseconds likewise.
fn length_ms(ms: u64) -> String {
    length(ms as f64 / 1000.0)
}

fn optional(seconds: Option<f64>) -> String {
    seconds.map_or_else(|| "-".to_owned(), length)
}

/// A bar of at most `width` for a part of the most.
fn bar(part: u64, most: u64, width: u64) -> String {
    let full =
        if most == 0 { 0 } else { (u128::from(part) * u128::from(width) * 2).div_ceil(u128::from(most)) / 2 };
    // What is there at all is seen.
    "#".repeat(usize::try_from(full).unwrap_or(0).max(usize::from(part > 0)))
}

fn minute(at: Moment) -> String {
    at.format("%Y-%m-%d %H:%M").to_string()
}

fn day(at: Moment) -> String {
    at.format("%Y-%m-%d").to_string()
}

#[cfg(test)]
mod tests;
