//! What plans look at: sales, their lines and who took part.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use guildhall_kernel::Currency;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

/// The kind of event that earns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = PlanTrigger)]
pub enum Trigger {
    /// A deal was closed as won.
    DealWon,
    /// An invoice was issued.
    Invoiced,
    /// An invoice was paid.
    InvoicePaid,
    /// An activity was verified, for instance a certification passed.
    Activity,
}

/// What kind of business a sale is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = SaleDealType)]
pub enum DealType {
    /// A new customer.
    New,
    /// The same again for a further term.
    Renewal,
    /// More for a customer there is.
    Expansion,
}

/// What a party did for a sale.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = EarningRole)]
pub enum Role {
    /// Found the customer and registered the deal.
    Sourced,
    /// Helped to win it.
    Influenced,
    /// Resold or delivered it.
    Fulfilled,
    /// Implements or supports it.
    Serviced,
    /// The distributor above the reseller.
    Distributed,
}

/// A sale or an activity that may earn.
#[derive(Clone, Debug)]
pub struct Sale {
    /// Its id.
    pub id: Uuid,
    /// Which kind of event it is.
    pub trigger: Trigger,
    /// The day that decides its period.
    pub on: NaiveDate,
    /// The currency of the amounts of its lines.
    pub currency: Currency,
    /// What kind of business it is.
    pub deal_type: DealType,
    /// The customer's country (ISO 3166-1 alpha-2).
    pub country: Option<String>,
    /// The kind of activity, for [`Trigger::Activity`].
    pub activity: Option<String>,
    /// Months since the first invoice of the subscription, from 0; 0 when it is no subscription.
    pub month: u32,
    /// What was sold. May be empty for an activity.
    pub lines: Vec<SaleLine>,
    /// Who took part. The percents of a role sum to at most 100.
    pub parties: Vec<Party>,
    /// Answers of the form, by key.
    pub facts: BTreeMap<String, Value>,
}

/// A line of a sale.
#[derive(Clone, Debug)]
pub struct SaleLine {
    /// Its number within the sale.
    pub no: u16,
    /// The product, when it is one of the catalogue.
    pub product: Option<Uuid>,
    /// Its stock-keeping unit.
    pub sku: Option<String>,
    /// The product's family.
    pub family: Option<String>,
    /// How many units, not negative.
    pub quantity: Decimal,
    /// The amount as sold in the sale's currency, before refunds, not negative.
    pub amount: Decimal,
    /// What it cost the seller, in the sale's currency.
    pub cost: Option<Decimal>,
    /// What of `amount` was neither refunded nor charged back: from 0 to `amount`.
    pub kept: Decimal,
}

/// A company that took part in a sale.
#[derive(Clone, Debug)]
pub struct Party {
    /// The company.
    pub partner: Uuid,
    /// The seller. Plans that pay persons pass over a party without one.
    pub user: Option<Uuid>,
    /// What it did.
    pub role: Role,
    /// Its part of the role, from 0 to 100.
    pub percent: Decimal,
    /// Its tier on the day of the sale.
    pub tier: Option<String>,
    /// Its region.
    pub region: Option<String>,
}

/// Who is paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Payee {
    /// The company.
    pub partner: Uuid,
    /// The person, when a person is paid and not the company.
    pub user: Option<Uuid>,
}
