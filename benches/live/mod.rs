//! The live channel: how soon a frame follows its commit, what a delivery costs, what an idle socket holds.

pub(crate) mod audience;
pub(crate) mod broadcast;
mod cores;
pub(crate) mod idle;
pub(crate) mod latency;
mod nchan;
mod socket;
mod tally;
