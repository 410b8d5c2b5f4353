//! The services that can be offered, and the program behind each.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use toml::de::{DeTable, DeValue};

use super::Failure;
use crate::privileges;

/// A service of the suite.
#[derive(Debug)]
pub struct Service {
    /// As `--listen` calls it.
    pub name: &'static str,
    /// The program that has one conversation, beside `tarpit-run`.
    pub program: &'static str,
    /// The port on loopback when nothing else is asked for.
    pub port: u16,
    /// Commands to try; `{host}`, `{port}`, `{server}` and `{domain}` are filled in.
    pub tries: &'static [&'static str],
}

/// Every service, in the order in which they are offered.
pub const SERVICES: &[Service] = &[
    Service {
        name: "smtp",
        program: "smtarpit",
        port: 2525,
        tries: &["telnet {host} {port}", "swaks --server {server} --to someone@{domain}"],
    },
    Service {
        name: "pop3",
        program: "tarpop",
        port: 1110,
        tries: &["telnet {host} {port}", "curl --user someone:secret pop3://{server}/"],
    },
    Service {
        name: "http",
        program: "sundew",
        port: 8025,
        tries: &["curl http://{server}/", "wget --mirror --no-host-directories http://{server}/"],
    },
];

/// A program that is ready to be started.
#[derive(Debug)]
pub struct Program {
    pub service: &'static Service,
    pub path: PathBuf,
    pub args: Vec<OsString>,
    pub settings: Settings,
}

/// What `tarpit-run` must know of a program's settings, as its `--check` prints them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    pub slots: u32,
    pub total: u32,
    pub lock_dir: Option<PathBuf>,
    pub domain: Option<String>,
    /// Whom the program becomes.
    pub user: Option<String>,
}

impl Program {
    /// Finds the program and asks it whether it can work with these arguments. A wrong
    /// configuration is told now, not to every peer anew.
    ///
    /// # Errors
    /// [`Failure::Missing`], [`Failure::Start`] or [`Failure::Refuses`].
    pub fn find(
        service: &'static Service,
        chosen: Option<&Path>,
        args: Vec<OsString>,
    ) -> Result<Program, Failure> {
        let path = match chosen {
            Some(path) => path.to_owned(),
            None => std::env::current_exe()
                .map_err(|error| Failure::System("find my own program", error))?
                .with_file_name(service.program),
        };
        let checked = Command::new(&path).arg("--check").args(&args).stdin(Stdio::null()).output().map_err(
            |error| match error.kind() {
                io::ErrorKind::NotFound if chosen.is_none() => Failure::Missing(path.clone()),
                _ => Failure::Start(path.clone(), error),
            },
        )?;
        if !checked.status.success() {
            let said = String::from_utf8_lossy(&checked.stderr).trim().to_owned();
            return Err(Failure::Refuses(path, said));
        }
        let printed = String::from_utf8_lossy(&checked.stdout);
        let settings = Settings::read(&printed, service.program)
            .ok_or_else(|| Failure::Refuses(path.clone(), "--check prints no settings".into()))?;
        Ok(Program { service, path, args, settings })
    }

    /// The most processes of this program at once. Five above the program's own total are started
    /// only to be told, in the log and by a closed connection, that they are too many.
    pub fn most(&self) -> usize {
        usize::try_from(self.settings.total).map_or(usize::MAX, |total| total.saturating_add(5))
    }

    /// Has the programs count their connections there, whatever their arguments said before.
    pub fn use_lock_dir(&mut self, dir: &Path) {
        let mut before = std::mem::take(&mut self.args).into_iter();
        while let Some(arg) = before.next() {
            if arg == LOCK_DIR {
                before.next();
            } else if !is_lock_dir(&arg) {
                self.args.push(arg);
            }
        }
        self.args.extend([LOCK_DIR.into(), dir.into()]);
    }

    /// Has the programs become somebody, if nobody has chosen whom: they serve nobody as root. They do so by
    /// themselves, when they have opened what is root's; their file may be in a directory that is closed to
    /// everybody else.
    pub fn leave_root(&mut self) {
        if self.settings.user.is_none() {
            self.args.extend(["--user".into(), privileges::harmless().into()]);
        }
    }

    /// Whether the programs would count their connections where the system's own services do, for
    /// want of a directory of their own.
    pub fn needs_lock_dir(&self) -> bool {
        let usual = Path::new("/run/sundew").join(self.service.program);
        !self.args.iter().any(is_lock_dir) && self.settings.lock_dir.as_ref().is_none_or(|dir| *dir == usual)
    }
}

/// The option of every program that says where it counts its connections.
const LOCK_DIR: &str = "--lock-dir";

fn is_lock_dir(arg: &OsString) -> bool {
    let value = arg.as_encoded_bytes().strip_prefix(LOCK_DIR.as_bytes());
    value.is_some_and(|value| value.is_empty() || value.starts_with(b"="))
}

impl Settings {
    /// Reads the effective configuration; the program's own table goes before the common keys.
    fn read(printed: &str, program: &str) -> Option<Settings> {
        let parsed = DeTable::parse(printed).ok()?;
        let common = parsed.get_ref();
        let own = common.get(program).and_then(|table| table.get_ref().as_table());
        let find = |key: &str| -> Option<&DeValue<'_>> {
            let value = own.and_then(|table| table.get(key)).or_else(|| common.get(key))?;
            Some(value.get_ref())
        };
        let number = |key: &str| find(key)?.as_integer()?.to_string().parse::<u32>().ok();
        Some(Settings {
            slots: number("slots")?,
            total: number("total")?,
            lock_dir: find("lock_dir").and_then(DeValue::as_str).map(PathBuf::from),
            domain: find("domains")
                .and_then(|domains| domains.as_array()?.first()?.get_ref().as_str())
                .map(str::to_owned),
            user: find("user").and_then(DeValue::as_str).map(str::to_owned),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_read_from_what_check_prints() {
        let printed = "slots = 35\ntotal = 40\ndomains = [\"pit.example\", \"b.example\"]\n\
                       lock_dir = \"/run/sundew/smtarpit\"\n[smtarpit]\nslots = 3\n";
        let settings = Settings::read(printed, "smtarpit").unwrap();
        assert_eq!(
            settings,
            Settings {
                slots: 3,
                total: 40,
                lock_dir: Some("/run/sundew/smtarpit".into()),
                domain: Some("pit.example".into()),
                user: None,
            }
        );
    }

    #[test]
    fn what_is_no_configuration_gives_no_settings() {
        for printed in ["", "hello", "slots = -1\ntotal = 5", "slots = \"3\"\ntotal = 5"] {
            assert_eq!(Settings::read(printed, "smtarpit"), None, "{printed}");
        }
    }

    #[test]
    fn only_the_usual_lock_directory_is_replaced() {
        let with = |dir: Option<&str>| Program {
            service: &SERVICES[0],
            path: PathBuf::new(),
            args: Vec::new(),
            settings: Settings {
                slots: 1,
                total: 1,
                lock_dir: dir.map(PathBuf::from),
                domain: None,
                user: None,
            },
        };
        assert!(with(None).needs_lock_dir());
        assert!(with(Some("/run/sundew/smtarpit")).needs_lock_dir());
        assert!(!with(Some("/srv/locks")).needs_lock_dir());
        let mut chosen = with(Some("/run/sundew/smtarpit"));
        chosen.args = vec!["--lock-dir=/run/sundew/smtarpit".into()];
        assert!(!chosen.needs_lock_dir());
        for before in [&["--lock-dir", "/a", "--slots", "3"][..], &["--lock-dir=/a", "--slots", "3"]] {
            chosen.args = before.iter().map(OsString::from).collect();
            chosen.use_lock_dir(Path::new("/b"));
            assert_eq!(chosen.args, ["--slots", "3", "--lock-dir", "/b"]);
        }
    }
}
