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

/// The query of the server. Its notes on types are names of columns here, which are read by place.
const DEAL: &str = include_str!("../../src/sell/deals/view.sql");

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
