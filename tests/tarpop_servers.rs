//! The shipped service files of tarpop under the real super-servers, and what a full house, a signal
//! or a wrong configuration does.

use std::process::{Command, Stdio};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use sundew::event::{Event, Reason, Verdict, What, Why};

use crate::harness::servers::{Setup, Super, TARPOP};
use crate::harness::talk::Talk;
use crate::harness::{need_root, until};

const FAST: &str = "speedup = 200";

fn setup(under: Super) -> Setup {
    Setup::serving(TARPOP, under)
}

#[test]
fn xinetd_serves() {
    serves(Super::Xinetd);
}

#[test]
fn tcpserver_serves() {
    serves(Super::Tcpserver);
}

#[test]
fn systemd_serves() {
    serves(Super::Systemd);
}

#[test]
fn openbsd_inetd_serves() {
    serves(Super::OpenbsdInetd);
}

#[test]
fn inetutils_inetd_serves() {
    serves(Super::InetutilsInetd);
}

/// A whole conversation, and what the operator reads of it.
fn serves(under: Super) {
    let server = setup(under).config(FAST).start();
    let mut talk = Talk::from("127.0.0.9".parse().unwrap(), server.address);
    assert_eq!(talk.line(), "+OK Dovecot ready.");
    assert_eq!(talk.asks("USER admin"), "+OK");
    assert_eq!(talk.asks("PASS hunter2"), "-ERR [AUTH] Authentication failed.");
    assert_eq!(talk.asks("QUIT"), "+OK Logging out");
    assert_eq!(talk.rest(), b"");

    let end = server.log.end_of(&talk);
    assert_eq!((end.reason, end.stage.as_str(), end.commands), (Reason::Quit, "quit", 3));
    let events: Vec<Event> =
        server.log.events().into_iter().filter(|event| event.id == end.event.id).collect();
    let words: Vec<&str> = events.iter().map(|event| event.what.word()).collect();
    assert_eq!(words, ["connect", "login", "end"]);
    assert!(events.iter().all(|event| event.peer == Some("127.0.0.9".parse().unwrap())));
    let What::Login { user, method, verdict, password, visit } = &events[1].what else {
        panic!("{}", events[1])
    };
    assert_eq!((user.as_str(), method.as_str(), *verdict), ("admin", "USER", Verdict::Reject));
    let password = password.as_ref().expect("a hash of the password").as_str();
    assert!(password.starts_with("hash:") && !password.contains("hunter"), "{password}");
    assert_eq!(*visit, None);
    assert!(matches!(events[2].what, What::End { logins: Some(1), retrs: Some(0), mails: None, .. }));
}

#[test]
fn addresses_are_right_on_ipv6_too() {
    for (under, source) in [(Super::Xinetd, "::1"), (Super::Systemd, "::1")] {
        let server = setup(under).on_ipv6().config(FAST).start();
        let mut talk = Talk::from(source.parse().unwrap(), server.address);
        assert!(talk.line().starts_with("+OK"));
        assert_eq!(server.log.connect_of(&talk).peer, Some(source.parse().unwrap()));
    }
}

#[test]
fn of_45_at_once_35_are_held_and_5_are_told() {
    let server = setup(Super::Xinetd).edit("instances	= 40", "instances	= 60").start();
    let mut guests: Vec<Talk> = (0..45).map(|_| server.talk()).collect();
    let refused = |wanted: Why| {
        let seen = |event: &Event| matches!(event.what, What::Refuse { why, .. } if why == wanted);
        server.log.events().iter().filter(|event| seen(event)).count()
    };
    let connected = || server.log.events().iter().filter(|event| event.what.word() == "connect").count();
    until("45 were served", || {
        let all = (connected(), refused(Why::Slots), refused(Why::Total));
        (all.0 + all.1 + all.2 == 45).then_some(all)
    });
    assert_eq!((connected(), refused(Why::Slots), refused(Why::Total)), (35, 5, 5));
    let mut firsts: Vec<String> = Vec::new();
    for guest in &mut guests {
        // Nobody has said anything, so whoever is held has had a greeting at most.
        if guest.closes_within(Duration::from_millis(10)) || !guest.unread().is_empty() {
            firsts.push(String::from_utf8_lossy(guest.unread()).into_owned());
        }
    }
    assert_eq!(firsts.iter().filter(|text| text.starts_with("-ERR [SYS/TEMP] ")).count(), 5, "{firsts:?}");
    assert_eq!(firsts.iter().filter(|text| text.is_empty()).count(), 5, "{firsts:?}");
}

#[test]
fn a_signal_ends_a_conversation_with_its_end() {
    let server = setup(Super::Tcpserver).start();
    let mut talk = server.talk();
    talk.line();
    let pid = server.pid_of(&talk);
    kill(Pid::from_raw(pid), Signal::SIGTERM).unwrap();
    let end = server.log.end_of(&talk);
    assert_eq!(end.reason, Reason::Signal);
    assert_eq!(talk.rest(), b"");
}

#[test]
fn one_network_has_no_more_than_its_share() {
    let server = setup(Super::Xinetd).config("per_source = 2").start();
    let mut guests: Vec<Talk> = (0..3)
        .map(|_| {
            let mut talk = Talk::from("127.0.7.1".parse().unwrap(), server.address);
            talk.line();
            talk
        })
        .collect();
    let last = guests.last_mut().unwrap();
    assert_eq!(last.rest(), b"");
    let refused = server.log.wait("refuse", |event| event.what.word() == "refuse");
    assert!(matches!(refused.what, What::Refuse { why: Why::PerSource, .. }), "{refused}");
}

#[test]
fn root_can_be_given_up_before_the_first_byte() {
    need_root("only root can change the root directory");
    let setup = setup(Super::Xinetd).user("root");
    let jail = setup.dir().make("jail");
    let server = setup
        .config(&format!("{FAST}\nchroot = {jail:?}\nuser = \"nobody\"\n[tarpop]\naccept_after = \"1\""))
        .start();
    // The memory of the network was opened by root and is still written to.
    for _ in 0..2 {
        let mut talk = server.talk();
        talk.line();
        let pid = server.pid_of(&talk);
        let root = std::fs::read_link(format!("/proc/{pid}/root")).unwrap();
        assert_eq!(root, jail);
        talk.asks("USER anna");
        assert_eq!(talk.asks("PASS secret"), "+OK Logged in.");
        assert_eq!(talk.asks("QUIT"), "+OK Logging out.");
    }
    let mut talk = server.talk();
    talk.line();
    talk.asks("USER anna");
    assert_eq!(talk.asks("PASS another"), "-ERR [AUTH] Authentication failed.");
}

#[test]
fn without_a_memory_the_conversation_goes_on_and_nobody_is_let_in() {
    let setup = setup(Super::Xinetd);
    let file = setup.dir().write("file", "");
    let server =
        setup.config(&format!("{FAST}\n[tarpop]\naccept_after = \"1\"\nstate_dir = {file:?}")).start();
    let mut talk = server.talk();
    talk.line();
    for password in ["a", "b", "b"] {
        talk.asks("USER anna");
        assert_eq!(talk.asks(&format!("PASS {password}")), "-ERR [AUTH] Authentication failed.");
    }
    let error = server.log.wait("error", |event| event.what.word() == "error");
    assert!(error.to_string().contains("state_dir: "), "{error}");
}

#[test]
fn what_is_wrong_is_for_the_operator_only() {
    let wrong = [
        setup(Super::Xinetd).config("[tarpop]\nno_such_key = 1"),
        setup(Super::Xinetd).config("[tarpop]\naccept_after = \"9-3\""),
        setup(Super::Xinetd).config("[[tarpop.profile]]\nhours = \"soon\""),
        setup(Super::Xinetd).option("--help"),
        setup(Super::Xinetd).option("--no-such-option"),
        setup(Super::Xinetd).edit("--slots 35", "--slots 50"),
    ];
    for setup in wrong {
        // The configuration that says where the log is cannot be read.
        let socket = setup.dir().path("log").display().to_string();
        let server = setup.option(format!("--log-socket={socket}")).start();
        let heard = server.talk().rest();
        assert_eq!(String::from_utf8_lossy(&heard), "-ERR [SYS/TEMP] Service temporarily not available\r\n");
        server.log.wait("error", |event| event.what.word() == "error");
    }
}

#[test]
fn a_panic_is_for_the_operator_only() {
    let server = setup(Super::Xinetd).config(FAST).environment("SUNDEW_TEST_PANIC", "NOOP").start();
    let mut talk = server.talk();
    talk.line();
    talk.say("NOOP");
    assert_eq!(talk.rest(), b"");
    let end = server.log.end_of(&talk);
    assert_eq!(end.reason, Reason::Error);
    assert!(server.log.events().iter().any(|event| event.to_string().contains("a panic was ordered")));
}

#[test]
fn at_a_terminal_it_says_what_it_is() {
    let output = Command::new(crate::harness::TARPOP).stdin(Stdio::null()).output().unwrap();
    assert_eq!(output.status.code(), Some(100));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(
        said.starts_with("tarpop: standard input is no connection.\n") && output.stdout.is_empty(),
        "{said}"
    );
}
