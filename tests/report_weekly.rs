//! The weekly report: the script that cron and systemd start, and what starts it.

use std::process::Command;
use std::time::Duration;

use crate::harness::rsyslog::Rsyslog;
use crate::harness::{Dir, must, need, need_root, root, run, shipped, until};
use crate::loggen::Plan;
use crate::loggen::form::Form;

const SCRIPT: &str = "contrib/cron/tarpit-report-weekly";

/// A directory with our program and a mail program that keeps what it is given.
fn tools(dir: &Dir) -> String {
    let bin = dir.make("bin");
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_tarpit-report"), bin.join("tarpit-report")).unwrap();
    let mail = format!("#!/bin/sh\necho \"$@\" >{0}/arguments\nexec cat >{0}/mail\n", dir.path("").display());
    dir.executable("bin/mail", mail);
    format!("{}:/usr/bin:/bin", bin.display())
}

#[test]
fn the_script_mails_the_text_and_writes_the_page() {
    let dir = Dir::new();
    let path = tools(&dir);
    // A log that reaches into the week that was the last one when this test runs.
    let start = chrono::Utc::now() - chrono::TimeDelta::days(12);
    let plan = Plan { start, weeks: 12.0 / 7.0, machines: 1, visitors: 300, ..Plan::new(3) };
    let mut log = Vec::new();
    plan.write(Form::Rfc3339, &mut log).unwrap();
    let half = log.iter().take(log.len() / 2).rposition(|&byte| byte == b'\n').unwrap();
    dir.write("sundew.log.1", &log[..=half]);
    dir.write("sundew.log", &log[half + 1..]);

    let mut command = Command::new(root().join(SCRIPT));
    command.env_clear().env("PATH", path).env("TMPDIR", dir.make("tmp"));
    command.env("LOGS", format!("{}*", dir.path("sundew.log").display()));
    command.env("PAGE", dir.path("index.html")).env("OPTIONS", "--timezone UTC --title the.pit");
    let ran = run(&mut command, Duration::from_secs(60));
    assert_eq!((ran.status, ran.stdout.as_str(), ran.stderr.as_str()), (Some(0), "", ""));
    let read = |name: &str| {
        std::fs::read_to_string(dir.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    };
    let sent = read("arguments");
    assert!(sent.starts_with("-s Tarpit report of ") && sent.trim_end().ends_with(" root"), "{sent}");
    let mail = read("mail");
    assert!(mail.contains("SMTarPit") && mail.lines().all(|line| line.chars().count() <= 80), "{mail}");
    let page = read("index.html");
    assert!(page.contains("<h1>the.pit</h1>") && page.contains("Breakdown by week"));
    assert_eq!(std::fs::read_dir(dir.path("tmp")).unwrap().count(), 0, "the text is left behind");
}

#[test]
fn the_script_fails_where_there_is_no_log() {
    let dir = Dir::new();
    let mut command = Command::new(root().join(SCRIPT));
    command.env_clear().env("PATH", tools(&dir)).env("TMPDIR", dir.make("tmp"));
    command.env("LOGS", dir.path("none")).env("PAGE", dir.path("index.html"));
    let ran = run(&mut command, Duration::from_secs(60));
    assert!(ran.status != Some(0) && ran.stderr.contains("none"), "{}", ran.stderr);
    assert!(!dir.path("mail").exists() && !dir.path("index.html").exists(), "a report of nothing");
}

#[test]
fn its_account_may_read_what_rsyslog_writes() {
    need_root("only root can give a file to a group that it is not in");
    let log = Rsyslog::start();
    let socket = std::os::unix::net::UnixDatagram::unbound().unwrap();
    socket.send_to(b"<22>smtarpit[1]: error id=x what=x", &log.socket).unwrap();
    let file = until("rsyslogd writes", || std::fs::metadata(&log.file).ok().filter(|file| file.len() > 0));
    let adm = nix::unistd::Group::from_name("adm").unwrap().expect("a group of log readers");
    use std::os::unix::fs::MetadataExt as _;
    assert_eq!((file.gid(), file.mode() & 0o777), (adm.gid.as_raw(), 0o640));
    // Both ways to start it give it that group.
    assert!(shipped("contrib/systemd/tarpit-report.service").contains("\nSupplementaryGroups=adm\n"));
    assert!(
        shipped("contrib/cron/sundew").contains(" setpriv --reuid=sundewlog --regid=sundewlog --groups=adm ")
    );
}

#[test]
fn cron_and_systemd_start_the_script() {
    let dir = Dir::new();
    let script = root().join(SCRIPT);
    let service = shipped("contrib/systemd/tarpit-report.service");
    let installed = "/usr/local/sbin/tarpit-report-weekly";
    assert!(service.contains(&format!("\nExecStart={installed}\n")));
    let service = service.replace(installed, script.to_str().unwrap());
    let units = [
        dir.write("tarpit-report.service", service),
        dir.write("tarpit-report.timer", shipped("contrib/systemd/tarpit-report.timer")),
    ];
    let verify = must(Command::new(need("systemd-analyze")).args(["verify", "--man=no"]).args(units));
    assert_eq!(String::from_utf8_lossy(&verify.stderr), "");
    let timer = shipped("contrib/systemd/tarpit-report.timer");
    let when = timer.lines().find_map(|line| line.strip_prefix("OnCalendar=")).unwrap();
    let next = must(Command::new(need("systemd-analyze")).args(["calendar", when]).env("TZ", "UTC"));
    let next = String::from_utf8(next.stdout).unwrap();
    assert!(next.contains("Mon ") && next.contains(" 06:17:00"), "{next}");

    // As cron has it: five fields of time, the account, and a command.
    let cron = shipped("contrib/cron/sundew");
    let line = cron.lines().find(|line| line.starts_with(|c: char| c.is_ascii_digit())).unwrap();
    let words: Vec<&str> = line.split_whitespace().collect();
    assert_eq!(words[..6], ["17", "6", "*", "*", "1", "root"]);
    assert_eq!(words.last(), Some(&"tarpit-report-weekly"));
    need(words[6]);
}
