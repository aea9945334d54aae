use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use chrono::{DateTime, NaiveDate, Utc};
use guildhall_kernel::{DealId, OrgId, UserId};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use sqlx::postgres::PgRow;
use sqlx::{FromRow, PgPool, Row};

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
    submitted_by: Option<Person>,
    decision: Option<Decision>,
    conflict: Option<Conflict>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    next: &'static [&'static str],
}

#[derive(Serialize, Deserialize)]
struct Line {
    name: String,
    quantity: Decimal,
    unit_amount: Decimal,
    amount: Decimal,
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

const DEAL: &str =
    "SELECT d.id, d.version, d.status, d.vendor_id, v.name AS vendor_name, d.partner_id, p.name AS partner_name,
            d.customer_name, d.customer_domain, d.customer_country, d.currency, d.amount, d.expected_close, d.note,
            d.submitted_by, s.name AS submitted_by_name, d.decided_by, u.name AS decided_by_name, d.decided_at,
            d.decision_note, d.decision_reason, d.conflict_level, d.created_at, d.updated_at,
            (SELECT coalesce(json_agg(json_build_object('name', l.product, 'quantity', l.quantity::text,
                        'unit_amount', l.unit_amount::text, 'amount', l.amount::text) ORDER BY l.no), '[]')
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
                      JOIN deal o ON o.id = k.id) c)
            END AS rivals
     FROM deal d
     JOIN organisation v ON v.id = d.vendor_id
     JOIN organisation p ON p.id = d.partner_id
     LEFT JOIN user_account s ON s.id = d.submitted_by
     LEFT JOIN user_account u ON u.id = d.decided_by
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
        let (sqlx::types::Json(products), sqlx::types::Json(contacts)) = (row.try_get(24)?, row.try_get(25)?);
        let rivals: Option<sqlx::types::Json<Rivals>> = row.try_get(26)?;
        let decided_at: Option<DateTime<Utc>> = row.try_get(18)?;
        let decision = match decided_at {
            Some(at) => Some(Decision {
                by: person(row, 16)?,
                at,
                reason: row.try_get(20)?,
                note: row.try_get(19)?,
            }),
            None => None,
        };
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
            submitted_by: person(row, 14)?,
            decision,
            conflict: rivals.and_then(|rivals| {
                let sqlx::types::Json(Rivals { level, count }) = rivals;
                Some(Conflict { level: level?, count })
            }),
            created_at: row.try_get(22)?,
            updated_at: row.try_get(23)?,
            next: moves(&status),
            status,
            currency,
        })
    }
}

fn in_minor_units(lines: Vec<Line>, currency: &str) -> Vec<Line> {
    let line = |line: Line| Line {
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
        _ => &[],
    }
}
