//! `tarpit-run`: a small super-server for trying the suite, for containers and for tests.
//!
//! It listens, starts one program for each connection with the connection on fd 0 and 1, reads the
//! programs' events from their fd 2 and shows them. It speaks no protocol itself, and it is the only
//! program of the suite that opens a network socket, a listening one. One thread, one `poll(2)`.

mod child;
mod lock;
pub mod options;
mod outlet;
mod screen;
mod server;
pub mod service;
mod show;
mod tally;

use clap::{CommandFactory as _, Parser};
use std::ffi::OsString;
use std::fmt::{self, Display};
use std::io::{self, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::ExitCode;

use crate::clock::System;
use crate::{config, privileges, sink};
use lock::LockDir;
use options::{Listen, Options};
use screen::Screen;
use server::{Door, Server};
use service::Program;

/// Reads the command line, serves until a signal ends it, and says how that went: 0 when it served,
/// 100 when it was asked for something impossible, 111 when the system did not let it start.
pub fn start() -> ExitCode {
    sink::outlive_limits();
    let args: Vec<OsString> = std::env::args_os().collect();
    let options = match Options::try_parse_from(&args) {
        Ok(options) => options,
        Err(error) => return explain(&error, &args),
    };
    match serve(&options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            let _ = writeln!(io::stderr(), "tarpit-run: {failure}");
            if matches!(failure, Failure::Refuses(..)) && options.burdens_several() {
                let hint = "options after -- go to every program that is offered; --listen chooses which are";
                let _ = writeln!(io::stderr(), "tarpit-run: {hint}");
            }
            ExitCode::from(failure.code())
        }
    }
}

/// Prints help, the version or what is wrong with the command line.
fn explain(error: &clap::Error, args: &[OsString]) -> ExitCode {
    match error.use_stderr() {
        true => {
            let failure = config::explain(error, &Options::command(), args);
            let _ = writeln!(io::stderr(), "tarpit-run: {failure}");
            ExitCode::from(100)
        }
        false => {
            let _ = writeln!(io::stdout(), "{}", error.render().to_string().trim_end());
            ExitCode::SUCCESS
        }
    }
}

/// The order of start-up: programs, places, signals, lock directory; whatever can fail fails before
/// the first peer is there.
fn serve(options: &Options) -> Result<(), Failure> {
    let mut programs: Vec<Program> = Vec::new();
    let mut doors = Vec::new();
    for place in options.places() {
        let known = programs.iter().position(|program| program.service.name == place.service.name);
        let program = match known {
            Some(known) => known,
            None => {
                let chosen = options.chosen(place.service);
                programs.push(Program::find(place.service, chosen, options.handed_on())?);
                programs.len() - 1
            }
        };
        doors.push(Door { listener: listen(&place)?, program });
    }
    let signals = server::signals().map_err(|error| Failure::System("receive signals", error))?;
    share_out(&mut programs);
    let mut locks = LockDir::default();
    for program in programs.iter_mut().filter(|program| program.needs_lock_dir()) {
        let dir = locks.of(program.service.program).map_err(Failure::LockDir)?;
        program.use_lock_dir(&dir);
    }
    if privileges::is_root() {
        programs.iter_mut().for_each(Program::leave_root);
    }
    let mut screen = Screen::new(options.log);
    welcome(&mut screen, &doors, &programs);
    Server::new(programs, doors, signals, screen, System::start())
        .run()
        .map_err(|error| Failure::System("wait for connections", error))
}

/// Gives programs that would count their connections in the same directory one each inside of it.
fn share_out(programs: &mut [Program]) {
    let dirs: Vec<PathBuf> =
        programs.iter().filter_map(|program| program.settings.lock_dir.clone()).collect();
    for program in programs {
        let shared = program
            .settings
            .lock_dir
            .clone()
            .filter(|dir| dirs.iter().filter(|other| *other == dir).count() > 1);
        if let Some(dir) = shared {
            program.use_lock_dir(&dir.join(program.service.program));
        }
    }
}

fn listen(place: &Listen) -> Result<TcpListener, Failure> {
    let listener = TcpListener::bind(place.address).and_then(|listener| {
        listener.set_nonblocking(true)?;
        Ok(listener)
    });
    listener.map_err(|error| Failure::Listen(*place, error))
}

/// Says where we listen and what to try.
fn welcome(screen: &mut Screen, doors: &[Door], programs: &[Program]) {
    for door in doors {
        let program = &programs[door.program];
        let Ok(address) = door.listener.local_addr() else {
            continue;
        };
        let slots = program.settings.slots;
        screen.note(&format!(
            "{} listens on {address} and holds up to {slots} connections. Try:",
            program.service.program
        ));
        let near = SocketAddr::new(reachable(address.ip()), address.port());
        for line in program.service.tries {
            let line = line
                .replace("{host}", &near.ip().to_string())
                .replace("{port}", &near.port().to_string())
                .replace("{server}", &near.to_string())
                .replace("{domain}", program.settings.domain.as_deref().unwrap_or("example.org"));
            screen.note(&format!("    {line}"));
        }
    }
    screen.note("Ctrl-C ends it.");
}

/// An address at which this machine reaches a listener of its own.
fn reachable(ip: IpAddr) -> IpAddr {
    match ip {
        IpAddr::V4(Ipv4Addr::UNSPECIFIED) => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(Ipv6Addr::UNSPECIFIED) => Ipv6Addr::LOCALHOST.into(),
        other => other,
    }
}

/// Why nothing was served.
#[derive(Debug)]
pub enum Failure {
    /// The program does not stand beside ours.
    Missing(PathBuf),
    /// The program is there but cannot be started.
    Start(PathBuf, io::Error),
    /// The program's `--check` found fault with its configuration, in these words.
    Refuses(PathBuf, String),
    /// The address or port cannot be had.
    Listen(Listen, io::Error),
    /// No private directory can be made; `--lock-dir` would name one.
    LockDir(io::Error),
    /// Something the system refused us.
    System(&'static str, io::Error),
}

impl Failure {
    /// 100: asked for something impossible; 111: it may work later.
    fn code(&self) -> u8 {
        match self {
            Failure::Missing(_) | Failure::Start(..) | Failure::Refuses(..) => 100,
            Failure::Listen(..) | Failure::LockDir(_) | Failure::System(..) => 111,
        }
    }
}

impl Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Missing(path) => write!(
                f,
                "there is no program {}; build it with `cargo build --release`, or name one with --program",
                path.display()
            ),
            Failure::Start(path, error) => write!(f, "cannot start {}: {error}", path.display()),
            Failure::Refuses(path, said) => {
                write!(f, "{} does not accept its configuration: {said}", path.display())
            }
            Failure::Listen(Listen { service, address }, error) => match error.kind() {
                io::ErrorKind::AddrInUse => write!(
                    f,
                    "port {} of {} is taken by another program; choose another with --listen {}={}",
                    address.port(),
                    address.ip(),
                    service.name,
                    SocketAddr::new(address.ip(), 0)
                ),
                io::ErrorKind::PermissionDenied => write!(
                    f,
                    "only root may listen on port {} of {}; choose one above 1023 with --listen",
                    address.port(),
                    address.ip()
                ),
                _ => write!(f, "cannot listen on {address}: {error}"),
            },
            Failure::LockDir(error) => write!(
                f,
                "cannot make a directory to count connections in: {error}; name one with --lock-dir"
            ),
            Failure::System(what, error) => write!(f, "cannot {what}: {error}"),
        }
    }
}
