use std::fs;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::maildir::{Mailbox, account, give_away};
use super::{PASSWORD, USER};
use crate::harness::{Dir, Process, need, need_root, until};

/// A Dovecot with a configuration and a mailbox of its own.
pub struct Dovecot {
    pub address: SocketAddr,
    _process: Process,
    _dir: Dir,
}

impl Dovecot {
    /// Starts it with this mailbox, and with Debian's greeting if no other is wanted.
    pub fn start(mailbox: &Mailbox, greeting: Option<&str>) -> Self {
        need_root("Dovecot becomes the owner of the mailbox");
        let dir = Dir::new();
        let maildir = write(mailbox, &dir);
        let greeting = greeting.map_or(String::new(), |text| format!("login_greeting = {text}\n"));
        dir.write("passwords", format!("{USER}:{{PLAIN}}{PASSWORD}\n"));
        // It cannot be told to choose a port, and somebody else may take a free one before it does.
        for _ in 0..5 {
            let address = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap();
            let config = dir.write("dovecot.conf", config(&dir, &maildir, address.port()) + &greeting);
            let mut command = Command::new(need("dovecot"));
            command.arg("-F").arg("-c").arg(config).stdin(Stdio::null()).stderr(Stdio::null());
            let mut process = Process::start(&mut command);
            let listens = until("Dovecot to listen or to end", || match process.ended() {
                Some(_) => Some(false),
                None => TcpStream::connect(address).is_ok().then_some(true),
            });
            if listens {
                return Dovecot { address, _process: process, _dir: dir };
            }
        }
        panic!("Dovecot does not start: {}", fs::read_to_string(dir.path("log")).unwrap_or_default());
    }
}

/// Writes a mailbox with its unique-ids: the default of `pop3_uidl_format` is the message's number
/// and the mailbox's number, both hexadecimal.
fn write(mailbox: &Mailbox, dir: &Dir) -> PathBuf {
    let (path, names) = mailbox.write(dir);
    let numbers = |uid: &str| {
        let (uid, validity) = uid.split_at_checked(8).expect("two numbers of eight digits");
        [uid, validity].map(|digits| u32::from_str_radix(digits, 16).expect("hexadecimal digits"))
    };
    let all: Vec<[u32; 2]> = mailbox.uids().map(numbers).collect();
    let [last, validity] = all.last().expect("a message");
    let mut list = format!("3 V{validity} N{} G00112233445566778899aabbccddeeff\n", last + 1);
    for ([uid, _], name) in all.iter().zip(&names) {
        let base = name.split(':').next().unwrap_or_default();
        list.push_str(&format!("{uid} :{base}\n"));
    }
    fs::write(path.join("dovecot-uidlist"), list).unwrap();
    give_away(&path);
    path
}

/// Debian's configuration, without TLS and without delays: these are compared elsewhere.
fn config(dir: &Dir, maildir: &Path, port: u16) -> String {
    format!(
        "base_dir = {base}
state_dir = {base}
log_path = {log}
protocols = pop3
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = no
auth_mechanisms = plain login
auth_failure_delay = 0
mail_max_userip_connections = 0
mail_location = maildir:{maildir}
first_valid_uid = 1
passdb {{
  driver = passwd-file
  args = {passwords}
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={maildir}
}}
service pop3-login {{
  inet_listener pop3 {{
    port = {port}
  }}
}}
service anvil {{
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
",
        base = dir.path("base").display(),
        log = dir.path("log").display(),
        passwords = dir.path("passwords").display(),
        maildir = maildir.display(),
        uid = account().uid,
        gid = account().gid,
    )
}
