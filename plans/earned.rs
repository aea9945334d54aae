//! What the totals of a payee's period are worth.

use rust_decimal::Decimal;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    Measure, Mode, Plan, RebateMeasure,
    arithmetic::{portion_of_total, settled},
    bands::{Bases, Row, reached, worth},
};

/// The totals of a payee's period: the sums of what its sales contribute.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// What the sales earned by themselves.
    pub direct: Decimal,
    /// The revenue in the plan's currency.
    pub basis: Decimal,
    /// The units.
    pub units: Decimal,
    /// The number of sales.
    pub sales: Decimal,
    /// The revenue of the period that growth is measured against. Without one, or with none above 0, there is no growth.
    pub baseline: Option<Decimal>,
}

/// What totals are worth, and why.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[schema(as = PeriodEarned)]
pub struct Earned {
    /// The amount in the plan's currency, not rounded to its minor unit.
    #[schema(value_type = String, example = "1875")]
    pub amount: Decimal,
    /// The total that decides the band: revenue (of growth too), units or sales.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "62500")]
    pub measure: Option<Decimal>,
    /// The highest band that is reached.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub band: Option<Band>,
    /// The way to the next band.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<Next>,
    /// Whether the period's cap made it less.
    pub capped: bool,
    /// What it was put together from, before the cap.
    pub steps: Vec<EarnedStep>,
}

/// A band that is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = ReachedBand)]
pub struct Band {
    /// Its place in the plan, from 0.
    pub index: usize,
    /// Where it starts, as the plan says it: an amount, units, sales or percent of growth.
    #[schema(value_type = String, example = "50000")]
    pub from: Decimal,
}

/// The way to the next band.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = NextBand)]
pub struct Next {
    /// The total at which it is reached: revenue (of growth too), units or sales.
    #[schema(value_type = String, example = "100000")]
    pub at: Decimal,
    /// What is missing.
    #[schema(value_type = String, example = "37500")]
    pub missing: Decimal,
    /// What reaching it adds at once, with sales as they were so far: what the total is then worth with the band, less
    /// what it would be worth without.
    #[schema(value_type = String, example = "1000")]
    pub gain: Decimal,
}

/// A part of what a period earned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = PeriodEarnedStep)]
pub struct EarnedStep {
    /// The band, by its place in the plan; none for what the sales earned by themselves.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub band: Option<usize>,
    /// Where the part starts, in units of the measure (growth: above the baseline).
    #[schema(value_type = String)]
    pub from: Decimal,
    /// How much of the measure it is for.
    #[schema(value_type = String)]
    pub portion: Decimal,
    /// What it gives.
    #[schema(value_type = String)]
    pub amount: Decimal,
}

/// A total that bands are over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Over {
    Revenue,
    Units,
    Sales,
    /// Growth: rows are in percent of the baseline, the revenue above it is what is measured.
    Growth,
}

impl From<Measure> for Over {
    fn from(measure: Measure) -> Self {
        match measure {
            Measure::Revenue => Self::Revenue,
            Measure::Units => Self::Units,
            Measure::Sales => Self::Sales,
        }
    }
}

impl From<RebateMeasure> for Over {
    fn from(measure: RebateMeasure) -> Self {
        match measure {
            RebateMeasure::Revenue => Self::Revenue,
            RebateMeasure::Units => Self::Units,
            RebateMeasure::Growth => Self::Growth,
        }
    }
}

/// Bands of a plan over a total.
#[derive(Clone, Debug)]
pub(crate) struct Table {
    pub over: Over,
    pub mode: Mode,
    pub rows: Vec<Row>,
    /// Whether the bands change what the sales earned (an accelerator) or come on top of it.
    pub accelerates: bool,
}

/// A table for given totals: with amounts in place of percents of growth.
struct Placed {
    rows: Vec<Row>,
    measure: Decimal,
    /// What lies below the measure's zero: the baseline.
    offset: Decimal,
    bases: Bases,
}

impl Table {
    fn placed(&self, totals: &Totals) -> Option<Placed> {
        let direct = if self.accelerates { totals.direct } else { Decimal::ZERO };
        let bases = Bases {
            direct,
            basis: totals.basis,
            units: totals.units,
        };
        let measure = match self.over {
            Over::Revenue => totals.basis,
            Over::Units => totals.units,
            Over::Sales => totals.sales,
            Over::Growth => return self.placed_growth(totals, bases),
        };
        Some(Placed {
            rows: self.rows.clone(),
            measure: measure.max(Decimal::ZERO),
            offset: Decimal::ZERO,
            bases,
        })
    }

    fn placed_growth(&self, totals: &Totals, bases: Bases) -> Option<Placed> {
        let offset = totals.baseline.filter(|baseline| *baseline > Decimal::ZERO)?;
        let percent = offset * Decimal::new(1, 2);
        let rows = self.rows.iter().map(|row| Row {
            from: row.from.saturating_mul(percent),
            reward: row.reward,
        });
        let measure = totals.basis.saturating_sub(offset).max(Decimal::ZERO);
        Some(Placed {
            rows: rows.collect(),
            measure,
            offset,
            bases: Bases {
                basis: measure,
                ..bases
            },
        })
    }

    /// The bases at another total, with sales as they were so far.
    fn bases_at(&self, placed: &Placed, at: Decimal) -> Bases {
        let scaled = |value: Decimal, measured: bool| {
            if measured {
                at
            } else {
                portion_of_total(value, at, placed.measure)
            }
        };
        Bases {
            direct: scaled(placed.bases.direct, false),
            basis: scaled(placed.bases.basis, matches!(self.over, Over::Revenue | Over::Growth)),
            units: scaled(placed.bases.units, self.over == Over::Units),
        }
    }

    fn next(&self, placed: &Placed, limited: impl Fn(Decimal) -> Decimal) -> Option<Next> {
        let count = reached(&placed.rows, placed.measure);
        let at = placed.rows.get(count)?.from;
        let bases = self.bases_at(placed, at);
        let worth_of = |rows: &[Row]| limited(worth(rows, self.mode, at, bases).amount);
        let without = worth_of(placed.rows.get(..count)?);
        let with = worth_of(placed.rows.get(..=count)?);
        Some(Next {
            at: at.saturating_add(placed.offset),
            missing: at.saturating_sub(placed.measure),
            gain: settled(with.saturating_sub(without)),
        })
    }
}

impl Plan {
    /// What the totals of a payee's period are worth, not rounded to the minor unit; and the way to the next band.
    /// Figures that no decimal holds end at the largest one.
    #[must_use]
    pub fn earned(&self, totals: &Totals) -> Earned {
        let cap = self.period_cap();
        let limited = |amount: Decimal| cap.map_or(amount, |cap| amount.min(cap));
        let Some(table) = self.table() else {
            return Earned {
                amount: limited(totals.direct),
                measure: None,
                band: None,
                next: None,
                capped: limited(totals.direct) < totals.direct,
                steps: vec![],
            };
        };
        let on_top = if table.accelerates {
            Decimal::ZERO
        } else {
            totals.direct
        };
        let Some(placed) = table.placed(totals) else {
            // Growth without anything to measure it against.
            return Earned {
                amount: limited(on_top),
                measure: Some(totals.basis),
                band: None,
                next: None,
                capped: limited(on_top) < on_top,
                steps: vec![],
            };
        };
        let found = worth(&placed.rows, table.mode, placed.measure, placed.bases);
        let amount = settled(on_top.saturating_add(found.amount));
        let band = reached(&placed.rows, placed.measure).checked_sub(1);
        Earned {
            amount: limited(amount),
            measure: Some(match table.over {
                Over::Growth => totals.basis,
                _ => placed.measure,
            }),
            band: band.and_then(|index| table.rows.get(index).map(|row| Band { index, from: row.from })),
            next: table.next(&placed, |worth| limited(on_top.saturating_add(worth))),
            capped: limited(amount) < amount,
            steps: found.steps,
        }
    }

    /// What the fiscal year is worth by the annual table beyond what its periods earned; never below 0, and 0 for a
    /// plan without such a table. Not rounded to the minor unit.
    #[must_use]
    pub fn true_up(&self, year: &Totals, earned_in_periods: Decimal) -> Decimal {
        let Some(placed) = self.year_table().and_then(|table| Some((table, table.placed(year)?))) else {
            return Decimal::ZERO;
        };
        let (table, placed) = placed;
        let worth = worth(&placed.rows, table.mode, placed.measure, placed.bases).amount;
        settled(worth.saturating_sub(earned_in_periods)).max(Decimal::ZERO)
    }
}
