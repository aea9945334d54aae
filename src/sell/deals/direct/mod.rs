//! The vendor's own customers and open opportunities: what its direct sales team works on, as its CRM has it. A
//! registration conflicts with them as with other registrations; the partner learns only how gravely.

mod export;
mod find;
mod link;
mod list;
mod put;
mod upsert;

pub(super) use export::{__path_export_direct_accounts, export_direct_accounts};
pub(super) use find::{DirectRival, find_direct, store_direct};
pub use link::link_direct_account;
pub(super) use link::{__path_link_deal_account, link_deal_account};
pub(super) use list::{__path_list_direct_accounts, list_direct_accounts};
pub(super) use put::{__path_put_direct_accounts, put_direct_accounts};
pub use upsert::{
    DirectAccountInput, check as check_direct_account, close as close_direct_accounts, upsert as upsert_direct_accounts,
};

use chrono::{DateTime, Utc};
use guildhall_kernel::DirectAccountId;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What of the CRM it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum DirectAccountKind {
    /// A company that the vendor serves itself.
    Account,
    /// Something that the vendor is selling to it.
    Opportunity,
}

/// Whether it is worked on. Only what is open conflicts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum DirectAccountStage {
    /// It is.
    Open,
    /// It isn't any more.
    Closed,
}

impl DirectAccountKind {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Account => "account",
            Self::Opportunity => "opportunity",
        }
    }
}

impl DirectAccountStage {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Closed => "closed",
        }
    }
}

/// A customer or an opportunity of the vendor's own.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct DirectAccount {
    /// Its id.
    pub(super) id: DirectAccountId,
    /// Its id in the CRM.
    #[schema(example = "0015g00000XyZabAAF")]
    pub(super) external_ref: String,
    /// What it is.
    pub(super) kind: DirectAccountKind,
    /// The company's name.
    #[schema(example = "Contoso Robotics GmbH")]
    pub(super) name: String,
    /// The registrable domain.
    #[schema(example = "contoso.example")]
    pub(super) domain: Option<String>,
    /// ISO 3166-1 alpha-2.
    #[schema(example = "DE")]
    pub(super) country: String,
    /// Whether it is worked on.
    pub(super) stage: DirectAccountStage,
    /// Who at the vendor does.
    #[schema(example = "Mara Lindqvist")]
    pub(super) owner_name: Option<String>,
    /// What it is worth.
    #[schema(value_type = Option<String>, example = "120000.00")]
    pub(super) amount: Option<Decimal>,
    /// ISO 4217.
    #[schema(example = "EUR")]
    pub(super) currency: Option<String>,
    /// When it was last changed here.
    pub(super) updated_at: DateTime<Utc>,
}
