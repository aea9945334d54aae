use axum::{extract::State, response::IntoResponse};
use chrono::{DateTime, Utc};
use guildhall_kernel::OrgId;
use guildhall_spine::{
    App,
    http::{Page, PageQuery, Paging, Problem, ValidQuery},
};
use serde::Serialize;
use sqlx::types::Json;
use utoipa::ToSchema;

use crate::leads::lead::access::ManagedLead;
use crate::leads::rules::{
    explain::{ExplainedRule, Explanation},
    rule::LeadRule,
};

/// A round of handing a lead out, and why it went as it did.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::leads) struct LeadAssignment {
    /// Its number, from 1.
    #[schema(example = 1)]
    round: i32,
    /// When.
    at: DateTime<Utc>,
    /// Why then: `received`, `released`, `distributed`, `declined`, `expired`, `returned`, `no_contact`,
    /// `partnership_not_active` when the partner that was asked is suspended or gone, or `vendor` when somebody asked
    /// for it.
    #[schema(example = "received")]
    cause: String,
    /// The version of the rules; `null` when the vendor chose the partner.
    #[schema(example = 3)]
    rules: Option<i64>,
    /// `offered` to one, `pooled` to many, or `unassigned`.
    #[schema(example = "offered")]
    outcome: String,
    /// What each rule said of the lead and of each partner, in the order in which they were looked at.
    explanation: Vec<ExplainedRule>,
    /// Whom it was offered to, and how they answered.
    offers: Vec<LeadOfferRecord>,
}

/// An offer to a partner, and its answer.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::leads) struct LeadOfferRecord {
    /// The partner.
    partner_id: OrgId,
    /// `open`, `accepted`, `done` (converted or disqualified), `declined`, `expired`, `taken` by another, `returned` or
    /// `pulled_back`.
    #[schema(example = "declined")]
    state: String,
    /// Until when it stood.
    expires_at: DateTime<Utc>,
    /// When it was answered, or ended.
    answered_at: Option<DateTime<Utc>>,
    /// Why it was declined, the lead given back, or the offer ended.
    reason: Option<String>,
    /// The same in words.
    note: Option<String>,
}

struct Row {
    round: i32,
    at: DateTime<Utc>,
    cause: String,
    rules: Option<i64>,
    outcome: String,
    explanation: Json<Explanation>,
    set: Option<Json<Vec<LeadRule>>>,
    offers: Json<Vec<StoredOffer>>,
}

#[derive(serde::Deserialize)]
struct StoredOffer {
    partner: uuid::Uuid,
    state: String,
    expires_at: DateTime<Utc>,
    answered_at: Option<DateTime<Utc>>,
    reason: Option<String>,
    note: Option<String>,
}

/// List how a lead was assigned
///
/// Each round with its explanation, the latest first: why this partner, and why not the others. For the vendor; a
/// partner finds its own part in its offer.
#[utoipa::path(get, path = "/api/v1/leads/{id}/assignments", operation_id = "listLeadAssignments", tag = "leads",
    security(("bearer" = ["leads:manage"])),
    params(("id" = String, Path, description = "the lead", example = "lead_01kaqv6r3gf5ht2x0m8c9ezw4n"), PageQuery),
    responses((status = 200, description = "one page of rounds", body = Page<LeadAssignment>)))]
pub(in crate::leads) async fn list_lead_assignments(
    State(app): State<App>,
    ManagedLead(reached): ManagedLead,
    ValidQuery(query): ValidQuery<PageQuery>,
) -> Result<impl IntoResponse, Problem> {
    let scope = format!("lead assignments {} {}", reached.org, reached.id);
    let paging = Paging::<i32>::new(&app.cursors, scope, query.limit, query.cursor.as_deref())?;
    let rows = sqlx::query_as!(
        Row,
        r#"SELECT a.round, a.at, a.cause, a.rules, a.outcome, a.explanation AS "explanation: Json<Explanation>",
                  s.rules AS "set?: Json<Vec<LeadRule>>",
                  (SELECT coalesce(json_agg(json_build_object('partner', o.partner_id, 'state', o.state,
                              'expires_at', o.expires_at, 'answered_at', o.answered_at, 'reason', o.reason,
                              'note', o.note) ORDER BY o.partner_id), '[]')
                   FROM lead_offer o WHERE o.lead_id = a.lead_id AND o.round = a.round) AS "offers!: Json<Vec<StoredOffer>>"
           FROM lead_assignment a LEFT JOIN lead_rule_set s ON s.vendor_id = a.vendor_id AND s.version = a.rules
           WHERE a.lead_id = $1 AND a.round < $2 ORDER BY a.round DESC LIMIT $3"#,
        reached.id.uuid(),
        paging.after.unwrap_or(i32::MAX),
        paging.fetch(),
    )
    .fetch_all(app.db.pool())
    .await?;
    Ok(paging.page(&app.cursors, rows, |row| row.round, LeadAssignment::from))
}

impl From<Row> for LeadAssignment {
    fn from(row: Row) -> Self {
        let rules = row.set.map(|set| set.0).unwrap_or_default();
        let offer = |offer: StoredOffer| LeadOfferRecord {
            partner_id: offer.partner.into(),
            state: offer.state,
            expires_at: offer.expires_at,
            answered_at: offer.answered_at,
            reason: offer.reason,
            note: offer.note,
        };
        Self {
            round: row.round,
            at: row.at,
            cause: row.cause,
            rules: row.rules,
            outcome: row.outcome,
            explanation: row.explanation.0.with(&rules),
            offers: row.offers.0.into_iter().map(offer).collect(),
        }
    }
}
