use guildhall_kernel::{DealId, entity};
use guildhall_spine::{
    access::{May, right},
    db::Tx,
    http::{Checks, Command, IfMatch, PathId, Problem, Reply, Validate},
    identity::Actor,
};
use serde::Deserialize;
use utoipa::ToSchema;

use super::events::{DealDraftSubmitted, DraftFacts, announce};
use super::rows::{self, Draft};
use crate::deals::{
    register::{Registration, register},
    rows::Registrant,
    view,
    wire::Deal,
};

/// Nothing more needs to be said.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = DealDraftSubmission)]
pub(super) struct Submission {}

impl Validate for Submission {
    fn validate(&self, _: &mut Checks) {}
}

/// Submit a draft
///
/// Registers the deal that stands in it, checked as any registration is. A draft that was submitted before answers with
/// its deal, so that asking twice makes one deal.
#[utoipa::path(post, path = "/api/v1/deal-drafts/{id}/submit", operation_id = "submitDealDraft", tag = "deals",
    security(("bearer" = ["deals:submit"])),
    params(
        ("id" = String, Path, description = "the draft", example = "draft_01kaqv6r3gf5ht2x0m8c9ezw4n"),
        ("If-Match" = String, Header, description = "the ETag of the draft that was looked at", example = "\"v1\""),
        ("Idempotency-Key" = Option<String>, Header, description = "makes a repeated request safe", example = "0a5c1c1e-6d0a-4d7c-9a0e-2c9c7bb0f1d3"),
    ),
    request_body(content = Submission, example = json!({})),
    responses(
        (status = 200, description = "the deal, registered before", body = Deal, headers(("ETag" = String, description = "its version"))),
        (status = 201, description = "the deal as registered", body = Deal, headers(
            ("ETag" = String, description = "its version"), ("Location" = String, description = "its address")))))]
pub(super) async fn submit_deal_draft(
    May { actor, org, .. }: May<right::DealSubmit>,
    PathId(id): PathId<entity::DealDraft>,
    if_match: IfMatch,
    command: Command<Submission>,
) -> Result<Reply, Problem> {
    let (Submission {}, mut command) = command.take();
    let tx = &mut command.tx;
    let draft = rows::lock(tx, id, org.id).await?;
    if let Some(deal) = draft.deal_id {
        let view = view::reload(&mut **tx, deal, org.id).await?;
        let version = view.version;
        let reply = Reply::ok(&view.into_deal(actor.permissions))?.version(version);
        return command.commit(reply).await;
    }
    if_match.check(draft.version)?;
    let deal = register_draft(tx, &actor, draft).await?;
    let view = view::reload(&mut **tx, deal, org.id).await?;
    let version = view.version;
    let reply = Reply::created(&format!("/api/v1/deals/{deal}"), &view.into_deal(actor.permissions))?;
    command.commit(reply.version(version)).await
}

async fn register_draft(tx: &mut Tx, actor: &Actor, draft: Draft) -> Result<DealId, Problem> {
    let partner = actor.org.ok_or_else(Problem::not_found)?.id;
    let mut checks = Checks::default();
    let whole = draft.content.0.clone().complete(&mut checks);
    checks.done()?;
    let whole = whole.ok_or_else(|| Problem::internal("a draft lacks something that was not noted"))?;
    let registration = Registration {
        by: Registrant {
            vendor: whole.vendor,
            partner,
            user: actor.user,
        },
        deal: whole,
        lead: None,
    };
    let origin = actor.origin();
    let deal = register(tx, &origin, registration).await?;
    rows::update(tx, draft.id, &draft.content.0, Some(deal)).await?;
    let facts = DraftFacts {
        draft_id: draft.id,
        partner_id: partner,
        version: draft.version + 1,
        deal_id: Some(deal),
    };
    announce::<DealDraftSubmitted>(tx, &origin, facts).await?;
    Ok(deal)
}
