use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use chrono::{DateTime, NaiveDate, Utc};
use guildhall_kernel::{DealFormId, DealId, LeadId, OrgId, ProductId, UserId};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize, Serializer};
use serde_json::value::RawValue;
use sqlx::postgres::PgRow;
use sqlx::{FromRow, PgPool, Row};
use uuid::Uuid;

use super::{Customer, Party, Scope, failed, in_currency};

#[derive(Serialize)]
pub(super) struct Deal {
    id: DealId,
    version: i64,
    status: String,
    vendor: Party,
    partner: Party,
    customer: Customer,
    products: Vec<Line>,
    amount: Decimal,
    currency: String,
    expected_close: NaiveDate,
    note: Option<String>,
    contacts: Box<RawValue>,
    form: Option<FormVersion>,
    custom: Box<RawValue>,
    submitted_by: Option<Person>,
    lead: Option<Lead>,
    decision: Option<Decision>,
    decision_clock: Option<DecisionClock>,
    protection: Option<Protection>,
    appeal: Option<Appeal>,
    closing: Option<Closing>,
    conflict: Option<Conflict>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    next: &'static [&'static str],
}

#[derive(Serialize, Deserialize)]
struct Line {
    product_id: Option<ProductIn>,
    name: String,
    quantity: Decimal,
    unit_amount: Decimal,
    amount: Decimal,
}

/// A product's id: a UUID in the database, a typed one outside.
#[derive(Deserialize)]
#[serde(from = "Uuid")]
struct ProductIn(ProductId);

impl From<Uuid> for ProductIn {
    fn from(id: Uuid) -> Self {
        Self(id.into())
    }
}

impl Serialize for ProductIn {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

#[derive(Serialize)]
struct FormVersion {
    id: DealFormId,
    version: i32,
}

#[derive(Deserialize)]
struct StoredLead {
    id: Uuid,
    source: String,
    campaign: Option<String>,
    reference: Option<String>,
}

#[derive(Serialize)]
struct Lead {
    id: LeadId,
    source: String,
    campaign: Option<String>,
    reference: Option<String>,
}

/// Clocks, protection and appeal as the database puts them together. No rule applies to what is measured.
#[derive(Deserialize)]
struct Standing {
    due_at: Option<DateTime<Utc>>,
    paused_at: Option<DateTime<Utc>>,
    overdue_at: Option<DateTime<Utc>>,
    protected_until: Option<DateTime<Utc>>,
    progress_at: Option<DateTime<Utc>>,
    ended_because: Option<String>,
    extensions: i64,
    appeal: Option<Appeal>,
}

#[derive(Serialize)]
struct DecisionClock {
    due_at: DateTime<Utc>,
    paused_at: Option<DateTime<Utc>>,
    overdue_at: Option<DateTime<Utc>>,
}

#[derive(Serialize)]
struct Protection {
    until: DateTime<Utc>,
    progress_at: Option<DateTime<Utc>>,
    extensions: i64,
    ended_because: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct Appeal {
    statement: String,
    appealed_at: DateTime<Utc>,
    outcome: Option<String>,
    decided_at: Option<DateTime<Utc>>,
}

#[derive(Serialize)]
struct Closing {
    on: NaiveDate,
    reason: Option<String>,
}

#[derive(Serialize)]
struct Person {
    id: UserId,
    name: String,
}

#[derive(Serialize)]
struct Decision {
    by: Option<Person>,
    at: DateTime<Utc>,
    reason: Option<String>,
    note: Option<String>,
}

#[derive(Deserialize)]
struct Rivals {
    level: Option<String>,
    count: i64,
}

#[derive(Serialize)]
struct Conflict {
    level: String,
    count: i64,
}

/// The query of the server.
const DEAL: &str = "SELECT d.id AS id, d.version, d.status AS status,
            d.vendor_id AS vendor_id,
            (SELECT name FROM organisation WHERE id = d.vendor_id) AS vendor_name,
            d.partner_id AS partner_id,
            (SELECT name FROM organisation WHERE id = d.partner_id) AS partner_name,
            d.customer_name, d.customer_domain, d.customer_country, d.currency, d.amount, d.expected_close, d.note,
            d.submitted_by AS submitted_by,
            (SELECT name FROM user_account WHERE id = d.submitted_by) AS submitted_by_name,
            d.decided_by AS decided_by,
            (SELECT name FROM user_account WHERE id = d.decided_by) AS decided_by_name, d.decided_at, d.decision_note,
            d.decision_reason AS decision_reason,
            d.closed_on, d.close_reason AS close_reason,
            d.conflict_level AS conflict_level, d.created_at, d.updated_at,
            d.form_id AS form_id,
            (SELECT no FROM deal_form WHERE id = d.form_id) AS form_version,
            d.custom AS custom,
            (SELECT coalesce(json_agg(json_build_object('product_id', l.product_id, 'name', l.product,
                        'quantity', l.quantity::text, 'unit_amount', l.unit_amount::text, 'amount', l.amount::text) ORDER BY l.no), '[]')
             FROM deal_line l WHERE l.deal_id = d.id) AS products,
            (SELECT coalesce(json_agg(json_build_object('name', c.name, 'title', c.title, 'email', c.email,
                        'phone', c.phone) ORDER BY c.no), '[]')
             FROM deal_contact c WHERE c.deal_id = d.id) AS contacts,
            CASE WHEN d.vendor_id = $2 THEN (
                SELECT json_build_object(
                           'level', (array_agg(c.level ORDER BY c.score DESC) FILTER (WHERE c.now))[1],
                           'count', count(*) FILTER (WHERE c.now), 'changed_at', max(c.changed_at))
                FROM (SELECT k.level, k.score, greatest(k.found_at, o.updated_at) AS changed_at,
                             k.score > 0 AND d.status IN ('submitted', 'info_requested', 'approved')
                             AND o.status IN ('submitted', 'info_requested', 'approved') AS now
                      FROM (SELECT other_deal_id AS id, level, score, found_at
                            FROM deal_conflict WHERE deal_id = d.id
                            UNION ALL
                            SELECT deal_id, level, score, found_at
                            FROM deal_conflict WHERE other_deal_id = d.id) k
                      JOIN deal o ON o.id = k.id
                      UNION ALL
                      SELECT k.level, k.score, greatest(k.found_at, a.updated_at),
                             d.status IN ('submitted', 'info_requested', 'approved') AND a.stage = 'open'
                      FROM deal_direct_conflict k JOIN direct_account a ON a.id = k.account_id
                      WHERE k.deal_id = d.id) c)
            END AS rivals,
            (SELECT json_build_object('id', t.id, 'source', t.source, 'campaign', t.campaign,
                        'reference', t.reference)
             FROM lead t WHERE t.id = d.lead_id) AS lead,
            json_build_object('due_at', d.decision_due_at, 'paused_at', d.decision_paused_at,
                'overdue_at', d.decision_overdue_at, 'protected_until', d.protected_until,
                'progress_at', d.progress_at, 'ended_because', d.ended_because,
                'extensions', (SELECT count(*) FROM deal_extension e
                               WHERE e.deal_id = d.id AND e.status = 'approved'),
                'appeal', (SELECT json_build_object('statement', a.statement, 'appealed_at', a.appealed_at,
                                      'outcome', a.outcome, 'decided_at', a.decided_at)
                           FROM deal_appeal a WHERE a.deal_id = d.id ORDER BY a.id DESC LIMIT 1),
                'rule', CASE WHEN d.vendor_id = $2 THEN d.routed_by END,
                'steps', CASE WHEN d.vendor_id = $2 THEN (
                    SELECT json_agg(json_build_object('id', s.id, 'name', s.name, 'needs', s.needs,
                               'status', s.status, 'escalated_at', s.escalated_at, 'approvers', (
                                   SELECT json_agg(json_build_object('role', v.role, 'escalation', v.escalation,
                                       'approved', v.approved, 'voted_at', v.voted_at, 'note', v.note,
                                       'user', (SELECT json_build_object('id', id, 'name', name)
                                                FROM user_account WHERE id = v.user_id),
                                       'voted_by', (SELECT json_build_object('id', id, 'name', name)
                                                    FROM user_account WHERE id = v.voted_by),
                                       'voted_for', (SELECT json_build_object('id', id, 'name', name)
                                                     FROM user_account WHERE id = v.voted_for)) ORDER BY v.no)
                                   FROM approval_approver v WHERE v.step_id = s.id)) ORDER BY s.no)
                    FROM approval_step s WHERE s.deal_id = d.id) END) AS standing
     FROM deal d
     WHERE d.id = $1 AND (d.vendor_id = $2 OR d.partner_id = $2)";

pub(super) async fn read(
    State(pool): State<PgPool>,
    Path(id): Path<DealId>,
    Query(scope): Query<Scope>,
) -> Result<Json<Deal>, StatusCode> {
    let found = sqlx::query_as(DEAL)
        .bind(id)
        .bind(scope.vendor)
        .fetch_optional(&pool)
        .await;
    found.map_err(failed)?.map(Json).ok_or(StatusCode::NOT_FOUND)
}

/// By place, as a checked query reads its columns.
impl FromRow<'_, PgRow> for Deal {
    fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
        let status: String = row.try_get(2)?;
        let currency: String = row.try_get(10)?;
        let (sqlx::types::Json(products), sqlx::types::Json(contacts)) = (row.try_get(29)?, row.try_get(30)?);
        let rivals: Option<sqlx::types::Json<Rivals>> = row.try_get(31)?;
        let sqlx::types::Json(standing): sqlx::types::Json<Standing> = row.try_get(33)?;
        let lead: Option<sqlx::types::Json<StoredLead>> = row.try_get(32)?;
        let (form, form_version): (Option<DealFormId>, Option<i32>) = (row.try_get(26)?, row.try_get(27)?);
        let closed_on: Option<NaiveDate> = row.try_get(21)?;
        let close_reason: Option<String> = row.try_get(22)?;
        let sqlx::types::Json(custom) = row.try_get(28)?;
        Ok(Self {
            id: row.try_get(0)?,
            version: row.try_get(1)?,
            vendor: party(row, 3)?,
            partner: party(row, 5)?,
            customer: Customer {
                name: row.try_get(7)?,
                domain: row.try_get(8)?,
                country: row.try_get(9)?,
            },
            products: in_minor_units(products, &currency),
            amount: in_currency(row.try_get(11)?, &currency),
            expected_close: row.try_get(12)?,
            note: row.try_get(13)?,
            contacts,
            form: form.zip(form_version).map(|(id, version)| FormVersion { id, version }),
            custom,
            submitted_by: person(row, 14)?,
            lead: lead.map(|sqlx::types::Json(lead)| Lead::from(lead)),
            decision: decision(row)?,
            decision_clock: standing.clock(),
            protection: standing.protection(),
            appeal: standing.appeal,
            closing: closed_on.map(|on| Closing {
                on,
                reason: close_reason,
            }),
            conflict: rivals.and_then(|rivals| {
                let sqlx::types::Json(Rivals { level, count }) = rivals;
                Some(Conflict { level: level?, count })
            }),
            created_at: row.try_get(24)?,
            updated_at: row.try_get(25)?,
            next: moves(&status),
            status,
            currency,
        })
    }
}

impl From<StoredLead> for Lead {
    fn from(lead: StoredLead) -> Self {
        Self {
            id: lead.id.into(),
            source: lead.source,
            campaign: lead.campaign,
            reference: lead.reference,
        }
    }
}

impl Standing {
    fn clock(&self) -> Option<DecisionClock> {
        self.due_at.map(|due_at| DecisionClock {
            due_at,
            paused_at: self.paused_at,
            overdue_at: self.overdue_at,
        })
    }

    fn protection(&self) -> Option<Protection> {
        self.protected_until.map(|until| Protection {
            until,
            progress_at: self.progress_at,
            extensions: self.extensions,
            ended_because: self.ended_because.clone(),
        })
    }
}

fn decision(row: &PgRow) -> Result<Option<Decision>, sqlx::Error> {
    let Some(at) = row.try_get(18)? else { return Ok(None) };
    Ok(Some(Decision {
        by: person(row, 16)?,
        at,
        reason: row.try_get(20)?,
        note: row.try_get(19)?,
    }))
}

fn in_minor_units(lines: Vec<Line>, currency: &str) -> Vec<Line> {
    let line = |line: Line| Line {
        product_id: line.product_id,
        name: line.name,
        quantity: line.quantity.normalize(),
        unit_amount: in_currency(line.unit_amount, currency),
        amount: in_currency(line.amount, currency),
    };
    lines.into_iter().map(line).collect()
}

fn party(row: &PgRow, place: usize) -> Result<Party, sqlx::Error> {
    let id: OrgId = row.try_get(place)?;
    Ok(Party {
        id,
        name: row.try_get(place + 1)?,
    })
}

fn person(row: &PgRow, place: usize) -> Result<Option<Person>, sqlx::Error> {
    let (id, name): (Option<UserId>, Option<String>) = (row.try_get(place)?, row.try_get(place + 1)?);
    Ok(id.zip(name).map(|(id, name)| Person { id, name }))
}

/// A channel manager's moves.
fn moves(status: &str) -> &'static [&'static str] {
    match status {
        "submitted" => &["approve", "reject", "request_info"],
        "info_requested" => &["reject"],
        "approved" => &["win", "lose", "release"],
        "appealed" => &["approve", "reject"],
        _ => &[],
    }
}
