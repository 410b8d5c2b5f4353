//! `tarpit-report`: options in, report out.

use std::ffi::OsString;
use std::fmt::Display;
use std::fs::File;
use std::io::{self, BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use super::fold::{Fold, Period};
use super::intake::Intake;
use super::list::ListOptions;
use super::source::Logs;
use super::summary::{By, Settings, Summary};
use super::zone::{self, Zone};
use super::{csv, html, json, list, output, prometheus, relay, text};
use crate::clock::{Clock as _, System};
use crate::config::{
    self, Asked, Command, Failure, Format, ListArgs, Network, PeriodOptions, Report, When, Word,
};
use crate::progress::Progress;

/// The report was made.
const DONE: u8 = 0;
/// Asked for something impossible.
const WRONG: u8 = 100;
/// The system did not let it be made.
const LATER: u8 = 111;

/// Reads the command line, makes what it asks for and says how that went.
pub fn start() -> ExitCode {
    crate::sink::outlive_limits();
    let clock = System::start();
    let args: Vec<OsString> = std::env::args_os().collect();
    let code = match config::load::<Report>(args) {
        Ok(Asked::Run(options)) => run(&options, &clock).unwrap_or_else(|(code, failure)| {
            tell(failure);
            code
        }),
        Ok(Asked::Text(text)) => {
            let _ = output::print(&text);
            DONE
        }
        Err(failure) => {
            failure.lines().for_each(tell);
            WRONG
        }
    };
    ExitCode::from(code)
}

/// Tells the operator.
fn tell(text: impl Display) {
    let _ = writeln!(io::stderr(), "tarpit-report: {}", Failure::new(text));
}

type Outcome<T> = Result<T, (u8, Failure)>;

fn wrong(text: impl Display) -> (u8, Failure) {
    (WRONG, Failure::new(text))
}

fn failed(what: &Path, error: &io::Error) -> (u8, Failure) {
    (LATER, Failure::new(format_args!("{}: {error}", what.display())))
}

fn run(options: &Report, clock: &System) -> Outcome<u8> {
    let zone: Zone = options.period.timezone.parse().map_err(wrong)?;
    let now = match options.period.now {
        Some(when) => moment(when, &zone, false),
        None => clock.wall().timestamp(),
    };
    let period = period(&options.period, options.word(), &zone, now);
    if let (Some(from), Some(to)) = (period.from, period.to)
        && from >= to
    {
        let [from, to] = [from, to].map(|at| zone.moment(at).format("%Y-%m-%d %H:%M:%S"));
        let text = format!("--to: the period would end at {to}, which is not after its beginning, {from}");
        return Err(wrong(text));
    }
    let files = options.files();
    if files.is_empty() {
        return Err(wrong("no log is given; give files, or - for standard input"));
    }
    // Whatever is wrong with what is asked for is told before anything is read.
    let list_options = match &options.command {
        Some(Command::List(args)) => Some(list_options(args, options, &zone, now)?),
        None => None,
    };
    for out in [&options.output.output, &options.input.unparsed].into_iter().flatten() {
        if let Some(log) = files.iter().find(|file| is_same(file, out)) {
            return Err(wrong(format_args!("{} is a log, and would be written over", log.display())));
        }
    }
    let settings = Settings {
        by: options.period.by,
        week_start: options.period.week_start,
        zone: zone.name().to_owned(),
        slots: options.common.slots,
        total: options.common.total,
        top: usize::try_from(options.output.top).unwrap_or(usize::MAX),
        masked: options.output.mask,
    };
    let (summary, code) = read(&files, options, Fold::new(zone, settings, period), now)?;
    doubts(&summary, list_options.is_some())?;
    let text = match (&list_options, options.format) {
        (Some(list_options), _) => list::render(&summary, list_options),
        (None, Format::Text) => text::render(&summary),
        (None, Format::Json) => json::render(&summary),
        (None, Format::Csv) => csv::render(&summary),
        (None, Format::Prometheus) => prometheus::render(&summary),
        (None, Format::Html) => {
            let title = options.output.title.clone().unwrap_or_else(config::nodename);
            html::render(&summary, &html::Looks { title })
        }
    };
    match &options.output.output {
        Some(path) => output::replace(path, &text).map_err(|error| failed(path, &error))?,
        None => output::print(&text).map_err(|error| failed(Path::new("standard output"), &error))?,
    }
    Ok(code)
}

/// Tells what makes the result other than it seems; where nothing can be dated there is none.
fn doubts(summary: &Summary, listed: bool) -> Outcome<()> {
    let input = &summary.input;
    if input.events == 0 && input.undatable > 0 {
        return Err(wrong(format_args!(
            "lines of ours without a stamp, whose connections have no time in their names either: {}, and no others, \
             so nothing can be counted; let what writes the log add stamps, as multilog does with t",
            input.undatable
        )));
    }
    if input.events == 0 {
        tell("no line of smtarpit, tarpop or sundew was counted; is this the log that they write to?");
    }
    // A list has no place for it.
    if listed && input.unparsed > 0 {
        tell(format_args!(
            "lines of ours that could not be read: {}; --unparsed FILE shows them",
            input.unparsed
        ));
    }
    summary.doubts().into_iter().for_each(tell);
    Ok(())
}

/// Whether two names are of the same file.
fn is_same(a: &Path, b: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    let place = |path: &Path| {
        path.metadata().ok().filter(|about| about.is_file()).map(|about| (about.dev(), about.ino()))
    };
    place(a).is_some_and(|file| place(b) == Some(file))
}

/// Reads all logs. One that cannot be read to its end counts as far as it was read, and changes the exit
/// code.
fn read(files: &[PathBuf], options: &Report, mut fold: Fold, now: i64) -> Outcome<(Summary, u8)> {
    let logs = Logs::look(files, now).map_err(|(path, error)| failed(path, &error))?;
    let unparsed = match &options.input.unparsed {
        Some(path) => Some(BufWriter::new(File::create(path).map_err(|error| failed(path, &error))?)),
        None => None,
    };
    let meter = logs.meter();
    let mut bar = Progress::of_bytes(logs.size());
    let mut progress = || bar.is_at(meter.get());
    let (complaints, input) = relay::count(&mut fold, |relay| {
        let mut intake = Intake::new(relay, &mut progress);
        intake.unparsed = unparsed.map(|file| Box::new(file) as Box<dyn io::Write>);
        let complaints = logs.read(&mut intake);
        if let Some(mut file) = intake.unparsed.take() {
            let _ = file.flush();
        }
        (complaints, intake.input)
    });
    bar.end();
    for complaint in &complaints {
        tell(format_args!("{complaint}; counted as far as it can be read"));
    }
    let code = if complaints.is_empty() { DONE } else { LATER };
    Ok((fold.finish(now, input), code))
}

/// A moment as it was written; a day is meant from its beginning, or to its end.
fn moment(when: When, zone: &Zone, end: bool) -> i64 {
    match when {
        When::Moment(moment) => moment,
        When::Clock(clock) => zone.moment_of(clock.and_utc().timestamp()),
        When::Day(date) => zone.start(zone::number(date) + i64::from(end)),
    }
}

/// From when to when is asked for.
fn period(options: &PeriodOptions, word: Option<Word>, zone: &Zone, now: i64) -> Period {
    let days = |from: i64, to: i64| Period { from: Some(zone.start(from)), to: Some(zone.start(to)) };
    let span = |by: By, back: i64| {
        let this = zone::first(zone.day(now), by, options.week_start);
        let first = if back == 0 { this } else { zone::first(this - 1, by, options.week_start) };
        days(first, zone::next(first, by))
    };
    match word {
        Some(Word::Today) => return span(By::Day, 0),
        Some(Word::Yesterday) => return span(By::Day, 1),
        Some(Word::ThisWeek) => return span(By::Week, 0),
        Some(Word::LastWeek) => return span(By::Week, 1),
        Some(Word::ThisMonth) => return span(By::Month, 0),
        Some(Word::LastMonth) => return span(By::Month, 1),
        None => {}
    }
    if let Some(monday) = options.week {
        let first = zone::first(zone::number(monday), By::Week, options.week_start);
        return days(first, first + 7);
    }
    if let Some(last) = options.last {
        return Period { from: Some(now - last.num_seconds()), to: Some(now) };
    }
    Period {
        from: options.from.map(|when| moment(when, zone, false)),
        to: options.to.map(|when| moment(when, zone, true)),
    }
}

fn list_options(args: &ListArgs, options: &Report, zone: &Zone, now: i64) -> Outcome<ListOptions> {
    let mut exclude = options.common.allow.clone();
    if let Some(path) = &args.exclude {
        exclude.extend(excluded(path)?);
    }
    Ok(ListOptions {
        format: args.format,
        min_held: u64::try_from(args.min_held.num_seconds()).unwrap_or(0),
        min_hits: args.min_hits,
        window: args.window,
        expire: args.expire,
        aggregate: args.aggregate,
        exclude,
        name: args.name.clone(),
        now: zone.moment(now),
    })
}

/// The networks in an exclusion file.
fn excluded(path: &Path) -> Outcome<Vec<Network>> {
    let text = std::fs::read_to_string(path).map_err(|error| failed(path, &error))?;
    let lines =
        text.lines().zip(1..).map(|(line, at)| (line.split('#').next().unwrap_or_default().trim(), at));
    let network = |(line, at): (&str, u32)| {
        line.parse().map_err(|why: String| wrong(format_args!("{}:{at}: {why}", path.display())))
    };
    lines.filter(|(line, _)| !line.is_empty()).map(network).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser as _;

    fn shown(args: &[&str]) -> (String, String) {
        let args = ["tarpit-report", "--timezone", "Europe/Berlin", "--now", "2026-11-26T12:00:00+01:00"]
            .iter()
            .chain(args);
        let options = Report::try_parse_from(args).unwrap();
        let zone: Zone = options.period.timezone.parse().unwrap();
        let now = moment(options.period.now.unwrap(), &zone, false);
        let period = period(&options.period, options.word(), &zone, now);
        let show = |at: Option<i64>| at.map_or_else(|| "-".to_owned(), |at| zone.moment(at).to_rfc3339());
        (show(period.from), show(period.to))
    }

    #[test]
    fn periods_are_what_is_asked_for() {
        for (args, from, to) in [
            (&["x"][..], "-", "-"),
            (&["today"], "2026-11-26T00:00:00+01:00", "2026-11-27T00:00:00+01:00"),
            (&["yesterday", "x"], "2026-11-25T00:00:00+01:00", "2026-11-26T00:00:00+01:00"),
            (&["--period", "last-week"], "2026-11-16T00:00:00+01:00", "2026-11-23T00:00:00+01:00"),
            (&["--period=last-month"], "2026-10-01T00:00:00+02:00", "2026-11-01T00:00:00+01:00"),
            (&["--week", "2026-W47"], "2026-11-16T00:00:00+01:00", "2026-11-23T00:00:00+01:00"),
            (
                &["--week", "2026-W47", "--week-start", "sun"],
                "2026-11-15T00:00:00+01:00",
                "2026-11-22T00:00:00+01:00",
            ),
            (&["--last", "36h"], "2026-11-25T00:00:00+01:00", "2026-11-26T12:00:00+01:00"),
            (&["--from", "2026-10-25"], "2026-10-25T00:00:00+02:00", "-"),
            (&["--to", "2026-10-25"], "-", "2026-10-26T00:00:00+01:00"),
            (
                &["--from=2026-11-01 12:30", "--to=2026-11-02T00:00:00Z"],
                "2026-11-01T12:30:00+01:00",
                "2026-11-02T01:00:00+01:00",
            ),
            (&["list", "yesterday", "x"], "2026-11-25T00:00:00+01:00", "2026-11-26T00:00:00+01:00"),
            (&["list", "--last", "1d"], "2026-11-25T12:00:00+01:00", "2026-11-26T12:00:00+01:00"),
        ] {
            assert_eq!(shown(args), (from.to_owned(), to.to_owned()), "{args:?}");
        }
    }
}
