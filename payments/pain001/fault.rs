//! What can be wrong with an order.

use guildhall_kernel::Currency;
use rust_decimal::Decimal;

use super::MOST_TRANSFERS;

/// Digits of an amount or a sum: `totalDigits` of `ActiveOrHistoricCurrencyAndAmount` and `DecimalNumber`.
pub(super) const DIGITS: u32 = 18;

/// Why a file or a transfer can't be written. Says which field of which transfer, and its limit; no account number.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// A text is empty, or too long once written in the characters that banks take.
    #[error("{field} must have 1 to {max} characters, it has {is}{}", of(transfer))]
    Length {
        /// The field, by the name it has in the file.
        field: &'static str,
        /// The most characters.
        max: usize,
        /// How many it has.
        is: usize,
        /// The transfer, by its EndToEndId.
        transfer: Option<String>,
    },
    /// An id has a character that not all banks take. Ids come back in answers, so they aren't converted.
    #[error(
        "{field} has {character:?} at {at}: use letters, digits and / - ? : ( ) . , ' + and space{}",
        of(transfer)
    )]
    Character {
        /// The field.
        field: &'static str,
        /// The character.
        character: char,
        /// Its place, from 1.
        at: usize,
        /// The transfer.
        transfer: Option<String>,
    },
    /// An id starts or ends with a slash or a space, or has two slashes in a row (EPC132-08, section 1.4).
    #[error(
        "{field} must not start or end with a slash or space, nor have two slashes in a row{}",
        of(transfer)
    )]
    Slash {
        /// The field.
        field: &'static str,
        /// The transfer.
        transfer: Option<String>,
    },
    /// A code isn't one.
    #[error("{field} must be {must}{}", of(transfer))]
    Code {
        /// The field.
        field: &'static str,
        /// What it must be.
        must: &'static str,
        /// The transfer.
        transfer: Option<String>,
    },
    /// An id that must be unique stands in two transfers.
    #[error("{field} is that of another transfer of the file: {transfer}")]
    Twice {
        /// The field.
        field: &'static str,
        /// The transfer.
        transfer: String,
    },
    /// An amount that can't be transferred.
    #[error("InstdAmt {amount}: must be {must}: {transfer}")]
    Amount {
        /// The amount.
        amount: Decimal,
        /// What it must be.
        must: String,
        /// The transfer.
        transfer: String,
    },
    /// The transfer is in another currency than the file.
    #[error("the file is in {}, the transfer in {}: put it in a file of its own: {transfer}", file.code(), is.code())]
    Currency {
        /// The file's.
        file: Currency,
        /// The transfer's.
        is: Currency,
        /// The transfer.
        transfer: String,
    },
    /// A SEPA file must be in euros, between countries that take part.
    #[error(
        "a SEPA transfer must be in EUR between countries of SEPA, not {what}: use Service::of{}",
        of(transfer)
    )]
    NotSepa {
        /// The currency, or the country.
        what: String,
        /// The transfer.
        transfer: Option<String>,
    },
    /// More transfers than one file may have.
    #[error("a file has at most {MOST_TRANSFERS} transfers: split the batch")]
    TooMany,
    /// The amounts add up to more than 18 digits.
    #[error("the sum of the file has more than {DIGITS} digits: split the batch")]
    Sum,
    /// No transfer.
    #[error("the file has no transfer")]
    Empty,
}

fn of(transfer: &Option<String>) -> String {
    transfer
        .as_ref()
        .map(|id| format!(": transfer {id}"))
        .unwrap_or_default()
}
