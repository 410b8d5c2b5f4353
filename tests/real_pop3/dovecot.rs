use std::fs;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::os::unix::fs::chown;
use std::path::Path;
use std::process::{Command, Stdio};

use super::{listens, maildir};
use crate::harness::{Dir, Process, need, need_root, until};

/// A real Dovecot, which ends when this is dropped.
pub struct Dovecot {
    pub address: SocketAddr,
    _process: Process,
    _dir: Dir,
}

impl Dovecot {
    pub fn start(mail: &[String]) -> Self {
        need_root("Dovecot changes to the owner of a mailbox");
        let program = need("dovecot");
        let nobody = nix::unistd::User::from_name("nobody").unwrap().expect("nobody is somebody");
        let dir = Dir::new();
        let (base, home) = (dir.make("base"), dir.make("home"));
        maildir(&home.join("mail"), mail);
        give(&home, nobody.uid.as_raw(), nobody.gid.as_raw());
        // Somebody else may take a free port before it does.
        for _ in 0..5 {
            let port =
                TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|socket| socket.local_addr()).unwrap();
            let text = CONFIG
                .replace("BASE", &base.display().to_string())
                .replace("LOG", &dir.path("log").display().to_string())
                .replace("HOME", &home.display().to_string())
                .replace("UID", &nobody.uid.to_string())
                .replace("GID", &nobody.gid.to_string())
                .replace("PORT", &port.port().to_string());
            let config = dir.write("dovecot.conf", text);
            let mut command = Command::new(&program);
            command.arg("-F").arg("-c").arg(config).stdin(Stdio::null()).stdout(Stdio::null());
            let mut process = Process::start(command.stderr(Stdio::null()));
            let is_up = until("Dovecot listens or ends", || match process.ended() {
                Some(_) => Some(false),
                None => listens(port).then_some(true),
            });
            if is_up {
                return Dovecot { address: port, _process: process, _dir: dir };
            }
        }
        panic!("Dovecot does not start: {}", fs::read_to_string(dir.path("log")).unwrap_or_default());
    }
}

/// Gives a directory and all in it to somebody.
fn give(path: &Path, uid: u32, gid: u32) {
    chown(path, Some(uid), Some(gid)).unwrap();
    for entry in fs::read_dir(path).into_iter().flatten() {
        give(&entry.unwrap().path(), uid, gid);
    }
}

/// As Debian has it, but without the pauses after wrong passwords.
const CONFIG: &str = "base_dir = BASE
log_path = LOG
protocols = pop3
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = no
auth_mechanisms = plain login
auth_failure_delay = 0
mail_max_userip_connections = 100
mail_location = maildir:HOME/mail
first_valid_uid = 1
passdb {
  driver = static
  args = password=right
}
userdb {
  driver = static
  args = uid=UID gid=GID home=HOME
}
service anvil {
  unix_listener anvil-auth-penalty {
    mode = 0
  }
}
service pop3-login {
  inet_listener pop3 {
    port = PORT
  }
}
";
