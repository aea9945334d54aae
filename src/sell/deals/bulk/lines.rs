//! The lines of imported registrations, completed by the vendor's catalogue.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use guildhall_kernel::{Currency, DealId, OrgId, ProductId};
use guildhall_spine::{access::OrgKind, db::Tx, http::Problem};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{BulkDeal, BulkSides};
use crate::catalogue;
use crate::deals::draft::{Line, LineDraft, LineFault};

/// A line of a registration from before this server.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct BulkLine {
    no: usize,
    product: Option<String>,
    sku: Option<String>,
    quantity: Option<String>,
    unit_amount: Option<String>,
    product_id: Option<ProductId>,
    #[serde(skip)]
    fault: Option<LineFault>,
}

impl BulkLine {
    /// A line by the number in the names of its columns: the product in words, its sku in the vendor's catalogue, how many
    /// (one when left out), the price of one (as in the catalogue when left out beside a sku).
    #[must_use]
    pub fn new(no: usize, [product, sku, quantity, unit_amount]: [Option<String>; 4]) -> Self {
        Self {
            no,
            product,
            sku,
            quantity,
            unit_amount,
            product_id: None,
            fault: None,
        }
    }

    /// Whether all of it is known.
    pub(super) const fn is_complete(&self) -> bool {
        self.sku.is_none() || self.product_id.is_some()
    }

    /// As it would be sent. Until the catalogue was asked, something stands for what only it knows.
    pub(super) fn draft(&self) -> LineDraft {
        let waits = !self.is_complete() && self.fault.is_none();
        let or = |given: &Option<String>, until: &str| given.clone().or_else(|| waits.then(|| until.to_owned()));
        LineDraft {
            product_id: self.product_id,
            name: or(&self.product, "?"),
            quantity: self.quantity.clone().unwrap_or_else(|| "1".to_owned()),
            unit_amount: or(&self.unit_amount, "0"),
            fault: self.fault.clone(),
        }
    }

    /// The column of a field of the line, as a pointer.
    pub(super) fn column(&self, field: &str) -> String {
        let name = match field {
            "name" => "product",
            "product_id" => "sku",
            other => other,
        };
        match self.no {
            1 => format!("/{name}"),
            no => format!("/{name}_{no}"),
        }
    }
}

type Deals<'a> = &'a mut [(BulkSides, BulkDeal)];

/// Finds the products of lines with a sku, and the prices of those that say none.
pub(super) async fn fill(tx: &mut Tx, by: OrgKind, deals: Deals<'_>) -> Result<(), Problem> {
    name(tx, by, deals).await?;
    let mut unpriced: BTreeMap<(OrgId, OrgId, &'static str), Vec<&mut BulkLine>> = BTreeMap::new();
    for (sides, deal) in deals.iter_mut() {
        let Some(currency) = Currency::from_code(&deal.currency) else {
            continue;
        };
        let waiting = deal.lines.iter_mut();
        let waiting = waiting.filter(|line| line.product_id.is_some() && line.unit_amount.is_none());
        let of = unpriced
            .entry((sides.vendor, sides.partner, currency.code()))
            .or_default();
        of.extend(waiting);
    }
    for ((vendor, partner, currency), lines) in unpriced {
        let Some(currency) = Currency::from_code(currency).filter(|_| !lines.is_empty()) else {
            continue;
        };
        let mut drafts: Vec<LineDraft> = lines.iter().map(|line| line.draft()).collect();
        catalogue::fill(tx, catalogue::Buyer { vendor, partner }, currency, &mut drafts).await?;
        for (line, draft) in lines.into_iter().zip(drafts) {
            line.unit_amount = draft.unit_amount;
            // The product is there, so it is the price that isn't: it is retired, or the partner isn't active.
            line.fault = draft.fault.map(|fault| match fault.field {
                "product_id" => LineFault::no_price(currency),
                _ => fault,
            });
        }
    }
    Ok(())
}

/// Finds the products. A vendor's history may be of retired ones.
async fn name(tx: &mut Tx, by: OrgKind, deals: Deals<'_>) -> Result<(), sqlx::Error> {
    let mut wanted: BTreeMap<OrgId, BTreeSet<String>> = BTreeMap::new();
    for (sides, deal) in deals.iter() {
        let skus: Vec<String> = deal.lines.iter().filter_map(|line| line.sku.clone()).collect();
        if !skus.is_empty() {
            wanted.entry(sides.vendor).or_default().extend(skus);
        }
    }
    let mut found: HashMap<(OrgId, String), (ProductId, String)> = HashMap::new();
    for (vendor, skus) in wanted {
        let rows = sqlx::query!(
            r#"SELECT id AS "id: ProductId", sku, name FROM product
               WHERE vendor_id = $1 AND sku = ANY ($2) AND ($3 OR status = 'active')"#,
            vendor.uuid(),
            &skus.into_iter().collect::<Vec<_>>(),
            by == OrgKind::Vendor,
        )
        .fetch_all(&mut **tx)
        .await?;
        found.extend(rows.into_iter().map(|row| ((vendor, row.sku), (row.id, row.name))));
    }
    for (sides, deal) in deals.iter_mut() {
        for line in &mut deal.lines {
            let Some(sku) = line.sku.clone() else { continue };
            match found.get(&(sides.vendor, sku)) {
                Some((id, name)) => {
                    line.product_id = Some(*id);
                    line.product.get_or_insert_with(|| name.clone());
                }
                None => line.fault = Some(LineFault::unknown_product()),
            }
        }
    }
    Ok(())
}

/// Lines of many deals, column by column.
#[derive(Default)]
pub(super) struct Columns {
    deals: Vec<Uuid>,
    numbers: Vec<i16>,
    names: Vec<String>,
    products: Vec<Option<Uuid>>,
    quantities: Vec<Decimal>,
    unit_amounts: Vec<Decimal>,
    amounts: Vec<Decimal>,
}

impl Columns {
    pub(super) fn push(&mut self, deal: DealId, lines: Vec<Line>) {
        for (no, line) in (1..).zip(lines) {
            self.deals.push(deal.uuid());
            self.numbers.push(no);
            self.names.push(line.product);
            self.products.push(line.product_id.map(ProductId::uuid));
            self.quantities.push(line.quantity);
            self.unit_amounts.push(line.unit_amount);
            self.amounts.push(line.amount);
        }
    }
}

/// Stores them.
pub(super) async fn insert(tx: &mut Tx, columns: &Columns) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "INSERT INTO deal_line (deal_id, no, product, product_id, quantity, unit_amount, amount)
         SELECT * FROM unnest($1::uuid[], $2::smallint[], $3::text[], $4::uuid[], $5::numeric[], $6::numeric[], $7::numeric[])",
        &columns.deals,
        &columns.numbers,
        &columns.names,
        &columns.products as _,
        &columns.quantities,
        &columns.unit_amounts,
        &columns.amounts,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}
