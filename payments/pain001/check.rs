//! The limits of every field, checked before a byte is written.

use std::collections::HashSet;

use guildhall_kernel::{Currency, Money, is_country};
use rust_decimal::Decimal;

use super::fault::DIGITS;
use super::{Address, Fault, Initiation, MOST_TRANSFERS, Service, Transfer};
use crate::characters::{is_latin, latin};

/// Ids: Max35Text.
const ID: usize = 35;
/// Remittance information: Max140Text.
const REMITTANCE: usize = 140;

/// The first pass over a file: every limit checked, transfers counted and added up.
#[derive(Clone, Debug)]
pub struct Tally {
    pub(super) initiation: Initiation,
    pub(super) count: u64,
    pub(super) sum: Decimal,
    end_to_end: HashSet<String>,
    instructions: HashSet<String>,
}

impl Tally {
    /// A tally of no transfers.
    ///
    /// # Errors
    /// A field of the order that is missing, too long or has a character that banks don't take.
    pub fn new(initiation: &Initiation) -> Result<Self, Fault> {
        let service = initiation.service;
        check_id("MsgId", &initiation.message_id, None)?;
        check_text("InitgPty/Nm", &initiation.initiator, service.longest_name(), None)?;
        check_text("Dbtr/Nm", &initiation.debtor.name, service.longest_name(), None)?;
        check_address("Dbtr/PstlAdr", initiation.debtor.address.as_ref(), None)?;
        if let Some(code) = &initiation.category_purpose
            && (code.is_empty() || code.len() > 4 || !code.bytes().all(|byte| byte.is_ascii_alphanumeric()))
        {
            let must = "a code of 1 to 4 letters and digits (ExternalCategoryPurpose1Code)";
            return Err(Fault::Code {
                field: "CtgyPurp/Cd",
                must,
                transfer: None,
            });
        }
        if service == Service::Sepa {
            if initiation.currency != Currency::EUR {
                return Err(Fault::NotSepa {
                    what: initiation.currency.code().to_owned(),
                    transfer: None,
                });
            }
            if !initiation.debtor.iban.in_sepa() {
                let what = initiation.debtor.iban.country().to_owned();
                return Err(Fault::NotSepa { what, transfer: None });
            }
        }
        Ok(Self {
            initiation: initiation.clone(),
            count: 0,
            sum: Decimal::ZERO,
            end_to_end: HashSet::new(),
            instructions: HashSet::new(),
        })
    }

    /// Checks a transfer and counts it.
    ///
    /// # Errors
    /// What is wrong with which field; nothing was counted.
    pub fn add(&mut self, transfer: &Transfer) -> Result<(), Fault> {
        self.check(transfer)?;
        let id = &transfer.end_to_end_id;
        let twice = |field| Fault::Twice {
            field,
            transfer: id.clone(),
        };
        if self.end_to_end.contains(id) {
            return Err(twice("EndToEndId"));
        }
        if self.instructions.contains(&transfer.instruction_id) {
            return Err(twice("InstrId"));
        }
        if self.count >= MOST_TRANSFERS {
            return Err(Fault::TooMany);
        }
        let sum = self.sum.checked_add(transfer.amount.amount).ok_or(Fault::Sum)?;
        if sum >= bound(self.initiation.currency) {
            return Err(Fault::Sum);
        }
        self.sum = sum;
        self.count += 1;
        self.end_to_end.insert(id.clone());
        self.instructions.insert(transfer.instruction_id.clone());
        Ok(())
    }

    /// How many transfers, `NbOfTxs`.
    #[must_use]
    pub const fn count(&self) -> u64 {
        self.count
    }

    /// What they add up to, `CtrlSum`.
    #[must_use]
    pub const fn sum(&self) -> Money {
        Money::new(self.sum, self.initiation.currency)
    }

    /// Checks a transfer by itself.
    pub(super) fn check(&self, transfer: &Transfer) -> Result<(), Fault> {
        let order = &self.initiation;
        check_id("EndToEndId", &transfer.end_to_end_id, None)?;
        let id = Some(transfer.end_to_end_id.as_str());
        check_id("InstrId", &transfer.instruction_id, id)?;
        check_text("Cdtr/Nm", &transfer.creditor, order.service.longest_name(), id)?;
        check_address("Cdtr/PstlAdr", transfer.address.as_ref(), id)?;
        if !transfer.remittance.is_empty() {
            check_text("RmtInf/Ustrd", &transfer.remittance, REMITTANCE, id)?;
        }
        if order.service == Service::Sepa && !transfer.iban.in_sepa() {
            let what = transfer.iban.country().to_owned();
            return Err(Fault::NotSepa {
                what,
                transfer: id.map(str::to_owned),
            });
        }
        check_amount(order, transfer)
    }
}

fn check_amount(order: &Initiation, transfer: &Transfer) -> Result<(), Fault> {
    let Money { amount, currency } = transfer.amount;
    let id = || transfer.end_to_end_id.clone();
    if currency != order.currency {
        return Err(Fault::Currency {
            file: order.currency,
            is: currency,
            transfer: id(),
        });
    }
    let must = |must: String| {
        Err(Fault::Amount {
            amount,
            must,
            transfer: id(),
        })
    };
    let places = Money::exponent(currency);
    if amount <= Decimal::ZERO {
        return must("more than zero".to_owned());
    }
    if amount.normalize().scale() > places {
        return must(format!("rounded to the {places} decimals of {}", currency.code()));
    }
    // EPC132-08, AT-T002: 0.01 to 999999999.99.
    let max = match order.service {
        Service::Sepa => Decimal::new(99_999_999_999, 2),
        Service::Other => bound(currency) - Decimal::new(1, places),
    };
    if amount > max {
        return must(format!("at most {max}"));
    }
    Ok(())
}

/// The least amount of the currency with more digits than the schema takes.
fn bound(currency: Currency) -> Decimal {
    (Money::exponent(currency)..DIGITS).fold(Decimal::ONE, |bound, _| bound * Decimal::TEN)
}

fn check_id(field: &'static str, id: &str, transfer: Option<&str>) -> Result<(), Fault> {
    let is = id.chars().count();
    let transfer = || transfer.map(str::to_owned);
    if is == 0 || is > ID {
        return Err(Fault::Length {
            field,
            max: ID,
            is,
            transfer: transfer(),
        });
    }
    if let Some((place, character)) = id.chars().enumerate().find(|(_, character)| !is_latin(*character)) {
        return Err(Fault::Character {
            field,
            character,
            at: place + 1,
            transfer: transfer(),
        });
    }
    if id.starts_with(['/', ' ']) || id.ends_with(['/', ' ']) || id.contains("//") {
        return Err(Fault::Slash {
            field,
            transfer: transfer(),
        });
    }
    Ok(())
}

/// Free text, which is converted: what counts is what is left of it.
fn check_text(field: &'static str, text: &str, max: usize, transfer: Option<&str>) -> Result<(), Fault> {
    let is = latin(text).chars().count();
    if is == 0 || is > max {
        return Err(Fault::Length {
            field,
            max,
            is,
            transfer: transfer.map(str::to_owned),
        });
    }
    Ok(())
}

fn check_address(field: &'static str, address: Option<&Address>, transfer: Option<&str>) -> Result<(), Fault> {
    let Some(address) = address else { return Ok(()) };
    if !is_country(&address.country) && address.country != "XK" {
        let must = "given with a country of ISO 3166-1, in two capitals";
        return Err(Fault::Code {
            field,
            must,
            transfer: transfer.map(str::to_owned),
        });
    }
    for (text, field, max) in [
        (&address.street, "PstlAdr/StrtNm", 70),
        (&address.building, "PstlAdr/BldgNb", 16),
        (&address.postcode, "PstlAdr/PstCd", 16),
        (&address.town, "PstlAdr/TwnNm", 35),
    ] {
        if let Some(text) = text {
            check_text(field, text, max, transfer)?;
        }
    }
    Ok(())
}
