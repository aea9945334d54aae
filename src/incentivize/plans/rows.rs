//! Plans in the database.

use chrono::NaiveDate;
use guildhall_kernel::{OrgId, PlanId, PlanVersionId, ProgramId, UserId};
use guildhall_spine::{
    db::Tx,
    http::{Problem, code},
};
use serde_json::Value;
use sqlx::{PgConnection, types::Json};
use uuid::Uuid;

use super::{Plan, Version};
use crate::earnings::Kind;

/// A version as it lies in the database, read as JSON.
#[derive(Debug, serde::Deserialize)]
struct Stored {
    id: Uuid,
    no: i32,
    status: String,
    effective_from: NaiveDate,
    effective_to: Option<NaiveDate>,
    spec: Value,
    note: Option<String>,
    published_by: Option<Uuid>,
    published_at: Option<chrono::DateTime<chrono::Utc>>,
}

impl Stored {
    fn shown(self, to_partner: bool) -> Version {
        Version {
            id: self.id.into(),
            no: self.no,
            status: self.status,
            effective_from: self.effective_from,
            effective_to: self.effective_to,
            spec: if to_partner { outside(self.spec) } else { self.spec },
            note: self.note.filter(|_| !to_partner),
            published_by: self.published_by.filter(|_| !to_partner).map(Into::into),
            published_at: self.published_at,
        }
    }
}

/// The terms without what is the vendor's own business.
fn outside(mut spec: Value) -> Value {
    if let Some(members) = spec.as_object_mut() {
        members.remove("budget");
        if let Some(eligible) = members.get_mut("eligible").and_then(Value::as_object_mut) {
            eligible.remove("partners");
            eligible.remove("partner_ids");
        }
    }
    spec
}

/// Who reads.
#[derive(Clone, Copy, Debug)]
pub(super) enum Reader {
    /// The vendor whose plans they are.
    Vendor(OrgId),
    /// A partner: plans of vendors and programs that it is active in, with a published version that isn't for others alone.
    Partner(OrgId),
}

impl Reader {
    const fn sides(self) -> (Option<OrgId>, Option<OrgId>) {
        match self {
            Self::Vendor(id) => (Some(id), None),
            Self::Partner(id) => (None, Some(id)),
        }
    }
}

/// Plans after `after`, or the one with this id.
pub(super) async fn read(
    conn: &mut PgConnection,
    reader: Reader,
    one: Option<PlanId>,
    today: NaiveDate,
    after: Option<Uuid>,
    limit: i64,
) -> Result<Vec<Plan>, Problem> {
    let (vendor, partner) = reader.sides();
    let rows = sqlx::query!(
        r#"SELECT p.id AS "id: PlanId", p.version, p.vendor_id AS "vendor_id: OrgId", p.name, p.kind AS "kind: Kind",
                  p.program_id AS "program_id: ProgramId", p.auto_approve, p.created_at, p.updated_at,
                  (SELECT to_jsonb(v) FROM incentive_plan_version v
                   WHERE v.plan_id = p.id AND v.status = 'published' AND v.effective_from <= $3
                     AND (v.effective_to IS NULL OR v.effective_to >= $3)
                     AND ($7::text IS NULL OR coalesce(v.spec #> '{eligible,partners}', '[]') = '[]'
                          OR v.spec #> '{eligible,partners}' ? $7)) AS "in_force: Json<Stored>",
                  (SELECT to_jsonb(v) FROM incentive_plan_version v
                   WHERE v.plan_id = p.id AND v.status = 'draft' AND $2::uuid IS NULL) AS "draft: Json<Stored>"
           FROM incentive_plan p
           WHERE ($1::uuid IS NULL OR p.vendor_id = $1) AND ($4::uuid IS NULL OR p.id = $4)
             AND ($2::uuid IS NULL OR p.vendor_id IN (
                     SELECT s.vendor_id FROM partnership s WHERE s.partner_id = $2 AND s.status = 'active'
                       AND (p.program_id IS NULL OR s.program_id = p.program_id))
                 AND EXISTS (SELECT FROM incentive_plan_version v WHERE v.plan_id = p.id AND v.status = 'published'
                             AND (coalesce(v.spec #> '{eligible,partners}', '[]') = '[]'
                                  OR v.spec #> '{eligible,partners}' ? $7)))
             AND ($5::uuid IS NULL OR p.id > $5)
           ORDER BY p.id LIMIT $6"#,
        vendor.map(OrgId::uuid),
        partner.map(OrgId::uuid),
        today,
        one.map(PlanId::uuid),
        after,
        limit,
        partner.map(|id| id.to_string()),
    )
    .fetch_all(conn)
    .await?;
    let to_partner = partner.is_some();
    Ok(rows
        .into_iter()
        .map(|row| Plan {
            id: row.id,
            version: row.version,
            vendor_id: row.vendor_id,
            name: row.name,
            kind: row.kind,
            program_id: row.program_id,
            auto_approve: row.auto_approve,
            in_force: row.in_force.map(|version| version.0.shown(to_partner)),
            draft: row.draft.map(|version| version.0.shown(to_partner)),
            created_at: row.created_at,
            updated_at: row.updated_at,
        })
        .collect())
}

/// The plan as its vendor sees it.
pub(super) async fn own(tx: &mut Tx, vendor: OrgId, id: PlanId) -> Result<Plan, Problem> {
    let today = tx.now().date_naive();
    let found = read(tx, Reader::Vendor(vendor), Some(id), today, None, 1).await?.pop();
    found.ok_or_else(Problem::not_found)
}

/// The versions of a plan after `after`, in their order; for a partner the published ones that aren't for others alone.
pub(super) async fn versions(
    conn: &mut PgConnection,
    id: PlanId,
    partner: Option<OrgId>,
    after: i32,
    limit: i64,
) -> Result<Vec<Version>, Problem> {
    let rows = sqlx::query_scalar!(
        r#"SELECT to_jsonb(v) AS "version!: Json<Stored>" FROM incentive_plan_version v
           WHERE v.plan_id = $1 AND v.no > $2
             AND ($3::text IS NULL OR v.status = 'published'
                  AND (coalesce(v.spec #> '{eligible,partners}', '[]') = '[]' OR v.spec #> '{eligible,partners}' ? $3))
           ORDER BY v.no LIMIT $4"#,
        id.uuid(),
        after,
        partner.map(|id| id.to_string()),
        limit,
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(|row| row.0.shown(partner.is_some())).collect())
}

/// Locks a plan of the vendor; returns its version and what it pays.
///
/// # Errors
/// 404 when the vendor has no such plan.
pub(super) async fn lock(tx: &mut Tx, vendor: OrgId, id: PlanId) -> Result<(i64, Kind), Problem> {
    let row = sqlx::query!(
        r#"SELECT version, kind AS "kind: Kind" FROM incentive_plan WHERE id = $1 AND vendor_id = $2 FOR UPDATE"#,
        id.uuid(),
        vendor.uuid(),
    )
    .fetch_optional(&mut **tx)
    .await?;
    row.map(|row| (row.version, row.kind)).ok_or_else(Problem::not_found)
}

/// Counts a change of the plan.
pub(super) async fn touch(tx: &mut Tx, id: PlanId) -> Result<(), Problem> {
    let at = tx.now();
    sqlx::query!(
        "UPDATE incentive_plan SET version = version + 1, updated_at = $2 WHERE id = $1",
        id.uuid(),
        at
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// What is written of a version.
#[derive(Debug)]
pub(super) struct Draft<'a> {
    pub(super) from: NaiveDate,
    pub(super) to: Option<NaiveDate>,
    pub(super) spec: &'a Value,
    pub(super) note: Option<&'a str>,
    pub(super) by: Option<UserId>,
}

/// Puts a draft in place of an earlier one, with an id of its own: an id stands for the same terms for ever.
pub(super) async fn put_draft(tx: &mut Tx, vendor: OrgId, plan: PlanId, draft: &Draft<'_>) -> Result<(), Problem> {
    let (id, at): (PlanVersionId, _) = (tx.new_id(), tx.now());
    sqlx::query!(
        "INSERT INTO incentive_plan_version (id, plan_id, vendor_id, no, effective_from, effective_to, spec, note, created_by,
                created_at, updated_at)
         SELECT $1, $2, $3, (SELECT coalesce(max(no), 0) + 1 FROM incentive_plan_version WHERE plan_id = $2), $4, $5, $6, $7,
                $8, $9, $9
         ON CONFLICT (plan_id) WHERE status = 'draft' DO UPDATE
         SET id = excluded.id, effective_from = excluded.effective_from, effective_to = excluded.effective_to, spec = excluded.spec,
             note = excluded.note, created_by = excluded.created_by, version = incentive_plan_version.version + 1,
             updated_at = excluded.updated_at",
        id.uuid(),
        plan.uuid(),
        vendor.uuid(),
        draft.from,
        draft.to,
        draft.spec,
        draft.note,
        draft.by.map(UserId::uuid),
        at,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Makes a plan.
///
/// # Errors
/// 409 `already_exists` when the vendor has another of this name.
pub(super) async fn insert(
    tx: &mut Tx,
    vendor: OrgId,
    (name, kind): (&str, Kind),
    program: Option<ProgramId>,
    auto_approve: bool,
) -> Result<PlanId, Problem> {
    let (id, at): (PlanId, _) = (tx.new_id(), tx.now());
    let made = sqlx::query!(
        "INSERT INTO incentive_plan (id, vendor_id, name, kind, program_id, auto_approve, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $7) ON CONFLICT (vendor_id, name) DO NOTHING",
        id.uuid(),
        vendor.uuid(),
        name,
        kind.as_str(),
        program.map(ProgramId::uuid),
        auto_approve,
        at,
    )
    .execute(&mut **tx)
    .await?;
    if made.rows_affected() == 0 {
        let detail = format!("There is a plan with the name {name}.");
        return Err(Problem::new(code::ALREADY_EXISTS, detail));
    }
    Ok(id)
}

/// Whether the vendor has the program.
pub(super) async fn has_program(conn: &mut PgConnection, vendor: OrgId, program: ProgramId) -> Result<bool, Problem> {
    let found = sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM program WHERE id = $1 AND vendor_id = $2) AS "found!""#,
        program.uuid(),
        vendor.uuid(),
    )
    .fetch_one(conn)
    .await?;
    Ok(found)
}
