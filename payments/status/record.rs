//! The fields of one entry of a status file.

use std::str::FromStr as _;

use chrono::NaiveDate;
use guildhall_kernel::{Currency, Money};
use rust_decimal::Decimal;

use super::meaning;
use super::walker::Leaf;

/// The longest explanation kept, in characters. Banks may repeat a text of 105 without end.
const TEXT: usize = 500;
/// The most fields of an entry that are kept; none has as many of those that are read.
const FIELDS: usize = 2_000;

/// The fields of one entry, by their paths below it.
#[derive(Default)]
pub(super) struct Record {
    fields: Vec<(String, Leaf)>,
}

impl Record {
    pub(super) fn add(&mut self, path: &str, leaf: Leaf) {
        if !leaf.text.is_empty() && self.fields.len() < FIELDS {
            self.fields.push((path.to_owned(), leaf));
        }
    }

    pub(super) fn clear(&mut self) {
        self.fields.clear();
    }

    fn leaf(&self, path: &str) -> Option<&Leaf> {
        self.fields.iter().find(|(at, _)| at == path).map(|(_, leaf)| leaf)
    }

    /// The first field of the path.
    pub(super) fn get(&self, path: &str) -> Option<&str> {
        self.leaf(path).map(|leaf| leaf.text.as_str())
    }

    /// The first field of the first path that has one.
    pub(super) fn any(&self, paths: &[&str]) -> Option<&str> {
        paths.iter().find_map(|path| self.get(path))
    }

    /// The amount of the first path that has one, which must be one.
    pub(super) fn amount(&self, paths: &[&str]) -> Result<Option<Money>, String> {
        let Some((path, leaf)) = paths.iter().find_map(|path| Some((path, self.leaf(path)?))) else {
            return Ok(None);
        };
        let code = leaf.currency.as_deref().unwrap_or_default();
        let currency = Currency::from_code(code).ok_or_else(|| format!("{path}: no currency {code:?}"))?;
        let amount = decimal(&leaf.text).ok_or_else(|| format!("{path} is no amount"))?;
        if amount.is_sign_negative() || amount.scale() > Money::exponent(currency) {
            return Err(format!("{path} {amount} is no amount of {}", currency.code()));
        }
        Ok(Some(Money::new(amount, currency)))
    }

    /// The day of the first path that has one: of a date, or of a date and time as the bank wrote it.
    pub(super) fn day(&self, paths: &[&str]) -> Option<NaiveDate> {
        let text = self.any(paths)?;
        NaiveDate::parse_from_str(text.get(..10)?, "%Y-%m-%d").ok()
    }

    /// The code of a reason in `element`, and the reason in words.
    pub(super) fn reason(&self, element: &str) -> Option<(String, String)> {
        let code = self.any(&[&format!("{element}/Rsn/Cd"), &format!("{element}/Rsn/Prtry")]);
        let text = format!("{element}/AddtlInf");
        let words: Vec<&str> = self
            .fields
            .iter()
            .filter(|(at, _)| *at == text)
            .map(|(_, leaf)| leaf.text.as_str())
            .collect();
        let words: String = words.join(" ").chars().take(TEXT).collect();
        match code {
            None if words.is_empty() => None,
            // "Reason has not been specified by agent".
            code => Some(explained(code.unwrap_or("MS03"), &words)),
        }
    }
}

/// The code, with the meaning that the code set gives it where the bank gives none.
pub(super) fn explained(code: &str, words: &str) -> (String, String) {
    let code: String = code.chars().take(35).collect();
    let text = if words.is_empty() {
        meaning(&code).unwrap_or_default()
    } else {
        words
    };
    (code.clone(), text.to_owned())
}

/// A number of `xs:decimal`, which may have a plus, leading and trailing zeros.
fn decimal(text: &str) -> Option<Decimal> {
    let unsigned = text.strip_prefix('+').unwrap_or(text);
    let plain = unsigned.len() <= 40 && unsigned.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'.' | b'-'));
    plain
        .then(|| Decimal::from_str(unsigned).ok().map(|number| number.normalize()))
        .flatten()
}
