//! Sales for tests.

use std::collections::BTreeMap;

use guildhall_kernel::Currency;
use guildhall_plans::{DealType, Party, Plan, Role, Sale, SaleLine, Trigger};
use rust_decimal::Decimal;
use serde_json::Value;
use uuid::Uuid;

pub(crate) fn figure(text: &str) -> Decimal {
    text.parse().unwrap()
}

pub(crate) fn plan(spec: &Value) -> Plan {
    Plan::parse(spec).unwrap_or_else(|faults| panic!("{faults:?} in {spec}"))
}

pub(crate) fn line(no: u16, family: &str, amount: Decimal, kept: Decimal) -> SaleLine {
    SaleLine {
        no,
        product: None,
        sku: Some(format!("{family}-{no}")),
        family: Some(family.to_owned()),
        quantity: Decimal::from(no) + Decimal::ONE,
        amount,
        cost: Some(amount / Decimal::TWO),
        kept,
    }
}

pub(crate) fn party(number: u128, role: Role, percent: Decimal) -> Party {
    Party {
        partner: Uuid::from_u128(number),
        user: Some(Uuid::from_u128(number + 1000)),
        role,
        percent,
        tier: Some("gold".to_owned()),
        region: Some("emea".to_owned()),
    }
}

/// A deal won in euros, sourced by partner 1.
pub(crate) fn deal(lines: Vec<SaleLine>) -> Sale {
    Sale {
        id: Uuid::from_u128(7),
        trigger: Trigger::DealWon,
        on: "2026-05-04".parse().unwrap(),
        currency: Currency::EUR,
        deal_type: DealType::New,
        country: Some("DE".to_owned()),
        activity: None,
        month: 0,
        lines,
        parties: vec![party(1, Role::Sourced, Decimal::ONE_HUNDRED)],
        facts: BTreeMap::new(),
    }
}
