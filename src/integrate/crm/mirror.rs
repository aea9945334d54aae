//! The shape in which accounts and open opportunities of the vendor's own sales team are handed over, for conflicts
//! against the direct pipeline.

use rust_decimal::Decimal;

/// What kind of thing the direct team works on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MirrorKind {
    /// A customer.
    Account,
    /// A sale.
    Opportunity,
}

/// An account or an opportunity as the CRM has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MirrorRow {
    /// Its id in the CRM, the same each time.
    pub external_ref: String,
    /// What it is.
    pub kind: MirrorKind,
    /// The customer's name.
    pub name: String,
    /// Its domain.
    pub domain: Option<String>,
    /// Its country (ISO 3166-1 alpha-2).
    pub country: Option<String>,
    /// Whether the sale is open; an account always is.
    pub open: bool,
    /// Who works on it, by the CRM's name for them.
    pub owner: Option<String>,
    /// What it is worth.
    pub amount: Option<Decimal>,
    /// In which currency (ISO 4217).
    pub currency: Option<String>,
}
