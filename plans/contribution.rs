//! What a sale contributes for each payee.

use std::sync::Arc;

use guildhall_kernel::{Currency, Money};
use rust_decimal::Decimal;

use crate::{
    CalcFault, Explanation, LineExplanation, PartExplanation, Party, Payee, PayeeKind, Plan, Role, Sale, SaleLimit,
    SaleLimitKind, SaleLine, Trigger,
    arithmetic::{allocated, counted, percent, plus, portion, settled, times},
    conditions::SaleSums,
    expression::Inputs,
    plan::{CompiledRate, CompiledRule},
};

/// What a sale adds for a payee.
#[derive(Clone, Debug, PartialEq)]
pub struct Contribution {
    /// Who.
    pub payee: Payee,
    /// What the sale earns by itself, rounded at the minor unit. The payees' parts sum to the rounded whole.
    pub direct: Decimal,
    /// What it adds to the period's revenue: what was kept of the lines that a rule applies to, in the plan's currency,
    /// by the payee's part. To six decimals, as are the next two.
    pub basis: Decimal,
    /// What it adds to the period's units.
    pub units: Decimal,
    /// What it adds to the period's number of sales: 1, by the payee's part and by what was kept.
    pub sales: Decimal,
    /// Why.
    pub explanation: Explanation,
}

/// A sale as one party sees it: tiers and regions decide which rules apply.
struct Evaluated {
    lines: Vec<LineExplanation>,
    earned: Decimal,
    limit: Option<SaleLimit>,
    net: Decimal,
    basis: Decimal,
    units: Decimal,
}

struct Share<'a> {
    party: &'a Party,
    payee: Payee,
    role_percent: Decimal,
    evaluated: Evaluated,
    /// Not rounded.
    exact: Decimal,
}

impl Plan {
    /// What the sale contributes for each payee, as it stands now: what was refunded counts no longer, in proportion.
    /// Nothing for a sale that the plan doesn't look at. `rate`: units of the plan's currency for one of the sale's; 1
    /// when they are the same.
    ///
    /// # Errors
    /// [`CalcFault`]: the sale contradicts itself, lacks a cost, fails an expression or is too large.
    pub fn contributions(&self, sale: &Sale, rate: Decimal) -> Result<Vec<Contribution>, CalcFault> {
        if !self.looks_at(sale) {
            return Ok(vec![]);
        }
        let sums = sound(sale, rate)?;
        let mut shares = Vec::new();
        for party in &sale.parties {
            let Some((payee, role_percent)) = self.payee_of(party) else {
                continue;
            };
            let inputs = Inputs {
                sale,
                line: None,
                party,
                rate,
                sums,
            };
            if let Some(evaluated) = self.evaluate(&inputs)? {
                let exact = percent(percent(evaluated.net, role_percent)?, party.percent)?;
                shares.push(Share {
                    party,
                    payee,
                    role_percent,
                    evaluated,
                    exact,
                });
            }
        }
        if shares.is_empty() {
            return Ok(vec![]);
        }
        let amounts = rounded(&shares, self.currency().unwrap_or(sale.currency))?;
        gathered(shares, amounts, sums, rate)
    }

    /// Who is paid for the party, and the percent of its role; none when it can't earn.
    fn payee_of(&self, party: &Party) -> Option<(Payee, Decimal)> {
        let role_percent = self.role_percent(party.role)?;
        if party.percent.is_zero() || !self.eligible(party) {
            return None;
        }
        let user = match self.spec().common.payee {
            PayeeKind::Company => None,
            PayeeKind::Person => Some(party.user?),
        };
        let partner = party.partner;
        Some((Payee { partner, user }, role_percent))
    }

    /// What the sale earns as a whole; none when no rule applies.
    fn evaluate(&self, of: &Inputs<'_>) -> Result<Option<Evaluated>, CalcFault> {
        let mut found = Evaluated {
            lines: vec![],
            earned: Decimal::ZERO,
            limit: None,
            net: Decimal::ZERO,
            basis: Decimal::ZERO,
            units: Decimal::ZERO,
        };
        if of.sale.trigger == Trigger::Activity {
            found.add_first_of(self.rules(), of)?;
        } else {
            for line in &of.sale.lines {
                let line = Some(line);
                found.add_first_of(self.rules(), &Inputs { line, ..*of })?;
            }
        }
        if found.lines.is_empty() {
            return Ok(None);
        }
        found.limit(self, of.sums)?;
        Ok(Some(found))
    }
}

impl Evaluated {
    /// Adds what the first rule that applies gives for a line.
    fn add_first_of(&mut self, rules: &[CompiledRule], of: &Inputs<'_>) -> Result<(), CalcFault> {
        for rule in rules {
            if rule.conditions.hold(of)? {
                return self.add(rule, of);
            }
        }
        Ok(())
    }

    fn add(&mut self, rule: &CompiledRule, of: &Inputs<'_>) -> Result<(), CalcFault> {
        let (amount, kept) = refunds(of);
        let (basis, earned, net) = self.pay(rule, of, amount, kept)?;
        if let Some(line) = of.line {
            self.basis = plus(self.basis, times(line.kept, of.rate)?)?;
            self.units = plus(self.units, portion(line.quantity, kept, amount)?)?;
        }
        self.earned = plus(self.earned, earned)?;
        self.net = plus(self.net, net)?;
        self.lines.push(LineExplanation {
            line: of.line.map(|line| line.no),
            rule: rule.index,
            name: Arc::clone(&rule.name),
            rate: rule.rate_as_data.clone(),
            basis: basis.normalize(),
            earned: settled(earned),
            sold: of.line.map_or(of.sums.amount, |line| line.amount),
            kept: of.line.map_or(of.sums.kept, |line| line.kept),
        });
        Ok(())
    }

    /// What the rate is taken of, what the line earned at the sale, and what of that refunds left.
    fn pay(
        &self,
        rule: &CompiledRule,
        of: &Inputs<'_>,
        amount: Decimal,
        kept: Decimal,
    ) -> Result<(Decimal, Decimal, Decimal), CalcFault> {
        let sold = of.line.map_or(Decimal::ZERO, |line| line.amount);
        let (basis, earned) = match &rule.rate {
            CompiledRate::Nothing => (times(sold, of.rate)?, Decimal::ZERO),
            CompiledRate::Percent(rate) => {
                // Without a quotient, so that a percent of what was kept is exact.
                let kept = of.line.map_or(Decimal::ZERO, |line| line.kept);
                let whole = times(sold, of.rate)?;
                return Ok((whole, percent(whole, *rate)?, percent(times(kept, of.rate)?, *rate)?));
            }
            CompiledRate::Flat(flat) => {
                if self.lines.iter().any(|line| line.rule == rule.index) {
                    return Ok((Decimal::ZERO, Decimal::ZERO, Decimal::ZERO));
                }
                let net = portion(*flat, of.sums.kept, of.sums.amount)?;
                return Ok((Decimal::ONE, *flat, net));
            }
            CompiledRate::PerUnit(each) => {
                let quantity = of.line.map_or(Decimal::ZERO, |line| line.quantity);
                (quantity, times(quantity, *each)?)
            }
            CompiledRate::Margin(rate) => {
                let margin = times(margin(rule, of.line)?, of.rate)?;
                (margin, percent(margin, *rate)?)
            }
            CompiledRate::Expression(expression) => (times(sold, of.rate)?, expression.amount(of)?.max(Decimal::ZERO)),
        };
        Ok((basis, earned, portion(earned, kept, amount)?))
    }

    /// Caps and floors hold for the whole sale as sold; refunds then take their part of what is left.
    fn limit(&mut self, plan: &Plan, sums: SaleSums) -> Result<(), CalcFault> {
        let limits = [
            (SaleLimitKind::Cap, plan.sale_cap().filter(|cap| *cap < self.earned)),
            (
                SaleLimitKind::Floor,
                plan.sale_floor().filter(|floor| *floor > self.earned),
            ),
        ];
        for (kind, at) in limits {
            let Some(at) = at else { continue };
            self.net = if self.earned.is_zero() {
                portion(at, sums.kept, sums.amount)?
            } else {
                portion(at, self.net, self.earned)?
            };
            self.limit = Some(SaleLimit { kind, at });
        }
        Ok(())
    }
}

/// What a line is refunded in proportion to: its amount and what is kept of it; of a line without amount the sale's.
fn refunds(of: &Inputs<'_>) -> (Decimal, Decimal) {
    match of.line {
        Some(line) if !line.amount.is_zero() => (line.amount, line.kept),
        _ => (of.sums.amount, of.sums.kept),
    }
}

fn margin(rule: &CompiledRule, line: Option<&SaleLine>) -> Result<Decimal, CalcFault> {
    let Some(line) = line else {
        return Ok(Decimal::ZERO);
    };
    let cost = line.cost.ok_or_else(|| CalcFault::MissingCost {
        rule: Arc::clone(&rule.name),
        line: line.no,
    })?;
    let margin = line.amount.checked_sub(cost).ok_or(CalcFault::OutOfRange("a margin"))?;
    Ok(margin.max(Decimal::ZERO))
}

/// The parts in minor units.
fn rounded(shares: &[Share<'_>], currency: Currency) -> Result<Vec<Decimal>, CalcFault> {
    let first = shares.first().map_or(Decimal::ZERO, |share| share.evaluated.net);
    let alike = shares.iter().all(|share| share.evaluated.net == first);
    let mut weights = Vec::with_capacity(shares.len());
    let mut whole = Decimal::ZERO;
    for share in shares {
        // Of one net amount the percents are the exact weights; the quotients in the shares would blur them.
        weights.push(if alike {
            times(share.role_percent, share.party.percent)?.normalize()
        } else {
            settled(share.exact)
        });
        whole = plus(whole, share.exact)?;
    }
    let whole = Money::new(settled(whole), currency).rounded().amount;
    if whole.is_zero() {
        return Ok(vec![whole; shares.len()]);
    }
    allocated(whole, &weights, Money::exponent(currency))
}

/// One contribution for each payee, in the order of the parties.
fn gathered(
    shares: Vec<Share<'_>>,
    amounts: Vec<Decimal>,
    sums: SaleSums,
    rate: Decimal,
) -> Result<Vec<Contribution>, CalcFault> {
    let mut contributions: Vec<Contribution> = Vec::with_capacity(shares.len());
    for (share, amount) in shares.into_iter().zip(amounts) {
        let credited = |value: Decimal| percent(percent(value, share.role_percent)?, share.party.percent).map(counted);
        let basis = credited(share.evaluated.basis)?;
        let units = credited(share.evaluated.units)?;
        let sales = credited(portion(Decimal::ONE, sums.kept, sums.amount)?)?;
        let part = part_of(
            share.party,
            share.role_percent,
            rate,
            share.evaluated,
            share.exact,
            amount,
        );
        match contributions.iter_mut().find(|known| known.payee == share.payee) {
            Some(known) => {
                known.direct = plus(known.direct, amount)?;
                known.basis = plus(known.basis, basis)?;
                known.units = plus(known.units, units)?;
                known.sales = plus(known.sales, sales)?;
                known.explanation.parts.push(part);
            }
            None => contributions.push(Contribution {
                payee: share.payee,
                direct: amount,
                basis,
                units,
                sales,
                explanation: Explanation { parts: vec![part] },
            }),
        }
    }
    Ok(contributions)
}

fn part_of(
    party: &Party,
    role_percent: Decimal,
    rate: Decimal,
    evaluated: Evaluated,
    exact: Decimal,
    amount: Decimal,
) -> PartExplanation {
    PartExplanation {
        role: party.role,
        role_percent,
        party_percent: party.percent,
        exchange_rate: rate,
        lines: evaluated.lines,
        earned: settled(evaluated.earned),
        limit: evaluated.limit,
        net: settled(evaluated.net),
        share: settled(exact),
        amount,
    }
}

/// The sums of the sale's lines, when it doesn't contradict itself.
fn sound(sale: &Sale, rate: Decimal) -> Result<SaleSums, CalcFault> {
    let bad = |what: String| Err(CalcFault::BadSale(what));
    if rate <= Decimal::ZERO {
        return bad(format!("the exchange rate is {rate}; it must be above 0"));
    }
    let mut sums = SaleSums {
        amount: Decimal::ZERO,
        kept: Decimal::ZERO,
    };
    for line in &sale.lines {
        if line.amount < Decimal::ZERO || line.quantity < Decimal::ZERO {
            return bad(format!(
                "line {} is negative; take discounts off the lines that they are for",
                line.no
            ));
        }
        if line.kept < Decimal::ZERO || line.kept > line.amount {
            return bad(format!("line {} keeps {} of {}", line.no, line.kept, line.amount));
        }
        sums.amount = plus(sums.amount, line.amount)?;
        sums.kept = plus(sums.kept, line.kept)?;
    }
    for party in &sale.parties {
        if party.percent < Decimal::ZERO || party.percent > Decimal::ONE_HUNDRED {
            return bad(format!("a party has {} percent of its role", party.percent));
        }
        if percent_of_role(sale, party.role) > Decimal::ONE_HUNDRED {
            return bad(format!(
                "the parts of role {:?} are over 100 percent together",
                party.role
            ));
        }
    }
    Ok(sums)
}

/// Parts that were not checked yet may be of any size.
fn percent_of_role(sale: &Sale, role: Role) -> Decimal {
    sale.parties
        .iter()
        .filter(|party| party.role == role)
        .fold(Decimal::ZERO, |sum, party| sum.saturating_add(party.percent))
}
