//! The deal as the pipeline has it.

use chrono::{DateTime, Utc};
use guildhall_kernel::{DealId, OrgId, ProgramId, StageId};
use guildhall_spine::{db::Tx, http::Problem};
use serde::Serialize;
use sqlx::PgConnection;
use utoipa::ToSchema;

use crate::deals::state::DealStatus;
use crate::pipeline::Category;

/// A deal that this transaction has locked.
#[derive(Debug)]
pub(super) struct Locked {
    pub(super) id: DealId,
    pub(super) vendor_id: OrgId,
    pub(super) partner_id: OrgId,
    pub(super) program_id: ProgramId,
    pub(super) status: DealStatus,
    pub(super) version: i64,
    pub(super) stage_id: Option<StageId>,
    pub(super) category: Option<Category>,
    pub(super) probability: Option<i16>,
    pub(super) has_domain: bool,
    pub(super) has_note: bool,
    pub(super) has_amount: bool,
    pub(super) has_contacts: bool,
}

/// Locks the deal until the transaction ends, if `org` is one of its sides.
pub(super) async fn lock(tx: &mut Tx, id: DealId, org: OrgId) -> Result<Locked, Problem> {
    let locked = sqlx::query_as!(
        Locked,
        r#"SELECT id AS "id: DealId", vendor_id AS "vendor_id: OrgId", partner_id AS "partner_id: OrgId",
                  program_id AS "program_id: ProgramId", status AS "status: DealStatus", version,
                  stage_id AS "stage_id: StageId", stage_category AS "category: Category", stage_probability AS probability,
                  customer_domain IS NOT NULL AS "has_domain!", note IS NOT NULL AS "has_note!", amount > 0 AS "has_amount!",
                  EXISTS (SELECT FROM deal_contact c WHERE c.deal_id = deal.id) AS "has_contacts!"
           FROM deal WHERE id = $1 AND (vendor_id = $2 OR partner_id = $2) FOR NO KEY UPDATE"#,
        id.uuid(),
        org.uuid(),
    )
    .fetch_optional(&mut **tx)
    .await?;
    locked.ok_or_else(Problem::not_found)
}

/// Puts the deal into a stage; returns its new version.
pub(super) async fn put(
    tx: &mut Tx,
    deal: &Locked,
    stage: StageId,
    category: Option<Category>,
    probability: Option<i16>,
) -> Result<i64, Problem> {
    let at = tx.now();
    let version = sqlx::query_scalar!(
        "UPDATE deal SET stage_since = CASE WHEN stage_id = $3 THEN stage_since ELSE $6 END, stage_id = $3,
                stage_category = $4, stage_probability = $5, version = version + 1, updated_at = $6
         WHERE id = $1 AND version = $2 RETURNING version",
        deal.id.uuid(),
        deal.version,
        stage.uuid(),
        category.map(Category::as_str),
        probability,
        at,
    )
    .fetch_one(&mut **tx)
    .await?;
    Ok(version)
}

/// Where a stay in a stage ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
#[schema(as = StageOutcome)]
pub(in crate::pipeline) enum Outcome {
    /// In a later stage.
    Advanced,
    /// In an earlier stage.
    Returned,
    /// The customer bought.
    Won,
    /// The customer did not buy.
    Lost,
    /// The claim ended otherwise.
    Ended,
}

/// A deal's stay in a stage.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct StageVisit {
    /// The stage.
    pub(super) stage_id: StageId,
    /// Its name.
    #[schema(example = "Qualified")]
    pub(super) stage: String,
    /// From when.
    pub(super) entered_at: DateTime<Utc>,
    /// To when.
    pub(super) left_at: DateTime<Utc>,
    /// Where it went.
    pub(super) outcome: Outcome,
}

/// Where a deal stands in the pipeline, and where it has been.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct DealStages {
    /// The deal.
    pub(super) deal_id: DealId,
    /// The deal's version; the `ETag` is made of it.
    #[schema(example = 3)]
    pub(super) version: i64,
    /// The deal's status: it moves while it is approved.
    pub(super) status: DealStatus,
    /// The stage that it is in, or was in at the end; `null` before the approval.
    pub(super) stage_id: Option<StageId>,
    /// Its name.
    #[schema(example = "Proposal")]
    pub(super) stage: Option<String>,
    /// Since when.
    pub(super) since: Option<DateTime<Utc>>,
    /// What it counts as in the forecast: its own category, or its stage's.
    pub(super) category: Option<Category>,
    /// How probable it is that it is won, in per cent: its own, or its stage's.
    #[schema(example = 50)]
    pub(super) probability: Option<i16>,
    /// Its own category, when it has one.
    pub(super) own_category: Option<Category>,
    /// Its own probability, when it has one.
    pub(super) own_probability: Option<i16>,
    /// What has to be confirmed before it moves on.
    pub(super) criteria: Vec<String>,
    /// What it needs to have before it moves on.
    pub(super) required_fields: Vec<String>,
    /// Where it was before, the latest 200 stays, the latest first.
    #[schema(max_items = 200)]
    pub(super) history: Vec<StageVisit>,
}

/// Reads it for one of the deal's sides.
pub(super) async fn read(conn: &mut PgConnection, id: DealId, org: OrgId) -> Result<DealStages, Problem> {
    let row = sqlx::query!(
        r#"SELECT d.version, d.status AS "status: DealStatus", d.stage_id AS "stage_id: StageId", s.name AS "name?", d.stage_since,
                  s.category AS "category?: Category", s.probability AS "probability?", d.stage_category AS "own_category: Category",
                  d.stage_probability AS own_probability, s.criteria AS "criteria?", s.required_fields AS "fields?"
           FROM deal d LEFT JOIN pipeline_stage s ON s.id = d.stage_id
           WHERE d.id = $1 AND (d.vendor_id = $2 OR d.partner_id = $2)"#,
        id.uuid(),
        org.uuid(),
    )
    .fetch_optional(&mut *conn)
    .await?;
    let row = row.ok_or_else(Problem::not_found)?;
    let history = sqlx::query_as!(
        StageVisit,
        r#"SELECT v.stage_id AS "stage_id: StageId", s.name AS stage, v.entered_at, v.left_at, v.outcome AS "outcome: Outcome"
           FROM deal_stage_visit v JOIN pipeline_stage s ON s.id = v.stage_id
           WHERE v.deal_id = $1 ORDER BY v.no DESC LIMIT 200"#,
        id.uuid(),
    )
    .fetch_all(conn)
    .await?;
    Ok(DealStages {
        deal_id: id,
        version: row.version,
        status: row.status,
        stage_id: row.stage_id,
        stage: row.name,
        since: row.stage_since,
        category: row.own_category.or(row.category),
        probability: row.own_probability.or(row.probability),
        own_category: row.own_category,
        own_probability: row.own_probability,
        criteria: row.criteria.unwrap_or_default(),
        required_fields: row.fields.unwrap_or_default(),
        history,
    })
}
