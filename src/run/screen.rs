//! What the operator sees: lines that scroll, and on a terminal a status line that stays below them.

use chrono::{DateTime, FixedOffset, SecondsFormat};
use std::fmt::Display;
use std::io::{self, IsTerminal};
use std::os::fd::BorrowedFd;
use std::time::Duration;

use super::options::Form;
use super::outlet::Outlet;
use super::show::Readable;
use crate::clock::Clock;
use crate::event::Event;
use crate::sys::{Standard, standard};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

/// Standard output and standard error, in one of two forms.
///
/// An output that is closed or full is no reason to let anybody go, so nothing here can fail or wait.
pub struct Screen {
    form: Form,
    /// Events, and in [`Form::Live`] everything else.
    out: Outlet,
    /// What is not an event, in [`Form::Plain`].
    aside: Outlet,
    terminal: bool,
    /// What stands in the last line of the terminal.
    status: String,
    host: String,
}

impl Screen {
    pub fn new(form: Form) -> Self {
        let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
        Screen {
            form,
            terminal: form == Form::Live && io::stdout().is_terminal(),
            out: Outlet::of(standard(Standard::Output)),
            aside: Outlet::of(standard(Standard::Error)),
            status: String::new(),
            host: host.split_whitespace().next().unwrap_or("localhost").to_owned(),
        }
    }

    /// Whether the status can be redrawn at any time.
    pub fn terminal(&self) -> bool {
        self.terminal
    }

    /// Shows an event: for reading, or as a syslog file has it.
    pub fn event(&mut self, event: &Event, who: &dyn Display, when: DateTime<FixedOffset>) {
        match self.form {
            Form::Live => self.line(&format!("{}  {}", when.format("%H:%M:%S"), Readable(event))),
            Form::Plain => {
                let when = when.to_rfc3339_opts(SecondsFormat::Micros, false);
                self.line(&format!("{when} {} {who}: {event}", self.host));
            }
        }
    }

    /// Shows a line of a log that has the tag of another server, which other programs may read.
    pub fn mirror(&mut self, line: &str, when: DateTime<FixedOffset>) {
        match self.form {
            Form::Live => self.line(&format!("{}  {line}", when.format("%H:%M:%S"))),
            Form::Plain => {
                let when = when.to_rfc3339_opts(SecondsFormat::Micros, false);
                self.line(&format!("{when} {} {line}", self.host));
            }
        }
    }

    /// Says something that is not an event.
    pub fn note(&mut self, text: &str) {
        match self.form {
            Form::Live => self.line(text),
            Form::Plain => self.aside.say(&format!("{text}\n")),
        }
    }

    /// Puts this into the last line of the terminal; elsewhere it is a line like any other.
    pub fn status(&mut self, text: &str) {
        if self.terminal {
            text.clone_into(&mut self.status);
            // One that nobody looks at is drawn with the next line.
            if self.out.waits().is_none() {
                self.out.say(&format!("\r{}", self.last_line()));
            }
        } else {
            self.note(text);
        }
    }

    /// Takes the status line away.
    pub fn clear(&mut self) {
        self.status.clear();
        if self.terminal {
            self.out.say("\r\x1b[K");
        }
    }

    fn line(&mut self, text: &str) {
        if self.terminal {
            self.out.say(&format!("\r\x1b[K{text}\n{}", self.last_line()));
        } else {
            self.out.say(&format!("{text}\n"));
        }
    }

    /// The status, cut by the terminal instead of wrapped: a line that is longer than the window
    /// could not be redrawn in place.
    fn last_line(&self) -> String {
        format!("\x1b[?7l{}\x1b[K\x1b[?7h", self.status)
    }

    /// What to poll for room.
    pub fn waits(&self) -> impl Iterator<Item = BorrowedFd<'_>> {
        [&self.out, &self.aside].into_iter().filter_map(Outlet::waits)
    }

    /// Writes what nobody has read so far, as far as somebody reads now.
    pub fn flush(&mut self) {
        self.out.flush();
        self.aside.flush();
        let lost = [&mut self.out, &mut self.aside].into_iter().filter_map(Outlet::take_lost).sum::<u64>();
        if lost > 0 {
            self.note(&format!("tarpit-run: {lost} lines were not read in time and are lost"));
        }
    }

    /// The same at the end, when so much time is left for it.
    pub fn finish(&mut self, clock: &impl Clock, time: Duration) {
        let until = clock.elapsed() + time;
        self.flush();
        while clock.elapsed() < until {
            let wait = PollTimeout::try_from(until.saturating_sub(clock.elapsed()));
            let mut fds: Vec<_> = self.waits().map(|fd| PollFd::new(fd, PollFlags::POLLOUT)).collect();
            if fds.is_empty() || poll(&mut fds, wait.unwrap_or(PollTimeout::ZERO)).is_err() {
                return;
            }
            self.flush();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::outlet::piped;
    use std::io::{PipeReader, Read as _};

    struct Seen(PipeReader);

    impl Seen {
        /// What has come since the last time.
        fn text(&self) -> String {
            let mut bytes = [0; 4096];
            let mut fds = [PollFd::new(std::os::fd::AsFd::as_fd(&self.0), PollFlags::POLLIN)];
            let is_there = poll(&mut fds, PollTimeout::ZERO).unwrap() > 0;
            let count = if is_there { (&self.0).read(&mut bytes).unwrap() } else { 0 };
            String::from_utf8(bytes[..count].to_vec()).unwrap()
        }
    }

    fn screen(form: Form, terminal: bool) -> (Screen, Seen, Seen) {
        let ((out, seen), (aside, seen_aside)) = (piped(), piped());
        let screen = Screen { form, out, aside, terminal, status: String::new(), host: "pit".into() };
        (screen, Seen(seen), Seen(seen_aside))
    }

    fn event(screen: &mut Screen) {
        let event = "refuse id=1 peer=192.0.2.7 why=slots busy=35".parse().unwrap();
        let when = "2026-03-01T12:34:56.5+01:00".parse().unwrap();
        screen.event(&event, &"smtarpit[42]", when);
    }

    #[test]
    fn the_status_line_stays_below() {
        let (mut screen, out, _) = screen(Form::Live, true);
        screen.status("1 held");
        out.text();
        event(&mut screen);
        let text = out.text();
        assert!(text.starts_with("\r\x1b[K12:34:56  192.0.2.7"), "{text:?}");
        assert!(text.ends_with("\n\x1b[?7l1 held\x1b[K\x1b[?7h"), "{text:?}");
        screen.clear();
        screen.note("bye");
        assert!(!out.text().contains("held"));
    }

    #[test]
    fn no_control_codes_without_a_terminal() {
        let (mut screen, out, aside) = screen(Form::Live, false);
        screen.status("1 held");
        event(&mut screen);
        screen.clear();
        let text = out.text();
        assert!(text.starts_with("1 held\n12:34:56  "), "{text:?}");
        assert!(!text.contains('\x1b'));
        assert_eq!(aside.text(), "");
    }

    #[test]
    fn the_plain_form_is_a_log_file() {
        let (mut screen, out, aside) = screen(Form::Plain, false);
        screen.note("hello");
        event(&mut screen);
        assert_eq!(
            out.text(),
            "2026-03-01T12:34:56.500000+01:00 pit smtarpit[42]: \
             refuse id=1 peer=192.0.2.7 why=slots busy=35\n"
        );
        assert_eq!(aside.text(), "hello\n");
    }

    #[test]
    fn what_another_server_would_log_is_a_line_of_the_log_too() {
        let when = "2026-03-01T12:34:56.5+01:00".parse().unwrap();
        let line = "dovecot: pop3-login: Login: user=<a>";
        let (mut plain, out, aside) = screen(Form::Plain, false);
        plain.mirror(line, when);
        assert_eq!(out.text(), format!("2026-03-01T12:34:56.500000+01:00 pit {line}\n"));
        assert_eq!(aside.text(), "");
        let (mut live, out, _) = screen(Form::Live, false);
        live.mirror(line, when);
        assert_eq!(out.text(), format!("12:34:56  {line}\n"));
    }
}
