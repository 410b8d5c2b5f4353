//! Where events go: syslog or stderr; `auto` takes syslog when its socket answers.
//!
//! A log that cannot be written never ends a conversation nor holds it up for long: a full socket or
//! pipe, or a syslogd that does not answer, is waited for briefly, and what it did not take is kept, up to a
//! limit, for the next event. How much was lost is told when the log takes lines again.

use chrono::{DateTime, FixedOffset};
use nix::errno::Errno;
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{SigSet, Signal};
use nix::sys::socket::{AddressFamily, SockFlag, SockType, UnixAddr, connect, socket};
use nix::sys::stat::fstat;
use nix::unistd::{chdir, fchdir};
use std::collections::VecDeque;
use std::fmt::Display;
use std::io::{self, BufWriter, Write};
use std::os::fd::{AsFd as _, AsRawFd as _, BorrowedFd, OwnedFd};
use std::os::unix::net::{UnixDatagram, UnixStream};
use std::path::{Path, PathBuf};
use std::time::Duration;
use syslog::{Facility, LogFormat, Logger, LoggerBackend, Severity};

use crate::conn;
use crate::sys::{Standard, standard, tree};

/// How long a full log is waited for in a conversation. A busy syslogd lags by milliseconds; Linux
/// lets only ten datagrams wait by default, so a burst of connections has to wait.
const PATIENCE: Duration = Duration::from_millis(200);

/// How long it is waited for at the end, when nobody is kept waiting by it but our own slot.
const LAST_PATIENCE: Duration = Duration::from_secs(2);

/// How many lines are kept for a log that does not take them; the oldest go first, but for the very
/// first, which says who the peer is.
const KEPT: usize = 16;

/// Has a write that would exceed the limit on the size of files (RLIMIT_FSIZE) fail instead of ending the
/// program without a word: the log may be a file, and what is remembered and counted is one.
pub fn outlive_limits() {
    let mut set = SigSet::empty();
    set.add(Signal::SIGXFSZ);
    // It cannot fail: the signal is one that can be blocked.
    let _ = set.thread_block();
}

/// The key `log`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Choice {
    /// Syslog when its socket answers, else stderr.
    Auto,
    Syslog,
    Stderr,
}

/// Takes lines for the operator.
pub struct Sink {
    tag: &'static str,
    facility: Facility,
    socket: PathBuf,
    /// The socket's directory by itself and its name there, for use under a new root directory.
    reach: Option<(OwnedFd, PathBuf)>,
    syslog: Option<Logger<LoggerBackend, Header>>,
    stderr: bool,
    /// What has not got through yet.
    kept: VecDeque<(Severity, String)>,
    /// How many lines were given up since the log last took one.
    lost: u32,
}

impl Sink {
    /// Opens the log. It succeeds always: what cannot be opened now is tried again at each event. The text
    /// says why stderr has what was meant for a syslog that is there.
    pub fn open(
        tag: &'static str,
        choice: Choice,
        socket: &Path,
        facility: Facility,
    ) -> (Self, Option<String>) {
        let mut sink = Sink {
            tag,
            facility,
            socket: socket.to_owned(),
            reach: None,
            syslog: None,
            stderr: choice == Choice::Stderr,
            kept: VecDeque::new(),
            lost: 0,
        };
        let mut trouble = None;
        if choice != Choice::Stderr {
            let opened = sink.connect(PATIENCE);
            // Where stderr is silenced, a syslogd that comes back is the better hope.
            sink.stderr = choice == Choice::Auto && opened.is_err() && !is_silenced();
            trouble = opened.err().filter(|error| {
                let usual =
                    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused);
                sink.stderr && !usual
            });
        }
        if sink.stderr {
            never_block(standard(Standard::Error));
        }
        let trouble = trouble.map(|error| format!("log_socket: {}: {error}", socket.display()));
        (sink, trouble)
    }

    /// Keeps syslog in reach for when it is restarted, before the root directory changes. Without the
    /// privilege that this needs, its path is looked for under the new root, where a syslogd may listen too.
    pub fn keep_in_reach(&mut self) {
        // The socket may be a link to elsewhere, as /dev/log often is; or not be there yet.
        let path = self.socket.canonicalize().unwrap_or_else(|_| self.socket.clone());
        if let (false, Some(dir), Some(name)) = (self.stderr, path.parent(), path.file_name()) {
            self.reach = tree::alone(dir).ok().map(|dir| (dir, name.into()));
        }
    }

    /// How many lines the log has never got, if it takes lines again.
    pub fn take_lost(&mut self) -> Option<u32> {
        let lost = if self.kept.is_empty() { std::mem::take(&mut self.lost) } else { 0 };
        (lost > 0).then_some(lost)
    }

    /// Writes one line, and what was kept before it. Errors have nowhere to go and are forgotten.
    pub fn write(&mut self, severity: Severity, line: &dyn Display, wall: DateTime<FixedOffset>) {
        let tag = format!("{}[{}]", self.tag, std::process::id());
        self.write_as(&tag, severity, line, wall);
    }

    /// The same under another program's tag.
    pub fn write_as(
        &mut self,
        tag: &str,
        severity: Severity,
        line: &dyn Display,
        wall: DateTime<FixedOffset>,
    ) {
        let text = match self.stderr {
            true => format!("{tag}: {line}\n"),
            false => format!("{} {tag}: {line}", wall.format("%b %e %H:%M:%S")),
        };
        // Who was kept waiting by a full log once is not kept waiting by it again.
        let patience = if self.kept.is_empty() { PATIENCE } else { Duration::ZERO };
        if self.kept.len() >= KEPT {
            self.kept.remove(1);
            self.lost = self.lost.saturating_add(1);
        }
        self.kept.push_back((severity, text));
        self.flush(patience);
    }

    /// Tries once more to write what was kept: this process ends.
    pub fn finish(&mut self) {
        self.flush(LAST_PATIENCE);
    }

    /// Writes what was kept, as far as the log takes it, waiting this long for the first line.
    fn flush(&mut self, patience: Duration) {
        while let Some((severity, text)) = self.kept.pop_front() {
            let written = match self.stderr {
                true => to_stderr(&text, patience),
                false => self.send(severity, &text, patience),
            };
            if written.is_err() {
                self.kept.push_front((severity, text));
                return;
            }
        }
    }

    /// Sends a line to syslog, over a new connection if syslogd was restarted.
    fn send(&mut self, severity: Severity, text: &str, patience: Duration) -> io::Result<()> {
        match self.try_send(severity, text, patience) {
            Err(error) if error.kind() != io::ErrorKind::WouldBlock => {
                self.connect(patience)?;
                self.try_send(severity, text, patience)
            }
            done => done,
        }
    }

    fn try_send(&mut self, severity: Severity, text: &str, patience: Duration) -> io::Result<()> {
        let Some(logger) = self.syslog.as_mut() else {
            return Err(io::ErrorKind::NotConnected.into());
        };
        match &logger.backend {
            LoggerBackend::Unix(socket) => {
                socket.set_nonblocking(patience.is_zero())?;
                socket.set_write_timeout(limit(patience))?;
            }
            LoggerBackend::UnixStream(stream) => {
                stream.get_ref().set_nonblocking(patience.is_zero())?;
                stream.get_ref().set_write_timeout(limit(patience))?;
            }
            _ => {}
        }
        let done =
            logger.formatter.format(&mut logger.backend, severity, text).map_err(|error| match error {
                syslog::Error::Write(error) | syslog::Error::Io(error) => error,
                other => io::Error::other(other),
            });
        if done.is_err()
            && let Some(LoggerBackend::UnixStream(stream)) = self.syslog.take_if(is_stream).map(|l| l.backend)
        {
            // A part of the line may be on its way, so the next one begins on a new connection; and what is
            // left of this one must not be written now.
            let _ = stream.into_parts();
        }
        done
    }

    /// Connects to syslog, and waits so long at most for one that listens and does not answer.
    fn connect(&mut self, patience: Duration) -> io::Result<()> {
        self.syslog = None;
        let backend = match &self.reach {
            None => reach(&self.socket, patience),
            Some((dir, name)) => {
                fchdir(dir)?;
                let backend = reach(name, patience);
                chdir("/")?;
                backend
            }
        }?;
        self.syslog = Some(Logger { formatter: Header(self.facility), backend });
        Ok(())
    }
}

fn is_stream(logger: &mut Logger<LoggerBackend, Header>) -> bool {
    matches!(logger.backend, LoggerBackend::UnixStream(_))
}

/// A time limit as sockets have it, for which zero would be none.
fn limit(patience: Duration) -> Option<Duration> {
    Some(patience).filter(|patience| !patience.is_zero())
}

/// Connects to a socket of either kind. A stream that nobody accepts from keeps connect(2) waiting as it
/// would write(2), and the same limit holds.
fn reach(path: &Path, patience: Duration) -> io::Result<LoggerBackend> {
    let address = UnixAddr::new(path)?;
    let open = |kind| socket(AddressFamily::Unix, kind, SockFlag::SOCK_CLOEXEC, None);
    let datagram = UnixDatagram::from(open(SockType::Datagram)?);
    match connect(datagram.as_raw_fd(), &address) {
        Err(Errno::EPROTOTYPE) => {}
        done => return Ok(done.map(|()| LoggerBackend::Unix(datagram))?),
    }
    let stream = UnixStream::from(open(SockType::Stream)?);
    stream.set_nonblocking(patience.is_zero())?;
    stream.set_write_timeout(limit(patience))?;
    connect(stream.as_raw_fd(), &address)?;
    Ok(LoggerBackend::UnixStream(BufWriter::new(stream)))
}

/// Whether what is written to stderr goes nowhere, see [`conn::mute_stderr`].
fn is_silenced() -> bool {
    let device = |path_or_fd: nix::Result<nix::sys::stat::FileStat>| path_or_fd.map(|stat| stat.st_rdev);
    let null = device(nix::sys::stat::stat("/dev/null"));
    null.is_ok() && device(fstat(standard(Standard::Error))) == null
}

/// Has a full pipe refuse lines instead of keeping us waiting. Others write to the same pipe under
/// tcpserver, so that it may be full again after it had room; and they had better not wait either.
fn never_block(fd: BorrowedFd<'_>) {
    if conn::is_pipe(fd)
        && let Ok(flags) = fcntl(fd, FcntlArg::F_GETFL)
    {
        let _ = fcntl(fd, FcntlArg::F_SETFL(OFlag::from_bits_retain(flags) | OFlag::O_NONBLOCK));
    }
}

/// Waits for stderr to have room, then writes the line in one piece: a pipe takes PIPE_BUF bytes whole or
/// not at all, and events are shorter than that.
fn to_stderr(line: &str, patience: Duration) -> io::Result<()> {
    let stderr = io::stderr();
    let wait = PollTimeout::try_from(patience).unwrap_or(PollTimeout::ZERO);
    let mut fds = [PollFd::new(stderr.as_fd(), PollFlags::POLLOUT)];
    if poll(&mut fds, wait)? == 0 {
        return Err(io::ErrorKind::WouldBlock.into());
    }
    match stderr.lock().write_all(line.as_bytes()) {
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Err(error),
        // A reader that is gone will not come back, so nothing is kept for it.
        _ => Ok(()),
    }
}

/// The priority before the line; the time and the tag are in the text already, as
/// [`syslog::Formatter3164`] would write them, but in local time also on a static build.
struct Header(Facility);

impl LogFormat<&str> for Header {
    fn format<W: Write>(&self, out: &mut W, severity: Severity, text: &str) -> syslog::Result<()> {
        let priority = self.0 as u8 | severity as u8;
        write!(out, "<{priority}>{text}").map_err(syslog::Error::Write)
    }
}
