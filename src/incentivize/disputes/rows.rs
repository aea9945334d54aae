//! Disputes in the database.

use chrono::{DateTime, Utc};
use guildhall_kernel::{AdjustmentId, Currency, DisputeId, EarningId, OrgId, UserId};
use guildhall_spine::{db::Tx, http::Problem};
use rust_decimal::Decimal;
use sqlx::PgConnection;
use uuid::Uuid;

use super::Status;
use super::sight::Sight;
use super::view::{Dispute, DisputeAdjustment, DisputeMessage};
use crate::adjustments;
use crate::sales::rows::in_currency;

/// Which disputes are read.
pub(super) enum Wanted {
    /// One.
    One(DisputeId),
    /// A page of a list.
    Page {
        status: Option<Status>,
        earning: Option<EarningId>,
        after: Option<Uuid>,
        limit: i64,
    },
}

/// A dispute with its line and what upholding it brought.
struct Stored {
    id: DisputeId,
    version: i64,
    vendor_id: OrgId,
    partner_id: OrgId,
    user_id: Option<UserId>,
    earning_id: EarningId,
    currency: String,
    amount: Decimal,
    expected: Option<Decimal>,
    reason: String,
    status: Status,
    messages: i32,
    opened_by: Option<UserId>,
    decided_by: Option<UserId>,
    decided_at: Option<DateTime<Utc>>,
    note: Option<String>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    adjustment_id: Option<AdjustmentId>,
    adjusted: Option<Decimal>,
    adjustment_status: Option<adjustments::Status>,
    posted_id: Option<EarningId>,
}

/// Disputes in sight, the newest first.
pub(super) async fn read(conn: &mut PgConnection, wanted: Wanted, sight: Sight) -> Result<Vec<Dispute>, Problem> {
    let found = match wanted {
        Wanted::One(id) => {
            let found = sqlx::query_scalar!(
                "SELECT id FROM dispute
                 WHERE id = $1 AND (vendor_id = $2 OR partner_id = $2) AND ($3::uuid IS NULL OR user_id = $3)",
                id.uuid(),
                sight.org.uuid(),
                sight.only.map(UserId::uuid),
            );
            found.fetch_all(&mut *conn).await?
        }
        Wanted::Page {
            status,
            earning,
            after,
            limit,
        } => {
            // Of each side the newest: an organisation has one.
            let found = sqlx::query_scalar!(
                r#"SELECT id AS "id!" FROM (
                       (SELECT id FROM dispute
                        WHERE vendor_id = $1 AND ($2::uuid IS NULL OR user_id = $2) AND ($3::text IS NULL OR status = $3)
                          AND ($4::uuid IS NULL OR earning_id = $4) AND id < $5 ORDER BY id DESC LIMIT $6)
                       UNION ALL
                       (SELECT id FROM dispute
                        WHERE partner_id = $1 AND ($2::uuid IS NULL OR user_id = $2) AND ($3::text IS NULL OR status = $3)
                          AND ($4::uuid IS NULL OR earning_id = $4) AND id < $5 ORDER BY id DESC LIMIT $6)) found
                   ORDER BY id DESC LIMIT $6"#,
                sight.org.uuid(),
                sight.only.map(UserId::uuid),
                status.map(Status::as_str),
                earning.map(EarningId::uuid),
                after.unwrap_or(Uuid::max()),
                limit,
            );
            found.fetch_all(&mut *conn).await?
        }
    };
    let rows = sqlx::query_as!(
        Stored,
        r#"SELECT d.id AS "id: DisputeId", d.version, d.vendor_id AS "vendor_id: OrgId",
                  d.partner_id AS "partner_id: OrgId", d.user_id AS "user_id: UserId",
                  d.earning_id AS "earning_id: EarningId", e.currency, e.amount, d.expected, d.reason,
                  d.status AS "status: Status", d.messages, d.opened_by AS "opened_by: UserId",
                  d.decided_by AS "decided_by: UserId", d.decided_at, d.note, d.created_at, d.updated_at,
                  a.id AS "adjustment_id?: AdjustmentId", a.amount AS "adjusted?",
                  a.status AS "adjustment_status?: adjustments::Status", a.posted_id AS "posted_id?: EarningId"
           FROM dispute d JOIN earning e ON e.id = d.earning_id LEFT JOIN adjustment a ON a.id = d.adjustment_id
           WHERE d.id = ANY($1) ORDER BY d.id DESC"#,
        &found,
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter().map(|row| row.shown(sight)).collect()
}

impl Stored {
    fn shown(self, sight: Sight) -> Result<Dispute, Problem> {
        let currency = Currency::from_code(&self.currency);
        let currency = currency.ok_or_else(|| Problem::internal("a currency is unknown"))?;
        // Who decided is known to those who decided: the partner when it took the dispute back, else the vendor.
        let withdrawn = self.status == Status::Withdrawn;
        let decider = if withdrawn { self.partner_id } else { self.vendor_id };
        let adjustment = match (self.adjustment_id, self.adjusted, self.adjustment_status) {
            (Some(id), Some(amount), Some(status)) => Some(DisputeAdjustment {
                id,
                amount: in_currency(amount, currency),
                status,
                posted_id: self.posted_id,
            }),
            _ => None,
        };
        Ok(Dispute {
            id: self.id,
            version: self.version,
            vendor_id: self.vendor_id,
            partner_id: self.partner_id,
            user_id: self.user_id,
            earning_id: self.earning_id,
            amount: in_currency(self.amount, currency),
            expected_amount: self.expected.map(|expected| in_currency(expected, currency)),
            currency: self.currency,
            reason: self.reason,
            status: self.status,
            messages: self.messages,
            opened_by: self.opened_by,
            decided_by: self.decided_by.filter(|_| sight.org == decider),
            decided_at: self.decided_at,
            note: self.note,
            adjustment,
            created_at: self.created_at,
            updated_at: self.updated_at,
        })
    }
}

/// A dispute in sight.
pub(super) async fn find(conn: &mut PgConnection, id: DisputeId, sight: Sight) -> Result<Option<Dispute>, Problem> {
    Ok(read(conn, Wanted::One(id), sight).await?.pop())
}

/// Locks a dispute in sight.
///
/// # Errors
/// 404 when there is none.
pub(super) async fn lock(tx: &mut Tx, id: DisputeId, sight: Sight) -> Result<Dispute, Problem> {
    sqlx::query_scalar!("SELECT id FROM dispute WHERE id = $1 FOR UPDATE", id.uuid())
        .fetch_optional(&mut **tx)
        .await?
        .ok_or_else(Problem::not_found)?;
    find(tx, id, sight).await?.ok_or_else(Problem::not_found)
}

/// A dispute again, after a change under its lock.
pub(super) async fn again(tx: &mut Tx, id: DisputeId, sight: Sight) -> Result<Dispute, Problem> {
    let found = find(tx, id, sight).await?;
    found.ok_or_else(|| Problem::internal("a dispute vanished under its lock"))
}

/// What ends a dispute.
#[derive(Debug)]
pub(super) struct Ending<'a> {
    pub(super) status: Status,
    pub(super) by: Option<UserId>,
    pub(super) note: Option<&'a str>,
    pub(super) adjustment: Option<AdjustmentId>,
}

/// Stores how a dispute ended that is locked.
pub(super) async fn end(tx: &mut Tx, id: DisputeId, ending: &Ending<'_>) -> Result<(), Problem> {
    let at = tx.now();
    sqlx::query!(
        "UPDATE dispute SET status = $2, decided_by = $3, decided_at = $4, note = $5, adjustment_id = $6,
                version = version + 1, updated_at = $4 WHERE id = $1",
        id.uuid(),
        ending.status.as_str(),
        ending.by.map(UserId::uuid),
        at,
        ending.note,
        ending.adjustment.map(AdjustmentId::uuid),
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// The messages of a dispute; who spoke is known to its own side.
pub(super) async fn thread(
    conn: &mut PgConnection,
    id: DisputeId,
    reader: OrgId,
) -> Result<Vec<DisputeMessage>, Problem> {
    let rows = sqlx::query_as!(
        DisputeMessage,
        r#"SELECT no, org_id AS "org_id: OrgId", CASE WHEN org_id = $2 THEN user_id END AS "user_id: UserId", text,
                  created_at
           FROM dispute_message WHERE dispute_id = $1 ORDER BY no"#,
        id.uuid(),
        reader.uuid(),
    )
    .fetch_all(conn)
    .await?;
    Ok(rows)
}
