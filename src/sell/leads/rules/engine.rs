//! Handing leads out: a pure function of the lead, the rules, the partners and whose turn it is.
//!
//! Rules are looked at in order; the first that is for the lead and has an eligible partner decides. Choices are
//! deterministic: equal partners go by their ids.
//!
//! - round robin: the eligible partner that this rule served longest ago, so that it stays fair while partners come
//!   into and fall out of question;
//! - weighted: smooth weighted round robin (as nginx does it): each eligible partner gains its weight, the richest is
//!   chosen and pays the sum of what was gained;
//! - best score: 40 points for the win rate, 20 for the tier, 20 for free capacity, 10 for the territory, 10 for the
//!   competence.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
};

use guildhall_kernel::{Currency, OrgId};
use rust_decimal::Decimal;
use uuid::Uuid;

use super::explain::{Explanation, Left, Missed, Out, RuleLook};
use super::rule::{Choice, Conditions, Eligibility, LeadRule, PartnerTier};
use crate::leads::lead::draft::Source;

#[cfg(test)]
mod tests;

/// What the rules see of a lead. Texts in lower case.
#[derive(Clone, Debug)]
pub(in crate::leads) struct Facts {
    pub(in crate::leads) country: Option<String>,
    pub(in crate::leads) product: Option<String>,
    pub(in crate::leads) industry: Option<String>,
    pub(in crate::leads) source: Source,
    pub(in crate::leads) score: i16,
    pub(in crate::leads) amount: Option<(Decimal, Currency)>,
    /// Partners that had their chance.
    pub(in crate::leads) refused: BTreeSet<OrgId>,
}

/// What the rules see of a partner. Texts in lower case.
#[derive(Clone, Debug)]
pub(in crate::leads) struct Partner {
    pub(in crate::leads) id: OrgId,
    pub(in crate::leads) tier: PartnerTier,
    pub(in crate::leads) countries: BTreeSet<String>,
    pub(in crate::leads) products: BTreeSet<String>,
    pub(in crate::leads) certifications: BTreeSet<String>,
    pub(in crate::leads) capacity: Option<i64>,
    pub(in crate::leads) weight: i64,
    /// Leads that it has or is asked about alone.
    pub(in crate::leads) open: i64,
    pub(in crate::leads) won: i64,
    pub(in crate::leads) lost: i64,
}

/// Whose turn it is under a rule.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::leads) struct Turn {
    /// The number of its last turn; 0 for never.
    pub(in crate::leads) served: i64,
    /// What the weighted choice owes it.
    pub(in crate::leads) credit: i64,
    /// This run changed it.
    pub(in crate::leads) changed: bool,
}

/// Everything that a choice goes by, and what choices change.
#[derive(Clone, Debug, Default)]
pub(in crate::leads) struct Floor {
    pub(in crate::leads) rules: Arc<Vec<LeadRule>>,
    /// By id.
    pub(in crate::leads) partners: Vec<Partner>,
    /// By rule and partner.
    pub(in crate::leads) turns: HashMap<(Uuid, OrgId), Turn>,
    /// The highest number of a turn.
    pub(in crate::leads) last_turn: i64,
    /// For simulations: capacity neither fills nor counts.
    pub(in crate::leads) boundless: bool,
    /// Who meets what a rule asks for, by the rule's place and what of the lead it depends on: leads are many and alike.
    pub(in crate::leads) sifted: HashMap<(usize, Option<String>, Option<String>), Sifted>,
}

/// Who meets what a rule asks for, before it is looked at who is full or had its chance.
#[derive(Clone, Debug, Default)]
pub(in crate::leads) struct Sifted {
    /// The places of those that do.
    met: Vec<usize>,
    /// The others.
    left: Vec<Left>,
}

/// Who gets a lead.
#[derive(Clone, Debug)]
pub(in crate::leads) struct Decision {
    /// The rule that decided, by its place.
    pub(in crate::leads) rule: Option<usize>,
    /// One partner, or all those of a pool; empty when no rule has anybody.
    pub(in crate::leads) partners: Vec<OrgId>,
    pub(in crate::leads) pool: bool,
    pub(in crate::leads) explanation: Explanation,
}

impl Partner {
    /// In thousandths; half for a partner without a past (Laplace's rule of succession).
    pub(in crate::leads) fn win_rate(&self) -> i64 {
        (self.won + 1) * 1000 / (self.won + self.lost + 2)
    }

    fn free_share(&self) -> i64 {
        match self.capacity {
            None => 1000,
            Some(capacity) if capacity <= self.open => 0,
            Some(capacity) => (capacity - self.open) * 1000 / capacity,
        }
    }

    fn has_territory(&self, facts: &Facts) -> bool {
        facts
            .country
            .as_ref()
            .is_some_and(|country| self.countries.contains(country))
    }

    fn has_competence(&self, facts: &Facts) -> bool {
        facts
            .product
            .as_ref()
            .is_some_and(|product| self.products.contains(product))
    }

    /// 0 to 100.
    fn fit(&self, facts: &Facts) -> i64 {
        let tier = match self.tier {
            PartnerTier::Registered => 0,
            PartnerTier::Silver => 333,
            PartnerTier::Gold => 667,
            PartnerTier::Platinum => 1000,
        };
        let fixed = i64::from(self.has_territory(facts)) * 10 + i64::from(self.has_competence(facts)) * 10;
        (self.win_rate() * 40 + tier * 20 + self.free_share() * 20) / 1000 + fixed
    }
}

impl Sifted {
    fn of(partners: &[Partner], wanted: &Eligibility, facts: &Facts) -> Self {
        let certifications: Vec<String> = wanted.certifications.iter().map(|text| text.to_lowercase()).collect();
        Self::by(partners.iter().enumerate(), |partner| {
            let named = wanted.partner_ids.is_empty() || wanted.partner_ids.contains(&partner.id);
            let certified = certifications.iter().all(|text| partner.certifications.contains(text));
            let of_tier = wanted.tiers.is_empty() || wanted.tiers.contains(&partner.tier);
            holding([
                (!named, Out::NotNamed),
                (wanted.territory && !partner.has_territory(facts), Out::Territory),
                (wanted.competence && !partner.has_competence(facts), Out::Competence),
                (!certified, Out::Certification),
                (!of_tier, Out::Tier),
            ])
        })
    }

    /// By what speaks against each partner.
    fn by<'p>(partners: impl Iterator<Item = (usize, &'p Partner)>, against: impl Fn(&Partner) -> Vec<Out>) -> Self {
        let mut met = Vec::new();
        let mut left: BTreeMap<Vec<Out>, Vec<OrgId>> = BTreeMap::new();
        for (place, partner) in partners {
            let out = against(partner);
            if out.is_empty() {
                met.push(place);
            } else {
                left.entry(out).or_default().push(partner.id);
            }
        }
        let left = left.into_iter().map(|(reasons, partners)| Left::of(reasons, partners));
        Self {
            met,
            left: left.collect(),
        }
    }
}

/// The reasons that hold.
fn holding<const N: usize>(reasons: [(bool, Out); N]) -> Vec<Out> {
    reasons
        .into_iter()
        .filter_map(|(holds, why)| holds.then_some(why))
        .collect()
}

impl Floor {
    /// Decides about one lead, and remembers it for the next.
    pub(in crate::leads) fn hand_out(&mut self, facts: &Facts) -> Decision {
        let mut explanation = Explanation::default();
        let rules = Arc::clone(&self.rules);
        for (place, rule) in rules.iter().enumerate() {
            let mut look = RuleLook {
                place,
                missed: missed(rule, facts),
                ..RuleLook::default()
            };
            if look.missed.is_none() {
                let eligible = self.sift(place, &rule.eligible, facts, &mut look);
                let chosen = self.choose(rule, facts, &eligible, &mut look);
                look.chosen.clone_from(&chosen);
                if !chosen.is_empty() {
                    explanation.rules.push(look);
                    return Decision {
                        rule: Some(place),
                        partners: chosen,
                        pool: rule.choice == Choice::Pool,
                        explanation,
                    };
                }
            }
            explanation.rules.push(look);
        }
        Decision {
            rule: None,
            partners: Vec::new(),
            pool: false,
            explanation,
        }
    }

    /// The places of the partners that may have the lead; the others are noted with what they lack.
    fn sift(&mut self, place: usize, wanted: &Eligibility, facts: &Facts, look: &mut RuleLook) -> Vec<usize> {
        let of_lead = |asked: bool, fact: &Option<String>| fact.clone().filter(|_| asked);
        let key = (
            place,
            of_lead(wanted.territory, &facts.country),
            of_lead(wanted.competence, &facts.product),
        );
        let (partners, boundless) = (&self.partners, self.boundless);
        let sifted = self.sifted.entry(key);
        let sifted = sifted.or_insert_with(|| Sifted::of(partners, wanted, facts));
        let met = sifted.met.iter();
        let met = met.filter_map(|place| partners.get(*place).map(|partner| (*place, partner)));
        let Sifted { met, left } = Sifted::by(met, |partner| {
            let full = partner.capacity.is_some_and(|capacity| partner.open >= capacity);
            holding([
                (full && !wanted.over_capacity && !boundless, Out::Capacity),
                (!wanted.again && facts.refused.contains(&partner.id), Out::Refused),
            ])
        });
        look.out.clone_from(&sifted.left);
        look.out.extend(left);
        met
    }

    fn choose(&mut self, rule: &LeadRule, facts: &Facts, eligible: &[usize], look: &mut RuleLook) -> Vec<OrgId> {
        let key = rule.id.map_or(Uuid::nil(), guildhall_kernel::LeadRuleId::uuid);
        let candidates: Vec<(usize, OrgId, i64)> = eligible
            .iter()
            .filter_map(|place| self.partners.get(*place).map(|partner| (*place, partner)))
            .map(|(place, partner)| (place, partner.id, self.value(rule.choice, key, partner, facts)))
            .collect();
        look.note(
            rule.choice,
            candidates
                .iter()
                .map(|(_, partner, value)| (*partner, *value))
                .collect(),
        );
        let best = match rule.choice {
            Choice::Pool => return candidates.iter().map(|(_, partner, _)| *partner).collect(),
            Choice::RoundRobin => candidates.iter().min_by_key(|(_, id, served)| (*served, *id)).copied(),
            Choice::BestScore => candidates
                .iter()
                .max_by_key(|(_, id, fit)| (*fit, std::cmp::Reverse(*id)))
                .copied(),
            Choice::Weight | Choice::WinRate | Choice::WeightAndWinRate => self.weighted(key, &candidates),
        };
        let Some((place, id, _)) = best else { return Vec::new() };
        self.last_turn += 1;
        let turn = self.turns.entry((key, id)).or_default();
        (turn.served, turn.changed) = (self.last_turn, true);
        if let Some(partner) = self.partners.get_mut(place) {
            partner.open += 1;
        }
        vec![id]
    }

    /// What the choice goes by: the last turn, the weight or the fit.
    fn value(&self, choice: Choice, key: Uuid, partner: &Partner, facts: &Facts) -> i64 {
        match choice {
            Choice::RoundRobin => self.turns.get(&(key, partner.id)).map_or(0, |turn| turn.served),
            Choice::Weight => partner.weight,
            Choice::WinRate => partner.win_rate(),
            Choice::WeightAndWinRate => partner.weight * partner.win_rate(),
            Choice::BestScore | Choice::Pool => partner.fit(facts),
        }
    }

    /// One step of smooth weighted round robin. Partners without weight get nothing.
    fn weighted(&mut self, key: Uuid, candidates: &[(usize, OrgId, i64)]) -> Option<(usize, OrgId, i64)> {
        let mut total = 0;
        let mut best: Option<(i64, (usize, OrgId, i64))> = None;
        for candidate in candidates.iter().filter(|(_, _, weight)| *weight > 0) {
            let (_, id, weight) = *candidate;
            total += weight;
            let turn = self.turns.entry((key, id)).or_default();
            turn.credit += weight;
            turn.changed = true;
            if best.is_none_or(|(credit, (_, other, _))| (turn.credit, other) > (credit, id)) {
                best = Some((turn.credit, *candidate));
            }
        }
        let (_, chosen) = best?;
        self.turns.entry((key, chosen.1)).or_default().credit -= total;
        Some(chosen)
    }
}

/// The first condition that does not hold.
fn missed(rule: &LeadRule, facts: &Facts) -> Option<Missed> {
    let Conditions {
        countries,
        products,
        sources,
        industries,
        score_from,
        score_below,
        amount,
    } = &rule.when;
    let amount_fits = amount.as_ref().is_none_or(|range| {
        facts.amount.is_some_and(|(amount, currency)| {
            currency == range.currency
                && range.from.is_none_or(|from| amount >= from)
                && range.below.is_none_or(|below| amount < below)
        })
    });
    [
        (!rule.enabled, Missed::Off),
        (!has(countries, facts.country.as_ref()), Missed::Country),
        (!has(products, facts.product.as_ref()), Missed::Product),
        (!sources.is_empty() && !sources.contains(&facts.source), Missed::Source),
        (!has(industries, facts.industry.as_ref()), Missed::Industry),
        (score_from.is_some_and(|from| facts.score < from), Missed::Score),
        (score_below.is_some_and(|below| facts.score >= below), Missed::Score),
        (!amount_fits, Missed::Amount),
    ]
    .into_iter()
    .find_map(|(is_missed, what)| is_missed.then_some(what))
}

fn has(wanted: &[String], given: Option<&String>) -> bool {
    wanted.is_empty() || given.is_some_and(|given| wanted.iter().any(|text| text.to_lowercase() == *given))
}
