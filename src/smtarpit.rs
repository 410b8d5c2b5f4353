//! The program `smtarpit`: its configuration, made into a conversation.

use crate::config::{Common, Smtarpit};
use crate::engine::Engine;
use crate::event::Why;
use crate::names::Language;
use crate::peer::Ends;
use crate::persona::smtp as persona;
use crate::receipt::{Maker, Receipts};
use crate::smtp::dialogue::message::{Forget, Keep};
use crate::smtp::dialogue::{self, Dialogue, Policy, Recipients};
use crate::smtp::session::Session;
use crate::spool::Spool;
use crate::start::{Before, Circumstances, Pit, complain};

impl Pit for Smtarpit {
    const TAG: &'static str = "smtarpit";

    fn common(&self) -> &Common {
        &self.common
    }

    fn persona(&self) -> &'static str {
        self.mail.persona.as_str()
    }

    fn busy(&self, _ends: &Ends) -> Vec<u8> {
        dialogue::busy(self.mail.persona.persona(), &self.common.hostname)
    }

    fn sorry(hostname: &str, _ends: &Ends) -> Vec<u8> {
        dialogue::busy(persona::Name::default().persona(), hostname)
    }

    type Opened = ();

    fn open(&self, _with: &Before<'_>) -> Result<(), Why> {
        Ok(())
    }

    fn engine(&self, (): (), with: Circumstances) -> Box<dyn Engine> {
        let hostname = self.common.hostname.clone();
        let keep: Box<dyn Keep> = match self.spool() {
            Some(dir) => {
                let spool = Spool::new(dir, self.mail.spool_size.0, hostname.clone());
                Box::new(spool.telling(complain))
            }
            None => Box::new(Forget),
        };
        // An operator who has named no domain gets every sender held, not every sender refused.
        let recipients = match (self.mail.recipients, self.common.domains.is_empty()) {
            (Recipients::Domain, true) => Recipients::Any,
            (recipients, _) => recipients,
        };
        let domains = self.common.all_domains();
        let issued =
            Receipts { maker: Maker::new(with.key.secret(), Language::English), domains: domains.clone() };
        let policy = Policy {
            persona: self.mail.persona.persona(),
            hostname,
            domains,
            recipients,
            null_sender: self.mail.null_sender,
            verdict: self.mail.verdict,
            max_message: self.mail.max_message.0,
            auth_after: self.mail.auth_after,
            human_auth_after: self.mail.human_auth_after,
            peer: with.ends.peer,
            issued: Box::new(issued),
            keep,
        };
        Box::new(Session::new(Dialogue::new(policy), self.schedule(), with.allowed, with.wall, with.rng))
    }
}
