use axum::{extract::State, response::IntoResponse};
use chrono::{DateTime, Utc};
use guildhall_kernel::{CoSellNoteId, OrgId, UserId};
use guildhall_spine::{
    App, event,
    http::{Checks, Command, Page, PageQuery, Paging, Problem, Reply, ValidQuery, Validate},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::access::Joined;
use super::events::{self, CoSellNoteAdded, NoteNow};
use super::rows;
use super::stage::Stage;

/// A note in a shared opportunity.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct CoSellNote {
    /// Its id.
    id: CoSellNoteId,
    /// Whose note.
    author_id: OrgId,
    /// Who wrote it; `null` for an integration.
    user_id: Option<UserId>,
    /// Whether it is for the author's own side alone.
    private: bool,
    /// What it says.
    #[schema(example = "The customer wants a second site.")]
    body: String,
    /// When it was written.
    created_at: DateTime<Utc>,
}

/// A note to be written.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CoSellNoteDraft)]
pub(super) struct Draft {
    /// What it says, 1 to 4000 characters.
    #[schema(example = "The customer wants a second site.")]
    body: String,
    /// Whether it is for one's own side alone; for all who have joined unless told.
    #[serde(default)]
    private: bool,
}

impl Validate for Draft {
    fn validate(&self, checks: &mut Checks) {
        checks.text("/body", &self.body, 1, 4000, true);
    }
}

/// List notes
///
/// The shared ones and those of one's own side, the newest first.
#[utoipa::path(get, path = "/api/v1/co-sells/{id}/notes", operation_id = "listCoSellNotes", tag = "co-sell",
    security(("bearer" = ["cosell:read"])),
    params(("id" = String, Path, description = "the shared opportunity", example = "cos_01kaqv6r3gf5ht2x0m8c9ezw4n"), PageQuery),
    responses((status = 200, description = "one page of notes", body = Page<CoSellNote>)))]
pub(super) async fn list_co_sell_notes(
    State(app): State<App>,
    Joined(seen): Joined,
    ValidQuery(query): ValidQuery<PageQuery>,
) -> Result<impl IntoResponse, Problem> {
    let scope = format!("notes of {} for {}", seen.id, seen.org);
    let paging = Paging::<Uuid>::new(&app.cursors, scope, query.limit, query.cursor.as_deref())?;
    let rows = sqlx::query_as!(
        CoSellNote,
        r#"SELECT id AS "id: CoSellNoteId", author_id AS "author_id: OrgId", user_id AS "user_id: UserId", private, body,
                  created_at
           FROM co_sell_note
           WHERE co_sell_id = $1 AND (NOT private OR author_id = $2) AND ($3::uuid IS NULL OR id < $3)
           ORDER BY id DESC LIMIT $4"#,
        seen.id.uuid(),
        seen.org.uuid(),
        paging.after,
        paging.fetch(),
    )
    .fetch_all(app.db.pool())
    .await?;
    Ok(paging.page(&app.cursors, rows, |row| row.id.uuid(), |row| row))
}

/// Write a note
///
/// For all who have joined, or for one's own side alone: then nobody else hears of it.
#[utoipa::path(post, path = "/api/v1/co-sells/{id}/notes", operation_id = "addCoSellNote", tag = "co-sell",
    security(("bearer" = ["cosell:work"])),
    params(
        ("id" = String, Path, description = "the shared opportunity", example = "cos_01kaqv6r3gf5ht2x0m8c9ezw4n"),
        ("Idempotency-Key" = Option<String>, Header, description = "makes a repeated request safe", example = "0a5c1c1e-6d0a-4d7c-9a0e-2c9c7bb0f1d3"),
    ),
    request_body(content = Draft, example = json!({"body": "The customer wants a second site.", "private": true})),
    responses((status = 201, description = "the note", body = CoSellNote, headers(("Location" = String, description = "where notes are listed")))))]
pub(super) async fn add_co_sell_note(Joined(seen): Joined, command: Command<Draft>) -> Result<Reply, Problem> {
    let (draft, mut command) = command.take();
    let tx = &mut command.tx;
    let (_, stage) = rows::lock(tx, seen.id, seen.org).await?;
    if stage != Stage::Joined {
        return Err(Problem::not_found());
    }
    let note = CoSellNote {
        id: tx.new_id(),
        author_id: seen.org,
        user_id: seen.actor.user,
        private: draft.private,
        body: draft.body,
        created_at: tx.now(),
    };
    sqlx::query!(
        "INSERT INTO co_sell_note (id, co_sell_id, author_id, user_id, private, body, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
        note.id.uuid(),
        seen.id.uuid(),
        note.author_id.uuid(),
        note.user_id.map(UserId::uuid),
        note.private,
        note.body,
        note.created_at,
    )
    .execute(&mut **tx)
    .await?;
    let audience = match note.private {
        true => vec![seen.org.uuid()],
        false => events::joined(tx, seen.id).await?,
    };
    let added = CoSellNoteAdded(NoteNow {
        co_sell_id: seen.id,
        note_id: note.id,
        author_id: note.author_id,
        private: note.private,
        body: note.body.clone(),
    });
    event::append(tx, &seen.actor.origin(), seen.id, &audience, &added).await?;
    let reply = Reply::created(&format!("/api/v1/co-sells/{}/notes", seen.id), &note)?;
    command.commit(reply).await
}
