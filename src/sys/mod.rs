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

/// Gives back to the kernel what start-up needed: a process that holds a peer for days should not
/// keep the memory that parsing its flags took.
pub fn forget_start_up() {
    heap::trim();
    // SAFETY: glibc's malloc_trim takes no pointers and may be called at any time.
    #[cfg(target_env = "gnu")]
    unsafe {
        libc::malloc_trim(0);
    }
    forget_text();
    forget_stack();
}

/// Unmaps the pages of the program itself. The few that a held connection runs on come back from the
/// page cache when they are next used; most will not be, for days.
fn forget_text() {
    unsafe extern "C" {
        /// Where the program begins and where its instructions end; the linker knows.
        static __executable_start: u8;
        static etext: u8;
    }
    let (start, end) = (&raw const __executable_start, &raw const etext);
    let start = start.map_addr(|address| address.next_multiple_of(PAGE));
    // SAFETY: the range is file-backed and never written to, so that dropping its pages loses
    // nothing; only addresses of the two symbols are used.
    unsafe {
        libc::madvise(start.cast_mut().cast(), end.addr().saturating_sub(start.addr()), libc::MADV_DONTNEED);
    }
}

/// Gives back the stack below this call, where start-up's deeper calls have been.
#[inline(never)]
fn forget_stack() {
    /// More than this is never used by start-up.
    const DEPTH: usize = 64 * PAGE;
    let here = 0_u8;
    // Four pages below are left alone: for this call, those it makes, and signal frames.
    let end = (&raw const here).map_addr(|address| (address & !(PAGE - 1)).saturating_sub(4 * PAGE));
    let start = end.map_addr(|address| address.saturating_sub(DEPTH));
    // SAFETY: everything below the stack pointer (and the red zone, which is smaller than the margin)
    // is dead. Parts of the range that are not mapped are skipped by the kernel.
    unsafe {
        libc::madvise(start.cast_mut().cast(), DEPTH, libc::MADV_DONTNEED);
    }
}

/// The kernel's page; on machines with larger ones, madvise(2) refuses and nothing is lost.
const PAGE: usize = 4096;
