//! What the other pillars may ask of this one.

pub use crate::catalogue::{ProductRecord, Upserted, check_product, upsert_products};
pub use crate::credit::{CreditRole, InForce, Share, credit_of, rules::ShareDraft, set_by_decision};
pub use crate::deals::close::{Close, Closed, Outcome, close as close_deal};
pub use crate::deals::wire::CloseReason;
