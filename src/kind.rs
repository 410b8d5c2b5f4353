//! Man or machine: what the timing and the manners of the peer say about it.
