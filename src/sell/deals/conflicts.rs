use axum::{extract::State, response::IntoResponse};
use chrono::{DateTime, NaiveDate, Utc};
use guildhall_kernel::{DealId, DirectAccountId, OrgId};
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
use super::direct::{DirectAccount, DirectAccountKind, DirectAccountStage};
use super::state::DealStatus;
use super::wire::{Customer, Party, in_currency};

/// Another live registration, or an open account of the vendor's own, that may be of the same customer.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct DealConflict {
    /// The other registration; `null` for an account.
    deal: Option<ConflictingDeal>,
    /// The vendor's own account or opportunity; `null` for a registration.
    account: Option<DirectAccount>,
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
    key: Uuid,
    deal_id: Option<DealId>,
    status: Option<DealStatus>,
    partner_id: Option<OrgId>,
    partner_name: Option<String>,
    account_id: Option<DirectAccountId>,
    external_ref: Option<String>,
    kind: Option<DirectAccountKind>,
    stage: Option<DirectAccountStage>,
    owner_name: Option<String>,
    name: String,
    domain: Option<String>,
    country: String,
    amount: Option<Decimal>,
    currency: Option<String>,
    expected_close: Option<NaiveDate>,
    at: DateTime<Utc>,
    score: i16,
    level: Level,
    reasons: Json<Vec<Reason>>,
    found_at: DateTime<Utc>,
}

/// List a deal's conflicts
///
/// The other partners' live registrations and the vendor's own open accounts that may be of the same customer, the
/// gravest first. For the vendor.
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
    Ok(paging.page(&app.cursors, rows, |row| (row.score, row.key), DealConflict::from))
}

async fn rivals(db: &PgPool, deal: DealId, (score, after): (i16, Uuid), limit: i64) -> Result<Vec<Row>, sqlx::Error> {
    sqlx::query_as!(
        Row,
        r#"SELECT c.key AS "key!", o.id AS "deal_id?: DealId", o.status AS "status?: DealStatus",
                  o.partner_id AS "partner_id?: OrgId", p.name AS "partner_name?",
                  a.id AS "account_id?: DirectAccountId", a.external_ref AS "external_ref?",
                  a.kind AS "kind?: DirectAccountKind", a.stage AS "stage?: DirectAccountStage",
                  a.owner_name AS "owner_name?", coalesce(o.customer_name, a.name) AS "name!",
                  coalesce(o.customer_domain, a.domain) AS domain, coalesce(o.customer_country, a.country) AS "country!",
                  coalesce(o.amount, a.amount) AS amount, coalesce(o.currency, a.currency) AS currency,
                  o.expected_close AS "expected_close?", coalesce(o.created_at, a.updated_at) AS "at!",
                  c.score AS "score!", c.level AS "level!: Level", c.reasons AS "reasons!: Json<Vec<Reason>>",
                  c.found_at AS "found_at!"
           FROM (SELECT other_deal_id AS key, true AS is_deal, score, level, reasons, found_at
                 FROM deal_conflict WHERE deal_id = $1
                 UNION ALL
                 SELECT deal_id, true, score, level, reasons, found_at FROM deal_conflict WHERE other_deal_id = $1
                 UNION ALL
                 SELECT account_id, false, score, level, reasons, found_at
                 FROM deal_direct_conflict WHERE deal_id = $1) c
           LEFT JOIN deal o ON c.is_deal AND o.id = c.key
           LEFT JOIN organisation p ON p.id = o.partner_id
           LEFT JOIN direct_account a ON NOT c.is_deal AND a.id = c.key
           JOIN deal d ON d.id = $1
           WHERE c.score > 0 AND d.status IN ('submitted', 'info_requested', 'approved')
             AND (o.status IN ('submitted', 'info_requested', 'approved') OR a.stage = 'open')
             AND (c.score < $2 OR (c.score = $2 AND c.key > $3))
           ORDER BY c.score DESC, c.key LIMIT $4"#,
        deal.uuid(),
        score,
        after,
        limit,
    )
    .fetch_all(db)
    .await
}

impl Row {
    fn deal(&self) -> Option<ConflictingDeal> {
        let currency = self.currency.clone()?;
        Some(ConflictingDeal {
            id: self.deal_id?,
            status: self.status?,
            partner: Party {
                id: self.partner_id?,
                name: self.partner_name.clone()?,
            },
            customer: Customer {
                name: self.name.clone(),
                domain: self.domain.clone(),
                country: self.country.clone(),
            },
            amount: in_currency(self.amount?, &currency),
            currency,
            expected_close: self.expected_close?,
            created_at: self.at,
        })
    }

    fn account(&self) -> Option<DirectAccount> {
        Some(DirectAccount {
            id: self.account_id?,
            external_ref: self.external_ref.clone()?,
            kind: self.kind?,
            name: self.name.clone(),
            domain: self.domain.clone(),
            country: self.country.clone(),
            stage: self.stage?,
            owner_name: self.owner_name.clone(),
            amount: self.amount,
            currency: self.currency.clone(),
            updated_at: self.at,
        })
    }
}

impl From<Row> for DealConflict {
    fn from(row: Row) -> Self {
        let explained = |reason: Reason| Explained {
            text: reason.to_string(),
            reason,
        };
        Self {
            deal: row.deal(),
            account: row.account(),
            score: row.score,
            level: row.level,
            reasons: row.reasons.0.into_iter().map(explained).collect(),
            found_at: row.found_at,
        }
    }
}
