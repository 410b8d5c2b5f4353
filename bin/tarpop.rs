//! `tarpop`: one POP3 conversation on fd 0 and 1.

use std::process::ExitCode;

#[global_allocator]
static HEAP: sundew::sys::heap::Heap = sundew::sys::heap::Heap;

fn main() -> ExitCode {
    sundew::start::start::<sundew::config::Tarpop>()
}
