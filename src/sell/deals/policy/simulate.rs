use guildhall_kernel::{Currency, DealId, OrgId, ProgramId, entity};
use guildhall_onboard::api::Tier;
use guildhall_spine::{
    access::{May, right},
    db::Tx,
    http::{Checks, Command, PathId, Problem, Reply, Validate},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::put::refuse_strangers;
use super::route::{Certifications, Facts, Trial, route};
use super::rows;
use super::rules::{Rule, RuleOutcome, check_rules};
use crate::deals::conflict::Level;

/// What to try.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::deals) struct PolicySimulation {
    /// A deal of the vendor, of whatever program and status.
    deal_id: DealId,
    /// Rules to try instead of the program's own.
    #[serde(default)]
    #[schema(max_items = 50)]
    rules: Option<Vec<Rule>>,
}

impl Validate for PolicySimulation {
    fn validate(&self, checks: &mut Checks) {
        if let Some(rules) = &self.rules {
            check_rules(checks, "/rules", rules);
        }
    }
}

/// What the rules would do.
#[derive(Serialize, ToSchema)]
#[schema(as = PolicySimulationResult)]
pub(in crate::deals) struct Simulated {
    /// The rule that would decide; `null` when none applies, and anybody who may decide on deals does.
    #[schema(example = "Small deals")]
    rule: Option<String>,
    /// What it would do.
    outcome: Option<RuleOutcome>,
    /// How each rule fared, in order.
    trials: Vec<Trial>,
}

/// Try a program's rules on a deal
///
/// For the vendor. Says which rule would decide on the deal as it is now, and what of the others doesn't hold. Nothing
/// is changed.
#[utoipa::path(post, path = "/api/v1/deal-policies/{id}/simulate", operation_id = "simulateDealPolicy", tag = "deal policies",
    security(("bearer" = ["programs:manage"])),
    params(("id" = ProgramId, Path, description = "the program"),
        ("Idempotency-Key" = Option<String>, Header, description = "makes a repeated request safe")),
    request_body(content = PolicySimulation, example = json!({"deal_id": "deal_01kaqv6r3gf5ht2x0m8c9ezw4n"})),
    responses((status = 200, description = "what would happen", body = Simulated)))]
pub(in crate::deals) async fn simulate_deal_policy(
    may: May<right::ProgramManage>,
    PathId(id): PathId<entity::Program>,
    command: Command<PolicySimulation>,
) -> Result<Reply, Problem> {
    let (body, mut command) = command.take();
    let tx = &mut command.tx;
    let policy = rows::get(tx, may.org.id, id).await?.ok_or_else(Problem::not_found)?;
    let rules = body.rules.unwrap_or(policy.terms.rules);
    refuse_strangers(tx, may.org.id, "/rules", &rules).await?;
    let facts = facts(tx, may.org.id, body.deal_id).await?;
    let (found, trials) = route(&rules, &facts);
    let simulated = Simulated {
        rule: found.map(|rule| rule.name.clone()),
        outcome: found.map(|rule| rule.outcome),
        trials,
    };
    let reply = Reply::ok(&simulated)?;
    command.commit(reply).await
}

async fn facts(tx: &mut Tx, vendor: OrgId, deal: DealId) -> Result<Facts, Problem> {
    let row = sqlx::query!(
        r#"SELECT d.amount, d.currency, d.customer_country, d.conflict_level AS "conflict: Level",
                  p.tier AS "tier: Tier", coalesce(c.certifications, '{}') AS "certifications!"
           FROM deal d JOIN partnership p ON p.vendor_id = d.vendor_id AND p.partner_id = d.partner_id
                LEFT JOIN lead_capability c ON c.vendor_id = d.vendor_id AND c.partner_id = d.partner_id
           WHERE d.id = $1 AND d.vendor_id = $2"#,
        deal.uuid(),
        vendor.uuid(),
    )
    .fetch_optional(&mut **tx)
    .await?
    .ok_or_else(|| Problem::field("/deal_id", "not_found", "must be a deal of your program"))?;
    Ok(Facts {
        amount: row.amount,
        currency: Currency::from_code(&row.currency).ok_or_else(|| Problem::internal("a deal has no currency"))?,
        country: row.customer_country,
        tier: row.tier,
        certifications: Certifications::of(row.certifications),
        conflict: row.conflict,
    })
}
