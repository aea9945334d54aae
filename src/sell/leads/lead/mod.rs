//! Leads themselves: taking them in, finding them again, reading them.

pub(super) mod access;
pub(super) mod discard;
pub mod draft;
pub(super) mod duplicates;
pub mod events;
pub(super) mod export;
pub(super) mod get;
pub(super) mod list;
pub(super) mod notes;
pub(super) mod release;
pub(super) mod rows;
pub mod stage;
pub(super) mod submit;
pub mod take_in;
pub(super) mod touches;
pub(super) mod view;
pub mod watch;
