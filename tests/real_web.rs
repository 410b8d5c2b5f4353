//! The personas of the web against the servers they imitate: the same requests to a real Apache, a real
//! nginx, a real lighttpd and ours, over the same documents. Status line, fields in their order, and pages
//! must be equal. [`LEFT_OUT`] is what differs on purpose.

/// Ours, in this process: its engine over real connections.
mod ours;

/// What is asked.
mod requests;

/// The real servers, each with a configuration of its own.
mod servers;

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::process::Command;
use std::thread;

use sundew::clock::{Clock as _, System};
use sundew::persona::http::Name;
use sundew::web::http::busy;
use sundew::web::pacing::Pace;

use crate::harness::{PATIENCE, must, need};
use ours::Ours;
use servers::Real;

/// The name that all the servers have.
const HOST: &str = "www.example.org";

/// What is answered otherwise on purpose, by server and by the name of the request, and why.
const LEFT_OUT: &[(&str, &str, &str)] = &[
    ("apache", "range behind the end", "ranges are refused, whatever they are"),
    ("apache", "absolute without a host", "the real one calls itself by no name then"),
    ("apache", "absolute with a strange host", "no strange name is shown again, not even escaped"),
    ("apache", "absolute with a blank", "the same"),
    ("apache", "a scheme alone", "the real one takes it for the home page"),
    ("apache", "a directory with a body that is too large", "the real one tells of two errors"),
    ("apache", "a bad chunk", "no body is read"),
    ("apache", "a body that does not come", "no body is waited for"),
    ("apache", "high bytes in the query", "they are escaped"),
    ("nginx", "high bytes in the query", "they are escaped"),
    ("nginx", "a host with a tag", "a name that could be no host's is not shown again"),
    ("nginx", "a host with a quote", "the same"),
    ("nginx", "a host with an at", "the same"),
    ("nginx", "a host with an escape", "the same"),
    ("nginx", "half a literal", "the same"),
    ("lighttpd", "below a file", "nothing is below a file"),
    ("lighttpd", "a file with a slash", "the same"),
    ("lighttpd", "no host and a strange coding", "which of two mistakes is told"),
];

#[test]
fn apache_answers_as_the_real_one() {
    compare(Name::Apache, servers::apache());
}

#[test]
fn nginx_answers_as_the_real_one() {
    compare(Name::Nginx, servers::nginx());
}

#[test]
fn lighttpd_answers_as_the_real_one() {
    compare(Name::Lighttpd, servers::lighttpd());
}

/// The page of a server that has no room, which the configurations of the tests have at `/busy`.
#[test]
fn a_busy_server_says_what_the_real_ones_say() {
    let now = || System::start().wall();
    for (name, real) in [(Name::Apache, servers::apache()), (Name::Nginx, servers::nginx())] {
        let asked = ask(real.address, b"GET /busy HTTP/1.1\r\nHost: www.example.org\r\n\r\n");
        let ours = busy(name.persona(), HOST, 80, now());
        let product = |answer: &[u8]| plain(answer).replace(&product(answer), "#");
        assert_eq!(product(&asked), product(&ours), "{}", name.as_str());
    }
}

#[test]
fn a_head_that_never_ends_is_given_up_as_the_real_apache_does() {
    let real = servers::apache();
    let ours = Ours::start(Name::Apache, 80, None);
    let begun = b"GET / HTTP/1.1\r\nHost: www.example.org\r\n";
    let [said, by_ours] = thread::scope(|scope| {
        let running =
            [real.address, ours.address].map(|server| scope.spawn(move || hear(server, begun, false)));
        running.map(|one| one.join().unwrap())
    });
    assert!(by_ours.starts_with(b"HTTP/1.1 408 "), "{}", by_ours.escape_ascii());
    assert_eq!(plain(&said).replace(&product(&said), "#"), plain(&by_ours).replace(&product(&by_ours), "#"));
}

/// How many requests are made at once.
const AT_ONCE: usize = 16;

fn compare(name: Name, real: Real) {
    let ours = Ours::start(name, real.address.port(), None);
    let hello = b"GET / HTTP/1.1\r\nHost: www.example.org\r\n\r\n";
    let products = (product(&ask(real.address, hello)), product(&ask(ours.address, hello)));
    let all = requests::all();
    let mut wrong = String::new();
    for some in all.chunks(AT_ONCE) {
        let pairs = thread::scope(|scope| {
            let begin = |bytes: &[u8]| {
                let bytes = bytes.to_vec();
                [real.address, ours.address].map(|server| {
                    let bytes = bytes.clone();
                    scope.spawn(move || ask(server, &bytes))
                })
            };
            let running: Vec<_> = some.iter().map(|(_, bytes)| begin(bytes)).collect();
            running.into_iter().map(|pair| pair.map(|one| one.join().unwrap())).collect::<Vec<_>>()
        });
        for ((what, bytes), [real, ours]) in some.iter().zip(pairs) {
            let real = plain(&real).replace(&products.0, &products.1);
            let ours = plain(&ours);
            let left_out = LEFT_OUT.iter().any(|(server, left, _)| (*server, *left) == (name.as_str(), what));
            if (real == ours) == left_out {
                let start: String = String::from_utf8_lossy(bytes).chars().take(120).collect();
                wrong.push_str(&format!("{what}: {start:?}\n  real: {real:?}\n  ours: {ours:?}\n"));
            }
        }
    }
    println!("{}: {} requests", name.as_str(), all.len());
    assert!(wrong.is_empty(), "{} differs:\n{wrong}", name.as_str());
    assert!(all.len() >= 50, "only {} requests are compared", all.len());
}

/// What the server calls itself in an answer.
fn product(answer: &[u8]) -> String {
    let text = String::from_utf8_lossy(answer).into_owned();
    let line = text.lines().find_map(|line| line.strip_prefix("Server: ").map(str::to_owned));
    line.unwrap_or_else(|| panic!("no Server in {text:?}"))
}

/// Everything that a server says to these bytes, after which nothing comes.
fn ask(server: SocketAddr, bytes: &[u8]) -> Vec<u8> {
    hear(server, bytes, true)
}

/// The same, or to these bytes when more may come.
fn hear(server: SocketAddr, bytes: &[u8], finish: bool) -> Vec<u8> {
    let mut stream = TcpStream::connect(server).expect("connect");
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    // A server that closed without reading all resets the connection, but what it said can be read.
    let _ = stream.write_all(bytes);
    if finish {
        let _ = stream.shutdown(Shutdown::Write);
    }
    let mut heard = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        match stream.read(&mut buffer) {
            Ok(0) => return heard,
            Ok(count) => heard.extend_from_slice(&buffer[..count]),
            Err(error) if error.kind() == ErrorKind::ConnectionReset => return heard,
            Err(error) => panic!("{error} after {:?}", String::from_utf8_lossy(bytes)),
        }
    }
}

/// What comes before the answer to a peer that waits with its body.
const CONTINUE: &str = "HTTP/1.1 100 Continue\r\n\r\n";

/// An answer with what differs each time left out: the date, the entity tag, which every file has another,
/// and the length of a page, which must be its own.
fn plain(answer: &[u8]) -> String {
    let text: String = answer.iter().copied().map(char::from).collect();
    if let Some(rest) = text.strip_prefix(CONTINUE) {
        let rest: Vec<u8> = rest.chars().map(|c| c as u8).collect();
        return format!("{CONTINUE}{}", plain(&rest));
    }
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
    if !head.starts_with("HTTP/") {
        return text;
    }
    let length = body.len().to_string();
    let line = |line: &str| match line.split_once(": ") {
        Some((name @ ("Date" | "ETag"), _)) => format!("{name}: #"),
        // A real Apache has them in another order each time it starts.
        Some((name @ "Allow", value)) => {
            let mut methods: Vec<&str> = value.split(',').map(str::trim).collect();
            methods.sort_unstable();
            format!("{name}: {}", methods.join(","))
        }
        Some((name @ "Content-Length", value)) if value == length || body.is_empty() => format!("{name}: #"),
        _ => line.to_owned(),
    };
    let head: Vec<String> = head.split("\r\n").map(line).collect();
    format!("{}\r\n\r\n{body}", head.join("\r\n"))
}

#[test]
fn nmap_and_curl_name_every_persona() {
    let names = [("apache", "Apache httpd"), ("nginx", "nginx"), ("lighttpd", "lighttpd")];
    // At once, and with the pauses of the tarpit.
    let paces = [None, Some(Pace::Day)];
    let servers: Vec<(Ours, &str)> = paces
        .into_iter()
        .flat_map(|pace| {
            let start = |name: &Name| Ours::start(*name, 80, pace);
            Name::ALL.iter().map(start).zip(names.map(|(_, product)| product)).collect::<Vec<_>>()
        })
        .collect();
    let ports: Vec<String> = servers.iter().map(|(ours, _)| ours.address.port().to_string()).collect();
    let output =
        must(Command::new(need("nmap")).args(["-Pn", "-n", "-sV", "-p", &ports.join(","), "127.0.0.1"]));
    let found = String::from_utf8_lossy(&output.stdout).into_owned();
    for (port, (_, product)) in ports.iter().zip(&servers) {
        let line = found.lines().find(|line| line.starts_with(&format!("{port}/tcp")));
        assert!(line.is_some_and(|line| line.contains(product)), "no {product} on {port}:\n{found}");
    }
    for (ours, product) in &servers[..names.len()] {
        let output = must(Command::new(need("curl")).args(["-sI", &format!("http://{}/", ours.address)]));
        let head = String::from_utf8_lossy(&output.stdout).into_owned();
        let first = product.split(' ').next().unwrap();
        assert!(head.contains(&format!("\r\nServer: {first}/")), "no {first}:\n{head}");
    }
}

/// The documents that all the servers have.
const FILES: &[(&str, &str)] = &[
    ("index.html", "<!doctype html><title>home</title><p>hello\n"),
    ("team/index.html", "<!doctype html><title>team</title><p>we\n"),
    ("team/a.html", "<!doctype html><title>a</title><p>a page\n"),
    ("with space/index.html", "<!doctype html><title>space</title>\n"),
    ("style.css", "body { margin: 0 }\n"),
    ("robots.txt", "User-agent: *\nDisallow:\n"),
    ("sitemap.xml", "<?xml version=\"1.0\"?><x/>\n"),
    ("logo.svg", "<svg xmlns=\"http://www.w3.org/2000/svg\"/>\n"),
];

/// When all of them were last changed.
const MODIFIED: &str = "2026-03-01T10:20:30Z";
