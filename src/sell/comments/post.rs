use guildhall_kernel::{OrgId, UserId};
use guildhall_spine::http::{Checks, Command, Problem, Reply, Validate};
use serde::Deserialize;
use utoipa::ToSchema;

use super::events::{DealCommented, announce, tell};
use super::rows::{self, NewComment, ShownComment};
use super::{check_text, mentions};
use crate::deals::access::WorkedDeal;
use crate::deals::history::{Entry, note};
use crate::deals::protection::record_progress;

/// A comment to be written.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = DealCommentDraft)]
pub(super) struct Draft {
    /// What it says, 1 to 5000 characters.
    #[schema(example = "The customer wants a pilot first.")]
    body: String,
    /// Whether only your own side sees it.
    #[serde(default)]
    internal: bool,
    /// Who is named in it, at most 20: people who may read it. Each hears of it.
    #[serde(default)]
    #[schema(max_items = 20)]
    mentions: Vec<UserId>,
}

impl Validate for Draft {
    fn validate(&self, checks: &mut Checks) {
        check_text(checks, &self.body, self.mentions.len());
    }
}

/// Comment on a deal
///
/// For both sides to read, or for your own alone. A partner needs deals:submit for it, a vendor deals:decide. Its author
/// may change or delete it for 15 minutes.
#[utoipa::path(post, path = "/api/v1/deals/{id}/comments", operation_id = "postDealComment", tag = "deals",
    security(("bearer" = ["deals:read"])),
    params(
        ("id" = String, Path, description = "the deal", example = "deal_01kaqv6r3gf5ht2x0m8c9ezw4n"),
        ("Idempotency-Key" = Option<String>, Header, description = "makes a repeated request safe", example = "0a5c1c1e-6d0a-4d7c-9a0e-2c9c7bb0f1d3"),
    ),
    request_body(content = Draft, example = json!({"body": "The customer wants a pilot first."})),
    responses((status = 201, description = "the comment", body = ShownComment, headers(
        ("ETag" = String, description = "its version"), ("Location" = String, description = "its address")))))]
pub(super) async fn post_deal_comment(WorkedDeal(deal): WorkedDeal, command: Command<Draft>) -> Result<Reply, Problem> {
    let (draft, mut command) = command.take();
    let tx = &mut command.tx;
    let sides = sqlx::query!(
        r#"SELECT vendor_id AS "vendor: OrgId", partner_id AS "partner: OrgId" FROM deal WHERE id = $1"#,
        deal.id.uuid()
    )
    .fetch_one(&mut **tx)
    .await?;
    let (both, own) = ([sides.vendor, sides.partner], [deal.org]);
    let readers: &[OrgId] = if draft.internal { &own } else { &both };
    let people = mentions::check(tx, &draft.mentions, readers).await?;
    let new = NewComment {
        deal: deal.id,
        org: deal.org,
        author: deal.actor.user,
        internal: draft.internal,
        body: &draft.body,
        mentions: &people,
    };
    let id = rows::insert(tx, &new).await?;
    let comment = rows::reload(tx, id, deal.org).await?;
    let origin = deal.actor.origin();
    let entry = Entry {
        only_for: draft.internal.then_some(deal.org),
        ..Entry::of("commented").about(id)
    };
    note(tx, deal.id, &origin, entry).await?;
    record_progress(tx, deal.id).await?;
    announce::<DealCommented>(tx, &origin, &comment).await?;
    tell(tx, &origin, &comment, &people).await?;
    let location = format!("/api/v1/deal-comments/{id}");
    let reply = Reply::created(&location, &ShownComment::from(comment))?.version(1);
    command.commit(reply).await
}
