//! Checking a body's fields.

use guildhall_kernel::{Currency, Money, Patch, is_country, parse_decimal};
use rust_decimal::Decimal;

use super::{FieldError, Problem};

/// 10^15: beyond any amount, and below what the database holds.
const LARGEST: Decimal = Decimal::from_parts(2_764_472_320, 232_830, 0, false, 0);

/// A body that can say what is wrong with it. All faults are reported at once.
pub trait Validate {
    /// Notes every fault in `checks`.
    fn validate(&self, checks: &mut Checks);
}

/// The faults found so far.
#[derive(Debug, Default)]
pub struct Checks(Vec<FieldError>);

impl Checks {
    /// Notes a fault at `pointer`.
    pub fn refuse(&mut self, pointer: impl Into<String>, code: &'static str, message: impl Into<String>) {
        self.0.push(FieldError {
            pointer: pointer.into(),
            code,
            message: message.into(),
        });
    }

    /// Notes a fault unless `holds`.
    pub fn check(&mut self, holds: bool, pointer: &str, code: &'static str, message: &str) {
        if !holds {
            self.refuse(pointer, code, message);
        }
    }

    /// A field of a partial update that always has a value: `null` is refused.
    pub fn kept<T>(&mut self, pointer: &str, field: &Patch<T>) {
        self.check(
            !field.is_null(),
            pointer,
            "null",
            "can't be cleared: leave it out to keep it, or give a value",
        );
    }

    /// A text of `min` to `max` characters without control characters (line breaks are allowed when `lines`), and
    /// not only white space.
    pub fn text(&mut self, pointer: &str, value: &str, min: usize, max: usize, lines: bool) {
        let length = value.chars().count();
        if length > max || value.chars().filter(|c| is_visible(*c)).count() < min {
            self.refuse(pointer, "length", format!("must have {min} to {max} characters"));
        }
        if value
            .chars()
            .any(|c| c.is_control() && !(lines && matches!(c, '\n' | '\r' | '\t')))
        {
            self.refuse(pointer, "control_character", "must not have control characters");
        }
        if value.chars().any(deceives) {
            let message = "must not have characters that turn the direction of writing or separate lines";
            self.refuse(pointer, "deceptive_character", message);
        }
    }

    /// An officially assigned ISO 3166-1 alpha-2 country code, in capitals.
    pub fn country(&mut self, pointer: &str, value: &str) {
        self.check(
            is_country(value),
            pointer,
            "country",
            "must be a country code of two capital letters (ISO 3166-1), like DE",
        );
    }

    /// An e-mail address as people have them: one `@`, no spaces, a dot in the domain, 254 characters at most.
    pub fn email(&mut self, pointer: &str, value: &str) {
        let shaped = value.len() <= 254
            && value.split_once('@').is_some_and(|(local, domain)| {
                (1..=64).contains(&local.len())
                    && domain.contains('.')
                    && !domain.starts_with('.')
                    && !domain.ends_with('.')
                    && !domain.contains("..")
                    && !domain.contains('@')
            })
            && !value
                .chars()
                .any(|c| c.is_whitespace() || c.is_control() || matches!(c, '<' | '>' | '(' | ')' | ',' | ';' | '"'));
        self.check(
            shaped,
            pointer,
            "email",
            "must be an e-mail address, like jane@example.com",
        );
    }

    /// An amount of money that is not negative: digits as [`parse_decimal`] reads them, with no more decimals than the
    /// currency has, at most 10^15.
    pub fn money(&mut self, pointer: &str, text: &str, currency: Currency) -> Option<Decimal> {
        let places = Money::exponent(currency);
        let amount = parse_decimal(text)
            .ok()
            .filter(|amount| !text.starts_with('-') && amount.scale() <= places && *amount <= LARGEST);
        if amount.is_none() {
            let message = format!(
                "must be digits alone, from 0 to 10^15 with at most {places} decimals, like \"349\": no currency and no \
                 separators between thousands"
            );
            self.refuse(pointer, "amount", message);
        }
        amount
    }

    /// The faults noted so far.
    #[must_use]
    pub fn faults(&self) -> &[FieldError] {
        &self.0
    }

    /// # Errors
    /// 422 with every fault noted.
    pub fn done(self) -> Result<(), Problem> {
        if self.0.is_empty() {
            Ok(())
        } else {
            Err(Problem::fields(self.0))
        }
    }
}

/// Whether a reader sees something of it: no white space, and none of the characters that are drawn as nothing
/// (zero-width spaces and joiners, fillers, soft hyphen).
fn is_visible(c: char) -> bool {
    let nothing = matches!(c, '\u{ad}' | '\u{34f}' | '\u{115f}' | '\u{1160}' | '\u{180e}' | '\u{200b}'..='\u{200f}'
        | '\u{2060}'..='\u{2064}' | '\u{3164}' | '\u{feff}' | '\u{ffa0}');
    !nothing && !c.is_whitespace()
}

/// Whether it makes other text look different from what it is: overrides of the writing direction (Unicode Technical
/// Report 36, section 2.2) and separators that end a line.
fn deceives(c: char) -> bool {
    matches!(c, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}
