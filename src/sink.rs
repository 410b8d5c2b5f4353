//! Where events go: syslog or stderr; `auto` takes syslog when its socket answers.
//!
//! A log that cannot be written never ends or holds up a conversation: a full socket or pipe is
//! waited for once, briefly, and then events are dropped until it takes them again.

use chrono::{DateTime, FixedOffset};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use std::fmt::Display;
use std::io::{self, Write};
use std::os::fd::AsFd as _;
use std::path::{Path, PathBuf};
use std::time::Duration;
use syslog::{Facility, LogFormat, Logger, LoggerBackend, Severity};

/// How long a full log is waited for. A busy syslogd lags by milliseconds; Linux lets only ten
/// datagrams wait by default, so a burst of connections would lose events if nobody waited.
const PATIENCE: Duration = Duration::from_millis(200);

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
    syslog: Option<Logger<LoggerBackend, Header>>,
    stderr: bool,
    /// The last event did not get through for want of room: do not wait for the next.
    full: bool,
}

impl Sink {
    /// Opens the log. It succeeds always: what cannot be opened now is tried again at each event.
    pub fn open(tag: &'static str, choice: Choice, socket: &Path, facility: Facility) -> Self {
        let mut sink = Sink {
            tag,
            facility,
            socket: socket.to_owned(),
            syslog: None,
            stderr: choice == Choice::Stderr,
            full: false,
        };
        if choice != Choice::Stderr {
            sink.syslog = sink.connect();
            sink.stderr = choice == Choice::Auto && sink.syslog.is_none();
        }
        sink
    }

    /// Writes one line. Errors have nowhere to go and are forgotten.
    pub fn write(&mut self, severity: Severity, line: &dyn Display, wall: DateTime<FixedOffset>) {
        let pid = std::process::id();
        if self.stderr {
            self.full = !to_stderr(&format!("{}[{pid}]: {line}\n", self.tag), self.full);
            return;
        }
        let text = format!("{} {}[{pid}]: {line}", wall.format("%b %e %H:%M:%S"), self.tag);
        let sent = self.send(severity, &text);
        if let Err(error) = sent {
            self.full = error.kind() == io::ErrorKind::WouldBlock;
            if !self.full {
                // syslogd was restarted: its old socket is dead, a new one may be there.
                self.syslog = self.connect();
                let _ = self.send(severity, &text);
            }
        } else {
            self.full = false;
        }
    }

    fn send(&mut self, severity: Severity, text: &str) -> io::Result<()> {
        let Some(logger) = self.syslog.as_mut() else {
            return Err(io::ErrorKind::NotConnected.into());
        };
        if let LoggerBackend::Unix(socket) = &logger.backend {
            socket.set_nonblocking(self.full)?;
        }
        logger.formatter.format(&mut logger.backend, severity, text).map_err(|error| match error {
            syslog::Error::Write(error) | syslog::Error::Io(error) => error,
            other => io::Error::other(other),
        })
    }

    fn connect(&self) -> Option<Logger<LoggerBackend, Header>> {
        let logger = syslog::unix_custom(Header(self.facility), &self.socket).ok()?;
        match &logger.backend {
            LoggerBackend::Unix(socket) => socket.set_write_timeout(Some(PATIENCE)).ok()?,
            LoggerBackend::UnixStream(stream) => stream.get_ref().set_write_timeout(Some(PATIENCE)).ok()?,
            LoggerBackend::Udp(..) | LoggerBackend::Tcp(_) => {}
        }
        Some(logger)
    }
}

/// Waits for stderr to have room, then writes the line in one piece: a pipe that can be written
/// takes at least PIPE_BUF bytes without blocking, and events are shorter than that.
fn to_stderr(line: &str, hurry: bool) -> bool {
    let stderr = io::stderr();
    let wait = if hurry { Duration::ZERO } else { PATIENCE };
    let wait = PollTimeout::try_from(wait).unwrap_or(PollTimeout::ZERO);
    let mut fds = [PollFd::new(stderr.as_fd(), PollFlags::POLLOUT)];
    let ready = poll(&mut fds, wait).is_ok_and(|count| count > 0);
    ready && stderr.lock().write_all(line.as_bytes()).is_ok()
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
