//! Bytes in, lines out: a bounded reader that also notes how the bytes came.
//!
//! Pure: it is given bytes and the time. It keeps at most [`KEEP`] bytes of a line and at most
//! [`QUEUE`] bytes that nobody has asked for yet; [`Lines::room`] says when to stop reading, so that
//! a peer who sends a million commands fills the kernel's buffer and not ours.
//!
//! In [`Mode::Commands`] telnet negotiation (RFC 854) is taken out and answered as a terminal that
//! can do nothing would: DO is answered with WONT, WILL with DONT. In [`Mode::Text`] every byte is
//! kept, because 0xFF is an ordinary byte in a message.

use crate::engine::{Arrival, Ending, Mode};
use std::collections::VecDeque;
use std::time::Duration;

/// The longest beginning of a command line that is kept; longer than any server's own limit.
pub const KEEP: usize = 16 * 1024;

/// The longest part of a line of text that is given at once.
pub const PART: usize = 4 * 1024;

/// How many bytes may wait to be asked for.
pub const QUEUE: usize = 4 * 1024;

/// Of how many reads that brought them the times are known. A peer that sends a byte at a time would else
/// make us keep more about its bytes than there are bytes.
const READS: usize = 64;

/// Gaps within a line that typed keys leave: shorter ones are a program or the network's, longer
/// ones somebody went for coffee.
const KEY_GAP: (Duration, Duration) = (Duration::from_millis(30), Duration::from_secs(3));

/// A line taken out of the reader. The buffer is reused: see [`Lines::next`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Taken {
    pub ending: Ending,
    pub arrival: Arrival,
    /// The line was longer than [`KEEP`] and only its beginning is here.
    pub overlong: bool,
}

/// The reader. Bytes go in with [`Lines::feed`], lines come out with [`Lines::next`].
#[derive(Debug, Default)]
pub struct Lines {
    /// Bytes that were fed and not yet looked at, with the marks of the reads that brought them.
    queue: VecDeque<u8>,
    reads: VecDeque<Read>,
    /// The line that is being put together.
    line: Vec<u8>,
    arrival: Option<Arrival>,
    overlong: bool,
    /// A CR was the last byte of the line so far; it belongs to the ending if LF follows.
    cr: bool,
    telnet: Telnet,
    negotiated: u32,
    answers: Vec<u8>,
    /// When our last reply was complete; bytes that came before it are early.
    replied: Option<Duration>,
    last_read: Option<Duration>,
}

/// One read that brought bytes: when, how many are still in the queue, and the gap before it if
/// they came as typed keys do.
#[derive(Debug, Clone, Copy)]
struct Read {
    at: Duration,
    left: usize,
    key: Option<Duration>,
}

/// Where we are in a telnet command, with the bytes that lead there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Telnet {
    #[default]
    Text,
    /// IAC
    Iac,
    /// IAC WILL, IAC WONT, IAC DO, IAC DONT
    Option(u8),
    /// IAC SB ...
    Sub,
    /// IAC SB ... IAC
    SubIac,
}

const IAC: u8 = 255;
const DONT: u8 = 254;
const DO: u8 = 253;
const WONT: u8 = 252;
const WILL: u8 = 251;
const SB: u8 = 250;
const SE: u8 = 240;

/// More answers than this wait only if the peer floods us with negotiation and reads nothing.
const ANSWERS: usize = 96;

impl Lines {
    pub fn new() -> Self {
        Self::default()
    }

    /// How many bytes may be fed now; nothing should be read from the peer while it is 0.
    pub fn room(&self) -> usize {
        QUEUE.saturating_sub(self.queue.len())
    }

    /// Takes what one read brought at `at` (real time since the connection began).
    pub fn feed(&mut self, bytes: &[u8], at: Duration) {
        if bytes.is_empty() {
            return;
        }
        let gap = at.saturating_sub(self.last_read.unwrap_or(at));
        let key = (bytes.len() <= 2 && gap >= KEY_GAP.0 && gap <= KEY_GAP.1).then_some(gap);
        self.queue.extend(bytes);
        match self.reads.back_mut() {
            // Reads that cannot be told apart by their time are one.
            Some(read) if read.at == at => read.left += bytes.len(),
            _ => {
                self.merge_oldest();
                self.reads.push_back(Read { at, left: bytes.len(), key });
            }
        }
        self.last_read = Some(at);
    }

    /// Makes one of the two oldest reads if there is no room for another. Of both the time of the older
    /// one is kept: when a line began to come matters more than when each byte of it did.
    fn merge_oldest(&mut self) {
        if self.reads.len() >= READS
            && let Some(oldest) = self.reads.pop_front()
            && let Some(next) = self.reads.front_mut()
        {
            *next = Read { left: oldest.left + next.left, ..oldest };
        }
    }

    /// Notes that our reply was complete at this time: what came before it came early.
    pub fn replied(&mut self, at: Duration) {
        self.replied = Some(at);
    }

    /// Whether bytes of the peer wait here, in whole lines or not.
    pub fn pending(&self) -> bool {
        !self.queue.is_empty() || !self.line.is_empty() || self.overlong
    }

    /// The answers to telnet negotiation that should go to the peer, if any.
    pub fn take_answers(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.answers)
    }

    /// Takes the next line into `line`, or in [`Mode::Text`] the next part of one. `None` when more
    /// bytes are needed.
    pub fn next(&mut self, mode: Mode, line: &mut Vec<u8>) -> Option<Taken> {
        while let Some((byte, read)) = self.pop() {
            if mode == Mode::Commands && self.negotiation(byte) {
                continue;
            }
            self.arrived(read);
            if byte == b'\n' {
                let ending = if std::mem::take(&mut self.cr) { Ending::CrLf } else { Ending::Lf };
                return Some(self.take(ending, line));
            }
            if std::mem::take(&mut self.cr) {
                self.keep(b'\r');
            }
            if byte == b'\r' {
                self.cr = true;
            } else {
                self.keep(byte);
            }
            if mode != Mode::Commands && self.line.len() >= PART {
                return Some(self.take(Ending::Cut, line));
            }
        }
        None
    }

    /// Takes what is left when the peer has closed, a line without an ending.
    pub fn rest(&mut self, line: &mut Vec<u8>) -> Option<Taken> {
        if std::mem::take(&mut self.cr) {
            self.keep(b'\r');
        }
        (!self.line.is_empty()).then(|| self.take(Ending::Cut, line))
    }

    fn pop(&mut self) -> Option<(u8, Read)> {
        let byte = self.queue.pop_front()?;
        let read = self.reads.front_mut().expect("every queued byte belongs to a read");
        read.left -= 1;
        let came = *read;
        if came.left == 0 {
            self.reads.pop_front();
        }
        Some((byte, came))
    }

    /// Notes how a byte of the line came.
    fn arrived(&mut self, read: Read) {
        let early = self.replied.is_none_or(|replied| read.at < replied);
        let arrival = self.arrival.get_or_insert(Arrival { first: read.at, early, ..Arrival::default() });
        if arrival.reads == 0 || arrival.last != read.at {
            arrival.reads += 1;
            // The first key of a line comes after a think time, not after a key.
            if let Some(gap) = read.key.filter(|_| arrival.reads > 1) {
                let first = arrival.keystrokes == 0;
                arrival.quickest = if first { gap } else { arrival.quickest.min(gap) };
                arrival.slowest = arrival.slowest.max(gap);
                arrival.keystrokes += 1;
            }
        }
        arrival.last = read.at;
    }

    fn keep(&mut self, byte: u8) {
        if self.line.len() < KEEP {
            self.line.push(byte);
        } else {
            self.overlong = true;
        }
    }

    fn take(&mut self, ending: Ending, line: &mut Vec<u8>) -> Taken {
        line.clear();
        line.append(&mut self.line);
        if self.line.capacity() > PART {
            self.line = Vec::new();
        }
        let mut arrival = self.arrival.take().unwrap_or_default();
        arrival.followed = !self.queue.is_empty();
        arrival.telnet = std::mem::take(&mut self.negotiated);
        Taken { ending, arrival, overlong: std::mem::take(&mut self.overlong) }
    }

    /// Whether the byte belongs to a telnet command; if so it is dealt with.
    fn negotiation(&mut self, byte: u8) -> bool {
        let (next, text) = match (self.telnet, byte) {
            (Telnet::Text, IAC) => (Telnet::Iac, false),
            (Telnet::Text, _) => (Telnet::Text, true),
            // IAC IAC is an escaped 0xFF: text.
            (Telnet::Iac, IAC) => (Telnet::Text, true),
            (Telnet::Iac, SB) => (Telnet::Sub, false),
            (Telnet::Iac, WILL | WONT | DO | DONT) => (Telnet::Option(byte), false),
            (Telnet::Iac, _) => (Telnet::Text, false),
            (Telnet::Option(verb), option) => {
                self.answer(verb, option);
                (Telnet::Text, false)
            }
            (Telnet::Sub, IAC) => (Telnet::SubIac, false),
            (Telnet::Sub, _) => (Telnet::Sub, false),
            (Telnet::SubIac, SE) => (Telnet::Text, false),
            (Telnet::SubIac, _) => (Telnet::Sub, false),
        };
        if self.telnet != Telnet::Text && next == Telnet::Text && !text {
            self.negotiated = self.negotiated.saturating_add(1);
        }
        self.telnet = next;
        !text
    }

    /// Refuses an option. WONT and DONT only confirm what is the case and get no answer.
    fn answer(&mut self, verb: u8, option: u8) {
        let refusal = match verb {
            DO => WONT,
            WILL => DONT,
            _ => return,
        };
        if self.answers.len() < ANSWERS {
            self.answers.extend([IAC, refusal, option]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Feeds the pieces, all at the same time, and takes every line.
    fn lines(mode: Mode, pieces: &[&[u8]]) -> Vec<(Vec<u8>, Ending, bool)> {
        let mut reader = Lines::new();
        let (mut all, mut line) = (Vec::new(), Vec::new());
        for piece in pieces {
            for bytes in piece.chunks(QUEUE) {
                reader.feed(bytes, Duration::ZERO);
                while let Some(taken) = reader.next(mode, &mut line) {
                    all.push((line.clone(), taken.ending, taken.overlong));
                }
                assert_eq!(reader.room(), QUEUE);
            }
        }
        if let Some(taken) = reader.rest(&mut line) {
            all.push((line.clone(), taken.ending, taken.overlong));
        }
        all
    }

    fn line(text: &[u8], ending: Ending) -> (Vec<u8>, Ending, bool) {
        (text.to_vec(), ending, false)
    }

    const MIXED: &[u8] = b"EHLO a\r\nMAIL\n\r\nx\ry\r\r\n\0\xff\xfd\x01RCPT\xff\xff\r\nlast";

    fn mixed() -> Vec<(Vec<u8>, Ending, bool)> {
        vec![
            line(b"EHLO a", Ending::CrLf),
            line(b"MAIL", Ending::Lf),
            line(b"", Ending::CrLf),
            line(b"x\ry\r", Ending::CrLf),
            line(b"\0RCPT\xff", Ending::CrLf),
            line(b"last", Ending::Cut),
        ]
    }

    #[test]
    fn bytes_cut_anywhere_give_the_same_lines() {
        assert_eq!(lines(Mode::Commands, &[MIXED]), mixed());
        for size in 1..MIXED.len() {
            let pieces: Vec<_> = MIXED.chunks(size).collect();
            assert_eq!(lines(Mode::Commands, &pieces), mixed(), "in pieces of {size}");
        }
    }

    #[test]
    fn text_keeps_every_byte() {
        let all = lines(Mode::Text, &[b"\xff\xfd\x01\r\n.\r\n"]);
        assert_eq!(all, [line(b"\xff\xfd\x01", Ending::CrLf), line(b".", Ending::CrLf)]);
    }

    #[test]
    fn a_long_command_is_cut_and_a_long_text_comes_in_parts() {
        let long = [vec![b'a'; 1_000_000], b"\r\nNOOP\r\n".to_vec()].concat();
        let commands = lines(Mode::Commands, &[&long]);
        assert_eq!(commands[0], (vec![b'a'; KEEP], Ending::CrLf, true));
        assert_eq!(commands[1], line(b"NOOP", Ending::CrLf));
        let text = lines(Mode::Text, &[&long]);
        assert!(text.iter().all(|(part, _, overlong)| part.len() <= PART && !overlong));
        assert_eq!(text.iter().map(|(part, ..)| part.len()).sum::<usize>(), 1_000_004);
    }

    #[test]
    fn telnet_negotiation_is_refused_and_counted() {
        let mut reader = Lines::new();
        let mut text = Vec::new();
        reader.feed(
            b"\xff\xfb\x1f\xff\xfd\x03\xff\xfa\x18a\xff\xf0\xff\xf6\xff\xfe\x01QUIT\r\n",
            Duration::ZERO,
        );
        let taken = reader.next(Mode::Commands, &mut text).unwrap();
        assert_eq!(text, b"QUIT");
        assert_eq!(taken.arrival.telnet, 5);
        assert_eq!(reader.take_answers(), [IAC, DONT, 0x1f, IAC, WONT, 0x03]);
        (0..1000).for_each(|_| {
            reader.feed(b"\xff\xfd\x03", Duration::ZERO);
            assert!(reader.next(Mode::Commands, &mut text).is_none());
        });
        assert!(reader.take_answers().len() <= ANSWERS + 3);
    }

    #[test]
    fn a_byte_at_a_time_takes_no_more_memory_than_a_queue() {
        let ms = |at: usize| Duration::from_millis(u64::try_from(at).unwrap());
        let mut reader = Lines::new();
        let typed = "NOOP\r\n".repeat(QUEUE / 6);
        for (at, byte) in typed.bytes().enumerate() {
            reader.feed(&[byte], ms(40 * at));
        }
        assert!(
            reader.reads.len() <= READS && reader.reads.capacity() <= 2 * READS,
            "{}",
            reader.reads.len()
        );
        assert_eq!(reader.reads.iter().map(|read| read.left).sum::<usize>(), typed.len());
        let mut text = Vec::new();
        let arrivals: Vec<Arrival> =
            std::iter::from_fn(|| Some(reader.next(Mode::Commands, &mut text)?.arrival)).collect();
        assert_eq!(arrivals.len(), QUEUE / 6);
        assert!(arrivals.windows(2).all(|pair| pair[0].last <= pair[1].first));
        // What came last is known as well as before.
        let last = arrivals.last().unwrap();
        assert_eq!((last.reads, last.last), (6, ms(40 * (typed.len() - 1))));
        assert_eq!(last.keystrokes, 5);
    }

    #[test]
    fn an_arrival_tells_how_the_line_came() {
        let ms = Duration::from_millis;
        let mut reader = Lines::new();
        let mut text = Vec::new();
        reader.feed(b"NO", ms(10));
        reader.replied(ms(100));
        assert!(reader.next(Mode::Commands, &mut text).is_none());
        reader.feed(b"OP\r\nQ", ms(900));
        let early = reader.next(Mode::Commands, &mut text).unwrap().arrival;
        assert_eq!((early.first, early.last, early.reads), (ms(10), ms(900), 2));
        assert!(early.early && early.followed && early.keystrokes == 0);
        assert!(reader.next(Mode::Commands, &mut text).is_none());
        for (byte, at) in [(b"U", 1000), (b"I", 1150), (b"T", 1155), (b"\n", 6000)] {
            reader.feed(byte, ms(at));
        }
        let typed = reader.next(Mode::Commands, &mut text).unwrap();
        assert_eq!((text.as_slice(), typed.ending), (b"QUIT".as_slice(), Ending::Lf));
        assert_eq!((typed.arrival.reads, typed.arrival.keystrokes), (5, 2));
        assert_eq!((typed.arrival.quickest, typed.arrival.slowest), (ms(100), ms(150)));
        assert!(!typed.arrival.early && !typed.arrival.followed);
    }
}
