//! The last step: from counts to a summary, when everything is read.

use std::panic::resume_unwind;
use std::thread::{Builder, scope};

use super::days::Day;
use super::source::Sources;
use super::{Fold, Period, crossing};
use crate::report::summary::{
    By, Input, MailsPerAddress, Moment, Service, ServiceFacts, Settings, Span, Summary, Tally, Trouble,
};
use crate::report::zone::{self, Zone};

/// How many user names are shown at most, whatever `top` is.
const USERS: usize = 1000;

pub(super) fn build(mut fold: Fold, made: i64, input: Input) -> Summary {
    let log_end = fold.seen.map_or(made, |(_, last)| last);
    for connection in std::mem::take(&mut fold.open).drain() {
        fold.close(connection, log_end);
    }
    let far_off = fold.far_off(fold.settings.masked, &fold.zone);
    let Fold { zone, settings, period, days, mut services, sources, harvest, mut troubles, seen, .. } = fold;
    let (days, before) = days.sorted();
    let stretch = stretch(period, &days, &zone);
    let spans =
        |by| stretch.map_or_else(Vec::new, |(from, to)| Frame::all(from, to, by, &settings, period, &zone));
    let frames = [By::Week, By::Day, By::Month].map(spans);
    let graph = seen.map(|(first, last)| period.cut(first, last + 1));

    let mut facts = Vec::new();
    for service in Service::ALL {
        let fold = std::mem::take(&mut services[service.index()]);
        if !fold.seen {
            continue;
        }
        let mut fold = fold;
        let [weeks, days_, months] = [0, 1, 2].map(|at| fill(&frames[at], &days, service, &zone));
        let mut total = Tally::default();
        days.iter().for_each(|(_, day)| total.merge(&day[service.index()]));
        let before = before.as_ref().map(|(range, day)| Span {
            start: zone.moment(range.start),
            end: zone.moment(range.end),
            name: name(zone.day(range.start), settings.by),
            tally: day[service.index()].clone(),
        });
        facts.push(ServiceFacts {
            service,
            total,
            weeks,
            days: days_,
            months,
            before: before.filter(|span| span.tally != Tally::default()),
            hours: fold.hours,
            stages: fold.stages(),
            reasons: fold.reasons(),
            refusals: fold.refusals(),
            kinds: fold.kinds(),
            tools: fold.tools(),
            profiles: fold.profiles(),
            gaveup: fold.gaveup(),
            users: fold.users.most(settings.top.max(USERS)),
            open: fold.open,
            killed: fold.killed,
            processes: graph.map(|(from, to)| fold.processes.over(from, to, &zone)).unwrap_or_default(),
        });
    }
    troubles.sort_by(|a, b| b.3.cmp(&a.3).then_with(|| a.1.cmp(&b.1)));
    // Each of these goes over much memory, and none needs another. A zone remembers what it was asked last, so
    // each has one of its own.
    let masked = settings.masked;
    let (hosts, (networks, harvest)) = both(
        || if masked { Vec::new() } else { sources.hosts(&zone.clone()) },
        || both(|| sources.networks(&zone.clone()), || crossing::build(&harvest, &frames[0], masked, &zone)),
    );
    Summary {
        made: zone.moment(made),
        period: asked(period, seen, &zone),
        log: seen.map(|(first, last)| (zone.moment(first), zone.moment(last))),
        far_off,
        harvest,
        mails: mails(&sources),
        sources: if masked { networks.clone() } else { hosts },
        networks,
        errors: troubles
            .into_iter()
            .map(|(service, what, count, last)| Trouble { service, what, count, last: zone.moment(last) })
            .collect(),
        services: facts,
        settings,
        input,
    }
}

/// Does both, the first in another thread if there can be one.
fn both<A: Send, B>(first: impl Fn() -> A + Sync, second: impl FnOnce() -> B) -> (A, B) {
    scope(|scope| match Builder::new().spawn_scoped(scope, &first) {
        Ok(thread) => {
            let second = second();
            (thread.join().unwrap_or_else(|panic| resume_unwind(panic)), second)
        }
        Err(_) => (first(), second()),
    })
}

fn asked(period: Period, seen: Option<(i64, i64)>, zone: &Zone) -> Option<(Moment, Moment)> {
    let from = period.from.or(seen.map(|(first, _)| first))?;
    let to = period.to.or(seen.map(|(_, last)| last)).unwrap_or(from);
    Some((zone.moment(from), zone.moment(to.max(from))))
}

/// From which day to which the tables go.
fn stretch(period: Period, days: &[(i64, Day)], zone: &Zone) -> Option<(i64, i64)> {
    let first = period.from.map(|from| zone.day(from)).or(days.first().map(|(day, _)| *day))?;
    let last = period.to.map(|to| zone.day(to - 1)).or(days.last().map(|(day, _)| *day)).unwrap_or(first);
    Some((first, last.max(first)))
}

/// A span of time without its sums.
pub(super) struct Frame {
    /// The first day, and the one after the last.
    first: i64,
    end: i64,
    /// In seconds, cut by the period.
    from: i64,
    to: i64,
    name: String,
}

impl Frame {
    fn all(first: i64, last: i64, by: By, settings: &Settings, period: Period, zone: &Zone) -> Vec<Frame> {
        let mut frames = Vec::new();
        let mut day = zone::first(first, by, settings.week_start);
        while day <= last {
            let end = zone::next(day, by);
            let (from, to) = period.cut(zone.start(day), zone.start(end));
            frames.push(Frame { first: day, end, from, to, name: name(day, by) });
            day = end;
        }
        frames
    }

    pub(super) fn days(&self) -> std::ops::Range<i64> {
        self.first..self.end
    }
}

/// What a span is called that begins with this day.
fn name(day: i64, by: By) -> String {
    let form = if by == By::Month { "%Y-%m" } else { "%Y-%m-%d" };
    zone::date(day).format(form).to_string()
}

/// The spans of a program. The days are in their order.
fn fill(frames: &[Frame], days: &[(i64, Day)], service: Service, zone: &Zone) -> Vec<Span> {
    let mut days = days.iter().peekable();
    let span = |frame: &Frame| {
        let mut tally = Tally::default();
        while let Some((_, sums)) = days.next_if(|(day, _)| *day < frame.end) {
            tally.merge(&sums[service.index()]);
        }
        let (start, end) = (zone.moment(frame.from), zone.moment(frame.to));
        Span { start, end, name: frame.name.clone(), tally }
    };
    frames.iter().map(span).collect()
}

fn mails(sources: &Sources) -> MailsPerAddress {
    let mut facts = MailsPerAddress::default();
    for mails in sources.values().map(|source| u64::from(source.mails)).filter(|mails| *mails > 0) {
        facts.mails += mails;
        facts.addresses += 1;
        facts.ones += u64::from(mails == 1);
        facts.largest = facts.largest.max(mails);
        *facts.spread.entry(mails).or_default() += 1;
    }
    facts
}
