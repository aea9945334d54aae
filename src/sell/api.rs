//! What the other pillars may ask of this one.

pub use crate::deals::close::{Close, Closed, Outcome, close as close_deal};
pub use crate::deals::direct::{DirectAccountInput, DirectAccountKind, DirectAccountStage, upsert_direct_accounts};
pub use crate::deals::wire::CloseReason;
