//! An assignment rule as data: which leads it is for, which partners may have them, and how one is chosen.

use guildhall_kernel::{Currency, LeadRuleId, OrgId, is_country};
use guildhall_onboard::api::Tier;
use guildhall_spine::http::Checks;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::leads::lead::draft::Source;

/// Rules that a set has at most.
pub(in crate::leads) const MOST_RULES: usize = 200;
const MOST_NAMED: usize = 500;

/// Which amounts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = LeadAmountRange)]
pub(in crate::leads) struct AmountRange {
    /// ISO 4217: amounts in another currency don't match.
    #[schema(value_type = String, example = "EUR")]
    pub(in crate::leads) currency: Currency,
    /// At least this much.
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "10000")]
    pub(in crate::leads) from: Option<Decimal>,
    /// Less than this much.
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "50000")]
    pub(in crate::leads) below: Option<Decimal>,
}

/// Which leads a rule is for: all conditions hold; an empty list is no condition. Texts match without letter case.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = LeadRuleConditions)]
pub(in crate::leads) struct Conditions {
    /// Companies in one of these countries (ISO 3166-1 alpha-2).
    #[serde(default)]
    #[schema(max_items = 500)]
    pub(in crate::leads) countries: Vec<String>,
    /// About one of these products.
    #[serde(default)]
    #[schema(max_items = 500)]
    pub(in crate::leads) products: Vec<String>,
    /// From one of these sources.
    #[serde(default)]
    pub(in crate::leads) sources: Vec<Source>,
    /// In one of these industries.
    #[serde(default)]
    #[schema(max_items = 500)]
    pub(in crate::leads) industries: Vec<String>,
    /// A score of at least this.
    #[serde(default)]
    #[schema(minimum = 0, maximum = 100, example = 50)]
    pub(in crate::leads) score_from: Option<i16>,
    /// A score below this.
    #[serde(default)]
    #[schema(minimum = 0, maximum = 101, example = 101)]
    pub(in crate::leads) score_below: Option<i16>,
    /// Worth this much.
    #[serde(default)]
    pub(in crate::leads) amount: Option<AmountRange>,
}

/// Which partners may have the leads of a rule. A partner that declined, gave back or let lapse a lead is out for it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = LeadRuleEligibility)]
pub(in crate::leads) struct Eligibility {
    /// The lead's country is one of the partner's territories.
    #[serde(default)]
    pub(in crate::leads) territory: bool,
    /// The lead's product is one that the partner is competent in.
    #[serde(default)]
    pub(in crate::leads) competence: bool,
    /// The partner has all of these certifications.
    #[serde(default)]
    #[schema(max_items = 500)]
    pub(in crate::leads) certifications: Vec<String>,
    /// The partner is of one of these tiers; empty is any.
    #[serde(default)]
    pub(in crate::leads) tiers: Vec<PartnerTier>,
    /// Only these partners; empty is any.
    #[serde(default)]
    #[schema(max_items = 500)]
    pub(in crate::leads) partner_ids: Vec<OrgId>,
    /// Also partners that have as many open leads as they can take.
    #[serde(default)]
    pub(in crate::leads) over_capacity: bool,
    /// Also partners that the lead was offered to before and that didn't take it.
    #[serde(default)]
    pub(in crate::leads) again: bool,
}

/// The level of a partner in the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = LeadPartnerTier)]
pub(in crate::leads) enum PartnerTier {
    /// Signed up.
    Registered,
    /// The first level that is earned.
    Silver,
    /// The second.
    Gold,
    /// The highest.
    Platinum,
}

impl From<Tier> for PartnerTier {
    fn from(tier: Tier) -> Self {
        match tier {
            Tier::Registered => Self::Registered,
            Tier::Silver => Self::Silver,
            Tier::Gold => Self::Gold,
            Tier::Platinum => Self::Platinum,
        }
    }
}

/// How one of the eligible partners is chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = LeadRuleChoice)]
pub(in crate::leads) enum Choice {
    /// The one that was served longest ago.
    RoundRobin,
    /// In proportion to the weights that the vendor gave.
    Weight,
    /// In proportion to the past win rates.
    WinRate,
    /// In proportion to weight times win rate.
    WeightAndWinRate,
    /// The one that fits best.
    BestScore,
    /// All at once: the first to claim it has it.
    Pool,
}

/// An assignment rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::leads) struct LeadRule {
    /// Its id: of a rule in force, to keep whose turn it is; left out for a new one.
    #[serde(default)]
    #[schema(value_type = Option<String>, pattern = "^lrul_[0-7][0-9a-hjkmnp-tv-z]{25}$")]
    pub(in crate::leads) id: Option<LeadRuleId>,
    /// What people call it, 1 to 100 characters.
    #[schema(example = "Large deals in Germany")]
    pub(in crate::leads) name: String,
    /// A rule that is off is passed over.
    #[serde(default = "on")]
    pub(in crate::leads) enabled: bool,
    /// Which leads it is for.
    #[serde(default)]
    pub(in crate::leads) when: Conditions,
    /// Which partners may have them.
    #[serde(default)]
    pub(in crate::leads) eligible: Eligibility,
    /// How one of them is chosen.
    pub(in crate::leads) choice: Choice,
    /// How long an offer stands, in minutes; as the settings say when left out.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 43200, example = 240)]
    pub(in crate::leads) offer_minutes: Option<i32>,
}

const fn on() -> bool {
    true
}

/// Notes every fault of `rules` in `checks`. Whether the named partners are the vendor's is for the database.
pub(in crate::leads) fn check(rules: &[LeadRule], checks: &mut Checks) {
    checks.check(
        rules.len() <= MOST_RULES,
        "/rules",
        "length",
        "must have at most 200 rules",
    );
    for (place, rule) in rules.iter().enumerate() {
        let at = |name: &str| format!("/rules/{place}/{name}");
        checks.text(&at("name"), &rule.name, 1, 100, false);
        let minutes = rule.offer_minutes.is_none_or(|minutes| (1..=43_200).contains(&minutes));
        checks.check(minutes, &at("offer_minutes"), "range", "must be from 1 to 43200");
        check_conditions(&rule.when, &at("when"), checks);
        let eligible = &rule.eligible;
        check_texts(&eligible.certifications, &at("eligible/certifications"), checks);
        let named = eligible.partner_ids.len() <= MOST_NAMED;
        checks.check(named, &at("eligible/partner_ids"), "length", "must have at most 500");
        let twice = rule.id.is_some() && rules.iter().filter(|other| other.id == rule.id).nth(1).is_some();
        checks.check(!twice, &at("id"), "duplicate", "must be of one rule only");
    }
}

fn check_conditions(when: &Conditions, at: &str, checks: &mut Checks) {
    check_texts(&when.products, &format!("{at}/products"), checks);
    check_texts(&when.industries, &format!("{at}/industries"), checks);
    for (place, country) in when.countries.iter().enumerate() {
        let known = is_country(country);
        checks.check(
            known,
            &format!("{at}/countries/{place}"),
            "country",
            "must be a country code like DE",
        );
    }
    checks.check(
        when.countries.len() <= MOST_NAMED,
        &format!("{at}/countries"),
        "length",
        "must have at most 500",
    );
    for (name, score) in [("score_from", when.score_from), ("score_below", when.score_below)] {
        let bounded = score.is_none_or(|score| (0..=101).contains(&score));
        checks.check(bounded, &format!("{at}/{name}"), "range", "must be from 0 to 101");
    }
    if let Some(amount) = &when.amount {
        for (name, bound) in [("from", amount.from), ("below", amount.below)] {
            let positive = bound.is_none_or(|bound| !bound.is_sign_negative());
            checks.check(
                positive,
                &format!("{at}/amount/{name}"),
                "range",
                "must not be negative",
            );
        }
    }
}

pub(in crate::leads) fn check_texts(texts: &[String], at: &str, checks: &mut Checks) {
    checks.check(texts.len() <= MOST_NAMED, at, "length", "must have at most 500");
    for (place, text) in texts.iter().enumerate().take(MOST_NAMED) {
        checks.text(&format!("{at}/{place}"), text, 1, 200, false);
    }
}
