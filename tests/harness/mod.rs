//! What the tests stand on: directories that go away, programs that must be there, and waiting.
//!
//! Nothing here sleeps to let something happen: [`until`] looks again until it has happened, and a
//! test that waits longer than [`PATIENCE`] has failed.

// Not every module of the tests uses everything.
#![allow(dead_code)]

pub mod browser;
pub mod crowd;
pub mod inetd;
pub mod log;
pub mod rsyslog;
pub mod running;
pub mod servers;
pub mod talk;
pub mod transcript;
pub mod xinetd;

use std::fs::{self, File};
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::{self, Signal};
use nix::unistd::{Pid, User};

/// How long a test waits for what must happen: only a failing test ever waits so long, so it is
/// long enough for a machine with much else to do.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// The programs under test.
pub const SMTARPIT: &str = env!("CARGO_BIN_EXE_smtarpit");
pub const TARPOP: &str = env!("CARGO_BIN_EXE_tarpop");
pub const SUNDEW: &str = env!("CARGO_BIN_EXE_sundew");

/// The project's own directory, where the shipped files are.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Reads a shipped file by its path in the project.
pub fn shipped(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Looks every few milliseconds until there is an answer.
pub fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(answer) = look() {
            return answer;
        }
        assert!(began.elapsed() < PATIENCE, "waited in vain: {what}");
        thread::sleep(Duration::from_millis(5));
    }
}

/// A temporary directory that everybody may enter, removed with what is in it.
pub struct Dir(PathBuf);

impl Dir {
    pub fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        // Short, because a socket's path has room for 107 bytes.
        let name = format!("sundew-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(name);
        fs::create_dir_all(&path).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        Dir(path)
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// Writes a file and says where it is.
    pub fn write(&self, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        path
    }

    /// Writes a program, or a copy of one, that can be started at once.
    ///
    /// Another process makes the file: a test that starts something at the same moment would hold a
    /// copy of our descriptor until its own exec, and the kernel starts no file that is open for writing.
    pub fn executable(&self, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
        let written = self.write(&format!("{name}.written"), text);
        let path = self.path(name);
        must(Command::new(need("install")).args(["-m", "755"]).args([&written, &path]));
        fs::remove_file(written).unwrap();
        path
    }

    pub fn make(&self, name: &str) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(&path).unwrap();
        path
    }
}

impl Drop for Dir {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Which Debian package has a program, where the names differ.
const PACKAGES: &[(&str, &str)] = &[
    ("tcpserver", "ucspi-tcp"),
    ("envdir", "daemontools"),
    ("multilog", "daemontools"),
    ("setuidgid", "daemontools"),
    ("svscan", "daemontools"),
    ("svc", "daemontools"),
    ("systemd-socket-activate", "systemd"),
    ("systemd-analyze", "systemd"),
    ("systemd-tmpfiles", "systemd"),
    ("systemd-sysusers", "systemd"),
    ("rsyslogd", "rsyslog"),
    ("apache2", "apache2-bin"),
    ("dovecot", "dovecot-pop3d"),
    ("fail2ban-regex", "fail2ban"),
    ("apache2", "apache2-bin"),
    ("ip", "iproute2"),
    ("ss", "iproute2"),
    ("unshare", "util-linux"),
    ("prlimit", "util-linux"),
    ("setpriv", "util-linux"),
    ("nsenter", "util-linux"),
    ("nc", "netcat-openbsd"),
    ("install", "coreutils"),
    ("telnet", "inetutils-telnet"),
    ("nft", "nftables"),
    ("promtool", "prometheus"),
    ("apt-get", "apt"),
    ("dpkg-deb", "dpkg"),
];

/// Where a program is; without it the test fails and names the Debian package to install.
pub fn need(program: &str) -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain(["/usr/sbin", "/sbin", "/usr/bin", "/bin"].map(PathBuf::from))
        .map(|dir| dir.join(program))
        .find(|path| path.is_file())
        .unwrap_or_else(|| {
            let package =
                PACKAGES.iter().find(|(name, _)| *name == program).map_or(program, |(_, package)| package);
            panic!("{program} is not here: apt-get install {package}")
        })
}

/// A Debian package unpacked under `target/debs`, for servers that cannot be installed side by side.
/// `tests/run` fetches the packages; what is not there yet is fetched here.
pub fn unpacked(package: &str) -> PathBuf {
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _guard = ONE_AT_A_TIME.lock();
    let debs = root().join("target/debs");
    let dir = debs.join(package);
    if dir.is_dir() {
        return dir;
    }
    fs::create_dir_all(&debs).unwrap();
    let deb = || {
        let start = format!("{package}_");
        fs::read_dir(&debs).unwrap().filter_map(|entry| Some(entry.ok()?.path())).find(|path| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            name.starts_with(&start) && name.ends_with(".deb")
        })
    };
    if deb().is_none() {
        let _ = Command::new(need("apt-get"))
            .args(["-qq", "-o", "APT::Sandbox::User=root", "download", package])
            .current_dir(&debs)
            .status();
    }
    let deb = deb().unwrap_or_else(|| panic!("cannot fetch the Debian package {package}"));
    // Unpacked beside and moved, so that a run that was cut short leaves no half of it.
    let beside = debs.join(format!("{package}.new"));
    let _ = fs::remove_dir_all(&beside);
    let status = Command::new(need("dpkg-deb")).arg("-x").arg(deb).arg(&beside).status().unwrap();
    assert!(status.success(), "dpkg-deb -x {package}");
    fs::rename(&beside, &dir).unwrap();
    dir
}

/// Whether this is root, for tests of what only root can do.
pub fn is_root() -> bool {
    nix::unistd::geteuid().is_root()
}

/// Fails a test of what only root can do with a word that says so.
pub fn need_root(why: &str) {
    assert!(is_root(), "tests/run gives the tests what only root has: {why}");
}

/// What a program is given that is started by hand: root is nobody that it may stay.
pub fn leaves_root() -> Option<&'static str> {
    is_root().then_some("--user=nobody")
}

/// The account that runs the tests, as the service files name it.
pub fn account() -> String {
    User::from_uid(nix::unistd::geteuid()).unwrap().expect("the account that runs the tests has a name").name
}

/// A program that runs beside the test, in a process group of its own, and ends with it.
pub struct Process {
    child: Child,
}

impl Process {
    pub fn start(command: &mut Command) -> Self {
        let child = command
            .process_group(0)
            .spawn()
            .unwrap_or_else(|error| panic!("{:?}: {error}", command.get_program()));
        Process { child }
    }

    pub fn pid(&self) -> i32 {
        i32::try_from(self.child.id()).unwrap()
    }

    pub fn signal(&self, signal: Signal) {
        let _ = signal::kill(Pid::from_raw(self.pid()), signal);
    }

    pub fn child(&mut self) -> &mut Child {
        &mut self.child
    }

    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().unwrap()
    }

    pub fn wait(&mut self, what: &str) -> ExitStatus {
        until(what, || self.ended())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // The group is ours alone: the program, and what it started and left behind.
        let _ = signal::killpg(Pid::from_raw(self.pid()), Signal::SIGKILL);
        let _ = self.child.wait();
    }
}

/// What a program did that was let run to its end.
pub struct Ran {
    pub status: Option<i32>,
    pub stdout: String,
    pub stderr: String,
    pub took: Duration,
}

/// Runs a program to its end, or to the end of the time it is given: then it has no status. Its
/// stdin is empty.
pub fn run(command: &mut Command, at_most: Duration) -> Ran {
    Running::start(command, Stdio::null()).finish(at_most)
}

/// A program that runs, and what it has written so far.
pub struct Running {
    process: Process,
    began: Instant,
    stdout: thread::JoinHandle<String>,
    stderr: thread::JoinHandle<String>,
}

impl Running {
    pub fn start(command: &mut Command, stdin: Stdio) -> Self {
        let began = Instant::now();
        command.stdin(stdin).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut process = Process::start(command);
        let stdout = collect(process.child.stdout.take().unwrap());
        let stderr = collect(process.child.stderr.take().unwrap());
        Running { process, began, stdout, stderr }
    }

    /// Lets it run to its end, or for so long from now.
    pub fn finish(mut self, at_most: Duration) -> Ran {
        let now = Instant::now();
        let status = loop {
            if let Some(status) = self.process.ended() {
                break status.code();
            }
            if now.elapsed() > at_most {
                break None;
            }
            thread::sleep(Duration::from_millis(5));
        };
        let took = self.began.elapsed();
        drop(self.process);
        Ran { status, stdout: self.stdout.join().unwrap(), stderr: self.stderr.join().unwrap(), took }
    }
}

fn collect(mut from: impl Read + Send + 'static) -> thread::JoinHandle<String> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        let _ = from.read_to_end(&mut bytes);
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

/// A command that runs in the network of another process.
pub fn within(pid: i32, program: &str) -> Command {
    let mut command = Command::new(need("nsenter"));
    command.arg("--net").arg(format!("--target={pid}")).arg("--").arg(program);
    command
}

/// Runs a program that must succeed quickly.
pub fn must(command: &mut Command) -> Output {
    let output = command.output().unwrap();
    assert!(
        output.status.success(),
        "{command:?}: {}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    output
}

/// The pids of a process's children, as the kernel knows them.
pub fn children(pid: i32) -> Vec<i32> {
    fs::read_to_string(format!("/proc/{pid}/task/{pid}/children"))
        .unwrap_or_default()
        .split_whitespace()
        .filter_map(|pid| pid.parse().ok())
        .collect()
}

/// The bytes of a file, or nothing while it is not there.
pub fn bytes_of(path: &Path) -> Vec<u8> {
    let mut bytes = Vec::new();
    if let Ok(mut file) = File::open(path) {
        file.read_to_end(&mut bytes).unwrap();
    }
    bytes
}
