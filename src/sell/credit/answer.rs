use guildhall_spine::http::{Checks, Command, IfMatch, Problem, Reply, Validate, code};
use serde::Deserialize;
use utoipa::ToSchema;

use super::access::OwnAgreement;
use super::events::{self, CreditAgreed, CreditDeclined, CreditWithdrawn, OwnCreditAgreed};
use super::rows::{self, DealFacts};
use super::stored::{self, Agreement};
use super::view::{AgreementStatus, CreditAgreement, Viewer};

/// Nothing more to say.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CreditAnswer)]
pub(super) struct Nothing {}

impl Validate for Nothing {
    fn validate(&self, _: &mut Checks) {}
}

/// Sign an agreement on credit
///
/// For the organisation acted for. The last signature puts it in force, in the place of what was before.
#[utoipa::path(post, path = "/api/v1/credit-agreements/{id}/accept", operation_id = "acceptCredit", tag = "credit",
    security(("bearer" = ["cosell:work"])),
    params(
        ("id" = String, Path, description = "the agreement", example = "agr_01kaqv6r3gf5ht2x0m8c9ezw4n"),
        ("If-Match" = String, Header, description = "the ETag of the agreement that was looked at", example = "\"v1\""),
        ("Idempotency-Key" = Option<String>, Header, description = "makes a repeated request safe", example = "0a5c1c1e-6d0a-4d7c-9a0e-2c9c7bb0f1d3"),
    ),
    request_body(content = Nothing, example = json!({})),
    responses((status = 200, description = "the agreement", body = CreditAgreement, headers(("ETag" = String, description = "its version")))))]
pub(super) async fn accept_credit(
    own: OwnAgreement,
    if_match: IfMatch,
    mut command: Command<Nothing>,
) -> Result<Reply, Problem> {
    let (deal, agreement) = lock(&own, &if_match, &mut command).await?;
    let tx = &mut command.tx;
    if !rows::sign(tx, agreement.id, own.org, own.actor.user).await? {
        return Err(illegal("You have signed it already.", &["decline", "withdraw"]));
    }
    let origin = own.actor.origin();
    if agreement.unsigned() > 1 {
        let agreement = reload(&own, &mut command).await?;
        events::signed(&mut command.tx, &origin, &agreement, own.org, deal.open).await?;
    } else {
        rows::put_in_force(tx, deal.id, agreement.id).await?;
        let agreement = reload(&own, &mut command).await?;
        let locked = deal.locked_at.is_some();
        events::in_force::<CreditAgreed, OwnCreditAgreed>(&mut command.tx, &origin, &agreement, locked).await?;
    }
    finish(&own, &deal, command).await
}

/// Decline an agreement on credit
///
/// Ends the proposal: what is in force stays.
#[utoipa::path(post, path = "/api/v1/credit-agreements/{id}/decline", operation_id = "declineCredit", tag = "credit",
    security(("bearer" = ["cosell:work"])),
    params(
        ("id" = String, Path, description = "the agreement", example = "agr_01kaqv6r3gf5ht2x0m8c9ezw4n"),
        ("If-Match" = String, Header, description = "the ETag of the agreement that was looked at", example = "\"v1\""),
        ("Idempotency-Key" = Option<String>, Header, description = "makes a repeated request safe", example = "0a5c1c1e-6d0a-4d7c-9a0e-2c9c7bb0f1d3"),
    ),
    request_body(content = Nothing, example = json!({})),
    responses((status = 200, description = "the declined agreement", body = CreditAgreement, headers(("ETag" = String, description = "its version")))))]
pub(super) async fn decline_credit(
    own: OwnAgreement,
    if_match: IfMatch,
    mut command: Command<Nothing>,
) -> Result<Reply, Problem> {
    let (deal, agreement) = lock(&own, &if_match, &mut command).await?;
    if agreement.proposed_by == own.org {
        return Err(illegal("It is your own proposal: withdraw it.", &["withdraw"]));
    }
    rows::end(&mut command.tx, agreement.id, AgreementStatus::Declined).await?;
    let agreement = reload(&own, &mut command).await?;
    events::proposal::<CreditDeclined>(&mut command.tx, &own.actor.origin(), &agreement).await?;
    finish(&own, &deal, command).await
}

/// Withdraw a proposal on credit
///
/// By the side that made it, as long as not everyone has signed.
#[utoipa::path(post, path = "/api/v1/credit-agreements/{id}/withdraw", operation_id = "withdrawCredit", tag = "credit",
    security(("bearer" = ["cosell:work"])),
    params(
        ("id" = String, Path, description = "the agreement", example = "agr_01kaqv6r3gf5ht2x0m8c9ezw4n"),
        ("If-Match" = String, Header, description = "the ETag of the agreement that was looked at", example = "\"v1\""),
        ("Idempotency-Key" = Option<String>, Header, description = "makes a repeated request safe", example = "0a5c1c1e-6d0a-4d7c-9a0e-2c9c7bb0f1d3"),
    ),
    request_body(content = Nothing, example = json!({})),
    responses((status = 200, description = "the withdrawn agreement", body = CreditAgreement, headers(("ETag" = String, description = "its version")))))]
pub(super) async fn withdraw_credit(
    own: OwnAgreement,
    if_match: IfMatch,
    mut command: Command<Nothing>,
) -> Result<Reply, Problem> {
    let (deal, agreement) = lock(&own, &if_match, &mut command).await?;
    if agreement.proposed_by != own.org {
        return Err(illegal("It is another's proposal.", &["accept", "decline"]));
    }
    rows::end(&mut command.tx, agreement.id, AgreementStatus::Withdrawn).await?;
    let agreement = reload(&own, &mut command).await?;
    events::proposal::<CreditWithdrawn>(&mut command.tx, &own.actor.origin(), &agreement).await?;
    finish(&own, &deal, command).await
}

/// The proposal at the version that was looked at, with its deal locked: changes of one deal's credit take turns.
async fn lock(
    own: &OwnAgreement,
    if_match: &IfMatch,
    command: &mut Command<Nothing>,
) -> Result<(DealFacts, Agreement), Problem> {
    let deal = rows::lock_deal(&mut command.tx, own.agreement.deal_id).await?;
    let agreement = reload(own, command).await?;
    if_match.check(viewer(own, &deal).version(&agreement))?;
    if agreement.status != AgreementStatus::Proposed {
        let detail = format!("The agreement is {}.", agreement.status.as_str());
        return Err(illegal(&detail, &[]));
    }
    Ok((deal, agreement))
}

fn illegal(detail: &str, legal: &[&str]) -> Problem {
    Problem::new(code::ILLEGAL_MOVE, detail).with("legal", legal.to_vec())
}

async fn reload(own: &OwnAgreement, command: &mut Command<Nothing>) -> Result<Agreement, Problem> {
    let found = stored::agreement(&mut command.tx, own.org, own.agreement.id).await?;
    found.ok_or_else(Problem::not_found)
}

async fn finish(own: &OwnAgreement, deal: &DealFacts, mut command: Command<Nothing>) -> Result<Reply, Problem> {
    let agreement = reload(own, &mut command).await?;
    let viewer = viewer(own, deal);
    let reply = Reply::ok(&viewer.agreement(&agreement))?.version(viewer.version(&agreement));
    command.commit(reply).await
}

const fn viewer(own: &OwnAgreement, deal: &DealFacts) -> Viewer {
    Viewer {
        org: own.org,
        vendor: deal.vendor_id,
        open: deal.open,
    }
}
