//! The shipped virtual hosts with the real Apache httpd, nginx with fcgiwrap, and lighttpd, in which only the
//! address, the port and the path of the program are changed.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use nix::unistd::User;
use sundew::event::{Event, What};

use crate::harness::log::Log;
use crate::harness::talk::Talk;
use crate::harness::{Dir, Process, SUNDEW, is_root, need, run, shipped, until};

/// The web servers that we ship a virtual host for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Web {
    Apache,
    Nginx,
    Lighttpd,
}

const ALL: [Web; 3] = [Web::Apache, Web::Nginx, Web::Lighttpd];

/// A web server with the site behind it.
struct Front {
    address: SocketAddr,
    log: Log,
    dir: Dir,
    _processes: Vec<Process>,
}

impl Front {
    fn start(web: Web, config: &str) -> Self {
        let dir = Dir::new();
        let log = Log::socket(&dir.path("log"));
        let locks = dir.make("locks");
        if is_root() {
            // Apache leaves root behind.
            let account = User::from_name("www-data").unwrap().expect("the account of web servers");
            std::os::unix::fs::chown(&locks, Some(account.uid.as_raw()), None).unwrap();
        }
        // The other web servers here stay root, and we do not.
        let user = if is_root() { "user = \"www-data\"" } else { "" };
        let secret = dir.write("secret", "a secret of sixteen bytes or more");
        let config = dir.write(
            "sundew.toml",
            format!(
                "hostname = \"mx.example.org\"\ndomains = [\"example.org\"]\nlog = \"syslog\"\n\
                 log_socket = {:?}\nlock_dir = {locks:?}\nsecret_file = {secret:?}\n{user}\n{config}\n",
                dir.path("log")
            ),
        );
        // The build directory may be closed to the user of the web server.
        dir.executable("real", fs::read(SUNDEW).unwrap());
        let script = format!(
            "#!/bin/sh\nSUNDEW_CONFIG={} exec {} \"$@\"\n",
            config.display(),
            dir.path("real").display()
        );
        dir.executable("bin/sundew", script);
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port();
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let processes = match web {
            Web::Apache => apache(&dir, address),
            Web::Nginx => nginx(&dir, address),
            Web::Lighttpd => lighttpd(&dir, address),
        };
        until(&format!("{web:?} listens"), || TcpStream::connect(address).ok());
        Front { address, log, dir, _processes: processes }
    }

    /// Says bytes to it from an address, and returns the answer as its status, its head and its body.
    fn says(&self, from: &str, bytes: &str) -> (u16, String, String) {
        let mut talk = Talk::from(from.parse().unwrap(), self.address);
        talk.send(bytes);
        let text = String::from_utf8(talk.rest()).expect("UTF-8");
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer: {text:?}"));
        (head.split(' ').nth(1).unwrap().parse().unwrap(), head.to_owned(), body.to_owned())
    }

    fn asks(&self, method: &str, path: &str, more: &str) -> (u16, String, String) {
        self.says(
            "127.0.0.5",
            &format!(
                "{method} {path} HTTP/1.0\r\nHost: www.example.org\r\nUser-Agent: harvest/1.0\r\n{more}\r\n"
            ),
        )
    }

    fn page(&self, what: &str, is: impl Fn(&Event) -> bool) -> Event {
        self.log.wait(what, |event| event.what.word() == "page" && is(event))
    }
}

fn open_to_all(path: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(path, fs::Permissions::from_mode(0o777)).unwrap();
}

/// A shipped file with the program and the address of the test.
fn edited(dir: &Dir, file: &str, edits: &[(&str, &str)]) -> String {
    let mut text = shipped(file);
    assert!(text.contains("/usr/local/sbin/sundew"), "{file}");
    text = text.replace("/usr/local/sbin", dir.path("bin").to_str().unwrap());
    for (from, to) in edits {
        assert!(text.contains(from), "{file} has no {from:?}");
        text = text.replace(from, to);
    }
    text
}

fn server(dir: &Dir, program: &str, args: &[&str]) -> Process {
    let errors = fs::File::create(dir.path(&format!("{program}.stderr"))).unwrap();
    Process::start(
        Command::new(need(program)).args(args).stdin(Stdio::null()).stdout(Stdio::null()).stderr(errors),
    )
}

fn apache(dir: &Dir, address: SocketAddr) -> Vec<Process> {
    let host = edited(dir, "contrib/apache/sundew.conf", &[("*:80", &address.to_string())]);
    let modules = "/usr/lib/apache2/modules";
    let load: String = ["mpm_event", "authz_core", "alias", "cgid"]
        .map(|name| format!("LoadModule {name}_module {modules}/mod_{name}.so\n"))
        .concat();
    let account = if is_root() { "User www-data\nGroup www-data\n" } else { "" };
    let at = |name: &str| dir.path(name).display().to_string();
    let config = format!(
        "ServerName test\nServerRoot {}\nPidFile {}\nListen {address}\nErrorLog {}\n{load}{account}ScriptSock {}\n{host}",
        at(""),
        at("apache.pid"),
        at("apache.log"),
        at("cgid.sock"),
    );
    let config = dir.write("apache.conf", config);
    vec![server(dir, "apache2", &["-DFOREGROUND", "-f", config.to_str().unwrap()])]
}

fn nginx(dir: &Dir, address: SocketAddr) -> Vec<Process> {
    let socket = dir.path("fcgiwrap.sock");
    let host = edited(
        dir,
        "contrib/nginx/sundew.conf",
        &[
            ("listen 80;", &format!("listen {address};")),
            ("listen [::]:80;", ""),
            ("/run/fcgiwrap.socket", socket.to_str().unwrap()),
            ("include fastcgi_params;", "include /etc/nginx/fastcgi_params;"),
        ],
    );
    let at = |name: &str| dir.path(name).display().to_string();
    let paths: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|name| format!("{name}_temp_path {};\n", at(name)))
        .concat();
    let config = format!(
        "daemon off;\npid {};\nerror_log {};\nevents {{}}\nhttp {{\naccess_log off;\n{paths}{host}}}\n",
        at("nginx.pid"),
        at("nginx.log"),
    );
    let config = dir.write("nginx.conf", config);
    let wrap = server(dir, "fcgiwrap", &["-c", "2", "-s", &format!("unix:{}", socket.display())]);
    until("fcgiwrap listens", || socket.exists().then_some(()));
    open_to_all(&socket);
    vec![wrap, server(dir, "nginx", &["-c", config.to_str().unwrap()])]
}

fn lighttpd(dir: &Dir, address: SocketAddr) -> Vec<Process> {
    let host = edited(dir, "contrib/lighttpd/sundew.conf", &[]);
    let config = format!(
        "server.document-root = {:?}\nserver.bind = \"{}\"\nserver.port = {}\nserver.modules = ()\n\
         server.errorlog = {:?}\n{host}",
        dir.path(""),
        address.ip(),
        address.port(),
        dir.path("lighttpd.log"),
    );
    let config = dir.write("lighttpd.conf", config);
    vec![server(dir, "lighttpd", &["-D", "-f", config.to_str().unwrap()])]
}

#[test]
fn apache_shows_the_site() {
    shows_the_site(Web::Apache);
}

#[test]
fn nginx_shows_the_site() {
    shows_the_site(Web::Nginx);
}

#[test]
fn lighttpd_shows_the_site() {
    shows_the_site(Web::Lighttpd);
}

fn header<'h>(head: &'h str, name: &str) -> Option<&'h str> {
    head.lines().skip(1).find_map(|line| {
        let (key, value) = line.split_once(':')?;
        key.eq_ignore_ascii_case(name).then_some(value.trim())
    })
}

fn shows_the_site(web: Web) {
    let front = Front::start(web, "");
    let (status, head, body) = front.asks("GET", "/", "");
    assert_eq!(status, 200, "{head}");
    assert!(header(&head, "Content-Type").unwrap().starts_with("text/html"), "{head}");
    assert!(
        body.starts_with("<!DOCTYPE html>") && body.ends_with("</html>\n") && body.contains("@example.org")
    );
    for word in ["sundew", "SUNDEW"] {
        assert!(!head.contains(word) && !body.contains(word), "{head}");
    }
    // It is fast for a web server, whose places to wait are few.
    let page = front
        .page("the page", |event| matches!(&event.what, What::Page { path, .. } if path.as_str() == "/"));
    assert_eq!(page.peer, Some("127.0.0.5".parse().unwrap()));
    let What::Page { method, host, status, agent, bytes, visit, .. } = &page.what else { unreachable!() };
    let words = [method, host, agent].map(|plain| plain.as_str());
    assert_eq!(words, ["GET", "www.example.org", "harvest/1.0"]);
    assert_eq!((*status, *bytes, visit.is_some()), (200, body.len() as u64, true));
    let end = front.log.end("end", |event| event.id == page.id);
    assert!(end.held < Duration::from_secs(3), "{:?}", end.held);

    // What a visitor may already have is not sent again.
    let etag = header(&head, "ETag").expect("an ETag").to_owned();
    let modified = header(&head, "Last-Modified").expect("Last-Modified").to_owned();
    for more in [format!("If-None-Match: {etag}\r\n"), format!("If-Modified-Since: {modified}\r\n")] {
        let (status, head, body) = front.asks("GET", "/", &more);
        assert_eq!((status, body.as_str()), (304, ""), "{more}{head}");
    }
    let (status, head, body_of_head) = front.asks("HEAD", "/", "");
    assert_eq!((status, body_of_head.as_str()), (200, ""), "{head}");

    let link = body
        .split("href=\"")
        .filter_map(|rest| rest.split('"').next())
        .find(|link| link.ends_with('/') && link.len() > 2 && !link.starts_with('.'));
    let link = link.expect("a link to a directory");
    let (status, ..) = front.asks("GET", &format!("/{link}"), "");
    assert_eq!(status, 200, "{link}");
    let (status, head, _) = front.asks("GET", &format!("/{}", link.trim_end_matches('/')), "");
    assert_eq!(status, 301, "{head}");
    assert!(header(&head, "Location").unwrap().ends_with(&format!("/{link}")), "{head}");

    for path in ["/cgi-bin/x", "/wp-login.php", "/index.php?a=b", "/..%2f..%2fetc/passwd", "/?--help"] {
        let (status, _, body) = front.asks("GET", path, "");
        // A query is not ours to mind, so the last one is the home page; nginx sees a way out of the site.
        let expected = if path.starts_with("/?") { 200..=200 } else { 400..=404 };
        assert!(expected.contains(&status), "{path}: {status}");
        assert!(!body.contains("root:") && !body.contains("--lock-dir"), "{path}: {body}");
    }
    let (status, _, robots) = front.asks("GET", "/robots.txt", "");
    assert_eq!(status, 200);
    assert!(robots.contains("User-agent: *"), "{robots}");
    let (status, ..) =
        front.says("127.0.0.5", "POST / HTTP/1.0\r\nHost: www.example.org\r\nContent-Length: 3\r\n\r\na=b");
    // Apache answers it with the file, the others refuse it.
    assert!(matches!(status, 200 | 403 | 405), "{status}");
}

/// A crawler that follows every link, twice: no link is dead, and nothing has changed.
#[test]
fn wget_mirrors_the_site_twice_alike() {
    let front = Front::start(Web::Lighttpd, "[sundew]\npages = 150\nmax_bytes_per_day = 0");
    let mirror = |name: &str| {
        let to = front.dir.make(name);
        let ran = run(
            Command::new(need("wget"))
                .args(["--mirror", "--no-verbose", "--no-host-directories", "--header=Host: www.example.org"])
                .args(["-e", "robots=off", "--tries=1", "--timeout=30", "--directory-prefix"])
                .arg(&to)
                .arg(format!("http://{}/", front.address)),
            Duration::from_secs(300),
        );
        // wget has 8 for any answer that is an error, as for a dead link.
        assert_eq!(ran.status, Some(0), "{}", ran.stderr);
        to
    };
    let (first, second) = (mirror("first"), mirror("second"));
    let same = run(Command::new(need("diff")).arg("-r").args([&first, &second]), Duration::from_secs(60));
    assert_eq!((same.status, same.stdout.as_str()), (Some(0), ""));
    let pages =
        run(Command::new(need("find")).arg(&first).args(["-name", "*.htm*"]), Duration::from_secs(60));
    assert_eq!(pages.stdout.lines().count(), 150);
    let missing = front.log.events().iter().any(|event| matches!(event.what, What::Page { status: 404, .. }));
    assert!(!missing, "a link of ours is dead");
}

#[test]
fn slow_cgi_takes_its_time_and_a_slot() {
    for web in ALL {
        let front = Front::start(web, "speedup = 20\nslots = 1\n[sundew]\nslow_cgi = true");
        let mut first = Talk::to(front.address);
        first.send("GET / HTTP/1.0\r\nHost: www.example.org\r\n\r\n");
        let connect = front.log.wait("connect", |event| event.what.word() == "connect");
        assert!(matches!(connect.what, What::Connect { slot: 1, .. }), "{connect}");
        let (status, head, _) = front.asks("GET", "/", "");
        assert_eq!(status, 503, "{web:?}: {head}");
        assert!(header(&head, "Retry-After").is_some(), "{head}");
        let rest = String::from_utf8(first.rest()).unwrap();
        assert!(rest.contains(" 200 ") && rest.ends_with("</html>\n"), "{web:?}");
    }
}

#[test]
fn what_is_wrong_is_not_for_the_visitor() {
    for web in ALL {
        let front = Front::start(web, "colour = \"blue\"");
        let (status, head, body) = front.asks("GET", "/", "");
        assert_eq!(status, 503, "{web:?}: {head}");
        assert!(!body.contains("colour") && !body.contains("toml") && !head.contains("colour"), "{body}");
    }
}

/// The command prints what is shipped, with the names of this installation.
#[test]
fn vhost_prints_what_is_shipped() {
    for (name, file) in [
        ("apache", "contrib/apache/sundew.conf"),
        ("nginx", "contrib/nginx/sundew.conf"),
        ("lighttpd", "contrib/lighttpd/sundew.conf"),
    ] {
        let printed = |domain: &str, program: &str| {
            let mut command = Command::new(SUNDEW);
            command.args(["vhost", name, "--domains", domain, "--program", program]);
            let ran = run(&mut command, Duration::from_secs(30));
            assert_eq!(ran.status, Some(0), "{}", ran.stderr);
            ran.stdout
        };
        assert_eq!(printed("example.org", "/usr/local/sbin/sundew"), shipped(file));
        let other = printed("pit.example", "/opt/pit/sundew");
        assert!(
            other.contains("pit") && !other.contains("example.org") && !other.contains("/usr/local"),
            "{other}"
        );
        assert!(other.contains("/opt/pit/sundew"), "{other}");
    }
}
