//! Reads a line that is exactly as a program of ours writes it, which nearly every line is.
//!
//! The keys come in their order, each with one space before it, and nothing else does. Whatever is
//! otherwise is `None` here, which says nothing of the line: [`Fields`](super::fields::Fields) then
//! decides. So this can be simple where that must be complete.

mod marks;
mod scan;

use super::heard::{Details, End, Heard, Said};
use super::receipts;
use super::whose::Known;
use marks::Marks;
use scan::Scan;

/// Reads the line if it is as usual; returns the connection's name as it is written.
#[inline]
pub fn read<'l>(
    line: &'l [u8],
    known: &mut Known,
    heard: &mut Heard,
    details: &mut Details,
) -> Option<&'l [u8]> {
    let marks = Marks::of(line)?;
    let mut scan = Scan::new(line, &marks);
    let word = scan.value();
    let id = scan.whose(known, &mut heard.whose)?;
    said(word, &mut scan, &mut heard.said, details)?;
    scan.is_over().then_some(id)
}

fn said(word: &[u8], scan: &mut Scan<'_, '_>, said: &mut Said, details: &mut Details) -> Option<()> {
    // The most frequent ones first. What is equal to a constant is compared as a number, which a pattern is not.
    *said = match word {
        word if word == b"still" => {
            let held_ms = scan.millis(b" held=")?;
            scan.plain(b" stage=")?;
            scan.plain(b" profile=")?;
            scan.number_if(b" made=")?;
            Said::Still { held_ms, bytes_out: scan.number_if(b" out=")? }
        }
        word if word == b"rcpt" => {
            scan.plain(b" to=")?;
            scan.verdict()?;
            let receipt = scan.plain_if(b" receipt=")?;
            Said::Rcpt { receipt: receipt.and_then(|text| receipts::read(text.raw())) }
        }
        word if word == b"mail" => {
            let null = scan.plain(b" from=")?.raw().is_empty();
            scan.verdict()?;
            Said::Mail { null }
        }
        word if word == b"helo" => {
            scan.plain(b" verb=")?;
            scan.plain(b" name=")?;
            Said::Helo
        }
        word if word == b"connect" => {
            scan.number_if(b" port=").filter(|port| port.is_none_or(|port| port <= 65_535))?;
            scan.address_if(b" local=")?;
            scan.number_if(b" lport=").filter(|port| port.is_none_or(|port| port <= 65_535))?;
            scan.small(b" slot=")?;
            scan.small(b" busy=")?;
            scan.plain(b" profile=")?;
            scan.plain(b" persona=")?;
            Said::Connect
        }
        word if word == b"end" => {
            let end = end(scan, details)?;
            details.end(end)
        }
        word if word == b"refuse" => {
            let why = scan.word(b" why=")?;
            Said::Refuse { why, busy: scan.small(b" busy=")? }
        }
        word if word == b"login" => {
            let user = scan.plain(b" user=")?;
            scan.plain(b" method=")?;
            scan.verdict()?;
            scan.plain_if(b" password=")?;
            let visit = scan.plain_if(b" visit=")?.and_then(|visit| receipts::visit(visit.raw()));
            Said::Login { user: details.word(user), visit }
        }
        word if word == b"message" => {
            scan.number(b" bytes=")?;
            scan.plain(b" sha256=")?;
            scan.verdict()?;
            scan.plain_if(b" stored=")?;
            Said::Message
        }
        word if word == b"auth" => {
            let user = scan.plain(b" user=")?;
            scan.plain(b" method=")?;
            scan.verdict()?;
            Said::Auth { user: details.word(user) }
        }
        word if word == b"retr" => {
            scan.number(b" number=")?;
            scan.number(b" bytes=")?;
            Said::Retr
        }
        word if word == b"page" => {
            scan.plain(b" method=")?;
            scan.plain(b" host=")?;
            let path = scan.plain(b" path=")?;
            scan.number(b" status=")?;
            let agent = scan.plain(b" agent=")?;
            scan.number(b" bytes=")?;
            let addresses = scan.number_if(b" addresses=")?.unwrap_or(0);
            let season = scan.number_if(b" season=")?.and_then(|season| u8::try_from(season).ok());
            let visit = scan.plain_if(b" visit=")?.and_then(|visit| receipts::visit(visit.raw()));
            let (path, agent) = (details.word(path), details.word(agent));
            Said::Page { path, agent, addresses, season, visit }
        }
        _ => return None,
    };
    Some(())
}

fn end(scan: &mut Scan<'_, '_>, details: &mut Details) -> Option<End> {
    let held_ms = scan.millis(b" held=")?;
    let bytes_in = scan.number(b" in=")?;
    let bytes_out = scan.number(b" out=")?;
    let stage = details.word(scan.plain(b" stage=")?);
    let reason = scan.word(b" reason=")?;
    let kind = scan.word(b" kind=")?;
    scan.plain(b" evidence=")?;
    let gaveup_ms = scan.millis_if(b" gaveup=")?;
    scan.millis_if(b" waited=")?;
    Some(End {
        held_ms,
        bytes_in,
        bytes_out,
        stage,
        reason,
        kind,
        gaveup_ms,
        profile: details.word(scan.plain(b" profile=")?),
        commands: scan.number(b" commands=")?,
        mails: scan.number_if(b" mails=")?,
        null_from: scan.number_if(b" null_from=")?,
        rcpts: scan.number_if(b" rcpts=")?,
        auths: scan.number_if(b" auths=")?,
        messages: scan.number_if(b" messages=")?,
        logins: scan.number_if(b" logins=")?,
        retrs: scan.number_if(b" retrs=")?,
        pages: scan.number_if(b" pages=")?,
        made: scan.number_if(b" made=")?,
        tool: {
            scan.number_if(b" unlogged=")?;
            if scan.is_over() { None } else { Some(scan.word(b" tool=")?) }
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Verdict;

    fn is_read(line: &str) -> bool {
        read(line.as_bytes(), &mut Known::default(), &mut Heard::default(), &mut Details::default()).is_some()
    }

    #[test]
    fn every_verdict_is_known() {
        for verdict in Verdict::ALL {
            let line = format!("mail id=1 from=a verdict={verdict}");
            assert!(is_read(&line), "{line}");
        }
    }

    #[test]
    fn usual_lines_are_read_here() {
        for line in [
            "connect id=a1 peer=192.0.2.7 port=2500 local=192.0.2.1 lport=25 slot=1 busy=1 profile=day persona=postfix",
            "rcpt id=a1 peer=2001:db8::1 to=\"a b\" verdict=accept receipt=s3.mailto.0a3f1.2",
            "end id=a1 peer=192.0.2.7 held=51.25 in=60 out=412 stage=login reason=quit kind=program \
             evidence=user,quit gaveup=3 profile=night commands=7 logins=3 retrs=0 tool=hydra",
            "end id=a1 peer=192.0.2.7 held=51.25 in=60 out=412 stage=rcpt reason=hangup kind=program \
             evidence=fast gaveup=3 waited=17.25 profile=night commands=7 mails=1 unlogged=12",
            "refuse id=a1 peer=192.0.2.7 why=slots busy=36",
            "still id=a1 peer=192.0.2.7 held=600 stage=data profile=day",
            "message id=a1 peer=192.0.2.7 bytes=12 sha256=00ff verdict=tempfail",
            "auth id=a1 peer=192.0.2.7 user=bob method=PLAIN verdict=reject",
            "retr id=a1 peer=192.0.2.7 number=1 bytes=700",
        ] {
            assert!(is_read(line), "{line}");
        }
        assert!(!is_read("refuse id=a1 why=slots busy=36 colour=blue"));
    }
}
