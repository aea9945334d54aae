//! What becomes of claims: for both companies, and for the person who claims.

use guildhall_kernel::{OrgId, PlanId, SaleId, SpiffClaimId, UserId};
use guildhall_spine::{
    db::Tx,
    event::{self, Event, EventDoc, Origin, Topic},
    http::Problem,
};
use schemars::JsonSchema;
use serde::Serialize;

use super::view::Claim;
use super::{Because, Status};

/// A claim right after a change.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ClaimNow {
    /// The claim.
    pub claim_id: SpiffClaimId,
    /// Whose plan.
    pub vendor_id: OrgId,
    /// The company.
    pub partner_id: OrgId,
    /// Who claims.
    pub user_id: UserId,
    /// The plan.
    pub plan_id: PlanId,
    /// Where it stands.
    pub status: Status,
    /// Why it earns nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rejected_because: Option<Because>,
    /// The activity that verifying it recorded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sale_id: Option<SaleId>,
    /// Its version after the change.
    pub version: i64,
}

macro_rules! events {
    ($($(#[$doc:meta])* $name:ident = $kind:literal $topic:ident;)*) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Debug, Serialize, JsonSchema)]
            pub struct $name(pub ClaimNow);

            impl Event for $name {
                const KIND: &'static str = $kind;
                const TOPIC: Topic = Topic::$topic;
            }
        )*

        /// What the feature announces, for the documentation.
        pub const EVENTS: &[EventDoc] = &[$(EventDoc::of::<$name>(),)*];
    };
}

events! {
    /// Somebody claims under a SPIFF.
    ClaimSubmitted = "claim.submitted" Earnings;
    /// The vendor has seen the proof.
    ClaimVerified = "claim.verified" Earnings;
    /// The claim earns nothing.
    ClaimRejected = "claim.rejected" Earnings;
    /// The claim was taken back.
    ClaimWithdrawn = "claim.withdrawn" Earnings;
    /// The vendor has decided on a claim of the user's.
    RewardClaimDecided = "reward.claim_decided" Rewards;
}

impl From<&Claim> for ClaimNow {
    fn from(claim: &Claim) -> Self {
        Self {
            claim_id: claim.id,
            vendor_id: claim.vendor_id,
            partner_id: claim.partner_id,
            user_id: claim.user_id,
            plan_id: claim.plan_id,
            status: claim.status,
            rejected_because: claim.rejected_because,
            sale_id: claim.sale_id,
            version: claim.version,
        }
    }
}

/// Tells what the claim has become.
pub(super) async fn tell(tx: &mut Tx, origin: &Origin, claim: &Claim) -> Result<(), Problem> {
    let (now, id) = (ClaimNow::from(claim), claim.id);
    let sides = [claim.vendor_id.uuid(), claim.partner_id.uuid()];
    match claim.status {
        Status::Submitted => event::append(tx, origin, id, &sides, &ClaimSubmitted(now)).await?,
        Status::Withdrawn => event::append(tx, origin, id, &sides, &ClaimWithdrawn(now)).await?,
        Status::Verified => {
            event::append(tx, origin, id, &sides, &ClaimVerified(now.clone())).await?;
            event::append(tx, origin, id, &[claim.user_id.uuid()], &RewardClaimDecided(now)).await?
        }
        Status::Rejected => {
            event::append(tx, origin, id, &sides, &ClaimRejected(now.clone())).await?;
            event::append(tx, origin, id, &[claim.user_id.uuid()], &RewardClaimDecided(now)).await?
        }
    };
    Ok(())
}
