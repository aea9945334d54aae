//! Bounds of figures and lists.

use guildhall_kernel::{Currency, Money, is_country};
use rust_decimal::Decimal;

use crate::{Exact, Fault};

/// The largest amount: sums and products of a period's figures stay far from the 28 digits of a decimal.
const MOST: i64 = 1_000_000_000_000_000;

/// Not negative and not absurd.
fn figure(value: Exact, pointer: &str, faults: &mut Vec<Fault>) -> bool {
    if *value < Decimal::ZERO {
        faults.push(Fault::new(pointer, "negative", "can't be below 0"));
        return false;
    }
    if *value > Decimal::from(MOST) {
        faults.push(Fault::new(pointer, "out_of_bounds", format!("can't be above {MOST}")));
        return false;
    }
    true
}

fn decimals(value: Exact, places: u32, pointer: &str, faults: &mut Vec<Fault>) {
    if value.normalize().scale() > places {
        let message = format!("has more than {places} decimals");
        faults.push(Fault::new(pointer, "too_many_decimals", message));
    }
}

/// An amount of the currency: whole minor units.
pub(super) fn amount(value: Exact, currency: Option<Currency>, pointer: &str, faults: &mut Vec<Fault>) {
    if figure(value, pointer, faults) {
        decimals(value, currency.map_or(2, Money::exponent), pointer, faults);
    }
}

/// An amount for each unit, a threshold, or anything else that may be finer than the minor unit.
pub(super) fn fine(value: Exact, pointer: &str, faults: &mut Vec<Fault>) {
    if figure(value, pointer, faults) {
        decimals(value, 6, pointer, faults);
    }
}

pub(super) fn percent(value: Exact, pointer: &str, faults: &mut Vec<Fault>) {
    if *value > Decimal::ONE_HUNDRED {
        faults.push(Fault::new(pointer, "percent_over_100", "a percentage is at most 100"));
    } else {
        fine(value, pointer, faults);
    }
}

pub(super) fn factor(value: Exact, pointer: &str, faults: &mut Vec<Fault>) {
    if *value > Decimal::TEN {
        faults.push(Fault::new(pointer, "factor_over_10", "a factor is at most 10"));
    } else {
        fine(value, pointer, faults);
    }
}

pub(super) fn above_zero(value: Exact, pointer: &str, faults: &mut Vec<Fault>) {
    if value.is_zero() {
        faults.push(Fault::new(
            pointer,
            "not_above_zero",
            "must be above 0, or everybody reaches it with nothing",
        ));
    }
}

/// A whole number between two bounds.
pub(super) fn number(value: u32, least: u32, most: u32, pointer: &str, faults: &mut Vec<Fault>) {
    if !(least..=most).contains(&value) {
        let message = format!("must be from {least} to {most}");
        faults.push(Fault::new(pointer, "out_of_bounds", message));
    }
}

pub(super) fn countries(codes: &[String], pointer: &str, faults: &mut Vec<Fault>) {
    for (place, code) in codes.iter().enumerate().filter(|(_, code)| !is_country(code)) {
        let message = format!("{code:?} is no country: use the two capitals of ISO 3166-1");
        faults.push(Fault::new(format!("{pointer}/{place}"), "unknown_country", message));
    }
}

/// At least one element and at most so many.
pub(super) fn length(length: usize, most: usize, what: &str, pointer: &str, faults: &mut Vec<Fault>) {
    if length == 0 {
        faults.push(Fault::new(
            pointer,
            format_code(what, true),
            format!("needs at least one of {what}"),
        ));
    } else if length > most {
        faults.push(Fault::new(
            pointer,
            format_code(what, false),
            format!("has at most {most} {what}"),
        ));
    }
}

/// The code for none or too many of something.
fn format_code(what: &str, none: bool) -> &'static str {
    match (what, none) {
        ("rules", true) => "rules_needed",
        ("rules", false) => "too_many_rules",
        ("bands", true) => "bands_needed",
        ("bands", false) => "too_many_bands",
        (_, true) => "prizes_needed",
        (_, false) => "too_many_prizes",
    }
}

/// Thresholds that rise, from 0 on.
pub(super) fn rising(froms: &[Exact], pointer: &str, faults: &mut Vec<Fault>) {
    length(froms.len(), 50, "bands", pointer, faults);
    for (place, from) in froms.iter().enumerate() {
        let pointer = format!("{pointer}/{place}/from");
        fine(*from, &pointer, faults);
        if place
            .checked_sub(1)
            .and_then(|before| froms.get(before))
            .is_some_and(|before| *before >= *from)
        {
            let message = "must be above the band before: bands rise and each holds until the next";
            faults.push(Fault::new(pointer, "bands_overlap", message));
        }
    }
}
