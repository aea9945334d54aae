//! Claims in the database.

use guildhall_kernel::{OrgId, PlanId, SaleId, SpiffClaimId, UserId};
use guildhall_spine::{db::Tx, http::Problem};
use sqlx::{PgConnection, types::Json};
use uuid::Uuid;

use super::view::{Claim, ClaimFile};
use super::{Because, Status};
use crate::disputes::sight::Sight;

/// Which claims are read.
pub(super) enum Wanted {
    /// One.
    One(SpiffClaimId),
    /// A page of a list.
    Page {
        status: Option<Status>,
        plan: Option<PlanId>,
        after: Option<Uuid>,
        limit: i64,
    },
}

/// Claims in sight, the newest first.
pub(super) async fn read(conn: &mut PgConnection, wanted: Wanted, sight: Sight) -> Result<Vec<Claim>, Problem> {
    let found = match wanted {
        Wanted::One(id) => {
            let found = sqlx::query_scalar!(
                "SELECT id FROM spiff_claim
                 WHERE id = $1 AND (vendor_id = $2 OR partner_id = $2) AND ($3::uuid IS NULL OR user_id = $3)",
                id.uuid(),
                sight.org.uuid(),
                sight.only.map(UserId::uuid),
            );
            found.fetch_all(&mut *conn).await?
        }
        Wanted::Page {
            status,
            plan,
            after,
            limit,
        } => {
            // Of each side the newest: an organisation has one.
            let found = sqlx::query_scalar!(
                r#"SELECT id AS "id!" FROM (
                       (SELECT id FROM spiff_claim
                        WHERE vendor_id = $1 AND ($2::uuid IS NULL OR user_id = $2) AND ($3::text IS NULL OR status = $3)
                          AND ($4::uuid IS NULL OR plan_id = $4) AND id < $5 ORDER BY id DESC LIMIT $6)
                       UNION ALL
                       (SELECT id FROM spiff_claim
                        WHERE partner_id = $1 AND ($2::uuid IS NULL OR user_id = $2) AND ($3::text IS NULL OR status = $3)
                          AND ($4::uuid IS NULL OR plan_id = $4) AND id < $5 ORDER BY id DESC LIMIT $6)) found
                   ORDER BY id DESC LIMIT $6"#,
                sight.org.uuid(),
                sight.only.map(UserId::uuid),
                status.map(Status::as_str),
                plan.map(PlanId::uuid),
                after.unwrap_or(Uuid::max()),
                limit,
            );
            found.fetch_all(&mut *conn).await?
        }
    };
    let mut claims = sqlx::query_as!(
        Claim,
        r#"SELECT id AS "id: SpiffClaimId", version, vendor_id AS "vendor_id: OrgId", partner_id AS "partner_id: OrgId",
                  user_id AS "user_id: UserId", plan_id AS "plan_id: PlanId", activity, done_on, serial, reference, country,
                  note, files AS "files: Json<Vec<ClaimFile>>", status AS "status: Status",
                  because AS "rejected_because: Because", answer, decided_by AS "decided_by: UserId", decided_at,
                  sale_id AS "sale_id: SaleId", created_at, updated_at
           FROM spiff_claim WHERE id = ANY($1) ORDER BY id DESC"#,
        &found,
    )
    .fetch_all(conn)
    .await?;
    for claim in &mut claims {
        // Who decided is known to those who decided: the partner when the claim was taken back, else the vendor.
        let withdrawn = claim.status == Status::Withdrawn;
        let decider = if withdrawn { claim.partner_id } else { claim.vendor_id };
        claim.decided_by = claim.decided_by.filter(|_| sight.org == decider);
    }
    Ok(claims)
}

/// A claim in sight.
pub(super) async fn find(conn: &mut PgConnection, id: SpiffClaimId, sight: Sight) -> Result<Option<Claim>, Problem> {
    Ok(read(conn, Wanted::One(id), sight).await?.pop())
}

/// Locks a claim in sight.
///
/// # Errors
/// 404 when there is none.
pub(super) async fn lock(tx: &mut Tx, id: SpiffClaimId, sight: Sight) -> Result<Claim, Problem> {
    sqlx::query_scalar!("SELECT id FROM spiff_claim WHERE id = $1 FOR UPDATE", id.uuid())
        .fetch_optional(&mut **tx)
        .await?
        .ok_or_else(Problem::not_found)?;
    find(tx, id, sight).await?.ok_or_else(Problem::not_found)
}

/// What is decided on a claim.
#[derive(Debug)]
pub(super) struct Decided<'a> {
    pub(super) status: Status,
    pub(super) by: Option<UserId>,
    pub(super) because: Option<Because>,
    pub(super) answer: Option<&'a str>,
    pub(super) sale: Option<SaleId>,
}

/// Stores what was decided on a claim that is locked; returns it as it is then.
pub(super) async fn decide(
    tx: &mut Tx,
    id: SpiffClaimId,
    sight: Sight,
    decided: &Decided<'_>,
) -> Result<Claim, Problem> {
    let at = tx.now();
    sqlx::query!(
        "UPDATE spiff_claim SET status = $2, decided_by = $3, decided_at = $4, because = $5, answer = $6, sale_id = $7,
                version = version + 1, updated_at = $4 WHERE id = $1",
        id.uuid(),
        decided.status.as_str(),
        decided.by.map(UserId::uuid),
        at,
        decided.because.map(Because::as_str),
        decided.answer,
        decided.sale.map(SaleId::uuid),
    )
    .execute(&mut **tx)
    .await?;
    let claim = find(tx, id, sight).await?;
    claim.ok_or_else(|| Problem::internal("a claim vanished under its lock"))
}
