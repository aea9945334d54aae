use guildhall_kernel::{AdjustmentId, Currency, UserId};
use guildhall_spine::{
    db::Tx,
    event::Origin,
    http::{Checks, Command, IfMatch, Problem, Reply, Validate},
};
use serde::Deserialize;
use utoipa::ToSchema;

use super::Status;
use super::access::{DecidedDispute, Party};
use super::events::{self, DisputeDecided};
use super::rows::{self, Ending};
use super::view::Dispute;
use crate::adjustments::{self, Proposal, amount::signed};

/// What puts the line right.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = DisputeUpheld)]
pub(super) struct Uphold {
    /// How much is added to the line, not 0; negative when the line is too high. In the line's currency.
    #[schema(example = "72.03")]
    amount: String,
    /// Why, for the partner and as the adjustment's reason, 1 to 1000 characters.
    #[schema(example = "The gold rate applies: 10 % instead of 8 %")]
    note: String,
}

impl Validate for Uphold {
    fn validate(&self, checks: &mut Checks) {
        checks.text("/note", &self.note, 1, 1000, true);
    }
}

/// Uphold a dispute
///
/// Proposes an adjustment of the line, which another person approves before it is posted. An upheld dispute whose
/// adjustment was declined or withdrawn can be upheld again.
#[utoipa::path(post, path = "/api/v1/incentives/disputes/{id}/uphold", operation_id = "upholdDispute", tag = "disputes",
    security(("bearer" = ["earnings:manage"])),
    params(
        ("id" = String, Path, description = "the dispute", example = "dsp_01kaqv6r3gf5ht2x0m8c9ezw4n"),
        ("If-Match" = String, Header, description = "the ETag of the dispute", example = "\"v1\""),
        ("Idempotency-Key" = String, Header, description = "makes a repeated request safe; required", example = "0a5c1c1e-6d0a-4d7c-9a0e-2c9c7bb0f1d3"),
    ),
    request_body(content = Uphold, example = json!({"amount": "72.03", "note": "The gold rate applies: 10 % instead of 8 %"})),
    responses((status = 200, description = "the dispute after it", body = Dispute,
        headers(("ETag" = String, description = "its version")))))]
pub(super) async fn uphold_dispute(
    DecidedDispute(Party { actor, sight, id }): DecidedDispute,
    if_match: IfMatch,
    command: Command<Uphold>,
) -> Result<Reply, Problem> {
    command.keyed()?;
    let by = actor.require_user()?;
    let (uphold, mut command) = command.take();
    let tx = &mut command.tx;
    let dispute = rows::lock(tx, id, sight).await?;
    if_match.check(dispute.version)?;
    if !dispute.came_to_nothing() {
        dispute.still_open()?;
    }
    let adjustment = propose(tx, &actor.origin(), &dispute, &uphold, by).await?;
    let ending = Ending {
        status: Status::Upheld,
        by: Some(by),
        note: Some(&uphold.note),
        adjustment: Some(adjustment),
    };
    rows::end(tx, id, &ending).await?;
    let dispute = rows::again(tx, id, sight).await?;
    events::tell(tx, &actor.origin(), &dispute, &DisputeDecided((&dispute).into())).await?;
    command.commit(Reply::ok(&dispute)?.version(dispute.version)).await
}

impl Dispute {
    /// Whether it was upheld and the adjustment wasn't approved.
    fn came_to_nothing(&self) -> bool {
        let ended = [adjustments::Status::Declined, adjustments::Status::Withdrawn];
        self.adjustment
            .as_ref()
            .is_some_and(|adjustment| ended.contains(&adjustment.status))
    }
}

async fn propose(
    tx: &mut Tx,
    origin: &Origin,
    dispute: &Dispute,
    uphold: &Uphold,
    by: UserId,
) -> Result<AdjustmentId, Problem> {
    let currency = Currency::from_code(&dispute.currency).ok_or_else(|| Problem::internal("a currency is unknown"))?;
    let mut checks = Checks::default();
    let amount = signed(&mut checks, "/amount", &uphold.amount, currency).unwrap_or_default();
    checks.done()?;
    let proposal = Proposal {
        vendor: dispute.vendor_id,
        partner: dispute.partner_id,
        user: dispute.user_id,
        currency,
        amount,
        reason: &uphold.note,
        earning: Some(dispute.earning_id),
    };
    adjustments::propose(tx, origin, &proposal, by).await
}
