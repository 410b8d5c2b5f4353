//! A `tarpit-run` that runs beside the test.

use std::io::Read;
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;

use nix::sys::signal::Signal;

use super::{Dir, Process, until};

pub const TARPIT_RUN: &str = env!("CARGO_BIN_EXE_tarpit-run");

/// A `tarpit-run` that runs, and everything it has said.
pub struct Running {
    pub process: Process,
    pub out: Said,
    pub err: Said,
    dir: Dir,
}

/// What came out of a pipe so far.
#[derive(Clone)]
pub struct Said(Arc<Mutex<Vec<u8>>>);

impl Said {
    fn by(mut pipe: impl Read + Send + 'static) -> Self {
        let said = Said(Arc::default());
        let kept = said.clone();
        thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(count @ 1..) = pipe.read(&mut bytes) {
                kept.0.lock().unwrap().extend_from_slice(&bytes[..count]);
            }
        });
        said
    }

    pub fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).expect("what we print is text")
    }

    /// Waits until this was said so many times.
    pub fn has(&self, what: &str, times: usize) -> String {
        let found = || {
            let text = self.text();
            (text.matches(what).count() >= times).then_some(text)
        };
        let heard = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| until(what, found)));
        heard.unwrap_or_else(|_| panic!("{what:?} was not said {times} times: {}", self.text()))
    }
}

impl Running {
    pub fn start(args: &[&str]) -> Self {
        Self::command(Command::new(TARPIT_RUN).args(args))
    }

    pub fn command(command: &mut Command) -> Self {
        let dir = Dir::new();
        command.env("XDG_RUNTIME_DIR", dir.path("")).env_remove("SUNDEW_CONFIG");
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut process = Process::start(command);
        let child = process.child();
        let out = Said::by(child.stdout.take().unwrap());
        let err = Said::by(child.stderr.take().unwrap());
        Running { process, out, err, dir }
    }

    /// With another program in the place of smtarpit.
    pub fn with(program: &Path, more: &[&str]) -> Self {
        let program = program.to_str().unwrap();
        Self::start(&[&["--listen", "127.0.0.1:0", "--program", program], more].concat())
    }

    /// Where it listens, by its own word.
    pub fn address(&self) -> SocketAddr {
        address(&until("where it listens", || {
            assert!(!self.err.text().contains("tarpit-run:"), "{}", self.err.text());
            [&self.out, &self.err].map(Said::text).into_iter().find(|text| text.contains("Ctrl-C ends"))
        }))
    }

    /// Ends it with Ctrl-C; its exit code, and all it has said.
    pub fn end(mut self) -> (Option<i32>, String) {
        self.process.signal(Signal::SIGINT);
        let status = self.process.wait("tarpit-run ends");
        let last = self.out.has("Ended.", 1);
        let left: Vec<_> = std::fs::read_dir(self.dir.path("")).unwrap().collect();
        assert!(left.is_empty(), "left behind: {left:?}");
        (status.code(), last)
    }
}

/// Where the first service listens, by the words of the welcome.
pub fn address(text: &str) -> SocketAddr {
    let (_, rest) = text.split_once("listens on ").expect("a place");
    rest.split_whitespace().next().unwrap().parse().unwrap()
}
