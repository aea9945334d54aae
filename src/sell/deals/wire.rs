//! What the operations send: a deal as one side may see it.

use chrono::{DateTime, NaiveDate, Utc};
use guildhall_kernel::{Currency, DealFormId, DealId, LeadId, Money, OrgId, ProductId, UserId};
use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::conflict::Level;
use super::standing::{AppealSummary, ApprovalState, DecisionClock, Protection};
use super::state::{DealStatus, Move};
use crate::leads::lead::draft::Source as LeadSource;

/// A company by name.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DealParty)]
pub(crate) struct Party {
    /// Its id.
    pub(crate) id: OrgId,
    /// Its name.
    #[schema(example = "Northwind Systems")]
    pub(crate) name: String,
}

/// A person by name.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DealPerson {
    /// The user.
    pub(crate) id: UserId,
    /// The user's name.
    #[schema(example = "Priya Nair")]
    pub(crate) name: String,
}

/// Whom the deal is with.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DealCustomer)]
pub(crate) struct Customer {
    /// The legal name, as registered.
    #[schema(example = "Contoso Robotics GmbH")]
    pub(crate) name: String,
    /// The registrable domain.
    #[schema(example = "contoso.example")]
    pub(crate) domain: Option<String>,
    /// ISO 3166-1 alpha-2.
    #[schema(example = "DE")]
    pub(crate) country: String,
}

/// A line of the deal. Amounts are in the deal's currency.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct DealLine {
    /// The product in the vendor's catalogue, if the line names one.
    pub(super) product_id: Option<ProductId>,
    /// The product in words.
    #[schema(example = "Edge gateway")]
    pub(super) name: String,
    /// How many.
    #[schema(example = "40")]
    pub(super) quantity: Decimal,
    /// The price of one.
    #[schema(example = "349.50")]
    pub(super) unit_amount: Decimal,
    /// Quantity times price, rounded half to even at the currency's minor unit.
    #[schema(example = "13980.00")]
    pub(super) amount: Decimal,
}

/// Somebody at the customer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DealContact {
    /// The name, 1 to 200 characters.
    #[schema(example = "Jonas Weber")]
    pub(crate) name: String,
    /// The role there, at most 200 characters.
    #[schema(example = "Head of IT")]
    pub(crate) title: Option<String>,
    /// The e-mail address.
    #[schema(example = "jonas.weber@contoso.example")]
    pub(crate) email: String,
    /// The telephone number, at most 40 characters.
    #[schema(example = "+49 30 5550123")]
    pub(crate) phone: Option<String>,
}

/// Why a vendor refused a registration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema, JsonSchema, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
#[schema(as = DealRejectReason)]
pub enum RejectReason {
    /// Another partner registered the customer.
    AlreadyRegistered,
    /// The vendor works with the customer itself.
    ExistingCustomer,
    /// The partner may not sell there.
    OutOfTerritory,
    /// The opportunity does not meet the program's terms.
    NotQualified,
    /// The partner left the vendor's questions open.
    InsufficientInformation,
    /// The conflict desk approved another registration, and this partner has a part of the credit.
    CreditShared,
    /// The conflict desk approved another registration, and this partner sells together with the other.
    CoSell,
    /// What the note says.
    Other,
}

impl RejectReason {
    /// The name on the wire and in the database.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::AlreadyRegistered => "already_registered",
            Self::ExistingCustomer => "existing_customer",
            Self::OutOfTerritory => "out_of_territory",
            Self::NotQualified => "not_qualified",
            Self::InsufficientInformation => "insufficient_information",
            Self::CreditShared => "credit_shared",
            Self::CoSell => "co_sell",
            Self::Other => "other",
        }
    }
}

/// Why a customer did not buy, or did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema, JsonSchema, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
#[schema(as = DealCloseReason)]
pub enum CloseReason {
    /// What it costs.
    Price,
    /// What it does.
    Product,
    /// Another vendor's offer.
    Competitor,
    /// When it was needed.
    Timing,
    /// The customer's money.
    Budget,
    /// The customer decided nothing.
    NoDecision,
    /// Who sells it.
    Relationship,
    /// What the note says.
    Other,
}

impl CloseReason {
    /// The name on the wire and in the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Price => "price",
            Self::Product => "product",
            Self::Competitor => "competitor",
            Self::Timing => "timing",
            Self::Budget => "budget",
            Self::NoDecision => "no_decision",
            Self::Relationship => "relationship",
            Self::Other => "other",
        }
    }
}

/// Why a protection has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema, JsonSchema, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
#[schema(as = DealEndReason)]
pub enum EndReason {
    /// Its time was over.
    Window,
    /// Nobody worked on the deal.
    Idle,
    /// The customer asked for it.
    Release,
}

impl EndReason {
    /// The name on the wire and in the database.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Window => "window",
            Self::Idle => "idle",
            Self::Release => "release",
        }
    }
}

/// How the deal ended.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DealClosing)]
pub(super) struct Closing {
    /// When the customer bought, or said no.
    pub(super) on: NaiveDate,
    /// Why.
    pub(super) reason: Option<CloseReason>,
}

/// The last word on the deal: a question, an approval, a refusal or a withdrawal; the status says which.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DealDecision)]
pub(super) struct Decision {
    /// Who; `null` for an integration.
    pub(super) by: Option<DealPerson>,
    /// When.
    pub(super) at: DateTime<Utc>,
    /// Why, for a refusal.
    pub(super) reason: Option<RejectReason>,
    /// The question, the note or the reason in words.
    pub(super) note: Option<String>,
}

/// How the deal conflicts with other partners' live registrations; for the vendor only.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DealConflictSummary)]
pub(super) struct ConflictSummary {
    /// The gravest conflict's level.
    pub(super) level: Level,
    /// How many registrations conflict. `GET /api/v1/deals/{id}/conflicts` lists them.
    #[schema(example = 1)]
    pub(super) count: i64,
}

/// A version of a program's form.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DealFormVersion)]
pub(super) struct FormVersion {
    /// Its id.
    pub(super) id: DealFormId,
    /// Its number in the program.
    #[schema(example = 3)]
    pub(super) version: i32,
}

/// The lead that a deal came from.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct DealLead {
    /// Its id.
    pub(super) id: LeadId,
    /// Where it came from.
    pub(super) source: LeadSource,
    /// The campaign.
    #[schema(example = "spring-fair-2027")]
    pub(super) campaign: Option<String>,
    /// What the source calls it.
    pub(super) reference: Option<String>,
}

/// A registered deal.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Deal {
    /// Its id.
    pub(super) id: DealId,
    /// Rises with each change; the `ETag` is made of it.
    #[schema(example = 1)]
    pub(super) version: i64,
    /// Where it stands.
    pub(super) status: DealStatus,
    /// Whose products.
    pub(super) vendor: Party,
    /// Who claims the customer.
    pub(super) partner: Party,
    /// Whom the deal is with.
    pub(super) customer: Customer,
    /// The lines.
    pub(super) products: Vec<DealLine>,
    /// The sum of the lines, or what it was closed at.
    #[schema(example = "13980.00")]
    pub(super) amount: Decimal,
    /// ISO 4217.
    #[schema(example = "EUR")]
    pub(super) currency: String,
    /// When the customer is expected to sign.
    pub(super) expected_close: NaiveDate,
    /// What the partner adds.
    pub(super) note: Option<String>,
    /// People at the customer.
    pub(super) contacts: Vec<DealContact>,
    /// The form that it was registered with, if its program had one: `GET /api/v1/deals/{id}/form`.
    pub(super) form: Option<FormVersion>,
    /// Answers to that form, by key.
    #[schema(value_type = Object)]
    pub(super) custom: Map<String, Value>,
    /// Who registered it; `null` for an integration.
    pub(super) submitted_by: Option<DealPerson>,
    /// The lead that it came from.
    pub(super) lead: Option<DealLead>,
    /// The last word on it.
    pub(super) decision: Option<Decision>,
    /// The vendor's time to decide; `null` when no decision is due.
    pub(super) decision_clock: Option<DecisionClock>,
    /// What an approval protects; `null` on a deal that was never approved.
    pub(super) protection: Option<Protection>,
    /// The partner's last appeal.
    pub(super) appeal: Option<AppealSummary>,
    /// Who is asked to approve, and who is up next. For the vendor only, when a rule of the approval policy applies.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) approval: Option<ApprovalState>,
    /// How it ended, when it is won or lost.
    pub(super) closing: Option<Closing>,
    /// How gravely it conflicted with another registration when this one was last submitted or decided on. For the
    /// partner only; it never says whose the other is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) conflict_level: Option<Level>,
    /// How it conflicts with other registrations now; `null` when it doesn't. For the vendor only.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<ConflictSummary>)]
    pub(super) conflict: Option<Option<ConflictSummary>>,
    /// When it was registered.
    pub(super) created_at: DateTime<Utc>,
    /// When it last changed.
    pub(super) updated_at: DateTime<Utc>,
    /// The moves that this actor may make now. A change of a deal that needs information is its `resubmit`.
    pub(super) next: Vec<Move>,
}

/// A registered deal in a list.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct DealSummary {
    /// Its id.
    pub(super) id: DealId,
    /// Rises with each change.
    #[schema(example = 1)]
    pub(super) version: i64,
    /// Where it stands.
    pub(super) status: DealStatus,
    /// Whose products.
    pub(super) vendor: Party,
    /// Who claims the customer.
    pub(super) partner: Party,
    /// Whom the deal is with.
    pub(super) customer: Customer,
    /// The sum of its lines.
    #[schema(example = "13980.00")]
    pub(super) amount: Decimal,
    /// ISO 4217.
    #[schema(example = "EUR")]
    pub(super) currency: String,
    /// When the customer is expected to sign.
    pub(super) expected_close: NaiveDate,
    /// When it was registered.
    pub(super) created_at: DateTime<Utc>,
    /// When it last changed.
    pub(super) updated_at: DateTime<Utc>,
}

/// An amount with the decimals of its currency, and no fewer than it has.
pub(crate) fn in_currency(amount: Decimal, currency: &str) -> Decimal {
    let mut amount = amount.normalize();
    let places = Currency::from_code(currency).map_or(2, Money::exponent);
    if amount.scale() < places {
        amount.rescale(places);
    }
    amount
}

impl Move {
    /// The moves that somebody with these permissions may make on a deal of this status.
    pub(super) fn open_to(status: DealStatus, may: guildhall_spine::access::Permissions) -> Vec<Self> {
        use guildhall_spine::access::Permission::{DealDecide, DealSubmit, PipelineMove};
        let of = |made: &Self| match made {
            Self::Approve | Self::Reject | Self::RequestInfo | Self::Release | Self::Win => may.contains(DealDecide),
            Self::Resubmit | Self::Withdraw | Self::Appeal => may.contains(DealSubmit),
            Self::Lose => may.contains(PipelineMove),
            Self::Expire => false,
        };
        status.legal_moves().iter().copied().filter(of).collect()
    }
}
