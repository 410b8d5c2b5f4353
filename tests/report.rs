//! `tarpit-report` as it is run: every form of log, packed or not, and whatever a log may hold.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use crate::harness::{Dir, need, need_root};
use crate::loggen::form::Form;
use crate::loggen::{Plan, grosse};

/// The program, in UTC and at a moment after all of the logs.
fn report() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tarpit-report"));
    command.env("TZ", "UTC").env_remove("SUNDEW_CONFIG").args(["--now", "2027-01-15T00:00:00Z"]);
    command
}

/// What it says of files; it must say nothing on stderr.
fn of(args: &[&str], files: &[&Path]) -> String {
    let output = report().args(args).args(files).output().unwrap();
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && complaint.is_empty(), "{args:?} {files:?}: {complaint}");
    String::from_utf8(output.stdout).unwrap()
}

/// The same of what comes on its standard input.
fn of_stdin(args: &[&str], log: &[u8]) -> Output {
    let mut command = report();
    command.args(args).arg("-").stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let log = log.to_vec();
    let writer = std::thread::spawn(move || stdin.write_all(&log));
    let output = child.wait_with_output().unwrap();
    let _ = writer.join().unwrap();
    output
}

/// A log of whole seconds, which every form can say.
fn plan() -> Plan {
    Plan { weeks: 3.0, visitors: 500, whole_seconds: true, ..Plan::new(7) }
}

fn log(form: Form) -> Vec<u8> {
    let mut log = Vec::new();
    plan().write(form, &mut log).unwrap();
    log
}

#[test]
fn where_it_may_have_no_second_thread_it_does_without() {
    need_root("another user's limit of processes");
    let log = log(Form::Rfc3339);
    let args = ["--format", "json", "--now", "2027-01-15T00:00:00Z", "-"];
    let usual = of_stdin(&args[..2], &log);
    // Nobody else has this number, and root has no limit. What it may read besides leads to the program.
    let mut alone = Command::new(need("prlimit"));
    alone.arg("--nproc=1").arg(need("setpriv")).args(["--reuid=54321", "--clear-groups"]);
    alone.args(["--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search"]);
    alone.arg(env!("CARGO_BIN_EXE_tarpit-report")).args(args).env("TZ", "UTC").env_remove("SUNDEW_CONFIG");
    let dir = Dir::new();
    let log = fs::File::open(dir.write("log", &log)).unwrap();
    let output = alone.stdin(log).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    assert!(output.stdout == usual.stdout && !usual.stdout.is_empty(), "{}", output.status);
}

#[test]
fn every_form_of_the_same_events_gives_the_same_json() {
    let dir = Dir::new();
    let of_form = |form: Form| of(&["--format", "json"], &[&dir.write(&format!("{form:?}"), log(form))]);
    let first = of_form(Form::Rfc3339);
    assert!(first.contains("\"events\":") && !first.contains("\"events\":0"));
    for form in Form::ALL {
        assert!(of_form(form) == first, "{form:?} differs");
    }
    let piped = of_stdin(&["--format", "json"], &log(Form::Json));
    assert!(piped.stdout == first.as_bytes(), "standard input differs");
}

#[test]
fn packed_files_in_any_order_and_given_twice_give_the_same() {
    let dir = Dir::new();
    let log = log(Form::Rfc3339);
    let whole = of(&["--format", "json"], &[&dir.write("whole", &log)]);
    let lines: Vec<&[u8]> = log.split_inclusive(|byte| *byte == b'\n').collect();
    let parts: Vec<_> = lines.chunks(lines.len() / 4 + 1).enumerate().collect();
    let mut files = Vec::new();
    for ((at, lines), packer) in parts.into_iter().zip(["gzip", "zstd", "bzip2", "cat"]) {
        let plain = dir.write(&format!("mail.log.{at}"), lines.concat());
        // Members that follow each other, as appending makes them.
        let half = lines.len() / 2;
        let packed = dir.path(&format!("mail.log.{at}.{packer}"));
        let mut bytes = Vec::new();
        for half in [lines[..half].concat(), lines[half..].concat()] {
            let part = dir.write("part", half);
            let output = Command::new(need(packer))
                .args(["-c"].iter().filter(|_| packer != "cat"))
                .arg(&part)
                .output();
            bytes.extend(output.unwrap().stdout);
        }
        fs::write(&packed, bytes).unwrap();
        files.extend([packed, plain]);
    }
    files.reverse();
    let files: Vec<&Path> = files.iter().map(|file| file.as_path()).collect();
    let once: Vec<&Path> = files.iter().skip(1).step_by(2).copied().collect();
    assert!(of(&["--format", "json"], &once) == whole, "packed parts differ");
    let twice = of(&["--format", "json"], &files);
    let strip = |json: &str| {
        json.replacen(&json[json.find("\"input\"").unwrap()..json.find("\"services\"").unwrap()], "", 1)
    };
    assert!(strip(&twice) == strip(&whole), "parts given twice differ");
}

#[test]
fn grosses_six_weeks_are_printed_to_the_digit() {
    let dir = Dir::new();
    let mut log = Vec::new();
    grosse::write(Form::Rfc3339, &mut log).unwrap();
    let text = of(&["--slots", "40"], &[&dir.write("mail.log", log)]);
    let table: Vec<&str> =
        text.lines().skip_while(|line| !line.starts_with(" starting ")).skip(1).take(6).collect();
    let words: Vec<String> =
        table.iter().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    assert_eq!(
        words,
        [
            "4 Apr 2005 16,465,660 4,573 43 4023 9 2,690",
            "11 Apr 2005 19,115,812 5,309 43 8536 42 1,875",
            "18 Apr 2005 16,942,413 4,706 60 6843 105 1,822",
            "25 Apr 2005 20,109,432 5,585 39 8045 554 990",
            "2 May 2005 24,162,991 6,711 49 14144 2,821 416",
            "9 May 2005 22,759,262 6,322 119 12576 1,250 1,031",
        ],
        "{text}"
    );
    let days = text.lines().skip_while(|line| !line.contains("Day of week")).skip(2).take(7);
    let percent: Vec<&str> = days.filter_map(|line| line.split_whitespace().nth(1)).collect();
    assert_eq!(percent, ["10", "12", "12", "15", "20", "19", "12"]);
}

#[test]
fn a_log_without_years_is_right_across_new_year_and_in_a_leap_year() {
    let dir = Dir::new();
    let line = |stamp: &str, id: &str| {
        format!(
            "{stamp} mx smtarpit[1]: end id={id} peer=192.0.2.7 held=10 in=1 out=1 stage=rcpt reason=quit kind=program evidence=x profile=day commands=1\n"
        )
    };
    let file = dir.write("mail.log", line("Dec 31 23:59:59", "a") + &line("Jan  1 00:00:20", "b"));
    let touched = |file: &Path, date: &str| {
        let done = Command::new("touch").args(["-d", date]).arg(file).status().unwrap();
        assert!(done.success());
    };
    touched(&file, "2025-01-03T00:00:00Z");
    let text = of(&["--format", "csv", "--by", "day"], &[&file]);
    let starts: Vec<&str> = text.lines().skip(1).map(|line| &line[9..19]).collect();
    assert_eq!(starts, ["2024-12-31", "2025-01-01"]);
    let leap = dir.write(
        "leap.log",
        line("Feb 28 12:00:00", "a") + &line("Feb 29 12:00:00", "b") + &line("Mar  1 12:00:00", "c"),
    );
    touched(&leap, "2024-03-02T00:00:00Z");
    let text = of(&["--format", "csv", "--by", "day"], &[&leap]);
    let starts: Vec<&str> = text.lines().skip(1).map(|line| &line[9..19]).collect();
    assert_eq!(starts, ["2024-02-28", "2024-02-29", "2024-03-01"]);
}

/// Lines as bad as can be, with good ones among them.
fn hostile() -> Vec<u8> {
    let good = |id: &str, stage: &str, name: &str| {
        format!(
            "2026-11-23T00:00:00Z mx tarpop[1]: login id={id} peer=192.0.2.7 user={name} method=PLAIN verdict=reject\n\
             2026-11-23T00:00:09Z mx tarpop[1]: end id={id} peer=192.0.2.7 held=9 in=1 out=1 stage={stage} reason=quit kind=program evidence=x profile=day commands=1 logins=1\n"
        )
    };
    let mut log = good("a", "\"<script>alert(1)</script>\"", "\"</table>&\\\"'\"").into_bytes();
    log.extend(good("b", "login", "\"a\\\\x1b[2J\"").bytes());
    for line in [
        &b"2026-11-23T00:00:00Z mx smtarpit[1]: helo id=\x1b[2J peer=1.2.3.4 verb=a name=b"[..],
        b"2026-11-23T00:00:00Z mx smtarpit[1]: end id=z peer=1.2.3.4 held=99999999999999999999999 in=1",
        b"2026-11-23T00:00:00Z mx smtarpit[1]: helo id=\"unclosed",
        b"2026-11-23T00:00:00Z mx smtarpit[1]: ",
        b"2026-11-23T00:00:00Z mx smtarpit[1]:",
        b"2026-99-99T00:00:00Z mx smtarpit[1]: helo id=q verb=a name=b",
        b"\xff\xfe\x00\x00 smtarpit[1]: helo \x9b31m",
        b"{\"SYSLOG_IDENTIFIER\":\"smtarpit\",\"MESSAGE\":\"\\ud800\x1b]0;owned\\u0007\"}",
        b"{\"a\":[[[[[[[[[[[[[",
        b"__CURSOR=\xff",
        b"@4000000000000000zz smtarpit[1]: helo id=1",
        b"\r\r\r",
    ] {
        log.extend(line);
        log.push(b'\n');
    }
    log.extend(b"2026-11-23T00:00:00Z mx smtarpit[1]: helo id=");
    log.extend(std::iter::repeat_n(b'x', 1 << 20));
    log.push(b'\n');
    log.extend(std::iter::repeat_n(b'y', 3 << 20));
    log.push(b'\n');
    log.extend(std::iter::repeat_n(0, 100));
    log.push(b'\n');
    log.extend(good("c", "login", "carl").bytes());
    log.extend(b"2026-11-23T00:00:00Z mx smtarpit[1]: helo id=tr");
    log
}

#[test]
fn hostile_lines_break_no_form() {
    let dir = Dir::new();
    let file = dir.write("mail.log", hostile());
    let unparsed = dir.path("unparsed");
    for form in ["text", "json", "csv", "prometheus", "html"] {
        let args = ["--format", form, "--unparsed", unparsed.to_str().unwrap()];
        let text = of(&args, &[&file]);
        let plain = |c: char| matches!(c, '\n' | '\r') || !c.is_control();
        assert!(text.chars().all(plain), "{form} has control characters");
        assert!(!text.contains("\u{9b}"), "{form}");
        if form == "html" {
            assert!(!text.contains("<script") && !text.contains("</table>&"), "{form}");
        }
        if form == "json" {
            assert!(text.contains("\"logins\":3"), "{text}");
        }
    }
    let shown = fs::read_to_string(&unparsed).unwrap();
    assert!(shown.lines().count() >= 7, "{}", shown.len());
    assert!(shown.contains("id=\\x1b[2J"), "the bytes are written so that a terminal may see them");
    assert!(of(&[], &[&file]).contains("lines of ours could not be read; --unparsed FILE shows them."));
}

#[test]
fn a_packed_file_that_is_cut_off_counts_as_far_as_it_goes() {
    let dir = Dir::new();
    let plain = dir.write("plain", log(Form::Rfc3339));
    for packer in ["gzip", "zstd", "bzip2"] {
        let packed = Command::new(need(packer)).arg("-c").arg(&plain).output().unwrap().stdout;
        let file = dir.write("cut", &packed[..packed.len() * 2 / 3]);
        let output = report().args(["--format", "json"]).arg(&file).output().unwrap();
        let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(111), "{packer}: {complaint}");
        assert!(complaint.contains("counted as far as it can be read"), "{packer}: {complaint}");
        let json = String::from_utf8(output.stdout).unwrap();
        assert!(!json.contains("\"events\":0,"), "{packer}");
    }
}

#[test]
fn the_metrics_are_what_prometheus_reads() {
    let promtool = need("promtool");
    let dir = Dir::new();
    for log in [log(Form::Rfc3339), hostile(), Vec::new()] {
        let is_empty = log.is_empty();
        let file = dir.write("mail.log", log);
        let metrics = dir.path("tarpit.prom");
        let output =
            report().args(["--format", "prometheus", "-o"]).args([&metrics, &file]).output().unwrap();
        assert!(output.status.success() && output.stderr.is_empty() != is_empty, "{output:?}");
        let output = Command::new(&promtool)
            .args(["check", "metrics"])
            .stdin(fs::File::open(&metrics).unwrap())
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && said.is_empty(), "{said}");
    }
}

#[test]
fn a_file_that_is_written_is_never_a_part() {
    let dir = Dir::new();
    let log = dir.write("mail.log", log(Form::Rfc3339));
    let out = dir.write("out.txt", "old");
    of(&["-o", out.to_str().unwrap()], &[&log]);
    assert!(fs::read_to_string(&out).unwrap().starts_with("Tarpit report, "));
    let failed = report().args(["-o", "/proc/nowhere/out"]).arg(&log).output().unwrap();
    assert_eq!(failed.status.code(), Some(111));
    assert!(String::from_utf8_lossy(&failed.stderr).contains("/proc/nowhere/out"));
}

#[test]
fn what_cannot_be_is_said_before_anything_is_read() {
    let dir = Dir::new();
    let log = dir.write("mail.log", "");
    let log = log.to_str().unwrap();
    for (args, complaint) in [
        (&[][..], "no log is given"),
        (&["/nowhere/mail.log"], "/nowhere/mail.log: No such file"),
        (&["--week", "2026-99", log], "--week: \"2026-99\" is no week"),
        (&["--timezone", "Atlantis", log], "--timezone: \"Atlantis\" is no time zone"),
        (&["--last", "7d", "--week", "2026-W47", log], "--last: "),
        (&["today", "--last", "7d", log], "another period is given too"),
        (&["--slots", "50", log], "slots is 50, which is more than total, 40"),
        (
            &["list", "--mask", log],
            "tarpit-report: --mask: a list has addresses, or with --aggregate networks; it cannot be masked\n",
        ),
    ] {
        let output = report().args(args).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(said.contains(complaint), "{args:?}: {said}");
        assert!(matches!(output.status.code(), Some(100 | 111)) && output.stdout.is_empty(), "{args:?}");
    }
}

#[test]
fn the_configuration_is_the_one_that_the_others_have() {
    let dir = Dir::new();
    let log = dir.write("mail.log", log(Form::Rfc3339));
    let config = dir.write(
        "sundew.toml",
        "hostname = \"mx.example.org\"\nslots = 20\nallow = [\"192.0.2.0/24\"]\n[smtarpit]\npersona = \"exim\"\n\
         [report]\nweek_start = \"sun\"\ntimezone = \"UTC\"\ntop = 3\nby = \"month\"\n",
    );
    let json = of(&["--config", config.to_str().unwrap(), "--format", "json", "--top", "4"], &[&log]);
    assert!(
        json.contains(
            r#""settings":{"by":"month","week_start":"Sun","timezone":"UTC","slots":20,"total":40,"top":4,"#
        ),
        "{json}"
    );
    let checked = report().args(["--config", config.to_str().unwrap(), "--check"]).output().unwrap();
    let text = String::from_utf8_lossy(&checked.stdout);
    assert!(text.contains("week_start = \"sun\" # ") && text.contains("slots = 20 # "), "{text}");
}

#[test]
fn a_terminal_sees_how_far_reading_has_come() {
    // A terminal is needed for the bar, and script gives one; the log is slow because a pipe is.
    let script = need("script");
    let dir = Dir::new();
    let file = dir.write("mail.log", log(Form::Rfc3339));
    let command = format!(
        "(cat {0}; sleep 2; cat {0}) | TZ=UTC {1} --format csv -o {2} -",
        file.display(),
        env!("CARGO_BIN_EXE_tarpit-report"),
        dir.path("out").display()
    );
    let ran = crate::harness::run(
        Command::new(script).args(["-qec", &command, "/dev/null"]),
        Duration::from_secs(60),
    );
    assert!(ran.stdout.contains(" MB read, "), "{:?}", ran.stdout);
}
