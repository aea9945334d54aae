use chrono::NaiveDate;
use guildhall_kernel::{Currency, Patch};
use guildhall_spine::http::{Checks, Command, IfMatch, Problem, Reply, Validate};
use serde::Deserialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::access::{EditableDeal, Reached};
use super::decide;
use super::draft::{Draft, LineDraft, Unchecked};
use super::events::{DealChanged, DealFacts, DealResubmitted, publish};
use super::find_conflicts::Claim;
use super::found::Found;
use super::history::{self, Entry};
use super::resubmit;
use super::rows::{self, Locked};
use super::state::{DealStatus, IllegalMove, Move, apply};
use super::stored;
use super::wire::{Deal, DealContact};
use crate::attachments::attach_answers;
use crate::catalogue::{self, Buyer};
use crate::forms;

/// What to change of a deal; what is left out stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct DealPatch {
    /// The customer.
    #[serde(default)]
    #[schema(value_type = CustomerPatch)]
    customer: Patch<CustomerPatch>,
    /// All lines, 1 to 100.
    #[serde(default)]
    #[schema(value_type = Vec<LineDraft>, min_items = 1, max_items = 100)]
    products: Patch<Vec<LineDraft>>,
    /// ISO 4217.
    #[serde(default)]
    #[schema(value_type = String, example = "EUR")]
    currency: Patch<Currency>,
    /// Not in the past, at most three years ahead.
    #[serde(default)]
    #[schema(value_type = NaiveDate)]
    expected_close: Patch<NaiveDate>,
    /// 1 to 2000 characters; `null` clears it.
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "The customer has asked for a second site.")]
    note: Patch<String>,
    /// All contacts, at most 20; `[]` leaves none.
    #[serde(default)]
    #[schema(value_type = Vec<DealContact>, max_items = 20)]
    contacts: Patch<Vec<DealContact>>,
    /// Answers to the deal's form, by key: those that are left out stay, `null` clears one.
    #[serde(default)]
    #[schema(value_type = Object)]
    custom: Patch<Map<String, Value>>,
}

/// What to change of the customer.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = DealCustomerPatch)]
pub(super) struct CustomerPatch {
    /// The legal name.
    #[serde(default)]
    #[schema(value_type = String, example = "Contoso Robotics GmbH")]
    name: Patch<String>,
    /// The domain; `null` clears it.
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "contoso.example")]
    domain: Patch<String>,
    /// ISO 3166-1 alpha-2.
    #[serde(default)]
    #[schema(value_type = String, example = "DE")]
    country: Patch<String>,
}

/// Beyond this, the handler checks the whole that the change makes of the deal.
impl Validate for DealPatch {
    fn validate(&self, checks: &mut Checks) {
        checks.kept("/customer", &self.customer);
        if let Patch::Value(customer) = &self.customer {
            checks.kept("/customer/name", &customer.name);
            checks.kept("/customer/country", &customer.country);
        }
        checks.kept("/products", &self.products);
        checks.kept("/currency", &self.currency);
        checks.kept("/expected_close", &self.expected_close);
        checks.kept("/contacts", &self.contacts);
        checks.kept("/custom", &self.custom);
    }
}

impl DealPatch {
    fn over(self, mut deal: Unchecked) -> Unchecked {
        if let Patch::Value(customer) = self.customer {
            deal.customer.name = customer.name.or(deal.customer.name);
            deal.customer.domain = customer.domain.over(deal.customer.domain);
            deal.customer.country = customer.country.or(deal.customer.country);
        }
        deal.products = self.products.or(deal.products);
        deal.currency = self.currency.or(deal.currency);
        deal.expected_close = self.expected_close.or(deal.expected_close);
        deal.note = self.note.over(deal.note);
        deal.contacts = self.contacts.or(deal.contacts);
        if let Patch::Value(answers) = self.custom {
            deal.custom.extend(answers);
        }
        deal
    }
}

/// The status after a change: what needed information is submitted again, what is decided stays as it is.
fn changed(status: DealStatus) -> Result<DealStatus, IllegalMove> {
    match status {
        DealStatus::Submitted => Ok(DealStatus::Submitted),
        other => apply(other, Move::Resubmit),
    }
}

/// Change a deal
///
/// The partner changes a deal that the vendor has not decided on. A deal that needs information is submitted again by
/// it, with or without a change. Conflicts are looked for again. A request that changes nothing of a submitted deal
/// leaves the version as it is.
#[utoipa::path(patch, path = "/api/v1/deals/{id}", operation_id = "changeDeal", tag = "deals",
    security(("bearer" = ["deals:submit"])),
    params(
        ("id" = String, Path, description = "the deal", example = "deal_01kaqv6r3gf5ht2x0m8c9ezw4n"),
        ("If-Match" = String, Header, description = "the ETag of the deal that the change is meant for", example = "\"v1\""),
        ("Idempotency-Key" = Option<String>, Header, description = "makes a repeated request safe", example = "0a5c1c1e-6d0a-4d7c-9a0e-2c9c7bb0f1d3"),
    ),
    request_body(content = DealPatch, example = json!({"expected_close": "2027-06-30", "note": null,
        "products": [{"name": "Edge gateway", "quantity": "40", "unit_amount": "349.50"}]})),
    responses((status = 200, description = "the deal as changed", body = Deal, headers(("ETag" = String, description = "its version")))))]
pub(super) async fn change_deal(
    EditableDeal(reached): EditableDeal,
    if_match: IfMatch,
    command: Command<DealPatch>,
) -> Result<Reply, Problem> {
    let (patch, mut command) = command.take();
    let tx = &mut command.tx;
    resubmit::take_turn(tx, reached.id).await?;
    let deal = rows::lock(tx, reached.id, reached.org)
        .await?
        .ok_or_else(Problem::not_found)?;
    if_match.check(deal.version)?;
    let status = changed(deal.status).map_err(|fault| decide::unchangeable(fault, &reached))?;
    decide::refuse_inactive(
        tx,
        &deal,
        "Ask the vendor to reactivate the partnership. The deal can still be withdrawn.",
    )
    .await?;
    let today = matches!(patch.expected_close, Patch::Value(_)).then(|| tx.now().date_naive());
    let stored = stored::as_sent(tx, &deal).await?;
    let form = forms::rows::of_deal(tx, deal.id).await?;
    let relined = matches!(patch.products, Patch::Value(_));
    let mut sent = patch.over(stored.clone());
    if relined {
        let buyer = Buyer {
            vendor: deal.vendor_id,
            partner: deal.partner_id,
        };
        catalogue::fill(tx, buyer, sent.currency, &mut sent.products).await?;
    }
    let draft = sent.check(today, form.as_ref())?;
    let changed = draft.changes(&stored);
    if deal.status == status && changed.is_empty() {
        return decide::answer(command, &reached, deal.id).await;
    }
    write(command, &reached, &deal, status, Changed { draft, stored, changed }).await
}

/// What a change makes of a deal.
struct Changed {
    draft: Draft,
    stored: Unchecked,
    changed: Vec<&'static str>,
}

async fn write(
    mut command: Command<()>,
    reached: &Reached,
    deal: &Locked,
    status: DealStatus,
    change: Changed,
) -> Result<Reply, Problem> {
    let (tx, origin) = (&mut command.tx, reached.actor.origin());
    let draft = &change.draft;
    let found = Found::of(tx, &Claim::of(draft, deal.vendor_id, deal.partner_id)).await?;
    attach_answers(tx, deal.id, deal.vendor_id, deal.partner_id, &draft.custom.files).await?;
    let written = rows::rewrite(tx, deal, status, draft, found.level()).await?;
    let facts = DealFacts {
        changed: change.changed,
        ..written.facts()
    };
    let entry = |kind| Entry {
        changes: draft.steps(&change.stored),
        ..Entry::of(kind)
    };
    if deal.status == DealStatus::Submitted {
        history::note(tx, deal.id, &origin, entry("changed")).await?;
        publish::<DealChanged>(tx, &origin, facts).await?;
    } else {
        history::note(tx, deal.id, &origin, entry("resubmitted")).await?;
        publish::<DealResubmitted>(tx, &origin, facts).await?;
    }
    resubmit::look_again(tx, &origin, deal, &found, &written).await?;
    decide::answer(command, reached, deal.id).await
}
