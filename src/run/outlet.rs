//! An output that may have a reader who does not read: it never keeps us waiting, and what it does not take
//! at once waits in memory, up to a limit.

use nix::errno::Errno;
use nix::fcntl::OFlag;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::socket::{MsgFlags, send};
use std::fs::{File, OpenOptions};
use std::os::fd::{AsFd, AsRawFd as _, BorrowedFd, OwnedFd};
use std::os::unix::fs::{FileTypeExt as _, OpenOptionsExt as _};

/// How many bytes wait for a reader; what is said beyond that is lost.
const MOST: usize = 256 * 1024;

/// A pipe that has room at all takes so much at once (PIPE_BUF).
const PIECE: usize = 4096;

/// An output, and what it has not taken yet.
pub struct Outlet {
    /// `None` when there is no such output.
    to: Option<OwnedFd>,
    is_socket: bool,
    waiting: Vec<u8>,
    lost: u64,
}

impl Outlet {
    /// One that writes to this descriptor of the process. A pipe and a terminal are opened anew, so that they
    /// can be told not to keep us waiting without telling that to others who have them too.
    pub fn of(fd: BorrowedFd<'_>) -> Self {
        let own = fd.try_clone_to_owned().map(File::from);
        let kind = own.as_ref().ok().and_then(|file| file.metadata().ok()).map(|about| about.file_type());
        let anew = kind.filter(|kind| kind.is_fifo() || kind.is_char_device()).and_then(|_| {
            let flags = OFlag::O_NONBLOCK | OFlag::O_NOCTTY;
            let path = format!("/proc/self/fd/{}", fd.as_raw_fd());
            OpenOptions::new().write(true).custom_flags(flags.bits()).open(path).ok()
        });
        Outlet {
            to: anew.or(own.ok()).map(OwnedFd::from),
            is_socket: kind.is_some_and(|kind| kind.is_socket()),
            waiting: Vec::new(),
            lost: 0,
        }
    }

    /// Writes this text, now or as soon as somebody reads, or not at all if too much waits already.
    pub fn say(&mut self, text: &str) {
        match self.waiting.len() + text.len() > MOST {
            true => self.lost += 1,
            false => self.waiting.extend_from_slice(text.as_bytes()),
        }
        self.flush();
    }

    /// Writes what waits, as far as it is taken.
    pub fn flush(&mut self) {
        let mut done = 0;
        while let Some(rest) = self.waiting.get(done..).filter(|rest| !rest.is_empty()) {
            match self.write(rest) {
                Ok(count) => done += count,
                Err(Errno::EINTR) => {}
                Err(Errno::EAGAIN) => break,
                // A reader that is gone is no reason to keep anything, nor to let anybody go.
                Err(_) => done = self.waiting.len(),
            }
        }
        self.waiting.drain(..done);
    }

    /// Writes a piece if that is possible at once.
    fn write(&self, bytes: &[u8]) -> nix::Result<usize> {
        let Some(to) = &self.to else { return Ok(bytes.len()) };
        if self.is_socket {
            return send(to.as_raw_fd(), bytes, MsgFlags::MSG_DONTWAIT | MsgFlags::MSG_NOSIGNAL);
        }
        // For those that could not be opened anew.
        match poll(&mut [PollFd::new(to.as_fd(), PollFlags::POLLOUT)], PollTimeout::ZERO)? {
            0 => Err(Errno::EAGAIN),
            _ => nix::unistd::write(to, bytes.get(..PIECE).unwrap_or(bytes)),
        }
    }

    /// What to poll for room, while something waits for it.
    pub fn waits(&self) -> Option<BorrowedFd<'_>> {
        self.to.as_ref().filter(|_| !self.waiting.is_empty()).map(AsFd::as_fd)
    }

    /// How many texts were lost, told once, when the reader reads again.
    pub fn take_lost(&mut self) -> Option<u64> {
        let lost = if self.waiting.is_empty() { std::mem::take(&mut self.lost) } else { 0 };
        (lost > 0).then_some(lost)
    }
}

/// For the tests of those who write.
#[cfg(test)]
pub fn piped() -> (Outlet, std::io::PipeReader) {
    let (reader, writer) = std::io::pipe().unwrap();
    (Outlet::of(writer.as_fd()), reader)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;
    use std::os::unix::net::UnixStream;

    #[test]
    fn who_does_not_read_loses_lines_and_is_told_how_many() {
        let (ours, theirs) = UnixStream::pair().unwrap();
        let (pipe, reader) = piped();
        let outlets: [(Outlet, Box<dyn Read + Send>); 2] =
            [(pipe, Box::new(reader)), (Outlet::of(ours.as_fd()), Box::new(theirs))];
        drop(ours);
        for (mut outlet, mut reader) in outlets {
            let line = format!("{}\n", "x".repeat(99));
            let most = 10 * MOST / line.len();
            for _ in 0..most {
                outlet.say(&line);
            }
            assert!(outlet.waits().is_some() && outlet.waiting.len() <= MOST);
            assert_eq!(outlet.take_lost(), None);
            let reading = std::thread::spawn(move || {
                let mut all = String::new();
                reader.read_to_string(&mut all).unwrap();
                all
            });
            while let Some(fd) = outlet.waits() {
                poll(&mut [PollFd::new(fd, PollFlags::POLLOUT)], PollTimeout::NONE).unwrap();
                outlet.flush();
            }
            let lost = outlet.take_lost().unwrap();
            drop(outlet);
            let read = reading.join().unwrap();
            assert!(read.split_inclusive('\n').all(|read| read == line));
            assert_eq!(read.lines().count() as u64 + lost, most as u64);
        }
    }

    #[test]
    fn who_is_gone_is_owed_nothing() {
        let (mut outlet, reader) = piped();
        drop(reader);
        outlet.say("hello\n");
        assert!(outlet.waits().is_none() && outlet.take_lost().is_none());
    }
}
