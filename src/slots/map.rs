//! The map: which slots are believed taken, and by which network.
//!
//! Eight bytes for each slot, in the order of their numbers, all zero for a free one. Only who holds
//! the slot's lock writes its record, with one exception ([`Map::mark`]), so the records are right
//! unless a holder was killed before it could clear its own. Readers take every byte as a hint:
//! whatever is in the file, reading it gives a view of at most `last` slots.

use std::fs::File;
use std::io::{self, ErrorKind};
use std::net::IpAddr;
use std::ops::RangeInclusive;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::time::Duration;

use fs2::FileExt as _;
use rand::RngExt;

use crate::{Rng, peer};

const RECORD: usize = 8;

/// How often a closed gate is tried, with half a millisecond between on average: a second in all.
const TRIES: u32 = 2_000;

/// A network as the map has it: an IPv4 /24, an IPv6 /48, or all peers of unknown address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Network([u8; RECORD]);

impl Network {
    const FREE: Network = Network([0; RECORD]);
    /// Taken, but nobody knows by whom.
    const UNTOLD: Network = Network([b'?', 0, 0, 0, 0, 0, 0, 0]);

    /// The network of a peer.
    pub(super) fn of(peer: Option<IpAddr>) -> Self {
        Network(peer::network(peer))
    }
}

/// The file; it stays open as long as the slot, to be cleared in the end.
#[derive(Debug)]
pub(super) struct Map(File);

impl Map {
    /// Opens the map of a lock directory, and makes it if it is not there.
    pub(super) fn open(dir: &File) -> io::Result<Map> {
        let file = super::open_in(dir, "map")?;
        let about = file.metadata()?;
        if !about.is_file() || about.nlink() > 1 {
            // It is written to, perhaps as root, and must not be some other file in disguise.
            return Err(io::Error::other("map: not a plain file of its own"));
        }
        Ok(Map(file))
    }

    /// Reads the records of the slots up to `last`; what the file does not have is free.
    pub(super) fn read(&self, last: u32, network: Network) -> io::Result<View> {
        let mut view = View { last, taken: Set::up_to(last), sharers: Set::up_to(last) };
        // In pieces, so that a process with 10,000 slots to look at is as small as one with forty.
        let mut piece = [0; 512 * RECORD];
        let mut number = 0;
        while number < last {
            let wanted = usize::try_from(last - number).map_or(piece.len(), |n| piece.len().min(n * RECORD));
            let got = match self.0.read_at(&mut piece[..wanted], offset(number + 1)) {
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                other => other?,
            };
            let (records, _) = piece[..got].as_chunks::<RECORD>();
            for &record in records {
                number += 1;
                let record = Network(record);
                view.taken.put(number, record != Network::FREE);
                view.sharers.put(number, record == network);
            }
            if got < wanted {
                // The file ends here; all that follow are free.
                break;
            }
        }
        Ok(view)
    }

    /// Says that this network has the slot, which the caller has locked.
    pub(super) fn write(&self, number: u32, network: Network) -> io::Result<()> {
        self.0.write_all_at(&network.0, offset(number))
    }

    /// Says that the slot is free; the caller still has its lock. Best effort: a record that stays is
    /// found to be wrong by others.
    pub(super) fn clear(&self, number: u32) {
        let _ = self.write(number, Network::FREE);
    }

    /// Says that the slot is taken if the map has it as free. The caller found it locked, so the map
    /// was damaged, or its holder is about to write or has just cleared its record; in the last case
    /// this is wrong and others will find out. Best effort.
    pub(super) fn mark(&self, number: u32) {
        let mut record = [0; RECORD];
        // A record beyond the end of the file is a free one.
        let _ = self.0.read_at(&mut record, offset(number));
        if Network(record) == Network::FREE {
            let _ = self.write(number, Network::UNTOLD);
        }
    }

    /// Waits until nobody else counts a network, for about a second at most. Closing the file opens
    /// the gate too, in whatever way that comes about.
    #[expect(clippy::disallowed_methods, reason = "there is no peer to be heard yet, and an end to it")]
    pub(super) fn close_gate(&self, rng: &mut Rng) {
        for _ in 0..TRIES {
            match self.0.try_lock_exclusive() {
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    std::thread::sleep(Duration::from_micros(rng.random_range(50..950)));
                }
                _ => return,
            }
        }
    }

    /// Lets the next one count.
    pub(super) fn open_gate(&self) {
        let _ = fs2::FileExt::unlock(&self.0);
    }
}

/// Where the record of a slot is.
fn offset(number: u32) -> u64 {
    u64::from(number.saturating_sub(1)) * RECORD as u64
}

/// What the map said when it was read, and what was found out since.
#[derive(Debug)]
pub(super) struct View {
    /// The highest slot there is.
    pub(super) last: u32,
    /// The slots that are taken.
    pub(super) taken: Set,
    /// Those of them that the network has which the map was read for.
    pub(super) sharers: Set,
}

/// A set of slots: one bit for each, so that the memory of a process hardly depends on their number.
#[derive(Debug)]
pub(super) struct Set(Vec<u64>);

impl Set {
    fn up_to(last: u32) -> Self {
        Set(vec![0; last as usize / 64 + 1])
    }

    pub(super) fn has(&self, number: u32) -> bool {
        self.0.get(number as usize / 64).is_some_and(|word| word >> (number % 64) & 1 == 1)
    }

    /// Puts a slot into the set or takes it out; one above `last` is let be.
    pub(super) fn put(&mut self, number: u32, inside: bool) {
        if let Some(word) = self.0.get_mut(number as usize / 64) {
            let bit = 1 << (number % 64);
            *word = if inside { *word | bit } else { *word & !bit };
        }
    }

    pub(super) fn len(&self) -> u32 {
        self.0.iter().map(|word| word.count_ones()).sum()
    }

    /// How many of the range are in it.
    pub(super) fn count(&self, range: &RangeInclusive<u32>) -> u32 {
        range.clone().map(|number| u32::from(self.has(number))).sum()
    }
}
