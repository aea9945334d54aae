//! Moving a deal through the stages, and where it has been.

mod events;
mod facts;
mod get;
mod rules;
mod set;

pub(super) use events::DealStageChanged;
pub(super) use get::{__path_get_deal_stages, get_deal_stages};
pub(super) use set::{__path_move_deal, move_deal};
