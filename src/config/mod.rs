//! Flags and `/etc/sundew.toml`, one definition.
//!
//! Every option is a field of a clap struct, and its doc comment is the manual. The file's keys become
//! flags of the same name, which are put before those of the command line; clap then parses the whole
//! once. A key that the command line gives itself is left out of the file's share, so flags win, for
//! lists too.
//!
//! Nothing in here prints or exits: under a super-server fds 0 to 2 are the peer. The caller gets
//! what to run, or a text for the operator, or one line that says what is wrong and where.

use std::ffi::{OsStr, OsString};
use std::fmt::{self, Display};
use std::path::{Path, PathBuf};

mod blame;
mod check;
mod common;
pub mod file;
pub mod manpage;
mod near;
mod network;
mod profile;
mod report;
mod season;
mod smtarpit;
mod sundew;
mod superserver;
mod tarpop;
mod value;

pub use blame::{Origins, explain};
pub use check::toml;
pub use common::{Common, Facility, User};
pub use near::hint;
pub use network::Network;
pub use profile::{Options, Profile};
pub use report::{Command, Format, ListArgs, PeriodOptions, Report, When, Word};
pub use smtarpit::{Pacing, Smtarpit};
pub use sundew::{Colour, Command as SundewCommand, Server, Sundew, WebPacing};
pub use tarpop::{LogLike, Pop3Pacing, Tarpop};
pub use value::nodename;
pub use value::word;

/// Where the configuration is when nobody says otherwise.
pub const FILE: &str = "/etc/sundew.toml";

/// The environment variable that names the configuration, for those who use envdir.
pub const VARIABLE: &str = "SUNDEW_CONFIG";

/// The tables that the file may have: one for each program of the suite.
pub const TABLES: &[&str] = &["smtarpit", "tarpop", "sundew", "report"];

/// The options that cannot be keys of the file, since they are about the file or about this run only.
pub const NOT_KEYS: &[&str] = &[
    "config", "check", "help", "version", "files", "now", "period", "from", "to", "last", "week", "output",
    "unparsed",
];

/// The options that are tables of their own.
const IN_TABLES: &[&str] = &["profile", "season"];

/// The options of one program.
pub trait Program: clap::Parser {
    /// Its table in the file, one of [`TABLES`].
    const TABLE: &'static str;
    /// Its lock directory when none is given; empty for a program that takes no slots.
    const LOCK_DIR: &'static str;
    /// Which options may also stand behind a command, if the program has commands.
    const BEHIND_COMMANDS: &'static [&'static str] = &[];

    /// Looks for values that do not go together.
    fn fit(&self, origins: &Origins) -> Result<(), Failure>;
    /// The value, as TOML, of a key that is not set and has no default but follows from another, and
    /// from which.
    fn implied(&self, key: &str) -> Option<(String, &'static str)>;
    /// What `--check` should tell of the super-servers of a machine, whose files are below `root`.
    fn under(&self, _root: &Path) -> Vec<String> {
        Vec::new()
    }
    /// What `--check` should warn about: each one a sentence without a full stop, after a key.
    fn warnings(&self) -> Vec<String>;
}

/// What the operator asked for.
#[derive(Debug, PartialEq)]
pub enum Asked<P> {
    /// To run with these options.
    Run(P),
    /// To read this: the help, the version or the result of `--check`.
    Text(String),
}

/// Why there is no configuration: a line for each thing that is wrong, for the operator, never for the peer.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Failure(Vec<String>);

impl Failure {
    /// One thing is wrong. Control characters are escaped, so that the text stays one line.
    pub fn new(text: impl Display) -> Self {
        let mut line = String::new();
        for c in text.to_string().chars() {
            match c.is_control() {
                true => line.extend(c.escape_debug()),
                false => line.push(c),
            }
        }
        Failure(vec![line])
    }

    /// All that is wrong together, if anything is.
    pub fn all(found: impl IntoIterator<Item = Result<(), Failure>>) -> Result<(), Failure> {
        let lines: Vec<String> =
            found.into_iter().filter_map(Result::err).flat_map(|failure| failure.0).collect();
        if lines.is_empty() { Ok(()) } else { Err(Failure(lines)) }
    }

    /// Each thing that is wrong.
    pub fn lines(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }
}

impl Display for Failure {
    /// On one line, as the log has it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("; "))
    }
}

impl std::error::Error for Failure {}

/// Flags that every program has and that cannot stand in the file.
#[derive(Debug, Clone, PartialEq, Default, clap::Args)]
#[command(next_help_heading = "Options for this run only")]
pub struct Invocation {
    /// Read the configuration from this file
    ///
    /// Without this flag the file is the one that the environment variable SUNDEW_CONFIG names, else
    /// /etc/sundew.toml if there is one. A file that is named must be there.
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,

    /// Print the effective configuration and exit
    ///
    /// The output is a valid sundew.toml; comments say where each value comes from, how often the
    /// super-servers of this machine start the program, if they do, and what will not work here. Run it before
    /// reloading the super-server.
    #[arg(long)]
    pub check: bool,
}

/// Reads the command line, `args[0]` being the program's name, and the file that it or the
/// environment names.
pub fn load<P: Program>(args: impl IntoIterator<Item = OsString>) -> Result<Asked<P>, Failure> {
    let args: Vec<OsString> = args.into_iter().collect();
    let own = Given::by(&args);
    if own.wants_text {
        return settle(&args, None);
    }
    let variable = std::env::var_os(VARIABLE).filter(|name| !name.is_empty());
    let named = own.config.map(PathBuf::from).or(variable.map(PathBuf::from));
    let path = named.as_deref().unwrap_or(Path::new(FILE));
    match (file::load(path)?, &named) {
        (Some(text), _) => settle_on(&args, Some((path, &text)), Some(Path::new("/"))),
        (None, None) => settle_on(&args, None, Some(Path::new("/"))),
        (None, Some(_)) => Err(Failure::new(format_args!("{}: there is no such file", path.display()))),
    }
}

/// The same with the file already read, its name for messages and its text, and whatever the machine is like.
pub fn settle<P: Program>(args: &[OsString], file: Option<(&Path, &str)>) -> Result<Asked<P>, Failure> {
    settle_on(args, file, None)
}

/// The same on the machine whose files are below `root`, if there is one.
fn settle_on<P: Program>(
    args: &[OsString],
    file: Option<(&Path, &str)>,
    root: Option<&Path>,
) -> Result<Asked<P>, Failure> {
    let given = Given::by(args);
    let mut command = command::<P>();
    let mut origins = Origins::default();
    let (mut faults, mut is_cut) = (Vec::new(), false);
    let path = file.map_or(Path::new(FILE), |(path, _)| path);
    if let Some((path, text)) = file.filter(|_| !given.wants_text) {
        let mut read = file::read(text, P::TABLE, &command);
        read.settings.retain(|setting| !given.has(&setting.key));
        (faults, is_cut) = (read.faults, read.is_cut);
        origins = Origins::of_file(path, read.settings, read.meant);
    }
    let takes_hostname =
        !given.wants_text && !given.has("hostname") && value::has_option(&command, "hostname");
    origins.given.clone_from(&given.keys);

    // Each round finds one thing that is wrong with the file, and goes on without it.
    let parsed = loop {
        let mut all = Vec::with_capacity(args.len() + 8);
        all.extend(args.first().cloned().or(Some(P::TABLE.into())));
        if takes_hostname && origins.line("hostname").is_none() {
            all.push(format!("--hostname={}", value::nodename()).into());
        }
        all.extend(origins.flags(&command).map(OsString::from));
        all.extend(args.iter().skip(1).cloned());
        let parsed = command.try_get_matches_from_mut(all).and_then(|mut matches| {
            // Taking the values out of the matches is quicker than copying them, and only --check needs both.
            let kept = given.check.then(|| matches.clone());
            Ok((P::from_arg_matches_mut(&mut matches)?, kept))
        });
        match parsed {
            Ok(parsed) => break Ok(parsed),
            Err(error) if !error.use_stderr() => return Ok(Asked::Text(error.render().to_string())),
            Err(error) => match origins.take_out(&error, &command) {
                Some(more) => faults.extend(more),
                None => break Err(explain(&error, &command, args)),
            },
        }
    };
    faults.sort_by_key(|fault| fault.line);
    let fits = match &parsed {
        Ok((program, _)) if !is_cut => program.fit(&origins),
        Ok(_) => Ok(()),
        Err(failure) => Err(failure.clone()),
    };
    let told = faults
        .iter()
        .map(|fault| Err(Failure::new(format_args!("{}:{}: {}", path.display(), fault.line, fault.text))));
    Failure::all(told.chain([fits]))?;
    match parsed? {
        (program, None) => Ok(Asked::Run(program)),
        (program, Some(matches)) => {
            Ok(Asked::Text(check::show(&program, &command, &matches, &origins, root)))
        }
    }
}

/// The definition of a program's options, with the defaults that differ between programs.
pub fn command<P: Program>() -> clap::Command {
    P::command().mut_args(|arg| match arg.get_id().as_str() {
        "lock_dir" => arg.default_value(P::LOCK_DIR),
        id if P::BEHIND_COMMANDS.contains(&id) => arg.global(true),
        _ => arg,
    })
}

/// Whether an option is a key at the top of the file, which every program reads.
pub fn is_common(arg: &clap::Arg) -> bool {
    arg.get_help_heading() == Some(common::HEADING)
}

/// What a glance at the command line tells before it is parsed. No option of ours takes a value that
/// begins with `--`, so whatever begins so is a flag.
#[derive(Default)]
struct Given {
    /// The flags that are there, as keys.
    keys: Vec<String>,
    config: Option<OsString>,
    check: bool,
    /// Help or the version is wanted: the file does not matter, and may be broken.
    wants_text: bool,
}

impl Given {
    fn by(args: &[OsString]) -> Self {
        let mut given = Given::default();
        let mut args = args.iter().skip(1).map(OsString::as_os_str);
        while let Some(arg) = args.next() {
            let Some((flag, value)) = split(arg) else {
                given.wants_text |= arg == "-h" || arg == "-V";
                continue;
            };
            given.wants_text |= flag == "help" || flag == "version";
            given.check |= flag == "check";
            if flag == "config" {
                given.config = value.or_else(|| args.next()).map(OsStr::to_owned);
            }
            given.keys.push(flag.replace('-', "_"));
        }
        given
    }

    fn has(&self, key: &str) -> bool {
        self.keys.iter().any(|given| given == key)
    }
}

/// Splits `--flag=value`; the value may be any bytes, a path for example.
fn split(arg: &OsStr) -> Option<(&str, Option<&OsStr>)> {
    use std::os::unix::ffi::OsStrExt as _;
    let rest = arg.as_bytes().strip_prefix(b"--")?;
    let mut parts = rest.splitn(2, |byte| *byte == b'=');
    let flag = std::str::from_utf8(parts.next()?).ok()?;
    Some((flag, parts.next().map(OsStr::from_bytes)))
}

#[cfg(test)]
mod mistakes;
#[cfg(test)]
mod tests;
