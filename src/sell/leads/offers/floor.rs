//! What a decision goes by, loaded once for any number of leads.

use std::collections::{BTreeSet, HashMap};

use guildhall_kernel::{LeadId, OrgId};
use guildhall_onboard::api::Tier;
use guildhall_spine::{db::Tx, http::Problem};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::leads::lead::rows::Lead;
use crate::leads::rules::{
    engine::{Facts, Floor, Partner, Turn},
    sets,
    settings::{self, Settings},
};

/// The vendor's rules in force, with their version, its partners and the turns.
#[derive(Debug)]
pub(in crate::leads) struct Stage {
    pub(in crate::leads) version: Option<i64>,
    pub(in crate::leads) floor: Floor,
    pub(in crate::leads) settings: Settings,
}

/// Loads what decisions about the vendor's leads go by. The caller holds the vendor's turn.
pub(in crate::leads) async fn load(tx: &mut Tx, vendor: OrgId) -> Result<Stage, Problem> {
    let set = sets::current(tx, vendor).await?;
    let turns = turns(tx, vendor).await?;
    let settings = settings::of(tx, vendor).await?;
    let (version, rules) = set.map_or((None, Vec::new()), |set| (Some(set.version), set.rules));
    let floor = Floor {
        rules: std::sync::Arc::new(rules),
        partners: partners(tx, vendor).await?,
        last_turn: turns.values().map(|turn| turn.served).max().unwrap_or(0),
        turns,
        boundless: false,
        sifted: HashMap::new(),
    };
    Ok(Stage {
        version,
        floor,
        settings,
    })
}

/// The active partners of a vendor, by id.
pub(in crate::leads) async fn partners(conn: &mut PgConnection, vendor: OrgId) -> Result<Vec<Partner>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"SELECT p.partner_id, p.tier AS "tier: Tier", c.countries AS "countries?", c.products AS "products?",
                  c.certifications AS "certifications?", c.capacity AS "capacity?", coalesce(c.weight, 1) AS "weight!",
                  coalesce(w.won, 0) AS "won!", coalesce(w.lost, 0) AS "lost!", coalesce(o.open, 0) AS "open!"
           FROM partnership p
           JOIN organisation g ON g.id = p.partner_id AND g.status = 'active'
           LEFT JOIN lead_capability c ON c.partnership_id = p.id
           LEFT JOIN lead_win_rate w ON w.vendor_id = p.vendor_id AND w.partner_id = p.partner_id
           LEFT JOIN (SELECT partner_id, count(*) AS open FROM lead_offer
                      WHERE vendor_id = $1 AND state IN ('open', 'accepted') AND NOT (pool AND state = 'open')
                      GROUP BY partner_id) o ON o.partner_id = p.partner_id
           WHERE p.vendor_id = $1 AND p.status = 'active' ORDER BY p.partner_id"#,
        vendor.uuid(),
    )
    .fetch_all(conn)
    .await?;
    let lower = |texts: Option<Vec<String>>| texts.into_iter().flatten().map(|text| text.to_lowercase()).collect();
    let partner = rows.into_iter().map(|row| Partner {
        id: row.partner_id.into(),
        tier: row.tier.into(),
        countries: lower(row.countries),
        products: lower(row.products),
        certifications: lower(row.certifications),
        capacity: row.capacity.map(i64::from),
        weight: row.weight.into(),
        open: row.open,
        won: row.won,
        lost: row.lost,
    });
    Ok(partner.collect())
}

async fn turns(tx: &mut Tx, vendor: OrgId) -> Result<HashMap<(Uuid, OrgId), Turn>, sqlx::Error> {
    let rows = sqlx::query!(
        "SELECT rule_id, partner_id, served, credit FROM lead_turn WHERE vendor_id = $1",
        vendor.uuid()
    )
    .fetch_all(&mut **tx)
    .await?;
    let turn = rows.into_iter().map(|row| {
        let turn = Turn {
            served: row.served,
            credit: row.credit,
            changed: false,
        };
        ((row.rule_id, OrgId::from(row.partner_id)), turn)
    });
    Ok(turn.collect())
}

/// The partners that had their chance with each of these leads.
pub(in crate::leads) async fn refusals(
    tx: &mut Tx,
    leads: &[Uuid],
) -> Result<HashMap<LeadId, BTreeSet<OrgId>>, sqlx::Error> {
    let rows = sqlx::query!(
        "SELECT lead_id, partner_id FROM lead_offer
         WHERE lead_id = ANY ($1) AND state IN ('declined', 'expired', 'returned', 'pulled_back')",
        leads
    )
    .fetch_all(&mut **tx)
    .await?;
    let mut refusals: HashMap<LeadId, BTreeSet<OrgId>> = HashMap::new();
    for row in rows {
        refusals
            .entry(row.lead_id.into())
            .or_default()
            .insert(row.partner_id.into());
    }
    Ok(refusals)
}

/// What the rules see of a lead.
pub(in crate::leads) fn facts(lead: &Lead, refused: BTreeSet<OrgId>) -> Facts {
    let lower = |text: &Option<String>| text.as_ref().map(|text| text.to_lowercase());
    Facts {
        country: lower(&lead.country),
        product: lower(&lead.product),
        industry: lower(&lead.industry),
        source: lead.source,
        score: lead.score,
        amount: lead.money(),
        refused,
    }
}
