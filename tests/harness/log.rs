//! What the programs log, as it arrives: through a syslog socket of the test's own, or through the
//! stderr that tcpserver hands on.

use std::io::{BufRead, BufReader, Read};
use std::os::fd::AsRawFd as _;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::{UnixDatagram, UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::socket;
use sundew::event::{Event, NotAnEvent, Reason, Seconds, What};

use super::PATIENCE;
use super::talk::Talk;

/// One line as it came, and what it means.
#[derive(Debug, Clone)]
pub struct Line {
    /// The whole line with its header, made readable.
    pub raw: String,
    /// The bytes as they came.
    pub bytes: Vec<u8>,
    /// The text after `tag[pid]: `, or the whole line if it has no such header: the lines under the
    /// tag of a real server, which stand beside the events if that is asked for, have none.
    pub text: String,
    /// The pid of the header.
    pub pid: Option<i32>,
    pub event: Result<Event, NotAnEvent>,
}

impl Line {
    /// Takes a line apart, whatever stands before its tag.
    pub fn new(bytes: &[u8]) -> Self {
        let raw = String::from_utf8_lossy(bytes).into_owned();
        // The first tag is the line's; a peer may have written another one behind it.
        let tag = |tag: &&str| raw.find(*tag).map(|at| at + tag.len());
        let (pid, text) = match ["smtarpit[", "tarpop[", "sundew[", "dovecot: "].iter().filter_map(tag).min()
        {
            Some(end) if raw[..end].ends_with('[') => match raw[end..].split_once("]: ") {
                Some((pid, text)) => (pid.parse().ok(), text.to_owned()),
                None => (None, raw.clone()),
            },
            _ => (None, raw.clone()),
        };
        let event = text.trim_end_matches('\n').parse();
        Line { raw, bytes: bytes.to_vec(), text, pid, event }
    }
}

/// A log that fills while the test runs.
pub struct Log {
    shared: Arc<Shared>,
    socket: Option<PathBuf>,
}

#[derive(Default)]
struct Shared {
    lines: Mutex<Vec<Line>>,
    came: Condvar,
}

impl Shared {
    fn push(&self, bytes: &[u8]) {
        self.lines.lock().unwrap().push(Line::new(bytes));
        self.came.notify_all();
    }
}

impl Log {
    /// Listens where syslogd would: a datagram socket at this path, open to everybody.
    pub fn socket(path: &Path) -> Self {
        let socket = UnixDatagram::bind(path).expect("bind the log socket");
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o666)).unwrap();
        let shared = Arc::new(Shared::default());
        let theirs = shared.clone();
        thread::spawn(move || {
            let mut buffer = vec![0; 65536];
            // An empty datagram is ours: see Drop.
            while let Ok(count @ 1..) = socket.recv(&mut buffer) {
                theirs.push(&buffer[..count]);
            }
        });
        Log { shared, socket: Some(path.to_owned()) }
    }

    /// Reads the lines of a pipe.
    pub fn pipe(pipe: impl Read + Send + 'static) -> Self {
        let shared = Arc::new(Shared::default());
        let theirs = shared.clone();
        thread::spawn(move || {
            let mut pipe = BufReader::new(pipe);
            let mut line = Vec::new();
            while pipe.read_until(b'\n', &mut line).is_ok_and(|count| count > 0) {
                theirs.push(line.strip_suffix(b"\n").unwrap_or(&line));
                line.clear();
            }
        });
        Log { shared, socket: None }
    }

    /// Reads what comes over a stream that listens where syslogd would, each line with a NUL behind it.
    pub fn stream(listener: UnixListener) -> Self {
        let shared = Arc::new(Shared::default());
        let theirs = shared.clone();
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (mut stream, theirs) = (BufReader::new(stream.unwrap()), theirs.clone());
                thread::spawn(move || {
                    let mut line = Vec::new();
                    while stream.read_until(0, &mut line).is_ok_and(|count| count > 0) {
                        theirs.push(line.strip_suffix(b"\0").unwrap_or(&line));
                        line.clear();
                    }
                });
            }
        });
        Log { shared, socket: None }
    }

    pub fn lines(&self) -> Vec<Line> {
        self.shared.lines.lock().unwrap().clone()
    }

    /// Every line that is an event.
    pub fn events(&self) -> Vec<Event> {
        self.lines().into_iter().filter_map(|line| line.event.ok()).collect()
    }

    /// Waits until the lines so far give an answer.
    pub fn until<T>(&self, what: &str, answer: impl Fn(&[Line]) -> Option<T>) -> T {
        let deadline = Instant::now() + PATIENCE;
        let mut lines = self.shared.lines.lock().unwrap();
        loop {
            if let Some(answer) = answer(&lines) {
                return answer;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left == Duration::ZERO {
                let raw: Vec<String> = lines.iter().map(|line| line.raw.clone()).collect();
                // Not while the lock is held, or the listener would panic as well.
                drop(lines);
                panic!("the log never had {what}, only {raw:#?}");
            }
            lines = self.shared.came.wait_timeout(lines, left).unwrap().0;
        }
    }

    /// Waits for an event.
    pub fn wait(&self, what: &str, is: impl Fn(&Event) -> bool) -> Event {
        self.until(what, |lines| {
            lines.iter().filter_map(|line| line.event.as_ref().ok()).find(|event| is(event)).cloned()
        })
    }

    /// Waits until there are so many events of a kind, and returns them.
    pub fn count(&self, word: &str, count: usize) -> Vec<Event> {
        self.until(&format!("{count} times {word:?}"), |lines| {
            let found: Vec<Event> = lines
                .iter()
                .filter_map(|line| line.event.as_ref().ok())
                .filter(|event| event.what.word() == word)
                .cloned()
                .collect();
            (found.len() >= count).then_some(found)
        })
    }

    /// Waits for the `connect` of a connection of ours.
    pub fn connect_of(&self, talk: &Talk) -> Event {
        let ours = talk.port();
        self.wait(
            &format!("connect port={ours}"),
            |event| matches!(event.what, What::Connect { port, .. } if port == Some(ours)),
        )
    }

    /// Waits for the `end` of a connection of ours.
    pub fn end_of(&self, talk: &Talk) -> End {
        let id = self.connect_of(talk).id;
        self.end(&format!("end id={id}"), |event| event.id == id)
    }

    /// Waits for an `end`.
    pub fn end(&self, what: &str, is: impl Fn(&Event) -> bool) -> End {
        let event = self.wait(what, |event| matches!(event.what, What::End { .. }) && is(event));
        End::of(&event).expect("it is an end")
    }
}

impl Drop for Log {
    fn drop(&mut self) {
        if let Some(path) = &self.socket
            && let Ok(socket) = UnixDatagram::unbound()
        {
            let _ = socket.send_to(&[], path);
        }
    }
}

/// A stream that listens where syslogd would, and those who wait to be accepted: so many that connect(2) waits.
pub fn stalled(path: &Path) -> (UnixListener, Vec<UnixStream>) {
    let open = |flags| {
        let kind = socket::SockType::Stream;
        socket::socket(socket::AddressFamily::Unix, kind, flags, None).unwrap()
    };
    let address = socket::UnixAddr::new(path).unwrap();
    let listener = open(socket::SockFlag::SOCK_CLOEXEC);
    socket::bind(listener.as_raw_fd(), &address).unwrap();
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o666)).unwrap();
    socket::listen(&listener, socket::Backlog::new(1).unwrap()).unwrap();
    let mut waiting = Vec::new();
    loop {
        let next = open(socket::SockFlag::SOCK_CLOEXEC | socket::SockFlag::SOCK_NONBLOCK);
        match socket::connect(next.as_raw_fd(), &address) {
            Ok(()) => waiting.push(next.into()),
            Err(error) => {
                assert_eq!(error, nix::errno::Errno::EAGAIN);
                return (listener.into(), waiting);
            }
        }
    }
}

/// An `end` event, with what tests ask of it at hand.
#[derive(Debug, Clone)]
pub struct End {
    pub event: Event,
    pub held: Duration,
    pub stage: String,
    pub reason: Reason,
    pub bytes_in: u64,
    pub bytes_out: u64,
    pub commands: u64,
}

impl End {
    pub fn of(event: &Event) -> Option<Self> {
        let What::End { held, stage, reason, bytes_in, bytes_out, commands, .. } = &event.what else {
            return None;
        };
        Some(End {
            event: event.clone(),
            held: Seconds::duration(*held),
            stage: stage.to_string(),
            reason: *reason,
            bytes_in: *bytes_in,
            bytes_out: *bytes_out,
            commands: *commands,
        })
    }
}
