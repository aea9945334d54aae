//! Handing leads to partners, and what partners do with them.

pub(super) mod accept;
pub(super) mod act;
pub(super) mod assign;
pub(super) mod assignments;
pub(super) mod convert;
pub(super) mod decline;
pub(super) mod distribute;
pub(super) mod floor;
pub(super) mod give_back;
pub(super) mod hand_out;
pub(super) mod inactive;
mod letters;
pub(super) mod pull_back;
pub(super) mod rows;
pub(super) mod timers;
pub(super) mod work;
