//! How far something is, as a bar on a terminal; nothing is shown anywhere else.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::time::Duration;

/// What takes no longer than this needs no bar.
const PATIENCE: Duration = Duration::from_secs(1);

/// A bar, on standard error if that is a terminal.
pub struct Progress {
    bar: ProgressBar,
    shown: bool,
}

impl Progress {
    /// Of so many files that are written.
    pub fn of_files(count: u64) -> Self {
        Self::new(count, "{bar:40} {pos}/{len} files, {eta} left")
    }

    /// Of so many bytes that are read; 0 if nobody knows how many.
    pub fn of_bytes(count: u64) -> Self {
        let template = match count {
            0 => "{decimal_bytes} read, {decimal_bytes_per_sec}",
            _ => "{bar:40} {decimal_bytes}/{decimal_total_bytes}, {decimal_bytes_per_sec}, {eta} left",
        };
        Self::new(count, template)
    }

    fn new(count: u64, template: &str) -> Self {
        let bar = ProgressBar::with_draw_target(Some(count), ProgressDrawTarget::hidden());
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        Progress { bar, shown: false }
    }

    /// So much is done by now.
    pub fn is_at(&mut self, position: u64) {
        self.bar.set_position(position);
        if !self.shown && self.bar.elapsed() >= PATIENCE {
            self.shown = true;
            self.bar.set_draw_target(ProgressDrawTarget::stderr());
        }
    }

    /// One more is done.
    pub fn step(&mut self) {
        self.is_at(self.bar.position() + 1);
    }

    /// All is done: the bar goes away.
    pub fn end(self) {
        self.bar.finish_and_clear();
    }
}
