//! The report against the other end: real programs under a real super-server write through a real rsyslogd,
//! and its totals are what their clients did and saw.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::net::Ipv4Addr;
use std::path::Path;
use std::process::{Command, Output};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use serde_json::Value;
use sundew::event::What;
use sundew::names::Language;
use sundew::receipt::{Maker, Receipt, Style};

use crate::harness::log::Line;
use crate::harness::rsyslog::Rsyslog;
use crate::harness::servers::{SMTARPIT, SUNDEW, Server, Service, Setup, Super, TARPOP};
use crate::harness::talk::Talk;
use crate::harness::{Dir, PATIENCE, must, need, until};

const SECRET: &str = "a secret that all programs share";

/// What a client did and saw, or several of them.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
struct Seen {
    hits: u64,
    /// Between these it was held: from the first byte it heard to the last, and from before it came until
    /// its end was in the log.
    least: Duration,
    most: Duration,
    said: u64,
    heard: u64,
    mails: u64,
    null_from: u64,
    rcpts: u64,
    logins: u64,
    retrs: u64,
    pages: u64,
}

impl Seen {
    fn of<'s>(all: impl Iterator<Item = &'s Seen>) -> Self {
        all.fold(Seen::default(), |sum, one| Seen {
            hits: sum.hits + one.hits,
            least: sum.least + one.least,
            most: sum.most + one.most,
            said: sum.said + one.said,
            heard: sum.heard + one.heard,
            mails: sum.mails + one.mails,
            null_from: sum.null_from + one.null_from,
            rcpts: sum.rcpts + one.rcpts,
            logins: sum.logins + one.logins,
            retrs: sum.retrs + one.retrs,
            pages: sum.pages + one.pages,
        })
    }

    /// Compares the time with what the report has, which is in whole milliseconds for each connection.
    fn holds(&self, what: &str, held: &Value) {
        let held = held.as_f64().unwrap_or_else(|| panic!("{what}: {held}"));
        let least = self.least.as_secs_f64() - 0.001 * self.hits as f64;
        let bounds = (least, self.most.as_secs_f64());
        assert!(held > 0.0 && bounds.0 <= held && held <= bounds.1, "{what}: {held} is not in {bounds:?}");
    }
}

/// Every client, by program and address.
type All = Mutex<Vec<(&'static str, Ipv4Addr, Seen)>>;

/// A client that keeps account of what it does.
struct Guest<'t> {
    service: Service,
    address: Ipv4Addr,
    talk: Talk,
    came: Instant,
    first: Option<Instant>,
    seen: Seen,
    log: &'t Rsyslog,
    all: &'t All,
}

/// What the clients of one test share.
struct Town {
    log: Rsyslog,
    all: All,
}

impl Town {
    fn guest(&self, server: &Server, from: &str) -> Guest<'_> {
        let (address, came) = (from.parse().unwrap(), Instant::now());
        let talk = Talk::from(Ipv4Addr::into(address), server.address);
        let seen = Seen { hits: 1, ..Seen::default() };
        Guest {
            service: server.service,
            address,
            talk,
            came,
            first: None,
            seen,
            log: &self.log,
            all: &self.all,
        }
    }

    fn of(&self, service: &str) -> Seen {
        Seen::of(self.all.lock().unwrap().iter().filter(|one| one.0 == service).map(|one| &one.2))
    }

    /// What came from this /24, by program.
    fn network(&self, network: &str) -> BTreeMap<&'static str, Seen> {
        let mut found: BTreeMap<_, Vec<Seen>> = BTreeMap::new();
        for (service, address, seen) in self.all.lock().unwrap().iter() {
            if network_of(*address) == network {
                found.entry(*service).or_default().push(*seen);
            }
        }
        found.into_iter().map(|(service, seen)| (service, Seen::of(seen.iter()))).collect()
    }

    /// Somebody whom only the mailbox that was opened has mail of.
    fn stranger(&self) -> String {
        let visit = |line: Line| match line.event.ok()?.what {
            What::Login { visit: Some(visit), .. } => u32::from_str_radix(visit.as_str(), 16).ok(),
            _ => None,
        };
        let visit = self.log.lines().into_iter().find_map(visit).expect("somebody was let in");
        let receipt = Receipt { season: 0, style: Style::Mailbox, visit, nth: 0 };
        format!("{}@example.org", Maker::new(SECRET.as_bytes(), Language::English).person(&receipt).local)
    }

    fn networks(&self) -> BTreeSet<String> {
        self.all.lock().unwrap().iter().map(|one| network_of(one.1)).collect()
    }
}

fn network_of(address: Ipv4Addr) -> String {
    let [a, b, c, _] = address.octets();
    format!("{a}.{b}.{c}.0/24")
}

/// The sender of a mail and its recipients.
type Mail<'m> = (&'m str, &'m [&'m str]);

impl Guest<'_> {
    fn says(&mut self, text: &str) {
        self.seen.said += text.len() as u64;
        self.talk.send(text);
    }

    /// Waits for the first byte.
    fn greeted(mut self) -> Self {
        assert!(self.talk.hears_within(PATIENCE), "{} does not greet", self.service.name);
        self.first = Some(Instant::now());
        self
    }

    fn line(&mut self) -> String {
        let line = self.talk.hear("\r\n");
        self.seen.heard += line.len() as u64;
        line
    }

    /// Says a line, and returns the last line of the reply of SMTP, or the only one of POP3.
    fn asks(&mut self, line: &str) -> String {
        self.says(&format!("{line}\r\n"));
        self.reply()
    }

    fn reply(&mut self) -> String {
        loop {
            let line = self.line();
            if line.as_bytes().get(3) != Some(&b'-') {
                return line;
            }
        }
    }

    /// Reads until the server closes, leaves, and waits until the log has the end of it.
    fn leaves(mut self) -> String {
        let rest = self.talk.rest();
        self.seen.heard += rest.len() as u64;
        self.seen.least = self.first.expect("it was greeted").elapsed();
        let port = self.talk.port();
        drop(self.talk);
        until("the end is in the log", || {
            let events: Vec<_> = self.log.lines().into_iter().filter_map(|line| line.event.ok()).collect();
            let ours = |what: &What| matches!(what, What::Connect { port: Some(from), .. } if *from == port);
            let id = &events.iter().find(|event| ours(&event.what))?.id;
            events.iter().any(|event| event.id == *id && event.what.word() == "end").then_some(())
        });
        self.seen.most = self.came.elapsed();
        self.all.lock().unwrap().push((self.service.name, self.address, self.seen));
        String::from_utf8(rest).unwrap()
    }

    /// Sends mails, and says goodbye or hangs up.
    fn mails(mut self, mails: &[Mail<'_>], polite: bool) {
        assert!(self.reply().starts_with("220 "));
        assert!(self.asks("EHLO client.example.net").starts_with("250 "));
        for (from, recipients) in mails {
            assert!(self.asks("RSET").starts_with("250 "));
            let reply = self.asks(&format!("MAIL FROM:<{from}>"));
            assert!(reply.starts_with("250 "), "{from}: {reply}");
            self.seen.mails += 1;
            self.seen.null_from += u64::from(from.is_empty());
            for to in *recipients {
                let reply = self.asks(&format!("RCPT TO:<{to}>"));
                assert!(reply.starts_with("250 ") || reply.starts_with("550 "), "{to}: {reply}");
                self.seen.rcpts += 1;
            }
        }
        if polite {
            assert!(self.asks("QUIT").starts_with("221 "));
        } else {
            self.talk.finish();
        }
        self.leaves();
    }

    /// Guesses passwords of a name.
    fn guesses(&mut self, user: &str, passwords: &[&str]) -> Vec<bool> {
        assert!(self.reply().starts_with("+OK"));
        let mut guess = |password: &&str| {
            self.asks(&format!("USER {user}"));
            self.seen.logins += 1;
            self.asks(&format!("PASS {password}")).starts_with("+OK")
        };
        passwords.iter().map(&mut guess).collect()
    }

    /// Reads the first message of the mailbox.
    fn fetches(&mut self) {
        assert!(self.asks("RETR 1").starts_with("+OK"));
        self.seen.retrs += 1;
        while self.line() != ".\r\n" {}
    }

    /// Asks for a page and returns it.
    fn reads(mut self, path: &str, status: &str) -> String {
        self.says(&format!(
            "GET {path} HTTP/1.1\r\nHost: www.example.org\r\nUser-Agent: harvest/1.0\r\n\r\n"
        ));
        self.seen.pages += 1;
        let answer = self.greeted().leaves();
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{path}: {answer}");
        answer
    }
}

/// The addresses in a page or a message, as a harvester takes them.
fn harvest(text: &str) -> BTreeSet<String> {
    let is_local = |c: char| c.is_ascii_alphanumeric() || c == '.';
    text.match_indices("@example.org")
        .map(|(at, domain)| (text[..at].rfind(|c| !is_local(c)).map_or(0, |before| before + 1), at, domain))
        .filter(|(start, at, _)| start < at)
        .map(|(start, at, domain)| format!("{}{domain}", &text[start..at]))
        .collect()
}

/// A town of three programs with one secret.
struct Servers {
    smtp: Server,
    pop3: Server,
    web: Server,
}

/// How many SMTP guests are held at once.
const SLOTS: usize = 6;

impl Servers {
    fn start(town: &Town, dir: &Dir) -> Self {
        let secret = dir.write("secret", SECRET);
        let serve = |service, config: &str| {
            Setup::serving(service, Super::Xinetd)
                .option(format!("--log-socket={}", town.log.socket.display()))
                .config(&format!("secret_file = {secret:?}\n{config}"))
        };
        let smtp = format!(
            "slots = {SLOTS}\nspeedup = 500\n[smtarpit]\nnull_sender = \"accept\"\nrecipients = \"issued\"\n\
             hold = \"edge\""
        );
        Servers {
            smtp: serve(SMTARPIT, &smtp).start(),
            pop3: serve(TARPOP, "speedup = 500\n[tarpop]\naccept_after = \"2\"").start(),
            // Not quicker: the patience of a server is divided too.
            web: serve(SUNDEW, "speedup = 25").start(),
        }
    }
}

fn report(args: &[&str], files: &[&Path]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tarpit-report"));
    command.env_remove("SUNDEW_CONFIG").args(["--timezone", "UTC", "--top", "1000"]);
    must(command.args(args).args(files))
}

fn text(args: &[&str], files: &[&Path]) -> String {
    let output = report(args, files);
    assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{args:?}");
    String::from_utf8(output.stdout).unwrap()
}

fn json(files: &[&Path]) -> Value {
    serde_json::from_str(&text(&["--format", "json"], files)).unwrap()
}

/// The one row of a list that has this value.
fn row<'v>(list: &'v Value, key: &str, value: &str) -> &'v Value {
    let rows: Vec<&Value> = list.as_array().unwrap().iter().filter(|row| row[key] == value).collect();
    assert_eq!(rows.len(), 1, "{value} in {list}");
    rows[0]
}

#[test]
fn the_report_says_what_the_clients_saw() {
    let (town, dir) = (Town { log: Rsyslog::start(), all: All::default() }, Dir::new());
    let Servers { smtp, pop3, web } = &Servers::start(&town, &dir);

    // Harvesters read pages, guessers guess, and one of them is let into a mailbox.
    let (page, other) = std::thread::scope(|scope| {
        let town = &town;
        let reads = |from, path, status| scope.spawn(move || town.guest(web, from).reads(path, status));
        let page = reads("127.0.5.5", "/", "200");
        let other = reads("127.0.6.1", "/", "200");
        reads("127.0.5.6", "/robots.txt", "200");
        reads("127.0.8.2", "/wp-login.php", "404");
        for (from, user, passwords) in [
            ("127.0.7.9", "admin", &["admin"][..]),
            ("127.0.13.1", "admin", &["secret"]),
            ("127.0.14.1", "info", &["info"]),
        ] {
            scope.spawn(move || {
                let mut guest = town.guest(pop3, from).greeted();
                assert_eq!(guest.guesses(user, passwords), [false]);
                guest.asks("QUIT");
                guest.leaves();
            });
        }
        scope.spawn(|| {
            let mut guest = town.guest(pop3, "127.0.8.1").greeted();
            assert_eq!(guest.guesses("anna", &["first", "second"]), [false, true]);
            guest.fetches();
            guest.asks("QUIT");
            guest.leaves();
        });
        (page.join().unwrap(), other.join().unwrap())
    });
    let other = harvest(&other);
    let shown = harvest(&page).into_iter().find(|address| !other.contains(address)).expect("an own address");
    let stranger = town.stranger();

    // Spammers come all at once, and there is room for all but one.
    let scripts: [(&str, &[Mail<'_>], bool); SLOTS] = [
        ("127.0.7.7", &[("", &[&shown]), ("a@x.example", &[&shown, "nobody.at.all@example.org"])], true),
        ("127.0.7.8", &[("b@x.example", &[&shown])], false),
        ("127.0.9.9", &[("c@x.example", &[&stranger])], true),
        ("127.0.11.1", &[("", &["info@example.org"]), ("", &[]), ("", &["sales@example.org"])], true),
        ("127.0.11.2", &[], true),
        ("127.0.12.1", &[("d@x.example", &["anna.berger@example.org"; 5])], false),
    ];
    let guests = scripts.map(|(from, mails, polite)| (town.guest(smtp, from).greeted(), mails, polite));
    let mut refused = Talk::from("127.0.66.1".parse().unwrap(), smtp.address);
    assert!(refused.line().starts_with("421 "));
    assert_eq!(refused.rest(), b"");
    std::thread::scope(|scope| {
        for (guest, mails, polite) in guests {
            scope.spawn(move || guest.mails(mails, polite));
        }
    });

    let log = &town.log.file;
    let report = json(&[log]);
    let input = &report["input"];
    assert_eq!(input["events"], fs::read_to_string(log).unwrap().lines().count());
    assert_eq!([&input["duplicates"], &input["unparsed"], &input["foreign"]], [0, 0, 0]);
    assert_eq!(report["errors"], Value::Array(Vec::new()));
    for (service, refusals) in [("smtarpit", 1), ("tarpop", 0), ("sundew", 0)] {
        let (seen, facts) = (town.of(service), row(&report["services"], "service", service));
        let total = &facts["total"];
        for (key, number) in [
            ("hits", seen.hits),
            ("refused", refusals),
            ("mails", seen.mails),
            ("null_from", seen.null_from),
            ("rcpts", seen.rcpts),
            ("logins", seen.logins),
            ("retrs", seen.retrs),
            ("pages", seen.pages),
            ("bytes_in", seen.said),
            ("bytes_out", seen.heard),
        ] {
            assert_eq!(total[key], number, "{service} {key}");
        }
        seen.holds(service, &total["held"]);
        assert_eq!([&facts["open"], &facts["killed"]], [0, 0], "{service}");
    }
    let facts = |service| row(&report["services"], "service", service);
    assert_eq!(row(&facts("smtarpit")["refusals"], "why", "slots")["count"], 1);
    assert_eq!(facts("smtarpit")["processes"]["most"], SLOTS);
    assert_eq!(row(&facts("smtarpit")["reasons"], "what", "quit")["connections"], 4);
    assert_eq!(row(&facts("smtarpit")["reasons"], "what", "hangup")["connections"], 2);
    assert_eq!(row(&facts("tarpop")["users"], "name", "admin")["count"], 2);
    assert_eq!(report["mails_per_address"]["mails"], town.of("smtarpit").mails);
    assert_eq!(report["mails_per_address"]["addresses"], 5);
    assert_eq!(report["mails_per_address"]["largest"], 3);

    // Every network, and those that came to more than one program.
    let at_several: BTreeSet<&str> = report["networks_at_several_services"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["net"].as_str().unwrap())
        .collect();
    assert_eq!(at_several, BTreeSet::from(["127.0.7.0/24", "127.0.8.0/24"]));
    for network in town.networks() {
        let (seen, row) = (town.network(&network), row(&report["networks"], "net", &network));
        for service in ["smtarpit", "tarpop", "sundew"] {
            let hits = seen.get(service).map_or(0, |seen| seen.hits);
            assert_eq!(row["hits"][service], hits, "{network} {service}");
        }
        let seen = Seen::of(seen.values());
        assert_eq!([&row["mails"], &row["rcpts"]], [seen.mails, seen.rcpts], "{network}");
        assert_eq!([&row["logins"], &row["pages"]], [seen.logins, seen.pages], "{network}");
        seen.holds(&network, &row["held"]);
    }
    assert_eq!(row(&report["networks"], "net", "127.0.66.0/24")["refused"], 1);

    // From the harvest to the spam.
    let harvest = &report["harvest"];
    assert_eq!(harvest["visits"], 3, "two pages and a mailbox");
    let receipts = harvest["receipts"].as_array().unwrap();
    let to = |address: &str| receipts.iter().filter(|one| one["shown"]["to"] == address).collect::<Vec<_>>();
    let [page] = to("127.0.5.5")[..] else { panic!("{harvest}") };
    assert_eq!([&page["mails"], &page["networks"]], [3, 1]);
    assert_eq!(
        [&page["shown"]["service"], &page["shown"]["place"], &page["shown"]["agent"]],
        ["sundew", "/", "harvest/1.0"]
    );
    let [receipt] = to("127.0.8.1")[..] else { panic!("{harvest}") };
    assert_eq!([&receipt["style"], &receipt["shown"]["service"]], ["mailbox", "tarpop"]);
    assert_eq!([&receipt["mails"], &receipt["networks"]], [1, 1]);
    let harvester = row(&harvest["harvesters"], "net", "127.0.5.0/24");
    assert_eq!([&harvester["visits"], &harvester["receipts"], &harvester["mails"]], [1, 1, 3]);

    // The other forms say the same.
    let plain = text(&["--format", "text"], &[log]);
    let html = text(&["--format", "html"], &[log]);
    let name = page["receipt"].as_str().unwrap();
    for told in [name, "127.0.5.0/24", "127.0.7.0/24", "127.0.66.0/24", "harvest/1.0", "slots"] {
        assert!(plain.contains(told), "{told}: {plain}");
        assert!(html.contains(told), "{told} is not on the page");
    }
    let seen = town.of("smtarpit");
    let table: Vec<&str> = plain
        .lines()
        .skip_while(|line| !line.starts_with(" starting "))
        .take_while(|line| !line.is_empty())
        .collect();
    let counts: Vec<&str> = table.last().unwrap().split_whitespace().rev().take(3).collect();
    assert_eq!(counts, [seen.rcpts, seen.null_from, seen.hits].map(|number| number.to_string()), "{plain}");

    // A rotated file beside its packed copy is counted once.
    let packed = dir.write("sundew.log.1.gz", must(Command::new(need("gzip")).arg("-c").arg(log)).stdout);
    let twice = json(&[&packed, log]);
    assert_eq!(twice["input"]["duplicates"], twice["input"]["events"]);
    for part in ["period", "services", "networks", "sources", "mails_per_address", "harvest"] {
        assert_eq!(twice[part], report[part], "{part}");
    }
    // Nobody who came from this machine is for a block list.
    let output = text(&["list"], &[log]);
    assert!(!output.contains("127."), "{output}");
}
