//! Amounts of money: a decimal with an ISO 4217 currency, never a float.

use iso_currency::Currency;
use rust_decimal::{Decimal, RoundingStrategy};
use serde::{Deserialize, Serialize};

/// An amount in one currency. Wire form: `{"amount": "1250.00", "currency": "EUR"}`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Money {
    /// The amount in major units.
    pub amount: Decimal,
    /// The currency (ISO 4217).
    pub currency: Currency,
}

/// Why two amounts can't be combined.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MoneyFault {
    /// The currencies differ.
    #[error("amounts in {0} and {1} can't be combined: convert one at a dated rate first")]
    CurrencyMismatch(Currency, Currency),
    /// The result has more digits than a decimal holds (28).
    #[error("the amount is out of range")]
    OutOfRange,
    /// A split needs at least one positive weight.
    #[error("a split needs at least one positive weight and no negative one")]
    NoWeights,
}

impl Money {
    /// An amount as given, not rounded.
    #[must_use]
    pub const fn new(amount: Decimal, currency: Currency) -> Self {
        Self { amount, currency }
    }

    /// The number of decimals of the currency's minor unit (ISO 4217): 2 for EUR, 0 for JPY, 3 for KWD.
    #[must_use]
    pub fn exponent(currency: Currency) -> u32 {
        currency.exponent().map_or(2, u32::from)
    }

    /// Rounded half to even at the currency's minor unit. Done once, at the posting.
    #[must_use]
    pub fn rounded(self) -> Self {
        let places = Self::exponent(self.currency);
        let mut amount = self
            .amount
            .round_dp_with_strategy(places, RoundingStrategy::MidpointNearestEven);
        amount.rescale(places);
        Self { amount, ..self }
    }

    /// The sum of two amounts of one currency.
    ///
    /// # Errors
    /// [`MoneyFault::CurrencyMismatch`], [`MoneyFault::OutOfRange`].
    pub fn plus(self, other: Self) -> Result<Self, MoneyFault> {
        if self.currency != other.currency {
            return Err(MoneyFault::CurrencyMismatch(self.currency, other.currency));
        }
        let amount = self.amount.checked_add(other.amount).ok_or(MoneyFault::OutOfRange)?;
        Ok(Self { amount, ..self })
    }

    /// Splits the amount, rounded to the minor unit, in proportion to `weights` by largest remainder: the parts
    /// sum to the whole, and none is further than one minor unit from its exact share. Ties go to the earlier part.
    ///
    /// # Errors
    /// [`MoneyFault::NoWeights`] without a positive weight, [`MoneyFault::OutOfRange`].
    pub fn split(self, weights: &[Decimal]) -> Result<Vec<Self>, MoneyFault> {
        let total: Decimal = weights.iter().sum();
        if total <= Decimal::ZERO || weights.iter().any(|weight| *weight < Decimal::ZERO) {
            return Err(MoneyFault::NoWeights);
        }
        let whole = self.rounded().amount;
        let unit = Decimal::new(1, Self::exponent(self.currency));
        let mut parts = Vec::with_capacity(weights.len());
        for (place, weight) in weights.iter().enumerate() {
            let share = whole.checked_mul(*weight).ok_or(MoneyFault::OutOfRange)? / total;
            let floor = (share / unit).floor() * unit;
            parts.push((place, floor, share - floor));
        }
        let mut left = whole - parts.iter().map(|(_, floor, _)| *floor).sum::<Decimal>();
        parts.sort_by(|a, b| b.2.cmp(&a.2).then(a.0.cmp(&b.0)));
        for (_, floor, _) in &mut parts {
            if left < unit {
                break;
            }
            *floor += unit;
            left -= unit;
        }
        parts.sort_by_key(|(place, ..)| *place);
        Ok(parts
            .into_iter()
            .map(|(_, amount, _)| Self { amount, ..self })
            .collect())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn rounds_half_to_even_at_the_minor_unit() {
        let euro = |text: &str| {
            Money::new(text.parse().unwrap(), Currency::EUR)
                .rounded()
                .amount
                .to_string()
        };
        assert_eq!([euro("0.125"), euro("0.135"), euro("7")], ["0.12", "0.14", "7.00"]);
        let yen = Money::new("2.5".parse().unwrap(), Currency::JPY).rounded();
        assert_eq!(yen.amount.to_string(), "2");
    }

    #[test]
    fn a_third_each_sums_to_the_whole() {
        let parts = Money::new(Decimal::TEN, Currency::USD)
            .split(&[Decimal::ONE; 3])
            .unwrap();
        assert_eq!(
            parts.iter().map(|part| part.amount.to_string()).collect::<Vec<_>>(),
            ["3.34", "3.33", "3.33"]
        );
    }

    #[test]
    fn currencies_do_not_mix() {
        let one = Money::new(Decimal::ONE, Currency::USD);
        let fault = one.plus(Money::new(Decimal::ONE, Currency::EUR)).unwrap_err();
        assert_eq!(fault, MoneyFault::CurrencyMismatch(Currency::USD, Currency::EUR));
    }

    proptest! {
        #[test]
        fn parts_sum_to_the_whole(cents in -1_000_000_000i64..1_000_000_000, weights in prop::collection::vec(0u32..1000, 1..12)) {
            let whole = Money::new(Decimal::new(cents, 2), Currency::USD);
            let weights: Vec<Decimal> = weights.into_iter().map(Decimal::from).collect();
            match whole.split(&weights) {
                Ok(parts) => {
                    prop_assert_eq!(parts.iter().map(|part| part.amount).sum::<Decimal>(), whole.amount);
                    let total: Decimal = weights.iter().sum();
                    for (part, weight) in parts.iter().zip(&weights) {
                        prop_assert!((part.amount - whole.amount * weight / total).abs() <= Decimal::new(1, 2));
                    }
                }
                Err(fault) => {
                    prop_assert_eq!(fault, MoneyFault::NoWeights);
                    prop_assert!(weights.iter().all(Decimal::is_zero));
                }
            }
        }
    }
}
