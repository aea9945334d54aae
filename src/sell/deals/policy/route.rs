//! Which rule applies to a deal, and why the others don't.

use std::collections::BTreeSet;

use guildhall_kernel::Currency;
use guildhall_onboard::api::Tier;
use rust_decimal::Decimal;
use serde::Serialize;
use utoipa::ToSchema;

use super::rules::{AmountLimit, Rule, RuleOutcome};
use crate::deals::conflict::Level;

#[cfg(test)]
mod tests;

/// What rules look at.
#[derive(Clone, Debug)]
pub(in crate::deals) struct Facts {
    pub(in crate::deals) amount: Decimal,
    pub(in crate::deals) currency: Currency,
    pub(in crate::deals) country: String,
    pub(in crate::deals) tier: Tier,
    pub(in crate::deals) certifications: Certifications,
    pub(in crate::deals) conflict: Level,
}

/// What a partner is certified for, whatever the letter case.
#[derive(Clone, Debug, Default)]
pub(in crate::deals) struct Certifications(BTreeSet<String>);

impl Certifications {
    pub(in crate::deals) fn of(held: Vec<String>) -> Self {
        Self(held.iter().map(|name| name.to_lowercase()).collect())
    }

    fn has(&self, name: &str) -> bool {
        self.0.contains(&name.to_lowercase())
    }
}

/// How a rule fared.
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = ApprovalRuleTrial)]
pub(in crate::deals) struct Trial {
    /// The rule.
    #[schema(example = "Small deals in the region")]
    pub(in crate::deals) rule: String,
    /// What it would do.
    pub(in crate::deals) outcome: RuleOutcome,
    /// Whether all its conditions hold.
    pub(in crate::deals) applies: bool,
    /// The conditions that don't hold, in words.
    #[schema(example = json!(["the amount 40000 EUR is above 25000 EUR"]))]
    pub(in crate::deals) unmet: Vec<String>,
}

/// The first rule that applies, and how each rule fared.
pub(in crate::deals) fn route<'a>(rules: &'a [Rule], facts: &Facts) -> (Option<&'a Rule>, Vec<Trial>) {
    let trials: Vec<Trial> = rules.iter().map(|rule| try_rule(rule, facts)).collect();
    let found = rules.iter().zip(&trials).find(|(_, trial)| trial.applies);
    (found.map(|(rule, _)| rule), trials)
}

fn try_rule(rule: &Rule, facts: &Facts) -> Trial {
    let when = &rule.when;
    let mut unmet = Vec::new();
    unmet.extend(amount_fault(&when.amount_at_most, facts, "above", |amount, limit| {
        amount > limit
    }));
    unmet.extend(amount_fault(&when.amount_at_least, facts, "below", |amount, limit| {
        amount < limit
    }));
    if !when.tiers.is_empty() && !when.tiers.contains(&facts.tier) {
        unmet.push(format!("the partner's tier is {}", facts.tier.as_str()));
    }
    let lacks = when
        .certifications
        .iter()
        .filter(|name| !facts.certifications.has(name));
    unmet.extend(lacks.map(|name| format!("the partner lacks the certification {name}")));
    if !when.countries.is_empty() && !when.countries.contains(&facts.country) {
        unmet.push(format!("the customer's country is {}", facts.country));
    }
    if let Some(level) = when.conflict_below.filter(|level| facts.conflict >= *level) {
        unmet.push(format!(
            "there is a conflict at level {}, and the rule wants it below {}",
            facts.conflict.as_str(),
            level.as_str()
        ));
    }
    Trial {
        rule: rule.name.clone(),
        outcome: rule.outcome,
        applies: unmet.is_empty(),
        unmet,
    }
}

fn amount_fault(
    limits: &[AmountLimit],
    facts: &Facts,
    beyond: &str,
    is_beyond: impl Fn(Decimal, Decimal) -> bool,
) -> Option<String> {
    if limits.is_empty() {
        return None;
    }
    let (amount, currency) = (facts.amount.normalize(), facts.currency.code());
    let Some(limit) = limits.iter().find(|limit| limit.currency == facts.currency) else {
        return Some(format!("the deal is in {currency}, for which the rule has no limit"));
    };
    // Stored limits have been checked; one that can't be read lets nothing through.
    let Ok(most) = limit.amount.parse::<Decimal>() else {
        return Some(format!("the limit in {currency} can't be read"));
    };
    is_beyond(facts.amount, most).then(|| format!("the amount {amount} {currency} is {beyond} {most} {currency}"))
}
