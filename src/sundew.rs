//! The program `sundew`: its configuration, made into answers, and its commands.

use crate::allowance::Allowance;
use crate::clock::{Clock as _, System};
use crate::config::{Common, Sundew};
use crate::engine::Engine;
use crate::event::Why;
use crate::key::Key;
use crate::peer::{self, Ends};
use crate::persona::http as persona;
use crate::season::Seasons;
use crate::start::{Before, Circumstances, Outcome, Pit, complain};
use crate::web::cgi;
use crate::web::http::{self, Policy};
use crate::web::session::{Session, Treatment};
use crate::web::site::{Network, Site};
use crate::web::{Content, Found};
use chrono::{DateTime, FixedOffset, NaiveDate};
use std::os::unix::ffi::OsStringExt as _;

mod command;
mod generate;
mod link;
mod whence;

impl Pit for Sundew {
    const TAG: &'static str = "sundew";

    fn common(&self) -> &Common {
        &self.common
    }

    fn persona(&self) -> &'static str {
        match gateway() {
            Some(request) => request.persona().name.as_str(),
            None => self.site.persona.as_str(),
        }
    }

    fn busy(&self, ends: &Ends) -> Vec<u8> {
        let (seasons, wall) = (self.seasons(), System::start().wall());
        busy(self.site.persona, &seasons.on(wall.date_naive()).site, ends, wall)
    }

    fn sorry(hostname: &str, ends: &Ends) -> Vec<u8> {
        busy(persona::Name::default(), hostname, ends, System::start().wall())
    }

    type Opened = Allowance;

    fn open(&self, with: &Before<'_>) -> Result<Allowance, Why> {
        if self.limits.off.exists() {
            return Err(Why::Off);
        }
        let allowance = Allowance::open(&self.state_dir(), self.limits.max_bytes_per_day.0);
        let allowance = allowance.unwrap_or_else(|failure| {
            complain(&format!("state_dir: {failure}"));
            Allowance::endless()
        });
        let allowance = allowance.telling(complain);
        match allowance.is_left(with.clock.wall().date_naive()) {
            true => Ok(allowance),
            false => Err(Why::Bytes),
        }
    }

    fn engine(&self, allowance: Allowance, with: Circumstances) -> Box<dyn Engine> {
        let content = Box::new(Sites {
            seasons: self.seasons(),
            config: self.clone(),
            network: peer::network(with.ends.peer),
            today: with.wall.date_naive(),
            key: with.key,
        });
        let today = with.wall.date_naive();
        let meter = Box::new(move |bytes| allowance.take(today, bytes));
        let hostname = self.common.hostname.clone();
        let schedule = self.schedule();
        if let Some(request) = gateway() {
            let answer = cgi::answer(content, &hostname, &request, with.wall);
            let treatment = Treatment { allowed: with.allowed, fast: with.allowed || !self.limits.slow_cgi };
            let session = Session::answering(request, answer, schedule, treatment, with.wall, with.rng);
            return Box::new(session.metered(meter));
        }
        let policy = Policy {
            persona: self.site.persona.persona(),
            hostname,
            port: with.ends.lport.unwrap_or(PORT),
            content,
        };
        Box::new(Session::new(policy, schedule, with.allowed, with.wall, with.rng).metered(meter))
    }

    fn is_gateway() -> bool {
        gateway().is_some()
    }

    fn takes_slot(&self) -> bool {
        self.limits.slow_cgi || gateway().is_none()
    }

    fn command(&self, clock: &System) -> Option<Outcome> {
        self.command.as_ref().map(|asked| command::run(self, asked, clock))
    }
}

/// Where visitors come in, when nothing tells.
const PORT: u16 = 80;

/// The request of the web server that has started us, if one has.
fn gateway() -> Option<cgi::Request> {
    cgi::Request::read(|name| std::env::var_os(name).map(|value| value.into_vec()))
}

/// That there is no room, as our visitor or the web server before us takes it.
fn busy(name: persona::Name, site: &str, ends: &Ends, wall: DateTime<FixedOffset>) -> Vec<u8> {
    match gateway() {
        Some(request) => cgi::busy(&request, site, wall),
        None => http::busy(name.persona(), site, ends.lport.unwrap_or(PORT), wall),
    }
}

/// The sites of all seasons, for one visitor.
struct Sites {
    config: Sundew,
    seasons: Seasons,
    key: Key,
    network: Network,
    today: NaiveDate,
}

impl Content for Sites {
    fn find(&self, host: &str, path: &str) -> Found {
        let season = self.seasons.of_host(host, self.today);
        let site = Site::new(self.config.plan(season, self.key.clone(), self.today));
        site.find(path, Some(self.network))
    }
}
