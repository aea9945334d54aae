//! Why this partner: what each rule said of the lead and of each partner.

use guildhall_kernel::{LeadRuleId, OrgId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::rule::{Choice, LeadRule};

/// Partners that are named for one set of reasons.
const MOST_NAMED: usize = 10;
/// Partners in question that are named: a rule without conditions has hundreds for each of ten thousand leads.
const MOST_CANDIDATES: usize = 20;

/// How it was decided who gets a lead, as it is stored: rules by their place in the version that was in force.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::leads) struct Explanation {
    /// The rules that were looked at, in order; the last one decided if it chose anybody.
    pub(in crate::leads) rules: Vec<RuleLook>,
}

/// What a rule made of a lead. Its names in the database are short: there is one for each lead and rule.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::leads) struct RuleLook {
    #[serde(rename = "n")]
    pub(in crate::leads) place: usize,
    #[serde(rename = "m", skip_serializing_if = "Option::is_none", default)]
    pub(in crate::leads) missed: Option<Missed>,
    #[serde(rename = "e", skip_serializing_if = "Vec::is_empty", default)]
    pub(in crate::leads) eligible: Vec<(OrgId, i64)>,
    #[serde(rename = "k", default)]
    pub(in crate::leads) count: usize,
    #[serde(rename = "o", skip_serializing_if = "Vec::is_empty", default)]
    pub(in crate::leads) out: Vec<Left>,
    #[serde(rename = "c", skip_serializing_if = "Vec::is_empty", default)]
    pub(in crate::leads) chosen: Vec<OrgId>,
}

/// What a rule made of a lead.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = LeadRuleLook)]
pub(in crate::leads) struct ExplainedRule {
    /// The rule.
    pub(in crate::leads) rule_id: Option<LeadRuleId>,
    /// Its name then.
    #[schema(example = "Large deals in Germany")]
    pub(in crate::leads) name: String,
    /// How it chooses.
    pub(in crate::leads) choice: Choice,
    /// The first of its conditions that the lead does not meet; `null` when it is for the lead.
    pub(in crate::leads) missed: Option<Missed>,
    /// Partners that may have it: the twenty that come first by what the choice goes by.
    pub(in crate::leads) eligible: Vec<Candidate>,
    /// How many may have it.
    #[schema(example = 12)]
    pub(in crate::leads) eligible_count: usize,
    /// Partners that may not, by what speaks against them.
    pub(in crate::leads) out: Vec<Left>,
    /// Who was chosen.
    pub(in crate::leads) chosen: Vec<OrgId>,
}

/// A partner that may have a lead.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = LeadCandidate)]
pub(in crate::leads) struct Candidate {
    /// The partner.
    pub(in crate::leads) partner_id: OrgId,
    /// What the choice goes by.
    #[schema(example = 72)]
    pub(in crate::leads) value: i64,
    /// What the value is measured in.
    pub(in crate::leads) unit: Unit,
}

/// What the value of a candidate is measured in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = LeadCandidateUnit)]
pub(in crate::leads) enum Unit {
    /// The number of its last turn under this rule, 0 for never: the lowest is next.
    LastTurn,
    /// Its weight.
    Weight,
    /// Its win rate in thousandths.
    WinRateThousandths,
    /// Its weight times its win rate in thousandths.
    WeightTimesWinRateThousandths,
    /// How well it fits, in points from 0 to 100.
    FitPoints,
}

impl Unit {
    const fn of(choice: Choice) -> Self {
        match choice {
            Choice::RoundRobin => Self::LastTurn,
            Choice::Weight => Self::Weight,
            Choice::WinRate => Self::WinRateThousandths,
            Choice::WeightAndWinRate => Self::WeightTimesWinRateThousandths,
            Choice::BestScore | Choice::Pool => Self::FitPoints,
        }
    }
}

/// Partners that may not have a lead, all for the same reasons.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = LeadPartnersLeftOut)]
pub(in crate::leads) struct Left {
    /// What speaks against them.
    pub(in crate::leads) reasons: Vec<Out>,
    /// How many they are.
    #[schema(example = 3)]
    pub(in crate::leads) count: usize,
    /// The first ten of them.
    pub(in crate::leads) partner_ids: Vec<OrgId>,
}

/// A condition that a lead does not meet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = LeadRuleMissed)]
pub(in crate::leads) enum Missed {
    /// The rule is off.
    Off,
    /// Its country.
    Country,
    /// Its product.
    Product,
    /// Its source.
    Source,
    /// Its industry.
    Industry,
    /// Its score.
    Score,
    /// Its amount.
    Amount,
}

/// What speaks against a partner.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = LeadPartnerOut)]
pub(in crate::leads) enum Out {
    /// The rule names others.
    NotNamed,
    /// The country is none of its territories.
    Territory,
    /// It has no competence in the product.
    Competence,
    /// It lacks a certification.
    Certification,
    /// It is of another tier.
    Tier,
    /// It has as many open leads as it can take.
    Capacity,
    /// It had its chance with this lead.
    Refused,
}

impl Explanation {
    /// In full, with the rules that it speaks of.
    pub(in crate::leads) fn with(self, rules: &[LeadRule]) -> Vec<ExplainedRule> {
        let explain = |look: RuleLook| {
            let rule = rules.get(look.place)?;
            let candidates = look.eligible.into_iter();
            Some(ExplainedRule {
                rule_id: rule.id,
                name: rule.name.clone(),
                choice: rule.choice,
                missed: look.missed,
                eligible: candidates
                    .map(|(partner_id, value)| Candidate {
                        partner_id,
                        value,
                        unit: Unit::of(rule.choice),
                    })
                    .collect(),
                eligible_count: look.count,
                out: look.out,
                chosen: look.chosen,
            })
        };
        self.rules.into_iter().filter_map(explain).collect()
    }
}

impl RuleLook {
    /// Notes who may have the lead, by `choice`'s value of each.
    pub(super) fn note(&mut self, choice: Choice, mut candidates: Vec<(OrgId, i64)>) {
        let before = |value: i64| if choice == Choice::RoundRobin { value } else { -value };
        let place = |(id, value): &(OrgId, i64)| (before(*value), *id);
        self.count = candidates.len();
        if self.count > MOST_CANDIDATES {
            candidates.select_nth_unstable_by_key(MOST_CANDIDATES, place);
            candidates.truncate(MOST_CANDIDATES);
        }
        candidates.sort_unstable_by_key(place);
        self.eligible = candidates;
    }
}

impl Left {
    pub(super) fn of(reasons: Vec<Out>, mut partner_ids: Vec<OrgId>) -> Self {
        let count = partner_ids.len();
        partner_ids.truncate(MOST_NAMED);
        Self {
            reasons,
            count,
            partner_ids,
        }
    }
}

/// What a partner is told of why it was chosen: nothing of others.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = LeadOfferReasons)]
pub(in crate::leads) struct Why {
    /// The rule's name; `null` when the vendor chose.
    #[schema(example = "Large deals in Germany")]
    pub(in crate::leads) rule: Option<String>,
    /// How the rule chooses.
    pub(in crate::leads) choice: Option<Choice>,
    /// What the rule asks for and the partner has: `territory`, `competence`, `certification`, `tier`, `capacity`.
    pub(in crate::leads) met: Vec<String>,
}

impl Why {
    /// The reasons of a partner that `rule` chose.
    #[must_use]
    pub(in crate::leads) fn of(rule: Option<&LeadRule>) -> Self {
        let Some(rule) = rule else {
            return Self {
                rule: None,
                choice: None,
                met: Vec::new(),
            };
        };
        let wanted = &rule.eligible;
        let met = [
            (wanted.territory, "territory"),
            (wanted.competence, "competence"),
            (!wanted.certifications.is_empty(), "certification"),
            (!wanted.tiers.is_empty(), "tier"),
            (!wanted.over_capacity, "capacity"),
        ];
        Self {
            rule: Some(rule.name.clone()),
            choice: Some(rule.choice),
            met: met
                .into_iter()
                .filter(|(asked, _)| *asked)
                .map(|(_, name)| name.to_owned())
                .collect(),
        }
    }
}
