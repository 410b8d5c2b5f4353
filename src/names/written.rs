//! Names as people write them: Müller and François, where an address has mueller and francois.
//!
//! What stands in an address follows from what people read by the folding that they use themselves
//! ([`folded`]), but not the other way round, so the names for which it matters are in a table.

use super::{FAMILY_TIERS, GERMAN, LONGEST, Language, Names};

/// A name and how it is written, in small letters; a line for each, in the order of the names.
pub struct Written(pub &'static str);

impl Written {
    /// How a name is written.
    pub fn get(&self, name: &str) -> Option<&'static str> {
        // A blank comes before every letter, so that lines are in the order of their names.
        let mut key = [b' '; LONGEST + 2];
        let key = key.get_mut(..=name.len())?;
        key.get_mut(..name.len())?.copy_from_slice(name.as_bytes());
        let text = self.0.as_bytes();
        let (mut low, mut high) = (0, text.len());
        while low < high {
            // The line in the middle.
            let middle = low.midpoint(high);
            let before = text.get(low..middle)?.iter().rposition(|&byte| byte == b'\n');
            let start = before.map_or(low, |before| low + before + 1);
            let begin = text.get(start..)?;
            match begin.get(..key.len()).unwrap_or(begin).cmp(key) {
                std::cmp::Ordering::Equal => {
                    return self.0.get(start + key.len()..)?.lines().next();
                }
                std::cmp::Ordering::Less => {
                    let end = text.get(middle..)?.iter().position(|&byte| byte == b'\n')?;
                    low = middle + end + 1;
                }
                std::cmp::Ordering::Greater => high = start,
            }
        }
        None
    }
}

/// A name as it is written: Berger, McDonald, O'Brien, Müller, Jean-Pierre.
pub fn display(language: Language, name: &str) -> String {
    match language {
        Language::German if GERMAN.written.get(name).is_none() => match composed(&GERMAN, name) {
            Some(written) => capitals(&written),
            None => capitals(name),
        },
        _ => display_listed(language, name),
    }
}

/// The same of a name that is known to be in a list, so that it is not composed.
pub fn display_listed(language: Language, name: &str) -> String {
    match language {
        Language::English => english(name),
        Language::German | Language::French => capitals(language.names().written.get(name).unwrap_or(name)),
    }
}

/// A composed name, of which root and ending are written in ways of their own: Mühlen-, -böck.
fn composed(names: &Names, name: &str) -> Option<String> {
    if names.find_given(name.as_bytes()).is_some() {
        return None;
    }
    let found = names.find_family(name.as_bytes()).filter(|found| found.tier == FAMILY_TIERS - 1)?;
    let (root, ending) = name.split_at_checked(names.root(found).len())?;
    let written = |part| names.written.get(part).unwrap_or(part);
    Some([written(root), written(ending)].concat())
}

/// With a capital at each beginning.
fn capitals(name: &str) -> String {
    let mut begins = true;
    let mut shown = String::with_capacity(name.len());
    for letter in name.chars() {
        match begins {
            true => shown.extend(letter.to_uppercase()),
            false => shown.push(letter),
        }
        begins = matches!(letter, ' ' | '-' | '\'');
    }
    shown
}

/// What stands in an address for a name that is written: small letters without any sign.
pub fn folded(language: Language, name: &str) -> String {
    let mut small = String::with_capacity(name.len());
    for letter in name.chars().flat_map(char::to_lowercase) {
        let plain = match (letter, language) {
            ('a'..='z', _) => {
                small.push(letter);
                continue;
            }
            ('ä', Language::German) => "ae",
            ('ö', Language::German) => "oe",
            ('ü', Language::German) => "ue",
            ('ß', _) => "ss",
            ('œ', _) => "oe",
            ('æ', _) => "ae",
            ('à' | 'á' | 'â' | 'ã' | 'ä' | 'å', _) => "a",
            ('ç', _) => "c",
            ('è' | 'é' | 'ê' | 'ë', _) => "e",
            ('ì' | 'í' | 'î' | 'ï', _) => "i",
            ('ñ', _) => "n",
            ('ò' | 'ó' | 'ô' | 'õ' | 'ö', _) => "o",
            ('ù' | 'ú' | 'û' | 'ü', _) => "u",
            ('ý' | 'ÿ', _) => "y",
            _ => "",
        };
        small.push_str(plain);
    }
    small
}

fn english(name: &str) -> String {
    let (start, rest) = match name.strip_prefix("mc") {
        Some(rest) if rest.len() > 2 => ("Mc", rest),
        _ => match name.strip_prefix('o') {
            Some(rest) if IRISH.contains(&rest) => ("O'", rest),
            _ => ("", name),
        },
    };
    let mut letters = rest.chars();
    let initial = letters.next().map(|letter| letter.to_ascii_uppercase());
    start.chars().chain(initial).chain(letters).collect()
}

/// What follows O'.
const IRISH: &[&str] = &[
    "brien",
    "briant",
    "bryan",
    "callaghan",
    "connell",
    "conner",
    "connor",
    "dea",
    "dell",
    "donnell",
    "dowd",
    "driscoll",
    "dwyer",
    "farrell",
    "flaherty",
    "gara",
    "grady",
    "hagan",
    "halloran",
    "hanlon",
    "hara",
    "hare",
    "hearn",
    "keefe",
    "laughlin",
    "leary",
    "loughlin",
    "mahony",
    "malley",
    "mara",
    "meara",
    "neal",
    "neil",
    "neill",
    "quinn",
    "reilly",
    "riley",
    "rourke",
    "shaughnessy",
    "shea",
    "steen",
    "sullivan",
    "toole",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_displayed_as_people_write_them() {
        for (language, name, shown) in [
            (Language::English, "berger", "Berger"),
            (Language::English, "mcdonald", "McDonald"),
            (Language::English, "obrien", "O'Brien"),
            (Language::English, "olson", "Olson"),
            (Language::English, "", ""),
            (Language::English, "mueller", "Mueller"),
            (Language::German, "mueller", "Müller"),
            (Language::German, "bauer", "Bauer"),
            (Language::German, "michael", "Michael"),
            (Language::German, "weiss", "Weiß"),
            (Language::German, "juergen", "Jürgen"),
            (Language::German, "karlheinz", "Karl-Heinz"),
            (Language::German, "", ""),
            (Language::French, "francois", "François"),
            (Language::French, "jeanpierre", "Jean-Pierre"),
            (Language::French, "legall", "Le Gall"),
            (Language::French, "guerin", "Guérin"),
            (Language::French, "martin", "Martin"),
        ] {
            assert_eq!(display(language, name), shown, "{name}");
        }
    }

    #[test]
    fn the_parts_of_a_composed_name_are_written_in_their_own_ways() {
        let (root, ending) = ("muehlen", "boeck");
        assert!(Language::German.names().written.get(&format!("{root}{ending}")).is_none());
        assert_eq!(display(Language::German, &format!("{root}{ending}")), "Mühlenböck");
    }

    #[test]
    fn what_is_written_folds_to_what_is_in_the_address() {
        for language in [Language::German, Language::French] {
            let names = language.names();
            let mut before = "";
            for line in names.written.0.lines() {
                let (name, written) = line.split_once(' ').expect("a name and how it is written");
                assert!(before < name, "{before} {name}");
                before = name;
                assert_eq!(folded(language, written), name);
                assert_eq!(names.written.get(name), Some(written));
                assert!(written != name && written == written.to_lowercase(), "{line}");
            }
            let all = names.given.iter().chain(&names.family);
            for name in all.flat_map(|list| (0..list.len()).step_by(11).map(|at| list.get(at))) {
                assert_eq!(folded(language, &display(language, name)), name);
            }
            for other in ["", "a", "zzzz", "mue", "mueller x", "\n", " "] {
                assert_eq!(names.written.get(other), None, "{other:?}");
            }
        }
    }
}
