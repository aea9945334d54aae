//! What a program asks of a registration: the definition of its fields, and whether it makes sense.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use guildhall_kernel::{Currency, is_country, parse_decimal};
use guildhall_spine::http::Checks;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

#[cfg(test)]
mod tests;

const MOST_FIELDS: usize = 60;
pub(super) const MOST_OPTIONS: usize = 100;
const MOST_CONDITIONS: usize = 10;
/// The longest text that an answer may be.
pub(super) const LONGEST_TEXT: u32 = 5000;

/// What kind of answer a field takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = DealFormFieldKind)]
pub(crate) enum Kind {
    /// A text.
    Text,
    /// A decimal number as a string, at most 4 decimals.
    Number,
    /// An amount in the deal's currency as a string.
    Money,
    /// A date.
    Date,
    /// The value of one option, or a list of them when `multiple`.
    Choice,
    /// The id of an uploaded file.
    File,
}

/// One of the answers of a choice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = DealFormOption)]
pub(crate) struct Choice {
    /// What is stored, 1 to 100 characters, unique in the field.
    #[schema(example = "on_premises")]
    pub(crate) value: String,
    /// What people read, 1 to 100 characters.
    #[schema(example = "On premises")]
    pub(crate) label: String,
}

/// When a field has to be answered: all that is said here must hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = DealFormCondition)]
pub(crate) struct Condition {
    /// Another field's key, or `amount`, `country` (the customer's) or `currency` of the deal.
    #[schema(example = "amount")]
    pub(crate) field: String,
    /// It is one of these; of a choice with several answers, one of them is.
    #[serde(default)]
    pub(crate) one_of: Vec<String>,
    /// It is this or more: a number, an amount or a date.
    #[serde(default)]
    #[schema(example = "50000")]
    pub(crate) at_least: Option<String>,
    /// It is this or less.
    #[serde(default)]
    pub(crate) at_most: Option<String>,
}

/// A field of the form.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = DealFormField)]
pub(crate) struct Field {
    /// Its name in `custom`: small letters, digits and underscores, beginning with a letter, at most 40.
    #[schema(example = "deployment")]
    pub(crate) key: String,
    /// What people read, 1 to 100 characters.
    #[schema(example = "Where will it run?")]
    pub(crate) label: String,
    /// What kind of answer it takes.
    pub(crate) kind: Kind,
    /// What helps to answer it, 1 to 500 characters.
    #[serde(default)]
    pub(crate) help: Option<String>,
    /// Whether it has to be answered.
    #[serde(default)]
    pub(crate) required: bool,
    /// It has to be answered when all of these hold.
    #[serde(default)]
    #[schema(max_items = 10)]
    pub(crate) required_if: Vec<Condition>,
    /// The least number, amount or date.
    #[serde(default)]
    pub(crate) min: Option<String>,
    /// The greatest number, amount or date.
    #[serde(default)]
    pub(crate) max: Option<String>,
    /// The fewest characters of a text.
    #[serde(default)]
    pub(crate) min_length: Option<u32>,
    /// The most characters of a text, at most 5000; 2000 when left out.
    #[serde(default)]
    pub(crate) max_length: Option<u32>,
    /// The answers of a choice, 1 to 100, in order.
    #[serde(default)]
    #[schema(max_items = 100)]
    pub(crate) options: Vec<Choice>,
    /// Whether a choice takes several answers.
    #[serde(default)]
    pub(crate) multiple: bool,
}

/// A form: its fields in the order in which they are asked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Form {
    pub(crate) fields: Vec<Field>,
}

/// What a condition looks at.
#[derive(Clone, Copy, Debug)]
pub(super) enum Looked<'a> {
    Amount,
    Country,
    Currency,
    Field(&'a Field),
}

impl Form {
    /// What `name` in a condition means.
    pub(super) fn looked_at(&self, name: &str) -> Option<Looked<'_>> {
        match name {
            "amount" => Some(Looked::Amount),
            "country" => Some(Looked::Country),
            "currency" => Some(Looked::Currency),
            key => self.fields.iter().find(|field| field.key == key).map(Looked::Field),
        }
    }

    /// Notes every fault of the definition; pointers begin with `/fields`.
    pub(super) fn examine(&self, checks: &mut Checks) {
        if self.fields.len() > MOST_FIELDS {
            checks.refuse("/fields", "length", format!("must have at most {MOST_FIELDS} fields"));
            return;
        }
        let mut keys = BTreeSet::new();
        for (place, field) in self.fields.iter().enumerate() {
            let at = format!("/fields/{place}");
            if !keys.insert(field.key.as_str()) {
                checks.refuse(format!("{at}/key"), "duplicate", "is the key of another field already");
            }
            field.examine(&at, checks);
            self.examine_conditions(field, &at, checks);
        }
    }

    fn examine_conditions(&self, field: &Field, at: &str, checks: &mut Checks) {
        let conditions = &field.required_if;
        let at = format!("{at}/required_if");
        let many = format!("must have at most {MOST_CONDITIONS} conditions");
        checks.check(conditions.len() <= MOST_CONDITIONS, &at, "length", &many);
        let needless = field.required && !conditions.is_empty();
        checks.check(
            !needless,
            &at,
            "not_allowed",
            "means nothing for a field that is always required",
        );
        for (place, condition) in conditions.iter().enumerate().take(MOST_CONDITIONS) {
            let at = format!("{at}/{place}");
            match self.looked_at(&condition.field) {
                Some(Looked::Field(other)) if other.key == field.key => {
                    checks.refuse(format!("{at}/field"), "own_field", "can't be the field itself");
                }
                Some(looked) => condition.examine(looked, &at, checks),
                None => {
                    let message = "must be the key of a field of this form, or amount, country or currency";
                    checks.refuse(format!("{at}/field"), "unknown_field", message);
                }
            }
        }
    }
}

impl Condition {
    fn examine(&self, looked: Looked<'_>, at: &str, checks: &mut Checks) {
        let bounded = self.at_least.is_some() || self.at_most.is_some();
        let says = bounded || !self.one_of.is_empty();
        checks.check(says, at, "missing", "needs one_of, at_least or at_most");
        if self.one_of.len() > MOST_OPTIONS {
            checks.refuse(
                format!("{at}/one_of"),
                "length",
                format!("must have at most {MOST_OPTIONS} values"),
            );
            return;
        }
        if matches!(looked, Looked::Field(field) if field.kind == Kind::File) {
            checks.refuse(format!("{at}/field"), "not_comparable", "can't be a file");
            return;
        }
        for (place, value) in self.one_of.iter().enumerate() {
            if !looked.takes(value) {
                checks.refuse(
                    format!("{at}/one_of/{place}"),
                    "value",
                    "is never a value of that field",
                );
            }
        }
        for (name, bound) in [("at_least", &self.at_least), ("at_most", &self.at_most)] {
            let Some(bound) = bound else { continue };
            let at = format!("{at}/{name}");
            if !looked.is_ordered() {
                checks.refuse(at, "not_allowed", "goes with a number, an amount or a date only");
            } else if !looked.takes(bound) {
                checks.refuse(at, "value", looked.wanted());
            }
        }
    }
}

impl Looked<'_> {
    const fn kind(self) -> Option<Kind> {
        match self {
            Self::Amount => Some(Kind::Money),
            Self::Country | Self::Currency => None,
            Self::Field(field) => Some(field.kind),
        }
    }

    pub(super) const fn is_ordered(self) -> bool {
        matches!(self.kind(), Some(Kind::Number | Kind::Money | Kind::Date))
    }

    pub(super) fn wanted(self) -> &'static str {
        match self.kind() {
            Some(Kind::Date) => "must be a date like \"2027-03-31\"",
            _ => "must be a number like \"349.50\"",
        }
    }

    pub(super) fn takes(self, value: &str) -> bool {
        match self {
            Self::Country => is_country(value),
            Self::Currency => Currency::from_code(value).is_some(),
            Self::Amount => parse_decimal(value).is_ok(),
            Self::Field(field) => match field.kind {
                Kind::Number | Kind::Money => parse_decimal(value).is_ok(),
                Kind::Date => value.parse::<NaiveDate>().is_ok(),
                Kind::Choice => field.options.iter().any(|option| option.value == value),
                Kind::Text => !value.is_empty(),
                Kind::File => false,
            },
        }
    }
}
