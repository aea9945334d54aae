//! How a vendor scores its leads and hands them out: as data, versioned, and tried before it goes live.

pub(super) mod engine;
pub(super) mod explain;
pub(super) mod rule;
pub(super) mod scoring;
pub(super) mod sets;
pub(super) mod settings;
pub(super) mod simulate;
