use chrono::{DateTime, Days, NaiveDate, NaiveTime, Utc};
use guildhall_kernel::{Currency, FundId};
use guildhall_spine::{
    access::{May, right},
    event,
    http::{Checks, Command, Problem, Reply, Validate, code},
    timer,
};
use serde::Deserialize;
use utoipa::ToSchema;

use super::events::FundCreated;
use super::expire::KIND;
use super::rows;
use super::view::Fund;

/// The longest period of a fund, in days.
const LONGEST: u64 = 1100;

/// A fund to be set up.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = FundDraft)]
pub(super) struct Draft {
    /// What it is called, unique among the vendor's, 1 to 100 characters.
    #[schema(example = "EMEA launch, 2026 Q4")]
    name: String,
    /// The currency of all its amounts (ISO 4217).
    #[schema(example = "EUR")]
    currency: String,
    /// The first day of its period.
    from: NaiveDate,
    /// The last day of its period: today or later, at most three years after the first.
    to: NaiveDate,
    /// All the money of the fund.
    #[schema(example = "50000.00")]
    budget: String,
}

impl Validate for Draft {
    fn validate(&self, checks: &mut Checks) {
        checks.text("/name", &self.name, 1, 100, false);
        checks.check(self.to >= self.from, "/to", "date", "must not be before the first day");
        let longest = self.from.checked_add_days(Days::new(LONGEST));
        let short = longest.is_some_and(|longest| self.to <= longest);
        checks.check(short, "/to", "date", "must be at most three years after the first day");
        let known = "must be a currency code of three capital letters (ISO 4217), like EUR";
        match Currency::from_code(&self.currency) {
            Some(currency) => {
                checks.money("/budget", &self.budget, currency);
            }
            None => checks.refuse("/currency", "unknown_currency", known),
        }
    }
}

/// When the period is over: the day after its last, at midnight UTC.
fn over(to: NaiveDate) -> DateTime<Utc> {
    let next = to.checked_add_days(Days::new(1)).unwrap_or(to);
    next.and_time(NaiveTime::MIN).and_utc()
}

/// Set up a fund
///
/// Money for one period, of which partners have nothing until it is allocated.
#[utoipa::path(post, path = "/api/v1/incentives/funds", operation_id = "createFund", tag = "funds",
    security(("bearer" = ["funds:manage"])),
    params(("Idempotency-Key" = Option<String>, Header, description = "makes a repeated request safe", example = "0a5c1c1e-6d0a-4d7c-9a0e-2c9c7bb0f1d3")),
    request_body(content = Draft, example = json!({"name": "EMEA launch, 2026 Q4", "currency": "EUR", "from": "2026-10-01",
        "to": "2026-12-31", "budget": "50000.00"})),
    responses((status = 201, description = "the fund", body = Fund, headers(
        ("ETag" = String, description = "its version"), ("Location" = String, description = "its address")))))]
pub(super) async fn create_fund(
    May { actor, org, .. }: May<right::FundManage>,
    command: Command<Draft>,
) -> Result<Reply, Problem> {
    let (draft, mut command) = command.take();
    let tx = &mut command.tx;
    let (id, at): (FundId, _) = (tx.new_id(), tx.now());
    let mut checks = Checks::default();
    checks.check(draft.to >= at.date_naive(), "/to", "date", "must not be in the past");
    let budget = checks.money("/budget", &draft.budget, rows::currency_of(&draft.currency)?);
    checks.done()?;
    let added = sqlx::query!(
        "INSERT INTO fund (id, vendor_id, name, currency, starts_on, ends_on, budget, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8) ON CONFLICT (vendor_id, name) DO NOTHING",
        id.uuid(),
        org.id.uuid(),
        draft.name,
        draft.currency,
        draft.from,
        draft.to,
        budget.unwrap_or_default(),
        at,
    )
    .execute(&mut **tx)
    .await?;
    if added.rows_affected() == 0 {
        return Err(Problem::new(
            code::ALREADY_EXISTS,
            format!("There is a fund with the name {}.", draft.name),
        ));
    }
    timer::set(tx, KIND, id, over(draft.to), &()).await?;
    let now = rows::lock(tx, org.id, id).await?.now();
    event::append(tx, &actor.origin(), id, &[org.id.uuid()], &FundCreated(now)).await?;
    let fund = rows::find(tx, id, Some(org.id), None).await?;
    let fund = fund.ok_or_else(|| Problem::internal("a fund vanished inside its own transaction"))?;
    let reply = Reply::created(&format!("/api/v1/incentives/funds/{id}"), &fund)?;
    command.commit(reply.version(fund.version)).await
}
