//! Giving up what a program started as root does not need: the file system and the user id. Root is never
//! what it becomes.
//!
//! Names are looked up in /etc/passwd and /etc/group by reading them. getpwnam(3) would load the
//! name service's shared libraries, which a static program cannot rely on; a honeypot's user is
//! local anyway, and a number needs no look-up.

use crate::config::User;
use nix::unistd::{Gid, Uid, chdir, chroot, geteuid, setgid, setgroups, setuid};
use std::io;
use std::path::Path;

/// Who to become.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ids {
    uid: u32,
    gid: u32,
}

impl Ids {
    /// Looks up a user, and its group or the one that was named.
    pub fn of(user: &User) -> Result<Self, String> {
        let read = |path| std::fs::read_to_string(path).unwrap_or_default();
        Self::among(user, &read("/etc/passwd"), &read("/etc/group"))
    }

    fn among(user: &User, passwd: &str, group: &str) -> Result<Self, String> {
        let entry = passwd.lines().map(fields).find(|entry| entry.first() == Some(&user.name.as_str()));
        let number = |entry: &[&str], at: usize| entry.get(at).and_then(|text| text.parse::<u32>().ok());
        let uid = user.name.parse().ok().or(entry.as_ref().and_then(|entry| number(entry, 2)));
        let uid = uid.ok_or_else(|| format!("there is no user {}", user.name))?;
        let gid = match &user.group {
            Some(name) => name.parse().ok().or_else(|| {
                let mut groups = group.lines().map(fields);
                groups.find(|entry| entry.first() == Some(&name.as_str())).and_then(|entry| number(&entry, 2))
            }),
            None => entry.as_ref().and_then(|entry| number(entry, 3)).or_else(|| {
                let mut users = passwd.lines().map(fields);
                users.find(|entry| number(entry, 2) == Some(uid)).and_then(|entry| number(&entry, 3))
            }),
        };
        match gid {
            Some(gid) if uid == 0 || gid == 0 => Err(format!("{user} is root, or of its group")),
            Some(gid) => Ok(Ids { uid, gid }),
            None => Err(format!("there is no group for {user}")),
        }
    }
}

/// An account for programs that a process of root starts and for which nobody has chosen one.
pub fn harmless() -> &'static str {
    let exists = |name: &&str| name.parse().is_ok_and(|user| Ids::of(&user).is_ok());
    ["sundew", "nobody"].into_iter().find(exists).unwrap_or("65534:65534")
}

/// Whether this process is root and could be somebody else. The root of a user namespace that has no other
/// user is an ordinary user outside of it, and has nothing to give up.
pub fn is_root() -> bool {
    let map = || std::fs::read_to_string("/proc/self/uid_map").unwrap_or_default();
    geteuid().is_root() && !has_one_id(&map())
}

/// Whether a map of user ids, see user_namespaces(7), has a single one.
fn has_one_id(map: &str) -> bool {
    let mut lengths = map.lines().map(|line| line.split_whitespace().nth(2));
    lengths.next() == Some(Some("1")) && lengths.next().is_none()
}

fn fields(line: &str) -> Vec<&str> {
    line.split(':').collect()
}

/// Changes the root directory and becomes the user, in this order and for good. Not being root when
/// either is asked for is an error: a configuration that promises safety must not run without it.
pub fn drop(root: Option<&Path>, ids: Option<Ids>) -> io::Result<()> {
    if root.is_none() && ids.is_none() {
        return Ok(());
    }
    if let Some(ids) = ids
        && root.is_none()
        && geteuid() == Uid::from_raw(ids.uid)
    {
        // The super-server has done it.
        return Ok(());
    }
    if let Some(root) = root {
        chroot(root)?;
        chdir("/")?;
    }
    let Some(ids) = ids else { return Ok(()) };
    let gid = Gid::from_raw(ids.gid);
    setgroups(&[gid])?;
    setgid(gid)?;
    setuid(Uid::from_raw(ids.uid))?;
    match setuid(Uid::from_raw(0)).is_ok() {
        true => Err(io::Error::other("the privileges came back")),
        false => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PASSWD: &str =
        "root:x:0:0:root:/root:/bin/sh\ntoor:x:0:9::/:/bin/sh\nsundew:x:990:991::/:/usr/sbin/nologin\n";
    const GROUP: &str = "root:x:0:\nwheel:x:0:\nsundew:x:991:\nmail:x:8:\n";

    #[test]
    fn names_and_numbers_are_found() {
        for (user, ids) in [
            ("sundew", Some((990, 991))),
            ("sundew:mail", Some((990, 8))),
            ("sundew:12", Some((990, 12))),
            ("990", Some((990, 991))),
            ("7:8", Some((7, 8))),
            ("7", None),
            ("nobody-here", None),
            ("sundew:nothing-here", None),
            ("toor", None),
            ("sundew:wheel", None),
        ] {
            let found = Ids::among(&user.parse().unwrap(), PASSWD, GROUP).ok();
            assert_eq!(found, ids.map(|(uid, gid)| Ids { uid, gid }), "{user}");
        }
    }
    #[test]
    fn one_id_alone_is_nobody_to_fear() {
        for (map, is) in [
            ("         0       1000          1\n", true),
            ("         0          0 4294967295\n", false),
            ("0 1000 1\n1 100000 65536\n", false),
            ("", false),
        ] {
            assert_eq!(has_one_id(map), is, "{map}");
        }
    }
}
