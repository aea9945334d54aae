//! Why a document isn't drawn.

use chrono::NaiveDate;
use guildhall_kernel::Currency;
use rust_decimal::Decimal;

/// Why a document isn't drawn. Nothing is returned but the fault: there is no half-finished document.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DocumentFault {
    /// The document has no number; a document is cited by it.
    #[error("the document has no number: give the one it is filed under")]
    NoNumber,
    /// The last day lies before the first.
    #[error("the period ends on {to}, before its first day {from}: swap them")]
    Period {
        /// The first day given.
        from: NaiveDate,
        /// The last day given.
        to: NaiveDate,
    },
    /// An amount has more decimals than the currency's minor unit; it would be printed rounded, and wrong.
    #[error("{what} is {amount}, finer than the minor unit of {}: round it at the posting", .currency.code())]
    TooFine {
        /// Which amount, for example `line 3 (earn_…)`.
        what: String,
        /// The amount given.
        amount: Decimal,
        /// The currency of the document.
        currency: Currency,
    },
    /// A statement whose opening balance, lines and payouts don't lead to its closing balance.
    #[error(
        "the closing balance is {closing}, but the opening balance, lines and payouts lead to {computed}: a line is missing or counted twice"
    )]
    Unbalanced {
        /// The closing balance given.
        closing: Decimal,
        /// The opening balance plus every line, less every payout.
        computed: Decimal,
    },
    /// A payout whose withheld tax is negative or more than the payout.
    #[error("payout {reference} withholds {withheld} of {amount}: the tax lies between nothing and the payout")]
    Withheld {
        /// The payout's reference.
        reference: String,
        /// The payout before tax.
        amount: Decimal,
        /// The tax given.
        withheld: Decimal,
    },
    /// The net amount of an invoice line isn't its quantity times its price.
    #[error("line {line} has the net amount {net}, but its quantity and unit price give {computed}")]
    Net {
        /// The line, counted from 1.
        line: usize,
        /// The amount given.
        net: Decimal,
        /// Quantity times unit price, rounded at the minor unit.
        computed: Decimal,
    },
    /// The tax of an invoice line isn't its net amount times its rate, within one minor unit.
    #[error("line {line} has {tax} of tax, but its net amount and rate give {computed}")]
    Tax {
        /// The line, counted from 1.
        line: usize,
        /// The tax given.
        tax: Decimal,
        /// Net amount times rate, rounded at the minor unit.
        computed: Decimal,
    },
    /// A rate that the line's tax category doesn't allow (EN 16931, BR-S-05 and its siblings).
    #[error(
        "line {line} has a rate of {rate} % in category {category}, which is above 0 for S, up to 100, and 0 for the others"
    )]
    Rate {
        /// The line, counted from 1.
        line: usize,
        /// The rate given, in percent.
        rate: Decimal,
        /// The code of the category.
        category: &'static str,
    },
    /// A tax identifier is missing that the category asks for (EN 16931, BR-S-02, BR-AE-02, BR-IC-02 and siblings).
    #[error("category {category} needs the tax id of the {who}: add it to the party")]
    NoTaxId {
        /// The code of the category.
        category: &'static str,
        /// `seller` or `buyer`.
        who: &'static str,
    },
    /// Exempt lines without the reason of the exemption (EN 16931, BR-E-10).
    #[error("exempt lines (category E) need the reason of the exemption: set `exemption_reason`")]
    NoReason,
    /// A sum has more digits than a decimal holds (28).
    #[error("the sum of {what} is out of range")]
    OutOfRange {
        /// What was summed.
        what: &'static str,
    },
    /// The PDF could not be written. A defect of this crate or of its fonts, or a document of millions of lines.
    #[error("the PDF could not be written: {0}")]
    Pdf(String),
}
