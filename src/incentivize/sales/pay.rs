use chrono::{Days, NaiveDate};
use guildhall_spine::{
    event,
    http::{Checks, Command, IfMatch, Problem, Reply, Validate, code},
};
use serde::Deserialize;
use utoipa::ToSchema;

use super::Kind;
use super::access::ManagedSale;
use super::events::SalePaid;
use super::rows;
use super::view::Sale;

/// That the customer paid.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SalePayment)]
pub(super) struct Payment {
    /// When: not before the invoice, not in the future.
    paid_on: NaiveDate,
}

impl Validate for Payment {
    fn validate(&self, _: &mut Checks) {}
}

/// Record that an invoice was paid
///
/// Plans that pay once the customer has paid go by it.
#[utoipa::path(post, path = "/api/v1/incentives/sales/{id}/payment", operation_id = "recordSalePayment", tag = "sales",
    security(("bearer" = ["sales:manage"])),
    params(
        ("id" = String, Path, description = "the sale", example = "sale_01kaqv6r3gf5ht2x0m8c9ezw4n"),
        ("If-Match" = String, Header, description = "the ETag of the sale", example = "\"v1\""),
        ("Idempotency-Key" = Option<String>, Header, description = "makes a repeated request safe", example = "0a5c1c1e-6d0a-4d7c-9a0e-2c9c7bb0f1d3"),
    ),
    request_body(content = Payment, example = json!({"paid_on": "2026-11-22"})),
    responses((status = 200, description = "the sale", body = Sale, headers(("ETag" = String, description = "its version")))))]
pub(super) async fn record_payment(
    ManagedSale { actor, org, id }: ManagedSale,
    if_match: IfMatch,
    command: Command<Payment>,
) -> Result<Reply, Problem> {
    let (payment, mut command) = command.take();
    let mut held = rows::lock(&mut command.tx, org.id, id).await?;
    if_match.check(held.now.version)?;
    if held.kind != Kind::Invoice || held.paid_on.is_some() {
        return Err(Problem::new(
            code::ILLEGAL_MOVE,
            "Only an invoice that isn't paid yet can be paid.",
        ));
    }
    let latest = command.tx.now().date_naive() + Days::new(1);
    let mut checks = Checks::default();
    let dated = payment.paid_on >= held.sold_on && payment.paid_on <= latest;
    checks.check(
        dated,
        "/paid_on",
        "date",
        "must not be before the invoice nor in the future",
    );
    checks.done()?;
    let at = command.tx.now();
    sqlx::query!(
        "UPDATE sale SET paid_on = $2, version = version + 1, updated_at = $3 WHERE id = $1",
        id.uuid(),
        payment.paid_on,
        at,
    )
    .execute(&mut *command.tx)
    .await?;
    held.now.version += 1;
    event::append(
        &mut command.tx,
        &actor.origin(),
        id,
        &[org.id.uuid()],
        &SalePaid(held.now),
    )
    .await?;
    let sale = rows::find(&mut command.tx, id, org.id, None)
        .await?
        .ok_or_else(Problem::not_found)?;
    command.commit(Reply::ok(&sale)?.version(sale.version)).await
}
