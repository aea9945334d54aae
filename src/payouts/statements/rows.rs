//! Reading statements off the ledger.

use chrono::{DateTime, Utc};
use guildhall_incentivize::api::{EarningCause, EarningKind};
use guildhall_kernel::{EarningId, OrgId, PayoutId, PlanVersionId, SaleId, UserId};
use guildhall_spine::http::Problem;
use rust_decimal::Decimal;
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

use super::access::Reader;
use super::balance::Owed;
use super::month::Month;
use super::{PayoutStep, StatementStatus};

/// A payee's month with a vendor, in a currency.
#[derive(Clone, Debug)]
pub(super) struct Period {
    pub(super) id: i64,
    pub(super) vendor_id: OrgId,
    pub(super) partner_id: OrgId,
    pub(super) user_id: Option<UserId>,
    pub(super) currency: String,
    pub(super) month: Month,
    /// What was owed when it began.
    pub(super) opening: Owed,
    /// What was added meanwhile.
    pub(super) change: Owed,
    pub(super) vendor_name: String,
    pub(super) partner_name: String,
}

impl Period {
    /// What was owed when it ended.
    pub(super) fn closing(&self) -> Owed {
        self.opening.plus(&self.change)
    }
}

struct Row {
    id: i64,
    vendor_id: OrgId,
    partner_id: OrgId,
    user_id: Option<UserId>,
    currency: String,
    month: chrono::NaiveDate,
    accrued: Decimal,
    held: Decimal,
    approved: Decimal,
    payable: Decimal,
    in_transit: Decimal,
    accrued_before: Decimal,
    held_before: Decimal,
    approved_before: Decimal,
    payable_before: Decimal,
    in_transit_before: Decimal,
    vendor_name: String,
    partner_name: String,
}

impl From<Row> for Period {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            vendor_id: row.vendor_id,
            partner_id: row.partner_id,
            user_id: row.user_id,
            currency: row.currency,
            month: Month::of(row.month),
            opening: Owed {
                accrued: row.accrued_before,
                held: row.held_before,
                approved: row.approved_before,
                payable: row.payable_before,
                in_transit: row.in_transit_before,
            },
            change: Owed {
                accrued: row.accrued,
                held: row.held,
                approved: row.approved,
                payable: row.payable,
                in_transit: row.in_transit,
            },
            vendor_name: row.vendor_name,
            partner_name: row.partner_name,
        }
    }
}

/// The months before are a payee's own: a few dozen rows.
macro_rules! periods {
    ($tail:literal, $($argument:expr),+ $(,)?) => {
        sqlx::query_as!(
            Row,
            r#"SELECT s.id, s.vendor_id AS "vendor_id: OrgId", s.partner_id AS "partner_id: OrgId",
                      s.user_id AS "user_id: UserId", s.currency, s.month, s.accrued, s.held, s.approved, s.payable,
                      s.in_transit, b.accrued AS "accrued_before!", b.held AS "held_before!",
                      b.approved AS "approved_before!", b.payable AS "payable_before!",
                      b.in_transit AS "in_transit_before!", coalesce(s.vendor_name, v.name) AS "vendor_name!",
                      coalesce(s.partner_name, p.name) AS "partner_name!"
               FROM statement_period s
               JOIN organisation v ON v.id = s.vendor_id JOIN organisation p ON p.id = s.partner_id
               CROSS JOIN LATERAL (
                   SELECT coalesce(sum(o.accrued), 0) AS accrued, coalesce(sum(o.held), 0) AS held,
                          coalesce(sum(o.approved), 0) AS approved, coalesce(sum(o.payable), 0) AS payable,
                          coalesce(sum(o.in_transit), 0) AS in_transit
                   FROM statement_period o
                   WHERE o.vendor_id = s.vendor_id AND o.partner_id = s.partner_id
                     AND o.user_id IS NOT DISTINCT FROM s.user_id AND o.currency = s.currency AND o.month < s.month) b
               WHERE "# + $tail,
            $($argument),+
        )
    };
}

/// Which statements, from where on.
#[derive(Debug)]
pub(super) struct Wanted {
    pub(super) reader: Reader,
    pub(super) vendor: Option<OrgId>,
    pub(super) partner: Option<OrgId>,
    pub(super) user: Option<UserId>,
    pub(super) currency: Option<String>,
    pub(super) before: Option<(chrono::NaiveDate, i64)>,
    pub(super) limit: i64,
}

/// A page of statements, the latest month first: a query for each way to begin, so that each is a range of its index.
pub(super) async fn page(db: &PgPool, wanted: &Wanted) -> Result<Vec<Period>, sqlx::Error> {
    let (vendor, partner) = (wanted.vendor.map(OrgId::uuid), wanted.partner.map(OrgId::uuid));
    let (user, currency) = (wanted.user.map(UserId::uuid), wanted.currency.as_deref());
    let (month, id) = wanted.before.unwrap_or((chrono::NaiveDate::MAX, i64::MAX));
    // PostgreSQL's dates end before chrono's.
    let month = month.min(chrono::NaiveDate::from_ymd_opt(9999, 12, 1).unwrap_or(month));
    let rows = match wanted.reader {
        Reader::Vendor(own) => {
            periods!(
                "s.vendor_id = $1 AND (s.month, s.id) < ($2, $3) AND ($4::uuid IS NULL OR s.partner_id = $4)
                 AND ($5::uuid IS NULL OR s.user_id = $5) AND ($6::text IS NULL OR s.currency = $6)
                 AND ($7::uuid IS NULL OR s.vendor_id = $7) ORDER BY s.month DESC, s.id DESC LIMIT $8",
                own.uuid(),
                month,
                id,
                partner,
                user,
                currency,
                vendor,
                wanted.limit
            )
            .fetch_all(db)
            .await?
        }
        Reader::Partner(own) => {
            periods!(
                "s.partner_id = $1 AND (s.month, s.id) < ($2, $3) AND ($4::uuid IS NULL OR s.partner_id = $4)
                 AND ($5::uuid IS NULL OR s.user_id = $5) AND ($6::text IS NULL OR s.currency = $6)
                 AND ($7::uuid IS NULL OR s.vendor_id = $7) ORDER BY s.month DESC, s.id DESC LIMIT $8",
                own.uuid(),
                month,
                id,
                partner,
                user,
                currency,
                vendor,
                wanted.limit
            )
            .fetch_all(db)
            .await?
        }
        Reader::Person(own) => {
            periods!(
                "s.user_id = $1 AND (s.month, s.id) < ($2, $3) AND ($4::uuid IS NULL OR s.partner_id = $4)
                 AND ($5::uuid IS NULL OR s.user_id = $5) AND ($6::text IS NULL OR s.currency = $6)
                 AND ($7::uuid IS NULL OR s.vendor_id = $7) ORDER BY s.month DESC, s.id DESC LIMIT $8",
                own.uuid(),
                month,
                id,
                partner,
                user,
                currency,
                vendor,
                wanted.limit
            )
            .fetch_all(db)
            .await?
        }
    };
    Ok(rows.into_iter().map(Period::from).collect())
}

/// Whose statement of which month; what isn't told may be anything.
#[derive(Debug)]
pub(super) struct Payee {
    pub(super) vendor: Option<OrgId>,
    pub(super) partner: OrgId,
    /// The person; the company without.
    pub(super) user: Option<UserId>,
    pub(super) currency: Option<String>,
    pub(super) month: Month,
}

/// The statements that fit, two at most.
pub(super) async fn find(conn: &mut PgConnection, payee: &Payee) -> Result<Vec<Period>, sqlx::Error> {
    let rows = periods!(
        "s.partner_id = $1 AND s.month = $2 AND s.user_id IS NOT DISTINCT FROM $3
         AND ($4::uuid IS NULL OR s.vendor_id = $4) AND ($5::text IS NULL OR s.currency = $5) ORDER BY s.id LIMIT 2",
        payee.partner.uuid(),
        payee.month.first(),
        payee.user.map(UserId::uuid),
        payee.vendor.map(OrgId::uuid),
        payee.currency.as_deref(),
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(Period::from).collect())
}

/// The statement as it is now.
pub(super) async fn again(conn: &mut PgConnection, id: i64) -> Result<Period, sqlx::Error> {
    Ok(periods!("s.id = $1", id).fetch_one(conn).await?.into())
}

/// Has the statement keep what the parties are called now, if it keeps no names yet.
pub(super) async fn keep_names(db: &PgPool, id: i64) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE statement_period s SET vendor_name = v.name, partner_name = p.name
         FROM organisation v, organisation p
         WHERE s.id = $1 AND s.vendor_name IS NULL AND v.id = s.vendor_id AND p.id = s.partner_id",
        id
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Where the postings of a statement are.
#[derive(Clone, Debug)]
pub(super) struct Place {
    /// The accounts in which money is owed to the payee.
    owed: Vec<i64>,
    /// Those and where payouts go.
    all: Vec<i64>,
    ids: (Uuid, Uuid),
    span: (DateTime<Utc>, DateTime<Utc>),
}

impl Place {
    /// Finds the accounts of the payee.
    pub(super) async fn of(conn: &mut PgConnection, period: &Period) -> Result<Self, sqlx::Error> {
        let rows = sqlx::query!(
            r#"SELECT id, kind IN ('accrued', 'held', 'approved', 'payable', 'in_transit') AS "owed!" FROM ledger_account
               WHERE vendor_id = $1 AND currency = $2 AND partner_id = $3 AND user_id IS NOT DISTINCT FROM $4
                 AND kind IN ('accrued', 'held', 'approved', 'payable', 'in_transit', 'paid', 'withheld_tax', 'fees')"#,
            period.vendor_id.uuid(),
            period.currency,
            period.partner_id.uuid(),
            period.user_id.map(UserId::uuid),
        )
        .fetch_all(conn)
        .await?;
        Ok(Self {
            owed: rows.iter().filter(|row| row.owed).map(|row| row.id).collect(),
            all: rows.iter().map(|row| row.id).collect(),
            ids: period.month.ids(),
            span: period.month.span(),
        })
    }
}

/// The lines of a kind.
#[derive(Clone, Copy, Debug)]
pub(super) struct Group {
    pub(super) kind: EarningKind,
    pub(super) lines: i64,
    pub(super) subtotal: Decimal,
}

/// The kinds that have lines, in the order of a statement.
pub(super) async fn groups(conn: &mut PgConnection, place: &Place) -> Result<Vec<Group>, Problem> {
    let rows = sqlx::query!(
        r#"WITH line AS (
               SELECT p.entry_id, p.earning_id, sum(p.amount) AS amount
               FROM ledger_posting p JOIN ledger_entry e ON e.id = p.entry_id
               WHERE p.account_id = ANY ($1) AND p.entry_id >= $2 AND p.entry_id < $3
                 AND e.id >= $2 AND e.id < $3 AND e.at >= $4 AND e.at < $5 AND e.cause NOT LIKE 'payout.%'
               GROUP BY p.entry_id, p.earning_id HAVING sum(p.amount) <> 0)
           SELECT g.kind AS "kind?: EarningKind", count(*) AS "lines!", sum(line.amount) AS "subtotal!"
           FROM line LEFT JOIN earning g ON g.id = line.earning_id
           GROUP BY g.kind
           ORDER BY array_position(ARRAY['commission', 'rebate', 'spiff', 'bonus', 'mdf', 'adjustment'], g.kind)"#,
        &place.owed,
        place.ids.0,
        place.ids.1,
        place.span.0,
        place.span.1,
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| {
            let kind = row.kind.ok_or_else(|| {
                Problem::internal("the ledger changes what is owed by an entry that names no earning and no payout")
            })?;
            Ok(Group {
                kind,
                lines: row.lines,
                subtotal: row.subtotal,
            })
        })
        .collect()
}

/// What happened to a payout.
#[derive(Clone, Copy, Debug)]
pub(super) struct Gone {
    pub(super) at: DateTime<Utc>,
    pub(super) payout_id: PayoutId,
    pub(super) step: PayoutStep,
    /// What it took from the balance.
    pub(super) taken: Decimal,
    pub(super) withheld: Decimal,
    pub(super) fees: Decimal,
    pub(super) paid: Decimal,
    /// What is on its way since, or no more.
    pub(super) in_transit: Decimal,
}

/// The payouts in their order.
pub(super) async fn payouts(conn: &mut PgConnection, place: &Place) -> Result<Vec<Gone>, sqlx::Error> {
    sqlx::query_as!(
        Gone,
        r#"SELECT e.at, e.subject_id AS "payout_id: PayoutId", substr(e.cause, 8) AS "step!: PayoutStep",
                  -coalesce(sum(p.amount) FILTER (WHERE p.account_id = ANY ($2)), 0) AS "taken!",
                  coalesce(sum(p.amount) FILTER (WHERE a.kind = 'withheld_tax'), 0) AS "withheld!",
                  coalesce(sum(p.amount) FILTER (WHERE a.kind = 'fees'), 0) AS "fees!",
                  coalesce(sum(p.amount) FILTER (WHERE a.kind = 'paid'), 0) AS "paid!",
                  coalesce(sum(p.amount) FILTER (WHERE a.kind = 'in_transit'), 0) AS "in_transit!"
           FROM ledger_posting p JOIN ledger_entry e ON e.id = p.entry_id JOIN ledger_account a ON a.id = p.account_id
           WHERE p.account_id = ANY ($1) AND p.entry_id >= $3 AND p.entry_id < $4
             AND e.id >= $3 AND e.id < $4 AND e.at >= $5 AND e.at < $6 AND e.cause LIKE 'payout.%'
           GROUP BY e.id ORDER BY e.id"#,
        &place.all,
        &place.owed,
        place.ids.0,
        place.ids.1,
        place.span.0,
        place.span.1,
    )
    .fetch_all(conn)
    .await
}

/// Where a line is in the order of a statement: by kind, then as posted.
#[derive(Clone, Copy, Debug)]
pub(super) struct Key {
    rank: i32,
    entry: Uuid,
    earning: Uuid,
}

/// A line.
#[derive(Clone, Debug)]
pub(super) struct Line {
    pub(super) at: DateTime<Utc>,
    pub(super) earning_id: EarningId,
    pub(super) root_id: EarningId,
    pub(super) kind: EarningKind,
    pub(super) cause: EarningCause,
    pub(super) amount: Decimal,
    pub(super) earned_on: chrono::NaiveDate,
    pub(super) plan: Option<String>,
    pub(super) plan_version_id: Option<PlanVersionId>,
    pub(super) plan_version: Option<i32>,
    pub(super) sale_id: Option<SaleId>,
    pub(super) reference: Option<String>,
    /// Why, for what was put right by hand.
    pub(super) reason: Option<String>,
    pub(super) status: StatementStatus,
    entry_id: Uuid,
    rank: i32,
}

impl Line {
    pub(super) fn key(&self) -> Key {
        Key {
            rank: self.rank,
            entry: self.entry_id,
            earning: self.earning_id.uuid(),
        }
    }
}

/// The lines after `after`, in their order. Plan, sale and reason are as they were told when the line came to be; where it
/// stood is told by its postings before the end of the period.
pub(super) async fn lines(
    conn: &mut PgConnection,
    place: &Place,
    after: Option<Key>,
    limit: i64,
) -> Result<Vec<Line>, sqlx::Error> {
    let after = after.unwrap_or(Key {
        rank: 0,
        entry: Uuid::nil(),
        earning: Uuid::nil(),
    });
    sqlx::query_as!(
        Line,
        r#"WITH line AS (
               SELECT p.entry_id, e.at, p.earning_id, sum(p.amount) AS amount
               FROM ledger_posting p JOIN ledger_entry e ON e.id = p.entry_id
               WHERE p.account_id = ANY ($1) AND p.entry_id >= $2 AND p.entry_id < $3
                 AND e.id >= $2 AND e.id < $3 AND e.at >= $4 AND e.at < $5 AND e.cause NOT LIKE 'payout.%'
               GROUP BY p.entry_id, e.at, p.earning_id HAVING sum(p.amount) <> 0),
           wanted AS MATERIALIZED (
               SELECT * FROM (
                   SELECT line.*, g.kind, g.cause, g.root_id, g.earned_on, g.version_id, g.sale_id, g.explanation,
                          array_position(ARRAY['commission', 'rebate', 'spiff', 'bonus', 'mdf', 'adjustment'], g.kind) AS rank
                   FROM line JOIN earning g ON g.id = line.earning_id) ranked
               WHERE (rank, entry_id, earning_id) > ($6, $7, $8)
               ORDER BY rank, entry_id, earning_id LIMIT $9)
           SELECT w.at, w.earning_id AS "earning_id!: EarningId", w.root_id AS "root_id: EarningId",
                  w.kind AS "kind: EarningKind", w.cause AS "cause: EarningCause", w.amount AS "amount!", w.earned_on,
                  w.explanation #>> '{plan,name}' AS plan, w.version_id AS "plan_version_id: PlanVersionId",
                  v.no AS "plan_version?", w.sale_id AS "sale_id: SaleId", w.explanation #>> '{sale,reference}' AS reference,
                  coalesce(w.explanation #>> '{adjustment,reason}', w.explanation #>> '{reimbursement,purpose}') AS reason,
                  coalesce(stands.kind, CASE WHEN EXISTS (
                      SELECT FROM ledger_entry paid WHERE paid.subject_id = sent.subject_id AND paid.cause = 'payout.paid'
                        AND paid.at < $5) THEN 'paid' ELSE 'in_transit' END) AS "status!: StatementStatus",
                  w.entry_id, w.rank AS "rank!"
           FROM wanted w
           LEFT JOIN incentive_plan_version v ON v.id = w.version_id
           LEFT JOIN LATERAL (
               SELECT a.kind FROM ledger_posting o
               JOIN ledger_entry e ON e.id = o.entry_id JOIN ledger_account a ON a.id = o.account_id
               WHERE o.earning_id = w.earning_id AND e.at < $5 AND a.kind IN ('accrued', 'held', 'approved', 'payable')
               GROUP BY a.kind HAVING sum(o.amount) <> 0 LIMIT 1) stands ON true
           LEFT JOIN LATERAL (
               SELECT e.subject_id FROM ledger_posting o JOIN ledger_entry e ON e.id = o.entry_id
               WHERE o.earning_id = w.earning_id AND e.cause = 'payout.sent' AND e.at < $5
               ORDER BY e.id DESC LIMIT 1) sent ON true
           ORDER BY w.rank, w.entry_id, w.earning_id"#,
        &place.owed,
        place.ids.0,
        place.ids.1,
        place.span.0,
        place.span.1,
        after.rank,
        after.entry,
        after.earning,
        limit,
    )
    .fetch_all(conn)
    .await
}
