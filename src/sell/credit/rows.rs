//! Reading and writing the credit of deals.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use guildhall_kernel::{CreditAgreementId, DealId, OrgId, UserId};
use guildhall_spine::{db::Tx, http::Problem};
use sqlx::PgConnection;
use uuid::Uuid;

use super::view::{AgreementStatus, Source};
use super::{CreditRole, Share, code};

/// What of a deal decides about its credit.
#[derive(Debug)]
pub(super) struct DealFacts {
    pub(super) id: DealId,
    pub(super) vendor_id: OrgId,
    pub(super) partner_id: OrgId,
    pub(super) status: String,
    pub(super) roles: Vec<CreditRole>,
    /// Whether a partner sees the shares of the others.
    pub(super) open: bool,
    pub(super) locked_at: Option<DateTime<Utc>>,
}

/// What the program of a deal says of credit.
pub(super) async fn deal(conn: &mut PgConnection, id: DealId) -> Result<DealFacts, Problem> {
    let row = sqlx::query!(
        r#"SELECT d.vendor_id AS "vendor_id: OrgId", d.partner_id AS "partner_id: OrgId", d.status,
                  coalesce(r.roles, '{sourced}') AS "roles!", coalesce(r.shares_open, false) AS "open!",
                  l.locked_at AS "locked_at?"
           FROM deal d
           LEFT JOIN credit_rules r ON r.program_id = d.program_id
           LEFT JOIN credit_lock l ON l.deal_id = d.id
           WHERE d.id = $1"#,
        id.uuid(),
    )
    .fetch_optional(conn)
    .await?
    .ok_or_else(Problem::not_found)?;
    Ok(DealFacts {
        id,
        vendor_id: row.vendor_id,
        partner_id: row.partner_id,
        status: row.status,
        roles: row.roles.iter().filter_map(|role| CreditRole::parse(role)).collect(),
        open: row.open,
        locked_at: row.locked_at,
    })
}

/// Lets changes of one deal's credit take turns, and its close with them.
pub(super) async fn lock_deal(tx: &mut Tx, id: DealId) -> Result<DealFacts, Problem> {
    sqlx::query_scalar!("SELECT id FROM deal WHERE id = $1 FOR NO KEY UPDATE", id.uuid())
        .fetch_optional(&mut **tx)
        .await?;
    deal(tx, id).await
}

/// An agreement to be stored.
#[derive(Debug)]
pub(super) struct Draft<'a> {
    pub(super) source: Source,
    pub(super) by: OrgId,
    pub(super) user: Option<UserId>,
    pub(super) note: Option<&'a str>,
    pub(super) shares: &'a [Share],
    /// Whom it concerns.
    pub(super) parties: BTreeSet<OrgId>,
}

/// Stores a proposal, signed by who makes it.
pub(super) async fn insert(tx: &mut Tx, deal: &DealFacts, draft: &Draft<'_>) -> Result<CreditAgreementId, Problem> {
    let (id, at): (CreditAgreementId, _) = (tx.new_id(), tx.now());
    sqlx::query!(
        "INSERT INTO credit_agreement (id, deal_id, vendor_id, status, source, proposed_by, note, created_at)
         VALUES ($1, $2, $3, 'proposed', $4, $5, $6, $7)",
        id.uuid(),
        deal.id.uuid(),
        deal.vendor_id.uuid(),
        draft.source.as_str(),
        draft.by.uuid(),
        draft.note,
        at,
    )
    .execute(&mut **tx)
    .await
    .map_err(refused)?;
    sqlx::query!(
        "WITH shares AS (
             INSERT INTO credit_share (agreement_id, role, partner_id, percent)
             SELECT $1, s.role, s.partner, s.percent
             FROM unnest($2::text[], $3::uuid[], $4::numeric[]) s (role, partner, percent)
         )
         INSERT INTO credit_signature (agreement_id, org_id, deal_id, user_id, signed_at)
         SELECT $1, p.org, $5, CASE WHEN p.org = $7 THEN $8::uuid END, CASE WHEN p.org = $7 THEN $9::timestamptz END
         FROM unnest($6::uuid[]) p (org)",
        id.uuid(),
        &draft
            .shares
            .iter()
            .map(|share| share.role.as_str().to_owned())
            .collect::<Vec<_>>(),
        &draft
            .shares
            .iter()
            .map(|share| share.partner_id.uuid())
            .collect::<Vec<_>>(),
        &draft.shares.iter().map(|share| share.percent).collect::<Vec<_>>(),
        deal.id.uuid(),
        &draft.parties.iter().map(|org| org.uuid()).collect::<Vec<_>>(),
        draft.by.uuid(),
        draft.user.map(UserId::uuid),
        at,
    )
    .execute(&mut **tx)
    .await?;
    Ok(id)
}

fn refused(error: sqlx::Error) -> Problem {
    let constraint = error.as_database_error().and_then(|fault| fault.constraint());
    if constraint == Some("credit_agreement_proposal") {
        let detail = "Withdraw the earlier proposal first: GET /api/v1/deals/{id}/credit shows it.";
        return Problem::new(code::PROPOSAL_OPEN, detail);
    }
    error.into()
}

/// Puts an agreement in force in the place of what was.
pub(super) async fn put_in_force(tx: &mut Tx, deal: DealId, id: CreditAgreementId) -> Result<(), Problem> {
    let at = tx.now();
    sqlx::query!(
        "UPDATE credit_agreement SET status = 'superseded', ended_at = $2, version = version + 1
         WHERE deal_id = $1 AND status = 'in_force'",
        deal.uuid(),
        at,
    )
    .execute(&mut **tx)
    .await?;
    sqlx::query!(
        "UPDATE credit_agreement SET status = 'in_force', in_force_at = $3, version = version + 1,
                revision = 1 + (SELECT coalesce(max(revision), 0) FROM credit_agreement WHERE deal_id = $1)
         WHERE id = $2",
        deal.uuid(),
        id.uuid(),
        at,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Ends a proposal that does not come into force.
pub(super) async fn end(tx: &mut Tx, id: CreditAgreementId, status: AgreementStatus) -> Result<(), Problem> {
    let at = tx.now();
    sqlx::query!(
        "UPDATE credit_agreement SET status = $2, ended_at = $3, version = version + 1 WHERE id = $1",
        id.uuid(),
        status.as_str(),
        at,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Ends all open proposals of a deal, because something else was settled.
pub(super) async fn lapse(tx: &mut Tx, deal: DealId) -> Result<(), Problem> {
    let at = tx.now();
    sqlx::query!(
        "UPDATE credit_agreement SET status = 'lapsed', ended_at = $2, version = version + 1
         WHERE deal_id = $1 AND status = 'proposed'",
        deal.uuid(),
        at,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Signs for `org`; whether it had not signed before.
pub(super) async fn sign(
    tx: &mut Tx,
    id: CreditAgreementId,
    org: OrgId,
    user: Option<UserId>,
) -> Result<bool, Problem> {
    let at = tx.now();
    let signed = sqlx::query!(
        "UPDATE credit_signature SET signed_at = $4, user_id = $3
         WHERE agreement_id = $1 AND org_id = $2 AND signed_at IS NULL",
        id.uuid(),
        org.uuid(),
        user.map(UserId::uuid),
        at,
    )
    .execute(&mut **tx)
    .await?;
    sqlx::query!(
        "UPDATE credit_agreement SET version = version + 1 WHERE id = $1",
        id.uuid()
    )
    .execute(&mut **tx)
    .await?;
    Ok(signed.rows_affected() == 1)
}

/// Those of `partners` that `by` may name: who is in the deal or its open co-sell; for the vendor also who is active
/// with it; and who has credit now, for those who see that.
pub(super) async fn nameable(
    tx: &mut Tx,
    deal: &DealFacts,
    by: OrgId,
    partners: &[Uuid],
) -> Result<Vec<Uuid>, Problem> {
    let found = sqlx::query_scalar!(
        r#"SELECT n.id AS "id!" FROM unnest($1::uuid[]) n (id)
           WHERE n.id = $4 OR ($2::uuid <> $3::uuid AND n.id = $2)
              OR ($2 = $3 AND EXISTS (
                  SELECT FROM partnership p WHERE p.vendor_id = $3 AND p.partner_id = n.id AND p.status = 'active'))
              OR EXISTS (
                  SELECT FROM co_sell c
                  JOIN co_sell_party p ON p.co_sell_id = c.id AND p.org_id = n.id AND p.stage = 'joined'
                  JOIN co_sell_party b ON b.co_sell_id = c.id AND b.org_id = $2 AND b.stage = 'joined'
                  WHERE c.deal_id = $5 AND n.id <> $3)
              OR (($2 = $3 OR $6) AND EXISTS (
                  SELECT FROM credit_agreement a JOIN credit_share s ON s.agreement_id = a.id
                  WHERE a.deal_id = $5 AND a.status = 'in_force' AND s.partner_id = n.id))"#,
        partners,
        by.uuid(),
        deal.vendor_id.uuid(),
        deal.partner_id.uuid(),
        deal.id.uuid(),
        deal.open,
    )
    .fetch_all(&mut **tx)
    .await?;
    Ok(found)
}
