//! Decimal numbers as clients write them.

use rust_decimal::Decimal;

/// Why a text is no decimal number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecimalFault {
    /// It isn't written as numbers are here.
    #[error("must be digits, with a point between digits if it has decimals, without exponent, plus or leading zeros")]
    Malformed,
    /// It has more digits than a decimal holds (28).
    #[error("has more digits than can be kept")]
    TooLong,
}

/// Reads a number in the one way of writing it: that of JSON (RFC 8259 section 6) without an exponent, so that `1.`,
/// `.5`, `007`, `+1` and `1e3`, which readers take differently or not at all, mean nothing here.
///
/// # Errors
/// [`DecimalFault::Malformed`], and [`DecimalFault::TooLong`] instead of rounding.
pub fn parse_decimal(text: &str) -> Result<Decimal, DecimalFault> {
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = unsigned
        .split_once('.')
        .map_or((unsigned, None), |(whole, fraction)| (whole, Some(fraction)));
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let padded = whole.len() > 1 && whole.starts_with('0');
    if !digits(whole) || padded || !fraction.is_none_or(digits) {
        return Err(DecimalFault::Malformed);
    }
    Decimal::from_str_exact(text).map_err(|_| DecimalFault::TooLong)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_can_be_read_in_two_ways_is_not_read() {
        for text in [
            "", "-", ".", "1.", ".5", "-.5", "00", "00001", "01.5", "-01", "+1", "1e3", "1E3", "1_000", "1,5", " 1",
            "1 ", "1.2.3", "--1", "NaN", "0x1", "\u{661}", "1.-5",
        ] {
            assert_eq!(parse_decimal(text), Err(DecimalFault::Malformed), "{text:?}");
        }
        for text in ["0", "-0", "0.5", "-0.50", "10", "9999999999.0000"] {
            assert_eq!(parse_decimal(text).unwrap(), text.parse::<Decimal>().unwrap(), "{text}");
        }
        let long = format!("0.{}1", "0".repeat(40));
        assert_eq!(parse_decimal(&long), Err(DecimalFault::TooLong), "never rounded");
        assert_eq!(parse_decimal(&"9".repeat(40)), Err(DecimalFault::TooLong));
    }

    proptest! {
        #[test]
        fn what_a_decimal_is_written_as_is_read_as_it(mantissa in -1_000_000_000_000_000_i64..1_000_000_000_000_000, scale in 0u32..12) {
            let number = Decimal::new(mantissa, scale);
            prop_assert_eq!(parse_decimal(&number.to_string()), Ok(number));
        }

        #[test]
        fn a_text_is_read_exactly_when_it_has_the_form(text in "[-+]?[0-9]{0,3}[.e]?[0-9]{0,3}") {
            // The same form as JSON has, which another reader checks.
            let json = !text.contains('e') && serde_json::from_str::<serde_json::Number>(&text).is_ok();
            prop_assert_eq!(parse_decimal(&text).is_ok(), json, "{}", text);
        }
    }
}
