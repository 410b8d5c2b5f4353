//! How fast a log becomes a report, and in how much memory.
//!
//! The measure is mawk, which is the fastest awk and counts and adds up one program's weeks, and does
//! nothing else, over the same file in the same run and in turns with ours. Two programs for mawk are tried: one
//! goes by the fields of a line, as anybody would write it; the other is the quickest that we could find, skips most
//! lines by a substring and then trusts that fields stand where we write them. What they count, and what the
//! generator knows, say whether the file was read to its end. Told are the time that passed, with all cores and with
//! one, and the time that cores worked: ours reads and counts at the same time where it can. With a number after `--`, the log has so many events:
//! `cargo bench --bench report -- 1000000`.

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
const RUNS: usize = 5;

/// The target: megabytes of log in a second on one core.
const MEGABYTES: f64 = 300.0;

/// Hits and seconds by week, of what has ended.
const AWK: &str = r#"
$3 ~ /^smtarpit\[/ && $4 == "end" {
    day = substr($1, 1, 10)
    if (!(day in week))
        week[day] = int((mktime(substr(day, 1, 4) " " substr(day, 6, 2) " " substr(day, 9, 2) " 0 0 0") - 345600) / 604800)
    hits[week[day]]++
    seconds[week[day]] += substr($7, 6)
}
END { for (nth in hits) print nth, hits[nth], seconds[nth] }
"#;

/// The same, and most lines are skipped before they are cut into fields.
const TUNED: &str = r#"
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

    let path = path.to_str().expect("the target directory has a plain name");
    let programs = [
        ("tarpit-report", [env!("CARGO_BIN_EXE_tarpit-report"), "--format=json", path]),
        ("mawk", ["mawk", AWK, path]),
        ("mawk, tuned", ["mawk", TUNED, path]),
    ];
    let mut best = [Took::default(); 3];
    let mut memory = 0;
    for _ in 0..RUNS {
        for ((name, words), best) in programs.iter().zip(&mut best) {
            let (passed, worked, output) = run(words);
            if *name == "tarpit-report" {
                assert!(!output.is_empty(), "no report");
                // The first child is ours and larger than the others, so the largest of all children is it.
                memory = getrusage(UsageWho::RUSAGE_CHILDREN).expect("it is always there").max_rss();
            } else {
                let hits = output.lines().filter_map(|line| line.split(' ').nth(1)?.parse::<u64>().ok());
                assert_eq!(hits.sum::<u64>(), facts.ended, "{name} has not read everything");
            }
            let (pinned, ..) = run(&[&["taskset", "--cpu-list", "0"], &words[..]].concat());
            *best = Took(best.0.min(passed), best.1.min(pinned), best.2.min(worked));
        }
    }
    fs::remove_file(path).expect("it was there");

    println!("\n{:14} {:>8} {:>14} {:>8}", format!("best of {RUNS}"), "s", "s on one core", "CPU s");
    for ((name, _), Took(passed, pinned, worked)) in programs.iter().zip(&best) {
        let [passed, pinned, worked] = [passed, pinned, worked].map(Duration::as_secs_f64);
        println!("{name:14} {passed:8.2} {pinned:14.2} {worked:8.2}");
    }
    println!("\ntarpit-report took at most {:.1} MB of memory", memory as f64 / 1e3);
    let word = |met: bool| if met { "MET   " } else { "MISSED" };
    let speed = megabytes / best[0].1.as_secs_f64();
    println!("{} speed: {speed:.0} MB/s on one core, at least {MEGABYTES:.0}", word(speed >= MEGABYTES));
    let ratio = |ours: Duration, theirs: Duration| theirs.as_secs_f64() / ours.as_secs_f64();
    for ((name, _), took) in programs.iter().zip(&best).skip(1) {
        let (all, one) = (ratio(best[0].0, took.0), ratio(best[0].1, took.1));
        println!("{} {all:.2} times as fast as {name}; on one core {one:.2} times", word(all > 1.0));
    }
}

/// The time that passed, also on one core, and for how long cores worked.
#[derive(Clone, Copy)]
struct Took(Duration, Duration, Duration);

impl Default for Took {
    fn default() -> Self {
        Took(Duration::MAX, Duration::MAX, Duration::MAX)
    }
}

/// Runs a program to its end: how long that took, how long cores worked for it, and what it wrote.
fn run(words: &[&str]) -> (Duration, Duration, String) {
    let (began, before) = (Instant::now(), worked());
    let output = Command::new(words[0]).args(&words[1..]).env("TZ", "UTC").stderr(Stdio::inherit()).output();
    let output =
        output.unwrap_or_else(|error| panic!("{}: {error}: apt-get install mawk util-linux", words[0]));
    let passed = began.elapsed();
    assert!(output.status.success(), "{}: {}", words[0], output.status);
    (passed, worked() - before, String::from_utf8_lossy(&output.stdout).into_owned())
}

/// For how long cores have worked for all children that have ended.
fn worked() -> Duration {
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN).expect("it is always there");
    let times = [usage.user_time(), usage.system_time()];
    let micros: i64 = times.iter().map(|time| time.tv_sec() * 1_000_000 + time.tv_usec()).sum();
    Duration::from_micros(u64::try_from(micros).unwrap_or_default())
}
