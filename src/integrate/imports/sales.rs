//! Rows that are sales of one line each: invoices and activities that earnings are made of, known by their reference.

use async_trait::async_trait;
use chrono::{DateTime, NaiveDate, Utc};
use guildhall_incentivize::sales::{
    CheckedSale, DealType, Kind, LineDraft, SaleDraft, TakenIn, recorded_references, surroundings, take_in,
};
use guildhall_spine::{
    App,
    access::{OrgKind, Permission},
    db::Tx,
    http::{Checks, FieldError, Problem},
};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::kind::{ApplyFault, Cells, Claim, Fault, Field, Job, Ready, RowKind};

/// See the module.
pub(super) struct Sales;

const FIELDS: &[Field] = &[
    Field::needed("reference"),
    Field::needed("partner_id"),
    Field::needed("sold_on"),
    Field::needed("currency"),
    Field::needed("amount"),
    Field::may("kind"),
    Field::may("activity"),
    Field::may("sku"),
    Field::may("name"),
    Field::may("quantity"),
    Field::may("cost"),
    Field::may("paid_on"),
    Field::may("deal_id"),
    Field::may("deal_type"),
    Field::may("country"),
    Field::may("subscription"),
];

#[async_trait]
impl RowKind for Sales {
    fn name(&self) -> &'static str {
        "sales"
    }

    fn permission(&self, org: OrgKind) -> Option<Permission> {
        (org == OrgKind::Vendor).then_some(Permission::SaleManage)
    }

    fn fields(&self, _: OrgKind) -> &'static [Field] {
        FIELDS
    }

    fn parse(&self, _: &Job, cells: &Cells<'_>, now: DateTime<Utc>) -> Result<(Value, Option<Claim>), Vec<FieldError>> {
        let mut faults = Vec::new();
        let draft = read(cells, &mut faults);
        if let Some(draft) = &draft {
            let mut checks = Checks::default();
            draft.check(now.date_naive(), &mut checks);
            faults.extend(checks.faults().iter().map(of_row));
        }
        match draft {
            Some(draft) if faults.is_empty() => {
                let claim = Claim {
                    key: format!("{} {}", draft.kind.as_str(), draft.reference),
                    holder: String::new(),
                };
                Ok((serde_json::to_value(draft).unwrap_or_default(), Some(claim)))
            }
            _ => Err(faults),
        }
    }

    async fn check(&self, tx: &mut Tx, job: &Job, rows: Vec<Ready>) -> Result<(Vec<Ready>, Vec<Fault>), Problem> {
        let sales = checked(tx, &rows)?;
        let around = surroundings(tx, job.org, &sales).await?;
        let before = recorded_references(tx, job.org, &sales).await?;
        let (mut good, mut bad) = (Vec::new(), Vec::new());
        for (row, sale) in rows.into_iter().zip(sales) {
            let mut checks = Checks::default();
            sale.fits(&around, &mut checks);
            if before.contains(&sale.key()) {
                let message = "there is a sale of this kind with this reference";
                checks.refuse("/reference", "already_exists", message);
            }
            if checks.faults().is_empty() {
                good.push(row);
            } else {
                bad.extend(checks.faults().iter().map(|fault| Fault::of(row.no, &of_row(fault))));
            }
        }
        Ok((good, bad))
    }

    async fn apply(&self, _: &App, tx: &mut Tx, job: &Job, rows: &[Ready]) -> Result<(), ApplyFault> {
        let sales = checked(tx, rows)?;
        let around = surroundings(tx, job.org, &sales).await?;
        let taken = take_in(tx, &job.origin, job.org, &sales, &around).await?;
        match taken.contains(&TakenIn::Before) {
            true => Err(ApplyFault::Overtaken(
                "a sale with one of the references was recorded meanwhile",
            )),
            false => Ok(()),
        }
    }
}

/// A line's faults are the row's.
fn of_row(fault: &FieldError) -> FieldError {
    let pointer = fault.pointer.replacen("/lines/0", "", 1);
    FieldError {
        pointer: if pointer == "/lines" {
            "/amount".to_owned()
        } else {
            pointer
        },
        ..fault.clone()
    }
}

fn checked(tx: &Tx, rows: &[Ready]) -> Result<Vec<CheckedSale>, Problem> {
    let today = tx.now().date_naive();
    rows.iter()
        .map(|row| {
            let draft: SaleDraft = serde_json::from_value(row.data.clone()).map_err(Problem::internal)?;
            let sale = draft.check(today, &mut Checks::default());
            sale.ok_or_else(|| Problem::internal("a sale that was found good can't be read again"))
        })
        .collect()
}

/// The row as a sale; nothing when a cell can't be read at all.
fn read(cells: &Cells<'_>, faults: &mut Vec<FieldError>) -> Option<SaleDraft> {
    let partner = parsed(
        cells,
        faults,
        "partner_id",
        "must be a partner's id, like org_01kaqv6r3gf5ht2x0m8c9ezw4n",
    );
    let deal = parsed(
        cells,
        faults,
        "deal_id",
        "must be a deal's id, like deal_01kaqv6r3gf5ht2x0m8c9ezw4n",
    );
    let day = "must be a day, like 2026-11-20";
    let sold_on = parsed::<NaiveDate>(cells, faults, "sold_on", day);
    let paid_on = parsed::<NaiveDate>(cells, faults, "paid_on", day);
    let kind = parsed::<Kind>(cells, faults, "kind", "must be invoice or activity");
    let deal_type = parsed::<DealType>(cells, faults, "deal_type", "must be new, renewal or expansion");
    Some(SaleDraft {
        kind: kind.unwrap_or(Kind::Invoice),
        reference: cells.text("reference"),
        partner_id: partner?,
        deal_id: deal,
        currency: cells.text("currency"),
        sold_on: sold_on?,
        paid_on,
        deal_type,
        country: cells.owned("country"),
        activity: cells.owned("activity"),
        subscription: cells.owned("subscription"),
        lines: vec![LineDraft {
            product_id: None,
            sku: cells.owned("sku"),
            name: cells
                .owned("name")
                .or_else(|| cells.get("sku").is_none().then(|| cells.text("reference"))),
            quantity: cells.owned("quantity"),
            amount: cells.text("amount"),
            cost: cells.owned("cost"),
        }],
        parties: Vec::new(),
        facts: serde_json::Map::new(),
    })
}

fn parsed<T: DeserializeOwned>(
    cells: &Cells<'_>,
    faults: &mut Vec<FieldError>,
    field: &str,
    message: &str,
) -> Option<T> {
    let text = cells.get(field)?;
    let value = serde_json::from_value(Value::String(text.to_owned()));
    if value.is_err() {
        faults.push(FieldError {
            pointer: format!("/{field}"),
            code: "malformed",
            message: message.to_owned(),
        });
    }
    value.ok()
}
