//! From where and how a vendor pays.

mod get;
mod payer;
mod rows;
mod set;
mod stripe;
pub(crate) mod told;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use guildhall_kernel::OrgId;
use guildhall_spine::{
    App,
    event::{Event, EventDoc, Topic},
};
use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

pub(crate) use payer::{AchPayer, BankAccount, payer};
pub(crate) use rows::minimum_and_fee;
pub(crate) use stripe::{check_stripe, stripe_key, webhook_secret};

/// The feature's addresses.
pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(get::get_payout_settings, set::put_payout_settings))
}

/// The account that files draw on.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct DebtorShown {
    /// Its holder.
    #[schema(example = "Northwind GmbH")]
    name: String,
    /// Its holder's country.
    #[schema(example = "DE")]
    country: Option<String>,
    /// Its number, as far as it is shown.
    #[schema(example = "DE** **** 3000")]
    masked: String,
    /// Its bank.
    #[schema(example = "DEUTDEFF")]
    bic: Option<String>,
}

/// What the vendor's bank has given it for ACH files.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AchSettings {
    /// The bank's routing number, to which the file goes and which originates it: nine digits.
    #[schema(example = "021000021")]
    pub(crate) routing: String,
    /// The bank's name, 1 to 23 characters.
    #[schema(example = "FIRST BANK")]
    pub(crate) bank_name: String,
    /// The immediate origin: 9 or 10 digits, as the bank says.
    #[schema(example = "1234567890")]
    pub(crate) origin: String,
    /// The company's name as payees see it, 1 to 16 characters.
    #[schema(example = "NORTHWIND")]
    pub(crate) company_name: String,
    /// The company's identification, 10 characters.
    #[schema(example = "1234567890")]
    pub(crate) company_id: String,
}

/// From where and how a vendor pays.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct PayoutSettings {
    /// Rises with each change; the `ETag` is made of it. 0: nothing was set yet.
    #[schema(example = 1)]
    version: i64,
    /// Whose settings.
    vendor_id: OrgId,
    /// The account that `pain001` files draw on.
    debtor: Option<DebtorShown>,
    /// What `nacha` files are made with.
    nacha: Option<AchSettings>,
    /// Whether there is a secret key of Stripe.
    stripe: bool,
    /// Whether messages of Stripe can be checked.
    stripe_events: bool,
    /// The least that is paid, by currency (ISO 4217); less is carried to the next batch.
    #[schema(value_type = std::collections::HashMap<String, String>, example = json!({"EUR": "50.00"}))]
    minimums: BTreeMap<String, Decimal>,
    /// What is kept of each payout for its cost, by currency.
    #[schema(value_type = std::collections::HashMap<String, String>, example = json!({"USD": "0.25"}))]
    fees: BTreeMap<String, Decimal>,
    /// When they last changed.
    updated_at: Option<DateTime<Utc>>,
}

/// From where and how a vendor pays was changed; nothing secret is in it.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct PayoutSettingsChanged {
    /// Whose settings.
    vendor_id: OrgId,
    /// Whether the account that files draw on is another.
    debtor: bool,
    /// Whether the keys of Stripe are others.
    stripe: bool,
    /// The version after the change.
    version: i64,
}

impl Event for PayoutSettingsChanged {
    const KIND: &'static str = "payout_settings.changed";
    const TOPIC: Topic = Topic::Payouts;
}

/// What the feature announces, for the documentation.
pub(crate) const EVENTS: &[EventDoc] = &[EventDoc::of::<PayoutSettingsChanged>()];
