use axum::{extract::State, response::IntoResponse};
use chrono::{DateTime, Utc};
use guildhall_kernel::OrgId;
use guildhall_spine::{
    App,
    http::{Checks, Command, Page, PageQuery, Paging, Problem, Reply, ValidQuery, Validate},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::access::Joined;
use super::change::refuse_closed;
use super::events::{self, CoSellDocumentAdded, CoSellDocumentRemoved, DocumentNow};
use super::rows;
use super::stage::Stage;

/// A document of a shared opportunity.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct CoSellDocument {
    /// Its number in the opportunity.
    #[schema(example = 1)]
    no: i32,
    /// Its name.
    #[schema(example = "Site plan")]
    name: String,
    /// Where it is.
    #[schema(example = "https://files.example/site-plan.pdf")]
    url: String,
    /// Who put it there.
    org_id: OrgId,
    /// When.
    created_at: DateTime<Utc>,
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
    #[schema(example = "https://files.example/site-plan.pdf")]
    url: String,
}

impl Validate for Draft {
    fn validate(&self, checks: &mut Checks) {
        checks.text("/name", &self.name, 1, 200, false);
        let host = self
            .url
            .strip_prefix("https://")
            .and_then(|rest| rest.split(['/', '?', '#']).next());
        let clean = !self
            .url
            .chars()
            .any(|c| c.is_whitespace() || c.is_control() || matches!(c, '"' | '<' | '>'));
        let sound = clean && self.url.len() <= 2000 && host.is_some_and(|host| !host.is_empty() && !host.contains('@'));
        let message = "must be an https address, like https://files.example/plan.pdf";
        checks.check(sound, "/url", "url", message);
    }
}

/// Which document to take away.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CoSellDocumentRemoval)]
pub(super) struct Removal {
    /// Its number in the opportunity.
    #[schema(example = 1)]
    no: i32,
}

impl Validate for Removal {
    fn validate(&self, _: &mut Checks) {}
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
    let rows = sqlx::query_as!(
        CoSellDocument,
        r#"SELECT no, name, url, org_id AS "org_id: OrgId", created_at FROM co_sell_document
           WHERE co_sell_id = $1 AND no > $2 ORDER BY no LIMIT $3"#,
        seen.id.uuid(),
        paging.after.unwrap_or_default(),
        paging.fetch(),
    )
    .fetch_all(app.db.pool())
    .await?;
    Ok(paging.page(&app.cursors, rows, |row| row.no, |row| row))
}

/// Add a document
///
/// By anyone who has joined, while the opportunity is open: a name and a link.
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
    let at = tx.now();
    let document = sqlx::query_as!(
        CoSellDocument,
        r#"WITH numbered AS (UPDATE co_sell SET documents = documents + 1 WHERE id = $1 RETURNING documents AS no)
           INSERT INTO co_sell_document (co_sell_id, no, org_id, name, url, created_at)
           SELECT $1, no, $2, $3, $4, $5 FROM numbered
           RETURNING no, name, url, org_id AS "org_id: OrgId", created_at"#,
        seen.id.uuid(),
        seen.org.uuid(),
        draft.name,
        draft.url,
        at,
    )
    .fetch_one(&mut **tx)
    .await?;
    let added = CoSellDocumentAdded(DocumentNow {
        co_sell_id: seen.id,
        no: document.no,
        name: document.name.clone(),
        org_id: seen.org,
    });
    events::to_joined(tx, &seen.actor.origin(), seen.id, &added).await?;
    let reply = Reply::created(&format!("/api/v1/co-sells/{}/documents", seen.id), &document)?;
    command.commit(reply).await
}

/// Take a document away
///
/// By the side that added it.
#[utoipa::path(post, path = "/api/v1/co-sells/{id}/remove-document", operation_id = "removeCoSellDocument", tag = "co-sell",
    security(("bearer" = ["cosell:work"])),
    params(
        ("id" = String, Path, description = "the shared opportunity", example = "cos_01kaqv6r3gf5ht2x0m8c9ezw4n"),
        ("Idempotency-Key" = Option<String>, Header, description = "makes a repeated request safe", example = "0a5c1c1e-6d0a-4d7c-9a0e-2c9c7bb0f1d3"),
    ),
    request_body(content = Removal, example = json!({"no": 1})),
    responses((status = 204, description = "taken away")))]
pub(super) async fn remove_co_sell_document(Joined(seen): Joined, command: Command<Removal>) -> Result<Reply, Problem> {
    let (removal, mut command) = command.take();
    let tx = &mut command.tx;
    let gone = sqlx::query_scalar!(
        "DELETE FROM co_sell_document WHERE co_sell_id = $1 AND no = $2 AND org_id = $3 RETURNING name",
        seen.id.uuid(),
        removal.no,
        seen.org.uuid(),
    )
    .fetch_optional(&mut **tx)
    .await?;
    let message = "must be the number of a document that your side added";
    let name = gone.ok_or_else(|| Problem::field("/no", "unknown_document", message))?;
    let removed = CoSellDocumentRemoved(DocumentNow {
        co_sell_id: seen.id,
        no: removal.no,
        name,
        org_id: seen.org,
    });
    events::to_joined(tx, &seen.actor.origin(), seen.id, &removed).await?;
    command.commit(Reply::no_content()).await
}
