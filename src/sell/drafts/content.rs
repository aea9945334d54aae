//! What stands in a draft, and what it still lacks.

use chrono::NaiveDate;
use guildhall_kernel::{Currency, OrgId, Patch, ProductId};
use guildhall_spine::http::Checks;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::deals::draft::{CustomerDraft, LineDraft, Unchecked};
use crate::deals::wire::DealContact;

/// The most that a draft may be as JSON, in bytes.
const LARGEST: usize = 128 * 1024;

/// The customer as far as it is known.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = DealDraftCustomer)]
pub(super) struct DraftCustomer {
    /// The legal name.
    #[schema(example = "Contoso Robotics GmbH")]
    name: Option<String>,
    /// Its domain.
    #[schema(example = "contoso.example")]
    domain: Option<String>,
    /// ISO 3166-1 alpha-2.
    #[schema(example = "DE")]
    country: Option<String>,
}

/// A line as far as it is known.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = DealDraftLine)]
pub(super) struct DraftLine {
    /// The product in the vendor's catalogue.
    product_id: Option<ProductId>,
    /// The product in words; as in the catalogue when left out beside a product_id.
    #[schema(example = "Edge gateway")]
    name: Option<String>,
    /// How many.
    #[schema(example = "40")]
    quantity: Option<String>,
    /// The price of one; beside a product_id, the price that applies when left out.
    #[schema(example = "349.50")]
    unit_amount: Option<String>,
}

/// Somebody at the customer as far as they are known.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = DealDraftContact)]
pub(super) struct DraftContact {
    /// The name.
    #[schema(example = "Jonas Weber")]
    name: Option<String>,
    /// The role there.
    #[schema(example = "Head of IT")]
    title: Option<String>,
    /// The e-mail address.
    #[schema(example = "jonas.weber@contoso.example")]
    email: Option<String>,
    /// The telephone number.
    #[schema(example = "+49 30 5550123")]
    phone: Option<String>,
}

/// What a registration has, each member as far as it is known. Nothing is checked but the vendor.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = DealDraftContent)]
pub(super) struct Content {
    /// The vendor: one that the partner has an active partnership with.
    pub(super) vendor_id: Option<OrgId>,
    /// Whom the deal is with.
    pub(super) customer: Option<DraftCustomer>,
    /// What is sold.
    pub(super) products: Option<Vec<DraftLine>>,
    /// ISO 4217.
    #[schema(example = "EUR")]
    pub(super) currency: Option<String>,
    /// When the customer is expected to sign.
    pub(super) expected_close: Option<NaiveDate>,
    /// What the vendor should know.
    #[schema(example = "The customer has asked for a second site.")]
    pub(super) note: Option<String>,
    /// People at the customer.
    pub(super) contacts: Option<Vec<DraftContact>>,
    /// Answers to the program's form, by key.
    #[schema(value_type = Option<Object>)]
    pub(super) custom: Option<Map<String, Value>>,
}

/// What to change of the customer.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = DealDraftCustomerPatch)]
struct DraftCustomerPatch {
    /// The legal name.
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "Contoso Robotics GmbH")]
    name: Patch<String>,
    /// Its domain.
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "contoso.example")]
    domain: Patch<String>,
    /// ISO 3166-1 alpha-2.
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "DE")]
    country: Patch<String>,
}

impl DraftCustomerPatch {
    fn over(self, customer: DraftCustomer) -> DraftCustomer {
        DraftCustomer {
            name: self.name.over(customer.name),
            domain: self.domain.over(customer.domain),
            country: self.country.over(customer.country),
        }
    }
}

/// What to change of a draft (RFC 7396): what is left out stays, `null` takes it out.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = DealDraftPatch)]
pub(super) struct ContentPatch {
    /// The vendor: one that the partner has an active partnership with.
    #[serde(default)]
    #[schema(value_type = Option<OrgId>)]
    pub(super) vendor_id: Patch<OrgId>,
    /// Whom the deal is with.
    #[serde(default)]
    #[schema(value_type = Option<DraftCustomerPatch>)]
    customer: Patch<DraftCustomerPatch>,
    /// What is sold.
    #[serde(default)]
    #[schema(value_type = Option<Vec<DraftLine>>)]
    products: Patch<Vec<DraftLine>>,
    /// ISO 4217.
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "EUR")]
    currency: Patch<String>,
    /// When the customer is expected to sign.
    #[serde(default)]
    #[schema(value_type = Option<NaiveDate>)]
    expected_close: Patch<NaiveDate>,
    /// What the vendor should know.
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "The customer has asked for a second site.")]
    note: Patch<String>,
    /// People at the customer.
    #[serde(default)]
    #[schema(value_type = Option<Vec<DraftContact>>)]
    contacts: Patch<Vec<DraftContact>>,
    /// Answers to the program's form, by key: those that change.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    custom: Patch<Map<String, Value>>,
}

impl ContentPatch {
    pub(super) fn over(self, mut content: Content) -> Content {
        let before = content.vendor_id;
        let vendor_id = self.vendor_id.over(before);
        // Another vendor asks other questions, and has no right to the answers.
        if before.is_some() && vendor_id != before {
            content.custom = None;
        }
        Content {
            vendor_id,
            customer: match self.customer {
                Patch::Absent => content.customer,
                Patch::Null => None,
                Patch::Value(patch) => Some(patch.over(content.customer.unwrap_or_default())),
            },
            products: self.products.over(content.products),
            currency: self.currency.over(content.currency),
            expected_close: self.expected_close.over(content.expected_close),
            note: self.note.over(content.note),
            contacts: self.contacts.over(content.contacts),
            custom: match self.custom {
                Patch::Absent => content.custom,
                Patch::Null => None,
                Patch::Value(answers) => {
                    let mut custom = content.custom.unwrap_or_default();
                    custom.extend(answers);
                    custom.retain(|_, answer| !answer.is_null());
                    Some(custom)
                }
            },
        }
    }
}

impl Content {
    /// Notes what can't even be kept: too much, or a character that the database has no place for.
    pub(super) fn examine(&self, checks: &mut Checks) {
        let text = serde_json::to_string(self).unwrap_or_default();
        checks.check(text.len() <= LARGEST, "", "length", "must be at most 128 KiB as JSON");
        let nul = text.contains("\\u0000");
        checks.check(!nul, "", "control_character", "must not have NUL characters");
    }

    /// The registration that it stands for, when all that one has to have is there; what isn't is noted.
    pub(super) fn complete(self, checks: &mut Checks) -> Option<Unchecked> {
        let customer = self.customer.unwrap_or_default();
        let vendor = needed(self.vendor_id, "/vendor_id", checks);
        let name = needed(customer.name, "/customer/name", checks);
        let country = needed(customer.country, "/customer/country", checks);
        let products = needed(self.products, "/products", checks).unwrap_or_default();
        let lines = products.into_iter().enumerate().map(|(place, line)| {
            let at = |field: &str| format!("/products/{place}/{field}");
            let quantity = needed(line.quantity, &at("quantity"), checks);
            // The catalogue knows what a product is called and costs.
            if line.product_id.is_none() {
                checks.check(line.name.is_some(), &at("name"), "missing", "is needed");
                checks.check(line.unit_amount.is_some(), &at("unit_amount"), "missing", "is needed");
            }
            Some(LineDraft {
                product_id: line.product_id,
                name: line.name,
                quantity: quantity?,
                unit_amount: line.unit_amount,
                fault: None,
            })
        });
        let lines: Vec<Option<LineDraft>> = lines.collect();
        let currency = needed(self.currency, "/currency", checks).and_then(|code| {
            let known = Currency::from_code(&code);
            checks.check(
                known.is_some(),
                "/currency",
                "invalid",
                "must be a currency code (ISO 4217), like EUR",
            );
            known
        });
        let expected_close = needed(self.expected_close, "/expected_close", checks);
        let contacts = contacts(self.contacts.unwrap_or_default(), checks);
        Some(Unchecked {
            vendor: vendor?,
            customer: CustomerDraft {
                name: name?,
                domain: customer.domain,
                country: country?,
            },
            products: lines.into_iter().collect::<Option<_>>()?,
            currency: currency?,
            expected_close: expected_close?,
            note: self.note,
            contacts: contacts?,
            custom: self.custom.unwrap_or_default(),
        })
    }

    /// The customer's name, for a list.
    pub(super) fn customer_name(&self) -> Option<&str> {
        self.customer.as_ref()?.name.as_deref()
    }
}

fn contacts(given: Vec<DraftContact>, checks: &mut Checks) -> Option<Vec<DealContact>> {
    let whole = given.into_iter().enumerate().map(|(place, contact)| {
        let at = |field: &str| format!("/contacts/{place}/{field}");
        let name = needed(contact.name, &at("name"), checks);
        let email = needed(contact.email, &at("email"), checks);
        Some(DealContact {
            name: name?,
            title: contact.title,
            email: email?,
            phone: contact.phone,
        })
    });
    let whole: Vec<Option<DealContact>> = whole.collect();
    whole.into_iter().collect()
}

fn needed<T>(value: Option<T>, pointer: &str, checks: &mut Checks) -> Option<T> {
    checks.check(value.is_some(), pointer, "missing", "is needed");
    value
}
