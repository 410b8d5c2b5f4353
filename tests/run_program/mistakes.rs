//! What is asked for and cannot be: told at once, by name, before anything listens.

use std::net::TcpListener;
use std::process::Command;

use super::holder;
use crate::harness::running::TARPIT_RUN;
use crate::harness::{Dir, PATIENCE, run};

/// Runs it as a mistake would, and returns its exit code and what it says on standard error.
pub fn mistake(args: &[&str]) -> (Option<i32>, String) {
    let ran = run(Command::new(TARPIT_RUN).args(args).env_remove("SUNDEW_CONFIG"), PATIENCE);
    assert_eq!(ran.stdout, "", "{args:?}");
    (ran.status, ran.stderr)
}

#[test]
fn a_taken_port_is_named() {
    let dir = Dir::new();
    let program = holder(&dir, 4);
    let taken = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let held = TcpListener::bind(taken).unwrap();
    let (status, text) = mistake(&["--listen", &taken.to_string(), "--program", program.to_str().unwrap()]);
    assert_eq!(status, Some(111), "{text}");
    assert!(text.contains(&format!("port {} of 127.0.0.1 is taken", taken.port())), "{text}");
    let (status, text) = mistake(&["--listen", &format!("pop3={taken}")]);
    assert_eq!(status, Some(111), "{text}");
    assert!(text.contains("--listen pop3=127.0.0.1:0"), "{text}");
    drop(held);
}

#[test]
fn a_missing_program_is_named() {
    let (status, text) = mistake(&["--listen", "127.0.0.1:0", "--program", "/nowhere/smtarpit"]);
    assert_eq!(status, Some(100));
    assert!(text.contains("cannot start /nowhere/smtarpit"), "{text}");

    let dir = Dir::new();
    let alone = dir.executable("tarpit-run", std::fs::read(TARPIT_RUN).unwrap());
    let ran = run(Command::new(alone).args(["--listen", "127.0.0.1:0"]), PATIENCE);
    assert_eq!(ran.status, Some(100));
    assert!(
        ran.stderr.contains(&format!("there is no program {}", dir.path("smtarpit").display())),
        "{}",
        ran.stderr
    );
}

#[test]
fn mistakes_are_told_before_anything_listens() {
    let dir = Dir::new();
    let refuses =
        dir.executable("refuses", "#!/bin/sh\necho 'sundew.toml:3: slots: too many' >&2\nexit 100\n");
    let silent = dir.executable("silent", "#!/bin/sh\n");
    let listen = ["--listen", "127.0.0.1:0", "--program"];
    for (args, says) in [
        (&["--gopher"][..], "--gopher"),
        (&["--listen", "nonsense"], "nonsense"),
        (&["--listen", "gopher=127.0.0.1:70"], "no service is called gopher"),
        (&["--log", "loud"], "loud"),
        (&[&listen[..], &[refuses.to_str().unwrap()]].concat(), "sundew.toml:3: slots: too many"),
        (&[&listen[..], &[silent.to_str().unwrap()]].concat(), "prints no settings"),
    ] {
        let (status, text) = mistake(args);
        assert_eq!(status, Some(100), "{args:?}: {text}");
        assert!(text.contains(says), "{args:?}: {text}");
    }
}
