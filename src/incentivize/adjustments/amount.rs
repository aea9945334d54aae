//! Amounts that may be negative.

use guildhall_kernel::Currency;
use guildhall_spine::http::Checks;
use rust_decimal::Decimal;

/// Reads an amount that is above or below 0, with no more decimals than the currency has; notes what is wrong with it.
pub(crate) fn signed(checks: &mut Checks, pointer: &str, text: &str, currency: Currency) -> Option<Decimal> {
    let (digits, negative) = text.strip_prefix('-').map_or((text, false), |digits| (digits, true));
    let amount = checks.money(pointer, digits, currency)?;
    if amount.is_zero() {
        checks.refuse(pointer, "amount", "must not be 0");
        return None;
    }
    Some(if negative { -amount } else { amount })
}

/// Reads an amount above 0, with no more decimals than the currency has; notes what is wrong with it.
pub(crate) fn positive(checks: &mut Checks, pointer: &str, text: &str, currency: Currency) -> Option<Decimal> {
    let amount = checks.money(pointer, text, currency)?;
    if amount.is_zero() {
        checks.refuse(pointer, "amount", "must be more than 0");
        return None;
    }
    Some(amount)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sign_is_kept_and_nothing_else_is_let_through() {
        let read =
            |text: &str| signed(&mut Checks::default(), "/amount", text, Currency::EUR).map(|read| read.to_string());
        assert_eq!(read("12.50").as_deref(), Some("12.50"));
        assert_eq!(read("-12.50").as_deref(), Some("-12.50"));
        for text in ["0", "-0.00", "--5", "+5", "1.001", "1,5", "", "-"] {
            assert_eq!(read(text), None, "{text:?}");
        }
        assert_eq!(positive(&mut Checks::default(), "/amount", "-5", Currency::EUR), None);
        assert_eq!(positive(&mut Checks::default(), "/amount", "0", Currency::JPY), None);
    }

    #[test]
    fn each_fault_is_named_once() {
        for text in ["0", "x", "-"] {
            let mut checks = Checks::default();
            signed(&mut checks, "/amount", text, Currency::EUR);
            assert_eq!(checks.faults().len(), 1, "{text:?}");
        }
    }
}
