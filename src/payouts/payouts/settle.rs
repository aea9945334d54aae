use guildhall_kernel::entity;
use guildhall_spine::{
    access::{May, right},
    http::{Checks, Command, IfMatch, PathId, Problem, Reply, Validate, code},
};
use serde::Deserialize;
use utoipa::ToSchema;

use super::apply::{Told, apply};
use super::rules::Word;
use super::{Payout, PayoutStatus, rows};
use crate::method::{PayMethod, named};

named! {
    /// What became of a payout that people make.
    Settlement {
        /// It was paid.
        Paid = "paid",
        /// It could not be paid.
        Failed = "failed",
    }
}

/// What became of a payout that people make.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PayoutSettlement {
    /// Whether it was paid.
    outcome: Settlement,
    /// What the payment is called where it was made, 1 to 100 characters.
    #[serde(default)]
    reference: Option<String>,
    /// Why it failed, 1 to 500 characters; needed then.
    #[serde(default)]
    reason: Option<String>,
}

impl Validate for PayoutSettlement {
    fn validate(&self, checks: &mut Checks) {
        if let Some(reference) = &self.reference {
            checks.text("/reference", reference, 1, 100, false);
        }
        if let Some(reason) = &self.reason {
            checks.text("/reason", reason, 1, 500, true);
        }
        let told = self.outcome == Settlement::Paid || self.reason.is_some();
        checks.check(told, "/reason", "missing", "is needed when it failed");
    }
}

/// Say what became of a manual payout
///
/// For payouts of a `manual` batch that was executed. A payout that failed is owed again.
#[utoipa::path(post, path = "/api/v1/payouts/{id}/settle", operation_id = "settlePayout", tag = "payouts",
    security(("bearer" = ["payouts:prepare"])),
    params(
        ("id" = String, Path, description = "the payout", example = "pay_01kaqv6r3gf5ht2x0m8c9ezw4n"),
        ("If-Match" = String, Header, description = "the ETag of the payout that was looked at", example = "\"v1\""),
        ("Idempotency-Key" = Option<String>, Header, description = "makes a repeated request safe", example = "0a5c1c1e-6d0a-4d7c-9a0e-2c9c7bb0f1d3"),
    ),
    request_body(content = PayoutSettlement, example = json!({"outcome": "paid", "reference": "cheque 4711"})),
    responses((status = 200, description = "the payout", body = Payout, headers(("ETag" = String, description = "its version")))))]
pub(super) async fn settle_payout(
    May { actor, org, .. }: May<right::PayoutPrepare>,
    PathId(id): PathId<entity::Payout>,
    if_match: IfMatch,
    command: Command<PayoutSettlement>,
) -> Result<Reply, Problem> {
    let (body, mut command) = command.take();
    let tx = &mut command.tx;
    guildhall_incentivize::api::lock_ledger(tx, &[org.id].into()).await?;
    let payout = rows::lock(tx, org.id, id).await?;
    actor.require_user()?;
    // A bank that reports no success leaves it to people to see the account; Stripe reports both.
    let by_word = match payout.method {
        PayMethod::Manual => true,
        PayMethod::Stripe => false,
        _ => body.outcome == Settlement::Paid,
    };
    if !by_word || payout.status != PayoutStatus::Sent {
        let detail = "Settled by a word is a sent payout that people make, or one of a file that has arrived.";
        return Err(Problem::new(code::ILLEGAL_MOVE, detail).with("legal", Vec::<String>::new()));
    }
    if_match.check(payout.version)?;
    let told = Told {
        payout: id,
        word: match body.outcome {
            Settlement::Paid => Word::Paid,
            Settlement::Failed => Word::Failed,
        },
        code: (body.outcome == Settlement::Failed).then(|| "by_hand".to_owned()),
        reason: body.reason,
        reference: body.reference,
        amount: None,
    };
    apply(tx, &actor.origin(), org.id, &[told], None).await?;
    let payout = rows::lock(tx, org.id, id).await?;
    command.commit(Reply::ok(&payout)?.version(payout.version)).await
}
