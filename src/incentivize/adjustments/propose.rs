use guildhall_kernel::{AdjustmentId, Currency, EarningId, OrgId, UserId};
use guildhall_spine::{
    access::{May, right},
    db::Tx,
    event::Origin,
    http::{Checks, Command, Problem, Reply, Validate},
};
use rust_decimal::Decimal;
use serde::Deserialize;
use utoipa::ToSchema;

use super::amount::signed;
use super::view::Adjustment;
use super::{events, rows};

/// A line to be put right by hand.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = AdjustmentDraft)]
pub(super) struct Draft {
    /// Who gets it, or whose employee: a partner of the vendor, active or not.
    partner_id: OrgId,
    /// The person, where a person is paid: a member of the partner.
    #[serde(default)]
    user_id: Option<UserId>,
    /// The currency of the amount (ISO 4217).
    #[schema(example = "EUR")]
    currency: String,
    /// How much, not 0; negative for what is taken back.
    #[schema(example = "-120.00")]
    amount: String,
    /// Why, for the partner too, 1 to 1000 characters.
    #[schema(example = "Invoice INV-2026-1042 was credited twice")]
    reason: String,
    /// The line that it corrects: of the same partner, person and currency. It then goes along with that line.
    #[serde(default)]
    earning_id: Option<EarningId>,
}

impl Validate for Draft {
    fn validate(&self, checks: &mut Checks) {
        checks.text("/reason", &self.reason, 1, 1000, true);
        match Currency::from_code(&self.currency) {
            Some(currency) => {
                signed(checks, "/amount", &self.amount, currency);
            }
            None => {
                let known = "must be a currency code of three capital letters (ISO 4217), like EUR";
                checks.refuse("/currency", "unknown_currency", known);
            }
        }
    }
}

/// What is proposed, in order.
#[derive(Debug)]
pub(crate) struct Proposal<'a> {
    pub(crate) vendor: OrgId,
    pub(crate) partner: OrgId,
    pub(crate) user: Option<UserId>,
    pub(crate) currency: Currency,
    /// Not 0, in whole minor units.
    pub(crate) amount: Decimal,
    pub(crate) reason: &'a str,
    pub(crate) earning: Option<EarningId>,
}

/// Propose an adjustment
///
/// A person does this; another person approves it before a line is posted.
#[utoipa::path(post, path = "/api/v1/incentives/adjustments", operation_id = "proposeAdjustment", tag = "adjustments",
    security(("bearer" = ["earnings:manage"])),
    params(("Idempotency-Key" = String, Header, description = "makes a repeated request safe; required", example = "0a5c1c1e-6d0a-4d7c-9a0e-2c9c7bb0f1d3")),
    request_body(content = Draft, example = json!({"partner_id": "org_01kaqv6r3gf5ht2x0m8c9ezw4n", "currency": "EUR",
        "amount": "-120.00", "reason": "Invoice INV-2026-1042 was credited twice",
        "earning_id": "earn_01kaqv6r3gf5ht2x0m8c9ezw4n"})),
    responses((status = 201, description = "the adjustment", body = Adjustment, headers(
        ("ETag" = String, description = "its version"), ("Location" = String, description = "its address")))))]
pub(super) async fn propose_adjustment(
    May { actor, org, .. }: May<right::EarningManage>,
    command: Command<Draft>,
) -> Result<Reply, Problem> {
    command.keyed()?;
    let maker = actor.require_user()?;
    let (draft, mut command) = command.take();
    let tx = &mut command.tx;
    let currency = Currency::from_code(&draft.currency).ok_or_else(|| Problem::internal("a currency is unknown"))?;
    let mut checks = Checks::default();
    let amount = signed(&mut checks, "/amount", &draft.amount, currency).unwrap_or_default();
    let proposal = Proposal {
        vendor: org.id,
        partner: draft.partner_id,
        user: draft.user_id,
        currency,
        amount,
        reason: &draft.reason,
        earning: draft.earning_id,
    };
    proposal.fits(tx, &mut checks).await?;
    checks.done()?;
    let id = propose(tx, &actor.origin(), &proposal, maker).await?;
    let adjustment = rows::find(tx, org.id, id).await?;
    let adjustment =
        adjustment.ok_or_else(|| Problem::internal("an adjustment vanished inside its own transaction"))?;
    let reply = Reply::created(&format!("/api/v1/incentives/adjustments/{id}"), &adjustment)?;
    command.commit(reply.version(adjustment.version)).await
}

/// Stores a proposal that fits, and tells the vendor of it.
///
/// # Errors
/// When the database fails.
pub(crate) async fn propose(
    tx: &mut Tx,
    origin: &Origin,
    proposal: &Proposal<'_>,
    maker: UserId,
) -> Result<AdjustmentId, Problem> {
    let (id, at): (AdjustmentId, _) = (tx.new_id(), tx.now());
    sqlx::query!(
        "INSERT INTO adjustment (id, vendor_id, partner_id, user_id, currency, amount, reason, earning_id, proposed_by,
                created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10)",
        id.uuid(),
        proposal.vendor.uuid(),
        proposal.partner.uuid(),
        proposal.user.map(UserId::uuid),
        proposal.currency.code(),
        proposal.amount,
        proposal.reason,
        proposal.earning.map(EarningId::uuid),
        maker.uuid(),
        at,
    )
    .execute(&mut **tx)
    .await?;
    let adjustment = rows::find(tx, proposal.vendor, id).await?;
    let adjustment =
        adjustment.ok_or_else(|| Problem::internal("an adjustment vanished inside its own transaction"))?;
    events::tell(tx, origin, &adjustment).await?;
    Ok(id)
}

impl Proposal<'_> {
    /// Notes in `checks` what it names and the vendor hasn't.
    async fn fits(&self, tx: &mut Tx, checks: &mut Checks) -> Result<(), Problem> {
        let standing = sqlx::query!(
            r#"SELECT EXISTS (SELECT FROM partnership WHERE vendor_id = $1 AND partner_id = $2) AS "partner!",
                      EXISTS (SELECT FROM membership WHERE org_id = $2 AND user_id = $3) AS "member!""#,
            self.vendor.uuid(),
            self.partner.uuid(),
            self.user.map(UserId::uuid),
        )
        .fetch_one(&mut **tx)
        .await?;
        checks.check(standing.partner, "/partner_id", "unknown", "is no partner of yours");
        let Some(earning) = self.earning else {
            let known = self.user.is_none() || (standing.partner && standing.member);
            checks.check(known, "/user_id", "unknown", "is no member of that partner");
            return Ok(());
        };
        let line = sqlx::query!(
            r#"SELECT partner_id AS "partner_id: OrgId", user_id AS "user_id: UserId", currency FROM earning
               WHERE id = $1 AND vendor_id = $2"#,
            earning.uuid(),
            self.vendor.uuid(),
        )
        .fetch_optional(&mut **tx)
        .await?;
        let Some(line) = line else {
            checks.refuse("/earning_id", "unknown", "is no earning of a partner of yours");
            return Ok(());
        };
        let message = "is another than that of the line";
        checks.check(line.partner_id == self.partner, "/partner_id", "mismatch", message);
        checks.check(line.user_id == self.user, "/user_id", "mismatch", message);
        checks.check(line.currency == self.currency.code(), "/currency", "mismatch", message);
        Ok(())
    }
}
