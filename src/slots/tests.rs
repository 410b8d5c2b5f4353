//! `flock` knows no processes, only open files: what holds between threads and within one thread
//! here holds between processes. Killed ones are in tests/slots.rs.

use super::*;
use crate::Rng;
use proptest::prelude::{ProptestConfig, any, prop, prop_assert_eq, proptest};
use rand::SeedableRng;
use std::fs;
use std::os::unix::fs::{FileExt as _, PermissionsExt, symlink};
use std::path::PathBuf;
use std::sync::Barrier;
use std::sync::atomic::{AtomicU32, Ordering};

/// A directory that is gone after the test.
struct Dir(PathBuf);

impl Dir {
    fn new() -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("slots-{}-{number}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Dir(path)
    }

    fn take(&self, limits: Limits, peer: &str) -> Grant {
        take(&self.0, limits, peer.parse().ok(), &mut rng()).unwrap()
    }

    fn fill(&self, count: u32, limits: Limits, peer: &str) -> Vec<Grant> {
        (0..count).map(|_| self.take(limits, peer)).collect()
    }

    /// What a holder leaves behind that was killed: a record without a lock.
    fn bury(&self, number: u32, network: [u8; 8]) {
        let mut options = fs::File::options();
        let options = options.create(true).truncate(false).write(true);
        let map = options.open(self.0.join("map")).unwrap();
        map.write_all_at(&network, u64::from(number - 1) * 8).unwrap();
    }
}

impl Drop for Dir {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).unwrap();
    }
}

fn rng() -> Rng {
    Rng::try_from_rng(&mut rand::rngs::SysRng).unwrap()
}

const USUAL: Limits = Limits { slots: 35, total: 40, per_source: 0 };
const PEER: &str = "192.0.2.7";

/// How many got a slot, were refused politely for this reason, and found all full.
fn counts(grants: &[Grant], reason: Why) -> (usize, usize, usize) {
    let count = |test: fn(&Grant, Why) -> bool| grants.iter().filter(|g| test(g, reason)).count();
    (
        count(|grant, _| matches!(grant, Grant::Slot(_))),
        count(|grant, reason| matches!(grant, Grant::Polite { why, .. } if *why == reason)),
        count(|grant, _| matches!(grant, Grant::Full { .. })),
    )
}

fn slot(grant: Grant) -> Slot {
    match grant {
        Grant::Slot(slot) => slot,
        other => panic!("no slot but {other:?}"),
    }
}

#[test]
fn thirty_five_then_five_then_none() {
    let dir = Dir::new();
    let grants = dir.fill(42, USUAL, PEER);
    for (taken, grant) in (1..).zip(&grants) {
        match grant {
            Grant::Slot(slot) => {
                assert!((1..=35).contains(&slot.number()));
                assert_eq!((slot.busy(), taken <= 35), (taken, true));
            }
            Grant::Polite { slot, why } => {
                assert!((36..=40).contains(&slot.number()));
                assert_eq!((slot.busy(), *why), (taken, Why::Slots));
            }
            Grant::Full { busy } => assert_eq!((*busy, taken > 40), (40, true)),
        }
    }
    assert_eq!(counts(&grants, Why::Slots), (35, 5, 2));
}

#[test]
fn a_slot_is_free_again_when_it_is_dropped() {
    let dir = Dir::new();
    let mut grants = dir.fill(40, USUAL, PEER);
    grants.retain(|grant| !matches!(grant, Grant::Slot(slot) if slot.number() == 17));
    let again = slot(dir.take(USUAL, PEER));
    assert_eq!((again.number(), again.busy()), (17, 40));
    grants.clear();
    drop(again);
    assert_eq!(slot(dir.take(USUAL, PEER)).busy(), 1);
}

#[test]
fn sixty_at_the_same_time() {
    for _ in 0..20 {
        let dir = Dir::new();
        let start = Barrier::new(60);
        let grants: Vec<Grant> = std::thread::scope(|scope| {
            let one = || {
                start.wait();
                dir.take(USUAL, PEER)
            };
            let all: Vec<_> = (0..60).map(|_| scope.spawn(one)).collect();
            all.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert_eq!(counts(&grants, Why::Slots), (35, 5, 20));
    }
}

#[test]
fn sixty_of_four_networks_at_the_same_time() {
    let limits = Limits { per_source: 3, ..USUAL };
    for _ in 0..20 {
        let dir = Dir::new();
        let start = Barrier::new(60);
        let grants: Vec<Grant> = std::thread::scope(|scope| {
            let (start, dir) = (&start, &dir);
            let one = |number: u32| {
                start.wait();
                dir.take(limits, &format!("192.0.{}.{number}", number % 4))
            };
            let all: Vec<_> = (0..60).map(|number| scope.spawn(move || one(number))).collect();
            all.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert_eq!(counts(&grants, Why::PerSource), (12, 5, 43));
    }
}

#[test]
fn no_slot_is_lost_while_many_come_and_go() {
    let dir = Dir::new();
    let limits = Limits { slots: 3, total: 4, per_source: 0 };
    let inside = AtomicU32::new(0);
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for _ in 0..200 {
                    if let Grant::Slot(slot) = dir.take(limits, PEER) {
                        assert!(inside.fetch_add(1, Ordering::SeqCst) < 3);
                        inside.fetch_sub(1, Ordering::SeqCst);
                        drop(slot);
                    }
                }
            });
        }
    });
    assert_eq!(counts(&dir.fill(5, limits, PEER), Why::Slots), (3, 1, 1));
}

#[test]
fn one_network_has_no_more_than_its_share() {
    let limits = Limits { per_source: 2, ..USUAL };
    for (network, other) in [
        (["192.0.2.1", "192.0.2.200", "::ffff:192.0.2.9"], "192.0.3.1"),
        (["2001:db8:1::1", "2001:db8:1:2::1", "2001:db8:1:ffff::"], "2001:db8:2::1"),
        (["unknown", "unknown", "unknown"], "0.0.0.0"),
    ] {
        let dir = Dir::new();
        let mut grants: Vec<_> = network.iter().map(|peer| dir.take(limits, peer)).collect();
        assert_eq!(counts(&grants, Why::PerSource), (2, 1, 0), "{network:?}");
        let _other = slot(dir.take(limits, other));
        // The polite slots are for all; when they are taken too, there is nothing left to say.
        grants.extend(dir.fill(6, limits, network[0]));
        assert_eq!(counts(&grants, Why::PerSource), (2, 5, 2), "{network:?}");
        grants.remove(0);
        let _again = slot(dir.take(limits, network[2]));
    }
}

#[test]
fn a_dead_one_does_not_count_against_its_network() {
    let dir = Dir::new();
    let limits = Limits { per_source: 2, ..USUAL };
    let _alive = slot(dir.take(limits, PEER));
    dir.bury(30, [b'4', 192, 0, 2, 0, 0, 0, 0]);
    assert_eq!(slot(dir.take(limits, PEER)).number(), 30);
}

#[test]
fn a_full_map_of_the_dead_is_an_empty_tarpit() {
    // The last is more than are tried for one guest, and fewer than the files that a process may open.
    for slots in [1, 35, 3 * PROBES as u32] {
        let limits = Limits { slots, total: slots + 5, per_source: 0 };
        let dir = Dir::new();
        (1..=limits.total).for_each(|number| dir.bury(number, [b'u', 0, 0, 0, 0, 0, 0, 0]));
        let grants = dir.fill(limits.total + 1, limits, PEER);
        assert_eq!(counts(&grants, Why::Slots), (slots as usize, 5, 1));
        match grants.last() {
            Some(Grant::Full { busy }) => assert_eq!(*busy, limits.total),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn what_the_dead_leave_is_no_longer_counted_after_one_start() {
    let dir = Dir::new();
    (1..=40).for_each(|number| dir.bury(number, [b'?'; 8]));
    assert_eq!(slot(dir.take(USUAL, PEER)).busy(), 1);
}

#[test]
fn a_lost_map_is_drawn_again() {
    let dir = Dir::new();
    let held = dir.fill(30, USUAL, PEER);
    fs::write(dir.0.join("map"), b"").unwrap();
    let grants = dir.fill(11, USUAL, PEER);
    assert_eq!(counts(&grants, Why::Slots), (5, 5, 1));
    match grants.last() {
        Some(Grant::Full { busy }) => assert_eq!(*busy, 40),
        other => panic!("{other:?}"),
    }
    drop(held);
}

#[test]
fn the_directory_is_made() {
    let dir = Dir::new();
    let deep = dir.0.join("run/sundew/smtarpit");
    let _held = slot(take(&deep, USUAL, None, &mut rng()).unwrap());
    for made in [&deep, deep.parent().unwrap()] {
        assert_eq!(fs::metadata(made).unwrap().mode() & 0o027, 0, "{made:?}");
    }
    for file in fs::read_dir(&deep).unwrap() {
        assert_eq!(file.unwrap().metadata().unwrap().mode() & 0o117, 0);
    }
}

#[test]
fn what_cannot_be_used_is_an_error() {
    let refused = |dir: &Path, limits| take(dir, limits, None, &mut rng()).unwrap_err().to_string();
    let dir = Dir::new();
    let file = dir.0.join("file");
    fs::write(&file, "").unwrap();
    let link = dir.0.join("link");
    symlink(&dir.0, &link).unwrap();
    let open = dir.0.join("open");
    fs::create_dir(&open).unwrap();
    fs::set_permissions(&open, fs::Permissions::from_mode(0o1777)).unwrap();
    for unusable in [&file, &link, &open, Path::new("/proc/none"), Path::new("")] {
        let error = refused(unusable, USUAL);
        assert!(error.contains(&unusable.display().to_string()), "{error}");
    }
    let much = Limits { slots: 5, total: MOST + 1, per_source: 0 };
    assert!(refused(&dir.0, much).contains("1000000"));

    for name in ["map", "1"] {
        let only = Limits { slots: 1, total: 1, per_source: 0 };
        let made: [fn(&Path, &Path); 2] =
            [|path, _| fs::create_dir(path).unwrap(), |path, file| symlink(file, path).unwrap()];
        for make in made {
            let dir = Dir::new();
            make(&dir.0.join(name), &file);
            assert!(refused(&dir.0, only).contains(&format!("{name}: ")));
        }
    }
    fs::hard_link(&file, dir.0.join("map")).unwrap();
    assert!(refused(&dir.0, USUAL).contains("map: not a plain file"));
    assert_eq!(fs::read(&file).unwrap(), b"");
}

#[test]
fn no_slots_at_all() {
    let dir = Dir::new();
    for (slots, total, expected) in [(0, 0, (0, 0, 3)), (0, 2, (0, 2, 1)), (9, 2, (2, 0, 1))] {
        for per_source in [0, 9] {
            let grants = dir.fill(3, Limits { slots, total, per_source }, PEER);
            assert_eq!(counts(&grants, Why::Slots), expected, "{slots} of {total}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever the map says, before and meanwhile, the locks decide.
    #[test]
    fn noise_in_the_map_changes_nothing(
        before in prop::collection::vec(any::<u8>(), 0..200),
        meanwhile in prop::option::of(prop::collection::vec(0u8..3, 0..200)),
        slots in 1u32..20,
        polite in 0u32..5,
    ) {
        let dir = Dir::new();
        let limits = Limits { slots, total: slots + polite, per_source: 0 };
        fs::write(dir.0.join("map"), &before).unwrap();
        let mut grants = dir.fill(slots / 2, limits, PEER);
        if let Some(noise) = meanwhile {
            fs::write(dir.0.join("map"), &noise).unwrap();
        }
        grants.extend(dir.fill(slots - slots / 2 + polite + 2, limits, PEER));
        prop_assert_eq!(counts(&grants, Why::Slots), (slots as usize, polite as usize, 2));
        let mut numbers: Vec<_> = grants.iter().filter_map(|grant| match grant {
            Grant::Slot(slot) | Grant::Polite { slot, .. } => Some(slot.number()),
            Grant::Full { .. } => None,
        }).collect();
        numbers.sort_unstable();
        prop_assert_eq!(numbers, (1..=limits.total).collect::<Vec<_>>());
    }
}
