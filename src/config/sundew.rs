//! The options of `sundew`.

mod command;

pub use command::{Colour, Command, Server};

use std::fs::File;
use std::io::Read as _;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use super::common::Common;
use super::profile::{self, Options, Profile};
use super::value::{self, Bytes, words};
use super::{Failure, Invocation, Origins, Program};
use crate::key::Key;
use crate::names::Language;
use crate::pace::{Range, Schedule};
use crate::persona::http::Name;
use crate::season::{Season, Seasons};
use crate::web::pacing::{self, Pace};
use crate::web::site::{Plan, Robots, forbids_all};
use chrono::NaiveDate;

/// Show those who harvest addresses a web site full of them
///
/// Without a command, sundew is started by a super-server (xinetd, inetd, tcpserver, systemd) for each
/// connection to port 80, or by a web server as a CGI program, and answers with a page of an organisation
/// that does not exist. The addresses on it are at the honeypot's own domain. The commands are for the
/// shell.
#[derive(Debug, Clone, PartialEq, clap::Parser)]
#[command(name = "sundew", version, max_term_width = 100, disable_help_subcommand = true)]
pub struct Sundew {
    #[command(flatten)]
    pub invocation: Invocation,

    #[command(flatten)]
    pub common: Common,

    #[command(flatten)]
    pub site: SiteOptions,

    #[command(flatten)]
    pub limits: Limits,

    #[command(flatten)]
    pub pacing: WebPacing,

    /// Change the pacing at certain times
    ///
    /// A table such as { name = "night", hours = "22:00-06:30", days = "Mon-Fri", pace = "night" };
    /// in the file it is [[sundew.profile]]. Without hours it holds all day, without days every
    /// day. The first profile that applies wins. Can be given several times.
    #[arg(long = "profile", id = "profile", value_name = "TABLE", value_parser = profile::read::<WebPacing>)]
    #[arg(help_heading = profile::HEADING)]
    pub profiles: Vec<Profile<WebPacing>>,

    #[command(subcommand)]
    pub command: Option<Command>,
}

/// What the site is.
#[derive(Debug, Clone, PartialEq, clap::Args)]
#[command(next_help_heading = "Site options")]
pub struct SiteOptions {
    /// The web server to look like
    ///
    /// As a CGI program sundew looks like the server that has started it.
    #[arg(long, value_name = "SERVER", value_enum, default_value = "apache")]
    pub persona: Name,

    /// The host whose web site it is
    ///
    /// The default is www. and the domain of the addresses. A season may have another one.
    #[arg(long, value_name = "HOST", value_parser = value::domain)]
    pub site: Option<String>,

    /// The name of the organisation
    ///
    /// There is no default: it is made up, a new one in each season.
    #[arg(long, value_name = "NAME", value_parser = company)]
    pub company: Option<String>,

    /// The language of the pages and of the names
    #[arg(long, value_name = "LANGUAGE", value_enum, default_value = "en")]
    pub language: Language,

    /// How many pages the site has
    ///
    /// 0 means that there is no end of them.
    #[arg(long, value_name = "N", default_value = "1000", value_parser = value::number(0_u64, 1_000_000_000))]
    pub pages: u64,

    /// How many addresses a page shows
    ///
    /// A number or a range; at most 24. A third of them is for the visitor's network alone.
    #[arg(long, value_name = "N", default_value = "3-12")]
    pub contacts: Contacts,

    /// What robots.txt and the pages tell search engines
    ///
    /// Many harvesters find their pages through search engines.
    #[arg(long, value_name = "WHAT", value_enum, default_value = "allow")]
    pub robots: Robots,

    /// The robots.txt that a web server has for this host
    ///
    /// When a web server does not pass on the requests for robots.txt, name its file here, and --check
    /// warns when it says something else than the key robots. There is no default.
    #[arg(long, value_name = "FILE", value_parser = value::path)]
    pub robots_txt: Option<PathBuf>,
}

/// What the program may take of the machine.
#[derive(Debug, Clone, PartialEq, clap::Args)]
#[command(next_help_heading = "Limits")]
pub struct Limits {
    /// How much may go out on one day
    ///
    /// In bytes, or with k, M or G in multiples of 1024; 0 means that there is no limit. Beyond it visitors
    /// are told that the server is busy, until midnight.
    #[arg(long, value_name = "SIZE", default_value = "1G")]
    pub max_bytes_per_day: Bytes,

    /// The directory in which the bytes of the day are counted
    ///
    /// It is opened before the root directory changes. The default is lock_dir.
    #[arg(long, value_name = "DIR", value_parser = value::path)]
    pub state_dir: Option<PathBuf>,

    /// While this file is there, everybody is told that the server is busy
    ///
    /// It is looked for at each start.
    #[arg(long, value_name = "FILE", value_parser = value::path, default_value = "/etc/sundew.off")]
    pub off: PathBuf,

    /// Be slow for a web server too
    ///
    /// As a CGI program sundew answers at once and takes no slot, since a web server has few places to wait.
    /// With this, pages are as slow as on port 80, and count against slots, in a lock_dir that the web
    /// server's user can write to.
    #[arg(long)]
    pub slow_cgi: bool,
}

/// How slowly pages come. What is not given is as the table `pace` has it.
#[derive(Debug, Clone, PartialEq, Eq, Default, clap::Args)]
#[command(next_help_heading = profile::HEADING)]
pub struct WebPacing {
    /// The table that the other pacing options change
    ///
    /// The default is day. The manual shows the numbers of each table.
    #[arg(long, value_name = "TABLE", value_enum)]
    pub pace: Option<Pace>,

    /// How long a visitor waits for the first bytes
    ///
    /// Seconds, or a range of seconds from which the time is drawn, as 0.2-1.8; at most 30. Crawlers leave
    /// when nothing comes within some seconds.
    #[arg(long, value_name = "SECONDS", value_parser = first_byte)]
    pub first_byte: Option<Range>,

    /// How long a page takes
    ///
    /// Seconds or a range: the home page takes the shorter times, pages deep in the site the longer ones.
    #[arg(long, value_name = "SECONDS", value_parser = time)]
    pub page_time: Option<Range>,

    /// How many links away from the home page the pages are that take longest
    #[arg(long, value_name = "N", value_parser = value::number(0_u32, 1_000))]
    pub levels: Option<u32>,

    /// The pauses inside of an answer
    ///
    /// Seconds or a range; at most 5.
    #[arg(long, value_name = "SECONDS", value_parser = gap)]
    pub gap: Option<Range>,

    /// How long a file takes that is no page, such as a style sheet
    ///
    /// Seconds or a range.
    #[arg(long, value_name = "SECONDS", value_parser = time)]
    pub file_time: Option<Range>,

    /// How long any other answer takes, such as an error
    ///
    /// Seconds or a range.
    #[arg(long, value_name = "SECONDS", value_parser = time)]
    pub other_time: Option<Range>,
}

fn first_byte(text: &str) -> Result<Range, String> {
    value::range(text, Duration::from_secs(30))
}

fn gap(text: &str) -> Result<Range, String> {
    value::range(text, Duration::from_secs(5))
}

fn time(text: &str) -> Result<Range, String> {
    value::range(text, Duration::from_secs(3600))
}

impl Options for WebPacing {
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
            first_byte: self.first_byte.unwrap_or(base.first_byte),
            page_time: self.page_time.unwrap_or(base.page_time),
            levels: self.levels.unwrap_or(base.levels),
            gap: self.gap.unwrap_or(base.gap),
            file_time: self.file_time.unwrap_or(base.file_time),
            other_time: self.other_time.unwrap_or(base.other_time),
        }
    }

    fn number(pacing: &pacing::Pacing, key: &str) -> Option<String> {
        Some(match key {
            "first_byte" => pacing.first_byte.to_string(),
            "page_time" => pacing.page_time.to_string(),
            "levels" => pacing.levels.to_string(),
            "gap" => pacing.gap.to_string(),
            "file_time" => pacing.file_time.to_string(),
            "other_time" => pacing.other_time.to_string(),
            _ => return None,
        })
    }
}

words! {
    Name {
        Apache "apache" "Apache HTTP Server",
        Nginx "nginx" "nginx",
        Lighttpd "lighttpd" "lighttpd",
    }
    Pace {
        Day "day" "the ordinary one",
        Night "night" "slower",
        Gentle "gentle" "a page takes some seconds, for a site that may have honest visitors",
    }
    Language {
        English "en" "English",
        German "de" "German",
        French "fr" "French",
    }
    Robots {
        Allow "allow" "that they may read everything, so that harvesters find it there",
        Disallow "disallow" "that they may read nothing",
    }
}

/// How many addresses a page shows: a range.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contacts(pub RangeInclusive<u32>);

/// More on one page would be a list of addresses and nothing else.
const MOST_CONTACTS: u32 = 24;

impl FromStr for Contacts {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("{text:?} is not a number or a range such as 3-12, up to {MOST_CONTACTS}");
        let number = |text: &str| value::number(1, MOST_CONTACTS)(text).map_err(|_| wrong());
        let (from, to) = text.split_once('-').unwrap_or((text, text));
        let (from, to) = (number(from)?, number(to)?);
        if from <= to { Ok(Contacts(from..=to)) } else { Err(wrong()) }
    }
}

/// A name for an organisation, as one line of text.
fn company(text: &str) -> Result<String, String> {
    let plain = !text.trim().is_empty() && text.chars().count() <= 80 && !text.chars().any(char::is_control);
    if plain {
        Ok(text.trim().to_owned())
    } else {
        Err(format!("{text:?} is not a name of 1 to 80 characters"))
    }
}

impl Sundew {
    /// The pacing at any time.
    pub fn schedule(&self) -> Schedule<pacing::Pacing> {
        profile::schedule(&self.pacing, &self.profiles, Pace::Day)
    }

    /// The seasons, with the host of the site where that is configured.
    pub fn seasons(&self) -> Seasons {
        self.common.seasons_at(self.site.site.as_deref())
    }

    /// What the site of a season is.
    pub fn plan(&self, season: &Season, key: Key, today: NaiveDate) -> Plan {
        Plan {
            key,
            season: season.number,
            begins: season.from,
            host: season.site.clone(),
            domain: season.domain.clone(),
            company: self.site.company.clone(),
            language: self.site.language,
            pages: self.site.pages,
            contacts: self.site.contacts.0.clone(),
            robots: self.site.robots,
            today,
        }
    }

    /// Whether the robots.txt that a web server has says something else than ours.
    fn robots_warning(&self) -> Option<String> {
        let path = self.site.robots_txt.as_ref()?;
        let show = path.display();
        // A longer one is cut by those who read it, too (RFC 9309 2.5).
        let mut bytes = Vec::new();
        let read = File::open(path).and_then(|file| file.take(500 << 10).read_to_end(&mut bytes));
        if let Err(error) = read {
            return Some(format!("robots_txt: {show}: {}", value::without_code(&error)));
        }
        match (self.site.robots, forbids_all(&String::from_utf8_lossy(&bytes))) {
            (Robots::Disallow, false) => Some(format!(
                "robots_txt: {show} does not forbid every robot everything, so search engines would come"
            )),
            (Robots::Allow, true) => Some(format!(
                "robots_txt: {show} forbids everything, so harvesters find nothing in search engines"
            )),
            _ => None,
        }
    }

    /// The directory in which the bytes of the day are counted.
    pub fn state_dir(&self) -> PathBuf {
        self.limits.state_dir.clone().unwrap_or_else(|| self.common.lock_dir.clone())
    }
}

impl Program for Sundew {
    const TABLE: &'static str = "sundew";
    const LOCK_DIR: &'static str = "/run/sundew/sundew";
    const BEHIND_COMMANDS: &'static [&'static str] = &[
        "config",
        "hostname",
        "domains",
        "secret_file",
        "season",
        "site",
        "company",
        "language",
        "pages",
        "contacts",
        "robots",
    ];

    fn fit(&self, origins: &Origins) -> Result<(), Failure> {
        let pages = match (&self.command, self.site.pages) {
            (Some(Command::Generate { .. }), 0) => {
                Err(origins.blame(&["pages"], "0 is a site without an end, which fits into no directory"))
            }
            _ => Ok(()),
        };
        Failure::all([self.common.fit(origins), pages])
    }

    fn implied(&self, key: &str) -> Option<(String, &'static str)> {
        match key {
            "state_dir" => Some((super::toml(&self.state_dir().display().to_string()), "lock_dir")),
            "site" => Some((super::toml(&format!("www.{}", self.common.domain())), "domains")),
            _ => profile::implied::<WebPacing>(&self.schedule(), key),
        }
    }

    fn under(&self, root: &Path) -> Vec<String> {
        self.common.under(root, Self::TABLE)
    }

    fn warnings(&self) -> Vec<String> {
        let mut warnings = self.common.warnings();
        if self.common.domains.is_empty() && self.common.season.is_empty() {
            warnings.push(format!("domains: empty, so the addresses are at {}", self.common.domain()));
        }
        if let Some(why) =
            value::unwritable(&self.state_dir()).filter(|_| self.limits.max_bytes_per_day.0 > 0)
        {
            warnings.push(format!("state_dir: {why}, so there would be no limit on the bytes of a day"));
        }
        if self.limits.off.exists() {
            warnings.push(format!(
                "off: {} is there, so every visitor is turned away",
                self.limits.off.display()
            ));
        }
        warnings.extend(self.robots_warning());
        warnings
    }
}
