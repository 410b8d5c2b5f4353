//! The SMTP conversation of a persona (RFC 5321), without any time in it.
