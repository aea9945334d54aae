//! An adjustment as it is read.

use chrono::{DateTime, Utc};
use guildhall_kernel::{AdjustmentId, DisputeId, EarningId, OrgId, UserId};
use serde::Serialize;
use utoipa::ToSchema;

use super::Status;

/// A line that people put right by hand.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Adjustment {
    /// Its id.
    pub(crate) id: AdjustmentId,
    /// Rises with each change; the `ETag` is made of it.
    #[schema(example = 1)]
    pub(crate) version: i64,
    /// Who pays.
    pub(crate) vendor_id: OrgId,
    /// Who gets it, or whose employee.
    pub(crate) partner_id: OrgId,
    /// The person, where a person is paid.
    pub(crate) user_id: Option<UserId>,
    /// The currency of the amount (ISO 4217).
    #[schema(example = "EUR")]
    pub(crate) currency: String,
    /// How much; negative for what is taken back.
    #[schema(example = "-120.00")]
    pub(crate) amount: String,
    /// Why. The partner reads it once it is approved.
    #[schema(example = "Invoice INV-2026-1042 was credited twice")]
    pub(crate) reason: String,
    /// The line that it corrects.
    pub(crate) earning_id: Option<EarningId>,
    /// The dispute that it settles.
    pub(crate) dispute_id: Option<DisputeId>,
    /// Where it stands.
    pub(crate) status: Status,
    /// Who proposed it.
    pub(crate) proposed_by: UserId,
    /// Who approved, declined or withdrew it.
    pub(crate) decided_by: Option<UserId>,
    /// When that was.
    pub(crate) decided_at: Option<DateTime<Utc>>,
    /// What was said then.
    pub(crate) note: Option<String>,
    /// The line that was posted.
    pub(crate) posted_id: Option<EarningId>,
    /// When it was proposed.
    pub(crate) created_at: DateTime<Utc>,
    /// When it last changed.
    pub(crate) updated_at: DateTime<Utc>,
}
