//! What it costs to take a slot, when the tarpit is small, large, nearly full and full.
//!
//! The slots are held by this program run again, 500 in each process, because a process may not have
//! 20,000 files open. The last row is what `sundew::slots` was built to avoid: trying the lock files one after the other.

#![expect(clippy::disallowed_macros, clippy::disallowed_methods, reason = "no peer, and a stopwatch")]

use std::fs::{self, File};
use std::io::Read;
use std::net::{IpAddr, Ipv4Addr};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use fs2::FileExt;
use rand::{RngExt, SeedableRng};
use sundew::Rng;
use sundew::slots::{Grant, Limits, take};

const ROUNDS: usize = 5_000;
const TARGET: Duration = Duration::from_millis(1);

fn main() {
    let args: Vec<String> = std::env::args().collect();
    if let [_, hold, dir, slots, count] = args.as_slice()
        && hold == "hold"
    {
        let number = |text: &str| text.parse().expect("we wrote it");
        return hold_slots(Path::new(dir), number(slots), number(count));
    }
    println!("{:52}{:>10}{:>10}{:>10}", "taking a slot, with", "p50 µs", "p99 µs", "max µs");
    let usual = Limits { slots: 35, total: 40, per_source: 0 };
    let large = Limits { slots: 10_000, total: 10_005, per_source: 0 };
    Bench::new(usual, 0).measure("none of 35 taken", ROUNDS);
    Bench::new(usual, 20).measure("20 of 35 taken", ROUNDS);
    Bench::new(usual, 34).measure("34 of 35 taken", ROUNDS);
    Bench::new(usual, 35).measure("35 of 35 taken (a polite refusal)", ROUNDS);
    Bench::new(usual, 40).measure("40 of 40 taken (closed without a word)", ROUNDS);
    Bench::new(Limits { per_source: 5, ..usual }, 20).measure("20 of 35 taken, counting networks", ROUNDS);

    let bench = Bench::new(large, 9_900);
    let worst = bench.measure("9,900 of 10,000 taken", ROUNDS);
    drop(bench);
    Bench::new(large, 10_000).measure("10,000 of 10,000 taken (a polite refusal)", ROUNDS);
    let bench = Bench::new(Limits { per_source: 200, ..large }, 9_900);
    bench.measure("9,900 of 10,000 taken, counting networks", ROUNDS);
    bench.measure_in_turn("9,900 of 10,000 taken, trying one after the other", 50);

    let word = if worst <= TARGET { "MET" } else { "MISSED" };
    println!("\n{word:6} 9,900 of 10,000 taken, 99th percentile: {worst:?}, at most {TARGET:?}");
}

/// Takes that many slots, says so, and holds them until its input ends.
fn hold_slots(dir: &Path, slots: u32, count: u32) {
    let mut rng = Rng::seed_from_u64(u64::from(std::process::id()));
    let limits = Limits { slots, total: slots + 5, per_source: 0 };
    let _held: Vec<Grant> = (0..count).map(|_| one(dir, limits, &mut rng)).collect();
    println!("held");
    let _ = std::io::stdin().read(&mut [0]);
}

/// A lock directory with some slots taken.
struct Bench {
    dir: PathBuf,
    limits: Limits,
    holders: Vec<Child>,
}

impl Bench {
    const EACH: u32 = 500;

    fn new(limits: Limits, taken: u32) -> Self {
        let dir = std::env::temp_dir().join(format!("slots-{}", std::process::id()));
        let holder = |first: u32| {
            let program = std::env::current_exe().expect("it is running");
            let count = Self::EACH.min(taken - first);
            let mut command = Command::new(program);
            command.arg("hold").arg(&dir).args([limits.slots, count].map(|number| number.to_string()));
            let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("it runs");
            child.stdout.take().expect("it is piped").read_exact(&mut [0; 4]).expect("it holds");
            child
        };
        let holders = (0..taken).step_by(Self::EACH as usize).map(holder).collect();
        Bench { dir, limits, holders }
    }

    fn measure(&self, what: &str, rounds: usize) -> Duration {
        let mut rng = Rng::seed_from_u64(8);
        report(what, rounds, || drop(one(&self.dir, self.limits, &mut rng)))
    }

    fn measure_in_turn(&self, what: &str, rounds: usize) {
        report(what, rounds, || {
            let free = (1..=self.limits.slots).find_map(|number| {
                let mut options = File::options();
                let options = options.read(true).write(true).create(true).truncate(false);
                let file = options.open(self.dir.join(number.to_string())).expect("it can be opened");
                file.try_lock_exclusive().is_ok().then_some(file)
            });
            drop(free.expect("a hundred are free"));
        });
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        for holder in &mut self.holders {
            drop(holder.stdin.take());
            let _ = holder.wait();
        }
        let _ = fs::remove_dir_all(&self.dir);
    }
}

fn one(dir: &Path, limits: Limits, rng: &mut Rng) -> Grant {
    let peer = IpAddr::V4(Ipv4Addr::from_bits(rng.random()));
    take(dir, limits, Some(peer), rng).expect("the directory can be used")
}

/// Prints the quantiles of the time that it takes, and returns the 99th percentile.
fn report(what: &str, rounds: usize, mut run: impl FnMut()) -> Duration {
    let mut times: Vec<Duration> = (0..rounds)
        .map(|_| {
            let began = Instant::now();
            run();
            began.elapsed()
        })
        .collect();
    times.sort_unstable();
    let at = |percent: usize| times[(times.len() * percent / 100).min(times.len() - 1)];
    let micros = |time: Duration| time.as_secs_f64() * 1e6;
    println!("{what:52}{:>10.1}{:>10.1}{:>10.1}", micros(at(50)), micros(at(99)), micros(at(100)));
    at(99)
}
