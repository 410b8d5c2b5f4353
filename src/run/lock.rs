//! A private place where the programs count their connections, gone when we are.

use rand::RngExt;
use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::PathBuf;

/// A directory that is made when it is first needed and removed when this is dropped.
#[derive(Debug, Default)]
pub struct LockDir(Option<PathBuf>);

impl LockDir {
    /// The directory for one program, mode 0700, made now.
    ///
    /// # Errors
    /// Neither `$XDG_RUNTIME_DIR` nor the system's directory for temporary files lets us make one.
    pub fn of(&mut self, program: &str) -> io::Result<PathBuf> {
        let base = match self.0.take() {
            Some(base) => base,
            None => fresh()?,
        };
        let dir = self.0.insert(base).join(program);
        DirBuilder::new().mode(0o700).create(&dir)?;
        Ok(dir)
    }
}

impl Drop for LockDir {
    fn drop(&mut self) {
        if let Some(dir) = &self.0 {
            // Nobody is left to be told; what stays behind is an empty directory.
            let _ = fs::remove_dir_all(dir);
        }
    }
}

/// Makes a directory that did not exist. Its name cannot be guessed, and `create` fails on
/// anything that is there already, a planted link included.
fn fresh() -> io::Result<PathBuf> {
    let name = format!("tarpit-run-{:016x}", rand::make_rng::<crate::Rng>().random::<u64>());
    let runtime = std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from);
    let mut failed = io::Error::from(io::ErrorKind::NotFound);
    for parent in runtime.into_iter().chain([std::env::temp_dir()]) {
        let dir = parent.join(&name);
        match DirBuilder::new().mode(0o700).create(&dir) {
            Ok(()) => return Ok(dir),
            Err(error) => failed = error,
        }
    }
    Err(failed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn is_private_and_removed_with_everything_in_it() {
        let mut locks = LockDir::default();
        let smtp = locks.of("smtarpit").unwrap();
        let pop3 = locks.of("tarpop").unwrap();
        let base = smtp.parent().unwrap().to_owned();
        assert_eq!(pop3.parent(), Some(base.as_path()));
        for dir in [&smtp, &base] {
            assert_eq!(fs::metadata(dir).unwrap().permissions().mode() & 0o777, 0o700);
        }
        fs::write(smtp.join("1"), "").unwrap();
        drop(locks);
        assert!(!base.exists());
    }
}
