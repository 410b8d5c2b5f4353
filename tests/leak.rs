//! Under xinetd and inetd fds 0, 1 and 2 are all the peer's connection, so whatever a program prints
//! goes to a spammer. Whatever goes wrong here, the peer gets a temporary failure or nothing, and
//! the operator an `error` event and exit code 100.

use std::process::Command;

use sundew::event::{Reason, What};

use crate::harness::servers::{SERVICES, SMTARPIT, Server, Service, Setup, Super, TARPOP};
use crate::harness::{Dir, run, until};
use std::time::Duration;

/// The exit code of a program that is configured wrongly.
const MISCONFIGURED: &str = "100";

/// A server that notes exit codes. Its log socket is on the command line as well, because the
/// configuration is what will be broken.
fn xinetd(service: Service) -> Setup {
    let setup = Setup::serving(service, Super::Xinetd).edit("log_on_success\t=", "log_on_success = PID EXIT");
    let log = setup.dir().path("log");
    setup.option(format!("--log-socket={}", log.display()))
}

#[test]
fn a_bad_option_is_not_for_the_peer() {
    tell_nothing(|setup| setup.option("--no-such-option"), "no-such-option");
}

#[test]
fn a_bad_value_is_not_for_the_peer() {
    tell_nothing(|setup| setup.option("--speedup=fast"), "speedup");
}

#[test]
fn an_impossible_combination_is_not_for_the_peer() {
    tell_nothing(|setup| setup.config("slots = 50"), "slots");
}

#[test]
fn a_broken_configuration_file_is_not_for_the_peer() {
    tell_nothing(|setup| setup.config("[smtarpit\n"), "sundew.toml");
}

#[test]
fn an_unknown_key_is_not_for_the_peer() {
    tell_nothing(|setup| setup.config("colour = \"blue\""), "colour");
}

#[test]
fn help_and_version_are_not_for_the_peer() {
    for option in ["--help", "-h", "--version", "-V", "--check"] {
        tell_nothing(|setup| setup.option(option), "");
    }
}

#[test]
fn what_is_wrong_in_a_table_is_not_for_the_peer() {
    for service in SERVICES {
        let table = |text: &str| xinetd(service).config(&format!("[{}]\n{text}", service.name));
        tells_nothing(service, table("no_such_key = 1"), "no_such_key");
        tells_nothing(service, table("persona = \"groupwise\""), "groupwise");
        let profile = format!("[[{}.profile]]\nhours = \"soon\"", service.name);
        tells_nothing(service, xinetd(service).config(&profile), "soon");
    }
}

/// No program tells anything in this situation.
fn tell_nothing(situation: impl Fn(Setup) -> Setup, word: &str) {
    for service in SERVICES {
        tells_nothing(service, situation(xinetd(service)), word);
    }
}

/// The peer reads nothing but a temporary failure, the operator what is wrong.
fn tells_nothing(service: Service, setup: Setup, word: &str) {
    let server = setup.start();
    quiet(service, &server.talk().rest());
    let error = server.log.wait("error", |event| event.what.word() == "error");
    let What::Error { what } = &error.what else { unreachable!("asked for an error") };
    assert!(what.as_str().contains(word), "{error}");
    assert_eq!(exit_code(&server), MISCONFIGURED);
    // Nothing else was logged: above all no `connect`.
    let words: Vec<&str> = server.log.events().iter().map(|event| event.what.word()).collect();
    assert!(words.iter().all(|word| matches!(*word, "error" | "refuse")), "{words:?}");
}

/// One reply at most, which says that this is no good time: a line where the server speaks first.
fn quiet(service: Service, said: &[u8]) {
    let said = String::from_utf8_lossy(said);
    let mut lines = said.split_inclusive("\r\n");
    let is_tempfail = |line: &str| line.starts_with(service.busy) && line.ends_with("\r\n");
    assert!(lines.next().is_none_or(is_tempfail), "{said:?}");
    assert!(!service.asks.is_empty() || lines.next().is_none(), "{said:?}");
    for word in ["smtarpit", "tarpop", "sundew", "panic", "Usage", "--"] {
        assert!(!said.contains(word), "{said:?}");
    }
}

fn exit_code(server: &Server) -> String {
    until("xinetd notes an exit code", || server.exit_codes().pop())
}

#[test]
fn a_panic_is_not_for_the_peer() {
    for (service, line, reply) in
        [(SMTARPIT, "HELO client.example.net", "250"), (TARPOP, "USER admin", "+OK")]
    {
        // Only a debug build knows this variable; see the driver.
        let server = xinetd(service)
            .environment("SUNDEW_TEST_PANIC", "NOOP-panic")
            .environment("RUST_BACKTRACE", "full")
            .option("--speedup=200")
            .start();
        let mut talk = server.talk();
        assert!(talk.reply().starts_with(service.greets));
        assert!(talk.ask(line).starts_with(reply));
        talk.say("NOOP-panic");
        assert_eq!(talk.rest(), b"", "{service:?}");
        let error = server.log.wait("error", |event| event.what.word() == "error");
        let What::Error { what } = &error.what else { unreachable!("asked for an error") };
        assert!(what.as_str().contains("panic"), "{error}");
        let end = server.log.end_of(&talk);
        assert_eq!(end.reason, Reason::Error);
        assert_eq!(error.id, end.event.id);
        assert_eq!(exit_code(&server), MISCONFIGURED);
    }
}

#[test]
fn the_operator_reads_what_the_peer_does_not() {
    let dir = Dir::new();
    let config = dir.write("sundew.toml", "colour = \"blue\"\n");
    let minute = Duration::from_secs(60);
    for Service { name, path, .. } in SERVICES {
        let program = |options: &[&str]| run(Command::new(path).args(options), minute);
        let help = program(&["--help"]);
        assert_eq!(help.status, Some(0));
        assert!(help.stdout.contains("--lock-dir") && help.stderr.is_empty(), "{}", help.stderr);

        let version = program(&["--version"]);
        assert_eq!(version.stdout.trim(), format!("{name} {}", env!("CARGO_PKG_VERSION")));

        let option = program(&["--no-such-option"]);
        assert_eq!((option.status, option.stdout.as_str()), (Some(100), ""));
        assert!(option.stderr.contains("--no-such-option"), "{}", option.stderr);

        let broken = program(&["--config", config.to_str().unwrap()]);
        assert_eq!((broken.status, broken.stdout.as_str()), (Some(100), ""));
        let said = &broken.stderr;
        assert!(said.contains("colour") && said.contains("sundew.toml:1"), "{said}");

        // Without a connection there is nothing to do.
        let alone = program(&[]);
        assert_eq!((alone.status, alone.stdout.as_str()), (Some(100), ""));
        let said = &alone.stderr;
        assert!(said.starts_with(&format!("{name}: standard input is no connection.\n")), "{said}");
    }
}
