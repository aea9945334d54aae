use axum::Json;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use chrono::{DateTime, NaiveDate, Utc};
use guildhall_kernel::{DealId, OrgId};
use rust_decimal::Decimal;
use serde::Serialize;
use sqlx::PgPool;
use uuid::Uuid;

use super::{Customer, Party, Scope, failed, in_currency};

const ROWS: usize = 50;

#[derive(Serialize)]
pub(super) struct Page {
    items: Vec<Summary>,
    next_cursor: Option<DealId>,
}

#[derive(Serialize)]
struct Summary {
    id: DealId,
    version: i64,
    status: String,
    vendor: Party,
    partner: Party,
    customer: Customer,
    amount: Decimal,
    currency: String,
    expected_close: NaiveDate,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

/// The columns in the query's order: a tuple is read by place, as a checked query is.
type Row = (
    DealId,
    i64,
    String,
    OrgId,
    String,
    OrgId,
    String,
    String,
    Option<String>,
    String,
    String,
    Decimal,
    NaiveDate,
    DateTime<Utc>,
    DateTime<Utc>,
);

pub(super) async fn list(State(pool): State<PgPool>, Query(scope): Query<Scope>) -> Result<Json<Page>, StatusCode> {
    let mut rows: Vec<Row> = sqlx::query_as(
        "SELECT d.id, d.version, d.status, d.vendor_id, v.name AS vendor_name, d.partner_id, p.name AS partner_name,
                d.customer_name, d.customer_domain, d.customer_country, d.currency, d.amount, d.expected_close,
                d.created_at, d.updated_at
         FROM deal d JOIN organisation v ON v.id = d.vendor_id JOIN organisation p ON p.id = d.partner_id
         WHERE d.vendor_id = $1 AND d.id < $2 ORDER BY d.id DESC LIMIT $3",
    )
    .bind(scope.vendor)
    .bind(Uuid::max())
    .bind(51_i64)
    .fetch_all(&pool)
    .await
    .map_err(failed)?;
    let more = rows.len() > ROWS;
    rows.truncate(ROWS);
    let items: Vec<Summary> = rows.into_iter().map(Summary::from).collect();
    let next_cursor = items.last().filter(|_| more).map(|last| last.id);
    Ok(Json(Page { items, next_cursor }))
}

impl From<Row> for Summary {
    fn from(row: Row) -> Self {
        let (id, version, status, vendor_id, vendor_name, partner_id, partner_name, name, domain, country, ..) = row;
        let (.., currency, amount, expected_close, created_at, updated_at) = row;
        Self {
            id,
            version,
            status,
            vendor: Party {
                id: vendor_id,
                name: vendor_name,
            },
            partner: Party {
                id: partner_id,
                name: partner_name,
            },
            customer: Customer { name, domain, country },
            amount: in_currency(amount, &currency),
            currency,
            expected_close,
            created_at,
            updated_at,
        }
    }
}
