//! How slowly SMTP replies leave: the numbers of the tarpit, and the tables that are shipped.

use crate::pace::{Range, Steps};
use crate::smtp::dialogue::Stage;
use std::time::Duration;

/// What holds a program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hold {
    /// Endless, but edge for clients that cut by deadline.
    Auto,
    /// The reply at `hold_at` never completes: bytes drip for as long as the client stays.
    Endless,
    /// Every reply completes just below the client's limit, and there are many of them.
    Edge,
}

/// From where on programs are held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HoldAt {
    /// RCPT, and for clients that cut by deadline every reply: there each one counts by itself.
    Auto,
    /// The reply to this, and every one after it, whoever the client is.
    Stage(Stage),
}

/// The pacing of one profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pacing {
    pub hold: Hold,
    pub hold_at: HoldAt,
    /// How long the connection is silent before the `220-` teaser.
    pub greet_pause: Range,
    /// How long the rest of the banner takes; most bots leave a banner that is not complete in 30 s.
    pub banner_time: Range,
    /// How long a reply to a program takes before `hold_at`.
    pub reply_time: Range,
    /// How long a person waits for a reply.
    pub human: Range,
    /// The pauses between the bytes of a held reply.
    pub steps: Steps,
    /// No pause is longer; many libraries give up after 60 s without a byte.
    pub max_pause: Duration,
    /// At which part of the client's limit a reply completes, in per cent.
    pub edge: u8,
}

const HALF_MINUTE: Duration = Duration::from_secs(30);
const TWO_MINUTES: Duration = Duration::from_secs(120);
const TEN_MINUTES: Duration = Duration::from_secs(600);

/// A shipped pacing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// The ordinary one.
    Day,
    /// Slower: fewer bytes for each hour held.
    Night,
    /// Every reply completes in half a minute: for a domain that may get honest mail by mistake.
    Gentle,
}

const DAY: Steps = Steps {
    rows: &[
        (HALF_MINUTE, Range::ms(2_000, 6_000)),
        (TWO_MINUTES, Range::ms(4_000, 12_000)),
        (TEN_MINUTES, Range::ms(10_000, 25_000)),
    ],
    tail: 50,
};

const NIGHT: Steps = Steps {
    rows: &[
        (HALF_MINUTE, Range::ms(3_000, 6_000)),
        (TWO_MINUTES, Range::ms(8_000, 20_000)),
        (TEN_MINUTES, Range::ms(15_000, 25_000)),
    ],
    tail: 70,
};

const GENTLE: Steps = Steps { rows: &[(HALF_MINUTE, Range::ms(2_000, 4_000))], tail: 30 };

impl Pace {
    /// The numbers of this table.
    pub fn pacing(self) -> Pacing {
        let day = Pacing {
            hold: Hold::Auto,
            hold_at: HoldAt::Auto,
            greet_pause: Range::ms(200, 1_800),
            banner_time: Range::ms(8_000, 15_000),
            reply_time: Range::ms(13_000, 22_000),
            human: Range::ms(300, 3_000),
            steps: DAY,
            max_pause: Duration::from_secs(50),
            edge: 85,
        };
        match self {
            Pace::Day => day,
            Pace::Night => Pacing {
                banner_time: Range::ms(12_000, 17_000),
                reply_time: Range::ms(18_000, 25_000),
                steps: NIGHT,
                ..day
            },
            Pace::Gentle => Pacing {
                hold: Hold::Edge,
                banner_time: Range::ms(2_000, 5_000),
                reply_time: Range::ms(3_000, 8_000),
                steps: GENTLE,
                max_pause: Duration::from_secs(10),
                edge: 10,
                ..day
            },
        }
    }
}
