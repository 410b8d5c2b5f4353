//! The options that every program of the suite has.

use std::fmt::{self, Display};
use std::fs::File;
use std::io::Read as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use super::season::{self, Written};
use super::value::{self, words};
use super::{Failure, Network, Origins, superserver};
use crate::key::Key;
use crate::privileges::Ids;
use crate::sink::Choice;

/// The heading in `--help`; the options under it are the keys at the top of the file.
pub(super) const HEADING: &str = "Common options";

/// Whether a key belongs at the top of the file, for any program.
pub(super) fn has(key: &str) -> bool {
    let command = <Common as clap::Args>::augment_args(clap::Command::new(""));
    value::has_option(&command, key)
}

/// Options that mean the same for every program; in the file they stand before the first table.
#[derive(Debug, Clone, PartialEq, clap::Args)]
#[command(next_help_heading = HEADING)]
pub struct Common {
    /// The host name in banners and replies
    ///
    /// Give the name that the honeypot's MX record has. The default is the name of this machine.
    #[arg(long, value_name = "NAME", value_parser = value::domain, required = false)]
    pub hostname: String,

    /// The honeypot's mail domains
    ///
    /// With an empty list, every domain is taken for ours.
    #[arg(long, value_name = "DOMAIN", value_delimiter = ',', value_parser = value::domain)]
    pub domains: Vec<String>,

    /// From when until when addresses of which domain are shown
    ///
    /// A table such as { domain = "example.net", from = "2026-11-01", until = "2027-04-30" }; in the file it
    /// is [[season]]. The season that began last holds: its domain is that of the addresses that sundew and
    /// tarpop show, and with it come other people and another web site, on the host site, which is www. and
    /// the domain if it is not given. Addresses of past seasons are recognised for ever, as long as the
    /// number of each stays what it was: its place among the seasons, from 1, or the key number, up to
    /// 63. If there are domains, those of the seasons are ours too. Can be given several times.
    #[arg(long, id = "season", value_name = "TABLE", value_parser = season::read)]
    pub season: Vec<Written>,

    /// The file with the secret of this honeypot
    ///
    /// Addresses that are issued carry a signature, by which they are recognised when mail for them
    /// arrives, and the pair of name and password that works is bound to a network by it. The file must
    /// hold 16 to 4096 bytes, better 32 or more, and every program of the suite must be able to read it, but
    /// nobody else. Without it the
    /// secret is the id of this machine, machine-id(5), with hostname: enough for the programs of one
    /// machine, until it is set up anew.
    #[arg(long, value_name = "FILE", value_parser = value::path)]
    pub secret_file: Option<PathBuf>,

    /// How many connections are held at once
    ///
    /// Callers beyond this number are told at once that the server is busy. 0 tells everyone.
    #[arg(long, value_name = "N", default_value = "35", value_parser = value::number(0_u32, 100_000))]
    pub slots: u32,

    /// How many connections there may be at all
    ///
    /// Callers beyond this number are closed without a word. It should be what the super-server
    /// allows: instances of xinetd, -c of tcpserver, MaxConnections of systemd.
    #[arg(long, value_name = "N", default_value = "40", value_parser = value::number(1_u32, 100_000))]
    pub total: u32,

    /// How many of the slots one network may have
    ///
    /// A network is an IPv4 /24 or an IPv6 /48. 0 means that there is no such bound.
    #[arg(long, value_name = "N", default_value = "0", value_parser = value::number(0_u32, 100_000))]
    pub per_source: u32,

    /// The directory with the lock files that count the slots
    ///
    /// It is made if it is not there. If the program cannot write to it, or if everybody can, every
    /// caller is turned away. Programs that have the same directory share the slots, so this belongs
    /// in the table of each program.
    #[arg(long, value_name = "DIR", value_parser = value::path, required = false)]
    pub lock_dir: PathBuf,

    /// Where the events go
    ///
    /// Standard error is never used while it is the connection to the peer, as it is under xinetd
    /// and inetd.
    #[arg(long, value_name = "SINK", value_enum, default_value = "auto")]
    pub log: Choice,

    /// The socket on which syslog listens
    ///
    /// It is opened before the root directory changes.
    #[arg(long, value_name = "SOCKET", value_parser = value::path, default_value = "/dev/log")]
    pub log_socket: PathBuf,

    /// The syslog facility of the events
    ///
    /// A name that syslog.conf(5) has, as mail, daemon, or local0 to local7.
    #[arg(long, value_name = "NAME", value_enum, default_value = "mail", hide_possible_values = true)]
    pub facility: Facility,

    /// Networks that are never tarpitted
    ///
    /// Callers from these networks have a quick and polite conversation. A network is an address,
    /// or an address with the number of its leading bits, as 192.0.2.0/24 and 2001:db8::/32.
    #[arg(long, value_name = "NETWORK", value_delimiter = ',')]
    pub allow: Vec<Network>,

    /// Make this directory the root directory
    ///
    /// Needs a start as root, and user with it. The log is opened and the slot taken before. A syslogd that
    /// is restarted is found again if the start had the privilege to mount (CAP_SYS_ADMIN), by way of the
    /// directory of its socket, from which nothing else can be reached; otherwise log_socket is looked for in
    /// the new root directory too. There is no default: the root directory stays what it is.
    #[arg(long, value_name = "DIR", value_parser = value::path)]
    pub chroot: Option<PathBuf>,

    /// Become this user before the first byte is exchanged
    ///
    /// Needs a start as root. A name or a number, with a group after a colon if it is not the user's
    /// own, as in sundew:mail; never root. There is no default: the super-server has chosen the user. Who is
    /// started as root without this serves nobody.
    #[arg(long, value_name = "USER[:GROUP]")]
    pub user: Option<User>,

    /// Divide every pause by this number
    ///
    /// For a rehearsal in which hours pass in minutes. The log still states real seconds.
    #[arg(long, value_name = "N", default_value = "1", value_parser = value::number(1_u32, 1_000_000))]
    pub speedup: u32,

    /// Make every random choice from this number
    ///
    /// Two runs with the same seed and the same peer are the same. For tests; there is no default,
    /// and every run differs.
    #[arg(long, value_name = "N", value_parser = value::number(0_u64, u64::MAX))]
    pub seed: Option<u64>,
}

words! {
    Choice {
        Auto "auto" "syslog if its socket answers, else standard error",
        Syslog "syslog" "syslog only",
        Stderr "stderr" "standard error only, for multilog and the like",
    }
    Facility {
        Auth "auth" "",
        Authpriv "authpriv" "",
        Cron "cron" "",
        Daemon "daemon" "",
        Ftp "ftp" "",
        Kern "kern" "",
        Lpr "lpr" "",
        Mail "mail" "",
        News "news" "",
        Syslog "syslog" "",
        User "user" "",
        Uucp "uucp" "",
        Local0 "local0" "",
        Local1 "local1" "",
        Local2 "local2" "",
        Local3 "local3" "",
        Local4 "local4" "",
        Local5 "local5" "",
        Local6 "local6" "",
        Local7 "local7" "",
    }
}

/// Syslog facilities, by the names that syslog.conf(5) has for them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Facility {
    Auth,
    Authpriv,
    Cron,
    Daemon,
    Ftp,
    Kern,
    Lpr,
    Mail,
    News,
    Syslog,
    User,
    Uucp,
    Local0,
    Local1,
    Local2,
    Local3,
    Local4,
    Local5,
    Local6,
    Local7,
}

impl From<Facility> for syslog::Facility {
    fn from(facility: Facility) -> Self {
        use syslog::Facility as F;
        match facility {
            Facility::Auth => F::LOG_AUTH,
            Facility::Authpriv => F::LOG_AUTHPRIV,
            Facility::Cron => F::LOG_CRON,
            Facility::Daemon => F::LOG_DAEMON,
            Facility::Ftp => F::LOG_FTP,
            Facility::Kern => F::LOG_KERN,
            Facility::Lpr => F::LOG_LPR,
            Facility::Mail => F::LOG_MAIL,
            Facility::News => F::LOG_NEWS,
            Facility::Syslog => F::LOG_SYSLOG,
            Facility::User => F::LOG_USER,
            Facility::Uucp => F::LOG_UUCP,
            Facility::Local0 => F::LOG_LOCAL0,
            Facility::Local1 => F::LOG_LOCAL1,
            Facility::Local2 => F::LOG_LOCAL2,
            Facility::Local3 => F::LOG_LOCAL3,
            Facility::Local4 => F::LOG_LOCAL4,
            Facility::Local5 => F::LOG_LOCAL5,
            Facility::Local6 => F::LOG_LOCAL6,
            Facility::Local7 => F::LOG_LOCAL7,
        }
    }
}

/// Whom to become: names or numbers, not looked up yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    pub name: String,
    /// The user's own group if there is none.
    pub group: Option<String>,
}

impl FromStr for User {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, group) = text.split_once(':').map_or((text, None), |(name, group)| (name, Some(group)));
        let fits = |name: &str| {
            let known = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.');
            !name.is_empty() && !name.starts_with('-') && name.bytes().all(known)
        };
        if !fits(name) || !group.is_none_or(fits) {
            return Err(format!("{text:?} is not a user, or a user:group"));
        }
        let is_root = |name: &str| name == "root" || name.parse() == Ok(0_u32);
        if is_root(name) || group.is_some_and(is_root) {
            return Err(format!("{text:?} is root, which is what this is there to leave"));
        }
        Ok(User { name: name.to_owned(), group: group.map(str::to_owned) })
    }
}

impl Display for User {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        self.group.as_ref().map_or(Ok(()), |group| write!(f, ":{group}"))
    }
}

/// What the machine is known by, machine-id(5): 32 digits; empty if it has none.
fn machine_id() -> Vec<u8> {
    let mut id = [0; 32];
    match File::open("/etc/machine-id").and_then(|mut file| file.read_exact(&mut id)) {
        Ok(()) => id.to_vec(),
        Err(_) => Vec::new(),
    }
}

/// A shorter secret could be found by trying.
const SHORTEST_SECRET: usize = 16;
/// A longer file is something else, perhaps one without an end.
const LONGEST_SECRET: u64 = 4096;

/// Fewer bytes than this have room for less than HMAC-SHA256 can take, 256 bits.
const ADVISED_SECRET: u64 = 32;

/// Why a secret file may be less secret than it should.
fn doubts_about_secret(path: &Path) -> Option<String> {
    let about = std::fs::metadata(path).ok()?;
    let show = path.display();
    if about.mode() & 0o006 != 0 {
        return Some(format!(
            "secret_file: everybody may read {show}, and so knows every address: chmod o= {show}"
        ));
    }
    let short = about.is_file() && about.len() < ADVISED_SECRET;
    short.then(|| format!("secret_file: {show} has {} bytes; take {ADVISED_SECRET} or more", about.len()))
}

impl Common {
    /// The secret that signs addresses, if there is one.
    pub fn secret(&self) -> Result<Option<Vec<u8>>, String> {
        let Some(path) = &self.secret_file else { return Ok(None) };
        let show = path.display();
        let mut bytes = Vec::new();
        let read = File::open(path).and_then(|file| file.take(LONGEST_SECRET + 1).read_to_end(&mut bytes));
        read.map_err(|error| format!("{show}: {}", value::without_code(&error)))?;
        if bytes.len() as u64 > LONGEST_SECRET {
            return Err(format!("{show} has more than {LONGEST_SECRET} bytes"));
        }
        match bytes.len() < SHORTEST_SECRET {
            true => Err(format!("{show} has {} bytes, fewer than {SHORTEST_SECRET}", bytes.len())),
            false => Ok(Some(bytes)),
        }
    }

    /// The secret of this installation: that of the file, or what tells this machine from others. A
    /// peer knows neither.
    pub fn key(&self) -> Key {
        match self.secret() {
            Ok(Some(secret)) => Key::new(secret),
            // A file that cannot be read was an error at start-up.
            _ => Key::new([machine_id().as_slice(), self.hostname.as_bytes()].concat()),
        }
    }

    /// Looks for values that do not go together.
    pub(super) fn fit(&self, origins: &Origins) -> Result<(), Failure> {
        let mut found = Vec::new();
        if self.slots > self.total {
            let text = format_args!("slots is {}, which is more than total, {}", self.slots, self.total);
            found.push(Err(origins.blame(&["slots", "total"], text)));
        }
        if self.chroot.is_some() && self.user.is_none() {
            let text = "needs user too: root is not held by a new root directory";
            found.push(Err(origins.blame(&["chroot", "user"], text)));
        }
        found.push(self.fit_seasons(origins));
        found.push(self.secret().map(drop).map_err(|why| origins.blame(&["secret_file"], why)));
        Failure::all(found)
    }

    /// What the super-servers below `root` do with a program, and what does not go together with it.
    pub(super) fn under(&self, root: &Path, program: &str) -> Vec<String> {
        let started = superserver::installed(root, program);
        let mut told: Vec<String> = started.iter().map(ToString::to_string).collect();
        let warnings = started.iter().flat_map(|one| one.warnings(self.total, self.user.is_some()));
        told.extend(warnings.map(|warning| format!("warning: {warning}")));
        if self.user.is_none() && started.is_empty() {
            told.push("user: none, so a start as root serves nobody; let the super-server choose one".into());
        }
        told
    }

    /// What will not work on this machine.
    pub(super) fn warnings(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        if !self.hostname.contains('.') {
            warnings
                .push(format!("hostname: {} has no dot, as the name of a mail server would", self.hostname));
        }
        if self.domains.is_empty() {
            warnings.push("domains: empty, so mail for every domain looks like ours".to_owned());
        }
        if self.secret_file.is_none() && machine_id().is_empty() {
            warnings.push(
                "secret_file: none, and this machine has no id: anybody could work out the secret".to_owned(),
            );
        }
        warnings.extend(self.secret_file.as_deref().and_then(doubts_about_secret));
        if let Some(why) = value::unwritable(&self.lock_dir) {
            warnings.push(format!("lock_dir: {why}, so every caller would be turned away"));
        }
        if let Some(Err(why)) = self.user.as_ref().map(Ids::of) {
            warnings.push(format!("user: {why}, so every caller would be turned away"));
        }
        warnings
    }
}
