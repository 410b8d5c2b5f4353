//! The shipped service files under the real super-servers: one conversation, the right addresses,
//! 45 guests at once, and what a signal or a full house does.

use std::collections::HashSet;
use std::io::{Read as _, Write as _};
use std::net::IpAddr;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixStream;
use std::process::{Command, Stdio};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use sundew::event::{Event, Kind, Reason, What, Why};

use crate::harness::crowd::Crowd;
use crate::harness::log::Log;
use crate::harness::servers::{
    SERVICES, SMTARPIT as MAIL, Server, Service, Setup, Super, under_every_super_server,
};
use crate::harness::talk::Talk;
use crate::harness::{
    Dir, PATIENCE, Process, SMTARPIT, is_root, leaves_root, must, need, need_root, shipped, until,
};

const FAST: &str = "speedup = 200";

under_every_super_server!(serves);

/// A whole conversation, and what the operator reads of it.
fn serves(under: Super) {
    let server = Setup::under(under).config(FAST).start();
    let mut talk = Talk::from("127.0.0.9".parse().unwrap(), server.address);
    let banner = talk.reply();
    assert!(banner.starts_with("220-mx.example.org") && banner.contains("\n220 "), "{banner}");
    assert!(talk.ask("EHLO client.example.net").starts_with("250-mx.example.org"));
    assert!(talk.ask("MAIL FROM:<a@example.net>").starts_with("250"));
    assert!(talk.ask("QUIT").starts_with("221"));
    assert_eq!(talk.rest(), b"");

    let end = server.log.end_of(&talk);
    assert_eq!((end.reason, end.stage.as_str(), end.commands), (Reason::Quit, "quit", 3));
    let events: Vec<Event> =
        server.log.events().into_iter().filter(|event| event.id == end.event.id).collect();
    let words: Vec<&str> = events.iter().map(|event| event.what.word()).collect();
    assert_eq!(words, ["connect", "helo", "mail", "end"]);
    assert!(events.iter().all(|event| event.peer == Some("127.0.0.9".parse().unwrap())));
    connected(&events[0], &talk, &server);
    assert!(matches!(events[3].what, What::End { mails: Some(1), rcpts: Some(0), .. }), "{:?}", events[3]);
}

under_every_super_server! { heeds_the_file:
    xinetd_leaves_the_limits_to_the_file Xinetd, tcpserver_leaves_the_limits_to_the_file Tcpserver,
    systemd_leaves_the_limits_to_the_file Systemd, openbsd_inetd_leaves_the_limits_to_the_file OpenbsdInetd,
    inetutils_inetd_leaves_the_limits_to_the_file InetutilsInetd
}

/// The limits of the configuration file are in force under the service files as they are shipped.
fn heeds_the_file(under: Super) {
    for service in SERVICES {
        let full = |limits: &str, wanted: Why| {
            let server = Setup::serving(service, under).config(limits).start();
            let come = || {
                let talk = server.talk();
                // Who is closed without a word may be gone by now.
                let _ = (&talk.stream).write_all(service.asks.as_bytes());
                talk
            };
            let mut first = come();
            first.hear(service.greets);
            let said = String::from_utf8(come().rest()).unwrap();
            let refuse = server.log.wait("refuse", |event| event.what.word() == "refuse");
            let What::Refuse { why, .. } = refuse.what else { unreachable!("asked for a refusal") };
            assert_eq!(why, wanted, "{service:?}");
            said
        };
        assert!(full("slots = 1", Why::Slots).starts_with(service.busy), "{service:?}");
        assert_eq!(full("slots = 1\ntotal = 1", Why::Total), "", "{service:?}");
    }
}

/// Whether a `connect` tells both ends of the connection as they are.
pub fn connected(event: &Event, talk: &Talk, server: &Server) {
    let What::Connect { port, local, lport, slot, .. } = &event.what else {
        panic!("{event} is not a connect");
    };
    assert_eq!(*port, Some(talk.port()), "{event}");
    assert_eq!(*local, Some(server.address.ip()), "{event}");
    assert_eq!(*lport, Some(server.address.port()), "{event}");
    assert!((1..=35).contains(slot), "{event}");
}

#[test]
fn addresses_are_right_whatever_the_socket() {
    let xinetd = || Setup::under(Super::Xinetd);
    for (setup, source) in [
        // As shipped: an IPv6 socket, where IPv4 guests have mapped addresses.
        (xinetd(), "127.0.0.77"),
        (xinetd().edit("IPv6 NOLIBWRAP", "IPv4 NOLIBWRAP"), "127.0.0.78"),
        (xinetd().on_ipv6(), "::1"),
        (Setup::under(Super::Systemd).on_ipv6(), "::1"),
    ] {
        let server = setup.config(FAST).start();
        let source: IpAddr = source.parse().unwrap();
        let mut talk = Talk::from(source, server.address);
        assert!(talk.line().starts_with("220"));
        let event = server.log.connect_of(&talk);
        assert_eq!(event.peer, Some(source));
        connected(&event, &talk, &server);
    }
}

#[test]
fn the_environment_names_the_peer_behind_a_wrapper() {
    let dir = Dir::new();
    let log = Log::socket(&dir.path("log"));
    let (mut ours, theirs) = UnixStream::pair().unwrap();
    ours.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut program = Process::start(
        Command::new(SMTARPIT)
            .args(["--log=syslog", "--speedup=200", "--hostname=mx.example.org"])
            .arg(format!("--log-socket={}", dir.path("log").display()))
            .arg(format!("--lock-dir={}", dir.make("locks").display()))
            .args(leaves_root())
            .env("TCPREMOTEIP", "2001:db8::25")
            .env("TCPREMOTEPORT", "4711")
            .stdin(Stdio::from(std::os::fd::OwnedFd::from(theirs.try_clone().unwrap())))
            .stdout(Stdio::from(std::os::fd::OwnedFd::from(theirs))),
    );
    let mut first = [0; 4];
    ours.read_exact(&mut first).unwrap();
    assert_eq!(&first, b"220-");
    ours.write_all(b"QUIT\r\n").unwrap();
    let mut rest = String::new();
    ours.read_to_string(&mut rest).unwrap();
    assert!(rest.contains("\r\n221 "), "{rest}");
    assert_eq!(program.wait("the program ends").code(), Some(0));
    let end = log.end("the end", |_| true);
    assert_eq!(end.event.peer, Some("2001:db8::25".parse().unwrap()));
    let connect = log.wait("connect", |event| event.what.word() == "connect");
    assert!(matches!(connect.what, What::Connect { port: Some(4711), .. }), "{connect}");
}

#[test]
fn xinetd_as_shipped_holds_35_of_45() {
    let server = Setup::under(Super::Xinetd).start();
    let crowd = Crowd::come(&server);
    // Above 40 it is xinetd who closes, and we do not even know.
    crowd.is_right(&server, false);
}

#[test]
fn xinetd_with_more_instances_leaves_the_limit_to_us() {
    let server = Setup::under(Super::Xinetd).edit("instances\t= 40", "instances = 60").start();
    let crowd = Crowd::come(&server);
    crowd.is_right(&server, true);
}

#[test]
fn tcpserver_as_shipped_holds_35_of_45() {
    let server = Setup::under(Super::Tcpserver).start();
    let crowd = Crowd::come(&server);
    crowd.is_right(&server, false);
    // Above 40 tcpserver lets them wait until one of the polite refusals is done.
    assert_eq!((crowd.refused.len(), crowd.closed), (10, 0));
}

#[test]
fn tcpserver_with_a_higher_limit_leaves_it_to_us() {
    let server = Setup::under(Super::Tcpserver).edit("-c 40", "-c 60").start();
    let crowd = Crowd::come(&server);
    crowd.is_right(&server, true);
}

#[test]
fn a_killed_program_frees_its_slot_and_a_signal_writes_an_end() {
    let server = Setup::under(Super::Xinetd).config("slots = 2").start();
    let mut first = server.talk();
    let mut second = server.talk();
    assert_eq!((first.hear("220-").as_str(), second.hear("220-").as_str()), ("220-", "220-"));
    assert!(server.talk().line().starts_with("421 "));

    signal(&server, &first, Signal::SIGKILL);
    first.rest();
    let mut third = server.talk();
    assert_eq!(third.hear("220-"), "220-");
    assert!(server.talk().line().starts_with("421 "));

    for (mut talk, word) in [(second, Signal::SIGTERM), (third, Signal::SIGHUP)] {
        signal(&server, &talk, word);
        talk.rest();
        assert_eq!(server.log.end_of(&talk).reason, Reason::Signal, "{word}");
    }
    let killed = server.log.connect_of(&first).id;
    assert!(!server.log.events().iter().any(|event| event.id == killed && event.what.word() == "end"));
}

/// Sends a signal to the program that has this connection, which is named in its log lines.
pub fn signal(server: &Server, talk: &Talk, signal: Signal) {
    kill(Pid::from_raw(server.pid_of(talk)), signal).unwrap();
}

#[test]
fn without_its_lock_directory_it_refuses_politely_and_says_why() {
    let setup = Setup::under(Super::Xinetd);
    let file = setup.dir().write("file", "not a directory");
    let server = setup.lock_dir(&file).start();
    let mut talk = server.talk();
    assert!(talk.line().starts_with("421 "));
    assert_eq!(talk.rest(), b"");
    let refuse = server.log.wait("refuse", |event| event.what.word() == "refuse");
    assert!(matches!(refuse.what, What::Refuse { why: Why::Locks, .. }), "{refuse}");
    let error = server.log.wait("error", |event| event.what.word() == "error");
    let What::Error { what } = &error.what else { unreachable!("asked for an error") };
    assert!(what.as_str().contains(file.to_str().unwrap()), "{error}");
}

#[test]
fn one_network_has_no_more_than_its_share() {
    let server = Setup::under(Super::Tcpserver).config("per_source = 1").start();
    let from = |source: &str| Talk::from(source.parse().unwrap(), server.address);
    let mut first = from("127.0.1.1");
    assert_eq!(first.hear("220-"), "220-");
    assert!(from("127.0.1.2").line().starts_with("421 "));
    assert_eq!(from("127.0.2.1").hear("220-"), "220-");
    let refuse = server.log.wait("refuse", |event| event.what.word() == "refuse");
    assert!(matches!(refuse.what, What::Refuse { why: Why::PerSource, .. }), "{refuse}");
}

#[test]
fn friends_are_not_held() {
    let server = Setup::under(Super::Xinetd).config("allow = [\"127.0.3.0/24\"]").start();
    let mut talk = Talk::from("127.0.3.7".parse().unwrap(), server.address);
    talk.reply();
    for line in ["EHLO x.example", "MAIL FROM:<a@x.example>", "RCPT TO:<b@example.org>", "RSET", "QUIT"] {
        assert!(talk.ask(line).starts_with('2'), "{line}");
    }
    let took = talk.began.elapsed();
    // One held reply alone would take longer, and there are six.
    assert!(took < Duration::from_secs(10), "{took:?}");
    let end = server.log.end_of(&talk);
    assert!(matches!(end.event.what, What::End { kind: Kind::Allowed, .. }), "{}", end.event);
}

/// Bots leave a server that is silent first, and most leave a banner that is not there after 30 s.
#[test]
fn the_banner_begins_in_two_seconds_and_ends_in_twenty() {
    let server = Setup::under(Super::Tcpserver).start();
    let mut talk = server.talk();
    talk.hear("220-");
    // A second more, for a machine with much to do.
    let began = talk.began.elapsed();
    assert!(began < Duration::from_secs(3), "{began:?}");
    talk.hear("\r\n220 ");
    talk.line();
    let ended = talk.began.elapsed();
    assert!(ended > Duration::from_secs(5) && ended < Duration::from_secs(21), "{ended:?}");
}

#[test]
fn root_is_left_behind_and_so_is_the_root_directory() {
    need_root("chroot and user are for a start as root");
    let setup = Setup::under(Super::Xinetd);
    let jail = setup.dir().make("jail");
    let server = setup.config(&format!("{FAST}\nuser = \"nobody\"\nchroot = {jail:?}")).start();
    let mut talk = server.talk();
    assert!(talk.reply().starts_with("220"));
    let pid = server.pid_of(&talk);
    assert_eq!(std::fs::read_link(format!("/proc/{pid}/root")).unwrap(), jail);
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let field = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
        line.split_whitespace().map(str::to_owned).collect::<Vec<_>>()
    };
    let nobody = nix::unistd::User::from_name("nobody").unwrap().unwrap();
    assert_eq!(field("Uid:"), vec![nobody.uid.to_string(); 4]);
    assert_eq!(field("Gid:"), vec![nobody.gid.to_string(); 4]);
    assert!(field("Groups:").iter().all(|group| *group == nobody.gid.to_string()), "{status}");
    assert_eq!(field("CapEff:"), ["0000000000000000"]);
    // The log was opened before, and still works.
    assert!(talk.ask("QUIT").starts_with("221"));
    assert_eq!(server.log.end_of(&talk).reason, Reason::Quit);
    // So does the slot: the next one has it again.
    let mut next = server.talk();
    assert!(next.reply().starts_with("220"));
}

#[test]
fn an_ordinary_account_is_enough() {
    need_root("only root can start it as somebody else");
    let setup = Setup::under(Super::Xinetd).user("nobody");
    // The build directory may be closed to others.
    let program = setup.dir().executable("smtarpit", std::fs::read(SMTARPIT).unwrap());
    let server = setup.program(program).config(FAST).start();
    let mut talk = server.talk();
    assert!(talk.reply().starts_with("220"));
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.pid_of(&talk))).unwrap();
    assert!(!status.contains("Uid:\t0"), "{status}");
    assert!(talk.ask("QUIT").starts_with("221"));
    assert_eq!(server.log.end_of(&talk).reason, Reason::Quit);
}

#[test]
fn systemd_takes_the_units() {
    for Service { name, path, .. } in SERVICES {
        let dir = Dir::new();
        let of = |unit: &str| shipped(&format!("contrib/systemd/{unit}"));
        let (socket, service) = (format!("{name}.socket"), format!("{name}@.service"));
        let text = of(&service).replace(&format!("/usr/local/sbin/{name}"), path);
        let service = dir.write(&service, text);
        let socket = dir.write(&socket, of(&socket));
        // A machine without man would otherwise complain about the manuals.
        let output =
            must(Command::new(need("systemd-analyze")).args(["verify", "--man=no"]).args([socket, service]));
        assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    }
}

#[test]
fn the_unit_allows_every_system_call_and_none_opens_a_network_socket() {
    stays_within_the_unit(MAIL, "speedup = 200\n[smtarpit]\nhold_at = \"quit\"", |talk| {
        talk.reply();
        for line in ["EHLO client.example.net", "MAIL FROM:<a@example.net>", "RCPT TO:<b@example.org>"] {
            assert!(talk.ask(line).starts_with("250"), "{line}");
        }
        assert!(talk.ask("DATA").starts_with("354"));
        assert!(talk.ask("Subject: hello\r\n\r\nHow are you?\r\n.").starts_with("451"));
    });
}

/// The unit's limits are only real under a running systemd. What they need is that the program asks
/// the kernel for nothing they forbid; and that it never opens a network socket is a promise anyway.
pub fn stays_within_the_unit(service: Service, config: &str, says: impl FnOnce(&mut Talk)) {
    let mut setup = Setup::serving(service, Super::Systemd).config(config);
    // The unit chooses the account, and the build directory may be closed to it.
    let mut becomes = String::new();
    if is_root() {
        setup = setup.user("nobody");
        becomes = format!("{} --reuid=nobody --regid=65534 --clear-groups", need("setpriv").display());
    }
    let program = setup.dir().executable("traced", std::fs::read(service.path).unwrap());
    let traces = setup.dir().make("traces");
    std::fs::set_permissions(&traces, std::fs::Permissions::from_mode(0o777)).unwrap();
    let trace = traces.join("trace");
    let wrapper = format!(
        "#!/bin/sh\nexec {becomes} {} -f -qq -o {} {} \"$@\"\n",
        need("strace").display(),
        trace.display(),
        program.display()
    );
    let wrapper = setup.dir().executable(service.name, wrapper);
    let server = setup.program(wrapper).start();
    let mut talk = server.talk();
    says(&mut talk);
    talk.say("QUIT");
    drop(talk);
    server.log.count("end", 1);

    let mut allowed = syscalls("@system-service");
    for name in syscalls("@privileged") {
        allowed.remove(&name);
    }
    let trace = until("the program ends", || {
        std::fs::read_to_string(&trace).ok().filter(|trace| trace.contains("exit_group(0)"))
    });
    for line in trace.lines() {
        let call = line.split_once(' ').map_or(line, |(_pid, call)| call.trim_start());
        let Some((name, arguments)) = call.split_once('(') else { continue };
        assert!(allowed.contains(name), "the unit forbids {call}");
        assert!(name != "socket" || arguments.starts_with("AF_UNIX"), "{call}");
    }
}

/// The system calls of one of systemd's groups.
fn syscalls(group: &str) -> HashSet<String> {
    let output = must(Command::new(need("systemd-analyze")).args(["syscall-filter", group]));
    let text = String::from_utf8(output.stdout).unwrap();
    let mut all = HashSet::new();
    // The members are indented; a comment says what the group is for.
    for word in text.lines().filter_map(|line| line.strip_prefix("    ")).map(str::trim) {
        match word {
            _ if word.starts_with('#') => {}
            _ if word.starts_with('@') => all.extend(syscalls(word)),
            _ => _ = all.insert(word.to_owned()),
        }
    }
    all
}

#[test]
fn sysusers_and_tmpfiles_make_the_accounts_and_the_directories() {
    let dir = Dir::new();
    dir.make("etc");
    for part in ["sysusers.d", "tmpfiles.d"] {
        let text = shipped(&format!("contrib/{part}/sundew.conf"));
        dir.write(&format!("etc/{part}/sundew.conf"), text);
    }
    let root = format!("--root={}", dir.path("").display());
    must(Command::new(need("systemd-sysusers")).args([&root, "sundew.conf"]));
    must(Command::new(need("systemd-tmpfiles")).args([&root, "--create", "sundew.conf"]));
    let accounts = std::fs::read_to_string(dir.path("etc/passwd")).unwrap();
    for account in ["sundew:", "sundewlog:"] {
        let line = accounts.lines().find(|line| line.starts_with(account));
        assert!(line.is_some_and(|line| line.ends_with("/nologin")), "{accounts}");
    }
    for made in ["run/sundew/smtarpit", "run/sundew/tarpop", "run/sundew/sundew", "var/lib/sundew/tarpop"] {
        let mode = std::fs::metadata(dir.path(made)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o750, "{made}");
    }
}
