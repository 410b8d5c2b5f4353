//! `tarpit-run`: a small super-server for trying the suite, for containers and for tests.
