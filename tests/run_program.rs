//! `tarpit-run` as an operator meets it: what it says, whom it starts, how it ends.
//!
//! A script stands in for `smtarpit` where the test is about what any program must be given.

mod hardships;
mod mistakes;

use mistakes::mistake;

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use nix::sys::signal::Signal;
use sundew::event::{Event, What};

use crate::harness::running::{Running, TARPIT_RUN, address};
use crate::harness::talk::Talk;
use crate::harness::{Dir, PATIENCE, Process, children, need, until};

/// What a program writes as it begins and ends; the script has `$$` and `$TCPREMOTEIP`.
const CONNECT: &str = "connect id=$$ peer=$TCPREMOTEIP slot=1 busy=1 profile=day persona=postfix";
const END: &str = "end id=$$ peer=$TCPREMOTEIP held=1 in=0 out=0 stage=rcpt reason=signal kind=program \
                   evidence=pregreet profile=day commands=3";

/// A stand-in for `smtarpit` with so many slots, which does this when it is started.
fn stand_in(dir: &Dir, slots: u32, does: &str) -> PathBuf {
    let text = format!(
        "#!/bin/sh\ncase $1 in --check) printf 'slots = {slots}\\ntotal = {slots}\\n'; exit;; esac\n{does}\n"
    );
    dir.executable("stand-in", text)
}

/// A stand-in that says who is there, waits for SIGTERM and says its `end`.
fn holder(dir: &Dir, slots: u32) -> PathBuf {
    let does = format!(
        "echo '220 here'\ntrap 'echo \"{END}\" >&2; exit' TERM\necho \"{CONNECT}\" >&2\nwhile kill -0 $PPID 2>/dev/null; do sleep 0.02; done"
    );
    stand_in(dir, slots, &does)
}

#[test]
fn says_where_it_listens_and_what_to_try() {
    let dir = Dir::new();
    let running = Running::with(&holder(&dir, 7), &[]);
    let address = running.address();
    let port = address.port();
    let text = running.out.text();
    for part in [
        format!("listens on 127.0.0.1:{port} and holds up to 7 connections"),
        format!("telnet 127.0.0.1 {port}"),
        format!("swaks --server 127.0.0.1:{port} --to someone@example.org"),
    ] {
        assert!(text.contains(&part), "{part} in {text}");
    }
}

#[test]
fn shows_events_and_ends_with_every_end_said_once() {
    let dir = Dir::new();
    let running = Running::with(&holder(&dir, 5), &[]);
    let address = running.address();
    let mut talks: Vec<_> = (0..3).map(|_| Talk::to(address)).collect();
    for talk in &mut talks {
        assert_eq!(talk.hear("\n"), "220 here\n");
    }
    running.out.has("connected, slot 1, postfix persona", 3);
    let (status, text) = running.end();
    assert_eq!(status, Some(0));
    assert_eq!(text.matches("was stopped by us at rcpt").count(), 3, "{text}");
    assert!(text.contains("Ended. Connections: 3; "), "{text}");
    assert!(talks.iter_mut().all(|talk| talk.closes_within(PATIENCE)));
}

#[test]
fn a_program_is_given_what_a_super_server_gives() {
    let dir = Dir::new();
    // What the shell finds out comes first, because it redirects its own descriptors to tell it.
    let does = "open=$(ls -l /proc/$$/fd | sed -n 's/.* -> //p'); kinds=$(stat -L -c %F /proc/$$/fd/[012])\n\
                env >&2; grep SigBlk /proc/self/status >&2; echo args $* >&2\n\
                echo group $$ $(cut -d' ' -f5 /proc/$$/stat) >&2\n\
                echo kinds $kinds >&2; echo fds $open >&2";
    let program = stand_in(&dir, 5, does);
    let mut command = Command::new(TARPIT_RUN);
    command.args(["--listen", "127.0.0.1:0", "--speedup", "9", "--program"]).arg(&program);
    command.args(["--", "--persona", "exim"]).env("TCPREMOTEHOST", "forged.example");
    let running = Running::command(&mut command);
    let mut talk = Talk::to(running.address());
    let port = talk.port();
    talk.rest();
    let text = running.out.has("]: fds ", 1);
    let local = running.address().port();
    for part in [
        "PROTO=TCP".to_owned(),
        "TCPLOCALIP=127.0.0.1".to_owned(),
        format!("TCPLOCALPORT={local}"),
        "TCPREMOTEIP=127.0.0.1".to_owned(),
        format!("TCPREMOTEPORT={port}"),
        "SigBlk:\\x090000000000000000".to_owned(),
        "args --log stderr --speedup 9 --persona exim --lock-dir /".to_owned(),
    ] {
        assert!(text.contains(&part), "{part} in {text}");
    }
    assert!(!text.contains("forged.example"), "{text}");
    assert!(text.contains("]: kinds socket socket fifo\n"), "{text}");
    let words = |text: &str, word: &str| {
        let (_, rest) = text.split_once(word).unwrap_or_else(|| panic!("{word} in {text}"));
        rest.lines().next().unwrap().split(' ').map(str::to_owned).collect::<Vec<_>>()
    };
    let group = words(&text, "]: group ");
    assert_eq!(group[0], group[1], "the program leads a process group of its own");
    // Descriptors that this test was given go through all hands; ours must not.
    let fds = words(&text, "]: fds ");
    let listener = format!("socket:[{}]", listening_inode(local));
    for ours in [&listener, "anon_inode:[signalfd]"] {
        assert!(!fds.iter().any(|fd| fd == ours), "{ours} in {fds:?}");
    }
}

/// The inode of the socket that listens on this port of 127.0.0.1, as `/proc` names it.
fn listening_inode(port: u16) -> String {
    let table = std::fs::read_to_string("/proc/net/tcp").unwrap();
    let local = format!("0100007F:{port:04X}");
    let mut sockets = table.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
    let found = sockets.find(|fields| fields[1] == local && fields[3] == "0A");
    found.expect("somebody listens on the port")[9].to_owned()
}

#[test]
fn what_is_not_an_event_is_shown_made_plain() {
    let dir = Dir::new();
    let running = Running::with(&stand_in(&dir, 5, "printf 'a \\033[2J b\\nhalf' >&2; exit 3"), &[]);
    Talk::to(running.address()).rest();
    let text = running.out.has("exited with code 3", 1);
    assert!(text.contains("]: a \\x1b[2J b\n"), "{text}");
    assert!(text.contains("]: half\n"), "{text}");
}

#[test]
fn a_program_killed_in_the_middle_is_told_and_not_counted_as_held() {
    let dir = Dir::new();
    let running = Running::with(&holder(&dir, 5), &[]);
    let mut talk = Talk::to(running.address());
    running.out.has("connected", 1);
    for pid in children(running.process.pid()) {
        nix::sys::signal::kill(nix::unistd::Pid::from_raw(pid), Signal::SIGKILL).unwrap();
    }
    assert!(talk.closes_within(PATIENCE));
    running.out.has("was killed by SIGKILL without its end event", 1);
    assert_eq!(running.end().0, Some(0));
}

#[test]
fn one_that_does_not_end_is_not_waited_for_for_ever() {
    let dir = Dir::new();
    let deaf = stand_in(
        &dir,
        5,
        &format!(
            "trap '' TERM\necho \"{CONNECT}\" >&2\nwhile kill -0 $PPID 2>/dev/null; do sleep 0.02; done"
        ),
    );
    let running = Running::with(&deaf, &[]);
    let _talk = Talk::to(running.address());
    running.out.has("connected", 1);
    // The second signal may come before the first was heard and be one with it; the third is not.
    running.process.signal(Signal::SIGTERM);
    until("it stops listening", || std::net::TcpStream::connect(running.address()).err());
    let (status, text) = running.end();
    assert_eq!(status, Some(0));
    assert!(text.contains("was killed by SIGKILL without its end event"), "{text}");
}

#[test]
fn connections_beyond_the_cap_wait_and_cost_nothing() {
    let dir = Dir::new();
    let running = Running::with(&holder(&dir, 2), &[]);
    let address = running.address();
    let mut talks: Vec<_> = (0..20).map(|_| Talk::to(address)).collect();
    // Two in all and five more.
    running.out.has("connected", 7);
    assert_eq!(children(running.process.pid()).len(), 7);
    let heard = |talks: &mut Vec<Talk>| {
        talks.iter_mut().filter_map(|talk| talk.hears_within(Duration::ZERO).then_some(())).count()
    };
    until("seven were answered", || (heard(&mut talks) == 7).then_some(()));
    let first = children(running.process.pid())[0];
    nix::sys::signal::kill(nix::unistd::Pid::from_raw(first), Signal::SIGTERM).unwrap();
    running.out.has("connected", 8);
    assert_eq!(children(running.process.pid()).len(), 7);
}

#[test]
fn as_in_a_container_events_are_lines_of_a_log() {
    let dir = Dir::new();
    let config = dir.write("sundew.toml", "slots = 3\n");
    let program = holder(&dir, 3);
    let mut command = Command::new(TARPIT_RUN);
    command.args(["--listen", "0.0.0.0:0", "--log", "plain", "--config"]).arg(config);
    command.arg("--program").arg(program);
    let mut running = Running::command(&mut command);
    let port = running.address().port();
    assert!(running.err.text().contains(&format!("telnet 127.0.0.1 {port}")), "{}", running.err.text());
    let mut talk = Talk::to(SocketAddr::from(([127, 0, 0, 1], port)));
    talk.hear("\n");
    running.out.has("connect", 1);
    running.process.signal(Signal::SIGTERM);
    assert_eq!(running.process.wait("tarpit-run ends").code(), Some(0));
    running.err.has("Ended.", 1);
    let text = running.out.has("end id=", 1);
    let events: Vec<Event> =
        text.lines().map(|line| line.split_once("]: ").unwrap().1.parse().unwrap()).collect();
    assert!(matches!(events[0].what, What::Connect { .. }), "{text}");
    assert!(matches!(events[1].what, What::End { .. }), "{text}");
    assert_eq!(events.len(), 2, "{text}");
    for line in text.lines() {
        let (when, rest) = line.split_once(' ').unwrap();
        chrono::DateTime::parse_from_rfc3339(when).unwrap();
        let (host, rest) = rest.split_once(' ').unwrap();
        assert!(!host.is_empty() && rest.starts_with("smtarpit["), "{line}");
    }
}

#[test]
fn as_process_1_it_reaps_what_others_leave_behind() {
    let dir = Dir::new();
    // The orphan outlives the program, and is adopted by process 1 of its namespace.
    let program = stand_in(&dir, 5, "(sleep 0.1; echo orphan >&2) >/dev/null </dev/null & exit 0");
    let mut command = Command::new(need("unshare"));
    if !crate::harness::is_root() {
        command.args(["--user", "--map-root-user"]);
    }
    command.args(["--pid", "--fork", "--mount-proc", "--kill-child"]);
    command.arg(TARPIT_RUN).args(["--listen", "127.0.0.1:0", "--program"]).arg(program);
    let running = Running::command(&mut command);
    let address = running.address();
    let first = children(running.process.pid())[0];
    for _ in 0..3 {
        Talk::to(address).rest();
    }
    until("no process is left, and no zombie", || children(first).is_empty().then_some(()));
    nix::sys::signal::kill(nix::unistd::Pid::from_raw(first), Signal::SIGTERM).unwrap();
    running.out.has("Ended.", 1);
}

#[test]
fn on_a_terminal_the_status_stays_at_the_bottom_and_ctrl_c_ends_it() {
    let dir = Dir::new();
    let program = holder(&dir, 4);
    let line = format!("exec {TARPIT_RUN} --listen 127.0.0.1:0 --program {}", program.display());
    let mut running = Running::command(Command::new(need("script")).args(["-qefc", &line, "/dev/null"]));
    let address = running.address();
    let mut talk = Talk::to(address);
    talk.hear("\n");
    // It is drawn again as time goes by.
    running.out.has("1 of 4 held now", 2);
    running.process.child().stdin.as_mut().unwrap().write_all(b"\x03").unwrap();
    assert_eq!(running.process.wait("tarpit-run ends").code(), Some(0));
    let text = running.out.has("Ended.", 1);
    assert_eq!(text.matches("was stopped by us").count(), 1, "{text:?}");
    assert!(text.contains("\r\x1b[KEnded."), "{text:?}");
}

#[test]
fn goes_on_when_nobody_reads_its_output() {
    let dir = Dir::new();
    let program = holder(&dir, 4);
    let mut command = Command::new(TARPIT_RUN);
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    command.args(["--listen", &free.to_string(), "--program"]).arg(program);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut process = Process::start(&mut command);
    drop(process.child().stdout.take());
    let stream = until("it listens", || std::net::TcpStream::connect(free).ok());
    let mut bytes = [0; 9];
    (&stream).read_exact(&mut bytes).unwrap();
    assert_eq!(&bytes, b"220 here\n");
    process.signal(Signal::SIGTERM);
    assert_eq!(process.wait("tarpit-run ends").code(), Some(0));
}

#[test]
fn listens_on_ipv6_and_at_several_places() {
    let dir = Dir::new();
    let running = Running::with(&holder(&dir, 4), &["--listen", "smtp=[::1]:0"]);
    running.address();
    let text = running.out.text();
    let second =
        address(text.split_once("[::1]").map(|_| &text[text.rfind("smtarpit listens").unwrap()..]).unwrap());
    assert!(second.is_ipv6());
    assert!(text.contains(&format!("telnet ::1 {}", second.port())), "{text}");
    assert!(text.contains(&format!("swaks --server [::1]:{}", second.port())), "{text}");
    let mut talk = Talk::to(second);
    talk.hear("\n");
    running.out.has("::1 ", 1);
}

/// How many connections the real program is given at once.
const CROWD: usize = 60;

#[test]
fn sixty_at_once_are_held_refused_or_closed() {
    let running = Running::start(&["--listen", "127.0.0.1:0"]);
    let address = running.address();
    let mut talks: Vec<_> = (0..CROWD).map(|_| Talk::to(address)).collect();
    let text = running.out.has("far too many", CROWD - 40);
    let count = |what: &str| text.matches(what).count();
    assert_eq!(
        (count(" connected, "), count("all slots are taken"), count("far too many")),
        (35, 5, 20),
        "{text}"
    );
    // What the peers saw is the same.
    let gone = |talk: &mut Talk| talk.closes_within(Duration::from_millis(5));
    until("twenty-five are sent away", || {
        (talks.iter_mut().map(gone).filter(|gone| *gone).count() == 25).then_some(())
    });
    let told = talks.iter().filter(|talk| talk.unread().starts_with(b"421 ")).count();
    assert_eq!(told, 5);

    let (status, text) = running.end();
    assert_eq!(status, Some(0));
    assert_eq!(text.matches("was stopped by us").count(), 35, "{text}");
    assert!(text.contains("Ended. Connections: 35; "), "{text}");
    assert!(text.contains("refused: 25."), "{text}");
    assert!(!text.contains("without its end"), "{text}");
}

#[test]
fn a_configuration_file_is_checked_and_handed_on() {
    let dir = Dir::new();
    let config =
        dir.write("sundew.toml", "slots = 2\ntotal = 3\nspeedup = 50\ndomains = [\"pit.example\"]\n");
    let running = Running::start(&["--listen", "127.0.0.1:0", "--config", config.to_str().unwrap()]);
    let mut talk = Talk::to(running.address());
    let text = running.out.has("connected", 1);
    assert!(
        text.contains("holds up to 2 connections") && text.contains("--to someone@pit.example"),
        "{text}"
    );
    talk.reply();
    assert!(talk.ask("HELO there").starts_with("250"));
    running.out.has("HELO there", 1);

    dir.write("sundew.toml", "slots = 2\nslits = 3\n");
    let (status, text) = mistake(&["--listen", "127.0.0.1:0", "--config", config.to_str().unwrap()]);
    assert_eq!(status, Some(100));
    assert!(text.contains("sundew.toml:2: slits"), "{text}");
}

#[test]
fn all_services_are_offered_side_by_side() {
    let dir = Dir::new();
    let locks = dir.path("locks");
    let mut args = vec!["--listen", "smtp=127.0.0.1:0", "--listen", "pop3=127.0.0.1:0,http=127.0.0.1:0"];
    args.extend(["--speedup", "25"]);
    args.extend(["--lock-dir", locks.to_str().unwrap()]);
    let running = Running::start(&args);
    let text = running.out.has("Ctrl-C ends it.", 1);
    let place = |program: &str| address(&text[text.find(&format!("{program} listens")).unwrap()..]);
    let mut mail = Talk::to(place("smtarpit"));
    assert!(mail.line().starts_with("220-"));
    let mut mailbox = Talk::to(place("tarpop"));
    assert_eq!(mailbox.line(), "+OK Dovecot ready.");
    assert_eq!(mailbox.asks("USER anna"), "+OK");
    assert_eq!(mailbox.asks("PASS secret"), "-ERR [AUTH] Authentication failed.");
    let mut web = Talk::to(place("sundew"));
    web.send("GET / HTTP/1.0\r\nHost: www.example.org\r\n\r\n");
    assert_eq!(web.line(), "HTTP/1.1 200 OK");
    assert!(web.rest().ends_with(b"</html>\n"));
    drop((mail, mailbox));
    running.out.has("login as anna by USER: rejected", 1);
    running.out.has("hung up at login", 1);
    running.out.has("GET www.example.org/: 200, ", 1);
    running.out.has("said goodbye at done", 1);
    // Each counts its own connections.
    for program in ["smtarpit", "tarpop", "sundew"] {
        assert!(locks.join(program).join("map").is_file(), "{program}");
    }
    assert!(!locks.join("map").exists());
    let (status, text) = running.end();
    assert_eq!(status, Some(0));
    assert!(text.contains("Ended. Connections: 3; "), "{text}");
}

/// Serves both, and says where.
fn both(more: &[&str]) -> (Running, SocketAddr, SocketAddr) {
    let listen = ["--listen", "smtp=127.0.0.1:0,pop3=127.0.0.1:0"];
    let running = Running::start(&[&listen[..], more].concat());
    running.address();
    let text = [running.out.text(), running.err.text()].concat();
    let place = |program: &str| address(&text[text.find(&format!("{program} listens")).unwrap()..]);
    let (mail, mailbox) = (place("smtarpit"), place("tarpop"));
    (running, mail, mailbox)
}

#[test]
fn no_two_programs_count_in_the_same_directory() {
    let dir = Dir::new();
    let locks = dir.path("locks");
    let config = dir.write("sundew.toml", format!("lock_dir = {locks:?}\nspeedup = 100\n"));
    let (config, here) = (config.to_str().unwrap(), locks.to_str().unwrap());
    for more in [
        &["--config", config][..],
        &["--speedup", "100", "--", "--lock-dir", here],
        &["--speedup", "100", "--", &format!("--lock-dir={here}")],
    ] {
        let (running, mail, mailbox) = both(more);
        assert!(Talk::to(mail).line().starts_with("220-"));
        assert!(Talk::to(mailbox).line().starts_with("+OK"));
        for program in ["smtarpit", "tarpop"] {
            assert!(locks.join(program).join("map").is_file(), "{program} with {more:?}");
        }
        assert!(!locks.join("map").exists(), "{more:?}");
        assert_eq!(running.end().0, Some(0));
        std::fs::remove_dir_all(&locks).unwrap();
    }
    // Alone, a program has it for itself.
    let running = Running::start(&["--listen", "pop3=127.0.0.1:0", "--lock-dir", here, "--speedup", "100"]);
    assert!(Talk::to(running.address()).line().starts_with("+OK"));
    assert!(locks.join("map").is_file());
    assert_eq!(running.end().0, Some(0));
}

#[test]
fn a_script_stands_in_for_the_service_that_is_named() {
    let dir = Dir::new();
    let script = holder(&dir, 4);
    let script = script.to_str().unwrap();
    for (program, says) in
        [(script.to_owned(), ["220 here\n", "+OK"]), (format!("pop3={script}"), ["220-", "220 here\n"])]
    {
        let (_running, mail, mailbox) = both(&["--speedup", "100", "--program", &program]);
        for (place, says) in [mail, mailbox].into_iter().zip(says) {
            assert_eq!(Talk::to(place).hear(says), says, "{program}");
        }
    }
}

#[test]
fn an_option_that_one_of_them_does_not_know_is_told_with_its_name() {
    let places = "smtp=127.0.0.1:0,pop3=127.0.0.1:0";
    for (option, stranger) in [("--accept-after=1", "smtarpit"), ("--persona=exim", "tarpop")] {
        let (status, text) = mistake(&["--listen", places, "--", option]);
        assert_eq!(status, Some(100), "{text}");
        assert!(text.contains(&format!("{stranger} does not accept its configuration")), "{text}");
        assert!(text.contains("--listen chooses"), "{text}");
    }
    let (_, text) = mistake(&["--listen", "pop3=127.0.0.1:0", "--", "--persona=exim"]);
    assert!(text.contains("tarpop does not accept") && !text.contains("--listen"), "{text}");
}

#[test]
fn a_log_for_other_programs_has_the_lines_that_they_know() {
    let mut command = Command::new(TARPIT_RUN);
    command.args(["--listen", "pop3=127.0.0.1:0", "--log", "plain", "--speedup", "200"]);
    let running = Running::command(command.args(["--", "--log-like", "dovecot"]));
    let mut talk = Talk::to(running.address());
    talk.line();
    talk.asks("USER admin");
    talk.asks("PASS guess");
    talk.asks("QUIT");
    let text = running.out.has(" dovecot: pop3-login: ", 1);
    let line = text.lines().find(|line| line.contains(" dovecot: ")).unwrap();
    let [when, _host, rest] = line.splitn(3, ' ').collect::<Vec<_>>()[..] else { panic!("{line}") };
    chrono::DateTime::parse_from_rfc3339(when).unwrap();
    assert!(rest.starts_with("dovecot: pop3-login: Disconnected: "), "{line}");
    assert!(rest.contains("user=<admin>") && rest.contains("rip=127.0.0.1,"), "{line}");
}
