//! What the other pillars may ask of this one.

pub use crate::earnings::{Cause as EarningCause, Kind as EarningKind, Status as EarningStatus, promote};
pub use crate::funds::{
    Promise as FundPromise, reimburse as reimburse_fund, release as release_fund, reserve as reserve_fund,
};
pub use crate::ledger::{Account, AccountKind, Entry, Posting, lock as lock_ledger, moving, post};
