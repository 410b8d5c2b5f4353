//! Events and times as a person reads them.

use std::fmt::{self, Display};
use std::time::Duration;

use crate::event::{Event, Plain, Reason, Seconds, Tool, Verdict, What, Why};

/// A length of time in its two largest units, rounded down.
#[derive(Debug, Clone, Copy)]
pub struct Time(pub Duration);

impl Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.as_secs();
        let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86400);
        match (days, hours, minutes) {
            (0, 0, 0) => write!(f, "{seconds} s"),
            (0, 0, _) => write!(f, "{minutes} min {:02} s", seconds % 60),
            (0, _, _) => write!(f, "{hours} h {:02} min", minutes % 60),
            _ => write!(f, "{days} d {:02} h", hours % 24),
        }
    }
}

/// An event for reading: who, then what happened.
#[derive(Debug, Clone, Copy)]
pub struct Readable<'a>(pub &'a Event);

impl Display for Readable<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let peer = self.0.peer.map_or_else(|| "-".to_owned(), |peer| peer.to_string());
        write!(f, "{peer:<15}  ")?;
        what(&self.0.what, f)
    }
}

fn what(what: &What, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match what {
        What::Connect { slot, profile, persona, .. } => {
            write!(f, "connected, slot {slot}, {persona} persona, {profile} profile")
        }
        What::Refuse { why, busy } => write!(f, "refused, {} ({busy} connections)", because(*why)),
        What::Helo { verb, name } => write!(f, "{verb} {name}"),
        What::Mail { from, verdict } => write!(f, "MAIL FROM {from}: {}", told(*verdict)),
        What::Rcpt { to, verdict, receipt } => {
            write!(f, "RCPT TO {to}: {}", told(*verdict))?;
            receipt.as_ref().map_or(Ok(()), |receipt| write!(f, ", issued as {receipt}"))
        }
        What::Auth { user, method, verdict } => {
            write!(f, "AUTH {method} as {user}: {}", told(*verdict))
        }
        What::Message { bytes, verdict, stored, .. } => {
            write!(f, "message of {bytes} bytes: {}", told(*verdict))?;
            stored.as_ref().map_or(Ok(()), |name| write!(f, ", kept as {name}"))
        }
        What::Login { user, method, verdict, .. } => {
            write!(f, "login as {user} by {method}: {}", told(*verdict))
        }
        What::Retr { number, bytes } => write!(f, "read message {number}, {bytes} bytes"),
        What::Page { method, host, path, status, agent, addresses, .. } => {
            write!(f, "{method} {host}{path}: {status}")?;
            if let Some(addresses) = addresses.filter(|addresses| *addresses > 0) {
                write!(f, ", {addresses} addresses")?;
            }
            write!(f, ", for {agent}")
        }
        What::Still { held, stage, .. } => write!(f, "still held at {stage}, {}", time(*held)),
        What::End { held, bytes_in, bytes_out, stage, reason, kind, evidence, gaveup, tool, .. } => {
            write!(f, "{} at {stage} after {}", ended(*reason), time(*held))?;
            if let Some(gaveup) = gaveup.filter(|gaveup| gaveup.duration() >= Duration::from_secs(1)) {
                write!(f, ", the last {} in silence", time(gaveup))?;
            }
            write!(f, "; {bytes_in} bytes in, {bytes_out} out; {kind}")?;
            if let Some(tool) = tool.filter(|tool| *tool != Tool::Unknown) {
                write!(f, ", {tool}")?;
            }
            if *evidence == Plain::default() {
                return Ok(());
            }
            write!(f, " ({evidence})")
        }
        What::Error { what } => write!(f, "error: {what}"),
    }
}

fn time(seconds: Seconds) -> Time {
    Time(seconds.duration())
}

fn told(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Accept => "accepted",
        Verdict::Reject => "rejected",
        Verdict::Tempfail => "told to come back",
        Verdict::Abort => "broken off",
    }
}

fn because(why: Why) -> &'static str {
    match why {
        Why::Slots => "all slots are taken",
        Why::Total => "far too many",
        Why::PerSource => "too many from there",
        Why::Locks => "the lock directory cannot be used",
        Why::Off => "everything is turned off",
        Why::Bytes => "enough went out today",
        Why::Config => "our configuration is wrong",
    }
}

fn ended(reason: Reason) -> &'static str {
    match reason {
        Reason::Quit => "said goodbye",
        Reason::Hangup => "hung up",
        Reason::Timeout => "fell silent",
        Reason::Ghost => "was gone",
        Reason::Signal => "was stopped by us",
        Reason::Limit => "went too far",
        Reason::Refused => "was refused",
        Reason::Error => "was let go by a fault of ours",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_two_units() {
        for (seconds, text) in [
            (0, "0 s"),
            (59, "59 s"),
            (60, "1 min 00 s"),
            (3599, "59 min 59 s"),
            (3600, "1 h 00 min"),
            (86_399, "23 h 59 min"),
            (90_000, "1 d 01 h"),
        ] {
            assert_eq!(Time(Duration::from_secs(seconds)).to_string(), text);
        }
    }

    #[test]
    fn events_read_as_sentences() {
        for (line, text) in [
            (
                "connect id=1 peer=192.0.2.7 slot=3 busy=3 profile=day persona=postfix",
                "192.0.2.7        connected, slot 3, postfix persona, day profile",
            ),
            (
                "refuse id=1 why=slots busy=35",
                "-                refused, all slots are taken (35 connections)",
            ),
            (
                "rcpt id=1 peer=2001:db8::7 to=a@b.example verdict=tempfail receipt=r1",
                "2001:db8::7      RCPT TO a@b.example: told to come back, issued as r1",
            ),
            (
                "login id=1 peer=192.0.2.7 user=admin method=LOGIN verdict=reject password=hash:00ff",
                "192.0.2.7        login as admin by LOGIN: rejected",
            ),
            ("retr id=1 peer=192.0.2.7 number=3 bytes=812", "192.0.2.7        read message 3, 812 bytes"),
            (
                "end id=1 peer=192.0.2.7 held=51 in=60 out=412 stage=login reason=quit kind=program \
                 evidence=user,quit profile=night commands=7 logins=3 retrs=0 tool=hydra",
                "192.0.2.7        said goodbye at login after 51 s; 60 bytes in, 412 out; \
                 program, hydra (user,quit)",
            ),
            (
                "end id=1 peer=192.0.2.7 held=83.5 in=60 out=412 stage=rcpt reason=hangup kind=program \
                 evidence=pregreet,fast:5 gaveup=30 profile=day commands=3",
                "192.0.2.7        hung up at rcpt after 1 min 23 s, the last 30 s in silence; \
                 60 bytes in, 412 out; program (pregreet,fast:5)",
            ),
        ] {
            let event: Event = line.parse().unwrap();
            assert_eq!(Readable(&event).to_string(), text);
        }
    }
}
