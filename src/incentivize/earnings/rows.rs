//! Earnings in the database.

use chrono::{DateTime, NaiveDate, Utc};
use guildhall_kernel::{Currency, DealId, EarningId, OrgId, PayoutId, PlanId, PlanVersionId, SaleId, UserId};
use guildhall_spine::http::Problem;
use rust_decimal::Decimal;
use sqlx::PgConnection;

use super::ids::{self, Reader, Wanted};
use super::{Cause, Earning, Kind, Moved, Status};
use crate::ledger::AccountKind;
use crate::sales::rows::in_currency;

struct Row {
    id: EarningId,
    version: i64,
    vendor_id: OrgId,
    partner_id: OrgId,
    user_id: Option<UserId>,
    kind: Kind,
    cause: Cause,
    status: Status,
    amount: Decimal,
    currency: String,
    root_id: EarningId,
    plan_id: Option<PlanId>,
    plan: Option<String>,
    plan_version_id: Option<PlanVersionId>,
    sale_id: Option<SaleId>,
    deal_id: Option<DealId>,
    reference: Option<String>,
    earned_on: NaiveDate,
    rests_until: NaiveDate,
    held_because: Option<String>,
    payout_id: Option<PayoutId>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

/// Lines that the reader may see, newest first.
pub(super) async fn read(conn: &mut PgConnection, reader: Reader, wanted: &Wanted) -> Result<Vec<Earning>, Problem> {
    let found = ids::find(conn, reader, wanted).await?;
    let rows = sqlx::query_as!(
        Row,
        r#"SELECT e.id AS "id: EarningId", e.version, e.vendor_id AS "vendor_id: OrgId",
                  e.partner_id AS "partner_id: OrgId", e.user_id AS "user_id: UserId", e.kind AS "kind: Kind",
                  e.cause AS "cause: Cause", e.status AS "status: Status", e.amount, e.currency,
                  e.root_id AS "root_id: EarningId", v.plan_id AS "plan_id?: PlanId", p.name AS "plan?",
                  e.version_id AS "plan_version_id: PlanVersionId", e.sale_id AS "sale_id: SaleId",
                  s.deal_id AS "deal_id?: DealId", s.reference AS "reference?", e.earned_on, e.rests_until,
                  e.held_because, e.payout_id AS "payout_id: PayoutId", e.created_at, e.updated_at
           FROM earning e
           LEFT JOIN incentive_plan_version v ON v.id = e.version_id
           LEFT JOIN incentive_plan p ON p.id = v.plan_id
           LEFT JOIN sale s ON s.id = e.sale_id
           WHERE e.id = ANY($1) ORDER BY e.id DESC"#,
        &found,
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(Earning::from).collect())
}

impl From<Row> for Earning {
    fn from(row: Row) -> Self {
        let currency = Currency::from_code(&row.currency);
        Self {
            id: row.id,
            version: row.version,
            vendor_id: row.vendor_id,
            partner_id: row.partner_id,
            user_id: row.user_id,
            kind: row.kind,
            cause: row.cause,
            status: row.status,
            amount: currency.map_or_else(|| row.amount.to_string(), |currency| in_currency(row.amount, currency)),
            currency: row.currency,
            root_id: row.root_id,
            plan_id: row.plan_id,
            plan: row.plan,
            plan_version_id: row.plan_version_id,
            sale_id: row.sale_id,
            deal_id: row.deal_id,
            reference: row.reference,
            earned_on: row.earned_on,
            rests_until: row.rests_until,
            held_because: row.held_because,
            payout_id: row.payout_id,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

/// Where the money of a line went.
pub(super) async fn postings(conn: &mut PgConnection, id: EarningId) -> Result<Vec<Moved>, Problem> {
    let rows = sqlx::query!(
        r#"SELECT e.at, e.cause, a.kind AS "account: AccountKind", p.amount, e.currency
           FROM ledger_posting p JOIN ledger_entry e ON e.id = p.entry_id JOIN ledger_account a ON a.id = p.account_id
           WHERE p.earning_id = $1 ORDER BY p.entry_id, p.no"#,
        id.uuid()
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Moved {
            at: row.at,
            cause: row.cause,
            account: row.account,
            amount: Currency::from_code(&row.currency)
                .map_or_else(|| row.amount.to_string(), |currency| in_currency(row.amount, currency)),
        })
        .collect())
}
