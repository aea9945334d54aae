//! A plan as data: what is stored, sent and shown.

use std::collections::BTreeMap;

use guildhall_kernel::{Currency, OrgId, ProductId};
use serde::{Deserialize, Deserializer, Serialize, de};
use serde_json::Value;
use utoipa::ToSchema;

use crate::{Exact, Role, Trigger, sale::DealType};

/// A plan: the fields that all types share, and those of its type.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[schema(example = json!({
    "type": "commission", "trigger": "deal_won", "currency": "EUR", "hold_days": 30,
    "rules": [
        {"name": "cloud", "when": {"families": ["cloud"]}, "rate": {"percent": "12"}},
        {"name": "everything else", "rate": {"percent": "8"}}
    ]
}))]
pub struct PlanSpec {
    /// What every type of plan has.
    #[serde(flatten)]
    pub common: CommonSpec,
    /// What the type of plan adds.
    #[serde(flatten)]
    pub terms: PlanTerms,
}

impl<'de> Deserialize<'de> for PlanSpec {
    /// Reads and checks as [`crate::Plan::parse`] does; the error names the first fault.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        crate::Plan::parse(&value)
            .map(|plan| plan.spec().clone())
            .map_err(|faults| {
                faults.first().map_or_else(
                    || de::Error::custom("not a plan"),
                    |fault| de::Error::custom(format_args!("{} at {:?}: {}", fault.code, fault.pointer, fault.message)),
                )
            })
    }
}

/// What the type of a plan adds, told apart by `type`.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum PlanTerms {
    /// A part of each sale.
    Commission(CommissionSpec),
    /// Something back for the volume or the growth of a period.
    Rebate(RebateSpec),
    /// A reward for single sales or activities.
    Spiff(SpiffSpec),
    /// A reward for a goal or for a place in a contest.
    Bonus(BonusSpec),
}

/// The types of plans.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PlanKind {
    /// A part of each sale.
    Commission,
    /// Something back for the volume or the growth of a period.
    Rebate,
    /// A reward for single sales or activities.
    Spiff,
    /// A reward for a goal or for a place in a contest.
    Bonus,
}

/// What every type of plan has.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[schema(as = PlanCommon)]
pub struct CommonSpec {
    /// The kind of sale that it looks at.
    pub trigger: Trigger,
    /// The currency of its amounts and earnings (ISO 4217). Without one it earns in the currency of each sale, which
    /// only commissions of percentages can.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "EUR")]
    pub currency: Option<Currency>,
    /// The periods over which it counts.
    #[schema(required = false)]
    pub period: PeriodSpec,
    /// How many days an earning rests before it is payable: 0 to 365.
    #[schema(required = false)]
    pub hold_days: u32,
    /// The roles that earn.
    #[schema(required = false)]
    pub roles: Vec<Role>,
    /// What percent of the earning goes to each role, together at most 100. May be left out with one role: it has all.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[schema(required = false)]
    pub split: BTreeMap<Role, Exact>,
    /// Who is paid.
    #[schema(required = false)]
    pub payee: PayeeKind,
    /// Who can earn at all.
    #[schema(required = false)]
    pub eligible: Eligible,
    /// How many months of a subscription earn, counted from its first invoice; 0 and 1: the first only; none: all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_after_months: Option<u32>,
    /// The most that all versions of the plan pay to all payees together, in its currency. Not for contests, nor with a
    /// true-up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub budget: Option<Exact>,
    /// The most that is earned.
    #[schema(required = false)]
    pub cap: Cap,
    /// The least that is earned.
    #[schema(required = false)]
    pub floor: Floor,
}

/// The periods over which a plan counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PlanPeriods)]
pub struct PeriodSpec {
    /// How long they are.
    pub every: Every,
    /// The month in which the fiscal year starts, from 1 to 12. Quarters are counted from it.
    #[serde(default = "january")]
    #[schema(minimum = 1, maximum = 12, example = 1)]
    pub fiscal_year_start: u32,
}

const fn january() -> u32 {
    1
}

impl Default for PeriodSpec {
    fn default() -> Self {
        Self {
            every: Every::Month,
            fiscal_year_start: january(),
        }
    }
}

/// How long a period is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = PlanEvery)]
pub enum Every {
    /// A calendar month.
    Month,
    /// Three months.
    Quarter,
    /// Twelve months.
    Year,
    /// The whole life of the plan.
    Plan,
}

/// Who is paid.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = PlanPayee)]
pub enum PayeeKind {
    /// The company.
    #[default]
    Company,
    /// The seller.
    Person,
}

/// Who can earn. An empty list asks for nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PlanEligibility)]
pub struct Eligible {
    /// Tiers of the partner.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tiers: Vec<String>,
    /// Regions of the partner.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub regions: Vec<String>,
    /// Countries of the customer (ISO 3166-1 alpha-2).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub countries: Vec<String>,
    /// Partners.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub partners: Vec<OrgId>,
}

/// The most that is earned, in the plan's currency.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PlanCap)]
pub struct Cap {
    /// By a whole sale, before it is split and before refunds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub per_sale: Option<Exact>,
    /// By a payee in a period.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub per_period: Option<Exact>,
}

/// The least that is earned, in the plan's currency.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PlanFloor)]
pub struct Floor {
    /// By a whole sale to which a rule applies, before it is split and before refunds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub per_sale: Option<Exact>,
}

/// What a commission adds.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct CommissionSpec {
    /// For each line of a sale the first rule that applies counts. 1 to 100.
    pub rules: Vec<Rule>,
    /// More (or less) once a measure of the period is reached.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accelerator: Option<Accelerator>,
}

/// A rule of a commission.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PlanRule)]
pub struct Rule {
    /// What partners read in the explanation of an earning. 1 to 100 characters.
    pub name: String,
    /// When it applies. Without conditions: always.
    #[serde(default, skip_serializing_if = "When::is_empty")]
    pub when: When,
    /// What it pays.
    pub rate: Rate,
}

/// Conditions on a line, its sale and the party. All that are given must hold; texts are compared exactly.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PlanConditions)]
pub struct When {
    /// The line's product is one of these.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub products: Vec<ProductId>,
    /// Its stock-keeping unit is one of these.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub skus: Vec<String>,
    /// Its product family is one of these.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub families: Vec<String>,
    /// The party's tier is one of these.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tiers: Vec<String>,
    /// The sale is of one of these types.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub deal_types: Vec<DealType>,
    /// The customer is in one of these countries (ISO 3166-1 alpha-2).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub countries: Vec<String>,
    /// The party is of one of these regions.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub regions: Vec<String>,
    /// The activity is one of these.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub activities: Vec<String>,
    /// An expression that is true or false, tried last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "amount >= 10000 && fact(\"segment\") == \"public\"")]
    pub expression: Option<String>,
}

impl When {
    /// Whether it asks for nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// What a rule pays for a line: one of these.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = PlanRate)]
pub enum Rate {
    /// A percent of the line's amount: 0 to 100.
    Percent(Exact),
    /// An amount, once for a sale however many lines the rule applies to.
    Flat(Exact),
    /// An amount for each unit.
    PerUnit(Exact),
    /// A percent of what the line's amount exceeds its cost by: 0 to 100.
    MarginPercent(Exact),
    /// The amount as an expression of the line. Below 0 counts as 0.
    #[schema(example = "max(amount * 0.05, 25)")]
    Expression(String),
}

/// Which total of a period counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = PlanMeasure)]
pub enum Measure {
    /// What was sold and kept, in the plan's currency.
    Revenue,
    /// How many units were sold and kept.
    Units,
    /// How many sales, or activities, there were.
    Sales,
}

/// What a band that is reached holds for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = BandMode)]
pub enum Mode {
    /// For what lies within the band; what lies below keeps the bands below.
    #[default]
    Marginal,
    /// For the whole period, from its first sale.
    Retroactive,
}

/// More once a measure of the period is reached.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Accelerator {
    /// What is measured.
    pub measure: Measure,
    /// What a band holds for.
    #[schema(required = false)]
    pub mode: Mode,
    /// Rising from their `from`. Below the first the rules alone count. 1 to 50.
    pub bands: Vec<AcceleratorBand>,
}

/// A band of an accelerator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct AcceleratorBand {
    /// Where it starts, in units of the measure.
    pub from: Exact,
    /// What it gives.
    #[serde(flatten)]
    pub reward: AcceleratorReward,
}

/// What a band of an accelerator gives: one of these.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AcceleratorReward {
    /// So many times what the rules give: 0 to 10.
    Factor(Exact),
    /// A percent of the revenue in place of what the rules give: 0 to 100.
    Percent(Exact),
}

/// What a rebate adds.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct RebateSpec {
    /// What is measured.
    pub measure: RebateMeasure,
    /// Which sales count.
    #[serde(skip_serializing_if = "When::is_empty")]
    #[schema(required = false)]
    pub when: When,
    /// What a band holds for.
    #[schema(required = false)]
    pub mode: Mode,
    /// Rising from their `from`. Below the first nothing is earned. 1 to 50.
    pub bands: Vec<RebateBand>,
    /// What growth is measured against.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub baseline: Option<Baseline>,
    /// How many days after the end of a period sales of it are still taken: 0 to 365.
    #[schema(required = false)]
    pub grace_days: u32,
    /// How many days after the end of a period it is calculated, not before the grace days are over: 0 to 365.
    #[schema(required = false)]
    pub calculation_day: u32,
    /// A second table for the fiscal year. What it is worth beyond the periods' rebates is paid at the year's end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub annual_true_up: Option<AnnualTrueUp>,
}

/// What a rebate measures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RebateMeasure {
    /// What was sold and kept, in the plan's currency.
    Revenue,
    /// How many units were sold and kept.
    Units,
    /// By what percent revenue grew over the baseline; the revenue above the baseline is what percents are taken of.
    Growth,
}

/// What growth is measured against.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = GrowthBaseline)]
pub enum Baseline {
    /// The same period a year before.
    #[default]
    YearBefore,
    /// The period before.
    PeriodBefore,
}

/// A band of a rebate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct RebateBand {
    /// Where it starts: an amount, units, or percent of growth.
    pub from: Exact,
    /// What it gives.
    #[serde(flatten)]
    pub reward: RebateReward,
}

/// What a band of a rebate gives: one of these.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RebateReward {
    /// A percent of the revenue (of growth: of what exceeds the baseline): 0 to 100.
    Percent(Exact),
    /// An amount for each unit.
    PerUnit(Exact),
    /// An amount, once. Marginal bands add theirs up.
    Flat(Exact),
}

/// A second table over the fiscal year.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct AnnualTrueUp {
    /// What a band holds for.
    #[schema(required = false)]
    pub mode: Mode,
    /// Rising from their `from`, of the rebate's measure over the year. 1 to 50.
    pub bands: Vec<RebateBand>,
}

/// What a SPIFF adds.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct SpiffSpec {
    /// What each sale or activity earns.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub amount: Option<SpiffAmount>,
    /// Which sales or activities count.
    #[serde(skip_serializing_if = "When::is_empty")]
    #[schema(required = false)]
    pub when: When,
    /// Only the first so many sales, of all payees and all versions of the plan, earn.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_n: Option<u32>,
    /// A goal of the team (the payee) in the period.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub goal: Option<Goal>,
    /// Whether an activity earns by a claim with a proof, once it is verified. With the trigger `activity` only.
    #[schema(required = false)]
    pub proof: bool,
}

/// What a SPIFF pays: one of these.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SpiffAmount {
    /// For each sale.
    PerSale(Exact),
    /// For each unit.
    PerUnit(Exact),
    /// For each activity.
    PerActivity(Exact),
}

/// A goal: an amount once it is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PlanGoal)]
pub struct Goal {
    /// What is measured.
    pub measure: Measure,
    /// Where it is reached, above 0.
    pub at_least: Exact,
    /// What it pays.
    pub amount: Exact,
}

/// What a bonus adds: a goal or a contest.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct BonusSpec {
    /// Which sales or activities count.
    #[serde(skip_serializing_if = "When::is_empty")]
    #[schema(required = false)]
    pub when: When,
    /// Amounts for what a payee reaches.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub goal: Option<GoalBands>,
    /// Prizes for places.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contest: Option<Contest>,
}

/// Amounts for what is reached.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PlanGoalBands)]
pub struct GoalBands {
    /// What is measured.
    pub measure: Measure,
    /// Marginal: the amounts of all bands that are reached add up. Retroactive: the highest alone counts.
    #[serde(default)]
    #[schema(required = false)]
    pub mode: Mode,
    /// Rising from their `from`. 1 to 50.
    pub bands: Vec<GoalBand>,
}

/// A step of a goal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PlanGoalBand)]
pub struct GoalBand {
    /// Where it is reached, above 0.
    pub from: Exact,
    /// What it pays.
    pub amount: Exact,
}

/// Prizes for places.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PlanContest)]
pub struct Contest {
    /// What payees are ranked by.
    pub measure: Measure,
    /// The least that a place is given for; without it, anything above 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_least: Option<Exact>,
    /// Rising from place 1, without gaps. 1 to 50.
    pub prizes: Vec<Prize>,
}

/// The prize of each of some places.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ContestPrize)]
pub struct Prize {
    /// The first place that it is for, from 1.
    pub from: u32,
    /// The last place, up to 10 000.
    pub to: u32,
    /// What each of these places gets.
    pub amount: Exact,
}
