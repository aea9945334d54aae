use guildhall_kernel::{Currency, DisputeId, EarningId, OrgId, UserId};
use guildhall_spine::{
    db::Tx,
    http::{Checks, Command, Problem, Reply, Validate},
};
use rust_decimal::Decimal;
use serde::Deserialize;
use utoipa::ToSchema;

use super::access::Objector;
use super::code::DISPUTE_OPEN;
use super::events::{self, DisputeOpened};
use super::rows;
use super::sight::Sight;
use super::view::Dispute;

/// An objection to a line.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = DisputeDraft)]
pub(super) struct Draft {
    /// The line: of the partner, or the person's own.
    pub(super) earning_id: EarningId,
    /// Why, 1 to 2000 characters.
    #[schema(example = "The gold rate of 10 % applies since September")]
    pub(super) reason: String,
    /// What the line should have been, with a minus for what is taken back.
    #[serde(default)]
    #[schema(example = "360.15")]
    pub(super) expected_amount: Option<String>,
}

impl Validate for Draft {
    fn validate(&self, checks: &mut Checks) {
        checks.text("/reason", &self.reason, 1, 2000, true);
    }
}

/// Object to a line
///
/// By the partner, or by the person whose line it is. A line has one open dispute: 409 `dispute_open`. Nothing is held by
/// it.
#[utoipa::path(post, path = "/api/v1/incentives/disputes", operation_id = "openDispute", tag = "disputes",
    security(("bearer" = ["rewards:read"])),
    params(("Idempotency-Key" = Option<String>, Header, description = "makes a repeated request safe", example = "0a5c1c1e-6d0a-4d7c-9a0e-2c9c7bb0f1d3")),
    request_body(content = Draft, example = json!({"earning_id": "earn_01kaqv6r3gf5ht2x0m8c9ezw4n",
        "reason": "The gold rate of 10 % applies since September", "expected_amount": "360.15"})),
    responses((status = 201, description = "the dispute", body = Dispute, headers(
        ("ETag" = String, description = "its version"), ("Location" = String, description = "its address")))))]
pub(super) async fn open_dispute(
    Objector { actor, sight }: Objector,
    command: Command<Draft>,
) -> Result<Reply, Problem> {
    let (draft, mut command) = command.take();
    let tx = &mut command.tx;
    let line = line(tx, draft.earning_id, sight).await?;
    let mut checks = Checks::default();
    let expected = draft
        .expected_amount
        .as_deref()
        .map(|text| line.read(&mut checks, text));
    checks.done()?;
    let id = insert(tx, &draft, &line, expected.flatten(), actor.user, sight.org).await?;
    let dispute = rows::again(tx, id, sight).await?;
    events::tell(tx, &actor.origin(), &dispute, &DisputeOpened((&dispute).into())).await?;
    let reply = Reply::created(&format!("/api/v1/incentives/disputes/{id}"), &dispute)?;
    command.commit(reply.version(dispute.version)).await
}

/// What is objected to.
pub(super) struct Line {
    vendor: OrgId,
    user: Option<UserId>,
    currency: Currency,
}

impl Line {
    /// An amount of the line's currency, with a minus or not.
    fn read(&self, checks: &mut Checks, text: &str) -> Option<Decimal> {
        let (digits, negative) = text.strip_prefix('-').map_or((text, false), |digits| (digits, true));
        let amount = checks.money("/expected_amount", digits, self.currency)?;
        Some(if negative { -amount } else { amount })
    }
}

/// The line, when it is the objector's.
pub(super) async fn line(tx: &mut Tx, id: EarningId, sight: Sight) -> Result<Line, Problem> {
    let row = sqlx::query!(
        r#"SELECT vendor_id AS "vendor_id: OrgId", user_id AS "user_id: UserId", currency FROM earning
           WHERE id = $1 AND partner_id = $2 AND ($3::uuid IS NULL OR user_id = $3)"#,
        id.uuid(),
        sight.org.uuid(),
        sight.only.map(UserId::uuid),
    )
    .fetch_optional(&mut **tx)
    .await?;
    let row = row.ok_or_else(|| Problem::field("/earning_id", "unknown", "is no line of yours"))?;
    let currency = Currency::from_code(&row.currency);
    Ok(Line {
        vendor: row.vendor_id,
        user: row.user_id,
        currency: currency.ok_or_else(|| Problem::internal("a currency is unknown"))?,
    })
}

pub(super) async fn insert(
    tx: &mut Tx,
    draft: &Draft,
    line: &Line,
    expected: Option<Decimal>,
    by: Option<UserId>,
    partner: OrgId,
) -> Result<DisputeId, Problem> {
    let (id, at): (DisputeId, _) = (tx.new_id(), tx.now());
    let added = sqlx::query!(
        "INSERT INTO dispute (id, vendor_id, partner_id, user_id, earning_id, reason, expected, opened_by, created_at,
                updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9)
         ON CONFLICT (earning_id) WHERE status = 'open' DO NOTHING",
        id.uuid(),
        line.vendor.uuid(),
        partner.uuid(),
        line.user.map(UserId::uuid),
        draft.earning_id.uuid(),
        draft.reason,
        expected,
        by.map(UserId::uuid),
        at,
    )
    .execute(&mut **tx)
    .await?;
    if added.rows_affected() == 0 {
        let detail = "Say it in the thread of the open one: GET /api/v1/incentives/disputes?earning_id=… finds it.";
        return Err(Problem::new(DISPUTE_OPEN, detail));
    }
    Ok(id)
}
