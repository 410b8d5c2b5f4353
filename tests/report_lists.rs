//! The lists in the hands of the programs that read them: nft, ipset and rbldnsd.

use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::harness::{self, Dir, Process, must, need, until};
use crate::loggen::Plan;
use crate::loggen::form::Form;

const REPORT: &str = env!("CARGO_BIN_EXE_tarpit-report");

/// A day of a tarpit with everything that can be listed and some that cannot, and the list in a form.
fn list(dir: &Dir, form: &str, args: &[&str]) -> (std::path::PathBuf, String) {
    let log = dir.path("mail.log");
    if !log.exists() {
        let mut lines = Vec::new();
        Plan { weeks: 0.15, machines: 1, ..Plan::new(9) }.write(Form::Rfc3339, &mut lines).unwrap();
        for (at, peer) in ["127.0.0.1", "192.168.7.7", "8.8.4.4", "fe80::7"].iter().enumerate() {
            let end = format!(
                "2026-10-06T00:00:00.000000+00:00 mx smtarpit[1]: end id=x{at} peer={peer} held=7000 in=1 out=1 \
                 stage=rcpt reason=quit kind=program evidence=\"\" profile=day commands=3\n"
            );
            let connect = format!(
                "2026-10-05T22:00:00.000000+00:00 mx smtarpit[1]: connect id=x{at} peer={peer} slot=1 busy=1 \
                 profile=day persona=postfix\n"
            );
            lines.extend([connect, end].concat().into_bytes());
        }
        dir.write("mail.log", lines);
    }
    let path = dir.path(form);
    let mut command = Command::new(REPORT);
    command.args(["list", "--format", form, "--min-held", "60", "--aggregate", "3", "-o"]).arg(&path);
    if !args.contains(&"--now") {
        command.args(["--now", "2026-10-07T00:00:00Z"]);
    }
    must(command.args(args).arg(&log));
    let text = std::fs::read_to_string(&path).unwrap();
    (path, text)
}

/// What is listed, one a line, and some that must not be.
fn plain(dir: &Dir) -> Vec<String> {
    let listed: Vec<String> = list(dir, "plain", &[]).1.lines().map(str::to_owned).collect();
    assert!(listed.len() > 50 && listed.iter().any(|entry| entry == "8.8.4.4"), "{listed:?}");
    assert!(
        listed.iter().any(|entry| entry.ends_with("/24")) && listed.iter().any(|entry| entry.contains(':'))
    );
    for never in ["127.0.0.1", "192.168.7.7", "fe80::7"] {
        assert!(!listed.iter().any(|entry| entry == never), "{never}");
    }
    listed
}

/// A program in a network of its own, so that this machine's filters stay as they are.
fn apart(program: &str) -> Command {
    harness::need_root("only root has networks of its own");
    let mut command = Command::new(need("unshare"));
    command.arg("--net").arg(need(program));
    command
}

#[test]
fn nft_takes_the_list_and_takes_it_again() {
    let dir = Dir::new();
    let listed = plain(&dir);
    let (path, text) = list(&dir, "nftables", &[]);
    must(Command::new(need("nft")).args(["-c", "-f"]).arg(&path));
    // Twice, and then shown: a set that is there and used by a rule is filled anew.
    let rules: String =
        text.lines().filter_map(|line| line.strip_prefix("#   ")).map(|line| format!("{line}\n")).collect();
    assert_eq!(rules.lines().count(), 3, "{text}");
    let all = dir.write("all", format!("include \"{0}\"\n{rules}include \"{0}\"\n", path.display()));
    let script = format!("{0} -f {1} && {0} list ruleset", need("nft").display(), all.display());
    let shown = String::from_utf8(must(apart("sh").arg("-c").arg(script)).stdout).unwrap();
    for entry in &listed {
        assert!(shown.contains(&format!("{entry} timeout 7d")), "{entry} is not in {shown}");
    }
    assert!(shown.contains("ip saddr @tarpit4 tcp dport 25 drop"), "{shown}");
}

#[test]
fn ipset_takes_the_list_in_place_of_the_last_one() {
    let dir = Dir::new();
    let listed = plain(&dir);
    let (path, _) = list(&dir, "ipset", &["--name", "spammers"]);
    let script = dir.write(
        "twice",
        format!(
            "#!/bin/sh\nset -e\ni={}\n$i -exist restore <{1}\n$i -exist restore <{1}\n$i save\n",
            need("ipset").display(),
            path.display()
        ),
    );
    let shown = String::from_utf8(must(apart("sh").arg(script)).stdout).unwrap();
    for entry in &listed {
        let set = if entry.contains(':') { "spammers6" } else { "spammers4" };
        assert!(shown.contains(&format!("add {set} {entry} timeout ")), "{entry} is not in {shown}");
    }
    assert_eq!(shown.lines().filter(|line| line.starts_with("create")).count(), 2, "{shown}");
    assert_eq!(shown.lines().filter(|line| line.starts_with("add")).count(), listed.len());
}

#[test]
fn rbldnsd_answers_for_who_is_listed_and_for_nobody_else() {
    let dir = Dir::new();
    let listed = plain(&dir);
    let (path, _) = list(&dir, "rbldnsd", &["--expire", "4000w"]);
    let dns = Dns::serve(&path);
    for entry in listed.iter().take(40).chain(listed.iter().filter(|entry| entry.contains(':')).take(10)) {
        let address: IpAddr = entry.split('/').next().unwrap().parse().unwrap();
        assert_eq!(dns.listed(address), Answer::Listed([127, 0, 0, 2]), "{entry}");
    }
    for address in ["127.0.0.1", "192.168.7.7", "8.8.4.5", "fe80::7", "2a00:ffff::1"] {
        assert_eq!(dns.listed(address.parse().unwrap()), Answer::Unknown, "{address}");
    }
    drop(dns);
    // The same list, long past its time.
    let (path, _) = list(&dir, "rbldnsd", &["--now", "2024-10-07T00:00:00Z"]);
    let answer = Dns::serve(&path).listed("8.8.4.4".parse().unwrap());
    assert_eq!(answer, Answer::Refused, "an old list is still believed");
}

#[derive(Debug, PartialEq)]
enum Answer {
    Listed([u8; 4]),
    Unknown,
    Refused,
}

/// A rbldnsd on loopback.
struct Dns {
    _server: Process,
    address: SocketAddr,
}

impl Dns {
    fn serve(path: &Path) -> Self {
        // It wants to be told a port: one that was free a moment ago, and another one if it is not now. As
        // root it becomes the user that its package has made.
        until("a port for rbldnsd", || {
            let address = UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
            let mut command = Command::new(need("rbldnsd"));
            command.args(["-n", "-b", &format!("{}/{}", address.ip(), address.port())]);
            command.arg(format!("bl.example.org:combined:{}", path.display()));
            let mut server = Process::start(command.stdout(Stdio::null()).stderr(Stdio::null()));
            let up = until("rbldnsd answers or ends", || match server.ended() {
                Some(_) => Some(false),
                None => ask(address, &["probe".to_owned()]).map(|_| true),
            });
            up.then_some(Dns { _server: server, address })
        })
    }

    fn listed(&self, address: IpAddr) -> Answer {
        let labels: Vec<String> = match address {
            IpAddr::V4(v4) => v4.octets().iter().rev().map(u8::to_string).collect(),
            IpAddr::V6(v6) => {
                let nibbles = format!("{:032x}", v6.to_bits());
                nibbles.chars().rev().map(String::from).collect()
            }
        };
        let reply = until("rbldnsd answers", || ask(self.address, &labels));
        match (reply[3] & 0x0f, u16::from_be_bytes([reply[6], reply[7]])) {
            (0, 1..) => Answer::Listed(
                reply[reply.len().min(Self::end_of_first(&reply)) - 4..][..4].try_into().unwrap(),
            ),
            (0 | 3, _) => Answer::Unknown,
            _ => Answer::Refused,
        }
    }

    /// Where the first answer ends, whose data is an IPv4 address.
    fn end_of_first(reply: &[u8]) -> usize {
        let name = |mut at: usize| loop {
            match reply[at] {
                0 => break at + 1,
                0xc0.. => break at + 2,
                length => at += 1 + usize::from(length),
            }
        };
        let question = name(12) + 4;
        name(question) + 10 + 4
    }
}

/// Asks for the A record of a name in the zone (RFC 1035 4.1).
fn ask(address: SocketAddr, labels: &[String]) -> Option<Vec<u8>> {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.set_read_timeout(Some(Duration::from_millis(500))).unwrap();
    let mut query = vec![0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0];
    for label in labels.iter().map(String::as_str).chain(["bl", "example", "org"]) {
        query.push(u8::try_from(label.len()).unwrap());
        query.extend(label.as_bytes());
    }
    query.extend([0, 0, 1, 0, 1]);
    socket.send_to(&query, address).ok()?;
    let mut reply = vec![0; 1500];
    let length = socket.recv(&mut reply).ok()?;
    reply.truncate(length);
    (length > 12 && reply.starts_with(&[0x12, 0x34])).then_some(reply)
}
