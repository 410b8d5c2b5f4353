//! The order of start-up, once for every program that serves a connection.
//!
//! Under xinetd and inetd fds 0, 1 and 2 are the peer, so nothing is printed while fd 0 is a
//! connection: what is wrong goes to the log, the peer gets the persona's "try again later", and the
//! exit code tells the super-server.

use crate::Rng;
use crate::clock::{Clock as _, System};
use crate::config::{self, Asked, Common, Failure, Program};
use crate::conn::{self, Conn};
use crate::drive::{Drive, PROGRESS, Wire as _};
use crate::engine::Engine;
use crate::event::{Ended, Event, Kind, Plain, Reason, Seconds, Totals, What, Why};
use crate::key::Key;
use crate::peer::{self, Ends};
use crate::privileges::{self, Ids};
use crate::sink::{self, Sink};
use crate::slots::{self, Grant, Limits, Slot};
use crate::sys::{Standard, heap, standard};
use chrono::{DateTime, FixedOffset};
use rand::SeedableRng as _;
use std::cell::RefCell;
use std::ffi::OsString;
use std::io::Write as _;
use std::panic::PanicHookInfo;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;
use syslog::Severity;

#[cfg(debug_assertions)]
mod rehearsal;

/// Served, or refused.
const DONE: u8 = 0;
/// A command was asked something, and the answer is no.
const NO: u8 = 1;
/// Misconfigured: trying again will not help.
const WRONG: u8 = 100;
/// Something is in the way now.
const LATER: u8 = 111;

/// A program that serves one connection.
pub trait Pit: Program + Clone {
    /// The program's name in the log.
    const TAG: &'static str;
    /// The options that all programs share.
    fn common(&self) -> &Common;
    /// The name of the server that it pretends to be.
    fn persona(&self) -> &'static str;
    /// What that server says when it has no room.
    fn busy(&self, ends: &Ends) -> Vec<u8>;
    /// The same when the configuration cannot be read.
    fn sorry(hostname: &str, ends: &Ends) -> Vec<u8>;
    /// Lines of another program that go with the events, and that program's tag: from each event, and
    /// the time since the connection.
    fn mirror(&self, _ends: &Ends, _id: &Plain) -> Option<Mirror> {
        None
    }
    /// What must be opened while there are still the privileges for it.
    type Opened;
    /// Opens it for this peer, or says why the peer is turned away. What is wrong with it, now or later, is
    /// told by [`complain`], and does not end the conversation.
    fn open(&self, with: &Before<'_>) -> Result<Self::Opened, Why>;
    /// The conversation.
    fn engine(&self, opened: Self::Opened, with: Circumstances) -> Box<dyn Engine>;
    /// Whether the environment says that a web server has started the program, to answer one request for it
    /// (RFC 3875). What it says then is read by that server.
    fn is_gateway() -> bool {
        false
    }
    /// Whether the conversation lasts, and so counts against the slots.
    fn takes_slot(&self) -> bool {
        true
    }
    /// Carries out the command that the operator has given at a shell, if it is one.
    fn command(&self, _clock: &System) -> Option<Outcome> {
        None
    }
}

/// What came of a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The operator reads this.
    Done(String),
    /// The answer is no; the text says to what.
    No(String),
    /// It could not be done, and why.
    Failed(String),
}

/// Makes lines in the form of another program.
pub type Mirror = Box<dyn FnMut(&What, Duration) -> Option<(&'static str, String)>>;

/// What is known before the privileges are given up.
pub struct Before<'b> {
    pub ends: &'b Ends,
    /// The secret of this installation.
    pub key: &'b Key,
    pub clock: &'b System,
}

/// What an engine is made from besides the configuration.
pub struct Circumstances {
    pub ends: Ends,
    pub wall: DateTime<FixedOffset>,
    /// The secret of this installation.
    pub key: Key,
    /// The peer is in an `allow` network.
    pub allowed: bool,
    pub rng: Rng,
}

/// The whole program.
pub fn start<P: Pit>() -> ExitCode {
    let gateway = P::is_gateway();
    let served = gateway || is_served();
    if served {
        conn::mute_stderr();
    }
    sink::outlive_limits();
    let clock = System::start();
    heap::begin();
    // A web server may make arguments of a query (RFC 3875 4.4): there they are the peer's.
    let heeded = if gateway { 1 } else { usize::MAX };
    let args: Vec<OsString> = std::env::args_os().take(heeded).collect();
    let loaded = config::load::<P>(args.iter().cloned());
    heap::end();
    let code = match (loaded, served) {
        (Ok(Asked::Run(config)), false) if let Some(outcome) = config.command(&clock) => settle(outcome),
        (Ok(Asked::Run(config)), _) if served || conn::is_socket(standard(Standard::Input)) => {
            conn::mute_stderr();
            // The copy stays, while the options as they were parsed go with all that parsing took.
            let own = config.clone();
            drop((config, args));
            serve(&own, clock)
        }
        (Ok(Asked::Run(_)), _) => {
            let tag = P::TAG;
            tell(&format!(
                "{tag}: standard input is no connection.\n{tag} is started by xinetd, inetd, tcpserver \
                 or systemd; to try it, start tarpit-run. See {tag} --help."
            ));
            WRONG
        }
        (Ok(Asked::Text(text)), false) => settle(Outcome::Done(text)),
        (Ok(Asked::Text(_)), true) => misconfigured::<P>(
            &Failure::new("--help, --version and --check are for the command line"),
            &args,
            &clock,
        ),
        (Err(failure), true) => misconfigured::<P>(&failure, &args, &clock),
        (Err(failure), false) => {
            failure.lines().for_each(|line| tell(&format!("{}: {line}", P::TAG)));
            WRONG
        }
    };
    BOOK.with(|book| {
        if let Some(book) = book.borrow_mut().as_mut() {
            book.sink.finish();
        }
    });
    ExitCode::from(code)
}

/// Whether fd 0 is certainly a connection: an Internet socket, or the pipe or socket of a UCSPI program such
/// as sslserver, which names the peer. Any other socket may be that of sshd, with the operator behind it, so
/// that only who asks for nothing is served on it.
fn is_served() -> bool {
    let input = standard(Standard::Input);
    let could_be = conn::is_socket(input) || conn::is_pipe(input);
    peer::is_internet(input) || (could_be && peer::served(environment))
}

fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// Tells the operator what came of a command, and the shell.
fn settle(outcome: Outcome) -> u8 {
    let (text, code) = match outcome {
        Outcome::Done(text) => (text, DONE),
        Outcome::No(text) => (text, NO),
        Outcome::Failed(text) => {
            tell(&text);
            return WRONG;
        }
    };
    // A closed pager is no failure.
    let _ = std::io::stdout().write_all(text.as_bytes());
    code
}

/// Tells the operator, who is at a terminal.
fn tell(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}

/// Logs as far as the log can be known, and sends the peer away politely.
fn misconfigured<P: Pit>(failure: &Failure, args: &[OsString], clock: &System) -> u8 {
    let (choice, socket) = salvage(args);
    let log = Sink::open(P::TAG, choice, Path::new(&socket), syslog::Facility::LOG_MAIL);
    let ends = peer::ends(standard(Standard::Input), environment);
    open_book(log, &ends, clock);
    error(clock, failure);
    if let Ok(mut wire) = Conn::open(clock, 1.0) {
        wire.say(&P::sorry(&config::nodename(), &ends));
        wire.close();
    }
    WRONG
}

/// Where the log is, from a command line of which something is wrong.
fn salvage(args: &[OsString]) -> (sink::Choice, OsString) {
    let value = |flag: &str| {
        args.iter().enumerate().rev().find_map(|(at, arg)| {
            let text = arg.to_str()?;
            match text.strip_prefix(flag)? {
                "" => args.get(at + 1).cloned(),
                rest => rest.strip_prefix('=').map(OsString::from),
            }
        })
    };
    let choice = match value("--log").as_ref().and_then(|text| text.to_str()) {
        Some("stderr") => sink::Choice::Stderr,
        Some("syslog") => sink::Choice::Syslog,
        _ => sink::Choice::Auto,
    };
    (choice, value("--log-socket").unwrap_or_else(|| "/dev/log".into()))
}

/// Serves the connection on fd 0 and 1.
fn serve<P: Pit>(config: &P, mut clock: System) -> u8 {
    let common = config.common();
    let ends = peer::ends(standard(Standard::Input), environment);
    let log = Sink::open(P::TAG, common.log, &common.log_socket, common.facility.into());
    open_book(log, &ends, &clock);
    BOOK.with_borrow_mut(|book| {
        if let Some(book) = book.as_mut() {
            book.mirror = config.mirror(&ends, &book.id);
        }
    });
    std::panic::set_hook(Box::new(last_words));
    if common.user.is_none() && privileges::is_root() {
        return refuse_root(config, &ends, &clock);
    }
    let mut rng = match common.seed {
        Some(seed) => Rng::seed_from_u64(seed),
        None => rand::make_rng(),
    };
    let speedup = f64::from(common.speedup);

    let limits = Limits { slots: common.slots, total: common.total, per_source: common.per_source };
    let grant = config.takes_slot().then(|| slots::take(&common.lock_dir, limits, ends.peer, &mut rng));
    let (slot, refused) = match grant.transpose() {
        Ok(None) => (None, None),
        Ok(Some(Grant::Slot(slot))) => (Some(slot), None),
        Ok(Some(Grant::Polite { slot, why })) => (Some(slot), Some(why)),
        Ok(Some(Grant::Full { busy })) => {
            note(&clock, What::Refuse { why: Why::Total, busy });
            return DONE;
        }
        Err(failure) => {
            error(&clock, failure);
            (None, Some(Why::Locks))
        }
    };

    let key = common.key();
    let opened = match refused {
        None => {
            let before = Before { ends: &ends, key: &key, clock: &clock };
            config.open(&before)
        }
        Some(why) => Err(why),
    };

    let ids = common.user.as_ref().map(Ids::of).transpose();
    if common.chroot.is_some() {
        clock.keep_zone();
        BOOK.with_borrow_mut(|book| {
            if let Some(book) = book.as_mut() {
                book.clock = clock.clone();
                book.sink.keep_in_reach();
            }
        });
    }
    let dropped = ids.and_then(|ids| {
        let done = privileges::drop(common.chroot.as_deref(), ids);
        done.map_err(|failure| format!("chroot and user: {failure}"))
    });
    let mut wire = match Conn::open(&clock, speedup) {
        Ok(wire) => wire,
        Err(failure) => {
            error(&clock, format_args!("fd 0 and 1: {failure}"));
            return LATER;
        }
    };
    let opened = match dropped {
        Ok(()) => opened,
        Err(failure) => {
            error(&clock, failure);
            Err(Why::Config)
        }
    };
    let opened = match opened {
        Ok(opened) => opened,
        Err(why) => return turn_away(config, &ends, &mut wire, &clock, why, slot.as_ref()),
    };

    let allowed = ends.peer.is_some_and(|peer| common.allow.iter().any(|network| network.contains(peer)));
    let engine = config.engine(opened, Circumstances { ends, key, wall: clock.wall(), allowed, rng });
    let connect = What::Connect {
        port: ends.port,
        local: ends.local,
        lport: ends.lport,
        slot: slot.as_ref().map_or(0, Slot::number),
        busy: slot.as_ref().map_or(0, Slot::busy),
        profile: engine.profile().into(),
        persona: config.persona().into(),
    };
    #[cfg(debug_assertions)]
    let engine: Box<dyn Engine> = Box::new(rehearsal::Panics::around(engine));
    let mut engine = engine;
    Drive::new(&mut wire, &clock, speedup, &mut |what| note(&clock, what)).run(engine.as_mut(), [connect]);
    DONE
}

/// Serves nobody with the rights of root: whoever finds a fault in us would have them too.
fn refuse_root<P: Pit>(config: &P, ends: &Ends, clock: &System) -> u8 {
    error(
        clock,
        "started as root without user: nobody is served as root; have the super-server choose an account, \
         or set user",
    );
    match Conn::open(clock, 1.0) {
        Ok(mut wire) => turn_away(config, ends, &mut wire, clock, Why::Config, None),
        Err(_) => WRONG,
    }
}

/// Says that there is no room, whatever the truth is.
fn turn_away<P: Pit>(
    config: &P,
    ends: &Ends,
    wire: &mut Conn<'_, System>,
    clock: &System,
    why: Why,
    slot: Option<&Slot>,
) -> u8 {
    note(clock, What::Refuse { why, busy: slot.map_or(0, Slot::busy) });
    wire.say(&config.busy(ends));
    wire.close();
    match why {
        Why::Locks => LATER,
        Why::Config => WRONG,
        Why::Slots | Why::Total | Why::PerSource | Why::Off | Why::Bytes => DONE,
    }
}

/// What every event of this process begins with, and where it goes.
struct Book {
    sink: Sink,
    id: Plain,
    peer: Option<std::net::IpAddr>,
    mirror: Option<Mirror>,
    clock: System,
}

thread_local! {
    /// Reached by the panic hook too, which nothing can be handed to.
    static BOOK: RefCell<Option<Book>> = const { RefCell::new(None) };
}

/// Begins to write events to this log, which may have had trouble.
fn open_book((sink, trouble): (Sink, Option<String>), ends: &Ends, clock: &System) {
    BOOK.set(Some(Book { sink, id: id(clock.wall()), peer: ends.peer, mirror: None, clock: clock.clone() }));
    if let Some(trouble) = trouble {
        error(clock, trouble);
    }
}

/// Tells the operator of what went wrong beside the conversation.
pub fn complain(text: &str) {
    error(&booked_clock(), text);
}

/// The clock of the connection, for those who cannot be handed it.
fn booked_clock() -> System {
    let booked = BOOK.with(|book| Some(book.try_borrow().ok()?.as_ref()?.clock.clone()));
    booked.unwrap_or_else(System::start)
}

/// Writes an event.
fn note(clock: &System, what: What) {
    write(&what, clock);
}

/// Writes an `error` event.
fn error(clock: &System, text: impl std::fmt::Display) {
    note(clock, What::Error { what: Plain::from(text.to_string().as_str()) });
}

fn write(what: &What, clock: &System) {
    let severity = match what {
        What::Error { .. } => Severity::LOG_ERR,
        _ => Severity::LOG_INFO,
    };
    BOOK.with(|book| {
        // Borrowed already means that writing an event panicked: there is nowhere left to tell.
        if let Ok(mut book) = book.try_borrow_mut()
            && let Some(Book { sink, id, peer, mirror, .. }) = book.as_mut()
        {
            let event = Event { id: id.clone(), peer: *peer, what: what.clone() };
            sink.write(severity, &event, clock.wall());
            if let Some((tag, line)) = mirror.as_mut().and_then(|mirror| mirror(what, clock.elapsed())) {
                sink.write_as(tag, severity, &line, clock.wall());
            }
            if let Some(lost) = sink.take_lost() {
                let what =
                    Plain::from(format!("log: it took no lines for a while, {lost} are lost").as_str());
                let event = Event { id: id.clone(), peer: *peer, what: What::Error { what } };
                sink.write(Severity::LOG_ERR, &event, clock.wall());
            }
        }
    });
}

/// Names a connection: no two processes have the same number at the same microsecond.
fn id(wall: DateTime<FixedOffset>) -> Plain {
    let micros = u64::try_from(wall.timestamp_micros()).unwrap_or_default();
    Plain::from(format!("{}{}", base36(micros), base36(u64::from(std::process::id()))).as_str())
}

fn base36(mut number: u64) -> String {
    let mut digits = Vec::new();
    while number > 0 || digits.is_empty() {
        let digit = u32::try_from(number % 36).unwrap_or(0);
        digits.push(char::from_digit(digit, 36).unwrap_or('0'));
        number /= 36;
    }
    digits.iter().rev().collect()
}

/// Logs a panic and the `end` that it cuts off, and exits without a word to the peer.
fn last_words(panic: &PanicHookInfo<'_>) {
    let clock = booked_clock();
    let progress = PROGRESS.get();
    error(&clock, panic.to_string().replace('\n', ": "));
    note(
        &clock,
        Ended {
            held: Seconds::new(progress.held),
            bytes_in: progress.bytes_in,
            bytes_out: progress.bytes_out,
            stage: progress.stage.into(),
            reason: Reason::Error,
            kind: Kind::Unknown,
            evidence: Plain::default(),
            gaveup: None,
            waited: None,
            profile: Plain::default(),
            totals: Totals::default(),
            unlogged: None,
        }
        .into(),
    );
    std::process::exit(i32::from(WRONG));
}
