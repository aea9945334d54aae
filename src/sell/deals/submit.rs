use chrono::NaiveDate;
use guildhall_kernel::{Currency, OrgId};
use guildhall_spine::{
    access::{May, right},
    http::{Checks, Command, Problem, Reply, Validate},
};
use serde::Deserialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::draft::{CustomerDraft, LineDraft, Unchecked};
use super::register::{Registration, register};
use super::rows::Registrant;
use super::view;
use super::wire::{Deal, DealContact};

/// A deal to be registered.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct DealSubmission {
    /// The vendor whose products are sold: one that the partner has an active partnership with.
    vendor_id: OrgId,
    /// Whom the deal is with.
    customer: CustomerDraft,
    /// What is sold, 1 to 100 lines.
    #[schema(min_items = 1, max_items = 100)]
    products: Vec<LineDraft>,
    /// ISO 4217.
    #[schema(value_type = String, example = "EUR")]
    currency: Currency,
    /// When the customer is expected to sign: not in the past, at most three years ahead.
    expected_close: NaiveDate,
    /// What the vendor should know, 1 to 2000 characters.
    #[serde(default)]
    note: Option<String>,
    /// People at the customer, at most 20.
    #[serde(default)]
    #[schema(max_items = 20)]
    contacts: Vec<DealContact>,
    /// Answers to the form of the program that the partner stands in, by key: `GET /api/v1/deal-forms/{id}`.
    #[serde(default)]
    #[schema(value_type = Object)]
    custom: Map<String, Value>,
}

/// The handler checks the fields: what dates are allowed depends on the hour, and checking reads them for good.
impl Validate for DealSubmission {
    fn validate(&self, _: &mut Checks) {}
}

impl DealSubmission {
    fn into_unchecked(self) -> Unchecked {
        Unchecked {
            vendor: self.vendor_id,
            customer: self.customer,
            products: self.products,
            currency: self.currency,
            expected_close: self.expected_close,
            note: self.note,
            contacts: self.contacts,
            custom: self.custom,
        }
    }
}

/// Register a deal
///
/// Claims a customer for the partner. The vendor hears of it at once, with what conflicts with it; the partner hears
/// only how gravely it conflicts.
#[utoipa::path(post, path = "/api/v1/deals", operation_id = "submitDeal", tag = "deals",
    security(("bearer" = ["deals:submit"])),
    params(("Idempotency-Key" = Option<String>, Header, description = "makes a repeated request safe", example = "0a5c1c1e-6d0a-4d7c-9a0e-2c9c7bb0f1d3")),
    request_body(content = DealSubmission, example = json!({
        "vendor_id": "org_01kaqv6r3gf5ht2x0m8c9ezw4n",
        "customer": {"name": "Contoso Robotics GmbH", "domain": "contoso.example", "country": "DE"},
        "products": [{"name": "Edge gateway", "quantity": "40", "unit_amount": "349.50"}],
        "currency": "EUR",
        "expected_close": "2027-03-31",
        "contacts": [{"name": "Jonas Weber", "title": "Head of IT", "email": "jonas.weber@contoso.example"}],
    })),
    responses((status = 201, description = "the deal as registered", body = Deal, headers(
        ("ETag" = String, description = "its version"), ("Location" = String, description = "its address")))))]
pub(super) async fn submit_deal(
    May { actor, org, .. }: May<right::DealSubmit>,
    command: Command<DealSubmission>,
) -> Result<Reply, Problem> {
    let (submission, mut command) = command.take();
    let registration = Registration {
        by: Registrant {
            vendor: submission.vendor_id,
            partner: org.id,
            user: actor.user,
        },
        deal: submission.into_unchecked(),
        lead: None,
    };
    let id = register(&mut command.tx, &actor.origin(), registration).await?;
    let view = view::reload(&mut *command.tx, id, org.id).await?;
    let version = view.version;
    let deal = view.into_deal(actor.permissions);
    let reply = Reply::created(&format!("/api/v1/deals/{}", deal.id), &deal)?.version(version);
    command.commit(reply).await
}
