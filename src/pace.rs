//! How slowly a reply leaves: profiles, jitter, time of day.
