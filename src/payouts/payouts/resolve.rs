use guildhall_kernel::{PayoutId, UserId, entity};
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
use crate::method::{Named, PayMethod, named};

named! {
    /// What a person has found out of a payout.
    Finding {
        /// It was paid.
        Paid = "paid",
        /// It was not paid, and will not be.
        NotPaid = "not_paid",
        /// It was paid, and came back.
        Returned = "returned",
    }
}

/// What a person has found out.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PayoutFinding {
    /// What became of it.
    outcome: Finding,
    /// How it was found out, 1 to 500 characters.
    #[schema(example = "Asked the bank: not on the statement of 27 November.")]
    note: String,
    /// What the bank or the service calls what was found, 1 to 100 characters: at Stripe the transfer, `tr_…`. Needed for
    /// `paid`, unless the payout has it already, and for `returned`.
    #[serde(default)]
    #[schema(example = "2026112700017")]
    reference: Option<String>,
}

impl Validate for PayoutFinding {
    fn validate(&self, checks: &mut Checks) {
        checks.text("/note", &self.note, 1, 500, true);
        if let Some(reference) = &self.reference {
            checks.text("/reference", reference, 1, 100, false);
        }
    }
}

impl PayoutFinding {
    /// A finding of money that has moved names what was found: later messages are told apart by it.
    fn check(&self, payout: &Payout) -> Result<(), Problem> {
        let refuse = |code, message: String| Err(Problem::field("/reference", code, message));
        let Some(given) = &self.reference else {
            let needed = match self.outcome {
                Finding::Paid => payout.reference.is_none(),
                Finding::Returned => true,
                Finding::NotPaid => false,
            };
            return match needed {
                true => refuse(
                    "missing",
                    "is needed: name the payment or the entry that was found".to_owned(),
                ),
                false => Ok(()),
            };
        };
        if payout.method != PayMethod::Stripe || self.outcome != Finding::Paid {
            return Ok(());
        }
        match &payout.reference {
            Some(known) if known != given => refuse("differs", format!("must be the payout's transfer, {known}")),
            None if !given.starts_with("tr_") => refuse(
                "format",
                "must be the id of a transfer at Stripe, which begins with tr_".to_owned(),
            ),
            _ => Ok(()),
        }
    }

    /// The findings that a payout can have as it is, whose money has left in the ledger if `posted`.
    const fn legal(status: PayoutStatus, posted: bool) -> &'static [Finding] {
        match status {
            PayoutStatus::Stopped if posted => &[Finding::Paid, Finding::NotPaid, Finding::Returned],
            PayoutStatus::Stopped => &[Finding::NotPaid],
            PayoutStatus::Paid => &[Finding::Returned],
            _ => &[],
        }
    }
}

/// Say what became of a payout that waits for a person
///
/// By somebody who may approve batches and did not execute this one: else 409 `maker_is_approver`. A stopped payout was paid,
/// was not paid, or came back; what wasn't paid or came back is owed again, in full. One that was stopped before it left can't
/// have been paid. A payout that is `paid` can have come back without the bank's file saying so as it should, such as
/// with another amount: `payout.contradicted` tells of it.
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
    let posted = refuse_the_maker(tx, id, by).await?;
    if_match.check(payout.version)?;
    let illegal = |legal: &[Finding]| {
        let legal: Vec<&str> = legal.iter().map(|finding| finding.as_str()).collect();
        Problem::new(code::ILLEGAL_MOVE, "This can't be said of the payout as it is.").with("legal", legal)
    };
    let legal = PayoutFinding::legal(payout.status, posted);
    if !legal.contains(&body.outcome) {
        return Err(illegal(legal));
    }
    body.check(&payout)?;
    let told = Told {
        payout: id,
        word: match body.outcome {
            Finding::Paid => Word::Paid,
            Finding::NotPaid => Word::Failed,
            Finding::Returned => Word::Returned,
        },
        code: Some("resolved".to_owned()),
        reason: Some(body.note),
        reference: body.reference,
        amount: None,
    };
    let became = apply(tx, &actor.origin(), org.id, &[told], Some(by)).await?;
    if !matches!(became.as_slice(), [Became::Changed(_)]) {
        return Err(illegal(legal));
    }
    let payout = rows::lock(tx, org.id, id).await?;
    command.commit(Reply::ok(&payout)?.version(payout.version)).await
}

/// Refuses whoever executed the payout's batch; returns whether its money has left in the ledger.
async fn refuse_the_maker(tx: &mut Tx, payout: PayoutId, by: UserId) -> Result<bool, Problem> {
    let row = sqlx::query!(
        r#"SELECT b.executed_by, p.posted_at IS NOT NULL AS "posted!"
           FROM payout p JOIN payout_batch b ON b.id = p.batch_id WHERE p.id = $1"#,
        payout.uuid()
    )
    .fetch_one(&mut **tx)
    .await?;
    if row.executed_by == Some(by.uuid()) {
        let detail = "You executed the batch: somebody else must say what became of its payouts.";
        return Err(Problem::new(code::MAKER_IS_APPROVER, detail));
    }
    Ok(row.posted)
}
