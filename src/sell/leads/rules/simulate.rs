//! Trying rules on leads that came in before: nothing is changed.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use axum::extract::State;
use chrono::{DateTime, TimeDelta, Utc};
use guildhall_kernel::{LeadId, OrgId};
use guildhall_spine::{
    App,
    access::{May, right},
    http::{Checks, Command, Problem, Reply, Validate},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::engine::{Decision, Floor, Partner};
use super::rule::{self, LeadRule};
use super::sets;
use crate::leads::lead::rows::{self, Lead};
use crate::leads::offers::floor;

/// Leads that a simulation goes through at most.
const MOST_LEADS: i64 = 50_000;
/// Moved leads that are shown.
const SAMPLE: usize = 50;

/// A change of the rules to be tried.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::leads) struct LeadSimulation {
    /// The rules to be tried.
    #[schema(max_items = 200)]
    rules: Vec<LeadRule>,
    /// Leads that came in from here on; 92 days before `to` when left out.
    #[serde(default)]
    from: Option<DateTime<Utc>>,
    /// Leads that came in before this; now when left out.
    #[serde(default)]
    to: Option<DateTime<Utc>>,
}

impl Validate for LeadSimulation {
    fn validate(&self, checks: &mut Checks) {
        rule::check(&self.rules, checks);
        if let (Some(from), Some(to)) = (self.from, self.to) {
            let fits = from < to && to - from <= TimeDelta::days(400);
            checks.check(fits, "/to", "range", "must come after from, by at most 400 days");
        }
    }
}

/// What other rules would have done.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::leads) struct LeadSimulationResult {
    /// Leads that were gone through: at most the first 50000 of the period.
    #[schema(example = 1240)]
    leads: usize,
    /// Leads that would have gone to other partners.
    #[schema(example = 310)]
    moved: usize,
    /// Leads that the rules in force have no partner for.
    #[schema(example = 40)]
    unassigned_before: usize,
    /// Leads that the rules tried have no partner for.
    #[schema(example = 12)]
    unassigned_after: usize,
    /// Each partner that gets any, the one with the most first. A lead of a pool counts for each partner in it.
    partners: Vec<PartnerShare>,
    /// The first fifty leads that would have gone to others.
    sample: Vec<MovedLead>,
}

/// A partner's part.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LeadPartnerShare)]
pub(in crate::leads) struct PartnerShare {
    /// The partner.
    partner_id: OrgId,
    /// Leads by the rules in force.
    #[schema(example = 120)]
    before: usize,
    /// Leads by the rules tried.
    #[schema(example = 95)]
    after: usize,
}

/// A lead that would have gone to others.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::leads) struct MovedLead {
    /// The lead.
    lead_id: LeadId,
    /// The company.
    #[schema(example = "Contoso Robotics GmbH")]
    company_name: String,
    /// To whom by the rules in force.
    before: Vec<OrgId>,
    /// To whom by the rules tried.
    after: Vec<OrgId>,
    /// The name of the rule in force that decided.
    rule_before: Option<String>,
    /// The name of the rule tried that decided.
    rule_after: Option<String>,
}

/// Try a change of the lead rules
///
/// Hands out the leads of a period, last quarter's unless told, by the rules in force and by those given, and tells
/// the difference. Both go by today's partners and begin with nobody's turn; capacity is left out, since leads come and
/// go within a quarter. Changes nothing.
#[utoipa::path(post, path = "/api/v1/lead-rules/simulate", operation_id = "simulateLeadRules", tag = "leads",
    security(("bearer" = ["leads:manage"])),
    params(("Idempotency-Key" = Option<String>, Header, description = "makes a repeated request safe", example = "0a5c1c1e-6d0a-4d7c-9a0e-2c9c7bb0f1d3")),
    request_body(content = LeadSimulation, example = json!({"rules": [{
        "name": "By win rate", "eligible": {"territory": true}, "choice": "win_rate"
    }]})),
    responses((status = 200, description = "the difference", body = LeadSimulationResult)))]
pub(in crate::leads) async fn simulate_lead_rules(
    State(app): State<App>,
    May { org, .. }: May<right::LeadManage>,
    command: Command<LeadSimulation>,
) -> Result<Reply, Problem> {
    let (wanted, mut command) = command.take();
    let to = wanted.to.unwrap_or_else(|| command.tx.now());
    let from = wanted.from.unwrap_or(to - TimeDelta::days(92));
    let tx = &mut command.tx;
    let before = sets::current(tx, org.id)
        .await?
        .map(|set| set.rules)
        .unwrap_or_default();
    let after = sets::settle(tx, org.id, wanted.rules, &before).await?;
    let partners = floor::partners(tx, org.id).await?;
    let leads = rows::of_period(app.db.pool(), org.id, (from, to), MOST_LEADS).await?;
    let compared = tokio::task::spawn_blocking(move || compare(&leads, before, after, partners));
    let result = compared.await.map_err(Problem::internal)?;
    let reply = Reply::ok(&result)?;
    command.commit(reply).await
}

fn compare(
    leads: &[Lead],
    before: Vec<LeadRule>,
    after: Vec<LeadRule>,
    partners: Vec<Partner>,
) -> LeadSimulationResult {
    let floor = |rules: Vec<LeadRule>| Floor {
        rules: Arc::new(rules),
        partners: partners.clone(),
        boundless: true,
        ..Floor::default()
    };
    let (mut old, mut new) = (floor(before), floor(after));
    let mut result = LeadSimulationResult {
        leads: leads.len(),
        moved: 0,
        unassigned_before: 0,
        unassigned_after: 0,
        partners: Vec::new(),
        sample: Vec::new(),
    };
    let mut shares: HashMap<OrgId, (usize, usize)> = HashMap::new();
    for lead in leads {
        let facts = floor_facts(lead);
        let (was, is) = (old.hand_out(&facts), new.hand_out(&facts));
        result.unassigned_before += usize::from(was.partners.is_empty());
        result.unassigned_after += usize::from(is.partners.is_empty());
        was.partners
            .iter()
            .for_each(|partner| shares.entry(*partner).or_default().0 += 1);
        is.partners
            .iter()
            .for_each(|partner| shares.entry(*partner).or_default().1 += 1);
        if was.partners != is.partners {
            result.moved += 1;
            if result.sample.len() < SAMPLE {
                result.sample.push(moved(lead, was, is, &old, &new));
            }
        }
    }
    result.partners = shares
        .into_iter()
        .map(|(partner_id, (before, after))| PartnerShare {
            partner_id,
            before,
            after,
        })
        .collect();
    result
        .partners
        .sort_by_key(|share| (std::cmp::Reverse(share.after.max(share.before)), share.partner_id));
    result
}

fn floor_facts(lead: &Lead) -> super::engine::Facts {
    floor::facts(lead, BTreeSet::new())
}

fn moved(lead: &Lead, was: Decision, is: Decision, old: &Floor, new: &Floor) -> MovedLead {
    let rule = |decision: &Decision, floor: &Floor| {
        let decided = decision.rule.and_then(|place| floor.rules.get(place));
        decided.map(|rule| rule.name.clone())
    };
    MovedLead {
        lead_id: lead.id,
        company_name: lead.company_name.clone(),
        rule_before: rule(&was, old),
        rule_after: rule(&is, new),
        before: was.partners,
        after: is.partners,
    }
}
