//! What is withheld from payouts to a country, and whether the vendor writes the invoice: data, dated, per vendor.

mod list;
mod set;

use chrono::NaiveDate;
use guildhall_kernel::OrgId;
use guildhall_spine::{
    App,
    event::{Event, EventDoc, Topic},
};
use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

/// The feature's addresses.
pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list::list_payout_tax_rules, set::put_payout_tax_rule))
}

/// What is kept from payouts to a country from a day on.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct PayoutTaxRule {
    /// Where the payee is taxed (ISO 3166-1).
    #[schema(example = "US")]
    country: String,
    /// The first day.
    effective_from: NaiveDate,
    /// What is withheld, in percent of what is owed.
    #[schema(example = "0")]
    withholding_percent: Decimal,
    /// The same for a payee without a tax form; `null`: nothing is paid without.
    #[schema(example = "24")]
    without_form_percent: Option<Decimal>,
    /// Whether the vendor writes the invoice for the payee.
    self_billing: bool,
    /// The value added tax of that invoice, in percent.
    #[schema(example = "19")]
    vat_percent: Option<Decimal>,
    /// Where the rates come from.
    #[schema(example = "Backup withholding, 26 U.S.C. section 3406")]
    note: Option<String>,
}

impl PayoutTaxRule {
    fn shown(self) -> Self {
        Self {
            withholding_percent: self.withholding_percent.normalize(),
            without_form_percent: self.without_form_percent.map(|percent| percent.normalize()),
            vat_percent: self.vat_percent.map(|percent| percent.normalize()),
            ..self
        }
    }
}

/// What is withheld for a country was set.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct PayoutTaxRuleSet {
    /// Whose rule.
    vendor_id: OrgId,
    /// The country (ISO 3166-1).
    country: String,
    /// The first day.
    effective_from: NaiveDate,
    /// What is withheld, in percent of what is owed.
    #[schemars(with = "String")]
    withholding_percent: Decimal,
}

impl Event for PayoutTaxRuleSet {
    const KIND: &'static str = "payout_tax_rule.set";
    const TOPIC: Topic = Topic::Payouts;
}

/// What the feature announces, for the documentation.
pub(crate) const EVENTS: &[EventDoc] = &[EventDoc::of::<PayoutTaxRuleSet>()];
