//! Stored comments.

use chrono::{DateTime, Utc};
use guildhall_kernel::{CommentId, DealId, OrgId, UserId};
use guildhall_spine::{db::Tx, http::Problem};
use serde::Serialize;
use sqlx::PgExecutor;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::deals::wire::{DealPerson, Party};

/// A comment on a deal.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DealComment)]
pub(super) struct ShownComment {
    /// Its id.
    id: CommentId,
    /// Rises with each change; the `ETag` is made of it.
    #[schema(example = 1)]
    pub(super) version: i64,
    /// The side that it comes from.
    organisation: Party,
    /// Who wrote it; `null` for an integration.
    author: Option<DealPerson>,
    /// Whether the other side does not see it.
    internal: bool,
    /// What it says; `null` once it is deleted.
    #[schema(example = "The customer wants a pilot first.")]
    body: Option<String>,
    /// Who is named in it.
    mentions: Vec<UserId>,
    /// When it was written.
    created_at: DateTime<Utc>,
    /// When it was last changed.
    edited_at: Option<DateTime<Utc>>,
    /// When it was deleted.
    deleted_at: Option<DateTime<Utc>>,
}

/// A comment as the database has it, with the sides of its deal.
#[derive(Clone, Debug)]
pub(super) struct Comment {
    pub(super) id: CommentId,
    pub(super) deal_id: DealId,
    pub(super) vendor_id: OrgId,
    pub(super) partner_id: OrgId,
    pub(super) org_id: OrgId,
    pub(super) org_name: String,
    pub(super) author_id: Option<UserId>,
    pub(super) author_name: Option<String>,
    pub(super) internal: bool,
    pub(super) body: String,
    pub(super) mentions: Vec<Uuid>,
    pub(super) version: i64,
    pub(super) created_at: DateTime<Utc>,
    pub(super) edited_at: Option<DateTime<Utc>>,
    pub(super) deleted_at: Option<DateTime<Utc>>,
}

impl From<Comment> for ShownComment {
    fn from(row: Comment) -> Self {
        Self {
            id: row.id,
            version: row.version,
            organisation: Party {
                id: row.org_id,
                name: row.org_name,
            },
            author: row
                .author_id
                .zip(row.author_name)
                .map(|(id, name)| DealPerson { id, name }),
            internal: row.internal,
            body: Some(row.body).filter(|_| row.deleted_at.is_none()),
            mentions: row.mentions.into_iter().map(UserId::from).collect(),
            created_at: row.created_at,
            edited_at: row.edited_at,
            deleted_at: row.deleted_at,
        }
    }
}

/// What is stored of a new comment.
#[derive(Debug)]
pub(super) struct NewComment<'a> {
    pub(super) deal: DealId,
    pub(super) org: OrgId,
    pub(super) author: Option<UserId>,
    pub(super) internal: bool,
    pub(super) body: &'a str,
    pub(super) mentions: &'a [Uuid],
}

/// Stores a comment.
pub(super) async fn insert(tx: &mut Tx, comment: &NewComment<'_>) -> Result<CommentId, sqlx::Error> {
    let (id, at): (CommentId, _) = (tx.new_id(), tx.now());
    sqlx::query!(
        "INSERT INTO deal_comment (id, deal_id, org_id, author_id, internal, body, mentions, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        id.uuid(),
        comment.deal.uuid(),
        comment.org.uuid(),
        comment.author.map(UserId::uuid),
        comment.internal,
        comment.body,
        comment.mentions,
        at,
    )
    .execute(&mut **tx)
    .await?;
    Ok(id)
}

/// Locks a comment that `org` may read.
pub(super) async fn lock(tx: &mut Tx, id: CommentId, org: OrgId) -> Result<Option<Comment>, sqlx::Error> {
    let seen = sqlx::query_scalar!(
        "SELECT c.deal_id FROM deal_comment c JOIN deal d ON d.id = c.deal_id
         WHERE c.id = $1 AND (d.vendor_id = $2 OR d.partner_id = $2) AND (NOT c.internal OR c.org_id = $2)
         FOR UPDATE OF c",
        id.uuid(),
        org.uuid(),
    )
    .fetch_optional(&mut **tx)
    .await?;
    let Some(deal) = seen else { return Ok(None) };
    let found = read(&mut **tx, deal.into(), org, Some(id), None, 1).await?;
    Ok(found.into_iter().next())
}

/// The comment, which must be there.
pub(super) async fn reload(tx: &mut Tx, id: CommentId, org: OrgId) -> Result<Comment, Problem> {
    lock(tx, id, org).await?.ok_or_else(Problem::not_found)
}

/// Puts other words in a comment's place, or none.
pub(super) async fn rewrite(
    tx: &mut Tx,
    id: CommentId,
    body: Option<&str>,
    mentions: &[Uuid],
) -> Result<(), sqlx::Error> {
    let at = tx.now();
    sqlx::query!(
        "UPDATE deal_comment SET body = coalesce($2, ''), mentions = $3, version = version + 1,
                edited_at = CASE WHEN $2 IS NULL THEN edited_at ELSE $4 END,
                deleted_at = CASE WHEN $2 IS NULL THEN $4 END
         WHERE id = $1",
        id.uuid(),
        body,
        mentions,
        at,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// The comments on a deal that `org` may read, the oldest first.
pub(super) async fn read(
    db: impl PgExecutor<'_>,
    deal: DealId,
    org: OrgId,
    only: Option<CommentId>,
    after: Option<CommentId>,
    limit: i64,
) -> Result<Vec<Comment>, sqlx::Error> {
    sqlx::query_as!(
        Comment,
        r#"SELECT c.id AS "id: CommentId", c.deal_id AS "deal_id: DealId", d.vendor_id AS "vendor_id: OrgId",
                  d.partner_id AS "partner_id: OrgId", c.org_id AS "org_id: OrgId",
                  (SELECT name FROM organisation WHERE id = c.org_id) AS "org_name!",
                  c.author_id AS "author_id: UserId",
                  (SELECT name FROM user_account WHERE id = c.author_id) AS author_name,
                  c.internal, c.body, c.mentions, c.version, c.created_at, c.edited_at, c.deleted_at
           FROM deal_comment c JOIN deal d ON d.id = c.deal_id
           WHERE c.deal_id = $1 AND (NOT c.internal OR c.org_id = $2)
             AND ($3::uuid IS NULL OR c.id = $3) AND ($4::uuid IS NULL OR c.id > $4)
           ORDER BY c.id LIMIT $5"#,
        deal.uuid(),
        org.uuid(),
        only.map(CommentId::uuid),
        after.map(CommentId::uuid),
        limit,
    )
    .fetch_all(db)
    .await
}
