//! How a line is written: the forms in which logs reach the report.

use std::io::{self, Write};

use chrono::{DateTime, FixedOffset, Utc};

use super::SECOND;

/// One line before it has a form. `at` is in microseconds since 1970.
pub struct Line<'l> {
    pub at: i64,
    pub host: &'l str,
    pub program: &'l str,
    pub pid: u32,
    pub text: &'l str,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// rsyslog's present form: `2026-11-26T04:07:35.123456+00:00 host tag[pid]: text`.
    Rfc3339,
    /// Its old form, without a year: `Nov 26 04:07:35 host tag[pid]: text`.
    Rfc3164,
    /// `journalctl -o short-iso`.
    ShortIso,
    /// `journalctl -o json`.
    Json,
    /// `journalctl -o export`.
    Export,
    /// multilog's `t`: `@4000...` and what came, without a host.
    Tai64n,
}

impl Form {
    pub const ALL: [Form; 6] =
        [Form::Rfc3339, Form::Rfc3164, Form::ShortIso, Form::Json, Form::Export, Form::Tai64n];
}

pub struct Writer<W> {
    form: Form,
    out: W,
    zone: FixedOffset,
    buffer: Vec<u8>,
    /// The second that `stamp` says.
    second: i64,
    stamp: String,
    offset: String,
}

impl<W: Write> Writer<W> {
    /// In UTC.
    pub fn new(form: Form, out: W) -> Self {
        Writer::in_zone(form, out, FixedOffset::east_opt(0).expect("UTC is a zone"))
    }

    pub fn in_zone(form: Form, out: W, zone: FixedOffset) -> Self {
        let offset = zone.to_string();
        Writer {
            form,
            out,
            zone,
            buffer: Vec::with_capacity(1 << 17),
            second: i64::MIN,
            stamp: String::new(),
            offset,
        }
    }

    /// Writes what is left, and gives back where it was written to.
    pub fn finish(mut self) -> io::Result<W> {
        self.out.write_all(&self.buffer)?;
        self.out.flush()?;
        Ok(self.out)
    }

    pub fn line(&mut self, line: &Line) -> io::Result<()> {
        self.stamp(line.at);
        let (micros, Line { host, program, pid, text, .. }) = (line.at.rem_euclid(SECOND), line);
        let (stamp, offset, out) = (&self.stamp, &self.offset, &mut self.buffer);
        match self.form {
            Form::Rfc3339 => writeln!(out, "{stamp}.{micros:06}{offset} {host} {program}[{pid}]: {text}"),
            Form::Rfc3164 => writeln!(out, "{stamp} {host} {program}[{pid}]: {text}"),
            Form::ShortIso => writeln!(out, "{stamp}{offset} {host} {program}[{pid}]: {text}"),
            Form::Json => {
                write!(
                    out,
                    "{{\"__REALTIME_TIMESTAMP\":\"{}\",\"_HOSTNAME\":\"{host}\",\"PRIORITY\":\"6\",\
                     \"SYSLOG_IDENTIFIER\":\"{program}\",\"_PID\":\"{pid}\",\"MESSAGE\":\"",
                    line.at
                )?;
                for &byte in text.as_bytes() {
                    if matches!(byte, b'"' | b'\\') {
                        out.push(b'\\');
                    }
                    out.push(byte);
                }
                writeln!(out, "\"}}")
            }
            Form::Export => writeln!(
                out,
                "__REALTIME_TIMESTAMP={}\n_HOSTNAME={host}\nPRIORITY=6\nSYSLOG_IDENTIFIER={program}\n\
                 _PID={pid}\nMESSAGE={text}\n",
                line.at
            ),
            Form::Tai64n => {
                let (seconds, nanos) = (line.at.div_euclid(SECOND) + 10, micros * 1_000);
                writeln!(out, "@{:016x}{nanos:08x} {program}[{pid}]: {text}", (1i64 << 62) + seconds)
            }
        }?;
        if self.buffer.len() >= 1 << 16 {
            self.out.write_all(&self.buffer)?;
            self.buffer.clear();
        }
        Ok(())
    }

    /// A stamp is made once for all lines of its second.
    fn stamp(&mut self, at: i64) {
        let second = at.div_euclid(SECOND);
        if second == self.second || matches!(self.form, Form::Json | Form::Export | Form::Tai64n) {
            return;
        }
        self.second = second;
        let time = DateTime::<Utc>::from_timestamp(second, 0).unwrap_or_default().with_timezone(&self.zone);
        let pattern = if self.form == Form::Rfc3164 { "%b %e %H:%M:%S" } else { "%Y-%m-%dT%H:%M:%S" };
        self.stamp = time.format(pattern).to_string();
    }
}
