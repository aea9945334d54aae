//! The ledger: double entry, append-only, per vendor and currency.
//!
//! An amount is positive where money stands for somebody and negative where the vendor bears it, so that the accounts of
//! a vendor in a currency sum to zero whatever happened. The database refuses what is unbalanced or edited.

mod list;
mod post;
mod verify;
mod view;

use guildhall_kernel::{Currency, EarningId, FundId, OrgId, UserId};
use guildhall_spine::App;
use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};
use uuid::Uuid;

pub use post::{lock, post};
pub use verify::{Broken, verify};

/// The feature's addresses.
pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list::list_ledger_entries))
        .routes(routes!(view::list_ledger_balances))
}

/// What an account holds.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema, JsonSchema, sqlx::Type,
)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum AccountKind {
    /// What the vendor has granted, as a negative amount.
    Expense,
    /// Earned, and not approved.
    Accrued,
    /// Kept back.
    Held,
    /// Approved, and resting.
    Approved,
    /// To be paid.
    Payable,
    /// Sent, and not known to have arrived.
    InTransit,
    /// Paid.
    Paid,
    /// Taken back.
    ClawedBack,
    /// Kept from payouts for the tax office.
    WithheldTax,
    /// Kept from payouts for their cost.
    Fees,
    /// The money of a fund, as a negative amount.
    MdfBudget,
    /// What a partner may ask for.
    MdfAvailable,
    /// Promised to a partner.
    MdfReserved,
    /// Earned by a partner.
    MdfReimbursed,
}

impl AccountKind {
    /// The name on the wire and in the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Expense => "expense",
            Self::Accrued => "accrued",
            Self::Held => "held",
            Self::Approved => "approved",
            Self::Payable => "payable",
            Self::InTransit => "in_transit",
            Self::Paid => "paid",
            Self::ClawedBack => "clawed_back",
            Self::WithheldTax => "withheld_tax",
            Self::Fees => "fees",
            Self::MdfBudget => "mdf_budget",
            Self::MdfAvailable => "mdf_available",
            Self::MdfReserved => "mdf_reserved",
            Self::MdfReimbursed => "mdf_reimbursed",
        }
    }
}

/// An account of a vendor, in the currency of the entry that names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Account {
    /// What it holds.
    pub kind: AccountKind,
    /// Whose it is; the vendor's own without.
    pub partner: Option<OrgId>,
    /// The person, where a person is paid.
    pub user: Option<UserId>,
    /// The fund, for MDF money.
    pub fund: Option<FundId>,
}

impl Account {
    /// An account of the vendor's own.
    #[must_use]
    pub const fn own(kind: AccountKind) -> Self {
        Self {
            kind,
            partner: None,
            user: None,
            fund: None,
        }
    }

    /// An account of a partner, or of a person there.
    #[must_use]
    pub const fn of(kind: AccountKind, partner: OrgId, user: Option<UserId>) -> Self {
        Self {
            kind,
            partner: Some(partner),
            user,
            fund: None,
        }
    }
}

/// An amount put into an account, or taken out when it is negative.
#[derive(Clone, Copy, Debug)]
pub struct Posting {
    /// The account.
    pub account: Account,
    /// In whole minor units of the entry's currency, not zero.
    pub amount: Decimal,
    /// The earning that is moved, where one is.
    pub earning: Option<EarningId>,
}

/// Postings that sum to zero.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Whose ledger.
    pub vendor: OrgId,
    /// The currency of the postings.
    pub currency: Currency,
    /// Why: `sale`, `approval`, `payout.sent`.
    pub cause: &'static str,
    /// What it is about.
    pub subject: Uuid,
    /// Unique with the vendor, so that what was posted isn't posted twice.
    pub key: String,
    /// What a full answer to "why" needs beyond the subject.
    pub details: Value,
    /// Two or more.
    pub postings: Vec<Posting>,
}

/// The two postings that move `amount` from one account to another.
#[must_use]
pub fn moving(from: Account, to: Account, amount: Decimal, earning: Option<EarningId>) -> [Posting; 2] {
    let posting = |account, amount| Posting {
        account,
        amount,
        earning,
    };
    [posting(from, -amount), posting(to, amount)]
}
