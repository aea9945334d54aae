//! A shared opportunity on the wire, as a party sees it at its stage.

use chrono::{DateTime, NaiveDate, Utc};
use guildhall_kernel::{CoSellId, DealId, OrgId, ProductId, UserId};
use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::stage::Stage;
use crate::deals::wire::DealContact;

/// Where a shared opportunity stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema, JsonSchema, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum CoSellStatus {
    /// It is worked on.
    Open,
    /// The customer bought.
    Won,
    /// The customer did not buy.
    Lost,
    /// It was given up.
    Dropped,
}

impl CoSellStatus {
    /// The name on the wire and in the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Won => "won",
            Self::Lost => "lost",
            Self::Dropped => "dropped",
        }
    }
}

/// What somebody does in a team.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = CoSellTeamRole)]
pub(super) enum TeamRole {
    /// Leads its side.
    Lead,
    /// Sells.
    Sales,
    /// Advises.
    Technical,
    /// Stands behind it.
    Executive,
    /// Delivers.
    Delivery,
    /// Something else.
    Other,
}

impl TeamRole {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Lead => "lead",
            Self::Sales => "sales",
            Self::Technical => "technical",
            Self::Executive => "executive",
            Self::Delivery => "delivery",
            Self::Other => "other",
        }
    }
}

/// A company by name.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CoSellOrganisation)]
pub(super) struct Named {
    /// Its id.
    pub(super) id: OrgId,
    /// Its name.
    #[schema(example = "Alder Consulting")]
    pub(super) name: String,
}

/// What is to be sold.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(super) struct CoSellProduct {
    /// The product in the vendor's catalogue, if it names one.
    pub(super) product_id: Option<ProductId>,
    /// The product in words.
    #[schema(example = "Edge gateway")]
    pub(super) name: String,
    /// How many.
    #[schema(example = "40")]
    pub(super) quantity: Decimal,
}

/// Somebody of a team.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct CoSellMember {
    /// The user.
    pub(super) user_id: UserId,
    /// The user's name.
    #[schema(example = "Priya Nair")]
    pub(super) name: String,
    /// What they do.
    pub(super) role: TeamRole,
}

/// Who has a part in it.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct CoSellParty {
    /// The company.
    pub(super) organisation: Named,
    /// How far it is.
    pub(super) stage: Stage,
    /// What was said with its last step; for it and the vendor.
    pub(super) note: Option<String>,
    /// Its people.
    pub(super) team: Vec<CoSellMember>,
}

/// An opportunity that a vendor and partners work on together. Before it has joined, a partner has it without deal,
/// contacts and parties.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct CoSell {
    /// Its id.
    pub(super) id: CoSellId,
    /// Rises with each change of the opportunity and its parties; the `ETag` is made of it.
    #[schema(example = 1)]
    pub(super) version: i64,
    /// Where it stands.
    pub(super) status: CoSellStatus,
    /// How far the organisation acted for is.
    pub(super) stage: Stage,
    /// The vendor.
    pub(super) vendor: Named,
    /// Its title.
    #[schema(example = "Contoso: gateways for three sites")]
    pub(super) title: String,
    /// What those read who are invited.
    pub(super) brief: Option<String>,
    /// The customer's name.
    #[schema(example = "Contoso Robotics GmbH")]
    pub(super) customer_name: String,
    /// ISO 3166-1 alpha-2.
    #[schema(example = "DE")]
    pub(super) customer_country: String,
    /// What is to be sold.
    pub(super) products: Vec<CoSellProduct>,
    /// What it is worth.
    #[schema(example = "13980.00")]
    pub(super) amount: Decimal,
    /// ISO 4217.
    #[schema(example = "EUR")]
    pub(super) currency: String,
    /// When the customer is expected to sign.
    pub(super) expected_close: NaiveDate,
    /// The deal that it is of; for its two sides.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) deal_id: Option<DealId>,
    /// People at the customer; for those who have joined.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) contacts: Option<Vec<DealContact>>,
    /// Who has joined; the vendor also sees who was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) parties: Option<Vec<CoSellParty>>,
    /// When it was opened.
    pub(super) created_at: DateTime<Utc>,
    /// When it last changed.
    pub(super) updated_at: DateTime<Utc>,
}
