//! Stored forms.

use chrono::{DateTime, Utc};
use guildhall_kernel::{DealFormId, DealId, OrgId, ProgramId, UserId};
use guildhall_spine::{
    access::OrgKind,
    db::{Db, Tx},
    http::Problem,
    identity::ActingFor,
};
use sqlx::{PgExecutor, types::Json};

use super::definition::{Field, Form};

/// A stored form with its id.
#[derive(Clone, Debug)]
pub(crate) struct StoredForm {
    pub(crate) id: DealFormId,
    pub(crate) form: Form,
}

struct StoredRow {
    id: DealFormId,
    fields: Json<Vec<Field>>,
}

impl From<StoredRow> for StoredForm {
    fn from(row: StoredRow) -> Self {
        Self {
            id: row.id,
            form: Form { fields: row.fields.0 },
        }
    }
}

/// The form that a registration in the program is checked by now; a form without fields is none.
///
/// # Errors
/// When the database fails.
pub(crate) async fn current(tx: &mut Tx, program: ProgramId) -> Result<Option<StoredForm>, sqlx::Error> {
    let row = sqlx::query_as!(
        StoredRow,
        r#"SELECT id AS "id: DealFormId", fields AS "fields: Json<Vec<Field>>"
           FROM deal_form WHERE program_id = $1 ORDER BY no DESC LIMIT 1"#,
        program.uuid(),
    )
    .fetch_optional(&mut **tx)
    .await?;
    Ok(row
        .map(StoredForm::from)
        .filter(|stored| !stored.form.fields.is_empty()))
}

/// The form that a deal was registered with.
///
/// # Errors
/// When the database fails.
pub(crate) async fn of_deal(tx: &mut Tx, deal: DealId) -> Result<Option<Form>, sqlx::Error> {
    let row = sqlx::query_as!(
        StoredRow,
        r#"SELECT f.id AS "id: DealFormId", f.fields AS "fields: Json<Vec<Field>>"
           FROM deal d JOIN deal_form f ON f.id = d.form_id WHERE d.id = $1"#,
        deal.uuid(),
    )
    .fetch_optional(&mut **tx)
    .await?;
    Ok(row.map(|row| Form { fields: row.fields.0 }))
}

/// A program with the latest version of its form.
#[derive(Debug)]
pub(super) struct ProgramForm {
    pub(super) program_id: ProgramId,
    pub(super) program_name: String,
    pub(super) vendor_id: OrgId,
    pub(super) vendor_name: String,
    pub(super) form_id: Option<DealFormId>,
    pub(super) no: Option<i32>,
    pub(super) fields: Option<Json<Vec<Field>>>,
    pub(super) published_at: Option<DateTime<Utc>>,
}

/// The program, if it is the vendor's or the partner stands in it.
pub(super) async fn of_program(
    db: impl PgExecutor<'_>,
    id: ProgramId,
    org: ActingFor,
) -> Result<Option<ProgramForm>, sqlx::Error> {
    sqlx::query_as!(
        ProgramForm,
        r#"SELECT p.id AS "program_id: ProgramId", p.name AS program_name, p.vendor_id AS "vendor_id: OrgId",
                  (SELECT name FROM organisation WHERE id = p.vendor_id) AS "vendor_name!",
                  f.id AS "form_id?: DealFormId", f.no AS "no?", f.fields AS "fields?: Json<Vec<Field>>",
                  f.created_at AS "published_at?"
           FROM program p
           LEFT JOIN LATERAL (SELECT id, no, fields, created_at FROM deal_form
                              WHERE program_id = p.id ORDER BY no DESC LIMIT 1) f ON true
           WHERE p.id = $1 AND (p.vendor_id = $2 OR EXISTS (
                     SELECT FROM partnership s WHERE s.vendor_id = p.vendor_id AND s.partner_id = $2
                     AND s.program_id = p.id AND s.status IN ('active', 'suspended')))"#,
        id.uuid(),
        org.id.uuid(),
    )
    .fetch_optional(db)
    .await
}

/// The form that a deal was registered with, for a side of the deal.
pub(super) async fn shown(db: &Db, deal: DealId, org: OrgId) -> Result<Option<ProgramForm>, sqlx::Error> {
    sqlx::query_as!(
        ProgramForm,
        r#"SELECT p.id AS "program_id: ProgramId", p.name AS program_name, p.vendor_id AS "vendor_id: OrgId",
                  (SELECT name FROM organisation WHERE id = p.vendor_id) AS "vendor_name!",
                  f.id AS "form_id?: DealFormId", f.no AS "no?", f.fields AS "fields?: Json<Vec<Field>>",
                  f.created_at AS "published_at?"
           FROM deal d JOIN program p ON p.id = d.program_id LEFT JOIN deal_form f ON f.id = d.form_id
           WHERE d.id = $1 AND (d.vendor_id = $2 OR d.partner_id = $2)"#,
        deal.uuid(),
        org.uuid(),
    )
    .fetch_optional(db.pool())
    .await
}

/// The programs of a vendor, or those that a partner stands in, by id.
pub(super) async fn page(
    db: &Db,
    org: ActingFor,
    after: Option<ProgramId>,
    limit: i64,
) -> Result<Vec<ProgramForm>, sqlx::Error> {
    let (vendor, partner) = match org.kind {
        OrgKind::Vendor => (Some(org.id.uuid()), None),
        OrgKind::Partner => (None, Some(org.id.uuid())),
    };
    sqlx::query_as!(
        ProgramForm,
        r#"SELECT p.id AS "program_id!: ProgramId", p.name AS "program_name!", p.vendor_id AS "vendor_id!: OrgId",
                  (SELECT name FROM organisation WHERE id = p.vendor_id) AS "vendor_name!",
                  f.id AS "form_id?: DealFormId", f.no AS "no?", f.fields AS "fields?: Json<Vec<Field>>",
                  f.created_at AS "published_at?"
           FROM (
               (SELECT id, name, vendor_id FROM program
                WHERE vendor_id = $1 AND ($3::uuid IS NULL OR id > $3) ORDER BY id LIMIT $4)
               UNION ALL
               (SELECT p.id, p.name, p.vendor_id FROM partnership s JOIN program p ON p.id = s.program_id
                WHERE s.partner_id = $2 AND s.status IN ('active', 'suspended') AND ($3::uuid IS NULL OR p.id > $3)
                ORDER BY p.id LIMIT $4)
           ) p
           LEFT JOIN LATERAL (SELECT id, no, fields, created_at FROM deal_form
                              WHERE program_id = p.id ORDER BY no DESC LIMIT 1) f ON true
           ORDER BY p.id LIMIT $4"#,
        vendor,
        partner,
        after.map(ProgramId::uuid),
        limit,
    )
    .fetch_all(db.pool())
    .await
}

/// Stores the next version of a program's form.
pub(super) async fn publish(
    tx: &mut Tx,
    program: &ProgramForm,
    by: Option<UserId>,
    form: &Form,
) -> Result<DealFormId, Problem> {
    let (id, at): (DealFormId, _) = (tx.new_id(), tx.now());
    let fields = serde_json::to_value(&form.fields).map_err(Problem::internal)?;
    sqlx::query!(
        "INSERT INTO deal_form (id, vendor_id, program_id, no, fields, published_by, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
        id.uuid(),
        program.vendor_id.uuid(),
        program.program_id.uuid(),
        program.no.unwrap_or(0) + 1,
        fields,
        by.map(UserId::uuid),
        at,
    )
    .execute(&mut **tx)
    .await?;
    Ok(id)
}

/// Lets the publications of one program go one after the other.
pub(super) async fn take_turns(tx: &mut Tx, program: ProgramId, vendor: OrgId) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "SELECT id FROM program WHERE id = $1 AND vendor_id = $2 FOR NO KEY UPDATE",
        program.uuid(),
        vendor.uuid(),
    )
    .fetch_optional(&mut **tx)
    .await?;
    Ok(())
}
