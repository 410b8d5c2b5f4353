//! Between the reading of lines and the counting of events: each has a thread of its own, so that on more than
//! one core they, and the unpacking of a packed log, go on at the same time.
//!
//! Events go over in batches, and empty batches come back. There are few of them, so whoever is faster waits.

use std::hash::BuildHasher;
use std::io;
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::thread::{Builder, scope};

use hashbrown::DefaultHashBuilder;

use super::fold::Fold;
use super::heard::{Details, Heard, Said};
use super::intake::Takes;
use super::summary::Service;

/// An event, whose it was, and when.
#[derive(Debug, Clone, Copy)]
pub struct Told {
    /// When it was written, in microseconds since 1970.
    pub micros: i64,
    pub service: Service,
    pub heard: Heard,
    /// A hash of the whole line without its header. What may come often in one moment, and is known by what it
    /// says, has none.
    pub hash: u32,
}

/// Some events in the order in which they came.
struct Batch {
    /// Always as many as fit in.
    events: Vec<Told>,
    /// How many of these are events.
    filled: usize,
    details: Details,
}

impl Default for Batch {
    fn default() -> Self {
        let none = Told { micros: 0, service: Service::Smtarpit, heard: Heard::default(), hash: 0 };
        Batch { events: vec![none; BATCH], filled: 0, details: Details::default() }
    }
}

/// So many events make a batch: few enough to stay in a processor's cache, and enough that a thread that has to
/// wait seldom wakes up.
const BATCH: usize = 4096;
/// So many are looked at before they are counted: what the tables have of them stays in the cache for so long.
const AT_ONCE: usize = 256;
/// So many batches may be full and not yet counted.
const AHEAD: usize = 4;

/// Takes events for a fold that is in another thread.
pub struct Relay {
    hasher: DefaultHashBuilder,
    batch: Batch,
    full: SyncSender<Batch>,
    empty: Receiver<Batch>,
}

impl Relay {
    fn send(&mut self) {
        let next = self.empty.try_recv().unwrap_or_default();
        let full = std::mem::replace(&mut self.batch, next);
        // It is there for as long as this is.
        let _ = self.full.send(full);
    }
}

impl Takes for Relay {
    #[inline]
    fn next(&mut self) -> (&mut Heard, &mut Details) {
        let Batch { events, filled, details } = &mut self.batch;
        (&mut events[*filled % BATCH].heard, details)
    }

    #[inline]
    fn take(&mut self, micros: i64, service: Service, message: &[u8]) {
        let Batch { events, filled, details } = &mut self.batch;
        let told = &mut events[*filled % BATCH];
        (told.micros, told.service) = (micros, service);
        told.hash = match told.heard.said {
            Said::Still { .. } => 0,
            _ => u32::try_from(self.hasher.hash_one(message) >> 32).unwrap_or(0),
        };
        details.keep();
        *filled += 1;
        if *filled == BATCH {
            self.send();
        }
    }
}

/// Counts what `read` hands over. The error is that there can be no more threads.
pub fn count<T>(fold: &mut Fold, read: impl FnOnce(&mut Relay) -> T) -> io::Result<T> {
    let (full, batches) = sync_channel::<Batch>(AHEAD);
    let (back, empty) = channel();
    scope(|scope| {
        Builder::new().name("fold".to_owned()).spawn_scoped(scope, move || counting(fold, batches, back))?;
        let batch = Batch::default();
        let mut relay = Relay { hasher: DefaultHashBuilder::default(), batch, full, empty };
        let result = read(&mut relay);
        relay.send();
        Ok(result)
    })
}

fn counting(fold: &mut Fold, batches: Receiver<Batch>, back: Sender<Batch>) {
    for mut batch in batches {
        let events = batch.events.get(..batch.filled).unwrap_or_default();
        for some in events.chunks(AT_ONCE) {
            fold.look_ahead(some);
            some.iter().for_each(|told| fold.take(told, &batch.details));
        }
        batch.filled = 0;
        batch.details.clear();
        // When all is read, nobody needs it any more.
        let _ = back.send(batch);
    }
}
