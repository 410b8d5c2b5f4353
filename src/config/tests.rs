//! Precedence, exact errors and `--check`.

use super::*;
use crate::pace::Range;
use proptest::prelude::*;
use std::time::Duration;

fn args(line: &str) -> Vec<OsString> {
    std::iter::once("smtarpit").chain(line.split_whitespace()).map(OsString::from).collect()
}

/// Loads with this file and these flags.
fn asked(file: Option<&str>, line: &str) -> Result<Asked<Smtarpit>, String> {
    settle(&args(line), file.map(|text| (Path::new("/etc/sundew.toml"), text))).map_err(|e| e.to_string())
}

fn run(file: Option<&str>, line: &str) -> Smtarpit {
    match asked(file, line) {
        Ok(Asked::Run(options)) => options,
        other => panic!("{other:?}"),
    }
}

fn text(file: Option<&str>, line: &str) -> String {
    match asked(file, line) {
        Ok(Asked::Text(text)) => text,
        other => panic!("{other:?}"),
    }
}

fn flag_error(line: &str) -> String {
    asked(None, line).unwrap_err()
}

fn file_error(text: &str) -> String {
    asked(Some(text), "").unwrap_err()
}

#[test]
fn everything_works_with_no_configuration_at_all() {
    let options = run(None, "");
    assert_eq!((options.common.slots, options.common.total, options.common.per_source), (35, 40, 0));
    assert_eq!(options.common.lock_dir, Path::new("/run/sundew/smtarpit"));
    assert_eq!(options.common.hostname, value::nodename());
    assert_eq!(options.common.facility, Facility::Mail);
    assert_eq!(options.mail.max_message.0, 10 << 20);
    assert_eq!(options.mail.spool_size.0, 100 << 20);
    let schedule = options.schedule();
    assert_eq!(schedule.name, "day");
    assert_eq!(schedule.ordinary, crate::smtp::pacing::Pace::Day.pacing());
}

#[test]
fn flags_win_over_the_file_for_lists_too() {
    let file = "slots = 10\ntotal = 12\ndomains = ['a.example', 'b.example']\nhostname = 'file.example'";
    let options = run(Some(file), "--slots 11 --domains=c.example,d.example --domains e.example");
    assert_eq!((options.common.slots, options.common.total), (11, 12));
    assert_eq!(options.common.domains, ["c.example", "d.example", "e.example"]);
    assert_eq!(options.common.hostname, "file.example");
}

#[test]
fn a_programs_table_wins_over_the_common_keys() {
    let file =
        "slots = 10\nallow = ['::1']\n[smtarpit]\nslots = 20\nallow = []\n[tarpop]\nslots = 5\nhello = 1\n";
    let options = run(Some(file), "");
    assert_eq!(options.common.slots, 20);
    assert_eq!(options.common.allow, []);
}

#[test]
fn numbers_need_no_quotes_and_may_have_them() {
    let file = "slots = 30\ntotal = '31'\n[smtarpit]\nmax_pause = 50\ngreet_pause = 0\nreply_time = 1.5\nhuman = '0.3-3'";
    let options = run(Some(file), "");
    assert_eq!((options.common.slots, options.common.total), (30, 31));
    assert_eq!(options.pacing.max_pause, Some(Duration::from_secs(50)));
    assert_eq!(options.pacing.greet_pause, Some(Range::ms(0, 0)));
    assert_eq!(options.pacing.reply_time, Some(Range::ms(1500, 1500)));
    assert_eq!(options.pacing.human, Some(Range::ms(300, 3000)));
}

#[test]
fn check_shows_where_values_come_from() {
    let text = text(
        Some("slots = 30\n[[smtarpit.profile]]\nname = 'night'\nhours = '22:00-06:30'"),
        "--check --total=50",
    );
    assert!(text.contains("\nslots = 30 # /etc/sundew.toml:1: slots\n"), "{text}");
    assert!(text.contains("\ntotal = 50 # --total\n"), "{text}");
    assert!(
        text.contains("\n[[smtarpit.profile]] # /etc/sundew.toml:2: profile\nname = \"night\"\n"),
        "{text}"
    );
}

#[test]
fn errors_name_file_line_and_key() {
    assert_eq!(
        file_error("\n[smtarpit]\nmax_pause = 'soon'"),
        "/etc/sundew.toml:3: max_pause: \"soon\" is not a number of seconds"
    );
    assert_eq!(flag_error("--max-pause soon"), "--max-pause: \"soon\" is not a number of seconds");
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in "[a-z_ =\\[\\]{}\"'0-9.,\n#-]{0,200}") {
        let _ = asked(Some(&text), "");
    }
}
