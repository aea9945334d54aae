//! Won deals as sales.

use std::collections::HashMap;

use guildhall_kernel::{Currency, DealId, Money, OrgId, ProgramId, SaleId, UserId};
use guildhall_sell::api::{CreditRole, WonDeal, WonLine, won_deals};
use guildhall_spine::{db::Tx, http::Problem};
use rust_decimal::Decimal;
use uuid::Uuid;

use super::draft::{CheckedLine, CheckedParty, CheckedSale};
use super::rows::{self, NewParty, NewSale, PartyFacts};
use super::{DealType, Kind, Role};

/// The answer of a registration form that says what kind of business a deal is.
const DEAL_TYPE: &str = "deal_type";

/// Makes sales of those of `deals` that are won, as part of `tx`: new where there are none, with other shares where the
/// credit was agreed on anew. Returns the sales.
///
/// # Errors
/// When the database fails.
pub(crate) async fn take_over(tx: &mut Tx, deals: &[DealId]) -> Result<HashMap<DealId, SaleId>, Problem> {
    if deals.is_empty() {
        return Ok(HashMap::new());
    }
    let won = won_deals(tx, deals).await?;
    let mut by_vendor: HashMap<OrgId, Vec<WonDeal>> = HashMap::new();
    for deal in won {
        by_vendor.entry(deal.vendor_id).or_default().push(deal);
    }
    for (vendor, deals) in by_vendor {
        let mut partners: Vec<Uuid> = deals.iter().map(|deal| deal.partner_id.uuid()).collect();
        partners.extend(
            deals
                .iter()
                .flat_map(|deal| deal.shares.iter().map(|share| share.partner_id)),
        );
        let standing = rows::partners_of(tx, vendor, partners).await?;
        let sales: Vec<NewSale> = deals.iter().map(|deal| place(deal, tx.new_id(), &standing)).collect();
        let fresh = rows::insert(tx, vendor, &sales).await?;
        let fresh: Vec<&NewSale> = sales.iter().filter(|sale| fresh.contains(&sale.id)).collect();
        rows::insert_parts(tx, &fresh).await?;
        reshare(tx, &sales).await?;
    }
    let ids: Vec<Uuid> = deals.iter().map(|deal| deal.uuid()).collect();
    let rows = sqlx::query!(
        r#"SELECT deal_id AS "deal_id!: DealId", id AS "id: SaleId" FROM sale WHERE deal_id = ANY($1) AND kind = 'deal'"#,
        &ids
    )
    .fetch_all(&mut **tx)
    .await?;
    Ok(rows.into_iter().map(|row| (row.deal_id, row.id)).collect())
}

/// Puts the shares that are in force now in place of earlier ones. A partner that had a part before keeps where it stood
/// then, also when its part comes back.
async fn reshare(tx: &mut Tx, sales: &[NewSale]) -> Result<(), Problem> {
    let parties: Vec<serde_json::Value> = sales
        .iter()
        .flat_map(|sale| {
            let reference = sale.sale.deal.map(DealId::uuid);
            sale.parties.iter().map(move |one| {
                serde_json::json!({"deal_id": reference, "role": one.party.role.as_str(),
                    "partner_id": one.party.partner.uuid(), "percent": one.party.percent.to_string(),
                    "tier": one.facts.tier, "country": one.facts.country,
                    "program_id": one.facts.program.map(ProgramId::uuid),
                    "user_id": one.party.user.map(UserId::uuid)})
            })
        })
        .collect();
    let deals: Vec<Uuid> = sales
        .iter()
        .filter_map(|sale| sale.sale.deal.map(DealId::uuid))
        .collect();
    sqlx::query!(
        "WITH told AS (
             SELECT s.id AS sale_id, p.role, p.partner_id, p.percent, p.user_id,
                    CASE WHEN had THEN k.tier ELSE p.tier END AS tier,
                    CASE WHEN had THEN k.program_id ELSE p.program_id END AS program_id,
                    CASE WHEN had THEN k.country ELSE p.country END AS country
             FROM jsonb_to_recordset($1) AS p (deal_id uuid, role text, partner_id uuid, percent numeric, tier text,
                 program_id uuid, country text, user_id uuid)
             JOIN sale s ON s.deal_id = p.deal_id AND s.kind = 'deal'
             LEFT JOIN LATERAL (
                 SELECT true AS had, k.tier, k.program_id, k.country FROM sale_party k
                 WHERE k.sale_id = s.id AND k.partner_id = p.partner_id LIMIT 1) k ON true
         ), gone AS (
             UPDATE sale_party p SET percent = 0 FROM sale s
             WHERE s.id = p.sale_id AND s.kind = 'deal' AND s.deal_id = ANY($2) AND p.percent > 0
               AND NOT EXISTS (SELECT FROM told t
                               WHERE (t.sale_id, t.role, t.partner_id) = (p.sale_id, p.role, p.partner_id))
         )
         INSERT INTO sale_party AS p (sale_id, role, partner_id, percent, tier, program_id, country, user_id)
         SELECT sale_id, role, partner_id, percent, tier, program_id, country, user_id FROM told
         ON CONFLICT (sale_id, role, partner_id) DO UPDATE SET percent = excluded.percent
         WHERE p.percent <> excluded.percent",
        serde_json::Value::Array(parties),
        &deals,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

fn place(deal: &WonDeal, id: SaleId, standing: &HashMap<OrgId, PartyFacts>) -> NewSale {
    let facts = |partner: &OrgId| standing.get(partner).cloned().unwrap_or_else(PartyFacts::unknown);
    NewSale {
        id,
        sale: CheckedSale {
            kind: Kind::Deal,
            reference: deal.id.to_string(),
            partner: deal.partner_id,
            deal: Some(deal.id),
            currency: deal.currency,
            sold_on: deal.closed_on,
            paid_on: None,
            deal_type: deal_type(deal),
            country: Some(deal.customer_country.clone()),
            activity: None,
            subscription: None,
            lines: Vec::new(),
            parties: Vec::new(),
            facts: deal.answers.clone(),
        },
        lines: lines(deal),
        parties: parties(deal)
            .into_iter()
            .map(|party| NewParty {
                facts: facts(&party.partner),
                party,
            })
            .collect(),
    }
}

fn deal_type(deal: &WonDeal) -> DealType {
    match deal.answers.get(DEAL_TYPE).and_then(serde_json::Value::as_str) {
        Some("renewal") => DealType::Renewal,
        Some("expansion") => DealType::Expansion,
        _ => DealType::New,
    }
}

/// The parts in a deal: its shares, with the person who registered it in its partner's.
pub(super) fn parties(deal: &WonDeal) -> Vec<CheckedParty> {
    let party = |partner: OrgId, role, percent| CheckedParty {
        partner,
        role,
        percent,
        user: deal.submitted_by.filter(|_| partner == deal.partner_id),
    };
    if deal.shares.is_empty() {
        return vec![party(deal.partner_id, Role::Sourced, Decimal::ONE_HUNDRED)];
    }
    let shares = deal.shares.iter();
    shares
        .map(|share| party(share.partner_id.into(), role(share.role), share.percent))
        .collect()
}

const fn role(role: CreditRole) -> Role {
    match role {
        CreditRole::Sourced => Role::Sourced,
        CreditRole::Influenced => Role::Influenced,
        CreditRole::Fulfilled => Role::Fulfilled,
        CreditRole::Serviced => Role::Serviced,
    }
}

/// The lines, their amounts brought to what the deal was closed at in proportion, so that they sum to it.
fn lines(deal: &WonDeal) -> Vec<CheckedLine> {
    let weights: Vec<Decimal> = deal.lines.iter().map(|line| line.amount).collect();
    let amounts = settled(deal.amount, deal.currency, &weights);
    let line = |line: &WonLine, amount| CheckedLine {
        product: line.product_id.map(Into::into),
        sku: line.sku.clone(),
        family: line.family.clone(),
        name: Some(line.name.clone()),
        quantity: line.quantity,
        amount,
        cost: None,
    };
    deal.lines
        .iter()
        .zip(amounts)
        .map(|(one, amount)| line(one, amount))
        .collect()
}

fn settled(total: Decimal, currency: Currency, weights: &[Decimal]) -> Vec<Decimal> {
    if weights.iter().sum::<Decimal>() == total {
        return weights.to_vec();
    }
    let split = Money::new(total, currency).split(weights);
    // Lines that cost nothing have no proportion: the first one has all of it.
    let split = split.or_else(|_| {
        let first: Vec<Decimal> = (0..weights.len())
            .map(|place| Decimal::from(u8::from(place == 0)))
            .collect();
        Money::new(total, currency).split(&first)
    });
    split.map_or_else(
        |_| weights.to_vec(),
        |parts| parts.into_iter().map(|part| part.amount).collect(),
    )
}
