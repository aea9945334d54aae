use axum::{
    Json,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use chrono::{DateTime, Utc};
use guildhall_kernel::{ConflictCaseId, DealId, DirectAccountId, OrgId, UserId, entity};
use guildhall_spine::{
    App,
    access::{May, right},
    http::{Page, Paging, PathId, Problem, ValidQuery, etag, if_none_match},
};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use sqlx::types::Json as Jsonb;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::{CaseDecision, PartyOutcome};
use crate::deals::state::DealStatus;

/// Where a case stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
#[schema(as = ConflictCaseStatus)]
pub(in crate::deals) enum CaseStatus {
    /// Nobody has decided yet.
    Open,
    /// It is settled.
    Decided,
}

/// A side of a case: a registration, or one of the vendor's own accounts.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::deals) struct ConflictParty {
    /// The registration.
    deal_id: Option<DealId>,
    /// Where the registration stands.
    deal_status: Option<DealStatus>,
    /// The vendor's own account or opportunity.
    account_id: Option<DirectAccountId>,
    /// Whose registration.
    partner_id: Option<OrgId>,
    /// That partner's name.
    #[schema(example = "Alder Systems")]
    partner_name: Option<String>,
    /// The customer, as this side calls it.
    #[schema(example = "Contoso Robotics GmbH")]
    customer_name: String,
    /// When it was registered or came to be known.
    since: DateTime<Utc>,
    /// What the decision means for it.
    outcome: Option<PartyOutcome>,
    /// Its part of the credit, in percent.
    #[schema(value_type = Option<String>, example = "60.00")]
    share: Option<Decimal>,
}

/// Something that a side has put forward.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::deals) struct ConflictEvidence {
    /// Its number among what this side has put forward, from 1.
    #[schema(example = 1)]
    no: i32,
    /// Which side: a partner, or the vendor.
    by_organisation_id: OrgId,
    /// What it says.
    text: String,
    /// Who gave it; `null` for an integration.
    given_by: Option<UserId>,
    /// When.
    given_at: DateTime<Utc>,
}

/// A case of the conflict desk. A partner sees its own registrations, its own evidence and what became of them.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::deals) struct ConflictCase {
    /// Its id.
    pub(super) id: ConflictCaseId,
    /// Whose desk.
    vendor_id: OrgId,
    /// Where it stands.
    pub(super) status: CaseStatus,
    /// How it was settled.
    decision: Option<CaseDecision>,
    /// Why; for the vendor only.
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<String>,
    /// Who settled it; for the vendor only.
    #[serde(skip_serializing_if = "Option::is_none")]
    decided_by: Option<UserId>,
    /// When.
    decided_at: Option<DateTime<Utc>>,
    /// What collides, the oldest first.
    parties: Vec<ConflictParty>,
    /// What was put forward.
    evidence: Vec<ConflictEvidence>,
    /// Rises with each change that the reader may see; the `ETag` is made of it. A partner's counts what its own side
    /// did and the decision.
    #[schema(example = 1)]
    pub(super) version: i64,
    /// When it was opened; for a partner, when its registration came before the desk.
    created_at: DateTime<Utc>,
    /// When what the reader may see last changed.
    updated_at: DateTime<Utc>,
}

struct Row {
    id: ConflictCaseId,
    vendor_id: OrgId,
    status: CaseStatus,
    decision: Option<CaseDecision>,
    note: Option<String>,
    decided_by: Option<UserId>,
    decided_at: Option<DateTime<Utc>>,
    parties: Jsonb<Vec<StoredParty>>,
    evidence: Jsonb<Vec<StoredEvidence>>,
    version: i64,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

#[derive(Deserialize)]
struct StoredParty {
    deal_id: Option<Uuid>,
    deal_status: Option<DealStatus>,
    account_id: Option<Uuid>,
    partner_id: Option<Uuid>,
    partner_name: Option<String>,
    customer_name: String,
    since: DateTime<Utc>,
    outcome: Option<PartyOutcome>,
    share: Option<Decimal>,
}

#[derive(Deserialize)]
struct StoredEvidence {
    no: i32,
    org_id: Uuid,
    text: String,
    given_by: Option<Uuid>,
    given_at: DateTime<Utc>,
}

impl From<Row> for ConflictCase {
    fn from(row: Row) -> Self {
        let party = |party: StoredParty| ConflictParty {
            deal_id: party.deal_id.map(DealId::from),
            deal_status: party.deal_status,
            account_id: party.account_id.map(DirectAccountId::from),
            partner_id: party.partner_id.map(OrgId::from),
            partner_name: party.partner_name,
            customer_name: party.customer_name,
            since: party.since,
            outcome: party.outcome,
            share: party.share,
        };
        let evidence = |evidence: StoredEvidence| ConflictEvidence {
            no: evidence.no,
            by_organisation_id: evidence.org_id.into(),
            text: evidence.text,
            given_by: evidence.given_by.map(UserId::from),
            given_at: evidence.given_at,
        };
        Self {
            id: row.id,
            vendor_id: row.vendor_id,
            status: row.status,
            decision: row.decision,
            note: row.note,
            decided_by: row.decided_by,
            decided_at: row.decided_at,
            parties: row.parties.0.into_iter().map(party).collect(),
            evidence: row.evidence.0.into_iter().map(evidence).collect(),
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

/// The cases of `ids` as `org` may see them, in the order of their ids. What a partner reads, numbers and times
/// included, comes from its own side and the decision alone: nothing tells it that somebody else has acted.
async fn read(conn: &mut sqlx::PgConnection, org: OrgId, ids: &[Uuid]) -> Result<Vec<ConflictCase>, sqlx::Error> {
    let rows = sqlx::query_as!(
        Row,
        r#"SELECT c.id AS "id: ConflictCaseId", c.vendor_id AS "vendor_id: OrgId", c.status AS "status: CaseStatus",
                  c.decision AS "decision: CaseDecision", CASE WHEN c.vendor_id = $2 THEN c.note END AS note,
                  CASE WHEN c.vendor_id = $2 THEN c.decided_by END AS "decided_by: UserId", c.decided_at,
                  (SELECT coalesce(json_agg(json_build_object('deal_id', p.deal_id, 'deal_status', d.status,
                              'account_id', p.account_id, 'partner_id', p.partner_id,
                              'partner_name', (SELECT name FROM organisation WHERE id = p.partner_id),
                              'customer_name', coalesce(d.customer_name, a.name),
                              'since', coalesce(d.created_at, a.created_at), 'outcome', p.outcome,
                              'share', p.share::text) ORDER BY coalesce(d.created_at, a.created_at), p.no), '[]')
                   FROM conflict_party p LEFT JOIN deal d ON d.id = p.deal_id
                        LEFT JOIN direct_account a ON a.id = p.account_id
                   WHERE p.case_id = c.id AND (c.vendor_id = $2 OR p.partner_id = $2)) AS "parties!: Jsonb<Vec<StoredParty>>",
                  (SELECT coalesce(json_agg(json_build_object('no', e.of_side, 'org_id', e.org_id, 'text', e.text,
                              'given_by', e.given_by, 'given_at', e.given_at) ORDER BY e.no), '[]')
                   FROM (SELECT g.*, row_number() OVER (PARTITION BY g.org_id ORDER BY g.no) AS of_side
                         FROM conflict_evidence g
                         WHERE g.case_id = c.id AND (c.vendor_id = $2 OR g.org_id = $2)) e
                  ) AS "evidence!: Jsonb<Vec<StoredEvidence>>",
                  CASE WHEN c.vendor_id = $2 THEN c.version
                       ELSE own.parties + given.entries + (c.status = 'decided')::int END AS "version!",
                  CASE WHEN c.vendor_id = $2 THEN c.created_at ELSE own.first_at END AS "created_at!",
                  CASE WHEN c.vendor_id = $2 THEN c.updated_at
                       ELSE greatest(own.last_at, given.last_at, c.decided_at) END AS "updated_at!"
           FROM conflict_case c
           CROSS JOIN LATERAL (SELECT count(*) AS parties, min(p.joined_at) AS first_at, max(p.joined_at) AS last_at
                               FROM conflict_party p WHERE p.case_id = c.id AND p.partner_id = $2) own
           CROSS JOIN LATERAL (SELECT count(*) AS entries, max(e.given_at) AS last_at
                               FROM conflict_evidence e WHERE e.case_id = c.id AND e.org_id = $2) given
           WHERE c.id = ANY ($1) AND (c.vendor_id = $2 OR own.parties > 0)
           ORDER BY c.id"#,
        ids,
        org.uuid(),
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(ConflictCase::from).collect())
}

/// One case as `org` may see it.
pub(super) async fn load(
    conn: &mut sqlx::PgConnection,
    org: OrgId,
    id: ConflictCaseId,
) -> Result<Option<ConflictCase>, sqlx::Error> {
    Ok(read(conn, org, &[id.uuid()]).await?.pop())
}

/// Read a conflict case
///
/// The vendor sees all sides, a partner its own and the outcome.
#[utoipa::path(get, path = "/api/v1/conflict-cases/{id}", operation_id = "getConflictCase", tag = "conflict desk",
    security(("bearer" = ["deals:read"])),
    params(("id" = ConflictCaseId, Path, description = "the case")),
    responses((status = 200, description = "the case", body = ConflictCase, headers(("ETag" = String))),
        (status = 304, description = "unchanged since If-None-Match")))]
pub(in crate::deals) async fn get_conflict_case(
    State(app): State<App>,
    may: May<right::DealRead>,
    PathId(id): PathId<entity::ConflictCase>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let mut conn = app.db.pool().acquire().await?;
    let case = load(&mut conn, may.org.id, id).await?.ok_or_else(Problem::not_found)?;
    let tag = [(header::ETAG, etag(case.version))];
    if if_none_match(&headers, case.version) {
        return Ok((StatusCode::NOT_MODIFIED, tag).into_response());
    }
    Ok((tag, Json(case)).into_response())
}

/// Which cases.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(in crate::deals) struct CaseQuery {
    /// Rows a page, 1 to 100.
    #[param(minimum = 1, maximum = 100, example = 50)]
    limit: Option<u32>,
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
    /// Only those that stand there.
    #[param(inline)]
    status: Option<CaseStatus>,
}

/// List conflict cases
///
/// A vendor sees its desk, a partner the cases of its registrations. The oldest first.
#[utoipa::path(get, path = "/api/v1/conflict-cases", operation_id = "listConflictCases", tag = "conflict desk",
    security(("bearer" = ["deals:read"])), params(CaseQuery),
    responses((status = 200, description = "one page of cases", body = Page<ConflictCase>)))]
pub(in crate::deals) async fn list_conflict_cases(
    State(app): State<App>,
    may: May<right::DealRead>,
    ValidQuery(query): ValidQuery<CaseQuery>,
) -> Result<impl IntoResponse, Problem> {
    let org = may.org.id;
    let scope = format!("conflict cases {org} {:?}", query.status);
    let paging = Paging::<ConflictCaseId>::new(&app.cursors, scope, query.limit, query.cursor.as_deref())?;
    let ids = sqlx::query_scalar!(
        r#"SELECT id AS "id!" FROM (
               (SELECT id FROM conflict_case WHERE vendor_id = $1 AND id > $2 AND ($4::text IS NULL OR status = $4) ORDER BY id
                LIMIT $3)
               UNION
               (SELECT DISTINCT p.case_id FROM conflict_party p JOIN conflict_case c ON c.id = p.case_id
                WHERE p.partner_id = $1 AND p.case_id > $2 AND ($4::text IS NULL OR c.status = $4)
                ORDER BY p.case_id LIMIT $3)) seen ORDER BY id LIMIT $3"#,
        org.uuid(),
        paging.after.map_or(Uuid::nil(), ConflictCaseId::uuid),
        paging.fetch(),
        query.status as _,
    )
    .fetch_all(app.db.pool())
    .await?;
    let mut conn = app.db.pool().acquire().await?;
    let cases = read(&mut conn, org, &ids).await?;
    Ok(paging.page(&app.cursors, cases, |case| case.id, |case| case))
}
