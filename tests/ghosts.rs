//! A peer that vanishes without a word: its cable is cut. Two network namespaces with a virtual cable
//! between them make that real, and nothing of it is visible outside.

use std::io::Write as _;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use sundew::event::Reason;

use crate::harness::servers::{Setup, Super};
use crate::harness::{Process, must, need, need_root, until, within};

/// A network of its own, which lives as long as the process.
fn network() -> Process {
    let process = Process::start(Command::new(need("unshare")).args(["--net", "sleep", "infinity"]));
    let ours = std::fs::read_link("/proc/self/ns/net").unwrap();
    let theirs = format!("/proc/{}/ns/net", process.pid());
    until("a network namespace", || (std::fs::read_link(&theirs).ok()? != ours).then_some(()));
    process
}

fn ip(network: &Process, words: &str) {
    need("ip");
    must(within(network.pid(), "ip").args(words.split_whitespace()));
}

#[test]
fn dead_time_is_not_held_time() {
    need_root("network namespaces are root's");
    let (here, there) = (network(), network());
    ip(&here, &format!("link add cable type veth peer name cable netns {}", there.pid()));
    ip(&here, "address add 192.0.2.1/24 dev cable");
    ip(&there, "address add 192.0.2.2/24 dev cable");
    ip(&here, "link set cable up");
    ip(&there, "link set cable up");

    // At this speed a peer that acknowledges nothing is given up after four seconds.
    let server =
        Setup::under(Super::Tcpserver).in_network_of(&here, "192.0.2.1").config("speedup = 100").start();
    need("nc");
    let began = Instant::now();
    let port = server.address.port().to_string();
    let mut client = Process::start(
        within(there.pid(), "nc").args(["192.0.2.1", &port]).stdin(Stdio::piped()).stdout(Stdio::null()),
    );
    let mut input = client.child().stdin.take().unwrap();
    input.write_all(b"EHLO x.example\r\nMAIL FROM:<a@x.example>\r\nRCPT TO:<b@example.org>\r\n").unwrap();
    server.log.wait("rcpt", |event| event.what.word() == "rcpt");
    ip(&there, "link set cable down");
    let cut = began.elapsed();

    let end = server.log.end("the end", |_| true);
    let dead = began.elapsed().saturating_sub(cut);
    assert_eq!((end.reason, end.stage.as_str()), (Reason::Ghost, "rcpt"));
    assert!(dead >= Duration::from_secs(3), "found after {dead:?}, which is too soon to be sure");
    // What was on its way at the cut may have been answered.
    let slack = Duration::from_millis(500);
    assert!(end.held <= cut + slack, "held {:?}, but the cable was cut after {cut:?}", end.held);
    assert!(end.event.peer == Some("192.0.2.2".parse().unwrap()), "{}", end.event);
}
