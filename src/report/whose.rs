//! Whose event it is: the connection is known by a hash of its name and its peer, as they stand in the line.
//!
//! Many lines of one connection follow each other, so an address that was read a few lines before is not read
//! again.

use std::hash::{BuildHasher, Hasher};
use std::net::IpAddr;

use hashbrown::DefaultHashBuilder;

use super::fields::Text;

/// The connection of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Whose {
    /// A hash of all that follows; no two connections of a service have the same one.
    pub name: u64,
    pub peer: Option<IpAddr>,
}

/// Tells connections, and remembers those that were told last.
pub struct Known {
    hasher: DefaultHashBuilder,
    /// Each in the place that its name says, with whatever was there before.
    last: Vec<Whose>,
}

/// Many more than there are slots on a few machines, so that two seldom have the same place.
const PLACES: usize = 1024;

impl Default for Known {
    fn default() -> Self {
        Known { hasher: DefaultHashBuilder::default(), last: vec![Whose::default(); PLACES] }
    }
}

impl Known {
    /// The connection of which a line says ` id=` and ` peer=` in these bytes, each value without quotes; `peer`
    /// reads the address, and tells whether it is written as we write it.
    #[inline(always)]
    pub fn written(
        &mut self,
        bytes: &[u8],
        id: Text<'_>,
        peer: impl FnOnce() -> Option<(IpAddr, bool)>,
        whose: &mut Whose,
    ) -> Option<()> {
        let name = self.hash(bytes);
        let known = &mut self.last[name as usize % PLACES];
        if known.name != name {
            let (peer, usual) = peer()?;
            if !usual {
                *whose = self.read(id, Some(peer));
                return Some(());
            }
            *known = Whose { name, peer: Some(peer) };
        }
        *whose = *known;
        Some(())
    }

    /// The connection of this name and peer, however they were written.
    #[cold]
    pub fn read(&self, id: Text<'_>, peer: Option<IpAddr>) -> Whose {
        let id = String::from_utf8_lossy(id.raw());
        let id = if id.contains(' ') { format!("\"{id}\"") } else { id.into_owned() };
        let text = match peer {
            Some(peer) => format!(" id={id} peer={peer}"),
            None => format!(" id={id}"),
        };
        Whose { name: self.hash(text.as_bytes()), peer }
    }

    #[inline(always)]
    fn hash(&self, bytes: &[u8]) -> u64 {
        let mut hasher = self.hasher.build_hasher();
        hasher.write(bytes);
        hasher.finish()
    }
}

#[cfg(test)]
mod tests {
    use crate::report::heard::{Details, Heard, Reader};

    #[test]
    fn a_connection_is_known_however_it_is_written() {
        let mut reader = Reader::default();
        let mut names = |lines: &[&str]| -> Vec<u64> {
            let mut name = |line: &&str| {
                let mut heard = Heard::default();
                assert!(
                    reader.read(line.as_bytes(), &mut heard, &mut Details::default()).is_some(),
                    "{line}"
                );
                heard.whose.name
            };
            lines.iter().map(&mut name).collect()
        };
        let same = names(&[
            "retr id=a1 peer=2001:db8::1 number=5 bytes=1",
            "retr id=a1 peer=2001:DB8::1 number=5 bytes=1",
            "retr id=a1 peer=2001:db8:0:0:0:0:0:1 number=5 bytes=1",
            "retr id=\"a1\" peer=2001:db8::1 number=5 bytes=1",
            "retr peer=2001:db8::1 number=5 id=a1 bytes=1",
            "retr id=a1  peer=\"2001:db8::1\" number=5 bytes=1",
        ]);
        assert!(same.iter().all(|name| *name == same[0]), "{same:?}");
        let same = names(&[
            "retr id=a1 peer=192.0.2.7 number=5 bytes=1",
            "retr id=a1 peer=::ffff:192.0.2.7 number=5 bytes=1",
            "retr id=a1 peer=::ffff:c000:207 number=5 bytes=1",
        ]);
        assert!(same.iter().all(|name| *name == same[0]), "{same:?}");
        let mut others = names(&[
            "retr id=a1 peer=192.0.2.7 number=5 bytes=1",
            "retr id=a2 peer=192.0.2.7 number=5 bytes=1",
            "retr id=a1 peer=192.0.2.8 number=5 bytes=1",
            "retr id=a1 number=5 bytes=1 colour=blue",
            "retr id=\"a1 peer=192.0.2.7\" number=5 bytes=1",
        ]);
        others.sort_unstable();
        others.dedup();
        assert_eq!(others.len(), 5);
    }
}
