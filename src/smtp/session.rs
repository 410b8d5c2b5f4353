//! The tarpit around the dialogue: an [`crate::engine::Engine`] that decides how slowly a reply leaves.
