//! What makes the numbers other than they seem: it is told on standard error, and in the text and the page.

use super::Summary;
use super::summary::{FarOff, Moment, ServiceFacts, Tally};

impl Summary {
    /// Whether the log has something, and nothing of it is in the period.
    fn is_outside(&self) -> bool {
        let is_empty = |facts: &ServiceFacts| facts.total == Tally::default();
        !self.services.is_empty() && self.services.iter().all(is_empty)
    }

    /// What makes the numbers other than they seem, in sentences.
    pub fn doubts(&self) -> Vec<String> {
        let time = |at: Moment| at.format("%Y-%m-%d %H:%M:%S");
        let mut doubts = Vec::new();
        if let Some(FarOff { lines, at, service, peer }) = self.far_off {
            let whose = peer.map_or_else(String::new, |peer| format!(" about {peer}"));
            let are = if lines == 1 { "line of ours is" } else { "lines of ours are" };
            doubts.push(format!(
                "{lines} {are} more than a year from all others and not counted, as one of {service}{whose} at {}: \
                 a clock was wrong.",
                time(at)
            ));
        }
        if self.input.undated > 0 {
            let have = if self.input.undated == 1 { "line of ours has" } else { "lines of ours have" };
            doubts.push(format!(
                "{} {have} no stamp, and what a connection did counts at its beginning, as its name has it; what \
                 one says twice counts once.",
                self.input.undated
            ));
        }
        if let Some((first, last)) = self.log.filter(|_| self.is_outside()) {
            let (first, last) = (time(first), time(last));
            doubts.push(format!("Nothing in the log is in this period; the log is from {first} to {last}."));
        }
        doubts
    }
}
