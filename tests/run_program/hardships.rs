//! What `tarpit-run` may meet on a machine that is not as it should be.

use std::process::{Command, Stdio};

use nix::sys::signal::Signal;

use super::stand_in;
use crate::harness::running::{Running, TARPIT_RUN};
use crate::harness::talk::Talk;
use crate::harness::{Dir, Process, children, need_root, until};

/// A pager that was left alone, a terminal that was stopped with Ctrl-S: neither stops the service.
#[test]
fn a_reader_that_stands_still_stops_nothing() {
    let dir = Dir::new();
    let rave = "i=0; while [ $i -lt 4000 ]; do echo \"words that nobody reads, number $i of many\" >&2; \
                i=$((i+1)); done; echo '220 here'";
    let program = stand_in(&dir, 50, rave);
    for form in ["live", "plain"] {
        let (out_reader, out) = std::io::pipe().unwrap();
        let place = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let mut command = Command::new(TARPIT_RUN);
        command.args(["--listen", &place.to_string(), "--log", form, "--program"]).arg(&program);
        command.env("XDG_RUNTIME_DIR", dir.path("")).env_remove("SUNDEW_CONFIG");
        command.stdin(Stdio::null()).stdout(out.try_clone().unwrap()).stderr(out);
        let mut process = Process::start(&mut command);
        drop(command);
        until("it listens", || std::net::TcpStream::connect(place).ok());
        for _ in 0..20 {
            // More than the pipe and our own patience hold comes from each of them.
            assert_eq!(Talk::to(place).rest(), b"220 here\n");
        }
        process.signal(Signal::SIGTERM);
        assert_eq!(process.wait("tarpit-run ends").code(), Some(0), "{form}");
        drop(out_reader);
    }
}

/// It starts programs, and these serve nobody as root.
#[test]
fn root_is_left_behind_before_a_guest_is_served() {
    need_root("root is what is left");
    let running = Running::start(&["--listen", "127.0.0.1:0", "--speedup", "500"]);
    let mut talk = Talk::to(running.address());
    assert!(talk.reply().starts_with("220"), "{}", running.out.text());
    let [pid] = children(running.process.pid()).try_into().unwrap();
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    // Not by getpwnam(3), which loads what a static program cannot use.
    let accounts = std::fs::read_to_string("/etc/passwd").unwrap();
    let uid = |name: &str| accounts.lines().find_map(|line| line.strip_prefix(name)?.split(':').nth(1));
    let uid = uid("sundew:").or(uid("nobody:")).unwrap();
    assert!(status.contains(&format!("\nUid:\t{uid}\t{uid}\t{uid}\t{uid}\n")), "{status}");
    assert!(talk.ask("QUIT").starts_with("221"));
    assert_eq!(running.end().0, Some(0));
}
