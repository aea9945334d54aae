//! Many registrations at once, from before this server: they come as they stood elsewhere, decided or closed, and are
//! looked at for conflicts afterwards.

mod look;
mod standing;

use chrono::{DateTime, NaiveDate, Utc};
use guildhall_kernel::{Currency, DealId, OrgId, ProgramId};
use guildhall_spine::{
    access::OrgKind,
    db::Tx,
    event::{self, Batched, Origin},
    http::{FieldError, Problem},
};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use uuid::Uuid;

use self::standing::Standings;
use super::draft::{CustomerDraft, Draft, LineDraft, Unchecked};
use super::events::{DealFacts, DealImported};
use super::state::DealStatus;
use super::wire::{CloseReason, DealContact, in_currency};

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
    /// The sum, a decimal number.
    pub amount: String,
    /// What was sold.
    pub product: Option<String>,
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
        match self.draft(vendor) {
            Ok(draft) if faults.is_empty() => {
                let approved = self.status == DealStatus::Approved;
                return Ok(draft
                    .domain
                    .filter(|_| approved)
                    .map(|domain| domain.as_str().to_owned()));
            }
            Ok(_) => {}
            Err(problem) => faults.extend(problem.errors().iter().map(by_field)),
        }
        Err(faults)
    }

    fn draft(&self, vendor: OrgId) -> Result<Draft, Problem> {
        let Some(currency) = Currency::from_code(&self.currency) else {
            return Err(Problem::field(
                "/currency",
                "unknown",
                "must be a currency (ISO 4217), like EUR",
            ));
        };
        let contact = self.contact_name.is_some() || self.contact_email.is_some();
        let contact = contact.then(|| DealContact {
            name: self.contact_name.clone().unwrap_or_default(),
            title: None,
            email: self.contact_email.clone().unwrap_or_default(),
            phone: None,
        });
        let line = LineDraft {
            name: Some(self.product.clone().unwrap_or_else(|| "Imported".to_owned())),
            quantity: "1".to_owned(),
            unit_amount: Some(self.amount.clone()),
            ..LineDraft::default()
        };
        let unchecked = Unchecked {
            vendor,
            customer: CustomerDraft {
                name: self.customer_name.clone(),
                domain: self.customer_domain.clone(),
                country: self.customer_country.clone(),
            },
            products: vec![line],
            currency,
            expected_close: self.expected_close,
            note: self.note.clone(),
            contacts: contact.into_iter().collect(),
            custom: serde_json::Map::new(),
        };
        unchecked.check(None, None)
    }
}

fn by_field(fault: &FieldError) -> FieldError {
    let name = FIELDS.iter().find(|(pointer, _)| *pointer == fault.pointer);
    FieldError {
        pointer: name.map_or_else(|| fault.pointer.clone(), |(_, name)| (*name).to_owned()),
        ..fault.clone()
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

#[derive(Default)]
struct Columns {
    ids: Vec<Uuid>,
    vendors: Vec<Uuid>,
    partners: Vec<Uuid>,
    programs: Vec<Uuid>,
    statuses: Vec<String>,
    names: Vec<String>,
    name_keys: Vec<String>,
    keys: Vec<String>,
    domains: Vec<String>,
    countries: Vec<String>,
    currencies: Vec<String>,
    amounts: Vec<Decimal>,
    closes: Vec<NaiveDate>,
    notes: Vec<String>,
    closed: Vec<String>,
    reasons: Vec<String>,
    protected: Vec<Option<DateTime<Utc>>>,
    due: Vec<Option<DateTime<Utc>>>,
    products: Vec<String>,
    contact_deals: Vec<Uuid>,
    contact_vendors: Vec<Uuid>,
    contact_names: Vec<String>,
    contact_emails: Vec<String>,
    contact_keys: Vec<String>,
}

/// Stores checked registrations as part of `tx`, and announces each to both sides. Approved ones are protected by the
/// terms of their program from now on. What a partner brings itself is a registration like any other: it counts for the
/// partner's limit, has its clock and is routed to those who approve.
///
/// # Errors
/// [`AddFault::Protected`] when two partners would hold one customer, [`AddFault::Quota`] and [`AddFault::NoPartnership`]
/// for a partner's own, or when the database fails.
pub async fn add_deals(
    tx: &mut Tx,
    origin: &Origin,
    by: OrgKind,
    deals: &[(BulkSides, BulkDeal)],
) -> Result<(), AddFault> {
    let standings = Standings::of(tx, by, deals).await?;
    let (mut columns, mut placed) = (Columns::default(), Vec::with_capacity(deals.len()));
    let mut events = Vec::with_capacity(deals.len());
    for (sides, deal) in deals {
        let standing = standings.get(*sides).ok_or(AddFault::NoPartnership)?;
        let id: DealId = tx.new_id();
        let deadlines = standing.deadlines(tx.now(), by, deal.status);
        let draft = deal.draft(sides.vendor).map_err(AddFault::Problem)?;
        events.push(Batched {
            subject: id.into(),
            audiences: vec![sides.vendor.uuid(), sides.partner.uuid()],
            event: DealImported(facts(id, *sides, deal, &draft)),
        });
        columns.push(id, *sides, deal, draft);
        columns.programs.push(standing.program.uuid());
        columns.protected.push(deadlines.protected_until);
        columns.due.push(deadlines.due_at);
        placed.push((id, *sides, deadlines));
    }
    insert(tx, &columns).await.map_err(AddFault::of)?;
    insert_parts(tx, &columns).await.map_err(AddFault::of)?;
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

impl Columns {
    fn push(&mut self, id: DealId, sides: BulkSides, deal: &BulkDeal, draft: Draft) {
        let keys = if deal.status.is_live() {
            draft.keys.to_stored()
        } else {
            Vec::new()
        };
        let keys: Vec<String> = keys.iter().map(i64::to_string).collect();
        self.ids.push(id.uuid());
        self.vendors.push(sides.vendor.uuid());
        self.partners.push(sides.partner.uuid());
        self.statuses.push(deal.status.as_str().to_owned());
        self.names.push(draft.name);
        self.name_keys.push(draft.key.as_str().to_owned());
        self.keys.push(format!("{{{}}}", keys.join(",")));
        self.domains.push(
            draft
                .domain
                .map(|domain| domain.as_str().to_owned())
                .unwrap_or_default(),
        );
        self.countries.push(draft.country);
        self.currencies.push(draft.currency.code().to_owned());
        self.amounts.push(draft.amount);
        self.closes.push(draft.expected_close);
        self.notes.push(draft.note.unwrap_or_default());
        self.closed
            .push(deal.closed_on.map(|day| day.to_string()).unwrap_or_default());
        self.reasons.push(
            deal.close_reason
                .map(|reason| reason.as_str().to_owned())
                .unwrap_or_default(),
        );
        self.products
            .extend(draft.lines.into_iter().take(1).map(|line| line.product));
        for (contact, key) in draft.contacts {
            self.contact_deals.push(id.uuid());
            self.contact_vendors.push(sides.vendor.uuid());
            self.contact_names.push(contact.name);
            self.contact_emails.push(contact.email);
            self.contact_keys.push(key.as_str().to_owned());
        }
    }
}

async fn insert(tx: &mut Tx, columns: &Columns) -> Result<(), sqlx::Error> {
    let now = tx.now();
    sqlx::query!(
        "INSERT INTO deal (id, vendor_id, partner_id, program_id, status, customer_name, customer_key, customer_keys,
                           customer_domain, customer_country, currency, amount, expected_close, note, closed_on,
                           close_reason, protected_until, progress_at, decision_due_at, decided_at, created_at,
                           updated_at)
         SELECT n.id, n.vendor_id, n.partner_id, n.program_id, n.status, n.name, n.name_key, n.keys::bigint[],
                nullif(n.domain, ''),
                n.country, n.currency, n.amount, n.close, nullif(n.note, ''),
                nullif(n.closed_on, '')::date, nullif(n.reason, ''),
                n.protected_until, CASE WHEN n.protected_until IS NOT NULL THEN $1::timestamptz END, n.due_at,
                CASE WHEN n.status <> 'submitted' THEN $1::timestamptz END, $1, $1
         FROM unnest($2::uuid[], $3::uuid[], $4::uuid[], $5::uuid[], $6::text[], $7::text[], $8::text[], $9::text[],
                     $10::text[], $11::text[], $12::text[], $13::numeric[], $14::date[], $15::text[], $16::text[],
                     $17::text[], $18::timestamptz[], $19::timestamptz[])
              n (id, vendor_id, partner_id, program_id, status, name, name_key, keys, domain, country, currency, amount,
                 close, note, closed_on, reason, protected_until, due_at)",
        now,
        &columns.ids,
        &columns.vendors,
        &columns.partners,
        &columns.programs,
        &columns.statuses,
        &columns.names,
        &columns.name_keys,
        &columns.keys,
        &columns.domains,
        &columns.countries,
        &columns.currencies,
        &columns.amounts,
        &columns.closes,
        &columns.notes,
        &columns.closed,
        &columns.reasons,
        &columns.protected as _,
        &columns.due as _,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

async fn insert_parts(tx: &mut Tx, columns: &Columns) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "INSERT INTO deal_line (deal_id, no, product, quantity, unit_amount, amount)
         SELECT n.id, 1, n.product, 1, n.amount, n.amount
         FROM unnest($1::uuid[], $2::text[], $3::numeric[]) n (id, product, amount)",
        &columns.ids,
        &columns.products,
        &columns.amounts,
    )
    .execute(&mut **tx)
    .await?;
    sqlx::query!(
        "INSERT INTO deal_contact (deal_id, no, vendor_id, name, email, email_key)
         SELECT n.id, 1, n.vendor_id, n.name, n.email, n.email_key
         FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[]) n (id, vendor_id, name, email, email_key)",
        &columns.contact_deals,
        &columns.contact_vendors,
        &columns.contact_names,
        &columns.contact_emails,
        &columns.contact_keys,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}
