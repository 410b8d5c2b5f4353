//! Sundew: tarpits and honeypots that make spammers' work expensive.
//!
//! Each connection is one small synchronous process started by a super-server, with the connection
//! on fd 0 and 1. The map, in the direction in which the modules may know each other:
//!
//! - [`engine`]: what a protocol engine is; [`smtp`], [`pop3`] and [`web`] are three. Engines are pure: no
//!   sockets, no clock, no errors. [`persona`] has the texts they speak, [`pace`] how slowly, [`kind`] who
//!   seems to listen, [`sasl`] the exchanges of AUTH, [`receipt`] which addresses are ours, out of [`names`],
//!   [`season`] which of them are shown now.
//! - [`drive`]: the one loop that carries out an engine's turns, on a [`conn`] that cuts what comes
//!   into [`lines`] and with a [`clock`]; or, in tests, on a [`script`]. [`rate`]: how often a peer makes us work.
//! - [`slots`]: how many at once; [`peer`]: who is it; [`memory`]: what a network did before, and
//!   [`allowance`]: how much went out today, both in a [`ledger`]; [`event`]: the log line; [`sink`]: where it
//!   goes; [`spool`]: whole messages, if they are wanted; [`key`]: the secret and what follows from it;
//!   [`privileges`]: how to give them up; [`sys`]: the calls that have no safe wrapper, and the only `unsafe`.
//! - [`config`]: flags and `/etc/sundew.toml`; [`start`]: the order of start-up, the same for every
//!   program that serves; [`smtarpit`], [`tarpop`] and [`sundew`]: what is each program's own; `bin/`: which
//!   program.
//! - [`run`]: `tarpit-run`, which starts the others as a super-server would. [`report`]: `tarpit-report`,
//!   which makes tables, graphs and lists out of what they log. [`progress`]: how far a long task is.
//!
//! Invariants: the peer never reads a diagnostic of ours; nothing is relayed; every buffer has a
//! limit and every wait an end; whatever came from a peer is made plain before it is logged.

pub mod allowance;
pub mod clock;
pub mod config;
pub mod conn;
pub mod drive;
pub mod engine;
pub mod event;
pub mod key;
pub mod kind;
pub mod ledger;
pub mod lines;
pub mod memory;
pub mod names;
pub mod pace;
pub mod peer;
pub mod persona;
pub mod pop3;
pub mod privileges;
pub mod progress;
pub mod rate;
pub mod receipt;
pub mod report;
pub mod run;
pub mod sasl;
pub mod script;
pub mod season;
pub mod sink;
pub mod slots;
pub mod smtarpit;
pub mod smtp;
pub mod spool;
pub mod start;
pub mod sundew;
pub mod sys;
pub mod tarpop;
pub mod web;

/// The generator behind every random choice; seeded by the system, or by `--seed`.
pub type Rng = rand::rngs::StdRng;
