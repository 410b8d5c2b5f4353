//! The options of `tarpop`.

use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use super::common::Common;
use super::profile::{self, Options, Profile};
use super::value::{self, Bytes, words};
use super::{Failure, Invocation, Origins, Program};
use crate::memory::MOST_TRIES;
use crate::pace::{self, Range, Schedule};
use crate::persona::pop3::Name;
use crate::pop3::gate::Passwords;
use crate::pop3::pacing::{self, Delay, EndlessCapa, Pace};

/// Answer one POP3 connection on standard input and output, and keep who guesses passwords busy
///
/// tarpop is started by a super-server (xinetd, inetd, tcpserver, systemd) for each connection to
/// port 110. It looks like an ordinary POP3 server on which nobody has an account, lets every guess
/// wait, and after some of them opens a mailbox that is made up.
#[derive(Debug, Clone, PartialEq, clap::Parser)]
#[command(name = "tarpop", version, max_term_width = 100)]
pub struct Tarpop {
    #[command(flatten)]
    pub invocation: Invocation,

    #[command(flatten)]
    pub common: Common,

    #[command(flatten)]
    pub mailbox: MailboxOptions,

    #[command(flatten)]
    pub pacing: Pop3Pacing,

    /// Change the pacing at certain times
    ///
    /// A table such as { name = "night", hours = "22:00-06:30", days = "Mon-Fri", pace = "night" };
    /// in the file it is [[tarpop.profile]]. Without hours it holds all day, without days every
    /// day. The first profile that applies wins. Can be given several times.
    #[arg(long = "profile", id = "profile", value_name = "TABLE", value_parser = profile::read::<Pop3Pacing>)]
    #[arg(help_heading = profile::HEADING)]
    pub profiles: Vec<Profile<Pop3Pacing>>,
}

/// What the server is and who is let in.
#[derive(Debug, Clone, PartialEq, clap::Args)]
#[command(next_help_heading = "Mailbox options")]
pub struct MailboxOptions {
    /// The POP3 server to look like
    #[arg(long, value_name = "SERVER", value_enum, default_value = "dovecot")]
    pub persona: Name,

    /// After how many different tries a password is right
    ///
    /// A number or a range, from which each network has its own; at most 64. The pair of name and
    /// password that is tried then works from now on, for its network only, and no other ever does. 0
    /// means that none ever works.
    #[arg(long, value_name = "N", default_value = "3-9")]
    pub accept_after: AcceptAfter,

    /// What the log has of a password
    ///
    /// User names are always logged.
    #[arg(long, value_name = "WHAT", value_enum, default_value = "hash")]
    pub passwords: Passwords,

    /// Log logins in the words of another server too
    ///
    /// With dovecot, lines of pop3-login under the tag dovecot stand beside the events, and the filters
    /// that fail2ban and others have for Dovecot work unchanged. Who is banned is held no longer.
    #[arg(long, value_name = "SERVER", value_enum, default_value = "none")]
    pub log_like: LogLike,

    /// The directory in which networks are remembered
    ///
    /// A small file for each network has the count of its tries and the pair that works, as keyed
    /// hashes. It is opened before the root directory changes. The default is the directory networks
    /// inside of lock_dir; a place that outlives a reboot is better.
    #[arg(long, value_name = "DIR", value_parser = value::path)]
    pub state_dir: Option<PathBuf>,
}

/// How long replies wait. What is not given is as the table `pace` has it.
#[derive(Debug, Clone, PartialEq, Eq, Default, clap::Args)]
#[command(next_help_heading = profile::HEADING)]
pub struct Pop3Pacing {
    /// The table that the other pacing options change
    ///
    /// The default is day. The manual shows the numbers of each table.
    #[arg(long, value_name = "TABLE", value_enum)]
    pub pace: Option<Pace>,

    /// What decides how long a login waits
    #[arg(long, value_name = "HOW", value_enum)]
    pub delay: Option<Delay>,

    /// How long to be silent after a connection
    ///
    /// Seconds, or a range of seconds from which the time is drawn, as 0.2-1.8; less than 6, after
    /// which nmap finds no service.
    #[arg(long, value_name = "SECONDS", value_parser = greet_pause)]
    pub greet_pause: Option<Range>,

    /// How long the replies to USER, PASS, APOP and AUTH wait
    ///
    /// Seconds or a range. Most tools that guess give up after 20 seconds.
    #[arg(long, value_name = "SECONDS", value_parser = wait)]
    pub login_time: Option<Range>,

    /// How long other replies to a program wait
    ///
    /// Seconds or a range.
    #[arg(long, value_name = "SECONDS", value_parser = wait)]
    pub reply_time: Option<Range>,

    /// How long a person waits for a reply
    ///
    /// Seconds or a range.
    #[arg(long, value_name = "SECONDS", value_parser = wait)]
    pub human: Option<Range>,

    /// The longest pause inside of a message
    ///
    /// Seconds. Messages are sent in parts of some lines, and the pauses between them grow.
    #[arg(long, value_name = "SECONDS", value_parser = value::max_pause)]
    pub max_pause: Option<Duration>,

    /// Who gets a list of capabilities that does not end
    ///
    /// Programs that guess passwords ask for the list first, and wait for its end.
    #[arg(long, value_name = "WHO", value_enum)]
    pub endless_capa: Option<EndlessCapa>,

    /// The pauses between the lines of such a list
    ///
    /// Seconds or a range; at most 8.
    #[arg(long, value_name = "SECONDS", value_parser = capa_pause)]
    pub capa_pause: Option<Range>,

    /// After how many bytes such a list ends after all
    ///
    /// In bytes, or with k, M or G in multiples of 1024.
    #[arg(long, value_name = "SIZE")]
    pub capa_size: Option<Bytes>,

    /// After how much time such a list ends after all
    ///
    /// Seconds.
    #[arg(long, value_name = "SECONDS", value_parser = pace::seconds)]
    pub capa_time: Option<Duration>,
}

words! {
    Name {
        Dovecot "dovecot" "Dovecot as it comes from its makers",
        Debian "dovecot-debian" "Dovecot on Debian",
        Ubuntu "dovecot-ubuntu" "Dovecot on Ubuntu",
        Courier "courier" "Courier",
        Cyrus "cyrus" "Cyrus IMAP",
        Qpopper "qpopper" "Qpopper",
        Exchange "exchange" "Microsoft Exchange",
    }
    Passwords {
        Hash "hash" "a keyed hash, by which equal passwords are seen to be equal",
        Nothing "none" "nothing",
        Clear "clear" "the password",
        Length "length" "how many bytes it has",
    }
    LogLike {
        Nothing "none" "events only",
        Dovecot "dovecot" "as Dovecot logs them",
    }
    Delay {
        Natural "natural" "the server that we look like: a wrong password waits as long as there",
        Sticky "sticky" "what login_time says, which every tool bears",
        Tool "tool" "the tool: each that is recognised waits as long as it bears",
    }
    EndlessCapa {
        Guessing "guessing" "who asks for it first, from a network that has guessed within a day and found nothing",
        Always "always" "everyone who asks for it first",
        Never "never" "nobody",
    }
    Pace {
        Day "day" "the ordinary one",
        Night "night" "slower, and as long as each tool bears",
        Gentle "gentle" "the delays of the real server, for a network with honest users",
    }
}

/// In whose words logins are logged, besides ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogLike {
    Nothing,
    Dovecot,
}

/// After how many different tries a pair is accepted: a range, from which each network has its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AcceptAfter {
    pub from: u32,
    pub to: u32,
}

impl FromStr for AcceptAfter {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let most = u32::try_from(MOST_TRIES).unwrap_or(u32::MAX);
        let wrong = || format!("{text:?} is not a number or a range such as 3-9, up to {most}");
        let number = |text: &str| value::number(0, most)(text).map_err(|_| wrong());
        let (from, to) = text.split_once('-').unwrap_or((text, text));
        let range = AcceptAfter { from: number(from)?, to: number(to)? };
        match range.from <= range.to && (range.from > 0 || range.to == 0) {
            true => Ok(range),
            false => Err(wrong()),
        }
    }
}

fn greet_pause(text: &str) -> Result<Range, String> {
    value::range(text, Duration::from_millis(5_900))
}

fn wait(text: &str) -> Result<Range, String> {
    value::range(text, Duration::from_secs(3600))
}

fn capa_pause(text: &str) -> Result<Range, String> {
    value::range(text, Duration::from_secs(8))
}

impl Options for Pop3Pacing {
    type Pacing = pacing::Pacing;
    type Table = Pace;

    fn table(&self) -> Option<Pace> {
        self.pace
    }

    fn numbers(table: Pace) -> pacing::Pacing {
        table.pacing()
    }

    fn over(&self, base: pacing::Pacing) -> pacing::Pacing {
        pacing::Pacing {
            delay: self.delay.unwrap_or(base.delay),
            greet_pause: self.greet_pause.unwrap_or(base.greet_pause),
            login_time: self.login_time.unwrap_or(base.login_time),
            reply_time: self.reply_time.unwrap_or(base.reply_time),
            human: self.human.unwrap_or(base.human),
            steps: base.steps,
            max_pause: self.max_pause.unwrap_or(base.max_pause),
            endless_capa: self.endless_capa.unwrap_or(base.endless_capa),
            capa_pause: self.capa_pause.unwrap_or(base.capa_pause),
            capa_size: self.capa_size.map_or(base.capa_size, |size| size.0),
            capa_time: self.capa_time.unwrap_or(base.capa_time),
        }
    }

    fn number(pacing: &pacing::Pacing, key: &str) -> Option<String> {
        Some(match key {
            "delay" => value::word(&pacing.delay),
            "greet_pause" => pacing.greet_pause.to_string(),
            "login_time" => pacing.login_time.to_string(),
            "reply_time" => pacing.reply_time.to_string(),
            "human" => pacing.human.to_string(),
            "max_pause" => pacing.max_pause.as_secs_f64().to_string(),
            "endless_capa" => value::word(&pacing.endless_capa),
            "capa_pause" => pacing.capa_pause.to_string(),
            "capa_size" => Bytes(pacing.capa_size).to_string(),
            "capa_time" => pacing.capa_time.as_secs_f64().to_string(),
            _ => return None,
        })
    }
}

impl Tarpop {
    /// The pacing at any time.
    pub fn schedule(&self) -> Schedule<pacing::Pacing> {
        profile::schedule(&self.pacing, &self.profiles, Pace::Day)
    }

    /// The directory in which networks are remembered.
    pub fn state_dir(&self) -> PathBuf {
        self.mailbox.state_dir.clone().unwrap_or_else(|| self.common.lock_dir.join("networks"))
    }
}

impl Program for Tarpop {
    const TABLE: &'static str = "tarpop";
    const LOCK_DIR: &'static str = "/run/sundew/tarpop";

    fn fit(&self, origins: &Origins) -> Result<(), Failure> {
        self.common.fit(origins)
    }

    fn implied(&self, key: &str) -> Option<(String, &'static str)> {
        if key == "state_dir" {
            return Some((super::toml(&self.state_dir().display().to_string()), "lock_dir"));
        }
        profile::implied::<Pop3Pacing>(&self.schedule(), key)
    }

    fn under(&self, root: &Path) -> Vec<String> {
        self.common.under(root, Self::TABLE)
    }

    fn warnings(&self) -> Vec<String> {
        let mut warnings = self.common.warnings();
        if let Some(why) = value::unwritable(&self.state_dir()) {
            warnings.push(format!("state_dir: {why}, so no password would ever be right"));
        }
        warnings
    }
}
