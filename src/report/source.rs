//! Opens log files: packed or not, recognised by their first bytes, and in the order of their stamps.

use std::cell::Cell;
use std::fs::File;
use std::io::{self, BufRead as _, Read};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::UNIX_EPOCH;

use bzip2::read::MultiBzDecoder;
use flate2::read::MultiGzDecoder;
use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};

use super::intake::{Intake, Takes};
use super::line::{self, Cut};
use super::stamp::{Stamp, Stamps};
use super::zone::Zone;

/// A log that is to be read.
#[derive(Debug, Clone)]
pub struct Log {
    /// `None` is standard input.
    pub path: Option<PathBuf>,
    /// How many bytes it has on the disk.
    pub size: u64,
    /// When it was last written, in seconds.
    pub written: i64,
    /// The stamp that comes first in it, in microseconds.
    first: Option<i64>,
    /// How often its stamps, which have no year, go from December to January.
    pub turns: i32,
}

/// As much as is looked at to find the first stamp.
const GLANCE: u64 = 1 << 16;

impl Log {
    /// Looks into a file; `now` is when standard input was written.
    pub fn look(path: &Path, zone: &Zone, now: i64) -> io::Result<Self> {
        let mut log = Log { path: None, size: 0, written: now, first: None, turns: 0 };
        if path == Path::new("-") {
            return Ok(log);
        }
        let file = File::open(path)?;
        let about = file.metadata()?;
        if about.is_dir() {
            return Err(io::ErrorKind::IsADirectory.into());
        }
        log.path = Some(path.to_owned());
        if !about.is_file() {
            // A pipe or a device can be read once, and in its turn.
            return Ok(log);
        }
        log.size = about.len();
        let written = about.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
        log.written = written.and_then(|age| i64::try_from(age.as_secs()).ok()).unwrap_or(now).min(now);
        let mut glance = Vec::new();
        // What cannot be unpacked is told when it is read.
        let _ = unpack(file).and_then(|unpacked| unpacked.take(GLANCE).read_to_end(&mut glance));
        let mut stamps = Stamps::new(zone.clone(), log.written);
        let first = first_stamp(&glance, &mut stamps);
        if let Some(Stamp::Yearless { .. }) = first
            && !is_packed(path)
        {
            log.turns = turns(path, log.size).unwrap_or(0);
        }
        log.first = first.and_then(|stamp| {
            stamps.expect_turns(log.turns);
            stamps.moment(stamp, b"")
        });
        Ok(log)
    }

    /// Opens it for reading, unpacked; `meter` sees how much is taken from the disk.
    pub fn open(&self, meter: &Rc<Cell<u64>>) -> io::Result<Box<dyn Read>> {
        let meter = Rc::clone(meter);
        match &self.path {
            Some(path) => unpack(Metered { inner: File::open(path)?, meter }),
            None => unpack(Metered { inner: io::stdin(), meter }),
        }
    }

    /// What it is called in messages.
    pub fn name(&self) -> String {
        self.path.as_ref().map_or_else(|| "standard input".to_owned(), |path| path.display().to_string())
    }
}

/// Logs that are read one after the other.
pub struct Logs {
    logs: Vec<Log>,
    /// The zone of stamps that name none.
    machine: Zone,
    /// How much was taken from the disk.
    meter: Rc<Cell<u64>>,
}

impl Logs {
    /// Looks into files; `now` is when standard input was written. The error names its file.
    pub fn look(paths: &[PathBuf], now: i64) -> Result<Self, (&Path, io::Error)> {
        let machine = Zone::local(std::env::var("TZ").ok().as_deref());
        let look = |path| Log::look(path, &machine, now).map_err(|error| (path, error));
        let mut logs = paths.iter().map(PathBuf::as_path).map(look).collect::<Result<Vec<Log>, _>>()?;
        in_order(&mut logs);
        Ok(Logs { logs, machine, meter: Rc::default() })
    }

    /// How many bytes they have on the disk.
    pub fn size(&self) -> u64 {
        self.logs.iter().map(|log| log.size).sum()
    }

    /// What counts the bytes that were read.
    pub fn meter(&self) -> Rc<Cell<u64>> {
        Rc::clone(&self.meter)
    }

    /// Reads them, and says of which ones the end could not be read, and why.
    pub fn read<T: Takes>(&self, intake: &mut Intake<'_, T>) -> Vec<String> {
        let mut complaints = Vec::new();
        for log in &self.logs {
            let mut stamps = Stamps::new(self.machine.clone(), log.written);
            stamps.expect_turns(log.turns);
            if let Err(error) = log.open(&self.meter).and_then(|source| intake.read(source, stamps)) {
                complaints.push(format!("{}: {error}", log.name()));
            }
        }
        complaints
    }
}

/// Puts logs in the order of their first stamps; those that have none stay behind those that do.
fn in_order(logs: &mut [Log]) {
    logs.sort_by_key(|log| (log.first.is_none(), log.first));
}

/// Counts what is read.
struct Metered<R> {
    inner: R,
    meter: Rc<Cell<u64>>,
}

impl<R: Read> Read for Metered<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buf)?;
        self.meter.set(self.meter.get() + read as u64);
        Ok(read)
    }
}

/// The first stamp of one of our lines, or else of any line.
fn first_stamp(text: &[u8], stamps: &mut Stamps) -> Option<Stamp> {
    let lines = || text.split(|byte| *byte == b'\n').take(200);
    if text.starts_with(b"__") || text.starts_with(b"{") {
        // Of the journal's forms the digits behind the name are enough.
        let name = b"__REALTIME_TIMESTAMP";
        let at = memchr::memmem::find(text, name)? + name.len();
        let digits = text[at..].iter().skip_while(|byte| b"\": =".contains(byte));
        let digits: Vec<u8> = digits.take_while(|byte| byte.is_ascii_digit()).copied().collect();
        return std::str::from_utf8(&digits).ok()?.parse().ok().map(Stamp::At);
    }
    lines()
        .find_map(|line| match line::cut(line, stamps) {
            Cut::Ours { stamp, .. } if stamp != Stamp::Missing => Some(stamp),
            _ => None,
        })
        .or_else(|| lines().find_map(|line| Some(stamps.read(line)?.0)))
}

/// How often stamps without a year turn from a late month to an early one, from samples of the file.
fn turns(path: &Path, size: u64) -> io::Result<i32> {
    use std::os::unix::fs::FileExt as _;
    const SAMPLES: u64 = 512;
    let file = File::open(path)?;
    let mut stamps = Stamps::new(Zone::utc(), 0);
    let mut buffer = vec![0; 2048];
    let (mut turns, mut before) = (0, None);
    let step = (size / SAMPLES).max(1024);
    let mut at = 0;
    while at < size {
        let read = file.read_at(&mut buffer, at)?;
        let lines = buffer[..read].split(|byte| *byte == b'\n').skip(usize::from(at > 0));
        let month = lines.filter_map(|line| stamps.read(line)).find_map(|(stamp, _)| match stamp {
            Stamp::Yearless { month, .. } => Some(month),
            _ => None,
        });
        if let (Some(month), Some(before)) = (month, before) {
            turns += i32::from(month + 6 < before) - i32::from(before + 6 < month && turns > 0);
        }
        before = month.or(before);
        at += step;
    }
    Ok(turns)
}

fn is_packed(path: &Path) -> bool {
    let mut head = [0; 4];
    let read = File::open(path).and_then(|mut file| file.read(&mut head)).unwrap_or(0);
    packing(&head[..read]).is_some()
}

/// Which of [`MAGIC`] a file begins with.
fn packing(head: &[u8]) -> Option<usize> {
    MAGIC.iter().position(|magic| head.starts_with(magic))
}

/// How what is packed begins: gzip, zstd, bzip2.
const MAGIC: [&[u8]; 3] = [&[0x1f, 0x8b], &[0x28, 0xb5, 0x2f, 0xfd], b"BZh"];

/// How logs begin that are not read here, and what they are. Read as text they would have no line of ours.
const OTHERS: [(&[u8], &str); 5] = [
    (b"\xfd7zX", "packed by xz; give what xz -dc writes"),
    (b"\x04\x22\x4d\x18", "packed by lz4; give what lz4 -dc writes"),
    (b"\x1f\x9d", "packed by compress; give what zcat writes"),
    (b"PK\x03\x04", "packed by zip; give what unzip -p writes"),
    (b"LPKS", "a file of the journal; give what journalctl -o json --file writes"),
];

/// Unpacks what its first bytes say is packed.
fn unpack<'r>(mut source: impl Read + 'r) -> io::Result<Box<dyn Read + 'r>> {
    let mut head = [0; 4];
    let mut filled = 0;
    while filled < head.len() {
        match source.read(&mut head[filled..]) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    let head = head[..filled].to_vec();
    let kind = packing(&head);
    if let Some((_, what)) = OTHERS.iter().find(|(magic, _)| head.starts_with(magic)) {
        return Err(io::Error::other(*what));
    }
    let whole = io::Cursor::new(head).chain(source);
    let buffered = |whole| io::BufReader::with_capacity(1 << 16, whole);
    Ok(match kind {
        Some(0) => Box::new(MultiGzDecoder::new(buffered(whole))),
        Some(1) => Box::new(Zstd::new(buffered(whole))),
        Some(2) => Box::new(MultiBzDecoder::new(buffered(whole))),
        _ => Box::new(whole),
    })
}

/// All frames of a zstd file.
struct Zstd<R> {
    source: io::BufReader<R>,
    decoder: FrameDecoder,
    /// In a frame, not between two.
    inside: bool,
}

impl<R: Read> Zstd<R> {
    fn new(source: io::BufReader<R>) -> Self {
        Zstd { source, decoder: FrameDecoder::new(), inside: false }
    }

    /// Begins the next frame; false if there is none.
    fn begin(&mut self) -> io::Result<bool> {
        while !self.inside && !self.source.fill_buf()?.is_empty() {
            match self.decoder.init(&mut self.source) {
                Ok(()) => self.inside = true,
                Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame {
                    length,
                    ..
                })) => {
                    io::copy(&mut (&mut self.source).take(length.into()), &mut io::sink())?;
                }
                Err(error) => return Err(io::Error::other(error)),
            }
        }
        Ok(self.inside)
    }
}

impl<R: Read> Read for Zstd<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        while self.begin()? {
            while self.decoder.can_collect() == 0 && !self.decoder.is_finished() {
                self.decoder
                    .decode_blocks(&mut self.source, BlockDecodingStrategy::UptoBlocks(1))
                    .map_err(io::Error::other)?;
            }
            let read = self.decoder.read(buf)?;
            if read > 0 || buf.is_empty() {
                return Ok(read);
            }
            self.inside = false;
        }
        Ok(0)
    }
}
