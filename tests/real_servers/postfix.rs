use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::Command;
use std::thread;

use super::{DOMAIN, HOST, SIZE};
use crate::harness::{Dir, is_root, must, need, until};

/// A Postfix with a configuration and a queue of its own.
pub struct Postfix {
    pub address: SocketAddr,
    /// The same with nothing switched off.
    pub open_address: SocketAddr,
    /// The same with a time limit of a second.
    pub hasty_address: SocketAddr,
    dir: Dir,
}

impl Postfix {
    pub fn start() -> Self {
        assert!(is_root(), "Postfix needs root: run tests/run");
        let auth = serve_auth();
        // Postfix cannot be told to choose a port, so three that are free right now must do.
        let addresses = [(); 3]
            .map(|()| TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap())
            .map(|free| free.local_addr().unwrap());
        let dir = Dir::new();
        let (etc, queue, data) = (dir.make("etc"), dir.make("queue"), dir.make("data"));
        must(Command::new(need("chown")).arg("postfix").arg(&data));
        fs::write(etc.join("main.cf"), main_cf(&queue, &data, auth)).unwrap();
        fs::write(etc.join("master.cf"), master_cf(addresses)).unwrap();
        let [address, open_address, hasty_address] = addresses;
        let postfix = Postfix { address, open_address, hasty_address, dir };
        must(postfix.command().arg("start"));
        until("Postfix to listen", || TcpStream::connect(postfix.address).ok());
        postfix
    }

    fn command(&self) -> Command {
        let mut command = Command::new(need("postfix"));
        command.arg("-c").arg(self.dir.path("etc"));
        command
    }
}

impl Drop for Postfix {
    fn drop(&mut self) {
        let _ = self.command().arg("abort").output();
    }
}

/// Debian's configuration with our policy: mail for our domain is accepted and dropped, anything else
/// is relaying. What the persona does not offer is off.
fn main_cf(queue: &Path, data: &Path, auth: SocketAddr) -> String {
    format!(
        "compatibility_level = 3.6
queue_directory = {}
data_directory = {}
myhostname = {HOST}
myorigin = {DOMAIN}
mydestination = {DOMAIN}
mynetworks = 192.0.2.0/24
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
local_recipient_maps =
alias_maps =
local_transport = discard:
smtpd_banner = $myhostname ESMTP $mail_name (Debian/GNU)
smtpd_relay_restrictions = permit_mynetworks permit_sasl_authenticated defer_unauth_destination
smtpd_error_sleep_time = 0
smtpd_peername_lookup = no
smtpd_discard_ehlo_keywords = pipelining, chunking, silent-discard
smtpd_tls_security_level = none
smtputf8_enable = no
smtpd_sasl_auth_enable = yes
smtpd_sasl_type = dovecot
smtpd_sasl_path = inet:{auth}
message_size_limit = {SIZE}
",
        queue.display(),
        data.display()
    )
}

fn master_cf([address, open_address, hasty_address]: [SocketAddr; 3]) -> String {
    format!(
        "{address} inet n - n - - smtpd
{open_address} inet n - n - - smtpd -o smtpd_discard_ehlo_keywords= -o smtputf8_enable=yes
{hasty_address} inet n - n - - smtpd -o smtpd_timeout=1s
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
proxymap unix - - n - - proxymap
flush unix n - n 1000? 0 flush
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
anvil unix - - n - 1 anvil
"
    )
}

/// Speaks Dovecot's authentication protocol (version 1.1) with Postfix, as far as LOGIN and PLAIN
/// need it: the password is `good`.
fn serve_auth() -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming() {
            thread::spawn(move || serve_one(stream.unwrap()));
        }
    });
    address
}

fn serve_one(mut stream: TcpStream) -> Option<()> {
    let hello = "VERSION\t1\t1\nMECH\tPLAIN\tplaintext\nMECH\tLOGIN\tplaintext\nSPID\t1\nCUID\t1\n\
                 COOKIE\t0123456789abcdef0123456789abcdef\nDONE\n";
    stream.write_all(hello.as_bytes()).ok()?;
    let mut mechanism = String::new();
    let mut user: Option<Vec<u8>> = None;
    for line in BufReader::new(stream.try_clone().ok()?).lines() {
        let line = line.ok()?;
        let fields: Vec<&str> = line.split('\t').collect();
        let (id, response, which) = match *fields.as_slice() {
            ["AUTH", id, name, ref rest @ ..] => {
                mechanism = name.to_owned();
                user = None;
                (id, rest.iter().find_map(|field| field.strip_prefix("resp=")), "initial")
            }
            ["CONT", id, response] => (id, Some(response), "continued"),
            ["CONT", id] => (id, Some(""), "continued"),
            _ => continue,
        };
        let answer = match (response.map(decode), mechanism.as_str(), user.take()) {
            (None, "LOGIN", _) => format!("CONT\t{id}\tVXNlcm5hbWU6"),
            (None, ..) => format!("CONT\t{id}\t"),
            (Some(None), ..) => format!("FAIL\t{id}\treason=Invalid base64 data in {which} response"),
            (Some(Some(name)), "LOGIN", None) => {
                user = Some(name);
                format!("CONT\t{id}\tUGFzc3dvcmQ6")
            }
            (Some(Some(password)), "LOGIN", Some(_)) if password == b"good" => format!("OK\t{id}\tuser=user"),
            (Some(Some(all)), ..) if all.ends_with(b"\0good") => format!("OK\t{id}\tuser=user"),
            _ => format!("FAIL\t{id}\tuser=user"),
        };
        stream.write_all(format!("{answer}\n").as_bytes()).ok()?;
    }
    Some(())
}

/// Decodes base64 as strictly as Dovecot.
fn decode(text: &str) -> Option<Vec<u8>> {
    const DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    if !text.len().is_multiple_of(4) {
        return None;
    }
    let digits = text.trim_end_matches('=');
    let (mut bits, mut count, mut out) = (0u32, 0, Vec::new());
    for byte in digits.bytes() {
        bits = bits << 6 | u32::try_from(DIGITS.iter().position(|&d| d == byte)?).ok()?;
        count += 6;
        if count >= 8 {
            count -= 8;
            out.push((bits >> count & 0xff) as u8);
        }
    }
    Some(out)
}
