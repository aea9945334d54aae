use axum::{extract::State, response::IntoResponse};
use chrono::{DateTime, Utc};
use guildhall_kernel::{DealId, OrgId, UserId};
use guildhall_spine::{
    App,
    http::{Page, PageQuery, Paging, Problem, ValidQuery},
};
use serde::Serialize;
use sqlx::types::Json;
use utoipa::ToSchema;
use uuid::Uuid;

use super::access::SeenDeal;
use super::history::{Change, Vote, about_text};
use super::wire::{DealPerson, Party};

/// A step in the life of a deal.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DealHistoryEntry)]
pub(super) struct HistoryEntry {
    /// What it was: `submitted`, `changed`, `info_requested`, `resubmitted`, `approved`, `rejected`, `withdrawn`, `won`,
    /// `lost`, `commented`, `attachment_added`, `attachment_removed`, `amendment_proposed`, `amendment_rejected`,
    /// `amendment_withdrawn`, `amended`, `approval_voted`, `extension_requested`, `extension_granted`,
    /// `extension_refused`, `progress_recorded`, `release_requested`, `release_answered`, `release_declined`,
    /// `conflict_decided`, `stage_changed` and others by the same pattern.
    #[schema(example = "info_requested")]
    kind: String,
    /// When.
    at: DateTime<Utc>,
    /// Who; `null` for an integration and for what happened by itself.
    by: Option<DealPerson>,
    /// For whom; `null` for what happened by itself.
    organisation: Option<Party>,
    /// Whether the other side does not see this.
    internal: bool,
    /// What was said: a question, an answer, the words of a verdict, a comment.
    #[schema(example = "Which site is it for?")]
    said: Option<String>,
    /// Why, by name, for a refusal and a closing; the rule that approved by itself, and the
    /// outcome of a conflict.
    reason: Option<String>,
    /// What is another now.
    changes: Vec<Change>,
    /// The id of what it was about: a comment, an amendment, a file.
    #[schema(example = "cmt_01kaqv6r3gf5ht2x0m8c9ezw4n")]
    about: Option<String>,
    /// What an approver said, for `approval_voted`. For the vendor, as the chain is.
    vote: Option<HistoryVote>,
}

/// A vote in the chain that approves a deal.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DealHistoryVote)]
struct HistoryVote {
    /// What the chain's step is called.
    #[schema(example = "Regional lead")]
    step: String,
    /// Whether the approver was for it; a vote against it refuses the deal.
    approved: bool,
    /// Whose approvals the voter had on loan.
    on_behalf_of: Option<DealPerson>,
}

struct Row {
    no: i64,
    kind: String,
    at: DateTime<Utc>,
    user_id: Option<UserId>,
    user_name: Option<String>,
    org_id: Option<OrgId>,
    org_name: Option<String>,
    internal: bool,
    said: Option<String>,
    reason: Option<String>,
    changes: Json<Vec<Change>>,
    about_kind: Option<String>,
    about_id: Option<Uuid>,
    vote: Option<Json<Vote>>,
    for_name: Option<String>,
}

impl From<Row> for HistoryEntry {
    fn from(row: Row) -> Self {
        let vote = row.vote.map(|vote| HistoryVote {
            step: vote.0.step,
            approved: vote.0.approved,
            on_behalf_of: vote
                .0
                .for_another
                .zip(row.for_name)
                .map(|(id, name)| DealPerson { id: id.into(), name }),
        });
        Self {
            vote,
            kind: row.kind,
            at: row.at,
            by: row.user_id.zip(row.user_name).map(|(id, name)| DealPerson { id, name }),
            organisation: row.org_id.zip(row.org_name).map(|(id, name)| Party { id, name }),
            internal: row.internal,
            said: row.said,
            reason: row.reason,
            changes: row.changes.0,
            about: about_text(row.about_kind.as_deref(), row.about_id),
        }
    }
}

/// Read a deal's history
///
/// Every step, the latest first: who, when, what changed from what to what, and what was said. Both sides read the same,
/// but for what one side keeps to itself. A comment that was deleted leaves its step without its words.
#[utoipa::path(get, path = "/api/v1/deals/{id}/history", operation_id = "listDealHistory", tag = "deals",
    security(("bearer" = ["deals:read"])),
    params(("id" = String, Path, description = "the deal", example = "deal_01kaqv6r3gf5ht2x0m8c9ezw4n"), PageQuery),
    responses((status = 200, description = "one page of its steps", body = Page<HistoryEntry>)))]
pub(super) async fn list_deal_history(
    State(app): State<App>,
    deal: SeenDeal,
    ValidQuery(query): ValidQuery<PageQuery>,
) -> Result<impl IntoResponse, Problem> {
    let scope = format!("deal history {} {}", deal.org, deal.id);
    let paging = Paging::<i64>::new(&app.cursors, scope, query.limit, query.cursor.as_deref())?;
    let rows = page(&app, deal.id, deal.org, paging.after, paging.fetch()).await?;
    Ok(paging.page(&app.cursors, rows, |row| row.no, HistoryEntry::from))
}

/// The registration is on the deal and stands before everything else.
async fn page(app: &App, deal: DealId, org: OrgId, after: Option<i64>, limit: i64) -> Result<Vec<Row>, sqlx::Error> {
    sqlx::query_as!(
        Row,
        r#"SELECT h.no AS "no!", h.kind AS "kind!", h.at AS "at!", h.user_id AS "user_id: UserId",
                  (SELECT name FROM user_account WHERE id = h.user_id) AS user_name,
                  h.org_id AS "org_id: OrgId", (SELECT name FROM organisation WHERE id = h.org_id) AS org_name,
                  h.internal AS "internal!",
                  coalesce(h.said, (SELECT nullif(c.body, '') FROM deal_comment c
                                    WHERE h.about_kind = 'cmt' AND c.id = h.about_id)) AS said,
                  h.reason, h.changes AS "changes!: Json<Vec<Change>>", h.about_kind, h.about_id,
                  h.vote AS "vote: Json<Vote>",
                  (SELECT name FROM user_account WHERE id = (h.vote ->> 'for')::uuid) AS for_name
           FROM (
               (SELECT no, kind, at, user_id, org_id, only_for IS NOT NULL AS internal, said, reason, changes,
                       about_kind, about_id, vote
                FROM deal_history
                WHERE deal_id = $1 AND no < $3 AND (only_for IS NULL OR only_for = $2)
                ORDER BY no DESC LIMIT $4)
               UNION ALL
               SELECT 0, 'submitted', created_at, submitted_by, partner_id, false, NULL, NULL, '[]', NULL, NULL, NULL
               FROM deal WHERE id = $1 AND 0 < $3
           ) h
           ORDER BY h.no DESC LIMIT $4"#,
        deal.uuid(),
        org.uuid(),
        after.unwrap_or(i64::MAX),
        limit,
    )
    .fetch_all(app.db.pool())
    .await
}
