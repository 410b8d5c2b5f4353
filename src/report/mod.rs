//! The report: log lines in; tables, graphs and lists out.
//!
//! A pure fold makes a [`Summary`] out of events, and everything that is shown is rendered from it:
//!
//! - [`line`], [`stamp`] and [`journal`]: who wrote a line and when.
//! - [`heard`]: what it says that is counted, and [`whose`] event it is. [`quick`] reads it if it is as usual, and
//!   [`fields`] whatever it is; both read [`number`]s and [`receipts`].
//! - [`fold`]: how that is counted, in the days of a [`zone`]. [`relay`] brings events there from another thread.
//! - [`summary`]: what the report knows in the end; [`holds`]: how long connections were held, as a
//!   distribution; [`doubts`]: what is doubtful about it; [`net`]: networks, and how `--mask` hides who is in them.
//! - [`text`], [`json`], [`csv`], [`prometheus`], [`html`] and [`list`]: each is a function of the summary.
//! - [`run`]: the program; [`source`] opens logs, [`intake`] reads them, [`output`] writes what was made.
//!
//! What comes out of a log may have come from a peer: no renderer trusts it, and none needs to know
//! where it came from. Memory is bounded by distinct sources and by open connections; besides these,
//! every connection leaves a few bytes behind, by which it is known when a line comes twice.

pub mod csv;
pub mod doubts;
pub mod fields;
pub mod fold;
pub mod heard;
pub mod holds;
pub mod html;
pub mod intake;
pub mod journal;
pub mod json;
pub mod line;
pub mod list;
pub mod net;
pub mod number;
pub mod output;
pub mod prometheus;
pub mod quick;
pub mod receipts;
pub mod relay;
pub mod run;
pub mod source;
pub mod stamp;
pub mod summary;
pub mod text;
pub mod whose;
pub mod zone;

#[cfg(test)]
pub mod sample;

pub use net::Net;
pub use summary::Summary;
