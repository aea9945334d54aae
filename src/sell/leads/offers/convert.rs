use chrono::NaiveDate;
use guildhall_kernel::{Currency, DealId, OrgId, UserId};
use guildhall_spine::{
    access::Permission,
    db::Tx,
    event::Origin,
    http::{Checks, Command, IfMatch, Problem, Reply, Validate},
    timer,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::act;
use super::rows::{self as offers, Answer};
use super::timers::CONTACT;
use crate::deals::{
    draft::{CustomerDraft, LineDraft, Unchecked},
    register::{Registration, register},
    rows::Registrant,
    wire::DealContact,
};
use crate::leads::lead::{
    access::WorkedLead,
    events::{LeadConverted, announce},
    rows::{self, Change, Lead as Locked},
    stage::{Move, Stage},
    view::{self, Lead},
};

/// The deal that a lead becomes. What is left out is taken from the lead.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::leads) struct LeadConversion {
    /// Whom the deal is with; the lead's company when left out.
    #[serde(default)]
    customer: Option<CustomerDraft>,
    /// What is sold, 1 to 100 lines; the lead's product and amount when left out.
    #[serde(default)]
    #[schema(max_items = 100)]
    products: Option<Vec<LineDraft>>,
    /// ISO 4217; the lead's when left out.
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "EUR")]
    currency: Option<Currency>,
    /// When the customer is expected to sign: not in the past, at most three years ahead.
    expected_close: NaiveDate,
    /// What the vendor should know, 1 to 2000 characters.
    #[serde(default)]
    note: Option<String>,
    /// People at the customer, at most 20; the lead's person when left out.
    #[serde(default)]
    #[schema(max_items = 20)]
    contacts: Option<Vec<DealContact>>,
    /// Answers to the program's form, by key.
    #[serde(default)]
    #[schema(value_type = Object)]
    custom: serde_json::Map<String, serde_json::Value>,
}

/// The registration checks the fields.
impl Validate for LeadConversion {
    fn validate(&self, _: &mut Checks) {}
}

/// A lead that became a deal.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LeadConverted)]
pub(in crate::leads) struct Converted {
    /// The deal.
    deal_id: DealId,
    /// The lead.
    lead: Lead,
}

/// Convert a lead
///
/// Registers a deal as `POST /api/v1/deals` does, from what the lead says; the deal keeps where it came from. A lead is
/// converted once.
#[utoipa::path(post, path = "/api/v1/leads/{id}/convert", operation_id = "convertLead", tag = "leads",
    security(("bearer" = ["leads:work", "deals:submit"])),
    params(
        ("id" = String, Path, description = "the lead", example = "lead_01kaqv6r3gf5ht2x0m8c9ezw4n"),
        ("If-Match" = String, Header, description = "the ETag of the lead that was looked at", example = "\"v1\""),
        ("Idempotency-Key" = Option<String>, Header, description = "makes a repeated request safe", example = "0a5c1c1e-6d0a-4d7c-9a0e-2c9c7bb0f1d3"),
    ),
    request_body(content = LeadConversion, example = json!({
        "products": [{"name": "Edge gateway", "quantity": "40", "unit_amount": "349.50"}],
        "currency": "EUR", "expected_close": "2027-03-31"
    })),
    responses((status = 201, description = "the lead and its deal", body = Converted, headers(
        ("ETag" = String, description = "the lead's version"), ("Location" = String, description = "the deal's address")))))]
pub(in crate::leads) async fn convert_lead(
    WorkedLead(reached): WorkedLead,
    if_match: IfMatch,
    command: Command<LeadConversion>,
) -> Result<Reply, Problem> {
    reached.actor.require(Permission::DealSubmit)?;
    let (conversion, mut command) = command.take();
    let tx = &mut command.tx;
    let lead = act::lock(tx, &reached, &if_match, Move::Convert).await?;
    let (id, partner, by) = (lead.id, reached.org, (reached.org, reached.actor.user));
    let deal = convert(tx, &reached.actor.origin(), lead, by, conversion).await?;
    let view = view::reload(&mut **tx, id, partner).await?;
    let version = view.version;
    let body = Converted {
        deal_id: deal,
        lead: view.into_lead(reached.kind, reached.may()),
    };
    let reply = Reply::created(&format!("/api/v1/deals/{deal}"), &body)?.version(version);
    command.commit(reply).await
}

/// Makes a deal of a locked lead for the partner that has it.
pub(in crate::leads) async fn convert(
    tx: &mut Tx,
    origin: &Origin,
    mut lead: Locked,
    (partner, user): (OrgId, Option<UserId>),
    conversion: LeadConversion,
) -> Result<DealId, Problem> {
    let registration = Registration {
        by: Registrant {
            vendor: lead.vendor_id,
            partner,
            user,
        },
        deal: conversion.fill(&lead)?,
        lead: Some(lead.id),
    };
    let deal = register(tx, origin, registration).await?;
    offers::answer(tx, &lead, partner, (&["accepted"], "done"), &Answer::default()).await?;
    let change = Change {
        partner: Some(partner),
        deal: Some(deal),
        ..Change::to(Stage::Converted)
    };
    rows::advance(tx, &mut lead, &change).await?;
    timer::clear(tx, CONTACT, lead.id).await?;
    let mut facts = lead.facts_for(partner);
    facts.deal_id = Some(deal);
    announce::<LeadConverted>(tx, origin, facts).await?;
    Ok(deal)
}

impl LeadConversion {
    /// What the lead says, and this.
    pub(in crate::leads) fn by(expected_close: NaiveDate) -> Self {
        Self {
            customer: None,
            products: None,
            currency: None,
            expected_close,
            note: None,
            contacts: None,
            custom: serde_json::Map::new(),
        }
    }

    fn fill(self, lead: &Locked) -> Result<Unchecked, Problem> {
        let mut checks = Checks::default();
        let currency = self.currency.or_else(|| lead.money().map(|(_, currency)| currency));
        let products = self.products.or_else(|| line_of(lead).map(|line| vec![line]));
        checks.check(
            currency.is_some(),
            "/currency",
            "missing",
            "is needed: the lead says none",
        );
        checks.check(
            products.is_some(),
            "/products",
            "missing",
            "is needed: the lead names no product and amount",
        );
        let country = lead
            .country
            .clone()
            .or_else(|| self.customer.as_ref().map(|customer| customer.country.clone()));
        checks.check(
            country.is_some(),
            "/customer",
            "missing",
            "is needed: the lead names no country",
        );
        checks.done()?;
        let customer = self.customer.unwrap_or_else(|| CustomerDraft {
            name: lead.company_name.clone(),
            domain: lead.domain.clone(),
            country: country.unwrap_or_default(),
        });
        Ok(Unchecked {
            vendor: lead.vendor_id,
            customer,
            products: products.unwrap_or_default(),
            currency: currency.ok_or_else(|| Problem::field("/currency", "missing", "is needed"))?,
            expected_close: self.expected_close,
            note: self.note,
            contacts: self.contacts.unwrap_or_else(|| contact_of(lead).into_iter().collect()),
            custom: self.custom,
        })
    }
}

fn line_of(lead: &Locked) -> Option<LineDraft> {
    let (amount, _) = lead.money()?;
    Some(LineDraft {
        product_id: None,
        name: Some(lead.product.clone()?),
        quantity: "1".to_owned(),
        unit_amount: Some(amount.normalize().to_string()),
        fault: None,
    })
}

fn contact_of(lead: &Locked) -> Option<DealContact> {
    let email = lead.contact_email.clone()?;
    Some(DealContact {
        name: lead.contact_name.clone().unwrap_or_else(|| email.clone()),
        title: lead.contact_title.clone(),
        email,
        phone: lead.contact_phone.clone(),
    })
}
