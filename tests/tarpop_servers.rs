//! The shipped service files of tarpop under the real super-servers: one conversation, the right
//! addresses, 45 guests at once, what a signal or a full house does, and what is remembered of a
//! network from one process to the next.

use std::collections::HashSet;
use std::path::Path;
use std::time::Duration;

use nix::sys::signal::Signal;
use sundew::event::{Event, Kind, Reason, Verdict, What, Why};
use sundew::persona::pop3::Name;

use crate::harness::crowd::Crowd;
use crate::harness::log::Line;
use crate::harness::rsyslog::Rsyslog;
use crate::harness::servers::{Server, Setup, Super, TARPOP, under_every_super_server};
use crate::harness::talk::Talk;
use crate::harness::{Dir, bytes_of, need_root, until};
use crate::superservers::{connected, signal, stays_within_the_unit};

const FAST: &str = "speedup = 200";

/// What a Dovecot says that has no room.
const BUSY: &str = "-ERR [SYS/TEMP] Service temporarily not available";

const WRONG: &str = "-ERR [AUTH] Authentication failed.";

fn setup(under: Super) -> Setup {
    Setup::serving(TARPOP, under)
}

/// A guest from this address.
fn guest(server: &Server, from: &str) -> Talk {
    Talk::from(from.parse().unwrap(), server.address)
}

/// Tries a pair of name and password over a connection of its own, and returns the reply.
fn tries(server: &Server, from: &str, user: &str, password: &str) -> String {
    let mut talk = guest(server, from);
    talk.line();
    talk.asks(&format!("USER {user}"));
    let reply = talk.asks(&format!("PASS {password}"));
    talk.asks("QUIT");
    reply
}

under_every_super_server!(serves);

/// A whole conversation, and what the operator reads of it.
fn serves(under: Super) {
    let server = setup(under).config(FAST).start();
    let mut talk = guest(&server, "127.0.0.9");
    assert_eq!(talk.line(), "+OK Dovecot ready.");
    assert_eq!(talk.asks("USER admin"), "+OK");
    assert_eq!(talk.asks("PASS hunter2"), WRONG);
    assert_eq!(talk.asks("QUIT"), "+OK Logging out");
    assert_eq!(talk.rest(), b"");

    let end = server.log.end_of(&talk);
    assert_eq!((end.reason, end.stage.as_str(), end.commands), (Reason::Quit, "quit", 3));
    let events: Vec<Event> =
        server.log.events().into_iter().filter(|event| event.id == end.event.id).collect();
    let words: Vec<&str> = events.iter().map(|event| event.what.word()).collect();
    assert_eq!(words, ["connect", "login", "end"]);
    assert!(events.iter().all(|event| event.peer == Some("127.0.0.9".parse().unwrap())));
    connected(&events[0], &talk, &server);
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
fn addresses_are_right_whatever_the_socket() {
    let xinetd = || setup(Super::Xinetd);
    for (setup, source) in [
        // As shipped: an IPv6 socket, where IPv4 guests have mapped addresses.
        (xinetd(), "127.0.0.77"),
        (xinetd().edit("IPv6 NOLIBWRAP", "IPv4 NOLIBWRAP"), "127.0.0.78"),
        (xinetd().on_ipv6(), "::1"),
        (setup(Super::Systemd).on_ipv6(), "::1"),
    ] {
        let server = setup.config(FAST).start();
        let mut talk = guest(&server, source);
        assert!(talk.line().starts_with("+OK"));
        let event = server.log.connect_of(&talk);
        assert_eq!(event.peer, Some(source.parse().unwrap()));
        connected(&event, &talk, &server);
    }
}

#[test]
fn xinetd_as_shipped_holds_35_of_45() {
    let server = setup(Super::Xinetd).start();
    let crowd = Crowd::come(&server);
    // Above 40 it is xinetd who closes, and we do not even know.
    crowd.is_right(&server, false);
    assert!(crowd.refused.iter().all(|line| line == BUSY), "{:?}", crowd.refused);
}

#[test]
fn xinetd_with_more_instances_leaves_the_limit_to_us() {
    let server = setup(Super::Xinetd).edit("instances\t= 40", "instances = 60").start();
    let crowd = Crowd::come(&server);
    crowd.is_right(&server, true);
    assert!(crowd.refused.iter().all(|line| line == BUSY), "{:?}", crowd.refused);
}

#[test]
fn tcpserver_as_shipped_holds_35_of_45() {
    let server = setup(Super::Tcpserver).start();
    let crowd = Crowd::come(&server);
    crowd.is_right(&server, false);
    // Above 40 tcpserver lets them wait until one of the polite refusals is done.
    assert_eq!((crowd.refused.len(), crowd.closed), (10, 0));
}

#[test]
fn each_persona_has_no_room_in_words_of_its_own() {
    let mut said = HashSet::new();
    for name in [Name::Dovecot, Name::Courier, Name::Cyrus, Name::Qpopper, Name::Exchange] {
        let (persona, says) = (name.as_str(), name.persona().busy.replace("{host}", "mx.example.org"));
        assert!(says.starts_with("-ERR [SYS/TEMP] ") && said.insert(says.clone()), "{says}");
        let setup = setup(Super::Xinetd).config("slots = 0");
        let server = setup.config(&format!("[tarpop]\npersona = {persona:?}")).start();
        let mut talk = server.talk();
        assert_eq!(talk.line(), says);
        // At once: the greeting would have been waited for.
        assert_eq!(talk.rest(), b"");
    }
}

#[test]
fn a_killed_program_frees_its_slot_and_a_signal_writes_an_end() {
    let server = setup(Super::Xinetd).config("slots = 2").start();
    let mut first = server.talk();
    let mut second = server.talk();
    assert_eq!((first.hear("+OK").as_str(), second.hear("+OK").as_str()), ("+OK", "+OK"));
    assert_eq!(server.talk().line(), BUSY);

    signal(&server, &first, Signal::SIGKILL);
    first.rest();
    let mut third = server.talk();
    assert_eq!(third.hear("+OK"), "+OK");
    assert_eq!(server.talk().line(), BUSY);

    for (mut talk, word) in [(second, Signal::SIGTERM), (third, Signal::SIGHUP)] {
        signal(&server, &talk, word);
        // The rest of the greeting, and not a word more.
        assert_eq!(talk.rest(), b" Dovecot ready.\r\n", "{word}");
        assert_eq!(server.log.end_of(&talk).reason, Reason::Signal, "{word}");
    }
    let killed = server.log.connect_of(&first).id;
    assert!(!server.log.events().iter().any(|event| event.id == killed && event.what.word() == "end"));
}

#[test]
fn without_its_lock_directory_it_refuses_politely_and_says_why() {
    let setup = setup(Super::Xinetd);
    let file = setup.dir().write("file", "not a directory");
    let server = setup.lock_dir(&file).start();
    let mut talk = server.talk();
    assert_eq!(talk.line(), BUSY);
    assert_eq!(talk.rest(), b"");
    let refuse = server.log.wait("refuse", |event| event.what.word() == "refuse");
    assert!(matches!(refuse.what, What::Refuse { why: Why::Locks, .. }), "{refuse}");
    let error = server.log.wait("error", |event| event.what.word() == "error");
    assert!(error.to_string().contains(file.to_str().unwrap()), "{error}");
}

#[test]
fn one_network_has_no_more_than_its_share() {
    let server = setup(Super::Tcpserver).config("per_source = 1").start();
    let mut first = guest(&server, "127.0.1.1");
    assert_eq!(first.hear("+OK"), "+OK");
    assert_eq!(guest(&server, "127.0.1.2").line(), BUSY);
    assert_eq!(guest(&server, "127.0.2.1").hear("+OK"), "+OK");
    let refuse = server.log.wait("refuse", |event| event.what.word() == "refuse");
    assert!(matches!(refuse.what, What::Refuse { why: Why::PerSource, .. }), "{refuse}");
}

#[test]
fn friends_are_not_held() {
    let server = setup(Super::Xinetd).config("allow = [\"127.0.3.0/24\"]").start();
    let mut talk = guest(&server, "127.0.3.7");
    talk.line();
    for _ in 0..3 {
        talk.asks("USER anna");
        assert_eq!(talk.asks("PASS secret"), WRONG);
    }
    assert_eq!(talk.asks("QUIT"), "+OK Logging out");
    let took = talk.began.elapsed();
    // One held reply alone would take longer.
    assert!(took < Duration::from_secs(10), "{took:?}");
    let end = server.log.end_of(&talk);
    assert!(matches!(end.event.what, What::End { kind: Kind::Allowed, .. }), "{}", end.event);
}

/// nmap looks for another service after six seconds.
#[test]
fn the_greeting_comes_whole_and_in_time() {
    let server = setup(Super::Tcpserver).start();
    let mut talk = server.talk();
    talk.hear("+");
    assert_eq!(talk.unread(), b"OK Dovecot ready.\r\n");
    let began = talk.began.elapsed();
    // The pause ends at 1.8 s; the rest is for a machine with much to do.
    assert!(began < Duration::from_secs(5), "{began:?}");
}

#[test]
fn a_pair_works_from_its_network_only_and_outlives_a_reboot() {
    let memory = Dir::new();
    let state = memory.path("networks");
    let config = format!("{FAST}\n[tarpop]\naccept_after = \"2\"\nstate_dir = {state:?}");
    {
        let server = setup(Super::Xinetd).config(&config).start();
        assert_eq!(tries(&server, "127.0.5.1", "anna", "first"), WRONG);
        assert_eq!(tries(&server, "127.0.5.2", "anna", "second"), "+OK Logged in.");
        // From elsewhere it is only the first try.
        assert_eq!(tries(&server, "127.0.6.1", "anna", "second"), WRONG);
    }
    // All that was in /run is new.
    let server = setup(Super::Tcpserver).config(&config).start();
    assert_eq!(tries(&server, "127.0.5.99", "anna", "second"), "+OK Logged in.");
    for (user, password) in [("anna", "first"), ("anna", "third"), ("bob", "second"), ("bob", "fourth")] {
        assert_eq!(tries(&server, "127.0.5.1", user, password), WRONG, "{user} {password}");
    }
    assert_eq!(tries(&server, "127.0.6.1", "bob", "other"), "+OK Logged in.");
    assert_eq!(tries(&server, "127.0.6.1", "anna", "second"), WRONG);
}

#[test]
fn root_is_left_behind_and_so_is_the_root_directory() {
    need_root("chroot and user are for a start as root");
    let setup = setup(Super::Xinetd);
    let jail = setup.dir().make("jail");
    let server = setup
        .config(&format!("{FAST}\nchroot = {jail:?}\nuser = \"nobody\"\n[tarpop]\naccept_after = \"1\""))
        .start();
    let mut talk = server.talk();
    talk.line();
    let pid = server.pid_of(&talk);
    assert_eq!(std::fs::read_link(format!("/proc/{pid}/root")).unwrap(), jail);
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let nobody = nix::unistd::User::from_name("nobody").unwrap().unwrap();
    assert_eq!(field(&status, "Uid:"), vec![nobody.uid.to_string(); 4]);
    assert_eq!(field(&status, "Gid:"), vec![nobody.gid.to_string(); 4]);
    assert!(field(&status, "Groups:").iter().all(|group| *group == nobody.gid.to_string()), "{status}");
    assert_eq!(field(&status, "CapEff:"), ["0000000000000000"]);
    // The memory of the network was opened by root and is still written to, and read by the next one.
    talk.asks("USER anna");
    assert_eq!(talk.asks("PASS secret"), "+OK Logged in.");
    // The mailbox needs nothing of what is outside.
    assert!(talk.asks("LIST").starts_with("+OK "));
    assert!(talk.listing().len() >= 20);
    assert!(talk.asks("RETR 1").starts_with("+OK "));
    assert!(talk.listing().len() > 10);
    assert_eq!(talk.asks("QUIT"), "+OK Logging out.");
    let end = server.log.end_of(&talk);
    assert!(matches!(end.event.what, What::End { retrs: Some(1), .. }), "{}", end.event);
    assert_eq!(tries(&server, "127.0.0.1", "anna", "another"), WRONG);
    assert_eq!(tries(&server, "127.0.0.1", "anna", "secret"), "+OK Logged in.");
}

/// The values of a field in `/proc/PID/status`.
fn field(status: &str, name: &str) -> Vec<String> {
    let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
    line.split_whitespace().map(str::to_owned).collect()
}

#[test]
fn an_ordinary_account_is_enough() {
    need_root("only root can start it as somebody else");
    let server = as_nobody(|_| format!("{FAST}\n[tarpop]\naccept_after = \"1\""));
    let mut talk = server.talk();
    talk.line();
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.pid_of(&talk))).unwrap();
    assert!(!field(&status, "Uid:").contains(&"0".to_owned()), "{status}");
    assert_eq!(talk.asks("QUIT"), "+OK Logging out");
    assert_eq!(server.log.end_of(&talk).reason, Reason::Quit);
    // It has made its memory in the lock directory, and for nobody else to read.
    assert_eq!(tries(&server, "127.0.0.1", "anna", "secret"), "+OK Logged in.");
    assert_eq!(tries(&server, "127.0.0.1", "anna", "secret"), "+OK Logged in.");
    use std::os::unix::fs::PermissionsExt as _;
    let memory = std::fs::metadata(server.dir.path("locks/networks")).unwrap();
    assert_eq!(memory.permissions().mode() & 0o007, 0);
}

/// A server whose programs run as `nobody`.
fn as_nobody(config: impl Fn(&Dir) -> String) -> Server {
    let setup = setup(Super::Xinetd).user("nobody");
    // The build directory may be closed to others.
    let program = setup.dir().executable("tarpop", std::fs::read(TARPOP.path).unwrap());
    let config = config(setup.dir());
    setup.program(program).config(&config).start()
}

#[test]
fn without_a_memory_the_conversation_goes_on_and_nobody_is_let_in() {
    let setup = setup(Super::Xinetd);
    let file = setup.dir().write("file", "");
    let server =
        setup.config(&format!("{FAST}\n[tarpop]\naccept_after = \"1\"\nstate_dir = {file:?}")).start();
    lets_nobody_in(&server, &file);
}

#[test]
fn a_memory_that_belongs_to_another_account_is_none() {
    need_root("only root can start it as somebody else");
    let server = as_nobody(|dir| {
        let state = dir.make("state");
        format!("{FAST}\n[tarpop]\naccept_after = \"1\"\nstate_dir = {state:?}")
    });
    lets_nobody_in(&server, &server.dir.path("state"));
}

/// The guest finds a server on which every password is wrong, the operator the reason.
fn lets_nobody_in(server: &Server, state: &Path) {
    let mut talk = server.talk();
    talk.line();
    for password in ["a", "b", "b"] {
        talk.asks("USER anna");
        assert_eq!(talk.asks(&format!("PASS {password}")), WRONG);
    }
    assert_eq!(talk.asks("QUIT"), "+OK Logging out");
    assert_eq!(server.log.end_of(&talk).reason, Reason::Quit);
    let error = server.log.wait("error", |event| event.what.word() == "error");
    let named = format!("state_dir: {}", state.display());
    assert!(error.to_string().contains(&named), "{error}");
}

#[test]
fn the_unit_allows_every_system_call_and_none_opens_a_network_socket() {
    stays_within_the_unit(TARPOP, "speedup = 200\n[tarpop]\naccept_after = \"2\"", |talk| {
        talk.line();
        talk.asks("CAPA");
        talk.listing();
        for (password, reply) in [("first", WRONG), ("second", "+OK Logged in.")] {
            assert_eq!(talk.asks("USER anna"), "+OK");
            assert_eq!(talk.asks(&format!("PASS {password}")), reply);
        }
        for line in ["UIDL", "RETR 1"] {
            assert!(talk.asks(line).starts_with("+OK"), "{line}");
            talk.listing();
        }
    });
}

/// Names that want to be something else in a log.
const HOSTILE: &[&str] = &[
    "x\rNov 23 00:00:00 host tarpop[1]: end id=forged",
    "x> smtarpit[1]: end id=forged peer=192.0.2.1",
    "a\tb\x01\x1b[31mred\x1b[0m\x7f",
    "\" verdict=accept \\\" visit=1 \"",
    ">, method=PLAIN, rip=192.0.2.1, session=<",
    "dovecot: pop3-login: Login: user=<x>",
    "%n%s%HOSTNAME%=a=\u{e4}\u{202e}",
];

#[test]
fn rsyslog_keeps_our_events_apart_from_the_lines_that_look_like_dovecot() {
    let dir = Dir::new();
    let rest = dir.path("rest.log");
    let rules = format!("action(type=\"omfile\" file={rest:?} template=\"RSYSLOG_FileFormat\")");
    let rsyslog = Rsyslog::with(&rules);
    let (ours, socket) = (rsyslog.file.clone(), rsyslog.socket.clone());

    let server = setup(Super::Xinetd).option(format!("--log-socket={}", socket.display()));
    let server = server.config(&format!("{FAST}\n[tarpop]\nlog_like = \"dovecot\"")).start();
    // Each from a network of its own: nobody's first guess is ever right.
    let peers: Vec<String> = (0..HOSTILE.len()).map(|network| format!("127.0.{network}.77")).collect();
    for (user, peer) in HOSTILE.iter().zip(&peers) {
        assert_eq!(tries(&server, peer, user, "x\r"), WRONG, "{user:?}");
    }
    let lines = |file: &Path, wanted: &str| {
        until(wanted, || {
            let text = String::from_utf8(bytes_of(file)).expect("a log is text");
            let lines: Vec<Line> = text.lines().map(|line| Line::new(line.as_bytes())).collect();
            let is = |line: &&Line| line.raw.contains(wanted);
            (text.ends_with('\n') && lines.iter().filter(is).count() == HOSTILE.len()).then_some(lines)
        })
    };
    let events = lines(&ours, "reason=quit");
    for line in &events {
        let event = line.event.as_ref().unwrap_or_else(|error| panic!("{error}: {}", line.raw));
        let peer = event.peer.expect("every event has a peer").to_string();
        assert!(peers.contains(&peer), "{}", line.raw);
        assert!(event.id.as_str() != "forged" && line.pid.is_some(), "{}", line.raw);
    }
    let words: Vec<&str> = events.iter().map(|line| line.event.as_ref().unwrap().what.word()).collect();
    assert_eq!(words.iter().filter(|word| **word == "login").count(), HOSTILE.len());

    // What is left for the rules that come after is one line for each connection, as of Dovecot.
    let mirrored = lines(&rest, " dovecot: pop3-login: Disconnected: ");
    let mirrored: Vec<_> = mirrored.iter().filter(|line| !line.raw.contains(" rsyslogd: ")).collect();
    assert_eq!(mirrored.len(), HOSTILE.len());
    for line in mirrored {
        assert!(line.event.is_err() && line.pid.is_none(), "{}", line.raw);
        let is_of = |peer: &String| {
            line.raw.contains(&format!(">, method=PLAIN, rip={peer}, lip=127.0.0.1, session=<"))
        };
        assert!(peers.iter().any(is_of), "{}", line.raw);
        assert_eq!(line.raw.matches('<').count(), 2, "{}", line.raw);
    }
}
