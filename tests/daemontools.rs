//! The shipped directories under the real svscan, supervise, setuidgid and multilog. Nothing of them is changed
//! but files of `env/`, which are there to be changed.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, symlink};
use std::process::{Command, Stdio};

use sundew::event::What;

use crate::harness::log::Line;
use crate::harness::servers::{SERVICES, SMTARPIT, Service, listening};
use crate::harness::talk::Talk;
use crate::harness::{Dir, Process, bytes_of, children, must, need, need_root, root, until};

/// The accounts as these tests have them; the names are those of `contrib/sysusers.d`.
const TARPIT: u32 = 8;
const LOGGER: u32 = 9;

/// A machine on which svscan runs, as the README sets it up.
struct Machine {
    dir: Dir,
    svscan: Process,
}

impl Machine {
    /// Installs one program and starts svscan. The accounts need not be on this machine: only these processes
    /// see them, the second one if it is asked for.
    fn with(service: Service, speedup: u32, is_log_account: bool) -> Self {
        need_root("svscan starts what becomes other accounts");
        for tool in ["tcpserver", "envdir", "setuidgid", "multilog"] {
            need(tool);
        }
        let dir = Dir::new();
        // The build directory may be closed to the account.
        let program = dir.executable(service.name, fs::read(service.path).unwrap());
        let locks = dir.make("locks");
        std::os::unix::fs::chown(&locks, Some(TARPIT), Some(TARPIT)).unwrap();
        let config = format!("hostname = \"mx.example.org\"\nlock_dir = {locks:?}\nspeedup = {speedup}\n");
        let config = dir.write("sundew.toml", config);

        must(
            Command::new(need("cp"))
                .arg("-R")
                .arg(root().join("contrib/tcpserver").join(service.name))
                .arg(dir.make("etc")),
        );
        let installed = dir.path("etc").join(service.name);
        let tools = fs::read_to_string(installed.join("env/PATH")).unwrap();
        for (name, value) in [
            ("ADDRESS", "127.0.0.1".to_owned()),
            ("PORT", "0".to_owned()),
            ("PATH", format!("{}:{tools}", program.parent().unwrap().display())),
            ("SUNDEW_CONFIG", config.display().to_string()),
        ] {
            fs::write(installed.join("env").join(name), value).unwrap();
        }
        symlink(&installed, dir.make("service").join(service.name)).unwrap();

        let mut accounts = vec![("sundew", TARPIT)];
        accounts.extend(is_log_account.then_some(("sundewlog", LOGGER)));
        let table = |file: &str, line: fn(&(&str, u32)) -> String| {
            let known = fs::read_to_string(file).unwrap();
            // A machine may have them already, with other numbers.
            let others =
                known.lines().filter(|line| !line.starts_with("sundew")).map(|line| format!("{line}\n"));
            others.chain(accounts.iter().map(line)).collect::<String>()
        };
        let passwd = table("/etc/passwd", |(name, id)| format!("{name}:x:{id}:{id}::/:/usr/sbin/nologin\n"));
        let group = table("/etc/group", |(name, id)| format!("{name}:x:{id}:\n"));
        let script =
            "mount --bind \"$1\" /etc/passwd && mount --bind \"$2\" /etc/group && exec svscan \"$3\"";
        let mut command = Command::new(need("unshare"));
        command
            .args(["--mount", "sh", "-c", script, "svscan"])
            .arg(dir.write("passwd", passwd))
            .arg(dir.write("group", group))
            .arg(dir.path("service"))
            .env("PATH", "/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(fs::File::create(dir.path("stderr")).unwrap());
        need("svscan");
        Machine { svscan: Process::start(&mut command), dir }
    }

    /// The tcpserver that is supervised: its pid, and the port on which it listens; another one than the last.
    fn tcpserver(&self, last: i32) -> (i32, u16) {
        until("tcpserver listens", || {
            let supervised = children(self.svscan.pid()).into_iter().flat_map(children);
            supervised.filter(|pid| *pid != last).find_map(|pid| Some((pid, listening(pid)?)))
        })
    }

    /// A new connection to it.
    fn talk(&self) -> Talk {
        to(self.tcpserver(0).1)
    }

    /// What multilog has kept of it by now.
    fn log(&self, service: Service) -> Vec<Line> {
        let text = bytes_of(&self.dir.path("etc").join(service.name).join("log/main/current"));
        text.split_inclusive(|byte| *byte == b'\n')
            .filter(|line| line.ends_with(b"\n"))
            .map(Line::new)
            .collect()
    }
}

fn to(port: u16) -> Talk {
    Talk::to(([127, 0, 0, 1], port).into())
}

#[test]
fn every_line_is_kept_and_nobody_waits_for_the_log() {
    const GUESTS: usize = 160;
    let machine = Machine::with(SMTARPIT, 200, true);
    for guest in 0..GUESTS {
        assert_eq!(machine.talk().hear("220"), "220", "guest {guest}");
    }
    let lines = until("multilog has every end", || {
        let lines = machine.log(SMTARPIT);
        let ends =
            |line: &&Line| line.event.as_ref().is_ok_and(|event| matches!(event.what, What::End { .. }));
        (lines.iter().filter(ends).count() == GUESTS).then_some(lines)
    });
    for line in lines {
        let (time, _) = line.raw.split_once(' ').unwrap();
        assert!(time.starts_with("@40000000") && time.len() == 25, "{}", line.raw);
    }
    // The tarpit's own account cannot change what it wrote.
    let main = fs::metadata(machine.dir.path("etc/smtarpit/log/main")).unwrap();
    assert_eq!((main.uid(), main.mode() & 0o022), (LOGGER, 0));
}

#[test]
fn each_program_has_its_log_and_goes_on_after_a_restart() {
    for service in SERVICES {
        // No more: the patience of a server is divided too.
        let machine = Machine::with(service, 25, true);
        let comes = |port| {
            let mut talk = to(port);
            talk.send(service.asks);
            talk.hear(service.greets);
        };
        let ends = |count: usize| {
            until("the end is in the log", || {
                let ours = |line: &&Line| line.pid.is_some() && line.text.starts_with("end ");
                (machine.log(service).iter().filter(ours).count() == count).then_some(())
            });
        };
        let (first, port) = machine.tcpserver(0);
        comes(port);
        ends(1);
        must(Command::new(need("svc")).arg("-t").arg(machine.dir.path("service").join(service.name)));
        let (_, port) = machine.tcpserver(first);
        comes(port);
        ends(2);
    }
}

#[test]
fn without_anybody_who_reads_the_log_the_port_answers() {
    let machine = Machine::with(SMTARPIT, 200, false);
    // More than the pipe between the two takes, 64 kB.
    for _ in 0..30 {
        let mut talk = machine.talk();
        talk.reply();
        for _ in 0..10 {
            talk.say(&format!("HELO {}.example.net", "long.".repeat(60)));
            talk.reply();
        }
    }
    // More than the lines of tcpserver's own that the last page of the pipe might still take.
    for guest in 0..60 {
        assert_eq!(machine.talk().hear("220"), "220", "guest {guest}");
    }
    assert!(machine.log(SMTARPIT).is_empty());
}
