//! Flags and `/etc/sundew.toml`, one definition.
