//! Settling sales: everything that they should have earned by now is posted.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
};

use chrono::NaiveDate;
use guildhall_kernel::{Currency, OrgId, PlanId, PlanVersionId, ProgramId, SaleId};
use guildhall_plans::{CalcFault, Contribution, Totals, Trigger};
use guildhall_sell::api::Rates;
use guildhall_spine::{db::Tx, http::Problem};
use rust_decimal::Decimal;
use sqlx::PgConnection;
use uuid::Uuid;

use super::baseline;
use super::book::{self, Version};
use super::facts::{self, SaleFacts};
use super::fold::{Case, Progress, ProgressKey, State, fits, fold};
use super::write::{self, Posted};
use crate::earnings::Cause;
use crate::ledger;

/// A sale to be settled, and what made it so.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Work {
    pub(crate) sale: SaleId,
    pub(crate) cause: Cause,
    /// The event of the log, or the run.
    pub(crate) source: Uuid,
}

/// Why a sale couldn't be valued under a version.
#[derive(Clone, Debug)]
pub(super) struct Unvalued {
    pub(super) vendor: OrgId,
    pub(super) sale: SaleId,
    pub(super) version: PlanVersionId,
    pub(super) code: &'static str,
    pub(super) detail: String,
}

impl Unvalued {
    fn of(sale: &SaleFacts, version: &Version, (code, detail): (&'static str, String)) -> Self {
        Self {
            vendor: sale.vendor,
            sale: sale.id,
            version: version.id,
            code,
            detail,
        }
    }

    /// What can't be computed with, and wouldn't fit into the ledger.
    pub(super) fn beyond(sale: &SaleFacts, version: &Version) -> Self {
        let detail = "an amount or a total of the period exceeds 10^15: correct the sale, or the rates of the plan";
        Self::of(sale, version, ("out_of_range", detail.to_owned()))
    }
}

/// The version of each plan that a sale has earned under.
pub(super) type Kept = HashMap<(SaleId, PlanId), PlanVersionId>;

/// A sale stays with the version that it has earned under, whatever is published for its day later.
fn kept(state: &State, versions: &[Arc<Version>]) -> Kept {
    let plans: HashMap<PlanVersionId, PlanId> = versions.iter().map(|one| (one.id, one.plan_id)).collect();
    let sales = state.payees.keys();
    sales
        .filter_map(|(version, sale)| Some(((*sale, *plans.get(version)?), *version)))
        .collect()
}

/// A sale valued under a version.
#[derive(Debug)]
pub(super) struct Valued {
    pub(super) work: usize,
    pub(super) version: Arc<Version>,
    pub(super) currency: Currency,
    pub(super) rate: Decimal,
    pub(super) on: NaiveDate,
    pub(super) contributions: Vec<Contribution>,
}

/// Posts what the sales of `work` have earned and isn't posted yet, as part of `tx`. Running it twice posts nothing the
/// second time. A sale that can't be valued under a plan is set aside with the reason and holds nothing else up.
///
/// # Errors
/// When the database fails.
pub(crate) async fn settle(tx: &mut Tx, work: &[Work]) -> Result<Vec<Posted>, Problem> {
    let ids: Vec<SaleId> = work.iter().map(|one| one.sale).collect();
    let vendors = facts::vendors(tx, &ids).await?;
    let versions = book::published(tx, &vendors.iter().copied().collect::<Vec<_>>()).await?;
    if versions.is_empty() {
        return Ok(Vec::new());
    }
    ledger::lock(tx, &vendors).await?;
    // Read under the lock: what another transaction takes back meanwhile comes with an event of its own.
    let sales = facts::load(tx, &ids).await?;
    let rates = rates(tx, &sales, &versions).await?;
    let mut state = State::default();
    state.load_accruals(tx, &ids).await?;
    let (valued, mut unvalued) = value(&sales, &versions, &rates, &kept(&state, &versions));
    load_periods(tx, &mut state, &sales, &valued).await?;
    let limited: BTreeSet<PlanId> = valued
        .iter()
        .filter(|one| one.version.plan.budget().is_some() || one.version.plan.first_n().is_some())
        .map(|one| one.version.plan_id)
        .collect();
    state.load_uses(tx, &limited.into_iter().collect::<Vec<_>>()).await?;
    let mut posted = Vec::new();
    for one in valued {
        let Some((sale, work)) = sales.get(one.work).zip(work.get(one.work)) else {
            continue;
        };
        let case = Case {
            version: &one.version,
            sale: sale.id,
            currency: one.currency,
            period: one.version.plan.period(one.on),
            contributions: one.contributions,
        };
        if !fits(&state, &case) {
            unvalued.push(Unvalued::beyond(sale, &one.version));
            continue;
        }
        for line in fold(&mut state, case) {
            posted.push(Posted::new(
                tx,
                &one.version,
                sale,
                work,
                one.rate,
                one.on,
                line,
                &mut state,
            ));
        }
    }
    write::write(tx, &state, &mut posted).await?;
    write::set_aside(tx, &sales, &unvalued).await?;
    Ok(posted)
}

/// The rates by which the sales come into the currencies of the plans.
pub(super) async fn rates(
    tx: &mut PgConnection,
    sales: &[SaleFacts],
    versions: &[Arc<Version>],
) -> Result<HashMap<OrgId, Rates>, Problem> {
    let mut wanted: HashMap<OrgId, BTreeSet<(String, NaiveDate)>> = HashMap::new();
    for sale in sales {
        for version in versions.iter().filter(|version| version.vendor == sale.vendor) {
            let Some(currency) = version.plan.currency().filter(|currency| *currency != sale.currency()) else {
                continue;
            };
            let of = wanted.entry(sale.vendor).or_default();
            of.extend([currency, sale.currency()].map(|one| (one.code().to_owned(), sale.sold_on)));
        }
    }
    let mut rates = HashMap::new();
    for (vendor, wanted) in wanted {
        rates.insert(vendor, Rates::load(&mut *tx, Some(vendor), &wanted).await?);
    }
    Ok(rates)
}

/// The most that is evaluated for a sale under a plan: rules times lines times parties. The ledger waits meanwhile.
const MOST_EVALUATED: usize = 200_000;

/// What each sale contributes under each version that it is under: the one that it has earned under, or else the one that
/// covers the day that the plan goes by.
pub(super) fn value(
    sales: &[SaleFacts],
    versions: &[Arc<Version>],
    rates: &HashMap<OrgId, Rates>,
    kept: &Kept,
) -> (Vec<Valued>, Vec<Unvalued>) {
    let (mut valued, mut unvalued) = (Vec::new(), Vec::new());
    for (work, sale) in sales.iter().enumerate() {
        let mut views = Views::of(sale);
        for version in versions.iter().filter(|version| version.vendor == sale.vendor) {
            if version.plan.needs_proof() && !sale.is_claimed_under(version.plan_id) {
                continue;
            }
            let Some(seen) = views.seen(version) else {
                continue;
            };
            let is_under = match kept.get(&(sale.id, version.plan_id)) {
                Some(earned_under) => *earned_under == version.id,
                None => version.covers(seen.on),
            };
            if !is_under {
                continue;
            }
            let currency = version.plan.currency().unwrap_or_else(|| sale.currency());
            let found = bounded(seen, version).and_then(|()| rate(sale, currency, rates.get(&sale.vendor)));
            let found = found.and_then(|rate| {
                let contributions = version.plan.contributions(seen, rate).map_err(|fault| told(&fault))?;
                Ok((rate, contributions))
            });
            match found {
                Ok((rate, contributions)) => valued.push(Valued {
                    work,
                    version: Arc::clone(version),
                    currency,
                    rate,
                    on: seen.on,
                    contributions,
                }),
                Err(fault) => unvalued.push(Unvalued::of(sale, version, fault)),
            }
        }
    }
    (valued, unvalued)
}

fn bounded(sale: &guildhall_plans::Sale, version: &Version) -> Result<(), (&'static str, String)> {
    let rules = version.plan.rule_count();
    let work = rules
        .saturating_mul(sale.lines.len().max(1))
        .saturating_mul(sale.parties.len());
    if work <= MOST_EVALUATED {
        return Ok(());
    }
    let detail = format!(
        "{rules} rules for {} lines and {} parties are more than {MOST_EVALUATED} evaluations: split the sale",
        sale.lines.len(),
        sale.parties.len()
    );
    Err(("too_large", detail))
}

/// A sale as plans of one trigger and program see it.
struct View {
    of: (Trigger, Option<ProgramId>),
    seen: Option<guildhall_plans::Sale>,
}

/// A sale as plans of each trigger and program see it, made once for all of them.
struct Views<'a> {
    sale: &'a SaleFacts,
    made: Vec<View>,
}

impl<'a> Views<'a> {
    const fn of(sale: &'a SaleFacts) -> Self {
        Self { sale, made: Vec::new() }
    }

    fn seen(&mut self, version: &Version) -> Option<&guildhall_plans::Sale> {
        let of = (version.plan.trigger(), version.program);
        let place = match self.made.iter().position(|made| made.of == of) {
            Some(place) => place,
            None => {
                let seen = self.sale.seen(of.0, of.1);
                self.made.push(View { of, seen });
                self.made.len() - 1
            }
        };
        self.made.get(place).and_then(|made| made.seen.as_ref())
    }
}

fn told(fault: &CalcFault) -> (&'static str, String) {
    (fault.code(), fault.to_string())
}

/// How many units of `currency` one unit of the sale's is worth on its day.
pub(super) fn rate(
    sale: &SaleFacts,
    currency: Currency,
    rates: Option<&Rates>,
) -> Result<Decimal, (&'static str, String)> {
    let (from, day) = (sale.currency().code(), sale.sold_on);
    if currency == sale.currency() {
        return Ok(Decimal::ONE);
    }
    let found = rates.and_then(|rates| rates.convert(Decimal::ONE, from, currency, day));
    found.ok_or_else(|| {
        let to = currency.code();
        let detail = format!("there is no exchange rate from {from} to {to} on or before {day}: set one with PUT /api/v1/exchange-rates, then compute anew");
        ("missing_rate", detail)
    })
}

/// The totals of the periods that the sales are in, with what growth is measured against.
async fn load_periods(tx: &mut Tx, state: &mut State, sales: &[SaleFacts], valued: &[Valued]) -> Result<(), Problem> {
    let mut keys: BTreeMap<ProgressKey, &Valued> = BTreeMap::new();
    for one in valued.iter().filter(|one| one.version.plan.needs_progress()) {
        let start = one.version.plan.period(one.on).start;
        let known = sales.get(one.work).map(|sale| state.payees_of(one.version.id, sale.id));
        let contributed = one.contributions.iter().map(|contribution| contribution.payee);
        for payee in contributed.chain(known.unwrap_or_default()) {
            keys.insert((one.version.id, start, payee), one);
        }
    }
    state.load_progress(tx, &keys.keys().copied().collect()).await?;
    for (key, one) in keys {
        let period = one.version.plan.period(one.on);
        let Some(before) = one.version.plan.baseline_period(&period) else {
            continue;
        };
        if state
            .progress
            .get(&key)
            .is_some_and(|known| known.totals.baseline.is_some())
        {
            continue;
        }
        let baseline = baseline::of(tx, &one.version, key.2, before).await?;
        let progress = state.progress.entry(key).or_insert_with(|| Progress {
            period,
            currency: one.currency,
            totals: Totals::default(),
            earned: Decimal::ZERO,
            root: None,
        });
        progress.totals.baseline = Some(baseline);
    }
    Ok(())
}
