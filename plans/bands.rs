//! Bands over a total of a period: marginal (each part of the total by its own band) or retroactive (all by the highest
//! band that is reached).

use rust_decimal::Decimal;

use crate::{
    EarnedStep, Mode,
    arithmetic::portion_of_total,
    spec::{AcceleratorReward, RebateReward},
};

/// What a band gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reward {
    /// So many times what the sales earned by themselves.
    Factor(Decimal),
    /// A percent of the revenue.
    Percent(Decimal),
    /// An amount for each unit.
    PerUnit(Decimal),
    /// An amount, once.
    Flat(Decimal),
}

impl From<AcceleratorReward> for Reward {
    fn from(reward: AcceleratorReward) -> Self {
        match reward {
            AcceleratorReward::Factor(factor) => Self::Factor(factor.0),
            AcceleratorReward::Percent(percent) => Self::Percent(percent.0),
        }
    }
}

impl From<RebateReward> for Reward {
    fn from(reward: RebateReward) -> Self {
        match reward {
            RebateReward::Percent(percent) => Self::Percent(percent.0),
            RebateReward::PerUnit(amount) => Self::PerUnit(amount.0),
            RebateReward::Flat(amount) => Self::Flat(amount.0),
        }
    }
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Row {
    pub from: Decimal,
    pub reward: Reward,
}

/// What rewards are taken of.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Bases {
    pub direct: Decimal,
    pub basis: Decimal,
    pub units: Decimal,
}

/// The worth of bands at a total.
#[derive(Debug, Default)]
pub(crate) struct Worth {
    pub amount: Decimal,
    pub steps: Vec<EarnedStep>,
}

impl Worth {
    fn add(&mut self, band: Option<usize>, from: Decimal, portion: Decimal, amount: Decimal) {
        self.amount = self.amount.saturating_add(amount);
        self.steps.push(EarnedStep {
            band,
            from,
            portion,
            amount,
        });
    }
}

/// How many of the rising rows are reached.
pub(crate) fn reached(rows: &[Row], measure: Decimal) -> usize {
    rows.partition_point(|row| row.from <= measure)
}

/// What the rows are worth at the measure. Below the first the sales' own earnings count once.
pub(crate) fn worth(rows: &[Row], mode: Mode, measure: Decimal, bases: Bases) -> Worth {
    let highest = reached(rows, measure);
    let mut worth = Worth::default();
    if mode == Mode::Retroactive || measure.is_zero() {
        match highest
            .checked_sub(1)
            .and_then(|top| rows.get(top).map(|row| (top, row)))
        {
            Some((top, row)) => worth.add(Some(top), row.from, measure, row.reward.of(measure, measure, bases)),
            None => worth.add(None, Decimal::ZERO, measure, bases.direct),
        }
        return worth;
    }
    let first = rows.first().map_or(measure, |row| row.from.min(measure));
    if !first.is_zero() {
        let amount = portion_of_total(bases.direct, first, measure);
        worth.add(None, Decimal::ZERO, first, amount);
    }
    for (place, row) in rows.iter().take(highest).enumerate() {
        let end = rows.get(place + 1).map_or(measure, |next| next.from.min(measure));
        let portion = end - row.from;
        worth.add(Some(place), row.from, portion, row.reward.of(portion, measure, bases));
    }
    worth
}

impl Reward {
    /// What it gives for a portion of the measure.
    fn of(self, portion: Decimal, measure: Decimal, bases: Bases) -> Decimal {
        let part = |value: Decimal| portion_of_total(value, portion, measure);
        match self {
            Self::Factor(factor) => part(bases.direct).saturating_mul(factor),
            Self::Percent(percent) => part(bases.basis).saturating_mul(percent) * Decimal::new(1, 2),
            Self::PerUnit(amount) => part(bases.units).saturating_mul(amount),
            Self::Flat(amount) => amount,
        }
    }
}
