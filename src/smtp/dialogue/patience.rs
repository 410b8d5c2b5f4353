//! How many mistakes of the peer the persona has seen, and when they are too many.

use crate::persona::smtp::{Fault, Idle, Limit, Persona, Verb};

/// The counts of one conversation.
#[derive(Default)]
pub struct Patience {
    seen: Vec<(Fault, u32)>,
    /// Commands that moved no mail.
    idle: u32,
    /// The verbs used since the last message.
    said: Vec<&'static str>,
}

impl Patience {
    /// Counts a command that moves no mail. Returns the limit that it is beyond, if it is.
    pub fn chatter(&mut self, persona: &'static Persona, verb: &'static Verb) -> Option<&'static Limit> {
        let again = self.said.contains(&verb.word);
        if !again {
            self.said.push(verb.word);
        }
        match verb.idle {
            Idle::No => return None,
            Idle::Again if !again => return None,
            Idle::Again | Idle::Yes => self.idle = self.idle.saturating_add(1),
        }
        let over = |limit: &&Limit| limit.faults.contains(&Fault::Chatter) && self.idle > limit.free;
        persona.limits.iter().find(over)
    }

    /// Counts a mistake. Returns the limit that it is beyond, if it is.
    pub fn fault(&mut self, persona: &'static Persona, fault: Fault) -> Option<&'static Limit> {
        if fault == Fault::Fine {
            return None;
        }
        match self.seen.iter_mut().find(|(seen, _)| *seen == fault) {
            Some((_, count)) => *count = count.saturating_add(1),
            None => self.seen.push((fault, 1)),
        }
        let count = |faults: &[Fault]| {
            let counted = self.seen.iter().filter(|(seen, _)| faults.contains(seen));
            counted.fold(0u32, |sum, (_, count)| sum.saturating_add(*count))
        };
        let over = |limit: &&Limit| limit.faults.contains(&fault) && count(limit.faults) > limit.forgiven;
        persona.limits.iter().find(over)
    }

    /// A message was complete.
    pub fn message(&mut self, persona: &Persona, accepted: bool) {
        self.said.clear();
        if accepted && persona.forgives {
            *self = Patience::default();
        }
    }
}
