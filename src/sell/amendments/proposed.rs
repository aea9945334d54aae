//! What may be amended.

use chrono::NaiveDate;
use guildhall_kernel::Patch;
use guildhall_spine::http::{Checks, Validate};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::deals::draft::{LineDraft, Unchecked};
use crate::deals::wire::DealContact;

/// A change of an approved deal; what is left out stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = DealAmendmentDraft)]
pub(super) struct Amending {
    /// All lines, 1 to 100.
    #[serde(default)]
    #[schema(value_type = Vec<LineDraft>, min_items = 1, max_items = 100)]
    products: Patch<Vec<LineDraft>>,
    /// Not in the past, at most three years ahead.
    #[serde(default)]
    #[schema(value_type = NaiveDate)]
    expected_close: Patch<NaiveDate>,
    /// All contacts, at most 20; `[]` leaves none.
    #[serde(default)]
    #[schema(value_type = Vec<DealContact>, max_items = 20)]
    contacts: Patch<Vec<DealContact>>,
    /// Answers to the deal's form, by key: those that are left out stay, `null` clears one.
    #[serde(default)]
    #[schema(value_type = Object)]
    custom: Patch<Map<String, Value>>,
    /// Why, 1 to 2000 characters.
    #[serde(default)]
    #[schema(example = "The customer has added a second site.")]
    pub(super) note: Option<String>,
}

impl Validate for Amending {
    fn validate(&self, checks: &mut Checks) {
        checks.kept("/products", &self.products);
        checks.kept("/expected_close", &self.expected_close);
        checks.kept("/contacts", &self.contacts);
        checks.kept("/custom", &self.custom);
        if let Some(note) = &self.note {
            checks.text("/note", note, 1, 2000, true);
        }
    }
}

/// The change as it is stored.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Proposed {
    #[serde(skip_serializing_if = "Option::is_none", default)]
    products: Option<Vec<LineDraft>>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(super) expected_close: Option<NaiveDate>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    contacts: Option<Vec<DealContact>>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    custom: Option<Map<String, Value>>,
}

impl From<Amending> for Proposed {
    fn from(sent: Amending) -> Self {
        Self {
            products: sent.products.over(None),
            expected_close: sent.expected_close.over(None),
            contacts: sent.contacts.over(None),
            custom: sent.custom.over(None),
        }
    }
}

impl Proposed {
    /// The deal with the change.
    pub(super) fn over(self, mut deal: Unchecked) -> Unchecked {
        deal.products = self.products.unwrap_or(deal.products);
        deal.expected_close = self.expected_close.unwrap_or(deal.expected_close);
        deal.contacts = self.contacts.unwrap_or(deal.contacts);
        deal.custom.extend(self.custom.unwrap_or_default());
        deal
    }
}
