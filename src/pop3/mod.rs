//! POP3: [`dialogue`] knows what to say, [`gate`] whom to let in, [`mailbox`] what they find there.

pub mod dialogue;
pub mod gate;
pub mod mailbox;
