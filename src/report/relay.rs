//! Between the reading of lines and the counting of events.
//!
//! On more than one core each has a thread of its own, and so counting goes on while lines are read and a packed
//! log is unpacked. Events go over in batches, and empty batches come back. There are few of them, so whoever is
//! faster waits. On one core a batch is counted where it was filled.

use std::hash::BuildHasher;
use std::sync::mpsc::{Receiver, SyncSender, channel, sync_channel};
use std::thread::{Builder, available_parallelism, scope};

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
    /// A log is over with these.
    over: bool,
}

impl Default for Batch {
    fn default() -> Self {
        let none = Told { micros: 0, service: Service::Smtarpit, heard: Heard::default(), hash: 0 };
        Batch { events: vec![none; BATCH], filled: 0, details: Details::default(), over: false }
    }
}

impl Batch {
    /// Counts what is in it, and empties it.
    fn count(&mut self, fold: &mut Fold) {
        let events = self.events.get(..self.filled).unwrap_or_default();
        for some in events.chunks(AT_ONCE) {
            fold.look_ahead(some);
            some.iter().for_each(|told| fold.take(told, &self.details));
        }
        if std::mem::take(&mut self.over) {
            fold.pause();
        }
        self.filled = 0;
        self.details.clear();
    }
}

/// So many events make a batch: few enough to stay in a processor's cache, and enough that a thread that has to
/// wait seldom wakes up.
const BATCH: usize = 4096;
/// So many are looked at before they are counted: what the tables have of them stays in the cache for so long.
const AT_ONCE: usize = 256;
/// So many batches may be full and not yet counted.
const AHEAD: usize = 4;

/// Takes events for a fold.
pub struct Relay<'f> {
    hasher: DefaultHashBuilder,
    batch: Batch,
    way: Way<'f>,
}

/// The way to the fold.
enum Way<'f> {
    Here(&'f mut Fold),
    Beside { full: SyncSender<Batch>, empty: Receiver<Batch> },
}

impl<'f> Relay<'f> {
    fn new(way: Way<'f>) -> Self {
        Relay { hasher: DefaultHashBuilder::default(), batch: Batch::default(), way }
    }

    fn send(&mut self) {
        match &mut self.way {
            Way::Here(fold) => self.batch.count(fold),
            Way::Beside { full, empty } => {
                let next = empty.try_recv().unwrap_or_default();
                // The other thread is there for as long as this is.
                let _ = full.send(std::mem::replace(&mut self.batch, next));
            }
        }
    }
}

impl Takes for Relay<'_> {
    #[inline]
    fn next(&mut self) -> (&mut Heard, &mut Details) {
        let Batch { events, filled, details, .. } = &mut self.batch;
        (&mut events[*filled % BATCH].heard, details)
    }

    #[inline]
    fn take(&mut self, micros: i64, service: Service, message: &[u8]) {
        let Batch { events, filled, details, .. } = &mut self.batch;
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

    fn over(&mut self) {
        self.batch.over = true;
        self.send();
    }
}

/// Counts what `read` hands over.
pub fn count<T>(fold: &mut Fold, read: impl FnOnce(&mut Relay<'_>) -> T) -> T {
    match available_parallelism() {
        Ok(cores) if cores.get() == 1 => here(fold, read),
        _ => beside(fold, read),
    }
}

fn here<T>(fold: &mut Fold, read: impl FnOnce(&mut Relay<'_>) -> T) -> T {
    let mut relay = Relay::new(Way::Here(fold));
    let result = read(&mut relay);
    relay.send();
    result
}

fn beside<T>(fold: &mut Fold, read: impl FnOnce(&mut Relay<'_>) -> T) -> T {
    let (full, batches) = sync_channel::<Batch>(AHEAD);
    let (back, empty) = channel();
    // The fold follows once the thread is there, for there may be no more than one.
    let (give, given) = channel::<&mut Fold>();
    let counting = move || {
        let Ok(fold) = given.recv() else { return };
        for mut batch in batches {
            batch.count(fold);
            // When all is read, nobody needs it any more.
            let _ = back.send(batch);
        }
    };
    scope(|scope| {
        let thread = Builder::new().name("fold".to_owned()).spawn_scoped(scope, counting);
        if thread.is_err() {
            return here(fold, read);
        }
        // It waits for this.
        let _ = give.send(fold);
        let mut relay = Relay::new(Way::Beside { full, empty });
        let result = read(&mut relay);
        relay.send();
        result
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fold::Period;
    use crate::report::intake::Intake;
    use crate::report::json;
    use crate::report::stamp::Stamps;
    use crate::report::summary::{By, Settings};
    use crate::report::zone::Zone;
    use std::fmt::Write as _;

    const NOW: i64 = 1_800_000_000;

    #[test]
    fn events_are_the_same_whichever_way_they_go() {
        // More than all batches hold, and not a whole number of them.
        let connections = (AHEAD + 3) * BATCH / 4 + 5;
        let mut log = String::new();
        for nth in 0..connections {
            let who = format!("id=a{nth} peer=192.0.2.{}", nth % 200);
            let (minute, second) = (nth / 60 % 60, nth % 60);
            let mut line = |text: String| {
                writeln!(log, "2026-11-2{}T04:{minute:02}:{second:02}.000000+01:00 mx {text}", nth % 7)
                    .unwrap();
            };
            line(format!("tarpop[9]: connect {who} slot=1 busy=1 profile=day persona=dovecot"));
            line(format!("tarpop[9]: login {who} user=u{} method=PASS verdict=reject", nth % 500));
            line(format!("smtarpit[9]: mail {who} from=a{nth}@example.net verdict=accept"));
            line(format!(
                "tarpop[9]: end {who} held=3 in=1 out=2 stage=user reason=quit kind=program evidence=none \
                 profile=p{} commands=3 logins=1",
                nth % 3
            ));
        }
        let report = |beside_it: bool| {
            let settings = Settings {
                by: By::Day,
                week_start: chrono::Weekday::Mon,
                zone: "UTC".to_owned(),
                slots: 35,
                total: 40,
                top: 1000,
                masked: false,
            };
            let mut fold = Fold::new(Zone::utc(), settings, Period::default());
            let read = |relay: &mut Relay<'_>| {
                let mut idle = || {};
                let mut intake = Intake::new(relay, &mut idle);
                intake.read(log.as_bytes(), Stamps::new(Zone::utc(), NOW)).unwrap();
                intake.input
            };
            let input = if beside_it { beside(&mut fold, read) } else { here(&mut fold, read) };
            let summary = fold.finish(NOW, input);
            assert_eq!(summary.input.events, 4 * connections as u64);
            json::render(&summary)
        };
        let (here, beside) = (report(false), report(true));
        assert!(here == beside, "{here}\n{beside}");
        assert!(here.contains("\"u499\"") && here.contains("\"p2\""), "{here}");
    }
}
