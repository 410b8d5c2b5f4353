//! How many bytes go out on one day, counted across processes.
//!
//! A crawler that never tires could otherwise take as much as the line gives. What counts is what went out: were it
//! what was asked for, some kilobytes of requests that nobody waits for would use up the day. So a process that
//! is killed has not counted the answer that it was giving, and those that are given while the last of the
//! day goes out are given to their end. The count is in a [`Ledger`], which no process can spoil. A count that cannot be read or
//! written bounds nothing, and is told to the operator when it is opened.

use crate::ledger::{Complaint, LOCKED, Ledger, Record};
use chrono::{Datelike as _, NaiveDate};
use std::cell::RefCell;
use std::fmt::Display;
use std::fs;
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path;

/// What a record begins with: its form.
const MAGIC: [u8; 4] = *b"day1";

/// Bytes of a record: the day and the count.
const SIZE: usize = 8 + 8;

/// The count of a day.
pub struct Allowance {
    ledger: Option<Ledger>,
    most: u64,
    complaint: RefCell<Complaint>,
}

impl Allowance {
    /// Opens the count in this directory, which is made if it is not there. `most` is how many bytes may go
    /// out on one day; 0 is no limit.
    ///
    /// # Errors
    /// When the file cannot be used; [`Allowance::endless`] is what is left then.
    pub fn open(dir: &Path, most: u64) -> io::Result<Self> {
        if most == 0 {
            return Ok(Self::endless());
        }
        let path = dir.join("bytes-of-the-day");
        let named = |error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", path.display()));
        let ledger = match Ledger::open(&path, MAGIC, SIZE, true) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                fs::DirBuilder::new().recursive(true).mode(0o750).create(dir).map_err(named)?;
                Ledger::open(&path, MAGIC, SIZE, true)
            }
            other => other,
        };
        Ok(Allowance { ledger: Some(ledger.map_err(named)?), most, complaint: RefCell::default() })
    }

    /// One without a limit.
    pub fn endless() -> Self {
        Allowance { ledger: None, most: 0, complaint: RefCell::default() }
    }

    /// The same, with somebody to tell when bytes cannot be counted.
    pub fn telling(self, tell: fn(&str)) -> Self {
        Allowance { complaint: RefCell::new(Complaint::to(tell)), ..self }
    }

    fn complain(&self, why: impl Display) {
        self.complaint.borrow_mut().make("state_dir: bytes are not counted", why);
    }

    /// Whether any bytes are left of this day's.
    pub fn is_left(&self, day: NaiveDate) -> bool {
        match &self.ledger {
            Some(ledger) => count(ledger, day).is_none_or(|(_, bytes)| bytes < self.most),
            None => true,
        }
    }

    /// Counts bytes that have gone out.
    pub fn take(&self, day: NaiveDate, bytes: u64) {
        let Some(ledger) = &self.ledger else { return };
        if !ledger.lock() {
            return self.complain(LOCKED);
        }
        if let Some((number, before)) = count(ledger, day) {
            let mut body = i64::from(day.num_days_from_ce()).to_le_bytes().to_vec();
            body.extend_from_slice(&before.saturating_add(bytes).to_le_bytes());
            // A full disk is no reason to keep the peer waiting: what is not counted is not bounded.
            if let Err(error) = ledger.write(&Record { number: number + 1, body }) {
                self.complain(error);
            }
        }
        ledger.unlock();
    }
}

/// The number of the newest record, and the bytes of this day. `None` if the file cannot be read.
fn count(ledger: &Ledger, day: NaiveDate) -> Option<(u64, u64)> {
    let record = ledger.newest().ok()?;
    let bytes = || {
        let (date, bytes) = record.body.split_at_checked(8)?;
        let date = i64::from_le_bytes(date.try_into().ok()?);
        // A count of another day, before or after a clock was set, says nothing of this one.
        (date == i64::from(day.num_days_from_ce())).then(|| bytes.try_into().map(u64::from_le_bytes).ok())?
    };
    Some((record.number, bytes().unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dir(name: &str) -> std::path::PathBuf {
        let dir = std::env::temp_dir().join(format!("sundew-allowance-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&dir);
        dir
    }

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn a_day_has_so_many_bytes_and_the_next_one_as_many() {
        let dir = dir("day");
        let (one, other) = (Allowance::open(&dir, 1000).unwrap(), Allowance::open(&dir, 1000).unwrap());
        let (today, tomorrow) = (day("2026-11-26"), day("2026-11-27"));
        one.take(today, 600);
        assert!(one.is_left(today) && other.is_left(today));
        other.take(today, 400);
        assert!(!one.is_left(today) && !other.is_left(today));
        assert!(one.is_left(tomorrow));
        one.take(tomorrow, 1);
        assert!(other.is_left(tomorrow));
        fs::remove_dir_all(dir).unwrap();
    }

    #[test]
    fn many_at_the_same_time_lose_nothing() {
        let dir = dir("many");
        let today = day("2026-11-26");
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    let mine = Allowance::open(&dir, 801).unwrap();
                    (0..100).for_each(|_| mine.take(today, 1));
                });
            }
        });
        let after = Allowance::open(&dir, 801).unwrap();
        assert!(after.is_left(today));
        after.take(today, 1);
        assert!(!after.is_left(today));
        fs::remove_dir_all(dir).unwrap();
    }

    #[test]
    fn a_record_cut_off_by_a_crash_leaves_the_one_before() {
        let dir = dir("crash");
        let today = day("2026-11-26");
        let count = Allowance::open(&dir, 100).unwrap();
        count.take(today, 70);
        count.take(today, 20);
        let path = dir.join("bytes-of-the-day");
        let mut bytes = fs::read(&path).unwrap();
        // The second record is the first in the file.
        bytes[20] ^= 0xff;
        fs::write(&path, &bytes).unwrap();
        let after = Allowance::open(&dir, 71).unwrap();
        assert!(after.is_left(today));
        after.take(today, 1);
        assert!(!after.is_left(today));
        fs::remove_dir_all(dir).unwrap();
    }

    #[test]
    fn without_a_limit_there_is_no_file() {
        let dir = dir("none");
        let endless = Allowance::open(&dir, 0).unwrap();
        endless.take(day("2026-11-26"), u64::MAX);
        assert!(endless.is_left(day("2026-11-26")) && !dir.exists());
    }
}
