//! Rows that are products of a vendor's catalogue, known by their sku.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use guildhall_sell::api::{ProductRecord, check_product, upsert_products};
use guildhall_spine::{
    App,
    access::{OrgKind, Permission},
    db::Tx,
    http::{FieldError, Problem},
};
use serde_json::Value;

use super::kind::{ApplyFault, Cells, Claim, Fault, Field, Job, Ready, RowKind};

/// See the module.
pub(super) struct Products;

const FIELDS: &[Field] = &[
    Field::needed("sku"),
    Field::needed("name"),
    Field::may("family"),
    Field::may("description"),
    Field::may("unit"),
    Field::may("for_new_business"),
    Field::may("for_renewal"),
    Field::may("is_service"),
];

#[async_trait]
impl RowKind for Products {
    fn name(&self) -> &'static str {
        "products"
    }

    fn permission(&self, org: OrgKind) -> Option<Permission> {
        (org == OrgKind::Vendor).then_some(Permission::CatalogueManage)
    }

    fn fields(&self, _: OrgKind) -> &'static [Field] {
        FIELDS
    }

    fn parse(&self, _: &Job, cells: &Cells<'_>, _: DateTime<Utc>) -> Result<(Value, Option<Claim>), Vec<FieldError>> {
        let mut faults = Vec::new();
        let mut flag = |field: &str, otherwise| {
            cells.get(field).map_or(otherwise, |text| {
                truth(text).unwrap_or_else(|| {
                    faults.push(FieldError {
                        pointer: format!("/{field}"),
                        code: "unknown",
                        message: "must be true or false (or yes, no, 1, 0)".to_owned(),
                    });
                    true
                })
            })
        };
        let record = ProductRecord {
            sku: cells.text("sku"),
            name: cells.text("name"),
            family: cells.owned("family"),
            description: cells.owned("description"),
            unit: cells.owned("unit").unwrap_or_else(|| "unit".to_owned()),
            for_new_business: flag("for_new_business", true),
            for_renewal: flag("for_renewal", true),
            is_service: flag("is_service", false),
        };
        faults.extend(check_product(&record));
        if !faults.is_empty() {
            return Err(faults);
        }
        let claim = Claim {
            key: record.sku.clone(),
            holder: String::new(),
        };
        Ok((serde_json::to_value(record).unwrap_or_default(), Some(claim)))
    }

    /// A sku that is there is changed, so that no row is wrong for what is there.
    async fn check(&self, _: &mut Tx, _: &Job, rows: Vec<Ready>) -> Result<(Vec<Ready>, Vec<Fault>), Problem> {
        Ok((rows, Vec::new()))
    }

    async fn apply(&self, _: &App, tx: &mut Tx, job: &Job, rows: &[Ready]) -> Result<(), ApplyFault> {
        let records: Result<Vec<ProductRecord>, _> = rows
            .iter()
            .map(|row| serde_json::from_value(row.data.clone()))
            .collect();
        let records = records.map_err(Problem::internal)?;
        upsert_products(tx, &job.origin, job.org, &records).await?;
        Ok(())
    }
}

fn truth(text: &str) -> Option<bool> {
    match text.to_lowercase().as_str() {
        "true" | "yes" | "1" => Some(true),
        "false" | "no" | "0" => Some(false),
        _ => None,
    }
}
