//! The options of `tarpit-report`.

use std::path::{Path, PathBuf};

use chrono::{NaiveDate, NaiveDateTime, TimeDelta, Weekday};

use super::near::nearest;
use super::value::{self, words};
use super::{Failure, Invocation, Network, Origins, Program, common};
use crate::report::list::ListFormat;
use crate::report::summary::By;
use crate::report::zone::Zone;

/// Make tables, graphs and lists out of what the tarpits log
///
/// tarpit-report reads log files, or standard input, as syslog, the journal or multilog write them,
/// packed or not, and shows who was held, how long, and what for. The words today and yesterday in
/// place of a file stand for --period with that word.
#[derive(Debug, Clone, PartialEq, clap::Parser)]
#[command(name = "tarpit-report", version, max_term_width = 100)]
pub struct Report {
    #[command(flatten)]
    pub invocation: Invocation,

    #[command(flatten)]
    pub common: ReportCommon,

    #[command(flatten)]
    pub input: InputOptions,

    #[command(flatten)]
    pub period: PeriodOptions,

    #[command(flatten)]
    pub output: OutputOptions,

    /// The form of the report
    #[arg(long, value_name = "FORM", value_enum, default_value = "text", help_heading = OUTPUT)]
    pub format: Format,

    /// The log files, in any order; - is standard input
    ///
    /// Files packed by gzip, zstd or bzip2 are recognised by what they hold. A line that comes twice,
    /// as when a file is given beside its copy, is counted once.
    #[arg(value_name = "FILE", help_heading = INPUT)]
    pub files: Vec<PathBuf>,

    #[command(subcommand)]
    pub command: Option<Command>,
}

/// What else there is than the report.
#[derive(Debug, Clone, PartialEq, clap::Subcommand)]
pub enum Command {
    /// Make a list of those who came, for a firewall or a block list
    ///
    /// Addresses in allow networks, loopback addresses and private ones are never listed, nor mail
    /// servers that only returned mail, with MAIL FROM:<>. The options of the report for input, period
    /// and output hold here too.
    List(ListArgs),
}

const INPUT: &str = "Input options";
const OUTPUT: &str = "Output options";

/// The keys at the top of the file that matter here.
#[derive(Debug, Clone, PartialEq, clap::Args)]
#[command(next_help_heading = common::HEADING)]
pub struct ReportCommon {
    /// How many connections are held at once
    ///
    /// The report says which part of what was possible was held. Give the sum if the log is that of
    /// several machines.
    #[arg(long, value_name = "N", default_value = "35", global = true)]
    #[arg(value_parser = value::number(0_u32, 100_000))]
    pub slots: u32,

    /// How many connections there may be at all
    #[arg(long, value_name = "N", default_value = "40", global = true)]
    #[arg(value_parser = value::number(1_u32, 100_000))]
    pub total: u32,

    /// Networks that are never listed
    #[arg(long, value_name = "NETWORK", value_delimiter = ',', global = true)]
    pub allow: Vec<Network>,
}

/// Where the lines come from.
#[derive(Debug, Clone, PartialEq, clap::Args)]
#[command(next_help_heading = INPUT)]
pub struct InputOptions {
    /// Write the lines of ours that cannot be read to this file
    ///
    /// They are counted in any case. Bytes that are not printable are written as \xHH.
    #[arg(long, value_name = "FILE", global = true)]
    pub unparsed: Option<PathBuf>,
}

/// From when to when, and by what.
#[derive(Debug, Clone, PartialEq, clap::Args)]
#[command(next_help_heading = "Period options")]
pub struct PeriodOptions {
    /// The period to report on; all of the log if none is given
    #[arg(long, value_name = "WORD", value_enum, global = true)]
    #[arg(conflicts_with_all = ["from", "to", "last", "week"])]
    pub period: Option<Word>,

    /// Report from this day or moment on
    ///
    /// As 2026-11-23, 2026-11-23T12:00, or with a zone, 2026-11-23T12:00:00+01:00.
    #[arg(long, value_name = "TIME", value_parser = when, global = true, conflicts_with_all = ["last", "week"])]
    pub from: Option<When>,

    /// Report up to this day, which is included, or to this moment
    #[arg(long, value_name = "TIME", value_parser = when, global = true, conflicts_with_all = ["last", "week"])]
    pub to: Option<When>,

    /// Report on the time before now: 7d, or with h, w or m for hours, weeks or minutes
    #[arg(long, value_name = "TIME", value_parser = span, global = true, conflicts_with = "week")]
    pub last: Option<TimeDelta>,

    /// Report on a week, as 2026-W47 (ISO 8601)
    #[arg(long, value_name = "WEEK", value_parser = week, global = true)]
    pub week: Option<NaiveDate>,

    /// What the main table goes by
    #[arg(long, value_name = "SPAN", value_enum, default_value = "week", global = true)]
    pub by: By,

    /// On which day weeks begin: mon, tue, wed, thu, fri, sat or sun
    #[arg(long, value_name = "DAY", value_parser = weekday, default_value = "mon", global = true)]
    pub week_start: Weekday,

    /// The time zone of the report: local, UTC, +01:00 or Europe/Berlin
    ///
    /// Stamps that do not say their zone are in that of this machine, or of TZ in the environment.
    #[arg(long, value_name = "ZONE", value_parser = zone, default_value = "local", global = true)]
    pub timezone: String,

    /// Take this for the present moment
    #[arg(long, value_name = "TIME", value_parser = when, hide = true, global = true)]
    pub now: Option<When>,
}

/// What comes out.
#[derive(Debug, Clone, PartialEq, clap::Args)]
#[command(next_help_heading = OUTPUT)]
pub struct OutputOptions {
    /// Write to this file
    ///
    /// The file is replaced when all is written, so whoever reads it never finds a part. The default
    /// is standard output.
    #[arg(long, short, value_name = "FILE", global = true)]
    pub output: Option<PathBuf>,

    /// How many rows a table of the most has
    #[arg(long, value_name = "N", default_value = "10", global = true)]
    #[arg(value_parser = value::number(1_u32, 10_000))]
    pub top: u32,

    /// Show networks in place of addresses
    ///
    /// Of an IPv4 address the first 24 bits are shown, of an IPv6 address the first 48.
    #[arg(long, global = true)]
    pub mask: bool,

    /// The name of the honeypot, for headings; the default is that of this machine
    #[arg(long, value_name = "TEXT", global = true)]
    pub title: Option<String>,
}

/// What a list is to be.
#[derive(Debug, Clone, PartialEq, clap::Args)]
pub struct ListArgs {
    /// The form of the list
    #[arg(long = "format", id = "list_format", value_name = "FORM", value_enum, default_value = "plain")]
    #[arg(help_heading = LIST)]
    pub format: ListFormat,

    /// List who was held for so long in all, in seconds, or with m, h, d or w
    #[arg(long, value_name = "TIME", value_parser = seconds, default_value = "0", help_heading = LIST)]
    pub min_held: TimeDelta,

    /// List who came so often
    #[arg(long, value_name = "N", default_value = "1", help_heading = LIST)]
    pub min_hits: u64,

    /// List who came last in this time before now, as 7d
    #[arg(long, value_name = "TIME", value_parser = span, help_heading = LIST)]
    pub window: Option<TimeDelta>,

    /// How long an entry stays, where the form can say so
    #[arg(long, value_name = "TIME", value_parser = span, default_value = "7d", help_heading = LIST)]
    pub expire: TimeDelta,

    /// List a whole /24 or /48 when so many of its addresses are listed
    #[arg(long, value_name = "N", help_heading = LIST)]
    pub aggregate: Option<u64>,

    /// A file with networks that are never listed, one a line
    ///
    /// What follows a # is a comment.
    #[arg(long, value_name = "FILE", help_heading = LIST)]
    pub exclude: Option<PathBuf>,

    /// What the list is called where it has a name, as a set of a firewall
    #[arg(long, value_name = "NAME", value_parser = name, default_value = "tarpit", help_heading = LIST)]
    pub name: String,

    /// The log files, in any order; - is standard input
    #[arg(value_name = "FILE", id = "list_files", help_heading = LIST)]
    pub files: Vec<PathBuf>,
}

/// The heading of the options of `list`.
pub(super) const LIST: &str = "List options";

/// The form of the report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    Text,
    Html,
    Json,
    Csv,
    Prometheus,
}

/// A period that has a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Word {
    Today,
    Yesterday,
    ThisWeek,
    LastWeek,
    ThisMonth,
    LastMonth,
}

words! {
    Format {
        Text "text" "tables and graphs in 80 columns",
        Html "html" "a page that needs nothing else",
        Json "json" "everything, for programs",
        Csv "csv" "the main table, for spreadsheets",
        Prometheus "prometheus" "for the textfile collector of node_exporter",
    }
    Word {
        Today "today" "from midnight on",
        Yesterday "yesterday" "the day before",
        ThisWeek "this-week" "from the day on which weeks begin",
        LastWeek "last-week" "the seven days before that",
        ThisMonth "this-month" "from the first of the month on",
        LastMonth "last-month" "the whole month before"
    }
    By {
        Week "week" "from Monday on, or from --week-start",
        Day "day" "from midnight to midnight",
        Month "month" "from its first day to its last",
    }
    ListFormat {
        Plain "plain" "one a line",
        Rbldnsd "rbldnsd" "a zone file for rbldnsd",
        Nftables "nftables" "a file for nft -f",
        Ipset "ipset" "a file for ipset restore",
        Spamd "spamd" "a list for OpenBSD's spamd",
        Abuseipdb "abuseipdb" "a report for AbuseIPDB",
        Csv "csv" "with what is known of each",
    }
}

/// A point in time as it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    Day(NaiveDate),
    /// On the clock of the report's zone.
    Clock(NaiveDateTime),
    /// In seconds.
    Moment(i64),
}

fn when(text: &str) -> Result<When, String> {
    let wrong = || format!("{text:?} is no time such as 2026-11-23 or 2026-11-23T12:00");
    let clock = text.replace(' ', "T");
    let clock = || {
        ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"].map(|form| NaiveDateTime::parse_from_str(&clock, form).ok())
    };
    let day = text.parse().map(When::Day).ok();
    let moment =
        || chrono::DateTime::parse_from_rfc3339(text).map(|moment| When::Moment(moment.timestamp())).ok();
    let when = day.or_else(moment).or_else(|| clock().into_iter().flatten().next().map(When::Clock));
    let year = |when: &When| match when {
        When::Day(date) => chrono::Datelike::year(date),
        When::Clock(clock) => chrono::Datelike::year(clock),
        When::Moment(moment) => i32::try_from(1970 + moment / 31_556_952).unwrap_or(0),
    };
    when.filter(|when| (1990..2100).contains(&year(when))).ok_or_else(wrong)
}

/// A length of time with its unit.
fn span(text: &str) -> Result<TimeDelta, String> {
    let wrong = || format!("{text:?} is no length of time such as 7d, 36h, 4w or 90m");
    let unit = text.chars().last().ok_or_else(wrong)?;
    let digits = &text[..text.len() - unit.len_utf8()];
    let number: i64 = value::number(1_i64, 1_000_000)(digits).map_err(|_| wrong())?;
    let minutes = match unit {
        'm' => 1,
        'h' => 60,
        'd' => 1440,
        'w' => 10_080,
        _ => return Err(wrong()),
    };
    TimeDelta::try_minutes(number * minutes).filter(|span| span.num_days() <= 36_500).ok_or_else(wrong)
}

/// A length of time; without a unit in seconds.
fn seconds(text: &str) -> Result<TimeDelta, String> {
    match value::number(0_i64, 1_000_000_000)(text) {
        Ok(seconds) => Ok(TimeDelta::seconds(seconds)),
        Err(_) => span(text).map_err(|why| format!("{why}, or a number of seconds")),
    }
}

/// The Monday of a week.
fn week(text: &str) -> Result<NaiveDate, String> {
    let wrong = || format!("{text:?} is no week such as 2026-W47");
    let (year, number) = text.split_once("-W").ok_or_else(wrong)?;
    let year: i32 = value::number(1990_i32, 2099)(year).map_err(|_| wrong())?;
    let number: u32 = value::number(1_u32, 53)(number).map_err(|_| wrong())?;
    NaiveDate::from_isoywd_opt(year, number, Weekday::Mon).ok_or_else(wrong)
}

fn weekday(text: &str) -> Result<Weekday, String> {
    text.parse().map_err(|_| format!("{text:?} is no day of the week, mon, tue, wed, thu, fri, sat or sun"))
}

fn zone(text: &str) -> Result<String, String> {
    text.parse::<Zone>().map(|_| text.to_owned())
}

/// What can be the name of a set anywhere.
fn name(text: &str) -> Result<String, String> {
    let inner = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.');
    let fits =
        text.starts_with(|c: char| c.is_ascii_alphabetic()) && text.bytes().all(inner) && text.len() <= 28;
    match fits {
        true => Ok(text.to_owned()),
        false => Err(format!("{text:?} is no name of at most 28 letters, digits, dots, - and _")),
    }
}

impl Report {
    /// The log files; the words that stand for a period are none.
    pub fn files(&self) -> Vec<PathBuf> {
        self.given().iter().filter(|file| word(file).is_none()).cloned().collect()
    }

    /// The period that has a name.
    pub fn word(&self) -> Option<Word> {
        self.period.period.or_else(|| self.given().iter().find_map(|file| word(file)))
    }

    fn given(&self) -> &[PathBuf] {
        match &self.command {
            Some(Command::List(list)) => &list.files,
            None => &self.files,
        }
    }

    /// Looks for what was meant as a command or as a word for a period, and would be taken for a log file.
    fn fit_words(&self) -> Result<(), Failure> {
        let command = <Self as clap::CommandFactory>::command();
        let commands = command.get_subcommands().map(clap::Command::get_name);
        // A command can only be the first.
        let known: Vec<&str> = match self.command {
            None => commands.chain(WORDS.map(|(word, _)| word)).collect(),
            Some(_) => WORDS.map(|(word, _)| word).to_vec(),
        };
        let slips = self.files().into_iter().filter_map(|file| {
            let near = nearest(file.to_str()?, known.iter().copied()).filter(|_| !file.exists())?;
            let text = format_args!("{}: there is no such file; did you mean {near}?", file.display());
            Some(Err(Failure::new(text)))
        });
        Failure::all(slips)
    }

    /// Whether the period is given in another way too.
    fn says_period_twice(&self) -> bool {
        let PeriodOptions { period, from, to, last, week, .. } = &self.period;
        let other = period.is_some() || from.is_some() || to.is_some() || last.is_some() || week.is_some();
        let words: Vec<Word> = self.given().iter().filter_map(|file| word(file)).collect();
        words.iter().any(|word| other || *word != words[0])
    }
}

/// The period that a word in place of a file stands for.
fn word(file: &Path) -> Option<Word> {
    WORDS.iter().find_map(|(word, period)| (file.to_str() == Some(word)).then_some(*period))
}

/// Words in place of a file.
const WORDS: [(&str, Word); 2] = [("today", Word::Today), ("yesterday", Word::Yesterday)];

impl Program for Report {
    const TABLE: &'static str = "report";
    const LOCK_DIR: &'static str = "";

    fn fit(&self, origins: &Origins) -> Result<(), Failure> {
        let ReportCommon { slots, total, .. } = self.common;
        let slots = match slots > total {
            true => {
                let text = format_args!("slots is {slots}, which is more than total, {total}");
                Err(origins.blame(&["slots", "total"], text))
            }
            false => Ok(()),
        };
        // A list of networks would shut out whoever is beside those who came.
        let mask = match self.output.mask && self.command.is_some() {
            true => {
                let text = "a list has addresses, or with --aggregate networks; it cannot be masked";
                Err(origins.blame(&["mask"], text))
            }
            false => Ok(()),
        };
        let period = match self.says_period_twice() {
            true => Err(Failure::new("today and yesterday: another period is given too")),
            false => Ok(()),
        };
        // In the file it is the report's, and a list has its own.
        let format =
            match self.command.is_some() && origins.line("format").is_none() && self.format != Format::Text {
                true => {
                    let text =
                        "before the word list it is the form of the report; behind it, that of the list";
                    Err(origins.blame(&["format"], text))
                }
                false => Ok(()),
            };
        Failure::all([slots, mask, period, format, self.fit_words()])
    }

    fn implied(&self, key: &str) -> Option<(String, &'static str)> {
        (key == "title").then(|| (super::toml(&value::nodename()), "the name of this machine"))
    }

    fn warnings(&self) -> Vec<String> {
        Vec::new()
    }
}
