//! What each type of plan adds.

use serde_json::Value;

use super::{Context, bounds};
use crate::{
    Accelerator, AcceleratorBand, AcceleratorReward, AnnualTrueUp, BonusSpec, CommissionSpec, Contest, Exact, Fault,
    Goal, GoalBands, PlanKind, PlanTerms, Prize, Rate, RebateBand, RebateMeasure, RebateReward, RebateSpec, Rule,
    SpiffAmount, SpiffSpec, Trigger, When,
    read::{self, Fields},
};

pub(super) fn read(fields: &mut Fields<'_>, context: Context, faults: &mut Vec<Fault>) -> Option<PlanTerms> {
    match context.kind {
        PlanKind::Commission => commission(fields, context, faults).map(PlanTerms::Commission),
        PlanKind::Rebate => rebate(fields, context, faults).map(PlanTerms::Rebate),
        PlanKind::Spiff => spiff(fields, context, faults).map(PlanTerms::Spiff),
        PlanKind::Bonus => bonus(fields, context, faults).map(PlanTerms::Bonus),
    }
}

fn commission(fields: &mut Fields<'_>, context: Context, faults: &mut Vec<Fault>) -> Option<CommissionSpec> {
    if fields.value("rules").is_none() {
        faults.push(Fault::new("/rules", "missing", "is needed"));
    }
    let rules = fields.list("rules", faults, |value, pointer, faults| {
        read::read::<Rule>(value, pointer, faults)
    });
    if let Some(rules) = &rules {
        check_rules(rules, context, faults);
    }
    let accelerator = fields.value("accelerator").map(|value| accelerator(value, faults));
    Some(CommissionSpec {
        rules: rules?,
        accelerator: accelerator.map_or(Some(None), |read| read.map(Some))?,
    })
}

fn check_rules(rules: &[Rule], context: Context, faults: &mut Vec<Fault>) {
    bounds::length(rules.len(), 100, "rules", "/rules", faults);
    let always = rules.iter().position(|rule| rule.when.is_empty());
    for (place, rule) in rules.iter().enumerate() {
        let at = |field: &str| format!("/rules/{place}/{field}");
        let length = rule.name.trim().chars().count();
        if !(1..=100).contains(&length) {
            faults.push(Fault::new(at("name"), "name_length", "must have 1 to 100 characters"));
        }
        if rules.iter().take(place).any(|known| known.name == rule.name) {
            let message = "another rule has this name; explanations of earnings name the rule";
            faults.push(Fault::new(at("name"), "duplicate_name", message));
        }
        check_when(&rule.when, &format!("/rules/{place}"), context, faults);
        check_rate(&rule.rate, context, &at("rate"), faults);
        if always.is_some_and(|always| always < place) {
            let message = "a rule before applies to everything; move this one before it";
            faults.push(Fault::new(format!("/rules/{place}"), "unreachable_rule", message));
        }
    }
}

fn check_when(when: &When, parent: &str, context: Context, faults: &mut Vec<Fault>) {
    bounds::countries(&when.countries, &format!("{parent}/when/countries"), faults);
    let activity = context.trigger == Trigger::Activity;
    let conditions = [
        (!when.products.is_empty(), "products", !activity),
        (!when.skus.is_empty(), "skus", !activity),
        (!when.families.is_empty(), "families", !activity),
        (!when.activities.is_empty(), "activities", activity),
    ];
    for (given, name, fits) in conditions {
        if given && !fits {
            let message = "never holds for what the plan's trigger brings; leave it out or change the trigger";
            faults.push(Fault::new(
                format!("{parent}/when/{name}"),
                "condition_mismatch",
                message,
            ));
        }
    }
}

fn check_rate(rate: &Rate, context: Context, pointer: &str, faults: &mut Vec<Fault>) {
    match rate {
        Rate::Percent(percent) => bounds::percent(*percent, &format!("{pointer}/percent"), faults),
        Rate::MarginPercent(percent) => bounds::percent(*percent, &format!("{pointer}/margin_percent"), faults),
        Rate::Flat(amount) => bounds::amount(*amount, context.currency, &format!("{pointer}/flat"), faults),
        Rate::PerUnit(amount) => bounds::fine(*amount, &format!("{pointer}/per_unit"), faults),
        // Compiled, and thereby checked, once the plan is put together.
        Rate::Expression(_) => {}
    }
}

fn accelerator(value: &Value, faults: &mut Vec<Fault>) -> Option<Accelerator> {
    let mut fields = Fields::of(value, "/accelerator", faults)?;
    let measure = fields.required("measure", faults);
    let mode = fields.optional("mode", faults).unwrap_or_default();
    let bands = fields.list("bands", faults, accelerator_band);
    fields.finish(faults);
    let bands = bands.unwrap_or_default();
    check_froms(bands.iter().map(|band| band.from), "/accelerator/bands", faults);
    Some(Accelerator {
        measure: measure?,
        mode,
        bands,
    })
}

fn accelerator_band(value: &Value, pointer: &str, faults: &mut Vec<Fault>) -> Option<AcceleratorBand> {
    let mut fields = Fields::of(value, pointer, faults)?;
    let from = fields.required("from", faults);
    let reward = fields.one_of(&["factor", "percent"], faults);
    fields.finish(faults);
    let (name, figure) = reward?;
    let pointer = format!("{pointer}/{name}");
    let reward = if name == "factor" {
        bounds::factor(figure, &pointer, faults);
        AcceleratorReward::Factor(figure)
    } else {
        bounds::percent(figure, &pointer, faults);
        AcceleratorReward::Percent(figure)
    };
    Some(AcceleratorBand { from: from?, reward })
}

fn check_froms(froms: impl Iterator<Item = Exact>, pointer: &str, faults: &mut Vec<Fault>) {
    // A list that could not be read has faults already.
    let read = !faults.iter().any(|fault| fault.pointer.starts_with(pointer));
    let froms: Vec<Exact> = froms.collect();
    if read {
        bounds::rising(&froms, pointer, faults);
    }
}

fn rebate(fields: &mut Fields<'_>, context: Context, faults: &mut Vec<Fault>) -> Option<RebateSpec> {
    let measure: Option<RebateMeasure> = fields.required("measure", faults);
    let when: When = fields.optional("when", faults).unwrap_or_default();
    check_when(&when, "", context, faults);
    let mode = fields.optional("mode", faults).unwrap_or_default();
    let bands = rebate_bands(fields, measure, context, faults);
    let baseline = fields.optional("baseline", faults);
    if baseline.is_some() && measure.is_some_and(|measure| measure != RebateMeasure::Growth) {
        faults.push(Fault::new(
            "/baseline",
            "not_for_this_measure",
            "only growth is measured against a baseline",
        ));
    }
    let grace_days: u32 = fields.optional("grace_days", faults).unwrap_or_default();
    let calculation_day: u32 = fields.optional("calculation_day", faults).unwrap_or(grace_days);
    bounds::number(grace_days, 0, 365, "/grace_days", faults);
    bounds::number(calculation_day, 0, 365, "/calculation_day", faults);
    if calculation_day < grace_days {
        let message = "must not be before the grace days are over";
        faults.push(Fault::new("/calculation_day", "calculation_before_grace", message));
    }
    let annual_true_up = fields
        .value("annual_true_up")
        .map(|value| annual_true_up(value, measure, context, faults));
    Some(RebateSpec {
        measure: measure?,
        when,
        mode,
        bands,
        baseline: baseline.or_else(|| (measure == Some(RebateMeasure::Growth)).then(Default::default)),
        grace_days,
        calculation_day,
        annual_true_up: annual_true_up.map_or(Some(None), |read| read.map(Some))?,
    })
}

fn annual_true_up(
    value: &Value,
    measure: Option<RebateMeasure>,
    context: Context,
    faults: &mut Vec<Fault>,
) -> Option<AnnualTrueUp> {
    let mut fields = Fields::of(value, "/annual_true_up", faults)?;
    let mode = fields.optional("mode", faults).unwrap_or_default();
    let bands = rebate_bands(&mut fields, measure, context, faults);
    fields.finish(faults);
    Some(AnnualTrueUp { mode, bands })
}

fn rebate_bands(
    fields: &mut Fields<'_>,
    measure: Option<RebateMeasure>,
    context: Context,
    faults: &mut Vec<Fault>,
) -> Vec<RebateBand> {
    let bands = fields.list("bands", faults, |value, pointer, faults| {
        rebate_band(value, pointer, measure, context, faults)
    });
    let bands = bands.unwrap_or_default();
    check_froms(bands.iter().map(|band| band.from), &fields.at("bands"), faults);
    bands
}

fn rebate_band(
    value: &Value,
    pointer: &str,
    measure: Option<RebateMeasure>,
    context: Context,
    faults: &mut Vec<Fault>,
) -> Option<RebateBand> {
    let mut fields = Fields::of(value, pointer, faults)?;
    let from: Option<Exact> = fields.required("from", faults);
    let reward = fields.one_of(&["percent", "per_unit", "flat"], faults);
    fields.finish(faults);
    let (name, figure) = reward?;
    let from = from?;
    let at = format!("{pointer}/{name}");
    let reward = match name {
        "percent" => {
            bounds::percent(figure, &at, faults);
            RebateReward::Percent(figure)
        }
        "per_unit" => {
            bounds::fine(figure, &at, faults);
            if measure == Some(RebateMeasure::Growth) {
                faults.push(Fault::new(
                    at,
                    "reward_mismatch",
                    "growth is of revenue; use percent or flat",
                ));
            }
            RebateReward::PerUnit(figure)
        }
        _ => {
            bounds::amount(figure, context.currency, &at, faults);
            bounds::above_zero(from, &format!("{pointer}/from"), faults);
            RebateReward::Flat(figure)
        }
    };
    Some(RebateBand { from, reward })
}

fn spiff(fields: &mut Fields<'_>, context: Context, faults: &mut Vec<Fault>) -> Option<SpiffSpec> {
    let before = faults.len();
    let amount: Option<SpiffAmount> = fields.optional("amount", faults);
    let when: When = fields.optional("when", faults).unwrap_or_default();
    let first_n: Option<u32> = fields.optional("first_n", faults);
    let goal: Option<Goal> = fields.optional("goal", faults);
    let proof: bool = fields.optional("proof", faults).unwrap_or_default();
    if faults.len() > before {
        return None;
    }
    check_when(&when, "", context, faults);
    if amount.is_none() && goal.is_none() {
        faults.push(Fault::new(
            "/amount",
            "missing",
            "pays nothing: give an amount, a goal or both",
        ));
    }
    if let Some(amount) = amount {
        check_spiff_amount(amount, context, faults);
    }
    if proof && context.trigger != Trigger::Activity {
        let message = "only activities are claimed with a proof: use the trigger activity, or leave it out";
        faults.push(Fault::new("/proof", "trigger_mismatch", message));
    }
    bounds::number(first_n.unwrap_or(1), 1, 1_000_000, "/first_n", faults);
    if let Some(goal) = goal {
        bounds::fine(goal.at_least, "/goal/at_least", faults);
        bounds::above_zero(goal.at_least, "/goal/at_least", faults);
        bounds::amount(goal.amount, context.currency, "/goal/amount", faults);
    }
    Some(SpiffSpec {
        amount,
        when,
        first_n,
        goal,
        proof,
    })
}

fn check_spiff_amount(amount: SpiffAmount, context: Context, faults: &mut Vec<Fault>) {
    let activity = context.trigger == Trigger::Activity;
    let (pointer, fits) = match amount {
        SpiffAmount::PerSale(amount) => {
            bounds::amount(amount, context.currency, "/amount/per_sale", faults);
            ("/amount/per_sale", !activity)
        }
        SpiffAmount::PerUnit(amount) => {
            bounds::fine(amount, "/amount/per_unit", faults);
            ("/amount/per_unit", !activity)
        }
        SpiffAmount::PerActivity(amount) => {
            bounds::amount(amount, context.currency, "/amount/per_activity", faults);
            ("/amount/per_activity", activity)
        }
    };
    if !fits {
        let message = "doesn't go with the trigger: per_activity is for activities, per_sale and per_unit for sales";
        faults.push(Fault::new(pointer, "trigger_mismatch", message));
    }
}

fn bonus(fields: &mut Fields<'_>, context: Context, faults: &mut Vec<Fault>) -> Option<BonusSpec> {
    let before = faults.len();
    let when: When = fields.optional("when", faults).unwrap_or_default();
    let goal: Option<GoalBands> = fields.optional("goal", faults);
    let contest: Option<Contest> = fields.optional("contest", faults);
    if faults.len() > before {
        return None;
    }
    check_when(&when, "", context, faults);
    match (&goal, &contest) {
        (None, None) => faults.push(Fault::new("", "missing", "needs goal or contest")),
        (Some(_), Some(_)) => {
            faults.push(Fault::new(
                "/contest",
                "more_than_one",
                "goal and contest are two plans",
            ));
        }
        _ => {}
    }
    if let Some(goal) = &goal {
        check_froms(goal.bands.iter().map(|band| band.from), "/goal/bands", faults);
        for (place, band) in goal.bands.iter().enumerate() {
            bounds::above_zero(band.from, &format!("/goal/bands/{place}/from"), faults);
            bounds::amount(
                band.amount,
                context.currency,
                &format!("/goal/bands/{place}/amount"),
                faults,
            );
        }
    }
    if let Some(contest) = &contest {
        bounds::fine(contest.at_least.unwrap_or_default(), "/contest/at_least", faults);
        check_prizes(&contest.prizes, context, faults);
    }
    Some(BonusSpec { when, goal, contest })
}

fn check_prizes(prizes: &[Prize], context: Context, faults: &mut Vec<Fault>) {
    bounds::length(prizes.len(), 50, "prizes", "/contest/prizes", faults);
    let mut next = 1u32;
    for (place, prize) in prizes.iter().enumerate() {
        let at = |field: &str| format!("/contest/prizes/{place}/{field}");
        if prize.from != next {
            let message = format!("must be {next}: prizes rise from place 1 without gaps");
            faults.push(Fault::new(at("from"), "prizes_overlap", message));
        }
        bounds::number(prize.to, prize.from, 10_000, &at("to"), faults);
        bounds::amount(prize.amount, context.currency, &at("amount"), faults);
        next = prize.to.saturating_add(1);
    }
}
