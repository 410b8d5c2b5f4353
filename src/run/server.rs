//! The loop: accept, start, listen to the programs, count, end.

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::Signal;
use nix::sys::signalfd::{SfdFlags, SignalFd};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;
use std::collections::HashMap;
use std::io;
use std::net::TcpListener;
use std::os::fd::AsFd;
use std::time::Duration;

use super::child::Child;
use super::screen::Screen;
use super::service::Program;
use super::show::Time;
use super::tally::Tally;
use crate::clock::{Clock, System};
use crate::conn::ending_signals;
use crate::event::{Event, Plain};
use crate::pop3::dovecot_log;

/// How long the programs have to write their `end` after we asked them to.
const PATIENCE: Duration = Duration::from_secs(3);

/// How long a reader of ours that stands still is waited for at the end.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// How long nobody is accepted after a connection could not be served, so that a shortage is not
/// made worse and the log not filled.
const BREATH: Duration = Duration::from_secs(1);

/// How often the status is shown where it cannot be redrawn.
const MINUTE: Duration = Duration::from_secs(60);

/// A listening socket, and which of the programs is behind it.
#[derive(Debug)]
pub struct Door {
    pub listener: TcpListener,
    pub program: usize,
}

/// Everything that runs.
pub struct Server {
    programs: Vec<Program>,
    doors: Vec<Door>,
    signals: SignalFd,
    screen: Screen,
    clock: System,
    children: HashMap<Pid, Child>,
    tally: Tally<Pid>,
    /// Nobody is accepted before this time.
    closed_until: Duration,
    shown: String,
    show_at: Duration,
    /// The programs have been asked to end and have until then.
    ending: Option<Duration>,
}

/// What `poll` found.
#[derive(Debug, Default)]
struct Ready {
    signal: bool,
    doors: Vec<usize>,
    children: Vec<Pid>,
}

/// The line without the `program[pid]: ` that a program may put before it, as for multilog.
fn without_tag<'a>(line: &'a [u8], program: &str) -> &'a [u8] {
    let after_name = line.strip_prefix(program.as_bytes()).and_then(|rest| rest.strip_prefix(b"["));
    let after_pid = after_name.map(|rest| {
        let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        rest.get(digits..).unwrap_or_default()
    });
    after_pid.and_then(|rest| rest.strip_prefix(b"]: ")).unwrap_or(line)
}

/// A line in the words of another server, with that server's tag, as `log_like` asks for.
fn mirrored(line: &[u8]) -> Option<&str> {
    let is_plain = line.iter().all(|byte| matches!(byte, 0x20..=0x7e));
    let line = str::from_utf8(line).ok().filter(|_| is_plain)?;
    line.strip_prefix(dovecot_log::TAG)?.starts_with(": ").then_some(line)
}

/// Takes the signals that end us and those of ended programs out of the usual delivery.
///
/// # Errors
/// The system has no descriptor to spare.
pub fn signals() -> io::Result<SignalFd> {
    let mut set = ending_signals();
    set.add(Signal::SIGCHLD);
    set.thread_block()?;
    Ok(SignalFd::with_flags(&set, SfdFlags::SFD_CLOEXEC | SfdFlags::SFD_NONBLOCK)?)
}

impl Server {
    pub fn new(
        programs: Vec<Program>,
        doors: Vec<Door>,
        signals: SignalFd,
        screen: Screen,
        clock: System,
    ) -> Self {
        let slots = programs.iter().map(|program| u64::from(program.settings.slots)).sum();
        let show_at = if screen.terminal() { Duration::ZERO } else { MINUTE };
        Server {
            programs,
            doors,
            signals,
            screen,
            clock,
            children: HashMap::new(),
            tally: Tally::new(slots),
            closed_until: Duration::ZERO,
            shown: String::new(),
            show_at,
            ending: None,
        }
    }

    /// Serves until a signal comes, then until every program has ended or had its time.
    ///
    /// # Errors
    /// `poll` failed; the programs are left alone.
    pub fn run(mut self) -> io::Result<()> {
        while !self.over() {
            self.screen.flush();
            self.show_status();
            let ready = self.wait()?;
            // First what the programs said, so that an `end` is shown before its program is reaped.
            for pid in ready.children {
                self.read(pid);
            }
            if ready.signal {
                self.heed_signals();
            }
            for door in ready.doors {
                self.accept(door);
            }
        }
        self.end();
        Ok(())
    }

    /// Whether we were asked to end and need not wait any longer.
    fn over(&self) -> bool {
        self.ending.is_some_and(|until| self.children.is_empty() || self.clock.elapsed() >= until)
    }

    fn wait(&self) -> io::Result<Ready> {
        let now = self.clock.elapsed();
        let open: Vec<usize> = match now >= self.closed_until {
            true => (0..self.doors.len()).filter(|&door| self.has_room(door)).collect(),
            false => Vec::new(),
        };
        let logs: Vec<Pid> =
            self.children.values().filter_map(|child| child.log().map(|_| child.pid)).collect();
        let input = |fd| PollFd::new(fd, PollFlags::POLLIN);
        let mut fds = vec![input(self.signals.as_fd())];
        fds.extend(open.iter().map(|&door| input(self.doors[door].listener.as_fd())));
        fds.extend(logs.iter().filter_map(|pid| self.children[pid].log().map(input)));
        fds.extend(self.screen.waits().map(|fd| PollFd::new(fd, PollFlags::POLLOUT)));
        match poll(&mut fds, self.timeout(now)) {
            Ok(_) => {}
            Err(Errno::EINTR) => return Ok(Ready::default()),
            Err(error) => return Err(error.into()),
        }
        let mut found = fds.iter().map(|fd| fd.any().unwrap_or(true));
        Ok(Ready {
            signal: found.next().unwrap_or(false),
            doors: open.into_iter().filter(|_| found.next().unwrap_or(false)).collect(),
            children: logs.into_iter().filter(|_| found.next().unwrap_or(false)).collect(),
        })
    }

    /// Until something is due: the status, the end of a pause in accepting, the end of everything.
    fn timeout(&self, now: Duration) -> PollTimeout {
        let paused = (now < self.closed_until).then_some(self.closed_until);
        let due = [Some(self.show_at), paused, self.ending].into_iter().flatten().min();
        let wait = due.unwrap_or(MINUTE).saturating_sub(now).max(Duration::from_millis(1));
        PollTimeout::try_from(wait).unwrap_or(PollTimeout::MAX)
    }

    /// Whether one more process may be started for this door. While it may not, connections wait
    /// in the kernel's queue.
    fn has_room(&self, door: usize) -> bool {
        let program = &self.programs[self.doors[door].program];
        let running = self.children.values().filter(|child| child.program == program.service.program).count();
        running < program.most()
    }

    /// Accepts one connection and starts its program. One at a time, so that a burst at one door
    /// keeps nothing else waiting.
    fn accept(&mut self, door: usize) {
        let Some(door) = self.doors.get(door) else {
            return;
        };
        let started = match door.listener.accept() {
            Ok((stream, peer)) => Child::start(&self.programs[door.program], stream, peer),
            Err(error) => match error.kind() {
                io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted | io::ErrorKind::ConnectionAborted => {
                    return;
                }
                _ => Err(error),
            },
        };
        match started {
            Ok(child) => {
                self.children.insert(child.pid, child);
            }
            Err(error) => {
                self.closed_until = self.clock.elapsed() + BREATH;
                self.screen.note(&format!("tarpit-run: a connection could not be served: {error}"));
            }
        }
    }

    fn read(&mut self, pid: Pid) {
        let Some(child) = self.children.get_mut(&pid) else {
            return;
        };
        let mut lines = Vec::new();
        child.read(|line| lines.push(line.to_vec()));
        let program = child.program;
        for line in lines {
            self.heard(pid, program, &line);
        }
    }

    /// Shows and counts one line of a program. What is not an event is shown all the same, made
    /// plain: a stranger may have had a hand in it.
    fn heard(&mut self, pid: Pid, program: &str, line: &[u8]) {
        let who = format_args!("{program}[{pid}]").to_string();
        let line = without_tag(line, program);
        let event = str::from_utf8(line).ok().and_then(|line| line.parse::<Event>().ok());
        match event {
            Some(event) => {
                self.tally.event(pid, &event.what, self.clock.elapsed());
                self.screen.event(&event, &who, self.clock.wall());
            }
            None => match mirrored(line) {
                Some(line) => self.screen.mirror(line, self.clock.wall()),
                None => self.screen.note(&format!("{who}: {}", Plain::from_peer(line))),
            },
        }
    }

    fn heed_signals(&mut self) {
        while let Ok(Some(info)) = self.signals.read_signal() {
            let signal = i32::try_from(info.ssi_signo).ok().and_then(|n| Signal::try_from(n).ok());
            match signal {
                Some(Signal::SIGCHLD) => {}
                _ if self.ending.is_some() => self.ending = Some(Duration::ZERO),
                _ => self.begin_end(),
            }
        }
        self.reap();
    }

    /// Reaps whatever has ended; as process 1 of a container that includes orphans we never started.
    fn reap(&mut self) {
        while let Ok(status) = waitpid(None, Some(WaitPidFlag::WNOHANG)) {
            let Some(pid) = status.pid() else {
                return;
            };
            if matches!(status, WaitStatus::Exited(..) | WaitStatus::Signaled(..)) {
                self.bury(pid, status);
            }
        }
    }

    /// Hears a program's last words and says so if its `end` was not among them.
    fn bury(&mut self, pid: Pid, status: WaitStatus) {
        let Some(child) = self.children.remove(&pid) else {
            return;
        };
        let (program, peer) = (child.program, child.peer);
        let mut lines = Vec::new();
        child.finish(|line| lines.push(line.to_vec()));
        for line in lines {
            self.heard(pid, program, &line);
        }
        let silent = self.tally.gone(&pid, self.clock.elapsed());
        let how = match status {
            // Some programs tell of our own signal in their exit code.
            WaitStatus::Exited(_, code) if !silent && (code == 0 || self.ending.is_some()) => return,
            WaitStatus::Signaled(_, signal, _) => format!("was killed by {signal}"),
            WaitStatus::Exited(_, code) => format!("exited with code {code}"),
            _ => return,
        };
        let rest = if silent { " without its end event" } else { "" };
        self.screen.note(&format!("{program}[{pid}]: served {peer} and {how}{rest}"));
    }

    /// Stops listening and asks every program to end.
    fn begin_end(&mut self) {
        self.doors.clear();
        self.ending = Some(self.clock.elapsed() + PATIENCE);
        for child in self.children.values() {
            child.signal(Signal::SIGTERM);
        }
    }

    /// Ends what has not ended by itself and shows the last count.
    fn end(&mut self) {
        for child in self.children.values() {
            child.signal(Signal::SIGKILL);
        }
        let left: Vec<Pid> = self.children.keys().copied().collect();
        for pid in left {
            // Certain to return: nothing survives SIGKILL.
            if let Ok(status) = waitpid(pid, None) {
                self.bury(pid, status);
            }
        }
        let count = self.tally.count(self.clock.elapsed());
        self.screen.clear();
        self.screen.note(&format!(
            "Ended. Connections: {}; time held: {}, the longest {}; refused: {}.",
            count.connections,
            Time(count.time),
            Time(count.longest),
            count.refused
        ));
        self.screen.finish(&self.clock, LAST_WORDS);
    }

    /// Shows the status when it is due: on a terminal every second, elsewhere every minute, and
    /// only if it changed.
    fn show_status(&mut self) {
        let now = self.clock.elapsed();
        let status = self.tally.count(now).to_string();
        let terminal = self.screen.terminal();
        if !terminal && now < self.show_at {
            return;
        }
        self.show_at = now + if terminal { Duration::from_secs(1) } else { MINUTE };
        if status != self.shown {
            self.screen.status(&status);
            self.shown = status;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_no_part_of_an_event() {
        for (line, text) in [
            ("smtarpit[42]: end id=1", "end id=1"),
            ("end id=1", "end id=1"),
            ("smtarpit[42] end", "smtarpit[42] end"),
            ("tarpop[42]: end", "tarpop[42]: end"),
            ("smtarpit[", "smtarpit["),
            ("", ""),
        ] {
            assert_eq!(without_tag(line.as_bytes(), "smtarpit"), text.as_bytes(), "{line}");
        }
    }

    #[test]
    fn only_a_plain_line_passes_for_one_of_another_server() {
        let line = "dovecot: pop3-login: Disconnected: Inactivity";
        assert_eq!(mirrored(line.as_bytes()), Some(line));
        for line in ["dovecotx: a", "dovecot", "tarpop[1]: dovecot: a", "dovecot: \x1b[2J", "dovecot: \u{e4}"]
        {
            assert_eq!(mirrored(line.as_bytes()), None, "{line:?}");
        }
    }
}
