//! The calls for which no safe wrapper exists: the only module in which `unsafe` is allowed.

#![expect(unsafe_code, reason = "each use says why it is sound")]

pub mod heap;
pub mod tree;

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

/// How many bytes the kernel has that the peer has not acknowledged (tcp(7), SIOCOUTQ); of a connection that was
/// broken off they are lost. 0 when the descriptor is no socket.
pub fn unacknowledged(socket: BorrowedFd<'_>) -> u64 {
    let mut bytes: libc::c_int = 0;
    // SAFETY: the kernel writes one int to `bytes`, which lives on this stack; the descriptor is borrowed, so it
    // is open. Linux has SIOCOUTQ under the number of TIOCOUTQ.
    let done = unsafe { libc::ioctl(socket.as_raw_fd(), libc::TIOCOUTQ, &raw mut bytes) };
    if done == 0 { u64::try_from(bytes).unwrap_or_default() } else { 0 }
}

/// What to wait for with [`poll`]; without a descriptor for nothing.
pub fn watch(fd: Option<BorrowedFd<'_>>, events: i16) -> libc::pollfd {
    // The kernel skips what is negative.
    libc::pollfd { fd: fd.map_or(-1, |fd| fd.as_raw_fd()), events, revents: 0 }
}

/// poll(2) for so many milliseconds at most: how many have something. The safe wrapper does not know
/// POLLRDHUP, which says that a peer has closed its side while there is more to read.
pub fn poll(fds: &mut [libc::pollfd], milliseconds: i32) -> nix::Result<i32> {
    let count = libc::nfds_t::try_from(fds.len()).unwrap_or(0);
    // SAFETY: the kernel reads and writes as many entries as there are; a descriptor that is not open is
    // told in its entry.
    nix::errno::Errno::result(unsafe { libc::poll(fds.as_mut_ptr(), count, milliseconds) })
}

/// Gives back to the kernel what the work until now has needed: a process that holds a peer for days should
/// not keep the memory that parsing its flags or making a page took.
pub fn forget_work() {
    #[cfg(test)]
    FORGOTTEN.set(FORGOTTEN.get() + 1);
    heap::trim();
    // SAFETY: glibc's malloc_trim takes no pointers and may be called at any time.
    #[cfg(target_env = "gnu")]
    unsafe {
        libc::malloc_trim(0);
    }
    forget_text();
    forget_stack();
}

#[cfg(test)]
thread_local! {
    /// How often this thread has called [`forget_work`].
    pub static FORGOTTEN: std::cell::Cell<u32> = const { std::cell::Cell::new(0) };
}

#[cfg(target_pointer_width = "64")]
type Header = libc::Elf64_Phdr;
#[cfg(target_pointer_width = "32")]
type Header = libc::Elf32_Phdr;

/// Unmaps the pages of the program itself, its instructions and its constants. The few that a held
/// connection runs on come back from the page cache when they are next used; most will not be, for days.
fn forget_text() {
    // SAFETY: getauxval(3) only looks up a number that the kernel gave this process.
    let told = |kind| unsafe { libc::getauxval(kind) };
    let headers = std::ptr::with_exposed_provenance::<Header>(told(libc::AT_PHDR) as usize);
    let count = usize::try_from(told(libc::AT_PHNUM)).unwrap_or_default();
    if headers.is_null() || told(libc::AT_PHENT) as usize != size_of::<Header>() {
        return;
    }
    // SAFETY: the kernel says that so many program headers of this size are there; they are a part of
    // the program, mapped as long as it runs, and nobody writes to them.
    let headers = unsafe { std::slice::from_raw_parts(headers, count) };
    let span = |header: &Header| {
        let start = header.p_vaddr as usize;
        start..start.saturating_add(header.p_memsz as usize)
    };
    let written = |header: &Header| header.p_flags & libc::PF_W != 0;
    let loaded = headers.iter().filter(|header| header.p_type == libc::PT_LOAD);
    // The headers of a program that was moved when it was loaded do not say where it is; ours are not.
    let here = forget_text as fn() as usize;
    let is_there = loaded.clone().any(|header| span(header).contains(&here));
    for header in loaded.filter(|header| is_there && !written(header)) {
        let span = span(header);
        let (start, end) = (span.start.next_multiple_of(PAGE), span.end & !(PAGE - 1));
        // SAFETY: the range is file-backed and never written to, so that dropping its pages loses
        // nothing; the two pages at its ends, which may have other neighbours, are left alone.
        unsafe { forget(std::ptr::with_exposed_provenance_mut(start), end.saturating_sub(start)) };
    }
}

/// Gives back the stack below this call, where deeper calls have been.
#[inline(never)]
fn forget_stack() {
    /// More than this is never used by start-up.
    const DEPTH: usize = 64 * PAGE;
    let here = 0_u8;
    // A page below is left alone, for this call and the one it makes. The frame of a signal would lie
    // there too, and would be gone before the call goes on.
    let end = (&raw const here).map_addr(|address| (address & !(PAGE - 1)).saturating_sub(PAGE));
    let start = end.map_addr(|address| address.saturating_sub(DEPTH));
    // SAFETY: everything below the stack pointer (and the red zone, which is smaller than the margin)
    // is dead. Parts of the range that are not mapped are skipped by the kernel.
    unsafe { forget(start.cast_mut(), DEPTH) };
}

/// Tells the kernel that nobody needs what is in these pages.
///
/// # Safety
/// Nobody reads what the pages hold before writing to them, unless it is the same as in a file behind them.
unsafe fn forget(start: *mut u8, length: usize) {
    // SAFETY: the caller's promise is passed on; a range that is not there is an error without effect.
    unsafe {
        libc::madvise(start.cast(), length, libc::MADV_DONTNEED);
    }
}

/// The kernel's page; on machines with larger ones, madvise(2) refuses and nothing is lost.
const PAGE: usize = 4096;
