//! Amounts as Stripe writes them.

use guildhall_kernel::{Currency, Money};
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive as _;

/// Currencies that Stripe counts in whole units, though ISO 4217 gives some of them decimals ("Zero-decimal currencies").
const WHOLE: &str = "BIF CLP DJF GNF JPY KMF KRW MGA PYG RWF VND VUV XAF XOF XPF";
/// Currencies that Stripe counts in thousandths of which the last digit must be 0 ("Three-decimal currencies").
const THOUSANDTHS: &str = "BHD JOD KWD OMR TND";
/// The largest amount: eight digits, twelve in a few currencies.
const MOST: i64 = 999_999_999_999;

/// Why an amount can't be transferred by Stripe.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AmountFault {
    /// Not more than zero.
    #[error("the amount must be more than zero")]
    NotPositive,
    /// More than twelve digits of minor units.
    #[error("the amount is too large for Stripe")]
    TooLarge,
    /// The amount has a finer fraction than Stripe takes in the currency.
    #[error("Stripe takes amounts of {} in steps of {step}: round the payout or pay it by another method", currency.code())]
    Step {
        /// The currency.
        currency: Currency,
        /// The least step.
        step: Decimal,
    },
    /// Stripe's guide names the currency both as one without decimals and as one of two, so that the amount might be taken
    /// for a hundred times as much.
    #[error("how Stripe counts {} is not certain: pay it by another method", currency.code())]
    Uncertain {
        /// The currency.
        currency: Currency,
    },
}

/// The amount as the API counts it.
///
/// # Errors
/// An amount that isn't positive, is too large, or has a fraction that Stripe doesn't take. Nothing is rounded.
pub fn minor_units(money: Money) -> Result<i64, AmountFault> {
    let Money { amount, currency } = money;
    let code = currency.code();
    if amount <= Decimal::ZERO {
        return Err(AmountFault::NotPositive);
    }
    let (units, step) = match code {
        "UGX" => return Err(AmountFault::Uncertain { currency }),
        // Whole crowns, counted in hundredths ("Special cases").
        "ISK" => (100, Decimal::ONE),
        _ if WHOLE.contains(code) => (1, Decimal::ONE),
        _ if THOUSANDTHS.contains(code) => (1000, Decimal::new(1, 2)),
        _ => (100, Decimal::new(1, 2)),
    };
    if !(amount % step).is_zero() {
        return Err(AmountFault::Step { currency, step });
    }
    let counted = amount
        .checked_mul(Decimal::from(units))
        .and_then(|counted| counted.to_i64());
    counted.filter(|counted| *counted <= MOST).ok_or(AmountFault::TooLarge)
}

/// The amount that the API counts so.
pub(super) fn major_units(counted: i64, currency: Currency) -> Money {
    let code = currency.code();
    let decimals = match code {
        _ if WHOLE.contains(code) => 0,
        _ if THOUSANDTHS.contains(code) => 3,
        _ => 2,
    };
    Money::new(Decimal::new(counted, decimals).normalize(), currency)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_of_currency_is_counted_as_stripe_does() {
        for (amount, currency, counted) in [
            ("12.34", Currency::EUR, Some(1234)),
            ("0.01", Currency::USD, Some(1)),
            ("0.005", Currency::USD, None),
            ("0", Currency::USD, None),
            ("-1", Currency::USD, None),
            ("500", Currency::JPY, Some(500)),
            ("500.5", Currency::JPY, None),
            ("5", Currency::MGA, Some(5)),
            ("5.20", Currency::MGA, None),
            ("5", Currency::ISK, Some(500)),
            ("5.124", Currency::KWD, None),
            ("5.12", Currency::KWD, Some(5120)),
            ("5", Currency::UGX, None),
            ("9999999999.99", Currency::USD, Some(999_999_999_999)),
            ("10000000000", Currency::USD, None),
        ] {
            let money = Money::new(amount.parse().unwrap(), currency);
            assert_eq!(minor_units(money).ok(), counted, "{amount} {}", currency.code());
            if let Some(counted) = counted {
                assert_eq!(major_units(counted, currency), money);
            }
        }
        let fault = minor_units(Money::new("5.124".parse().unwrap(), Currency::KWD))
            .unwrap_err()
            .to_string();
        assert!(fault.contains("KWD in steps of 0.01"), "{fault}");
    }
}
