//! What the vendors pay for.

use chrono::NaiveDate;
use guildhall_incentivize::api::{PlanIntroduction, introduce_plan};
use serde_json::{Value, json};

use super::story::Story;
use crate::demo::{
    DemoFault,
    teller::{Teller, origin},
};

/// A plan: its name, what it is about, whether it needs nobody's approval, and its terms.
type Plan = (&'static str, &'static str, bool, Value);

/// Makes and publishes the vendor's plans, in force from `from` on.
pub(super) async fn publish(teller: &mut Teller<'_>, story: &Story<'_>, from: NaiveDate) -> Result<(), DemoFault> {
    let vendor = story.vendor.org.id;
    for (name, note, auto_approve, spec) in plans() {
        let plan = PlanIntroduction {
            name,
            auto_approve,
            from,
            spec: &spec,
            note,
        };
        introduce_plan(teller.tx, &origin(Some(story.finance), vendor), vendor, &plan).await?;
    }
    Ok(())
}

fn plans() -> [Plan; 4] {
    [
        (
            "Reseller commission",
            "By tier, and less for renewals; at most 12 500 euros a deal.",
            false,
            json!({
                "type": "commission", "trigger": "deal_won", "currency": "EUR", "cap": {"per_sale": "12500"},
                "rules": [
                    {"name": "renewals", "when": {"deal_types": ["renewal"]}, "rate": {"percent": "4"}},
                    {"name": "platinum and gold", "when": {"tiers": ["platinum", "gold"]}, "rate": {"percent": "12"}},
                    {"name": "silver", "when": {"tiers": ["silver"]}, "rate": {"percent": "9"}},
                    {"name": "everyone", "rate": {"percent": "6"}},
                ],
            }),
        ),
        (
            "Volume rebate",
            "Each quarter on what lies above 25 000 euros; what the year was worth more comes with its last quarter.",
            false,
            json!({
                "type": "rebate", "trigger": "deal_won", "currency": "EUR", "period": {"every": "quarter"},
                "measure": "revenue", "mode": "marginal", "grace_days": 10, "calculation_day": 15,
                "bands": [
                    {"from": "25000", "percent": "2"}, {"from": "100000", "percent": "3"}, {"from": "500000", "percent": "4"},
                ],
                "annual_true_up": {"mode": "marginal", "bands": [{"from": "150000", "percent": "3"}]},
            }),
        ),
        (
            "Seller's reward",
            "For whoever sold it: 100 euros for a deal of 5 000 and more, while the budget lasts.",
            true,
            json!({
                "type": "spiff", "trigger": "deal_won", "currency": "EUR", "payee": "person", "period": {"every": "plan"},
                "amount": {"per_sale": "100"}, "when": {"expression": "sale_total >= 5000"}, "budget": "25000",
            }),
        ),
        (
            "Seller of the quarter",
            "Prizes for the three who sold most, from 10 000 euros on.",
            false,
            json!({
                "type": "bonus", "trigger": "deal_won", "currency": "EUR", "payee": "person", "period": {"every": "quarter"},
                "contest": {"measure": "revenue", "at_least": "10000", "prizes": [
                    {"from": 1, "to": 1, "amount": "1000"}, {"from": 2, "to": 2, "amount": "500"},
                    {"from": 3, "to": 3, "amount": "250"},
                ]},
            }),
        ),
    ]
}
