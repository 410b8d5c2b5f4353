//! Every block of README.md that shows something to type or to see is run here, or compared with
//! what is really to be seen.
//!
//! The word after the language names the block. What a test must change, ports and paths, it changes
//! in the text of the block; everything else runs as it stands there.

use std::collections::HashMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use crate::harness::running::Running;
use crate::harness::servers::{SUNDEW, Setup, Super, TARPOP};
use crate::harness::talk::Talk;
use crate::harness::{Dir, Process, SMTARPIT, must, need, root, shipped};

/// Every block, and the test that answers for it.
const BLOCKS: &[(&str, fn())] = &[
    ("text transcript", the_transcript_is_what_is_said),
    ("text event", the_transcript_is_what_is_said),
    ("sh needs", what_it_needs_is_named_before_the_first_command),
    ("sh try", the_first_command_starts_it),
    ("text listens", the_first_command_starts_it),
    ("sh swaks", the_first_command_starts_it),
    ("sh tests", the_second_command_is_there),
    ("sh xinetd", the_lines_for_xinetd_install_it),
    ("sh tcpserver", the_lines_for_tcpserver_install_it),
    ("sh manuals", the_lines_for_xinetd_install_it),
    ("sh stop", the_lines_for_xinetd_install_it),
    ("sh remove", the_lines_for_xinetd_install_it),
    ("sh container", a_container_logs_what_the_last_lines_find),
    ("sh look", a_container_logs_what_the_last_lines_find),
    ("text guesses", the_guesses_are_answered_as_shown),
    ("text whence", an_address_says_where_it_comes_from),
    ("sh web", the_lines_for_the_web_site_make_one),
    ("sh report", the_report_is_made),
];

/// The fenced blocks by their names.
fn blocks() -> HashMap<String, String> {
    let readme = shipped("README.md");
    let mut blocks = HashMap::new();
    let mut parts = readme.split("```");
    parts.next();
    while let (Some(block), Some(_)) = (parts.next(), parts.next()) {
        let (name, text) = block.split_once('\n').expect("a fence stands on a line of its own");
        assert!(blocks.insert(name.to_owned(), text.to_owned()).is_none(), "there are two blocks {name:?}");
    }
    blocks
}

fn block(name: &str) -> String {
    blocks().remove(name).unwrap_or_else(|| panic!("README.md has no block {name:?}"))
}

#[test]
fn every_block_has_its_test() {
    let mut there: Vec<_> = blocks().into_keys().collect();
    let mut tested: Vec<_> = BLOCKS.iter().map(|(name, _)| (*name).to_owned()).collect();
    there.sort();
    tested.sort();
    assert_eq!(there, tested);
    // Four spaces make a block too, one that no test would see.
    let outside = shipped("README.md").split("```").step_by(2).map(str::to_owned).collect::<String>();
    let hidden: Vec<_> = outside.lines().filter(|line| line.starts_with("    ")).collect();
    assert!(hidden.is_empty(), "{hidden:?}");
}

/// Has the conversation again, twenty times as fast: the same words in the same order, but for the
/// lines of a held reply, which are drawn by lot. A line that ends in `...` was not
/// complete; its code is heard at least.
#[test]
fn the_transcript_is_what_is_said() {
    let dir = Dir::new();
    let config = dir.write("sundew.toml", "hostname = \"mx.example.org\"\ndomains = [\"example.org\"]\n");
    let config = config.to_str().unwrap();
    let running = Running::start(&["--listen", "127.0.0.1:0", "--speedup", "20", "--config", config]);
    let mut talk = Talk::to(running.address());
    let mut before = 0.0;
    for line in block("text transcript").lines() {
        let (time, words) = line.trim_start().split_once("  ").expect("a time, then words");
        let time: f64 = time.trim_end_matches(" s").parse().expect("a time in seconds");
        assert!(time >= before, "{line}");
        before = time;
        match (words.split_once(": "), words.strip_suffix("...")) {
            (Some(("C", said)), _) => talk.say(said),
            (Some(("S", _)), Some(part)) => drop(talk.hear(part["S: ".len()..].split(' ').next().unwrap())),
            (Some(("S", said)), None) if is_drawn(said) => {}
            (Some(("S", said)), None) => {
                let heard = std::iter::from_fn(|| Some(talk.line())).find(|line| !is_drawn(line));
                assert_eq!(heard.as_deref(), Some(said));
            }
            _ => panic!("neither side says {line:?}"),
        }
    }
    drop(talk);
    let seen = running.out.has("hung up", 1);
    // The time and the last bytes differ from run to run, the rest does not.
    let event = block("text event");
    for part in ["  127.0.0.1        hung up at rcpt after ", "; 91 bytes in, ", " out; program ("] {
        assert!(event.contains(part) && seen.contains(part), "{part} in {event} and {seen}");
    }
}

/// Has the other conversation again: who says what in which order. The numbers of STAT are those of a
/// mailbox that no other machine has.
#[test]
fn the_guesses_are_answered_as_shown() {
    let dir = Dir::new();
    let text = "hostname = \"mx.example.org\"\n[tarpop]\naccept_after = \"3\"\n";
    let config = dir.write("sundew.toml", text);
    let config = config.to_str().unwrap();
    let running = Running::start(&["--listen", "pop3=127.0.0.1:0", "--speedup", "20", "--config", config]);
    let mut talk = Talk::to(running.address());
    let mut heard = 0;
    for line in block("text guesses").lines() {
        let (_, words) = line.trim_start().split_once("  ").expect("a time, then words");
        match words.split_once(": ") {
            Some(("C", said)) => talk.say(said),
            Some(("S", said)) => {
                heard += 1;
                let digits = |line: &str| line.replace(|c: char| c.is_ascii_digit(), "");
                assert_eq!(digits(&talk.line()), digits(said));
            }
            _ => panic!("neither side says {line:?}"),
        }
    }
    assert_eq!(heard, 9);
    running.out.has("login as admin by USER: rejected", 2);
    running.out.has("login as admin by USER: accepted", 1);
}

/// Asks where an address comes from, with a log in which it was shown, and hears what is printed there.
#[test]
fn an_address_says_where_it_comes_from() {
    use sundew::receipt::{Maker, Receipt, Style};
    let dir = Dir::new();
    let shown = block("text whence");
    let secret = dir.write("secret", "a secret of sixteen bytes or more");
    let receipt = Receipt { season: 0, style: Style::Mailto, visit: 0x0a3f1, nth: 2 };
    let maker = Maker::new(&fs::read(&secret).unwrap(), sundew::names::Language::English);
    let (local, theirs) = (maker.person(&receipt).local, "rosemary.lynn.bickford");
    let page = "page id=a peer=127.0.0.5 method=GET host=www.example.org path=/people/ status=200 agent=harvest/1.0 \
                bytes=9126 addresses=6 season=0 visit=0a3f1";
    let log = dir.write("mail.log", format!("2026-11-26T10:04:31+00:00 host sundew[7]: {page}\n"));
    let (command, printed) = shown.split_once('\n').unwrap();
    let command = command.strip_prefix("$ ").unwrap().replace(theirs, &local);
    let command = command.replace("/var/log/mail.log", log.to_str().unwrap());
    let programs = Path::new(SMTARPIT).parent().unwrap();
    let options = format!("--domains example.org --secret-file {}", secret.display());
    let mut shell = Command::new("sh");
    shell.args(["-c", &format!("{}/{command} {options}", programs.display())]).env("TZ", "UTC");
    let output = String::from_utf8(must(&mut shell).stdout).unwrap();
    assert_eq!(output.replace(&local, theirs), printed);
}

/// Whether this is a line of a held reply: `250-2.1.5 `, and then words that differ from run to run.
fn is_drawn(line: &str) -> bool {
    let mut rest = line.chars().skip(3);
    rest.next() == Some('-') && rest.next().is_some_and(|c| c.is_ascii_digit()) && rest.next() == Some('.')
}

/// Makes the release programs as the README says, once, before anything has to be quick.
fn released() {
    static ONCE: OnceLock<()> = OnceLock::new();
    ONCE.get_or_init(|| {
        must(Command::new(env!("CARGO")).args(["build", "--release"]).current_dir(root()));
    });
}

#[test]
fn the_first_command_starts_it() {
    released();
    let line = block("sh try");
    let options =
        "-- --listen smtp=127.0.0.1:0 --listen pop3=127.0.0.1:0 --listen http=127.0.0.1:0 --speedup 20";
    let mut shell = Command::new("sh");
    shell.args(["-c", &format!("{} {options}", line.trim_end())]).current_dir(root());
    let running = Running::command(&mut shell);
    let port = running.address().port().to_string();
    let seen = running.out.text();
    let port_of = |program: &str| {
        let rest = seen.split_once(&format!("{program} listens on 127.0.0.1:")).expect("it listens too").1;
        rest.split(' ').next().unwrap().to_owned()
    };
    let (pop3, http) = (port_of("tarpop"), port_of("sundew"));
    let usual = seen.replace(&port, "2525").replace(&pop3, "1110").replace(&http, "8025");
    assert_eq!(usual, block("text listens"));

    need("swaks");
    let swaks = block("sh swaks").replace("2525", &port);
    assert!(seen.contains(swaks.trim_end()), "{swaks} in {seen}");
    let swaks = Process::start(Command::new("sh").args(["-c", &swaks]).stdout(std::process::Stdio::null()));
    running.out.has(", postfix persona", 1);
    running.out.has("RCPT TO someone@example.org: accepted", 1);
    drop(swaks);
    running.out.has("hung up at rcpt", 1);
}

/// Whether it is enough is seen on a bare machine, by `tests/fresh`, which runs these very blocks.
#[test]
fn what_it_needs_is_named_before_the_first_command() {
    let readme = shipped("README.md");
    let at = |name: &str| readme.find(&format!("```{name}\n")).unwrap_or_else(|| panic!("no block {name}"));
    assert!(at("sh needs") < at("sh try") && at("sh try") < at("sh tests"));
    assert_eq!(block("sh needs").lines().count(), 1, "one line to paste");
    let fresh = shipped("tests/fresh");
    for name in ["needs", "try", "tests"] {
        assert!(fresh.contains(&format!("(block {name}")), "tests/fresh runs {name}");
    }
}

/// Asked for help, a script gives it and does nothing else.
#[test]
fn every_script_has_a_help() {
    for script in ["tests/run", "tests/fresh", "fuzz/run"] {
        for flag in ["--help", "-h"] {
            let output = must(Command::new(root().join(script)).arg(flag).env("PATH", "/usr/bin:/bin"));
            let text = String::from_utf8(output.stdout).unwrap();
            assert!(text.starts_with(&format!("Usage: {script} ")), "{text}");
            assert_eq!(String::from_utf8_lossy(&output.stderr), "");
        }
    }
}

#[test]
fn the_second_command_is_there() {
    // It cannot be run from here: it is what runs this.
    let line = block("sh tests");
    let script = root().join(line.trim());
    let mode = fs::metadata(&script).unwrap_or_else(|error| panic!("{line}: {error}")).permissions().mode();
    assert_eq!(mode & 0o111, 0o111, "{line} can be executed");
    assert!(fs::read_to_string(script).unwrap().contains("cargo test"), "{line} runs the tests");
}

/// Runs installation lines against a directory that stands for the root directory.
fn install(lines: &str, dir: &Dir) {
    released();
    let to = dir.path("").display().to_string();
    let to = to.trim_end_matches('/');
    // What the lines call with the power of root, and what it is in here.
    for (name, does) in [
        ("sudo", "exec \"$@\"".to_owned()),
        ("systemctl", "echo \"$@\" >> \"$(dirname \"$0\")/systemctl.said\"".to_owned()),
        ("pkill", "echo \"$@\" >> \"$(dirname \"$0\")/pkill.said\"".to_owned()),
        ("systemd-sysusers", format!("exec {} --root={to} \"$@\"", need("systemd-sysusers").display())),
        ("systemd-tmpfiles", format!("exec {} --root={to} \"$@\"", need("systemd-tmpfiles").display())),
    ] {
        let script = dir.write(&format!("tools/{name}"), format!("#!/bin/sh\n{does}\n"));
        fs::set_permissions(script, fs::Permissions::from_mode(0o755)).unwrap();
    }
    for made in ["usr/local/sbin", "etc/xinetd.d", "etc/service"] {
        dir.make(made);
    }
    // The same code as in the profile "dist", which would only be linked for minutes more.
    let mut lines = lines.replace("--profile dist", "--release").replace("/dist ", "/release ");
    for place in [" /usr/", " /etc/", " /run/", " /var/"] {
        lines = lines.replace(place, &format!(" {to}{}", place.trim_start()));
    }
    let path = format!("{}:{}", dir.path("tools").display(), std::env::var("PATH").unwrap_or_default());
    must(Command::new("sh").args(["-ec", &lines]).current_dir(root()).env("PATH", path));
}

/// Holds one caller with the program that was installed, under the service file that was installed.
fn serves(under: Super, program: &Path) {
    let server = Setup::under(under).program(program).option("--speedup").option("20").start();
    let mut talk = server.talk();
    assert!(talk.line().starts_with("220-mx.example.org "));
}

/// The same for POP3.
fn guards(under: Super, program: &Path) {
    let server = Setup::serving(TARPOP, under).program(program).option("--speedup").option("20").start();
    assert_eq!(server.talk().line(), "+OK Dovecot ready.");
}

/// The same for HTTP.
fn shows(under: Super, program: &Path) {
    let server = Setup::serving(SUNDEW, under).program(program).option("--speedup").option("20").start();
    let mut talk = server.talk();
    talk.send("GET / HTTP/1.0\r\n\r\n");
    assert_eq!(talk.line(), "HTTP/1.1 200 OK");
}

/// The commands do what is said of them.
#[test]
fn the_lines_for_the_web_site_make_one() {
    let dir = Dir::new();
    let programs = Path::new(SMTARPIT).parent().unwrap().display();
    let path = format!("{programs}:{}", std::env::var("PATH").unwrap_or_default());
    let lines = block("sh web").replace("10000", "300");
    let output = must(Command::new("sh").args(["-ec", &lines]).current_dir(dir.path("")).env("PATH", path));
    let text = String::from_utf8(output.stdout).unwrap();
    for part in ["<VirtualHost *:80>", "files with ", "addresses at ", "rel=\"nofollow\""] {
        assert!(text.contains(part), "{part} in {text}");
    }
    let home = fs::read_to_string(dir.path("site/index.html")).unwrap();
    assert!(home.contains("Harbour Street Trust"));
}

#[test]
fn the_report_is_made() {
    let dir = Dir::new();
    let programs = Path::new(SMTARPIT).parent().unwrap().display();
    let path = format!("{programs}:{}", std::env::var("PATH").unwrap_or_default());
    let line = |at: u32, text: &str| format!("2026-11-2{at}T10:00:00.000000+00:00 mx smtarpit[7]: {text}\n");
    // The address is a public one, since no other is listed.
    let log = line(
        3,
        "connect id=a peer=8.8.4.4 port=1 local=192.0.2.1 lport=25 slot=1 busy=1 profile=day persona=postfix",
    ) + &line(
        4,
        "end id=a peer=8.8.4.4 held=86400 in=9 out=9 stage=rcpt reason=hangup kind=program evidence=fast profile=day commands=3 mails=1 rcpts=1",
    );
    let log = dir.write("mail.log", log);
    let lines = block("sh report").replace("/var/log/mail.log*", log.to_str().unwrap());
    assert!(lines.contains("--window 30d"));
    let output = must(
        Command::new("sh")
            .args(["-ec", &lines.replace("--window 30d", "--window 36500d")])
            .current_dir(dir.path(""))
            .env("PATH", path),
    );
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("23 Nov 2026") && text.contains("86,400"), "{text}");
    let html = fs::read_to_string(dir.path("report.html")).unwrap();
    assert!(html.contains("<svg") && html.contains("86,400"));
    assert!(fs::read_to_string(dir.path("spammers.nft")).unwrap().contains("8.8.4.4"));
}

#[test]
fn the_lines_for_xinetd_install_it() {
    let dir = Dir::new();
    install(&block("sh xinetd"), &dir);
    assert_eq!(fs::read_to_string(dir.path("tools/systemctl.said")).unwrap(), "restart xinetd\n");
    assert_eq!(fs::read_to_string(dir.path("etc/xinetd.d/smtarpit")).unwrap(), shipped("xinetd.d/smtarpit"));
    assert!(fs::read_to_string(dir.path("etc/passwd")).unwrap().contains("sundew:"));
    assert_eq!(fs::read_to_string(dir.path("etc/xinetd.d/tarpop")).unwrap(), shipped("xinetd.d/tarpop"));
    assert_eq!(fs::read_to_string(dir.path("etc/xinetd.d/sundew")).unwrap(), shipped("xinetd.d/sundew"));
    assert!(["smtarpit", "tarpop", "sundew"].iter().all(|name| dir.path("run/sundew").join(name).is_dir()));
    serves(Super::Xinetd, &dir.path("usr/local/sbin/smtarpit"));
    guards(Super::Xinetd, &dir.path("usr/local/sbin/tarpop"));
    shows(Super::Xinetd, &dir.path("usr/local/sbin/sundew"));

    install(&block("sh manuals"), &dir);
    for (section, page) in [("man8", "smtarpit.8"), ("man8", "tarpit-run.8"), ("man5", "sundew.toml.5")] {
        let text = fs::read_to_string(dir.path("usr/local/share/man").join(section).join(page)).unwrap();
        assert_eq!(text, shipped(&format!("man/{page}")));
    }
    install(&block("sh stop"), &dir);
    assert_eq!(fs::read_to_string(dir.path("tools/pkill.said")).unwrap(), "-u sundew\n");

    install(&block("sh remove"), &dir);
    let left: Vec<_> = files(&dir.path("")).into_iter().map(|(path, ..)| path).collect();
    // The accounts stay, and so do the tools of this test.
    let known =
        ["passwd", "shadow", "group", "gshadow", "passwd-", "shadow-", "group-", "gshadow-", ".pwd.lock"];
    let ours = |path: &&PathBuf| {
        !path.starts_with("tools") && !known.iter().any(|name| path.as_path() == Path::new("etc").join(name))
    };
    assert_eq!(left.iter().find(ours), None);
    assert!(!dir.path("run/sundew").exists() && !dir.path("var/lib/sundew").exists());
}

#[test]
fn the_lines_for_tcpserver_install_it() {
    let dir = Dir::new();
    let before: String = block("sh xinetd").split_inclusive('\n').take(4).collect();
    install(&(before + &block("sh tcpserver")), &dir);
    for program in ["smtarpit", "tarpop", "sundew"] {
        let linked = fs::canonicalize(dir.path("etc/service").join(program)).unwrap();
        let ours = root().join("contrib/tcpserver").join(program);
        assert_eq!(files(&linked), files(&ours));
    }
    serves(Super::Tcpserver, &dir.path("usr/local/sbin/smtarpit"));
    guards(Super::Tcpserver, &dir.path("usr/local/sbin/tarpop"));
    shows(Super::Tcpserver, &dir.path("usr/local/sbin/sundew"));
}

/// Every file below a directory: its name, its permissions, its bytes.
fn files(top: &Path) -> Vec<(PathBuf, u32, Vec<u8>)> {
    let mut found = Vec::new();
    let mut dirs = vec![top.to_owned()];
    while let Some(dir) = dirs.pop() {
        for entry in fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                dirs.push(path);
                continue;
            }
            let mode = fs::metadata(&path).unwrap().permissions().mode() & 0o111;
            found.push((path.strip_prefix(top).unwrap().to_owned(), mode, fs::read(&path).unwrap()));
        }
    }
    found.sort();
    found
}

#[test]
fn a_container_logs_what_the_last_lines_find() {
    let dir = Dir::new();
    let programs = Path::new(SMTARPIT).parent().unwrap().display();
    let path = format!("{programs}:{}", std::env::var("PATH").unwrap_or_default());
    let config = dir.write("sundew.toml", "slots = 3\nspeedup = 20\n");
    let line =
        block("sh container").replace(":25", ":0").replace("/etc/sundew.toml", config.to_str().unwrap());
    let running = Running::command(Command::new("sh").args(["-c", &line]).env("PATH", &path));
    let port = running.address().port();
    drop(std::net::TcpStream::connect(("127.0.0.1", port)).unwrap());
    let log = running.out.has("end id=", 1);
    let log = dir.write("mail.log", log);

    let lines = block("sh look").replace("/var/log/mail.log", log.to_str().unwrap());
    let output =
        must(Command::new("sh").args(["-ec", &lines]).env("PATH", &path).env("SUNDEW_CONFIG", config));
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("slots = 3"), "{text}");
    let last = text.lines().last().unwrap();
    let (_, event) = last.split_once("]: ").unwrap();
    assert!(matches!(event.parse::<sundew::event::Event>().unwrap().what, sundew::event::What::End { .. }));
}
