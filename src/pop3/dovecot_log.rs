//! Our logins as Dovecot would log them, for filters that know Dovecot and not us.
//!
//! The lines are those of `pop3-login` in Dovecot 2.3: one when a client leaves, with the number of its
//! wrong passwords. A client that stays for long has one with every `still` event that follows a wrong
//! password too, since whoever is held for a week would otherwise not be noticed before.

use crate::event::{Plain, Reason, Verdict, What};
use crate::peer::Ends;
use std::fmt::Write as _;
use std::time::Duration;

/// The tag of the lines.
pub const TAG: &str = "dovecot";

/// Follows the events of one conversation.
pub struct DovecotLog {
    ends: Ends,
    session: String,
    user: String,
    method: String,
    attempts: u32,
    /// How many of the attempts have been in a line.
    told: u32,
    accepted: bool,
}

impl DovecotLog {
    /// `session` names the connection.
    pub fn new(ends: Ends, session: String) -> Self {
        DovecotLog {
            ends,
            session,
            user: String::new(),
            method: String::new(),
            attempts: 0,
            told: 0,
            accepted: false,
        }
    }

    /// The line that goes with an event, which came this long after the connection.
    pub fn line(&mut self, what: &What, at: Duration) -> Option<String> {
        match what {
            What::Login { user, method, verdict: Verdict::Accept, .. } => {
                self.accepted = true;
                self.tried(user, method);
                Some(format!(
                    "pop3-login: Login: {}, mpid={}{}",
                    self.who(),
                    std::process::id(),
                    self.session()
                ))
            }
            What::Login { user, method, verdict: Verdict::Reject, .. } => {
                self.attempts = self.attempts.saturating_add(1);
                self.tried(user, method);
                None
            }
            What::Still { .. } if self.attempts > self.told => self.failed("Connection closed", at),
            What::End { reason, .. } if self.attempts > self.told => self.failed(ended(*reason), at),
            What::End { reason, .. } if self.attempts == 0 && !self.accepted => Some(format!(
                "pop3-login: Disconnected: {} (no auth attempts in {} secs): {}{}",
                ended(*reason),
                at.as_secs(),
                self.who(),
                self.session()
            )),
            _ => None,
        }
    }

    fn tried(&mut self, user: &Plain, method: &Plain) {
        // The user's name is the one thing in the line that the peer chooses.
        self.user = user.as_str().replace(['<', '>'], "?");
        self.method = match method.as_str() {
            "USER" => "PLAIN".to_owned(),
            other => other.to_owned(),
        };
    }

    fn failed(&mut self, why: &str, at: Duration) -> Option<String> {
        self.told = self.attempts;
        Some(format!(
            "pop3-login: Disconnected: {why} (auth failed, {} attempts in {} secs): {}{}",
            self.attempts,
            at.as_secs(),
            self.who(),
            self.session()
        ))
    }

    fn who(&self) -> String {
        let mut who = format!("user=<{}>", self.user);
        if !self.method.is_empty() {
            let _ = write!(who, ", method={}", self.method);
        }
        for (key, address) in [("rip", self.ends.peer), ("lip", self.ends.local)] {
            if let Some(address) = address {
                let _ = write!(who, ", {key}={address}");
            }
        }
        who
    }

    fn session(&self) -> String {
        format!(", session=<{}>", self.session)
    }
}

fn ended(reason: Reason) -> &'static str {
    match reason {
        Reason::Quit => "Aborted login by logging out",
        Reason::Timeout => "Inactivity",
        Reason::Limit => "Too many invalid commands",
        Reason::Signal => "Shutting down",
        Reason::Hangup | Reason::Ghost | Reason::Refused | Reason::Error => "Connection closed",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Event;

    fn log(lines: &[(&str, u64)]) -> Vec<String> {
        let ends = Ends {
            peer: Some("192.0.2.7".parse().unwrap()),
            local: Some("198.51.100.1".parse().unwrap()),
            ..Ends::default()
        };
        let mut log = DovecotLog::new(ends, "a1".to_owned());
        let lines = lines.iter().filter_map(|(line, at)| {
            let (word, rest) = line.split_once(' ').unwrap();
            let event: Event = format!("{word} id=1 peer=192.0.2.7 {rest}").parse().unwrap();
            log.line(&event.what, Duration::from_secs(*at))
        });
        lines.collect()
    }

    const END: &str =
        "end held=51 in=1 out=2 stage=login reason=hangup kind=program evidence=x profile=day commands=3";

    #[test]
    fn a_guesser_has_one_line_with_all_its_tries() {
        let tried = "login user=bob method=USER verdict=reject";
        assert_eq!(
            log(&[(tried, 17), (tried, 34), ("login user=amy method=LOGIN verdict=reject", 50), (END, 51)]),
            ["pop3-login: Disconnected: Connection closed (auth failed, 3 attempts in 51 secs): \
              user=<amy>, method=LOGIN, rip=192.0.2.7, lip=198.51.100.1, session=<a1>"]
        );
    }

    #[test]
    fn who_stays_is_told_of_while_it_stays() {
        let tried = "login user=bob method=USER verdict=reject";
        let still = "still held=600 stage=login profile=day";
        let lines = log(&[(still, 600), (tried, 700), (still, 1200), (still, 1800), (END, 1900)]);
        assert_eq!(lines.len(), 1, "{lines:?}");
        assert!(lines[0].contains("(auth failed, 1 attempts in 1200 secs)"), "{lines:?}");
    }

    #[test]
    fn others_look_as_they_do_there() {
        assert_eq!(
            log(&[("login user=bob method=USER verdict=accept", 9), (END, 51)]).len(),
            1,
            "who was let in has no failure at the end"
        );
        assert_eq!(
            log(&[(END, 51)]),
            ["pop3-login: Disconnected: Connection closed (no auth attempts in 51 secs): \
              user=<>, rip=192.0.2.7, lip=198.51.100.1, session=<a1>"]
        );
    }

    #[test]
    fn a_name_cannot_speak_for_another_address() {
        let evil = "login user=\"x>, method=PLAIN, rip=203.0.113.1, session=<\" method=USER verdict=reject";
        let lines = log(&[(evil, 1), (END, 2)]);
        assert_eq!(lines[0].matches('<').count(), 2, "{lines:?}");
    }
}
