//! Many registrations at once, from before this server: they come as they stood elsewhere, decided or closed, and are
//! looked at for conflicts afterwards.

mod answers;
mod lines;
mod look;
mod standing;
mod store;

use std::collections::BTreeMap;

use chrono::NaiveDate;
use guildhall_kernel::{Currency, DealId, OrgId, ProgramId, parse_decimal};
use guildhall_spine::{
    access::OrgKind,
    db::Tx,
    event::{self, Batched, Origin},
    http::{FieldError, Problem},
};
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use uuid::Uuid;

use self::answers::{Form, Forms};
use self::standing::Standings;
use self::store::Columns;
use super::draft::{CustomerDraft, Draft, LineDraft, Unchecked};
use super::events::{DealFacts, DealImported};
use super::state::DealStatus;
use super::wire::{CloseReason, DealContact, in_currency};

pub use self::answers::{FormKey, form_keys};
pub use self::lines::BulkLine;
pub(crate) use self::look::ImportedDeals;
pub use self::standing::rooms;

/// A registration from before this server.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct BulkDeal {
    /// The customer's legal name.
    pub customer_name: String,
    /// The customer's domain.
    pub customer_domain: Option<String>,
    /// Where the customer is, ISO 3166-1 alpha-2.
    pub customer_country: String,
    /// ISO 4217.
    pub currency: String,
    /// The sum, a decimal number; empty when the lines say it.
    pub amount: String,
    /// What was sold, when it is one thing.
    pub product: Option<String>,
    /// What was sold, when more is known of it: each line with its quantity and price.
    #[serde(default)]
    pub lines: Vec<BulkLine>,
    /// When the customer was expected to sign.
    pub expected_close: NaiveDate,
    /// Where it stands: submitted, approved, won or lost.
    pub status: DealStatus,
    /// When the customer bought, or said no.
    pub closed_on: Option<NaiveDate>,
    /// Why.
    pub close_reason: Option<CloseReason>,
    /// A note.
    pub note: Option<String>,
    /// Somebody at the customer.
    pub contact_name: Option<String>,
    /// Their address.
    pub contact_email: Option<String>,
    /// What it answers to the form of its program, by key, as text.
    #[serde(default)]
    pub answers: BTreeMap<String, String>,
}

/// Whose registration it is, and where.
#[derive(Clone, Copy, Debug)]
pub struct BulkSides {
    /// Whose products.
    pub vendor: OrgId,
    /// Who claims the customer.
    pub partner: OrgId,
    /// The program.
    pub program: ProgramId,
}

/// What the row is called in which the field is.
const FIELDS: [(&str, &str); 10] = [
    ("/customer/name", "/customer_name"),
    ("/customer/domain", "/customer_domain"),
    ("/customer/country", "/customer_country"),
    ("/products/0/name", "/product"),
    ("/products/0/quantity", "/amount"),
    ("/products/0/unit_amount", "/amount"),
    ("/products", "/amount"),
    ("/contacts/0/name", "/contact_name"),
    ("/contacts/0/email", "/contact_email"),
    ("/contacts", "/contact_email"),
];

impl BulkDeal {
    /// The domain that an approved registration protects, in its canonical form.
    ///
    /// # Errors
    /// Every field at fault, by its name.
    pub fn check(&self, vendor: OrgId, today: NaiveDate) -> Result<Option<String>, Vec<FieldError>> {
        let mut faults = Vec::new();
        let mut refuse = |pointer: &str, code, message: &str| {
            faults.push(FieldError {
                pointer: pointer.to_owned(),
                code,
                message: message.to_owned(),
            });
        };
        let closed = matches!(self.status, DealStatus::Won | DealStatus::Lost);
        match self.closed_on {
            None if closed => refuse("/closed_on", "missing", "is needed for a deal that is won or lost"),
            Some(_) if !closed => refuse("/closed_on", "status", "is for a deal that is won or lost"),
            Some(day) if day > today => refuse("/closed_on", "future", "must not be in the future"),
            _ => {}
        }
        if self.close_reason.is_some() && !closed {
            refuse("/close_reason", "status", "is for a deal that is won or lost");
        }
        match self.draft(vendor, None) {
            Ok(draft) if faults.is_empty() => {
                let approved = self.status == DealStatus::Approved;
                return Ok(draft
                    .domain
                    .filter(|_| approved)
                    .map(|domain| domain.as_str().to_owned()));
            }
            Ok(_) => {}
            Err(more) => faults.extend(more),
        }
        Err(faults)
    }

    /// The answers are left out of it, unless there is a form to check them by.
    fn draft(&self, vendor: OrgId, form: Option<&Form>) -> Result<Draft, Vec<FieldError>> {
        let Some(currency) = Currency::from_code(&self.currency) else {
            let message = "must be a currency (ISO 4217), like EUR";
            return Err(Problem::field("/currency", "unknown", message).errors().to_vec());
        };
        if self.amount.is_empty() && self.lines.is_empty() {
            let message = "is needed, unless there are lines with their prices";
            return Err(Problem::field("/amount", "missing", message).errors().to_vec());
        }
        let contact = self.contact_name.is_some() || self.contact_email.is_some();
        let contact = contact.then(|| DealContact {
            name: self.contact_name.clone().unwrap_or_default(),
            title: None,
            email: self.contact_email.clone().unwrap_or_default(),
            phone: None,
        });
        let unchecked = Unchecked {
            vendor,
            customer: CustomerDraft {
                name: self.customer_name.clone(),
                domain: self.customer_domain.clone(),
                country: self.customer_country.clone(),
            },
            products: self.line_drafts(),
            currency,
            expected_close: self.expected_close,
            note: self.note.clone(),
            contacts: contact.into_iter().collect(),
            custom: form.map(|form| form.read(&self.answers)).unwrap_or_default(),
        };
        let draft = unchecked.check(None, form.and_then(Form::asks));
        let files = form.map(|form| form.files_given(&self.answers)).unwrap_or_default();
        match draft {
            Ok(draft) if files.is_empty() => self.check_sum(draft),
            Ok(_) => Err(files),
            Err(problem) => {
                let of_form = |fault| form.and_then(|form| form.name(fault));
                let errors = problem.errors().iter();
                let named = errors.map(|fault| of_form(fault).unwrap_or_else(|| self.by_field(fault)));
                let others = named.filter(|fault| files.iter().all(|file| file.pointer != fault.pointer));
                Err(others.chain(files.clone()).collect())
            }
        }
    }

    fn line_drafts(&self) -> Vec<LineDraft> {
        if !self.lines.is_empty() {
            return self.lines.iter().map(BulkLine::draft).collect();
        }
        vec![LineDraft {
            name: Some(self.product.clone().unwrap_or_else(|| "Imported".to_owned())),
            quantity: "1".to_owned(),
            unit_amount: Some(self.amount.clone()),
            ..LineDraft::default()
        }]
    }

    /// An amount beside lines is their sum.
    fn check_sum(&self, draft: Draft) -> Result<Draft, Vec<FieldError>> {
        let said = parse_decimal(&self.amount).ok();
        let known = !self.amount.is_empty() && self.lines.iter().all(BulkLine::is_complete);
        if self.lines.is_empty() || !known || said == Some(draft.amount) {
            return Ok(draft);
        }
        let message = format!(
            "must be the sum of the lines, {}, or left out",
            draft.amount.normalize()
        );
        Err(Problem::field("/amount", "sum", message).errors().to_vec())
    }

    fn by_field(&self, fault: &FieldError) -> FieldError {
        let of_line = self.lines.iter().enumerate().find_map(|(place, line)| {
            let field = fault.pointer.strip_prefix(&format!("/products/{place}/"))?;
            Some(line.column(field))
        });
        let name = FIELDS.iter().find(|(pointer, _)| *pointer == fault.pointer);
        let name = || name.map_or_else(|| fault.pointer.clone(), |(_, name)| (*name).to_owned());
        FieldError {
            pointer: of_line.unwrap_or_else(name),
            ..fault.clone()
        }
    }
}

/// Of approved registrations, each a domain and the partner that would hold it: the domains that another partner holds.
///
/// # Errors
/// When the database fails.
pub async fn protected_elsewhere(
    conn: &mut PgConnection,
    vendor: OrgId,
    claims: &[(String, OrgId)],
) -> Result<Vec<String>, sqlx::Error> {
    let domains: Vec<String> = claims.iter().map(|(domain, _)| domain.clone()).collect();
    let partners: Vec<Uuid> = claims.iter().map(|(_, partner)| partner.uuid()).collect();
    sqlx::query_scalar!(
        r#"SELECT DISTINCT c.domain AS "domain!" FROM unnest($2::text[], $3::uuid[]) c (domain, partner)
           JOIN deal d ON d.vendor_id = $1 AND d.customer_domain = c.domain AND d.status = 'approved'
                      AND d.partner_id <> c.partner"#,
        vendor.uuid(),
        &domains,
        &partners
    )
    .fetch_all(conn)
    .await
}

/// Completes registrations that are good otherwise by the vendor's catalogue, and says what is wrong with them then and by
/// the forms of their programs, in their order. A required answer that is missing is a fault; only files, which a cell
/// can't hold, are not asked of a vendor's history.
///
/// # Errors
/// When the database fails.
pub async fn complete(
    tx: &mut Tx,
    by: OrgKind,
    deals: &mut [(BulkSides, BulkDeal)],
) -> Result<Vec<Vec<FieldError>>, Problem> {
    lines::fill(tx, by, deals).await?;
    let programs = deals.iter().map(|(sides, _)| sides.program).collect();
    let forms = Forms::of(tx, by, programs).await?;
    let faults = |(sides, deal): &(BulkSides, BulkDeal)| {
        let form = forms.of_program(sides.program);
        if form.asks().is_none() && deal.answers.is_empty() && deal.lines.is_empty() {
            return Vec::new();
        }
        deal.draft(sides.vendor, Some(form)).err().unwrap_or_default()
    };
    Ok(deals.iter().map(faults).collect())
}

/// Stores checked registrations as part of `tx`, and announces each to both sides. Approved ones are protected by the
/// terms of their program from now on. What a partner brings itself is a registration like any other: it counts for the
/// partner's limit, has its clock and is routed to those who approve.
///
/// # Errors
/// [`AddFault::Protected`] when two partners would hold one customer, [`AddFault::Form`] when a program's form asks for
/// something else than it did, [`AddFault::Quota`] and [`AddFault::NoPartnership`] for a partner's own, or when the database
/// fails.
pub async fn add_deals(
    tx: &mut Tx,
    origin: &Origin,
    by: OrgKind,
    deals: &[(BulkSides, BulkDeal)],
) -> Result<(), AddFault> {
    let standings = Standings::of(tx, by, deals).await?;
    let forms = Forms::of(tx, by, standings.programs()).await?;
    let (mut columns, mut placed) = (Columns::default(), Vec::with_capacity(deals.len()));
    let mut events = Vec::with_capacity(deals.len());
    for (sides, deal) in deals {
        let standing = standings.get(*sides).ok_or(AddFault::NoPartnership)?;
        let id: DealId = tx.new_id();
        let deadlines = standing.deadlines(tx.now(), by, deal.status);
        let form = forms.of_program(standing.program);
        let draft = deal.draft(sides.vendor, Some(form)).map_err(|_| AddFault::Form)?;
        events.push(Batched {
            subject: id.into(),
            audiences: vec![sides.vendor.uuid(), sides.partner.uuid()],
            event: DealImported(facts(id, *sides, deal, &draft)),
        });
        columns.push(id, *sides, deal, draft);
        columns.programs.push(standing.program.uuid());
        columns.forms.push(form.id());
        columns.protected.push(deadlines.protected_until);
        columns.due.push(deadlines.due_at);
        placed.push((id, *sides, deadlines));
    }
    store::insert(tx, &columns).await.map_err(AddFault::of)?;
    event::append_all(tx, origin, &events)
        .await
        .map_err(AddFault::Problem)?;
    standings.watch(tx, &placed).await?;
    if by == OrgKind::Partner {
        standings.refuse_excess(tx).await?;
        standings.send_round(tx, origin, &placed).await?;
    }
    Ok(())
}

/// Why deals could not be stored.
#[derive(Debug, thiserror::Error)]
pub enum AddFault {
    /// Another partner has got the approved registration for one of the customers meanwhile.
    #[error("another partner holds the approved registration for one of the customers")]
    Protected,
    /// The form of one of the programs has changed meanwhile, and a deal no longer answers it.
    #[error("the registration form of one of the programs has changed")]
    Form,
    /// The partner would have more registrations open than its terms allow.
    #[error("the partner has as many open registrations as its terms allow")]
    Quota,
    /// The partner has no active partnership with one of the vendors any more.
    #[error("the partner has no active partnership with one of the vendors")]
    NoPartnership,
    /// Something else.
    #[error("{0}")]
    Problem(Problem),
}

impl From<Problem> for AddFault {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem)
    }
}

impl From<sqlx::Error> for AddFault {
    fn from(error: sqlx::Error) -> Self {
        Self::Problem(error.into())
    }
}

impl AddFault {
    fn of(error: sqlx::Error) -> Self {
        let constraint = error.as_database_error().and_then(|fault| fault.constraint());
        if constraint == Some("deal_customer_protected") {
            Self::Protected
        } else {
            Self::Problem(error.into())
        }
    }
}

fn facts(id: DealId, sides: BulkSides, deal: &BulkDeal, draft: &Draft) -> DealFacts {
    let currency = draft.currency.code();
    DealFacts {
        deal_id: id,
        vendor_id: sides.vendor,
        partner_id: sides.partner,
        customer_name: draft.name.clone(),
        status: deal.status,
        amount: in_currency(draft.amount, currency).to_string(),
        currency: currency.to_owned(),
        version: 1,
        note: None,
        reason: None,
        closed_on: deal.closed_on,
        close_reason: deal.close_reason,
        rule: None,
        ended_because: None,
        appeal_id: None,
        changed: Vec::new(),
    }
}
