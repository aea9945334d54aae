//! Rows that are deal registrations from before this server: of a vendor's partners, or a partner's own.

use std::collections::HashMap;

use async_trait::async_trait;
use chrono::{DateTime, Datelike, NaiveDate, Utc};
use guildhall_kernel::{OrgId, ProgramId, parse_id_text};
use guildhall_onboard::api::{PartnershipStatus, partners_named};
use guildhall_sell::api::{AddFault, BulkDeal, BulkSides, CloseReason, DealStatus, add_deals, protected_elsewhere};
use guildhall_spine::{
    App,
    access::{OrgKind, Permission},
    db::Tx,
    http::{FieldError, Problem},
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{
    kind::{ApplyFault, Cells, Claim, Fault, Field, Job, Ready, RowKind},
    quota,
};

/// See the module.
pub(super) struct Deals;

const OF_VENDOR: &[Field] = &fields("partner");
const OF_PARTNER: &[Field] = &fields("vendor");

const fn fields(side: &'static str) -> [Field; 14] {
    [
        Field::needed(side),
        Field::needed("customer_name"),
        Field::needed("customer_country"),
        Field::may("customer_domain"),
        Field::needed("amount"),
        Field::needed("currency"),
        Field::needed("expected_close"),
        Field::may("status"),
        Field::may("closed_on"),
        Field::may("close_reason"),
        Field::may("product"),
        Field::may("note"),
        Field::may("contact_name"),
        Field::may("contact_email"),
    ]
}

/// A row, and once it was looked up, whose it is.
#[derive(Serialize, Deserialize)]
struct Row {
    /// The other side: an id, a domain or a slug.
    other: String,
    sides: Option<(OrgId, ProgramId)>,
    deal: BulkDeal,
}

const fn side(org: OrgKind) -> &'static str {
    match org {
        OrgKind::Vendor => "partner",
        OrgKind::Partner => "vendor",
    }
}

#[async_trait]
impl RowKind for Deals {
    fn name(&self) -> &'static str {
        "deals"
    }

    fn permission(&self, org: OrgKind) -> Option<Permission> {
        Some(match org {
            OrgKind::Vendor => Permission::DealDecide,
            OrgKind::Partner => Permission::DealSubmit,
        })
    }

    fn fields(&self, org: OrgKind) -> &'static [Field] {
        match org {
            OrgKind::Vendor => OF_VENDOR,
            OrgKind::Partner => OF_PARTNER,
        }
    }

    fn parse(
        &self,
        job: &Job,
        cells: &Cells<'_>,
        now: DateTime<Utc>,
    ) -> Result<(Value, Option<Claim>), Vec<FieldError>> {
        let mut faults = Vec::new();
        let deal = read(job.org_kind, cells, &mut faults);
        // Whose vendor it is matters for what is stored alone.
        let checked = deal.check(job.org, now.date_naive());
        match checked {
            Ok(domain) if faults.is_empty() => {
                let other = cells.text(side(job.org_kind));
                let other = match parse_id_text(&other) {
                    Some((prefix, uuid)) if prefix == "org" => uuid.to_string(),
                    _ => other.to_lowercase(),
                };
                let claim = domain.map(|key| Claim {
                    key,
                    holder: other.clone(),
                });
                let row = Row {
                    other,
                    sides: None,
                    deal,
                };
                Ok((serde_json::to_value(row).unwrap_or_default(), claim))
            }
            Ok(_) => Err(faults),
            Err(more) => {
                let known: Vec<String> = faults.iter().map(|fault| fault.pointer.clone()).collect();
                faults.extend(more.into_iter().filter(|fault| !known.contains(&fault.pointer)));
                Err(faults)
            }
        }
    }

    async fn check(&self, tx: &mut Tx, job: &Job, rows: Vec<Ready>) -> Result<(Vec<Ready>, Vec<Fault>), Problem> {
        let mut parsed = Vec::with_capacity(rows.len());
        for ready in rows {
            let row: Row = serde_json::from_value(ready.data.clone()).map_err(Problem::internal)?;
            parsed.push((ready, row));
        }
        let found = other_sides(tx, job, &parsed).await?;
        let mut faults = Vec::new();
        let mut good = Vec::with_capacity(parsed.len());
        for (mut ready, mut row) in parsed {
            let Some((org, program)) = found.get(&row.other) else {
                faults.push(stranger(job.org_kind, ready.no));
                continue;
            };
            row.sides = Some((*org, *program));
            if let Some(claim) = &mut ready.claim {
                claim.holder = org.to_string();
            }
            ready.data = serde_json::to_value(&row).map_err(Problem::internal)?;
            good.push((ready, *org));
        }
        let claims: Vec<(String, OrgId)> = good
            .iter()
            .filter_map(|(ready, org)| Some((ready.claim.as_ref()?.key.clone(), *org)))
            .collect();
        let protected = protected_elsewhere(tx, job.org, &claims).await?;
        let is_protected = |ready: &Ready| ready.claim.as_ref().is_some_and(|one| protected.contains(&one.key));
        let (bad, good): (Vec<_>, Vec<_>) = good.into_iter().partition(|(ready, _)| is_protected(ready));
        faults.extend(bad.into_iter().map(|(ready, _)| Fault {
            no: ready.no,
            field: Some("customer_domain".to_owned()),
            code: "customer_protected".to_owned(),
            message: "another partner holds the approved registration for this customer".to_owned(),
        }));
        if job.org_kind == OrgKind::Vendor {
            return Ok((good.into_iter().map(|(ready, _)| ready).collect(), faults));
        }
        let placed = quota::place(tx, job, good).await?;
        faults.extend(placed.faults);
        faults.extend(placed.strangers.into_iter().map(|no| stranger(job.org_kind, no)));
        Ok((placed.good, faults))
    }

    async fn apply(&self, _: &App, tx: &mut Tx, job: &Job, rows: &[Ready]) -> Result<(), ApplyFault> {
        let mut deals = Vec::with_capacity(rows.len());
        for ready in rows {
            let row: Row = serde_json::from_value(ready.data.clone()).map_err(Problem::internal)?;
            let Some((other, program)) = row.sides else { continue };
            let (vendor, partner) = match job.org_kind {
                OrgKind::Vendor => (job.org, other),
                OrgKind::Partner => (other, job.org),
            };
            let sides = BulkSides {
                vendor,
                partner,
                program,
            };
            deals.push((sides, row.deal));
        }
        let added = add_deals(tx, &job.origin, job.org_kind, &deals).await;
        added.map_err(|fault| match fault {
            AddFault::Protected => {
                ApplyFault::Overtaken("another partner got the approved registration for a customer")
            }
            AddFault::Quota => ApplyFault::Overtaken("the program's terms allow no more open registrations"),
            AddFault::NoPartnership => ApplyFault::Overtaken("a partnership is not active any more"),
            AddFault::Problem(problem) => ApplyFault::Problem(problem),
        })
    }
}

fn stranger(org: OrgKind, no: i64) -> Fault {
    let message = match org {
        OrgKind::Vendor => "is no partner in the program: write its id, its domain or its short name",
        OrgKind::Partner => {
            "is no vendor with whom there is an active partnership: write its id, its domain or its short name"
        }
    };
    Fault {
        no,
        field: Some(side(org).to_owned()),
        code: "not_found".to_owned(),
        message: message.to_owned(),
    }
}

/// The other sides that rows name. A partner registers with a vendor whom it works with at present; a vendor's history may
/// be of a partner that hasn't answered yet.
async fn other_sides(
    tx: &mut Tx,
    job: &Job,
    rows: &[(Ready, Row)],
) -> Result<HashMap<String, (OrgId, ProgramId)>, Problem> {
    let mut names: Vec<String> = rows.iter().map(|(_, row)| row.other.clone()).collect();
    names.sort_unstable();
    names.dedup();
    let found = partners_named(tx, job.org, job.org_kind, &names).await?;
    Ok(found
        .into_iter()
        .filter(|(_, _, _, status)| job.org_kind == OrgKind::Vendor || *status == PartnershipStatus::Active)
        .map(|(name, org, program, _)| (name, (org, program)))
        .collect())
}

/// A day as it is written. Beyond these years it is a slip, and the database may not hold it.
fn plausible(text: &str) -> Option<NaiveDate> {
    let date = text.parse::<NaiveDate>().ok();
    date.filter(|date| (1970..2200).contains(&date.year()))
}

fn read(org: OrgKind, cells: &Cells<'_>, faults: &mut Vec<FieldError>) -> BulkDeal {
    let mut refuse = |field: &str, code, message: String| {
        faults.push(FieldError {
            pointer: format!("/{field}"),
            code,
            message,
        });
    };
    let mut date = |field: &str| {
        let text = cells.get(field)?;
        let date = plausible(text);
        if date.is_none() {
            refuse(field, "date", "must be a date like 2026-11-23".to_owned());
        }
        date
    };
    let (expected_close, closed_on) = (date("expected_close"), date("closed_on"));
    let taken: &[DealStatus] = match org {
        OrgKind::Vendor => &[
            DealStatus::Submitted,
            DealStatus::Approved,
            DealStatus::Won,
            DealStatus::Lost,
        ],
        OrgKind::Partner => &[DealStatus::Submitted],
    };
    let status = match cells.get("status") {
        None => DealStatus::Submitted,
        Some(text) => taken
            .iter()
            .copied()
            .find(|status| status.as_str() == text.to_lowercase())
            .unwrap_or_else(|| {
                let names: Vec<&str> = taken.iter().map(|status| status.as_str()).collect();
                refuse("status", "unknown", format!("must be {}", names.join(", ")));
                DealStatus::Submitted
            }),
    };
    let close_reason = cells.get("close_reason").and_then(|text| {
        let reason = serde_json::from_value::<CloseReason>(json!(text.to_lowercase()));
        if reason.is_err() {
            let message = "must be price, product, competitor, timing, budget, no_decision, relationship or other";
            refuse("close_reason", "unknown", message.to_owned());
        }
        reason.ok()
    });
    BulkDeal {
        customer_name: cells.text("customer_name"),
        customer_domain: cells.owned("customer_domain"),
        customer_country: cells.text("customer_country"),
        currency: cells.text("currency"),
        amount: cells.text("amount"),
        product: cells.owned("product"),
        expected_close: expected_close.unwrap_or_default(),
        status,
        closed_on,
        close_reason,
        note: cells.owned("note"),
        contact_name: cells.owned("contact_name"),
        contact_email: cells.owned("contact_email"),
    }
}
