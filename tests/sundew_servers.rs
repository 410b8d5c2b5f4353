//! The shipped service files of sundew under the real super-servers: one request, the right addresses, 45
//! visitors at once, what a signal or a full house does, and what the operator can turn off.

use std::collections::BTreeSet;
use std::process::Command;
use std::time::Duration;

use nix::sys::signal::Signal;
use sundew::event::{Event, Kind, Reason, What, Why};

use crate::harness::crowd::Crowd;
use crate::harness::servers::{SMTARPIT, SUNDEW, Server, Setup, Super, under_every_super_server};
use crate::harness::talk::Talk;
use crate::harness::{Dir, need_root, run, until};
use crate::superservers::{connected, signal, stays_within_the_unit};

/// Quick, but with time for a busy machine: the patience of a server is divided too.
const FAST: &str = "speedup = 25";

fn setup(under: Super) -> Setup {
    Setup::serving(SUNDEW, under)
}

/// A request as a simple program makes it.
fn request(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: www.example.org\r\nUser-Agent: harvest/1.0\r\n\r\n")
}

/// Asks from an address and reads everything.
fn get(server: &Server, from: &str, path: &str) -> Answer {
    let mut talk = Talk::from(from.parse().unwrap(), server.address);
    talk.send(request(path));
    Answer::of(talk.rest())
}

/// An answer, taken apart.
#[derive(Debug, PartialEq)]
struct Answer {
    status: String,
    head: String,
    body: String,
}

impl Answer {
    fn of(bytes: Vec<u8>) -> Self {
        let text = String::from_utf8(bytes).expect("UTF-8");
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer: {text:?}"));
        let status = head.split(' ').nth(1).unwrap().to_owned();
        Answer { status, head: head.to_owned(), body: body.to_owned() }
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().skip(1).find_map(|line| {
            let (key, value) = line.split_once(": ")?;
            key.eq_ignore_ascii_case(name).then_some(value)
        })
    }
}

/// The addresses in a page, as a harvester takes them.
fn harvest(page: &str) -> BTreeSet<String> {
    let is_local = |c: char| c.is_ascii_alphanumeric() || c == '.';
    page.match_indices("@example.org")
        .map(|(at, _)| {
            let start = page[..at].rfind(|c| !is_local(c)).map_or(0, |before| before + 1);
            format!("{}@example.org", &page[start..at])
        })
        .collect()
}

under_every_super_server!(serves);

/// One request, and what the operator reads of it.
fn serves(under: Super) {
    let server = setup(under).config(FAST).start();
    let mut talk = Talk::from("127.0.0.9".parse().unwrap(), server.address);
    talk.send(request("/"));
    let answer = Answer::of(talk.rest());
    assert_eq!(answer.status, "200");
    assert_eq!(answer.header("Connection"), Some("close"));
    assert_eq!(answer.header("Content-Length"), Some(answer.body.len().to_string().as_str()));
    assert!(answer.body.starts_with("<!DOCTYPE html>") && answer.body.ends_with("</html>\n"));

    let end = server.log.end_of(&talk);
    assert_eq!(end.reason, Reason::Quit);
    assert_eq!(end.bytes_out, (answer.head.len() + 4 + answer.body.len()) as u64);
    let events: Vec<Event> =
        server.log.events().into_iter().filter(|event| event.id == end.event.id).collect();
    let words: Vec<&str> = events.iter().map(|event| event.what.word()).collect();
    assert_eq!(words, ["connect", "page", "end"]);
    assert!(events.iter().all(|event| event.peer == Some("127.0.0.9".parse().unwrap())));
    connected(&events[0], &talk, &server);
    let What::Page { method, host, path, status, agent, bytes, addresses, season, visit } = &events[1].what
    else {
        panic!("{}", events[1])
    };
    let words = [method, host, path, agent].map(|plain| plain.as_str());
    assert_eq!(words, ["GET", "www.example.org", "/", "harvest/1.0"]);
    assert_eq!((*status, *bytes, *season), (200, answer.body.len() as u64, Some(0)));
    assert!(addresses.is_some_and(|count| (3..=12).contains(&count)));
    assert_eq!(visit.as_ref().map(|visit| visit.as_str().len()), Some(5));
    assert!(matches!(events[2].what, What::End { pages: Some(1), kind: Kind::Program, mails: None, .. }));
}

#[test]
fn addresses_are_right_whatever_the_socket() {
    let xinetd = || setup(Super::Xinetd);
    for (setup, source) in [
        // As shipped: an IPv6 socket, where IPv4 visitors have mapped addresses.
        (xinetd(), "127.0.0.77"),
        (xinetd().edit("IPv6 NOLIBWRAP", "IPv4 NOLIBWRAP"), "127.0.0.78"),
        (xinetd().on_ipv6(), "::1"),
        (setup(Super::Systemd).on_ipv6(), "::1"),
    ] {
        let server = setup.config(FAST).start();
        let mut talk = Talk::from(source.parse().unwrap(), server.address);
        talk.send(request("/"));
        assert_eq!(Answer::of(talk.rest()).status, "200");
        let event = server.log.connect_of(&talk);
        assert_eq!(event.peer, Some(source.parse().unwrap()));
        connected(&event, &talk, &server);
    }
}

#[test]
fn xinetd_as_shipped_holds_35_of_45() {
    let server = setup(Super::Xinetd).start();
    let crowd = Crowd::come(&server);
    crowd.is_right(&server, false);
    told_to_come_back(&crowd);
}

#[test]
fn xinetd_with_more_instances_leaves_the_limit_to_us() {
    let server = setup(Super::Xinetd).edit("instances\t= 40", "instances = 60").start();
    let crowd = Crowd::come(&server);
    crowd.is_right(&server, true);
    told_to_come_back(&crowd);
}

#[test]
fn tcpserver_as_shipped_holds_35_of_45() {
    let server = setup(Super::Tcpserver).start();
    let crowd = Crowd::come(&server);
    crowd.is_right(&server, false);
    told_to_come_back(&crowd);
}

fn told_to_come_back(crowd: &Crowd) {
    for refused in &crowd.refused {
        let answer = Answer::of(refused.clone().into_bytes());
        assert_eq!(answer.status, "503");
        let seconds: u32 = answer.header("Retry-After").expect("Retry-After").parse().unwrap();
        assert!((1..=3600).contains(&seconds));
        assert_eq!(answer.header("Content-Length"), Some(answer.body.len().to_string().as_str()));
    }
}

/// Asks, and returns what comes at once.
fn turned_away(server: &Server) -> Answer {
    let mut talk = server.talk();
    talk.send(request("/"));
    let answer = Answer::of(talk.rest());
    let took = talk.began.elapsed();
    assert!(took < Duration::from_secs(4), "{took:?}");
    answer
}

#[test]
fn each_persona_has_no_room_in_words_of_its_own() {
    let mut said = BTreeSet::new();
    for persona in ["apache", "nginx", "lighttpd"] {
        let setup = setup(Super::Xinetd).config("slots = 0");
        let server = setup.config(&format!("[sundew]\npersona = {persona:?}")).start();
        let answer = turned_away(&server);
        assert_eq!(answer.status, "503");
        let name = answer.header("Server").unwrap().to_lowercase();
        assert!(name.starts_with(persona), "{name}");
        // Apache's page names the site and the port, and nobody's page the machine.
        let place = format!("www.example.org Port {}", server.address.port());
        assert_eq!(answer.body.contains(&place), persona == "apache", "{}", answer.body);
        assert!(!answer.body.contains("mx."), "{}", answer.body);
        assert!(said.insert(answer.body));
    }
}

#[test]
fn a_killed_program_frees_its_slot_and_a_signal_writes_an_end() {
    let server = setup(Super::Xinetd).config("slots = 2").start();
    let visitor = || {
        let mut talk = server.talk();
        talk.send(request("/"));
        talk
    };
    let (mut first, mut second) = (visitor(), visitor());
    assert_eq!([first.hear(" 200"), second.hear(" 200")], ["HTTP/1.1 200", "HTTP/1.1 200"]);
    assert_eq!(turned_away(&server).status, "503");

    signal(&server, &first, Signal::SIGKILL);
    first.rest();
    let mut third = visitor();
    assert_eq!(third.hear(" 200"), "HTTP/1.1 200");
    assert_eq!(turned_away(&server).status, "503");

    for (mut talk, word) in [(second, Signal::SIGTERM), (third, Signal::SIGHUP)] {
        signal(&server, &talk, word);
        let rest = talk.rest();
        assert!(!rest.ends_with(b"</html>\n"), "{word}");
        let end = server.log.end_of(&talk);
        assert_eq!(end.reason, Reason::Signal, "{word}");
        assert!(matches!(end.event.what, What::End { made: Some(made), .. } if made > end.bytes_out));
    }
    let killed = server.log.connect_of(&first).id;
    assert!(!server.log.events().iter().any(|event| event.id == killed && event.what.word() == "end"));
}

#[test]
fn without_its_lock_directory_it_refuses_politely_and_says_why() {
    let setup = setup(Super::Xinetd);
    let file = setup.dir().write("file", "not a directory");
    let server = setup.lock_dir(&file).start();
    assert_eq!(turned_away(&server).status, "503");
    let refuse = server.log.wait("refuse", |event| event.what.word() == "refuse");
    assert!(matches!(refuse.what, What::Refuse { why: Why::Locks, .. }), "{refuse}");
    let error = server.log.wait("error", |event| event.what.word() == "error");
    assert!(error.to_string().contains(file.to_str().unwrap()), "{error}");
}

#[test]
fn one_network_has_no_more_than_its_share() {
    let server = setup(Super::Tcpserver).config("per_source = 1").start();
    let from = |address: &str| {
        let mut talk = Talk::from(address.parse().unwrap(), server.address);
        talk.send(request("/"));
        talk.hear("\r\n")
    };
    let mut first = Talk::from("127.0.1.1".parse().unwrap(), server.address);
    first.send(request("/"));
    assert!(first.hear("\r\n").contains(" 200"));
    assert!(from("127.0.1.2").contains(" 503"));
    assert!(from("127.0.2.1").contains(" 200"));
    let refuse = server.log.wait("refuse", |event| event.what.word() == "refuse");
    assert!(matches!(refuse.what, What::Refuse { why: Why::PerSource, .. }), "{refuse}");
}

#[test]
fn friends_have_their_page_at_once() {
    let server = setup(Super::Xinetd).config("allow = [\"127.0.3.0/24\"]").start();
    let mut talk = Talk::from("127.0.3.7".parse().unwrap(), server.address);
    talk.send(request("/"));
    assert_eq!(Answer::of(talk.rest()).status, "200");
    let took = talk.began.elapsed();
    assert!(took < Duration::from_secs(8), "{took:?}");
    let end = server.log.end_of(&talk);
    assert!(matches!(end.event.what, What::End { kind: Kind::Allowed, .. }), "{}", end.event);
}

#[test]
fn the_operator_turns_it_off_and_on_with_a_file() {
    let setup = setup(Super::Xinetd);
    let off = setup.dir().path("off");
    let server = setup.config(&format!("{FAST}\n[sundew]\noff = {off:?}")).start();
    assert_eq!(get(&server, "127.0.0.1", "/").status, "200");
    std::fs::write(&off, "").unwrap();
    assert_eq!(turned_away(&server).status, "503");
    let refuse = server.log.wait("refuse", |event| event.what.word() == "refuse");
    assert!(matches!(refuse.what, What::Refuse { why: Why::Off, .. }), "{refuse}");
    std::fs::remove_file(&off).unwrap();
    assert_eq!(get(&server, "127.0.0.1", "/").status, "200");
}

#[test]
fn no_more_goes_out_on_a_day_than_the_operator_wants() {
    let server =
        setup(Super::Xinetd).config(&format!("{FAST}\n[sundew]\nmax_bytes_per_day = \"20k\"")).start();
    let mut sent = 0;
    let mut pages = 0;
    loop {
        let answer = get(&server, "127.0.0.1", "/");
        if answer.status == "503" {
            break;
        }
        sent += answer.body.len();
        pages += 1;
        assert!(pages < 20);
    }
    // The page that reaches the limit is sent whole.
    assert!((20 << 10..50 << 10).contains(&sent), "{sent} bytes");
    let refuse = server.log.wait("refuse", |event| event.what.word() == "refuse");
    assert!(matches!(refuse.what, What::Refuse { why: Why::Bytes, .. }), "{refuse}");
    assert!(server.dir.path("locks/bytes-of-the-day").is_file());
}

/// Asking and breaking off costs a few hundred bytes, and counts as that.
#[test]
fn who_breaks_off_does_not_use_up_the_day_of_the_others() {
    // The head comes at once, and the page behind it as slowly as it always does.
    let config = "[sundew]\nmax_bytes_per_day = \"100k\"\nfirst_byte = \"0\"";
    let server = setup(Super::Xinetd).config(config).start();
    for nth in 0..60 {
        let mut talk = Talk::from(std::net::Ipv4Addr::new(127, 0, 1, nth).into(), server.address);
        talk.send(request("/"));
        talk.hear("\r\n\r\n");
        nix::sys::socket::setsockopt(
            &talk.stream,
            nix::sys::socket::sockopt::Linger,
            &nix::libc::linger { l_onoff: 1, l_linger: 0 },
        )
        .unwrap();
    }
    let ends =
        || server.log.events().into_iter().filter(|event| event.what.word() == "end").collect::<Vec<_>>();
    let ends = until("all of them have ended", || Some(ends()).filter(|ends| ends.len() == 60));
    let out = ends.iter().map(|event| match &event.what {
        What::End { reason: Reason::Hangup, bytes_out, made, .. } if *made > Some(*bytes_out) => *bytes_out,
        other => panic!("{other:?}"),
    });
    let (out, made) = (out.sum::<u64>(), ends.len() as u64 * 10_000);
    assert!(out > 60 * 100 && out < 80 << 10 && made > 100 << 10, "{out} of {made} bytes");
    // The next one is a visitor like any other.
    let mut talk = server.talk();
    talk.send(request("/"));
    talk.hear(" 200");
    assert!(!server.log.events().iter().any(|event| event.what.word() == "refuse"));
}

/// Who comes while the last bytes of the day go out is answered to the end, and nobody after that.
#[test]
fn those_who_come_at_once_use_up_the_day_together() {
    let server =
        setup(Super::Xinetd).config(&format!("{FAST}\n[sundew]\nmax_bytes_per_day = \"60k\"")).start();
    let mut talks: Vec<Talk> = (1..=12)
        .map(|nth| {
            let mut talk = Talk::from(std::net::Ipv4Addr::new(127, 0, 2, nth).into(), server.address);
            talk.send(request("/"));
            talk
        })
        .collect();
    talks.iter_mut().for_each(|talk| _ = talk.hear("\r\n\r\n"));
    let bodies: Vec<Vec<u8>> = talks.iter_mut().map(Talk::rest).collect();
    assert!(bodies.iter().all(|body| body.ends_with(b"</html>\n")));
    assert!(bodies.iter().map(Vec::len).sum::<usize>() > 60 << 10);
    assert_eq!(get(&server, "127.0.0.1", "/").status, "503");
}

/// What is answered without a body uses up nothing of the day but its head.
#[test]
fn who_only_looks_uses_up_little_of_the_day() {
    let config =
        format!("{FAST}\n[sundew]\nmax_bytes_per_day = \"40k\"\nother_time = \"0\"\nfirst_byte = \"0\"");
    let server = setup(Super::Xinetd).config(&config).start();
    let etag = get(&server, "127.0.0.1", "/").header("ETag").expect("an ETag").to_owned();
    for _ in 0..12 {
        for request in [
            "HEAD / HTTP/1.0\r\nHost: www.example.org\r\n\r\n".to_owned(),
            format!("GET / HTTP/1.0\r\nHost: www.example.org\r\nIf-None-Match: {etag}\r\n\r\n"),
        ] {
            let mut talk = server.talk();
            talk.send(request);
            assert!(["200", "304"].contains(&Answer::of(talk.rest()).status.as_str()));
        }
    }
    let refused = server.log.events().iter().any(|event| event.what.word() == "refuse");
    assert!(!refused, "only heads went out");
}

#[test]
fn a_page_is_the_same_for_a_network_and_its_receipts_are_its_own() {
    let server = setup(Super::Xinetd).config(FAST).start();
    let first = get(&server, "127.0.5.1", "/");
    assert_eq!(get(&server, "127.0.5.200", "/").body, first.body);
    let elsewhere = get(&server, "127.0.6.1", "/");
    let (here, there) = (harvest(&first.body), harvest(&elsewhere.body));
    assert!(here.intersection(&there).count() > 0 && here != there, "{here:?} {there:?}");
    // Only addresses and the names that go with them differ.
    let lines = |body: &str| body.lines().map(str::to_owned).collect::<Vec<_>>();
    let differ = lines(&first.body).iter().zip(lines(&elsewhere.body)).filter(|(a, b)| **a != *b).count();
    assert!(differ * 3 < lines(&first.body).len(), "{differ} lines differ");

    let etag = first.header("ETag").expect("an ETag").to_owned();
    let mut again = Talk::from("127.0.5.9".parse().unwrap(), server.address);
    again.send(format!("GET / HTTP/1.1\r\nHost: www.example.org\r\nIf-None-Match: {etag}\r\n\r\n"));
    let again = Answer::of(again.rest());
    assert_eq!((again.status.as_str(), again.body.as_str()), ("304", ""));
    assert_ne!(elsewhere.header("ETag"), Some(etag.as_str()));
}

#[test]
fn an_invented_path_leads_nowhere() {
    let server = setup(Super::Xinetd).config(FAST).start();
    for path in [
        "/wp-login.php",
        "/nobody-here/",
        "/news/2026/spring-meeting-x.html",
        "/index.php?id=1",
        "/.git/config",
    ] {
        let answer = get(&server, "127.0.0.1", path);
        assert_eq!(answer.status, "404", "{path}");
        assert!(harvest(&answer.body).is_empty());
    }
    let page = server.log.wait("page", |event| event.what.word() == "page");
    assert!(matches!(page.what, What::Page { status: 404, addresses: None, visit: None, .. }), "{page}");
}

#[test]
fn each_season_has_its_domain_and_its_site() {
    let config = format!(
        "{FAST}\n\
         [[season]]\ndomain = \"old.example\"\nfrom = 2020-01-01\nuntil = 2020-06-30\n\
         [[season]]\ndomain = \"new.example\"\nfrom = 2020-07-01\n"
    );
    let server = setup(Super::Xinetd).config(&config).start();
    let of = |host: &str| {
        let mut talk = server.talk();
        talk.send(format!("GET / HTTP/1.1\r\nHost: {host}\r\n\r\n"));
        Answer::of(talk.rest()).body
    };
    let (new, old, other) = (of("www.new.example"), of("www.old.example"), of("192.0.2.1"));
    assert!(new.contains("@new.example") && !new.contains("old.example"));
    assert!(old.contains("@old.example") && !old.contains("new.example"));
    assert_eq!(new, other);
}

/// The way of an address: shown to a crawler, harvested, sent mail to, recognised, traced.
#[test]
fn an_address_leads_back_to_its_page_and_visitor() {
    let shared = Dir::new();
    let secret = shared.write("secret", "a secret that all programs share");
    let common = format!("secret_file = {secret:?}\n{FAST}\n");
    let web = setup(Super::Xinetd).config(&common).start();
    let mine = get(&web, "127.0.5.5", "/");
    let others = harvest(&get(&web, "127.0.9.9", "/").body);
    let own: Vec<String> = harvest(&mine.body).difference(&others).cloned().collect();
    assert!(!own.is_empty());

    let mail = Setup::serving(SMTARPIT, Super::Tcpserver)
        .config(&format!("{common}[smtarpit]\nhold_at = \"quit\"\nrecipients = \"issued\""))
        .start();
    let mut talk = mail.talk();
    talk.reply();
    for line in ["EHLO x.example", "MAIL FROM:<a@x.example>"] {
        assert!(talk.ask(line).starts_with("250"), "{line}");
    }
    assert!(talk.ask(&format!("RCPT TO:<{}>", own[0])).starts_with("250"));
    assert!(talk.ask("RCPT TO:<nobody.at.all@example.org>").starts_with("550"));
    let rcpt = mail.log.wait("rcpt", |event| event.what.word() == "rcpt");
    let What::Rcpt { receipt: Some(receipt), .. } = &rcpt.what else { panic!("{rcpt}") };
    let visit = receipt.as_str().split('.').nth(2).unwrap();

    let page = web.log.wait(
        "page",
        |event| matches!(&event.what, What::Page { visit: Some(shown), .. } if shown.as_str() == visit),
    );
    assert_eq!(page.peer, Some("127.0.5.5".parse().unwrap()));

    // The log as rsyslog keeps it.
    let log: String = web
        .log
        .lines()
        .iter()
        .map(|line| {
            format!(
                "2026-11-26T10:00:00.000000+00:00 host sundew[{}]: {}\n",
                line.pid.unwrap_or(1),
                line.text.trim_end()
            )
        })
        .collect();
    let log = shared.write("mail.log", log);
    let whence = |address: &str, log: Option<&std::path::Path>| {
        let mut command = Command::new(SUNDEW.path);
        command.args(["whence", address, "--domains", "example.org", "--secret-file"]).arg(&secret);
        command.args(log.map(|log| [std::ffi::OsStr::new("--log"), log.as_os_str()]).into_iter().flatten());
        run(&mut command, Duration::from_secs(30))
    };
    let short = whence(&own[0], None);
    assert_eq!(short.status, Some(0), "{}", short.stderr);
    assert!(short.stdout.contains("is ours") && short.stdout.contains(receipt.as_str()), "{}", short.stdout);
    let long = whence(&own[0], Some(&log)).stdout;
    for told in ["127.0.5.0/24", "127.0.5.5", "www.example.org/", "harvest/1.0", "2026-11-26"] {
        assert!(long.contains(told), "{told} is missing: {long}");
    }
    let never = whence("anna.berger@example.org", Some(&log));
    assert_eq!(never.status, Some(1));
    assert!(never.stdout.contains("not ours"), "{}", never.stdout);
    assert_eq!(whence(&own[0].replace("example.org", "example.com"), None).status, Some(1));
}

#[test]
fn root_is_left_behind_and_so_is_the_root_directory() {
    need_root("chroot and user are for a start as root");
    let setup = setup(Super::Xinetd);
    let jail = setup.dir().make("jail");
    let server = setup
        .config(&format!("chroot = {jail:?}\nuser = \"nobody\"\n[sundew]\nmax_bytes_per_day = \"1G\""))
        .start();
    let mut talk = server.talk();
    talk.send(request("/"));
    talk.hear(" 200");
    let pid = server.pid_of(&talk);
    assert_eq!(std::fs::read_link(format!("/proc/{pid}/root")).unwrap(), jail);
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let nobody = nix::unistd::User::from_name("nobody").unwrap().unwrap().uid.to_string();
    let uids = status.lines().find_map(|line| line.strip_prefix("Uid:")).unwrap();
    assert!(uids.split_whitespace().all(|uid| uid == nobody), "{uids}");
    assert_eq!(get(&server, "127.0.0.1", "/robots.txt").status, "200");
}

#[test]
fn the_unit_allows_every_system_call_and_none_opens_a_network_socket() {
    stays_within_the_unit(SUNDEW, FAST, |talk| {
        talk.send(request("/"));
        talk.rest();
    });
}
