//! A bug to order, for the test that a panic tells the peer nothing; not in release builds.

use crate::engine::{Engine, Heard, Now, Turn};
use crate::event::{Kind, Reason, Totals, What};
use std::time::Duration;

/// Panics when the peer says what SUNDEW_TEST_PANIC holds.
pub struct Panics {
    inner: Box<dyn Engine>,
    at: Option<String>,
}

impl Panics {
    pub fn around(inner: Box<dyn Engine>) -> Self {
        Panics { inner, at: std::env::var("SUNDEW_TEST_PANIC").ok() }
    }
}

impl Engine for Panics {
    fn hear(&mut self, heard: Heard<'_>, now: Now) -> Turn {
        if let (Heard::Line(line), Some(at)) = (heard, &self.at) {
            assert!(line.text != at.as_bytes(), "a panic was ordered");
        }
        self.inner.hear(heard, now)
    }

    fn sent(&mut self, bytes: u64) {
        self.inner.sent(bytes)
    }

    fn ended(&mut self, at: Duration, reason: Reason) -> Vec<What> {
        self.inner.ended(at, reason)
    }

    fn stage(&self) -> &'static str {
        self.inner.stage()
    }

    fn profile(&self) -> &str {
        self.inner.profile()
    }

    fn kind(&self) -> (Kind, String) {
        self.inner.kind()
    }

    fn totals(&self) -> Totals {
        self.inner.totals()
    }
}
