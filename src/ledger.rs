//! A small file that several processes write and a crash cannot spoil.
//!
//! It has two records, of which the older one is overwritten, and each has a number and a check sum: a
//! half-written record is no record, and the one before still is. Who reads, decides and writes does so under
//! the file's lock, which the kernel drops when its holder is gone. The file is opened before the program
//! gives up its privileges; after that it is one descriptor.

use fs2::FileExt as _;
use std::fmt::Display;
use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{FileExt as _, OpenOptionsExt as _};
use std::path::Path;
use std::time::Duration;

/// Tells the operator once that what should be kept cannot be, a full disk for example; the conversation goes
/// on.
#[derive(Default)]
pub struct Complaint {
    tell: Option<fn(&str)>,
}

impl Complaint {
    /// One that goes to this function; the default goes nowhere.
    pub fn to(tell: fn(&str)) -> Self {
        Complaint { tell: Some(tell) }
    }

    /// Tells of it, unless something was told before.
    pub fn make(&mut self, about: &str, why: impl Display) {
        if let Some(tell) = self.tell.take() {
            tell(&format!("{about}: {why}"));
        }
    }
}

/// Why a file that others have locked for so long is not used.
pub const LOCKED: &str = "another program has had it locked for a second";

/// Bytes of the form, of the number and of the check sum.
const MAGIC: usize = 4;
const NUMBER: usize = 8;
const SUM: usize = 8;

/// An open file of two records.
pub struct Ledger {
    file: File,
    /// What a record begins with: its form.
    magic: [u8; MAGIC],
    /// How many bytes a record holds.
    size: usize,
}

/// What a record holds, and which of the two is the newer one.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Record {
    pub number: u64,
    /// Empty if there is none yet.
    pub body: Vec<u8>,
}

impl Ledger {
    /// Opens the file, which is made if `new`. Records hold `size` bytes.
    pub fn open(path: &Path, magic: [u8; MAGIC], size: usize, new: bool) -> io::Result<Self> {
        let flags = libc::O_NOFOLLOW | libc::O_NONBLOCK;
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(new)
            .mode(0o660)
            .custom_flags(flags)
            .open(path)?;
        match file.metadata()?.is_file() {
            true => Ok(Ledger { file, magic, size }),
            false => Err(io::Error::other("not a plain file")),
        }
    }

    /// Locks the file, with tries for a second at most: whoever has it needs no millisecond.
    #[expect(clippy::disallowed_methods, reason = "a decision is a moment, and there is an end to it")]
    pub fn lock(&self) -> bool {
        for _ in 0..2_000 {
            match self.file.try_lock_exclusive() {
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    std::thread::sleep(Duration::from_micros(500));
                }
                done => return done.is_ok(),
            }
        }
        false
    }

    pub fn unlock(&self) {
        // Without the file there is no lock either.
        let _ = fs2::FileExt::unlock(&self.file);
    }

    /// Reads the newer of the two records; an empty or damaged file has none.
    pub fn newest(&self) -> io::Result<Record> {
        let whole = self.whole();
        let mut bytes = vec![0; 2 * whole];
        let mut filled = 0;
        while let Some(rest) = bytes.get_mut(filled..).filter(|rest| !rest.is_empty()) {
            match self.file.read_at(rest, filled as u64) {
                Ok(0) => break,
                Ok(count) => filled += count,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        let records = bytes.chunks(whole).filter_map(|record| self.read(record));
        Ok(records.max_by_key(|record| record.number).unwrap_or_default())
    }

    /// Writes a record in place of the older one; its body is cut or filled up to the size.
    pub fn write(&self, record: &Record) -> io::Result<()> {
        let mut bytes = Vec::with_capacity(self.whole());
        bytes.extend_from_slice(&self.magic);
        bytes.extend_from_slice(&record.number.to_le_bytes());
        bytes.extend_from_slice(&record.body);
        bytes.resize(self.whole() - SUM, 0);
        let sum = check_sum(&bytes);
        bytes.extend_from_slice(&sum);
        self.file.write_all_at(&bytes, (record.number % 2) * self.whole() as u64)
    }

    fn read(&self, bytes: &[u8]) -> Option<Record> {
        let (body, sum) = bytes.split_at_checked(self.whole() - SUM)?;
        if sum != check_sum(body) {
            return None;
        }
        let (number, body) = body.strip_prefix(&self.magic)?.split_at_checked(NUMBER)?;
        Some(Record { number: u64::from_le_bytes(number.try_into().ok()?), body: body.to_vec() })
    }

    /// Bytes of a record in the file.
    fn whole(&self) -> usize {
        MAGIC + NUMBER + self.size + SUM
    }
}

fn check_sum(body: &[u8]) -> [u8; SUM] {
    use sha2::Digest as _;
    let [a, b, c, d, e, f, g, h, ..] = <[u8; 32]>::from(sha2::Sha256::digest(body));
    [a, b, c, d, e, f, g, h]
}
