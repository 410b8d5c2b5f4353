//! How many at once, across processes: one locked file for each slot.
//!
//! `take` locks one of the files `1`, `2`, ... `total` in the lock directory with `flock`, through
//! the `fs2` crate, and the lock lasts as long as the [`Slot`]. The kernel drops it when the process
//! is gone, however it went, so no number can go stale and no clean-up is ever needed. The first
//! `slots` numbers are the tarpit's, those above are for a polite refusal, and who finds none is told
//! that all is full.
//!
//! A second file, the [`map`], says which slots are believed taken and by which network. It tells
//! `take` where to look, so that an ordinary start tries one lock and not one for each slot, and it
//! is how a network's connections are counted. It is never trusted: a slot counts as taken when its
//! lock is, and a map that is cut, full of noise or gone only costs time until it is right again.
//!
//! What holds, and why:
//!
//! - Never more than `slots` in the tarpit or `total` in all: each of them holds a lock of its own.
//!   That ends when the directory is emptied under running programs; leave it alone.
//! - Never refused while a slot is free, with up to [`PROBES`] slots: before it gives up, `take` tries
//!   the locks that the map calls taken. With more slots it tries [`PROBES`] of them from a random
//!   place on, so that a slot whose holder was killed is found after a few refusals, and a flood of
//!   refusals on a full tarpit costs no more than that each.
//! - Never more than `per_source` of one network: who counts a network holds the map's own lock, the
//!   gate. A process that stops dead with the gate closed delays others for a second at most; they go
//!   on without it, since the bound is a matter of fairness and the slots are still exact.
//!
//! Rejected: trying the lock files in turn without a map (45 ms of system calls for each start at
//! 10,000 slots); record locks of one file (the kernel walks a list of all of them each time, and a
//! lock is lost when any descriptor of the file is closed); process numbers in the map (wrong across
//! containers, and a number can be another process by now); a System V semaphore with `SEM_UNDO` (one
//! call and exact, but it knows neither numbers nor networks, and an operator cannot see it).

mod map;

use std::fs::{DirBuilder, File};
use std::io::{self, ErrorKind};
use std::net::IpAddr;
use std::ops::RangeInclusive;
use std::os::fd::AsFd;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::Path;

use fs2::FileExt;
use nix::fcntl::{OFlag, open, openat};
use nix::sys::stat::Mode;
use rand::RngExt;

use crate::Rng;
use crate::event::Why;
use map::{Map, Network, View};

/// How many locks that the map calls taken are tried before they are believed to be.
const PROBES: usize = 64;

/// How many locks that the map calls taken each start tries, so that the map becomes right again
/// after a holder was killed; a find earns [`MORE`].
const LOOKS: usize = 2;
const MORE: usize = 8;

/// Over how many numbers those who start at the same time spread, besides the taken ones.
const SPREAD: u32 = 8;

/// The most processes that can be counted: the map of more would not fit a process of this size.
pub const MOST: u32 = 1_000_000;

/// How many at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Conversations in the tarpit.
    pub slots: u32,
    /// Processes in all: those above `slots` refuse politely. Less than `slots` lowers `slots` too.
    pub total: u32,
    /// Conversations in the tarpit with one network, an IPv4 /24 or an IPv6 /48; 0 is no bound.
    /// Peers of unknown address count as one network.
    pub per_source: u32,
}

/// What a process may do now.
#[derive(Debug)]
pub enum Grant {
    /// Tarpit the peer, and keep the slot for as long as that lasts.
    Slot(Slot),
    /// Refuse politely, and keep the slot until that is done.
    Polite { slot: Slot, why: Why },
    /// Close without a word; `busy` processes are there already.
    Full { busy: u32 },
}

/// A slot that this process holds; dropping it frees it, and so does any end of the process.
///
/// It keeps two descriptors open and needs neither the directory nor a privilege any more, so it
/// outlives `chroot` and a change of user.
#[derive(Debug)]
pub struct Slot {
    number: u32,
    busy: u32,
    map: Map,
    /// Last, because it is dropped last: the map must say "free" before the lock does.
    _lock: File,
}

impl Slot {
    /// Which one it is, from 1.
    pub fn number(&self) -> u32 {
        self.number
    }

    /// How many slots, polite ones too, were taken when this one had been.
    pub fn busy(&self) -> u32 {
        self.busy
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.map.clear(self.number);
    }
}

/// Takes a slot for a conversation with this peer.
///
/// The directory is made, with its parents, if it is not there. The error names the file that cannot
/// be used; the caller must not serve the peer then.
pub fn take(dir: &Path, limits: Limits, peer: Option<IpAddr>, rng: &mut Rng) -> io::Result<Grant> {
    if limits.total > MOST {
        let text = format!("more than {MOST} slots cannot be counted");
        return Err(io::Error::new(ErrorKind::InvalidInput, text));
    }
    let tarpit = 1..=limits.slots.min(limits.total);
    let polite = tarpit.end() + 1..=limits.total;
    let named =
        |error: io::Error| io::Error::new(error.kind(), format!("lock directory {}: {error}", dir.display()));
    let dir = open_dir(dir).map_err(named)?;
    let map = Map::open(&dir).map_err(named)?;
    let network = Network::of(peer);
    let gated = limits.per_source > 0;
    if gated {
        map.close_gate(rng);
    }
    let view = map.read(limits.total, network).map_err(named)?;
    let mut search = Search { dir, map, gated, view, network, rng };

    let sharers = |view: &View, number| view.sharers.has(number);
    let full = gated && search.view.sharers.count(&tarpit) >= limits.per_source;
    let (found, why) = if full {
        // One of them may be dead; its slot is this network's to take.
        (search.probe(&tarpit, sharers), Why::PerSource)
    } else {
        (search.find(&tarpit), Why::Slots)
    };
    if let Some(found) = found.map_err(named)? {
        return Ok(Grant::Slot(search.keep(found).map_err(named)?));
    }
    if let Some(found) = search.find(&polite).map_err(named)? {
        let slot = search.keep(found).map_err(named)?;
        return Ok(Grant::Polite { slot, why });
    }
    Ok(Grant::Full { busy: search.view.taken.len() })
}

/// A lock that was free, and the number of its slot.
type Found = (u32, File);

/// One process on its way to a slot.
struct Search<'a> {
    dir: File,
    map: Map,
    gated: bool,
    view: View,
    network: Network,
    rng: &'a mut Rng,
}

impl Search<'_> {
    /// Finds a free slot in the range: first where the map says there is one, then where it may be
    /// wrong, then where one may have become free meanwhile.
    fn find(&mut self, range: &RangeInclusive<u32>) -> io::Result<Option<Found>> {
        if range.is_empty() {
            return Ok(None);
        }
        if let Some(found) = self.find_free(range)? {
            return Ok(Some(found));
        }
        if let Some(found) = self.probe(range, |view, number| view.taken.has(number))? {
            return Ok(Some(found));
        }
        // A slot is locked for a moment while somebody corrects the map, see `correct`.
        self.view = self.map.read(self.view.last, self.network)?;
        self.find_free(range)
    }

    /// Tries the slots that the map calls free, from a random one of the lower numbers on: low, so
    /// that a large `total` makes no more files than it needs; random, so that many who start at the
    /// same time do not all try the same.
    fn find_free(&mut self, range: &RangeInclusive<u32>) -> io::Result<Option<Found>> {
        let spread = self.view.taken.count(range) + SPREAD;
        let end = range.start().saturating_add(spread).min(*range.end());
        for number in around(range, self.rng.random_range(*range.start()..=end)) {
            if self.view.taken.has(number) {
                continue;
            }
            if let Some(lock) = self.try_lock(number)? {
                return Ok(Some((number, lock)));
            }
            self.map.mark(number);
            self.view.taken.put(number, true);
        }
        Ok(None)
    }

    /// Tries such slots of the range that the map calls taken, from a random one on.
    fn probe(
        &mut self,
        range: &RangeInclusive<u32>,
        such: impl Fn(&View, u32) -> bool,
    ) -> io::Result<Option<Found>> {
        let mut left = PROBES;
        for number in around(range, self.rng.random_range(range.clone())) {
            if left == 0 {
                break;
            }
            if such(&self.view, number) {
                left -= 1;
                if let Some(lock) = self.try_lock(number)? {
                    return Ok(Some((number, lock)));
                }
            }
        }
        Ok(None)
    }

    /// Locks one slot, unless somebody has it.
    fn try_lock(&self, number: u32) -> io::Result<Option<File>> {
        let name = number.to_string();
        let file = open_in(&self.dir, &name)?;
        match file.try_lock_exclusive() {
            Ok(()) => Ok(Some(file)),
            Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(None),
            Err(error) => Err(io::Error::new(error.kind(), format!("{name}: {error}"))),
        }
    }

    /// Puts the slot on the map and makes it ours.
    fn keep(mut self, (number, lock): Found) -> io::Result<Slot> {
        self.map.write(number, self.network)?;
        if self.gated {
            self.map.open_gate();
        }
        // Not among the taken while the others are looked at.
        self.view.taken.put(number, false);
        self.correct();
        Ok(Slot { number, busy: self.view.taken.len() + 1, map: self.map, _lock: lock })
    }

    /// Looks at a few slots that the map calls taken, and clears those that are not. Best effort:
    /// what is missed now is found by those who come next.
    fn correct(&mut self) {
        let all = 1..=self.view.last;
        let (mut looked, mut most) = (0, LOOKS);
        for number in around(&all, self.rng.random_range(all.clone())) {
            if looked == most.min(PROBES) {
                return;
            }
            if !self.view.taken.has(number) {
                continue;
            }
            looked += 1;
            if let Ok(Some(_lock)) = self.try_lock(number) {
                self.map.clear(number);
                self.view.taken.put(number, false);
                most += MORE;
            }
        }
    }
}

/// The numbers of the range, each once, beginning with `start`.
fn around(range: &RangeInclusive<u32>, start: u32) -> impl Iterator<Item = u32> + use<> {
    (start..=*range.end()).chain(*range.start()..start)
}

/// Opens the lock directory, and makes it if it is not there.
fn open_dir(path: &Path) -> io::Result<File> {
    let flags = OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
    let open = || open(path, flags, Mode::empty()).map(File::from).map_err(io::Error::from);
    let dir = match open() {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            DirBuilder::new().recursive(true).mode(0o750).create(path)?;
            open()?
        }
        other => other?,
    };
    if dir.metadata()?.mode() & 0o002 != 0 {
        // Whoever locks the files here decides whether the tarpit serves.
        return Err(io::Error::new(ErrorKind::PermissionDenied, "everybody may write to it"));
    }
    Ok(dir)
}

/// Opens a file of the lock directory, and makes it if it is not there. The group may write, as far
/// as the umask lets it, for programs of several users that share their slots.
fn open_in(dir: &impl AsFd, name: &str) -> io::Result<File> {
    let flags = OFlag::O_RDWR | OFlag::O_CREAT | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC | OFlag::O_NONBLOCK;
    let mode = Mode::from_bits_truncate(0o660);
    openat(dir, name, flags, mode).map(File::from).map_err(|errno| {
        let error = io::Error::from(errno);
        io::Error::new(error.kind(), format!("{name}: {error}"))
    })
}

#[cfg(test)]
mod tests;
