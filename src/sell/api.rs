//! What the other pillars may ask of this one.

pub use crate::deals::close::{Close, Closed, Outcome, close as close_deal};
pub use crate::deals::revise::{Revision, revise as revise_deal};
pub use crate::deals::wire::CloseReason;
