use std::io::{BufRead, BufReader, Read as _, Write as _};
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::{UnixListener, UnixStream};
use std::process::Command;
use std::thread;

use super::{maildir, on, serve};
use crate::harness::{Dir, must, need, need_root, unpacked};

/// A real Courier.
pub struct Courier {
    pub address: SocketAddr,
    _dir: Dir,
}

/// Its login program thinks over a wrong password for five seconds; this makes it think quickly.
const SLEEPLESS: &str = "unsigned sleep(unsigned seconds) { (void)seconds; return 0; }\n";

impl Courier {
    pub fn start(mail: &[String]) -> Self {
        need_root("a mount namespace of our own has Courier's socket");
        let pop = unpacked("courier-pop");
        let libraries = unpacked("courier-authlib").join("usr/lib");
        let programs = pop.join("usr/lib/courier/courier");
        let loads = must(
            Command::new(need("ldd"))
                .arg(programs.join("courierpop3login"))
                .env("LD_LIBRARY_PATH", &libraries),
        );
        let loads = String::from_utf8_lossy(&loads.stdout).into_owned();
        assert!(!loads.contains("not found"), "apt-get install libcourier-unicode4 libidn12: {loads}");

        let dir = Dir::new();
        let home = dir.make("home");
        maildir(&home.join("Maildir"), mail);
        let source = dir.write("sleepless.c", SLEEPLESS);
        let sleepless = dir.path("sleepless.so");
        must(Command::new(need("gcc")).args(["-shared", "-fPIC", "-o"]).arg(&sleepless).arg(source));
        let socket = dir.make("authdaemon").join("socket");
        answer(
            UnixListener::bind(&socket).unwrap(),
            home.join("Maildir").display().to_string(),
            home.display().to_string(),
        );
        std::fs::set_permissions(&socket, std::fs::Permissions::from_mode(0o777)).unwrap();

        // The place of the socket is compiled in.
        let script = "mount -t tmpfs tmpfs /run && mkdir /run/courier && \
                      ln -s \"$1\" /run/courier/authdaemon && export LD_PRELOAD=\"$2\" && shift 2 && exec \"$@\"";
        let (unshare, authdaemon) = (need("unshare"), dir.path("authdaemon"));
        let address = serve(move |socket| {
            let mut command = Command::new(&unshare);
            command.args(["--mount", "sh", "-c", script, "courier"]).arg(&authdaemon).arg(&sleepless);
            command.arg(programs.join("courierpop3login")).arg(programs.join("courierpop3d")).arg("Maildir");
            command
                .env("LD_LIBRARY_PATH", &libraries)
                .env("MAILDIRPATH", "Maildir")
                .env("POP3AUTH", "PLAIN LOGIN");
            for (name, value) in [
                ("TCPREMOTEIP", "127.0.0.1"),
                ("TCPREMOTEPORT", "4711"),
                ("TCPLOCALIP", "127.0.0.1"),
                ("TCPLOCALPORT", "110"),
            ] {
                command.env(name, value);
            }
            on(socket, &mut command)
        });
        Courier { address, _dir: dir }
    }
}

/// Stands in for authdaemond: it is asked `AUTH length`, and so many bytes that end in the password.
fn answer(listener: UnixListener, maildir: String, home: String) {
    thread::spawn(move || {
        for stream in listener.incoming() {
            let (maildir, home) = (maildir.clone(), home.clone());
            thread::spawn(move || answer_one(stream.unwrap(), &maildir, &home));
        }
    });
}

fn answer_one(stream: UnixStream, maildir: &str, home: &str) {
    let mut from = BufReader::new(stream.try_clone().unwrap());
    let mut line = String::new();
    // The environment of the client comes before the question.
    while from.read_line(&mut line).is_ok_and(|count| count > 0) && !line.starts_with("AUTH ") {
        line.clear();
    }
    let Some(Ok(length)) = line.strip_prefix("AUTH ").map(|length| length.trim().parse()) else { return };
    let mut question = vec![0; length];
    let _ = from.read_exact(&mut question);
    let right = question.split(|&b| b == b'\n').any(|part| part == b"right");
    let reply = match right {
        true => format!("UID=0\nGID=0\nHOME={home}\nADDRESS=bob\nMAILDIR={maildir}\n.\n"),
        false => "FAIL\n".to_owned(),
    };
    let _ = (&stream).write_all(reply.as_bytes());
}
