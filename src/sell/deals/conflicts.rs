use axum::{extract::State, response::IntoResponse};
use chrono::{DateTime, NaiveDate, Utc};
use guildhall_kernel::{DealId, OrgId};
use guildhall_spine::{
    App,
    http::{Page, PageQuery, Paging, Problem, ValidQuery},
};
use rust_decimal::Decimal;
use serde::Serialize;
use sqlx::{PgPool, types::Json};
use utoipa::ToSchema;
use uuid::Uuid;

use super::access::DecidableDeal;
use super::conflict::{Level, Reason};
use super::state::DealStatus;
use super::wire::{Customer, Party, in_currency};

/// Another live registration that may be of the same customer.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct DealConflict {
    /// The other registration.
    deal: ConflictingDeal,
    /// 1 to 100: how sure it is that both are of one customer.
    #[schema(minimum = 1, maximum = 100, example = 96)]
    score: i16,
    /// The score in one word.
    level: Level,
    /// What led to the score, what identifies the customer first.
    reasons: Vec<Explained>,
    /// When the pair was last looked at.
    found_at: DateTime<Utc>,
}

/// The other registration of a conflict.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ConflictingDeal {
    /// Its id.
    id: DealId,
    /// Where it stands.
    status: DealStatus,
    /// Whose it is.
    partner: Party,
    /// Its customer.
    customer: Customer,
    /// The sum of its lines.
    #[schema(example = "13980.00")]
    amount: Decimal,
    /// ISO 4217.
    #[schema(example = "EUR")]
    currency: String,
    /// When the customer is expected to sign.
    expected_close: NaiveDate,
    /// When it was registered.
    created_at: DateTime<Utc>,
}

/// A reason, in code and in words.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ExplainedConflictReason)]
pub(super) struct Explained {
    /// The reason.
    #[serde(flatten)]
    reason: Reason,
    /// The same in words.
    #[schema(example = "The customer's domain is the same as on another registration.")]
    text: String,
}

struct Row {
    id: DealId,
    status: DealStatus,
    partner_id: OrgId,
    partner_name: String,
    customer_name: String,
    customer_domain: Option<String>,
    customer_country: String,
    amount: Decimal,
    currency: String,
    expected_close: NaiveDate,
    created_at: DateTime<Utc>,
    score: i16,
    level: Level,
    reasons: Json<Vec<Reason>>,
    found_at: DateTime<Utc>,
}

/// List a deal's conflicts
///
/// The other partners' live registrations that may be of the same customer, the gravest first. For the vendor.
#[utoipa::path(get, path = "/api/v1/deals/{id}/conflicts", operation_id = "listDealConflicts", tag = "deals",
    security(("bearer" = ["deals:decide"])),
    params(("id" = String, Path, description = "the deal", example = "deal_01kaqv6r3gf5ht2x0m8c9ezw4n"), PageQuery),
    responses((status = 200, description = "one page of conflicts", body = Page<DealConflict>)))]
pub(super) async fn list_deal_conflicts(
    State(app): State<App>,
    DecidableDeal(reached): DecidableDeal,
    ValidQuery(query): ValidQuery<PageQuery>,
) -> Result<impl IntoResponse, Problem> {
    let scope = format!("deal conflicts {} {}", reached.org, reached.id);
    let paging = Paging::<(i16, Uuid)>::new(&app.cursors, scope, query.limit, query.cursor.as_deref())?;
    let rows = rivals(
        app.db.pool(),
        reached.id,
        paging.after.unwrap_or((i16::MAX, Uuid::nil())),
        paging.fetch(),
    )
    .await?;
    Ok(paging.page(&app.cursors, rows, |row| (row.score, row.id.uuid()), DealConflict::from))
}

async fn rivals(db: &PgPool, deal: DealId, (score, after): (i16, Uuid), limit: i64) -> Result<Vec<Row>, sqlx::Error> {
    sqlx::query_as!(
        Row,
        r#"SELECT o.id AS "id: DealId", o.status AS "status: DealStatus", o.partner_id AS "partner_id: OrgId",
                  p.name AS partner_name, o.customer_name, o.customer_domain, o.customer_country, o.amount, o.currency,
                  o.expected_close, o.created_at, c.score AS "score!", c.level AS "level!: Level",
                  c.reasons AS "reasons!: Json<Vec<Reason>>", c.found_at AS "found_at!"
           FROM (SELECT other_deal_id AS id, score, level, reasons, found_at FROM deal_conflict WHERE deal_id = $1
                 UNION ALL
                 SELECT deal_id, score, level, reasons, found_at FROM deal_conflict WHERE other_deal_id = $1) c
           JOIN deal o ON o.id = c.id
           JOIN organisation p ON p.id = o.partner_id
           JOIN deal d ON d.id = $1
           WHERE c.score > 0 AND d.status IN ('submitted', 'info_requested', 'approved')
             AND o.status IN ('submitted', 'info_requested', 'approved')
             AND (c.score < $2 OR (c.score = $2 AND o.id > $3))
           ORDER BY c.score DESC, o.id LIMIT $4"#,
        deal.uuid(),
        score,
        after,
        limit,
    )
    .fetch_all(db)
    .await
}

impl From<Row> for DealConflict {
    fn from(row: Row) -> Self {
        let explained = |reason: Reason| Explained {
            text: reason.to_string(),
            reason,
        };
        Self {
            deal: ConflictingDeal {
                id: row.id,
                status: row.status,
                partner: Party {
                    id: row.partner_id,
                    name: row.partner_name,
                },
                customer: Customer {
                    name: row.customer_name,
                    domain: row.customer_domain,
                    country: row.customer_country,
                },
                amount: in_currency(row.amount, &row.currency),
                currency: row.currency,
                expected_close: row.expected_close,
                created_at: row.created_at,
            },
            score: row.score,
            level: row.level,
            reasons: row.reasons.0.into_iter().map(explained).collect(),
            found_at: row.found_at,
        }
    }
}
