use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

use chrono::DateTime;
use rand::SeedableRng as _;
use sundew::Rng;
use sundew::clock::{Clock, System};
use sundew::drive::{Came, Drive, Wire};
use sundew::engine::Mode;
use sundew::event::Reason;
use sundew::lines::Lines;
use sundew::pace::Schedule;
use sundew::persona::http::Name;
use sundew::web::http::Policy;
use sundew::web::pacing::Pace;
use sundew::web::session::Session;
use sundew::web::{Content, Document, Found, Media};

use super::{FILES, HOST, MODIFIED};

/// Our server with the documents of the tests.
pub struct Ours {
    pub address: SocketAddr,
}

impl Ours {
    /// Answers on a port of its own, and says that it is at another; without a pace it holds nobody.
    pub fn start(name: Name, port: u16, pace: Option<Pace>) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        thread::spawn(move || {
            for stream in listener.incoming() {
                let stream = stream.unwrap();
                thread::spawn(move || serve(stream, name, port, pace));
            }
        });
        Ours { address }
    }
}

fn serve(stream: TcpStream, name: Name, port: u16, pace: Option<Pace>) {
    let policy =
        Policy { persona: name.persona(), hostname: HOST.into(), port, content: Box::new(Documents) };
    let ordinary = pace.unwrap_or(Pace::Day).pacing();
    let schedule = Schedule { name: "day".into(), ordinary, profiles: Vec::new() };
    let clock = System::start();
    let rng = Rng::seed_from_u64(u64::from(stream.peer_addr().unwrap().port()));
    let mut session = Session::new(policy, schedule, pace.is_none(), clock.wall(), rng);
    let mut wire =
        Socket { stream, lines: Lines::new(), clock: &clock, closed: false, told: false, gone: false };
    Drive::new(&mut wire, &clock, 1.0, &mut |_| {}).run(&mut session, []);
}

/// The documents, at their paths.
struct Documents;

impl Content for Documents {
    fn find(&self, _host: &str, path: &str) -> Found {
        let at = |name: &str| FILES.iter().find(|(file, _)| *file == name);
        let name = path.strip_prefix('/').expect("a path begins with a slash");
        let index = format!("{name}index.html");
        let found = if path.ends_with('/') { at(&index) } else { at(name) };
        match found {
            Some((file, text)) => Found::Document(Box::new(Document {
                body: text.as_bytes().to_vec(),
                media: match file.rsplit('.').next() {
                    Some("css") => Media::Css,
                    Some("txt") => Media::Text,
                    Some("xml") => Media::Xml,
                    Some("svg") => Media::Svg,
                    _ => Media::Html,
                },
                modified: DateTime::parse_from_rfc3339(MODIFIED).unwrap().to_utc(),
                depth: 1,
                shown: None,
            })),
            None if at(&format!("{name}/index.html")).is_some() => Found::Directory,
            None => Found::Missing,
        }
    }
}

/// A socket as [`Drive`] wants it.
struct Socket<'c> {
    stream: TcpStream,
    lines: Lines,
    clock: &'c System,
    closed: bool,
    told: bool,
    gone: bool,
}

impl Wire for Socket<'_> {
    fn say(&mut self, bytes: &[u8]) {
        self.gone |= self.stream.write_all(bytes).is_err();
    }

    fn replied(&mut self, at: Duration) {
        self.lines.replied(at);
    }

    fn wait(&mut self, want: Option<Mode>, until: Duration, line: &mut Vec<u8>) -> Came {
        loop {
            if let Some(taken) = want.and_then(|mode| self.lines.next(mode, line)) {
                return Came::Line(taken);
            }
            if self.gone {
                return Came::Gone(Reason::Hangup);
            }
            if self.closed && (want.is_some() || !self.told) {
                self.told = true;
                return Came::Closed;
            }
            let left = until.saturating_sub(self.clock.elapsed());
            if left.is_zero() {
                return Came::Time;
            }
            if self.closed || self.lines.room() == 0 {
                thread::sleep(left);
                continue;
            }
            self.stream.set_read_timeout(Some(left)).unwrap();
            let mut buffer = [0; sundew::lines::QUEUE];
            let room = self.lines.room();
            match self.stream.read(&mut buffer[..room]) {
                Ok(0) => self.closed = true,
                Ok(count) => self.lines.feed(&buffer[..count], self.clock.elapsed()),
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => {}
                Err(_) => self.gone = true,
            }
        }
    }

    /// Lets the peer read the answer before unread bytes of its own reset the connection.
    fn close(&mut self) {
        let _ = self.stream.shutdown(Shutdown::Write);
        let _ = self.stream.set_read_timeout(Some(Duration::from_millis(800)));
        let mut buffer = [0; 4096];
        while self.stream.read(&mut buffer).is_ok_and(|count| count > 0) {}
    }

    fn last_seen(&mut self) -> Duration {
        self.clock.elapsed()
    }

    fn counts(&self) -> (u64, u64) {
        (0, 0)
    }
}
