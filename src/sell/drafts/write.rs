use guildhall_kernel::{Patch, entity};
use guildhall_spine::{
    access::{May, right},
    http::{Checks, Command, IfMatch, PathId, Problem, Reply, Validate},
};

use super::code;
use super::content::{Content, ContentPatch};
use super::events::{DealDraftChanged, DealDraftCreated, DraftFacts, announce};
use super::rows::{self, ShownDraft};

impl Validate for Content {
    fn validate(&self, checks: &mut Checks) {
        self.examine(checks);
    }
}

/// What the change makes of the draft is checked in the handler.
impl Validate for ContentPatch {
    fn validate(&self, _: &mut Checks) {}
}

/// Begin a draft
///
/// Everything may be left out. The answer says what is still missing.
#[utoipa::path(post, path = "/api/v1/deal-drafts", operation_id = "createDealDraft", tag = "deals",
    security(("bearer" = ["deals:submit"])),
    params(("Idempotency-Key" = Option<String>, Header, description = "makes a repeated request safe", example = "0a5c1c1e-6d0a-4d7c-9a0e-2c9c7bb0f1d3")),
    request_body(content = Content, example = json!({"customer": {"name": "Contoso Robotics GmbH"}, "currency": "EUR"})),
    responses((status = 201, description = "the draft", body = ShownDraft, headers(
        ("ETag" = String, description = "its version"), ("Location" = String, description = "its address")))))]
pub(super) async fn create_deal_draft(
    May { actor, org, .. }: May<right::DealSubmit>,
    command: Command<Content>,
) -> Result<Reply, Problem> {
    let (content, mut command) = command.take();
    let tx = &mut command.tx;
    rows::refuse_strangers(tx, content.vendor_id, org.id).await?;
    let id = rows::insert(tx, org.id, actor.user, &content).await?;
    let facts = DraftFacts {
        draft_id: id,
        partner_id: org.id,
        version: 1,
        deal_id: None,
    };
    announce::<DealDraftCreated>(tx, &actor.origin(), facts).await?;
    let shown = rows::lock(tx, id, org.id).await?.shown(tx, org.id).await?;
    let reply = Reply::created(&format!("/api/v1/deal-drafts/{id}"), &shown)?.version(1);
    command.commit(reply).await
}

/// Change a draft
///
/// What is left out stays, in the customer and in the answers as well; the list of lines and that of contacts are taken whole.
/// With another vendor the answers go, but for those that come with it. The answer says what is still missing. What was submitted can't be changed here (`draft_submitted`).
#[utoipa::path(patch, path = "/api/v1/deal-drafts/{id}", operation_id = "changeDealDraft", tag = "deals",
    security(("bearer" = ["deals:submit"])),
    params(
        ("id" = String, Path, description = "the draft", example = "draft_01kaqv6r3gf5ht2x0m8c9ezw4n"),
        ("If-Match" = String, Header, description = "the ETag of the draft that was looked at", example = "\"v1\""),
        ("Idempotency-Key" = Option<String>, Header, description = "makes a repeated request safe", example = "0a5c1c1e-6d0a-4d7c-9a0e-2c9c7bb0f1d3"),
    ),
    request_body(content = ContentPatch, example = json!({"note": "They want to start in spring.", "currency": null})),
    responses((status = 200, description = "the draft", body = ShownDraft, headers(("ETag" = String, description = "its version")))))]
pub(super) async fn change_deal_draft(
    May { actor, org, .. }: May<right::DealSubmit>,
    PathId(id): PathId<entity::DealDraft>,
    if_match: IfMatch,
    command: Command<ContentPatch>,
) -> Result<Reply, Problem> {
    let (patch, mut command) = command.take();
    let tx = &mut command.tx;
    let draft = rows::lock(tx, id, org.id).await?;
    if_match.check(draft.version)?;
    if let Some(deal) = draft.deal_id {
        let detail = format!("Change the deal itself: PATCH /api/v1/deals/{deal}.");
        return Err(Problem::new(code::DRAFT_SUBMITTED, detail));
    }
    if let Patch::Value(vendor) = &patch.vendor_id {
        rows::refuse_strangers(tx, Some(*vendor), org.id).await?;
    }
    let content = patch.over(draft.content.0);
    let mut checks = Checks::default();
    content.examine(&mut checks);
    checks.done()?;
    rows::update(tx, id, &content, None).await?;
    let version = draft.version + 1;
    let facts = DraftFacts {
        draft_id: id,
        partner_id: org.id,
        version,
        deal_id: None,
    };
    announce::<DealDraftChanged>(tx, &actor.origin(), facts).await?;
    let shown = rows::lock(tx, id, org.id).await?.shown(tx, org.id).await?;
    command.commit(Reply::ok(&shown)?.version(version)).await
}
