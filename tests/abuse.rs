//! Peers at their worst. Whatever they do is answered or dropped as the persona would, costs little
//! memory and time, and ends in an `end`.

use std::fs;
use std::io::Write as _;
use std::net::Shutdown;
use std::process::Command;
use std::thread;
use std::time::Duration;

use nix::unistd::{SysconfVar, sysconf};
use sundew::event::{Reason, What};

use crate::harness::servers::{Server, Setup, Super};
use crate::harness::talk::Talk;
use crate::harness::{Dir, PATIENCE, Running, need};

fn server(speedup: u32) -> Server {
    Setup::under(Super::Tcpserver).config(&format!("speedup = {speedup}")).start()
}

/// The most memory that a process ever had, in kB, and the processor time that it has used.
fn cost(pid: i32) -> (u64, Duration) {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    let memory = line.trim().trim_end_matches(" kB").parse().unwrap();
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    let (_, fields) = stat.rsplit_once(')').unwrap();
    let fields: Vec<&str> = fields.split_whitespace().collect();
    // utime and stime are the fields 14 and 15 of proc(5); the name was the second.
    let ticks: u64 = fields[11..13].iter().map(|field| field.parse::<u64>().unwrap()).sum();
    let hertz = sysconf(SysconfVar::CLK_TCK).unwrap().unwrap();
    (memory, Duration::from_millis(ticks * 1000 / u64::try_from(hertz).unwrap()))
}

/// More would be a buffer that grows; a debug build, and all it has touched.
const MEMORY: u64 = 12_000;

#[test]
fn a_line_that_never_ends_is_not_waited_for() {
    let server = server(300);
    let mut talk = server.talk();
    talk.reply();
    let mut trickle = talk.stream.try_clone().unwrap();
    let trickling = thread::spawn(move || {
        while trickle.write_all(b"x").is_ok() {
            thread::sleep(Duration::from_millis(20));
        }
    });
    let said = String::from_utf8(talk.rest()).unwrap();
    assert!(said.starts_with("421 "), "{said:?}");
    assert_eq!(server.log.end_of(&talk).reason, Reason::Timeout);
    drop(talk);
    trickling.join().unwrap();
}

#[test]
fn a_line_of_a_megabyte_is_one_bad_command() {
    let server = server(50);
    let mut talk = server.talk();
    talk.reply();
    let pid = server.pid_of(&talk);
    let mut line = vec![b'x'; 1 << 20];
    line.extend(b"\r\n");
    talk.send(&line);
    let reply = talk.reply();
    assert!(reply.starts_with('5'), "{reply}");
    assert!(cost(pid).0 < MEMORY, "{:?}", cost(pid));
    assert!(talk.ask("QUIT").starts_with("221"));
    let end = server.log.end_of(&talk);
    assert_eq!(end.reason, Reason::Quit);
    assert!(end.bytes_in > 1 << 20, "{}", end.event);
}

#[test]
fn nul_bytes_are_bytes() {
    let server = server(500);
    let mut talk = server.talk();
    talk.reply();
    for bytes in [&b"\0\r\n"[..], b"\0\0\0\0NOOP\0\r\n", b"HELO a\0b.example\r\n", b"MAIL\0FROM:<a@b>\r\n"] {
        talk.send(bytes);
        let reply = talk.reply();
        assert!(reply.starts_with(['2', '5']), "{reply}");
    }
    assert!(talk.ask("QUIT").starts_with("221"));
    assert_eq!(server.log.end_of(&talk).reason, Reason::Quit);
}

#[test]
fn a_million_commands_are_answered_one_at_a_time_or_not_at_all() {
    for speedup in [500, 10_000] {
        let server = server(speedup);
        let mut talk = server.talk();
        talk.send("NOOP\r\n".repeat(100));
        talk.reply();
        let pid = server.pid_of(&talk);
        let mut flood = talk.stream.try_clone().unwrap();
        flood.set_write_timeout(Some(Duration::from_secs(2))).unwrap();
        // A peer that is not read from is not asked for more: most of it never leaves.
        let flooding = thread::spawn(move || {
            for _ in 0..1000 {
                if flood.write_all(&b"NOOP\r\n".repeat(1000)).is_err() {
                    break;
                }
            }
            let _ = flood.shutdown(Shutdown::Write);
        });
        for _ in 0..20 {
            assert!(talk.reply().starts_with("250"));
        }
        let (memory, time) = cost(pid);
        assert!(memory < MEMORY && time < Duration::from_secs(1), "{memory} kB, {time:?}");
        talk.rest();
        flooding.join().unwrap();
        let end = server.log.end_of(&talk);
        assert!(matches!(end.reason, Reason::Limit), "{}", end.event);
        assert!(end.commands < 1000 && end.bytes_in < 1 << 20, "{}", end.event);
    }
}

#[test]
fn a_peer_that_has_said_all_still_hears_all() {
    let server = server(100);
    let dir = Dir::new();
    let script = dir.write("script", "EHLO x.example\r\nMAIL FROM:<a@x.example>\r\nQUIT\r\n");
    let port = server.address.port().to_string();
    // -N closes our side at the end of the file, as "printf ... | nc -N" does.
    let mut nc = Command::new(need("nc"));
    nc.args(["-N", "127.0.0.1", &port]);
    let ran = Running::start(&mut nc, fs::File::open(script).unwrap().into()).finish(PATIENCE);
    assert_eq!(ran.status, Some(0), "{}", ran.stderr);
    let codes: Vec<&str> = ran
        .stdout
        .lines()
        .filter(|line| line.as_bytes().get(3) == Some(&b' '))
        .map(|line| &line[..3])
        .collect();
    assert_eq!(codes, ["220", "250", "250", "221"], "{}", ran.stdout);
    let end = server.log.end("the end", |_| true);
    assert_eq!((end.reason, end.commands), (Reason::Quit, 3));
}

#[test]
fn a_peer_that_leaves_in_the_middle_of_a_drip_is_noticed_at_once() {
    let server = server(1);
    let mut talk = server.talk();
    talk.hear("220-");
    let end = {
        let port = talk.port();
        let Talk { stream, .. } = talk;
        drop(stream);
        let connect = server.log.wait(
            "connect",
            |event| matches!(event.what, What::Connect { port: Some(theirs), .. } if theirs == port),
        );
        server.log.end("the end", |event| event.id == connect.id)
    };
    assert_eq!((end.reason, end.stage.as_str()), (Reason::Hangup, "banner"));
    let What::End { gaveup, .. } = end.event.what else { unreachable!("it is an end") };
    assert!(gaveup.is_some());
}

#[test]
fn a_peer_that_resets_is_a_hangup() {
    let server = server(100);
    let talk = server.talk();
    server.log.connect_of(&talk);
    // An unread reply makes the kernel answer the close with a reset.
    nix::sys::socket::setsockopt(
        &talk.stream,
        nix::sys::socket::sockopt::Linger,
        &nix::libc::linger { l_onoff: 1, l_linger: 0 },
    )
    .unwrap();
    drop(talk);
    assert_eq!(server.log.end("the end", |_| true).reason, Reason::Hangup);
}
