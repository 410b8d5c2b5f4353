//! When a connection is counted: once nothing of it can be missing.
//!
//! Lines may come in any order, so an `end` is not the last of a connection. It is counted when its `connect`
//! and all that its `end` has counted were there, and a while after that, for lines that are not counted there
//! come late too. In a log in order that is soon after its end, in one that is newest first soon after its
//! `connect`, and so no more is kept than was open at once. A connection of which something stays missing, as when
//! the log begins in the middle of it, waits for that until all is read, or until too many wait.

use super::Fold;
use super::connection::{Connection, Counts, Ended, PLACES, Place};
use crate::report::heard::LONGEST_MS;

/// So many connections that are whole wait for lines that come late.
const LATE: usize = 1024;

/// So many that have ended wait for what is missing of them; then it is taken as lost.
const LACKING: usize = 1 << 16;

/// How long after its last line a connection may be open without saying `still`, which it does every ten
/// minutes; in seconds.
const QUIET: i64 = 660;

impl Fold {
    /// Looks whether something is to be done about a connection that has ended.
    pub(super) fn settle(&mut self, place: usize, name: u64) {
        if self.open.at(place).is_some_and(Connection::becomes_whole) {
            self.lacking -= 1;
            self.whole.push_back(name);
            if self.whole.len() > LATE
                && let Some(name) = self.whole.pop_front()
            {
                self.close_named(name);
            }
        } else if self.lacking > LACKING {
            self.lacking = 0;
            self.open.lacking().into_iter().for_each(|name| self.close_named(name));
        }
    }

    /// Nothing of what is whole comes late any more.
    pub(super) fn close_whole(&mut self) {
        while let Some(name) = self.whole.pop_front() {
            self.close_named(name);
        }
    }

    fn close_named(&mut self, name: u64) {
        if let Some(connection) = self.open.remove(name) {
            self.close(connection, i64::MAX);
        }
    }

    /// Counts what is known of a connection, of which no more comes; `log_end` is when the log ended.
    pub(super) fn close(&mut self, connection: Connection, log_end: i64) {
        match connection.ended {
            Some(ended) => self.end(connection, &ended),
            None => self.unended(&connection, log_end),
        }
    }

    /// Counts a connection that has ended.
    fn end(&mut self, mut connection: Connection, ended: &Ended) {
        let (service, Ended { at, end, places }) = (connection.service, *ended);
        let within = self.period.contains(at);
        let held_ms = connection.believed(end.held_ms, at);
        let start = connection.began(held_ms, at);
        // What the log did not show of what the end has counted belongs to the end.
        for place in PLACES {
            let Some(total) = place.total(&end) else { continue };
            let seen = u64::from(connection.all.0[place as usize]);
            let (more, less) = (total.saturating_sub(seen), seen.saturating_sub(total));
            if more | less != 0 {
                self.tally(at, service, |tally| {
                    let count = place.of(tally);
                    *count = count.saturating_add(more).saturating_sub(less);
                });
            }
            if within {
                let count = &mut connection.within.0[place as usize];
                let now = u64::from(*count).saturating_add(more).saturating_sub(less);
                *count = u32::try_from(now).unwrap_or(u32::MAX);
            }
        }
        self.tally(at, service, |tally| {
            tally.bytes_in = tally.bytes_in.saturating_add(end.bytes_in);
            tally.bytes_out = tally.bytes_out.saturating_add(end.bytes_out);
            tally.made = tally.made.saturating_add(end.made.unwrap_or(0));
            tally.commands = tally.commands.saturating_add(end.commands);
        });
        let hour = self.zone.second(start) / 3600;
        let facts = &mut self.services[service.index()];
        if within {
            facts.end(&end, places, held_ms, usize::try_from(hour).unwrap_or(0));
        }
        facts.processes.present(start, at.max(start));
        self.held(&connection, start, held_ms, at, true);
    }

    /// Counts a connection that never said its end.
    fn unended(&mut self, connection: &Connection, log_end: i64) {
        let (service, last) = (connection.service, connection.last);
        let (still_ms, told, bytes_out) = connection.still.unwrap_or((0, connection.first, 0));
        let still_ms = connection.believed(still_ms, told);
        let start = connection.began(still_ms, told);
        let active =
            u64::try_from(connection.active.max(connection.first) - start).unwrap_or(0).saturating_mul(1000);
        let held_ms = still_ms.max(active).min(LONGEST_MS);
        let open = log_end - last <= QUIET;
        let until = if open { log_end + 1 } else { last };
        self.services[service.index()].processes.present(start, until);
        self.tally(last, service, |tally| {
            tally.bytes_out = tally.bytes_out.saturating_add(bytes_out);
        });
        if self.period.contains(last) {
            let facts = &mut self.services[service.index()];
            facts.open += u64::from(open);
            facts.killed += u64::from(!open);
        }
        self.held(connection, start, held_ms, last, !open);
    }

    /// What both kinds of end have in common.
    fn held(&mut self, connection: &Connection, start: i64, held_ms: u64, at: i64, ended: bool) {
        let service = connection.service;
        self.hit(start, service);
        self.days.hold(&self.zone, start, held_ms, service);
        if ended {
            let over = (start + i64::try_from(held_ms / 1000).unwrap_or(0)).min(at.max(start));
            self.tally(over, service, |tally| {
                tally.longest_ms = tally.longest_ms.max(held_ms);
                tally.holds.add(held_ms / 1000);
            });
        }
        let Some(peer) = connection.peer else { return };
        let (from, to) = self.period.cut(start, start + i64::try_from(held_ms.div_ceil(1000)).unwrap_or(0));
        let hit = self.period.contains(start);
        if !hit && from >= to && connection.within == Counts::default() {
            return;
        }
        let part = u64::try_from(to - from).unwrap_or(0).saturating_mul(1000).min(held_ms);
        let source = self.sources.of(peer, from);
        source.seen(to.max(from));
        source.hits[service.index()] += u32::from(hit);
        source.held_ms = source.held_ms.saturating_add(part);
        if ended && self.period.contains(at) {
            source.longest_ms = source.longest_ms.max(held_ms);
        }
        for (count, place) in [
            (&mut source.mails, Place::Mails),
            (&mut source.null_from, Place::NullFrom),
            (&mut source.auths, Place::Auths),
            (&mut source.rcpts, Place::Rcpts),
            (&mut source.logins, Place::Logins),
            (&mut source.pages, Place::Pages),
        ] {
            *count = count.saturating_add(connection.within.0[place as usize]);
        }
    }
}
