//! Decimal arithmetic that can't panic.

use rust_decimal::{Decimal, RoundingStrategy};

use crate::CalcFault;

/// How many decimals an exact amount is kept to. A quotient such as 1/3 ends somewhere: cut there, products that are
/// exactly half a cent are seen as such again, and the digits that are left hold any amount of a sale.
const KEPT: u32 = 12;

/// Rounded half to even at the twelfth decimal.
pub(crate) fn settled(value: Decimal) -> Decimal {
    value
        .round_dp_with_strategy(KEPT, RoundingStrategy::MidpointNearestEven)
        .normalize()
}

/// Totals of periods are kept to six decimals, so that their sums are exact in any order.
pub(crate) fn counted(value: Decimal) -> Decimal {
    value
        .round_dp_with_strategy(6, RoundingStrategy::MidpointNearestEven)
        .normalize()
}

pub(crate) fn plus(a: Decimal, b: Decimal) -> Result<Decimal, CalcFault> {
    a.checked_add(b).ok_or(CalcFault::OutOfRange("a sum"))
}

pub(crate) fn times(a: Decimal, b: Decimal) -> Result<Decimal, CalcFault> {
    a.checked_mul(b).ok_or(CalcFault::OutOfRange("a product"))
}

/// `value * part / whole`, rounded once.
pub(crate) fn portion(value: Decimal, part: Decimal, whole: Decimal) -> Result<Decimal, CalcFault> {
    if part == whole {
        return Ok(value);
    }
    times(value, part)?
        .checked_div(whole)
        .ok_or(CalcFault::OutOfRange("a quotient"))
}

/// `percent` of the value.
pub(crate) fn percent(value: Decimal, percent: Decimal) -> Result<Decimal, CalcFault> {
    Ok(times(value, percent)? * Decimal::new(1, 2))
}

/// As [`portion`], for totals: the largest decimal in place of a fault, 0 over 0.
pub(crate) fn portion_of_total(value: Decimal, part: Decimal, whole: Decimal) -> Decimal {
    if part == whole {
        return value;
    }
    if whole.is_zero() {
        return Decimal::ZERO;
    }
    value
        .checked_mul(part)
        .and_then(|product| product.checked_div(whole))
        .or_else(|| value.checked_div(whole).and_then(|quotient| quotient.checked_mul(part)))
        .unwrap_or(Decimal::MAX)
}

/// Splits `whole`, which has at most `places` decimals, by largest remainder: the parts sum to it, none is further
/// than one minor unit from its share, equal remainders go to the earlier part. Nothing without a positive weight.
///
/// Remainders are compared as integers of the weights' total, where quotients would differ in their last digit.
pub(crate) fn allocated(whole: Decimal, weights: &[Decimal], places: u32) -> Result<Vec<Decimal>, CalcFault> {
    if let [_] = weights {
        return Ok(vec![whole]);
    }
    let mut total = Decimal::ZERO;
    for weight in weights {
        total = plus(total, *weight)?;
    }
    if total <= Decimal::ZERO {
        return Ok(vec![Decimal::ZERO; weights.len()]);
    }
    let unit = Decimal::new(1, places);
    let units = whole
        .checked_div(unit)
        .ok_or(CalcFault::OutOfRange("a whole in minor units"))?
        .trunc();
    let mut parts = Vec::with_capacity(weights.len());
    for (place, weight) in weights.iter().enumerate() {
        let product = times(units, *weight)?;
        let floor = product
            .checked_div(total)
            .ok_or(CalcFault::OutOfRange("a share"))?
            .floor();
        let remainder = product - times(floor, total)?;
        parts.push((place, floor, remainder));
    }
    let mut left = units - parts.iter().map(|(_, floor, _)| *floor).sum::<Decimal>();
    parts.sort_by(|a, b| b.2.cmp(&a.2).then(a.0.cmp(&b.0)));
    for (_, floor, _) in &mut parts {
        if left < Decimal::ONE {
            break;
        }
        *floor += Decimal::ONE;
        left -= Decimal::ONE;
    }
    parts.sort_by_key(|(place, ..)| *place);
    Ok(parts.into_iter().map(|(_, units, _)| units * unit).collect())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn equal_remainders_go_to_the_earlier_part_whatever_its_size() {
        let weights: Vec<Decimal> = [4, 1, 1].map(Decimal::from).to_vec();
        let parts = allocated(Decimal::from(20), &weights, 2).unwrap();
        assert_eq!(
            parts.iter().map(ToString::to_string).collect::<Vec<_>>(),
            ["13.34", "3.33", "3.33"]
        );
        let weights: Vec<Decimal> = [1, 4, 1].map(Decimal::from).to_vec();
        let parts = allocated(Decimal::from(20), &weights, 2).unwrap();
        assert_eq!(
            parts.iter().map(ToString::to_string).collect::<Vec<_>>(),
            ["3.34", "13.33", "3.33"]
        );
    }

    #[test]
    fn a_whole_that_has_too_many_minor_units_is_a_fault() {
        let whole = Decimal::from(10_u128.pow(26));
        let fault = allocated(whole, &[Decimal::ONE, Decimal::ONE], 3).unwrap_err();
        assert_eq!(fault.code(), "out_of_range");
    }

    #[test]
    fn no_weight_no_part() {
        assert_eq!(
            allocated(Decimal::TEN, &[Decimal::ZERO; 2], 2).unwrap(),
            [Decimal::ZERO; 2]
        );
    }

    proptest! {
        #[test]
        fn parts_sum_to_the_whole(units in 0i64..1_000_000_000_000, weights in prop::collection::vec(0u32..100_000, 1..9)) {
            let whole = Decimal::new(units, 2);
            let weights: Vec<Decimal> = weights.into_iter().map(|weight| Decimal::new(i64::from(weight), 3)).collect();
            let parts = allocated(whole, &weights, 2).unwrap();
            let total: Decimal = weights.iter().sum();
            if !total.is_zero() {
                prop_assert_eq!(parts.iter().sum::<Decimal>(), whole);
                for (part, weight) in parts.iter().zip(&weights) {
                    prop_assert!((*part - whole * *weight / total).abs() < Decimal::new(1, 2));
                }
            }
        }
    }
}
