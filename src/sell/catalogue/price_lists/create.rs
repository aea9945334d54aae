use chrono::NaiveDate;
use guildhall_kernel::{Currency, ProgramId};
use guildhall_onboard::api::Tier;
use guildhall_spine::{
    access::{May, right},
    http::{Checks, Command, Problem, Reply, Validate},
};
use serde::Deserialize;
use utoipa::ToSchema;

use super::super::events::PriceListCreated;
use super::{ListFacts, PriceList, announce, rows};

/// A price list to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PriceListDraft)]
pub(super) struct Draft {
    /// Its name, 1 to 200 characters.
    #[schema(example = "Gold 2027")]
    name: String,
    /// ISO 4217.
    #[schema(value_type = String, example = "EUR")]
    currency: Currency,
    /// The tier that it is for; every tier when left out.
    #[serde(default)]
    tier: Option<Tier>,
    /// The program that it is for; every program when left out.
    #[serde(default)]
    program_id: Option<ProgramId>,
    /// The first day that it is valid.
    valid_from: NaiveDate,
    /// The last day; without an end when left out.
    #[serde(default)]
    valid_to: Option<NaiveDate>,
}

impl Draft {
    fn facts(&self) -> ListFacts {
        ListFacts {
            name: self.name.trim().to_owned(),
            currency: self.currency,
            tier: self.tier,
            program_id: self.program_id,
            valid_from: self.valid_from,
            valid_to: self.valid_to,
        }
    }
}

impl Validate for Draft {
    fn validate(&self, checks: &mut Checks) {
        self.facts().check(checks);
    }
}

/// Make a price list
///
/// Two lists for the same currency, tier and program can't be valid on the same day.
#[utoipa::path(post, path = "/api/v1/price-lists", operation_id = "createPriceList", tag = "catalogue",
    security(("bearer" = ["catalogue:manage"])),
    params(("Idempotency-Key" = Option<String>, Header, description = "makes a repeated request safe", example = "0a5c1c1e-6d0a-4d7c-9a0e-2c9c7bb0f1d3")),
    request_body(content = Draft, example = json!({"name": "Gold 2027", "currency": "EUR", "tier": "gold", "valid_from": "2027-01-01", "valid_to": "2027-12-31"})),
    responses((status = 201, description = "the price list", body = PriceList, headers(
        ("ETag" = String, description = "its version"), ("Location" = String, description = "its address")))))]
pub(super) async fn create_price_list(
    May { actor, org, .. }: May<right::CatalogueManage>,
    mut command: Command<Draft>,
) -> Result<Reply, Problem> {
    let facts = command.body.facts();
    let id = rows::insert(&mut command.tx, org.id, &facts).await?;
    let list = rows::find(&mut command.tx, org.id, id).await?;
    announce(&mut command.tx, &actor, org.id, &list, PriceListCreated).await?;
    let reply = Reply::created(&format!("/api/v1/price-lists/{id}"), &list)?;
    command.commit(reply.version(list.version)).await
}
