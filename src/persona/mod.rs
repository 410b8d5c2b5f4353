//! The texts of the server that we pretend to be, as tables.
