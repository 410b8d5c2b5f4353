//! A scripted peer: it connects from an address it chooses, says bytes, and reads until it has seen
//! what it waits for.

use std::io::{ErrorKind, Read, Write};
use std::net::{IpAddr, Shutdown, SocketAddr, TcpStream};
use std::os::fd::{AsRawFd, OwnedFd};
use std::time::{Duration, Instant};

use nix::sys::socket::{self, AddressFamily, SockFlag, SockType, SockaddrStorage};

use super::PATIENCE;

/// One connection to a server under test.
pub struct Talk {
    pub stream: TcpStream,
    pub began: Instant,
    /// Read, but not asked for yet.
    ahead: Vec<u8>,
}

impl Talk {
    /// Connects from whatever address the kernel chooses.
    pub fn to(address: SocketAddr) -> Self {
        Self::with(TcpStream::connect_timeout(&address, PATIENCE).expect("connect"))
    }

    /// Connects from this address, such as one of 127.0.0.0/8.
    pub fn from(source: IpAddr, address: SocketAddr) -> Self {
        let family = match source {
            IpAddr::V4(_) => AddressFamily::Inet,
            IpAddr::V6(_) => AddressFamily::Inet6,
        };
        let fd: OwnedFd = socket::socket(family, SockType::Stream, SockFlag::SOCK_CLOEXEC, None).unwrap();
        let source = SockaddrStorage::from(SocketAddr::new(source, 0));
        socket::bind(fd.as_raw_fd(), &source).expect("bind the source address");
        socket::connect(fd.as_raw_fd(), &SockaddrStorage::from(address)).expect("connect");
        Self::with(TcpStream::from(fd))
    }

    fn with(stream: TcpStream) -> Self {
        stream.set_write_timeout(Some(PATIENCE)).unwrap();
        Talk { stream, began: Instant::now(), ahead: Vec::new() }
    }

    /// Our own port, which names the connection in its `connect` event.
    pub fn port(&self) -> u16 {
        self.stream.local_addr().unwrap().port()
    }

    /// Sends bytes as they are.
    pub fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.stream.write_all(bytes.as_ref()).expect("send");
    }

    /// Sends a line with its CR LF.
    pub fn say(&mut self, line: &str) {
        self.send(format!("{line}\r\n"));
    }

    /// Says a line and returns the complete reply.
    pub fn ask(&mut self, line: &str) -> String {
        self.say(line);
        self.reply()
    }

    /// Says that nothing more will come.
    pub fn finish(&mut self) {
        let _ = self.stream.shutdown(Shutdown::Write);
    }

    /// Reads up to and with this text.
    pub fn hear(&mut self, text: &str) -> String {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(at) = find(&self.ahead, text.as_bytes()) {
                let heard = self.ahead.drain(..at + text.len()).collect();
                return String::from_utf8(heard).expect("a server speaks ASCII");
            }
            assert!(self.more(deadline), "no {text:?} came, only {:?}", String::from_utf8_lossy(&self.ahead));
        }
    }

    /// One line, without its CR LF.
    pub fn line(&mut self) -> String {
        let line = self.hear("\r\n");
        line.trim_end_matches("\r\n").to_owned()
    }

    /// A complete SMTP reply: every line of it, with LF between them.
    pub fn reply(&mut self) -> String {
        let mut reply = String::new();
        loop {
            let line = self.line();
            let last = line.as_bytes().get(3) != Some(&b'-');
            reply.push_str(&line);
            if last {
                return reply;
            }
            reply.push('\n');
        }
    }

    /// Says a line and returns the one line that answers it, as in POP3.
    pub fn asks(&mut self, line: &str) -> String {
        self.say(line);
        self.line()
    }

    /// The lines of a reply of POP3 up to its dot, without that.
    pub fn listing(&mut self) -> Vec<String> {
        std::iter::from_fn(|| Some(self.line()).filter(|line| line != ".")).collect()
    }

    /// Everything until the server closes.
    pub fn rest(&mut self) -> Vec<u8> {
        let deadline = Instant::now() + PATIENCE;
        while self.more(deadline) {}
        std::mem::take(&mut self.ahead)
    }

    /// Whether at least one byte comes within this time; it stays to be read.
    pub fn hears_within(&mut self, time: Duration) -> bool {
        !self.ahead.is_empty() || self.more_or_late(Instant::now() + time) == Some(true)
    }

    /// What came, as it is.
    pub fn hear_anything(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.ahead)
    }

    /// Whether the server closes within this time; what it says before is kept to be read.
    pub fn closes_within(&mut self, time: Duration) -> bool {
        let deadline = Instant::now() + time;
        loop {
            match self.more_or_late(deadline) {
                Some(true) => {}
                Some(false) => return true,
                None => return false,
            }
        }
    }

    /// What came and was not asked for yet.
    pub fn unread(&self) -> &[u8] {
        &self.ahead
    }

    fn more(&mut self, deadline: Instant) -> bool {
        self.more_or_late(deadline).unwrap_or_else(|| {
            panic!("the server neither spoke nor closed; unread: {:?}", String::from_utf8_lossy(&self.ahead))
        })
    }

    /// Reads once: whether there was something, or `None` when the deadline passed.
    fn more_or_late(&mut self, deadline: Instant) -> Option<bool> {
        let left = deadline.saturating_duration_since(Instant::now());
        self.stream.set_read_timeout(Some(left.max(Duration::from_millis(1)))).unwrap();
        let mut buffer = [0; 4096];
        match self.stream.read(&mut buffer) {
            Ok(0) => Some(false),
            Ok(count) => {
                self.ahead.extend_from_slice(&buffer[..count]);
                Some(true)
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => None,
            Err(error) if error.kind() == ErrorKind::Interrupted => self.more_or_late(deadline),
            // A reset is an end, too.
            Err(_) => Some(false),
        }
    }
}

/// Where one text is in another.
pub fn find(all: &[u8], part: &[u8]) -> Option<usize> {
    all.windows(part.len()).position(|window| window == part)
}
