//! What is remembered of a network from one connection to the next: its wrong passwords, and the one
//! pair of name and password that it has earned.
//!
//! Each network, an IPv4 /24 or an IPv6 /48, has a file of about a kilobyte, whose name is a keyed hash
//! and which holds no address, no name and no password, only times, counts and keyed hashes. The file
//! is opened before the program gives up its privileges; after that it is one descriptor.
//!
//! What holds, and why:
//!
//! - Never a second pair, however many processes judge at once: a judgement reads, decides and writes
//!   under the file's lock. Who cannot get the lock within a second refuses.
//! - A crash loses nothing that was said to a peer: the file is a [`Ledger`].
//! - A flood of networks fills no disk: the files lie in [`SHELVES`] directories with at most
//!   [`SHELF`] files each, and a new one takes the place of that which was not used for longest.
//! - If the directory cannot be used, each connection remembers for itself, and refuses everybody.

use crate::key::Key;
use crate::ledger::{self, Complaint, LOCKED, Ledger};
use crate::peer;
use std::fs;
use std::io::{self, ErrorKind};
use std::net::IpAddr;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path;
use std::time::Duration;

/// In how many directories the files are.
const SHELVES: u8 = 128;

/// How many files there are in each.
const SHELF: usize = 64;

/// How many tries a network can need; the hash of each is kept until then.
pub const MOST_TRIES: usize = 64;

/// What is wrong when a file cannot be used.
const FORGETS: &str = "state_dir: what this network tries is not remembered, so nobody is let in";

/// A pair of name and password, as a keyed hash.
pub type Pair = [u8; 16];

/// What is remembered of one network.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Record {
    /// Which of the two records in the file is the newer one.
    number: u64,
    /// When the last password was wrong, in seconds since 1970; 0 if none was.
    failed: i64,
    /// How many were wrong, one soon after the other.
    failures: u32,
    /// The pair that works.
    earned: Option<Pair>,
    /// The pairs that were tried before one worked: the first half of each hash.
    tried: Vec<[u8; 8]>,
}

/// The memory of one network.
pub struct Memory {
    file: Option<Ledger>,
    /// What was last read or written.
    record: Record,
    complaint: Complaint,
}

/// The rules of a judgement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    /// At which different try a pair is earned; 0 means never.
    pub after: u32,
    /// After how much quiet failures are forgotten.
    pub quiet: Duration,
}

/// What became of a try.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Judgement {
    pub accepted: bool,
    /// How many failures came shortly before.
    pub failures: u32,
}

impl Memory {
    /// Opens the memory of a peer's network in this directory, which is made if it is not there.
    ///
    /// # Errors
    /// Names the file that cannot be used; [`Memory::alone`] is what is left then.
    pub fn open(dir: &Path, key: &Key, peer: Option<IpAddr>) -> io::Result<Self> {
        let name = key.mac("network", &[&peer::network(peer)]);
        let [shelf, name @ ..] = &name;
        let shelf = dir.join(format!("{:02x}", shelf % SHELVES));
        let name: String = name.iter().take(15).map(|byte| format!("{byte:02x}")).collect();
        let named = |path: &Path, error: io::Error| {
            io::Error::new(error.kind(), format!("{}: {error}", path.display()))
        };
        let path = shelf.join(name);
        let file = match Ledger::open(&path, MAGIC, SIZE, false) {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                let made = fs::DirBuilder::new().recursive(true).mode(0o750).create(&shelf);
                made.map_err(|error| named(&shelf, error))?;
                let file = Ledger::open(&path, MAGIC, SIZE, true);
                make_room(&shelf, &path);
                file
            }
            other => other,
        };
        let file = file.map_err(|error| named(&path, error))?;
        let record = newest(&file).map_err(|error| named(&path, error))?;
        Ok(Memory { file: Some(file), record, complaint: Complaint::default() })
    }

    /// A memory of this connection only.
    pub fn alone() -> Self {
        Memory { file: None, record: Record::default(), complaint: Complaint::default() }
    }

    /// The same, with somebody to tell when nothing can be remembered.
    pub fn telling(self, tell: fn(&str)) -> Self {
        Memory { complaint: Complaint::to(tell), ..self }
    }

    /// Whether the network guesses passwords, at this time in seconds since 1970: one was wrong within
    /// the time that is `lately`, and none was right yet. Who has one comes to read the mail.
    pub fn is_guessing(&self, now: i64, lately: Duration) -> bool {
        let ago = u64::try_from(now.saturating_sub(self.record.failed)).unwrap_or_default();
        self.record.failed > 0 && self.record.earned.is_none() && ago < lately.as_secs()
    }

    /// Judges a try and remembers it. `None` is a try whose password is not known: it is wrong.
    pub fn judge(&mut self, pair: Option<Pair>, rules: Rules, now: i64) -> Judgement {
        let locked = self.lock();
        match &self.file {
            Some(_) if !locked => self.complaint.make(FORGETS, LOCKED),
            Some(file) => match newest(file) {
                Ok(record) => self.record = record,
                Err(error) => self.complaint.make(FORGETS, error),
            },
            None => {}
        }
        // Who cannot be remembered must not be let in: the next one would be let in as well.
        let known = self.record.earned.is_some();
        let safe = locked && self.file.is_some();
        let rules = if safe { rules } else { Rules { after: 0, ..rules } };
        let judgement = self.record.judge(pair, rules, now);
        let kept = safe && self.keep();
        Judgement { accepted: judgement.accepted && (kept || known), ..judgement }
    }

    /// Writes the record in place of the older one, and opens the lock. Says whether it is safe now.
    fn keep(&mut self) -> bool {
        let Some(file) = &self.file else { return false };
        self.record.number += 1;
        let written = file.write(&ledger::Record { number: self.record.number, body: self.record.body() });
        file.unlock();
        written.map_err(|error| self.complaint.make(FORGETS, error)).is_ok()
    }

    fn lock(&self) -> bool {
        self.file.as_ref().is_some_and(Ledger::lock)
    }
}

impl Record {
    fn judge(&mut self, pair: Option<Pair>, rules: Rules, now: i64) -> Judgement {
        let quiet = i64::try_from(rules.quiet.as_secs()).unwrap_or(i64::MAX);
        // A clock that was set back is no reason to punish anybody for ever.
        if !(0..=quiet).contains(&now.saturating_sub(self.failed)) {
            self.failures = 0;
        }
        let failures = self.failures;
        let accepted = match (pair, self.earned) {
            (None, _) => false,
            (Some(pair), Some(earned)) => pair == earned,
            (Some(pair), None) => self.earns(pair, rules.after),
        };
        if !accepted {
            self.failed = now;
            self.failures = self.failures.saturating_add(1);
        }
        Judgement { accepted, failures }
    }

    /// Counts a pair that was not tried before, and says whether it is the one.
    fn earns(&mut self, pair: Pair, after: u32) -> bool {
        let [a, b, c, d, e, f, g, h, ..] = pair;
        let short = [a, b, c, d, e, f, g, h];
        if after == 0 || self.tried.contains(&short) {
            return false;
        }
        if self.tried.len() < MOST_TRIES {
            self.tried.push(short);
        }
        if self.tried.len() < after.min(MOST_TRIES as u32) as usize {
            return false;
        }
        self.earned = Some(pair);
        self.tried.clear();
        true
    }

    fn body(&self) -> Vec<u8> {
        let mut body = Vec::with_capacity(SIZE);
        body.extend_from_slice(&self.failed.to_le_bytes());
        body.extend_from_slice(&self.failures.to_le_bytes());
        body.extend_from_slice(&[u8::from(self.earned.is_some())]);
        body.extend_from_slice(&self.earned.unwrap_or_default());
        body.extend_from_slice(&[self.tried.len().min(MOST_TRIES) as u8]);
        self.tried.iter().take(MOST_TRIES).for_each(|pair| body.extend_from_slice(pair));
        body
    }

    fn read(record: &ledger::Record) -> Option<Self> {
        let mut rest = record.body.as_slice();
        let mut take = |count| -> Option<&[u8]> {
            let (taken, behind) = rest.split_at_checked(count)?;
            rest = behind;
            Some(taken)
        };
        let failed = i64::from_le_bytes(take(8)?.try_into().ok()?);
        let failures = u32::from_le_bytes(take(4)?.try_into().ok()?);
        let has_earned = take(1)? == [1];
        let earned: Pair = take(16)?.try_into().ok()?;
        let count = usize::from(*take(1)?.first()?).min(MOST_TRIES);
        let tried = take(count * 8)?.as_chunks::<8>().0.to_vec();
        let number = record.number;
        Some(Record { number, failed, failures, earned: has_earned.then_some(earned), tried })
    }
}

/// What a record begins with: its form.
const MAGIC: [u8; 4] = *b"net1";

/// Bytes of a record.
const SIZE: usize = 8 + 4 + 1 + 16 + 1 + MOST_TRIES * 8;

/// The newer of the two records of a file, or that of a network of which nothing is known.
fn newest(file: &Ledger) -> io::Result<Record> {
    Ok(Record::read(&file.newest()?).unwrap_or_default())
}

/// Removes the file that was not written to for longest, if there are too many. Best effort: a process
/// that still has it open goes on with it alone.
fn make_room(shelf: &Path, but: &Path) {
    let Ok(entries) = fs::read_dir(shelf) else { return };
    let files: Vec<_> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path != but)
        .filter_map(|path| Some((fs::metadata(&path).ok()?.modified().ok()?, path)))
        .collect();
    if files.len() >= SHELF
        && let Some((_, oldest)) = files.iter().min()
    {
        let _ = fs::remove_file(oldest);
    }
}

#[cfg(test)]
mod tests;
