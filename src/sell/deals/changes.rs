//! What a checked registration makes different of the one that is stored.

use guildhall_kernel::{Money, parse_decimal};
use rust_decimal::Decimal;
use serde_json::{Map, Value, json};

use super::customer::RegistrableDomain;
use super::draft::{Draft, LineDraft, Unchecked};
use super::history::Change;
use super::wire::{DealContact, in_currency};

impl Draft {
    /// The members, as they are sent, in which it differs from what is stored.
    pub(crate) fn changes(&self, stored: &Unchecked) -> Vec<&'static str> {
        let customer = (
            &*self.name,
            self.domain.as_ref().map(RegistrableDomain::as_str),
            &*self.country,
        );
        let was = &stored.customer;
        let same = [
            (
                "customer",
                customer == (&*was.name, was.domain.as_deref(), &*was.country),
            ),
            ("products", self.lines_are(&stored.products)),
            ("currency", self.currency == stored.currency),
            ("expected_close", self.expected_close == stored.expected_close),
            ("note", self.note == stored.note),
            (
                "contacts",
                self.contacts.iter().map(|(contact, _)| contact).eq(&stored.contacts),
            ),
            ("custom", self.custom.values == stored.custom),
        ];
        same.into_iter()
            .filter(|(_, same)| !same)
            .map(|(name, _)| name)
            .collect()
    }

    fn lines_are(&self, stored: &[LineDraft]) -> bool {
        let lines = self.lines.iter().map(|line| {
            (
                line.product_id,
                Some(line.product.as_str()),
                [line.quantity, line.unit_amount].map(Some),
            )
        });
        let stored = stored.iter().map(|line| {
            let numbers = [Some(&line.quantity), line.unit_amount.as_ref()].map(|text| parse_decimal(text?).ok());
            (line.product_id, line.name.as_deref(), numbers)
        });
        lines.eq(stored)
    }

    /// The same, member by member with what was and what is: the customer's apart, the answers by key, and the amount.
    pub(crate) fn steps(&self, stored: &Unchecked) -> Vec<Change> {
        let (was, is) = (shown(stored), self.shown());
        let mut fields: Vec<&String> = was.keys().chain(is.keys()).collect();
        fields.sort_unstable();
        fields.dedup();
        let value = |of: &Map<String, Value>, field: &str| of.get(field).cloned().unwrap_or_default();
        let step = |field: &String| Change {
            field: field.clone(),
            from: value(&was, field),
            to: value(&is, field),
        };
        fields
            .into_iter()
            .map(step)
            .filter(|step| step.from != step.to)
            .collect()
    }

    fn shown(&self) -> Map<String, Value> {
        let line =
            |name: &str, quantity: Decimal, unit: Decimal| shown_line(name, quantity, unit, self.currency.code());
        let lines = self.lines.iter();
        let mut shown = Map::new();
        shown.insert("customer.name".into(), self.name.as_str().into());
        shown.insert(
            "customer.domain".into(),
            self.domain.as_ref().map(RegistrableDomain::as_str).into(),
        );
        shown.insert("customer.country".into(), self.country.as_str().into());
        shown.insert("currency".into(), self.currency.code().into());
        shown.insert("expected_close".into(), json!(self.expected_close));
        shown.insert("note".into(), self.note.as_deref().into());
        let products = lines
            .map(|one| line(&one.product, one.quantity, one.unit_amount))
            .collect();
        shown.insert("products".into(), products);
        let amount = in_currency(self.amount, self.currency.code());
        shown.insert("amount".into(), json!(amount));
        shown.insert(
            "contacts".into(),
            self.contacts.iter().map(|(one, _)| contact(one)).collect(),
        );
        shown.extend(answers(&self.custom.values));
        shown
    }
}

fn shown(stored: &Unchecked) -> Map<String, Value> {
    let currency = stored.currency;
    let number = |text: &str| parse_decimal(text).unwrap_or_default();
    let parsed = || {
        let lines = stored.products.iter();
        lines.map(|line| {
            let unit = line.unit_amount.as_deref().map_or(Decimal::ZERO, number);
            (line.name.as_deref().unwrap_or_default(), number(&line.quantity), unit)
        })
    };
    let of_line = |(_, quantity, unit): (&str, Decimal, Decimal)| {
        let product = quantity.checked_mul(unit).unwrap_or_default();
        Money::new(product, currency).rounded().amount
    };
    let amount: Decimal = parsed().map(of_line).sum();
    let mut shown = Map::new();
    shown.insert("customer.name".into(), stored.customer.name.as_str().into());
    shown.insert("customer.domain".into(), stored.customer.domain.as_deref().into());
    shown.insert("customer.country".into(), stored.customer.country.as_str().into());
    shown.insert("currency".into(), currency.code().into());
    shown.insert("expected_close".into(), json!(stored.expected_close));
    shown.insert("note".into(), stored.note.as_deref().into());
    let products = parsed().map(|(name, quantity, unit)| shown_line(name, quantity, unit, currency.code()));
    shown.insert("products".into(), products.collect());
    shown.insert("amount".into(), json!(in_currency(amount, currency.code())));
    shown.insert("contacts".into(), stored.contacts.iter().map(contact).collect());
    shown.extend(answers(&stored.custom));
    shown
}

fn shown_line(name: &str, quantity: Decimal, unit_amount: Decimal, currency: &str) -> Value {
    json!({"name": name, "quantity": quantity.normalize(), "unit_amount": in_currency(unit_amount, currency)})
}

fn contact(contact: &DealContact) -> Value {
    json!(contact)
}

fn answers(values: &Map<String, Value>) -> impl Iterator<Item = (String, Value)> {
    values
        .iter()
        .map(|(key, value)| (format!("custom.{key}"), value.clone()))
}
