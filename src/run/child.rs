//! One started program: its connection, its environment, and what it says on fd 2.

use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use std::io::{self, PipeReader, Read};
use std::net::{SocketAddr, TcpStream};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::process::Command;

use super::service::Program;

/// The longest line that is kept whole; events are shorter.
const LONGEST: usize = 8 * 1024;

/// The most that is read of a program that has ended. A pipe holds less; only something that the
/// program left behind could go on writing.
const LAST_WORDS: usize = 1024 * 1024;

/// A program with its connection.
#[derive(Debug)]
pub struct Child {
    pub pid: Pid,
    pub peer: SocketAddr,
    pub program: &'static str,
    /// `None` after the program closed its end.
    log: Option<PipeReader>,
    lines: Lines,
}

impl Child {
    /// Starts the program as a super-server does: the connection on fd 0 and 1, who it is in the
    /// environment as tcpserver says it, no other descriptor of ours, no signal blocked (the
    /// standard library empties the mask), and its own process group, so that a Ctrl-C at the
    /// terminal is ours alone to hand on.
    ///
    /// # Errors
    /// The system has no process or descriptor to spare, or the program is no longer there.
    pub fn start(program: &Program, stream: TcpStream, peer: SocketAddr) -> io::Result<Child> {
        let local = plain(stream.local_addr()?);
        let remote = plain(peer);
        let (reader, writer) = io::pipe()?;
        fcntl(&reader, FcntlArg::F_SETFL(OFlag::O_NONBLOCK))?;
        // The programs write to a pipe each, so that a half line of one never joins another's.
        let child = Command::new(&program.path)
            .args(&program.args)
            .env("PROTO", "TCP")
            .env("TCPLOCALIP", local.ip().to_string())
            .env("TCPLOCALPORT", local.port().to_string())
            .env("TCPREMOTEIP", remote.ip().to_string())
            .env("TCPREMOTEPORT", remote.port().to_string())
            .env_remove("TCPLOCALHOST")
            .env_remove("TCPREMOTEHOST")
            .env_remove("TCPREMOTEINFO")
            .stdout(OwnedFd::from(stream.try_clone()?))
            .stdin(OwnedFd::from(stream))
            .stderr(writer)
            .process_group(0)
            .spawn()?;
        let pid = i32::try_from(child.id()).map_err(io::Error::other)?;
        Ok(Child {
            pid: Pid::from_raw(pid),
            peer: remote,
            program: program.service.program,
            log: Some(reader),
            lines: Lines::default(),
        })
    }

    /// What to poll for the program's next words.
    pub fn log(&self) -> Option<BorrowedFd<'_>> {
        self.log.as_ref().map(AsFd::as_fd)
    }

    /// Reads once and hands over the lines that are complete.
    pub fn read(&mut self, heard: impl FnMut(&[u8])) {
        self.read_some(heard);
    }

    /// Reads what a program that has ended left behind, an unfinished line included.
    pub fn finish(mut self, mut heard: impl FnMut(&[u8])) {
        let mut left = LAST_WORDS;
        while let Some(count) = self.read_some(&mut heard) {
            left = left.saturating_sub(count);
            if left == 0 {
                break;
            }
        }
        self.lines.last(heard);
    }

    /// Asks the program, and whatever it started, to end.
    pub fn signal(&self, signal: Signal) {
        // It may have ended by itself a moment ago.
        let _ = killpg(self.pid, signal);
    }

    /// How many bytes one read brought; `None` when there are none now or will never be more.
    fn read_some(&mut self, heard: impl FnMut(&[u8])) -> Option<usize> {
        let mut bytes = [0; 4096];
        match self.log.as_mut()?.read(&mut bytes) {
            Ok(0) => self.log = None,
            Ok(count) => {
                self.lines.push(&bytes[..count], heard);
                return Some(count);
            }
            Err(error) => match error.kind() {
                io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted => {}
                _ => self.log = None,
            },
        }
        None
    }
}

/// An IPv4 peer of an IPv6 listener is an IPv4 peer.
fn plain(address: SocketAddr) -> SocketAddr {
    SocketAddr::new(address.ip().to_canonical(), address.port())
}

/// Makes lines out of pieces and never keeps more than [`LONGEST`].
#[derive(Debug, Default)]
struct Lines(Vec<u8>);

impl Lines {
    fn push(&mut self, bytes: &[u8], mut heard: impl FnMut(&[u8])) {
        for piece in bytes.split_inclusive(|&byte| byte == b'\n') {
            let text = piece.strip_suffix(b"\n");
            let room = LONGEST.saturating_sub(self.0.len());
            self.0.extend(text.unwrap_or(piece).iter().take(room));
            if text.is_some() {
                heard(&self.0);
                self.0.clear();
            }
        }
    }

    fn last(self, mut heard: impl FnMut(&[u8])) {
        if !self.0.is_empty() {
            heard(&self.0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(pieces: &[&[u8]]) -> Vec<Vec<u8>> {
        let mut seen = Vec::new();
        let mut lines = Lines::default();
        for piece in pieces {
            lines.push(piece, |line| seen.push(line.to_vec()));
        }
        lines.last(|line| seen.push(line.to_vec()));
        seen
    }

    #[test]
    fn pieces_cut_anywhere_give_the_same_lines() {
        let text = b"one\n\ntwo three\nrest";
        let whole = lines(&[text]);
        assert_eq!(whole, [&b"one"[..], b"", b"two three", b"rest"]);
        for size in 1..text.len() {
            assert_eq!(lines(&text.chunks(size).collect::<Vec<_>>()), whole, "{size}");
        }
    }

    #[test]
    fn a_line_without_end_is_cut() {
        let piece = [b'x'; 4096];
        let seen = lines(&[&piece[..]; 100]);
        assert_eq!(seen.iter().map(Vec::len).collect::<Vec<_>>(), [LONGEST]);
    }

    #[test]
    fn a_mapped_address_is_an_ipv4_address() {
        assert_eq!(plain("[::ffff:192.0.2.7]:25".parse().unwrap()).to_string(), "192.0.2.7:25");
        assert_eq!(plain("[2001:db8::7]:25".parse().unwrap()).to_string(), "[2001:db8::7]:25");
    }
}
