//! What the operator reads: a real rsyslogd writes files in both of its formats, and the log's
//! trouble is never the conversation's.

use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use sundew::event::{Event, Reason};

use crate::harness::log::{End, Line, Log, stalled};
use crate::harness::servers::{Setup, Super};
use crate::harness::talk::Talk;
use crate::harness::{Dir, Process, bytes_of, need, need_root, shipped, until};

const FAST: &str = "speedup = 500";

/// Everything that has ever forged, cut or confused a log line.
const HOSTILE: &[&[u8]] = &[
    b"HELO a\tb\x01\x02\x1b[31mred\x1b[0m\x7f",
    b"HELO %n%s%m%00%HOSTNAME%",
    b"HELO \" id=forged peer=192.0.2.1 \\\" held=99999 \"",
    b"HELO x\rNov 23 00:00:00 host smtarpit[1]: end id=forged",
    b"HELO \xff\xfe\x80\xc3\xa4\xe2\x80\xae\xf0\x9f\x98\x88",
    b"HELO nul\x00nul",
    b"HELO =a==b= c=\"",
    b"HELO \\",
    b"HELO <script>alert(1)</script>;$(reboot)`reboot`",
];

/// Says all of it, and a name far longer than a line of the log.
fn rave(talk: &mut Talk) {
    assert!(talk.reply().starts_with("220"));
    for line in HOSTILE {
        talk.send(line);
        talk.send("\r\n");
        talk.reply();
    }
    talk.say(&format!("EHLO {}", "long.".repeat(400)));
    talk.reply();
    talk.say("QUIT");
    talk.rest();
}

/// Every line is one plain line that parses; returns the events.
fn sane(lines: &[Line]) -> Vec<Event> {
    for line in lines {
        let printable = line.bytes.iter().all(|byte| matches!(byte, 0x20..=0x7e));
        assert!(printable && line.bytes.len() < 2048, "{:?}", line.raw);
    }
    let event = |line: &Line| line.event.clone().unwrap_or_else(|error| panic!("{error}: {}", line.raw));
    let events: Vec<Event> = lines.iter().map(event).collect();
    assert!(events.iter().all(|event| event.id == events[0].id), "{events:#?}");
    assert!(events.iter().all(|event| event.peer == events[0].peer), "{events:#?}");
    events
}

#[test]
fn hostile_bytes_stay_one_plain_line() {
    for under in [Super::Xinetd, Super::Tcpserver] {
        let server = Setup::under(under).config(FAST).start();
        let mut talk = server.talk();
        rave(&mut talk);
        server.log.end_of(&talk);
        let ours: Vec<Line> =
            server.log.lines().into_iter().filter(|line| !line.raw.starts_with("tcpserver:")).collect();
        let events = sane(&ours);
        let helos = events.iter().filter(|event| event.what.word() == "helo").count();
        assert!(helos >= 5, "{events:#?}");
        assert!(ours.iter().all(|line| line.pid.is_some()), "{ours:#?}");
        if under == Super::Xinetd {
            // The facility is mail, the severity info or notice.
            assert!(ours.iter().all(|line| line.raw.starts_with("<2")), "{ours:#?}");
        }
    }
}

#[test]
fn rsyslog_writes_what_the_report_can_read() {
    let dir = Dir::new();
    let rules = shipped("contrib/rsyslog/sundew.conf");
    let ours = dir.path("sundew.log");
    assert!(rules.contains("/var/log/sundew.log"));
    let rules = rules.replace("/var/log/sundew.log", ours.to_str().unwrap());
    let traditional = dir.path("traditional.log");
    let socket = dir.path("syslog");
    let config = format!(
        "global(workDirectory={dir:?})\n\
         module(load=\"imuxsock\" SysSock.Use=\"off\")\n\
         input(type=\"imuxsock\" Socket={socket:?} RateLimit.Interval=\"0\")\n\
         action(type=\"omfile\" file={traditional:?} template=\"RSYSLOG_TraditionalFileFormat\")\n\
         {rules}\n\
         action(type=\"omfile\" file={rest:?})\n",
        dir = dir.path(""),
        rest = dir.path("rest.log"),
    );
    let config = dir.write("rsyslog.conf", config);
    let _rsyslogd = Process::start(
        Command::new(need("rsyslogd"))
            .arg("-n")
            .arg("-f")
            .arg(config)
            .arg("-i")
            .arg(dir.path("rsyslog.pid"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(std::fs::File::create(dir.path("stderr")).unwrap()),
    );
    until("rsyslogd listens", || socket.exists().then_some(()));

    let server = Setup::under(Super::Xinetd).option(format!("--log-socket={}", socket.display()));
    let server = server.config(FAST).start();
    rave(&mut server.talk());
    for file in [&ours, &traditional] {
        let lines = until("rsyslog has the end", || {
            let lines = lines_of(file);
            lines.iter().any(|line| line.text.starts_with("end ")).then_some(lines)
        });
        let events = sane(&lines);
        assert_eq!(events.first().unwrap().what.word(), "connect");
        assert_eq!(End::of(events.last().unwrap()).unwrap().reason, Reason::Quit);
    }
    // 2026-11-23T12:34:56.789012+01:00 host smtarpit[123]: ..., and Nov 23 12:34:56 host ...
    let stamp = lines_of(&ours)[0].raw.split(' ').next().unwrap().to_owned();
    assert!(chrono::DateTime::parse_from_rfc3339(&stamp).is_ok(), "{stamp}");
    // Our own rule has taken every line of ours out of what follows it.
    assert!(!String::from_utf8_lossy(&bytes_of(&dir.path("rest.log"))).contains("smtarpit["));
}

fn lines_of(file: &Path) -> Vec<Line> {
    let bytes = bytes_of(file);
    // A line that is only half written has no end yet.
    let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    bytes[..whole].split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).map(Line::new).collect()
}

#[test]
fn no_syslog_no_trouble() {
    let server = Setup::under(Super::Xinetd);
    let nowhere = server.dir().path("nowhere");
    let server = server.option(format!("--log-socket={}", nowhere.display())).config(FAST).start();
    let mut talk = server.talk();
    rave(&mut talk);
    assert!(server.log.lines().is_empty());
}

#[test]
fn a_log_that_nobody_reads_delays_nothing() {
    let setup = Setup::under(Super::Xinetd);
    let path = setup.dir().path("full");
    let socket = UnixDatagram::bind(&path).unwrap();
    // Nobody reads it, and it takes no more than ten datagrams or so.
    let filler = UnixDatagram::unbound().unwrap();
    filler.set_nonblocking(true).unwrap();
    while filler.send_to(b"<22>full", &path).is_ok() {}

    let server = setup.option(format!("--log-socket={}", path.display())).config(FAST).start();
    let mut talk = server.talk();
    assert!(talk.reply().starts_with("220"));
    for _ in 0..100 {
        assert!(talk.ask("HELO client.example.net").starts_with("250"));
    }
    talk.say("QUIT");
    talk.rest();
    // 100 replies at 44 ms at most; a program that waited for its log each time would take 200 ms
    // more for each, and one that waited without end would not be here.
    let took = talk.began.elapsed();
    assert!(took < Duration::from_secs(15), "{took:?}");
    drop(socket);
}

/// The log of a machine whose syslogd stands still is kept for a while; the conversation goes on.
#[test]
fn a_syslogd_that_accepts_nobody_delays_nothing_and_hears_what_it_missed() {
    let setup = Setup::under(Super::Xinetd);
    let path = setup.dir().path("stalled");
    let (listener, waiting) = stalled(&path);
    let server = setup.option(format!("--log-socket={}", path.display())).config(FAST).start();
    let mut talk = server.talk();
    assert!(talk.reply().starts_with("220"));
    for _ in 0..30 {
        assert!(talk.ask("HELO client.example.net").starts_with("250"));
    }
    // Without a limit for connect(2), the greeting would not have come.
    let took = talk.began.elapsed();
    assert!(took < Duration::from_secs(15), "{took:?}");
    let log = Log::stream(listener);
    drop(waiting);
    assert!(talk.ask("QUIT").starts_with("221"));
    let end = log.end("the end", |_| true);
    assert_eq!(end.reason, Reason::Quit);
    let connect = log.wait("connect", |event| event.what.word() == "connect");
    assert_eq!(connect.id, end.event.id);
    let error = log.wait("error", |event| event.what.word() == "error");
    assert!(error.to_string().contains("it took no lines for a while, "), "{error}");
}

#[test]
fn syslog_may_be_restarted() {
    restarts("");
}

#[test]
fn syslog_may_be_restarted_out_of_reach_of_a_new_root() {
    need_root("chroot is for a start as root");
    let jail = Dir::new();
    restarts(&format!("user = \"nobody\"\nchroot = {:?}", jail.path("")));
}

fn restarts(config: &str) {
    let setup = Setup::under(Super::Xinetd).config(config);
    let path = setup.dir().path("syslogd");
    let old = Log::socket(&path);
    let server = setup.option(format!("--log-socket={}", path.display())).config(FAST).start();
    let mut talk = server.talk();
    assert!(talk.reply().starts_with("220"));
    old.wait("connect", |event| event.what.word() == "connect");
    drop(old);
    std::fs::remove_file(&path).unwrap();
    let new = Log::socket(&path);
    assert!(talk.ask("QUIT").starts_with("221"));
    new.end("the end", |_| true);
}
