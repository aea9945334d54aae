//! How leads are handed out: times, what partners are capable of, rules, and a form for the web site.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use guildhall_kernel::{LeadFormId, LeadRuleId};
use serde_json::json;

use super::Teller;
use crate::demo::{
    DemoFault,
    vocabulary::CULTURES,
    world::{Partnership, Vendor, World},
};

/// How many more countries a partner sells in than its own.
const ABROAD: usize = 3;

/// Sets up the vendor's program; returns its web form.
pub(super) async fn set_up(teller: &mut Teller<'_>, world: &World, vendor: &Vendor) -> Result<LeadFormId, DemoFault> {
    teller.at(world.day - TimeDelta::days(60));
    set_times(teller, vendor).await?;
    let ours = world.partnerships.iter().filter(|one| one.vendor == vendor.org.id);
    for partnership in ours.filter(|one| one.status == "active") {
        make_capable(teller, world, vendor, partnership).await?;
    }
    set_rules(teller, vendor).await?;
    open_form(teller, vendor).await
}

/// Long enough that a tour finds offers that stand.
async fn set_times(teller: &mut Teller<'_>, vendor: &Vendor) -> Result<(), DemoFault> {
    let scoring = json!({
        "fields": {"contact_email": 10, "contact_phone": 10, "product": 10, "amount": 5},
        "sources": {"referral": 25, "event": 15, "marketplace": 15},
        "sizes": [{"from": 50, "points": 5}, {"from": 250, "points": 15}], "countries": {}, "completeness": 20,
    });
    let at = teller.tx.now();
    sqlx::query!(
        "INSERT INTO lead_settings (vendor_id, scoring, offer_minutes, contact_minutes, notice_minutes, notices, updated_at)
         VALUES ($1, $2, 10080, 7200, 1440, 2, $3)",
        vendor.org.id.uuid(),
        scoring,
        at,
    )
    .execute(&mut **teller.tx)
    .await?;
    Ok(())
}

/// Sells at home and in some other countries, half of the products. The first partner is the only one in its country.
async fn make_capable(
    teller: &mut Teller<'_>,
    world: &World,
    vendor: &Vendor,
    partnership: &Partnership,
) -> Result<(), DemoFault> {
    let Some(partner) = world.partners.iter().find(|one| one.org.id == partnership.partner) else {
        return Ok(());
    };
    let first = world.active(vendor).next();
    let is_first = first.is_some_and(|one| one.org.id == partner.org.id);
    let all: Vec<&str> = CULTURES
        .iter()
        .flat_map(|culture| culture.countries.iter().map(|country| country.code))
        .collect();
    let mut countries = BTreeSet::from([partner.org.country.code]);
    for _ in 0..ABROAD {
        countries.extend(teller.draw.entry(&all).copied());
    }
    countries.retain(|code| is_first || first.is_none_or(|one| one.org.country.code != *code));
    let skip = teller.draw.index(2);
    let products = vendor.catalogue.products.iter().skip(skip).step_by(2);
    let (weight, capacity) = (teller.draw.between(1, 4), teller.draw.between(8, 20));
    let at = teller.tx.now();
    sqlx::query!(
        "INSERT INTO lead_capability (partnership_id, vendor_id, partner_id, countries, products, certifications, capacity,
                                      weight, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        partnership.id.uuid(),
        vendor.org.id.uuid(),
        partnership.partner.uuid(),
        &countries.iter().map(|code| (*code).to_owned()).collect::<Vec<_>>(),
        &products.map(|product| product.name.to_owned()).collect::<Vec<_>>(),
        &[format!("{} certified", vendor.org.name)],
        i32::try_from(capacity).ok().filter(|_| !is_first),
        i32::try_from(weight).unwrap_or(1),
        at,
    )
    .execute(&mut **teller.tx)
    .await?;
    Ok(())
}

async fn set_rules(teller: &mut Teller<'_>, vendor: &Vendor) -> Result<(), DemoFault> {
    let ids: [LeadRuleId; 4] = std::array::from_fn(|_| teller.tx.new_id());
    let [large, web, near, fairs] = ids;
    let rules = json!([
        {"id": large, "name": "Promising: the best of the gold partners", "when": {"score_from": 75},
         "eligible": {"territory": true, "tiers": ["gold", "platinum"]}, "choice": "best_score"},
        {"id": web, "name": "From the web site: first come, first served", "when": {"sources": ["web_form"]},
         "eligible": {"territory": true}, "choice": "pool"},
        {"id": near, "name": "Where the customer is", "eligible": {"territory": true}, "choice": "weight_and_win_rate"},
        {"id": fairs, "name": "Met at a fair: in turn", "when": {"sources": ["event"]}, "choice": "round_robin"},
    ]);
    let at = teller.tx.now();
    sqlx::query!(
        "INSERT INTO lead_rule_set (vendor_id, version, rules, created_by, created_at) VALUES ($1, 1, $2, $3, $4)",
        vendor.org.id.uuid(),
        rules,
        vendor.managers.first().map(|manager| manager.uuid()),
        at,
    )
    .execute(&mut **teller.tx)
    .await?;
    Ok(())
}

async fn open_form(teller: &mut Teller<'_>, vendor: &Vendor) -> Result<LeadFormId, DemoFault> {
    let id: LeadFormId = teller.tx.new_id();
    let fields = json!([
        {"question": "company", "label": "Your company", "required": true},
        {"question": "country", "label": "Country", "required": true},
        {"question": "name", "label": "Your name", "required": false},
        {"question": "email", "label": "Your e-mail", "required": true},
        {"question": "product", "label": "What are you interested in?", "required": false},
        {"question": "message", "label": "How can we help?", "required": false},
    ]);
    let at = teller.tx.now();
    sqlx::query!(
        "INSERT INTO lead_form (id, vendor_id, name, campaign, origins, fields, active, min_fill_seconds, most_links,
                                per_address_hourly, per_form_hourly, created_at, updated_at)
         VALUES ($1, $2, 'Contact us', 'web-site', '{}', $3, true, 3, 2, 10, 500, $4, $4)",
        id.uuid(),
        vendor.org.id.uuid(),
        fields,
        at,
    )
    .execute(&mut **teller.tx)
    .await?;
    Ok(id)
}
