use chrono::NaiveDate;
use guildhall_kernel::{CoSellId, Currency, OrgId, Patch};
use guildhall_spine::http::{Checks, Command, IfMatch, Problem, Reply, Validate, code};
use serde::Deserialize;
use utoipa::ToSchema;

use super::access::Joined;
use super::events::{self, CoSellChanged};
use super::opportunity::check_close;
use super::rows::{self, Locked};
use super::view::{CoSell, CoSellStatus};

/// What to change of a shared opportunity; what is left out stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CoSellPatch {
    /// 1 to 200 characters.
    #[serde(default)]
    #[schema(value_type = String, example = "Contoso: gateways for three sites")]
    title: Patch<String>,
    /// 1 to 2000 characters; `null` clears it.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    brief: Patch<String>,
    /// What it is worth, with no more decimals than the currency has.
    #[serde(default)]
    #[schema(value_type = String, example = "13980.00")]
    amount: Patch<String>,
    /// Not in the past, at most three years ahead.
    #[serde(default)]
    #[schema(value_type = NaiveDate)]
    expected_close: Patch<NaiveDate>,
}

impl Validate for CoSellPatch {
    fn validate(&self, checks: &mut Checks) {
        checks.kept("/title", &self.title);
        checks.kept("/amount", &self.amount);
        checks.kept("/expected_close", &self.expected_close);
        if let Patch::Value(title) = &self.title {
            checks.text("/title", title, 1, 200, false);
        }
        if let Patch::Value(brief) = &self.brief {
            checks.text("/brief", brief, 1, 2000, true);
        }
    }
}

impl CoSellPatch {
    fn over(self, mut locked: Locked, today: NaiveDate) -> Result<Locked, Problem> {
        let currency = Currency::from_code(&locked.currency);
        let currency = currency.ok_or_else(|| Problem::internal("a shared opportunity has no currency"))?;
        let mut checks = Checks::default();
        if let Patch::Value(amount) = &self.amount {
            locked.amount = checks.money("/amount", amount, currency).unwrap_or(locked.amount);
        }
        if let Patch::Value(close) = self.expected_close {
            check_close(&mut checks, "/expected_close", close, today);
            locked.expected_close = close;
        }
        checks.done()?;
        locked.title = self.title.or(locked.title);
        locked.brief = self.brief.over(locked.brief);
        Ok(locked)
    }
}

/// Change a shared opportunity
///
/// By the vendor or who opened it, while it is open.
#[utoipa::path(patch, path = "/api/v1/co-sells/{id}", operation_id = "changeCoSell", tag = "co-sell",
    security(("bearer" = ["cosell:work"])),
    params(
        ("id" = String, Path, description = "the shared opportunity", example = "cos_01kaqv6r3gf5ht2x0m8c9ezw4n"),
        ("If-Match" = String, Header, description = "the ETag that the change is meant for", example = "\"v1\""),
        ("Idempotency-Key" = Option<String>, Header, description = "makes a repeated request safe", example = "0a5c1c1e-6d0a-4d7c-9a0e-2c9c7bb0f1d3"),
    ),
    request_body(content = CoSellPatch, example = json!({"brief": "Needs a partner for the roll-out in the south."})),
    responses((status = 200, description = "the shared opportunity as changed", body = CoSell, headers(("ETag" = String, description = "its version")))))]
pub(super) async fn change_co_sell(
    Joined(seen): Joined,
    if_match: IfMatch,
    command: Command<CoSellPatch>,
) -> Result<Reply, Problem> {
    let (patch, mut command) = command.take();
    let tx = &mut command.tx;
    let (locked, _) = rows::lock(tx, seen.id, seen.org).await?;
    if_match.check(locked.version)?;
    seen.refuse_guests(locked.opened_by)?;
    refuse_closed(locked.status)?;
    let today = tx.now().date_naive();
    let changed = patch.over(locked, today)?;
    sqlx::query!(
        "UPDATE co_sell SET title = $2, brief = $3, amount = $4, expected_close = $5 WHERE id = $1",
        seen.id.uuid(),
        changed.title,
        changed.brief,
        changed.amount,
        changed.expected_close,
    )
    .execute(&mut **tx)
    .await?;
    let now = rows::touch(tx, seen.id).await?;
    let audience = events::live(tx, seen.id).await?;
    guildhall_spine::event::append(tx, &seen.actor.origin(), seen.id, &audience, &CoSellChanged(now)).await?;
    answer(command, seen.org, seen.id).await
}

/// What is over stays as it is.
pub(super) fn refuse_closed(status: CoSellStatus) -> Result<(), Problem> {
    if status == CoSellStatus::Open {
        return Ok(());
    }
    let detail = format!("The shared opportunity is {}: open another one.", status.as_str());
    Err(Problem::new(code::ILLEGAL_MOVE, detail))
}

/// Commits and answers with the opportunity as it is now.
pub(super) async fn answer(mut command: Command<()>, org: OrgId, id: CoSellId) -> Result<Reply, Problem> {
    let now = rows::find(&mut command.tx, org, id).await?;
    command.commit(Reply::ok(&now)?.version(now.version)).await
}
