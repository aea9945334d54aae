use guildhall_kernel::entity;
use guildhall_spine::{
    access::{May, right},
    event,
    http::{Checks, Command, PathId, Problem, Reply, Validate},
};
use serde::Deserialize;
use utoipa::ToSchema;

use super::TaxStatus;
use super::events::TaxStatusRecorded;
use super::list::{PayeeProfile, find};
use crate::method::Named;

/// What the vendor knows of a payee's tax form.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct TaxStatusDraft {
    /// Whether it has the form.
    status: TaxStatus,
    /// How it knows, 1 to 500 characters.
    #[serde(default)]
    note: Option<String>,
}

impl Validate for TaxStatusDraft {
    fn validate(&self, checks: &mut Checks) {
        if let Some(note) = &self.note {
            checks.text("/note", note, 1, 500, true);
        }
    }
}

/// Record what is known of a payee's tax form
///
/// For this vendor's payouts alone. What was proposed before keeps the rate that it was proposed with.
#[utoipa::path(post, path = "/api/v1/payout-profiles/{id}/tax-status", operation_id = "setTaxStatus", tag = "payouts",
    security(("bearer" = ["payouts:prepare"])),
    params(
        ("id" = String, Path, description = "the profile", example = "pprof_01kaqv6r3gf5ht2x0m8c9ezw4n"),
        ("Idempotency-Key" = Option<String>, Header, description = "makes a repeated request safe", example = "0a5c1c1e-6d0a-4d7c-9a0e-2c9c7bb0f1d3"),
    ),
    request_body(content = TaxStatusDraft, example = json!({"status": "verified", "note": "W-9 of 2 November, TIN matched"})),
    responses((status = 200, description = "the profile", body = PayeeProfile)))]
pub(super) async fn set_tax_status(
    May { actor, org, .. }: May<right::PayoutPrepare>,
    PathId(id): PathId<entity::PayoutProfile>,
    command: Command<TaxStatusDraft>,
) -> Result<Reply, Problem> {
    let (draft, mut command) = command.take();
    let tx = &mut command.tx;
    find(&mut **tx, org.id, id).await?;
    let (by, at) = (actor.require_user()?, tx.now());
    sqlx::query!(
        "INSERT INTO payout_tax_form (profile_id, vendor_id, status, note, recorded_by, recorded_at)
         VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (profile_id, vendor_id) DO UPDATE
         SET status = $3, note = $4, recorded_by = $5, recorded_at = $6",
        id.uuid(),
        org.id.uuid(),
        draft.status.as_str(),
        draft.note,
        by.uuid(),
        at
    )
    .execute(&mut **tx)
    .await?;
    let recorded = TaxStatusRecorded {
        payout_profile_id: id,
        vendor_id: org.id,
        status: draft.status,
    };
    event::append(tx, &actor.origin(), id, &[org.id.uuid()], &recorded).await?;
    let profile = find(&mut **tx, org.id, id).await?;
    command.commit(Reply::ok(&profile)?).await
}
