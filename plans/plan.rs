//! A plan that is ready to be evaluated many times.

use std::sync::Arc;

use chrono::NaiveDate;
use guildhall_kernel::{Currency, Money};
use rust_decimal::Decimal;
use serde_json::Value;
use uuid::Uuid;

use crate::{
    Contest, Fault, Mode, Party, Period, PlanKind, PlanSpec, PlanTerms, Rate, RebateMeasure, RebateSpec, Role, Sale,
    SpiffAmount, Trigger, When,
    bands::{Reward, Row},
    check,
    conditions::{Conditions, among, sorted},
    earned::{Over, Table},
    expression::{Expression, Outcome},
};

/// A version of a plan, checked and ready to be evaluated many times. Cloning is cheap.
#[derive(Clone, Debug)]
pub struct Plan(Arc<Compiled>);

#[derive(Debug)]
struct Compiled {
    spec: PlanSpec,
    shares: Vec<(Role, Decimal)>,
    tiers: Vec<String>,
    regions: Vec<String>,
    countries: Vec<String>,
    partners: Vec<Uuid>,
    rules: Vec<CompiledRule>,
    table: Option<Table>,
    year_table: Option<Table>,
}

/// A rule that is ready to be tried.
#[derive(Debug)]
pub(crate) struct CompiledRule {
    pub index: usize,
    pub name: Arc<str>,
    pub conditions: Conditions,
    pub rate: CompiledRate,
    pub rate_as_data: Option<Arc<Rate>>,
}

/// What a rule pays for a line.
#[derive(Debug)]
pub(crate) enum CompiledRate {
    /// Only the totals of the period count.
    Nothing,
    Percent(Decimal),
    Flat(Decimal),
    PerUnit(Decimal),
    Margin(Decimal),
    Expression(Expression),
}

impl Plan {
    /// Reads a plan and checks everything.
    ///
    /// # Errors
    /// All that is wrong with it, each with a pointer.
    pub fn parse(spec: &Value) -> Result<Self, Vec<Fault>> {
        let mut faults = Vec::new();
        let Some(parts) = check::read(spec, &mut faults) else {
            return Err(faults);
        };
        let rules = parts.terms.as_ref().map(|terms| rules(terms, &mut faults));
        let spec = parts.joined(&mut faults);
        match rules.zip(spec) {
            Some((rules, spec)) if faults.is_empty() => Ok(Self(Arc::new(Compiled::new(spec, rules)))),
            _ => Err(faults),
        }
    }

    /// The plan as data, with what was left out filled in.
    #[must_use]
    pub fn spec(&self) -> &PlanSpec {
        &self.0.spec
    }

    /// Its type.
    #[must_use]
    pub fn kind(&self) -> PlanKind {
        match self.0.spec.terms {
            PlanTerms::Commission(_) => PlanKind::Commission,
            PlanTerms::Rebate(_) => PlanKind::Rebate,
            PlanTerms::Spiff(_) => PlanKind::Spiff,
            PlanTerms::Bonus(_) => PlanKind::Bonus,
        }
    }

    /// The kind of sale that it looks at.
    #[must_use]
    pub fn trigger(&self) -> Trigger {
        self.0.spec.common.trigger
    }

    /// The currency of its amounts and earnings. None: the currency of each sale.
    #[must_use]
    pub fn currency(&self) -> Option<Currency> {
        self.0.spec.common.currency
    }

    /// Whether totals of a period decide what is earned. Otherwise each sale stands alone and the period earns the sum
    /// of what its sales earn directly.
    #[must_use]
    pub fn needs_progress(&self) -> bool {
        self.0.table.is_some() || self.contest().is_some() || self.period_cap().is_some()
    }

    /// The period that the day is in.
    #[must_use]
    pub fn period(&self, on: NaiveDate) -> Period {
        self.0.spec.common.period.around(on)
    }

    /// The days whose sales count together with those of `on`: the period, of a plan with an annual true-up the fiscal
    /// year. None when each sale stands alone.
    #[must_use]
    pub fn counted_together(&self, on: NaiveDate) -> Option<Period> {
        if self.has_true_up() {
            return Some(self.fiscal_year(on));
        }
        self.needs_progress().then(|| self.period(on))
    }

    /// The fiscal year that the day is in, over which an annual true-up counts.
    #[must_use]
    pub fn fiscal_year(&self, on: NaiveDate) -> Period {
        self.0.spec.common.period.year_around(on)
    }

    /// The period whose revenue is the baseline of the given one; none unless the plan measures growth. For a fiscal
    /// year: the year before.
    #[must_use]
    pub fn baseline_period(&self, of: &Period) -> Option<Period> {
        let rebate = self.rebate()?;
        let growth = rebate.measure == RebateMeasure::Growth;
        growth
            .then(|| {
                self.0
                    .spec
                    .common
                    .period
                    .before(of, rebate.baseline.unwrap_or_default())
            })
            .flatten()
    }

    /// The most that it pays to all payees together, in its currency.
    #[must_use]
    pub fn budget(&self) -> Option<Decimal> {
        self.0.spec.common.budget.map(|budget| budget.0)
    }

    /// How many sales, of all payees, earn; those after them don't.
    #[must_use]
    pub fn first_n(&self) -> Option<u32> {
        match &self.0.spec.terms {
            PlanTerms::Spiff(spiff) => spiff.first_n,
            _ => None,
        }
    }

    /// How many days an earning rests before it is payable.
    #[must_use]
    pub fn hold_days(&self) -> u32 {
        self.0.spec.common.hold_days
    }

    /// How many days after the end of a period its sales are still taken.
    #[must_use]
    pub fn grace_days(&self) -> u32 {
        self.rebate().map_or(0, |rebate| rebate.grace_days)
    }

    /// How many days after its end a period is calculated.
    #[must_use]
    pub fn calculation_day(&self) -> u32 {
        self.rebate().map_or(0, |rebate| rebate.calculation_day)
    }

    /// Whether a claim needs a proof.
    #[must_use]
    pub fn needs_proof(&self) -> bool {
        matches!(&self.0.spec.terms, PlanTerms::Spiff(spiff) if spiff.proof)
    }

    /// Whether the fiscal year is settled by a table of its own ([`Plan::true_up`]).
    #[must_use]
    pub fn has_true_up(&self) -> bool {
        self.0.year_table.is_some()
    }

    /// The contest of a bonus, whose prizes come from [`Plan::prizes`].
    #[must_use]
    pub fn contest(&self) -> Option<&Contest> {
        match &self.0.spec.terms {
            PlanTerms::Bonus(bonus) => bonus.contest.as_ref(),
            _ => None,
        }
    }

    fn rebate(&self) -> Option<&RebateSpec> {
        match &self.0.spec.terms {
            PlanTerms::Rebate(rebate) => Some(rebate),
            _ => None,
        }
    }

    /// How many rules each line of a sale may be held against.
    #[must_use]
    pub fn rule_count(&self) -> usize {
        self.0.rules.len()
    }

    pub(crate) fn rules(&self) -> &[CompiledRule] {
        &self.0.rules
    }

    pub(crate) fn table(&self) -> Option<&Table> {
        self.0.table.as_ref()
    }

    pub(crate) fn year_table(&self) -> Option<&Table> {
        self.0.year_table.as_ref()
    }

    pub(crate) fn period_cap(&self) -> Option<Decimal> {
        self.0.spec.common.cap.per_period.map(|cap| cap.0)
    }

    pub(crate) fn sale_cap(&self) -> Option<Decimal> {
        self.0.spec.common.cap.per_sale.map(|cap| cap.0)
    }

    pub(crate) fn sale_floor(&self) -> Option<Decimal> {
        self.0.spec.common.floor.per_sale.map(|floor| floor.0)
    }

    /// The decimals of the plan's currency.
    pub(crate) fn places(&self) -> u32 {
        self.currency().map_or(2, Money::exponent)
    }

    /// Whether the sale is of the kind, country and month that the plan is for.
    pub(crate) fn looks_at(&self, sale: &Sale) -> bool {
        let expires = self.0.spec.common.expires_after_months;
        sale.trigger == self.trigger()
            && (sale.month == 0 || expires.is_none_or(|months| sale.month < months))
            && among(&self.0.countries, sale.country.as_deref())
    }

    /// What percent goes to the role; none when it earns nothing.
    pub(crate) fn role_percent(&self, role: Role) -> Option<Decimal> {
        let share = self.0.shares.iter().find(|(known, _)| *known == role);
        share.map(|(_, percent)| *percent)
    }

    /// Whether the party can earn.
    pub(crate) fn eligible(&self, party: &Party) -> bool {
        among(&self.0.tiers, party.tier.as_deref())
            && among(&self.0.regions, party.region.as_deref())
            && (self.0.partners.is_empty() || self.0.partners.binary_search(&party.partner).is_ok())
    }
}

impl Compiled {
    fn new(spec: PlanSpec, rules: Vec<CompiledRule>) -> Self {
        let common = &spec.common;
        let shares = match common.split.is_empty() {
            true => common.roles.iter().map(|role| (*role, Decimal::ONE_HUNDRED)).collect(),
            false => common.split.iter().map(|(role, percent)| (*role, percent.0)).collect(),
        };
        let mut partners: Vec<Uuid> = common.eligible.partners.iter().map(|partner| partner.uuid()).collect();
        partners.sort_unstable();
        Self {
            shares,
            tiers: sorted(&common.eligible.tiers),
            regions: sorted(&common.eligible.regions),
            countries: sorted(&common.eligible.countries),
            partners,
            rules,
            table: table(&spec.terms),
            year_table: year_table(&spec.terms),
            spec,
        }
    }
}

/// The rules of a commission; of other types the one that says which sales count.
fn rules(terms: &PlanTerms, faults: &mut Vec<Fault>) -> Vec<CompiledRule> {
    let (name, when, rate) = match terms {
        PlanTerms::Commission(commission) => {
            let rules = commission.rules.iter().enumerate();
            return rules
                .filter_map(|(index, rule)| {
                    let pointer = format!("/rules/{index}");
                    compiled(index, &rule.name, &rule.when, Some(&rule.rate), &pointer, faults)
                })
                .collect();
        }
        PlanTerms::Rebate(rebate) => ("rebate", &rebate.when, None),
        PlanTerms::Bonus(bonus) => ("bonus", &bonus.when, None),
        PlanTerms::Spiff(spiff) => {
            let rate = spiff.amount.map(|amount| match amount {
                SpiffAmount::PerSale(amount) | SpiffAmount::PerActivity(amount) => Rate::Flat(amount),
                SpiffAmount::PerUnit(amount) => Rate::PerUnit(amount),
            });
            ("spiff", &spiff.when, rate)
        }
    };
    compiled(0, name, when, rate.as_ref(), "", faults).into_iter().collect()
}

fn compiled(
    index: usize,
    name: &str,
    when: &When,
    rate: Option<&Rate>,
    pointer: &str,
    faults: &mut Vec<Fault>,
) -> Option<CompiledRule> {
    let name: Arc<str> = name.into();
    let mut compile = |text: &str, pointer: String, result| {
        Expression::compile(text, result, &name, &pointer)
            .map_err(|found| faults.push(found))
            .ok()
    };
    let condition = when.expression.as_ref();
    let condition = condition.map(|text| compile(text, format!("{pointer}/when/expression"), Outcome::Condition));
    let rate_as_data = rate.map(|rate| Arc::new(rate.clone()));
    let rate = match rate {
        None => CompiledRate::Nothing,
        Some(Rate::Percent(percent)) => CompiledRate::Percent(percent.0),
        Some(Rate::Flat(amount)) => CompiledRate::Flat(amount.0),
        Some(Rate::PerUnit(amount)) => CompiledRate::PerUnit(amount.0),
        Some(Rate::MarginPercent(percent)) => CompiledRate::Margin(percent.0),
        Some(Rate::Expression(text)) => {
            let pointer = format!("{pointer}/rate/expression");
            CompiledRate::Expression(compile(text, pointer, Outcome::Amount)?)
        }
    };
    let expression = match condition {
        Some(condition) => Some(condition?),
        None => None,
    };
    Some(CompiledRule {
        index,
        conditions: Conditions::new(when, expression),
        rate,
        rate_as_data,
        name,
    })
}

fn table(terms: &PlanTerms) -> Option<Table> {
    match terms {
        PlanTerms::Commission(commission) => commission.accelerator.as_ref().map(|accelerator| Table {
            over: accelerator.measure.into(),
            mode: accelerator.mode,
            rows: rows(accelerator.bands.iter().map(|band| (band.from.0, band.reward.into()))),
            accelerates: true,
        }),
        PlanTerms::Rebate(rebate) => Some(Table {
            over: rebate.measure.into(),
            mode: rebate.mode,
            rows: rows(rebate.bands.iter().map(|band| (band.from.0, band.reward.into()))),
            accelerates: false,
        }),
        PlanTerms::Spiff(spiff) => spiff.goal.map(|goal| Table {
            over: goal.measure.into(),
            mode: Mode::Retroactive,
            rows: rows([(goal.at_least.0, Reward::Flat(goal.amount.0))]),
            accelerates: false,
        }),
        PlanTerms::Bonus(bonus) => bonus.goal.as_ref().map(|goal| Table {
            over: goal.measure.into(),
            mode: goal.mode,
            rows: rows(goal.bands.iter().map(|band| (band.from.0, Reward::Flat(band.amount.0)))),
            accelerates: false,
        }),
    }
}

fn year_table(terms: &PlanTerms) -> Option<Table> {
    let PlanTerms::Rebate(rebate) = terms else {
        return None;
    };
    rebate.annual_true_up.as_ref().map(|year| Table {
        over: Over::from(rebate.measure),
        mode: year.mode,
        rows: rows(year.bands.iter().map(|band| (band.from.0, band.reward.into()))),
        accelerates: false,
    })
}

fn rows(bands: impl IntoIterator<Item = (Decimal, Reward)>) -> Vec<Row> {
    bands.into_iter().map(|(from, reward)| Row { from, reward }).collect()
}
