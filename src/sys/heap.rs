//! An allocator that forgets start-up: what parsing the options took goes back to the kernel whole.
//!
//! clap frees what it used, but glibc keeps the freed pieces for itself in per-thread caches, and
//! those keep nearly every page of them for the days that a peer may be held: 36 kB of the 100 that
//! a connection may take. So what is allocated between [`begin`] and [`end`] comes out of an arena
//! that only goes forward, and counts for each page how many allocations are still alive on it.
//! [`trim`] returns the pages that have none. Before, after, and when the arena is full, the
//! system's allocator serves.
//!
//! Only `smtarpit` and its like declare it; nothing changes for programs that do not call [`begin`].

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::UnsafeCell;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicBool, AtomicU16, AtomicUsize, Ordering::Relaxed};

/// The allocator; a program declares it with `#[global_allocator]`.
pub struct Heap;

const PAGE: usize = 4096;
const PAGES: usize = 128;
const SIZE: usize = PAGE * PAGES;

/// Zeroed memory that the kernel provides when a page of it is touched.
#[repr(align(4096))]
struct Room(UnsafeCell<[u8; SIZE]>);

// SAFETY: nothing reads or writes the room but the owners of what was allocated in it, and no two
// allocations overlap, because `USED` is moved by compare-and-exchange.
unsafe impl Sync for Room {}

static ROOM: Room = Room(UnsafeCell::new([0; SIZE]));
/// Whether allocations come out of the room.
static OPEN: AtomicBool = AtomicBool::new(false);
/// How much of it is used.
static USED: AtomicUsize = AtomicUsize::new(0);
/// How many allocations are alive on each page.
static ALIVE: [AtomicU16; PAGES] = [const { AtomicU16::new(0) }; PAGES];

/// Start-up begins.
pub fn begin() {
    OPEN.store(true, Relaxed);
}

/// Start-up is over: what is allocated from now on stays.
pub fn end() {
    OPEN.store(false, Relaxed);
}

/// Gives pages of the room on which nothing is alive back to the kernel. The program that calls it
/// has one thread and has called [`end`].
pub fn trim() {
    let used = USED.load(Relaxed).div_ceil(PAGE);
    let is_dead = |page: usize| ALIVE.get(page).is_some_and(|alive| alive.load(Relaxed) == 0);
    let mut page = 0;
    while page < used {
        let run = (page..used).take_while(|page| is_dead(*page)).count();
        if run > 0 {
            // SAFETY: the pages lie in the room, no allocation touches them, and none will be made
            // there again. Their contents become zero, which nobody sees.
            unsafe { super::forget(ROOM.0.get().cast::<u8>().add(page * PAGE), run * PAGE) };
        }
        page += run.max(1);
    }
}

/// Where in the room an allocation is, if it is there.
fn place(pointer: *mut u8) -> Option<usize> {
    let offset = pointer.addr().wrapping_sub(ROOM.0.get().addr());
    (offset < SIZE).then_some(offset)
}

/// The pages on which the bytes from one offset to another lie.
fn pages(from: usize, to: usize) -> &'static [AtomicU16] {
    ALIVE.get(from / PAGE..to.div_ceil(PAGE)).unwrap_or_default()
}

fn take(layout: Layout) -> Option<NonNull<u8>> {
    if !OPEN.load(Relaxed) {
        return None;
    }
    let fit = |used: usize| Some((used.checked_next_multiple_of(layout.align())?, layout.size()));
    let end = |used| fit(used).and_then(|(from, size)| from.checked_add(size)).filter(|end| *end <= SIZE);
    let before = USED.fetch_update(Relaxed, Relaxed, end).ok()?;
    let (from, size) = fit(before)?;
    pages(from, from + size).iter().for_each(|alive| {
        alive.fetch_add(1, Relaxed);
    });
    // SAFETY: `from` is inside the room, as its end is.
    NonNull::new(unsafe { ROOM.0.get().cast::<u8>().add(from) })
}

/// Makes an allocation larger or smaller where it is, if that is possible.
fn resize(from: usize, old: usize, new: usize) -> bool {
    let newest =
        from + new <= SIZE && USED.compare_exchange(from + old, from + new, Relaxed, Relaxed).is_ok();
    if !newest && new > old {
        return false;
    }
    pages(from, from + new).iter().for_each(|alive| {
        alive.fetch_add(1, Relaxed);
    });
    pages(from, from + old).iter().for_each(|alive| {
        alive.fetch_sub(1, Relaxed);
    });
    true
}

fn give(from: usize, size: usize) {
    pages(from, from + size).iter().for_each(|alive| {
        alive.fetch_sub(1, Relaxed);
    });
    // The newest allocation can be taken back.
    let _ = USED.compare_exchange(from + size, from, Relaxed, Relaxed);
}

// Inlined at every allocation of clap, these would add a third to the program.
// SAFETY: memory of the room is handed out once at a time, aligned (the room is aligned to a page,
// and larger alignments are left to the system) and as large as asked; all else is the system's.
unsafe impl GlobalAlloc for Heap {
    #[inline(never)]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        match take(layout).filter(|_| layout.align() <= PAGE) {
            Some(pointer) => pointer.as_ptr(),
            // SAFETY: the caller's promise is passed on.
            None => unsafe { System.alloc(layout) },
        }
    }

    #[inline(never)]
    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        match place(pointer) {
            Some(from) => give(from, layout.size()),
            // SAFETY: it is not from the room, so it is from the system, with this layout.
            None => unsafe { System.dealloc(pointer, layout) },
        }
    }

    #[inline(never)]
    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        match place(pointer) {
            // SAFETY: it is from the system, with this layout.
            None => return unsafe { System.realloc(pointer, layout, size) },
            Some(from) if OPEN.load(Relaxed) && resize(from, layout.size(), size) => return pointer,
            Some(_) => {}
        }
        // SAFETY: the caller promises that `size` does not overflow with this alignment, and that
        // the old allocation is alive; the new one is another, and both are as long as is copied.
        unsafe {
            let fresh = self.alloc(Layout::from_size_align_unchecked(size, layout.align()));
            if !fresh.is_null() {
                fresh.copy_from_nonoverlapping(pointer, layout.size().min(size));
                self.dealloc(pointer, layout);
            }
            fresh
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One test, since there is one room.
    #[test]
    fn what_start_up_took_is_given_back_and_what_lives_stays() {
        let layout = Layout::from_size_align(3000, 8).unwrap();
        let fill = |pointer: *mut u8, byte: u8, size: usize| unsafe { pointer.write_bytes(byte, size) };
        let holds = |pointer: *mut u8, byte: u8, size: usize| {
            unsafe { std::slice::from_raw_parts(pointer, size) }.iter().all(|b| *b == byte)
        };
        unsafe {
            let system = Heap.alloc(layout);
            assert!(place(system).is_none(), "closed, the system serves");
            begin();
            let dead: Vec<_> = (0..20).map(|_| Heap.alloc(layout)).collect();
            let alive = Heap.alloc(layout);
            assert!(dead.iter().chain([&alive]).all(|pointer| place(*pointer).is_some()));
            dead.iter().for_each(|pointer| fill(*pointer, 1, 3000));
            fill(alive, 2, 3000);
            let newest = Heap.alloc(layout);
            let grown = Heap.realloc(newest, layout, 9000);
            assert!(grown == newest, "the newest grows where it is");
            let shrunk = Heap.realloc(dead[0], layout, 1000);
            assert!(shrunk == dead[0], "any shrinks where it is");
            let wanted = Layout::from_size_align(1000, 8).unwrap();
            let back = Heap.realloc(shrunk, wanted, 3000);
            assert!(back != shrunk && holds(back, 1, 1000), "an old one moves to grow");
            Heap.dealloc(back, layout);
            let huge = Layout::from_size_align(SIZE, 8).unwrap();
            let large = Heap.alloc(huge);
            assert!(!large.is_null() && place(large).is_none(), "full, the system serves");
            Heap.dealloc(large, huge);
            end();
            dead.iter().skip(1).for_each(|pointer| Heap.dealloc(*pointer, layout));
            trim();
            assert!(holds(alive, 2, 3000));
            assert!(holds(dead[0], 0, 3000), "its page is new");
            let moved = Heap.realloc(alive, layout, 5000);
            assert!(place(moved).is_none() && holds(moved, 2, 3000), "closed, it moves out");
            Heap.dealloc(moved, Layout::from_size_align(5000, 8).unwrap());
            Heap.dealloc(grown, Layout::from_size_align(9000, 8).unwrap());
            Heap.dealloc(system, layout);
            assert!(ALIVE.iter().all(|alive| alive.load(Relaxed) == 0));
        }
    }
}
