//! The texts of the servers that we pretend to be, as tables: one module for each protocol.
//!
//! A persona is data. The engine of its protocol carries the table out and knows none of the names.

pub mod http;
pub mod pop3;
pub mod smtp;
pub mod text;
