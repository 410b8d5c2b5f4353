//! The exchanges of SASL that are offered (RFC 4422): LOGIN, PLAIN (RFC 4616) and CRAM-MD5 (RFC 2195),
//! as SMTP (RFC 4954) and POP3 (RFC 5034) carry them.
//!
//! A password is returned once, when the exchange is complete, and never kept here: it is somebody's,
//! and often somebody else's.

/// The mechanisms that are known; what a persona offers is in its table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mechanism {
    Login,
    Plain,
    CramMd5,
}

impl Mechanism {
    /// The one of this name, in any case, if it is offered.
    pub fn read(word: &[u8], offered: &[Mechanism]) -> Option<Self> {
        offered.iter().copied().find(|m| m.as_str().as_bytes().eq_ignore_ascii_case(word))
    }

    pub fn as_str(self) -> &'static str {
        match self {
            Mechanism::Login => "LOGIN",
            Mechanism::Plain => "PLAIN",
            Mechanism::CramMd5 => "CRAM-MD5",
        }
    }
}

/// An exchange under way: what the peer's next line is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exchange {
    pub mechanism: Mechanism,
    /// LOGIN has told the name already; the password is next.
    user: Option<Vec<u8>>,
}

/// What to do after a line of an exchange.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Ask for the user's name, as LOGIN does.
    AskUser,
    /// Ask for the password, as LOGIN does.
    AskPassword,
    /// Ask for all, as PLAIN does.
    AskAll,
    /// Send the challenge, as CRAM-MD5 does.
    Challenge,
    /// The exchange is complete: this user with this password. With CRAM-MD5 it is the digest of one.
    Complete { user: Vec<u8>, password: Vec<u8> },
    /// The peer sent `*`.
    Cancelled,
    /// The peer sent something that is not base64.
    NotBase64,
    /// It was base64, but not what the mechanism demands.
    Malformed,
}

/// The longest user name kept, and the longest password.
const LONGEST_USER: usize = 512;

fn cut(text: &[u8]) -> Vec<u8> {
    text.iter().copied().take(LONGEST_USER).collect()
}

impl Exchange {
    /// Begins with the initial response, if the command had one.
    pub fn begin(mechanism: Mechanism, initial: Option<&[u8]>) -> (Self, Step) {
        let mut exchange = Exchange { mechanism, user: None };
        let step = match (initial, mechanism) {
            (Some(initial), _) => exchange.answer(initial),
            (None, Mechanism::Login) => Step::AskUser,
            (None, Mechanism::Plain) => Step::AskAll,
            (None, Mechanism::CramMd5) => Step::Challenge,
        };
        (exchange, step)
    }

    /// Hears the peer's line.
    pub fn answer(&mut self, line: &[u8]) -> Step {
        if line == b"*" {
            return Step::Cancelled;
        }
        match decode(line) {
            Some(clear) => self.take(clear),
            None => Step::NotBase64,
        }
    }

    /// The user's name, as far as it is known.
    pub fn user(&self) -> &[u8] {
        self.user.as_deref().unwrap_or_default()
    }

    /// Whether LOGIN has told the name.
    pub fn has_user(&self) -> bool {
        self.user.is_some()
    }

    fn take(&mut self, mut clear: Vec<u8>) -> Step {
        match (self.mechanism, self.user.take()) {
            (Mechanism::Login, None) => {
                clear.truncate(LONGEST_USER);
                self.user = Some(clear);
                Step::AskPassword
            }
            (Mechanism::CramMd5, _) => match clear.iter().rposition(|&b| b == b' ') {
                Some(at) => Step::Complete {
                    user: cut(clear.get(..at).unwrap_or_default()),
                    password: cut(clear.get(at + 1..).unwrap_or_default()),
                },
                None => Step::Malformed,
            },
            (Mechanism::Login, Some(user)) => Step::Complete { user, password: cut(&clear) },
            (Mechanism::Plain, _) => {
                let mut parts = clear.split(|&b| b == 0);
                let (_identity, user, password) = (parts.next(), parts.next(), parts.next());
                match (user, password) {
                    (Some(user), Some(password)) => {
                        Step::Complete { user: cut(user), password: cut(password) }
                    }
                    _ => Step::Malformed,
                }
            }
        }
    }
}

/// Decodes base64 (RFC 4648 4) with its padding; `None` for anything else.
pub fn decode(text: &[u8]) -> Option<Vec<u8>> {
    if !text.len().is_multiple_of(4) {
        return None;
    }
    let padding = text.iter().rev().take_while(|&&b| b == b'=').count();
    let digits = text.get(..text.len().checked_sub(padding)?)?;
    if padding > 2 {
        return None;
    }
    let mut out = Vec::with_capacity(text.len() / 4 * 3);
    for group in digits.chunks(4) {
        let mut bits = 0u32;
        for &digit in group {
            bits = bits << 6 | u32::from(sextet(digit)?);
        }
        let missing = 4 - group.len();
        bits <<= 6 * missing;
        let [_, bytes @ ..] = bits.to_be_bytes();
        out.extend_from_slice(bytes.get(..3usize.checked_sub(missing)?)?);
    }
    Some(out)
}

/// Encodes base64 (RFC 4648 4) with its padding.
pub fn encode(bytes: &[u8]) -> String {
    let digit = |bits: u32| match u8::try_from(bits & 63).unwrap_or_default() {
        value @ 0..=25 => char::from(b'A' + value),
        value @ 26..=51 => char::from(b'a' + value - 26),
        value @ 52..=61 => char::from(b'0' + value - 52),
        62 => '+',
        _ => '/',
    };
    let mut text = String::new();
    for group in bytes.chunks(3) {
        let byte = |at: usize| u32::from(group.get(at).copied().unwrap_or_default());
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        let digits = [bits >> 18, bits >> 12, bits >> 6, bits].map(digit);
        text.extend(&digits[..=group.len()]);
        text.extend(std::iter::repeat_n('=', 3 - group.len()));
    }
    text
}

fn sextet(digit: u8) -> Option<u8> {
    match digit {
        b'A'..=b'Z' => Some(digit - b'A'),
        b'a'..=b'z' => Some(digit - b'a' + 26),
        b'0'..=b'9' => Some(digit - b'0' + 52),
        b'+' => Some(62),
        b'/' => Some(63),
        _ => None,
    }
}
