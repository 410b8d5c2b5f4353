//! 45 guests who come at once, where 35 are held and five more are told to come back.

use std::io::Write as _;
use std::time::{Duration, Instant};

use sundew::event::{Event, What, Why};

use super::PATIENCE;
use super::servers::Server;
use super::talk::Talk;

/// What became of each of them.
pub struct Crowd {
    pub held: Vec<Talk>,
    /// What each of those has heard who were sent away with a word.
    pub refused: Vec<String>,
    /// How many were closed without a word.
    pub closed: usize,
    /// How long it took until all of them had their answer.
    took: Duration,
}

impl Crowd {
    /// Comes, and waits until everybody has had an answer.
    pub fn come(server: &Server) -> Self {
        let began = Instant::now();
        let come = |_| {
            let talk = server.talk();
            // Who is closed without a word may be gone by now.
            let _ = (&talk.stream).write_all(server.service.asks.as_bytes());
            talk
        };
        let talks: Vec<Talk> = (0..45).map(come).collect();
        let mut crowd = Crowd { held: Vec::new(), refused: Vec::new(), closed: 0, took: Duration::ZERO };
        let mut refused = Vec::new();
        for mut talk in talks {
            if !talk.hears_within(PATIENCE) {
                crowd.closed += 1;
            } else if talk.unread().starts_with(server.service.busy.as_bytes()) {
                refused.push(talk);
            } else {
                assert!(talk.unread().starts_with(server.service.greets.as_bytes()), "{:?}", talk.unread());
                crowd.held.push(talk);
            }
        }
        crowd.took = began.elapsed();
        for mut talk in refused {
            // A second is what the program takes; the rest is for a machine with much to do.
            assert!(talk.closes_within(Duration::from_secs(4)), "a refused guest stays");
            let reply = String::from_utf8(talk.rest()).unwrap();
            // Where the server speaks first, it says one line.
            let is_line = reply.ends_with("\r\n") && reply.matches("\r\n").count() == 1;
            assert!(is_line || !server.service.asks.is_empty(), "{reply:?}");
            crowd.refused.push(if is_line { reply.trim_end().to_owned() } else { reply });
        }
        crowd
    }

    /// Compares that with the limits as shipped and with the log. `all_ours` says that the super-server
    /// let everybody through to us.
    pub fn is_right(&self, server: &Server, all_ours: bool) {
        let Crowd { held, refused, closed, took } = self;
        let polite = refused.len();
        assert_eq!((held.len(), polite + closed), (35, 10));
        assert!(polite >= 5, "{polite} polite refusals");
        if all_ours && *took < Duration::from_millis(700) {
            // None of the polite ones was gone yet when the last guest came.
            assert_eq!(polite, 5);
        }
        let mut slots: Vec<u32> = server
            .log
            .count("connect", 35)
            .iter()
            .map(|event| match event.what {
                What::Connect { slot, .. } => slot,
                _ => unreachable!("asked for connects"),
            })
            .collect();
        slots.sort_unstable();
        assert_eq!(slots, (1..=35).collect::<Vec<_>>());
        let logged = server.log.count("refuse", if all_ours { 10 } else { polite });
        let why = |wanted: Why| {
            let is = |event: &&Event| matches!(event.what, What::Refuse { why, .. } if why == wanted);
            logged.iter().filter(is).count()
        };
        assert_eq!(why(Why::Slots), polite);
        assert_eq!(why(Why::Total), if all_ours { *closed } else { 0 });
    }
}
