//! How many at once, across processes: one locked file for each slot.
