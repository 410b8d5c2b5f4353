//! A directory that nothing else can be reached from.

use std::ffi::CString;
use std::io;
use std::os::fd::{FromRawFd as _, OwnedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

/// Opens a directory as the root of a mount of its own, open_tree(2): who makes it the working directory finds
/// what is in it now and later, but no way up, so that it does not lead out of a new root directory as any
/// other descriptor of a directory would. It can only be searched, and is gone when it is closed.
///
/// # Errors
/// Needs CAP_SYS_ADMIN and Linux 5.2.
pub fn alone(dir: &Path) -> io::Result<OwnedFd> {
    let path = CString::new(dir.as_os_str().as_bytes())?;
    let flags = libc::OPEN_TREE_CLONE | libc::OPEN_TREE_CLOEXEC;
    // SAFETY: the kernel reads the path, which ends with a NUL and lives until the call is over.
    let fd = unsafe { libc::syscall(libc::SYS_open_tree, libc::AT_FDCWD, path.as_ptr(), flags) };
    match i32::try_from(fd) {
        // SAFETY: the kernel has just opened it, for nobody else.
        Ok(fd @ 0..) => Ok(unsafe { OwnedFd::from_raw_fd(fd) }),
        _ => Err(io::Error::last_os_error()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::fd::AsRawFd as _;

    #[test]
    fn no_way_leads_up() {
        let dir = std::env::temp_dir().join(format!("sundew-tree-{}", std::process::id()));
        std::fs::create_dir_all(dir.join("in/it")).unwrap();
        let alone = alone(&dir.join("in"));
        if nix::unistd::geteuid().is_root() {
            let alone = alone.unwrap();
            let fd = alone.as_raw_fd();
            for way in ["", "/..", "/../../.."] {
                let found = std::fs::read_dir(format!("/proc/self/fd/{fd}{way}")).unwrap();
                let found: Vec<_> = found.map(|entry| entry.unwrap().file_name()).collect();
                assert_eq!(found, ["it"], "{way}");
            }
        } else {
            assert_eq!(alone.unwrap_err().raw_os_error(), Some(libc::EPERM));
        }
        std::fs::remove_dir_all(dir).unwrap();
    }
}
