//! Prizes of contests.

use rust_decimal::Decimal;

use crate::{Payee, Plan, arithmetic::allocated};

impl Plan {
    /// The prizes of a ranking of payees by what they reached, in any order; nothing for a plan without a contest.
    /// Payees who reached the same share the prizes of the places that they hold, by largest remainder in the order of
    /// their ids. Who reached nothing, or less than the contest asks for, has no place.
    #[must_use]
    pub fn prizes(&self, ranking: &[(Payee, Decimal)]) -> Vec<(Payee, Decimal)> {
        let Some(contest) = self.contest() else {
            return vec![];
        };
        let least = contest.at_least.map_or(Decimal::ZERO, |least| least.0);
        let mut ranked: Vec<&(Payee, Decimal)> = ranking
            .iter()
            .filter(|(_, reached)| *reached > Decimal::ZERO && *reached >= least)
            .collect();
        ranked.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(&b.0)));
        let mut prizes = Vec::new();
        let mut place = 1u32;
        let places = contest.prizes.last().map_or(0, |prize| prize.to);
        for tied in ranked.chunk_by(|a, b| a.1 == b.1) {
            if place > places {
                break;
            }
            let held = u32::try_from(tied.len()).unwrap_or(u32::MAX);
            let last = place.saturating_add(held - 1);
            let pot: Decimal = contest
                .prizes
                .iter()
                .map(|prize| {
                    let places = (last.min(prize.to) + 1).saturating_sub(place.max(prize.from));
                    prize.amount.saturating_mul(Decimal::from(places))
                })
                .sum();
            let weights = vec![Decimal::ONE; tied.len()];
            let parts = allocated(pot, &weights, self.places()).unwrap_or_default();
            prizes.extend(tied.iter().map(|(payee, _)| *payee).zip(parts));
            place = last.saturating_add(1);
        }
        prizes.retain(|(_, amount)| !amount.is_zero());
        prizes
    }
}
