use super::*;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

const RULES: Rules = Rules { after: 3, quiet: Duration::from_secs(29) };
const NOW: i64 = 1_800_000_000;

struct Dir(PathBuf);

impl Dir {
    fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("sundew-memory-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(name);
        fs::create_dir_all(&path).unwrap();
        Dir(path)
    }

    fn open(&self, peer: &str) -> Memory {
        let key = Key::new("a secret of the test");
        Memory::open(&self.0, &key, Some(peer.parse().unwrap())).unwrap()
    }

    fn files(&self) -> Vec<PathBuf> {
        let shelves = fs::read_dir(&self.0).unwrap().map(|entry| entry.unwrap().path());
        shelves.flat_map(|dir| fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path())).collect()
    }
}

impl Drop for Dir {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn pair(number: u8) -> Option<Pair> {
    Some([number; 16])
}

#[test]
fn the_third_different_pair_is_earned_and_no_other_ever_is() {
    let dir = Dir::new();
    let accepted = |number| dir.open("192.0.2.7").judge(pair(number), RULES, NOW).accepted;
    assert_eq!([1, 1, 2, 1, 2].map(accepted), [false; 5]);
    assert!(accepted(3));
    assert!((0..=255).filter(|number| *number != 3).all(|number| !accepted(number)));
    assert!(accepted(3));
}

#[test]
fn a_network_is_a_24_or_a_48_and_none_knows_of_another() {
    let dir = Dir::new();
    for number in 1..=3 {
        dir.open(&format!("192.0.2.{number}")).judge(pair(number), RULES, NOW);
        dir.open(&format!("2001:db8:0:{number}::1")).judge(pair(number), RULES, NOW);
    }
    let accepted = |peer: &str| dir.open(peer).judge(pair(3), RULES, NOW).accepted;
    assert!(accepted("192.0.2.200") && accepted("::ffff:192.0.2.9") && accepted("2001:db8::5"));
    assert!(!accepted("192.0.3.1") && !accepted("2001:db8:1::1"));
    assert_eq!(dir.files().len(), 4);
}

#[test]
fn zero_means_never_and_a_digest_earns_nothing() {
    let dir = Dir::new();
    let mut memory = dir.open("192.0.2.7");
    let never = Rules { after: 0, ..RULES };
    assert!((0..200).all(|number| !memory.judge(pair(number), never, NOW).accepted));
    assert!((0..200).all(|_| !memory.judge(None, RULES, NOW).accepted));
    assert!(dir.open("192.0.2.7").judge(pair(1), Rules { after: 1, ..RULES }, NOW).accepted);
}

#[test]
fn failures_add_up_and_are_forgotten_after_quiet() {
    let dir = Dir::new();
    let failures = |now| dir.open("192.0.2.7").judge(None, RULES, now).failures;
    assert_eq!([NOW, NOW + 10, NOW + 39, NOW + 68].map(failures), [0, 1, 2, 3]);
    assert_eq!(failures(NOW + 68 + 30), 0);
    assert_eq!(failures(NOW + 98), 1);
    assert_eq!(failures(NOW - 1000), 0, "the clock was set back");
}

#[test]
fn a_network_guesses_for_a_day_and_until_it_has_a_password() {
    const DAY: Duration = Duration::from_secs(86_400);
    let dir = Dir::new();
    let is_guessing = |now| dir.open("192.0.2.8").is_guessing(now, DAY);
    assert!(!is_guessing(NOW));
    dir.open("192.0.2.7").judge(pair(1), RULES, NOW);
    assert!(is_guessing(NOW) && is_guessing(NOW + 86_399) && is_guessing(NOW - 100));
    assert!(!is_guessing(NOW + 86_400));
    assert!(!dir.open("198.51.100.1").is_guessing(NOW, DAY));
    dir.open("192.0.2.7").judge(pair(2), RULES, NOW);
    assert!(dir.open("192.0.2.7").judge(pair(3), RULES, NOW).accepted);
    dir.open("192.0.2.7").judge(pair(4), RULES, NOW);
    assert!(!is_guessing(NOW));
}

#[test]
fn of_many_processes_at_once_one_is_let_in() {
    let dir = Dir::new();
    let accepted: usize = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..16u8)
            .map(|thread| {
                let dir = &dir;
                scope.spawn(move || {
                    let mut memory = dir.open("192.0.2.7");
                    let tries = (0..16).map(|nth| memory.judge(pair(thread * 16 + nth), RULES, NOW));
                    tries.filter(|judgement| judgement.accepted).count()
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    assert_eq!(accepted, 1);
}

#[test]
fn a_record_cut_off_by_a_crash_leaves_the_one_before() {
    let dir = Dir::new();
    for number in 1..=3 {
        dir.open("192.0.2.7").judge(pair(number), RULES, NOW);
    }
    let path = dir.files().remove(0);
    let whole = fs::read(&path).unwrap();
    dir.open("192.0.2.7").judge(pair(9), RULES, NOW);
    let after = fs::read(&path).unwrap();
    let record = after.len() / 2;
    assert!(record > SIZE);
    // The write of the last record stops at any byte of it.
    for cut in 0..record {
        let mut torn = whole.clone();
        torn[..cut].copy_from_slice(&after[..cut]);
        fs::write(&path, &torn).unwrap();
        assert!(dir.open("192.0.2.7").judge(pair(3), RULES, NOW).accepted, "cut at {cut}");
    }
    for damage in [&b""[..], b"net1", &[0xff; 3 * SIZE]] {
        fs::write(&path, damage).unwrap();
        assert!(!dir.open("192.0.2.7").judge(pair(3), RULES, NOW).accepted);
    }
}

#[test]
fn the_file_tells_nothing_about_the_network() {
    let dir = Dir::new();
    dir.open("192.0.2.7").judge(pair(1), RULES, NOW);
    let path = dir.files().remove(0);
    assert!(!path.to_str().unwrap().contains("192"));
    assert!(!fs::read(&path).unwrap().windows(3).any(|bytes| bytes == [192, 0, 2]));
}

#[test]
fn a_flood_of_networks_does_not_fill_the_disk() {
    let dir = Dir::new();
    let shelf = dir.0.join("00");
    fs::create_dir_all(&shelf).unwrap();
    for number in 0..SHELF + 10 {
        let path = shelf.join(number.to_string());
        fs::write(&path, "").unwrap();
        make_room(&shelf, &path);
    }
    assert_eq!(fs::read_dir(&shelf).unwrap().count(), SHELF);
}

#[test]
fn without_its_directory_nobody_is_let_in() {
    let mut memory = Memory::alone();
    assert!((0..100).all(|number| !memory.judge(pair(number), RULES, NOW).accepted));
    assert_eq!(memory.judge(None, RULES, NOW).failures, 100);
    let dir = Dir::new();
    let file = dir.0.join("file");
    fs::write(&file, "").unwrap();
    let error = Memory::open(&file, &Key::new("k"), None).err().unwrap();
    assert!(error.to_string().contains("file/"), "{error}");
}
