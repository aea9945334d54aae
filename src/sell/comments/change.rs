use chrono::TimeDelta;
use guildhall_kernel::{OrgId, UserId, entity};
use guildhall_spine::{
    access::{May, right},
    db::Tx,
    http::{Checks, Command, IfMatch, PathId, Problem, Reply, Validate, code as common},
    identity::Actor,
};
use serde::Deserialize;
use utoipa::ToSchema;

use super::events::{DealCommentChanged, announce, tell};
use super::rows::{self, Comment, ShownComment};
use super::{MINUTES_OPEN, check_text, code, mentions};

/// Other words for a comment.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = DealCommentChange)]
pub(super) struct Rewording {
    /// What it says now, 1 to 5000 characters.
    #[schema(example = "The customer wants a pilot in May.")]
    body: String,
    /// Everybody who is named in it now, at most 20. Those who were not before hear of it.
    #[serde(default)]
    #[schema(max_items = 20)]
    mentions: Vec<UserId>,
}

impl Validate for Rewording {
    fn validate(&self, checks: &mut Checks) {
        check_text(checks, &self.body, self.mentions.len());
    }
}

/// Change a comment
///
/// By its author, within 15 minutes (`comment_fixed` after that). Who sees it stays as it is.
#[utoipa::path(patch, path = "/api/v1/deal-comments/{id}", operation_id = "changeDealComment", tag = "deals",
    security(("bearer" = ["deals:read"])),
    params(
        ("id" = String, Path, description = "the comment", example = "cmt_01kaqv6r3gf5ht2x0m8c9ezw4n"),
        ("If-Match" = String, Header, description = "the ETag of the comment that was looked at", example = "\"v1\""),
        ("Idempotency-Key" = Option<String>, Header, description = "makes a repeated request safe", example = "0a5c1c1e-6d0a-4d7c-9a0e-2c9c7bb0f1d3"),
    ),
    request_body(content = Rewording, example = json!({"body": "The customer wants a pilot in May."})),
    responses((status = 200, description = "the comment", body = ShownComment, headers(("ETag" = String, description = "its version")))))]
pub(super) async fn change_deal_comment(
    May { actor, org, .. }: May<right::DealRead>,
    PathId(id): PathId<entity::Comment>,
    if_match: IfMatch,
    command: Command<Rewording>,
) -> Result<Reply, Problem> {
    let (words, mut command) = command.take();
    let tx = &mut command.tx;
    let was = rows::lock(tx, id, org.id).await?.ok_or_else(Problem::not_found)?;
    refuse_others(tx, &was, &actor)?;
    if_match.check(was.version)?;
    let (both, own) = ([was.vendor_id, was.partner_id], [was.org_id]);
    let readers: &[OrgId] = if was.internal { &own } else { &both };
    let people = mentions::check(tx, &words.mentions, readers).await?;
    rows::rewrite(tx, id, Some(&words.body), &people).await?;
    let comment = rows::reload(tx, id, org.id).await?;
    let origin = actor.origin();
    announce::<DealCommentChanged>(tx, &origin, &comment).await?;
    let new: Vec<_> = people
        .into_iter()
        .filter(|person| !was.mentions.contains(person))
        .collect();
    tell(tx, &origin, &comment, &new).await?;
    let version = comment.version;
    command
        .commit(Reply::ok(&ShownComment::from(comment))?.version(version))
        .await
}

/// Only who wrote it may change it, and only for a while.
pub(super) fn refuse_others(tx: &Tx, comment: &Comment, actor: &Actor) -> Result<(), Problem> {
    let user = actor.require_user()?;
    if comment.author_id != Some(user) || actor.org.map(|org| org.id) != Some(comment.org_id) {
        return Err(Problem::new(common::FORBIDDEN, "Only its author may change a comment."));
    }
    if comment.deleted_at.is_some() {
        return Err(Problem::new(code::COMMENT_FIXED, "It was deleted: write another one."));
    }
    if tx.now() - comment.created_at > TimeDelta::minutes(MINUTES_OPEN) {
        let detail = format!("It was written more than {MINUTES_OPEN} minutes ago: write another one.");
        return Err(Problem::new(code::COMMENT_FIXED, detail));
    }
    Ok(())
}
