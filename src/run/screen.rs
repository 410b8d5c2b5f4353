//! What the operator sees: lines that scroll, and on a terminal a status line that stays below them.

use chrono::{DateTime, FixedOffset, SecondsFormat};
use std::fmt::Display;
use std::io::{self, IsTerminal, Write};

use super::options::Form;
use super::show::Readable;
use crate::event::Event;

/// Standard output and standard error, in one of two forms.
///
/// An output that is closed or full is no reason to let anybody go, so nothing here can fail.
pub struct Screen {
    form: Form,
    /// Events, and in [`Form::Live`] everything else.
    out: Box<dyn Write>,
    /// What is not an event, in [`Form::Plain`].
    aside: Box<dyn Write>,
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
            out: Box::new(io::stdout()),
            aside: Box::new(io::stderr()),
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
            Form::Plain => {
                let _ = writeln!(self.aside, "{text}");
            }
        }
    }

    /// Puts this into the last line of the terminal; elsewhere it is a line like any other.
    pub fn status(&mut self, text: &str) {
        if self.terminal {
            text.clone_into(&mut self.status);
            let status = self.last_line();
            self.write(&format!("\r{status}"));
        } else {
            self.note(text);
        }
    }

    /// Takes the status line away.
    pub fn clear(&mut self) {
        self.status.clear();
        if self.terminal {
            self.write("\r\x1b[K");
        }
    }

    fn line(&mut self, text: &str) {
        if self.terminal {
            let status = self.last_line();
            self.write(&format!("\r\x1b[K{text}\n{status}"));
        } else {
            self.write(&format!("{text}\n"));
        }
    }

    /// The status, cut by the terminal instead of wrapped: a line that is longer than the window
    /// could not be redrawn in place.
    fn last_line(&self) -> String {
        format!("\x1b[?7l{}\x1b[K\x1b[?7h", self.status)
    }

    /// One write for each change, so that nothing else on the terminal comes between.
    fn write(&mut self, text: &str) {
        let _ = self.out.write_all(text.as_bytes());
        let _ = self.out.flush();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::RefCell;
    use std::rc::Rc;

    #[derive(Clone, Default)]
    struct Seen(Rc<RefCell<Vec<u8>>>);

    impl Write for Seen {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.borrow_mut().write(bytes)
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl Seen {
        fn text(&self) -> String {
            String::from_utf8(self.0.take()).unwrap()
        }
    }

    fn screen(form: Form, terminal: bool) -> (Screen, Seen, Seen) {
        let (out, aside) = (Seen::default(), Seen::default());
        let screen = Screen {
            form,
            out: Box::new(out.clone()),
            aside: Box::new(aside.clone()),
            terminal,
            status: String::new(),
            host: "pit".into(),
        };
        (screen, out, aside)
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
