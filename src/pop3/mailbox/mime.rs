//! A letter in the form that its writer's software gives it (RFC 5322, RFC 2045).

use super::people::{Mailer, Member, Office};
use super::thread::Letter;
use crate::Rng;
use crate::sasl::encode;
use chrono::{DateTime, Duration, FixedOffset};
use rand::RngExt as _;
use std::fmt::Write as _;

/// A file that comes with a letter.
pub struct Attachment {
    name: String,
    kind: &'static str,
    /// Text is sent as it is, all else in base64.
    bytes: Vec<u8>,
}

/// Writes the whole message, with the lines that the servers on its way have added.
pub fn write(letter: &Letter, office: &Office) -> Vec<u8> {
    let mut out = String::new();
    let mut header = |name: &str, value: &str| _ = write!(out, "{name}: {value}\r\n");
    let owner = office.owner_address();
    let (host, date) = (&office.hostname, letter.date.to_rfc2822());
    let id = queue_id(letter.serial);
    header("Return-Path", &format!("<{}>", letter.from.person.address));
    header("Delivered-To", owner);
    header(
        "Received",
        &format!(
            "from {host}\r\n\tby {host} with LMTP\r\n\tid {}\r\n\tfor <{owner}>; {date}",
            lmtp_id(letter.serial)
        ),
    );
    let sent = match letter.from.mailer {
        Mailer::Script => format!("by {host} (Postfix, from userid 33)\r\n\tid {id}; {date}"),
        Mailer::Roundcube => format!(
            "from {host} (localhost [127.0.0.1])\r\n\tby {host} (Postfix) with ESMTPA id {id}\r\n\tfor <{owner}>; {date}"
        ),
        _ => format!(
            "from [192.168.10.{0}] (unknown [192.168.10.{0}])\r\n\tby {host} (Postfix) with ESMTPSA id {id}\r\n\tfor <{owner}>; {date}",
            letter.from.desk
        ),
    };
    header("Received", &sent);
    header("From", &mailbox(&letter.from.display(), &letter.from.person.address));
    header("To", &addresses(&letter.to));
    if !letter.cc.is_empty() {
        header("Cc", &addresses(&letter.cc));
    }
    header("Subject", &letter.subject);
    header("Date", &date);
    header("Message-ID", &letter.id);
    if let Some(last) = letter.references.last() {
        header("In-Reply-To", last);
        header("References", &letter.references.join("\r\n "));
    }
    if let Some((name, value)) = software(letter.from.mailer) {
        header(name, value);
    }
    header("MIME-Version", "1.0");
    body(&mut out, letter);
    out.into_bytes()
}

fn software(mailer: Mailer) -> Option<(&'static str, &'static str)> {
    match mailer {
        Mailer::Outlook => Some(("X-Mailer", "Microsoft Outlook 16.0")),
        Mailer::Thunderbird => Some(("User-Agent", "Mozilla Thunderbird")),
        Mailer::Apple => Some(("X-Mailer", "Apple Mail (2.3774.600.62)")),
        Mailer::Roundcube => Some(("User-Agent", "Roundcube Webmail/1.6.5")),
        Mailer::Script => None,
    }
}

fn body(out: &mut String, letter: &Letter) {
    let mixed = boundary(letter, 1);
    if letter.attachment.is_some() {
        let _ = write!(out, "Content-Type: multipart/mixed;\r\n boundary=\"{mixed}\"\r\n\r\n");
        if letter.from.mailer == Mailer::Outlook {
            out.push_str("This is a multipart message in MIME format.\r\n\r\n");
        }
        let _ = write!(out, "--{mixed}\r\n");
    }
    text(out, letter);
    if let Some(attachment) = &letter.attachment {
        let _ = write!(out, "\r\n--{mixed}\r\n");
        attachment.write(out);
        let _ = write!(out, "\r\n--{mixed}--\r\n");
    }
}

/// The text itself, with a copy in HTML where the software makes one.
fn text(out: &mut String, letter: &Letter) {
    let html = matches!(letter.from.mailer, Mailer::Outlook | Mailer::Apple);
    let inner = boundary(letter, 2);
    if html {
        let _ =
            write!(out, "Content-Type: multipart/alternative;\r\n boundary=\"{inner}\"\r\n\r\n--{inner}\r\n");
    }
    let flowed = if letter.from.mailer == Mailer::Thunderbird { "; format=flowed" } else { "" };
    let _ = write!(
        out,
        "Content-Type: text/plain; charset=UTF-8{flowed}\r\nContent-Transfer-Encoding: 7bit\r\n\r\n"
    );
    letter.lines.iter().for_each(|line| _ = write!(out, "{line}\r\n"));
    if html {
        let _ = write!(
            out,
            "\r\n--{inner}\r\nContent-Type: text/html; charset=UTF-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
        );
        quoted_printable(out, &in_html(letter));
        let _ = write!(out, "\r\n--{inner}--\r\n");
    }
}

fn in_html(letter: &Letter) -> String {
    let font = match letter.from.mailer {
        Mailer::Outlook => "Calibri, sans-serif",
        _ => "Helvetica, Arial",
    };
    let mut html = format!(
        "<html><head><meta charset=\"utf-8\"></head>\n<body style=\"font-family: {font}; font-size: 11pt\">\n<p>"
    );
    for line in &letter.lines {
        if line.is_empty() {
            html.push_str("</p>\n<p>");
            continue;
        }
        let escaped = line.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
        html.push_str(&escaped);
        html.push_str("<br>\n");
    }
    html.push_str("</p>\n</body></html>\n");
    html
}

/// RFC 2045 6.7.
fn quoted_printable(out: &mut String, text: &str) {
    for line in text.lines() {
        let mut length = 0;
        for (at, byte) in line.bytes().enumerate() {
            let last = at + 1 == line.len();
            let piece = match byte {
                b'=' => "=3D".to_owned(),
                b' ' if last => "=20".to_owned(),
                0x20..=0x7e => char::from(byte).to_string(),
                _ => format!("={byte:02X}"),
            };
            if length + piece.len() > 75 {
                out.push_str("=\r\n");
                length = 0;
            }
            length += piece.len();
            out.push_str(&piece);
        }
        out.push_str("\r\n");
    }
}

fn addresses(all: &[(String, String)]) -> String {
    let all: Vec<String> = all.iter().map(|(name, address)| mailbox(name, address)).collect();
    all.join(",\r\n ")
}

/// A name and an address; a name that is not plain ASCII becomes an encoded word (RFC 2047).
fn mailbox(name: &str, address: &str) -> String {
    let atom = |c: char| c.is_ascii_alphanumeric() || c == ' ' || c == '-' || c == '\'';
    match () {
        () if name.is_empty() => address.to_owned(),
        () if name.chars().all(atom) => format!("{name} <{address}>"),
        () if name.is_ascii() => format!("\"{}\" <{address}>", name.replace(['"', '\\'], "")),
        () => format!("=?UTF-8?B?{}?= <{address}>", encode(name.as_bytes())),
    }
}

fn boundary(letter: &Letter, part: u64) -> String {
    let number = letter.serial.rotate_left(23).wrapping_mul(0x2545_f491_4f6c_dd1d).wrapping_add(part);
    match letter.from.mailer {
        Mailer::Outlook => {
            format!("----=_NextPart_000_{part:04X}_{:08X}.{:08X}", number >> 32, number & 0xffff_ffff)
        }
        Mailer::Thunderbird => format!("------------{number:024X}"),
        Mailer::Apple => format!(
            "Apple-Mail=_{:08X}-{:04X}-4F1B-A0C3-{:012X}",
            number >> 32,
            number & 0xffff,
            number >> 16
        ),
        Mailer::Roundcube | Mailer::Script => {
            format!("=_{:032x}", u128::from(number) << 61 | u128::from(letter.serial))
        }
    }
}

/// As Postfix makes them.
fn queue_id(serial: u64) -> String {
    format!("{:011X}", serial.wrapping_mul(0xd134_2543_de82_ef95) >> 20)
}

fn lmtp_id(serial: u64) -> String {
    encode(&serial.wrapping_mul(0xda94_2042_e4dd_58b5).to_be_bytes()).trim_end_matches('=').replace('/', "A")
        + "AAAAB"
}

impl Attachment {
    /// Everybody's address, for a spreadsheet.
    pub fn staff(office: &Office) -> Self {
        let mut text = String::from("Name;Department;Title;Extension;E-mail\r\n");
        for member in &office.staff {
            let Member { person, department, title, extension, .. } = member;
            let _ =
                write!(text, "{};{department};{title};{extension};{}\r\n", member.display(), person.address);
        }
        Attachment {
            name: "address-list.csv".into(),
            kind: "text/csv; charset=UTF-8",
            bytes: text.into_bytes(),
        }
    }

    /// A meeting some days later (RFC 5545).
    pub fn meeting(
        subject: &str,
        by: &Member,
        date: DateTime<FixedOffset>,
        id: u64,
        office: &Office,
    ) -> Self {
        let begins = date + Duration::days(3 + i64::from(by.desk % 5));
        let stamp = |time: DateTime<FixedOffset>| time.to_utc().format("%Y%m%dT%H%M00Z").to_string();
        let text = format!(
            "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Office//Calendar 2.4//EN\r\nMETHOD:REQUEST\r\n\
             BEGIN:VEVENT\r\nUID:{id:016x}@{}\r\nDTSTAMP:{}\r\nDTSTART:{}\r\nDTEND:{}\r\nSUMMARY:{}\r\n\
             ORGANIZER;CN={}:mailto:{}\r\nATTENDEE;RSVP=TRUE:mailto:{}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n",
            office.domain,
            stamp(date),
            stamp(begins),
            stamp(begins + Duration::hours(1)),
            subject.trim_start_matches("Invitation: "),
            by.display(),
            by.person.address,
            office.owner_address(),
        );
        let kind = "text/calendar; charset=UTF-8; method=REQUEST";
        Attachment { name: "invite.ics".into(), kind, bytes: text.into_bytes() }
    }

    /// A page with a title and a grey picture, as a scanner makes it.
    pub fn pdf(title: &str, noise: usize, rng: &mut Rng) -> Self {
        let width = 100;
        let height = noise / width;
        let mut shade: u8 = 200;
        let picture: Vec<u8> = (0..width * height)
            .map(|_| {
                shade = shade
                    .saturating_add(rng.random_range(0..9))
                    .saturating_sub(rng.random_range(0..9))
                    .max(90);
                shade
            })
            .collect();
        let drawing = format!(
            "q 480 0 0 640 56 60 cm /Im0 Do Q\nBT /F1 14 Tf 56 780 Td ({}) Tj ET\n",
            title.replace(['(', ')', '\\'], "")
        );
        let image = format!(
            "<< /Type /XObject /Subtype /Image /Width {width} /Height {height} /ColorSpace /DeviceGray \
             /BitsPerComponent 8 /Length {} >>\nstream\n",
            picture.len()
        );
        let objects = [
            b"<< /Type /Catalog /Pages 2 0 R >>".to_vec(),
            b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_vec(),
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << \
              /Font << /F1 5 0 R >> /XObject << /Im0 6 0 R >> >> >>"
                .to_vec(),
            format!("<< /Length {} >>\nstream\n{drawing}endstream", drawing.len()).into_bytes(),
            b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>".to_vec(),
            [image.as_bytes(), &picture, b"\nendstream"].concat(),
        ];
        let mut bytes = b"%PDF-1.4\n".to_vec();
        let mut places = Vec::new();
        for (at, object) in objects.iter().enumerate() {
            places.push(bytes.len());
            bytes.extend_from_slice(format!("{} 0 obj\n", at + 1).as_bytes());
            bytes.extend_from_slice(object);
            bytes.extend_from_slice(b"\nendobj\n");
        }
        let start = bytes.len();
        let mut table = format!("xref\n0 {}\n0000000000 65535 f \n", places.len() + 1);
        places.iter().for_each(|place| _ = writeln!(table, "{place:010} 00000 n "));
        let _ = write!(
            table,
            "trailer\n<< /Size {} /Root 1 0 R >>\nstartxref\n{start}\n%%EOF\n",
            places.len() + 1
        );
        bytes.extend_from_slice(table.as_bytes());
        let name = format!("{}.pdf", title.to_ascii_lowercase().replace(' ', "-"));
        Attachment { name, kind: "application/pdf", bytes }
    }

    fn write(&self, out: &mut String) {
        let name = &self.name;
        let _ = write!(
            out,
            "Content-Type: {};\r\n name=\"{name}\"\r\nContent-Transfer-Encoding: base64\r\n\
             Content-Disposition: attachment;\r\n filename=\"{name}\"\r\n\r\n",
            self.kind
        );
        // 57 bytes are a line of 76 characters.
        self.bytes.chunks(57).for_each(|line| _ = write!(out, "{}\r\n", encode(line)));
    }
}
