//! What every type of plan has.

use std::collections::BTreeMap;

use guildhall_kernel::Currency;
use rust_decimal::Decimal;

use super::{Context, bounds};
use crate::{
    Cap, CommonSpec, Eligible, Every, Exact, Fault, Floor, PayeeKind, PeriodSpec, PlanKind, PlanSpec, PlanTerms, Rate,
    Role, Trigger, read::Fields,
};

pub(super) fn read(fields: &mut Fields<'_>, faults: &mut Vec<Fault>) -> Option<CommonSpec> {
    let before = faults.len();
    let trigger: Option<Trigger> = fields.required("trigger", faults);
    let currency = currency(fields, faults);
    let period: PeriodSpec = fields.optional("period", faults).unwrap_or_default();
    let hold_days: u32 = fields.optional("hold_days", faults).unwrap_or_default();
    let (roles, split) = roles(fields, faults);
    let payee: PayeeKind = fields.optional("payee", faults).unwrap_or_default();
    let eligible: Eligible = fields.optional("eligible", faults).unwrap_or_default();
    let expires_after_months: Option<u32> = fields.optional("expires_after_months", faults);
    let budget: Option<Exact> = fields.optional("budget", faults);
    let cap: Cap = fields.optional("cap", faults).unwrap_or_default();
    let floor: Floor = fields.optional("floor", faults).unwrap_or_default();
    bounds::number(period.fiscal_year_start, 1, 12, "/period/fiscal_year_start", faults);
    bounds::number(hold_days, 0, 365, "/hold_days", faults);
    bounds::number(
        expires_after_months.unwrap_or_default(),
        0,
        1200,
        "/expires_after_months",
        faults,
    );
    bounds::countries(&eligible.countries, "/eligible/countries", faults);
    let spec = CommonSpec {
        trigger: trigger?,
        currency,
        period,
        hold_days,
        roles,
        split,
        payee,
        eligible,
        expires_after_months,
        budget,
        cap,
        floor,
    };
    (faults.len() == before).then_some(spec)
}

fn currency(fields: &mut Fields<'_>, faults: &mut Vec<Fault>) -> Option<Currency> {
    let code: String = fields.optional("currency", faults)?;
    let currency = Currency::from_code(&code);
    if currency.is_none() {
        let message = format!("{code:?} is no currency: use a code of ISO 4217 such as EUR");
        faults.push(Fault::new("/currency", "unknown_currency", message));
    }
    currency
}

fn roles(fields: &mut Fields<'_>, faults: &mut Vec<Fault>) -> (Vec<Role>, BTreeMap<Role, Exact>) {
    let before = faults.len();
    let roles: Option<Vec<Role>> = fields.optional("roles", faults);
    let split: BTreeMap<Role, Exact> = fields.optional("split", faults).unwrap_or_default();
    let roles = roles.unwrap_or_else(|| match split.is_empty() {
        true => vec![Role::Sourced],
        false => split.keys().copied().collect(),
    });
    if faults.len() > before {
        return (roles, split);
    }
    if roles.is_empty() {
        faults.push(Fault::new(
            "/roles",
            "roles_needed",
            "name at least one role, or leave it out: sourced",
        ));
    }
    for (place, role) in roles.iter().enumerate() {
        let pointer = || format!("/roles/{place}");
        if roles.iter().take(place).any(|known| known == role) {
            faults.push(Fault::new(pointer(), "duplicate_role", "is named twice"));
        } else if !split.contains_key(role) && (roles.len() > 1 || !split.is_empty()) {
            faults.push(Fault::new(
                pointer(),
                "split_needed",
                "say in split what percent goes to the role",
            ));
        }
    }
    for (role, part) in &split {
        let pointer = format!("/split/{}", name(*role));
        bounds::percent(*part, &pointer, faults);
        if !roles.contains(role) {
            faults.push(Fault::new(
                pointer,
                "role_not_earning",
                "add the role to roles, or leave it out here",
            ));
        }
    }
    let sum = split
        .values()
        .fold(Decimal::ZERO, |sum, part| sum.saturating_add(part.0));
    if sum > Decimal::ONE_HUNDRED {
        let message = format!("the parts are {sum} percent together; at most 100");
        faults.push(Fault::new("/split", "split_over_100", message));
    }
    (roles, split)
}

const fn name(role: Role) -> &'static str {
    match role {
        Role::Sourced => "sourced",
        Role::Influenced => "influenced",
        Role::Fulfilled => "fulfilled",
        Role::Serviced => "serviced",
        Role::Distributed => "distributed",
    }
}

/// What depends on the common part and the type together.
pub(super) fn check(spec: &PlanSpec, context: Context, faults: &mut Vec<Fault>) {
    let common = &spec.common;
    let amounts = [
        (common.budget, "/budget"),
        (common.cap.per_sale, "/cap/per_sale"),
        (common.cap.per_period, "/cap/per_period"),
        (common.floor.per_sale, "/floor/per_sale"),
    ];
    for (amount, pointer) in amounts {
        if let Some(amount) = amount {
            bounds::amount(amount, common.currency, pointer, faults);
        }
    }
    if let (Some(floor), Some(cap)) = (common.floor.per_sale, common.cap.per_sale)
        && floor > cap
    {
        faults.push(Fault::new(
            "/floor/per_sale",
            "floor_over_cap",
            "must not be above cap/per_sale",
        ));
    }
    let by_sale = matches!(context.kind, PlanKind::Commission | PlanKind::Spiff);
    for (limit, pointer) in [
        (common.cap.per_sale, "/cap/per_sale"),
        (common.floor.per_sale, "/floor/per_sale"),
    ] {
        if limit.is_some() && !by_sale {
            let message = "single sales earn nothing under this type of plan; limit the period";
            faults.push(Fault::new(pointer, "not_for_this_type", message));
        }
    }
    let contest = matches!(&spec.terms, PlanTerms::Bonus(bonus) if bonus.contest.is_some());
    if contest && common.cap.per_period.is_some() {
        let message = "prizes are fixed amounts; leave the cap out";
        faults.push(Fault::new("/cap/per_period", "not_for_this_type", message));
    }
    let true_up = matches!(&spec.terms, PlanTerms::Rebate(rebate) if rebate.annual_true_up.is_some());
    if (contest || true_up) && common.budget.is_some() {
        let message = "prizes and true-ups are paid whatever a budget has left; leave it out";
        faults.push(Fault::new("/budget", "not_for_this_type", message));
    }
    check_currency(spec, faults);
    check_trigger(context, faults);
    check_period(spec, faults);
}

fn check_currency(spec: &PlanSpec, faults: &mut Vec<Fault>) {
    let common = &spec.common;
    let limited = common.budget.is_some() || common.cap != Cap::default() || common.floor != Floor::default();
    let of_any_currency = match &spec.terms {
        PlanTerms::Commission(commission) => {
            let relative = |rate: &Rate| matches!(rate, Rate::Percent(_) | Rate::MarginPercent(_));
            commission.accelerator.is_none() && commission.rules.iter().all(|rule| relative(&rule.rate))
        }
        _ => false,
    };
    if common.currency.is_none() && (limited || !of_any_currency) {
        let message = "name one: only commissions of percentages, without accelerator and limits, do without";
        faults.push(Fault::new("/currency", "currency_needed", message));
    }
}

fn check_trigger(context: Context, faults: &mut Vec<Fault>) {
    let activity = context.trigger == Trigger::Activity;
    if activity && matches!(context.kind, PlanKind::Commission | PlanKind::Rebate) {
        let message = "activities have no amount; use a spiff or a bonus";
        faults.push(Fault::new("/trigger", "trigger_mismatch", message));
    }
}

fn check_period(spec: &PlanSpec, faults: &mut Vec<Fault>) {
    let PlanTerms::Rebate(rebate) = &spec.terms else {
        return;
    };
    let every = spec.common.period.every;
    if every == Every::Plan && rebate.measure == crate::RebateMeasure::Growth {
        let message = "growth is measured against a period before: use month, quarter or year";
        faults.push(Fault::new("/period/every", "no_baseline", message));
    }
    if rebate.annual_true_up.is_some() && matches!(every, Every::Year | Every::Plan) {
        let message = "a year is made up of months or quarters";
        faults.push(Fault::new("/annual_true_up", "period_too_long", message));
    }
}
