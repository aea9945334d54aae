//! The self-billing invoice and its credit note: the vendor, as the customer, draws up the invoice for its partner's supply.
//!
//! What has to stand on it is the list of Directive 2006/112/EC, Article 226; self-billing itself is Article 224. The
//! categories of tax and the rules between amounts follow EN 16931-1:2017.

mod check;
mod draw;

use chrono::NaiveDate;
use guildhall_kernel::Currency;
use rust_decimal::Decimal;

use crate::{Paper, Party};

pub use draw::invoice;

/// A self-billing invoice or credit note, in one currency. All amounts are in major units of `currency`, none finer than
/// its minor unit but the unit prices.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invoice {
    /// The sequential number, from a series of the partner's self-billed invoices (Article 226(2)).
    pub number: String,
    /// What it is.
    pub kind: InvoiceKind,
    /// The day of issue (Article 226(1)); it is also the date of the file.
    pub issued: NaiveDate,
    /// The size of the pages.
    pub paper: Paper,
    /// Who supplied: the partner, in whose name the invoice is.
    pub seller: Party,
    /// Who was supplied and draws up the invoice: the vendor.
    pub buyer: Party,
    /// The first and the last day of the supply (Article 226(7)).
    pub supplied: Option<(NaiveDate, NaiveDate)>,
    /// The currency of every amount.
    pub currency: Currency,
    /// What the tax is called, for example `VAT` or `GST`.
    pub tax_name: String,
    /// The lines, in the order in which they are to stand.
    pub lines: Vec<InvoiceLine>,
    /// Why lines of category E are exempt, with the provision (Article 226(11)); needed if there are such lines.
    pub exemption_reason: Option<String>,
    /// Further mentions that the country of the supply asks for. Those of self-billing and of reverse charge are always
    /// drawn and need not be given.
    pub notices: Vec<String>,
    /// When and how it is paid.
    pub payment_terms: Option<String>,
    /// The reference of the payout that pays it.
    pub payout: Option<String>,
}

/// Which document is drawn up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InvoiceKind {
    /// A self-billed invoice: code 389 of UNTDID 1001.
    SelfBilling,
    /// A self-billed credit note: code 261 of UNTDID 1001. Its amounts are positive and lower what is owed.
    CreditNote {
        /// The number of the invoice that it amends, which it has to name (Article 219).
        of: String,
        /// The day on which that one was issued.
        issued: NaiveDate,
    },
}

/// One line of an invoice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvoiceLine {
    /// What was supplied.
    pub description: String,
    /// How much of it.
    pub quantity: Decimal,
    /// The unit of the quantity, for example `h`; may be empty.
    pub unit: String,
    /// The price of one unit without tax; may be finer than the minor unit.
    pub unit_price: Decimal,
    /// The amount without tax: quantity times unit price, rounded half to even at the minor unit.
    pub net: Decimal,
    /// The rate of tax in percent.
    pub rate: Decimal,
    /// The amount of tax.
    pub tax: Decimal,
    /// The category of tax.
    pub category: TaxCategory,
}

/// A category of tax: the codes of UNTDID 5305 that EN 16931-1 allows (BT-151), but those of the Canaries and of Ceuta.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum TaxCategory {
    /// S: taxed at a rate above zero.
    Standard,
    /// Z: taxed at a rate of zero.
    Zero,
    /// E: exempt.
    Exempt,
    /// AE: the buyer owes the tax (Article 226(11a)).
    ReverseCharge,
    /// K: supplied to another member state (Article 138).
    IntraCommunity,
    /// G: exported (Article 146).
    Export,
    /// O: outside the scope of the tax.
    OutOfScope,
}

impl TaxCategory {
    /// The code of the category (UNTDID 5305).
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Standard => "S",
            Self::Zero => "Z",
            Self::Exempt => "E",
            Self::ReverseCharge => "AE",
            Self::IntraCommunity => "K",
            Self::Export => "G",
            Self::OutOfScope => "O",
        }
    }

    /// The name of the category as it is printed.
    const fn name(self) -> &'static str {
        match self {
            Self::Standard => "Standard",
            Self::Zero => "Zero rated",
            Self::Exempt => "Exempt",
            Self::ReverseCharge => "Reverse charge",
            Self::IntraCommunity => "Intra-Community supply",
            Self::Export => "Export",
            Self::OutOfScope => "Outside the scope",
        }
    }
}

/// The lines of one category and rate, summed (EN 16931-1, BG-23).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TaxTotal {
    /// The category.
    pub category: TaxCategory,
    /// The rate in percent.
    pub rate: Decimal,
    /// The sum of the net amounts.
    pub net: Decimal,
    /// The sum of the taxes.
    pub tax: Decimal,
}
