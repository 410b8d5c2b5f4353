//! What one visitor does, from `connect` to `end`, as events with their times.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;

use sundew::event::{Ended, Kind, Plain, Reason, Seconds, Tool, Totals, Verdict, What};

use super::crowd::Source;
use super::dice::Dice;
use super::{DAY, SECOND};

/// Software that sends mail: its patience in seconds, its greeting, what gives it away.
pub const BOTS: [(f64, &str, &str, &str); 6] = [
    (10.0, "HELO", "localhost", "fast,noquit"),
    (30.0, "EHLO", "ylmf-pc", "pipelining"),
    (60.0, "EHLO", "[192.168.1.2]", "fast"),
    (120.0, "HELO", "mail.example.com", "prompt"),
    (300.0, "EHLO", "smtp.example.net", "prompt,early"),
    (600.0, "EHLO", "WIN-8QK1J2", "dribble"),
];

/// Software that guesses passwords.
const TOOLS: [(f64, (Tool, &str)); 6] = [
    (0.42, (Tool::Hydra, "fast,noquit")),
    (0.14, (Tool::Script, "fast")),
    (0.10, (Tool::Medusa, "prompt")),
    (0.09, (Tool::Nmap, "brief,noquit")),
    (0.05, (Tool::Ncrack, "prompt")),
    (0.20, (Tool::Unknown, "early")),
];

const USERS: [(f64, &str); 10] = [
    (0.24, "admin"),
    (0.18, "info"),
    (0.12, "test"),
    (0.10, "root"),
    (0.08, "sales"),
    (0.07, "postmaster"),
    (0.06, "user"),
    (0.06, "office"),
    (0.05, "backup"),
    (0.04, "scanner"),
];

const AGENTS: [&str; 5] = [
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36",
    "Mozilla/4.0 (compatible; MSIE 6.0; Windows NT 5.1)",
    "python-requests/2.32.3",
    "curl/8.14.1",
    "Mozilla/5.0 (compatible; ExtractorPro)",
];

const STYLES: [&str; 5] = ["mailto", "text", "entity", "spelled", "cast"];

/// How often a conversation is still going on: as the programs write it.
const STILL: i64 = 600 * SECOND;

/// Addresses that were shown and wait to be mailed to.
pub struct Harvest {
    dice: Dice,
    due: BinaryHeap<Reverse<(i64, String)>>,
    visits: u32,
}

impl Harvest {
    pub fn new(dice: Dice) -> Self {
        Harvest { dice, due: BinaryHeap::new(), visits: 0 }
    }

    /// A new name for a visit, as scattered as ours are, and never the same.
    fn visit(&mut self) -> String {
        self.visits += 1;
        format!("{:05x}", self.visits.wrapping_mul(0x9e37_79b1) & 0xf_ffff)
    }

    /// Somebody saw `count` addresses; some of those who do sell them.
    fn shown(&mut self, at: i64, season: u64, styles: &[&str], visit: &str, count: u64) {
        if !self.dice.chance(0.25) {
            return;
        }
        for nth in 0..count.min(8) {
            if !self.dice.chance(0.4) {
                continue;
            }
            let style = *self.dice.pick(styles);
            #[expect(clippy::cast_possible_truncation, reason = "days, not ages")]
            let delay = (self.dice.long_tail(4.0, 1.8).min(400.0) * DAY as f64) as i64;
            let mut mailed = at + delay;
            for _ in 0..self.dice.power(1.1, 300) {
                self.due.push(Reverse((mailed, format!("s{season}.{style}.{visit}.{nth}"))));
                mailed += self.dice.micros(2.0 * 86_400.0);
            }
        }
    }

    /// An address whose turn it is.
    fn due(&mut self, at: i64) -> Option<String> {
        if self.due.peek()?.0.0 > at {
            return None;
        }
        self.due.pop().map(|Reverse((_, receipt))| receipt)
    }
}

/// Names a connection as `start.rs` does.
pub fn id(micros: i64, pid: u32) -> String {
    let mut out = String::with_capacity(16);
    base36(u64::try_from(micros).unwrap_or_default(), &mut out);
    base36(pid.into(), &mut out);
    out
}

fn base36(mut number: u64, out: &mut String) {
    let mut digits = [0u8; 13];
    let mut at = digits.len();
    while number > 0 || at == digits.len() {
        at -= 1;
        digits[at] =
            b"0123456789abcdefghijklmnopqrstuvwxyz"[usize::try_from(number % 36).unwrap_or_default()];
        number /= 36;
    }
    out.push_str(std::str::from_utf8(&digits[at..]).unwrap_or_default());
}

/// The half year that a moment is in.
pub fn season(at: i64) -> u64 {
    u64::try_from((at - 1_704_067_200 * SECOND) / (183 * DAY)).unwrap_or_default() % 64
}

/// One conversation while it is made.
pub struct Talk<'d> {
    pub dice: &'d mut Dice,
    source: &'d Source,
    whole: bool,
    began: i64,
    now: i64,
    stage: &'static str,
    profile: &'static str,
    totals: Totals,
    lines: Vec<(i64, What)>,
    /// When the peer leaves.
    leaves: i64,
}

impl<'d> Talk<'d> {
    pub fn new(dice: &'d mut Dice, source: &'d Source, at: i64, whole: bool) -> Self {
        let night = !(6..22).contains(&(at.rem_euclid(DAY) / (3_600 * SECOND)));
        let profile = if night { "night" } else { "day" };
        let totals = Totals::default();
        Talk {
            dice,
            source,
            whole,
            began: at,
            now: at,
            stage: "banner",
            profile,
            totals,
            lines: Vec::new(),
            leaves: at,
        }
    }

    /// What has been made: the lines, and when the slot is free again.
    pub fn done(mut self) -> (Vec<(i64, What)>, i64) {
        self.lines.sort_by_key(|&(at, _)| at);
        let last = self.lines.last().map_or(self.began, |&(at, _)| at);
        (self.lines, last.max(self.leaves))
    }

    /// SIGKILL or a power cut somewhere: everything after it is missing.
    pub fn kill(&mut self) {
        let length = self.leaves - self.began;
        #[expect(clippy::cast_possible_truncation, reason = "a part of what fits")]
        let at = self.began + (length as f64 * self.dice.part()) as i64;
        self.lines.retain(|&(when, ref what)| when <= at && !matches!(what, What::End { .. }));
        self.leaves = at;
    }

    pub fn smtp(&mut self, busy: u32, harvest: &mut Harvest) {
        let (patience, verb, name, evidence) = BOTS[self.source.bot];
        let human = self.dice.chance(0.004);
        let stubborn = self.dice.chance(0.38);
        let length = match () {
            () if human => self.dice.long_tail(90.0, 0.8),
            // A few hundred of a year's visitors hang on for days.
            () if self.dice.chance(0.0012) => 86_400.0 * (1.0 + 19.0 * self.dice.part().powi(3)),
            () if stubborn => self.dice.long_tail(1_500.0, 1.5).min(160_000.0),
            () => 20.0 + self.dice.wait(60.0),
        };
        let gaveup = (!stubborn && !human).then(|| patience * (1.0 + 0.004 * self.dice.part()));
        self.begin(busy, 25, "postfix", length + gaveup.unwrap_or_default());
        self.spend(2.0, 12.0);
        if self.goes_on(0.95) {
            self.stage = "helo";
            self.note(What::Helo { verb: verb.into(), name: name.into() });
        }
        let mails = if self.dice.chance(0.9) { 1 } else { self.dice.between(2, 4) };
        for nth in 0..mails {
            self.spend(3.0, 25.0);
            if !self.goes_on(0.95) {
                break;
            }
            self.stage = "mail";
            let null = self.dice.chance(0.12);
            let from =
                if null { String::new() } else { format!("{}@{}", self.dice.pick(&USERS).1, "example.net") };
            self.note(What::Mail { from: from.as_str().into(), verdict: Verdict::Accept });
            *self.totals.mails.get_or_insert_default() += 1;
            *self.totals.null_from.get_or_insert_default() += u64::from(null);
            for _ in 0..self.dice.power(1.4, 30) {
                self.spend(3.0, 25.0);
                if !self.goes_on(0.97) {
                    break;
                }
                self.stage = "rcpt";
                let receipt = harvest.due(self.now);
                let to = match &receipt {
                    Some(receipt) => format!("anna.{}@example.org", receipt.replace('.', "")),
                    None => format!("{}{nth}@example.org", self.dice.pick(&USERS).1),
                };
                let verdict = if receipt.is_some() { Verdict::Accept } else { *self.dice.pick(Verdict::ALL) };
                let receipt = receipt.map(|receipt| receipt.as_str().into());
                self.note(What::Rcpt { to: to.as_str().into(), verdict, receipt });
                *self.totals.rcpts.get_or_insert_default() += 1;
            }
            self.spend(10.0, 40.0);
            if self.stage != "rcpt" || !self.goes_on(0.3) {
                break;
            }
            self.stage = "dot";
            let bytes = self.dice.between(300, 60_000);
            let sha256 = format!("{:016x}{:048x}", self.dice.number(), nth);
            let verdict = Verdict::Tempfail;
            self.note(What::Message { bytes, sha256: sha256.as_str().into(), verdict, stored: None });
            *self.totals.messages.get_or_insert_default() += 1;
        }
        self.totals.mails.get_or_insert_default();
        self.totals.null_from.get_or_insert_default();
        self.totals.rcpts.get_or_insert_default();
        let kind = if human { (Kind::Human, "keys,edit,help") } else { (Kind::Program, evidence) };
        self.end(kind, gaveup);
    }

    pub fn pop3(&mut self, busy: u32, harvest: &mut Harvest) {
        let &(tool, evidence) = self.dice.weighted(&TOOLS);
        let length = if self.dice.chance(0.3) {
            self.dice.long_tail(900.0, 1.2).min(80_000.0)
        } else {
            15.0 + self.dice.wait(70.0)
        };
        self.begin(busy, 110, "dovecot", length);
        self.totals.tool = Some(tool);
        self.totals.logins = Some(0);
        for _ in 0..self.dice.power(1.0, 12) {
            self.spend(2.0, 18.0);
            if !self.goes_on(0.98) {
                break;
            }
            self.stage = "login";
            let user = *self.dice.weighted(&USERS);
            let inside = self.dice.chance(0.03);
            let visit = inside.then(|| harvest.visit());
            if let Some(visit) = &visit {
                harvest.shown(self.now, 0, &["mailbox"], visit, 4);
            }
            let visit: Option<Plain> = visit.map(|visit| visit.as_str().into());
            let verdict = if inside { Verdict::Accept } else { Verdict::Reject };
            self.note(What::Login {
                user: user.into(),
                method: "user".into(),
                verdict,
                password: None,
                visit,
            });
            *self.totals.logins.get_or_insert_default() += 1;
            if inside {
                self.spend(2.0, 20.0);
                self.stage = "retr";
                let bytes = self.dice.between(700, 9_000);
                self.note(What::Retr { number: 1, bytes });
                *self.totals.retrs.get_or_insert_default() += 1;
                break;
            }
        }
        self.end((Kind::Program, evidence), None);
    }

    pub fn web(&mut self, busy: u32, harvest: &mut Harvest) {
        let length = if self.dice.chance(0.08) {
            self.dice.long_tail(1_200.0, 1.3).min(90_000.0)
        } else {
            4.0 + self.dice.wait(25.0)
        };
        self.begin(busy, 80, "nginx", length);
        let agent = *self.dice.pick(&AGENTS);
        let season = season(self.now);
        for _ in 0..self.dice.power(1.3, 20) {
            self.spend(0.5, 4.0);
            if !self.goes_on(1.0) && self.totals.pages.is_some() {
                break;
            }
            self.stage = "page";
            let found = self.dice.chance(0.9);
            let (bytes, addresses) = (self.dice.between(4_000, 40_000), self.dice.between(1, 8));
            let visit = found.then(|| harvest.visit());
            if let Some(visit) = &visit {
                harvest.shown(self.now, season, &STYLES, visit, addresses);
            }
            let path = format!("/people/{}/", self.dice.below(5_000));
            self.note(What::Page {
                method: "GET".into(),
                host: "www.example.org".into(),
                path: path.as_str().into(),
                status: if found { 200 } else { 404 },
                agent: agent.into(),
                bytes,
                addresses: found.then_some(addresses),
                season: found.then_some(season),
                visit: visit.map(|visit| visit.as_str().into()),
            });
            *self.totals.pages.get_or_insert_default() += 1;
            *self.totals.made.get_or_insert_default() += bytes;
        }
        self.end((Kind::Program, "fast"), None);
    }

    fn begin(&mut self, busy: u32, port: u16, persona: &str, seconds: f64) {
        self.leaves = self.began + self.micros(seconds);
        let what = What::Connect {
            port: Some(u16::try_from(self.dice.between(1_024, 65_535)).unwrap_or(1_024)),
            local: Some(std::net::Ipv4Addr::new(192, 0, 2, 25).into()),
            lport: Some(port),
            slot: busy,
            busy,
            profile: self.profile.into(),
            persona: persona.into(),
        };
        self.note(what);
    }

    fn note(&mut self, what: What) {
        self.lines.push((self.now, what));
    }

    fn spend(&mut self, least: f64, most: f64) {
        let seconds = least + (most - least) * self.dice.part();
        self.now += self.micros(seconds);
        self.totals.commands += 1;
    }

    /// Whether the peer is still there, and likes to go on.
    fn goes_on(&mut self, part: f64) -> bool {
        self.now < self.leaves && self.dice.chance(part)
    }

    /// To milliseconds, which is what `held` can say, or to whole seconds.
    #[expect(clippy::cast_possible_truncation, reason = "a conversation is no age")]
    fn micros(&self, seconds: f64) -> i64 {
        let grain = if self.whole { SECOND } else { SECOND / 1_000 };
        ((seconds * SECOND as f64) as i64 / grain).max(1) * grain
    }

    fn end(&mut self, (kind, evidence): (Kind, &str), gaveup: Option<f64>) {
        // Who was to leave before the last command stayed for its answer.
        self.leaves = self.leaves.max(self.lines.last().map_or(0, |line| line.0));
        let held = self.leaves - self.began;
        let mut bytes_out = 120;
        let mut at = self.began + STILL;
        while at < self.leaves {
            // The peer was last heard of a few seconds ago: its last ACK.
            let seen = self.micros(3.0);
            bytes_out += 600 / 12;
            let (stage, profile) = (self.stage.into(), self.profile.into());
            let (held, made) = (seconds(at - seen - self.began), None);
            self.lines.push((at, What::Still { held, stage, profile, made, bytes_out: Some(bytes_out) }));
            at += STILL;
        }
        let reason = match (gaveup, self.stage) {
            (Some(_), _) => Reason::Hangup,
            (None, "page") if self.dice.chance(0.3) => Reason::Hangup,
            (None, "page" | "retr") => Reason::Quit,
            _ => *self.dice.weighted(&[
                (0.55, Reason::Hangup),
                (0.2, Reason::Ghost),
                (0.15, Reason::Timeout),
                (0.08, Reason::Quit),
                (0.02, Reason::Limit),
            ]),
        };
        // A ghost is noticed late.
        let late = if reason == Reason::Ghost { self.micros(900.0) } else { 0 };
        let gaveup = match (gaveup, reason) {
            (None, Reason::Hangup) => Some(self.dice.long_tail(40.0, 1.0).min(held as f64 / SECOND as f64)),
            (gaveup, _) => gaveup,
        };
        let gaveup = gaveup.map(|gaveup| {
            Seconds::new(Duration::from_micros(u64::try_from(self.micros(gaveup)).unwrap_or(0)))
        });
        if let Some(made) = self.totals.made {
            // Who stays to the end of a page has all of it.
            bytes_out = if reason == Reason::Quit { made } else { made * self.dice.between(3, 9) / 10 };
        }
        let totals = &self.totals;
        let what = Ended {
            held: seconds(held),
            bytes_in: 20 * totals.commands + 14,
            bytes_out,
            stage: self.stage.into(),
            reason,
            kind,
            evidence: evidence.into(),
            gaveup,
            waited: None,
            profile: self.profile.into(),
            totals: totals.clone(),
            unlogged: None,
        };
        self.lines.push((self.leaves + late, what.into()));
    }
}

fn seconds(micros: i64) -> Seconds {
    Seconds::new(Duration::from_micros(u64::try_from(micros).unwrap_or_default()))
}

/// A line of another program; some look like ours at first sight.
pub fn foreign(dice: &mut Dice, nth: u64) -> (&'static str, String) {
    const LINES: [(&str, &str); 6] = [
        ("postfix/smtpd", "connect from unknown[192.0.2.99]"),
        ("postfix/qmgr", "4F1A22: from=<a@example.net>, size=1042, nrcpt=1 (queue active)"),
        ("CRON", "(root) CMD (   cd / && run-parts --report /etc/cron.hourly)"),
        ("dovecot", "imap-login: Disconnected: smtarpit[99]: end id=forged held=1 (no auth attempts)"),
        ("sshd", "Failed password for invalid user smtarpit from 192.0.2.3 port 22 ssh2"),
        ("tarpit", "connect id=none peer=192.0.2.1"),
    ];
    let (program, text) = *dice.pick(&LINES);
    (program, format!("{text} #{nth}"))
}
