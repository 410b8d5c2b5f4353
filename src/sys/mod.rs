//! The calls for which no safe wrapper exists: the only module in which `unsafe` is allowed.

#![expect(unsafe_code, reason = "each use says why it is sound")]

pub mod heap;

use std::os::fd::{AsRawFd, BorrowedFd};
use std::time::Duration;

/// The descriptors on which a super-server hands over the connection, and stderr. Going through
/// [`std::io::stdin`] would allocate its 8 kB buffer.
pub fn standard(number: Standard) -> BorrowedFd<'static> {
    // SAFETY: Rust's start-up code opens /dev/null on any of the three that is closed, and this
    // program never closes them.
    unsafe { BorrowedFd::borrow_raw(number as i32) }
}

/// fd 0, 1 and 2.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standard {
    Input = 0,
    Output = 1,
    Error = 2,
}

/// How long ago the peer's kernel was last heard of: its last ACK or its last data, whichever is
/// later (tcp(7), TCP_INFO). `None` when the descriptor is no TCP socket.
pub fn last_heard(socket: BorrowedFd<'_>) -> Option<Duration> {
    let mut info = std::mem::MaybeUninit::<libc::tcp_info>::zeroed();
    let mut length = libc::socklen_t::try_from(size_of::<libc::tcp_info>()).ok()?;
    // SAFETY: the kernel writes at most `length` bytes into `info`, which is that large and lives
    // on this stack; the descriptor is borrowed, so it is open.
    let done = unsafe {
        libc::getsockopt(
            socket.as_raw_fd(),
            libc::IPPROTO_TCP,
            libc::TCP_INFO,
            info.as_mut_ptr().cast(),
            &raw mut length,
        )
    };
    if done != 0 {
        return None;
    }
    // SAFETY: every byte was zeroed, the type is plain integers, and the kernel has filled it.
    let info = unsafe { info.assume_init() };
    Some(Duration::from_millis(u64::from(info.tcpi_last_ack_recv.min(info.tcpi_last_data_recv))))
}

/// Gives the pages that start-up needed and freed back to the kernel: a process that holds a peer
/// for days should not keep what parsing its flags took.
pub fn trim_heap() {
    heap::trim();
    // SAFETY: glibc's malloc_trim takes no pointers and may be called at any time; this program
    // has one thread.
    #[cfg(target_env = "gnu")]
    unsafe {
        libc::malloc_trim(0);
    }
}
