//! A dispute as it is read.

use chrono::{DateTime, Utc};
use guildhall_kernel::{AdjustmentId, DisputeId, EarningId, OrgId, UserId};
use serde::Serialize;
use utoipa::ToSchema;

use super::Status;
use crate::adjustments;

/// A partner's objection to a line.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Dispute {
    /// Its id.
    pub(crate) id: DisputeId,
    /// Rises with each change and message; the `ETag` is made of it.
    #[schema(example = 1)]
    pub(crate) version: i64,
    /// Who pays.
    pub(crate) vendor_id: OrgId,
    /// Who objects.
    pub(crate) partner_id: OrgId,
    /// The person whose line it is.
    pub(crate) user_id: Option<UserId>,
    /// The line.
    pub(crate) earning_id: EarningId,
    /// The currency of the amounts (ISO 4217).
    #[schema(example = "EUR")]
    pub(crate) currency: String,
    /// What the line says.
    #[schema(example = "288.12")]
    pub(crate) amount: String,
    /// What the partner expected of it.
    #[schema(example = "360.15")]
    pub(crate) expected_amount: Option<String>,
    /// Why it objects.
    #[schema(example = "The gold rate of 10 % applies since September")]
    pub(crate) reason: String,
    /// Where it stands.
    pub(crate) status: Status,
    /// How many messages the thread has.
    #[schema(example = 2)]
    pub(crate) messages: i32,
    /// Who opened it; nobody for an API key.
    pub(crate) opened_by: Option<UserId>,
    /// Who decided. For that side.
    pub(crate) decided_by: Option<UserId>,
    /// When that was.
    pub(crate) decided_at: Option<DateTime<Utc>>,
    /// What was said then.
    pub(crate) note: Option<String>,
    /// What upholding it brought.
    pub(crate) adjustment: Option<DisputeAdjustment>,
    /// When it was opened.
    pub(crate) created_at: DateTime<Utc>,
    /// When it last changed.
    pub(crate) updated_at: DateTime<Utc>,
}

/// What upholding a dispute brought.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct DisputeAdjustment {
    /// The adjustment. The vendor's people can read it.
    pub(crate) id: AdjustmentId,
    /// How much.
    #[schema(example = "72.03")]
    pub(crate) amount: String,
    /// Whether another person has approved it.
    pub(crate) status: adjustments::Status,
    /// The line that was posted.
    pub(crate) posted_id: Option<EarningId>,
}

/// A dispute with what was said.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DisputeThread {
    /// The dispute.
    #[serde(flatten)]
    pub(crate) dispute: Dispute,
    /// The messages, in order.
    pub(crate) thread: Vec<DisputeMessage>,
}

/// Something that was said in a dispute.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct DisputeMessage {
    /// Its number in the thread, from 1.
    #[schema(example = 1)]
    pub(crate) no: i32,
    /// The side that said it.
    pub(crate) org_id: OrgId,
    /// Who said it there. For that side.
    pub(crate) user_id: Option<UserId>,
    /// What was said.
    #[schema(example = "Which rule was used for the second line?")]
    pub(crate) text: String,
    /// When.
    pub(crate) created_at: DateTime<Utc>,
}
