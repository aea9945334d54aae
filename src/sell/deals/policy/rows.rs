//! Rows of `deal_policy`.

use chrono::{DateTime, Utc};
use guildhall_kernel::{DealId, OrgId, ProgramId, UserId};
use guildhall_spine::{db::Tx, http::Problem};
use sqlx::{PgConnection, types::Json};

use super::{DealPolicy, Terms};
use crate::deals::appeal::deciding_roles;

struct Row {
    terms: Option<Json<Terms>>,
    version: Option<i64>,
    updated_at: Option<DateTime<Utc>>,
}

impl Row {
    fn into_policy(self, program: ProgramId) -> DealPolicy {
        DealPolicy {
            program_id: program,
            version: self.version.unwrap_or(0),
            terms: self.terms.map(|terms| terms.0).unwrap_or_default(),
            updated_at: self.updated_at,
        }
    }
}

/// The policy of a program that `org` may see: its vendor, or a partner that stands in it, who sees no rules.
pub(super) async fn get(conn: &mut PgConnection, org: OrgId, id: ProgramId) -> Result<Option<DealPolicy>, sqlx::Error> {
    let row = sqlx::query!(
        r#"SELECT p.vendor_id = $2 AS "own!", q.terms AS "terms?: Json<Terms>", q.version AS "version?",
                  q.updated_at AS "updated_at?"
           FROM program p LEFT JOIN deal_policy q ON q.program_id = p.id
           WHERE p.id = $1 AND (p.vendor_id = $2
                 OR EXISTS (SELECT FROM partnership s WHERE s.vendor_id = p.vendor_id AND s.partner_id = $2
                            AND s.program_id = p.id AND s.status IN ('active', 'suspended')))"#,
        id.uuid(),
        org.uuid(),
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|row| {
        let (own, row) = (
            row.own,
            Row {
                terms: row.terms,
                version: row.version,
                updated_at: row.updated_at,
            },
        );
        let mut policy = row.into_policy(id);
        if !own {
            policy.terms.rules.clear();
        }
        policy
    }))
}

/// The policy of a program of the vendor, locked until `tx` ends.
pub(super) async fn lock(tx: &mut Tx, vendor: OrgId, id: ProgramId) -> Result<Option<DealPolicy>, sqlx::Error> {
    let found = sqlx::query!(
        "SELECT id FROM program WHERE id = $1 AND vendor_id = $2 FOR NO KEY UPDATE",
        id.uuid(),
        vendor.uuid(),
    )
    .fetch_optional(&mut **tx)
    .await?;
    match found {
        Some(_) => get(tx, vendor, id).await,
        None => Ok(None),
    }
}

/// Puts new terms in the place of what there was.
pub(super) async fn put(tx: &mut Tx, id: ProgramId, terms: &Terms, by: Option<UserId>) -> Result<(), Problem> {
    let now = tx.now();
    let terms = serde_json::to_value(terms).map_err(Problem::internal)?;
    sqlx::query!(
        "INSERT INTO deal_policy AS p (program_id, terms, updated_by, updated_at) VALUES ($1, $2, $3, $4)
         ON CONFLICT (program_id) DO UPDATE
         SET terms = excluded.terms, updated_by = excluded.updated_by, updated_at = excluded.updated_at,
             version = p.version + 1",
        id.uuid(),
        terms,
        by.map(UserId::uuid),
        now,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// The terms of a program.
pub(in crate::deals) async fn terms(conn: &mut PgConnection, program: ProgramId) -> Result<Terms, sqlx::Error> {
    let terms = sqlx::query_scalar!(
        r#"SELECT terms AS "terms: Json<Terms>" FROM deal_policy WHERE program_id = $1"#,
        program.uuid(),
    )
    .fetch_optional(conn)
    .await?;
    Ok(terms.map(|terms| terms.0).unwrap_or_default())
}

/// Which of `users` are no members of the vendor.
pub(super) async fn strangers(
    tx: &mut Tx,
    vendor: OrgId,
    users: &[uuid::Uuid],
) -> Result<Vec<uuid::Uuid>, sqlx::Error> {
    sqlx::query_scalar!(
        r#"SELECT u AS "user!" FROM unnest($2::uuid[]) u
           WHERE NOT EXISTS (SELECT FROM membership m WHERE m.org_id = $1 AND m.user_id = u AND m.role = ANY ($3))"#,
        vendor.uuid(),
        users,
        &deciding_roles(),
    )
    .fetch_all(&mut **tx)
    .await
}

/// The terms of the program that a deal was registered in.
pub(in crate::deals) async fn of_deal(conn: &mut PgConnection, deal: DealId) -> Result<Terms, sqlx::Error> {
    let terms = sqlx::query_scalar!(
        r#"SELECT q.terms AS "terms: Json<Terms>" FROM deal d JOIN deal_policy q ON q.program_id = d.program_id
           WHERE d.id = $1"#,
        deal.uuid(),
    )
    .fetch_optional(conn)
    .await?;
    Ok(terms.map(|terms| terms.0).unwrap_or_default())
}
