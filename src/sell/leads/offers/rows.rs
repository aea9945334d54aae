//! Writing offers inside a command.

use chrono::{DateTime, Utc};
use guildhall_kernel::{OrgId, UserId};
use guildhall_spine::{db::Tx, http::Problem};
use uuid::Uuid;

use crate::leads::lead::rows::Lead;

/// An offer that stands.
#[derive(Debug)]
pub(in crate::leads) struct Open {
    pub(in crate::leads) partner_id: OrgId,
    pub(in crate::leads) expires_at: DateTime<Utc>,
}

/// How an offer ends, or goes on.
#[derive(Debug, Default)]
pub(in crate::leads) struct Answer<'a> {
    pub(in crate::leads) by: Option<UserId>,
    pub(in crate::leads) reason: Option<&'a str>,
    pub(in crate::leads) note: Option<&'a str>,
}

/// The offers of a locked lead that nobody answered yet.
pub(in crate::leads) async fn open(tx: &mut Tx, lead: &Lead) -> Result<Vec<Open>, sqlx::Error> {
    sqlx::query_as!(
        Open,
        r#"SELECT partner_id AS "partner_id: OrgId", expires_at FROM lead_offer
           WHERE lead_id = $1 AND state = 'open' ORDER BY partner_id"#,
        lead.id.uuid(),
    )
    .fetch_all(&mut **tx)
    .await
}

/// The leads of the vendor that the partner is asked about: a range of `lead_offer_load`.
pub(in crate::leads) async fn asked(tx: &mut Tx, vendor: OrgId, partner: OrgId) -> Result<Vec<Uuid>, sqlx::Error> {
    sqlx::query_scalar!(
        "SELECT lead_id FROM lead_offer WHERE vendor_id = $1 AND partner_id = $2 AND state = 'open'",
        vendor.uuid(),
        partner.uuid(),
    )
    .fetch_all(&mut **tx)
    .await
}

/// Moves the partner's live offer of a locked lead from one state to another.
pub(in crate::leads) async fn answer(
    tx: &mut Tx,
    lead: &Lead,
    partner: OrgId,
    (from, to): (&[&str], &str),
    answer: &Answer<'_>,
) -> Result<(), Problem> {
    let at = tx.now();
    let from: Vec<String> = from.iter().map(|state| (*state).to_owned()).collect();
    let moved = sqlx::query!(
        "UPDATE lead_offer SET state = $4, answered_at = CASE WHEN $4 = 'done' THEN answered_at ELSE $5 END, answered_by = coalesce($6, answered_by),
                reason = coalesce($7, reason), note = coalesce($8, note)
         WHERE lead_id = $1 AND partner_id = $2 AND state = ANY ($3)",
        lead.id.uuid(),
        partner.uuid(),
        &from,
        to,
        at,
        answer.by.map(UserId::uuid),
        answer.reason,
        answer.note,
    )
    .execute(&mut **tx)
    .await?;
    match moved.rows_affected() {
        1 => Ok(()),
        count => Err(Problem::internal(format!(
            "{count} offers of a lead to one partner were live"
        ))),
    }
}

/// Ends what still stands of a locked lead's offers, in `to`; returns the partners that lose something.
pub(in crate::leads) async fn end(
    tx: &mut Tx,
    lead: &Lead,
    from: &[&str],
    to: &str,
) -> Result<Vec<OrgId>, sqlx::Error> {
    let at = tx.now();
    let from: Vec<String> = from.iter().map(|state| (*state).to_owned()).collect();
    let partners = sqlx::query_scalar!(
        "UPDATE lead_offer SET state = $3, answered_at = $4 WHERE lead_id = $1 AND state = ANY ($2) RETURNING partner_id",
        lead.id.uuid(),
        &from,
        to,
        at,
    )
    .fetch_all(&mut **tx)
    .await?;
    Ok(partners.into_iter().map(OrgId::from).collect())
}
