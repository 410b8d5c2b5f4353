//! How long POP3 replies wait: the numbers of the tarpit, and the tables that are shipped.
//!
//! Every tool that was tried leaves within seconds when a reply comes byte by byte, and waits for 20 s
//! at least when nothing comes at all. So a reply is silence first, and then one write.

use crate::event::Tool;
use crate::pace::{Range, Steps};
use crate::persona::pop3::Failure;
use std::time::Duration;

/// What decides how long a program waits for the reply to USER, PASS and AUTH.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delay {
    /// The persona: as long as the real server would wait after a wrong password, and no longer.
    Natural,
    /// `login_time`, which every tool bears.
    Sticky,
    /// What the recognised tool bears; as sticky until it is recognised.
    Tool,
}

/// Who gets a list of capabilities that does not end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EndlessCapa {
    /// Who asks for it first and comes from a network that has guessed within a day and found nothing.
    Guessing,
    /// Everyone who asks for it first.
    Always,
    Never,
}

/// The pacing of one profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pacing {
    pub delay: Delay,
    /// How long the connection is silent before the greeting; nmap looks elsewhere after 6 s.
    pub greet_pause: Range,
    /// How long the replies to USER, PASS, APOP and AUTH wait.
    pub login_time: Range,
    /// How long any other reply to a program waits.
    pub reply_time: Range,
    /// How long a person waits for a reply.
    pub human: Range,
    /// The pauses between the pieces of a message; they grow while messages are read.
    pub steps: Steps,
    /// No pause inside of a message is longer.
    pub max_pause: Duration,
    pub endless_capa: EndlessCapa,
    /// The pauses between the lines of a list that does not end; nmap leaves after some 11 s.
    pub capa_pause: Range,
    /// How many bytes and how much time such a list has, before it ends after all.
    pub capa_size: u64,
    pub capa_time: Duration,
}

/// A shipped pacing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// The ordinary one.
    Day,
    /// Each tool is held as long as it bears.
    Night,
    /// The delays of the real server.
    Gentle,
}

/// How long replies to a tool wait: to USER and inside of AUTH, and to the password.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bears {
    pub user: Range,
    pub login: Range,
}

/// Below the 20 s after which Medusa, Ncrack and nmap give up.
const BELOW_20: Range = Range::ms(17_000, 19_000);

/// Ncrack and nmap give up, and then they try the same password again: for ever, or so many times.
const ABOVE_20: Range = Range::ms(21_000, 25_000);

/// Below the 32 s of Hydra.
const BELOW_32: Range = Range::ms(28_000, 31_000);

/// Below the 10 s that sockets wait in the scripts of Metasploit.
const BELOW_10: Range = Range::ms(7_000, 9_000);

/// What a tool bears; `None` where nothing is known.
pub fn bears(tool: Tool) -> Option<Bears> {
    let (user, login) = match tool {
        Tool::Hydra => (BELOW_32, BELOW_32),
        Tool::Medusa => (BELOW_20, BELOW_20),
        Tool::Ncrack | Tool::Nmap => (BELOW_20, ABOVE_20),
        Tool::Script => (BELOW_10, BELOW_10),
        Tool::Unknown | Tool::Person | Tool::Mail => return None,
    };
    Some(Bears { user, login })
}

/// How long the real server lets a peer wait after a wrong password, with so many of them before.
pub fn natural(failure: &Failure, failures: u32) -> Duration {
    let at = usize::try_from(failures).unwrap_or(usize::MAX).min(failure.penalties.len().saturating_sub(1));
    failure.pause + failure.penalties.get(at).copied().unwrap_or_default()
}

const MINUTE: Duration = Duration::from_secs(60);
const TEN_MINUTES: Duration = Duration::from_secs(600);
const HOUR: Duration = Duration::from_secs(3600);

/// Like a slow line at first; who stays for the whole mailbox stays for days.
const MAIL: Steps = Steps {
    rows: &[
        (MINUTE, Range::ms(300, 1_500)),
        (TEN_MINUTES, Range::ms(1_000, 4_000)),
        (HOUR, Range::ms(4_000, 12_000)),
    ],
    tail: 50,
};

/// As a server does that only has much to do.
const BRISK: Steps = Steps { rows: &[(HOUR, Range::ms(100, 400))], tail: 10 };

impl Pace {
    /// The numbers of this table.
    pub fn pacing(self) -> Pacing {
        let day = Pacing {
            delay: Delay::Sticky,
            greet_pause: Range::ms(200, 1_800),
            login_time: Range::ms(16_000, 19_000),
            reply_time: Range::ms(2_000, 6_000),
            human: Range::ms(300, 2_000),
            steps: MAIL,
            max_pause: Duration::from_secs(25),
            endless_capa: EndlessCapa::Guessing,
            capa_pause: Range::ms(3_000, 8_000),
            capa_size: 64 * 1024,
            capa_time: Duration::from_secs(86_400),
        };
        match self {
            Pace::Day => day,
            Pace::Night => Pacing { delay: Delay::Tool, reply_time: Range::ms(4_000, 9_000), ..day },
            Pace::Gentle => Pacing {
                delay: Delay::Natural,
                greet_pause: Range::ms(100, 400),
                reply_time: Range::ms(100, 400),
                steps: BRISK,
                max_pause: Duration::from_secs(10),
                endless_capa: EndlessCapa::Never,
                ..day
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dovecot_punishes_up_to_seventeen_seconds() {
        const fn s(seconds: u64) -> Duration {
            Duration::from_secs(seconds)
        }
        const PENALTIES: [Duration; 5] = [s(0), s(4), s(8), s(15), s(15)];
        let failure = Failure { pause: Duration::from_secs(2), penalties: &PENALTIES };
        let waits: Vec<u64> = (0..7).map(|failures| natural(&failure, failures).as_secs()).collect();
        assert_eq!(waits, [2, 6, 10, 17, 17, 17, 17]);
        assert_eq!(natural(&Failure { penalties: &[], ..failure }, 5).as_secs(), 2);
    }

    #[test]
    fn no_reply_waits_longer_than_the_shortest_patience_unless_the_tool_is_known() {
        let limit = Duration::from_secs(20);
        for pace in [Pace::Day, Pace::Night, Pace::Gentle] {
            let pacing = pace.pacing();
            assert!(pacing.greet_pause.to < Duration::from_secs(6));
            assert!(pacing.login_time.to < limit && pacing.reply_time.to < limit && pacing.human.to < limit);
            assert!(pacing.capa_pause.to <= Duration::from_secs(8));
        }
        assert!(bears(Tool::Medusa).is_some_and(|bears| bears.user.to < limit && bears.login.to < limit));
        assert!(bears(Tool::Hydra).is_some_and(|bears| bears.login.to < Duration::from_secs(32)));
        assert_eq!(bears(Tool::Unknown), None);
    }
}
