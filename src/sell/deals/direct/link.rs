use guildhall_kernel::{DealId, DirectAccountId, OrgId};
use guildhall_spine::{
    db::Tx,
    event::{self, Origin},
    http::{Checks, Command, IfMatch, Problem, Reply, Validate},
};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::deals::access::DecidableDeal;
use crate::deals::notices::DealAccountLinked;
use crate::deals::wire::Deal;
use crate::deals::{decide, rows};

/// Which of the vendor's own accounts or opportunities the deal is.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::deals) struct DealAccountLink {
    /// The account or opportunity; `null` takes the link away.
    account_id: Option<DirectAccountId>,
}

impl Validate for DealAccountLink {
    fn validate(&self, _: &mut Checks) {}
}

/// Link a deal with the vendor's own account
///
/// For the vendor: says that the registration is of this account or opportunity of its CRM. One approved registration
/// protects it at most (`opportunity_protected`).
#[utoipa::path(post, path = "/api/v1/deals/{id}/link-account", operation_id = "linkDealAccount", tag = "deals",
    security(("bearer" = ["deals:decide"])),
    params(("id" = String, Path, description = "the deal", example = "deal_01kaqv6r3gf5ht2x0m8c9ezw4n"),
        ("If-Match" = String, Header, description = "the ETag of the deal that was looked at", example = "\"v1\""),
        ("Idempotency-Key" = Option<String>, Header, description = "makes a repeated request safe")),
    request_body(content = DealAccountLink, example = json!({"account_id": null})),
    responses((status = 200, description = "the deal", body = Deal, headers(("ETag" = String)))))]
pub(in crate::deals) async fn link_deal_account(
    DecidableDeal(reached): DecidableDeal,
    if_match: IfMatch,
    command: Command<DealAccountLink>,
) -> Result<Reply, Problem> {
    let (link, mut command) = command.take();
    let tx = &mut command.tx;
    let deal = rows::lock(tx, reached.id, reached.org)
        .await?
        .ok_or_else(Problem::not_found)?;
    if_match.check(deal.version)?;
    let pair = (deal.id, link.account_id);
    if !link_direct_account(tx, &reached.actor.origin(), deal.vendor_id, pair).await? {
        let message = "must be one of your accounts: GET /api/v1/direct-accounts lists them";
        return Err(Problem::field("/account_id", "not_found", message));
    }
    decide::answer(command, &reached, deal.id).await
}

/// Links a deal of `vendor` with its own account, or takes the link away, as part of `tx`. Nothing is done, and `false`
/// returned, when either isn't the vendor's.
///
/// # Errors
/// 409 when another approved registration is of this account.
pub async fn link_direct_account(
    tx: &mut Tx,
    origin: &Origin,
    vendor_id: OrgId,
    (deal_id, account_id): (DealId, Option<DirectAccountId>),
) -> Result<bool, Problem> {
    let now = tx.now();
    let linked = sqlx::query!(
        "UPDATE deal SET direct_account_id = $2, version = version + 1, updated_at = $4
         WHERE id = $1 AND vendor_id = $3
           AND ($2::uuid IS NULL OR EXISTS (SELECT FROM direct_account WHERE id = $2 AND vendor_id = $3))",
        deal_id.uuid(),
        account_id.map(DirectAccountId::uuid),
        vendor_id.uuid(),
        now,
    )
    .execute(&mut **tx)
    .await
    .map_err(rows::protected)?;
    if linked.rows_affected() == 0 {
        return Ok(false);
    }
    let event = DealAccountLinked {
        deal_id,
        vendor_id,
        account_id,
    };
    event::append(tx, origin, deal_id, &[vendor_id.uuid()], &event).await?;
    Ok(true)
}
