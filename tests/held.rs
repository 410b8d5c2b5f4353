//! What a guest can make a program do while it is held: little, whatever it sends; and what the log says of
//! how it went.

use std::fs;
use std::io::{PipeReader, Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use sundew::event::{Reason, What};

use crate::harness::log::{End, Log};
use crate::harness::servers::{SERVICES, Service, Setup, Super};
use crate::harness::talk::Talk;
use crate::harness::{Dir, Process, leaves_root, until};

/// The processor time that a process has had so far.
fn cpu(pid: i32) -> Duration {
    let stat = fs::read_to_string(format!("/proc/{pid}/schedstat")).unwrap();
    Duration::from_nanos(stat.split_whitespace().next().unwrap().parse().unwrap())
}

/// A guest that hears a reply which will not be complete.
fn held(config: &str) -> (crate::harness::servers::Server, Talk) {
    let options = "[smtarpit]\nhold = \"endless\"\nhold_at = \"banner\"\ngreet_pause = 0";
    let server = Setup::under(Super::Tcpserver).config(&format!("{config}\n{options}")).start();
    let mut talk = server.talk();
    talk.hear("220-");
    (server, talk)
}

/// Lets the kernel send a reset instead of a FIN when the guest leaves.
fn reset(talk: &Talk) {
    let linger = nix::libc::linger { l_onoff: 1, l_linger: 0 };
    nix::sys::socket::setsockopt(&talk.stream, nix::sys::socket::sockopt::Linger, &linger).unwrap();
}

#[test]
fn a_flood_of_lines_costs_a_held_reply_little() {
    for piece in ["\n", "NOOP\r\n"] {
        let (server, talk) = held("");
        let pid = server.pid_of(&talk);
        let mut flood = talk.stream.try_clone().unwrap();
        let flooding =
            thread::spawn(move || while flood.write_all(piece.repeat(2_000).as_bytes()).is_ok() {});
        // For so long it is watched: enough for a thousand lines, if all were taken.
        let (began, before) = (Instant::now(), cpu(pid));
        thread::sleep(Duration::from_secs(3));
        let (took, spent) = (began.elapsed(), cpu(pid) - before);
        let id = server.log.connect_of(&talk).id;
        reset(&talk);
        // What floods has the connection too, so it is told.
        talk.stream.shutdown(std::net::Shutdown::Both).unwrap();
        drop(talk);
        flooding.join().unwrap();
        let end = server.log.end("the end", |event| event.id == id);
        assert_eq!(end.reason, Reason::Hangup, "{}", end.event);
        // So many at once, and then twenty each second.
        let most = 100.0 + 20.0 * end.held.as_secs_f64() + 1.0;
        assert!((end.commands as f64) <= most, "{}", end.event);
        // In a build that is made for tests, and on a machine that has others to serve.
        assert!(spent < took / 4, "{spent:?} of CPU in {took:?}");
    }
}

#[test]
fn a_connection_writes_only_so_many_lines() {
    let server = Setup::under(Super::Tcpserver).config("allow = [\"127.0.0.0/8\"]").start();
    let mut talk = server.talk();
    talk.reply();
    talk.ask("EHLO x.example");
    talk.ask("MAIL FROM:<a@x.example>");
    for _ in 0..10 {
        talk.send("RCPT TO:<b@example.org>\r\n".repeat(50));
        (0..50).for_each(|_| assert!(talk.reply().starts_with("250")));
    }
    talk.ask("QUIT");
    let end = server.log.end_of(&talk);
    let What::End { rcpts, unlogged, .. } = &end.event.what else { unreachable!("it is an end") };
    let events = server.log.events();
    let count = |word: &str| events.iter().filter(|event| event.what.word() == word).count() as u64;
    assert!(events.len() <= 202, "{}", events.len());
    assert_eq!((*rcpts, count("error"), count("end")), (Some(500), 1, 1), "{}", end.event);
    assert_eq!(count("rcpt") + unlogged.unwrap(), 500, "{}", end.event);
}

/// A program with a pipe on fd 0, as behind a program that speaks TLS.
struct Piped {
    process: Process,
    log: Log,
    said: UnixStream,
    _dir: Dir,
}

fn piped(service: Service, input: PipeReader, options: &[&str]) -> Piped {
    let dir = Dir::new();
    let (output, said) = UnixStream::pair().unwrap();
    let mut command = Command::new(service.path);
    command.args(["--config", "/dev/null", "--log", "stderr", "--lock-dir"]).arg(dir.path("locks"));
    command
        .args(["--hostname", "mx.example.org", "--domains", "example.org"])
        .args(leaves_root())
        .args(options);
    for (name, value) in [("PROTO", "SSL"), ("SSLREMOTEIP", "192.0.2.7"), ("TCPREMOTEIP", "192.0.2.7")] {
        command.env(name, value);
    }
    command.stdin(input).stdout(std::os::fd::OwnedFd::from(output)).stderr(Stdio::piped());
    let mut process = Process::start(&mut command);
    let log = Log::pipe(process.child().stderr.take().unwrap());
    Piped { process, log, said, _dir: dir }
}

#[test]
fn a_pipe_whose_writer_is_gone_costs_nothing() {
    for (service, option) in
        SERVICES.into_iter().zip(["--greet-pause=2", "--greet-pause=2", "--first-byte=2"])
    {
        let (input, mut writer) = std::io::pipe().unwrap();
        writer.write_all(service.asks.as_bytes()).unwrap();
        // More than is read ahead.
        writer.write_all(&b"NOOP\r\n".repeat(4_000)).unwrap();
        drop(writer);
        let mut piped = piped(service, input, &[option]);
        piped.log.wait("connect", |event| event.what.word() == "connect");
        let pid = piped.process.pid();
        let (began, before) = (Instant::now(), cpu(pid));
        piped.said.read_exact(&mut [0]).unwrap();
        let (took, spent) = (began.elapsed(), cpu(pid) - before);
        assert!(spent < took / 20, "{}: {spent:?} of CPU in {took:?}", service.name);
        piped.process.signal(Signal::SIGTERM);
        piped.process.wait("its end");
    }
}

#[test]
fn how_long_a_guest_bore_the_last_pause_is_known_however_it_leaves() {
    const BEARS: Duration = Duration::from_millis(900);
    for by_reset in [false, true] {
        let (server, mut talk) = held("");
        let id = server.log.connect_of(&talk).id;
        // The silence that it does not bear: a piece that comes meanwhile begins another.
        while talk.hears_within(BEARS) {
            talk.hear_anything();
        }
        if by_reset {
            reset(&talk);
        }
        drop(talk);
        let end = server.log.end("the end", |event| event.id == id);
        let What::End { gaveup: Some(gaveup), waited: Some(waited), .. } = &end.event.what else {
            panic!("{}", end.event)
        };
        assert_eq!(end.reason, Reason::Hangup);
        assert!(gaveup.duration() + Duration::from_millis(50) >= BEARS, "{}", end.event);
        assert!(gaveup < waited && waited.duration() <= end.held, "{}", end.event);
    }
}

#[test]
fn whatever_signal_ends_a_program_it_says_so() {
    use Signal::*;
    for service in SERVICES {
        for signal in [SIGUSR1, SIGUSR2, SIGQUIT, SIGALRM, SIGVTALRM, SIGPROF, SIGIO, SIGHUP, SIGXCPU, SIGPWR]
        {
            let (input, _writer) = std::io::pipe().unwrap();
            let mut piped = piped(service, input, &[]);
            piped.log.wait("connect", |event| event.what.word() == "connect");
            piped.process.signal(signal);
            let end = piped.log.end(signal.as_str(), |_| true);
            assert_eq!(end.reason, Reason::Signal, "{} {signal}", service.name);
            assert_eq!(piped.process.wait("its end").code(), Some(0), "{} {signal}", service.name);
        }
        // These are no reason to end.
        let (input, writer) = std::io::pipe().unwrap();
        let mut piped = piped(service, input, &[]);
        piped.log.wait("connect", |event| event.what.word() == "connect");
        [SIGPIPE, SIGXFSZ, SIGCHLD, SIGURG, SIGWINCH, SIGCONT]
            .into_iter()
            .for_each(|s| piped.process.signal(s));
        drop(writer);
        let ends = |lines: &[crate::harness::log::Line]| {
            lines.iter().filter_map(|line| End::of(line.event.as_ref().ok()?)).next()
        };
        assert_eq!(piped.log.until("an end", ends).reason, Reason::Hangup, "{}", service.name);
        until("its end", || piped.process.ended());
    }
}
