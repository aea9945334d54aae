//! Sales in the database.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::{Datelike, NaiveDate};
use guildhall_kernel::{Currency, DealId, Money, OrgId, ProductId, ProgramId, SaleId, UserId};
use guildhall_sell::api::won_deals;
use guildhall_spine::{db::Tx, http::Problem};
use rust_decimal::Decimal;
use serde_json::Value;
use sqlx::{PgConnection, types::Json};
use uuid::Uuid;

use super::draft::{CheckedLine, CheckedParty, CheckedSale};
use super::events::SaleNow;
use super::ids::{self, Reader};
use super::view::{Line, Reversal, Sale, SaleParty};
use super::{DealType, Kind, ReversalKind, Role};

/// What the vendor has of what sales name.
#[derive(Debug, Default)]
pub struct Surroundings {
    /// Partners in the program, with where they stand.
    pub(super) partners: HashMap<OrgId, PartyFacts>,
    /// Members of those partners among the people that are named.
    pub(super) members: BTreeSet<(OrgId, UserId)>,
    /// Deals, with how their credit is shared when they are won.
    pub(super) deals: HashMap<DealId, Vec<CheckedParty>>,
    /// Products by id.
    pub(super) products: HashMap<ProductId, ProductFacts>,
    /// Ids of products by sku.
    pub(super) skus: HashMap<String, ProductId>,
}

/// Where a partner stands on the day.
#[derive(Clone, Debug)]
pub(crate) struct PartyFacts {
    /// The tier in the vendor's program.
    pub(crate) tier: Option<String>,
    /// The program that it stands in.
    pub(crate) program: Option<ProgramId>,
    /// The country of the company.
    pub(crate) country: Option<String>,
}

impl PartyFacts {
    pub(crate) const fn unknown() -> Self {
        Self {
            tier: None,
            program: None,
            country: None,
        }
    }
}

#[derive(Clone, Debug)]
pub(super) struct ProductFacts {
    sku: String,
    name: String,
    family: Option<String>,
}

impl Surroundings {
    /// The line with what the catalogue says of it.
    pub(super) fn named(&self, line: &CheckedLine) -> CheckedLine {
        let by_sku = line.sku.as_ref().and_then(|sku| self.skus.get(sku)).copied();
        let product = line.product.or(by_sku);
        let facts = product.and_then(|id| self.products.get(&id));
        CheckedLine {
            product: facts.and(product),
            sku: facts.map(|facts| facts.sku.clone()).or_else(|| line.sku.clone()),
            family: facts.and_then(|facts| facts.family.clone()),
            name: line
                .name
                .clone()
                .or_else(|| facts.map(|facts| facts.name.clone()))
                .or_else(|| line.sku.clone()),
            ..line.clone()
        }
    }
}

/// A sale ready to be stored.
#[derive(Clone, Debug)]
pub(super) struct NewSale {
    pub(super) id: SaleId,
    pub(super) sale: CheckedSale,
    pub(super) lines: Vec<CheckedLine>,
    pub(super) parties: Vec<NewParty>,
}

/// A part ready to be stored.
#[derive(Clone, Debug)]
pub(super) struct NewParty {
    pub(super) party: CheckedParty,
    pub(super) facts: PartyFacts,
}

impl NewSale {
    fn amount(&self) -> Decimal {
        self.lines.iter().map(|line| line.amount).sum()
    }

    pub(super) fn now(&self, vendor: OrgId) -> SaleNow {
        let amount = in_currency(self.amount(), self.sale.currency);
        SaleNow {
            sale_id: self.id,
            vendor_id: vendor,
            partner_id: self.sale.partner,
            kind: self.sale.kind,
            reference: self.sale.reference.clone(),
            deal_id: self.sale.deal,
            kept: amount.clone(),
            amount,
            currency: self.sale.currency.code().to_owned(),
            version: 1,
        }
    }
}

/// An amount with the decimals of its currency.
pub(crate) fn in_currency(amount: Decimal, currency: Currency) -> String {
    let mut amount = amount;
    let places = Money::exponent(currency);
    if amount.scale() != places && amount.round_dp(places) == amount {
        amount.rescale(places);
    }
    amount.to_string()
}

/// Whole months from the first invoice of a subscription to another day; 0 when that comes before.
pub(crate) fn months_between(first: NaiveDate, day: NaiveDate) -> u32 {
    let months = (day.year() - first.year()) * 12 + i32::try_from(day.month0()).unwrap_or(0)
        - i32::try_from(first.month0()).unwrap_or(0);
    let whole = if day.day() < first.day() { months - 1 } else { months };
    u32::try_from(whole).unwrap_or(0)
}

/// Looks up everything that `sales` name, in a constant number of queries.
pub async fn surroundings(tx: &mut Tx, vendor: OrgId, sales: &[CheckedSale]) -> Result<Surroundings, Problem> {
    let deals: Vec<DealId> = sales.iter().filter_map(|sale| sale.deal).collect();
    let mut around = Surroundings {
        deals: shares(tx, vendor, &deals).await?,
        ..Surroundings::default()
    };
    let mut partners: BTreeSet<Uuid> = sales.iter().map(|sale| sale.partner.uuid()).collect();
    partners.extend(
        sales
            .iter()
            .flat_map(|sale| sale.parties.iter().map(|party| party.partner.uuid())),
    );
    partners.extend(around.deals.values().flatten().map(|party| party.partner.uuid()));
    let users: Vec<Uuid> = sales
        .iter()
        .flat_map(|sale| sale.parties.iter().filter_map(|party| party.user.map(UserId::uuid)))
        .collect();
    around.partners = partners_of(tx, vendor, partners.into_iter().collect()).await?;
    if !users.is_empty() {
        let rows = sqlx::query!(
            r#"SELECT org_id AS "org_id: OrgId", user_id AS "user_id: UserId" FROM membership WHERE user_id = ANY($1)"#,
            &users
        )
        .fetch_all(&mut **tx)
        .await?;
        around.members = rows.into_iter().map(|row| (row.org_id, row.user_id)).collect();
    }
    products(tx, vendor, sales, &mut around).await?;
    Ok(around)
}

/// Kinds and references of those of `sales` that the vendor has recorded before.
///
/// # Errors
/// When the database fails.
pub async fn recorded_references(
    tx: &mut Tx,
    vendor: OrgId,
    sales: &[CheckedSale],
) -> Result<BTreeSet<(Kind, String)>, Problem> {
    let references: Vec<String> = sales.iter().map(|sale| sale.reference.clone()).collect();
    let rows = sqlx::query!(
        r#"SELECT kind AS "kind: Kind", reference FROM sale
           WHERE vendor_id = $1 AND kind IN ('invoice', 'activity') AND reference = ANY($2)"#,
        vendor.uuid(),
        &references,
    )
    .fetch_all(&mut **tx)
    .await?;
    Ok(rows.into_iter().map(|row| (row.kind, row.reference)).collect())
}

/// Where partners of the vendor stand.
pub(super) async fn partners_of(
    conn: &mut PgConnection,
    vendor: OrgId,
    partners: Vec<Uuid>,
) -> Result<HashMap<OrgId, PartyFacts>, Problem> {
    let rows = sqlx::query!(
        r#"SELECT p.partner_id AS "partner_id: OrgId", p.tier,
                  p.program_id AS "program_id: ProgramId", o.country
           FROM partnership p JOIN organisation o ON o.id = p.partner_id
           WHERE p.vendor_id = $1 AND p.partner_id = ANY($2)"#,
        vendor.uuid(),
        &partners,
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| {
            let facts = PartyFacts {
                tier: Some(row.tier),
                program: Some(row.program_id),
                country: Some(row.country),
            };
            (row.partner_id, facts)
        })
        .collect())
}

/// The deals of the vendor among these, with the shares of those that are won.
async fn shares(
    conn: &mut PgConnection,
    vendor: OrgId,
    deals: &[DealId],
) -> Result<HashMap<DealId, Vec<CheckedParty>>, Problem> {
    if deals.is_empty() {
        return Ok(HashMap::new());
    }
    let ids: Vec<Uuid> = deals.iter().map(|deal| deal.uuid()).collect();
    let rows = sqlx::query_scalar!(
        r#"SELECT id AS "id: DealId" FROM deal WHERE vendor_id = $1 AND id = ANY($2)"#,
        vendor.uuid(),
        &ids
    )
    .fetch_all(&mut *conn)
    .await?;
    let mut found: HashMap<DealId, Vec<CheckedParty>> = rows.into_iter().map(|id| (id, Vec::new())).collect();
    for deal in won_deals(conn, deals).await? {
        if let Some(shares) = found.get_mut(&deal.id) {
            *shares = super::deals::parties(&deal);
        }
    }
    Ok(found)
}

async fn products(
    conn: &mut PgConnection,
    vendor: OrgId,
    sales: &[CheckedSale],
    around: &mut Surroundings,
) -> Result<(), Problem> {
    let lines = || sales.iter().flat_map(|sale| sale.lines.iter());
    let ids: Vec<Uuid> = lines().filter_map(|line| line.product.map(ProductId::uuid)).collect();
    let skus: Vec<String> = lines().filter_map(|line| line.sku.clone()).collect();
    let rows = sqlx::query!(
        r#"SELECT id AS "id!: ProductId", sku AS "sku!", name AS "name!", family FROM product
           WHERE vendor_id = $1 AND id = ANY($2)
           UNION
           SELECT id, sku, name, family FROM product WHERE vendor_id = $1 AND sku = ANY($3)"#,
        vendor.uuid(),
        &ids,
        &skus,
    )
    .fetch_all(conn)
    .await?;
    for row in rows {
        around.skus.insert(row.sku.clone(), row.id);
        let facts = ProductFacts {
            sku: row.sku,
            name: row.name,
            family: row.family,
        };
        around.products.insert(row.id, facts);
    }
    Ok(())
}

/// Stores sales; returns those that are new.
pub(super) async fn insert(tx: &mut Tx, vendor: OrgId, sales: &[NewSale]) -> Result<BTreeSet<SaleId>, Problem> {
    let at = tx.now();
    let rows: Vec<Value> = sales
        .iter()
        .map(|one| {
            serde_json::json!({
                "id": one.id.uuid(), "kind": one.sale.kind.as_str(), "reference": one.sale.reference,
                "deal_id": one.sale.deal.map(DealId::uuid), "partner_id": one.sale.partner.uuid(),
                "currency": one.sale.currency.code(), "amount": one.amount().to_string(),
                "sold_on": one.sale.sold_on, "paid_on": one.sale.paid_on,
                "deal_type": one.sale.deal_type.as_str(), "country": one.sale.country,
                "activity": one.sale.activity, "subscription": one.sale.subscription, "facts": one.sale.facts,
            })
        })
        .collect();
    let found = sqlx::query_scalar!(
        r#"INSERT INTO sale (id, vendor_id, kind, reference, deal_id, partner_id, currency, amount, kept, sold_on, paid_on,
                  deal_type, country, activity, subscription, facts, created_at, updated_at)
           SELECT s.id, $1, s.kind, s.reference, s.deal_id, s.partner_id, s.currency, s.amount, s.amount, s.sold_on,
                  s.paid_on, s.deal_type, s.country, s.activity, s.subscription, s.facts, $2, $2
           FROM jsonb_to_recordset($3) AS s (id uuid, kind text, reference text, deal_id uuid, partner_id uuid,
                  currency text, amount numeric, sold_on date, paid_on date, deal_type text, country text, activity text,
                  subscription text, facts jsonb)
           ON CONFLICT (vendor_id, kind, reference) DO NOTHING
           RETURNING id AS "id: SaleId""#,
        vendor.uuid(),
        at,
        Value::Array(rows),
    )
    .fetch_all(&mut **tx)
    .await?;
    Ok(found.into_iter().collect())
}

/// Stores the lines and parts of new sales.
pub(super) async fn insert_parts(tx: &mut Tx, sales: &[&NewSale]) -> Result<(), Problem> {
    let lines: Vec<Value> = sales
        .iter()
        .flat_map(|sale| {
            sale.lines.iter().zip(1_i16..).map(|(line, no)| {
                serde_json::json!({
                    "sale_id": sale.id.uuid(), "no": no, "product_id": line.product.map(ProductId::uuid),
                    "sku": line.sku, "family": line.family, "name": line.name.clone().unwrap_or_default(),
                    "quantity": line.quantity.to_string(), "amount": line.amount.to_string(),
                    "cost": line.cost.map(|cost| cost.to_string()),
                })
            })
        })
        .collect();
    let parties: Vec<Value> = sales
        .iter()
        .flat_map(|sale| {
            sale.parties.iter().map(|one| {
                serde_json::json!({
                    "sale_id": sale.id.uuid(), "role": one.party.role.as_str(), "partner_id": one.party.partner.uuid(),
                    "percent": one.party.percent.to_string(), "tier": one.facts.tier, "country": one.facts.country,
                    "program_id": one.facts.program.map(ProgramId::uuid), "user_id": one.party.user.map(UserId::uuid),
                })
            })
        })
        .collect();
    sqlx::query!(
        "WITH lines AS (
             INSERT INTO sale_line (sale_id, no, product_id, sku, family, name, quantity, amount, cost, kept)
             SELECT l.sale_id, l.no, l.product_id, l.sku, l.family, l.name, l.quantity, l.amount, l.cost, l.amount
             FROM jsonb_to_recordset($1) AS l (sale_id uuid, no smallint, product_id uuid, sku text, family text,
                 name text, quantity numeric, amount numeric, cost numeric))
         INSERT INTO sale_party (sale_id, role, partner_id, percent, tier, program_id, country, user_id)
         SELECT p.sale_id, p.role, p.partner_id, p.percent, p.tier, p.program_id, p.country, p.user_id
         FROM jsonb_to_recordset($2) AS p (sale_id uuid, role text, partner_id uuid, percent numeric, tier text,
             program_id uuid, country text, user_id uuid)",
        Value::Array(lines),
        Value::Array(parties),
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

#[derive(Debug, serde::Deserialize)]
struct StoredLine {
    no: i16,
    product_id: Option<Uuid>,
    sku: Option<String>,
    name: String,
    quantity: Decimal,
    amount: Decimal,
    kept: Decimal,
    cost: Option<Decimal>,
}

#[derive(Debug, serde::Deserialize)]
struct StoredParty {
    partner_id: Uuid,
    role: Role,
    percent: Decimal,
    tier: Option<String>,
    user_id: Option<Uuid>,
}

#[derive(Debug, serde::Deserialize)]
struct StoredReversal {
    id: Uuid,
    kind: ReversalKind,
    reference: String,
    on: NaiveDate,
    amount: Decimal,
    note: Option<String>,
}

/// A sale of the vendor; for a partner, one that it has a part in, with nothing of the others'.
pub(super) async fn find(
    conn: &mut PgConnection,
    id: SaleId,
    vendor: OrgId,
    partner: Option<OrgId>,
) -> Result<Option<Sale>, Problem> {
    let reader = partner.map_or(Reader::Vendor(vendor), Reader::Partner);
    let found = ids::one(conn, reader, id).await?;
    Ok(load(conn, &found, reader).await?.pop())
}

/// These sales as one side may see them, newest first.
pub(super) async fn load(conn: &mut PgConnection, ids: &[Uuid], reader: Reader) -> Result<Vec<Sale>, Problem> {
    let partner = match reader {
        Reader::Vendor(_) => None,
        Reader::Partner(id) => Some(id),
    };
    let rows = sqlx::query_as!(
        Row,
        r#"SELECT s.id AS "id: SaleId", s.version, s.vendor_id AS "vendor_id: OrgId", s.partner_id AS "partner_id: OrgId",
                  s.kind AS "kind: Kind", s.reference, s.deal_id AS "deal_id: DealId", s.currency, s.amount, s.kept,
                  s.sold_on, s.paid_on, s.deal_type AS "deal_type: DealType", s.country, s.activity, s.subscription,
                  (SELECT min(f.sold_on) FROM sale f
                   WHERE f.vendor_id = s.vendor_id AND f.subscription = s.subscription) AS subscribed_on,
                  s.facts AS "facts: Json<serde_json::Map<String, Value>>", s.created_at, s.updated_at,
                  (SELECT coalesce(json_agg(json_build_object('no', l.no, 'product_id', l.product_id, 'sku', l.sku,
                              'name', l.name, 'quantity', l.quantity::text, 'amount', l.amount::text,
                              'kept', l.kept::text, 'cost', l.cost::text) ORDER BY l.no), '[]')
                   FROM sale_line l WHERE l.sale_id = s.id) AS "lines!: Json<Vec<StoredLine>>",
                  (SELECT coalesce(json_agg(json_build_object('partner_id', p.partner_id, 'role', p.role,
                              'percent', p.percent::text, 'tier', p.tier, 'user_id', p.user_id)
                              ORDER BY p.role, p.partner_id), '[]')
                   FROM sale_party p WHERE p.sale_id = s.id AND ($2::uuid IS NULL OR p.partner_id = $2)
                      AND (p.percent > 0 OR s.kind = 'activity')) AS "parties!: Json<Vec<StoredParty>>",
                  (SELECT coalesce(json_agg(json_build_object('id', r.id, 'kind', r.kind, 'reference', r.reference,
                              'on', r.on_day, 'amount', r.amount::text, 'note', r.note) ORDER BY r.id), '[]')
                   FROM sale_reversal r WHERE r.sale_id = s.id) AS "reversals!: Json<Vec<StoredReversal>>"
           FROM sale s WHERE s.id = ANY($1) ORDER BY s.id DESC"#,
        ids,
        partner.map(OrgId::uuid),
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter().map(|row| row.shown(partner)).collect()
}

/// A sale as it lies in the database.
struct Row {
    id: SaleId,
    version: i64,
    vendor_id: OrgId,
    partner_id: OrgId,
    kind: Kind,
    reference: String,
    deal_id: Option<DealId>,
    currency: String,
    amount: Decimal,
    kept: Decimal,
    sold_on: NaiveDate,
    paid_on: Option<NaiveDate>,
    deal_type: DealType,
    country: Option<String>,
    activity: Option<String>,
    subscription: Option<String>,
    subscribed_on: Option<NaiveDate>,
    facts: Json<serde_json::Map<String, Value>>,
    created_at: chrono::DateTime<chrono::Utc>,
    updated_at: chrono::DateTime<chrono::Utc>,
    lines: Json<Vec<StoredLine>>,
    parties: Json<Vec<StoredParty>>,
    reversals: Json<Vec<StoredReversal>>,
}

impl Row {
    /// As the vendor sees it, or the partner: without what is the vendor's own business, and who else sold.
    fn shown(self, partner: Option<OrgId>) -> Result<Sale, Problem> {
        let inside = partner.is_none();
        let currency = Currency::from_code(&self.currency).ok_or_else(|| Problem::internal("a currency is unknown"))?;
        let written = |amount| in_currency(amount, currency);
        Ok(Sale {
            id: self.id,
            version: self.version,
            vendor_id: self.vendor_id,
            partner_id: Some(self.partner_id).filter(|seller| partner.is_none_or(|partner| partner == *seller)),
            kind: self.kind,
            reference: self.reference,
            deal_id: self.deal_id,
            amount: written(self.amount),
            kept: written(self.kept),
            currency: self.currency,
            sold_on: self.sold_on,
            paid_on: self.paid_on,
            deal_type: self.deal_type,
            country: self.country,
            activity: self.activity,
            subscription: self.subscription,
            month: self
                .subscribed_on
                .map_or(0, |first| months_between(first, self.sold_on)),
            lines: self
                .lines
                .0
                .into_iter()
                .map(|line| line.shown(inside, currency))
                .collect(),
            parties: self.parties.0.into_iter().map(StoredParty::shown).collect(),
            reversals: self
                .reversals
                .0
                .into_iter()
                .map(|one| one.shown(inside, currency))
                .collect(),
            facts: if inside { self.facts.0 } else { serde_json::Map::new() },
            created_at: self.created_at,
            updated_at: self.updated_at,
        })
    }
}

impl StoredLine {
    fn shown(self, inside: bool, currency: Currency) -> Line {
        Line {
            no: self.no,
            product_id: self.product_id.map(Into::into),
            sku: self.sku,
            name: self.name,
            quantity: self.quantity.normalize().to_string(),
            amount: in_currency(self.amount, currency),
            kept: in_currency(self.kept, currency),
            cost: self.cost.filter(|_| inside).map(|cost| in_currency(cost, currency)),
        }
    }
}

impl StoredParty {
    fn shown(self) -> SaleParty {
        SaleParty {
            partner_id: self.partner_id.into(),
            role: self.role,
            percent: self.percent.to_string(),
            tier: self.tier,
            user_id: self.user_id.map(Into::into),
        }
    }
}

impl StoredReversal {
    fn shown(self, inside: bool, currency: Currency) -> Reversal {
        Reversal {
            id: self.id.into(),
            kind: self.kind,
            reference: self.reference,
            on: self.on,
            amount: in_currency(self.amount, currency),
            note: self.note.filter(|_| inside),
        }
    }
}

/// What is left of a sale and its lines, under its lock.
#[derive(Debug)]
pub(super) struct Held {
    pub(super) now: SaleNow,
    pub(super) kind: Kind,
    pub(super) currency: Currency,
    pub(super) sold_on: NaiveDate,
    pub(super) paid_on: Option<NaiveDate>,
    /// Whether it is an activity without amounts that hasn't been taken back.
    pub(super) done: bool,
    /// Number, amount and what is kept of each line.
    pub(super) lines: BTreeMap<i16, (Decimal, Decimal)>,
}

/// Locks a sale of the vendor.
///
/// # Errors
/// 404 when the vendor has no such sale.
pub(super) async fn lock(tx: &mut Tx, vendor: OrgId, id: SaleId) -> Result<Held, Problem> {
    let row = sqlx::query!(
        r#"SELECT version, partner_id AS "partner_id: OrgId", kind AS "kind: Kind", reference,
                  deal_id AS "deal_id: DealId", currency, amount, kept, sold_on, paid_on,
                  kind = 'activity' AND amount = 0
                      AND EXISTS (SELECT FROM sale_party p WHERE p.sale_id = sale.id AND p.percent > 0) AS "done!"
           FROM sale WHERE id = $1 AND vendor_id = $2 FOR UPDATE"#,
        id.uuid(),
        vendor.uuid(),
    )
    .fetch_optional(&mut **tx)
    .await?
    .ok_or_else(Problem::not_found)?;
    let lines = sqlx::query!("SELECT no, amount, kept FROM sale_line WHERE sale_id = $1", id.uuid())
        .fetch_all(&mut **tx)
        .await?;
    let currency = Currency::from_code(&row.currency).ok_or_else(|| Problem::internal("a currency is unknown"))?;
    Ok(Held {
        now: SaleNow {
            sale_id: id,
            vendor_id: vendor,
            partner_id: row.partner_id,
            kind: row.kind,
            reference: row.reference,
            deal_id: row.deal_id,
            amount: in_currency(row.amount, currency),
            kept: in_currency(row.kept, currency),
            currency: row.currency,
            version: row.version,
        },
        kind: row.kind,
        currency,
        sold_on: row.sold_on,
        paid_on: row.paid_on,
        done: row.done,
        lines: lines
            .into_iter()
            .map(|line| (line.no, (line.amount, line.kept)))
            .collect(),
    })
}
