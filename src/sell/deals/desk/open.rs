//! A case comes to be when a likely conflict is found, or by hand.

use std::collections::BTreeSet;

use guildhall_kernel::{ConflictCaseId, DealId, DirectAccountId, OrgId, UserId};
use guildhall_spine::{
    access::{May, right},
    db::Tx,
    event::{self, Origin},
    http::{Checks, Command, Problem, Reply, Validate},
};
use serde::Deserialize;
use utoipa::ToSchema;

use super::read::{ConflictCase, load};
use crate::deals::conflict::Level;
use crate::deals::found::Found;
use crate::deals::notices::{ConflictJoined, ConflictOpened};
use crate::deals::rows;

/// Brings a registration that likely conflicts before the desk: into the open case of one that it collides with, or
/// into a new one. The vendor's turn has been taken ([`rows::take_turns`]).
pub(in crate::deals) async fn on_conflict(
    tx: &mut Tx,
    origin: &Origin,
    (vendor, deal): (OrgId, DealId),
    found: &Found,
) -> Result<(), Problem> {
    let mut deals = found.likely_deals();
    let direct = found.direct.iter().filter(|rival| rival.score.level >= Level::Likely);
    let accounts: Vec<DirectAccountId> = direct.map(|rival| rival.account).collect();
    if deals.is_empty() && accounts.is_empty() {
        return Ok(());
    }
    deals.push(deal);
    let ids: Vec<_> = deals.iter().map(|deal| deal.uuid()).collect();
    let open = sqlx::query_scalar!(
        r#"SELECT c.id AS "id: ConflictCaseId" FROM conflict_party p
           JOIN conflict_case c ON c.id = p.case_id AND c.status = 'open'
           WHERE p.deal_id = ANY ($1) ORDER BY c.id LIMIT 1"#,
        &ids,
    )
    .fetch_optional(&mut **tx)
    .await?;
    let case = match open {
        Some(case) => case,
        None => create(tx, origin, vendor, None, (&deals, &accounts)).await?,
    };
    join(tx, origin, (vendor, case), &deals, &accounts).await
}

async fn create(
    tx: &mut Tx,
    origin: &Origin,
    vendor: OrgId,
    by: Option<UserId>,
    (deals, accounts): (&[DealId], &[DirectAccountId]),
) -> Result<ConflictCaseId, Problem> {
    let (id, now): (ConflictCaseId, _) = (tx.new_id(), tx.now());
    sqlx::query!(
        "INSERT INTO conflict_case (id, vendor_id, status, opened_by, created_at, updated_at)
         VALUES ($1, $2, 'open', $3, $4, $4)",
        id.uuid(),
        vendor.uuid(),
        by.map(UserId::uuid),
        now,
    )
    .execute(&mut **tx)
    .await?;
    let opened = ConflictOpened {
        case_id: id,
        vendor_id: vendor,
        deal_ids: deals.to_vec(),
        account_ids: accounts.to_vec(),
    };
    event::append(tx, origin, id, &[vendor.uuid()], &opened).await?;
    Ok(id)
}

/// Adds what the case doesn't have yet, and tells each partner of its own registration.
async fn join(
    tx: &mut Tx,
    origin: &Origin,
    (vendor, case): (OrgId, ConflictCaseId),
    deals: &[DealId],
    accounts: &[DirectAccountId],
) -> Result<(), Problem> {
    let now = tx.now();
    let deals: Vec<_> = deals.iter().map(|deal| deal.uuid()).collect();
    let accounts: Vec<_> = accounts.iter().map(|account| account.uuid()).collect();
    let joined = sqlx::query!(
        r#"WITH added AS (
               SELECT d.id AS deal_id, NULL::uuid AS account_id, d.partner_id FROM deal d
               WHERE d.id = ANY ($2) AND d.vendor_id = $4
                 AND NOT EXISTS (SELECT FROM conflict_party p WHERE p.case_id = $1 AND p.deal_id = d.id)
               UNION ALL
               SELECT NULL, a.id, NULL FROM direct_account a
               WHERE a.id = ANY ($3) AND a.vendor_id = $4
                 AND NOT EXISTS (SELECT FROM conflict_party p WHERE p.case_id = $1 AND p.account_id = a.id)
           )
           INSERT INTO conflict_party (case_id, no, deal_id, account_id, partner_id, joined_at)
           SELECT $1, coalesce((SELECT max(no) FROM conflict_party WHERE case_id = $1), 0)
                      + row_number() OVER (ORDER BY deal_id, account_id), deal_id, account_id, partner_id, $5
           FROM added
           RETURNING deal_id AS "deal: DealId", partner_id AS "partner: OrgId""#,
        case.uuid(),
        &deals,
        &accounts,
        vendor.uuid(),
        now,
    )
    .fetch_all(&mut **tx)
    .await?;
    if joined.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "UPDATE conflict_case SET version = version + 1, updated_at = $2 WHERE id = $1 AND created_at <> $2",
        case.uuid(),
        now,
    )
    .execute(&mut **tx)
    .await?;
    for party in joined {
        if let (Some(deal_id), Some(partner_id)) = (party.deal, party.partner) {
            let event = ConflictJoined {
                case_id: case,
                vendor_id: vendor,
                deal_id,
                partner_id,
            };
            event::append(tx, origin, deal_id, &[vendor.uuid(), partner_id.uuid()], &event).await?;
        }
    }
    Ok(())
}

/// What collides.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::deals) struct NewConflictCase {
    /// Registrations of the vendor's program, 1 to 20.
    #[schema(min_items = 1, max_items = 20)]
    deal_ids: Vec<DealId>,
    /// Accounts and opportunities of the vendor's own, at most 20. One registration needs at least one of these.
    #[serde(default)]
    #[schema(max_items = 20)]
    account_ids: Vec<DirectAccountId>,
}

impl Validate for NewConflictCase {
    fn validate(&self, checks: &mut Checks) {
        let (deals, accounts): (BTreeSet<_>, BTreeSet<_>) =
            (self.deal_ids.iter().collect(), self.account_ids.iter().collect());
        let some = (1..=20).contains(&deals.len()) && deals.len() == self.deal_ids.len();
        checks.check(some, "/deal_ids", "length", "must have 1 to 20 different ids");
        let few = accounts.len() <= 20 && accounts.len() == self.account_ids.len();
        checks.check(few, "/account_ids", "length", "must have at most 20 different ids");
        let two = deals.len() + accounts.len() > 1;
        checks.check(
            two,
            "/deal_ids",
            "length",
            "must be two at least, together with account_ids",
        );
    }
}

/// Open a conflict case by hand
///
/// For the vendor, when the search has not seen what a person sees. Likely conflicts come before the desk by
/// themselves.
#[utoipa::path(post, path = "/api/v1/conflict-cases", operation_id = "openConflictCase", tag = "conflict desk",
    security(("bearer" = ["deals:decide"])),
    params(("Idempotency-Key" = Option<String>, Header, description = "makes a repeated request safe")),
    request_body(content = NewConflictCase, example = json!({
        "deal_ids": ["deal_01kaqv6r3gf5ht2x0m8c9ezw4n", "deal_01kaqv6r3gf5ht2x0m8c9ezw4p"]})),
    responses((status = 201, description = "the case", body = ConflictCase,
        headers(("ETag" = String), ("Location" = String)))))]
pub(in crate::deals) async fn open_conflict_case(
    may: May<right::DealDecide>,
    command: Command<NewConflictCase>,
) -> Result<Reply, Problem> {
    let (body, mut command) = command.take();
    let (tx, vendor) = (&mut command.tx, may.org.id);
    rows::take_turns(tx, vendor).await?;
    refuse_unknown(tx, vendor, &body).await?;
    let origin = may.actor.origin();
    let parties = (body.deal_ids.as_slice(), body.account_ids.as_slice());
    let id = create(tx, &origin, vendor, may.actor.user, parties).await?;
    join(tx, &origin, (vendor, id), &body.deal_ids, &body.account_ids).await?;
    let case = load(tx, vendor, id).await?.ok_or_else(Problem::not_found)?;
    let reply = Reply::created(&format!("/api/v1/conflict-cases/{id}"), &case)?.version(case.version);
    command.commit(reply).await
}

async fn refuse_unknown(tx: &mut Tx, vendor: OrgId, body: &NewConflictCase) -> Result<(), Problem> {
    let deals: Vec<_> = body.deal_ids.iter().map(|id| id.uuid()).collect();
    let accounts: Vec<_> = body.account_ids.iter().map(|id| id.uuid()).collect();
    let known = sqlx::query!(
        r#"SELECT ARRAY(SELECT id FROM deal WHERE id = ANY ($2) AND vendor_id = $1) AS "deals!",
                  ARRAY(SELECT id FROM direct_account WHERE id = ANY ($3) AND vendor_id = $1) AS "accounts!""#,
        vendor.uuid(),
        &deals,
        &accounts,
    )
    .fetch_one(&mut **tx)
    .await?;
    let mut checks = Checks::default();
    for (place, id) in deals.iter().enumerate() {
        let pointer = format!("/deal_ids/{place}");
        checks.check(
            known.deals.contains(id),
            &pointer,
            "not_found",
            "must be a deal of your program",
        );
    }
    for (place, id) in accounts.iter().enumerate() {
        let pointer = format!("/account_ids/{place}");
        checks.check(
            known.accounts.contains(id),
            &pointer,
            "not_found",
            "must be one of your accounts",
        );
    }
    checks.done()
}
