use axum::{extract::State, response::IntoResponse};
use chrono::{DateTime, Utc};
use guildhall_kernel::{DealId, FileId, OrgId, UserId};
use guildhall_spine::{
    App,
    db::Tx,
    http::{Page, PageQuery, Paging, Problem, ValidQuery},
};
use serde::Serialize;
use sqlx::PgExecutor;
use utoipa::ToSchema;

use crate::deals::access::SeenDeal;
use crate::deals::wire::{DealPerson, Party};

/// A file on a deal.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DealAttachment)]
pub(super) struct Attachment {
    /// The file; `GET /api/v1/files/{id}` has its bytes.
    file_id: FileId,
    /// Its name.
    #[schema(example = "architecture.pdf")]
    name: String,
    /// What it is, by its content.
    #[schema(example = "application/pdf")]
    media_type: String,
    /// How many bytes.
    #[schema(example = 48213)]
    size: i64,
    /// The side that sent it, and that alone may remove it.
    organisation: Party,
    /// Who sent it; `null` for an integration.
    by: Option<DealPerson>,
    /// Since when it is on the deal.
    attached_at: DateTime<Utc>,
}

struct Row {
    id: FileId,
    name: String,
    media_type: String,
    size: i64,
    org_id: OrgId,
    org_name: String,
    user_id: Option<UserId>,
    user_name: Option<String>,
    attached_at: DateTime<Utc>,
}

impl From<Row> for Attachment {
    fn from(row: Row) -> Self {
        Self {
            file_id: row.id,
            name: row.name,
            media_type: row.media_type,
            size: row.size,
            organisation: Party {
                id: row.org_id,
                name: row.org_name,
            },
            by: row.user_id.zip(row.user_name).map(|(id, name)| DealPerson { id, name }),
            attached_at: row.attached_at,
        }
    }
}

/// List the files of a deal
///
/// Those that either side attached and those that answer the deal's form, in the order in which they were sent.
#[utoipa::path(get, path = "/api/v1/deals/{id}/attachments", operation_id = "listDealAttachments", tag = "deals",
    security(("bearer" = ["deals:read"])),
    params(("id" = String, Path, description = "the deal", example = "deal_01kaqv6r3gf5ht2x0m8c9ezw4n"), PageQuery),
    responses((status = 200, description = "one page of files", body = Page<Attachment>)))]
pub(super) async fn list_deal_attachments(
    State(app): State<App>,
    deal: SeenDeal,
    ValidQuery(query): ValidQuery<PageQuery>,
) -> Result<impl IntoResponse, Problem> {
    let scope = format!("deal attachments {} {}", deal.org, deal.id);
    let paging = Paging::<FileId>::new(&app.cursors, scope, query.limit, query.cursor.as_deref())?;
    let rows = read(app.db.pool(), deal.id, None, paging.after, paging.fetch()).await?;
    Ok(paging.page(&app.cursors, rows, |row| row.id, Attachment::from))
}

/// One file of the deal, which must be there.
pub(super) async fn one(tx: &mut Tx, deal: DealId, file: FileId) -> Result<Attachment, Problem> {
    let rows = read(&mut **tx, deal, Some(file), None, 1).await?;
    let row = rows.into_iter().next().ok_or_else(Problem::not_found)?;
    Ok(row.into())
}

async fn read(
    db: impl PgExecutor<'_>,
    deal: DealId,
    file: Option<FileId>,
    after: Option<FileId>,
    limit: i64,
) -> Result<Vec<Row>, sqlx::Error> {
    sqlx::query_as!(
        Row,
        r#"SELECT f.id AS "id: FileId", f.name, f.media_type, f.size, f.org_id AS "org_id: OrgId",
                  (SELECT name FROM organisation WHERE id = f.org_id) AS "org_name!",
                  f.uploaded_by AS "user_id: UserId",
                  (SELECT name FROM user_account WHERE id = f.uploaded_by) AS user_name,
                  f.attached_at AS "attached_at!"
           FROM file f
           WHERE f.subject_id = $1 AND ($2::uuid IS NULL OR f.id = $2) AND ($3::uuid IS NULL OR f.id > $3)
           ORDER BY f.id LIMIT $4"#,
        deal.uuid(),
        file.map(FileId::uuid),
        after.map(FileId::uuid),
        limit,
    )
    .fetch_all(db)
    .await
}
