//! The log line, in both directions: what the programs write with `Display` is what the report reads
//! with `FromStr`.
//!
//! One event is one line, `event key=value key=value ...`, after whatever header syslog or multilog
//! puts before it. Values are plain or `"quoted \" escaped"`. Everything that came from a peer goes
//! through [`Plain::from_peer`] once, on its way in; nothing else makes a [`Plain`] out of bytes.

use std::fmt::{self, Display, Write as _};
use std::net::IpAddr;
use std::str::FromStr;
use std::time::Duration;

/// One event of one connection.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// Names the connection in all its events; unique across processes and restarts.
    pub id: Plain,
    /// Who is at the other end; `None` when it could not be told.
    pub peer: Option<IpAddr>,
    pub what: What,
}

/// Declares the events: each row is a variant, its word in the log, and its keys in their order.
macro_rules! events {
    ($($(#[$doc:meta])* $name:ident $word:literal { $($(#[$fdoc:meta])* $key:ident : $ty:ty),* $(,)? })*) => {
        /// What happened: one variant for each word that can begin a line of ours.
        #[derive(Debug, Clone, PartialEq)]
        pub enum What { $($(#[$doc])* $name { $($(#[$fdoc])* $key: $ty),* }),* }

        impl What {
            /// The word that begins the line.
            pub fn word(&self) -> &'static str {
                match self { $(What::$name { .. } => $word),* }
            }

            /// Every word that can begin a line, with the keys that can follow `id` and `peer`.
            pub const WORDS: &'static [(&'static str, &'static [&'static str])] =
                &[$(($word, &[$(events!(@key $key)),*])),*];

            fn write_fields(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                match self { $(What::$name { $($key),* } => { $(Field::write($key, events!(@key $key), out)?;)* Ok(()) })* }
            }

            fn read(word: &str, fields: &Fields) -> Result<What, NotAnEvent> {
                match word {
                    $($word => Ok(What::$name { $($key: Field::read(fields.get(events!(@key $key)))
                        .ok_or(NotAnEvent::Key(events!(@key $key)))?),* }),)*
                    _ => Err(NotAnEvent::Word),
                }
            }
        }
    };
    // `in` is a word of Rust, so the field is `bytes_in` and the key `in`.
    (@key bytes_in) => { "in" };
    (@key bytes_out) => { "out" };
    (@key $key:ident) => { stringify!($key) };
}

events! {
    /// A slot was taken and the conversation begins.
    Connect "connect" {
        port: Option<u16>, local: Option<IpAddr>, lport: Option<u16>,
        slot: u32, busy: u32, profile: Plain, persona: Plain,
    }
    /// Turned away without a conversation.
    Refuse "refuse" { why: Why, busy: u32 }
    /// HELO or EHLO.
    Helo "helo" { verb: Plain, name: Plain }
    /// MAIL, with the verdict that the peer was given.
    Mail "mail" { from: Plain, verdict: Verdict }
    /// RCPT; `receipt` is there when the address is one that Sundew issued.
    Rcpt "rcpt" { to: Plain, verdict: Verdict, receipt: Option<Plain> }
    /// AUTH, at the end of the exchange.
    Auth "auth" { user: Plain, method: Plain, verdict: Verdict }
    /// A message was read to its final dot; `stored` names it in the spool.
    Message "message" { bytes: u64, sha256: Plain, verdict: Verdict, stored: Option<Plain> }
    /// A try to log in to a mailbox; `password` is what `passwords` allows of it, and `visit` is
    /// there when it was let in: it names the addresses that only this mailbox shows.
    Login "login" { user: Plain, method: Plain, verdict: Verdict, password: Option<Plain>, visit: Option<Plain> }
    /// A message of the mailbox was sent, `bytes` of it.
    Retr "retr" { number: u64, bytes: u64 }
    /// A web request was answered. `path` is what was asked for, `status` that of RFC 9110, `bytes` how
    /// many bytes of content the answer has in full. `addresses` is how many the page shows, and `visit`
    /// names those among them that only this network sees, with `season`.
    Page "page" {
        method: Plain, host: Plain, path: Plain, status: u64, agent: Plain, bytes: u64,
        addresses: Option<u64>, season: Option<u64>, visit: Option<Plain>,
    }
    /// Every ten minutes of a long hold. `made` is how many bytes an answer of known length has, and
    /// `bytes_out` how many of all that was said the peer has taken.
    Still "still" {
        held: Seconds, stage: Plain, profile: Plain, made: Option<u64>, bytes_out: Option<u64>,
    }
    /// The end of every conversation that got a slot.
    End "end" {
        /// From connect to the last moment the peer is known to have been there.
        held: Seconds,
        bytes_in: u64, bytes_out: u64,
        stage: Plain, reason: Reason, kind: Kind, evidence: Plain,
        /// How long our last pause had lasted when the peer left by itself, ...
        gaveup: Option<Seconds>,
        /// ... and how long the reply that it was in.
        waited: Option<Seconds>,
        profile: Plain,
        commands: u64, mails: Option<u64>, null_from: Option<u64>, rcpts: Option<u64>,
        auths: Option<u64>, messages: Option<u64>, logins: Option<u64>, retrs: Option<u64>,
        pages: Option<u64>,
        /// How many bytes the answers have in full, where that is known before they are sent; compare it
        /// with `bytes_out`.
        made: Option<u64>,
        /// How many events there were beyond those that one connection may write.
        unlogged: Option<u64>,
        /// The software that guesses passwords, as far as it is known.
        tool: Option<Tool>,
    }
    /// Something is wrong on our side; the peer knows nothing of it.
    Error "error" { what: Plain }
}

mod words;

pub use words::{Kind, OneOf, Reason, Tool, Verdict, Why};

/// What the `end` event counts; engines of other protocols leave `None` what they do not know.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Totals {
    pub commands: u64,
    pub mails: Option<u64>,
    pub null_from: Option<u64>,
    pub rcpts: Option<u64>,
    pub auths: Option<u64>,
    pub messages: Option<u64>,
    pub logins: Option<u64>,
    pub retrs: Option<u64>,
    pub pages: Option<u64>,
    pub made: Option<u64>,
    pub tool: Option<Tool>,
}

/// An `end`, with what it counts in one piece.
#[derive(Debug, Clone, PartialEq)]
pub struct Ended {
    pub held: Seconds,
    pub bytes_in: u64,
    pub bytes_out: u64,
    pub stage: Plain,
    pub reason: Reason,
    pub kind: Kind,
    pub evidence: Plain,
    pub gaveup: Option<Seconds>,
    pub waited: Option<Seconds>,
    pub profile: Plain,
    pub totals: Totals,
    pub unlogged: Option<u64>,
}

impl From<Ended> for What {
    fn from(ended: Ended) -> Self {
        let Ended { held, bytes_in, bytes_out, stage, reason, kind, evidence, .. } = ended;
        let Ended { gaveup, waited, profile, totals, unlogged, .. } = ended;
        let Totals { commands, mails, null_from, rcpts, auths, messages, logins, retrs, pages, made, tool } =
            totals;
        What::End {
            held,
            bytes_in,
            bytes_out,
            stage,
            reason,
            kind,
            evidence,
            gaveup,
            waited,
            profile,
            commands,
            mails,
            null_from,
            rcpts,
            auths,
            messages,
            logins,
            retrs,
            pages,
            made,
            unlogged,
            tool,
        }
    }
}

/// Text that is safe in a log: printable ASCII, one line, with a limit on its length.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, PartialOrd, Ord)]
pub struct Plain(String);

impl Plain {
    /// The longest text kept from a peer, in characters after escaping.
    pub const LONGEST: usize = 256;

    /// Makes plain what came from a peer. Bytes outside printable ASCII become `\xHH`, a backslash
    /// becomes two, and what is longer than [`Plain::LONGEST`] ends in `...`.
    pub fn from_peer(bytes: &[u8]) -> Self {
        let mut text = String::new();
        for &byte in bytes {
            let kept = text.len();
            match byte {
                b'\\' => text.push_str("\\\\"),
                0x20..=0x7e => text.push(char::from(byte)),
                _ => {
                    let _ = write!(text, "\\x{byte:02x}");
                }
            }
            if text.len() > Self::LONGEST - 3 {
                text.truncate(kept);
                text.push_str("...");
                break;
            }
        }
        Plain(text)
    }

    /// Takes what stood in a log. A line may have been edited or forged, so what it holds is held to
    /// the same form again.
    pub fn from_log(text: &[u8]) -> Option<Self> {
        let fits = text.len() <= Self::LONGEST && text.iter().all(|b| matches!(b, 0x20..=0x7e));
        fits.then(|| Plain(text.iter().map(|&b| char::from(b)).collect()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&str> for Plain {
    fn from(text: &str) -> Self {
        Plain::from_peer(text.as_bytes())
    }
}

impl Display for Plain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A length of time in the log: seconds, with at most three decimals and no trailing zeros.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Seconds(Duration);

impl Seconds {
    /// Rounds down to milliseconds, which is what the log can hold.
    pub fn new(time: Duration) -> Self {
        Seconds(Duration::from_millis(u64::try_from(time.as_millis()).unwrap_or(u64::MAX)))
    }

    pub fn duration(self) -> Duration {
        self.0
    }
}

impl Display for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.as_secs())?;
        let millis = self.0.subsec_millis();
        if millis == 0 {
            return Ok(());
        }
        f.write_str(format!(".{millis:03}").trim_end_matches('0'))
    }
}

impl FromStr for Seconds {
    type Err = NotAnEvent;

    fn from_str(s: &str) -> Result<Self, NotAnEvent> {
        let (whole, part) = s.split_once('.').unwrap_or((s, ""));
        let digits = |t: &str| t.bytes().all(|b| b.is_ascii_digit());
        if !digits(whole) || !digits(part) || part.len() > 3 || (s.contains('.') && part.is_empty()) {
            return Err(NotAnEvent::Value);
        }
        let seconds = whole.parse().map_err(|_| NotAnEvent::Value)?;
        let millis: u32 = format!("{part:0<3}").parse().map_err(|_| NotAnEvent::Value)?;
        Ok(Seconds(Duration::new(seconds, millis * 1_000_000)))
    }
}

/// Why a text is not an event of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotAnEvent {
    /// Its first word is none of ours.
    Word,
    /// It is not `key=value` throughout, or a quote is not closed.
    Form,
    /// This key is missing or its value is impossible.
    Key(&'static str),
    /// A value is none of its closed set.
    Value,
}

impl Display for NotAnEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NotAnEvent::Word => f.write_str("the first word is not an event"),
            NotAnEvent::Form => f.write_str("not a list of key=value"),
            NotAnEvent::Key(key) => write!(f, "{key} is missing or impossible"),
            NotAnEvent::Value => f.write_str("a value is impossible"),
        }
    }
}

impl std::error::Error for NotAnEvent {}

impl Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.what.word())?;
        self.id.write("id", f)?;
        self.peer.write("peer", f)?;
        self.what.write_fields(f)
    }
}

impl FromStr for Event {
    type Err = NotAnEvent;

    /// Keys that this version does not know are skipped, so that an older report reads newer logs.
    fn from_str(line: &str) -> Result<Self, NotAnEvent> {
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        if !What::WORDS.iter().any(|(known, _)| *known == word) {
            return Err(NotAnEvent::Word);
        }
        let fields = Fields::split(rest)?;
        Ok(Event {
            id: Field::read(fields.get("id")).ok_or(NotAnEvent::Key("id"))?,
            peer: Field::read(fields.get("peer")).ok_or(NotAnEvent::Key("peer"))?,
            what: What::read(word, &fields)?,
        })
    }
}

/// The `key=value` pairs of a line, unquoted.
struct Fields(Vec<(String, String)>);

impl Fields {
    fn get(&self, key: &str) -> Option<&str> {
        self.0.iter().find(|(k, _)| k == key).map(|(_, v)| v.as_str())
    }

    fn split(mut rest: &str) -> Result<Self, NotAnEvent> {
        let mut fields = Vec::new();
        loop {
            rest = rest.trim_start_matches(' ');
            if rest.is_empty() {
                return Ok(Fields(fields));
            }
            let (key, after) = rest.split_once('=').ok_or(NotAnEvent::Form)?;
            if key.is_empty()
                || !key.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
            {
                return Err(NotAnEvent::Form);
            }
            let (value, left) = match after.strip_prefix('"') {
                Some(quoted) => unquote(quoted)?,
                None => {
                    let end = after.find(' ').unwrap_or(after.len());
                    (after[..end].to_owned(), &after[end..])
                }
            };
            fields.push((key.to_owned(), value));
            rest = left;
        }
    }
}

/// Reads up to the closing quote; returns the value and what follows.
fn unquote(quoted: &str) -> Result<(String, &str), NotAnEvent> {
    let mut value = String::new();
    let mut chars = quoted.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return Ok((value, &quoted[at + 1..])),
            '\\' => value.push(chars.next().ok_or(NotAnEvent::Form)?.1),
            _ => value.push(c),
        }
    }
    Err(NotAnEvent::Form)
}

/// How a type stands in a line: nothing at all for `None`, else ` key=value`.
trait Field: Sized {
    fn write(&self, key: &str, out: &mut fmt::Formatter<'_>) -> fmt::Result;
    fn read(text: Option<&str>) -> Option<Self>;
}

impl<T: Field> Field for Option<T> {
    fn write(&self, key: &str, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_ref().map_or(Ok(()), |value| value.write(key, out))
    }

    fn read(text: Option<&str>) -> Option<Self> {
        match text {
            None => Some(None),
            text => T::read(text).map(Some),
        }
    }
}

impl Field for Plain {
    fn write(&self, key: &str, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.0.is_empty() && !self.0.contains([' ', '"', '\\', '=']) {
            return write!(out, " {key}={}", self.0);
        }
        write!(out, " {key}=\"")?;
        for c in self.0.chars() {
            if matches!(c, '"' | '\\') {
                out.write_char('\\')?;
            }
            out.write_char(c)?;
        }
        out.write_char('"')
    }

    fn read(text: Option<&str>) -> Option<Self> {
        Plain::from_log(text?.as_bytes())
    }
}

macro_rules! field_by_display {
    ($($ty:ty),*) => { $(impl Field for $ty {
        fn write(&self, key: &str, out: &mut fmt::Formatter<'_>) -> fmt::Result { write!(out, " {key}={self}") }
        fn read(text: Option<&str>) -> Option<Self> { text?.parse().ok() }
    })* };
}

field_by_display!(u16, u32, u64, IpAddr, Seconds);

#[cfg(test)]
pub(crate) mod tests;
