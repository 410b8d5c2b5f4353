use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Command;

use super::{DOMAIN, HOST, SIZE};
use crate::harness::inetd::{on, serve};
use crate::harness::{Dir, is_root, must, need, unpacked};

/// The packages of the libraries that exim4-daemon-light needs.
const LIBRARIES: &str = "libdb5.3 libgnutls-dane0 libgnutls30 libidn12 libidn2-0 libnsl2 libpcre2-8-0";

/// Exim from its Debian package, not installed.
pub struct Exim {
    pub address: SocketAddr,
    /// The same with nothing switched off.
    pub open_address: SocketAddr,
    /// The same with a time limit of a second.
    pub hasty_address: SocketAddr,
    _dir: Dir,
}

impl Exim {
    pub fn start() -> Self {
        assert!(is_root(), "Exim needs root: run tests/run");
        let program = unpacked("exim4-daemon-light").join("usr/sbin/exim4");
        // An unpacked package brings none of its dependencies.
        let libraries = must(Command::new(need("ldd")).arg(&program));
        let libraries = String::from_utf8_lossy(&libraries.stdout);
        assert!(!libraries.contains("not found"), "apt-get install {LIBRARIES}: {libraries}");
        let dir = Dir::new();
        let spool = dir.make("spool");
        fs::set_permissions(&spool, std::os::unix::fs::PermissionsExt::from_mode(0o777)).unwrap();
        let spool = spool.display().to_string();
        let closed = dir.write("exim.conf", config(&spool, SWITCHED_OFF));
        let open = dir.write("open.conf", config(&spool, ""));
        let hasty = dir.write("hasty.conf", config(&spool, "smtp_receive_timeout = 1s\n"));
        // Debian compiles the account in. It exists when the package is installed; here only Exim
        // sees it, in a mount namespace of its own.
        let account = "Debian-exim:x:8:8::/:/usr/sbin/nologin\n";
        let passwd = dir.write("passwd", fs::read_to_string("/etc/passwd").unwrap() + account);
        let group = dir.write("group", fs::read_to_string("/etc/group").unwrap() + "Debian-exim:x:8:\n");
        let unshare = need("unshare");
        let script =
            r#"mount --bind "$1" /etc/passwd && mount --bind "$2" /etc/group && exec "$3" -C "$4" -bs"#;
        let start = |config: PathBuf| {
            let files = [passwd.clone(), group.clone(), program.clone(), config];
            let unshare = unshare.clone();
            serve(move |socket| {
                let mut command = Command::new(&unshare);
                on(socket, command.args(["-m", "sh", "-c", script, "exim"]).args(&files))
            })
        };
        let (address, open_address, hasty_address) = (start(closed), start(open), start(hasty));
        Exim { address, open_address, hasty_address, _dir: dir }
    }
}

/// What the persona leaves out.
const SWITCHED_OFF: &str = "pipelining_advertise_hosts = :
pipelining_connect_advertise_hosts = :
chunking_advertise_hosts = :
tls_advertise_hosts = :
smtputf8_advertise_hosts = :
";

/// Debian's behaviour with our policy: mail for our domain is accepted and dropped, anything else is
/// relaying; AUTH succeeds with the password `good`.
fn config(spool: &str, more: &str) -> String {
    format!(
        r"
primary_hostname = {HOST}
exim_user = mail
exim_group = mail
never_users =
keep_environment =
spool_directory = {spool}
log_file_path = {spool}/%slog
message_size_limit = {SIZE}
host_lookup =
rfc1413_query_timeout = 0s
queue_only
smtp_enforce_sync = false
{more}recipients_max = 1000
domainlist ours = {DOMAIN}
acl_smtp_rcpt = rcpt
acl_smtp_data = data

begin acl
rcpt:
  accept authenticated = *
  require message = relay not permitted
          domains = +ours
  accept
data:
  accept

begin authenticators
plain:
  driver = plaintext
  public_name = PLAIN
  server_prompts = :
  server_condition = ${{if eq{{$auth3}}{{good}}}}
  server_set_id = $auth2
login:
  driver = plaintext
  public_name = LOGIN
  server_prompts = Username:: : Password::
  server_condition = ${{if eq{{$auth2}}{{good}}}}
  server_set_id = $auth1
"
    )
}
