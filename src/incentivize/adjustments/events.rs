//! What becomes of adjustments, for the vendor: the partner hears of the line that is posted.

use guildhall_kernel::{AdjustmentId, EarningId, OrgId, UserId};
use guildhall_spine::{
    db::Tx,
    event::{self, Event, EventDoc, Origin, Topic},
    http::Problem,
};
use schemars::JsonSchema;
use serde::Serialize;

use super::Status;
use super::view::Adjustment;

/// An adjustment right after a change.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct AdjustmentNow {
    /// The adjustment.
    pub adjustment_id: AdjustmentId,
    /// Who pays.
    pub vendor_id: OrgId,
    /// Who gets it, or whose employee.
    pub partner_id: OrgId,
    /// The person, where a person is paid.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_id: Option<UserId>,
    /// Where it stands.
    pub status: Status,
    /// How much, a decimal number; negative for what is taken back.
    pub amount: String,
    /// The currency of the amount (ISO 4217).
    pub currency: String,
    /// Why.
    pub reason: String,
    /// The line that it corrects.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub earning_id: Option<EarningId>,
    /// The line that was posted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub posted_id: Option<EarningId>,
    /// Its version after the change.
    pub version: i64,
}

macro_rules! events {
    ($($(#[$doc:meta])* $name:ident = $kind:literal;)*) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Debug, Serialize, JsonSchema)]
            pub struct $name(pub AdjustmentNow);

            impl Event for $name {
                const KIND: &'static str = $kind;
                const TOPIC: Topic = Topic::Earnings;
            }
        )*

        /// What the feature announces, for the documentation.
        pub const EVENTS: &[EventDoc] = &[$(EventDoc::of::<$name>(),)*];
    };
}

events! {
    /// Somebody proposed to put a line right.
    AdjustmentProposed = "adjustment.proposed";
    /// Another person approved it: its line is posted.
    AdjustmentApproved = "adjustment.approved";
    /// Another person declined it.
    AdjustmentDeclined = "adjustment.declined";
    /// The one who proposed it took it back.
    AdjustmentWithdrawn = "adjustment.withdrawn";
}

impl From<&Adjustment> for AdjustmentNow {
    fn from(adjustment: &Adjustment) -> Self {
        Self {
            adjustment_id: adjustment.id,
            vendor_id: adjustment.vendor_id,
            partner_id: adjustment.partner_id,
            user_id: adjustment.user_id,
            status: adjustment.status,
            amount: adjustment.amount.clone(),
            currency: adjustment.currency.clone(),
            reason: adjustment.reason.clone(),
            earning_id: adjustment.earning_id,
            posted_id: adjustment.posted_id,
            version: adjustment.version,
        }
    }
}

/// Tells the vendor what the adjustment has become.
pub(super) async fn tell(tx: &mut Tx, origin: &Origin, adjustment: &Adjustment) -> Result<(), Problem> {
    let (now, id, to) = (
        AdjustmentNow::from(adjustment),
        adjustment.id,
        [adjustment.vendor_id.uuid()],
    );
    match adjustment.status {
        Status::Proposed => event::append(tx, origin, id, &to, &AdjustmentProposed(now)).await?,
        Status::Approved => event::append(tx, origin, id, &to, &AdjustmentApproved(now)).await?,
        Status::Declined => event::append(tx, origin, id, &to, &AdjustmentDeclined(now)).await?,
        Status::Withdrawn => event::append(tx, origin, id, &to, &AdjustmentWithdrawn(now)).await?,
    };
    Ok(())
}
