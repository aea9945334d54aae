//! Rows that are deal registrations from before this server: of a vendor's partners, or a partner's own.

mod fields;
mod read;

use std::collections::{HashMap, HashSet};

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use guildhall_kernel::{OrgId, ProgramId, parse_id_text};
use guildhall_onboard::api::{NamedPartner, PartnershipStatus, partners_named};
use guildhall_sell::api::{
    AddFault, BulkDeal, BulkSides, DealFormKey, DealStatus, add_deals, complete_deals, deal_form_keys,
    protected_elsewhere,
};
use guildhall_spine::{
    App,
    access::{OrgKind, Permission},
    db::Tx,
    http::{FieldError, Problem},
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    kind::{ApplyFault, Cells, Claim, FREE, Fault, Field, FreeField, Job, Ready, RowKind},
    quota,
};
use fields::{of, side};
use read::read;

/// See the module.
pub(super) struct Deals;

/// A row, and once it was looked up, whose it is.
#[derive(Serialize, Deserialize)]
struct Row {
    /// The other side: an id, a domain or a slug.
    other: String,
    sides: Option<(OrgId, ProgramId)>,
    deal: BulkDeal,
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
        of(org)
    }

    fn doubles(&self) -> bool {
        true
    }

    async fn free(&self, tx: &mut Tx, org: OrgId, kind: OrgKind) -> Result<Vec<FreeField>, Problem> {
        let keys = deal_form_keys(tx, org, kind).await?;
        let field = |key: DealFormKey| FreeField {
            name: format!("{FREE}{}", key.key),
            file: key.file,
        };
        Ok(keys.into_iter().map(field).collect())
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
        let (mut good, mut deals) = (Vec::with_capacity(parsed.len()), Vec::with_capacity(parsed.len()));
        for (mut ready, row) in parsed {
            let Some(other) = found.get(&row.other) else {
                faults.push(stranger(job.org_kind, ready.no));
                continue;
            };
            if let Some(fault) = standing_fault(job.org_kind, ready.no, other.status, row.deal.status) {
                faults.push(fault);
                continue;
            }
            if let Some(claim) = &mut ready.claim {
                claim.holder = other.org.to_string();
            }
            deals.push((sides(job, other.org, other.program), row.deal));
            good.push((ready, row.other, other.org));
        }
        for ((ready, ..), more) in good.iter().zip(complete_deals(tx, job.org_kind, &mut deals).await?) {
            faults.extend(more.iter().map(|fault| Fault::of(ready.no, fault)));
        }
        faults.extend(protected(tx, job, &good).await?);
        let bad: HashSet<i64> = faults.iter().map(|fault| fault.no).collect();
        let mut kept = Vec::with_capacity(good.len());
        for ((mut ready, other, org), (sides, deal)) in good.into_iter().zip(deals) {
            if bad.contains(&ready.no) {
                continue;
            }
            let row = Row {
                other,
                sides: Some((org, sides.program)),
                deal,
            };
            ready.data = serde_json::to_value(&row).map_err(Problem::internal)?;
            kept.push((ready, org));
        }
        let good = kept;
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
            deals.push((sides(job, other, program), row.deal));
        }
        let added = add_deals(tx, &job.origin, job.org_kind, &deals).await;
        added.map_err(|fault| match fault {
            AddFault::Protected => {
                ApplyFault::Overtaken("another partner got the approved registration for a customer")
            }
            AddFault::Form => ApplyFault::Overtaken("the registration form of a program has changed"),
            AddFault::Quota => ApplyFault::Overtaken("the program's terms allow no more open registrations"),
            AddFault::NoPartnership => ApplyFault::Overtaken("a partnership is not active any more"),
            AddFault::Problem(problem) => ApplyFault::Problem(problem),
        })
    }
}

const fn sides(job: &Job, other: OrgId, program: ProgramId) -> BulkSides {
    let (vendor, partner) = match job.org_kind {
        OrgKind::Vendor => (job.org, other),
        OrgKind::Partner => (other, job.org),
    };
    BulkSides {
        vendor,
        partner,
        program,
    }
}

/// Rows for customers that another partner holds.
async fn protected(tx: &mut Tx, job: &Job, rows: &[(Ready, String, OrgId)]) -> Result<Vec<Fault>, Problem> {
    let claim = |(ready, _, org): &(Ready, String, OrgId)| Some((ready.claim.as_ref()?.key.clone(), *org));
    let claims: Vec<(String, OrgId)> = rows.iter().filter_map(claim).collect();
    let held = protected_elsewhere(tx, job.org, &claims).await?;
    let is_held = |ready: &Ready| ready.claim.as_ref().is_some_and(|one| held.contains(&one.key));
    let bad = rows.iter().filter(|(ready, ..)| is_held(ready));
    Ok(bad
        .map(|(ready, ..)| Fault {
            no: ready.no,
            field: Some("customer_domain".to_owned()),
            code: "customer_protected".to_owned(),
            message: "another partner holds the approved registration for this customer".to_owned(),
        })
        .collect())
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

/// A partnership that has ended, or rests, is no ground for a registration. A vendor's history may have been with a partner
/// that is suspended by now, or that hasn't answered yet.
fn standing_fault(by: OrgKind, no: i64, standing: PartnershipStatus, deal: DealStatus) -> Option<Fault> {
    let history = matches!(deal, DealStatus::Won | DealStatus::Lost);
    let (code, message) = match (by, standing) {
        (_, PartnershipStatus::Ended) => ("partnership_ended", "the partnership has ended"),
        (OrgKind::Vendor, PartnershipStatus::Suspended) if history => return None,
        (_, PartnershipStatus::Suspended) => ("partnership_suspended", "the partnership is suspended"),
        (OrgKind::Partner, PartnershipStatus::Invited) => return Some(stranger(by, no)),
        (_, PartnershipStatus::Active) | (OrgKind::Vendor, PartnershipStatus::Invited) => return None,
    };
    Some(Fault {
        no,
        field: Some(side(by).to_owned()),
        code: code.to_owned(),
        message: message.to_owned(),
    })
}

/// The other sides that rows name.
async fn other_sides(tx: &mut Tx, job: &Job, rows: &[(Ready, Row)]) -> Result<HashMap<String, NamedPartner>, Problem> {
    let mut names: Vec<String> = rows.iter().map(|(_, row)| row.other.clone()).collect();
    names.sort_unstable();
    names.dedup();
    let found = partners_named(tx, job.org, job.org_kind, &names).await?;
    Ok(found.into_iter().map(|one| (one.name.clone(), one)).collect())
}
