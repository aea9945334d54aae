//! The limits of every field, checked before a byte is written.

use std::collections::HashSet;

use guildhall_kernel::{Currency, Money};
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive as _;

use super::{Entry, File};
use crate::characters::{is_latin, latin};

/// The largest amount of an entry, in cents: ten digits.
const AMOUNT: u64 = 9_999_999_999;
/// The largest sum of a file, in cents: twelve digits.
const SUM: u64 = 999_999_999_999;
/// The most entry and addenda records of a batch: six digits.
const RECORDS: u64 = 999_999;

/// Why a file or an entry can't be written. Says which field of which entry, and its limit; no account number.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// A text is empty, or too long once written in the characters that banks take.
    #[error("{field} must have 1 to {max} characters, it has {is}{}", of(entry))]
    Length {
        /// The field, by its name in the Operating Rules.
        field: &'static str,
        /// The most characters.
        max: usize,
        /// How many it has.
        is: usize,
        /// The entry, by its identification.
        entry: Option<String>,
    },
    /// A field has a character that it can't have.
    #[error("{field} must be {must}{}", of(entry))]
    Code {
        /// The field.
        field: &'static str,
        /// What it must be.
        must: &'static str,
        /// The entry.
        entry: Option<String>,
    },
    /// Two entries have one identification.
    #[error("Individual Identification Number is that of another entry of the file: {entry}")]
    Twice {
        /// The entry.
        entry: String,
    },
    /// An amount that can't be transferred.
    #[error("Amount must be US dollars and whole cents, more than zero and at most 99999999.99: {entry}")]
    Amount {
        /// The entry.
        entry: String,
    },
    /// More records than a batch may have.
    #[error("a batch has at most {RECORDS} entries and addenda: split it")]
    TooMany,
    /// The amounts add up to more than twelve digits of cents.
    #[error("a file's credits add up to at most 9999999999.99: split it")]
    Sum,
    /// No entry.
    #[error("the file has no entry")]
    Empty,
}

fn of(entry: &Option<String>) -> String {
    entry.as_ref().map(|id| format!(": entry {id}")).unwrap_or_default()
}

/// The first pass over a file: every limit checked, entries counted and added up.
#[derive(Clone, Debug)]
pub struct Tally {
    pub(super) file: File,
    pub(super) entries: u64,
    pub(super) records: u64,
    pub(super) cents: u64,
    seen: HashSet<String>,
}

impl Tally {
    /// A tally of no entries.
    ///
    /// # Errors
    /// A field of the file that is missing, too long or has a character that banks don't take.
    pub fn new(file: &File) -> Result<Self, Fault> {
        text("Immediate Destination Name", &file.destination_name, 23, None)?;
        text("Immediate Origin Name", &file.origin_name, 23, None)?;
        text("Company Name", &file.company_name, 16, None)?;
        text("Company Entry Description", &file.description, 10, None)?;
        code("Immediate Origin", &file.origin)?;
        code("Company Identification", &file.company_id)?;
        if !(file.modifier.is_ascii_uppercase() || file.modifier.is_ascii_digit()) {
            return Err(Fault::Code {
                field: "File ID Modifier",
                must: "A to Z or 0 to 9",
                entry: None,
            });
        }
        if !(1..=9_999_999).contains(&file.batch_number) {
            return Err(Fault::Code {
                field: "Batch Number",
                must: "1 to 9999999",
                entry: None,
            });
        }
        Ok(Self {
            file: file.clone(),
            entries: 0,
            records: 0,
            cents: 0,
            seen: HashSet::new(),
        })
    }

    /// Checks an entry and counts it.
    ///
    /// # Errors
    /// What is wrong with which field; nothing was counted.
    pub fn add(&mut self, entry: &Entry) -> Result<(), Fault> {
        let cents = check(entry)?;
        if self.seen.contains(&entry.identification) {
            return Err(Fault::Twice {
                entry: entry.identification.clone(),
            });
        }
        let records = self.records + if entry.addenda.is_empty() { 1 } else { 2 };
        if records > RECORDS {
            return Err(Fault::TooMany);
        }
        if self.cents + cents > SUM {
            return Err(Fault::Sum);
        }
        self.records = records;
        self.cents += cents;
        self.entries += 1;
        self.seen.insert(entry.identification.clone());
        Ok(())
    }

    /// How many entries.
    #[must_use]
    pub const fn count(&self) -> u64 {
        self.entries
    }

    /// What they add up to.
    #[must_use]
    pub fn sum(&self) -> Money {
        Money::new(Decimal::from(self.cents) / Decimal::ONE_HUNDRED, Currency::USD)
    }
}

/// Checks an entry by itself; its amount in cents.
pub(super) fn check(entry: &Entry) -> Result<u64, Fault> {
    let id = &entry.identification;
    text("Individual Identification Number", id, 15, None)?;
    if id.starts_with(' ') || id.ends_with(' ') || id.contains("  ") || !id.chars().all(is_latin) {
        let must = "letters, digits and / - ? : ( ) . , ' +, without spaces at the ends";
        return Err(Fault::Code {
            field: "Individual Identification Number",
            must,
            entry: None,
        });
    }
    text("Individual Name", &entry.name, 22, Some(id))?;
    if !entry.addenda.is_empty() {
        text("Payment Related Information", &entry.addenda, 80, Some(id))?;
    }
    let Money { amount, currency } = entry.amount;
    let cents = (currency == Currency::USD)
        .then(|| amount.checked_mul(Decimal::ONE_HUNDRED))
        .flatten();
    let cents = cents
        .filter(|cents| cents.is_integer())
        .and_then(|cents| cents.to_u64());
    let cents = cents.filter(|cents| (1..=AMOUNT).contains(cents));
    cents.ok_or_else(|| Fault::Amount { entry: id.clone() })
}

fn text(field: &'static str, value: &str, max: usize, entry: Option<&str>) -> Result<(), Fault> {
    let is = latin(value).chars().count();
    if is == 0 || is > max {
        return Err(Fault::Length {
            field,
            max,
            is,
            entry: entry.map(str::to_owned),
        });
    }
    Ok(())
}

fn code(field: &'static str, value: &str) -> Result<(), Fault> {
    let is = value.chars().count();
    if is == 0 || is > 10 {
        return Err(Fault::Length {
            field,
            max: 10,
            is,
            entry: None,
        });
    }
    if !value
        .bytes()
        .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
    {
        return Err(Fault::Code {
            field,
            must: "capitals and digits",
            entry: None,
        });
    }
    Ok(())
}
