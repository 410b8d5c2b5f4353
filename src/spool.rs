//! Keeps whole messages for study, as a Maildir with a limit on its size.
//!
//! A message is written to `tmp` while it comes and moved to `new` when it is complete. The limit
//! holds across processes without a lock: what is in `tmp` counts too, so whoever moves a message has
//! just seen that everything together is within the limit. Files count with the blocks they take, so
//! that many tiny messages are bounded too. What cannot be kept is thrown away; the conversation goes
//! on.

use crate::clock::{Clock, System};
use crate::event::Plain;
use crate::ledger::Complaint;
use crate::smtp::dialogue::message::{Envelope, Keep};
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, BufWriter, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// What a file takes at least.
const BLOCK: u64 = 4096;

/// The directory is measured each time this much more has been written.
const STRIDE: u64 = 256 * 1024;

/// A file in `tmp` that is older was left by a process that was killed (maildir(5)).
const STALE: Duration = Duration::from_secs(36 * 3600);

/// A Maildir.
pub struct Spool {
    dir: PathBuf,
    /// The most that it may hold, in bytes.
    limit: u64,
    hostname: String,
    clock: System,
    draft: Option<Draft>,
    /// How many messages this process has kept, for their names.
    kept: u32,
    complaint: Complaint,
}

/// A message being written.
struct Draft {
    path: PathBuf,
    file: BufWriter<File>,
    written: u64,
    /// When the directory is measured next.
    measure_at: u64,
}

impl Spool {
    /// The Maildir in this directory, which is made when it is first needed.
    pub fn new(dir: PathBuf, limit: u64, hostname: String) -> Self {
        Spool {
            dir,
            limit,
            hostname,
            clock: System::start(),
            draft: None,
            kept: 0,
            complaint: Complaint::default(),
        }
    }

    /// The same, with somebody to tell when messages cannot be kept.
    pub fn telling(mut self, tell: fn(&str)) -> Self {
        self.complaint = Complaint::to(tell);
        self
    }

    /// Tells of an error of the system. That the limit is reached is none.
    fn complain(&mut self, error: &io::Error) {
        if error.raw_os_error().is_some() {
            self.complaint.make("spool: messages are not kept", error);
        }
    }

    fn open(&mut self, envelope: &Envelope) -> io::Result<Draft> {
        let mut maker = DirBuilder::new();
        maker.recursive(true).mode(0o700);
        ["tmp", "new", "cur"].iter().try_for_each(|part| maker.create(self.dir.join(part)))?;
        self.kept = self.kept.saturating_add(1);
        let wall = self.clock.wall();
        let host = self.hostname.replace(['/', ':'], "_");
        let name = format!(
            "{}.M{}P{}Q{}.{host}",
            wall.timestamp(),
            wall.timestamp_subsec_micros(),
            std::process::id(),
            self.kept
        );
        let path = self.dir.join("tmp").join(name);
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)?;
        let mut draft = Draft { path, file: BufWriter::new(file), written: 0, measure_at: 0 };
        let mut head = format!("Return-Path: <{}>\n", Plain::from_peer(&envelope.from));
        for to in &envelope.to {
            head += &format!("Delivered-To: {}\n", Plain::from_peer(to));
        }
        draft.add(head.as_bytes())?;
        Ok(draft)
    }

    /// Writes more of the message, if that stays within the limit.
    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        let Some(draft) = self.draft.as_mut() else { return Ok(()) };
        if draft.written + bytes.len() as u64 > draft.measure_at {
            draft.file.flush()?;
            let room = self.limit.saturating_sub(used(&self.dir, self.clock.wall().into())?);
            if room < bytes.len() as u64 {
                return Err(io::ErrorKind::StorageFull.into());
            }
            draft.measure_at = draft.written.saturating_add(STRIDE.min(room));
        }
        draft.add(bytes)
    }

    fn finish(&mut self) -> io::Result<String> {
        let Some(draft) = self.draft.as_mut() else { return Err(io::ErrorKind::NotFound.into()) };
        draft.file.flush()?;
        let name = draft.path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if used(&self.dir, self.clock.wall().into())? > self.limit {
            return Err(io::ErrorKind::StorageFull.into());
        }
        fs::rename(&draft.path, self.dir.join("new").join(&name))?;
        self.draft = None;
        Ok(name)
    }
}

impl Draft {
    fn add(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.written += bytes.len() as u64;
        self.file.write_all(bytes)
    }
}

impl Keep for Spool {
    fn begin(&mut self, envelope: &Envelope) {
        self.abandon();
        self.draft = self.open(envelope).map_err(|error| self.complain(&error)).ok();
    }

    fn part(&mut self, bytes: &[u8]) {
        if let Err(error) = self.write(bytes) {
            self.complain(&error);
            self.abandon();
        }
    }

    fn end(&mut self) -> Option<String> {
        let name = self.finish().map_err(|error| self.complain(&error)).ok();
        self.abandon();
        name
    }

    fn abandon(&mut self) {
        if let Some(draft) = self.draft.take() {
            let _ = fs::remove_file(draft.path);
        }
    }
}

impl Drop for Spool {
    fn drop(&mut self) {
        self.abandon();
    }
}

/// What the Maildir takes. Files that killed processes left are removed on the way.
fn used(dir: &Path, now: SystemTime) -> io::Result<u64> {
    let mut sum = 0_u64;
    for part in ["tmp", "new", "cur"] {
        for entry in fs::read_dir(dir.join(part))? {
            let entry = entry?;
            // Somebody may have moved or removed it meanwhile.
            let Ok(meta) = entry.metadata() else { continue };
            let age = meta.modified().ok().and_then(|time| now.duration_since(time).ok()).unwrap_or_default();
            if part == "tmp" && age > STALE {
                let _ = fs::remove_file(entry.path());
                continue;
            }
            sum = sum.saturating_add((meta.blocks() * 512).max(meta.len()).max(BLOCK));
        }
    }
    Ok(sum)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn envelope() -> Envelope {
        Envelope {
            from: b"a@b.example".to_vec(),
            to: vec![b"c\nd@e.example".to_vec()],
            ..Envelope::default()
        }
    }

    fn keep(spool: &mut Spool, bytes: &[u8]) -> Option<String> {
        spool.begin(&envelope());
        bytes.chunks(1000).for_each(|chunk| spool.part(chunk));
        spool.end()
    }

    fn names(dir: &Path, part: &str) -> Vec<String> {
        let entries = fs::read_dir(dir.join(part)).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }

    /// A directory of this test's own, removed at its end.
    struct Temp(PathBuf);

    impl Temp {
        fn new(name: &str) -> Self {
            let dir = std::env::temp_dir().join(format!("sundew-spool-{}-{name}", std::process::id()));
            let _ = fs::remove_dir_all(&dir);
            Temp(dir)
        }
    }

    impl Drop for Temp {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn a_whole_message_is_in_new() {
        let temp = Temp::new("whole");
        let mut spool = Spool::new(temp.0.clone(), 1 << 20, "mx/../x.example".into());
        let name = keep(&mut spool, b"Subject: x\r\n\r\nbody\r\n").unwrap();
        assert_eq!(names(&temp.0, "new"), [name.as_str()]);
        let text = fs::read_to_string(temp.0.join("new").join(name)).unwrap();
        assert_eq!(
            text,
            "Return-Path: <a@b.example>\nDelivered-To: c\\x0ad@e.example\nSubject: x\r\n\r\nbody\r\n"
        );
        assert!(names(&temp.0, "tmp").is_empty());
    }

    #[test]
    fn what_is_not_whole_or_too_much_is_gone() {
        let temp = Temp::new("gone");
        let mut spool = Spool::new(temp.0.clone(), 64 * 1024, "mx.example".into());
        spool.begin(&envelope());
        spool.part(b"half");
        drop(spool);
        assert!(names(&temp.0, "tmp").is_empty());
        let mut spool = Spool::new(temp.0.clone(), 64 * 1024, "mx.example".into());
        assert_eq!(keep(&mut spool, &[b'x'; 100_000]), None);
        let kept = (0..100).filter(|_| keep(&mut spool, b"tiny").is_some()).count();
        assert!((1..=16).contains(&kept), "{kept} tiny messages in 64 kB");
        assert!(names(&temp.0, "tmp").is_empty());
        assert!(used(&temp.0, spool.clock.wall().into()).unwrap() <= 64 * 1024);
    }
}
