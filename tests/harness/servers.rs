//! The real super-servers with the shipped service files, in which only the address, the port, the
//! paths and the account are changed: that is what [`Setup`] does when it is told nothing else.

use std::fmt::Write as _;
use std::fs;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use super::log::Log;
use super::talk::Talk;
use super::xinetd::XinetdFile;
use super::{Dir, Process, account, children, is_root, need, shipped, unpacked};

/// The super-servers that we ship something for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Super {
    Xinetd,
    Tcpserver,
    Systemd,
    OpenbsdInetd,
    InetutilsInetd,
}

/// Makes a test for each super-server out of a function that takes one.
macro_rules! under_every_super_server {
    ($serves:ident) => {
        under_every_super_server! { $serves:
            xinetd_serves Xinetd, tcpserver_serves Tcpserver, systemd_serves Systemd,
            openbsd_inetd_serves OpenbsdInetd, inetutils_inetd_serves InetutilsInetd
        }
    };
    ($serves:ident: $($name:ident $under:ident),*) => {
        $(#[test]
        fn $name() {
            $serves($crate::harness::servers::Super::$under);
        })*
    };
}

pub(crate) use under_every_super_server;

/// A program that super-servers start, and the port that it is shipped for.
#[derive(Debug, Clone, Copy)]
pub struct Service {
    pub name: &'static str,
    pub path: &'static str,
    port: u16,
    /// What a guest says before it hears anything.
    pub asks: &'static str,
    /// What a guest hears first.
    pub greets: &'static str,
    /// What a guest hears for whom there is no room.
    pub busy: &'static str,
}

pub const SMTARPIT: Service =
    Service { name: "smtarpit", path: super::SMTARPIT, port: 25, asks: "", greets: "220-", busy: "421 " };
pub const TARPOP: Service = Service {
    name: "tarpop",
    path: super::TARPOP,
    port: 110,
    asks: "",
    greets: "+OK",
    busy: "-ERR [SYS/TEMP] ",
};
pub const SUNDEW: Service = Service {
    name: "sundew",
    path: super::SUNDEW,
    port: 80,
    asks: "GET / HTTP/1.1\r\nHost: www.example.org\r\n\r\n",
    greets: "HTTP/1.1 200 ",
    busy: "HTTP/1.1 503 ",
};
pub const SERVICES: [Service; 3] = [SMTARPIT, TARPOP, SUNDEW];

/// How a server shall run.
pub struct Setup {
    under: Super,
    service: Service,
    address: IpAddr,
    config: String,
    options: Vec<String>,
    edits: Vec<(String, String)>,
    environment: Vec<(String, String)>,
    user: String,
    program: PathBuf,
    lock_dir: Option<PathBuf>,
    network: Option<i32>,
    dir: Dir,
}

/// A running server; it ends, with all it started, when this is dropped.
pub struct Server {
    pub service: Service,
    pub address: SocketAddr,
    pub log: Log,
    pub dir: Dir,
    pub process: Process,
}

impl Setup {
    /// Serves `smtarpit`.
    pub fn under(under: Super) -> Self {
        Setup::serving(SMTARPIT, under)
    }

    pub fn serving(service: Service, under: Super) -> Self {
        Setup {
            under,
            service,
            address: Ipv4Addr::LOCALHOST.into(),
            config: String::new(),
            options: Vec::new(),
            edits: Vec::new(),
            environment: Vec::new(),
            user: account(),
            program: service.path.into(),
            lock_dir: None,
            network: None,
            dir: Dir::new(),
        }
    }

    /// Listens on `::1` instead of 127.0.0.1.
    pub fn on_ipv6(mut self) -> Self {
        self.address = Ipv6Addr::LOCALHOST.into();
        self
    }

    /// Runs in the network of another process, on an address that it has there.
    pub fn in_network_of(mut self, process: &Process, address: &str) -> Self {
        self.network = Some(process.pid());
        self.address = address.parse().unwrap();
        self
    }

    /// Adds text to the configuration file.
    pub fn config(mut self, text: &str) -> Self {
        self.config.push_str(text);
        self.config.push('\n');
        self
    }

    /// Adds an option to the program's command line.
    pub fn option(mut self, option: impl Into<String>) -> Self {
        self.options.push(option.into());
        self
    }

    /// Changes something else in the shipped service file, which must be there.
    pub fn edit(mut self, from: &str, to: &str) -> Self {
        self.edits.push((from.into(), to.into()));
        self
    }

    pub fn environment(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.into(), value.into()));
        self
    }

    /// Runs the programs as another account, which then owns the lock directory. Only for root.
    pub fn user(mut self, user: &str) -> Self {
        self.user = user.into();
        self
    }

    /// Another program than the one just built; its file is called as the service is.
    pub fn program(mut self, program: impl Into<PathBuf>) -> Self {
        self.program = program.into();
        self
    }

    /// Another lock directory than a fresh one of the account's own.
    pub fn lock_dir(mut self, path: impl Into<PathBuf>) -> Self {
        self.lock_dir = Some(path.into());
        self
    }

    /// The directory in which everything of this server will be.
    pub fn dir(&self) -> &Dir {
        &self.dir
    }

    /// Starts it, and returns when it listens.
    pub fn start(self) -> Server {
        self.write_config();
        let mut syslog = (self.under != Super::Tcpserver).then(|| Log::socket(&self.dir.path("log")));
        // Somebody else may take a free port before the server does.
        for _ in 0..5 {
            let mut process = Process::start(&mut self.command(self.free_port()));
            let stdout = process.child().stdout.take();
            if let Some(port) = port_of(&mut process) {
                return Server {
                    service: self.service,
                    address: SocketAddr::new(self.address, port),
                    log: syslog
                        .take()
                        .or_else(|| stdout.map(Log::pipe))
                        .expect("tcpserver's stdout is piped, the others have a socket"),
                    dir: self.dir,
                    process,
                };
            }
        }
        let said = fs::read_to_string(self.dir.path("stderr")).unwrap_or_default();
        panic!("{:?} does not listen: {said}", self.under)
    }

    fn write_config(&self) {
        let locks = self.lock_dir.clone().unwrap_or_else(|| {
            let locks = self.dir.make("locks");
            if is_root() {
                std::os::unix::fs::chown(&locks, Some(uid_of(&self.user)), None).unwrap();
            }
            locks
        });
        // Root is nobody that a program may be.
        let user = match is_root() && self.user == "root" && !self.config.contains("user =") {
            true => "user = \"nobody\"\n",
            false => "",
        };
        let mut text = format!(
            "hostname = \"mx.example.org\"\ndomains = [\"example.org\"]\nlock_dir = {locks:?}\n\
             log = \"syslog\"\nlog_socket = {:?}\n{user}",
            self.dir.path("log"),
        );
        // The machine's own secret would draw other pages and other pairs on every machine.
        if !self.config.contains("secret_file") {
            let secret = self.dir.write("secret", "the same secret on every machine that runs the tests");
            writeln!(text, "secret_file = {secret:?}").unwrap();
        }
        text.push_str(&self.config);
        self.dir.write("sundew.toml", text);
    }

    fn free_port(&self) -> u16 {
        if self.under == Super::Tcpserver {
            return 0;
        }
        TcpListener::bind((self.address, 0))
            .and_then(|socket| socket.local_addr())
            .expect("a free port")
            .port()
    }

    fn command(&self, port: u16) -> Command {
        let mut command = match self.under {
            Super::Xinetd => self.xinetd(port),
            Super::Tcpserver => self.tcpserver(),
            Super::Systemd => self.systemd(port),
            Super::OpenbsdInetd | Super::InetutilsInetd => self.inetd(port),
        };
        command.stdin(Stdio::null());
        if self.under != Super::Tcpserver {
            command.stdout(Stdio::null());
        }
        command.stderr(fs::File::create(self.dir.path("stderr")).unwrap());
        command
    }

    /// The options of a service file, with those of the test behind them.
    fn arguments(&self, shipped: &str) -> String {
        let config = format!("--config {}", self.dir.path("sundew.toml").display());
        format!("{shipped} {config} {}", self.options.join(" "))
    }

    fn edited(&self, mut text: String) -> String {
        for (from, to) in &self.edits {
            assert!(text.contains(from), "the service file has no {from:?}");
            text = text.replace(from, to);
        }
        text
    }

    fn xinetd(&self, port: u16) -> Command {
        let mut file = XinetdFile(self.edited(shipped(&format!("xinetd.d/{}", self.service.name))));
        file.set("port", &port.to_string());
        // The shipped file listens on an IPv6 socket, where IPv4 peers have mapped addresses.
        let address = match self.address {
            IpAddr::V4(address) if file.value("flags").contains("IPv6") => {
                address.to_ipv6_mapped().to_string()
            }
            address => address.to_string(),
        };
        file.set("bind", &address);
        file.set("user", &self.user);
        file.set("server", &self.program.display().to_string());
        file.set("server_args", &self.arguments(&file.value("server_args")));
        let log = self.dir.path("xinetd.log").display().to_string();
        file.set("log_type", &format!("FILE {log}"));
        let pairs: Vec<String> =
            self.environment.iter().map(|(name, value)| format!("{name}={value}")).collect();
        if !pairs.is_empty() {
            file.set("env", &pairs.join(" "));
        }
        let file = self.dir.write("xinetd.conf", file.0);
        let mut command = Command::new(need("xinetd"));
        command
            .arg("-dontfork")
            .arg("-f")
            .arg(file)
            .arg("-pidfile")
            .arg(self.dir.path("xinetd.pid"))
            .arg("-filelog")
            .arg(log);
        command
    }

    fn tcpserver(&self) -> Command {
        need("tcpserver");
        need("envdir");
        assert!(self.address.is_ipv4(), "tcpserver speaks IPv4 only");
        let service = format!("contrib/tcpserver/{}", self.service.name);
        let mut run = self.edited(shipped(&format!("{service}/run")));
        if !is_root() {
            // Only root can become somebody else.
            run = run.replace(" -U ", " ");
        }
        let options = format!("--log stderr {}", self.options.join(" "));
        run = run.replace("--log stderr", options.trim_end());
        let run = self.dir.write("service/run", run);
        let tools = shipped(&format!("{service}/env/PATH"));
        let programs = self.program.parent().expect("a file is in a directory");
        let variables = [
            ("ACCOUNT", self.user.clone()),
            ("ADDRESS", self.address.to_string()),
            ("PORT", "0".into()),
            ("PATH", format!("{}:{tools}", programs.display())),
            ("SUNDEW_CONFIG", self.dir.path("sundew.toml").display().to_string()),
        ];
        for (name, value) in variables
            .iter()
            .cloned()
            .chain(self.environment.iter().map(|(name, value)| (name.as_str(), value.clone())))
        {
            self.dir.write(&format!("service/env/{name}"), value);
        }
        let mut command = match self.network {
            Some(pid) => super::within(pid, "/bin/sh"),
            None => Command::new("/bin/sh"),
        };
        command.arg(run).current_dir(self.dir.path("service")).stdout(Stdio::piped());
        command
    }

    fn systemd(&self, port: u16) -> Command {
        let unit = self.edited(shipped(&format!("contrib/systemd/{}@.service", self.service.name)));
        let line =
            unit.lines().find_map(|line| line.strip_prefix("ExecStart=")).expect("the unit starts something");
        let (_, shipped) = line.split_once(' ').unwrap_or_default();
        let mut command = Command::new(need("systemd-socket-activate"));
        command.args(["--accept", "--inetd", "--listen"]);
        command.arg(SocketAddr::new(self.address, port).to_string());
        for (name, value) in &self.environment {
            command.arg(format!("--setenv={name}={value}"));
        }
        command.arg(&self.program);
        command.args(self.arguments(shipped).split_whitespace());
        command
    }

    fn inetd(&self, port: u16) -> Command {
        let text = self.edited(shipped("contrib/inetd.conf"));
        let openbsd = self.under == Super::OpenbsdInetd;
        // The first line is openbsd-inetd's; the one of inetutils is commented out.
        let line = text
            .lines()
            .find_map(|line| {
                let line = if openbsd { line } else { line.strip_prefix('#')? };
                line.strip_prefix(&format!("{}\t", self.service.port))
            })
            .expect("inetd.conf has a line for it");
        let name = self.service.name;
        let (fields, arguments) = line.rsplit_once(&format!("\t{name}")).expect("a command line");
        let line = format!(
            "{}:{port}\t{}\t{name} {}\n",
            self.address,
            fields
                .replace(&format!("/usr/local/sbin/{name}"), &self.program.display().to_string())
                .replace("\tsundew\t", &format!("\t{}\t", self.user)),
            self.arguments(arguments)
        );
        let file = self.dir.write("inetd.conf", line);
        let mut command = if openbsd {
            // It writes /run/inetd.pid, which is not ours to write; this one is its own.
            let script = "mount -t tmpfs tmpfs /run && exec \"$@\"";
            let mut command = Command::new(need("unshare"));
            command
                .arg("--mount")
                .args((!is_root()).then_some("--map-root-user"))
                .args(["sh", "-c", script, "inetd"])
                .arg(unpacked("openbsd-inetd").join("usr/sbin/inetd"))
                .arg("-i");
            command
        } else {
            let dir = unpacked("inetutils-inetd");
            let mut command = Command::new(dir.join("usr/sbin/inetutils-inetd"));
            command.args(["--debug", "--pidfile"]);
            command
        };
        command.arg(file);
        command.envs(self.environment.iter().cloned());
        command
    }
}

impl Server {
    /// A new connection to it.
    pub fn talk(&self) -> Talk {
        Talk::to(self.address)
    }

    /// The pids of the programs that have a connection now.
    pub fn programs(&self) -> Vec<i32> {
        children(self.process.pid())
    }

    /// The pid of the program that has this connection, as the header of its log lines tells it.
    pub fn pid_of(&self, talk: &Talk) -> i32 {
        let id = self.log.connect_of(talk).id;
        self.log.until("a pid in the header", |lines| {
            let ours = lines.iter().find(|line| line.event.as_ref().is_ok_and(|event| event.id == id));
            ours.and_then(|line| line.pid)
        })
    }

    /// The exit codes that xinetd has noted, if the setup asked for `log_on_success = PID EXIT`.
    pub fn exit_codes(&self) -> Vec<String> {
        fs::read_to_string(self.dir.path("xinetd.log"))
            .unwrap_or_default()
            .lines()
            .filter(|line| line.contains("EXIT: "))
            .filter_map(|line| {
                line.split_whitespace()
                    .find_map(|word| word.strip_prefix("status=").or(word.strip_prefix("signal=")))
            })
            .map(str::to_owned)
            .collect()
    }
}

fn uid_of(user: &str) -> u32 {
    nix::unistd::User::from_name(user)
        .unwrap()
        .unwrap_or_else(|| panic!("there is no account {user}"))
        .uid
        .as_raw()
}

/// Waits until a server listens, and says on which port; `None` if it has ended or does not get there.
fn port_of(process: &mut Process) -> Option<u16> {
    let began = Instant::now();
    while began.elapsed() < Duration::from_secs(10) && process.ended().is_none() {
        if let Some(port) = listening(process.pid()) {
            return Some(port);
        }
        thread::sleep(Duration::from_millis(5));
    }
    None
}

/// The port on which a process listens, found by its descriptors: to connect and see would start a
/// program and write log lines.
pub fn listening(pid: i32) -> Option<u16> {
    let sockets: Vec<String> = fs::read_dir(format!("/proc/{pid}/fd"))
        .ok()?
        .filter_map(|entry| fs::read_link(entry.ok()?.path()).ok())
        .filter_map(|link| {
            let inode = link.to_str()?.strip_prefix("socket:[")?.strip_suffix(']')?;
            Some(inode.to_owned())
        })
        .collect();
    ["tcp", "tcp6"]
        .iter()
        .filter_map(|table| fs::read_to_string(format!("/proc/{pid}/net/{table}")).ok())
        .find_map(|table| {
            table.lines().skip(1).find_map(|line| {
                let fields: Vec<&str> = line.split_whitespace().collect();
                let &[_, local, _, "0A", _, _, _, _, _, inode, ..] = fields.as_slice() else {
                    return None;
                };
                let (_, port) = local.split_once(':')?;
                sockets.iter().any(|socket| socket == inode).then(|| u16::from_str_radix(port, 16).ok())?
            })
        })
}
