//! A real rsyslogd with the shipped rules, in which only the path of the file is changed.

use std::fs::File;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use super::log::Line;
use super::{Dir, Process, bytes_of, need, shipped, until};

/// A running rsyslogd; it ends when this is dropped.
pub struct Rsyslog {
    /// Where the programs write to.
    pub socket: PathBuf,
    /// What `contrib/rsyslog/sundew.conf` keeps.
    pub file: PathBuf,
    _process: Process,
    _dir: Dir,
}

impl Rsyslog {
    /// Starts it, and returns when it listens.
    pub fn start() -> Self {
        Self::with("")
    }

    /// The same with more rules behind the shipped ones.
    pub fn with(more: &str) -> Self {
        let dir = Dir::new();
        let (socket, file) = (dir.path("syslog"), dir.path("sundew.log"));
        let rules = shipped("contrib/rsyslog/sundew.conf");
        assert!(rules.contains("/var/log/sundew.log"));
        let config = format!(
            "global(workDirectory={:?})\n\
             module(load=\"imuxsock\" SysSock.Use=\"off\")\n\
             input(type=\"imuxsock\" Socket={socket:?} RateLimit.Interval=\"0\")\n{}\n{more}\n",
            dir.path(""),
            rules.replace("/var/log/sundew.log", file.to_str().unwrap())
        );
        let config = dir.write("rsyslog.conf", config);
        let process = Process::start(
            Command::new(need("rsyslogd"))
                .args(["-n", "-f"])
                .arg(config)
                .arg("-i")
                .arg(dir.path("rsyslog.pid"))
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(File::create(dir.path("stderr")).unwrap()),
        );
        until("rsyslogd listens", || socket.exists().then_some(()));
        Rsyslog { socket, file, _process: process, _dir: dir }
    }

    /// The lines that are there by now and whole.
    pub fn lines(&self) -> Vec<Line> {
        let bytes = bytes_of(&self.file);
        let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        bytes[..whole].split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).map(Line::new).collect()
    }
}
