//! Slots between processes: many start at the same moment, some are killed, and the directory is not
//! what it should be. The super-server is this test, so that nothing but the slots limits anybody.

use std::net::{IpAddr, TcpListener};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use nix::sys::signal::Signal;
use sundew::event::{What, Why};

use crate::harness::log::Log;
use crate::harness::talk::Talk;
use crate::harness::{Dir, PATIENCE, Process, SMTARPIT, leaves_root};

/// A super-server without limits of its own.
struct Door {
    dir: Dir,
    log: Log,
    listener: TcpListener,
    flags: Vec<String>,
}

/// A peer, and the program that serves it.
struct Guest {
    talk: Talk,
    program: Process,
}

impl Door {
    fn with(flags: &[&str]) -> Self {
        let dir = Dir::new();
        let log = Log::socket(&dir.path("log"));
        let secret = dir.write("secret", "the same secret on every machine that runs the tests");
        let flags = flags.iter().map(|flag| flag.to_string());
        let flags = flags.chain(["--secret-file".to_owned(), secret.display().to_string()]).collect();
        Door { log, dir, listener: TcpListener::bind("127.0.0.1:0").unwrap(), flags }
    }

    fn locks(&self) -> PathBuf {
        self.dir.path("locks")
    }

    /// Connects from an address and starts the program on the connection.
    fn enter(&self, from: &str, locks: &Path) -> Guest {
        let from: IpAddr = from.parse().unwrap();
        let talk = Talk::from(from, self.listener.local_addr().unwrap());
        let socket = OwnedFd::from(self.listener.accept().unwrap().0);
        let mut command = Command::new(SMTARPIT);
        command.args(["--hostname", "mx.example.org", "--greet-pause", "0", "--log", "syslog"]);
        command.arg("--log-socket").arg(self.dir.path("log"));
        command.arg("--lock-dir").arg(locks).args(&self.flags).args(leaves_root()).env_clear();
        command.stdin(socket.try_clone().unwrap()).stdout(socket).stderr(Stdio::null());
        Guest { talk, program: Process::start(&mut command) }
    }

    fn enter_all(&self, from: impl Fn(usize) -> String, count: usize) -> Vec<Guest> {
        (0..count).map(|number| self.enter(&from(number), &self.locks())).collect()
    }
}

/// How the peers were received: tarpitted, refused with a word, and without.
fn received(guests: &mut [Guest]) -> (usize, usize, usize) {
    let (mut held, mut refused, mut closed) = (0, 0, 0);
    for guest in guests {
        if !guest.talk.hears_within(PATIENCE) {
            assert!(guest.talk.closes_within(PATIENCE) && guest.talk.unread().is_empty());
            closed += 1;
        } else if guest.talk.unread().starts_with(b"421") {
            assert!(guest.talk.closes_within(PATIENCE));
            refused += 1;
        } else {
            assert_eq!(guest.talk.hear("220"), "220");
            held += 1;
        }
    }
    (held, refused, closed)
}

fn slot(door: &Door, guest: &Guest) -> (u32, u32) {
    match door.log.connect_of(&guest.talk).what {
        What::Connect { slot, busy, .. } => (slot, busy),
        other => panic!("{other:?}"),
    }
}

#[test]
fn sixty_programs_at_the_same_time_never_exceed_the_slots() {
    let door = Door::with(&["--slots", "35", "--total", "40"]);
    // Those who are refused leave again and make room for others to be refused, so how many meet a
    // full house is up to the machine; how many are held is not.
    let mut guests = door.enter_all(|_| "127.0.0.9".into(), 60);
    let (held, refused, closed) = received(&mut guests);
    assert_eq!((held, refused + closed), (35, 25));
    assert!(refused >= 5);
    let mut slots = Vec::new();
    for event in door.log.count("connect", 35) {
        if let What::Connect { slot, busy, .. } = event.what {
            assert!((1..=40).contains(&busy));
            slots.push(slot);
        }
    }
    slots.sort_unstable();
    assert_eq!(slots, (1..=35).collect::<Vec<_>>());
}

#[test]
fn a_killed_program_frees_its_slot_at_once() {
    let door = Door::with(&["--slots", "3", "--total", "4"]);
    let mut guests = door.enter_all(|_| "127.0.0.9".into(), 3);
    assert_eq!(received(&mut guests), (3, 0, 0));
    let mut refused = door.enter("127.0.0.9", &door.locks());
    assert_eq!(received(std::slice::from_mut(&mut refused)), (0, 1, 0));
    // It has a slot too until it is gone, and leaves it in good order if it is not killed.
    refused.program.wait("the refused program to be gone");
    for _ in 0..3 {
        let mut victim = guests.remove(0);
        let (freed, _) = slot(&door, &victim);
        victim.program.signal(Signal::SIGKILL);
        victim.program.wait("the killed program to be gone");
        let mut next = door.enter("127.0.0.9", &door.locks());
        assert_eq!(received(std::slice::from_mut(&mut next)), (1, 0, 0));
        assert_eq!(slot(&door, &next), (freed, 3));
        guests.push(next);
    }
}

#[test]
fn what_the_killed_leave_behind_is_not_counted() {
    let door = Door::with(&["--slots", "10", "--total", "12"]);
    let mut guests = door.enter_all(|_| "127.0.0.9".into(), 10);
    assert_eq!(received(&mut guests), (10, 0, 0));
    for guest in &mut guests {
        guest.program.signal(Signal::SIGKILL);
        guest.program.wait("the killed program to be gone");
    }
    let mut next = door.enter("127.0.0.9", &door.locks());
    assert_eq!(received(std::slice::from_mut(&mut next)), (1, 0, 0));
    assert_eq!(slot(&door, &next).1, 1);
}

#[test]
fn one_network_gets_its_share_and_no_more() {
    let door = Door::with(&["--slots", "35", "--total", "400", "--per-source", "4"]);
    let mut guests = door.enter_all(|number| format!("127.0.{}.{}", number % 3, number + 1), 45);
    assert_eq!(received(&mut guests), (12, 33, 0));
    for event in door.log.count("refuse", 33) {
        assert!(matches!(event.what, What::Refuse { why: Why::PerSource, .. }), "{event}");
    }
    // Whoever ends makes room for another of the same network, not for one more.
    let held = guests.iter().position(|guest| !guest.talk.unread().starts_with(b"421")).unwrap();
    let mut ended = guests.remove(held);
    ended.program.signal(Signal::SIGTERM);
    ended.program.wait("the program to end");
    let network = held % 3;
    let mut next: Vec<Guest> = (0..3)
        .map(|number| door.enter(&format!("127.0.{network}.{}", 200 + number), &door.locks()))
        .collect();
    assert_eq!(received(&mut next), (1, 2, 0));
}

#[test]
fn an_unusable_directory_refuses_politely_and_says_why() {
    let door = Door::with(&[]);
    let file = door.dir.write("file", "");
    let open = door.dir.make("open");
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o1777);
    std::fs::set_permissions(&open, mode).unwrap();
    let link = door.dir.path("link");
    std::os::unix::fs::symlink(door.dir.make("elsewhere"), &link).unwrap();
    for unusable in [file, open, link, "/proc/none/locks".into()] {
        let mut guest = door.enter("127.0.0.9", &unusable);
        assert_eq!(received(std::slice::from_mut(&mut guest)), (0, 1, 0), "{}", unusable.display());
        assert_eq!(guest.program.wait("the refusal").code(), Some(111));
        let named = |what: &What| match what {
            What::Error { what } => what.as_str().contains(&unusable.display().to_string()),
            _ => false,
        };
        door.log.wait("the error", |event| named(&event.what));
    }
    for event in door.log.count("refuse", 4) {
        assert!(matches!(event.what, What::Refuse { why: Why::Locks, .. }), "{event}");
    }
}
