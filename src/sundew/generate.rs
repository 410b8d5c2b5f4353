//! `sundew generate`: the whole site as files, for any web server.
//!
//! The site is written beside the directory and takes its place in one step, so that a web server never has
//! half of it. Nothing is thrown away that was not made here: a mark beside the directory says which one was.

use crate::web::site::{Network, Site};
use crate::web::{Document, Found};
use fs2::FileExt as _;
use nix::fcntl::{AT_FDCWD, RenameFlags, renameat2};
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Read as _, Seek as _, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// Nobody's network: those who come to files are not known.
const NOBODY: Option<Network> = None;

/// How many files were written, and how many bytes and addresses are in them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Written {
    pub files: u64,
    pub bytes: u64,
    pub addresses: u64,
}

/// How many files there will be.
pub fn count(site: &Site) -> u64 {
    site.map().count() + site.files().len() as u64
}

/// Writes the site to `dir`. `wrote` is called after each file.
///
/// # Errors
/// When the directory is neither new nor empty nor made here, or cannot be written.
pub fn generate(site: &Site, dir: &Path, wrote: &mut dyn FnMut()) -> io::Result<Written> {
    let place = Place::of(dir)?;
    let mut mark = place.claim()?;
    // Another run that was cut off may have left its work; the claim says that there is no other one now.
    remove(&place.draft)?;
    let written = write(site, &place.draft, wrote).inspect_err(|_| _ = remove(&place.draft))?;
    let mode = fs::metadata(&place.dir).map(|meta| meta.permissions());
    if let Ok(permissions) = mode {
        fs::set_permissions(&place.draft, permissions)?;
        renameat2(AT_FDCWD, &place.draft, AT_FDCWD, &place.dir, RenameFlags::RENAME_EXCHANGE)?;
        remove(&place.draft)?;
    } else {
        fs::rename(&place.draft, &place.dir)?;
    }
    mark.set_len(0)?;
    mark.rewind()?;
    mark.write_all(name(&fs::metadata(&place.dir)?).as_bytes())?;
    Ok(written)
}

/// Where the site goes, and what stands beside it.
struct Place {
    dir: PathBuf,
    draft: PathBuf,
    mark: PathBuf,
}

impl Place {
    fn of(dir: &Path) -> io::Result<Self> {
        let dir = match fs::canonicalize(dir) {
            Ok(dir) => dir,
            Err(error) if error.kind() == ErrorKind::NotFound => {
                let parent = dir.parent().filter(|parent| !parent.as_os_str().is_empty());
                let parent = fs::canonicalize(parent.unwrap_or(Path::new(".")))?;
                let name = dir.file_name().ok_or_else(|| io::Error::other("it has no name"))?;
                parent.join(name)
            }
            Err(error) => return Err(error),
        };
        let name = dir.file_name().ok_or_else(|| io::Error::other("it has no name"))?.to_string_lossy();
        let beside = |ending: &str| dir.with_file_name(format!(".{name}.{ending}"));
        Ok(Place { draft: beside("new"), mark: beside("sundew"), dir })
    }

    /// Sees to it that the directory may be replaced, and that nobody else replaces it now.
    fn claim(&self) -> io::Result<File> {
        let mark = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .custom_flags(libc::O_NOFOLLOW)
            .open(&self.mark);
        let mut mark =
            mark.map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", self.mark.display())))?;
        mark.try_lock_exclusive().map_err(|_| io::Error::other("it is being written by another process"))?;
        let mut made = String::new();
        (&mut mark).take(100).read_to_string(&mut made)?;
        let is_free = match fs::metadata(&self.dir) {
            Err(error) if error.kind() == ErrorKind::NotFound => true,
            Err(error) => return Err(error),
            Ok(meta) => name(&meta) == made || fs::read_dir(&self.dir)?.next().is_none(),
        };
        if is_free {
            return Ok(mark);
        }
        if made.is_empty() {
            let _ = fs::remove_file(&self.mark);
        }
        Err(io::Error::other("it is not empty, and was not made by sundew generate"))
    }
}

/// What tells a directory from every other one.
fn name(meta: &fs::Metadata) -> String {
    format!("{}:{}\n", meta.dev(), meta.ino())
}

/// Removes a directory that was made here, if it is there.
fn remove(dir: &Path) -> io::Result<()> {
    match fs::remove_dir_all(dir) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        done => done,
    }
}

fn write(site: &Site, dir: &Path, wrote: &mut dyn FnMut()) -> io::Result<Written> {
    let mut written = Written::default();
    let mut last = PathBuf::new();
    let mut keep = |path: &str, document: &Document| -> io::Result<()> {
        let file = file(dir, path);
        let parent = file.parent().unwrap_or(dir);
        // Pages of one directory mostly come one after the other.
        if last != parent {
            fs::create_dir_all(parent)?;
            last = parent.to_owned();
        }
        let mut file = File::create(&file)?;
        file.write_all(&document.body)?;
        // A web server tells visitors when a file was last changed.
        file.set_modified(SystemTime::from(document.modified))?;
        written.files += 1;
        written.bytes += document.body.len() as u64;
        written.addresses += document.shown.map_or(0, |shown| u64::from(shown.addresses));
        wrote();
        Ok(())
    };
    fs::create_dir(dir)?;
    for page in site.map().all() {
        keep(&site.path(page), &site.document(page, NOBODY))?;
    }
    for path in site.files() {
        if let Found::Document(document) = site.find(&path, NOBODY) {
            keep(&path, &document)?;
        }
    }
    Ok(written)
}

/// The file of a path. Paths are made of our own words, so that none leads out of the directory.
fn file(dir: &Path, path: &str) -> PathBuf {
    let index = if path.ends_with('/') { "index.html" } else { "" };
    dir.join(format!("{}{index}", path.trim_start_matches('/')))
}
