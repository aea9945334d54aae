//! The difference between what should have been earned by now and what was posted. Pure: what is known comes in, what is
//! to be written goes out.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use guildhall_kernel::{Currency, EarningId, Money, PlanId, PlanVersionId, SaleId};
use guildhall_plans::{Contribution, Earned, Explanation, Payee, Period, Totals};
use rust_decimal::Decimal;

use super::book::Version;

/// A payee's part of a sale under a version.
pub(super) type AccrualKey = (PlanVersionId, SaleId, Payee);
/// A payee's period under a version, by its first day.
pub(super) type ProgressKey = (PlanVersionId, chrono::NaiveDate, Payee);

/// What a sale has contributed for a payee so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Accrual {
    pub(super) direct: Decimal,
    pub(super) basis: Decimal,
    pub(super) units: Decimal,
    pub(super) sales: Decimal,
    /// The sum of the lines that it has brought.
    pub(super) earned: Decimal,
    /// The first of them.
    pub(super) root: Option<EarningId>,
}

/// A payee's totals of a period so far.
#[derive(Clone, Copy, Debug)]
pub(super) struct Progress {
    pub(super) period: Period,
    pub(super) currency: Currency,
    pub(super) totals: Totals,
    /// The sum of the lines that it has brought.
    pub(super) earned: Decimal,
    /// The first of them.
    pub(super) root: Option<EarningId>,
}

/// What of a plan's budget and of its first sales is used up, under all of its versions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Use {
    pub(super) spent: Decimal,
    pub(super) sales: u32,
}

/// Everything that was known before, and what has become of it.
#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) accruals: HashMap<AccrualKey, Accrual>,
    /// Who has a part in a sale under a version so far.
    pub(super) payees: HashMap<(PlanVersionId, SaleId), BTreeSet<Payee>>,
    pub(super) progress: HashMap<ProgressKey, Progress>,
    pub(super) uses: HashMap<PlanId, Use>,
    /// The keys of what has changed.
    pub(super) touched: Touched,
}

/// What has changed.
#[derive(Debug, Default)]
pub(super) struct Touched {
    pub(super) accruals: BTreeSet<AccrualKey>,
    pub(super) progress: BTreeSet<ProgressKey>,
    pub(super) uses: BTreeSet<PlanId>,
}

/// A line to be posted.
#[derive(Clone, Debug)]
pub(super) struct Line {
    pub(super) payee: Payee,
    pub(super) amount: Decimal,
    pub(super) currency: Currency,
    /// The line that it corrects.
    pub(super) root: Option<EarningId>,
    /// What was posted for the sale and payee before, and what has been after.
    pub(super) before: Decimal,
    pub(super) why: Why,
}

/// What a line is explained by.
#[derive(Clone, Debug)]
pub(super) struct Why {
    pub(super) contribution: Option<Explanation>,
    /// The totals of the period and what they are worth, where they decide.
    pub(super) period: Option<(Period, Totals, Earned)>,
    /// What the budget kept from it.
    pub(super) beyond_budget: Option<Decimal>,
    /// Whether it came after the last sale that earns.
    pub(super) too_late: bool,
}

/// A sale under a version, with what it should contribute now.
#[derive(Debug)]
pub(super) struct Case<'a> {
    pub(super) version: &'a Version,
    pub(super) sale: SaleId,
    pub(super) currency: Currency,
    pub(super) period: Period,
    pub(super) contributions: Vec<Contribution>,
}

/// The largest amount, and total of a period, that is computed with. The ledger's columns hold ten times as much.
const LARGEST: Decimal = Decimal::from_parts(2_764_472_320, 232_830, 0, false, 0);

/// Whether everything that a case adds up stays within what can be computed with.
pub(super) fn fits(state: &State, case: &Case<'_>) -> bool {
    let small = |amount: Decimal| amount.abs() <= LARGEST;
    case.contributions.iter().all(|one| {
        if ![one.direct, one.basis, one.units, one.sales].into_iter().all(small) {
            return false;
        }
        if !case.version.plan.needs_progress() {
            return true;
        }
        let key = (case.version.id, case.period.start, one.payee);
        let mut totals = state.progress.get(&key).map(|known| known.totals).unwrap_or_default();
        totals.direct += one.direct;
        totals.basis += one.basis;
        totals.units += one.units;
        totals.sales += one.sales;
        let sums = [totals.direct, totals.basis, totals.units, totals.sales];
        sums.into_iter().all(small) && small(case.version.plan.earned(&totals).amount)
    })
}

/// Takes a case that [`fits`] into the state; returns the lines that are missing.
pub(super) fn fold(state: &mut State, case: Case<'_>) -> Vec<Line> {
    let Case {
        version,
        sale,
        currency,
        period,
        contributions,
    } = case;
    let mut wanted: BTreeMap<Payee, Contribution> = contributions.into_iter().map(|one| (one.payee, one)).collect();
    let known = state.payees_of(version.id, sale);
    let too_late = is_too_late(state, version, &mut wanted, &known);
    let payees: BTreeSet<Payee> = wanted.keys().copied().chain(known).collect();
    let mut lines = Vec::new();
    for payee in payees {
        let contribution = wanted.remove(&payee);
        let part = Part {
            version,
            sale,
            currency,
            period,
            payee,
        };
        let line = part.fold(state, contribution);
        lines.extend(line.map(|mut line| {
            line.why.too_late = too_late;
            line
        }));
    }
    lines
}

/// Whether the version has had its first sales; then this one contributes nothing. A sale that was among them stays so.
fn is_too_late(
    state: &mut State,
    version: &Version,
    wanted: &mut BTreeMap<Payee, Contribution>,
    known: &BTreeSet<Payee>,
) -> bool {
    let Some(most) = version.plan.first_n() else {
        return false;
    };
    if wanted.is_empty() {
        return false;
    }
    if !known.is_empty() {
        return false;
    }
    let used = state.uses.entry(version.plan_id).or_default();
    if used.sales >= most {
        wanted.clear();
        return true;
    }
    used.sales += 1;
    state.touched.uses.insert(version.plan_id);
    false
}

impl State {
    /// Notes what a sale has contributed for a payee.
    pub(super) fn put(&mut self, key: AccrualKey, accrual: Accrual) {
        self.accruals.insert(key, accrual);
        self.payees.entry((key.0, key.1)).or_default().insert(key.2);
    }

    /// Who has a part in the sale under the version so far.
    pub(super) fn payees_of(&self, version: PlanVersionId, sale: SaleId) -> BTreeSet<Payee> {
        self.payees.get(&(version, sale)).cloned().unwrap_or_default()
    }
}

struct Part<'a> {
    version: &'a Version,
    sale: SaleId,
    currency: Currency,
    period: Period,
    payee: Payee,
}

impl Part<'_> {
    fn fold(&self, state: &mut State, contribution: Option<Contribution>) -> Option<Line> {
        let key = (self.version.id, self.sale, self.payee);
        let old = state.accruals.get(&key).copied().unwrap_or_default();
        let new = contribution.as_ref().map_or_else(Accrual::default, |one| Accrual {
            direct: one.direct,
            basis: one.basis,
            units: one.units,
            sales: one.sales,
            ..Accrual::default()
        });
        let (due, period) = if self.version.plan.needs_progress() {
            let (due, why) = self.by_period(state, &old, &new);
            (due, Some(why))
        } else {
            (new.direct - old.earned, None)
        };
        let (granted, beyond_budget) = self.within_budget(state, due);
        let accrual = Accrual {
            earned: old.earned + granted,
            root: old.root,
            ..new
        };
        if accrual != old || !state.accruals.contains_key(&key) {
            state.put(key, accrual);
            state.touched.accruals.insert(key);
        }
        let mut root = old.root;
        if self.version.plan.needs_progress()
            && let Some(progress) = state
                .progress
                .get_mut(&(self.version.id, self.period.start, self.payee))
        {
            progress.earned += granted;
            root = root.or(if granted < Decimal::ZERO { progress.root } else { None });
        }
        (!granted.is_zero()).then(|| Line {
            payee: self.payee,
            amount: granted,
            currency: self.currency,
            root,
            before: old.earned,
            why: Why {
                contribution: contribution.map(|one| one.explanation),
                period,
                beyond_budget,
                too_late: false,
            },
        })
    }

    /// Brings the totals of the period up to date; returns what is due of their worth.
    fn by_period(&self, state: &mut State, old: &Accrual, new: &Accrual) -> (Decimal, (Period, Totals, Earned)) {
        let key = (self.version.id, self.period.start, self.payee);
        let progress = state.progress.entry(key).or_insert_with(|| Progress {
            period: self.period,
            currency: self.currency,
            totals: Totals::default(),
            earned: Decimal::ZERO,
            root: None,
        });
        let totals = &mut progress.totals;
        totals.direct += new.direct - old.direct;
        totals.basis += new.basis - old.basis;
        totals.units += new.units - old.units;
        totals.sales += new.sales - old.sales;
        state.touched.progress.insert(key);
        let earned = self.version.plan.earned(totals);
        let due = Money::new(earned.amount, self.currency).rounded().amount - progress.earned;
        (due, (self.period, *totals, earned))
    }

    /// What of `due` the budget still has, and what it hasn't. What is taken back goes into the budget again.
    fn within_budget(&self, state: &mut State, due: Decimal) -> (Decimal, Option<Decimal>) {
        let Some(budget) = self.version.plan.budget() else {
            return (due, None);
        };
        let used = state.uses.entry(self.version.plan_id).or_default();
        let left = (budget - used.spent).max(Decimal::ZERO);
        let granted = due.min(left);
        if !granted.is_zero() {
            used.spent += granted;
            state.touched.uses.insert(self.version.plan_id);
        }
        (granted, (granted < due).then(|| due - granted))
    }
}
