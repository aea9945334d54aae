//! Reading and writing products.

use guildhall_kernel::{OrgId, ProductId};
use guildhall_spine::{
    db::Tx,
    http::{Problem, code},
};
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

use super::{Product, ProductFacts, ProductStatus};

macro_rules! product {
    ($query:literal, $($argument:expr),+ $(,)?) => {
        sqlx::query_as!(
            Product,
            $query
                + r#" id AS "id: ProductId", version, vendor_id AS "vendor_id: OrgId", sku, name, family, description,
                      unit, for_new_business, for_renewal, is_service, status AS "status: ProductStatus", created_at,
                      updated_at"#,
            $($argument),+
        )
    };
}

macro_rules! selected {
    ($tail:literal, $($argument:expr),+ $(,)?) => {
        sqlx::query_as!(
            Product,
            r#"SELECT id AS "id: ProductId", version, vendor_id AS "vendor_id: OrgId", sku, name, family, description,
                      unit, for_new_business, for_renewal, is_service, status AS "status: ProductStatus", created_at,
                      updated_at
               FROM product "# + $tail,
            $($argument),+
        )
    };
}

/// The product, whosever it is.
pub(super) async fn find(conn: &mut PgConnection, id: ProductId) -> Result<Option<Product>, sqlx::Error> {
    selected!("WHERE id = $1", id.uuid()).fetch_optional(conn).await
}

/// Locks a product of `vendor` until the transaction ends.
pub(super) async fn lock(tx: &mut Tx, vendor: OrgId, id: ProductId) -> Result<Product, Problem> {
    selected!(
        "WHERE vendor_id = $1 AND id = $2 FOR NO KEY UPDATE",
        vendor.uuid(),
        id.uuid()
    )
    .fetch_optional(&mut **tx)
    .await?
    .ok_or_else(Problem::not_found)
}

/// Stores a new product.
pub(super) async fn insert(tx: &mut Tx, vendor: OrgId, facts: &ProductFacts) -> Result<Product, Problem> {
    let (id, at): (ProductId, _) = (tx.new_id(), tx.now());
    product!(
        "INSERT INTO product (id, vendor_id, sku, name, family, description, unit, for_new_business, for_renewal,
                              is_service, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $11)
         RETURNING",
        id.uuid(),
        vendor.uuid(),
        facts.sku,
        facts.name,
        facts.family,
        facts.description,
        facts.unit,
        facts.for_new_business,
        facts.for_renewal,
        facts.is_service,
        at,
    )
    .fetch_one(&mut **tx)
    .await
    .map_err(taken)
}

/// Puts `facts` in the place of what the product was.
pub(super) async fn rewrite(tx: &mut Tx, id: ProductId, facts: &ProductFacts) -> Result<Product, Problem> {
    let at = tx.now();
    product!(
        "UPDATE product SET sku = $2, name = $3, family = $4, description = $5, unit = $6, for_new_business = $7,
                for_renewal = $8, is_service = $9, version = version + 1, updated_at = $10
         WHERE id = $1
         RETURNING",
        id.uuid(),
        facts.sku,
        facts.name,
        facts.family,
        facts.description,
        facts.unit,
        facts.for_new_business,
        facts.for_renewal,
        facts.is_service,
        at,
    )
    .fetch_one(&mut **tx)
    .await
    .map_err(taken)
}

/// Gives the product another status.
pub(super) async fn set_status(tx: &mut Tx, id: ProductId, status: ProductStatus) -> Result<Product, Problem> {
    let at = tx.now();
    let product = product!(
        "UPDATE product SET status = $2, version = version + 1, updated_at = $3 WHERE id = $1 RETURNING",
        id.uuid(),
        status.as_str(),
        at,
    );
    Ok(product.fetch_one(&mut **tx).await?)
}

fn taken(error: sqlx::Error) -> Problem {
    let constraint = error.as_database_error().and_then(|fault| fault.constraint());
    if constraint == Some("product_sku") {
        let detail = "Another product has this sku: choose another one, or change that product.";
        return Problem::new(code::ALREADY_EXISTS, detail);
    }
    error.into()
}

/// Which products, from where on.
#[derive(Debug)]
pub(super) struct Wanted<'a> {
    pub(super) vendor: OrgId,
    pub(super) status: Option<ProductStatus>,
    pub(super) family: Option<&'a str>,
    pub(super) sku: Option<&'a str>,
    /// How the name begins, in any case.
    pub(super) begins: &'a str,
    /// The name and id of the last product of the page before.
    pub(super) after: Option<(String, Uuid)>,
    pub(super) limit: i64,
}

/// One page of products by name: a range of `product_list`, or of the index that a filter has.
pub(super) async fn page(db: &PgPool, wanted: &Wanted<'_>) -> Result<Vec<Product>, sqlx::Error> {
    let (name, id) = wanted.after.clone().unzip();
    selected!(
        "WHERE vendor_id = $1 AND ($2::text IS NULL OR status = $2) AND ($3::text IS NULL OR family = $3)
           AND ($4::text IS NULL OR sku = $4) AND name_key >= lower($5) AND name_key < lower($5) || chr(1114111)
           AND ($6::text IS NULL OR (name_key, id) > (lower($6), $7::uuid))
         ORDER BY name_key, id LIMIT $8",
        wanted.vendor.uuid(),
        wanted.status.map(ProductStatus::as_str),
        wanted.family,
        wanted.sku,
        wanted.begins,
        name,
        id,
        wanted.limit,
    )
    .fetch_all(db)
    .await
}
