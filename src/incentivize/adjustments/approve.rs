use std::collections::BTreeSet;

use chrono::NaiveDate;
use guildhall_kernel::{Currency, EarningId, UserId};
use guildhall_plans::Payee;
use guildhall_spine::{
    db::Tx,
    http::{Command, IfMatch, Problem, Reply},
};
use rust_decimal::Decimal;
use serde_json::json;

use super::access::ManagedAdjustment;
use super::decide::Decision;
use super::view::Adjustment;
use super::{Status, events, rows};
use crate::accruals::write::{self, Posted};
use crate::earnings::{self, Cause, Kind};
use crate::ledger;

/// Approve an adjustment
///
/// By another person than the one who proposed it: 409 `maker_is_approver` otherwise. Its line is posted and waits for the
/// next payout; where it corrects a line that isn't payable yet, it goes along with that one and rests as long.
#[utoipa::path(post, path = "/api/v1/incentives/adjustments/{id}/approve", operation_id = "approveAdjustment",
    tag = "adjustments", security(("bearer" = ["earnings:manage"])),
    params(
        ("id" = String, Path, description = "the adjustment", example = "adj_01kaqv6r3gf5ht2x0m8c9ezw4n"),
        ("If-Match" = String, Header, description = "the ETag of the adjustment", example = "\"v1\""),
        ("Idempotency-Key" = String, Header, description = "makes a repeated request safe; required", example = "0a5c1c1e-6d0a-4d7c-9a0e-2c9c7bb0f1d3"),
    ),
    request_body(content = Decision, example = json!({"note": "Checked against the credit note"})),
    responses((status = 200, description = "the adjustment after it", body = Adjustment,
        headers(("ETag" = String, description = "its version")))))]
pub(super) async fn approve_adjustment(
    ManagedAdjustment {
        actor,
        vendor,
        adjustment,
    }: ManagedAdjustment,
    if_match: IfMatch,
    command: Command<Decision>,
) -> Result<Reply, Problem> {
    command.keyed()?;
    let by = actor.require_user()?;
    let (decision, mut command) = command.take();
    let tx = &mut command.tx;
    ledger::lock(tx, &BTreeSet::from([vendor])).await?;
    let adjustment = rows::lock(tx, vendor, adjustment.id).await?;
    if_match.check(adjustment.version)?;
    adjustment.open_to(by, Status::Approved)?;
    let posted = post(tx, &adjustment, by).await?;
    let note = decision.note.as_deref();
    let approved = rows::decide(tx, &adjustment, Status::Approved, by, note, Some(posted)).await?;
    events::tell(tx, &actor.origin(), &approved).await?;
    command.commit(Reply::ok(&approved)?.version(approved.version)).await
}

/// Posts the line of an adjustment, which with its vendor's ledger is locked.
pub(super) async fn post(tx: &mut Tx, adjustment: &Adjustment, by: UserId) -> Result<EarningId, Problem> {
    let currency = Currency::from_code(&adjustment.currency);
    let currency = currency.ok_or_else(|| Problem::internal("a currency is unknown"))?;
    let amount: Decimal = adjustment.amount.parse().map_err(Problem::internal)?;
    let (id, today): (EarningId, _) = (tx.new_id(), tx.now().date_naive());
    let (root, rests_until) = corrected(tx, adjustment.earning_id).await?.unwrap_or((id, today));
    let line = Posted {
        id,
        vendor: adjustment.vendor_id,
        payee: Payee {
            partner: adjustment.partner_id.uuid(),
            user: adjustment.user_id.map(UserId::uuid),
        },
        kind: Kind::Adjustment,
        cause: Cause::Adjustment,
        root,
        version: None,
        sale: None,
        deal: None,
        source: adjustment.id.uuid(),
        plan: None,
        currency,
        amount,
        status: earnings::Status::Payable,
        auto_approve: true,
        earned_on: today,
        rests_until,
        explanation: json!({"adjustment": {"id": adjustment.id, "reason": adjustment.reason,
            "corrects": adjustment.earning_id, "dispute_id": adjustment.dispute_id}}),
    };
    write::post(tx, &mut [line]).await?;
    sqlx::query!(
        "UPDATE earning SET approved_by = $2 WHERE id = $1 AND approved_at IS NOT NULL",
        id.uuid(),
        by.uuid()
    )
    .execute(&mut **tx)
    .await?;
    Ok(id)
}

/// The first line of those that the corrected one belongs to, with the day until which it rests.
async fn corrected(tx: &mut Tx, line: Option<EarningId>) -> Result<Option<(EarningId, NaiveDate)>, Problem> {
    let Some(line) = line else {
        return Ok(None);
    };
    let root = sqlx::query!(
        r#"SELECT r.id AS "id: EarningId", r.rests_until FROM earning e JOIN earning r ON r.id = e.root_id WHERE e.id = $1"#,
        line.uuid()
    )
    .fetch_one(&mut **tx)
    .await?;
    Ok(Some((root.id, root.rests_until)))
}
