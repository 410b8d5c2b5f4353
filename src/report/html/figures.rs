//! How numbers are written.

use crate::report::summary::rounded;

/// With a comma before every three digits.
pub fn whole(number: u64) -> String {
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

/// So many of something.
pub fn count(number: u64, what: &str) -> String {
    format!("{} {what}{}", whole(number), if number == 1 { "" } else { "s" })
}

/// A length of time by its two largest units: `2 d 3 h`, `43 min`, `8 s`.
pub fn time(seconds: u64) -> String {
    const UNITS: [(u64, &str); 4] = [(86_400, "d"), (3_600, "h"), (60, "min"), (1, "s")];
    let Some(at) = UNITS.iter().position(|&(unit, _)| seconds >= unit) else { return "0 s".to_owned() };
    let (unit, name) = UNITS[at];
    let rest = UNITS.get(at + 1).map_or(0, |&(next, _)| seconds % unit / next);
    match UNITS.get(at + 1) {
        // What is long enough needs no more.
        Some(&(_, next)) if rest > 0 && seconds / unit < 20 => {
            format!("{} {name} {rest} {next}", seconds / unit)
        }
        _ => format!("{} {name}", whole(seconds / unit)),
    }
}

/// The same of milliseconds.
pub fn time_ms(ms: u64) -> String {
    time(rounded(ms, 1000))
}

/// A length of time in one unit, for tables with many columns: `5.8 min`, `42 s`, `51 d`.
pub fn brief(seconds: f64) -> String {
    const UNITS: [(f64, &str); 4] = [(86_400.0, "d"), (3_600.0, "h"), (60.0, "min"), (1.0, "s")];
    let fitting = UNITS.into_iter().find(|&(unit, _)| seconds >= unit * 0.9995);
    let (unit, name) = fitting.unwrap_or((1.0, "s"));
    let number = seconds / unit;
    let decimals = usize::from(number < 9.95 && unit > 1.0);
    format!("{number:.decimals$} {name}")
}

/// The same of milliseconds.
pub fn brief_ms(ms: u64) -> String {
    brief(ms as f64 / 1000.0)
}

/// A length of time that may be unknown, as of a quantile.
pub fn maybe_time(seconds: Option<f64>) -> String {
    seconds.map_or_else(none, brief)
}

/// A share as per cent: whole from ten on.
pub fn percent(part: f64) -> String {
    match part * 100.0 {
        none if !none.is_finite() => self::none(),
        0.0 => "0 %".to_owned(),
        tiny if tiny < 0.05 => "<0.1 %".to_owned(),
        small if small < 9.95 => format!("{small:.1} %"),
        more => format!("{more:.0} %"),
    }
}

pub fn share(part: u64, of: u64) -> f64 {
    if of == 0 { 0.0 } else { part as f64 / of as f64 }
}

/// From before to now, with its sign.
pub fn change(before: u64, now: u64) -> String {
    if before == 0 {
        return none();
    }
    let change = (now as f64 - before as f64) / before as f64 * 100.0;
    match change.abs() {
        nothing if nothing < 0.5 => "\u{b1}0 %".to_owned(),
        _ if change < 0.0 => format!("\u{2212}{:.0} %", -change),
        _ => format!("+{change:.0} %"),
    }
}

/// What stands for a number that there is not.
pub fn none() -> String {
    "\u{2013}".to_owned()
}

/// A number for an axis: `500`, `1.5k`, `2M`.
pub fn short(number: f64) -> String {
    let (number, unit) = match number.abs() {
        large if large >= 999_999.5 => (number / 1e6, "M"),
        large if large >= 999.5 => (number / 1e3, "k"),
        _ => (number, ""),
    };
    let text = format!("{number:.1}");
    format!("{}{unit}", text.strip_suffix(".0").unwrap_or(&text))
}

/// Bytes in a unit that fits.
pub fn bytes(number: f64) -> String {
    const UNITS: [&str; 5] = ["B", "kB", "MB", "GB", "TB"];
    let mut at = 0;
    let mut number = number;
    while number >= 999.5 && at + 1 < UNITS.len() {
        number /= 1000.0;
        at += 1;
    }
    let decimals = usize::from(at > 0 && number < 9.95);
    format!("{number:.decimals$} {}", UNITS[at])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_people_read_them() {
        assert_eq!([0, 999, 1000, 16_465_660].map(whole), ["0", "999", "1,000", "16,465,660"]);
        let times = [0, 59, 60, 3_661, 43 * 3_600 + 1, 2 * 86_400 + 3_600, 400 * 86_400];
        assert_eq!(times.map(time), ["0 s", "59 s", "1 min", "1 h 1 min", "1 d 19 h", "2 d 1 h", "400 d"]);
        assert_eq!(
            [0.0, 0.0001, 0.004, 0.0996, 1.0].map(percent),
            ["0 %", "<0.1 %", "0.4 %", "10 %", "100 %"]
        );
        assert_eq!(
            [0.4, 59.0, 350.0, 3_599.0, 36_000.0, 864_000.0].map(brief),
            ["0 s", "59 s", "5.8 min", "1.0 h", "10 h", "10 d"]
        );
        assert_eq!(
            [change(100, 112), change(100, 40), change(0, 1), change(7, 7)],
            ["+12 %", "\u{2212}60 %", "\u{2013}", "\u{b1}0 %"]
        );
        assert_eq!([12.0, 1_200.0, 99_600.0, 2e15].map(bytes), ["12 B", "1.2 kB", "100 kB", "2000 TB"]);
    }
}
