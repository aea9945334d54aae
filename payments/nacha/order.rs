//! What a file orders.

use chrono::{NaiveDate, NaiveDateTime};
use guildhall_kernel::Money;
use uuid::Uuid;

use crate::account::{RoutingNumber, UsAccount, UsAccountKind};
use crate::characters::latin_cut;

/// The file and its one batch: who pays, through which bank, when. Texts are written in capitals, in the characters that
/// all banks take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// The bank or operator that the file goes to, Immediate Destination.
    pub destination: RoutingNumber,
    /// Its name, up to 23 characters.
    pub destination_name: String,
    /// Who sends the file, Immediate Origin: up to 10 letters and digits that the bank has given, often `1` and the tax
    /// number.
    pub origin: String,
    /// The sender's name, up to 23 characters.
    pub origin_name: String,
    /// When the file was made, by the bank's clock.
    pub created_at: NaiveDateTime,
    /// Which of the day's files it is, A to Z or 0 to 9.
    pub modifier: char,
    /// The company that pays, as receivers see it, up to 16 characters.
    pub company_name: String,
    /// Its identification, up to 10 letters and digits, given by the bank.
    pub company_id: String,
    /// To whom.
    pub class: Class,
    /// What for, as receivers see it, up to 10 characters: `COMMISSION`.
    pub description: String,
    /// The day on which receivers shall have the money.
    pub effective_date: NaiveDate,
    /// The company's bank, Originating DFI.
    pub bank: RoutingNumber,
    /// The batch's number, up to 7 digits, one more each time.
    pub batch_number: u32,
}

/// The kind of receiver, Standard Entry Class.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Class {
    /// Companies, `CCD`.
    Company,
    /// People, `PPD`.
    Person,
}

impl Class {
    pub(super) const fn code(self) -> &'static str {
        match self {
            Self::Company => "CCD",
            Self::Person => "PPD",
        }
    }
}

/// One credit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The payment, Individual Identification Number: 1 to 15 characters, once in a file. A return brings it back.
    /// [`identification`] makes one.
    pub identification: String,
    /// The receiver's bank.
    pub routing: RoutingNumber,
    /// The account.
    pub account: UsAccount,
    /// Checking or savings.
    pub kind: UsAccountKind,
    /// Whose account, up to 22 characters: [`name`] cuts a longer one.
    pub name: String,
    /// How much: US dollars, more than zero, up to 99 999 999.99.
    pub amount: Money,
    /// What for, up to 80 characters, in an addenda record. Empty: no such record.
    pub addenda: String,
}

/// An identification for a payout: the lowest 75 bits of its id in 15 digits of base 32 (Crockford's alphabet). Those of an
/// UUID of version 7 are random but for two: keep it with the payout, to find the payout by it.
#[must_use]
pub fn identification(payout: Uuid) -> String {
    let number = payout.as_u128();
    let digits = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    let digit = |place: u32| {
        let value = usize::try_from((number >> (5 * place)) & 31).unwrap_or_default();
        digits.get(value).map_or('0', |digit| char::from(*digit))
    };
    (0..15).rev().map(digit).collect()
}

/// A receiver's name as the file has it, cut to what fits. Banks pay by the number and don't compare names.
#[must_use]
pub fn name(name: &str) -> String {
    latin_cut(name, 22).to_ascii_uppercase()
}

/// A company's name as receivers see it, cut to what fits.
#[must_use]
pub fn company_name(name: &str) -> String {
    latin_cut(name, 16).to_ascii_uppercase()
}
