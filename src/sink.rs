//! Where events go: syslog or stderr; `auto` takes syslog when its socket answers.
//!
//! A log that cannot be written never ends a conversation nor holds it up for long: a full socket or
//! pipe is waited for briefly, and what it did not take is kept, up to a limit, for the next event.

use chrono::{DateTime, FixedOffset};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use std::collections::VecDeque;
use std::fmt::Display;
use std::io::{self, Write};
use std::os::fd::AsFd as _;
use std::path::{Path, PathBuf};
use std::time::Duration;
use syslog::{Facility, LogFormat, Logger, LoggerBackend, Severity};

/// How long a full log is waited for in a conversation. A busy syslogd lags by milliseconds; Linux
/// lets only ten datagrams wait by default, so a burst of connections has to wait.
const PATIENCE: Duration = Duration::from_millis(200);

/// How long it is waited for at the end, when nobody is kept waiting by it but our own slot.
const LAST_PATIENCE: Duration = Duration::from_secs(2);

/// How many lines are kept for a log that does not take them; the oldest go first, but for the very
/// first, which says who the peer is.
const KEPT: usize = 16;

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
    /// What has not got through yet.
    kept: VecDeque<(Severity, String)>,
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
            kept: VecDeque::new(),
        };
        if choice != Choice::Stderr {
            sink.syslog = sink.connect();
            sink.stderr = choice == Choice::Auto && sink.syslog.is_none();
        }
        sink
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
                self.syslog = self.connect();
                self.try_send(severity, text, patience)
            }
            done => done,
        }
    }

    fn try_send(&mut self, severity: Severity, text: &str, patience: Duration) -> io::Result<()> {
        let Some(logger) = self.syslog.as_mut() else {
            return Err(io::ErrorKind::NotConnected.into());
        };
        if let LoggerBackend::Unix(socket) = &logger.backend {
            socket.set_nonblocking(patience.is_zero())?;
            socket.set_write_timeout(Some(patience).filter(|patience| !patience.is_zero()))?;
        }
        logger.formatter.format(&mut logger.backend, severity, text).map_err(|error| match error {
            syslog::Error::Write(error) | syslog::Error::Io(error) => error,
            other => io::Error::other(other),
        })
    }

    fn connect(&self) -> Option<Logger<LoggerBackend, Header>> {
        let logger = syslog::unix_custom(Header(self.facility), &self.socket).ok()?;
        if let LoggerBackend::UnixStream(stream) = &logger.backend {
            stream.get_ref().set_write_timeout(Some(PATIENCE)).ok()?;
        }
        Some(logger)
    }
}

/// Waits for stderr to have room, then writes the line in one piece: a pipe that can be written
/// takes at least PIPE_BUF bytes without blocking, and events are shorter than that.
fn to_stderr(line: &str, patience: Duration) -> io::Result<()> {
    let stderr = io::stderr();
    let wait = PollTimeout::try_from(patience).unwrap_or(PollTimeout::ZERO);
    let mut fds = [PollFd::new(stderr.as_fd(), PollFlags::POLLOUT)];
    if poll(&mut fds, wait)? == 0 {
        return Err(io::ErrorKind::WouldBlock.into());
    }
    // A reader that is gone will not come back, so nothing is kept for it.
    let _ = stderr.lock().write_all(line.as_bytes());
    Ok(())
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
