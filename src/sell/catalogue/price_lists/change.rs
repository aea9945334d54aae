use chrono::NaiveDate;
use guildhall_kernel::{Currency, Patch};
use guildhall_spine::http::{Checks, Command, IfMatch, Problem, Reply, Validate};
use serde::Deserialize;
use utoipa::ToSchema;

use super::super::events::PriceListChanged;
use super::{ListFacts, PriceList, access::ManagedList, announce, rows};

/// What to change of a price list; what is left out stays. Whom it is for stays too: make another list for others.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PriceListPatch {
    /// 1 to 200 characters.
    #[serde(default)]
    #[schema(value_type = String, example = "Gold 2027")]
    name: Patch<String>,
    /// The first day that it is valid.
    #[serde(default)]
    #[schema(value_type = NaiveDate)]
    valid_from: Patch<NaiveDate>,
    /// The last day; `null` for no end.
    #[serde(default)]
    #[schema(value_type = Option<NaiveDate>)]
    valid_to: Patch<NaiveDate>,
}

impl Validate for PriceListPatch {
    fn validate(&self, checks: &mut Checks) {
        checks.kept("/name", &self.name);
        checks.kept("/valid_from", &self.valid_from);
    }
}

/// Change a price list
///
/// Its name and the days that it is valid.
#[utoipa::path(patch, path = "/api/v1/price-lists/{id}", operation_id = "changePriceList", tag = "catalogue",
    security(("bearer" = ["catalogue:manage"])),
    params(
        ("id" = String, Path, description = "the price list", example = "plist_01kaqv6r3gf5ht2x0m8c9ezw4n"),
        ("If-Match" = String, Header, description = "the ETag of the list that the change is meant for", example = "\"v1\""),
        ("Idempotency-Key" = Option<String>, Header, description = "makes a repeated request safe", example = "0a5c1c1e-6d0a-4d7c-9a0e-2c9c7bb0f1d3"),
    ),
    request_body(content = PriceListPatch, example = json!({"valid_to": "2027-12-31"})),
    responses((status = 200, description = "the price list as changed", body = PriceList, headers(("ETag" = String, description = "its version")))))]
pub(super) async fn change_price_list(
    ManagedList { actor, vendor, id }: ManagedList,
    if_match: IfMatch,
    command: Command<PriceListPatch>,
) -> Result<Reply, Problem> {
    let (patch, mut command) = command.take();
    let list = rows::lock(&mut command.tx, vendor, id).await?;
    if_match.check(list.version)?;
    let facts = ListFacts {
        name: patch.name.or(list.name).trim().to_owned(),
        currency: Currency::from_code(&list.currency).ok_or_else(|| Problem::internal("a list has no currency"))?,
        tier: list.tier,
        program_id: list.program_id,
        valid_from: patch.valid_from.or(list.valid_from),
        valid_to: patch.valid_to.over(list.valid_to),
    };
    let mut checks = Checks::default();
    facts.check(&mut checks);
    checks.done()?;
    rows::rewrite(&mut command.tx, id, &facts).await?;
    let list = rows::find(&mut command.tx, vendor, id).await?;
    announce(&mut command.tx, &actor, vendor, &list, PriceListChanged).await?;
    command.commit(Reply::ok(&list)?.version(list.version)).await
}
