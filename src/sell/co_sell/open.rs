use guildhall_kernel::{CoSellId, DealId, OrgId};
use guildhall_onboard::api::active_partnership;
use guildhall_spine::{
    access::{May, OrgKind, right},
    db::Tx,
    event::Origin,
    http::{Checks, Command, Problem, Reply, Validate},
    identity::ActingFor,
};
use serde::Deserialize;
use utoipa::ToSchema;

use super::events::{self, CoSellNow, CoSellOpened};
use super::opportunity::{Opportunity, check_close};
use super::stage::Stage;
use super::view::{CoSell, CoSellStatus};
use super::{code, rows};

/// An opportunity to be shared: an approved deal, or one by itself.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CoSellDraft)]
pub(super) struct Draft {
    /// Its title, 1 to 200 characters.
    #[schema(example = "Contoso: gateways for three sites")]
    title: String,
    /// What those read who are invited, 1 to 2000 characters.
    #[serde(default)]
    brief: Option<String>,
    /// The approved deal that is shared.
    #[serde(default)]
    deal_id: Option<DealId>,
    /// The opportunity, when it isn't a deal.
    #[serde(default)]
    opportunity: Option<Opportunity>,
    /// The vendor, when a partner shares an opportunity that isn't a deal.
    #[serde(default)]
    vendor_id: Option<OrgId>,
}

impl Validate for Draft {
    fn validate(&self, checks: &mut Checks) {
        checks.text("/title", &self.title, 1, 200, false);
        if let Some(brief) = &self.brief {
            checks.text("/brief", brief, 1, 2000, true);
        }
        if let Some(opportunity) = &self.opportunity {
            opportunity.check(checks);
        }
        let one = self.deal_id.is_some() != self.opportunity.is_some();
        checks.check(one, "/opportunity", "one_of", "either deal_id or opportunity is needed");
    }
}

/// Share an opportunity
///
/// The vendor or a partner opens it, and has joined; so has the partner of the deal that is shared. Others are invited
/// by the vendor.
#[utoipa::path(post, path = "/api/v1/co-sells", operation_id = "openCoSell", tag = "co-sell",
    security(("bearer" = ["cosell:work"])),
    params(("Idempotency-Key" = Option<String>, Header, description = "makes a repeated request safe", example = "0a5c1c1e-6d0a-4d7c-9a0e-2c9c7bb0f1d3")),
    request_body(content = Draft, example = json!({"title": "Contoso: gateways for three sites",
        "brief": "Needs a partner for the roll-out in the south.", "vendor_id": "org_01kaqv6r3gf5ht2x0m8c9ezw4n",
        "opportunity": {"customer_name": "Contoso Robotics GmbH", "customer_country": "DE",
            "products": [{"name": "Edge gateway", "quantity": "40"}], "amount": "13980.00", "currency": "EUR",
            "expected_close": "2027-03-31"}})),
    responses((status = 201, description = "the shared opportunity", body = CoSell, headers(
        ("ETag" = String, description = "its version"), ("Location" = String, description = "its address")))))]
pub(super) async fn open_co_sell(
    May { actor, org, .. }: May<right::CoSellWork>,
    command: Command<Draft>,
) -> Result<Reply, Problem> {
    let (draft, mut command) = command.take();
    let tx = &mut command.tx;
    let id: CoSellId = tx.new_id();
    let vendor = match (draft.deal_id, &draft.opportunity) {
        (Some(deal), _) => share_deal(tx, id, org, &draft, deal).await?,
        (None, Some(opportunity)) => share_new(tx, id, org, &draft, opportunity).await?,
        (None, None) => return Err(Problem::field("/opportunity", "one_of", "is needed")),
    };
    for joined in [vendor, org.id] {
        rows::set_stage(tx, id, joined, Stage::Joined, None).await?;
    }
    let opened = CoSellOpened(CoSellNow {
        co_sell_id: id,
        vendor_id: vendor,
        title: draft.title,
        status: CoSellStatus::Open,
        version: 1,
    });
    events::to_joined(tx, &actor.origin(), id, &opened).await?;
    let opened = rows::find(tx, org.id, id).await?;
    let reply = Reply::created(&format!("/api/v1/co-sells/{id}"), &opened)?;
    command.commit(reply.version(opened.version)).await
}

/// Shares an approved deal of `vendor` with `partners` as part of `tx`, all of whom have joined; does nothing when the deal
/// isn't approved or is shared already.
///
/// # Errors
/// When the database fails.
pub async fn open_for(
    tx: &mut Tx,
    origin: &Origin,
    vendor: OrgId,
    deal: DealId,
    partners: &[OrgId],
) -> Result<(), Problem> {
    let title = sqlx::query_scalar!(
        "SELECT customer_name FROM deal d WHERE id = $1 AND status = 'approved'
         AND NOT EXISTS (SELECT FROM co_sell c WHERE c.deal_id = d.id AND c.status = 'open')",
        deal.uuid(),
    )
    .fetch_optional(&mut **tx)
    .await?;
    let Some(title) = title else { return Ok(()) };
    let id: CoSellId = tx.new_id();
    let org = ActingFor {
        id: vendor,
        kind: OrgKind::Vendor,
    };
    let draft = Draft {
        title,
        brief: None,
        deal_id: Some(deal),
        opportunity: None,
        vendor_id: None,
    };
    share_deal(tx, id, org, &draft, deal).await?;
    for joined in std::iter::once(vendor).chain(partners.iter().copied()) {
        rows::set_stage(tx, id, joined, Stage::Joined, None).await?;
    }
    let opened = CoSellOpened(CoSellNow {
        co_sell_id: id,
        vendor_id: vendor,
        title: draft.title,
        status: CoSellStatus::Open,
        version: 1,
    });
    events::to_joined(tx, origin, id, &opened).await
}

/// Takes the opportunity over from a deal of which `org` is a side. Returns the vendor.
async fn share_deal(tx: &mut Tx, id: CoSellId, org: ActingFor, draft: &Draft, deal: DealId) -> Result<OrgId, Problem> {
    let at = tx.now();
    let made = sqlx::query!(
        r#"INSERT INTO co_sell (id, vendor_id, deal_id, opened_by, title, brief, customer_name, customer_country,
                                currency, amount, expected_close, created_at, updated_at)
           SELECT $1, d.vendor_id, d.id, $2, $3, $4, d.customer_name, d.customer_country, d.currency, d.amount,
                  d.expected_close, $5, $5
           FROM deal d
           WHERE d.id = $6 AND d.status = 'approved' AND (d.vendor_id = $2 OR d.partner_id = $2)
           RETURNING vendor_id AS "vendor: OrgId""#,
        id.uuid(),
        org.id.uuid(),
        draft.title,
        draft.brief,
        at,
        deal.uuid(),
    )
    .fetch_optional(&mut **tx)
    .await
    .map_err(shared)?;
    let message = "must be an approved deal of yours: GET /api/v1/deals?status=approved lists them";
    let made = made.ok_or_else(|| Problem::field("/deal_id", "unknown_deal", message))?;
    sqlx::query!(
        "WITH lines AS (
             INSERT INTO co_sell_product (co_sell_id, no, product_id, name, quantity)
             SELECT $1, no, product_id, product, quantity FROM deal_line WHERE deal_id = $2
         ), contacts AS (
             INSERT INTO co_sell_contact (co_sell_id, no, name, title, email, phone)
             SELECT $1, no, name, title, email, phone FROM deal_contact WHERE deal_id = $2
         )
         INSERT INTO co_sell_party (co_sell_id, org_id, stage, updated_at)
         SELECT $1, partner_id, 'joined', $3 FROM deal WHERE id = $2",
        id.uuid(),
        deal.uuid(),
        at,
    )
    .execute(&mut **tx)
    .await?;
    Ok(made.vendor)
}

fn shared(error: sqlx::Error) -> Problem {
    let constraint = error.as_database_error().and_then(|fault| fault.constraint());
    if constraint == Some("co_sell_of_deal") {
        let detail = "Work on in that one: GET /api/v1/co-sells lists it.";
        return Problem::new(code::ALREADY_SHARED, detail);
    }
    error.into()
}

/// Stores an opportunity that isn't a deal. Returns the vendor.
async fn share_new(
    tx: &mut Tx,
    id: CoSellId,
    org: ActingFor,
    draft: &Draft,
    opportunity: &Opportunity,
) -> Result<OrgId, Problem> {
    let at = tx.now();
    let mut checks = Checks::default();
    check_close(
        &mut checks,
        "/opportunity/expected_close",
        opportunity.expected_close,
        at.date_naive(),
    );
    let amount = checks.money("/opportunity/amount", &opportunity.amount, opportunity.currency);
    let vendor = vendor(tx, org, draft.vendor_id).await?;
    if vendor.is_none() {
        let message = "must be a vendor that you have an active partnership with";
        checks.refuse("/vendor_id", "no_partnership", message);
    }
    checks.done()?;
    let vendor = vendor.unwrap_or(org.id);
    sqlx::query!(
        "INSERT INTO co_sell (id, vendor_id, opened_by, title, brief, customer_name, customer_country, currency, amount,
                              expected_close, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $11)",
        id.uuid(),
        vendor.uuid(),
        org.id.uuid(),
        draft.title,
        draft.brief,
        opportunity.customer_name.trim(),
        opportunity.customer_country,
        opportunity.currency.code(),
        amount.unwrap_or_default(),
        opportunity.expected_close,
        at,
    )
    .execute(&mut **tx)
    .await?;
    opportunity.store(tx, id, vendor).await?;
    Ok(vendor)
}

async fn vendor(tx: &mut Tx, org: ActingFor, named: Option<OrgId>) -> Result<Option<OrgId>, Problem> {
    Ok(match (org.kind, named) {
        (OrgKind::Vendor, None) => Some(org.id),
        (OrgKind::Vendor, Some(named)) => (named == org.id).then_some(named),
        (OrgKind::Partner, None) => None,
        (OrgKind::Partner, Some(named)) => active_partnership(tx, named, org.id).await?.map(|_| named),
    })
}
