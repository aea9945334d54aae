use chrono::NaiveDate;
use guildhall_kernel::{Currency, Patch};
use guildhall_spine::http::{Checks, Command, IfMatch, Problem, Reply, Validate};
use serde::Deserialize;
use utoipa::ToSchema;

use super::access::EditableDeal;
use super::decide;
use super::draft::{LineDraft, Unchecked};
use super::events::{DealChanged, DealResubmitted, announce_conflicts};
use super::find_conflicts::{Claim, find_conflicts, gravest, store_conflicts};
use super::rows;
use super::state::{DealStatus, IllegalMove, Move, apply};
use super::stored;
use super::wire::{Deal, DealContact};

/// What to change of a deal; what is left out stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct DealPatch {
    /// The customer.
    #[serde(default)]
    customer: Option<CustomerPatch>,
    /// All lines, 1 to 100.
    #[serde(default)]
    #[schema(min_items = 1, max_items = 100)]
    products: Option<Vec<LineDraft>>,
    /// ISO 4217.
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "EUR")]
    currency: Option<Currency>,
    /// Not in the past, at most three years ahead.
    #[serde(default)]
    expected_close: Option<NaiveDate>,
    /// 1 to 2000 characters; `null` clears it.
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "The customer has asked for a second site.")]
    note: Patch<String>,
    /// All contacts, at most 20.
    #[serde(default)]
    #[schema(max_items = 20)]
    contacts: Option<Vec<DealContact>>,
}

/// What to change of the customer.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = DealCustomerPatch)]
pub(super) struct CustomerPatch {
    /// The legal name.
    #[serde(default)]
    #[schema(example = "Contoso Robotics GmbH")]
    name: Option<String>,
    /// The domain; `null` clears it.
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "contoso.example")]
    domain: Patch<String>,
    /// ISO 3166-1 alpha-2.
    #[serde(default)]
    #[schema(example = "DE")]
    country: Option<String>,
}

/// The handler checks the whole that the change makes of the deal.
impl Validate for DealPatch {
    fn validate(&self, _: &mut Checks) {}
}

impl DealPatch {
    fn over(self, mut deal: Unchecked) -> Unchecked {
        if let Some(customer) = self.customer {
            deal.customer.name = customer.name.unwrap_or(deal.customer.name);
            deal.customer.domain = customer.domain.over(deal.customer.domain);
            deal.customer.country = customer.country.unwrap_or(deal.customer.country);
        }
        deal.products = self.products.unwrap_or(deal.products);
        deal.currency = self.currency.unwrap_or(deal.currency);
        deal.expected_close = self.expected_close.unwrap_or(deal.expected_close);
        deal.note = self.note.over(deal.note);
        deal.contacts = self.contacts.unwrap_or(deal.contacts);
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
/// it, with or without a change. Conflicts are looked for again.
#[utoipa::path(patch, path = "/api/v1/deals/{id}", operation_id = "changeDeal", tag = "deals",
    security(("bearer" = ["deals:submit"])),
    params(
        ("id" = String, Path, description = "the deal", example = "deal_01kaqv6r3gf5ht2x0m8c9ezw4n"),
        ("If-Match" = String, Header, description = "the ETag of the deal that the change is meant for", example = "\"v1\""),
        ("Idempotency-Key" = Option<String>, Header, description = "makes a repeated request safe", example = "0a5c1c1e-6d0a-4d7c-9a0e-2c9c7bb0f1d3"),
    ),
    request_body(content = DealPatch, example = json!({"expected_close": "2027-06-30", "note": null})),
    responses((status = 200, description = "the deal as changed", body = Deal, headers(("ETag" = String, description = "its version")))))]
pub(super) async fn change_deal(
    EditableDeal(reached): EditableDeal,
    if_match: IfMatch,
    command: Command<DealPatch>,
) -> Result<Reply, Problem> {
    let (patch, mut command) = command.take();
    let tx = &mut command.tx;
    let deal = rows::lock(tx, reached.id, reached.org)
        .await?
        .ok_or_else(Problem::not_found)?;
    if_match.check(deal.version)?;
    let status = changed(deal.status).map_err(decide::illegal)?;
    let today = patch.expected_close.map(|_| tx.now().date_naive());
    let draft = patch.over(stored::as_sent(tx, &deal).await?).check(today)?;
    let rivals = find_conflicts(tx, &Claim::of(&draft, deal.vendor_id, deal.partner_id)).await?;
    let written = rows::rewrite(tx, &deal, status, &draft, gravest(&rivals)).await?;
    if store_conflicts(tx, deal.id, &rivals).await? > 0 {
        announce_conflicts(tx, &reached.actor.origin(), &written, &rivals).await?;
    }
    if deal.status == DealStatus::Submitted {
        decide::finish::<DealChanged>(command, &reached, &written).await
    } else {
        decide::finish::<DealResubmitted>(command, &reached, &written).await
    }
}
