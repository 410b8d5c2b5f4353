//! How a program is held: one pure decision, from what its conversation shows of its software.
//!
//! Most mail software restarts its timer at every byte it reads (Postfix, msmtp, nodemailer,
//! smtplib, Net::SMTP, qmail, Sendmail at every line), so a reply that never completes holds it for
//! as long as it lives. Some give a whole reply a deadline (Exim, libcurl, PHPMailer, swaks); for
//! those a reply that completes just below it, again and again, is worth more. Which is which can
//! be told from how the client says MAIL and RCPT, and later from the header of its message.
//!
//! [`decide`] is where learned limits will come in.

use crate::smtp::dialogue::Stage;
use crate::smtp::pacing::{Hold, HoldAt, Pacing};
use std::time::Duration;

/// How slowly one reply goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Slow {
    /// As before the hold: the pacing's `banner_time` or `reply_time`.
    Briefly,
    /// Completes when this much time has gone by.
    Until(Duration),
    /// Never completes.
    Endless,
}

/// What the conversation has shown of the client's software so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Dialect {
    /// The n of MAIL FROM:<...> SIZE=n, in capitals: Exim, libcurl and Postfix.
    size: Option<u64>,
    /// How the client names itself.
    name: Name,
    /// A parameter that neither Exim nor libcurl sends by default: BODY=, or ORCPT= at RCPT, which
    /// Postfix always sends to a server that offers DSN.
    rich: bool,
    /// The program that its message's first Received header names.
    mailer: Mailer,
    /// The first header line that could tell has been seen.
    header_seen: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Name {
    #[default]
    Other,
    /// Without a dot, as libcurl and swaks do on most machines.
    Bare,
    /// With a dot, as a mail server has it.
    Full,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Mailer {
    #[default]
    Unknown,
    Exim,
    Other,
}

impl Dialect {
    /// Learns from a command line.
    pub fn command(&mut self, line: &[u8]) {
        let Ok(line) = std::str::from_utf8(line) else { return };
        let upper = line.to_ascii_uppercase();
        let parameters = || upper.rsplit_once('>').map_or("", |(_, parameters)| parameters);
        if let Some(name) = line.strip_prefix("EHLO ") {
            self.name = named(name);
        } else if line.starts_with("MAIL FROM:<") {
            let size = parameters().split_whitespace().find_map(|word| word.strip_prefix("SIZE="));
            self.size = size.and_then(|size| size.parse().ok());
            self.rich |= parameters().contains(" BODY=");
        } else if upper.starts_with("RCPT TO:") {
            self.rich |= parameters().contains(" ORCPT=");
        }
    }

    /// Learns from the beginning of a message, line by line.
    pub fn text(&mut self, line: &[u8]) {
        if self.header_seen {
            return;
        }
        let contains = |what: &[u8]| line.windows(what.len()).any(|part| part == what);
        let received = line.starts_with(b"Received:") || line.starts_with(b" ") || line.starts_with(b"\t");
        if received && contains(b"(Exim ") {
            self.mailer = Mailer::Exim;
        } else if received && [&b"(Postfix"[..], b"(8.", b"qmail "].into_iter().any(contains) {
            self.mailer = Mailer::Other;
        }
        self.header_seen = !received || self.mailer != Mailer::Unknown;
    }

    /// The limits of a client that cuts by deadline; `None` for one that cuts by inactivity, or of
    /// which nothing is known.
    fn deadlines(self, stage: Stage, held: bool) -> Option<&'static Limits> {
        match self.mailer {
            Mailer::Exim => Some(&EXIM),
            Mailer::Other => None,
            // A message that is not Exim's is libcurl's at worst: that waits for its limit, says
            // QUIT and waits once more, so nothing is lost by an endless reply here.
            Mailer::Unknown if stage == Stage::Dot => None,
            Mailer::Unknown if self.rich => None,
            // Exim adds 1024 to the size that it states and has a full name, while libcurl says what
            // the machine is called. Where both suspects fit, the shorter limit is the safe one.
            Mailer::Unknown => match (self.size, self.name) {
                (Some(1024..), Name::Full) => Some(&EXIM),
                (Some(_), _) => Some(&LIBCURL),
                // swaks gives up after 30 s, so a suspicion this weak must not slow down what it
                // would stay for.
                (None, Name::Bare) => held.then_some(&LIBCURL),
                (None, _) => None,
            },
        }
    }
}

/// What a client's name for itself tells. A literal address is none, and neither Exim nor libcurl is known
/// by what machines are called that nobody has given a name, or that are known in their own network only.
fn named(name: &str) -> Name {
    let nameless = name == "localhost" || [".local", ".localdomain"].iter().any(|end| name.ends_with(end));
    match name.contains('.') {
        _ if nameless || name.contains(['[', ':']) => Name::Other,
        true => Name::Full,
        false => Name::Bare,
    }
}

/// How long a client waits for the whole reply to each command.
struct Limits {
    /// What DATA waits for its 354 and the final dot for its verdict, in seconds, then all others.
    data: u64,
    dot: u64,
    other: u64,
}

/// RFC 5321 4.5.3.2, and Postfix's 120 s for DATA; kept by Sendmail, Postfix and many others.
const RFC: Limits = Limits { data: 120, dot: 600, other: 300 };

/// Exim 4.96: `command_timeout`, `data_timeout` and `final_timeout` of its smtp transport.
const EXIM: Limits = Limits { data: 300, dot: 600, other: 300 };

/// libcurl 7.88: 120 s for every reply.
const LIBCURL: Limits = Limits { data: 120, dot: 120, other: 120 };

impl Limits {
    fn of(&self, stage: Stage) -> Duration {
        Duration::from_secs(match stage {
            Stage::Data => self.data,
            Stage::Dot => self.dot,
            _ => self.other,
        })
    }
}

/// Decides how slowly the reply of this stage goes to a program. `held` says that the conversation has
/// come as far as `hold_at`, with this stage or before.
pub fn decide(pacing: &Pacing, dialect: Dialect, stage: Stage, held: bool) -> Slow {
    let edge = |limits: &Limits| match stage {
        Stage::Banner => Slow::Briefly,
        _ => Slow::Until(limits.of(stage) * u32::from(pacing.edge) / 100),
    };
    match (pacing.hold, dialect.deadlines(stage, held)) {
        // Who names a stage gets that one from everybody.
        _ if !held && pacing.hold_at != HoldAt::Auto => Slow::Briefly,
        (Hold::Edge, limits) => edge(limits.unwrap_or(&RFC)),
        (Hold::Auto, Some(limits)) => edge(limits),
        (Hold::Auto, None) | (Hold::Endless, _) if !held => Slow::Briefly,
        // Who says DATA after a reply that never completed is going on by itself. A 354 of many lines
        // would stop it, and the final dot is the better place to wait.
        (Hold::Auto, None) | (Hold::Endless, _)
            if stage == Stage::Data && pacing.hold_at != HoldAt::Stage(Stage::Data) =>
        {
            edge(&RFC)
        }
        (Hold::Auto, None) | (Hold::Endless, _) => Slow::Endless,
    }
}

/// Whether a reply of this stage is one that `hold_at` means. Commands that may come at any time hold
/// only where they are named.
pub fn reached(stage: Stage, hold_at: HoldAt) -> bool {
    let rank = |stage| match stage {
        Stage::Banner => Some(0),
        Stage::Helo => Some(1),
        Stage::Auth => Some(2),
        Stage::Mail => Some(3),
        Stage::Rcpt => Some(4),
        Stage::Data => Some(5),
        Stage::Dot => Some(6),
        Stage::Quit | Stage::Other => None,
    };
    let hold_at = match hold_at {
        HoldAt::Auto => Stage::Rcpt,
        HoldAt::Stage(stage) => stage,
    };
    stage == hold_at || matches!((rank(stage), rank(hold_at)), (Some(now), Some(at)) if now >= at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::smtp::pacing::Pace;

    fn dialect(lines: &[&str]) -> Dialect {
        let mut dialect = Dialect::default();
        lines.iter().for_each(|line| dialect.command(line.as_bytes()));
        dialect
    }

    fn secs(seconds: u64) -> Slow {
        Slow::Until(Duration::from_secs(seconds))
    }

    const POSTFIX: &[&str] =
        &["EHLO a.example", "MAIL FROM:<a@b> SIZE=312", "RCPT TO:<c@d> ORCPT=rfc822;c@d"];
    const EXIM_1: &[&str] = &["EHLO example.org", "MAIL FROM:<a@b> SIZE=1395", "RCPT TO:<c@d>"];
    const EXIM_2: &[&str] = &["EHLO mx.example.org", "MAIL FROM:<a@b> SIZE=1395", "RCPT TO:<c@d>"];
    const CURL: &[&str] = &["EHLO a", "MAIL FROM:<a@b> SIZE=312", "RCPT TO:<c@d>"];
    const CURL_LONG: &[&str] = &["EHLO a", "MAIL FROM:<a@b> SIZE=3120", "RCPT TO:<c@d>"];
    const CURL_MAC: &[&str] = &["EHLO a.local", "MAIL FROM:<a@b> SIZE=3120", "RCPT TO:<c@d>"];
    const SMTPLIB: &[&str] = &["ehlo [127.0.1.1]", "mail FROM:<a@b> size=312", "rcpt TO:<c@d>"];
    const MSMTP: &[&str] = &["EHLO localhost", "MAIL FROM:<a@b>", "RCPT TO:<c@d>"];
    const SWAKS: &[&str] = &["EHLO a", "MAIL FROM:<a@b>", "RCPT TO:<c@d>"];

    #[test]
    fn auto_is_endless_for_inactivity_and_edge_for_deadlines() {
        let day = Pace::Day.pacing();
        for (lines, rcpt) in [
            (POSTFIX, Slow::Endless),
            (SMTPLIB, Slow::Endless),
            (MSMTP, Slow::Endless),
            (SWAKS, secs(102)),
            (CURL, secs(102)),
            (CURL_LONG, secs(102)),
            (CURL_MAC, secs(102)),
            (EXIM_1, secs(255)),
            (EXIM_2, secs(255)),
        ] {
            assert_eq!(decide(&day, dialect(lines), Stage::Rcpt, true), rcpt, "{lines:?}");
        }
        assert_eq!(decide(&day, dialect(&POSTFIX[..1]), Stage::Helo, false), Slow::Briefly);
        assert_eq!(decide(&day, dialect(&SWAKS[..2]), Stage::Mail, false), Slow::Briefly);
        assert_eq!(decide(&day, dialect(&CURL[..2]), Stage::Mail, false), secs(102));
    }

    #[test]
    fn a_message_tells_exim_from_the_others() {
        let day = Pace::Day.pacing();
        for (header, dot) in [
            ("Received: from root by h with local (Exim 4.96)", secs(510)),
            ("Received: by h (Postfix, from userid 0)", Slow::Endless),
            ("Subject: hello (Exim 4.96)", Slow::Endless),
        ] {
            let mut dialect = dialect(CURL);
            dialect.text(header.as_bytes());
            dialect.text(b"X: (Postfix)");
            assert_eq!(decide(&day, dialect, Stage::Dot, true), dot, "{header}");
        }
    }

    #[test]
    fn edge_keeps_below_the_limit_of_each_stage() {
        let edge = Pacing { hold: Hold::Edge, ..Pace::Day.pacing() };
        for (stage, slow) in [
            (Stage::Banner, Slow::Briefly),
            (Stage::Helo, secs(255)),
            (Stage::Rcpt, secs(255)),
            (Stage::Data, secs(102)),
            (Stage::Dot, secs(510)),
            (Stage::Quit, secs(255)),
        ] {
            assert_eq!(decide(&edge, Dialect::default(), stage, false), slow, "{stage:?}");
        }
    }

    #[test]
    fn endless_holds_at_the_stage_and_after_it() {
        let slow = |at, stage, held| {
            let hold_at = HoldAt::Stage(at);
            let endless = Pacing { hold: Hold::Endless, hold_at, ..Pace::Day.pacing() };
            decide(&endless, dialect(CURL), stage, held || reached(stage, hold_at))
        };
        assert_eq!(slow(Stage::Rcpt, Stage::Mail, false), Slow::Briefly);
        assert_eq!(slow(Stage::Rcpt, Stage::Quit, false), Slow::Briefly);
        assert_eq!(slow(Stage::Rcpt, Stage::Quit, true), Slow::Endless);
        assert_eq!(slow(Stage::Rcpt, Stage::Dot, false), Slow::Endless);
        assert_eq!(slow(Stage::Rcpt, Stage::Data, true), secs(102));
        assert_eq!(slow(Stage::Data, Stage::Data, false), Slow::Endless);
        assert_eq!(slow(Stage::Dot, Stage::Data, false), Slow::Briefly);
        assert_eq!(slow(Stage::Banner, Stage::Banner, false), Slow::Endless);
        assert_eq!(slow(Stage::Quit, Stage::Quit, false), Slow::Endless);
        assert_eq!(slow(Stage::Quit, Stage::Dot, false), Slow::Briefly);
    }
    #[test]
    fn a_stage_that_is_named_is_the_first_that_is_held_whoever_calls() {
        let stages =
            [Stage::Banner, Stage::Helo, Stage::Mail, Stage::Rcpt, Stage::Data, Stage::Dot, Stage::Quit];
        for hold in [Hold::Auto, Hold::Endless, Hold::Edge] {
            for (at, named) in stages.into_iter().enumerate().skip(1) {
                let pacing = Pacing { hold, hold_at: HoldAt::Stage(named), ..Pace::Day.pacing() };
                for lines in [POSTFIX, EXIM_1, EXIM_2, CURL, SMTPLIB, MSMTP, SWAKS] {
                    let mut held = false;
                    for (now, stage) in stages.into_iter().enumerate() {
                        held |= reached(stage, pacing.hold_at);
                        let slow = decide(&pacing, dialect(&lines[..lines.len().min(now)]), stage, held);
                        assert_eq!(
                            slow != Slow::Briefly,
                            now >= at,
                            "{hold:?} {named:?} {lines:?} {stage:?}"
                        );
                    }
                }
            }
        }
    }
}
