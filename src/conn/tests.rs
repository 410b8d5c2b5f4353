//! The real connection: sockets and pipes, the real clock, and what it all costs.

use super::*;
use crate::clock::System;
use crate::drive::Drive;
use crate::engine::{Ending, Engine, Heard, Now, Then, Turn};
use crate::event::{Kind, Totals, What};
use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::thread;

const MINUTE: Duration = Duration::from_secs(60);

fn conn(clock: &System, input: impl Into<OwnedFd>, output: impl Into<OwnedFd>) -> Conn<'_, System> {
    Conn::new(input.into(), output.into(), None, clock, 1.0).unwrap()
}

/// A connection, and its other end.
fn pair(clock: &System) -> (Conn<'_, System>, UnixStream) {
    let (ours, theirs) = UnixStream::pair().unwrap();
    (conn(clock, ours.try_clone().unwrap(), ours), theirs)
}

/// The same over TCP.
fn tcp(clock: &System) -> (Conn<'_, System>, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let theirs = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let (ours, _) = listener.accept().unwrap();
    (conn(clock, ours.try_clone().unwrap(), ours), theirs)
}

/// How often memory was given back and how often this thread polled while it did something.
fn calls(work: impl FnOnce()) -> (u32, u32) {
    let before = (sys::FORGOTTEN.get(), POLLS.get());
    work();
    (sys::FORGOTTEN.get() - before.0, POLLS.get() - before.1)
}

/// The processor time that this thread has had.
fn cpu() -> Duration {
    let stat = fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    Duration::from_nanos(stat.split_whitespace().next().unwrap().parse().unwrap())
}

/// Takes so many queued lines, each in a wait that could last so long, and says what one costs.
fn take_queued(conn: &mut Conn<'_, System>, clock: &System, count: u32, wait: Duration) -> Duration {
    let mut line = Vec::new();
    let before = cpu();
    for _ in 0..count {
        let came = conn.wait(Some(Mode::Commands), clock.elapsed() + wait, &mut line);
        assert!(matches!(came, Came::Line(_)), "{came:?}");
    }
    (cpu() - before) / count
}

#[test]
fn queued_lines_are_taken_before_anything_else() {
    const LINES: u32 = 600;
    let clock = System::start();
    let (mut conn, mut theirs) = pair(&clock);
    let mut cost = |wait| {
        theirs.write_all(&b"NOOP\r\n".repeat(LINES as usize)).unwrap();
        let mut cost = Duration::ZERO;
        let calls = calls(|| cost = take_queued(&mut conn, &clock, LINES, wait));
        // One poll and one read bring them all.
        assert_eq!(calls, (0, 1), "waits of {wait:?}");
        cost
    };
    // Before a long wait there is no more to do than before a short one.
    let short = cost(Duration::from_millis(500)).max(Duration::from_nanos(200));
    let long = cost(MINUTE);
    assert!(long < 5 * short, "{long:?} instead of {short:?}");
}

#[test]
fn memory_is_given_back_once_while_nothing_happens() {
    let clock = System::start();
    let (mut conn, mut theirs) = pair(&clock);
    let mut line = Vec::new();
    let mut wait = |conn: &mut Conn<'_, System>, mode, pause| {
        calls(|| {
            conn.wait(mode, clock.elapsed() + pause, &mut line);
        })
    };
    let long = LONG + Duration::from_millis(20);
    assert_eq!(wait(&mut conn, None, LONG / 2).0, 0, "the wait is short");
    assert_eq!(wait(&mut conn, None, long).0, 1, "what start-up took");
    assert_eq!(wait(&mut conn, None, long).0, 0, "nothing was needed since");
    theirs.write_all(b"NOOP\r\n").unwrap();
    assert_eq!(wait(&mut conn, Some(Mode::Commands), MINUTE).0, 0, "a line has come");
    assert_eq!(wait(&mut conn, Some(Mode::Commands), long).0, 1, "what its answer took");
}

#[test]
fn memory_is_given_back_only_so_often() {
    let mut give_back = Rate::new(GIVE_BACK.0, GIVE_BACK.1);
    let asked = (0..3600).map(Duration::from_secs);
    let given = asked
        .filter(|now| {
            give_back.ready(*now) && {
                give_back.take(*now);
                true
            }
        })
        .count();
    assert!((60..70).contains(&given), "{given} times in an hour");
}

#[test]
fn a_line_that_never_ends_is_read_at_a_rate() {
    let clock = System::start();
    let (mut conn, theirs) = pair(&clock);
    let mut flood = theirs.try_clone().unwrap();
    let flooding = thread::spawn(move || while flood.write_all(&[b'x'; 65536]).is_ok() {});
    let mut line = Vec::new();
    let came = conn.wait(Some(Mode::Commands), clock.elapsed() + LONG, &mut line);
    assert_eq!(came, Came::Time);
    let reads = 256 + clock.elapsed().as_millis() / 10 + 2;
    let (read, _) = conn.counts();
    assert!(u128::from(read) <= reads * crate::lines::QUEUE as u128, "{read} bytes");
    assert!(read > 0);
    drop((conn, theirs.shutdown(std::net::Shutdown::Both)));
    flooding.join().unwrap();
}

#[test]
fn a_message_is_read_as_fast_as_it_comes() {
    let clock = System::start();
    let (mut conn, theirs) = pair(&clock);
    const SIZE: usize = 2 * 1024 * 1024;
    let mut message = theirs.try_clone().unwrap();
    let sending = thread::spawn(move || message.write_all(&[b'x'; SIZE]).unwrap());
    let (mut line, mut got) = (Vec::new(), 0);
    let calls = calls(|| {
        while got < SIZE {
            let came = conn.wait(Some(Mode::Text), clock.elapsed() + MINUTE, &mut line);
            assert!(matches!(came, Came::Line(_)), "{came:?}");
            got += line.len();
        }
    });
    sending.join().unwrap();
    assert!(calls.0 <= GIVE_BACK.0, "given back {} times", calls.0);
}

#[test]
fn a_pipe_whose_writer_is_gone_is_not_asked_again_and_again() {
    let clock = System::start();
    for text in [&b"NOOP\r\n"[..], b"x"] {
        let (pipe, mut writer) = std::io::pipe().unwrap();
        writer.write_all(&text.repeat(20_000 / text.len())).unwrap();
        drop(writer);
        let (output, theirs) = UnixStream::pair().unwrap();
        let mut conn = conn(&clock, pipe, output);
        let mut line = Vec::new();
        let (_, polls) = calls(|| {
            let came = conn.wait(None, clock.elapsed() + Duration::from_millis(300), &mut line);
            assert_eq!(came, Came::Time);
        });
        assert!(polls <= 5, "{polls} polls");
        // All of it is heard, and then the end.
        let mut lines = 0;
        loop {
            match conn.wait(Some(Mode::Commands), clock.elapsed() + MINUTE, &mut line) {
                Came::Line(_) => lines += 1,
                Came::Closed => break,
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(lines, text.iter().filter(|byte| **byte == b'\n').count() * 3_332 + 1);
        // A goodbye does not spin either, with all that the peer has not read.
        theirs.set_nonblocking(true).unwrap();
        conn.unsent = vec![b'x'; 1 << 22];
        let (_, polls) = calls(|| conn.close());
        assert!(polls <= 5, "{polls} polls");
    }
}

#[test]
fn what_was_left_without_an_ending_comes_before_the_close() {
    let clock = System::start();
    let (mut conn, mut theirs) = pair(&clock);
    theirs.write_all(b"NOOP\r\nQUI").unwrap();
    theirs.shutdown(std::net::Shutdown::Write).unwrap();
    let mut line = Vec::new();
    let mut wait = || {
        let came = conn.wait(Some(Mode::Commands), clock.elapsed() + MINUTE, &mut line);
        (came, String::from_utf8(line.clone()).unwrap())
    };
    for (text, ends) in [("NOOP", Ending::CrLf), ("QUI", Ending::Cut)] {
        let (came, line) = wait();
        assert!(matches!(came, Came::Line(taken) if taken.ending == ends), "{came:?}");
        assert_eq!(line, text);
    }
    assert_eq!(wait().0, Came::Closed);
}

#[test]
fn every_signal_that_would_end_us_is_waited_for() {
    let set = ending_signals();
    for signal in Signal::iterator() {
        use Signal::*;
        let ours = !matches!(
            signal,
            SIGKILL
                | SIGSTOP
                | SIGSEGV
                | SIGBUS
                | SIGILL
                | SIGFPE
                | SIGTRAP
                | SIGSYS
                | SIGPIPE
                | SIGXFSZ
                | SIGCHLD
                | SIGURG
                | SIGWINCH
                | SIGTSTP
                | SIGTTIN
                | SIGTTOU
                | SIGCONT
        );
        // Of the two that nobody can catch the kernel takes no notice.
        assert!(set.contains(signal) == ours || matches!(signal, SIGKILL | SIGSTOP), "{signal}");
    }
}

/// An engine that says three bytes quickly and then waits as it is told.
struct Slow {
    said: u32,
    then: Then,
}

impl Engine for Slow {
    fn hear(&mut self, heard: Heard<'_>, _now: Now) -> Turn {
        if matches!(heard, Heard::Hangup) {
            return Turn::new(Vec::new(), Then::Close(Reason::Hangup));
        }
        if matches!(heard, Heard::Line(_) | Heard::Overlong(_)) {
            return Turn::new(Vec::new(), self.then);
        }
        self.said += 1;
        Turn::new(*b"x", if self.said < 3 { Then::Pause(Duration::from_millis(50)) } else { self.then })
    }

    fn ended(&mut self, _at: Duration, _reason: Reason) -> Vec<What> {
        Vec::new()
    }

    fn stage(&self) -> &'static str {
        "rcpt"
    }

    fn profile(&self) -> &str {
        "day"
    }

    fn kind(&self) -> (Kind, String) {
        (Kind::Unknown, String::new())
    }

    fn totals(&self) -> Totals {
        Totals::default()
    }
}

/// How a peer leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Leaves {
    Fin,
    Reset,
    /// With a FIN behind more than we have read.
    BehindMuch,
    /// It closes its side only, reads on, and is reset later.
    HalfAndReset,
}

#[test]
fn the_last_pause_and_the_reply_are_known_however_the_peer_leaves() {
    /// How long the peer bears the last pause: longer than the pieces before took.
    const BEARS: Duration = Duration::from_millis(700);
    for leaves in [Leaves::Fin, Leaves::Reset, Leaves::BehindMuch, Leaves::HalfAndReset] {
        for then in [Then::Drip(3 * LONG), Then::Pause(3 * LONG)] {
            let clock = System::start();
            let (mut wire, mut theirs) = tcp(&clock);
            let peer = thread::spawn(move || {
                if leaves == Leaves::BehindMuch {
                    // No line, or a drip would end with it; more than fits into the queue.
                    theirs.write_all(&[b'x'; 20_000]).unwrap();
                }
                theirs.read_exact(&mut [0; 3]).unwrap();
                let bear = |mut theirs: &TcpStream| assert!(theirs.read(&mut [0]).is_err(), "nothing comes");
                theirs.set_read_timeout(Some(BEARS)).unwrap();
                bear(&theirs);
                if leaves == Leaves::HalfAndReset {
                    theirs.shutdown(std::net::Shutdown::Write).unwrap();
                    // Our kernel tells that it still reads, when the next piece comes to see.
                    theirs.set_read_timeout(None).unwrap();
                    theirs.read_exact(&mut [0; 1]).unwrap();
                    theirs.set_read_timeout(Some(BEARS)).unwrap();
                    bear(&theirs);
                }
                if matches!(leaves, Leaves::Reset | Leaves::HalfAndReset) {
                    let linger = libc::linger { l_onoff: 1, l_linger: 0 };
                    setsockopt(&theirs, sockopt::Linger, &linger).unwrap();
                }
                drop(theirs);
            });
            let mut events = Vec::new();
            let mut log = |what| events.push(what);
            let reason = Drive::new(&mut wire, &clock, 1.0, &mut log).run(&mut Slow { said: 0, then }, []);
            peer.join().unwrap();
            let Some(What::End { held, gaveup: Some(gaveup), waited: Some(waited), .. }) = events.last()
            else {
                panic!("{leaves:?} {then:?}: {events:?}");
            };
            let [held, gaveup, waited] = [held, gaveup, waited].map(|time| time.duration());
            let times = format!("{leaves:?} {then:?}: held {held:?}, gaveup {gaveup:?}, waited {waited:?}");
            assert_eq!(reason, Reason::Hangup, "{times}");
            // Two pauses of 50 ms came before the last; that was the whole conversation, and one reply.
            let slack = Duration::from_millis(30);
            assert_eq!(waited, held, "{times}");
            assert!(waited >= gaveup + Duration::from_millis(100) - slack, "{times}");
            match leaves {
                // When it left after its kernel had acknowledged the last piece, that kernel did not tell.
                Leaves::HalfAndReset => assert!(held >= 2 * BEARS, "{times}"),
                _ => assert!(gaveup + slack >= BEARS, "{times}"),
            }
        }
    }
}
