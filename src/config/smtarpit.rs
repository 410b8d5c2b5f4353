//! The options of `smtarpit`.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::common::Common;
use super::profile::{self, Options, Profile};
use super::value::{self, Bytes, words};
use super::{Failure, Invocation, Origins, Program};
use crate::pace::{Range, Schedule};
use crate::persona::smtp::Name;
use crate::smtp::dialogue::{MessageVerdict, NullSender, Recipients, Stage};
use crate::smtp::pacing::{self, Hold, HoldAt, Pace};

/// Answer one SMTP connection on standard input and output, and hold its sender
///
/// smtarpit is started by a super-server (xinetd, inetd, tcpserver, systemd) for each connection to
/// port 25. It looks like an ordinary mail server, takes no mail, and answers so slowly that the
/// sender's time is spent. A person who types has a server that only seems a little slow.
#[derive(Debug, Clone, PartialEq, clap::Parser)]
#[command(name = "smtarpit", version, max_term_width = 100)]
pub struct Smtarpit {
    #[command(flatten)]
    pub invocation: Invocation,

    #[command(flatten)]
    pub common: Common,

    #[command(flatten)]
    pub mail: Mail,

    #[command(flatten)]
    pub pacing: Pacing,

    /// Change the pacing at certain times
    ///
    /// A table such as { name = "night", hours = "22:00-06:30", days = "Mon-Fri", pace = "night" };
    /// in the file it is [[smtarpit.profile]]. Without hours it holds all day, without days every
    /// day. The first profile that applies wins. Can be given several times.
    #[arg(long = "profile", id = "profile", value_name = "TABLE", value_parser = profile::read::<Pacing>)]
    #[arg(help_heading = profile::HEADING)]
    pub profiles: Vec<Profile<Pacing>>,
}

/// What the server is and what it does with mail.
#[derive(Debug, Clone, PartialEq, clap::Args)]
#[command(next_help_heading = "Mail options")]
pub struct Mail {
    /// The mail server to look like
    #[arg(long, value_name = "SERVER", value_enum, default_value = "postfix")]
    pub persona: Name,

    /// Which recipients seem to exist
    #[arg(long, value_name = "WHICH", value_enum, default_value = "domain")]
    pub recipients: Recipients,

    /// What to do with the sender <>, which bounces have
    #[arg(long, value_name = "WHAT", value_enum, default_value = "refuse")]
    pub null_sender: NullSender,

    /// What to say when a message is complete
    ///
    /// Whatever is said, no message is delivered.
    #[arg(long, value_name = "WHAT", value_enum, default_value = "tempfail")]
    pub verdict: MessageVerdict,

    /// The largest message that is taken
    ///
    /// In bytes, or with k, M or G in multiples of 1024. What goes beyond is read, counted and
    /// thrown away.
    #[arg(long, value_name = "SIZE", default_value = "10M")]
    pub max_message: Bytes,

    /// After how many tries a program's password is right
    ///
    /// 0 means never.
    #[arg(long, value_name = "N", default_value = "0", value_parser = value::number(0_u32, 1_000_000))]
    pub auth_after: u32,

    /// After how many tries a person's password is right
    ///
    /// 0 means never.
    #[arg(long, value_name = "N", default_value = "3", value_parser = value::number(0_u32, 1_000_000))]
    pub human_auth_after: u32,

    /// Keep messages in this directory
    ///
    /// A Maildir, for the study of what is sent. With chroot it must be inside of it. There is no
    /// default: messages are thrown away.
    #[arg(long, value_name = "DIR", value_parser = value::path)]
    pub spool: Option<PathBuf>,

    /// How much the spool may hold
    ///
    /// In bytes, or with k, M or G. A message that would go beyond is thrown away.
    #[arg(long, value_name = "SIZE", default_value = "100M")]
    pub spool_size: Bytes,
}

/// How slowly replies leave. What is not given is as the table `pace` has it.
#[derive(Debug, Clone, PartialEq, Eq, Default, clap::Args)]
#[command(next_help_heading = profile::HEADING)]
pub struct Pacing {
    /// The table that the other pacing options change
    ///
    /// The default is day. The manual shows the numbers of each table.
    #[arg(long, value_name = "TABLE", value_enum)]
    pub pace: Option<Pace>,

    /// What holds a program
    #[arg(long, value_name = "HOW", value_enum)]
    pub hold: Option<Hold>,

    /// The command whose reply is held
    ///
    /// One of banner, helo, auth, mail, rcpt, data, dot (the end of a message) and quit. What comes
    /// before it takes reply_time, whoever calls; every reply after it is held as well. With auto it is
    /// rcpt, except that clients that leave at a deadline are held at every reply as soon as they are known.
    #[arg(long, value_name = "STAGE", value_enum, hide_possible_values = true)]
    pub hold_at: Option<HoldAt>,

    /// How long to be silent after a connection
    ///
    /// Seconds, or a range of seconds from which the time is drawn, as 0.2-1.8; at most 2. Programs
    /// that speak first show that they are programs.
    #[arg(long, value_name = "SECONDS", value_parser = greet_pause)]
    pub greet_pause: Option<Range>,

    /// How long the banner takes
    ///
    /// Seconds or a range; at most 20, since most programs leave a banner that is not complete in 30.
    #[arg(long, value_name = "SECONDS", value_parser = banner_time)]
    pub banner_time: Option<Range>,

    /// How long a reply to a program takes before hold_at
    ///
    /// Seconds or a range.
    #[arg(long, value_name = "SECONDS", value_parser = reply_time)]
    pub reply_time: Option<Range>,

    /// How long a person waits for a reply
    ///
    /// Seconds or a range.
    #[arg(long, value_name = "SECONDS", value_parser = reply_time)]
    pub human: Option<Range>,

    /// The longest pause between two bytes
    ///
    /// Seconds. Many libraries give up after 60 seconds without a byte.
    #[arg(long, value_name = "SECONDS", value_parser = value::max_pause)]
    pub max_pause: Option<Duration>,

    /// How near to the client's limit a reply completes, when hold is edge
    ///
    /// In per cent of the time that the client is known to wait.
    #[arg(long, value_name = "PERCENT", value_parser = value::number(1_u8, 99))]
    pub edge: Option<u8>,
}

words! {
    Name {
        Postfix "postfix" "Postfix on Debian",
        Exim "exim" "Exim on Debian",
        Sendmail "sendmail" "Sendmail 8",
        Exchange "exchange" "Microsoft Exchange",
    }
    Recipients {
        Domain "domain" "any local part at one of the domains",
        Any "any" "every address, as at an open relay",
        Issued "issued" "only addresses that Sundew has issued",
    }
    NullSender {
        Refuse "refuse" "refuse it",
        Accept "accept" "take it as any other",
    }
    MessageVerdict {
        Tempfail "tempfail" "a temporary failure: the sender will come again",
        Reject "reject" "a refusal for good",
        Accept "accept" "that the message was queued",
    }
    Pace {
        Day "day" "the ordinary one",
        Night "night" "slower, with fewer bytes for each hour held",
        Gentle "gentle" "every reply completes in half a minute, for a domain that may get honest mail",
    }
    Hold {
        Auto "auto" "endless, but edge for clients that leave at a deadline",
        Endless "endless" "a reply that never completes",
        Edge "edge" "replies that complete just before the client would leave",
    }
}

impl clap::ValueEnum for HoldAt {
    fn value_variants<'a>() -> &'a [Self] {
        &[
            HoldAt::Auto,
            HoldAt::Stage(Stage::Banner),
            HoldAt::Stage(Stage::Helo),
            HoldAt::Stage(Stage::Auth),
            HoldAt::Stage(Stage::Mail),
            HoldAt::Stage(Stage::Rcpt),
            HoldAt::Stage(Stage::Data),
            HoldAt::Stage(Stage::Dot),
            HoldAt::Stage(Stage::Quit),
        ]
    }

    fn to_possible_value(&self) -> Option<clap::builder::PossibleValue> {
        Some(clap::builder::PossibleValue::new(match self {
            HoldAt::Auto => "auto",
            HoldAt::Stage(stage) => stage.as_str(),
        }))
    }
}

fn greet_pause(text: &str) -> Result<Range, String> {
    // A longer silence is what most programs leave at.
    value::range(text, Duration::from_secs(2))
}

fn banner_time(text: &str) -> Result<Range, String> {
    value::range(text, Duration::from_secs(20))
}

fn reply_time(text: &str) -> Result<Range, String> {
    value::range(text, Duration::from_secs(3600))
}

impl Options for Pacing {
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
            hold: self.hold.unwrap_or(base.hold),
            hold_at: self.hold_at.unwrap_or(base.hold_at),
            greet_pause: self.greet_pause.unwrap_or(base.greet_pause),
            banner_time: self.banner_time.unwrap_or(base.banner_time),
            reply_time: self.reply_time.unwrap_or(base.reply_time),
            human: self.human.unwrap_or(base.human),
            steps: base.steps,
            max_pause: self.max_pause.unwrap_or(base.max_pause),
            edge: self.edge.unwrap_or(base.edge),
        }
    }

    fn number(pacing: &pacing::Pacing, key: &str) -> Option<String> {
        Some(match key {
            "hold" => value::word(&pacing.hold),
            "hold_at" => value::word(&pacing.hold_at),
            "greet_pause" => pacing.greet_pause.to_string(),
            "banner_time" => pacing.banner_time.to_string(),
            "reply_time" => pacing.reply_time.to_string(),
            "human" => pacing.human.to_string(),
            "max_pause" => pacing.max_pause.as_secs_f64().to_string(),
            "edge" => pacing.edge.to_string(),
            _ => return None,
        })
    }
}

impl Smtarpit {
    /// The pacing at any time.
    pub fn schedule(&self) -> Schedule<pacing::Pacing> {
        profile::schedule(&self.pacing, &self.profiles, Pace::Day)
    }

    /// The spool as it is called once the root directory is changed.
    pub fn spool(&self) -> Option<PathBuf> {
        let spool = self.mail.spool.as_ref()?;
        let inside = self.common.chroot.as_ref().and_then(|root| spool.strip_prefix(root).ok());
        Some(inside.map_or_else(|| spool.clone(), |path| Path::new("/").join(path)))
    }
}

impl Program for Smtarpit {
    const TABLE: &'static str = "smtarpit";
    const LOCK_DIR: &'static str = "/run/sundew/smtarpit";

    fn fit(&self, origins: &Origins) -> Result<(), Failure> {
        let spool = match (&self.mail.spool, &self.common.chroot) {
            (Some(spool), Some(root)) if !spool.starts_with(root) => {
                let text = format_args!("{} is not inside of chroot, {}", spool.display(), root.display());
                Err(origins.blame(&["spool", "chroot"], text))
            }
            _ => Ok(()),
        };
        Failure::all([self.common.fit(origins), spool])
    }

    fn implied(&self, key: &str) -> Option<(String, &'static str)> {
        profile::implied::<Pacing>(&self.schedule(), key)
    }

    fn under(&self, root: &Path) -> Vec<String> {
        self.common.under(root, Self::TABLE)
    }

    fn warnings(&self) -> Vec<String> {
        let mut warnings = self.common.warnings();
        if let Some(why) = self.mail.spool.as_deref().and_then(value::unwritable) {
            warnings.push(format!("spool: {why}, so no message would be kept"));
        }
        if self.mail.recipients == Recipients::Issued && self.common.secret_file.is_none() {
            warnings.push(
                "recipients: without secret_file only what was issued on this machine is recognised"
                    .to_owned(),
            );
        }
        warnings
    }
}
