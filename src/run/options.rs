//! What the operator can ask of `tarpit-run`.
//!
//! Settings of the programs behind it are handed on as they are written: each program has the only
//! definition of its options and is asked with `--check` before anything listens.

use clap::{Parser, ValueEnum};
use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use super::service::{SERVICES, Service};
use crate::config::hint;

/// What `tarpit-run` does itself.
const OWN: &str = "Options of tarpit-run";

/// What the programs are given.
const HANDED: &str = "Options for the programs";

/// Listen and start one program for each connection, as a super-server does, and show what happens
///
/// Without options it listens on 127.0.0.1:2525 for SMTP, on 127.0.0.1:1110 for POP3 and on
/// 127.0.0.1:8025 for HTTP, starts the smtarpit, the tarpop and the sundew that stand beside it, needs no
/// privileges and no configuration, and shows every event as it comes. Ctrl-C ends it and everything it started; a second Ctrl-C does not wait.
/// Started as root, it has the programs become the user sundew, or nobody if there is none, unless they are
/// told to become another (user).
/// It is for trying the suite, for containers and for tests; a server on the open Internet is better
/// looked after by xinetd, tcpserver or systemd.
#[derive(Debug, Clone, Parser)]
#[command(name = "tarpit-run", version, max_term_width = 100)]
pub struct Options {
    /// Where to listen, e.g. 0.0.0.0:25 or [::]:25; may be repeated
    ///
    /// The service may stand before the address (smtp=127.0.0.1:2525, pop3=127.0.0.1:1110, http=127.0.0.1:8025); without it
    /// it is smtp. Only what is named is offered. Port 0 takes any free port and says which. [::] serves
    /// IPv4 as well where the system allows it.
    #[arg(help_heading = OWN)]
    #[arg(long, value_name = "[SERVICE=]ADDRESS:PORT", value_delimiter = ',')]
    pub listen: Vec<Listen>,

    /// The program to start for each connection, instead of the one beside tarpit-run; may be repeated
    ///
    /// The service may stand before the path (pop3=/opt/tarpop); without it it is smtp. The program
    /// must understand the options of the one that it replaces; a script that ends in
    /// exec smtarpit "$@" does.
    #[arg(help_heading = OWN)]
    #[arg(long, value_name = "[SERVICE=]PATH")]
    pub program: Vec<Chosen>,

    /// The configuration file that the programs read, instead of /etc/sundew.toml
    #[arg(help_heading = HANDED)]
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,

    /// How many connections to tarpit at once
    #[arg(help_heading = HANDED)]
    #[arg(long, value_name = "NUMBER")]
    pub slots: Option<OsString>,

    /// How many connections to answer at once, the polite refusals included
    ///
    /// Five more may be open at any moment, each to be told that it is one too many. Connections
    /// beyond that wait in the kernel's queue and cost no process.
    #[arg(help_heading = HANDED)]
    #[arg(long, value_name = "NUMBER")]
    pub total: Option<OsString>,

    /// Divide every pause by this, to see hours pass in minutes
    #[arg(help_heading = HANDED)]
    #[arg(long, value_name = "NUMBER")]
    pub speedup: Option<OsString>,

    /// Where the programs count their connections
    ///
    /// Programs that would share a directory have one each inside of it, called as they are. The default
    /// is what the configuration file says, else a private directory that is removed at the end, and
    /// what tarpop remembers of networks with it.
    #[arg(help_heading = HANDED)]
    #[arg(long, value_name = "DIRECTORY")]
    pub lock_dir: Option<PathBuf>,

    /// How to show the events
    #[arg(help_heading = OWN)]
    #[arg(long, value_name = "FORM", value_enum, default_value_t = Form::Live)]
    pub log: Form,

    /// Further options for the programs, after --; every program that is offered must know them
    #[arg(last = true, value_name = "OPTION")]
    pub rest: Vec<OsString>,
}

/// How events are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Form {
    /// For reading, with a status line
    Live,
    /// For a log: each event on standard output as in a syslog file, the rest on standard error
    Plain,
}

/// A program that takes the place of another.
#[derive(Debug, Clone)]
pub struct Chosen {
    pub service: &'static Service,
    pub path: PathBuf,
}

impl FromStr for Chosen {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        // A path may have an equals sign in it too.
        let named = text.split_once('=').and_then(|(name, path)| Some((service(name).ok()?, path)));
        let (service, path) = match named {
            Some(named) => named,
            None => (service("smtp")?, text),
        };
        Ok(Chosen { service, path: path.into() })
    }
}

fn service(name: &str) -> Result<&'static Service, String> {
    SERVICES.iter().find(|service| service.name == name).ok_or_else(|| {
        let known: Vec<_> = SERVICES.iter().map(|service| service.name).collect();
        format!("no service is called {name}; there are {}{}", known.join(", "), hint(name, known))
    })
}

/// A service and the address where it is offered.
#[derive(Debug, Clone, Copy)]
pub struct Listen {
    pub service: &'static Service,
    pub address: SocketAddr,
}

impl FromStr for Listen {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, address) = text.split_once('=').unwrap_or(("smtp", text));
        let service = service(name)?;
        let address = address
            .parse()
            .map_err(|_| format!("{address:?} is no address with a port, as 127.0.0.1:2525 or [::1]:2525"))?;
        Ok(Listen { service, address })
    }
}

impl Options {
    /// Where to listen: what was asked for, else every service at its usual place on loopback.
    pub fn places(&self) -> Vec<Listen> {
        if !self.listen.is_empty() {
            return self.listen.clone();
        }
        SERVICES
            .iter()
            .map(|service| Listen { service, address: SocketAddr::from(([127, 0, 0, 1], service.port)) })
            .collect()
    }

    /// Whether there are options after -- for programs of more than one kind.
    pub fn burdens_several(&self) -> bool {
        let places = self.places();
        let mut names = places.iter().map(|place| place.service.name);
        let first = names.next();
        !self.rest.is_empty() && names.any(|name| Some(name) != first)
    }

    /// The program that was chosen for a service.
    pub fn chosen(&self, service: &Service) -> Option<&Path> {
        let chosen = self.program.iter().rev().find(|chosen| chosen.service.name == service.name);
        chosen.map(|chosen| chosen.path.as_path())
    }

    /// The arguments that each program gets.
    pub fn handed_on(&self) -> Vec<OsString> {
        let mut args = vec!["--log".into(), "stderr".into()];
        let named = [
            ("--config", self.config.as_ref().map(|path| path.as_os_str())),
            ("--slots", self.slots.as_deref()),
            ("--total", self.total.as_deref()),
            ("--speedup", self.speedup.as_deref()),
            ("--lock-dir", self.lock_dir.as_ref().map(|path| path.as_os_str())),
        ];
        for (flag, value) in named {
            args.extend(value.map(|value| [flag.into(), value.to_owned()]).into_iter().flatten());
        }
        args.extend(self.rest.iter().cloned());
        args
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_options_are_consistent() {
        <Options as clap::CommandFactory>::command().debug_assert();
    }

    #[test]
    fn listens_on_loopback_unless_told() {
        let places = Options::parse_from(["tarpit-run"]).places();
        assert!(places.iter().all(|place| place.address.ip().is_loopback()));
        assert_eq!(places[0].address.to_string(), "127.0.0.1:2525");
        assert_eq!(places[1].address.to_string(), "127.0.0.1:1110");
        assert_eq!(places[2].address.to_string(), "127.0.0.1:8025");
    }

    #[test]
    fn a_service_may_stand_before_the_address() {
        for (text, address) in
            [("smtp=0.0.0.0:25", "0.0.0.0:25"), ("[::1]:0", "[::1]:0"), ("smtp=[::]:25", "[::]:25")]
        {
            let listen: Listen = text.parse().unwrap();
            assert_eq!((listen.service.name, listen.address.to_string().as_str()), ("smtp", address));
        }
        for text in ["gopher=127.0.0.1:70", "2525", "localhost", "smtp=", ""] {
            assert!(text.parse::<Listen>().is_err(), "{text}");
        }
    }

    #[test]
    fn each_service_can_have_another_program() {
        let options =
            Options::parse_from(["tarpit-run", "--program", "/a=b/smtarpit", "--program=pop3=/opt/tarpop"]);
        assert_eq!(options.chosen(&SERVICES[0]), Some(Path::new("/a=b/smtarpit")));
        assert_eq!(options.chosen(&SERVICES[1]), Some(Path::new("/opt/tarpop")));
        assert_eq!(Options::parse_from(["tarpit-run"]).chosen(&SERVICES[1]), None);
    }

    #[test]
    fn options_for_several_are_known() {
        let several = |args: &str| Options::parse_from(args.split(' ')).burdens_several();
        assert!(several("tarpit-run -- --seed 1"));
        assert!(!several("tarpit-run --slots 3"));
        assert!(!several("tarpit-run --listen pop3=[::1]:0,pop3=127.0.0.1:0 -- --seed 1"));
    }

    #[test]
    fn the_programs_get_what_was_asked() {
        let options = Options::parse_from([
            "tarpit-run",
            "--slots",
            "3",
            "--config",
            "x.toml",
            "--",
            "--persona",
            "exim",
        ]);
        let args: Vec<_> = options.handed_on().into_iter().map(|arg| arg.into_string().unwrap()).collect();
        assert_eq!(args, ["--log", "stderr", "--config", "x.toml", "--slots", "3", "--persona", "exim"]);
    }
}
