//! SMTP: [`dialogue`] knows what to say, [`session`] how slowly.

pub mod dialogue;
pub mod hold;
pub mod pacing;
pub mod session;
pub mod speech;
