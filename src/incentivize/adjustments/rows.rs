//! Adjustments in the database.

use guildhall_kernel::{AdjustmentId, Currency, DisputeId, EarningId, OrgId, UserId};
use guildhall_spine::{db::Tx, http::Problem};
use sqlx::PgConnection;
use uuid::Uuid;

use super::Status;
use super::view::Adjustment;
use crate::sales::rows::in_currency;

/// Which adjustments are read.
pub(super) enum Wanted {
    /// One.
    One(AdjustmentId),
    /// A page of a list.
    Page {
        status: Option<Status>,
        partner: Option<OrgId>,
        after: Option<Uuid>,
        limit: i64,
    },
}

/// Adjustments of the vendor, the newest first.
pub(super) async fn read(conn: &mut PgConnection, wanted: Wanted, vendor: OrgId) -> Result<Vec<Adjustment>, Problem> {
    let (one, status, partner, after, limit) = match wanted {
        Wanted::One(id) => (Some(id.uuid()), None, None, None, 1),
        Wanted::Page {
            status,
            partner,
            after,
            limit,
        } => (None, status, partner, after, limit),
    };
    let rows = sqlx::query!(
        r#"SELECT a.id AS "id: AdjustmentId", a.version, a.vendor_id AS "vendor_id: OrgId",
                  a.partner_id AS "partner_id: OrgId", a.user_id AS "user_id: UserId", a.currency, a.amount, a.reason,
                  a.earning_id AS "earning_id: EarningId", d.id AS "dispute_id?: DisputeId", a.status AS "status: Status",
                  a.proposed_by AS "proposed_by: UserId", a.decided_by AS "decided_by: UserId", a.decided_at, a.note,
                  a.posted_id AS "posted_id: EarningId", a.created_at, a.updated_at
           FROM adjustment a LEFT JOIN dispute d ON d.adjustment_id = a.id
           WHERE a.vendor_id = $1 AND ($2::uuid IS NULL OR a.id = $2) AND ($3::text IS NULL OR a.status = $3)
             AND ($4::uuid IS NULL OR a.partner_id = $4) AND ($5::uuid IS NULL OR a.id < $5)
           ORDER BY a.id DESC LIMIT $6"#,
        vendor.uuid(),
        one,
        status.map(Status::as_str),
        partner.map(OrgId::uuid),
        after,
        limit,
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| {
            let currency =
                Currency::from_code(&row.currency).ok_or_else(|| Problem::internal("a currency is unknown"))?;
            Ok(Adjustment {
                id: row.id,
                version: row.version,
                vendor_id: row.vendor_id,
                partner_id: row.partner_id,
                user_id: row.user_id,
                currency: row.currency,
                amount: in_currency(row.amount, currency),
                reason: row.reason,
                earning_id: row.earning_id,
                dispute_id: row.dispute_id,
                status: row.status,
                proposed_by: row.proposed_by,
                decided_by: row.decided_by,
                decided_at: row.decided_at,
                note: row.note,
                posted_id: row.posted_id,
                created_at: row.created_at,
                updated_at: row.updated_at,
            })
        })
        .collect()
}

/// An adjustment of the vendor.
pub(super) async fn find(
    conn: &mut PgConnection,
    vendor: OrgId,
    id: AdjustmentId,
) -> Result<Option<Adjustment>, Problem> {
    Ok(read(conn, Wanted::One(id), vendor).await?.pop())
}

/// Locks an adjustment of the vendor; where a line is to be posted, after the vendor's ledger.
///
/// # Errors
/// 404 when the vendor has no such adjustment.
pub(super) async fn lock(tx: &mut Tx, vendor: OrgId, id: AdjustmentId) -> Result<Adjustment, Problem> {
    sqlx::query_scalar!(
        "SELECT id FROM adjustment WHERE id = $1 AND vendor_id = $2 FOR UPDATE",
        id.uuid(),
        vendor.uuid()
    )
    .fetch_optional(&mut **tx)
    .await?
    .ok_or_else(Problem::not_found)?;
    find(tx, vendor, id).await?.ok_or_else(Problem::not_found)
}

/// Stores what was decided on an adjustment that is locked; returns it as it is then.
pub(super) async fn decide(
    tx: &mut Tx,
    adjustment: &Adjustment,
    status: Status,
    by: UserId,
    note: Option<&str>,
    posted: Option<EarningId>,
) -> Result<Adjustment, Problem> {
    let at = tx.now();
    sqlx::query!(
        "UPDATE adjustment SET status = $2, decided_by = $3, decided_at = $4, note = $5, posted_id = $6,
                version = version + 1, updated_at = $4 WHERE id = $1",
        adjustment.id.uuid(),
        status.as_str(),
        by.uuid(),
        at,
        note,
        posted.map(EarningId::uuid),
    )
    .execute(&mut **tx)
    .await?;
    let decided = find(tx, adjustment.vendor_id, adjustment.id).await?;
    decided.ok_or_else(|| Problem::internal("an adjustment vanished under its lock"))
}
