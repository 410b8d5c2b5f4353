//! `sundew`: one HTTP connection on fd 0 and 1, one CGI request, or a command at a shell.

use std::process::ExitCode;

#[global_allocator]
static HEAP: sundew::sys::heap::Heap = sundew::sys::heap::Heap;

fn main() -> ExitCode {
    sundew::start::start::<sundew::config::Sundew>()
}
