//! Stages in the database. Whoever changes the order holds the program, so that orders don't mix.

use guildhall_kernel::{OrgId, ProgramId, StageId};
use guildhall_spine::{db::Tx, http::Problem};
use sqlx::PgExecutor;

use super::{Field, Stage};
use crate::pipeline::Category;

/// A stage as it is stored.
#[derive(Debug)]
struct Stored {
    id: StageId,
    version: i64,
    program_id: ProgramId,
    name: String,
    position: i32,
    probability: i16,
    category: Category,
    criteria: Vec<String>,
    required_fields: Vec<String>,
    retired_at: Option<chrono::DateTime<chrono::Utc>>,
}

impl From<Stored> for Stage {
    fn from(row: Stored) -> Self {
        Self {
            id: row.id,
            version: row.version,
            program_id: row.program_id,
            name: row.name,
            position: row.position,
            probability: row.probability,
            category: row.category,
            criteria: row.criteria,
            required_fields: Field::of(&row.required_fields),
            retired_at: row.retired_at,
        }
    }
}

/// The stages of a program in their order; retired ones follow.
pub(in crate::pipeline) async fn of_program(
    db: impl PgExecutor<'_>,
    vendor: OrgId,
    program: ProgramId,
) -> Result<Vec<Stage>, sqlx::Error> {
    let rows = sqlx::query_as!(
        Stored,
        r#"SELECT id AS "id: StageId", version, program_id AS "program_id: ProgramId", name, position, probability,
                  category AS "category: Category", criteria, required_fields, retired_at
           FROM pipeline_stage WHERE vendor_id = $1 AND program_id = $2
           ORDER BY retired_at IS NOT NULL, position, id"#,
        vendor.uuid(),
        program.uuid(),
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(Stage::from).collect())
}

/// One stage of a vendor's.
pub(super) async fn find(db: impl PgExecutor<'_>, vendor: OrgId, id: StageId) -> Result<Option<Stage>, sqlx::Error> {
    let row = sqlx::query_as!(
        Stored,
        r#"SELECT id AS "id: StageId", version, program_id AS "program_id: ProgramId", name, position, probability,
                  category AS "category: Category", criteria, required_fields, retired_at
           FROM pipeline_stage WHERE id = $1 AND vendor_id = $2"#,
        id.uuid(),
        vendor.uuid(),
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(Stage::from))
}

/// Holds a vendor's program until the transaction ends; false when it has none with this id.
pub(super) async fn hold(tx: &mut Tx, vendor: OrgId, program: ProgramId) -> Result<bool, sqlx::Error> {
    let held = sqlx::query!(
        "SELECT id FROM program WHERE id = $1 AND vendor_id = $2 FOR NO KEY UPDATE",
        program.uuid(),
        vendor.uuid(),
    )
    .fetch_optional(&mut **tx)
    .await?;
    Ok(held.is_some())
}

/// Stores a stage that is new.
pub(super) async fn insert(tx: &mut Tx, vendor: OrgId, stage: &Stage) -> Result<(), Problem> {
    let at = tx.now();
    sqlx::query!(
        "INSERT INTO pipeline_stage (id, vendor_id, program_id, name, position, probability, category, criteria,
                                     required_fields, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10)",
        stage.id.uuid(),
        vendor.uuid(),
        stage.program_id.uuid(),
        stage.name,
        stage.position,
        stage.probability,
        stage.category.as_str(),
        &stage.criteria,
        &names(&stage.required_fields),
        at,
    )
    .execute(&mut **tx)
    .await
    .map_err(taken)?;
    Ok(())
}

/// Stores what a stage is now, at its next version.
pub(super) async fn update(tx: &mut Tx, stage: &mut Stage) -> Result<(), Problem> {
    let at = tx.now();
    stage.version = sqlx::query_scalar!(
        "UPDATE pipeline_stage SET name = $3, position = $4, probability = $5, category = $6, criteria = $7,
                required_fields = $8, retired_at = $9, version = version + 1, updated_at = $10
         WHERE id = $1 AND version = $2 RETURNING version",
        stage.id.uuid(),
        stage.version,
        stage.name,
        stage.position,
        stage.probability,
        stage.category.as_str(),
        &stage.criteria,
        &names(&stage.required_fields),
        stage.retired_at,
        at,
    )
    .fetch_one(&mut **tx)
    .await
    .map_err(taken)?;
    Ok(())
}

fn names(fields: &[Field]) -> Vec<String> {
    fields.iter().map(|field| field.as_str().to_owned()).collect()
}

fn taken(error: sqlx::Error) -> Problem {
    let constraint = error.as_database_error().and_then(|fault| fault.constraint());
    if constraint == Some("pipeline_stage_name") {
        return Problem::field("/name", "taken", "is the name of another stage of the program");
    }
    error.into()
}
