//! Rows that are leads: companies that show interest in a vendor's products.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use guildhall_kernel::Currency;
use guildhall_sell::api::{LeadCompanyDraft, LeadContact, LeadDraft, LeadIntake, LeadSource, take_in_leads};
use guildhall_spine::{
    App,
    access::{OrgKind, Permission},
    db::Tx,
    http::{FieldError, Problem},
};
use serde_json::Value;

use super::kind::{ApplyFault, Cells, Claim, Fault, Field, Job, Ready, RowKind};

/// See the module.
pub(super) struct Leads;

const FIELDS: &[Field] = &[
    Field::needed("company_name"),
    Field::may("company_domain"),
    Field::may("company_country"),
    Field::may("industry"),
    Field::may("employees"),
    Field::may("contact_name"),
    Field::may("contact_title"),
    Field::may("contact_email"),
    Field::may("contact_phone"),
    Field::may("product"),
    Field::may("amount"),
    Field::may("currency"),
    Field::may("message"),
    Field::may("campaign"),
    Field::may("reference"),
];

/// What the row calls what the draft calls otherwise.
const NAMES: [(&str, &str); 9] = [
    ("/company/name", "/company_name"),
    ("/company/domain", "/company_domain"),
    ("/company/country", "/company_country"),
    ("/company/industry", "/industry"),
    ("/company/employees", "/employees"),
    ("/contact/name", "/contact_name"),
    ("/contact/title", "/contact_title"),
    ("/contact/email", "/contact_email"),
    ("/contact/phone", "/contact_phone"),
];

#[async_trait]
impl RowKind for Leads {
    fn name(&self) -> &'static str {
        "leads"
    }

    fn permission(&self, org: OrgKind) -> Option<Permission> {
        (org == OrgKind::Vendor).then_some(Permission::LeadManage)
    }

    fn fields(&self, _: OrgKind) -> &'static [Field] {
        FIELDS
    }

    fn parse(&self, job: &Job, cells: &Cells<'_>, _: DateTime<Utc>) -> Result<(Value, Option<Claim>), Vec<FieldError>> {
        let mut faults = Vec::new();
        let draft = read(cells, &mut faults);
        for mut fault in draft.faults(job.org) {
            let name = NAMES.iter().find(|(pointer, _)| *pointer == fault.pointer);
            if let Some((_, name)) = name {
                fault.pointer = (*name).to_owned();
            }
            if !faults.iter().any(|known| known.pointer == fault.pointer) {
                faults.push(fault);
            }
        }
        if faults.is_empty() {
            Ok((serde_json::to_value(draft).unwrap_or_default(), None))
        } else {
            Err(faults)
        }
    }

    /// A company that is known already makes a lead a sign of interest, which is no fault.
    async fn check(&self, _: &mut Tx, _: &Job, rows: Vec<Ready>) -> Result<(Vec<Ready>, Vec<Fault>), Problem> {
        Ok((rows, Vec::new()))
    }

    async fn apply(&self, _: &App, tx: &mut Tx, job: &Job, rows: &[Ready]) -> Result<(), ApplyFault> {
        let drafts: Result<Vec<LeadDraft>, _> = rows
            .iter()
            .map(|row| serde_json::from_value(row.data.clone()))
            .collect();
        let drafts = drafts.map_err(Problem::internal)?;
        let answers = take_in_leads(tx, &job.origin, job.org, drafts, &LeadIntake::default()).await?;
        let refused = answers.into_iter().find_map(Result::err);
        match refused {
            None => Ok(()),
            Some(faults) => Err(ApplyFault::Problem(Problem::internal(format!(
                "a lead that was found good was refused: {faults:?}"
            )))),
        }
    }
}

fn read(cells: &Cells<'_>, faults: &mut Vec<FieldError>) -> LeadDraft {
    let mut refuse = |field: &str, code, message: &str| {
        faults.push(FieldError {
            pointer: format!("/{field}"),
            code,
            message: message.to_owned(),
        });
    };
    let employees = cells.get("employees").and_then(|text| {
        let number = text.parse::<i32>();
        if number.is_err() {
            refuse("employees", "number", "must be a whole number like 250");
        }
        number.ok()
    });
    let currency = cells.get("currency").and_then(|text| {
        let currency = Currency::from_code(text);
        if currency.is_none() {
            refuse("currency", "unknown", "must be a currency (ISO 4217), like EUR");
        }
        currency
    });
    LeadDraft {
        company: LeadCompanyDraft {
            name: cells.text("company_name"),
            domain: cells.owned("company_domain"),
            country: cells.owned("company_country"),
            industry: cells.owned("industry"),
            employees,
        },
        contact: Some(LeadContact {
            name: cells.owned("contact_name"),
            title: cells.owned("contact_title"),
            email: cells.owned("contact_email"),
            phone: cells.owned("contact_phone"),
        }),
        product: cells.owned("product"),
        amount: cells.owned("amount"),
        currency,
        message: cells.owned("message"),
        source: LeadSource::Import,
        campaign: cells.owned("campaign"),
        reference: cells.owned("reference"),
    }
}
