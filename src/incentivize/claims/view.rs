//! A claim as it is read.

use chrono::{DateTime, NaiveDate, Utc};
use guildhall_kernel::{FileId, OrgId, PlanId, SaleId, SpiffClaimId, UserId};
use serde::{Deserialize, Serialize};
use sqlx::types::Json;
use utoipa::ToSchema;

use super::{Because, Status};

/// What somebody did under a SPIFF that asks for proof.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Claim {
    /// Its id.
    pub(crate) id: SpiffClaimId,
    /// Rises with each change; the `ETag` is made of it.
    #[schema(example = 1)]
    pub(crate) version: i64,
    /// Whose plan.
    pub(crate) vendor_id: OrgId,
    /// The company.
    pub(crate) partner_id: OrgId,
    /// Who claims. Paid is who the plan pays: the company, or this person.
    pub(crate) user_id: UserId,
    /// The plan.
    pub(crate) plan_id: PlanId,
    /// What was done, as the plan calls it.
    #[schema(example = "gateway_installed")]
    pub(crate) activity: String,
    /// When.
    pub(crate) done_on: NaiveDate,
    /// The serial number of what was sold.
    #[schema(example = "EG200-7F3A-0091")]
    pub(crate) serial: Option<String>,
    /// The sale's number.
    pub(crate) reference: Option<String>,
    /// The customer's country.
    #[schema(example = "DE")]
    pub(crate) country: Option<String>,
    /// What the claimant says to it.
    pub(crate) note: Option<String>,
    /// The proof.
    #[schema(value_type = Vec<ClaimFile>)]
    pub(crate) files: Json<Vec<ClaimFile>>,
    /// Where it stands.
    pub(crate) status: Status,
    /// Why it earns nothing.
    pub(crate) rejected_because: Option<Because>,
    /// What the vendor says to it.
    pub(crate) answer: Option<String>,
    /// Who decided. For that side.
    pub(crate) decided_by: Option<UserId>,
    /// When that was.
    pub(crate) decided_at: Option<DateTime<Utc>>,
    /// The activity that verifying it recorded.
    pub(crate) sale_id: Option<SaleId>,
    /// When it was submitted.
    pub(crate) created_at: DateTime<Utc>,
    /// When it last changed.
    pub(crate) updated_at: DateTime<Utc>,
}

/// A file of a proof.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct ClaimFile {
    /// The file.
    pub(crate) id: FileId,
    /// Its name.
    #[schema(example = "delivery-note.pdf")]
    pub(crate) name: String,
}
