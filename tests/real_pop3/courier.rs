use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::SocketAddr;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::process::Command;
use std::thread;

use super::maildir::{Mailbox, account, give_away};
use super::{HOST, PASSWORD, USER};
use crate::harness::inetd::{on, serve};
use crate::harness::{Dir, must, need, need_root, unpacked};

/// The packages of the libraries that courier-pop needs.
const LIBRARIES: &str = "libcourier-unicode4 libidn12";

/// It thinks over a wrong password for five seconds; with this it does not.
const SLEEPLESS: &str = "unsigned sleep(unsigned seconds) { (void)seconds; return 0; }\n";

/// What tcpserver and couriertcpd tell of a connection. Courier breaks down without it.
const ENDS: [(&str, &str); 4] = [
    ("TCPREMOTEIP", "127.0.0.1"),
    ("TCPREMOTEPORT", "40000"),
    ("TCPLOCALIP", "127.0.0.1"),
    ("TCPLOCALPORT", "110"),
];

/// Courier's POP3 server from its Debian package, not installed: one process for each connection.
pub struct Courier {
    pub address: SocketAddr,
    _dir: Dir,
}

impl Courier {
    pub fn start(mailbox: &Mailbox) -> Self {
        need_root("Courier becomes the owner of the mailbox");
        let programs = unpacked("courier-pop").join("usr/lib/courier/courier");
        let (login, server) = (programs.join("courierpop3login"), programs.join("courierpop3d"));
        let libraries = unpacked("courier-authlib").join("usr/lib");
        // An unpacked package brings none of its dependencies.
        for program in [&login, &server] {
            let needed = must(Command::new(need("ldd")).arg(program).env("LD_LIBRARY_PATH", &libraries));
            let needed = String::from_utf8_lossy(&needed.stdout).into_owned();
            assert!(!needed.contains("not found"), "apt-get install {LIBRARIES}: {needed}");
        }
        let dir = Dir::new();
        let maildir = write(mailbox, &dir);
        // The place of authdaemond's socket is compiled in. Each server sees ours there, in a mount
        // namespace of its own.
        let run = dir.make("run");
        fs::create_dir(run.join("courier")).unwrap();
        let sockets = dir.make("run/courier/authdaemon");
        serve_auth(UnixListener::bind(sockets.join("socket")).unwrap(), maildir);
        let source = dir.write("sleepless.c", SLEEPLESS);
        let sleepless = dir.path("sleepless.so");
        must(Command::new(need("gcc")).args(["-shared", "-fPIC", "-o"]).arg(&sleepless).arg(source));
        let unshare = need("unshare");
        // Its challenges have the name of the host in them.
        let script = r#"echo "$1" >/proc/sys/kernel/hostname && mount --bind "$2" /run &&
            export LD_PRELOAD="$3" && exec "$4" "$5" Maildir"#;
        let address = serve(move |socket| {
            let mut command = Command::new(&unshare);
            command
                .args(["--mount", "--uts", "sh", "-c", script, "courier", HOST])
                .args([&run, &sleepless, &login, &server])
                .env("LD_LIBRARY_PATH", &libraries)
                .env("POP3AUTH", "PLAIN LOGIN")
                .envs(ENDS);
            on(socket, &mut command)
        });
        Courier { address, _dir: dir }
    }
}

/// Writes a mailbox with its unique-ids, which are `UID`, the message's number, `-` and the mailbox's.
fn write(mailbox: &Mailbox, dir: &Dir) -> PathBuf {
    let (path, names) = mailbox.write(dir);
    let numbers = |uid: &str| {
        let (uid, validity) = uid.strip_prefix("UID")?.split_once('-')?;
        Some([uid.parse::<u64>().ok()?, validity.parse().ok()?])
    };
    let all: Vec<[u64; 2]> =
        mailbox.uids().map(|uid| numbers(uid).unwrap_or_else(|| panic!("{uid:?}"))).collect();
    let [last, validity] = all.last().expect("a message");
    let mut list = format!("/3 {} {validity}\n", last + 1);
    for (([uid, validity], name), size) in all.iter().zip(&names).zip(mailbox.sizes()) {
        list.push_str(&format!("{name} {size} {uid}:{validity}:0\n"));
    }
    fs::write(path.join("courierpop3dsizelist"), list).unwrap();
    give_away(&path);
    path
}

/// Stands in for authdaemond, which is asked by a line `AUTH` with the length of what follows: the
/// service, the mechanism, the name and the password.
fn serve_auth(listener: UnixListener, maildir: PathBuf) {
    thread::spawn(move || {
        for stream in listener.incoming() {
            let maildir = maildir.clone();
            thread::spawn(move || serve_one(stream.unwrap(), maildir));
        }
    });
}

fn serve_one(mut stream: UnixStream, maildir: PathBuf) -> Option<()> {
    let mut asked = BufReader::new(stream.try_clone().ok()?);
    let length: u64 = loop {
        let mut line = String::new();
        if asked.read_line(&mut line).ok()? == 0 {
            return None;
        }
        // Before it come settings, one a line.
        if let Some(length) = line.strip_prefix("AUTH ") {
            break length.trim_end().parse().ok()?;
        }
    };
    let mut question = Vec::new();
    asked.take(length).read_to_end(&mut question).ok()?;
    let question = String::from_utf8_lossy(&question).into_owned();
    let [_, _, name, password] = *question.lines().collect::<Vec<_>>() else {
        let _ = stream.write_all(b"FAIL\n");
        return None;
    };
    let answer = match (name, password) {
        (USER, PASSWORD) => format!(
            "UID={uid}\nGID={gid}\nHOME={home}\nADDRESS={USER}\nMAILDIR={maildir}\n.\n",
            uid = account().uid,
            gid = account().gid,
            home = maildir.parent()?.display(),
            maildir = maildir.display(),
        ),
        _ => "FAIL\n".to_owned(),
    };
    stream.write_all(answer.as_bytes()).ok()
}
