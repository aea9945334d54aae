use axum::{extract::State, response::IntoResponse};
use chrono::{DateTime, Utc};
use guildhall_kernel::{Currency, EarningId, LedgerEntryId, OrgId, UserId};
use guildhall_spine::{
    App,
    access::{May, OrgKind, right},
    http::{Page, PageQuery, Paging, Problem, ValidQuery},
};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sqlx::types::Json;
use utoipa::ToSchema;
use uuid::Uuid;

use super::AccountKind;
use crate::sales::rows::in_currency;

/// An entry of the ledger.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LedgerEntry)]
pub(super) struct Shown {
    /// Its id.
    id: LedgerEntryId,
    /// Whose ledger.
    vendor_id: OrgId,
    /// When.
    at: DateTime<Utc>,
    /// Why.
    #[schema(example = "sale")]
    cause: String,
    /// The currency of the amounts (ISO 4217).
    #[schema(example = "EUR")]
    currency: String,
    /// Event, version of the plan, inputs. For the vendor.
    #[schema(value_type = Object)]
    details: Value,
    /// What was put where; they sum to zero. A partner sees those of its own accounts.
    postings: Vec<Put>,
}

/// A posting.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LedgerPosting)]
struct Put {
    /// What the account holds.
    account: AccountKind,
    /// Whose account; the vendor's own when `null`.
    partner_id: Option<OrgId>,
    /// The person.
    user_id: Option<UserId>,
    /// Into it, or out of it when negative.
    #[schema(example = "360.15")]
    amount: String,
    /// The earning that is moved.
    earning_id: Option<EarningId>,
}

#[derive(Debug, Deserialize)]
struct Stored {
    kind: AccountKind,
    partner_id: Option<Uuid>,
    user_id: Option<Uuid>,
    amount: Decimal,
    earning_id: Option<Uuid>,
}

/// List ledger entries
///
/// Newest first. A vendor reads its whole ledger, a partner the entries that touch its accounts.
#[utoipa::path(get, path = "/api/v1/incentives/ledger", operation_id = "listLedgerEntries", tag = "ledger",
    security(("bearer" = ["earnings:read"])), params(PageQuery),
    responses((status = 200, description = "one page of entries", body = Page<Shown>)))]
pub(super) async fn list_ledger_entries(
    State(app): State<App>,
    May { org, .. }: May<right::EarningRead>,
    ValidQuery(query): ValidQuery<PageQuery>,
) -> Result<impl IntoResponse, Problem> {
    let scope = format!("ledger {}", org.id);
    let paging = Paging::<Uuid>::new(&app.cursors, scope, query.limit, query.cursor.as_deref())?;
    let partner = (org.kind == OrgKind::Partner).then_some(org.id.uuid());
    let vendor = (org.kind == OrgKind::Vendor).then_some(org.id.uuid());
    let rows = sqlx::query!(
        r#"SELECT e.id AS "id: LedgerEntryId", e.vendor_id AS "vendor_id: OrgId", e.at, e.cause, e.currency, e.details,
                  (SELECT coalesce(json_agg(json_build_object('kind', a.kind, 'partner_id', a.partner_id,
                              'user_id', a.user_id, 'amount', p.amount::text, 'earning_id', p.earning_id) ORDER BY p.no), '[]')
                   FROM ledger_posting p JOIN ledger_account a ON a.id = p.account_id
                   WHERE p.entry_id = e.id AND ($2::uuid IS NULL OR a.partner_id = $2)
                   ) AS "postings!: Json<Vec<Stored>>"
           FROM ledger_entry e
           WHERE ($1::uuid IS NULL OR e.vendor_id = $1)
             AND ($2::uuid IS NULL OR EXISTS (
                 SELECT FROM ledger_account a JOIN ledger_posting p ON p.account_id = a.id
                 WHERE a.partner_id = $2 AND p.entry_id = e.id))
             AND ($3::uuid IS NULL OR e.id < $3)
           ORDER BY e.id DESC LIMIT $4"#,
        vendor,
        partner,
        paging.after,
        paging.fetch(),
    )
    .fetch_all(app.db.pool())
    .await?;
    let entries = rows
        .into_iter()
        .map(|row| {
            let currency = Currency::from_code(&row.currency);
            let written =
                |amount: Decimal| currency.map_or_else(|| amount.to_string(), |currency| in_currency(amount, currency));
            let put = |one: Stored| Put {
                account: one.kind,
                partner_id: one.partner_id.map(Into::into),
                user_id: one.user_id.map(Into::into),
                amount: written(one.amount),
                earning_id: one.earning_id.map(Into::into),
            };
            Shown {
                id: row.id,
                vendor_id: row.vendor_id,
                at: row.at,
                cause: row.cause,
                details: if partner.is_none() {
                    row.details
                } else {
                    Value::Object(serde_json::Map::new())
                },
                postings: row.postings.0.into_iter().map(put).collect(),
                currency: row.currency,
            }
        })
        .collect::<Vec<_>>();
    Ok(paging.page(&app.cursors, entries, |row| row.id.uuid(), |row| row))
}
