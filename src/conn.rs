//! The connection on fd 0 and 1.
//!
//! Every wait has an end, no buffer grows, and nothing blocks: both descriptors are made
//! non-blocking, and one poll(2) watches the peer and our own signals. Socket options are best
//! effort; a pipe from a TLS wrapper has none.
//!
//! Nothing that a peer sends makes us work without bound: what comes without making a line is read at a
//! [`Rate`], and the rest stays in the kernel's buffer; memory is given back only while nothing happens.

use crate::clock::Clock;
use crate::drive::{Came, Wire};
use crate::engine::Mode;
use crate::event::Reason;
use crate::lines::{Lines, Taken};
use crate::rate::Rate;
use crate::sys::{self, Standard, standard};
use nix::errno::Errno;
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use nix::sys::socket::{Shutdown, setsockopt, shutdown, sockopt};
use nix::sys::stat::fstat;
use std::io;
use std::os::fd::{AsFd, AsRawFd as _, BorrowedFd, OwnedFd};
use std::time::Duration;

/// A peer that has not taken this much of what it was sent is not reading.
const UNSENT: usize = 64 * 1024;

/// How long a goodbye waits for the peer to close, so that unread input does not turn into a reset
/// that destroys our last reply (RFC 9293 3.6.1 and what Linux does on close).
const LINGER: Duration = Duration::from_millis(800);

/// How much is read and thrown away while a goodbye waits.
const LINGER_BYTES: usize = 256 * 1024;

/// Ghosts: a connection that is idle this long is probed, ...
const KEEP_IDLE: Duration = Duration::from_secs(60);
/// ... this often, ...
const KEEP_INTERVAL: Duration = Duration::from_secs(20);
/// ... and given up when nothing was acknowledged for this long (RFC 5482).
const USER_TIMEOUT: Duration = Duration::from_secs(150);

/// How many reads in a row may bring no line, and how long it takes until there may be one more. Whoever
/// speaks a protocol sends a line with nearly every segment, and a person at telnet is slower.
const READS: (u32, Duration) = (256, Duration::from_millis(10));

/// Memory is given back in a wait that is to last so long, ...
const LONG: Duration = Duration::from_secs(1);
/// ... once it has lasted so long: until then the next line may be on its way.
const QUIET: Duration = Duration::from_millis(250);
/// It costs as much as answering several lines. So often is enough for what start-up took and for each
/// answer on the way to where a peer is held, and then once in a while.
const GIVE_BACK: (u32, Duration) = (4, Duration::from_secs(60));

/// The peer on the other end of fd 0 and 1.
pub struct Conn<'a, C> {
    input: OwnedFd,
    output: OwnedFd,
    signals: Option<SignalFd>,
    clock: &'a C,
    lines: Lines,
    unsent: Vec<u8>,
    read: u64,
    sent: u64,
    /// The input is a socket, which tells that the peer has closed before all is read.
    is_socket: bool,
    /// When the peer closed its side, whether all that it sent has been read, and whether that was told.
    closed: Option<Duration>,
    drained: bool,
    told: bool,
    gone: Option<Gone>,
    narrow: bool,
    /// Reads that brought no line.
    reads: Rate,
    /// The process has memory that start-up or an answer needed and nobody needs any more.
    used: bool,
    give_back: Rate,
}

/// What ended a poll.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Polled {
    Something,
    Nothing,
    Signal,
}

/// How and when the connection went.
#[derive(Clone, Copy)]
struct Gone {
    reason: Reason,
    seen: Duration,
}

impl<'a, C: Clock> Conn<'a, C> {
    /// Takes over fd 0 and 1, and the signals that would end us. Ghost limits are divided by `speedup`.
    pub fn open(clock: &'a C, speedup: f64) -> io::Result<Self> {
        let signals = watch_signals().ok();
        let own = |fd: BorrowedFd<'_>| fd.try_clone_to_owned();
        Self::new(own(standard(Standard::Input))?, own(standard(Standard::Output))?, signals, clock, speedup)
    }

    fn new(
        input: OwnedFd,
        output: OwnedFd,
        signals: Option<SignalFd>,
        clock: &'a C,
        speedup: f64,
    ) -> io::Result<Self> {
        for fd in [&input, &output] {
            let flags = OFlag::from_bits_retain(fcntl(fd, FcntlArg::F_GETFL)?);
            fcntl(fd, FcntlArg::F_SETFL(flags | OFlag::O_NONBLOCK))?;
        }
        watch_for_ghosts(&output, speedup);
        Ok(Conn {
            is_socket: is_socket(input.as_fd()),
            input,
            output,
            signals,
            clock,
            lines: Lines::new(),
            unsent: Vec::new(),
            read: 0,
            sent: 0,
            closed: None,
            drained: false,
            told: false,
            gone: None,
            narrow: false,
            reads: Rate::new(READS.0, READS.1),
            used: true,
            give_back: Rate::new(GIVE_BACK.0, GIVE_BACK.1),
        })
    }

    /// Sends what waits to be sent, as far as the peer takes it.
    fn flush(&mut self) {
        while !self.unsent.is_empty() {
            match nix::unistd::write(&self.output, &self.unsent) {
                Ok(count) => {
                    self.sent += count as u64;
                    self.unsent.drain(..count);
                }
                Err(Errno::EAGAIN | Errno::EINTR) => return,
                Err(error) => return self.lose(error),
            }
        }
    }

    /// Reads once, if the line reader has room.
    fn fill(&mut self) {
        let mut bytes = [0; crate::lines::QUEUE];
        let room = self.lines.room().min(bytes.len());
        match nix::unistd::read(&self.input, &mut bytes[..room]) {
            Ok(0) => {
                self.drained = true;
                self.closed.get_or_insert(self.clock.elapsed());
            }
            Ok(count) => {
                let now = self.clock.elapsed();
                self.read += count as u64;
                self.reads.take(now);
                self.lines.feed(&bytes[..count], now);
            }
            Err(Errno::EAGAIN | Errno::EINTR) => {}
            Err(error) => self.lose(error),
        }
    }

    /// Notes that the connection is gone. A peer that had closed its side left then, unless its
    /// kernel has acknowledged bytes since.
    fn lose(&mut self, error: Errno) {
        if self.gone.is_some() {
            return;
        }
        // What the kernel still has of it is never sent.
        self.sent = self.sent.saturating_sub(sys::unacknowledged(self.output.as_fd()));
        let ghost = matches!(error, Errno::ETIMEDOUT | Errno::EHOSTUNREACH | Errno::ENETUNREACH);
        let seen = match self.closed {
            Some(closed) => closed.max(self.last_heard()),
            None if ghost => self.last_heard(),
            None => self.clock.elapsed(),
        };
        self.gone = Some(Gone { reason: if ghost { Reason::Ghost } else { Reason::Hangup }, seen });
    }

    /// When the peer's kernel was last heard of; now, for a wire that cannot tell.
    fn last_heard(&self) -> Duration {
        let ago = sys::last_heard(self.output.as_fd()).unwrap_or_default();
        self.clock.elapsed().saturating_sub(ago)
    }

    /// Makes the receive window as small as the kernel allows: the peer then sends a message in
    /// small pieces and waits for each.
    fn shrink(&mut self) {
        if !std::mem::replace(&mut self.narrow, true) {
            let _ = setsockopt(&self.input, sockopt::RcvBuf, &1);
        }
    }

    /// Takes a line; when the peer has closed and all else was taken, what it left without an ending.
    fn take(&mut self, mode: Mode, line: &mut Vec<u8>) -> Option<Taken> {
        let taken = self.lines.next(mode, line);
        let taken = taken.or_else(|| if self.drained { self.lines.rest(line) } else { None })?;
        self.reads.refund();
        self.used = true;
        Some(taken)
    }

    /// Sleeps until the peer does something or `until`, and lets go of what was needed until now.
    fn sleep(&mut self, mode: Option<Mode>, until: Duration) -> Polled {
        let now = self.clock.elapsed();
        let room = self.lines.room() > 0;
        // A message is as long as it is.
        let read = room && (matches!(mode, Some(Mode::Text | Mode::Narrow)) || self.reads.ready(now));
        let long = until.saturating_sub(now) >= LONG;
        let lets_go = self.used && long && read == room && self.give_back.ready(now);
        let until = match (room && !read, lets_go) {
            (true, _) => until.min(self.reads.next()),
            (false, true) => now + QUIET,
            (false, false) => until,
        };
        let polled = self.poll(read, until);
        if lets_go && polled == Polled::Nothing {
            self.used = false;
            self.give_back.take(now);
            sys::forget_work();
        }
        polled
    }

    /// Waits for one of: bytes (if `read`), a close, room to send what is unsent, a signal, the time.
    fn poll(&mut self, read: bool, until: Duration) -> Polled {
        #[cfg(test)]
        POLLS.set(POLLS.get() + 1);
        let left = until.saturating_sub(self.clock.elapsed());
        // Rounded up, or the last millisecond would be spent asking again and again.
        let wait = i32::try_from(left.as_micros().div_ceil(1000)).unwrap_or(i32::MAX);
        let sending = if self.unsent.is_empty() { 0 } else { libc::POLLOUT };
        let mut reading = if read && !self.drained { libc::POLLIN } else { 0 };
        if self.is_socket && self.closed.is_none() {
            reading |= libc::POLLRDHUP;
        }
        // A pipe whose writer is gone ends every poll at once, also one that asks nothing of it.
        let input = Some(self.input.as_fd()).filter(|_| reading != 0);
        let mut fds = [
            sys::watch(Some(self.output.as_fd()), sending),
            sys::watch(self.signals.as_ref().map(AsFd::as_fd), libc::POLLIN),
            sys::watch(input, reading),
        ];
        match sys::poll(&mut fds, wait) {
            Ok(0) => return Polled::Nothing,
            Ok(_) | Err(Errno::EINTR) => {}
            Err(error) => {
                self.lose(error);
                return Polled::Something;
            }
        }
        let [output, signal, input] = fds.map(|fd| fd.revents);
        if signal & libc::POLLIN != 0 {
            return Polled::Signal;
        }
        if output & libc::POLLOUT != 0 {
            self.flush();
        }
        const BROKEN: i16 = libc::POLLERR | libc::POLLNVAL;
        let broken = output & (BROKEN | libc::POLLHUP) != 0 || input & BROKEN != 0;
        // A connection that has timed out looks closed as well, but nobody has closed it.
        if input & libc::POLLRDHUP != 0 && !broken {
            self.closed.get_or_insert(self.clock.elapsed());
        }
        if input & (libc::POLLIN | libc::POLLHUP) != 0 && read && self.lines.room() > 0 {
            self.fill();
        }
        if broken {
            self.lose(pending_error(&self.output));
        }
        Polled::Something
    }
}

#[cfg(test)]
thread_local! {
    /// How often this thread has polled.
    static POLLS: std::cell::Cell<u32> = const { std::cell::Cell::new(0) };
}

impl<C: Clock> Wire for Conn<'_, C> {
    fn say(&mut self, bytes: &[u8]) {
        self.unsent.extend_from_slice(bytes);
        self.flush();
        if self.unsent.len() > UNSENT && self.gone.is_none() {
            self.gone = Some(Gone { reason: Reason::Limit, seen: self.last_heard() });
        }
    }

    fn replied(&mut self, at: Duration) {
        self.lines.replied(at);
    }

    fn wait(&mut self, want: Option<Mode>, until: Duration, line: &mut Vec<u8>) -> Came {
        if want == Some(Mode::Narrow) {
            self.shrink();
        }
        loop {
            // What the peer has not taken yet holds back its next command too.
            let taking = want.filter(|_| self.unsent.is_empty());
            let taken = taking.and_then(|mode| self.take(mode, line));
            let answers = self.lines.take_answers();
            if !answers.is_empty() {
                self.say(&answers);
            }
            if let Some(taken) = taken {
                return Came::Line(taken);
            }
            if let Some(gone) = self.gone {
                return Came::Gone(gone.reason);
            }
            if self.drained && (taking.is_some() || !self.told) {
                self.told = true;
                return Came::Closed;
            }
            if self.clock.elapsed() >= until {
                return Came::Time;
            }
            if self.sleep(taking, until) == Polled::Signal {
                return Came::Signal;
            }
        }
    }

    fn close(&mut self) {
        let until = self.clock.elapsed() + LINGER;
        while !self.unsent.is_empty() && self.gone.is_none() && self.clock.elapsed() < until {
            if self.poll(false, until) == Polled::Signal {
                return;
            }
        }
        let _ = shutdown(self.output.as_raw_fd(), Shutdown::Write);
        let (mut line, mut left) = (Vec::new(), LINGER_BYTES);
        while !self.drained && self.gone.is_none() && self.clock.elapsed() < until && left > 0 {
            let before = self.read;
            if self.poll(true, until) == Polled::Signal {
                return;
            }
            while self.lines.next(Mode::Text, &mut line).is_some() {}
            left = left.saturating_sub(usize::try_from(self.read - before).unwrap_or(usize::MAX));
        }
    }

    fn last_seen(&mut self) -> Duration {
        match (self.gone, self.closed) {
            (Some(gone), _) => gone.seen,
            (None, Some(closed)) => closed.max(self.last_heard()),
            (None, None) => self.last_heard(),
        }
    }

    fn counts(&self) -> (u64, u64) {
        (self.read, self.sent)
    }
}

/// Whether it is a socket.
pub fn is_socket(fd: BorrowedFd<'_>) -> bool {
    let kind = fstat(fd).map(|stat| stat.st_mode & libc::S_IFMT);
    kind == Ok(libc::S_IFSOCK)
}

/// Whether it is a pipe.
pub fn is_pipe(fd: BorrowedFd<'_>) -> bool {
    let kind = fstat(fd).map(|stat| stat.st_mode & libc::S_IFMT);
    kind == Ok(libc::S_IFIFO)
}

/// Points fd 2 at /dev/null if it is the peer's connection: under xinetd and inetd fds 0, 1 and 2
/// are one socket, and a panic message would go to the spammer. Only for a program that has a connection on
/// fd 0: at a shell with `2>&1` fds 1 and 2 are one pipe, and both are the operator's.
pub fn mute_stderr() {
    let [input, output, errors] =
        [Standard::Input, Standard::Output, Standard::Error].map(|number| same(standard(number)));
    let peers = [input, output];
    let console = errors.is_some_and(|(_, mode)| mode == libc::S_IFCHR || mode == libc::S_IFREG);
    if (errors.is_none() || (peers.contains(&errors) && !console))
        && let Ok(null) = std::fs::OpenOptions::new().read(true).write(true).open("/dev/null")
    {
        let _ = nix::unistd::dup2_stderr(null);
    }
}

/// What tells an open file from another: its device and inode, and its type.
fn same(fd: BorrowedFd<'_>) -> Option<((u64, u64), u32)> {
    let stat = fstat(fd).ok()?;
    Some(((stat.st_dev, stat.st_ino), stat.st_mode & libc::S_IFMT))
}

/// Every signal that would end a process and that can be waited for, those for real time among them.
pub fn ending_signals() -> SigSet {
    use Signal::*;
    let mut set = SigSet::all();
    // After a fault of ours there is nothing to go on with.
    let faults = [SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP, SIGSYS];
    // These are ignored, stop a process or let it go on.
    let others = [SIGPIPE, SIGXFSZ, SIGCHLD, SIGURG, SIGWINCH, SIGTSTP, SIGTTIN, SIGTTOU, SIGCONT];
    faults.into_iter().chain(others).for_each(|signal| set.remove(signal));
    set
}

/// Blocks the signals that end us and makes them readable.
fn watch_signals() -> nix::Result<SignalFd> {
    let set = ending_signals();
    set.thread_block()?;
    SignalFd::with_flags(&set, SfdFlags::SFD_NONBLOCK | SfdFlags::SFD_CLOEXEC)
}

/// Lets the kernel find out that the peer is gone without a word. Under `speedup` the limits shrink
/// too, but never below what a busy machine needs to answer.
fn watch_for_ghosts(socket: &OwnedFd, speedup: f64) {
    let seconds = |limit: Duration, least: u32| (limit.div_f64(speedup).as_secs() as u32).max(least);
    let _ = setsockopt(socket, sockopt::TcpNoDelay, &true);
    let _ = setsockopt(socket, sockopt::KeepAlive, &true);
    let _ = setsockopt(socket, sockopt::TcpKeepIdle, &seconds(KEEP_IDLE, 2));
    let _ = setsockopt(socket, sockopt::TcpKeepInterval, &seconds(KEEP_INTERVAL, 1));
    let _ = setsockopt(socket, sockopt::TcpUserTimeout, &(seconds(USER_TIMEOUT, 4) * 1000));
}

/// The error that the socket reports, or a hangup when it has none.
fn pending_error(socket: &OwnedFd) -> Errno {
    let error = nix::sys::socket::getsockopt(socket, sockopt::SocketError).unwrap_or(0);
    if error == 0 { Errno::EPIPE } else { Errno::from_raw(error) }
}

#[cfg(test)]
mod tests;
