//! What plans earn, once more and by itself: written from `docs/incentives.md`, on fractions of integers, over the JSON as
//! it stands. It checks nothing, is slow, and shares no code with the crate.

mod fraction;

pub(crate) use fraction::Fraction;
use serde_json::Value;

/// What a payee gets of a sale: minor units, and its totals.
#[derive(Clone, Debug)]
pub(crate) struct Gain {
    pub(crate) payee: String,
    pub(crate) minor: i128,
    pub(crate) revenue: Fraction,
    pub(crate) units: Fraction,
    pub(crate) sales: Fraction,
}

/// The totals of a period. `direct` in major units.
#[derive(Clone, Debug)]
pub(crate) struct Sums {
    pub(crate) direct: Fraction,
    pub(crate) revenue: Fraction,
    pub(crate) units: Fraction,
    pub(crate) sales: Fraction,
    pub(crate) baseline: Option<Fraction>,
}

fn number(value: &Value) -> Fraction {
    value.as_str().map_or_else(Fraction::zero, Fraction::read)
}

fn hundredth(value: &Value) -> Fraction {
    number(value) / Fraction::whole(100)
}

fn listed(list: &Value, value: &Value) -> bool {
    list.as_array()
        .is_none_or(|list| list.is_empty() || list.contains(value))
}

/// Minor units in a major one.
pub(crate) fn minor_units(currency: &Value) -> Fraction {
    Fraction::whole(match currency.as_str() {
        Some("JPY") => 1,
        Some("KWD") => 1000,
        _ => 100,
    })
}

fn role_percent(plan: &Value, role: &str) -> Fraction {
    match plan["split"].as_object() {
        Some(split) => split.get(role).map_or_else(Fraction::zero, hundredth),
        None => Fraction::whole(i128::from(role == "sourced")),
    }
}

/// The rules of a plan; a plan of another type has one.
fn rules(plan: &Value) -> Vec<(Value, String, Fraction)> {
    let rate = |rate: &Value| {
        let (kind, figure) = rate.as_object().unwrap().iter().next().unwrap();
        let figure = if kind == "expression" {
            Fraction::zero()
        } else {
            number(figure)
        };
        (kind.clone(), figure)
    };
    match plan["type"].as_str().unwrap() {
        "commission" => plan["rules"]
            .as_array()
            .unwrap()
            .iter()
            .map(|rule| {
                let (kind, figure) = rate(&rule["rate"]);
                (rule["when"].clone(), kind, figure)
            })
            .collect(),
        "spiff" if !plan["amount"].is_null() => {
            let (kind, figure) = rate(&plan["amount"]);
            let kind = if kind == "per_unit" { kind } else { "flat".to_owned() };
            vec![(plan["when"].clone(), kind, figure)]
        }
        _ => vec![(plan["when"].clone(), "none".to_owned(), Fraction::zero())],
    }
}

fn applies(when: &Value, sale: &Value, line: &Value, party: &Value) -> bool {
    when.is_null()
        || listed(&when["families"], &line["family"])
            && listed(&when["deal_types"], &sale["deal_type"])
            && listed(&when["tiers"], &party["tier"])
            && listed(&when["countries"], &sale["country"])
}

/// What the whole sale leaves for a party of 100 percent of all roles, and the revenue and units that count.
fn net(plan: &Value, sale: &Value, party: &Value) -> Option<(Fraction, Fraction, Fraction)> {
    let exchange = number(&sale["rate"]);
    let lines = sale["lines"].as_array().unwrap();
    let sum = |name: &str| lines.iter().map(|line| number(&line[name])).sum::<Fraction>();
    let whole_kept = if sum("amount").is_zero() {
        Fraction::whole(1)
    } else {
        sum("kept") / sum("amount")
    };
    let rules = rules(plan);
    let mut flats_paid = vec![false; rules.len()];
    let mut any = false;
    let [mut as_sold, mut left, mut revenue, mut units] = [Fraction::zero(); 4];
    for line in lines {
        let amount = number(&line["amount"]);
        let kept = if amount.is_zero() {
            whole_kept
        } else {
            number(&line["kept"]) / amount
        };
        let Some(chosen) = rules.iter().position(|(when, ..)| applies(when, sale, line, party)) else {
            continue;
        };
        any = true;
        revenue = revenue + number(&line["kept"]) * exchange;
        units = units + number(&line["quantity"]) * kept;
        let (_, kind, figure) = &rules[chosen];
        let (earning, part) = match kind.as_str() {
            "percent" => (amount * exchange * *figure / Fraction::whole(100), kept),
            "per_unit" => (number(&line["quantity"]) * *figure, kept),
            "margin_percent" => {
                let margin = amount - number(&line["cost"]);
                let margin = if margin.is_negative() { Fraction::zero() } else { margin };
                (margin * exchange * *figure / Fraction::whole(100), kept)
            }
            // The one expression that the test writes: max(amount * 0.08, 25).
            "expression" => {
                let part = amount * exchange * Fraction::read("0.08");
                (part.largest(Fraction::whole(25)), kept)
            }
            "flat" if !flats_paid[chosen] => {
                flats_paid[chosen] = true;
                (*figure, whole_kept)
            }
            _ => (Fraction::zero(), kept),
        };
        as_sold = as_sold + earning;
        left = left + earning * part;
    }
    if !any {
        return None;
    }
    let mut limited = as_sold;
    if let Some(cap) = plan["cap"]["per_sale"].as_str() {
        limited = limited.smallest(Fraction::read(cap));
    }
    if let Some(floor) = plan["floor"]["per_sale"].as_str() {
        limited = limited.largest(Fraction::read(floor));
    }
    if as_sold.is_zero() {
        left = limited * whole_kept;
    } else if limited != as_sold {
        left = limited * (left / as_sold);
    }
    Some((left, revenue, units))
}

/// What a sale gives to whom.
pub(crate) fn gains(plan: &Value, sale: &Value) -> Vec<Gain> {
    let currency = if plan["currency"].is_null() {
        &sale["currency"]
    } else {
        &plan["currency"]
    };
    let minor = minor_units(currency);
    let lines = sale["lines"].as_array().unwrap();
    let sum = |name: &str| lines.iter().map(|line| number(&line[name])).sum::<Fraction>();
    let whole_kept = if sum("amount").is_zero() {
        Fraction::whole(1)
    } else {
        sum("kept") / sum("amount")
    };
    if let Some(months) = plan["expires_after_months"].as_u64()
        && sale["month"].as_u64().unwrap() >= months.max(1)
    {
        return vec![];
    }
    let mut gains = Vec::new();
    let mut exact = Vec::new();
    for party in sale["parties"].as_array().unwrap() {
        let part = role_percent(plan, party["role"].as_str().unwrap()) * hundredth(&party["percent"]);
        let earns = !part.is_zero() || plan["split"][party["role"].as_str().unwrap()].is_string();
        if !earns || number(&party["percent"]).is_zero() || !listed(&plan["eligible"]["tiers"], &party["tier"]) {
            continue;
        }
        let Some((left, revenue, units)) = net(plan, sale, party) else {
            continue;
        };
        exact.push(left * part * minor);
        gains.push(Gain {
            payee: party["partner"].to_string(),
            minor: 0,
            revenue: (revenue * part).rounded(6),
            units: (units * part).rounded(6),
            sales: (whole_kept * part).rounded(6),
        });
    }
    for (gain, minor) in gains.iter_mut().zip(dealt_out(&exact)) {
        gain.minor = minor;
    }
    gains
}

/// Whole numbers in proportion to the shares, which sum to the rounded sum: a unit more for the largest remainders.
fn dealt_out(shares: &[Fraction]) -> Vec<i128> {
    let sum: Fraction = shares.iter().copied().sum();
    let whole = sum.half_even();
    if whole == 0 {
        return vec![0; shares.len()];
    }
    let quotas: Vec<Fraction> = shares
        .iter()
        .map(|share| *share / sum * Fraction::whole(whole))
        .collect();
    let mut parts: Vec<i128> = quotas.iter().map(|quota| quota.floor()).collect();
    while parts.iter().sum::<i128>() < whole {
        // The part that is furthest below its quota; the earlier of equals.
        let mut furthest = 0;
        for place in 1..parts.len() {
            let lacking = |place: usize| quotas[place] - Fraction::whole(parts[place]);
            if lacking(place) > lacking(furthest) {
                furthest = place;
            }
        }
        parts[furthest] += 1;
    }
    parts
}

/// What bands give at a height, walking up from the ground: `per` says what one unit of height is worth to a band, and
/// what the band pays once.
fn climbed(
    bands: &[Value],
    retroactive: bool,
    height: Fraction,
    threshold: impl Fn(&Value) -> Fraction,
    ground: Fraction,
    per: impl Fn(&Value) -> (Fraction, Fraction),
) -> Fraction {
    let mut total = Fraction::zero();
    let mut rate = (ground, Fraction::zero());
    let mut from = Fraction::zero();
    for band in bands {
        let next = threshold(band);
        if next > height {
            break;
        }
        total = total + (next - from) * rate.0;
        from = next;
        rate = per(band);
        total = total + rate.1;
        if retroactive {
            total = next * rate.0 + rate.1;
        }
    }
    total + (height - from) * rate.0
}

/// What a period is worth, in major units.
pub(crate) fn worth(plan: &Value, sums: &Sums) -> Fraction {
    let spec = match plan["type"].as_str().unwrap() {
        "commission" => &plan["accelerator"],
        "rebate" => plan,
        _ => &plan["goal"],
    };
    let mut total = match plan["type"].as_str().unwrap() {
        "commission" if !spec.is_null() => banded(spec, &spec["measure"], sums, sums.direct),
        "rebate" => banded(spec, &spec["measure"], sums, Fraction::zero()),
        _ => sums.direct,
    };
    if spec["at_least"].is_string() && height(&spec["measure"], sums) >= number(&spec["at_least"]) {
        total = total + number(&spec["amount"]);
    }
    if plan["type"] == "bonus" {
        let reached = spec["bands"].as_array().into_iter().flatten();
        let reached = reached.filter(|band| height(&spec["measure"], sums) >= number(&band["from"]));
        let amounts: Vec<Fraction> = reached.map(|band| number(&band["amount"])).collect();
        total = if spec["mode"] == "retroactive" {
            amounts.last().copied().unwrap_or_else(Fraction::zero)
        } else {
            amounts.into_iter().sum()
        };
    }
    match plan["cap"]["per_period"].as_str() {
        Some(cap) => total.smallest(Fraction::read(cap)),
        None => total,
    }
}

fn height(measure: &Value, sums: &Sums) -> Fraction {
    match measure.as_str().unwrap() {
        "units" => sums.units,
        "sales" => sums.sales,
        _ => sums.revenue,
    }
}

fn banded(spec: &Value, measure: &Value, sums: &Sums, direct: Fraction) -> Fraction {
    let mut revenue = sums.revenue;
    let mut unit_of_threshold = Fraction::whole(1);
    let mut top = height(measure, sums);
    if measure == "growth" {
        let Some(baseline) = sums.baseline.filter(|baseline| !baseline.is_zero()) else {
            return Fraction::zero();
        };
        revenue = (revenue - baseline).largest(Fraction::zero());
        unit_of_threshold = baseline / Fraction::whole(100);
        top = revenue;
    }
    if top.is_zero() {
        return nothing_sold(spec, direct, revenue, sums.units);
    }
    let per = |band: &Value| {
        let once = number(&band["flat"]);
        let each = if band["factor"].is_string() {
            direct * number(&band["factor"])
        } else if band["percent"].is_string() {
            revenue * hundredth(&band["percent"])
        } else {
            sums.units * number(&band["per_unit"])
        };
        (each / top, once)
    };
    let bands = spec["bands"].as_array().unwrap();
    let retroactive = spec["mode"] == "retroactive";
    let threshold = |band: &Value| number(&band["from"]) * unit_of_threshold;
    climbed(bands, retroactive, top, threshold, direct / top, per)
}

/// At the height of 0 only a band from 0 holds, for everything.
fn nothing_sold(spec: &Value, direct: Fraction, revenue: Fraction, units: Fraction) -> Fraction {
    let band = &spec["bands"][0];
    if !number(&band["from"]).is_zero() {
        return direct;
    }
    let parts = [
        direct * number(&band["factor"]),
        revenue * hundredth(&band["percent"]),
        units * number(&band["per_unit"]),
    ];
    parts.into_iter().sum()
}

/// What the year adds.
pub(crate) fn year_end(plan: &Value, year: &Sums, earned: Fraction) -> Fraction {
    let table = &plan["annual_true_up"];
    let worth = banded(table, &plan["measure"], year, Fraction::zero());
    (worth - earned).largest(Fraction::zero())
}

/// Prizes in minor units, one place at a time.
pub(crate) fn prizes(plan: &Value, ranking: &[(u128, Fraction)]) -> Vec<(u128, i128)> {
    let contest = &plan["contest"];
    let minor = minor_units(&plan["currency"]);
    let least = number(&contest["at_least"]);
    let mut ranked: Vec<(u128, Fraction)> = ranking.to_vec();
    ranked.retain(|(_, reached)| *reached > Fraction::zero() && *reached >= least);
    ranked.sort_by_key(|(payee, _)| *payee);
    let mut won = Vec::new();
    for (payee, reached) in &ranked {
        let better = ranked.iter().filter(|(_, other)| other > reached).count();
        let equals: Vec<u128> = ranked
            .iter()
            .filter(|(_, other)| other == reached)
            .map(|(payee, _)| *payee)
            .collect();
        let pot: Fraction = (better + 1..=better + equals.len())
            .map(|place| {
                let prizes = contest["prizes"].as_array().unwrap().iter();
                let place = u64::try_from(place).unwrap();
                let mut found = prizes
                    .filter(|prize| prize["from"].as_u64().unwrap() <= place && place <= prize["to"].as_u64().unwrap());
                found
                    .next()
                    .map_or_else(Fraction::zero, |prize| number(&prize["amount"]))
            })
            .sum();
        let shares = vec![pot * minor / Fraction::whole(i128::try_from(equals.len()).unwrap()); equals.len()];
        let mine = equals.iter().position(|equal| equal == payee).unwrap();
        won.push((*payee, dealt_out(&shares)[mine]));
    }
    won.retain(|(_, amount)| *amount != 0);
    won
}
