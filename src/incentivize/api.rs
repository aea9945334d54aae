//! What the other pillars may ask of this one.

pub use crate::accruals::settle_won;
pub use crate::adjustments::{
    Correction as AdjustmentCorrection, approve as approve_adjustment, make as propose_adjustment,
};
pub use crate::disputes::open as open_dispute;
pub use crate::earnings::{
    Cause as EarningCause, Kind as EarningKind, Status as EarningStatus, approve as approve_earnings,
    hold as hold_earnings, promote,
};
pub use crate::funds::{
    Promise as FundPromise, reimburse as reimburse_fund, release as release_fund, reserve as reserve_fund,
};
pub use crate::ledger::{Account, AccountKind, Entry, Posting, lock as lock_ledger, moving, post};
pub use crate::plans::{Introduction as PlanIntroduction, introduce as introduce_plan};
