//! The connection on fd 0 and 1.
//!
//! Every wait has an end, no buffer grows, and nothing blocks: both descriptors are made
//! non-blocking, and one poll(2) watches the peer and our own signals. Socket options are best
//! effort; a pipe from a TLS wrapper has none.

use crate::clock::Clock;
use crate::drive::{Came, Wire};
use crate::engine::Mode;
use crate::event::Reason;
use crate::lines::Lines;
use crate::sys::{self, Standard, standard};
use nix::errno::Errno;
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use nix::sys::socket::{Shutdown, setsockopt, shutdown, sockopt};
use nix::sys::stat::fstat;
use std::io;
use std::os::fd::{AsFd as _, AsRawFd as _, BorrowedFd, OwnedFd};
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
    /// When the peer closed its side, and whether that was told.
    closed: Option<Duration>,
    told: bool,
    gone: Option<Gone>,
    narrow: bool,
    kept: Kept,
}

/// What the memory of the process may hold that nobody needs any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kept {
    /// All that start-up took.
    StartUp,
    /// What it took to answer a line.
    Answer,
    /// The stack of the calls that came to a wait.
    Calls,
}

/// How and when the connection went.
#[derive(Clone, Copy)]
struct Gone {
    reason: Reason,
    seen: Duration,
}

impl<'a, C: Clock> Conn<'a, C> {
    /// Takes over fd 0 and 1, and SIGTERM, SIGHUP and SIGINT. Ghost limits are divided by `speedup`.
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
            input,
            output,
            signals,
            clock,
            lines: Lines::new(),
            unsent: Vec::new(),
            read: 0,
            sent: 0,
            closed: None,
            told: false,
            gone: None,
            narrow: false,
            kept: Kept::StartUp,
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
            Ok(0) => self.closed = Some(self.clock.elapsed()),
            Ok(count) => {
                self.read += count as u64;
                self.lines.feed(&bytes[..count], self.clock.elapsed());
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

    /// Waits for one of: bytes or a close (if `read`), room to send what is unsent, a signal, the time.
    fn poll(&mut self, read: bool, until: Duration) -> Option<Came> {
        let left = until.saturating_sub(self.clock.elapsed());
        // Rounded up, or the last millisecond would be spent asking again and again.
        let wait = u64::try_from(left.as_micros().div_ceil(1000)).unwrap_or(u64::MAX);
        let wait = PollTimeout::try_from(wait.min(i32::MAX as u64)).unwrap_or(PollTimeout::MAX);
        let sending = if self.unsent.is_empty() { PollFlags::empty() } else { PollFlags::POLLOUT };
        let reading = if read { PollFlags::POLLIN } else { PollFlags::empty() };
        let mut fds = vec![PollFd::new(self.output.as_fd(), sending)];
        fds.extend(self.signals.as_ref().map(|signals| PollFd::new(signals.as_fd(), PollFlags::POLLIN)));
        // A pipe whose writer is gone would end every poll at once, so it is watched no more.
        fds.extend(self.closed.is_none().then(|| PollFd::new(self.input.as_fd(), reading)));
        match poll(&mut fds, wait) {
            Ok(0) => return Some(Came::Time),
            Ok(_) | Err(Errno::EINTR) => {}
            Err(error) => {
                self.lose(error);
                return None;
            }
        }
        let flags = |at: usize| fds.get(at).and_then(PollFd::revents).unwrap_or(PollFlags::empty());
        let signals = usize::from(self.signals.is_some());
        let (output, signal, input) = (flags(0), flags(1), flags(1 + signals));
        if signals == 1 && signal.contains(PollFlags::POLLIN) {
            return Some(Came::Signal);
        }
        if output.contains(PollFlags::POLLOUT) {
            self.flush();
        }
        if input.intersects(PollFlags::POLLIN | PollFlags::POLLHUP) && self.lines.room() > 0 {
            self.fill();
        }
        let broken = PollFlags::POLLERR | PollFlags::POLLHUP | PollFlags::POLLNVAL;
        if output.intersects(broken) || input.intersects(PollFlags::POLLERR | PollFlags::POLLNVAL) {
            self.lose(pending_error(&self.output));
        }
        None
    }
}

/// Before a wait of this length, the memory that was needed to come here is given back; it costs a
/// microsecond, and some more after an answer.
const LONG: Duration = Duration::from_secs(1);

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
        // What start-up needed, and what an answer needed, is not needed for the days that this wait may last.
        let long = until.saturating_sub(self.clock.elapsed()) >= LONG;
        match self.kept {
            Kept::Calls if long => sys::forget_calls(),
            Kept::Answer if !long => {}
            Kept::Calls => {}
            Kept::StartUp | Kept::Answer => {
                sys::forget_work();
                self.kept = Kept::Calls;
            }
        }
        loop {
            // What the peer has not taken yet holds back its next command too.
            let taking = want.filter(|_| self.unsent.is_empty());
            if let Some(taken) = taking.and_then(|mode| self.lines.next(mode, line)) {
                let answers = self.lines.take_answers();
                self.say(&answers);
                self.kept = Kept::Answer;
                return Came::Line(taken);
            }
            let answers = self.lines.take_answers();
            if !answers.is_empty() {
                self.say(&answers);
            }
            if let Some(gone) = self.gone {
                return Came::Gone(gone.reason);
            }
            if self.closed.is_some() && (taking.is_some() || !self.told) {
                self.told = true;
                return Came::Closed;
            }
            if self.clock.elapsed() >= until {
                return Came::Time;
            }
            if let Some(came) = self.poll(self.lines.room() > 0, until) {
                return came;
            }
        }
    }

    fn close(&mut self) {
        let until = self.clock.elapsed() + LINGER;
        while !self.unsent.is_empty() && self.gone.is_none() && self.clock.elapsed() < until {
            self.poll(false, until);
        }
        let _ = shutdown(self.output.as_raw_fd(), Shutdown::Write);
        let (mut line, mut left) = (Vec::new(), LINGER_BYTES);
        while self.closed.is_none() && self.gone.is_none() && self.clock.elapsed() < until && left > 0 {
            let before = self.read;
            if self.poll(true, until) == Some(Came::Signal) {
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

/// Blocks the signals that end us and makes them readable.
fn watch_signals() -> nix::Result<SignalFd> {
    let mut set = SigSet::empty();
    [Signal::SIGTERM, Signal::SIGHUP, Signal::SIGINT].into_iter().for_each(|signal| set.add(signal));
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
