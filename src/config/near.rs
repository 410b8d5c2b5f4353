//! What was probably meant by a word that is not known: the one rule for options, commands, keys of the
//! file and values.
//!
//! A suggestion that is far-fetched is worse than none, so there is one only for a word that is a few slips
//! away from a known one, one or at most one for every four letters, or that is the beginning of exactly one.

use crate::kind::distance;

/// More slips than that are another word, however long it is.
const MOST_SLIPS: usize = 3;

/// A word that is shorter says nothing.
const SHORTEST: usize = 3;

/// A longer word is none of ours.
const LONGEST: usize = 40;

/// Which of the known words was probably meant. Hyphens and underscores are the same here.
pub(super) fn nearest<S: AsRef<str>>(word: &str, known: impl IntoIterator<Item = S>) -> Option<S> {
    let plain = |word: &str| word.to_ascii_lowercase().replace('-', "_");
    let word = plain(word);
    if !(SHORTEST..=LONGEST).contains(&word.len()) {
        return None;
    }
    let known: Vec<(String, S)> = known.into_iter().map(|known| (plain(known.as_ref()), known)).collect();
    let begins = |known: &String| known.starts_with(&word);
    let slips = |known: &String| {
        let most = (word.len().max(known.len()) / 4).clamp(1, MOST_SLIPS);
        Some(distance(word.as_bytes(), known.as_bytes())).filter(|slips| *slips <= most)
    };
    let beginning_of_one = known.iter().filter(|(known, _)| begins(known)).count() == 1;
    let near = |known: &String| match beginning_of_one && begins(known) {
        true => Some(0),
        false => slips(known),
    };
    let nearest = known.into_iter().filter_map(|(known, shown)| Some((near(&known)?, shown)));
    nearest.min_by_key(|(slips, _)| *slips).map(|(_, shown)| shown)
}

/// The end of a sentence that says so.
pub fn hint<S: AsRef<str>>(word: &str, known: impl IntoIterator<Item = S>) -> String {
    nearest(word, known).map_or_else(String::new, |near| format!("; did you mean {}?", near.as_ref()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const KNOWN: &[&str] = &[
        "hostname",
        "domains",
        "slots",
        "total",
        "per_source",
        "speedup",
        "seed",
        "user",
        "version",
        "help",
        "banner",
        "max_message",
        "max_pause",
        "banner_time",
        "log",
        "log_socket",
    ];

    #[test]
    fn what_is_near_is_suggested() {
        for (word, near) in [
            ("slotz", "slots"),
            ("hostnme", "hostname"),
            ("domain", "domains"),
            ("per-sorce", "per_source"),
            ("Toatl", "total"),
            ("speed", "speedup"),
            ("lgo", "log"),
            ("bannr", "banner"),
            ("max-mesage", "max_message"),
            ("banner-", "banner_time"),
            ("use", "user"),
        ] {
            assert_eq!(nearest(word, KNOWN.iter().copied()), Some(near), "{word}");
        }
    }

    #[test]
    fn what_is_far_is_not() {
        let long = "slots".repeat(1000);
        for word in [
            "verbose", "port", "quiet", "x", "", "max", "us", "output", "listen", "slowness", "dinner",
            "daemon", &long,
        ] {
            assert_eq!(nearest(word, KNOWN.iter().copied()), None, "{word}");
        }
    }
}
