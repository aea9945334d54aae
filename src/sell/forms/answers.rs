//! What a registration answers to its program's form, checked.

use chrono::NaiveDate;
use guildhall_kernel::{Currency, FileId, Money, parse_decimal};
use guildhall_spine::http::Checks;
use rust_decimal::Decimal;
use serde_json::{Map, Value};

use super::definition::{Condition, Field, Form, Kind, Looked};

#[cfg(test)]
mod tests;

const MOST_ANSWERS: usize = 100;
const DECIMALS: u32 = 4;
/// 10^15: beyond any number that a form asks for.
const LARGEST: Decimal = Decimal::from_parts(2_764_472_320, 232_830, 0, false, 0);

/// What conditions look at besides the answers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Facts<'a> {
    /// The sum of the lines.
    pub(crate) amount: Decimal,
    /// The customer's country.
    pub(crate) country: &'a str,
    /// The deal's currency, that amounts of money are in.
    pub(crate) currency: Currency,
}

/// Checked answers.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Answers {
    /// By key, each in the one way of writing it.
    pub(crate) values: Map<String, Value>,
    /// The files among them, each by its key; that they are there is yet to be seen.
    pub(crate) files: Vec<(String, FileId)>,
}

/// Checks `given` by the form, without one there is nothing to answer. An answer of `null` is none. Pointers begin with
/// `/custom`.
pub(crate) fn check(form: Option<&Form>, given: &Map<String, Value>, facts: Facts<'_>, checks: &mut Checks) -> Answers {
    let nothing = Form::default();
    let form = form.unwrap_or(&nothing);
    let mut answers = Answers::default();
    if given.len() > MOST_ANSWERS {
        checks.refuse("/custom", "length", format!("must have at most {MOST_ANSWERS} members"));
        return answers;
    }
    for key in given.keys() {
        if !form.fields.iter().any(|field| field.key == *key) {
            checks.refuse(pointer(key), "unknown", "is no field of the program's form");
        }
    }
    for field in &form.fields {
        let Some(value) = given.get(&field.key).filter(|value| !is_blank(value)) else {
            continue;
        };
        match field.read(value, facts) {
            Ok(value) => {
                if let (Kind::File, Some(Ok(id))) = (field.kind, value.as_str().map(str::parse)) {
                    answers.files.push((field.key.clone(), id));
                }
                answers.values.insert(field.key.clone(), value);
            }
            Err((code, message)) => checks.refuse(pointer(&field.key), code, message),
        }
    }
    for field in &form.fields {
        let answered = given.get(&field.key).is_some_and(|value| !is_blank(value));
        if !answered && field.is_needed(form, &answers.values, facts) {
            checks.refuse(pointer(&field.key), "missing", format!("is needed: {}", field.label));
        }
    }
    answers
}

/// Notes the answers that are needed whatever else there is.
pub(crate) fn lacking(form: &Form, given: &Map<String, Value>, checks: &mut Checks) {
    for field in form.fields.iter().filter(|field| field.required) {
        let answered = given.get(&field.key).is_some_and(|value| !is_blank(value));
        if !answered {
            checks.refuse(pointer(&field.key), "missing", format!("is needed: {}", field.label));
        }
    }
}

/// RFC 6901.
fn pointer(key: &str) -> String {
    format!("/custom/{}", key.replace('~', "~0").replace('/', "~1"))
}

fn is_blank(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(values) => values.is_empty(),
        _ => false,
    }
}

type Fault = (&'static str, String);

impl Field {
    fn is_needed(&self, form: &Form, values: &Map<String, Value>, facts: Facts<'_>) -> bool {
        let holds = |condition: &Condition| condition.holds(form, values, facts);
        self.required || (!self.required_if.is_empty() && self.required_if.iter().all(holds))
    }

    /// The answer in the one way of writing it.
    fn read(&self, value: &Value, facts: Facts<'_>) -> Result<Value, Fault> {
        if self.kind == Kind::Choice && self.multiple {
            return self.read_choices(value);
        }
        let text = value.as_str().ok_or(("invalid", "must be a string".to_owned()))?;
        match self.kind {
            Kind::Text => self.read_text(text),
            Kind::Number => self.read_number(text, DECIMALS),
            Kind::Money => self.read_number(text, Money::exponent(facts.currency)),
            Kind::Date => self.read_date(text),
            Kind::Choice => self.read_choice(text),
            Kind::File => {
                let id: Result<FileId, _> = text.parse();
                id.map(|_| text.into())
                    .map_err(|_| ("unknown_file", "must be the id of a file that was uploaded".to_owned()))
            }
        }
    }

    fn read_text(&self, text: &str) -> Result<Value, Fault> {
        let size = |length: Option<u32>, otherwise| usize::try_from(length.unwrap_or(otherwise)).unwrap_or(usize::MAX);
        let mut checks = Checks::default();
        checks.text("", text, size(self.min_length, 1), size(self.max_length, 2000), true);
        match checks.faults().first() {
            Some(fault) => Err((fault.code, fault.message.clone())),
            None => Ok(text.into()),
        }
    }

    fn read_number(&self, text: &str, decimals: u32) -> Result<Value, Fault> {
        let number = parse_decimal(text)
            .map_err(|fault| ("decimal", fault.to_string()))?
            .normalize();
        if number.scale() > decimals || number.abs() > LARGEST {
            return Err((
                "decimal",
                format!("must have at most {decimals} decimals and be at most 10^15"),
            ));
        }
        if self.kind == Kind::Money && number.is_sign_negative() && !number.is_zero() {
            return Err(("amount", "must not be negative".to_owned()));
        }
        let bound = |text: &Option<String>| text.as_deref().and_then(|text| parse_decimal(text).ok());
        self.within(number, bound(&self.min), bound(&self.max))?;
        Ok(number.to_string().into())
    }

    fn read_date(&self, text: &str) -> Result<Value, Fault> {
        let date = |text: &str| text.parse::<NaiveDate>().ok();
        let day = date(text).ok_or(("date", "must be a date like \"2027-03-31\"".to_owned()))?;
        let bound = |text: &Option<String>| text.as_deref().and_then(date);
        self.within(day, bound(&self.min), bound(&self.max))?;
        Ok(day.to_string().into())
    }

    fn within<T: PartialOrd + std::fmt::Display>(&self, value: T, min: Option<T>, max: Option<T>) -> Result<(), Fault> {
        match (min, max) {
            (Some(min), _) if value < min => Err(("range", format!("must be at least {min}"))),
            (_, Some(max)) if value > max => Err(("range", format!("must be at most {max}"))),
            _ => Ok(()),
        }
    }

    fn read_choice(&self, text: &str) -> Result<Value, Fault> {
        if self.options.iter().any(|option| option.value == text) {
            return Ok(text.into());
        }
        let known: Vec<&str> = self.options.iter().map(|option| option.value.as_str()).collect();
        Err(("choice", format!("must be one of {}", known.join(", "))))
    }

    /// In the order of the options, each once.
    fn read_choices(&self, value: &Value) -> Result<Value, Fault> {
        let strings = || ("invalid", "must be a list of strings".to_owned());
        let given = value.as_array().ok_or_else(strings)?;
        for one in given {
            self.read_choice(one.as_str().ok_or_else(strings)?)?;
        }
        let chosen = self.options.iter().map(|option| Value::from(option.value.as_str()));
        Ok(chosen.filter(|option| given.contains(option)).collect())
    }
}

impl Condition {
    fn holds(&self, form: &Form, values: &Map<String, Value>, facts: Facts<'_>) -> bool {
        let amount = Value::from(facts.amount.to_string());
        let (country, currency) = (Value::from(facts.country), Value::from(facts.currency.code()));
        let (value, kind) = match form.looked_at(&self.field) {
            Some(Looked::Amount) => (Some(&amount), Kind::Money),
            Some(Looked::Country) => (Some(&country), Kind::Text),
            Some(Looked::Currency) => (Some(&currency), Kind::Text),
            Some(Looked::Field(field)) => (values.get(&field.key), field.kind),
            None => (None, Kind::Text),
        };
        match value {
            None => false,
            Some(Value::Array(values)) => values
                .iter()
                .filter_map(Value::as_str)
                .any(|text| self.meets(text, kind)),
            Some(value) => value.as_str().is_some_and(|text| self.meets(text, kind)),
        }
    }

    fn meets(&self, text: &str, kind: Kind) -> bool {
        let order = |bound: &str| match kind {
            Kind::Number | Kind::Money => Some(parse_decimal(text).ok()?.cmp(&parse_decimal(bound).ok()?)),
            Kind::Date => Some(text.parse::<NaiveDate>().ok()?.cmp(&bound.parse().ok()?)),
            _ => None,
        };
        let equal = |one: &String| order(one).map_or(one == text, std::cmp::Ordering::is_eq);
        let (least, most) = (self.at_least.as_deref(), self.at_most.as_deref());
        (self.one_of.is_empty() || self.one_of.iter().any(equal))
            && least.is_none_or(|bound| order(bound).is_some_and(std::cmp::Ordering::is_ge))
            && most.is_none_or(|bound| order(bound).is_some_and(std::cmp::Ordering::is_le))
    }
}
