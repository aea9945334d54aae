use guildhall_kernel::{AmendmentId, OrgId, entity};
use guildhall_spine::{
    access::{May, right},
    event::Event,
    http::{Command, IfMatch, PathId, Problem, Reply},
    identity::Actor,
};

use super::approve::Word;
use super::events::{AmendmentFacts, DealAmendmentRejected, DealAmendmentWithdrawn, announce};
use super::rows::{self, ShownAmendment, Status};
use crate::deals::history::{Entry, note};

/// Reject an amendment
///
/// The deal stays approved as it is.
#[utoipa::path(post, path = "/api/v1/deal-amendments/{id}/reject", operation_id = "rejectDealAmendment", tag = "deals",
    security(("bearer" = ["deals:decide"])),
    params(
        ("id" = String, Path, description = "the amendment", example = "amd_01kaqv6r3gf5ht2x0m8c9ezw4n"),
        ("If-Match" = String, Header, description = "the ETag of the amendment that was looked at", example = "\"v1\""),
        ("Idempotency-Key" = Option<String>, Header, description = "makes a repeated request safe", example = "0a5c1c1e-6d0a-4d7c-9a0e-2c9c7bb0f1d3"),
    ),
    request_body(content = Word, example = json!({"note": "The second site belongs to another partner."})),
    responses((status = 200, description = "the rejected amendment", body = ShownAmendment, headers(("ETag" = String, description = "its version")))))]
pub(super) async fn reject_deal_amendment(
    May { actor, org, .. }: May<right::DealDecide>,
    PathId(id): PathId<entity::Amendment>,
    if_match: IfMatch,
    command: Command<Word>,
) -> Result<Reply, Problem> {
    let how = ("amendment_rejected", Status::Rejected);
    close::<DealAmendmentRejected>(command, (&actor, org.id), id, &if_match, how).await
}

/// Withdraw an amendment
///
/// The deal stays approved as it is.
#[utoipa::path(post, path = "/api/v1/deal-amendments/{id}/withdraw", operation_id = "withdrawDealAmendment", tag = "deals",
    security(("bearer" = ["deals:submit"])),
    params(
        ("id" = String, Path, description = "the amendment", example = "amd_01kaqv6r3gf5ht2x0m8c9ezw4n"),
        ("If-Match" = String, Header, description = "the ETag of the amendment that was looked at", example = "\"v1\""),
        ("Idempotency-Key" = Option<String>, Header, description = "makes a repeated request safe", example = "0a5c1c1e-6d0a-4d7c-9a0e-2c9c7bb0f1d3"),
    ),
    request_body(content = Word, example = json!({"note": "The customer has thought better of it."})),
    responses((status = 200, description = "the withdrawn amendment", body = ShownAmendment, headers(("ETag" = String, description = "its version")))))]
pub(super) async fn withdraw_deal_amendment(
    May { actor, org, .. }: May<right::DealSubmit>,
    PathId(id): PathId<entity::Amendment>,
    if_match: IfMatch,
    command: Command<Word>,
) -> Result<Reply, Problem> {
    let how = ("amendment_withdrawn", Status::Withdrawn);
    close::<DealAmendmentWithdrawn>(command, (&actor, org.id), id, &if_match, how).await
}

/// Ends an amendment without a change of the deal.
async fn close<E: Event + From<AmendmentFacts>>(
    command: Command<Word>,
    (actor, org): (&Actor, OrgId),
    id: AmendmentId,
    if_match: &IfMatch,
    (step, status): (&str, Status),
) -> Result<Reply, Problem> {
    let (word, mut command) = command.take();
    let tx = &mut command.tx;
    let amendment = rows::lock(tx, id, org).await?;
    if_match.check(amendment.version)?;
    amendment.require_open()?;
    rows::decide(tx, id, status, actor.user, word.note.as_deref()).await?;
    let origin = actor.origin();
    let entry = Entry {
        said: word.note.as_deref(),
        ..Entry::of(step).about(id)
    };
    note(tx, amendment.deal_id, &origin, entry).await?;
    let amendment = rows::find(&mut **tx, id, org).await?;
    announce::<E>(tx, &origin, &amendment, word.note).await?;
    let shown = ShownAmendment::from(amendment);
    let version = shown.version;
    command.commit(Reply::ok(&shown)?.version(version)).await
}
