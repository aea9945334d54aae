//! What the other pillars may ask of this one.

pub use crate::deals::bulk::{AddFault, BulkDeal, BulkSides, add_deals, protected_elsewhere};
pub use crate::deals::close::{Close, Closed, Outcome, close as close_deal};
pub use crate::deals::state::DealStatus;
pub use crate::deals::wire::CloseReason;
