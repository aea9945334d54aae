//! Amounts, quantities and dates as they are printed.

use chrono::{Datelike, NaiveDate};
use guildhall_kernel::{Currency, Money};
use rust_decimal::Decimal;

use crate::DocumentFault;

/// Prints the amounts of one currency.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Figures {
    currency: Currency,
}

impl Figures {
    pub(crate) fn new(currency: Currency) -> Self {
        Self { currency }
    }

    /// The amount with the decimals of the currency's minor unit, thousands set apart: `−1,250.00`.
    pub(crate) fn amount(self, amount: Decimal) -> String {
        grouped(Money::new(amount, self.currency).rounded().amount)
    }

    /// The amount, headed by the currency's code: `EUR 1,250.00`.
    pub(crate) fn with_code(self, amount: Decimal) -> String {
        format!("{} {}", self.currency.code(), self.amount(amount))
    }

    /// Holds an amount to the currency's minor unit.
    pub(crate) fn check(self, amount: Decimal, what: impl FnOnce() -> String) -> Result<Decimal, DocumentFault> {
        if amount.normalize().scale() > Money::exponent(self.currency) {
            return Err(DocumentFault::TooFine {
                what: what(),
                amount,
                currency: self.currency,
            });
        }
        Ok(amount)
    }

    pub(crate) fn rounded(self, amount: Decimal) -> Decimal {
        Money::new(amount, self.currency).rounded().amount
    }

    /// One minor unit: 0.01 for the euro.
    pub(crate) fn unit(self) -> Decimal {
        Decimal::new(1, Money::exponent(self.currency))
    }
}

/// A sum that says when it has more digits than a decimal holds.
pub(crate) fn sum(amounts: impl IntoIterator<Item = Decimal>, what: &'static str) -> Result<Decimal, DocumentFault> {
    amounts
        .into_iter()
        .try_fold(Decimal::ZERO, Decimal::checked_add)
        .ok_or(DocumentFault::OutOfRange { what })
}

/// A quantity or a unit price with the decimals that it has: `1,200`, `0.5`. At least `places` of them.
pub(crate) fn quantity(value: Decimal, places: u32) -> String {
    let mut value = value.normalize();
    if value.scale() < places {
        value.rescale(places);
    }
    grouped(value)
}

/// The digits of a decimal with commas between the thousands and a true minus sign (U+2212), which is as wide as a digit.
fn grouped(value: Decimal) -> String {
    let text = value.abs().to_string();
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let mut out = String::with_capacity(text.len() + text.len() / 3 + 4);
    if value.is_sign_negative() && !value.is_zero() {
        out.push('\u{2212}');
    }
    let digits = whole.len();
    for (place, digit) in whole.chars().enumerate() {
        if place > 0 && (digits - place).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    if !fraction.is_empty() {
        out.push('.');
        out.push_str(fraction);
    }
    out
}

/// A date in a column: `2026-07-01` (ISO 8601).
pub(crate) fn short(on: NaiveDate) -> String {
    on.format("%Y-%m-%d").to_string()
}

/// A date in a sentence: `1 July 2026`.
pub(crate) fn long(on: NaiveDate) -> String {
    on.format("%-d %B %Y").to_string()
}

/// A period in a sentence, both days included: `1 July – 30 September 2026`.
pub(crate) fn period(from: NaiveDate, to: NaiveDate) -> String {
    if from == to {
        return long(from);
    }
    let first = if from.year() != to.year() {
        long(from)
    } else if from.month() != to.month() {
        from.format("%-d %B").to_string()
    } else {
        from.format("%-d").to_string()
    };
    format!("{first} \u{2013} {}", long(to))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_carry_the_minor_unit_of_their_currency() {
        let cases = [
            ("0", Currency::EUR, "0.00"),
            ("-0", Currency::EUR, "0.00"),
            ("1234567.5", Currency::EUR, "1,234,567.50"),
            ("-999", Currency::USD, "\u{2212}999.00"),
            ("-1000.01", Currency::USD, "\u{2212}1,000.01"),
            ("123456", Currency::JPY, "123,456"),
            ("1.5", Currency::KWD, "1.500"),
            (
                "79228162514264337593543950335",
                Currency::JPY,
                "79,228,162,514,264,337,593,543,950,335",
            ),
        ];
        for (amount, currency, printed) in cases {
            assert_eq!(Figures::new(currency).amount(amount.parse().unwrap()), printed);
        }
    }

    #[test]
    fn an_amount_finer_than_the_minor_unit_is_refused() {
        let yen = Figures::new(Currency::JPY);
        assert!(yen.check("10.00".parse().unwrap(), String::new).is_ok());
        let fault = yen.check("10.5".parse().unwrap(), || "line 1".to_owned()).unwrap_err();
        assert_eq!(
            fault.to_string(),
            "line 1 is 10.5, finer than the minor unit of JPY: round it at the posting"
        );
    }

    #[test]
    fn quantities_keep_their_decimals() {
        assert_eq!(quantity("1200.000".parse().unwrap(), 0), "1,200");
        assert_eq!(quantity("0.0125".parse().unwrap(), 2), "0.0125");
        assert_eq!(quantity("3".parse().unwrap(), 2), "3.00");
    }

    #[test]
    fn periods_name_what_differs() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        let cases = [
            ("2026-07-01", "2026-07-31", "1 \u{2013} 31 July 2026"),
            ("2026-07-01", "2026-09-30", "1 July \u{2013} 30 September 2026"),
            ("2026-12-01", "2027-01-31", "1 December 2026 \u{2013} 31 January 2027"),
            ("2026-07-01", "2026-07-01", "1 July 2026"),
        ];
        for (from, to, printed) in cases {
            assert_eq!(period(day(from), day(to)), printed);
        }
    }
}
