//! Under xinetd and inetd fds 0, 1 and 2 are all the peer's connection, so whatever a program prints
//! goes to a spammer. Whatever goes wrong here, the peer gets a temporary failure or nothing, and
//! the operator an `error` event and exit code 100.

use std::process::Command;

use sundew::event::{Reason, What};

use crate::harness::servers::{Server, Setup, Super};
use crate::harness::talk::Talk;
use crate::harness::{Dir, SMTARPIT, run, until};
use std::time::Duration;

/// The exit code of a program that is configured wrongly.
const MISCONFIGURED: &str = "100";

/// A server that notes exit codes. Its log socket is on the command line as well, because the
/// configuration is what will be broken.
fn xinetd() -> Setup {
    let setup = Setup::under(Super::Xinetd).edit("log_on_success\t=", "log_on_success = PID EXIT");
    let log = setup.dir().path("log");
    setup.option(format!("--log-socket={}", log.display()))
}

#[test]
fn a_bad_option_is_not_for_the_peer() {
    tells_nothing(xinetd().option("--no-such-option"), "no-such-option");
}

#[test]
fn a_bad_value_is_not_for_the_peer() {
    tells_nothing(xinetd().option("--speedup=fast"), "speedup");
}

#[test]
fn a_broken_configuration_file_is_not_for_the_peer() {
    tells_nothing(xinetd().config("[smtarpit\n"), "sundew.toml");
}

#[test]
fn an_unknown_key_is_not_for_the_peer() {
    tells_nothing(xinetd().config("colour = \"blue\""), "colour");
}

#[test]
fn help_and_version_are_not_for_the_peer() {
    for option in ["--help", "-h", "--version", "-V", "--check"] {
        tells_nothing(xinetd().option(option), "");
    }
}

/// The peer reads nothing but a temporary failure, the operator what is wrong.
fn tells_nothing(setup: Setup, word: &str) {
    let server = setup.start();
    let mut talk = server.talk();
    quiet(&mut talk);
    let error = server.log.wait("error", |event| event.what.word() == "error");
    let What::Error { what } = &error.what else { unreachable!("asked for an error") };
    assert!(what.as_str().contains(word), "{error}");
    assert_eq!(exit_code(&server), MISCONFIGURED);
    // Nothing else was logged: above all no `connect`.
    let words: Vec<&str> = server.log.events().iter().map(|event| event.what.word()).collect();
    assert!(words.iter().all(|word| matches!(*word, "error" | "refuse")), "{words:?}");
}

fn quiet(talk: &mut Talk) {
    let said = String::from_utf8(talk.rest()).unwrap();
    let mut lines = said.split_inclusive("\r\n");
    let is_tempfail = |line: &str| line.starts_with("421 ") && line.ends_with("\r\n");
    assert!(lines.next().is_none_or(is_tempfail) && lines.next().is_none(), "{said:?}");
    for word in ["smtarpit", "sundew", "panic", "Usage", "--"] {
        assert!(!said.contains(word), "{said:?}");
    }
}

fn exit_code(server: &Server) -> String {
    until("xinetd notes an exit code", || server.exit_codes().pop())
}

#[test]
fn a_panic_is_not_for_the_peer() {
    // Only a debug build knows this variable; see the driver.
    let server = xinetd()
        .environment("SUNDEW_TEST_PANIC", "NOOP-panic")
        .environment("RUST_BACKTRACE", "full")
        .option("--speedup=200")
        .start();
    let mut talk = server.talk();
    assert!(talk.reply().starts_with("220"));
    assert!(talk.ask("HELO client.example.net").starts_with("250"));
    talk.say("NOOP-panic");
    quiet(&mut talk);
    let error = server.log.wait("error", |event| event.what.word() == "error");
    let What::Error { what } = &error.what else { unreachable!("asked for an error") };
    assert!(what.as_str().contains("panic"), "{error}");
    let end = server.log.end_of(&talk);
    assert_eq!(end.reason, Reason::Error);
    assert_eq!(error.id, end.event.id);
    assert_eq!(exit_code(&server), MISCONFIGURED);
}

#[test]
fn the_operator_reads_what_the_peer_does_not() {
    let dir = Dir::new();
    let config = dir.write("sundew.toml", "colour = \"blue\"\n");
    let minute = Duration::from_secs(60);
    let program = |options: &[&str]| run(Command::new(SMTARPIT).args(options), minute);
    let help = program(&["--help"]);
    assert_eq!(help.status, Some(0));
    assert!(help.stdout.contains("--lock-dir") && help.stderr.is_empty(), "{}", help.stderr);

    let version = program(&["--version"]);
    assert_eq!(version.stdout.trim(), concat!("smtarpit ", env!("CARGO_PKG_VERSION")));

    let option = program(&["--no-such-option"]);
    assert_eq!((option.status, option.stdout.as_str()), (Some(100), ""));
    assert!(option.stderr.contains("--no-such-option"), "{}", option.stderr);

    let broken = program(&["--config", config.to_str().unwrap()]);
    assert_eq!((broken.status, broken.stdout.as_str()), (Some(100), ""));
    assert!(broken.stderr.contains("colour") && broken.stderr.contains("sundew.toml:1"), "{}", broken.stderr);

    // Without a connection there is nothing to do.
    let alone = program(&[]);
    assert_eq!((alone.status, alone.stdout.as_str()), (Some(100), ""));
    assert!(!alone.stderr.is_empty());
}
