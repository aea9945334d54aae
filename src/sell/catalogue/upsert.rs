//! Taking products over from elsewhere, by their sku.

use std::collections::HashMap;

use guildhall_kernel::{OrgId, ProductId};
use guildhall_spine::{
    db::Tx,
    event::{self, Origin},
    http::{Checks, FieldError, Problem},
};
use serde::{Deserialize, Serialize};

use super::ProductFacts;
use super::events::ProductsImported;

/// A product as another system has it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ProductRecord {
    /// The vendor's own number of it, by which it is known.
    pub sku: String,
    /// Its name.
    pub name: String,
    /// The family that it is of.
    pub family: Option<String>,
    /// What it is.
    pub description: Option<String>,
    /// What a quantity counts.
    pub unit: String,
    /// Whether it is sold to new customers.
    pub for_new_business: bool,
    /// Whether it is sold as a renewal.
    pub for_renewal: bool,
    /// Whether it is a service.
    pub is_service: bool,
}

/// What became of a product that was taken over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Upserted {
    /// There was none with its sku.
    Created(ProductId),
    /// The one with its sku was another.
    Changed(ProductId),
    /// The one with its sku was the same.
    Unchanged,
}

/// What is wrong with a product, with pointers into the record (`/sku`).
#[must_use]
pub fn check_product(record: &ProductRecord) -> Vec<FieldError> {
    let mut checks = Checks::default();
    ProductFacts {
        sku: record.sku.clone(),
        name: record.name.clone(),
        family: record.family.clone(),
        description: record.description.clone(),
        unit: record.unit.clone(),
        for_new_business: record.for_new_business,
        for_renewal: record.for_renewal,
        is_service: record.is_service,
    }
    .check(&mut checks);
    checks.faults().to_vec()
}

/// Adds or changes products of `vendor` by sku, as part of `tx`, with one event for all of them. A retired product is
/// changed and stays retired. The skus must differ and each record must have passed [`check_product`].
///
/// # Errors
/// When the database fails.
pub async fn upsert_products(
    tx: &mut Tx,
    origin: &Origin,
    vendor: OrgId,
    records: &[ProductRecord],
) -> Result<Vec<Upserted>, Problem> {
    let at = tx.now();
    let ids: Vec<ProductId> = records.iter().map(|_| tx.new_id()).collect();
    let text = |field: fn(&ProductRecord) -> &str| records.iter().map(|one| field(one).to_owned()).collect::<Vec<_>>();
    let flags = |field: fn(&ProductRecord) -> bool| records.iter().map(field).collect::<Vec<_>>();
    let written = sqlx::query!(
        r#"INSERT INTO product AS p (id, vendor_id, sku, name, family, description, unit, for_new_business, for_renewal,
                                     is_service, created_at, updated_at)
           SELECT r.id, $1, r.sku, r.name, nullif(r.family, ''), nullif(r.description, ''), r.unit, r.fresh, r.renewal,
                  r.service, $2, $2
           FROM unnest($3::uuid[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::bool[], $10::bool[],
                       $11::bool[]) AS r (id, sku, name, family, description, unit, fresh, renewal, service)
           ORDER BY r.sku
           ON CONFLICT ON CONSTRAINT product_sku DO UPDATE
           SET name = excluded.name, family = excluded.family, description = excluded.description,
               unit = excluded.unit, for_new_business = excluded.for_new_business,
               for_renewal = excluded.for_renewal, is_service = excluded.is_service, version = p.version + 1,
               updated_at = excluded.updated_at
           WHERE (p.name, p.family, p.description, p.unit, p.for_new_business, p.for_renewal, p.is_service)
                 IS DISTINCT FROM (excluded.name, excluded.family, excluded.description, excluded.unit,
                                   excluded.for_new_business, excluded.for_renewal, excluded.is_service)
           RETURNING id AS "id: ProductId", sku, version"#,
        vendor.uuid(),
        at,
        &ids.iter().map(|id| id.uuid()).collect::<Vec<_>>(),
        &text(|one| &one.sku),
        &text(|one| one.name.trim()),
        &text(|one| one.family.as_deref().unwrap_or_default()),
        &text(|one| one.description.as_deref().unwrap_or_default()),
        &text(|one| &one.unit),
        &flags(|one| one.for_new_business),
        &flags(|one| one.for_renewal),
        &flags(|one| one.is_service),
    )
    .fetch_all(&mut **tx)
    .await?;
    let written: HashMap<String, Upserted> = written
        .into_iter()
        .map(|row| {
            let done = match row.version {
                1 => Upserted::Created(row.id),
                _ => Upserted::Changed(row.id),
            };
            (row.sku, done)
        })
        .collect();
    announce(tx, origin, vendor, &written).await?;
    let of = |record: &ProductRecord| written.get(&record.sku).copied().unwrap_or(Upserted::Unchanged);
    Ok(records.iter().map(of).collect())
}

async fn announce(
    tx: &mut Tx,
    origin: &Origin,
    vendor: OrgId,
    written: &HashMap<String, Upserted>,
) -> Result<(), Problem> {
    let count = |wanted: fn(&Upserted) -> bool| written.values().filter(|one| wanted(one)).count();
    let imported = ProductsImported {
        vendor_id: vendor,
        created: count(|one| matches!(one, Upserted::Created(_))),
        changed: count(|one| matches!(one, Upserted::Changed(_))),
    };
    if !written.is_empty() {
        event::append(tx, origin, vendor, &[vendor.uuid()], &imported).await?;
    }
    Ok(())
}
