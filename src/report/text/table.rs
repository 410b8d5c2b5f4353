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
    // The widest of those that may be cut gives way, again and again.
    let used =
        |widths: &[usize]| INDENT + widths.iter().sum::<usize>() + GAP * widths.len().saturating_sub(1);
    while used(&widths) > WIDTH {
        let soft = (0..widths.len()).filter(|at| headings[*at].starts_with('~') && widths[*at] > LEAST);
        let Some(widest) = soft.max_by_key(|at| (widths[*at], *at)) else { break };
        widths[widest] -= 1;
    }
    for row in heads.into_iter().chain(rows) {
        let mut line = " ".repeat(INDENT);
        for (at, cell) in row.iter().enumerate() {
            let cell = cut(cell, widths[at]);
            match left[at] {
                true => line.push_str(&format!("{cell:<width$}", width = widths[at])),
                false => line.push_str(&format!("{cell:>width$}", width = widths[at])),
            }
            line.push_str(&" ".repeat(GAP));
        }
        out.push_str(line.trim_end());
        out.push('\n');
    }
}

const INDENT: usize = 1;
const GAP: usize = 2;
/// No column becomes narrower.
const LEAST: usize = 8;

/// Cuts a text that is too long; a tilde says so.
fn cut(text: &str, width: usize) -> String {
    match text.char_indices().nth(width) {
        None => text.to_owned(),
        Some(_) => text.chars().take(width.saturating_sub(1)).chain(['~']).collect(),
    }
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
}
