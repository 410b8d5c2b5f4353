//! Which software asks: what the first commands, their order and their speed say about it.
//!
//! Observed, each with a server that refuses every password:
//!
//! | tool | a connection of it |
//! |---|---|
//! | Hydra 9.4 | CAPA and QUIT once; then connections that begin with AUTH, or with USER where no mechanism is offered, each line 0.1 s after the reply |
//! | Medusa 2.2 | STLS first, always; then CAPA (the first time) and USER, PASS |
//! | Ncrack 0.7 | USER and PASS at once, again and again on one connection |
//! | nmap 7.93 | nothing at all; STLS and QUIT; STLS and AUTH NTLM; CAPA and gone |
//! | scripts, Metasploit | USER and PASS once, perhaps after a nap of 0.4 s |
//! | curl 7.88, fetchmail 6.4 | CAPA, one login, then the mail |

use crate::engine::Arrival;
use crate::event::{Kind, Tool};
use std::time::Duration;

/// Ncrack answers within milliseconds, Hydra looks every tenth of a second.
const AT_ONCE: Duration = Duration::from_millis(60);
const A_TENTH: Duration = Duration::from_millis(160);

/// The nap that Metasploit's module takes before it speaks.
const NAP: std::ops::Range<Duration> = Duration::from_millis(350)..Duration::from_millis(700);

/// How many commands are kept: the beginning tells.
const KEPT: usize = 4;

/// The commands that tell something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verb {
    Stls,
    Capa,
    User,
    Pass,
    Apop,
    Auth,
    Ntlm,
    Quit,
    /// STAT, LIST, UIDL, RETR, TOP.
    Mail,
    Tls,
    Other,
}

/// Watches the commands of one conversation.
#[derive(Debug, Clone, Default)]
pub struct Spotter {
    order: Vec<Verb>,
    /// When our last reply was complete.
    replied: Option<Duration>,
    /// The time from our reply to the next command: of the first one, and the longest of the others.
    first: Option<Duration>,
    slowest: Option<Duration>,
    user: Vec<u8>,
    tries: u32,
    /// The password was the user's name.
    same: u32,
    ntlm: bool,
    accepted: bool,
    /// Mail was asked for after a login.
    mail: bool,
    ended: bool,
    /// It was given a list that does not end, after which nobody says anything.
    baited: bool,
}

impl Spotter {
    /// Our reply is complete, at this time since the connection.
    pub fn replied(&mut self, at: Duration) {
        self.replied = Some(at);
    }

    /// A command, or a line of an AUTH exchange.
    pub fn heard(&mut self, line: &[u8], arrival: &Arrival, in_exchange: bool) {
        let reaction = self.replied.take().map(|replied| arrival.last.saturating_sub(replied));
        match (reaction, self.first) {
            (Some(reaction), None) => self.first = Some(reaction),
            (Some(reaction), Some(_)) => self.slowest = self.slowest.max(Some(reaction)),
            (None, _) => {}
        }
        if in_exchange {
            return;
        }
        let (verb, argument) = read(line);
        match verb {
            Verb::User => self.user = argument.iter().copied().take(64).collect(),
            Verb::Pass => self.same += u32::from(!argument.is_empty() && argument == self.user),
            _ => {}
        }
        self.ntlm |= verb == Verb::Ntlm;
        self.mail |= verb == Verb::Mail && self.accepted;
        if self.order.len() < KEPT {
            self.order.push(verb);
        }
    }

    /// A login was tried.
    pub fn tried(&mut self, accepted: bool) {
        self.tries = self.tries.saturating_add(1);
        self.accepted |= accepted;
    }

    /// It is given a list of capabilities that does not end.
    pub fn baited(&mut self) {
        self.baited = true;
    }

    /// The conversation is over: what did not come will not come.
    pub fn ended(&mut self) {
        self.ended = true;
    }

    /// Whether the list of capabilities was the first thing asked for.
    pub fn capa_first(&self) -> bool {
        self.order.as_slice() == [Verb::Capa]
    }

    /// The tool, as far as it is known by now.
    pub fn tool(&self, kind: Kind) -> Tool {
        let slowest = self.slowest.or(self.first).unwrap_or(Duration::MAX);
        match self.order.as_slice() {
            _ if kind == Kind::Human => Tool::Person,
            _ if self.ntlm => Tool::Nmap,
            _ if self.mail => Tool::Mail,
            [Verb::Stls, Verb::Capa | Verb::User | Verb::Auth, ..] => Tool::Medusa,
            [Verb::Stls, Verb::Quit] => Tool::Nmap,
            [Verb::Stls] | [Verb::Capa] if self.ended && !self.baited => Tool::Nmap,
            [Verb::Capa, Verb::Quit] => Tool::Hydra,
            [Verb::Capa, ..] if self.tries == 1 && self.ended => Tool::Mail,
            [Verb::Auth, ..] if self.tries > 0 || slowest < A_TENTH => Tool::Hydra,
            [Verb::User, Verb::Pass, Verb::User, ..] if slowest < AT_ONCE => Tool::Ncrack,
            [Verb::User, Verb::Pass, Verb::User, ..] if slowest < A_TENTH => Tool::Hydra,
            [Verb::User, ..] if self.first.is_some_and(|first| NAP.contains(&first)) => Tool::Script,
            [Verb::User, Verb::Pass] | [Verb::User, Verb::Pass, Verb::Quit] if self.ended => Tool::Script,
            _ => Tool::Unknown,
        }
    }

    /// What the conclusion rests on: words with commas between them, in the manner of
    /// [`crate::kind::Watch::evidence`].
    pub fn evidence(&self) -> String {
        let is = |verbs: &[Verb]| self.order.starts_with(verbs);
        let words = [
            ("tls", is(&[Verb::Tls])),
            ("stls-first", is(&[Verb::Stls])),
            ("capa-quit", is(&[Verb::Capa, Verb::Quit])),
            ("capa-first", is(&[Verb::Capa]) && !is(&[Verb::Capa, Verb::Quit])),
            ("user-first", is(&[Verb::User])),
            ("auth-first", is(&[Verb::Auth])),
            ("apop", self.order.contains(&Verb::Apop)),
            ("ntlm", self.ntlm),
            ("same", self.same > 0),
        ];
        let seen: Vec<_> = words.iter().filter(|(_, seen)| *seen).map(|(word, _)| *word).collect();
        seen.join(",")
    }
}

fn read(line: &[u8]) -> (Verb, &[u8]) {
    let end = line.iter().position(|&b| b == b' ').unwrap_or(line.len());
    let (word, rest) = line.split_at(end);
    let argument = rest.strip_prefix(b" ").unwrap_or(rest);
    let verb = match word.to_ascii_uppercase().as_slice() {
        b"STLS" => Verb::Stls,
        b"CAPA" => Verb::Capa,
        b"USER" => Verb::User,
        b"PASS" => Verb::Pass,
        b"APOP" => Verb::Apop,
        b"AUTH" if argument.get(..4).is_some_and(|name| name.eq_ignore_ascii_case(b"NTLM")) => Verb::Ntlm,
        b"AUTH" => Verb::Auth,
        b"QUIT" => Verb::Quit,
        b"STAT" | b"LIST" | b"UIDL" | b"RETR" | b"TOP" => Verb::Mail,
        _ if line.starts_with(b"\x16\x03") => Verb::Tls,
        _ => Verb::Other,
    };
    (verb, argument)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A conversation: what came how many milliseconds after our reply; `!` is a refused login.
    fn spot(lines: &[(&str, u64)], ended: bool) -> Spotter {
        let mut spotter = Spotter::default();
        let mut now = Duration::from_secs(1);
        spotter.replied(now);
        for (line, pause) in lines {
            now += Duration::from_millis(*pause);
            let exchange = line.starts_with('=');
            spotter.heard(line.as_bytes(), &Arrival { last: now, ..Arrival::default() }, exchange);
            if line.starts_with("PASS") || exchange {
                spotter.tried(line.ends_with("right"));
            }
            now += Duration::from_secs(17);
            spotter.replied(now);
        }
        if ended {
            spotter.ended();
        }
        spotter
    }

    fn tool(lines: &[(&str, u64)], ended: bool) -> Tool {
        spot(lines, ended).tool(Kind::Program)
    }

    #[test]
    fn tools_are_told_by_how_they_begin() {
        for (lines, seen) in [
            (&[("CAPA", 101), ("QUIT", 101)][..], Tool::Hydra),
            (&[("AUTH LOGIN", 101), ("=Ym9i", 100), ("=cHc=", 100)], Tool::Hydra),
            (&[("USER bob", 101), ("PASS a", 100), ("USER bob", 101)], Tool::Hydra),
            (&[("STLS", 1), ("CAPA", 1), ("USER bob", 1), ("PASS a", 1)], Tool::Medusa),
            (&[("STLS", 1), ("USER bob", 1), ("PASS b", 1)], Tool::Medusa),
            (&[("USER bob", 1), ("PASS a", 1), ("USER bob", 10), ("PASS b", 1)], Tool::Ncrack),
            (&[("STLS", 1), ("QUIT", 1)], Tool::Nmap),
            (&[("STLS", 1), ("AUTH NTLM", 1), ("TlRM", 1)], Tool::Nmap),
            (&[("CAPA", 1)], Tool::Nmap),
            (&[("USER bob", 410), ("PASS a", 1)], Tool::Script),
            (&[("USER bob", 1), ("PASS a", 1)], Tool::Script),
            (&[("CAPA", 1), ("USER bob", 1), ("PASS right", 1), ("STAT", 1)], Tool::Mail),
            (&[("USER bob", 1), ("PASS right", 1), ("LIST", 1)], Tool::Mail),
            (&[("CAPA", 1), ("USER bob", 1), ("PASS a", 1), ("QUIT", 1)], Tool::Mail),
            (&[("GET / HTTP/1.0", 1)], Tool::Unknown),
            (&[], Tool::Unknown),
        ] {
            assert_eq!(tool(lines, true), seen, "{lines:?}");
        }
    }

    #[test]
    fn nothing_is_concluded_from_what_may_still_come() {
        assert_eq!(tool(&[("CAPA", 1)], false), Tool::Unknown);
        assert_eq!(tool(&[("STLS", 1)], false), Tool::Unknown);
        assert_eq!(tool(&[("USER bob", 1), ("PASS a", 1)], false), Tool::Unknown);
        assert!(spot(&[("CAPA", 1)], false).capa_first());
        assert!(!spot(&[("STLS", 1), ("CAPA", 1)], false).capa_first());
    }

    #[test]
    fn who_waits_for_the_end_of_a_list_may_be_anybody() {
        let mut spotter = spot(&[("CAPA", 1)], false);
        spotter.baited();
        spotter.ended();
        assert_eq!(spotter.tool(Kind::Program), Tool::Unknown);
    }

    #[test]
    fn a_person_is_a_person_whatever_is_typed() {
        let spotter = spot(&[("USER bob", 3000), ("PASS a", 4000)], true);
        assert_eq!(spotter.tool(Kind::Human), Tool::Person);
    }

    #[test]
    fn the_evidence_names_the_order_and_the_lazy_guess() {
        let evidence = |lines| spot(lines, true).evidence();
        assert_eq!(evidence(&[("STLS", 1), ("USER bob", 1), ("PASS bob", 1)]), "stls-first,same");
        assert_eq!(evidence(&[("CAPA", 1), ("QUIT", 1)]), "capa-quit");
        assert_eq!(evidence(&[("APOP bob 00", 1)]), "apop");
        assert_eq!(evidence(&[("\x16\x03\x01", 1)]), "tls");
        assert_eq!(evidence(&[("USER ", 1), ("PASS ", 1)]), "user-first");
    }

    #[test]
    fn a_million_commands_take_no_more_room_than_four() {
        let mut spotter = Spotter::default();
        for _ in 0..1_000_000 {
            spotter.heard(&[b'x'; 100], &Arrival::default(), false);
        }
        assert_eq!(spotter.order.len(), KEPT);
    }
}
