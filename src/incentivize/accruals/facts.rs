//! Sales as plans look at them.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::NaiveDate;
use guildhall_kernel::{Currency, DealId, OrgId, PlanId, ProgramId, SaleId};
use guildhall_plans as plans;
use guildhall_spine::http::Problem;
use rust_decimal::Decimal;
use serde::Deserialize;
use serde_json::Value;
use sqlx::{PgConnection, types::Json};
use uuid::Uuid;

use crate::sales::{DealType, Kind, Role, rows::months_between};

/// The fact by which a verified claim names its plan; nobody else can tell it.
pub(crate) const CLAIMED_PLAN: &str = "claim_plan_id";

/// A sale with everything that decides on what it earns.
#[derive(Clone, Debug)]
pub(crate) struct SaleFacts {
    pub(crate) id: SaleId,
    pub(crate) vendor: OrgId,
    pub(crate) kind: Kind,
    pub(crate) deal: Option<DealId>,
    pub(crate) reference: String,
    pub(crate) sold_on: NaiveDate,
    paid_on: Option<NaiveDate>,
    programs: HashMap<Uuid, ProgramId>,
    /// As of the day when it was sold.
    sale: plans::Sale,
}

impl SaleFacts {
    /// The currency of its amounts.
    pub(crate) const fn currency(&self) -> Currency {
        self.sale.currency
    }

    /// Whether it is the verified claim of a plan that asks for proof.
    pub(crate) fn is_claimed_under(&self, plan: PlanId) -> bool {
        let claimed = self.sale.facts.get(CLAIMED_PLAN).and_then(Value::as_str);
        claimed.and_then(|id| id.parse().ok()) == Some(plan)
    }

    /// The sale for plans with this trigger and program; nothing where they don't look at it.
    pub(crate) fn seen(&self, trigger: plans::Trigger, program: Option<ProgramId>) -> Option<plans::Sale> {
        let on = match (self.kind, trigger) {
            (Kind::Deal, plans::Trigger::DealWon)
            | (Kind::Invoice, plans::Trigger::Invoiced)
            | (Kind::Activity, plans::Trigger::Activity) => self.sold_on,
            (Kind::Invoice, plans::Trigger::InvoicePaid) => self.paid_on?,
            _ => return None,
        };
        let mut sale = self.sale.clone();
        sale.trigger = trigger;
        sale.on = on;
        if let Some(program) = program {
            sale.parties
                .retain(|party| self.programs.get(&party.partner) == Some(&program));
        }
        Some(sale)
    }
}

#[derive(Debug, Deserialize)]
struct StoredLine {
    no: u16,
    product_id: Option<Uuid>,
    sku: Option<String>,
    family: Option<String>,
    quantity: Decimal,
    amount: Decimal,
    cost: Option<Decimal>,
    kept: Decimal,
}

#[derive(Debug, Deserialize)]
struct StoredParty {
    partner_id: Uuid,
    user_id: Option<Uuid>,
    role: Role,
    percent: Decimal,
    tier: Option<String>,
    program_id: Option<Uuid>,
    region: Option<String>,
}

/// Whose sales these are.
///
/// # Errors
/// When the database fails.
pub(crate) async fn vendors(conn: &mut PgConnection, ids: &[SaleId]) -> Result<BTreeSet<OrgId>, Problem> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.uuid()).collect();
    let rows = sqlx::query_scalar!(
        r#"SELECT DISTINCT vendor_id AS "vendor_id: OrgId" FROM sale WHERE id = ANY($1)"#,
        &ids
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().collect())
}

/// These sales, in their order.
///
/// # Errors
/// When the database fails.
pub(crate) async fn load(conn: &mut PgConnection, ids: &[SaleId]) -> Result<Vec<SaleFacts>, Problem> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.uuid()).collect();
    let rows = sqlx::query!(
        r#"SELECT s.id AS "id: SaleId", s.vendor_id AS "vendor_id: OrgId", s.kind AS "kind: Kind", s.reference,
                  s.deal_id AS "deal_id: DealId", s.currency, s.sold_on, s.paid_on, s.deal_type AS "deal_type: DealType",
                  s.country, s.activity, s.facts AS "facts: Json<BTreeMap<String, Value>>",
                  (SELECT min(f.sold_on) FROM sale f
                   WHERE f.vendor_id = s.vendor_id AND f.subscription = s.subscription) AS subscribed_on,
                  (SELECT coalesce(json_agg(json_build_object('no', l.no, 'product_id', l.product_id, 'sku', l.sku,
                              'family', l.family, 'quantity', l.quantity::text, 'amount', l.amount::text,
                              'cost', l.cost::text, 'kept', l.kept::text) ORDER BY l.no), '[]')
                   FROM sale_line l WHERE l.sale_id = s.id) AS "lines!: Json<Vec<StoredLine>>",
                  (SELECT coalesce(json_agg(json_build_object('partner_id', p.partner_id, 'user_id', p.user_id,
                              'role', p.role, 'percent', p.percent::text, 'tier', p.tier, 'program_id', p.program_id,
                              'region', (SELECT r ->> 'name' FROM pipeline_setting g, jsonb_array_elements(g.regions) r
                                         WHERE g.vendor_id = s.vendor_id AND r -> 'countries' ? p.country LIMIT 1))
                              ORDER BY p.role, p.partner_id), '[]')
                   FROM sale_party p WHERE p.sale_id = s.id) AS "parties!: Json<Vec<StoredParty>>"
           FROM unnest($1::uuid[]) WITH ORDINALITY w (id, no) JOIN sale s ON s.id = w.id ORDER BY w.no"#,
        &ids,
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| {
            let currency =
                Currency::from_code(&row.currency).ok_or_else(|| Problem::internal("a currency is unknown"))?;
            let parties = row.parties.0;
            let programs = parties
                .iter()
                .filter_map(|party| Some((party.partner_id, party.program_id?.into())))
                .collect();
            Ok(SaleFacts {
                id: row.id,
                vendor: row.vendor_id,
                kind: row.kind,
                deal: row.deal_id,
                reference: row.reference,
                sold_on: row.sold_on,
                paid_on: row.paid_on,
                programs,
                sale: plans::Sale {
                    id: row.id.uuid(),
                    trigger: plans::Trigger::DealWon,
                    on: row.sold_on,
                    currency,
                    deal_type: deal_type(row.deal_type),
                    country: row.country,
                    activity: row.activity,
                    month: row.subscribed_on.map_or(0, |first| months_between(first, row.sold_on)),
                    lines: row.lines.0.into_iter().map(StoredLine::seen).collect(),
                    parties: parties.into_iter().map(StoredParty::seen).collect(),
                    facts: row.facts.0,
                },
            })
        })
        .collect()
}

impl StoredLine {
    fn seen(self) -> plans::SaleLine {
        plans::SaleLine {
            no: self.no,
            product: self.product_id,
            sku: self.sku,
            family: self.family,
            quantity: self.quantity,
            amount: self.amount,
            cost: self.cost,
            kept: self.kept,
        }
    }
}

impl StoredParty {
    fn seen(self) -> plans::Party {
        plans::Party {
            partner: self.partner_id,
            user: self.user_id,
            role: role(self.role),
            percent: self.percent,
            tier: self.tier,
            region: self.region,
        }
    }
}

const fn role(role: Role) -> plans::Role {
    match role {
        Role::Sourced => plans::Role::Sourced,
        Role::Influenced => plans::Role::Influenced,
        Role::Fulfilled => plans::Role::Fulfilled,
        Role::Serviced => plans::Role::Serviced,
        Role::Distributed => plans::Role::Distributed,
    }
}

const fn deal_type(deal_type: DealType) -> plans::DealType {
    match deal_type {
        DealType::New => plans::DealType::New,
        DealType::Renewal => plans::DealType::Renewal,
        DealType::Expansion => plans::DealType::Expansion,
    }
}
