//! What the super-servers of this machine will do with a program, as their own files say it.
//!
//! For `--check` only: a limit of ours that differs from the super-server's is no mistake, but seldom meant.
//! What cannot be read or understood is not there.

use std::fmt::{self, Display};
use std::fs;
use std::path::{Path, PathBuf};

/// A super-server's file that has a program started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Started {
    by: By,
    file: PathBuf,
    /// How many of the program it starts at once; `None` is any number.
    most: Option<u32>,
    as_root: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum By {
    Xinetd,
    Tcpserver,
    Systemd,
    Inetd,
}

impl By {
    fn name(self) -> &'static str {
        match self {
            By::Xinetd => "xinetd",
            By::Tcpserver => "tcpserver",
            By::Systemd => "systemd",
            By::Inetd => "inetd",
        }
    }

    /// What becomes of those for whom it starts nothing.
    fn others(self) -> &'static str {
        match self {
            By::Tcpserver => "the others wait",
            _ => "the others are closed without a word",
        }
    }
}

impl Display for Started {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (by, file) = (self.by.name(), self.file.display());
        match self.most {
            Some(most) => write!(f, "{by} starts up to {most} at once, {}, see {file}", self.by.others()),
            None => write!(f, "{by} starts any number at once, so total alone is the limit, see {file}"),
        }
    }
}

impl Started {
    /// What does not go together with our own settings.
    pub(super) fn warnings(&self, total: u32, has_user: bool) -> Vec<String> {
        let (by, file) = (self.by.name(), self.file.display());
        let mut warnings = Vec::new();
        match self.most {
            Some(most) if most < total => warnings.push(format!(
                "total: {total}, but {by} starts {most} at most, and {}, see {file}",
                self.by.others()
            )),
            Some(most) if most > total => warnings.push(format!(
                "total: {total}, but {by} starts up to {most}, and those above {total} are closed without a \
                 word, see {file}"
            )),
            _ => {}
        }
        if self.as_root && !has_user {
            warnings.push(format!("user: none, but {by} starts it as root, so it serves nobody, see {file}"));
        }
        warnings
    }
}

/// Finds what starts a program in the usual places below `root`.
pub(super) fn installed(root: &Path, program: &str) -> Vec<Started> {
    let mut all = xinetd(root, program);
    all.extend(tcpserver(root, program));
    all.extend(systemd(root, program));
    all.extend(inetd(root, program));
    all
}

/// The text of a file that a machine's administrator has written; empty if it is none.
fn read(path: &Path) -> String {
    let is_file = fs::metadata(path).is_ok_and(|about| about.is_file());
    is_file.then(|| fs::read_to_string(path).ok()).flatten().unwrap_or_default()
}

/// What is in a directory, by name.
fn within(dir: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(dir).into_iter().flatten();
    let mut paths: Vec<_> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    paths.sort();
    paths
}

/// Whether a word is the program, with or without a path.
fn is_program(word: &str, program: &str) -> bool {
    word.rsplit('/').next() == Some(program)
}

/// The last value of a key, where a line is `key = value`.
fn value<'t>(lines: &[&'t str], key: &str) -> Option<&'t str> {
    let mut pairs = lines.iter().rev().filter_map(|line| line.split_once('='));
    let pair = pairs.find(|(name, _)| name.trim_end_matches(['+', '-']).trim() == key);
    pair.map(|(_, value)| value.trim())
}

/// xinetd.conf(5): services in braces, and defaults.
fn xinetd(root: &Path, program: &str) -> Vec<Started> {
    let defaults = read(&root.join("etc/xinetd.conf"));
    let defaults = blocks(&defaults).into_iter().find(|(head, _)| head.trim() == "defaults");
    let default = defaults.and_then(|(_, lines)| value(&lines, "instances").map(str::to_owned));
    let mut all = Vec::new();
    for file in within(&root.join("etc/xinetd.d")) {
        for (_, lines) in blocks(&read(&file)) {
            let started = value(&lines, "server").is_some_and(|path| is_program(path, program));
            if started && value(&lines, "disable") != Some("yes") {
                let most = value(&lines, "instances").or(default.as_deref());
                let as_root = value(&lines, "user").is_none_or(|user| user == "root" || user == "0");
                let most = most.and_then(|most| most.parse().ok());
                all.push(Started { by: By::Xinetd, file: file.clone(), most, as_root });
            }
        }
    }
    all
}

/// What stands before each brace, and the lines in it.
fn blocks(text: &str) -> Vec<(&str, Vec<&str>)> {
    let mut all: Vec<(&str, Vec<&str>)> = Vec::new();
    let (mut head, mut inside) = ("", false);
    for line in text.lines().map(str::trim).filter(|line| !line.starts_with('#') && !line.is_empty()) {
        match line {
            "{" => {
                all.push((head, Vec::new()));
                inside = true;
            }
            "}" => inside = false,
            _ if inside => all.last_mut().into_iter().for_each(|(_, lines)| lines.push(line)),
            _ => head = line.trim_end_matches('{').trim(),
        }
        if !inside && line.ends_with('{') {
            all.push((head, Vec::new()));
            inside = true;
        }
    }
    all
}

/// The `run` scripts of daemontools and runit.
fn tcpserver(root: &Path, program: &str) -> Vec<Started> {
    let mut all = Vec::new();
    for services in ["etc/service", "service", "var/service"] {
        for file in within(&root.join(services)).into_iter().map(|dir| dir.join("run")) {
            let text = read(&file);
            let code = text.lines().filter(|line| !line.trim_start().starts_with('#'));
            let words: Vec<&str> = code.flat_map(str::split_whitespace).collect();
            let Some(at) = words.iter().position(|word| is_program(word, "tcpserver")) else { continue };
            let (before, options) = words.split_at(at);
            let Some(end) = options.iter().position(|word| is_program(word, program)) else { continue };
            let options = &options[..end];
            let limit = options.iter().enumerate().find_map(|(at, word)| match word.strip_prefix("-c")? {
                "" => options.get(at + 1).copied(),
                number => Some(number),
            });
            let most = limit.map_or(Some(40), |limit| limit.parse().ok());
            let becomes = options.iter().any(|word| word.starts_with("-u") || *word == "-U")
                || before.iter().any(|word| is_program(word, "setuidgid") || is_program(word, "chpst"));
            all.push(Started { by: By::Tcpserver, file, most, as_root: !becomes });
        }
    }
    // The directories may be one, by links.
    all.dedup_by_key(|started| started.file.canonicalize().ok());
    all
}

/// systemd.socket(5): a socket that accepts, and the template of its service.
fn systemd(root: &Path, program: &str) -> Vec<Started> {
    const DIRS: [&str; 4] = [
        "etc/systemd/system",
        "usr/local/lib/systemd/system",
        "usr/lib/systemd/system",
        "lib/systemd/system",
    ];
    // The first directory that has a unit wins, and what stands beside it in name.d comes after.
    let unit = |name: &str| {
        let dirs = || DIRS.iter().map(|dir| root.join(dir));
        let file = dirs().map(|dir| dir.join(name)).find(|path| path.is_file())?;
        let more = dirs().rev().flat_map(|dir| within(&dir.join(format!("{name}.d"))));
        let text = more.fold(read(&file), |text, part| text + "\n" + &read(&part));
        Some((file, text))
    };
    let names = DIRS.iter().flat_map(|dir| within(&root.join(dir)));
    let names =
        names.filter_map(|path| Some(path.file_name()?.to_str()?.strip_suffix("@.service")?.to_owned()));
    let names: std::collections::BTreeSet<String> = names.collect();
    let mut all = Vec::new();
    for name in names {
        let (Some((_, service)), Some((file, socket))) =
            (unit(&format!("{name}@.service")), unit(&format!("{name}.socket")))
        else {
            continue;
        };
        let (service, socket): (Vec<_>, Vec<_>) = (service.lines().collect(), socket.lines().collect());
        let command = value(&service, "ExecStart").and_then(|command| command.split_whitespace().next());
        if command.is_some_and(|path| is_program(path.trim_start_matches(['-', '+', '!', '@', ':']), program))
        {
            // 64 is systemd's own default.
            let most = value(&socket, "MaxConnections").map_or(Some(64), |most| most.parse().ok());
            let user = value(&service, "User").filter(|user| !user.is_empty());
            let dynamic =
                value(&service, "DynamicUser").is_some_and(|word| matches!(word, "yes" | "true" | "1"));
            let as_root = !dynamic && user.is_none_or(|user| user == "root" || user == "0");
            all.push(Started { by: By::Systemd, file, most, as_root });
        }
    }
    all
}

/// inetd.conf(5): one line for each service.
fn inetd(root: &Path, program: &str) -> Vec<Started> {
    let file = root.join("etc/inetd.conf");
    let text = read(&file);
    let lines = text.lines().filter(|line| !line.trim_start().starts_with('#'));
    let lines = lines.map(|line| line.split_whitespace().collect::<Vec<_>>());
    let mut all = Vec::new();
    for words in lines {
        if let [_, _, _, _, user, server, ..] = words.as_slice()
            && is_program(server, program)
        {
            let as_root = matches!(user.split([':', '.']).next(), Some("root" | "0"));
            all.push(Started { by: By::Inetd, file: file.clone(), most: None, as_root });
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A root directory with these files.
    struct Root(PathBuf);

    impl Root {
        fn with(name: &str, files: &[(&str, String)]) -> Self {
            let root = std::env::temp_dir().join(format!("sundew-superserver-{name}-{}", std::process::id()));
            for (path, text) in files {
                let path = root.join(path);
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(path, text).unwrap();
            }
            Root(root)
        }

        fn told(&self, total: u32, has_user: bool) -> Vec<String> {
            let warnings = |started: &Started| started.warnings(total, has_user);
            let all = installed(&self.0, "smtarpit").iter().flat_map(warnings).collect::<Vec<_>>();
            let root = format!("{}/", self.0.display());
            all.iter().map(|warning| warning.replace(&root, "/")).collect()
        }
    }

    impl Drop for Root {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    fn shipped(path: &str) -> String {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
        fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    /// Every shipped service file where it is installed.
    fn all_of_ours() -> Vec<(&'static str, String)> {
        vec![
            ("etc/xinetd.d/smtarpit", shipped("xinetd.d/smtarpit")),
            ("etc/xinetd.d/tarpop", shipped("xinetd.d/tarpop")),
            ("etc/service/smtarpit/run", shipped("contrib/tcpserver/smtarpit/run")),
            ("etc/service/tarpop/run", shipped("contrib/tcpserver/tarpop/run")),
            ("etc/systemd/system/smtarpit.socket", shipped("contrib/systemd/smtarpit.socket")),
            ("etc/systemd/system/smtarpit@.service", shipped("contrib/systemd/smtarpit@.service")),
            ("etc/inetd.conf", shipped("contrib/inetd.conf")),
        ]
    }

    #[test]
    fn the_shipped_files_agree_with_the_default() {
        let root = Root::with("shipped", &all_of_ours());
        let found: Vec<_> =
            installed(&root.0, "smtarpit").iter().map(|one| (one.by, one.most, one.as_root)).collect();
        assert_eq!(
            found,
            [
                (By::Xinetd, Some(40), false),
                (By::Tcpserver, Some(40), false),
                (By::Systemd, Some(40), false),
                (By::Inetd, None, false),
            ]
        );
        assert_eq!(root.told(40, false), [""; 0]);
        assert!(installed(&root.0, "sundew").iter().all(|one| one.by == By::Inetd));
        let others = "the others are closed without a word";
        assert_eq!(
            root.told(50, false),
            [
                format!("total: 50, but xinetd starts 40 at most, and {others}, see /etc/xinetd.d/smtarpit"),
                "total: 50, but tcpserver starts 40 at most, and the others wait, see /etc/service/smtarpit/run"
                    .into(),
                format!(
                    "total: 50, but systemd starts 40 at most, and {others}, see \
                     /etc/systemd/system/smtarpit.socket"
                ),
            ]
        );
        assert!(
            root.told(30, false)[0].starts_with("total: 30, but xinetd starts up to 40, and those above 30")
        );
    }

    #[test]
    fn what_is_left_out_has_the_super_servers_own_default() {
        let service = "service smtp {\n server = /opt/smtarpit\n}\n";
        let root = Root::with(
            "defaults",
            &[
                ("etc/xinetd.conf", "defaults\n{\n\tinstances = 60\n}\nincludedir /etc/xinetd.d\n".into()),
                (
                    "etc/xinetd.d/mine",
                    format!("{service}service off\n{{\nserver = /opt/smtarpit\ndisable = yes\n}}"),
                ),
                ("service/x/run", "#!/bin/sh\nexec tcpserver -v 0 25 smtarpit --log stderr\n".into()),
                ("usr/lib/systemd/system/x@.service", "[Service]\nExecStart=-/opt/smtarpit\n".into()),
                ("usr/lib/systemd/system/x.socket", "[Socket]\nAccept=yes\nMaxConnections=7\n".into()),
                ("etc/systemd/system/x.socket.d/more.conf", "[Socket]\nMaxConnections=8\n".into()),
                ("etc/inetd.conf", "25 stream tcp nowait root /opt/smtarpit smtarpit\n".into()),
            ],
        );
        let most: Vec<_> = installed(&root.0, "smtarpit").iter().map(|one| one.most).collect();
        assert_eq!(most, [Some(60), Some(40), Some(8), None]);
        let as_root = |told: &[String]| told.iter().filter(|told| told.contains("starts it as root")).count();
        assert_eq!(as_root(&root.told(40, false)), 4);
        assert_eq!(as_root(&root.told(40, true)), 0);
    }

    #[test]
    fn any_bytes_are_taken() {
        let noise =
            "}{\n{\nserver\n= =\nserver = smtarpit\n-c -c tcpserver -c smtarpit {\u{1f600}".to_owned();
        let paths = ["etc/xinetd.d/a", "etc/xinetd.conf", "etc/service/a/run", "etc/inetd.conf"];
        let root = Root::with("noise", &paths.map(|path| (path, noise.clone())));
        fs::write(root.0.join("etc/xinetd.d/b"), [0xff, 0, b'{']).unwrap();
        assert!(installed(&root.0, "smtarpit").len() <= 2);
    }
}
