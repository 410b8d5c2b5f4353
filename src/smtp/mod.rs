//! SMTP: [`dialogue`] knows what to say, [`session`] how slowly.

pub mod dialogue;
pub mod pacing;
pub mod session;
