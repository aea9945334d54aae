use guildhall_kernel::{PayoutBatchId, UserId, entity};
use guildhall_spine::{
    access::{May, right},
    db::Tx,
    http::{Checks, Command, IfMatch, PathId, Problem, Reply, Validate, code},
};
use serde::Deserialize;
use utoipa::ToSchema;

use super::apply::{Became, Told, apply};
use super::rules::Word;
use super::{Payout, PayoutStatus, rows};
use crate::method::named;

named! {
    /// What a person has found out of a stopped payout.
    Finding {
        /// It was paid.
        Paid = "paid",
        /// It was not paid, and will not be.
        NotPaid = "not_paid",
    }
}

/// What a person has found out.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PayoutFinding {
    /// Whether it was paid.
    outcome: Finding,
    /// How it was found out, 1 to 500 characters.
    #[schema(example = "Asked the bank: not on the statement of 27 November.")]
    note: String,
}

impl Validate for PayoutFinding {
    fn validate(&self, checks: &mut Checks) {
        checks.text("/note", &self.note, 1, 500, true);
    }
}

/// Say what became of a stopped payout
///
/// By somebody who may approve batches and did not execute this one: else 409 `maker_is_approver`. A payout that wasn't paid
/// is owed again; one that was stopped before it left can't have been paid.
#[utoipa::path(post, path = "/api/v1/payouts/{id}/resolve", operation_id = "resolvePayout", tag = "payouts",
    security(("bearer" = ["payouts:approve"])),
    params(
        ("id" = String, Path, description = "the payout", example = "pay_01kaqv6r3gf5ht2x0m8c9ezw4n"),
        ("If-Match" = String, Header, description = "the ETag of the payout that was looked at", example = "\"v1\""),
        ("Idempotency-Key" = Option<String>, Header, description = "makes a repeated request safe", example = "0a5c1c1e-6d0a-4d7c-9a0e-2c9c7bb0f1d3"),
    ),
    request_body(content = PayoutFinding, example = json!({"outcome": "not_paid", "note": "Asked the bank: not on the statement of 27 November."})),
    responses((status = 200, description = "the payout", body = Payout, headers(("ETag" = String, description = "its version")))))]
pub(super) async fn resolve_payout(
    May { actor, org, .. }: May<right::PayoutApprove>,
    PathId(id): PathId<entity::Payout>,
    if_match: IfMatch,
    command: Command<PayoutFinding>,
) -> Result<Reply, Problem> {
    let by = actor.require_user()?;
    let (body, mut command) = command.take();
    let tx = &mut command.tx;
    guildhall_incentivize::api::lock_ledger(tx, &[org.id].into()).await?;
    let payout = rows::lock(tx, org.id, id).await?;
    refuse_the_maker(tx, payout.payout_batch_id, by).await?;
    if_match.check(payout.version)?;
    let illegal = || Problem::new(code::ILLEGAL_MOVE, "This can't be said of the payout as it is.");
    if payout.status != PayoutStatus::Stopped {
        return Err(illegal().with("legal", Vec::<String>::new()));
    }
    let told = Told {
        payout: id,
        word: match body.outcome {
            Finding::Paid => Word::Paid,
            Finding::NotPaid => Word::Failed,
        },
        code: Some("resolved".to_owned()),
        reason: Some(body.note),
        reference: None,
        amount: None,
    };
    let became = apply(tx, &actor.origin(), org.id, &[told], Some(by)).await?;
    if !matches!(became.as_slice(), [Became::Changed(_)]) {
        return Err(illegal().with("legal", vec!["not_paid"]));
    }
    let payout = rows::lock(tx, org.id, id).await?;
    command.commit(Reply::ok(&payout)?.version(payout.version)).await
}

async fn refuse_the_maker(tx: &mut Tx, batch: PayoutBatchId, by: UserId) -> Result<(), Problem> {
    let executed_by = sqlx::query_scalar!("SELECT executed_by FROM payout_batch WHERE id = $1", batch.uuid())
        .fetch_one(&mut **tx)
        .await?;
    if executed_by == Some(by.uuid()) {
        let detail = "You executed the batch: somebody else must say what became of its payouts.";
        return Err(Problem::new(code::MAKER_IS_APPROVER, detail));
    }
    Ok(())
}
