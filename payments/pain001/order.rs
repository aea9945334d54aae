//! What a file orders.

use chrono::{DateTime, NaiveDate, Utc};
use guildhall_kernel::{Currency, Money};

use crate::account::{Bic, Iban};

/// The order as a whole: one account pays, on one day, in one currency, by one service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Initiation {
    /// The file's id, `MsgId`, and that of its one payment information, `PmtInfId`: 1 to 35 characters, never used
    /// before with this bank. Answers name it.
    pub message_id: String,
    /// When the file was made, `CreDtTm`. Written to the second, in UTC.
    pub created_at: DateTime<Utc>,
    /// Who sends the file, `InitgPty/Nm`.
    pub initiator: String,
    /// Whose account pays.
    pub debtor: Debtor,
    /// The day on which to pay, `ReqdExctnDt`.
    pub execution_date: NaiveDate,
    /// The currency of every transfer.
    pub currency: Currency,
    /// How the transfers travel.
    pub service: Service,
    /// Whether the account's statement shows one sum (`true`) or each transfer, `BtchBookg`.
    pub batch_booking: bool,
    /// What all transfers are for, `CtgyPurp/Cd`: a code of 1 to 4 characters of ISO's external code set, such as `SUPP`
    /// or `COMM`; not all banks take one.
    pub category_purpose: Option<String>,
}

/// Whose account pays.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Debtor {
    /// The holder's name, `Dbtr/Nm`.
    pub name: String,
    /// The account.
    pub iban: Iban,
    /// The account's bank. Without it the file says `NOTPROVIDED`, and the bank takes itself.
    pub bic: Option<Bic>,
    /// The holder's address.
    pub address: Option<Address>,
}

/// A postal address in fields: since November 2026 the schemes take no free lines. SEPA takes none without a town: in a
/// SEPA file such an address is left out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Address {
    /// The street, `StrtNm`, up to 70 characters.
    pub street: Option<String>,
    /// The house number, `BldgNb`, up to 16 characters.
    pub building: Option<String>,
    /// The postcode, `PstCd`, up to 16 characters.
    pub postcode: Option<String>,
    /// The town, `TwnNm`, up to 35 characters.
    pub town: Option<String>,
    /// The country, `Ctry` (ISO 3166-1 alpha-2).
    pub country: String,
}

/// How transfers travel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Service {
    /// SEPA credit transfer (EPC125-05): service level `SEPA`, charges shared (`SLEV`).
    Sepa,
    /// Whatever the bank offers for the currency and country: no service level, charges shared (`SHAR`).
    Other,
}

impl Service {
    /// The service for a transfer: SEPA for euros between two countries that take part in it.
    #[must_use]
    pub fn of(currency: Currency, debtor: &Iban, creditor: &Iban) -> Self {
        if currency == Currency::EUR && debtor.in_sepa() && creditor.in_sepa() {
            Self::Sepa
        } else {
            Self::Other
        }
    }

    /// The longest name of a person or company: 70 characters in SEPA (EPC132-08, AT-P001 and AT-E001), 140 in the schema.
    #[must_use]
    pub const fn longest_name(self) -> usize {
        match self {
            Self::Sepa => 70,
            Self::Other => 140,
        }
    }

    /// A name as the file has it, in the characters that all banks take (EPC217-08), and cut to what fits. Other text is
    /// refused when too long; a name's beginning is enough for a bank to compare.
    #[must_use]
    pub fn name(self, name: &str) -> String {
        crate::characters::latin_cut(name, self.longest_name())
    }
}

/// One transfer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transfer {
    /// The order to the bank, `InstrId`: 1 to 35 characters, once in a file.
    pub instruction_id: String,
    /// The payment, `EndToEndId`: 1 to 35 characters, once in a file. Travels to the creditor and comes back in every
    /// answer.
    pub end_to_end_id: String,
    /// How much: positive, no more decimals than the currency has.
    pub amount: Money,
    /// Whom to pay, `Cdtr/Nm`: at most [`Service::longest_name`] characters; [`Service::name`] cuts a longer one.
    pub creditor: String,
    /// The creditor's address.
    pub address: Option<Address>,
    /// The creditor's account.
    pub iban: Iban,
    /// Its bank. SEPA needs none.
    pub bic: Option<Bic>,
    /// What for, `RmtInf/Ustrd`: up to 140 characters that the creditor sees. Empty: nothing is written.
    pub remittance: String,
}
