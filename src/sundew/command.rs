//! What `sundew` does for the operator at a shell.

use super::{generate, link, whence};
use crate::clock::Clock as _;
use crate::clock::System;
use crate::config::{Server, Sundew, SundewCommand as Command};
use crate::progress::Progress;
use crate::season::{ADVISED_DAYS, Season, Seasons, State};
use crate::start::Outcome;
use crate::web::site::Site;
use chrono::{Days, NaiveDate};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// Carries out a command.
pub fn run(config: &Sundew, command: &Command, clock: &System) -> Outcome {
    let today = clock.wall().date_naive();
    let seasons = config.seasons();
    match command {
        Command::Generate { dir, date } => {
            let day = date.unwrap_or(today);
            let season = seasons.on(day);
            let site = Site::new(config.plan(season, config.common.key(), day));
            write(&site, season, dir)
        }
        Command::Link { to, background } => {
            let home = format!("http://{}/", seasons.on(today).site);
            Outcome::Done(link::links(to.as_deref().unwrap_or(&home), *background))
        }
        Command::Vhost { server, program } => {
            let program = program.clone().or_else(|| std::env::current_exe().ok());
            Outcome::Done(virtual_host(*server, seasons.on(today), program))
        }
        Command::Seasons => Outcome::Done(list(&seasons, today)),
        Command::Whence { address, logs } => whence::whence(config, &seasons, address, logs, clock.wall()),
    }
}

/// Writes the site, with a bar on a terminal that says how far it is.
fn write(site: &Site, season: &Season, dir: &Path) -> Outcome {
    let mut progress = Progress::of_files(generate::count(site));
    let written = generate::generate(site, dir, &mut || progress.step());
    progress.end();
    match written {
        Ok(written) => Outcome::Done(format!(
            "{} files with {} addresses at {} are in {}, {} kB. Let a web server show them as {}.\n",
            written.files,
            written.addresses,
            season.domain,
            dir.display(),
            written.bytes / 1024,
            season.site,
        )),
        Err(error) => Outcome::Failed(format!("{}: {error}", dir.display())),
    }
}

/// The shipped files, each a virtual host for www.example.org.
const VIRTUAL_HOSTS: [(Server, &str); 3] = [
    (Server::Apache, include_str!("../../contrib/apache/sundew.conf")),
    (Server::Nginx, include_str!("../../contrib/nginx/sundew.conf")),
    (Server::Lighttpd, include_str!("../../contrib/lighttpd/sundew.conf")),
];

/// A shipped file with the names of this season and of this machine.
fn virtual_host(server: Server, season: &Season, program: Option<PathBuf>) -> String {
    let text = VIRTUAL_HOSTS.iter().find_map(|(other, text)| (*other == server).then_some(*text));
    let program = program.unwrap_or_else(|| PathBuf::from(PROGRAM));
    let program = program.to_string_lossy();
    let dir = program.rsplit_once('/').map_or("/", |(dir, _)| dir);
    let pattern = |name: &str| name.replace('.', "\\.");
    text.unwrap_or_default()
        .replace(PROGRAM, &program)
        .replace("/usr/local/sbin", dir)
        .replace("www.example.org", &season.site)
        .replace("www\\.example\\.org", &pattern(&season.site))
        .replace("example.org", &season.domain)
        .replace("example\\.org", &pattern(&season.domain))
}

/// Where the shipped files have the program.
const PROGRAM: &str = "/usr/local/sbin/sundew";

/// The seasons in a table, and what is due.
fn list(seasons: &Seasons, today: NaiveDate) -> String {
    let mut out = format!("{:>6}  {:<28} {:<10}  {:<10}  {}\n", "season", "domain", "from", "until", "state");
    let date = |day: Option<NaiveDate>, none: &str| day.map_or(none.to_owned(), |day| day.to_string());
    for season in seasons.all() {
        let state = match seasons.state(season, today) {
            State::Next => "to come",
            State::Now => "shown now",
            State::Overdue => "shown now, overdue",
            State::Past => "recognised",
        };
        let _ = writeln!(
            out,
            "{:>6}  {:<28} {:<10}  {:<10}  {state}",
            season.number,
            season.domain,
            date(season.from, "ever"),
            date(season.until, "open"),
        );
    }
    let _ = writeln!(out, "\n{}", due(seasons, today));
    out
}

/// What the operator should do next.
fn due(seasons: &Seasons, today: NaiveDate) -> String {
    let now = seasons.on(today);
    let next = seasons
        .all()
        .filter(|season| season.from.is_some_and(|from| from > today))
        .min_by_key(|season| season.from);
    if let Some(next) = next {
        let from = next.from.map(|from| from.to_string()).unwrap_or_default();
        return format!(
            "Next: season {} at {} from {from}. Its MX record should be there by then.",
            next.number, next.domain
        );
    }
    let advised = now.from.and_then(|from| from.checked_add_days(Days::new(ADVISED_DAYS)));
    match (now.until, advised) {
        (Some(until), _) if until < today => format!(
            "Due: season {} should have ended on {until}. Add a [[season]] with another domain.",
            now.number
        ),
        (Some(until), _) => {
            format!("Due: a new season after {until}. Add a [[season]] with another domain before that day.")
        }
        (None, Some(day)) if day <= today => format!(
            "Due: season {} is older than six months. Add a [[season]] with another domain.",
            now.number
        ),
        (None, Some(day)) => format!("Due: a new season on {day}, six months after the last one began."),
        (None, None) => {
            "Nothing is planned. Addresses are worth most for six months; then add a [[season]] with \
                         another domain."
                .to_owned()
        }
    }
}
