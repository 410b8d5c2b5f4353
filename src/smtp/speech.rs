//! A reply on its way out: the same text whole, in slow pieces, or without an end.

use crate::Rng;
use crate::smtp::dialogue::Next;
use crate::smtp::pacing::Pacing;
use std::time::Duration;

/// How a reply leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    /// After a pause, in one write.
    Whole(Duration),
    /// In pieces, complete after this time.
    Pieces(Duration),
    /// Byte by byte, for ever.
    Endless,
}

/// A reply that is being given.
#[derive(Debug, Clone)]
pub struct Speech {
    text: Vec<u8>,
    said: usize,
    /// What an endless reply would have been.
    reply: Vec<u8>,
    manner: Manner,
    /// How many bytes go out first and together, and after which pause, if that is special.
    opening: usize,
    first: Option<Duration>,
    /// When it began, in tarpit time.
    began: Duration,
    pub next: Next,
    /// How many continuation lines it has had.
    continued: u32,
}

/// What to do next with a speech.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Say these bytes (perhaps none), pause, and ask again.
    More(Vec<u8>, Duration),
    /// Say these bytes: the reply is complete.
    Done(Vec<u8>),
}

/// A pause shorter than this is no pause.
const BREATH: Duration = Duration::from_millis(500);

/// Makes continuation lines for a reply: `CODE-...` with CR LF, under 500 bytes.
pub type Continue<'a> = dyn FnMut(&[u8], u32, &mut Rng) -> Vec<u8> + 'a;

impl Speech {
    /// A reply that begins now (in tarpit time).
    pub fn new(text: Vec<u8>, next: Next, manner: Manner, now: Duration) -> Self {
        Speech {
            text,
            said: 0,
            reply: Vec::new(),
            manner,
            opening: 0,
            first: None,
            began: now,
            next,
            continued: 0,
        }
    }

    /// A greeting with a teaser, which goes out after `pause`: `rest` follows. Most bots leave a server
    /// that is silent for 30 s, and who talks before the end of the banner is no mail server.
    pub fn greeting(
        (teaser, rest): (Vec<u8>, Vec<u8>),
        next: Next,
        manner: Manner,
        pause: Duration,
        now: Duration,
    ) -> Self {
        let opening = teaser.len();
        let speech = Speech::new([teaser, rest].concat(), next, manner, now);
        Speech { opening, first: Some(pause), ..speech }
    }

    /// Whether it will never complete.
    pub fn endless(&self) -> bool {
        self.manner == Manner::Endless
    }

    /// Whether the peer has read the beginning of a line that is not complete.
    pub fn inside_line(&self) -> bool {
        self.said > 0 && self.said < self.text.len() && self.text.get(self.said - 1) != Some(&b'\n')
    }

    /// The first step: nobody answers in no time, so it is a pause, unless nothing is slow.
    pub fn begin(&mut self, pacing: &Pacing, rng: &mut Rng, more: &mut Continue<'_>) -> Step {
        let slow = pacing.steps.pause(Duration::ZERO, pacing.max_pause, rng);
        let pause = match self.manner {
            Manner::Whole(pause) => pause,
            Manner::Pieces(time) => {
                if self.opening == 0 {
                    self.fill(time, rng, more);
                }
                slow.min(time)
            }
            Manner::Endless => {
                self.reply = self.text.split_off(self.opening);
                slow
            }
        };
        match (self.first.unwrap_or(pause), self.manner) {
            (Duration::ZERO, Manner::Whole(_)) => self.rest(),
            (Duration::ZERO, _) if self.opening > 0 => Step::More(self.take(self.opening), pause),
            (pause, _) => Step::More(Vec::new(), pause),
        }
    }

    /// The step after a pause.
    pub fn step(&mut self, now: Duration, pacing: &Pacing, rng: &mut Rng, more: &mut Continue<'_>) -> Step {
        let since = now.saturating_sub(self.began);
        let pause = pacing.steps.pause(since, pacing.max_pause, rng);
        match self.manner {
            Manner::Whole(_) => self.rest(),
            // Dividing by `speedup` and multiplying again loses a little.
            Manner::Pieces(time) if since + Duration::from_millis(1) >= time => self.rest(),
            Manner::Pieces(time) => {
                let left = time - since;
                // What would be left after this pause may be too little for another.
                let pause = if left < pause.saturating_add(BREATH) { left } else { pause };
                Step::More(self.piece(pause, left), pause)
            }
            Manner::Endless if self.said < self.opening => Step::More(self.take(self.opening), pause),
            Manner::Endless => {
                if self.said >= self.text.len() {
                    let line = std::mem::take(&mut self.text);
                    // The same line twice in a row would look stuck.
                    let mut tries = (0..5).map(|_| more(&self.reply, self.continued, rng));
                    self.text = tries.find(|next| *next != line).unwrap_or(line);
                    self.continued = self.continued.saturating_add(1);
                    self.said = 0;
                }
                Step::More(self.take(1), pause)
            }
        }
    }

    /// Puts continuation lines before a short reply that has to last long, so that every pause
    /// brings at least a byte: a client that cuts by inactivity must not be lost while one that
    /// cuts by deadline is held.
    fn fill(&mut self, time: Duration, rng: &mut Rng, more: &mut Continue<'_>) {
        // No pause of the shipped tables is shorter on average.
        let pauses = usize::try_from(time.as_secs() / 5).unwrap_or(usize::MAX);
        // A 354 of several lines confuses clients, and AUTH knows no such thing at all (RFC 4954 4).
        let single = self.text.starts_with(b"3");
        while !single && self.text.len() < pauses && self.continued < 8 {
            let mut text = more(&self.text, self.continued, rng);
            self.continued += 1;
            text.append(&mut self.text);
            self.text = text;
        }
    }

    /// As much of the text as this pause is of the time that is left; at least a byte, while the
    /// last one waits for the end.
    fn piece(&mut self, pause: Duration, left: Duration) -> Vec<u8> {
        if self.said < self.opening {
            return self.take(self.opening);
        }
        let open = (self.text.len() - self.said).saturating_sub(1);
        let share = open as f64 * pause.as_secs_f64() / left.as_secs_f64().max(0.001);
        self.take((share as usize).clamp(1, open.max(1)).min(open))
    }

    fn take(&mut self, count: usize) -> Vec<u8> {
        let end = self.said.saturating_add(count).min(self.text.len());
        let piece = self.text.get(self.said..end).unwrap_or_default().to_vec();
        self.said = end;
        piece
    }

    fn rest(&mut self) -> Step {
        Step::Done(self.take(usize::MAX))
    }
}
