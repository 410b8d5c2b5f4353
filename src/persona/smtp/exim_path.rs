//! How Exim reads an address, and what it says of one that it cannot read.
//!
//! Its complaints quote the text around the mistake, so that the reading has to stop where Exim's
//! stops. Groups, comments in odd places and quoted pairs are read as Exim reads them only as far as
//! the words of the complaint depend on them.

use super::PathFault;
use super::path::{Route, is_literal};

/// The longest text behind a mistake, and before it, that is quoted.
const QUOTED: usize = 32;

/// The longest address.
const LONGEST: usize = 256;

/// Reads what follows `FROM:`, where `<>` is an address.
pub fn sender(text: &[u8]) -> Route<'_> {
    read(text, &["SIZE", "BODY", "AUTH", "RET", "ENVID"], true)
}

/// Reads what follows `TO:`. There are no parameters unless DSN is offered, and a last word without
/// `=` is quoted with one in place of the blank before it.
pub fn recipient(text: &[u8]) -> Route<'_> {
    let mut route = read(text, &[], false);
    let last = route.path.iter().rposition(|&b| b == b' ');
    if let (Some(PathFault::Trailing), Some(blank)) = (route.fault, last)
        && !route.path.get(blank..).unwrap_or_default().contains(&b'=')
    {
        let mut joined = route.path.to_vec();
        joined[blank] = b'=';
        route.complaint = read(&joined, &[], false).complaint;
    }
    route
}

fn read<'l>(text: &'l [u8], known: &[&str], null: bool) -> Route<'l> {
    let text = text.trim_ascii();
    let address = without_options(text, known);
    let parameters = text.get(address.len()..).unwrap_or_default().trim_ascii();
    let mut reader = Reader { all: address, at: 0 };
    let (fault, complaint) = match reader.address(null) {
        Ok(()) => (None, Vec::new()),
        Err((fault, complaint)) => (Some(fault), [address, b": ", &complaint].concat()),
    };
    let inside = match (address.iter().position(|&b| b == b'<'), fault) {
        (Some(open), None) => address.get(open + 1..).unwrap_or_default(),
        _ => address.strip_prefix(b"<").unwrap_or(address),
    };
    let inside = inside.trim_ascii_end().strip_suffix(b">").unwrap_or(inside).trim_ascii();
    let inside = match (inside.first(), inside.iter().position(|&b| b == b':')) {
        (Some(b'@'), Some(colon)) => inside.get(colon + 1..).unwrap_or_default(),
        _ => inside,
    };
    let fault = match fault {
        None if !inside.is_empty() && !inside.contains(&b'@') => Some(PathFault::NoDomain),
        fault => fault,
    };
    Route { path: address, address: inside, fault, parameters, complaint }
}

/// The text without the known options at its end.
fn without_options<'l>(text: &'l [u8], known: &[&str]) -> &'l [u8] {
    let mut text = text;
    while let Some(blank) = text.iter().rposition(|&b| b == b' ') {
        let option = text.get(blank + 1..).unwrap_or_default();
        // Exim looks for the `=` from the end.
        let name = option.rsplitn(2, |&b| b == b'=').last().unwrap_or(option);
        if !known.iter().any(|k| k.as_bytes().eq_ignore_ascii_case(name)) {
            break;
        }
        text = text.get(..blank).unwrap_or_default().trim_ascii_end();
    }
    text
}

type Complaint = (PathFault, Vec<u8>);

struct Reader<'l> {
    all: &'l [u8],
    at: usize,
}

impl<'l> Reader<'l> {
    fn rest(&self) -> &'l [u8] {
        self.all.get(self.at..).unwrap_or_default()
    }

    fn next_is(&self, byte: u8) -> bool {
        self.rest().first() == Some(&byte)
    }

    fn skip_blanks(&mut self) {
        self.skip(|b| b.is_ascii_whitespace());
    }

    fn skip(&mut self, fits: impl Fn(u8) -> bool) -> usize {
        let count = self.rest().iter().take_while(|&&b| fits(b)).count();
        self.at += count;
        count
    }

    fn address(&mut self, null: bool) -> Result<(), Complaint> {
        self.skip_blanks();
        if self.all.len() > LONGEST + 2 {
            let inside = self.all.strip_prefix(b"<").unwrap_or(self.all);
            let mut complaint = b"address is ridiculously long: ".to_vec();
            complaint.extend(inside.iter().take(64));
            complaint.extend_from_slice(b"...");
            return Err((PathFault::BadCharacter, complaint));
        }
        // A name may stand before the bracket, as in a header.
        let open = self.rest().iter().position(|&b| b == b'<');
        if let Some(open) = open.filter(|&open| is_phrase(self.rest().get(..open).unwrap_or_default())) {
            self.at += open;
        }
        let bracket = self.next_is(b'<');
        if bracket {
            self.at += 1;
            self.skip_blanks();
            if self.next_is(b'>') && null {
                self.at += 1;
                return self.end();
            }
            self.route()?;
        }
        self.spec(bracket)?;
        if bracket {
            self.skip_blanks();
            match self.rest().first() {
                Some(b'>') => self.at += 1,
                Some(_) => return Err(self.may_not_follow()),
                None => return Err((PathFault::Unclosed, b"'>' missing at end of address".to_vec())),
            }
        }
        self.end()
    }

    /// Reads `@one,@two:`.
    fn route(&mut self) -> Result<(), Complaint> {
        if !self.next_is(b'@') {
            return Ok(());
        }
        match self.rest().iter().position(|&b| b == b':') {
            Some(colon) => {
                self.at += colon + 1;
                Ok(())
            }
            None => Err((PathFault::NoLocal, b"no local part".to_vec())),
        }
    }

    /// Reads a local part, and a domain if there is one.
    fn spec(&mut self, bracket: bool) -> Result<(), Complaint> {
        let start = self.at;
        if self.next_is(b'"') {
            let inside = self.rest().get(1..).unwrap_or_default();
            let Some(end) = inside.iter().position(|&b| b == b'"') else {
                return Err((PathFault::Unclosed, b"unmatched doublequote in local part".to_vec()));
            };
            self.at += end + 2;
        } else if self.local() == 0 {
            return Err((PathFault::BadCharacter, b"missing or malformed local part".to_vec()));
        }
        let local = self.all.get(start..self.at).unwrap_or_default();
        self.skip_blanks();
        match self.rest().first() {
            Some(b'@') => {
                self.at += 1;
                self.domain()
            }
            Some(b'>') if bracket => Ok(()),
            None => Ok(()),
            Some(_) => {
                let mut complaint = b"\"@\" or \".\" expected after \"".to_vec();
                complaint.extend(local.iter().take(100));
                complaint.push(b'"');
                Err((PathFault::BadCharacter, complaint))
            }
        }
    }

    /// Reads atoms and dots in any order, with quoted pairs and comments. Returns how many bytes.
    fn local(&mut self) -> usize {
        let start = self.at;
        loop {
            let atoms = self.skip(|b| !b.is_ascii_control() && b != b' ' && !b"()<>@,;:\\\"[]".contains(&b));
            let more = match self.rest() {
                [b'\\', _, ..] => 2,
                [b'(', inside @ ..] => inside.iter().position(|&b| b == b')').map_or(0, |end| end + 2),
                _ => 0,
            };
            self.at += more;
            if atoms == 0 && more == 0 {
                return self.at - start;
            }
        }
    }

    fn domain(&mut self) -> Result<(), Complaint> {
        if let [b'[', inside @ ..] = self.rest() {
            let end = inside.iter().position(|&b| b == b']').unwrap_or(0);
            let literal = is_literal(inside.get(..end).unwrap_or_default());
            let fault = if literal { PathFault::NoLiteral } else { PathFault::BadDomain };
            return Err((fault, b"domain literals not allowed".to_vec()));
        }
        loop {
            let first = self.rest().first().is_some_and(u8::is_ascii_alphanumeric);
            if !first {
                return Err((PathFault::BadDomain, b"domain missing or malformed".to_vec()));
            }
            self.skip(|b| b.is_ascii_alphanumeric() || b == b'-');
            if !self.next_is(b'.') {
                return Ok(());
            }
            self.at += 1;
        }
    }

    fn end(&mut self) -> Result<(), Complaint> {
        self.skip_blanks();
        if self.rest().is_empty() { Ok(()) } else { Err(self.may_not_follow()) }
    }

    fn may_not_follow(&self) -> Complaint {
        let mut complaint = b"malformed address: ".to_vec();
        complaint.extend(self.rest().iter().take(QUOTED));
        complaint.extend_from_slice(b" may not follow ");
        complaint.extend_from_slice(self.all.get(..self.at).unwrap_or_default());
        (PathFault::Trailing, complaint)
    }
}

/// Whether this can be the name before a bracket.
fn is_phrase(text: &[u8]) -> bool {
    let text = text.trim_ascii();
    !text.is_empty() && text.iter().all(|b| b.is_ascii_alphanumeric() || b" ._-".contains(b))
}
