//! Reading and writing price lists.

use guildhall_kernel::{OrgId, PriceListId, ProgramId};
use guildhall_onboard::api::Tier;
use guildhall_spine::{db::Tx, http::Problem};
use sqlx::{PgConnection, PgPool, types::Json};
use uuid::Uuid;

use super::{ListFacts, PriceList, RegistrationDiscount};

/// A price list as the database has it.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) id: PriceListId,
    version: i64,
    name: String,
    currency: String,
    tier: Option<Tier>,
    program_id: Option<ProgramId>,
    valid_from: chrono::NaiveDate,
    valid_to: Option<chrono::NaiveDate>,
    discounts: Json<Vec<StoredDiscount>>,
    created_at: chrono::DateTime<chrono::Utc>,
    updated_at: chrono::DateTime<chrono::Utc>,
}

#[derive(Debug, serde::Deserialize)]
struct StoredDiscount {
    product_id: Option<Uuid>,
    family: Option<String>,
    tier: Option<Tier>,
    percent: rust_decimal::Decimal,
}

impl From<Row> for PriceList {
    fn from(row: Row) -> Self {
        let discounts = row.discounts.0.into_iter().map(|one| RegistrationDiscount {
            product_id: one.product_id.map(Into::into),
            family: one.family,
            tier: one.tier,
            percent: one.percent,
        });
        Self {
            id: row.id,
            version: row.version,
            name: row.name,
            currency: row.currency,
            tier: row.tier,
            program_id: row.program_id,
            valid_from: row.valid_from,
            valid_to: row.valid_to,
            discounts: discounts.collect(),
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

macro_rules! lists {
    ($tail:literal, $($argument:expr),+ $(,)?) => {
        sqlx::query_as!(
            Row,
            r#"SELECT id AS "id: PriceListId", version, name, currency, tier AS "tier: Tier",
                      program_id AS "program_id: ProgramId", valid_from, valid_to,
                      (SELECT coalesce(json_agg(json_build_object('product_id', d.product_id, 'family', d.family,
                                  'tier', d.tier, 'percent', d.percent::text) ORDER BY d.no), '[]')
                       FROM registration_discount d
                       WHERE d.price_list_id = l.id) AS "discounts!: Json<Vec<StoredDiscount>>",
                      created_at, updated_at
               FROM price_list l "# + $tail,
            $($argument),+
        )
    };
}

/// One page of a vendor's lists, by id.
pub(super) async fn page(db: &PgPool, vendor: OrgId, after: Option<Uuid>, limit: i64) -> Result<Vec<Row>, sqlx::Error> {
    lists!(
        "WHERE vendor_id = $1 AND ($2::uuid IS NULL OR id > $2) ORDER BY id LIMIT $3",
        vendor.uuid(),
        after,
        limit,
    )
    .fetch_all(db)
    .await
}

/// The list of `vendor` with this id.
pub(super) async fn find(conn: &mut PgConnection, vendor: OrgId, id: PriceListId) -> Result<PriceList, Problem> {
    let row = lists!("WHERE vendor_id = $1 AND id = $2", vendor.uuid(), id.uuid())
        .fetch_optional(conn)
        .await?;
    row.map(PriceList::from).ok_or_else(Problem::not_found)
}

/// Locks the list until the transaction ends.
pub(super) async fn lock(tx: &mut Tx, vendor: OrgId, id: PriceListId) -> Result<PriceList, Problem> {
    let row = lists!(
        "WHERE vendor_id = $1 AND id = $2 FOR NO KEY UPDATE OF l",
        vendor.uuid(),
        id.uuid()
    )
    .fetch_optional(&mut **tx)
    .await?;
    row.map(PriceList::from).ok_or_else(Problem::not_found)
}

/// Stores a new list.
pub(super) async fn insert(tx: &mut Tx, vendor: OrgId, facts: &ListFacts) -> Result<PriceListId, Problem> {
    let (id, at): (PriceListId, _) = (tx.new_id(), tx.now());
    sqlx::query!(
        "INSERT INTO price_list (id, vendor_id, name, currency, tier, program_id, valid_from, valid_to, created_at,
                                 updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9)",
        id.uuid(),
        vendor.uuid(),
        facts.name,
        facts.currency.code(),
        facts.tier.map(Tier::as_str),
        facts.program_id.map(ProgramId::uuid),
        facts.valid_from,
        facts.valid_to,
        at,
    )
    .execute(&mut **tx)
    .await
    .map_err(refused)?;
    Ok(id)
}

/// Changes a list's name and dates.
pub(super) async fn rewrite(tx: &mut Tx, id: PriceListId, facts: &ListFacts) -> Result<(), Problem> {
    let at = tx.now();
    sqlx::query!(
        "UPDATE price_list SET name = $2, valid_from = $3, valid_to = $4, version = version + 1, updated_at = $5
         WHERE id = $1",
        id.uuid(),
        facts.name,
        facts.valid_from,
        facts.valid_to,
        at,
    )
    .execute(&mut **tx)
    .await
    .map_err(refused)?;
    Ok(())
}

/// Raises the version after a change of what is in it.
pub(super) async fn touch(tx: &mut Tx, id: PriceListId) -> Result<(), Problem> {
    let at = tx.now();
    sqlx::query!(
        "UPDATE price_list SET version = version + 1, updated_at = $2 WHERE id = $1",
        id.uuid(),
        at
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

fn refused(error: sqlx::Error) -> Problem {
    match error.as_database_error().and_then(|fault| fault.constraint()) {
        Some("price_list_no_overlap") => {
            let message = "another list for the same currency, tier and program is valid on some of these days";
            Problem::field("/valid_from", "overlap", message)
        }
        Some("price_list_program") => {
            Problem::field("/program_id", "unknown_program", "must be a program of the vendor")
        }
        _ => error.into(),
    }
}
