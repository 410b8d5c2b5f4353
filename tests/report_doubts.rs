//! Logs that are not as they should be: in another order, twice, from a wrong clock, without stamps, packed by
//! something else; and questions that contradict themselves. Each gets the right report, or is told what is wrong.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::harness::Dir;
use crate::loggen::Plan;
use crate::loggen::form::Form;

/// The program, in UTC and at a moment after all of the logs.
fn report(args: &[&str], files: &[PathBuf]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tarpit-report"));
    command.env("TZ", "UTC").env_remove("SUNDEW_CONFIG").args(["--now", "2027-01-15T00:00:00Z"]);
    command.args(args).args(files).output().unwrap()
}

/// What it writes, and what it says on stderr.
fn of(args: &[&str], files: &[PathBuf]) -> (String, String) {
    let output = report(args, files);
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{args:?} {files:?}: {said}");
    (String::from_utf8(output.stdout).unwrap(), said)
}

fn json(files: &[PathBuf]) -> String {
    let (json, said) = of(&["--format", "json"], files);
    assert_eq!(said, "");
    json
}

/// What is wrong, and that nothing comes out.
fn refused(args: &[&str], files: &[PathBuf]) -> String {
    let output = report(args, files);
    assert!(output.status.code() == Some(100) && output.stdout.is_empty(), "{args:?}: {}", output.status);
    String::from_utf8(output.stderr).unwrap()
}

/// A number of the JSON, the first of that name.
fn number(json: &str, name: &str) -> u64 {
    let at = json.find(&format!("\"{name}\":")).unwrap_or_else(|| panic!("{name}: {json}")) + name.len() + 3;
    json[at..].chars().take_while(char::is_ascii_digit).collect::<String>().parse().unwrap()
}

/// Without what was read, which differs if something is read twice.
fn without_input(json: &str) -> String {
    json.replacen(&json[json.find("\"input\"").unwrap()..json.find("\"services\"").unwrap()], "", 1)
}

fn lines(form: Form, whole_seconds: bool) -> Vec<String> {
    let mut log = Vec::new();
    Plan { weeks: 2.0, visitors: 300, whole_seconds, ..Plan::new(21) }.write(form, &mut log).unwrap();
    String::from_utf8(log).unwrap().lines().map(|line| format!("{line}\n")).collect()
}

#[test]
fn the_order_of_the_lines_changes_nothing() {
    let dir = Dir::new();
    for form in [Form::Rfc3339, Form::Rfc3164, Form::Json] {
        let lines = lines(form, form != Form::Rfc3339);
        let forward = json(&[dir.write("forward", lines.concat())]);
        assert!(number(&forward, "events") > 3_000 && number(&forward, "duplicates") == 0, "{form:?}");

        let reversed: String = lines.iter().rev().map(String::as_str).collect();
        assert!(json(&[dir.write("reversed", reversed)]) == forward, "{form:?} newest first differs");
        for apart in [1, 2, 7] {
            let mut swapped = lines.clone();
            for some in swapped.chunks_mut(2 * apart).filter(|some| some.len() == 2 * apart) {
                (0..apart).for_each(|at| some.swap(at, at + apart));
            }
            assert!(json(&[dir.write("swapped", swapped.concat())]) == forward, "{form:?}: {apart} apart");
        }
    }
}

#[test]
fn a_log_that_is_shuffled_is_the_same_log() {
    let dir = Dir::new();
    let mut lines = lines(Form::Rfc3339, false);
    let forward = json(&[dir.write("forward", lines.concat())]);
    // A generator of Lehmer's is chance enough.
    let mut state = 48_271_u64;
    for at in (1..lines.len()).rev() {
        state = state * 48_271 % 2_147_483_647;
        lines.swap(at, usize::try_from(state).unwrap() % (at + 1));
    }
    let shuffled = json(&[dir.write("shuffled", lines.concat())]);
    assert!(without_input(&shuffled) == without_input(&forward));
}

#[test]
fn what_overlaps_counts_once_whichever_file_has_it() {
    let dir = Dir::new();
    let lines = lines(Form::Rfc3339, false);
    let whole = json(&[dir.write("whole", lines.concat())]);
    let third = lines.len() / 3;
    let old = dir.write("mail.log.1", lines[..2 * third].concat());
    let new = dir.write("mail.log", lines[third..].concat());
    let newest_first = |lines: &[String]| lines.iter().rev().map(String::as_str).collect::<String>();
    let older = dir.write("older", newest_first(&lines[..2 * third]));
    let newer = dir.write("newer", newest_first(&lines[third..]));
    for files in [
        vec![old.clone(), new.clone()],
        vec![new.clone(), old.clone(), new.clone()],
        vec![older.clone(), newer.clone()],
        vec![newer, new, older, old],
    ] {
        let overlapped = json(&files);
        assert!(without_input(&overlapped) == without_input(&whole), "{files:?} differ");
        assert!(number(&overlapped, "duplicates") > third as u64 * 9 / 10, "{files:?}");
    }
}

#[test]
fn a_log_beside_its_copy_in_another_form_counts_once() {
    let dir = Dir::new();
    // Fractions are lost in one of them, so that no stamp is the same.
    let plan = Plan { weeks: 2.0, visitors: 700, killed: 0.0, ..Plan::new(22) };
    let write = |form: Form| {
        let mut log = Vec::new();
        plan.write(form, &mut log).unwrap();
        dir.write(&format!("{form:?}"), log)
    };
    let (fine, coarse) = (write(Form::Rfc3339), write(Form::Rfc3164));
    let (once, both) = (json(std::slice::from_ref(&fine)), json(&[fine.clone(), coarse]));
    for name in ["hits", "mails", "rcpts", "logins", "pages"] {
        assert_eq!(number(&both, name), number(&once, name), "{name}");
    }
}

/// A connection's `connect` or `end`, as a machine with a wrong clock stamps it.
fn stray(year: u32) -> [String; 2] {
    let line = |text: &str| format!("{year}-01-01T00:00:07.000000+00:00 mx smtarpit[7]: {text}\n");
    [
        line("connect id=q peer=8.8.4.4 slot=1 busy=1 profile=day persona=exim"),
        line(
            "end id=r peer=8.8.4.5 held=5 in=1 out=1 stage=rcpt reason=quit kind=program evidence=x profile=day commands=1",
        ),
    ]
}

#[test]
fn a_line_of_a_wrong_clock_is_set_aside_and_told_of() {
    let dir = Dir::new();
    let lines = lines(Form::Rfc3339, false);
    for few in [lines.len(), 40] {
        let lines = &lines[..few];
        let log = [dir.write("mail.log", lines.concat())];
        let (usual, text) = (json(&log), of(&[], &log).0);
        for year in [2000, 2099] {
            for (at, stray) in [0, few / 2, few].into_iter().zip(stray(year).iter().cycle()) {
                let mut with: Vec<String> = lines.to_vec();
                with.insert(at, stray.clone());
                let files = [dir.write("stray", with.concat())];
                let (json, said) = of(&["--format", "json"], &files);
                let told = "1 line of ours is more than a year from all others and not counted, as one of smtarpit about 8.8.4.";
                assert!(said.contains(told) && said.contains(&format!("at {year}-01-01 00:00:07")), "{said}");
                assert!(
                    json.contains(&format!("\"far_off\":{{\"lines\":1,\"first\":\"{year}-01-01T00:00:07")),
                    "{said}"
                );
                let far = &json[json.find("\"far_off\":").unwrap()..json.find("},\"services\"").unwrap()];
                assert_eq!(json.replace(far, "\"far_off\":null"), usual, "{year} at {at} of {few}");
                let more = of(&[], &files).0;
                assert!(more.contains("1 line of ours is more than a year from all others"), "{more}");
                assert!(more.lines().count() <= text.lines().count() + 4, "{}", more.lines().count());
                let page = of(&["--format", "html"], &files).0;
                assert!(page.contains("1 line of ours is more than a year from all others"));
            }
        }
    }
}

#[test]
fn years_without_anything_are_one_row() {
    let dir = Dir::new();
    let old =
        Plan { weeks: 1.0, visitors: 300, start: "2006-03-06T00:00:00Z".parse().unwrap(), ..Plan::new(4) };
    let mut log = Vec::new();
    old.write(Form::Rfc3339, &mut log).unwrap();
    let files = [dir.write("old", log), dir.write("new", lines(Form::Rfc3339, false).concat())];
    for by in ["week", "day", "month"] {
        let (text, said) = of(&["--by", by], &files);
        assert_eq!(said, "");
        let usual = |files: &[PathBuf]| of(&["--by", by], files).0.lines().count();
        assert!(
            text.lines().count() < usual(&files[..1]) + usual(&files[1..]),
            "{by}: {}",
            text.lines().count()
        );
        let page = of(&["--by", by, "--format", "html"], &files).0;
        assert!(page.contains(": nothing</td>"), "{by}");
        assert!(page.matches("<tr>").count() < 1_000, "{by}: {}", page.matches("<tr>").count());
    }
    let text = of(&[], &files).0;
    let row = text.lines().find(|line| line.starts_with(" 1,07") && line.contains(" weeks ")).unwrap();
    let cells: Vec<&str> = row.split_whitespace().skip(1).collect();
    assert_eq!(cells, ["weeks", "0", "0", "0", "0", "0", "0"], "{text}");
}

#[test]
fn a_log_without_stamps_is_dated_by_names_and_says_so() {
    let dir = Dir::new();
    let lines = lines(Form::Rfc3339, true);
    // As multilog writes it without t, and only who came to an end, whose hold is known.
    let bare = |line: &String| {
        let rest = line.splitn(3, ' ').nth(2)?;
        rest.starts_with("smtarpit[").then(|| rest.to_owned())
    };
    let ended: Vec<&String> = lines.iter().filter(|line| line.contains(": end ")).collect();
    let dated: Vec<&str> =
        ended.iter().filter(|line| bare(line).is_some()).map(|line| line.as_str()).collect();
    let without: Vec<String> = ended.iter().filter_map(|line| bare(line)).collect();
    let dated = json(&[dir.write("dated", dated.concat())]);
    let files = [dir.write("current", without.concat())];
    let (undated, said) = of(&["--format", "json"], &files);
    let count = without.len();
    assert!(count > 500 && said.contains(&format!("{count} lines of ours have no stamp")), "{said}");
    assert_eq!(number(&undated, "undated"), count as u64);
    for name in ["held", "longest", "hits", "rcpts"] {
        assert_eq!(number(&undated, name), number(&dated, name), "{name}");
    }
    assert!(of(&[], &files).0.contains(&format!("{count} lines of ours have no stamp")));
    assert!(of(&["--format", "html"], &files).0.contains(&format!("{count} lines of ours have no stamp")));

    let nameless = dir.write(
        "nameless",
        "tarpop[1]: end id=a peer=8.8.4.4 held=5 in=1 out=1 stage=user reason=quit kind=program evidence=x profile=day commands=1\n",
    );
    let said = refused(&["--format", "json"], &[nameless]);
    assert!(
        said.contains(
            "without a stamp, whose connections have no time in their names either: 1, and no others"
        ),
        "{said}"
    );
}

#[test]
fn what_contradicts_itself_is_refused() {
    let dir = Dir::new();
    let log = [dir.write("mail.log", lines(Form::Rfc3339, false).concat())];
    for (args, complaint) in [
        (
            &["--from", "2026-11-02", "--to", "2026-11-01"][..],
            "--to: the period would end at 2026-11-02 00:00:00, which is not after its beginning, 2026-11-02 00:00:00",
        ),
        (
            &["--period", "lastweek"],
            "--period: \"lastweek\" is not one of today, yesterday, this-week, last-week, this-month, last-month",
        ),
        (&["--by", "year"], "--by: \"year\" is not one of week, day, month"),
        (
            &["--week-start", "montag"],
            "--week-start: \"montag\" is no day of the week, mon, tue, wed, thu, fri, sat or sun",
        ),
        (&["today", "yesterday"], "today and yesterday: another period is given too"),
        (&["list", "today", "--last", "7d"], "today and yesterday: another period is given too"),
        (&["--format", "html", "list"], "--format: before the word list it is the form of the report"),
    ] {
        let said = refused(args, &log);
        assert!(said.contains(complaint), "{args:?}: {said}");
    }
    // Through a link it is the same file.
    let link = dir.path("link");
    std::os::unix::fs::symlink(&log[0], &link).unwrap();
    let before = fs::read(&log[0]).unwrap();
    for option in ["-o", "--unparsed"] {
        let said = refused(&[option, link.to_str().unwrap()], &log);
        assert!(said.contains("is a log, and would be written over"), "{said}");
    }
    assert!(fs::read(&log[0]).unwrap() == before, "a log is gone");
}

#[test]
fn what_has_nothing_of_ours_is_told() {
    let dir = Dir::new();
    let log = [dir.write("mail.log", lines(Form::Rfc3339, false).concat())];
    let (text, said) = of(&["--from", "2026-01-01", "--to", "2026-01-31"], &log);
    let outside = "Nothing in the log is in this period; the log is from 2026-10-05";
    assert!(said.contains(outside) && text.contains("Nothing in the log is in this period"), "{said}{text}");
    let foreign = [dir.write("other.log", "Nov 20 00:00:00 mx sshd[1]: hello\n")];
    for args in [&["--format", "json"][..], &["list"]] {
        let (_, said) = of(args, &foreign);
        assert!(said.contains("no line of smtarpit, tarpop or sundew was counted"), "{said}");
    }
    for (name, magic) in [("xz", &b"\xfd7zXZ\0"[..]), ("lz4", b"\x04\x22\x4d\x18"), ("journal", b"LPKSHHRH")]
    {
        let output = report(&[], &[dir.write("packed", [magic, &[7; 999]].concat())]);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.code() == Some(111) && said.contains(name), "{name}: {said}");
    }
}

/// Whom a list has.
fn listed(form: &str, args: &[&str], log: &Path) -> String {
    of(&[&["list", "--format", form][..], args].concat(), &[log.to_owned()]).0
}

#[test]
fn who_only_returns_mail_is_in_no_list() {
    let dir = Dir::new();
    let talk = |nth: u32, peer: &str, program: &str, what: &[&str], totals: &str| {
        let head = format!("2026-11-23T04:00:{nth:02}Z mx {program}[1]:");
        let who = format!("id=a{nth} peer={peer}");
        let mut lines = format!("{head} connect {who} slot=1 busy=1 profile=day persona=exim\n");
        what.iter().for_each(|what| lines += &format!("{head} {}\n", what.replace("WHO", &who)));
        lines
            + &format!(
                "{} end {who} held=900 in=1 out=1 stage=rcpt reason=hangup kind=program evidence=x profile=day commands=1{totals}\n",
                head.replace("04:00", "04:20")
            )
    };
    let bounce = ["mail WHO from=\"\" verdict=accept", "rcpt WHO to=a@b verdict=accept"];
    let spam = ["mail WHO from=x@y verdict=accept", "rcpt WHO to=a@b verdict=accept"];
    let auth = ["auth WHO user=bob method=PLAIN verdict=reject", bounce[0]];
    let page = ["page WHO method=GET host=h path=/ status=200 agent=x bytes=9"];
    let null = " mails=1 null_from=1 rcpts=1";
    let log = dir.write(
        "mail.log",
        [
            talk(1, "8.8.4.1", "smtarpit", &bounce, null),
            talk(2, "8.8.4.1", "smtarpit", &bounce, null),
            // Only the end is there.
            talk(3, "2a00::1", "smtarpit", &[], null),
            talk(4, "8.8.4.2", "smtarpit", &spam, " mails=1 null_from=0 rcpts=1"),
            talk(5, "8.8.5.3", "smtarpit", &bounce, null),
            talk(6, "8.8.5.3", "smtarpit", &spam, " mails=1 null_from=0 rcpts=1"),
            talk(7, "8.8.4.4", "smtarpit", &auth, " mails=1 null_from=1 auths=1"),
            talk(8, "8.8.6.5", "smtarpit", &bounce, null),
            talk(9, "8.8.6.5", "sundew", &page, " pages=1"),
            talk(10, "8.8.6.6", "tarpop", &[], ""),
            talk(11, "8.8.6.7", "smtarpit", &[], " mails=0 null_from=0"),
        ]
        .concat(),
    );
    let plain = ["8.8.4.2", "8.8.4.4", "8.8.5.3", "8.8.6.5", "8.8.6.6", "8.8.6.7"];
    assert_eq!(listed("plain", &[], &log).lines().collect::<Vec<_>>(), plain);
    for form in ["plain", "rbldnsd", "nftables", "ipset", "spamd", "abuseipdb", "csv"] {
        for args in [&[][..], &["--aggregate", "2"], &["--min-held", "10m"]] {
            let list = listed(form, args, &log);
            assert!(list.contains("8.8.4.2") && list.contains("8.8.5.3"), "{form} {args:?}: {list}");
            let words: Vec<&str> = list.split(|c: char| c.is_whitespace() || ",\"".contains(c)).collect();
            for never in ["8.8.4.1", "2a00::1", "8.8.4.0/24", "2a00::/48"] {
                assert!(!words.contains(&never), "{never} is in {form} {args:?}: {list}");
            }
        }
    }
    // A network without such a server is one entry still.
    assert!(listed("plain", &["--aggregate", "2"], &log).contains("8.8.6.0/24\n"));
}
