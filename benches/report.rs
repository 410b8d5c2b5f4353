//! How fast a log becomes a report, and in how much memory.
//!
//! The measure is mawk, which is the fastest awk and counts and adds up one program's weeks, and does
//! nothing else, over the same file in the same run and in turns with ours. What counts is the time that
//! a core worked, so that whoever else works on the machine changes little. What mawk counts, and what the
//! generator knows, say whether the file was read to its end. A second program for mawk, which skips most lines
//! by a substring and then trusts that fields stand where we write them, shows what a reader can do that looks
//! at little. With a number after `--`, the log has so many events: `cargo bench --bench report -- 1000000`.

#![expect(clippy::disallowed_macros, clippy::disallowed_methods, reason = "no peer, and a stopwatch")]

mod loggen;

use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use loggen::Plan;
use loggen::form::Form;
use nix::sys::resource::{UsageWho, getrusage};

/// About a gigabyte.
const EVENTS: u64 = 5_000_000;

/// Runs of each, of which the best counts.
const RUNS: usize = 3;

/// The target: megabytes of log in a second on one core.
const MEGABYTES: f64 = 300.0;

/// Hits and seconds by week, of what has ended.
const AWK: &str = r#"
/^[^ ]+ [^ ]+ smtarpit\[[0-9]+\]: end / {
    day = substr($0, 1, 10)
    if (!(day in week))
        week[day] = int((mktime(substr(day, 1, 4) " " substr(day, 6, 2) " " substr(day, 9, 2) " 0 0 0") - 345600) / 604800)
    match($0, / held=[0-9.]+/)
    hits[week[day]]++
    seconds[week[day]] += substr($0, RSTART + 6, RLENGTH - 6)
}
END { for (nth in hits) print nth, hits[nth], seconds[nth] }
"#;

/// The same for a log in which every line of ours is as our programs write it.
const TRUSTING: &str = r#"
/smtarpit\[[0-9]+\]: end id/ && $3 ~ /^smtarpit\[/ && $4 == "end" {
    day = substr($1, 1, 10)
    if (!(day in week))
        week[day] = int((mktime(substr(day, 1, 4) " " substr(day, 6, 2) " " substr(day, 9, 2) " 0 0 0") - 345600) / 604800)
    hits[week[day]]++
    seconds[week[day]] += substr($7, 6)
}
END { for (nth in hits) print nth, hits[nth], seconds[nth] }
"#;

fn main() {
    let events = std::env::args().skip(1).find_map(|arg| arg.parse().ok()).unwrap_or(EVENTS);
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("report.log");
    let plan = Plan { weeks: 5_000.0, events, ..Plan::new(1) };
    let began = Instant::now();
    let file = File::create(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let truth = plan.write(Form::Rfc3339, file).expect("there is room for the log");
    let bytes = fs::metadata(&path).expect("it was written").len();
    let megabytes = bytes as f64 / 1e6;
    let facts = &truth.programs["smtarpit"];
    println!("{} events, {megabytes:.0} MB, made in {:.1} s", truth.events, began.elapsed().as_secs_f64());
    println!("smtarpit: {} weeks, {} hits, {} sources", facts.weeks.len(), facts.hits, facts.sources.len());

    let mut ours = Command::new(env!("CARGO_BIN_EXE_tarpit-report"));
    ours.args(["--format", "json"]).arg(&path);
    let mut awk = Command::new("mawk");
    awk.arg(AWK).arg(&path).env("TZ", "UTC");
    let mut trusting = Command::new("mawk");
    trusting.arg(TRUSTING).arg(&path).env("TZ", "UTC");
    // The first child is ours, so that the largest of all children is it.
    let (mut ours_best, report) = run(&mut ours);
    let memory = getrusage(UsageWho::RUSAGE_CHILDREN).expect("it is always there").max_rss();
    let (mut awk_best, counted) = run(&mut awk);
    let (mut trusting_best, trusted) = run(&mut trusting);
    for _ in 1..RUNS {
        ours_best = ours_best.min(run(&mut ours).0);
        awk_best = awk_best.min(run(&mut awk).0);
        trusting_best = trusting_best.min(run(&mut trusting).0);
    }
    for counted in [&counted, &trusted] {
        let ended: u64 = counted.lines().filter_map(|line| line.split(' ').nth(1)?.parse::<u64>().ok()).sum();
        assert_eq!(ended, facts.ended, "mawk has not read everything");
    }
    assert!(!report.is_empty(), "no report");
    fs::remove_file(&path).expect("it was there");

    let speed = |best: Duration| megabytes / best.as_secs_f64();
    println!("\n{:14} {:>8} {:>8}", format!("best of {RUNS}"), "CPU s", "MB/s");
    for (name, best) in [("tarpit-report", ours_best), ("mawk", awk_best), ("mawk, trusting", trusting_best)]
    {
        println!("{name:14} {:8.2} {:8.0}", best.as_secs_f64(), speed(best));
    }
    println!("\ntarpit-report took at most {:.1} MB of memory", memory as f64 / 1e3);
    let word = |met: bool| if met { "MET   " } else { "MISSED" };
    let (ours, awk) = (speed(ours_best), speed(awk_best));
    println!("{} speed: {ours:.0} MB/s, at least {MEGABYTES:.0}", word(ours >= MEGABYTES));
    println!("{} faster than mawk: {:.2} times, at least 1", word(ours >= awk), ours / awk);
}

/// Runs a program to its end; how long a core worked for it, and what it wrote.
fn run(command: &mut Command) -> (Duration, String) {
    let before = worked();
    let output = command.stderr(Stdio::inherit()).output();
    let output = output.unwrap_or_else(|error| panic!("{command:?}: {error}: apt-get install mawk"));
    assert!(output.status.success(), "{command:?}: {}", output.status);
    (worked() - before, String::from_utf8_lossy(&output.stdout).into_owned())
}

/// For how long cores have worked for all children that have ended.
fn worked() -> Duration {
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN).expect("it is always there");
    let times = [usage.user_time(), usage.system_time()];
    let micros: i64 = times.iter().map(|time| time.tv_sec() * 1_000_000 + time.tv_usec()).sum();
    Duration::from_micros(u64::try_from(micros).unwrap_or_default())
}
