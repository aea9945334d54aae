use axum::{extract::State, response::IntoResponse};
use chrono::{DateTime, Utc};
use guildhall_kernel::{CoSellId, FileId, OrgId};
use guildhall_spine::{
    App,
    access::Permission,
    db::Tx,
    files::{Attaching, Refused, attach},
    http::{Checks, Command, Page, PageQuery, Paging, Problem, Reply, ValidQuery, Validate},
};
use serde::{Deserialize, Serialize};
use sqlx::PgExecutor;
use utoipa::ToSchema;

use super::access::{Joined, Seen};
use super::change::refuse_closed;
use super::events::{self, CoSellDocumentAdded, DocumentNow};
use super::rows;
use super::stage::Stage;

/// How many files a shared opportunity may have.
const MOST_FILES: i64 = 50;
/// How many bytes they may have together: 250 MiB.
const MOST_BYTES: i64 = 250 * 1024 * 1024;

/// A document of a shared opportunity.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct CoSellDocument {
    /// Its number in the opportunity.
    #[schema(example = 1)]
    no: i32,
    /// Its name.
    #[schema(example = "Site plan")]
    name: String,
    /// Where it is; `null` for a file.
    #[schema(example = "https://files.example/site-plan.pdf")]
    url: Option<String>,
    /// The file that it is; `null` for a link.
    file: Option<DocumentFile>,
    /// Who put it there.
    org_id: OrgId,
    /// When.
    created_at: DateTime<Utc>,
}

/// A file as a document.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CoSellDocumentFile)]
struct DocumentFile {
    /// The file; `GET /api/v1/files/{id}` has its bytes.
    file_id: FileId,
    /// What it is called.
    #[schema(example = "site-plan.pdf")]
    name: String,
    /// What it is, by its content.
    #[schema(example = "application/pdf")]
    media_type: String,
    /// How many bytes.
    #[schema(example = 48213)]
    size: i64,
}

/// A document as the database has it.
#[derive(Debug)]
struct Row {
    no: i32,
    name: String,
    url: Option<String>,
    org_id: OrgId,
    created_at: DateTime<Utc>,
    file_id: Option<FileId>,
    file_name: Option<String>,
    media_type: Option<String>,
    size: Option<i64>,
}

impl From<Row> for CoSellDocument {
    fn from(row: Row) -> Self {
        let file = row.file_id.zip(row.file_name).zip(row.media_type).zip(row.size);
        Self {
            no: row.no,
            name: row.name,
            url: row.url,
            file: file.map(|(((file_id, name), media_type), size)| DocumentFile {
                file_id,
                name,
                media_type,
                size,
            }),
            org_id: row.org_id,
            created_at: row.created_at,
        }
    }
}

/// Those of an opportunity in the order of their numbers: a range of the primary key.
async fn read(db: impl PgExecutor<'_>, id: CoSellId, after: i32, limit: i64) -> Result<Vec<Row>, sqlx::Error> {
    sqlx::query_as!(
        Row,
        r#"SELECT d.no, d.name, d.url, d.org_id AS "org_id: OrgId", d.created_at, d.file_id AS "file_id: FileId",
                  f.name AS "file_name?", f.media_type AS "media_type?", f.size AS "size?"
           FROM co_sell_document d LEFT JOIN file f ON f.id = d.file_id
           WHERE d.co_sell_id = $1 AND d.no > $2 ORDER BY d.no LIMIT $3"#,
        id.uuid(),
        after,
        limit,
    )
    .fetch_all(db)
    .await
}

/// A document to be added.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CoSellDocumentDraft)]
pub(super) struct Draft {
    /// Its name, 1 to 200 characters.
    #[schema(example = "Site plan")]
    name: String,
    /// Where it is: an https address of at most 2000 characters.
    #[serde(default)]
    #[schema(example = "https://files.example/site-plan.pdf")]
    url: Option<String>,
    /// In its place a file that your organisation sent: `POST /api/v1/files`.
    #[serde(default)]
    file_id: Option<FileId>,
}

impl Validate for Draft {
    fn validate(&self, checks: &mut Checks) {
        checks.text("/name", &self.name, 1, 200, false);
        let one = self.url.is_some() != self.file_id.is_some();
        checks.check(one, "", "one_of", "must have a url or a file_id, and not both");
        if let Some(url) = &self.url {
            let message = "must be an https address, like https://files.example/plan.pdf";
            checks.check(is_link(url), "/url", "url", message);
        }
    }
}

fn is_link(url: &str) -> bool {
    let host = url
        .strip_prefix("https://")
        .and_then(|rest| rest.split(['/', '?', '#']).next());
    let clean = !url
        .chars()
        .any(|c| c.is_whitespace() || c.is_control() || matches!(c, '"' | '<' | '>'));
    clean && url.len() <= 2000 && host.is_some_and(|host| !host.is_empty() && !host.contains('@'))
}

/// List documents
///
/// For those who have joined, in the order of their numbers.
#[utoipa::path(get, path = "/api/v1/co-sells/{id}/documents", operation_id = "listCoSellDocuments", tag = "co-sell",
    security(("bearer" = ["cosell:read"])),
    params(("id" = String, Path, description = "the shared opportunity", example = "cos_01kaqv6r3gf5ht2x0m8c9ezw4n"), PageQuery),
    responses((status = 200, description = "one page of documents", body = Page<CoSellDocument>)))]
pub(super) async fn list_co_sell_documents(
    State(app): State<App>,
    Joined(seen): Joined,
    ValidQuery(query): ValidQuery<PageQuery>,
) -> Result<impl IntoResponse, Problem> {
    let scope = format!("documents of {} for {}", seen.id, seen.org);
    let paging = Paging::<i32>::new(&app.cursors, scope, query.limit, query.cursor.as_deref())?;
    let after = paging.after.unwrap_or_default();
    let rows = read(app.db.pool(), seen.id, after, paging.fetch()).await?;
    Ok(paging.page(&app.cursors, rows, |row| row.no, CoSellDocument::from))
}

/// Add a document
///
/// By anyone who has joined, while the opportunity is open: a name, and a link or a file. A file is read by those who have
/// joined, as long as they have; at most 50 with 250 MiB together.
#[utoipa::path(post, path = "/api/v1/co-sells/{id}/documents", operation_id = "addCoSellDocument", tag = "co-sell",
    security(("bearer" = ["cosell:work"])),
    params(
        ("id" = String, Path, description = "the shared opportunity", example = "cos_01kaqv6r3gf5ht2x0m8c9ezw4n"),
        ("Idempotency-Key" = Option<String>, Header, description = "makes a repeated request safe", example = "0a5c1c1e-6d0a-4d7c-9a0e-2c9c7bb0f1d3"),
    ),
    request_body(content = Draft, example = json!({"name": "Site plan", "url": "https://files.example/site-plan.pdf"})),
    responses((status = 201, description = "the document", body = CoSellDocument, headers(("Location" = String, description = "where documents are listed")))))]
pub(super) async fn add_co_sell_document(Joined(seen): Joined, command: Command<Draft>) -> Result<Reply, Problem> {
    let (draft, mut command) = command.take();
    let tx = &mut command.tx;
    let (locked, stage) = rows::lock(tx, seen.id, seen.org).await?;
    if stage != Stage::Joined {
        return Err(Problem::not_found());
    }
    refuse_closed(locked.status)?;
    if let Some(file) = draft.file_id {
        put(tx, file, &seen).await?;
    }
    let no = insert(tx, &seen, &draft).await?;
    let document = read(&mut **tx, seen.id, no - 1, 1).await?.into_iter().next();
    let document = CoSellDocument::from(document.ok_or_else(Problem::not_found)?);
    let added = CoSellDocumentAdded(DocumentNow {
        co_sell_id: seen.id,
        no,
        name: draft.name,
        file_id: draft.file_id,
        org_id: seen.org,
    });
    events::to_joined(tx, &seen.actor.origin(), seen.id, &added).await?;
    let reply = Reply::created(&format!("/api/v1/co-sells/{}/documents", seen.id), &document)?;
    command.commit(reply).await
}

/// Attaches a file of the side's own to the opportunity, which this transaction has locked.
async fn put(tx: &mut Tx, file: FileId, seen: &Seen) -> Result<(), Problem> {
    let readers: Vec<OrgId> = events::joined(tx, seen.id)
        .await?
        .into_iter()
        .map(OrgId::from)
        .collect();
    let to = Attaching {
        org: seen.org,
        subject: seen.id.into(),
        readers: &readers,
        needs: Permission::CoSellRead,
        most_files: MOST_FILES,
        most_bytes: MOST_BYTES,
    };
    let (code, message) = match attach(tx, file, &to).await {
        Ok(Some(_)) => return Ok(()),
        Ok(None) | Err(Refused::Unknown) => (
            "unknown_file",
            "must be the id of a file that your organisation sent and that is attached to nothing",
        ),
        Err(Refused::Full) => (
            "too_many_files",
            "is one too many: a shared opportunity may have 50 files with 250 MiB together",
        ),
        Err(Refused::Failed(problem)) => return Err(problem),
    };
    Err(Problem::field("/file_id", code, message))
}

/// Stores the document; returns its number.
async fn insert(tx: &mut Tx, seen: &Seen, draft: &Draft) -> Result<i32, Problem> {
    let at = tx.now();
    let no = sqlx::query_scalar!(
        "WITH numbered AS (UPDATE co_sell SET documents = documents + 1 WHERE id = $1 RETURNING documents AS no)
         INSERT INTO co_sell_document (co_sell_id, no, org_id, name, url, file_id, created_at)
         SELECT $1, no, $2, $3, $4, $5, $6 FROM numbered RETURNING no",
        seen.id.uuid(),
        seen.org.uuid(),
        draft.name,
        draft.url,
        draft.file_id.map(FileId::uuid),
        at,
    )
    .fetch_one(&mut **tx)
    .await?;
    Ok(no)
}
