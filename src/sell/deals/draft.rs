//! A registration as it is sent, and what remains of it once every field was checked.

use chrono::{Days, NaiveDate};
use guildhall_kernel::{Currency, Money, OrgId, ProductId, parse_decimal};
use guildhall_spine::http::{Checks, Problem};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::customer::{EmailKey, NameKey, NameKeys, RegistrableDomain};
use super::wire::DealContact;
use crate::forms::{
    answers::{self, Answers, Facts},
    definition::Form,
};

pub(crate) use line_fault::LineFault;

mod line_fault;
#[cfg(test)]
mod tests;

const MOST_LINES: usize = 100;
const MOST_CONTACTS: usize = 20;
/// How far ahead a deal may be expected to close.
const DAYS_AHEAD: u64 = 3 * 366;
/// 10^15: beyond any deal, and below what the database holds.
const LARGEST: Decimal = Decimal::from_parts(2_764_472_320, 232_830, 0, false, 0);
/// 9 999 999 999: what the database holds of a quantity, and what keeps a product exact.
const LARGEST_FACTOR: Decimal = Decimal::from_parts(1_410_065_407, 2, 0, false, 0);
const DECIMALS: u32 = 4;

/// The customer as the partner names it.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = DealCustomerDraft)]
pub(crate) struct CustomerDraft {
    /// The legal name, 1 to 200 characters.
    #[schema(example = "Contoso Robotics GmbH")]
    pub(crate) name: String,
    /// Its domain, or a link or address that contains it.
    #[schema(example = "contoso.example")]
    #[serde(default)]
    pub(crate) domain: Option<String>,
    /// ISO 3166-1 alpha-2.
    #[schema(example = "DE")]
    pub(crate) country: String,
}

/// A line as the partner sends it.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = DealLineDraft)]
pub(crate) struct LineDraft {
    /// The product in the vendor's catalogue.
    #[serde(default)]
    pub(crate) product_id: Option<ProductId>,
    /// The product in words, 1 to 200 characters; as in the catalogue when left out beside a product_id.
    #[serde(default)]
    #[schema(example = "Edge gateway")]
    pub(crate) name: Option<String>,
    /// How many: more than 0, at most 4 decimals, as a string of digits with or without a point between them.
    #[schema(example = "40")]
    pub(crate) quantity: String,
    /// The price of one: at most 4 decimals, written like the quantity. Beside a product_id it can be left out, for the
    /// price that applies today.
    #[serde(default)]
    #[schema(example = "349.50")]
    pub(crate) unit_amount: Option<String>,
    /// Why the catalogue can't complete the line.
    #[serde(skip)]
    pub(crate) fault: Option<LineFault>,
}

/// A registration before it is checked.
#[derive(Clone, Debug)]
pub(crate) struct Unchecked {
    pub(crate) vendor: OrgId,
    pub(crate) customer: CustomerDraft,
    pub(crate) products: Vec<LineDraft>,
    pub(crate) currency: Currency,
    pub(crate) expected_close: NaiveDate,
    pub(crate) note: Option<String>,
    pub(crate) contacts: Vec<DealContact>,
    /// Answers to the program's form.
    pub(crate) custom: Map<String, Value>,
}

/// A checked registration.
#[derive(Debug)]
pub(crate) struct Draft {
    pub(super) name: String,
    pub(super) key: NameKey,
    pub(super) keys: NameKeys,
    pub(super) domain: Option<RegistrableDomain>,
    pub(super) country: String,
    pub(super) lines: Vec<Line>,
    pub(super) currency: Currency,
    pub(super) amount: Decimal,
    pub(super) expected_close: NaiveDate,
    pub(super) note: Option<String>,
    pub(super) contacts: Vec<(DealContact, EmailKey)>,
    pub(crate) custom: Answers,
}

/// A checked line.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) product_id: Option<ProductId>,
    pub(super) product: String,
    pub(super) quantity: Decimal,
    pub(super) unit_amount: Decimal,
    pub(super) amount: Decimal,
}

impl Unchecked {
    /// Checks every field and reports all faults at once, the answers by `form`. `today` is the date in UTC; without it,
    /// the expected close is as it was and may have passed.
    ///
    /// # Errors
    /// 422.
    pub(crate) fn check(self, today: Option<NaiveDate>, form: Option<&Form>) -> Result<Draft, Problem> {
        let mut checks = Checks::default();
        let draft = self.examine(today, form, &mut checks);
        checks.done()?;
        draft.ok_or_else(|| Problem::field("/customer/name", "name_empty", "is needed"))
    }

    /// The same without answers to a form: when it isn't known by which they are to be checked.
    pub(super) fn without_answers(self) -> Self {
        Self {
            custom: Map::new(),
            ..self
        }
    }

    /// Notes every fault. Without one, there is a draft.
    pub(crate) fn examine(self, today: Option<NaiveDate>, form: Option<&Form>, checks: &mut Checks) -> Option<Draft> {
        checks.text("/customer/name", &self.customer.name, 1, 200, false);
        checks.country("/customer/country", &self.customer.country);
        if let Some(note) = &self.note {
            checks.text("/note", note, 1, 2000, true);
        }
        if let Some(today) = today {
            check_close(checks, self.expected_close, today);
        }
        let key = NameKey::from_legal_name(&self.customer.name, &self.customer.country)
            .map_err(|fault| checks.refuse("/customer/name", fault.code(), fault.to_string()))
            .ok();
        let domain = self
            .customer
            .domain
            .as_deref()
            .map(RegistrableDomain::parse_customer)
            .transpose();
        let domain = domain
            .map_err(|fault| checks.refuse("/customer/domain", fault.code(), fault.to_string()))
            .unwrap_or_default();
        let lines = check_lines(checks, self.products, self.currency);
        let contacts = check_contacts(checks, self.contacts);
        let amount: Decimal = lines.iter().map(|line| line.amount).sum();
        checks.check(amount <= LARGEST, "/products", "amount", "must sum to at most 10^15");
        let facts = Facts {
            amount,
            country: &self.customer.country,
            currency: self.currency,
        };
        let custom = answers::check(form, &self.custom, facts, checks);
        let key = key?;
        Some(Draft {
            name: self.customer.name.trim().to_owned(),
            keys: NameKeys::new(self.vendor, &key),
            key,
            domain,
            country: self.customer.country,
            lines,
            currency: self.currency,
            amount,
            expected_close: self.expected_close,
            note: self.note,
            contacts,
            custom,
        })
    }
}

/// One day of grace: west of Greenwich it is still yesterday.
fn check_close(checks: &mut Checks, close: NaiveDate, today: NaiveDate) {
    let first = today.checked_sub_days(Days::new(1)).unwrap_or(today);
    let last = today.checked_add_days(Days::new(DAYS_AHEAD)).unwrap_or(today);
    if !(first..=last).contains(&close) {
        checks.refuse("/expected_close", "date", format!("must be from {today} to {last}"));
    }
}

fn check_lines(checks: &mut Checks, lines: Vec<LineDraft>, currency: Currency) -> Vec<Line> {
    if !(1..=MOST_LINES).contains(&lines.len()) {
        checks.refuse("/products", "length", format!("must have 1 to {MOST_LINES} lines"));
        return Vec::new();
    }
    let mut checked = Vec::with_capacity(lines.len());
    for (place, line) in lines.into_iter().enumerate() {
        let at = |field: &str| format!("/products/{place}/{field}");
        let (name, price) = given(checks, &at, &line);
        let quantity = decimal(checks, at("quantity"), &line.quantity);
        checks.check(
            quantity.is_none_or(|q| !q.is_zero()),
            &at("quantity"),
            "quantity",
            "must be more than 0",
        );
        let unit_amount = price.and_then(|price| decimal(checks, at("unit_amount"), price));
        let (Some(quantity), Some(unit_amount)) = (quantity, unit_amount) else {
            continue;
        };
        let product = quantity.checked_mul(unit_amount).filter(|amount| *amount <= LARGEST);
        let Some(amount) = product else {
            checks.refuse(
                at("unit_amount"),
                "amount",
                "quantity times unit_amount must be at most 10^15",
            );
            continue;
        };
        let amount = Money::new(amount, currency).rounded().amount;
        checked.push(Line {
            product: name.trim().to_owned(),
            product_id: line.product_id,
            quantity,
            unit_amount,
            amount,
        });
    }
    checked
}

/// The name and the price of a line. What is missing is reported, unless the reason why the catalogue couldn't fill it in
/// is.
fn given<'a>(checks: &mut Checks, at: &impl Fn(&str) -> String, line: &'a LineDraft) -> (&'a str, Option<&'a str>) {
    if let Some(fault) = &line.fault {
        checks.refuse(at(fault.field), fault.code, fault.message.clone());
    }
    let excused = line.fault.is_some();
    let name = line.name.as_deref();
    if let Some(name) = name {
        checks.text(&at("name"), name, 1, 200, false);
    }
    let message = "is needed, unless product_id names a product of the catalogue";
    checks.check(excused || name.is_some(), &at("name"), "missing", message);
    let priced = excused || line.unit_amount.is_some();
    checks.check(priced, &at("unit_amount"), "missing", message);
    (name.unwrap_or_default(), line.unit_amount.as_deref())
}

/// A number that is not negative, with at most four decimals.
fn decimal(checks: &mut Checks, pointer: String, text: &str) -> Option<Decimal> {
    let number = match parse_decimal(text) {
        Ok(number) => number.normalize(),
        Err(fault) => {
            checks.refuse(pointer, "decimal", format!("{fault}: write it like \"349.50\""));
            return None;
        }
    };
    if text.starts_with('-') || number.scale() > DECIMALS || number > LARGEST_FACTOR {
        let message = "must be from 0 to 9999999999, with at most 4 decimals";
        checks.refuse(pointer, "decimal", message);
        return None;
    }
    Some(number)
}

fn check_contacts(checks: &mut Checks, contacts: Vec<DealContact>) -> Vec<(DealContact, EmailKey)> {
    if contacts.len() > MOST_CONTACTS {
        checks.refuse(
            "/contacts",
            "length",
            format!("must have at most {MOST_CONTACTS} contacts"),
        );
        return Vec::new();
    }
    let mut checked = Vec::with_capacity(contacts.len());
    for (place, mut contact) in contacts.into_iter().enumerate() {
        let at = |field: &str| format!("/contacts/{place}/{field}");
        checks.text(&at("name"), &contact.name, 1, 200, false);
        if let Some(title) = &contact.title {
            checks.text(&at("title"), title, 1, 200, false);
        }
        if let Some(phone) = &contact.phone {
            checks.text(&at("phone"), phone, 1, 40, false);
        }
        match EmailKey::parse(&contact.email) {
            Ok(key) => {
                contact.email = contact.email.trim().to_owned();
                checked.push((contact, key));
            }
            Err(fault) => checks.refuse(at("email"), fault.code(), fault.to_string()),
        }
    }
    checked
}
