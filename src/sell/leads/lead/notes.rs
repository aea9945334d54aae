use axum::{extract::State, response::IntoResponse};
use chrono::{DateTime, Utc};
use guildhall_kernel::{OrgId, UserId};
use guildhall_onboard::api::is_active_partner;
use guildhall_spine::{
    App,
    access::{OrgKind, Permission},
    db::Tx,
    http::{Checks, Command, Page, PageQuery, Paging, Problem, Reply, ValidQuery, Validate},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::access::{Reached, VisibleLead};
use super::events::{LeadNoted, announce};
use super::rows;
use super::stage::Stage;
use crate::leads::code;

/// What a note is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
#[schema(as = LeadNoteKind)]
pub(in crate::leads) enum NoteKind {
    /// A remark.
    Note,
    /// A telephone call.
    Call,
    /// A message.
    Email,
    /// A meeting.
    Meeting,
}

impl NoteKind {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Call => "call",
            Self::Email => "email",
            Self::Meeting => "meeting",
        }
    }
}

/// A note to be kept with a lead.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::leads) struct LeadNoteDraft {
    /// What it is of.
    kind: NoteKind,
    /// 1 to 4000 characters.
    #[schema(min_length = 1, max_length = 4000, example = "Called; they want an offer in May.")]
    text: String,
}

impl Validate for LeadNoteDraft {
    fn validate(&self, checks: &mut Checks) {
        checks.text("/text", &self.text, 1, 4000, true);
    }
}

/// A note or an activity on a lead.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::leads) struct LeadNote {
    #[serde(skip)]
    no: i64,
    /// Whose it is.
    organisation_id: OrgId,
    /// Who wrote it; `null` for an integration.
    user_id: Option<UserId>,
    /// What it is of.
    kind: NoteKind,
    /// What was noted.
    #[schema(example = "Called; they want an offer in May.")]
    text: String,
    /// When.
    at: DateTime<Utc>,
}

/// Keeps a note with a lead.
pub(in crate::leads) async fn insert(
    tx: &mut Tx,
    reached: &Reached,
    kind: NoteKind,
    text: &str,
) -> Result<LeadNote, sqlx::Error> {
    let at = tx.now();
    sqlx::query_as!(
        LeadNote,
        r#"INSERT INTO lead_note (lead_id, org_id, user_id, kind, text, at) VALUES ($1, $2, $3, $4, $5, $6)
           RETURNING no, org_id AS "organisation_id: OrgId", user_id AS "user_id: UserId", kind AS "kind: NoteKind", text, at"#,
        reached.id.uuid(),
        reached.org.uuid(),
        reached.actor.user.map(UserId::uuid),
        kind.as_str(),
        text,
        at,
    )
    .fetch_one(&mut **tx)
    .await
}

/// Note something on a lead
///
/// For the vendor, and for the partner that accepted the lead; both read it.
#[utoipa::path(post, path = "/api/v1/leads/{id}/notes", operation_id = "noteOnLead", tag = "leads",
    security(("bearer" = ["leads:read"])),
    params(
        ("id" = String, Path, description = "the lead", example = "lead_01kaqv6r3gf5ht2x0m8c9ezw4n"),
        ("Idempotency-Key" = Option<String>, Header, description = "makes a repeated request safe", example = "0a5c1c1e-6d0a-4d7c-9a0e-2c9c7bb0f1d3"),
    ),
    request_body(content = LeadNoteDraft, example = json!({"kind": "call", "text": "Called; they want an offer in May."})),
    responses((status = 201, description = "the note", body = LeadNote, headers(("Location" = String, description = "the notes' address")))))]
pub(in crate::leads) async fn note_on_lead(
    VisibleLead(reached): VisibleLead,
    command: Command<LeadNoteDraft>,
) -> Result<Reply, Problem> {
    let needed = match reached.kind {
        OrgKind::Vendor => Permission::LeadManage,
        OrgKind::Partner => Permission::LeadWork,
    };
    reached.actor.require(needed)?;
    let (draft, mut command) = command.take();
    let tx = &mut command.tx;
    let lead = rows::lock(tx, reached.id).await?;
    if reached.kind == OrgKind::Partner && (lead.partner_id != Some(reached.org) || lead.stage == Stage::Offered) {
        return Err(Problem::new(
            code::LEAD_NOT_ACCEPTED,
            "Accept the lead first: then you can note something on it.",
        ));
    }
    let note = insert(tx, &reached, draft.kind, &draft.text).await?;
    let facts = match lead.partner_id.filter(|_| lead.stage != Stage::Offered) {
        Some(partner) if is_active_partner(tx, lead.vendor_id, partner).await? => lead.facts_for(partner),
        _ => lead.facts(),
    };
    announce::<LeadNoted>(tx, &reached.actor.origin(), facts).await?;
    let reply = Reply::created(&format!("/api/v1/leads/{}/notes", reached.id), &note)?;
    command.commit(reply).await
}

/// List a lead's notes
///
/// The latest first. A partner reads its own, and the vendor's since it accepted the lead.
#[utoipa::path(get, path = "/api/v1/leads/{id}/notes", operation_id = "listLeadNotes", tag = "leads",
    security(("bearer" = ["leads:read"])),
    params(("id" = String, Path, description = "the lead", example = "lead_01kaqv6r3gf5ht2x0m8c9ezw4n"), PageQuery),
    responses((status = 200, description = "one page of notes", body = Page<LeadNote>)))]
pub(in crate::leads) async fn list_lead_notes(
    State(app): State<App>,
    VisibleLead(reached): VisibleLead,
    ValidQuery(query): ValidQuery<PageQuery>,
) -> Result<impl IntoResponse, Problem> {
    let scope = format!("lead notes {} {}", reached.org, reached.id);
    let paging = Paging::<i64>::new(&app.cursors, scope, query.limit, query.cursor.as_deref())?;
    let rows = sqlx::query_as!(
        LeadNote,
        r#"SELECT n.no, n.org_id AS "organisation_id: OrgId", n.user_id AS "user_id: UserId", n.kind AS "kind: NoteKind",
                  n.text, n.at
           FROM lead_note n JOIN lead l ON l.id = n.lead_id
           WHERE n.lead_id = $1 AND n.no < $3
             AND (l.vendor_id = $2 OR n.org_id = $2 OR (n.org_id = l.vendor_id AND n.at >=
                  (SELECT min(o.answered_at) FROM lead_offer o WHERE o.lead_id = n.lead_id AND o.partner_id = $2
                   AND o.state IN ('accepted', 'done'))))
           ORDER BY n.no DESC LIMIT $4"#,
        reached.id.uuid(),
        reached.org.uuid(),
        paging.after.unwrap_or(i64::MAX),
        paging.fetch(),
    )
    .fetch_all(app.db.pool())
    .await?;
    Ok(paging.page(&app.cursors, rows, |row| row.no, |row| row))
}
