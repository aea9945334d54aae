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
use sqlx::{PgConnection, types::Json};
use utoipa::ToSchema;
use uuid::Uuid;

use super::AccountKind;
use crate::sales::rows::in_currency;

/// Postings of an entry that are shown: many lines that move at once are one entry.
const SHOWN: usize = 100;
/// One more than that tells whether there are more.
const READ: i64 = 101;

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
    /// What was put where; they sum to zero. A partner sees those of its own accounts. The first hundred.
    postings: Vec<Put>,
    /// Whether there are more.
    more_postings: bool,
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
    let mut conn = app.db.pool().acquire().await?;
    let ids = match org.kind {
        OrgKind::Vendor => of_vendor(&mut conn, org.id, &paging).await?,
        OrgKind::Partner => of_partner(&mut conn, org.id, &paging).await?,
    };
    let rows = sqlx::query!(
        r#"SELECT e.id AS "id: LedgerEntryId", e.vendor_id AS "vendor_id: OrgId", e.at, e.cause, e.currency, e.details,
                  (SELECT coalesce(json_agg(json_build_object('kind', kind, 'partner_id', partner_id, 'user_id', user_id,
                              'amount', amount::text, 'earning_id', earning_id) ORDER BY no), '[]')
                   FROM (SELECT a.kind, a.partner_id, a.user_id, p.amount, p.earning_id, p.no
                         FROM ledger_posting p JOIN ledger_account a ON a.id = p.account_id
                         WHERE p.entry_id = e.id AND ($2::uuid IS NULL OR a.partner_id = $2)
                         ORDER BY p.no LIMIT $3) first
                   ) AS "postings!: Json<Vec<Stored>>"
           FROM ledger_entry e WHERE e.id = ANY($1) ORDER BY e.id DESC"#,
        &ids,
        partner,
        READ,
    )
    .fetch_all(&mut *conn)
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
                more_postings: row.postings.0.len() > SHOWN,
                postings: row.postings.0.into_iter().take(SHOWN).map(put).collect(),
                currency: row.currency,
            }
        })
        .collect::<Vec<_>>();
    Ok(paging.page(&app.cursors, entries, |row| row.id.uuid(), |row| row))
}

async fn of_vendor(conn: &mut PgConnection, vendor: OrgId, paging: &Paging<Uuid>) -> Result<Vec<Uuid>, Problem> {
    let found = sqlx::query_scalar!(
        "SELECT id FROM ledger_entry WHERE vendor_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3",
        vendor.uuid(),
        paging.after.unwrap_or(Uuid::max()),
        paging.fetch(),
    );
    Ok(found.fetch_all(conn).await?)
}

/// Of each account the newest, and of those the newest.
async fn of_partner(conn: &mut PgConnection, partner: OrgId, paging: &Paging<Uuid>) -> Result<Vec<Uuid>, Problem> {
    let found = sqlx::query_scalar!(
        r#"SELECT DISTINCT p.entry_id AS "id!" FROM ledger_account a
           CROSS JOIN LATERAL (
               SELECT DISTINCT entry_id FROM ledger_posting WHERE account_id = a.id AND entry_id < $2
               ORDER BY entry_id DESC LIMIT $3) p
           WHERE a.partner_id = $1 ORDER BY p.entry_id DESC LIMIT $3"#,
        partner.uuid(),
        paging.after.unwrap_or(Uuid::max()),
        paging.fetch(),
    );
    Ok(found.fetch_all(conn).await?)
}
