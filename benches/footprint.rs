//! What one held connection costs: memory, the time from exec to the first byte, and CPU per hour.
//!
//! The measure of each is a static C program that only writes a banner and waits (floor.c), started
//! in the same run and in turns with ours. Perl and Python are there to show what the alternatives
//! cost. With arguments after `--`, another program is measured in our place:
//! `cargo bench --bench footprint -- /path/program --its --flags`.

#![expect(clippy::disallowed_macros, clippy::disallowed_methods, reason = "no peer, and a stopwatch")]

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Connections held at the same time while memory is measured. It is what shared pages are divided by,
/// the same for all contestants: a tarpit that is worth measuring holds about so many.
const HELD: usize = 100;

/// Starts of each program for the time to the first byte, and how many come first, unmeasured.
const STARTS: usize = 300;
const WARM: usize = 20;

/// Tarpit time in each real second while CPU is measured, how long that lasts, and for how many.
const SPEEDUP: u32 = 120;
const WATCHED: Duration = Duration::from_secs(20);
const WATCHED_CONNECTIONS: usize = 10;

const SOURCES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/");

fn main() {
    let dir = Dir::new();
    let floor = dir.0.join("floor.out");
    let built = Command::new("cc").args(["-O2", "-static", "-o"]).arg(&floor).arg(source("floor.c")).status();
    assert!(built.is_ok_and(|status| status.success()), "cc is needed: apt-get install gcc libc6-dev");
    let floor = install(&floor, &dir.0.join("floor"));
    let contestants = [
        ours(&dir.0),
        Contestant::new("static C", &floor, []),
        Contestant::new("Perl", Path::new("/usr/bin/perl"), [source("floor.pl")]),
        Contestant::new("Python", &python(), [source("floor.py")]),
    ];

    println!("first byte: median and best of {STARTS} starts of each, in turns");
    println!("memory: {HELD} held at the same time, the median one, kB\n");
    let mut columns: Vec<Column> = contestants.iter().map(Column::of).collect();
    // Perl and Python would leave cold caches behind for whoever comes next.
    let (compiled, interpreted) = contestants.split_at(2);
    let (left, right) = columns.split_at_mut(2);
    race(compiled, left);
    race(interpreted, right);
    table(&columns);

    let [ours, c, ..] = &columns[..] else { unreachable!("four contestants") };
    let hour = contestants[0].is_ours.then(|| cpu_per_hour(&contestants[0]));
    println!();
    let (pss, floor) = (ours["pss"], c["pss"]);
    verdict("proportional set size", pss, 100.0, "kB");
    verdict("proportional set size", pss / floor, 2.0, "times static C");
    verdict("exec to first byte", ours[FIRST] / c[FIRST], 1.6, "times static C");
    if let Some(hour) = hour {
        verdict("CPU per held hour", hour, 20.0, "ms");
    }
}

fn verdict(what: &str, value: f64, target: f64, unit: &str) {
    let word = if value <= target { "MET" } else { "MISSED" };
    println!("{word:6} {what}: {value:.2} {unit}, at most {target}");
}

/// One program to measure.
struct Contestant {
    name: &'static str,
    program: PathBuf,
    args: Vec<OsString>,
    is_ours: bool,
}

impl Contestant {
    fn new<const N: usize>(name: &'static str, program: &Path, args: [PathBuf; N]) -> Self {
        let args = args.map(PathBuf::into_os_string).to_vec();
        Contestant { name, program: program.to_owned(), args, is_ours: false }
    }

    /// Starts it as a super-server would, waits for the first byte, and says how long that took.
    fn start(&self, more: &[&str]) -> (Held, Duration) {
        let listener = TcpListener::bind("127.0.0.1:0").expect("loopback is there");
        let address = listener.local_addr().expect("it is bound");
        let mut peer = TcpStream::connect(address).expect("it listens");
        let socket = || -> OwnedFd { listener.accept().expect("a peer has connected").0.into() };
        let socket = socket();
        let again = socket.try_clone().expect("descriptors are left");
        let mut command = Command::new(&self.program);
        command.args(&self.args).args(more).env_clear();
        command.stdin(socket).stdout(again).stderr(Stdio::null());
        let began = Instant::now();
        let child = command.spawn().unwrap_or_else(|error| panic!("{}: {error}", self.program.display()));
        drop(command);
        let mut byte = [0];
        peer.read_exact(&mut byte).unwrap_or_else(|error| panic!("{} says nothing: {error}", self.name));
        (Held { child, peer }, began.elapsed())
    }
}

/// A program with a connection, ended when it is dropped.
struct Held {
    child: Child,
    peer: TcpStream,
}

impl Held {
    /// Talks to ours until it holds, which is when memory counts.
    fn talk(&mut self) {
        let mut replies = BufReader::new(self.peer.try_clone().expect("descriptors are left"));
        let mut line = String::new();
        for command in
            ["", "EHLO bench.example.net\r\n", "MAIL FROM:<a@example.net>\r\n", "RCPT TO:<b@example.org>\r\n"]
        {
            self.peer.write_all(command.as_bytes()).expect("it reads");
            // The reply to RCPT is the one that never ends.
            while !command.starts_with("RCPT") {
                line.clear();
                let got = replies.read_line(&mut line).expect("it answers");
                assert!(got > 0, "it hung up");
                // The first digit of the banner has been read already.
                let digits =
                    if command.is_empty() && line.len() > 3 && !line.starts_with("220") { 2 } else { 3 };
                if line.as_bytes().get(digits) == Some(&b' ') {
                    break;
                }
            }
        }
        if let Err(error) = replies.read_exact(&mut [0]) {
            panic!("no hold: {error}");
        }
    }

    /// Waits until it sleeps and has not run for a while.
    fn settle(&self) {
        let mut before = self.cpu();
        loop {
            std::thread::sleep(Duration::from_millis(20));
            let now = self.cpu();
            if now == before {
                return;
            }
            before = now;
        }
    }

    /// The time it has run.
    fn cpu(&self) -> Duration {
        let text = self.proc("schedstat");
        let nanos = text.split(' ').next().and_then(|word| word.parse().ok());
        Duration::from_nanos(nanos.expect("schedstat begins with a number"))
    }

    fn proc(&self, file: &str) -> String {
        let path = format!("/proc/{}/{file}", self.child.id());
        fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    /// The figures of this process, in kB.
    fn memory(&self) -> BTreeMap<&'static str, f64> {
        let text = self.proc("smaps_rollup") + &self.proc("status");
        let kb = |key: &str| {
            let line = text.lines().find(|line| line.starts_with(key));
            let number = line.and_then(|line| line[key.len()..].split_whitespace().next()?.parse().ok());
            number.unwrap_or_else(|| panic!("{key} is missing"))
        };
        BTreeMap::from([
            ("pss", kb("Pss:")),
            ("private dirty", kb("Private_Dirty:")),
            ("anonymous", kb("Anonymous:")),
            ("resident", kb("Rss:")),
            ("page tables", kb("VmPTE:")),
        ])
    }
}

/// All at the same time: whoever waits for its turn is silent, and the silent are sent away.
fn talk_all(held: &mut [Held]) {
    std::thread::scope(|scope| {
        for one in held {
            scope.spawn(|| one.talk());
        }
    });
}

impl Drop for Held {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

const FIRST: &str = "first byte";
const ROWS: [(&str, &str); 9] = [
    (FIRST, "exec to first byte, median, µs"),
    ("best", "exec to first byte, best, µs"),
    ("cpu", "CPU until it waits, median, µs"),
    ("pss", "memory, proportional (PSS), kB"),
    ("private dirty", "memory, private dirty, kB"),
    ("anonymous", "memory, anonymous, kB"),
    ("resident", "memory, resident, kB"),
    ("page tables", "memory, page tables, kB"),
    ("file", "size of the program, kB"),
];

/// The figures of one contestant by row.
struct Column {
    name: &'static str,
    figures: BTreeMap<&'static str, f64>,
}

impl std::ops::Index<&str> for Column {
    type Output = f64;
    fn index(&self, row: &str) -> &f64 {
        &self.figures[row]
    }
}

impl Column {
    /// Measures memory.
    fn of(contestant: &Contestant) -> Column {
        // Ours would take a minute to get to the point where it holds.
        let hurry: &[&str] = if contestant.is_ours { &["--speedup", "100"] } else { &[] };
        let mut held: Vec<Held> = (0..HELD).map(|_| contestant.start(hurry).0).collect();
        if contestant.is_ours {
            talk_all(&mut held);
        }
        held.iter().for_each(Held::settle);
        let all: Vec<_> = held.iter().map(Held::memory).collect();
        let mut figures: BTreeMap<_, _> =
            all[0].keys().map(|&key| (key, median(all.iter().map(|one| one[key]).collect()))).collect();
        let size = fs::metadata(&contestant.program).map_or(0, |about| about.len());
        figures.insert("file", size as f64 / 1024.0);
        Column { name: contestant.name, figures }
    }
}

/// Measures the time to the first byte, in turns, so that the load of the machine hits all alike.
fn race(contestants: &[Contestant], columns: &mut [Column]) {
    let mut times = vec![(Vec::new(), Vec::new()); contestants.len()];
    for round in 0..WARM + STARTS {
        for (contestant, (first, cpu)) in contestants.iter().zip(&mut times) {
            let (held, time) = contestant.start(&[]);
            if round >= WARM {
                first.push(micros(time));
                // Settling takes its time; a part of the rounds is enough for a steady figure.
                if round % 10 == 0 {
                    held.settle();
                    cpu.push(micros(held.cpu()));
                }
            }
        }
    }
    for (column, (first, cpu)) in columns.iter_mut().zip(times) {
        let best = first.iter().copied().fold(f64::INFINITY, f64::min);
        column.figures.extend([(FIRST, median(first)), ("best", best), ("cpu", median(cpu))]);
    }
}

/// Holds some connections at many times the speed, and says what an hour of tarpit costs, in ms.
fn cpu_per_hour(ours: &Contestant) -> f64 {
    let speedup = SPEEDUP.to_string();
    let mut held: Vec<Held> =
        (0..WATCHED_CONNECTIONS).map(|_| ours.start(&["--speedup", &speedup]).0).collect();
    talk_all(&mut held);
    let before: Vec<Duration> = held.iter().map(Held::cpu).collect();
    let began = Instant::now();
    std::thread::sleep(WATCHED);
    let hours = began.elapsed().as_secs_f64() * f64::from(SPEEDUP) / 3600.0;
    let spent = held.iter().zip(before).map(|(held, before)| micros(held.cpu() - before) / 1000.0 / hours);
    let hour = median(spent.collect());
    println!(
        "\nCPU per held hour: {hour:.2} ms, from {hours:.2} hours in {WATCHED:?} at --speedup {SPEEDUP}"
    );
    hour
}

fn table(columns: &[Column]) {
    print!("{:34}", "");
    columns.iter().for_each(|column| print!("{:>12}", column.name));
    println!("{:>12}", "ours / C");
    for (row, title) in ROWS {
        print!("{title:34}");
        columns.iter().for_each(|column| print!("{:>12.0}", column[row]));
        println!("{:>12.2}", columns[0][row] / columns[1][row]);
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

fn source(name: &str) -> PathBuf {
    Path::new(SOURCES).join(name)
}

/// Our program, or the one that the command line names.
fn ours(dir: &Path) -> Contestant {
    let given = std::env::args_os().skip(1).filter(|arg| arg != "--bench");
    let mut given = given.collect::<Vec<_>>().into_iter();
    if let Some(program) = given.next() {
        let name = "this one";
        return Contestant { name, program: program.into(), args: given.collect(), is_ours: false };
    }
    let config = dir.join("sundew.toml");
    // Root is nobody that it may stay.
    let user = if nix::unistd::geteuid().is_root() { "user = \"nobody\"\n" } else { "" };
    fs::write(&config, user).expect("the directory is ours");
    let locks = dir.join("locks");
    let args = ["--config".into(), config.into(), "--lock-dir".into(), locks.into()];
    let more = ["--greet-pause", "0", "--hostname", "mx.example.org", "--log", "stderr"];
    let room = ["--slots", "200", "--total", "205"];
    let args = args.into_iter().chain(more.into_iter().chain(room).map(OsString::from)).collect();
    let program = install(Path::new(env!("CARGO_BIN_EXE_smtarpit")), &dir.join("smtarpit"));
    Contestant { name: "smtarpit", program, args, is_ours: true }
}

/// Copies a program, as installing it does. What a linker wrote lies in the page cache in small pieces,
/// which makes every start a sixth slower until the file is read anew.
fn install(from: &Path, to: &Path) -> PathBuf {
    fs::copy(from, to).unwrap_or_else(|error| panic!("{}: {error}", from.display()));
    to.to_owned()
}

/// The interpreter itself: what is first in the path may be a script that looks for it.
fn python() -> PathBuf {
    let found = Command::new("python3").args(["-c", "import sys; print(sys.executable)"]).output();
    let found = found.expect("python3 is needed: apt-get install python3").stdout;
    PathBuf::from(String::from_utf8_lossy(&found).trim())
}

/// A directory that is gone after the run.
struct Dir(PathBuf);

impl Dir {
    fn new() -> Self {
        let path = std::env::temp_dir().join(format!("footprint-{}", std::process::id()));
        fs::create_dir_all(&path).expect("the temporary directory can be written");
        Dir(path)
    }
}

impl Drop for Dir {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
