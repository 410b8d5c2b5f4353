use std::fs;
use std::net::SocketAddr;
use std::os::unix::fs::chown;
use std::path::{Path, PathBuf};

use nix::unistd::User;

use super::{PASSWORD, USER};
use crate::harness::Dir;
use crate::harness::talk::Talk;

/// The mailbox of a server, as one that logs in finds it.
#[derive(Debug, PartialEq, Eq)]
pub struct Mailbox {
    messages: Vec<Message>,
}

#[derive(Debug, PartialEq, Eq)]
struct Message {
    uid: String,
    /// With CR LF, and without the dots that are for the transport only.
    text: String,
}

impl Mailbox {
    /// Fetches everything that is in it.
    pub fn of(server: SocketAddr) -> Self {
        let mut talk = Talk::to(server);
        talk.line();
        for line in [format!("USER {USER}"), format!("PASS {PASSWORD}")] {
            let reply = talk.asks(&line);
            assert!(reply.starts_with("+OK"), "{line}: {reply}");
        }
        let mut messages = Vec::new();
        for (number, line) in (1..).zip(list(&mut talk, "UIDL")) {
            let (nth, uid) = line.split_once(' ').expect("a number and a unique-id");
            assert_eq!(nth, number.to_string());
            messages.push(Message { uid: uid.to_owned(), text: String::new() });
        }
        for (number, message) in (1..).zip(&mut messages) {
            message.text =
                list(&mut talk, &format!("RETR {number}")).iter().map(|line| format!("{line}\r\n")).collect();
        }
        talk.asks("QUIT");
        Mailbox { messages }
    }

    pub fn len(&self) -> usize {
        self.messages.len()
    }

    /// Writes it as a Maildir in a directory of its own that [`ACCOUNT`] may change, in which every
    /// message was seen already. Returns the path and the names of the files in `cur`.
    pub fn write(&self, dir: &Dir) -> (PathBuf, Vec<String>) {
        let path = dir.make("mail/Maildir");
        let name = |at: usize| format!("{}.M1.host:2,S", 1_000_000_000 + at);
        let names: Vec<String> = (0..self.messages.len()).map(name).collect();
        for part in ["cur", "new", "tmp"] {
            fs::create_dir_all(path.join(part)).unwrap();
        }
        for (message, name) in self.messages.iter().zip(&names) {
            // A Maildir has the line ends of the system.
            fs::write(path.join("cur").join(name), message.text.replace("\r\n", "\n")).unwrap();
        }
        (path, names)
    }

    /// The unique-ids, the first message's first.
    pub fn uids(&self) -> impl Iterator<Item = &str> {
        self.messages.iter().map(|message| message.uid.as_str())
    }

    /// The octets of each message.
    pub fn sizes(&self) -> impl Iterator<Item = usize> {
        self.messages.iter().map(|message| message.text.len())
    }
}

/// The account that the mailboxes of the real servers belong to: every Debian has it.
pub fn account() -> User {
    User::from_name("mail").unwrap().expect("the account mail")
}

/// Gives a directory with all that is in it to [`account`].
pub fn give_away(path: &Path) {
    let account = account();
    chown(path, Some(account.uid.as_raw()), Some(account.gid.as_raw())).unwrap();
    if path.is_dir() {
        fs::read_dir(path).unwrap().for_each(|entry| give_away(&entry.unwrap().path()));
    }
}

/// Asks for something that is many lines long, and returns them without their stuffed dots.
fn list(talk: &mut Talk, command: &str) -> Vec<String> {
    let reply = talk.asks(command);
    assert!(reply.starts_with("+OK"), "{command}: {reply}");
    talk.listing().iter().map(|line| line.strip_prefix('.').unwrap_or(line).to_owned()).collect()
}
