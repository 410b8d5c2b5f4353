//! Real clients of POP3 against tarpop: mail programs find a mailbox, guessers are kept busy.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Command, Stdio};
use std::time::Duration;

use sundew::event::{Event, Tool, Verdict, What};

use crate::harness::log::Line;
use crate::harness::servers::{Server, Setup, Super, TARPOP};
use crate::harness::talk::Talk;
use crate::harness::{Dir, Running, need, run, shipped};

const MINUTE: Duration = Duration::from_secs(60);

fn setup() -> Setup {
    Setup::serving(TARPOP, Super::Tcpserver)
}

/// A server that lets in the first pair, and is in a hurry, but for the time that it waits for a client.
const OPEN: &str = "speedup = 60\n[tarpop]\naccept_after = \"1\"\npace = \"gentle\"";

fn open() -> Server {
    setup().config(OPEN).start()
}

/// Has the pair of anna and secret be the one that works.
fn earn(server: &Server) {
    let mut talk = server.talk();
    talk.line();
    talk.asks("USER anna");
    assert_eq!(talk.asks("PASS secret"), "+OK Logged in.");
    assert_eq!(talk.asks("QUIT"), "+OK Logging out.");
}

fn logins(server: &Server) -> Vec<Event> {
    let events = server.log.events();
    events.into_iter().filter(|event| event.what.word() == "login").collect()
}

/// Reads a whole mailbox with Python's poplib, parses every message, and prints what it found.
const POPLIB: &str = r#"
import email, email.policy, hashlib, poplib, sys
box = poplib.POP3("127.0.0.1", int(sys.argv[1]))
box.user("anna"); box.pass_("secret")
count, octets = box.stat()
sizes = dict(map(int, line.split()) for line in box.list()[1])
uids = dict(line.split() for line in box.uidl()[1])
assert len(sizes) == len(uids) == count == len(set(uids.values())) and sum(sizes.values()) == octets
for number in range(1, count + 1):
    text = b"".join(line + b"\r\n" for line in box.retr(number)[1])
    assert len(text) == sizes[number], (number, len(text), sizes[number])
    head = b"".join(line + b"\r\n" for line in box.top(number, 0)[1])
    assert text.startswith(head)
    message = email.message_from_bytes(text, policy=email.policy.default)
    defects = [defect for part in message.walk() for defect in part.defects]
    assert not defects and message["subject"] and message["from"].addresses, (number, defects)
    for part in message.walk():
        part.get_content() if not part.is_multipart() else None
    print(number, uids[b"%d" % number].decode(), sizes[number], hashlib.sha256(text).hexdigest())
box.dele(1)
assert box.stat()[0] == count - 1
box.rset()
assert box.stat() == (count, octets)
box.quit()
"#;

fn poplib(server: &Server) -> String {
    let port = server.address.port().to_string();
    let ran = run(Command::new(need("python3")).args(["-c", POPLIB, &port]), MINUTE);
    assert_eq!(ran.status, Some(0), "{}{}", ran.stdout, ran.stderr);
    ran.stdout
}

#[test]
fn poplib_finds_the_same_mailbox_on_every_visit() {
    let server = open();
    earn(&server);
    let first = poplib(&server);
    assert!((20..=200).contains(&first.lines().count()), "{first}");
    assert_eq!(first, poplib(&server));
    let end = server.log.end("an end with all of them", |event| {
        matches!(event.what, What::End { retrs: Some(20..), tool: Some(Tool::Mail), .. })
    });
    assert!(end.event.to_string().contains(" tool=mail"), "{}", end.event);
}

#[test]
fn curl_lists_and_fetches() {
    let server = open();
    earn(&server);
    let expected = poplib(&server);
    let get = |path: &str| {
        let url = format!("pop3://{}/{path}", server.address);
        let ran = run(Command::new(need("curl")).args(["-sS", "-u", "anna:secret", &url]), MINUTE);
        assert_eq!(ran.status, Some(0), "{path}: {}", ran.stderr);
        ran.stdout
    };
    let listed: Vec<String> = get("").lines().map(str::to_owned).collect();
    let sizes: Vec<String> = expected
        .lines()
        .map(|line| {
            let mut words = line.split(' ');
            format!("{} {}", words.next().unwrap(), words.nth(1).unwrap())
        })
        .collect();
    assert_eq!(listed, sizes);
    let message = get("2");
    assert!(sizes[1].ends_with(&format!(" {}", message.len())), "{} in {}", message.len(), sizes[1]);
    assert!(message.starts_with("Return-Path: <"), "{message}");
}

#[test]
fn fetchmail_fetches_everything() {
    let server = open();
    earn(&server);
    let count = poplib(&server).lines().count();
    let dir = Dir::new();
    let kept = dir.path("kept");
    let mda = dir.executable("mda", format!("#!/bin/sh\ncat >> {0}\necho '=====' >> {0}\n", kept.display()));
    let control = format!(
        "poll 127.0.0.1 service {} protocol pop3 user anna password secret keep mda \"{}\" sslproto ''\n",
        server.address.port(),
        mda.display()
    );
    let control = dir.write("fetchmailrc", control);
    fs::set_permissions(&control, fs::Permissions::from_mode(0o600)).unwrap();
    let mut command = Command::new(need("fetchmail"));
    command.arg("-f").arg(control).args(["--nosyslog", "--pidfile"]).arg(dir.path("pid"));
    command.arg("--idfile").arg(dir.path("ids")).env("HOME", dir.path("")).env("FETCHMAILHOME", dir.path(""));
    let ran = run(&mut command, MINUTE);
    assert_eq!(ran.status, Some(0), "{}{}", ran.stdout, ran.stderr);
    let text = fs::read_to_string(kept).unwrap();
    assert_eq!(text.matches("\n=====\n").count(), count, "{}", ran.stdout);
}

/// Hydra with these names and passwords.
fn hydra(server: &Server, dir: &Dir, users: &[&str], passwords: &[&str], tasks: &str) -> Command {
    let mut command = Command::new(need("hydra"));
    command.arg("-I").arg("-L").arg(dir.write("users", users.join("\n") + "\n"));
    command.arg("-P").arg(dir.write("passwords", passwords.join("\n") + "\n"));
    command.args(["-t", tasks, "-s", &server.address.port().to_string(), "127.0.0.1", "pop3"]);
    command.current_dir(dir.path(""));
    command
}

/// The pairs that Hydra believes in.
fn found(text: &str) -> Vec<String> {
    let lines = text.lines().filter_map(|line| line.split_once("login: "));
    lines.map(|(_, pair)| pair.split_whitespace().collect::<Vec<_>>().join(" ")).collect()
}

#[test]
fn hydra_is_held_in_real_time_to_its_last_password() {
    let server = setup().config("[tarpop]\naccept_after = \"0\"").start();
    let dir = Dir::new();
    let ran = run(&mut hydra(&server, &dir, &["admin"], &["one", "two", "three"], "1"), MINUTE * 5);
    assert_eq!(ran.status, Some(0), "{}{}", ran.stdout, ran.stderr);
    assert!(found(&ran.stdout).is_empty(), "{}", ran.stdout);
    assert!(ran.took >= Duration::from_secs(50), "{:?}: {}", ran.took, ran.stdout);
    let logins = logins(&server);
    assert_eq!(logins.len(), 3, "it did not quit early: {logins:?} {}", ran.stdout);
    println!("hydra: three passwords took it {:?}", ran.took);
}

#[test]
fn hydra_finds_one_pair_and_never_a_second() {
    let server =
        setup().config("speedup = 50\n[tarpop]\naccept_after = \"4\"\nendless_capa = \"never\"").start();
    let dir = Dir::new();
    let (users, passwords) = (["admin", "root", "info"], ["a1", "b2", "c3", "d4", "e5"]);
    let ran = run(&mut hydra(&server, &dir, &users, &passwords, "4"), MINUTE * 2);
    let first = found(&ran.stdout);
    assert_eq!(first.len(), 1, "{}{}", ran.stdout, ran.stderr);
    // Another run finds the same one and nothing else.
    let ran = run(&mut hydra(&server, &dir, &users, &passwords, "4"), MINUTE * 2);
    assert_eq!(found(&ran.stdout), first, "{}{}", ran.stdout, ran.stderr);
    let accepted = logins(&server)
        .into_iter()
        .filter(|event| matches!(event.what, What::Login { verdict: Verdict::Accept, .. }));
    let pairs: std::collections::BTreeSet<String> = accepted
        .map(|event| match event.what {
            What::Login { user, password, .. } => format!("{user} {password:?}"),
            _ => unreachable!("it is a login"),
        })
        .collect();
    assert_eq!(pairs.len(), 1, "{pairs:?}");
    // It works from there only.
    let mut words = first[0].split(' ');
    let (user, password) = (words.next().unwrap(), words.nth(1).unwrap());
    for (source, reply) in
        [("127.0.0.99", "+OK Logged in."), ("127.0.1.1", "-ERR [AUTH] Authentication failed.")]
    {
        let mut talk = Talk::from(source.parse().unwrap(), server.address);
        talk.line();
        talk.asks(&format!("USER {user}"));
        assert_eq!(talk.asks(&format!("PASS {password}")), reply, "from {source}");
    }
}

#[test]
fn a_list_without_an_end_holds_hydra_before_its_first_guess() {
    let server = setup().config("speedup = 2\n[tarpop]\nendless_capa = \"always\"").start();
    let dir = Dir::new();
    let mut command = hydra(&server, &dir, &["admin"], &["one", "two"], "2");
    let running = Running::start(&mut command, Stdio::null());
    server.log.wait("connect", |event| event.what.word() == "connect");
    let ran = running.finish(Duration::from_secs(20));
    assert_eq!(ran.status, None, "hydra left: {}{}", ran.stdout, ran.stderr);
    let end = server.log.end("the end of hydra", |_| true);
    assert_eq!(end.stage, "capa");
    assert!(logins(&server).is_empty());
}

#[test]
fn who_has_guessed_gets_the_list_without_an_end() {
    let server = setup().config("speedup = 100").start();
    let mut talk = server.talk();
    talk.line();
    talk.say("CAPA");
    assert!(talk.listing().contains(&"SASL PLAIN LOGIN".to_owned()), "nobody has guessed yet");
    talk.asks("USER admin");
    talk.asks("PASS one");
    drop(talk);
    let mut talk = server.talk();
    talk.line();
    talk.say("CAPA");
    let lines: Vec<String> = (0..60).map(|_| talk.line()).collect();
    assert!(lines.iter().all(|line| !line.contains('.') && line.len() < 60), "{lines:?}");
    // Another network has not guessed.
    let mut talk = Talk::from("127.9.9.9".parse().unwrap(), server.address);
    talk.line();
    talk.say("CAPA");
    talk.listing();
}

#[test]
fn the_filter_of_fail2ban_for_dovecot_works_unchanged() {
    need("fail2ban-regex");
    let server = Setup::serving(TARPOP, Super::Xinetd)
        .config("speedup = 200\n[tarpop]\nlog_like = \"dovecot\"")
        .start();
    for user in ["admin", "x>, rip=203.0.113.9, session=<y"] {
        let mut talk = server.talk();
        talk.line();
        for password in ["a", "b", "c"] {
            talk.asks(&format!("USER {user}"));
            talk.asks(&format!("PASS {password}"));
        }
        talk.asks("QUIT");
    }
    // Each of these lines is written after the `end` of its conversation, so the ends are not enough to wait for.
    let failed = |line: &Line| line.raw.contains("dovecot: pop3-login: ");
    let lines = server.log.until("a line of Dovecot's for each conversation", |lines| {
        (lines.iter().filter(|line| failed(line)).count() == 2).then(|| lines.to_vec())
    });
    let lines: Vec<String> = lines
        .into_iter()
        // What syslogd does: the priority goes, the name of the machine comes.
        .filter_map(|line| Some(line.raw.split_once('>')?.1.to_owned()))
        .map(|line| format!("{} mx {}", &line[..15], &line[16..]))
        .collect();
    let dir = Dir::new();
    let file = dir.write("mail.log", lines.join("\n") + "\n");
    let ran = run(
        Command::new(need("fail2ban-regex")).arg("-v").arg(&file).arg("/etc/fail2ban/filter.d/dovecot.conf"),
        MINUTE,
    );
    assert_eq!(ran.status, Some(0), "{}{}", ran.stdout, ran.stderr);
    assert!(ran.stdout.contains("Failregex: 2 total"), "{lines:#?}\n{}", ran.stdout);
    assert!(ran.stdout.contains("127.0.0.1") && !ran.stdout.contains("203.0.113.9  "), "{}", ran.stdout);
    assert!(shipped("man/tarpop.8").contains("log_like"));
}

#[test]
fn who_steals_the_mail_shows_up_at_smtarpit() {
    let dir = Dir::new();
    let secret = dir.write("secret", "a secret that both programs read");
    let common = format!("secret_file = {secret:?}\n");
    let server = setup().config(&format!("{common}{OPEN}")).start();
    earn(&server);
    let login = logins(&server).pop().expect("the pair was earned");
    let What::Login { visit: Some(visit), .. } = login.what else { panic!("{login} has no visit") };

    // Every address that the mailbox shows, and what each is a receipt for.
    let mut talk = server.talk();
    talk.line();
    talk.asks("USER anna");
    talk.asks("PASS secret");
    let stat = talk.asks("STAT");
    let count: usize = stat.split(' ').nth(1).unwrap().parse().unwrap();
    let mut shown = std::collections::BTreeSet::new();
    for number in 1..=count {
        talk.asks(&format!("RETR {number}"));
        for line in talk.listing() {
            let fields = ["From: ", "To: ", "Cc: "].iter().find_map(|name| line.strip_prefix(name));
            let address =
                fields.and_then(|field| Some(field.split_once('<')?.1.split_once('>')?.0.to_owned()));
            shown.extend(address.filter(|address| address.ends_with("@example.org")));
        }
    }
    assert!(shown.len() >= 10, "{shown:?}");

    let mail = Setup::under(Super::Tcpserver)
        .config(&format!("{common}allow = [\"127.0.0.0/8\"]\n[smtarpit]\nrecipients = \"issued\""))
        .start();
    let mut talk = mail.talk();
    talk.reply();
    talk.ask("EHLO thief.example.net");
    talk.ask("MAIL FROM:<thief@example.net>");
    for address in &shown {
        talk.ask(&format!("RCPT TO:<{address}>"));
    }
    talk.ask("QUIT");
    mail.log.end_of(&talk);
    let receipts: Vec<String> = mail
        .log
        .events()
        .into_iter()
        .filter_map(|event| match event.what {
            What::Rcpt { receipt, verdict: Verdict::Accept, .. } => {
                receipt.map(|receipt| receipt.to_string())
            }
            _ => None,
        })
        .collect();
    let ours = receipts.iter().filter(|receipt| receipt.contains(&format!(".mailbox.{visit}."))).count();
    assert!(ours >= 3, "{visit} is in none of {receipts:?}");
    assert!(receipts.iter().any(|receipt| receipt.contains(".cast.")), "{receipts:?}");
}

#[test]
fn who_has_found_the_password_by_guessing_can_read_the_mail_with_any_program() {
    let server =
        setup().config("speedup = 60\n[tarpop]\npace = \"gentle\"\nendless_capa = \"guessing\"").start();
    let mut found = None;
    for number in 0..9 {
        let mut talk = server.talk();
        talk.line();
        talk.asks("USER anna");
        if talk.asks(&format!("PASS try{number}")).starts_with("+OK") {
            found = Some(format!("anna:try{number}"));
            break;
        }
    }
    let found = found.expect("three to nine tries are enough");
    // Curl asks for the capabilities first.
    let url = format!("pop3://{}/1", server.address);
    let ran = run(Command::new(need("curl")).args(["-sS", "-u", &found, &url]), MINUTE);
    assert_eq!(ran.status, Some(0), "{}", ran.stderr);
    assert!(ran.stdout.starts_with("Return-Path: <"), "{}", ran.stdout);
}
