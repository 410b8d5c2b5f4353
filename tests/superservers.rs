//! The shipped service files under the real super-servers.

use std::process::Command;

use crate::harness::{Dir, must, need, shipped};

#[test]
fn systemd_takes_the_units() {
    let dir = Dir::new();
    let socket = dir.write("smtarpit.socket", shipped("contrib/systemd/smtarpit.socket"));
    let unit = shipped("contrib/systemd/smtarpit@.service")
        .replace("/usr/local/sbin/smtarpit", crate::harness::SMTARPIT);
    let service = dir.write("smtarpit@.service", unit);
    // A machine without man would otherwise complain about the manuals.
    let output =
        must(Command::new(need("systemd-analyze")).args(["verify", "--man=no"]).args([socket, service]));
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
}

#[test]
fn sysusers_and_tmpfiles_make_the_accounts_and_the_lock_directory() {
    let dir = Dir::new();
    dir.make("etc");
    for part in ["sysusers.d", "tmpfiles.d"] {
        let text = shipped(&format!("contrib/{part}/sundew.conf"));
        dir.write(&format!("etc/{part}/sundew.conf"), text);
    }
    let root = format!("--root={}", dir.path("").display());
    must(Command::new(need("systemd-sysusers")).args([&root, "sundew.conf"]));
    must(Command::new(need("systemd-tmpfiles")).args([&root, "--create", "sundew.conf"]));
    let accounts = std::fs::read_to_string(dir.path("etc/passwd")).unwrap();
    for account in ["sundew:", "sundewlog:"] {
        let line = accounts.lines().find(|line| line.starts_with(account));
        assert!(line.is_some_and(|line| line.ends_with("/nologin")), "{accounts}");
    }
    assert!(dir.path("run/sundew/smtarpit").is_dir());
}
