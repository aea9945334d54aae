//! What the feature announces.

use guildhall_kernel::{CommentId, DealId, OrgId, UserId};
use guildhall_spine::{
    db::Tx,
    event::{self, Event, EventDoc, Origin, Topic},
    http::Problem,
};
use schemars::JsonSchema;
use serde::Serialize;
use uuid::Uuid;

use super::rows::Comment;

/// A comment, for those who may read it.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct CommentFacts {
    /// The deal.
    pub deal_id: DealId,
    /// The comment.
    pub comment_id: CommentId,
    /// The side that it comes from.
    pub organisation_id: OrgId,
    /// Who wrote it; nobody for an integration.
    pub author_id: Option<UserId>,
    /// Whether only that side hears of it.
    pub internal: bool,
    /// The comment's version.
    pub version: i64,
}

/// Somebody was named in a comment. For their own eyes.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct DealMentioned {
    /// The deal.
    pub deal_id: DealId,
    /// The comment.
    pub comment_id: CommentId,
    /// The side that it comes from.
    pub organisation_id: OrgId,
    /// Who wrote it; nobody for an integration.
    pub author_id: Option<UserId>,
}

impl Event for DealMentioned {
    const KIND: &'static str = "deal.mentioned";
    const TOPIC: Topic = Topic::Account;
}

macro_rules! events {
    ($($(#[$doc:meta])* $name:ident = $kind:literal;)*) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Debug, Serialize, JsonSchema)]
            pub struct $name(pub CommentFacts);

            impl Event for $name {
                const KIND: &'static str = $kind;
                const TOPIC: Topic = Topic::Deals;
            }

            impl From<CommentFacts> for $name {
                fn from(facts: CommentFacts) -> Self {
                    Self(facts)
                }
            }
        )*

        /// What the feature announces, for the documentation.
        pub const EVENTS: &[EventDoc] = &[$(EventDoc::of::<$name>(),)* EventDoc::of::<DealMentioned>()];
    };
}

events! {
    /// One side commented on a deal. An internal comment is heard by that side alone.
    DealCommented = "deal.commented";
    /// The author changed a comment.
    DealCommentChanged = "deal.comment_changed";
    /// The author deleted a comment.
    DealCommentDeleted = "deal.comment_deleted";
}

/// Announces what became of a comment to those who may read it.
///
/// # Errors
/// When the database fails.
pub(super) async fn announce<E>(tx: &mut Tx, origin: &Origin, comment: &Comment) -> Result<(), Problem>
where
    E: Event + From<CommentFacts>,
{
    let both = [comment.vendor_id.uuid(), comment.partner_id.uuid()];
    let own = [comment.org_id.uuid()];
    let audiences: &[Uuid] = if comment.internal { &own } else { &both };
    let facts = CommentFacts {
        deal_id: comment.deal_id,
        comment_id: comment.id,
        organisation_id: comment.org_id,
        author_id: comment.author_id,
        internal: comment.internal,
        version: comment.version,
    };
    event::append(tx, origin, comment.deal_id, audiences, &E::from(facts)).await?;
    Ok(())
}

/// Tells people that they were named.
///
/// # Errors
/// When the database fails.
pub(super) async fn tell(tx: &mut Tx, origin: &Origin, comment: &Comment, people: &[Uuid]) -> Result<(), Problem> {
    if people.is_empty() {
        return Ok(());
    }
    let mentioned = DealMentioned {
        deal_id: comment.deal_id,
        comment_id: comment.id,
        organisation_id: comment.org_id,
        author_id: comment.author_id,
    };
    event::append(tx, origin, comment.deal_id, people, &mentioned).await?;
    Ok(())
}
