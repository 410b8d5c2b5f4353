//! POP3: [`dialogue`] knows what to say, [`session`] after how long, [`tool`] to whom; [`gate`] decides
//! who is let in, and [`mailbox`] has what they find there.

pub mod dialogue;
pub mod dovecot_log;
pub mod gate;
pub mod mailbox;
pub mod pacing;
pub mod session;
pub mod tool;
