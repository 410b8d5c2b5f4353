//! What the operator reads, wherever it comes out: with stdout and stderr apart, as one pipe, as one file.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::os::fd::{AsFd as _, OwnedFd};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixStream;
use std::process::{Command, Stdio};

use crate::harness::log::stalled;
use crate::harness::running::TARPIT_RUN;
use crate::harness::{
    Dir, PATIENCE, Process, SMTARPIT, SUNDEW, TARPOP, is_root, leaves_root, need, need_root,
};

const TARPIT_REPORT: &str = env!("CARGO_BIN_EXE_tarpit-report");

/// Where fds 1 and 2 go together.
#[derive(Debug, Clone, Copy)]
enum Into {
    Pipe,
    File,
    /// As sshd has it, which has a socket for fd 0 as well.
    Socket,
}

/// Runs a program to its end with `2>&1`; its exit code, and all that came out.
fn both(program: &str, args: &[&str], into: Into) -> (Option<i32>, String) {
    let dir = Dir::new();
    let mut command = Command::new(program);
    command.args(args).env_remove("SUNDEW_CONFIG").env_remove("TCPREMOTEIP");
    let one = |fd: OwnedFd| (fd.try_clone().unwrap(), fd);
    let (mut reader, stdin, (out, err)): (Box<dyn std::io::Read>, Stdio, _) = match into {
        Into::Pipe => {
            let (reader, writer) = std::io::pipe().unwrap();
            (Box::new(reader), Stdio::null(), one(writer.into()))
        }
        Into::File => {
            let file = File::create(dir.path("said")).unwrap();
            (Box::new(File::open(dir.path("said")).unwrap()), Stdio::null(), one(file.into()))
        }
        Into::Socket => {
            let (ours, theirs) = UnixStream::pair().unwrap();
            let stdin = theirs.as_fd().try_clone_to_owned().unwrap();
            (Box::new(ours), stdin.into(), one(theirs.into()))
        }
    };
    let mut process = Process::start(command.stdin(stdin).stdout(out).stderr(err));
    // Or our own copies of the descriptors would keep the pipe open.
    drop(command);
    let status = process.wait("the program ends");
    let mut said = String::new();
    reader.read_to_string(&mut said).unwrap();
    (status.code(), said)
}

#[test]
fn one_pipe_for_both_outputs_loses_nothing() {
    for into in [Into::Pipe, Into::File, Into::Socket] {
        for program in [SMTARPIT, TARPOP, SUNDEW, TARPIT_RUN, TARPIT_REPORT] {
            let told = |args: &[&str], code: i32, part: &str| {
                let (status, said) = both(program, args, into);
                assert_eq!(status, Some(code), "{program} {args:?} into {into:?}: {said}");
                assert!(said.contains(part), "{program} {args:?} into {into:?}: {said:?}");
            };
            told(&["--help"], 0, "Usage: ");
            told(&["--no-such-option"], 100, "--no-such-option");
            if program != TARPIT_RUN {
                told(&["--check", "--config=/dev/null"], 0, "slots = 35 # default\n");
                told(&["--config=/nowhere/sundew.toml"], 100, "/nowhere/sundew.toml: there is no such file");
            }
        }
        let (status, said) = both(SUNDEW, &["seasons", "--config=/dev/null", "--domains=example.org"], into);
        assert!(status == Some(0) && said.contains("example.org"), "{into:?}: {said}");
    }
    for into in [Into::Pipe, Into::File] {
        for program in [SMTARPIT, TARPOP, SUNDEW] {
            let (status, said) = both(program, &["--config=/dev/null"], into);
            assert_eq!(status, Some(100));
            assert!(said.contains("standard input is no connection"), "{program} into {into:?}: {said:?}");
        }
    }
}

/// A secret that is not one is told before it is needed.
#[test]
fn a_secret_that_others_may_read_or_guess_is_warned_of() {
    let dir = Dir::new();
    let secret = dir.write("secret", [7; 31]);
    let doubts = |mode: u32| {
        std::fs::set_permissions(&secret, std::fs::Permissions::from_mode(mode)).unwrap();
        let option = format!("--secret-file={}", secret.display());
        let (status, said) = both(SMTARPIT, &["--check", "--config=/dev/null", &option], Into::Pipe);
        assert_eq!(status, Some(0), "{said}");
        let doubts = said.lines().filter(|line| line.starts_with("# warning: secret_file: "));
        doubts.map(str::to_owned).collect::<Vec<_>>()
    };
    let [open] = doubts(0o644).try_into().unwrap();
    assert!(open.contains("everybody may read"), "{open}");
    let [short] = doubts(0o640).try_into().unwrap();
    assert!(short.contains("has 31 bytes; take 32 or more"), "{short}");
    dir.write("secret", [7; 32]);
    assert_eq!(doubts(0o640), [""; 0]);
}

/// Has a program serve a connection whose other end this is, and returns what the peer heard, what the program
/// wrote to its stderr, and its exit code.
fn serve(command: &mut Command, says: &str) -> (String, String, Option<i32>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut peer = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    peer.set_read_timeout(Some(PATIENCE)).unwrap();
    let socket = OwnedFd::from(listener.accept().unwrap().0);
    let (mut reader, writer) = std::io::pipe().unwrap();
    command.env_remove("SUNDEW_CONFIG").stdin(socket.try_clone().unwrap()).stdout(socket).stderr(writer);
    let mut process = Process::start(command);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let _ = peer.write_all(says.as_bytes());
    // Who has not said how it ends might listen for days.
    if says.ends_with("RSET\r\n") {
        peer.shutdown(std::net::Shutdown::Write).unwrap();
    }
    let mut heard = Vec::new();
    let _ = peer.read_to_end(&mut heard);
    let status = process.wait("the program ends").code();
    let mut logged = String::new();
    reader.read_to_string(&mut logged).unwrap();
    (String::from_utf8(heard).unwrap(), logged, status)
}

/// Nothing that a peer could find in us is to be worth the rights of root.
#[test]
fn root_serves_nobody() {
    need_root("root is what is refused");
    let dir = Dir::new();
    for (program, busy) in [(SMTARPIT, "421 "), (TARPOP, "-ERR [SYS/TEMP] "), (SUNDEW, "HTTP/1.1 503 ")] {
        let locks = dir.path("locks");
        let with = |more: &[&str]| {
            let mut command = Command::new(program);
            command.args(["--log=stderr", "--speedup=1000", "--config=/dev/null", "--lock-dir"]).arg(&locks);
            let (heard, logged, status) = serve(command.args(more), "");
            assert!(heard.starts_with(busy) && !heard.contains("root"), "{program}: {heard:?}");
            assert!(!locks.exists(), "{program} has made something as root");
            (logged, status)
        };
        let (logged, status) = with(&[]);
        assert_eq!(status, Some(100));
        assert!(logged.contains(": error ") && logged.contains("started as root without user"), "{logged}");
        assert!(logged.contains(": refuse ") && logged.contains("why=config"), "{logged}");
        assert!(!logged.contains(": connect "), "{logged}");
        for user in ["0", "root", "0:0", "00", "nobody:0", "nobody:root"] {
            let (logged, status) = with(&["--user", user]);
            assert_eq!(status, Some(100));
            assert!(logged.contains("--user: ") && logged.contains("is root"), "{user}: {logged}");
        }
    }
}

/// A limit that makes a write fail is told, and ends nobody.
#[test]
fn a_limit_on_the_size_of_files_ends_nothing() {
    let dir = Dir::new();
    let limited = |program: &str, bytes: u32| {
        let mut command = Command::new(need("prlimit"));
        command.arg(format!("--fsize={bytes}")).arg("--").arg(program);
        command.args(["--speedup=1000", "--hostname=mx.example.org", "--config=/dev/null"]);
        command.arg(format!("--lock-dir={}", dir.path("locks").display())).args(leaves_root());
        command
    };
    // The map of the slots cannot be written: nobody is served uncounted.
    let (heard, logged, status) = serve(limited(SMTARPIT, 0).arg("--log=stderr"), "");
    assert!(heard.starts_with("421 "), "{heard:?}");
    assert_eq!(status, Some(111), "{logged}");
    assert!(logged.contains(": error ") && logged.contains("File too large"), "{logged}");
    // The log is a file, and full.
    let log = dir.path("log");
    let command = limited(SMTARPIT, 1000);
    let script = "exec \"$@\" 2>\"$0\"";
    let mut through = Command::new("/bin/sh");
    through.args(["-c", script]).arg(&log).arg(command.get_program()).args(command.get_args());
    let (heard, _, status) =
        serve(through.arg("--log=stderr"), &("HELO x.example\r\n".repeat(40) + "QUIT\r\n"));
    assert_eq!(status, Some(0), "{heard}");
    assert!(heard.contains("\r\n221 "), "{heard}");
    assert_eq!(std::fs::metadata(&log).unwrap().len(), 1000);
}

/// A full disk is told once, and the conversation goes on.
#[test]
fn a_full_disk_is_told() {
    let dir = Dir::new();
    let (full, locks) = (dir.make("full"), dir.make("locks"));
    let [full, locks] = [full, locks].map(|path| path.display().to_string());
    let with = |program: &str, options: &[&str], says: &str| {
        let mut command = Command::new(need("unshare"));
        command.arg("--mount").args((!is_root()).then_some("--map-root-user"));
        let script = "mount -t tmpfs -o size=4k,mode=777 tmpfs \"$0\" && head -c 4096 /dev/zero >\"$0/fill\" \
                      && exec \"$@\"";
        command.args(["sh", "-c", script, &full, program, "--speedup=1000", "--config=/dev/null"]);
        command.args(["--log=stderr", "--hostname=mx.example.org", "--lock-dir", &locks]);
        serve(command.args(leaves_root()).args(options), says)
    };
    let state = format!("--state-dir={full}");
    let told = |logged: &str, about: &str| {
        let errors: Vec<&str> = logged.lines().filter(|line| line.contains(": error ")).collect();
        assert_eq!(errors.len(), 1, "{logged}");
        assert!(errors[0].contains(about) && errors[0].contains("No space left on device"), "{}", errors[0]);
        assert!(logged.contains(": end "), "{logged}");
    };
    let guess = "USER a\r\nPASS b\r\n".repeat(3) + "QUIT\r\n";
    let (heard, logged, _) = with(TARPOP, &[&state], &guess);
    assert_eq!(heard.matches("-ERR [AUTH]").count(), 3, "{heard}");
    told(&logged, "state_dir: ");

    let get = "GET / HTTP/1.1\r\nHost: www.example.org\r\nConnection: close\r\n\r\n";
    let (heard, logged, _) = with(SUNDEW, &[&state, "--max-bytes-per-day=1G"], get);
    assert!(heard.starts_with("HTTP/1.1 200 "), "{heard}");
    told(&logged, "state_dir: ");

    let spool = format!("--spool={full}/mail");
    let mail = "EHLO x.example\r\nMAIL FROM:<a@x.example>\r\nRCPT TO:<b@x.example>\r\nDATA\r\n\
                Subject: hello\r\n\r\nHow are you?\r\n.\r\nRSET\r\n";
    let (heard, logged, _) = with(SMTARPIT, &[&spool, "--hold-at=quit", "--verdict=accept"], mail);
    assert!(heard.contains("354 "), "{heard}");
    told(&logged, "spool: ");
}

/// Where stderr is ours, it has what a syslogd that stands still does not take, and says why.
#[test]
fn a_syslogd_that_accepts_nobody_is_told_where_somebody_reads() {
    let dir = Dir::new();
    let socket = dir.path("log");
    let _stalled = stalled(&socket);
    let mut command = Command::new(SMTARPIT);
    command.args(["--speedup=1000", "--config=/dev/null", "--hostname=mx.example.org", "--log=auto"]);
    command.arg("--log-socket").arg(&socket).arg("--lock-dir").arg(dir.path("locks")).args(leaves_root());
    let (heard, logged, status) = serve(&mut command, "QUIT\r\n");
    assert_eq!(status, Some(0));
    assert!(heard.starts_with("220") && heard.contains("221 "), "{heard}");
    let (first, rest) = logged.split_once('\n').unwrap();
    assert!(first.contains(": error ") && first.contains("log_socket: "), "{logged}");
    assert!(rest.contains(": connect ") && rest.contains(": end "), "{logged}");
}
