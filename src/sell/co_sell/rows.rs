//! Reading and writing shared opportunities.

use chrono::{DateTime, NaiveDate, Utc};
use guildhall_kernel::{CoSellId, DealId, OrgId};
use guildhall_onboard::api::active_partnership;
use guildhall_spine::{db::Tx, files, http::Problem};
use rust_decimal::Decimal;
use serde::Deserialize;
use sqlx::{PgConnection, types::Json};
use uuid::Uuid;

use super::events::{CoSellNow, joined};
use super::stage::Stage;
use super::view::{CoSell, CoSellMember, CoSellParty, CoSellProduct, CoSellStatus, Named, TeamRole};
use crate::deals::wire::{DealContact, in_currency};

/// What of a locked opportunity its commands need.
#[derive(Debug)]
pub(super) struct Locked {
    vendor_id: OrgId,
    pub(super) opened_by: OrgId,
    pub(super) status: CoSellStatus,
    pub(super) title: String,
    pub(super) brief: Option<String>,
    pub(super) currency: String,
    pub(super) amount: Decimal,
    pub(super) expected_close: NaiveDate,
    pub(super) version: i64,
}

/// Locks the opportunity until the transaction ends, if `org` still has a part in it; with its stage. A partner stays
/// active in the program as long: suspending it waits.
pub(super) async fn lock(tx: &mut Tx, id: CoSellId, org: OrgId) -> Result<(Locked, Stage), Problem> {
    let locked = sqlx::query_as!(
        Locked,
        r#"SELECT vendor_id AS "vendor_id: OrgId", opened_by AS "opened_by: OrgId", status AS "status: CoSellStatus", title, brief, currency, amount,
                  expected_close, version
           FROM co_sell WHERE id = $1 FOR NO KEY UPDATE"#,
        id.uuid(),
    )
    .fetch_optional(&mut **tx)
    .await?
    .ok_or_else(Problem::not_found)?;
    // Read once the lock is held: a step made meanwhile counts.
    let stage = stage(tx, id, org).await?.filter(|stage| stage.is_live());
    let stage = stage.ok_or_else(Problem::not_found)?;
    if org != locked.vendor_id && active_partnership(tx, locked.vendor_id, org).await?.is_none() {
        let advice = "Ask the vendor to reactivate the partnership.";
        return Err(Problem::new(crate::deals::code::PARTNERSHIP_NOT_ACTIVE, advice));
    }
    Ok((locked, stage))
}

/// How far `org` is; `None` if it was never asked.
pub(super) async fn stage(tx: &mut Tx, id: CoSellId, org: OrgId) -> Result<Option<Stage>, Problem> {
    let stage = sqlx::query_scalar!(
        r#"SELECT stage AS "stage: Stage" FROM co_sell_party WHERE co_sell_id = $1 AND org_id = $2"#,
        id.uuid(),
        org.uuid(),
    );
    Ok(stage.fetch_optional(&mut **tx).await?)
}

/// Puts a party at a stage. Those who have joined then read the files, and nobody else.
pub(super) async fn set_stage(
    tx: &mut Tx,
    id: CoSellId,
    org: OrgId,
    stage: Stage,
    note: Option<&str>,
) -> Result<(), Problem> {
    let at = tx.now();
    sqlx::query!(
        "INSERT INTO co_sell_party (co_sell_id, org_id, stage, note, updated_at) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (co_sell_id, org_id) DO UPDATE
         SET stage = excluded.stage, note = excluded.note, updated_at = excluded.updated_at",
        id.uuid(),
        org.uuid(),
        stage.as_str(),
        note,
        at,
    )
    .execute(&mut **tx)
    .await?;
    let readers = joined(tx, id).await?;
    files::let_read(tx, id, &readers).await
}

/// Raises the version; returns what is announced of the opportunity.
pub(super) async fn touch(tx: &mut Tx, id: CoSellId) -> Result<CoSellNow, Problem> {
    let at = tx.now();
    let row = sqlx::query!(
        r#"UPDATE co_sell SET version = version + 1, updated_at = $2 WHERE id = $1
           RETURNING vendor_id AS "vendor_id: OrgId", title, status AS "status: CoSellStatus", version"#,
        id.uuid(),
        at,
    )
    .fetch_one(&mut **tx)
    .await?;
    Ok(CoSellNow {
        co_sell_id: id,
        vendor_id: row.vendor_id,
        title: row.title,
        status: row.status,
        version: row.version,
    })
}

#[derive(Debug, Deserialize)]
struct StoredProduct {
    product_id: Option<Uuid>,
    name: String,
    quantity: Decimal,
}

#[derive(Debug, Deserialize)]
struct StoredParty {
    id: Uuid,
    name: String,
    stage: Stage,
    note: Option<String>,
    team: Vec<StoredMember>,
}

#[derive(Debug, Deserialize)]
struct StoredMember {
    user_id: Uuid,
    name: String,
    role: TeamRole,
}

/// A shared opportunity as the database has it for one party.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) id: CoSellId,
    pub(super) version: i64,
    status: CoSellStatus,
    stage: Stage,
    vendor_id: OrgId,
    vendor_name: String,
    title: String,
    brief: Option<String>,
    customer_name: String,
    customer_country: String,
    currency: String,
    amount: Decimal,
    expected_close: NaiveDate,
    deal_id: Option<DealId>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    products: Json<Vec<StoredProduct>>,
    contacts: Option<Json<Vec<DealContact>>>,
    parties: Option<Json<Vec<StoredParty>>>,
}

/// What a party doesn't see at its stage is not even read.
macro_rules! co_sells {
    ($tail:literal, $($argument:expr),+ $(,)?) => {
        sqlx::query_as!(
            Row,
            r#"SELECT c.id AS "id: CoSellId", c.version, c.status AS "status: CoSellStatus", p.stage AS "stage: Stage",
                      c.vendor_id AS "vendor_id: OrgId",
                      (SELECT name FROM organisation WHERE id = c.vendor_id) AS "vendor_name!",
                      c.title, c.brief, c.customer_name, c.customer_country, c.currency, c.amount, c.expected_close,
                      CASE WHEN c.vendor_id = $1
                                OR EXISTS (SELECT FROM deal d WHERE d.id = c.deal_id AND d.partner_id = $1)
                           THEN c.deal_id END AS "deal_id: DealId",
                      c.created_at, c.updated_at,
                      (SELECT coalesce(json_agg(json_build_object('product_id', l.product_id, 'name', l.name,
                                  'quantity', l.quantity::text) ORDER BY l.no), '[]')
                       FROM co_sell_product l WHERE l.co_sell_id = c.id) AS "products!: Json<Vec<StoredProduct>>",
                      CASE WHEN p.stage = 'joined' THEN (
                          SELECT coalesce(json_agg(json_build_object('name', k.name, 'title', k.title,
                                     'email', k.email, 'phone', k.phone) ORDER BY k.no), '[]')
                          FROM co_sell_contact k WHERE k.co_sell_id = c.id)
                      END AS "contacts: Json<Vec<DealContact>>",
                      CASE WHEN p.stage = 'joined' THEN (
                          SELECT coalesce(json_agg(json_build_object('id', q.org_id, 'name', o.name, 'stage', q.stage,
                                     'note', CASE WHEN c.vendor_id = $1 OR q.org_id = $1 THEN q.note END,
                                     'team', (SELECT coalesce(json_agg(json_build_object('user_id', m.user_id,
                                                  'name', u.name, 'role', m.role) ORDER BY m.user_id), '[]')
                                              FROM co_sell_member m JOIN user_account u ON u.id = m.user_id
                                              WHERE m.co_sell_id = q.co_sell_id AND m.org_id = q.org_id))
                                     ORDER BY q.org_id), '[]')
                          FROM co_sell_party q JOIN organisation o ON o.id = q.org_id
                          WHERE q.co_sell_id = c.id AND (q.stage = 'joined' OR c.vendor_id = $1))
                      END AS "parties: Json<Vec<StoredParty>>"
               FROM co_sell_party p JOIN co_sell c ON c.id = p.co_sell_id
               WHERE p.org_id = $1 AND p.stage IN ('invited', 'interested', 'joined')
                 AND (c.vendor_id = $1 OR EXISTS (SELECT FROM partnership s WHERE s.vendor_id = c.vendor_id
                                                  AND s.partner_id = $1 AND s.status = 'active'))
                 AND "# + $tail,
            $($argument),+
        )
    };
}

/// The opportunity as `org` sees it; 404 unless it has a part in it.
pub(super) async fn find(conn: &mut PgConnection, org: OrgId, id: CoSellId) -> Result<CoSell, Problem> {
    let row = co_sells!("p.co_sell_id = $2", org.uuid(), id.uuid())
        .fetch_optional(conn)
        .await?;
    row.map(CoSell::from).ok_or_else(Problem::not_found)
}

/// One page of those that `org` has a part in, the newest first: a range of `co_sell_of_party`.
pub(super) async fn page(
    conn: &mut PgConnection,
    org: OrgId,
    stage: Option<Stage>,
    status: Option<CoSellStatus>,
    after: Option<Uuid>,
    limit: i64,
) -> Result<Vec<Row>, sqlx::Error> {
    co_sells!(
        "($2::uuid IS NULL OR p.co_sell_id < $2) AND ($3::text IS NULL OR p.stage = $3)
           AND ($4::text IS NULL OR c.status = $4)
         ORDER BY p.co_sell_id DESC LIMIT $5",
        org.uuid(),
        after,
        stage.map(Stage::as_str),
        status.map(CoSellStatus::as_str),
        limit,
    )
    .fetch_all(conn)
    .await
}

impl From<Row> for CoSell {
    fn from(row: Row) -> Self {
        let products = row.products.0.into_iter().map(|one| CoSellProduct {
            product_id: one.product_id.map(Into::into),
            name: one.name,
            quantity: one.quantity.normalize(),
        });
        Self {
            id: row.id,
            version: row.version,
            status: row.status,
            stage: row.stage,
            vendor: Named {
                id: row.vendor_id,
                name: row.vendor_name,
            },
            title: row.title,
            brief: row.brief,
            customer_name: row.customer_name,
            customer_country: row.customer_country,
            products: products.collect(),
            amount: in_currency(row.amount, &row.currency),
            currency: row.currency,
            expected_close: row.expected_close,
            deal_id: row.deal_id,
            contacts: row.contacts.map(|contacts| contacts.0),
            parties: row
                .parties
                .map(|parties| parties.0.into_iter().map(CoSellParty::from).collect()),
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

impl From<StoredParty> for CoSellParty {
    fn from(party: StoredParty) -> Self {
        let team = party.team.into_iter().map(|one| CoSellMember {
            user_id: one.user_id.into(),
            name: one.name,
            role: one.role,
        });
        Self {
            organisation: Named {
                id: party.id.into(),
                name: party.name,
            },
            stage: party.stage,
            note: party.note,
            team: team.collect(),
        }
    }
}
