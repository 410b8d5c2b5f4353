//! Which addresses are ours: issued by Sundew, recognised by the servers that mail for them reaches.
//!
//! An address that Sundew shows to a visitor is a receipt: it says of itself, with nothing stored,
//! that we made it. Until Sundew issues any, [`NoneIssued`] is all there is, and
//! `recipients = "issued"` refuses everyone.

use crate::event::Plain;

/// Knows the addresses that Sundew issued.
pub trait Issued {
    /// What the log should say of this address, if it is one of them.
    fn receipt(&self, address: &[u8]) -> Option<Plain>;
}

/// Knows none.
pub struct NoneIssued;

impl Issued for NoneIssued {
    fn receipt(&self, _address: &[u8]) -> Option<Plain> {
        None
    }
}
