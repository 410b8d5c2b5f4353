//! Tables: columns as wide as what is in them, and no line wider than the page.

use super::WIDTH;

/// Writes a table. A heading that begins with `<` or `~` is of a column that stands to the left, and with
/// `~` it is cut when the page is too narrow. A `|` divides a heading into two lines.
pub fn write(out: &mut String, headings: &[&str], rows: impl IntoIterator<Item = Vec<String>>) {
    let rows: Vec<Vec<String>> = rows.into_iter().collect();
    let left: Vec<bool> = headings.iter().map(|heading| heading.starts_with(['<', '~'])).collect();
    let texts: Vec<&str> = headings.iter().map(|heading| heading.trim_start_matches(['<', '~'])).collect();
    let heads: Vec<Vec<String>> = match texts.iter().any(|text| text.contains('|')) {
        true => {
            // One line stands next to the rows.
            let split = |text: &&str| match text.split_once('|') {
                Some((above, below)) => (above.to_owned(), below.to_owned()),
                None => (String::new(), (*text).to_owned()),
            };
            let (above, below) = texts.iter().map(split).unzip();
            vec![above, below]
        }
        false => vec![texts.iter().map(|text| (*text).to_owned()).collect()],
    };
    let width = |rows: &[Vec<String>], at: usize| {
        let cells = heads.iter().chain(rows).filter_map(|row| row.get(at));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let mut widths: Vec<usize> = (0..headings.len()).map(|at| width(&rows, at)).collect();
    let mut gap = GAP;
    let used = |widths: &[usize], gap: usize| {
        INDENT + widths.iter().sum::<usize>() + gap * widths.len().saturating_sub(1)
    };
    // The widest of those that may be cut gives way, again and again; then the gaps; then any.
    for (soft, narrow) in [(true, GAP), (false, 1)] {
        if used(&widths, gap) > WIDTH {
            gap = narrow;
        }
        while used(&widths, gap) > WIDTH {
            let may = (0..widths.len())
                .filter(|at| widths[*at] > LEAST && (!soft || headings[*at].starts_with('~')));
            let Some(widest) = may.max_by_key(|at| (widths[*at], *at)) else { break };
            widths[widest] -= 1;
        }
    }
    for row in heads.into_iter().chain(rows) {
        let mut line = " ".repeat(INDENT);
        for (at, cell) in row.iter().enumerate() {
            let (width, left) = (widths[at], left[at]);
            let cell = if left { cut(cell, width) } else { fit(cell, width) };
            match left {
                true => line.push_str(&format!("{cell:<width$}")),
                false => line.push_str(&format!("{cell:>width$}")),
            }
            line.push_str(&" ".repeat(gap));
        }
        out.push_str(line.trim_end());
        out.push('\n');
    }
}

const INDENT: usize = 1;
const GAP: usize = 2;
/// No column becomes narrower; eight of them are a page.
const LEAST: usize = 8;

/// Cuts a text that is too long; a tilde says so.
fn cut(text: &str, width: usize) -> String {
    match text.char_indices().nth(width) {
        None => text.to_owned(),
        Some(_) => text.chars().take(width.saturating_sub(1)).chain(['~']).collect(),
    }
}

/// Rounds a number that is too long, and keeps its first unit: a number that is cut would be another one.
fn fit(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.to_owned();
    }
    let (sign, rest) = text.split_at(usize::from(text.starts_with(['+', '-'])));
    let end = rest.find(|c: char| !c.is_ascii_digit() && c != ',').unwrap_or(rest.len());
    let digits: String = rest[..end].chars().filter(char::is_ascii_digit).collect();
    let Some((first, more)) = digits.split_at_checked(1).filter(|(_, more)| !more.is_empty()) else {
        return cut(text, width);
    };
    let unit = rest[end..].trim_start_matches(|c: char| c == '.' || c.is_ascii_digit());
    let unit: String = unit.chars().take_while(|c| !c.is_ascii_digit()).collect();
    cut(&format!("{sign}{first}.{}e{}{unit}", &more[..1], more.len()), width)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_fits_the_page() {
        let mut out = String::new();
        let long = "x".repeat(200);
        let row = vec!["1".to_owned(), long.clone(), "22,222".to_owned(), long];
        write(&mut out, &["n", "~path", "big|number", "~agent"], [row]);
        let lines: Vec<&str> = out.lines().collect();
        assert_eq!(lines.len(), 3);
        assert!(lines.iter().all(|line| line.len() <= WIDTH), "{out}");
        assert!(lines[2].matches('~').count() == 2 && lines[2].contains("  22,222  "), "{out}");
        assert!(lines[0].trim() == "big" && lines[1].contains("path"), "{out}");
    }

    #[test]
    fn a_number_that_is_too_long_is_rounded_and_never_cut() {
        for (text, short) in [
            ("1,234", "1,234"),
            ("18,446,744,073,709,551,615", "1.8e19"),
            ("213503982334d14h", "2.1e11d"),
            ("+1844674407 %", "+1.8e9 %"),
            ("-184467440.5", "-1.8e8"),
            ("connections", "connect~"),
        ] {
            assert_eq!(fit(text, 8), short);
        }
        let mut out = String::new();
        write(&mut out, &["n"; 8], [vec!["18,446,744,073,709,551,615".to_owned(); 8]]);
        assert!(out.lines().all(|line| line.len() <= WIDTH), "{out}");
        assert_eq!(out.matches("e19").count(), 8, "{out}");
    }
}
